//! The certificates and keys of the tests, made anew by each process: an authority, what it signs, and what a
//! client or a server must refuse.

use std::{
    collections::BTreeMap,
    env, fs, io,
    path::{Path, PathBuf},
    process,
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
    },
};

use base64::{Engine, prelude::BASE64_STANDARD};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose as Purpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};

/// The names of a good server.
pub const NAMES: [&str; 5] = ["localhost", "127.0.0.1", "::1", "triton.test", "*.triton.test"];
/// The name of the server `wrong-host`.
pub const OTHER_NAME: &str = "elsewhere.test";
/// When `expired` and `client-expired` expired.
pub const EXPIRED: &str = "2025-02-01";
/// When `not-yet-valid` becomes valid.
pub const NOT_YET_VALID: &str = "2098-01-01";

/// PEM texts by file name. The authorities have no keys:
///
/// | file | contents |
/// | --- | --- |
/// | ca.pem | the authority |
/// | intermediate.pem | an authority that `ca` signed |
/// | other-ca.pem | an authority that signed only `stranger` |
/// | ca-bundle.pem | `other-ca` and `ca` |
///
/// Each of these is three files: NAME.pem, its certificate; NAME.key, its key (P-256 in PKCS#8); and
/// NAME-and-key.pem, both in one.
///
/// | name | contents |
/// | --- | --- |
/// | server | for [`NAMES`], signed by `ca` |
/// | chain | for [`NAMES`], signed by `intermediate`, whose certificate follows in NAME.pem |
/// | no-intermediate | as `chain`, but `intermediate` does not follow |
/// | wrong-host | as `server`, for [`OTHER_NAME`] only |
/// | expired, not-yet-valid | as `server`, not valid now |
/// | self-signed-ca | for [`NAMES`], signed by its own key, CA:TRUE, as `openssl req -x509` makes it |
/// | self-signed | for [`NAMES`], signed by its own key, CA:FALSE |
/// | common-name | its common name is `localhost`, and it has no alternative names |
/// | authority | for [`NAMES`], signed by `ca`, CA:TRUE |
/// | client-as-server | for [`NAMES`], signed by `ca`, for client authentication only |
/// | client | a client's, signed by `ca` |
/// | client-chain | a client's, signed by `intermediate`, whose certificate follows |
/// | client-expired | as `client`, expired |
/// | stranger | a client's, signed by `other-ca` |
///
/// Other forms of the key of `client`, the encrypted ones with unusable contents:
///
/// | file | contents |
/// | --- | --- |
/// | client-sec1.key | SEC1, behind its parameters, as `openssl ecparam -genkey` writes it |
/// | client-encrypted.key | PKCS#8, encrypted |
/// | client-encrypted-sec1.key | SEC1, encrypted (`Proc-Type: 4,ENCRYPTED`) |
#[derive(Debug)]
pub struct Certificates(BTreeMap<String, String>);

/// The certificates of this process; those in the folder TRITON_TEST_TLS, if it is set.
pub fn certificates() -> &'static Certificates {
    static CERTIFICATES: LazyLock<Certificates> = LazyLock::new(|| match env::var_os("TRITON_TEST_TLS") {
        Some(folder) => Certificates::read(Path::new(&folder)).expect("a folder of certificates"),
        None => Certificates::generate(),
    });
    &CERTIFICATES
}

