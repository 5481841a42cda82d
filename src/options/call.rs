//! The options of a call, which are also the client's defaults for all calls.

use std::time::Duration;

use http::HeaderValue;

use super::{
    header::{self, Header, LoadReportFormat, RestrictedKey},
    not_zero,
    query::Query,
};
use crate::{
    compression::Compression,
    error::{Error, Result},
    until::CancelToken,
    url::without_secrets,
};

/// The options of a call. What they do not set is as in the client's defaults
/// ([`ClientOptions::set_call_options`](crate::ClientOptions::set_call_options)).
#[derive(Clone, Debug, Default)]
pub struct CallOptions {
    /// `Some(None)`: no timeout.
    pub(super) timeout: Option<Option<Duration>>,
    pub(super) headers: Vec<Header>,
    pub(super) restricted_keys: Vec<RestrictedKey>,
    /// `Some(None)`: no report.
    pub(super) load_report: Option<Option<LoadReportFormat>>,
    pub(super) query: Query,
    pub(super) request_compression: Option<Compression>,
    pub(super) response_encoding: Option<ResponseEncoding>,
    pub(super) route: Route<String>,
    pub(super) cancel: Option<CancelToken>,
}

/// Which compression is requested for the response. One field, so that a call that sets either form replaces
/// both.
#[derive(Clone, Debug)]
pub(super) enum ResponseEncoding {
    Compression(Compression),
    /// The value of Accept-Encoding.
    Accept(String),
}

impl ResponseEncoding {
    /// Returns the value of Accept-Encoding; `None`: not compressed.
    pub(super) fn accept(&self) -> Option<&str> {
        match self {
            Self::Compression(Compression::None) => None,
            Self::Compression(compression) => Some(compression.name()),
            Self::Accept(encodings) => Some(encodings),
        }
    }
}

/// Path and headers of an inference over HTTP that a gateway expects in another form than Triton.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Route<S> {
    /// Instead of `/v2/models/MODEL/infer`, after the client's base path.
    pub path: Option<S>,
    /// With `{}` for the byte size of the JSON part.
    pub content_type: Option<S>,
    /// The header of the byte size of the JSON part; empty for none.
    pub json_size_header: Option<S>,
}

impl Route<String> {
    /// Returns the route of a call whose client has `defaults`.
    pub(crate) fn over<'r>(&'r self, defaults: &'r Self) -> Route<&'r str> {
        let either =
            |own: &'r Option<String>, default: &'r Option<String>| own.as_deref().or(default.as_deref());
        Route {
            path: either(&self.path, &defaults.path),
            content_type: either(&self.content_type, &defaults.content_type),
            json_size_header: either(&self.json_size_header, &defaults.json_size_header),
        }
    }
}

impl CallOptions {
    pub(crate) const DEFAULT: Self = Self {
        timeout: None,
        headers: Vec::new(),
        restricted_keys: Vec::new(),
        load_report: None,
        query: Query::EMPTY,
        request_compression: None,
        response_encoding: None,
        route: Route { path: None, content_type: None, json_size_header: None },
        cancel: None,
    };

    /// Creates options that set nothing.
    pub fn new() -> Self {
        Self::DEFAULT
    }

    /// Sets the timeout of the call, from its start to the last byte of its response: name resolution,
    /// connecting, sending and receiving all count. `None` means no timeout. INVALID_ARGUMENT for zero.
    pub fn set_timeout(&mut self, timeout: Option<Duration>) -> Result<&mut Self> {
        self.timeout = Some(not_zero(timeout)?);
        Ok(self)
    }

