//! The options of a client and of a call, merged once for each call.

use std::{
    borrow::Cow,
    time::{Duration, Instant},
};

use http::{HeaderName, HeaderValue};

use super::{
    CallOptions, ClientOptions,
    call::{ResponseEncoding, Route, json_size_conflict},
    header::{Header, LoadReportFormat, RestrictedKey},
    header_callback::AddedHeaders,
};
use crate::{
    compression::Compression,
    error::{Error, Origin, Result, Status},
    log::Log,
    until::{Deadline, Stopped, Until},
    url::Protocol,
};

/// Advice for a caller whose message exceeds the limit.
const MORE_THAN_A_MESSAGE: &str = "use shared memory, whose tensors do not count, or raise option max_message_byte_size \
                                   (over gRPC no server accepts more than 2^31 - 1 bytes)";

/// The options of the client and of the call, merged: for every layer below the client.
#[derive(Clone, Debug)]
pub(crate) struct CallContext<'c> {
    pub until: Until,
    /// For "no response within 20ms": the timeout that the deadline was made from, and whose it is.
    pub timeout: Option<Duration>,
    limited: &'static str,
    pub max_message_byte_size: u64,
    pub max_decompressed_byte_size: u64,
    /// The client's and the call's.
    headers: [&'c [Header]; 2],
    restricted_keys: [&'c [RestrictedKey]; 2],
    /// Those of the header callback.
    added: Option<AddedHeaders>,
    load_report: Option<LoadReportFormat>,
    pub query: Cow<'c, str>,
    pub request_compression: Compression,
    /// The value of Accept-Encoding; `None`: not compressed.
    pub accept_encoding: Option<&'c str>,
    pub route: Route<&'c str>,
    pub log: Log,
    /// The id of an inference request; empty if it has none.
    pub request_id: &'c str,
}

impl<'c> CallContext<'c> {
    pub(crate) fn new(client: &'c ClientOptions, call: &'c CallOptions) -> Self {
        Self::starting(Instant::now(), client, call)
    }

    /// Creates the context of a call that starts `now`.
    pub(crate) fn starting(now: Instant, client: &'c ClientOptions, call: &'c CallOptions) -> Self {
        Self::within(now, call.timeout.unwrap_or(client.default_timeout()), client, &client.call, call)
    }

    /// Creates the context of a call to another server, to which the client's defaults are not sent.
    pub(crate) fn elsewhere(client: &'c ClientOptions, call: &'c CallOptions) -> Self {
        const NONE: &CallOptions = &CallOptions::DEFAULT;
        Self::within(Instant::now(), call.timeout.unwrap_or(client.default_timeout()), client, NONE, call)
    }

    /// Creates the context of a call that loads or unloads a model.
    pub(crate) fn loading(client: &'c ClientOptions, call: &'c CallOptions) -> Self {
        Self::within(Instant::now(), call.timeout.unwrap_or(client.load_timeout), client, &client.call, call)
    }

    /// Creates the context of a stream that is opened `now`. The default timeouts do not apply.
    pub(crate) fn streaming(now: Instant, client: &'c ClientOptions, call: &'c CallOptions) -> Self {
        let context = Self::within(now, call.timeout.flatten(), client, &client.call, call);
        Self { limited: "the stream", load_report: None, ..context }
    }

    /// Creates the context of one of several requests of the call: with a timeout of at most `max`.
    pub(crate) fn at_most(&self, max: Duration) -> Self {
        let left = self.until.deadline.remaining().map_or(max, |left| left.min(max));
        let until = Until { deadline: Deadline::after(Some(left)), cancel: self.until.cancel.clone() };
        Self { until, timeout: Some(left), limited: "one request", ..self.clone() }
    }

    /// Creates the context of the call with headers of the header callback, which replace those that it has.
    /// INVALID_ARGUMENT as for [`check_json_size_header`](Self::check_json_size_header).
    pub(crate) fn with_added(&self, added: AddedHeaders) -> Result<Self> {
        let added = match &self.added {
            Some(earlier) => added.over(earlier),
            None => added,
        };
        let context = Self { added: Some(added), ..self.clone() };
        context.check_json_size_header()?;
        Ok(context)
    }

    /// Returns whether the header callback was called for the call.
    pub(crate) fn has_added(&self) -> bool {
        self.added.is_some()
    }

    /// Returns the headers of the header callback.
    pub(crate) fn added(&self) -> Option<AddedHeaders> {
        self.added.clone()
    }

    /// Sets the headers of the header callback.
    pub(crate) fn set_added(&mut self, added: Option<AddedHeaders>) {
        self.added = added;
    }

    /// Creates the context of the content of a compressed message.
    pub(crate) fn decompressed(&self) -> Self {
        Self { max_message_byte_size: self.max_decompressed_byte_size, ..self.clone() }
    }

    fn within(
        now: Instant,
        timeout: Option<Duration>,
        client: &'c ClientOptions,
        defaults: &'c CallOptions,
        call: &'c CallOptions,
    ) -> Self {
        let response_encoding = call.response_encoding.as_ref().or(defaults.response_encoding.as_ref());
        Self {
            until: Until { deadline: Deadline::since(now, timeout), cancel: call.cancel.clone() },
            timeout,
            limited: "the call",
            max_message_byte_size: client.max_message_byte_size as u64,
            max_decompressed_byte_size: client.max_decompressed_byte_size as u64,
            headers: [&defaults.headers, &call.headers],
            restricted_keys: [&defaults.restricted_keys, &call.restricted_keys],
            added: None,
            load_report: call.load_report.or(defaults.load_report).flatten(),
            query: call.query.over(&defaults.query),
            request_compression: call
                .request_compression
                .or(defaults.request_compression)
                .unwrap_or(Compression::None),
            accept_encoding: response_encoding.and_then(ResponseEncoding::accept),
            route: call.route.over(&defaults.route),
            log: client.log.clone(),
            request_id: "",
        }
    }

    /// Passes the headers that the options and the header callback add to the request to `visit`. Loops, and
    /// not a chain of iterators, which is slower.
    pub(crate) fn each_header<'s>(
        &'s self,
        protocol: Protocol,
        mut visit: impl FnMut(&'s HeaderName, &'s HeaderValue),
    ) {
        let added: &[Header] = self.added.as_ref().map_or(&[], |added| &added.0);
        let mut visit_option = |name: &'s HeaderName, value: &'s HeaderValue| {
            if !added.iter().any(|own| own.name == *name) {
                visit(name, value);
            }
        };
        for header in merged(self.headers, |one, other| one.name == other.name) {
            if let Some(value) = &header.value {
                visit_option(&header.name, value);
            }
        }
        for key in merged(self.restricted_keys, RestrictedKey::is_of_same_name) {
            if let Some((name, value)) = key.header(protocol) {
                visit_option(name, value);
            }
        }
        if let Some((name, value)) = self.load_report.map(LoadReportFormat::header) {
            visit_option(name, value);
        }
        for header in added {
            if let Some(value) = &header.value {
                visit(&header.name, value);
            }
        }
    }

    /// Returns the name of a header of the request that contains credentials, if there is one.
    pub(crate) fn credential(&self, protocol: Protocol) -> Option<&str> {
        let mut credential = None;
        self.each_header(protocol, |name, value| {
            if value.is_sensitive() {
                credential = credential.or(Some(name.as_str()));
            }
        });
        credential
    }

    /// Returns INVALID_ARGUMENT if the header of the JSON part's byte size is also an added header: the
    /// setters see only the options of the client or those of the call.
    pub(crate) fn check_json_size_header(&self) -> Result<()> {
        let Some(name) = self.route.json_size_header else { return Ok(()) };
        let mut is_added = false;
        self.each_header(Protocol::Http, |own, _| is_added |= own.as_str().eq_ignore_ascii_case(name));
        if is_added { Err(json_size_conflict(name)) } else { Ok(()) }
    }

    /// Returns DEADLINE_EXCEEDED. The caller sets whether it is in doubt.
    pub(crate) fn timed_out(&self, doing: &str) -> Error {
        let limit = self.timeout.unwrap_or_default();
        let limited = self.limited;
        Error::deadline(format!(
            "deadline exceeded: no response within {limit:?}, the timeout of {limited} ({doing})"
        ))
    }

    /// Returns CANCELLED. The caller sets whether it is in doubt.
    pub(crate) fn cancelled(&self, doing: &str) -> Error {
        Error::new(Status::Cancelled, Origin::Client, format!("cancelled by the caller ({doing})"))
    }

    /// Returns the error of a call that was stopped while it was `doing` something.
    pub(crate) fn stopped(&self, stopped: Stopped, doing: &str) -> Error {
        match stopped {
            Stopped::TimedOut => self.timed_out(doing),
            Stopped::Cancelled => self.cancelled(doing),
        }
    }

    /// Whether so little of the timeout is left that a DEADLINE_EXCEEDED of the server is the client's own
    /// deadline: the server receives the same timeout, rounded and a little later, and may be the first to
    /// see it pass.
    pub(crate) fn is_almost_over(&self) -> bool {
        const MIN: Duration = Duration::from_millis(5);
        let almost = MIN.max(self.timeout.unwrap_or_default() / 20);
        self.until.deadline.remaining().is_some_and(|left| left <= almost)
    }

    /// Returns RESOURCE_EXHAUSTED for a request that exceeds the limit.
    pub(crate) fn check_request_size(&self, byte_size: u64) -> Result<()> {
        if byte_size <= self.max_message_byte_size {
            return Ok(());
        }
        let max = self.max_message_byte_size;
        let message = format!(
            "the request has {byte_size} bytes, which exceeds the limit of {max} bytes: {MORE_THAN_A_MESSAGE}"
        );
        Err(Error::new(Status::ResourceExhausted, Origin::Client, message))
    }

    /// Returns RESOURCE_EXHAUSTED for a response that exceeds the limit. Called before its memory is
    /// allocated.
    pub(crate) fn check_response_size(&self, byte_size: u64) -> Result<()> {
        let max = self.max_message_byte_size;
        if byte_size <= max {
            return Ok(());
        }
        let message = format!(
            "the response has {byte_size} bytes, which exceeds the limit of {max} bytes: {MORE_THAN_A_MESSAGE}"
        );
        Err(Error::new(Status::ResourceExhausted, Origin::Client, message).in_doubt(true))
    }

    /// Returns the maximum size of what is parsed as a whole, which takes a multiple of its size in memory.
    pub(crate) fn max_parsed_byte_size(&self) -> u64 {
        (self.max_decompressed_byte_size / 4).min(self.max_message_byte_size)
    }

    /// Returns the maximum number of parsed parts (fields, members, elements, samples): each takes up to some
    /// thousand bytes in memory, however small it is.
    pub(crate) fn max_parts(&self) -> u64 {
        (self.max_decompressed_byte_size / 1024).max(4096)
    }

    /// Returns RESOURCE_EXHAUSTED for a response with more parts.
    pub(crate) fn check_parts(&self, parts: u64) -> Result<()> {
        if parts <= self.max_parts() { Ok(()) } else { Err(self.too_many_parts()) }
    }

    pub(crate) fn too_many_parts(&self) -> Error {
        let max = self.max_parts();
        let message = format!(
            "the response exceeds the limit of {max} fields and elements, one for each 1,024 bytes of option \
             max_decompressed_byte_size"
        );
        Error::new(Status::ResourceExhausted, Origin::Client, message).in_doubt(true)
    }

    /// Returns RESOURCE_EXHAUSTED for a response that is too large to be parsed as a whole.
    pub(crate) fn check_parsed_size(&self, byte_size: u64) -> Result<()> {
        self.check_response_size(byte_size)?;
        let max = self.max_parsed_byte_size();
        if byte_size <= max {
            return Ok(());
        }
        let message = format!(
            "the response has {byte_size} bytes, which exceeds the limit of {max} bytes for what is parsed as a whole, a \
             quarter of option max_decompressed_byte_size"
        );
        Err(Error::new(Status::ResourceExhausted, Origin::Client, message).in_doubt(true))
    }
}

/// Returns the entries of the client's defaults whose names the call does not have, and those of the call.
fn merged<T>(
    [defaults, call]: [&[T]; 2],
    is_of_same_name: impl Fn(&T, &T) -> bool,
) -> impl Iterator<Item = &T> {
    let is_replaced = move |default: &&T| call.iter().any(|own| is_of_same_name(default, own));
    defaults.iter().filter(move |default| !is_replaced(default)).chain(call)
}
