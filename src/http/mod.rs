//! Triton over HTTP/REST: the control plane on ureq, inference on connections of our own.

mod answer;
mod body;
mod connection;
mod connector;
mod elements;
mod generate;
mod json;
mod offline;

pub use offline::HttpBody;

use std::{
    borrow::Cow,
    error::Error as StdError,
    io::{self, Read},
    sync::Arc,
};

use http::{HeaderMap, Method, Request, Response, Uri, header};
use ureq::{Agent, AsSendBody, Body};

use self::{
    connection::{Http1, Target},
    connector::{DialerConnector, NoResolver},
};
use crate::{
    error::{Error, Origin, Result, Status},
    headers::Headers,
    infer::{InferRequest, InferResult, Stopwatch, place::Places},
    model::{
        Answered, Operation,
        wire::{HttpRequest, is_success, model_path},
    },
    net::{dial::Dialer, pool::Pool},
    options::CallContext,
    url::{Protocol, Url},
};

/// ureq's own buffers of a connection: with small ones large bodies are slow.
const BUFFER_BYTE_SIZE: usize = 1 << 20;
/// As much as is read of an answer that is an error.
const REASON_BYTE_SIZE: u64 = 64 << 10;
/// From here on a body of the control plane is large.
const LARGE_BYTE_SIZE: usize = 1 << 20;
const USER_AGENT: &str = concat!("triton-client/", env!("CARGO_PKG_VERSION"));

/// One server over HTTP.
#[derive(Debug)]
pub(crate) struct Http {
    agent: Agent,
    /// `http://host:port/base`, without a slash at its end.
    base: String,
    /// The host and the base path, as they stand in the head of a request.
    host: String,
    base_path: String,
    dialer: Arc<Dialer>,
    /// Of the inference path.
    connections: Pool<Http1>,
}

impl Http {
    pub fn new(url: &Url, dialer: Arc<Dialer>) -> Result<Self> {
        let config = Agent::config_builder()
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .user_agent(USER_AGENT)
            .accept("")
            .accept_encoding("")
            .input_buffer_size(BUFFER_BYTE_SIZE)
            .output_buffer_size(BUFFER_BYTE_SIZE)
            .build();
        // Without a zone.
        let base = format!("http://{}{}", url.authority(), url.base_path);
        Uri::try_from(&base)
            .map_err(|error| Error::invalid("this can't be asked over HTTP").with_source(error))?;
        let connector = DialerConnector(dialer.clone());
        Ok(Self {
            agent: Agent::with_parts(config, connector, NoResolver),
            base,
            host: url.authority(),
            base_path: url.base_path.clone(),
            dialer,
            connections: Pool::default(),
        })
    }

    /// Asks one operation of the control plane.
    pub fn call<O: Operation>(&self, operation: &O, context: &CallContext) -> Result<Answered<O::Reply>> {
        let asked = operation.to_http()?;
        let (status, headers, body) = match asked.body.len() {
            ..LARGE_BYTE_SIZE => self.ask_whole(asked, context)?,
            _ => self.post_large(&asked, context)?,
        };
        let outcome = text(status, body, context).and_then(|body| {
            if is_success(status) {
                context.check_parts(operation.count_parts(body.as_bytes()))?;
            }
            Ok((operation.read_http(status, body.as_bytes())?, body))
        });
        match outcome {
            Ok((reply, body)) => Ok(Answered { reply, body: Some(body), headers }),
            Err(error) => Err(error.with_headers(headers)),
        }
    }

    /// By ureq: the status, the headers, the body.
    fn ask_whole(&self, asked: HttpRequest, context: &CallContext) -> Result<(u16, Headers, Vec<u8>)> {
        let (head, body) = self.ask(asked, context)?.into_parts();
        let headers = Headers::from_metadata(head.headers, HeaderMap::new());
        match read_body(head.status.as_u16(), body, context) {
            Ok(body) => Ok((head.status.as_u16(), headers, body)),
            Err(error) => Err(error.with_headers(headers)),
        }
    }

    /// The same for a large body, on a connection of the inference path, which hears what the server says to the head of a
    /// body that it does not want: ureq sends the whole first, and meets a closed connection.
    fn post_large(&self, asked: &HttpRequest, context: &CallContext) -> Result<(u16, Headers, Vec<u8>)> {
        context.check_request_size(asked.body.len() as u64)?;
        let target = self.target(&asked.path, "");
        self.connections.run(&self.dialer, context.deadline, &mut Stopwatch::start(), |connection, watch| {
            connection.post(target, &asked.body, watch, context)
        })
    }

    fn target<'t>(&'t self, path: &'t str, endpoint: &'t str) -> Target<'t> {
        Target { host: &self.host, base_path: &self.base_path, path, endpoint }
    }

    /// Sends a request of the control plane, and reads the head of its answer.
    fn ask(&self, asked: HttpRequest, context: &CallContext) -> Result<Response<Body>> {
        context.check_request_size(asked.body.len() as u64)?;
        let query = if context.query.is_empty() { "" } else { "?" };
        let uri = format!("{}{}{query}{}", self.base, asked.path, context.query);
        let mut request = Request::builder().method(&asked.method).uri(uri);
        for (name, value) in context.headers(Protocol::Http) {
            request = request.header(name, value);
        }
        if asked.method == Method::POST {
            request = request.header(header::CONTENT_TYPE, "application/json");
            return self.send(request, asked.body, context);
        }
        self.send(request, (), context)
    }

    /// Runs one inference, on a connection of its own for as long as it takes.
    pub fn infer(
        &self,
        request: &InferRequest,
        places: &mut Places,
        context: &CallContext,
    ) -> Result<InferResult> {
        let mut watch = Stopwatch::start();
        // Before a connection is made for it.
        context.check_request_size(request.tensor_byte_size())?;
        let (model, version) = request.model();
        let model_path = model_path(model, version)?;
        let target = match &context.route.path {
            None => self.target(&model_path, "/infer"),
            Some(path) => self.target(path, ""),
        };
        self.connections.run(&self.dialer, context.deadline, &mut watch, |connection, watch| {
            connection.infer(target, request, places, watch, context)
        })
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

/// As much of a body as is taken apart, and one byte more; of one that is an error the beginning, and what arrived before
/// the connection broke.
fn read_body(status: u16, body: Body, context: &CallContext) -> Result<Vec<u8>> {
    let limit = match is_success(status) {
        true => context.max_parsed_byte_size().saturating_add(1),
        false => REASON_BYTE_SIZE,
    };
    let mut bytes = Vec::new();
    match body.into_reader().take(limit).read_to_end(&mut bytes) {
        Err(error) if is_success(status) => Err(failed(ureq::Error::from(error), context)),
        _ => Ok(bytes),
    }
}

/// A body as text, in which what is not UTF-8 is replaced.
fn text(status: u16, mut bytes: Vec<u8>, context: &CallContext) -> Result<String> {
    match is_success(status) {
        true => context.check_parsed_size(bytes.len() as u64)?,
        false => bytes.truncate(REASON_BYTE_SIZE as usize),
    }
    Ok(match String::from_utf8_lossy(&bytes) {
        // It is UTF-8 already: no copy.
        Cow::Borrowed(_) => String::from_utf8(bytes).unwrap_or_default(),
        Cow::Owned(text) => text,
    })
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
        error => no_http(error),
    }
}

fn no_http(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Error {
    Error::broken_answer("what came back is not HTTP as it should be").with_source(error)
}
