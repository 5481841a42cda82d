//! Converts a tensor's elements between their binary form and JSON.

use std::str::FromStr;

use jiter::{Jiter, JiterError, Peek};

use super::json::Writer;
use crate::{
    digits::whole_number,
    error::{Error, Result, excerpt},
    infer::{Datatype, bytes, half},
};

/// Writes the elements as a flat array.
pub(super) fn write(json: &mut Writer, datatype: Datatype, data: &[u8]) -> Result<()> {
    json.raw("[");
    match datatype {
        Datatype::Bool => {
            each::<1>(json, data, |json, [byte]| json.raw(if byte == 0 { "false" } else { "true" }))
        }
        Datatype::Uint8 => each(json, data, |json, bytes| json.number(u8::from_le_bytes(bytes))),
        Datatype::Uint16 => each(json, data, |json, bytes| json.number(u16::from_le_bytes(bytes))),
        Datatype::Uint32 => each(json, data, |json, bytes| json.number(u32::from_le_bytes(bytes))),
        Datatype::Uint64 => each(json, data, |json, bytes| json.number(u64::from_le_bytes(bytes))),
        Datatype::Int8 => each(json, data, |json, bytes| json.number(i8::from_le_bytes(bytes))),
        Datatype::Int16 => each(json, data, |json, bytes| json.number(i16::from_le_bytes(bytes))),
        Datatype::Int32 => each(json, data, |json, bytes| json.number(i32::from_le_bytes(bytes))),
        Datatype::Int64 => each(json, data, |json, bytes| json.number(i64::from_le_bytes(bytes))),
        // Written as doubles: exact even for a parser that converts to double first.
        Datatype::Fp32 => each(json, data, |json, bytes| json.double(f32::from_le_bytes(bytes).into())),
        Datatype::Fp64 => each(json, data, |json, bytes| json.double(f64::from_le_bytes(bytes))),
        Datatype::Bytes => {
            for (at, element) in bytes::each(data).enumerate() {
                let element = element.map_err(Error::invalid)?;
                let text = str::from_utf8(element).map_err(|_| {
                    Error::invalid(format!(
                        "element {at} is not UTF-8, as JSON requires; send it as binary data (the default)"
                    ))
                })?;
                json.raw(if at == 0 { "" } else { "," });
                json.string(text);
            }
        }
        Datatype::Fp16 => {
            each(json, data, |json, bytes| json.double(half::fp16_to_fp64(u16::from_le_bytes(bytes))));
        }
        Datatype::Bf16 => {
            each(json, data, |json, bytes| json.double(half::bf16_to_fp64(u16::from_le_bytes(bytes))));
        }
        Datatype::Invalid => return Err(Error::invalid(format!("datatype {datatype} has no JSON form"))),
    }
    json.raw("]");
    Ok(())
}

fn each<const SIZE: usize>(json: &mut Writer, data: &[u8], put: impl Fn(&mut Writer, [u8; SIZE])) {
    let (elements, _) = data.as_chunks();
    for (at, element) in elements.iter().enumerate() {
        json.raw(if at == 0 { "" } else { "," });
        put(json, *element);
    }
}

/// The maximum nesting depth of arrays, the same as the maximum rank of a tensor.
const DEPTH: usize = 64;

/// Parses an array, flat or nested, into a tensor of at most `max` bytes. Integers are exact. `Err` is the
/// reason.
pub(super) fn read(
    json: &[u8],
    datatype: Datatype,
    max: Option<u64>,
) -> std::result::Result<Vec<u8>, String> {
    read_as(json, datatype, max, Dialect::Request)
}

/// Parses an array of a response, also in the forms that only other servers write.
pub(super) fn read_response(
    json: &[u8],
    datatype: Datatype,
    max: Option<u64>,
) -> std::result::Result<Vec<u8>, String> {
    read_as(json, datatype, max, Dialect::Response)
}

/// The forms that are accepted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// The forms that Triton reads, and numbers for FP16 and BF16, which other servers read.
    Request,
    /// Also `null` for a floating-point NaN, which JSON lacks; integers as `1.0` or `1e3`; one element
    /// without an array.
    Response,
}

