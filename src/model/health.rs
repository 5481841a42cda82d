//! Whether a server lives, is ready, and has a model ready.

use http::StatusCode;
use serde_json::Value;

use super::{
    Operation, Response,
    http_form::{self, HttpRequest, model_path},
    no_form,
};
use crate::{
    error::{Error, Origin, Result, Status},
    proto::{
        health::{HealthCheckRequest, HealthCheckResponse, health_check_response::ServingStatus as Number},
        inference::{
            ModelReadyRequest, ModelReadyResponse, ServerLiveRequest, ServerLiveResponse, ServerReadyRequest,
            ServerReadyResponse,
        },
        without_bom,
    },
    reasons,
};

/// Over HTTP readiness is a status: 200 is yes, unless a JSON object says no, as KServe and aissemble write it, and Triton's
/// no is 400, with a reason or without. A page is a gateway's, which says nothing of the server, and so is an error told
/// under 200.
fn yes_or_no(status: u16, body: &[u8], member: &str) -> Result<bool> {
    let json = without_bom(body).trim_ascii();
    match status {
        200..300 => {
            let other = if member == LIVE { READY } else { LIVE };
            let says = |name| http_form::bool_member(json, name);
            match says(member).or_else(|| says(other)) {
                Some(answer) => Ok(answer),
                None => http_form::read_nothing(status, body).map(|()| true),
            }
        }
        400 if json.is_empty() || json.starts_with(b"{") => Ok(false),
        _ => Err(http_form::error(status, body)),
    }
}

const LIVE: &str = "live";
const READY: &str = "ready";

/// Whether the body of an error speaks of a model by its name: `{"error":"Model with name m does not exist."}`. For a path
/// that a server does not have, it writes the status's own words at most: Triton `{"error":"Not Found"}`.
fn is_about(model: &str, status: u16, body: &[u8]) -> bool {
    let words = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    match serde_json::from_slice(without_bom(body)) {
        Ok(Value::Object(members)) => members.get("error").and_then(Value::as_str).is_some_and(|text| {
            !words.is_some_and(|words| words.eq_ignore_ascii_case(text.trim())) && names(text, model)
        }),
        _ => false,
    }
}

/// Whether a text has a model's name in it as a whole word: not as a part of another name, nor of a path.
fn names(text: &str, model: &str) -> bool {
    text.match_indices(model).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + model.len()..]);
        !before.ends_with(is_of_a_name) && !begins_in_a_name(after)
    })
}

fn is_of_a_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/')
}

/// Whether a name goes on; a full stop may also end a sentence.
fn begins_in_a_name(text: &str) -> bool {
    let rest = text.trim_start_matches(['.', '-']);
    rest.starts_with(is_of_a_name)
}

pub(crate) struct ServerLive;

impl Operation for ServerLive {
    const GRPC: &'static str = "ServerLive";
    type Message = ServerLiveRequest;
    type Reply = ServerLiveResponse;
    type Output = bool;

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
        Ok(ServerLiveResponse { live: yes_or_no(status, body, LIVE)? })
    }

    fn response(&self, response: Response<ServerLiveResponse>) -> Result<bool> {
        Ok(response.reply.live)
    }
}

pub(crate) struct ServerReady;