impl Certificates {
    fn generate() -> Self {
        let mut made = Self(BTreeMap::new());
        let root = |name: &str| {
            let issuer = CertifiedIssuer::self_signed(authority(name), key());
            issuer.expect("an authority")
        };
        let (ca, other) = (root("Test authority"), root("Other test authority"));
        let intermediate = CertifiedIssuer::signed_by(authority("Test intermediate"), key(), &ca);
        let intermediate = intermediate.expect("an intermediate authority");
        made.insert("ca.pem", ca.pem());
        made.insert("other-ca.pem", other.pem());
        made.insert("ca-bundle.pem", other.pem() + &ca.pem());
        made.insert("intermediate.pem", intermediate.pem());

        let server = || with_names("Test server", &NAMES);
        made.sign("server", server(), &ca, "");
        made.sign("chain", server(), &intermediate, &intermediate.pem());
        made.sign("no-intermediate", server(), &intermediate, "");
        made.sign("wrong-host", with_names("Test server", &[OTHER_NAME]), &ca, "");
        made.sign("expired", expired(server()), &ca, "");
        made.sign("not-yet-valid", not_yet_valid(server()), &ca, "");
        made.sign("common-name", with_names("localhost", &[]), &ca, "");
        let mut authority = server();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        made.sign("authority", authority.clone(), &ca, "");
        let mut client_as_server = server();
        client_as_server.extended_key_usages = vec![Purpose::ClientAuth];
        made.sign("client-as-server", client_as_server, &ca, "");
        for (name, mut params) in [("self-signed-ca", authority), ("self-signed", server())] {
            params.distinguished_name.push(DnType::CommonName, "Test self-signed");
            let key = key();
            let certificate = params.self_signed(&key).expect("a certificate");
            made.add(name, certificate.pem(), &key);
        }

        let client = || {
            let mut params = named("Test client");
            params.extended_key_usages = vec![Purpose::ClientAuth];
            params
        };
        let key = made.sign("client", client(), &ca, "");
        made.insert("client-sec1.key", sec1(&key));
        made.insert("client-encrypted.key", encrypted());
        made.insert("client-encrypted-sec1.key", encrypted_sec1());
        made.sign("client-chain", client(), &intermediate, &intermediate.pem());
        made.sign("client-expired", expired(client()), &ca, "");
        made.sign("stranger", client(), &other, "");
        made
    }

    fn insert(&mut self, name: &str, text: String) {
        self.0.insert(name.to_owned(), text);
    }

    fn add(&mut self, name: &str, certificate: String, key: &KeyPair) {
        self.insert(&format!("{name}.key"), key.serialize_pem());
        self.insert(&format!("{name}-and-key.pem"), certificate.clone() + &key.serialize_pem());
        self.insert(&format!("{name}.pem"), certificate);
    }

    /// Adds a certificate for a new key, which it returns.
    fn sign(
        &mut self,
        name: &str,
        params: CertificateParams,
        issuer: &CertifiedIssuer<'_, KeyPair>,
        and: &str,
    ) -> KeyPair {
        let key = key();
        let certificate = params.signed_by(&key, issuer).expect("a certificate");
        self.add(name, certificate.pem() + and, &key);
        key
    }

    /// Returns the contents of a file.
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).unwrap_or_else(|| panic!("missing certificate file {name:?}"))
    }

    fn read(folder: &Path) -> io::Result<Self> {
        let mut read = Self(BTreeMap::new());
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            read.insert(&entry.file_name().to_string_lossy(), fs::read_to_string(entry.path())?);
        }
        Ok(read)
    }

    /// Writes all files to a folder, which may exist.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        fs::create_dir_all(folder)?;
        self.0.iter().try_for_each(|(name, text)| fs::write(folder.join(name), text))
    }

    /// Writes all files to a new folder.
    pub fn folder(&self) -> Folder {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let name = format!("triton-certificates.{}.{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = Folder(env::temp_dir().join(name));
        self.write(&folder.0).expect("a folder of certificates");
        folder
    }
}

/// A folder with the files of [`Certificates`]. It is deleted on drop.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Returns the path of a file, which need not exist.
    pub fn path(&self, name: &str) -> String {
        self.0.join(name).into_os_string().into_string().expect("a path in Unicode")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // Fails if a test has deleted it.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a key")
}

/// Parses `YYYY-MM-DD`.
fn ymd(text: &str) -> (i32, u8, u8) {
    let mut parts = text.split('-').map(|part| part.parse::<u16>().expect("a number of a date"));
    let mut part = || parts.next().expect("three numbers of a date");
    (part().into(), part() as u8, part() as u8)
}

