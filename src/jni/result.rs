//! Results and other outcomes, as records and direct buffers.

use jni::{
    Env,
    objects::{JByteArray, JObject, JObjectArray},
};

use super::{error, handle, model::Encode, record::Writer};
use crate::{
    error::{Error, Result},
    infer::{InferOutput, InferResult},
    stream::StreamEvent,
};

/// Results whose outputs take at most this many bytes together are copied into the record. They cost less
/// that way than by a direct buffer for each output, and Java has nothing to free.
const MAX_INLINE_BYTE_SIZE: usize = 16 << 10;
/// A `ByteBuffer` holds less than 2 GiB.
const PIECE_BYTE_SIZE: usize = 1 << 30;

/// How an operation ended, or an event of a stream.
#[expect(clippy::large_enum_variant, reason = "nearly all outcomes are results, and none is kept")]
pub(super) enum Outcome {
    Result(InferResult),
    Error(Error),
    End(Result<()>),
}

impl From<Result<InferResult>> for Outcome {
    fn from(outcome: Result<InferResult>) -> Self {
        match outcome {
            Ok(result) => Self::Result(result),
            Err(error) => Self::Error(error),
        }
    }
}

impl From<StreamEvent> for Outcome {
    fn from(event: StreamEvent) -> Self {
        match event {
            StreamEvent::Result(result) => Self::Result(result),
            StreamEvent::RequestError(error) => Self::Error(error),
            StreamEvent::End(outcome) => Self::End(outcome),
        }
    }
}

/// An outcome in Java: the record, and an array with the direct buffers to which it refers, null if there are
/// none; and the native result, if there is one, whose memory the buffers show. The array of an error has
/// what a callback of Java threw.
pub(super) type Converted<'l> = (JByteArray<'l>, JObjectArray<'l, JObject<'l>>, Option<Handle>);

impl Outcome {
    /// The first element of the array is left for the record.
    pub(super) fn into_java<'l>(self, env: &mut Env<'l>) -> jni::errors::Result<Converted<'l>> {
        const ERROR: u8 = 1;
        const END: u8 = 2;
        const END_WITH_ERROR: u8 = 3;
        let mut record = Writer::default();
        let failed = match self {
            Self::Result(result) => return result_into_java(env, result),
            Self::Error(error) => Some((ERROR, error)),
            Self::End(Err(error)) => Some((END_WITH_ERROR, error)),
            Self::End(Ok(())) => None,
        };
        let mut cause = JObjectArray::<JObject>::null();
        match failed {
            Some((kind, error)) => {
                record.u8(kind);
                error::write(&mut record, &error);
                if let Some(thrown) = error::thrown(&error) {
                    cause = env.new_object_type_array::<JObject>(2, JObject::null())?;
                    cause.set_element(env, 1, thrown)?;
                }
            }
            None => record.u8(END),
        }
        Ok((env.byte_array_from_slice(&record.into_vec())?, cause, None))
    }

    /// Returns the record, or an array with the record and the direct buffers.
    pub(super) fn into_java_object<'l>(
        self,
        env: &mut Env<'l>,
    ) -> jni::errors::Result<(JObject<'l>, Option<Handle>)> {
        let (record, buffers, handle) = self.into_java(env)?;
        if buffers.is_null() {
            return Ok((record.into(), handle));
        }
        buffers.set_element(env, 0, &record)?;
        env.delete_local_ref(record);
        Ok((buffers.into(), handle))
    }
}

fn result_into_java<'l>(env: &mut Env<'l>, result: InferResult) -> jni::errors::Result<Converted<'l>> {
    let outputs = result.outputs();
    let byte_size = outputs.iter().fold(0usize, |sum, output| sum.saturating_add(output.data().len()));
    if byte_size <= MAX_INLINE_BYTE_SIZE {
        let record = write(&result, 0, byte_size);
        return Ok((env.byte_array_from_slice(&record)?, JObjectArray::<JObject>::null(), None));
    }
    let handle = Handle(handle::new(result));
    // SAFETY: from `new`, just now.
    let result = unsafe { handle::get::<InferResult>(handle.0) };
    let record = env.byte_array_from_slice(&write(result, handle.0, 0))?;
    let count = result.outputs().iter().map(|output| pieces(output).len()).sum::<usize>();
    let buffers = env.new_object_type_array::<JObject>(1 + count, JObject::null())?;
    for (at, piece) in result.outputs().iter().flat_map(pieces).enumerate() {
        // SAFETY: the memory is freed with the handle, which Java frees when no buffer that shows it is
        // reachable; Java makes the buffers read-only before it hands them out.
        let buffer = unsafe { env.new_direct_byte_buffer(piece.as_ptr().cast_mut(), piece.len()) }?;
        buffers.set_element(env, 1 + at, &buffer)?;
        env.delete_local_ref(buffer);
    }
    Ok((record, buffers, Some(handle)))
}

/// A native result that Java does not own yet: dropped with this, unless it is given to Java.
pub(super) struct Handle(i64);

impl Handle {
    /// Java has it now, and will free it.
    pub(super) fn give(self) {
        std::mem::forget(self);
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: Java has not got it.
        unsafe { handle::free::<InferResult>(self.0) };
    }
}

fn pieces(output: &InferOutput) -> std::slice::Chunks<'_, u8> {
    output.data().chunks(PIECE_BYTE_SIZE)
}

/// Encodes a result: with its data if `handle` is 0.
fn write(result: &InferResult, handle: i64, inline_byte_size: usize) -> Vec<u8> {
    const RESULT: u8 = 0;
    const INLINE: u8 = 0;
    const PIECES: u8 = 1;
    const IN_CALLER_BUFFER: u8 = 2;
    let mut record = Writer::with_capacity(512 + inline_byte_size);
    record.u8(RESULT);
    record.i64(handle);
    record.str(result.model_name());
    record.str(result.model_version());
    record.str(result.id());
    record.str(result.endpoint());
    record.u8(result.finality() as u8);
    record.bool(result.is_null());
    let times = result.times();
    for time in [times.queue, times.connect, times.send, times.first_byte, times.receive] {
        record.i64(i64::try_from(time.as_nanos()).unwrap_or(i64::MAX));
    }
    record.parameters(result.parameters());
    let mut first = 0;
    record.list(result.outputs().iter(), |record, output| {
        record.str(output.name());
        record.u8(output.datatype() as u8);
        record.str(output.datatype_name());
        record.shape(output.shape());
        record.parameters(output.parameters());
        record.bool(output.is_in_caller_buffer());
        record.i64(output.byte_size() as i64);
        if output.is_in_caller_buffer() {
            record.u8(IN_CALLER_BUFFER);
        } else if handle == 0 {
            record.u8(INLINE);
            record.bytes(output.data());
        } else {
            let count = pieces(output).len() as i32;
            record.u8(PIECES);
            record.i32(first);
            record.i32(count);
            first += count;
        }
    });
    record.headers(result.headers());
    result.headers().load_report().encode(&mut record);
    record.into_vec()
}
