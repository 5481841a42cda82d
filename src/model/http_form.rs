//! The HTTP form of operations: request paths and JSON bodies, and the reading of responses and their errors.

use std::fmt::Display;

use http::Method;
use jiter::{Jiter, Peek};
use prost::{Message, Name};
use serde_json::Value;

use crate::{
    error::{self, Error, Result, Status, excerpt, reason},
    error_body, proto, reasons, tls_port,
    url::push_escaped,
};

/// A request over HTTP, without the server's base path.
#[derive(Debug)]
pub(crate) struct HttpRequest {
    pub method: Method,
    /// Beginning with `/v2`, escaped.
    pub path: String,
    /// JSON, or empty.
    pub body: Vec<u8>,
}

impl HttpRequest {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), body: Vec::new() }
    }

    pub(crate) fn post(path: impl Into<String>, json: &Value) -> Self {
        Self::post_text(path, json.to_string())
    }

    /// Creates a request with JSON text.
    pub(crate) fn post_text(path: impl Into<String>, json: impl Into<Vec<u8>>) -> Self {
        Self { method: Method::POST, path: path.into(), body: json.into() }
    }
}

/// Returns `/v2/models/NAME[/versions/VERSION]`, escaped.
///
/// A server does not decode the name, so that a `/` cannot be sent: a name with one is refused here instead
/// of reaching another endpoint.
pub(crate) fn model_path(name: &str, version: &str) -> Result<String> {
    let mut path = String::from("/v2/models/");
    push_segment(&mut path, "model name", name)?;
    if !version.is_empty() {
        path.push_str("/versions/");
        push_segment(&mut path, "model version", version)?;
    }
    Ok(path)
}

/// Appends a path segment, escaped. Returns INVALID_ARGUMENT for text that cannot be a segment.
pub(crate) fn push_segment(path: &mut String, what: &str, text: &str) -> Result<()> {
    if text.contains('/') || matches!(text, "" | "." | "..") {
        return Err(Error::invalid(format!(
            "{what} '{text}' cannot be a segment of a URL path, which HTTP requires"
        )));
    }
    // Only what must be is escaped: Triton does not decode names.
    push_escaped(path, text, b"!$&'()*+,;=:@");
    Ok(())
}

pub(crate) fn is_success(status: u16) -> bool {
    matches!(status, 200..=299)
}

/// Returns the JSON of a success, without a byte order mark, or the error of the response.
pub(crate) fn succeeded(status: u16, body: &[u8]) -> Result<&[u8]> {
    if is_success(status) { Ok(proto::without_bom(body)) } else { Err(error(status, body)) }
}

/// Reads a success whose body has no information, blank or a JSON object, or the error of the response.
pub(crate) fn read_nothing<M: Default>(status: u16, body: &[u8]) -> Result<M> {
    let body = succeeded(status, body)?;
    if body.trim_ascii().is_empty() {
        return Ok(M::default());
    }
    let what = "an empty body or a JSON object";
    check_object(status, body, what)?;
    match error_body::embedded_error(body) {
        Some(_) => Err(unexpected(status, what, body)),
        None => Ok(M::default()),
    }
}

/// Returns whether a JSON object has a member of that name.
pub(crate) fn has_member(body: &[u8], name: &str) -> bool {
    let mut reader = Jiter::new(body).with_allow_inf_nan();
    let mut next = reader.next_object().ok().flatten().map(|own| own == name);
    while next == Some(false) && reader.next_skip().is_ok() {
        next = reader.next_key().ok().flatten().map(|own| own == name);
    }
    next == Some(true)
}

/// Returns the value of a boolean member of a JSON object that [`check_object`] accepts; false if the name
/// occurs with both values. `None` for any other body.
pub(crate) fn bool_member(json: &[u8], name: &str) -> Option<bool> {
    let plain = without_control_characters(json);
    let mut reader = Jiter::new(&plain).with_allow_inf_nan();
    let mut value = None;
    let mut next = reader.next_object().ok()?.map(|own| own == name);
    while let Some(is_named) = next {
        match reader.peek().ok()? {
            peek @ (Peek::True | Peek::False) if is_named => {
                let member = reader.known_bool(peek).ok()?;
                value = Some(member && value != Some(false));
            }
            peek => reader.known_skip(peek).ok()?,
        }
        next = reader.next_key().ok()?.map(|own| own == name);
    }
    reader.finish().ok()?;
    value
}

/// Replaces control characters, which strings must not contain, by blanks.
fn without_control_characters(json: &[u8]) -> Vec<u8> {
    json.iter().map(|byte| (*byte).max(b' ')).collect()
}

