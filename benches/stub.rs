//! A server that sends the same response to every request, as cheaply as possible, so that benchmarks measure
//! the client.
//!
//! - `stub PROTOCOL COUNT BYTES [FRAME [DATATYPE]]`: an inference response with COUNT outputs of BYTES bytes
//!   each. FRAME is the maximum HTTP/2 frame size that the server accepts. DATATYPE defaults to UINT8 for one
//!   output, and to INT32 for more.
//! - `stub PROTOCOL ready|metadata|statistics`: the response to that control-plane call.
//!
//! PROTOCOL is http, grpc, or over TLS https, grpcs. Options:
//!
//! - `--ca=FILE`: where it writes the certificate of its authority. Required for TLS.
//! - `--bits=128|256`: the key size of AES-GCM; defaults to 128.
//! - `--tickets=N`: the session tickets for each connection; defaults to 2. 0 permits full handshakes only.
//! - `--close`: closes each connection after one response. HTTP only.
//!
//! It prints its port, and exits at the end of its standard input, when it prints what TLS connections
//! negotiated. It parses requests only to find their end, and supports only what Triton's clients send.

use std::{
    env,
    error::Error,
    io::{self, IoSlice, Read, Write},
    net::{Shutdown, TcpListener, TcpStream},
    process, thread,
};

mod stub_tls;
use stub_tls::{TlsStream, configuration, print_negotiated};

fn main() -> Result<(), Box<dyn Error>> {
    let (options, args): (Vec<String>, Vec<String>) = env::args().partition(|arg| arg.starts_with("--"));
    let option = |name: &str| options.iter().find_map(|option| option.strip_prefix(name)?.strip_prefix('='));
    let closes = options.iter().any(|option| option == "--close");
    let number = |at: usize| args.get(at).and_then(|arg| arg.parse::<usize>().ok());
    let protocol = args.get(1).map_or("", String::as_str);
    let (is_grpc, is_tls) = (protocol.starts_with("grpc"), protocol.ends_with('s'));
    let kind = args.get(2).map_or("", String::as_str);
    let frame = number(4).unwrap_or(1 << 14);
    let datatype = args.get(5).map(String::as_str);
    let reply = match (is_grpc, number(2), number(3)) {
        (true, Some(count), Some(byte_size)) => {
            Some(grpc_reply(&outputs(count, byte_size, datatype), byte_size))
        }
        (false, Some(count), Some(byte_size)) => {
            Some(http_reply(&outputs(count, byte_size, datatype), byte_size))
        }
        (true, ..) => control_message(kind).map(|message| prefixed(&message)),
        (false, ..) => control_json(kind).map(|json| json_reply(&json)),
    };
    let Some(reply) = reply else {
        eprintln!(
            "usage: stub PROTOCOL COUNT BYTES [FRAME [DATATYPE]] | stub PROTOCOL ready|metadata|statistics"
        );
        process::exit(2);
    };
    let reply = if closes { closing(reply) } else { reply };
    let reply: &'static [u8] = reply.leak();
    let tls = match is_tls {
        true => Some(configuration(&stub_tls::Options {
            ca: option("--ca").ok_or("--ca is missing")?.into(),
            key_bits: option("--bits").unwrap_or("128").parse()?,
            tickets: option("--tickets").unwrap_or("2").parse()?,
            alpn: if is_grpc { "h2" } else { "http/1.1" },
        })?),
        false => None,
    };
    let listener = TcpListener::bind("127.0.0.1:0")?;
    use_unpaced_congestion_control(&listener);
    println!("{}", listener.local_addr()?.port());
    thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        print_negotiated();
        process::exit(0);
    });
    for socket in listener.incoming() {
        let socket = socket?;
        socket.set_nodelay(true)?;
        let tls = tls.clone();
        thread::spawn(move || match tls {
            Some(config) => {
                let stream = TlsStream::accept(socket, config);
                // The end of a connection by the client is expected.
                stream.and_then(|stream| serve(stream, is_grpc, reply, frame, closes))
            }
            None => serve(socket, is_grpc, reply, frame, closes),
        });
    }
    Ok(())
}

