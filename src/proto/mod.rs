//! The messages of the gRPC interface, generated from `proto/` when the library is built, and their JSON
//! form.

mod decode;
mod descriptor;
mod json;
pub(crate) mod wire;

pub(crate) use decode::{DecodeError, decode};
pub(crate) use json::{from_json, from_value, to_json, with_numbers, without_bom};

/// Package `inference`: Triton's own service and the model configuration.
#[allow(clippy::all, missing_docs, dead_code, unreachable_pub, rustdoc::all)]
pub(crate) mod inference {
    include!(concat!(env!("OUT_DIR"), "/inference.rs"));
}

/// Package `grpc.health.v1`: gRPC's own health service.
#[allow(clippy::all, missing_docs, dead_code, unreachable_pub, rustdoc::all)]
pub(crate) mod health {
    include!(concat!(env!("OUT_DIR"), "/grpc.health.v1.rs"));
}
