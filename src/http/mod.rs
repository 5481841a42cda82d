//! Triton over HTTP/REST, on ureq.

mod body;
mod connector;
mod json;

use std::{
    io::{self, Read},
    sync::Arc,
};

use http::{Method, Request, Response, header};
use ureq::{Agent, AsSendBody, Body, SendBody};

use self::connector::{DialerConnector, NoResolver};
use crate::{
    error::{Error, Origin, Result, Status},
    infer::{InferRequest, InferResult},
    model::{
        Operation,
        wire::{self, model_path},
    },
    net::dial::Dialer,
    options::CallContext,
    url::Url,
};

/// The byte size of the JSON part, of a request and of an answer.
const JSON_BYTE_SIZE: &str = "inference-header-content-length";
/// ureq's own buffers of a connection: with small ones large bodies are slow.
const BUFFER_BYTE_SIZE: usize = 1 << 20;
/// As much as is read of an answer that is an error.
const ERROR_BYTE_SIZE: u64 = 64 << 10;

/// One server over HTTP.
#[derive(Debug)]
pub(crate) struct Http {
    agent: Agent,
    /// `http://host:port/base`, without a slash at its end.
    base: String,
}

impl Http {
    pub fn new(url: &Url, dialer: Arc<Dialer>) -> Self {
        let config = Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(concat!("triton-client/", env!("CARGO_PKG_VERSION")))
            .accept("")
            .accept_encoding("")
            .input_buffer_size(BUFFER_BYTE_SIZE)
            .output_buffer_size(BUFFER_BYTE_SIZE)
            .build();
        Self { agent: Agent::with_parts(config, DialerConnector(dialer), NoResolver), base: url.to_string() }
    }

    /// Asks one operation of the control plane.
    pub fn call<O: Operation>(&self, operation: &O, context: &CallContext) -> Result<O::Reply> {
        let asked = operation.to_http()?;
        context.check_request_size(asked.body.len() as u64)?;
        let mut request =
            Request::builder().method(&asked.method).uri(format!("{}{}", self.base, asked.path));
        if asked.method == Method::POST {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let answer = if asked.body.is_empty() && asked.method == Method::GET {
            self.send(request, (), context)?
        } else {
            self.send(request, asked.body, context)?
        };
        let (head, body) = answer.into_parts();
        let mut bytes = Vec::new();
        let limit = context.max_message_byte_size.saturating_add(1);
        body.into_reader()
            .take(limit)
            .read_to_end(&mut bytes)
            .map_err(|error| failed(ureq::Error::from(error), context))?;
        context.check_answer_size(bytes.len() as u64)?;
        operation.read_http(head.status.as_u16(), &bytes)
    }

    /// Runs one inference.
    pub fn infer(&self, request: &InferRequest, context: &CallContext) -> Result<InferResult> {
        let (model, version) = request.model();
        let mut json = Vec::new();
        body::write_header(request, &mut json);
        let tensors: u64 = request.inputs().iter().map(|input| input.byte_size()).sum();
        let byte_size = json.len() as u64 + tensors;
        context.check_request_size(byte_size)?;
        let head = Request::post(format!("{}{}/infer", self.base, model_path(model, version)?))
            .header(header::CONTENT_TYPE, "application/octet-stream")
            .header(header::CONTENT_LENGTH, byte_size)
            .header(JSON_BYTE_SIZE, json.len());
        let mut parts = Parts(std::iter::once(&json[..]).chain(body::tensors(request)).collect());
        let answer = self.send(head, SendBody::from_reader(&mut parts), context)?;
        read_infer_answer(answer, context).map_err(|error| in_time(error, context))
    }

    fn send(
        &self,
        request: http::request::Builder,
        body: impl AsSendBody,
        context: &CallContext,
    ) -> Result<Response<Body>> {
        let request = request.body(body).map_err(|error| {
            Error::new(Status::InvalidArgument, Origin::Argument, "this can't be an HTTP request")
                .with_source(error)
        })?;
        let request =
            self.agent.configure_request(request).timeout_global(context.deadline.remaining()).build();
        self.agent.run(request).map_err(|error| failed(error, context))
    }
}

/// The caller's memory and our JSON, read one after the other. ureq copies what it reads into its send buffer.
struct Parts<'r>(std::collections::VecDeque<&'r [u8]>);

impl Read for Parts<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while let Some(part) = self.0.front_mut() {
            if !part.is_empty() {
                return part.read(into);
            }
            self.0.pop_front();
        }
        Ok(0)
    }
}

fn read_infer_answer(answer: Response<Body>, context: &CallContext) -> Result<InferResult> {
    let (head, body) = answer.into_parts();
    let status = head.status.as_u16();
    let byte_size = body.content_length();
    let mut body = body.into_reader();
    let number = |name: &str| {
        let text = head.headers.get(name).map(|value| value.to_str().unwrap_or("not ASCII"));
        text.map(|text| {
            text.parse::<u64>().map_err(|_| Error::broken_answer(format!("the answer's {name} is '{text}'")))
        })
        .transpose()
    };
    if let Some(encoding) = head.headers.get(header::CONTENT_ENCODING)
        && encoding != "identity"
    {
        return Err(Error::broken_answer(format!(
            "the answer is encoded as {encoding:?}, and nobody asked for that"
        )));
    }
    if !head.status.is_success() {
        let mut text = Vec::new();
        // What arrived before the connection broke is still the server's reason.
        let _ = body.take(ERROR_BYTE_SIZE).read_to_end(&mut text);
        return Err(wire::error(status, &text));
    }
    body::read_result(&mut body, byte_size, number(JSON_BYTE_SIZE)?, context)
        .map_err(|error| error.with_http_status(status))
}

/// A reader's error has ureq's inside of it, and that may be a deadline.
fn in_time(error: Error, context: &CallContext) -> Error {
    let is_timeout = std::error::Error::source(&error)
        .and_then(|source| source.downcast_ref::<io::Error>())
        .is_some_and(|source| source.kind() == io::ErrorKind::TimedOut || is_ureq_timeout(source));
    if is_timeout { context.timed_out("receiving the answer").in_doubt(true) } else { error }
}

fn is_ureq_timeout(error: &io::Error) -> bool {
    error
        .get_ref()
        .and_then(|inner| inner.downcast_ref())
        .is_some_and(|e| matches!(e, ureq::Error::Timeout(_)))
}

/// What ureq's error means. Nothing was sent when the dialer failed; else the request, or a part of it, was.
fn failed(error: ureq::Error, context: &CallContext) -> Error {
    match error {
        ureq::Error::Other(inner) => match inner.downcast::<Error>() {
            Ok(own) => *own,
            Err(inner) => Error::connection("the call failed").in_doubt(true).with_source(inner),
        },
        ureq::Error::Timeout(_) => context.timed_out("waiting for the answer").in_doubt(true),
        ureq::Error::Io(error) if is_ureq_timeout(&error) => {
            context.timed_out("waiting for the answer").in_doubt(true)
        }
        ureq::Error::Io(error) => Error::connection("the connection broke").in_doubt(true).with_source(error),
        error => Error::broken_answer("what came back is not HTTP as it should be").with_source(error),
    }
}
