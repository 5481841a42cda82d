//! HEADERS of a response: over HTTP those of RFC 9110, over gRPC the leading and the trailing metadata.
//!
//! They belong to the object whose headers they are (a result, an error, a generated text) and are valid
//! until it is freed. Names are in lower case, and in the order in which they were received; a name may occur
//! several times. Over gRPC the value of a name that ends in "-bin" is base64, as it was sent. Over HTTP a
//! response has at most 128 headers of at most 64 KiB together, over gRPC at most 1 MiB:
//! TRITON_STATUS_RESOURCE_EXHAUSTED beyond.

use std::{
    ffi::{CString, c_char},
    ptr,
};

use super::{
    convert::{self, EMPTY, c_string},
    handle::read,
    infallible::infallible,
};
use crate::headers::Headers;

/// The headers of a response. Belong to the object that they were read from.
pub struct triton_headers {
    list: Vec<(CString, CString)>,
}

impl triton_headers {
    fn get(&self, index: usize) -> Option<&(CString, CString)> {
        self.list.get(index)
    }
}

/// Copies all headers: C reads strings that end with a NUL. Made when they are first asked for.
impl From<&Headers> for triton_headers {
    fn from(headers: &Headers) -> Self {
        Self { list: headers.iter().map(|(name, value)| (c_string(name), c_string(value))).collect() }
    }
}

/// Returns the number of headers; 0 for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_headers_count(headers: *const triton_headers) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(headers, 0, |headers| headers.list.len()) })
}

/// Returns the name of a header, in lower case; "" past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_headers_name(headers: *const triton_headers, index: usize) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe {
        read(headers, EMPTY, |headers| headers.get(index).map_or(EMPTY, |(name, _)| name.as_ptr()))
    })
}

/// Returns the value of a header; "" past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_headers_value(headers: *const triton_headers, index: usize) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe {
        read(headers, EMPTY, |headers| headers.get(index).map_or(EMPTY, |(_, value)| value.as_ptr()))
    })
}

/// Finds a header by its name and returns its value.
///
/// @param name  in any case
/// @return the value, of the first header with that name if there are several; NULL if there is none, since a
///         value may be ""
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_headers_find(
    headers: *const triton_headers,
    name: *const c_char,
) -> *const c_char {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES, STRINGS.
        unsafe {
            let Ok(name) = convert::string(name, "name") else { return ptr::null() };
            read(headers, ptr::null(), |headers| {
                let is_it = |own: &CString| own.as_bytes().eq_ignore_ascii_case(name.as_bytes());
                let found = headers.list.iter().find(|(own, _)| is_it(own));
                found.map_or(ptr::null(), |(_, value)| value.as_ptr())
            })
        }
    })
}