impl Operation for ServerReady {
    const GRPC: &'static str = "ServerReady";
    type Message = ServerReadyRequest;
    type Reply = ServerReadyResponse;
    type Output = bool;

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
        Ok(ServerReadyResponse { ready: yes_or_no(status, body, READY)? })
    }

    fn response(&self, response: Response<ServerReadyResponse>) -> Result<bool> {
        Ok(response.reply.ready)
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
    type Output = bool;

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
        let is_no = matches!(status, 404 | 503) && is_about(self.name, status, body);
        Ok(ModelReadyResponse { ready: !is_no && yes_or_no(status, body, READY)? })
    }

    fn response(&self, response: Response<ModelReadyResponse>) -> Result<bool> {
        Ok(response.reply.ready)
    }

    /// Over gRPC MLServer and KServe say NOT_FOUND for a model that they do not know, and KServe UNAVAILABLE for one that it
    /// has not loaded.
    fn response_of(&self, error: Error) -> Result<bool> {
        let message = error.to_string();
        let text = reasons::text_within(&message);
        let is_no = match (error.origin(), error.http_status(), error.status()) {
            (Origin::Server, None, Status::NotFound) => true,
            (Origin::Server, None, Status::Unavailable) => {
                text.contains("not ready") && names(text, self.name)
            }
            _ => false,
        };
        if is_no { Ok(false) } else { Err(error) }
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
    type Output = ServingStatus;

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

    fn response(&self, response: Response<HealthCheckResponse>) -> Result<ServingStatus> {
        Ok(match Number::try_from(response.reply.status) {
            Ok(Number::Serving) => ServingStatus::Serving,
            Ok(Number::NotServing) => ServingStatus::NotServing,
            Ok(Number::ServiceUnknown) => ServingStatus::ServiceUnknown,
            Ok(Number::Unknown) | Err(_) => ServingStatus::Unknown,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_speaks_of_a_model_if_it_has_the_name_as_a_whole_word() {
        for (text, model) in [
            ("Model m not found", "m"),
            ("Model with name m does not exist.", "m"),
            ("Model with name m is not ready.", "m"),
            ("Request for unknown model: 'm' is not found", "m"),
            ("m: no such model", "m"),
            ("a.b-c_1 is not ready", "a.b-c_1"),
            ("Model with name a.b.", "a.b"),
            ("Model mod\u{e8}le not found", "mod\u{e8}le"),
            ("Model a b not found", "a b"),
            ("unknown model 'not-found'", "not-found"),
            ("\"v2\" is not ready", "v2"),
        ] {
            assert!(names(text, model), "{model}: {text}");
        }
        for (text, model) in [
            ("Not Found", "m"),
            ("", "m"),
            ("Model mm not found", "m"),
            ("Model m2 not found", "m"),
            ("Model m.2 not found", "m"),
            ("Model a.m not found", "m"),
            ("Model m-2 not found", "m"),
            ("no route for /v2/models/m/ready", "m"),
            ("Model M not found", "m"),
        ] {
            assert!(!names(text, model), "{model}: {text}");
        }
        // The words of the status itself, whatever the model is called.
        for model in ["Not", "Found", "Not Found"] {
            assert!(!is_about(model, 404, br#"{"error":"Not Found"}"#), "{model}");
            assert!(
                is_about(model, 404, format!(r#"{{"error":"no model '{model}'"}}"#).as_bytes()),
                "{model}"
            );
        }
    }

    #[test]
    fn the_member_asked_for_decides_and_then_the_other_one() {
        for (body, live, ready) in [
            ("", true, true),
            (" \n", true, true),
            ("\u{feff}{}", true, true),
            (r#"{"live":false}"#, false, false),
            (r#"{"ready":false}"#, false, false),
            (r#"{"ready":false,"live":true}"#, true, false),
            (r#"{"live":false,"ready":true}"#, false, true),
            (r#"{"ready":"no","live":false}"#, false, false),
            (r#"{"ready":null,"name":"m"}"#, true, true),
            (r#"{"x":{"ready":false},"y":[false,NaN],"z":"live"}"#, true, true),
        ] {
            assert_eq!(yes_or_no(200, body.as_bytes(), LIVE).unwrap(), live, "{body}");
            assert_eq!(yes_or_no(200, body.as_bytes(), READY).unwrap(), ready, "{body}");
        }
        for body in ["<html>", "[]", "true", "OK", "null", "{", "{} x", "\"ready\""] {
            let error = yes_or_no(200, body.as_bytes(), READY).unwrap_err();
            assert_eq!((error.status(), error.http_status()), (Status::Internal, Some(200)), "{body}");
        }
    }
}
