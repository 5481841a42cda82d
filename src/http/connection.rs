//! One connection of the inference path: the caller's tensors leave from where they lie, the answer's land where they
//! are to be.

use std::{
    fmt,
    io::{self, IoSlice, Read, Write},
    iter,
};

use super::{
    REASON_BYTE_SIZE,
    answer::{Arrival, Body, Fault, Head, JSON_BYTE_SIZE, WINDOW_BYTE_SIZE},
    body, no_http,
};
use crate::{
    compression::{self, Compression},
    deadline::Deadline,
    error::{Error, Result},
    headers::Headers,
    infer::{InferRequest, InferResult, Stopwatch, place::Places},
    model::wire,
    net::{
        pool::{Connection, Failure},
        socket::{Socket, Wanted},
    },
    options::CallContext,
    url::Protocol,
};

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

/// Where a request goes: what stands in its head as it is.
#[derive(Clone, Copy)]
pub(super) struct Target<'t> {
    pub host: &'t str,
    pub base_path: &'t str,
    pub path: &'t str,
    /// Behind the path: `/infer`.
    pub endpoint: &'t str,
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
        target: Target,
        request: &InferRequest,
        places: &mut Places,
        watch: &mut Stopwatch,
        context: &CallContext,
    ) -> std::result::Result<InferResult, Failure> {
        body::write_header(request, &mut self.json)?;
        let json_byte_size = self.json.len();
        let byte_size = json_byte_size as u64 + request.tensor_byte_size();
        context.check_request_size(byte_size)?;
        let compressed = match context.request_compression {
            Compression::None => None,
            compression => Some(compression.compress(iter::once(&self.json[..]).chain(request.tensors()))?),
        };
        self.reusable = false;
        // What is JSON alone says so: servers without the binary extension take nothing else.
        let sizes = Sizes {
            json: request.has_binary().then_some(json_byte_size),
            body: compressed.as_ref().map_or(byte_size, |body| body.len() as u64),
        };
        write_head(&mut self.head, target, sizes, context);
        watch.lap(|times| &mut times.queue);

        // As it is, from where it lies; or what compression made of it.
        let plain = compressed.is_none();
        let parts = [&self.head[..], compressed.as_deref().unwrap_or(&self.json)].into_iter();
        let parts = parts.chain(request.tensors().filter(|_| plain));
        let arrival =
            Arrival::new(&self.socket, &mut self.window, context.deadline, json_size_header(context));
        let (head, mut body, is_sent) = exchange(&self.socket, parts, arrival, watch, context)?;
        let outcome = read_answer(&head, &mut body, &mut self.json, places, context);
        self.reusable = is_sent && body.ends_reusable(&head);
        if self.json.capacity() > JSON_KEPT_BYTE_SIZE {
            self.json = Vec::new();
        }
        let mut result = match outcome {
            Ok(result) => result,
            Err(error) => return Err(in_time(error, context).with_headers(head.headers).into()),
        };
        watch.lap(|times| &mut times.receive);
        result.times = watch.times();
        result.headers = head.headers;
        Ok(result)
    }

    /// Sends a request of the control plane and reads its answer: the status, the headers, and of the body as much as is
    /// taken apart, and one byte more.
    pub fn post(
        &mut self,
        target: Target,
        json: &[u8],
        watch: &mut Stopwatch,
        context: &CallContext,
    ) -> std::result::Result<(u16, Headers, Vec<u8>), Failure> {
        self.reusable = false;
        write_line(&mut self.head, target, context);
        // Writing into a vector can't fail.
        let _ = write!(self.head, "application/json\r\nContent-Length: {}\r\n", json.len());
        write_headers(&mut self.head, context);
        let arrival = Arrival::new(&self.socket, &mut self.window, context.deadline, "");
        let parts = [&self.head[..], json].into_iter();
        let (head, mut body, is_sent) = exchange(&self.socket, parts, arrival, watch, context)?;
        let mut bytes = Vec::new();
        let limit = context.max_parsed_byte_size().saturating_add(1);
        let outcome = Read::take(&mut body, limit).read_to_end(&mut bytes);
        self.reusable = is_sent && outcome.is_ok() && body.ends_reusable(&head);
        match outcome {
            Err(error) if wire::is_success(head.status) => {
                Err(told(Fault::Io(error), context).with_headers(head.headers).into())
            }
            // What arrived before the connection broke is still the server's reason.
            _ => Ok((head.status, head.headers, bytes)),
        }
    }
}

