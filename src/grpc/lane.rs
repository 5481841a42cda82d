//! One HTTP/2 connection of the inference path, driven by the thread whose call it is: no runtime, no hop to another
//! thread, two system calls for a small request.

use std::{
    fmt,
    future::Future,
    io::{self, IoSlice},
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::{Duration, Instant},
};

use h2::client::{Builder, SendRequest};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{CONNECTION_WINDOW, STREAM_WINDOW};
use crate::{
    deadline::Deadline,
    error::{Error, Result},
    lend::{Loan, Piece},
    net::{
        pool::Connection,
        socket::{Socket, Wanted},
    },
};

/// The largest frame that the server may send. h2 reads a frame as a whole, into fresh memory.
const FRAME_BYTE_SIZE: u32 = 1 << 20;
/// What is sent in one go to a peer that takes small frames only: h2 hands over each frame by itself, and most servers
/// take no more than 16 KiB in one.
const STAGE_BYTE_SIZE: usize = 256 << 10;
/// A write of more is not staged but sent from where it lies.
const STAGED_BYTE_SIZE: usize = 32 << 10;

/// How long the look at an idle connection may take, whatever the server has sent meanwhile.
const LOOK: Duration = Duration::from_millis(10);

/// A connection and what drives it.
pub(super) struct Lane {
    /// `None` once it is given up.
    connection: Option<h2::client::Connection<Wire, Piece>>,
    sender: SendRequest<Piece>,
    line: Arc<Line>,
    woken: Arc<Woken>,
    waker: Waker,
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a lane could not be driven until the call was over.
#[derive(Debug)]
pub(super) enum Stopped {
    TimedOut,
    /// The connection ended, and why if anybody knows.
    Closed(Option<Cause>),
}

impl Connection for Lane {
    fn new(socket: Socket) -> Result<Self> {
        let line = Arc::new(Line { socket, state: Mutex::new(LineState::new()) });
        let woken = Arc::new(Woken(AtomicBool::new(false)));
        let waker = Waker::from(woken.clone());
        let handshake = Builder::new()
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_frame_size(FRAME_BYTE_SIZE)
            .enable_push(false)
            .handshake::<_, Piece>(Wire(line.clone()));
        // Our side of it is only written, and it fits on the stage.
        let Poll::Ready(opened) = pin!(handshake).poll(&mut Context::from_waker(&waker)) else {
            return Err(Error::connection("the connection takes nothing"));
        };
        let (sender, connection) =
            opened.map_err(|error| Error::connection("the connection broke").with_source(error))?;
        Ok(Self { connection: Some(connection), sender, line, woken, waker })
    }

    /// Reads what came meanwhile: GOAWAY, the end, a PING that wants its answer.
    fn is_alive(&mut self) -> bool {
        self.line.lock().begin(Deadline::after(Some(LOOK)));
        self.line.lock().readable = true;
        self.step();
        self.is_reusable()
    }

    fn is_reusable(&self) -> bool {
        self.connection.is_some()
    }
}

impl Lane {
    pub fn sender(&self) -> SendRequest<Piece> {
        self.sender.clone()
    }

    /// Polls a call and the connection under it until the call is over.
    pub fn drive<T>(
        &mut self,
        deadline: Deadline,
        call: impl Future<Output = T>,
    ) -> std::result::Result<T, Stopped> {
        let mut call = pin!(call);
        self.line.lock().begin(deadline);
        loop {
            self.woken.0.store(false, Ordering::Relaxed);
            if let Poll::Ready(outcome) = call.as_mut().poll(&mut Context::from_waker(&self.waker)) {
                return Ok(outcome);
            }
            if let Some(error) = self.step() {
                // What arrived before the end may be the whole answer.
                return match call.as_mut().poll(&mut Context::from_waker(&self.waker)) {
                    Poll::Ready(outcome) => Ok(outcome),
                    Poll::Pending => Err(Stopped::Closed(error)),
                };
            }
            // A server that always sends a little must not carry a call beyond its deadline.
            if self.woken.0.load(Ordering::Relaxed) && !deadline.is_over() {
                continue;
            }
            if !self.line.wait(deadline).map_err(|error| Stopped::Closed(Some(error.into())))? {
                return Err(Stopped::TimedOut);
            }
        }
    }

    /// Polls the connection once, and sends what it gave. `Some` at its end.
    fn step(&mut self) -> Option<Option<Cause>> {
        let Some(connection) = &mut self.connection else { return Some(None) };
        let ended = match Pin::new(connection).poll(&mut Context::from_waker(&self.waker)) {
            Poll::Ready(outcome) => Some(outcome.err().map(Into::into)),
            Poll::Pending => match self.line.lock().send_stage(&self.line.socket) {
                Ok(()) => None,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
                Err(error) => Some(Some(error.into())),
            },
        };
        if ended.is_some() {
            self.connection = None;
        }
        ended
    }

