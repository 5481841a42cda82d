//! One inference as HTTP/2 carries it: head, message, answer, trailers.

use std::{future::poll_fn, sync::Arc, time::Instant};

use bytes::Bytes;
use h2::{
    Reason, RecvStream,
    client::{ResponseFuture, SendRequest},
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri, Version, header};

use super::{lane::Line, message::Message, not_grpc};
use crate::{
    compression::Compression,
    error::Error,
    headers::Headers,
    infer::{InferResult, Stopwatch, place::Places},
    lend::{Loan, Piece},
    net::pool::Failure,
    options::CallContext,
    url::Protocol,
};

type Result<T> = std::result::Result<T, Failure>;

/// As much as is read of an answer that is no gRPC.
const ERROR_BYTE_SIZE: usize = 1024;

/// The head of a call. `deadline` is what the server hears of it.
pub(super) fn head(uri: &Uri, deadline: Option<std::time::Duration>, context: &CallContext) -> Request<()> {
    let mut head = Request::new(());
    *head.method_mut() = Method::POST;
    *head.uri_mut() = uri.clone();
    *head.version_mut() = Version::HTTP_2;
    let headers = head.headers_mut();
    headers.insert(header::TE, HeaderValue::from_static("trailers"));
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    headers.insert(header::USER_AGENT, HeaderValue::from_static(super::USER_AGENT));
    if let Some(value) = deadline.and_then(|left| HeaderValue::try_from(timeout(left)).ok()) {
        headers.insert("grpc-timeout", value);
    }
    if context.request_compression != Compression::None {
        headers.insert("grpc-encoding", HeaderValue::from_static(context.request_compression.name()));
    }
    if let Some(encodings) = context.accept_encoding {
        // gRPC names them without weights.
        let names: Vec<&str> =
            encodings.split(',').filter_map(|one| one.split(';').next()).map(str::trim).collect();
        if let Ok(value) = HeaderValue::try_from(names.join(",")) {
            headers.insert("grpc-accept-encoding", value);
        }
    }
    for (name, value) in context.headers(Protocol::Grpc) {
        headers.append(name, value.clone());
    }
    head
}

/// A time as gRPC writes it: at most eight digits and a unit. Rounded up to whole ones, and coarsely where nobody
/// minds: the same text for each call is one that HTTP/2's header compression knows already.
fn timeout(left: std::time::Duration) -> String {
    const MOST: u128 = 99_999_999;
    let (us, ms) = (left.as_nanos().div_ceil(1000).max(1), left.as_nanos().div_ceil(1_000_000));
    match () {
        () if us < 1_000_000 => format!("{us}u"),
        () if ms <= MOST => format!("{ms}m"),
        () => format!("{}S", ms.div_ceil(1000).min(MOST)),
    }
}

/// Sends a message, and reads the answer into its places.
pub(super) async fn infer<'r>(
    mut sender: SendRequest<Piece>,
    head: Request<()>,
    loan: &Loan<'_>,
    line: &Arc<Line>,
    places: &mut Places<'r>,
    watch: &mut Stopwatch,
    context: &CallContext<'_>,
) -> Result<InferResult> {
    poll_fn(|task| sender.poll_ready(task)).await.map_err(unseen)?;
    let (answer, mut stream) = sender.send_request(head, false).map_err(unseen)?;
    let pieces = loan.pieces();
    let last = pieces.len().saturating_sub(1);
    for (at, piece) in pieces.enumerate() {
        stream.send_data(piece, at == last).map_err(broken)?;
    }
    let outcome = receive(answer, line, places, watch, context).await;
    if loan.count_out() > 0 {
        // The answer came early. A stream that is only dropped keeps its queue until the server's window opens.
        stream.send_reset(Reason::CANCEL);
    }
    outcome
}

