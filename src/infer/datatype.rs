//! The datatypes of tensors, by name, number and size.

use std::fmt;

/// What the elements of a tensor are. The numbers are those of `inference.DataType` in the protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum Datatype {
    /// No datatype, or one that this library does not know.
    #[default]
    Invalid = 0,
    /// One byte, 0 or 1.
    Bool = 1,
    /// Unsigned, 8 bits.
    Uint8 = 2,
    /// Unsigned, 16 bits.
    Uint16 = 3,
    /// Unsigned, 32 bits.
    Uint32 = 4,
    /// Unsigned, 64 bits.
    Uint64 = 5,
    /// Signed, 8 bits.
    Int8 = 6,
    /// Signed, 16 bits.
    Int16 = 7,
    /// Signed, 32 bits.
    Int32 = 8,
    /// Signed, 64 bits.
    Int64 = 9,
    /// IEEE 754 half precision.
    Fp16 = 10,
    /// IEEE 754 single precision.
    Fp32 = 11,
    /// IEEE 754 double precision.
    Fp64 = 12,
    /// Byte strings, each of a length of its own.
    Bytes = 13,
    /// The upper half of an `Fp32`.
    Bf16 = 14,
}

/// In the order of their numbers, so that a number is an index.
const ALL: [(Datatype, &str, Option<usize>); 15] = [
    (Datatype::Invalid, "INVALID", None),
    (Datatype::Bool, "BOOL", Some(1)),
    (Datatype::Uint8, "UINT8", Some(1)),
    (Datatype::Uint16, "UINT16", Some(2)),
    (Datatype::Uint32, "UINT32", Some(4)),
    (Datatype::Uint64, "UINT64", Some(8)),
    (Datatype::Int8, "INT8", Some(1)),
    (Datatype::Int16, "INT16", Some(2)),
    (Datatype::Int32, "INT32", Some(4)),
    (Datatype::Int64, "INT64", Some(8)),
    (Datatype::Fp16, "FP16", Some(2)),
    (Datatype::Fp32, "FP32", Some(4)),
    (Datatype::Fp64, "FP64", Some(8)),
    (Datatype::Bytes, "BYTES", None),
    (Datatype::Bf16, "BF16", Some(2)),
];

impl Datatype {
    /// The name that the protocol uses, `"FP32"`; `"INVALID"` for [`Datatype::Invalid`].
    pub fn name(self) -> &'static str {
        ALL[self as usize].1
    }

    /// The datatype of a name, in capitals as the protocol writes it; [`Datatype::Invalid`] if there is none.
    pub fn from_name(name: &str) -> Self {
        ALL.iter().find(|row| row.1 == name).map_or(Self::Invalid, |row| row.0)
    }

    /// The datatype of a number of `inference.DataType`; `None` if there is none. 0 is [`Datatype::Invalid`].
    pub fn from_number(number: i32) -> Option<Self> {
        ALL.get(usize::try_from(number).ok()?).map(|row| row.0)
    }

    /// The bytes of one element; `None` for BYTES, whose elements differ, and for [`Datatype::Invalid`].
    pub fn byte_size(self) -> Option<usize> {
        ALL[self as usize].2
    }
}

impl fmt::Display for Datatype {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
