//! Triton over gRPC: every call has its own [lane](lane), to which it lends its message in pieces (see
//! [`lend`](crate::lend)).

mod codec;
mod contents;
mod exchange;
mod frames;
mod keepalive;
mod lane;
mod message;
mod mux;
mod offline;
mod outstanding;
mod parameters;
mod status;
mod stream;
mod stream_codec;
mod wrong_port;

pub(crate) use codec::Encoded;

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use http::{HeaderMap, Uri};

use self::{
    codec::InferReader,
    exchange::Unary,
    frames::Seen,
    keepalive::KeepaliveOptions,
    lane::Lane,
    message::{MessageReader, PREFIX_BYTE_SIZE},
    mux::{Checked, Mux},
};
use crate::{
    error::{Error, Origin, Result, Status},
    headers::Headers,
    infer::{InferResult, Stopwatch, place::Places},
    lend::Loan,
    net::{
        attempts::Failure,
        dial::Dialer,
        drive::Driver,
        lifetime::Lifetime,
        link::Link,
        pool::{ConnectionCounts, Kept, Pool, WAITING},
    },
    options::{CallContext, ClientOptions, DEFAULT_MAX_ASYNC_GRPC_CONNECTIONS, Route},
    reasons,
    until::Deadline,
    url::Url,
};

const MODEL_INFER: &str = "ModelInfer";
const MODEL_STREAM_INFER: &str = "ModelStreamInfer";
/// The maximum size of a piece of a message: when a call ends early, at most one piece has to be copied.
const MAX_PIECE_BYTE_SIZE: usize = 1 << 20;
/// By how much `grpc-timeout` is longer than the time left, on connections that calls share. If the server
/// ended a call at the very deadline, its trailers would cross the client's RST_STREAM, and Triton sends them
/// twice: h2 closes the connection, unless it still remembers the stream.
const OWN_DEADLINE_FIRST: Duration = Duration::from_secs(1);
/// The maximum number of calls on a connection, if the server allows as many: HAProxy's and nghttpx's limit.
const MAX_CALLS_OF_CONNECTION: usize = 100;
/// The maximum number of streams on a connection: Apache leaves the seventh without a response until another
/// ends.
const MAX_STREAMS_OF_CONNECTION: usize = 6;
/// The same after a stream was cancelled on it: Apache then works on fewer, down to 2, until others end well.
const MAX_STREAMS_AFTER_CANCEL: usize = 2;

/// A server over gRPC.
#[derive(Debug)]
pub(crate) struct Grpc {
    /// The scheme and authority of all URIs: `http://host:8001`.
    base: String,
    authority: String,
    service_name: String,
    infer_uri: Uri,
    stream_uri: Uri,
    common_headers: HeaderMap,
    dialer: Dialer,
    keepalive: Option<KeepaliveOptions>,
    /// The connections of blocking calls.
    lanes: Pool<Lane>,
    /// The connections of the calls of the I/O thread.
    calls: Mux,
    /// The connections of streams, which may last: they are never shared with calls.
    streams: Mux,
}

/// An encoded control plane request.
#[derive(Debug)]
pub(crate) struct GrpcRequest {
    uri: Uri,
    /// Includes the prefix.
    message: Vec<u8>,
}

/// The response to a [`GrpcRequest`].
pub(crate) struct GrpcResponse<'t> {
    pub headers: Headers,
    pub message: Vec<u8>,
    pub connection: Kept<'t, Lane>,
}

impl Grpc {
    pub(crate) fn new(url: &Url, options: &ClientOptions, dialer: Dialer) -> Result<Self> {
        let authority = options.authority.clone().unwrap_or_else(|| url.host_header());
        let base = format!("{}://{authority}", if url.is_tls { "https" } else { "http" });
        let service_name = options.grpc_service_name.clone();
        let connections = &options.connections;
        let (lifetime, keepalive) = (Lifetime::new(connections), KeepaliveOptions::new(connections));
        let max_async = connections.max_async_connections.unwrap_or(DEFAULT_MAX_ASYNC_GRPC_CONNECTIONS);
        let mux = |max, max_streams, max_streams_after_stop| {
            Mux::new(max, max_streams, max_streams_after_stop, lifetime, keepalive)
        };
        Ok(Self {
            infer_uri: uri(&base, &service_name, MODEL_INFER)?,
            stream_uri: uri(&base, &service_name, MODEL_STREAM_INFER)?,
            base,
            authority,
            service_name,
            common_headers: exchange::common_headers(&options.whole_user_agent())?,
            dialer,
            keepalive,
            lanes: Pool::new(connections.max_connections, WAITING, lifetime),
            calls: mux(max_async, MAX_CALLS_OF_CONNECTION, MAX_CALLS_OF_CONNECTION),
            streams: mux(usize::MAX, MAX_STREAMS_OF_CONNECTION, MAX_STREAMS_AFTER_CANCEL),
        })
    }

