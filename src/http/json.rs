//! The JSON of inference requests and responses: written into one buffer, parsed without building a tree.

use std::{borrow::Cow, fmt::Write as _, ops::Range, str::Utf8Chunks};

use jiter::{Jiter, JiterError, Peek};

use crate::{
    digits::whole_number,
    error_body,
    infer::{MAX_OUTPUTS, MAX_RANK, OutputHead, Parameter, Parameters},
    proto::without_bom,
};

/// Writes JSON into a buffer. The caller writes the commas, since the shape is fixed.
pub(super) struct Writer<'b>(pub &'b mut Vec<u8>);

impl Writer<'_> {
    /// Writes punctuation and fixed keys.
    pub(super) fn raw(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    pub(super) fn string(&mut self, text: &str) {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        self.0.push(b'"');
        let mut rest = text.as_bytes();
        while let Some(at) = rest.iter().position(|byte| matches!(byte, 0..0x20 | b'"' | b'\\')) {
            let byte = rest[at];
            self.0.extend_from_slice(&rest[..at]);
            match byte {
                b'"' | b'\\' => self.0.extend_from_slice(&[b'\\', byte]),
                _ => {
                    let (high, low) = (HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]);
                    self.0.extend_from_slice(&[b'\\', b'u', b'0', b'0', high, low]);
                }
            }
            rest = &rest[at + 1..];
        }
        self.0.extend_from_slice(rest);
        self.0.push(b'"');
    }

    pub(super) fn number(&mut self, number: impl std::fmt::Display) {
        // Writing into a vector can't fail.
        let _ = write!(Text(self.0), "{number}");
    }

    /// Writes a number that parses back to the same value. NaN and the infinities, which JSON lacks, are
    /// written as Triton reads and writes them.
    pub(super) fn double(&mut self, number: f64) {
        match number {
            _ if number.is_nan() => self.raw("NaN"),
            f64::INFINITY => self.raw("Infinity"),
            f64::NEG_INFINITY => self.raw("-Infinity"),
            _ => {
                let _ = write!(Text(self.0), "{number:?}");
            }
        }
    }

    pub(super) fn parameter(&mut self, value: &Parameter) {
        match value {
            Parameter::Bool(value) => self.raw(if *value { "true" } else { "false" }),
            Parameter::Int64(value) => self.number(value),
            Parameter::Uint64(value) => self.number(value),
            Parameter::Double(value) => self.double(*value),
            Parameter::String(value) => self.string(value),
        }
    }
}

struct Text<'b>(&'b mut Vec<u8>);

impl std::fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// A larger JSON buffer is not kept.
const KEPT_BYTE_SIZE: usize = 1 << 20;
/// A larger JSON part is not kept as a template.
const TEMPLATE_BYTE_SIZE: usize = 4 << 10;

/// Parses the JSON parts of one connection's responses. A part that equals the previous one except for its
/// id, as is usual for one model, is not parsed again.
#[derive(Debug, Default)]
pub(super) struct ResponseParser {
    json: Vec<u8>,
    /// `json` with invalid UTF-8 replaced by U+FFFD, so that an invalid name or parameter does not make the
    /// tensors unreadable.
    repaired: Option<String>,
    last: Option<Template>,
}

/// A JSON part and the header parsed from it.
#[derive(Debug)]
struct Template {
    before_id: Vec<u8>,
    /// `None` if there is no id that is a string; `before_id` is then the whole text.
    after_id: Option<Vec<u8>>,
    header: Header,
}

impl ResponseParser {
    /// Returns the buffer for a JSON part, which keeps its content until the next one.
    pub(super) fn buffer(&mut self) -> &mut Vec<u8> {
        if self.json.capacity() > KEPT_BYTE_SIZE && self.json.is_empty() {
            self.json = Vec::new();
        }
        &mut self.json
    }

    /// Returns the JSON part that was parsed last, with invalid UTF-8 replaced.
    pub(super) fn text(&self) -> &[u8] {
        self.repaired.as_ref().map_or(&self.json, |repaired| repaired.as_bytes())
    }

