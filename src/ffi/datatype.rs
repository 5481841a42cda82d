//! DATATYPES of tensors: their names and sizes. BOOL is one byte, 0 or 1; integers are little-endian;
//! floating-point numbers are IEEE 754, except BF16, the upper half of a float.

use std::ffi::{c_char, c_int};

use super::{convert, infallible::infallible};
use crate::infer::Datatype;

/// The datatype of a tensor's elements. The numbers are those of inference.DataType in the protocol.
#[repr(i32)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum triton_datatype {
    /// No datatype, or one unknown to this version of the library.
    TRITON_DATATYPE_INVALID = 0,
    /// One byte, 0 or 1.
    TRITON_DATATYPE_BOOL = 1,
    /// uint8_t
    TRITON_DATATYPE_UINT8 = 2,
    /// uint16_t
    TRITON_DATATYPE_UINT16 = 3,
    /// uint32_t
    TRITON_DATATYPE_UINT32 = 4,
    /// uint64_t
    TRITON_DATATYPE_UINT64 = 5,
    /// int8_t
    TRITON_DATATYPE_INT8 = 6,
    /// int16_t
    TRITON_DATATYPE_INT16 = 7,
    /// int32_t
    TRITON_DATATYPE_INT32 = 8,
    /// int64_t
    TRITON_DATATYPE_INT64 = 9,
    /// 16-bit float, IEEE 754.
    TRITON_DATATYPE_FP16 = 10,
    /// float
    TRITON_DATATYPE_FP32 = 11,
    /// double
    TRITON_DATATYPE_FP64 = 12,
    /// Byte strings of variable length.
    TRITON_DATATYPE_BYTES = 13,
    /// 16-bit float: the upper half of a float.
    TRITON_DATATYPE_BF16 = 14,
}

/// A `triton_datatype` from C, with any number.
pub type triton_datatype_number = c_int;

impl From<Datatype> for triton_datatype {
    fn from(datatype: Datatype) -> Self {
        match datatype {
            Datatype::Invalid => Self::TRITON_DATATYPE_INVALID,
            Datatype::Bool => Self::TRITON_DATATYPE_BOOL,
            Datatype::Uint8 => Self::TRITON_DATATYPE_UINT8,
            Datatype::Uint16 => Self::TRITON_DATATYPE_UINT16,
            Datatype::Uint32 => Self::TRITON_DATATYPE_UINT32,
            Datatype::Uint64 => Self::TRITON_DATATYPE_UINT64,
            Datatype::Int8 => Self::TRITON_DATATYPE_INT8,
            Datatype::Int16 => Self::TRITON_DATATYPE_INT16,
            Datatype::Int32 => Self::TRITON_DATATYPE_INT32,
            Datatype::Int64 => Self::TRITON_DATATYPE_INT64,
            Datatype::Fp16 => Self::TRITON_DATATYPE_FP16,
            Datatype::Fp32 => Self::TRITON_DATATYPE_FP32,
            Datatype::Fp64 => Self::TRITON_DATATYPE_FP64,
            Datatype::Bytes => Self::TRITON_DATATYPE_BYTES,
            Datatype::Bf16 => Self::TRITON_DATATYPE_BF16,
        }
    }
}

/// Returns the protocol's name of a datatype, for example "FP32"; "INVALID" for TRITON_DATATYPE_INVALID and
/// for an unknown number. Valid until the program ends.
#[unsafe(no_mangle)]
pub extern "C" fn triton_datatype_name(datatype: triton_datatype_number) -> *const c_char {
    infallible(c"INVALID".as_ptr(), || {
        convert::datatype(datatype).unwrap_or(Datatype::Invalid).c_name().as_ptr()
    })
}

/// Returns the datatype of a protocol's name, in upper case; TRITON_DATATYPE_INVALID for an unknown name and
/// for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_datatype_from_name(name: *const c_char) -> triton_datatype {
    infallible(triton_datatype::TRITON_DATATYPE_INVALID, || {
        // SAFETY: the contract's STRINGS.
        let name = unsafe { convert::optional_string(name, "name") };
        Datatype::from_name(name.unwrap_or_default()).into()
    })
}

/// Returns the size of one element in bytes; 0 for TRITON_DATATYPE_BYTES, whose elements vary, for
/// TRITON_DATATYPE_INVALID, and for an unknown number.
#[unsafe(no_mangle)]
pub extern "C" fn triton_datatype_byte_size(datatype: triton_datatype_number) -> usize {
    infallible(0, || convert::datatype(datatype).ok().and_then(Datatype::byte_size).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn datatypes_have_the_same_numbers_in_c_and_rust() {
        for number in 0..15 {
            let datatype = Datatype::from_number(number).unwrap();
            assert_eq!(triton_datatype::from(datatype) as c_int, number);
            assert_eq!(datatype.c_name().to_str(), Ok(datatype.name()));
        }
        assert_eq!(Datatype::from_number(15), None);
    }
}
