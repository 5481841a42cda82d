//! Streams: opened by the caller, and run in a task on the client's I/O thread.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;

use super::{Client, Inner, infer::check};
use crate::{
    error::{Error, Result},
    infer::InferRequest,
    log::LogLevel,
    net::drive::Driver,
    options::{AddedHeaders, CallContext, CallOptions, StreamOptions},
    panic,
    runtime::Active,
    stream::{Callback, Host, Job, Parts, Shared, Stream, StreamEvent},
};

const TARGET: &str = "triton_client::client";

impl Client {
    /// Opens a stream, whose events are fetched by [`Stream::next`] or [`Stream::event`]. Does not wait for
    /// the server: if it cannot be reached, that is the end of the stream.
    ///
    /// A client may have any number of streams at once. They have connections of their own, with at most six
    /// streams on each. [PINGs](crate::ClientOptions::set_keepalive_time) show whether a silent server is
    /// still there; proxies do not count them.
    ///
    /// gRPC only: UNIMPLEMENTED over HTTP. INVALID_ARGUMENT if the client's default call options contain HTTP
    /// options. FAILED_PRECONDITION once the client is closed.
    pub fn open_stream(&self, options: &StreamOptions) -> Result<Stream> {
        self.open(options, None)
    }

    /// Opens a stream whose events go to `callback`, on a callback thread of the client, one after another.
    /// See [`open_stream`](Self::open_stream). The callback may block and call the library; meanwhile the
    /// stream reads at most one window of 4 MiB and one message from the server, and other calls and streams
    /// are not delayed, unless they wait for a callback thread
    /// ([`ClientOptions::set_callback_threads`](crate::ClientOptions::set_callback_threads)). The last call
    /// is that of [`StreamEvent::End`], after which the callback is dropped.
    pub fn open_stream_with_callback(
        &self,
        options: &StreamOptions,
        callback: impl FnMut(StreamEvent) + Send + 'static,
    ) -> Result<Stream> {
        self.open(options, Some(Box::new(callback)))
    }

    fn open(&self, options: &StreamOptions, callback: Option<Callback>) -> Result<Stream> {
        // Owned: a callback may free the client before this returns.
        let (inner, start) = (self.0.clone(), Instant::now());
        let active = Active::begin(inner.activity.clone())?;
        options.call.check_process()?;
        let context = CallContext::streaming(start, &inner.options, &options.call);
        inner.server.transport.check_stream(&context)?;
        let added = inner.server.begin(&context)?.and_then(|context| context.added());
        inner.start_threads(callback.is_some())?;
        let (callbacks, log) = (inner.callbacks.clone(), inner.options.log.clone());
        let shared = Shared::new(active, options.max_queued_byte_size, callback, callbacks, log);
        let task =
            Task { inner: inner.clone(), shared: shared.clone(), options: options.clone(), added, start };
        let call = options.call.clone();
        inner.io.spawn(move || task.run());
        Ok(Stream::new(shared, Arc::new(StreamHost { inner, call })))
    }
}

/// What a stream uses of its client, which it keeps.
struct StreamHost {
    inner: Arc<Inner>,
    call: CallOptions,
}

impl Host for StreamHost {
    fn encode(&self, request: &InferRequest<'_>) -> Result<Bytes> {
        let context = CallContext::streaming(Instant::now(), &self.inner.options, &self.call);
        check(request)?;
        self.inner.server.transport.encode_for_stream(request, &context)
    }

    fn spawn(&self, job: Job) {
        self.inner.io.spawn(job);
    }
}

/// A stream on its way to the I/O thread, and there. It ends when this is dropped.
struct Task {
    inner: Arc<Inner>,
    shared: Arc<Shared>,
    options: StreamOptions,
    /// Those of the header callback.
    added: Option<AddedHeaders>,
    start: Instant,
}

impl Task {
    async fn run(self) {
        let outcome = panic::guarded(self.outcome()).await.and_then(|outcome| outcome);
        let Self { inner, shared, start, .. } = &self;
        let log = &inner.options.log;
        let outcome = inner.server.log_outcome(outcome, &|| "stream".to_owned(), Some(*start), log);
        shared.end(outcome, &inner.counters);
    }

    async fn outcome(&self) -> Result<()> {
        let Self { inner, shared, options, added, start } = self;
        let mut context = CallContext::streaming(*start, &inner.options, &options.call);
        context.set_added(added.clone());
        context.until.cancel = Some(shared.cancel_token().clone());
        let _following = inner.follow(shared.cancel_token(), &options.call);
        context.log.write(LogLevel::Debug, TARGET, || format!("stream at {}: opened", inner.server.url));
        let parts = Parts {
            shared,
            buffers: &inner.buffers,
            counters: &inner.counters,
            endpoint: &inner.server.endpoint,
            max_kept: inner.options.max_in_flight,
            grpc_error: options.grpc_error,
        };
        let driver = Driver::task(context.until.clone());
        inner.server.transport.stream(parts, &driver, &context).await
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        // Has no effect unless the task was dropped before its end.
        self.shared.end(Err(Error::internal("the stream was dropped")), &self.inner.counters);
    }
}
