//! One input of a request: its name, datatype and shape, and where its data is.

use std::borrow::Cow;

use super::{
    bytes,
    datatype::Datatype,
    parameters::{Parameter, ParameterScope, Parameters},
    tensor,
};
use crate::{
    error::{Error, Result},
    lend::Segment,
};

/// An input of a request.
///
/// [`InferRequest::inputs`](super::InferRequest::inputs) lists the inputs,
/// [`InferRequest::input_mut`](super::InferRequest::input_mut) gives one to change.
#[derive(Debug)]
pub struct InferInput<'a> {
    name: String,
    datatype: Datatype,
    shape: Vec<i64>,
    parameters: Parameters,
    source: Source<'a>,
    is_json: bool,
    /// Whether the library wrote the length prefixes of BYTES elements: a raw body has none.
    is_framed: bool,
}

/// The location of an input's data.
#[derive(Debug)]
pub(crate) enum Source<'a> {
    /// In memory, in the segments in which it was appended.
    Segments(Vec<Segment<'a>>),
    /// In the caller's JSON text: an array, flat or nested.
    Json(String),
    /// In shared memory that is registered with the server.
    Region(Region),
}

/// A range of a shared-memory region that is registered with the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// The name under which it is registered.
    pub name: String,
    /// The size of the tensor in bytes; for a requested output, the space available.
    pub byte_size: u64,
    /// The offset of the tensor from the start of the region, in bytes.
    pub offset: u64,
}

impl Region {
    pub(crate) fn new(name: &str, byte_size: u64, offset: u64) -> Result<Self> {
        if name.is_empty() {
            return Err(Error::invalid("the name of a shared-memory region must not be empty"));
        }
        if name.contains('\0') {
            return Err(Error::invalid("the name of a shared-memory region must not contain a NUL"));
        }
        // gRPC sends both as signed numbers.
        let end = byte_size.checked_add(offset).and_then(|end| i64::try_from(end).ok());
        if end.is_none() {
            let message = format!(
                "shared-memory region '{name}': {byte_size} bytes at offset {offset} exceed 2^63 - 1"
            );
            return Err(Error::invalid(message));
        }
        Ok(Self { name: name.to_owned(), byte_size, offset })
    }
}

impl<'a> InferInput<'a> {
    pub(crate) fn new(name: &str, datatype: Datatype, shape: &[i64]) -> Result<Self> {
        if name.is_empty() {
            return Err(Error::invalid("the name of an input must not be empty"));
        }
        if datatype == Datatype::Invalid {
            let error = Error::invalid("invalid datatype: INVALID");
            return Err(error.context(format_args!("input '{name}'")));
        }
        let mut input = Self {
            name: name.to_owned(),
            datatype,
            shape: Vec::new(),
            parameters: Parameters::default(),
            source: Source::Segments(Vec::new()),
            is_json: false,
            is_framed: false,
        };
        input.set_shape(shape)?;
        Ok(input)
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the datatype.
    pub fn datatype(&self) -> Datatype {
        self.datatype
    }

    /// Returns the shape.
    pub fn shape(&self) -> &[i64] {
        &self.shape
    }

    /// Returns the size in bytes of the data appended so far, or of the shared memory; 0 for JSON text.
    pub fn byte_size(&self) -> u64 {
        match &self.source {
            Source::Segments(segments) => segments.iter().map(Segment::byte_size).sum(),
            Source::Json(_) => 0,
            Source::Region(region) => region.byte_size,
        }
    }

    /// Returns the shared memory that holds the data, if it is there.
    pub fn region(&self) -> Option<&Region> {
        match &self.source {
            Source::Region(region) => Some(region),
            _ => None,
        }
    }

    /// Returns the parameters.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Returns whether the elements are sent as text: as JSON over HTTP, as typed contents over gRPC.
    pub fn is_json(&self) -> bool {
        self.is_json
    }

    pub(crate) fn source(&self) -> &Source<'a> {
        &self.source
    }

    /// Returns the segments of the data; none if the data is not in memory.
    pub(crate) fn segments(&self) -> &[Segment<'a>] {
        match &self.source {
            Source::Segments(segments) => segments,
            _ => &[],
        }
    }

