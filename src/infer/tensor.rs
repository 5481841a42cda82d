//! Rust's element types and their datatypes; sizes of shapes.

use bytemuck::{CheckedBitPattern, NoUninit};

use super::datatype::Datatype;
use crate::error::{Error, Result, dimensions};

/// A Rust type whose memory representation is that of a tensor's elements. FP16 and BF16 are `half::f16` and
/// `half::bf16` of the `half` crate.
pub trait Element: NoUninit + CheckedBitPattern + sealed::Sealed {
    /// The datatype of a tensor of this type.
    const DATATYPE: Datatype;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! elements {
    ($($rust:ty => $datatype:ident),*) => {$(
        impl sealed::Sealed for $rust {}
        impl Element for $rust {
            const DATATYPE: Datatype = Datatype::$datatype;
        }
    )*};
}

elements!(bool => Bool, u8 => Uint8, u16 => Uint16, u32 => Uint32, u64 => Uint64,
          i8 => Int8, i16 => Int16, i32 => Int32, i64 => Int64, f32 => Fp32, f64 => Fp64,
          ::half::f16 => Fp16, ::half::bf16 => Bf16);

/// Returns the number of elements of a shape: 1 for a scalar's empty shape. `None` if a dimension is negative
/// or the number overflows.
pub(crate) fn element_count(shape: &[i64]) -> Option<u64> {
    // A dimension of zero makes the count zero, however large the others. They are checked all the same, so
    // that a negative one never passes.
    let mut count = Some(1u64);
    let mut empty = false;
    for &dimension in shape {
        let dimension = u64::try_from(dimension).ok()?;
        empty |= dimension == 0;
        count = count.and_then(|count| count.checked_mul(dimension.max(1)));
    }
    if empty { Some(0) } else { count }
}

/// Returns the size of a tensor in bytes; `Ok(None)` for BYTES.
pub(crate) fn byte_size(datatype: Datatype, shape: &[i64]) -> Result<Option<u64>> {
    let count = element_count(shape).ok_or_else(|| {
        let shape = dimensions(shape);
        Error::invalid(format!("shape {shape} has a negative dimension or too many elements"))
    })?;
    let Some(size) = datatype.byte_size() else { return Ok(None) };
    let total = count.checked_mul(size as u64);
    total.map(Some).ok_or_else(|| {
        let shape = dimensions(shape);
        Error::invalid(format!("shape {shape} has too many bytes for datatype {datatype}"))
    })
}
