//! The entry of C into a function that can fail: stops panics, and turns a failure into a status and an error
//! object.

use std::ptr;

use super::{
    error::{triton_error, triton_status},
    handle::handle_mut,
};
use crate::{error::Result, panic};

/// Runs the body of a function that can fail, and writes the error, or NULL, to `error_out`.
///
/// # Safety
/// `error_out` is NULL or can be written.
pub(super) unsafe fn boundary(
    error_out: *mut *mut triton_error,
    body: impl FnOnce() -> Result<()>,
) -> triton_status {
    let (status, error) = match panic::guard(body) {
        Ok(()) => (triton_status::TRITON_STATUS_OK, ptr::null_mut()),
        // Making the error object is guarded as well: it allocates, and nothing may unwind into C.
        Err(error) => {
            let status = error.status().into();
            let boxed = if error_out.is_null() {
                Ok(ptr::null_mut())
            } else {
                panic::guard(|| Ok(Box::into_raw(Box::new(triton_error::new(error)))))
            };
            (status, boxed.unwrap_or(ptr::null_mut()))
        }
    };
    if !error_out.is_null() {
        // SAFETY: not NULL, and then the caller promises that it can be written.
        unsafe { error_out.write(error) };
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
