//! An HTTP/1.1 exchange. The parts of a request are sent without being copied. A response is read as it
//! arrives: httparse parses the headers, a body of known length is received directly into its destination,
//! and ureq-proto decodes chunked bodies.

use std::{
    future::poll_fn,
    io::{self, IoSlice},
    task::{Context, Poll, ready},
};

use http::{Request, header};
use tokio::io::ReadBuf;
use ureq_proto::client::{Call, RecvResponseResult, SendRequestResult, state};

use super::response_head::{
    Framing as Announced, HeadersParser, MAX_HEADERS_BYTE_SIZE, ResponseHead, is_http2,
};
use crate::{
    error::{Error, Origin, Result, Status},
    net::{
        attempts::{Failure, Reached},
        drive::Driver,
        link::Link,
    },
    tls_port,
};

/// The initial size of a connection's receive buffer.
const WINDOW_BYTE_SIZE: usize = 16 << 10;

/// The maximum size of chunk headers between two pieces of data, and of trailers. A response that
/// exceeds it is RESOURCE_EXHAUSTED.
const MAX_CHUNK_OVERHEAD: usize = MAX_HEADERS_BYTE_SIZE;

/// A connection's receive buffer, of which `used..have` is unread.
pub(super) struct Window {
    bytes: Vec<u8>,
    used: usize,
    have: usize,
}

impl Window {
    pub(super) fn new() -> Self {
        Self { bytes: vec![0; WINDOW_BYTE_SIZE], used: 0, have: 0 }
    }

    fn unread(&self) -> &[u8] {
        &self.bytes[self.used..self.have]
    }

    /// Returns whether nothing is left to read.
    fn is_empty(&self) -> bool {
        self.used == self.have
    }

    /// Receives more bytes; 0 at the end of the connection.
    fn poll_receive(&mut self, context: &mut Context<'_>, link: &Link) -> Poll<io::Result<usize>> {
        if self.used > 0 {
            self.bytes.copy_within(self.used..self.have, 0);
            (self.used, self.have) = (0, self.have - self.used);
        }
        if self.have == self.bytes.len() {
            self.bytes.resize(self.bytes.len() * 2, 0);
        }
        let mut into = ReadBuf::new(&mut self.bytes[self.have..]);
        ready!(link.poll_recv(context, &mut into))?;
        let count = into.filled().len();
        self.have += count;
        Poll::Ready(Ok(count))
    }

    /// Frees the memory that unusually long headers took.
    fn shrink(&mut self) {
        if self.is_empty() && self.bytes.len() > WINDOW_BYTE_SIZE {
            *self = Self::new();
        }
    }
}

/// A connection during one exchange.
pub(super) struct Exchange<'c> {
    pub link: &'c Link,
    pub window: &'c mut Window,
    pub headers_parser: &'c mut HeadersParser,
    pub driver: &'c Driver,
    /// The name of the header with the byte size of the JSON part.
    pub json_size_header: &'c str,
}

/// The status line and headers of a response, and its unread body.
pub(super) struct Response<'c> {
    pub head: ResponseHead,
    pub body: Body<'c>,
    /// Whether the whole request was sent; otherwise the server responded early.
    is_sent: bool,
}

/// The outcome of sending a request.
enum Sent {
    Whole,
    /// The server responded before the whole request was sent.
    Early(ResponseHead),
}

