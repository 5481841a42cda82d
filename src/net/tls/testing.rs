//! What the tests of TLS share: certificates, and handshakes in memory.

use std::{
    fs,
    io::Read,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, pem::PemObject},
    server::WebPkiClientVerifier,
    sign::{CertifiedKey, SingleCertAndKey},
    version::{TLS12, TLS13},
};
use zeroize::Zeroizing;

use super::{Moment, TlsConfig};
use crate::{
    error::{Error, Result},
    log::{Log, LogLevel},
    options::{ClientCertificate, Source, TlsOptions},
    url::Url,
};

/// Certificates, the first one's own first, and the key of that one.
pub(super) struct Identity {
    pub chain: Vec<CertificateDer<'static>>,
    pub key: PrivateKeyDer<'static>,
}

impl Identity {
    pub(super) fn self_signed(params: &CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        Self { chain: vec![params.self_signed(&key).unwrap().der().clone()], key: der_of(&key) }
    }

    pub(super) fn pem(&self) -> String {
        self.chain.iter().map(|der| pem("CERTIFICATE", der)).collect()
    }
}

/// A key as PKCS#8.
pub(super) fn der_of(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivatePkcs8KeyDer::from(key.serialize_der()).into()
}

/// An authority, with the certificates that those which it issues are followed by.
pub(super) struct Authority {
    pub der: CertificateDer<'static>,
    chain: Vec<CertificateDer<'static>>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(super) fn new(name: &str) -> Self {
        let params = authority(name);
        let key = KeyPair::generate().unwrap();
        let der = params.self_signed(&key).unwrap().der().clone();
        Self { der, chain: Vec::new(), issuer: Issuer::new(params, key) }
    }

    pub(super) fn intermediate(&self, params: CertificateParams) -> Self {
        let key = KeyPair::generate().unwrap();
        let der = params.signed_by(&key, &self.issuer).unwrap().der().clone();
        Self { chain: vec![der.clone()], der, issuer: Issuer::new(params, key) }
    }

    pub(super) fn issue(&self, params: &CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let own = params.signed_by(&key, &self.issuer).unwrap().der().clone();
        Identity { chain: [vec![own], self.chain.clone()].concat(), key: der_of(&key) }
    }

    pub(super) fn pem(&self) -> String {
        pem("CERTIFICATE", &self.der)
    }

    pub(super) fn source(&self) -> Source {
        memory(self.pem())
    }
}

/// The parameters of a certificate with a common name and alternative names, which may be addresses.
pub(super) fn params(common_name: &str, names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params
}

