//! The connection pool.

use std::{
    cell::Cell,
    future::poll_fn,
    sync::{Mutex, MutexGuard, PoisonError, atomic::Ordering::Relaxed},
    task::{Context, Poll, Waker},
    thread::ThreadId,
    time::{Duration, Instant},
};

use super::{
    attempts::Failure,
    dial::DialCounts,
    drive::Driver,
    lifetime::{Lifetime, Usage},
};
use crate::{error::Result, waiters::Waiters};

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
    lifetime: Lifetime,
    state: Mutex<State<C>>,
}

#[derive(Debug)]
struct State<C> {
    /// Least recently used first.
    idle: Vec<Idle<C>>,
    /// The number of connections that are idle, in use or being opened.
    open: usize,
    /// The number of connections being opened.
    opening: usize,
    /// The number of connections ever opened.
    opened: u64,
    /// See [`ConnectionCounts::reconnects`].
    reconnects: u64,
    /// The number of connections that were lost and not replaced yet.
    lost: u64,
    /// Calls that wait for a connection.
    waiting: Waiters,
}

#[derive(Debug)]
struct Idle<C> {
    since: Instant,
    user: Option<ThreadId>,
    usage: Usage,
    /// Boxed, since it moves with every call: an HTTP/2 connection has 1,300 bytes.
    connection: Box<C>,
}

impl<C> Idle<C> {
    fn has_expired(&self, lifetime: &Lifetime, now: Instant) -> bool {
        lifetime.is_idle_too_long(self.since, now) || self.usage.is_over(lifetime, now)
    }
}

/// A connection that a pool can keep.
pub(crate) trait Connection: Sized {
    /// Returns whether the connection can carry another call after it has been idle for this time, as far as
    /// that can be determined without waiting.
    fn is_alive(&mut self, idle: Duration) -> bool;
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
    /// Connections opened in place of one that was lost: closed by the server, or by the client after a call
    /// that failed or was stopped, but not by a limit of the client's options.
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
    pub(crate) fn new(max: usize, waiting: &'static str, lifetime: Lifetime) -> Self {
        let state = State {
            idle: Vec::new(),
            open: 0,
            opening: 0,
            opened: 0,
            reconnects: 0,
            lost: 0,
            waiting: Waiters::default(),
        };
        Self { max, waiting, lifetime, state: Mutex::new(state) }
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
        let mut now = Instant::now();
        let free = self.lock_without_expired(now).take(driver, fresh, self.max);
        let has_waited = free.is_none();
        let taken = match free {
            Some(taken) => taken,
            None => {
                let taken = self.wait(driver, fresh).await;
                now = Instant::now();
                taken
            }
        };
        let mut slot = Slot { pool: self, is_used: false };
        // The lock is not held here: checking and closing a connection take system calls.
        let mut opening = match taken {
            Taken::Slot(evicted) => {
                let opening = Opening { pool: self, is_reconnect: fresh, is_open: false };
                drop(evicted);
                opening
            }
            Taken::Idle(idle) => {
                let has_expired = has_waited && idle.has_expired(&self.lifetime, now);
                let Idle { mut connection, since, mut usage, .. } = idle;
                if !has_expired && connection.is_alive(now.saturating_duration_since(since)) {
                    usage.count();
                    slot.is_used = true;
                    return Ok(Pooled { connection, usage, slot, is_reused: true, user });
                }
                // Replaced by a new one: trying another idle one could require queueing again.
                drop(connection);
                self.begin_opening(!has_expired)
            }
        };
        // Boxed: few calls open a connection.
        let connection = Box::new(Box::pin(open()).await?);
        opening.is_open = true;
        drop(opening);
        let mut usage = Usage::new(&self.lifetime);
        usage.count();
        slot.is_used = true;
        Ok(Pooled { connection, usage, slot, is_reused: false, user })
    }

    /// Opens connections until `count` are open, those that calls are opening included. Idle ones are checked
    /// before. `open_now` is always the number of open ones.
    pub(crate) async fn fill(
        &self,
        count: usize,
        open_now: &Cell<usize>,
        open: impl AsyncFn() -> std::result::Result<C, Failure>,
    ) -> std::result::Result<(), Failure> {
        self.check_idle();
        // Not more than `count`: a maximum age that is shorter than opening them all closes the first ones.
        for _ in 0..count {
            let (slot, mut opening) = {
                let mut state = self.lock();
                open_now.set(state.open);
                if state.open >= count {
                    return Ok(());
                }
                state.open += 1;
                state.opening += 1;
                state.opened += 1;
                (
                    Slot { pool: self, is_used: false },
                    Opening { pool: self, is_reconnect: false, is_open: false },
                )
            };
            let connection = Box::new(open().await?);
            opening.is_open = true;
            drop(opening);
            let usage = Usage::new(&self.lifetime);
            // Of no thread: the first that comes gets it.
            Pooled { connection, usage, slot, is_reused: false, user: None }.check_in(Instant::now());
        }
        open_now.set(self.lock().open);
        Ok(())
    }

    /// Closes the idle connections that carry no further call.
    fn check_idle(&self) {
        let mut alive = std::mem::take(&mut self.lock_without_expired(Instant::now()).idle);
        // As if they had been idle for long: each is checked.
        let dead = alive.extract_if(.., |idle| !idle.connection.is_alive(Duration::MAX)).collect();
        let mut state = self.lock();
        state.idle.splice(0..0, alive);
        let next = state.next(self.max);
        drop(state);
        wake(next);
        self.close(dead);
    }

