//! Connections scripted byte by byte or by HTTP/2 frames.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::{Condvar, Mutex, PoisonError},
    time::Duration,
};

use super::sockets::wait_until_delivered;
use crate::support::{
    connections::Connections,
    listener::Listener,
    tls::{self, TlsFront},
};

/// Longer than any wait of a test that passes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A port whose connections a test serves, each in its own thread.
#[derive(Debug)]
pub struct Wire {
    front: Option<TlsFront>,
    listener: Listener,
}

impl Wire {
    /// Calls `serve` with each connection and its number, from 0; the connection is closed when it returns.
    /// An error means that the client closed it first.
    pub fn start(serve: impl Fn(usize, &TcpStream) -> io::Result<()> + Send + Sync + 'static) -> Self {
        let (serve, mut count) = (std::sync::Arc::new(serve), 0);
        let mut connections = Connections::default();
        let listener = Listener::start(move |stream| {
            let (serve, number) = (serve.clone(), count);
            count += 1;
            connections.serve(stream, move |stream| {
                let _ = stream.set_nodelay(true).and_then(|()| serve(number, stream));
            });
        });
        let listener = listener.expect("a free port");
        Self { front: tls::front(listener.address()), listener }
    }

    pub fn address(&self) -> SocketAddr {
        self.front.as_ref().map_or(self.listener.address(), TlsFront::address)
    }

    /// Returns the number of connections accepted so far.
    pub fn connections(&self) -> usize {
        self.listener.accepted()
    }
}

/// Holds a server back until the test opens it.
#[derive(Debug, Default)]
pub struct Gate {
    is_open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    pub fn open(&self) {
        *self.is_open.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.opened.notify_all();
    }