fn read_as(
    json: &[u8],
    datatype: Datatype,
    max: Option<u64>,
    dialect: Dialect,
) -> std::result::Result<Vec<u8>, String> {
    let mut reader = Jiter::new(json).with_allow_inf_nan();
    // An element takes at least one character and a comma, which bounds the allocation.
    let likely = json.len().div_ceil(2).saturating_mul(datatype.byte_size().unwrap_or(0));
    let max = max.map_or(usize::MAX, |max| usize::try_from(max).unwrap_or(usize::MAX));
    let bytes = Vec::with_capacity(likely.min(max));
    let mut tensor = Tensor { bytes, max, datatype, dialect, widths: Vec::new() };
    let mut value = |reader: &mut Jiter| -> std::result::Result<(), ParseError> {
        match reader.peek()? {
            Peek::Array => tensor.read_array(reader, 0)?,
            peek if dialect == Dialect::Response => tensor.read_element(reader, peek)?,
            _ => return Err(ParseError::Element("expected an array".to_owned())),
        }
        Ok(reader.finish()?)
    };
    let outcome = value(&mut reader);
    outcome.map_err(|reason| match reason {
        ParseError::Json(error) => error.description(&Jiter::new(json)),
        ParseError::Element(reason) => reason,
    })?;
    Ok(tensor.bytes)
}

/// A tensor while it is read.
struct Tensor {
    bytes: Vec<u8>,
    /// The maximum byte size.
    max: usize,
    datatype: Datatype,
    dialect: Dialect,
    /// For each depth the number of members of its first array, and how many of them are arrays. In a
    /// response all arrays at a depth must agree.
    widths: Vec<Option<(usize, usize)>>,
}

enum ParseError {
    Json(JiterError),
    Element(String),
}

impl From<JiterError> for ParseError {
    fn from(error: JiterError) -> Self {
        Self::Json(error)
    }
}

impl Tensor {
    /// Reads an array that is nested within `depth` others.
    fn read_array(&mut self, reader: &mut Jiter, depth: usize) -> std::result::Result<(), ParseError> {
        if depth == DEPTH {
            return Err(ParseError::Element(format!("arrays are nested more than {DEPTH} deep")));
        }
        let (mut members, mut arrays) = (0, 0);
        let mut next = reader.known_array()?;
        while let Some(peek) = next {
            members += 1;
            match peek {
                Peek::Array => {
                    arrays += 1;
                    self.read_array(reader, depth + 1)?;
                }
                _ => self.read_element(reader, peek)?,
            }
            if self.bytes.len() > self.max {
                return Err(ParseError::Element("more elements than the shape has".to_owned()));
            }
            next = reader.array_step()?;
        }
        self.check_width(depth, members, arrays)
    }

    /// Refuses ragged arrays, `[[1, 2, 3], [4]]`, in a response, as NumPy does; Triton accepts them in
    /// requests.
    fn check_width(
        &mut self,
        depth: usize,
        members: usize,
        arrays: usize,
    ) -> std::result::Result<(), ParseError> {
        if self.dialect == Dialect::Request {
            return Ok(());
        }
        if self.widths.len() <= depth {
            self.widths.resize(depth + 1, None);
        }
        let first = *self.widths[depth].get_or_insert((members, arrays));
        match first == (members, arrays) && (arrays == 0 || arrays == members) {
            true => Ok(()),
            false => Err(ParseError::Element("nested arrays have different lengths or depths".to_owned())),
        }
    }

