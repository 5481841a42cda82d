//! Opens connections, for both protocols: name resolution, connecting, TLS, timeouts, logging.

use std::{
    future::poll_fn,
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use super::{
    drive::Driver,
    link::Link,
    probe,
    resolve::Resolver,
    socket::SocketOptions,
    tls::{Handshake, Session, TlsConfig},
};
use crate::{
    error::{Error, Result},
    infer::Stopwatch,
    log::{Log, LogLevel},
    options::ConnectionOptions,
    until::Deadline,
    url::Url,
};

const TARGET: &str = "triton_client::net";

/// Opens connections to one server.
#[derive(Debug)]
pub(crate) struct Dialer {
    host: String,
    zone: Option<String>,
    port: u16,
    authority: String,
    connect_timeout: Option<Duration>,
    socket_options: SocketOptions,
    resolver: Resolver,
    tls: Option<Arc<TlsConfig>>,
    log: Log,
    /// See [`Link::is_mute`].
    has_received: Arc<AtomicBool>,
    counts: DialCounts,
}

/// The numbers of a dialer's successes.
#[derive(Debug, Default)]
pub(crate) struct DialCounts {
    pub connects: AtomicU64,
    /// Complete handshakes, resumed ones included.
    pub tls_handshakes: AtomicU64,
    pub tls_resumed: AtomicU64,
}

/// Why an address can't be used.
enum Failed {
    /// Another address may work.
    Address(io::Error),
    /// The server was reached, and TLS failed.
    Tls(Error),
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Address(error)
    }
}

impl Dialer {
    pub(crate) fn new(url: &Url, options: &ConnectionOptions, tls: Option<Arc<TlsConfig>>, log: Log) -> Self {
        Self {
            host: url.host.clone(),
            zone: url.zone.clone(),
            port: url.port,
            authority: url.authority(),
            connect_timeout: options.connect_timeout,
            socket_options: SocketOptions::new(options),
            resolver: Resolver::default(),
            tls,
            log,
            has_received: Arc::default(),
            counts: DialCounts::default(),
        }
    }

    pub(crate) fn counts(&self) -> &DialCounts {
        &self.counts
    }

    pub(crate) fn connect_timeout(&self) -> Option<Duration> {
        self.connect_timeout
    }

    /// Opens a connection within the connect timeout. Its errors are never in doubt: nothing was sent.
    pub(crate) async fn dial(&self, driver: &Driver) -> Result<Arc<Link>> {
        let deadline = Deadline::after(self.connect_timeout);
        let outcome = self
            .connect(driver, deadline)
            .await
            .map_err(|error| error.context(format_args!("cannot connect to {}", self.authority)));
        match &outcome {
            Ok(_) => {}
            Err(_) if driver.until().is_cancelled() => {}
            Err(error) => self.log.write(LogLevel::Warn, TARGET, || error.full_message()),
        }
        outcome
    }

    /// As [`dial`](Self::dial), which ends the stage of waiting and is the stage of connecting.
    pub(crate) async fn dial_timed(&self, driver: &Driver, watch: &mut Stopwatch) -> Result<Arc<Link>> {
        watch.lap(|times| &mut times.queue);
        let link = self.dial(driver).await?;
        watch.lap(|times| &mut times.connect);
        Ok(link)
    }

    async fn connect(&self, driver: &Driver, deadline: Deadline) -> Result<Arc<Link>> {
        let timed_out = || {
            // Not DEADLINE_EXCEEDED: the call may have time left, and a retry may succeed.
            let timeout = self.connect_timeout.unwrap_or_default();
            let phase = driver.phase();
            Error::connection(format!("no connection within the connect timeout of {timeout:?} ({phase})"))
        };
        driver.set_phase("resolving the host name");
        let addresses =
            driver.within(deadline, self.resolver.resolve(&self.host, self.zone.as_deref(), self.port)).await;
        let addresses = addresses.ok_or_else(timed_out)??;
        let mut failures = Vec::new();
        for (at, address) in addresses.iter().enumerate() {
            let following = addresses.len() - at - 1;
            // An address that does not respond must leave time for the following ones.
            let share = match following {
                0 => deadline,
                following => {
                    let left = deadline.min(driver.until().deadline).remaining();
                    let shares = u32::try_from(following + 1).unwrap_or(u32::MAX);
                    Deadline::after(left.map(|left| left / shares))
                }
            };
            match self.connect_to(*address, driver, share, deadline).await {
                Ok(link) => return Ok(link),
                Err(Failed::Address(error)) => failures.push((*address, with_phase(error, driver))),
                Err(Failed::Tls(_)) if driver.until().is_cancelled() => {}
                // One server of several with this name may be about to end.
                Err(Failed::Tls(error)) if following > 0 && error.is_retryable() => {
                    failures.push((*address, error.full_message()));
                }
                Err(Failed::Tls(error)) => return Err(error),
            }
            if driver.until().is_cancelled() || deadline.is_over() {
                break;
            }
        }
        if deadline.is_over() {
            return Err(timed_out());
        }
        Err(unreachable(&failures))
    }

