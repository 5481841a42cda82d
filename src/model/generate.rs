//! Triton's generate endpoints: JSON requests to models with text inputs and outputs.

use jiter::{Jiter, Peek};

use super::{
    Operation, Response, check_model,
    http_form::{self, HttpRequest, model_path},
    no_form,
};
use crate::{
    error::{Error, Origin, Result, Status, excerpt},
    headers::Headers,
};

/// A generated response.
#[derive(Debug)]
#[non_exhaustive]
pub struct Generated {
    /// The response, a JSON object: `{"model_name": ..., "model_version": ..., "text_output": ...}`.
    pub json: String,
    /// The headers of the response.
    pub headers: Headers,
}

/// A request to either endpoint.
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
        format!("{endpoint} of model '{}'", excerpt(self.model))
    }

    fn to_grpc(&self) -> Result<()> {
        let advice = "use a client with an http:// URL; over gRPC, send an inference request, or open a stream if the model is decoupled";
        Err(no_form("generate", "gRPC", advice))
    }

    fn to_http(&self) -> Result<HttpRequest> {
        check_model(self.model, self.version)?;
        check_object(self.json)?;
        let path = model_path(self.model, self.version)?;
        let endpoint = if self.is_stream { "/generate_stream" } else { "/generate" };
        Ok(HttpRequest::post_text(path + endpoint, self.json))
    }

    /// Returns 0: the body is not parsed into values.
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
        // JSON parsers reject a byte order mark.
        if json.starts_with('\u{feff}') {
            json.remove(0);
        }
        Ok(Generated { json, headers: response.headers })
    }
}

/// Returns INVALID_ARGUMENT unless the text is a JSON object. NaN and Infinity are accepted, as by Triton.
fn check_object(json: &str) -> Result<()> {
    let invalid = |what: String| Error::invalid(format!("the request is not a JSON object: {what}"));
    let mut reader = Jiter::new(json.as_bytes()).with_allow_inf_nan();
    let outcome = reader.peek().and_then(|peek| reader.known_skip(peek).map(|()| peek));
    match outcome.and_then(|peek| reader.finish().map(|()| peek)) {
        Ok(Peek::Object) => Ok(()),
        Ok(_) => Err(invalid("it is another JSON value".to_owned())),
        Err(error) => Err(invalid(error.description(&Jiter::new(json.as_bytes())))),
    }
}

/// Returns the error of a stream that the callback ended.
pub(crate) fn cancelled() -> Error {
    Error::new(Status::Cancelled, Origin::Client, "the callback ended the stream").in_doubt(true)
}
