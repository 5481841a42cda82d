//! Messages as the JSON of Triton's HTTP interface, and what other servers write otherwise.

use std::ops::Range;

use jiter::{Jiter, JiterResult, Peek};
use prost::{Message, Name};
use prost_reflect::{
    DeserializeOptions, DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, SerializeOptions,
};
use serde_json::{Number, Value};

use super::descriptor;

/// Members that the oldest supported server, 2.51, does not know: by the descriptors in its executable. They are left out
/// of JSON at their default, which no message carries, since a server refuses a configuration with a member that is
/// unknown to it. Messages (`ModelConfig.model_metrics`) need no entry: without one there is no member.
const NEWER: [&str; 1] = ["inference.ModelEnsembling.max_inflight_requests"];

/// JSON without the byte order mark (UTF-8) that some servers write in front of it, and which parsers refuse.
pub(crate) fn without_bom(json: &[u8]) -> &[u8] {
    json.strip_prefix(b"\xef\xbb\xbf").unwrap_or(json)
}

/// Reads the JSON by which Triton's HTTP interface says what the message says over gRPC: the same field names,
/// numbers of 64 bits as numbers. Unknown members are passed over, `null` is as good as absent, and a version or an id may be
/// a number.
pub(crate) fn from_json<M: Message + Name + Default>(json: &[u8]) -> Result<M, String> {
    parse(json).or_else(|fault| {
        let descriptor = descriptor::<M>()?;
        match rewrite(json, &descriptor, Rewrite::QuoteVersions) {
            Some(mended) => parse(mended.as_bytes()),
            None => Err(fault),
        }
    })
}

fn parse<M: Message + Name + Default>(json: &[u8]) -> Result<M, String> {
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
/// defaults spelled out as version 2.51 does. Members are in the order of the alphabet, so that the same message is always
/// the same text.
pub(crate) fn to_json<M: Message + Name>(message: &M) -> Result<Value, String> {
    let descriptor = descriptor::<M>()?;
    let mut dynamic = DynamicMessage::new(descriptor.clone());
    dynamic.transcode_from(message).map_err(|error| error.to_string())?;
    let options = SerializeOptions::new()
        .use_proto_field_name(true)
        .stringify_64_bit_integers(false)
        .skip_default_fields(false);
    let mut json = dynamic
        .serialize_with_options(serde_json::value::Serializer, &options)
        .map_err(|error| error.to_string())?;
    as_triton_writes(&mut json, &descriptor);
    Ok(json)
}

/// Removes members that are in [`NEWER`] and have their default, and writes numbers of single precision with the digits
/// that they need, as Triton does: 0.1, which is 0.10000000149011612 in double precision.
fn as_triton_writes(json: &mut Value, descriptor: &MessageDescriptor) {
    let Value::Object(members) = json else { return };
    members.retain(|name, value| match descriptor.get_field_by_name(name) {
        Some(field) => !(is_default(value) && NEWER.contains(&field.full_name())),
        None => true,
    });
    for (name, value) in members {
        let Some(field) = descriptor.get_field_by_name(name) else { continue };
        let kind = value_kind(&field);
        match value {
            Value::Array(elements) => elements.iter_mut().for_each(|element| value_as_triton(element, &kind)),
            Value::Object(entries) if field.is_map() => {
                entries.values_mut().for_each(|value| value_as_triton(value, &kind));
            }
            value => value_as_triton(value, &kind),
        }
    }
}

fn value_as_triton(value: &mut Value, kind: &Kind) {
    match (kind, &*value) {
        (Kind::Message(descriptor), _) => as_triton_writes(value, descriptor),
        (Kind::Float, Value::Number(number)) => {
            let shortest = number.as_f64().and_then(|number| (number as f32).to_string().parse::<f64>().ok());
            if let Some(number) = shortest.and_then(Number::from_f64) {
                *value = Value::Number(number);
            }
        }
        _ => {}
    }
}

fn is_default(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(elements) => elements.is_empty(),
        Value::Object(members) => members.is_empty(),
    }
}

/// The kind of a field's value, of a list's elements, or of a map's values.
fn value_kind(field: &FieldDescriptor) -> Kind {
    match field.kind() {
        Kind::Message(entry) if field.is_map() => entry.map_entry_value_field().kind(),
        kind => kind,
    }
}

/// JSON of a message with each number of 64 bits as a number, where Triton wrote a string; all else stays as it is, byte for
/// byte.
pub(crate) fn with_numbers<M: Name>(json: String) -> String {
    let rewritten = descriptor::<M>()
        .ok()
        .and_then(|descriptor| rewrite(json.as_bytes(), &descriptor, Rewrite::UnquoteIntegers));
    rewritten.unwrap_or(json)
}

/// What is written otherwise.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rewrite {
    /// A string in a field of 64 bits becomes the number that it spells.
    UnquoteIntegers,
    /// A number in a field that has a version or an id becomes a string of its digits.
    QuoteVersions,
}

