//! Conversion of 16-bit floats.

use ::half::{bf16, f16, slice::HalfFloatSliceExt};
use jni::{
    EnvUnowned,
    objects::{JByteArray, JClass, JFloatArray},
    sys::jint,
};

use super::{boundary::boundary, record::malformed, request};
use crate::{error::Result, infer::Datatype};

/// The 16-bit float types.
enum Half {
    Fp16,
    Bf16,
}

fn half(datatype: jint) -> Result<Half> {
    match Datatype::from_number(datatype) {
        Some(Datatype::Fp16) => Ok(Half::Fp16),
        Some(Datatype::Bf16) => Ok(Half::Bf16),
        _ => Err(malformed("not a 16-bit float")),
    }
}

/// Rounds each float to the nearest 16-bit float, ties to even.
pub(super) fn half_from_floats<'l>(
    env: EnvUnowned<'l>,
    _: JClass<'l>,
    values: JFloatArray<'l>,
    datatype: jint,
) -> JByteArray<'l> {
    boundary(env, |env| {
        let mut floats = vec![0f32; values.len(env)?];
        values.get_region(env, 0, &mut floats)?;
        let bytes = match half(datatype)? {
            Half::Fp16 => {
                let mut halves = vec![f16::ZERO; floats.len()];
                halves.convert_from_f32_slice(&floats);
                little_endian(halves.into_iter().map(f16::to_bits))
            }
            Half::Bf16 => {
                let mut halves = vec![bf16::ZERO; floats.len()];
                halves.convert_from_f32_slice(&floats);
                little_endian(halves.into_iter().map(bf16::to_bits))
            }
        };
        Ok(env.byte_array_from_slice(&bytes)?)
    })
}

pub(super) fn half_to_floats<'l>(
    env: EnvUnowned<'l>,
    _: JClass<'l>,
    values: JByteArray<'l>,
    datatype: jint,
) -> JFloatArray<'l> {
    boundary(env, |env| {
        let bytes = request::array(env, &values)?;
        let (pairs, _) = bytes.as_chunks::<2>();
        let bits = pairs.iter().map(|pair| u16::from_le_bytes(*pair));
        let mut floats = vec![0f32; pairs.len()];
        match half(datatype)? {
            Half::Fp16 => bits.map(f16::from_bits).collect::<Vec<_>>().convert_to_f32_slice(&mut floats),
            Half::Bf16 => bits.map(bf16::from_bits).collect::<Vec<_>>().convert_to_f32_slice(&mut floats),
        }
        let array = env.new_float_array(floats.len())?;
        array.set_region(env, 0, &floats)?;
        Ok(array)
    })
}

fn little_endian(halves: impl Iterator<Item = u16>) -> Vec<u8> {
    halves.flat_map(u16::to_le_bytes).collect()
}
