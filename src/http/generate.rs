//! The events of `generate_stream`: server-sent events, read as they arrive.

use std::{
    io::{BufRead, BufReader, Read},
    ops::ControlFlow,
};

use http::header;

use super::{Http, failed, read_body, text};
use crate::{
    error::{Error, Result},
    headers::Headers,
    model::{
        Operation,
        generate::{Generate, cancelled, error_within},
    },
    options::CallContext,
};

impl Http {
    /// Asks for a stream of events, and hands each one's JSON to `on_event` as it comes, on this thread, until the server
    /// has no more or `on_event` wants none.
    pub fn generate_stream(
        &self,
        asked: &Generate,
        on_event: &mut dyn FnMut(&str) -> ControlFlow<()>,
        context: &CallContext,
    ) -> Result<Headers> {
        let (head, body) = self.ask(asked.to_http()?, context)?.into_parts();
        let status = head.status.as_u16();
        let kind = head.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let kind = kind.unwrap_or_default().to_ascii_lowercase();
        let is_stream = kind.split(';').next().is_some_and(|kind| kind.trim() == "text/event-stream");
        let is_framed = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING]
            .iter()
            .any(|name| head.headers.contains_key(name));
        let headers = Headers::from_metadata(head.headers, http::HeaderMap::new());
        let outcome = if is_stream && head.status.is_success() {
            let mut events = Events::new(body.into_reader(), is_framed, context);
            events.each(|event| match error_within(event.as_bytes()) {
                Some(error) => Err(error),
                None if on_event(event).is_break() => Err(cancelled()),
                None => Ok(()),
            })
        } else {
            // What went wrong before there was anything to stream is said as anywhere else.
            let fault = || {
                Error::broken_answer(format!(
                    "the answer is no stream of events, its content type is '{kind}'"
                ))
            };
            read_body(status, body, context)
                .and_then(|body| text(status, body, context))
                .and_then(|body| asked.read_http(status, without_frame(&body).as_bytes()))
                .and_then(|()| Err(fault().with_http_status(status)))
        };
        match outcome {
            Ok(()) => Ok(headers),
            Err(error) => Err(error.with_headers(headers)),
        }
    }
}

/// What the one event of an answer says: so Triton tells, under a status of its own, that a model failed before its
/// first event.
fn without_frame(body: &str) -> &str {
    body.strip_prefix("data:").map_or(body, str::trim)
}

/// Reads server-sent events: lines `data: ...`, an event for each stretch of them up to an empty line or to the end.
struct Events<'c, R> {
    body: BufReader<R>,
    /// Whether the end of the body is told by more than the end of the connection, which may have broken.
    is_framed: bool,
    /// Whether a LF that comes next is still of the line before.
    after_cr: bool,
    context: &'c CallContext<'c>,
}

/// Which may stand before everything else.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

impl<'c, R: Read> Events<'c, R> {
    fn new(body: R, is_framed: bool, context: &'c CallContext<'c>) -> Self {
        Self { body: BufReader::with_capacity(16 << 10, body), is_framed, after_cr: false, context }
    }

    fn each(&mut self, mut on_event: impl FnMut(&str) -> Result<()>) -> Result<()> {
        let mut hear = |event: &[u8], context: &CallContext| match context.deadline.is_over() {
            // The whole stream has the time limit, whatever has arrived already.
            true => Err(context.timed_out("receiving events").in_doubt(true)),
            false => on_event(&String::from_utf8_lossy(event)),
        };
        let (mut event, mut line, mut is_first) = (None::<Vec<u8>>, Vec::new(), true);
        let mut is_open = false;
        while let Some(is_ended) = self.read_line(&mut line)? {
            is_open = !is_ended;
            let text = match is_first {
                true => line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&line),
                false => &line[..],
            };
            is_first = false;
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
            } else if text.is_empty()
                && let Some(event) = event.take().filter(|event| !event.is_empty())
            {
                hear(&event, self.context)?;
            }
        }
        if !self.is_framed && (is_open || event.is_some()) {
            return Err(Error::connection("the stream broke off in an event").in_doubt(true));
        }
        match event.filter(|event| !event.is_empty()) {
            Some(event) => hear(&event, self.context),
            None => Ok(()),
        }
    }

    /// Reads the next line, without its end: CR, LF, or both; whether it has one. `None` at the end of all.
    fn read_line(&mut self, line: &mut Vec<u8>) -> Result<Option<bool>> {
        line.clear();
        loop {
            let bytes =
                self.body.fill_buf().map_err(|error| failed(ureq::Error::from(error), self.context))?;
            if bytes.is_empty() {
                return Ok((!line.is_empty()).then_some(false));
            }
            if std::mem::take(&mut self.after_cr) && bytes[0] == b'\n' {
                self.body.consume(1);
                continue;
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            line.extend_from_slice(&bytes[..end.unwrap_or(bytes.len())]);
            self.after_cr = end.is_some_and(|end| bytes[end] == b'\r');
            let taken = end.map_or(bytes.len(), |end| end + 1);
            self.body.consume(taken);
            self.context.check_parsed_size(line.len() as u64)?;
            if end.is_some() {
                return Ok(Some(true));
            }
        }
    }
}
