//! Handles and out-parameters: pointers of C as references of Rust, and back.

use crate::error::{Error, Result};

/// The object of a handle. INVALID_ARGUMENT, with the parameter's name, for NULL.
///
/// # Safety
/// NULL, or made by `new_handle` and not freed (the contract's HANDLES), and not changed by another thread
/// (THREADS).
pub(super) unsafe fn handle<'a, T>(pointer: *const T, name: &str) -> Result<&'a T> {
    // SAFETY: the caller's promise.
    unsafe { pointer.as_ref() }.ok_or_else(|| null(name))
}

/// The object of a handle, to be changed.
///
/// # Safety
/// As for [`handle`], and not used by another thread (THREADS).
pub(super) unsafe fn handle_mut<'a, T>(pointer: *mut T, name: &str) -> Result<&'a mut T> {
    // SAFETY: the caller's promise.
    unsafe { pointer.as_mut() }.ok_or_else(|| null(name))
}

/// The body of a getter; `none` for NULL.
///
/// # Safety
/// NULL, or not freed (HANDLES).
pub(super) unsafe fn read<'a, O: 'a, T>(object: *const O, none: T, get: impl FnOnce(&'a O) -> T) -> T {
    // SAFETY: the caller's promise.
    match unsafe { object.as_ref() } {
        Some(object) => get(object),
        None => none,
    }
}

/// Makes a handle of an object.
pub(super) fn new_handle<T>(value: T) -> *mut T {
    Box::into_raw(Box::new(value))
}

/// Frees a handle. NULL is ignored.
///
/// # Safety
/// NULL, or made by `new_handle`, not freed, and not in use (HANDLES, THREADS).
pub(super) unsafe fn free<T>(pointer: *mut T) {
    // SAFETY: the caller's promise.
    unsafe { free_with(pointer, drop) };
}

/// Frees a handle whose object ends in another way than by being dropped. NULL is ignored.
///
/// # Safety
/// As for [`free`].
pub(super) unsafe fn free_with<T>(pointer: *mut T, end: impl FnOnce(T)) {
    if !pointer.is_null() {
        // SAFETY: the caller's promise.
        end(*unsafe { Box::from_raw(pointer) });
    }
}

/// An out-parameter, which holds its value for a failure already.
pub(super) struct Out<T> {
    pointer: *mut T,
    name: &'static str,
}

impl<T> Out<T> {
    /// Writes `otherwise`, the value for a failure.
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

    /// INVALID_ARGUMENT for NULL, before any work is done for the value.
    pub(super) fn required(self) -> Result<Self> {
        if self.pointer.is_null() { Err(null(self.name)) } else { Ok(self) }
    }

    pub(super) fn is_null(&self) -> bool {
        self.pointer.is_null()
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

/// The error of a parameter that must not be NULL.
pub(super) fn null(name: &str) -> Error {
    Error::invalid(format!("{name} is NULL"))
}
