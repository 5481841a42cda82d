//! PINGs that find out whether a silent server is still there, and keep the entries of firewalls and NAT
//! alive.

use std::time::{Duration, Instant};

use h2::{Ping, PingPong};

use super::frames::Seen;
use crate::{
    error::{Error, Origin},
    net::attempts::Failure,
    options::ConnectionOptions,
};

/// The options of a client that sends PINGs.
#[derive(Clone, Copy, Debug)]
pub(super) struct KeepaliveOptions {
    time: Duration,
    timeout: Duration,
}

impl KeepaliveOptions {
    /// Returns `None` if no PINGs are sent.
    pub(super) fn new(options: &ConnectionOptions) -> Option<Self> {
        options.keepalive_time.map(|time| Self { time, timeout: options.keepalive_timeout })
    }
}

/// The PINGs of a connection.
pub(super) struct Keepalive {
    pings: PingPong,
    clock: Clock,
}

/// What the time demands.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing before then; `None` for never.
    Wait(Option<Instant>),
    /// A PING was queued.
    Ping,
    /// The server did not respond in time.
    Dead,
}

impl Keepalive {
    pub(super) fn new(pings: PingPong, options: KeepaliveOptions) -> Self {
        let clock = Clock { options, received: 0, active_at: Instant::now(), pinged_at: None };
        Self { pings, clock }
    }

    /// Begins with the first call on an idle connection.
    pub(super) fn begin(&mut self) {
        (self.clock.active_at, self.clock.pinged_at) = (Instant::now(), None);
    }

    /// Queues a PING if it is time for one.
    pub(super) fn check(&mut self, seen: &Seen) -> Due {
        let due = self.clock.check(seen.received(), Instant::now());
        if due == Due::Ping {
            // Takes the response to an earlier one. If there is none yet, that one is waited for.
            let _ = self.pings.poll_pong(&mut std::task::Context::from_waker(std::task::Waker::noop()));
            let _ = self.pings.send_ping(Ping::opaque());
        }
        due
    }

    pub(super) fn no_response(&self) -> Error {
        let timeout = self.clock.options.timeout;
        Error::connection(format!("no response to a PING within {timeout:?} (option keepalive_timeout)"))
    }
}

struct Clock {
    options: KeepaliveOptions,
    /// The number of bytes that had been received at the last check.
    received: u64,
    /// When the last of them were.
    active_at: Instant,
    /// When a PING was queued, if the server has sent nothing since.
    pinged_at: Option<Instant>,
}

impl Clock {
    fn check(&mut self, received: u64, now: Instant) -> Due {
        if received != self.received {
            (self.received, self.active_at, self.pinged_at) = (received, now, None);
        }
        let (since, time) = match self.pinged_at {
            None => (self.active_at, self.options.time),
            Some(pinged_at) => (pinged_at, self.options.timeout),
        };
        match (since.checked_add(time), self.pinged_at) {
            (Some(at), None) if at <= now => {
                self.pinged_at = Some(now);
                Due::Ping
            }
            (Some(at), Some(_)) if at <= now => Due::Dead,
            (at, _) => Due::Wait(at),
        }
    }
}

/// Returns the failure of a call on a connection. If PINGs, or their absence, have ended the connection, that
/// is the reason.
pub(super) fn explained(failure: Failure, seen: &Seen) -> Failure {
    match seen.end() {
        Some(error) if failure.error.origin() == Origin::Connection => {
            let error = error.clone().in_doubt(failure.error.is_in_doubt());
            Failure { error, ..failure }
        }
        _ => failure,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ping_follows_silence_and_any_byte_is_a_response_to_it() {
        let second = Duration::from_secs(1);
        let start = Instant::now();
        let options = KeepaliveOptions { time: 10 * second, timeout: 3 * second };
        let mut clock = Clock { options, received: 0, active_at: start, pinged_at: None };
        let at = |seconds: u32| start + seconds * second;
        for (now, received, due) in [
            (0, 0, Due::Wait(Some(at(10)))),
            (9, 0, Due::Wait(Some(at(10)))),
            (9, 5, Due::Wait(Some(at(19)))),
            (19, 5, Due::Ping),
            (19, 5, Due::Wait(Some(at(22)))),
            (21, 6, Due::Wait(Some(at(31)))),
            (32, 6, Due::Ping),
            (34, 6, Due::Wait(Some(at(35)))),
            (36, 6, Due::Dead),
        ] {
            assert_eq!(clock.check(received, at(now)), due, "{now}");
        }
        clock.options.time = Duration::MAX;
        clock.pinged_at = None;
        assert_eq!(clock.check(6, at(1000)), Due::Wait(None));
    }
}
