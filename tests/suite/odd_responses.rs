//! Responses that C strings can't represent: texts with NULs and invalid UTF-8. Also load reports, keys of
//! restricted endpoints, and statistics that the test models of Triton do not have.

use prost::Message;

use crate::{
    programs::{compile, succeed},
    support::{
        embedded::inference::{
            InferResponseStatistics, LogSettingsResponse, MemoryUsage, ModelConfig, ModelConfigResponse,
            ModelOutput, ModelStatistics, ModelStatisticsResponse, RepositoryIndexResponse,
            ServerMetadataResponse, StatisticDuration, SystemSharedMemoryStatusResponse,
            log_settings_response::{SettingValue, setting_value::ParameterChoice},
            repository_index_response::ModelIndex,
            system_shared_memory_status_response::RegionStatus,
        },
        fault::{Grpc, GrpcResponse, Http, Response, response},
        grpc,
    },
};

const REPORT: (&str, &str) = ("endpoint-load-metrics", "TEXT cpu_utilization=0.5, named_metrics.b=2");

/// Replaced by a byte that is never valid in UTF-8.
const BAD: u8 = b'Q';

fn spoil(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|byte| if *byte == BAD { 0xff } else { *byte }).collect()
}

#[test]
fn odd_texts_load_reports_keys_and_statistics_are_read_in_c_over_http() {
    const ODD: &str = "a\\u0000bQc";
    let server = Http::start(|request| {
        let is = |name: &str, value: &str| request.header(name) == Some(value);
        // Requests for metrics have only the call's key.
        let is_keyed = is("key-2", "two") && (is("key-1", "one") || request.path == "/metrics");
        if !is_keyed || !is("endpoint-load-metrics-format", "text") {
            return Response::Bytes(response(403, &[], b"no key"));
        }
        let body = match request.path.as_str() {
            "/v2" => format!(r#"{{"name":"{ODD}","extensions":["{ODD}"]}}"#),
            "/v2/models/m" => {
                return Response::Bytes(response(404, &[], format!(r#"{{"error":"{ODD}"}}"#).as_bytes()));
            }
            "/v2/models/m/config" => format!(r#"{{"name":"{ODD}","output":[{{"label_filename":"{ODD}"}}]}}"#),
            "/v2/models/stats" => format!(
                r#"{{"model_stats":[{{"name":"{ODD}","memory_usage":[{{"type":"{ODD}","id":-1,"byte_size":18446744073709551615}}],
                "response_stats":{{"{ODD}":{{"empty_response":{{"count":3,"ns":4}},"cancel":{{"count":5,"ns":0}}}}}}}}]}}"#
            ),
            "/v2/repository/index" => format!(r#"[{{"name":"m","reason":"{ODD}"}}]"#),
            "/v2/systemsharedmemory/status" => format!(r#"[{{"name":"{ODD}","key":"{ODD}"}}]"#),
            "/v2/systemsharedmemory/unregister" => String::new(),
            "/v2/logging" => format!(r#"{{"{ODD}":"{ODD}"}}"#),
            // Bodies that are returned unparsed contain the NUL.
            "/v2/models/m/generate" => "{\"x\":\"a\0bQc\"}".to_owned(),
            "/v2/models/m/generate_stream" => "data: {\"x\":\"a\0bQc\"}\n\n".to_owned(),
            "/metrics" => "m{l=\"a\0bQc\"} 1".to_owned(),
            _ => r#"{"model_name":"m","outputs":[]}"#.to_owned(),
        };
        let is_stream = request.path.ends_with("_stream");
        let kind = if is_stream { "text/event-stream" } else { "application/json" };
        Response::Bytes(response(200, &[REPORT, ("Content-Type", kind)], &spoil(body.as_bytes())))
    });
    let program = compile("tests/c/odd_responses.c", "odd_responses_http");
    succeed(&program, &[&url!("http://{}", server.address())]);
}

#[test]
fn odd_texts_load_reports_keys_and_statistics_are_read_in_c_over_grpc() {
    let server = Grpc::start(|path, _| {
        let odd = || "a\0bQc".to_owned();
        let duration = |count, ns| Some(StatisticDuration { count, ns });
        let message = match path.rsplit('/').next().unwrap() {
            "ServerMetadata" => {
                ServerMetadataResponse { name: odd(), extensions: vec![odd()], ..Default::default() }
                    .encode_to_vec()
            }
            "ModelMetadata" => {
                // A header can't have a NUL: grpc-message is percent-encoded.
                let trailers = [("grpc-status", "5"), ("grpc-message", "a%00b")];
                let trailers = trailers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
                return GrpcResponse::Raw { frames: vec![], trailers };
            }
            "ModelConfig" => {
                let output = ModelOutput { label_filename: odd(), ..Default::default() };
                let config = ModelConfig { name: odd(), output: vec![output], ..Default::default() };
                ModelConfigResponse { config: Some(config) }.encode_to_vec()
            }
            "ModelStatistics" => {
                let response = InferResponseStatistics {
                    empty_response: duration(3, 4),
                    cancel: duration(5, 0),
                    ..Default::default()
                };
                let model = ModelStatistics {
                    name: odd(),
                    memory_usage: vec![MemoryUsage { r#type: odd(), id: -1, byte_size: u64::MAX }],
                    response_stats: [(odd(), response)].into(),
                    ..Default::default()
                };
                ModelStatisticsResponse { model_stats: vec![model] }.encode_to_vec()
            }
            "RepositoryIndex" => {
                let model = ModelIndex { reason: odd(), ..Default::default() };
                RepositoryIndexResponse { models: vec![model] }.encode_to_vec()
            }
            "LogSettings" => {
                let value = SettingValue { parameter_choice: Some(ParameterChoice::StringParam(odd())) };
                LogSettingsResponse { settings: [(odd(), value)].into() }.encode_to_vec()
            }
            "SystemSharedMemoryStatus" => {
                let region = RegionStatus { name: odd(), key: odd(), ..Default::default() };
                SystemSharedMemoryStatusResponse { regions: [(odd(), region)].into() }.encode_to_vec()
            }
            _ => Vec::new(),
        };
        let trailers = [("grpc-status", "0"), REPORT];
        let trailers = trailers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        GrpcResponse::Raw { frames: vec![grpc::frame(&spoil(&message)).to_vec()], trailers }
    });
    let program = compile("tests/c/odd_responses.c", "odd_responses_grpc");
    succeed(&program, &[&url!("grpc://{}", server.address())]);
    let calls = server.metadata();
    assert!(calls.len() > 8);
    for call in calls {
        for (name, value) in [("key-1", "one"), ("key-2", "two")]
            .map(|(name, value)| (format!("triton-grpc-protocol-{name}"), value))
        {
            assert_eq!(call.get(&name).unwrap(), value);
        }
    }
}
