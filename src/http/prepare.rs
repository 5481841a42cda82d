//! Encodes an inference request for HTTP: a JSON part followed by the binary tensors in the order of the JSON
//! (Triton's binary tensor data extension).

use std::sync::Arc;

use super::{json::Writer, json_tensor, response_head::json_size_header};
use crate::{
    compression::Compression,
    digits::put_digits,
    error::{Error, Result},
    infer::{InferInput, InferRequest, Parameters, Region, RequestedOutput, SequenceId, Source, Written},
    lend::Segment,
    model::http_form::model_path,
    options::CallContext,
};

/// A larger JSON part is not kept with its request. Only JSON text from the caller makes it that large.
const KEPT_BYTE_SIZE: usize = 1 << 20;

/// Requests an uncompressed response. Without this header Caddy requests gzip from its server and
/// decompresses the response.
pub(super) const PLAIN: &str = "Accept-Encoding: identity\r\n";

/// An inference request, validated and encoded before a connection is checked out. Every attempt sends the
/// same bytes.
pub(crate) struct Prepared<'a> {
    /// The path after the client's base path, if it is not that of the request.
    path: Option<String>,
    /// The JSON part in two pieces: up to and including the id, and the rest.
    opening: Vec<u8>,
    written: Arc<Written>,
    tensors: Vec<Segment<'a>>,
    /// The whole body compressed, which is sent instead.
    compressed: Option<Vec<u8>>,
    /// The size of the body that is sent.
    byte_size: u64,
    /// Whether any tensor is binary, even an empty one.
    pub is_binary: bool,
}

impl<'a> Prepared<'a> {
    /// Encodes a request. Returns RESOURCE_EXHAUSTED if it exceeds the size limit, INVALID_ARGUMENT for data
    /// that JSON can't represent.
    pub(crate) fn new(request: &InferRequest<'a>, context: &CallContext) -> Result<Self> {
        let tensors: Vec<Segment> =
            request.tensors().filter(|tensor| tensor.byte_size() > 0).cloned().collect();
        let tensor_byte_size: u64 = tensors.iter().map(Segment::byte_size).sum();
        context.check_request_size(tensor_byte_size)?;
        context.check_json_size_header()?;
        let written = written(request)?;
        let opening = opening(request);
        let json_byte_size = (opening.len() + written.json.len()) as u64;
        context.check_request_size(json_byte_size + tensor_byte_size)?;
        let mut prepared = Self {
            path: context.route.path.map(str::to_owned),
            opening,
            written,
            tensors,
            compressed: None,
            byte_size: json_byte_size + tensor_byte_size,
            is_binary: request.has_binary(),
        };
        if context.request_compression != Compression::None {
            let compressed = context.request_compression.compress(prepared.plain())?;
            prepared.byte_size = compressed.len() as u64;
            prepared.compressed = Some(compressed);
        }
        Ok(prepared)
    }

    pub(crate) fn path(&self) -> &str {
        self.path.as_deref().unwrap_or(&self.written.path)
    }

    /// Returns the JSON part and the binary tensors.
    fn plain(&self) -> impl Iterator<Item = &[u8]> {
        let json = [&self.opening[..], &self.written.json];
        json.into_iter().chain(self.tensors.iter().map(Segment::bytes))
    }

    /// Returns the body as it is sent.
    pub(crate) fn body(&self) -> impl Iterator<Item = &[u8]> {
        let plain = self.compressed.is_none().then(|| self.plain());
        self.compressed.as_deref().into_iter().chain(plain.into_iter().flatten())
    }

    /// Writes the headers that describe the body. Values from the caller were checked when they were set.
    pub(crate) fn write_headers(&self, to: &mut Vec<u8>, context: &CallContext) {
        // A body that is only JSON is declared as JSON: servers without the binary extension accept no other
        // type.
        let json_byte_size = self.is_binary.then_some(self.opening.len() + self.written.json.len());
        put(to, "Content-Type: ");
        match (context.route.content_type, json_byte_size) {
            (None, Some(_)) => put(to, "application/octet-stream"),
            (Some(content_type), Some(size)) => put(to, &content_type.replace("{}", &size.to_string())),
            (Some(content_type), None) if !content_type.contains("{}") => put(to, content_type),
            (_, None) => put(to, "application/json"),
        }
        put(to, "\r\nContent-Length: ");
        put_digits(to, self.byte_size);
        put(to, "\r\n");
        let json_size_header = json_size_header(context);
        if let Some(size) = json_byte_size.filter(|_| !json_size_header.is_empty()) {
            put(to, json_size_header);
            put(to, ": ");
            put_digits(to, size as u64);
            put(to, "\r\n");
        }
        if context.request_compression != Compression::None {
            put(to, "Content-Encoding: ");
            put(to, context.request_compression.name());
            put(to, "\r\n");
        }
        match context.accept_encoding {
            None => put(to, PLAIN),
            Some(encodings) => {
                put(to, "Accept-Encoding: ");
                put(to, encodings);
                put(to, "\r\n");
            }
        }
    }
}

