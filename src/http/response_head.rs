//! The status line and headers of a response.

use std::mem::MaybeUninit;

use crate::{
    error::{Error, Origin, Result, Status, excerpt},
    headers::Headers,
    options::CallContext,
    tls_port,
};

/// The maximum number of header lines, and the maximum byte size of status line and headers. A response that
/// exceeds one of them is RESOURCE_EXHAUSTED.
pub(super) const MAX_HEADERS: usize = 128;
pub(super) const MAX_HEADERS_BYTE_SIZE: usize = 64 << 10;
/// The advice for a response of a gRPC port, and for one of an unknown protocol.
const GRPC_PORT: &str = "is it the gRPC port (8001 by default)? use a grpc:// URL (grpcs:// over TLS), or the HTTP \
                         port (default 8000, metrics 8002)";
const NOT_HTTP_PORT: &str = "is it the HTTP port (default 8000, metrics 8002)? the gRPC port (8001) needs a grpc:// URL \
                             (grpcs:// over TLS)";
/// The header with the byte size of the JSON part, in requests and responses.
const JSON_BYTE_SIZE: &str = "Inference-Header-Content-Length";
/// The same as a parameter of the content type, which SageMaker and Vertex AI pass on.
const JSON_BYTE_SIZE_IN_TYPE: &str = "json-header-size=";

/// Returns the name of the header with the byte size of the JSON part.
pub(super) fn json_size_header<'c>(context: &'c CallContext<'_>) -> &'c str {
    context.route.json_size_header.unwrap_or(JSON_BYTE_SIZE)
}

/// Status line and headers of a response.
#[derive(Debug)]
pub(super) struct ResponseHead {
    pub status: u16,
    pub headers: Headers,
    /// `Err` holds text that is not a number.
    pub json_byte_size: Option<std::result::Result<u64, String>>,
    /// The Content-Encoding, unless it is `identity`; several are joined by `, `.
    pub encoding: Option<String>,
    pub kind: ContentKind,
    pub keeps_alive: bool,
    pub framing: Framing,
}

/// The content types that are distinguished. Any other is accepted for JSON: servers that are otherwise
/// correct send none, or `text/plain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ContentKind {
    /// Envoy, HAProxy, Apache and Caddy send it over HTTP/1.1 from a gRPC port, with status 200.
    Grpc,
    Html,
    EventStream,
    Other,
}

/// How the end of a body is marked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    Length(u64),
    Chunked,
    UntilClose,
}

/// The parsed values, kept for a next response with the same headers.
#[derive(Clone, Debug)]
struct Parsed {
    status: u16,
    json_byte_size: Option<std::result::Result<u64, String>>,
    encoding: Option<String>,
    kind: ContentKind,
    keeps_alive: bool,
    framing: Framing,
}

/// Parses the headers of one connection's responses. Headers equal to the previous ones, as is usual for
/// calls of the same kind, are not parsed again.
#[derive(Debug, Default)]
pub(super) struct HeadersParser {
    last: Vec<u8>,
    parsed: Option<Parsed>,
}

impl HeadersParser {
    /// Parses the headers at the start of `bytes`, and returns their length too; `None` if they are
    /// incomplete. `json_size` is the name of the header with the byte size of the JSON part.
    pub(super) fn parse(&mut self, bytes: &[u8], json_size: &str) -> Result<Option<(ResponseHead, usize)>> {
        let is_usual = json_size == JSON_BYTE_SIZE;
        if let Some(parsed) = &self.parsed
            && is_usual
            && bytes.starts_with(&self.last)
        {
            return Ok(Some((parsed.clone().with(&self.last), self.last.len())));
        }
        let Some((parsed, length)) = Parsed::parse(bytes, json_size)? else { return Ok(None) };
        let head = parsed.clone().with(&bytes[..length]);
        if is_usual {
            self.last.clear();
            self.last.extend_from_slice(&bytes[..length]);
            self.parsed = Some(parsed);
        }
        Ok(Some((head, length)))
    }
}

