//! Compares the JSON form with prost-reflect's, on random messages of every type.

use prost::Message;
use prost_reflect::{
    DescriptorPool, DeserializeOptions, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor,
    ReflectMessage, SerializeOptions, Value as Field,
};
use serde_core::de::DeserializeSeed;
use serde_json::{Number, Value, json};

use super::{NEWER, read::MessageSeed, write::write};
use crate::proto::descriptor::{Cardinality, ENUMS, MESSAGES, by_name};

/// Xorshift: the same messages on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    fn text(&mut self) -> String {
        self.one(&["", "a", "INPUT0", "9223372036854775808", "\"\\\u{7}\n", "größe", "\u{1f980}", "-"])
            .to_owned()
    }

    fn value(&mut self, kind: &Kind) -> Field {
        match kind {
            Kind::Double => {
                Field::F64(self.one(&[0.0, -0.0, 0.1, 1.0, 1e300, -5e-324, f64::NAN, f64::INFINITY]))
            }
            Kind::Float => {
                Field::F32(self.one(&[0.0, -0.0, 0.1, 1.0, 16_777_216.0, f32::MAX, 1e-45, f32::NEG_INFINITY]))
            }
            Kind::Int32 => Field::I32(self.one(&[0, 1, -1, i32::MIN, i32::MAX])),
            Kind::Int64 => Field::I64(self.one(&[0, 1, -1, i64::MIN, i64::MAX])),
            Kind::Uint32 => Field::U32(self.one(&[0, 1, u32::MAX])),
            Kind::Uint64 => Field::U64(self.one(&[0, 1, u64::MAX])),
            Kind::Bool => Field::Bool(self.below(2) == 1),
            Kind::String => Field::String(self.text()),
            Kind::Bytes => Field::Bytes(self.text().into()),
            Kind::Message(message) => Field::Message(self.message(message)),
            Kind::Enum(values) => {
                let mut numbers: Vec<i32> = values.values().map(|value| value.number()).collect();
                numbers.extend([99, -1]);
                Field::EnumNumber(self.one(&numbers))
            }
            kind => panic!("{kind:?}"),
        }
    }

    fn key(&mut self, kind: &Kind) -> MapKey {
        match kind {
            Kind::String => MapKey::String(self.text()),
            Kind::Uint64 => MapKey::U64(self.one(&[0, 7, u64::MAX])),
            kind => panic!("{kind:?}"),
        }
    }

    fn field(&mut self, field: &FieldDescriptor) -> Field {
        let count = self.below(4);
        match field.kind() {
            Kind::Message(entry) if field.is_map() => {
                let (key, value) = (entry.map_entry_key_field().kind(), entry.map_entry_value_field().kind());
                Field::Map((0..count).map(|_| (self.key(&key), self.value(&value))).collect())
            }
            kind if field.is_list() => Field::List((0..count).map(|_| self.value(&kind)).collect()),
            kind => self.value(&kind),
        }
    }

    fn message(&mut self, descriptor: &MessageDescriptor) -> DynamicMessage {
        let mut message = DynamicMessage::new(descriptor.clone());
        for field in descriptor.fields() {
            if self.below(3) > 0 {
                message.set_field(&field, self.field(&field));
            }
        }
        message
    }

    /// Replaces a random value in some JSON.
    fn replace(&mut self, json: &mut Value) {
        let inner: Option<&mut Value> = match json {
            Value::Array(elements) if !elements.is_empty() => {
                let index = self.below(elements.len());
                elements.get_mut(index)
            }
            Value::Object(members) if !members.is_empty() => {
                let index = self.below(members.len());
                members.values_mut().nth(index)
            }
            _ => None,
        };
        match inner {
            Some(inner) if self.below(4) > 0 => self.replace(inner),
            _ => {
                *json = self.one(&[
                    json!(null),
                    json!(true),
                    json!(0),
                    json!(-1),
                    json!(2.0),
                    json!(1.5),
                    json!(1e20),
                    json!(-1e300),
                    json!(9_223_372_036_854_775_808_u64),
                    json!(9_223_372_036_854_775_808.0),
                    json!("12"),
                    json!("-3"),
                    json!("x"),
                    json!("NaN"),
                    json!("-Infinity"),
                    json!("TYPE_FP32"),
                    json!("KIND_GPU"),
                    json!("_-8"),
                    json!("YQ"),
                    json!("Y!=="),
                    json!([]),
                    json!([1, null]),
                    json!(["a", 2]),
                    json!({}),
                    json!({ "name": "n", "1": {}, "dims": [1], "unknown": [{}, { "name": null }] }),
                ]);
            }
        }
    }

    /// Damages a text: removes, repeats or exchanges some of it.
    fn damage(&mut self, text: &str) -> Vec<u8> {
        let bytes = text.as_bytes();
        let (from, size) = (self.below(bytes.len()), self.below(20));
        let range = from..(from + size).min(bytes.len());
        match self.below(3) {
            0 => [&bytes[..range.start], &bytes[range.end..]].concat(),
            1 => [&bytes[..range.end], &bytes[range.start..]].concat(),
            _ => [
                &bytes[..from],
                self.one(&[&b"\n"[..], b"\xff", b"{", b"]", b",", b"0", b"\"", b"null"]),
                &bytes[from..],
            ]
            .concat(),
        }
    }
}

