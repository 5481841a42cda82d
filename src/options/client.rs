//! The options of a client.

use std::{sync::Arc, time::Duration};

use super::{
    CallOptions, at_least_one,
    connections::ConnectionOptions,
    header_callback::{HeaderCallback, HeaderSource},
    not_zero,
    tls::TlsOptions,
};
use crate::{
    error::{Error, Result, excerpt},
    log::{Log, LogCallback, LogLevel},
    url::{Protocol, Url, check_authority},
};

/// The default timeout of a call: 60 s.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
/// The default maximum size of a message: 2^31 - 1 bytes, the maximum of gRPC servers.
pub const DEFAULT_MAX_MESSAGE_BYTE_SIZE: usize = i32::MAX as usize;
/// The default timeout of loading or unloading a model: 10 min.
pub const DEFAULT_LOAD_TIMEOUT: Duration = Duration::from_secs(600);
/// The default size of the memory of freed results that a client keeps: 64 MiB.
pub const DEFAULT_RESULT_MEMORY_BYTE_SIZE: usize = 64 << 20;
/// The default maximum size of a compressed response after it is decompressed: 256 MiB.
pub const DEFAULT_MAX_DECOMPRESSED_BYTE_SIZE: usize = 256 << 20;
/// The default maximum of asynchronous calls in flight: 1,024.
pub const DEFAULT_MAX_IN_FLIGHT: usize = 1024;
/// The default name of the gRPC service of inference and control plane, which is Triton's.
pub const DEFAULT_GRPC_SERVICE_NAME: &str = "inference.GRPCInferenceService";

/// The default port of Triton's metrics.
pub(crate) const METRICS_PORT: u16 = 8002;

/// The options of a [`Client`](crate::Client), which copies them. Every setter checks its argument.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    timeout: Option<Duration>,
    pub(crate) max_message_byte_size: usize,
    pub(crate) max_decompressed_byte_size: usize,
    pub(crate) result_memory_byte_size: usize,
    pub(crate) load_timeout: Option<Duration>,
    pub(crate) connections: ConnectionOptions,
    pub(crate) tls: TlsOptions,
    /// Instead of the URL's host and port, in the Host header and `:authority`.
    pub(crate) authority: Option<String>,
    /// Appended to the library's own User-Agent.
    pub(crate) user_agent: Option<String>,
    pub(crate) header_source: HeaderSource,
    pub(crate) max_in_flight: usize,
    pub(crate) fails_when_full: bool,
    pub(crate) callback_threads: usize,
    pub(crate) metrics_url: Option<Url>,
    pub(crate) grpc_service_name: String,
    pub(super) call: CallOptions,
    pub(crate) log: Log,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            timeout: Some(DEFAULT_TIMEOUT),
            max_message_byte_size: DEFAULT_MAX_MESSAGE_BYTE_SIZE,
            max_decompressed_byte_size: DEFAULT_MAX_DECOMPRESSED_BYTE_SIZE,
            result_memory_byte_size: DEFAULT_RESULT_MEMORY_BYTE_SIZE,
            load_timeout: Some(DEFAULT_LOAD_TIMEOUT),
            connections: ConnectionOptions::default(),
            tls: TlsOptions::default(),
            authority: None,
            user_agent: None,
            header_source: HeaderSource::default(),
            max_in_flight: DEFAULT_MAX_IN_FLIGHT,
            fails_when_full: false,
            callback_threads: 1,
            metrics_url: None,
            grpc_service_name: DEFAULT_GRPC_SERVICE_NAME.to_owned(),
            call: CallOptions::DEFAULT,
            log: Log::default(),
        }
    }
}

impl ClientOptions {
    /// Creates options with the defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the timeout of calls that set none, from their start to the last byte of their response. `None`
    /// means no timeout. INVALID_ARGUMENT for zero. The default is [`DEFAULT_TIMEOUT`].
    ///
    /// [`set_call_options`](Self::set_call_options) can set it too: the later of both calls wins.
    pub fn set_timeout(&mut self, timeout: Option<Duration>) -> Result<&mut Self> {
        self.timeout = not_zero(timeout)?;
        self.call.timeout = None;
        Ok(self)
    }

    /// Sets the timeout of calls that load or unload a model and set none themselves: a large model takes
    /// longer than any other call. `None` means no timeout. INVALID_ARGUMENT for zero. The default is
    /// [`DEFAULT_LOAD_TIMEOUT`].
    pub fn set_load_timeout(&mut self, timeout: Option<Duration>) -> Result<&mut Self> {
        self.load_timeout = not_zero(timeout)?;
        Ok(self)
    }

