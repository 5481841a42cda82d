//! Whether a server lives, is ready, and has a model ready.

use super::{
    Answered, Operation,
    wire::{self, HttpRequest, model_path},
};
use crate::{
    error::Result,
    proto::inference::{
        ModelReadyRequest, ModelReadyResponse, ServerLiveRequest, ServerLiveResponse, ServerReadyRequest,
        ServerReadyResponse,
    },
};

/// Over HTTP readiness is a status: 200 is yes, and Triton's no is 400.
fn yes_or_no(status: u16, body: &[u8]) -> Result<bool> {
    match status {
        200..300 => Ok(true),
        400 => Ok(false),
        _ => Err(wire::error(status, body)),
    }
}

pub(crate) struct ServerLive;

impl Operation for ServerLive {
    const GRPC: &'static str = "/inference.GRPCInferenceService/ServerLive";
    type Message = ServerLiveRequest;
    type Reply = ServerLiveResponse;
    type Answer = bool;

    fn what(&self) -> String {
        "liveness of the server".to_owned()
    }

    fn to_grpc(&self) -> Result<ServerLiveRequest> {
        Ok(ServerLiveRequest {})
    }

    fn to_http(&self) -> Result<HttpRequest> {
        Ok(HttpRequest::get("/v2/health/live"))
    }

    fn read_http(&self, status: u16, body: &[u8]) -> Result<ServerLiveResponse> {
        Ok(ServerLiveResponse { live: yes_or_no(status, body)? })
    }

    fn answer(&self, answered: Answered<ServerLiveResponse>) -> Result<bool> {
        Ok(answered.reply.live)
    }
}

pub(crate) struct ServerReady;

impl Operation for ServerReady {
    const GRPC: &'static str = "/inference.GRPCInferenceService/ServerReady";
    type Message = ServerReadyRequest;
    type Reply = ServerReadyResponse;
    type Answer = bool;

    fn what(&self) -> String {
        "readiness of the server".to_owned()
    }

    fn to_grpc(&self) -> Result<ServerReadyRequest> {
        Ok(ServerReadyRequest {})
    }

    fn to_http(&self) -> Result<HttpRequest> {
        Ok(HttpRequest::get("/v2/health/ready"))
    }

    fn read_http(&self, status: u16, body: &[u8]) -> Result<ServerReadyResponse> {
        Ok(ServerReadyResponse { ready: yes_or_no(status, body)? })
    }

    fn answer(&self, answered: Answered<ServerReadyResponse>) -> Result<bool> {
        Ok(answered.reply.ready)
    }
}

pub(crate) struct ModelReady<'a> {
    pub name: &'a str,
    pub version: &'a str,
}

impl Operation for ModelReady<'_> {
    const GRPC: &'static str = "/inference.GRPCInferenceService/ModelReady";
    type Message = ModelReadyRequest;
    type Reply = ModelReadyResponse;
    type Answer = bool;

    fn what(&self) -> String {
        format!("readiness of model '{}'", self.name)
    }

    fn to_grpc(&self) -> Result<ModelReadyRequest> {
        Ok(ModelReadyRequest { name: self.name.to_owned(), version: self.version.to_owned() })
    }

    fn to_http(&self) -> Result<HttpRequest> {
        Ok(HttpRequest::get(model_path(self.name, self.version)? + "/ready"))
    }

    fn read_http(&self, status: u16, body: &[u8]) -> Result<ModelReadyResponse> {
        Ok(ModelReadyResponse { ready: yes_or_no(status, body)? })
    }

    fn answer(&self, answered: Answered<ModelReadyResponse>) -> Result<bool> {
        Ok(answered.reply.ready)
    }
}
