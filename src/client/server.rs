//! A server, and what all calls to it have in common: attempts, log, context of errors.

use std::{
    pin::pin,
    sync::{Arc, atomic::AtomicBool},
    time::Instant,
};

use super::headers::Headers;
use crate::{
    error::{Error, Origin, Result, Status},
    log::{Log, LogLevel},
    model::Operation,
    net::{
        attempts::{Attempts, Failure},
        drive::{Driver, drive},
    },
    options::{CallContext, ClientOptions},
    transport::{AttemptContext, Request, Response, Transport},
    until::Stopped,
    url::Url,
};

const TARGET: &str = "triton_client::client";

#[derive(Debug)]
pub(super) struct Server {
    pub url: Url,
    pub transport: Transport,
    /// The URL, for results.
    pub endpoint: Arc<str>,
    /// The header callback.
    pub headers: Option<Headers>,
    /// Whether the warning of credentials that are sent in plain was logged.
    pub has_warned: AtomicBool,
}

impl Server {
    /// Creates a server. Does not access the network.
    pub(super) fn new(url: Url, options: &ClientOptions, headers: Option<Headers>) -> Result<Self> {
        let transport = Transport::new(&url, options)?;
        let endpoint = url.to_string().into();
        Ok(Self { url, transport, endpoint, headers, has_warned: AtomicBool::new(false) })
    }

    /// Runs an operation of the control plane.
    pub(super) fn call<O: Operation>(&self, operation: &O, context: &CallContext) -> Result<O::Output> {
        self.log(context, || operation.what(), || self.call_without_log(operation, context))
    }

    /// Runs an operation without a log message, and without its name in the error.
    pub(super) fn call_without_log<O: Operation>(
        &self,
        operation: &O,
        context: &CallContext,
    ) -> Result<O::Output> {
        let request = self.transport.request(operation, context)?;
        let is_permanent = O::IS_REFUSAL_PERMANENT;
        match self.exchange(&request, operation.only_reads(), is_permanent, context) {
            Ok((mut response, in_doubt)) => {
                let outcome = response.read(operation, context).map_err(|error| {
                    let error = refusal(error, is_permanent);
                    let in_doubt = in_doubt || error.is_in_doubt();
                    error.in_doubt(in_doubt)
                });
                response.end(outcome.as_ref().err());
                outcome
            }
            Err(error) => operation.response_of(error),
        }
    }

    /// Sends a request of the control plane, and returns its response and whether an attempt before it is in
    /// doubt. Not generic, so that it is compiled once for all operations.
    #[inline(never)]
    fn exchange(
        &self,
        request: &Request,
        only_reads: bool,
        is_permanent: bool,
        context: &CallContext,
    ) -> Result<(Response<'_>, bool)> {
        self.run(context, only_reads, async |means| match self.transport.call(request, means).await {
            Ok(response) => Ok((response.authenticated()?, means.driver.is_in_doubt())),
            Err(failure) => Err(Failure { error: refusal(failure.error, is_permanent), ..failure }),
        })
    }

