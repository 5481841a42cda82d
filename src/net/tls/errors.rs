//! The errors of TLS as sentences: what failed, with which names or dates, and what to do.

use std::{
    fmt::Debug,
    net::IpAddr,
    time::{SystemTime, UNIX_EPOCH},
};

use rustls::{
    AlertDescription, CertificateError, InvalidMessage, PeerIncompatible, PeerMisbehaved,
    pki_types::ServerName,
};

use super::{
    TlsConfig,
    certificate::printable,
    dates, roots,
    verifier::{self, Issuer, Refused},
};
use crate::{
    error::{Error, Origin, Status, list},
    options::TlsVersion,
    tls_port,
    url::Protocol,
};

/// What had happened on a connection when it failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub in_handshake: bool,
    /// The server has requested a client certificate.
    pub asked: bool,
    /// The server has sent a byte.
    pub heard: bool,
    /// The server has accepted the client: application data or, under TLS 1.3, a ticket has arrived after the
    /// handshake.
    pub has_responded: bool,
}

impl Moment {
    /// Before a connection.
    pub(super) const BEFORE: Self =
        Self { in_handshake: true, asked: false, heard: false, has_responded: false };
}

/// Returns the time in UNIX seconds.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

impl TlsConfig {
    /// Returns the error of a connection whose TLS failed. To be called on the thread on which it failed,
    /// before another handshake.
    pub(super) fn error(&self, error: &rustls::Error, moment: Moment) -> Error {
        use rustls::Error as E;
        let refused = verifier::take_refused();
        match error {
            E::InvalidCertificate(error) => {
                unavailable(self.certificate_error(error, refused.as_ref(), now()))
            }
            E::AlertReceived(alert) => self.alert(*alert, moment),
            E::NoApplicationProtocol
            | E::PeerMisbehaved(PeerMisbehaved::SelectedUnofferedApplicationProtocol) => {
                unavailable(self.no_protocol())
            }
            E::InvalidMessage(
                InvalidMessage::InvalidContentType | InvalidMessage::UnknownProtocolVersion,
            ) if moment.in_handshake => self.not_tls(),
            E::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig,
            ) => unavailable(self.no_version()),
            E::NoCertificatesPresented => unavailable("the server sent no certificate"),
            _ => failed(&detail(error), moment),
        }
    }

    /// Returns the error of a connection that the server closed without close_notify or an alert; `None` if
    /// the reason is outside TLS.
    pub(super) fn closed(&self, moment: Moment) -> Option<Error> {
        // Triton closes this way if it does not accept the client's certificate.
        if moment.asked && !moment.has_responded {
            return Some(self.client_refused(None).with_hint(" (it closed the connection)"));
        }
        let closed =
            |hint| Error::connection(format!("the server closed the connection in the TLS handshake{hint}"));
        match (moment.in_handshake, moment.heard) {
            (false, _) => None,
            (true, true) => Some(closed(String::new())),
            (true, false) => {
                Some(closed(format!(" (does this port speak TLS? If not, {})", self.plain_url())))
            }
        }
    }

    /// Returns the error of a port without TLS.
    pub(crate) fn not_tls(&self) -> Error {
        unavailable(format!("the server does not speak TLS at this port: {}", self.plain_url()))
    }

    fn plain_url(&self) -> &'static str {
        match self.protocol {
            Protocol::Http => "use an http:// URL; Triton's own HTTP port never has TLS",
            Protocol::Grpc => "use a grpc:// URL",
        }
    }

    fn no_protocol(&self) -> &'static str {
        match self.protocol {
            Protocol::Http => {
                "the server does not offer HTTP/1.1 over TLS at this port (for a gRPC port, use a grpcs:// \
                 URL)"
            }
            Protocol::Grpc => {
                "the server does not offer HTTP/2 over TLS at this port, which gRPC requires: enable it there \
                 (nginx: 'http2', Apache: 'Protocols h2', others: ALPN 'h2')"
            }
        }
    }

    fn no_version(&self) -> String {
        let own = match self.min_version {
            TlsVersion::V1_2 => "1.2 and 1.3",
            TlsVersion::V1_3 => "1.3 only (option tls_min_version)",
        };
        format!("no TLS version in common with the server: this client supports TLS {own}")
    }

    fn alert(&self, alert: AlertDescription, moment: Moment) -> Error {
        use AlertDescription as A;
        match alert {
            A::CertificateRequired
            | A::NoCertificate
            | A::BadCertificate
            | A::UnsupportedCertificate
            | A::CertificateRevoked
            | A::CertificateExpired
            | A::CertificateUnknown
            | A::CertificateUnobtainable
            | A::UnknownCA
            | A::AccessDenied => self.client_refused(Some(alert)).in_doubt(moment.has_responded),
            A::HandshakeFailure | A::InsufficientSecurity if moment.asked && !moment.has_responded => {
                self.client_refused(None)
            }
            A::HandshakeFailure | A::InsufficientSecurity if moment.in_handshake => unavailable(
                "no cipher suite, key exchange or type of key in common with the server: this client supports \
                 AES-GCM and ChaCha20-Poly1305, key exchange by X25519, P-256 and P-384, and certificates with \
                 keys of RSA, P-256, P-384 and Ed25519",
            ),
            A::ProtocolVersion => unavailable(self.no_version()),
            A::NoApplicationProtocol => unavailable(self.no_protocol()),
            A::UnrecognisedName => unavailable(format!(
                "the server has no certificate for '{}': use another host, or set tls_server_name",
                self.server_name.to_str()
            )),
            // An overloaded server may recover.
            A::InternalError => failed("the server reports an internal error", moment).retryable(true),
            _ => failed(&format!("the server sent the alert {}", alert_name(alert)), moment),
        }
    }

    /// The error of a server that requires a client certificate, or does not accept the one that was sent.
    fn client_refused(&self, alert: Option<AlertDescription>) -> Error {
        use AlertDescription as A;
        let Some(client) = &self.client else {
            return unauthenticated(tls_port::CERTIFICATE_REQUIRED);
        };
        let name = &client.name;
        if alert == Some(A::CertificateRequired) {
            return unauthenticated(format!(
                "the server requires a client certificate, and does not support the type of the key of {name}"
            ));
        }
        let now = now();
        let expired = client.not_after.filter(|not_after| *not_after < now);
        let reason = match (alert, expired) {
            (Some(A::UnknownCA), _) => {
                "it is signed by no authority that the server trusts (certificates of intermediate authorities \
                 must follow it in the file)"
                    .to_owned()
            }
            (_, Some(not_after)) => format!("it expired on {}", dates::date(not_after, now)),
            (Some(A::CertificateExpired), None) => {
                "it, or an issuer of it, is expired by the server's clock".to_owned()
            }
            (Some(A::CertificateRevoked), None) => "it is revoked".to_owned(),
            (Some(A::UnsupportedCertificate), None) => {
                "its type is not supported, or it is not for client authentication".to_owned()
            }
            (Some(alert), None) => format!("no reason but the alert {}", alert_name(alert)),
            (None, None) => "the server gave no reason".to_owned(),
        };
        unauthenticated(format!("the server refused the certificate in {name}: {reason}"))
    }

    fn certificate_error(&self, error: &CertificateError, refused: Option<&Refused>, now: u64) -> String {
        use CertificateError as C;
        match error {
            C::UnknownIssuer => self.unknown_issuer(refused),
            C::ExpiredContext { not_after, .. } => {
                let at = not_after.as_secs();
                let what = self.whose(refused.map(|refused| refused.certificate.not_after == at));
                format!("{what} expired on {}", dates::date(at, now))
            }
            C::NotValidYetContext { not_before, .. } => {
                let at = not_before.as_secs();
                let what = self.whose(refused.map(|refused| refused.certificate.not_before == at));
                format!(
                    "{what} is valid from {} only: check this machine's clock, which says {}",
                    dates::date(at, now),
                    dates::date(now, now)
                )
            }
            C::Expired => format!("{} expired", self.whose(None)),
            C::NotValidYet => format!("{} is not valid yet: check this machine's clock", self.whose(None)),
            C::NotValidForNameContext { expected, presented } => wrong_name(expected, presented),
            C::NotValidForName => format!(
                "the server's certificate is not valid for '{}': use another host, or set tls_server_name",
                self.server_name.to_str()
            ),
            C::InvalidPurpose | C::InvalidPurposeContext { .. } => {
                "the server's certificate is not for servers: its extended key usage lacks serverAuth (is it a \
                 client's certificate?)"
                    .to_owned()
            }
            C::Other(other) => other_certificate_error(&other.to_string()),
            C::BadSignature => self.bad_signature(refused),
            C::UnsupportedSignatureAlgorithmContext { signature_algorithm_id, .. } => {
                unsupported(algorithm(signature_algorithm_id))
            }
            C::UnsupportedSignatureAlgorithmForPublicKeyContext { public_key_algorithm_id, .. } => {
                unsupported(algorithm(public_key_algorithm_id))
            }
            C::BadEncoding => "the server's certificate is malformed".to_owned(),
            C::Revoked => "the server's certificate is revoked".to_owned(),
            C::UnhandledCriticalExtension => {
                "the server's certificate has a critical extension that is not supported".to_owned()
            }
            // Also one that is deprecated, which this version of rustls does not return.
            other if words(other) == "unsupported signature algorithm" => unsupported(None),
            other => format!("the server's certificate is invalid: {}", words(other)),
        }
    }

    /// The certificate that a date is of.
    fn whose(&self, is_leaf: Option<bool>) -> &'static str {
        match is_leaf {
            Some(false) => "the certificate of an authority that issued the server's",
            _ => "the server's certificate",
        }
    }

    fn unknown_issuer(&self, refused: Option<&Refused>) -> String {
        let trusted = &self.trusted;
        let Some(Refused { certificate, intermediates, issuer }) = refused else {
            return format!("the server's certificate is signed by no authority in {trusted}");
        };
        let (add, there) = match trusted {
            roots::From::Given(_) => ("add", ""),
            _ => ("set", " as CA file"),
        };
        if certificate.is_self_issued {
            return format!(
                "the server's certificate ('{}') is self-signed and not in {trusted}: {add} this certificate{there}",
                certificate.subject
            );
        }
        if *issuer == Issuer::NoAuthority {
            return format!(
                "the server's certificate ('{}') is issued by '{}', whose certificate in {trusted} is not one of \
                 an authority (CA:TRUE is missing)",
                certificate.subject, certificate.issuer
            );
        }
        let chain = if *intermediates == 0 {
            "; if that is an intermediate authority, the server must send its certificate"
        } else {
            ""
        };
        format!(
            "the server's certificate ('{}', issued by '{}') is signed by no authority in {trusted}: {add} the \
             certificate of its root authority{there}{chain}",
            certificate.subject, certificate.issuer
        )
    }

    fn bad_signature(&self, refused: Option<&Refused>) -> String {
        const BITS: usize = 2048;
        let Some(Refused { certificate, issuer, .. }) = refused else {
            return "a signature of the server's certificate is invalid, or made with an RSA key of less than \
                    2,048 bits"
                .to_owned();
        };
        match certificate.rsa_bits {
            Some(bits) if bits < BITS => {
                format!(
                    "the RSA key of the server's certificate has {bits} bits: at least 2,048 are required"
                )
            }
            _ if *issuer == Issuer::Trusted => format!(
                "the signature of the server's certificate does not match the key of '{}' in {}: was this \
                 authority's certificate replaced? (RSA keys of less than 2,048 bits are not supported)",
                certificate.issuer, self.trusted
            ),
            _ => "a signature of the server's certificate is invalid, or made with an RSA key of less than \
                  2,048 bits"
                .to_owned(),
        }
    }
}

