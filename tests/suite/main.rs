//! Every test that needs more than one file of the library: one module for each promise.

/// Formats the URL of a test's own server; with the scheme of TLS while the tests run so.
macro_rules! url {
    ($($format:tt)*) => { crate::support::tls::url(format!($($format)*)) };
}

mod abi;
mod compatibility;
mod conventions;
mod header;
mod languages;
mod own_model;
mod own_server;
mod programs;
mod server;

mod asynchronous;
mod authentication;
mod bounds;
mod buffers;
mod c_security;
mod cancellation;
mod compressed_grpc;
mod conformance;
mod connections;
mod control;
mod control_wire;
mod costs;
mod deadlines;
mod documentation;
mod errors;
mod examples;
mod forks;
mod generate;
mod grpc_request;
mod grpc_wire;
mod http_meaning;
mod http_wire;
mod inference;
mod keepalive;
mod lending;
mod lifetimes;
mod misbehaving;
mod misbehaving_grpc;
mod misbehaving_http;
mod misuses;
mod modes;
mod odd_responses;
mod options;
mod other_servers;
mod pool;
mod release;
mod repository;
mod requests;
mod responses;
mod secrets;
mod server_errors;
mod settings;
mod shared_connections;
mod shared_memory;
mod soak;
mod statistics;
mod stopping;
mod storm;
mod stream_faults;
mod streams;
mod threads;
mod tls;
mod tls_front;
mod tls_ports;
mod tracing;
mod values;
mod words;

#[path = "../support/mod.rs"]
mod support;
