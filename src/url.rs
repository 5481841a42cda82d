//! The URL of a server: which protocol, which host and port, which base path.
//!
//! | URL | means |
//! | --- | --- |
//! | `host`, `host:port` | HTTP |
//! | `http://host[:port][/base/path]` | HTTP, port 8000 unless told; the base path stands before `/v2` |
//! | `grpc://host[:port]` | gRPC, port 8001 unless told; a path is INVALID_ARGUMENT |
//! | `https://`, `grpcs://` | the same over TLS, port 443 unless told; UNIMPLEMENTED in this version |
//!
//! A host is a name, an IPv4 address, or an IPv6 address in brackets. Schemes are read in any case.

use std::{
    fmt::{self, Write},
    net::Ipv6Addr,
};

use crate::error::{Error, Origin, Result, Status};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http,
    Grpc,
}

/// A parsed URL. It prints as it would be written in full: `grpc://[::1]:8001`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    pub protocol: Protocol,
    /// Without the brackets of an IPv6 address.
    pub host: String,
    pub port: u16,
    /// Empty, or `/like/this`: never with a slash at its end.
    pub base_path: String,
}

impl Url {
    pub fn parse(text: &str) -> Result<Self> {
        Self::parse_with(text, 8000)
    }

    /// With another port for HTTP, unless the URL has one.
    pub fn parse_with(text: &str, http_port: u16) -> Result<Self> {
        let outcome = Self::parse_parts(text, http_port);
        outcome.map_err(|error| error.context(format_args!("invalid server URL '{text}'")))
    }

    fn parse_parts(text: &str, http_port: u16) -> Result<Self> {
        if let Some(odd) = text.chars().find(|c| !c.is_ascii_graphic()) {
            return Err(Error::invalid(format!("character {odd:?} can't stand in a URL")));
        }
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let (protocol, default_port) = match scheme.to_ascii_lowercase().as_str() {
            "http" => (Protocol::Http, http_port),
            "grpc" => (Protocol::Grpc, 8001),
            "https" | "grpcs" => {
                let message = format!("{scheme} needs TLS, which this version does not have");
                return Err(Error::new(Status::Unimplemented, Origin::Argument, message));
            }
            _ => {
                return Err(Error::invalid(format!(
                    "scheme '{scheme}' is not one of http, https, grpc, grpcs"
                )));
            }
        };
        if let Some(odd) = rest.chars().find(|c| matches!(c, '?' | '#' | '@' | '\\' | '"' | '<' | '>')) {
            return Err(Error::invalid(format!(
                "a server URL has no '{odd}' in it: host, port and base path only"
            )));
        }
        let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
        let base_path = path.trim_end_matches('/');
        if protocol == Protocol::Grpc && !base_path.is_empty() {
            return Err(Error::invalid(format!("gRPC knows no base path, and '{base_path}' is one")));
        }
        let (host, port) = split_authority(authority)?;
        let port = match port {
            None => default_port,
            Some(digits) => match digits.parse() {
                Ok(port) if port > 0 && digits.bytes().all(|b| b.is_ascii_digit()) => port,
                _ => return Err(Error::invalid(format!("port '{digits}' is not a number from 1 to 65535"))),
            },
        };
        Ok(Self { protocol, host: host.to_owned(), port, base_path: base_path.to_owned() })
    }

    /// `host:port` as it stands in a URL or a Host header.
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

fn split_authority(authority: &str) -> Result<(&str, Option<&str>)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) =
            rest.split_once(']').ok_or_else(|| Error::invalid("'[' without ']' around an IPv6 address"))?;
        if host.parse::<Ipv6Addr>().is_err() {
            return Err(Error::invalid(format!("'{host}' is not an IPv6 address")));
        }
        return match after.strip_prefix(':') {
            Some(port) => Ok((host, Some(port))),
            None if after.is_empty() => Ok((host, None)),
            None => Err(Error::invalid(format!(
                "'{after}' after an IPv6 address: a colon and a port belong there"
            ))),
        };
    }
    let (host, port) = match authority.split_once(':') {
        Some((_, port)) if port.contains(':') => {
            return Err(Error::invalid("an IPv6 address stands in brackets: [::1]:8000"));
        }
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    if host.is_empty() {
        return Err(Error::invalid("there is no host in it"));
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    if !host.bytes().all(plain) {
        return Err(Error::invalid(format!("'{host}' is not a host name")));
    }
    Ok((host, port))
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.protocol {
            Protocol::Http => "http",
            Protocol::Grpc => "grpc",
        };
        write!(f, "{scheme}://{}{}", self.authority(), self.base_path)
    }
}

/// Appends a text to a part of a URL, escaped but for letters, digits, `-._~` and what else may stand there.
pub(crate) fn push_escaped(to: &mut String, text: &str, allowed: &[u8]) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || allowed.contains(&byte) {
            to.push(char::from(byte));
        } else {
            // Writing into a string can't fail.
            let _ = write!(to, "%{byte:02X}");
        }
    }
}
