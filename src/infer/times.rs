//! Where the time of a call went.

use std::time::{Duration, Instant};

/// The stages of one call, each from the end of the one before; together they are the whole call. What a server does
/// is in `first_byte`, and in part in `receive`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallTimes {
    /// Encoding the request and finding a connection.
    pub queue: Duration,
    /// Opening a connection, names included; zero on one that was open.
    pub connect: Duration,
    /// Until the system had taken the last byte of the request.
    pub send: Duration,
    /// Until the first byte of the answer.
    pub first_byte: Duration,
    /// Until the last byte of the answer.
    pub receive: Duration,
}

/// Splits a call's time into its stages.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    last: Instant,
    times: CallTimes,
}

impl Stopwatch {
    pub fn start() -> Self {
        Self::since(Instant::now())
    }

    /// Of a call that has started already.
    pub fn since(start: Instant) -> Self {
        Self { last: start, times: CallTimes::default() }
    }

    /// Ends a stage: the time since the last one ended is its own.
    pub fn lap(&mut self, stage: fn(&mut CallTimes) -> &mut Duration) {
        self.lap_at(Instant::now(), stage);
    }

    /// As [`lap`](Self::lap), for a stage that ended at `end`.
    pub fn lap_at(&mut self, end: Instant, stage: fn(&mut CallTimes) -> &mut Duration) {
        *stage(&mut self.times) += end.saturating_duration_since(self.last);
        self.last = self.last.max(end);
    }

    pub fn times(&self) -> CallTimes {
        self.times
    }
}
