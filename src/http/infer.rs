//! Inference over HTTP: a response has a JSON part followed by the binary tensors, each received directly
//! into its destination.

use std::time::Instant;

use super::{
    Http,
    connection::{Http1, Ids},
    control::{check_success, check_undeclared, read_reason},
    exchange::{Body, Exchange, Response},
    json::{Header, NOT_AN_INFERENCE, OutputHeader, ResponseParser},
    json_tensor,
    prepare::Prepared,
    response_head::{ContentKind, json_size_header, unexpected_encoding},
};
use crate::{
    compression::Compression,
    error::{Error, Origin, Result, excerpt},
    error_body,
    infer::{
        Datatype, InferOutput, InferResult, Stopwatch, check_output_count, check_output_names,
        place::{Data, Place, Places},
    },
    model::http_form,
    net::{attempts::Failure, drive::Driver, pool::Pooled},
    options::CallContext,
};

impl Http {
    /// Sends one inference.
    pub(crate) async fn infer(
        &self,
        request: &Prepared<'_>,
        places: &mut Places<'_>,
        fresh: bool,
        watch: &mut Stopwatch,
        driver: &Driver,
        context: &CallContext<'_>,
    ) -> std::result::Result<InferResult, Failure> {
        let pooled = self.check_out(fresh, watch, driver).await?;
        self.exchange(pooled, request, places, watch, driver, context).await
    }

    /// As [`infer`](Self::infer), for a task: its future is small while it waits for a connection.
    pub(crate) async fn infer_in_task(
        &self,
        request: &Prepared<'_>,
        places: &mut Places<'_>,
        fresh: bool,
        watch: &mut Stopwatch,
        driver: &Driver,
        context: &CallContext<'_>,
    ) -> std::result::Result<InferResult, Failure> {
        let pooled = self.check_out(fresh, watch, driver).await?;
        Box::pin(self.exchange(pooled, request, places, watch, driver, context)).await
    }

    async fn exchange(
        &self,
        mut pooled: Pooled<'_, Http1>,
        request: &Prepared<'_>,
        places: &mut Places<'_>,
        watch: &mut Stopwatch,
        driver: &Driver,
        context: &CallContext<'_>,
    ) -> std::result::Result<InferResult, Failure> {
        watch.lap(|times| &mut times.queue);
        let was_reused = pooled.is_reused;
        let connection = &mut pooled.connection;
        let on = driver.on(&connection.link.clone());
        connection.begin_headers(
            "POST",
            &self.common_headers,
            &self.base_path,
            request.path(),
            &context.query,
        );
        request.write_headers(&mut connection.headers, context);
        connection.end_headers(context);
        connection.ids.send(context.request_id);
        let outcome = async {
            let Http1 { link, window, headers_parser, headers, json, ids } = &mut **connection;
            let exchange = Exchange {
                link,
                window,
                headers_parser,
                driver,
                json_size_header: json_size_header(context),
            };
            let mut response = exchange.run(headers, request.body()).await?;
            let progress = link.progress();
            if let Some(sent_at) = progress.sent_at {
                watch.lap_at(sent_at, |times| &mut times.send);
            }
            if let Some(first_byte_at) = progress.first_byte_at {
                watch.lap_at(first_byte_at, |times| &mut times.first_byte);
            }
            let outcome = read_response(&mut response, request.is_binary, json, ids, places, context).await;
            let is_from_gateway =
                outcome.as_ref().is_err_and(|error| error.http_status() == Some(503) && error.is_in_doubt());
            let is_reusable = response.is_reusable() && !is_from_gateway;
            let headers = response.head.headers;
            match outcome {
                Ok(mut result) => {
                    let now = Instant::now();
                    watch.lap_at(now, |times| &mut times.receive);
                    result.times = watch.times();
                    result.headers = headers;
                    Ok((Ok(result), is_reusable, now))
                }
                // After an error that the client detected, the rest of the response may still arrive.
                Err(error) => {
                    let is_reusable = is_reusable && error.origin() == Origin::Server;
                    Ok((Err(error.with_headers(headers)), is_reusable, Instant::now()))
                }
            }
        };
        let outcome: std::result::Result<_, Failure> = outcome.await;
        // Before the connection is returned: a cancel would end the next call on it.
        drop(on);
        match outcome {
            Ok((outcome, is_reusable, now)) => {
                if is_reusable {
                    pooled.check_in(now);
                }
                outcome.map_err(|error| Failure { was_reused, ..error.into() })
            }
            Err(failure) => Err(Failure { was_reused, ..failure }),
        }
    }
}