impl<'c> Exchange<'c> {
    /// Sends a request, in as few system calls as possible, and reads the headers of its response.
    pub(super) async fn run(
        mut self,
        headers: &[u8],
        body: impl Iterator<Item = &[u8]>,
    ) -> std::result::Result<Response<'c>, Failure> {
        let mut parts = Vec::with_capacity(8);
        parts.push(IoSlice::new(headers));
        for part in body.filter(|part| !part.is_empty()) {
            parts.push(IoSlice::new(part));
        }
        self.driver.set_phase("sending the request");
        let (head, is_sent) = match self.send(&mut parts).await {
            Ok(Sent::Whole) => (None, true),
            Ok(Sent::Early(head)) => (Some(head), false),
            Err(failure) => {
                // The server may have sent an error response before it closed the connection, or its first
                // bytes may show another protocol.
                self.link.force_read();
                let outcome = match failure.reached {
                    // Without waiting: a send may also fail on a connection that is still open. A response is
                    // ignored, since no request was sent.
                    Reached::Nothing => {
                        let _ = poll_fn(|context| Poll::Ready(self.window.poll_receive(context, self.link)))
                            .await;
                        self.parse().map(|_| None).map_err(Failure::from)
                    }
                    _ => self.read_headers().await.map(Some),
                };
                if let Some(error) = self.link.tls_failure() {
                    return Err(failure.with_tls(error));
                }
                match outcome {
                    Ok(Some(head)) => (Some(head), false),
                    Err(other) if is_other_protocol(self.window.unread()) => return Err(other),
                    _ => return Err(failure),
                }
            }
        };
        self.driver.set_phase("waiting for the response");
        let head = match head {
            Some(head) => head,
            None => self.read_headers().await?,
        };
        self.driver.set_phase("receiving the response");
        if !is_sent && matches!(head.status, 200..=299) {
            // An error response may arrive early; a success can't be the response to an incomplete request.
            let message = "malformed HTTP response: success before the whole request was sent";
            return Err(Error::malformed_response(message).with_http_status(head.status).into());
        }
        let framing = Framing::new(head.framing)?;
        let body = Body::Arriving { link: self.link, window: self.window, framing };
        Ok(Response { head, body, is_sent })
    }

    /// Sends all parts. Reads while the socket's send buffer is full: the server may respond early.
    async fn send(&mut self, mut parts: &mut [IoSlice<'_>]) -> std::result::Result<Sent, Failure> {
        poll_fn(|context| {
            loop {
                // Over TLS the end of what was encrypted may not have been sent.
                let sent = match parts.is_empty() {
                    true => self.link.poll_flush(context).map_ok(|()| 0),
                    false => self.link.poll_send(context, parts),
                };
                match sent {
                    Poll::Ready(Ok(_)) if parts.is_empty() => return Poll::Ready(Ok(Sent::Whole)),
                    Poll::Ready(Ok(count)) => {
                        IoSlice::advance_slices(&mut parts, count);
                    }
                    Poll::Ready(Err(error)) => return Poll::Ready(Err(self.lost(error))),
                    Poll::Pending => match self.window.poll_receive(context, self.link) {
                        Poll::Pending => return Poll::Pending,
                        Poll::Ready(Ok(0)) => return Poll::Ready(Err(self.lost(closed()))),
                        Poll::Ready(Err(error)) => return Poll::Ready(Err(self.lost(error))),
                        Poll::Ready(Ok(_)) => match self.parse() {
                            Ok(Some(head)) => return Poll::Ready(Ok(Sent::Early(head))),
                            Ok(None) => {}
                            Err(error) => return Poll::Ready(Err(error.into())),
                        },
                    },
                }
            }
        })
        .await
    }

    /// Reads until the response's headers are complete.
    async fn read_headers(&mut self) -> std::result::Result<ResponseHead, Failure> {
        loop {
            if let Some(head) = self.parse()? {
                return Ok(head);
            }
            match poll_fn(|context| self.window.poll_receive(context, self.link)).await {
                Ok(0) => return Err(self.lost(closed())),
                Ok(_) => {}
                Err(error) => return Err(self.lost(error)),
            }
        }
    }

    /// Parses the response's headers; `None` while they are incomplete.
    fn parse(&mut self) -> Result<Option<ResponseHead>> {
        loop {
            let unread = self.window.unread();
            if unread.is_empty() {
                return Ok(None);
            }
            let Some((head, length)) = self.headers_parser.parse(unread, self.json_size_header)? else {
                if unread.len() > MAX_HEADERS_BYTE_SIZE {
                    return Err(too_long());
                }
                return Ok(None);
            };
            self.window.used += length;
            // Interim responses precede the final one.
            if !matches!(head.status, 100 | 102..=199) {
                return Ok(Some(head));
            }
        }
    }

    /// Returns the failure of a connection that ended before the response.
    fn lost(&self, error: io::Error) -> Failure {
        let progress = self.link.progress();
        let was_sent = progress.sent > 0;
        let reached = match (was_sent, progress.first_byte_at) {
            (false, _) => Reached::Nothing,
            (true, None) => Reached::Closed,
            // The end of the connection counts as a byte.
            (true, Some(_)) if self.window.is_empty() => Reached::Closed,
            (true, Some(_)) => Reached::Perhaps,
        };
        let hint = if self.link.is_mute() && !self.link.is_tls() { tls_port::QUESTION } else { "" };
        let message = format!("connection lost ({}){hint}", self.driver.phase());
        let error = Error::connection(message).in_doubt(was_sent).with_source(error);
        let failure = Failure { error, reached, was_reused: false };
        match self.link.tls_failure() {
            Some(error) => failure.with_tls(error),
            None => failure,
        }
    }
}

