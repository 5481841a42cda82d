//! An HTTP server with the responses of a test.

use std::{
    io::{self, BufReader, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::Request;
use crate::support::{
    connections::Connections,
    listener::Listener,
    tls::{self, TlsFront},
};

/// The response to a request.
#[derive(Clone, Debug)]
pub enum Response {
    /// Sends these bytes, then reads the connection's next request. [`super::response`] makes valid ones.
    Bytes(Vec<u8>),
    /// Sends these bytes, then closes the connection.
    BytesThenClose(Vec<u8>),
    /// Sends these bytes, `each` at a time, then reads the connection's next request.
    Pieces { bytes: Vec<u8>, each: usize },
    /// Closes the connection.
    Close,
    /// Sends nothing until the server or the client ends.
    Silence,
    /// Sends these bytes, then nothing until the server or the client ends.
    Stall { bytes: Vec<u8> },
}

/// An HTTP/1.1 server with a thread for each connection.
#[derive(Debug)]
pub struct Http {
    front: Option<TlsFront>,
    listener: Listener,
    requests: Arc<AtomicUsize>,
    abandoned: Arc<AtomicUsize>,
}

impl Http {
    /// Calls `response` for each complete request.
    pub fn start(response: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Self {
        let (requests, abandoned) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (response, count, closed) = (Arc::new(response), requests.clone(), abandoned.clone());
        let mut connections = Connections::default();
        let listener = Listener::start(move |stream| {
            let (response, count, closed) = (response.clone(), count.clone(), closed.clone());
            connections.serve(stream, move |stream| {
                // An error means that the client closed the connection or sent an invalid request.
                let _ = serve(stream, &count, &closed, &*response);
            });
        });
        let listener = listener.expect("a free port");
        Self { front: tls::front(listener.address()), listener, requests, abandoned }
    }

    pub fn address(&self) -> SocketAddr {
        self.front.as_ref().map_or(self.listener.address(), TlsFront::address)
    }

    /// Returns the number of connections accepted so far.
    pub fn connections(&self) -> usize {
        self.listener.accepted()
    }

    /// Returns the number of requests read in full so far.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// Returns the number of connections with [`Response::Silence`] or [`Response::Stall`] that the client
    /// has closed so far.
    pub fn abandoned(&self) -> usize {
        self.abandoned.load(Ordering::SeqCst)
    }
}

fn serve(
    mut stream: &TcpStream,
    requests: &AtomicUsize,
    abandoned: &AtomicUsize,
    response: &dyn Fn(&Request) -> Response,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = Request::read(&mut reader, stream)? {
        requests.fetch_add(1, Ordering::SeqCst);
        let last = match response(&request) {
            Response::Bytes(bytes) => {
                stream.write_all(&bytes)?;
                continue;
            }
            Response::Pieces { bytes, each } => {
                bytes.chunks(each).try_for_each(|piece| stream.write_all(piece))?;
                continue;
            }
            Response::BytesThenClose(bytes) => return stream.write_all(&bytes),
            Response::Close => return Ok(()),
            Response::Silence => Vec::new(),
            Response::Stall { bytes } => bytes,
        };
        stream.write_all(&last)?;
        // Ends when the client closes the connection, or dropping the server does.
        let end = io::copy(&mut reader, &mut io::sink());
        abandoned.fetch_add(1, Ordering::SeqCst);
        return end.map(drop);
    }
    Ok(())
}
