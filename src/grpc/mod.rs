//! Triton over gRPC: the control plane on tonic, inference on lanes of our own.

mod checked;
mod codec;
mod connector;
mod contents;
mod exchange;
mod lane;
mod message;
mod messages;
mod offline;
mod parameters;
mod runtime;

use std::{
    error::Error as StdError,
    future::Future,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderMap, Uri, uri::PathAndQuery};
use prost::Message;
use tonic::{
    Code, Request,
    client::Grpc as Stub,
    metadata::MetadataMap,
    transport::{Channel, Endpoint},
};

use self::{
    checked::{Checked, is_grpc, not_grpc},
    codec::Encoded,
    connector::DialerConnector,
    lane::{Lane, Stopped},
    messages::Messages,
    runtime::Runtime,
};
use crate::{
    error::{Error, Origin, Result, Status},
    headers::Headers,
    infer::{InferRequest, InferResult, Stopwatch, place::Places},
    lend::Loan,
    model::{Answered, Operation},
    net::{
        dial::Dialer,
        pool::{Failure, Pool},
    },
    options::{CallContext, Route},
    proto, reasons,
    url::{Protocol, Url},
};

const MODEL_INFER: &str = "/inference.GRPCInferenceService/ModelInfer";
const USER_AGENT: &str = concat!("triton-client/", env!("CARGO_PKG_VERSION"));
/// A message is lent in pieces of at most this size: what has to be copied of it when a call ends early is one of them.
const PIECE_BYTE_SIZE: usize = 1 << 20;
/// As much as the server may send of one answer before it hears that we read: with HTTP/2's 64 KiB large answers come
/// in small steps.
const STREAM_WINDOW: u32 = 4 << 20;
const CONNECTION_WINDOW: u32 = i32::MAX as u32;

/// One server over gRPC. The control plane has one connection, opened by its first call and again when it is lost;
/// inference has lanes.
#[derive(Debug)]
pub(crate) struct Grpc {
    authority: String,
    infer_uri: Uri,
    dialer: Arc<Dialer>,
    lanes: Pool<Lane>,
    connector: DialerConnector,
    channel: OnceLock<Channel>,
    runtime: Runtime,
}

impl Grpc {
    pub fn new(url: &Url, dialer: Arc<Dialer>) -> Result<Self> {
        let authority = url.authority();
        let infer_uri = Uri::try_from(format!("http://{authority}{MODEL_INFER}"))
            .map_err(|error| Error::invalid("this host can't be asked over gRPC").with_source(error))?;
        Ok(Self {
            authority,
            infer_uri,
            dialer: dialer.clone(),
            lanes: Pool::default(),
            connector: DialerConnector { dialer, connected: Arc::new(AtomicBool::new(false)) },
            channel: OnceLock::new(),
            runtime: Runtime::default(),
        })
    }

    /// Asks one operation of the control plane.
    pub fn call<O: Operation>(&self, operation: &O, context: &CallContext) -> Result<Answered<O::Reply>> {
        check_http_only(context)?;
        let message = operation.to_grpc()?.encode_to_vec();
        let (headers, message) = self.exchange(O::GRPC, message.into(), context)?;
        let outcome = proto::decode(&message, context.max_parts()).map_err(|fault| match fault {
            proto::Fault::Parts => context.too_many_parts(),
            proto::Fault::Malformed(fault) => {
                Error::broken_answer(format!("the server's message is not what it should be: {fault}"))
            }
        });
        match outcome {
            Ok(reply) => Ok(Answered { reply, body: None, headers }),
            Err(error) => Err(error.with_headers(headers)),
        }
    }

    /// Runs one inference, on a lane of its own for as long as it takes.
    pub fn infer(
        &self,
        request: &InferRequest,
        places: &mut Places,
        context: &CallContext,
    ) -> Result<InferResult> {
        let watch = Stopwatch::start();
        self.send(&Encoded::new(request, context)?, places, watch, context)
    }

    /// Runs one inference whose message was made before.
    pub fn infer_message(
        &self,
        message: &[u8],
        places: &mut Places,
        context: &CallContext,
    ) -> Result<InferResult> {
        let watch = Stopwatch::start();
        self.send(&Encoded::made(message, context)?, places, watch, context)
    }

    fn send(
        &self,
        message: &Encoded,
        places: &mut Places,
        mut watch: Stopwatch,
        context: &CallContext,
    ) -> Result<InferResult> {
        check_http_only(context)?;
        self.lanes.run(&self.dialer, context.deadline, &mut watch, |lane: &mut Lane, watch| {
            watch.lap(|times| &mut times.queue);
            let (before, _) = lane.sent();
            let loan = Loan::new(message.parts(), PIECE_BYTE_SIZE);
            let line = lane.line();
            let head = exchange::head(&self.infer_uri, context.deadline.remaining(), context);
            let call = exchange::infer(lane.sender(), head, &loan, &line, places, watch, context);
            let outcome = lane.drive(context.deadline, call);
            // Nothing that left the lane: nothing that the server can have seen.
            let unsent = lane.sent().0 == before;
            let failure = match outcome {
                Ok(Ok(result)) => {
                    lane.take_back(loan, false);
                    return Ok(result);
                }
                Ok(Err(failure)) => {
                    lane.take_back(loan, true);
                    failure
                }
                // A server that did not answer may be gone: the next call shall not wait for it too.
                Err(stopped) => {
                    lane.close();
                    drop(loan);
                    stopped.told(context)
                }
            };
            let is_broken = failure.error.status() == Status::Unavailable;
            Err(match unsent {
                true => Failure { error: failure.error.in_doubt(false), unseen: is_broken },
                false => failure,
            })
        })
    }