    /// Sets the token that cancels the call from another thread, at any stage. The call then returns
    /// CANCELLED, and no longer reads or writes the memory that it borrowed. A result that is complete takes
    /// precedence. `None`, the default, sets no token. Not in the defaults of a client, whose calls it would
    /// all cancel.
    ///
    /// The price is the connection of the call, which is closed; an asynchronous call over gRPC loses only
    /// its stream on a connection that others keep using. Over gRPC this tells the server, and Triton stops
    /// the model if it checks for cancellation. Over HTTP, Triton 2.51 computes the result of an inference to
    /// its end; the stream of [`Client::generate_stream`](crate::Client::generate_stream) stops. Behind
    /// HAProxy, Apache and Varnish, which do not pass the end of a client's connection on, the server also
    /// continues.
    ///
    /// Triton 2.51 has a known fault with cancelled gRPC calls (issue 7368 of the Triton server, mostly fixed
    /// in 2.53).
    pub fn set_cancel_token(&mut self, token: Option<&CancelToken>) -> &mut Self {
        self.cancel = token.cloned();
        self
    }

    pub(crate) fn cancel_token(&self) -> Option<&CancelToken> {
        self.cancel.as_ref()
    }

    /// Returns FAILED_PRECONDITION in a forked child, if a token of its parent is set.
    pub(crate) fn check_process(&self) -> Result<()> {
        self.cancel.as_ref().map_or(Ok(()), CancelToken::check_process)
    }

    /// Adds a header to the call, over gRPC metadata. A name may be added several times, except for
    /// `authorization`, whose last value replaces the others. A name that ends in `-bin` takes any bytes,
    /// which are sent as base64. Replaces the client's default headers of that name.
    ///
    /// INVALID_ARGUMENT if the name is not a valid header name, if the value contains a control character, or
    /// if the library or the protocol sets that header itself.
    pub fn add_header(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<&mut Self> {
        let header = Header::new(name, value.as_ref())?;
        if self.route.json_size_header.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(name)) {
            return Err(json_size_conflict(name));
        }
        header.add_to(&mut self.headers);
        Ok(self)
    }

    /// Sets the header `authorization` to a user and a password (HTTP's basic authentication), in UTF-8.
    /// Replaces what [`set_bearer_token`](Self::set_bearer_token) or [`add_header`](Self::add_header) set it
    /// to, as these replace it; [`remove_header`](Self::remove_header) removes it.
    ///
    /// For all calls of a client:
    /// [`ClientOptions::set_call_options`](crate::ClientOptions::set_call_options). Anyone can read it unless
    /// the URL is `https` or `grpcs`. INVALID_ARGUMENT if the user contains a colon, or either of them a
    /// control character.
    pub fn set_basic_auth(&mut self, user: &str, password: &str) -> Result<&mut Self> {
        Header::basic(user, password)?.add_to(&mut self.headers);
        Ok(self)
    }

    /// Sets the header `authorization` to a token, for example a JSON Web Token: `Bearer TOKEN`. See
    /// [`set_basic_auth`](Self::set_basic_auth); for a token that is renewed,
    /// [`ClientOptions::set_header_callback`](crate::ClientOptions::set_header_callback). INVALID_ARGUMENT if
    /// the token is empty, or contains anything other than visible ASCII characters, such as the line feed at
    /// the end of a file.
    pub fn set_bearer_token(&mut self, token: &str) -> Result<&mut Self> {
        Header::bearer(token)?.add_to(&mut self.headers);
        Ok(self)
    }

    /// Undoes the setters of `authorization`: the client's default applies.
    pub(crate) fn remove_authorization(&mut self) {
        self.headers.retain(|own| own.name != http::header::AUTHORIZATION);
    }

    /// Removes a header: those added under that name, and the client's defaults of that name.
    /// INVALID_ARGUMENT for a name that [`add_header`](Self::add_header) does not accept.
    pub fn remove_header(&mut self, name: &str) -> Result<&mut Self> {
        let removed = Header::removed(name)?;
        self.headers.retain(|own| own.name != removed.name);
        self.headers.push(removed);
        Ok(self)
    }

    /// Adds the key of endpoints that the server restricts (`--http-restricted-api`,
    /// `--grpc-restricted-protocol`): over HTTP a header of that name, over gRPC the metadata
    /// `triton-grpc-protocol-NAME` that Triton expects. Replaces the key of that name, in these options and
    /// in the client's defaults. INVALID_ARGUMENT as for [`add_header`](Self::add_header).
    pub fn add_restricted_key(&mut self, name: &str, value: &str) -> Result<&mut Self> {
        self.replace_key(RestrictedKey::new(name, value)?);
        Ok(self)
    }

