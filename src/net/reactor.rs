//! Registers a socket with tokio's reactor, which requires unsafe code: tokio's own sockets never let the
//! caller choose the flags of a system call.

use std::io;

use tokio::io::unix::AsyncFd;

use super::socket::Socket;

/// Registers a socket with the runtime of this thread. It is deregistered when it is dropped.
pub(super) fn register(socket: Socket) -> io::Result<AsyncFd<Socket>> {
    // SAFETY: a socket owns its descriptor, which is the same until it is dropped; `Link` only takes shared
    // references to it out of the registration.
    Ok(unsafe { AsyncFd::register(socket) }?)
}
