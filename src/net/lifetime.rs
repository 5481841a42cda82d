//! When a connection is replaced although the server has not closed it.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::{Duration, Instant},
};

use crate::options::ConnectionOptions;

/// The limits of a client's connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lifetime {
    pub idle_timeout: Option<Duration>,
    max_age: Option<Duration>,
    pub max_requests: u64,
}

impl Lifetime {
    pub(crate) fn new(options: &ConnectionOptions) -> Self {
        let &ConnectionOptions { idle_timeout, max_age, max_requests, .. } = options;
        Self { idle_timeout, max_age, max_requests }
    }

    /// Returns whether a connection that has been idle `since` then carries no further call.
    pub(crate) fn is_idle_too_long(&self, since: Instant, now: Instant) -> bool {
        match self.idle_timeout {
            Some(timeout) => now.saturating_duration_since(since) >= timeout,
            None => false,
        }
    }

    /// Returns when a connection that was opened `now` is too old, up to a tenth of the maximum age early;
    /// `None` for never.
    pub(crate) fn end(&self, now: Instant) -> Option<Instant> {
        let max_age = self.max_age?;
        // The keys are random: no generator of random numbers is needed.
        let random = RandomState::new().build_hasher().finish();
        let early = f64::from(random as u32) / f64::from(u32::MAX) / 10.0;
        now.checked_add(max_age.saturating_sub(max_age.mul_f64(early)))
    }

    pub(crate) fn limits_age(&self) -> bool {
        self.max_age.is_some()
    }
}

/// How much a connection was used.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    /// When the connection is too old; `None` for never.
    end: Option<Instant>,
    requests: u64,
}

impl Usage {
    /// Begins with a connection that was just opened.
    pub(crate) fn new(lifetime: &Lifetime) -> Self {
        Self { end: lifetime.limits_age().then(Instant::now).and_then(|now| lifetime.end(now)), requests: 0 }
    }

    pub(crate) fn count(&mut self) {
        self.requests += 1;
    }

    /// Returns whether the connection carries no further call.
    pub(crate) fn is_over(&self, lifetime: &Lifetime, now: Instant) -> bool {
        self.requests >= lifetime.max_requests || self.end.is_some_and(|end| end <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_of_one_age_end_at_different_times_up_to_a_tenth_early() {
        let mut options =
            ConnectionOptions { max_age: Some(Duration::from_secs(1000)), ..Default::default() };
        let lifetime = Lifetime::new(&options);
        let now = Instant::now();
        let ends: Vec<Duration> = (0..100).map(|_| lifetime.end(now).unwrap() - now).collect();
        let (min, max) = (ends.iter().min().unwrap(), ends.iter().max().unwrap());
        assert!(*min >= Duration::from_secs(900) && *max <= Duration::from_secs(1000), "{min:?} {max:?}");
        assert!(*max - *min > Duration::from_secs(50), "{min:?} {max:?}");
        // Longer than a clock can represent.
        for max_age in [None, Some(Duration::MAX)] {
            options.max_age = max_age;
            assert!(
                Lifetime::new(&options).end(now).is_none_or(|end| end > now + Duration::from_secs(1 << 30))
            );
        }
    }
}
