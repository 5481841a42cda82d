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

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::PermissionsExt, path::PathBuf, process::Command};

    use rustls::crypto::ring::sign::any_supported_type;

    use super::{
        super::{openssl_files as openssl, testing::*},
        *,
    };
    use crate::error::Status;

    fn read_certificates(source: &Source, role: Role) -> Result<Vec<CertificateDer<'static>>> {
        certificates(source, &Name::new(role, source))
    }

    fn read_key(source: &Source) -> Result<()> {
        let load =
            |key: &PrivateKeyDer<'_>| any_supported_type(key).map(|_| ()).map_err(|_| Error::invalid("bad"));
        key(source, &Name::new(Role::ClientKey, source), load)
    }

    /// Checks an error that names the file and has these parts.
    #[track_caller]
    fn expect<T: fmt::Debug>(result: Result<T>, parts: &[&str]) {
        let error = result.unwrap_err();
        assert_eq!(error.status(), Status::InvalidArgument);
        let text = error.full_message();
        assert!(text.len() < 600 && !text.contains(['\n', '{', '[']), "{text}");
        for part in parts {
            assert!(text.contains(part), "no '{part}' in: {text}");
        }
    }

    fn utf16(text: &str) -> Vec<u8> {
        [b"\xFF\xFE".to_vec(), text.encode_utf16().flat_map(u16::to_le_bytes).collect()].concat()
    }

    #[test]
    fn certificates_are_read_in_every_form_that_tools_write() {
        let (one, two) = (Authority::new("One"), Authority::new("Two"));
        let both = [one.pem(), two.pem()].concat();
        let expected = [one.der.clone(), two.der.clone()];
        let folder = Folder::new();
        for text in [
            both.clone(),
            both.replace('\n', "\r\n"),
            both.replace('\n', "\r"),
            both.trim_end().to_owned(),
            format!("\u{feff}{both}"),
            format!("0 s:CN = One\n{both}\nSome text ö"),
            both.replace('\n', "\n    "),
            both.replace("CERTIFICATE-", "X509 CERTIFICATE-"),
            // With the key, as some servers want it.
            format!("{}{both}", openssl::SEC1),
        ] {
            for source in [memory(&text), folder.file("ca.pem", &text)] {
                assert_eq!(read_certificates(&source, Role::Ca).unwrap(), expected, "{text}");
            }
        }
        let source = folder.file("ca.der", &one.der);
        assert_eq!(read_certificates(&source, Role::ClientCertificate).unwrap(), expected[..1]);
        // Through a link, as in a volume of Kubernetes.
        let link = folder.0.join("link");
        std::os::unix::fs::symlink("ca.der", &link).unwrap();
        assert_eq!(read_certificates(&Source::File(link), Role::Ca).unwrap(), expected[..1]);
    }

    #[test]
    fn keys_are_read_in_every_form_that_tools_write() {
        let pkcs8 = |algorithm| rcgen::KeyPair::generate_for(algorithm).unwrap();
        let ed25519 = pkcs8(&rcgen::PKCS_ED25519);
        let p384 = pkcs8(&rcgen::PKCS_ECDSA_P384_SHA384);
        let der = |pem: &str| pem::blocks(pem.as_bytes())[0].decode().unwrap();
        for text in [
            ed25519.serialize_pem().as_bytes(),
            p384.serialize_pem().as_bytes(),
            openssl::SEC1.as_bytes(),
            openssl::SEC1_WITH_PARAMETERS.as_bytes(),
            openssl::PKCS1.as_bytes(),
            openssl::PKCS1.replace('\n', "\r\n").as_bytes(),
            format!("\u{feff}{}", openssl::SEC1).as_bytes(),
            format!("{}{}", Authority::new("One").pem(), openssl::SEC1).as_bytes(),
            format!("{}{}", openssl::ENCRYPTED, openssl::SEC1).as_bytes(),
            // A wrong label.
            openssl::SEC1.replace("EC PRIVATE", "PRIVATE").as_bytes(),
            openssl::PKCS1.replace("RSA PRIVATE", "PRIVATE").as_bytes(),
            &ed25519.serialize_der(),
            &der(openssl::SEC1),
            &der(openssl::PKCS1),
        ] {
            read_key(&memory(text))
                .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(text)));
        }
        // Those that are read and not supported.
        for text in [openssl::RSA_1024, openssl::P521] {
            assert_eq!(read_key(&memory(text)).unwrap_err().to_string(), "bad");
        }
    }

    #[test]
    fn what_is_found_instead_of_a_certificate_is_named() {
        let authority = Authority::new("One");
        let folder = Folder::new();
        let cut = authority.pem().trim_end().trim_end_matches('-').to_owned();
        let twice = format!("{0}{1}\n{0}", authority.pem(), &authority.pem()[..200]);
        for (contents, parts) in [
            (&b""[..], &["is empty: expected a certificate"][..]),
            (b" \n\r\n", &["is empty"]),
            (b"\xEF\xBB\xBF", &["no certificate in"]),
            (b"hello", &["no certificate in", "no PEM block (a line '-----BEGIN ...-----') and is not DER"]),
            (b"\xFE\xED\xFE\xED\0\0\0\x02", &["Java keystore", "openssl pkcs12"]),
            (&utf16(&authority.pem()), &["is UTF-16 text"]),
            (&utf16(&authority.pem())[2..], &["is UTF-16 text"]),
            (openssl::SEC1.as_bytes(), &["no certificate in", "found 'EC PRIVATE KEY'"]),
            (openssl::SEC1_WITH_PARAMETERS.as_bytes(), &["found 'EC PARAMETERS', 'EC PRIVATE KEY'"]),
            (openssl::REQUEST.as_bytes(), &["found 'CERTIFICATE REQUEST'"]),
            (openssl::PUBLIC_KEY.as_bytes(), &["found 'PUBLIC KEY'"]),
            (openssl::TRUSTED_CERTIFICATE.as_bytes(), &["'TRUSTED CERTIFICATE'", "openssl x509 -in"]),
            (openssl::PKCS7.as_bytes(), &["PKCS#7", "openssl pkcs7 -print_certs -in"]),
            (&from_base64(openssl::PKCS7_DER), &["PKCS#7", "openssl pkcs7 -inform DER -print_certs -in"]),
            (&from_base64(openssl::PKCS12), &["PKCS#12", "openssl pkcs12 -in", "-nokeys -out NEW"]),
            (&from_base64(openssl::ENCRYPTED_DER), &["no certificate in", "found an encrypted private key"]),
            (der_of(&rcgen::KeyPair::generate().unwrap()).secret_der(), &["found a private key"]),
            (&authority.der[..authority.der.len() - 1], &["malformed or cut off DER"]),
            (cut.as_bytes(), &["is cut off: block 'CERTIFICATE' has no line '-----END CERTIFICATE-----'"]),
            (twice.as_bytes(), &["is cut off"]),
            (authority.pem().replace("M", "*").as_bytes(), &["certificate 1 in", "is not Base64"]),
        ] {
            for role in [Role::Ca, Role::ClientCertificate] {
                let source = folder.file("bad", contents);
                let path = folder.0.join("bad");
                let name = if role == Role::Ca { "CA file" } else { "client certificate file" };
                let parts = [parts, &[name, path.to_str().unwrap()]].concat();
                expect(read_certificates(&source, role), &parts);
                let name = if role == Role::Ca { "CA data" } else { "client certificate data" };
                let parts = [&parts[..parts.len() - 2], &[name]].concat();
                expect(read_certificates(&memory(contents), role), &parts);
            }
        }
    }

    #[test]
    fn what_is_found_instead_of_a_key_is_named_and_encrypted_keys_with_the_command() {
        let authority = Authority::new("One");
        let folder = Folder::new();
        let command =
            |form| format!("is encrypted, which is not supported: decrypt it with 'openssl pkey{form} -in ");
        let rsa = openssl::ENCRYPTED_BY_HEADER.replace("EC PRIVATE", "RSA PRIVATE");
        let with_certificate = format!("{}{}", authority.pem(), openssl::ENCRYPTED);
        let openssh = "-----BEGIN OPENSSH PRIVATE KEY-----\nQUJD\n-----END OPENSSH PRIVATE KEY-----\n";
        for (contents, parts) in [
            (&b""[..], &["is empty: expected a private key"][..]),
            (openssl::ENCRYPTED.as_bytes(), &[&command("")]),
            (openssl::ENCRYPTED_BY_HEADER.as_bytes(), &[&command("")]),
            (openssl::ENCRYPTED_BY_HEADER.replace('\n', "\r\n").as_bytes(), &[&command("")]),
            (rsa.as_bytes(), &[&command("")]),
            (with_certificate.as_bytes(), &[&command("")]),
            (&from_base64(openssl::ENCRYPTED_DER), &[&command(" -inform DER")]),
            (authority.pem().as_bytes(), &["no private key in", "found 'CERTIFICATE'"]),
            (&authority.der, &["no private key in", "found a certificate"]),
            (openssl::PUBLIC_KEY.as_bytes(), &["found 'PUBLIC KEY'"]),
            (&from_base64(openssl::PKCS12), &["PKCS#12", "openssl pkcs12 -in", "-nocerts -nodes -out NEW"]),
            (&from_base64(openssl::PKCS7_DER), &["PKCS#7", "no private key"]),
            (openssh.as_bytes(), &["OpenSSH's own form", "ssh-keygen -p -m PEM -f"]),
            (&utf16(openssl::SEC1), &["is UTF-16 text"]),
            (&openssl::SEC1.as_bytes()[..100], &["is cut off: block 'EC PRIVATE KEY'"]),
            (openssl::SEC1.replace("M", "*").as_bytes(), &["is not Base64"]),
        ] {
            let source = folder.file("k e y", contents);
            let path = folder.0.join("k e y");
            expect(read_key(&source), &[parts, &["client key file", path.to_str().unwrap()]].concat());
            expect(read_key(&memory(contents)), &[parts, &["client key data"]].concat());
        }
    }

    #[test]
    fn files_that_cannot_be_read_are_named_with_the_reason() {
        let folder = Folder::new();
        let file = |name: &str| Source::File(folder.0.join(name));
        expect(read_certificates(&file("none"), Role::Ca), &["cannot read CA file", "none'", "No such file"]);
        let directory = Source::File(folder.0.clone());
        expect(read_certificates(&directory, Role::Ca), &["cannot read CA file", "it is a directory"]);
        expect(read_certificates(&Source::File(PathBuf::new()), Role::Ca), &["cannot read CA file ''"]);
        expect(read_key(&Source::File("a\nb".into())), &["cannot read client key file 'a\\u000ab'"]);
        // Reading a pipe would block.
        let pipe = folder.0.join("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        expect(read_key(&Source::File(pipe)), &["cannot read client key file", "not a regular file"]);
        let device = Source::File("/dev/zero".into());
        expect(
            read_certificates(&device, Role::Ca),
            &["cannot read CA file '/dev/zero'", "not a regular file"],
        );

        let large = folder.0.join("large");
        File::create(&large).unwrap().set_len(MAX_BYTE_SIZE + 1).unwrap();
        let parts = ["cannot read CA file", "large'", "exceeds the limit of 16 MiB"];
        expect(read_certificates(&Source::File(large.clone()), Role::Ca), &parts);
        let bytes = vec![b' '; usize::try_from(MAX_BYTE_SIZE).unwrap() + 1];
        expect(read_certificates(&memory(bytes), Role::Ca), &["cannot read CA data", "16 MiB"]);
        File::create(&large).unwrap().set_len(MAX_BYTE_SIZE).unwrap();
        assert_eq!(read_file(&large).unwrap().len() as u64, MAX_BYTE_SIZE);

        let Source::File(secret) = folder.file("secret", "x") else { unreachable!("it is a file") };
        std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o0)).unwrap();
        // root may read everything.
        if File::open(&secret).is_err() {
            expect(read_key(&Source::File(secret)), &["secret'", "Permission denied"]);
        }
    }

    /// Whatever is in a file.
    #[test]
    fn damaged_files_are_errors_and_never_a_panic() {
        let authority = Authority::new("One");
        let mut state = 1u64;
        let mut random = |below: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % below
        };
        for contents in [
            authority.pem().into_bytes(),
            openssl::SEC1_WITH_PARAMETERS.into(),
            openssl::ENCRYPTED_BY_HEADER.into(),
            authority.der.to_vec(),
            from_base64(openssl::PKCS12),
        ] {
            for _ in 0..1000 {
                let mut changed = contents.clone();
                for _ in 0..=random(4) {
                    let at = random(changed.len());
                    match random(4) {
                        0 => changed[at] = random(256) as u8,
                        1 => changed.insert(at, b"\n-\r 0\0"[random(6)]),
                        2 if changed.len() > 1 => {
                            changed.remove(at);
                        }
                        _ => changed.truncate(at.max(1)),
                    }
                }
                for result in
                    [read_certificates(&memory(&changed), Role::Ca).map(|_| ()), read_key(&memory(&changed))]
                {
                    if let Err(error) = result {
                        let text = error.full_message();
                        assert_eq!(error.status(), Status::InvalidArgument, "{text}");
                        assert!(!text.contains(char::is_control) && text.len() < 1000, "{text}");
                    }
                }
            }
        }
    }
}
