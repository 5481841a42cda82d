//! Decodes messages from servers. Before prost does so, two things are checked against the descriptor: the
//! number of fields, each of which takes more memory than on the wire, and invalid UTF-8, which is replaced:
//! prost would refuse the whole message.

use std::borrow::Cow;

use prost::{Message, Name};

use super::{
    descriptor::{Kind, MessageDescriptor, descriptor},
    wire::{LENGTH, Value, put_key, put_varint, take_field},
};

#[derive(Debug)]
pub(crate) enum DecodeError {
    /// The message has more parts than the maximum.
    Parts,
    /// The message is malformed.
    Malformed(String),
}

/// Decodes a message of at most `max_parts` fields, including those of nested messages.
pub(crate) fn decode<M: Message + Name + Default>(bytes: &[u8], max_parts: u64) -> Result<M, DecodeError> {
    let descriptor = descriptor::<M>().map_err(DecodeError::Malformed)?;
    let mut repair = Repair { max_parts, parts: 0 };
    let repaired = repair.message(descriptor, bytes)?;
    M::decode(&repaired[..]).map_err(|error| DecodeError::Malformed(error.to_string()))
}

struct Repair {
    max_parts: u64,
    parts: u64,
}

impl Repair {
    /// Returns the message with valid UTF-8, borrowed if nothing had to be replaced. The recursion is as deep
    /// as the descriptors are nested.
    fn message<'b>(
        &mut self,
        descriptor: &MessageDescriptor,
        bytes: &'b [u8],
    ) -> Result<Cow<'b, [u8]>, DecodeError> {
        let mut repaired = Cow::Borrowed(bytes);
        let mut rest = bytes;
        while !rest.is_empty() {
            let (number, value, after) = take_field(rest).map_err(DecodeError::Malformed)?;
            let field = descriptor.field(number);
            self.parts += match (&value, &field) {
                // At most one number per byte.
                (Value::Bytes(packed), Some(field)) if field.is_packed() => (packed.len() as u64).max(1),
                _ => 1,
            };
            if self.parts > self.max_parts {
                return Err(DecodeError::Parts);
            }
            let new = match (value, field.map(|field| field.kind)) {
                (Value::Bytes(string), Some(Kind::String)) => match String::from_utf8_lossy(string) {
                    Cow::Borrowed(_) => None,
                    Cow::Owned(string) => Some(string.into_bytes()),
                },
                (Value::Bytes(message), Some(kind)) => match kind.message() {
                    Some(descriptor) => match self.message(descriptor, message)? {
                        Cow::Borrowed(_) => None,
                        Cow::Owned(message) => Some(message),
                    },
                    None => None,
                },
                _ => None,
            };
            match (new, &mut repaired) {
                (Some(new), repaired) => {
                    if let Cow::Borrowed(_) = repaired {
                        *repaired = Cow::Owned(bytes[..bytes.len() - rest.len()].to_vec());
                    }
                    let repaired = repaired.to_mut();
                    put_key(repaired, number, LENGTH);
                    put_varint(repaired, new.len() as u64);
                    repaired.extend_from_slice(&new);
                }
                (None, Cow::Owned(repaired)) => repaired.extend_from_slice(&rest[..rest.len() - after.len()]),
                (None, Cow::Borrowed(_)) => {}
            }
            rest = after;
        }
        Ok(repaired)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::inference::{
        RepositoryIndexResponse, SystemSharedMemoryStatusResponse, repository_index_response::ModelIndex,
    };

    #[test]
    fn invalid_utf_8_is_replaced_in_nested_messages_and_maps_too() {
        let model = |name: &str| ModelIndex {
            name: name.to_owned(),
            state: "READY".to_owned(),
            ..Default::default()
        };
        let message = RepositoryIndexResponse { models: vec![model("a"), model("bXc"), model("d")] };
        let mut bytes = message.encode_to_vec();
        let at = bytes.iter().position(|byte| *byte == b'X').unwrap();
        bytes[at] = 0xff;
        let read: RepositoryIndexResponse = decode(&bytes, 100).unwrap();
        let expected = RepositoryIndexResponse { models: vec![model("a"), model("b\u{fffd}c"), model("d")] };
        assert_eq!(read, expected);
        // A map's key is a field of its entry.
        let bytes = b"\x0a\x07\x0a\x01\xff\x12\x02\x18\x05";
        let read: SystemSharedMemoryStatusResponse = decode(bytes, 100).unwrap();
        assert_eq!(read.regions["\u{fffd}"].offset, 5);
        // Unknown fields are ignored.
        let read: RepositoryIndexResponse = decode(b"\xfa\x01\x01\xff\xf0\x01\x05", 100).unwrap();
        assert!(read.models.is_empty());
    }

    #[test]
    fn the_number_of_parts_is_limited_and_a_truncated_message_is_malformed() {
        let bytes = [0x0a, 0].repeat(11);
        assert!(matches!(decode::<RepositoryIndexResponse>(&bytes, 10), Err(DecodeError::Parts)));
        assert_eq!(decode::<RepositoryIndexResponse>(&bytes, 11).unwrap().models.len(), 11);
        for bad in [&b"\x0a"[..], b"\x0a\x05a", b"\x0b", b"\x0a\x01\x0a"] {
            assert!(
                matches!(decode::<RepositoryIndexResponse>(bad, 10), Err(DecodeError::Malformed(_))),
                "{bad:?}"
            );
        }
    }
}
