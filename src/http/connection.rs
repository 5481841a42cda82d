//! One connection of the inference path: the caller's tensors leave from where they lie, the answer's land where they
//! are to be. ureq-proto writes and reads the heads and knows the rules of HTTP/1.1; the bytes between are ours.

use std::{
    fmt,
    io::{self, IoSlice, Read},
    time::Instant,
};

use http::{HeaderName, HeaderValue, Method, Request, Response, Uri, Version, header};
use ureq_proto::{
    BodyMode,
    client::{Call, RecvResponseResult, SendRequestResult, state},
};

use super::body;
use crate::{
    deadline::Deadline,
    error::{Error, Result},
    infer::{InferRequest, InferResult, Stopwatch, place::Places},
    model::wire,
    net::{
        pool::{Connection, Failure},
        socket::{Socket, Wanted},
    },
    options::CallContext,
};

/// The byte size of the JSON part, of a request and of an answer.
static JSON_BYTE_SIZE: HeaderName = HeaderName::from_static("inference-header-content-length");
static OCTET_STREAM: HeaderValue = HeaderValue::from_static("application/octet-stream");
static USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("triton-client/", env!("CARGO_PKG_VERSION")));

/// The longest head of an answer, and as much as is received at once of what has no place of its own.
const WINDOW_BYTE_SIZE: usize = 16 << 10;
/// As much as is read of an answer that is an error.
const ERROR_BYTE_SIZE: u64 = 64 << 10;
/// A JSON buffer that grew beyond this is not kept.
const JSON_KEPT_BYTE_SIZE: usize = 1 << 20;

/// A connection and the memory that its calls use again and again.
pub(super) struct Http1 {
    socket: Socket,
    /// The JSON part of the request, and then that of the answer.
    json: Vec<u8>,
    head: Vec<u8>,
    window: Box<[u8]>,
    /// Whether the last exchange ended where the next can begin.
    reusable: bool,
}

/// Where a request goes.
pub(super) struct Target<'t> {
    pub uri: &'t Uri,
    pub host: &'t HeaderValue,
}

impl fmt::Debug for Http1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.fmt(f)
    }
}

impl Connection for Http1 {
    fn new(socket: Socket) -> Result<Self> {
        Ok(Self {
            socket,
            json: Vec::new(),
            head: Vec::new(),
            window: vec![0; WINDOW_BYTE_SIZE].into(),
            reusable: false,
        })
    }

    fn is_alive(&mut self) -> bool {
        self.socket.is_idle()
    }

    fn is_reusable(&self) -> bool {
        self.reusable
    }
}

impl Http1 {
    /// Sends a request and reads its answer.
    pub fn infer(
        &mut self,
        target: &Target,
        request: &InferRequest,
        places: &mut Places,
        watch: &mut Stopwatch,
        context: &CallContext,
    ) -> std::result::Result<InferResult, Failure> {
        self.reusable = false;
        body::write_header(request, &mut self.json);
        let tensors: u64 = request.inputs().iter().map(|input| input.byte_size()).sum();
        let byte_size = self.json.len() as u64 + tensors;
        context.check_request_size(byte_size)?;
        let call = self.write_head(target, byte_size).map_err(unwritable)?;
        watch.lap(|times| &mut times.queue);

        let parts = [&self.head[..], &self.json].into_iter().chain(body::tensors(request));
        let outcome = send_all(&self.socket, parts, context.deadline);
        watch.lap(|times| &mut times.send);
        let sent = match outcome {
            Ok(Sent::Wholly) => Ok(()),
            Ok(Sent::AnsweredEarly) => Err(None),
            Err((0, error)) if error.kind() != io::ErrorKind::TimedOut => {
                return Err(Failure { error: broken(error, "sending", context), unseen: true });
            }
            // The server may have said why it takes no more.
            Err((_, error)) => Err(Some(error)),
        };
        let (answer, mut body) =
            match (read_head(&self.socket, &mut self.window, call, context.deadline), &sent) {
                (Ok(answer), _) => answer,
                (Err(_), Err(Some(_))) => {
                    let error = sent.err().flatten().unwrap_or_else(|| io::ErrorKind::BrokenPipe.into());
                    return Err(broken(error, "sending the request", context).into());
                }
                (Err(fault), _) => return Err(fault.told(context).into()),
            };
        watch.lap_at(body.first_byte, |times| &mut times.first_byte);
        let outcome = read_answer(&answer, &mut body, &mut self.json, places, context);
        let keeps_alive = body.is_over() && keeps_alive(&answer);
        self.reusable = sent.is_ok() && keeps_alive;
        if self.json.capacity() > JSON_KEPT_BYTE_SIZE {
            self.json = Vec::new();
        }
        let mut result = outcome.map_err(|error| in_time(error, context))?;
        watch.lap(|times| &mut times.receive);
        result.times = watch.times();
        Ok(result)
    }

