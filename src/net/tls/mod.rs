//! TLS (temporary).
mod session;
use crate::{
    error::{Error, Result},
    log::Log,
    options::{Source, TlsOptions},
    url::{Protocol, Url},
};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
pub(crate) use session::{Handshake, Session, Taken};
use std::{net::SocketAddr, sync::Arc};

#[derive(Debug)]
pub(crate) struct TlsConfig {
    base: Arc<ClientConfig>,
    name: ServerName<'static>,
}
pub(crate) struct Moment {
    pub in_handshake: bool,
    pub asked: bool,
    pub heard: bool,
    pub has_responded: bool,
}
impl Moment {
    pub(super) const BEFORE: Self =
        Self { in_handshake: true, asked: false, heard: false, has_responded: false };
}
impl TlsConfig {
    pub(crate) fn new(options: &TlsOptions, url: &Url, _: &Log) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        if let Some(Source::File(path)) = &options.ca {
            for c in CertificateDer::pem_file_iter(path).unwrap() {
                roots.add(c.unwrap()).unwrap();
            }
        }
        let mut config =
            ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(roots)
                .with_no_client_auth();
        config.alpn_protocols = vec![match url.protocol {
            Protocol::Http => b"http/1.1".to_vec(),
            Protocol::Grpc => b"h2".to_vec(),
        }];
        Ok(Self { base: Arc::new(config), name: ServerName::try_from(url.host.clone()).unwrap() })
    }
    fn for_address(&self, _: SocketAddr) -> Arc<ClientConfig> {
        self.base.clone()
    }
    fn server_name(&self) -> ServerName<'static> {
        self.name.clone()
    }
    fn requests_for_certificate(&self, _: &Arc<ClientConfig>) -> u64 {
        0
    }
    fn error(&self, error: &rustls::Error, _: Moment) -> Error {
        Error::connection(error.to_string())
    }
    fn closed(&self, _: Moment) -> Option<Error> {
        None
    }
}
