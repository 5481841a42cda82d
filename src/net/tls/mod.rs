//! TLS: its configuration, made once for each server of a client, and its errors.

mod certificate;
mod dates;
mod der;
mod errors;
mod files;
mod pem;
mod resolver;
mod roots;
mod session;
mod verifier;

#[cfg(test)]
mod handshakes;
#[cfg(test)]
mod openssl_files;
#[cfg(test)]
mod testing;

use std::{
    collections::HashMap,
    fmt,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rustls::{
    CipherSuite, ClientConfig, InconsistentKeys, NamedGroup, SupportedProtocolVersion,
    client::Resumption,
    crypto::{CryptoProvider, ring},
    pki_types::ServerName,
    sign::CertifiedKey,
    version::{TLS12, TLS13},
};
pub(crate) use session::{Handshake, Session, Taken};

use self::{
    certificate::Certificate,
    errors::Moment,
    files::{Name, Role},
    resolver::Resolver,
    roots::Roots,
    verifier::Verifier,
};
use crate::{
    error::{Error, Result, excerpt},
    log::{Log, LogLevel},
    options::{ClientCertificate, TlsOptions, TlsVersion},
    url::{Protocol, Url},
};

const TARGET: &str = "triton_client::net";
/// The maximum number of addresses of a server, beside those with connections, for which sessions are kept.
const MAX_ADDRESSES: usize = 64;
/// The size of the session store of one address, in TLS 1.3 tickets. rustls keeps up to 8 for a name.
const MAX_TICKETS: usize = 8;

/// The TLS of the connections to one server.
pub(crate) struct TlsConfig {
    protocol: Protocol,
    min_version: TlsVersion,
    server_name: ServerName<'static>,
    trusted: roots::From,
    client: Option<Client>,
    /// Cloned for each address.
    base: ClientConfig,
    /// rustls keys its sessions by the name alone: of several servers with one name, each would take the
    /// tickets of the others, which it does not accept.
    addresses: Mutex<Addresses>,
}

/// The client's certificate.
struct Client {
    name: Name,
    /// Of the first certificate; for messages.
    not_after: Option<u64>,
    key: Arc<CertifiedKey>,
}

/// The configurations by address.
#[derive(Default)]
struct Addresses {
    configs: HashMap<SocketAddr, Address>,
    /// Counts the uses.
    clock: u64,
}

struct Address {
    config: Arc<ClientConfig>,
    resolver: Arc<Resolver>,
    last_used: u64,
}

impl TlsConfig {
    /// Reads and checks everything that the options name. INVALID_ARGUMENT if something is missing or wrong.
    pub(crate) fn new(options: &TlsOptions, url: &Url, log: &Log) -> Result<Self> {
        let server_name = server_name(options, url)?;
        let provider = Arc::new(provider(url.protocol));
        let client = options.client.as_ref().map(|client| Client::new(client, log)).transpose()?;
        warn_of_unverified(options, url, log);
        let roots = match &options.ca {
            // Also checked if it is not used.
            Some(source) => Roots::given(source, log)?,
            None if options.verify_peer => Roots::system(log)?,
            None => Roots::none(),
        };
        let trusted = roots.from.clone();
        let verifier = Verifier::new(
            roots,
            provider.signature_verification_algorithms,
            options.verify_peer,
            options.verify_host,
        );
        let versions: &[&SupportedProtocolVersion] = match options.min_version {
            TlsVersion::V1_2 => &[&TLS13, &TLS12],
            TlsVersion::V1_3 => &[&TLS13],
        };
        let mut base = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .map_err(|_| Error::internal("the versions of TLS have no cipher suites"))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_cert_resolver(Arc::new(Resolver::new(None)));
        base.alpn_protocols = match url.protocol {
            Protocol::Http => vec![b"http/1.1".to_vec()],
            Protocol::Grpc => vec![b"h2".to_vec()],
        };
        base.resumption = Resumption::disabled();
        Ok(Self {
            protocol: url.protocol,
            min_version: options.min_version,
            server_name,
            trusted,
            client,
            base,
            addresses: Mutex::default(),
        })
    }

    /// Returns the configuration for connections to one address, which has a session store of its own.
    fn for_address(&self, address: SocketAddr) -> Arc<ClientConfig> {
        let mut addresses = self.addresses();
        addresses.clock += 1;
        let now = addresses.clock;
        if let Some(known) = addresses.configs.get_mut(&address) {
            known.last_used = now;
            return known.config.clone();
        }
        if addresses.configs.len() >= MAX_ADDRESSES {
            let unused = addresses.configs.iter().filter(|row| Arc::strong_count(&row.1.config) == 1);
            let oldest = unused.min_by_key(|row| row.1.last_used).map(|row| *row.0);
            oldest.and_then(|oldest| addresses.configs.remove(&oldest));
        }
        let certificate = self.client.as_ref().map(|client| client.key.clone());
        let resolver = Arc::new(Resolver::new(certificate));
        let mut config = self.base.clone();
        // rustls resumes a session only with the verifier and the resolver that it was made with.
        config.client_auth_cert_resolver = resolver.clone();
        config.resumption = Resumption::in_memory_sessions(MAX_TICKETS);
        let config = Arc::new(config);
        addresses.configs.insert(address, Address { config: config.clone(), resolver, last_used: now });
        config
    }

    /// Returns the name that certificates are verified for.
    fn server_name(&self) -> ServerName<'static> {
        self.server_name.clone()
    }

    /// Returns how often the server at the address of a configuration has requested a client certificate.
    fn requests_for_certificate(&self, config: &Arc<ClientConfig>) -> u64 {
        let addresses = self.addresses();
        let mut known = addresses.configs.values();
        known.find(|known| Arc::ptr_eq(&known.config, config)).map_or(0, |known| known.resolver.requests())
    }

    fn addresses(&self) -> MutexGuard<'_, Addresses> {
        // Complete after each statement.
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Never shows a key.
impl fmt::Debug for TlsConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TlsConfig({}, {})", self.server_name.to_str(), self.trusted)
    }
}