    /// One message there and one back, within the deadline. Of bytes, and so compiled once for all operations.
    fn exchange(
        &self,
        method: &'static str,
        message: Bytes,
        context: &CallContext,
    ) -> Result<(Headers, Bytes)> {
        context.check_request_size(message.len() as u64)?;
        let limit = usize::try_from(context.max_parsed_byte_size()).unwrap_or(usize::MAX);
        let mut stub = Stub::new(Checked(self.channel()?)).max_decoding_message_size(limit);
        let mut request = Request::new(message);
        let headers = context.headers(Protocol::Grpc);
        let headers = headers.map(|(name, value)| (name.clone(), value.clone()));
        *request.metadata_mut() = MetadataMap::from_headers(headers.collect());
        let left = context.deadline.remaining();
        if let Some(left) = left {
            // The server hears of the deadline too, and gives up what nobody waits for.
            request.set_timeout(left);
        }
        let call = async move {
            stub.ready().await.map_err(tonic::Status::from_error)?;
            stub.unary(request, PathAndQuery::from_static(method), Messages).await
        };
        let Some(outcome) = self.runtime.run(within(left, call))? else {
            return Err(self.timed_out(context));
        };
        let (metadata, message, _) =
            outcome.map_err(|status: tonic::Status| self.failed(&status, context))?.into_parts();
        Ok((Headers::from_metadata(metadata.into_headers(), HeaderMap::new()), message))
    }

    fn channel(&self) -> Result<Channel> {
        if let Some(channel) = self.channel.get() {
            return Ok(channel.clone());
        }
        let endpoint = Endpoint::from_shared(format!("http://{}", self.authority))
            .map_err(|error| Error::invalid("this host can't be asked over gRPC").with_source(error))?
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .user_agent(USER_AGENT)
            .map_err(|error| Error::invalid("this user agent can't be sent").with_source(error))?;
        let runtime = self.runtime.handle()?;
        // tonic starts the channel's task on the runtime of the thread that makes it.
        let _entered = runtime.enter();
        Ok(self.channel.get_or_init(|| endpoint.connect_with_connector_lazy(self.connector.clone())).clone())
    }

    fn timed_out(&self, context: &CallContext) -> Error {
        let connected = self.connector.connected.load(Ordering::Relaxed);
        let doing = if connected { "waiting for the answer" } else { "connecting" };
        context.timed_out(doing).in_doubt(connected)
    }

    /// What tonic's status means: the server's own word, or a failure on the way, which has a source.
    fn failed(&self, status: &tonic::Status, context: &CallContext) -> Error {
        if matches!(status.code(), Code::Cancelled | Code::DeadlineExceeded) && context.deadline.is_over() {
            return self.timed_out(context);
        }
        let mut source = status.source();
        while let Some(error) = source {
            if let Some(own) = error.downcast_ref::<Error>() {
                return own.clone();
            }
            source = error.source();
        }
        let said = status.message();
        if status.source().is_some() {
            return Error::connection(format!("the connection broke: {said}")).in_doubt(true);
        }
        // Of its own faults tonic gives no other sign than their texts.
        if status.code() == Code::Internal && said.starts_with("protocol error: ") {
            return Error::broken_answer(format!("the answer is no gRPC message: {said}"));
        }
        if status.code() == Code::OutOfRange && said.contains("decoded message length too large") {
            let limit = context.max_parsed_byte_size();
            let message =
                format!("the answer is over the {limit} bytes that the client's limits leave it ({said})");
            return Error::new(Status::ResourceExhausted, Origin::Client, message).in_doubt(true);
        }
        let headers = Headers::from_metadata(status.metadata().clone().into_headers(), HeaderMap::new());
        answered(status, context).with_headers(headers)
    }
}

/// What options say that gRPC has no place for.
fn check_http_only(context: &CallContext) -> Result<()> {
    let Route { path, content_type, json_size_header } = context.route;
    if !context.query.is_empty() {
        return Err(Error::invalid("a call over gRPC has no URL, and so no query parameters"));
    }
    if path.is_some() || content_type.is_some() || json_size_header.is_some() {
        return Err(Error::invalid("a call over gRPC has no path and content type of HTTP's"));
    }
    Ok(())
}

/// The error that a server's status is. A server that hears of the deadline may be the first to say that it passed.
fn answered(status: &tonic::Status, context: &CallContext) -> Error {
    if matches!(status.code(), Code::Cancelled | Code::DeadlineExceeded) && context.deadline.is_over() {
        return context.timed_out("waiting for the answer").in_doubt(true);
    }
    reasons::grpc_error(status.code() as i32, status.message())
}

impl Stopped {
    fn told(self, context: &CallContext) -> Failure {
        let broken = Error::connection("the connection broke").in_doubt(true);
        let error = match self {
            Self::TimedOut => context.timed_out("waiting for the answer").in_doubt(true),
            Self::Closed(Some(error)) => broken.with_source(error),
            Self::Closed(None) => broken,
        };
        error.into()
    }
}

/// `None` if the time is over first.
async fn within<T>(limit: Option<Duration>, future: impl Future<Output = T>) -> Option<T> {
    match limit {
        None => Some(future.await),
        Some(limit) => tokio::time::timeout(limit, future).await.ok(),
    }
}
