//! A callback that adds headers to each call.

use std::{fmt, sync::Arc};

use super::header::Header;
use crate::error::Result;

/// Adds headers to a call; see
/// [`ClientOptions::set_header_callback`](crate::ClientOptions::set_header_callback).
pub type HeaderCallback = dyn Fn(&mut CallHeaders<'_>) -> Result<()> + Send + Sync;

/// The callback of a client, or none.
#[derive(Clone, Default)]
pub(crate) struct HeaderSource(pub(super) Option<Arc<HeaderCallback>>);

impl fmt::Debug for HeaderSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "HeaderSource(callback)" } else { "HeaderSource(none)" })
    }
}

/// The headers that a [`HeaderCallback`] adds to a call.
pub struct CallHeaders<'c> {
    endpoint: &'c str,
    was_refused: bool,
    pub(super) headers: Vec<Header>,
}

impl<'c> CallHeaders<'c> {
    pub(super) fn new(endpoint: &'c str, was_refused: bool) -> Self {
        Self { endpoint, was_refused, headers: Vec::new() }
    }

    /// Returns the URL of the server.
    pub fn endpoint(&self) -> &str {
        self.endpoint
    }

    /// Returns whether the server has responded UNAUTHENTICATED to the call with the headers before.
    pub fn was_refused(&self) -> bool {
        self.was_refused
    }

    /// Adds a header, as [`CallOptions::add_header`](crate::CallOptions::add_header) does.
    pub fn add(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<&mut Self> {
        self.headers.push(Header::new(name, value.as_ref())?);
        Ok(self)
    }
}

/// Shows the names of the headers only: their values are secrets.
impl fmt::Debug for CallHeaders<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.headers.iter().map(|header| header.name.as_str());
        f.debug_list().entries(names).finish()
    }
}
