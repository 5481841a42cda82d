//! Encodes `ModelInferRequest` without copying the caller's tensors, and decodes `ModelInferResponse`
//! directly into aligned memory as its bytes arrive. All other messages are small and handled by prost.

use std::ops::Range;

use bytes::Bytes;
use prost::{Message, Name};

use super::{
    contents,
    message::{MessageReader, PREFIX_BYTE_SIZE, prefix},
    parameters,
};
use crate::{
    compression::Compression,
    error::{Error, Origin, Result, Status, excerpt},
    infer::{
        InferInput, InferOutput, InferRequest, InferResult, MAX_RANK, OutputHead, RequestedOutput, Source,
        check_output_count, check_output_names,
        place::{Data, Place, Places},
        rank_error,
    },
    lend::Segment,
    options::CallContext,
    proto::{
        self,
        inference::{ModelInferResponse, model_infer_response::InferOutputTensor},
        wire::{
            FIXED32, FIXED64, LENGTH, VARINT, Value, put_key, put_message, put_string, put_varint,
            take_field, take_varint,
        },
    },
};

/// Field numbers of `ModelInferRequest`.
mod request_field {
    pub(super) const MODEL_NAME: u64 = 1;
    pub(super) const MODEL_VERSION: u64 = 2;
    pub(super) const ID: u64 = 3;
    pub(super) const PARAMETERS: u64 = 4;
    pub(super) const INPUTS: u64 = 5;
    pub(super) const OUTPUTS: u64 = 6;
    pub(super) const RAW_INPUT_CONTENTS: u64 = 7;
}

/// Field numbers of `ModelInferRequest.InferInputTensor`.
mod input_field {
    pub(super) const NAME: u64 = 1;
    pub(super) const DATATYPE: u64 = 2;
    pub(super) const SHAPE: u64 = 3;
    pub(super) const PARAMETERS: u64 = 4;
    pub(super) const CONTENTS: u64 = 5;
}

/// Field numbers of `ModelInferRequest.InferRequestedOutputTensor`.
mod output_field {
    pub(super) const NAME: u64 = 1;
    pub(super) const PARAMETERS: u64 = 2;
}

/// Field numbers of `ModelInferResponse`.
mod response_field {
    pub(super) const MODEL_NAME: u64 = 1;
    pub(super) const MODEL_VERSION: u64 = 2;
    pub(super) const ID: u64 = 3;
    pub(super) const PARAMETERS: u64 = 4;
    pub(super) const OUTPUTS: u64 = 5;
    pub(super) const RAW_OUTPUT_CONTENTS: u64 = 6;
}

/// Field numbers of `ModelInferResponse.InferOutputTensor`.
mod output_tensor_field {
    pub(super) const NAME: u64 = 1;
    pub(super) const DATATYPE: u64 = 2;
    pub(super) const SHAPE: u64 = 3;
    pub(super) const PARAMETERS: u64 = 4;
    pub(super) const CONTENTS: u64 = 5;
}

/// An encoded `ModelInferRequest` with its gRPC prefix, as chunks in the order in which they are sent.
pub(crate) struct Encoded<'a> {
    /// Everything that is not tensor data.
    framing: Vec<u8>,
    chunks: Vec<Chunk<'a>>,
}

enum Chunk<'a> {
    /// A range of [`Encoded::framing`].
    Framing(Range<usize>),
    Tensor(Segment<'a>),
}