impl Client {
    /// Reads the client's certificate and key.
    fn new(options: &ClientCertificate, log: &Log) -> Result<Self> {
        let name = Name::new(Role::ClientCertificate, &options.certificate);
        let key_name = Name::new(Role::ClientKey, &options.key);
        let certificates = files::certificates(&options.certificate, &name)?;
        let not_after = certificates
            .first()
            .and_then(|der| Certificate::read(der))
            .map(|certificate| certificate.not_after);
        let key = files::key(&options.key, &key_name, |key| {
            ring::sign::any_supported_type(key).map_err(|_| {
                Error::invalid(format!(
                    "unsupported or malformed key in {key_name}: expected an RSA key of 2,048 to 8,192 bits, \
                     P-256, P-384 or Ed25519"
                ))
            })
        })?;
        let key = CertifiedKey::new(certificates, key);
        match key.keys_match() {
            Ok(()) | Err(rustls::Error::InconsistentKeys(InconsistentKeys::Unknown)) => {}
            Err(rustls::Error::InconsistentKeys(_)) => {
                return Err(Error::invalid(format!(
                    "{key_name} does not match the first certificate in {name} (the client's own certificate \
                     comes first, then those of intermediate authorities)"
                )));
            }
            Err(_) => {
                return Err(Error::invalid(format!(
                    "the first certificate in {name} is malformed or not of X.509 version 3"
                )));
            }
        }
        let now = errors::now();
        if let Some(not_after) = not_after.filter(|not_after| *not_after < now) {
            let date = dates::date(not_after, now);
            log.write(LogLevel::Warn, TARGET, || format!("{name} expired on {date}"));
        }
        Ok(Self { name, not_after, key: Arc::new(key) })
    }
}

const NAME_HINT: &str =
    ": a certificate can be checked for a host name, such as 'triton.example', or for an IP address";

/// The name that certificates are verified for.
fn server_name(options: &TlsOptions, url: &Url) -> Result<ServerName<'static>> {
    let invalid = |what, name| Error::invalid(format!("invalid {what} '{}'{NAME_HINT}", excerpt(name)));
    match &options.server_name {
        Some(name) => parse_name(name).ok_or_else(|| invalid("tls_server_name", name)),
        None => parse_name(&url.host)
            .ok_or_else(|| invalid("host name", &url.host).with_hint("; or set tls_server_name")),
    }
}

fn warn_of_unverified(options: &TlsOptions, url: &Url, log: &Log) {
    let warn = |what| {
        log.write(LogLevel::Warn, TARGET, || format!("the certificate of {url} is not verified {what}"));
    };
    if !options.verify_peer {
        warn("(tls_verify_peer): others on the way can read and change everything");
    }
    if !options.verify_host {
        warn("for the host name (tls_verify_host): any server with a trusted certificate can take its place");
    }
}

/// Parses a host name or an address, which may be in brackets and have a zone.
fn parse_name(text: &str) -> Option<ServerName<'static>> {
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let without_zone = inner.unwrap_or(text).split('%').next().unwrap_or_default();
    if let Ok(address) = without_zone.parse::<IpAddr>() {
        return Some(address.into());
    }
    if inner.is_some() {
        return None;
    }
    // Servers find SNI in the case that their configuration has.
    ServerName::try_from(text.to_ascii_lowercase()).ok()
}

/// Returns ring with another order of preference. Suites of AES-128 are first: they cost a third less than
/// those of AES-256, and servers follow the client's order. Over gRPC the key exchange by P-256 is first:
/// Triton 2.51 knows no other, and an offer of another costs a round trip.
fn provider(protocol: Protocol) -> CryptoProvider {
    let mut provider = ring::default_provider();
    if protocol == Protocol::Grpc {
        provider.kx_groups.sort_by_key(|group| group.name() != NamedGroup::secp256r1);
    }
    provider.cipher_suites.sort_by_key(|suite| {
        !matches!(
            suite.suite(),
            CipherSuite::TLS13_AES_128_GCM_SHA256
                | CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
                | CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
        )
    });
    provider
}
