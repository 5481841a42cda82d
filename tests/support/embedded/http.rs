//! The embedded server's HTTP interface.

use std::{
    io::{self, BufReader, Write},
    net::TcpStream,
};

use bytes::Bytes;
use serde_json::{Value, json};

use super::{
    EXTENSIONS, NAME,
    models::{Failure, Kind, Model, Query, Result, Spec, Tensor, VERSION, index, infer, load, unload},
};
use crate::support::http1::{Request, response};

/// The header with the byte size of the JSON part, in requests and responses.
const JSON_BYTE_SIZE: &str = "Inference-Header-Content-Length";
const JSON: &str = "application/json";
const TEXT: &str = "text/plain";
const BINARY: &str = "application/octet-stream";

/// Serves a connection's requests until the client closes it.
pub fn serve(mut stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::with_capacity(64 << 10, stream);
    loop {
        let request = match Request::read(&mut reader, stream) {
            Ok(Some(request)) => request,
            Ok(None) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                return stream.write_all(&error_response(400, &error.to_string()));
            }
            Err(error) => return Err(error),
        };
        let is_last = !request.keeps_alive();
        stream.write_all(&respond_to(request))?;
        if is_last {
            return Ok(());
        }
    }
}

fn respond_to(request: Request) -> Vec<u8> {
    let path = request.path.split('?').next().unwrap_or_default().to_owned();
    let Some(endpoint) = Endpoint::of(&path) else { return error_response(404, "Not Found") };
    let is_post = matches!(
        endpoint,
        Endpoint::Infer { .. } | Endpoint::Index | Endpoint::Load(_) | Endpoint::Unload(_)
    );
    if request.method != if is_post { "POST" } else { "GET" } {
        return error_response(405, "Method Not Allowed");
    }
    let response = match endpoint {
        Endpoint::Health => Ok(response(200, &[("Content-Type", TEXT)], b"")),
        Endpoint::Ready { model, version } => match Model::find(model, version) {
            Ok(_) => Ok(response(200, &[("Content-Type", TEXT)], b"")),
            Err(_) => Err(Failure::invalid("Model version not ready")),
        },
        Endpoint::Server => Ok(json_response(&json!({
            "name": NAME, "version": env!("CARGO_PKG_VERSION"), "extensions": EXTENSIONS
        }))),
        Endpoint::Metadata { model, version } => {
            Model::find(model, version).map(|model| json_response(&metadata(model)))
        }
        Endpoint::Config { model, version } => {
            Model::find(model, version).map(|model| json_response(&config(model)))
        }
        Endpoint::Index => {
            let ready_only =
                serde_json::from_slice(&request.body).is_ok_and(|json: Value| json["ready"] == true);
            let models = index().into_iter().filter(|(_, is_ready)| *is_ready || !ready_only);
            let models = models.map(|(name, is_ready)| match is_ready {
                true => json!({ "name": name, "version": VERSION, "state": "READY" }),
                false => {
                    json!({ "name": name, "version": VERSION, "state": "UNAVAILABLE", "reason": "unloaded" })
                }
            });
            Ok(json_response(&models.collect()))
        }
        Endpoint::Load(model) => load(model).map(|()| response(200, &[("Content-Type", JSON)], b"")),
        Endpoint::Unload(model) => {
            unload(model);
            Ok(response(200, &[("Content-Type", JSON)], b""))
        }
        Endpoint::Infer { model, version } => respond_infer(model, version, request),
    };
    response.unwrap_or_else(|failure| {
        let status = match failure.kind {
            Kind::InvalidArgument => 400,
            Kind::NotFound => 404,
            Kind::Internal => 500,
            Kind::Unsupported => 501,
        };
        error_response(status, &failure.text)
    })
}

