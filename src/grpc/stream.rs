//! A stream over HTTP/2 (`ModelStreamInfer`): one task on the I/O thread sends the requests that the caller
//! has queued, and hands over the responses. What both share is in [`Shared`](crate::stream::Shared).

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use bytes::Bytes;
use h2::{Reason, RecvStream, SendStream, client::ResponseFuture};
use http::{HeaderMap, HeaderValue, Response};
use tokio::task::coop::poll_proceed;

use super::{
    Grpc, MAX_PIECE_BYTE_SIZE, OWN_DEADLINE_FIRST, exchange,
    mux::Checked,
    outstanding::Outstanding,
    status,
    stream_codec::{Messages, Received},
    wrong_port,
};
use crate::{
    error::{EXCERPT_BYTE_SIZE, Error, Origin, Result, Status, excerpt, reason},
    headers::Headers,
    lend::Piece,
    net::{
        attempts::{Failure, Reached},
        drive::Driver,
    },
    options::CallContext,
    reasons,
    stream::{Outgoing, Parts, StreamEvent},
    until::{Deadline, Stopped},
};

/// The maximum number of results that are decoded while the caller has not taken the first of them, from data
/// that is in memory already. Handing over one by one would cost a switch of threads for each.
const MAX_DECODED_AHEAD: usize = 16;
/// The same of their size.
const MAX_DECODED_AHEAD_BYTE_SIZE: usize = 64 << 10;
/// The maximum duration of reading the page of a response that is not gRPC.
const PAGE_TIMEOUT: Duration = Duration::from_secs(1);

impl Grpc {
    /// Runs a stream to its end, in its task; returns its final status. All requests that were taken from the
    /// queue are counted.
    pub(crate) async fn stream(
        &self,
        parts: Parts<'_>,
        driver: &Driver,
        context: &CallContext<'_>,
    ) -> Result<()> {
        let mut outstanding = Outstanding::new(parts.max_kept, parts.counters);
        let running = driver.run(self.run_stream(parts, &mut outstanding, driver, context));
        // Boxed: most of a stream's time it waits.
        let outcome = match Box::pin(running).await {
            Ok(outcome) => outcome,
            Err(Stopped::Cancelled) => Err(context.cancelled(driver.phase())),
            Err(Stopped::TimedOut) => {
                let (timeout, phase) = (context.timeout.unwrap_or_default(), driver.phase());
                Err(Error::deadline(format!(
                    "deadline exceeded: the stream did not end within {timeout:?}, its timeout ({phase})"
                )))
            }
        };
        // A stream is in doubt if a request is, whatever ended it.
        let is_any_in_doubt = outstanding.is_in_doubt();
        let outcome = outcome.map_err(|error| {
            let is_own = error.origin() != Origin::Server || error.is_in_doubt();
            // Of TLS: a server that refuses the client's certificate processes nothing.
            let is_refused =
                error.status() == Status::Unauthenticated && error.origin() == Origin::Connection;
            error.in_doubt(is_any_in_doubt && is_own && !is_refused)
        });
        outstanding.end(outcome.is_ok(), Instant::now());
        outcome
    }

    async fn run_stream(
        &self,
        parts: Parts<'_>,
        outstanding: &mut Outstanding<'_>,
        driver: &Driver,
        context: &CallContext<'_>,
    ) -> Result<()> {
        let mut fresh = false;
        loop {
            let (checked, response, requests) = match self.open_stream(parts, fresh, driver, context).await {
                Ok(opened) => opened,
                // No byte of it was sent.
                Err(failure) if !fresh && failure.was_reused => {
                    fresh = true;
                    continue;
                }
                Err(failure) => return Err(failure.error),
            };
            let mut exchange = Exchange {
                parts,
                context,
                driver,
                checked: &checked,
                outstanding,
                requests: Some(requests),
                current: None,
                may_reopen: !fresh,
                is_to_reopen: false,
                has_ended: false,
                responses: Responses::Headers(response),
                metadata: Arc::default(),
                messages: Messages::new(context, parts.buffers, String::new()),
                data: Bytes::new(),
                ahead: 0,
                ahead_byte_size: 0,
                progress: Progress::new(Instant::now()),
            };
            let end = poll_fn(|task| exchange.poll(task)).await;
            exchange.has_ended = true;
            let failure = match end {
                End::Ok => return Ok(()),
                End::Status(error) => error.into(),
                End::Page(opened) => {
                    let (response, body) = *opened;
                    let reading = driver.within(Deadline::after(Some(PAGE_TIMEOUT)), page(body));
                    let (text, mut trailers) = reading.await.unwrap_or_default();
                    match status::read(&mut trailers, context) {
                        Some(Err(error)) => error.into(),
                        _ => status::not_grpc(&response, &text).into(),
                    }
                }
                End::Reopen => {
                    fresh = true;
                    continue;
                }
                // The server has not seen any request of the stream.
                End::Failed(failure)
                    if !fresh && checked.is_reused && failure.reached == Reached::Nothing =>
                {
                    fresh = true;
                    continue;
                }
                End::Failed(failure) => failure,
            };
            let failure =
                self.explained(failure, checked.link(), checked.seen(), &self.stream_uri, driver).await;
            return Err(failure.error);
        }
    }

