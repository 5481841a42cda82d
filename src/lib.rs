//! A client for NVIDIA Triton Inference Server over HTTP/REST and gRPC: blocking, thread-safe, with a
//! deadline for every call and a status in every error. The same library has a C API:
//! `include/triton_client.h`.
//!
//! ```no_run
//! use triton_client::{Client, InferRequest};
//!
//! # fn main() -> triton_client::Result<()> {
//! let (a, b) = ([1i32; 16], [2i32; 16]);
//! let client = Client::new("grpc://localhost:8001")?;
//! let request = InferRequest::new("simple").input("INPUT0", &[1, 16], &a).input("INPUT1", &[1, 16], &b);
//! let result = client.infer(&request)?;
//! let sum: &[i32] = result.output("OUTPUT0")?.as_slice()?;
//! # assert_eq!(sum, [3; 16]);
//! # Ok(())
//! # }
//! ```

// Unsafe code is allowed only in the FFI layers (ffi, jni), in lend.rs, in net/unfilled.rs, which receives
// into uninitialised memory, in net/reactor.rs, which registers sockets with tokio, in fork.rs, and in the
// optional allocator.
#![deny(unsafe_code)]
#![warn(unreachable_pub)]
// Without the C API and the Java client, which are default features, their helpers are unused.
#![cfg_attr(not(all(feature = "capi", feature = "jni")), allow(dead_code))]

#[cfg(not(unix))]
compile_error!("triton-client supports Linux and macOS; Windows is not supported yet");

#[cfg(feature = "allocator")]
#[allow(unsafe_code)]
mod allocator;
mod call;
mod client;
mod completion_queue;
mod compression;
mod digits;
mod error;
mod error_body;
#[cfg(feature = "capi")]
// Its public items are those of C.
#[allow(unsafe_code, unreachable_pub)]
mod ffi;
#[allow(unsafe_code)]
mod fork;
mod grpc;
mod headers;
mod http;
mod infer;
#[cfg(feature = "jni")]
#[allow(unsafe_code)]
mod jni;
#[allow(unsafe_code)]
mod lend;
mod load_report;
mod log;
mod model;
mod net;
mod options;
mod panic;
mod proto;
mod reasons;
mod runtime;
mod stats;
mod stream;
mod tls_port;
mod transport;
mod until;
mod url;
mod waiters;

pub use call::Call;
pub use client::Client;
pub use completion_queue::CompletionQueue;
pub use compression::Compression;
pub use error::{
    Error, GRPC_CODES, HTTP_STATUSES, Meaning, Origin, Result, Status, grpc_code_meaning, http_status_meaning,
};
pub use headers::Headers;
pub use http::HttpBody;
pub use infer::half;
pub use infer::{
    CallTimes, Class, Datatype, Element, Finality, InferInput, InferOutput, InferRequest, InferResult,
    Parameter, ParameterKind, Parameters, Region, RequestedOutput, SequenceId,
};
pub use load_report::LoadReport;
pub use log::{LogCallback, LogLevel};
pub use model::{
    BatchStatistics, CudaRegion, CudaRegions, DurationKind, Durations, Generated, MemoryUsage, MetricSample,
    Metrics, ModelConfig, ModelMetadata, ModelStatistics, ModelStatisticsList, RepositoryIndex,
    RepositoryModel, RepositoryOptions, ResponseStatistics, SequenceBatching, SequenceStrategy,
    ServerMetadata, ServingStatus, SettingValue, Settings, SettingsUpdate, StatisticDuration, SystemRegion,
    SystemRegions, TensorConfig, TensorFormat, TensorMetadata, VersionPolicy,
};
pub use net::pool::ConnectionCounts;
pub use options::{
    CallHeaders, CallOptions, ClientOptions, DEFAULT_CONNECT_TIMEOUT, DEFAULT_GRPC_SERVICE_NAME,
    DEFAULT_IDLE_TIMEOUT, DEFAULT_KEEPALIVE_TIMEOUT, DEFAULT_LOAD_TIMEOUT,
    DEFAULT_MAX_ASYNC_GRPC_CONNECTIONS, DEFAULT_MAX_ASYNC_HTTP_CONNECTIONS,
    DEFAULT_MAX_DECOMPRESSED_BYTE_SIZE, DEFAULT_MAX_IN_FLIGHT, DEFAULT_MAX_MESSAGE_BYTE_SIZE,
    DEFAULT_MAX_QUEUED_BYTE_SIZE, DEFAULT_RESULT_MEMORY_BYTE_SIZE, DEFAULT_TIMEOUT, HeaderCallback,
    LoadReportFormat, StreamOptions, TlsVersion,
};
pub use stats::ClientStatistics;
pub use stream::{Stream, StreamEvent};
pub use until::CancelToken;

/// Returns whether this build has a feature: `"http"`, `"grpc"`, `"tls"`, `"compression"`, or `"allocator"`.
/// `false` for any other name.
pub fn has_feature(name: &str) -> bool {
    let features = [
        ("http", true),
        ("grpc", true),
        ("tls", cfg!(feature = "tls")),
        ("compression", true),
        ("allocator", cfg!(feature = "allocator")),
    ];
    features.contains(&(name, true))
}