impl<'a> Encoded<'a> {
    /// Encodes a request. Returns RESOURCE_EXHAUSTED if the message exceeds the size limit, or the 4 GiB that
    /// the prefix can represent.
    pub(crate) fn new(request: &InferRequest<'a>, context: &CallContext) -> Result<Self> {
        super::check_http_only(context)?;
        check(request)?;
        let count = request.inputs().len() * 2 + 1;
        let mut encoded = Self { framing: Vec::with_capacity(512), chunks: Vec::with_capacity(count) };
        let framing = &mut encoded.framing;
        framing.extend_from_slice(&[0; PREFIX_BYTE_SIZE]);
        let (model, version) = request.model();
        put_string(framing, request_field::MODEL_NAME, model);
        put_string(framing, request_field::MODEL_VERSION, version);
        put_string(framing, request_field::ID, request.request_id());
        parameters::put_settings(framing, request_field::PARAMETERS, request.settings());
        for input in request.inputs() {
            let mut outcome = Ok(());
            put_message(framing, request_field::INPUTS, |tensor| outcome = put_input(tensor, input));
            outcome.map_err(|error| error.context(format_args!("input '{}'", input.name())))?;
        }
        for output in request.outputs() {
            put_message(framing, request_field::OUTPUTS, |tensor| put_output(tensor, output));
        }
        let mut start = 0;
        // Inputs in shared memory have no entry.
        for input in request.inputs().iter().filter(|input| input.is_binary()) {
            // An empty tensor has an entry too: servers match entries with inputs by position.
            put_key(&mut encoded.framing, request_field::RAW_INPUT_CONTENTS, LENGTH);
            put_varint(&mut encoded.framing, input.byte_size());
            encoded.chunks.push(Chunk::Framing(start..encoded.framing.len()));
            start = encoded.framing.len();
            encoded.chunks.extend(input.segments().iter().cloned().map(Chunk::Tensor));
        }
        encoded.chunks.push(Chunk::Framing(start..encoded.framing.len()));
        encoded.finish(context)
    }

    /// Adds the prefix to a message that is encoded already.
    pub(crate) fn from_message(message: &'a [u8], context: &CallContext) -> Result<Self> {
        super::check_http_only(context)?;
        let framing = vec![0; PREFIX_BYTE_SIZE];
        let chunks = vec![Chunk::Framing(0..PREFIX_BYTE_SIZE), Chunk::Tensor(Segment::borrowed(message))];
        Self { framing, chunks }.finish(context)
    }

    /// Compresses the message if requested, and writes its prefix.
    fn finish(mut self, context: &CallContext) -> Result<Self> {
        context.check_request_size(self.byte_size())?;
        if context.request_compression != Compression::None {
            self.compress(context.request_compression)?;
        }
        let [_, size @ ..] = prefix(self.byte_size())?;
        self.framing[1..PREFIX_BYTE_SIZE].copy_from_slice(&size);
        Ok(self)
    }

    /// Returns a copy of the message and its prefix. RESOURCE_EXHAUSTED above 2^31 - 1 bytes, which no server
    /// accepts.
    pub(crate) fn copy(&self) -> Result<Bytes> {
        let byte_size = self.byte_size();
        if i32::try_from(byte_size).is_err() {
            let message = format!(
                "the request has {byte_size} bytes, which exceeds the limit of 2^31 - 1 bytes of gRPC servers: \
                 use shared memory"
            );
            return Err(Error::new(Status::ResourceExhausted, Origin::Client, message));
        }
        let mut copy = Vec::with_capacity(byte_size as usize + PREFIX_BYTE_SIZE);
        self.chunks().for_each(|chunk| copy.extend_from_slice(chunk));
        Ok(copy.into())
    }

    pub(crate) fn chunks(&self) -> impl Iterator<Item = &[u8]> {
        self.chunks.iter().map(|chunk| match chunk {
            Chunk::Framing(range) => &self.framing[range.clone()],
            Chunk::Tensor(segment) => segment.bytes(),
        })
    }

    /// Replaces the message by its compressed form.
    fn compress(&mut self, compression: Compression) -> Result<()> {
        let plain = self.chunks().enumerate();
        // The prefix is the start of the first chunk and is never compressed.
        let plain = plain.map(|(at, chunk)| if at == 0 { &chunk[PREFIX_BYTE_SIZE..] } else { chunk });
        let message = compression.compress(plain)?;
        self.framing.clear();
        self.framing.extend_from_slice(&[1, 0, 0, 0, 0]);
        self.framing.extend_from_slice(&message);
        self.chunks = vec![Chunk::Framing(0..self.framing.len())];
        Ok(())
    }

    /// Returns the size of the message without its prefix.
    fn byte_size(&self) -> u64 {
        self.chunks().map(|chunk| chunk.len() as u64).sum::<u64>() - PREFIX_BYTE_SIZE as u64
    }
}

