//! Protobuf's wire format.

/// Wire types.
pub(crate) const VARINT: u64 = 0;
pub(crate) const FIXED64: u64 = 1;
pub(crate) const LENGTH: u64 = 2;
pub(crate) const FIXED32: u64 = 5;

pub(crate) fn put_varint(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

pub(crate) fn put_key(to: &mut Vec<u8>, field: u64, wire_type: u64) {
    put_varint(to, field << 3 | wire_type);
}

/// Writes a string field, unless it is empty, as proto3 encoders do.
pub(crate) fn put_string(to: &mut Vec<u8>, field: u64, string: &str) {
    if !string.is_empty() {
        put_key(to, field, LENGTH);
        put_varint(to, string.len() as u64);
        to.extend_from_slice(string.as_bytes());
    }
}

/// Writes a message field whose content `body` writes. The content is moved to make room for its length: the
/// messages are small, and computing the length first would take a second encoder.
pub(crate) fn put_message(to: &mut Vec<u8>, field: u64, body: impl FnOnce(&mut Vec<u8>)) {
    put_key(to, field, LENGTH);
    let start = to.len();
    body(to);
    let end = to.len();
    put_varint(to, (end - start) as u64);
    let length_size = to.len() - end;
    to[start..].rotate_right(length_size);
}

/// Splits a varint off the start of `bytes`; `None` if it is incomplete.
pub(crate) fn take_varint(bytes: &[u8]) -> Result<Option<(u64, &[u8])>, String> {
    let mut value = 0u64;
    for (at, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Ok(Some((value, &bytes[at + 1..])));
        }
    }
    if bytes.len() < 10 { Ok(None) } else { Err("varint of more than 10 bytes".to_owned()) }
}

/// A field's value, by its wire type.
pub(crate) enum Value<'b> {
    Number(u64),
    Fixed(&'b [u8]),
    Bytes(&'b [u8]),
}

/// Splits a field off the start of `bytes`: its number, its value and the rest.
pub(crate) fn take_field(bytes: &[u8]) -> Result<(u64, Value<'_>, &[u8]), String> {
    let truncated = || "truncated field".to_owned();
    let (key, rest) = take_varint(bytes)?.ok_or_else(truncated)?;
    let (value, rest) = match key & 7 {
        VARINT => take_varint(rest)?.map(|(number, rest)| (Value::Number(number), rest)),
        FIXED64 => rest.split_at_checked(8).map(|(value, rest)| (Value::Fixed(value), rest)),
        FIXED32 => rest.split_at_checked(4).map(|(value, rest)| (Value::Fixed(value), rest)),
        LENGTH => {
            let (size, rest) = take_varint(rest)?.ok_or_else(truncated)?;
            let size = usize::try_from(size).map_err(|_| truncated())?;
            rest.split_at_checked(size).map(|(value, rest)| (Value::Bytes(value), rest))
        }
        other => return Err(format!("unsupported wire type {other}")),
    }
    .ok_or_else(truncated)?;
    Ok((key >> 3, value, rest))
}

pub(crate) fn put_bool(to: &mut Vec<u8>, field: u64, value: bool) {
    put_number(to, field, value.into());
}

pub(crate) fn put_number(to: &mut Vec<u8>, field: u64, value: u64) {
    put_key(to, field, VARINT);
    put_varint(to, value);
}