    /// Encodes a control plane request; `method` is an
    /// [`Operation::GRPC`](crate::model::Operation::GRPC).
    pub(crate) fn request(
        &self,
        method: &str,
        message: &impl prost::Message,
        context: &CallContext,
    ) -> Result<GrpcRequest> {
        check_http_only(context)?;
        let byte_size = message.encoded_len();
        context.check_request_size(byte_size as u64)?;
        let prefix = message::prefix(byte_size as u64)?;
        let mut bytes = Vec::with_capacity(PREFIX_BYTE_SIZE + byte_size);
        bytes.extend_from_slice(&prefix);
        // Encoding into a vector can't fail.
        let _ = message.encode(&mut bytes);
        Ok(GrpcRequest { uri: uri(&self.base, &self.service_name, method)?, message: bytes })
    }

    /// Sends a control plane request and receives its response.
    pub(crate) async fn call(
        &self,
        request: &GrpcRequest,
        fresh: bool,
        driver: &Driver,
        context: &CallContext<'_>,
    ) -> std::result::Result<GrpcResponse<'_>, Failure> {
        let watch = &mut Stopwatch::start();
        let chunks = std::iter::once(&request.message[..]);
        let (headers, message, connection) =
            self.unary(&request.uri, false, chunks, Raw::default(), fresh, watch, driver, context).await?;
        Ok(GrpcResponse { headers, message, connection })
    }

    /// Sends an inference request on the I/O thread, on a connection that other calls use at the same time,
    /// and receives its response.
    pub(crate) async fn infer_in_task(
        &self,
        message: &Encoded<'_>,
        places: &mut Places<'_>,
        fresh: bool,
        watch: &mut Stopwatch,
        driver: &Driver,
        context: &CallContext<'_>,
    ) -> std::result::Result<InferResult, Failure> {
        let open = async || self.dialer.dial_timed(driver, watch).await;
        let checked = self.calls.check_out(driver, fresh, open).await?;
        // Boxed: most calls wait for a connection when there are very many.
        Box::pin(self.exchange(message, places, watch, checked, driver, context)).await
    }

    async fn exchange(
        &self,
        message: &Encoded<'_>,
        places: &mut Places<'_>,
        watch: &mut Stopwatch,
        checked: Checked,
        driver: &Driver,
        context: &CallContext<'_>,
    ) -> std::result::Result<InferResult, Failure> {
        let mut loan = Loan::new(message.chunks(), MAX_PIECE_BYTE_SIZE);
        loan.record_end();
        let link = checked.link();
        driver.set_phase("sending the request");
        let now = Instant::now();
        watch.lap_at(now, |times| &mut times.queue);
        let timeout = context.until.deadline.remaining_at(now).map(|left| left + OWN_DEADLINE_FIRST);
        let headers = exchange::headers(&self.infer_uri, &self.common_headers, true, timeout, context);
        let responded = Cell::new(false);
        let call = Unary {
            loan: &loan,
            link,
            driver,
            context,
            responded: &responded,
            shared_from: Some(link.progress().sent),
        };
        // Declared after the loan, and therefore dropped before it.
        let mut settling = Settling { loan: &loan, checked: &checked, stopped: Some(driver) };
        // Even if nothing is sent before it is stopped: h2 sends what it has begun.
        driver.set_begun(true);
        let outcome = call.run(checked.sender(), headers, InferReader::new(places), watch).await;
        driver.set_begun(false);
        settling.stopped = None;
        drop(settling);
        match outcome {
            Ok((headers, mut result)) => {
                result.headers = headers;
                result.times = watch.times();
                Ok(result)
            }
            Err(failure) => {
                let failure = Failure { was_reused: checked.is_reused, ..failure };
                Err(self.explained(failure, link, checked.seen(), &self.infer_uri, driver).await)
            }
        }
    }

    /// Sends an inference request and receives its response.
    pub(crate) async fn infer(
        &self,
        message: &Encoded<'_>,
        places: &mut Places<'_>,
        fresh: bool,
        watch: &mut Stopwatch,
        driver: &Driver,
        context: &CallContext<'_>,
    ) -> std::result::Result<InferResult, Failure> {
        let reader = InferReader::new(places);
        let (headers, mut result, connection) = self
            .unary(&self.infer_uri, true, message.chunks(), reader, fresh, watch, driver, context)
            .await?;
        result.headers = headers;
        result.times = watch.times();
        connection.check_in();
        Ok(result)
    }

    #[expect(clippy::too_many_arguments, reason = "the method, the message, its reader, the call")]
    async fn unary<'m, R: MessageReader>(
        &self,
        uri: &Uri,
        is_compressible: bool,
        chunks: impl Iterator<Item = &'m [u8]>,
        reader: R,
        fresh: bool,
        watch: &mut Stopwatch,
        driver: &Driver,
        context: &CallContext<'_>,
    ) -> std::result::Result<(Headers, R::Output, Kept<'_, Lane>), Failure> {
        // Declared before the lane, and therefore dropped after it: if this future is dropped, the connection
        // is closed first and no longer holds any piece of the loan.
        let loan = Loan::new(chunks, MAX_PIECE_BYTE_SIZE);
        let open = async || Lane::new(self.dialer.dial_timed(driver, watch).await?, self.keepalive);
        let mut pooled = self.lanes.check_out(driver, fresh, open).await?;
        let lane = &mut pooled.connection;
        let link = lane.link().clone();
        let on = driver.on(&link);
        driver.set_phase("sending the request");
        let now = Instant::now();
        watch.lap_at(now, |times| &mut times.queue);
        let timeout = context.until.deadline.remaining_at(now);
        let headers = exchange::headers(uri, &self.common_headers, is_compressible, timeout, context);
        let responded = Cell::new(false);
        let call =
            Unary { loan: &loan, link: &link, driver, context, responded: &responded, shared_from: None };
        let outcome = lane.run(call.run(lane.sender(), headers, reader, watch), driver).await;
        let outcome = outcome
            .unwrap_or_else(|ended| {
                Err(status::ended(ended, responded.get(), call.sent(), &link, &loan, context))
            })
            .map_err(|failure| Failure { was_reused: pooled.is_reused, ..failure });
        let outcome = match outcome {
            Err(failure) => Err(self.explained(failure, &link, lane.seen(), uri, driver).await),
            outcome => outcome,
        };
        // Before the connection is returned: a cancel would end the next call on it.
        drop(on);
        let is_usable = pooled.connection.end_loan(&loan, outcome.is_err());
        let is_malformed = outcome.as_ref().is_err_and(|failure| failure.error.is_malformed_response());
        let kept = Kept((is_usable && !is_malformed).then_some(pooled));
        match outcome {
            Ok((headers, output)) => Ok((headers, output, kept)),
            Err(failure) => {
                kept.check_in();
                Err(failure)
            }
        }
    }

    /// Adds an explanation to a failure: what PINGs or TLS did, that the port speaks another protocol, or the
    /// method that the server does not know.
    async fn explained(
        &self,
        failure: Failure,
        link: &Link,
        seen: &Seen,
        uri: &Uri,
        driver: &Driver,
    ) -> Failure {
        if seen.end().is_some() {
            return keepalive::explained(failure, seen);
        }
        if failure.error.origin() == Origin::Connection
            && let Some(error) = link.tls_failure()
        {
            return failure.with_tls(error);
        }
        match wrong_port::is_suspected(&failure, link) {
            // Boxed, without a variable, which would be kept while this waits: this rare future would enlarge
            // that of every call.
            true => {
                Box::pin(wrong_port::explained(failure, link, &self.dialer, &self.authority, driver)).await
            }
            false => with_method(failure, uri, &self.service_name),
        }
    }

    /// Opens connections of blocking calls until `count` are open.
    pub(crate) async fn connect(
        &self,
        count: usize,
        open_now: &Cell<usize>,
        driver: &Driver,
    ) -> std::result::Result<(), Failure> {
        let open = async || self.open_lane(driver).await;
        // Boxed: its future is larger than that of a call.
        Box::pin(self.lanes.fill(count, open_now, open)).await
    }

    /// Opens a connection and waits for the server's SETTINGS, within the connect timeout each.
    async fn open_lane(&self, driver: &Driver) -> std::result::Result<Lane, Failure> {
        let link = self.dialer.dial(driver).await?;
        let mut lane = Lane::new(link.clone(), self.keepalive)?;
        let on = driver.on(&link);
        driver.set_phase("waiting for the server's SETTINGS");
        let timeout = self.dialer.connect_timeout();
        let begun = driver.within(Deadline::after(timeout), lane.begin(driver)).await;
        drop(on);
        let error = match begun {
            Some(Ok(())) => return Ok(lane),
            Some(Err(ended)) => {
                let failure = status::unopened(ended, &link);
                return Err(self.explained(failure, &link, lane.seen(), &self.infer_uri, driver).await);
            }
            None => format!(
                "no SETTINGS of HTTP/2 within the connect timeout of {:?}{}",
                timeout.unwrap_or_default(),
                wrong_port::question(&link)
            ),
        };
        Err(Error::connection(error).into())
    }

    pub(crate) fn close_idle(&self) {
        self.lanes.close_idle();
        self.calls.close_idle();
        self.streams.close_idle();
    }

    pub(crate) fn connections(&self) -> ConnectionCounts {
        self.lanes.counts() + self.calls.counts() + self.streams.counts() + self.dialer.counts().into()
    }
}