/// Returns whether a server's first bytes are those of a protocol other than HTTP/1.
fn is_other_protocol(first: &[u8]) -> bool {
    tls_port::is_alert(first) || is_http2(first)
}

fn closed() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "closed by the server")
}

fn too_long() -> Error {
    let message = format!("the response's headers exceed the limit of {MAX_HEADERS_BYTE_SIZE} bytes");
    Error::new(Status::ResourceExhausted, Origin::Client, message).in_doubt(true)
}

impl Response<'_> {
    /// Returns whether it was read to its end and another exchange may follow on the connection.
    pub(super) fn is_reusable(&self) -> bool {
        // After a gateway's response the server's own may still follow; 204 and 304 are not valid responses
        // to any request of this client.
        let is_suspicious = matches!(self.head.status, 101 | 204 | 304 | 408 | 502 | 504);
        self.is_sent && self.head.keeps_alive && !is_suspicious && self.body.is_over()
    }
}

/// The unread part of a body.
pub(super) enum Body<'s> {
    /// The window may contain its start; the rest is received from the connection.
    Arriving { link: &'s Link, window: &'s mut Window, framing: Framing },
    /// All of it is in memory.
    Bytes(&'s [u8]),
}

/// The framing of a body. `Length` is the number of bytes left.
pub(super) enum Framing {
    Length(u64),
    Chunked(Box<Call<state::RecvBody>>),
    UntilClose,
}

impl Framing {
    fn new(announced: Announced) -> Result<Self> {
        Ok(match announced {
            Announced::Length(byte_size) => Self::Length(byte_size),
            Announced::UntilClose => Self::UntilClose,
            Announced::Chunked => {
                let call = chunked_decoder().map_err(|error| {
                    Error::new(Status::Internal, Origin::Client, "can't decode chunked bodies")
                        .with_source(error)
                })?;
                Self::Chunked(Box::new(call))
            }
        })
    }
}

