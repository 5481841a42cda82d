//! The headers of a client's header callback, and the warning of credentials that are sent in plain.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, atomic::Ordering},
};

use tokio::sync::oneshot;

use super::server::Server;
use crate::{
    error::{Error, Origin, Result, Status},
    log::LogLevel,
    net::drive::Driver,
    options::{AddedHeaders, CallContext, ClientOptions, HeaderSource},
    runtime::{Active, Activity, Callbacks},
};

const TARGET: &str = "triton_client::client";
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

    /// Calls the callback on this thread, unless the call was stopped before.
    fn get(&self, endpoint: &str, was_refused: bool, context: &CallContext) -> Result<AddedHeaders> {
        let check = || context.until.check().map_err(|stopped| context.stopped(stopped, WAITING));
        check()?;
        let added = self.source.get(endpoint, was_refused)?;
        check()?;
        Ok(added)
    }

    /// Calls the callback for a call that the server has refused: on this thread, or on one of its own for a
    /// call of the I/O thread.
    async fn renew(
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

impl Server {
    /// Returns whether this thread runs the callback.
    pub(super) fn is_in_header_callback(&self) -> bool {
        self.headers.as_ref().is_some_and(|headers| !headers.source.is_due())
    }

    /// Begins a call: gets the headers of the callback, and warns of credentials that are sent in plain.
    /// Returns the context of the call if it differs from `context`.
    pub(super) fn begin<'c>(&self, context: &CallContext<'c>) -> Result<Option<Box<CallContext<'c>>>> {
        let added = match &self.headers {
            // Not for a call of the callback itself, which would call itself without end.
            Some(headers) if headers.source.is_due() => {
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
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::{net::attempts::Failure, options::CallOptions, url::Url};

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