/// Sends a request and reads the head of its answer, which may come before all of the request has left: whether it has, is
/// told too.
fn exchange<'c, 'p>(
    socket: &Socket,
    parts: impl Iterator<Item = &'p [u8]>,
    arrival: Arrival<'c>,
    watch: &mut Stopwatch,
    context: &CallContext,
) -> std::result::Result<(Head, Body<'c>, bool), Failure> {
    let sent = send_all(socket, parts, arrival, context.deadline);
    watch.lap(|times| &mut times.send);
    let is_sent = matches!(sent, Sent::Wholly(_));
    let (head, body) = match sent {
        Sent::Wholly(arrival) => arrival.head().map_err(|fault| told(fault, context)),
        Sent::Answered(answer) => Ok(*answer),
        Sent::Misheard(fault) => Err(told(fault, context)),
        Sent::Failed { byte_size: 0, error, .. } if error.kind() != io::ErrorKind::TimedOut => {
            let error = broken(error, "sending the request", context).in_doubt(false);
            return Err(Failure { error, unseen: true });
        }
        // The server may have said why it takes no more.
        Sent::Failed { error, arrival, byte_size } => {
            arrival.head().map_err(|_| broken(error, "sending the request", context).in_doubt(byte_size > 0))
        }
    }?;
    if let Some(begun) = body.begun() {
        watch.lap_at(begun, |times| &mut times.first_byte);
    }
    Ok((head, body, is_sent))
}

fn json_size_header<'c>(context: &CallContext<'c>) -> &'c str {
    context.route.json_size_header.as_deref().unwrap_or(JSON_BYTE_SIZE)
}

/// What the head of a request tells of its body.
#[derive(Clone, Copy)]
struct Sizes {
    /// Of the JSON part, uncompressed; `None` where there is nothing else.
    json: Option<usize>,
    body: u64,
}

/// Writes the head of an inference. What comes from the caller in it was held against the rules of HTTP when it was set.
fn write_head(head: &mut Vec<u8>, target: Target, sizes: Sizes, context: &CallContext) {
    write_line(head, target, context);
    // Writing into a vector can't fail.
    let _ = match (&context.route.content_type, sizes.json) {
        (None, Some(_)) => write!(head, "application/octet-stream"),
        (Some(content_type), Some(size)) => write!(head, "{}", content_type.replace("{}", &size.to_string())),
        (Some(content_type), None) if !content_type.contains("{}") => write!(head, "{content_type}"),
        (_, None) => write!(head, "application/json"),
    };
    let _ = write!(head, "\r\nContent-Length: {}\r\n", sizes.body);
    let json_size_header = json_size_header(context);
    if let Some(size) = sizes.json.filter(|_| !json_size_header.is_empty()) {
        let _ = write!(head, "{json_size_header}: {size}\r\n");
    }
    if context.request_compression != Compression::None {
        let _ = write!(head, "Content-Encoding: {}\r\n", context.request_compression.name());
    }
    if let Some(encodings) = context.accept_encoding {
        let _ = write!(head, "Accept-Encoding: {encodings}\r\n");
    }
    write_headers(head, context);
}

/// Begins a head, up to the content type.
fn write_line(head: &mut Vec<u8>, target: Target, context: &CallContext) {
    let Target { host, base_path, path, endpoint } = target;
    head.clear();
    let _ = write!(head, "POST {base_path}{path}{endpoint}");
    if !context.query.is_empty() {
        let _ = write!(head, "?{}", context.query);
    }
    let _ = write!(head, " HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {}\r\nContent-Type: ", super::USER_AGENT);
}

