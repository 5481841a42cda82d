//! The entry of C into a function that can fail: stops panics, and turns a failure into a status and an error
//! object.

use std::ptr;

use super::{
    error::{triton_error, triton_status},
    handle::handle_mut,
};
use crate::{
    error::{Error, Result},
    panic,
};

/// Runs the body of a function that can fail, and writes the error, or NULL, to `error_out`.
///
/// # Safety
/// `error_out` is NULL or can be written.
pub(super) unsafe fn boundary(
    error_out: *mut *mut triton_error,
    body: impl FnOnce() -> Result<()>,
) -> triton_status {
    match panic::guard(body) {
        Ok(()) => {
            if !error_out.is_null() {
                // SAFETY: not NULL, and then the caller promises that it can be written.
                unsafe { error_out.write(ptr::null_mut()) };
            }
            triton_status::TRITON_STATUS_OK
        }
        // SAFETY: the caller's promise.
        Err(error) => unsafe { fail(error, error_out) },
    }
}

/// The end of a function that has failed; not a part of each.
///
/// # Safety
/// As for [`boundary`].
#[cold]
#[inline(never)]
unsafe fn fail(error: Error, error_out: *mut *mut triton_error) -> triton_status {
    let status = error.status().into();
    if !error_out.is_null() {
        // Making the error object is guarded as well: it allocates, and nothing may unwind into C.
        let boxed = panic::guard(|| Ok(Box::into_raw(Box::new(triton_error::new(error)))));
        // SAFETY: not NULL, and then the caller promises that it can be written.
        unsafe { error_out.write(boxed.unwrap_or(ptr::null_mut())) };
    }
    status
}

/// The body of a setter: changes the object of a handle, behind [`boundary`].
///
/// # Safety
/// As for [`handle_mut`] and [`boundary`].
pub(super) unsafe fn change<O>(
    object: *mut O,
    error_out: *mut *mut triton_error,
    name: &str,
    set: impl FnOnce(&mut O) -> Result<()>,
) -> triton_status {
    // SAFETY: the caller's promise.
    unsafe { boundary(error_out, || set(handle_mut(object, name)?)) }
}