    fn read_element(&mut self, reader: &mut Jiter, peek: Peek) -> std::result::Result<(), ParseError> {
        let (datatype, dialect) = (self.datatype, self.dialect);
        let invalid = |what: &str| {
            ParseError::Element(format!("invalid element of datatype {datatype}: {}", excerpt(what)))
        };
        match peek {
            Peek::True | Peek::False if datatype == Datatype::Bool => {
                self.bytes.push(reader.known_bool(peek)?.into());
                Ok(())
            }
            Peek::String if datatype == Datatype::Bytes => {
                let text = reader.known_str()?;
                bytes::append(&mut self.bytes, text.as_bytes())
                    .map_err(|error| ParseError::Element(error.to_string()))
            }
            Peek::Null if dialect == Dialect::Response && is_float(datatype) => {
                reader.known_null()?;
                self.put_number("NaN").ok_or_else(|| invalid("null"))
            }
            Peek::Null => Err(invalid("null")),
            Peek::True | Peek::False => Err(invalid("a boolean")),
            Peek::String => Err(invalid("a string")),
            Peek::Object => Err(invalid("an object")),
            _ if peek.is_num() => {
                let digits = str::from_utf8(reader.next_number_bytes()?).unwrap_or_default();
                self.put_number(digits).ok_or_else(|| invalid(digits))
            }
            // Not a JSON value: the reader's error includes the position.
            _ => Ok(reader.next_skip()?),
        }
    }

    /// Appends a number in its binary form; `None` if the datatype can't represent it.
    fn put_number(&mut self, digits: &str) -> Option<()> {
        macro_rules! put {
            ($($datatype:ident: $rust:ty),*; $($float:ident: $number:expr),*) => {
                match self.datatype {
                    $(Datatype::$datatype => {
                        self.bytes.extend_from_slice(&self.integer::<$rust>(digits)?.to_le_bytes());
                    })*
                    $(Datatype::$float => self.bytes.extend_from_slice(&$number.to_le_bytes()),)*
                    Datatype::Bool => self.bytes.push(self.integer::<u8>(digits).filter(|number| *number < 2)?),
                    Datatype::Bytes | Datatype::Invalid => return None,
                }
            };
        }
        // FP16 and BF16 are rounded to the nearest, ties to even.
        put!(Uint8: u8, Uint16: u16, Uint32: u32, Uint64: u64, Int8: i8, Int16: i16, Int32: i32, Int64: i64;
             Fp32: digits.parse::<f32>().ok()?, Fp64: digits.parse::<f64>().ok()?,
             Fp16: half::fp16_from_fp64(digits.parse().ok()?), Bf16: half::bf16_from_fp64(digits.parse().ok()?));
        Some(())
    }

    fn integer<T: FromStr + TryFrom<i128>>(&self, digits: &str) -> Option<T> {
        match digits.parse() {
            Ok(number) => Some(number),
            Err(_) if self.dialect == Dialect::Response => T::try_from(whole_number(digits)?).ok(),
            Err(_) => None,
        }
    }
}

