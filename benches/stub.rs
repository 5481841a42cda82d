//! `stub http COUNT BYTES` or `stub grpc COUNT BYTES FRAME`: a server that answers every request with the same reply
//! of COUNT outputs of BYTES bytes each, as cheaply as can be, so that what is measured is the client. It prints its
//! port and ends with its standard input. FRAME is the largest HTTP/2 frame that it takes.
//!
//! It reads no more of a request than where it ends, and is good for clients that send what Triton's do.

use std::{
    env,
    io::{self, IoSlice, Read, Write},
    net::{TcpListener, TcpStream},
    process, thread,
};

fn main() -> io::Result<()> {
    let args: Vec<String> = env::args().collect();
    let number = |at: usize| args.get(at).and_then(|arg| arg.parse::<usize>().ok());
    let (Some(protocol), Some(count), Some(byte_size)) = (args.get(1), number(2), number(3)) else {
        eprintln!("usage: stub http COUNT BYTES | stub grpc COUNT BYTES FRAME");
        process::exit(2);
    };
    let is_grpc = protocol == "grpc";
    let frame = number(4).unwrap_or(1 << 14);
    let reply: &'static [u8] = match is_grpc {
        true => grpc_reply(count, byte_size),
        false => http_reply(count, byte_size),
    }
    .leak();
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?.port());
    thread::spawn(|| {
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        process::exit(0);
    });
    for socket in listener.incoming() {
        let socket = socket?;
        socket.set_nodelay(true)?;
        thread::spawn(move || match is_grpc {
            true => Http2::new(socket, reply, frame).serve(),
            false => serve_http(socket, reply),
        });
    }
    Ok(())
}

/// The reply's tensors: their metadata as both protocols have it.
fn outputs(count: usize, byte_size: usize) -> Vec<(String, &'static str, Vec<usize>)> {
    (0..count)
        .map(|index| match count {
            1 => (format!("OUTPUT{index}"), "UINT8", vec![byte_size]),
            _ => (format!("OUTPUT{index}"), "INT32", vec![1, byte_size / 4]),
        })
        .collect()
}

fn http_reply(count: usize, byte_size: usize) -> Vec<u8> {
    let outputs: Vec<String> = outputs(count, byte_size)
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

fn serve_http(mut socket: TcpStream, reply: &[u8]) -> io::Result<()> {
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
        let length = head.split("\r\ncontent-length: ").nth(1);
        let length: usize = length
            .and_then(|text| text.split("\r\n").next())
            .and_then(|text| text.trim().parse().ok())
            .ok_or(io::ErrorKind::InvalidData)?;
        let mut missing = length - (held - end).min(length);
        while missing > 0 {
            match socket.read(&mut buffer)? {
                0 => return Ok(()),
                more => missing -= more.min(missing),
            }
        }
        held = 0;
        socket.write_all(reply)?;
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

fn grpc_reply(count: usize, byte_size: usize) -> Vec<u8> {
    let mut message = Vec::new();
    field(&mut message, 1, b"bench");
    field(&mut message, 2, b"1");
    for (name, datatype, shape) in outputs(count, byte_size) {
        let (mut tensor, mut packed) = (Vec::new(), Vec::new());
        field(&mut tensor, 1, name.as_bytes());
        field(&mut tensor, 2, datatype.as_bytes());
        shape.iter().for_each(|&size| varint(&mut packed, size));
        field(&mut tensor, 3, &packed);
        field(&mut message, 5, &tensor);
    }
    let data = vec![7; byte_size];
    (0..count).for_each(|_| field(&mut message, 6, &data));
    let mut reply = vec![0];
    reply.extend_from_slice(&(message.len() as u32).to_be_bytes());
    reply.extend_from_slice(&message);
    reply
}

/// A frame's head: length, type, flags, stream.
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
const LARGEST: usize = (1 << 31) - 1;
/// `:status: 200`, and `content-type: application/grpc` as a literal.
const HEAD: &[u8] = b"\x88\x0f\x10\x10application/grpc";
const TRAILERS: &[u8] = b"\x00\x0bgrpc-status\x010";

struct Http2 {
    socket: TcpStream,
    reply: &'static [u8],
    frame: usize,
    /// What the peer takes: in one frame, on a new stream, on the connection.
    peer_frame: usize,
    peer_window: isize,
    window: isize,
    /// Read from the connection since it was last told so.
    consumed: usize,
    /// Streams whose reply is under way or waits, oldest first: stream, sent so far, window.
    replies: Vec<(u32, usize, isize)>,
    /// Windows of streams whose request has not ended, where they were widened.
    widened: Vec<(u32, isize)>,
}

impl Http2 {
    fn new(socket: TcpStream, reply: &'static [u8], frame: usize) -> Self {
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
        first.extend_from_slice(&(LARGEST as u32).to_be_bytes());
        first.extend_from_slice(&frame(4, WINDOW_UPDATE, 0, 0));
        first.extend_from_slice(&((LARGEST - 65535) as u32).to_be_bytes());
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
                    self.hear(head[3], head[4], stream, &buffer[at + 9..at + 9 + length])?;
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

    /// Reads the rest of a frame of data.
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

    fn hear(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> io::Result<()> {
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

    /// Sends of the replies what the peer takes now.
    fn send(&mut self) -> io::Result<()> {
        while let Some(&(stream, mut sent, mut window)) = self.replies.first() {
            let mut heads: Vec<Vec<u8>> = Vec::new();
            let mut parts: Vec<&[u8]> = Vec::new();
            if sent == 0 {
                let mut head = frame(HEAD.len(), HEADERS, END_HEADERS, stream).to_vec();
                head.extend_from_slice(HEAD);
                heads.push(head);
                parts.push(&[]);
            }
            while sent < self.reply.len() && window > 0 && self.window > 0 {
                let most = self.peer_frame.min(window as usize).min(self.window as usize);
                let part = &self.reply[sent..self.reply.len().min(sent + most)];
                heads.push(frame(part.len(), DATA, 0, stream).to_vec());
                parts.push(part);
                sent += part.len();
                window -= part.len() as isize;
                self.window -= part.len() as isize;
            }
            let is_over = sent == self.reply.len();
            if is_over {
                let mut head = frame(TRAILERS.len(), HEADERS, END_HEADERS | END_STREAM, stream).to_vec();
                head.extend_from_slice(TRAILERS);
                if self.consumed > 1 << 29 {
                    head.extend_from_slice(&frame(4, WINDOW_UPDATE, 0, 0));
                    head.extend_from_slice(&(self.consumed as u32).to_be_bytes());
                    self.consumed = 0;
                }
                heads.push(head);
                parts.push(&[]);
            }
            let slices = heads.iter().zip(&parts).flat_map(|(head, part)| [&head[..], part]);
            let mut slices: Vec<IoSlice> = slices.map(IoSlice::new).collect();
            let mut slices = &mut slices[..];
            while !slices.is_empty() {
                let most = slices.len().min(1024);
                let written = self.socket.write_vectored(&slices[..most])?;
                IoSlice::advance_slices(&mut slices, written);
            }
            if !is_over {
                self.replies[0] = (stream, sent, window);
                return Ok(());
            }
            self.replies.remove(0);
        }
        Ok(())
    }
}