    async fn open_stream(
        &self,
        parts: Parts<'_>,
        fresh: bool,
        driver: &Driver,
        context: &CallContext<'_>,
    ) -> std::result::Result<(Checked, ResponseFuture, SendStream<Piece>), Failure> {
        let checked = self.streams.check_out(driver, fresh, async || self.dialer.dial(driver).await).await?;
        driver.set_phase("waiting for the first response");
        let left = context.until.deadline.remaining();
        let timeout = left.map(|left| left + OWN_DEADLINE_FIRST);
        let mut headers = exchange::headers(&self.stream_uri, &self.common_headers, true, timeout, context);
        if parts.grpc_error {
            headers.headers_mut().insert("triton_grpc_error", HeaderValue::from_static("true"));
        }
        let mut sender = checked.sender();
        let opened = match poll_fn(|task| sender.poll_ready(task)).await {
            Ok(()) => sender.send_request(headers, false),
            Err(error) => Err(error),
        };
        match opened {
            Ok((response, requests)) => Ok((checked, response, requests)),
            Err(error) => {
                let failure = status::unsent(error, checked.link());
                Err(Failure { was_reused: checked.is_reused, ..failure })
            }
        }
    }
}

/// Reads the start of the body of a response that is not gRPC, and its trailers.
async fn page(mut body: RecvStream) -> (Vec<u8>, HeaderMap) {
    let mut text = Vec::new();
    while let Some(data) = poll_fn(|task| body.poll_data(task)).await {
        let Ok(data) = data else { return (text, HeaderMap::new()) };
        let _ = body.flow_control().release_capacity(data.len());
        text.extend_from_slice(&data);
        if text.len() >= exchange::MAX_ERROR_BYTE_SIZE {
            return (text, HeaderMap::new());
        }
    }
    let trailers = poll_fn(|task| body.poll_trailers(task)).await;
    (text, trailers.ok().flatten().unwrap_or_default())
}

/// An open stream.
struct Exchange<'s, 'c> {
    parts: Parts<'s>,
    context: &'s CallContext<'s>,
    driver: &'s Driver,
    checked: &'s Checked,
    outstanding: &'s mut Outstanding<'c>,
    /// `None` once END_STREAM was sent, or the server does not take any more.
    requests: Option<SendStream<Piece>>,
    /// The request that is being sent.
    current: Option<Current>,
    /// Whether another connection may be used if this one ends before the first request.
    may_reopen: bool,
    is_to_reopen: bool,
    has_ended: bool,
    responses: Responses,
    /// The headers of the response, for all results.
    metadata: Arc<[HeaderMap; 2]>,
    messages: Messages<'s>,
    /// Data that has arrived and is not decoded.
    data: Bytes,
    /// The number and the size of the results that were decoded since the caller took the last of them.
    ahead: usize,
    ahead_byte_size: usize,
    progress: Progress,
}

struct Current {
    id: Box<str>,
    serial: u64,
    byte_size: usize,
    left: Bytes,
}

enum Responses {
    Headers(ResponseFuture),
    Body(RecvStream),
}

type Step<T> = std::result::Result<T, End>;

/// How a stream ended, unless it was stopped.
enum End {
    Ok,
    /// Not at all: it continues on another connection.
    Reopen,
    /// By a status of the server, or by a message that cannot be used.
    Status(Error),
    /// By a response that is not gRPC.
    Page(Box<(Response<()>, RecvStream)>),
    /// Without a status.
    Failed(Failure),
}