    /// Removes a key: the one added under that name, and the client's default of that name. INVALID_ARGUMENT
    /// for a name that [`add_restricted_key`](Self::add_restricted_key) does not accept.
    pub fn remove_restricted_key(&mut self, name: &str) -> Result<&mut Self> {
        self.replace_key(RestrictedKey::removed(name)?);
        Ok(self)
    }

    fn replace_key(&mut self, key: RestrictedKey) {
        self.restricted_keys.retain(|own| !own.is_of_same_name(&key));
        self.restricted_keys.push(key);
    }

    /// Adds a query parameter to the URL of the call. Name and value are escaped. A name may be added several
    /// times. Replaces the client's default parameters of that name. HTTP only: over gRPC the call is
    /// INVALID_ARGUMENT. INVALID_ARGUMENT for an empty name.
    pub fn add_query_parameter(&mut self, name: &str, value: &str) -> Result<&mut Self> {
        check_query_name(name)?;
        self.query.add(name, value);
        Ok(self)
    }

    /// Removes a query parameter: those added under that name, and the client's defaults of that name.
    /// INVALID_ARGUMENT for an empty name.
    pub fn remove_query_parameter(&mut self, name: &str) -> Result<&mut Self> {
        check_query_name(name)?;
        self.query.remove(name);
        Ok(self)
    }

    /// Sets how inference requests are compressed. Triton over HTTP refuses a request that exceeds 64 MiB
    /// when it is decompressed (since 2.65; `--http-max-input-size`) with INVALID_ARGUMENT, though it accepts
    /// a larger one that is not compressed. gRPC has no such limit. The default is [`Compression::None`].
    pub fn set_request_compression(&mut self, compression: Compression) -> &mut Self {
        self.request_compression = Some(compression);
        self
    }

    /// Sets which compression is requested for responses to inferences. The server may send them without;
    /// Triton over gRPC compresses only if it was started so. Over HTTP a call that requests none sends
    /// `Accept-Encoding: identity`, without which a proxy may request compression from the server. A body
    /// that is compressed without a Content-Encoding header is decompressed if compression was requested, and
    /// INTERNAL if not. Replaces what [`set_accept_encoding`](Self::set_accept_encoding) set. The default is
    /// [`Compression::None`].
    pub fn set_response_compression(&mut self, compression: Compression) -> &mut Self {
        self.response_encoding = Some(ResponseEncoding::Compression(compression));
        self
    }

    /// Sets the Accept-Encoding of inferences, for example `"deflate, gzip;q=0.5"`; over gRPC without the
    /// weights. Replaces what [`set_response_compression`](Self::set_response_compression) set.
    /// INVALID_ARGUMENT for any encoding other than gzip, deflate and identity.
    pub fn set_accept_encoding(&mut self, encodings: &str) -> Result<&mut Self> {
        // Not `str::trim`: CR and LF are white space too, and would end the header.
        fn trim(text: &str) -> &str {
            text.trim_matches([' ', '\t'])
        }
        for encoding in encodings.split(',') {
            let (name, weight) = encoding.split_once(';').unwrap_or((encoding, "q=1"));
            let is_known = Compression::from_name(trim(name)).is_some();
            if !is_known || !trim(weight).strip_prefix("q=").is_some_and(is_weight) {
                let encoding = encoding.escape_debug();
                return Err(Error::invalid(format!(
                    "invalid encoding '{encoding}': expected gzip, deflate or identity, optionally with a weight"
                )));
            }
        }
        self.response_encoding = Some(ResponseEncoding::Accept(encodings.to_owned()));
        Ok(self)
    }

    /// Undoes [`set_accept_encoding`](Self::set_accept_encoding) and
    /// [`set_response_compression`](Self::set_response_compression).
    pub(crate) fn remove_accept_encoding(&mut self) {
        self.response_encoding = None;
    }

