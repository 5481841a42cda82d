//! Waiting for a server, as every script does that starts one.

use std::{error::Error as StdError, thread, time::Duration};

use super::Client;
use crate::{
    error::{Error, Origin, Result, Status},
    model::{
        check_optional_model,
        health::{ModelReady, ServerReady},
    },
    options::{CallContext, CallOptions},
};

/// Between two questions, at first and at most: each wait is twice the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// One question's time: a server that starts may take a connection and leave it alone.
const PATIENCE: Duration = Duration::from_secs(5);

impl Client {
    /// Waits until the server is ready, or, with a model's name, until that model is; an empty version stands for the one
    /// that the server would choose. Asks again and again, at first after 10 ms, at last each second, until the time
    /// limit of the call: DEADLINE_EXCEEDED then, with the last answer in its message.
    ///
    /// A server that can't be reached, or fails, is asked again. What waiting can't change ends the wait at once: an
    /// argument that is wrong, a caller whom the server does not know or does not let. (Of an endpoint that is restricted
    /// over gRPC Triton says that it is UNAVAILABLE: that is waited for.)
    pub fn wait_ready(&self, model: &str, version: &str, options: &CallOptions) -> Result<()> {
        let context = CallContext::new(&self.0.options, options);
        let what = || match model {
            "" => "wait for the server".to_owned(),
            model => format!("wait for model '{model}'"),
        };
        self.0.server.log(&context, what, || self.ask_until_ready(model, version, &context))
    }

    fn ask_until_ready(&self, model: &str, version: &str, context: &CallContext) -> Result<()> {
        if model.is_empty() && !version.is_empty() {
            return Err(Error::invalid("a version needs the model's name"));
        }
        check_optional_model(model, version)?;
        let is_over = || context.until.deadline.is_over();
        let mut pause = FIRST_PAUSE;
        let mut last: Option<Box<dyn StdError + Send + Sync>> = None;
        loop {
            let asked = &context.at_most(PATIENCE);
            let answer = match model {
                "" => self.0.server.ask(&ServerReady, asked),
                model => self.0.server.ask(&ModelReady { name: model, version }, asked),
            };
            match answer {
                Ok(true) => return Ok(()),
                Ok(false) => last = Some("the server answers that it is not".into()),
                Err(error) if is_final(&error) => return Err(error),
                // A question that the end of the wait cut short says less than the answer before it.
                Err(error) if error.status() == Status::DeadlineExceeded && is_over() && last.is_some() => {}
                Err(error) => last = Some(error.into()),
            }
            if !is_over() {
                let left = context.until.deadline.remaining();
                thread::sleep(left.map_or(pause, |left| left.min(pause)));
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            if is_over() {
                let limit = context.timeout.unwrap_or_default();
                let late = Error::deadline(format!("not ready within {limit:?}"));
                return Err(match last {
                    Some(last) => late.with_source(last),
                    None => late,
                });
            }
        }
    }
}

fn is_final(error: &Error) -> bool {
    let is_ours = error.origin() == Origin::Argument;
    is_ours || matches!(error.status(), Status::Unauthenticated | Status::PermissionDenied)
}
