//! The elements of a tensor as JSON, and back to the bytes that they are in binary.

use jiter::{Jiter, JiterError, Peek};

use super::json::Writer;
use crate::{
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
        // As a double, and so exactly: a reader that makes a double of it first rounds nothing.
        Datatype::Fp32 => each(json, data, |json, bytes| json.double(f32::from_le_bytes(bytes).into())),
        Datatype::Fp64 => each(json, data, |json, bytes| json.double(f64::from_le_bytes(bytes))),
        Datatype::Bytes => {
            for (at, element) in bytes::each(data).enumerate() {
                let element = element.map_err(Error::invalid)?;
                let text = str::from_utf8(element).map_err(|_| {
                    Error::invalid(format!(
                        "element {at} is not UTF-8, as JSON needs it: binary data, the default, has it"
                    ))
                })?;
                json.raw(if at == 0 { "" } else { "," });
                json.string(text);
            }
        }
        Datatype::Fp16 | Datatype::Bf16 | Datatype::Invalid => {
            return Err(Error::invalid(format!("{datatype} has no form in JSON")));
        }
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

/// As deep as arrays may be nested: a tensor's rank.
const DEPTH: usize = 64;

/// Reads an array, flat or nested, into the bytes of a tensor of `most` bytes. Numbers keep all their digits. `Err` says
/// what is wrong.
pub(super) fn read(
    json: &[u8],
    datatype: Datatype,
    most: Option<u64>,
) -> std::result::Result<Vec<u8>, String> {
    read_as(json, datatype, most, Dialect::Request)
}

/// Reads an array that a server sent: as [`read`] does, and what other servers of the protocol write too.
pub(super) fn read_response(
    json: &[u8],
    datatype: Datatype,
    most: Option<u64>,
) -> std::result::Result<Vec<u8>, String> {
    read_as(json, datatype, most, Dialect::Response)
}

/// Which elements are allowed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// What Triton reads.
    Request,
    /// Also FP16 and BF16 as numbers, and `null` for the NaN of a floating-point datatype, since JSON has no NaN.
    Response,
}

fn read_as(
    json: &[u8],
    datatype: Datatype,
    most: Option<u64>,
    dialect: Dialect,
) -> std::result::Result<Vec<u8>, String> {
    let mut reader = Jiter::new(json).with_allow_inf_nan();
    // An element has one character at least, and a comma: more than there can be is not asked for.
    let likely = json.len().div_ceil(2).saturating_mul(datatype.byte_size().unwrap_or(0));
    let most = most.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX));
    let mut tensor = Tensor { bytes: Vec::with_capacity(likely.min(most)), most, dialect };
    let mut array = |reader: &mut Jiter| -> std::result::Result<(), Fault> {
        let peek = reader.peek()?;
        read_array(reader, peek, datatype, &mut tensor, DEPTH)?;
        Ok(reader.finish()?)
    };
    let outcome = array(&mut reader);
    outcome.map_err(|fault| match fault {
        Fault::Json(error) => error.description(&Jiter::new(json)),
        Fault::Element(what) => what,
    })?;
    Ok(tensor.bytes)
}

/// What is read, and how much it may be.
struct Tensor {
    bytes: Vec<u8>,
    most: usize,
    dialect: Dialect,
}

enum Fault {
    Json(JiterError),
    Element(String),
}

impl From<JiterError> for Fault {
    fn from(error: JiterError) -> Self {
        Self::Json(error)
    }
}

fn read_array(
    reader: &mut Jiter,
    peek: Peek,
    datatype: Datatype,
    tensor: &mut Tensor,
    depth: usize,
) -> std::result::Result<(), Fault> {
    if peek != Peek::Array {
        return Err(Fault::Element("the data is no array".to_owned()));
    }
    if depth == 0 {
        return Err(Fault::Element(format!("arrays are nested more than {DEPTH} deep")));
    }
    let mut next = reader.known_array()?;
    while let Some(peek) = next {
        match peek {
            Peek::Array => read_array(reader, peek, datatype, tensor, depth - 1)?,
            _ => read_element(reader, peek, datatype, tensor)?,
        }
        if tensor.bytes.len() > tensor.most {
            return Err(Fault::Element("there are more elements than the shape has".to_owned()));
        }
        next = reader.array_step()?;
    }
    Ok(())
}

