//! The pointer of the caller that is passed to a callback, on any thread.

use std::ffi::c_void;

/// A pointer of the caller, with its finalizer if the callback is persistent.
pub(super) struct UserData {
    pointer: *mut c_void,
    /// A `triton_finalizer`.
    finalizer: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
}

// SAFETY: the contract's CALLBACKS: any thread may call the callback and the finalizer.
unsafe impl Send for UserData {}
// SAFETY: as above.
unsafe impl Sync for UserData {}

impl UserData {
    pub(super) fn new(
        pointer: *mut c_void,
        finalizer: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    ) -> Self {
        Self { pointer, finalizer }
    }

    /// By a method, so that a closure takes the whole, with the finalizer, and not the pointer alone.
    pub(super) fn pointer(&self) -> *mut c_void {
        self.pointer
    }
}

impl Drop for UserData {
    fn drop(&mut self) {
        if let Some(finalizer) = self.finalizer {
            // SAFETY: the caller's function with the caller's pointer, once (CALLBACKS).
            unsafe { finalizer(self.pointer) };
        }
    }
}
