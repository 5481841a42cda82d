//! The server-sent events of `generate_stream`, passed to a callback as they arrive.

use std::{borrow::Cow, ops::ControlFlow, time::Instant};

use super::{
    Http,
    control::{check_success, is_from_gateway, read_body},
    exchange::{Body, Response},
    response_head::{ContentKind, unexpected_encoding},
};
use crate::{
    compression::Compression,
    error::{Error, Result},
    error_body,
    headers::Headers,
    infer::Stopwatch,
    model::{
        generate::cancelled,
        http_form::{self, HttpRequest, is_success},
    },
    net::{attempts::Failure, drive::Driver},
    options::CallContext,
};

impl Http {
    /// Sends a request for a stream of events and calls `on_event` with the JSON of each as it arrives, on
    /// this thread, until the stream ends or `on_event` returns `Break`.
    pub(crate) async fn generate_stream(
        &self,
        request: &HttpRequest,
        on_event: &mut dyn FnMut(&str) -> ControlFlow<()>,
        fresh: bool,
        driver: &Driver,
        context: &CallContext<'_>,
    ) -> std::result::Result<Headers, Failure> {
        let mut pooled = self.check_out(fresh, &mut Stopwatch::start(), driver).await?;
        let was_reused = pooled.is_reused;
        let on = driver.on(&pooled.connection.link.clone());
        let outcome = async {
            let mut response = self.send(&mut pooled.connection, request, driver, context).await?;
            let outcome = read_stream(&mut response, on_event, context).await;
            // A stream that was not read to its end is not reusable: closing the connection stops the server.
            let is_reusable = response.is_reusable();
            let headers = response.head.headers;
            Ok(match outcome {
                Ok(()) => (Ok(headers), is_reusable),
                Err((error, is_reusable)) => (Err(error.with_headers(headers)), is_reusable),
            })
        };
        let outcome: std::result::Result<_, Failure> = outcome.await;
        // Before the connection is returned: a cancel would end the next call on it.
        drop(on);
        match outcome {
            Ok((outcome, is_reusable)) => {
                if is_reusable {
                    pooled.check_in(Instant::now());
                }
                Ok(outcome?)
            }
            Err(failure) => Err(Failure { was_reused, ..failure }),
        }
    }
}

/// Reads the events. With an error, also returns whether the connection may be reused.
async fn read_stream(
    response: &mut Response<'_>,
    on_event: &mut dyn FnMut(&str) -> ControlFlow<()>,
    context: &CallContext<'_>,
) -> std::result::Result<(), (Error, bool)> {
    let status = response.head.status;
    let mut start = Vec::new();
    if is_success(status) {
        check_success(&response.head, &mut response.body).await.map_err(|error| (error, false))?;
        if let Some(encoding) = &response.head.encoding {
            let error = Error::malformed_response(unexpected_encoding(encoding));
            return Err((error.with_http_status(status), false));
        }
        let mut events = Events::new(&mut response.body, context);
        let is_declared = response.head.kind == ContentKind::EventStream;
        if events.is_stream(is_declared).await.map_err(|error| (error, false))? {
            let outcome = events.each(|name, event| match error_in_event(name, event) {
                Some(text) => Err(http_form::embedded(status, &text)),
                None if event.is_empty() => Ok(()),
                None if on_event(event).is_break() => Err(cancelled()),
                None => Ok(()),
            });
            return match (outcome.await, events.other) {
                (Ok(()), Other::Text(text)) => Err((http_form::unexpected(status, EVENTS, &text), false)),
                (outcome, _) => outcome.map_err(|error| (error.with_http_status(status), false)),
            };
        }
        start = events.bytes;
    }
    // An error before the first event has the form of any other error response.
    let body = read_body(response, start, context).await;
    let body = body.map_err(|error| (error.with_http_status(status), false))?;
    let is_reusable = response.is_reusable() && !is_from_gateway(status, &body);
    let text = String::from_utf8_lossy(&body);
    let error = match is_success(status) {
        false => http_form::error(status, unframed(&text).as_bytes()),
        true => http_form::embedded_error(status, &body)
            .unwrap_or_else(|| http_form::unexpected(status, EVENTS, &body)),
    };
    let is_reusable = is_reusable && !error.is_malformed_response();
    Err((error, is_reusable))
}

