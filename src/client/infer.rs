//! Inference.

use std::time::Instant;

use super::{Client, server::run};
use crate::{
    error::Result,
    infer::{InferRequest, InferResult, Stopwatch, place::Places},
    model::check_name,
    options::{CallContext, CallOptions},
    transport::Prepared,
};

impl Client {
    /// Runs an inference with the client's default call options.
    pub fn infer(&self, request: &InferRequest) -> Result<InferResult> {
        self.infer_with(request, &CallOptions::DEFAULT)
    }

    /// Runs an inference.
    ///
    /// An input whose data does not make up its shape is INVALID_ARGUMENT, and nothing is sent.
    pub fn infer_with(&self, request: &InferRequest, options: &CallOptions) -> Result<InferResult> {
        let inner = &*self.0;
        let now = Instant::now();
        let context = CallContext::starting(now, &inner.options, options);
        let model = request.model().0;
        let outcome = inner.server.log(
            &context,
            || format!("inference of model '{model}'"),
            || {
                check_name("model name", model)?;
                request.check()?;
                let prepared = inner.server.transport.prepare(request, &context)?;
                self.run(&prepared, || Places::new(request, &inner.buffers), now, &context)
            },
        );
        self.count(outcome).map_err(|error| error.with_request_id(request.request_id()))
    }

    /// Runs an inference whose message was made before ([`InferRequest::to_grpc_message`], or any `ModelInferRequest`).
    /// gRPC only: INVALID_ARGUMENT over HTTP.
    pub fn infer_message(&self, message: &[u8], options: &CallOptions) -> Result<InferResult> {
        let inner = &*self.0;
        let now = Instant::now();
        let context = CallContext::starting(now, &inner.options, options);
        let outcome = inner.server.log(
            &context,
            || "inference".to_owned(),
            || {
                let prepared = inner.server.transport.prepare_message(message, &context)?;
                self.run(&prepared, || Ok(Places::unasked(&inner.buffers)), now, &context)
            },
        );
        self.count(outcome)
    }

    /// Each attempt has places of its own for the outputs.
    fn run<'r>(
        &self,
        prepared: &Prepared<'_>,
        places: impl Fn() -> Result<Places<'r>>,
        start: Instant,
        context: &CallContext,
    ) -> Result<InferResult> {
        let mut watch = Stopwatch::since(start);
        run(context, false, async |means| {
            self.0.server.transport.infer(prepared, &mut places()?, &mut watch, means).await
        })
    }

    fn count(&self, outcome: Result<InferResult>) -> Result<InferResult> {
        let inner = &*self.0;
        match outcome {
            Ok(mut result) => {
                inner.counters.count(result.times);
                result.endpoint = inner.server.endpoint.clone();
                Ok(result)
            }
            Err(error) => {
                inner.counters.count_failed();
                Err(error)
            }
        }
    }
}