impl Exchange<'_, '_> {
    /// Sends and receives until the stream ends.
    fn poll(&mut self, task: &mut Context<'_>) -> Poll<End> {
        loop {
            self.poll_requests(task);
            if self.is_to_reopen {
                return Poll::Ready(End::Reopen);
            }
            if let Some(end) = ready!(self.poll_responses(task)) {
                return Poll::Ready(end);
            }
            // END_STREAM may have waited for the response.
        }
    }

    /// Sends what the server takes. If it does not take more, its response has the reason.
    fn poll_requests(&mut self, task: &mut Context<'_>) {
        let shared = self.parts.shared;
        while let Some(requests) = &mut self.requests {
            if let Some(current) = &mut self.current {
                let Poll::Ready(room) = poll_room(requests, current.left.len(), task) else { return };
                let piece = current.left.split_to(room.min(current.left.len()));
                let byte_size = piece.len();
                if room == 0 || requests.send_data(Piece::from(piece), false).is_err() {
                    self.requests = None;
                    return;
                }
                self.progress.send(byte_size);
                if current.left.is_empty() {
                    shared.sent(current.byte_size);
                    self.outstanding.sent(&current.id, current.serial, Instant::now());
                    self.current = None;
                }
                continue;
            }
            match shared.poll_outgoing(task) {
                Poll::Ready(Some(outgoing)) => {
                    let serial = self.outstanding.begin(&outgoing, Instant::now());
                    let Outgoing { message, id, .. } = outgoing;
                    self.current = Some(Current { id, serial, byte_size: message.len(), left: message });
                }
                Poll::Ready(None) if self.outstanding.is_any_awaited() => return,
                Poll::Ready(None) => self.half_close(),
                Poll::Pending if !self.outstanding.is_idle() => return,
                // A server that stops waits for its streams to end.
                Poll::Pending if self.checked.poll_going_away(task).is_ready() => {
                    if self.may_reopen && self.outstanding.is_unused() {
                        self.requests = None;
                        self.is_to_reopen = true;
                    } else if shared.go_away() {
                        self.half_close();
                    }
                }
                Poll::Pending => return,
            }
        }
    }

    fn half_close(&mut self) {
        if let Some(mut requests) = self.requests.take() {
            // Fails if the server has closed the stream already.
            let _ = requests.send_data(Piece::from(Bytes::new()), true);
            self.progress.half_close();
        }
    }

    /// Receives until an event was handed over, or the stream has ended.
    fn poll_responses(&mut self, task: &mut Context<'_>) -> Poll<Option<End>> {
        loop {
            let is_taken = self.parts.shared.poll_taken(task).is_ready();
            if is_taken {
                (self.ahead, self.ahead_byte_size) = (0, 0);
            }
            if !self.data.is_empty() {
                if self.ahead >= MAX_DECODED_AHEAD || self.ahead_byte_size >= MAX_DECODED_AHEAD_BYTE_SIZE {
                    return Poll::Pending;
                }
                // A fast caller must not let one stream occupy the thread.
                ready!(poll_proceed(task)).made_progress();
                match self.decode() {
                    Ok(Some(received)) => {
                        self.hand_over(received);
                        return Poll::Ready(None);
                    }
                    Ok(None) => continue,
                    Err(end) => return Poll::Ready(Some(end)),
                }
            }
            if !is_taken {
                return Poll::Pending;
            }
            match &mut self.responses {
                Responses::Headers(response) => {
                    let response = ready!(Pin::new(response).poll(task));
                    self.progress.receive();
                    if let Err(end) = self.begin(response) {
                        return Poll::Ready(Some(end));
                    }
                }
                Responses::Body(body) => match ready!(body.poll_data(task)) {
                    Some(Ok(data)) => {
                        // Also of a message that is not complete: it may be larger than the window.
                        let _ = body.flow_control().release_capacity(data.len());
                        self.progress.receive();
                        self.data = data;
                    }
                    Some(Err(error)) => return Poll::Ready(Some(self.failed(error))),
                    None => {
                        let trailers = ready!(body.poll_trailers(task));
                        return Poll::Ready(Some(self.end(trailers)));
                    }
                },
            }
        }
    }

