//! A unary call over HTTP/2: request headers and message, response headers, message and trailers.

use std::{cell::Cell, future::poll_fn, sync::Arc, time::Duration};

use bytes::Bytes;
use h2::{
    Reason, RecvStream, SendStream,
    client::{ResponseFuture, SendRequest},
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri, Version, header};

use super::{
    message::{Message, MessageReader},
    status,
};
use crate::{
    compression::Compression,
    digits::put_digits,
    error::Error,
    headers::Headers,
    infer::Stopwatch,
    lend::{Loan, Piece},
    net::{attempts::Failure, drive::Driver, link::Link},
    options::CallContext,
    url::Protocol,
};

type Result<T> = std::result::Result<T, Failure>;

/// The maximum number of bytes read of the body of a response that is not gRPC, such as an error page.
pub(super) const MAX_ERROR_BYTE_SIZE: usize = 16 << 10;
static GRPC_TIMEOUT: header::HeaderName = header::HeaderName::from_static("grpc-timeout");

/// Returns the headers that all calls have in common.
pub(super) fn common_headers(user_agent: &str) -> crate::error::Result<HeaderMap> {
    let user_agent = HeaderValue::try_from(user_agent)
        .map_err(|error| Error::invalid("invalid user agent").with_source(error))?;
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(header::TE, HeaderValue::from_static("trailers"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(header::USER_AGENT, user_agent);
    Ok(headers)
}

/// Returns the request headers of a call; `timeout` is the value of `grpc-timeout`.
pub(super) fn headers(
    uri: &Uri,
    common: &HeaderMap,
    is_compressible: bool,
    timeout: Option<Duration>,
    context: &CallContext,
) -> Request<()> {
    let mut request = Request::new(());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri.clone();
    *request.version_mut() = Version::HTTP_2;
    *request.headers_mut() = common.clone();
    let headers = request.headers_mut();
    if let Some(value) = timeout.and_then(|timeout| HeaderValue::from_bytes(&formatted(timeout)).ok()) {
        headers.insert(&GRPC_TIMEOUT, value);
    }
    if is_compressible {
        if context.request_compression != Compression::None {
            headers.insert("grpc-encoding", HeaderValue::from_static(context.request_compression.name()));
        }
        if let Some(encodings) = context.accept_encoding {
            // Without the weights (`;q=`) that HTTP allows.
            let names: Vec<&str> =
                encodings.split(',').filter_map(|one| one.split(';').next()).map(str::trim).collect();
            if let Ok(value) = HeaderValue::try_from(names.join(",")) {
                headers.insert("grpc-accept-encoding", value);
            }
        }
    }
    context.each_header(Protocol::Grpc, |name, value| {
        headers.append(name, value.clone());
    });
    request
}

/// Formats a `grpc-timeout`: at most eight digits and a unit. Rounded up; from one second on to milliseconds,
/// so that the value is usually the previous call's, which is in HPACK's dynamic table.
fn formatted(timeout: Duration) -> Vec<u8> {
    const MAX: u64 = 99_999_999;
    let us = u64::try_from(timeout.as_nanos().div_ceil(1000)).unwrap_or(u64::MAX).max(1);
    let (number, unit) = match us.div_ceil(1000) {
        _ if us < 1_000_000 => (us, b'u'),
        ms if ms <= MAX => (ms, b'm'),
        ms => (ms.div_ceil(1000).min(MAX), b'S'),
    };
    let mut text = Vec::with_capacity(9);
    put_digits(&mut text, number);
    text.push(unit);
    text
}

/// A call in progress.
pub(super) struct Unary<'c, 'm> {
    pub loan: &'c Loan<'m>,
    pub link: &'c Arc<Link>,
    pub driver: &'c Driver,
    pub context: &'c CallContext<'c>,
    /// Set when the response headers arrive.
    pub responded: &'c Cell<bool>,
    /// The number of bytes that were sent on the connection before the call, if other calls share it.
    pub shared_from: Option<u64>,
}

impl Unary<'_, '_> {
    /// Sends the request and reads the response.
    pub(super) async fn run<R: MessageReader>(
        &self,
        mut sender: SendRequest<Piece>,
        headers: Request<()>,
        reader: R,
        watch: &mut Stopwatch,
    ) -> Result<(Headers, R::Output)> {
        let unsent = |error| status::unsent(error, self.link);
        poll_fn(|task| sender.poll_ready(task)).await.map_err(unsent)?;
        let (response, stream) = sender.send_request(headers, false).map_err(unsent)?;
        let mut sending = Sending { stream, loan: self.loan };
        let pieces = self.loan.pieces();
        let last = pieces.len().saturating_sub(1);
        for (at, piece) in pieces.enumerate() {
            sending.stream.send_data(piece, at == last).map_err(|error| self.failed(error))?;
        }
        self.receive(response, reader, watch).await
    }

    async fn receive<R: MessageReader>(
        &self,
        response: ResponseFuture,
        reader: R,
        watch: &mut Stopwatch,
    ) -> Result<(Headers, R::Output)> {
        let (headers, mut body) = self.begin(response, watch).await?;
        let mut message = Message::new(reader, self.context);
        let read = async {
            while let Some(data) = self.next(&mut body).await? {
                let encoding = headers.get("grpc-encoding").and_then(|name| name.to_str().ok());
                message.push(&data, encoding.unwrap_or_default())?;
            }
            poll_fn(|task| body.poll_trailers(task)).await.map_err(|error| self.failed(error))
        };
        let mut trailers = match read.await {
            Ok(trailers) => trailers.unwrap_or_default(),
            Err(failure) => return Err(with_headers(failure, headers, HeaderMap::new())),
        };
        let outcome = match status::read(&mut trailers, self.context) {
            Some(Ok(())) => message.finish().map_err(Failure::from),
            Some(Err(error)) => Err(error.into()),
            None => Err(Error::malformed_response("invalid gRPC response: missing status").into()),
        };
        match outcome {
            Ok(output) => {
                watch.lap(|times| &mut times.receive);
                Ok((Headers::from_metadata(headers, trailers), output))
            }
            Err(failure) => Err(with_headers(failure, headers, trailers)),
        }
    }

    /// Waits for the response headers. A `grpc-status` in them ends the call, regardless of the HTTP status
    /// and content type.
    async fn begin(
        &self,
        response: ResponseFuture,
        watch: &mut Stopwatch,
    ) -> Result<(HeaderMap, RecvStream)> {
        self.driver.set_phase("waiting for the response");
        let response = response.await.map_err(|error| self.failed(error))?;
        self.responded.set(true);
        self.driver.set_phase("receiving the response");
        let sent_at = match self.shared_from {
            None => self.link.progress().sent_at,
            Some(_) => self.loan.read_at(),
        };
        if let Some(sent_at) = sent_at {
            watch.lap_at(sent_at, |times| &mut times.send);
        }
        watch.lap(|times| &mut times.first_byte);
        let (parts, mut body) = response.into_parts();
        let mut response = Response::from_parts(parts, ());
        if response.headers().keys().any(|name| name.as_str() == "grpc-status") {
            let error = match status::read(response.headers_mut(), self.context) {
                Some(Err(error)) => error,
                _ => Error::malformed_response("invalid gRPC response: missing message"),
            };
            return Err(with_headers(error.into(), HeaderMap::new(), response.into_parts().0.headers));
        }
        if status::is_grpc(&response) {
            return Ok((response.into_parts().0.headers, body));
        }
        let mut text = Vec::new();
        let is_complete = loop {
            match self.next(&mut body).await {
                Ok(Some(data)) if text.len() < MAX_ERROR_BYTE_SIZE => text.extend_from_slice(&data),
                Err(failure) if self.link.is_shut_down() => return Err(failure),
                Ok(Some(_)) | Err(_) => break false,
                Ok(None) => break true,
            }
        };
        let mut trailers = match is_complete {
            true => poll_fn(|task| body.poll_trailers(task)).await.ok().flatten().unwrap_or_default(),
            false => HeaderMap::new(),
        };
        let error = match status::read(&mut trailers, self.context) {
            Some(Err(error)) => error,
            _ => status::not_grpc(&response, &text),
        };
        Err(with_headers(error.into(), response.into_parts().0.headers, trailers))
    }

    async fn next(&self, body: &mut RecvStream) -> Result<Option<Bytes>> {
        let Some(data) = poll_fn(|task| body.poll_data(task)).await else { return Ok(None) };
        let data = data.map_err(|error| self.failed(error))?;
        // Reopens the window.
        let _ = body.flow_control().release_capacity(data.len());
        Ok(Some(data))
    }

    /// Returns the number of bytes sent since the call began, those of other calls included.
    pub(super) fn sent(&self) -> u64 {
        self.link.progress().sent.saturating_sub(self.shared_from.unwrap_or(0))
    }

    fn failed(&self, error: h2::Error) -> Failure {
        status::failed(error, self.responded.get(), self.sent(), self.link, self.loan, self.context)
    }
}

/// The request of a call, which may end before it is sent: the response came early, or the call is stopped.
struct Sending<'c, 'm> {
    stream: SendStream<Piece>,
    loan: &'c Loan<'m>,
}

impl Drop for Sending<'_, '_> {
    fn drop(&mut self) {
        if self.loan.count_out() > 0 {
            // If the stream were only dropped, the rest of its data would stay queued until the server reads
            // on, or opens the window.
            self.stream.send_reset(Reason::CANCEL);
        }
    }
}

fn with_headers(failure: Failure, leading: HeaderMap, trailing: HeaderMap) -> Failure {
    let headers = Headers::from_metadata(leading, trailing);
    Failure { error: failure.error.with_headers(headers), ..failure }
}
