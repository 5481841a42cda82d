//! The messages of the gRPC interface, made from `proto/` when the library is built, and their JSON form.

mod decode;
mod json;
pub(crate) mod wire;

use std::sync::LazyLock;

pub(crate) use decode::{DecodeError, decode};
pub(crate) use json::{from_json, from_value, to_json, with_numbers, without_bom};

use prost::Name;
use prost_reflect::{DescriptorPool, MessageDescriptor};

/// Package `inference`: Triton's own service and the model configuration.
#[allow(clippy::all, missing_docs, dead_code, rustdoc::all)]
pub(crate) mod inference {
    include!(concat!(env!("OUT_DIR"), "/inference.rs"));
}

/// Package `grpc.health.v1`: gRPC's own health service.
#[allow(clippy::all, missing_docs, dead_code, rustdoc::all)]
pub(crate) mod health {
    include!(concat!(env!("OUT_DIR"), "/grpc.health.v1.rs"));
}

static DESCRIPTORS: LazyLock<Option<DescriptorPool>> = LazyLock::new(|| {
    DescriptorPool::decode(&include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"))[..]).ok()
});

fn descriptor<M: Name>() -> Result<MessageDescriptor, String> {
    DESCRIPTORS
        .as_ref()
        .and_then(|pool| pool.get_message_by_name(&M::full_name()))
        .ok_or_else(|| format!("no descriptor of {}", M::full_name()))
}
