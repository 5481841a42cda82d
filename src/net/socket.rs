//! A TCP socket that never raises SIGPIPE, and whose waits all have a deadline.

use std::{
    fmt,
    io::{self, IoSlice},
    net::SocketAddr,
    os::fd::{AsRawFd, OwnedFd, RawFd},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
    net::{
        AddressFamily, RecvFlags, Shutdown, connect, recv, sendmsg, shutdown,
        sockopt::{
            Timeout, set_socket_keepalive, set_socket_timeout, set_tcp_keepcnt, set_tcp_keepidle,
            set_tcp_keepintvl, set_tcp_nodelay, socket_error,
        },
    },
};
use tokio::io::ReadBuf;

use super::{platform, unfilled};
use crate::{options::ConnectionOptions, until::Deadline};

/// IOV_MAX.
const MAX_SLICES: usize = 1024;
/// Shorter waits use `poll`: SO_RCVTIMEO has the resolution of kernel ticks, up to 10 ms, and the timer wheel
/// may be late by up to an eighth of the timeout.
const MIN_RECEIVE_TIMEOUT: Duration = Duration::from_millis(50);

/// The number of probes without a response after which TCP keepalive closes a connection.
const KEEPALIVE_PROBES: u32 = 3;
/// The longest time of TCP keepalive that Linux accepts.
const MAX_KEEPALIVE_SECONDS: u64 = 32_767;

/// The options of a socket.
#[derive(Clone, Copy, Debug)]
pub(super) struct SocketOptions {
    nodelay: bool,
    /// In whole seconds.
    keepalive: Option<Duration>,
}

impl SocketOptions {
    pub(super) fn new(options: &ConnectionOptions) -> Self {
        let seconds = |time: Duration| time.as_secs() + u64::from(time.subsec_nanos() > 0);
        let keepalive =
            options.tcp_keepalive.map(|time| Duration::from_secs(seconds(time).min(MAX_KEEPALIVE_SECONDS)));
        Self { nodelay: options.tcp_nodelay, keepalive }
    }
}

/// A socket, in blocking mode once it is connected: waiting in `recv` takes one system call, polling first
/// takes two. Calls that must not block have MSG_DONTWAIT.
pub(super) struct Socket {
    fd: OwnedFd,
    peer: SocketAddr,
    /// The current SO_RCVTIMEO in microseconds; 0 is none.
    receive_timeout_us: AtomicU64,
}

/// The readiness to wait for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Interest {
    Write,
    Both,
}

/// The result of a wait. An error or the end of the connection counts as both: the next read or write returns
/// it.
#[derive(Clone, Copy)]
pub(super) struct Ready {
    pub read: bool,
    pub write: bool,
}