fn unavailable(message: impl Into<String>) -> Error {
    Error::new(Status::Unavailable, Origin::Connection, message)
}

fn unauthenticated(message: impl Into<String>) -> Error {
    Error::new(Status::Unauthenticated, Origin::Connection, message)
}

/// The error of a connection for a reason that the user can do little about. After the handshake it is lost
/// like any other. Whether the server may have run a request is known by what was sent.
fn failed(detail: &str, moment: Moment) -> Error {
    if moment.in_handshake {
        unavailable(format!("the TLS handshake failed: {detail}"))
    } else {
        unavailable(format!("the TLS connection failed: {detail}")).retryable(true)
    }
}

fn wrong_name(expected: &ServerName<'_>, presented: &[String]) -> String {
    let name = printable(&expected.to_str());
    let is_address = matches!(expected, ServerName::IpAddress(_));
    let names = |kind| {
        let names: Vec<_> = presented.iter().filter_map(|name| alternative_name(name, kind)).collect();
        (!names.is_empty()).then(|| list(names.iter().map(String::as_str)))
    };
    let (hosts, addresses) = (names("DnsName"), names("IpAddress"));
    let all = match (&hosts, &addresses) {
        (None, None) => {
            let kind = if is_address { "IP" } else { "DNS" };
            return format!(
                "the server's certificate has no alternative name; a common name is not used: recreate it with \
                 subjectAltName={kind}:{name}"
            );
        }
        (Some(names), None) | (None, Some(names)) => names.clone(),
        (Some(hosts), Some(addresses)) => format!("{hosts}, {addresses}"),
    };
    let advice = match (is_address, &hosts, &addresses) {
        (true, Some(_), None) => "it names no IP address: connect by name, or set tls_server_name",
        _ => "use one of these as host, or set tls_server_name",
    };
    format!("the server's certificate is for {all}, not for '{name}': {advice}")
}

