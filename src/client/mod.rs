//! The client: blocking, shared by any number of threads. Here is how it is made and how it infers; what else it can ask
//! is in the files beside.

mod control;
mod ready;

use std::{
    sync::{Arc, OnceLock},
    time::Instant,
};

use crate::{
    error::Result,
    infer::{
        InferRequest, InferResult,
        place::{Buffers, Places},
    },
    log::LogLevel,
    model::{Operation, check_name},
    options::{CallContext, CallOptions, ClientOptions},
    stats::{Counters, InferStatistics},
    transport::Transport,
    url::Url,
};

const TARGET: &str = "triton_client::client";

/// A client of one server, over HTTP or gRPC as its URL says. Every method blocks until the answer is complete or the
/// call's time limit passes; any number of threads may call at once.
#[derive(Debug)]
pub struct Client {
    url: Url,
    options: ClientOptions,
    transport: Transport,
    /// Where the metrics are, once somebody has asked for them.
    metrics: OnceLock<(Url, Transport)>,
    /// The URL, for results to tell.
    endpoint: Arc<str>,
    counters: Counters,
    /// Memory for results, shared with those that are not freed yet.
    buffers: Arc<Buffers>,
}

impl Client {
    /// A client with default options. Does not touch the network: a server that is not there shows in the first call.
    ///
    /// `url` is `host[:port]` or `http://host[:port][/base/path]` for HTTP (port 8000 unless told), or
    /// `grpc://host[:port]` for gRPC (port 8001 unless told); an IPv6 address stands in brackets. INVALID_ARGUMENT
    /// for anything else; UNIMPLEMENTED for `https` and `grpcs`, which this version does not have.
    pub fn new(url: &str) -> Result<Self> {
        Self::with_options(url, &ClientOptions::default())
    }

    /// A client with options; see [`new`](Self::new).
    pub fn with_options(url: &str, options: &ClientOptions) -> Result<Self> {
        let url = Url::parse(url)?;
        let transport = Transport::new(&url, options)?;
        let buffers = Buffers::new(options.result_memory_byte_size);
        let endpoint = url.to_string().into();
        let counters = Counters::default();
        let (options, metrics) = (options.clone(), OnceLock::new());
        Ok(Self { url, options, transport, metrics, endpoint, counters, buffers })
    }

    /// Runs an inference with the client's default call options.
    pub fn infer(&self, request: &InferRequest) -> Result<InferResult> {
        self.infer_with(request, &CallOptions::default())
    }

    /// Runs an inference.
    ///
    /// An input whose data does not make up its shape is INVALID_ARGUMENT, and nothing is sent.
    pub fn infer_with(&self, request: &InferRequest, options: &CallOptions) -> Result<InferResult> {
        let model = request.model().0;
        let what = || format!("inference of model '{model}'");
        let context = CallContext::new(&self.options, options);
        let outcome = self.told(&context, what, || {
            check_name("a model's name", model)?;
            request.check()?;
            let mut places = Places::new(request, &self.buffers)?;
            self.transport.infer(request, &mut places, &context)
        });
        self.counted(outcome).map_err(|error| error.with_request_id(request.request_id()))
    }

    /// Runs an inference whose message was made before ([`InferRequest::to_grpc_message`], or any `ModelInferRequest`).
    /// gRPC only: INVALID_ARGUMENT over HTTP.
    pub fn infer_message(&self, message: &[u8], options: &CallOptions) -> Result<InferResult> {
        let context = CallContext::new(&self.options, options);
        let outcome = self.told(
            &context,
            || "inference".to_owned(),
            || {
                let mut places = Places::unasked(&self.buffers);
                self.transport.infer_message(message, &mut places, &context)
            },
        );
        self.counted(outcome)
    }

    /// What the client has counted of its inferences. Calls that are under way may be counted in part.
    pub fn infer_statistics(&self) -> InferStatistics {
        self.counters.statistics()
    }

    fn counted(&self, outcome: Result<InferResult>) -> Result<InferResult> {
        match outcome {
            Ok(mut result) => {
                self.counters.count(result.times);
                result.endpoint = self.endpoint.clone();
                Ok(result)
            }
            Err(error) => {
                self.counters.count_failed();
                Err(error)
            }
        }
    }

    fn call<O: Operation>(&self, operation: &O, options: &CallOptions) -> Result<O::Answer> {
        self.call_in(operation, &CallContext::new(&self.options, options))
    }

    fn call_in<O: Operation>(&self, operation: &O, context: &CallContext) -> Result<O::Answer> {
        self.told(context, || operation.what(), || self.transport.call(operation, context))
    }

    /// Runs a call, tells the log of it, and puts what was tried, and where, into its error.
    fn told<T>(
        &self,
        context: &CallContext,
        what: impl Fn() -> String,
        call: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        told_at(&self.url, context, what, call)
    }
}

fn told_at<T>(
    url: &Url,
    context: &CallContext,
    what: impl Fn() -> String,
    call: impl FnOnce() -> Result<T>,
) -> Result<T> {
    let start = Instant::now();
    let outcome = call().map_err(|error| error.context(format_args!("{} at {url}", what())));
    context.log.write(LogLevel::Debug, TARGET, || {
        let took = start.elapsed();
        match &outcome {
            Ok(_) => format!("{} at {url}: done in {took:?}", what()),
            Err(error) => format!("{} (after {took:?})", error.full_message()),
        }
    });
    outcome
}
