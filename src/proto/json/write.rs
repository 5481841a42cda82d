//! Protobuf's wire format into JSON.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Map, Number, Value};

use super::NEWER;
use crate::proto::{
    descriptor::{Cardinality, FieldDescriptor, Kind, MessageDescriptor},
    wire::{self, take_field, take_varint},
};

/// Writes a message that is in protobuf's wire format. The recursion is as deep as the descriptors are
/// nested.
pub(super) fn write(descriptor: &MessageDescriptor, message: &[u8]) -> Result<Value, String> {
    let mut members = Map::new();
    for field in descriptor.fields {
        if let Some(default) = default(field)
            && !NEWER.contains(&(descriptor.name, field.name))
        {
            members.insert(field.name.to_owned(), default);
        }
    }
    let mut rest = message;
    while !rest.is_empty() {
        let (number, value, after) = take_field(rest)?;
        rest = after;
        let Some(field) = descriptor.field(number) else { continue };
        match (members.get_mut(field.name), value, field.entry()) {
            (Some(Value::Object(entries)), wire::Value::Bytes(entry), Some((key, value))) => {
                let (key, value) = write_entry(entry, key, value)?;
                entries.insert(key, value);
            }
            (Some(Value::Array(elements)), wire::Value::Bytes(packed), None) if field.is_packed() => {
                write_packed(field.kind, packed, elements)?;
            }
            (Some(Value::Array(elements)), value, None) => elements.push(write_value(field.kind, value)?),
            (_, value, _) => {
                members.insert(field.name.to_owned(), write_value(field.kind, value)?);
            }
        }
    }
    Ok(Value::Object(members))
}

fn write_entry(
    entry: &[u8],
    key_field: &FieldDescriptor,
    value_field: &FieldDescriptor,
) -> Result<(String, Value), String> {
    let mut key = write_default(key_field.kind);
    let mut value = None;
    let mut rest = entry;
    while !rest.is_empty() {
        let (number, found, after) = take_field(rest)?;
        rest = after;
        match number {
            1 => key = write_value(key_field.kind, found)?,
            2 => value = Some(write_value(value_field.kind, found)?),
            _ => {}
        }
    }
    let key = if let Value::String(key) = key { key } else { key.to_string() };
    let value = match (value, value_field.kind.message()) {
        (Some(value), _) => value,
        (None, Some(message)) => write(message, b"")?,
        (None, None) => write_default(value_field.kind),
    };
    Ok((key, value))
}

fn write_packed(kind: Kind, packed: &[u8], elements: &mut Vec<Value>) -> Result<(), String> {
    let mut rest = packed;
    while !rest.is_empty() {
        let split = match kind {
            Kind::Double => rest.split_at_checked(8).map(|(number, rest)| (wire::Value::Fixed(number), rest)),
            Kind::Float => rest.split_at_checked(4).map(|(number, rest)| (wire::Value::Fixed(number), rest)),
            _ => take_varint(rest)?.map(|(number, rest)| (wire::Value::Number(number), rest)),
        };
        let (number, after) = split.ok_or_else(|| "truncated list of numbers".to_owned())?;
        elements.push(write_value(kind, number)?);
        rest = after;
    }
    Ok(())
}

/// Returns the value of a field that is not set; `None` if it is then omitted, as messages and members of
/// oneofs are.
fn default(field: &FieldDescriptor) -> Option<Value> {
    match (field.cardinality, field.kind) {
        (Cardinality::List, _) => Some(Value::Array(Vec::new())),
        (Cardinality::Map, _) => Some(Value::Object(Map::new())),
        (Cardinality::One, Kind::Message(_)) => None,
        (Cardinality::One, kind) => field.oneof.is_none().then(|| write_default(kind)),
    }
}

fn write_default(kind: Kind) -> Value {
    match kind {
        Kind::Double | Kind::Float => write_float(0.0),
        Kind::Bool => Value::Bool(false),
        Kind::String | Kind::Bytes => Value::String(String::new()),
        Kind::Enum(_) => write_enum(kind, 0),
        Kind::Int32 | Kind::Int64 | Kind::Uint32 | Kind::Uint64 | Kind::Message(_) => Value::from(0),
    }
}

fn write_value(kind: Kind, value: wire::Value) -> Result<Value, String> {
    Ok(match (kind, value) {
        (Kind::Bool, wire::Value::Number(number)) => Value::Bool(number != 0),
        (Kind::Int32, wire::Value::Number(number)) => Value::from(number as i32),
        (Kind::Int64, wire::Value::Number(number)) => Value::from(number.cast_signed()),
        (Kind::Uint32, wire::Value::Number(number)) => Value::from(number as u32),
        (Kind::Uint64, wire::Value::Number(number)) => Value::from(number),
        (Kind::Enum(_), wire::Value::Number(number)) => write_enum(kind, number as i32),
        (Kind::Double, wire::Value::Fixed(bytes)) => {
            write_float(bytes.try_into().map(f64::from_le_bytes).map_err(|_| mismatch(kind))?)
        }
        (Kind::Float, wire::Value::Fixed(bytes)) => {
            let number = bytes.try_into().map(f32::from_le_bytes).map_err(|_| mismatch(kind))?;
            // The digits of single precision, as Triton writes them: 0.1 is 0.10000000149011612 in double
            // precision.
            write_float(number.to_string().parse().unwrap_or_else(|_| number.into()))
        }
        (Kind::String, wire::Value::Bytes(text)) => {
            Value::from(str::from_utf8(text).map_err(|error| error.to_string())?)
        }
        (Kind::Bytes, wire::Value::Bytes(bytes)) => Value::from(BASE64_STANDARD.encode(bytes)),
        (kind, wire::Value::Bytes(message)) => match kind.message() {
            Some(descriptor) => write(descriptor, message)?,
            None => return Err(mismatch(kind)),
        },
        (kind, _) => return Err(mismatch(kind)),
    })
}

fn mismatch(kind: Kind) -> String {
    format!("invalid wire type for {kind:?}")
}

fn write_float(number: f64) -> Value {
    match Number::from_f64(number) {
        Some(number) => Value::Number(number),
        None if number == f64::INFINITY => Value::from("Infinity"),
        None if number == f64::NEG_INFINITY => Value::from("-Infinity"),
        None => Value::from("NaN"),
    }
}

/// Writes the name of an enum's value, or its number if it is newer than this library.
fn write_enum(kind: Kind, number: i32) -> Value {
    match kind.values().iter().find(|(known, _)| *known == number) {
        Some((_, name)) => Value::from(*name),
        None => Value::from(number),
    }
}
