//! An inference in each of its modes, blocking and asynchronous, and memory that a call borrows.

use std::{
    ptr::{self, NonNull},
    slice,
    time::Duration,
};

use triton_client::{CallOptions, Client, InferRequest, InferResult, Result};

/// Longer than any call of a test takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// How an inference is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Blocking,
    Async,
}

pub(crate) const MODES: [Mode; 2] = [Mode::Blocking, Mode::Async];

impl Mode {
    /// Makes an inference and waits until it is complete.
    #[track_caller]
    pub(crate) fn infer(
        self,
        client: &Client,
        request: &InferRequest<'static>,
        options: &CallOptions,
    ) -> Result<InferResult> {
        match self {
            Self::Blocking => client.infer_with(request, options),
            Self::Async => {
                let call = client.infer_async(request, options)?;
                call.wait(Some(PATIENCE)).expect("a call that ends");
                call.take_result()
            }
        }
    }
}

/// Memory that calls borrow, and that a test overwrites as soon as the call is complete, which C permits.
pub(crate) struct Memory {
    start: NonNull<u8>,
    byte_size: usize,
}

// SAFETY: it is written only while no call uses it.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl Memory {
    pub(crate) fn new(byte_size: usize, byte: u8) -> Self {
        let memory = Box::leak(vec![byte; byte_size].into_boxed_slice());
        Self { start: NonNull::from(memory).cast(), byte_size }
    }

    /// Lends it to a call, until the next [`fill`](Self::fill).
    pub(crate) fn lend(&self) -> &'static [u8] {
        // SAFETY: the library uses it until the call is complete. Only then the test writes it or drops it.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.byte_size) }
    }

    /// Lends it to a call that writes it, until the next [`fill`](Self::fill).
    pub(crate) fn lend_mut(&self) -> &'static mut [u8] {
        // SAFETY: as in `lend`; only one call has it.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.byte_size) }
    }

    /// Overwrites it, after the call is complete.
    pub(crate) fn fill(&self, byte: u8) {
        // SAFETY: no call uses it.
        unsafe { ptr::write_bytes(self.start.as_ptr(), byte, self.byte_size) };
    }

    pub(crate) fn is_filled_with(&self, byte: u8) -> bool {
        self.lend().iter().all(|own| *own == byte)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: it was allocated as a boxed slice of this size, and no call uses it.
        drop(unsafe { Box::from_raw(ptr::slice_from_raw_parts_mut(self.start.as_ptr(), self.byte_size)) });
    }
}
