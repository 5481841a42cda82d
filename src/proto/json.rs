//! Messages in the JSON of Triton's HTTP interface, and in the variants of other servers.
//!
//! The table of [`descriptor`](super::descriptor) defines the form: JSON is read into protobuf's wire format,
//! which prost decodes, and written from it. Generated code for each message would be several times as large.

mod read;
#[cfg(test)]
mod reference;
mod rewrite;
mod write;

use prost::{Message, Name};
use serde_core::de::DeserializeSeed;
use serde_json::Value;

use super::descriptor::descriptor;
use read::MessageSeed;
use rewrite::{Rewrite, rewrite};
use write::write;

/// Members that the oldest supported server, 2.51, does not know, according to the descriptors in its
/// executable. They are omitted from the JSON at their default, because a server refuses a configuration with
/// an unknown member. Messages (`ModelConfig.model_metrics`) need no entry: they are omitted if not set.
const NEWER: [(&str, &str); 1] = [("inference.ModelEnsembling", "max_inflight_requests")];

/// Returns JSON without the UTF-8 byte order mark that some servers write before it, and parsers reject.
pub(crate) fn without_bom(json: &[u8]) -> &[u8] {
    json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json)
}

/// Reads a message from the JSON of Triton's HTTP interface, which has the field names of gRPC and 64-bit
/// integers as numbers. Unknown members are ignored, `null` means absent, and a version or an ID may be a
/// number.
pub(crate) fn from_json<M: Message + Name + Default>(json: &[u8]) -> Result<M, String> {
    parse(json).or_else(|error| match rewrite(json, descriptor::<M>()?, Rewrite::QuoteVersions) {
        Some(quoted) => parse(quoted.as_bytes()),
        None => Err(error),
    })
}

fn parse<M: Message + Name + Default>(json: &[u8]) -> Result<M, String> {
    let mut reader = serde_json::Deserializer::from_slice(json);
    let message = MessageSeed(descriptor::<M>()?)
        .deserialize(&mut reader)
        .and_then(|message| reader.end().map(|()| message))
        .map_err(|error| error.to_string())?;
    M::decode(&message[..]).map_err(|error| error.to_string())
}

/// Reads a message from parsed JSON.
pub(crate) fn from_value<M: Message + Name + Default>(json: Value) -> Result<M, String> {
    let message = MessageSeed(descriptor::<M>()?).deserialize(json).map_err(|error| error.to_string())?;
    M::decode(&message[..]).map_err(|error| error.to_string())
}

/// Writes the JSON of Triton's HTTP interface: the field names of gRPC, 64-bit integers as numbers, and
/// defaults included, as version 2.51 does. Members are in alphabetical order, so that the same message
/// always gives the same text.
pub(crate) fn to_json<M: Message + Name>(message: &M) -> Result<Value, String> {
    write(descriptor::<M>()?, &message.encode_to_vec())
}