pub(super) fn authority(name: &str) -> CertificateParams {
    let mut params = params(name, &[]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

pub(super) fn client(name: &str) -> CertificateParams {
    let mut params = params(name, &[]);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}

/// The key of the certificates that OpenSSL made.
pub(super) fn sec1_key() -> PrivateKeyDer<'static> {
    PrivateKeyDer::from_pem_slice(super::openssl_files::SEC1.as_bytes()).unwrap()
}

/// A block of PEM.
pub(super) fn pem(label: &str, der: &[u8]) -> String {
    use base64::{Engine, prelude::BASE64_STANDARD};

    let text = BASE64_STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

pub(super) fn from_base64(text: &str) -> Vec<u8> {
    use base64::{Engine, prelude::BASE64_STANDARD};

    BASE64_STANDARD.decode(text).unwrap()
}

pub(super) fn memory(contents: impl AsRef<[u8]>) -> Source {
    Source::Bytes(Zeroizing::new(contents.as_ref().to_vec()))
}

pub(super) fn options(ca: Option<Source>) -> TlsOptions {
    TlsOptions { ca, ..TlsOptions::default() }
}

pub(super) fn with_client(mut options: TlsOptions, client: &Identity) -> TlsOptions {
    options.client =
        Some(ClientCertificate { certificate: memory(client.pem()), key: memory(client.key.secret_der()) });
    options
}

/// The TLS of a client for `https://` or `grpcs://`.
pub(super) fn config(options: &TlsOptions, url: &str) -> Result<Arc<TlsConfig>> {
    TlsConfig::new(options, &Url::parse(url).unwrap(), &Log::default()).map(Arc::new)
}

/// A log that keeps its warnings.
pub(super) fn log() -> (Log, Arc<Mutex<Vec<String>>>) {
    let lines = Arc::new(Mutex::new(Vec::new()));
    let into = lines.clone();
    let log =
        Log::new(LogLevel::Warn, Arc::new(move |_, _, text| into.lock().unwrap().push(text.to_owned())));
    (log, lines)
}

/// A folder that is removed at the end.
pub(super) struct Folder(pub PathBuf);

impl Folder {
    pub(super) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("triton-tls-{}-{number}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(super) fn file(&self, name: &str, contents: impl AsRef<[u8]>) -> Source {
        let path = self.0.join(name);
        fs::write(&path, contents).unwrap();
        Source::File(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

/// What a server does.
#[derive(Clone, Copy)]
pub(super) struct Server<'a> {
    pub identity: &'a Identity,
    pub versions: &'a [&'static SupportedProtocolVersion],
    pub protocols: &'a [&'a str],
    /// The authority of client certificates, and whether one is required.
    pub clients: Option<(&'a Authority, bool)>,
}

pub(super) const BOTH: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

impl<'a> Server<'a> {
    pub(super) fn new(identity: &'a Identity) -> Self {
        Self { identity, versions: &BOTH, protocols: &[], clients: None }
    }

    pub(super) fn config(&self) -> Arc<ServerConfig> {
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(self.versions)
            .unwrap();
        let builder = match self.clients {
            None => builder.with_no_client_auth(),
            Some((authority, is_required)) => {
                let mut roots = RootCertStore::empty();
                roots.add(authority.der.clone()).unwrap();
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                let verifier = if is_required { verifier } else { verifier.allow_unauthenticated() };
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let key = ring::sign::any_supported_type(&self.identity.key).unwrap();
        // Unlike `with_single_cert`, for certificates that rustls cannot parse too.
        let key = CertifiedKey::new(self.identity.chain.clone(), key);
        let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(key)));
        config.alpn_protocols = self.protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        config.ticketer = ring::Ticketer::new().unwrap();
        Arc::new(config)
    }
}

pub(super) fn address(number: u8) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, number], 443))
}

/// Both ends of a connection.
pub(super) struct Pair {
    tls: Arc<TlsConfig>,
    config: Arc<ClientConfig>,
    requests_before: u64,
    pub client: ClientConnection,
    pub server: ServerConnection,
    has_heard: bool,
    /// What the server made of it.
    pub server_error: Option<rustls::Error>,
}

impl Pair {
    pub(super) fn new(tls: &Arc<TlsConfig>, address: SocketAddr, server: &Arc<ServerConfig>) -> Self {
        let config = tls.for_address(address);
        Self {
            requests_before: tls.requests_for_certificate(&config),
            client: ClientConnection::new(config.clone(), tls.server_name()).unwrap(),
            server: ServerConnection::new(server.clone()).unwrap(),
            has_heard: false,
            server_error: None,
            config,
            tls: tls.clone(),
        }
    }

    pub(super) fn moment(&self) -> Moment {
        Moment {
            in_handshake: self.client.is_handshaking(),
            asked: self.tls.requests_for_certificate(&self.config) > self.requests_before,
            heard: self.has_heard,
            has_responded: false,
        }
    }