/// Checks that a request uses only what gRPC supports.
fn check(request: &InferRequest) -> Result<()> {
    if request.settings().raw_body {
        return Err(Error::invalid("a raw body is unsupported over gRPC: use HTTP"));
    }
    let (mut binary, mut typed) = (None, None);
    for input in request.inputs() {
        match input.source() {
            Source::Json(_) => {
                let message = format!("input '{}': JSON text is unsupported over gRPC", input.name());
                return Err(Error::invalid(message));
            }
            Source::Segments(_) if input.is_json() => typed = Some(input.name()),
            Source::Segments(_) => binary = Some(input.name()),
            Source::Region(_) => {}
        }
    }
    match (binary, typed) {
        (Some(binary), Some(typed)) => Err(Error::invalid(format!(
            "input '{typed}' is sent as typed contents and input '{binary}' as binary data: gRPC requires \
             the same form for all inputs"
        ))),
        _ => Ok(()),
    }
}

fn put_input(tensor: &mut Vec<u8>, input: &InferInput) -> Result<()> {
    put_string(tensor, input_field::NAME, input.name());
    put_string(tensor, input_field::DATATYPE, input.datatype().name());
    if !input.shape().is_empty() {
        put_message(tensor, input_field::SHAPE, |packed| {
            input.shape().iter().for_each(|&dimension| put_varint(packed, dimension as u64));
        });
    }
    if let Some(region) = input.region() {
        parameters::put_region(tensor, input_field::PARAMETERS, region);
    }
    parameters::put_all(tensor, input_field::PARAMETERS, input.parameters());
    let mut outcome = Ok(());
    if input.is_json() && input.region().is_none() {
        put_message(tensor, input_field::CONTENTS, |message| {
            outcome = contents::put(message, input.datatype(), &input.joined());
        });
    }
    outcome
}

fn put_output(tensor: &mut Vec<u8>, output: &RequestedOutput) {
    put_string(tensor, output_field::NAME, output.name());
    parameters::put_class_count(tensor, output_field::PARAMETERS, output.class_count());
    if let Some(region) = output.region() {
        parameters::put_region(tensor, output_field::PARAMETERS, region);
    }
    parameters::put_all(tensor, output_field::PARAMETERS, output.parameters());
}

/// An incremental parser of `ModelInferResponse`, for input split at any position. Raw outputs are received
/// directly into their aligned memory. Allocations never exceed the announced size of the message.
pub(super) struct ResponseReader<'r> {
    /// Bytes of the message that have not arrived.
    left: u64,
    /// The bytes that fields other than raw contents may still take. Like compressed data, typed contents
    /// expand to a multiple of their size on the wire.
    left_outside_raw: u64,
    state: State,
    /// The bytes of a buffered field that have arrived.
    field: Vec<u8>,
    result: InferResult,
    /// Each with its typed contents.
    tensors: Vec<(OutputHead, Vec<u8>)>,
    /// `None` for an empty entry: the output has typed contents or is in shared memory.
    raw: Vec<Option<Place<'r>>>,
}

enum State {
    /// In a field's key and the varint that follows it: the bytes that have arrived.
    Head { bytes: [u8; MAX_HEAD_BYTE_SIZE], count: usize },
    /// In a field that is buffered until it is complete.
    Buffered { number: u64, left: u64 },
    /// In the raw contents of the last entry of `raw`.
    Raw,
    /// In an unknown field.
    Skip { left: u64 },
}

/// Two varints of at most 10 bytes each.
pub(super) const MAX_HEAD_BYTE_SIZE: usize = 20;
const AT_KEY: State = State::Head { bytes: [0; MAX_HEAD_BYTE_SIZE], count: 0 };

impl<'r> ResponseReader<'r> {
    /// Creates a reader of a message of `byte_size` bytes. Returns RESOURCE_EXHAUSTED if that exceeds the
    /// limit.
    pub(super) fn new(byte_size: u64, context: &CallContext) -> Result<Self> {
        context.check_response_size(byte_size)?;
        Ok(Self::within(byte_size, context.max_parsed_byte_size()))
    }

    /// Creates a reader of a message of `byte_size` bytes, whose fields other than raw contents have at most
    /// `max_outside_raw`.
    pub(super) fn within(byte_size: u64, max_outside_raw: u64) -> Self {
        Self {
            left: byte_size,
            left_outside_raw: max_outside_raw,
            state: AT_KEY,
            field: Vec::new(),
            result: InferResult::default(),
            tensors: Vec::new(),
            raw: Vec::new(),
        }
    }

