//! Encoding requests and decoding responses without a connection.

use super::{
    codec::{Encoded, ResponseReader},
    message::PREFIX_BYTE_SIZE,
};
use crate::{
    error::Result,
    infer::{
        InferRequest, InferResult,
        place::{Buffers, Places},
    },
    options::{CallContext, CallOptions, ClientOptions},
};

impl InferRequest<'_> {
    /// Encodes the request as a gRPC message, a `ModelInferRequest`. Copies its tensors.
    pub fn to_grpc_message(&self) -> Result<Vec<u8>> {
        self.check()?;
        let call = CallOptions::new();
        let options = ClientOptions::new();
        let context = CallContext::new(&options, &call);
        let message = Encoded::new(self, &context)?;
        let chunks: Vec<&[u8]> = message.chunks().collect();
        Ok(chunks.concat().split_off(PREFIX_BYTE_SIZE))
    }
}

impl InferResult {
    /// Decodes a result from a gRPC message, a `ModelInferResponse`.
    pub fn from_grpc_message(message: &[u8]) -> Result<Self> {
        let call = CallOptions::new();
        let mut options = ClientOptions::new();
        // The caller has the message in memory already: the limits protect against servers.
        options.set_max_message_byte_size(usize::MAX)?.set_max_decompressed_byte_size(usize::MAX)?;
        let context = CallContext::new(&options, &call);
        let buffers = Buffers::new(0);
        let mut places = Places::of_unknown_request(&buffers);
        let mut reader = ResponseReader::new(message.len() as u64, &context)?;
        let outcome = reader.push(message, &mut places).and_then(|()| reader.finish(&mut places));
        outcome.map_err(|error| error.retryable(false).in_doubt(false))
    }
}
