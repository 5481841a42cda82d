//! The connection pool.

use std::{
    future::poll_fn,
    sync::{Mutex, MutexGuard, PoisonError, atomic::Ordering::Relaxed},
    task::{Context, Poll, Waker},
    thread::ThreadId,
    time::{Duration, Instant},
};

use super::{dial::DialCounts, drive::Driver};
use crate::{error::Result, waiters::Waiters};

/// Connections that were idle for longer are closed when another is returned.
const MAX_IDLE_TIME: Duration = Duration::from_secs(60);

/// The connections of a client to a server, each used by one call at a time. A thread gets the connection
/// that it used last, whose buffers are in its core's cache and its allocator's arena, which saves a fifth of
/// the CPU time of four threads with 1 MiB tensors. Otherwise it gets the most recently used one, so that
/// surplus connections reach the maximum idle time.
#[derive(Debug)]
pub(crate) struct Pool<C> {
    /// The maximum number of open connections.
    max: usize,
    /// What a call does that waits for one of them, in error messages.
    waiting: &'static str,
    state: Mutex<State<C>>,
}

#[derive(Debug)]
struct State<C> {
    /// Least recently used first.
    idle: Vec<Idle<C>>,
    /// The number of connections that are idle, in use or being opened.
    open: usize,
    /// The number of connections ever opened.
    opened: u64,
    /// Calls that wait for a connection.
    waiting: Waiters,
}

#[derive(Debug)]
struct Idle<C> {
    since: Instant,
    user: Option<ThreadId>,
    /// Boxed, since it moves with every call: an HTTP/2 connection has 1,300 bytes.
    connection: Box<C>,
}

/// A connection that a pool can keep.
pub(crate) trait Connection: Sized {
    /// Returns whether the connection can carry another call, as far as that can be determined without
    /// waiting.
    fn is_alive(&mut self, idle_since: Instant) -> bool;
}

/// What a call does that waits for a connection, by the option that would permit more.
pub(crate) const WAITING: &str = "waiting for a connection: all are in use, see option max_connections";
pub(crate) const WAITING_ASYNC: &str =
    "waiting for a connection: all are in use, see option max_async_connections";

/// The numbers of a client's connections at a point in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionCounts {
    /// Connections that are open or being opened.
    pub open: usize,
    /// Open connections that no call uses.
    pub idle: usize,
    /// Connections that calls and streams use.
    pub busy: usize,
    /// Connections opened since the client was created, including failed attempts.
    pub opened: u64,
    /// TCP connections established since then, those of probes that explain an error included.
    pub connects: u64,
    /// Connections opened in place of one that the server had closed, or on which it had refused a call.
    pub reconnects: u64,
    /// Complete TLS handshakes, resumed ones included.
    pub tls_handshakes: u64,
    /// TLS handshakes that resumed an earlier session.
    pub tls_resumed: u64,
}

impl std::ops::Add for ConnectionCounts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            open: self.open + other.open,
            idle: self.idle + other.idle,
            busy: self.busy + other.busy,
            opened: self.opened + other.opened,
            connects: self.connects + other.connects,
            reconnects: self.reconnects + other.reconnects,
            tls_handshakes: self.tls_handshakes + other.tls_handshakes,
            tls_resumed: self.tls_resumed + other.tls_resumed,
        }
    }
}

impl From<&DialCounts> for ConnectionCounts {
    fn from(counts: &DialCounts) -> Self {
        Self {
            connects: counts.connects.load(Relaxed),
            tls_handshakes: counts.tls_handshakes.load(Relaxed),
            tls_resumed: counts.tls_resumed.load(Relaxed),
            ..Self::default()
        }
    }
}

impl<C: Connection> Pool<C> {
    /// Creates a pool of at most `max` connections; `waiting` is what a call does that waits for one.
    pub(crate) fn new(max: usize, waiting: &'static str) -> Self {
        let state = State { idle: Vec::new(), open: 0, opened: 0, waiting: Waiters::default() };
        Self { max, waiting, state: Mutex::new(state) }
    }

    /// Checks out an idle connection, or a new one that `open` opens (always if `fresh`). Waits while the
    /// maximum number is in use.
    pub(crate) async fn check_out(
        &self,
        driver: &Driver,
        fresh: bool,
        open: impl AsyncFnOnce() -> Result<C>,
    ) -> Result<Pooled<'_, C>> {
        let user = driver.thread();
        let free = self.lock().take(driver, fresh, self.max);
        let taken = match free {
            Some(taken) => taken,
            None => self.wait(driver, fresh).await,
        };
        let slot = Slot(self);
        // The lock is not held here: checking and closing a connection take system calls.
        match taken {
            Taken::Slot(evicted) => drop(evicted),
            Taken::Idle(Idle { mut connection, since, .. }) => {
                if connection.is_alive(since) {
                    return Ok(Pooled { connection, slot, is_reused: true, user });
                }
                // Replaced by a new one: trying another idle one could require queueing again.
                drop(connection);
                self.lock().opened += 1;
            }
        }
        Ok(Pooled { connection: Box::new(open().await?), slot, is_reused: false, user })
    }

    async fn wait(&self, driver: &Driver, fresh: bool) -> Taken<C> {
        driver.set_phase(self.waiting);
        let ticket = self.lock().waiting.ticket();
        let _queued = Queued { pool: self, ticket };
        poll_fn(|context| self.lock().poll_take(context, ticket, driver, fresh, self.max)).await
    }

    pub(crate) fn counts(&self) -> ConnectionCounts {
        let state = self.lock();
        ConnectionCounts {
            open: state.open,
            idle: state.idle.len(),
            opened: state.opened,
            ..ConnectionCounts::default()
        }
    }
}

