//! JSON into protobuf's wire format.

use std::{fmt, num::TryFromIntError, str::FromStr};

use base64::{
    DecodeError, Engine,
    alphabet::{STANDARD, URL_SAFE},
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use serde_core::de::{
    DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor,
};

use crate::proto::{
    descriptor::{Cardinality, FieldDescriptor, Kind, MessageDescriptor},
    wire::{FIXED32, FIXED64, LENGTH, put_bool, put_key, put_number, put_varint},
};

/// Reads a message into protobuf's wire format.
pub(super) struct MessageSeed(pub(super) &'static MessageDescriptor);

impl<'de> DeserializeSeed<'de> for MessageSeed {
    type Value = Vec<u8>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Vec<u8>, D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for MessageSeed {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Vec<u8>, A::Error> {
        // A repeated member replaces the earlier one, where protobuf would append to a list: fields are
        // joined at the end.
        let mut fields: Vec<(&FieldDescriptor, Vec<u8>)> = Vec::new();
        while let Some(field) = members.next_key_seed(FieldName(self.0))? {
            let Some(field) = field else {
                members.next_value::<IgnoredAny>()?;
                continue;
            };
            let mut value = Vec::new();
            if !members.next_value_seed(ValueSeed { field, is_whole: true, to: &mut value })? {
                continue;
            }
            if let Some(oneof) = field.oneof
                && fields.iter().any(|(other, _)| other.oneof == field.oneof)
            {
                let name = self.0.oneofs.get(usize::from(oneof)).unwrap_or(&"");
                return Err(Error::custom(format_args!("multiple fields provided for oneof '{name}'")));
            }
            match fields.iter_mut().find(|(other, _)| other.number == field.number) {
                Some((_, previous)) => *previous = value,
                None => fields.push((field, value)),
            }
        }
        Ok(fields.iter().map(|(_, value)| &value[..]).collect::<Vec<_>>().concat())
    }
}

/// Finds a field by the name of a member; `None` if the message has no such field.
struct FieldName(&'static MessageDescriptor);

impl<'de> DeserializeSeed<'de> for FieldName {
    type Value = Option<&'static FieldDescriptor>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for FieldName {
    type Value = Option<&'static FieldDescriptor>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(self.0.field_by_json_name(name))
    }
}

/// Appends a field to a message in protobuf's wire format. Returns `false` if JSON has no value for it:
/// `null`, or the name of an unknown enum value.
struct ValueSeed<'a> {
    field: &'static FieldDescriptor,
    /// Whether this is the whole field, which may be `null`, and not an element of a list or a value of a
    /// map.
    is_whole: bool,
    to: &'a mut Vec<u8>,
}

impl ValueSeed<'_> {
    /// Returns the cardinality and the kind to be expected in JSON.
    fn form(&self) -> (Cardinality, Kind) {
        (if self.is_whole { self.field.cardinality } else { Cardinality::One }, self.field.kind)
    }

    fn number(&self) -> u64 {
        self.field.number.into()
    }

    fn integer<E: Error>(self, number: i128) -> Result<bool, E> {
        let number = wire_integer(self.field.kind, number).map_err(Error::custom)?;
        put_number(self.to, self.number(), number);
        Ok(true)
    }

    fn float(self, number: f64) -> bool {
        put_key(self.to, self.number(), FIXED64);
        self.to.extend_from_slice(&number.to_le_bytes());
        true
    }

    fn single_precision(self, number: f32) -> bool {
        put_key(self.to, self.number(), FIXED32);
        self.to.extend_from_slice(&number.to_le_bytes());
        true
    }

    fn bytes(self, bytes: &[u8]) -> bool {
        put_key(self.to, self.number(), LENGTH);
        put_varint(self.to, bytes.len() as u64);
        self.to.extend_from_slice(bytes);
        true
    }
}

/// Converts an integer to the number that represents it in a varint, if it is in the range of its kind.
fn wire_integer(kind: Kind, number: i128) -> Result<u64, TryFromIntError> {
    Ok(match kind {
        Kind::Int64 => i64::try_from(number)?.cast_unsigned(),
        Kind::Uint32 => u32::try_from(number)?.into(),
        Kind::Uint64 => u64::try_from(number)?,
        _ => i64::from(i32::try_from(number)?).cast_unsigned(),
    })
}

/// Parses the decimal digits of an integer in a string or in the key of a map.
fn parse_integer(kind: Kind, digits: &str) -> Result<i128, std::num::ParseIntError> {
    match kind {
        Kind::Int64 => i64::from_str(digits).map(i128::from),
        Kind::Uint32 => u32::from_str(digits).map(i128::from),
        Kind::Uint64 => u64::from_str(digits).map(i128::from),
        _ => i32::from_str(digits).map(i128::from),
    }
}

/// Parses a floating-point number in a string, the form of those that JSON has no number for.
fn parse_float<F: FromStr + From<f32>>(text: &str) -> Result<F, F::Err> {
    F::from_str(text).or_else(|error| match text {
        "Infinity" => Ok(f32::INFINITY.into()),
        "-Infinity" => Ok(f32::NEG_INFINITY.into()),
        "NaN" => Ok(f32::NAN.into()),
        _ => Err(error),
    })
}

/// Decodes base64 of either alphabet, with or without padding.
fn decode_base64(text: &str) -> Result<Vec<u8>, DecodeError> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&STANDARD, LENIENT).decode(text).or_else(|error| match error {
        DecodeError::InvalidByte(_, b'-' | b'_') => GeneralPurpose::new(&URL_SAFE, LENIENT).decode(text),
        error => Err(error),
    })
}

