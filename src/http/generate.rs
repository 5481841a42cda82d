//! The events of `generate_stream`: server-sent events, read as they arrive.

use std::{
    io::{self, BufRead, BufReader, Read},
    ops::ControlFlow,
};

use http::header;

use super::{Http, failed, read_whole};
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
        let kind = kind.unwrap_or_default().to_owned();
        let is_stream = kind.starts_with("text/event-stream");
        let headers = Headers::from_metadata(head.headers, http::HeaderMap::new());
        let outcome = if is_stream && head.status.is_success() {
            let mut events = Events::new(body.into_reader(), context);
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
            read_whole(body, context)
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

/// Reads server-sent events: lines `data: ...`, an event for each stretch of them up to an empty line.
struct Events<'c, R> {
    body: BufReader<R>,
    context: &'c CallContext<'c>,
}

impl<'c, R: Read> Events<'c, R> {
    fn new(body: R, context: &'c CallContext<'c>) -> Self {
        Self { body: BufReader::with_capacity(16 << 10, body), context }
    }

    fn each(&mut self, mut on_event: impl FnMut(&str) -> Result<()>) -> Result<()> {
        // An event that the end of the stream cuts off is no event.
        let (mut event, mut line) = (None::<Vec<u8>>, Vec::new());
        while self.read_line(&mut line)? {
            let text = line.trim_ascii_end();
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
                && let Some(event) = event.take()
            {
                on_event(&String::from_utf8_lossy(&event))?;
            }
        }
        Ok(())
    }

    /// Reads the next line; `false` at the end.
    fn read_line(&mut self, line: &mut Vec<u8>) -> Result<bool> {
        line.clear();
        let limit = self.context.max_parsed_byte_size();
        let mut body = (&mut self.body).take(limit.saturating_add(1));
        body.read_until(b'\n', line).map_err(|error| self.broken(error))?;
        self.context.check_parsed_size(line.len() as u64)?;
        Ok(!line.is_empty())
    }

    fn broken(&self, error: io::Error) -> Error {
        failed(ureq::Error::from(error), self.context)
    }
}
