//! Sequences: requests that a stateful model treats as one.

use crate::error::{Error, Result};

/// The place of a request in a sequence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sequence {
    pub(crate) id: SequenceId,
    pub(crate) start: bool,
    pub(crate) end: bool,
}

/// What the requests of one sequence have in common (Triton's correlation id).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SequenceId {
    /// A number other than 0.
    Number(u64),
    /// A text that is not empty.
    Text(String),
}

impl From<u64> for SequenceId {
    fn from(id: u64) -> Self {
        Self::Number(id)
    }
}

impl From<&str> for SequenceId {
    fn from(id: &str) -> Self {
        Self::Text(id.to_owned())
    }
}

impl Sequence {
    /// INVALID_ARGUMENT for 0 and the empty text, which mean "no sequence" to Triton, and for a text with a NUL.
    pub(crate) fn new(id: SequenceId, start: bool, end: bool) -> Result<Self> {
        match &id {
            SequenceId::Number(0) => return Err(Error::invalid("a sequence's id can't be 0")),
            SequenceId::Text(id) if id.is_empty() => {
                return Err(Error::invalid("a sequence's id can't be empty"));
            }
            SequenceId::Text(id) if id.contains('\0') => {
                return Err(Error::invalid("Triton would cut the sequence's id at its NUL"));
            }
            _ => {}
        }
        Ok(Self { id, start, end })
    }
}
