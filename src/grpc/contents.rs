//! `InferTensorContents`: a tensor's elements as typed protobuf fields.

use crate::{
    error::{Error, Result},
    infer::{Datatype, bytes},
    proto::wire::{LENGTH, Value, put_key, put_message, put_varint, take_field, take_varint},
};

/// Field numbers of `InferTensorContents`.
mod field {
    pub(super) const BOOL: u64 = 1;
    pub(super) const INT: u64 = 2;
    pub(super) const INT64: u64 = 3;
    pub(super) const UINT: u64 = 4;
    pub(super) const UINT64: u64 = 5;
    pub(super) const FP32: u64 = 6;
    pub(super) const FP64: u64 = 7;
    pub(super) const BYTES: u64 = 8;
}

/// Encodes a tensor's bytes as `InferTensorContents`.
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
        // Packed floats are little-endian, as a tensor's bytes are.
        Datatype::Fp32 => put_message(to, field::FP32, |packed| packed.extend_from_slice(data)),
        Datatype::Fp64 => put_message(to, field::FP64, |packed| packed.extend_from_slice(data)),
        Datatype::Bytes => {
            for element in bytes::each(data) {
                let element = element.map_err(Error::invalid)?;
                put_key(to, field::BYTES, LENGTH);
                put_varint(to, element.len() as u64);
                to.extend_from_slice(element);
            }
        }
        Datatype::Fp16 | Datatype::Bf16 | Datatype::Invalid => {
            return Err(Error::invalid(format!(
                "typed contents of {datatype} are unsupported over gRPC: send binary data (the default)"
            )));
        }
    }
    Ok(())
}

/// Protobuf extends the sign of negative numbers to 64 bits.
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

/// Decodes typed contents, given as one or several encoded `InferTensorContents`, to a tensor of at most
/// `max_byte_size` bytes. Contents of an unknown datatype are ignored. Not with prost, which allocates
/// each element of BYTES.
pub(super) fn read(
    messages: &[&[u8]],
    datatype: Datatype,
    max_byte_size: Option<u64>,
) -> std::result::Result<Vec<u8>, String> {
    let Some(own_field) = field_of(datatype) else {
        let is_empty = datatype == Datatype::Invalid || messages.iter().all(|message| message.is_empty());
        return if is_empty {
            Ok(Vec::new())
        } else {
            Err(format!("unsupported typed contents of datatype {datatype}"))
        };
    };
    let max = max_byte_size.map_or(usize::MAX, |max| usize::try_from(max).unwrap_or(usize::MAX));
    let wire: usize = messages.iter().map(|message| message.len()).sum();
    // Every element takes at least one byte on the wire.
    let mut tensor = Vec::with_capacity(max.min(wire.saturating_mul(datatype.byte_size().unwrap_or(1))));
    for message in messages {
        let mut rest = *message;
        while !rest.is_empty() {
            let (field, value, after) = take_field(rest)?;
            rest = after;
            if field == own_field {
                read_field(value, datatype, &mut tensor)?;
            }
            if tensor.len() > max {
                return Err("more elements than the shape has".to_owned());
            }
        }
    }
    Ok(tensor)
}

/// Returns the field of a datatype's elements; `None` for datatypes without typed contents.
fn field_of(datatype: Datatype) -> Option<u64> {
    Some(match datatype {
        Datatype::Bool => field::BOOL,
        Datatype::Int8 | Datatype::Int16 | Datatype::Int32 => field::INT,
        Datatype::Int64 => field::INT64,
        Datatype::Uint8 | Datatype::Uint16 | Datatype::Uint32 => field::UINT,
        Datatype::Uint64 => field::UINT64,
        Datatype::Fp32 => field::FP32,
        Datatype::Fp64 => field::FP64,
        Datatype::Bytes => field::BYTES,
        Datatype::Fp16 | Datatype::Bf16 | Datatype::Invalid => return None,
    })
}

/// Decodes a field, whose numbers may be packed or not.
fn read_field(value: Value, datatype: Datatype, tensor: &mut Vec<u8>) -> std::result::Result<(), String> {
    match (value, datatype) {
        (Value::Bytes(element), Datatype::Bytes) => {
            bytes::append(tensor, element).map_err(|error| error.to_string())
        }
        (Value::Fixed(number), Datatype::Fp32 | Datatype::Fp64)
        | (Value::Bytes(number), Datatype::Fp32 | Datatype::Fp64) => {
            if !datatype.byte_size().is_some_and(|size| number.len().is_multiple_of(size)) {
                return Err(format!("{} bytes are not a multiple of the size of {datatype}", number.len()));
            }
            tensor.extend_from_slice(number);
            Ok(())
        }
        (Value::Number(number), _) => put_element(number, datatype, tensor),
        (Value::Bytes(mut packed), _) => {
            while !packed.is_empty() {
                let (number, rest) = take_varint(packed)?.ok_or("truncated packed field")?;
                put_element(number, datatype, tensor)?;
                packed = rest;
            }
            Ok(())
        }
        (Value::Fixed(_), _) => Err(format!("unexpected fixed-size number for datatype {datatype}")),
    }
}