/// Reads the result, or the error that the response reports. `is_binary` states whether the request had
/// binary tensors.
async fn read_response(
    response: &mut Response<'_>,
    is_binary: bool,
    json: &mut ResponseParser,
    ids: &Ids,
    places: &mut Places<'_>,
    context: &CallContext<'_>,
) -> Result<InferResult> {
    let Response { head, body, .. } = response;
    // Rare paths are boxed: otherwise every call would carry their state.
    if !http_form::is_success(head.status) {
        let reason = Box::pin(read_reason(head, Vec::new(), body)).await?;
        return Err(http_form::error_of(head.status, &reason, is_binary));
    }
    if head.kind != ContentKind::Other {
        Box::pin(check_success(head, body)).await?;
    }
    let encoding = match &head.encoding {
        None => Compression::None,
        Some(name) => match Compression::from_name(name) {
            Some(encoding) if context.accept_encoding.is_some() => encoding,
            _ => {
                return Err(
                    Error::malformed_response(unexpected_encoding(name)).with_http_status(head.status)
                );
            }
        },
    };
    let json_byte_size = match &head.json_byte_size {
        None => None,
        Some(Ok(byte_size)) => Some(*byte_size),
        Some(Err(text)) => {
            let message = format!("invalid {}: '{text}'", json_size_header(context));
            return Err(Error::malformed_response(message).with_http_status(head.status));
        }
    };
    let reading = Reading { json_byte_size, ids, context };
    let result = match encoding {
        Compression::None => reading.read(body, json, places).await,
        encoding => {
            let plain = decompress(body, Vec::new(), encoding, context).await;
            let context = &context.decompressed();
            // The JSON part is bounded by the limit on decompressed data.
            let reading = Reading { context, ..reading };
            match plain {
                Ok(plain) => reading.read(&mut Body::Bytes(&plain), json, places).await,
                Err(error) => Err(error),
            }
        }
    };
    result.map_err(|error| error.with_http_status(head.status))
}

/// Reads the rest of a compressed body that starts with `compressed`, and decompresses it as a whole.
async fn decompress(
    body: &mut Body<'_>,
    mut compressed: Vec<u8>,
    encoding: Compression,
    context: &CallContext<'_>,
) -> Result<Vec<u8>> {
    let start = compressed.len() as u64;
    if let Some(byte_size) = body.byte_size() {
        context.check_response_size(byte_size.saturating_add(start))?;
    }
    let max = context.max_message_byte_size.saturating_add(1).saturating_sub(start);
    body.read_to(&mut compressed, max).await?;
    context.check_response_size(compressed.len() as u64)?;
    encoding.decompress(&compressed, context.max_decompressed_byte_size)
}

/// Reads a result from a body.
pub(super) struct Reading<'c> {
    /// The size of the JSON part; `None` if the whole body is JSON.
    pub json_byte_size: Option<u64>,
    pub ids: &'c Ids,
    pub context: &'c CallContext<'c>,
}

