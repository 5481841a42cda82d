//! What a client and a call can be told, and the two merged once for each call.

use std::{fmt::Write, sync::Arc, time::Duration};

use base64::prelude::{BASE64_STANDARD_NO_PAD, Engine};
use http::{HeaderName, HeaderValue};

use crate::{
    compression::Compression,
    deadline::Deadline,
    error::{Error, Result},
    log::{Log, LogCallback, LogLevel},
};

/// The time limit for reaching a server, unless told otherwise: 10 s.
pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The time limit of a whole call, unless told otherwise: 60 s.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
/// The largest message that is sent or accepted, unless told otherwise: 2^31 - 1 bytes, which is as much as a Triton
/// server takes over gRPC.
pub const DEFAULT_MAX_MESSAGE_BYTE_SIZE: u64 = i32::MAX as u64;
/// The memory of freed results that a client keeps for the next ones, unless told otherwise: 64 MiB.
pub const DEFAULT_RESULT_MEMORY_BYTE_SIZE: u64 = 64 << 20;

/// The most bytes that a compressed answer may have once it is decompressed, unless told otherwise: 256 MiB.
pub const DEFAULT_MAX_DECOMPRESSED_BYTE_SIZE: u64 = 256 << 20;

/// What a [`Client`](crate::Client) is told when it is made. Plain data: each setter checks at once.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) max_message_byte_size: u64,
    pub(crate) max_decompressed_byte_size: u64,
    pub(crate) result_memory_byte_size: u64,
    request_compression: Compression,
    response_compression: Compression,
    pub(crate) log: Log,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Some(DEFAULT_CONNECT_TIMEOUT),
            timeout: Some(DEFAULT_TIMEOUT),
            max_message_byte_size: DEFAULT_MAX_MESSAGE_BYTE_SIZE,
            max_decompressed_byte_size: DEFAULT_MAX_DECOMPRESSED_BYTE_SIZE,
            result_memory_byte_size: DEFAULT_RESULT_MEMORY_BYTE_SIZE,
            request_compression: Compression::None,
            response_compression: Compression::None,
            log: Log::default(),
        }
    }
}

impl ClientOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The time limit for reaching a server: name resolution and connecting. `None` leaves only the call's own limit.
    /// A limit of zero is INVALID_ARGUMENT. Default: [`DEFAULT_CONNECT_TIMEOUT`].
    pub fn set_connect_timeout(&mut self, limit: Option<Duration>) -> Result<&mut Self> {
        self.connect_timeout = not_zero(limit)?;
        Ok(self)
    }

    /// The time limit of every call that has none of its own, from its start to its last byte. `None` is no limit; a
    /// limit of zero is INVALID_ARGUMENT. Default: [`DEFAULT_TIMEOUT`].
    pub fn set_timeout(&mut self, limit: Option<Duration>) -> Result<&mut Self> {
        self.timeout = not_zero(limit)?;
        Ok(self)
    }

    /// The largest message, in bytes, that is sent or accepted: a larger request fails before it is sent, a larger
    /// answer before it is stored, both with RESOURCE_EXHAUSTED. Zero is INVALID_ARGUMENT.
    /// Default: [`DEFAULT_MAX_MESSAGE_BYTE_SIZE`].
    pub fn set_max_message_byte_size(&mut self, byte_size: u64) -> Result<&mut Self> {
        if byte_size == 0 {
            return Err(Error::invalid("the largest message can't have 0 bytes"));
        }
        self.max_message_byte_size = byte_size;
        Ok(self)
    }

    /// The most bytes that a compressed answer may have once it is decompressed: one that has more is
    /// RESOURCE_EXHAUSTED, however small it came. Over gRPC a quarter of it is the most that an answer may have outside of
    /// raw contents, as typed contents (from other servers than Triton), which grow in memory too. Zero is
    /// INVALID_ARGUMENT. Default: [`DEFAULT_MAX_DECOMPRESSED_BYTE_SIZE`].
    pub fn set_max_decompressed_byte_size(&mut self, byte_size: u64) -> Result<&mut Self> {
        if byte_size == 0 {
            return Err(Error::invalid("a decompressed answer can't have 0 bytes"));
        }
        self.max_decompressed_byte_size = byte_size;
        Ok(self)
    }

    /// How inference requests are compressed that are told nothing else. Default: not at all.
    pub fn set_request_compression(&mut self, compression: Compression) -> &mut Self {
        self.request_compression = compression;
        self
    }

    /// How the answers to inference requests are wanted that are told nothing else. The server may send them otherwise;
    /// Triton compresses over gRPC only if it was started so. Default: not at all.
    pub fn set_response_compression(&mut self, compression: Compression) -> &mut Self {
        self.response_compression = compression;
        self
    }

    /// How many bytes of freed results the client keeps as memory for the next ones, where fresh memory would cost a
    /// page fault for every 4 KiB. 0: none. Default: [`DEFAULT_RESULT_MEMORY_BYTE_SIZE`].
    pub fn set_result_memory_byte_size(&mut self, byte_size: u64) -> &mut Self {
        self.result_memory_byte_size = byte_size;
        self
    }

    /// Hears what the client does, from `most` upwards in weight. Any thread may call it, and it must not call the
    /// client. Default: none, and then nothing is written anywhere.
    pub fn set_log_callback(&mut self, most: LogLevel, callback: Arc<LogCallback>) -> &mut Self {
        self.log = Log::new(most, callback);
        self
    }
}

