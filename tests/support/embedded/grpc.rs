//! The embedded server's gRPC interface.

use std::io;

use bytes::Bytes;
use h2::server::Builder;
use http::HeaderMap;
use prost::Message;

use super::{
    EXTENSIONS, NAME,
    inference::{
        DataType, ModelConfig, ModelConfigRequest, ModelConfigResponse, ModelInferRequest,
        ModelInferResponse, ModelInput, ModelMetadataRequest, ModelMetadataResponse, ModelOutput,
        ModelReadyRequest, ModelReadyResponse, ModelStreamInferResponse, RepositoryIndexRequest,
        RepositoryIndexResponse, RepositoryModelLoadRequest, RepositoryModelUnloadRequest,
        ServerLiveResponse, ServerMetadataResponse, ServerReadyResponse,
        model_infer_response::InferOutputTensor, model_metadata_response::TensorMetadata,
        repository_index_response::ModelIndex,
    },
    models::{Failure, Kind, Model, Query, Result, Spec, Tensor, VERSION, index, infer, load, unload},
};
use crate::support::{grpc, http2};

const SERVICE: &str = "/inference.GRPCInferenceService/";

pub fn start() -> io::Result<http2::Server> {
    // Large enough that large tensors do not wait for window updates.
    const WINDOW_BYTE_SIZE: u32 = 16 << 20;
    let mut settings = Builder::new();
    settings.initial_window_size(WINDOW_BYTE_SIZE).initial_connection_window_size(WINDOW_BYTE_SIZE);
    http2::Server::start(
        settings,
        || (),
        |mut call| async move {
            if call.path().strip_prefix(SERVICE) == Some("ModelStreamInfer") {
                return serve_stream(&mut call).await;
            }
            let body = call.read_body().await?;
            match response(call.path(), body) {
                Ok(message) => grpc::reply(&mut call, vec![message], grpc::OK, "").await,
                Err(failure) => {
                    let status = match failure.kind {
                        Kind::InvalidArgument => grpc::INVALID_ARGUMENT,
                        Kind::NotFound => grpc::NOT_FOUND,
                        Kind::Unsupported => grpc::UNIMPLEMENTED,
                        Kind::Internal => grpc::INTERNAL,
                    };
                    grpc::reply_trailers_only(&mut call, status, &failure.text)
                }
            }
        },
    )
}

/// Responds to the requests of a stream, one after another.
async fn serve_stream(call: &mut http2::Call) -> http2::Result<()> {
    let mut responses = call.send_headers(200, grpc::CONTENT)?;
    let mut arrived = Vec::new();
    while let Some(data) = call.read_data().await? {
        arrived.extend_from_slice(&data);
        while let Some(message) = grpc::take_message(&mut arrived) {
            let outcome = decode(message.into()).and_then(respond_infer);
            let (error_message, infer_response) = match outcome {
                Ok(response) => (String::new(), Some(response)),
                Err(failure) => (failure.text, None),
            };
            let response = ModelStreamInferResponse { error_message, infer_response };
            http2::send_data(&mut responses, grpc::frame(&response.encode_to_vec())).await?;
        }
    }
    let mut trailers = HeaderMap::new();
    grpc::set_status(&mut trailers, grpc::OK, "");
    responses.send_trailers(trailers)
}

fn response(path: &str, body: Vec<u8>) -> Result<Vec<u8>> {
    let unknown = || Failure::new(Kind::Unsupported, "");
    let method = path.strip_prefix(SERVICE).ok_or_else(unknown)?;
    let message = Bytes::from(grpc::unframe(body).map_err(|text| Failure::new(Kind::Internal, text))?);
    Ok(match method {
        "ServerLive" => ServerLiveResponse { live: true }.encode_to_vec(),
        "ServerReady" => ServerReadyResponse { ready: true }.encode_to_vec(),
        "ServerMetadata" => ServerMetadataResponse {
            name: NAME.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            extensions: EXTENSIONS.map(str::to_owned).into(),
        }
        .encode_to_vec(),
        "ModelReady" => {
            let ModelReadyRequest { name, version } = decode(message)?;
            match Model::find(&name, &version) {
                Err(failure) if failure.kind != Kind::NotFound => return Err(failure),
                found => ModelReadyResponse { ready: found.is_ok() }.encode_to_vec(),
            }
        }
        "ModelMetadata" => {
            let ModelMetadataRequest { name, version } = decode(message)?;
            metadata(Model::find(&name, &version)?).encode_to_vec()
        }
        "ModelConfig" => {
            let ModelConfigRequest { name, version } = decode(message)?;
            ModelConfigResponse { config: Some(config(Model::find(&name, &version)?)) }.encode_to_vec()
        }
        "RepositoryIndex" => {
            let RepositoryIndexRequest { ready, .. } = decode(message)?;
            let models = index().into_iter().filter(|(_, is_ready)| *is_ready || !ready);
            let model = |(name, is_ready): (&str, bool)| ModelIndex {
                name: name.to_owned(),
                version: VERSION.to_owned(),
                state: if is_ready { "READY" } else { "UNAVAILABLE" }.to_owned(),
                reason: if is_ready { "" } else { "unloaded" }.to_owned(),
            };
            RepositoryIndexResponse { models: models.map(model).collect() }.encode_to_vec()
        }
        "RepositoryModelLoad" => {
            let RepositoryModelLoadRequest { model_name, .. } = decode(message)?;
            load(&model_name)?;
            Vec::new()
        }
        "RepositoryModelUnload" => {
            let RepositoryModelUnloadRequest { model_name, .. } = decode(message)?;
            unload(&model_name);
            Vec::new()
        }
        "ModelInfer" => respond_infer(decode(message)?)?.encode_to_vec(),
        _ => return Err(unknown()),
    })
}