/// Returns the text of the error that an event reports, either by its name, `error`, or by data that consists
/// of an error object.
fn error_in_event(name: &str, data: &str) -> Option<String> {
    match error_body::embedded_error(data.as_bytes()) {
        None if name.eq_ignore_ascii_case("error") => Some(error_body::reason(data.as_bytes())),
        error => error,
    }
}

/// Returns the data of the first event that contains a reason, else of the first event: Triton sends the
/// error of a model that fails before its first response as an event. A body without events is returned
/// unchanged.
fn unframed(body: &str) -> Cow<'_, str> {
    let body = body.trim_start_matches('\u{feff}').trim_start();
    if !FIELDS.iter().any(|field| body.as_bytes().starts_with(field)) {
        return Cow::Borrowed(body);
    }
    let mut events = vec![String::new()];
    for line in body.lines() {
        match (line.strip_prefix("data:"), events.last_mut()) {
            (Some(data), Some(event)) => {
                event.push_str(if event.is_empty() { "" } else { "\n" });
                event.push_str(data.strip_prefix(' ').unwrap_or(data));
            }
            (None, Some(event)) if line.is_empty() && !event.is_empty() => events.push(String::new()),
            _ => {}
        }
    }
    let with_reason = events.iter().position(|event| error_body::in_json(event).is_some());
    Cow::Owned(events.swap_remove(with_reason.unwrap_or(0)))
}

/// What was expected, in error messages.
const EVENTS: &str = "a stream of events";
/// The prefixes of a stream's lines; the last one starts a comment.
const FIELDS: [&[u8]; 5] = [b"data:", b"event:", b"id:", b"retry:", b":"];

/// The lines that are neither fields nor comments. They are skipped, as the standard requires, but a body
/// that consists only of such lines is the text of an error.
enum Other {
    Nothing,
    /// The first such line, if no field precedes it.
    Text(Vec<u8>),
    /// A field was read: such lines are skipped.
    Any,
}

/// Parses server-sent events: `data: ...` lines, grouped into events by empty lines and the end of the body.
struct Events<'e, 's, 'c> {
    body: &'e mut Body<'s>,
    /// Received bytes; those from `used` on are not parsed yet.
    bytes: Vec<u8>,
    used: usize,
    /// Whether the body has a framed end. Without one, a lost connection looks like the end.
    is_framed: bool,
    /// Whether the last line ended with CR, and a following LF belongs to it.
    after_cr: bool,
    other: Other,
    context: &'c CallContext<'c>,
}