/// A connection, with or without TLS.
trait Stream: Read + Write {
    /// Ends what is sent.
    fn end(&mut self) -> io::Result<()>;
}

impl Stream for TcpStream {
    fn end(&mut self) -> io::Result<()> {
        self.shutdown(Shutdown::Write)
    }
}

impl Stream for TlsStream {
    fn end(&mut self) -> io::Result<()> {
        self.close()
    }
}

fn serve(
    stream: impl Stream,
    is_grpc: bool,
    reply: &'static [u8],
    frame: usize,
    closes: bool,
) -> io::Result<()> {
    match is_grpc {
        true => Http2::new(stream, reply, frame).serve(),
        false => serve_http(stream, reply, closes),
    }
}

/// Returns an HTTP response with `Connection: close`.
fn closing(mut reply: Vec<u8>) -> Vec<u8> {
    let line_end = reply.iter().position(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    reply.splice(line_end..line_end, *b"Connection: close\r\n");
    reply
}

/// Accepted sockets inherit it. BBR, the default on some machines, paces loopback. An unprivileged process
/// may use only the algorithms that the system allows, and reno is always one of them.
fn use_unpaced_congestion_control(listener: &TcpListener) {
    let set = |name| rustix::net::sockopt::set_tcp_congestion(listener, name);
    if set("cubic").or_else(|_| set("reno")).is_err() {
        eprintln!("stub: cannot set the congestion control of its sockets");
    }
}

/// Name, datatype and shape of an output.
type Output<'a> = (String, &'a str, Vec<usize>);

/// Metadata of the response's tensors, for both protocols.
fn outputs(count: usize, byte_size: usize, datatype: Option<&str>) -> Vec<Output<'_>> {
    let datatype = datatype.unwrap_or(if count == 1 { "UINT8" } else { "INT32" });
    let elements = if datatype == "UINT8" { byte_size } else { byte_size / 4 };
    let shape = if count == 1 { vec![elements] } else { vec![1, elements] };
    (0..count).map(|index| (format!("OUTPUT{index}"), datatype, shape.clone())).collect()
}

fn http_reply(outputs: &[Output], byte_size: usize) -> Vec<u8> {
    let count = outputs.len();
    let outputs: Vec<String> = outputs
        .iter()
        .map(|(name, datatype, shape)| {
            format!(
                r#"{{"name":"{name}","datatype":"{datatype}","shape":{shape:?},"parameters":{{"binary_data_size":{byte_size}}}}}"#
            )
        })
        .collect();
    let json = format!(r#"{{"model_name":"bench","model_version":"1","outputs":[{}]}}"#, outputs.join(","));
    let mut reply = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nInference-Header-Content-Length: {}\r\n\
         Content-Length: {}\r\n\r\n{json}",
        json.len(),
        json.len() + count * byte_size
    )
    .into_bytes();
    reply.resize(reply.len() + count * byte_size, 7);
    reply
}

/// Models in the statistics.
const MODELS: usize = 8;
/// The durations of `InferStatistics`, in the order of their field numbers.
const DURATIONS: [&str; 8] = [
    "success",
    "fail",
    "queue",
    "compute_input",
    "compute_infer",
    "compute_output",
    "cache_hit",
    "cache_miss",
];

fn json_reply(json: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{json}",
        json.len()
    )
    .into()
}

