//! Parameters: named values beside the tensors, of a request or a result, or of one of its tensors.

use std::fmt;

use crate::error::{Error, Result};

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Parameter {
    /// True or false.
    Bool(bool),
    /// A whole number with a sign.
    Int64(i64),
    /// A whole number that has no room in an `i64`. Servers may send it; Triton takes none.
    Uint64(u64),
    /// A number with a fraction.
    Double(f64),
    /// A text.
    String(String),
}

impl From<bool> for Parameter {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Parameter {
    fn from(value: i64) -> Self {
        Self::Int64(value)
    }
}

impl From<f64> for Parameter {
    fn from(value: f64) -> Self {
        Self::Double(value)
    }
}

impl From<&str> for Parameter {
    fn from(value: &str) -> Self {
        Self::String(value.to_owned())
    }
}

impl From<String> for Parameter {
    fn from(value: String) -> Self {
        Self::String(value)
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::Int64(value) => value.fmt(f),
            Self::Uint64(value) => value.fmt(f),
            Self::Double(value) => fmt::Debug::fmt(value, f),
            Self::String(value) => fmt::Debug::fmt(value, f),
        }
    }
}

/// Parameters by name, in the order in which they were set or came; those of an output over gRPC, whose maps have no order,
/// by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters(Vec<(String, Parameter)>);

impl Parameters {
    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Parameter> {
        self.0.iter().rev().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// Names and values.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Parameter)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The number of parameters.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds what a server said. A name that it says twice has the later value, and is not looked for here: that would
    /// take a time that grows with the square of their number.
    pub(crate) fn receive(&mut self, name: String, value: Parameter) {
        self.0.push((name, value));
    }

    /// Sets a value, in place of the one that the name had.
    pub(crate) fn set(&mut self, name: String, value: Parameter) {
        match self.0.iter_mut().find(|(own, _)| *own == name) {
            Some((_, own)) => *own = value,
            None => self.0.push((name, value)),
        }
    }
}

/// What a parameter stands at, and the names there that the protocol or Triton itself uses.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ParameterScope {
    Request,
    Input,
    RequestedOutput,
}

impl ParameterScope {
    fn reserved(self) -> &'static [(&'static str, &'static str)] {
        const SHARED: &str = "the setter of shared memory sets it";
        const SEQUENCE: &str = "the setter of the sequence sets it";
        match self {
            Self::Request => &[
                ("sequence_id", SEQUENCE),
                ("sequence_start", SEQUENCE),
                ("sequence_end", SEQUENCE),
                ("priority", "the setter of the priority sets it"),
                ("timeout", "the setter of the server's time limit sets it"),
                ("headers", "Triton hands the request's headers over by it"),
                ("binary_data_output", "the requested outputs say it"),
            ],
            Self::Input => &[
                ("binary_data_size", "the input's data says it"),
                ("shared_memory_region", SHARED),
                ("shared_memory_byte_size", SHARED),
                ("shared_memory_offset", SHARED),
            ],
            Self::RequestedOutput => &[
                ("binary_data", "the setter of JSON data sets it"),
                ("classification", "the setter of classification sets it"),
                ("shared_memory_region", SHARED),
                ("shared_memory_byte_size", SHARED),
                ("shared_memory_offset", SHARED),
            ],
        }
    }

    /// INVALID_ARGUMENT, with the reason, for a parameter that is not the caller's to set.
    pub fn check(self, name: &str, value: &Parameter) -> Result<()> {
        let refused = |why: &str| Err(Error::invalid(format!("parameter '{name}' can't be set: {why}")));
        if name.is_empty() {
            return refused("it has no name");
        }
        if name.contains('\0') {
            return refused("Triton would cut the name at its NUL");
        }
        if name.starts_with("triton_") {
            return refused("names that begin with triton_ are Triton's own");
        }
        if let Some((_, why)) = self.reserved().iter().find(|(reserved, _)| *reserved == name) {
            return refused(why);
        }
        match value {
            Parameter::Uint64(_) => refused("Triton takes no number of 64 bits without a sign"),
            Parameter::Double(number) if !number.is_finite() => refused("JSON has no such number"),
            Parameter::String(text) if text.contains('\0') => refused("Triton would cut the text at its NUL"),
            _ => Ok(()),
        }
    }
}
