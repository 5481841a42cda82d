//! Tensors as typed contents: elements spelled out in fields of protobuf's own types, in requests and in answers.

use super::wire::{LENGTH, put_key, put_message, put_varint};
use crate::{
    error::{Error, Result},
    infer::{Datatype, bytes},
    proto::inference::InferTensorContents,
};

/// Field numbers of `InferTensorContents`.
mod field {
    pub const BOOL: u64 = 1;
    pub const INT: u64 = 2;
    pub const INT64: u64 = 3;
    pub const UINT: u64 = 4;
    pub const UINT64: u64 = 5;
    pub const FP32: u64 = 6;
    pub const FP64: u64 = 7;
    pub const BYTES: u64 = 8;
}

/// Writes an `InferTensorContents` from a tensor's bytes.
pub(super) fn put(to: &mut Vec<u8>, datatype: Datatype, data: &[u8]) -> Result<()> {
    match datatype {
        Datatype::Bool => put_numbers(to, field::BOOL, data, |[byte]| u64::from(byte != 0)),
        Datatype::Int8 => put_numbers(to, field::INT, data, |bytes| signed(i8::from_le_bytes(bytes).into())),
        Datatype::Int16 => {
            put_numbers(to, field::INT, data, |bytes| signed(i16::from_le_bytes(bytes).into()))
        }
        Datatype::Int32 => {
            put_numbers(to, field::INT, data, |bytes| signed(i32::from_le_bytes(bytes).into()))
        }
        Datatype::Int64 => put_numbers(to, field::INT64, data, |bytes| signed(i64::from_le_bytes(bytes))),
        Datatype::Uint8 => put_numbers(to, field::UINT, data, |[byte]| u64::from(byte)),
        Datatype::Uint16 => put_numbers(to, field::UINT, data, |bytes| u16::from_le_bytes(bytes).into()),
        Datatype::Uint32 => put_numbers(to, field::UINT, data, |bytes| u32::from_le_bytes(bytes).into()),
        Datatype::Uint64 => put_numbers(to, field::UINT64, data, u64::from_le_bytes),
        // Packed, lowest byte first: a tensor's own bytes.
        Datatype::Fp32 => put_message(to, field::FP32, |packed| packed.extend_from_slice(data)),
        Datatype::Fp64 => put_message(to, field::FP64, |packed| packed.extend_from_slice(data)),
        Datatype::Bytes => {
            for element in bytes::elements(data).map_err(Error::invalid)? {
                put_key(to, field::BYTES, LENGTH);
                put_varint(to, element.len() as u64);
                to.extend_from_slice(element);
            }
        }
        Datatype::Fp16 | Datatype::Bf16 | Datatype::Invalid => {
            return Err(Error::invalid(format!("{datatype} has no typed contents")));
        }
    }
    Ok(())
}

/// As protobuf has it, a negative number is one of 64 bits.
fn signed(number: i64) -> u64 {
    number as u64
}

fn put_numbers<const SIZE: usize>(
    to: &mut Vec<u8>,
    field: u64,
    data: &[u8],
    number: impl Fn([u8; SIZE]) -> u64,
) {
    let (elements, _) = data.as_chunks();
    if !elements.is_empty() {
        put_message(to, field, |packed| {
            elements.iter().for_each(|element| put_varint(packed, number(*element)))
        });
    }
}