/// The text of a message with some of its values written otherwise; `None` if there are none, or if it is not the JSON of
/// such a message.
fn rewrite(json: &[u8], descriptor: &MessageDescriptor, what: Rewrite) -> Option<String> {
    let mut finder = Finder { json, what, found: Vec::new() };
    finder.message(&mut Jiter::new(json), descriptor).ok()?;
    if finder.found.is_empty() {
        return None;
    }
    let mut text = String::with_capacity(json.len() + 2 * finder.found.len());
    let mut end = 0;
    for range in finder.found {
        text.push_str(str::from_utf8(&json[end..range.start]).ok()?);
        let value = str::from_utf8(&json[range.clone()]).ok()?;
        match what {
            Rewrite::UnquoteIntegers => text.push_str(value.trim_matches('"')),
            Rewrite::QuoteVersions => text.extend(["\"", value, "\""]),
        }
        end = range.end;
    }
    text.push_str(str::from_utf8(&json[end..]).ok()?);
    Some(text)
}

/// Finds the values to be written otherwise. It recurs as deep as the descriptors are nested.
struct Finder<'j> {
    json: &'j [u8],
    what: Rewrite,
    found: Vec<Range<usize>>,
}

impl Finder<'_> {
    fn message(&mut self, reader: &mut Jiter, descriptor: &MessageDescriptor) -> JiterResult<()> {
        if reader.peek()? != Peek::Object {
            return reader.next_skip();
        }
        let mut next = reader.next_object()?.map(|name| descriptor.get_field_by_name(name));
        while let Some(field) = next {
            match field {
                Some(field) if field.is_map() => self.map(reader, &field)?,
                Some(field) if field.is_list() => self.list(reader, &field)?,
                Some(field) => self.value(reader, &field)?,
                None => reader.next_skip()?,
            }
            next = reader.next_key()?.map(|name| descriptor.get_field_by_name(name));
        }
        Ok(())
    }

    fn map(&mut self, reader: &mut Jiter, field: &FieldDescriptor) -> JiterResult<()> {
        if reader.peek()? != Peek::Object {
            return reader.next_skip();
        }
        let mut is_member = reader.next_object()?.is_some();
        while is_member {
            self.value(reader, field)?;
            is_member = reader.next_key()?.is_some();
        }
        Ok(())
    }

    fn list(&mut self, reader: &mut Jiter, field: &FieldDescriptor) -> JiterResult<()> {
        if reader.peek()? != Peek::Array {
            return reader.next_skip();
        }
        let mut next = reader.next_array()?;
        while next.is_some() {
            self.value(reader, field)?;
            next = reader.array_step()?;
        }
        Ok(())
    }

    /// A field's value, or one of the values that it has.
    fn value(&mut self, reader: &mut Jiter, field: &FieldDescriptor) -> JiterResult<()> {
        let kind = value_kind(field);
        if let Kind::Message(descriptor) = kind {
            return self.message(reader, &descriptor);
        }
        let peek = reader.peek()?;
        let start = reader.current_index();
        reader.next_skip()?;
        let range = start..reader.current_index();
        let is_wanted = match self.what {
            Rewrite::UnquoteIntegers => {
                peek == Peek::String && spells_integer(&self.json[range.clone()], &kind)
            }
            Rewrite::QuoteVersions => {
                peek.is_num()
                    && kind == Kind::String
                    && matches!(field.name(), "id" | "version" | "versions" | "model_version")
            }
        };
        if is_wanted {
            self.found.push(range);
        }
        Ok(())
    }
}

/// Whether a string, with its quotes, spells a number of 64 bits just as JSON does.
fn spells_integer(string: &[u8], kind: &Kind) -> bool {
    let Some(text) = str::from_utf8(string).ok().and_then(|text| text.strip_prefix('"')?.strip_suffix('"'))
    else {
        return false;
    };
    match kind {
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => {
            text.parse::<i64>().is_ok_and(|number| number.to_string() == text)
        }
        Kind::Uint64 | Kind::Fixed64 => text.parse::<u64>().is_ok_and(|number| number.to_string() == text),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
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
    fn newer_members_are_written_only_where_the_server_has_set_them() {
        assert_eq!(to_json(&ensemble(0)).unwrap()["ensemble_scheduling"], json!({ "step": [] }));
        let set = to_json(&ensemble(3)).unwrap();
        assert_eq!(set["ensemble_scheduling"], json!({ "step": [], "max_inflight_requests": 3 }));
        for name in NEWER {
            let (message, field) = name.rsplit_once('.').unwrap();
            let descriptor = crate::proto::DESCRIPTORS.as_ref().unwrap().get_message_by_name(message);
            assert!(descriptor.unwrap().get_field_by_name(field).is_some(), "{name}");
        }
    }

    #[test]
    fn numbers_of_64_bits_are_numbers_and_all_else_stays_as_it_came() {
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
        // What is no number of its field, or another spelling of one.
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
    fn a_datatype_newer_than_the_library_does_not_cost_the_configuration() {
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
    fn versions_and_ids_may_be_numbers_wherever_they_stand() {
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
