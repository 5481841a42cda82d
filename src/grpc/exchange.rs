//! One inference as HTTP/2 carries it: head, message, answer, trailers.

use std::{future::poll_fn, sync::Arc, time::Instant};

use bytes::Bytes;
use h2::{
    Reason, RecvStream,
    client::{ResponseFuture, SendRequest},
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri, Version, header};

use super::{
    codec::{PREFIX_BYTE_SIZE, ResponseReader},
    lane::Line,
    not_grpc,
};
use crate::{
    error::Error,
    infer::{InferResult, Stopwatch, place::Places},
    lend::{Loan, Piece},
    net::pool::Failure,
    options::CallContext,
};

type Result<T> = std::result::Result<T, Failure>;

/// As much as is read of an answer that is no gRPC.
const ERROR_BYTE_SIZE: usize = 1024;

/// The head of a call. `deadline` is what the server hears of it.
pub(super) fn head(uri: &Uri, deadline: Option<std::time::Duration>) -> Request<()> {
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
    head
}

/// A time as gRPC writes it: at most eight digits and a unit. Rounded up to whole ones, and coarsely where nobody minds: the same
/// text for each call is one that HTTP/2's header compression knows already.
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
    context: &CallContext,
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
    context: &CallContext,
) -> Result<InferResult> {
    let (encoding, mut body) = begin(answer, line, watch, context).await?;
    let mut message = Message { encoding, prefix: [0; PREFIX_BYTE_SIZE], prefixed: 0, reader: None };
    while let Some(data) = next(&mut body).await? {
        message.push(&data, places, context)?;
    }
    let trailers = poll_fn(|task| body.poll_trailers(task)).await.map_err(broken)?;
    succeeded(trailers.unwrap_or_default(), context)?;
    let mut result = message.finish(places)?;
    watch.lap(|times| &mut times.receive);
    result.times = watch.times();
    Ok(result)
}

/// Waits for the answer's head, which may name an encoding; what is no success of gRPC's is an error.
async fn begin(
    answer: ResponseFuture,
    line: &Line,
    watch: &mut Stopwatch,
    context: &CallContext,
) -> Result<(Option<HeaderValue>, RecvStream)> {
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
        return Err(not_grpc(&head, &text).into());
    }
    let encoding = head.headers().get("grpc-encoding").cloned();
    if head.headers().contains_key("grpc-status") {
        // Trailers without anything before them.
        succeeded(head.into_parts().0.headers, context)?;
    }
    Ok((encoding, body))
}

async fn next(body: &mut RecvStream) -> Result<Option<Bytes>> {
    let Some(data) = poll_fn(|task| body.poll_data(task)).await else { return Ok(None) };
    let data = data.map_err(broken)?;
    // The data is ours; the server may send as much again.
    let _ = body.flow_control().release_capacity(data.len());
    Ok(Some(data))
}

fn succeeded(mut trailers: HeaderMap, context: &CallContext) -> Result<()> {
    super::checked::drop_details(&mut trailers);
    match tonic::Status::from_header_map(&trailers) {
        Some(status) if status.code() == tonic::Code::Ok => Ok(()),
        Some(status) => Err(super::answered(&status, context).into()),
        None => Err(Error::broken_answer("the answer is no gRPC: it ends without a status").into()),
    }
}

/// The one message of an answer, as it arrives.
struct Message<'r> {
    /// What the server says of it, compressed or not.
    encoding: Option<HeaderValue>,
    prefix: [u8; PREFIX_BYTE_SIZE],
    prefixed: usize,
    reader: Option<ResponseReader<'r>>,
}

impl<'r> Message<'r> {
    fn push(
        &mut self,
        mut bytes: &[u8],
        places: &mut Places<'r>,
        context: &CallContext,
    ) -> crate::error::Result<()> {
        while self.prefixed < PREFIX_BYTE_SIZE {
            let Some((first, rest)) = bytes.split_first() else { return Ok(()) };
            self.prefix[self.prefixed] = *first;
            self.prefixed += 1;
            bytes = rest;
        }
        let reader = match &mut self.reader {
            Some(reader) => reader,
            None => {
                let [is_compressed, byte_size @ ..] = self.prefix;
                if is_compressed != 0 {
                    let encoding =
                        self.encoding.as_ref().map(|name| format!(" as {name:?}")).unwrap_or_default();
                    return Err(Error::broken_answer(format!(
                        "the answer's message is compressed{encoding}, and nobody asked for that"
                    )));
                }
                let byte_size = u64::from(u32::from_be_bytes(byte_size));
                self.reader.insert(ResponseReader::new(byte_size, context)?)
            }
        };
        reader.push(bytes, places)
    }

    fn finish(self, places: &mut Places<'r>) -> crate::error::Result<InferResult> {
        match self.reader {
            Some(reader) => reader.finish(places),
            None => Err(Error::broken_answer("the answer is no gRPC: it has no message")),
        }
    }
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