    /// Connects to one address, within `share`. A server that is connected has all the time that is left for
    /// the TLS handshake: it may be slow, and another address would not be faster.
    async fn connect_to(
        &self,
        address: SocketAddr,
        driver: &Driver,
        share: Deadline,
        deadline: Deadline,
    ) -> std::result::Result<Arc<Link>, Failed> {
        let session = match &self.tls {
            None => None,
            Some(config) => Some(Session::new(config, address).map_err(Failed::Tls)?),
        };
        driver.set_phase("connecting");
        let link = Link::connect(address, driver.is_task(), session, self.has_received.clone())?;
        let _on = driver.on(&link);
        let timed_out = || io::Error::from(io::ErrorKind::TimedOut);
        let connected = poll_fn(|context| link.poll_connected(context));
        driver.within(share, connected).await.ok_or_else(timed_out)??;
        link.set_options(self.socket_options)?;
        self.counts.connects.fetch_add(1, Relaxed);
        let Some(config) = &self.tls else {
            self.log.write(LogLevel::Info, TARGET, || format!("connected to {link}"));
            return Ok(link);
        };
        driver.set_phase("during the TLS handshake");
        let shaken = poll_fn(|context| link.poll_handshake(context));
        match driver.within(deadline, shaken).await.ok_or_else(timed_out)? {
            Ok(handshake) => {
                self.note(&link, handshake);
                Ok(link)
            }
            Err(_) if link.is_silent() && self.is_plain(address, driver, deadline).await => {
                Err(Failed::Tls(config.not_tls()))
            }
            Err(error) => Err(Failed::Tls(link.tls_failure().unwrap_or_else(|| {
                Error::connection("connection lost during the TLS handshake").with_source(error)
            }))),
        }
    }

    /// Returns whether a server that has ended a TLS handshake without a byte speaks HTTP/1 without TLS, as
    /// Triton's HTTP port does: the most frequent mistake in a URL with TLS.
    async fn is_plain(&self, address: SocketAddr, driver: &Driver, deadline: Deadline) -> bool {
        // A server that has spoken TLS before is overloaded, or about to end.
        if driver.until().is_cancelled() || self.counts.tls_handshakes.load(Relaxed) > 0 {
            return false;
        }
        let mut response = Vec::new();
        // Boxed, without a variable, which would be kept while this waits: this rare future would enlarge
        // that of every call.
        let _ = driver
            .within(
                probe::deadline(driver).min(deadline),
                Box::pin(self.probe(address, driver, &mut response)),
            )
            .await;
        probe::is_http1(&response)
    }

    async fn probe(&self, address: SocketAddr, driver: &Driver, response: &mut Vec<u8>) -> Option<()> {
        let link = Link::connect(address, driver.is_task(), None, Arc::default()).ok()?;
        let _on = driver.on(&link);
        poll_fn(|context| link.poll_connected(context)).await.ok()?;
        self.counts.connects.fetch_add(1, Relaxed);
        probe::probe(&link, &self.authority, response, |start| !start.is_empty()).await;
        Some(())
    }

    /// Counts and logs a handshake.
    fn note(&self, link: &Link, handshake: Option<Handshake>) {
        let Some(Handshake { is_resumed, version }) = handshake else { return };
        self.counts.tls_handshakes.fetch_add(1, Relaxed);
        self.counts.tls_resumed.fetch_add(u64::from(is_resumed), Relaxed);
        self.log.write(LogLevel::Info, TARGET, || {
            let resumed = if is_resumed { ", resumed" } else { "" };
            format!("connected to {link} ({version}{resumed})")
        });
    }
}

/// Returns the text of an error, for a timeout with what did not happen in time.
fn with_phase(error: io::Error, driver: &Driver) -> String {
    match error.kind() {
        io::ErrorKind::TimedOut => format!("timed out {}", driver.phase()),
        _ => error.to_string(),
    }
}

/// Returns the error of addresses none of which could be reached.
fn unreachable(failures: &[(SocketAddr, String)]) -> Error {
    let all =
        |text: fn(&(SocketAddr, String)) -> String| failures.iter().map(text).collect::<Vec<_>>().join(", ");
    match failures {
        [] => Error::connection("the host name has no address"),
        [(_, first), others @ ..] if others.iter().all(|(_, other)| other == first) => {
            let addresses = all(|(address, _)| address.to_string());
            Error::connection(format!("tried {addresses}")).with_source(first.clone())
        }
        _ => Error::connection(format!("tried {}", all(|(address, why)| format!("{address} ({why})")))),
    }
}
