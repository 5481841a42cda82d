//! Reads certificates and keys from files or memory: PEM, or DER by its first byte. Whatever else is given is
//! named in the error, with the command that converts it.

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    path::Path,
};

use rustls::pki_types::{
    CertificateDer, PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer,
};
use zeroize::Zeroizing;

use super::{
    certificate,
    der::{self, Kind},
    pem,
};
use crate::{
    error::{Error, Result, list},
    options::Source,
};

/// The maximum size of a file: 16 MiB.
const MAX_BYTE_SIZE: u64 = 16 << 20;
/// The labels of a certificate. The second is an old name of the first.
const CERTIFICATE: [&str; 2] = ["CERTIFICATE", "X509 CERTIFICATE"];
/// The labels of keys, with the encoding that each means.
const KEYS: [(&str, Kind); 3] =
    [("PRIVATE KEY", Kind::Pkcs8), ("RSA PRIVATE KEY", Kind::Pkcs1), ("EC PRIVATE KEY", Kind::Sec1)];

/// What a file is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Ca,
    ClientCertificate,
    ClientKey,
}

/// The name of a file or of data in memory for messages: `CA file 'ca.pem'`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    role: Role,
    path: Option<String>,
}

impl Name {
    pub(super) fn new(role: Role, source: &Source) -> Self {
        let path = match source {
            Source::File(path) => Some(certificate::printable_path(&path.display().to_string())),
            Source::Bytes(_) => None,
        };
        Self { role, path }
    }

    /// The path for a command line.
    fn path(&self) -> &str {
        self.path.as_deref().unwrap_or("FILE")
    }

    /// What the file must have, for messages.
    fn wanted(&self) -> &'static str {
        if self.role == Role::ClientKey { "private key" } else { "certificate" }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = match self.role {
            Role::Ca => "CA",
            Role::ClientCertificate => "client certificate",
            Role::ClientKey => "client key",
        };
        match &self.path {
            Some(path) => write!(f, "{role} file '{path}'"),
            None => write!(f, "{role} data"),
        }
    }
}

/// Reads all certificates of a file; at least one.
pub(super) fn certificates(source: &Source, name: &Name) -> Result<Vec<CertificateDer<'static>>> {
    let bytes = read(source, name)?;
    let text = without_mark(&bytes);
    if is_der(text) {
        return match der::kind(text) {
            Some(Kind::Certificate) => Ok(vec![CertificateDer::from(text.to_vec())]),
            kind => Err(unexpected_der(kind, name)),
        };
    }
    let blocks = blocks(text, name)?;
    let mut certificates = Vec::new();
    for block in blocks.iter().filter(|block| CERTIFICATE.contains(&block.label)) {
        let decoded = block.decode().ok_or_else(|| {
            Error::invalid(format!("certificate {} in {name} is not Base64", certificates.len() + 1))
        })?;
        certificates.push(CertificateDer::from(decoded.to_vec()));
    }
    if certificates.is_empty() { Err(unexpected_blocks(&blocks, name)) } else { Ok(certificates) }
}

/// Reads the first key of a file and passes it on. Only this function's copies of it exist, and they are
/// cleared.
pub(super) fn key<T>(
    source: &Source,
    name: &Name,
    load: impl FnOnce(&PrivateKeyDer<'_>) -> Result<T>,
) -> Result<T> {
    let bytes = read(source, name)?;
    let text = without_mark(&bytes);
    if is_der(text) {
        return match der::kind(text).map(|kind| (kind, private_key(kind, text))) {
            Some((_, Some(key))) => load(&key),
            kind => Err(unexpected_der(kind.map(|kind| kind.0), name)),
        };
    }
    let blocks = blocks(text, name)?;
    let is_encrypted = |block: &pem::Block<'_>| {
        block.label == "ENCRYPTED PRIVATE KEY"
            || block.label.ends_with("KEY") && block.has_encryption_header()
    };
    let key = blocks.iter().find_map(|block| {
        let row = KEYS.iter().find(|row| row.0 == block.label)?;
        (!is_encrypted(block)).then_some((block, row.1))
    });
    match key {
        Some((block, kind)) => {
            let decoded =
                block.decode().ok_or_else(|| Error::invalid(format!("the key in {name} is not Base64")))?;
            // A label may be wrong: the encoding shows itself.
            let kind =
                der::kind(&decoded).filter(|kind| private_key(*kind, &decoded).is_some()).unwrap_or(kind);
            let key = private_key(kind, &decoded);
            load(&key.ok_or_else(|| Error::internal("a key of no kind"))?)
        }
        None if blocks.iter().any(is_encrypted) => Err(encrypted(name, "")),
        None => Err(unexpected_blocks(&blocks, name)),
    }
}

fn private_key(kind: Kind, der: &[u8]) -> Option<PrivateKeyDer<'_>> {
    match kind {
        Kind::Pkcs8 => Some(PrivatePkcs8KeyDer::from(der).into()),
        Kind::Pkcs1 => Some(PrivatePkcs1KeyDer::from(der).into()),
        Kind::Sec1 => Some(PrivateSec1KeyDer::from(der).into()),
        _ => None,
    }
}

/// Reads a source whole.
fn read(source: &Source, name: &Name) -> Result<Zeroizing<Vec<u8>>> {
    let bytes = match source {
        Source::File(path) => read_file(path)
            .map_err(|error| Error::invalid(format!("cannot read {name}")).with_source(error))?,
        Source::Bytes(bytes) if bytes.len() as u64 > MAX_BYTE_SIZE => {
            return Err(Error::invalid(format!("cannot read {name}")).with_source(too_large()));
        }
        Source::Bytes(bytes) => bytes.clone(),
    };
    if bytes.trim_ascii().is_empty() {
        return Err(Error::invalid(format!("{name} is empty: expected a {}", name.wanted())));
    }
    Ok(bytes)
}

