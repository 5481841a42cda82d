//! Headers that the caller adds to calls, over gRPC metadata.

use std::fmt::{self, Display};

use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, Engine};
use http::{HeaderName, HeaderValue, header::AUTHORIZATION};
use zeroize::Zeroizing;

use crate::{
    error::{Error, Result},
    headers::is_credential,
    url::Protocol,
};

/// A header of the caller. Its value is a copy that `http` makes, and does not clear when it is dropped.
#[derive(Clone)]
pub(super) struct Header {
    pub name: HeaderName,
    /// `None` removes the header of that name from the client's defaults.
    pub value: Option<HeaderValue>,
}

impl Header {
    /// Checks name and value; the value of a name that ends in `-bin` becomes base64.
    pub(super) fn new(name: &str, value: &[u8]) -> Result<Self> {
        let key = check_name(name)?;
        let is_binary = key.as_str().ends_with("-bin");
        if !is_binary && value.iter().any(|byte| matches!(byte, 0..0x20 | 0x7f) && *byte != b'\t') {
            return Err(invalid(name, "the value contains a control character"));
        }
        let value = match is_binary {
            true => HeaderValue::try_from(BASE64_STANDARD_NO_PAD.encode(value)),
            false => HeaderValue::from_bytes(value),
        };
        let mut value = value.map_err(|error| invalid(name, error))?;
        value.set_sensitive(is_credential(key.as_str()));
        Ok(Self { name: key, value: Some(value) })
    }

    /// Creates the Authorization of a user and a password (RFC 7617).
    pub(super) fn basic(user: &str, password: &str) -> Result<Self> {
        let refused =
            |what, why| Err(Error::invalid(format!("invalid {what} of basic authentication: {why}")));
        for (what, text) in [("user", user), ("password", password)] {
            if text.contains(char::is_control) {
                return refused(what, "it contains a control character");
            }
        }
        if user.contains(':') {
            return refused("user", "it contains a colon, at which the password begins");
        }
        let plain = Zeroizing::new([user.as_bytes(), b":", password.as_bytes()].concat());
        const SCHEME: &str = "Basic ";
        // With its capacity from the beginning: memory that a string outgrows is not cleared.
        let byte_size = SCHEME.len() + plain.len().div_ceil(3) * 4;
        let mut value = Zeroizing::new(String::with_capacity(byte_size));
        value.push_str(SCHEME);
        BASE64_STANDARD.encode_string(&*plain, &mut value);
        Self::new(AUTHORIZATION.as_str(), value.as_bytes())
    }

    /// Creates the Authorization of a token (RFC 6750).
    pub(super) fn bearer(token: &str) -> Result<Self> {
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            let why = if token.is_empty() { "it is empty" } else { "expected visible ASCII characters" };
            return Err(Error::invalid(format!("invalid bearer token: {why}")));
        }
        let value = Zeroizing::new([b"Bearer ", token.as_bytes()].concat());
        Self::new(AUTHORIZATION.as_str(), &value)
    }

    /// Adds a header. One of `authorization` replaces the other: there can be only one.
    pub(super) fn add_to(self, headers: &mut Vec<Self>) {
        if self.name == AUTHORIZATION {
            headers.retain(|own| own.name != AUTHORIZATION);
        }
        headers.push(self);
    }

    pub(super) fn removed(name: &str) -> Result<Self> {
        Ok(Self { name: check_name(name)?, value: None })
    }
}

/// Shows the name only: the value may be a secret.
impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.value.is_some() { "" } else { "-" }, self.name)
    }
}

/// Checks the name of a header, which must not be one that the library or the protocol sets.
pub(super) fn check_name(name: &str) -> Result<HeaderName> {
    const OWN: [&str; 15] = [
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "inference-header-content-length",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
    ];
    let key = HeaderName::from_bytes(name.as_bytes()).map_err(|error| invalid(name, error))?;
    if OWN.contains(&key.as_str()) || key.as_str().starts_with("grpc-") {
        return Err(invalid(name, "the library sets it itself"));
    }
    Ok(key)
}

fn invalid(name: &str, why: impl Display) -> Error {
    // A name that is a whole header by mistake contains its value.
    let end = name.find(|c: char| c.is_control() || c == ':').unwrap_or(name.len());
    let (name, rest) = name.split_at(end);
    let cut = if rest.is_empty() { "" } else { "…" };
    Error::invalid(format!("invalid header '{name}{cut}': {why}"))
}

/// The key of endpoints that a server restricts. Each protocol has its own header for it.
#[derive(Clone)]
pub(super) struct RestrictedKey {
    http: HeaderName,
    grpc: HeaderName,
    /// `None` removes the key of that name from the client's defaults.
    value: Option<HeaderValue>,
}

impl RestrictedKey {
    pub(super) fn new(name: &str, value: &str) -> Result<Self> {
        let mut key = Self::removed(name)?;
        let mut value = Header::new(key.http.as_str(), value.as_bytes())?.value;
        if let Some(value) = &mut value {
            value.set_sensitive(true);
        }
        key.value = value;
        Ok(key)
    }

    pub(super) fn removed(name: &str) -> Result<Self> {
        // As in the message of Triton for a call without the key.
        const PREFIX: &str = "triton-grpc-protocol-";
        let is_full = name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX));
        let name = if is_full { &name[PREFIX.len()..] } else { name };
        let http = check_name(name)?;
        let grpc = check_name(&format!("{PREFIX}{name}"))?;
        Ok(Self { http, grpc, value: None })
    }

    pub(super) fn is_of_same_name(&self, other: &Self) -> bool {
        self.http == other.http
    }

    pub(super) fn header(&self, protocol: Protocol) -> Option<(&HeaderName, &HeaderValue)> {
        let name = match protocol {
            Protocol::Http => &self.http,
            Protocol::Grpc => &self.grpc,
        };
        self.value.as_ref().map(|value| (name, value))
    }
}

/// Shows the name only.
impl fmt::Debug for RestrictedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.value.is_some() { "" } else { "-" }, self.http)
    }
}

/// The format of a server's load report. Both are read alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum LoadReportFormat {
    /// `TEXT name=value, ...`
    Text = 1,
    /// `JSON {...}`
    Json = 2,
}

impl LoadReportFormat {
    /// Returns the format with a number; `None` for any other.
    pub fn from_number(number: i32) -> Option<Self> {
        [Self::Text, Self::Json].into_iter().find(|format| *format as i32 == number)
    }

    pub(super) fn header(self) -> (&'static HeaderName, &'static HeaderValue) {
        static NAME: HeaderName = HeaderName::from_static("endpoint-load-metrics-format");
        static TEXT: HeaderValue = HeaderValue::from_static("text");
        static JSON: HeaderValue = HeaderValue::from_static("json");
        match self {
            Self::Text => (&NAME, &TEXT),
            Self::Json => (&NAME, &JSON),
        }
    }
}
