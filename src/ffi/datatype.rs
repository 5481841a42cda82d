//! DATATYPES of tensors: their names and sizes.

use std::ffi::{CStr, c_char, c_int};

use super::{convert, infallible::infallible};
use crate::infer::Datatype;

/// What the elements of a tensor are. The numbers are those of inference.DataType in the protocol.
#[repr(i32)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum triton_datatype {
    /// No datatype, or one that this library does not know.
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
    /// IEEE 754 half precision, two bytes.
    TRITON_DATATYPE_FP16 = 10,
    /// float
    TRITON_DATATYPE_FP32 = 11,
    /// double
    TRITON_DATATYPE_FP64 = 12,
    /// Byte strings, each of a length of its own.
    TRITON_DATATYPE_BYTES = 13,
    /// The upper half of a float, two bytes.
    TRITON_DATATYPE_BF16 = 14,
}

/// A `triton_datatype` that comes from C, with whatever number C has in it.
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

/// The name of a datatype as C reads it.
pub(super) fn name(datatype: Datatype) -> &'static CStr {
    match datatype {
        Datatype::Invalid => c"INVALID",
        Datatype::Bool => c"BOOL",
        Datatype::Uint8 => c"UINT8",
        Datatype::Uint16 => c"UINT16",
        Datatype::Uint32 => c"UINT32",
        Datatype::Uint64 => c"UINT64",
        Datatype::Int8 => c"INT8",
        Datatype::Int16 => c"INT16",
        Datatype::Int32 => c"INT32",
        Datatype::Int64 => c"INT64",
        Datatype::Fp16 => c"FP16",
        Datatype::Fp32 => c"FP32",
        Datatype::Fp64 => c"FP64",
        Datatype::Bytes => c"BYTES",
        Datatype::Bf16 => c"BF16",
    }
}

/// The name that the protocol uses, "FP32". Valid for ever; "INVALID" for TRITON_DATATYPE_INVALID and for a number
/// that is no datatype.
#[unsafe(no_mangle)]
pub extern "C" fn triton_datatype_name(datatype: triton_datatype_number) -> *const c_char {
    infallible(c"INVALID".as_ptr(), || {
        name(convert::datatype(datatype).unwrap_or(Datatype::Invalid)).as_ptr()
    })
}

/// The datatype of a name, in capitals as the protocol writes it: "FP32". TRITON_DATATYPE_INVALID if there is none,
/// and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_datatype_from_name(name: *const c_char) -> triton_datatype {
    infallible(triton_datatype::TRITON_DATATYPE_INVALID, || {
        // SAFETY: the contract's TEXT.
        let name = unsafe { convert::optional_string(name, "name") };
        Datatype::from_name(name.unwrap_or_default()).into()
    })
}

/// The bytes of one element; 0 for TRITON_DATATYPE_BYTES, whose elements differ, for TRITON_DATATYPE_INVALID, and for
/// a number that is no datatype.
#[unsafe(no_mangle)]
pub extern "C" fn triton_datatype_byte_size(datatype: triton_datatype_number) -> usize {
    infallible(0, || convert::datatype(datatype).ok().and_then(Datatype::byte_size).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_and_rust_have_the_same_names_and_numbers() {
        for number in 0..15 {
            let datatype = Datatype::from_number(number).unwrap();
            assert_eq!(name(datatype).to_str(), Ok(datatype.name()));
            assert_eq!(triton_datatype::from(datatype) as c_int, number);
        }
    }
}
