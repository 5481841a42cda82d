//! Where C enters a function that can fail: no panic gets past, and every failure becomes a status and an error object.

use std::ptr;

use super::error::{triton_error, triton_status};
use crate::{error::Result, panic};

/// Runs the body of a function that can fail. Writes `error_out`: NULL, or the error.
///
/// # Safety
/// `error_out` is NULL or can be written.
pub(super) unsafe fn boundary(
    error_out: *mut *mut triton_error,
    body: impl FnOnce() -> Result<()>,
) -> triton_status {
    let (status, error) = match panic::guard(body) {
        Ok(()) => (triton_status::TRITON_STATUS_OK, ptr::null_mut()),
        // Making the error object allocates and copies text: guarded as well, since nothing may unwind from here.
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
