//! The certificates of authorities that servers are trusted by: the given ones, or the system's.

use std::{env, fmt};

use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem},
};
use rustls_native_certs::{CertificateResult, ErrorKind};

use super::{
    certificate::Certificate,
    files::{self, Name, Role},
};
use crate::{
    error::{Error, Result, excerpt},
    log::{Log, LogLevel},
    options::Source,
};

const TARGET: &str = "triton_client::net";
/// The environment variables that replace the system's store.
const VARIABLES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// Trusted certificates, and where they are from.
#[derive(Debug)]
pub(super) struct Roots {
    pub store: RootCertStore,
    /// The given ones, of which each may be a server's own. None of the system's.
    pub given: Vec<CertificateDer<'static>>,
    pub from: From,
}

/// Where trusted certificates are from, for messages.
#[derive(Clone, Debug)]
pub(super) enum From {
    Given(Name),
    System {
        /// The number of certificates.
        count: usize,
        /// The variables that replace the system's store, with their values.
        variables: Vec<(&'static str, String)>,
    },
    /// Nothing is verified.
    Nowhere,
}

impl fmt::Display for From {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(name) => name.fmt(f),
            Self::System { count, variables } if variables.is_empty() => {
                write!(f, "the system's store of {count} CA certificates")
            }
            Self::System { count, variables } => {
                write!(f, "the {count} CA certificates of {}", listed(variables))
            }
            Self::Nowhere => f.write_str("no CA certificates"),
        }
    }
}

impl Roots {
    /// Returns no certificates, for a client that does not verify.
    pub(super) fn none() -> Self {
        Self { store: RootCertStore::empty(), given: Vec::new(), from: From::Nowhere }
    }

    /// Reads the given certificates. Of a bundle, those that cannot be parsed are logged.
    pub(super) fn given(source: &Source, log: &Log) -> Result<Self> {
        let name = Name::new(Role::Ca, source);
        let given = files::certificates(source, &name)?;
        let mut store = RootCertStore::empty();
        let mut malformed = Vec::new();
        for (number, der) in (1..).zip(&given) {
            if store.add(der.clone()).is_err() {
                malformed.push(number);
            } else if Certificate::read(der).is_some_and(|certificate| !certificate.may_issue) {
                // A server's own, whose key must not be able to issue others.
                store.roots.pop();
            }
        }
        if malformed.len() == given.len() {
            let which = if given.len() == 1 { "the certificate" } else { "each certificate" };
            return Err(Error::invalid(format!("{which} in {name} is malformed or of an unsupported form")));
        }
        for number in malformed {
            log.write(LogLevel::Warn, TARGET, || {
                format!("certificate {number} in {name} is malformed or of an unsupported form, and not used")
            });
        }
        Ok(Self { store, given, from: From::Given(name) })
    }

    /// Reads the system's store, or what the environment variables name in place of it.
    pub(super) fn system(log: &Log) -> Result<Self> {
        let variables = VARIABLES.into_iter().filter_map(|name| {
            let value = env::var_os(name)?;
            Some((name, value.to_string_lossy().into_owned()))
        });
        Self::from_system(rustls_native_certs::load_native_certs(), variables.collect(), log)
    }