fn expired(mut params: CertificateParams) -> CertificateParams {
    let (year, month, day) = ymd(EXPIRED);
    params.not_after = date_time_ymd(year, month, day);
    params
}

fn not_yet_valid(mut params: CertificateParams) -> CertificateParams {
    let (year, month, day) = ymd(NOT_YET_VALID);
    params.not_before = date_time_ymd(year, month, day);
    params
}

fn named(common_name: &str) -> CertificateParams {
    with_names(common_name, &[])
}

fn with_names(common_name: &str, names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("the names of a certificate");
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.distinguished_name.push(DnType::OrganizationName, "triton-client tests");
    params.is_ca = IsCa::ExplicitNoCa;
    params.use_authority_key_identifier_extension = true;
    (params.not_before, params.not_after) = (date_time_ymd(2024, 1, 1), date_time_ymd(2099, 1, 1));
    params
}

fn authority(common_name: &str) -> CertificateParams {
    let mut params = named(common_name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn pem(label: &str, headers: &str, der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| str::from_utf8(line).expect("base64 is ASCII")).collect();
    format!("-----BEGIN {label}-----\n{headers}{}\n-----END {label}-----\n", lines.join("\n"))
}

/// The object identifier of P-256 with its tag.
const P256: &[u8] = b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";

/// Returns a P-256 key in the form of RFC 5915.
fn sec1(key: &KeyPair) -> String {
    /// Where PKCS#8 has the form without parameters, which it states itself: `30 6b 02 01 01 04 20`, 32 bytes
    /// of the private key, and the public one.
    const INNER: usize = 29;
    const PRIVATE_END: usize = INNER + 7 + 32;
    let der = key.serialized_der();
    assert!(der[INNER..].starts_with(b"\x30\x6b\x02") && der.len() == INNER + 2 + 0x6b, "P-256 in PKCS#8");
    let parameters = [b"\xa0\x0a", P256].concat();
    let byte_size = 0x6b + parameters.len() as u8;
    let der = [&[0x30, byte_size], &der[INNER + 2..PRIVATE_END], &parameters, &der[PRIVATE_END..]].concat();
    pem("EC PARAMETERS", "", P256) + &pem("EC PRIVATE KEY", "", &der)
}

/// Returns PKCS#8 encrypted by PBES2: PBKDF2 with HMAC-SHA256, and AES-256-CBC.
fn encrypted() -> String {
    let tlv = |tag: u8, parts: &[&[u8]]| {
        let value = parts.concat();
        let size = value.len() as u8;
        let size = if size < 0x80 { vec![size] } else { vec![0x81, size] };
        [&[tag], &size[..], &value].concat()
    };
    let oid = |value: &[u8]| tlv(6, &[value]);
    let salt = tlv(4, &[&[7; 16]]);
    let prf = tlv(0x30, &[&oid(b"\x2a\x86\x48\x86\xf7\x0d\x02\x09"), b"\x05\x00"]);
    let derivation = tlv(0x30, &[&salt, b"\x02\x02\x08\x00", &prf]);
    let derivation = tlv(0x30, &[&oid(b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0c"), &derivation]);
    let cipher = tlv(0x30, &[&oid(b"\x60\x86\x48\x01\x65\x03\x04\x01\x2a"), &tlv(4, &[&[9; 16]])]);
    let scheme = tlv(0x30, &[&derivation, &cipher]);
    let scheme = tlv(0x30, &[&oid(b"\x2a\x86\x48\x86\xf7\x0d\x01\x05\x0d"), &scheme]);
    let sealed = tlv(4, &[&[0x5a; 144]]);
    let contents = [scheme, sealed].concat();
    let size = u16::try_from(contents.len()).expect("a short key").to_be_bytes();
    pem("ENCRYPTED PRIVATE KEY", "", &[&[0x30, 0x82], &size[..], &contents].concat())
}

fn encrypted_sec1() -> String {
    let headers = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00112233445566778899AABBCCDDEEFF\n\n";
    pem("EC PRIVATE KEY", headers, &[0x5a; 128])
}