/// The size of one receive.
const BUFFER_BYTE_SIZE: usize = 16 << 10;
/// May precede the first line.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl<'e, 's, 'c> Events<'e, 's, 'c> {
    fn new(body: &'e mut Body<'s>, context: &'c CallContext<'c>) -> Self {
        let is_framed = body.is_framed();
        Self { body, bytes: Vec::new(), used: 0, is_framed, after_cr: false, other: Other::Nothing, context }
    }

    /// Returns whether the body is a stream of events; the bytes received to determine that stay in `bytes`.
    /// A body with a stream's content type is one unless it starts like JSON or HTML; any other must start
    /// with a field or a comment.
    async fn is_stream(&mut self, is_declared: bool) -> Result<bool> {
        loop {
            let text = self.bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&self.bytes).trim_ascii_start();
            match text.first() {
                Some(b'{' | b'[' | b'<') => return Ok(false),
                Some(_) if Compression::of(text) != Compression::None => return Ok(false),
                Some(_) if is_declared || FIELDS.iter().any(|start| text.starts_with(start)) => {
                    return Ok(true);
                }
                Some(_) if !FIELDS.iter().any(|start| start.starts_with(text)) => return Ok(false),
                _ => {}
            }
            let have = self.bytes.len();
            if have >= BUFFER_BYTE_SIZE {
                // Only whitespace so far.
                return Ok(is_declared);
            }
            self.bytes.resize(have + BUFFER_BYTE_SIZE, 0);
            let outcome = self.body.fill(&mut self.bytes[have..]).await;
            self.bytes.truncate(have + outcome.as_ref().copied().unwrap_or(0));
            if outcome? == 0 {
                return Ok(is_declared);
            }
        }
    }

    /// Calls `on_event` with the name and the data of each event.
    async fn each(&mut self, mut on_event: impl FnMut(&str, &str) -> Result<()>) -> Result<()> {
        let mut dispatch = |name: &[u8], event: &[u8], context: &CallContext| {
            // Deadline and cancel apply to the whole stream, including events that are in the buffer already.
            if let Err(stopped) = context.until.check() {
                return Err(context.stopped(stopped, "receiving events").in_doubt(true));
            }
            on_event(&String::from_utf8_lossy(name), &String::from_utf8_lossy(event))
        };
        let (mut event, mut line, mut is_first) = (None::<Vec<u8>>, Vec::new(), true);
        let mut name = Vec::new();
        let mut is_open = false;
        while let Some(is_ended) = self.read_line(&mut line).await? {
            is_open = !is_ended;
            let text = match is_first {
                true => line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line),
                false => &line[..],
            };
            is_first = false;
            match self.other {
                Other::Any => {}
                // A field without a value may have no colon.
                _ if FIELDS
                    .iter()
                    .any(|field| text.starts_with(field) || text == &field[..field.len() - 1]) =>
                {
                    // `text` also equals a comment's prefix without its colon if the line is empty.
                    if !text.is_empty() {
                        self.other = Other::Any;
                    }
                }
                Other::Nothing => self.other = Other::Text(text.to_vec()),
                Other::Text(_) => {}
            }
            if let Some(data) = text.strip_prefix(b"data:") {
                let data = data.strip_prefix(b" ").unwrap_or(data);
                match &mut event {
                    None => event = Some(data.to_vec()),
                    Some(event) => {
                        event.push(b'\n');
                        event.extend_from_slice(data);
                    }
                }
                let byte_size = event.as_ref().map_or(0, Vec::len) as u64;
                self.context.check_parsed_size(byte_size)?;
            } else if let Some(value) = text.strip_prefix(b"event:") {
                name = value.trim_ascii().to_vec();
            } else if text.is_empty() {
                let (name, event) = (std::mem::take(&mut name), event.take().unwrap_or_default());
                if !name.is_empty() || !event.is_empty() {
                    dispatch(&name, &event, self.context)?;
                }
            }
        }
        if !self.is_framed && (is_open || event.is_some() || !name.is_empty()) {
            return Err(Error::connection("connection closed in the middle of an event").in_doubt(true));
        }
        match event.unwrap_or_default() {
            event if name.is_empty() && event.is_empty() => Ok(()),
            event => dispatch(&name, &event, self.context),
        }
    }

    /// Reads the next line without its end (CR, LF or CRLF) and returns whether it had one; `None` at the end
    /// of the body.
    async fn read_line(&mut self, line: &mut Vec<u8>) -> Result<Option<bool>> {
        line.clear();
        loop {
            if self.used == self.bytes.len() {
                self.bytes.resize(BUFFER_BYTE_SIZE, 0);
                let count = self.body.fill(&mut self.bytes).await?;
                self.bytes.truncate(count);
                self.used = 0;
            }
            let bytes = &self.bytes[self.used..];
            let Some(first) = bytes.first() else {
                return Ok((!line.is_empty()).then_some(false));
            };
            if std::mem::take(&mut self.after_cr) && *first == b'\n' {
                self.used += 1;
                continue;
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            line.extend_from_slice(&bytes[..end.unwrap_or(bytes.len())]);
            self.after_cr = end.is_some_and(|end| bytes[end] == b'\r');
            self.used += end.map_or(bytes.len(), |end| end + 1);
            self.context.check_parsed_size(line.len() as u64)?;
            if end.is_some() {
                return Ok(Some(true));
            }
        }
    }
}