/// A name in webpki's form, which is `DnsName("a")` or `IpAddress(0::1)`.
fn alternative_name(text: &str, kind: &str) -> Option<String> {
    let name = text.strip_prefix(kind)?.strip_prefix('(')?.strip_suffix(')')?;
    match name.strip_prefix('"') {
        Some(name) => Some(printable(name.strip_suffix('"')?)),
        None => Some(name.parse::<IpAddr>().ok()?.to_string()),
    }
}

/// An error of webpki, whose type is not accessible.
fn other_certificate_error(error: &str) -> String {
    match error {
        "CaUsedAsEndEntity" => {
            "the server's certificate is one of an authority (CA:TRUE), as 'openssl req -x509' makes it: make \
             it with basicConstraints=CA:FALSE, or set this very certificate as CA file"
                .to_owned()
        }
        "EndEntityUsedAsCa" => {
            "the server's certificate is signed by one that is not of an authority (CA:FALSE)".to_owned()
        }
        "UnsupportedCertVersion" => {
            "the server's certificate is not of X.509 version 3: recreate it with subjectAltName".to_owned()
        }
        error => {
            let reason = match split_words(error) {
                reason if reason.is_empty() => "unknown reason".to_owned(),
                reason => reason,
            };
            format!("the server's certificate is invalid: {reason}")
        }
    }
}