    /// Continues with another message of the same field, whose content protobuf merges with that before.
    /// Returns an error if that is incomplete.
    pub(super) fn merge(&mut self, byte_size: u64) -> Result<()> {
        self.check_complete()?;
        self.left = byte_size;
        Ok(())
    }

    fn check_complete(&self) -> Result<()> {
        if self.left > 0 {
            return Err(malformed(&format!("{} bytes are missing at its end", self.left)));
        }
        if !matches!(self.state, State::Head { count: 0, .. }) {
            return Err(malformed("truncated field"));
        }
        Ok(())
    }

    /// Parses the next bytes of the message.
    pub(super) fn push(&mut self, mut bytes: &[u8], places: &mut Places<'r>) -> Result<()> {
        self.left =
            self.left.checked_sub(bytes.len() as u64).ok_or_else(|| malformed("longer than announced"))?;
        while !bytes.is_empty() {
            if matches!(self.state, State::Head { count: 0, .. })
                && let Some((head, length)) = Head::parse(bytes)?
            {
                bytes = &bytes[length..];
                self.begin(head, self.left + bytes.len() as u64, places)?;
                continue;
            }
            match &mut self.state {
                State::Head { bytes: head, count } => {
                    let (Some(to), Some((&first, rest))) = (head.get_mut(*count), bytes.split_first()) else {
                        return Err(malformed("varint of more than 10 bytes"));
                    };
                    *to = first;
                    *count += 1;
                    bytes = rest;
                    if let Some((head, _)) = Head::parse(&head[..*count])? {
                        self.begin(head, self.left + bytes.len() as u64, places)?;
                    }
                }
                State::Buffered { number, left } => {
                    let (number, (taken, rest)) = (*number, split(bytes, *left));
                    *left -= taken.len() as u64;
                    let is_complete = *left == 0;
                    bytes = rest;
                    if self.field.is_empty() && is_complete {
                        self.end_buffered(number, taken)?;
                        continue;
                    }
                    self.field.extend_from_slice(taken);
                    if is_complete {
                        let field = std::mem::take(&mut self.field);
                        self.end_buffered(number, &field)?;
                    }
                }
                State::Raw => {
                    let Some(Some(place)) = self.raw.last_mut() else {
                        return Err(malformed("missing output"));
                    };
                    bytes = place.fill(bytes);
                    if place.is_full() {
                        self.state = AT_KEY;
                    }
                }
                State::Skip { left } => {
                    let (taken, rest) = split(bytes, *left);
                    *left -= taken.len() as u64;
                    bytes = rest;
                    if *left == 0 {
                        self.state = AT_KEY;
                    }
                }
            }
        }
        Ok(())
    }

    /// Begins a field whose head is followed by `left` bytes of the message.
    fn begin(&mut self, head: Head, left: u64, places: &mut Places<'r>) -> Result<()> {
        use response_field::{ID, MODEL_NAME, MODEL_VERSION, OUTPUTS, PARAMETERS, RAW_OUTPUT_CONTENTS};
        self.state = match head {
            Head::Number => AT_KEY,
            Head::Value { byte_size, .. } if byte_size > left => {
                return Err(malformed(&format!(
                    "a field of {byte_size} bytes exceeds the {left} bytes left of the message"
                )));
            }
            Head::Value { field: RAW_OUTPUT_CONTENTS, byte_size, is_length_delimited: true } => {
                // All known servers send outputs before raw contents. If one does not, `finish` copies the
                // data to the caller's buffer.
                check_output_count(self.raw.len() + 1)?;
                let name = self.tensors.get(self.raw.len()).map_or("", |(tensor, _)| &tensor.name);
                if byte_size == 0 {
                    self.raw.push(None);
                    AT_KEY
                } else {
                    self.raw.push(Some(places.place(name, byte_size)?));
                    State::Raw
                }
            }
            Head::Value {
                field: number @ (MODEL_NAME | MODEL_VERSION | ID | PARAMETERS | OUTPUTS),
                byte_size,
                is_length_delimited: true,
            } => {
                let left = self.left_outside_raw.checked_sub(byte_size);
                self.left_outside_raw = left.ok_or_else(|| {
                    let left = self.left_outside_raw;
                    let message = format!(
                        "a field of {byte_size} bytes other than raw contents exceeds the {left} bytes left \
                         for such fields (a quarter of option max_decompressed_byte_size for all of them)"
                    );
                    Error::new(Status::ResourceExhausted, Origin::Client, message).in_doubt(true)
                })?;
                if byte_size == 0 {
                    return self.end_buffered(number, &[]);
                }
                State::Buffered { number, left: byte_size }
            }
            Head::Value { byte_size: 0, .. } => AT_KEY,
            Head::Value { byte_size, .. } => State::Skip { left: byte_size },
        };
        Ok(())
    }

