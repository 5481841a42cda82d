//! Platform differences in creating sockets that neither raise SIGPIPE in the host program nor are inherited
//! by its child processes. The streams of the standard library and of tokio send vectored data without
//! MSG_NOSIGNAL: a C program with the default signal disposition would be terminated when a server closes a
//! connection.

use std::os::fd::OwnedFd;

use rustix::{
    io::{Result, ioctl_fionbio},
    net::{AddressFamily, SendFlags, SocketType},
};

#[cfg(not(target_vendor = "apple"))]
pub(super) use other::{RECV_WAITS, SEND, connected, stream_socket};

#[cfg(target_vendor = "apple")]
pub(super) use apple::{RECV_WAITS, SEND, connected, stream_socket};

#[cfg(not(target_vendor = "apple"))]
mod other {
    use rustix::net::{SocketFlags, socket_with};

    use super::*;

    pub(in crate::net) const SEND: SendFlags = SendFlags::NOSIGNAL.union(SendFlags::DONTWAIT);

    /// Whether a connected socket is in blocking mode: a receive then waits without `poll`.
    pub(in crate::net) const RECV_WAITS: bool = true;

    pub(in crate::net) fn stream_socket(family: AddressFamily) -> Result<OwnedFd> {
        socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)
    }

    /// Prepares a socket that has connected.
    pub(in crate::net) fn connected(socket: &OwnedFd) -> Result<()> {
        ioctl_fionbio(socket, false)
    }
}

#[cfg(target_vendor = "apple")]
mod apple {
    use rustix::{
        io::ioctl_fioclex,
        net::{socket, sockopt::set_socket_nosigpipe},
    };

    use super::*;

    /// There is no MSG_NOSIGNAL: the socket has SO_NOSIGPIPE.
    pub(in crate::net) const SEND: SendFlags = SendFlags::DONTWAIT;

    /// XNU honours MSG_DONTWAIT in receives and ignores it in sends: the socket stays in non-blocking mode.
    pub(in crate::net) const RECV_WAITS: bool = false;

    /// There is no SOCK_CLOEXEC: a child process that another thread starts in between inherits the socket.
    pub(in crate::net) fn stream_socket(family: AddressFamily) -> Result<OwnedFd> {
        let stream = socket(family, SocketType::STREAM, None)?;
        ioctl_fioclex(&stream)?;
        ioctl_fionbio(&stream, true)?;
        set_socket_nosigpipe(&stream, true)?;
        Ok(stream)
    }

    pub(in crate::net) fn connected(_: &OwnedFd) -> Result<()> {
        Ok(())
    }
}