fn unsupported(algorithm: Option<&str>) -> String {
    let algorithm = algorithm.map(|algorithm| format!(" ({algorithm})")).unwrap_or_default();
    format!(
        "the server's certificate, or one of its issuers, has a signature or key of an unsupported \
         algorithm{algorithm}: expected RSA, P-256, P-384 or Ed25519, signed with SHA-2"
    )
}

/// The name of an unsupported algorithm by its identifier, which is encoded.
fn algorithm(id: &[u8]) -> Option<&'static str> {
    const NAMES: [(&[u8], &str); 9] = [
        (b"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x04", "RSA with MD5"),
        (b"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x05", "RSA with SHA-1"),
        (b"\x2A\x86\x48\xCE\x3D\x04\x01", "ECDSA with SHA-1"),
        (b"\x2A\x86\x48\xCE\x3D\x04\x03\x04", "ECDSA with SHA-512"),
        (b"\x2B\x81\x04\x00\x23", "P-521"),
        (b"\x2B\x81\x04\x00\x0A", "secp256k1"),
        (b"\x2B\x65\x71", "Ed448"),
        (b"\x2A\x86\x48\x86\xF7\x0D\x01\x01\x0A", "RSA-PSS"),
        (b"\x2A\x86\x48\xCE\x38\x04", "DSA"),
    ];
    let has = |part: &[u8]| id.windows(part.len()).any(|window| window == part);
    NAMES.iter().find(|row| has(row.0)).map(|row| row.1)
}

fn alert_name(alert: AlertDescription) -> String {
    match alert {
        AlertDescription::Unknown(number) => format!("{number}"),
        alert => format!("'{}'", words(&alert)),
    }
}

/// Any other error in words.
fn detail(error: &rustls::Error) -> String {
    use rustls::Error as E;
    match error {
        E::InappropriateMessage { .. } | E::InappropriateHandshakeMessage { .. } => {
            "unexpected message of the server".to_owned()
        }
        E::InvalidMessage(error) => format!("malformed message of the server ({})", words(error)),
        E::PeerIncompatible(error) => format!("the server is incompatible ({})", words(error)),
        E::PeerMisbehaved(error) => format!("the server violates the protocol ({})", words(error)),
        E::DecryptError => "a record cannot be decrypted: it was changed in transit".to_owned(),
        E::General(text) => plain(text).unwrap_or_else(|| "general error".to_owned()),
        E::Other(other) => plain(&other.to_string()).unwrap_or_else(|| "other error".to_owned()),
        error => words(error),
    }
}

/// A text of a library, if it has neither a URL nor code.
fn plain(text: &str) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " ,.:;'-#".contains(c);
    (!text.is_empty() && !text.contains("http") && text.len() <= 200 && text.chars().all(is_plain))
        .then(|| text.to_owned())
}

/// The name of a variant in words: `NoCipherSuitesInCommon` is `no cipher suites in common`.
fn words(error: &impl Debug) -> String {
    split_words(&format!("{error:?}"))
}

fn split_words(name: &str) -> String {
    let mut words = String::new();
    let mut before = ' ';
    for c in name.chars().take_while(char::is_ascii_alphanumeric) {
        if c.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit()) {
            words.push(' ');
        }
        words.push(c.to_ascii_lowercase());
        before = c;
    }
    words
}

#[cfg(test)]
mod tests {
    use std::{error::Error as StdError, sync::Arc, time::Duration};

    use rustls::{
        CertRevocationListError, ContentType, EncryptedClientHelloError, ExtendedKeyPurpose, HandshakeType,
        InconsistentKeys, OtherError, pki_types::UnixTime,
    };

    use super::{
        super::{
            certificate::Certificate,
            openssl_files::RSA_1024_AUTHORITY,
            pem,
            testing::{self, Authority, check_text, config, options, params, with_client},
        },
        *,
    };

    const AFTER: Moment = Moment { in_handshake: false, asked: false, heard: true, has_responded: true };

