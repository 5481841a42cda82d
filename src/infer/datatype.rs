//! The datatypes of tensors, by name, number and size.

use std::{ffi::CStr, fmt};

/// The datatype of a tensor's elements. The numbers are those of `inference.DataType` in the protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum Datatype {
    /// No datatype, or one unknown to this version of the library.
    #[default]
    Invalid = 0,
    /// One byte, 0 or 1.
    Bool = 1,
    /// Unsigned 8-bit integer.
    Uint8 = 2,
    /// Unsigned 16-bit integer.
    Uint16 = 3,
    /// Unsigned 32-bit integer.
    Uint32 = 4,
    /// Unsigned 64-bit integer.
    Uint64 = 5,
    /// Signed 8-bit integer.
    Int8 = 6,
    /// Signed 16-bit integer.
    Int16 = 7,
    /// Signed 32-bit integer.
    Int32 = 8,
    /// Signed 64-bit integer.
    Int64 = 9,
    /// 16-bit float, IEEE 754.
    Fp16 = 10,
    /// 32-bit float, IEEE 754.
    Fp32 = 11,
    /// 64-bit float, IEEE 754.
    Fp64 = 12,
    /// Byte strings of variable length.
    Bytes = 13,
    /// 16-bit float: the upper half of an `Fp32`.
    Bf16 = 14,
}

struct Row {
    datatype: Datatype,
    name: &'static str,
    c_name: &'static CStr,
    byte_size: Option<usize>,
}

const fn row(datatype: Datatype, c_name: &'static CStr, byte_size: Option<usize>) -> Row {
    let name = match c_name.to_str() {
        Ok(name) => name,
        Err(_) => "",
    };
    Row { datatype, name, c_name, byte_size }
}

/// In the order of their numbers, so that a number is an index.
static ALL: [Row; 15] = [
    row(Datatype::Invalid, c"INVALID", None),
    row(Datatype::Bool, c"BOOL", Some(1)),
    row(Datatype::Uint8, c"UINT8", Some(1)),
    row(Datatype::Uint16, c"UINT16", Some(2)),
    row(Datatype::Uint32, c"UINT32", Some(4)),
    row(Datatype::Uint64, c"UINT64", Some(8)),
    row(Datatype::Int8, c"INT8", Some(1)),
    row(Datatype::Int16, c"INT16", Some(2)),
    row(Datatype::Int32, c"INT32", Some(4)),
    row(Datatype::Int64, c"INT64", Some(8)),
    row(Datatype::Fp16, c"FP16", Some(2)),
    row(Datatype::Fp32, c"FP32", Some(4)),
    row(Datatype::Fp64, c"FP64", Some(8)),
    row(Datatype::Bytes, c"BYTES", None),
    row(Datatype::Bf16, c"BF16", Some(2)),
];

impl Datatype {
    /// Returns the protocol's name, `"FP32"`; `"INVALID"` for [`Datatype::Invalid`].
    pub fn name(self) -> &'static str {
        ALL[self as usize].name
    }

    /// Returns [`name`](Self::name) for C.
    pub(crate) fn c_name(self) -> &'static CStr {
        ALL[self as usize].c_name
    }

    /// Returns the datatype of a protocol's name, in upper case; [`Datatype::Invalid`] for an unknown one.
    pub fn from_name(name: &str) -> Self {
        ALL.iter().find(|row| row.name == name).map_or(Self::Invalid, |row| row.datatype)
    }

    /// Returns the datatype of a number of `inference.DataType`; `None` for an unknown one. 0 is
    /// [`Datatype::Invalid`].
    pub fn from_number(number: i32) -> Option<Self> {
        ALL.get(usize::try_from(number).ok()?).map(|row| row.datatype)
    }

    /// Returns the size of one element in bytes; `None` for BYTES, whose elements vary, and for
    /// [`Datatype::Invalid`].
    pub fn byte_size(self) -> Option<usize> {
        ALL[self as usize].byte_size
    }
}

impl fmt::Display for Datatype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
