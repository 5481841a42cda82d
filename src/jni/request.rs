//! Requests: decoded from a record and the buffers to which it refers.

use std::ops::Range;

use bytes::Bytes;
use jni::{
    Env,
    objects::{JByteArray, JByteBuffer, JObject, JObjectArray},
};

use super::{
    boundary::Failure,
    record::{Reader, malformed},
};
use crate::{
    error::{self, Error},
    infer::{Datatype, InferRequest},
    lend::{OutputBuffer, Segment},
};

/// The direct buffers of a request, by their index.
pub(super) trait Memory {
    /// Returns the address of `byte_size` bytes at `position` in the memory of a buffer. They stay valid, and
    /// are changed by nobody else, until the call is complete.
    fn address(&mut self, index: i32, position: i64, byte_size: i64) -> Result<*mut u8, Failure>;
}

/// The buffers that Java passed with a request, and keeps reachable until the call is complete.
pub(super) struct Buffers<'e, 'l> {
    pub(super) env: &'e mut Env<'l>,
    /// Null if there are none.
    pub(super) buffers: &'e JObjectArray<'l, JObject<'l>>,
}

impl Memory for Buffers<'_, '_> {
    fn address(&mut self, index: i32, position: i64, byte_size: i64) -> Result<*mut u8, Failure> {
        if self.buffers.is_null() {
            return Err(malformed("it refers to a buffer, and there are none").into());
        }
        let index = usize::try_from(index).map_err(|_| malformed("the index of a buffer is negative"))?;
        let reference = self.buffers.get_element(self.env, index)?;
        // SAFETY: Java puts direct buffers into the array; those that view other types have an address too.
        let buffer = unsafe { self.env.as_cast_unchecked::<JByteBuffer>(&reference) };
        // In elements, of at most 8 bytes: a bound, since the sizes come from Java's own accounting.
        let capacity = self.env.get_direct_buffer_capacity(&buffer)?.saturating_mul(size_of::<u64>());
        let start = self.env.get_direct_buffer_address(&buffer)?;
        // Not at the end of the native only: many requests have many buffers.
        self.env.delete_local_ref(reference);
        let end = position.checked_add(byte_size).and_then(|end| usize::try_from(end).ok());
        match (usize::try_from(position), end) {
            // Within one allocation, so the sum cannot wrap.
            (Ok(position), Some(end)) if position <= end && end <= capacity => {
                Ok(start.wrapping_add(position))
            }
            _ => Err(malformed("it refers past the end of a buffer").into()),
        }
    }
}

/// Copies a Java array; empty for null.
pub(super) fn array(env: &Env<'_>, array: &JByteArray<'_>) -> Result<Bytes, Failure> {
    if array.is_null() { Ok(Bytes::new()) } else { Ok(env.convert_byte_array(array)?.into()) }
}

/// Decodes a request. Data within the record shares the record's memory; all other data is borrowed from
/// `memory`, until the call is complete.
pub(super) fn decode(bytes: &Bytes, memory: &mut dyn Memory) -> Result<InferRequest<'static>, Failure> {
    Ok(decode_with_holes(bytes, memory)?.0)
}

/// A part of a record that may differ from call to call.
pub(super) struct Hole {
    pub(super) range: Range<usize>,
    pub(super) content: Content,
}

pub(super) enum Content {
    Id,
    /// The data of an input.
    Inline {
        input: usize,
    },
    /// The position of the data of an input in the buffer with this index.
    Position {
        input: usize,
        index: i32,
        byte_size: i64,
    },
}

/// Decodes a request, and returns what of the record may differ in later calls with the same request; `None`
/// if the request cannot be used for them.
pub(super) fn decode_with_holes(
    bytes: &Bytes,
    memory: &mut dyn Memory,
) -> Result<(InferRequest<'static>, Option<Vec<Hole>>), Failure> {
    let record = &mut Reader::new(bytes);
    let mut holes = Vec::new();
    let mut request = InferRequest::new(record.str()?);
    request.set_model_version(record.str()?);
    let id = record.range()?;
    request.set_id(text(&bytes[id.clone()])?);
    holes.push(Hole { range: id, content: Content::Id });
    settings(record, &mut request)?;
    // The least that an input and an output take.
    const INPUT: usize = 15;
    const OUTPUT: usize = 14;
    for _ in 0..record.count(INPUT)? {
        input(bytes, record, memory, &mut request, &mut holes)?;
    }
    for _ in 0..record.count(OUTPUT)? {
        output(record, memory, &mut request)?;
    }
    record.finish()?;
    // A buffer is written anew for each call.
    let is_lasting = request.outputs().iter().all(|output| output.buffer().is_none());
    Ok((request, is_lasting.then_some(holes)))
}

