//! The one way to reach a server, for every path and both protocols: names, addresses, connecting, socket options.
//! What is added to it (TLS, Unix sockets, proxies) is added here, once.

use std::{
    future::poll_fn,
    io,
    net::SocketAddr,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use super::{drive::Caller, link::Link, resolve::Resolver};
use crate::{
    error::{Error, Result},
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
    has_spoken: Arc<AtomicBool>,
}

impl Dialer {
    pub fn new(url: &Url, connect_timeout: Option<Duration>, log: Log) -> Self {
        Self {
            host: url.host.clone(),
            zone: url.zone.clone(),
            port: url.port,
            authority: url.authority(),
            connect_timeout,
            resolver: Resolver::default(),
            log,
            has_spoken: Arc::default(),
        }
    }

    /// Opens a connection within the connect timeout. Nothing was sent when it fails, so its errors are never in doubt.
    pub async fn dial(&self, caller: &Caller) -> Result<Arc<Link>> {
        let deadline = Deadline::after(self.connect_timeout);
        let outcome = self
            .connect(caller, deadline)
            .await
            .map_err(|error| error.context(format_args!("cannot connect to {}", self.authority)));
        match &outcome {
            Ok(link) => self.log.write(LogLevel::Info, TARGET, || format!("connected to {link}")),
            Err(error) => self.log.write(LogLevel::Warn, TARGET, || error.full_message()),
        }
        outcome
    }

    async fn connect(&self, caller: &Caller, deadline: Deadline) -> Result<Arc<Link>> {
        let late = || {
            // The call may have time left, and another attempt may succeed.
            let timeout = self.connect_timeout.unwrap_or_default();
            Error::connection(format!("no connection within {timeout:?}, the connect timeout"))
        };
        caller.begins("resolving the host name");
        let addresses =
            caller.within(deadline, self.resolver.resolve(&self.host, self.zone.as_deref(), self.port)).await;
        let addresses = addresses.ok_or_else(late)??;
        caller.begins("connecting");
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for (at, address) in addresses.iter().enumerate() {
            let behind = addresses.len() - at - 1;
            // A silent address must not use up the time of those behind it.
            let share = match behind {
                0 => deadline,
                behind => {
                    let left = deadline.min(caller.until().deadline).remaining();
                    let shares = u32::try_from(behind + 1).unwrap_or(u32::MAX);
                    Deadline::after(left.map(|left| left / shares))
                }
            };
            match self.connect_to(*address, caller, share).await {
                Ok(link) => return Ok(link),
                Err(error) => last = error,
            }
        }
        if deadline.is_over() {
            return Err(late());
        }
        Err(Error::connection(format!("tried {}", list(&addresses))).with_source(last))
    }

    /// Connects to one address, before `deadline`.
    async fn connect_to(
        &self,
        address: SocketAddr,
        caller: &Caller,
        deadline: Deadline,
    ) -> io::Result<Arc<Link>> {
        let link = Link::connect(address, self.has_spoken.clone())?;
        let _on = caller.on(&link);
        let connected = poll_fn(|_| link.poll_connected());
        caller.within(deadline, connected).await.ok_or(io::ErrorKind::TimedOut)??;
        Ok(link)
    }
}

fn list(addresses: &[SocketAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
