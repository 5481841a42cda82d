//! The bodies of an inference over HTTP: a JSON part, and behind it the tensors in binary, in the order in which the
//! JSON names them (Triton's binary tensor data extension).

use std::io::Read;

use super::{
    elements,
    json::{self, Header, Writer},
};
use crate::{
    error::{Error, Result, excerpt},
    infer::{
        InferInput, InferOutput, InferRequest, InferResult, Parameters, Region, RequestedOutput, SequenceId,
        Source, check_output_count,
        place::{Data, Place, Places},
        tensor,
    },
    options::CallContext,
    proto::without_bom,
};

/// Writes the JSON part of a request's body in place of what `json` held; nothing for a raw body. The tensors follow it
/// as they are: [`InferRequest::tensors`].
pub(super) fn write_header(request: &InferRequest, json: &mut Vec<u8>) -> Result<()> {
    json.clear();
    if request.settings().raw_body {
        return Ok(());
    }
    let mut json = Writer(json);
    json.raw("{");
    if !request.request_id().is_empty() {
        json.raw("\"id\":");
        json.string(request.request_id());
        json.raw(",");
    }
    json.raw("\"inputs\":[");
    for (at, input) in request.inputs().iter().enumerate() {
        json.raw(if at == 0 { "{\"name\":" } else { ",{\"name\":" });
        write_input(&mut json, input)
            .map_err(|error| error.context(format_args!("input '{}'", input.name())))?;
    }
    json.raw("]");
    if !request.requested_outputs().is_empty() {
        json.raw(",\"outputs\":[");
        for (at, output) in request.requested_outputs().iter().enumerate() {
            json.raw(if at == 0 { "{\"name\":" } else { ",{\"name\":" });
            write_output(&mut json, output, request.settings().binary_output);
        }
        json.raw("]");
    }
    write_parameters(&mut json, request);
    json.raw("}");
    Ok(())
}

fn write_input(json: &mut Writer, input: &InferInput) -> Result<()> {
    json.string(input.name());
    json.raw(",\"datatype\":\"");
    json.raw(input.datatype().name());
    json.raw("\",\"shape\":[");
    for (at, dimension) in input.shape().iter().enumerate() {
        json.raw(if at == 0 { "" } else { "," });
        json.number(dimension);
    }
    json.raw("]");
    let mut parameters = Object::new(json, ",\"parameters\":{");
    match input.source() {
        Source::Segments(_) if input.is_binary() => {
            parameters.member("binary_data_size").number(input.byte_size());
        }
        Source::Region(region) => parameters.region(region),
        _ => {}
    }
    parameters.all(input.parameters());
    parameters.end();
    match input.source() {
        Source::Segments(_) if input.is_json() => {
            json.raw(",\"data\":");
            elements::write(json, input.datatype(), &input.joined())?;
        }
        Source::Json(text) => {
            // Read before it stands in the request: text that ends the array could say anything behind it.
            let data = elements::read(text.as_bytes(), input.datatype(), None)
                .map_err(|fault| Error::invalid(format!("its JSON is no tensor: {fault}")))?;
            input.check_data([&data[..]].into_iter())?;
            json.raw(",\"data\":");
            json.raw(text);
        }
        _ => {}
    }
    json.raw("}");
    Ok(())
}

/// An output that is listed is told to be binary, or not to be, by itself.
fn write_output(json: &mut Writer, output: &RequestedOutput, is_binary: bool) {
    json.string(output.name());
    let mut parameters = Object::new(json, ",\"parameters\":{");
    match output.region() {
        // Triton refuses both.
        Some(region) => parameters.region(region),
        None => parameters.member("binary_data").raw(match is_binary && !output.is_json() {
            true => "true",
            false => "false",
        }),
    }
    if output.class_count() > 0 {
        parameters.member("classification").number(output.class_count());
    }
    parameters.all(output.parameters());
    parameters.end();
    json.raw("}");
}

