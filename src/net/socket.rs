//! A connected socket that never raises SIGPIPE in its host, and whose every wait ends at a deadline.

use std::{
    fmt, io,
    net::{SocketAddr, TcpStream},
    os::fd::AsFd,
    pin::Pin,
    task::{Context, Poll, ready},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::{RecvFlags, SendFlags, recv, send, sendmsg},
};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};

use crate::deadline::Deadline;

/// The standard library's and tokio's streams send vectored data without MSG_NOSIGNAL; a C host with the default
/// disposition would die of a server that closes.
const NOSIGNAL: SendFlags = SendFlags::NOSIGNAL;

/// A connected, non-blocking socket.
pub(crate) struct Socket {
    stream: TcpStream,
    peer: SocketAddr,
}

impl Socket {
    pub fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        let peer = stream.peer_addr()?;
        Ok(Self { stream, peer })
    }

    /// Sends what the system takes of `data`, and waits until it takes something. `TimedOut` at the deadline.
    pub fn send(&self, data: &[u8], deadline: Deadline) -> io::Result<usize> {
        self.retry(PollFlags::OUT, deadline, || send(&self.stream, data, NOSIGNAL))
    }

    /// Receives what is there, and waits until something is; 0 is the end. `TimedOut` at the deadline.
    pub fn recv(&self, into: &mut [u8], deadline: Deadline) -> io::Result<usize> {
        self.retry(PollFlags::IN, deadline, || {
            recv(&self.stream, &mut *into, RecvFlags::empty()).map(|got| got.0)
        })
    }

    /// Whether the peer has neither closed the connection nor sent what nobody asked for.
    pub fn is_idle(&self) -> bool {
        let mut byte = [0];
        matches!(recv(&self.stream, &mut byte, RecvFlags::PEEK), Err(Errno::AGAIN))
    }

    fn retry(
        &self,
        wanted: PollFlags,
        deadline: Deadline,
        mut step: impl FnMut() -> rustix::io::Result<usize>,
    ) -> io::Result<usize> {
        loop {
            match step() {
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => self.wait(wanted, deadline)?,
                result => return Ok(result?),
            }
        }
    }

    fn wait(&self, wanted: PollFlags, deadline: Deadline) -> io::Result<()> {
        let limit = match deadline.remaining() {
            Some(left) if left.is_zero() => return Err(io::ErrorKind::TimedOut.into()),
            // More seconds than the system's type holds are as good as no limit.
            left => left.and_then(|left| Timespec::try_from(left).ok()),
        };
        match poll(&mut [PollFd::new(&self.stream, wanted)], limit.as_ref()) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl fmt::Display for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.peer.fmt(f)
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Socket({})", self.peer)
    }
}

/// The same socket on a tokio runtime.
pub(crate) struct AsyncSocket(tokio::net::TcpStream);

impl AsyncSocket {
    /// To be called on a thread of the runtime.
    pub fn new(socket: Socket) -> io::Result<Self> {
        tokio::net::TcpStream::from_std(socket.stream).map(Self)
    }

    fn poll_send(
        &self,
        context: &mut Context<'_>,
        mut step: impl FnMut(std::os::fd::BorrowedFd<'_>) -> rustix::io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.0.poll_write_ready(context))?;
            match self.0.try_io(Interest::WRITABLE, || Ok(step(self.0.as_fd())?)) {
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => {}
                result => return Poll::Ready(result),
            }
        }
    }
}

impl AsyncRead for AsyncSocket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, into)
    }
}

impl AsyncWrite for AsyncSocket {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_send(context, |fd| send(fd, data, NOSIGNAL))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_send(context, |fd| sendmsg(fd, data, &mut Default::default(), NOSIGNAL))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
