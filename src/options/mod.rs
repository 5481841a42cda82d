//! What a client and a call can be told, and the two merged once for each call.

mod call;
mod client;
mod context;
mod header;

use std::time::Duration;

pub use call::CallOptions;
pub(crate) use call::Route;
pub(crate) use client::METRICS_PORT;
pub use client::{
    ClientOptions, DEFAULT_CONNECT_TIMEOUT, DEFAULT_GRPC_SERVICE_NAME, DEFAULT_LOAD_TIMEOUT,
    DEFAULT_MAX_DECOMPRESSED_BYTE_SIZE, DEFAULT_MAX_MESSAGE_BYTE_SIZE, DEFAULT_RESULT_MEMORY_BYTE_SIZE,
    DEFAULT_TIMEOUT,
};
pub(crate) use context::CallContext;
pub use header::LoadReportFormat;

use crate::error::{Error, Result};

fn not_zero(limit: Option<Duration>) -> Result<Option<Duration>> {
    match limit {
        Some(Duration::ZERO) => Err(Error::invalid("a time limit of 0 leaves no time for anything")),
        limit => Ok(limit),
    }
}
