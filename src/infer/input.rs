//! One input of a request: what it is, and where its data is.

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

/// An input of a request. [`InferRequest::inputs`](super::InferRequest::inputs) lists them.
#[derive(Debug)]
pub struct InferInput<'a> {
    name: String,
    datatype: Datatype,
    shape: Vec<i64>,
    parameters: Parameters,
    source: Source<'a>,
    is_json: bool,
    /// Whether elements were framed here: a raw body has them without their lengths.
    is_framed: bool,
}

/// Where the data of an input is.
#[derive(Debug)]
pub(crate) enum Source<'a> {
    /// In memory, in the segments in which it was given.
    Segments(Vec<Segment<'a>>),
    /// In a JSON text of the caller's: an array, flat or nested.
    Json(String),
    /// In shared memory that the server knows.
    Region(Region),
}

/// A part of a shared-memory region that is registered with the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// The name under which it is registered.
    pub name: String,
    /// The bytes of the tensor; of an output, those that there is room for.
    pub byte_size: u64,
    /// Where it begins, in bytes from the start of the region.
    pub offset: u64,
}

impl Region {
    pub(crate) fn new(name: &str, byte_size: u64, offset: u64) -> Result<Self> {
        if name.is_empty() || name.contains('\0') {
            return Err(Error::invalid("a shared-memory region needs a name, and one without a NUL"));
        }
        // Over gRPC both are signed.
        let end = byte_size.checked_add(offset).and_then(|end| i64::try_from(end).ok());
        if end.is_none() {
            let message = format!("{byte_size} bytes at offset {offset} are more than a region can have");
            return Err(Error::invalid(message));
        }
        Ok(Self { name: name.to_owned(), byte_size, offset })
    }
}

