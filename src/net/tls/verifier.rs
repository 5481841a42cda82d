//! Verifies certificates of servers: by webpki, with the peer's and the name's verification each switchable.

use std::cell::Cell;

use rustls::{
    CertificateError, DigitallySignedStruct, Error, SignatureScheme,
    client::{
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_cert_signed_by_trust_anchor, verify_server_name,
    },
    crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};

use super::{certificate::Certificate, roots::Roots};

thread_local! {
    /// What this thread refused last. rustls's errors cannot carry it, except for
    /// [`CertificateError::Other`], with which the server would not learn the reason: rustls derives the
    /// alert from the error.
    static REFUSED: Cell<Option<Refused>> = const { Cell::new(None) };
}

/// A certificate that was refused.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    pub certificate: Certificate,
    /// The number of certificates that the server sent with it.
    pub intermediates: usize,
    pub issuer: Issuer,
}

/// What the trusted certificates have of the name of an issuer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Issuer {
    Unknown,
    /// A certificate of this name.
    Trusted,
    /// A certificate of this name, which is not one of an authority.
    NoAuthority,
}

/// Takes the certificate that this thread refused last.
pub(super) fn take_refused() -> Option<Refused> {
    REFUSED.take()
}

#[derive(Debug)]
pub(super) struct Verifier {
    roots: Roots,
    algorithms: WebPkiSupportedAlgorithms,
    verify_peer: bool,
    verify_host: bool,
}

impl Verifier {
    pub(super) fn new(
        roots: Roots,
        algorithms: WebPkiSupportedAlgorithms,
        verify_peer: bool,
        verify_host: bool,
    ) -> Self {
        Self { roots, algorithms, verify_peer, verify_host }
    }

    fn verify(
        &self,
        der: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
    ) -> Result<(), Error> {
        if !self.verify_peer && !self.verify_host {
            return Ok(());
        }
        let certificate = ParsedCertificate::try_from(der)?;
        if self.verify_peer {
            let is_given = self.roots.given.contains(der);
            // The chain of a given certificate does not matter.
            let intermediates = if is_given { &[] } else { intermediates };
            match verify_server_cert_signed_by_trust_anchor(
                &certificate,
                &self.roots.store,
                intermediates,
                now,
                self.algorithms.all,
            ) {
                Err(error) if is_given && concerns_issuer(&error) => {}
                result => result?,
            }
        }
        if self.verify_host {
            verify_server_name(&certificate, name)?;
        }
        Ok(())
    }

    /// Keeps what was refused for the message.
    fn refuse(&self, der: &CertificateDer<'_>, intermediates: usize) {
        REFUSED.set(Certificate::read(der).map(|certificate| Refused {
            intermediates,
            issuer: self.issuer(&certificate.issuer_der),
            certificate,
        }));
    }

    fn issuer(&self, name: &[u8]) -> Issuer {
        let mut given = self.roots.given.iter().filter_map(|der| Certificate::read(der));
        if self.roots.store.roots.iter().any(|root| root.subject.as_ref() == name) {
            Issuer::Trusted
        } else if given.any(|certificate| certificate.subject_der == name) {
            Issuer::NoAuthority
        } else {
            Issuer::Unknown
        }
    }

    /// Returns whether the signature of the handshake is not checked: webpki cannot parse a certificate of
    /// version 1, and without verification anyone may present any certificate.
    fn skips_signature(&self, der: &CertificateDer<'_>) -> bool {
        !self.verify_peer && !self.verify_host && ParsedCertificate::try_from(der).is_err()
    }

    fn signed(
        &self,
        der: &CertificateDer<'_>,
        result: Result<HandshakeSignatureValid, Error>,
    ) -> Result<HandshakeSignatureValid, Error> {
        if result.is_err() && self.skips_signature(der) {
            return Ok(HandshakeSignatureValid::assertion());
        }
        result.inspect_err(|_| self.refuse(der, 0))
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        REFUSED.take();
        match self.verify(end_entity, intermediates, server_name, now) {
            Ok(()) => Ok(ServerCertVerified::assertion()),
            Err(error) => {
                self.refuse(end_entity, intermediates.len());
                Err(error)
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        der: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed(der, verify_tls12_signature(message, der, signature, &self.algorithms))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        der: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed(der, verify_tls13_signature(message, der, signature, &self.algorithms))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Returns whether only the issuer of a certificate is not accepted. It does not matter for a certificate
/// that is trusted itself, as `openssl req -x509` makes it: with CA:TRUE, and signed by its own key. webpki
/// checks the dates and the purpose first.
fn concerns_issuer(error: &Error) -> bool {
    match error {
        Error::InvalidCertificate(CertificateError::Other(other)) => is_ca_as_leaf(other),
        Error::InvalidCertificate(error) => matches!(
            error,
            CertificateError::UnknownIssuer
                | CertificateError::BadSignature
                | CertificateError::UnsupportedSignatureAlgorithmContext { .. }
                | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. }
        ),
        _ => false,
    }
}

/// Returns whether it is webpki's error, whose type is not accessible, for a certificate of an authority as a
/// server's own.
pub(super) fn is_ca_as_leaf(error: &rustls::OtherError) -> bool {
    error.to_string() == "CaUsedAsEndEntity"
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustls::{
        crypto::ring,
        pki_types::{CertificateDer, pem::PemObject},
    };

    use super::{super::openssl_files as openssl, super::testing, *};
    use crate::log::Log;

    /// OpenSSL's files are of 2026, and valid for more than a hundred years.
    const NOW: Duration = Duration::from_secs(1_800_000_000);

    #[test]
    fn signatures_by_short_rsa_keys_are_refused() {
        let roots = Roots::given(&testing::memory(openssl::RSA_1024_AUTHORITY), &Log::default()).unwrap();
        let algorithms = ring::default_provider().signature_verification_algorithms;
        let verifier = Verifier::new(roots, algorithms, true, true);
        let der = CertificateDer::from_pem_slice(openssl::OF_RSA_1024_AUTHORITY.as_bytes()).unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let now = UnixTime::since_unix_epoch(NOW);
        let error = verifier.verify_server_cert(&der, &[], &name, &[], now).unwrap_err();
        assert_eq!(error, Error::InvalidCertificate(CertificateError::BadSignature));
        let refused = take_refused().unwrap();
        assert_eq!((refused.issuer, refused.intermediates), (Issuer::Trusted, 0));
        assert_eq!(refused.certificate.issuer, "CN=Old CA");
        assert!(take_refused().is_none());

        // One that was not taken is not of the next connection.
        verifier.verify_server_cert(&der, &[], &name, &[], now).unwrap_err();
        let lenient = Verifier::new(Roots::none(), algorithms, false, true);
        lenient.verify_server_cert(&der, &[], &name, &[], now).unwrap();
        assert!(take_refused().is_none());
    }
}
