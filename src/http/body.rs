//! The bodies of an inference over HTTP: a JSON part, and behind it the tensors in binary, in the order in which the
//! JSON names them (Triton's binary tensor data extension).

use std::io::Read;

use super::json::{self, Header, Writer};
use crate::{
    error::{Error, Origin, Result, Status},
    infer::{
        CallTimes, Datatype, InferOutput, InferRequest, InferResult, check_output_count,
        place::{Place, Places},
    },
    options::CallContext,
};

/// Writes the JSON part of a request's body in place of what `json` held. The tensors follow it as they are:
/// [`tensors`].
pub(super) fn write_header(request: &InferRequest, json: &mut Vec<u8>) {
    json.clear();
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
        json.string(&input.name);
        json.raw(",\"datatype\":\"");
        json.raw(input.datatype.name());
        json.raw("\",\"shape\":[");
        for (at, dimension) in input.shape.iter().enumerate() {
            json.raw(if at == 0 { "" } else { "," });
            json.number(dimension);
        }
        json.raw("],\"parameters\":{\"binary_data_size\":");
        json.number(input.byte_size());
        json.raw("}}");
    }
    if request.outputs().is_empty() {
        // Nothing is listed that could ask for binary data each.
        json.raw("],\"parameters\":{\"binary_data_output\":true}}");
        return;
    }
    json.raw("],\"outputs\":[");
    for (at, output) in request.outputs().iter().enumerate() {
        json.raw(if at == 0 { "{\"name\":" } else { ",{\"name\":" });
        json.string(&output.name);
        json.raw(",\"parameters\":{\"binary_data\":true}}");
    }
    json.raw("]}");
}

/// The binary part of a request's body.
pub(super) fn tensors<'r>(request: &'r InferRequest<'_>) -> impl Iterator<Item = &'r [u8]> {
    request.inputs().iter().flat_map(|input| input.segments())
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
    let header = json::read_header(json).map_err(|fault| {
        Error::broken_answer(format!("the answer's JSON part is not what it should be: {fault}"))
    })?;
    check_output_count(header.outputs.len())?;
    let mut left = Left { byte_size, taken: json.len() as u64 };
    let Header { model_name, model_version, id, outputs } = header;
    let outputs = outputs
        .into_iter()
        .map(|output| {
            if output.has_json_data {
                let message =
                    format!("output '{}' came as JSON data, which this version does not read", output.name);
                return Err(Error::new(Status::Unimplemented, Origin::Client, message).in_doubt(true));
            }
            let announced = output.binary_byte_size.unwrap_or(0);
            left.take(&output.name, announced, context)?;
            let mut place = places.place(&output.name, announced)?;
            place.read_from(body)?;
            let datatype = Datatype::from_name(&output.datatype);
            InferOutput::new(output.name, datatype, output.shape, place.land())
        })
        .collect::<Result<Vec<_>>>()?;
    left.expect_none(body)?;
    Ok(InferResult { model_name, model_version, id, outputs, times: CallTimes::default() })
}

fn read_json(
    body: &mut dyn Read,
    byte_size: Option<u64>,
    json_byte_size: Option<u64>,
    json: &mut Vec<u8>,
    context: &CallContext,
) -> Result<()> {
    // What a header claims is not allocated: the vector grows as bytes arrive.
    let limit = json_byte_size.or(byte_size).unwrap_or(context.max_message_byte_size.saturating_add(1));
    if json_byte_size.is_some_and(|json| json > byte_size.unwrap_or(context.max_message_byte_size)) {
        return Err(Error::broken_answer(format!(
            "the answer's JSON part would have {limit} bytes, more than the answer"
        )));
    }
    json.clear();
    body.take(limit).read_to_end(json).map_err(broken_off)?;
    context.check_answer_size(json.len() as u64)?;
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
            let left = whole - self.taken;
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