    /// Waits until it is open; false after a timeout, which fails the test.
    pub fn wait(&self) -> bool {
        let is_open = self.is_open.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.opened.wait_timeout_while(is_open, PATIENCE, |is_open| !*is_open);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

pub mod frame {
    //! The numbers of HTTP/2 that tests use.
    pub const DATA: u8 = 0;
    pub const HEADERS: u8 = 1;
    pub const RST_STREAM: u8 = 3;
    pub const SETTINGS: u8 = 4;
    pub const PING: u8 = 6;
    pub const GOAWAY: u8 = 7;
    pub const WINDOW_UPDATE: u8 = 8;
    pub const CONTINUATION: u8 = 9;
    /// An unknown type, which must be ignored.
    pub const OF_THE_FUTURE: u8 = 0xee;

    pub const END_STREAM: u8 = 1;
    pub const END_HEADERS: u8 = 4;
    pub const ACK: u8 = 1;

    pub const MAX_CONCURRENT_STREAMS: u16 = 3;
    pub const INITIAL_WINDOW_SIZE: u16 = 4;
    pub const MAX_FRAME_SIZE: u16 = 5;
}

/// A received frame.
#[derive(Debug)]
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

impl Frame {
    /// Returns whether it ends its stream.
    pub fn ends_stream(&self) -> bool {
        matches!(self.kind, frame::DATA | frame::HEADERS) && self.flags & frame::END_STREAM != 0
    }
}

/// The default maximum size of a frame.
const FRAME_BYTE_SIZE: usize = 16 << 10;

/// Writes the length of a literal without Huffman coding (RFC 7541, 5.1).
fn push_length(block: &mut Vec<u8>, length: usize) {
    const PREFIX: usize = 127;
    if length < PREFIX {
        return block.push(length as u8);
    }
    block.push(PREFIX as u8);
    let mut rest = length - PREFIX;
    while rest >= 0x80 {
        block.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    block.push(rest as u8);
}

/// The server's side of an HTTP/2 connection.
#[derive(Debug)]
pub struct Peer<'s>(&'s TcpStream);

impl<'s> Peer<'s> {
    /// Reads the client's preface and sends the server's.
    pub fn accept(mut stream: &'s TcpStream, settings: &[(u16, u32)]) -> io::Result<Self> {
        stream.read_exact(&mut [0; 24])?;
        Self::begin(stream, settings)
    }

    /// Sends the server's preface, after the client's was read.
    pub fn begin(stream: &'s TcpStream, settings: &[(u16, u32)]) -> io::Result<Self> {
        let peer = Self(stream);
        let payload: Vec<u8> = settings
            .iter()
            .flat_map(|(name, value)| [&name.to_be_bytes()[..], &value.to_be_bytes()].concat())
            .collect();
        peer.send(frame::SETTINGS, 0, 0, &payload)?;
        Ok(peer)
    }

    /// Reads the next frame. SETTINGS and PING are acknowledged.
    pub fn read(&self) -> io::Result<Frame> {
        let read = self.read_silently()?;
        if read.flags & frame::ACK == 0 {
            match read.kind {
                frame::SETTINGS => self.send(frame::SETTINGS, frame::ACK, 0, &[])?,
                frame::PING => self.send(frame::PING, frame::ACK, 0, &read.payload)?,
                _ => {}
            }
        }
        Ok(read)
    }

    /// Reads the next frame, and acknowledges nothing.
    pub fn read_silently(&self) -> io::Result<Frame> {
        let (mut stream, mut head) = (self.0, [0; 9]);
        stream.read_exact(&mut head)?;
        let byte_size = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; byte_size as usize];
        stream.read_exact(&mut payload)?;
        let number = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        Ok(Frame { kind: head[3], flags: head[4], stream: number, payload })
    }

    /// Reads up to the end of the next request, whose stream it returns.
    pub fn read_request(&self) -> io::Result<u32> {
        self.read_body().map(|(stream, _)| stream)
    }

    /// Reads the next request, and returns its stream and its message without the prefix.
    pub fn read_message(&self) -> io::Result<(u32, Vec<u8>)> {
        let (stream, body) = self.read_body()?;
        let message = crate::support::grpc::unframe(body);
        Ok((stream, message.map_err(|text| io::Error::new(io::ErrorKind::InvalidData, text))?))
    }

    /// Reads up to the end of the next request, and returns its stream and the bytes of its DATA frames.
    fn read_body(&self) -> io::Result<(u32, Vec<u8>)> {
        let mut body = Vec::new();
        loop {
            let read = self.read()?;
            if read.kind == frame::HEADERS {
                // Frames of an earlier request, which was refused, may still arrive.
                body.clear();
            }
            if read.kind == frame::DATA && !read.payload.is_empty() {
                self.window_update(0, read.payload.len() as u32)?;
                self.window_update(read.stream, read.payload.len() as u32)?;
                body.extend_from_slice(&read.payload);
            }
            if read.ends_stream() {
                return Ok((read.stream, body));
            }
        }
    }

    pub fn send(&self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> io::Result<()> {
        let [_, size @ ..] = (payload.len() as u32).to_be_bytes();
        let head = [&size[..], &[kind, flags], &stream.to_be_bytes()].concat();
        let mut to = self.0;
        to.write_all(&[&head, payload].concat())
    }

    /// Lets the client send `by` more bytes on a stream, or on the connection if it is 0.
    pub fn window_update(&self, stream: u32, by: u32) -> io::Result<()> {
        self.send(frame::WINDOW_UPDATE, 0, stream, &by.to_be_bytes())
    }

    pub fn reset(&self, stream: u32, reason: h2::Reason) -> io::Result<()> {
        self.send(frame::RST_STREAM, 0, stream, &u32::from(reason).to_be_bytes())
    }

    /// Accepts no more streams; those up to `last` are processed.
    pub fn go_away(&self, last: u32) -> io::Result<()> {
        self.go_away_for(h2::Reason::NO_ERROR, last, "")
    }

    /// Accepts no more streams for a reason, with debug data.
    pub fn go_away_for(&self, reason: h2::Reason, last: u32, debug: &str) -> io::Result<()> {
        let payload = [&last.to_be_bytes()[..], &u32::from(reason).to_be_bytes(), debug.as_bytes()].concat();
        self.send(frame::GOAWAY, 0, 0, &payload)
    }

    /// Sends headers or trailers as literals without indexing. What does not fit into one frame follows in
    /// CONTINUATION frames.
    pub fn headers(&self, stream: u32, headers: &[(&str, &str)], is_last: bool) -> io::Result<()> {
        let mut block = Vec::new();
        for (name, value) in headers {
            block.push(0);
            for text in [name, value] {
                push_length(&mut block, text.len());
                block.extend_from_slice(text.as_bytes());
            }
        }
        let mut pieces = block.chunks(FRAME_BYTE_SIZE).peekable();
        let (mut kind, mut flags) = (frame::HEADERS, if is_last { frame::END_STREAM } else { 0 });
        loop {
            let piece = pieces.next().unwrap_or_default();
            if pieces.peek().is_none() {
                return self.send(kind, flags | frame::END_HEADERS, stream, piece);
            }
            self.send(kind, flags, stream, piece)?;
            (kind, flags) = (frame::CONTINUATION, 0);
        }
    }

    /// Sends the headers of a gRPC response, with `more`.
    pub fn response_headers(&self, stream: u32, more: &[(&str, &str)], is_last: bool) -> io::Result<()> {
        let headers = [(":status", "200"), ("content-type", "application/grpc")];
        self.headers(stream, &[&headers, more].concat(), is_last)
    }

    /// Waits until the client has received all that was sent, though it may not have read it.
    pub fn wait_until_delivered(&self) {
        wait_until_delivered(self.0);
    }

    /// Closes one direction of the connection, or both.
    pub fn shut_down(&self, how: Shutdown) -> io::Result<()> {
        self.0.shutdown(how)
    }

    /// Sends a message and the status OK. The client's window must be large enough.
    pub fn reply(&self, stream: u32, message: &[u8]) -> io::Result<()> {
        self.response_headers(stream, &[], false)?;
        for piece in crate::support::grpc::frame(message).chunks(FRAME_BYTE_SIZE) {
            self.send(frame::DATA, 0, stream, piece)?;
        }
        self.headers(stream, &[("grpc-status", "0")], true)
    }
}
