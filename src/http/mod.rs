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

use std::cell::Cell;

use http::Uri;

use self::connection::Http1;
use crate::{
    error::{Error, Result},
    net::{
        attempts::Failure,
        dial::Dialer,
        drive::Driver,
        lifetime::Lifetime,
        pool::{ConnectionCounts, Pool, WAITING, WAITING_ASYNC},
    },
    options::{ClientOptions, DEFAULT_MAX_ASYNC_HTTP_CONNECTIONS},
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
    pub(crate) fn new(url: &Url, options: &ClientOptions, dialer: Dialer) -> Result<Self> {
        // `Uri` does not parse zones, which the authority excludes.
        Uri::try_from(format!("http://{}{}", url.authority(), url.base_path))
            .map_err(|error| Error::invalid("invalid HTTP URL").with_source(error))?;
        let host = options.authority.clone().unwrap_or_else(|| url.host_header());
        let user_agent = options.whole_user_agent();
        let connections = &options.connections;
        let max_async = connections.max_async_connections.unwrap_or(DEFAULT_MAX_ASYNC_HTTP_CONNECTIONS);
        let lifetime = Lifetime::new(connections);
        Ok(Self {
            common_headers: format!("Host: {host}\r\nUser-Agent: {user_agent}\r\n"),
            base_path: url.base_path.clone(),
            dialer,
            connections: Pool::new(connections.max_connections, WAITING, lifetime),
            async_connections: Pool::new(max_async, WAITING_ASYNC, lifetime),
        })
    }

    /// Opens connections of blocking calls until `count` are open.
    pub(crate) async fn connect(
        &self,
        count: usize,
        open_now: &Cell<usize>,
        driver: &Driver,
    ) -> std::result::Result<(), Failure> {
        let open = async || Ok(Http1::new(self.dialer.dial(driver).await?));
        self.connections.fill(count, open_now, open).await
    }

    pub(crate) fn close_idle(&self) {
        self.connections.close_idle();
        self.async_connections.close_idle();
    }

    pub(crate) fn connections(&self) -> ConnectionCounts {
        self.connections.counts() + self.async_connections.counts() + self.dialer.counts().into()
    }
}