/// Replaces each 64-bit integer that Triton wrote as a string by a number, and keeps the rest byte for byte.
pub(crate) fn with_numbers<M: Name>(json: String) -> String {
    let rewritten = descriptor::<M>()
        .ok()
        .and_then(|descriptor| rewrite(json.as_bytes(), descriptor, Rewrite::UnquoteIntegers));
    rewritten.unwrap_or(json)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::proto::descriptor::by_name;
    use crate::proto::inference::{
        ModelConfig, ModelEnsembling, ModelInput, ModelMetadataResponse, ModelStatisticsResponse,
        RepositoryIndexResponse, model_config::SchedulingChoice,
    };

    fn ensemble(max_inflight_requests: u32) -> ModelConfig {
        let ensemble = ModelEnsembling { max_inflight_requests, ..ModelEnsembling::default() };
        ModelConfig {
            scheduling_choice: Some(SchedulingChoice::EnsembleScheduling(ensemble)),
            ..ModelConfig::default()
        }
    }

    #[test]
    fn newer_members_are_written_only_if_the_server_has_set_them() {
        assert_eq!(to_json(&ensemble(0)).unwrap()["ensemble_scheduling"], json!({ "step": [] }));
        let set = to_json(&ensemble(3)).unwrap();
        assert_eq!(set["ensemble_scheduling"], json!({ "step": [], "max_inflight_requests": 3 }));
        for (message, field) in NEWER {
            assert!(by_name(message).unwrap().field_by_name(field).is_some(), "{message}.{field}");
        }
    }

    #[test]
    fn integers_of_64_bits_become_numbers_and_the_rest_is_unchanged() {
        let spec = |dim: &str| format!(r#"{{"batch_size":1, "input":{{"X":{{"dim":{dim}}}}}}}"#);
        let text = |dim: &str, dims: &str, timeout: &str| {
            format!(
                concat!(
                    r#" {{"name":"9","new":{{"dims":["1"]}},"optimization":{{"cuda":{{"graph_spec":[{}]}}}},"#,
                    r#""sequence_batching":{{"state":[{{"initial_state":[{{"dims":{},"x":1.50e1}}]}}]}},"#,
                    r#""dynamic_batching":{{"default_queue_policy":{{"default_timeout_microseconds":{}}}}},"#,
                    r#""version_policy":null,"input":7}} "#
                ),
                spec(dim),
                dims,
                timeout
            )
        };
        let strings = text(r#"["1", "-1",3]"#, r#"["9223372036854775807"]"#, r#""18446744073709551615""#);
        let numbers = text("[1, -1,3]", "[9223372036854775807]", "18446744073709551615");
        assert_eq!(with_numbers::<ModelConfig>(strings), numbers);
        // Not an integer of the field, or not in JSON's notation.
        for dim in [
            r#"[""]"#,
            r#"["x"]"#,
            r#"["01"]"#,
            r#"["9223372036854775808"]"#,
            r#"["1.0"]"#,
            r#""1""#,
            "[null]",
        ] {
            let text = text(dim, "[]", "\"-1\"");
            assert_eq!(with_numbers::<ModelConfig>(text.clone()), text);
        }
        for broken in ["", "[]", "{", r#"{"input":[{"dims":["1"]}"#, "\u{feff}{}"] {
            assert_eq!(with_numbers::<ModelConfig>(broken.to_owned()), broken);
        }
    }

    #[test]
    fn a_datatype_newer_than_the_library_does_not_invalidate_the_configuration() {
        let config: ModelConfig =
            from_json(br#"{"name":"m","input":[{"name":"I","data_type":"TYPE_FP8","dims":[1]}]}"#).unwrap();
        assert_eq!(
            (&config.input[0].name[..], config.input[0].data_type, &config.input[0].dims[..]),
            ("I", 0, &[1][..])
        );
        // Over gRPC it is a number, which a server reads back.
        let input = ModelInput { data_type: 99, ..ModelInput::default() };
        let json = to_json(&ModelConfig { input: vec![input], ..ModelConfig::default() }).unwrap();
        assert_eq!(json["input"][0]["data_type"], 99);
    }

    #[test]
    fn versions_and_ids_may_be_numbers_in_any_message() {
        let metadata: ModelMetadataResponse =
            from_json(br#"{"name":"m","versions":[1,"2",10000000000000000000003]}"#).unwrap();
        assert_eq!(metadata.versions, ["1", "2", "10000000000000000000003"]);
        let metadata: ModelMetadataResponse = from_json(br#"{"name":"m","versions":null}"#).unwrap();
        assert!(metadata.versions.is_empty());
        let index: RepositoryIndexResponse =
            from_json(br#"{"models":[{"name":"a","version":1.10},{"name":"b","version":null}]}"#).unwrap();
        assert_eq!((&index.models[0].version[..], &index.models[1].version[..]), ("1.10", ""));
        let statistics: ModelStatisticsResponse =
            from_json(br#"{"model_stats":[{"name":"a","version":3,"inference_count":"4"}]}"#).unwrap();
        assert_eq!(
            (&statistics.model_stats[0].version[..], statistics.model_stats[0].inference_count),
            ("3", 4)
        );
        for json in [r#"{"name":1}"#, r#"{"versions":[true]}"#, r#"{"versions":[1]"#, r#"{"versions":[{}]}"#]
        {
            assert!(from_json::<ModelMetadataResponse>(json.as_bytes()).is_err(), "{json}");
        }
    }
}
