//! Bodies of an inference without a connection: for SageMaker, Vertex AI and whatever else carries them.

use std::iter;

use super::body;
use crate::{
    compression::{self, Compression},
    error::{Error, Result},
    infer::{
        InferRequest, InferResult,
        place::{Buffers, Places},
    },
    options::{CallContext, CallOptions, ClientOptions},
};

/// The body of an inference request over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpBody {
    /// The body: JSON, and behind it the tensors in binary; or what compression made of both.
    pub bytes: Vec<u8>,
    /// The byte size of the JSON, uncompressed: what `Inference-Header-Content-Length` says.
    pub json_byte_size: u64,
}

impl InferRequest<'_> {
    /// The body that the request has over HTTP. Its tensors are copied. Bodies always have a known length, here and in
    /// calls: Triton takes chunked ones, in at most 65,536 chunks, but a request is whole before it is sent, so that
    /// they would only cost.
    pub fn to_http_body(&self, compression: Compression) -> Result<HttpBody> {
        self.check()?;
        let mut json = Vec::new();
        body::write_header(self, &mut json)?;
        let json_byte_size = json.len() as u64;
        let bytes = compression.compress(iter::once(&json[..]).chain(self.tensors()))?;
        Ok(HttpBody { bytes, json_byte_size })
    }
}

impl InferResult {
    /// Reads the body of an answer over HTTP. `json_byte_size` is what its `Inference-Header-Content-Length` says, `None`
    /// without that header; a compressed body gives at most `max_byte_size` bytes.
    pub fn from_http_body(
        body: &[u8],
        json_byte_size: Option<u64>,
        compression: Compression,
        max_byte_size: u64,
    ) -> Result<Self> {
        let call = CallOptions::new();
        let mut options = ClientOptions::new();
        options.set_max_message_byte_size(max_byte_size)?;
        // The caller's limit is the only one, of what is taken apart too.
        options.set_max_decompressed_byte_size(max_byte_size.saturating_mul(4))?;
        let context = CallContext::new(&options, &call);
        let buffers = Buffers::new(0);
        let mut places = Places::unasked(&buffers);
        let byte_size = (compression == Compression::None).then_some(body.len() as u64);
        let mut plain = compression.decompress(body, max_byte_size);
        body::read_result(&mut plain, byte_size, json_byte_size, &mut Vec::new(), &mut places, &context)
            .map_err(|error| {
                let source = std::error::Error::source(&error).and_then(|source| source.downcast_ref());
                source.and_then(compression::fault).unwrap_or(error)
            })
            .map_err(offline)
    }
}

/// No server ran anything.
pub(crate) fn offline(error: Error) -> Error {
    error.retryable(false).in_doubt(false)
}
