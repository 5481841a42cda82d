//! When a call gives up.

use std::time::{Duration, Instant};

/// A point in time, or never. Copied down through every layer, so that name resolution, connecting, sending and
/// receiving all count against the same one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// `timeout` from now; `None`, or longer than a century, is never: what lies below (clocks, gRPC's header) can't
    /// express such times.
    pub fn after(timeout: Option<Duration>) -> Self {
        Self::since(Instant::now(), timeout)
    }

    /// As [`after`](Self::after), with the clock read by the caller.
    pub fn since(now: Instant, timeout: Option<Duration>) -> Self {
        const CENTURY: Duration = Duration::from_secs(100 * 366 * 24 * 3600);
        let timeout = timeout.filter(|timeout| *timeout < CENTURY);
        Self(timeout.and_then(|timeout| now.checked_add(timeout)))
    }

    /// The earlier of two.
    pub fn min(self, other: Self) -> Self {
        match (self.0, other.0) {
            (Some(a), Some(b)) => Self(Some(a.min(b))),
            (a, b) => Self(a.or(b)),
        }
    }

    /// The time that is left; `None` is forever, zero is over.
    pub fn remaining(self) -> Option<Duration> {
        self.0.map(|at| at.saturating_duration_since(Instant::now()))
    }

    /// As [`remaining`](Self::remaining), with the clock read by the caller.
    pub fn remaining_at(self, now: Instant) -> Option<Duration> {
        self.0.map(|at| at.saturating_duration_since(now))
    }

    pub fn is_over(self) -> bool {
        self.remaining().is_some_and(|left| left.is_zero())
    }
}

/// What ends the waits of a call from outside. A deadline alone today: a caller's cancel will end them at the same
/// places.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Until {
    pub deadline: Deadline,
}

/// Why a call was stopped before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stopped {
    TimedOut,
}

impl Until {
    pub fn check(self) -> Result<(), Stopped> {
        if self.deadline.is_over() { Err(Stopped::TimedOut) } else { Ok(()) }
    }
}
