//! What a client is told when it is made.

use std::{sync::Arc, time::Duration};

use super::{header::RestrictedKey, not_zero};
use crate::{
    compression::Compression,
    error::{Error, Result, excerpt},
    log::{Log, LogCallback, LogLevel},
    url::{Protocol, Url},
};

/// The time limit for reaching a server, unless told otherwise: 10 s.
pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The time limit of a whole call, unless told otherwise: 60 s.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
/// The default maximum size of a message that is sent or accepted: 2^31 - 1 bytes, more than which no server accepts over
/// gRPC.
pub const DEFAULT_MAX_MESSAGE_BYTE_SIZE: u64 = i32::MAX as u64;
/// The time limit of loading or unloading a model, unless told otherwise: 10 min.
pub const DEFAULT_LOAD_TIMEOUT: Duration = Duration::from_secs(600);
/// The memory of freed results that a client keeps for the next ones, unless told otherwise: 64 MiB.
pub const DEFAULT_RESULT_MEMORY_BYTE_SIZE: u64 = 64 << 20;
/// The most bytes that a compressed answer may have once it is decompressed, unless told otherwise: 256 MiB.
pub const DEFAULT_MAX_DECOMPRESSED_BYTE_SIZE: u64 = 256 << 20;
/// The default name of the gRPC service of inference and control plane, as Triton calls it.
pub const DEFAULT_GRPC_SERVICE_NAME: &str = "inference.GRPCInferenceService";

/// The port of Triton's metrics.
pub(crate) const METRICS_PORT: u16 = 8002;

/// What a [`Client`](crate::Client) is told when it is made. Plain data: each setter checks at once.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) max_message_byte_size: u64,
    pub(crate) max_decompressed_byte_size: u64,
    pub(crate) result_memory_byte_size: u64,
    pub(crate) load_timeout: Option<Duration>,
    pub(crate) max_connections: usize,
    pub(crate) metrics_url: Option<Url>,
    pub(crate) grpc_service_name: String,
    pub(super) request_compression: Compression,
    pub(super) response_compression: Compression,
    pub(super) restricted_keys: Vec<RestrictedKey>,
    pub(crate) log: Log,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Some(DEFAULT_CONNECT_TIMEOUT),
            timeout: Some(DEFAULT_TIMEOUT),
            max_message_byte_size: DEFAULT_MAX_MESSAGE_BYTE_SIZE,
            max_decompressed_byte_size: DEFAULT_MAX_DECOMPRESSED_BYTE_SIZE,
            result_memory_byte_size: DEFAULT_RESULT_MEMORY_BYTE_SIZE,
            load_timeout: Some(DEFAULT_LOAD_TIMEOUT),
            max_connections: usize::MAX,
            metrics_url: None,
            grpc_service_name: DEFAULT_GRPC_SERVICE_NAME.to_owned(),
            request_compression: Compression::None,
            response_compression: Compression::None,
            restricted_keys: Vec::new(),
            log: Log::default(),
        }
    }
}

