//! The one message of a response, as it arrives: its prefix, and behind it what the prefix announces.

use crate::{
    compression::Compression,
    error::{Error, Origin, Result, Status, excerpt},
    options::CallContext,
};

/// What precedes each message: whether it is compressed, and its byte size.
pub(super) const PREFIX_BYTE_SIZE: usize = 5;

/// The prefix of a message that is not compressed.
pub(super) fn prefix(byte_size: u64) -> Result<[u8; PREFIX_BYTE_SIZE]> {
    let size = u32::try_from(byte_size).map_err(|_| {
        let message = format!(
            "the request has {byte_size} bytes, which exceeds the limit of a gRPC message of 2^32 - 1 bytes: use shared \
             memory, or HTTP (over gRPC no server accepts more than 2^31 - 1 bytes)"
        );
        Error::new(Status::ResourceExhausted, Origin::Client, message)
    })?;
    let [a, b, c, d] = size.to_be_bytes();
    Ok([0, a, b, c, d])
}

/// What a message is read into.
pub(super) trait MessageReader {
    type Output;

    /// Begins a message of so many bytes; an error if that is over the limits.
    fn begin(&mut self, byte_size: u64, context: &CallContext) -> Result<()>;

    /// Takes the next bytes of the message, of which no more come than were announced.
    fn push(&mut self, bytes: &[u8]) -> Result<()>;

    /// What the message said, once it has arrived as a whole.
    fn finish(self) -> Result<Self::Output>;
}

pub(super) struct Message<'c, R> {
    context: &'c CallContext<'c>,
    reader: R,
    prefix: [u8; PREFIX_BYTE_SIZE],
    prefixed: usize,
    /// What has not arrived of the message behind the prefix.
    left: u64,
    /// A compressed message is kept until it is whole.
    compressed: Option<(Compression, Vec<u8>)>,
}

impl<'c, R: MessageReader> Message<'c, R> {
    pub fn new(reader: R, context: &'c CallContext<'c>) -> Self {
        Self { context, reader, prefix: [0; PREFIX_BYTE_SIZE], prefixed: 0, left: 0, compressed: None }
    }

    /// Takes the next bytes. `encoding` is how the server says that its compressed messages are compressed.
    pub fn push(&mut self, mut bytes: &[u8], encoding: &str) -> Result<()> {
        if self.prefixed < PREFIX_BYTE_SIZE {
            let (prefix, rest) = bytes.split_at(bytes.len().min(PREFIX_BYTE_SIZE - self.prefixed));
            self.prefix[self.prefixed..self.prefixed + prefix.len()].copy_from_slice(prefix);
            self.prefixed += prefix.len();
            if self.prefixed < PREFIX_BYTE_SIZE {
                return Ok(());
            }
            bytes = rest;
            self.begin(encoding)?;
        }
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or_else(|| {
            Error::malformed_response("invalid gRPC response: a second message, or one longer than announced")
        })?;
        match &mut self.compressed {
            None => self.reader.push(bytes),
            Some((_, have)) => {
                have.extend_from_slice(bytes);
                Ok(())
            }
        }
    }

    /// Reads the prefix.
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
                "invalid gRPC response: the message is compressed with '{}', which was not requested",
                excerpt(encoding)
            ))),
        }
    }

    pub fn finish(mut self) -> Result<R::Output> {
        if self.prefixed < PREFIX_BYTE_SIZE {
            return Err(Error::malformed_response("invalid gRPC response: missing message"));
        }
        if self.left > 0 {
            let left = self.left;
            return Err(Error::malformed_response(format!(
                "invalid gRPC response: the message ends {left} bytes early"
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