impl Socket {
    /// Begins to connect; call [`finish_connect`](Self::finish_connect) once the socket is writable.
    pub(super) fn connect(peer: SocketAddr) -> io::Result<Self> {
        let family = if peer.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let fd = platform::stream_socket(family)?;
        match connect(&fd, &peer) {
            // After EINTR, the connection attempt continues.
            Ok(()) | Err(Errno::INPROGRESS | Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(Self { fd, peer, receive_timeout_us: AtomicU64::new(0) })
    }

    /// Returns the outcome of connecting, once the socket is writable.
    pub(super) fn finish_connect(&self) -> io::Result<()> {
        socket_error(&self.fd)??;
        Ok(platform::connected(&self.fd)?)
    }

    pub(super) fn set_options(&self, options: SocketOptions) -> io::Result<()> {
        if options.nodelay {
            set_tcp_nodelay(&self.fd, true)?;
        }
        if let Some(time) = options.keepalive {
            set_tcp_keepidle(&self.fd, time)?;
            set_tcp_keepintvl(&self.fd, time)?;
            set_tcp_keepcnt(&self.fd, KEEPALIVE_PROBES)?;
            set_socket_keepalive(&self.fd, true)?;
        }
        Ok(())
    }

    /// Sends as much of `slices` as the socket accepts without blocking; `WouldBlock` if that is nothing.
    pub(super) fn try_send(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let slices = &slices[..slices.len().min(MAX_SLICES)];
        Ok(retry(|| sendmsg(&self.fd, slices, &mut Default::default(), platform::SEND))?)
    }

    /// Receives available data; 0 at the end of the connection. With a deadline, blocks until there is some
    /// (`TimedOut` at the deadline); without one, never blocks (`WouldBlock` if there is none).
    pub(super) fn recv(&self, into: &mut ReadBuf<'_>, deadline: Option<Deadline>) -> io::Result<usize> {
        let Some(deadline) = deadline else {
            return Ok(retry(|| unfilled::recv(&self.fd, into, RecvFlags::DONTWAIT))?);
        };
        loop {
            let left = deadline.remaining();
            // Even if data is available: a server that keeps sending must not extend a call beyond its
            // deadline.
            if left.is_some_and(|left| left.is_zero()) {
                return Err(io::ErrorKind::TimedOut.into());
            }
            if !platform::RECV_WAITS || left.is_some_and(|left| left < MIN_RECEIVE_TIMEOUT) {
                match retry(|| unfilled::recv(&self.fd, into, RecvFlags::DONTWAIT)) {
                    Err(Errno::AGAIN) => drop(self.poll(PollFlags::IN, deadline)?),
                    result => return Ok(result?),
                }
                continue;
            }
            self.set_receive_timeout(left)?;
            match unfilled::recv(&self.fd, into, RecvFlags::empty()) {
                // SO_RCVTIMEO may be shorter than the time left.
                Err(Errno::INTR | Errno::AGAIN) => {}
                result => return Ok(result?),
            }
        }
    }

    /// Sets SO_RCVTIMEO unless the current one is suitable for a wait of `left`.
    fn set_receive_timeout(&self, left: Option<Duration>) -> io::Result<()> {
        let current = Duration::from_micros(self.receive_timeout_us.load(Ordering::Relaxed));
        // At most 7/8, since the timer may be late by an eighth; the rest is waited for separately. A range,
        // so that most calls do not need to set it.
        let is_suitable = match left {
            None => current.is_zero(),
            Some(left) => !current.is_zero() && current <= left / 8 * 7 && current >= left / 4,
        };
        if !is_suitable {
            // At most a day, which `timeval` can represent on any system. The deadline is checked again
            // afterwards.
            let timeout = left.map(|left| (left / 4 * 3).min(Duration::from_secs(24 * 3600)));
            set_socket_timeout(&self.fd, Timeout::Recv, timeout)?;
            let us = timeout.map_or(0, |timeout| u64::try_from(timeout.as_micros()).unwrap_or(u64::MAX));
            self.receive_timeout_us.store(us, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Waits until the socket is ready. `TimedOut` at the deadline.
    pub(super) fn wait(&self, interest: Interest, deadline: Deadline) -> io::Result<Ready> {
        self.poll(
            match interest {
                Interest::Write => PollFlags::OUT,
                Interest::Both => PollFlags::IN | PollFlags::OUT,
            },
            deadline,
        )
    }

    fn poll(&self, flags: PollFlags, deadline: Deadline) -> io::Result<Ready> {
        loop {
            let timeout = match deadline.remaining() {
                Some(left) if left.is_zero() => return Err(io::ErrorKind::TimedOut.into()),
                // More than `Timespec` can represent is the same as no timeout.
                left => left.and_then(|left| Timespec::try_from(left).ok()),
            };
            let mut fds = [PollFd::new(&self.fd, flags)];
            match poll(&mut fds, timeout.as_ref()) {
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) => {
                    let ready = fds[0].revents();
                    let failed = ready.intersects(PollFlags::ERR | PollFlags::HUP | PollFlags::NVAL);
                    return Ok(Ready {
                        read: failed || ready.contains(PollFlags::IN),
                        write: failed || ready.contains(PollFlags::OUT),
                    });
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Ends both directions, which ends every wait on the socket in any thread.
    pub(super) fn shut_down(&self) {
        // Fails only if the connection has ended by itself.
        let _ = shutdown(&self.fd, Shutdown::Both);
    }

    /// Returns whether the peer has neither closed the connection nor sent anything. Does not block.
    pub(super) fn is_quiet(&self) -> bool {
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

/// Repeats a system call that a signal interrupted.
fn retry(mut step: impl FnMut() -> rustix::io::Result<usize>) -> rustix::io::Result<usize> {
    loop {
        match step() {
            Err(Errno::INTR) => {}
            result => return result,
        }
    }
}

/// For tokio's reactor.
impl AsRawFd for Socket {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

impl fmt::Display for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.peer.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use rustix::net::sockopt::{socket_keepalive, tcp_keepcnt, tcp_keepidle, tcp_keepintvl, tcp_nodelay};

    use super::*;
    use crate::options::ClientOptions;

    #[test]
    fn a_socket_has_the_options_of_its_client() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let connected = |options: &ClientOptions| {
            let socket = Socket::connect(listener.local_addr().unwrap()).unwrap();
            socket.wait(Interest::Write, Deadline::after(Some(Duration::from_secs(20)))).unwrap();
            socket.finish_connect().unwrap();
            socket.set_options(SocketOptions::new(&options.connections)).unwrap();
            socket
        };
        let mut options = ClientOptions::new();
        let socket = connected(&options);
        assert!(tcp_nodelay(&socket.fd).unwrap() && !socket_keepalive(&socket.fd).unwrap());
        options.set_tcp_nodelay(false);
        for (time, seconds) in [(1, 1), (1000, 1), (1001, 2), (90_000, 90), (u64::MAX, MAX_KEEPALIVE_SECONDS)]
        {
            options.set_tcp_keepalive(Some(Duration::from_millis(time))).unwrap();
            let Socket { fd, .. } = connected(&options);
            let times = (tcp_keepidle(&fd).unwrap(), tcp_keepintvl(&fd).unwrap());
            assert_eq!(times, (Duration::from_secs(seconds), Duration::from_secs(seconds)));
            assert_eq!(tcp_keepcnt(&fd).unwrap(), KEEPALIVE_PROBES);
            assert!(socket_keepalive(&fd).unwrap() && !tcp_nodelay(&fd).unwrap());
        }
    }
}
