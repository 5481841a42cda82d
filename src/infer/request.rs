//! What is asked of a model: inputs with their data, and the outputs that are wanted.

use std::sync::OnceLock;

use super::{
    datatype::Datatype,
    input::{InferInput, Region},
    output::RequestedOutput,
    parameters::{Parameter, ParameterScope, Parameters},
    sequence::{Sequence, SequenceId},
    tensor::Element,
};
use crate::{
    error::{Error, Result},
    lend::{OutputBuffer, Segment},
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
    inputs: Vec<InferInput<'a>>,
    outputs: Vec<RequestedOutput<'a>>,
    settings: Settings,
    /// The first error of the chained form.
    error: Option<String>,
    written: OnceLock<Written>,
}

/// What HTTP sends of a request beside its tensors and its id: written by the first call, kept for the next ones until the
/// request is changed.
#[derive(Debug)]
pub(crate) struct Written {
    pub path: String,
    pub json: Vec<u8>,
}

/// What a request says beside its tensors.
#[derive(Debug)]
pub(crate) struct Settings {
    pub id: String,
    pub sequence: Option<Sequence>,
    /// 0: the model's default.
    pub priority: u64,
    /// In microseconds; 0: the model's default.
    pub server_timeout_us: u64,
    pub parameters: Parameters,
    pub empty_final_response: bool,
    /// Of outputs over HTTP that are not told otherwise.
    pub binary_output: bool,
    pub raw_body: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            id: String::new(),
            sequence: None,
            priority: 0,
            server_timeout_us: 0,
            parameters: Parameters::default(),
            empty_final_response: false,
            binary_output: true,
            raw_body: false,
        }
    }
}

