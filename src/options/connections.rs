//! The options of a client's connections.

use std::time::Duration;

use super::{ClientOptions, at_least_one, not_zero};
use crate::error::Result;

/// The default timeout for reaching a server: 10 s.
pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The default maximum of connections of asynchronous calls over HTTP: 16.
pub const DEFAULT_MAX_ASYNC_HTTP_CONNECTIONS: usize = 16;
/// The default maximum of connections of asynchronous calls over gRPC: 4.
pub const DEFAULT_MAX_ASYNC_GRPC_CONNECTIONS: usize = 4;
/// The default maximum time that a connection is idle: 60 s.
pub const DEFAULT_IDLE_TIMEOUT: Duration = Duration::from_secs(60);
/// The default time that a server has to respond to a PING: 20 s.
pub const DEFAULT_KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(20);

/// How connections are opened, kept and closed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ConnectionOptions {
    pub connect_timeout: Option<Duration>,
    pub max_connections: usize,
    /// `None`: by the protocol.
    pub max_async_connections: Option<usize>,
    pub idle_timeout: Option<Duration>,
    pub max_age: Option<Duration>,
    pub max_requests: u64,
    pub tcp_nodelay: bool,
    pub tcp_keepalive: Option<Duration>,
    pub keepalive_time: Option<Duration>,
    pub keepalive_timeout: Duration,
}

impl Default for ConnectionOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Some(DEFAULT_CONNECT_TIMEOUT),
            max_connections: usize::MAX,
            max_async_connections: None,
            idle_timeout: Some(DEFAULT_IDLE_TIMEOUT),
            max_age: None,
            max_requests: u64::MAX,
            tcp_nodelay: true,
            tcp_keepalive: None,
            keepalive_time: None,
            keepalive_timeout: DEFAULT_KEEPALIVE_TIMEOUT,
        }
    }
}

impl ClientOptions {
    /// Sets the timeout for reaching a server: name resolution, connecting and the TLS handshake. The
    /// deadline of the call applies too. `None` means no other timeout. INVALID_ARGUMENT for zero. The
    /// default is [`DEFAULT_CONNECT_TIMEOUT`].
    pub fn set_connect_timeout(&mut self, timeout: Option<Duration>) -> Result<&mut Self> {
        self.connections.connect_timeout = not_zero(timeout)?;
        Ok(self)
    }

    /// Sets the maximum number of connections to the server that are open at once, idle ones included. A call
    /// that finds all of them in use waits for one until its deadline, and then fails with DEADLINE_EXCEEDED,
    /// naming this option. So does a call that the callback of
    /// [`Client::generate_stream`](crate::Client::generate_stream) makes on the same client: it needs a
    /// second connection. `None`, the default, sets no maximum: each concurrent call has a connection.
    /// INVALID_ARGUMENT for zero.
    pub fn set_max_connections(&mut self, max: Option<usize>) -> Result<&mut Self> {
        self.connections.max_connections = at_least_one("max_connections", max.unwrap_or(usize::MAX))?;
        Ok(self)
    }

    /// Sets the maximum number of connections of asynchronous calls, beside those of blocking calls
    /// ([`set_max_connections`](Self::set_max_connections)). Over HTTP each carries one call at a time; over
    /// gRPC as many as the server permits, but at most 100. Streams have connections of their own. `None`
    /// restores the default: [`DEFAULT_MAX_ASYNC_HTTP_CONNECTIONS`] or
    /// [`DEFAULT_MAX_ASYNC_GRPC_CONNECTIONS`]. INVALID_ARGUMENT for zero.
    pub fn set_max_async_connections(&mut self, max: Option<usize>) -> Result<&mut Self> {
        self.connections.max_async_connections =
            max.map(|max| at_least_one("max_async_connections", max)).transpose()?;
        Ok(self)
    }

    /// Sets the maximum time that a connection stays open without a call. A longer idle one never carries
    /// another. It is closed when the client next checks out or returns a connection of the same kind; those
    /// of asynchronous calls over gRPC, and of streams, are closed at that time. `None` means no maximum.
    /// INVALID_ARGUMENT for zero. The default is [`DEFAULT_IDLE_TIMEOUT`].
    pub fn set_idle_timeout(&mut self, timeout: Option<Duration>) -> Result<&mut Self> {
        self.connections.idle_timeout = not_zero(timeout)?;
        Ok(self)
    }

    /// Sets the maximum age of a connection: an older one carries no further call and is closed when its last
    /// call ends, so that servers behind a balancer or a changed DNS entry are found. Each connection gets up
    /// to a tenth less, so that not all are replaced at once. A stream lasts as long as it does. `None`, the
    /// default, means no maximum. INVALID_ARGUMENT for zero.
    pub fn set_max_connection_age(&mut self, age: Option<Duration>) -> Result<&mut Self> {
        self.connections.max_age = not_zero(age)?;
        Ok(self)
    }

    /// Sets the maximum number of calls on a connection, after which it is closed. `None`, the default, sets
    /// no maximum. INVALID_ARGUMENT for zero.
    pub fn set_max_connection_requests(&mut self, max: Option<u64>) -> Result<&mut Self> {
        let max = max.map(|max| at_least_one("max_connection_requests", max)).transpose()?;
        self.connections.max_requests = max.unwrap_or(u64::MAX);
        Ok(self)
    }

    /// Sets TCP_NODELAY: whether small segments are sent without waiting for the acknowledgement of earlier
    /// ones. The default is `true`; without it a call may wait 40 ms.
    pub fn set_tcp_nodelay(&mut self, is_enabled: bool) -> &mut Self {
        self.connections.tcp_nodelay = is_enabled;
        self
    }

    /// Sets TCP keepalive: after how much time without traffic the system probes a connection, idle ones
    /// included, and again after that time, until 3 probes have failed; the connection is then closed. It
    /// keeps entries of firewalls and NAT alive. In whole seconds, rounded up, at most 32,767. `None`, the
    /// default, sends no probes. INVALID_ARGUMENT for zero.
    pub fn set_tcp_keepalive(&mut self, time: Option<Duration>) -> Result<&mut Self> {
        self.connections.tcp_keepalive = not_zero(time)?;
        Ok(self)
    }

    /// Sets after how much time without a byte from the server a PING is sent over gRPC, and again after each
    /// such time: while a blocking call waits for its response, and on connections of asynchronous calls and
    /// streams while there is a call or a stream. A server that does not respond within
    /// [`set_keepalive_timeout`](Self::set_keepalive_timeout) is UNAVAILABLE, in doubt. Idle connections of
    /// blocking calls are driven by no thread: [`set_tcp_keepalive`](Self::set_tcp_keepalive) is for them.
    ///
    /// `None`, the default, sends none: gRPC's servers, Triton's too, close a connection with GOAWAY
    /// (ENHANCE_YOUR_CALM) if PINGs arrive more often than they permit, by default every 5 minutes.
    /// INVALID_ARGUMENT for zero. Has no effect over HTTP.
    pub fn set_keepalive_time(&mut self, time: Option<Duration>) -> Result<&mut Self> {
        self.connections.keepalive_time = not_zero(time)?;
        Ok(self)
    }

    /// Sets how long a server has to respond to a PING. INVALID_ARGUMENT for zero. The default is
    /// [`DEFAULT_KEEPALIVE_TIMEOUT`].
    pub fn set_keepalive_timeout(&mut self, timeout: Duration) -> Result<&mut Self> {
        not_zero(Some(timeout))?;
        self.connections.keepalive_timeout = timeout;
        Ok(self)
    }
}
