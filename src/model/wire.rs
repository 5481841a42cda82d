//! The HTTP form of operations: paths, JSON bodies, and what an answer that is an error says.

use std::{borrow::Cow, fmt::Display};

use http::Method;
use prost::{Message, Name};
use serde_json::Value;

use crate::{
    error::{self, Error, Result, excerpt, reason},
    proto, reasons, tls_port,
    url::push_escaped,
};

/// What is sent over HTTP, the server's base path left away.
#[derive(Debug)]
pub(crate) struct HttpRequest {
    pub method: Method,
    /// From `/v2` on, escaped.
    pub path: String,
    /// JSON; empty for none.
    pub body: Vec<u8>,
}

impl HttpRequest {
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), body: Vec::new() }
    }

    pub fn post(path: impl Into<String>, json: &Value) -> Self {
        Self::post_text(path, json.to_string())
    }

    /// With JSON that is text already.
    pub fn post_text(path: impl Into<String>, json: impl Into<Vec<u8>>) -> Self {
        Self { method: Method::POST, path: path.into(), body: json.into() }
    }
}

/// `/v2/models/NAME[/versions/VERSION]`, escaped.
///
/// A server looks the escaped name up as it stands on the wire and knows no way to write a `/`: a name with one is
/// refused here, with the reason, instead of meeting another endpoint.
pub(crate) fn model_path(name: &str, version: &str) -> Result<String> {
    let mut path = String::from("/v2/models/");
    push_segment(&mut path, "model name", name)?;
    if !version.is_empty() {
        path.push_str("/versions/");
        push_segment(&mut path, "model version", version)?;
    }
    Ok(path)
}

/// Appends a part of a path, escaped; what HTTP has no way to write is refused.
pub(crate) fn push_segment(path: &mut String, what: &str, text: &str) -> Result<()> {
    if text.contains('/') || matches!(text, "" | "." | "..") {
        return Err(Error::invalid(format!(
            "{what} '{text}' can't be part of a URL's path, as HTTP needs it to be"
        )));
    }
    // What may stand in a path as it is, does: Triton looks for names as they stand there.
    push_escaped(path, text, b"!$&'()*+,;=:@");
    Ok(())
}

pub(crate) fn is_success(status: u16) -> bool {
    matches!(status, 200..=299)
}

/// The JSON of a success, without the byte order mark that it may begin with, or the error that the response is.
pub(crate) fn succeeded(status: u16, body: &[u8]) -> Result<&[u8]> {
    if is_success(status) { Ok(proto::without_bom(body)) } else { Err(error(status, body)) }
}

/// Reads a success that has no body to speak of, or the error that the answer is.
pub(crate) fn read_nothing<M: Default>(status: u16, body: &[u8]) -> Result<M> {
    succeeded(status, body).map(|_| M::default())
}

/// Reads the JSON of a success, or the error that the answer is.
pub(crate) fn read_json<M: Message + Name + Default>(status: u16, body: &[u8]) -> Result<M> {
    let body = succeeded(status, body)?;
    proto::from_json(body).map_err(|fault| not_as_it_should_be(status, fault))
}

/// The error of an answer whose JSON is not what the operation's is.
pub(crate) fn not_as_it_should_be(status: u16, fault: impl Display) -> Error {
    // It may quote the JSON.
    let fault = fault.to_string();
    Error::broken_answer(format!("the server's JSON is not what it should be: {}", excerpt(&fault)))
        .with_http_status(status)
}

/// The error that a response is, by its status and the reason that its body gives ([`reasons::in_body`]); any other body, as
/// a proxy's page, is shown in one line. At most 8 KiB of either are shown.
pub(crate) fn error(status: u16, body: &[u8]) -> Error {
    if tls_port::is_told_by(status, body) {
        return tls_port::error().with_http_status(status);
    }
    let text = whole_characters(proto::without_bom(body));
    let text = reasons::in_body(&text).unwrap_or_else(|| {
        // A little beyond what is shown, so that the cut is seen.
        let start = text.trim().chars().take(error::REASON_BYTE_SIZE + 1);
        start.flat_map(char::escape_debug).take(error::REASON_BYTE_SIZE + 1).collect()
    });
    let mut meaning = error::http_status_meaning(status);
    let hint = match is_unknown_by_its_escapes(&text) {
        true => ESCAPED_NAME,
        false => reasons::hint(meaning.status, &text),
    };
    let is_tritons = reasons::is_tritons(body);
    if status == 503 && is_tritons {
        meaning.in_doubt = false;
    }
    let message = format!("{} (HTTP status {status}){hint}", reason(&text));
    Error::answered(meaning, message)
        .with_http_status(status)
        .said_by_server_itself(is_tritons && reasons::is_servers_own(&text))
}