    fn at(seconds: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(seconds))
    }

    fn other(text: &str) -> OtherError {
        let error: Box<dyn StdError + Send + Sync> = text.into();
        OtherError(Arc::from(error))
    }

    #[rustfmt::skip]
    fn misbehaved() -> Vec<PeerMisbehaved> {
        use PeerMisbehaved::*;
        vec![
            AttemptedDowngradeToTls12WhenTls13IsSupported, BadCertChainExtensions, CipherSuiteDifferedOnRetry,
            DisallowedEncryptedExtension, DuplicateClientHelloExtensions, DuplicateEncryptedExtensions,
            DuplicateHelloRetryRequestExtensions, DuplicateNewSessionTicketExtensions,
            DuplicateServerHelloExtensions, DuplicateServerNameTypes, EarlyDataAttemptedInSecondClientHello,
            EarlyDataExtensionWithoutResumption, EarlyDataOfferedWithVariedCipherSuite,
            EchAcceptanceVariedAfterRetry, HandshakeHashVariedAfterRetry,
            IllegalHelloRetryRequestWithEmptyCookie, IllegalHelloRetryRequestWithNoChanges,
            IllegalHelloRetryRequestWithOfferedGroup, IllegalHelloRetryRequestWithUnofferedCipherSuite,
            IllegalHelloRetryRequestWithUnofferedNamedGroup, IllegalHelloRetryRequestWithUnsupportedVersion,
            IllegalHelloRetryRequestWithWrongSessionId, IllegalHelloRetryRequestWithInvalidEch,
            IllegalMiddleboxChangeCipherSpec, IllegalTlsInnerPlaintext, IncorrectBinder,
            InvalidCertCompression, InvalidMaxEarlyDataSize, InvalidKeyShare, KeyEpochWithPendingFragment,
            KeyUpdateReceivedInQuicConnection, MessageInterleavedWithHandshakeMessage,
            MissingBinderInPskExtension, MissingKeyShare, MissingPskExtensionInSecondClientHello,
            MissingPskModesExtension, MissingQuicTransportParameters, OfferedDuplicateCertificateCompressions,
            OfferedDuplicateKeyShares, OfferedEarlyDataWithOldProtocolVersion, OfferedEmptyApplicationProtocol,
            OfferedIncorrectCompressions, PskExtensionMustBeLast, PskExtensionWithMismatchedIdsAndBinders,
            RefusedToFollowHelloRetryRequest, RejectedEarlyDataInterleavedWithHandshakeMessage,
            ResumptionAttemptedWithVariedEms, ResumptionOfferedWithVariedCipherSuite,
            ResumptionOfferedWithVariedEms, ResumptionOfferedWithIncompatibleCipherSuite,
            SelectedDifferentCipherSuiteAfterRetry, SelectedInvalidPsk, SelectedTls12UsingTls13VersionExtension,
            SelectedUnofferedApplicationProtocol, SelectedUnofferedCertCompression,
            SelectedUnofferedCipherSuite, SelectedUnofferedCompression, SelectedUnofferedKxGroup,
            SelectedUnofferedPsk, SelectedUnusableCipherSuiteForVersion, ServerEchoedCompatibilitySessionId,
            ServerHelloMustOfferUncompressedEcPoints, ServerNameDifferedOnRetry,
            ServerNameMustContainOneHostName, SignedKxWithWrongAlgorithm,
            SignedHandshakeWithUnadvertisedSigScheme, TooManyEmptyFragments, TooManyKeyUpdateRequests,
            TooManyRenegotiationRequests, TooManyWarningAlertsReceived, TooMuchEarlyDataReceived,
            UnexpectedCleartextExtension, UnsolicitedCertExtension, UnsolicitedEncryptedExtension,
            UnsolicitedSctList, UnsolicitedServerHelloExtension, WrongGroupForKeyShare,
            UnsolicitedEchExtension,
        ]
    }

    #[rustfmt::skip]
    fn incompatible() -> Vec<PeerIncompatible> {
        use PeerIncompatible::*;
        vec![
            EcPointsExtensionRequired, ExtendedMasterSecretExtensionRequired, IncorrectCertificateTypeExtension,
            KeyShareExtensionRequired, NamedGroupsExtensionRequired,
            NoCertificateRequestSignatureSchemesInCommon, NoCipherSuitesInCommon, NoEcPointFormatsInCommon,
            NoKxGroupsInCommon, NoSignatureSchemesInCommon, NullCompressionRequired,
            ServerDoesNotSupportTls12Or13, ServerSentHelloRetryRequestWithUnknownExtension,
            ServerTlsVersionIsDisabledByOurConfig, SignatureAlgorithmsExtensionRequired,
            SupportedVersionsExtensionRequired, Tls12NotOffered, Tls12NotOfferedOrEnabled, Tls13RequiredForQuic,
            UncompressedEcPointsRequired, UnsolicitedCertificateTypeExtension,
            ServerRejectedEncryptedClientHello(None), ServerRejectedEncryptedClientHello(Some(Vec::new())),
        ]
    }

    #[rustfmt::skip]
    fn messages() -> Vec<InvalidMessage> {
        use InvalidMessage::*;
        vec![
            CertificatePayloadTooLarge, HandshakePayloadTooLarge, InvalidCcs, InvalidContentType,
            InvalidCertificateStatusType, InvalidCertRequest, InvalidDhParams, InvalidEmptyPayload,
            InvalidKeyUpdate, InvalidServerName, MessageTooLarge, MessageTooShort, MissingData("ServerHello"),
            MissingKeyExchange, NoSignatureSchemes, TrailingData("Finished"), UnexpectedMessage("http://x"),
            UnknownProtocolVersion, UnsupportedCompression, UnsupportedCurveType, EmptyTicketValue,
            IllegalEmptyList("Groups"), IllegalEmptyValue, DuplicateExtension(51),
            PreSharedKeyIsNotFinalExtension, UnknownHelloRetryRequestExtension, UnknownCertificateExtension,
        ]
    }

    /// Every error of a certificate. Those of webpki come as `Other`.
    fn certificate_errors() -> Vec<CertificateError> {
        use CertificateError::*;
        let name = |name: &'static str| ServerName::try_from(name).unwrap();
        let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        let mut errors = vec![
            BadEncoding,
            Expired,
            ExpiredContext { time: at(1_795_837_020), not_after: at(1_738_368_000) },
            ExpiredContext { time: at(u64::MAX), not_after: at(u64::MAX) },
            NotValidYet,
            NotValidYetContext { time: at(1_795_837_020), not_before: at(1_798_761_600) },
            Revoked,
            UnhandledCriticalExtension,
            UnknownIssuer,
            UnknownRevocationStatus,
            ExpiredRevocationList,
            ExpiredRevocationListContext { time: at(1_795_837_020), next_update: at(1_738_368_000) },
            BadSignature,
            UnsupportedSignatureAlgorithmContext {
                signature_algorithm_id: b"\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x01\x05\x05\0".to_vec(),
                supported_algorithms: Vec::new(),
            },
            UnsupportedSignatureAlgorithmContext {
                signature_algorithm_id: Vec::new(),
                supported_algorithms: Vec::new(),
            },
            UnsupportedSignatureAlgorithmForPublicKeyContext {
                signature_algorithm_id: Vec::new(),
                public_key_algorithm_id: b"\x06\x07\x2A\x86\x48\xCE\x3D\x02\x01\x06\x05\x2B\x81\x04\0\x23"
                    .to_vec(),
            },
            NotValidForName,
            NotValidForNameContext { expected: name("localhost"), presented: names(&[]) },
            NotValidForNameContext { expected: name("::1"), presented: names(&[]) },
            NotValidForNameContext {
                expected: name("a"),
                presented: names(&[
                    "DnsName(\"b(x\")",
                    "DirectoryName",
                    "IpAddress([invalid: 01, 02])",
                    "UniformResourceIdentifier(\"https://example.com\")",
                    "Unsupported(0x04)",
                    "DnsName",
                    "IpAddress(",
                ]),
            },
            InvalidPurpose,
            InvalidPurposeContext {
                required: ExtendedKeyPurpose::ServerAuth,
                presented: vec![ExtendedKeyPurpose::ClientAuth, ExtendedKeyPurpose::Other(vec![1, 2])],
            },
            InvalidOcspResponse,
            ApplicationVerificationFailure,
            Other(other("")),
            Other(other("see https://docs.rs/rustls")),
            Other(other("TrailingData(SignedData)")),
            Other(other("Nested { field: [1, 2] }")),
        ];
        #[allow(deprecated)]
        errors.push(UnsupportedSignatureAlgorithm);
        for name in [
            "CaUsedAsEndEntity",
            "EmptyEkuExtension",
            "EndEntityUsedAsCa",
            "ExtensionValueInvalid",
            "InvalidCertValidity",
            "InvalidSerialNumber",
            "MalformedExtensions",
            "MaximumPathBuildCallsExceeded",
            "MaximumPathDepthExceeded",
            "MaximumSignatureChecksExceeded",
            "NameConstraintViolation",
            "PathLenConstraintViolated",
            "SignatureAlgorithmMismatch",
            "UnsupportedCertVersion",
            "UnsupportedNameType",
        ] {
            errors.push(Other(other(name)));
        }
        errors
    }

    fn all_errors() -> Vec<rustls::Error> {
        use rustls::Error as E;
        let mut all = vec![
            E::InappropriateMessage {
                expect_types: vec![ContentType::Alert, ContentType::Unknown(77)],
                got_type: ContentType::Handshake,
            },
            E::InappropriateHandshakeMessage {
                expect_types: vec![HandshakeType::ClientHello],
                got_type: HandshakeType::ServerHello,
            },
            E::InvalidEncryptedClientHello(EncryptedClientHelloError::SniRequired),
            E::NoCertificatesPresented,
            E::UnsupportedNameType,
            E::DecryptError,
            E::EncryptError,
            E::General("failed to parse private key as RSA, ECDSA, or EdDSA".into()),
            E::General("see https://docs.rs/rustls".into()),
            E::General("bad {value: [1, 2]}".into()),
            E::General("a ".repeat(500)),
            E::General(String::new()),
            E::FailedToGetCurrentTime,
            E::FailedToGetRandomBytes,
            E::HandshakeNotComplete,
            E::PeerSentOversizedRecord,
            E::NoApplicationProtocol,
            E::BadMaxFragmentSize,
            E::InconsistentKeys(InconsistentKeys::KeyMismatch),
            E::InconsistentKeys(InconsistentKeys::Unknown),
            E::Other(other("Other(OtherError(CaUsedAsEndEntity))")),
            E::Other(other("")),
            E::InvalidCertRevocationList(CertRevocationListError::BadSignature),
            E::InvalidCertRevocationList(CertRevocationListError::Other(other("{"))),
        ];
        all.extend(misbehaved().into_iter().map(E::PeerMisbehaved));
        all.extend(incompatible().into_iter().map(E::PeerIncompatible));
        all.extend(messages().into_iter().map(E::InvalidMessage));
        all.extend(certificate_errors().into_iter().map(E::InvalidCertificate));
        all.extend((0..=255).map(|number| E::AlertReceived(AlertDescription::from(number))));
        all
    }

    fn moments() -> Vec<Moment> {
        let bits = |number: u8, bit: u8| number & (1 << bit) != 0;
        (0..16)
            .map(|number| Moment {
                in_handshake: bits(number, 0),
                asked: bits(number, 1),
                heard: bits(number, 2),
                has_responded: bits(number, 3),
            })
            .collect()
    }

    fn configs() -> Vec<Arc<TlsConfig>> {
        let authority = Authority::new("Root");
        let options = options(Some(authority.source()));
        let with_client = with_client(options.clone(), &authority.issue(&testing::client("client")));
        let mut new_only = options.clone();
        new_only.min_version = TlsVersion::V1_3;
        let mut unverified = options.clone();
        (unverified.ca, unverified.verify_peer) = (None, false);
        let all = [options, with_client, new_only, unverified];
        let urls = ["https://localhost", "grpcs://127.0.0.1:8001", "grpcs://[::1]"];
        urls.iter().flat_map(|url| all.iter().map(|options| config(options, url).unwrap())).collect()
    }

    /// Neither links nor code may reach a user, and each failure has one of two statuses.
    #[test]
    fn every_error_of_rustls_is_a_sentence() {
        let configs = configs();
        for error in all_errors() {
            for config in &configs {
                for moment in moments() {
                    let ours = config.error(&error, moment);
                    let text = ours.full_message();
                    check_text(text.trim_end_matches(')'));
                    let is_known = matches!(ours.status(), Status::Unavailable | Status::Unauthenticated);
                    assert!(is_known && ours.origin() == Origin::Connection, "{text}");
                    // What was sent is known elsewhere.
                    let is_refusal = ours.status() == Status::Unauthenticated;
                    assert_eq!(ours.is_in_doubt(), is_refusal && moment.has_responded, "{text}");
                    assert!(ours.status() == Status::Unavailable || !ours.is_retryable(), "{text}");
                }
            }
        }
        for config in &configs {
            for moment in moments() {
                let Some(error) = config.closed(moment) else { continue };
                check_text(error.full_message().trim_end_matches(')'));
                let is_refused = moment.asked && !moment.has_responded;
                assert_eq!(error.status() == Status::Unauthenticated, is_refused, "{error}");
                assert_eq!(error.is_retryable(), !is_refused, "{error}");
            }
        }
    }

    #[test]
    fn alerts_about_the_client_certificate_are_unauthenticated() {
        use AlertDescription as A;
        let authority = Authority::new("Root");
        let none = config(&options(Some(authority.source())), "https://localhost").unwrap();
        let mut old = testing::client("client");
        let set = |params| {
            config(
                &with_client(options(Some(authority.source())), &authority.issue(&params)),
                "https://localhost",
            )
            .unwrap()
        };
        let some = set(old.clone());
        old.not_after = rcgen::date_time_ymd(2025, 2, 1);
        let expired = set(old);
        let asked = Moment { in_handshake: false, asked: true, heard: true, has_responded: false };
        let text = |config: &TlsConfig, alert, moment| {
            let error = config.error(&rustls::Error::AlertReceived(alert), moment);
            (error.status(), error.to_string())
        };
        for moment in [asked, Moment { in_handshake: true, ..asked }] {
            for alert in [A::CertificateRequired, A::BadCertificate, A::HandshakeFailure, A::UnknownCA] {
                let (status, text) = text(&none, alert, moment);
                assert_eq!(status, Status::Unauthenticated);
                assert!(text.starts_with("the server requires a client certificate"), "{text}");
            }
            for (alert, part) in [
                (A::CertificateRequired, "does not support the type of the key of client certificate data"),
                (A::UnknownCA, "signed by no authority that the server trusts"),
                (A::CertificateExpired, "expired by the server's clock"),
                (A::CertificateRevoked, "revoked"),
                (A::UnsupportedCertificate, "not for client authentication"),
                (A::BadCertificate, "no reason but the alert 'bad certificate'"),
                (A::HandshakeFailure, "gave no reason"),
            ] {
                let (status, text) = text(&some, alert, moment);
                assert_eq!(status, Status::Unauthenticated);
                assert!(text.contains(part), "{text}");
            }
            for alert in [A::CertificateExpired, A::BadCertificate, A::HandshakeFailure] {
                assert!(text(&expired, alert, moment).1.contains("it expired on 2025-02-01"));
            }
        }
        // Without a request it is the suites that have nothing in common.
        let (status, text) = text(&none, A::HandshakeFailure, Moment::BEFORE);
        assert_eq!(status, Status::Unavailable);
        assert!(text.contains("no cipher suite, key exchange or type of key in common"), "{text}");
    }

    #[test]
    fn failures_after_the_handshake_are_those_of_a_lost_connection() {
        let authority = Authority::new("Root");
        let tls = config(&options(Some(authority.source())), "https://localhost").unwrap();
        for error in [
            rustls::Error::DecryptError,
            rustls::Error::AlertReceived(AlertDescription::InternalError),
            rustls::Error::AlertReceived(AlertDescription::BadRecordMac),
            rustls::Error::InvalidMessage(InvalidMessage::InvalidContentType),
        ] {
            let after = tls.error(&error, AFTER);
            assert!(after.is_retryable() && !after.is_in_doubt(), "{after}");
            let before = tls.error(&error, Moment::BEFORE);
            let is_servers = before.to_string().contains("internal error");
            assert_eq!(before.is_retryable(), is_servers, "{before}");
            assert!(!before.is_in_doubt(), "{before}");
        }
    }

    #[test]
    fn short_rsa_keys_and_authorities_that_were_replaced_are_told_apart() {
        let authority = Authority::new("Root");
        let tls = config(&options(Some(authority.source())), "https://localhost").unwrap();
        let text = |der: &[u8], issuer| {
            let certificate = Certificate::read(der).unwrap();
            let refused = Refused { certificate, intermediates: 0, issuer };
            tls.certificate_error(&CertificateError::BadSignature, Some(&refused), now())
        };
        let old = pem::blocks(RSA_1024_AUTHORITY.as_bytes())[0].decode().unwrap();
        assert!(text(&old, Issuer::Unknown).contains("has 1024 bits: at least 2,048"));
        let leaf = &authority.issue(&params("leaf", &["localhost"])).chain[0];
        assert!(text(leaf, Issuer::Trusted).contains("does not match the key of 'CN=Root' in CA data"));
        assert!(text(leaf, Issuer::Unknown).contains("less than 2,048 bits"));
    }

    #[test]
    fn names_of_certificates_are_escaped_and_without_webpkis_form() {
        for (text, kind, name) in [
            ("DnsName(\"a.example\")", "DnsName", Some("a.example")),
            ("DnsName(\"a\nb\")", "DnsName", Some("a\\u000ab")),
            ("DnsName(\"a", "DnsName", None),
            ("DnsName(\")", "DnsName", None),
            ("IpAddress(0::1)", "IpAddress", Some("::1")),
            ("IpAddress(127.0.0.1)", "IpAddress", Some("127.0.0.1")),
            ("IpAddress([invalid: 01])", "IpAddress", None),
            ("IpAddress(127.0.0.1)", "DnsName", None),
        ] {
            assert_eq!(alternative_name(text, kind).as_deref(), name, "{text}");
        }
    }

    #[test]
    fn variants_become_words() {
        assert_eq!(words(&PeerIncompatible::NoCipherSuitesInCommon), "no cipher suites in common");
        assert_eq!(words(&AlertDescription::UnknownCA), "unknown ca");
        assert_eq!(words(&AlertDescription::UnknownPSKIdentity), "unknown pskidentity");
        assert_eq!(words(&InvalidMessage::MissingData("A B")), "missing data");
        assert_eq!(alert_name(AlertDescription::from(200)), "200");
        assert_eq!(alert_name(AlertDescription::BadRecordMac), "'bad record mac'");
    }
}
