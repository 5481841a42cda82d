//! A stand-in for Triton with the same protocol and error texts over HTTP and gRPC. It has the models of
//! [`models`] and what the examples need: health, metadata, configuration, inference, and an index of models
//! that can be unloaded and loaded again. Tensors are binary only.

mod grpc;
mod http;
pub mod models;

use std::{io, net::SocketAddr};

use super::{
    connections::Connections,
    http2,
    listener::Listener,
    tls::{self, TlsFront},
};

const NAME: &str = "embedded";
const EXTENSIONS: [&str; 3] = ["binary_tensor_data", "model_configuration", "model_repository"];

/// The gRPC messages, generated from `proto/` by the package's build script.
#[allow(clippy::all)]
pub mod inference {
    include!(concat!(env!("OUT_DIR"), "/inference.rs"));
}

/// The server, on free ports of 127.0.0.1. Its threads end on drop.
#[derive(Debug)]
pub struct Server {
    front: Option<TlsFront>,
    http: Listener,
    grpc: http2::Server,
}

impl Server {
    pub fn start() -> io::Result<Self> {
        let mut connections = Connections::default();
        let http = Listener::start(move |stream| {
            // An error means that the client closed the connection.
            connections.serve(stream, |stream| drop(http::serve(stream)));
        })?;
        Ok(Self { front: tls::front(http.address()), http, grpc: grpc::start()? })
    }

    pub fn http_address(&self) -> SocketAddr {
        self.front.as_ref().map_or(self.http.address(), TlsFront::address)
    }

    pub fn grpc_address(&self) -> SocketAddr {
        self.grpc.address()
    }
}