fn uri(base: &str, service_name: &str, method: &str) -> Result<Uri> {
    let uri = match method.starts_with('/') {
        true => format!("{base}{method}"),
        false => format!("{base}/{service_name}/{method}"),
    };
    Uri::try_from(uri).map_err(|error| Error::invalid("invalid host for gRPC").with_source(error))
}

/// Adds the method to the message of an UNIMPLEMENTED error, with advice if the server does not know the
/// service.
fn with_method(failure: Failure, uri: &Uri, service_name: &str) -> Failure {
    if failure.error.status() != Status::Unimplemented {
        return failure;
    }
    let path = uri.path();
    let method = path.strip_prefix('/').and_then(|path| path.strip_prefix(service_name));
    let is_option = method.is_some_and(|method| method.starts_with('/'));
    let advice = match is_option && reasons::is_unknown_method(&failure.error) {
        true => "; set option grpc_service_name if the server uses another service name",
        false => "",
    };
    let error = failure.error.with_hint(format_args!(": method '{path}'{advice}"));
    Failure { error, ..failure }
}

/// Refuses options that gRPC does not support.
pub(crate) fn check_http_only(context: &CallContext) -> Result<()> {
    let Route { path, content_type, json_size_header } = context.route;
    if !context.query.is_empty() {
        return Err(Error::invalid("query parameters are unsupported over gRPC"));
    }
    if path.is_some() || content_type.is_some() || json_size_header.is_some() {
        return Err(Error::invalid("the HTTP path and content type options are unsupported over gRPC"));
    }
    Ok(())
}

/// Ends a call's use of a shared connection, also when its future is dropped: afterwards the connection holds
/// at most the piece of the loan of which a frame was being sent.
struct Settling<'c, 'm> {
    loan: &'c Loan<'m>,
    checked: &'c Checked,
    /// The driver of a call that has not ended.
    stopped: Option<&'c Driver>,
}

impl Drop for Settling<'_, '_> {
    fn drop(&mut self) {
        if self.loan.count_out() > 0 {
            self.checked.step_now();
        }
        if let Some(driver) = self.stopped {
            self.checked.note_stopped(driver.until().deadline.is_over());
        }
    }
}

/// Receives a message without decoding it.
#[derive(Default)]
struct Raw(Vec<u8>);

impl MessageReader for Raw {
    type Output = Vec<u8>;

    fn begin(&mut self, byte_size: u64, context: &CallContext) -> Result<()> {
        context.check_parsed_size(byte_size)
    }

    fn push(&mut self, bytes: &[u8]) -> Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finish(self) -> Result<Vec<u8>> {
        Ok(self.0)
    }
}