pub(super) fn put(to: &mut Vec<u8>, text: &str) {
    to.extend_from_slice(text.as_bytes());
}

/// Returns the whole JSON part of a request, empty for a raw body. [`InferRequest::tensors`] follow it in the
/// body.
pub(super) fn json(request: &InferRequest) -> Result<Vec<u8>> {
    let mut json = opening(request);
    json.extend(write_json(request)?);
    Ok(json)
}

/// Returns the path, and the JSON part after the id. Both are kept with the request for later calls, unless
/// borrowed data is written into the JSON.
fn written(request: &InferRequest) -> Result<Arc<Written>> {
    if let Some(written) = request.written().get() {
        return Ok(written.clone());
    }
    let written = Arc::new(write(request)?);
    // Borrowed data may change between calls.
    let is_fixed = |input: &InferInput| !matches!(input.source(), Source::Segments(_) if input.is_json());
    if request.inputs().iter().all(is_fixed) && written.json.len() <= KEPT_BYTE_SIZE {
        return Ok(request.written().get_or_init(|| written).clone());
    }
    Ok(written)
}

fn write(request: &InferRequest) -> Result<Written> {
    let (model, version) = request.model();
    Ok(Written { path: model_path(model, version)? + "/infer", json: write_json(request)? })
}

/// Returns the start of the JSON part, with the id, which may differ in each call.
fn opening(request: &InferRequest) -> Vec<u8> {
    let id = request.request_id();
    let mut json = Vec::with_capacity(id.len() + 16);
    if !request.settings().raw_body {
        put(&mut json, "{");
        if !id.is_empty() {
            put(&mut json, "\"id\":");
            Writer(&mut json).string(id);
            put(&mut json, ",");
        }
    }
    json
}

/// Writes the JSON part after the id.
fn write_json(request: &InferRequest) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if request.settings().raw_body {
        return Ok(bytes);
    }
    let mut json = Writer(&mut bytes);
    json.raw("\"inputs\":[");
    for (at, input) in request.inputs().iter().enumerate() {
        json.raw(if at == 0 { "{\"name\":" } else { ",{\"name\":" });
        write_input(&mut json, input)
            .map_err(|error| error.context(format_args!("input '{}'", input.name())))?;
    }
    json.raw("]");
    if !request.outputs().is_empty() {
        json.raw(",\"outputs\":[");
        for (at, output) in request.outputs().iter().enumerate() {
            json.raw(if at == 0 { "{\"name\":" } else { ",{\"name\":" });
            write_output(&mut json, output, request.settings().binary_output);
        }
        json.raw("]");
    }
    write_parameters(&mut json, request);
    json.raw("}");
    Ok(bytes)
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
            json_tensor::write(json, input.datatype(), &input.joined())?;
        }
        Source::Json(text) => {
            // Parsed first: text that closes the array could add arbitrary members to the request.
            let data = json_tensor::read(text.as_bytes(), input.datatype(), None)
                .map_err(|error| Error::invalid(format!("invalid JSON data: {error}")))?;
            input.check_data([&data[..]].into_iter())?;
            json.raw(",\"data\":");
            json.raw(text);
        }
        _ => {}
    }
    json.raw("}");
    Ok(())
}

/// Writes an output, which states itself whether its data is to be binary.
fn write_output(json: &mut Writer, output: &RequestedOutput, is_binary: bool) {
    json.string(output.name());
    let mut parameters = Object::new(json, ",\"parameters\":{");
    match output.region() {
        // Triton refuses a region together with binary_data.
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
    // Listed outputs state it individually.
    if request.outputs().is_empty() && settings.binary_output {
        parameters.member("binary_data_output").raw("true");
    }
    parameters.end();
}

/// A JSON object that is written only if it has a member.
struct Object<'w, 'b> {
    json: &'w mut Writer<'b>,
    opening: &'static str,
    is_open: bool,
}

impl<'w, 'b> Object<'w, 'b> {
    fn new(json: &'w mut Writer<'b>, opening: &'static str) -> Self {
        Self { json, opening, is_open: false }
    }

    /// Writes the name; the caller writes the value.
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
