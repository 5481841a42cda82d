//! One connection of the inference path: the caller's tensors leave from where they lie, the answer's land where they
//! are to be.

use std::{
    fmt,
    io::{self, IoSlice, Read, Write},
};

use super::{
    answer::{Arrival, Body, Fault, Head, JSON_BYTE_SIZE, WINDOW_BYTE_SIZE},
    body,
};
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

/// Where a request goes: what stands in its head as it is.
#[derive(Clone, Copy)]
pub(super) struct Target<'t> {
    pub host: &'t str,
    pub base_path: &'t str,
    pub model_path: &'t str,
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
        body::write_header(request, &mut self.json);
        let byte_size = self.json.len() as u64 + request.tensor_byte_size();
        context.check_request_size(byte_size)?;
        self.reusable = false;
        write_head(&mut self.head, target, self.json.len(), byte_size);
        watch.lap(|times| &mut times.queue);

        let parts = [&self.head[..], &self.json].into_iter().chain(body::tensors(request));
        let arrival = Arrival::new(&self.socket, &mut self.window, context.deadline);
        let sent = send_all(&self.socket, parts, arrival, context.deadline);
        watch.lap(|times| &mut times.send);
        let is_sent = matches!(sent, Sent::Wholly(_));
        let (head, mut body) = match sent {
            Sent::Wholly(arrival) => arrival.head().map_err(|fault| told(fault, context)),
            Sent::Answered(answer) => Ok(*answer),
            Sent::Misheard(fault) => Err(told(fault, context)),
            Sent::Failed { byte_size: 0, error, .. } if error.kind() != io::ErrorKind::TimedOut => {
                return Err(Failure { error: broken(error, "sending the request", context), unseen: true });
            }
            // The server may have said why it takes no more.
            Sent::Failed { error, arrival, .. } => {
                arrival.head().map_err(|_| broken(error, "sending the request", context))
            }
        }?;
        if let Some(begun) = body.begun() {
            watch.lap_at(begun, |times| &mut times.first_byte);
        }
        let outcome = read_answer(&head, &mut body, &mut self.json, places, context);
        self.reusable = is_sent && body.ends_reusable(&head);
        if self.json.capacity() > JSON_KEPT_BYTE_SIZE {
            self.json = Vec::new();
        }
        let mut result = outcome.map_err(|error| in_time(error, context))?;
        watch.lap(|times| &mut times.receive);
        result.times = watch.times();
        Ok(result)
    }
}

/// Writes the head of a request. What comes from the caller in it has been held against the rules of URLs.
fn write_head(head: &mut Vec<u8>, target: Target, json_byte_size: usize, byte_size: u64) {
    let Target { host, base_path, model_path } = target;
    head.clear();
    // Writing into a vector can't fail.
    let _ = write!(
        head,
        "POST {base_path}{model_path}/infer HTTP/1.1\r\nHost: {host}\r\n\
         User-Agent: {user_agent}\r\nContent-Type: application/octet-stream\r\n\
         {JSON_BYTE_SIZE}: {json_byte_size}\r\nContent-Length: {byte_size}\r\n\r\n",
        user_agent = super::USER_AGENT,
    );
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
    let is_success = matches!(head.status, 200..=299);
    if !is_success {
        let mut text = Vec::new();
        if head.encoding.is_none() {
            // What arrived before the connection broke is still the server's reason.
            let _ = body.take(ERROR_BYTE_SIZE).read_to_end(&mut text);
        }
        return Err(wire::error(head.status, &text));
    }
    if let Some(encoding) = &head.encoding {
        return Err(Error::broken_answer(format!(
            "the answer is encoded as '{encoding}', and nobody asked for that"
        )));
    }
    let json_byte_size = match &head.json_byte_size {
        None => None,
        Some(Ok(byte_size)) => Some(*byte_size),
        Some(Err(text)) => {
            return Err(Error::broken_answer(format!("the answer's {JSON_BYTE_SIZE} is '{text}'")));
        }
    };
    let byte_size = body.byte_size();
    body::read_result(body, byte_size, json_byte_size, json, places, context)
        .map_err(|error| error.with_http_status(head.status))
}

fn told(fault: Fault, context: &CallContext) -> Error {
    match fault {
        Fault::Io(error) if error.kind() != io::ErrorKind::InvalidData => {
            broken(error, "waiting for the answer", context)
        }
        Fault::Io(error) => no_http(error.into()),
        Fault::NoHttp(error) => no_http(error),
    }
}

fn no_http(error: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::broken_answer("what came back is not HTTP as it should be").with_source(error)
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
    match source.map(io::Error::kind) {
        Some(io::ErrorKind::TimedOut) => context.timed_out("receiving the answer").in_doubt(true),
        Some(io::ErrorKind::InvalidData) => {
            Error::broken_answer("what came back is not HTTP as it should be").with_source(error)
        }
        _ => error,
    }
}
