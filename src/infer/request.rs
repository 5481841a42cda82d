//! What is asked of a model: inputs with their data, and the outputs that are wanted.

use super::{
    bytes,
    datatype::Datatype,
    tensor::{self, Element},
};
use crate::{
    error::{Error, Result},
    lend::{Landing, Segment},
};

/// An inference request. It can be sent any number of times, by several threads at once, to any server.
///
/// Input data is borrowed for `'a` and read only while a call runs. Everything is checked as it is added; with the
/// chained form ([`input`](Self::input)) the first error waits and comes out of `infer`.
///
/// ```
/// use triton_client::InferRequest;
///
/// let (a, b) = ([1i32; 16], [2i32; 16]);
/// let request = InferRequest::new("simple").input("INPUT0", &[1, 16], &a).input("INPUT1", &[1, 16], &b);
/// ```
#[derive(Debug)]
pub struct InferRequest<'a> {
    model_name: String,
    model_version: String,
    id: String,
    inputs: Vec<InferInput<'a>>,
    outputs: Vec<RequestedOutput<'a>>,
    /// The first error of the chained form.
    error: Option<String>,
}

/// One input of a request: what it is, and its data in the segments in which it was given.
#[derive(Debug)]
pub(crate) struct InferInput<'a> {
    pub name: String,
    pub datatype: Datatype,
    pub shape: Vec<i64>,
    segments: Vec<Segment<'a>>,
}

/// One output that is wanted.
#[derive(Debug)]
pub(crate) struct RequestedOutput<'a> {
    pub name: String,
    /// Where its bytes are to go, if not to the result.
    pub landing: Option<Landing<'a>>,
}

impl<'a> InferRequest<'a> {
    /// A request to a model, by its name on the server. Without a version the server chooses.
    pub fn new(model_name: impl Into<String>) -> Self {
        Self {
            model_name: model_name.into(),
            model_version: String::new(),
            id: String::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            error: None,
        }
    }

    /// The version of the model, `"1"`. Empty (the default): the server chooses.
    pub fn model_version(mut self, version: impl Into<String>) -> Self {
        self.set_model_version(version);
        self
    }