    /// Begins to receive the body, unless the headers end the stream.
    fn begin(&mut self, response: std::result::Result<Response<RecvStream>, h2::Error>) -> Step<()> {
        let (parts, body) = response.map_err(|error| self.failed(error))?.into_parts();
        self.driver.set_phase("waiting for responses");
        let mut response = Response::from_parts(parts, ());
        if let Some(outcome) = status::read(response.headers_mut(), self.context) {
            let headers = Headers::from_metadata(HeaderMap::new(), response.into_parts().0.headers);
            return Err(match outcome {
                Ok(()) => End::Ok,
                Err(error) => End::Status(error.with_headers(headers)),
            });
        }
        if !status::is_grpc(&response) {
            return Err(End::Page(Box::new((response, body))));
        }
        let headers = response.into_parts().0.headers;
        let encoding = headers.get("grpc-encoding").and_then(|name| name.to_str().ok());
        let encoding = encoding.unwrap_or_default().to_owned();
        self.messages = Messages::new(self.context, self.parts.buffers, encoding);
        self.metadata = Arc::new([headers, HeaderMap::new()]);
        self.responses = Responses::Body(body);
        Ok(())
    }

    /// Decodes the next message out of the data that has arrived.
    fn decode(&mut self) -> Step<Option<Received>> {
        if self.messages.is_foreign(&self.data) {
            let start = &self.data[..self.data.len().min(EXCERPT_BYTE_SIZE)];
            let start = String::from_utf8_lossy(start);
            let message =
                format!("the server or a proxy sent data that is not gRPC: '{}'", excerpt(start.trim()));
            return Err(self.lost(Error::connection(message)));
        }
        let before = self.data.len();
        let received = self.messages.next(&mut self.data).map_err(End::Status)?;
        if received.is_some() {
            self.ahead += 1;
            self.ahead_byte_size += before - self.data.len();
        }
        Ok(received)
    }

    fn hand_over(&mut self, received: Received) {
        let Received { error, mut result } = received;
        let Parts { shared, endpoint, .. } = self.parts;
        let (finality, now) = (result.finality(), Instant::now());
        let found = self.outstanding.respond(&result.id, &result.model_name, finality, error.is_some(), now);
        let Some(text) = error else {
            result.headers = Headers::shared(self.metadata.clone());
            result.endpoint = endpoint.clone();
            result.times = found.times;
            shared.push(StreamEvent::Result(result));
            return;
        };
        // The server does not name the model of a request that it refused.
        let model = if result.model_name.is_empty() { &*found.model } else { &*result.model_name };
        let model = excerpt(model);
        let message = format!("{}{}", reason(&text), reasons::hint(Status::Unknown, &text));
        let error = Error::new(Status::Unknown, Origin::Server, message)
            .with_request_id(&result.id)
            .context(format_args!("inference of model '{model}' on a stream at {endpoint}"));
        shared.push(StreamEvent::RequestError(error));
    }

    /// Returns the end of a stream whose response is complete.
    fn end(&mut self, trailers: std::result::Result<Option<HeaderMap>, h2::Error>) -> End {
        let mut trailers = match trailers {
            Ok(trailers) => trailers.unwrap_or_default(),
            Err(error) => return self.failed(error),
        };
        if self.current.is_none() {
            // Otherwise h2 resets the stream.
            self.half_close();
        }
        match status::read(&mut trailers, self.context) {
            Some(Ok(())) if self.messages.is_in_message() => End::Status(Error::malformed_response(
                "invalid gRPC response: the last message of the stream is incomplete",
            )),
            Some(Ok(())) => End::Ok,
            Some(Err(error)) => {
                let [headers, _] = &*self.metadata;
                End::Status(error.with_headers(Headers::from_metadata(headers.clone(), trailers)))
            }
            None => {
                let message = "ended by the server or a proxy without a status (END_STREAM)";
                self.lost(Error::connection(message))
            }
        }
    }

    /// Returns the end of a stream that was reset, or whose connection ended.
    fn failed(&self, error: h2::Error) -> End {
        let link = self.checked.link();
        let failed = match error.reason() {
            _ if error.is_remote() && error.is_go_away() => {
                Error::connection("connection closed by the server (GOAWAY)")
            }
            // The same error for all reasons: proxies report the same failure of their server with different
            // ones.
            Some(reason) if error.is_remote() => {
                let text = format!("reset by the server or a proxy ({reason:?})");
                Error::connection(text).retryable(reason != Reason::HTTP_1_1_REQUIRED)
            }
            _ if error.is_library() => {
                let question = wrong_port::question(link);
                Error::connection(format!("connection closed: malformed HTTP/2{question}"))
            }
            _ => status::connection_lost(link),
        };
        self.lost(failed.with_source(error))
    }

