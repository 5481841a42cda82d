//! The messages of a stream: each a `ModelStreamInferResponse`, parsed as its bytes arrive.

use std::sync::Arc;

use bytes::{Buf, Bytes};

use super::{
    codec::{Head, MAX_HEAD_BYTE_SIZE, ResponseReader, split},
    message::{Message, MessageReader},
};
use crate::{
    error::{Error, Result},
    infer::{
        InferResult,
        place::{Buffers, Places},
    },
    options::CallContext,
};

/// Field numbers of `ModelStreamInferResponse`.
const ERROR_MESSAGE: u64 = 1;
const INFER_RESPONSE: u64 = 2;

/// The maximum size of an error's text that is kept; an error shows at most its first 8 KiB.
const MAX_TEXT_BYTE_SIZE: usize = 64 << 10;

/// A message of a stream: a response, or the error of a request. Of an error the result holds what identifies
/// the request.
#[derive(Debug)]
pub(super) struct Received {
    pub error: Option<String>,
    pub result: InferResult,
}

/// An incremental parser of the messages of a stream, for input split at any position.
pub(super) struct Messages<'c> {
    context: &'c CallContext<'c>,
    buffers: &'c Arc<Buffers>,
    /// The `grpc-encoding` of the responses.
    encoding: String,
    /// The message of which a part has arrived.
    message: Option<Message<'c, StreamReader>>,
}

impl<'c> Messages<'c> {
    pub(super) fn new(context: &'c CallContext<'c>, buffers: &'c Arc<Buffers>, encoding: String) -> Self {
        Self { context, buffers, encoding, message: None }
    }

    /// Parses up to the end of a message, which it returns, and removes what it has parsed from `bytes`.
    /// `None` if the message continues after them.
    pub(super) fn next(&mut self, bytes: &mut Bytes) -> Result<Option<Received>> {
        if bytes.is_empty() {
            return Ok(None);
        }
        let message = self.message.get_or_insert_with(|| {
            let places = Places::without_request(self.buffers);
            Message::new(StreamReader::new(places), self.context)
        });
        let rest = message.take(bytes, &self.encoding)?.len();
        bytes.advance(bytes.len() - rest);
        match self.message.take_if(|message| message.is_complete()) {
            Some(message) => message.finish().map(Some),
            None => Ok(None),
        }
    }

    /// Returns whether the bytes at the start of a message are not those of gRPC, such as the page of a
    /// proxy.
    pub(super) fn is_foreign(&self, bytes: &[u8]) -> bool {
        // The compressed flag.
        self.message.is_none() && bytes.first().is_some_and(|flag| *flag > 1)
    }

    /// Returns whether a part of a message has arrived.
    pub(super) fn is_in_message(&self) -> bool {
        self.message.is_some()
    }
}

/// Parses a `ModelStreamInferResponse`.
struct StreamReader {
    places: Places<'static>,
    /// Bytes of the message that have not arrived.
    left: u64,
    max_outside_raw: u64,
    state: State,
    error: Vec<u8>,
    response: Option<ResponseReader<'static>>,
}

enum State {
    /// In a field's key and the varint that follows it: the bytes that have arrived.
    Head { bytes: [u8; MAX_HEAD_BYTE_SIZE], count: usize },
    /// In the text of an error.
    Error { left: u64 },
    /// In the response.
    Response { left: u64 },
    /// In an unknown field.
    Skip { left: u64 },
}

const AT_KEY: State = State::Head { bytes: [0; MAX_HEAD_BYTE_SIZE], count: 0 };

impl StreamReader {
    fn new(places: Places<'static>) -> Self {
        Self { places, left: 0, max_outside_raw: 0, state: AT_KEY, error: Vec::new(), response: None }
    }