impl ClientOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The time limit for reaching a server: name resolution and connecting. `None` leaves only the call's own limit.
    /// A limit of zero is INVALID_ARGUMENT. Default: [`DEFAULT_CONNECT_TIMEOUT`].
    pub fn set_connect_timeout(&mut self, limit: Option<Duration>) -> Result<&mut Self> {
        self.connect_timeout = not_zero(limit)?;
        Ok(self)
    }

    /// The time limit of every call that has none of its own, from its start to its last byte. `None` is no limit; a
    /// limit of zero is INVALID_ARGUMENT. Default: [`DEFAULT_TIMEOUT`].
    pub fn set_timeout(&mut self, limit: Option<Duration>) -> Result<&mut Self> {
        self.timeout = not_zero(limit)?;
        Ok(self)
    }

    /// The time limit of loading or unloading a model, for calls that have none of their own: a large model takes longer
    /// than any other call. `None` is no limit; zero is INVALID_ARGUMENT. Default: [`DEFAULT_LOAD_TIMEOUT`].
    pub fn set_load_timeout(&mut self, limit: Option<Duration>) -> Result<&mut Self> {
        self.load_timeout = not_zero(limit)?;
        Ok(self)
    }

    /// Sets the maximum number of connections to the server that are open at once, idle ones included. A call that finds
    /// all of them in use waits for one, up to its deadline: DEADLINE_EXCEEDED then, naming this option. So does a call that
    /// the callback of [`Client::generate_stream`](crate::Client::generate_stream) makes on the same client, which needs a
    /// connection beside the stream's. `None`, the default, is no maximum: there are as many as calls at once. Zero is
    /// INVALID_ARGUMENT.
    pub fn set_max_connections(&mut self, max: Option<usize>) -> Result<&mut Self> {
        if max == Some(0) {
            return Err(Error::invalid("max_connections must be at least 1"));
        }
        self.max_connections = max.unwrap_or(usize::MAX);
        Ok(self)
    }

    /// Where the server's metrics are: `"http://host:8002/metrics"`, of which port and path may be left away. Always HTTP,
    /// also for a client of gRPC. INVALID_ARGUMENT for what is no such URL. Default: port 8002 of the server's host.
    pub fn set_metrics_url(&mut self, url: &str) -> Result<&mut Self> {
        let url = Url::parse_with(url, METRICS_PORT)?;
        if url.protocol != Protocol::Http {
            return Err(Error::invalid(format!("metrics come over HTTP, and '{url}' is no URL of it")));
        }
        self.metrics_url = Some(url);
        Ok(self)
    }

    /// Sets the name of the gRPC service that inference and control plane call, `package.Service`, for servers that offer
    /// the protocol under another name. gRPC's own health service keeps its name. INVALID_ARGUMENT unless the parts between
    /// dots are ASCII letters, digits and `_`, and begin with no digit. Default: [`DEFAULT_GRPC_SERVICE_NAME`].
    pub fn set_grpc_service_name(&mut self, name: &str) -> Result<&mut Self> {
        let is_identifier = |part: &str| {
            let is_valid = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            part.bytes().all(is_valid) && part.starts_with(|first: char| !first.is_ascii_digit())
        };
        if !name.split('.').all(is_identifier) {
            return Err(Error::invalid(format!(
                "invalid gRPC service name '{}': expected identifiers separated by dots",
                excerpt(name)
            )));
        }
        self.grpc_service_name = name.to_owned();
        Ok(self)
    }

    /// Adds the key of restricted endpoints to every call: see [`CallOptions::add_restricted_key`](super::CallOptions::add_restricted_key).
    pub fn add_restricted_key(&mut self, name: &str, value: &str) -> Result<&mut Self> {
        self.restricted_keys.push(RestrictedKey::new(name, value)?);
        Ok(self)
    }

    /// Sets the maximum size in bytes of a message that is sent or accepted: a larger request fails before it is sent, a
    /// larger response before it is stored, both with RESOURCE_EXHAUSTED. Tensors in shared memory do not count. Over gRPC
    /// no server accepts more than the default: larger tensors take shared memory, or HTTP with a higher limit. Zero is
    /// INVALID_ARGUMENT. Default: [`DEFAULT_MAX_MESSAGE_BYTE_SIZE`].
    pub fn set_max_message_byte_size(&mut self, byte_size: u64) -> Result<&mut Self> {
        if byte_size == 0 {
            return Err(Error::invalid("the largest message can't have 0 bytes"));
        }
        self.max_message_byte_size = byte_size;
        Ok(self)
    }

    /// The most bytes that a compressed answer may have once it is decompressed: one that has more is
    /// RESOURCE_EXHAUSTED, however small it came. A quarter of it is the most that the library takes apart as a whole,
    /// which grows in memory too: an answer of the control plane, the JSON part of an inference's answer, an event of
    /// `generate_stream`, and what an inference's answer over gRPC has outside of raw contents. Of what is taken apart on
    /// the control plane there is one part at most (a field, a member, an element) for each 1,024 bytes of the limit, and
    /// 4,096 at least. Zero is INVALID_ARGUMENT. Default: [`DEFAULT_MAX_DECOMPRESSED_BYTE_SIZE`].
    pub fn set_max_decompressed_byte_size(&mut self, byte_size: u64) -> Result<&mut Self> {
        if byte_size == 0 {
            return Err(Error::invalid("a decompressed answer can't have 0 bytes"));
        }
        self.max_decompressed_byte_size = byte_size;
        Ok(self)
    }

    /// How inference requests are compressed that are told nothing else. Default: not at all. Over HTTP Triton limits what
    /// it decompresses: [`CallOptions::set_request_compression`](crate::CallOptions::set_request_compression).
    pub fn set_request_compression(&mut self, compression: Compression) -> &mut Self {
        self.request_compression = compression;
        self
    }

    /// How the answers to inference requests are wanted that are told nothing else. The server may send them otherwise;
    /// Triton compresses over gRPC only if it was started so. Default: not at all.
    pub fn set_response_compression(&mut self, compression: Compression) -> &mut Self {
        self.response_compression = compression;
        self
    }

    /// How many bytes of freed results the client keeps as memory for the next ones, where fresh memory would cost a
    /// page fault for every 4 KiB. 0: none. Default: [`DEFAULT_RESULT_MEMORY_BYTE_SIZE`].
    pub fn set_result_memory_byte_size(&mut self, byte_size: u64) -> &mut Self {
        self.result_memory_byte_size = byte_size;
        self
    }

    /// Hears what the client does, from `most` upwards in weight. Any thread may call it, and it must not call the
    /// client. Default: none, and then nothing is written anywhere.
    pub fn set_log_callback(&mut self, most: LogLevel, callback: Arc<LogCallback>) -> &mut Self {
        self.log = Log::new(most, callback);
        self
    }
}