    /// Passes on what both ends send, until neither does.
    pub(super) fn run(&mut self) -> Result<()> {
        loop {
            let mut bytes = Vec::new();
            while self.client.wants_write() {
                self.client.write_tls(&mut bytes).unwrap();
            }
            let is_end = bytes.is_empty();
            if self.server_error.is_none() {
                let mut unread = &bytes[..];
                while !unread.is_empty() && self.server_error.is_none() {
                    self.server.read_tls(&mut unread).unwrap();
                    self.server_error = self.server.process_new_packets().err();
                }
            }
            let mut bytes = Vec::new();
            while self.server.wants_write() {
                self.server.write_tls(&mut bytes).unwrap();
            }
            if bytes.is_empty() && is_end {
                return Ok(());
            }
            self.has_heard |= !bytes.is_empty();
            self.receive(&bytes)?;
        }
    }

    /// Gives bytes of the server to the client.
    pub(super) fn receive(&mut self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            self.client.read_tls(&mut bytes).unwrap();
            if let Err(error) = self.client.process_new_packets() {
                let error = self.tls.error(&error, self.moment());
                // The alert.
                let mut bytes = Vec::new();
                while self.client.wants_write() {
                    self.client.write_tls(&mut bytes).unwrap();
                }
                let mut unread = &bytes[..];
                while !unread.is_empty() && self.server.read_tls(&mut unread).is_ok() {
                    self.server_error = self.server.process_new_packets().err().or(self.server_error.take());
                }
                return Err(error);
            }
        }
        Ok(())
    }
}

/// Connects once, and exchanges a byte.
pub(super) fn connect(tls: &Arc<TlsConfig>, server: &Server<'_>) -> Result<Pair> {
    connect_to(tls, address(1), &server.config())
}

pub(super) fn connect_to(
    tls: &Arc<TlsConfig>,
    address: SocketAddr,
    server: &Arc<ServerConfig>,
) -> Result<Pair> {
    use std::io::Write;

    let mut pair = Pair::new(tls, address, server);
    pair.run()?;
    assert!(!pair.client.is_handshaking(), "{:?}", pair.server_error);
    pair.client.writer().write_all(b"a").unwrap();
    pair.server.writer().write_all(b"b").unwrap();
    pair.run()?;
    let mut byte = [0];
    pair.client.reader().read_exact(&mut byte).unwrap();
    assert_eq!(byte, *b"b");
    pair.server.reader().read_exact(&mut byte).unwrap();
    assert_eq!(byte, *b"a");
    Ok(pair)
}

/// The error of a connection that must fail.
pub(super) fn refused(tls: &Arc<TlsConfig>, server: &Server<'_>) -> Error {
    connect(tls, server).err().expect("the connection fails")
}

/// Checks that a message has nothing in it but sentences.
pub(super) fn check_text(text: &str) {
    // The URLs and the names with capitals that messages may have.
    const ALLOWED: [&str; 18] = [
        "EdDSA",
        "gRPC",
        "an http:// URL",
        "a grpc:// URL",
        "a grpcs:// URL",
        "'http2'",
        "'Protocols h2'",
        "ChaCha20-Poly1305",
        "serverAuth",
        "subjectAltName",
        "basicConstraints",
        "OpenSSL",
        "OpenSSH",
        "rustls",
        "https://triton.example",
        "-deststoretype",
        "PKCS",
        "Base64",
    ];
    let mut rest = text.to_owned();
    for allowed in ALLOWED {
        rest = rest.replace(allowed, "x");
    }
    for bad in
        ["http", "://", "{", "}", "Other(", "Error", "(UNIX)", "Context", "[", "]", "\n", "\\", "\"", "  "]
    {
        assert!(!rest.contains(bad), "'{bad}' in: {text}");
    }
    let capital =
        rest.as_bytes().windows(2).any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
    assert!(!capital, "code in: {text}");
    let digits = rest.split(|c: char| !c.is_ascii_digit()).any(|number| number.len() >= 8);
    assert!(!digits, "a number in: {text}");
    assert!(!text.ends_with('.') && !text.ends_with([' ', ':']), "{text}");
    assert!(text.starts_with(|c: char| c.is_lowercase() || c == 'C'), "{text}");
    assert!(text.len() < 600, "{text}");
}
