//! Whether a server is live and ready, and whether a model is ready.

use http::StatusCode;
use serde_json::Value;

use super::{
    Operation, Response,
    http_form::{self, HttpRequest, model_path},
    no_form,
};
use crate::{
    error::{Error, Origin, Result, Status, excerpt},
    proto::{
        health::{HealthCheckRequest, HealthCheckResponse},
        inference::{
            ModelReadyRequest, ModelReadyResponse, ServerLiveRequest, ServerLiveResponse, ServerReadyRequest,
            ServerReadyResponse,
        },
        without_bom,
    },
    reasons,
};

/// Reads liveness or readiness over HTTP: status 200 is true, unless the body is a JSON object in which it is
/// false, as KServe and aissemble send it. Triton's false is 400, with or without a reason. An HTML page or
/// an error with status 200 is from a gateway, and no evidence of the server's state.
fn read_bool(status: u16, body: &[u8], member: &str) -> Result<bool> {
    let json = without_bom(body).trim_ascii();
    match status {
        200..300 => {
            let other = if member == LIVE { READY } else { LIVE };
            let value = |name| http_form::bool_member(json, name);
            match value(member).or_else(|| value(other)) {
                Some(value) => Ok(value),
                None => http_form::read_nothing(status, body).map(|()| true),
            }
        }
        400 if json.is_empty() || json.starts_with(b"{") => Ok(false),
        _ => Err(http_form::error(status, body)),
    }
}

const LIVE: &str = "live";
const READY: &str = "ready";

/// Whether the body of an error names a model: `{"error":"Model with name m does not exist."}`. For an
/// unknown path a server sends at most the reason phrase of the status: Triton `{"error":"Not Found"}`.
fn names_model(model: &str, status: u16, body: &[u8]) -> bool {
    let words = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    match serde_json::from_slice(without_bom(body)) {
        Ok(Value::Object(members)) => members.get("error").and_then(Value::as_str).is_some_and(|text| {
            !words.is_some_and(|words| words.eq_ignore_ascii_case(text.trim())) && names(text, model)
        }),
        _ => false,
    }
}

/// Whether a text contains a model's name as a whole word, not as a part of another name or of a path.
fn names(text: &str, model: &str) -> bool {
    text.match_indices(model).any(|(at, _)| {
        let (before, after) = (&text[..at], &text[at + model.len()..]);
        !before.ends_with(is_name_character) && !continues_a_name(after)
    })
}

fn is_name_character(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/')
}

/// Whether a name continues here; a full stop may also end a sentence.
fn continues_a_name(text: &str) -> bool {
    let rest = text.trim_start_matches(['.', '-']);
    rest.starts_with(is_name_character)
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
        Ok(ServerLiveResponse { live: read_bool(status, body, LIVE)? })
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
        Ok(ServerReadyResponse { ready: read_bool(status, body, READY)? })
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
        format!("readiness of model '{}'", excerpt(self.name))
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
        let is_not_ready = matches!(status, 404 | 503) && names_model(self.name, status, body);
        Ok(ModelReadyResponse { ready: !is_not_ready && read_bool(status, body, READY)? })
    }

    fn response(&self, response: Response<ModelReadyResponse>) -> Result<bool> {
        Ok(response.reply.ready)
    }

    /// Converts the errors that mean "not ready" over gRPC: MLServer and KServe return NOT_FOUND for an
    /// unknown model, and KServe UNAVAILABLE for one that is not loaded.
    fn response_of(&self, error: Error) -> Result<bool> {
        let message = error.to_string();
        let text = reasons::text_within(&message);
        let is_not_ready = match (error.origin(), error.http_status(), error.status()) {
            (Origin::Server, None, Status::NotFound) => true,
            (Origin::Server, None, Status::Unavailable) => {
                text.contains("not ready") && names(text, self.name)
            }
            _ => false,
        };
        if is_not_ready { Ok(false) } else { Err(error) }
    }
}

/// The status of a service in the gRPC health service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum ServingStatus {
    /// The status is not known.
    Unknown = 0,
    /// The service accepts requests.
    Serving = 1,
    /// The service exists and does not accept requests at present.
    NotServing = 2,
    /// The server has no service of that name.
    ServiceUnknown = 3,
}

impl ServingStatus {
    /// Returns the status of a number of `grpc.health.v1`.
    pub fn from_number(number: i32) -> Option<Self> {
        [Self::Unknown, Self::Serving, Self::NotServing, Self::ServiceUnknown]
            .into_iter()
            .find(|status| status.number() == number)
    }

    /// Returns its number in `grpc.health.v1`.
    pub fn number(self) -> i32 {
        self as i32
    }
}

/// A check of the gRPC health service. Triton has one status for the whole server, whatever the name of the
/// service.
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
        let advice = "it is a gRPC service; check whether the server is live or ready instead";
        Err(no_form("grpc.health.v1", "HTTP", advice))
    }

    fn response(&self, response: Response<HealthCheckResponse>) -> Result<ServingStatus> {
        // A later version of the service may have more numbers.
        Ok(ServingStatus::from_number(response.reply.status).unwrap_or(ServingStatus::Unknown))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_named_by_a_whole_word() {
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
        // The reason phrase of the status does not name a model.
        for model in ["Not", "Found", "Not Found"] {
            assert!(!names_model(model, 404, br#"{"error":"Not Found"}"#), "{model}");
            assert!(
                names_model(model, 404, format!(r#"{{"error":"no model '{model}'"}}"#).as_bytes()),
                "{model}"
            );
        }
    }

    #[test]
    fn the_requested_member_decides_before_the_other_one() {
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
            assert_eq!(read_bool(200, body.as_bytes(), LIVE).unwrap(), live, "{body}");
            assert_eq!(read_bool(200, body.as_bytes(), READY).unwrap(), ready, "{body}");
        }
        for body in ["<html>", "[]", "true", "OK", "null", "{", "{} x", "\"ready\""] {
            let error = read_bool(200, body.as_bytes(), READY).unwrap_err();
            assert_eq!((error.status(), error.http_status()), (Status::Internal, Some(200)), "{body}");
        }
    }
}
