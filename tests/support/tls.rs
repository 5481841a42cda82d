//! TLS in front of any server of the tests: a port that speaks TLS and passes the bytes on to a plain one.

mod pump;
mod traffic;

use std::{
    env,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use rustls::{
    CipherSuite, HandshakeKind, ProtocolVersion, RootCertStore, ServerConfig, ServerConnection,
    SupportedProtocolVersion,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{
        ClientCertVerifierBuilder, NoServerSessionStorage, ServerSessionMemoryCache, WebPkiClientVerifier,
    },
    version::{TLS12, TLS13},
};

pub use self::{
    pump::{Hop, hop},
    traffic::Traffic,
};
use super::{
    certificates::{Certificates, certificates},
    connections::Connections,
    listener::Listener,
};

/// Whether a server asks for a client certificate; the authority is a file of [`Certificates`].
#[derive(Clone, Copy, Debug)]
pub enum ClientCertificate {
    NotRequested,
    Optional(&'static str),
    Required(&'static str),
}

/// The behaviour of a server that speaks TLS.
#[derive(Clone, Debug)]
pub struct TlsSettings {
    /// The name of a certificate and key of [`Certificates`].
    pub certificate: &'static str,
    pub client: ClientCertificate,
    /// The protocols of ALPN, the preferred one first; none if the server does not know the extension.
    pub alpn: Vec<&'static str>,
    pub versions: Vec<&'static SupportedProtocolVersion>,
    /// The cipher suites, all by default.
    pub suites: Option<Vec<CipherSuite>>,
    /// The number of session tickets after each handshake of TLS 1.3. Without any, no session of TLS 1.2 is
    /// resumed either.
    pub tickets: usize,
    /// Holds tickets back until the server's first byte, as Envoy does. They are sent at once otherwise, as
    /// nginx does.
    pub holds_tickets: bool,
    /// Sends close_notify before the end of a connection.
    pub sends_close_notify: bool,
    /// Sends alerts of failed handshakes; closes the connection silently otherwise, as Triton does.
    pub sends_alerts: bool,
}

impl Default for TlsSettings {
    fn default() -> Self {
        Self {
            certificate: "server",
            client: ClientCertificate::NotRequested,
            alpn: vec!["h2", "http/1.1"],
            versions: vec![&TLS12, &TLS13],
            suites: None,
            tickets: 2,
            holds_tickets: false,
            sends_close_notify: true,
            sends_alerts: true,
        }
    }
}

impl TlsSettings {
    fn config(&self) -> Arc<ServerConfig> {
        let mut provider = ring::default_provider();
        if let Some(suites) = &self.suites {
            provider.cipher_suites.retain(|suite| suites.contains(&suite.suite()));
        }
        let provider = Arc::new(provider);
        let builder = ServerConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&self.versions)
            .expect("versions with cipher suites");
        let files = certificates();
        let builder = match self.client {
            ClientCertificate::NotRequested => builder.with_no_client_auth(),
            ClientCertificate::Optional(name) => {
                let verifier = verifier(files, name, provider).allow_unauthenticated();
                builder.with_client_cert_verifier(verifier.build().expect("an authority of clients"))
            }
            ClientCertificate::Required(name) => builder.with_client_cert_verifier(
                verifier(files, name, provider).build().expect("an authority of clients"),
            ),
        };
        let key = PrivateKeyDer::from_pem_slice(files.text(&format!("{}.key", self.certificate)).as_bytes());
        let mut config = builder
            .with_single_cert(
                parse(files.text(&format!("{}.pem", self.certificate))),
                key.expect("the key of a certificate"),
            )
            .expect("a certificate and its key");
        config.alpn_protocols = self.alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        config.send_tls13_tickets = self.tickets;
        if self.tickets > 0 {
            config.session_storage = ServerSessionMemoryCache::new(1 << 10);
        } else {
            config.session_storage = Arc::new(NoServerSessionStorage {});
        }
        Arc::new(config)
    }
}

fn verifier(files: &Certificates, name: &str, provider: Arc<CryptoProvider>) -> ClientCertVerifierBuilder {
    let mut roots = RootCertStore::empty();
    for certificate in parse(files.text(name)) {
        roots.add(certificate).expect("the certificate of an authority");
    }
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
}

fn parse(text: &str) -> Vec<CertificateDer<'static>> {
    let certificates: Result<_, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    certificates.expect("certificates in PEM")
}

/// A handshake that the server has completed.
#[derive(Clone, Debug)]
pub struct Handshake {
    pub is_resumed: bool,
    pub version: ProtocolVersion,
    pub suite: CipherSuite,
    pub alpn: Option<String>,
    /// The name that the client asked for (SNI), in lower case whatever the client sent.
    pub server_name: Option<String>,
    /// Whether the client has sent a certificate.
    pub is_authenticated: bool,
    /// The first bytes of the client.
    pub hello: Vec<u8>,
}

impl Handshake {
    fn of(tls: &ServerConnection, hello: Vec<u8>) -> Self {
        Self {
            is_resumed: tls.handshake_kind() == Some(HandshakeKind::Resumed),
            version: tls.protocol_version().expect("a version after the handshake"),
            suite: tls.negotiated_cipher_suite().expect("a cipher suite after the handshake").suite(),
            alpn: tls.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()),
            server_name: tls.server_name().map(str::to_owned),
            is_authenticated: tls.peer_certificates().is_some_and(|chain| !chain.is_empty()),
            hello,
        }
    }
}