/// What one call is told. The defaults are those of its client.
#[derive(Clone, Debug, Default)]
pub struct CallOptions {
    /// `None`: the client's. `Some(None)`: no limit.
    timeout: Option<Option<Duration>>,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// Escaped: `a=b&c=d`.
    query: String,
    request_compression: Option<Compression>,
    response_compression: Option<Compression>,
    accept_encoding: Option<String>,
    route: Route,
}

/// Where an inference over HTTP goes, and how it says what it is, where a gateway wants it otherwise than Triton.
#[derive(Clone, Debug, Default)]
pub(crate) struct Route {
    /// Instead of `/v2/models/MODEL/infer`, behind the client's base path.
    pub path: Option<String>,
    /// With `{}` where the byte size of the JSON part goes.
    pub content_type: Option<String>,
    /// The header of the byte size of the JSON part; empty for none.
    pub json_size_header: Option<String>,
}

impl CallOptions {
    pub(crate) const DEFAULT: Self = Self {
        timeout: None,
        headers: Vec::new(),
        query: String::new(),
        request_compression: None,
        response_compression: None,
        accept_encoding: None,
        route: Route { path: None, content_type: None, json_size_header: None },
    };

    /// The client's defaults.
    pub fn new() -> Self {
        Self::DEFAULT
    }

    /// The time limit of the call, from its start to its last byte: names, connecting, sending and receiving all
    /// count. `None` is no limit; zero is INVALID_ARGUMENT.
    pub fn set_timeout(&mut self, limit: Option<Duration>) -> Result<&mut Self> {
        self.timeout = Some(not_zero(limit)?);
        Ok(self)
    }

    /// Adds a header to the call, metadata over gRPC. A name may be added several times. The value of a name that ends
    /// in `-bin` is any bytes, which gRPC carries as base64.
    ///
    /// INVALID_ARGUMENT: a name that is none (letters, digits and few signs), a value with CR, LF or NUL, and, with the
    /// reason, a name that the library or the protocol sets itself.
    pub fn add_header(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<&mut Self> {
        let header = |what: String| Error::invalid(format!("header '{name}' can't be sent: {what}"));
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|error| header(error.to_string()))?;
        const OWN: [&str; 13] = [
            "accept-encoding",
            "connection",
            "content-encoding",
            "content-length",
            "content-type",
            "expect",
            "host",
            "inference-header-content-length",
            "keep-alive",
            "te",
            "transfer-encoding",
            "upgrade",
            "user-agent",
        ];
        if OWN.contains(&key.as_str()) || key.as_str().starts_with("grpc-") {
            return Err(header("the library sets it itself".to_owned()));
        }
        let value = value.as_ref();
        if !name.ends_with("-bin")
            && value.iter().any(|byte| matches!(byte, 0..0x20 | 0x7f) && *byte != b'\t')
        {
            return Err(header("its value has a control character".to_owned()));
        }
        let value = match name.ends_with("-bin") {
            true => HeaderValue::try_from(BASE64_STANDARD_NO_PAD.encode(value)),
            false => HeaderValue::from_bytes(value),
        };
        self.headers.push((key, value.map_err(|error| header(error.to_string()))?));
        Ok(self)
    }

    /// Adds a parameter to the URL of the call, which is escaped here. HTTP only: over gRPC the call is
    /// INVALID_ARGUMENT. No name is INVALID_ARGUMENT.
    pub fn add_query_parameter(&mut self, name: &str, value: &str) -> Result<&mut Self> {
        if name.is_empty() {
            return Err(Error::invalid("a query parameter needs a name"));
        }
        if !self.query.is_empty() {
            self.query.push('&');
        }
        push_escaped(&mut self.query, name);
        self.query.push('=');
        push_escaped(&mut self.query, value);
        Ok(self)
    }

    /// How the inference request is compressed.
    pub fn set_request_compression(&mut self, compression: Compression) -> &mut Self {
        self.request_compression = Some(compression);
        self
    }

    /// How the answer to the inference request is wanted.
    pub fn set_response_compression(&mut self, compression: Compression) -> &mut Self {
        self.response_compression = Some(compression);
        self.accept_encoding = None;
        self
    }

    /// How the answer to an inference request over HTTP is wanted, in HTTP's own words: `"deflate, gzip;q=0.5"`.
    /// INVALID_ARGUMENT for an encoding other than gzip, deflate and identity.
    pub fn set_accept_encoding(&mut self, encodings: &str) -> Result<&mut Self> {
        for encoding in encodings.split(',') {
            let name = encoding.split(';').next().unwrap_or_default().trim();
            if Compression::from_name(name).is_none() || HeaderValue::from_str(encoding).is_err() {
                let message = format!("'{encoding}' is none of gzip, deflate and identity");
                return Err(Error::invalid(message));
            }
        }
        self.accept_encoding = Some(encodings.to_owned());
        Ok(self)
    }