impl Reading<'_> {
    /// Reads the JSON part, then each tensor into its destination.
    pub(super) async fn read(
        &self,
        body: &mut Body<'_>,
        parser: &mut ResponseParser,
        places: &mut Places<'_>,
    ) -> Result<InferResult> {
        let byte_size = body.byte_size();
        if let Some(byte_size) = byte_size {
            self.context.check_response_size(byte_size)?;
        }
        match self.read_json(body, byte_size, parser.buffer()).await? {
            Compression::None => self.read_parts(body, byte_size, parser, places).await,
            encoding => Box::pin(self.read_compressed(encoding, body, parser, places)).await,
        }
    }

    /// Reads a body that is compressed without a header that says so, whose start is in the parser's buffer.
    async fn read_compressed(
        &self,
        encoding: Compression,
        body: &mut Body<'_>,
        parser: &mut ResponseParser,
        places: &mut Places<'_>,
    ) -> Result<InferResult> {
        check_undeclared(encoding, self.context)?;
        let start = std::mem::take(parser.buffer());
        let plain = decompress(body, start, encoding, self.context).await?;
        let reading = Reading { context: &self.context.decompressed(), ..*self };
        let (body, byte_size) = (&mut Body::Bytes(&plain), Some(plain.len() as u64));
        reading.read_json(body, byte_size, parser.buffer()).await?;
        reading.read_parts(body, byte_size, parser, places).await
    }

    /// Parses the JSON part in the parser's buffer and reads the tensors that follow it.
    async fn read_parts(
        &self,
        body: &mut Body<'_>,
        byte_size: Option<u64>,
        parser: &mut ResponseParser,
        places: &mut Places<'_>,
    ) -> Result<InferResult> {
        let mut left = Left { byte_size, claimed: parser.buffer().len() as u64 };
        let header = parser.parse().map_err(|error| not_a_result(parser.buffer(), &error))?;
        if self.ids.is_stray(&header.id) {
            let id = excerpt(&header.id);
            return Err(Error::malformed_response(format!(
                "the response has the id '{id}' of an earlier request on this connection"
            )));
        }
        check_output_count(header.outputs.len())?;
        let Header { model_name, model_version, id, parameters, outputs, .. } = header;
        let mut result = InferResult { model_name, model_version, id, parameters, ..InferResult::default() };
        result.outputs.reserve_exact(outputs.len());
        let mut repairs = parser.repairs();
        for OutputHeader { mut head, binary_byte_size, json_data } in outputs {
            let name = &head.name;
            let data = match (json_data, binary_byte_size) {
                // JSON data of an unknown datatype can't be read; the other outputs can.
                (Some(_), _) if head.datatype() == Datatype::Invalid => places.copy(name, &[])?,
                (Some(range), _) => {
                    if repairs.is_within(&range) {
                        return Err(Error::malformed_response(format!(
                            "output '{}': the JSON data is not UTF-8; request binary data instead",
                            excerpt(name)
                        )));
                    }
                    let text = parser.text().get(range).unwrap_or_default();
                    let data = json_tensor::read_response(text, head.datatype(), head.byte_size()?).map_err(
                        |error| {
                            Error::malformed_response(format!(
                                "output '{}' of the response: {error}",
                                excerpt(name)
                            ))
                        },
                    )?;
                    head.complete_shape(&data)?;
                    places.copy(&head.name, &data)?
                }
                (None, None) if places.is_shared(name, &head.shape) => Data::Shared,
                (None, announced) => {
                    if announced.is_none() {
                        head.check_has_data()?;
                    }
                    let announced = announced.unwrap_or(0);
                    left.claim(name, announced, self.context)?;
                    let mut place = places.place(name, announced)?;
                    place.read_from(body).await?;
                    head.complete_shape(place.filled())?;
                    place.into_data()
                }
            };
            result.outputs.push(InferOutput::new(head, data)?);
        }
        check_output_names(&result.outputs)?;
        if body.fill(&mut [0]).await? != 0 {
            return Err(Error::malformed_response("trailing data after the last output"));
        }
        Ok(result)
    }

    /// Reads the JSON part, or the start of a body that is compressed without a header that says so, and
    /// returns the compression.
    async fn read_json(
        &self,
        body: &mut Body<'_>,
        byte_size: Option<u64>,
        to: &mut Vec<u8>,
    ) -> Result<Compression> {
        to.clear();
        let announced = self.json_byte_size.or(byte_size);
        if let (Some(json), Some(whole)) = (self.json_byte_size, byte_size)
            && json > whole
        {
            // It may be the size before compression, if no header names the compression; the first bytes
            // determine that.
            body.read_to(to, 2).await?;
            return match Compression::of(to) {
                Compression::None => Err(Error::malformed_response(format!(
                    "the JSON part's size of {json} bytes exceeds the response's size of {whole} bytes"
                ))),
                encoding => Ok(encoding),
            };
        }
        if let Some(announced) = announced {
            self.context.check_parsed_size(announced)?;
        }
        let max = announced.unwrap_or(self.context.max_parsed_byte_size().saturating_add(1));
        body.read_to(to, max).await?;
        let encoding = Compression::of(to);
        if encoding != Compression::None {
            return Ok(encoding);
        }
        self.context.check_parsed_size(to.len() as u64)?;
        if self.json_byte_size.is_some_and(|announced| announced != to.len() as u64) {
            return Err(Error::malformed_response(format!(
                "the response ends after {} of {max} bytes of its JSON part",
                to.len()
            )));
        }
        Ok(encoding)
    }
}

/// Returns the INTERNAL error of a JSON part that could not be parsed, for the reason `error`, or that is not
/// an inference response.
fn not_a_result(json: &[u8], error: &str) -> Error {
    let is_malformed = json.trim_ascii_start().starts_with(b"{") && error != NOT_AN_INFERENCE;
    Error::malformed_response(match is_malformed {
        true => format!("malformed JSON part of the response: {error}"),
        false => {
            let got = error_body::describe(json);
            format!("invalid response: expected the JSON of an inference, got {got}")
        }
    })
}

/// Tracks how much of a body no output has claimed yet.
struct Left {
    byte_size: Option<u64>,
    claimed: u64,
}

impl Left {
    /// Claims the bytes of an output, before memory is allocated for them.
    fn claim(&mut self, name: &str, byte_size: u64, context: &CallContext) -> Result<()> {
        let claimed = self.claimed.saturating_add(byte_size);
        if let Some(whole) = self.byte_size
            && claimed > whole
        {
            let left = whole - self.claimed;
            let name = excerpt(name);
            let message =
                format!("output '{name}' has {byte_size} bytes, but the response has only {left} more");
            return Err(Error::malformed_response(message));
        }
        context.check_response_size(claimed)?;
        self.claimed = claimed;
        Ok(())
    }
}

impl Place<'_> {
    /// Fills it directly from a response's body.
    async fn read_from(&mut self, body: &mut Body<'_>) -> Result<()> {
        while !self.is_full() {
            let missing = self.missing();
            match body.fill(missing).await? {
                0 => {
                    let missing = missing.len();
                    let message = format!("the response ends {missing} bytes before the end of its outputs");
                    return Err(Error::malformed_response(message));
                }
                count => self.advance(count),
            }
        }
        Ok(())
    }
}