    fn from_system(
        found: CertificateResult,
        variables: Vec<(&'static str, String)>,
        log: &Log,
    ) -> Result<Self> {
        let mut store = RootCertStore::empty();
        // Some of the certificates of an old store may not be parsable.
        let (count, _) = store.add_parsable_certificates(found.certs);
        let problems: Vec<_> = found.errors.iter().map(problem).collect();
        if count == 0 {
            let reason = problems.first().map(|first| format!(" ({first})")).unwrap_or_default();
            return Err(Error::invalid(if variables.is_empty() {
                format!(
                    "no CA certificates found on this machine{reason}: searched the system's store, such as \
                     /etc/ssl/certs (SSL_CERT_FILE and SSL_CERT_DIR are not set); install the system's \
                     package ca-certificates, or set a CA file"
                )
            } else {
                format!(
                    "no CA certificates found in {}, which replaces the system's store{reason}: correct or \
                     unset it, or set a CA file",
                    listed(&variables)
                )
            }));
        }
        for problem in problems {
            log.write(LogLevel::Warn, TARGET, || {
                let from =
                    if variables.is_empty() { "the system's store".to_owned() } else { listed(&variables) };
                format!("a CA certificate of {from} is not used: {problem}")
            });
        }
        Ok(Self { store, given: Vec::new(), from: From::System { count, variables } })
    }
}

fn listed(variables: &[(&'static str, String)]) -> String {
    let variables: Vec<_> =
        variables.iter().map(|(name, value)| format!("{name} ('{}')", excerpt(value))).collect();
    variables.join(" and ")
}

/// A problem with a file of the system's store. The text of rustls-native-certs has bytes in it.
fn problem(error: &rustls_native_certs::Error) -> String {
    match &error.kind {
        ErrorKind::Io { inner, path } => format!("cannot read '{}': {inner}", path.display()),
        ErrorKind::Pem(pem::Error::MissingSectionEnd { .. }) => "a certificate is cut off".to_owned(),
        ErrorKind::Pem(pem::Error::Base64Decode(_)) => "a certificate is not Base64".to_owned(),
        ErrorKind::Pem(_) => "a certificate is malformed".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rustls_native_certs::load_certs_from_paths;

    use super::{
        super::{openssl_files, testing},
        *,
    };
    use crate::error::Status;

    fn path(source: &Source) -> &Path {
        let Source::File(path) = source else { unreachable!("it is a file") };
        path
    }

    #[test]
    fn a_bundle_is_taken_without_what_cannot_be_parsed() {
        let authority = testing::Authority::new("Root");
        let broken = testing::pem("CERTIFICATE", b"\x30\x03\x02\x01\x01");
        let (log, lines) = testing::log();
        let bundle = [authority.pem(), broken.clone(), openssl_files::VERSION_1.to_owned()].concat();
        let roots = Roots::given(&testing::memory(bundle), &log).unwrap();
        assert_eq!((roots.store.len(), roots.given.len()), (2, 3));
        assert_eq!(roots.from.to_string(), "CA data");
        let lines = lines.lock().unwrap();
        assert!(
            lines.len() == 1 && lines[0].starts_with("certificate 2 in CA data is malformed"),
            "{lines:?}"
        );
        for (bundle, part) in
            [(broken.clone(), "the certificate in CA data"), (broken.repeat(2), "each certificate")]
        {
            let error = Roots::given(&testing::memory(bundle), &log).unwrap_err();
            assert_eq!(error.status(), Status::InvalidArgument);
            assert!(error.to_string().contains(part), "{error}");
        }
    }

    #[test]
    fn a_machine_without_certificates_is_an_error_that_names_what_was_searched() {
        let (log, _) = testing::log();
        let empty = CertificateResult::default();
        let error = Roots::from_system(empty, Vec::new(), &log).unwrap_err();
        assert_eq!(error.status(), Status::InvalidArgument);
        for part in
            ["no CA certificates found on this machine", "SSL_CERT_FILE", "SSL_CERT_DIR", "ca-certificates"]
        {
            assert!(error.to_string().contains(part), "{error}");
        }
        testing::check_text(&error.to_string());

        let folder = testing::Folder::new();
        let missing = folder.0.join("missing");
        let found = load_certs_from_paths(Some(&missing), None);
        let variables = vec![("SSL_CERT_FILE", missing.display().to_string())];
        let error = Roots::from_system(found, variables, &log).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("found in SSL_CERT_FILE ('/"), "{text}");
        assert!(
            text.contains("missing': No such file") && text.contains("replaces the system's store"),
            "{text}"
        );
        assert!(!text.contains("ca-certificates"), "{text}");

        // rustls-native-certs reports no error for a key, which contains no certificates.
        let key = folder.file("key.pem", openssl_files::SEC1);
        let variables = vec![("SSL_CERT_FILE", "a".to_owned()), ("SSL_CERT_DIR", "b\nc".to_owned())];
        let error =
            Roots::from_system(load_certs_from_paths(Some(path(&key)), None), variables, &log).unwrap_err();
        assert!(error.to_string().contains("SSL_CERT_FILE ('a') and SSL_CERT_DIR ('b c')"), "{error}");
    }

    #[test]
    fn problems_beside_certificates_are_logged_with_the_path() {
        let authority = testing::Authority::new("Root");
        let folder = testing::Folder::new();
        let cut = format!("{}{}", authority.pem(), &authority.pem()[..100]);
        let file = folder.file("ca.pem", cut);
        let found = load_certs_from_paths(Some(path(&file)), Some(&folder.0.join("none")));
        let (log, lines) = testing::log();
        let variables = vec![("SSL_CERT_FILE", path(&file).display().to_string())];
        let roots = Roots::from_system(found, variables, &log).unwrap();
        assert_eq!(roots.store.len(), 1);
        assert!(
            roots.from.to_string().starts_with("the 1 CA certificates of SSL_CERT_FILE ('/"),
            "{}",
            roots.from
        );
        let lines = lines.lock().unwrap().join("\n");
        assert!(lines.contains("ca.pem'") && lines.contains("a certificate is cut off"), "{lines}");
        assert!(lines.contains("none': No such file"), "{lines}");
        assert!(!lines.contains('['), "{lines}");
        let from = From::System { count: 7, variables: Vec::new() };
        assert_eq!(from.to_string(), "the system's store of 7 CA certificates");
    }
}
