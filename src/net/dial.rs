//! Opens connections, for both protocols: name resolution, connecting, timeouts, logging.

use std::{
    future::poll_fn,
    io,
    net::SocketAddr,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use super::{drive::Driver, link::Link, resolve::Resolver};
use crate::{
    error::{Error, Result},
    infer::Stopwatch,
    log::{Log, LogLevel},
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
    resolver: Resolver,
    log: Log,
    /// See [`Link::is_mute`].
    has_received: Arc<AtomicBool>,
}

impl Dialer {
    pub(crate) fn new(url: &Url, connect_timeout: Option<Duration>, log: Log) -> Self {
        Self {
            host: url.host.clone(),
            zone: url.zone.clone(),
            port: url.port,
            authority: url.authority(),
            connect_timeout,
            resolver: Resolver::default(),
            log,
            has_received: Arc::default(),
        }
    }

    /// Opens a connection within the connect timeout. Its errors are never in doubt: nothing was sent.
    pub(crate) async fn dial(&self, driver: &Driver) -> Result<Arc<Link>> {
        let deadline = Deadline::after(self.connect_timeout);
        let outcome = self
            .connect(driver, deadline)
            .await
            .map_err(|error| error.context(format_args!("cannot connect to {}", self.authority)));
        match &outcome {
            Ok(link) => self.log.write(LogLevel::Info, TARGET, || format!("connected to {link}")),
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
            Error::connection(format!("no connection within the connect timeout of {timeout:?}"))
        };
        driver.set_phase("resolving the host name");
        let addresses =
            driver.within(deadline, self.resolver.resolve(&self.host, self.zone.as_deref(), self.port)).await;
        let addresses = addresses.ok_or_else(timed_out)??;
        driver.set_phase("connecting");
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for (at, address) in addresses.iter().enumerate() {
            let following = addresses.len() - at - 1;
            // An address that does not respond must leave time for the following ones.
            let deadline = match following {
                0 => deadline,
                following => {
                    let left = deadline.min(driver.until().deadline).remaining();
                    let shares = u32::try_from(following + 1).unwrap_or(u32::MAX);
                    Deadline::after(left.map(|left| left / shares))
                }
            };
            match self.connect_to(*address, driver, deadline).await {
                Ok(link) => return Ok(link),
                Err(error) => last = error,
            }
            if driver.until().is_cancelled() {
                break;
            }
        }
        if deadline.is_over() {
            return Err(timed_out());
        }
        Err(Error::connection(format!("tried {}", list(&addresses))).with_source(last))
    }

    /// Connects to one address.
    async fn connect_to(
        &self,
        address: SocketAddr,
        driver: &Driver,
        deadline: Deadline,
    ) -> io::Result<Arc<Link>> {
        let link = Link::connect(address, driver.is_task(), self.has_received.clone())?;
        let _on = driver.on(&link);
        let connected = poll_fn(|context| link.poll_connected(context));
        driver.within(deadline, connected).await.ok_or(io::ErrorKind::TimedOut)??;
        Ok(link)
    }
}

fn list(addresses: &[SocketAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
