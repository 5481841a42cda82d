//! Triton's generate endpoints: JSON in and JSON out, for models of text.

use jiter::{Jiter, Peek};

use super::{
    Operation, Response, check_model,
    http_form::{self, HttpRequest, model_path},
    no_form,
};
use crate::{
    error::{Error, Origin, Result, Status},
    headers::Headers,
};

/// What `generate` response.
#[derive(Debug)]
#[non_exhaustive]
pub struct Generated {
    /// The answer, a JSON object: `{"model_name": ..., "model_version": ..., "text_output": ...}`.
    pub json: String,
    /// The headers of the answer.
    pub headers: Headers,
}

/// Both endpoints, by what is behind the model's path.
pub(crate) struct Generate<'a> {
    pub model: &'a str,
    pub version: &'a str,
    pub json: &'a str,
    pub is_stream: bool,
}

impl Operation for Generate<'_> {
    type Message = ();
    type Reply = ();
    type Output = Generated;

    fn what(&self) -> String {
        let endpoint = if self.is_stream { "generate_stream" } else { "generate" };
        format!("{endpoint} of model '{}'", self.model)
    }

    fn to_grpc(&self) -> Result<()> {
        let advice = "a client of http:// has it, and over gRPC the model takes an inference, or a stream if it is decoupled";
        Err(no_form("generate", "gRPC", advice))
    }

    fn to_http(&self) -> Result<HttpRequest> {
        check_model(self.model, self.version)?;
        check_object(self.json)?;
        let path = model_path(self.model, self.version)?;
        let endpoint = if self.is_stream { "/generate_stream" } else { "/generate" };
        Ok(HttpRequest::post_text(path + endpoint, self.json))
    }

    /// It is handed on whole.
    fn count_parts(&self, _: &[u8]) -> u64 {
        0
    }

    fn read_http(&self, status: u16, body: &[u8]) -> Result<()> {
        let body = http_form::succeeded(status, body)?;
        http_form::check_object(status, body, "a JSON object")?;
        http_form::embedded_error(status, body).map_or(Ok(()), Err)
    }

    fn response(&self, response: Response<()>) -> Result<Generated> {
        let mut json = response.body.unwrap_or_default();
        // Parsers of JSON refuse a byte order mark.
        if json.starts_with('\u{feff}') {
            json.remove(0);
        }
        Ok(Generated { json, headers: response.headers })
    }
}

/// INVALID_ARGUMENT for what is no JSON object. NaN and Infinity are let through, as Triton does.
fn check_object(json: &str) -> Result<()> {
    let invalid = |what: String| Error::invalid(format!("the request is no JSON object: {what}"));
    let mut reader = Jiter::new(json.as_bytes()).with_allow_inf_nan();
    let outcome = reader.peek().and_then(|peek| reader.known_skip(peek).map(|()| peek));
    match outcome.and_then(|peek| reader.finish().map(|()| peek)) {
        Ok(Peek::Object) => Ok(()),
        Ok(_) => Err(invalid("it is another value".to_owned())),
        Err(fault) => Err(invalid(fault.description(&Jiter::new(json.as_bytes())))),
    }
}

/// The error of a caller that wants no more events.
pub(crate) fn cancelled() -> Error {
    Error::new(Status::Cancelled, Origin::Client, "the callback wanted no more events").in_doubt(true)
}
