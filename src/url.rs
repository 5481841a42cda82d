//! The URL of a server: protocol, host, port and base path.
//!
//! | URL | protocol |
//! | --- | --- |
//! | `host`, `host:port` | HTTP |
//! | `http://host[:port][/base/path]` | HTTP, default port 8000; the base path precedes `/v2` |
//! | `grpc://host[:port]` | gRPC, default port 8001; a path is INVALID_ARGUMENT |
//! | `https://`, `grpcs://` | the same over TLS, default port 443; UNIMPLEMENTED without feature `tls` |
//!
//! A host is a name, an IPv4 address, or an IPv6 address in brackets, optionally with a zone, the name or
//! number of a network interface: `[fe80::1%25eth0]` (RFC 6874) or `[fe80::1%eth0]`. Schemes are
//! case-insensitive.

use std::{
    fmt::{self, Write},
    net::Ipv6Addr,
};

use crate::error::{Error, Origin, Result, Status, excerpt};

/// The default port of both protocols over TLS.
const TLS_PORT: u16 = 443;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http,
    Grpc,
}

/// A parsed URL. `Display` writes it with its port: `grpc://[::1]:8001`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Url {
    pub protocol: Protocol,
    pub is_tls: bool,
    /// Without the brackets and the zone of an IPv6 address.
    pub host: String,
    /// The zone of an IPv6 address; [`scope_id`] resolves it.
    pub zone: Option<String>,
    pub port: u16,
    /// Empty, or `/like/this` without a trailing slash.
    pub base_path: String,
}

impl Url {
    pub(crate) fn parse(text: &str) -> Result<Self> {
        Self::parse_with(text, 8000)
    }

    /// Parses a URL with this default port for HTTP.
    pub(crate) fn parse_with(text: &str, http_port: u16) -> Result<Self> {
        Self::parse_parts(text, http_port).map_err(|error| {
            let problem = if error.status() == Status::Unimplemented { "unsupported" } else { "invalid" };
            error.context(format_args!("{problem} server URL '{}'", without_secrets(text)))
        })
    }

    fn parse_parts(text: &str, http_port: u16) -> Result<Self> {
        // First: the message of any other error could contain a part of a password.
        if text.contains('@') {
            return Err(Error::invalid(
                "unexpected '@': credentials are options of calls (set_basic_auth, set_bearer_token)",
            ));
        }
        if let Some(invalid) = text.chars().find(|c| !c.is_ascii_graphic()) {
            return Err(Error::invalid(format!("invalid character {invalid:?}")));
        }
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let (protocol, is_tls, default_port) = match scheme.to_ascii_lowercase().as_str() {
            "http" => (Protocol::Http, false, http_port),
            "grpc" => (Protocol::Grpc, false, 8001),
            "https" | "grpcs" if cfg!(not(feature = "tls")) => {
                let message = format!("scheme '{scheme}' needs TLS, which this build does not have");
                return Err(Error::new(Status::Unimplemented, Origin::Argument, message));
            }
            "https" => (Protocol::Http, true, TLS_PORT),
            "grpcs" => (Protocol::Grpc, true, TLS_PORT),
            _ => {
                return Err(Error::invalid(format!(
                    "unsupported scheme '{scheme}': expected http, https, grpc or grpcs"
                )));
            }
        };
        if let Some(unexpected) = rest.chars().find(|c| matches!(c, '?' | '#' | '\\' | '"' | '<' | '>')) {
            return Err(Error::invalid(format!(
                "unexpected '{unexpected}': a server URL has only a host, a port and a base path"
            )));
        }
        let (authority, path) = rest.find('/').map_or((rest, ""), |slash| rest.split_at(slash));
        let base_path = path.trim_end_matches('/');
        if protocol == Protocol::Grpc && !base_path.is_empty() {
            return Err(Error::invalid(format!("unexpected path '{base_path}': gRPC has no base path")));
        }
        let Authority { host, zone, port } = split_authority(authority)?;
        let port = match port {
            None => default_port,
            Some(digits) => match digits.parse() {
                Ok(port) if port > 0 && digits.bytes().all(|b| b.is_ascii_digit()) => port,
                _ => {
                    return Err(Error::invalid(format!(
                        "invalid port '{digits}': expected a number from 1 to 65535"
                    )));
                }
            },
        };
        let (host, zone) = (host.to_owned(), zone.map(str::to_owned));
        Ok(Self { protocol, is_tls, host, zone, port, base_path: base_path.to_owned() })
    }

