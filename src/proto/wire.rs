//! Protobuf's wire format: keys, numbers, lengths.

/// Protobuf's wire types.
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

/// As proto3 has it, an empty text is not written.
pub(crate) fn put_string(to: &mut Vec<u8>, field: u64, text: &str) {
    if !text.is_empty() {
        put_key(to, field, LENGTH);
        put_varint(to, text.len() as u64);
        to.extend_from_slice(text.as_bytes());
    }
}

/// Writes what `body` writes behind its length. The length is known only afterwards: the little that was written is
/// moved up to make room for it.
pub(crate) fn put_message(to: &mut Vec<u8>, field: u64, body: impl FnOnce(&mut Vec<u8>)) {
    put_key(to, field, LENGTH);
    let start = to.len();
    body(to);
    let end = to.len();
    put_varint(to, (end - start) as u64);
    let length_size = to.len() - end;
    to[start..].rotate_right(length_size);
}

/// The number at the start of `bytes` and what follows it; `None` if it goes on behind them.
pub(crate) fn take_varint(bytes: &[u8]) -> Result<Option<(u64, &[u8])>, String> {
    let mut value = 0u64;
    for (at, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Ok(Some((value, &bytes[at + 1..])));
        }
    }
    if bytes.len() < 10 { Ok(None) } else { Err("a number of more than 10 bytes".to_owned()) }
}

/// The value of a field, by its wire type.
pub(crate) enum Value<'b> {
    Number(u64),
    Fixed(&'b [u8]),
    Bytes(&'b [u8]),
}

/// The field at the start of `bytes`: its number, its value, and what follows it.
pub(crate) fn take_field(bytes: &[u8]) -> Result<(u64, Value<'_>, &[u8]), String> {
    let broken = || "a field breaks off".to_owned();
    let (key, rest) = take_varint(bytes)?.ok_or_else(broken)?;
    let (value, rest) = match key & 7 {
        VARINT => take_varint(rest)?.map(|(number, rest)| (Value::Number(number), rest)),
        FIXED64 => rest.split_at_checked(8).map(|(value, rest)| (Value::Fixed(value), rest)),
        FIXED32 => rest.split_at_checked(4).map(|(value, rest)| (Value::Fixed(value), rest)),
        LENGTH => {
            let (size, rest) = take_varint(rest)?.ok_or_else(broken)?;
            let size = usize::try_from(size).map_err(|_| broken())?;
            rest.split_at_checked(size).map(|(value, rest)| (Value::Bytes(value), rest))
        }
        other => return Err(format!("a field of wire type {other}")),
    }
    .ok_or_else(broken)?;
    Ok((key >> 3, value, rest))
}

pub(crate) fn put_bool(to: &mut Vec<u8>, field: u64, value: bool) {
    put_number(to, field, value.into());
}

pub(crate) fn put_number(to: &mut Vec<u8>, field: u64, value: u64) {
    put_key(to, field, VARINT);
    put_varint(to, value);
}
