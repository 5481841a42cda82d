//! Sequences: requests to a stateful model that belong together.

use crate::error::{Error, Result};

/// The sequence of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sequence {
    pub(crate) id: SequenceId,
    pub(crate) start: bool,
    pub(crate) end: bool,
}

/// The id that the requests of one sequence share (Triton's correlation id).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SequenceId {
    /// A number; 0 means none.
    Number(u64),
    /// A string; an empty one means none.
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
    /// Creates a sequence; `None` for 0 and the empty string, which are "no sequence" to Triton.
    /// INVALID_ARGUMENT for them with a flag, and for a string with a NUL.
    pub(crate) fn new(id: SequenceId, start: bool, end: bool) -> Result<Option<Self>> {
        let is_none = match &id {
            SequenceId::Number(id) => *id == 0,
            SequenceId::Text(id) => id.is_empty(),
        };
        if is_none && (start || end) {
            return Err(Error::invalid("a sequence that starts or ends needs an id other than 0 or ''"));
        }
        if matches!(&id, SequenceId::Text(id) if id.contains('\0')) {
            return Err(Error::invalid(
                "the id of a sequence must not contain a NUL: Triton would truncate it",
            ));
        }
        Ok((!is_none).then_some(Self { id, start, end }))
    }
}
