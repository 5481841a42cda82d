//! One output that a request asks for: in which form, and where it goes.

use super::{
    input::Region,
    parameters::{Parameter, ParameterScope, Parameters},
};
use crate::{
    error::{Error, Result},
    lend::OutputBuffer,
};

/// An output that a request asks for. [`InferRequest::requested_outputs`](super::InferRequest::requested_outputs) lists
/// them.
#[derive(Debug)]
pub struct RequestedOutput<'a> {
    name: String,
    class_count: u32,
    is_json: bool,
    region: Option<Region>,
    landing: Option<OutputBuffer<'a>>,
    parameters: Parameters,
}

impl<'a> RequestedOutput<'a> {
    pub(crate) fn new(name: &str) -> Result<Self> {
        if name.is_empty() {
            return Err(Error::invalid("a requested output needs a name"));
        }
        Ok(Self {
            name: name.to_owned(),
            class_count: 0,
            is_json: false,
            region: None,
            landing: None,
            parameters: Parameters::default(),
        })
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// As how many classes the output is wanted; 0: as the tensor that it is.
    pub fn class_count(&self) -> u32 {
        self.class_count
    }

    /// The shared memory that the output goes to, if it does.
    pub fn region(&self) -> Option<&Region> {
        self.region.as_ref()
    }

    /// The parameters.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Whether the output is wanted as JSON over HTTP.
    pub fn is_json(&self) -> bool {
        self.is_json
    }

    /// The caller's memory that the output goes to, if it does.
    pub(crate) fn landing(&self) -> Option<&OutputBuffer<'a>> {
        self.landing.as_ref()
    }

    pub(crate) fn set_class_count(&mut self, count: u32) {
        self.class_count = count;
    }

    pub(crate) fn set_json(&mut self, is_json: bool) {
        self.is_json = is_json;
    }

    pub(crate) fn set_region(&mut self, region: Option<Region>) {
        self.region = region;
    }

    pub(crate) fn set_output_buffer(&mut self, landing: Option<OutputBuffer<'a>>) {
        self.landing = landing;
    }

    pub(crate) fn set_parameter(&mut self, name: &str, value: Parameter) -> Result<()> {
        ParameterScope::RequestedOutput
            .check(name, &value)
            .map_err(|error| error.context(format_args!("output '{}'", self.name)))?;
        self.parameters.set(name.to_owned(), value);
        Ok(())
    }

    /// Whether it says where the output goes, and nothing that the server would have to hear.
    pub(crate) fn is_buffer_alone(&self) -> bool {
        let Self { class_count, is_json, region, landing, parameters, .. } = self;
        landing.is_some() && region.is_none() && *class_count == 0 && !is_json && parameters.is_empty()
    }

    /// What can't be wanted at once.
    pub(crate) fn check(&self) -> Result<()> {
        let both = |a: &str, b: &str| {
            Err(Error::invalid(format!("output '{}' is wanted {a} and {b}: it is one of them", self.name)))
        };
        match self {
            Self { region: Some(_), landing: Some(_), .. } => both("in shared memory", "in a buffer"),
            Self { region: Some(_), class_count: 1.., .. } => both("in shared memory", "as classes"),
            Self { region: Some(_), is_json: true, .. } => both("in shared memory", "as JSON"),
            _ => Ok(()),
        }
    }
}