    /// Sets the defaults of every call, in place of those set before; empty options undo it. What a call sets
    /// replaces the default of that field; headers, restricted keys and query parameters are replaced, or
    /// removed, by name.
    ///
    /// Headers, restricted keys and query parameters of the defaults are not sent to the metrics URL, which
    /// may be another host. A timeout of the defaults does not apply to loading and unloading models:
    /// [`set_load_timeout`](Self::set_load_timeout).
    ///
    /// Returns INVALID_ARGUMENT for an option that makes sense for one call only: a cancel token.
    pub fn set_call_options(&mut self, options: CallOptions) -> Result<&mut Self> {
        if options.cancel.is_some() {
            return Err(Error::invalid("a cancel token can't be a default: it would cancel every call"));
        }
        self.call = options;
        Ok(self)
    }

    /// Returns the timeout of a call that sets none.
    pub(super) fn default_timeout(&self) -> Option<Duration> {
        self.call.timeout.unwrap_or(self.timeout)
    }

    /// Sets the maximum number of asynchronous calls in flight: submitted, and not complete. A submission
    /// beyond it waits for another call to complete, until the deadline of its own call; see
    /// [`set_fail_when_full`](Self::set_fail_when_full). A call whose callback has not run yet, or that is in
    /// a completion queue, is complete and not counted. INVALID_ARGUMENT for zero. The default is
    /// [`DEFAULT_MAX_IN_FLIGHT`].
    pub fn set_max_in_flight(&mut self, max: usize) -> Result<&mut Self> {
        self.max_in_flight = at_least_one("max_in_flight", max)?;
        Ok(self)
    }

    /// Sets whether a submission beyond [`set_max_in_flight`](Self::set_max_in_flight) fails with
    /// RESOURCE_EXHAUSTED instead of waiting. On a callback thread it always does: the call that it would
    /// wait for may need that thread. The default is `false`.
    pub fn set_fail_when_full(&mut self, fails: bool) -> &mut Self {
        self.fails_when_full = fails;
        self
    }

    /// Sets the number of threads that run callbacks. With more than one, the callbacks of different calls
    /// may run at once, and in another order than the calls completed; a callback that blocks delays others
    /// only if all threads are blocked. INVALID_ARGUMENT for zero. The default is 1.
    pub fn set_callback_threads(&mut self, count: usize) -> Result<&mut Self> {
        self.callback_threads = at_least_one("callback_threads", count)?;
        Ok(self)
    }

    /// Sets the Host header and `:authority` of every request, for example `"triton.example"` for a gateway
    /// that routes by it. Changes neither the server that is connected to nor the name that its certificate
    /// is checked for ([`set_tls_server_name`](Self::set_tls_server_name)). Not sent to the metrics URL.
    /// INVALID_ARGUMENT unless it is a host, optionally with a port. The default is the URL's host and port,
    /// without port 443 over TLS and port 80 without TLS.
    pub fn set_authority(&mut self, authority: &str) -> Result<&mut Self> {
        check_authority(authority)?;
        self.authority = Some(authority.to_owned());
        Ok(self)
    }

    /// Restores the default.
    pub(crate) fn remove_authority(&mut self) {
        self.authority = None;
    }

