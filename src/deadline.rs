//! The point in time at which a call gives up.

use std::time::{Duration, Instant};

/// A point in time, or never. Copied down through every layer, so that names, connect, send and receive all count
/// against the same limit.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    /// `limit` from now; `None`, or longer than a century, is never: what lies below (clocks, gRPC's header) can't
    /// say such times.
    pub fn after(limit: Option<Duration>) -> Self {
        const CENTURY: Duration = Duration::from_secs(100 * 366 * 24 * 3600);
        let limit = limit.filter(|limit| *limit < CENTURY);
        Self(limit.and_then(|limit| Instant::now().checked_add(limit)))
    }

    /// The earlier of this deadline and `limit` from now.
    pub fn at_most(self, limit: Option<Duration>) -> Self {
        match (self.0, Self::after(limit).0) {
            (Some(a), Some(b)) => Self(Some(a.min(b))),
            (a, b) => Self(a.or(b)),
        }
    }

    /// The time that is left; `None` is forever, zero is over.
    pub fn remaining(self) -> Option<Duration> {
        self.0.map(|at| at.saturating_duration_since(Instant::now()))
    }

    pub fn is_over(self) -> bool {
        self.remaining().is_some_and(|left| left.is_zero())
    }
}
