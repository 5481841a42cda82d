//! A connection as the engines see it: tokio's I/O traits over a socket, for whoever drives it.

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

use super::socket::{Socket, Wanted};
use crate::until::Deadline;

/// How much is gathered from small writes before it is sent. HTTP/2 hands over each frame by itself, and most servers
/// take no more than 16 KiB in one.
const STAGE_BYTE_SIZE: usize = 256 << 10;
/// A larger write is not gathered but sent from where it lies.
const STAGED_BYTE_SIZE: usize = 32 << 10;
/// How much is remembered of the first bytes that the server sent.
const FIRST_BYTE_SIZE: usize = 8;

/// A socket, and what an engine and its driver tell each other of it. A read or write that has to wait returns
/// `Pending` without a system call; the driver then waits ([`wait`](Self::wait)), or lets the next read wait.
///
/// Reads wait only when the whole future is idle. One that waits by itself would save nothing, and would deadlock
/// wherever an engine reads once more before it writes, as TLS does in its handshake.
pub(crate) struct Link {
    socket: Socket,
    /// Whether the server has ever sent a byte, on whatever connection of the client's.
    has_spoken: Arc<AtomicBool>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Of the call that uses the connection: an engine goes on for as long as the peer has anything for it.
    deadline: Option<Deadline>,
    timed_out: bool,
    /// There may be something to read.
    readable: bool,
    /// The next read may wait so long: there is nothing else to do.
    may_wait: Option<Deadline>,
    /// The system takes no more for now.
    blocked: bool,
    /// What was written in small pieces, and how much of it has left.
    stage: Vec<u8>,
    staged_sent: usize,
    progress: Progress,
    /// The first bytes that ever arrived.
    first: Vec<u8>,
}

/// How far a call has come on its connection.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    /// The bytes that have left.
    pub sent: u64,
    /// When the last of them did.
    pub sent_at: Option<Instant>,
    /// When the first byte of what followed arrived.
    pub first_byte_at: Option<Instant>,
}

impl Link {
    /// Begins to connect. `has_spoken` is set once the server sends anything.
    pub fn connect(peer: SocketAddr, has_spoken: Arc<AtomicBool>) -> io::Result<Arc<Self>> {
        let state = State { blocked: true, ..State::default() };
        Ok(Arc::new(Self { socket: Socket::connect(peer)?, has_spoken, state: Mutex::new(state) }))
    }

    /// The outcome of connecting, once there is one.
    pub fn poll_connected(&self) -> Poll<io::Result<()>> {
        if self.lock().blocked { Poll::Pending } else { Poll::Ready(self.socket.finish_connect()) }
    }

    /// Begins a call. Reads and writes beyond the deadline are `Pending`, whatever there is to read or to send.
    pub fn begin(&self, deadline: Deadline) {
        let mut state = self.lock();
        state.deadline = Some(deadline);
        (state.timed_out, state.may_wait) = (false, None);
        state.progress = Progress::default();
    }

    pub fn progress(&self) -> Progress {
        self.lock().progress
    }

    /// The first bytes that the server ever sent on this connection.
    pub fn first_bytes(&self) -> Vec<u8> {
        self.lock().first.clone()
    }

    /// Whether the server has never sent a byte, on no connection of the client's.
    pub fn is_mute(&self) -> bool {
        !self.has_spoken.load(Ordering::Relaxed)
    }

    /// Whether the peer has neither closed the connection nor sent anything. Takes a system call, waits for nothing.
    pub fn is_quiet(&self) -> bool {
        self.socket.is_quiet()
    }

    /// Makes the next read try the socket, without having waited.
    pub fn read_anyway(&self) {
        self.lock().readable = true;
    }

