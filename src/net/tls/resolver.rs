//! The client's certificate, and a count of the servers that requested one.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use rustls::{SignatureScheme, client::ResolvesClientCert, sign::CertifiedKey};

/// Sends the client's certificate, if one is set, and counts the server's requests for one in either case:
/// they distinguish a server that requires a certificate from one that fails.
pub(super) struct Resolver {
    certificate: Option<Arc<CertifiedKey>>,
    requests: AtomicU64,
}

impl Resolver {
    pub(super) fn new(certificate: Option<Arc<CertifiedKey>>) -> Self {
        Self { certificate, requests: AtomicU64::new(0) }
    }

    /// Returns how often servers requested a certificate.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }
}

impl ResolvesClientCert for Resolver {
    fn resolve(&self, _authorities: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        // Also if the server names other authorities: it states why it refuses a certificate.
        self.certificate.clone()
    }

    fn has_certs(&self) -> bool {
        self.certificate.is_some()
    }
}

/// Never shows a key.
impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let certificate = if self.certificate.is_some() { "set" } else { "none" };
        write!(f, "Resolver(certificate {certificate}, {} requests)", self.requests())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_without_a_certificate_too() {
        let resolver = Resolver::new(None);
        assert!(!resolver.has_certs() && resolver.requests() == 0);
        assert!(resolver.resolve(&[b"CN"], &[SignatureScheme::ED25519]).is_none());
        assert!(resolver.resolve(&[], &[]).is_none());
        assert_eq!(resolver.requests(), 2);
        assert_eq!(format!("{resolver:?}"), "Resolver(certificate none, 2 requests)");
    }
}