    /// Parses a field that is complete.
    fn end_buffered(&mut self, number: u64, field: &[u8]) -> Result<()> {
        self.state = AT_KEY;
        if number == response_field::OUTPUTS {
            check_output_count(self.tensors.len() + 1)?;
            self.tensors.push(read_output(field)?);
            return Ok(());
        }
        if number == response_field::PARAMETERS {
            // On the wire a map entry is a repeated field of the message that contains the map.
            let mut message = Vec::with_capacity(field.len() + 8);
            put_field(&mut message, number, field);
            let message: ModelInferResponse = decode(&message)?;
            parameters::read(message.parameters, &mut self.result.parameters);
            return Ok(());
        }
        // Lossy, although protobuf requires UTF-8: an invalid name must not make the tensors unreadable.
        let text = String::from_utf8_lossy(field).into_owned();
        match number {
            response_field::MODEL_NAME => self.result.model_name = text,
            response_field::MODEL_VERSION => self.result.model_version = text,
            _ => self.result.id = text,
        }
        Ok(())
    }

    /// Returns the result, or an error if the message is incomplete.
    pub(super) fn finish(mut self, places: &mut Places<'r>) -> Result<InferResult> {
        self.check_complete()?;
        if self.raw.len() > self.tensors.len() {
            let (raw, tensors) = (self.raw.len(), self.tensors.len());
            return Err(malformed(&format!("{raw} raw outputs for {tensors} outputs")));
        }
        let has_raw = !self.raw.is_empty();
        let mut raw = self.raw.into_iter();
        self.result.outputs.reserve_exact(self.tensors.len());
        for (mut head, contents) in self.tensors {
            let entry = raw.next();
            let is_missing = has_raw && entry.is_none();
            let data = match entry.flatten() {
                None if contents.is_empty() && places.is_shared(&head.name, &head.shape) => Data::Shared,
                None => {
                    // An empty output may come without typed contents, but not among raw ones.
                    if is_missing && contents.is_empty() {
                        head.check_has_data()?;
                    }
                    head.complete_shape(&contents)?;
                    places.copy(&head.name, &contents)?
                }
                Some(mut place) => {
                    head.complete_shape(place.filled())?;
                    // Data that arrived before the output's name was not received into the caller's buffer.
                    match places.is_lent(&head.name) {
                        true => places.copy(&head.name, place.into_data().bytes().unwrap_or_default())?,
                        false => place.into_data(),
                    }
                }
            };
            self.result.outputs.push(InferOutput::new(head, data)?);
        }
        check_output_names(&self.result.outputs)?;
        Ok(self.result)
    }
}

/// Decodes a small message. Its strings may be invalid UTF-8, which must not make the tensors unreadable.
fn decode<M: Message + Name + Default>(bytes: &[u8]) -> Result<M> {
    M::decode(bytes).or_else(|_| {
        proto::decode(bytes, u64::MAX).map_err(|error| match error {
            proto::DecodeError::Malformed(error) => malformed(&error),
            proto::DecodeError::Parts => malformed("too many fields"),
        })
    })
}

fn put_field(to: &mut Vec<u8>, number: u64, field: &[u8]) {
    put_key(to, number, LENGTH);
    put_varint(to, field.len() as u64);
    to.extend_from_slice(field);
}

