//! One HTTP/1.1 connection, with the buffers that its calls reuse.

use std::{fmt, sync::Arc, time::Duration};

use super::{exchange::Window, json::ResponseParser, prepare::put, response_head::HeadersParser};
use crate::{
    net::{link::Link, pool::Connection},
    options::CallContext,
    url::Protocol,
};

pub(crate) struct Http1 {
    pub(super) link: Arc<Link>,
    pub(super) window: Window,
    pub(super) headers_parser: HeadersParser,
    /// The request line and the headers of the current request.
    pub(super) headers: Vec<u8>,
    pub(super) json: ResponseParser,
    pub(super) ids: Ids,
}

/// The ids of the requests sent on this connection: a response with an earlier request's id is a stray.
#[derive(Default)]
pub(super) struct Ids {
    current: String,
    /// Hashes of the previous ids: a ring buffer of at most [`Ids::MAX`].
    earlier: Vec<u64>,
    /// The index in `earlier` that is overwritten next.
    next: usize,
}

impl Ids {
    const MAX: usize = 1024;

    /// Records the id of the request that is about to be sent; empty for none.
    pub(super) fn send(&mut self, id: &str) {
        if self.current != id {
            if !self.current.is_empty() {
                let earlier = hash(&self.current);
                match self.earlier.get_mut(self.next) {
                    Some(oldest) => *oldest = earlier,
                    None => self.earlier.push(earlier),
                }
                self.next = (self.next + 1) % Self::MAX;
            }
            self.current.clear();
            self.current.push_str(id);
        }
    }

    /// Returns whether a response with this id belongs to an earlier request. Any other id is accepted: some
    /// servers generate ids of their own, or send none.
    pub(super) fn is_stray(&self, id: &str) -> bool {
        !id.is_empty() && id != self.current && self.earlier.contains(&hash(id))
    }
}

/// FNV-1a is enough: a server can't choose the ids that are stored, so it can't provoke collisions.
fn hash(id: &str) -> u64 {
    id.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}

impl Connection for Http1 {
    /// An HTTP/1.1 response does not name its request. The socket is therefore checked before each reuse: a
    /// late or surplus response would be mistaken for the next call's.
    fn is_alive(&mut self, _: Duration) -> bool {
        !self.link.is_shut_down() && !self.link.is_retired() && self.link.is_quiet()
    }
}

impl Http1 {
    pub(crate) fn new(link: Arc<Link>) -> Self {
        Self {
            link,
            window: Window::new(),
            headers_parser: HeadersParser::default(),
            headers: Vec::new(),
            json: ResponseParser::default(),
            ids: Ids::default(),
        }
    }

    /// Starts the headers with the request line: `METHOD`, then base path, path and query; and with those
    /// that all requests have in common.
    pub(crate) fn begin_headers(
        &mut self,
        method: &str,
        common_headers: &str,
        base_path: &str,
        path: &str,
        query: &str,
    ) {
        let to = &mut self.headers;
        to.clear();
        for text in [method, " ", base_path, path] {
            put(to, text);
        }
        if !query.is_empty() {
            put(to, "?");
            put(to, query);
        }
        put(to, " HTTP/1.1\r\n");
        put(to, common_headers);
    }

    /// Ends the headers with those of the caller.
    pub(crate) fn end_headers(&mut self, context: &CallContext) {
        let to = &mut self.headers;
        context.each_header(Protocol::Http, |name, value| {
            put(to, name.as_str());
            put(to, ": ");
            to.extend_from_slice(value.as_bytes());
            put(to, "\r\n");
        });
        put(to, "\r\n");
    }
}

impl fmt::Debug for Http1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.link.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_with_an_earlier_requests_id_is_a_stray_and_any_other_is_not() {
        let mut ids = Ids::default();
        ids.send("");
        assert!(!ids.is_stray("x"));
        ids.send("a");
        assert!(!ids.is_stray("a") && !ids.is_stray(""));
        ids.send("b");
        assert!(ids.is_stray("a") && !ids.is_stray("b") && !ids.is_stray("c") && !ids.is_stray(""));
        // A request without an id.
        ids.send("");
        assert!(ids.is_stray("b"));
        ids.send("");
        assert!(ids.is_stray("b"));
        ids.send("b");
        assert!(!ids.is_stray("b"));
        // The last `MAX` ids are remembered.
        (0..Ids::MAX).for_each(|number| ids.send(&number.to_string()));
        assert!((0..Ids::MAX - 1).all(|number| ids.is_stray(&number.to_string())));
        assert!(!ids.is_stray("1023"));
        ids.send("x");
        ids.send("y");
        assert!(!ids.is_stray("0") && ids.is_stray("2") && ids.earlier.len() == Ids::MAX);
    }
}
