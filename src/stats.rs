//! A client's statistics of its inferences.

use std::{
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    time::Duration,
};

use crate::infer::CallTimes;

/// A client's statistics of its inferences since it was created.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientStatistics {
    /// The inferences that succeeded.
    pub completed: u64,
    /// The inferences that failed, for any reason.
    pub failed: u64,
    /// The total time of the inferences that succeeded.
    pub total: Duration,
    /// Of that, the time spent sending: from the start of encoding until the system accepted the last byte.
    pub send: Duration,
    /// Of that, the time spent receiving: from the first byte of the response to the last.
    pub receive: Duration,
    /// The 50th percentile of the times of those that succeeded. Percentiles are at most 1/32 too large.
    pub p50: Duration,
    /// The 90th percentile.
    pub p90: Duration,
    /// The 99th percentile.
    pub p99: Duration,
    /// The longest time, exact.
    pub max: Duration,
}

/// Buckets within each power of two of the histogram.
const STEPS: usize = 32;
const STEP_BITS: u32 = STEPS.ilog2();
/// Up to 2^42 ns, over an hour; longer times are counted as that.
const BUCKETS: usize = (42 - STEP_BITS as usize + 1) * STEPS;

/// Counters without a lock: a reader may see some of the figures of a call that is being counted without the
/// others.
#[derive(Debug)]
pub(crate) struct Counters {
    failed: AtomicU64,
    total_ns: AtomicU64,
    send_ns: AtomicU64,
    receive_ns: AtomicU64,
    max_ns: AtomicU64,
    buckets: Box<[AtomicU64]>,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            failed: AtomicU64::default(),
            total_ns: AtomicU64::default(),
            send_ns: AtomicU64::default(),
            receive_ns: AtomicU64::default(),
            max_ns: AtomicU64::default(),
            buckets: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect(),
        }
    }
}

impl Counters {
    pub(crate) fn count_failed(&self) {
        self.failed.fetch_add(1, Relaxed);
    }

    pub(crate) fn count(&self, times: CallTimes) {
        let CallTimes { queue, connect, send, first_byte, receive, .. } = times;
        let total = nanos(queue + connect + send + first_byte + receive);
        self.total_ns.fetch_add(total, Relaxed);
        self.send_ns.fetch_add(nanos(queue + send), Relaxed);
        self.receive_ns.fetch_add(nanos(receive), Relaxed);
        self.max_ns.fetch_max(total, Relaxed);
        self.buckets[bucket(total)].fetch_add(1, Relaxed);
    }

    pub(crate) fn statistics(&self) -> ClientStatistics {
        let counts: Vec<u64> = self.buckets.iter().map(|count| count.load(Relaxed)).collect();
        let completed: u64 = counts.iter().sum();
        let max = self.max_ns.load(Relaxed);
        let percentile = |percent: u64| {
            let rank = (completed * percent).div_ceil(100).max(1);
            let mut seen = 0;
            let at = counts.iter().position(|count| {
                seen += count;
                seen >= rank
            });
            Duration::from_nanos(at.map_or(0, |at| last(at).min(max)))
        };
        ClientStatistics {
            completed,
            failed: self.failed.load(Relaxed),
            total: Duration::from_nanos(self.total_ns.load(Relaxed)),
            send: Duration::from_nanos(self.send_ns.load(Relaxed)),
            receive: Duration::from_nanos(self.receive_ns.load(Relaxed)),
            p50: percentile(50),
            p90: percentile(90),
            p99: percentile(99),
            max: Duration::from_nanos(max),
        }
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Returns the bucket of a time: exact below 2 * STEPS; above that, STEPS buckets for each power of two.
fn bucket(ns: u64) -> usize {
    if ns < STEPS as u64 {
        return ns as usize;
    }
    let shift = ns.ilog2() - STEP_BITS;
    let step = (ns >> shift) as usize - STEPS;
    ((shift as usize + 1) * STEPS + step).min(BUCKETS - 1)
}

/// Returns the largest time of a bucket.
fn last(bucket: usize) -> u64 {
    if bucket < STEPS {
        return bucket as u64;
    }
    let (shift, step) = (bucket / STEPS - 1, bucket % STEPS);
    (((STEPS + step + 1) as u64) << shift) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_time_has_a_bucket_no_wider_than_a_thirty_second_of_it() {
        for ns in (0..4096).chain((0..63).flat_map(|bits| [(1u64 << bits) - 1, 1 << bits, (1 << bits) + 1])) {
            let end = last(bucket(ns));
            if ns < 1 << 41 {
                assert!(end >= ns && end - ns <= ns / 32, "{ns} {end}");
            }
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn percentiles_are_those_of_the_counted_times() {
        let counters = Counters::default();
        assert_eq!(counters.statistics(), ClientStatistics::default());
        for us in 1..=1000 {
            counters.count(CallTimes { first_byte: Duration::from_micros(us), ..CallTimes::default() });
        }
        counters.count_failed();
        let statistics = counters.statistics();
        assert_eq!((statistics.completed, statistics.failed), (1000, 1));
        for (have, expected) in [(statistics.p50, 500), (statistics.p90, 900), (statistics.p99, 990)] {
            let have = have.as_nanos() as f64 / 1000.0;
            assert!((expected as f64..=expected as f64 * 33.0 / 32.0).contains(&have), "{have} {expected}");
        }
        assert_eq!(statistics.max, Duration::from_micros(1000));
        assert_eq!(statistics.total, Duration::from_micros(500_500));
    }
}
