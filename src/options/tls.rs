//! The TLS options of a client.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::ClientOptions;
use crate::error::{Error, Result};

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
pub enum TlsVersion {
    /// TLS 1.2.
    V1_2 = 12,
    /// TLS 1.3.
    V1_3 = 13,
}

impl TlsVersion {
    /// Returns the version with a number: 12 or 13; `None` for any other.
    pub fn from_number(number: i32) -> Option<Self> {
        [Self::V1_2, Self::V1_3].into_iter().find(|version| *version as i32 == number)
    }
}

/// How connections to `https://` and `grpcs://` URLs are secured.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "tls"), allow(dead_code, reason = "read by net/tls only"))]
pub(crate) struct TlsOptions {
    /// The certificates of authorities; `None`: the system's.
    pub ca: Option<Source>,
    pub client: Option<ClientCertificate>,
    pub min_version: TlsVersion,
    /// Instead of the URL's host.
    pub server_name: Option<String>,
    pub verify_peer: bool,
    pub verify_host: bool,
}

impl TlsOptions {
    /// Returns whether anything says that a connection is to be secured.
    pub(crate) fn is_set(&self) -> bool {
        self.ca.is_some() || self.client.is_some() || self.server_name.is_some()
    }
}

/// A client's certificate and its key.
#[derive(Clone, Debug)]
#[cfg_attr(not(feature = "tls"), allow(dead_code, reason = "read by net/tls only"))]
pub(crate) struct ClientCertificate {
    pub certificate: Source,
    pub key: Source,
}

/// Where certificates or a key are read from.
#[derive(Clone)]
pub(crate) enum Source {
    File(PathBuf),
    /// The contents of a file. Cleared on drop, since it may be a key.
    Bytes(Zeroizing<Vec<u8>>),
}

impl Source {
    fn file(path: &Path) -> Self {
        Self::File(path.to_owned())
    }

    fn bytes(bytes: &[u8]) -> Self {
        Self::Bytes(Zeroizing::new(bytes.to_vec()))
    }
}

/// Never shows a key.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "File({path:?})"),
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
        }
    }
}

impl Default for TlsOptions {
    fn default() -> Self {
        Self {
            ca: None,
            client: None,
            min_version: TlsVersion::V1_2,
            server_name: None,
            verify_peer: true,
            verify_host: true,
        }
    }
}

/// Options for `https://` and `grpcs://` URLs, the same for both. They are read and checked when the client
/// is created, which fails with INVALID_ARGUMENT, naming the file, if one is missing, unreadable, empty or
/// malformed. Certificates that are renewed on disk take a new client.
impl ClientOptions {
    /// Sets the file with the certificates of the authorities that servers are trusted by, in place of the
    /// system's: PEM, of which all certificates count, or DER. A server's own self-signed certificate may be
    /// given too. The default is the system's store, or the files that the environment variables
    /// SSL_CERT_FILE and SSL_CERT_DIR name, each of which replaces it.
    pub fn set_tls_ca_file(&mut self, path: impl AsRef<Path>) -> &mut Self {
        self.tls.ca = Some(Source::file(path.as_ref()));
        self
    }

    /// As [`set_tls_ca_file`](Self::set_tls_ca_file), with the contents of the file.
    pub fn set_tls_ca(&mut self, certificates: &[u8]) -> &mut Self {
        self.tls.ca = Some(Source::bytes(certificates));
        self
    }

    /// Restores the default.
    pub(crate) fn remove_tls_ca(&mut self) {
        self.tls.ca = None;
    }

    /// Sets the files of the client's certificate, for servers that require one (mutual TLS), and of its key.
    /// The certificate is PEM, followed by those of intermediate authorities if there are any, or DER; the
    /// key is PKCS#8, PKCS#1 or SEC1, in PEM or DER, of the types RSA from 2,048 bits, P-256, P-384 and
    /// Ed25519, and not encrypted. By default no certificate is sent.
    pub fn set_tls_client_certificate_files(
        &mut self,
        certificate: impl AsRef<Path>,
        key: impl AsRef<Path>,
    ) -> &mut Self {
        let (certificate, key) = (Source::file(certificate.as_ref()), Source::file(key.as_ref()));
        self.tls.client = Some(ClientCertificate { certificate, key });
        self
    }

    /// As [`set_tls_client_certificate_files`](Self::set_tls_client_certificate_files), with the contents of
    /// the files. The options' copy of the key is cleared when it is dropped.
    pub fn set_tls_client_certificate(&mut self, certificate: &[u8], key: &[u8]) -> &mut Self {
        let (certificate, key) = (Source::bytes(certificate), Source::bytes(key));
        self.tls.client = Some(ClientCertificate { certificate, key });
        self
    }

    /// Restores the default.
    pub(crate) fn remove_tls_client_certificate(&mut self) {
        self.tls.client = None;
    }

    /// Sets the minimum version of TLS. The default is [`TlsVersion::V1_2`].
    pub fn set_tls_min_version(&mut self, version: TlsVersion) -> &mut Self {
        self.tls.min_version = version;
        self
    }

    /// Sets the name that the server's certificate must be valid for, and that is sent as SNI, unless it is
    /// an address. Does not apply to a metrics URL of another host. INVALID_ARGUMENT for an empty name, and
    /// when the client is created for anything other than a host name or an address. The default is the URL's
    /// host, without a final dot.
    pub fn set_tls_server_name(&mut self, name: &str) -> Result<&mut Self> {
        if name.is_empty() {
            return Err(Error::invalid("tls_server_name must not be empty"));
        }
        self.tls.server_name = Some(name.to_owned());
        Ok(self)
    }

    /// Restores the default.
    pub(crate) fn remove_tls_server_name(&mut self) {
        self.tls.server_name = None;
    }

    /// Sets whether the server's certificate must be signed by a trusted authority and be valid now. Without
    /// it anyone on the way can read and change everything; creating a client then logs a warning. The
    /// default is `true`.
    pub fn set_tls_verify_peer(&mut self, is_enabled: bool) -> &mut Self {
        self.tls.verify_peer = is_enabled;
        self
    }

    /// Sets whether the server's certificate must be valid for the server's name. Without it any server with
    /// a certificate of a trusted authority is accepted; creating a client then logs a warning. The default
    /// is `true`.
    pub fn set_tls_verify_host(&mut self, is_enabled: bool) -> &mut Self {
        self.tls.verify_host = is_enabled;
        self
    }
}
