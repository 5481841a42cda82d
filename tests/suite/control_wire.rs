//! Every operation of the control plane on the wire: where it goes, what its options add, and what it makes of answers
//! that no server should give.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::json;
use triton_client::{
    CallOptions, Client, ClientOptions, Error, InferRequest, Origin, RepositoryOptions, SettingsUpdate,
    Status,
};

use crate::{
    own_model::{DOUBLE, config},
    own_server::OwnServer,
    server::is_embedded,
    support::fault::{self, Answer, Grpc, GrpcAnswer, Http, answer},
};

type Call = fn(&Client, &CallOptions) -> Result<(), Error>;

/// The name of whatever has one.
const NAME: &str = "a b%\u{e4}";

/// What is asked over HTTP (N stands for the name), and over gRPC, if there is a form for it, and how.
const OPERATIONS: [(&str, &str, Call); 30] = [
    // Row D01: not where liveness is.
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
        client.repository_index(RepositoryOptions::new().set_repository_name(NAME), options).map(drop)
    }),
    ("POST /v2/repository/models/N/load", "RepositoryModelLoad", |client, options| {
        client.load_model(NAME, &RepositoryOptions::new(), options)
    }),
    ("POST /v2/repository/N/models/N/unload", "RepositoryModelUnload", |client, options| {
        client.unload_model(NAME, RepositoryOptions::new().set_repository_name(NAME), options)
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
    ("POST /v2/systemsharedmemory/region/N/register", "SystemSharedMemoryRegister", |client, options| {
        client.register_system_shared_memory(NAME, "/k", 8, 0, options)
    }),
    ("POST /v2/systemsharedmemory/region/N/unregister", "SystemSharedMemoryUnregister", |client, options| {
        client.unregister_system_shared_memory(NAME, options)
    }),
    ("POST /v2/systemsharedmemory/unregister", "SystemSharedMemoryUnregister", |client, options| {
        client.unregister_all_system_shared_memory(options)
    }),
    ("GET /v2/cudasharedmemory/region/N/status", "CudaSharedMemoryStatus", |client, options| {
        client.cuda_shared_memory_status(NAME, options).map(drop)
    }),
    ("POST /v2/cudasharedmemory/region/N/register", "CudaSharedMemoryRegister", |client, options| {
        client.register_cuda_shared_memory(NAME, &[0; 64], 0, 8, options)
    }),
    ("POST /v2/cudasharedmemory/unregister", "CudaSharedMemoryUnregister", |client, options| {
        client.unregister_all_cuda_shared_memory(options)
    }),
    ("POST /v2/models/N/generate", "", |client, options| client.generate(NAME, "", "{}", options).map(drop)),
    ("POST /v2/models/N/versions/7/generate_stream", "", |client, options| {
        client.generate_stream(NAME, "7", "{}", options, |_| panic!("an event")).map(drop)
    }),
    // On a port of their own, and so without the base path of the server.
    ("GET /metrics", "", |client, options| client.metrics(options).map(drop)),
];

/// Rows D11 and D24: a name is escaped, and once.
#[test]
fn every_operation_goes_to_its_path_with_its_options_and_gives_the_headers_of_an_error() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let note = heard.clone();
    let server = Http::start(move |request| {
        let headers = ["x-tenant", "the-key"].map(|name| request.header(name).unwrap_or("").to_owned());
        note.lock().unwrap().push((format!("{} {}", request.method, request.path), headers));
        Answer::Bytes(answer(404, &[("X-Why", "z")], br#"{"error":"because"}"#))
    });
    let paths = Arc::new(Mutex::new(Vec::new()));
    let note = paths.clone();
    let over_grpc = Grpc::start(move |path, _| {
        note.lock().unwrap().push(path.to_owned());
        let trailers = [("grpc-status", "5"), ("grpc-message", "because"), ("x-why", "z")];
        let trailers = trailers.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        GrpcAnswer::Raw { frames: vec![], trailers }
    });
    let mut options = ClientOptions::new();
    options.set_metrics_url(&format!("http://{}", server.address())).unwrap();
    let http = Client::with_options(&format!("http://{}/base/", server.address()), &options).unwrap();
    let grpc = Client::with_options(&format!("grpc://{}", over_grpc.address()), &options).unwrap();
    let mut options = CallOptions::new();
    options.add_header("X-Tenant", "blue").unwrap().add_restricted_key("the-key", "secret").unwrap();
    let mut query = options.clone();
    query.add_query_parameter("a b", "c&d").unwrap();
    let expect = |outcome: Result<(), Error>, what: &str| {
        let error = outcome.unwrap_err();
        assert_eq!((error.status(), error.origin()), (Status::NotFound, Origin::Server), "{what}: {error:?}");
        assert!(error.to_string().contains("because") && !error.is_in_doubt(), "{what}: {error:?}");
        assert_eq!(error.headers().and_then(|headers| headers.get("X-WHY")), Some("z"), "{what}");
    };
    for (asked, method, call) in OPERATIONS {
        if !asked.is_empty() {
            expect(call(&http, &query), asked);
            let (path, headers) = heard.lock().unwrap().pop().unwrap();
            let asked = asked.replace("/v2", "/base/v2").replace("/N", "/a%20b%25%C3%A4");
            assert_eq!(path, format!("{asked}?a%20b=c%26d"));
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
            let heard = over_grpc.heard().pop().unwrap();
            for (name, value) in [("x-tenant", "blue"), ("triton-grpc-protocol-the-key", "secret")] {
                assert_eq!(heard.get(name).unwrap(), value, "{method}");
            }
            assert!(!heard.contains_key("the-key") && heard.contains_key("grpc-timeout"));
        }
    }
}

#[test]
fn every_operation_ends_with_its_time_limit() {
    let silent = fault::silent();
    let mut options = ClientOptions::new();
    options.set_metrics_url(&format!("http://{}", silent.address())).unwrap();
    let [http, grpc] = ["http", "grpc"]
        .map(|scheme| Client::with_options(&format!("{scheme}://{}", silent.address()), &options).unwrap());
    let mut options = CallOptions::new();
    options.set_timeout(Some(Duration::from_millis(20))).unwrap();
    for (asked, method, call) in OPERATIONS {
        for (client, form) in [(&http, asked), (&grpc, method)] {
            if !form.is_empty() {
                let error = call(client, &options).unwrap_err();
                let said = (error.status(), error.origin());
                assert_eq!(said, (Status::DeadlineExceeded, Origin::Client), "{form}: {error:?}");
                assert!(error.full_message().contains("20ms"), "{form}: {error:?}");
                assert!(error.headers().is_none());
            }
        }
    }
}

type Read = fn(&Client) -> Result<String, Error>;

/// Operations whose answers have a name in them; how it is read; and such answers, where N stands for the name, over HTTP
/// with all that a server of the future may add (row D26), and over gRPC.
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
            statistics.map(|statistics| statistics.models[0].name.clone())
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

/// An HTTP answer, with NUL and what is no UTF-8 in its names.
fn hostile(body: &str) -> Vec<u8> {
    body.split('N').map(str::as_bytes).collect::<Vec<_>>().join(&b"m\\u0000\xff"[..])
}

/// What an operation reads of an answer over HTTP.
fn over_http(operation: Read, options: &ClientOptions, body: &[u8]) -> Result<String, Error> {
    let bytes = answer(200, &[("X-Why", "z")], body);
    let server = Http::start(move |_| Answer::Bytes(bytes.clone()));
    operation(&Client::with_options(&format!("http://{}", server.address()), options).unwrap())
}

/// What an operation reads of an answer over gRPC.
fn over_grpc(operation: Read, options: &ClientOptions, message: &[u8]) -> Result<String, Error> {
    let messages = vec![message.to_vec()];
    let server = Grpc::start(move |_, _| GrpcAnswer::Reply {
        messages: messages.clone(),
        status: 0,
        message: String::new(),
    });
    operation(&Client::with_options(&format!("grpc://{}", server.address()), options).unwrap())
}

#[test]
fn names_from_a_server_may_hold_anything() {
    for (what, operation, body, message) in READS {
        let options = ClientOptions::new();
        assert_eq!(over_http(operation, &options, &hostile(body)).unwrap(), "m\0\u{fffd}", "{what}");
        assert_eq!(over_grpc(operation, &options, message).unwrap(), "m\0", "{what}");
        // gRPC's own texts are UTF-8.
        let bad: Vec<u8> = message.iter().map(|byte| if *byte == 0 { 0xff } else { *byte }).collect();
        for bad in [bad, message[..message.len() - 1].to_vec(), vec![0xff; 9]] {
            let error = over_grpc(operation, &options, &bad).unwrap_err();
            assert_eq!((error.status(), error.origin()), (Status::Internal, Origin::Connection), "{what}");
            assert!(error.is_in_doubt() && error.headers().is_some(), "{what}: {error:?}");
        }
    }
}

#[test]
fn json_that_is_not_what_it_should_be_is_internal_and_in_doubt() {
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
fn an_answer_is_taken_apart_up_to_its_limit_and_no_further() {
    for (what, operation, body, message) in READS {
        for over in [false, true] {
            let limited = |byte_size: usize| {
                let mut options = ClientOptions::new();
                options.set_max_decompressed_byte_size((byte_size - usize::from(over)) as u64 * 4).unwrap();
                options
            };
            let body = hostile(body);
            let http = over_http(operation, &limited(body.len()), &body);
            let grpc = over_grpc(operation, &limited(message.len()), message);
            for outcome in [http, grpc] {
                match outcome {
                    Ok(_) => assert!(!over, "{what}"),
                    Err(error) => {
                        let said = (error.status(), error.origin(), error.is_in_doubt(), over);
                        let expected = (Status::ResourceExhausted, Origin::Client, true, true);
                        assert_eq!(said, expected, "{what}: {error:?}");
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
        load.set_config(&config("own", &json!({})))?.add_file("1/model.py", DOUBLE)?;
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
        options.add_restricted_key("secret-key", "open").unwrap();
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
        // What is not restricted needs none.
        for options in [&plain, &key("shut")] {
            without.model_config("simple", "", options).unwrap();
            without.metrics(options).unwrap();
            without.wait_ready("simple", "", options).unwrap();
        }
    }
}