/// Returns the response to a control-plane call, as JSON.
fn control_json(kind: &str) -> Option<String> {
    let tensors = |name: &str| -> String {
        let tensor = |index| format!(r#"{{"name":"{name}{index}","datatype":"INT32","shape":[-1,16]}}"#);
        [0, 1].map(tensor).join(",")
    };
    let model = |index| {
        let durations = DURATIONS.map(|name| format!(r#""{name}":{{"count":1000,"ns":12345678}}"#)).join(",");
        format!(
            r#"{{"name":"model{index}","version":"1","last_inference":1700000000000,"inference_count":1000,"execution_count":1000,"inference_stats":{{{durations}}},"batch_stats":[{{"batch_size":1,"compute_input":{{"count":1000,"ns":12345678}},"compute_infer":{{"count":1000,"ns":12345678}},"compute_output":{{"count":1000,"ns":12345678}}}}],"memory_usage":[],"response_stats":{{}}}}"#
        )
    };
    Some(match kind {
        "ready" => String::new(),
        "metadata" => format!(
            r#"{{"name":"simple","versions":["1"],"platform":"python","inputs":[{}],"outputs":[{}]}}"#,
            tensors("INPUT"),
            tensors("OUTPUT")
        ),
        "statistics" => {
            format!(r#"{{"model_stats":[{}]}}"#, (0..MODELS).map(model).collect::<Vec<_>>().join(","))
        }
        _ => return None,
    })
}

/// Returns the response to a control-plane call, as protobuf.
fn control_message(kind: &str) -> Option<Vec<u8>> {
    let tensor = |name: String| {
        let mut tensor = Vec::new();
        field(&mut tensor, 1, name.as_bytes());
        field(&mut tensor, 2, b"INT32");
        // -1 and 16.
        field(&mut tensor, 3, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 16]);
        tensor
    };
    let mut duration = Vec::new();
    number(&mut duration, 1, 1000);
    number(&mut duration, 2, 12_345_678);
    let mut message = Vec::new();
    match kind {
        "ready" => number(&mut message, 1, 1),
        "metadata" => {
            field(&mut message, 1, b"simple");
            field(&mut message, 2, b"1");
            field(&mut message, 3, b"python");
            for (key, name) in [(4, "INPUT"), (5, "OUTPUT")] {
                (0..2).for_each(|index| field(&mut message, key, &tensor(format!("{name}{index}"))));
            }
        }
        "statistics" => {
            for index in 0..MODELS {
                let (mut model, mut durations, mut batch) = (Vec::new(), Vec::new(), Vec::new());
                (1..=DURATIONS.len()).for_each(|key| field(&mut durations, key, &duration));
                number(&mut batch, 1, 1);
                (2..=4).for_each(|key| field(&mut batch, key, &duration));
                field(&mut model, 1, format!("model{index}").as_bytes());
                field(&mut model, 2, b"1");
                number(&mut model, 3, 1_700_000_000_000);
                number(&mut model, 4, 1000);
                number(&mut model, 5, 1000);
                field(&mut model, 6, &durations);
                field(&mut model, 7, &batch);
                field(&mut message, 1, &model);
            }
        }
        _ => return None,
    }
    Some(message)
}

fn serve_http(mut socket: impl Stream, reply: &[u8], closes: bool) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 20];
    let mut held = 0;
    loop {
        let end = loop {
            if let Some(end) = buffer[..held].windows(4).position(|four| four == b"\r\n\r\n") {
                break end + 4;
            }
            match socket.read(&mut buffer[held..])? {
                0 => return Ok(()),
                more => held += more,
            }
        };
        let head = String::from_utf8_lossy(&buffer[..end]).to_lowercase();
        let length = head.split("\r\ncontent-length: ").nth(1).and_then(|text| text.split("\r\n").next());
        let length: usize = match length {
            Some(text) => text.trim().parse().map_err(|_| io::ErrorKind::InvalidData)?,
            None if head.starts_with("get ") => 0,
            None => return Err(io::ErrorKind::InvalidData.into()),
        };
        let mut missing = length - (held - end).min(length);
        while missing > 0 {
            match socket.read(&mut buffer)? {
                0 => return Ok(()),
                more => missing -= more.min(missing),
            }
        }
        held = 0;
        socket.write_all(reply)?;
        if closes {
            return socket.end();
        }
    }
}

fn varint(to: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

fn field(to: &mut Vec<u8>, number: usize, value: &[u8]) {
    varint(to, number << 3 | 2);
    varint(to, value.len());
    to.extend_from_slice(value);
}

fn number(to: &mut Vec<u8>, key: usize, value: usize) {
    varint(to, key << 3);
    varint(to, value);
}

/// Returns a message with its gRPC prefix.
fn prefixed(message: &[u8]) -> Vec<u8> {
    let mut reply = vec![0];
    reply.extend_from_slice(&(message.len() as u32).to_be_bytes());
    reply.extend_from_slice(message);
    reply
}

fn grpc_reply(outputs: &[Output], byte_size: usize) -> Vec<u8> {
    let mut message = Vec::new();
    field(&mut message, 1, b"bench");
    field(&mut message, 2, b"1");
    for (name, datatype, shape) in outputs {
        let (mut tensor, mut packed) = (Vec::new(), Vec::new());
        field(&mut tensor, 1, name.as_bytes());
        field(&mut tensor, 2, datatype.as_bytes());
        shape.iter().for_each(|&size| varint(&mut packed, size));
        field(&mut tensor, 3, &packed);
        field(&mut message, 5, &tensor);
    }
    let data = vec![7; byte_size];
    outputs.iter().for_each(|_| field(&mut message, 6, &data));
    prefixed(&message)
}

/// Returns a frame header: length, type, flags, stream.
fn frame(length: usize, kind: u8, flags: u8, stream: u32) -> [u8; 9] {
    let [_, a, b, c] = (length as u32).to_be_bytes();
    let [d, e, f, g] = stream.to_be_bytes();
    [a, b, c, kind, flags, d, e, f, g]
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const MAX_WINDOW: usize = (1 << 31) - 1;
/// `:status: 200`, and `content-type: application/grpc` as a literal.
const RESPONSE_HEADERS: &[u8] = b"\x88\x0f\x10\x10application/grpc";
const TRAILERS: &[u8] = b"\x00\x0bgrpc-status\x010";

struct Http2<S> {
    socket: S,
    reply: &'static [u8],
    frame: usize,
    /// The peer's maximum frame size, and the windows of a new stream and of the connection.
    peer_frame: usize,
    peer_window: isize,
    window: isize,
    /// Bytes received since the last WINDOW_UPDATE of the connection.
    consumed: usize,
    /// Streams whose response is incomplete, oldest first: stream, bytes sent, window.
    replies: Vec<(u32, usize, isize)>,
    /// WINDOW_UPDATE increments of streams whose request is incomplete.
    widened: Vec<(u32, isize)>,
}

impl<S: Stream> Http2<S> {
    fn new(socket: S, reply: &'static [u8], frame: usize) -> Self {
        let (replies, widened) = (Vec::new(), Vec::new());
        let window = 65535;
        Self {
            socket,
            reply,
            frame,
            peer_frame: 1 << 14,
            peer_window: window,
            window,
            consumed: 0,
            replies,
            widened,
        }
    }

    fn serve(mut self) -> io::Result<()> {
        let mut first = Vec::new();
        first.extend_from_slice(&frame(12, SETTINGS, 0, 0));
        first.extend_from_slice(&[0, 5]);
        first.extend_from_slice(&(self.frame as u32).to_be_bytes());
        first.extend_from_slice(&[0, 4]);
        first.extend_from_slice(&(MAX_WINDOW as u32).to_be_bytes());
        first.extend_from_slice(&frame(4, WINDOW_UPDATE, 0, 0));
        first.extend_from_slice(&((MAX_WINDOW - 65535) as u32).to_be_bytes());
        self.socket.write_all(&first)?;
        let mut preface = [0; 24];
        self.socket.read_exact(&mut preface)?;
        let mut buffer = vec![0; 1 << 20];
        let mut held = 0;
        loop {
            match self.socket.read(&mut buffer[held..])? {
                0 => return Ok(()),
                more => held += more,
            }
            let mut at = 0;
            while held - at >= 9 {
                let head: [u8; 9] = buffer[at..at + 9].try_into().expect("nine bytes");
                let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
                let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
                if head[3] == DATA {
                    let here = length.min(held - at - 9);
                    self.skip(length - here)?;
                    self.consumed += length;
                    at += 9 + here;
                } else if held - at >= 9 + length {
                    self.handle(head[3], head[4], stream, &buffer[at + 9..at + 9 + length])?;
                    at += 9 + length;
                } else {
                    break;
                }
                if head[3] <= HEADERS && head[4] & END_STREAM != 0 {
                    let widened = self.widened.iter().position(|&(id, _)| id == stream);
                    let more = widened.map_or(0, |index| self.widened.swap_remove(index).1);
                    self.replies.push((stream, 0, self.peer_window + more));
                }
            }
            buffer.copy_within(at..held, 0);
            held -= at;
            self.send()?;
        }
    }

    /// Reads and discards the rest of a DATA frame.
    fn skip(&mut self, mut length: usize) -> io::Result<()> {
        let mut buffer = vec![0; length.min(1 << 20)];
        while length > 0 {
            let part = length.min(buffer.len());
            match self.socket.read(&mut buffer[..part])? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                more => length -= more,
            }
        }
        Ok(())
    }

    fn handle(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> io::Result<()> {
        let word = |at: usize| {
            let bytes = payload.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
            bytes.map(u32::from_be_bytes).ok_or(io::ErrorKind::InvalidData)
        };
        match kind {
            SETTINGS if flags & 1 == 0 => {
                for at in (0..payload.len()).step_by(6) {
                    let value = word(at + 2)? as usize;
                    match payload[at + 1] {
                        4 => {
                            let grown = value as isize - self.peer_window;
                            self.peer_window = value as isize;
                            self.replies.iter_mut().for_each(|reply| reply.2 += grown);
                        }
                        5 => self.peer_frame = value,
                        _ => {}
                    }
                }
                self.socket.write_all(&frame(0, SETTINGS, 1, 0))?;
            }
            PING if flags & 1 == 0 => {
                let mut pong = frame(8, PING, 1, 0).to_vec();
                pong.extend_from_slice(payload);
                self.socket.write_all(&pong)?;
            }
            WINDOW_UPDATE => {
                let more = word(0)? as isize;
                match (stream, self.replies.iter_mut().find(|reply| reply.0 == stream)) {
                    (0, _) => self.window += more,
                    (_, Some(reply)) => reply.2 += more,
                    _ => self.widened.push((stream, more)),
                }
            }
            RST_STREAM => self.replies.retain(|reply| reply.0 != stream),
            _ => {}
        }
        Ok(())
    }

    /// Sends as much of the responses as the peer's windows allow, those of multiplexed requests together.
    fn send(&mut self) -> io::Result<()> {
        let mut heads: Vec<Vec<u8>> = Vec::new();
        let mut parts: Vec<&[u8]> = Vec::new();
        let mut completed = 0;
        for (stream, sent, window) in &mut self.replies {
            let stream = *stream;
            if *window <= 0 || self.window <= 0 {
                break; // Before the headers, which would be sent again.
            }
            if *sent == 0 {
                let mut head = frame(RESPONSE_HEADERS.len(), HEADERS, END_HEADERS, stream).to_vec();
                head.extend_from_slice(RESPONSE_HEADERS);
                heads.push(head);
                parts.push(&[]);
            }
            while *sent < self.reply.len() && *window > 0 && self.window > 0 {
                let max = self.peer_frame.min(*window as usize).min(self.window as usize);
                let part = &self.reply[*sent..self.reply.len().min(*sent + max)];
                heads.push(frame(part.len(), DATA, 0, stream).to_vec());
                parts.push(part);
                *sent += part.len();
                *window -= part.len() as isize;
                self.window -= part.len() as isize;
            }
            if *sent < self.reply.len() {
                break;
            }
            let mut head = frame(TRAILERS.len(), HEADERS, END_HEADERS | END_STREAM, stream).to_vec();
            head.extend_from_slice(TRAILERS);
            if self.consumed > 1 << 29 {
                head.extend_from_slice(&frame(4, WINDOW_UPDATE, 0, 0));
                head.extend_from_slice(&(self.consumed as u32).to_be_bytes());
                self.consumed = 0;
            }
            heads.push(head);
            parts.push(&[]);
            completed += 1;
        }
        self.replies.drain(..completed);
        let slices = heads.iter().zip(&parts).flat_map(|(head, part)| [&head[..], part]);
        let slices = slices.filter(|slice| !slice.is_empty());
        let mut slices: Vec<IoSlice> = slices.map(IoSlice::new).collect();
        let mut slices = &mut slices[..];
        while !slices.is_empty() {
            let count = slices.len().min(1024);
            let written = self.socket.write_vectored(&slices[..count])?;
            IoSlice::advance_slices(&mut slices, written);
        }
        Ok(())
    }
}