fn read_element(
    reader: &mut Jiter,
    peek: Peek,
    datatype: Datatype,
    tensor: &mut Tensor,
) -> std::result::Result<(), Fault> {
    let Tensor { bytes: tensor, dialect, .. } = tensor;
    let no_element =
        |what: &str| Fault::Element(format!("{} is no element of a {datatype} tensor", excerpt(what)));
    match peek {
        Peek::True | Peek::False if datatype == Datatype::Bool => {
            tensor.push(reader.known_bool(peek)?.into());
            Ok(())
        }
        Peek::String if datatype == Datatype::Bytes => {
            let text = reader.known_str()?;
            bytes::append(tensor, text.as_bytes()).map_err(|error| Fault::Element(error.to_string()))
        }
        _ if peek.is_num() => {
            let digits = reader.next_number_bytes()?;
            let digits = str::from_utf8(digits).unwrap_or_default();
            let put = match dialect {
                Dialect::Response if is_half(datatype) => put_half,
                _ => put_number,
            };
            put(digits, datatype, tensor).ok_or_else(|| no_element(digits))
        }
        Peek::Null if *dialect == Dialect::Response && is_float(datatype) => {
            reader.known_null()?;
            let put = if is_half(datatype) { put_half } else { put_number };
            put("NaN", datatype, tensor).ok_or_else(|| no_element("null"))
        }
        Peek::Null => Err(no_element("null")),
        _ => Err(no_element("what stands there")),
    }
}

fn is_half(datatype: Datatype) -> bool {
    matches!(datatype, Datatype::Fp16 | Datatype::Bf16)
}

fn is_float(datatype: Datatype) -> bool {
    is_half(datatype) || matches!(datatype, Datatype::Fp32 | Datatype::Fp64)
}

/// Appends a number as FP16 or BF16, rounded to the nearest, ties to even.
fn put_half(digits: &str, datatype: Datatype, tensor: &mut Vec<u8>) -> Option<()> {
    let number = digits.parse().ok()?;
    let bits = match datatype {
        Datatype::Fp16 => half::fp16_from_fp64(number),
        _ => half::bf16_from_fp64(number),
    };
    tensor.extend_from_slice(&bits.to_le_bytes());
    Some(())
}

/// Appends a number as its bytes in binary; `None` if the datatype has no such number.
fn put_number(digits: &str, datatype: Datatype, tensor: &mut Vec<u8>) -> Option<()> {
    macro_rules! put {
        ($($datatype:ident: $rust:ty),*) => {
            match datatype {
                $(Datatype::$datatype => {
                    tensor.extend_from_slice(&digits.parse::<$rust>().ok()?.to_le_bytes());
                })*
                Datatype::Bool => tensor.push(digits.parse::<u8>().ok().filter(|number| *number < 2)?),
                _ => return None,
            }
        };
    }
    put!(Uint8: u8, Uint16: u16, Uint32: u32, Uint64: u64, Int8: i8, Int16: i16, Int32: i32, Int64: i64,
         Fp32: f32, Fp64: f64);
    Some(())
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
    fn elements_come_back_bit_for_bit() {
        let check = |datatype, data: &[u8], text: &str| {
            assert_eq!(written(datatype, data), text);
            assert_eq!(read(text.as_bytes(), datatype, Some(data.len() as u64)).unwrap(), data);
            if let Some(less) = data.len().checked_sub(1) {
                let fault = read(text.as_bytes(), datatype, Some(less as u64)).unwrap_err();
                assert!(fault.contains("more elements"), "{fault}");
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
    }

    #[test]
    fn nested_arrays_are_read_flat_and_what_is_no_element_is_refused() {
        assert_eq!(read(b" [[1,2], [[3]], []] ", Datatype::Uint8, None).unwrap(), [1, 2, 3]);
        let deep = "[".repeat(100_000);
        let refused: [(&str, Datatype); 11] = [
            ("[256]", Datatype::Uint8),
            ("[-1]", Datatype::Uint64),
            ("[1.5]", Datatype::Int32),
            ("[18446744073709551616]", Datatype::Uint64),
            ("[null]", Datatype::Fp32),
            ("[{}]", Datatype::Fp32),
            ("[\"1\"]", Datatype::Fp32),
            ("[1]", Datatype::Bytes),
            ("[1]", Datatype::Fp16),
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
    fn a_response_has_null_for_nan_and_numbers_for_half_precision() {
        let halves = |json: &str, datatype| {
            let bytes = read_response(json.as_bytes(), datatype, None).unwrap();
            bytes.as_chunks().0.iter().map(|bytes| u16::from_le_bytes(*bytes)).collect::<Vec<u16>>()
        };
        // The example of a server that sends FP16, then ties, and what lies just beside one.
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
        // What is sent keeps to what Triton reads.
        for (json, datatype) in [("[null]", Datatype::Fp64), ("[1.5]", Datatype::Bf16)] {
            assert!(read(json.as_bytes(), datatype, None).is_err(), "{datatype}");
        }
    }
}
