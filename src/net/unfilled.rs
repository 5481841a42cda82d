//! Receiving into memory that holds nothing yet. HTTP/2 reads through tokio's `ReadBuf`, whose unfilled part can be had
//! without zeroing it first, which would touch every byte of an answer once more, only by an unsafe call: this one.

use std::os::fd::AsFd;

use rustix::{io::Result, net::RecvFlags};
use tokio::io::ReadBuf;

/// Receives into the start of the unfilled part.
pub(super) fn recv(socket: impl AsFd, into: &mut ReadBuf<'_>, flags: RecvFlags) -> Result<usize> {
    // SAFETY: nothing that was initialised is made uninitialised: the system's receive writes bytes or nothing.
    let spare = unsafe { into.unfilled_mut() };
    let ((filled, _), _) = rustix::net::recv(socket, spare, flags)?;
    let count = filled.len();
    // SAFETY: rustix gave these bytes out as initialised, and they are the first of the unfilled part.
    unsafe { into.assume_init(count) };
    into.advance(count);
    Ok(count)
}
