//! The headers of a client's header callback: who calls it, and when.

use std::sync::Arc;

use tokio::sync::oneshot;

use crate::{
    error::{Error, Result},
    net::drive::Driver,
    options::{AddedHeaders, CallContext, ClientOptions, HeaderSource},
    runtime::{Active, Activity, Callbacks},
};

/// The maximum number of threads that call the callback for asynchronous calls that the server has refused.
const MAX_THREADS: usize = 8;
/// What a call does meanwhile, in error messages.
const WAITING: &str = "waiting for the header callback";

/// The header callback of a client.
#[derive(Debug)]
pub(super) struct Headers {
    source: HeaderSource,
    activity: Arc<Activity>,
    threads: Arc<Callbacks>,
}

impl Headers {
    /// Returns the header callback in the options of a client, if there is one.
    pub(super) fn new(options: &ClientOptions, activity: &Arc<Activity>) -> Option<Self> {
        let source = options.header_source.clone();
        source.is_set().then(|| Self {
            source,
            activity: activity.clone(),
            threads: Callbacks::new(|_| "triton-headers".to_owned(), MAX_THREADS, options.log.clone()),
        })
    }

    /// Returns whether the callback is for a call that begins on this thread: not for one that it makes
    /// itself, or it would call itself without end.
    pub(super) fn is_due(&self) -> bool {
        self.source.is_due()
    }

    /// Calls the callback on this thread, unless the call was stopped before.
    pub(super) fn get(
        &self,
        endpoint: &str,
        was_refused: bool,
        context: &CallContext,
    ) -> Result<AddedHeaders> {
        let check = || context.until.check().map_err(|stopped| context.stopped(stopped, WAITING));
        check()?;
        let added = self.source.get(endpoint, was_refused)?;
        check()?;
        Ok(added)
    }

    /// Calls the callback for a call that the server has refused: on this thread, or on one of its own for a
    /// call of the I/O thread.
    pub(super) async fn renew(
        &self,
        endpoint: &Arc<str>,
        driver: &Driver,
        context: &CallContext<'_>,
    ) -> Result<AddedHeaders> {
        driver.set_phase(WAITING);
        if !driver.is_task() {
            return self.get(endpoint, true, context);
        }
        self.threads.start()?;
        let (sender, receiver) = oneshot::channel();
        let (source, endpoint) = (self.source.clone(), endpoint.clone());
        // Closing the client waits for it, even if the call does not.
        self.threads.push(Active::begin_part(self.activity.clone()), move || {
            // Closed: the call was stopped before a thread was free.
            if !sender.is_closed() {
                let _ = sender.send(source.get(&endpoint, true));
            }
        });
        receiver.await.unwrap_or_else(|_| Err(Error::internal("a thread of the header callback ended")))
    }

    /// Ends the threads.
    pub(super) fn end(&self) {
        self.threads.end();
    }
}