impl<'a> InferInput<'a> {
    pub(crate) fn new(name: &str, datatype: Datatype, shape: &[i64]) -> Result<Self> {
        if name.is_empty() {
            return Err(Error::invalid("an input needs a name"));
        }
        if datatype == Datatype::Invalid {
            let error = Error::invalid("INVALID is not a datatype of a tensor");
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

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The datatype.
    pub fn datatype(&self) -> Datatype {
        self.datatype
    }

    /// The shape.
    pub fn shape(&self) -> &[i64] {
        &self.shape
    }

    /// The bytes of the data that was given so far, or of the region; 0 for JSON text.
    pub fn byte_size(&self) -> u64 {
        match &self.source {
            Source::Segments(segments) => segments.iter().map(Segment::byte_size).sum(),
            Source::Json(_) => 0,
            Source::Region(region) => region.byte_size,
        }
    }

    /// The shared memory that the data is in, if it is.
    pub fn region(&self) -> Option<&Region> {
        match &self.source {
            Source::Region(region) => Some(region),
            _ => None,
        }
    }

    /// The parameters.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Whether the elements are to be spelled out: as JSON over HTTP, as typed contents over gRPC.
    pub fn is_json(&self) -> bool {
        self.is_json
    }

    pub(crate) fn source(&self) -> &Source<'a> {
        &self.source
    }

    /// The data, in the segments in which it was given; none if it is elsewhere.
    pub(crate) fn segments(&self) -> impl Iterator<Item = &[u8]> + Clone {
        let segments = match &self.source {
            Source::Segments(segments) => segments.as_slice(),
            _ => &[],
        };
        segments.iter().map(Segment::bytes)
    }

    /// The data in one piece: a copy only where it was given in several.
    pub(crate) fn joined(&self) -> Cow<'_, [u8]> {
        let mut segments = self.segments();
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

    /// What a raw body asks of its data: it makes up the shape, or is the bytes of one BYTES element.
    pub(crate) fn check_raw(&self) -> Result<()> {
        if self.datatype != Datatype::Bytes {
            return self.check();
        }
        let message = "a BYTES element stands in a raw body without its length: its bytes are given as data, not as strings";
        if self.is_framed { Err(self.context(Error::invalid(message))) } else { Ok(()) }
    }

    /// Whether the data follows a message in binary.
    pub(crate) fn is_binary(&self) -> bool {
        matches!(self.source, Source::Segments(_)) && !self.is_json
    }

    pub(crate) fn set_shape(&mut self, shape: &[i64]) -> Result<()> {
        tensor::byte_size(self.datatype, shape).map_err(|error| self.context(error))?;
        self.shape = shape.to_owned();
        Ok(())
    }

    /// Whatever else held the data is forgotten.
    pub(crate) fn append(&mut self, segment: Segment<'a>) {
        match &mut self.source {
            Source::Segments(segments) => segments.push(segment),
            source => {
                *source = Source::Segments(vec![segment]);
                self.is_framed = false;
            }
        }
    }

    pub(crate) fn append_strings<'e>(&mut self, elements: impl IntoIterator<Item = &'e [u8]>) -> Result<()> {
        if self.datatype != Datatype::Bytes {
            let (name, datatype) = (&self.name, self.datatype);
            return Err(Error::invalid(format!(
                "input '{name}' is {datatype}: only BYTES has elements like these"
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

    pub(crate) fn clear_data(&mut self) {
        self.is_framed = false;
        self.source = Source::Segments(Vec::new());
    }

    pub(crate) fn set_region(&mut self, region: Option<Region>) {
        match region {
            Some(region) => {
                self.clear_data();
                self.source = Source::Region(region);
            }
            None if self.region().is_some() => self.clear_data(),
            None => {}
        }
    }

    pub(crate) fn set_json(&mut self, is_json: bool) {
        self.is_json = is_json;
    }

    pub(crate) fn set_json_text(&mut self, text: &str) -> Result<()> {
        if !text.trim_start().starts_with('[') {
            return Err(self.context(Error::invalid("the JSON of a tensor is an array")));
        }
        self.clear_data();
        self.source = Source::Json(text.to_owned());
        Ok(())
    }

    pub(crate) fn set_parameter(&mut self, name: &str, value: Parameter) -> Result<()> {
        ParameterScope::Input.check(name, &value).map_err(|error| self.context(error))?;
        self.parameters.set(name.to_owned(), value);
        Ok(())
    }

    /// What can be told to be wrong without the server: bytes that do not make up the shape.
    pub(crate) fn check(&self) -> Result<()> {
        let Self { name, datatype, shape, source, .. } = self;
        match source {
            // Whoever writes the JSON reads the text.
            Source::Json(_) => Ok(()),
            Source::Region(region) => match tensor::byte_size(*datatype, shape)? {
                Some(want) if want != region.byte_size => Err(Error::invalid(format!(
                    "input '{name}' has {} bytes of shared memory, and a {datatype} tensor of shape {shape:?} has \
                     {want}",
                    region.byte_size
                ))),
                _ => Ok(()),
            },
            Source::Segments(_) => self.check_data(self.segments()),
        }
    }

    /// Holds the bytes of a tensor against the shape.
    pub(crate) fn check_data<'s>(&self, segments: impl Iterator<Item = &'s [u8]> + Clone) -> Result<()> {
        let Self { name, datatype, shape, .. } = self;
        let have = segments.clone().map(|segment| segment.len() as u64).sum::<u64>();
        if let Some(want) = tensor::byte_size(*datatype, shape)? {
            if have != want {
                return Err(Error::invalid(format!(
                    "input '{name}' has {have} bytes of data, and a {datatype} tensor of shape {shape:?} has {want}"
                )));
            }
            return Ok(());
        }
        let count = bytes::count(segments)
            .map_err(|fault| Error::invalid(format!("input '{name}' is no BYTES tensor: {fault}")))?;
        let want = tensor::element_count(shape).unwrap_or(0);
        if count != want {
            return Err(Error::invalid(format!(
                "input '{name}' has {count} elements, and shape {shape:?} has {want}"
            )));
        }
        Ok(())
    }

    fn context(&self, error: Error) -> Error {
        error.context(format_args!("input '{}'", self.name))
    }
}