impl<'a> InferRequest<'a> {
    /// A request to a model, by its name on the server. Without a version the server chooses.
    ///
    /// Over HTTP the name is part of the URL, and Triton does not decode what is escaped there: a name with other characters
    /// than ASCII letters, digits and ``-._~!$&'()*+,;=:@`` is known to it over gRPC alone. Over HTTP it is NOT_FOUND, and
    /// never ready; a name with a `/` is refused before it is sent. Servers that decode URLs know all others.
    pub fn new(model_name: impl Into<String>) -> Self {
        Self {
            model_name: model_name.into(),
            model_version: String::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            settings: Settings::default(),
            error: None,
            written: OnceLock::new(),
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
        self.written.take();
    }

    /// See [`id`](Self::id).
    pub fn set_id(&mut self, id: impl Into<String>) {
        // Not part of what is kept: it is often another one in each call.
        self.settings.id = id.into();
    }

    /// Forgets everything but the model and its version, so that the request can be made anew.
    pub fn clear(&mut self) {
        self.inputs.clear();
        self.outputs.clear();
        self.error = None;
        *self.settings_mut() = Settings::default();
    }

    /// Makes the request one of a sequence, which a stateful model keeps apart by its `id`; `start` in its first
    /// request, `end` in its last. INVALID_ARGUMENT for an id of 0 or of no characters, which is "no sequence" to Triton.
    pub fn set_sequence(&mut self, id: impl Into<SequenceId>, start: bool, end: bool) -> Result<()> {
        self.settings_mut().sequence = Some(Sequence::new(id.into(), start, end)?);
        Ok(())
    }

    /// Makes the request one of no sequence, as it was.
    pub fn clear_sequence(&mut self) {
        self.settings_mut().sequence = None;
    }

    /// The priority within the model's queue, if the model has any: 1 is the highest. 0 (the default): the model's own.
    pub fn set_priority(&mut self, priority: u64) {
        self.settings_mut().priority = priority;
    }

    /// How long, in microseconds, the request may wait in the server's queue, if the model lets requests say so. 0
    /// (the default): the model's own limit. INVALID_ARGUMENT beyond 2^63 - 1. The time limit of a call is an option of
    /// the call ([`CallOptions::set_timeout`](crate::CallOptions::set_timeout)).
    pub fn set_server_timeout_us(&mut self, timeout_us: u64) -> Result<()> {
        if i64::try_from(timeout_us).is_err() {
            return Err(Error::invalid(format!("{timeout_us} us are more than a request can say")));
        }
        self.settings_mut().server_timeout_us = timeout_us;
        Ok(())
    }

    /// Sets a parameter of the request, in place of the one that the name had. INVALID_ARGUMENT, with the reason, for a
    /// name that the protocol or Triton uses itself.
    pub fn set_parameter(&mut self, name: &str, value: impl Into<Parameter>) -> Result<()> {
        let value = value.into();
        ParameterScope::Request.check(name, &value)?;
        self.settings_mut().parameters.set(name.to_owned(), value);
        Ok(())
    }

    /// Asks a decoupled model's stream for a last response without outputs. It goes over gRPC alone: Triton refuses it
    /// over HTTP, where there are no such streams.
    pub fn set_empty_final_response(&mut self, wanted: bool) {
        self.settings_mut().empty_final_response = wanted;
    }

    /// Whether outputs come in binary over HTTP (the default) or as JSON, unless a requested output says otherwise
    /// ([`set_output_json`](Self::set_output_json)).
    pub fn set_binary_output(&mut self, is_binary: bool) {
        self.settings_mut().binary_output = is_binary;
    }

    /// Sends the one input's bytes over HTTP as the whole body, without any JSON (Triton's raw binary request): for
    /// models with one input, of which at most one dimension is variable; a BYTES input is then one element, without
    /// its length, and so its bytes are given by [`append_data`](Self::append_data). Whatever else the request says does not go out, so saying it is INVALID_ARGUMENT from the call, as
    /// is gRPC.
    pub fn set_raw_body(&mut self, is_raw: bool) {
        self.settings_mut().raw_body = is_raw;
    }

    /// Adds an input without data, and returns its index: 0, 1, 2 in the order of adding.
    ///
    /// INVALID_ARGUMENT: no name, a name that is there already, [`Datatype::Invalid`], a negative dimension.
    pub fn add_input(&mut self, name: &str, datatype: Datatype, shape: &[i64]) -> Result<usize> {
        let input = InferInput::new(name, datatype, shape)?;
        if self.inputs.iter().any(|input| input.name() == name) {
            return Err(Error::invalid(format!("input '{name}' is in the request already")));
        }
        self.written.take();
        self.inputs.push(input);
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
        self.input_at(input)?.append_strings(elements)
    }

    pub(crate) fn append(&mut self, input: usize, segment: Segment<'a>) -> Result<()> {
        self.input_at(input)?.append(segment);
        Ok(())
    }

    /// Gives an input another shape; its data stays as it is.
    pub fn set_input_shape(&mut self, input: usize, shape: &[i64]) -> Result<()> {
        self.input_at(input)?.set_shape(shape)
    }

    /// Forgets an input's data, wherever it was.
    pub fn clear_input_data(&mut self, input: usize) -> Result<()> {
        self.input_at(input)?.clear_data();
        Ok(())
    }

    /// Takes an input's data from shared memory that is registered with the server: `byte_size` bytes, `offset` bytes
    /// from the start of the region. Data that was given before is forgotten.
    pub fn set_input_region(
        &mut self,
        input: usize,
        region: &str,
        byte_size: u64,
        offset: u64,
    ) -> Result<()> {
        let region = Region::new(region, byte_size, offset)?;
        self.input_at(input)?.set_region(Some(region));
        Ok(())
    }

    /// Undoes [`set_input_region`](Self::set_input_region): the input has no data then.
    pub fn clear_input_region(&mut self, input: usize) -> Result<()> {
        self.input_at(input)?.set_region(None);
        Ok(())
    }

    /// Spells an input's elements out instead of sending them in binary: as JSON over HTTP, as typed contents over
    /// gRPC, where either all inputs in memory are spelled out or none. BYTES elements have to be UTF-8 over HTTP. FP16 and
    /// BF16 are numbers in JSON, which Triton refuses and other servers take; over gRPC they have no such form: the call is
    /// INVALID_ARGUMENT. All digits of an FP64 element are sent, but Triton may read a neighboring number: seen with 2.51
    /// and 2.73, for many digits and for extreme exponents. Binary data, the default, keeps every bit.
    pub fn set_input_json(&mut self, input: usize, is_json: bool) -> Result<()> {
        self.input_at(input)?.set_json(is_json);
        Ok(())
    }

    /// Takes an input's data from a JSON array, flat or nested, that stands in the request as it is. HTTP only. Data
    /// that was given before is forgotten.
    pub fn set_input_json_text(&mut self, input: usize, text: &str) -> Result<()> {
        self.input_at(input)?.set_json_text(text)
    }

    /// Sets a parameter of an input, in place of the one that the name had.
    pub fn set_input_parameter(
        &mut self,
        input: usize,
        name: &str,
        value: impl Into<Parameter>,
    ) -> Result<()> {
        self.input_at(input)?.set_parameter(name, value.into())
    }

    /// What may be changed through it is written anew.
    fn settings_mut(&mut self) -> &mut Settings {
        self.written.take();
        &mut self.settings
    }

    fn input_at(&mut self, index: usize) -> Result<&mut InferInput<'a>> {
        self.written.take();
        let count = self.inputs.len();
        self.inputs
            .get_mut(index)
            .ok_or_else(|| Error::invalid(format!("there is no input {index}: the request has {count}")))
    }

    /// Asks for an output, and returns its index: 0, 1, 2 in the order of adding. INVALID_ARGUMENT: no name, or a name
    /// that is there already.
    pub fn add_requested_output(&mut self, name: &str) -> Result<usize> {
        let output = RequestedOutput::new(name)?;
        if self.outputs.iter().any(|output| output.name() == name) {
            return Err(Error::invalid(format!("output '{name}' is requested already")));
        }
        self.written.take();
        self.outputs.push(output);
        Ok(self.outputs.len() - 1)
    }

    /// Asks for a requested output as its `count` best classes, which come as BYTES
    /// ([`InferOutput::classes`](super::InferOutput::classes)). 0: as the tensor that it is.
    pub fn set_output_class_count(&mut self, output: usize, count: u32) -> Result<()> {
        self.output_at(output)?.set_class_count(count);
        Ok(())
    }

