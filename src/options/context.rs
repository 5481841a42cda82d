//! The options of a client and of a call, merged once for each call.

use std::time::{Duration, Instant};

use http::{HeaderName, HeaderValue};

use super::{
    CallOptions, ClientOptions,
    call::Route,
    header::{LoadReportFormat, RestrictedKey},
};
use crate::{
    compression::Compression,
    error::{Error, Origin, Result, Status},
    log::Log,
    until::{Deadline, Until},
    url::Protocol,
};

/// What a caller does whose message exceeds the limit.
const MORE_THAN_A_MESSAGE: &str = "use shared memory, whose tensors do not count, or raise option max_message_byte_size \
                                   (over gRPC no server accepts more than 2^31 - 1 bytes)";

/// The options of the client and of the call, merged: what every layer below the client reads.
#[derive(Clone, Debug)]
pub(crate) struct CallContext<'c> {
    pub until: Until,
    /// For "no response within 20ms": the timeout that the deadline was made from, and whose it is.
    pub timeout: Option<Duration>,
    limited: &'static str,
    pub max_message_byte_size: u64,
    pub max_decompressed_byte_size: u64,
    headers: &'c [(HeaderName, HeaderValue)],
    restricted_keys: [&'c [RestrictedKey]; 2],
    load_report: Option<LoadReportFormat>,
    pub query: &'c str,
    pub request_compression: Compression,
    /// In HTTP's words; `None`: as it is.
    pub accept_encoding: Option<&'c str>,
    pub route: &'c Route,
    pub log: Log,
}

impl<'c> CallContext<'c> {
    pub fn new(client: &'c ClientOptions, call: &'c CallOptions) -> Self {
        Self::starting(Instant::now(), client, call)
    }

    /// Of a call that starts `now`.
    pub fn starting(now: Instant, client: &'c ClientOptions, call: &'c CallOptions) -> Self {
        Self::within(now, call.timeout.unwrap_or(client.timeout), client, call)
    }

    /// Of a call that loads or unloads a model.
    pub fn loading(client: &'c ClientOptions, call: &'c CallOptions) -> Self {
        Self::within(Instant::now(), call.timeout.unwrap_or(client.load_timeout), client, call)
    }

    /// For one of several questions that the call asks: with no more time than `limit`, a part of what it has.
    pub fn at_most(&self, limit: Duration) -> Self {
        let left = self.until.deadline.remaining().map_or(limit, |left| left.min(limit));
        let until = Until { deadline: Deadline::after(Some(left)) };
        Self { until, timeout: Some(left), limited: "one question", ..self.clone() }
    }

    /// For another server than the client's, which its keys are no business of.
    pub fn elsewhere(&self) -> Self {
        let [_, call] = self.restricted_keys;
        Self { restricted_keys: [&[], call], ..self.clone() }
    }

    /// For the message that comes out of a compressed one.
    pub fn decompressed(&self) -> Self {
        Self { max_message_byte_size: self.max_decompressed_byte_size, ..self.clone() }
    }

    fn within(
        now: Instant,
        timeout: Option<Duration>,
        client: &'c ClientOptions,
        call: &'c CallOptions,
    ) -> Self {
        let accept_encoding = match call.response_compression.unwrap_or(client.response_compression) {
            _ if call.accept_encoding.is_some() => call.accept_encoding.as_deref(),
            Compression::None => None,
            compression => Some(compression.name()),
        };
        Self {
            until: Until { deadline: Deadline::since(now, timeout) },
            timeout,
            limited: "the call",
            max_message_byte_size: client.max_message_byte_size,
            max_decompressed_byte_size: client.max_decompressed_byte_size,
            headers: &call.headers,
            restricted_keys: [&client.restricted_keys, &call.restricted_keys],
            load_report: call.load_report,
            query: &call.query,
            request_compression: call.request_compression.unwrap_or(client.request_compression),
            accept_encoding,
            route: &call.route,
            log: client.log.clone(),
        }
    }

    /// What the caller adds to the head of the call.
    pub fn headers(&self, protocol: Protocol) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        let keys = self.restricted_keys.into_iter().flatten();
        let headers = self.headers.iter().map(|(name, value)| (name, value));
        headers
            .chain(keys.map(move |key| key.header(protocol)))
            .chain(self.load_report.map(LoadReportFormat::header))
    }

    /// The error of a call whose time is over. In doubt once the request may have left.
    pub fn timed_out(&self, doing: &str) -> Error {
        let limit = self.timeout.unwrap_or_default();
        let limited = self.limited;
        Error::deadline(format!(
            "deadline exceeded: no response within {limit:?}, the timeout of {limited} ({doing})"
        ))
    }

    /// Whether so little of the timeout is left that a server's word of the deadline is taken for this one's: it counts
    /// from the same timeout, which it heard of rounded and a little late, and may be the first to see it pass.
    pub fn is_almost_over(&self) -> bool {
        const MIN: Duration = Duration::from_millis(5);
        let almost = MIN.max(self.timeout.unwrap_or_default() / 20);
        self.until.deadline.remaining().is_some_and(|left| left <= almost)
    }

    /// RESOURCE_EXHAUSTED for a request that is over the limit.
    pub fn check_request_size(&self, byte_size: u64) -> Result<()> {
        if byte_size <= self.max_message_byte_size {
            return Ok(());
        }
        let max = self.max_message_byte_size;
        let message = format!(
            "the request has {byte_size} bytes, which exceeds the limit of {max} bytes: {MORE_THAN_A_MESSAGE}"
        );
        Err(Error::new(Status::ResourceExhausted, Origin::Client, message))
    }

    /// RESOURCE_EXHAUSTED for an answer that is over the limit, to be asked before its memory is.
    pub fn check_response_size(&self, byte_size: u64) -> Result<()> {
        let max = self.max_message_byte_size;
        if byte_size <= max {
            return Ok(());
        }
        let message = format!(
            "the response has {byte_size} bytes, which exceeds the limit of {max} bytes: {MORE_THAN_A_MESSAGE}"
        );
        Err(Error::new(Status::ResourceExhausted, Origin::Client, message).in_doubt(true))
    }

    /// The most bytes that are taken apart as a whole: that takes a multiple of their memory, as decompressing does.
    pub fn max_parsed_byte_size(&self) -> u64 {
        (self.max_decompressed_byte_size / 4).min(self.max_message_byte_size)
    }

    /// The most parts (fields, members, elements, samples) that are made of what is taken apart: each costs up to some
    /// thousand bytes, however few its own are.
    pub fn max_parts(&self) -> u64 {
        (self.max_decompressed_byte_size / 1024).max(4096)
    }

    /// RESOURCE_EXHAUSTED for an answer of more parts than that.
    pub fn check_parts(&self, parts: u64) -> Result<()> {
        if parts <= self.max_parts() { Ok(()) } else { Err(self.too_many_parts()) }
    }

    pub fn too_many_parts(&self) -> Error {
        let most = self.max_parts();
        let message = format!(
            "the answer has more than {most} parts, one for each 1,024 bytes of the limit of decompressed bytes"
        );
        Error::new(Status::ResourceExhausted, Origin::Client, message).in_doubt(true)
    }

    /// RESOURCE_EXHAUSTED for more than can be taken apart.
    pub fn check_parsed_size(&self, byte_size: u64) -> Result<()> {
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
