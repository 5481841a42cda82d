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

/// The ids of the requests that this connection has carried: a response under an earlier one's id is a stray.
#[derive(Default)]
pub(super) struct Ids {
    own: String,
    /// Hashes of those before, the latest ones of them.
    earlier: Vec<u64>,
    /// Where the next one goes, in place of the oldest.
    next: usize,
}

impl Ids {
    const MAX: usize = 1024;

    /// A request with this id is about to be sent; empty for none.
    pub fn send(&mut self, id: &str) {
        if self.own != id {
            if !self.own.is_empty() {
                let earlier = hash(&self.own);
                match self.earlier.get_mut(self.next) {
                    Some(oldest) => *oldest = earlier,
                    None => self.earlier.push(earlier),
                }
                self.next = (self.next + 1) % Self::MAX;
            }
            self.own.clear();
            self.own.push_str(id);
        }
    }

    /// Whether a response under this id belongs to an earlier request. Servers that make ids of their own, or none, are
    /// not at fault.
    pub fn is_stray(&self, id: &str) -> bool {
        !id.is_empty() && id != self.own && self.earlier.contains(&hash(id))
    }
}

/// FNV-1a: ids are compared with those of this client's own requests, which nobody else can choose.
fn hash(id: &str) -> u64 {
    id.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
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
        // Not only the last one's, and not without bound.
        (0..Ids::MAX).for_each(|number| ids.send(&number.to_string()));
        assert!((0..Ids::MAX - 1).all(|number| ids.is_stray(&number.to_string())));
        assert!(!ids.is_stray("1023"));
        ids.send("x");
        ids.send("y");
        assert!(!ids.is_stray("0") && ids.is_stray("2") && ids.earlier.len() == Ids::MAX);
    }
}
