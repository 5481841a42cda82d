//! Reading into memory that holds nothing yet. HTTP/2 reads through tokio's `ReadBuf`, whose unfilled part can be had
//! without zeroing it first, which would touch every byte of an answer once more, only by an unsafe call: this one.

use std::{io, mem::MaybeUninit};

use tokio::io::ReadBuf;

/// Lets `step` fill the start of the unfilled part; it says how many bytes it filled.
pub(super) fn fill(
    into: &mut ReadBuf<'_>,
    step: impl FnOnce(&mut [MaybeUninit<u8>]) -> io::Result<usize>,
) -> io::Result<usize> {
    // SAFETY: nothing that was initialised is made uninitialised: `step` is the system's receive, which writes bytes.
    let spare = unsafe { into.unfilled_mut() };
    let most = spare.len();
    let count = step(spare)?.min(most);
    // SAFETY: the system's receive has written the bytes that it counts.
    unsafe { into.assume_init(count) };
    into.advance(count);
    Ok(count)
}
