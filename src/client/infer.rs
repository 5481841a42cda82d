//! Inference.

use std::time::Instant;

use super::{Client, Inner};
use crate::{
    error::{Result, Status, excerpt},
    infer::{InferRequest, InferResult, Stopwatch, place::Places},
    model::check_name,
    net::attempts::Failure,
    options::{CallContext, CallOptions},
    transport::Prepared,
};

impl Client {
    /// Sends an inference request with the client's default options, and blocks until the response is
    /// complete.
    pub fn infer(&self, request: &InferRequest) -> Result<InferResult> {
        self.infer_with(request, &CallOptions::DEFAULT)
    }

    /// Sends an inference request, and blocks until the response is complete.
    ///
    /// INVALID_ARGUMENT, and nothing is sent, if the data of an input does not match its shape and datatype.
    pub fn infer_with(&self, request: &InferRequest, options: &CallOptions) -> Result<InferResult> {
        let inner = &*self.0;
        let _active = inner.begin(options)?;
        let now = Instant::now();
        let mut context = CallContext::starting(now, &inner.options, options);
        context.request_id = request.request_id();
        let model = request.model().0;
        let mut outcome = inner.server.log(
            &context,
            || format!("inference of model '{}'", excerpt(model)),
            || {
                let (prepared, mut places) = inner.prepare(request, &context)?;
                self.run(&prepared, &mut places, now, &context)
            },
        );
        inner.count(&mut outcome);
        match outcome {
            Err(error) => Err(error.with_request_id(request.request_id())),
            outcome => outcome,
        }
    }

    /// Sends an encoded `ModelInferRequest`, for example of [`InferRequest::to_grpc_message`], and blocks
    /// until the response is complete. gRPC only: INVALID_ARGUMENT over HTTP.
    pub fn infer_message(&self, message: &[u8], options: &CallOptions) -> Result<InferResult> {
        let inner = &*self.0;
        let _active = inner.begin(options)?;
        let now = Instant::now();
        let context = CallContext::starting(now, &inner.options, options);
        let mut outcome = inner.server.log(
            &context,
            || "inference".to_owned(),
            || {
                let prepared = inner.server.transport.prepare_message(message, &context)?;
                let mut places = Places::without_request(&inner.buffers);
                self.run(&prepared, &mut places, now, &context)
            },
        );
        inner.count(&mut outcome);
        outcome
    }

    fn run(
        &self,
        prepared: &Prepared<'_>,
        places: &mut Places<'_>,
        start: Instant,
        context: &CallContext,
    ) -> Result<InferResult> {
        let mut watch = Stopwatch::since(start);
        let server = &self.0.server;
        server.run(context, false, async |means| {
            let outcome = server.transport.infer(prepared, places, &mut watch, means).await;
            outcome.map_err(|failure| with_doubt(failure, places))
        })
    }
}

/// Puts a refusal in doubt that follows the beginning of a result: it can't be repeated, since a buffer of
/// the caller was used.
pub(super) fn with_doubt(failure: Failure, places: &Places) -> Failure {
    match failure.error.status() == Status::Unauthenticated && places.is_lease_taken() {
        true => Failure { error: failure.error.in_doubt(true), ..failure },
        false => failure,
    }
}

/// Checks what can be checked without the server.
pub(super) fn check(request: &InferRequest) -> Result<()> {
    check_name("model name", request.model().0)?;
    request.check()
}

impl Inner {
    /// Checks and encodes a request, and leases its buffers.
    pub(super) fn prepare<'a>(
        &self,
        request: &InferRequest<'a>,
        context: &CallContext,
    ) -> Result<(Prepared<'a>, Places<'a>)> {
        check(request)?;
        let prepared = self.server.transport.prepare(request, context)?;
        Ok((prepared, Places::new(request, &self.buffers)?))
    }

    /// Counts the outcome of a call in the client's statistics, and completes its result, in place: a result
    /// is large, and moving it costs more than counting it.
    pub(super) fn count(&self, outcome: &mut Result<InferResult>) {
        match outcome {
            Ok(result) => {
                self.counters.count(result.times);
                result.endpoint = self.server.endpoint.clone();
                result.is_unary = true;
            }
            Err(_) => self.counters.count_failed(),
        }
    }
}