    /// Writes the head of a request, and returns what reads its answer.
    fn write_head(
        &mut self,
        target: &Target,
        byte_size: u64,
    ) -> std::result::Result<Call<state::RecvResponse>, ureq_proto::Error> {
        let mut request = Request::new(());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = target.uri.clone();
        let headers = request.headers_mut();
        headers.insert(header::HOST, target.host.clone());
        headers.insert(header::USER_AGENT, USER_AGENT.clone());
        headers.insert(header::CONTENT_TYPE, OCTET_STREAM.clone());
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(byte_size));
        headers.insert(&JSON_BYTE_SIZE, HeaderValue::from(self.json.len()));
        let mut call = Call::new(request)?.proceed();
        self.head.resize(self.head.capacity().max(1024), 0);
        let mut written = 0;
        while !call.can_proceed() {
            match call.write(&mut self.head[written..]) {
                Ok(count) => written += count,
                Err(ureq_proto::Error::OutputOverflow) => self.head.resize(2 * self.head.len(), 0),
                Err(error) => return Err(error),
            }
        }
        self.head.truncate(written);
        // A body with a length follows, all of which goes past the state machine.
        let Some(SendRequestResult::SendBody(mut call)) = call.proceed()? else {
            return Err(ureq_proto::Error::BodyNotAllowed);
        };
        let mut left = byte_size;
        while left > 0 {
            let step = usize::try_from(left).unwrap_or(usize::MAX);
            call.consume_direct_write(step)?;
            left -= step as u64;
        }
        call.proceed().ok_or(ureq_proto::Error::BodyNotAllowed)
    }
}

/// Reads the head of an answer; what came with it of the body is the first that the body gives.
fn read_head<'c>(
    socket: &'c Socket,
    window: &'c mut [u8],
    mut call: Call<state::RecvResponse>,
    deadline: Deadline,
) -> std::result::Result<(Response<()>, Body<'c>), Fault> {
    let (mut used, mut have) = (0, 0);
    let mut first_byte = None;
    let head = loop {
        if have == window.len() {
            return Err(Fault::NoHttp(format!("a head of more than {WINDOW_BYTE_SIZE} bytes").into()));
        }
        let count = socket.recv(&mut window[have..], deadline).map_err(Fault::Io)?;
        if count == 0 {
            return Err(Fault::Io(io::ErrorKind::UnexpectedEof.into()));
        }
        first_byte.get_or_insert_with(Instant::now);
        have += count;
        // An interim answer (100 and its like) is used up without being one.
        let head = loop {
            let (taken, head) =
                call.try_response(&window[used..have], false).map_err(|error| Fault::NoHttp(error.into()))?;
            used += taken;
            if head.is_some() || taken == 0 {
                break head;
            }
        };
        if let Some(head) = head {
            break head;
        }
    };
    let framing = match call.proceed() {
        Some(RecvResponseResult::RecvBody(call)) => match call.body_mode() {
            BodyMode::LengthDelimited(left) => Framing::Length(left),
            BodyMode::NoBody => Framing::Length(0),
            mode => Framing::Other { call: Box::new(call), to_the_end: mode == BodyMode::CloseDelimited },
        },
        _ => Framing::Length(0),
    };
    let body = Body {
        socket,
        window,
        used,
        have,
        framing,
        deadline,
        first_byte: first_byte.unwrap_or_else(Instant::now),
    };
    Ok((head, body))
}

enum Sent {
    Wholly,
    /// The server answered without waiting for all of it.
    AnsweredEarly,
}

/// Sends all parts, in as few system calls as they take. An error tells how many bytes had left.
fn send_all<'p>(
    socket: &Socket,
    parts: impl Iterator<Item = &'p [u8]>,
    deadline: Deadline,
) -> std::result::Result<Sent, (usize, io::Error)> {
    let mut slices: Vec<IoSlice> = parts.filter(|part| !part.is_empty()).map(IoSlice::new).collect();
    let mut slices = &mut slices[..];
    let mut sent = 0;
    while !slices.is_empty() {
        match socket.try_send_vectored(slices) {
            Ok(count) => {
                sent += count;
                IoSlice::advance_slices(&mut slices, count);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                let ready = socket.wait(Wanted::Both, deadline).map_err(|error| (sent, error))?;
                if ready.read && !ready.write {
                    return Ok(Sent::AnsweredEarly);
                }
            }
            Err(error) => return Err((sent, error)),
        }
    }
    Ok(Sent::Wholly)
}

/// The body of an answer, in its order: first what came with the head, then straight from the socket.
struct Body<'c> {
    socket: &'c Socket,
    window: &'c mut [u8],
    /// Of the window; from here to `have` is what is not yet read.
    used: usize,
    have: usize,
    framing: Framing,
    deadline: Deadline,
    first_byte: Instant,
}

enum Framing {
    /// So many bytes.
    Length(u64),
    /// In chunks, or to the end of the connection: read by ureq-proto's state machine.
    Other { call: Box<Call<state::RecvBody>>, to_the_end: bool },
}