impl Parsed {
    fn with(self, bytes: &[u8]) -> ResponseHead {
        let Self { status, json_byte_size, encoding, kind, keeps_alive, framing } = self;
        let headers = Headers::from_response_head(bytes);
        ResponseHead { status, headers, json_byte_size, encoding, kind, keeps_alive, framing }
    }

    fn parse(bytes: &[u8], json_size: &str) -> Result<Option<(Self, usize)>> {
        let mut headers = [const { MaybeUninit::uninit() }; MAX_HEADERS];
        let mut response = httparse::Response::new(&mut []);
        let config = httparse::ParserConfig::default();
        let outcome = config.parse_response_with_uninit_headers(&mut response, bytes, &mut headers);
        let length = match outcome {
            Ok(httparse::Status::Complete(length)) => length,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(httparse::Error::TooManyHeaders) => {
                let message = format!("the response exceeds the limit of {MAX_HEADERS} header lines");
                return Err(Error::new(Status::ResourceExhausted, Origin::Client, message).in_doubt(true));
            }
            Err(_) if is_http2(bytes) => {
                let message = format!("the server's port speaks HTTP/2, not HTTP/1.1: {GRPC_PORT}");
                return Err(Error::malformed_response(message).in_doubt(false));
            }
            Err(_) if tls_port::is_alert(bytes) => return Err(tls_port::error()),
            Err(error) if !bytes.starts_with(b"HTTP/") => {
                let message = format!("malformed HTTP response: {NOT_HTTP_PORT}");
                return Err(Error::malformed_response(message).with_source(error));
            }
            Err(error) => return Err(malformed().with_source(error)),
        };
        if length > MAX_HEADERS_BYTE_SIZE {
            let message = format!("the response's headers exceed the limit of {MAX_HEADERS_BYTE_SIZE} bytes");
            return Err(Error::new(Status::ResourceExhausted, Origin::Client, message).in_doubt(true));
        }
        let mut before = b'\n';
        for byte in &bytes[..length] {
            // Parsers disagree on whether a bare LF ends a line, which request smuggling exploits.
            if *byte == b'\n' && before != b'\r' {
                return Err(malformed().with_source("a line ends with LF without CR"));
            }
            before = *byte;
        }
        let status = response.code.unwrap_or_default();
        if !matches!(status, 100..=599) {
            return Err(malformed().with_source(format!("invalid status {status}")));
        }
        let is_1_1 = response.version == Some(1);
        let mut parsed = Self {
            status,
            json_byte_size: None,
            encoding: None,
            kind: ContentKind::Other,
            keeps_alive: is_1_1,
            framing: Framing::UntilClose,
        };
        let (mut byte_size, mut coding) = (None, None);
        for header in &*response.headers {
            let is = |name: &str| header.name.eq_ignore_ascii_case(name);
            let value = header.value.trim_ascii();
            if is("content-length") {
                for one in value.split(|byte| *byte == b',') {
                    let one = number(one.trim_ascii()).ok_or_else(|| {
                        malformed().with_source(format!("invalid Content-Length '{}'", shown(value)))
                    })?;
                    if byte_size.is_some_and(|other| other != one) {
                        return Err(malformed().with_source("conflicting Content-Length values"));
                    }
                    byte_size = Some(one);
                }
            } else if is("transfer-encoding") {
                if coding.is_some() || !value.eq_ignore_ascii_case(b"chunked") || !is_1_1 {
                    let message = format!("unsupported Transfer-Encoding '{}'", shown(value));
                    return Err(malformed().with_source(message));
                }
                coding = Some(Framing::Chunked);
            } else if is("connection") {
                let mut tokens = value.split(|byte| *byte == b',');
                parsed.keeps_alive &= !tokens.any(|token| token.trim_ascii().eq_ignore_ascii_case(b"close"));
            } else if is(json_size) {
                parsed.json_byte_size = Some(number(value).ok_or_else(|| shown(value)));
            } else if is("content-type") {
                let size = json_size_in_type(value);
                parsed.json_byte_size = parsed.json_byte_size.take().or(size);
                parsed.kind = ContentKind::of(value);
            } else if is("content-encoding") {
                add_encodings(&mut parsed.encoding, value);
            }
        }
        parsed.framing = match (status, coding, byte_size) {
            // These have no body, regardless of their headers (RFC 9112, 6.3).
            (100..=199 | 204 | 304, _, _) => Framing::Length(0),
            (_, Some(_), Some(_)) => {
                return Err(malformed().with_source("both Content-Length and Transfer-Encoding"));
            }
            (_, Some(coding), None) => coding,
            (_, None, Some(byte_size)) => Framing::Length(byte_size),
            (_, None, None) => Framing::UntilClose,
        };
        Ok(Some((parsed, length)))
    }
}