    /// Sends an inference over HTTP to another path, `/invocations`, behind the client's base path. For gateways that
    /// stand before Triton, such as SageMaker and Vertex AI. INVALID_ARGUMENT if it does not begin with a slash, or
    /// has what can't stand in a path.
    pub fn set_http_path(&mut self, path: &str) -> Result<&mut Self> {
        let is_path =
            path.starts_with('/') && path.parse::<http::Uri>().is_ok() && !path.contains(['?', '#']);
        if !is_path {
            return Err(Error::invalid(format!("'{path}' is no path of a URL")));
        }
        self.route.path = Some(path.to_owned());
        Ok(self)
    }

    /// Sends an inference over HTTP under another content type. `{}` in it stands for the byte size of the JSON part:
    /// `"application/vnd.sagemaker-triton.binary+json;json-header-size={}"`; from an answer's content type the size is
    /// read in the same form.
    pub fn set_http_content_type(&mut self, content_type: &str) -> Result<&mut Self> {
        HeaderValue::from_str(content_type)
            .map_err(|_| Error::invalid(format!("'{content_type}' is no content type")))?;
        self.route.content_type = Some(content_type.to_owned());
        Ok(self)
    }

    /// The header that tells the byte size of the JSON part over HTTP, of a request and of its answer, instead of
    /// `Inference-Header-Content-Length`. An empty name is no header.
    pub fn set_http_json_size_header(&mut self, name: &str) -> Result<&mut Self> {
        if !name.is_empty() && HeaderName::from_bytes(name.as_bytes()).is_err() {
            return Err(Error::invalid(format!("'{name}' is no name of a header")));
        }
        self.route.json_size_header = Some(name.to_owned());
        Ok(self)
    }
}

fn push_escaped(query: &mut String, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            query.push(char::from(byte));
        } else {
            // Writing into a string can't fail.
            let _ = write!(query, "%{byte:02X}");
        }
    }
}

fn not_zero(limit: Option<Duration>) -> Result<Option<Duration>> {
    match limit {
        Some(Duration::ZERO) => Err(Error::invalid("a time limit of 0 leaves no time for anything")),
        limit => Ok(limit),
    }
}

/// The options of the client and of the call, merged: what every layer below the client reads.
#[derive(Clone, Debug)]
pub(crate) struct CallContext<'c> {
    pub deadline: Deadline,
    /// For "not within 20ms": the limit that the deadline was made from.
    pub timeout: Option<Duration>,
    pub max_message_byte_size: u64,
    pub max_decompressed_byte_size: u64,
    pub headers: &'c [(HeaderName, HeaderValue)],
    pub query: &'c str,
    pub request_compression: Compression,
    /// In HTTP's words; `None`: as it is.
    pub accept_encoding: Option<&'c str>,
    pub route: &'c Route,
    pub log: Log,
}

impl<'c> CallContext<'c> {
    pub fn new(client: &ClientOptions, call: &'c CallOptions) -> Self {
        let timeout = call.timeout.unwrap_or(client.timeout);
        let accept_encoding = match call.response_compression.unwrap_or(client.response_compression) {
            _ if call.accept_encoding.is_some() => call.accept_encoding.as_deref(),
            Compression::None => None,
            compression => Some(compression.name()),
        };
        Self {
            deadline: Deadline::after(timeout),
            timeout,
            max_message_byte_size: client.max_message_byte_size,
            max_decompressed_byte_size: client.max_decompressed_byte_size,
            headers: &call.headers,
            query: &call.query,
            request_compression: call.request_compression.unwrap_or(client.request_compression),
            accept_encoding,
            route: &call.route,
            log: client.log.clone(),
        }
    }

    /// The error of a call whose time is over. In doubt once the request may have left.
    pub fn timed_out(&self, doing: &str) -> Error {
        let limit = self.timeout.unwrap_or_default();
        Error::deadline(format!("no answer within {limit:?}, the time limit of the call ({doing})"))
    }

    /// RESOURCE_EXHAUSTED for a request that is over the limit.
    pub fn check_request_size(&self, byte_size: u64) -> Result<()> {
        self.check_size("request", byte_size, false)
    }

    /// RESOURCE_EXHAUSTED for an answer that is over the limit, to be asked before its memory is.
    pub fn check_answer_size(&self, byte_size: u64) -> Result<()> {
        self.check_size("answer", byte_size, true)
    }

    fn check_size(&self, what: &str, byte_size: u64, in_doubt: bool) -> Result<()> {
        let limit = self.max_message_byte_size;
        if byte_size <= limit {
            return Ok(());
        }
        let message =
            format!("the {what} has {byte_size} bytes, and the client's largest message is {limit} bytes");
        Err(Error::new(crate::error::Status::ResourceExhausted, crate::error::Origin::Client, message)
            .in_doubt(in_doubt))
    }
}