fn write_parameters(json: &mut Writer, request: &InferRequest) {
    let settings = request.settings();
    let mut parameters = Object::new(json, ",\"parameters\":{");
    if let Some(sequence) = &settings.sequence {
        let id = parameters.member("sequence_id");
        match &sequence.id {
            SequenceId::Number(number) => id.number(number),
            SequenceId::Text(text) => id.string(text),
        }
        let flag = |flag| if flag { "true" } else { "false" };
        parameters.member("sequence_start").raw(flag(sequence.start));
        parameters.member("sequence_end").raw(flag(sequence.end));
    }
    if settings.priority > 0 {
        parameters.member("priority").number(settings.priority);
    }
    if settings.server_timeout_us > 0 {
        parameters.member("timeout").number(settings.server_timeout_us);
    }
    parameters.all(&settings.parameters);
    // Where nothing is listed that could ask for binary data each.
    if request.requested_outputs().is_empty() && settings.binary_output {
        parameters.member("binary_data_output").raw("true");
    }
    parameters.end();
}

/// A JSON object that is there only if it has a member.
struct Object<'w, 'b> {
    json: &'w mut Writer<'b>,
    opening: &'static str,
    is_open: bool,
}

impl<'w, 'b> Object<'w, 'b> {
    fn new(json: &'w mut Writer<'b>, opening: &'static str) -> Self {
        Self { json, opening, is_open: false }
    }

    /// Writes the name; the value is the caller's to write.
    fn member(&mut self, name: &str) -> &mut Writer<'b> {
        self.json.raw(if self.is_open { "," } else { self.opening });
        self.is_open = true;
        self.json.string(name);
        self.json.raw(":");
        self.json
    }

    fn all(&mut self, parameters: &Parameters) {
        for (name, value) in parameters.iter() {
            self.member(name).parameter(value);
        }
    }

    fn region(&mut self, region: &Region) {
        self.member("shared_memory_region").string(&region.name);
        self.member("shared_memory_byte_size").number(region.byte_size);
        if region.offset > 0 {
            self.member("shared_memory_offset").number(region.offset);
        }
    }

    fn end(self) {
        if self.is_open {
            self.json.raw("}");
        }
    }
}

/// Reads the body of an answer: the JSON part, then each tensor into its own place.
///
/// `byte_size` is the body's announced length, and `json_byte_size` that of its JSON part; without the latter the
/// whole body is JSON. `json` is memory to use for it.
pub(super) fn read_result(
    body: &mut dyn Read,
    byte_size: Option<u64>,
    json_byte_size: Option<u64>,
    json: &mut Vec<u8>,
    places: &mut Places,
    context: &CallContext,
) -> Result<InferResult> {
    if let Some(byte_size) = byte_size {
        context.check_answer_size(byte_size)?;
    }
    read_json(body, byte_size, json_byte_size, json, context)?;
    let mut left = Left { byte_size, taken: json.len() as u64 };
    let raw = without_bom(json);
    // Names and parameters that are not UTF-8 are repaired, so that the tensors are not lost with them.
    let repaired = String::from_utf8_lossy(raw);
    let json = repaired.as_bytes();
    let mut repairs = Repairs::new(raw);
    let header = json::read_header(json).map_err(|fault| {
        Error::broken_answer(format!("the answer's JSON part is not what it should be: {fault}"))
    })?;
    check_output_count(header.outputs.len())?;
    let Header { model_name, model_version, id, parameters, outputs } = header;
    let outputs = outputs
        .into_iter()
        .map(|output| {
            let name = &output.head.name;
            let shown = excerpt(name);
            let data = match (output.json_data, output.binary_byte_size) {
                (Some(range), _) => {
                    if repairs.is_within(&range) {
                        return Err(Error::broken_answer(format!(
                            "output '{shown}': its JSON data is not UTF-8; request it as binary data"
                        )));
                    }
                    // A shape that can't be is told of below.
                    let most = tensor::byte_size(output.head.datatype, &output.head.shape).unwrap_or(Some(0));
                    let data = elements::read_response(&json[range], output.head.datatype, most).map_err(
                        |fault| Error::broken_answer(format!("output '{shown}' of the answer: {fault}")),
                    )?;
                    places.bring(name, &data)?
                }
                (None, None) if places.is_shared(name, &output.head.shape) => Data::Shared,
                (None, announced) => {
                    let announced = announced.unwrap_or(0);
                    left.take(name, announced, context)?;
                    let mut place = places.place(name, announced)?;
                    place.read_from(body)?;
                    place.land()
                }
            };
            InferOutput::new(output.head, data)
        })
        .collect::<Result<Vec<_>>>()?;
    left.expect_none(body)?;
    Ok(InferResult { model_name, model_version, id, parameters, outputs, ..InferResult::default() })
}