    /// Returns the end of a stream without a status.
    fn lost(&self, error: Error) -> End {
        let error = error.with_hint(self.progress.hint(Instant::now()));
        let reached = match self.responses {
            Responses::Headers(_) if self.outstanding.is_unused() => Reached::Nothing,
            Responses::Headers(_) => Reached::Closed,
            Responses::Body(_) => Reached::Perhaps,
        };
        End::Failed(Failure { error, reached, was_reused: self.checked.is_reused })
    }
}

impl Drop for Exchange<'_, '_> {
    fn drop(&mut self) {
        if !self.has_ended {
            self.checked.note_stopped(self.context.until.deadline.is_over());
        }
    }
}

/// Waits until some of a request can be sent, and returns how much; 0 if the server takes no more.
fn poll_room(requests: &mut SendStream<Piece>, byte_size: usize, task: &mut Context<'_>) -> Poll<usize> {
    requests.reserve_capacity(byte_size.min(MAX_PIECE_BYTE_SIZE));
    match requests.capacity() {
        // Only reports capacity that was added.
        0 => match ready!(requests.poll_capacity(task)) {
            Some(Ok(room)) => Poll::Ready(room),
            Some(Err(_)) | None => Poll::Ready(0),
        },
        room => Poll::Ready(room),
    }
}

/// What a stream did, to explain its end.
struct Progress {
    /// When data was sent or received last.
    active_at: Instant,
    half_closed_at: Option<Instant>,
    sent: u64,
}

impl Progress {
    fn new(now: Instant) -> Self {
        Self { active_at: now, half_closed_at: None, sent: 0 }
    }

    fn send(&mut self, byte_size: usize) {
        self.active_at = Instant::now();
        self.sent += byte_size as u64;
    }

    fn receive(&mut self) {
        self.active_at = Instant::now();
    }

    fn half_close(&mut self) {
        self.active_at = Instant::now();
        self.half_closed_at = Some(self.active_at);
    }

    /// Returns advice if a stream that ended `now` without a status has met a limit of a proxy's default
    /// configuration.
    fn hint(&self, now: Instant) -> String {
        /// nginx's `client_max_body_size`, of all requests of a stream together. More may have been on its
        /// way when nginx counted.
        const BODY: std::ops::Range<u64> = (960 << 10)..(1536 << 10);
        let seconds = |since: Instant| now.saturating_duration_since(since).as_secs_f64();
        let is_about = |time: f64, limit: f64| (limit - 0.5..limit + 2.0).contains(&time);
        let silence = seconds(self.active_at);
        if let Some(limit) = [15.0, 50.0, 60.0].into_iter().find(|limit| is_about(silence, *limit)) {
            return format!(
                ", after a silence of {limit} s: a proxy's timeout? (Envoy: timeout of the route, 15 s after \
                 the end of the requests; HAProxy: timeout client and server, 50 s; nginx: grpc_read_timeout \
                 and client_body_timeout, 60 s)"
            );
        }
        if self.half_closed_at.is_some_and(|at| is_about(seconds(at), 15.0)) {
            return ", 15 s after the end of the requests: Envoy's timeout of the route?".to_owned();
        }
        if BODY.contains(&self.sent) {
            let sent = self.sent;
            return format!(
                ", after {sent} bytes of requests: nginx's client_max_body_size (1 MiB by default)?"
            );
        }
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_after_a_proxys_default_timeout_or_body_limit_is_explained() {
        let start = Instant::now();
        let hint = |silence: f64, half_closed: Option<f64>, sent: u64| {
            let now = start + Duration::from_secs(100);
            let before = |seconds: f64| now - Duration::from_secs_f64(seconds);
            let half_closed_at = half_closed.map(before);
            Progress { active_at: before(silence), half_closed_at, sent }.hint(now)
        };
        for (silence, limit) in [(15.01, 15), (50.1, 50), (60.0, 60), (59.9, 60)] {
            let hint = hint(silence, Some(30.0), 0);
            assert!(hint.contains(&format!("a silence of {limit} s: a proxy's timeout?")), "{hint}");
        }
        assert!(hint(3.0, Some(15.02), 0).contains("15 s after the end of the requests: Envoy"));
        for sent in [1_000_000, 1 << 20, (1 << 20) + 65_536] {
            assert!(hint(0.1, None, sent).contains("client_max_body_size"), "{sent}");
        }
        for (silence, half_closed, sent) in
            [(0.0, None, 0), (14.0, Some(14.0), 500_000), (45.0, Some(20.0), 2 << 20), (70.0, None, 10 << 20)]
        {
            assert_eq!(hint(silence, half_closed, sent), "", "{silence}");
        }
    }
}
