//! A connection, with TLS or without: tokio's I/O traits over a socket, for a protocol engine (h2,
//! ureq-proto) that is driven by [`drive`](super::drive).

use std::{
    fmt,
    io::{self, IoSlice},
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, ready},
    time::Instant,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf, unix::AsyncFd},
    task::coop::poll_proceed,
};

use super::{
    reactor,
    socket::{Interest, Socket, SocketOptions},
    tls::{Handshake, Session, Taken},
};
use crate::{
    error::{Error, Status},
    until::Deadline,
};

/// The size of the buffer that gathers small writes: h2 writes every frame separately, and most servers limit
/// frames to 16 KiB.
const WRITE_BUFFER_BYTE_SIZE: usize = 256 << 10;
/// Larger writes are sent without buffering.
const MAX_BUFFERED_WRITE_BYTE_SIZE: usize = 32 << 10;
/// The number of first bytes from the server that are kept.
const FIRST_BYTE_SIZE: usize = 8;

/// A socket, shared by a protocol engine and its driver. A read or write that would block returns `Pending`.
///
/// On a calling thread that takes no system call: the driver then waits ([`wait`](Self::wait)) or permits the
/// next read to block. Reads block only while the whole future is idle. Otherwise an engine that reads before
/// it writes, as in a TLS handshake, would deadlock.
///
/// On the I/O thread tokio's reactor wakes the task. The socket is in blocking mode there too: every call
/// that must not block says so.
pub(crate) struct Link {
    io: Io,
    /// Set once a cancel has shut the socket down: what the engine reads then is not the server's doing.
    is_shut_down: AtomicBool,
    is_tls: bool,
    /// Set when the server sends a byte, on any connection of the client.
    has_received: Arc<AtomicBool>,
    state: Mutex<State>,
}

/// Who waits for the socket.
enum Io {
    Caller(Socket),
    Reactor(AsyncFd<Socket>),
}

#[derive(Default)]
struct State {
    /// Boxed: it is large, and most connections have none.
    session: Option<Box<Session>>,
    flow: Flow,
    /// Small writes, of which `write_buffer_sent` bytes were sent.
    write_buffer: Vec<u8>,
    write_buffer_sent: usize,
    /// The first bytes that arrived on the connection, decrypted.
    first: Vec<u8>,
}

/// The state of the socket.
#[derive(Default)]
struct Flow {
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
    progress: Progress,
}

/// The progress of the current call on its connection.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Progress {
    /// The number of bytes sent, over TLS of encrypted ones.
    pub sent: u64,
    /// When the last byte was sent.
    pub sent_at: Option<Instant>,
    /// When the first byte arrived.
    pub first_byte_at: Option<Instant>,
}

impl Link {
    /// Begins to connect, for calls on this thread, or on the I/O thread `in_task`. With a `session` the
    /// connection has TLS. Sets `has_received` when the server sends anything.
    pub(crate) fn connect(
        peer: SocketAddr,
        in_task: bool,
        session: Option<Session>,
        has_received: Arc<AtomicBool>,
    ) -> io::Result<Arc<Self>> {
        let socket = Socket::connect(peer)?;
        let io = match in_task {
            true => Io::Reactor(reactor::register(socket)?),
            false => Io::Caller(socket),
        };
        let flow = Flow { blocked: true, ..Flow::default() };
        Ok(Arc::new(Self {
            io,
            is_shut_down: AtomicBool::new(false),
            is_tls: session.is_some(),
            has_received,
            state: Mutex::new(State { session: session.map(Box::new), flow, ..State::default() }),
        }))
    }