/// Decodes an `InferOutputTensor`; its typed contents are returned separately. Not with prost, which takes
/// three times as long for small tensors and does not limit the number of dimensions.
fn read_output(field: &[u8]) -> Result<(OutputHead, Vec<u8>)> {
    use output_tensor_field::{CONTENTS, DATATYPE, NAME, PARAMETERS, SHAPE};
    let (mut head, mut parameters, mut typed) = (OutputHead::default(), Vec::new(), Vec::new());
    let mut rest = field;
    while !rest.is_empty() {
        let (number, value, after) = take_field(rest).map_err(|error| malformed(&error))?;
        match (number, value) {
            (NAME, Value::Bytes(name)) => head.name = String::from_utf8_lossy(name).into_owned(),
            (DATATYPE, Value::Bytes(name)) => {
                head.set_datatype(&String::from_utf8_lossy(name));
            }
            (SHAPE, Value::Bytes(mut packed)) => {
                // Counted before decoding: a dimension takes one byte here, and eight decoded.
                let rank = head.shape.len() + packed.iter().filter(|byte| **byte < 0x80).count();
                if rank > MAX_RANK {
                    return Err(rank_error(&head.name, rank));
                }
                while !packed.is_empty() {
                    let (dimension, after) = take_varint(packed)
                        .and_then(|taken| taken.ok_or_else(|| "truncated shape".to_owned()))
                        .map_err(|error| malformed(&error))?;
                    head.shape.push(dimension as i64);
                    packed = after;
                }
            }
            (SHAPE, Value::Number(dimension)) => {
                if head.shape.len() == MAX_RANK {
                    return Err(rank_error(&head.name, MAX_RANK + 1));
                }
                head.shape.push(dimension as i64);
            }
            (PARAMETERS, Value::Bytes(entry)) => put_field(&mut parameters, PARAMETERS, entry),
            (CONTENTS, Value::Bytes(contents)) => typed.push(contents),
            (NAME | DATATYPE | SHAPE | PARAMETERS | CONTENTS, _) => {
                return Err(malformed(&format!("unexpected wire type of field {number} of an output")));
            }
            _ => {}
        }
        rest = after;
    }
    if !parameters.is_empty() {
        let tensor: InferOutputTensor = decode(&parameters)?;
        parameters::read(tensor.parameters, &mut head.parameters);
    }
    if typed.is_empty() {
        return Ok((head, Vec::new()));
    }
    let contents = contents::read(&typed, head.datatype(), head.byte_size()?)
        .map_err(|error| malformed(&format!("output '{}': {error}", excerpt(&head.name))))?;
    Ok((head, contents))
}

/// Reads the response of an inference into the memory that `places` provides.
pub(super) struct InferReader<'p, 'r> {
    places: &'p mut Places<'r>,
    reader: Option<ResponseReader<'r>>,
}

impl<'p, 'r> InferReader<'p, 'r> {
    pub(super) fn new(places: &'p mut Places<'r>) -> Self {
        Self { places, reader: None }
    }
}

impl MessageReader for InferReader<'_, '_> {
    type Output = InferResult;

    fn begin(&mut self, byte_size: u64, context: &CallContext) -> Result<()> {
        self.reader = Some(ResponseReader::new(byte_size, context)?);
        Ok(())
    }

    fn push(&mut self, bytes: &[u8]) -> Result<()> {
        self.reader.as_mut().map_or(Ok(()), |reader| reader.push(bytes, self.places))
    }

    fn finish(self) -> Result<InferResult> {
        let reader = self.reader.ok_or_else(|| malformed("missing message"))?;
        reader.finish(self.places)
    }
}

/// The start of a field: its key and the varint that follows it.
pub(super) enum Head {
    /// The varint was the value.
    Number,
    /// The value follows.
    Value { field: u64, byte_size: u64, is_length_delimited: bool },
}

impl Head {
    /// Parses a head and returns its size too; `None` if it is incomplete.
    pub(super) fn parse(bytes: &[u8]) -> Result<Option<(Self, usize)>> {
        let Some((key, rest)) = take_varint(bytes).map_err(|error| malformed(&error))? else {
            return Ok(None);
        };
        let field = key >> 3;
        let (head, rest) = match key & 7 {
            _ if field == 0 => return Err(malformed("invalid field number 0")),
            kind @ (VARINT | LENGTH) => match take_varint(rest).map_err(|error| malformed(&error))? {
                None => return Ok(None),
                Some((_, rest)) if kind == VARINT => (Self::Number, rest),
                Some((byte_size, rest)) => {
                    (Self::Value { field, byte_size, is_length_delimited: true }, rest)
                }
            },
            FIXED64 => (Self::Value { field, byte_size: 8, is_length_delimited: false }, rest),
            FIXED32 => (Self::Value { field, byte_size: 4, is_length_delimited: false }, rest),
            other => return Err(malformed(&format!("unsupported wire type {other}"))),
        };
        Ok(Some((head, bytes.len() - rest.len())))
    }
}

