//! What one call is told.

use std::time::Duration;

use http::{HeaderName, HeaderValue};

use super::{
    header::{self, LoadReportFormat, RestrictedKey},
    not_zero,
};
use crate::{
    compression::Compression,
    error::{Error, Result},
    url::push_escaped,
};

/// What one call is told. The defaults are those of its client.
#[derive(Clone, Debug, Default)]
pub struct CallOptions {
    /// `None`: the client's. `Some(None)`: no limit.
    pub(super) timeout: Option<Option<Duration>>,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) restricted_keys: Vec<RestrictedKey>,
    pub(super) load_report: Option<LoadReportFormat>,
    /// Escaped: `a=b&c=d`.
    pub(super) query: String,
    pub(super) request_compression: Option<Compression>,
    pub(super) response_compression: Option<Compression>,
    pub(super) accept_encoding: Option<String>,
    pub(super) route: Route,
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
        restricted_keys: Vec::new(),
        load_report: None,
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
        let (name, value) = header::checked(name, value.as_ref())?;
        if self.route.json_size_header.as_deref().is_some_and(|own| name.as_str().eq_ignore_ascii_case(own)) {
            return Err(Error::invalid(format!("header '{name}' tells the byte size of the JSON part")));
        }
        self.headers.push((name, value));
        Ok(self)
    }

    /// Adds the key of endpoints that the server restricts (`--http-restricted-api`, `--grpc-restricted-protocol`), by
    /// the name that it has there: a header of that name over HTTP, and over gRPC the metadata `triton-grpc-protocol-NAME`
    /// that Triton looks for. INVALID_ARGUMENT as for [`add_header`](Self::add_header).
    pub fn add_restricted_key(&mut self, name: &str, value: &str) -> Result<&mut Self> {
        self.restricted_keys.push(RestrictedKey::new(name, value)?);
        Ok(self)
    }

    /// Asks the server to report its load, as ORCA has it: [`Headers::load_report`](crate::Headers::load_report) reads it.
    /// Triton does so over HTTP, in response to `generate` and `generate_stream` alone, for the backends that have such
    /// metrics, vLLM's and TensorRT-LLM's. `None`, the default, asks for none.
    pub fn set_load_report(&mut self, format: Option<LoadReportFormat>) -> &mut Self {
        self.load_report = format;
        self
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
        push_escaped(&mut self.query, name, b"");
        self.query.push('=');
        push_escaped(&mut self.query, value, b"");
        Ok(self)
    }

    /// How the inference request is compressed. Over HTTP Triton refuses a request that has more than 64 MiB once it is
    /// decompressed (since 2.65; `--http-max-input-size`): a tensor of 80 MB passes plain and fails compressed, with
    /// INVALID_ARGUMENT. gRPC has no such limit.
    pub fn set_request_compression(&mut self, compression: Compression) -> &mut Self {
        self.request_compression = Some(compression);
        self
    }

    /// How the answer to the inference request is wanted. Over HTTP a request that wants no compression says so
    /// (`Accept-Encoding: identity`): proxies would ask the server for some otherwise. A body that is compressed although no
    /// header says so is decompressed if compression was requested, and INTERNAL if not.
    pub fn set_response_compression(&mut self, compression: Compression) -> &mut Self {
        self.response_compression = Some(compression);
        self.accept_encoding = None;
        self
    }

    /// How the answer to an inference request over HTTP is wanted, in HTTP's own words: `"deflate, gzip;q=0.5"`.
    /// INVALID_ARGUMENT for an encoding other than gzip, deflate and identity.
    pub fn set_accept_encoding(&mut self, encodings: &str) -> Result<&mut Self> {
        for encoding in encodings.split(',') {
            let (name, weight) = encoding.split_once(';').unwrap_or((encoding, "q=1"));
            let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
            let is_known = Compression::from_name(name.trim()).is_some();
            if !is_known || !weight.is_some_and(|weight| (0.0..=1.0).contains(&weight)) {
                let message =
                    format!("'{encoding}' is none of gzip, deflate and identity, with a weight or without");
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
        let is_path = path.starts_with('/')
            && path.is_ascii()
            && path.parse::<http::Uri>().is_ok()
            && !path.contains(['?', '#']);
        if !is_path {
            return Err(Error::invalid(format!("'{path}' is no path of a URL")));
        }
        self.route.path = Some(path.to_owned());
        Ok(self)
    }

    /// Sends an inference over HTTP under another content type. `{}` in it stands for the byte size of the JSON part:
    /// `"application/vnd.sagemaker-triton.binary+json;json-header-size={}"`; from an answer's content type the size is
    /// read in the same form. A request that is JSON alone has no such size: with `{}` it goes under
    /// `application/json` then.
    pub fn set_http_content_type(&mut self, content_type: &str) -> Result<&mut Self> {
        HeaderValue::from_str(content_type)
            .map_err(|_| Error::invalid(format!("'{content_type}' is no content type")))?;
        self.route.content_type = Some(content_type.to_owned());
        Ok(self)
    }

    /// The header that tells the byte size of the JSON part over HTTP, of a request and of its answer, instead of
    /// `Inference-Header-Content-Length`. An empty name is no header.
    pub fn set_http_json_size_header(&mut self, name: &str) -> Result<&mut Self> {
        if !name.is_empty() && !name.eq_ignore_ascii_case("inference-header-content-length") {
            let name = header::checked_name(name)?;
            if self.headers.iter().any(|(own, _)| *own == name) {
                return Err(Error::invalid(format!("header '{name}' is one of the call's already")));
            }
        }
        self.route.json_size_header = Some(name.to_owned());
        Ok(self)
    }
}