    /// Takes a message back whose call is over, its stream reset: what is left of it is at most the piece whose frame
    /// was begun. Where it is more all the same, the connection goes, and its queue with it.
    ///
    /// After a call that `failed` the step tells the server too that nobody waits for the rest of its answer.
    pub fn take_back(&mut self, loan: Loan<'_>, failed: bool) {
        if failed || loan.count_out() > 0 {
            self.step();
        }
        if loan.count_out() > 1 {
            self.close();
        }
        drop(loan);
    }

    /// Gives the connection up.
    pub fn close(&mut self) {
        self.connection = None;
    }

    /// Counts the bytes that have left so far, and tells when the last did.
    pub fn sent(&self) -> (u64, Option<Instant>) {
        let state = self.line.lock();
        (state.sent, state.sent_at)
    }

    pub fn line(&self) -> Arc<Line> {
        self.line.clone()
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.line.socket.fmt(f)
    }
}

/// The socket, and what h2 and the driving loop tell each other of it.
pub(super) struct Line {
    socket: Socket,
    state: Mutex<LineState>,
}

struct LineState {
    /// Of the call, for reads and writes too: h2 goes on for as long as the peer has anything for it.
    deadline: Deadline,
    timed_out: bool,
    /// There may be something to read.
    readable: bool,
    /// The next read may wait, up to the deadline: there is nothing else to do.
    may_wait: bool,
    /// The system takes no more for now.
    blocked: bool,
    /// What was written in small pieces, and how much of it has left.
    stage: Vec<u8>,
    staged_sent: usize,
    sent: u64,
    sent_at: Option<Instant>,
}

impl Line {
    fn lock(&self) -> MutexGuard<'_, LineState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn sent_at(&self) -> Option<Instant> {
        self.lock().sent_at
    }

    /// Waits until there is something to do, or arranges for the next read to wait. `false` at the deadline.
    fn wait(&self, deadline: Deadline) -> io::Result<bool> {
        let mut state = self.lock();
        if std::mem::take(&mut state.timed_out) || deadline.is_over() {
            return Ok(false);
        }
        if !state.blocked {
            if !state.readable {
                (state.readable, state.may_wait) = (true, true);
            }
            return Ok(true);
        }
        // h2 leaves unread what there is while it has a frame of its own to send first: then only that is waited for.
        let wanted = if state.readable { Wanted::Write } else { Wanted::Both };
        drop(state);
        match self.socket.wait(wanted, deadline) {
            Ok(ready) => {
                let mut state = self.lock();
                state.readable |= ready.read;
                state.blocked &= !ready.write;
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::TimedOut => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl LineState {
    fn new() -> Self {
        Self {
            deadline: Deadline::after(None),
            timed_out: false,
            readable: false,
            may_wait: false,
            blocked: false,
            stage: Vec::new(),
            staged_sent: 0,
            sent: 0,
            sent_at: None,
        }
    }

    fn begin(&mut self, deadline: Deadline) {
        (self.deadline, self.timed_out, self.may_wait) = (deadline, false, false);
    }

    /// Whether the time is over: the driving loop ends the call, whatever there is still to read or to send.
    fn is_over(&mut self) -> bool {
        self.timed_out |= self.deadline.is_over();
        self.timed_out
    }

    fn send(&mut self, socket: &Socket, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        if self.blocked || self.is_over() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let outcome = socket.try_send_vectored(parts);
        match &outcome {
            Ok(count) => {
                self.sent += *count as u64;
                self.sent_at = Some(Instant::now());
            }
            Err(error) => self.blocked = error.kind() == io::ErrorKind::WouldBlock,
        }
        outcome
    }

    fn send_stage(&mut self, socket: &Socket) -> io::Result<()> {
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

/// The lane's side of h2: tokio's traits over the socket.
struct Wire(Arc<Line>);

impl Wire {
    fn poll_send(&self, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        match self.0.lock().write(&self.0.socket, parts) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Poll::Pending,
            outcome => Poll::Ready(outcome),
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let mut state = self.0.lock();
        if !state.readable || state.is_over() {
            return Poll::Pending;
        }
        let room = into.remaining();
        let deadline = state.deadline;
        let patience = std::mem::take(&mut state.may_wait).then_some(deadline);
        match self.0.socket.recv_unfilled(into, patience) {
            Ok(count) => {
                // A read that was not filled took all there was.
                state.readable = count == room || count == 0;
                Poll::Ready(Ok(()))
            }
            Err(error) => {
                state.readable = false;
                match error.kind() {
                    io::ErrorKind::WouldBlock => Poll::Pending,
                    // No fault of the connection's: the driving loop ends the call.
                    io::ErrorKind::TimedOut => {
                        state.timed_out = true;
                        Poll::Pending
                    }
                    _ => Poll::Ready(Err(error)),
                }
            }
        }
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_send(&[IoSlice::new(data)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_send(data)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Nothing: what is staged is sent before the driving loop waits.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Whether anything that the call waits for has happened. The loop polls anyway after each wait; this tells it not to
/// wait.
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}
