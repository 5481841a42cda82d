//! Connections between calls.

use std::{
    collections::VecDeque,
    future::poll_fn,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    thread::ThreadId,
    time::{Duration, Instant},
};

use super::drive::Caller;
use crate::error::Result;

/// A connection that no call used for longer is closed when the next one comes back.
const KEPT: Duration = Duration::from_secs(60);

/// The connections of a client to one server: as many as there are calls at once, up to a maximum. A thread gets the one
/// that it used itself, whose memory its core and its allocator know (at 1 MiB a fifth of the CPU time of four threads);
/// else the one used last, so that superfluous ones age.
#[derive(Debug)]
pub(crate) struct Pool<C> {
    max: usize,
    state: Mutex<State<C>>,
}

#[derive(Debug)]
struct State<C> {
    idle: Vec<Idle<C>>,
    /// Idle ones, those in use, and those that are being opened.
    open: usize,
    /// Ever opened.
    opened: u64,
    /// Calls that wait for a connection, in the order in which they came.
    waiting: VecDeque<(u64, Waker)>,
    tickets: u64,
}

#[derive(Debug)]
struct Idle<C> {
    since: Instant,
    user: ThreadId,
    /// In a box, for it is moved with every call: HTTP/2's has 1,300 bytes.
    connection: Box<C>,
}

/// What a pool keeps.
pub(crate) trait Connection: Sized {
    /// Whether another call may follow, as far as it can be told without waiting.
    fn is_alive(&mut self, idle_since: Instant) -> bool;
}

/// The connections of a client at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionCounts {
    /// Connections that are open or being opened.
    pub open: usize,
    /// Those of them that no call uses.
    pub idle: usize,
    /// Connections that were opened since the client was created, those that failed included.
    pub opened: u64,
}

impl<C: Connection> Pool<C> {
    /// A pool of at most `max` connections.
    pub fn new(max: usize) -> Self {
        let state = State { idle: Vec::new(), open: 0, opened: 0, waiting: VecDeque::new(), tickets: 0 };
        Self { max, state: Mutex::new(state) }
    }

    /// A connection that is the call's own until it is dropped or checked in: an idle one, or one that `open` opens.
    /// Waits for one where all are in use. `fresh`: not an idle one.
    pub async fn check_out(
        &self,
        caller: &Caller,
        fresh: bool,
        open: impl AsyncFnOnce() -> Result<C>,
    ) -> Result<Checked<'_, C>> {
        let user = caller.thread();
        let free = self.lock().take(caller, fresh, self.max);
        let taken = match free {
            Some(taken) => taken,
            None => self.wait(caller, fresh).await,
        };
        let slot = Slot(self);
        // The lock is not held while a connection is looked at or closed.
        match taken {
            Taken::Slot(closed) => drop(closed),
            Taken::Idle(Idle { mut connection, since, .. }) => {
                if connection.is_alive(since) {
                    return Ok(Checked { connection, slot, is_reused: true, user });
                }
                // Another one is opened in its slot: looking for a better one could mean to queue again.
                drop(connection);
                self.lock().opened += 1;
            }
        }
        Ok(Checked { connection: Box::new(open().await?), slot, is_reused: false, user })
    }

    async fn wait(&self, caller: &Caller, fresh: bool) -> Taken<C> {
        caller.begins("waiting for a free connection, of which option max_connections allows no more");
        let ticket = {
            let mut state = self.lock();
            state.tickets += 1;
            state.tickets
        };
        let _place = Place { pool: self, ticket };
        poll_fn(|context| self.lock().poll_take(context, ticket, caller, fresh, self.max)).await
    }

    pub fn counts(&self) -> ConnectionCounts {
        let state = self.lock();
        ConnectionCounts { open: state.open, idle: state.idle.len(), opened: state.opened }
    }
}