enum Endpoint<'p> {
    Health,
    Server,
    Metadata { model: &'p str, version: &'p str },
    Ready { model: &'p str, version: &'p str },
    Config { model: &'p str, version: &'p str },
    Index,
    Load(&'p str),
    Unload(&'p str),
    Infer { model: &'p str, version: &'p str },
}

impl<'p> Endpoint<'p> {
    fn of(path: &'p str) -> Option<Self> {
        let path = path.strip_prefix("/v2")?;
        let segments: Vec<&str> = path.split('/').skip(1).collect();
        let (model, rest) = match segments[..] {
            [] => return Some(Self::Server),
            ["health", "live" | "ready"] => return Some(Self::Health),
            ["repository", "index"] => return Some(Self::Index),
            ["repository", "models", model, "load"] => return Some(Self::Load(model)),
            ["repository", "models", model, "unload"] => return Some(Self::Unload(model)),
            ["models", model, ref rest @ ..] if !model.is_empty() => (model, rest),
            _ => return None,
        };
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let (version, rest) = match rest {
            ["versions", version, rest @ ..] if is_number(version) => (*version, rest),
            rest => ("", rest),
        };
        match rest {
            [] => Some(Self::Metadata { model, version }),
            ["ready"] => Some(Self::Ready { model, version }),
            ["config"] => Some(Self::Config { model, version }),
            ["infer"] => Some(Self::Infer { model, version }),
            _ => None,
        }
    }
}

fn metadata(model: &Model) -> Value {
    let tensors = |specs: &[Spec]| -> Vec<Value> {
        let tensor =
            |spec: &Spec| json!({ "name": spec.name, "datatype": spec.datatype, "shape": model.shape(spec) });
        specs.iter().map(tensor).collect()
    };
    json!({
        "name": model.name, "versions": [VERSION], "platform": NAME,
        "inputs": tensors(&model.inputs), "outputs": tensors(&model.outputs)
    })
}

fn config(model: &Model) -> Value {
    let tensors = |specs: &[Spec]| -> Vec<Value> {
        let tensor = |spec: &Spec| json!({ "name": spec.name, "data_type": Model::data_type(spec), "dims": Model::dims(spec) });
        specs.iter().map(tensor).collect()
    };
    json!({
        "name": model.name, "platform": "", "backend": NAME, "max_batch_size": model.max_batch_size,
        "input": tensors(&model.inputs), "output": tensors(&model.outputs)
    })
}

fn respond_infer(model: &str, version: &str, request: Request) -> Result<Vec<u8>> {
    Model::find(model, version)?;
    let body_byte_size = request.body.len();
    let json_byte_size = match request.header(JSON_BYTE_SIZE) {
        None => body_byte_size,
        Some(text) => {
            let number: i64 = text
                .parse()
                .map_err(|_| Failure::invalid(format!("Unable to parse {JSON_BYTE_SIZE}, got: {text}")))?;
            usize::try_from(number).ok().filter(|size| *size <= body_byte_size).ok_or_else(|| {
                let text =
                    format!("inference header size should be in range (0, {body_byte_size}), got: {number}");
                Failure::invalid(text)
            })?
        }
    };
    let mut tensors = Bytes::from(request.body);
    let json: Value = serde_json::from_slice(&tensors.split_to(json_byte_size)).map_err(|error| {
        Failure::new(Kind::Internal, format!("failed to parse the request JSON buffer: {error}"))
    })?;

    let no_inputs = || cannot_parse("inputs", "attempt to access non-existing object member 'inputs'");
    let inputs = json.get("inputs").and_then(Value::as_array).ok_or_else(no_inputs)?;
    let inputs = inputs.iter().map(|input| read_input(input, model, &mut tensors)).collect::<Result<_>>()?;
    if !tensors.is_empty() {
        return Err(Failure::invalid(format!("unexpected additional input data for model '{model}'")));
    }
    let (model, version) = (model.to_owned(), version.to_owned());
    let id = json.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let query =
        Query { model: model.clone(), version, id: id.clone(), inputs, outputs: read_outputs(&json)? };
    Ok(infer_response(&model, &id, &infer(query)?))
}

/// Reads an input and splits its data off `tensors`.
fn read_input(input: &Value, model: &str, tensors: &mut Bytes) -> Result<Tensor> {
    let name = string_member(input, "name")?;
    let datatype = string_member(input, "datatype")?;
    let no_shape = || cannot_parse("shape", "attempt to access JSON non-array as array");
    let shape = input.get("shape").and_then(Value::as_array).ok_or_else(no_shape)?;
    let dim = |dim: &Value| dim.as_u64().and_then(|dim| i64::try_from(dim).ok());
    let shape: Option<Vec<i64>> = shape.iter().map(dim).collect();
    let shape = shape.ok_or_else(|| {
        cannot_parse("shape", "attempt to access JSON non-unsigned-integer as unsigned-integer")
    })?;
    let byte_size = input.pointer("/parameters/binary_data_size").and_then(Value::as_u64);
    let Some(byte_size) = byte_size else {
        return Err(Failure::invalid(format!(
            "the embedded server takes binary tensors only: input '{name}' needs 'binary_data_size'"
        )));
    };
    let byte_size = usize::try_from(byte_size).unwrap_or(usize::MAX);
    if byte_size > tensors.len() {
        let missing = byte_size - tensors.len();
        return Err(Failure::invalid(format!(
            "unexpected size for input '{name}', expecting {missing} additional bytes for model '{model}'"
        )));
    }
    Ok(Tensor { name, datatype, shape, data: tensors.split_to(byte_size) })
}

/// Returns the names of the requested outputs, which must be binary, each or all.
fn read_outputs(json: &Value) -> Result<Vec<String>> {
    let not_binary = || {
        Failure::invalid(
            "the embedded server sends binary tensors only: request 'binary_data' or 'binary_data_output'",
        )
    };
    let all_binary = json.pointer("/parameters/binary_data_output").and_then(Value::as_bool).unwrap_or(false);
    let outputs = json.get("outputs").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    if outputs.is_empty() && !all_binary {
        return Err(not_binary());
    }
    let name = |output: &Value| {
        let parameters = output.get("parameters").and_then(Value::as_object);
        if let Some(other) =
            parameters.and_then(|parameters| parameters.keys().find(|key| *key != "binary_data"))
        {
            let text = format!("the embedded server does not know the parameter '{other}' of an output");
            return Err(Failure::new(Kind::Unsupported, text));
        }
        let binary = parameters.and_then(|parameters| parameters.get("binary_data")).and_then(Value::as_bool);
        if binary.unwrap_or(all_binary) { string_member(output, "name") } else { Err(not_binary()) }
    };
    outputs.iter().map(name).collect()
}

fn string_member(object: &Value, key: &str) -> Result<String> {
    let text = object.get(key).and_then(Value::as_str).map(str::to_owned);
    text.ok_or_else(|| cannot_parse(key, "attempt to access JSON non-string as string"))
}

fn cannot_parse(key: &str, why: &str) -> Failure {
    Failure::new(Kind::Internal, format!("Unable to parse '{key}': {why}"))
}

fn infer_response(model: &str, id: &str, outputs: &[Tensor]) -> Vec<u8> {
    let output = |tensor: &Tensor| {
        json!({
            "name": tensor.name, "datatype": tensor.datatype, "shape": tensor.shape,
            "parameters": { "binary_data_size": tensor.data.len() }
        })
    };
    let listed: Vec<_> = outputs.iter().map(output).collect();
    let mut json = json!({ "model_name": model, "model_version": VERSION, "outputs": listed });
    if !id.is_empty() {
        json["id"] = id.into();
    }
    // As Triton: no header with the size of the JSON part if all tensors are empty.
    if outputs.iter().all(|output| output.data.is_empty()) {
        return json_response(&json);
    }
    let json = json.to_string();
    let json_byte_size = json.len().to_string();
    let mut body = json.into_bytes();
    for output in outputs {
        body.extend_from_slice(&output.data);
    }
    response(200, &[("Content-Type", BINARY), (JSON_BYTE_SIZE, &json_byte_size)], &body)
}

fn json_response(json: &Value) -> Vec<u8> {
    response(200, &[("Content-Type", JSON)], json.to_string().as_bytes())
}

fn error_response(status: u16, text: &str) -> Vec<u8> {
    response(status, &[("Content-Type", JSON)], json!({ "error": text }).to_string().as_bytes())
}