/// Reads the answer: head, message, trailers.
async fn receive<'r>(
    answer: ResponseFuture,
    line: &Arc<Line>,
    places: &mut Places<'r>,
    watch: &mut Stopwatch,
    context: &CallContext<'_>,
) -> Result<InferResult> {
    let (head, mut body) = begin(answer, line, watch, context).await?;
    let encoding = head.get("grpc-encoding").and_then(|name| name.to_str().ok()).unwrap_or_default();
    let mut message = Message::new(encoding, context);
    while let Some(data) = next(&mut body).await? {
        message.push(&data, places).map_err(|error| error.with_headers(headers(&head, HeaderMap::new())))?;
    }
    let trailers = poll_fn(|task| body.poll_trailers(task)).await.map_err(broken)?.unwrap_or_default();
    let trailers = succeeded(&head, trailers, context)?;
    let mut result = message.finish(places)?;
    watch.lap(|times| &mut times.receive);
    result.times = watch.times();
    result.headers = Headers::from_metadata(head, trailers);
    Ok(result)
}

fn headers(head: &HeaderMap, trailers: HeaderMap) -> Headers {
    Headers::from_metadata(head.clone(), trailers)
}

/// Waits for the answer's head; what is no success of gRPC's is an error.
async fn begin(
    answer: ResponseFuture,
    line: &Line,
    watch: &mut Stopwatch,
    context: &CallContext<'_>,
) -> Result<(HeaderMap, RecvStream)> {
    let answer = answer.await.map_err(|error| match is_refusal(&error) {
        true => unseen(error),
        false => broken(error).into(),
    })?;
    watch.lap_at(line.sent_at().unwrap_or_else(Instant::now), |times| &mut times.send);
    watch.lap(|times| &mut times.first_byte);
    let (head, mut body) = answer.into_parts();
    let head = Response::from_parts(head, ());
    if !super::is_grpc(&head) {
        let mut text = Vec::new();
        while text.len() < ERROR_BYTE_SIZE
            && let Ok(Some(data)) = next(&mut body).await
        {
            text.extend_from_slice(&data);
        }
        let error = not_grpc(&head, &text);
        return Err(error.with_headers(headers(head.headers(), HeaderMap::new())).into());
    }
    let head = head.into_parts().0.headers;
    if head.contains_key("grpc-status") {
        // Trailers without anything before them.
        succeeded(&HeaderMap::new(), head, context)?;
        return Err(Error::broken_answer("the answer is no gRPC: it has no message").into());
    }
    Ok((head, body))
}

async fn next(body: &mut RecvStream) -> Result<Option<Bytes>> {
    let Some(data) = poll_fn(|task| body.poll_data(task)).await else { return Ok(None) };
    let data = data.map_err(broken)?;
    // The data is ours; the server may send as much again.
    let _ = body.flow_control().release_capacity(data.len());
    Ok(Some(data))
}

/// The trailers again, if they tell of success.
fn succeeded(head: &HeaderMap, mut trailers: HeaderMap, context: &CallContext) -> Result<HeaderMap> {
    super::checked::drop_details(&mut trailers);
    let error = match tonic::Status::from_header_map(&trailers) {
        Some(status) if status.code() == tonic::Code::Ok => return Ok(trailers),
        Some(status) => super::answered(&status, context),
        None => Error::broken_answer("the answer is no gRPC: it ends without a status"),
    };
    Err(error.with_headers(headers(head, trailers)).into())
}

/// Whether the server says that it has not looked at the request: it takes no more streams, or refuses this one.
fn is_refusal(error: &h2::Error) -> bool {
    (error.is_remote() && error.is_go_away()) || error.reason() == Some(Reason::REFUSED_STREAM)
}

/// The failure of a call that the server has not looked at.
fn unseen(error: h2::Error) -> Failure {
    Failure { error: broken(error).in_doubt(false), unseen: true }
}

fn broken(error: h2::Error) -> Error {
    Error::connection("the connection broke").in_doubt(true).with_source(error)
}