    /// Returns `host:port` without the zone, which has no meaning for the server (RFC 6874, 4).
    pub(crate) fn authority(&self) -> String {
        self.authority_with("")
    }

    /// Returns the value of a Host header or `:authority`. Gateways that route by it compare it with names
    /// without a port if that is the default of HTTP or HTTPS, which clients therefore omit.
    pub(crate) fn host_header(&self) -> String {
        let mut authority = self.authority();
        let default = if self.is_tls { ":443" } else { ":80" };
        if authority.ends_with(default) {
            authority.truncate(authority.len() - default.len());
        }
        authority
    }

    fn authority_with(&self, zone: &str) -> String {
        if self.host.contains(':') {
            format!("[{}{zone}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// Returns a URL for a message: without user and password, query and fragment.
pub(crate) fn without_secrets(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let is_scheme = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let (rest, hidden) = match rest.rsplit_once('@') {
        Some((_, host)) => (host, "…@"),
        None => (rest, ""),
    };
    let (rest, end) = match rest.find(['?', '#']) {
        Some(at) => (&rest[..=at], "…"),
        None => (rest, ""),
    };
    match scheme {
        scheme if is_scheme && !scheme.is_empty() => format!("{scheme}://{hidden}{rest}{end}"),
        _ => format!("{hidden}{rest}{end}"),
    }
}

/// Checks the value of a Host header or `:authority`: a host, optionally with a port.
pub(crate) fn check_authority(authority: &str) -> Result<()> {
    let shown = without_secrets(authority);
    let invalid = |error: Error| error.context(format_args!("invalid authority '{}'", excerpt(&shown)));
    if authority.contains('@') {
        return Err(invalid(Error::invalid("unexpected '@': an authority has no user")));
    }
    let Authority { zone, port, .. } = split_authority(authority).map_err(invalid)?;
    let is_port = |port: &str| port.parse::<u16>().is_ok() && !port.starts_with('+');
    match port.is_none_or(is_port) && zone.is_none() {
        true => Ok(()),
        false => Err(invalid(Error::invalid("expected a host, optionally with a port"))),
    }
}

struct Authority<'a> {
    host: &'a str,
    zone: Option<&'a str>,
    port: Option<&'a str>,
}

fn split_authority(authority: &str) -> Result<Authority<'_>> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, after) =
            rest.split_once(']').ok_or_else(|| Error::invalid("missing ']' after an IPv6 address"))?;
        let (host, zone) = match host.split_once('%') {
            Some((host, zone)) => (host, Some(unescaped_zone(zone)?)),
            None => (host, None),
        };
        if host.parse::<Ipv6Addr>().is_err() {
            return Err(Error::invalid(format!("invalid IPv6 address '{host}'")));
        }
        return match after.strip_prefix(':') {
            Some(port) => Ok(Authority { host, zone, port: Some(port) }),
            None if after.is_empty() => Ok(Authority { host, zone, port: None }),
            None => Err(Error::invalid(format!(
                "unexpected '{after}' after an IPv6 address: expected a colon and a port"
            ))),
        };
    }
    let (host, port) = match authority.split_once(':') {
        Some((_, port)) if port.contains(':') => {
            return Err(Error::invalid("an IPv6 address must be in brackets: [::1]:8000"));
        }
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    if host.is_empty() {
        return Err(Error::invalid("missing host"));
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_');
    if !host.bytes().all(plain) {
        return Err(Error::invalid(format!("invalid host name '{host}'")));
    }
    Ok(Authority { host, zone: None, port })
}

/// Returns the zone after the `%` of an IPv6 address, which may be escaped as `%25`. `%25` without a name is
/// zone 25, as in curl.
fn unescaped_zone(zone: &str) -> Result<&str> {
    let zone = zone.strip_prefix("25").filter(|zone| !zone.is_empty()).unwrap_or(zone);
    let is_plain = zone.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    // Names of interfaces have at most 15 bytes on Linux.
    if is_plain && (1..=15).contains(&zone.len()) {
        return Ok(zone);
    }
    Err(Error::invalid(format!("invalid zone '{zone}': expected the name or number of a network interface")))
}

/// Resolves a zone to its scope id. Returns UNAVAILABLE if there is no interface of this name: it may come up
/// later.
pub(crate) fn scope_id(zone: &str) -> Result<u32> {
    if let Ok(number) = zone.parse() {
        return Ok(number);
    }
    interface_index(zone).map_err(|error| {
        Error::connection(format!("network interface '{zone}' not found")).with_source(error)
    })
}

#[cfg(target_os = "linux")]
fn interface_index(name: &str) -> std::io::Result<u32> {
    use rustix::net::{AddressFamily, SocketType, netdevice, socket};

    let socket = socket(AddressFamily::INET, SocketType::DGRAM, None)?;
    Ok(netdevice::name_to_index(socket, name)?)
}

/// Calling `if_nametoindex` requires unsafe code; the system's resolver calls it for the zone of an address.
#[cfg(not(target_os = "linux"))]
fn interface_index(name: &str) -> std::io::Result<u32> {
    use std::net::{SocketAddr, ToSocketAddrs};

    let mut addresses = (format!("fe80::1%{name}"), 0).to_socket_addrs()?;
    addresses
        .find_map(
            |address| if let SocketAddr::V6(address) = address { Some(address.scope_id()) } else { None },
        )
        .ok_or_else(|| std::io::ErrorKind::NotFound.into())
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match (self.protocol, self.is_tls) {
            (Protocol::Http, false) => "http",
            (Protocol::Http, true) => "https",
            (Protocol::Grpc, false) => "grpc",
            (Protocol::Grpc, true) => "grpcs",
        };
        let zone = self.zone.as_ref().map(|zone| format!("%25{zone}")).unwrap_or_default();
        write!(f, "{scheme}://{}{}", self.authority_with(&zone), self.base_path)
    }
}

/// Appends text, percent-encoded except for unreserved characters and those in `allowed`.
pub(crate) fn push_escaped(to: &mut String, text: &str, allowed: &[u8]) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || allowed.contains(&byte) {
            to.push(char::from(byte));
        } else {
            // Writing to a string can't fail.
            let _ = write!(to, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "tls")]
    #[test]
    fn a_host_header_has_the_port_unless_it_is_the_default_of_http_or_https() {
        for (url, host) in [
            ("https://a", "a"),
            ("https://a:443", "a"),
            ("https://a:8443/b", "a:8443"),
            ("https://a:80", "a:80"),
            ("https://a.example.", "a.example."),
            ("grpcs://A_b", "A_b"),
            ("grpcs://[::443]", "[::443]"),
            ("grpcs://[fe80::1%25eth0]:443", "[fe80::1]"),
            ("http://a", "a:8000"),
            ("http://a:80", "a"),
            ("http://a:443", "a:443"),
            ("grpc://a", "a:8001"),
            ("grpc://a:80", "a"),
            ("a:8080", "a:8080"),
        ] {
            assert_eq!(Url::parse(url).unwrap().host_header(), host, "{url}");
        }
    }

    #[test]
    fn the_zone_of_an_ipv6_address_is_separated_from_its_host() {
        for (url, zone) in [
            ("grpc://[fe80::1%25eth0]:9", "eth0"),
            ("grpc://[fe80::1%eth0]:9", "eth0"),
            ("grpc://[fe80::1%253]:9", "3"),
            ("grpc://[fe80::1%25]:9", "25"),
            ("grpc://[fe80::1%br-0.1_x]:9", "br-0.1_x"),
        ] {
            let parsed = Url::parse(url).unwrap();
            assert_eq!((parsed.host.as_str(), parsed.zone.as_deref()), ("fe80::1", Some(zone)), "{url}");
            assert_eq!(parsed.authority(), "[fe80::1]:9");
            assert_eq!(parsed.to_string(), format!("grpc://[fe80::1%25{zone}]:9"));
            assert_eq!(Url::parse(&parsed.to_string()).unwrap(), parsed);
        }
        assert_eq!(Url::parse("[fe80::1]").unwrap().zone, None);
        for bad in [
            "[fe80::1%]",
            "[fe80::1%a b]",
            "[fe80::1%a%b]",
            "[%eth0]",
            "[fe80::1%0123456789abcdef]",
            "h%25eth0",
        ] {
            assert_eq!(Url::parse(bad).unwrap_err().status(), Status::InvalidArgument, "{bad}");
        }
    }

    #[test]
    fn a_zone_is_a_number_or_an_existing_interface() {
        assert_eq!(scope_id("7").unwrap(), 7);
        assert!(scope_id("lo").unwrap() > 0);
        let error = scope_id("no-such-one").unwrap_err();
        assert_eq!((error.status(), error.origin()), (Status::Unavailable, Origin::Connection), "{error}");
        assert!(error.to_string().contains("'no-such-one'") && !error.is_in_doubt());
    }
}
