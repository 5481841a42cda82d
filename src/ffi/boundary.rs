//! The entry of C into a function that can fail: stops panics, and turns a failure into a status and an error
//! object.

use std::ptr;

use super::error::{triton_error, triton_status};
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