impl<C> Pool<C> {
    fn lock(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

enum Taken<C> {
    Idle(Idle<C>),
    /// Room for a new connection, and the idle one that has to be closed for it.
    Slot(Option<Idle<C>>),
}

impl<C> State<C> {
    /// `None` if nothing is free, or if others have waited for longer.
    fn take(&mut self, caller: &Caller, fresh: bool, max: usize) -> Option<Taken<C>> {
        if self.waiting.is_empty() { self.take_free(caller, fresh, max) } else { None }
    }

    fn take_free(&mut self, caller: &Caller, fresh: bool, max: usize) -> Option<Taken<C>> {
        if !fresh && !self.idle.is_empty() {
            let user = caller.thread();
            let own = self.idle.iter().rposition(|idle| idle.user == user);
            let idle = self.idle.remove(own.unwrap_or(self.idle.len() - 1));
            return Some(Taken::Idle(idle));
        }
        let makes_room = match self.open < max {
            true => None,
            false if self.idle.is_empty() => return None,
            false => Some(self.idle.remove(0)),
        };
        self.open += usize::from(makes_room.is_none());
        self.opened += 1;
        Some(Taken::Slot(makes_room))
    }

    fn poll_take(
        &mut self,
        context: &Context<'_>,
        ticket: u64,
        caller: &Caller,
        fresh: bool,
        max: usize,
    ) -> Poll<Taken<C>> {
        let at = self.waiting.iter().position(|(other, _)| *other == ticket);
        if at.unwrap_or(self.waiting.len()) == 0
            && let Some(taken) = self.take_free(caller, fresh, max)
        {
            return Poll::Ready(taken);
        }
        if at.is_none() {
            self.waiting.push_back((ticket, context.waker().clone()));
        }
        Poll::Pending
    }

    /// The one who has waited longest, if there is something for it.
    fn next(&self, max: usize) -> Option<Waker> {
        let is_free = !self.idle.is_empty() || self.open < max;
        self.waiting.front().filter(|_| is_free).map(|(_, waker)| waker.clone())
    }
}

fn wake(waiting: Option<Waker>) {
    if let Some(waker) = waiting {
        waker.wake();
    }
}

/// A place in the queue, which is left when the wait ends, however it ends.
struct Place<'p, C> {
    pool: &'p Pool<C>,
    ticket: u64,
}

impl<C> Drop for Place<'_, C> {
    fn drop(&mut self) {
        let mut state = self.pool.lock();
        state.waiting.retain(|(ticket, _)| *ticket != self.ticket);
        let next = state.next(self.pool.max);
        drop(state);
        wake(next);
    }
}

/// The right to one open connection.
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

/// A connection that one call uses. It is closed when this is dropped, unless it is checked in.
#[derive(Debug)]
pub(crate) struct Checked<'p, C> {
    pub connection: Box<C>,
    /// Whether calls used it before this one.
    pub is_reused: bool,
    /// The thread that uses it.
    user: ThreadId,
    /// Dropped after the connection: it is closed before another may be opened in its place.
    slot: Slot<'p, C>,
}

impl<C> Checked<'_, C> {
    /// Returns the connection to the pool, for the next call.
    pub fn check_in(self, now: Instant) {
        let Self { connection, slot, user, .. } = self;
        let pool = slot.0;
        // The connection keeps the slot.
        std::mem::forget(slot);
        let mut state = pool.lock();
        let aged = state.idle.iter().take_while(|idle| now.duration_since(idle.since) > KEPT).count();
        let aged: Vec<_> = state.idle.drain(..aged).collect();
        state.open -= aged.len();
        state.idle.push(Idle { since: now, user, connection });
        let next = state.next(pool.max);
        drop(state);
        wake(next);
    }
}

/// The connection that a response came on, if another call may follow: kept unless the response turns out to be malformed.
pub(crate) struct Kept<'p, C>(pub Option<Checked<'p, C>>);

impl<C> Kept<'_, C> {
    pub fn check_in(self) {
        if let Some(checked) = self.0 {
            checked.check_in(Instant::now());
        }
    }
}
