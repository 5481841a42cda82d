//! Receives into uninitialised memory. Zeroing the unfilled part of tokio's `ReadBuf` first would write every
//! byte of a response twice; not zeroing it requires unsafe code.

use std::os::fd::AsFd;

use rustix::{io::Result, net::RecvFlags};
use tokio::io::ReadBuf;

/// Receives into the unfilled part of a buffer.
pub(super) fn recv(socket: impl AsFd, into: &mut ReadBuf<'_>, flags: RecvFlags) -> Result<usize> {
    // SAFETY: `recv` never makes initialised bytes uninitialised: it only writes.
    let spare = unsafe { into.unfilled_mut() };
    let ((filled, _), _) = rustix::net::recv(socket, spare, flags)?;
    let count = filled.len();
    // SAFETY: rustix returned the first `count` bytes of the unfilled part as initialised.
    unsafe { into.assume_init(count) };
    into.advance(count);
    Ok(count)
}