fn pool() -> DescriptorPool {
    DescriptorPool::decode(&include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"))[..]).unwrap()
}

/// Returns every message of `proto/`. prost-reflect's pool also has those of its own.
fn messages() -> Vec<MessageDescriptor> {
    let pool = pool();
    let is_own = |message: &MessageDescriptor| !message.full_name().starts_with("google.protobuf.");
    let messages: Vec<_> = pool.all_messages().filter(is_own).collect();
    assert_eq!(messages.len(), MESSAGES.len());
    messages.into_iter().filter(|message| !message.is_map_entry()).collect()
}

#[test]
fn the_table_matches_the_descriptors() {
    assert!(MESSAGES.is_sorted_by_key(|message| message.name));
    for message in messages() {
        let own = by_name(message.full_name()).unwrap();
        assert_eq!(own.fields.len(), message.fields().len(), "{}", own.name);
        for field in message.fields() {
            let found = own.field(field.number().into()).unwrap();
            assert_eq!(
                (found.name, found.is_packed()),
                (field.name(), field.is_packed()),
                "{}",
                field.full_name()
            );
            assert_eq!(found.cardinality == Cardinality::List, field.is_list(), "{}", field.full_name());
            assert_eq!(found.entry().is_some(), field.is_map(), "{}", field.full_name());
            assert_eq!(found.json_name().collect::<String>(), field.json_name());
            for name in [field.name(), field.json_name()] {
                assert_eq!(own.field_by_json_name(name).unwrap().number, field.number());
            }
            let oneof = found.oneof.map(|oneof| own.oneofs[usize::from(oneof)]);
            assert_eq!(oneof, field.containing_oneof().as_ref().map(|oneof| oneof.name()));
            if let Kind::Enum(values) = field.kind() {
                let values: Vec<_> =
                    values.values().map(|value| (value.number(), value.name().to_owned())).collect();
                assert!(
                    values.iter().map(|(number, name)| (*number, &name[..])).eq(found
                        .kind
                        .values()
                        .iter()
                        .copied())
                );
            }
        }
    }
    assert_eq!(
        ENUMS.len(),
        pool().all_enums().filter(|found| !found.full_name().starts_with("google.")).count()
    );
}

/// Writes a message as [`write`] does, with prost-reflect.
fn reference(message: &DynamicMessage) -> Value {
    let options = SerializeOptions::new()
        .use_proto_field_name(true)
        .stringify_64_bit_integers(false)
        .skip_default_fields(false);
    let mut json = message.serialize_with_options(serde_json::value::Serializer, &options).unwrap();
    as_triton_writes(&mut json, &message.descriptor());
    json
}

/// Removes newer members at their default, and writes numbers of single precision with the digits that they
/// need.
fn as_triton_writes(json: &mut Value, descriptor: &MessageDescriptor) {
    let Value::Object(members) = json else { return };
    members.retain(|name, value| {
        !(NEWER.contains(&(descriptor.full_name(), name)) && value.as_f64() == Some(0.0))
    });
    for (name, value) in members {
        let field = descriptor.get_field_by_name(name).unwrap();
        let kind = match field.kind() {
            Kind::Message(entry) if field.is_map() => entry.map_entry_value_field().kind(),
            kind => kind,
        };
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
            let shortest = (number.as_f64().unwrap() as f32).to_string().parse().unwrap();
            *value = Value::Number(Number::from_f64(shortest).unwrap());
        }
        _ => {}
    }
}