/// Ends a head with what the caller adds.
fn write_headers(head: &mut Vec<u8>, context: &CallContext) {
    for (name, value) in context.headers(Protocol::Http) {
        let _ = write!(head, "{name}: ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
}

/// How the sending of a request ended.
enum Sent<'c> {
    Wholly(Arrival<'c>),
    /// The server answered without waiting for all of it.
    Answered(Box<(Head, Body<'c>)>),
    /// What the server said meanwhile can't be understood.
    Misheard(Fault),
    /// After `byte_size` bytes had left.
    Failed {
        error: io::Error,
        byte_size: usize,
        arrival: Arrival<'c>,
    },
}

/// Sends all parts, in as few system calls as they take; while the system takes none, hears what the server says.
fn send_all<'c, 'p>(
    socket: &Socket,
    parts: impl Iterator<Item = &'p [u8]>,
    mut arrival: Arrival<'c>,
    deadline: Deadline,
) -> Sent<'c> {
    let mut slices: Vec<IoSlice> = parts.filter(|part| !part.is_empty()).map(IoSlice::new).collect();
    let mut slices = &mut slices[..];
    let mut byte_size = 0;
    while !slices.is_empty() {
        let outcome = match socket.try_send_vectored(slices) {
            Ok(count) => {
                byte_size += count;
                IoSlice::advance_slices(&mut slices, count);
                // A server that always takes a little would else be fed beyond the deadline.
                if slices.is_empty() || !deadline.is_over() {
                    continue;
                }
                Err(io::ErrorKind::TimedOut.into())
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => socket.wait(Wanted::Both, deadline),
            Err(error) => Err(error),
        };
        match outcome {
            Ok(ready) if ready.read => match arrival.early_head() {
                Ok(Ok(answer)) => return Sent::Answered(Box::new(answer)),
                Ok(Err(more)) => arrival = more,
                Err(fault) => return Sent::Misheard(fault),
            },
            Ok(_) => {}
            Err(error) => return Sent::Failed { error, byte_size, arrival },
        }
    }
    Sent::Wholly(arrival)
}

fn read_answer(
    head: &Head,
    body: &mut Body,
    json: &mut Vec<u8>,
    places: &mut Places,
    context: &CallContext,
) -> Result<InferResult> {
    let encoding = match &head.encoding {
        None => Some(Compression::None),
        // Nobody asked for one, so nobody has to know it.
        Some(_) if context.accept_encoding.is_none() => None,
        Some(name) => Compression::from_name(name),
    };
    if !wire::is_success(head.status) {
        let mut text = Vec::new();
        match (encoding, &head.encoding) {
            // What arrived before the connection broke is still the server's reason.
            (Some(encoding), _) => drop(encoding.decompress(body, REASON_BYTE_SIZE).read_to_end(&mut text)),
            (None, name) => {
                let name = name.as_deref().unwrap_or_default();
                text = format!("the reason is encoded as '{name}', and nobody asked for that").into_bytes();
            }
        }
        return Err(wire::error(head.status, &text));
    }
    let json_byte_size = match &head.json_byte_size {
        None => None,
        Some(Ok(byte_size)) => Some(*byte_size),
        Some(Err(text)) => {
            let message = format!("the answer's {} is '{text}'", json_size_header(context));
            return Err(Error::broken_answer(message));
        }
    };
    let result = match (encoding, &head.encoding) {
        (Some(Compression::None), _) => {
            let byte_size = body.byte_size();
            body::read_result(body, byte_size, json_byte_size, json, places, context)
        }
        (Some(encoding), _) => {
            if let Some(byte_size) = body.byte_size() {
                context.check_answer_size(byte_size)?;
            }
            let mut plain = encoding.decompress(&mut *body, context.max_decompressed_byte_size);
            // What it claims to have is bounded as what comes out of it.
            let context = &context.decompressed();
            body::read_result(&mut plain, None, json_byte_size, json, places, context)
        }
        (None, name) => Err(Error::broken_answer(format!(
            "the answer is encoded as '{}', and nobody asked for that",
            name.as_deref().unwrap_or_default()
        ))),
    };
    result.map_err(|error| error.with_http_status(head.status))
}

fn told(fault: Fault, context: &CallContext) -> Error {
    match fault {
        Fault::Io(error) if error.kind() != io::ErrorKind::InvalidData => {
            broken(error, "waiting for the answer", context)
        }
        Fault::Io(error) => no_http(error),
        Fault::NoHttp(error) => no_http(error),
    }
}

/// The error of a connection that broke, or of a call whose time is over.
fn broken(error: io::Error, doing: &str, context: &CallContext) -> Error {
    if error.kind() == io::ErrorKind::TimedOut {
        return context.timed_out(doing).in_doubt(true);
    }
    Error::connection(format!("the connection broke ({doing})")).in_doubt(true).with_source(error)
}

/// The error of a body's reader may be the deadline's, or that of an answer that is no HTTP.
fn in_time(error: Error, context: &CallContext) -> Error {
    let source = std::error::Error::source(&error).and_then(|source| source.downcast_ref::<io::Error>());
    if let Some(fault) = source.and_then(compression::fault) {
        return fault;
    }
    match source.map(io::Error::kind) {
        Some(io::ErrorKind::TimedOut) => context.timed_out("receiving the answer").in_doubt(true),
        Some(io::ErrorKind::InvalidData) => no_http(error),
        _ => error,
    }
}
