//! Triton's HTTP/REST protocol. Each call checks out its own connection.

mod connection;
mod control;
mod events;
mod exchange;
mod infer;
mod json;
mod json_tensor;
mod offline;
mod prepare;
mod response_head;

pub(crate) use control::HttpResponse;
pub use offline::HttpBody;
pub(crate) use prepare::Prepared;

use http::Uri;

use self::connection::Http1;
use crate::{
    error::{Error, Result},
    net::{
        dial::Dialer,
        pool::{ConnectionCounts, Pool, WAITING, WAITING_ASYNC},
    },
    options::ClientOptions,
    url::Url,
};

/// A server over HTTP.
#[derive(Debug)]
pub(crate) struct Http {
    /// The headers that all requests have in common, after the version in the request line.
    common_headers: String,
    /// The part of each path before `/v2`.
    base_path: String,
    dialer: Dialer,
    connections: Pool<Http1>,
    /// Those of calls on the I/O thread, with whose reactor they are registered.
    async_connections: Pool<Http1>,
}

impl Http {
    pub(crate) fn new(
        url: &Url,
        options: &ClientOptions,
        dialer: Dialer,
        max_connections: usize,
        max_async_connections: usize,
    ) -> Result<Self> {
        // `Uri` does not parse zones, which the authority excludes.
        Uri::try_from(format!("http://{}{}", url.authority(), url.base_path))
            .map_err(|error| Error::invalid("invalid HTTP URL").with_source(error))?;
        let host = options.authority.clone().unwrap_or_else(|| url.authority());
        let user_agent = options.whole_user_agent();
        Ok(Self {
            common_headers: format!("Host: {host}\r\nUser-Agent: {user_agent}\r\n"),
            base_path: url.base_path.clone(),
            dialer,
            connections: Pool::new(max_connections, WAITING),
            async_connections: Pool::new(max_async_connections, WAITING_ASYNC),
        })
    }

    pub(crate) fn connections(&self) -> ConnectionCounts {
        self.connections.counts() + self.async_connections.counts()
    }
}
