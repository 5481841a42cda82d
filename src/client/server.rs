//! One server, and how a call of any kind runs there: its attempts, its log, what its errors say.

use std::{sync::Arc, time::Instant};

use crate::{
    error::{Error, Result},
    log::LogLevel,
    model::Operation,
    net::{
        attempts::{Attempts, Failure},
        drive::{Caller, drive},
    },
    options::{CallContext, ClientOptions},
    transport::{Means, Request, Response, Transport},
    until::Stopped,
    url::Url,
};

const TARGET: &str = "triton_client::client";

#[derive(Debug)]
pub(super) struct Server {
    pub url: Url,
    pub transport: Transport,
    /// The URL, for results to tell.
    pub endpoint: Arc<str>,
}

impl Server {
    /// Does not touch the network.
    pub fn new(url: Url, options: &ClientOptions) -> Result<Self> {
        let transport = Transport::new(&url, options)?;
        let endpoint = url.to_string().into();
        Ok(Self { url, transport, endpoint })
    }

    /// Runs one operation of the control plane.
    pub fn call<O: Operation>(&self, operation: &O, context: &CallContext) -> Result<O::Answer> {
        self.log(context, || operation.what(), || self.ask(operation, context))
    }

    /// The same without its log and without what it was in its error.
    pub fn ask<O: Operation>(&self, operation: &O, context: &CallContext) -> Result<O::Answer> {
        let request = self.transport.request(operation, context)?;
        match self.exchange(&request, operation.only_reads(), context) {
            Ok(mut response) => {
                let outcome = response.read(operation, context);
                response.end(outcome.as_ref().err());
                outcome
            }
            Err(error) => operation.answer_of(error),
        }
    }

    /// Sends a request of the control plane. Compiled once for all operations, as all that is not generic here.
    #[inline(never)]
    fn exchange(&self, request: &Request, only_reads: bool, context: &CallContext) -> Result<Response<'_>> {
        run(context, only_reads, async |means| self.transport.call(request, means).await)
    }

    /// Runs a call, logs it, and puts what was tried, and where, into its error.
    pub fn log<T>(
        &self,
        context: &CallContext,
        what: impl Fn() -> String,
        call: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let start = context.log.is_on(LogLevel::Debug).then(Instant::now);
        match call() {
            Ok(outcome) => {
                if let Some(start) = start {
                    self.log_success(&what, start, context);
                }
                Ok(outcome)
            }
            Err(error) => Err(self.log_failure(error, &what, start, context)),
        }
    }

    #[inline(never)]
    fn log_success(&self, what: &dyn Fn() -> String, start: Instant, context: &CallContext) {
        context.log.write(LogLevel::Debug, TARGET, || {
            format!("{} at {}: done in {:?}", what(), self.url, start.elapsed())
        });
    }

    #[inline(never)]
    fn log_failure(
        &self,
        error: Error,
        what: &dyn Fn() -> String,
        start: Option<Instant>,
        context: &CallContext,
    ) -> Error {
        let error = error.context(format_args!("{} at {}", what(), self.url));
        if let Some(start) = start {
            context.log.write(LogLevel::Debug, TARGET, || {
                format!("{} (after {:?})", error.full_message(), start.elapsed())
            });
        }
        error
    }
}

/// Runs the attempts of one call on this thread, until one succeeds, another would not help, or the deadline passes.
pub(super) fn run<T>(
    context: &CallContext,
    only_reads: bool,
    mut attempt: impl AsyncFnMut(Means<'_>) -> std::result::Result<T, Failure>,
) -> Result<T> {
    let caller = &Caller::new(context.until);
    let outcome = drive(caller, async {
        let mut attempts = Attempts::new(only_reads);
        loop {
            let means = Means { caller, context, fresh: attempts.wants_fresh() };
            match attempt(means).await {
                Ok(outcome) => return Ok(outcome),
                Err(failure) => attempts.next(failure)?,
            }
            if attempts.is_in_doubt() {
                caller.doubt();
            }
        }
    });
    match outcome {
        Ok(outcome) => outcome,
        Err(Stopped::TimedOut) => Err(context.timed_out(caller.doing()).in_doubt(caller.is_in_doubt())),
    }
}
