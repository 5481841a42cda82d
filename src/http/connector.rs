//! How ureq reaches the server: through the dialer, over sockets that never raise SIGPIPE.

use std::{io, sync::Arc};

use ureq::{
    Error, Timeout,
    config::Config,
    http::Uri,
    unversioned::{
        resolver::{ResolvedSocketAddrs, Resolver},
        transport::{Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport},
    },
};

use crate::{
    deadline::Deadline,
    net::{dial::Dialer, socket::Socket},
};

/// Opens connections by the client's dialer.
#[derive(Debug)]
pub(super) struct DialerConnector(pub Arc<Dialer>);

impl Connector for DialerConnector {
    type Out = SocketTransport;

    fn connect(&self, details: &ConnectionDetails, _: Option<()>) -> Result<Option<SocketTransport>, Error> {
        let socket = self.0.dial(deadline(details.timeout)).map_err(|error| Error::Other(Box::new(error)))?;
        let buffers =
            LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(SocketTransport { socket, buffers }))
    }
}

/// The dialer resolves names by itself, within the call's deadline: ureq is handed an address that nobody reads.
#[derive(Debug)]
pub(super) struct NoResolver;

impl Resolver for NoResolver {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let mut addresses = self.empty();
        addresses.push(([0, 0, 0, 0], 0).into());
        Ok(addresses)
    }
}

#[derive(Debug)]
pub(super) struct SocketTransport {
    socket: Socket,
    buffers: LazyBuffers,
}

impl Transport for SocketTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let deadline = deadline(timeout);
        let mut output = &self.buffers.output()[..amount];
        while !output.is_empty() {
            let sent = self.socket.send(output, deadline).map_err(|error| failed(error, timeout.reason))?;
            output = &output[sent..];
        }
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let into = self.buffers.input_append_buf();
        let count =
            self.socket.recv(into, deadline(timeout)).map_err(|error| failed(error, timeout.reason))?;
        self.buffers.input_appended(count);
        Ok(count > 0)
    }

    fn is_open(&mut self) -> bool {
        self.socket.is_idle()
    }
}

fn deadline(timeout: NextTimeout) -> Deadline {
    use ureq::unversioned::transport::time::Duration;
    Deadline::after(match timeout.after {
        Duration::Exact(left) => Some(left),
        Duration::NotHappening => None,
    })
}

fn failed(error: io::Error, reason: Timeout) -> Error {
    if error.kind() == io::ErrorKind::TimedOut { Error::Timeout(reason) } else { Error::Io(error) }
}
