//! Host names to addresses, within a deadline that getaddrinfo knows nothing of.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs},
    sync::{Arc, Condvar, Mutex, PoisonError},
    thread,
};

use crate::{
    deadline::Deadline,
    error::{Error, Origin, Result, Status},
    panic,
};

/// Looks up one host name. Literal addresses and `localhost` are answered at once; any other name by a thread
/// `triton-dns`, of which there is one at a time: callers that come meanwhile wait for the same answer, and one whose
/// deadline passes leaves it behind.
#[derive(Debug, Default)]
pub(super) struct Resolver {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    lookup: Mutex<Lookup>,
    answered: Condvar,
}

/// Addresses, or why there are none.
type Answer = std::result::Result<Vec<SocketAddr>, String>;

#[derive(Debug)]
struct Lookup {
    running: bool,
    /// Counts the lookups that have ended.
    round: u64,
    /// Of the last one.
    answer: Answer,
}

impl Default for Lookup {
    fn default() -> Self {
        Self { running: false, round: 0, answer: Ok(Vec::new()) }
    }
}

impl Resolver {
    pub fn resolve(&self, host: &str, port: u16, deadline: Deadline) -> Result<Vec<SocketAddr>> {
        if let Ok(address) = host.parse::<IpAddr>() {
            return Ok(vec![SocketAddr::new(address, port)]);
        }
        if host.eq_ignore_ascii_case("localhost") {
            // IPv4 first: Triton listens on 0.0.0.0 unless told otherwise.
            return Ok(vec![(Ipv4Addr::LOCALHOST, port).into(), (Ipv6Addr::LOCALHOST, port).into()]);
        }
        let mut lookup = self.shared.lookup.lock().unwrap_or_else(PoisonError::into_inner);
        if !lookup.running {
            self.start(host, port).map_err(|error| {
                Error::new(Status::ResourceExhausted, Origin::Client, "cannot start the thread triton-dns")
                    .retryable(true)
                    .with_source(error)
            })?;
            lookup.running = true;
        }
        let round = lookup.round;
        while lookup.round == round {
            let wait = match deadline.remaining() {
                Some(left) if left.is_zero() => {
                    return Err(Error::deadline(format!("host '{host}' not resolved within the time limit")));
                }
                left => left,
            };
            lookup = match wait {
                None => self.shared.answered.wait(lookup).unwrap_or_else(PoisonError::into_inner),
                Some(left) => {
                    self.shared.answered.wait_timeout(lookup, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
        match &lookup.answer {
            Ok(addresses) => Ok(addresses.clone()),
            Err(fault) => {
                Err(Error::connection(format!("cannot resolve host '{host}'")).with_source(fault.clone()))
            }
        }
    }

    fn start(&self, host: &str, port: u16) -> io::Result<()> {
        let (host, shared) = (host.to_owned(), self.shared.clone());
        let run = move || {
            let answer = panic::guard(|| {
                let addresses = (host.as_str(), port).to_socket_addrs();
                Ok(addresses.map(Iterator::collect::<Vec<_>>).map_err(|error| error.to_string()))
            });
            let answer = match answer {
                Ok(Ok(addresses)) if addresses.is_empty() => Err("the name has no address".to_owned()),
                Ok(answer) => answer,
                Err(panicked) => Err(panicked.to_string()),
            };
            let mut lookup = shared.lookup.lock().unwrap_or_else(PoisonError::into_inner);
            lookup.answer = answer;
            lookup.round += 1;
            lookup.running = false;
            shared.answered.notify_all();
        };
        thread::Builder::new().name("triton-dns".to_owned()).spawn(run).map(drop)
    }
}