    /// The id of the request, which comes back with the result and stands in errors. Empty (the default): none.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.set_id(id);
        self
    }

    /// Adds an input whose datatype is that of the elements of `data`: `data` is borrowed, in row-major order.
    pub fn input<T: Element>(self, name: &str, shape: &[i64], data: &'a [T]) -> Self {
        self.input_bytes(name, T::DATATYPE, shape, bytemuck::cast_slice(data))
    }

    /// Adds an input of any datatype from the bytes of its tensor: row-major, lowest byte first.
    pub fn input_bytes(self, name: &str, datatype: Datatype, shape: &[i64], data: &'a [u8]) -> Self {
        self.chain(|request| {
            let index = request.add_input(name, datatype, shape)?;
            request.append_data(index, data)
        })
    }

    /// Adds a BYTES input from its elements, which are copied.
    pub fn input_strings(self, name: &str, shape: &[i64], elements: &[impl AsRef<[u8]>]) -> Self {
        self.chain(|request| {
            let index = request.add_input(name, Datatype::Bytes, shape)?;
            request.append_strings(index, elements.iter().map(AsRef::as_ref))
        })
    }

    /// Asks for an output. A request that asks for none gets all outputs of the model.
    pub fn output(self, name: &str) -> Self {
        self.chain(|request| request.add_requested_output(name).map(drop))
    }

    fn chain(mut self, step: impl FnOnce(&mut Self) -> Result<()>) -> Self {
        if self.error.is_none() {
            self.error = step(&mut self).err().map(|error| error.to_string());
        }
        self
    }

    /// See [`model_version`](Self::model_version).
    pub fn set_model_version(&mut self, version: impl Into<String>) {
        self.model_version = version.into();
    }

    /// See [`id`](Self::id).
    pub fn set_id(&mut self, id: impl Into<String>) {
        self.id = id.into();
    }

    /// Adds an input without data, and returns its index: 0, 1, 2 in the order of adding.
    ///
    /// INVALID_ARGUMENT: no name, a name that is there already, [`Datatype::Invalid`], a negative dimension.
    pub fn add_input(&mut self, name: &str, datatype: Datatype, shape: &[i64]) -> Result<usize> {
        if name.is_empty() {
            return Err(Error::invalid("an input needs a name"));
        }
        if self.inputs.iter().any(|input| input.name == name) {
            return Err(Error::invalid(format!("input '{name}' is in the request already")));
        }
        let input = |error: Error| error.context(format_args!("input '{name}'"));
        if datatype == Datatype::Invalid {
            return Err(input(Error::invalid("INVALID is not a datatype of a tensor")));
        }
        tensor::byte_size(datatype, shape).map_err(input)?;
        self.inputs.push(InferInput {
            name: name.to_owned(),
            datatype,
            shape: shape.to_owned(),
            segments: Vec::new(),
        });
        Ok(self.inputs.len() - 1)
    }

    /// Appends a segment to an input's data: borrowed, sent in the order of appending.
    pub fn append_data(&mut self, input: usize, data: &'a [u8]) -> Result<()> {
        self.append(input, Segment::borrowed(data))
    }

    /// Appends a copy of `data` to an input's data.
    pub fn append_data_copy(&mut self, input: usize, data: &[u8]) -> Result<()> {
        self.append(input, Segment::owned(data.to_owned()))
    }

    /// Appends elements to the data of a BYTES input. They are copied, each behind its length.
    pub fn append_strings<'e>(
        &mut self,
        input: usize,
        elements: impl IntoIterator<Item = &'e [u8]>,
    ) -> Result<()> {
        let to = self.input_at(input)?;
        if to.datatype != Datatype::Bytes {
            let (name, datatype) = (&to.name, to.datatype);
            return Err(Error::invalid(format!(
                "input '{name}' is {datatype}: only BYTES has elements like these"
            )));
        }
        let mut tensor = Vec::new();
        for element in elements {
            bytes::append(&mut tensor, element)?;
        }
        self.append(input, Segment::owned(tensor))
    }

    pub(crate) fn append(&mut self, input: usize, segment: Segment<'a>) -> Result<()> {
        self.input_at(input)?.segments.push(segment);
        Ok(())
    }

    fn input_at(&mut self, index: usize) -> Result<&mut InferInput<'a>> {
        let count = self.inputs.len();
        self.inputs
            .get_mut(index)
            .ok_or_else(|| Error::invalid(format!("there is no input {index}: the request has {count}")))
    }

    /// Asks for an output, and returns its index: 0, 1, 2 in the order of adding. INVALID_ARGUMENT: no name, or a name
    /// that is there already.
    pub fn add_requested_output(&mut self, name: &str) -> Result<usize> {
        if name.is_empty() {
            return Err(Error::invalid("a requested output needs a name"));
        }
        if self.outputs.iter().any(|output| output.name == name) {
            return Err(Error::invalid(format!("output '{name}' is requested already")));
        }
        self.outputs.push(RequestedOutput { name: name.to_owned(), landing: None });
        Ok(self.outputs.len() - 1)
    }

    /// Makes an answer write a requested output straight into `buffer`, from its start; the result then tells the
    /// output's shape and byte size, and the data is read here, once the request is gone. RESOURCE_EXHAUSTED from the
    /// call if the buffer is too small. A request with a buffer is in one call at a time: FAILED_PRECONDITION for a
    /// second one. What the buffer holds after a call that failed is undefined.
    pub fn set_buffer(&mut self, output: usize, buffer: &'a mut [u8]) -> Result<()> {
        self.set_landing(output, Some(Landing::borrowed(buffer)))
    }

    pub(crate) fn set_landing(&mut self, output: usize, landing: Option<Landing<'a>>) -> Result<()> {
        let count = self.outputs.len();
        let output = self.outputs.get_mut(output).ok_or_else(|| {
            Error::invalid(format!("there is no requested output {output}: the request has {count}"))
        })?;
        output.landing = landing;
        Ok(())
    }

    pub(crate) fn model(&self) -> (&str, &str) {
        (&self.model_name, &self.model_version)
    }

    pub(crate) fn request_id(&self) -> &str {
        &self.id
    }

    pub(crate) fn inputs(&self) -> &[InferInput<'a>] {
        &self.inputs
    }

    pub(crate) fn outputs(&self) -> &[RequestedOutput<'a>] {
        &self.outputs
    }

    /// Of the data of all inputs.
    pub(crate) fn tensor_byte_size(&self) -> u64 {
        self.inputs.iter().map(InferInput::byte_size).sum()
    }

    /// What can be told to be wrong without the server: an error of the chained form, an input whose bytes do not
    /// make up its shape.
    pub(crate) fn check(&self) -> Result<()> {
        if let Some(message) = &self.error {
            return Err(Error::invalid(message.clone()));
        }
        self.inputs.iter().try_for_each(InferInput::check)
    }
}

impl InferInput<'_> {
    /// The data, in the segments in which it was given.
    pub fn segments(&self) -> impl Iterator<Item = &[u8]> {
        self.segments.iter().map(Segment::bytes)
    }

    pub fn byte_size(&self) -> u64 {
        self.segments.iter().map(Segment::byte_size).sum()
    }

    fn check(&self) -> Result<()> {
        let Self { name, datatype, shape, .. } = self;
        let have = self.byte_size();
        if let Some(want) = tensor::byte_size(*datatype, shape)? {
            if have != want {
                return Err(Error::invalid(format!(
                    "input '{name}' has {have} bytes of data, and a {datatype} tensor of shape {shape:?} has {want}"
                )));
            }
            return Ok(());
        }
        let want = tensor::element_count(shape).unwrap_or(0);
        let count = bytes::count(self.segments())
            .map_err(|fault| Error::invalid(format!("input '{name}' is no BYTES tensor: {fault}")))?;
        if count != want {
            return Err(Error::invalid(format!(
                "input '{name}' has {count} elements, and a tensor of shape {shape:?} has {want}"
            )));
        }
        Ok(())
    }
}