    /// Waits until there is something to do, or arranges for the next read to wait. `false` at the deadline.
    pub fn wait(&self, deadline: Deadline) -> bool {
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
        // An engine leaves unread what there is while it has something of its own to send first: then only that is
        // waited for.
        let wanted = if state.readable { Wanted::Write } else { Wanted::Both };
        drop(state);
        match self.socket.wait(wanted, deadline) {
            Ok(ready) => {
                let mut state = self.lock();
                state.readable |= ready.read;
                state.blocked &= !ready.write;
                true
            }
            Err(error) if error.kind() == io::ErrorKind::TimedOut => false,
            // The next read and write tell what is wrong.
            Err(_) => {
                let mut state = self.lock();
                (state.readable, state.blocked) = (true, false);
                true
            }
        }
    }

    /// Sends what the system takes of `parts`, past the stage.
    pub fn poll_send(&self, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        or_pending(self.lock().send(&self.socket, parts))
    }

    /// Sends what was gathered from small writes.
    pub fn poll_flush(&self) -> Poll<io::Result<()>> {
        or_pending(self.lock().send_stage(&self.socket))
    }

    fn poll_write(&self, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        or_pending(self.lock().write(&self.socket, parts))
    }

    /// Receives into `into`; `Ready` without a byte is the end of the connection.
    pub fn poll_recv(&self, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut state = self.lock();
        if !state.readable {
            return Poll::Pending;
        }
        let room = into.remaining();
        let patience = state.may_wait.take();
        if patience.is_none() && state.is_over() {
            return Poll::Pending;
        }
        match self.socket.recv(into, patience) {
            Ok(count) => {
                // A read that was not filled took all there was.
                state.readable = count == room || count == 0;
                if state.progress.first_byte_at.is_none() {
                    state.progress.first_byte_at = Some(Instant::now());
                }
                if state.first.len() < FIRST_BYTE_SIZE && count > 0 {
                    self.has_spoken.store(true, Ordering::Relaxed);
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
                    // Not a fault of the connection: the driver ends the call.
                    io::ErrorKind::TimedOut if patience.is_some() => {
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
    /// Whether the time is over: the driver ends the call, whatever there is still to read or to send.
    fn is_over(&mut self) -> bool {
        self.timed_out |= self.deadline.is_some_and(Deadline::is_over);
        self.timed_out
    }

    fn send(&mut self, socket: &Socket, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        // The first send of a call needs no look at the clock. A peer that always takes a little does.
        if self.blocked || self.progress.sent > 0 && self.is_over() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let outcome = socket.try_send(parts);
        match &outcome {
            Ok(count) => {
                self.progress.sent += *count as u64;
                self.progress.sent_at = Some(Instant::now());
            }
            Err(error) => self.blocked = error.kind() == io::ErrorKind::WouldBlock,
        }
        outcome
    }

    fn send_stage(&mut self, socket: &Socket) -> io::Result<()> {
        if self.stage.is_empty() {
            return Ok(());
        }
        let stage = std::mem::take(&mut self.stage);
        let mut outcome = Ok(());
        while self.staged_sent < stage.len() && outcome.is_ok() {
            outcome = self.send(socket, &[IoSlice::new(&stage[self.staged_sent..])]).map(|count| {
                self.staged_sent += count;
            });
        }
        self.stage = stage;
        if outcome.is_ok() {
            self.stage.clear();
            self.staged_sent = 0;
        }
        outcome
    }

    fn write(&mut self, socket: &Socket, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        let byte_size: usize = parts.iter().map(|part| part.len()).sum();
        let has_room = self.staged_sent == 0 && self.stage.len() + byte_size <= STAGE_BYTE_SIZE;
        if byte_size <= STAGED_BYTE_SIZE && has_room {
            parts.iter().for_each(|part| self.stage.extend_from_slice(part));
            return Ok(byte_size);
        }
        self.send_stage(socket)?;
        if byte_size <= STAGED_BYTE_SIZE {
            parts.iter().for_each(|part| self.stage.extend_from_slice(part));
            return Ok(byte_size);
        }
        self.send(socket, parts)
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

/// The link as tokio's I/O traits have it. Its writes are gathered, and sent before the driver waits.
pub(crate) struct Raw(pub Arc<Link>);

impl AsyncRead for Raw {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.0.poll_recv(into)
    }
}

impl AsyncWrite for Raw {
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

    /// Does nothing: what was gathered is sent before the driver waits.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