    /// Asks for a requested output as JSON over HTTP instead of in binary; the result is the same. Triton refuses FP16 and
    /// BF16; other servers send them as numbers, and NaN and infinities of any floating-point datatype as `null`, which is
    /// read as NaN: binary data and gRPC keep infinities.
    pub fn set_output_json(&mut self, output: usize, is_json: bool) -> Result<()> {
        self.output_at(output)?.set_json(is_json);
        Ok(())
    }

    /// Makes the server write a requested output to shared memory that is registered with it. The result then tells the
    /// output's shape and has no data. RESOURCE_EXHAUSTED or INTERNAL from the server if `byte_size` is too small.
    pub fn set_output_region(
        &mut self,
        output: usize,
        region: &str,
        byte_size: u64,
        offset: u64,
    ) -> Result<()> {
        let region = Region::new(region, byte_size, offset)?;
        self.output_at(output)?.set_region(Some(region));
        Ok(())
    }

    /// Undoes [`set_output_region`](Self::set_output_region).
    pub fn clear_output_region(&mut self, output: usize) -> Result<()> {
        self.output_at(output)?.set_region(None);
        Ok(())
    }

    /// Sets a parameter of a requested output, in place of the one that the name had.
    pub fn set_output_parameter(
        &mut self,
        output: usize,
        name: &str,
        value: impl Into<Parameter>,
    ) -> Result<()> {
        self.output_at(output)?.set_parameter(name, value.into())
    }

    /// Makes an answer write a requested output straight into `buffer`, from its start; the result then tells the
    /// output's shape and byte size, and the data is read here, once the request is gone. RESOURCE_EXHAUSTED from the
    /// call if the buffer is too small, which then is left as it was. A request with a buffer is in one call at a time:
    /// FAILED_PRECONDITION for a second one. What the buffer holds after a call that failed otherwise is undefined.
    pub fn set_buffer(&mut self, output: usize, buffer: &'a mut [u8]) -> Result<()> {
        self.set_output_buffer(output, Some(OutputBuffer::borrowed(buffer)))
    }

    pub(crate) fn set_output_buffer(
        &mut self,
        output: usize,
        landing: Option<OutputBuffer<'a>>,
    ) -> Result<()> {
        self.output_at(output)?.set_output_buffer(landing);
        Ok(())
    }

    fn output_at(&mut self, index: usize) -> Result<&mut RequestedOutput<'a>> {
        self.written.take();
        let count = self.outputs.len();
        self.outputs.get_mut(index).ok_or_else(|| {
            Error::invalid(format!("there is no requested output {index}: the request has {count}"))
        })
    }

    /// The inputs, in the order of adding.
    pub fn inputs(&self) -> &[InferInput<'a>] {
        &self.inputs
    }

    /// The outputs that are asked for, in the order of adding.
    pub fn requested_outputs(&self) -> &[RequestedOutput<'a>] {
        &self.outputs
    }

    pub(crate) fn model(&self) -> (&str, &str) {
        (&self.model_name, &self.model_version)
    }

    pub(crate) fn request_id(&self) -> &str {
        &self.settings.id
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn written(&self) -> &OnceLock<Written> {
        &self.written
    }

    /// Whether anything goes out in binary, be it of no bytes.
    pub(crate) fn has_binary(&self) -> bool {
        self.inputs.iter().any(InferInput::is_binary)
    }

    /// The data that goes out in binary, in the order of the inputs.
    pub(crate) fn tensors(&self) -> impl Iterator<Item = &[u8]> + Clone {
        self.inputs.iter().filter(|input| input.is_binary()).flat_map(InferInput::segments)
    }

    /// What can be told to be wrong without the server: an error of the chained form, an input whose bytes do not
    /// make up its shape, what can't be wanted at once.
    pub(crate) fn check(&self) -> Result<()> {
        if let Some(message) = &self.error {
            return Err(Error::invalid(message.clone()));
        }
        if self.settings.id.contains('\0') {
            return Err(Error::invalid("the request's id has a NUL, at which Triton would cut it"));
        }
        self.outputs.iter().try_for_each(RequestedOutput::check)?;
        if self.settings.raw_body {
            return self.check_raw_body();
        }
        self.inputs.iter().try_for_each(InferInput::check)
    }

    /// A raw body has room for one tensor and nothing else.
    fn check_raw_body(&self) -> Result<()> {
        let Settings { id, sequence, priority, server_timeout_us, parameters, .. } = &self.settings;
        let says_more = !id.is_empty()
            || sequence.is_some()
            || *priority != 0
            || *server_timeout_us != 0
            || !parameters.is_empty()
            || !self.settings.binary_output
            || !self.outputs.iter().all(RequestedOutput::is_buffer_alone);
        match &self.inputs[..] {
            [input] if input.is_binary() && input.parameters().is_empty() && !says_more => input.check_raw(),
            _ => Err(Error::invalid("a raw body is the data of one input in binary, and says nothing else")),
        }
    }
}
