//! Servers in the test process: a stand-in for Triton, and ones that misbehave as scripted. Declared as the
//! module `support` of a crate's root.

// Each test and example uses a part of this.
#![allow(dead_code, unused_imports)]

pub mod certificates;
pub mod connections;
pub mod embedded;
pub mod fault;
pub mod grpc;
pub mod http1;
pub mod http2;
pub mod listener;
pub mod tls;
