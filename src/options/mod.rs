//! The options of a client, of a call and of a stream, merged once for each call.

mod call;
mod client;
mod context;
mod header;
mod query;
mod stream;

use std::time::Duration;

pub use call::CallOptions;
pub(crate) use call::Route;
pub(crate) use client::METRICS_PORT;
pub use client::{
    ClientOptions, DEFAULT_CONNECT_TIMEOUT, DEFAULT_GRPC_SERVICE_NAME, DEFAULT_LOAD_TIMEOUT,
    DEFAULT_MAX_ASYNC_GRPC_CONNECTIONS, DEFAULT_MAX_ASYNC_HTTP_CONNECTIONS,
    DEFAULT_MAX_DECOMPRESSED_BYTE_SIZE, DEFAULT_MAX_IN_FLIGHT, DEFAULT_MAX_MESSAGE_BYTE_SIZE,
    DEFAULT_RESULT_MEMORY_BYTE_SIZE, DEFAULT_TIMEOUT,
};
pub(crate) use context::CallContext;
pub use header::LoadReportFormat;
pub use stream::{DEFAULT_MAX_QUEUED_BYTE_SIZE, StreamOptions};

use crate::error::{Error, Result};

fn not_zero(timeout: Option<Duration>) -> Result<Option<Duration>> {
    match timeout {
        Some(Duration::ZERO) => Err(Error::invalid("timeout must be greater than 0")),
        timeout => Ok(timeout),
    }
}