    /// Sets a text that is appended to the User-Agent of every request, after the library's own:
    /// `"triton-client/0.1.0 my-service/2"`. INVALID_ARGUMENT if it is empty or contains anything other than
    /// visible ASCII characters and single spaces between them. The default is none.
    pub fn set_user_agent(&mut self, text: &str) -> Result<&mut Self> {
        let is_valid =
            text.split(' ').all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_graphic()));
        if !is_valid {
            let text = excerpt(text);
            return Err(Error::invalid(format!(
                "invalid user agent '{text}': expected visible ASCII characters"
            )));
        }
        self.user_agent = Some(text.to_owned());
        Ok(self)
    }

    /// Returns the User-Agent of every request.
    pub(crate) fn whole_user_agent(&self) -> String {
        const OWN: &str = concat!("triton-client/", env!("CARGO_PKG_VERSION"));
        match &self.user_agent {
            Some(text) => format!("{OWN} {text}"),
            None => OWN.to_owned(),
        }
    }

    /// Restores the default.
    pub(crate) fn remove_user_agent(&mut self) {
        self.user_agent = None;
    }

    /// Sets a callback that adds headers to each call, such as a token that is renewed or the context of a
    /// trace. It runs before the first attempt of a call, in the thread that calls or submits, and may block;
    /// its time counts against the deadline, which does not interrupt it. Several calls may run it at once. A
    /// repeated attempt has the same headers, unless the server responded UNAUTHENTICATED: the callback is
    /// then called once more, with [`CallHeaders::was_refused`](crate::CallHeaders::was_refused), for an
    /// asynchronous call on a thread of its own (`triton-headers`, at most 8 of them), and the call is
    /// repeated with what it adds now, in place of earlier headers of those names. A stream calls it once,
    /// when it is opened, and is not repeated.
    ///
    /// A header replaces those of that name in the options of the call and the client, removed ones too. If
    /// the callback returns an error, the call fails with UNAUTHENTICATED and that error as its source, and
    /// nothing is sent; a panic is INTERNAL. Not called for the metrics URL. The callback may call the
    /// client, and wait for its calls: those that it makes in its own thread do not call it, and asynchronous
    /// ones do not wait for [`set_max_in_flight`](Self::set_max_in_flight). It must not own its client, or
    /// neither would be freed. The default is none.
    pub fn set_header_callback(&mut self, callback: Arc<HeaderCallback>) -> &mut Self {
        self.header_source = HeaderSource(Some(callback));
        self
    }

    /// Restores the default.
    pub(crate) fn remove_header_callback(&mut self) {
        self.header_source = HeaderSource::default();
    }

    /// Sets the URL of the server's metrics, for example `"http://host:8002/metrics"`; port and path may be
    /// omitted. Always HTTP, also for a client of gRPC. INVALID_ARGUMENT if it is not a valid URL for HTTP.
    /// The default is port 8002 of the server's host.
    pub fn set_metrics_url(&mut self, url: &str) -> Result<&mut Self> {
        let url = Url::parse_with(url, METRICS_PORT)?;
        if url.protocol != Protocol::Http {
            return Err(Error::invalid(format!("invalid metrics URL '{url}': metrics are served over HTTP")));
        }
        self.metrics_url = Some(url);
        Ok(self)
    }

    /// Returns the options for the server of the metrics URL, which may have another host than the client's:
    /// without the names that belong to the client's.
    pub(crate) fn for_metrics(&self, is_same_host: bool) -> Self {
        let mut options = self.clone();
        options.authority = None;
        if !is_same_host {
            options.tls.server_name = None;
        }
        options
    }

    /// Restores the default.
    pub(crate) fn remove_metrics_url(&mut self) {
        self.metrics_url = None;
    }

    /// Sets the name of the gRPC service that inference and control plane call, `package.Service`, for
    /// servers that offer the protocol under another name. gRPC's own health service keeps its name.
    /// INVALID_ARGUMENT unless the name consists of identifiers separated by dots: ASCII letters, digits and
    /// `_`, not beginning with a digit. The default is [`DEFAULT_GRPC_SERVICE_NAME`].
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

    /// Sets the maximum size in bytes of a message that is sent or received: a larger request fails before it
    /// is sent, a larger response before it is stored, both with RESOURCE_EXHAUSTED. Tensors in shared memory
    /// do not count. Over gRPC no server accepts more than the default: use shared memory for larger tensors,
    /// or HTTP with a higher limit. INVALID_ARGUMENT for zero. The default is
    /// [`DEFAULT_MAX_MESSAGE_BYTE_SIZE`].
    pub fn set_max_message_byte_size(&mut self, byte_size: usize) -> Result<&mut Self> {
        if byte_size == 0 {
            return Err(Error::invalid("max_message_byte_size must be greater than 0"));
        }
        self.max_message_byte_size = byte_size;
        Ok(self)
    }

    /// Sets the maximum size in bytes of a compressed response after it is decompressed: RESOURCE_EXHAUSTED
    /// beyond, independent of its compressed size.
    ///
    /// It also limits what is parsed as a whole, which takes a multiple of its size in memory, to a quarter
    /// of this size: a response of the control plane, the JSON part of an inference response, an event of
    /// `generate_stream`, and what an inference response over gRPC has outside of raw contents. On the
    /// control plane it further limits the number of fields, members and elements to one for each 1,024 bytes
    /// of this size, but at least 4,096. INVALID_ARGUMENT for zero. The default is
    /// [`DEFAULT_MAX_DECOMPRESSED_BYTE_SIZE`].
    pub fn set_max_decompressed_byte_size(&mut self, byte_size: usize) -> Result<&mut Self> {
        if byte_size == 0 {
            return Err(Error::invalid("max_decompressed_byte_size must be greater than 0"));
        }
        self.max_decompressed_byte_size = byte_size;
        Ok(self)
    }

    /// Sets how many bytes of the memory of freed results the client keeps for the next results: new memory
    /// costs a page fault for every 4 KiB. 0 keeps none. The default is [`DEFAULT_RESULT_MEMORY_BYTE_SIZE`].
    pub fn set_result_memory_byte_size(&mut self, byte_size: usize) -> &mut Self {
        self.result_memory_byte_size = byte_size;
        self
    }

    /// Sets a callback for log messages of the level `max` and of higher severity. It is called on any
    /// thread, and must not call the client. The default is none: log messages are discarded.
    pub fn set_log_callback(&mut self, max: LogLevel, callback: Arc<LogCallback>) -> &mut Self {
        self.log = Log::new(max, callback);
        self
    }

    /// Restores the default.
    pub(crate) fn remove_log_callback(&mut self) {
        self.log = Log::default();
    }
}
