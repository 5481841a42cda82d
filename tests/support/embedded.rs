//! A server that stands in for Triton: the same protocol and the same error texts, over HTTP and gRPC, for
//! the models of [`models`] and for what the examples need: health, metadata, configuration, inference, and an index of
//! models that can be unloaded and loaded again. Tensors are binary only.

mod grpc;
mod http;
pub mod models;

use std::{io, net::SocketAddr};

use super::{connections::Connections, http2, listener::Listener};

const NAME: &str = "embedded";
const EXTENSIONS: [&str; 3] = ["binary_tensor_data", "model_configuration", "model_repository"];

/// The messages of gRPC, made from `proto/` by the package's build script.
#[allow(clippy::all)]
pub mod inference {
    include!(concat!(env!("OUT_DIR"), "/inference.rs"));
}

/// The server, at free ports of 127.0.0.1. Its threads end on drop.
#[derive(Debug)]
pub struct Server {
    http: Listener,
    grpc: http2::Server,
}

impl Server {
    pub fn start() -> io::Result<Self> {
        let mut connections = Connections::default();
        let http = Listener::start(move |stream| {
            // An error is the client's doing: it is gone.
            connections.serve(stream, |stream| drop(http::serve(stream)));
        })?;
        Ok(Self { http, grpc: grpc::start()? })
    }

    pub fn http_address(&self) -> SocketAddr {
        self.http.address()
    }

    pub fn grpc_address(&self) -> SocketAddr {
        self.grpc.address()
    }
}