    /// Returns the positions at which invalid UTF-8 was replaced.
    pub(super) fn repairs(&self) -> Repairs<'_> {
        let chunks = self.repaired.is_some().then(|| self.json.utf8_chunks());
        Repairs { chunks, length: 0, last: None }
    }

    /// Parses the JSON part in the buffer.
    pub(super) fn parse(&mut self) -> Result<Header, String> {
        if let Some(template) = &self.last
            && let Some(id) = template.id_of(&self.json)
        {
            return Ok(Header { id: id.to_owned(), ..template.header.clone() });
        }
        // If this fails, the next part must not match an older template.
        self.last = None;
        let start = self.json.len() - without_bom(&self.json).len();
        self.json.drain(..start);
        self.repaired = match String::from_utf8_lossy(&self.json) {
            Cow::Borrowed(_) => None,
            Cow::Owned(repaired) => Some(repaired),
        };
        let header = read_header(self.text())?;
        if self.repaired.is_some() {
            self.last = None;
            return Ok(header);
        }
        let is_small = self.json.len() <= TEMPLATE_BYTE_SIZE;
        self.last = (is_small && header.outputs.iter().all(|output| output.json_data.is_none()))
            .then(|| Template::new(&self.json, &header));
        Ok(header)
    }
}

/// The positions at which invalid UTF-8 was replaced, in ascending order.
pub(super) struct Repairs<'j> {
    chunks: Option<Utf8Chunks<'j>>,
    /// The length of the repaired text that `chunks` has yielded.
    length: usize,
    /// The last repair that `chunks` has yielded.
    last: Option<usize>,
}

impl Repairs<'_> {
    /// Returns whether a range of the repaired text contains a repair. Ranges must be passed in ascending
    /// order.
    pub(super) fn is_within(&mut self, range: &Range<usize>) -> bool {
        let Some(chunks) = &mut self.chunks else { return false };
        while self.last.is_none_or(|at| at < range.start) {
            let Some(chunk) = chunks.next() else { return false };
            self.length += chunk.valid().len();
            if !chunk.invalid().is_empty() {
                self.last = Some(self.length);
                self.length += '\u{fffd}'.len_utf8();
            }
        }
        self.last.is_some_and(|at| at < range.end)
    }
}

impl Template {
    fn new(json: &[u8], header: &Header) -> Self {
        let header = header.clone();
        match header.id_range.clone() {
            None => Self { before_id: json.to_owned(), after_id: None, header },
            Some(range) => Self {
                before_id: json[..range.start].to_owned(),
                after_id: Some(json[range.end..].to_owned()),
                header,
            },
        }
    }

    /// Returns the id of JSON that equals the template except for its id.
    fn id_of<'j>(&'j self, json: &'j [u8]) -> Option<&'j str> {
        let Some(after) = &self.after_id else { return (json == self.before_id).then_some(&self.header.id) };
        let id = json.strip_prefix(&self.before_id[..])?.strip_suffix(&after[..])?;
        let id = id.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        // An id with escapes needs the parser.
        let is_plain = id.iter().all(|byte| !matches!(byte, 0..0x20 | b'"' | b'\\'));
        str::from_utf8(id).ok().filter(|_| is_plain)
    }
}

/// The JSON part of an inference response.
#[derive(Clone, Debug, Default)]
pub(super) struct Header {
    pub model_name: String,
    pub model_version: String,
    pub id: String,
    /// The position of the id, if it is a string.
    id_range: Option<Range<usize>>,
    pub parameters: Parameters,
    pub outputs: Vec<OutputHeader>,
}

/// An output as the JSON part describes it.
#[derive(Clone, Debug, Default)]
pub(super) struct OutputHeader {
    pub head: OutputHead,
    /// The size of its data, if that follows in binary.
    pub binary_byte_size: Option<u64>,
    /// The position of its data, if that is in the JSON.
    pub json_data: Option<Range<usize>>,
}

/// The reason for refusing JSON that is not an inference response.
pub(super) const NOT_AN_INFERENCE: &str = "it has neither model_name nor outputs";

/// Parses the JSON part of a response. Unknown members are skipped, and `null` counts as absent. JSON with
/// neither a model name nor outputs is not an inference response, nor is JSON with an error in place of
/// outputs. A known member that occurs twice is malformed: parsers disagree on which of the two counts.
pub(super) fn read_header(json: &[u8]) -> Result<Header, String> {
    let mut header = Header::default();
    let mut reader = Jiter::new(json).with_allow_inf_nan();
    let mut is_response = false;
    read_header_members(&mut reader, &mut header, &mut is_response)
        .and_then(|()| Ok(reader.finish()?))
        .map_err(|error| error.description(json))?;
    match is_response && !(header.outputs.is_empty() && error_body::has_error(json)) {
        true => Ok(header),
        false => Err(NOT_AN_INFERENCE.to_owned()),
    }
}

