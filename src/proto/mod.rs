//! The messages of the gRPC interface, made from `proto/` when the library is built, and their JSON form.

mod decode;
pub(crate) mod wire;

use std::sync::LazyLock;

pub(crate) use decode::{Fault, decode};

use prost::{Message, Name};
use prost_reflect::{
    DescriptorPool, DeserializeOptions, DynamicMessage, MessageDescriptor, SerializeOptions,
};
use serde_json::Value;

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

/// JSON without the byte order mark (UTF-8) that some servers write in front of it, and which parsers refuse.
pub(crate) fn without_bom(json: &[u8]) -> &[u8] {
    json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json)
}

/// Reads the JSON by which Triton's HTTP interface says what the message says over gRPC: the same field names,
/// numbers of 64 bits as numbers. Unknown members are passed over, `null` is as good as absent.
pub(crate) fn from_json<M: Message + Name + Default>(json: &[u8]) -> Result<M, String> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    DynamicMessage::deserialize_with_options(descriptor::<M>()?, &mut reader, &read_options())
        .and_then(|message| reader.end().map(|()| message))
        .map_err(|error| error.to_string())?
        .transcode_to()
        .map_err(|error| error.to_string())
}

/// The same of JSON that was read already.
pub(crate) fn from_value<M: Message + Name + Default>(json: Value) -> Result<M, String> {
    DynamicMessage::deserialize_with_options(descriptor::<M>()?, json, &read_options())
        .map_err(|error| error.to_string())?
        .transcode_to()
        .map_err(|error| error.to_string())
}

fn read_options() -> DeserializeOptions {
    DeserializeOptions::new().deny_unknown_fields(false)
}

/// The JSON by which Triton's HTTP interface says what a message says: its field names, numbers of 64 bits as numbers,
/// defaults spelled out. Members are in the order of the alphabet, so that the same message is always the same text.
pub(crate) fn to_json<M: Message + Name>(message: &M) -> Result<Value, String> {
    let mut dynamic = DynamicMessage::new(descriptor::<M>()?);
    dynamic.transcode_from(message).map_err(|error| error.to_string())?;
    let options = SerializeOptions::new()
        .use_proto_field_name(true)
        .stringify_64_bit_integers(false)
        .skip_default_fields(false);
    dynamic.serialize_with_options(serde_json::value::Serializer, &options).map_err(|error| error.to_string())
}

fn descriptor<M: Name>() -> Result<MessageDescriptor, String> {
    DESCRIPTORS
        .as_ref()
        .and_then(|pool| pool.get_message_by_name(&M::full_name()))
        .ok_or_else(|| format!("no descriptor of {}", M::full_name()))
}
