//! Deadlines of calls.

use std::time::{Duration, Instant};

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

    pub(crate) fn is_over(self) -> bool {
        self.remaining().is_some_and(|left| left.is_zero())
    }
}

/// The conditions that stop a call while it waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Until {
    pub deadline: Deadline,
}

/// The reason why a call was stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stopped {
    TimedOut,
}

impl Until {
    pub(crate) fn check(self) -> Result<(), Stopped> {
        if self.deadline.is_over() { Err(Stopped::TimedOut) } else { Ok(()) }
    }
}
