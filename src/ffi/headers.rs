//! Headers of an answer as C reads them: texts that end with a NUL, made when somebody asks.

use std::{
    ffi::{CString, c_char},
    sync::OnceLock,
};

use super::convert::c_string;
use crate::headers::Headers;

/// Names and values.
#[derive(Default)]
pub(super) struct Texts(OnceLock<Vec<(CString, CString)>>);

impl Texts {
    fn get(&self, headers: Option<&Headers>, index: usize) -> Option<&(CString, CString)> {
        let text = |(name, value): (&str, &str)| (c_string(name), c_string(value));
        let list = self
            .0
            .get_or_init(|| headers.map_or_else(Vec::new, |headers| headers.iter().map(text).collect()));
        list.get(index)
    }

    /// An empty text past the end.
    pub(super) fn name(&self, headers: Option<&Headers>, index: usize) -> *const c_char {
        self.get(headers, index).map_or(c"".as_ptr(), |(name, _)| name.as_ptr())
    }

    /// An empty text past the end.
    pub(super) fn value(&self, headers: Option<&Headers>, index: usize) -> *const c_char {
        self.get(headers, index).map_or(c"".as_ptr(), |(_, value)| value.as_ptr())
    }
}