/// Splits off at most `max` bytes.
pub(super) fn split(bytes: &[u8], max: u64) -> (&[u8], &[u8]) {
    bytes.split_at(usize::try_from(max).unwrap_or(usize::MAX).min(bytes.len()))
}

fn malformed(reason: &str) -> Error {
    Error::malformed_response(format!("malformed ModelInferResponse: {reason}"))
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::{
        infer::place::Buffers,
        options::{CallOptions, ClientOptions},
        proto::inference::{InferParameter, ModelInferRequest, ModelInferResponse},
    };

    fn context() -> CallContext<'static> {
        static CALL: CallOptions = CallOptions::DEFAULT;
        static CLIENT: LazyLock<ClientOptions> = LazyLock::new(ClientOptions::new);
        CallContext::new(&CLIENT, &CALL)
    }

    fn read(message: &[u8], chunk: usize) -> Result<InferResult> {
        read_cut(message, message.len(), chunk, &InferRequest::new("m"))
    }

    /// Reads the first `cut` bytes of a message.
    fn read_cut(message: &[u8], cut: usize, chunk: usize, request: &InferRequest) -> Result<InferResult> {
        let buffers = Buffers::new(0);
        let mut places = Places::new(request, &buffers)?;
        let mut reader = ResponseReader::new(message.len() as u64, &context())?;
        message[..cut].chunks(chunk.max(1)).try_for_each(|bytes| reader.push(bytes, &mut places))?;
        reader.finish(&mut places)
    }

    fn response() -> ModelInferResponse {
        let tensor = |name: &str, datatype: &str, shape: &[i64]| InferOutputTensor {
            name: name.to_owned(),
            datatype: datatype.to_owned(),
            shape: shape.to_owned(),
            ..Default::default()
        };
        ModelInferResponse {
            model_name: "m".to_owned(),
            model_version: "1".to_owned(),
            id: "some id".to_owned(),
            parameters: [("p".to_owned(), InferParameter::default())].into(),
            outputs: vec![
                tensor("A", "INT32", &[300]),
                tensor("B", "FP64", &[0]),
                tensor("C", "BYTES", &[1]),
            ],
            raw_output_contents: vec![vec![7; 1200].into(), vec![].into(), vec![1, 0, 0, 0, b'x'].into()],
        }
    }

    #[test]
    fn a_request_decodes_with_prost_and_encodes_again_to_the_same_bytes() {
        let (a, b) = ([1i32; 40], [2.0f64; 0]);
        let request = InferRequest::new("simple")
            .model_version("3")
            .id("id")
            .input("A", &[1, 40], &a)
            .input("B", &[0], &b)
            .input_strings("S", &[], &["x"])
            .output("O");
        let encoded = Encoded::new(&request, &context()).unwrap();
        let bytes = encoded.chunks().collect::<Vec<_>>().concat();
        let (prefix, bytes) = bytes.split_at(PREFIX_BYTE_SIZE);
        assert_eq!(prefix, [&[0][..], &(bytes.len() as u32).to_be_bytes()].concat());
        let message = ModelInferRequest::decode(bytes).unwrap();
        assert_eq!(message.encode_to_vec(), bytes);
        assert_eq!((message.model_name.as_str(), message.model_version.as_str()), ("simple", "3"));
        assert_eq!((message.id.as_str(), message.outputs[0].name.as_str()), ("id", "O"));
        assert_eq!(message.inputs[0].shape, [1, 40]);
        assert_eq!(message.inputs[2].datatype, "BYTES");
        assert_eq!(message.raw_input_contents[0], bytemuck::cast_slice::<i32, u8>(&a));
        assert_eq!(message.raw_input_contents[1..], [&b""[..], b"\x01\0\0\0x"]);
    }

    #[test]
    fn a_response_is_parsed_from_chunks_of_any_size() {
        let message = response().encode_to_vec();
        for chunk in [1, 2, 3, 7, 64, 1199, message.len()] {
            let result = read(&message, chunk).unwrap();
            assert_eq!((result.model_name(), result.model_version(), result.id()), ("m", "1", "some id"));
            assert_eq!(result.output("A").unwrap().as_slice::<i32>().unwrap(), [0x07070707; 300]);
            assert_eq!(result.output("B").unwrap().as_slice::<f64>().unwrap(), [0.0; 0]);
            assert_eq!(result.output("C").unwrap().strings().unwrap(), [b"x"]);
        }
    }

    #[test]
    fn an_output_is_written_to_the_callers_buffer_in_any_order_of_fields() {
        let (head, data) = {
            let whole = response();
            let head = ModelInferResponse { raw_output_contents: vec![], ..whole.clone() };
            let data =
                ModelInferResponse { raw_output_contents: whole.raw_output_contents, ..Default::default() };
            (head.encode_to_vec(), data.encode_to_vec())
        };
        for message in [[&head[..], &data].concat(), [&data[..], &head].concat()] {
            let mut buffer = [0; 1300];
            let mut request = InferRequest::new("m").output("B").output("A");
            request.output_mut(1).unwrap().set_buffer(&mut buffer);
            let result = read_cut(&message, message.len(), 100, &request).unwrap();
            assert_eq!(
                (result.output("A").unwrap().byte_size(), result.output("A").unwrap().data()),
                (1200, &[][..])
            );
            drop(request);
            assert!(buffer[..1200] == [7; 1200] && buffer[1200..] == [0; 100]);
        }
    }

    #[test]
    fn a_corrupted_response_never_panics_and_a_truncated_one_is_an_error() {
        let message = response().encode_to_vec();
        for cut in 0..message.len() {
            assert!(read_cut(&message, cut, 1000, &InferRequest::new("m")).is_err());
        }
        for at in 0..message.len() {
            for byte in [0, 0x7f, 0x80, 0xff, message[at] ^ 1] {
                let mut message = message.clone();
                message[at] = byte;
                let _ = read(&message, 5);
            }
        }
        assert!(read(&[0xff; 64], 64).is_err());
    }

    #[test]
    fn a_message_that_ends_within_a_field_is_reported_as_truncated() {
        // A key without its length, and with a part of it, at the end of a complete message.
        for end in [&[0x0a][..], &[0x0a, 0x80], &[0x80]] {
            let message = [&response().encode_to_vec(), end].concat();
            for chunk in [1, message.len()] {
                let error = read(&message, chunk).unwrap_err();
                assert_eq!(error.to_string(), "malformed ModelInferResponse: truncated field", "{end:?}");
            }
        }
    }

    #[test]
    fn a_length_beyond_the_message_is_refused_before_memory_is_allocated() {
        // Raw contents of 2^63 bytes.
        let message = [0x32, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0, 0];
        assert!(read(&message, 1).unwrap_err().to_string().contains("exceeds the 2 bytes left"));
        let mut options = ClientOptions::new();
        let options = options.set_max_message_byte_size(10).unwrap();
        let call = CallOptions::new();
        let context = CallContext::new(options, &call);
        assert!(ResponseReader::new(10, &context).is_ok());
        assert!(ResponseReader::new(11, &context).is_err());
    }

    #[test]
    fn a_shape_of_too_many_dimensions_is_refused_before_it_is_decoded() {
        let shape = |rank| {
            let mut response = response();
            response.outputs[1].shape = vec![0; rank];
            response
        };
        let result = read(&shape(MAX_RANK).encode_to_vec(), 1000).unwrap();
        assert_eq!(result.outputs()[1].shape().len(), MAX_RANK);
        // A megabyte of them would take 8 MiB decoded.
        for rank in [MAX_RANK + 1, 1 << 20] {
            let error = read(&shape(rank).encode_to_vec(), 4096).unwrap_err();
            let message = format!("output 'B' of the response has {rank} dimensions, more than {MAX_RANK}");
            assert_eq!(error.to_string(), message);
        }
        let field = [&b"\x0a\x01U"[..], &[0x18, 1].repeat(MAX_RANK + 1)].concat();
        assert!(read_output(&field).unwrap_err().to_string().contains("'U'"));
    }
}
