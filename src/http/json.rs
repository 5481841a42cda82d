//! The JSON of an inference: written piece by piece into one buffer, read without building a tree.

use std::fmt::Write as _;

use jiter::{Jiter, JiterError, Peek};

use crate::infer::MOST_OUTPUTS;

/// Writes JSON into a buffer. Commas are the caller's: what is written here is always the same shape.
pub(super) struct Writer<'b>(pub &'b mut Vec<u8>);

impl Writer<'_> {
    /// Punctuation and keys that are known when the library is written.
    pub fn raw(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    pub fn string(&mut self, text: &str) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        self.0.push(b'"');
        for byte in text.bytes() {
            match byte {
                b'"' | b'\\' => self.0.extend_from_slice(&[b'\\', byte]),
                0..0x20 => {
                    let (high, low) = (HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]);
                    self.0.extend_from_slice(&[b'\\', b'u', b'0', b'0', high, low]);
                }
                _ => self.0.push(byte),
            }
        }
        self.0.push(b'"');
    }

    pub fn number(&mut self, number: impl std::fmt::Display) {
        // Writing into a vector can't fail.
        let _ = write!(Text(self.0), "{number}");
    }
}

struct Text<'b>(&'b mut Vec<u8>);

impl std::fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// The JSON part of an inference answer.
#[derive(Debug, Default)]
pub(super) struct Header {
    pub model_name: String,
    pub model_version: String,
    pub id: String,
    pub outputs: Vec<OutputHeader>,
}

/// What the JSON part says of one output.
#[derive(Debug, Default)]
pub(super) struct OutputHeader {
    pub name: String,
    pub datatype: String,
    pub shape: Vec<i64>,
    /// Where the data follows in binary.
    pub binary_byte_size: Option<u64>,
    /// Where the data stands in the JSON itself.
    pub has_json_data: bool,
}

/// Reads the JSON part of an answer. Unknown members are passed over, `null` is as good as absent.
pub(super) fn read_header(json: &[u8]) -> Result<Header, String> {
    let fault = |error: JiterError| error.description(&Jiter::new(json));
    let mut header = Header::default();
    let mut reader = Jiter::new(json).with_allow_inf_nan();
    read_header_members(&mut reader, &mut header).map_err(fault)?;
    reader.finish().map_err(fault)?;
    Ok(header)
}

type Step<T = ()> = Result<T, JiterError>;

fn read_header_members(reader: &mut Jiter, header: &mut Header) -> Step {
    object(reader, |reader, key| {
        match key {
            Key::ModelName => header.model_name = string(reader)?,
            Key::ModelVersion => header.model_version = string(reader)?,
            Key::Id => header.id = string(reader)?,
            Key::Outputs => array(reader, |reader, _| {
                let mut output = OutputHeader::default();
                read_output(reader, &mut output)?;
                // One too many is kept, for the count to tell.
                if header.outputs.len() <= MOST_OUTPUTS {
                    header.outputs.push(output);
                }
                Ok(())
            })?,
            _ => reader.next_skip()?,
        }
        Ok(())
    })
}

fn read_output(reader: &mut Jiter, output: &mut OutputHeader) -> Step {
    object(reader, |reader, key| {
        match key {
            Key::Name => output.name = string(reader)?,
            Key::Datatype => output.datatype = string(reader)?,
            Key::Shape => array(reader, |reader, peek| {
                output.shape.push(integer(reader, peek)?);
                Ok(())
            })?,
            Key::Data => {
                output.has_json_data = reader.peek()? != Peek::Null;
                reader.next_skip()?;
            }
            Key::Parameters => object(reader, |reader, key| {
                if key == Key::BinaryDataSize {
                    let peek = reader.peek()?;
                    output.binary_byte_size = u64::try_from(integer(reader, peek)?).ok();
                } else {
                    reader.next_skip()?;
                }
                Ok(())
            })?,
            _ => reader.next_skip()?,
        }
        Ok(())
    })
}

