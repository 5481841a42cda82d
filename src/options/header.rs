//! Headers that the caller adds to calls, metadata over gRPC.

use std::fmt::Display;

use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine};
use http::{HeaderName, HeaderValue};

use crate::{
    error::{Error, Result},
    url::Protocol,
};

/// A name and a value that can be sent; a value of a name in `-bin` as base64.
pub(super) fn checked(name: &str, value: &[u8]) -> Result<(HeaderName, HeaderValue)> {
    let key = checked_name(name)?;
    let is_binary = key.as_str().ends_with("-bin");
    if !is_binary && value.iter().any(|byte| matches!(byte, 0..0x20 | 0x7f) && *byte != b'\t') {
        return Err(unsendable(name, "its value has a control character"));
    }
    let value = match is_binary {
        true => HeaderValue::try_from(BASE64_STANDARD_NO_PAD.encode(value)),
        false => HeaderValue::from_bytes(value),
    };
    let mut value = value.map_err(|error| unsendable(name, error))?;
    // What opens doors is not printed.
    value.set_sensitive(matches!(key.as_str(), "authorization" | "proxy-authorization" | "cookie"));
    Ok((key, value))
}

/// The name of a header that is not the library's or the protocol's own to send.
pub(super) fn checked_name(name: &str) -> Result<HeaderName> {
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
    let key = HeaderName::from_bytes(name.as_bytes()).map_err(|error| unsendable(name, error))?;
    if OWN.contains(&key.as_str()) || key.as_str().starts_with("grpc-") {
        return Err(unsendable(name, "the library sets it itself"));
    }
    Ok(key)
}

fn unsendable(name: &str, why: impl Display) -> Error {
    Error::invalid(format!("header '{name}' can't be sent: {why}"))
}

/// The key of endpoints that a server restricts. Each protocol has a header of its own for it.
#[derive(Clone, Debug)]
pub(crate) struct RestrictedKey {
    http: HeaderName,
    grpc: HeaderName,
    value: HeaderValue,
}

impl RestrictedKey {
    pub fn new(name: &str, value: &str) -> Result<Self> {
        // As Triton's own refusal over gRPC calls it.
        const PREFIX: &str = "triton-grpc-protocol-";
        let is_full = name.get(..PREFIX.len()).is_some_and(|start| start.eq_ignore_ascii_case(PREFIX));
        let name = if is_full { &name[PREFIX.len()..] } else { name };
        let (http, mut value) = checked(name, value.as_bytes())?;
        value.set_sensitive(true);
        let (grpc, _) = checked(&format!("{PREFIX}{name}"), b"")?;
        Ok(Self { http, grpc, value })
    }

    pub fn header(&self, protocol: Protocol) -> (&HeaderName, &HeaderValue) {
        match protocol {
            Protocol::Http => (&self.http, &self.value),
            Protocol::Grpc => (&self.grpc, &self.value),
        }
    }
}

/// How a server is to write its report of load: a matter of taste, since both are read alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadReportFormat {
    /// `TEXT name=value, ...`
    Text,
    /// `JSON {...}`
    Json,
}

impl LoadReportFormat {
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
