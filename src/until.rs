//! What ends a call early: its deadline, and its cancel token.

use std::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Wake, Waker},
    time::{Duration, Instant},
};

use crate::{error::Error, fork::Process, waiters::Waiters};

/// A point in time, or never. Passed to every layer, so that name resolution, connecting, sending and
/// receiving share it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// Returns the deadline `timeout` from now. `None` or more than a century is never: clocks and
    /// `grpc-timeout` can't represent such durations.
    pub(crate) fn after(timeout: Option<Duration>) -> Self {
        Self::since(Instant::now(), timeout)
    }

    /// As [`after`](Self::after), with the clock read by the caller.
    pub(crate) fn since(now: Instant, timeout: Option<Duration>) -> Self {
        const CENTURY: Duration = Duration::from_secs(100 * 366 * 24 * 3600);
        let timeout = timeout.filter(|timeout| *timeout < CENTURY);
        Self(timeout.and_then(|timeout| now.checked_add(timeout)))
    }

    /// Returns a deadline at a point in time; `None` for never.
    pub(crate) fn at(at: Option<Instant>) -> Self {
        Self(at)
    }

    /// Returns the earlier of two deadlines.
    pub(crate) fn min(self, other: Self) -> Self {
        match (self.0, other.0) {
            (Some(a), Some(b)) => Self(Some(a.min(b))),
            (a, b) => Self(a.or(b)),
        }
    }

    /// Returns the remaining time: `None` without a deadline, zero once it has passed.
    pub(crate) fn remaining(self) -> Option<Duration> {
        self.0.map(|at| at.saturating_duration_since(Instant::now()))
    }

    /// As [`remaining`](Self::remaining), with the clock read by the caller.
    pub(crate) fn remaining_at(self, now: Instant) -> Option<Duration> {
        self.0.map(|at| at.saturating_duration_since(now))
    }

    /// Returns the point in time; `None` for never.
    pub(crate) fn instant(self) -> Option<Instant> {
        self.0
    }

    pub(crate) fn is_over(self) -> bool {
        self.remaining().is_some_and(|left| left.is_zero())
    }

    /// Waits until `condvar` is notified, at most until the deadline. Returns whether it had passed before:
    /// then this does not wait.
    pub(crate) fn wait<'g, T>(
        self,
        condvar: &Condvar,
        guard: MutexGuard<'g, T>,
    ) -> (MutexGuard<'g, T>, bool) {
        match self.remaining() {
            None => (condvar.wait(guard).unwrap_or_else(PoisonError::into_inner), false),
            Some(left) if left.is_zero() => (guard, true),
            Some(left) => {
                (condvar.wait_timeout(guard, left).unwrap_or_else(PoisonError::into_inner).0, false)
            }
        }
    }
}

/// Cancels calls from any thread: those whose options name it
/// ([`CallOptions::set_cancel_token`](crate::CallOptions::set_cancel_token)). Clones are the same token.
#[derive(Clone, Debug)]
pub struct CancelToken(Arc<Token>);

#[derive(Debug)]
struct Token {
    process: Process,
    is_cancelled: AtomicBool,
    /// The calls that wait, to be woken by a cancel.
    waiting: Mutex<Waiters>,
}

impl Default for CancelToken {
    fn default() -> Self {
        Self::new()
    }
}

impl CancelToken {
    /// Creates a token that is not cancelled.
    pub fn new() -> Self {
        Self(Arc::new(Token {
            process: Process::current(),
            is_cancelled: AtomicBool::new(false),
            waiting: Mutex::default(),
        }))
    }

    /// Cancels every call that has the token, and every later one. A call whose result is complete already
    /// is not affected. Does not block, and may be repeated.
    pub fn cancel(&self) {
        self.0.cancel();
    }

    /// Returns whether [`cancel`](Self::cancel) was called.
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled.load(Ordering::Acquire)
    }

    /// Returns FAILED_PRECONDITION in a forked child: the calls that wait are its parent's, and another
    /// thread may have held the lock at the fork.
    pub(crate) fn check_process(&self) -> Result<(), Error> {
        self.0.process.check()
    }

    /// Wakes `waker` when the token is cancelled, and at once if it is already. Until the guard is dropped:
    /// no wake comes after that.
    pub(crate) fn watch(&self, waker: &Waker) -> Watching {
        let mut waiting = self.0.lock();
        let ticket = waiting.ticket();
        waiting.wait(ticket, waker);
        // Under the lock: a cancel either finds the waiter, or was before.
        if self.is_cancelled() {
            waker.wake_by_ref();
        }
        drop(waiting);
        Watching { token: self.0.clone(), ticket }
    }

    /// Cancels this token when `parent` is cancelled, until the guard is dropped.
    pub(crate) fn follow(&self, parent: &CancelToken) -> Watching {
        parent.watch(&Waker::from(self.0.clone()))
    }
}

impl Token {
    fn cancel(&self) {
        if !self.process.is_current() {
            self.is_cancelled.store(true, Ordering::Release);
            return;
        }
        let waiting = self.lock();
        self.is_cancelled.store(true, Ordering::Release);
        waiting.wake_all();
    }

    fn lock(&self) -> MutexGuard<'_, Waiters> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A token as the waiter of another: see [`CancelToken::follow`].
impl Wake for Token {
    fn wake(self: Arc<Self>) {
        self.cancel();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.cancel();
    }
}

/// See [`CancelToken::watch`].
#[derive(Debug)]
pub(crate) struct Watching {
    token: Arc<Token>,
    ticket: u64,
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.token.lock().leave(self.ticket);
    }
}

/// The conditions that stop a call while it waits.
#[derive(Clone, Debug)]
pub(crate) struct Until {
    pub deadline: Deadline,
    pub cancel: Option<CancelToken>,
}

/// The reason why a call was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stopped {
    TimedOut,
    Cancelled,
}

impl Until {
    pub(crate) fn check(&self) -> Result<(), Stopped> {
        if self.is_cancelled() {
            return Err(Stopped::Cancelled);
        }
        if self.deadline.is_over() { Err(Stopped::TimedOut) } else { Ok(()) }
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancel.as_ref().is_some_and(CancelToken::is_cancelled)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Woken(AtomicBool);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    #[test]
    fn a_cancel_wakes_every_waiter_before_and_after_it_until_the_waiter_leaves() {
        let wakers: [Arc<Woken>; 3] = Default::default();
        let is_woken = |at: usize| wakers[at].0.swap(false, Ordering::Relaxed);
        let token = CancelToken::new();
        let first = token.watch(&Waker::from(wakers[0].clone()));
        drop(token.watch(&Waker::from(wakers[1].clone())));
        let child = CancelToken::new();
        let following = child.follow(&token);
        assert!(!token.is_cancelled() && !is_woken(0));
        token.clone().cancel();
        assert!(token.is_cancelled() && child.is_cancelled() && is_woken(0) && !is_woken(1));
        drop((first, following));
        token.cancel();
        assert!(!is_woken(0));
        let _late = token.watch(&Waker::from(wakers[2].clone()));
        assert!(is_woken(2));
        let grandchild = CancelToken::new();
        let _following = grandchild.follow(&child);
        assert!(grandchild.is_cancelled());
    }
}
