//! Control plane operations over HTTP. The request and response bodies are held in memory.

use http::Method;

use super::{
    Http,
    connection::Http1,
    exchange::{Body, Exchange, Response},
    prepare::{PLAIN, put},
    response_head::{ContentKind, ResponseHead, grpc_port, json_size_header, unexpected_encoding},
};
use crate::{
    compression::Compression,
    digits::put_digits,
    error::Error,
    error_body::READ_BYTE_SIZE,
    headers::Headers,
    infer::Stopwatch,
    model::http_form::{self, HttpRequest, is_success},
    net::{
        attempts::Failure,
        drive::Driver,
        pool::{Kept, Pooled},
    },
    options::CallContext,
    reasons,
};

/// The response to a control plane operation.
pub(crate) struct HttpResponse<'t> {
    pub status: u16,
    pub headers: Headers,
    /// On success at most one byte more than the parsed size limit; for an error response at most
    /// [`READ_BYTE_SIZE`] bytes.
    pub body: Vec<u8>,
    pub connection: Kept<'t, Http1>,
}

impl Http {
    pub(crate) async fn call(
        &self,
        request: &HttpRequest,
        fresh: bool,
        driver: &Driver,
        context: &CallContext<'_>,
    ) -> Result<HttpResponse<'_>, Failure> {
        let mut pooled = self.check_out(fresh, &mut Stopwatch::start(), driver).await?;
        let was_reused = pooled.is_reused;
        let _on = driver.on(&pooled.connection.link.clone());
        let outcome = async {
            let mut response = self.send(&mut pooled.connection, request, driver, context).await?;
            let body = read_body(&mut response, Vec::new(), context).await;
            let is_reusable = response.is_reusable();
            let head = response.head;
            match body {
                Ok(body) => {
                    let is_reusable = is_reusable && !is_from_gateway(head.status, &body);
                    Ok((head.status, head.headers, body, is_reusable))
                }
                Err(error) => Err(error.with_http_status(head.status).with_headers(head.headers).into()),
            }
        };
        match outcome.await {
            Ok((status, headers, body, is_reusable)) => {
                let connection = Kept(is_reusable.then_some(pooled));
                Ok(HttpResponse { status, headers, body, connection })
            }
            Err(failure) => Err(Failure { was_reused, ..failure }),
        }
    }

    /// Sends a request and reads the headers of its response.
    pub(super) async fn send<'c>(
        &self,
        connection: &'c mut Http1,
        request: &HttpRequest,
        driver: &'c Driver,
        context: &'c CallContext<'_>,
    ) -> Result<Response<'c>, Failure> {
        let HttpRequest { method, path, body } = request;
        connection.begin_headers(
            method.as_str(),
            &self.common_headers,
            &self.base_path,
            path,
            &context.query,
        );
        if *method == Method::POST {
            let headers = &mut connection.headers;
            put(headers, "Content-Type: application/json\r\nContent-Length: ");
            put_digits(headers, body.len() as u64);
            put(headers, "\r\n");
        }
        put(&mut connection.headers, PLAIN);
        connection.end_headers(context);
        connection.ids.send("");
        let Http1 { link, window, headers_parser, headers, .. } = connection;
        let exchange =
            Exchange { link, window, headers_parser, driver, json_size_header: json_size_header(context) };
        exchange.run(headers, std::iter::once(&body[..])).await
    }

    pub(super) async fn check_out(
        &self,
        fresh: bool,
        watch: &mut Stopwatch,
        driver: &Driver,
    ) -> Result<Pooled<'_, Http1>, Failure> {
        let open = async || Ok(Http1::new(self.dialer.dial_timed(driver, watch).await?));
        let pool = if driver.is_task() { &self.async_connections } else { &self.connections };
        Ok(pool.check_out(driver, fresh, open).await?)
    }
}

