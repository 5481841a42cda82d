//! Every operation of the control plane on the wire: its path or method, the effect of its options, and its
//! handling of malformed responses.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde_json::json;
use triton_client::{
    CallOptions, Client, ClientOptions, DEFAULT_GRPC_SERVICE_NAME, Error, InferRequest, Origin,
    RepositoryOptions, SettingsUpdate, Status,
};

use crate::{
    own_model::{DOUBLE, config},
    own_server::OwnServer,
    server::is_embedded,
    support::fault::{self, Cases, Grpc, GrpcResponse, Http, Response, close, response},
};

type Call = fn(&Client, &CallOptions) -> Result<(), Error>;

/// The name of models and repositories.
const NAME: &str = "a b%\u{e4}";

/// The name of a region, without characters that must be escaped: Triton does not decode it.
const REGION: &str = "in:0@(a)+b,c;d=e!$&'*~";

/// Each operation: its request over HTTP (N and R are the names), its method over gRPC, either empty if
/// there is none, and the call.
const OPERATIONS: [(&str, &str, Call); 30] = [
    // Row D01: a path other than that of liveness.
    ("GET /v2/health/ready", "ServerReady", |client, options| client.is_server_ready(options).map(drop)),
    ("GET /v2/health/live", "ServerLive", |client, options| client.is_server_live(options).map(drop)),
    ("GET /v2/models/N/ready", "ModelReady", |client, options| {
        client.is_model_ready(NAME, "", options).map(drop)
    }),
    ("GET /v2/models/N/versions/7/ready", "ModelReady", |client, options| {
        client.is_model_ready(NAME, "7", options).map(drop)
    }),
    ("", "/grpc.health.v1.Health/Check", |client, options| client.health_check("", options).map(drop)),
    ("GET /v2", "ServerMetadata", |client, options| client.server_metadata(options).map(drop)),
    ("GET /v2/models/N", "ModelMetadata", |client, options| {
        client.model_metadata(NAME, "", options).map(drop)
    }),
    ("GET /v2/models/N/versions/7", "ModelMetadata", |client, options| {
        client.model_metadata(NAME, "7", options).map(drop)
    }),
    ("GET /v2/models/N/versions/7/config", "ModelConfig", |client, options| {
        client.model_config(NAME, "7", options).map(drop)
    }),
    ("POST /v2/repository/index", "RepositoryIndex", |client, options| {
        client.repository_index(&RepositoryOptions::new(), options).map(drop)
    }),
    ("POST /v2/repository/N/index", "RepositoryIndex", |client, options| {
        client
            .repository_index(RepositoryOptions::new().set_repository_name(NAME).unwrap(), options)
            .map(drop)
    }),
    ("POST /v2/repository/models/N/load", "RepositoryModelLoad", |client, options| {
        client.load_model(NAME, &RepositoryOptions::new(), options)
    }),
    ("POST /v2/repository/N/models/N/unload", "RepositoryModelUnload", |client, options| {
        client.unload_model(NAME, RepositoryOptions::new().set_repository_name(NAME).unwrap(), options)
    }),
    ("GET /v2/models/stats", "ModelStatistics", |client, options| {
        client.model_statistics("", "", options).map(drop)
    }),
    ("GET /v2/models/N/stats", "ModelStatistics", |client, options| {
        client.model_statistics(NAME, "", options).map(drop)
    }),
    ("GET /v2/models/N/versions/7/stats", "ModelStatistics", |client, options| {
        client.model_statistics(NAME, "7", options).map(drop)
    }),
    ("GET /v2/trace/setting", "TraceSetting", |client, options| client.trace_settings("", options).map(drop)),
    ("POST /v2/models/N/trace/setting", "TraceSetting", |client, options| {
        client.update_trace_settings(NAME, &SettingsUpdate::new(), options).map(drop)
    }),
    ("GET /v2/logging", "LogSettings", |client, options| client.log_settings(options).map(drop)),
    ("POST /v2/logging", "LogSettings", |client, options| {
        client.update_log_settings(&SettingsUpdate::new(), options).map(drop)
    }),
    ("GET /v2/systemsharedmemory/status", "SystemSharedMemoryStatus", |client, options| {
        client.system_shared_memory_status("", options).map(drop)
    }),
    ("POST /v2/systemsharedmemory/region/R/register", "SystemSharedMemoryRegister", |client, options| {
        client.register_system_shared_memory(REGION, "/k", 8, 0, options)
    }),
    ("POST /v2/systemsharedmemory/region/R/unregister", "SystemSharedMemoryUnregister", |client, options| {
        client.unregister_system_shared_memory(REGION, options)
    }),
    ("POST /v2/systemsharedmemory/unregister", "SystemSharedMemoryUnregister", |client, options| {
        client.unregister_all_system_shared_memory(options)
    }),
    ("GET /v2/cudasharedmemory/region/R/status", "CudaSharedMemoryStatus", |client, options| {
        client.cuda_shared_memory_status(REGION, options).map(drop)
    }),
    ("POST /v2/cudasharedmemory/region/R/register", "CudaSharedMemoryRegister", |client, options| {
        client.register_cuda_shared_memory(REGION, &[0; 64], 0, 8, options)
    }),
    ("POST /v2/cudasharedmemory/unregister", "CudaSharedMemoryUnregister", |client, options| {
        client.unregister_all_cuda_shared_memory(options)
    }),
    ("POST /v2/models/N/generate", "", |client, options| client.generate(NAME, "", "{}", options).map(drop)),
    ("POST /v2/models/N/versions/7/generate_stream", "", |client, options| {
        client.generate_stream(NAME, "7", "{}", options, |_| panic!("an event")).map(drop)
    }),
    // On a port of its own, and therefore without the base path of the server.
    ("GET /metrics", "", |client, options| client.metrics(options).map(drop)),
];