/// The places where a text that is not UTF-8 was repaired, in the order of the text.
struct Repairs<'j> {
    chunks: std::str::Utf8Chunks<'j>,
    /// The length of the repaired text that `chunks` has yielded.
    length: usize,
    /// The last repair that `chunks` has yielded.
    last: Option<usize>,
}

impl<'j> Repairs<'j> {
    fn new(raw: &'j [u8]) -> Self {
        Self { chunks: raw.utf8_chunks(), length: 0, last: None }
    }

    /// Whether there is a repair within a range of the repaired text; ranges must be given in ascending order.
    fn is_within(&mut self, range: &std::ops::Range<usize>) -> bool {
        while self.last.is_none_or(|at| at < range.start) {
            let Some(chunk) = self.chunks.next() else { return false };
            self.length += chunk.valid().len();
            if !chunk.invalid().is_empty() {
                self.last = Some(self.length);
                self.length += '\u{fffd}'.len_utf8();
            }
        }
        self.last.is_some_and(|at| at < range.end)
    }
}

fn read_json(
    body: &mut dyn Read,
    byte_size: Option<u64>,
    json_byte_size: Option<u64>,
    json: &mut Vec<u8>,
    context: &CallContext,
) -> Result<()> {
    // What a header claims is not allocated: the vector grows as bytes arrive.
    let announced = json_byte_size.or(byte_size);
    if let (Some(json), Some(whole)) = (json_byte_size, byte_size)
        && json > whole
    {
        let message = format!("the answer's JSON part would have {json} bytes, more than the answer");
        return Err(Error::broken_answer(message));
    }
    let limit = announced.unwrap_or(context.max_parsed_byte_size().saturating_add(1));
    if let Some(announced) = announced {
        context.check_parsed_size(announced)?;
    }
    json.clear();
    body.take(limit).read_to_end(json).map_err(broken_off)?;
    context.check_parsed_size(json.len() as u64)?;
    if json_byte_size.is_some_and(|announced| announced != json.len() as u64) {
        return Err(Error::broken_answer(format!(
            "the answer ends after {} of its {limit} bytes of JSON",
            json.len()
        )));
    }
    Ok(())
}

/// What of an answer's body is not yet spoken for.
struct Left {
    byte_size: Option<u64>,
    taken: u64,
}

impl Left {
    /// Speaks for one output's bytes before any memory is asked for them.
    fn take(&mut self, name: &str, byte_size: u64, context: &CallContext) -> Result<()> {
        let taken = self.taken.saturating_add(byte_size);
        if let Some(whole) = self.byte_size
            && taken > whole
        {
            let (left, name) = (whole - self.taken, excerpt(name));
            let message =
                format!("output '{name}' would have {byte_size} bytes, and {left} of the answer are left");
            return Err(Error::broken_answer(message));
        }
        context.check_answer_size(taken)?;
        self.taken = taken;
        Ok(())
    }

    fn expect_none(&self, body: &mut dyn Read) -> Result<()> {
        if body.read(&mut [0]).map_err(broken_off)? != 0 {
            return Err(Error::broken_answer("the answer goes on behind its last output"));
        }
        Ok(())
    }
}

impl Place<'_> {
    /// Fills the place from an answer's body, which writes straight into it.
    fn read_from(&mut self, body: &mut dyn Read) -> Result<()> {
        while !self.is_full() {
            let missing = self.missing();
            match body.read(missing) {
                Ok(0) => {
                    return Err(Error::broken_answer(format!(
                        "the answer ends {} bytes before its end",
                        missing.len()
                    )));
                }
                Ok(count) => self.advance(count),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(broken_off(error)),
            }
        }
        Ok(())
    }
}

/// The connection's error in the middle of an answer; the connection looks into its source for a deadline.
fn broken_off(error: std::io::Error) -> Error {
    Error::connection("the answer broke off").in_doubt(true).with_source(error)
}