    /// Requests the server's load report, in the format of ORCA, which
    /// [`Headers::load_report`](crate::Headers::load_report) reads. Triton sends it over HTTP, for `generate`
    /// and `generate_stream` only, and for backends that have such metrics (vLLM, TensorRT-LLM). `None`, the
    /// default, requests none.
    pub fn set_load_report(&mut self, format: Option<LoadReportFormat>) -> &mut Self {
        self.load_report = Some(format);
        self
    }

    /// Sends inferences over HTTP to another path, for example `/invocations`, after the client's base path:
    /// for gateways before Triton, such as SageMaker and Vertex AI. INVALID_ARGUMENT if the path does not
    /// begin with a slash, or is not a valid path of a URL.
    pub fn set_http_path(&mut self, path: &str) -> Result<&mut Self> {
        let is_valid = path.starts_with('/')
            && path.is_ascii()
            && path.parse::<http::Uri>().is_ok()
            && !path.contains(['?', '#']);
        if !is_valid {
            return Err(Error::invalid(format!("invalid URL path '{}'", without_secrets(path))));
        }
        self.route.path = Some(path.to_owned());
        Ok(self)
    }

    /// Undoes [`set_http_path`](Self::set_http_path).
    pub(crate) fn remove_http_path(&mut self) {
        self.route.path = None;
    }

    /// Sets the content type of inferences over HTTP, in which `{}` stands for the byte size of the JSON
    /// part: `"application/vnd.sagemaker-triton.binary+json;json-header-size={}"`. The size is read from the
    /// content type of the response in the same form. A request that consists of JSON only has no such size:
    /// with `{}` it is sent as `application/json`.
    pub fn set_http_content_type(&mut self, content_type: &str) -> Result<&mut Self> {
        HeaderValue::from_str(content_type)
            .map_err(|_| Error::invalid(format!("invalid content type '{content_type}'")))?;
        self.route.content_type = Some(content_type.to_owned());
        Ok(self)
    }

    /// Undoes [`set_http_content_type`](Self::set_http_content_type).
    pub(crate) fn remove_http_content_type(&mut self) {
        self.route.content_type = None;
    }

    /// Sets the header with the byte size of the JSON part over HTTP, of a request and of its response,
    /// instead of `Inference-Header-Content-Length`. An empty name sends no such header.
    pub fn set_http_json_size_header(&mut self, name: &str) -> Result<&mut Self> {
        if !name.is_empty() && !name.eq_ignore_ascii_case("inference-header-content-length") {
            let name = header::check_name(name)?;
            if self.headers.iter().any(|own| own.name == name && own.value.is_some()) {
                return Err(json_size_conflict(name.as_str()));
            }
        }
        self.route.json_size_header = Some(name.to_owned());
        Ok(self)
    }

    /// Undoes [`set_http_json_size_header`](Self::set_http_json_size_header).
    pub(crate) fn remove_http_json_size_header(&mut self) {
        self.route.json_size_header = None;
    }

    /// Returns what of the options has no meaning on a stream.
    pub(super) fn unsupported_on_stream(&self) -> Option<&'static str> {
        let Route { path, content_type, json_size_header } = &self.route;
        if !self.query.is_empty() {
            return Some("query parameters");
        }
        if path.is_some() || content_type.is_some() || json_size_header.is_some() {
            return Some("an HTTP path, content type or JSON size header");
        }
        self.load_report.flatten().map(|_| "a load report")
    }
}

/// Returns the error of a header that the caller adds and that is the header of the JSON part's byte size
/// too.
pub(super) fn json_size_conflict(name: &str) -> Error {
    Error::invalid(format!(
        "header '{name}' is both added and set as the header of the JSON part's byte size (option http_json_size_header)"
    ))
}

/// Whether a weight has the form of RFC 9110: 0 to 1 with at most three decimals.
fn is_weight(weight: &str) -> bool {
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    decimals.len() <= 3
        && match whole {
            "0" => decimals.bytes().all(|digit| digit.is_ascii_digit()),
            "1" => decimals.bytes().all(|digit| digit == b'0'),
            _ => false,
        }
}

fn check_query_name(name: &str) -> Result<()> {
    if name.is_empty() { Err(Error::invalid("the name of a query parameter is empty")) } else { Ok(()) }
}
