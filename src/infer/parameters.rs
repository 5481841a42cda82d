//! Parameters: named values of a request, a result, or one of their tensors.

use std::fmt;

use crate::error::{Error, Result};

/// The kind of a parameter's value. The numbers are those of the C API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[repr(i32)]
pub enum ParameterKind {
    /// A [`Parameter::Bool`].
    Bool = 1,
    /// A [`Parameter::Int64`].
    Int64 = 2,
    /// A [`Parameter::Uint64`].
    Uint64 = 3,
    /// A [`Parameter::Double`].
    Double = 4,
    /// A [`Parameter::String`].
    String = 5,
}

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Parameter {
    /// True or false.
    Bool(bool),
    /// A signed integer.
    Int64(i64),
    /// An integer that does not fit an `i64`. Servers may send it; Triton accepts none.
    Uint64(u64),
    /// A floating-point number.
    Double(f64),
    /// A string.
    String(String),
}

impl Parameter {
    /// Returns the kind of the value.
    pub fn kind(&self) -> ParameterKind {
        match self {
            Self::Bool(_) => ParameterKind::Bool,
            Self::Int64(_) => ParameterKind::Int64,
            Self::Uint64(_) => ParameterKind::Uint64,
            Self::Double(_) => ParameterKind::Double,
            Self::String(_) => ParameterKind::String,
        }
    }
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

/// Parameters in the order in which they were set or received. Over gRPC, whose maps have no order, those of
/// an output are sorted by name.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameters(Vec<(String, Parameter)>);

impl Parameters {
    /// Returns the value of a name.
    pub fn get(&self, name: &str) -> Option<&Parameter> {
        self.0.iter().rev().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// Returns the names and values.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Parameter)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Returns the number of parameters.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether there are no parameters.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a received parameter. [`get`](Self::get) finds the later value of a name received twice: a search
    /// here would take quadratic time.
    pub(crate) fn receive(&mut self, name: String, value: Parameter) {
        self.0.push((name, value));
    }

    /// Sets a value; replaces the one of the same name.
    pub(crate) fn set(&mut self, name: String, value: Parameter) {
        match self.0.iter_mut().find(|(own, _)| *own == name) {
            Some((_, own)) => *own = value,
            None => self.0.push((name, value)),
        }
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.0.retain(|(own, _)| own != name);
    }
}

/// What a parameter belongs to, with the names that the protocol or Triton uses there itself.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ParameterScope {
    Request,
    Input,
    RequestedOutput,
}

impl ParameterScope {
    fn reserved(self) -> &'static [(&'static str, &'static str)] {
        const SHARED: &str = "use the setter of shared memory";
        const SEQUENCE: &str = "use the setter of the sequence";
        match self {
            Self::Request => &[
                ("sequence_id", SEQUENCE),
                ("sequence_start", SEQUENCE),
                ("sequence_end", SEQUENCE),
                ("priority", "use the setter of the priority"),
                ("timeout", "use the setter of the server timeout"),
                ("headers", "Triton uses it for the request's headers"),
                ("binary_data_output", "use the setter of binary outputs"),
            ],
            Self::Input => &[
                ("binary_data_size", "it follows from the input's data"),
                ("shared_memory_region", SHARED),
                ("shared_memory_byte_size", SHARED),
                ("shared_memory_offset", SHARED),
            ],
            Self::RequestedOutput => &[
                ("binary_data", "use the setter of JSON data"),
                ("classification", "use the setter of classification"),
                ("shared_memory_region", SHARED),
                ("shared_memory_byte_size", SHARED),
                ("shared_memory_offset", SHARED),
            ],
        }
    }

    /// Returns INVALID_ARGUMENT, with the reason, for a name that the caller must not set.
    pub(super) fn check_name(self, name: &str) -> Result<()> {
        if name.is_empty() {
            return Err(refused(name, "the name must not be empty"));
        }
        if name.contains('\0') {
            return Err(refused(name, "the name must not contain a NUL: Triton would truncate it"));
        }
        if name.starts_with("triton_") {
            return Err(refused(name, "names that begin with 'triton_' are reserved for Triton"));
        }
        match self.reserved().iter().find(|(reserved, _)| *reserved == name) {
            Some((_, why)) => Err(refused(name, why)),
            None => Ok(()),
        }
    }

    /// Returns INVALID_ARGUMENT, with the reason, for a parameter that the caller must not set.
    pub(super) fn check(self, name: &str, value: &Parameter) -> Result<()> {
        self.check_name(name)?;
        let refused = |why: &str| Err(refused(name, why));
        match value {
            Parameter::Uint64(_) => refused("Triton does not support unsigned 64-bit integers"),
            Parameter::Double(number) if !number.is_finite() => refused("the number must be finite"),
            Parameter::String(text) if text.contains('\0') => {
                refused("the string must not contain a NUL: Triton would truncate it")
            }
            _ => Ok(()),
        }
    }
}

fn refused(name: &str, why: &str) -> Error {
    Error::invalid(format!("invalid parameter '{name}': {why}"))
}