/// Creates ureq-proto's decoder, which is only accessible through a request and the start of its response.
fn chunked_decoder() -> std::result::Result<Call<state::RecvBody>, ureq_proto::Error> {
    let unexpected = || ureq_proto::Error::BodyNotAllowed;
    let request = Request::post("http://server/").header(header::CONTENT_LENGTH, "1").body(());
    let mut call = Call::new(request.map_err(|_| unexpected())?)?.proceed();
    call.write(&mut [0; 256])?;
    let Some(SendRequestResult::SendBody(mut call)) = call.proceed()? else { return Err(unexpected()) };
    call.consume_direct_write(1)?;
    let mut call = call.proceed().ok_or_else(unexpected)?;
    call.try_response(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", false)?;
    match call.proceed() {
        Some(RecvResponseResult::RecvBody(call)) => Ok(call),
        _ => Err(unexpected()),
    }
}

impl Body<'_> {
    /// Returns the number of bytes left, if known.
    pub(super) fn byte_size(&self) -> Option<u64> {
        match self {
            Self::Arriving { framing: Framing::Length(left), .. } => Some(*left),
            Self::Arriving { .. } => None,
            Self::Bytes(bytes) => Some(bytes.len() as u64),
        }
    }

    /// Returns whether its end is marked by anything other than the end of the connection.
    pub(super) fn is_framed(&self) -> bool {
        !matches!(self, Self::Arriving { framing: Framing::UntilClose, .. })
    }

    /// Returns whether a cancel has shut its connection down.
    pub(super) fn is_shut_down(&self) -> bool {
        matches!(self, Self::Arriving { link, .. } if link.is_shut_down())
    }

    /// Returns whether it was read to its end, and nothing follows it.
    fn is_over(&self) -> bool {
        match self {
            Self::Arriving { window, framing, .. } => {
                window.is_empty()
                    && match framing {
                        Framing::Length(left) => *left == 0,
                        Framing::Chunked(call) => call.can_proceed(),
                        Framing::UntilClose => false,
                    }
            }
            Self::Bytes(_) => false,
        }
    }

    /// Reads into the start of `into`, waiting for at least one byte; 0 at the end of the body.
    pub(super) async fn fill(&mut self, into: &mut [u8]) -> Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        match self {
            Self::Bytes(bytes) => {
                let (taken, rest) = bytes.split_at(into.len().min(bytes.len()));
                into[..taken.len()].copy_from_slice(taken);
                *bytes = rest;
                Ok(taken.len())
            }
            Self::Arriving { link, window, framing: Framing::Length(left) } => {
                let max = into.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                if max == 0 {
                    return Ok(0);
                }
                let count = read(link, window, &mut into[..max]).await?;
                if count == 0 {
                    let message = format!("connection closed {left} bytes before the end of the response");
                    return Err(lost(message, closed()));
                }
                *left -= count as u64;
                Ok(count)
            }
            Self::Arriving { link, window, framing: Framing::UntilClose } => read(link, window, into).await,
            Self::Arriving { link, window, framing: Framing::Chunked(call) } => {
                let mut overhead = 0;
                loop {
                    let malformed = || Error::malformed_response("malformed HTTP chunk");
                    let (taken, given) =
                        call.read(window.unread(), into).map_err(|error| malformed().with_source(error))?;
                    window.used += taken;
                    if given > 0 || call.can_proceed() {
                        return Ok(given);
                    }
                    // Sizes, extensions and trailers, on which ureq-proto has no limit.
                    overhead += taken;
                    let line = window.unread();
                    if overhead + line.len() > MAX_CHUNK_OVERHEAD {
                        let message = format!(
                            "chunk headers or trailers exceed the limit of {MAX_CHUNK_OVERHEAD} bytes"
                        );
                        return Err(
                            Error::new(Status::ResourceExhausted, Origin::Client, message).in_doubt(true)
                        );
                    }
                    if taken > 0 {
                        continue;
                    }
                    if line.first() == Some(&b'\n')
                        || line.windows(2).any(|pair| (pair[0] == b'\r') != (pair[1] == b'\n'))
                    {
                        return Err(malformed().with_source("a line that does not end in CRLF"));
                    }
                    match poll_fn(|context| window.poll_receive(context, link)).await {
                        // Only the CRLF after the last chunk is missing.
                        Ok(0) if call.is_ended_chunked() => return Ok(0),
                        Ok(0) => {
                            return Err(lost("connection closed inside a chunk of the response", closed()));
                        }
                        Ok(_) => {}
                        Err(error) => {
                            return Err(lost("connection lost in the middle of the response", error));
                        }
                    }
                }
            }
        }
    }

    /// Appends the rest to `to`, at most `max` bytes. Bytes that arrived before an error are kept.
    pub(super) async fn read_to(&mut self, to: &mut Vec<u8>, max: u64) -> Result<()> {
        /// Memory grows with what arrives, not with what the server announces.
        const STEP: usize = 64 << 10;
        let announced = self.byte_size().unwrap_or(u64::MAX).min(max);
        let mut left = max;
        while left > 0 {
            let start = to.len();
            let likely = usize::try_from(announced.saturating_sub(max - left)).unwrap_or(usize::MAX);
            let step = likely.clamp(1, STEP).min(usize::try_from(left).unwrap_or(usize::MAX));
            to.resize(start + step, 0);
            let outcome = self.fill(&mut to[start..]).await;
            to.truncate(start + outcome.as_ref().copied().unwrap_or(0));
            match outcome? {
                0 => break,
                count => left -= count as u64,
            }
        }
        Ok(())
    }
}