/// The bytes of a tensor that came as typed contents. `Err` says what is wrong with them.
pub(super) fn read(
    contents: &InferTensorContents,
    datatype: Datatype,
) -> std::result::Result<Vec<u8>, String> {
    let mut tensor = Vec::new();
    match datatype {
        Datatype::Bool => tensor.extend(contents.bool_contents.iter().map(|value| u8::from(*value))),
        Datatype::Int8 => {
            narrow(&contents.int_contents, |value| i8::try_from(value).map(i8::to_le_bytes), &mut tensor)?
        }
        Datatype::Int16 => {
            narrow(&contents.int_contents, |value| i16::try_from(value).map(i16::to_le_bytes), &mut tensor)?;
        }
        Datatype::Int32 => tensor.extend(contents.int_contents.iter().flat_map(|value| value.to_le_bytes())),
        Datatype::Int64 => {
            tensor.extend(contents.int64_contents.iter().flat_map(|value| value.to_le_bytes()))
        }
        Datatype::Uint8 => {
            narrow(&contents.uint_contents, |value| u8::try_from(value).map(u8::to_le_bytes), &mut tensor)?;
        }
        Datatype::Uint16 => {
            narrow(&contents.uint_contents, |value| u16::try_from(value).map(u16::to_le_bytes), &mut tensor)?;
        }
        Datatype::Uint32 => {
            tensor.extend(contents.uint_contents.iter().flat_map(|value| value.to_le_bytes()))
        }
        Datatype::Uint64 => {
            tensor.extend(contents.uint64_contents.iter().flat_map(|value| value.to_le_bytes()))
        }
        Datatype::Fp32 => tensor.extend(contents.fp32_contents.iter().flat_map(|value| value.to_le_bytes())),
        Datatype::Fp64 => tensor.extend(contents.fp64_contents.iter().flat_map(|value| value.to_le_bytes())),
        Datatype::Bytes => {
            for element in &contents.bytes_contents {
                bytes::append(&mut tensor, element).map_err(|error| error.to_string())?;
            }
        }
        Datatype::Fp16 | Datatype::Bf16 | Datatype::Invalid => {
            return Err(format!("{datatype} has no typed contents"));
        }
    }
    Ok(tensor)
}

fn narrow<V: Copy + std::fmt::Display, const SIZE: usize, E>(
    values: &[V],
    bytes: impl Fn(V) -> std::result::Result<[u8; SIZE], E>,
    tensor: &mut Vec<u8>,
) -> std::result::Result<(), String> {
    for value in values {
        let element = bytes(*value).map_err(|_| format!("{value} has no room in {SIZE} bytes"))?;
        tensor.extend_from_slice(&element);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;

    #[test]
    fn elements_come_back_bit_for_bit() {
        let cases: [(Datatype, &[u8]); 12] = [
            (Datatype::Bool, &[1, 0]),
            (Datatype::Int8, &[0x80, 127]),
            (Datatype::Int16, &[0, 0x80, 1, 0]),
            (Datatype::Int32, &[0, 0, 0, 0x80]),
            (Datatype::Int64, &[0, 0, 0, 0, 0, 0, 0, 0x80]),
            (Datatype::Uint8, &[255, 0]),
            (Datatype::Uint16, &[255, 255]),
            (Datatype::Uint32, &[255; 4]),
            (Datatype::Uint64, &[255; 8]),
            (Datatype::Fp32, &[1, 0, 0xc0, 0x7f]),
            (Datatype::Fp64, &[0, 0, 0, 0, 0, 0, 0xf0, 0xff]),
            (Datatype::Bytes, b"\x02\0\0\0a\xff\0\0\0\0"),
        ];
        for (datatype, data) in cases {
            for data in [data, &[]] {
                let mut message = Vec::new();
                put(&mut message, datatype, data).unwrap();
                let contents = InferTensorContents::decode(&message[..]).unwrap();
                assert_eq!(read(&contents, datatype).unwrap(), data, "{datatype}");
            }
        }
        assert!(put(&mut Vec::new(), Datatype::Fp16, &[0, 0]).is_err());
    }

    #[test]
    fn a_number_too_large_for_its_datatype_is_refused() {
        let contents =
            InferTensorContents { int_contents: vec![128], uint_contents: vec![65536], ..Default::default() };
        assert!(read(&contents, Datatype::Int8).is_err());
        assert!(read(&contents, Datatype::Uint16).is_err());
        assert!(read(&contents, Datatype::Bf16).is_err());
    }
}