/// What a [`TlsFront`] counts.
#[derive(Debug, Default)]
struct Log {
    handshakes: Mutex<Vec<Handshake>>,
    failures: Mutex<Vec<rustls::Error>>,
    abandoned: AtomicUsize,
    received: Mutex<Traffic>,
    sent: Mutex<Traffic>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Returns whether the servers of the tests speak TLS. The variable names a folder with the files of
/// [`Certificates`]; the client finds the authority by SSL_CERT_FILE.
pub fn is_on() -> bool {
    env::var_os("TRITON_TEST_TLS").is_some()
}

/// Puts TLS before a test's server, if that is switched on.
pub fn front(upstream: SocketAddr) -> Option<TlsFront> {
    is_on().then(|| TlsFront::start(upstream, TlsSettings::default()))
}

/// Returns the URL of a server behind [`front`].
pub fn url(plain: String) -> String {
    match plain.split_once("://") {
        Some((scheme, rest)) if is_on() => format!("{scheme}s://{rest}"),
        _ => plain,
    }
}

/// A port of 127.0.0.1 that speaks TLS. It connects to the plain server after each handshake, passes on the
/// bytes both ways, and the ways in which either side ends: FIN, or RST. It buffers no more than a record in
/// each direction. Dropping it closes all connections.
#[derive(Debug)]
pub struct TlsFront {
    listener: Listener,
    log: Arc<Log>,
}

impl TlsFront {
    pub fn start(upstream: SocketAddr, settings: TlsSettings) -> Self {
        let (config, log, settings) = (settings.config(), Arc::new(Log::default()), Arc::new(settings));
        let mut connections = Connections::default();
        let to = log.clone();
        let listener = Listener::start(move |stream| {
            let (config, log, settings) = (config.clone(), to.clone(), settings.clone());
            connections.serve(stream, move |client| {
                // An error means that the client has ended the connection.
                let _ = pump::serve(client, upstream, config, &settings, &log);
            });
        });
        Self { listener: listener.expect("a free port"), log }
    }

    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// Returns the number of connections accepted so far, with a handshake or without.
    pub fn connections(&self) -> usize {
        self.listener.accepted()
    }

    /// Returns the handshakes completed so far, tickets included unless they are held back.
    pub fn handshakes(&self) -> Vec<Handshake> {
        lock(&self.log.handshakes).clone()
    }

    /// Returns the number of handshakes that resumed a session so far.
    pub fn resumed(&self) -> usize {
        lock(&self.log.handshakes).iter().filter(|handshake| handshake.is_resumed).count()
    }

    /// Returns the errors so far, of handshakes or later: of bytes that are not TLS, of certificates, and
    /// alerts of clients.
    pub fn failures(&self) -> Vec<rustls::Error> {
        lock(&self.log.failures).clone()
    }

    /// Returns the number of connections that the client has ended in a handshake without an alert so far.
    pub fn abandoned(&self) -> usize {
        self.log.abandoned.load(Ordering::SeqCst)
    }

    /// Returns what all clients have sent so far, with handshakes.
    pub fn received(&self) -> Traffic {
        *lock(&self.log.received)
    }

    /// Returns what all clients were sent so far, with handshakes.
    pub fn sent(&self) -> Traffic {
        *lock(&self.log.sent)
    }
}
