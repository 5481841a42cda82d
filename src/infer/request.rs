//! An inference request: inputs with their data, and the outputs that are requested.

use std::sync::{Arc, OnceLock};

use super::{
    datatype::Datatype,
    input::InferInput,
    output::RequestedOutput,
    parameters::{Parameter, ParameterScope, Parameters},
    sequence::{Sequence, SequenceId},
    tensor::Element,
};
use crate::{
    error::{Error, Result},
    lend::Segment,
};

/// An inference request. It can be sent any number of times, by several threads at once, to any server.
///
/// Input data is borrowed for `'a` and read only during a call. Names, datatypes and shapes are checked as
/// they are added; the chained form ([`input`](Self::input)) keeps the first error, and `infer` returns it.
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
    /// The first error of the chained form, returned by the call.
    error: Option<String>,
    written: OnceLock<Arc<Written>>,
}

/// The path and JSON of a request over HTTP, without its id. Written by the first call and kept until the
/// request is changed.
#[derive(Debug)]
pub(crate) struct Written {
    pub path: String,
    pub json: Vec<u8>,
}

/// The fields of a request beside its tensors.
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
    /// The default for outputs over HTTP.
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
    /// Creates a request to a model, by its name on the server, without inputs. The server chooses the
    /// version.
    ///
    /// Over HTTP the name is part of the URL, and Triton does not decode percent-encoded characters: a name
    /// with characters other than ASCII letters, digits and ``-._~!$&'()*+,;=:@`` works over gRPC only. Over
    /// HTTP it is NOT_FOUND, and never ready; a name with a `/` is INVALID_ARGUMENT. Servers that decode URLs
    /// accept all other names.
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

    /// Sets the version of the model, `"1"`. The default is empty: the server chooses.
    pub fn model_version(mut self, version: impl Into<String>) -> Self {
        self.set_model_version(version);
        self
    }

    /// Sets the id of the request, which the result and errors repeat. The default is empty: no id.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.set_id(id);
        self
    }

    /// Adds an input whose datatype follows from the element type of `data`, which is borrowed, in row-major
    /// order.
    pub fn input<T: Element>(self, name: &str, shape: &[i64], data: &'a [T]) -> Self {
        self.input_bytes(name, T::DATATYPE, shape, bytemuck::cast_slice(data))
    }

    /// Adds an input as [`input`](Self::input) does, and copies `data`: for requests of asynchronous calls,
    /// which are `'static`.
    pub fn input_copy<T: Element>(self, name: &str, shape: &[i64], data: &[T]) -> Self {
        self.chain(|request| {
            let index = request.add_input(name, T::DATATYPE, shape)?;
            request.input_mut(index)?.append_data_copy(bytemuck::cast_slice(data));
            Ok(())
        })
    }

    /// Adds an input of any datatype from the bytes of its tensor: borrowed, row-major, little-endian.
    pub fn input_bytes(self, name: &str, datatype: Datatype, shape: &[i64], data: &'a [u8]) -> Self {
        self.chain(|request| {
            let index = request.add_input(name, datatype, shape)?;
            request.input_mut(index)?.append_data(data);
            Ok(())
        })
    }

    /// Adds a BYTES input from its elements, which are copied.
    pub fn input_strings(self, name: &str, shape: &[i64], elements: &[impl AsRef<[u8]>]) -> Self {
        self.chain(|request| {
            request.add_input_strings(name, shape, elements.iter().map(AsRef::as_ref)).map(drop)
        })
    }

    /// Requests an output. If no output is requested, the result has all outputs of the model.
    pub fn output(self, name: &str) -> Self {
        self.chain(|request| request.add_output(name).map(drop))
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
        // Not part of `written`: it often differs from call to call.
        self.settings.id = id.into();
    }

    /// Removes everything but the model and its version: inputs, outputs, parameters, sequence and other
    /// settings.
    pub fn clear(&mut self) {
        self.inputs.clear();
        self.outputs.clear();
        self.error = None;
        *self.settings_mut() = Settings::default();
    }

    /// Sets the sequence that the request belongs to, for stateful models: `start` in its first request,
    /// `end` in its last.
    ///
    /// An id of 0 or `""`, which is "no sequence" to Triton, undoes it; with `start` or `end` it is
    /// INVALID_ARGUMENT.
    ///
    /// A request that is cancelled, or meets its deadline, is in doubt. Triton 2.51 has run it in all cases
    /// but one, also if it was still queued, and the sequence continues: only a sequence whose `start` waits
    /// because the model has no free slot for it is dropped as a whole. A request with `start` begins a
    /// sequence anew at any time. An abandoned sequence keeps its slot until the model's
    /// `max_sequence_idle_microseconds` have passed: send a request with `end`.
    pub fn set_sequence(&mut self, id: impl Into<SequenceId>, start: bool, end: bool) -> Result<()> {
        self.settings_mut().sequence = Sequence::new(id.into(), start, end)?;
        Ok(())
    }

    /// Sets the priority within the model's queue, if the model has priorities: 1 is the highest. The default
    /// is 0: the model's default priority.
    pub fn set_priority(&mut self, priority: u64) {
        self.settings_mut().priority = priority;
    }

    /// Sets how long, in microseconds, the request may wait in the server's queue, if the model allows it.
    /// The default is 0: the model's own timeout. INVALID_ARGUMENT above 2^63 - 1. The timeout of the call
    /// itself is an option of the call ([`CallOptions::set_timeout`](crate::CallOptions::set_timeout)).
    pub fn set_server_timeout_us(&mut self, timeout_us: u64) -> Result<()> {
        if i64::try_from(timeout_us).is_err() {
            return Err(Error::invalid(format!("server timeout {timeout_us} exceeds 2^63 - 1")));
        }
        self.settings_mut().server_timeout_us = timeout_us;
        Ok(())
    }

    /// Sets a parameter of the request; replaces the value set before. INVALID_ARGUMENT, with the reason, for
    /// a name that the protocol or Triton uses itself.
    pub fn set_parameter(&mut self, name: &str, value: impl Into<Parameter>) -> Result<()> {
        let value = value.into();
        ParameterScope::Request.check(name, &value)?;
        self.settings_mut().parameters.set(name.to_owned(), value);
        Ok(())
    }

    /// Removes a parameter of the request, if there is one of that name. INVALID_ARGUMENT for a name that
    /// cannot be set.
    pub fn remove_parameter(&mut self, name: &str) -> Result<()> {
        ParameterScope::Request.check_name(name)?;
        self.settings_mut().parameters.remove(name);
        Ok(())
    }

    /// Returns the parameters of the request.
    pub fn parameters(&self) -> &Parameters {
        &self.settings.parameters
    }

    /// Sets whether a decoupled model's stream ends each request with a response without outputs. Sent over
    /// gRPC only: Triton rejects it over HTTP, which has no such streams.
    pub fn set_empty_final_response(&mut self, is_enabled: bool) {
        self.settings_mut().empty_final_response = is_enabled;
    }

    /// Sets whether outputs come in binary over HTTP (the default) or as JSON. A requested output may
    /// override it ([`RequestedOutput::set_json`]).
    pub fn set_binary_output(&mut self, is_binary: bool) {
        self.settings_mut().binary_output = is_binary;
    }

    /// Sets whether the data of the only input is sent over HTTP as the whole body, without JSON (Triton's
    /// raw binary request).
    ///
    /// For models with one input that has at most one variable dimension. A BYTES input is then one element
    /// without its length prefix: its bytes are appended as data ([`InferInput::append_data`]). The call
    /// returns INVALID_ARGUMENT if the request has settings that a raw body cannot hold, and over gRPC.
    pub fn set_raw_body(&mut self, is_raw: bool) {
        self.settings_mut().raw_body = is_raw;
    }

    /// Adds an input without data and returns its index: 0, 1, 2 in the order of adding.
    ///
    /// INVALID_ARGUMENT if the name is empty or already added, for [`Datatype::Invalid`], and for a negative
    /// dimension.
    pub fn add_input(&mut self, name: &str, datatype: Datatype, shape: &[i64]) -> Result<usize> {
        self.push_input(InferInput::new(name, datatype, shape)?)
    }

    /// Adds a BYTES input with its elements, which are copied. If it fails, no input is added.
    pub(crate) fn add_input_strings<'e>(
        &mut self,
        name: &str,
        shape: &[i64],
        elements: impl IntoIterator<Item = &'e [u8]>,
    ) -> Result<usize> {
        let mut input = InferInput::new(name, Datatype::Bytes, shape)?;
        input.append_strings(elements)?;
        self.push_input(input)
    }

    fn push_input(&mut self, input: InferInput<'a>) -> Result<usize> {
        if self.inputs.iter().any(|other| other.name() == input.name()) {
            return Err(Error::invalid(format!("input '{}' is already in the request", input.name())));
        }
        self.written.take();
        self.inputs.push(input);
        Ok(self.inputs.len() - 1)
    }

    /// Returns an input to change: its data, shape, form and parameters. INVALID_ARGUMENT past the end.
    pub fn input_mut(&mut self, input: usize) -> Result<&mut InferInput<'a>> {
        self.written.take();
        let count = self.inputs.len();
        self.inputs.get_mut(input).ok_or_else(|| {
            Error::invalid(format!("there is no input {input}: the request has {count} inputs"))
        })
    }

    /// Replaces the data of an input by data of the same size, or drops it until that comes: what was written
    /// for the input stays valid.
    #[cfg(feature = "jni")]
    pub(crate) fn replace_data(&mut self, input: usize, data: Option<Segment<'a>>) {
        if let Some(input) = self.inputs.get_mut(input) {
            input.replace_data(data);
        }
    }

    /// Drops `written`, which holds what is about to change.
    fn settings_mut(&mut self) -> &mut Settings {
        self.written.take();
        &mut self.settings
    }

    /// Adds a requested output and returns its index: 0, 1, 2 in the order of adding. INVALID_ARGUMENT if the
    /// name is empty or already requested.
    pub fn add_output(&mut self, name: &str) -> Result<usize> {
        let output = RequestedOutput::new(name)?;
        if self.outputs.iter().any(|output| output.name() == name) {
            return Err(Error::invalid(format!("output '{name}' is already requested")));
        }
        self.written.take();
        self.outputs.push(output);
        Ok(self.outputs.len() - 1)
    }

    /// Returns a requested output to change: its form, destination and parameters. INVALID_ARGUMENT past the
    /// end.
    pub fn output_mut(&mut self, output: usize) -> Result<&mut RequestedOutput<'a>> {
        self.written.take();
        let count = self.outputs.len();
        self.outputs.get_mut(output).ok_or_else(|| {
            let message = format!("there is no output {output}: the request has {count} requested outputs");
            Error::invalid(message)
        })
    }

    /// Returns the inputs, in the order of adding.
    pub fn inputs(&self) -> &[InferInput<'a>] {
        &self.inputs
    }

    /// Returns the requested outputs, in the order of adding.
    pub fn outputs(&self) -> &[RequestedOutput<'a>] {
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

    pub(crate) fn written(&self) -> &OnceLock<Arc<Written>> {
        &self.written
    }

    /// Returns whether any input is sent in binary, also one of 0 bytes.
    pub(crate) fn has_binary(&self) -> bool {
        self.inputs.iter().any(InferInput::is_binary)
    }

    /// Returns the segments of the data that is sent in binary, in the order of the inputs.
    pub(crate) fn tensors(&self) -> impl Iterator<Item = &Segment<'a>> {
        self.inputs.iter().filter(|input| input.is_binary()).flat_map(InferInput::segments)
    }

    /// Checks what can be checked without the server: an error of the chained form, data that does not match
    /// its shape, settings that exclude each other.
    pub(crate) fn check(&self) -> Result<()> {
        if let Some(message) = &self.error {
            return Err(Error::invalid(message.clone()));
        }
        if self.settings.id.contains('\0') {
            return Err(Error::invalid("the request id must not contain a NUL: Triton would truncate it"));
        }
        self.outputs.iter().try_for_each(RequestedOutput::check)?;
        if self.settings.raw_body {
            return self.check_raw_body();
        }
        self.inputs.iter().try_for_each(InferInput::check)
    }

    /// Checks that a raw body can hold the request: one tensor and nothing else.
    fn check_raw_body(&self) -> Result<()> {
        let Settings { id, sequence, priority, server_timeout_us, parameters, .. } = &self.settings;
        let has_more = !id.is_empty()
            || sequence.is_some()
            || *priority != 0
            || *server_timeout_us != 0
            || !parameters.is_empty()
            || !self.settings.binary_output
            || !self.outputs.iter().all(RequestedOutput::is_buffer_alone);
        match &self.inputs[..] {
            [input] if input.is_binary() && input.parameters().is_empty() && !has_more => input.check_raw(),
            _ => Err(Error::invalid(
                "a raw body holds the binary data of one input and nothing else: no id, parameters, sequence, \
                 priority, server timeout or output settings",
            )),
        }
    }
}
