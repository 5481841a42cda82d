//! The connections of a client.

use std::{cell::Cell, pin::pin};

use super::{Client, server::ended};
use crate::{
    error::{Error, Result},
    net::{
        drive::{Driver, drive},
        pool::ConnectionCounts,
    },
    options::{CallContext, CallOptions},
};

impl Client {
    /// Opens connections to the server until `count` are open, idle ones included, so that the first calls
    /// need not wait for them: name resolution, TCP, the TLS handshake, and over gRPC the first frames of
    /// both sides, which shows that the port speaks gRPC. They are those of blocking calls: asynchronous
    /// calls and streams have connections of their own. Idle ones that the server has closed do not count;
    /// those that calls are opening at the same time do.
    ///
    /// Blocks until the last one is open, or until the deadline of `options` or their cancel token. Each
    /// connection has the connect timeout. An error says how many are open; these are kept. They are closed
    /// as idle ones are: see [`ClientOptions::set_idle_timeout`](crate::ClientOptions::set_idle_timeout).
    /// INVALID_ARGUMENT for more than
    /// [`ClientOptions::set_max_connections`](crate::ClientOptions::set_max_connections) permits.
    pub fn connect(&self, count: usize, options: &CallOptions) -> Result<()> {
        let _active = self.0.begin(options)?;
        let max = self.0.options.connections.max_connections;
        if count > max {
            let message =
                format!("cannot open {count} connections: the maximum is {max} (option max_connections)");
            return Err(Error::invalid(message));
        }
        let (server, context) = (&self.0.server, &CallContext::new(&self.0.options, options));
        let open_now = Cell::new(0);
        let what = || format!("opening {count} connections");
        server.log(context, what, || {
            // One attempt, without headers: no request is sent.
            let driver = &Driver::caller(context.until.clone());
            let opened = pin!(server.transport.connect(count, &open_now, driver));
            let outcome = drive(driver, opened).map(|opened| opened.map_err(|failure| failure.error));
            ended(outcome, driver, context)
                .map_err(|error| error.context(format_args!("{} of {count} are open", open_now.get())))
        })
    }

    /// Closes all connections that no call or stream uses, to the server and to that of the metrics. The
    /// others stay open, and are kept when their calls end. Does not block. FAILED_PRECONDITION in a forked
    /// child.
    pub fn close_idle(&self) -> Result<()> {
        self.check_process()?;
        self.0.server.transport.close_idle();
        if let Some(metrics) = self.0.metrics.get() {
            metrics.transport.close_idle();
        }
        Ok(())
    }

    /// Returns the numbers of the client's connections to the server at the moment; none in a forked child.
    pub fn connections(&self) -> ConnectionCounts {
        match self.check_process() {
            Ok(()) => self.0.server.transport.connections(),
            Err(_) => ConnectionCounts::default(),
        }
    }
}