/// Triton looks names up as they stand in the URL, and no URL can say others unescaped.
const ESCAPED_NAME: &str =
    "; Triton does not decode a name that is escaped in a URL: use gRPC for this model";

/// Whether Triton does not know a model because its name came escaped.
fn is_unknown_by_its_escapes(text: &str) -> bool {
    let name = ["Request for unknown model: '", "failed to load '"]
        .iter()
        .find_map(|start| text.strip_prefix(start));
    let is_escape = |digits: &[u8]| digits.len() >= 2 && digits[..2].iter().all(u8::is_ascii_hexdigit);
    let name = name.and_then(|rest| rest.split('\'').next()).unwrap_or_default();
    name.split('%').skip(1).any(|after| is_escape(after.as_bytes()))
}

/// A text with U+FFFD for what is not UTF-8, without a character at its end that is cut.
fn whole_characters(bytes: &[u8]) -> Cow<'_, str> {
    let end = (1..=3.min(bytes.len())).map(|back| bytes.len() - back).find(|at| {
        str::from_utf8(&bytes[*at..])
            .is_err_and(|fault| fault.valid_up_to() == 0 && fault.error_len().is_none())
    });
    String::from_utf8_lossy(&bytes[..end.unwrap_or(bytes.len())])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_cut_between_characters_and_a_blank_one_is_replaced() {
        let said = |body: &[u8]| error(500, body).to_string();
        for blank in [&b""[..], b" \n", br#"{"error":""}"#, br#"{"error":" "}"#, b"\xef\xbb\xbf"] {
            assert_eq!(said(blank), "the server gave no reason (HTTP status 500)");
        }
        assert_eq!(said(b"\xef\xbb\xbf{\"error\":\"why\"}"), "why (HTTP status 500)");
        assert_eq!(said(b"<p>\r\n"), "<p> (HTTP status 500)");
        // Cut by the limit of what is read, in the middle of a character.
        assert_eq!(said(b"{\"error\":\"a\xc3"), "a (HTTP status 500)");
        let long = format!("{{\"error\":\"a{}\"}}", "\u{e4}".repeat(200 << 10));
        for body in [long.as_bytes(), &long.as_bytes()[..64 << 10], long.split_at(10).1.as_bytes()] {
            let message = said(body);
            let reason = message.strip_suffix("… (HTTP status 500)").unwrap();
            assert!((8191..=8192).contains(&reason.len()) && reason.ends_with('\u{e4}'), "{}", reason.len());
        }
    }

    #[test]
    fn a_503_is_in_doubt_unless_it_is_triton_s_own() {
        assert!(!error(503, br#"{"error":"[request id: 1] Exceeds maximum queue size"}"#).is_in_doubt());
        for body in ["", "<html>", "upstream connect error", r#"{"message":"no upstream"}"#] {
            assert!(error(503, body.as_bytes()).is_in_doubt(), "{body}");
        }
    }

    #[test]
    fn a_name_that_was_escaped_is_hinted_at() {
        let is_hinted = |text: &str| {
            error(404, format!(r#"{{"error":"{text}"}}"#).as_bytes()).to_string().contains("use gRPC")
        };
        assert!(is_hinted("Request for unknown model: 'mod%C3%A8le' is not found"));
        assert!(is_hinted("Request for unknown model: 'a%20b' version 1 is not found"));
        assert!(is_hinted("failed to load '100%25', failed to poll from model repository"));
        for text in [
            "Request for unknown model: 'a' is not found",
            "Request for unknown model: 'a' %20",
            "'%20' is bad",
            "%",
        ] {
            assert!(!is_hinted(text), "{text}");
        }
    }
}
