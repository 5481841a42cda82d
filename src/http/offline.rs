//! Encodes and decodes the bodies of an inference without a connection, for SageMaker, Vertex AI and other
//! transports.

use std::{
    borrow::Cow,
    iter,
    pin::pin,
    task::{Context, Poll, Waker},
};

use super::{connection::Ids, exchange::Body, infer::Reading, json::ResponseParser, prepare};
use crate::{
    compression::Compression,
    error::{Error, Origin, Result, Status},
    infer::{
        InferRequest, InferResult,
        place::{Buffers, Places},
    },
    lend::Segment,
    options::{CallContext, CallOptions, ClientOptions},
};

/// The body of an inference request over HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpBody {
    /// The JSON part followed by the binary tensors; compressed as a whole if requested.
    pub bytes: Vec<u8>,
    /// The byte size of the JSON part before compression: the value of `Inference-Header-Content-Length`.
    pub json_byte_size: usize,
}

impl InferRequest<'_> {
    /// Returns the body of the request over HTTP, with a copy of its tensors. Returns INVALID_ARGUMENT for a
    /// request that can't be sent.
    pub fn to_http_body(&self, compression: Compression) -> Result<HttpBody> {
        self.check()?;
        let json = prepare::json(self)?;
        let json_byte_size = json.len();
        let bytes = compression.compress(iter::once(&json[..]).chain(self.tensors().map(Segment::bytes)))?;
        Ok(HttpBody { bytes, json_byte_size })
    }
}

impl InferResult {
    /// Parses the body of an inference response over HTTP. `json_byte_size` is the value of its
    /// `Inference-Header-Content-Length`, `None` without that header. Returns RESOURCE_EXHAUSTED if the body
    /// decompresses to more than `max_byte_size` bytes, which must not be 0, INTERNAL if it is malformed.
    pub fn from_http_body(
        body: &[u8],
        json_byte_size: Option<u64>,
        compression: Compression,
        max_byte_size: u64,
    ) -> Result<Self> {
        let call = CallOptions::new();
        let mut options = ClientOptions::new();
        let max = usize::try_from(max_byte_size).unwrap_or(usize::MAX);
        if max == 0 {
            return Err(Error::invalid("max_byte_size must be greater than 0"));
        }
        options.set_max_message_byte_size(max)?;
        // The caller's limit is the only one: the parsed size limit is a quarter of this option.
        options.set_max_decompressed_byte_size(max.saturating_mul(4))?;
        let context = CallContext::new(&options, &call);
        let buffers = Buffers::new(0);
        let mut places = Places::without_request(&buffers);
        let plain = match compression {
            Compression::None => Cow::Borrowed(body),
            compression => Cow::Owned(compression.decompress(body, max_byte_size).map_err(offline)?),
        };
        let ids = Ids::default();
        let reading = Reading { json_byte_size, ids: &ids, context: &context };
        let (mut body, mut parser) = (Body::Bytes(&plain), ResponseParser::default());
        // A body in memory is always ready.
        let read = pin!(reading.read(&mut body, &mut parser, &mut places));
        match read.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(outcome) => outcome.map_err(offline),
            Poll::Pending => {
                Err(Error::new(Status::Internal, Origin::Client, "a body in memory was not ready"))
            }
        }
    }
}

/// Marks an error as neither retryable nor in doubt, since no server was involved.
pub(crate) fn offline(error: Error) -> Error {
    error.retryable(false).in_doubt(false)
}