    /// Begins a field whose head is followed by `left` bytes of the message.
    fn begin_field(&mut self, head: Head, left: u64) -> Result<()> {
        self.state = match head {
            Head::Number => AT_KEY,
            Head::Value { byte_size, .. } if byte_size > left => {
                return Err(malformed(&format!(
                    "a field of {byte_size} bytes exceeds the {left} bytes left of the message"
                )));
            }
            Head::Value { field: INFER_RESPONSE, byte_size, is_length_delimited: true } => {
                match &mut self.response {
                    None => self.response = Some(ResponseReader::within(byte_size, self.max_outside_raw)),
                    Some(response) => response.merge(byte_size)?,
                }
                State::Response { left: byte_size }
            }
            Head::Value { field: ERROR_MESSAGE, byte_size, is_length_delimited: true } => {
                // The last one counts.
                self.error.clear();
                State::Error { left: byte_size }
            }
            Head::Value { byte_size, .. } => State::Skip { left: byte_size },
        };
        if let State::Error { left: 0 } | State::Response { left: 0 } | State::Skip { left: 0 } = self.state {
            self.state = AT_KEY;
        }
        Ok(())
    }
}

impl MessageReader for StreamReader {
    type Output = Received;

    fn begin(&mut self, byte_size: u64, context: &CallContext) -> Result<()> {
        context.check_response_size(byte_size)?;
        (self.left, self.max_outside_raw) = (byte_size, context.max_parsed_byte_size());
        Ok(())
    }