    /// Runs the attempts of a call on this thread, until one succeeds, another would not help, or the
    /// deadline passes.
    pub(super) fn run<T>(
        &self,
        context: &CallContext,
        only_reads: bool,
        attempt: impl AsyncFnMut(AttemptContext<'_>) -> std::result::Result<T, Failure>,
    ) -> Result<T> {
        let added = self.begin(context)?;
        let context = added.as_deref().unwrap_or(context);
        let driver = &Driver::caller(context.until.clone());
        // Pinned here: a future of this size should not be moved.
        let attempts = pin!(self.repeat(driver, context, only_reads, attempt));
        let outcome = drive(driver, attempts);
        ended(outcome, driver, context)
    }

    /// Repeats the attempts of a call until one succeeds, or another would not help.
    pub(super) async fn repeat<T>(
        &self,
        driver: &Driver,
        context: &CallContext<'_>,
        only_reads: bool,
        mut attempt: impl AsyncFnMut(AttemptContext<'_>) -> std::result::Result<T, Failure>,
    ) -> Result<T> {
        let mut attempts = Attempts::new(only_reads);
        // With the headers for the second try.
        let mut renewed: Option<Box<CallContext>> = None;
        loop {
            let context = renewed.as_deref().unwrap_or(context);
            if context.until.is_cancelled() {
                return Err(context.cancelled(driver.phase()).in_doubt(attempts.is_in_doubt()));
            }
            let attempt_context = AttemptContext { driver, context, fresh: attempts.needs_fresh() };
            let failure = match attempt(attempt_context).await {
                Ok(outcome) => return Ok(outcome),
                Err(failure) => failure,
            };
            let again = match self.renewed(&failure.error, driver, context).filter(|_| renewed.is_none()) {
                Some(renewing) => Some(renewing.await),
                None => None,
            };
            if let Some(new) = again {
                renewed = Some(new.map_err(|error| error.in_doubt(attempts.is_in_doubt()))?);
                attempts.restart();
                continue;
            }
            attempts.next(failure)?;
            if attempts.is_in_doubt() {
                driver.set_in_doubt();
            }
        }
    }

    /// Runs a call, logs it, and adds its operation and URL to its error.
    pub(super) fn log<T>(
        &self,
        context: &CallContext,
        what: impl Fn() -> String,
        call: impl FnOnce() -> Result<T>,
    ) -> Result<T> {
        let start = context.log.is_on(LogLevel::Debug).then(Instant::now);
        self.log_outcome(call(), &what, start, &context.log)
    }

    /// Logs the outcome of a call that began at `start`, and adds its operation and URL to its error.
    pub(super) fn log_outcome<T>(
        &self,
        outcome: Result<T>,
        what: &dyn Fn() -> String,
        start: Option<Instant>,
        log: &Log,
    ) -> Result<T> {
        match outcome {
            Ok(outcome) => {
                if let Some(start) = start {
                    self.log_success(what, start, log);
                }
                Ok(outcome)
            }
            Err(error) => Err(self.log_failure(error, what, start, log)),
        }
    }

    #[inline(never)]
    fn log_success(&self, what: &dyn Fn() -> String, start: Instant, log: &Log) {
        log.write(LogLevel::Debug, TARGET, || {
            format!("{} at {}: done in {:?}", what(), self.url, start.elapsed())
        });
    }

    #[inline(never)]
    fn log_failure(
        &self,
        error: Error,
        what: &dyn Fn() -> String,
        start: Option<Instant>,
        log: &Log,
    ) -> Error {
        let error = error.context(format_args!("{} at {}", what(), self.url));
        if let Some(start) = start {
            log.write(LogLevel::Debug, TARGET, || {
                format!("{} (after {:?})", error.full_message(), start.elapsed())
            });
        }
        error
    }
}

/// Returns an error of the control plane, not retryable if it is UNAVAILABLE in the server's own wording and
/// the operation's refusals are permanent ([`Operation::IS_REFUSAL_PERMANENT`]). Whether it is in doubt does
/// not change: a proxy may use the same words.
fn refusal(error: Error, is_permanent: bool) -> Error {
    match is_permanent && error.status() == Status::Unavailable && error.is_servers_own() {
        true => error.retryable(false),
        false => error,
    }
}

/// Returns the outcome of a call, or the error of what stopped it. The failure of a cancelled call, unless
/// the server reported it, is the cancel: it ended the connection.
pub(super) fn ended<T>(
    outcome: std::result::Result<Result<T>, Stopped>,
    driver: &Driver,
    context: &CallContext,
) -> Result<T> {
    let (stopped, in_doubt) = match outcome {
        Ok(Err(error)) if context.until.is_cancelled() && error.origin() == Origin::Connection => {
            (Stopped::Cancelled, error.is_in_doubt())
        }
        Ok(outcome) => return outcome,
        Err(stopped) => (stopped, false),
    };
    let in_doubt = in_doubt || driver.is_in_doubt();
    Err(context.stopped(stopped, driver.phase()).in_doubt(in_doubt))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{net::attempts::Reached, options::CallOptions, until::CancelToken};

    #[test]
    fn a_call_that_is_cancelled_between_two_attempts_makes_no_further_one() {
        for (reached, in_doubt) in [(Reached::Refused, false), (Reached::RefusedComplete, true)] {
            let (token, mut options) = (CancelToken::new(), CallOptions::new());
            options.set_cancel_token(Some(&token));
            let client = ClientOptions::default();
            let server = Server::new(Url::parse("localhost").unwrap(), &client, None).unwrap();
            let mut attempts = 0;
            let outcome: Result<()> = server.run(&CallContext::new(&client, &options), true, async |_| {
                attempts += 1;
                token.cancel();
                let error = Error::connection("refused").in_doubt(in_doubt);
                Err(Failure { error, reached, was_reused: false })
            });
            let error = outcome.unwrap_err();
            let properties = (attempts, error.status(), error.origin(), error.is_in_doubt());
            assert_eq!(properties, (1, Status::Cancelled, Origin::Client, in_doubt), "{error:?}");
        }
    }
}