async fn read(link: &Link, window: &mut Window, into: &mut [u8]) -> Result<usize> {
    if window.is_empty() {
        window.shrink();
        let mut into = ReadBuf::new(into);
        return poll_fn(|context| link.poll_recv(context, &mut into))
            .await
            .map(|()| into.filled().len())
            .map_err(|error| lost("connection lost in the middle of the response", error));
    }
    let count = into.len().min(window.have - window.used);
    into[..count].copy_from_slice(&window.bytes[window.used..window.used + count]);
    window.used += count;
    Ok(count)
}

/// Returns the error of a connection that ended in the middle of a response.
fn lost(message: impl Into<String>, error: io::Error) -> Error {
    Error::connection(message).in_doubt(true).with_source(error)
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::TcpListener,
        sync::Arc,
    };

    use super::*;
    use crate::{
        error::Status,
        net::drive::drive,
        until::{Deadline, Until},
    };

    /// Sends a request on a connection that the server has reset after it sent `bytes`.
    fn run_on_reset(bytes: &[u8]) -> Failure {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let deadline = Deadline::after(Some(std::time::Duration::from_secs(20)));
        let driver = &Driver::caller(Until { deadline, cancel: None });
        let link = Link::connect(listener.local_addr().unwrap(), false, None, Arc::default()).unwrap();
        let (mut window, mut headers_parser) = (Window::new(), HeadersParser::default());
        let outcome = drive(driver, async {
            let _on = driver.on(&link);
            poll_fn(|context| link.poll_connected(context)).await.unwrap();
            // Closing a connection with unread data resets it.
            let sent = poll_fn(|context| link.poll_send(context, &[IoSlice::new(b"earlier request")]))
                .await
                .unwrap();
            let (mut stream, _) = listener.accept().unwrap();
            stream.read_exact(&mut vec![0; sent - 1]).unwrap();
            stream.write_all(bytes).unwrap();
            drop(stream);
            while link.is_quiet() {
                std::thread::yield_now();
            }
            link.begin(deadline);
            let exchange = Exchange {
                link: &link,
                window: &mut window,
                headers_parser: &mut headers_parser,
                driver,
                json_size_header: "x",
            };
            exchange.run(b"GET / HTTP/1.1\r\n\r\n", std::iter::empty()).await.map(|response| response.head)
        });
        outcome.unwrap().unwrap_err()
    }

    #[test]
    fn a_request_of_which_nothing_was_sent_is_unprocessed_unless_the_server_speaks_another_protocol() {
        // A response to an idle connection is not the response to the request.
        for bytes in
            [&b""[..], b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n", b"HTTP/1.1 4", b"?"]
        {
            let failure = run_on_reset(bytes);
            let properties = (failure.reached, failure.error.is_in_doubt(), failure.error.status());
            assert_eq!(properties, (Reached::Nothing, false, Status::Unavailable), "{:?}", failure.error);
        }
        for (bytes, status, text) in [
            (&b"\x15\x03\x01\0\x02\x02\x46"[..], Status::Unavailable, "the server's port speaks TLS"),
            (b"\0\0\0\x04\0\0\0\0\0", Status::Internal, "the server's port speaks HTTP/2"),
        ] {
            let error = run_on_reset(bytes).error;
            assert_eq!((error.status(), error.is_in_doubt()), (status, false), "{error:?}");
            assert!(error.to_string().contains(text), "{error:?}");
        }
    }
}
