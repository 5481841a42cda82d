//! The one way to reach a server, for every path and both protocols: names, addresses, connecting, socket options.
//! What is added to it (TLS, Unix sockets, proxies) is added here, once.

use std::{io, net::TcpStream, time::Duration};

use super::{resolve::Resolver, socket::Socket};
use crate::{
    deadline::Deadline,
    error::{Error, Result},
    log::{Log, LogLevel},
    url::Url,
};

const TARGET: &str = "triton_client::net";

/// Opens connections to one server.
#[derive(Debug)]
pub(crate) struct Dialer {
    host: String,
    port: u16,
    authority: String,
    connect_timeout: Option<Duration>,
    resolver: Resolver,
    log: Log,
}

impl Dialer {
    pub fn new(url: &Url, connect_timeout: Option<Duration>, log: Log) -> Self {
        Self {
            host: url.host.clone(),
            port: url.port,
            authority: url.authority(),
            connect_timeout,
            resolver: Resolver::default(),
            log,
        }
    }

    /// A fresh connection, before the deadline and within the connect time limit. Blocks. Nothing was sent when it
    /// fails, so its errors are never in doubt.
    pub fn dial(&self, deadline: Deadline) -> Result<Socket> {
        let first = deadline.at_most(self.connect_timeout);
        let result = self.connect(first).map_err(|error| {
            // The connect time limit is the client's; the call may have had time left, and another try may do.
            let server = &self.authority;
            if first.is_over() && !deadline.is_over() {
                let limit = self.connect_timeout.unwrap_or_default();
                return Error::connection(format!("no connection to {server} within {limit:?}"))
                    .with_source(error);
            }
            error.context(format_args!("cannot connect to {server}"))
        });
        match &result {
            Ok(socket) => self.log.write(LogLevel::Info, TARGET, || format!("connected to {socket}")),
            Err(error) => self.log.write(LogLevel::Warn, TARGET, || error.full_message()),
        }
        result
    }

    fn connect(&self, deadline: Deadline) -> Result<Socket> {
        let addresses = self.resolver.resolve(&self.host, self.port, deadline)?;
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for (at, address) in addresses.iter().enumerate() {
            let opened = match deadline.remaining() {
                None => TcpStream::connect(address),
                Some(left) if left.is_zero() => return Err(Error::deadline("the time limit passed")),
                // A silent address must not use up the time of those behind it.
                Some(left) => {
                    let share = left / u32::try_from(addresses.len() - at).unwrap_or(u32::MAX);
                    TcpStream::connect_timeout(address, share.max(Duration::from_nanos(1)))
                }
            };
            match opened.and_then(Socket::new) {
                Ok(socket) => return Ok(socket),
                Err(error) => last = error,
            }
        }
        if deadline.is_over() {
            return Err(Error::deadline("the time limit passed"));
        }
        Err(Error::connection(format!("tried {}", list(&addresses))).with_source(last))
    }
}

fn list(addresses: &[std::net::SocketAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
