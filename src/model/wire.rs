//! The HTTP form of operations: paths, JSON bodies, and what an answer that is an error says.

use std::fmt::Display;

use http::Method;
use prost::{Message, Name};
use serde_json::Value;

use crate::{
    error::{self, Error, Result},
    proto,
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

/// The error that an answer is, unless it is a success.
pub(crate) fn succeeded(status: u16, body: &[u8]) -> Result<()> {
    if is_success(status) { Ok(()) } else { Err(error(status, body, None)) }
}

/// Reads a success that has no body to speak of, or the error that the answer is.
pub(crate) fn read_nothing<M: Default>(status: u16, body: &[u8]) -> Result<M> {
    succeeded(status, body).map(|()| M::default())
}

/// Reads the JSON of a success, or the error that the answer is.
pub(crate) fn read_json<M: Message + Name + Default>(status: u16, body: &[u8]) -> Result<M> {
    succeeded(status, body)?;
    proto::from_json(body).map_err(|fault| not_as_it_should_be(status, fault))
}

/// The error of an answer whose JSON is not what the operation's is.
pub(crate) fn not_as_it_should_be(status: u16, fault: impl Display) -> Error {
    Error::broken_answer(format!("the server's JSON is not what it should be: {fault}"))
        .with_http_status(status)
}

/// Whether the body of an error is Triton's own: a JSON object with an `error`.
pub(crate) fn is_own_error(body: &[u8]) -> bool {
    let json = serde_json::from_slice::<Value>(body);
    json.is_ok_and(|json| json.get("error").is_some_and(Value::is_string))
}

/// The error that an answer is. Triton says `{"error": "why"}`, MLServer `{"detail": ...}` too; whatever else a gateway
/// may say is kept, cut short.
/// `location` is the header of that name.
pub(crate) fn error(status: u16, body: &[u8], location: Option<&str>) -> Error {
    const MOST: usize = 8192;
    let said = serde_json::from_slice::<Value>(body).ok();
    let said = said.as_ref().and_then(|json| {
        ["error", "detail"].iter().find_map(|name| json.get(name).filter(|said| !said.is_null()))
    });
    let text = match said {
        Some(Value::String(text)) => text.chars().take(MOST).collect(),
        Some(said) => said.to_string().chars().take(MOST).collect(),
        None => {
            let text = String::from_utf8_lossy(&body[..body.len().min(MOST)]);
            match text.trim() {
                "" => "the server gave no reason".to_owned(),
                text => text.escape_debug().to_string(),
            }
        }
    };
    let mut meaning = error::http_status_meaning(status);
    // A 503 of Triton's own, such as that of a full queue, says that nothing ran; a proxy's does not.
    meaning.in_doubt &= status != 503 || !is_own_error(body);
    let location = location.filter(|_| (300..400).contains(&status));
    let location =
        location.map(|to| format!(", a redirect to '{}', which is not followed", error::excerpt(to)));
    let message = format!("{text} (HTTP status {status}{})", location.unwrap_or_default());
    Error::answered(meaning, message).with_http_status(status)
}