/// Reads the rest of a body that starts with `body`. A truncated error body is kept: it may still contain the
/// reason.
pub(super) async fn read_body(
    response: &mut Response<'_>,
    body: Vec<u8>,
    context: &CallContext<'_>,
) -> Result<Vec<u8>, Error> {
    let Response { head, body: rest, .. } = response;
    if !is_success(head.status) {
        return read_reason(head, body, rest).await;
    }
    check_success(head, rest).await?;
    if let Some(encoding) = &head.encoding {
        return Err(Error::malformed_response(unexpected_encoding(encoding)));
    }
    if let Some(announced) = rest.byte_size() {
        context.check_parsed_size(announced.saturating_add(body.len() as u64))?;
    }
    let mut bytes = body;
    let max = context.max_parsed_byte_size().saturating_add(1).saturating_sub(bytes.len() as u64);
    rest.read_to(&mut bytes, max).await?;
    match Compression::of(&bytes) {
        Compression::None => Ok(bytes),
        encoding => {
            check_undeclared(encoding, context)?;
            encoding.decompress(&bytes, context.max_parsed_byte_size())
        }
    }
}

/// Returns INTERNAL for a successful response with gRPC's content type or an HTML page: no KServe server sent
/// it.
pub(super) async fn check_success(head: &ResponseHead, body: &mut Body<'_>) -> Result<(), Error> {
    match head.kind {
        ContentKind::Grpc => Err(grpc_port(head.status)),
        ContentKind::Html => {
            let page = read_reason(head, Vec::new(), body).await?;
            Err(http_form::unexpected(
                head.status,
                "the server's response instead of content type 'text/html'",
                &page,
            ))
        }
        ContentKind::EventStream | ContentKind::Other => Ok(()),
    }
}

/// Reads and decompresses the start of an error's body, in which the reason is expected. If the connection is
/// lost, what has arrived is used, unless the call was cancelled.
pub(super) async fn read_reason(
    head: &ResponseHead,
    start: Vec<u8>,
    body: &mut Body<'_>,
) -> Result<Vec<u8>, Error> {
    let mut bytes = start;
    let max = READ_BYTE_SIZE.saturating_sub(bytes.len() as u64);
    match body.read_to(&mut bytes, max).await {
        Err(error) if body.is_shut_down() => return Err(error),
        _ => {}
    }
    let encoding = match &head.encoding {
        None => Some(Compression::of(&bytes)),
        Some(name) => Compression::from_name(name),
    };
    let plain = match encoding {
        Some(Compression::None) => return Ok(bytes),
        Some(encoding) => encoding.decompress_start(&bytes, READ_BYTE_SIZE),
        None => Vec::new(),
    };
    Ok(match (&head.encoding, plain.is_empty()) {
        (_, false) => plain,
        (Some(name), true) if !is_text(&bytes) => unexpected_encoding(name).into_bytes(),
        // Text that happens to start like compressed data, or that a proxy decompressed or replaced without
        // changing the header.
        (_, true) => bytes,
    })
}

/// Returns whether bytes are UTF-8 without control characters, which no compressed body is.
fn is_text(bytes: &[u8]) -> bool {
    let is_plain = |c: char| !c.is_control() || c.is_ascii_whitespace();
    str::from_utf8(bytes).is_ok_and(|text| text.chars().all(is_plain))
}

/// Returns INTERNAL for a compressed body without Content-Encoding, unless compression was requested: Triton
/// 2.28 and proxies that log bodies drop the header.
pub(super) fn check_undeclared(encoding: Compression, context: &CallContext) -> Result<(), Error> {
    if context.accept_encoding.is_some() {
        return Ok(());
    }
    let name = encoding.name();
    Err(Error::malformed_response(format!(
        "the response is compressed with '{name}' without a Content-Encoding header, and compression was not \
         requested"
    )))
}

/// Returns whether a 503 comes from a gateway: the server's own response may still follow it.
pub(super) fn is_from_gateway(status: u16, body: &[u8]) -> bool {
    status == 503 && !reasons::is_tritons(body)
}
