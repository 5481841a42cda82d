//! gRPC's length-prefixed message: the prefix of a request, and an incremental reader of a response.

use crate::{
    compression::Compression,
    error::{Error, Origin, Result, Status, excerpt},
    options::CallContext,
};

/// The prefix consists of a compressed flag and the message's size.
pub(super) const PREFIX_BYTE_SIZE: usize = 5;

/// Returns the prefix of a message that is not compressed.
pub(super) fn prefix(byte_size: u64) -> Result<[u8; PREFIX_BYTE_SIZE]> {
    let size = u32::try_from(byte_size).map_err(|_| {
        let message = format!(
            "the request of {byte_size} bytes exceeds gRPC's limit of 2^32 - 1 bytes: use shared memory, or \
             HTTP (over gRPC no server accepts more than 2^31 - 1 bytes)"
        );
        Error::new(Status::ResourceExhausted, Origin::Client, message)
    })?;
    let [a, b, c, d] = size.to_be_bytes();
    Ok([0, a, b, c, d])
}

/// Parses the content of a message.
pub(super) trait MessageReader {
    type Output;

    /// Begins a message of `byte_size` bytes. Returns an error if that exceeds the limits.
    fn begin(&mut self, byte_size: u64, context: &CallContext) -> Result<()>;

    /// Parses the next bytes, in total at most `byte_size`.
    fn push(&mut self, bytes: &[u8]) -> Result<()>;

    /// Returns what the message contains. Called once all of it has arrived.
    fn finish(self) -> Result<Self::Output>;
}

pub(super) struct Message<'c, R> {
    context: &'c CallContext<'c>,
    reader: R,
    prefix: [u8; PREFIX_BYTE_SIZE],
    /// The number of bytes of the prefix that have arrived.
    prefix_count: usize,
    /// The number of bytes of the message that have not arrived.
    left: u64,
    /// A compressed message, which is buffered until it is complete.
    compressed: Option<(Compression, Vec<u8>)>,
}

impl<'c, R: MessageReader> Message<'c, R> {
    pub(super) fn new(reader: R, context: &'c CallContext<'c>) -> Self {
        Self { context, reader, prefix: [0; PREFIX_BYTE_SIZE], prefix_count: 0, left: 0, compressed: None }
    }

    /// Parses the next bytes of the only message of a response. `encoding` is the response's `grpc-encoding`.
    pub(super) fn push(&mut self, bytes: &[u8], encoding: &str) -> Result<()> {
        match self.take(bytes, encoding)? {
            [] => Ok(()),
            _ => Err(Error::malformed_response("invalid gRPC response: trailing data after the message")),
        }
    }

    /// Parses the next bytes, and returns those that follow the message.
    pub(super) fn take<'b>(&mut self, mut bytes: &'b [u8], encoding: &str) -> Result<&'b [u8]> {
        if self.prefix_count < PREFIX_BYTE_SIZE {
            let (prefix, rest) = bytes.split_at(bytes.len().min(PREFIX_BYTE_SIZE - self.prefix_count));
            self.prefix[self.prefix_count..self.prefix_count + prefix.len()].copy_from_slice(prefix);
            self.prefix_count += prefix.len();
            if self.prefix_count < PREFIX_BYTE_SIZE {
                return Ok(rest);
            }
            bytes = rest;
            self.begin(encoding)?;
        }
        let (own, rest) = bytes.split_at(usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len()));
        self.left -= own.len() as u64;
        match &mut self.compressed {
            None => self.reader.push(own)?,
            Some((_, have)) => have.extend_from_slice(own),
        }
        Ok(rest)
    }

    /// Returns whether all bytes of the message have arrived.
    pub(super) fn is_complete(&self) -> bool {
        self.prefix_count == PREFIX_BYTE_SIZE && self.left == 0
    }

    /// Begins the message that the prefix announces.
    fn begin(&mut self, encoding: &str) -> Result<()> {
        let [is_compressed, byte_size @ ..] = self.prefix;
        self.left = u64::from(u32::from_be_bytes(byte_size));
        if is_compressed == 0 {
            return self.reader.begin(self.left, self.context);
        }
        let was_requested = self.context.accept_encoding.is_some();
        match Compression::from_name(encoding) {
            Some(compression) if was_requested && compression != Compression::None => {
                self.context.check_response_size(self.left)?;
                self.compressed = Some((compression, Vec::new()));
                Ok(())
            }
            _ => Err(Error::malformed_response(format!(
                "invalid gRPC response: message compressed with '{}', which was not requested",
                excerpt(encoding)
            ))),
        }
    }

    pub(super) fn finish(mut self) -> Result<R::Output> {
        if self.prefix_count < PREFIX_BYTE_SIZE {
            return Err(Error::malformed_response("invalid gRPC response: missing message"));
        }
        if self.left > 0 {
            let left = self.left;
            return Err(Error::malformed_response(format!(
                "invalid gRPC response: {left} bytes are missing at the end of the message"
            )));
        }
        if let Some((compression, bytes)) = self.compressed {
            let message = compression.decompress(&bytes, self.context.max_decompressed_byte_size)?;
            self.reader.begin(message.len() as u64, &self.context.decompressed())?;
            self.reader.push(&message)?;
        }
        self.reader.finish()
    }
}
