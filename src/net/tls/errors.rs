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
            return Some(self.client_refused(None));
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
                "the server does not offer HTTP/1.1 over TLS at this port (for a gRPC port use a grpcs:// URL)"
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
            return unauthenticated(
                "the server requires a client certificate: set one (tls_client_certificate) with its key",
            );
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
        unauthenticated(format!("the server refused the certificate of {name}: {reason}"))
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
        let add = match trusted {
            roots::From::Given(_) => "add",
            _ => "set as a CA file",
        };
        if certificate.is_self_issued {
            return format!(
                "the server's certificate ('{}') is self-signed and not in {trusted}: {add} this certificate",
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
             certificate of its root authority{chain}",
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
                 authority made anew? (RSA keys of less than 2,048 bits are not supported)",
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
/// like any other: the server may have run the request.
fn failed(detail: &str, moment: Moment) -> Error {
    if moment.in_handshake {
        unavailable(format!("the TLS handshake failed: {detail}"))
    } else {
        unavailable(format!("the TLS connection failed: {detail}")).retryable(true).in_doubt(true)
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
                "the server's certificate has no alternative name; a common name is not used: make it anew with \
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

/// A name in webpki's form, which is `DnsName("a")` or `IpAddress(::1)`.
fn alternative_name(text: &str, kind: &str) -> Option<String> {
    let name = text.strip_prefix(kind)?.strip_prefix('(')?.strip_suffix(')')?;
    // `0::1` is `::1`.
    let address = name.parse::<IpAddr>().map(|address| address.to_string());
    Some(printable(address.as_deref().unwrap_or(name.trim_matches('"'))))
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
            "the server's certificate is not of X.509 version 3: make it anew with alternative names".to_owned()
        }
        error => format!("the server's certificate is invalid: {}", split_words(error)),
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
        E::DecryptError => "a record cannot be decrypted, it was changed on the way".to_owned(),
        E::General(text) => plain(text).unwrap_or_else(|| "general error".to_owned()),
        E::Other(other) => plain(&other.to_string()).unwrap_or_else(|| "other error".to_owned()),
        error => words(error),
    }
}

/// A text of a library, if it has neither a URL nor code.
fn plain(text: &str) -> Option<String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " ,.:;'-#".contains(c);
    (!text.contains("http") && text.len() <= 200 && text.chars().all(is_plain)).then(|| text.to_owned())
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
