//! HTTP and gRPC behind one interface: only this module depends on both.

use std::{cell::Cell, ops::ControlFlow, sync::Arc};

use bytes::Bytes;

use crate::{
    error::{Error, Origin, Result, Status},
    grpc::{self, Grpc, GrpcRequest, GrpcResponse},
    headers::Headers,
    http::{self, Http, HttpResponse},
    infer::{InferRequest, InferResult, Stopwatch, place::Places},
    model::{
        self, Operation,
        http_form::{self, HttpRequest, is_success},
    },
    net::{attempts::Failure, dial::Dialer, drive::Driver, pool::ConnectionCounts, tls::TlsConfig},
    options::{CallContext, ClientOptions},
    proto,
    stream::Parts,
    url::{Protocol, Url},
};

type AttemptResult<T> = std::result::Result<T, Failure>;

/// An enum and not a trait object: there are only these two protocols.
#[derive(Debug)]
pub(crate) enum Transport {
    Http(Http),
    Grpc(Grpc),
}

/// An inference request, validated and encoded once for all attempts, before a connection is checked out.
pub(crate) enum Prepared<'a> {
    Http(http::Prepared<'a>),
    Grpc(grpc::Encoded<'a>),
}

/// An encoded control plane request.
pub(crate) enum Request {
    Http(HttpRequest),
    Grpc(GrpcRequest),
}

/// A response to a [`Request`].
pub(crate) enum Response<'t> {
    Http(HttpResponse<'t>),
    Grpc(GrpcResponse<'t>),
}

/// The context of an attempt.
#[derive(Clone, Copy)]
pub(crate) struct AttemptContext<'c> {
    pub driver: &'c Driver,
    pub context: &'c CallContext<'c>,
    /// Whether the attempt needs a new connection.
    pub fresh: bool,
}

impl Transport {
    /// Creates a transport without connecting.
    pub(crate) fn new(url: &Url, options: &ClientOptions) -> Result<Self> {
        let tls = match url.is_tls {
            true => Some(Arc::new(TlsConfig::new(&options.tls, url, &options.log)?)),
            false => None,
        };
        let dialer = Dialer::new(url, &options.connections, tls, options.log.clone());
        Ok(match url.protocol {
            Protocol::Http => Self::Http(Http::new(url, options, dialer)?),
            Protocol::Grpc => Self::Grpc(Grpc::new(url, options, dialer)?),
        })
    }

    pub(crate) fn prepare<'a>(
        &self,
        request: &InferRequest<'a>,
        context: &CallContext,
    ) -> Result<Prepared<'a>> {
        Ok(match self {
            Self::Http(_) => Prepared::Http(http::Prepared::new(request, context)?),
            Self::Grpc(_) => Prepared::Grpc(grpc::Encoded::new(request, context)?),
        })
    }

    /// Prepares an encoded gRPC message.
    pub(crate) fn prepare_message<'a>(
        &self,
        message: &'a [u8],
        context: &CallContext,
    ) -> Result<Prepared<'a>> {
        match self {
            Self::Http(_) => Err(Error::invalid("a gRPC message can't be sent over HTTP")),
            Self::Grpc(_) => Ok(Prepared::Grpc(grpc::Encoded::from_message(message, context)?)),
        }
    }

    /// Checks whether the server can have streams, and the options of one.
    pub(crate) fn check_stream(&self, context: &CallContext) -> Result<()> {
        match self {
            Self::Http(_) => Err(Error::new(
                Status::Unimplemented,
                Origin::Argument,
                "streams are supported over gRPC only: use a URL with grpc:// or grpcs://",
            )),
            Self::Grpc(_) => grpc::check_http_only(context),
        }
    }

    /// Encodes a request of a stream.
    pub(crate) fn encode_for_stream(&self, request: &InferRequest, context: &CallContext) -> Result<Bytes> {
        match self.prepare(request, context)? {
            Prepared::Grpc(message) => message.copy(),
            Prepared::Http(_) => Err(other_protocol()),
        }
    }

    /// Runs a stream to its end; returns its final status.
    pub(crate) async fn stream(
        &self,
        parts: Parts<'_>,
        driver: &Driver,
        context: &CallContext<'_>,
    ) -> Result<()> {
        match self {
            Self::Http(_) => Err(other_protocol()),
            Self::Grpc(grpc) => grpc.stream(parts, driver, context).await,
        }
    }

    pub(crate) async fn infer(
        &self,
        request: &Prepared<'_>,
        places: &mut Places<'_>,
        watch: &mut Stopwatch,
        AttemptContext { driver, context, fresh }: AttemptContext<'_>,
    ) -> AttemptResult<InferResult> {
        match (self, request) {
            (Self::Http(http), Prepared::Http(request)) => {
                http.infer(request, places, fresh, watch, driver, context).await
            }
            (Self::Grpc(grpc), Prepared::Grpc(message)) => {
                grpc.infer(message, places, fresh, watch, driver, context).await
            }
            _ => Err(other_protocol().into()),
        }
    }

    /// Sends an inference request on the I/O thread. Apart from [`infer`](Self::infer), whose future is
    /// several times as large: very many calls may wait at once.
    pub(crate) async fn infer_in_task(
        &self,
        request: &Prepared<'_>,
        places: &mut Places<'_>,
        watch: &mut Stopwatch,
        AttemptContext { driver, context, fresh }: AttemptContext<'_>,
    ) -> AttemptResult<InferResult> {
        match (self, request) {
            (Self::Http(http), Prepared::Http(request)) => {
                http.infer_in_task(request, places, fresh, watch, driver, context).await
            }
            (Self::Grpc(grpc), Prepared::Grpc(message)) => {
                grpc.infer_in_task(message, places, fresh, watch, driver, context).await
            }
            _ => Err(other_protocol().into()),
        }
    }

    pub(crate) fn request<O: Operation>(&self, operation: &O, context: &CallContext) -> Result<Request> {
        Ok(match self {
            Self::Http(_) => {
                let request = operation.to_http()?;
                context.check_request_size(request.body.len() as u64)?;
                Request::Http(request)
            }
            Self::Grpc(grpc) => Request::Grpc(grpc.request(O::GRPC, &operation.to_grpc()?, context)?),
        })
    }

    /// Sends a control plane request. Not generic, so that it is compiled once for all operations.
    pub(crate) async fn call(
        &self,
        request: &Request,
        AttemptContext { driver, context, fresh }: AttemptContext<'_>,
    ) -> AttemptResult<Response<'_>> {
        match (self, request) {
            (Self::Http(http), Request::Http(request)) => {
                Ok(Response::Http(http.call(request, fresh, driver, context).await?))
            }
            (Self::Grpc(grpc), Request::Grpc(request)) => {
                Ok(Response::Grpc(grpc.call(request, fresh, driver, context).await?))
            }
            _ => Err(other_protocol().into()),
        }
    }

    /// Sends a `generate_stream` request and passes its events to `on_event` as they arrive.
    pub(crate) async fn generate_stream(
        &self,
        request: &Request,
        on_event: &mut dyn FnMut(&str) -> ControlFlow<()>,
        AttemptContext { driver, context, fresh }: AttemptContext<'_>,
    ) -> AttemptResult<Headers> {
        match (self, request) {
            (Self::Http(http), Request::Http(request)) => {
                http.generate_stream(request, on_event, fresh, driver, context).await
            }
            _ => Err(other_protocol().into()),
        }
    }

    /// Opens connections of blocking calls until `count` are open. `open_now` is always the number of open
    /// ones.
    pub(crate) async fn connect(
        &self,
        count: usize,
        open_now: &Cell<usize>,
        driver: &Driver,
    ) -> AttemptResult<()> {
        match self {
            Self::Http(http) => http.connect(count, open_now, driver).await,
            Self::Grpc(grpc) => grpc.connect(count, open_now, driver).await,
        }
    }

    pub(crate) fn close_idle(&self) {
        match self {
            Self::Http(http) => http.close_idle(),
            Self::Grpc(grpc) => grpc.close_idle(),
        }
    }

    pub(crate) fn connections(&self) -> ConnectionCounts {
        match self {
            Self::Http(http) => http.connections(),
            Self::Grpc(grpc) => grpc.connections(),
        }
    }
}