enum ParseError {
    Json(JiterError),
    Duplicate(&'static str),
    NotANumber,
    NotADimension,
}

impl ParseError {
    fn description(&self, json: &[u8]) -> String {
        match self {
            Self::Json(error) => error.description(&Jiter::new(json)),
            Self::Duplicate(name) => format!("duplicate member '{name}'"),
            Self::NotANumber => "expected a string or a number".to_owned(),
            Self::NotADimension => "a dimension of a shape is not a 64-bit integer".to_owned(),
        }
    }
}

impl From<JiterError> for ParseError {
    fn from(error: JiterError) -> Self {
        Self::Json(error)
    }
}

type Step<T = ()> = Result<T, ParseError>;

fn read_header_members(reader: &mut Jiter, header: &mut Header, is_response: &mut bool) -> Step {
    object(reader, |reader, key| {
        *is_response |= matches!(key, Key::ModelName | Key::Outputs);
        match key {
            Key::ModelName => header.model_name = string(reader)?,
            Key::ModelVersion => header.model_version = string_or_number(reader)?,
            Key::Id => {
                let is_text = reader.peek()? == Peek::String;
                let start = reader.current_index();
                header.id = string_or_number(reader)?;
                header.id_range = is_text.then(|| start..reader.current_index());
            }
            Key::Parameters => read_parameters(reader, |name, value| {
                if let Name::Other(name) = name {
                    header.parameters.receive(name, value);
                }
                Ok(())
            })?,
            Key::Outputs => array(reader, |reader, _| {
                let mut output = OutputHeader::default();
                read_output(reader, &mut output)?;
                // One more than allowed is kept, for the check of their count.
                if header.outputs.len() <= MAX_OUTPUTS {
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
            Key::Name => output.head.name = string(reader)?,
            Key::Datatype => {
                match reader.peek()? {
                    Peek::Null => reader.known_null()?,
                    _ => output.head.set_datatype(reader.next_str()?),
                };
            }
            Key::Shape => array(reader, |reader, peek| {
                let dimension = dimension(reader, peek)?;
                // One more than allowed is kept, for the check of the rank.
                if output.head.shape.len() <= MAX_RANK {
                    output.head.shape.push(dimension);
                }
                Ok(())
            })?,
            Key::Data => {
                let is_null = reader.peek()? == Peek::Null;
                let start = reader.current_index();
                reader.next_skip()?;
                output.json_data = (!is_null).then(|| start..reader.current_index());
            }
            Key::Parameters => read_parameters(reader, |name, value| {
                match (name, value) {
                    (Name::Other(name), value) => output.head.parameters.receive(name, value),
                    (Name::BinaryDataSize, _) if output.binary_byte_size.is_some() => {
                        return Err(ParseError::Duplicate("binary_data_size"));
                    }
                    (Name::BinaryDataSize, Parameter::Int64(byte_size)) => {
                        output.binary_byte_size = u64::try_from(byte_size).ok();
                    }
                    _ => {}
                }
                Ok(())
            })?,
            _ => reader.next_skip()?,
        }
        Ok(())
    })
}

/// A parameter's name: the protocol's own, or any other.
enum Name {
    BinaryDataSize,
    Other(String),
}

impl Name {
    fn from(name: &str) -> Self {
        if name == "binary_data_size" { Self::BinaryDataSize } else { Self::Other(name.to_owned()) }
    }
}

/// Calls `parameter` for each parameter; values of other types are skipped.
fn read_parameters(reader: &mut Jiter, mut parameter: impl FnMut(Name, Parameter) -> Step) -> Step {
    if reader.peek()? == Peek::Null {
        return Ok(reader.known_null()?);
    }
    let mut next = reader.next_object()?.map(Name::from);
    while let Some(name) = next {
        let value = match reader.peek()? {
            Peek::String => Some(Parameter::String(reader.known_str()?.to_owned())),
            peek @ (Peek::True | Peek::False) => Some(Parameter::Bool(reader.known_bool(peek)?)),
            peek if peek.is_num() => number(reader.next_number_bytes()?),
            _ => reader.next_skip().map(|()| None)?,
        };
        if let Some(value) = value {
            parameter(name, value)?;
        }
        next = reader.next_key()?.map(Name::from);
    }
    Ok(())
}

fn number(digits: &[u8]) -> Option<Parameter> {
    let digits = str::from_utf8(digits).ok()?;
    let whole = digits.parse().map(Parameter::Int64).or_else(|_| digits.parse().map(Parameter::Uint64));
    whole.ok().or_else(|| digits.parse().map(Parameter::Double).ok())
}

/// The known members. A key borrows the reader, so it is converted before its value is read.
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
            _ => Self::Other,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::ModelName => "model_name",
            Self::ModelVersion => "model_version",
            Self::Id => "id",
            Self::Outputs => "outputs",
            Self::Name => "name",
            Self::Datatype => "datatype",
            Self::Shape => "shape",
            Self::Data => "data",
            Self::Parameters => "parameters",
            Self::Other => "",
        }
    }
}

/// Calls `member` for each member, which must read or skip its value. `null` counts as empty.
fn object(reader: &mut Jiter, mut member: impl FnMut(&mut Jiter, Key) -> Step) -> Step {
    if reader.peek()? == Peek::Null {
        return Ok(reader.known_null()?);
    }
    let mut seen = 0u16;
    let mut next = reader.next_object()?.map(Key::from);
    while let Some(key) = next {
        let bit = 1 << key as u16;
        if key != Key::Other && seen & bit != 0 {
            return Err(ParseError::Duplicate(key.name()));
        }
        seen |= bit;
        member(reader, key)?;
        next = reader.next_key()?.map(Key::from);
    }
    Ok(())
}

/// Calls `element` for each element, which must read or skip it. `null` counts as empty.
fn array(reader: &mut Jiter, mut element: impl FnMut(&mut Jiter, Peek) -> Step) -> Step {
    if reader.peek()? == Peek::Null {
        return Ok(reader.known_null()?);
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
    Ok(reader.next_str()?.to_owned())
}

/// Reads a string, or a number as its digits: some servers send versions and ids as numbers.
fn string_or_number(reader: &mut Jiter) -> Step<String> {
    match reader.peek()? {
        peek if peek.is_num() => {
            let digits = String::from_utf8_lossy(reader.known_number_bytes(peek)?).into_owned();
            // The reader allows NaN and Infinity, for tensors.
            match digits.ends_with(|last: char| last.is_ascii_digit()) {
                true => Ok(digits),
                false => Err(ParseError::NotANumber),
            }
        }
        _ => string(reader),
    }
}

/// Reads a 64-bit integer, also as `2.0` or in a string, which some servers send in shapes.
fn dimension(reader: &mut Jiter, peek: Peek) -> Step<i64> {
    let text = match peek {
        Peek::String => reader.known_str()?,
        _ if peek.is_num() => str::from_utf8(reader.known_number_bytes(peek)?).unwrap_or_default(),
        _ => return Err(ParseError::NotADimension),
    };
    let number = text.parse().ok().or_else(|| i64::try_from(whole_number(text)?).ok());
    number.ok_or(ParseError::NotADimension)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_strings_read_back_the_same() {
        let text = "a\"b\\c\n\0\u{1f}\u{7f}\u{e4}\u{1f600}";
        let mut json = Vec::new();
        Writer(&mut json).string(text);
        assert_eq!(serde_json::from_slice::<String>(&json).unwrap(), text);
    }

    #[test]
    fn unknown_members_are_skipped_and_null_counts_as_absent() {
        let json = br#" {"id":null,"model_name":"m\u0000\"","model_version":"1","new":{"a":[1,{"b":null}]},
            "parameters":{"x":NaN},"outputs":[{"name":"O","datatype":"FP32","shape":[2,-3],
            "parameters":{"binary_data_size":8,"y":"z"}},{"name":"P","data":[1.5,NaN,-Infinity],"shape":null}]} "#;
        let header = read_header(json).unwrap();
        assert_eq!((header.id.as_str(), header.model_name.as_str()), ("", "m\0\""));
        assert_eq!(header.outputs[0].head.shape, [2, -3]);
        let parameters: Vec<_> = header.outputs[0].head.parameters.iter().collect();
        assert_eq!(parameters, [("y", &Parameter::String("z".to_owned()))]);
        assert_eq!(header.outputs[0].binary_byte_size, Some(8));
        assert_eq!(&json[header.outputs[1].json_data.clone().unwrap()], b"[1.5,NaN,-Infinity]");
        assert!(header.outputs[0].json_data.is_none());
    }

    #[test]
    fn json_that_equals_the_previous_except_for_its_id_is_read_the_same() {
        let json = |id: &str, name: &str| {
            format!(
                r#"{{"id":{id},"model_name":"{name}","outputs":[{{"name":"O","parameters":{{"binary_data_size":4}}}}]}}"#
            )
        };
        let mut parser = ResponseParser::default();
        let mut read = |json: &str| {
            parser.buffer().clear();
            parser.buffer().extend_from_slice(json.as_bytes());
            let header = parser.parse()?;
            let size = header.outputs.first().and_then(|output| output.binary_byte_size);
            Ok::<_, String>((header.id, header.model_name, size))
        };
        let expected = |id: &str, name: &str| Ok((id.to_owned(), name.to_owned(), Some(4)));
        for (id, name) in [("a", "m"), ("b", "m"), ("", "m"), ("b", "n"), ("b", "n"), ("a longer one", "n")] {
            assert_eq!(read(&json(&format!("\"{id}\""), name)), expected(id, name), "{id}");
        }
        assert_eq!(read(&json(r#""\u0041\"""#, "n")), expected("A\"", "n"));
        assert_eq!(read(&json("null", "n")), expected("", "n"));
        assert_eq!(read(&json("7", "n")), expected("7", "n"));
        assert_eq!(read(&json("7", "n")), expected("7", "n"));
        // An id that would end the string and add members.
        assert!(read(&json(r#""","model_name":"x","x":"""#, "n")).is_err());
        assert_eq!(read(&json(r#""b""#, "n")), expected("b", "n"));
        let model = r#"{"model_name":"m"}"#;
        assert_eq!(read(model), Ok((String::new(), "m".to_owned(), None)));
        assert_eq!(read(model), Ok((String::new(), "m".to_owned(), None)));
        assert!(read(&model[1..]).is_err());
    }

    #[test]
    fn invalid_json_is_refused() {
        for json in ["", "[]", "{", "{\"outputs\":{}}", "{\"outputs\":[1]}", "{}x", "{\"id\":true}", "\u{0}"]
        {
            assert!(read_header(json.as_bytes()).is_err(), "{json}");
        }
        for json in ["null", "{}", r#"{"id":"1"}"#, r#"{"error":"why"}"#] {
            assert_eq!(read_header(json.as_bytes()).unwrap_err(), "it has neither model_name nor outputs");
        }
        let deep = format!("{{\"x\":{}", "[".repeat(100_000));
        assert!(read_header(deep.as_bytes()).is_err());
    }

    #[test]
    fn a_known_member_that_occurs_twice_is_refused() {
        for (json, name) in [
            (r#"{"outputs":[],"outputs":[]}"#, "outputs"),
            (r#"{"model_name":"m","parameters":{},"parameters":null}"#, "parameters"),
            (r#"{"model_name":"m","model_name":"m"}"#, "model_name"),
            (r#"{"model_name":"m","id":"1","id":"2"}"#, "id"),
            (r#"{"outputs":[{"data":[1],"data":[2]}]}"#, "data"),
            (r#"{"outputs":[{"shape":[1],"shape":[2]}]}"#, "shape"),
            (r#"{"outputs":[{"parameters":{},"parameters":{}}]}"#, "parameters"),
            (
                r#"{"outputs":[{"parameters":{"binary_data_size":1,"binary_data_size":2}}]}"#,
                "binary_data_size",
            ),
        ] {
            assert_eq!(
                read_header(json.as_bytes()).unwrap_err(),
                format!("duplicate member '{name}'"),
                "{json}"
            );
        }
        // The same name in different objects is not a duplicate, and unknown members are skipped.
        let json = r#"{"model_name":"m","x":1,"x":2,"outputs":[{"name":"A"},{"name":"B"}]}"#;
        assert_eq!(read_header(json.as_bytes()).unwrap().outputs.len(), 2);
    }

    #[test]
    fn a_numeric_version_or_id_is_kept_as_its_digits() {
        let header = read_header(br#"{"model_name":"m","model_version":1,"id":-12345678901234567890.50}"#);
        let header = header.unwrap();
        assert_eq!((header.model_version.as_str(), header.id.as_str()), ("1", "-12345678901234567890.50"));
        for id in ["true", "NaN", "-Infinity", "[1]", "{}", "1x"] {
            assert!(read_header(format!(r#"{{"model_name":"m","id":{id}}}"#).as_bytes()).is_err(), "{id}");
        }
    }
}