/// The members that are read; a key borrows the reader, so it is turned into one of these first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    ModelName,
    ModelVersion,
    Id,
    Outputs,
    Name,
    Datatype,
    Shape,
    Data,
    Parameters,
    BinaryDataSize,
    Other,
}

impl Key {
    fn from(name: &str) -> Self {
        match name {
            "model_name" => Self::ModelName,
            "model_version" => Self::ModelVersion,
            "id" => Self::Id,
            "outputs" => Self::Outputs,
            "name" => Self::Name,
            "datatype" => Self::Datatype,
            "shape" => Self::Shape,
            "data" => Self::Data,
            "parameters" => Self::Parameters,
            "binary_data_size" => Self::BinaryDataSize,
            _ => Self::Other,
        }
    }
}

/// Calls `member` for each member, which reads or skips its value. `null` has none.
fn object(reader: &mut Jiter, mut member: impl FnMut(&mut Jiter, Key) -> Step) -> Step {
    if reader.peek()? == Peek::Null {
        return reader.known_null();
    }
    let mut next = reader.next_object()?.map(Key::from);
    while let Some(key) = next {
        member(reader, key)?;
        next = reader.next_key()?.map(Key::from);
    }
    Ok(())
}

/// Calls `element` for each element, which reads or skips it. `null` has none.
fn array(reader: &mut Jiter, mut element: impl FnMut(&mut Jiter, Peek) -> Step) -> Step {
    if reader.peek()? == Peek::Null {
        return reader.known_null();
    }
    let mut next = reader.next_array()?;
    while let Some(peek) = next {
        element(reader, peek)?;
        next = reader.array_step()?;
    }
    Ok(())
}

fn string(reader: &mut Jiter) -> Step<String> {
    if reader.peek()? == Peek::Null {
        reader.known_null()?;
        return Ok(String::new());
    }
    reader.next_str().map(str::to_owned)
}

/// A whole number of 64 bits; one that does not fit is as wrong as none, and -1 says so wherever it is used.
fn integer(reader: &mut Jiter, peek: Peek) -> Step<i64> {
    Ok(match reader.known_int(peek)? {
        jiter::NumberInt::Int(number) => number,
        #[allow(unreachable_patterns)]
        _ => -1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_so_that_they_come_back_the_same() {
        let text = "a\"b\\c\n\0\u{1f}\u{7f}\u{e4}\u{1f600}";
        let mut json = Vec::new();
        Writer(&mut json).string(text);
        assert_eq!(serde_json::from_slice::<String>(&json).unwrap(), text);
    }

    #[test]
    fn a_header_is_read_whatever_else_stands_in_it() {
        let json = br#" {"id":null,"model_name":"m\u0000\"","model_version":"1","new":{"a":[1,{"b":null}]},
            "parameters":{"x":NaN},"outputs":[{"name":"O","datatype":"FP32","shape":[2,-3],
            "parameters":{"binary_data_size":8,"y":"z"}},{"name":"P","data":[1.5,NaN,-Infinity],"shape":null}]} "#;
        let header = read_header(json).unwrap();
        assert_eq!((header.id.as_str(), header.model_name.as_str()), ("", "m\0\""));
        assert_eq!(header.outputs[0].shape, [2, -3]);
        assert_eq!(header.outputs[0].binary_byte_size, Some(8));
        assert!(header.outputs[1].has_json_data && !header.outputs[0].has_json_data);
    }

    #[test]
    fn garbage_is_refused() {
        for json in ["", "[]", "{", "{\"outputs\":{}}", "{\"outputs\":[1]}", "{}x", "{\"id\":5}", "\u{0}"] {
            assert!(read_header(json.as_bytes()).is_err(), "{json}");
        }
        let deep = format!("{{\"x\":{}", "[".repeat(100_000));
        assert!(read_header(deep.as_bytes()).is_err());
    }
}