/// Appends a number as an element.
fn put_element(number: u64, datatype: Datatype, tensor: &mut Vec<u8>) -> std::result::Result<(), String> {
    fn narrow<T: TryFrom<i64>>(number: i64) -> std::result::Result<T, String> {
        T::try_from(number).map_err(|_| format!("{number} does not fit into {} bytes", size_of::<T>()))
    }
    // Protobuf decoders truncate a 32-bit field to its low bits.
    let (int, uint) = (i64::from(number as i32), i64::from(number as u32));
    match datatype {
        Datatype::Bool => tensor.push(u8::from(number != 0)),
        Datatype::Int8 => tensor.extend_from_slice(&narrow::<i8>(int)?.to_le_bytes()),
        Datatype::Int16 => tensor.extend_from_slice(&narrow::<i16>(int)?.to_le_bytes()),
        Datatype::Uint8 => tensor.extend_from_slice(&narrow::<u8>(uint)?.to_le_bytes()),
        Datatype::Uint16 => tensor.extend_from_slice(&narrow::<u16>(uint)?.to_le_bytes()),
        Datatype::Int32 | Datatype::Uint32 => tensor.extend_from_slice(&(number as u32).to_le_bytes()),
        Datatype::Int64 | Datatype::Uint64 => tensor.extend_from_slice(&number.to_le_bytes()),
        _ => return Err(format!("unexpected integer for datatype {datatype}")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;
    use crate::proto::{
        inference::InferTensorContents,
        wire::{FIXED32, FIXED64, VARINT},
    };

    #[test]
    fn elements_survive_a_round_trip_bit_for_bit() {
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
                let max = Some(data.len() as u64);
                assert_eq!(read(&[&message], datatype, max).unwrap(), data, "{datatype}");
                // Not packed, and in two messages.
                let contents = InferTensorContents::decode(&message[..]).unwrap();
                let (first, second) = (unpacked(&contents), InferTensorContents::default().encode_to_vec());
                assert_eq!(read(&[&first, &second], datatype, max).unwrap(), data, "{datatype}");
                if let Some(less) = data.len().checked_sub(1) {
                    assert!(read(&[&message], datatype, Some(less as u64)).is_err(), "{datatype}");
                    for cut in 1..message.len() {
                        let _ = read(&[&message[..cut]], datatype, max);
                    }
                    assert!(read(&[&message[..message.len() - 1]], datatype, max).is_err(), "{datatype}");
                }
            }
        }
        assert!(put(&mut Vec::new(), Datatype::Fp16, &[0, 0]).is_err());
    }

    fn unpacked(contents: &InferTensorContents) -> Vec<u8> {
        let mut message = Vec::new();
        let mut number = |field, number| {
            put_key(&mut message, field, VARINT);
            put_varint(&mut message, number);
        };
        contents.bool_contents.iter().for_each(|value| number(field::BOOL, u64::from(*value)));
        contents.int_contents.iter().for_each(|value| number(field::INT, signed((*value).into())));
        contents.int64_contents.iter().for_each(|value| number(field::INT64, signed(*value)));
        contents.uint_contents.iter().for_each(|value| number(field::UINT, u64::from(*value)));
        contents.uint64_contents.iter().for_each(|value| number(field::UINT64, *value));
        for value in &contents.fp32_contents {
            put_key(&mut message, field::FP32, FIXED32);
            message.extend_from_slice(&value.to_le_bytes());
        }
        for value in &contents.fp64_contents {
            put_key(&mut message, field::FP64, FIXED64);
            message.extend_from_slice(&value.to_le_bytes());
        }
        for element in &contents.bytes_contents {
            put_key(&mut message, field::BYTES, LENGTH);
            put_varint(&mut message, element.len() as u64);
            message.extend_from_slice(element);
        }
        message
    }

    #[test]
    fn a_number_too_large_for_its_datatype_is_refused() {
        let contents =
            InferTensorContents { int_contents: vec![128], uint_contents: vec![65536], ..Default::default() };
        let message = contents.encode_to_vec();
        assert!(read(&[&message], Datatype::Int8, None).is_err());
        assert!(read(&[&message], Datatype::Uint16, None).is_err());
        assert!(read(&[&message], Datatype::Bf16, None).unwrap_err().contains("BF16"));
        assert!(read(&[&[]], Datatype::Bf16, None).unwrap().is_empty());
    }
}
