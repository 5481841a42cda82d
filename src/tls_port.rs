//! Signs by which a port that expects TLS is recognized, for a client that speaks without it.

use crate::error::{Error, Origin, Status};

/// Added to the message of a connection that ended before its first byte, from a server that never sent one: most servers
/// of TLS end a plain connection so, and others may.
pub(crate) const QUESTION: &str = " (does this port expect TLS?)";

/// What servers write into the page of their HTTP status 400: nginx, Apache (which escapes the apostrophe of "You're"),
/// and servers in Go, Caddy among them.
const TEXTS: [&str; 3] = [
    "The plain HTTP request was sent to HTTPS port",
    "speaking plain HTTP to an SSL-enabled server port",
    "Client sent an HTTP request to an HTTPS server",
];
/// The type of TLS's record of an alert.
const ALERT: u8 = 0x15;
/// How much of a page is searched.
const PAGE_BYTE_SIZE: usize = 4 << 10;

/// Whether the first thing that a server sends is a TLS alert, which begins no response of HTTP/1 or HTTP/2.
pub(crate) fn is_alert(first: &[u8]) -> bool {
    first.first() == Some(&ALERT)
}

/// Whether the body of a response with this HTTP status says that its port expects TLS. The protocol's own errors, which
/// may quote anything, are JSON.
pub(crate) fn is_named_by(status: u16, body: &[u8]) -> bool {
    let page = &body[..body.len().min(PAGE_BYTE_SIZE)];
    status == 400 && !page.trim_ascii_start().starts_with(b"{") && has_text(page)
}

/// The same of a whole response over HTTP/1 as it came.
pub(crate) fn is_named_by_response(bytes: &[u8]) -> bool {
    bytes.starts_with(b"HTTP/1.") && bytes.get(8..13) == Some(b" 400 ") && has_text(bytes)
}

fn has_text(page: &[u8]) -> bool {
    let page = String::from_utf8_lossy(page);
    TEXTS.iter().any(|text| page.contains(text))
}

/// The error of a call to such a port. The server has understood nothing of it, and will not the next time.
pub(crate) fn error() -> Error {
    Error::new(Status::Unavailable, Origin::Connection, "this port speaks TLS: use https:// or grpcs://")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_and_alerts_of_tls_ports_are_known_and_no_others() {
        let nginx = "<html>\r\n<head><title>400 The plain HTTP request was sent to HTTPS port</title></head>";
        let apache = "<p>Your browser sent a request that this server could not understand.<br />\n\
                      Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />";
        let go = "Client sent an HTTP request to an HTTPS server.\n";
        for page in [nginx, apache, &apache.replace('\'', "&#39;"), go] {
            assert!(is_named_by(400, page.as_bytes()), "{page}");
            assert!(!is_named_by(503, page.as_bytes()), "{page}");
            let response = format!("HTTP/1.0 400 Bad Request\r\nConnection: close\r\n\r\n{page}");
            assert!(is_named_by_response(response.as_bytes()), "{page}");
            assert!(!is_named_by_response(response.replace(" 400 ", " 404 ").as_bytes()), "{page}");
            let quoted = serde_json::json!({"error": page}).to_string();
            assert!(!is_named_by(400, quoted.as_bytes()), "{quoted}");
        }
        assert!(!is_named_by(400, b"<h1>400 Bad Request</h1>") && !is_named_by(400, b""));
        assert!(is_alert(b"\x15\x03\x01\0\x02\x02\x46") && is_alert(b"\x15"));
        assert!(!is_alert(b"") && !is_alert(b"HTTP/1.1") && !is_alert(b"\0\0\x12\x04"));
    }
}
