//! The options of a client, of a call and of a stream, merged once for each call.

mod call;
mod client;
mod connections;
mod context;
mod header;
mod header_callback;
mod query;
mod stream;
mod tls;

use std::time::Duration;

pub use call::CallOptions;
pub(crate) use call::Route;
pub(crate) use client::METRICS_PORT;
pub use client::{
    ClientOptions, DEFAULT_GRPC_SERVICE_NAME, DEFAULT_LOAD_TIMEOUT, DEFAULT_MAX_DECOMPRESSED_BYTE_SIZE,
    DEFAULT_MAX_IN_FLIGHT, DEFAULT_MAX_MESSAGE_BYTE_SIZE, DEFAULT_RESULT_MEMORY_BYTE_SIZE, DEFAULT_TIMEOUT,
};
pub(crate) use connections::ConnectionOptions;
pub use connections::{
    DEFAULT_CONNECT_TIMEOUT, DEFAULT_IDLE_TIMEOUT, DEFAULT_KEEPALIVE_TIMEOUT,
    DEFAULT_MAX_ASYNC_GRPC_CONNECTIONS, DEFAULT_MAX_ASYNC_HTTP_CONNECTIONS,
};
pub(crate) use context::CallContext;
pub use header::LoadReportFormat;
pub(crate) use header_callback::{AddedHeaders, HeaderSource};
pub use header_callback::{CallHeaders, HeaderCallback};
pub use stream::{DEFAULT_MAX_QUEUED_BYTE_SIZE, StreamOptions};
pub(crate) use tls::TlsOptions;
pub use tls::TlsVersion;
#[cfg(feature = "tls")]
pub(crate) use tls::{ClientCertificate, Source};

use crate::error::{Error, Result};

fn not_zero(timeout: Option<Duration>) -> Result<Option<Duration>> {
    match timeout {
        Some(Duration::ZERO) => Err(Error::invalid("timeout must be greater than 0")),
        timeout => Ok(timeout),
    }
}

fn at_least_one<T: From<u8> + PartialEq>(option: &str, number: T) -> Result<T> {
    match number == T::from(0) {
        true => Err(Error::invalid(format!("{option} must be at least 1"))),
        false => Ok(number),
    }
}