    /// Returns the data, segment by segment.
    pub(crate) fn data(&self) -> impl Iterator<Item = &[u8]> + Clone {
        self.segments().iter().map(Segment::bytes)
    }

    /// Returns the data in one piece; copies only if there are several segments.
    pub(crate) fn joined(&self) -> Cow<'_, [u8]> {
        let mut segments = self.data();
        let first = segments.next().unwrap_or_default();
        match segments.next() {
            None => Cow::Borrowed(first),
            Some(second) => {
                let mut data = [first, second].concat();
                segments.for_each(|segment| data.extend_from_slice(segment));
                Cow::Owned(data)
            }
        }
    }

    /// Checks the data of a raw body: it matches the shape, or is the bytes of one BYTES element.
    pub(crate) fn check_raw(&self) -> Result<()> {
        if self.datatype != Datatype::Bytes {
            return self.check();
        }
        if !self.is_framed {
            return Ok(());
        }
        let message = "a raw body holds one BYTES element without a length prefix: \
             append its bytes as data, not as strings";
        Err(self.context(Error::invalid(message)))
    }

    /// Returns whether the data follows a message in binary.
    pub(crate) fn is_binary(&self) -> bool {
        matches!(self.source, Source::Segments(_)) && !self.is_json
    }

    /// Sets the shape; the data stays as it is. INVALID_ARGUMENT for a negative dimension.
    pub fn set_shape(&mut self, shape: &[i64]) -> Result<()> {
        tensor::byte_size(self.datatype, shape).map_err(|error| self.context(error))?;
        self.shape = shape.to_owned();
        Ok(())
    }

    /// Replaces the data with `data`, which is borrowed.
    pub fn set_data(&mut self, data: &'a [u8]) {
        self.clear_data();
        self.append_data(data);
    }

    /// Appends a segment to the data. Segments are borrowed, and sent in the order of appending.
    pub fn append_data(&mut self, data: &'a [u8]) {
        self.append(Segment::borrowed(data));
    }

    /// Appends a copy of `data` to the data.
    pub fn append_data_copy(&mut self, data: &[u8]) {
        self.append(Segment::owned(data.to_owned()));
    }

    /// Appends a segment; data that is not in memory is dropped.
    pub(crate) fn append(&mut self, segment: Segment<'a>) {
        match &mut self.source {
            Source::Segments(segments) => segments.push(segment),
            source => {
                *source = Source::Segments(vec![segment]);
                self.is_framed = false;
            }
        }
    }

    /// Replaces the segments, if the data is in memory.
    #[cfg(feature = "jni")]
    pub(crate) fn replace_data(&mut self, data: Option<Segment<'a>>) {
        if let Source::Segments(segments) = &mut self.source {
            segments.clear();
            segments.extend(data);
        }
    }

    /// Appends elements to the data of a BYTES input. They are copied. INVALID_ARGUMENT for another datatype.
    pub fn append_strings<'e>(&mut self, elements: impl IntoIterator<Item = &'e [u8]>) -> Result<()> {
        if self.datatype != Datatype::Bytes {
            let (name, datatype) = (&self.name, self.datatype);
            return Err(Error::invalid(format!(
                "input '{name}': strings need datatype BYTES, and the input has {datatype}"
            )));
        }
        let mut tensor = Vec::new();
        for element in elements {
            bytes::append(&mut tensor, element).map_err(|error| self.context(error))?;
        }
        self.append(Segment::owned(tensor));
        self.is_framed = true;
        Ok(())
    }

    /// Drops the data, wherever it is.
    pub fn clear_data(&mut self) {
        self.is_framed = false;
        self.source = Source::Segments(Vec::new());
    }

    /// Takes the data from shared memory that is registered with the server under `region`: `byte_size`
    /// bytes, `offset` bytes from its start. Replaces the data set before.
    pub fn set_region(&mut self, region: &str, byte_size: u64, offset: u64) -> Result<()> {
        let region = Region::new(region, byte_size, offset).map_err(|error| self.context(error))?;
        self.clear_data();
        self.source = Source::Region(region);
        Ok(())
    }

    /// Undoes [`set_region`](Self::set_region): the input then has no data.
    pub fn clear_region(&mut self) {
        if self.region().is_some() {
            self.clear_data();
        }
    }

    /// Sets whether the elements are sent as text instead of in binary: as JSON over HTTP, as typed contents
    /// over gRPC, where either all inputs in memory are sent that way or none.
    ///
    /// BYTES elements must be UTF-8 over HTTP. FP16 and BF16 are numbers in JSON, which Triton rejects and
    /// other servers accept; typed contents have no such form, and the call returns INVALID_ARGUMENT. All
    /// digits of an FP64 element are sent, but Triton may read a neighboring number: seen with 2.51 and 2.73,
    /// for many digits and for extreme exponents. Binary data, the default, keeps every bit.
    pub fn set_json(&mut self, is_json: bool) {
        self.is_json = is_json;
    }

    /// Takes the data from a JSON array, flat or nested, which is sent unchanged. HTTP only. Replaces the
    /// data set before.
    pub fn set_json_text(&mut self, text: &str) -> Result<()> {
        if !text.trim_start().starts_with('[') {
            return Err(self.context(Error::invalid("JSON data must be an array")));
        }
        self.clear_data();
        self.source = Source::Json(text.to_owned());
        Ok(())
    }

    /// Undoes [`set_json_text`](Self::set_json_text): the input then has no data.
    pub fn clear_json_text(&mut self) {
        if matches!(self.source, Source::Json(_)) {
            self.clear_data();
        }
    }

    /// Sets a parameter; replaces the value set before. INVALID_ARGUMENT, with the reason, for a name that
    /// the protocol or Triton uses itself.
    pub fn set_parameter(&mut self, name: &str, value: impl Into<Parameter>) -> Result<()> {
        let value = value.into();
        ParameterScope::Input.check(name, &value).map_err(|error| self.context(error))?;
        self.parameters.set(name.to_owned(), value);
        Ok(())
    }

    /// Removes a parameter, if there is one of that name. INVALID_ARGUMENT for a name that cannot be set.
    pub fn remove_parameter(&mut self, name: &str) -> Result<()> {
        ParameterScope::Input.check_name(name).map_err(|error| self.context(error))?;
        self.parameters.remove(name);
        Ok(())
    }

    /// Checks what can be checked without the server: the data matches the shape.
    pub(crate) fn check(&self) -> Result<()> {
        let Self { name, datatype, shape, source, .. } = self;
        match source {
            // Checked where the JSON is written.
            Source::Json(_) => Ok(()),
            Source::Region(region) => match tensor::byte_size(*datatype, shape)? {
                Some(expected) if expected != region.byte_size => Err(Error::invalid(format!(
                    "input '{name}': expected {expected} bytes for datatype {datatype} and shape {shape:?}, \
                     got {} bytes of shared memory",
                    region.byte_size
                ))),
                _ => Ok(()),
            },
            Source::Segments(_) => self.check_data(self.data()),
        }
    }

    /// Checks that the bytes of a tensor match its shape.
    pub(crate) fn check_data<'s>(&self, segments: impl Iterator<Item = &'s [u8]> + Clone) -> Result<()> {
        let Self { name, datatype, shape, .. } = self;
        let have = segments.clone().map(|segment| segment.len() as u64).sum::<u64>();
        if let Some(expected) = tensor::byte_size(*datatype, shape)? {
            if have != expected {
                return Err(Error::invalid(format!(
                    "input '{name}': expected {expected} bytes for datatype {datatype} and shape {shape:?}, \
                     got {have} bytes"
                )));
            }
            return Ok(());
        }
        let count = bytes::count(segments)
            .map_err(|fault| Error::invalid(format!("input '{name}': invalid BYTES tensor: {fault}")))?;
        let expected = tensor::element_count(shape).unwrap_or(0);
        if count != expected {
            return Err(Error::invalid(format!(
                "input '{name}': expected {expected} elements for shape {shape:?}, got {count} elements"
            )));
        }
        Ok(())
    }

    fn context(&self, error: Error) -> Error {
        error.context(format_args!("input '{}'", self.name))
    }
}
