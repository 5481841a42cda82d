//! The one message of an answer, as it arrives: its prefix, and behind it what the prefix says.

use std::io::Read;

use super::codec::{PREFIX_BYTE_SIZE, ResponseReader};
use crate::{
    compression::{Compression, fault},
    error::{Error, Result, excerpt},
    infer::{InferResult, place::Places},
    options::CallContext,
};

pub(super) struct Message<'r, 'c> {
    context: &'c CallContext<'c>,
    /// What the server says of its messages; each says itself whether it is so.
    encoding: String,
    prefix: [u8; PREFIX_BYTE_SIZE],
    prefixed: usize,
    reader: Option<Reader<'r>>,
}

#[allow(clippy::large_enum_variant)] // One for each call, and the large one for nearly all.
enum Reader<'r> {
    Plain(ResponseReader<'r>),
    /// A compressed message is kept until it is whole; `left` is what has not arrived.
    Compressed {
        compression: Compression,
        bytes: Vec<u8>,
        left: u64,
    },
}

impl<'r, 'c> Message<'r, 'c> {
    pub fn new(encoding: &str, context: &'c CallContext<'c>) -> Self {
        let encoding = encoding.to_owned();
        Self { context, encoding, prefix: [0; PREFIX_BYTE_SIZE], prefixed: 0, reader: None }
    }

    pub fn push(&mut self, mut bytes: &[u8], places: &mut Places<'r>) -> Result<()> {
        while self.prefixed < PREFIX_BYTE_SIZE {
            let Some((first, rest)) = bytes.split_first() else { return Ok(()) };
            self.prefix[self.prefixed] = *first;
            self.prefixed += 1;
            bytes = rest;
        }
        if self.reader.is_none() {
            self.reader = Some(self.begin()?);
        }
        match &mut self.reader {
            Some(Reader::Plain(reader)) => reader.push(bytes, places),
            Some(Reader::Compressed { bytes: have, left, .. }) => {
                *left = left
                    .checked_sub(bytes.len() as u64)
                    .ok_or_else(|| Error::broken_answer("the answer's message is longer than announced"))?;
                have.extend_from_slice(bytes);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// What the prefix says.
    fn begin(&self) -> Result<Reader<'r>> {
        let [is_compressed, byte_size @ ..] = self.prefix;
        let byte_size = u64::from(u32::from_be_bytes(byte_size));
        if is_compressed == 0 {
            return Ok(Reader::Plain(ResponseReader::new(byte_size, self.context)?));
        }
        // Nobody asked for one, so nobody has to know it.
        let asked = self.context.accept_encoding.is_some();
        match Compression::from_name(&self.encoding) {
            Some(compression) if asked && compression != Compression::None => {
                self.context.check_answer_size(byte_size)?;
                Ok(Reader::Compressed { compression, bytes: Vec::new(), left: byte_size })
            }
            _ => Err(Error::broken_answer(format!(
                "the answer's message is compressed as '{}', and nobody asked for that",
                excerpt(&self.encoding)
            ))),
        }
    }

    pub fn finish(self, places: &mut Places<'r>) -> Result<InferResult> {
        match self.reader {
            Some(Reader::Plain(reader)) => reader.finish(places),
            Some(Reader::Compressed { left: 1.., .. }) => {
                Err(Error::broken_answer("the answer's message is shorter than announced"))
            }
            Some(Reader::Compressed { compression, bytes, .. }) => {
                let mut message = Vec::new();
                let limit = self.context.max_decompressed_byte_size;
                compression.decompress(&bytes[..], limit).read_to_end(&mut message).map_err(|error| {
                    let damaged = || Error::broken_answer("the answer's message can't be decompressed");
                    fault(&error).unwrap_or_else(|| damaged().with_source(error))
                })?;
                let context = self.context.decompressed();
                let mut reader = ResponseReader::new(message.len() as u64, &context)?;
                reader.push(&message, places)?;
                reader.finish(places)
            }
            None => Err(Error::broken_answer("the answer is no gRPC: it has no message")),
        }
    }
}