impl<C> Pool<C> {
    fn lock(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Taken<C> {
    Idle(Idle<C>),
    /// The right to open a connection, and the idle one that is evicted for it.
    Slot(Option<Idle<C>>),
}

impl<C> State<C> {
    /// Returns `None` if no connection is free or other calls are waiting.
    fn take(&mut self, driver: &Driver, fresh: bool, max: usize) -> Option<Taken<C>> {
        if self.waiting.is_empty() { self.take_free(driver, fresh, max) } else { None }
    }

    fn take_free(&mut self, driver: &Driver, fresh: bool, max: usize) -> Option<Taken<C>> {
        if !fresh && !self.idle.is_empty() {
            let user = driver.thread();
            let own = self.idle.iter().rposition(|idle| idle.user == user);
            let idle = self.idle.remove(own.unwrap_or(self.idle.len() - 1));
            return Some(Taken::Idle(idle));
        }
        let evicted = match self.open < max {
            true => None,
            false if self.idle.is_empty() => return None,
            false => Some(self.idle.remove(0)),
        };
        self.open += usize::from(evicted.is_none());
        self.opened += 1;
        Some(Taken::Slot(evicted))
    }

    fn poll_take(
        &mut self,
        context: &Context<'_>,
        ticket: u64,
        driver: &Driver,
        fresh: bool,
        max: usize,
    ) -> Poll<Taken<C>> {
        // A call that is about to end takes no connection: each of thousands with one deadline would open
        // one, only to close it.
        let is_stopped = driver.until().check().is_err();
        if !is_stopped
            && self.waiting.is_first(ticket)
            && let Some(taken) = self.take_free(driver, fresh, max)
        {
            return Poll::Ready(taken);
        }
        self.waiting.wait(ticket, context.waker());
        Poll::Pending
    }

    /// Returns the waker of the call that has waited longest, if it can get a connection.
    fn next(&self, max: usize) -> Option<Waker> {
        let is_free = !self.idle.is_empty() || self.open < max;
        self.waiting.first().filter(|_| is_free)
    }
}

fn wake(waiting: Option<Waker>) {
    if let Some(waker) = waiting {
        waker.wake();
    }
}

/// A call's entry in the queue, removed when its wait ends for any reason.
struct Queued<'p, C> {
    pool: &'p Pool<C>,
    ticket: u64,
}

impl<C> Drop for Queued<'_, C> {
    fn drop(&mut self) {
        let mut state = self.pool.lock();
        state.waiting.leave(self.ticket);
        let next = state.next(self.pool.max);
        drop(state);
        wake(next);
    }
}

/// The right to an open connection.
#[derive(Debug)]
struct Slot<'p, C>(&'p Pool<C>);

impl<C> Drop for Slot<'_, C> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.open -= 1;
        let next = state.next(self.0.max);
        drop(state);
        wake(next);
    }
}

/// A connection in use by a call. Closed on drop unless it is checked in.
#[derive(Debug)]
pub(crate) struct Pooled<'p, C> {
    pub connection: Box<C>,
    /// Whether it has carried other calls.
    pub is_reused: bool,
    /// The calling thread.
    user: Option<ThreadId>,
    /// Declared after the connection, so that it is closed before another may be opened.
    slot: Slot<'p, C>,
}

impl<C> Pooled<'_, C> {
    /// Returns the connection to the pool.
    pub(crate) fn check_in(self, now: Instant) {
        let Self { connection, slot, user, .. } = self;
        let pool = slot.0;
        // An idle connection counts as open.
        std::mem::forget(slot);
        let mut state = pool.lock();
        let expired =
            state.idle.iter().take_while(|idle| now.duration_since(idle.since) > MAX_IDLE_TIME).count();
        // Closed when this function returns, after the lock is released.
        let _expired: Option<Vec<_>> = (expired > 0).then(|| {
            state.open -= expired;
            state.idle.drain(..expired).collect()
        });
        state.idle.push(Idle { since: now, user, connection });
        let next = state.next(pool.max);
        drop(state);
        wake(next);
    }
}

/// The connection of a response that is not parsed yet, `None` if it can't be reused. It is checked in unless
/// the response turns out to be malformed.
pub(crate) struct Kept<'p, C>(pub Option<Pooled<'p, C>>);

impl<C> Kept<'_, C> {
    pub(crate) fn check_in(self) {
        if let Some(pooled) = self.0 {
            pooled.check_in(Instant::now());
        }
    }
}