fn read_file(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let refuse = |reason| Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
    // Before it is opened, which blocks for a pipe.
    let metadata = path.metadata()?;
    if metadata.is_dir() {
        return refuse("it is a directory");
    }
    if !metadata.is_file() {
        return refuse("it is not a regular file");
    }
    if metadata.len() > MAX_BYTE_SIZE {
        return Err(too_large());
    }
    // Allocated once: a buffer that grows leaves copies behind.
    let size = usize::try_from(metadata.len()).unwrap_or_default();
    let mut bytes = Zeroizing::new(Vec::with_capacity(size + 1));
    File::open(path)?.take(metadata.len()).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn too_large() -> io::Error {
    let message = format!("it exceeds the limit of {} MiB", MAX_BYTE_SIZE >> 20);
    io::Error::new(io::ErrorKind::FileTooLarge, message)
}

/// A file without the byte order mark of UTF-8.
fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)
}

/// Returns whether a file is DER. The text before PEM blocks may begin with `0` too.
fn is_der(bytes: &[u8]) -> bool {
    der::is_der(bytes) && !pem::has_blocks(bytes)
}

/// The blocks of a PEM file, all of them complete; at least one.
fn blocks<'a>(text: &'a [u8], name: &Name) -> Result<Vec<pem::Block<'a>>> {
    let wanted = name.wanted();
    if text.starts_with(b"\xFF\xFE") || text.starts_with(b"\xFE\xFF") || pem::contains(text, b"B\0E\0G\0I\0N")
    {
        return Err(Error::invalid(format!("{name} is UTF-16 text: save it as ASCII or UTF-8")));
    }
    if text.starts_with(b"\xFE\xED\xFE\xED") {
        return Err(Error::invalid(format!(
            "{name} is a Java keystore: expected a {wanted} in PEM or DER; 'keytool -importkeystore \
             -deststoretype PKCS12' converts it to PKCS#12, and 'openssl pkcs12' that to PEM"
        )));
    }
    let blocks = pem::blocks(text);
    if let Some(cut) = blocks.iter().find(|block| !block.is_complete) {
        let label = certificate::printable(cut.label);
        return Err(Error::invalid(format!(
            "{name} is cut off: block '{label}' has no line '-----END {label}-----'"
        )));
    }
    if blocks.is_empty() {
        return Err(Error::invalid(format!(
            "no {wanted} in {name}: it has no PEM block (a line '-----BEGIN ...-----') and is not DER"
        )));
    }
    Ok(blocks)
}

/// The error of a DER file of another kind.
fn unexpected_der(kind: Option<Kind>, name: &Name) -> Error {
    let wanted = name.wanted();
    let found = match kind {
        Some(Kind::Pkcs12) => {
            let what = if name.role == Role::ClientKey { "-nocerts -nodes" } else { "-nokeys" };
            return Error::invalid(format!(
                "{name} is a PKCS#12 file: extract the {wanted} with 'openssl pkcs12 -in {} {what} -out NEW'",
                name.path()
            ));
        }
        Some(Kind::EncryptedKey) if name.role == Role::ClientKey => return encrypted(name, " -inform DER"),
        Some(Kind::Pkcs7) => return pkcs7(name, " -inform DER"),
        Some(Kind::EncryptedKey) => "an encrypted private key",
        Some(Kind::Pkcs8 | Kind::Pkcs1 | Kind::Sec1) => "a private key",
        Some(Kind::PublicKey) => "a public key",
        Some(Kind::Certificate) => "a certificate",
        None => {
            return Error::invalid(format!(
                "no {wanted} in {name}: malformed or cut off DER, and no PEM block"
            ));
        }
    };
    Error::invalid(format!("no {wanted} in {name}: found {found}"))
}

/// The error of a PEM file without a block of the expected kind.
fn unexpected_blocks(blocks: &[pem::Block<'_>], name: &Name) -> Error {
    let wanted = name.wanted();
    let mut labels: Vec<_> = blocks.iter().map(|block| certificate::printable(block.label)).collect();
    labels.sort();
    labels.dedup();
    let has = |label: &str| labels.iter().any(|found| found == label);
    if name.role != Role::ClientKey {
        if has("TRUSTED CERTIFICATE") {
            return Error::invalid(format!(
                "{name} has a certificate in OpenSSL's own form ('TRUSTED CERTIFICATE'): convert it with \
                 'openssl x509 -in {} -out NEW'",
                name.path()
            ));
        }
        if has("PKCS7") || has("CMS") {
            return pkcs7(name, "");
        }
    }
    if name.role == Role::ClientKey && has("OPENSSH PRIVATE KEY") {
        return Error::invalid(format!(
            "{name} has a key in OpenSSH's own form: convert a copy of it with 'ssh-keygen -p -m PEM -f {}'",
            name.path()
        ));
    }
    Error::invalid(format!("no {wanted} in {name}: found {}", list(labels.iter().map(String::as_str))))
}

fn pkcs7(name: &Name, form: &str) -> Error {
    let path = name.path();
    let advice = if name.role == Role::ClientKey {
        "it has certificates, but no private key".to_owned()
    } else {
        format!("extract the certificates with 'openssl pkcs7{form} -print_certs -in {path} -out NEW'")
    };
    Error::invalid(format!("{name} is a PKCS#7 file: {advice}"))
}

fn encrypted(name: &Name, form: &str) -> Error {
    Error::invalid(format!(
        "{name} is encrypted, which is not supported: decrypt it with 'openssl pkey{form} -in {} -out NEW'",
        name.path()
    ))
}
