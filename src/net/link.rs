//! A connection: tokio's I/O traits over a socket, for a protocol engine (h2, ureq-proto) that is driven by
//! [`drive`](super::drive).

use std::{
    fmt,
    io::{self, IoSlice},
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Instant,
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::socket::{Interest, Socket};
use crate::until::Deadline;

/// The size of the buffer that gathers small writes: h2 writes every frame separately, and most servers limit
/// frames to 16 KiB.
const WRITE_BUFFER_BYTE_SIZE: usize = 256 << 10;
/// Larger writes are sent without buffering.
const MAX_BUFFERED_WRITE_BYTE_SIZE: usize = 32 << 10;
/// The number of first bytes from the server that are kept.
const FIRST_BYTE_SIZE: usize = 8;

/// A socket, shared by a protocol engine and its driver. A read or write that would block returns `Pending`
/// without a system call; the driver then waits ([`wait`](Self::wait)) or permits the next read to block.
///
/// Reads block only while the whole future is idle. Otherwise an engine that reads before it writes, as in a
/// TLS handshake, would deadlock.
pub(crate) struct Link {
    socket: Socket,
    /// Set when the server sends a byte, on any connection of the client.
    has_received: Arc<AtomicBool>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The deadline of the current call. Checked on every read and write: an engine would otherwise continue
    /// for as long as the peer sends.
    deadline: Option<Deadline>,
    timed_out: bool,
    /// Whether there may be data to read.
    readable: bool,
    /// The next read may block until then, since the call only waits for it.
    may_wait: Option<Deadline>,
    /// Whether the socket's send buffer is full.
    blocked: bool,
    /// Small writes, of which `write_buffer_sent` bytes were sent.
    write_buffer: Vec<u8>,
    write_buffer_sent: usize,
    progress: Progress,
    /// The first bytes that arrived on the connection.
    first: Vec<u8>,
}

/// The progress of the current call on its connection.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    /// The number of bytes sent.
    pub sent: u64,
    /// When the last byte was sent.
    pub sent_at: Option<Instant>,
    /// When the first byte arrived.
    pub first_byte_at: Option<Instant>,
}

impl Link {
    /// Begins to connect. Sets `has_received` when the server sends anything.
    pub(crate) fn connect(peer: SocketAddr, has_received: Arc<AtomicBool>) -> io::Result<Arc<Self>> {
        let state = State { blocked: true, ..State::default() };
        Ok(Arc::new(Self { socket: Socket::connect(peer)?, has_received, state: Mutex::new(state) }))
    }

    /// Completes connecting.
    pub(crate) fn poll_connected(&self) -> Poll<io::Result<()>> {
        if self.lock().blocked { Poll::Pending } else { Poll::Ready(self.socket.finish_connect()) }
    }

    /// Begins a call. After the deadline, reads and writes return `Pending` whether or not the socket is
    /// ready.
    pub(crate) fn begin(&self, deadline: Deadline) {
        let mut state = self.lock();
        state.deadline = Some(deadline);
        (state.timed_out, state.may_wait) = (false, None);
        state.progress = Progress::default();
    }

    pub(crate) fn progress(&self) -> Progress {
        self.lock().progress
    }

    /// Returns the first bytes that the server sent on this connection.
    pub(crate) fn first_bytes(&self) -> Vec<u8> {
        self.lock().first.clone()
    }

    /// Returns whether the server has never sent a byte, on any connection of the client.
    pub(crate) fn is_mute(&self) -> bool {
        !self.has_received.load(Ordering::Relaxed)
    }

    /// Returns whether the peer has neither closed the connection nor sent anything. Takes a system call that
    /// does not block.
    pub(crate) fn is_quiet(&self) -> bool {
        self.socket.is_quiet()
    }

    /// Makes the next read try the socket even if it was not reported readable.
    pub(crate) fn force_read(&self) {
        self.lock().readable = true;
    }

    /// Waits until the socket is ready, or permits the next read to block. Returns `false` at the deadline.
    pub(crate) fn wait(&self, deadline: Deadline) -> bool {
        let mut state = self.lock();
        if std::mem::take(&mut state.timed_out) {
            return false;
        }
        if !state.blocked {
            // The read that follows checks the deadline.
            if !state.readable {
                (state.readable, state.may_wait) = (true, Some(deadline));
                return true;
            }
            return !deadline.is_over();
        }
        // An engine that must send first leaves available data unread: waiting for both would return
        // immediately.
        let interest = if state.readable { Interest::Write } else { Interest::Both };
        drop(state);
        match self.socket.wait(interest, deadline) {
            Ok(ready) => {
                let mut state = self.lock();
                state.readable |= ready.read;
                state.blocked &= !ready.write;
                true
            }
            Err(error) if error.kind() == io::ErrorKind::TimedOut => false,
            // The next read or write returns the error.
            Err(_) => {
                let mut state = self.lock();
                (state.readable, state.blocked) = (true, false);
                true
            }
        }
    }

