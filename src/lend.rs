//! The caller's memory on loan.
//!
//! A segment that was borrowed is kept as a pointer and a length, not as a slice: C refills its arrays between calls,
//! and a `&[u8]` that lived across such a write would be undefined behaviour. A slice exists only while a call reads.
//! Safe Rust adds the lifetime, so the compiler checks what C promises in a sentence.

use std::{marker::PhantomData, ptr::NonNull, slice};

/// A stretch of an input's data: borrowed from the caller, or a copy of our own.
#[derive(Debug)]
pub(crate) struct Segment<'a>(Memory<'a>);

#[derive(Debug)]
enum Memory<'a> {
    Borrowed { start: NonNull<u8>, byte_size: usize, lifetime: PhantomData<&'a [u8]> },
    Owned(Vec<u8>),
}

// SAFETY: a borrowed segment is read-only memory that nobody writes while it is read, as with `&'a [u8]`, which is
// Send and Sync too (the rule of `from_raw`).
unsafe impl Send for Segment<'_> {}
// SAFETY: as above.
unsafe impl Sync for Segment<'_> {}

impl<'a> Segment<'a> {
    pub fn borrowed(data: &'a [u8]) -> Self {
        Self(Memory::Borrowed {
            start: NonNull::from(data).cast(),
            byte_size: data.len(),
            lifetime: PhantomData,
        })
    }

    pub fn owned(data: Vec<u8>) -> Self {
        Self(Memory::Owned(data))
    }

    /// # Safety
    /// For as long as `'a`, and whenever a call uses the segment, `start` points to `byte_size` bytes that can be read
    /// and that nobody writes meanwhile. A null `start` only with `byte_size` 0. Between calls the bytes may change.
    pub unsafe fn from_raw(start: *const u8, byte_size: usize) -> Self {
        match NonNull::new(start.cast_mut()) {
            Some(start) => Self(Memory::Borrowed { start, byte_size, lifetime: PhantomData }),
            None => Self(Memory::Owned(Vec::new())),
        }
    }

    pub fn byte_size(&self) -> u64 {
        match &self.0 {
            Memory::Borrowed { byte_size, .. } => *byte_size as u64,
            Memory::Owned(data) => data.len() as u64,
        }
    }

    /// The bytes, for the time of one call.
    pub fn bytes(&self) -> &[u8] {
        match &self.0 {
            Memory::Borrowed { start, byte_size, .. } => {
                // SAFETY: whoever made the segment promised it readable and unwritten while a call uses it (the rule of
                // `from_raw`; `borrowed` has it from the compiler), and this slice does not outlive the call.
                unsafe { slice::from_raw_parts(start.as_ptr(), *byte_size) }
            }
            Memory::Owned(data) => data,
        }
    }
}