/// Rows D11 and D24: a name is escaped, and once.
#[test]
fn every_operation_goes_to_its_path_with_its_options_and_returns_the_headers_of_an_error() {
    let received = Arc::new(Mutex::new(Vec::new()));
    let note = received.clone();
    let server = Http::start(move |request| {
        let headers = ["x-tenant", "the-key"].map(|name| request.header(name).unwrap_or("").to_owned());
        note.lock().unwrap().push((format!("{} {}", request.method, request.path), headers));
        Response::Bytes(response(403, &[("X-Why", "z")], br#"{"error":"because"}"#))
    });
    let paths = Arc::new(Mutex::new(Vec::new()));
    let note = paths.clone();
    let over_grpc = Grpc::start(move |path, _| {
        note.lock().unwrap().push(path.to_owned());
        let trailers = [("grpc-status", "7"), ("grpc-message", "because"), ("x-why", "z")];
        let trailers = trailers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        GrpcResponse::Raw { frames: vec![], trailers }
    });
    let mut options = ClientOptions::new();
    options.set_metrics_url(&url!("http://{}", server.address())).unwrap();
    let http = Client::with_options(&url!("http://{}/base/", server.address()), &options).unwrap();
    let grpc = Client::with_options(&url!("grpc://{}", over_grpc.address()), &options).unwrap();
    let mut options = CallOptions::new();
    options.add_header("X-Tenant", "blue").unwrap().add_restricted_key("the-key", "secret").unwrap();
    let mut query = options.clone();
    query.add_query_parameter("a b", "c&d").unwrap();
    let expect = |outcome: Result<(), Error>, what: &str| {
        let error = outcome.unwrap_err();
        assert_eq!(
            (error.status(), error.origin()),
            (Status::PermissionDenied, Origin::Server),
            "{what}: {error:?}"
        );
        assert!(error.to_string().contains("because") && !error.is_in_doubt(), "{what}: {error:?}");
        assert_eq!(error.headers().and_then(|headers| headers.get("X-WHY")), Some("z"), "{what}");
    };
    for (endpoint, method, call) in OPERATIONS {
        if !endpoint.is_empty() {
            expect(call(&http, &query), endpoint);
            let (path, headers) = received.lock().unwrap().pop().unwrap();
            let endpoint = endpoint.replace("/v2", "/base/v2").replace("/N", "/a%20b%25%C3%A4");
            let endpoint = endpoint.replace("/R", &format!("/{REGION}"));
            assert_eq!(path, format!("{endpoint}?a%20b=c%26d"));
            assert_eq!(headers, ["blue", "secret"]);
        }
        if !method.is_empty() {
            let before = over_grpc.requests();
            let error = call(&grpc, &query).unwrap_err();
            assert_eq!((error.status(), error.origin()), (Status::InvalidArgument, Origin::Argument));
            assert_eq!(over_grpc.requests(), before, "{method}");
            expect(call(&grpc, &options), method);
            let path = paths.lock().unwrap().pop().unwrap();
            let is_full = method.starts_with('/');
            let service = if is_full { "" } else { "/inference.GRPCInferenceService/" };
            assert_eq!(path, format!("{service}{method}"));
            let received = over_grpc.metadata().pop().unwrap();
            for (name, value) in [("x-tenant", "blue"), ("triton-grpc-protocol-the-key", "secret")] {
                assert_eq!(received.get(name).unwrap(), value, "{method}");
            }
            assert!(!received.contains_key("the-key") && received.contains_key("grpc-timeout"));
        }
    }
}

/// Whether an operation changes nothing, by its form over HTTP or its method over gRPC.
fn only_reads(endpoint: &str, method: &str) -> bool {
    endpoint.starts_with("GET ") || endpoint.ends_with("/index") || method.ends_with("/Check")
}

/// A server or proxy closes an idle connection at the moment of the next call.
#[test]
fn only_reading_operations_are_repeated_once_after_an_idle_connection_was_closed() {
    for (endpoint, method, call) in OPERATIONS {
        let over_http = Cases::http(|turn| match turn.number {
            1 => close(),
            _ => turn.send(&response(403, &[], br#"{"error":"because"}"#)),
        });
        let over_grpc = Cases::grpc(|turn| match turn.number {
            1 => close(),
            _ => turn.peer.response_headers(
                turn.stream,
                &[("grpc-status", "7"), ("grpc-message", "because")],
                true,
            ),
        });
        for (scheme, form, server) in [("http", endpoint, &over_http), ("grpc", method, &over_grpc)] {
            if form.is_empty() {
                continue;
            }
            let mut options = ClientOptions::new();
            options.set_metrics_url(&url!("http://{}", server.address())).unwrap();
            let client = Client::with_options(&url!("{scheme}://{}", server.address()), &options).unwrap();
            let error = call(&client, &CallOptions::new()).unwrap_err();
            assert_eq!(error.status(), Status::PermissionDenied, "{form}: {error:?}");
            let error = call(&client, &CallOptions::new()).unwrap_err();
            let actual = (error.status(), error.is_in_doubt(), server.requests(), server.connections());
            let expected = match only_reads(endpoint, method) {
                // The doubt of the first attempt stays.
                true => (Status::PermissionDenied, true, 3, 2),
                false => (Status::Unavailable, true, 2, 1),
            };
            assert_eq!(actual, expected, "{form}: {error:?}");
        }
    }
}

#[test]
fn the_grpc_service_s_name_is_an_option_and_unimplemented_names_the_method() {
    let paths = Arc::new(Mutex::new(Vec::new()));
    let note = paths.clone();
    let server = Grpc::start(move |path, _| {
        note.lock().unwrap().push(path.to_owned());
        GrpcResponse::TrailersOnly { status: 12, message: "Method not found!".to_owned() }
    });
    let expect = |error: Error, service: &str, method: &str| {
        let path = match method.starts_with('/') {
            true => method.to_owned(),
            false => format!("/{service}/{method}"),
        };
        assert_eq!(paths.lock().unwrap().pop().unwrap(), path);
        assert_eq!((error.status(), error.origin()), (Status::Unimplemented, Origin::Server), "{error:?}");
        assert!(error.to_string().contains(&format!("'{path}'")), "{error}");
        // gRPC's own service has one name only.
        let is_optional = !method.starts_with('/');
        assert_eq!(error.to_string().contains("option grpc_service_name"), is_optional, "{error}");
    };
    for service in [
        "",
        "inference.GrpcInferenceService",
        "org.pytorch.serve.grpc.openinference.GRPCInferenceService",
        "Service_1",
    ] {
        let mut options = ClientOptions::new();
        if !service.is_empty() {
            options.set_grpc_service_name(service).unwrap();
        }
        let client = Client::with_options(&url!("grpc://{}", server.address()), &options).unwrap();
        let service = if service.is_empty() { DEFAULT_GRPC_SERVICE_NAME } else { service };
        for (_, method, call) in OPERATIONS {
            if !method.is_empty() {
                expect(call(&client, &CallOptions::new()).unwrap_err(), service, method);
            }
        }
        let request = InferRequest::new("m").input("I", &[1], &[1i32]);
        expect(client.infer(&request).unwrap_err(), service, "ModelInfer");
    }
    for name in ["", "a b", "a/b", "/a", "a-b", "\u{e4}", "a\0", "a\r\nb", ".a", "a..b", "a.", "1a", "a.1"] {
        let error = ClientOptions::new().set_grpc_service_name(name).unwrap_err();
        assert_eq!((error.status(), error.origin()), (Status::InvalidArgument, Origin::Argument), "{name}");
    }
}

/// Triton 2.73 within another program sends the first text for shared memory; proxies send UNAVAILABLE with
/// texts of their own.
#[test]
fn unavailable_is_final_for_shared_memory_and_settings_only_in_the_server_s_words() {
    const REFUSAL: &str = "Shared memory is not supported in this server configuration. This can occur when the frontend is \
                           started through the in-process Python bindings (tritonfrontend); start the server with the \
                           tritonserver executable to use shared memory.";
    const UNKNOWN: &str = "error reading from server: EOF";
    // The text of a status or of Triton's JSON, and whether it is the server's own.
    let cases = [
        (REFUSAL, true),
        ("invalid argument for --log_format, got: x", true),
        (UNKNOWN, true),
        ("upstream request timeout", false),
        (
            "upstream connect error or disconnect/reset before headers. reset reason: connection failure",
            false,
        ),
        ("no healthy upstream", false),
        ("", false),
    ];
    let text = Arc::new(Mutex::new(""));
    let shared = text.clone();
    let over_grpc = Grpc::start(move |_, _| GrpcResponse::TrailersOnly {
        status: 14,
        message: shared.lock().unwrap().to_owned(),
    });
    let shared = text.clone();
    let page = Arc::new(AtomicBool::new(false));
    let is_page = page.clone();
    let over_http = Http::start(move |_| {
        let text = *shared.lock().unwrap();
        let body = match is_page.load(Ordering::SeqCst) {
            true => format!("<html>{text}</html>"),
            false => json!({"error": text}).to_string(),
        };
        Response::Bytes(response(503, &[], body.as_bytes()))
    });
    for (scheme, address) in [("grpc", over_grpc.address()), ("http", over_http.address())] {
        let client = Client::new(&url!("{scheme}://{address}")).unwrap();
        for (endpoint, method, call) in OPERATIONS {
            let form = if scheme == "grpc" { method } else { endpoint };
            if form.is_empty() || form == "GET /metrics" {
                continue;
            }
            let can_be = ["SharedMemory", "sharedmemory", "TraceSetting", "trace/", "LogSettings", "logging"]
                .iter()
                .any(|part| form.contains(part));
            for (words, is_own) in cases {
                *text.lock().unwrap() = words;
                for is_page in [false, true] {
                    if is_page && scheme == "grpc" {
                        continue;
                    }
                    page.store(is_page, Ordering::SeqCst);
                    let error = call(&client, &CallOptions::new()).unwrap_err();
                    let is_for_good = can_be && is_own && !is_page;
                    let what = format!("{form}, '{words}', a page: {is_page}: {error:?}");
                    assert_eq!(
                        (error.status(), error.origin()),
                        (Status::Unavailable, Origin::Server),
                        "{what}"
                    );
                    assert_eq!(error.is_retryable(), !is_for_good, "{what}");
                    // Over gRPC only the messages of Triton which state that nothing ran leave no doubt.
                    let is_in_doubt = error.is_in_doubt();
                    match (scheme, is_page) {
                        ("grpc", _) => assert_eq!(is_in_doubt, words != REFUSAL, "{what}"),
                        _ => assert_eq!(is_in_doubt, is_page || !is_own, "{what}"),
                    }
                    assert!(error.headers().is_some(), "{what}");
                }
            }
        }
    }
}

/// Triton never sends this over gRPC: the response is from a gateway, whose server may be available again
/// soon.
#[test]
fn unavailable_for_shared_memory_from_a_gateway_before_grpc_is_retryable_with_any_body() {
    let server = Grpc::start(|_, _| GrpcResponse::HttpError {
        status: 503,
        content_type: "application/json".to_owned(),
        body: br#"{"error":"no available server"}"#.to_vec(),
    });
    let client = Client::new(&url!("grpc://{}", server.address())).unwrap();
    let error = client.register_system_shared_memory("r", "/k", 8, 0, &CallOptions::new()).unwrap_err();
    let actual = (error.status(), error.is_retryable(), error.is_in_doubt());
    assert_eq!(actual, (Status::Unavailable, true, true), "{error:?}");
}

#[test]
fn every_operation_ends_at_its_deadline() {
    let silent = fault::silent();
    let mut options = ClientOptions::new();
    options.set_metrics_url(&url!("http://{}", silent.address())).unwrap();
    let [http, grpc] = ["http", "grpc"]
        .map(|scheme| Client::with_options(&url!("{scheme}://{}", silent.address()), &options).unwrap());
    let mut options = CallOptions::new();
    options.set_timeout(Some(Duration::from_millis(20))).unwrap();
    for (endpoint, method, call) in OPERATIONS {
        for (client, form) in [(&http, endpoint), (&grpc, method)] {
            if !form.is_empty() {
                let error = call(client, &options).unwrap_err();
                let actual = (error.status(), error.origin());
                assert_eq!(actual, (Status::DeadlineExceeded, Origin::Client), "{form}: {error:?}");
                assert!(error.full_message().contains("20ms"), "{form}: {error:?}");
                assert!(error.headers().is_none());
            }
        }
    }
}

type Read = fn(&Client) -> Result<String, Error>;

/// Operations whose responses contain a name; how it is read; and such responses, where N is the
/// name: over HTTP with members that a later server may add (row D26), and over gRPC.
const READS: [(&str, Read, &str, &[u8]); 9] = [
    (
        "server metadata",
        |client| client.server_metadata(&CallOptions::new()).map(|metadata| metadata.name),
        r#"{"name":"N","version":null,"extensions":null,"future":{"x":[1]}}"#,
        b"\x0a\x02m\0",
    ),
    (
        "model metadata",
        |client| client.model_metadata("m", "", &CallOptions::new()).map(|metadata| metadata.name),
        r#"{"name":"N","versions":null,"inputs":[{"name":"N","datatype":"FP8","shape":null,"future":1}]}"#,
        b"\x0a\x02m\0",
    ),
    (
        "configuration",
        |client| client.model_config("m", "", &CallOptions::new()).map(|config| config.name),
        r#"{"name":"N","future":[],"max_batch_size":null,"input":[{"name":"N","data_type":"TYPE_FP8","dims":["4"]}]}"#,
        b"\x0a\x04\x0a\x02m\0",
    ),
    (
        "index",
        |client| {
            let index = client.repository_index(&RepositoryOptions::new(), &CallOptions::new());
            index.map(|index| index.models[0].name.clone())
        },
        r#"[{"name":"N","version":null,"state":"READY","future":{}}]"#,
        b"\x0a\x04\x0a\x02m\0",
    ),
    (
        "statistics",
        |client| {
            let statistics = client.model_statistics("", "", &CallOptions::new());
            statistics.map(|statistics| statistics.entries[0].name.clone())
        },
        r#"{"model_stats":[{"name":"N","inference_count":null,"inference_stats":{"future":{}},"future":1}]}"#,
        b"\x0a\x04\x0a\x02m\0",
    ),
    (
        "trace settings",
        |client| {
            let settings = client.trace_settings("", &CallOptions::new());
            settings.map(|settings| settings.iter().next().unwrap().0.to_owned())
        },
        r#"{"N":["N"]}"#,
        b"\x0a\x04\x0a\x02m\0",
    ),
    (
        "log settings",
        |client| {
            let settings = client.log_settings(&CallOptions::new());
            settings.map(|settings| settings.iter().next().unwrap().0.to_owned())
        },
        r#"{"N":"N"}"#,
        b"\x0a\x04\x0a\x02m\0",
    ),
    (
        "system shared memory",
        |client| {
            let regions = client.system_shared_memory_status("", &CallOptions::new());
            regions.map(|regions| regions.regions[0].name.clone())
        },
        r#"[{"name":"N","key":"N","offset":null,"future":true}]"#,
        b"\x0a\x0a\x0a\x02m\0\x12\x04\x0a\x02m\0",
    ),
    (
        "CUDA shared memory",
        |client| {
            let regions = client.cuda_shared_memory_status("", &CallOptions::new());
            regions.map(|regions| regions.regions[0].name.clone())
        },
        r#"[{"name":"N","device_id":null,"future":"N"}]"#,
        b"\x0a\x0a\x0a\x02m\0\x12\x04\x0a\x02m\0",
    ),
];

/// A body over HTTP, with a NUL and invalid UTF-8 in its names.
fn hostile(body: &str) -> Vec<u8> {
    body.split('N').map(str::as_bytes).collect::<Vec<_>>().join(&b"m\\u0000\xff"[..])
}

/// The result of an operation for a body over HTTP.
fn over_http(operation: Read, options: &ClientOptions, body: &[u8]) -> Result<String, Error> {
    let bytes = response(200, &[("X-Why", "z")], body);
    let server = Http::start(move |_| Response::Bytes(bytes.clone()));
    operation(&Client::with_options(&url!("http://{}", server.address()), options).unwrap())
}

/// The result of an operation for a message over gRPC.
fn over_grpc(operation: Read, options: &ClientOptions, message: &[u8]) -> Result<String, Error> {
    let messages = vec![message.to_vec()];
    let server = Grpc::start(move |_, _| GrpcResponse::Reply {
        messages: messages.clone(),
        status: 0,
        message: String::new(),
    });
    operation(&Client::with_options(&url!("grpc://{}", server.address()), options).unwrap())
}

#[test]
fn names_from_a_server_may_contain_anything() {
    for (what, operation, body, message) in READS {
        let options = ClientOptions::new();
        assert_eq!(over_http(operation, &options, &hostile(body)).unwrap(), "m\0\u{fffd}", "{what}");
        assert_eq!(over_grpc(operation, &options, message).unwrap(), "m\0", "{what}");
        // Strings over gRPC are UTF-8; an invalid one must not make the whole response fail.
        let invalid: Vec<u8> = message.iter().map(|byte| if *byte == 0 { 0xff } else { *byte }).collect();
        assert_eq!(over_grpc(operation, &options, &invalid).unwrap(), "m\u{fffd}", "{what}");
        for bad in [message[..message.len() - 1].to_vec(), vec![0xff; 9]] {
            let error = over_grpc(operation, &options, &bad).unwrap_err();
            assert_eq!((error.status(), error.origin()), (Status::Internal, Origin::Connection), "{what}");
            assert!(error.is_in_doubt() && error.headers().is_some(), "{what}: {error:?}");
        }
    }
}

#[test]
fn malformed_or_unexpected_json_is_internal_and_in_doubt() {
    for (what, operation, body, _) in READS {
        for bad in [
            "",
            "7",
            "null",
            "\"text\"",
            "not JSON",
            &body[..body.len() - 1],
            &body.repeat(2),
            "[[]]",
            "{\"name\":[]",
        ] {
            let error = over_http(operation, &ClientOptions::new(), bad.as_bytes()).unwrap_err();
            assert_eq!(
                (error.status(), error.origin()),
                (Status::Internal, Origin::Connection),
                "{what} {bad}"
            );
            assert!(error.is_in_doubt() && error.to_string().contains("JSON"), "{what}: {error:?}");
            assert_eq!(error.headers().and_then(|headers| headers.get("x-why")), Some("z"), "{what}");
        }
    }
}

#[test]
fn a_response_is_decoded_up_to_its_limit_and_not_beyond() {
    for (what, operation, body, message) in READS {
        for over in [false, true] {
            let limited = |byte_size: usize| {
                let mut options = ClientOptions::new();
                options.set_max_decompressed_byte_size((byte_size - usize::from(over)) * 4).unwrap();
                options
            };
            let body = hostile(body);
            let http = over_http(operation, &limited(body.len()), &body);
            let grpc = over_grpc(operation, &limited(message.len()), message);
            for outcome in [http, grpc] {
                match outcome {
                    Ok(_) => assert!(!over, "{what}"),
                    Err(error) => {
                        let actual = (error.status(), error.origin(), error.is_in_doubt(), over);
                        let expected = (Status::ResourceExhausted, Origin::Client, true, true);
                        assert_eq!(actual, expected, "{what}: {error:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn restricted_endpoints_open_to_the_key_of_the_call_or_of_the_client() {
    if is_embedded() {
        return;
    }
    let restricted = "inference,metadata,model-repository,statistics:secret-key=open";
    let args = format!("--http-restricted-api={restricted} --grpc-restricted-protocol={restricted}");
    let server = OwnServer::start("simple", &args);
    let infer: Call = |client, options| {
        let request = InferRequest::new("simple").input("INPUT0", &[1, 16], &[2i32; 16]).input(
            "INPUT1",
            &[1, 16],
            &[1i32; 16],
        );
        client.infer_with(&request, options).map(drop)
    };
    let load: Call = |client, options| {
        let mut load = RepositoryOptions::new();
        load.set_config(Some(&config("own", &json!({}))))?.add_file("1/model.py", DOUBLE)?;
        client.load_model("own", &load, options)
    };
    let metadata: Call = |client, options| client.server_metadata(options).map(drop);
    let statistics: Call = |client, options| client.model_statistics("simple", "", options).map(drop);
    let calls = [infer, load, metadata, statistics];
    let plain = CallOptions::new();
    let key = |value| {
        let mut options = CallOptions::new();
        options.add_restricted_key("secret-key", value).unwrap();
        options
    };
    for url in server.urls() {
        let mut options = ClientOptions::new();
        options.set_metrics_url(&format!("http://{}", server.metrics)).unwrap();
        let without = Client::with_options(&url, &options).unwrap();
        options.set_call_options(key("open")).unwrap();
        let with = Client::with_options(&url, &options).unwrap();
        let is_http = url.starts_with("http");
        for call in calls {
            call(&with, &plain).unwrap();
            call(&without, &key("open")).unwrap();
            for options in [&plain, &key("shut")] {
                let error = call(&without, options).unwrap_err();
                let status = if is_http { Status::PermissionDenied } else { Status::Unavailable };
                assert_eq!((error.status(), error.origin()), (status, Origin::Server), "{error:?}");
                assert_eq!(error.http_status(), is_http.then_some(403));
                assert!(error.to_string().contains("expecting header"), "{error}");
            }
        }
        // Endpoints that are not restricted need no key.
        for options in [&plain, &key("shut")] {
            without.model_config("simple", "", options).unwrap();
            without.metrics(options).unwrap();
            without.wait_ready("simple", "", options).unwrap();
        }
    }
}

#[test]
fn a_response_with_too_many_values_is_refused_before_it_uses_their_memory() {
    let options = ClientOptions::new();
    const PARTS: usize = 300_000;
    for (what, operation, body, message) in READS {
        // The content between the first and the last character, repeated.
        let (open, close) = if body.starts_with('[') { ("[", "]") } else { ("{\"x\":[", "]}") };
        let json = [open, &"{},".repeat(PARTS), "{}", close].concat();
        let message = if message.len() > 4 { [message[0], 0].repeat(PARTS) } else { [0x1a, 0].repeat(PARTS) };
        let outcomes =
            [over_http(operation, &options, json.as_bytes()), over_grpc(operation, &options, &message)];
        for error in outcomes.map(Result::unwrap_err) {
            assert_eq!(
                (error.status(), error.origin()),
                (Status::ResourceExhausted, Origin::Client),
                "{what}"
            );
            assert!(
                error.full_message().contains("fields and elements") && error.is_in_doubt(),
                "{what}: {error:?}"
            );
        }
    }
    let server = Http::start(|_| Response::Bytes(response(200, &[], "a 1\n".repeat(PARTS).as_bytes())));
    let mut options = ClientOptions::new();
    options.set_metrics_url(&url!("http://{}", server.address())).unwrap();
    let metrics = |options: &ClientOptions| {
        Client::with_options("localhost", options).unwrap().metrics(&CallOptions::new())
    };
    assert_eq!(metrics(&options).unwrap_err().status(), Status::ResourceExhausted);
    options.set_max_decompressed_byte_size(1 << 30).unwrap();
    assert_eq!(metrics(&options).unwrap().samples.len(), PARTS);
}

#[test]
fn a_region_name_that_needs_escaping_is_refused_over_http() {
    let server = Http::start(|_| Response::Bytes(response(200, &[], b"[]")));
    let (client, options) = (Client::new(&url!("http://{}", server.address())).unwrap(), CallOptions::new());
    for name in ["a b", "a/b", "a%20b", "\u{e4}", ".."] {
        for outcome in [
            client.register_system_shared_memory(name, "/k", 8, 0, &options),
            client.register_cuda_shared_memory(name, &[0; 64], 0, 8, &options),
            client.unregister_system_shared_memory(name, &options),
            client.unregister_cuda_shared_memory(name, &options),
            client.system_shared_memory_status(name, &options).map(drop),
        ] {
            let error = outcome.unwrap_err();
            assert_eq!(
                (error.status(), error.origin()),
                (Status::InvalidArgument, Origin::Argument),
                "{name}"
            );
        }
    }
    assert_eq!(server.requests(), 0);
}

#[test]
fn a_nul_in_a_name_is_refused_over_both_protocols() {
    let server = Http::start(|_| Response::Bytes(response(200, &[], b"[]")));
    let over_grpc = Grpc::start(|_, _| GrpcResponse::TrailersOnly { status: 5, message: String::new() });
    let options = CallOptions::new();
    assert!(RepositoryOptions::new().set_repository_name("a\0b").is_err());
    for url in [url!("http://{}", server.address()), url!("grpc://{}", over_grpc.address())] {
        let client = Client::new(&url).unwrap();
        for outcome in [
            client.is_model_ready("m", "1\0", &options).map(drop),
            client.model_metadata("m\0", "", &options).map(drop),
            client.model_config("m", "1\0", &options).map(drop),
            client.model_statistics("m\0", "", &options).map(drop),
            client.trace_settings("m\0", &options).map(drop),
            client.update_trace_settings("m\0", &SettingsUpdate::new(), &options).map(drop),
            client.system_shared_memory_status("r\0", &options).map(drop),
            client.cuda_shared_memory_status("r\0", &options).map(drop),
            client.wait_ready("m\0", "", &options),
        ] {
            assert_eq!(outcome.unwrap_err().origin(), Origin::Argument);
        }
    }
    assert_eq!((server.requests(), over_grpc.requests()), (0, 0));
}

#[test]
fn the_client_s_keys_are_sent_to_its_server_alone() {
    let received = Arc::new(Mutex::new(Vec::new()));
    let note = received.clone();
    let server = Http::start(move |request| {
        note.lock().unwrap().push(["key-1", "key-2"].map(|name| request.header(name).is_some()));
        let body = if request.path == "/metrics" { &b"up 1\n"[..] } else { b"" };
        Response::Bytes(response(200, &[], body))
    });
    let mut options = ClientOptions::new();
    let mut defaults = CallOptions::new();
    defaults.add_restricted_key("triton-grpc-protocol-key-1", "se-cret").unwrap();
    options.set_call_options(defaults).unwrap();
    options.set_metrics_url(&url!("http://{}", server.address())).unwrap();
    let client = Client::with_options(&url!("http://{}", server.address()), &options).unwrap();
    let mut call = CallOptions::new();
    call.add_restricted_key("key-2", "se-cret").unwrap().add_header("Authorization", "se-cret").unwrap();
    client.is_server_live(&call).unwrap();
    client.metrics(&call).unwrap();
    assert_eq!(*received.lock().unwrap(), [[true, true], [false, true]]);
    // They are not printed either.
    for printed in [format!("{options:?}"), format!("{call:?}"), format!("{client:?}")] {
        assert!(!printed.contains("se-cret"), "{printed}");
    }
}

#[test]
fn a_response_to_the_headers_of_a_large_request_is_read() {
    use std::io::{self, BufRead, BufReader, Write};
    let mut load = RepositoryOptions::new();
    load.set_config(Some("{}")).unwrap().add_file("1/m", vec![0; 8 << 20]).unwrap();
    let after_interim = |bytes: &[u8]| [b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", bytes].concat();
    for (name, bytes, reads, closes, status) in [
        // As nginx does: it stops reading and closes the connection.
        ("closed", response(413, &[], b"<html>Too Large</html>"), false, true, Some(413)),
        ("kept", response(401, &[], br#"{"error":"Too Large"}"#), false, false, Some(401)),
        ("interim", after_interim(&response(200, &[], b"")), true, false, None),
        (
            "broken off",
            b"HTTP/1.1 503 X\r\nContent-Length: 99\r\n\r\nToo Large".to_vec(),
            false,
            true,
            Some(503),
        ),
    ] {
        let server = fault::Wire::start(move |_, mut stream| {
            let mut reader = BufReader::new(stream);
            let (mut line, mut byte_size) = (String::new(), 0);
            while reader.read_line(&mut line)? > 2 {
                let value = line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned);
                byte_size = value.map_or(byte_size, |size| size.trim().parse().unwrap());
                line.clear();
            }
            if reads {
                let (interim, last) =
                    bytes.split_at(bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4);
                stream.write_all(interim)?;
                io::copy(&mut io::Read::take(&mut reader, byte_size), &mut io::sink())?;
                return stream.write_all(last);
            }
            stream.write_all(&bytes)?;
            if closes { Ok(()) } else { io::copy(&mut reader, &mut io::sink()).map(drop) }
        });
        let client = Client::new(&url!("http://{}", server.address())).unwrap();
        let outcome = client.load_model("m", &load, &CallOptions::new());
        assert_eq!(outcome.as_ref().err().and_then(Error::http_status), status, "{name}: {outcome:?}");
        if let Err(error) = outcome {
            // A 503 that is not Triton's own may come from a proxy whose server ran the request.
            let in_doubt = status == Some(503);
            assert_eq!(error.is_in_doubt(), in_doubt, "{name}: {error:?}");
            assert!(error.to_string().contains("Too Large"), "{name}: {error:?}");
        }
    }
}

#[test]
fn a_truncated_reason_is_reported_as_far_as_it_was_received() {
    let bytes = b"HTTP/1.1 400 X\r\nContent-Length: 99\r\n\r\nbecause".to_vec();
    let server = Http::start(move |_| Response::BytesThenClose(bytes.clone()));
    let client = Client::new(&url!("http://{}", server.address())).unwrap();
    let error = client.server_metadata(&CallOptions::new()).unwrap_err();
    assert_eq!((error.status(), error.http_status()), (Status::InvalidArgument, Some(400)), "{error:?}");
    assert!(error.to_string().contains("because"), "{error:?}");
}

#[test]
fn a_long_reason_is_truncated() {
    let body = format!("{{\"error\":\"{}\"}}", "x".repeat(20_000));
    let server = Http::start(move |_| Response::Bytes(response(500, &[], body.as_bytes())));
    let client = Client::new(&url!("http://{}", server.address())).unwrap();
    let text = client.server_metadata(&CallOptions::new()).unwrap_err().full_message();
    assert!((8000..9000).contains(&text.len()), "{}", text.len());
}
