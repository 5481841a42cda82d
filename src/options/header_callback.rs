//! A callback that adds headers to each call.

use std::{cell::RefCell, fmt, sync::Arc};

use super::header::Header;
use crate::{
    error::{Error, Origin, Result, Status},
    panic,
};

/// Adds headers to a call; see
/// [`ClientOptions::set_header_callback`](crate::ClientOptions::set_header_callback).
pub type HeaderCallback = dyn Fn(&mut CallHeaders<'_>) -> Result<()> + Send + Sync;

thread_local! {
    /// The addresses of the callbacks that run on this thread.
    static RUNNING: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// The callback of a client, or none.
#[derive(Clone, Default)]
pub(crate) struct HeaderSource(pub(super) Option<Arc<HeaderCallback>>);

/// The headers of a call that the callback has added.
#[derive(Clone, Debug)]
pub(crate) struct AddedHeaders(pub(super) Arc<[Header]>);

impl HeaderSource {
    /// Returns whether there is a callback.
    pub(crate) fn is_set(&self) -> bool {
        self.0.is_some()
    }

    /// Returns whether there is a callback for a call that begins on this thread: a call that the callback
    /// itself makes has no headers of it, or it would call itself without end.
    pub(crate) fn is_due(&self) -> bool {
        self.0.as_ref().is_some_and(|callback| {
            let own = address(callback);
            // Thread locals may be destroyed already while the thread ends.
            !RUNNING.try_with(|running| running.borrow().contains(&own)).unwrap_or(false)
        })
    }

    /// Calls the callback, which may block. UNAUTHENTICATED if it fails, INTERNAL if it panics.
    pub(crate) fn get(&self, endpoint: &str, was_refused: bool) -> Result<AddedHeaders> {
        let mut headers = CallHeaders { endpoint, was_refused, headers: Vec::new() };
        if let Some(callback) = &self.0 {
            let _running = Running::begin(address(callback));
            let outcome = panic::caught(|| callback(&mut headers)).map_err(|text| {
                let message = format!("the header callback panicked: {text}");
                Error::new(Status::Internal, Origin::Client, message)
            })?;
            outcome.map_err(|error| {
                let again = error.is_retryable();
                let message = match was_refused {
                    false => "the header callback failed, so that nothing was sent",
                    true => "the header callback failed, after the server had refused the call",
                };
                Error::new(Status::Unauthenticated, Origin::Client, message)
                    .retryable(again)
                    .with_source(error)
            })?;
        }
        Ok(AddedHeaders(headers.headers.into()))
    }
}

impl AddedHeaders {
    /// Returns these headers, and those of `earlier` that they do not replace.
    pub(super) fn over(self, earlier: &Self) -> Self {
        let is_replaced = |header: &&Header| self.0.iter().any(|own| own.name == header.name);
        let kept = earlier.0.iter().filter(|header| !is_replaced(header));
        Self(kept.chain(&*self.0).cloned().collect())
    }
}

fn address(callback: &Arc<HeaderCallback>) -> usize {
    Arc::as_ptr(callback).addr()
}

/// A callback that runs on this thread, until this is dropped.
struct Running;

impl Running {
    fn begin(callback: usize) -> Self {
        let _ = RUNNING.try_with(|running| running.borrow_mut().push(callback));
        Self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = RUNNING.try_with(|running| running.borrow_mut().pop());
    }
}

impl fmt::Debug for HeaderSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "HeaderSource(callback)" } else { "HeaderSource(none)" })
    }
}

/// The headers that a [`HeaderCallback`] adds to a call.
pub struct CallHeaders<'c> {
    endpoint: &'c str,
    was_refused: bool,
    headers: Vec<Header>,
}

impl CallHeaders<'_> {
    /// Returns the URL of the server.
    pub fn endpoint(&self) -> &str {
        self.endpoint
    }

    /// Returns whether the server has responded UNAUTHENTICATED to the call with the headers of the
    /// callback's first run. Those that this run does not replace are sent again.
    pub fn was_refused(&self) -> bool {
        self.was_refused
    }

    /// Adds a header, as [`CallOptions::add_header`](crate::CallOptions::add_header) does.
    pub fn add(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<&mut Self> {
        Header::new(name, value.as_ref())?.add_to(&mut self.headers);
        Ok(self)
    }
}

/// Shows the names of the headers only: their values are secrets.
impl fmt::Debug for CallHeaders<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.headers.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use super::*;

    #[test]
    fn a_callback_is_not_due_while_it_runs_and_is_again_after_a_panic() {
        static OWN: OnceLock<HeaderSource> = OnceLock::new();
        let source = |callback: &'static HeaderCallback| HeaderSource(Some(Arc::new(callback)));
        let other = source(&|_| Ok(()));
        OWN.set(source(&|headers| {
            assert!(!OWN.get().unwrap().is_due());
            if headers.was_refused() { panic!("for the test") } else { Ok(()) }
        }))
        .unwrap();
        let own = OWN.get().unwrap();
        assert!(!HeaderSource::default().is_due() && other.is_due());
        for _ in 0..2 {
            assert!(own.is_due());
            own.get("", false).unwrap();
            let error = own.get("", true).unwrap_err();
            assert_eq!((error.status(), error.origin()), (Status::Internal, Origin::Client), "{error}");
            assert!(!error.is_in_doubt() && error.to_string().ends_with("panicked: for the test"), "{error}");
        }
    }
}
