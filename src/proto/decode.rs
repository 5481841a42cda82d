//! Messages from servers, held against their descriptors before they are taken apart: their parts are counted, since each
//! costs more memory than its bytes, and texts that are no UTF-8 are mended, for one of which prost would refuse them all.

use std::borrow::Cow;

use prost::{Message, Name};

use super::{
    descriptor::{Kind, MessageDescriptor, descriptor},
    wire::{LENGTH, Value, put_key, put_varint, take_field},
};

/// Why a message can't be read.
#[derive(Debug)]
pub(crate) enum DecodeError {
    /// It has more parts than it may.
    Parts,
    /// It is none.
    Malformed(String),
}

/// Reads a message of at most so many parts: fields, those of messages within it too.
pub(crate) fn decode<M: Message + Name + Default>(bytes: &[u8], most_parts: u64) -> Result<M, DecodeError> {
    let descriptor = descriptor::<M>().map_err(DecodeError::Malformed)?;
    let mut mender = Mender { most_parts, parts: 0 };
    let mended = mender.mend(descriptor, bytes)?;
    M::decode(&mended[..]).map_err(|error| DecodeError::Malformed(error.to_string()))
}

struct Mender {
    most_parts: u64,
    parts: u64,
}

impl Mender {
    /// The message itself where nothing is to be mended. It recurs as deep as the descriptors are nested.
    fn mend<'b>(
        &mut self,
        descriptor: &MessageDescriptor,
        bytes: &'b [u8],
    ) -> Result<Cow<'b, [u8]>, DecodeError> {
        let mut mended = Cow::Borrowed(bytes);
        let mut rest = bytes;
        while !rest.is_empty() {
            let (number, value, after) = take_field(rest).map_err(DecodeError::Malformed)?;
            let field = descriptor.field(number);
            self.parts += match (&value, &field) {
                // Packed numbers: one for each byte at most.
                (Value::Bytes(packed), Some(field)) if field.is_packed() => (packed.len() as u64).max(1),
                _ => 1,
            };
            if self.parts > self.most_parts {
                return Err(DecodeError::Parts);
            }
            let new = match (value, field.map(|field| field.kind)) {
                (Value::Bytes(text), Some(Kind::String)) => match String::from_utf8_lossy(text) {
                    Cow::Borrowed(_) => None,
                    Cow::Owned(text) => Some(text.into_bytes()),
                },
                (Value::Bytes(message), Some(kind)) => match kind.message() {
                    Some(descriptor) => match self.mend(descriptor, message)? {
                        Cow::Borrowed(_) => None,
                        Cow::Owned(message) => Some(message),
                    },
                    None => None,
                },
                _ => None,
            };
            match (new, &mut mended) {
                (Some(new), mended) => {
                    if let Cow::Borrowed(_) = mended {
                        *mended = Cow::Owned(bytes[..bytes.len() - rest.len()].to_vec());
                    }
                    let mended = mended.to_mut();
                    put_key(mended, number, LENGTH);
                    put_varint(mended, new.len() as u64);
                    mended.extend_from_slice(&new);
                }
                (None, Cow::Owned(mended)) => mended.extend_from_slice(&rest[..rest.len() - after.len()]),
                (None, Cow::Borrowed(_)) => {}
            }
            rest = after;
        }
        Ok(mended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proto::inference::{
        RepositoryIndexResponse, SystemSharedMemoryStatusResponse, repository_index_response::ModelIndex,
    };

    #[test]
    fn a_text_that_is_no_utf_8_is_mended_wherever_it_stands() {
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
        // A map's key is a field of an entry.
        let bytes = b"\x0a\x07\x0a\x01\xff\x12\x02\x18\x05";
        let read: SystemSharedMemoryStatusResponse = decode(bytes, 100).unwrap();
        assert_eq!(read.regions["\u{fffd}"].offset, 5);
        // Fields that nobody knows stay as they are.
        let read: RepositoryIndexResponse = decode(b"\xfa\x01\x01\xff\xf0\x01\x05", 100).unwrap();
        assert!(read.models.is_empty());
    }

    #[test]
    fn parts_are_counted_and_what_breaks_off_is_refused() {
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
