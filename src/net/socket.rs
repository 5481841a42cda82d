//! A connected socket that never raises SIGPIPE in its host, and whose every wait ends at a deadline.

use std::{
    fmt,
    io::{self, IoSlice},
    net::{SocketAddr, TcpStream},
    os::fd::{AsFd, BorrowedFd},
    pin::Pin,
    sync::atomic::{AtomicU64, Ordering},
    task::{Context, Poll, ready},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::{
        RecvFlags, SendFlags, recv, send, sendmsg,
        sockopt::{Timeout, set_socket_timeout},
    },
};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};

use super::unfilled;
use crate::deadline::Deadline;

/// The standard library's and tokio's streams send vectored data without MSG_NOSIGNAL; a C host with the default
/// disposition would die of a server that closes.
const SEND: SendFlags = SendFlags::NOSIGNAL.union(SendFlags::DONTWAIT);
/// As many stretches as the system takes in one call (IOV_MAX).
const STRETCHES: usize = 1024;
/// Below this a wait is timed by `poll`: SO_RCVTIMEO counts in the kernel's ticks of up to 10 ms.
const COARSE: Duration = Duration::from_millis(50);
/// As much later than its deadline a blocking receive may end. It saves setting SO_RCVTIMEO anew for each call: the
/// time left at the first wait of a call is always a little less than the limit.
const SLACK: Duration = Duration::from_millis(5);

/// A connected socket in blocking mode: to wait in `recv` takes one system call, to poll first takes two.
pub(crate) struct Socket {
    stream: TcpStream,
    peer: SocketAddr,
    /// What SO_RCVTIMEO is set to, in microseconds; 0 is none.
    receive_limit_us: AtomicU64,
}

/// What a socket is waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wanted {
    Read,
    Write,
    Both,
}

/// What a wait ended with. An error or the end of the connection counts as both: the next call tells.
#[derive(Clone, Copy)]
pub(crate) struct Ready {
    pub read: bool,
    pub write: bool,
}

impl Socket {
    pub fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        let peer = stream.peer_addr()?;
        Ok(Self { stream, peer, receive_limit_us: AtomicU64::new(0) })
    }

    /// Sends what the system takes of `data`, and waits until it takes something. `TimedOut` at the deadline.
    pub fn send(&self, data: &[u8], deadline: Deadline) -> io::Result<usize> {
        loop {
            match again(|| send(&self.stream, data, SEND)) {
                Err(Errno::AGAIN) => self.wait(Wanted::Write, deadline).map(drop)?,
                result => return Ok(result?),
            }
        }
    }

    /// Sends what the system takes of `parts` at once; `WouldBlock` if that is nothing.
    pub fn try_send_vectored(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        let parts = &parts[..parts.len().min(STRETCHES)];
        Ok(again(|| sendmsg(&self.stream, parts, &mut Default::default(), SEND))?)
    }

    /// Receives what is there, and waits until something is; 0 at the end. `TimedOut` at the deadline.
    pub fn recv(&self, into: &mut [u8], deadline: Deadline) -> io::Result<usize> {
        self.receive(Some(deadline), |flags| recv(&self.stream, &mut *into, flags).map(|got| got.1))
    }

    /// As [`recv`](Self::recv), into memory that nobody filled. Without a deadline it waits for nothing:
    /// `WouldBlock`.
    pub fn recv_unfilled(&self, into: &mut ReadBuf<'_>, deadline: Option<Deadline>) -> io::Result<usize> {
        self.receive(deadline, |flags| unfilled::recv(&self.stream, into, flags))
    }

    fn receive(
        &self,
        deadline: Option<Deadline>,
        mut step: impl FnMut(RecvFlags) -> rustix::io::Result<usize>,
    ) -> io::Result<usize> {
        let Some(deadline) = deadline else { return Ok(again(|| step(RecvFlags::DONTWAIT))?) };
        loop {
            let left = deadline.remaining();
            // A server that always sends a little must not carry a call beyond its deadline.
            if left.is_some_and(|left| left.is_zero()) {
                return Err(io::ErrorKind::TimedOut.into());
            }
            if left.is_some_and(|left| left < COARSE) {
                match again(|| step(RecvFlags::DONTWAIT)) {
                    Err(Errno::AGAIN) => self.wait(Wanted::Read, deadline).map(drop)?,
                    result => return Ok(result?),
                }
                continue;
            }
            self.limit_receive(left)?;
            match step(RecvFlags::empty()) {
                // The limit passed, and the deadline may have: the next turn tells.
                Err(Errno::INTR | Errno::AGAIN) => {}
                result => return Ok(result?),
            }
        }
    }

    /// Sets SO_RCVTIMEO if what it is set to would not do for a wait of `left`.
    fn limit_receive(&self, left: Option<Duration>) -> io::Result<()> {
        let set = Duration::from_micros(self.receive_limit_us.load(Ordering::Relaxed));
        let will_do = match left {
            None => set.is_zero(),
            Some(left) => !set.is_zero() && set <= left + SLACK && set >= left / 2,
        };
        if !will_do {
            // More seconds than the system's type holds are as good as no limit: the deadline is looked at again.
            let limit = left.map(|left| left.min(Duration::from_secs(24 * 3600)));
            set_socket_timeout(&self.stream, Timeout::Recv, limit)?;
            let us = limit.map_or(0, |limit| u64::try_from(limit.as_micros()).unwrap_or(u64::MAX));
            self.receive_limit_us.store(us, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Waits until the socket is ready. `TimedOut` at the deadline.
    pub fn wait(&self, wanted: Wanted, deadline: Deadline) -> io::Result<Ready> {
        let flags = match wanted {
            Wanted::Read => PollFlags::IN,
            Wanted::Write => PollFlags::OUT,
            Wanted::Both => PollFlags::IN | PollFlags::OUT,
        };
        loop {
            let limit = match deadline.remaining() {
                Some(left) if left.is_zero() => return Err(io::ErrorKind::TimedOut.into()),
                // As with the receive limit.
                left => left.and_then(|left| Timespec::try_from(left).ok()),
            };
            let mut asked = [PollFd::new(&self.stream, flags)];
            match poll(&mut asked, limit.as_ref()) {
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => {
                    let got = asked[0].revents();
                    let failed = got.intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL);
                    return Ok(Ready {
                        read: failed || got.contains(PollFlags::IN),
                        write: failed || got.contains(PollFlags::OUT),
                    });
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Whether the peer has neither closed the connection nor sent what nobody asked for.
    pub fn is_idle(&self) -> bool {
        let mut byte = [0];
        matches!(recv(&self.stream, &mut byte, RecvFlags::PEEK | RecvFlags::DONTWAIT), Err(Errno::AGAIN))
    }
}

/// Calls again what a signal interrupted.
fn again(mut step: impl FnMut() -> rustix::io::Result<usize>) -> rustix::io::Result<usize> {
    loop {
        match step() {
            Err(Errno::INTR) => {}
            result => return result,
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
        socket.stream.set_nonblocking(true)?;
        tokio::net::TcpStream::from_std(socket.stream).map(Self)
    }

    fn poll_send(
        &self,
        context: &mut Context<'_>,
        mut step: impl FnMut(BorrowedFd<'_>) -> rustix::io::Result<usize>,
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
        self.poll_send(context, |fd| send(fd, data, SEND))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_send(context, |fd| sendmsg(fd, data, &mut Default::default(), SEND))
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
