//! Recognizes what a server says about TLS outside of TLS: in a page, or in an alert on a connection without
//! it.

use crate::error::{Error, Origin, Status};

/// Added to the message of a connection that ended before its first byte, if the server has never sent one.
/// Most TLS servers close a plain connection this way, but other servers do too.
pub(crate) const QUESTION: &str = " (does this port expect TLS?)";

/// The texts in the 400 pages of nginx, Apache (which may escape the apostrophe of "You're") and servers in
/// Go, such as Caddy.
const TEXTS: [&str; 3] = [
    "The plain HTTP request was sent to HTTPS port",
    "speaking plain HTTP to an SSL-enabled server port",
    "Client sent an HTTP request to an HTTPS server",
];
/// The message for a client without the certificate that the server requires, however the server says so.
pub(crate) const CERTIFICATE_REQUIRED: &str =
    "the server requires a client certificate: set one (tls_client_certificate) with its key";

/// The texts in nginx's page, with status 400, for a client without a certificate, and with one that it does
/// not accept.
const NO_CERTIFICATE: &str = "No required SSL certificate was sent";
const BAD_CERTIFICATE: &str = "The SSL certificate error";
/// The record type of a TLS alert.
const ALERT: u8 = 0x15;
/// The number of bytes of a page that are searched.
const PAGE_BYTE_SIZE: usize = 4 << 10;

/// Returns whether a server's first bytes are a TLS alert. No HTTP/1 or HTTP/2 response begins like one.
pub(crate) fn is_alert(first: &[u8]) -> bool {
    first.first() == Some(&ALERT)
}

/// Returns the error of a response with this HTTP status whose body states that the port expects TLS, or that
/// the server expects another client certificate: not retryable, and not in doubt. JSON is excluded: errors
/// of the protocol may quote any text.
pub(crate) fn error_of_page(status: u16, body: &[u8]) -> Option<Error> {
    let page = &body[..body.len().min(PAGE_BYTE_SIZE)];
    if status != 400 || page.trim_ascii_start().starts_with(b"{") {
        return None;
    }
    if has_text(page, &TEXTS) {
        return Some(error());
    }
    let message = if has_text(page, &[NO_CERTIFICATE]) {
        CERTIFICATE_REQUIRED
    } else if has_text(page, &[BAD_CERTIFICATE]) {
        "the server refused the client's certificate: it is expired, or signed by no authority that the server trusts"
    } else {
        return None;
    };
    Some(Error::new(Status::Unauthenticated, Origin::Connection, message))
}

/// Returns whether a complete HTTP/1 response states that the port expects TLS.
pub(crate) fn is_named_by_response(bytes: &[u8]) -> bool {
    bytes.starts_with(b"HTTP/1.") && bytes.get(8..13) == Some(b" 400 ") && has_text(bytes, &TEXTS)
}

fn has_text(page: &[u8], texts: &[&str]) -> bool {
    let page = String::from_utf8_lossy(page);
    texts.iter().any(|text| page.contains(text))
}

/// Returns the error of a call to such a port: not retryable, and not in doubt, since the server could not
/// parse the request.
pub(crate) fn error() -> Error {
    Error::new(
        Status::Unavailable,
        Origin::Connection,
        "the server's port speaks TLS: use an https:// or grpcs:// URL",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(http_status: u16, page: &str) -> Option<Status> {
        error_of_page(http_status, page.as_bytes()).map(|error| error.status())
    }

    #[test]
    fn pages_and_alerts_of_tls_ports_are_recognized_and_no_others() {
        let nginx = "<html>\r\n<head><title>400 The plain HTTP request was sent to HTTPS port</title></head>";
        let apache = "<p>Your browser sent a request that this server could not understand.<br />\n\
                      Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />";
        let go = "Client sent an HTTP request to an HTTPS server.\n";
        for page in [nginx, apache, &apache.replace('\'', "&#39;"), go] {
            assert_eq!(status(400, page), Some(Status::Unavailable), "{page}");
            assert_eq!(status(503, page), None, "{page}");
            let response = format!("HTTP/1.0 400 Bad Request\r\nConnection: close\r\n\r\n{page}");
            assert!(is_named_by_response(response.as_bytes()), "{page}");
            assert!(!is_named_by_response(response.replace(" 400 ", " 404 ").as_bytes()), "{page}");
            let quoted = serde_json::json!({"error": page}).to_string();
            assert_eq!(status(400, &quoted), None, "{quoted}");
        }
        for page in [
            "<center><h1>400 Bad Request</h1></center>\r\n<center>No required SSL certificate was sent</center>",
            "<center><h1>400 Bad Request</h1></center>\r\n<center>The SSL certificate error</center>",
        ] {
            assert_eq!(status(400, page), Some(Status::Unauthenticated), "{page}");
            let quoted = serde_json::json!({"error": page}).to_string();
            assert_eq!((status(403, page), status(400, &quoted)), (None, None), "{page}");
        }
        assert_eq!((status(400, "<h1>400 Bad Request</h1>"), status(400, "")), (None, None));
        assert!(is_alert(b"\x15\x03\x01\0\x02\x02\x46") && is_alert(b"\x15"));
        assert!(!is_alert(b"") && !is_alert(b"HTTP/1.1") && !is_alert(b"\0\0\x12\x04"));
    }
}
