//! One requested output of a request: its form, and the destination of its data.

use std::sync::Arc;

use super::{
    input::Region,
    parameters::{Parameter, ParameterScope, Parameters},
};
use crate::{
    error::{Error, Result},
    lend::OutputBuffer,
};

/// A requested output.
///
/// [`InferRequest::outputs`](super::InferRequest::outputs) lists the requested outputs,
/// [`InferRequest::output_mut`](super::InferRequest::output_mut) gives one to change.
#[derive(Debug)]
pub struct RequestedOutput<'a> {
    /// Shared with calls, which may outlive the request.
    name: Arc<str>,
    class_count: u32,
    is_json: bool,
    region: Option<Region>,
    buffer: Option<OutputBuffer<'a>>,
    parameters: Parameters,
}

impl<'a> RequestedOutput<'a> {
    pub(crate) fn new(name: &str) -> Result<Self> {
        if name.is_empty() {
            return Err(Error::invalid("the name of a requested output must not be empty"));
        }
        Ok(Self {
            name: name.into(),
            class_count: 0,
            is_json: false,
            region: None,
            buffer: None,
            parameters: Parameters::default(),
        })
    }

    /// Returns the name.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn shared_name(&self) -> &Arc<str> {
        &self.name
    }

    /// Returns the number of classes requested; 0 if the tensor itself is requested.
    pub fn class_count(&self) -> u32 {
        self.class_count
    }

    /// Returns the shared memory that the output is written to, if it is.
    pub fn region(&self) -> Option<&Region> {
        self.region.as_ref()
    }

    /// Returns the parameters.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Returns whether the output is requested as JSON over HTTP.
    pub fn is_json(&self) -> bool {
        self.is_json
    }

    /// Returns the caller's buffer that the output is written to, if there is one.
    pub(crate) fn buffer(&self) -> Option<&OutputBuffer<'a>> {
        self.buffer.as_ref()
    }

    /// Requests the `count` best classes of the output instead of its tensor. They come as BYTES
    /// ([`InferOutput::classes`](super::InferOutput::classes)). 0, the default, requests the tensor.
    pub fn set_class_count(&mut self, count: u32) {
        self.class_count = count;
    }

    /// Sets whether the output is requested as JSON over HTTP instead of in binary; the result is the same.
    ///
    /// Triton rejects FP16 and BF16; other servers send them as numbers, and NaN and infinities of any
    /// floating-point datatype as `null`, which is read as NaN: binary data and gRPC keep infinities.
    pub fn set_json(&mut self, is_json: bool) {
        self.is_json = is_json;
    }

    /// Makes the server write the output to shared memory that is registered with it under `region`. The
    /// result then has the output's shape and no data. The server fails the call if `byte_size` is too small.
    pub fn set_region(&mut self, region: &str, byte_size: u64, offset: u64) -> Result<()> {
        let region = Region::new(region, byte_size, offset).map_err(|error| self.context(error))?;
        self.region = Some(region);
        Ok(())
    }

    /// Undoes [`set_region`](Self::set_region).
    pub fn clear_region(&mut self) {
        self.region = None;
    }

    /// Makes each call write the output straight into `buffer`, from its start. The result then has the
    /// output's shape and byte size; the data is in the buffer, which is readable once the request is
    /// dropped.
    ///
    /// The call returns RESOURCE_EXHAUSTED if the buffer is too small, and then leaves it unchanged. After
    /// any other failure its contents are unspecified. A request with a buffer is in one call at a time:
    /// FAILED_PRECONDITION for a second one.
    pub fn set_buffer(&mut self, buffer: &'a mut [u8]) {
        self.buffer = Some(OutputBuffer::borrowed(buffer));
    }

    pub(crate) fn set_output_buffer(&mut self, buffer: Option<OutputBuffer<'a>>) {
        self.buffer = buffer;
    }

    /// Sets a parameter; replaces the value set before. INVALID_ARGUMENT, with the reason, for a name that
    /// the protocol or Triton uses itself.
    pub fn set_parameter(&mut self, name: &str, value: impl Into<Parameter>) -> Result<()> {
        let value = value.into();
        ParameterScope::RequestedOutput.check(name, &value).map_err(|error| self.context(error))?;
        self.parameters.set(name.to_owned(), value);
        Ok(())
    }

    /// Removes a parameter, if there is one of that name. INVALID_ARGUMENT for a name that cannot be set.
    pub fn remove_parameter(&mut self, name: &str) -> Result<()> {
        ParameterScope::RequestedOutput.check_name(name).map_err(|error| self.context(error))?;
        self.parameters.remove(name);
        Ok(())
    }

    /// Returns whether only a buffer is set, which is not sent to the server.
    pub(crate) fn is_buffer_alone(&self) -> bool {
        let Self { class_count, is_json, region, buffer, parameters, .. } = self;
        buffer.is_some() && region.is_none() && *class_count == 0 && !is_json && parameters.is_empty()
    }

    /// Checks for settings that exclude each other.
    pub(crate) fn check(&self) -> Result<()> {
        let both = |a: &str, b: &str| {
            let message = format!("an output cannot be requested both {a} and {b}");
            Err(self.context(Error::invalid(message)))
        };
        match self {
            Self { region: Some(_), buffer: Some(_), .. } => both("in shared memory", "in a buffer"),
            Self { region: Some(_), class_count: 1.., .. } => both("in shared memory", "as classes"),
            Self { region: Some(_), is_json: true, .. } => both("in shared memory", "as JSON"),
            _ => Ok(()),
        }
    }

    fn context(&self, error: Error) -> Error {
        error.context(format_args!("output '{}'", self.name))
    }
}