fn decode<M: Message + Default>(message: Bytes) -> Result<M> {
    M::decode(message).map_err(|error| Failure::new(Kind::Internal, error.to_string()))
}

fn metadata(model: &Model) -> ModelMetadataResponse {
    let tensors = |specs: &[Spec]| {
        let tensor = |spec: &Spec| TensorMetadata {
            name: spec.name.to_owned(),
            datatype: spec.datatype.to_owned(),
            shape: model.shape(spec),
        };
        specs.iter().map(tensor).collect()
    };
    ModelMetadataResponse {
        name: model.name.clone(),
        versions: vec![VERSION.to_owned()],
        platform: NAME.to_owned(),
        inputs: tensors(&model.inputs),
        outputs: tensors(&model.outputs),
    }
}

fn config(model: &Model) -> ModelConfig {
    let number = |spec: &Spec| DataType::from_str_name(&Model::data_type(spec)).map_or(0, Into::into);
    let input = |spec: &Spec| ModelInput {
        name: spec.name.to_owned(),
        data_type: number(spec),
        dims: Model::dims(spec).to_vec(),
        ..Default::default()
    };
    let output = |spec: &Spec| ModelOutput {
        name: spec.name.to_owned(),
        data_type: number(spec),
        dims: Model::dims(spec).to_vec(),
        ..Default::default()
    };
    ModelConfig {
        name: model.name.clone(),
        backend: NAME.to_owned(),
        max_batch_size: model.max_batch_size as i32,
        input: model.inputs.iter().map(input).collect(),
        output: model.outputs.iter().map(output).collect(),
        ..Default::default()
    }
}

fn respond_infer(request: ModelInferRequest) -> Result<ModelInferResponse> {
    let (given, raw) = (request.inputs.len(), request.raw_input_contents.len());
    Model::find(&request.model_name, &request.model_version)?;
    // Triton ignores excess entries, but a client that sends them is wrong.
    if given != raw {
        let text =
            format!("the embedded server takes raw_input_contents only: {raw} entries for {given} inputs");
        return Err(Failure::invalid(text));
    }
    if request.inputs.iter().any(|input| input.contents.is_some()) {
        return Err(Failure::invalid(
            "the embedded server takes raw_input_contents only, not contents beside them",
        ));
    }
    let parameters = request.inputs.iter().map(|input| &input.parameters);
    let mut parameters = parameters.chain(request.outputs.iter().map(|output| &output.parameters));
    if let Some(parameter) = parameters.find_map(|parameters| parameters.keys().next()) {
        let text = format!("the embedded server does not know the parameter '{parameter}' of a tensor");
        return Err(Failure::new(Kind::Unsupported, text));
    }
    let inputs = request.inputs.into_iter().zip(request.raw_input_contents);
    let inputs = inputs.map(|(input, data)| Tensor {
        name: input.name,
        datatype: input.datatype,
        shape: input.shape,
        data,
    });
    let query = Query {
        model: request.model_name.clone(),
        version: request.model_version,
        id: request.id.clone(),
        inputs: inputs.collect(),
        outputs: request.outputs.into_iter().map(|output| output.name).collect(),
    };
    let mut response = ModelInferResponse {
        model_name: request.model_name,
        model_version: VERSION.to_owned(),
        id: request.id,
        ..Default::default()
    };
    for Tensor { name, datatype, shape, data } in infer(query)? {
        response.outputs.push(InferOutputTensor { name, datatype, shape, ..Default::default() });
        response.raw_output_contents.push(data);
    }
    Ok(response)
}
