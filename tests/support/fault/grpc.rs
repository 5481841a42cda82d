//! A gRPC server with the responses of a test.

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use h2::{Reason, server::Builder};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};

use crate::support::{
    grpc,
    http2::{Call, Result, Server, send_data},
};

/// The response to a call.
#[derive(Clone, Debug)]
pub enum GrpcResponse {
    /// Each message with its prefix, and then the status.
    Reply { messages: Vec<Vec<u8>>, status: i32, message: String },
    /// Headers with the status in them, and nothing else.
    TrailersOnly { status: i32, message: String },
    /// These bytes as DATA, and then these trailers; without trailers, the end of the stream.
    Raw { frames: Vec<Vec<u8>>, trailers: Vec<(String, String)> },
    /// A message and the status OK, with these additional headers.
    Headers { headers: Vec<(String, String)>, message: Vec<u8> },
    /// A response of HTTP, as from a gateway.
    HttpError { status: u16, content_type: String, body: Vec<u8> },
    /// RST_STREAM with INTERNAL_ERROR.
    Reset,
    /// GOAWAY without an error, which counts this call as processed, and the end of the connection.
    GoAwayThenClose,
    /// The end of the connection.
    CloseConnection,
    /// Nothing, until the server or the client ends.
    Silence,
}

/// A gRPC server with HTTP/2's default windows of 65,535 bytes.
#[derive(Debug)]
pub struct Grpc {
    server: Server,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
    abandoned: Arc<AtomicUsize>,
    metadata: Arc<Mutex<Vec<HeaderMap>>>,
}

impl Grpc {
    /// Calls `response` for each complete call with its path and its message without the prefix, each on its
    /// own thread. The message is empty if the body is not a message.
    pub fn start(response: impl Fn(&str, Vec<u8>) -> GrpcResponse + Send + Sync + 'static) -> Self {
        Self::start_with_metadata(move |uri, _, message| response(uri.path(), message))
    }

    /// As [`start`](Self::start), with the URI and the metadata of each call.
    pub fn start_with_metadata(
        response: impl Fn(&Uri, &HeaderMap, Vec<u8>) -> GrpcResponse + Send + Sync + 'static,
    ) -> Self {
        let (connections, requests) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (accepted, count, response) = (connections.clone(), requests.clone(), Arc::new(response));
        let (metadata, abandoned) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
        let (record, cancelled) = (metadata.clone(), abandoned.clone());
        let on_connection = move || {
            accepted.fetch_add(1, Ordering::SeqCst);
        };
        let server = Server::start(Builder::new(), on_connection, move |mut call| {
            let (count, response, cancelled) = (count.clone(), response.clone(), cancelled.clone());
            record.lock().unwrap_or_else(PoisonError::into_inner).push(call.headers().clone());
            async move {
                let message = grpc::unframe(call.read_body().await?).unwrap_or_default();
                count.fetch_add(1, Ordering::SeqCst);
                // Not on the runtime's thread, which a waiting closure would block for all other calls.
                let (uri, metadata) = (call.uri().clone(), call.headers().clone());
                let response = tokio::task::spawn_blocking(move || response(&uri, &metadata, message)).await;
                let response = response.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()));
                let is_silence = matches!(response, GrpcResponse::Silence);
                let outcome = send(&mut call, response).await;
                cancelled.fetch_add(usize::from(is_silence), Ordering::SeqCst);
                outcome
            }
        });
        Self { server: server.expect("a free port"), connections, requests, abandoned, metadata }
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// Returns the number of connections accepted so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Returns the number of calls read in full so far.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }

    /// Returns the number of calls with [`GrpcResponse::Silence`] that the client has cancelled so far.
    pub fn abandoned(&self) -> usize {
        self.abandoned.load(Ordering::SeqCst)
    }

    /// Returns the metadata of every call so far, in the order in which they began.
    pub fn metadata(&self) -> Vec<HeaderMap> {
        self.metadata.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn send(call: &mut Call, response: GrpcResponse) -> Result<()> {
    match response {
        GrpcResponse::Reply { messages, status, message } => {
            grpc::reply(call, messages, status, &message).await
        }
        GrpcResponse::TrailersOnly { status, message } => grpc::reply_trailers_only(call, status, &message),
        GrpcResponse::Raw { frames, trailers } => {
            let mut stream = call.send_headers(200, grpc::CONTENT)?;
            for frame in frames {
                send_data(&mut stream, frame.into()).await?;
            }
            if trailers.is_empty() {
                return stream.send_data(Vec::new().into(), true);
            }
            stream.send_trailers(
                trailers.iter().map(|(name, value)| header(name, value)).collect::<HeaderMap>(),
            )
        }
        GrpcResponse::Headers { headers, message } => {
            let mut stream = call.send_headers_with(200, grpc::CONTENT, &headers)?;
            send_data(&mut stream, grpc::frame(&message)).await?;
            stream.send_trailers(HeaderMap::from_iter([header("grpc-status", "0")]))
        }
        GrpcResponse::HttpError { status, content_type, body } => {
            let mut stream = call.send_headers(status, &content_type)?;
            send_data(&mut stream, body.into()).await?;
            stream.send_data(Vec::new().into(), true)
        }
        GrpcResponse::Reset => {
            call.reset(Reason::INTERNAL_ERROR);
            Ok(())
        }
        // The end of the connection ends the call. Dropping it earlier would reset it.
        GrpcResponse::GoAwayThenClose => {
            call.go_away();
            call.abandoned().await
        }
        GrpcResponse::CloseConnection => {
            call.close_connection();
            call.abandoned().await
        }
        GrpcResponse::Silence => call.abandoned().await,
    }
}

fn header(name: &str, value: &str) -> (HeaderName, HeaderValue) {
    (
        name.parse().expect("a trailer's name by the test"),
        value.parse().expect("a trailer's value by the test"),
    )
}
