//! Messages of an inference without a connection, and a message that was made before.

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
    /// The request as a message of gRPC's, a `ModelInferRequest`. Its tensors are copied.
    pub fn to_grpc_message(&self) -> Result<Vec<u8>> {
        self.check()?;
        let call = CallOptions::new();
        let options = ClientOptions::new();
        let context = CallContext::new(&options, &call);
        let message = Encoded::new(self, &context)?;
        let parts: Vec<&[u8]> = message.parts().collect();
        Ok(parts.concat().split_off(PREFIX_BYTE_SIZE))
    }
}

impl InferResult {
    /// Reads an answer from a message of gRPC's, a `ModelInferResponse`.
    pub fn from_grpc_message(message: &[u8]) -> Result<Self> {
        let call = CallOptions::new();
        let mut options = ClientOptions::new();
        // The caller has the whole message in memory: it is his to say what is too much.
        options.set_max_message_byte_size(usize::MAX)?.set_max_decompressed_byte_size(usize::MAX)?;
        let context = CallContext::new(&options, &call);
        let buffers = Buffers::new(0);
        let mut places = Places::unasked(&buffers);
        let mut reader = ResponseReader::new(message.len() as u64, &context)?;
        let outcome = reader.push(message, &mut places).and_then(|()| reader.finish(&mut places));
        outcome.map_err(|error| error.retryable(false).in_doubt(false))
    }
}