    /// Sends as much of `slices` as the socket accepts, without buffering.
    pub(crate) fn poll_send(&self, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        or_pending(self.lock().send(&self.socket, slices))
    }

    /// Sends the write buffer.
    pub(crate) fn poll_flush(&self) -> Poll<io::Result<()>> {
        or_pending(self.lock().flush(&self.socket))
    }

    fn poll_write(&self, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        or_pending(self.lock().write(&self.socket, slices))
    }

    /// Receives into `into`; `Ready` without new bytes is the end of the connection.
    pub(crate) fn poll_recv(&self, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut state = self.lock();
        if !state.readable {
            return Poll::Pending;
        }
        let room = into.remaining();
        let wait_until = state.may_wait.take();
        if wait_until.is_none() && state.is_over() {
            return Poll::Pending;
        }
        match self.socket.recv(into, wait_until) {
            Ok(count) => {
                // A short read means that the socket is drained.
                state.readable = count == room || count == 0;
                if state.progress.first_byte_at.is_none() {
                    state.progress.first_byte_at = Some(Instant::now());
                }
                if state.first.len() < FIRST_BYTE_SIZE && count > 0 {
                    self.has_received.store(true, Ordering::Relaxed);
                    let new = &into.filled()[into.filled().len() - count..];
                    let missing = FIRST_BYTE_SIZE - state.first.len();
                    state.first.extend_from_slice(&new[..missing.min(count)]);
                }
                Poll::Ready(Ok(()))
            }
            Err(error) => {
                state.readable = false;
                match error.kind() {
                    io::ErrorKind::WouldBlock => Poll::Pending,
                    // The call's deadline, not an error of the connection: the driver ends the call.
                    io::ErrorKind::TimedOut if wait_until.is_some() => {
                        state.timed_out = true;
                        Poll::Pending
                    }
                    _ => Poll::Ready(Err(error)),
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn or_pending<T>(outcome: io::Result<T>) -> Poll<io::Result<T>> {
    match outcome {
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
        outcome => Poll::Ready(outcome),
    }
}

impl State {
    /// Returns whether the deadline has passed. The driver then ends the call.
    fn is_over(&mut self) -> bool {
        self.timed_out |= self.deadline.is_some_and(Deadline::is_over);
        self.timed_out
    }

    fn send(&mut self, socket: &Socket, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        // The deadline is checked for peers that accept a request slowly. A call's first send does not read
        // the clock.
        if self.blocked || self.progress.sent > 0 && self.is_over() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let outcome = socket.try_send(slices);
        match &outcome {
            Ok(count) => {
                self.progress.sent += *count as u64;
                self.progress.sent_at = Some(Instant::now());
            }
            Err(error) => self.blocked = error.kind() == io::ErrorKind::WouldBlock,
        }
        outcome
    }

    fn flush(&mut self, socket: &Socket) -> io::Result<()> {
        if self.write_buffer.is_empty() {
            return Ok(());
        }
        let buffer = std::mem::take(&mut self.write_buffer);
        let mut outcome = Ok(());
        while self.write_buffer_sent < buffer.len() && outcome.is_ok() {
            outcome = self.send(socket, &[IoSlice::new(&buffer[self.write_buffer_sent..])]).map(|count| {
                self.write_buffer_sent += count;
            });
        }
        self.write_buffer = buffer;
        if outcome.is_ok() {
            self.write_buffer.clear();
            self.write_buffer_sent = 0;
        }
        outcome
    }

    fn write(&mut self, socket: &Socket, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let byte_size: usize = slices.iter().map(|slice| slice.len()).sum();
        let has_room =
            self.write_buffer_sent == 0 && self.write_buffer.len() + byte_size <= WRITE_BUFFER_BYTE_SIZE;
        if byte_size <= MAX_BUFFERED_WRITE_BYTE_SIZE && has_room {
            slices.iter().for_each(|slice| self.write_buffer.extend_from_slice(slice));
            return Ok(byte_size);
        }
        self.flush(socket)?;
        if byte_size <= MAX_BUFFERED_WRITE_BYTE_SIZE {
            slices.iter().for_each(|slice| self.write_buffer.extend_from_slice(slice));
            return Ok(byte_size);
        }
        self.send(socket, slices)
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.fmt(f)
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({})", self.socket)
    }
}

/// A link with tokio's I/O traits. Its writes are buffered, and sent before the driver waits.
pub(crate) struct LinkIo(pub Arc<Link>);

impl AsyncRead for LinkIo {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.0.poll_recv(into)
    }
}

impl AsyncWrite for LinkIo {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.0.poll_write(&[IoSlice::new(data)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write(data)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Does nothing: the driver flushes before it waits.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
