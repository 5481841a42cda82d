//! The time of a call, by stages.

use std::time::{Duration, Instant};

/// The durations of a call's stages. Each stage begins where the previous one ends; together they are the
/// whole call. The server's own time is in `first_byte`, and in part in `receive`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallTimes {
    /// Encoding the request and checking out a connection.
    pub queue: Duration,
    /// Opening a connection, including name resolution; zero on an open one.
    pub connect: Duration,
    /// Until the operating system accepted the last byte of the request.
    pub send: Duration,
    /// Until the first byte of the response.
    pub first_byte: Duration,
    /// Until the last byte of the response.
    pub receive: Duration,
}

/// Measures the stages of a call.
#[derive(Debug)]
pub(crate) struct Stopwatch {
    last: Instant,
    times: CallTimes,
}

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self::since(Instant::now())
    }

    /// Creates the stopwatch of a call that began at `start`.
    pub(crate) fn since(start: Instant) -> Self {
        Self { last: start, times: CallTimes::default() }
    }

    /// Ends a stage, which began when the previous one ended.
    pub(crate) fn lap(&mut self, stage: fn(&mut CallTimes) -> &mut Duration) {
        self.lap_at(Instant::now(), stage);
    }

    /// Ends a stage as [`lap`](Self::lap) does, at `end`.
    pub(crate) fn lap_at(&mut self, end: Instant, stage: fn(&mut CallTimes) -> &mut Duration) {
        *stage(&mut self.times) += end.saturating_duration_since(self.last);
        self.last = self.last.max(end);
    }

    pub(crate) fn times(&self) -> CallTimes {
        self.times
    }
}
