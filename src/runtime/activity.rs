//! Counts a client's calls and streams, so that the client can be closed.

use std::{
    ops::Deref,
    sync::{
        Condvar, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::{
    error::{Error, Result},
    fork::Process,
    until::Deadline,
};

/// Set in the count once the client is closed.
const CLOSED: usize = 1 << (usize::BITS - 1);

/// The number of calls, streams and callbacks of a client that have not ended.
#[derive(Debug)]
pub(crate) struct Activity {
    process: Process,
    /// Without a lock: every call changes it twice.
    count: AtomicUsize,
    lock: Mutex<()>,
    ended: Condvar,
}

/// A call, stream or callback that has not ended.
#[derive(Debug)]
pub(crate) struct Active<A: Deref<Target = Activity>>(A);

impl Activity {
    pub(crate) fn new() -> Self {
        Self {
            process: Process::current(),
            count: AtomicUsize::new(0),
            lock: Mutex::new(()),
            ended: Condvar::new(),
        }
    }

    /// Returns the process in which the client was created.
    pub(crate) fn process(&self) -> Process {
        self.process
    }

    /// Closes the client: no further call begins.
    pub(crate) fn close(&self) {
        self.count.fetch_or(CLOSED, Ordering::SeqCst);
    }

    /// Waits until everything has ended; `false` at the deadline.
    pub(crate) fn wait_ended(&self, deadline: Deadline) -> bool {
        let mut guard = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        while self.count.load(Ordering::SeqCst) & !CLOSED != 0 {
            let is_over;
            (guard, is_over) = deadline.wait(&self.ended, guard);
            if is_over {
                return false;
            }
        }
        true
    }
}

impl<A: Deref<Target = Activity>> Active<A> {
    /// Begins a call. FAILED_PRECONDITION in a forked child, and once the client is closed.
    pub(crate) fn begin(activity: A) -> Result<Self> {
        activity.process.check()?;
        let before = activity.count.fetch_add(1, Ordering::SeqCst);
        let active = Self(activity);
        if before & CLOSED != 0 {
            return Err(Error::precondition("the client is closed"));
        }
        Ok(active)
    }

    /// Begins a part of a call that has not ended: also once the client is closed.
    pub(crate) fn begin_part(activity: A) -> Self {
        activity.count.fetch_add(1, Ordering::SeqCst);
        Self(activity)
    }
}

impl<A: Deref<Target = Activity>> Drop for Active<A> {
    fn drop(&mut self) {
        let activity = &*self.0;
        if activity.count.fetch_sub(1, Ordering::SeqCst) == CLOSED + 1 {
            let _guard = activity.lock.lock().unwrap_or_else(PoisonError::into_inner);
            activity.ended.notify_all();
        }
    }
}
