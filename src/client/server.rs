//! One server, and how a call of any kind runs there: its attempts, its log, what its errors say.

use std::{sync::Arc, time::Instant};

use crate::{
    error::Result,
    log::LogLevel,
    model::Operation,
    net::{
        attempts::{Attempts, Failure},
        drive::{Caller, drive},
    },
    options::{CallContext, ClientOptions},
    transport::{Means, Transport},
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
        let response =
            run(context, operation.only_reads(), async |means| self.transport.call(&request, means).await)?;
        response.read(operation, context)
    }

    /// Runs a call, logs it, and puts what was tried, and where, into its error.
    pub fn log<T>(
        &self,
        context: &CallContext,
        what: impl Fn() -> String,
        call: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let url = &self.url;
        let start = context.log.is_on(LogLevel::Debug).then(Instant::now);
        let outcome = call().map_err(|error| error.context(format_args!("{} at {url}", what())));
        context.log.write(LogLevel::Debug, TARGET, || {
            let took = start.map(|start| start.elapsed()).unwrap_or_default();
            match &outcome {
                Ok(_) => format!("{} at {url}: done in {took:?}", what()),
                Err(error) => format!("{} (after {took:?})", error.full_message()),
            }
        });
        outcome
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
