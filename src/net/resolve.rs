//! Resolves host names with a deadline, which getaddrinfo does not have.

use std::{
    future::poll_fn,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, ToSocketAddrs},
    sync::{Arc, Mutex, PoisonError},
    task::{Poll, Waker},
    thread,
};

use crate::{
    error::{Error, Result},
    panic,
    runtime::cannot_start,
    url::scope_id,
    waiters::Waiters,
};

/// Resolves one host name. Literal addresses and `localhost` are resolved immediately, other names on a
/// thread named `triton-dns`. At most one such thread runs: concurrent callers share its outcome. A lookup
/// that hangs blocks no caller beyond its deadline; it may outlive the client, which it does not refer to.
#[derive(Debug, Default)]
pub(super) struct Resolver {
    lookup: Arc<Mutex<Lookup>>,
}

/// The addresses, or an error message.
type Outcome = std::result::Result<Vec<SocketAddr>, String>;

#[derive(Debug)]
struct Lookup {
    running: bool,
    /// The number of lookups that have ended.
    round: u64,
    /// The outcome of the last one.
    outcome: Outcome,
    /// The callers that wait for the current one.
    waiting: Waiters,
}

impl Default for Lookup {
    fn default() -> Self {
        Self { running: false, round: 0, outcome: Ok(Vec::new()), waiting: Waiters::default() }
    }
}

impl Resolver {
    /// Resolves `host`; `zone` is the zone of an IPv6 address.
    pub(super) async fn resolve(&self, host: &str, zone: Option<&str>, port: u16) -> Result<Vec<SocketAddr>> {
        match (host.parse::<IpAddr>(), zone) {
            (Ok(IpAddr::V6(address)), Some(zone)) => {
                return Ok(vec![SocketAddrV6::new(address, port, 0, scope_id(zone)?).into()]);
            }
            (Ok(address), _) => return Ok(vec![SocketAddr::new(address, port)]),
            (Err(_), _) => {}
        }
        // Also with the final dot that keeps a resolver from its search list.
        if host.strip_suffix('.').unwrap_or(host).eq_ignore_ascii_case("localhost") {
            // IPv4 first: Triton listens on 0.0.0.0 by default.
            return Ok(vec![(Ipv4Addr::LOCALHOST, port).into(), (Ipv6Addr::LOCALHOST, port).into()]);
        }
        let round = self.join(host, port)?;
        let ticket = lock(&self.lookup).waiting.ticket();
        let waiting = Waiting { lookup: &self.lookup, ticket };
        let outcome = poll_fn(|context| {
            let mut lookup = lock(&self.lookup);
            if lookup.round != round {
                return Poll::Ready(lookup.outcome.clone());
            }
            lookup.waiting.wait(waiting.ticket, context.waker());
            Poll::Pending
        });
        outcome
            .await
            .map_err(|error| Error::connection(format!("cannot resolve host '{host}'")).with_source(error))
    }

    /// Joins the running lookup, or starts one; returns its round.
    fn join(&self, host: &str, port: u16) -> Result<u64> {
        let mut lookup = lock(&self.lookup);
        if !lookup.running {
            self.start(host, port).map_err(|error| cannot_start("triton-dns", error))?;
            lookup.running = true;
        }
        Ok(lookup.round)
    }

    fn start(&self, host: &str, port: u16) -> io::Result<()> {
        let (host, shared) = (host.to_owned(), self.lookup.clone());
        let run = move || {
            let outcome = panic::guard(|| {
                let addresses = (host.as_str(), port).to_socket_addrs();
                Ok(addresses.map(Iterator::collect::<Vec<_>>).map_err(|error| error.to_string()))
            });
            let outcome = match outcome {
                Ok(Ok(addresses)) if addresses.is_empty() => Err("the host name has no address".to_owned()),
                Ok(outcome) => outcome,
                Err(panicked) => Err(panicked.to_string()),
            };
            let waiting = {
                let mut lookup = lock(&shared);
                lookup.outcome = outcome;
                lookup.round += 1;
                lookup.running = false;
                lookup.waiting.all()
            };
            waiting.into_iter().for_each(Waker::wake);
        };
        thread::Builder::new().name("triton-dns".to_owned()).spawn(run).map(drop)
    }
}

/// A waiting caller, removed when its wait ends for any reason.
struct Waiting<'l> {
    lookup: &'l Mutex<Lookup>,
    ticket: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        lock(self.lookup).waiting.leave(self.ticket);
    }
}

fn lock(lookup: &Mutex<Lookup>) -> std::sync::MutexGuard<'_, Lookup> {
    lookup.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::{
        net::drive::{Driver, drive},
        until::{Deadline, Stopped, Until},
    };

    fn driver(timeout: Duration) -> Driver {
        Driver::caller(Until { deadline: Deadline::after(Some(timeout)), cancel: None })
    }

    #[test]
    fn a_lookup_that_hangs_blocks_a_call_until_its_deadline_at_most() {
        let resolver = Resolver::default();
        // Simulates a lookup that never returns.
        lock(&resolver.lookup).running = true;
        let timeout = Duration::from_millis(300);
        let time_out = |_| {
            let (start, driver) = (Instant::now(), driver(timeout));
            assert!(matches!(drive(&driver, resolver.resolve("a.b", None, 1)), Err(Stopped::TimedOut)));
            start.elapsed()
        };
        let is_in_time = |took: &Duration| (timeout..timeout + Duration::from_millis(30)).contains(took);
        // Several attempts, since the machine may be busy.
        assert!((0..20).map(time_out).any(|took| is_in_time(&took)));
        assert!(lock(&resolver.lookup).waiting.is_empty());
    }

    #[test]
    fn all_callers_of_a_shared_lookup_are_woken() {
        let resolver = Resolver::default();
        lock(&resolver.lookup).running = true;
        let addresses: Vec<SocketAddr> = vec![([127, 0, 0, 9], 1).into()];
        thread::scope(|scope| {
            let callers: Vec<_> = (0..4)
                .map(|_| {
                    scope.spawn(|| drive(&driver(Duration::from_secs(20)), resolver.resolve("a.b", None, 1)))
                })
                .collect();
            while lock(&resolver.lookup).waiting.len() < callers.len() {
                thread::yield_now();
            }
            let waiting = {
                let mut lookup = lock(&resolver.lookup);
                (lookup.outcome, lookup.running) = (Ok(addresses.clone()), false);
                lookup.round += 1;
                lookup.waiting.all()
            };
            waiting.into_iter().for_each(Waker::wake);
            for driver in callers {
                assert_eq!(driver.join().unwrap().unwrap().unwrap(), addresses);
            }
        });
    }
}
