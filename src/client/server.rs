//! A server, and what all calls to it have in common: attempts, headers of the callback, log, errors.

use std::{
    future::Future,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
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

    /// Returns whether this thread runs the callback.
    pub(super) fn is_in_header_callback(&self) -> bool {
        self.headers.as_ref().is_some_and(|headers| !headers.is_due())
    }

    /// Begins a call: gets the headers of the callback, and warns of credentials that are sent in plain.
    /// Returns the context of the call if it differs from `context`.
    pub(super) fn begin<'c>(&self, context: &CallContext<'c>) -> Result<Option<Box<CallContext<'c>>>> {
        let added = match &self.headers {
            Some(headers) if headers.is_due() => {
                let added = headers.get(&self.endpoint, false, context)?;
                Some(Box::new(context.with_added(added)?))
            }
            _ => None,
        };
        self.warn_of_credentials(added.as_deref().unwrap_or(context));
        Ok(added)
    }

    /// Returns what gets the context for another try of a call that failed, if the server has refused its
    /// headers, and they are from the callback. Boxed as a whole: every call would otherwise have room for
    /// it.
    pub(super) fn renewed<'a, 'c>(
        &'a self,
        error: &Error,
        driver: &'a Driver,
        context: &'a CallContext<'c>,
    ) -> Option<Pin<Box<impl Future<Output = Result<Box<CallContext<'c>>>> + use<'a, 'c>>>> {
        // UNAUTHENTICATED of a connection is TLS, which no header changes. In doubt: results have arrived.
        let is_refused = error.status() == Status::Unauthenticated
            && error.origin() == Origin::Server
            && !error.is_in_doubt();
        let headers = self.headers.as_ref().filter(|_| is_refused && context.has_added())?;
        Some(Box::pin(async move {
            let added = headers.renew(&self.endpoint, driver, context).await?;
            let context = Box::new(context.with_added(added)?);
            self.warn_of_credentials(&context);
            Ok(context)
        }))
    }

    /// Logs a warning, once, if a call sends credentials that everyone on the way can read.
    fn warn_of_credentials(&self, context: &CallContext) {
        if self.url.is_tls || !context.log.is_on(LogLevel::Warn) || self.has_warned.load(Ordering::Relaxed) {
            return;
        }
        if let Some(name) = context.credential(self.url.protocol)
            && !self.has_warned.swap(true, Ordering::Relaxed)
        {
            context.log.write(LogLevel::Warn, TARGET, || {
                format!(
                    "header '{name}' is sent to {} without encryption: use https or grpcs for credentials",
                    self.url
                )
            });
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
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::{net::attempts::Reached, options::CallOptions, runtime::Activity, until::CancelToken};

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

    #[test]
    fn only_a_refusal_by_the_server_before_any_result_is_repeated_with_other_headers() {
        let refusal =
            |origin, in_doubt| Error::new(Status::Unauthenticated, origin, "who?").in_doubt(in_doubt);
        for (error, attempts) in [
            (refusal(Origin::Server, false), 2),
            // A client certificate, which no header replaces.
            (refusal(Origin::Connection, false), 1),
            // A part of the result has arrived.
            (refusal(Origin::Server, true), 1),
            (Error::new(Status::PermissionDenied, Origin::Server, "no"), 1),
        ] {
            let calls = Arc::new(AtomicUsize::new(0));
            let (own, mut options) = (calls.clone(), ClientOptions::new());
            options.set_header_callback(Arc::new(move |headers| {
                let number = own.fetch_add(1, Ordering::Relaxed);
                assert_eq!(headers.was_refused(), number == 1);
                Ok(())
            }));
            let headers = Headers::new(&options, &Arc::new(Activity::new()));
            let server = Server::new(Url::parse("localhost").unwrap(), &options, headers).unwrap();
            let mut made = 0;
            let call = CallOptions::new();
            let outcome: Result<()> = server.run(&CallContext::new(&options, &call), false, async |_| {
                made += 1;
                Err(Failure::from(error.clone()))
            });
            let outcome = outcome.unwrap_err();
            assert_eq!((made, calls.load(Ordering::Relaxed)), (attempts, attempts), "{error:?}");
            assert_eq!((outcome.status(), outcome.origin()), (error.status(), error.origin()));
        }
    }
}