impl<'de> DeserializeSeed<'de> for ValueSeed<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<bool, D::Error> {
        if self.is_whole { json.deserialize_option(self) } else { self.visit_some(json) }
    }
}

impl<'de> Visitor<'de> for ValueSeed<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self.form() {
            (Cardinality::List, _) => "a list",
            (Cardinality::Map, _) | (_, Kind::Message(_)) => "a map",
            (_, Kind::Double) => "a 64-bit floating point value",
            (_, Kind::Float) => "a 32-bit floating point value",
            (_, Kind::Int32) => "a 32-bit signed integer",
            (_, Kind::Int64) => "a 64-bit signed integer or decimal string",
            (_, Kind::Uint32) => "a 32-bit unsigned integer or decimal string",
            (_, Kind::Uint64) => "a 64-bit unsigned integer or decimal string",
            (_, Kind::Bool) => "a boolean",
            (_, Kind::String) => "a string",
            (_, Kind::Bytes) => "a base64-encoded string",
            (_, Kind::Enum(_)) => "a string or integer",
        })
    }

    fn visit_none<E: Error>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_some<D: Deserializer<'de>>(self, json: D) -> Result<bool, D::Error> {
        match self.form() {
            (Cardinality::One, Kind::String | Kind::Bytes) => json.deserialize_str(self),
            (Cardinality::One, Kind::Message(_)) => json.deserialize_map(self),
            _ => json.deserialize_any(self),
        }
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<bool, E> {
        match self.form() {
            (Cardinality::One, Kind::Bool) => {
                put_bool(self.to, self.number(), value);
                Ok(true)
            }
            _ => Err(Error::invalid_type(Unexpected::Bool(value), &self)),
        }
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<bool, E> {
        match self.form() {
            (Cardinality::One, Kind::Double) => Ok(self.float(number as f64)),
            (Cardinality::One, Kind::Float) => Ok(self.single_precision(number as f32)),
            (Cardinality::One, kind) if kind.is_integer() => self.integer(number.into()),
            _ => Err(Error::invalid_type(Unexpected::Signed(number), &self)),
        }
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<bool, E> {
        match self.form() {
            (Cardinality::One, Kind::Double) => Ok(self.float(number as f64)),
            (Cardinality::One, Kind::Float) => Ok(self.single_precision(number as f32)),
            (Cardinality::One, kind) if kind.is_integer() => self.integer(number.into()),
            _ => Err(Error::invalid_type(Unexpected::Unsigned(number), &self)),
        }
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<bool, E> {
        match self.form() {
            (Cardinality::One, Kind::Double) => Ok(self.float(number)),
            (Cardinality::One, Kind::Float) => {
                if number < f32::MIN.into() || number > f32::MAX.into() {
                    return Err(Error::custom("float value out of range"));
                }
                Ok(self.single_precision(number as f32))
            }
            (Cardinality::One, kind) if kind.is_integer() && !matches!(kind, Kind::Enum(_)) => {
                if number.fract() != 0.0 {
                    return Err(Error::custom("expected integer value"));
                }
                let (min, max, largest) = match kind {
                    Kind::Int64 => (i64::MIN as f64, i64::MAX as f64, i128::from(i64::MAX)),
                    Kind::Uint32 => (0.0, f64::from(u32::MAX), i128::from(u32::MAX)),
                    Kind::Uint64 => (0.0, u64::MAX as f64, i128::from(u64::MAX)),
                    _ => (f64::from(i32::MIN), f64::from(i32::MAX), i128::from(i32::MAX)),
                };
                if number < min || number > max {
                    return Err(Error::custom("float value out of range"));
                }
                // The nearest double of the largest 64-bit integer is 1 above it.
                self.integer((number as i128).min(largest))
            }
            _ => Err(Error::invalid_type(Unexpected::Float(number), &self)),
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<bool, E> {
        match self.form() {
            (Cardinality::One, Kind::String) => Ok(self.bytes(text.as_bytes())),
            (Cardinality::One, Kind::Bytes) => match decode_base64(text) {
                Ok(bytes) => Ok(self.bytes(&bytes)),
                Err(error) => Err(Error::custom(format_args!("invalid base64: {error}"))),
            },
            (Cardinality::One, Kind::Double) => {
                parse_float(text).map(|number| self.float(number)).map_err(Error::custom)
            }
            (Cardinality::One, Kind::Float) => {
                parse_float(text).map(|number| self.single_precision(number)).map_err(Error::custom)
            }
            (Cardinality::One, kind @ Kind::Enum(_)) => {
                match kind.values().iter().find(|(_, name)| *name == text) {
                    Some((number, _)) => self.integer((*number).into()),
                    // From a newer server: the rest of the message is still of use.
                    None => Ok(false),
                }
            }
            (Cardinality::One, kind) if kind.is_integer() => {
                parse_integer(kind, text).map_err(Error::custom).and_then(|number| self.integer(number))
            }
            _ => Err(Error::invalid_type(Unexpected::Str(text), &self)),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<bool, A::Error> {
        if self.form().0 != Cardinality::List {
            return Err(Error::invalid_type(Unexpected::Seq, &self));
        }
        let Self { field, to, .. } = self;
        while elements.next_element_seed(ValueSeed { field, is_whole: false, to })?.is_some() {}
        Ok(true)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<bool, A::Error> {
        match (self.form().0, self.field.entry(), self.field.kind.message()) {
            (Cardinality::Map, Some((key, value)), _) => {
                let mut entry = Vec::new();
                while members.next_key_seed(KeySeed { key, to: &mut entry })?.is_some() {
                    if members.next_value_seed(ValueSeed { field: value, is_whole: false, to: &mut entry })? {
                        ValueSeed { field: self.field, is_whole: false, to: &mut *self.to }.bytes(&entry);
                    }
                    entry.clear();
                }
                Ok(true)
            }
            (Cardinality::One, None, Some(message)) => {
                MessageSeed(message).visit_map(members).map(|message| self.bytes(&message))
            }
            _ => Err(Error::invalid_type(Unexpected::Map, &self)),
        }
    }
}

/// Appends the key of a map's entry.
struct KeySeed<'a> {
    key: &'static FieldDescriptor,
    to: &'a mut Vec<u8>,
}

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<(), E> {
        let Self { key: field, to } = self;
        let seed = ValueSeed { field, is_whole: false, to };
        match field.kind {
            Kind::String => Ok(seed.bytes(key.as_bytes())),
            kind => parse_integer(kind, key).map_err(Error::custom).and_then(|key| seed.integer(key)),
        }
        .map(|_| ())
    }
}
