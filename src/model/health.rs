//! Whether a server lives, is ready, and has a model ready.

use super::{
    Answered, Operation, no_form,
    wire::{self, HttpRequest, model_path},
};
use crate::{
    error::Result,
    proto::{
        health::{HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus as Number},
        inference::{
            ModelReadyRequest, ModelReadyResponse, ServerLiveRequest, ServerLiveResponse, ServerReadyRequest,
            ServerReadyResponse,
        },
        without_bom,
    },
};

/// Over HTTP readiness is a status: 200 is yes, and Triton's no is 400, with a reason or without. A page is a gateway's, which
/// says nothing of the server.
fn yes_or_no(status: u16, body: &[u8]) -> Result<bool> {
    let body_start = without_bom(body).trim_ascii_start();
    let is_no = body_start.is_empty() || body_start.starts_with(b"{");
    match status {
        200..300 => Ok(true),
        400 if is_no => Ok(false),
        _ => Err(wire::error(status, body)),
    }
}

pub(crate) struct ServerLive;

impl Operation for ServerLive {
    const GRPC: &'static str = "ServerLive";
    type Message = ServerLiveRequest;
    type Reply = ServerLiveResponse;
    type Answer = bool;

    fn what(&self) -> String {
        "liveness of the server".to_owned()
    }

    fn only_reads(&self) -> bool {
        true
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
    const GRPC: &'static str = "ServerReady";
    type Message = ServerReadyRequest;
    type Reply = ServerReadyResponse;
    type Answer = bool;

    fn what(&self) -> String {
        "readiness of the server".to_owned()
    }

    fn only_reads(&self) -> bool {
        true
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
    const GRPC: &'static str = "ModelReady";
    type Message = ModelReadyRequest;
    type Reply = ModelReadyResponse;
    type Answer = bool;

    fn what(&self) -> String {
        format!("readiness of model '{}'", self.name)
    }

    fn only_reads(&self) -> bool {
        true
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

/// What gRPC's own health service says of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServingStatus {
    /// Nothing is known about it.
    Unknown,
    /// It takes requests.
    Serving,
    /// It is there, and takes no requests now.
    NotServing,
    /// The server has no service of that name.
    ServiceUnknown,
}

/// A check of gRPC's own health service. Triton answers for the whole server, whatever the service is called.
pub(crate) struct HealthCheck<'a> {
    pub service: &'a str,
}

impl Operation for HealthCheck<'_> {
    const GRPC: &'static str = "/grpc.health.v1.Health/Check";
    type Message = HealthCheckRequest;
    type Reply = HealthCheckResponse;
    type Answer = ServingStatus;

    fn what(&self) -> String {
        format!("health check of service '{}'", self.service)
    }

    fn only_reads(&self) -> bool {
        true
    }

    fn to_grpc(&self) -> Result<HealthCheckRequest> {
        Ok(HealthCheckRequest { service: self.service.to_owned() })
    }

    fn to_http(&self) -> Result<HttpRequest> {
        let advice = "it is gRPC's own service; is_server_live and is_server_ready ask the same";
        Err(no_form("grpc.health.v1", "HTTP", advice))
    }

    fn answer(&self, answered: Answered<HealthCheckResponse>) -> Result<ServingStatus> {
        Ok(match Number::try_from(answered.reply.status) {
            Ok(Number::Serving) => ServingStatus::Serving,
            Ok(Number::NotServing) => ServingStatus::NotServing,
            Ok(Number::ServiceUnknown) => ServingStatus::ServiceUnknown,
            Ok(Number::Unknown) | Err(_) => ServingStatus::Unknown,
        })
    }
}