    /// Closes all idle connections.
    pub(crate) fn close_idle(&self) {
        let idle = std::mem::take(&mut self.lock().idle);
        self.close(idle);
    }

    /// Begins to open a connection in place of one that was idle.
    fn begin_opening(&self, was_lost: bool) -> Opening<'_, C> {
        let mut state = self.lock();
        state.lost += u64::from(was_lost);
        state.opening += 1;
        state.opened += 1;
        Opening { pool: self, is_reconnect: false, is_open: false }
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
            busy: state.open.saturating_sub(state.idle.len() + state.opening),
            opened: state.opened,
            reconnects: state.reconnects,
            ..ConnectionCounts::default()
        }
    }
}

impl<C> Pool<C> {
    fn lock(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`lock`](Self::lock), after the idle connections that carry no further call were closed.
    fn lock_without_expired(&self, now: Instant) -> MutexGuard<'_, State<C>> {
        loop {
            let mut state = self.lock();
            if !state.has_expired(&self.lifetime, now) {
                return state;
            }
            let expired = state.take_expired(&self.lifetime, now);
            drop(state);
            self.close(expired);
        }
    }

    /// Closes connections that were idle, before others may be opened in their place.
    fn close(&self, idle: Vec<Idle<C>>) {
        let count = idle.len();
        drop(idle);
        let mut state = self.lock();
        state.open -= count;
        let next = state.next(self.max);
        drop(state);
        wake(next);
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
        self.opening += 1;
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

    /// Returns whether there are idle connections that carry no further call.
    fn has_expired(&self, lifetime: &Lifetime, now: Instant) -> bool {
        match &self.idle[..] {
            [] => false,
            // The first is the one that has been idle for the longest time.
            [first, ..] if !lifetime.limits_age() => first.has_expired(lifetime, now),
            idle => idle.iter().any(|idle| idle.has_expired(lifetime, now)),
        }
    }

    fn take_expired(&mut self, lifetime: &Lifetime, now: Instant) -> Vec<Idle<C>> {
        self.idle.extract_if(.., |idle| idle.has_expired(lifetime, now)).collect()
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
struct Slot<'p, C> {
    pool: &'p Pool<C>,
    /// Whether a call uses the connection, which is lost if it is not returned.
    is_used: bool,
}

impl<C> Drop for Slot<'_, C> {
    fn drop(&mut self) {
        let mut state = self.pool.lock();
        state.open -= 1;
        state.lost += u64::from(self.is_used);
        let next = state.next(self.pool.max);
        drop(state);
        wake(next);
    }
}

/// A connection being opened.
struct Opening<'p, C> {
    pool: &'p Pool<C>,
    /// Whether it is opened since a call failed on another, which may still be open.
    is_reconnect: bool,
    is_open: bool,
}

impl<C> Drop for Opening<'_, C> {
    fn drop(&mut self) {
        let mut state = self.pool.lock();
        state.opening -= 1;
        if self.is_open && (self.is_reconnect || state.lost > 0) {
            state.reconnects += 1;
            state.lost = state.lost.saturating_sub(1);
        }
    }
}

/// A connection in use by a call. Closed on drop unless it is checked in.
#[derive(Debug)]
pub(crate) struct Pooled<'p, C> {
    pub connection: Box<C>,
    usage: Usage,
    /// Whether it has carried other calls.
    pub is_reused: bool,
    /// The calling thread.
    user: Option<ThreadId>,
    /// Declared after the connection, so that it is closed before another may be opened.
    slot: Slot<'p, C>,
}

impl<C> Pooled<'_, C> {
    /// Returns the connection to the pool, or closes it if it carries no further call.
    pub(crate) fn check_in(mut self, now: Instant) {
        let pool = self.slot.pool;
        if self.usage.is_over(&pool.lifetime, now) {
            self.slot.is_used = false;
            return;
        }
        let Self { connection, usage, slot, user, .. } = self;
        // An idle connection counts as open.
        std::mem::forget(slot);
        let mut state = pool.lock_without_expired(now);
        state.idle.push(Idle { since: now, user, usage, connection });
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        net::drive::drive,
        options::ConnectionOptions,
        until::{Deadline, Until},
    };

    struct Always;

    impl Connection for Always {
        fn is_alive(&mut self, _: Duration) -> bool {
            true
        }
    }

    #[test]
    fn opening_connections_ahead_ends_although_they_are_too_old_at_once() {
        for (max_age, open) in [(None, 3), (Some(Duration::from_nanos(1)), 0)] {
            let options = ConnectionOptions { max_age, ..Default::default() };
            let pool = Pool::new(10, WAITING, Lifetime::new(&options));
            let deadline = Deadline::after(Some(Duration::from_secs(20)));
            let driver = Driver::caller(Until { deadline, cancel: None });
            let (open_now, opened) = (Cell::new(0), Cell::new(0));
            let filling = pool.fill(3, &open_now, async || {
                opened.set(opened.get() + 1);
                assert!(opened.get() <= 3);
                Ok(Always)
            });
            drive(&driver, filling).unwrap().unwrap();
            assert_eq!((opened.get(), open_now.get(), pool.counts().open), (3, open, open));
        }
    }
}
