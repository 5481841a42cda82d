//! A TCP socket that never raises SIGPIPE in its host, and whose every wait ends at a deadline.

use std::{
    fmt,
    io::{self, IoSlice},
    net::SocketAddr,
    os::fd::OwnedFd,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::{
        AddressFamily, RecvFlags, connect, recv, sendmsg,
        sockopt::{Timeout, set_socket_timeout, set_tcp_nodelay, socket_error},
    },
};
use tokio::io::ReadBuf;

use super::{platform, unfilled};
use crate::until::Deadline;

/// The most slices that the system takes in one call (IOV_MAX).
const MAX_SLICES: usize = 1024;
/// Below this a wait is timed by `poll`: SO_RCVTIMEO counts in the kernel's ticks of up to 10 ms, and the longer it is, the
/// more of them it may be late (its timer wheel rounds up by as much as an eighth).
const COARSE: Duration = Duration::from_millis(50);

/// A socket in blocking mode once it is connected: to wait in `recv` takes one system call, to poll first takes two.
/// Every call that must not wait says so by itself (MSG_DONTWAIT).
pub(super) struct Socket {
    fd: OwnedFd,
    peer: SocketAddr,
    /// What SO_RCVTIMEO is set to, in microseconds; 0 is none.
    receive_limit_us: AtomicU64,
}

/// What a socket is waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Write,
    Both,
}

/// What a wait ended with. An error or the end of the connection counts as both: the next call tells.
#[derive(Clone, Copy)]
pub(super) struct Ready {
    pub read: bool,
    pub write: bool,
}

impl Socket {
    /// Begins to connect; [`finish_connect`](Self::finish_connect) tells the outcome once the socket is writable.
    pub fn connect(peer: SocketAddr) -> io::Result<Self> {
        let family = if peer.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let fd = platform::stream_socket(family)?;
        match connect(&fd, &peer) {
            // Interrupted by a signal, it goes on connecting.
            Ok(()) | Err(Errno::INPROGRESS | Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(Self { fd, peer, receive_limit_us: AtomicU64::new(0) })
    }

    /// Whether connecting succeeded, to be asked once the socket is writable.
    pub fn finish_connect(&self) -> io::Result<()> {
        socket_error(&self.fd)??;
        set_tcp_nodelay(&self.fd, true)?;
        Ok(platform::connected(&self.fd)?)
    }

    /// Sends what the system takes of `parts` at once; `WouldBlock` if that is nothing.
    pub fn try_send(&self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        let parts = &parts[..parts.len().min(MAX_SLICES)];
        Ok(again(|| sendmsg(&self.fd, parts, &mut Default::default(), platform::SEND))?)
    }

    /// Receives what is there; 0 at the end. With a deadline it waits until something is there, up to that deadline
    /// (`TimedOut`); without one it waits for nothing (`WouldBlock`).
    pub fn recv(&self, into: &mut ReadBuf<'_>, deadline: Option<Deadline>) -> io::Result<usize> {
        let Some(deadline) = deadline else {
            return Ok(again(|| unfilled::recv(&self.fd, into, RecvFlags::DONTWAIT))?);
        };
        loop {
            let left = deadline.remaining();
            // A server that always sends a little must not carry a call beyond its deadline.
            if left.is_some_and(|left| left.is_zero()) {
                return Err(io::ErrorKind::TimedOut.into());
            }
            if !platform::RECV_WAITS || left.is_some_and(|left| left < COARSE) {
                match again(|| unfilled::recv(&self.fd, into, RecvFlags::DONTWAIT)) {
                    Err(Errno::AGAIN) => drop(self.poll(PollFlags::IN, deadline)?),
                    result => return Ok(result?),
                }
                continue;
            }
            self.limit_receive(left)?;
            match unfilled::recv(&self.fd, into, RecvFlags::empty()) {
                // The limit passed, and the deadline may have: the next turn tells.
                Err(Errno::INTR | Errno::AGAIN) => {}
                result => return Ok(result?),
            }
        }
    }

    /// Sets SO_RCVTIMEO if what it is set to does not do for a wait of `left`.
    fn limit_receive(&self, left: Option<Duration>) -> io::Result<()> {
        let set = Duration::from_micros(self.receive_limit_us.load(Ordering::Relaxed));
        // An eighth late, it is still in time; the rest is waited for anew. A range, so that it need not be set for each call.
        let will_do = match left {
            None => set.is_zero(),
            Some(left) => !set.is_zero() && set <= left / 8 * 7 && set >= left / 4,
        };
        if !will_do {
            // More seconds than the system's type holds are as good as no limit: the deadline is checked again.
            let limit = left.map(|left| (left / 4 * 3).min(Duration::from_secs(24 * 3600)));
            set_socket_timeout(&self.fd, Timeout::Recv, limit)?;
            let us = limit.map_or(0, |limit| u64::try_from(limit.as_micros()).unwrap_or(u64::MAX));
            self.receive_limit_us.store(us, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Waits until the socket is ready. `TimedOut` at the deadline.
    pub fn wait(&self, wanted: Wanted, deadline: Deadline) -> io::Result<Ready> {
        self.poll(
            match wanted {
                Wanted::Write => PollFlags::OUT,
                Wanted::Both => PollFlags::IN | PollFlags::OUT,
            },
            deadline,
        )
    }

    fn poll(&self, flags: PollFlags, deadline: Deadline) -> io::Result<Ready> {
        loop {
            let limit = match deadline.remaining() {
                Some(left) if left.is_zero() => return Err(io::ErrorKind::TimedOut.into()),
                // As with the receive limit.
                left => left.and_then(|left| Timespec::try_from(left).ok()),
            };
            let mut asked = [PollFd::new(&self.fd, flags)];
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

    /// Whether the peer has neither closed the connection nor sent anything. Waits for nothing.
    pub fn is_quiet(&self) -> bool {
        let mut byte = [0];
        let flags = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        loop {
            match recv(&self.fd, &mut byte, flags) {
                Err(Errno::INTR) => {}
                outcome => return matches!(outcome, Err(Errno::AGAIN)),
            }
        }
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