#[test]
fn every_message_is_written_as_prost_reflect_writes_it() {
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for descriptor in messages() {
        for _ in 0..100 {
            let bytes = random.message(&descriptor).encode_to_vec();
            let message = DynamicMessage::decode(descriptor.clone(), &bytes[..]).unwrap();
            let written = write(by_name(descriptor.full_name()).unwrap(), &bytes).unwrap();
            assert_eq!(written.to_string(), reference(&message).to_string(), "{}", descriptor.full_name());
        }
    }
}

/// Asserts that both read the same message from JSON, or return the same error.
fn assert_reads_the_same(descriptor: &MessageDescriptor, json: &[u8]) {
    let options = DeserializeOptions::new().deny_unknown_fields(false);
    let own = by_name(descriptor.full_name()).unwrap();
    let decoded =
        |bytes: Vec<u8>| reference(&DynamicMessage::decode(descriptor.clone(), &bytes[..]).unwrap());

    let mut reader = serde_json::Deserializer::from_slice(json);
    let expected = DynamicMessage::deserialize_with_options(descriptor.clone(), &mut reader, &options)
        .and_then(|message| reader.end().map(|()| message));
    let mut reader = serde_json::Deserializer::from_slice(json);
    let found = MessageSeed(own).deserialize(&mut reader).and_then(|bytes| reader.end().map(|()| bytes));
    assert_eq!(
        found.map(decoded).map_err(|error| error.to_string()),
        expected.as_ref().map(reference).map_err(|error| error.to_string()),
        "{}: {}",
        descriptor.full_name(),
        json.escape_ascii()
    );

    let Ok(value) = serde_json::from_slice::<Value>(json) else { return };
    let expected = DynamicMessage::deserialize_with_options(descriptor.clone(), value.clone(), &options);
    assert_eq!(
        MessageSeed(own).deserialize(value).map(decoded).map_err(|error| error.to_string()),
        expected.as_ref().map(reference).map_err(|error| error.to_string()),
        "{}: {}",
        descriptor.full_name(),
        json.escape_ascii()
    );
}

#[test]
fn every_message_is_read_as_prost_reflect_reads_it() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for descriptor in messages() {
        for _ in 0..20 {
            let options = SerializeOptions::new()
                .use_proto_field_name(random.below(2) == 0)
                .stringify_64_bit_integers(random.below(2) == 0)
                .use_enum_numbers(random.below(2) == 0)
                .skip_default_fields(random.below(2) == 0);
            let message = random.message(&descriptor);
            let json = message.serialize_with_options(serde_json::value::Serializer, &options).unwrap();
            assert_reads_the_same(&descriptor, json.to_string().as_bytes());
            for _ in 0..10 {
                let mut json = json.clone();
                random.replace(&mut json);
                let text = if random.below(2) == 0 { json.to_string() } else { format!("{json:#}") };
                assert_reads_the_same(&descriptor, text.as_bytes());
                assert_reads_the_same(&descriptor, &random.damage(&text));
            }
        }
    }
}

#[test]
fn a_repeated_member_is_read_as_prost_reflect_reads_it() {
    let config = pool().get_message_by_name("inference.ModelConfig").unwrap();
    for json in [
        r#"{"name":"a","name":"b"}"#,
        r#"{"name":"a","name":null}"#,
        r#"{"input":[{"name":"a"}],"input":[{"name":"b"}]}"#,
        r#"{"input":[{"name":"a"}],"input":[]}"#,
        r#"{"maxBatchSize":1,"max_batch_size":2}"#,
        r#"{"metric_tags":{"a":"1","a":"2"},"metric_tags":{"b":"3"}}"#,
        r#"{"version_policy":{"latest":{"num_versions":1}},"version_policy":{"all":{}}}"#,
        r#"{"version_policy":{"latest":{"num_versions":1},"all":{}}}"#,
        r#"{"version_policy":{"latest":{},"latest":{}}}"#,
        r#"{"version_policy":{"latest":null,"all":{}}}"#,
        r#"{"dynamic_batching":{"priority_queue_policy":{"x":{}}}}"#,
        r#"{"dynamic_batching":{"priority_queue_policy":{"1":null}}}"#,
    ] {
        assert_reads_the_same(&config, json.as_bytes());
    }
}
