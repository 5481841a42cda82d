//! Handles and out-parameters: pointers of C's made into references of Rust's, and back.

use crate::error::{Error, Result};

/// The handle behind a pointer; INVALID_ARGUMENT with the parameter's name for NULL.
///
/// # Safety
/// NULL, or made by `new_handle` and not yet freed (the contract's HANDLES), with nobody changing it meanwhile
/// (THREADS).
pub(super) unsafe fn handle<'a, T>(pointer: *const T, name: &str) -> Result<&'a T> {
    // SAFETY: the caller's promise.
    unsafe { pointer.as_ref() }.ok_or_else(|| null(name))
}

/// The same for a handle that is to be changed.
///
/// # Safety
/// As for [`handle`], and nobody else uses it meanwhile (THREADS).
pub(super) unsafe fn handle_mut<'a, T>(pointer: *mut T, name: &str) -> Result<&'a mut T> {
    // SAFETY: the caller's promise.
    unsafe { pointer.as_mut() }.ok_or_else(|| null(name))
}

/// Reads what a getter is asked for; `none` for NULL, which is no object.
///
/// # Safety
/// NULL, or not yet freed (HANDLES).
pub(super) unsafe fn read<'a, O: 'a, T>(object: *const O, none: T, get: impl FnOnce(&'a O) -> T) -> T {
    // SAFETY: the caller's promise.
    match unsafe { object.as_ref() } {
        Some(object) => get(object),
        None => none,
    }
}

/// Gives a handle to C.
pub(super) fn new_handle<T>(value: T) -> *mut T {
    Box::into_raw(Box::new(value))
}

/// Takes a handle back from C and ends it.
///
/// # Safety
/// NULL, or made by `new_handle`, not yet freed, and in nobody's use (HANDLES, THREADS).
pub(super) unsafe fn free<T>(pointer: *mut T) {
    if !pointer.is_null() {
        // SAFETY: the caller's promise.
        drop(unsafe { Box::from_raw(pointer) });
    }
}

/// An out-parameter, already holding what it holds on failure.
pub(super) struct Out<T> {
    pointer: *mut T,
    name: &'static str,
}

impl<T> Out<T> {
    /// Writes `otherwise`, the value for every path but success.
    ///
    /// # Safety
    /// NULL, or can be written until the function returns (OUT-PARAMETERS).
    pub(super) unsafe fn new(pointer: *mut T, name: &'static str, otherwise: T) -> Self {
        if !pointer.is_null() {
            // SAFETY: the caller's promise.
            unsafe { pointer.write(otherwise) };
        }
        Self { pointer, name }
    }

    /// INVALID_ARGUMENT for NULL: asked before any work is done for the value.
    pub(super) fn required(self) -> Result<Self> {
        if self.pointer.is_null() { Err(null(self.name)) } else { Ok(self) }
    }

    /// The same for a value that costs something to make: not made for NULL.
    pub(super) fn set_with(self, value: impl FnOnce() -> T) {
        if !self.pointer.is_null() {
            self.set(value());
        }
    }

    pub(super) fn set(self, value: T) {
        if !self.pointer.is_null() {
            // SAFETY: not NULL, and `new` was promised that it can be written.
            unsafe { self.pointer.write(value) };
        }
    }
}

/// The error of a NULL that must not be one.
pub(super) fn null(name: &str) -> Error {
    Error::invalid(format!("{name} is NULL"))
}