fn is_float(datatype: Datatype) -> bool {
    matches!(datatype, Datatype::Fp16 | Datatype::Bf16 | Datatype::Fp32 | Datatype::Fp64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(datatype: Datatype, data: &[u8]) -> String {
        let mut json = Vec::new();
        write(&mut Writer(&mut json), datatype, data).unwrap();
        String::from_utf8(json).unwrap()
    }

    #[test]
    fn elements_read_back_bit_for_bit() {
        let check = |datatype, data: &[u8], text: &str| {
            assert_eq!(written(datatype, data), text);
            assert_eq!(read(text.as_bytes(), datatype, Some(data.len() as u64)).unwrap(), data);
            if let Some(less) = data.len().checked_sub(1) {
                let reason = read(text.as_bytes(), datatype, Some(less as u64)).unwrap_err();
                assert!(reason.contains("more elements"), "{reason}");
            }
        };
        check(Datatype::Bool, &[1, 0], "[true,false]");
        check(Datatype::Int8, &[0x80, 127], "[-128,127]");
        check(Datatype::Uint64, &u64::MAX.to_le_bytes(), "[18446744073709551615]");
        check(Datatype::Int64, &i64::MIN.to_le_bytes(), "[-9223372036854775808]");
        let floats = [0.1f32, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MIN_POSITIVE, -0.0, f32::MAX];
        let data: Vec<u8> = floats.iter().flat_map(|float| float.to_le_bytes()).collect();
        let text = written(Datatype::Fp32, &data);
        assert!(text.starts_with("[0.10000000149011612,NaN,Infinity,-Infinity,"), "{text}");
        assert_eq!(read(text.as_bytes(), Datatype::Fp32, None).unwrap(), data);
        let doubles = [0.1f64, 5e-324, 1.7976931348623157e308, -0.0];
        let data: Vec<u8> = doubles.iter().flat_map(|double| double.to_le_bytes()).collect();
        assert_eq!(read(written(Datatype::Fp64, &data).as_bytes(), Datatype::Fp64, None).unwrap(), data);
        check(Datatype::Bytes, b"\x03\0\0\0a\"\0\0\0\0\0", "[\"a\\\"\\u0000\",\"\"]");
        check(Datatype::Int32, &[], "[]");
        // All numbers of the datatype: none is rounded when it is read back.
        for (datatype, first, text) in [
            (Datatype::Fp16, 0x3c00u16, "[1.0,1.0009765625,1.001953125]"),
            (Datatype::Fp16, 1, "[5.960464477539063e-8,1.1920928955078125e-7,1.7881393432617188e-7]"),
            (Datatype::Bf16, 0xc2f7, "[-123.5,-124.0,-124.5]"),
        ] {
            let data: Vec<u8> = (first..first + 3).flat_map(u16::to_le_bytes).collect();
            check(datatype, &data, text);
        }
        for (datatype, infinite) in [(Datatype::Fp16, 0x7c00u16), (Datatype::Bf16, 0x7f80)] {
            let numbers = (0..=infinite).flat_map(|bits| [bits, bits | 0x8000]);
            let data: Vec<u8> = numbers.flat_map(u16::to_le_bytes).collect();
            assert_eq!(
                read(written(datatype, &data).as_bytes(), datatype, None).unwrap(),
                data,
                "{datatype}"
            );
            assert_eq!(written(datatype, &(infinite + 1).to_le_bytes()), "[NaN]");
        }
    }

    #[test]
    fn nested_arrays_are_flattened_and_invalid_elements_refused() {
        assert_eq!(read(b" [[1,2], [[3]], []] ", Datatype::Uint8, None).unwrap(), [1, 2, 3]);
        let deep = "[".repeat(100_000);
        let refused: [(&str, Datatype); 13] = [
            ("[256]", Datatype::Uint8),
            ("[-1]", Datatype::Uint64),
            ("[1.5]", Datatype::Int32),
            ("[18446744073709551616]", Datatype::Uint64),
            ("[null]", Datatype::Fp32),
            ("[{}]", Datatype::Fp32),
            ("[\"1\"]", Datatype::Fp32),
            ("[1]", Datatype::Bytes),
            ("[true]", Datatype::Fp16),
            ("[1.0]", Datatype::Int32),
            ("[1e3]", Datatype::Int32),
            ("5", Datatype::Int32),
            (&deep, Datatype::Int32),
        ];
        for (json, datatype) in refused {
            assert!(read(json.as_bytes(), datatype, None).is_err(), "{}", &json[..json.len().min(20)]);
        }
        assert!(read(b"[1]x", Datatype::Uint8, None).is_err());
    }

    #[test]
    fn text_that_is_not_utf_8_is_refused_with_advice() {
        let mut json = Vec::new();
        let error = write(&mut Writer(&mut json), Datatype::Bytes, b"\x01\0\0\0\xff");
        assert!(error.unwrap_err().to_string().contains("binary data"));
    }

    #[test]
    fn a_response_may_have_null_for_nan_and_numbers_for_half_precision() {
        let halves = |json: &str, datatype| {
            let bytes = read_response(json.as_bytes(), datatype, None).unwrap();
            bytes.as_chunks().0.iter().map(|bytes| u16::from_le_bytes(*bytes)).collect::<Vec<u16>>()
        };
        // An example from a server that sends FP16, then ties, and a number next to one.
        let json = "[1.5, 0.1, 1.00048828125, 1.00146484375, 1.0004882812500003, 65519, 65520, -0.0, 1e-9]";
        assert_eq!(
            halves(json, Datatype::Fp16),
            [0x3e00, 0x2e66, 0x3c00, 0x3c02, 0x3c01, 0x7bff, 0x7c00, 0x8000, 0]
        );
        assert_eq!(
            halves("[1.5, 1.00390625, 1.01171875, 1.0039062500000002, 1e39]", Datatype::Bf16),
            [0x3fc0, 0x3f80, 0x3f82, 0x3f81, 0x7f80]
        );
        for datatype in [Datatype::Fp16, Datatype::Bf16] {
            let [nan, null, high, low] = halves("[NaN, null, Infinity, -Infinity]", datatype)[..] else {
                panic!("four numbers");
            };
            assert!(nan & 0x7fff > high && nan == null && low == high | 0x8000, "{datatype}");
        }
        let bytes = read_response(b"[null, 1.5]", Datatype::Fp32, Some(8)).unwrap();
        assert!(f32::from_le_bytes(bytes[..4].try_into().unwrap()).is_nan());
        let bytes = read_response(b"[[null]]", Datatype::Fp64, Some(8)).unwrap();
        assert!(f64::from_le_bytes(bytes[..].try_into().unwrap()).is_nan());
        for datatype in [Datatype::Int32, Datatype::Uint8, Datatype::Bool, Datatype::Bytes] {
            assert!(read_response(b"[null]", datatype, None).is_err(), "{datatype}");
        }
        // A request keeps to what Triton reads.
        for (json, datatype) in [("[null]", Datatype::Fp64), ("[null]", Datatype::Bf16)] {
            assert!(read(json.as_bytes(), datatype, None).is_err(), "{datatype}");
        }
    }

    #[test]
    fn a_response_may_have_integers_in_any_form_and_one_element_without_an_array() {
        let read = |json: &str, datatype| read_response(json.as_bytes(), datatype, None);
        let exact = read("[9007199254740993.0, -1e3, 12e-0]", Datatype::Int64).unwrap();
        let expected = [9_007_199_254_740_993i64, -1000, 12];
        assert_eq!(exact, expected.map(i64::to_le_bytes).concat());
        assert_eq!(read("[18446744073709551615.0]", Datatype::Uint64).unwrap(), [0xff; 8]);
        assert_eq!(read("[1.0, 0e5, true]", Datatype::Bool).unwrap(), [1, 0, 1]);
        for (json, datatype) in [
            ("[1.5]", Datatype::Int32),
            ("[1e-1]", Datatype::Uint8),
            ("[256.0]", Datatype::Uint8),
            ("[-1.0]", Datatype::Uint64),
            ("[2.0]", Datatype::Bool),
            ("[NaN]", Datatype::Int32),
            ("[1.0]", Datatype::Bytes),
            ("[\"1\"]", Datatype::Int32),
        ] {
            let reason = read(json, datatype).unwrap_err();
            assert!(
                reason.starts_with(&format!("invalid element of datatype {datatype}: ")),
                "{json}: {reason}"
            );
        }
        assert_eq!(read(" 2.5 ", Datatype::Fp64).unwrap(), 2.5f64.to_le_bytes());
        assert_eq!(read("7.0", Datatype::Uint8).unwrap(), [7]);
        assert_eq!(read("true", Datatype::Bool).unwrap(), [1]);
        assert_eq!(read("\"a\"", Datatype::Bytes).unwrap(), b"\x01\0\0\0a");
        for json in ["{}", "", "1 2", "x", "1]", "{\"a\":1}"] {
            assert!(read(json, Datatype::Fp64).is_err(), "{json}");
        }
    }

    #[test]
    fn ragged_arrays_in_a_response_are_refused() {
        for (json, count) in [
            ("[[1,2],[3,4]]", 4),
            ("[[[1],[2]],[[3],[4]]]", 4),
            ("[[],[]]", 0),
            ("[[1,2,3,4]]", 4),
            ("[]", 0),
        ] {
            assert_eq!(read_response(json.as_bytes(), Datatype::Uint8, None).unwrap().len(), count, "{json}");
        }
        for json in ["[[1,2,3],[4]]", "[[1],2]", "[1,[2]]", "[[],[1]]", "[[[1,2]],[[3],[4]]]", "[[[1]],[2]]"]
        {
            let reason = read_response(json.as_bytes(), Datatype::Uint8, None).unwrap_err();
            assert!(reason.contains("different lengths"), "{json}: {reason}");
        }
    }
}