    /// Completes connecting.
    pub(crate) fn poll_connected(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_writable(&mut self.lock().flow, context))?;
        Poll::Ready(self.socket().finish_connect())
    }

    /// Sets the options of a socket that has connected.
    pub(super) fn set_options(&self, options: SocketOptions) -> io::Result<()> {
        self.socket().set_options(options)
    }

    /// Completes the TLS handshake, if the connection has TLS.
    pub(crate) fn poll_handshake(&self, context: &mut Context<'_>) -> Poll<io::Result<Option<Handshake>>> {
        if !self.is_tls {
            return Poll::Ready(Ok(None));
        }
        let outcome = self.poll_shake(context);
        // Nothing of a request has been sent.
        self.lock().flow.progress = Progress::default();
        outcome
    }

    fn poll_shake(&self, context: &mut Context<'_>) -> Poll<io::Result<Option<Handshake>>> {
        loop {
            ready!(self.poll_flush(context))?;
            let mut state = self.lock();
            let State { session: Some(session), flow, .. } = &mut *state else {
                return Poll::Ready(Ok(None));
            };
            if !session.is_handshaking() {
                return Poll::Ready(Ok(Some(session.handshake())));
            }
            if let Err(error) = session.take(&mut ReadBuf::new(&mut [])) {
                // The alert that tells the server.
                let _ = session.flush(|slices| flow.send(self.socket(), slices));
                return Poll::Ready(Err(error));
            }
            if session.is_handshaking() && !session.wants_write() {
                ready!(self.poll_receive(session, flow, context))?;
            }
        }
    }

    /// Returns whether the connection has TLS.
    pub(crate) fn is_tls(&self) -> bool {
        self.is_tls
    }

    /// Returns why TLS has ended the connection, if it did. In doubt once any of the request was sent, unless
    /// the server has refused the client's certificate: it then processes nothing.
    pub(crate) fn tls_failure(&self) -> Option<Error> {
        if !self.is_tls {
            return None;
        }
        let state = self.lock();
        let error = state.session.as_ref()?.failure()?.clone();
        let may_have_run = error.status() != Status::Unauthenticated && state.flow.progress.sent > 0;
        let is_in_doubt = error.is_in_doubt() || may_have_run;
        Some(error.in_doubt(is_in_doubt))
    }

    /// Returns whether a TLS server has sent no byte.
    pub(crate) fn is_silent(&self) -> bool {
        self.lock().session.as_ref().is_some_and(|session| !session.has_heard())
    }

    /// Returns whether no further call may start on the connection.
    pub(crate) fn is_retired(&self) -> bool {
        self.is_tls && self.lock().session.as_ref().is_some_and(|session| session.is_retired())
    }

    fn socket(&self) -> &Socket {
        match &self.io {
            Io::Caller(socket) => socket,
            Io::Reactor(reactor) => reactor.get_ref(),
        }
    }

    /// Ends a call that waits on the connection, or is about to, from another thread: shutting the socket
    /// down interrupts connecting, sending and receiving alike, and takes no system call of the waiting
    /// thread.
    fn shut_down(&self) {
        self.is_shut_down.store(true, Ordering::Release);
        self.socket().shut_down();
    }

    /// Returns whether a cancel has shut the connection down. It may have come after the end of the call that
    /// it was meant for.
    pub(crate) fn is_shut_down(&self) -> bool {
        self.is_shut_down.load(Ordering::Acquire)
    }

    /// Begins a call. After the deadline, reads and writes return `Pending` whether or not the socket is
    /// ready.
    pub(crate) fn begin(&self, deadline: Deadline) {
        let flow = &mut self.lock().flow;
        flow.deadline = Some(deadline);
        (flow.timed_out, flow.may_wait) = (false, None);
        flow.progress = Progress::default();
    }

    pub(crate) fn progress(&self) -> Progress {
        self.lock().flow.progress
    }

    /// Returns whether anything has arrived since the last call of this.
    pub(crate) fn take_has_received(&self) -> bool {
        self.lock().flow.progress.first_byte_at.take().is_some()
    }

    /// Returns whether the socket accepted no more when it was last written to.
    pub(crate) fn is_blocked(&self) -> bool {
        self.lock().flow.blocked
    }

    /// Returns the first bytes that the server sent on this connection.
    pub(crate) fn first_bytes(&self) -> Vec<u8> {
        self.lock().first.clone()
    }

    /// Returns whether the server has never sent a byte, on any connection of the client.
    pub(crate) fn is_mute(&self) -> bool {
        !self.has_received.load(Ordering::Relaxed)
    }

    /// Returns whether the peer has neither closed the connection nor sent anything, except for what TLS
    /// sends by itself. Takes a system call that does not block.
    pub(crate) fn is_quiet(&self) -> bool {
        if !self.is_tls {
            return self.socket().is_quiet();
        }
        let mut state = self.lock();
        let State { session: Some(session), flow, .. } = &mut *state else { return false };
        // The last call's has passed meanwhile.
        (flow.deadline, flow.timed_out) = (None, false);
        session.is_quiet(|into| self.socket().recv(into, None))
            && session.flush(|slices| flow.send(self.socket(), slices)).is_ok()
    }

    /// Makes the next read try the socket even if it was not reported readable.
    pub(crate) fn force_read(&self) {
        self.lock().flow.readable = true;
    }

    /// Waits until the socket is ready, or permits the next read to block. Returns `false` at the deadline.
    pub(crate) fn wait(&self, deadline: Deadline) -> bool {
        let mut state = self.lock();
        let flow = &mut state.flow;
        if std::mem::take(&mut flow.timed_out) {
            return false;
        }
        if !flow.blocked {
            // The read that follows checks the deadline.
            if !flow.readable {
                (flow.readable, flow.may_wait) = (true, Some(deadline));
                return true;
            }
            return !deadline.is_over();
        }
        // An engine that must send first leaves available data unread: waiting for both would return
        // immediately.
        let interest = if flow.readable { Interest::Write } else { Interest::Both };
        drop(state);
        match self.socket().wait(interest, deadline) {
            Ok(ready) => {
                let flow = &mut self.lock().flow;
                flow.readable |= ready.read;
                flow.blocked &= !ready.write;
                true
            }
            Err(error) if error.kind() == io::ErrorKind::TimedOut => false,
            // The next read or write returns the error.
            Err(_) => {
                let flow = &mut self.lock().flow;
                (flow.readable, flow.blocked) = (true, false);
                true
            }
        }
    }

    /// Sends as much of `slices` as the socket accepts, without buffering. Over TLS what it returns is
    /// encrypted, and the end may wait for [`poll_flush`](Self::poll_flush).
    pub(crate) fn poll_send(
        &self,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let Io::Reactor(_) = &self.io {
            // A peer that reads as fast as this sends must not occupy the thread.
            ready!(poll_proceed(context)).made_progress();
        }
        self.poll_write_with(context, |state| state.send(self.socket(), slices))
    }

    /// Sends the write buffer, and what is encrypted.
    pub(crate) fn poll_flush(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_write_with(context, |state| state.flush(self.socket()))
    }

    fn poll_write(&self, context: &mut Context<'_>, slices: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
        self.poll_write_with(context, |state| state.write(self.socket(), slices))
    }

    /// Writes until the socket accepts no more. On the I/O thread the task is then woken when it does.
    fn poll_write_with<T>(
        &self,
        context: &mut Context<'_>,
        mut write: impl FnMut(&mut State) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        let mut state = self.lock();
        loop {
            let was_blocked = state.flow.blocked;
            match write(&mut state) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if !was_blocked
                        && let Io::Reactor(reactor) = &self.io
                        && let Poll::Ready(Ok(mut ready)) = reactor.poll_write_ready(context)
                    {
                        // As in `poll_recv`.
                        ready.clear_ready();
                    }
                    ready!(self.poll_writable(&mut state.flow, context))?;
                }
                outcome => return Poll::Ready(outcome),
            }
        }
    }

    /// Returns `Ready` once the socket may accept more.
    fn poll_writable(&self, flow: &mut Flow, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &self.io {
            // The driver waits.
            Io::Caller(_) if flow.blocked || flow.timed_out => Poll::Pending,
            Io::Caller(_) => Poll::Ready(Ok(())),
            Io::Reactor(reactor) => {
                ready!(reactor.poll_write_ready(context))?.retain_ready();
                flow.blocked = false;
                Poll::Ready(Ok(()))
            }
        }
    }

    /// Receives into `into`; `Ready` without new bytes is the end of the connection.
    pub(crate) fn poll_recv(
        &self,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut state = self.lock();
        let start = into.filled().len();
        let State { session, flow, .. } = &mut *state;
        match session {
            None => {
                ready!(self.poll_receive_with(flow, context, |flow| self.recv(flow, into)))?;
            }
            Some(session) => ready!(self.poll_decrypt(session, flow, context, into))?,
        }
        state.note_received(&into.filled()[start..], &self.has_received);
        Poll::Ready(Ok(()))
    }

    /// Receives decrypted data.
    fn poll_decrypt(
        &self,
        session: &mut Session,
        flow: &mut Flow,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Io::Reactor(_) = &self.io {
            // As in `poll_readable`: of one receive, many reads are decrypted.
            ready!(poll_proceed(context)).made_progress();
        }
        loop {
            let taken = session.take(into);
            // Responses to key updates, and alerts. What can't be sent now is sent with the next data.
            let _ = session.flush(|slices| flow.send(self.socket(), slices));
            match taken? {
                Taken::Data | Taken::End => return Poll::Ready(Ok(())),
                Taken::Nothing => ready!(self.poll_receive(session, flow, context))?,
            }
        }
    }

    /// Receives what a session decrypts.
    fn poll_receive(
        &self,
        session: &mut Session,
        flow: &mut Flow,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        self.poll_receive_with(flow, context, |flow| session.receive(|into| self.recv(flow, into)))
    }

    /// Receives by `recv` once the socket is readable. On the I/O thread the task is woken when it is.
    fn poll_receive_with<T>(
        &self,
        flow: &mut Flow,
        context: &mut Context<'_>,
        mut recv: impl FnMut(&mut Flow) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        loop {
            ready!(self.poll_readable(flow, context))?;
            let outcome = recv(flow);
            if !flow.readable
                && let Io::Reactor(reactor) = &self.io
                && let Poll::Ready(Ok(mut ready)) = reactor.poll_read_ready(context)
            {
                // At once: later, this would also clear the readiness of data that arrived meanwhile.
                ready.clear_ready();
            }
            match outcome {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                outcome => return Poll::Ready(outcome),
            }
        }
    }

    /// Returns `Ready` once there may be data to read.
    fn poll_readable(&self, flow: &mut Flow, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &self.io {
            // The driver waits.
            Io::Caller(_) if !flow.readable || flow.may_wait.is_none() && flow.is_over() => Poll::Pending,
            Io::Caller(_) => Poll::Ready(Ok(())),
            Io::Reactor(_) if flow.readable => {
                // A peer that sends faster than it is read must not occupy the thread.
                ready!(poll_proceed(context)).made_progress();
                Poll::Ready(Ok(()))
            }
            Io::Reactor(reactor) => {
                ready!(reactor.poll_read_ready(context))?.retain_ready();
                flow.readable = true;
                Poll::Ready(Ok(()))
            }
        }
    }

    fn recv(&self, flow: &mut Flow, into: &mut ReadBuf<'_>) -> io::Result<usize> {
        let room = into.remaining();
        let wait_until = flow.may_wait.take();
        match self.socket().recv(into, wait_until) {
            Ok(count) => {
                if count == 0 && self.is_shut_down() {
                    // Not the server's end of a body without a length.
                    return Err(io::ErrorKind::ConnectionAborted.into());
                }
                // A short read means that the socket is drained.
                flow.readable = count == room || count == 0;
                Ok(count)
            }
            Err(error) => {
                flow.readable = false;
                // The call's deadline, not an error of the connection: the driver ends the call.
                if error.kind() == io::ErrorKind::TimedOut && wait_until.is_some() {
                    flow.timed_out = true;
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                Err(error)
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells the server that a TLS connection is closed.
impl Drop for Link {
    fn drop(&mut self) {
        if self.is_tls && !self.is_shut_down() {
            let session = self.lock().session.take();
            if let Some(mut session) = session {
                session.close(|slices| self.socket().try_send(slices));
            }
        }
    }
}

/// A waiter of a cancel token: a call that waits on the link, in any system call.
pub(super) struct ShutDown(pub(super) Arc<Link>);

impl Wake for ShutDown {
    fn wake(self: Arc<Self>) {
        self.0.shut_down();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.shut_down();
    }
}

impl Flow {
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
}

impl State {
    fn send(&mut self, socket: &Socket, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let Self { session, flow, .. } = self;
        match session {
            None => flow.send(socket, slices),
            Some(session) => session.write(slices, |slices| flow.send(socket, slices)),
        }
    }

    fn flush(&mut self, socket: &Socket) -> io::Result<()> {
        if !self.write_buffer.is_empty() {
            let buffer = std::mem::take(&mut self.write_buffer);
            let mut outcome = Ok(());
            while self.write_buffer_sent < buffer.len() && outcome.is_ok() {
                outcome =
                    self.send(socket, &[IoSlice::new(&buffer[self.write_buffer_sent..])]).map(|count| {
                        self.write_buffer_sent += count;
                    });
            }
            self.write_buffer = buffer;
            outcome?;
            self.write_buffer.clear();
            self.write_buffer_sent = 0;
        }
        let Self { session, flow, .. } = self;
        match session {
            None => Ok(()),
            Some(session) => session.flush(|slices| flow.send(socket, slices)),
        }
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

    /// Notes that bytes have arrived; none at the end of the connection.
    fn note_received(&mut self, new: &[u8], has_received: &AtomicBool) {
        if self.flow.progress.first_byte_at.is_none() {
            self.flow.progress.first_byte_at = Some(Instant::now());
        }
        if self.first.len() < FIRST_BYTE_SIZE && !new.is_empty() {
            has_received.store(true, Ordering::Relaxed);
            let missing = FIRST_BYTE_SIZE - self.first.len();
            self.first.extend_from_slice(&new[..missing.min(new.len())]);
        }
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket().fmt(f)
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link({})", self.socket())
    }
}

/// A link with tokio's I/O traits. Its writes are buffered, and sent before the driver waits.
pub(crate) struct LinkIo(pub Arc<Link>);

impl AsyncRead for LinkIo {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.0.poll_recv(context, into)
    }
}

impl AsyncWrite for LinkIo {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        self.0.poll_write(context, &[IoSlice::new(data)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write(context, data)
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

#[cfg(test)]
mod tests {
    use std::{future::poll_fn, net::TcpListener};

    use super::*;

    #[test]
    fn a_peer_that_reads_everything_does_not_occupy_the_io_thread() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        let polls = runtime.block_on(async {
            let link = Link::connect(listener.local_addr().unwrap(), true, None, Arc::default()).unwrap();
            poll_fn(|context| link.poll_connected(context)).await.unwrap();
            let (mut polls, mut sent) = (0, 0);
            poll_fn(|context| {
                polls += 1;
                while sent < 500 {
                    sent += ready!(link.poll_send(context, &[IoSlice::new(b"a")])).unwrap();
                }
                Poll::Ready(())
            })
            .await;
            polls
        });
        assert!(polls > 1, "{polls}");
    }
}