impl Response<'_> {
    /// Returns UNAUTHENTICATED for a response of HTTP status 401, which is the same for all operations.
    pub(crate) fn authenticated(self) -> Result<Self> {
        match self {
            Self::Http(HttpResponse { status: status @ 401, headers, body, connection }) => {
                connection.check_in();
                let error = http_form::error(status, string(body).as_bytes());
                Err(error.with_headers(headers))
            }
            response => Ok(response),
        }
    }

    /// Parses the response to an operation. Takes the body and headers, so that it can be called only once.
    pub(crate) fn read<O: Operation>(&mut self, operation: &O, context: &CallContext) -> Result<O::Output> {
        let (outcome, headers) = match self {
            Self::Http(HttpResponse { status, headers, body, .. }) => {
                (read_http(operation, *status, std::mem::take(body), context), headers)
            }
            Self::Grpc(GrpcResponse { headers, message, .. }) => (read_grpc::<O>(message, context), headers),
        };
        let headers = std::mem::replace(headers, Headers::none());
        match outcome {
            Ok((reply, body)) => operation.response(model::Response { reply, body, headers }),
            Err(error) => Err(error.with_headers(headers)),
        }
    }

    /// Returns the connection to its pool, unless the response was malformed.
    #[inline(never)]
    pub(crate) fn end(self, outcome: Option<&Error>) {
        if !outcome.is_some_and(Error::is_malformed_response) {
            match self {
                Self::Http(response) => response.connection.check_in(),
                Self::Grpc(response) => response.connection.check_in(),
            }
        }
    }
}

fn read_http<O: Operation>(
    operation: &O,
    status: u16,
    body: Vec<u8>,
    context: &CallContext,
) -> Result<(O::Reply, Option<String>)> {
    if matches!(status, 204 | 205) {
        // From a proxy: servers of the protocol always send a body.
        let message = format!("unexpected HTTP status {status}");
        return Err(Error::malformed_response(message).with_http_status(status));
    }
    if is_success(status) {
        context.check_parsed_size(body.len() as u64)?;
    }
    let body = string(body);
    if is_success(status) {
        context.check_parts(operation.count_parts(body.as_bytes()))?;
    }
    Ok((operation.read_http(status, body.as_bytes())?, Some(body)))
}

fn read_grpc<O: Operation>(message: &[u8], context: &CallContext) -> Result<(O::Reply, Option<String>)> {
    let outcome = proto::decode(message, context.max_parts());
    let reply = outcome.map_err(|error| match error {
        proto::DecodeError::Parts => context.too_many_parts(),
        proto::DecodeError::Malformed(error) => {
            Error::malformed_response(format!("malformed gRPC message: {error}"))
        }
    })?;
    Ok((reply, None))
}

/// Converts a body to a string, with invalid UTF-8 replaced.
fn string(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Returns the error of a request that was encoded for the other protocol.
fn other_protocol() -> Error {
    Error::internal("the request is encoded for the other protocol")
}