impl ContentKind {
    fn of(content_type: &[u8]) -> Self {
        let kind = content_type.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        let is = |name: &[u8]| kind.eq_ignore_ascii_case(name);
        const GRPC: &[u8] = b"application/grpc";
        if kind.get(..GRPC.len()).is_some_and(|start| start.eq_ignore_ascii_case(GRPC)) {
            Self::Grpc
        } else if is(b"text/html") || is(b"application/xhtml+xml") {
            Self::Html
        } else if is(b"text/event-stream") {
            Self::EventStream
        } else {
            Self::Other
        }
    }
}

/// Appends the encodings of a header line. An encoding that repeats the previous one is ignored: some proxies
/// add the header twice.
fn add_encodings(encodings: &mut Option<String>, value: &[u8]) {
    for name in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
        if name.is_empty() || name.eq_ignore_ascii_case(b"identity") {
            continue;
        }
        let name = shown(name);
        match encodings {
            None => *encodings = Some(name),
            Some(all) if all.rsplit(", ").next().is_some_and(|last| last.eq_ignore_ascii_case(&name)) => {}
            Some(all) => {
                all.push_str(", ");
                all.push_str(&name);
            }
        }
    }
}

/// Returns the error of a successful response with gRPC's content type.
pub(super) fn grpc_port(status: u16) -> Error {
    let message = format!("unexpected content type 'application/grpc' from the server's port: {GRPC_PORT}");
    Error::malformed_response(message).in_doubt(false).with_http_status(status)
}

/// Returns the message for an encoding that was not requested or is not supported.
pub(super) fn unexpected_encoding(name: &str) -> String {
    format!("unexpected response encoding '{}', which was not requested", excerpt(name))
}

/// Returns whether the first bytes are those of an HTTP/2 server: a SETTINGS or GOAWAY frame on stream 0.
pub(super) fn is_http2(first: &[u8]) -> bool {
    matches!(first, [0, 0, _, 4 | 7, 0, 0, 0, 0, 0, ..])
}

fn malformed() -> Error {
    Error::malformed_response("malformed HTTP response")
}

/// Returns a server's text, shortened for an error message.
fn shown(value: &[u8]) -> String {
    excerpt(&String::from_utf8_lossy(value)).to_string()
}

fn json_size_in_type(content_type: &[u8]) -> Option<std::result::Result<u64, String>> {
    if !content_type.contains(&b'=') {
        return None;
    }
    let text = str::from_utf8(content_type).ok()?;
    let (_, rest) = text.split_once(JSON_BYTE_SIZE_IN_TYPE)?;
    let size = rest.split(';').next().unwrap_or_default().trim();
    Some(number(size.as_bytes()).ok_or_else(|| shown(size.as_bytes())))
}

/// Parses digits only: `str::parse` would accept a sign.
fn number(text: &[u8]) -> Option<u64> {
    let text = str::from_utf8(text).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
    text.parse().ok()
}