/// Returns bytes of a record as text.
pub(super) fn text(bytes: &[u8]) -> error::Result<&str> {
    std::str::from_utf8(bytes).map_err(|_| malformed("a string is not UTF-8"))
}

/// Returns data of an input in a buffer of Java.
pub(super) fn borrowed(
    memory: &mut dyn Memory,
    index: i32,
    position: i64,
    byte_size: i64,
) -> Result<Segment<'static>, Failure> {
    let start = memory.address(index, position, byte_size)?;
    // SAFETY: Java keeps the buffer reachable until the call is complete; that nobody writes to it meanwhile
    // is what `InferInput.setData` asks for. The size was checked against the buffer.
    Ok(unsafe { Segment::from_raw(start, byte_size as usize) })
}

fn settings(record: &mut Reader<'_>, request: &mut InferRequest<'static>) -> error::Result<()> {
    const START: u8 = 1;
    const END: u8 = 2;
    const EMPTY_FINAL_RESPONSE: u8 = 1;
    const RAW_BODY: u8 = 2;
    match record.u8()? {
        0 => {}
        1 => {
            let (id, flags) = (record.i64()? as u64, record.u8()?);
            request.set_sequence(id, flags & START != 0, flags & END != 0)?;
        }
        2 => {
            let (id, flags) = (record.str()?, record.u8()?);
            request.set_sequence(id, flags & START != 0, flags & END != 0)?;
        }
        _ => return Err(malformed("the kind of the sequence is unknown")),
    }
    request.set_priority(record.i64()? as u64);
    request.set_server_timeout_us(record.i64()? as u64)?;
    let flags = record.u8()?;
    request.set_empty_final_response(flags & EMPTY_FINAL_RESPONSE != 0);
    request.set_raw_body(flags & RAW_BODY != 0);
    match record.u8()? {
        0 => {}
        binary => request.set_binary_output(binary == 1),
    }
    record.parameters(|name, value| request.set_parameter(name, value))
}

fn input(
    bytes: &Bytes,
    record: &mut Reader<'_>,
    memory: &mut dyn Memory,
    request: &mut InferRequest<'static>,
    holes: &mut Vec<Hole>,
) -> Result<(), Failure> {
    let name = record.str()?;
    let datatype = Datatype::from_number(record.u8()?.into()).unwrap_or_default();
    let at = request.add_input(name, datatype, &record.shape()?)?;
    let input = request.input_mut(at)?;
    match record.u8()? {
        0 => {}
        1 => {
            let range = record.range()?;
            input.append(Segment::shared(bytes.slice(range.clone())));
            holes.push(Hole { range, content: Content::Inline { input: at } });
        }
        2 => {
            let (buffer, range) = (record.i32()?, record.fixed::<{ size_of::<i64>() }>()?);
            let position = Reader::new(&bytes[range.clone()]).i64()?;
            let byte_size = record.i64()?;
            input.append(borrowed(memory, buffer, position, byte_size)?);
            holes.push(Hole { range, content: Content::Position { input: at, index: buffer, byte_size } });
        }
        3 => input.set_region(record.str()?, size(record)?, size(record)?)?,
        4 => input.set_json_text(record.str()?)?,
        _ => return Err(malformed("the source of an input is unknown").into()),
    }
    input.set_json(record.bool()?);
    Ok(record.parameters(|name, value| input.set_parameter(name, value))?)
}

fn output(
    record: &mut Reader<'_>,
    memory: &mut dyn Memory,
    request: &mut InferRequest<'static>,
) -> Result<(), Failure> {
    let index = request.add_output(record.str()?)?;
    let output = request.output_mut(index)?;
    let class_count = record.i32()?;
    output.set_class_count(u32::try_from(class_count).map_err(|_| {
        Error::invalid(format!("output '{}': the number of classes is {class_count}", output.name()))
    })?);
    output.set_json(record.bool()?);
    match record.u8()? {
        0 => {}
        2 => {
            let (index, position, byte_size) = (record.i32()?, record.i64()?, record.i64()?);
            let start = memory.address(index, position, byte_size)?;
            if let Some(start) = std::ptr::NonNull::new(start) {
                // SAFETY: as for an input; that nobody reads or writes it meanwhile is what
                // `InferRequestedOutput.setBuffer` asks for.
                output.set_output_buffer(Some(unsafe { OutputBuffer::from_raw(start, byte_size as usize) }));
            }
        }
        3 => output.set_region(record.str()?, size(record)?, size(record)?)?,
        _ => return Err(malformed("the place of an output is unknown").into()),
    }
    Ok(record.parameters(|name, value| output.set_parameter(name, value))?)
}

fn size(record: &mut Reader<'_>) -> error::Result<u64> {
    let size = record.i64()?;
    u64::try_from(size).map_err(|_| Error::invalid(format!("the size or offset {size} is negative")))
}