impl Body<'_> {
    fn byte_size(&self) -> Option<u64> {
        match self.framing {
            Framing::Length(left) => Some(left),
            Framing::Other { .. } => None,
        }
    }

    /// Whether all of it was read, and nothing came behind it.
    fn is_over(&self) -> bool {
        let over = match &self.framing {
            Framing::Length(left) => *left == 0,
            Framing::Other { call, to_the_end } => !to_the_end && call.is_ended_chunked(),
        };
        over && self.used == self.have
    }
}

impl Read for Body<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        match &mut self.framing {
            Framing::Length(0) => Ok(0),
            Framing::Length(left) => {
                let most = into.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                let into = &mut into[..most];
                let count = if self.used < self.have {
                    let count = into.len().min(self.have - self.used);
                    into[..count].copy_from_slice(&self.window[self.used..self.used + count]);
                    self.used += count;
                    count
                } else {
                    self.socket.recv(into, self.deadline)?
                };
                if count == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                *left -= count as u64;
                Ok(count)
            }
            Framing::Other { call, to_the_end } => loop {
                let (taken, given) =
                    call.read(&self.window[self.used..self.have], into).map_err(io::Error::other)?;
                self.used += taken;
                if given > 0 || (!*to_the_end && call.is_ended_chunked()) {
                    return Ok(given);
                }
                if taken > 0 {
                    continue;
                }
                self.window.copy_within(self.used..self.have, 0);
                (self.used, self.have) = (0, self.have - self.used);
                if self.have == self.window.len() {
                    return Err(io::Error::other("a chunk's head is too long"));
                }
                let count = self.socket.recv(&mut self.window[self.have..], self.deadline)?;
                if count == 0 {
                    return if *to_the_end { Ok(0) } else { Err(io::ErrorKind::UnexpectedEof.into()) };
                }
                self.have += count;
            },
        }
    }
}

fn read_answer(
    answer: &Response<()>,
    body: &mut Body,
    json: &mut Vec<u8>,
    places: &mut Places,
    context: &CallContext,
) -> Result<InferResult> {
    let status = answer.status();
    if let Some(encoding) = answer.headers().get(header::CONTENT_ENCODING)
        && encoding != "identity"
    {
        return Err(Error::broken_answer(format!(
            "the answer is encoded as {encoding:?}, and nobody asked for that"
        )));
    }
    if !status.is_success() {
        let mut text = Vec::new();
        // What arrived before the connection broke is still the server's reason.
        let _ = body.take(ERROR_BYTE_SIZE).read_to_end(&mut text);
        return Err(wire::error(status.as_u16(), &text));
    }
    let json_byte_size =
        match answer.headers().get(&JSON_BYTE_SIZE) {
            None => None,
            Some(value) => {
                let text = value.to_str().unwrap_or("not ASCII");
                Some(text.parse().map_err(|_| {
                    Error::broken_answer(format!("the answer's {JSON_BYTE_SIZE} is '{text}'"))
                })?)
            }
        };
    let byte_size = body.byte_size();
    body::read_result(body, byte_size, json_byte_size, json, places, context)
        .map_err(|error| error.with_http_status(status.as_u16()))
}

/// What went wrong while the head of an answer was awaited.
enum Fault {
    Io(io::Error),
    NoHttp(Box<dyn std::error::Error + Send + Sync>),
}

impl Fault {
    fn told(self, context: &CallContext) -> Error {
        match self {
            Self::Io(error) => broken(error, "waiting for the answer", context),
            Self::NoHttp(error) => {
                Error::broken_answer("what came back is not HTTP as it should be").with_source(error)
            }
        }
    }
}

/// The error of a connection that broke, or of a call whose time is over.
fn broken(error: io::Error, doing: &str, context: &CallContext) -> Error {
    if error.kind() == io::ErrorKind::TimedOut {
        return context.timed_out(doing).in_doubt(true);
    }
    Error::connection(format!("the connection broke ({doing})")).in_doubt(true).with_source(error)
}

/// A reader's error may be the deadline's.
fn in_time(error: Error, context: &CallContext) -> Error {
    let is_timeout = std::error::Error::source(&error)
        .and_then(|source| source.downcast_ref::<io::Error>())
        .is_some_and(|source| source.kind() == io::ErrorKind::TimedOut);
    if is_timeout { context.timed_out("receiving the answer").in_doubt(true) } else { error }
}

fn unwritable(error: ureq_proto::Error) -> Error {
    Error::invalid("this can't be an HTTP request").with_source(error)
}

/// Whether the server leaves the connection open behind an answer whose end was seen.
fn keeps_alive(answer: &Response<()>) -> bool {
    let mut values = answer.headers().get_all(header::CONNECTION).iter();
    let closes = values.any(|value| {
        let mut tokens = value.as_bytes().split(|byte| *byte == b',');
        tokens.any(|token| token.trim_ascii().eq_ignore_ascii_case(b"close"))
    });
    answer.version() == Version::HTTP_11 && !closes
}