/// Reads the JSON of a success, or the error of the response.
pub(crate) fn read_json<M: Message + Name + Default>(status: u16, body: &[u8]) -> Result<M> {
    let body = succeeded(status, body)?;
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(unexpected(status, "a JSON object", body));
    }
    proto::from_json(body).map_err(|fault| malformed_json(status, fault))
}

/// Reads metadata or a configuration, or the error of the response. At least one known member must be
/// present. The name is not compared with the requested one: behind ModelMesh (`m__isvc-3642375d03`), Seldon
/// Core 2 (`m_1`) and gateways that rewrite paths, the server knows the model by another name.
pub(crate) fn read_description<M: Message + Name + Default + PartialEq>(
    status: u16,
    body: &[u8],
    what: &str,
) -> Result<M> {
    let message: M = read_json(status, body)?;
    match message == M::default() {
        true => Err(unexpected(status, what, body)),
        false => Ok(message),
    }
}

/// Returns INTERNAL unless the body is a JSON object. `NaN` and `Infinity`, which Triton writes, and control
/// characters in strings are accepted.
pub(crate) fn check_object(status: u16, body: &[u8], expected: &str) -> Result<()> {
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(unexpected(status, expected, body));
    }
    let Err(fault) = skip_object(body) else { return Ok(()) };
    skip_object(&without_control_characters(body)).map_err(|_| malformed_json(status, fault))
}

fn skip_object(json: &[u8]) -> std::result::Result<(), String> {
    let mut reader = Jiter::new(json).with_allow_inf_nan();
    let outcome = reader.peek().and_then(|peek| reader.known_skip(peek)).and_then(|()| reader.finish());
    outcome.map_err(|fault| fault.description(&reader))
}

/// Returns the error in the body of a success, whose status was sent before the error: a JSON object with
/// nothing else. Its code is not known.
pub(crate) fn embedded_error(status: u16, body: &[u8]) -> Option<Error> {
    error_body::embedded_error(body).map(|text| embedded(status, &text))
}

/// Returns an embedded error with this text.
pub(crate) fn embedded(status: u16, text: &str) -> Error {
    let meaning = error::Meaning { status: Status::Unknown, retryable: false, in_doubt: false };
    let message = format!("{} (in a response of HTTP status {status})", reason(text));
    Error::from_response(meaning, message).with_http_status(status)
}

/// Returns INTERNAL for a success whose body is not a response of the operation.
pub(crate) fn unexpected(status: u16, expected: &str, body: &[u8]) -> Error {
    let got = error_body::describe(body);
    Error::malformed_response(format!("invalid response: expected {expected}, got {got}"))
        .with_http_status(status)
}

/// Returns INTERNAL for a success whose JSON is malformed or does not match the operation's message.
pub(crate) fn malformed_json(status: u16, fault: impl Display) -> Error {
    // The text may quote the JSON.
    let fault = fault.to_string();
    Error::malformed_response(format!("malformed JSON in the response: {}", excerpt(&fault)))
        .with_http_status(status)
}

/// Returns the error of a response, from its status and the reason in its body ([`error_body::reason`]), of
/// which at most 8 KiB are shown.
pub(crate) fn error(status: u16, body: &[u8]) -> Error {
    error_of(status, body, false)
}

/// Returns the same error; `is_binary` if the request had binary tensor data, which not every server
/// supports.
pub(crate) fn error_of(status: u16, body: &[u8], is_binary: bool) -> Error {
    if let Some(error) = tls_port::error_of_page(status, body) {
        return error.with_http_status(status);
    }
    let text = error_body::reason(body);
    let mut meaning = error::http_status_meaning(status);
    let is_tritons = reasons::is_tritons(body);
    if status == 503 && is_tritons && !reasons::leaves_doubt(&text) {
        meaning.in_doubt = false;
    }
    let hint = match text.as_str() {
        text if is_unknown_by_its_escapes(text) => ESCAPED_NAME,
        text if text.contains("--http-max-input-size") => NO_LIMIT_OVER_GRPC,
        text if is_binary && is_typical_of_binary_data(status, text) => NO_BINARY,
        text => reasons::hint(meaning.status, text),
    };
    let message = format!("{} (HTTP status {status}){hint}", reason(&text));
    Error::from_response(meaning, message)
        .with_http_status(status)
        .with_servers_own(is_tritons && reasons::is_servers_own(&text))
}

/// Triton since 2.62 limits the JSON that it reads and the bodies that it decompresses over HTTP.
const NO_LIMIT_OVER_GRPC: &str = "; gRPC has no such limit";

