//! Metadata of a server and of its models.

use super::{
    Operation, Response,
    http_form::{self, HttpRequest, model_path},
    same_json,
};
use crate::{
    error::{Result, excerpt},
    infer::Datatype,
    proto::inference::{
        ModelMetadataRequest, ModelMetadataResponse, ServerMetadataRequest, ServerMetadataResponse,
        model_metadata_response,
    },
};

/// The metadata of a server.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ServerMetadata {
    /// The server's name, `"triton"`.
    pub name: String,
    /// The server's version, `"2.51.0"`.
    pub version: String,
    /// Its protocol extensions, `"binary_tensor_data"` and others.
    pub extensions: Vec<String>,
    json: String,
}

impl ServerMetadata {
    /// Whether the server has a protocol extension: `"statistics"`, `"trace"`, `"logging"`,
    /// `"model_repository"`, `"model_repository(unload_dependents)"`, `"system_shared_memory"`,
    /// `"cuda_shared_memory"` and others.
    pub fn has_extension(&self, name: &str) -> bool {
        self.extensions.iter().any(|own| own == name)
    }

    /// Returns the response as JSON, in its form over HTTP, where it is the body as received.
    pub fn json(&self) -> &str {
        &self.json
    }
}

/// The metadata of a model.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ModelMetadata {
    /// The model's name.
    pub name: String,
    /// The versions that are available.
    pub versions: Vec<String>,
    /// The framework or backend that runs the model, `"python"`, `"onnxruntime_onnx"`.
    pub platform: String,
    /// The inputs.
    pub inputs: Vec<TensorMetadata>,
    /// The outputs.
    pub outputs: Vec<TensorMetadata>,
    json: String,
}

impl ModelMetadata {
    /// Returns the response as JSON, in its form over HTTP, where it is the body as received.
    pub fn json(&self) -> &str {
        &self.json
    }
}

/// An input or an output of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TensorMetadata {
    /// The tensor's name.
    pub name: String,
    /// Its datatype; [`Datatype::Invalid`] for one that this library does not know.
    pub datatype: Datatype,
    /// The name of its datatype as the server gives it, `"FP32"`; also for one that this library does not
    /// know.
    pub datatype_name: String,
    /// Its shape, beginning with the batch dimension if the model has one; -1 for a dimension of any size.
    pub shape: Vec<i64>,
}

pub(crate) struct GetServerMetadata;

impl Operation for GetServerMetadata {
    const GRPC: &'static str = "ServerMetadata";
    type Message = ServerMetadataRequest;
    type Reply = ServerMetadataResponse;
    type Output = ServerMetadata;

    fn what(&self) -> String {
        "metadata of the server".to_owned()
    }

    fn only_reads(&self) -> bool {
        true
    }

    fn to_grpc(&self) -> Result<ServerMetadataRequest> {
        Ok(ServerMetadataRequest {})
    }

    fn to_http(&self) -> Result<HttpRequest> {
        Ok(HttpRequest::get("/v2"))
    }

    fn read_http(&self, status: u16, body: &[u8]) -> Result<ServerMetadataResponse> {
        http_form::read_description(status, body, "a server's metadata")
    }

    fn response(&self, mut response: Response<ServerMetadataResponse>) -> Result<ServerMetadata> {
        let json = response.take_json(same_json)?;
        let ServerMetadataResponse { name, version, extensions } = response.reply;
        Ok(ServerMetadata { name, version, extensions, json })
    }
}

pub(crate) struct GetModelMetadata<'a> {
    pub name: &'a str,
    pub version: &'a str,
}

impl Operation for GetModelMetadata<'_> {
    const GRPC: &'static str = "ModelMetadata";
    type Message = ModelMetadataRequest;
    type Reply = ModelMetadataResponse;
    type Output = ModelMetadata;

    fn what(&self) -> String {
        format!("metadata of model '{}'", excerpt(self.name))
    }

    fn only_reads(&self) -> bool {
        true
    }

    fn to_grpc(&self) -> Result<ModelMetadataRequest> {
        Ok(ModelMetadataRequest { name: self.name.to_owned(), version: self.version.to_owned() })
    }

    fn to_http(&self) -> Result<HttpRequest> {
        Ok(HttpRequest::get(model_path(self.name, self.version)?))
    }

    fn read_http(&self, status: u16, body: &[u8]) -> Result<ModelMetadataResponse> {
        let what = format!("the metadata of model '{}'", excerpt(self.name));
        http_form::read_description(status, body, &what)
    }

    fn response(&self, mut response: Response<ModelMetadataResponse>) -> Result<ModelMetadata> {
        let json = response.take_json(same_json)?;
        let reply = response.reply;
        let tensor = |tensor: model_metadata_response::TensorMetadata| TensorMetadata {
            datatype: Datatype::from_name(&tensor.datatype),
            datatype_name: tensor.datatype,
            name: tensor.name,
            shape: tensor.shape,
        };
        Ok(ModelMetadata {
            name: reply.name,
            versions: reply.versions,
            platform: reply.platform,
            inputs: reply.inputs.into_iter().map(tensor).collect(),
            outputs: reply.outputs.into_iter().map(tensor).collect(),
            json,
        })
    }
}
