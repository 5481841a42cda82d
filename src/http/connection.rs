//! One HTTP/1.1 connection, and the memory that its calls use again and again.

use std::{fmt, sync::Arc, time::Instant};

use super::{exchange::Window, head::HeadParser, json::ResponseParser, prepare::put};
use crate::{
    net::{link::Link, pool::Connection},
    options::CallContext,
    url::Protocol,
};

pub(crate) struct Http1 {
    pub(super) link: Arc<Link>,
    pub(super) window: Window,
    pub(super) heads: HeadParser,
    /// The headers of the request.
    pub(super) headers: Vec<u8>,
    pub(super) json: ResponseParser,
    pub(super) ids: Ids,
}

/// The ids of the requests that this connection carried last: a response under an earlier one's id is a stray.
#[derive(Default)]
pub(super) struct Ids {
    earlier: String,
    own: String,
}

impl Ids {
    /// A request with this id is about to be sent; empty for none.
    pub fn send(&mut self, id: &str) {
        if !self.own.is_empty() {
            std::mem::swap(&mut self.earlier, &mut self.own);
        }
        self.own.clear();
        self.own.push_str(id);
    }

    /// Whether a response under this id belongs to an earlier request. Servers that make ids of their own, or none, are
    /// not at fault.
    pub fn is_stray(&self, id: &str) -> bool {
        !id.is_empty() && id == self.earlier && id != self.own
    }
}

impl Connection for Http1 {
    /// Nothing tells whose response it is that arrives, so that every reuse is looked at: one that came too late, or one
    /// too many, would be taken for the next call's.
    fn is_alive(&mut self, _: Instant) -> bool {
        self.link.is_quiet()
    }
}

impl Http1 {
    pub fn new(link: Arc<Link>) -> Self {
        Self {
            link,
            window: Window::new(),
            heads: HeadParser::default(),
            headers: Vec::new(),
            json: ResponseParser::default(),
            ids: Ids::default(),
        }
    }

    /// Begins the headers of a request, which is to be on the line `METHOD BASE_PATH PATH?QUERY`.
    pub fn write_line(&mut self, method: &str, host: &str, base_path: &str, path: &str, query: &str) {
        let to = &mut self.headers;
        to.clear();
        for text in [method, " ", base_path, path] {
            put(to, text);
        }
        if !query.is_empty() {
            put(to, "?");
            put(to, query);
        }
        for text in [" HTTP/1.1\r\nHost: ", host, "\r\nUser-Agent: ", super::USER_AGENT, "\r\n"] {
            put(to, text);
        }
    }

    /// Ends the headers of a request with what the caller adds.
    pub fn end_headers(&mut self, context: &CallContext) {
        for (name, value) in context.headers(Protocol::Http) {
            put(&mut self.headers, name.as_str());
            put(&mut self.headers, ": ");
            self.headers.extend_from_slice(value.as_bytes());
            put(&mut self.headers, "\r\n");
        }
        put(&mut self.headers, "\r\n");
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
    fn a_response_under_an_earlier_id_is_a_stray_and_any_other_is_not() {
        let mut ids = Ids::default();
        ids.send("");
        assert!(!ids.is_stray("x"));
        ids.send("a");
        assert!(!ids.is_stray("a") && !ids.is_stray(""));
        ids.send("b");
        assert!(ids.is_stray("a") && !ids.is_stray("b") && !ids.is_stray("c") && !ids.is_stray(""));
        // Without an id of its own.
        ids.send("");
        assert!(ids.is_stray("b"));
        ids.send("");
        assert!(ids.is_stray("b"));
        ids.send("b");
        assert!(!ids.is_stray("b"));
    }
}