/// MLServer, aissemble and others have no binary tensor data extension.
const NO_BINARY: &str = "; the server may not support binary tensor data: send the inputs as JSON (set_json)";

/// Whether an error is typical of a server that parsed a binary request as JSON: FastAPI's rejection of the
/// whole body, a traceback of MLServer, or a text without a reason.
fn is_typical_of_binary_data(status: u16, text: &str) -> bool {
    match status {
        422 => text.starts_with("body: "),
        500 => text.starts_with("UnicodeDecodeError") || text == "Internal Server Error",
        _ => false,
    }
}

/// Triton does not decode names in a URL, and other names cannot be written unescaped.
const ESCAPED_NAME: &str =
    "; Triton does not decode a name that is escaped in a URL: use gRPC for this model";

/// Whether a model is unknown to Triton because its name was escaped.
fn is_unknown_by_its_escapes(text: &str) -> bool {
    let name = ["Request for unknown model: '", "failed to load '"]
        .iter()
        .find_map(|start| text.strip_prefix(start));
    let is_escape = |digits: &[u8]| digits.len() >= 2 && digits[..2].iter().all(u8::is_ascii_hexdigit);
    let name = name.and_then(|rest| rest.split('\'').next()).unwrap_or_default();
    name.split('%').skip(1).any(|after| is_escape(after.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_cut_between_characters_and_a_blank_reason_is_replaced() {
        let message_of = |body: &[u8]| error(500, body).to_string();
        for blank in [&b""[..], b" \n", br#"{"error":""}"#, br#"{"error":" "}"#, b"\xef\xbb\xbf"] {
            assert_eq!(message_of(blank), "the server gave no reason (HTTP status 500)");
        }
        assert_eq!(message_of(b"\xef\xbb\xbf{\"error\":\"why\"}"), "why (HTTP status 500)");
        assert_eq!(message_of(b"a\r\nb\r\n"), "a\\r\\nb (HTTP status 500)");
        // Cut in the middle of a character, by the limit of what is read.
        assert_eq!(message_of(b"{\"error\":\"a\xc3"), "a (HTTP status 500)");
        let long = format!("{{\"error\":\"a{}\"}}", "\u{e4}".repeat(200 << 10));
        for body in [long.as_bytes(), &long.as_bytes()[..64 << 10], long.split_at(10).1.as_bytes()] {
            let message = message_of(body);
            let reason = message.strip_suffix("… (HTTP status 500)").unwrap();
            assert!((8191..=8192).contains(&reason.len()) && reason.ends_with('\u{e4}'), "{}", reason.len());
        }
    }

    #[test]
    fn a_503_is_in_doubt_unless_it_is_triton_s_own() {
        assert!(!error(503, br#"{"error":"[request id: 1] Exceeds maximum queue size"}"#).is_in_doubt());
        for body in [
            "",
            "<html>",
            "upstream connect error",
            r#"{"message":"no upstream"}"#,
            r#"{"error":"upstream request timeout"}"#,
            r#"{"error":"connection termination"}"#,
            r#"{"error":" "}"#,
            r#"{"error":"in ensemble 'e', [request id: 1] Exceeds maximum queue size"}"#,
        ] {
            assert!(error(503, body.as_bytes()).is_in_doubt(), "{body}");
        }
    }

    #[test]
    fn unsupported_requests_have_advice_in_their_errors() {
        let is_advised = |status, body: &str, is_binary| {
            let message = error_of(status, body.as_bytes(), is_binary).to_string();
            message.contains("set_json")
        };
        let detail = r#"{"detail":[{"type":"t","loc":["body"],"msg":"not a dictionary","input":"x"}]}"#;
        // The JSON was parsed.
        let within = r#"{"detail":[{"loc":["body","inputs",0,"shape"],"msg":"not a list"}]}"#;
        let trace = "Traceback (most recent call last):\n  File \"x\", line 1, in f\nUnicodeDecodeError: why";
        for (status, body) in [(422, detail), (500, trace), (500, "Internal Server Error")] {
            assert!(is_advised(status, body, true) && !is_advised(status, body, false), "{body}");
        }
        for (status, body) in
            [(422, r#"{"error":"x"}"#), (500, r#"{"error":"x"}"#), (400, detail), (500, "x"), (422, within)]
        {
            assert!(!is_advised(status, body, true), "{body}");
        }
        let limit = br#"{"error":"request JSON size of 9 bytes exceeds the maximum allowed input size of 8 bytes. Use --http-max-input-size to increase the limit."}"#;
        assert!(error(400, limit).to_string().ends_with("; gRPC has no such limit"));
    }

    #[test]
    fn an_escaped_name_is_explained() {
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
