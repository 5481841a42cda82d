//! Waiting for a server, for scripts that start one.

use std::{error::Error as StdError, future, time::Duration};

use super::Client;
use crate::{
    error::{Error, Origin, Result, Status},
    model::{
        check_optional_model,
        health::{ModelReady, ServerReady},
    },
    net::drive::{Driver, drive},
    options::{CallContext, CallOptions},
    until::{Deadline, Stopped},
};

/// The pause between two requests, which doubles from the minimum to the maximum.
const MIN_PAUSE: Duration = Duration::from_millis(10);
const MAX_PAUSE: Duration = Duration::from_secs(1);
/// The timeout of a request: a server that starts may accept a connection and never respond.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);

impl Client {
    /// Blocks until the server is ready, or, with a model's name, until that model is; with an empty version,
    /// the version that the server selects. Sends requests, at first after 10 ms, later every second, until
    /// the deadline of the call, and then returns DEADLINE_EXCEEDED with the last outcome in its message.
    ///
    /// A server that cannot be reached, or fails, is waited for. INVALID_ARGUMENT of the caller,
    /// UNAUTHENTICATED and PERMISSION_DENIED end the wait at once. (For an endpoint that is restricted over
    /// gRPC, Triton sends UNAVAILABLE, which is waited for.)
    pub fn wait_ready(&self, model: &str, version: &str, options: &CallOptions) -> Result<()> {
        let _active = self.0.begin(options)?;
        let context = CallContext::new(&self.0.options, options);
        let what = || match model {
            "" => "wait for the server".to_owned(),
            model => format!("wait for model '{model}'"),
        };
        self.0.server.log(&context, what, || self.poll_until_ready(model, version, &context))
    }

    fn poll_until_ready(&self, model: &str, version: &str, context: &CallContext) -> Result<()> {
        if model.is_empty() && !version.is_empty() {
            return Err(Error::invalid("a model version requires a model name"));
        }
        check_optional_model(model, version)?;
        let is_over = || context.until.deadline.is_over();
        let mut pause = MIN_PAUSE;
        let mut last: Option<Box<dyn StdError + Send + Sync>> = None;
        loop {
            let request = &context.at_most(REQUEST_TIMEOUT);
            let outcome = match model {
                "" => self.0.server.call_without_log(&ServerReady, request),
                model => self.0.server.call_without_log(&ModelReady { name: model, version }, request),
            };
            match outcome {
                Ok(true) => return Ok(()),
                Ok(false) => last = Some("the server reports that it is not".into()),
                Err(error) if is_final(&error) => return Err(error),
                Err(error) if context.until.is_cancelled() => return Err(error),
                // The outcome before it explains more than a request that the deadline of the wait ended.
                Err(error) if error.status() == Status::DeadlineExceeded && is_over() && last.is_some() => {}
                Err(error) => last = Some(error.into()),
            }
            if !is_over() {
                self::pause(pause, context)?;
                pause = (pause * 2).min(MAX_PAUSE);
            }
            if is_over() {
                let timeout = context.timeout.unwrap_or_default();
                let late = Error::deadline(format!("not ready within {timeout:?}"));
                return Err(match last {
                    Some(last) => late.with_source(last),
                    None => late,
                });
            }
        }
    }
}

/// Waits until the next request, until the deadline at most. CANCELLED if the call is cancelled meanwhile.
fn pause(time: Duration, context: &CallContext) -> Result<()> {
    let driver = Driver::caller(context.until.clone());
    let paused = driver.within(Deadline::after(Some(time)), future::pending::<()>());
    match drive(&driver, paused) {
        Err(Stopped::Cancelled) => Err(context.cancelled("waiting for the server")),
        _ => Ok(()),
    }
}

fn is_final(error: &Error) -> bool {
    // INTERNAL of the client: its header callback panics, for example.
    let is_ours = error.origin() == Origin::Argument
        || (error.origin(), error.status()) == (Origin::Client, Status::Internal);
    is_ours || matches!(error.status(), Status::Unauthenticated | Status::PermissionDenied)
}
