//! The client, shared by any number of threads.

mod async_calls;
mod connections;
mod control;
mod headers;
mod infer;
mod ready;
mod server;
mod streams;

use std::sync::{Arc, OnceLock};

#[cfg(feature = "jni")]
pub(crate) use self::async_calls::WhenFull;
use self::{headers::Headers, server::Server};
use crate::{
    error::Result,
    infer::place::Buffers,
    log::LogLevel,
    options::{CallOptions, ClientOptions},
    runtime::{Active, Activity, Callbacks, Io, Slots},
    stats::{ClientStatistics, Counters},
    until::{CancelToken, Watching},
    url::Url,
};

const TARGET: &str = "triton_client::client";

/// A client of one server, over HTTP or gRPC, which its URL selects. Any number of threads may call it at
/// once.
///
/// A blocking call runs on the thread that calls it, until the response is complete or the deadline passes.
/// Asynchronous calls ([`infer_async`](Self::infer_async)) and streams run on one thread of the client's own,
/// which the first of them starts.
#[derive(Debug)]
pub struct Client(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    server: Server,
    /// The server of the metrics, made by the first call.
    metrics: OnceLock<Server>,
    options: ClientOptions,
    counters: Counters,
    /// Memory for results, shared with those that are not freed yet.
    buffers: Arc<Buffers>,
    activity: Arc<Activity>,
    /// Cancelled when the client is dropped: cancels all asynchronous calls and streams.
    shutdown: CancelToken,
    slots: Arc<Slots>,
    callbacks: Arc<Callbacks>,
    io: Io,
}

impl Client {
    /// Creates a client with default options. Does not access the network: if the server cannot be reached,
    /// the first call fails.
    ///
    /// `url` is `host[:port]` or `http://host[:port][/base/path]` for HTTP (default port 8000), or
    /// `grpc://host[:port]` for gRPC (default port 8001); `https://` and `grpcs://` for the same over TLS
    /// (default port 443). An IPv6 address is in brackets and may have a zone. Model names with characters
    /// that a URL must escape work with Triton over gRPC only: see
    /// [`InferRequest::new`](crate::InferRequest::new).
    ///
    /// INVALID_ARGUMENT for any other URL, and over TLS if the system has no certificates of authorities;
    /// UNIMPLEMENTED for a URL with TLS in a build without feature `tls`.
    pub fn new(url: &str) -> Result<Self> {
        Self::with_options(url, &ClientOptions::default())
    }

    /// Creates a client with options; see [`new`](Self::new).
    pub fn with_options(url: &str, options: &ClientOptions) -> Result<Self> {
        let activity = Arc::new(Activity::new());
        let headers = Headers::new(options, &activity);
        let url = Url::parse(url)?;
        if !url.is_tls && options.tls.is_set() {
            options.log.write(LogLevel::Warn, TARGET, || {
                format!("TLS options are set, and {url} has no TLS: use https:// or grpcs://")
            });
        }
        Ok(Self(Arc::new(Inner {
            server: Server::new(url, options, headers)?,
            metrics: OnceLock::new(),
            options: options.clone(),
            counters: Counters::default(),
            buffers: Buffers::new(options.result_memory_byte_size as u64),
            activity,
            shutdown: CancelToken::new(),
            slots: Slots::new(options.max_in_flight),
            callbacks: Callbacks::new(
                |number| format!("triton-cb-{number}"),
                options.callback_threads,
                options.log.clone(),
            ),
            io: Io::default(),
        })))
    }

    /// Returns the client's statistics of its inferences. A call that is under way may be counted in part.
    pub fn infer_statistics(&self) -> ClientStatistics {
        self.0.counters.statistics()
    }

    /// Refuses new calls and streams, and cancels the asynchronous ones: what dropping the client does, which
    /// another thread may still be using.
    #[cfg(feature = "jni")]
    pub(crate) fn shut_down(&self) {
        if self.check_process().is_ok() {
            self.0.activity.close();
            self.0.shutdown.cancel();
        }
    }

    /// Returns FAILED_PRECONDITION in a forked child.
    pub(crate) fn check_process(&self) -> Result<()> {
        self.0.activity.process().check()
    }
}

impl Inner {
    /// Begins a blocking call. FAILED_PRECONDITION in a forked child, and once the client is closed.
    fn begin(&self, options: &CallOptions) -> Result<Active<&Activity>> {
        let active = Active::begin(&*self.activity)?;
        options.check_process()?;
        Ok(active)
    }

    /// Cancels an asynchronous call or a stream, by its `token`, with the token of its options and with the
    /// client, until the guards are dropped.
    fn follow(&self, token: &CancelToken, options: &CallOptions) -> (Watching, Option<Watching>) {
        (token.follow(&self.shutdown), options.cancel_token().map(|other| token.follow(other)))
    }

    /// Starts the threads of asynchronous calls, unless they run.
    fn start_threads(&self, with_callbacks: bool) -> Result<()> {
        self.io.start()?;
        if with_callbacks { self.callbacks.start() } else { Ok(()) }
    }
}

/// Asynchronous calls and streams that have not ended are cancelled, and still complete. Does not block.
impl Drop for Client {
    fn drop(&mut self) {
        if self.0.activity.process().is_current() {
            self.0.shutdown.cancel();
        } else {
            // In a forked child nothing may be closed that the parent uses too, and a lock may be held for
            // ever.
            std::mem::forget(self.0.clone());
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.callbacks.end();
        if let Some(headers) = &self.server.headers {
            headers.end();
        }
    }
}