    fn push(&mut self, mut bytes: &[u8]) -> Result<()> {
        self.left =
            self.left.checked_sub(bytes.len() as u64).ok_or_else(|| malformed("longer than announced"))?;
        while let Some((&first, rest)) = bytes.split_first() {
            let (taken, left) = match &mut self.state {
                State::Head { bytes: head, count } => {
                    let Some(to) = head.get_mut(*count) else {
                        return Err(malformed("varint of more than 10 bytes"));
                    };
                    *to = first;
                    *count += 1;
                    bytes = rest;
                    if let Some((head, _)) = Head::parse(&head[..*count])? {
                        self.begin_field(head, self.left + bytes.len() as u64)?;
                    }
                    continue;
                }
                State::Error { left } => {
                    let (taken, _) = split(bytes, *left);
                    let room = MAX_TEXT_BYTE_SIZE.saturating_sub(self.error.len());
                    self.error.extend_from_slice(split(taken, room as u64).0);
                    (taken.len(), left)
                }
                State::Response { left } => {
                    let (taken, _) = split(bytes, *left);
                    if let Some(response) = &mut self.response {
                        response.push(taken, &mut self.places)?;
                    }
                    (taken.len(), left)
                }
                State::Skip { left } => (split(bytes, *left).0.len(), left),
            };
            *left -= taken as u64;
            if *left == 0 {
                self.state = AT_KEY;
            }
            bytes = &bytes[taken..];
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Received> {
        if !matches!(self.state, State::Head { count: 0, .. }) {
            return Err(malformed("truncated field"));
        }
        let result = match self.response {
            Some(response) => response.finish(&mut self.places)?,
            // An error alone.
            None if !self.error.is_empty() => InferResult::default(),
            None => return Err(malformed("neither a response nor an error")),
        };
        let text = || String::from_utf8_lossy(&self.error).into_owned();
        Ok(Received { error: (!self.error.is_empty()).then(text), result })
    }
}

fn malformed(reason: &str) -> Error {
    Error::malformed_response(format!("malformed ModelStreamInferResponse: {reason}"))
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use prost::Message as _;

    use super::*;
    use crate::{
        compression::Compression,
        error::Status,
        options::{CallOptions, ClientOptions},
        proto::{
            inference::{
                InferParameter, ModelInferResponse, ModelStreamInferResponse,
                infer_parameter::ParameterChoice, model_infer_response::InferOutputTensor,
            },
            wire::{LENGTH, VARINT, put_key, put_varint},
        },
    };

    static CLIENT: LazyLock<ClientOptions> = LazyLock::new(ClientOptions::new);
    static CALL: LazyLock<CallOptions> = LazyLock::new(|| {
        let mut call = CallOptions::new();
        call.set_response_compression(Compression::Gzip);
        call
    });
    static BUFFERS: LazyLock<Arc<Buffers>> = LazyLock::new(|| Buffers::new(1 << 20));

    fn response(id: &str, value: i32) -> ModelInferResponse {
        let is_final = InferParameter { parameter_choice: Some(ParameterChoice::BoolParam(value < 0)) };
        ModelInferResponse {
            model_name: "m".to_owned(),
            id: id.to_owned(),
            parameters: [("triton_final_response".to_owned(), is_final)].into(),
            outputs: vec![InferOutputTensor {
                name: "OUT".to_owned(),
                datatype: "INT32".to_owned(),
                shape: vec![40],
                ..Default::default()
            }],
            raw_output_contents: vec![value.to_le_bytes().repeat(40).into()],
            ..Default::default()
        }
    }

    fn message(error: &str, response: Option<ModelInferResponse>) -> Vec<u8> {
        ModelStreamInferResponse { error_message: error.to_owned(), infer_response: response }.encode_to_vec()
    }

    fn framed(flag: u8, message: &[u8]) -> Vec<u8> {
        [&[flag][..], &(message.len() as u32).to_be_bytes(), message].concat()
    }

    /// Parses chunks of a size.
    fn read(bytes: &[u8], chunk: usize) -> Result<Vec<Received>> {
        let context = CallContext::new(&CLIENT, &CALL);
        let mut messages = Messages::new(&context, &BUFFERS, "gzip".to_owned());
        let mut all = Vec::new();
        for chunk in bytes.chunks(chunk.max(1)) {
            let mut chunk = Bytes::copy_from_slice(chunk);
            while !chunk.is_empty() {
                assert!(!messages.is_foreign(&chunk));
                all.extend(messages.next(&mut chunk)?);
            }
        }
        match messages.is_in_message() {
            true => Err(Error::malformed_response("incomplete")),
            false => Ok(all),
        }
    }

    fn describe(received: &Received) -> (String, String, Option<i32>, bool) {
        let Received { error, result } = received;
        let first = result.output("OUT").ok().map(|output| output.as_slice::<i32>().unwrap()[39]);
        (error.clone().unwrap_or_default(), result.id().to_owned(), first, result.is_final())
    }

    #[test]
    fn messages_are_parsed_from_input_split_at_any_position() {
        let mut unknown = Vec::new();
        put_key(&mut unknown, 3, VARINT);
        put_varint(&mut unknown, 300);
        put_key(&mut unknown, 77, LENGTH);
        put_varint(&mut unknown, 200);
        unknown.extend_from_slice(&[0xff; 200]);
        let empty = ModelInferResponse { id: "x".to_owned(), ..Default::default() };
        let refused = ModelInferResponse { id: "y".to_owned(), ..Default::default() };
        let packed = Compression::Gzip.compress([&message("", Some(response("z", -4)))[..]].into_iter());
        let bytes = [
            framed(0, &message("", Some(response("a", 1)))),
            framed(0, &[&unknown[..], &message("", Some(response("b", -2))), &unknown].concat()),
            framed(0, &message("", Some(empty))),
            framed(0, &message("made to fail", Some(refused))),
            framed(0, &message("alone", None)),
            framed(1, &packed.unwrap()),
            framed(0, &message("", Some(response("c", 3)))),
        ]
        .concat();
        let expected = [
            (String::new(), "a".to_owned(), Some(1), false),
            (String::new(), "b".to_owned(), Some(-2), true),
            (String::new(), "x".to_owned(), None, false),
            ("made to fail".to_owned(), "y".to_owned(), None, false),
            ("alone".to_owned(), String::new(), None, false),
            (String::new(), "z".to_owned(), Some(-4), true),
            (String::new(), "c".to_owned(), Some(3), false),
        ];
        for chunk in (1..40).chain([1000, 1213, bytes.len()]) {
            let received = read(&bytes, chunk).unwrap();
            assert_eq!(received.iter().map(describe).collect::<Vec<_>>(), expected, "{chunk}");
        }
        for at in 0..bytes.len() {
            let context = CallContext::new(&CLIENT, &CALL);
            let mut messages = Messages::new(&context, &BUFFERS, "gzip".to_owned());
            let mut received = Vec::new();
            for part in [&bytes[..at], &bytes[at..]] {
                let mut part = Bytes::copy_from_slice(part);
                while !part.is_empty() {
                    received.extend(messages.next(&mut part).unwrap());
                }
            }
            assert_eq!(received.iter().map(describe).collect::<Vec<_>>(), expected, "split at {at}");
        }
    }

    #[test]
    fn a_response_in_two_fields_is_merged() {
        let whole = response("a", 7);
        let data = ModelInferResponse {
            raw_output_contents: whole.raw_output_contents.clone(),
            ..Default::default()
        };
        let head = ModelInferResponse { raw_output_contents: vec![], ..whole };
        let bytes = framed(0, &[message("", Some(head)), message("", Some(data))].concat());
        for chunk in [1, 7, bytes.len()] {
            let received = read(&bytes, chunk).unwrap();
            assert_eq!(describe(&received[0]), (String::new(), "a".to_owned(), Some(7), false));
        }
    }

    #[test]
    fn a_corrupted_message_never_panics_and_a_truncated_one_is_an_error() {
        let message = message("oh", Some(response("a", 1)));
        for cut in 0..message.len() {
            let outcome = read(&framed(0, &message[..cut]), 50);
            // After the error alone the message is complete.
            assert!(outcome.is_err() || cut == 4, "{cut}");
        }
        for at in 0..message.len() {
            for byte in [0, 0x7f, 0x80, 0xff, message[at] ^ 1] {
                let mut message = message.clone();
                message[at] = byte;
                let _ = read(&framed(0, &message), 5);
            }
        }
        let empty = read(&framed(0, b""), 5).unwrap_err();
        assert_eq!(empty.status(), Status::Internal);
        assert!(empty.to_string().contains("neither a response nor an error"));
        assert!(read(&framed(0, &[0xff; 64]), 64).is_err());
    }

    #[test]
    fn a_field_beyond_its_message_and_a_message_beyond_the_limit_are_refused_before_memory_is_allocated() {
        let mut field = Vec::new();
        put_key(&mut field, INFER_RESPONSE, LENGTH);
        put_varint(&mut field, 1 << 40);
        let error = read(&framed(0, &field), 1).unwrap_err();
        assert!(error.to_string().contains("exceeds the 0 bytes left"), "{error}");
        let mut options = ClientOptions::new();
        let options = options.set_max_message_byte_size(1000).unwrap();
        let context = CallContext::new(options, &CALL);
        let mut messages = Messages::new(&context, &BUFFERS, String::new());
        let mut prefix = Bytes::copy_from_slice(&[0, 0, 0, 3, 0xe9]);
        let error = messages.next(&mut prefix).unwrap_err();
        assert_eq!(error.status(), Status::ResourceExhausted);
    }

    #[test]
    fn a_long_error_text_is_cut() {
        let bytes = framed(0, &message(&"x".repeat(1 << 20), None));
        let received = read(&bytes, 1000).unwrap();
        assert_eq!(received[0].error.as_deref(), Some(&"x".repeat(MAX_TEXT_BYTE_SIZE)[..]));
    }

    #[test]
    fn a_page_is_not_taken_for_a_message() {
        let context = CallContext::new(&CLIENT, &CALL);
        let mut messages = Messages::new(&context, &BUFFERS, String::new());
        assert!(messages.is_foreign(b"<!DOCTYPE HTML"));
        assert!(!messages.is_foreign(&[1]) && !messages.is_foreign(&[]));
        messages.next(&mut Bytes::from_static(&[0])).unwrap();
        assert!(!messages.is_foreign(b"<"));
    }
}
