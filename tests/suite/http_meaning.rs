//! The interpretation of HTTP responses of all servers and proxies: readiness, unexpected bodies, encodings,
//! errors within a stream, and error messages.

use std::{
    io::{self, Write},
    net::Shutdown,
    ops::ControlFlow,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::json;
use triton_client::{
    CallOptions, Client, ClientOptions, Compression, Datatype, Error, InferRequest, InferResult, Origin,
    RepositoryOptions, SettingsUpdate, Status,
};

use crate::{
    server::{is_embedded, server},
    support::fault::{Grpc, GrpcResponse, Http, Response, Wire, response},
};

fn client(server: &Http) -> Client {
    let mut options = ClientOptions::new();
    options.set_metrics_url(&url!("http://{}", server.address())).unwrap();
    options.set_timeout(Some(Duration::from_secs(5))).unwrap();
    Client::with_options(&url!("http://{}", server.address()), &options).unwrap()
}

/// Starts a server that sends these bytes in response to every request.
fn always(bytes: Vec<u8>) -> (Http, Client) {
    let server = Http::start(move |_| Response::Bytes(bytes.clone()));
    let client = client(&server);
    (server, client)
}

fn over_grpc(status: i32, message: &str) -> (Grpc, Client) {
    let message = message.to_owned();
    let server = Grpc::start(move |_, _| GrpcResponse::TrailersOnly { status, message: message.clone() });
    let client = Client::new(&url!("grpc://{}", server.address())).unwrap();
    (server, client)
}

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Expects the error of a malformed response, with all hints in its message.
#[track_caller]
fn expect_broken(error: &Error, what: &str, hints: &[&str]) {
    let properties = (error.status(), error.origin(), error.is_retryable());
    assert_eq!(properties, (Status::Internal, Origin::Connection, false), "{what}: {error:?}");
    for hint in hints {
        assert!(error.full_message().contains(hint), "{what}: '{hint}' is not in {error:?}");
    }
}

// Every operation over HTTP, with a valid body of its response.

type Call = fn(&Client, &CallOptions) -> Result<(), Error>;

const INFERRED: &str =
    r#"{"model_name":"m","outputs":[{"name":"O","datatype":"INT32","shape":[1],"data":[7]}]}"#;

const OPERATIONS: [(&str, Call, &str); 19] = [
    ("inference", |client, options| client.infer_with(&InferRequest::new("m"), options).map(drop), INFERRED),
    ("live", |client, options| client.is_server_live(options).map(drop), ""),
    ("ready", |client, options| client.is_server_ready(options).map(drop), r#"{"ready":true}"#),
    ("model ready", |client, options| client.is_model_ready("m", "", options).map(drop), ""),
    ("server metadata", |client, options| client.server_metadata(options).map(drop), r#"{"name":"x"}"#),
    (
        "model metadata",
        |client, options| client.model_metadata("m", "", options).map(drop),
        r#"{"name":"m"}"#,
    ),
    ("configuration", |client, options| client.model_config("m", "", options).map(drop), r#"{"name":"m"}"#),
    (
        "index",
        |client, options| client.repository_index(&RepositoryOptions::new(), options).map(drop),
        r#"[{"name":"m"}]"#,
    ),
    ("load", |client, options| client.load_model("m", &RepositoryOptions::new(), options), ""),
    (
        "unload",
        |client, options| client.unload_model("m", &RepositoryOptions::new(), options),
        r#"{"name":"m","unload":true}"#,
    ),
    (
        "statistics",
        |client, options| client.model_statistics("m", "", options).map(drop),
        r#"{"model_stats":[{"name":"m"}]}"#,
    ),
    ("trace", |client, options| client.trace_settings("", options).map(drop), r#"{"trace_rate":"1"}"#),
    (
        "log",
        |client, options| client.update_log_settings(&SettingsUpdate::new(), options).map(drop),
        r#"{"log_info":true}"#,
    ),
    (
        "regions",
        |client, options| client.system_shared_memory_status("", options).map(drop),
        r#"[{"name":"r","key":"/k"}]"#,
    ),
    ("CUDA regions", |client, options| client.cuda_shared_memory_status("", options).map(drop), "[]"),
    ("register", |client, options| client.register_system_shared_memory("r", "/k", 8, 0, options), ""),
    ("generate", |client, options| client.generate("m", "", "{}", options).map(drop), r#"{"TEXT":"a"}"#),
    (
        "generate_stream",
        |client, options| {
            client.generate_stream("m", "", "{}", options, |_| ControlFlow::Continue(())).map(drop)
        },
        "data: {\"TEXT\":\"a\"}\n\n",
    ),
    ("metrics", |client, options| client.metrics(options).map(drop), "# TYPE up gauge\nup 1\n"),
];

#[test]
fn an_unexpected_body_is_internal_and_described_in_every_operation() {
    let page = "<!DOCTYPE html>\n<html><head><title>Sign in</title></head></html>";
    let error = r#"{"error":"because"}"#;
    for (what, call, good) in OPERATIONS {
        let may_be_blank = good.is_empty() || ["ready", "unload"].contains(&what);
        let may_be_any_object = may_be_blank || ["trace", "log", "generate"].contains(&what);
        let is_health = what.ends_with("ready") || what == "live";
        let mut bodies = vec![
            (page, "an HTML page: 'Sign in'"),
            ("\"text\"", "text"),
            ("7", "'7'"),
            ("null", "'null'"),
            ("OK", "'OK'"),
        ];
        if !may_be_blank {
            bodies.extend([("", "an empty body"), (" \r\n", "an empty body")]);
        }
        if !may_be_any_object {
            bodies.push(("{}", "{}"));
        }
        if !is_health && !what.starts_with("generate") {
            bodies.push((error, "because"));
        }
        if is_health {
            bodies.extend([(error, "because"), (r#"{"detail":"because"}"#, "because")]);
        }
        if what == "inference" {
            bodies.push((r#"{"model_name":"m","outputs":[],"error":"because"}"#, "because"));
        }
        if !good.starts_with('[') {
            bodies.push(("[]", "the JSON array '[]'"));
        }
        if good.starts_with('{') && what != "inference" {
            bodies.push((&good[..good.len() - 1], "JSON"));
        }
        for (body, hint) in bodies {
            let (server, client) = always(response(200, &[("X-Why", "z")], body.as_bytes()));
            let what = format!("{what}, {body}");
            let error = call(&client, &CallOptions::new()).expect_err(&what);
            expect_broken(&error, &what, &[hint]);
            assert_eq!(error.http_status(), Some(200), "{what}: {error:?}");
            assert_eq!(error.headers().and_then(|headers| headers.get("x-why")), Some("z"), "{what}");
            // The connection is not reused: more of it may follow.
            let _ = call(&client, &CallOptions::new());
            assert_eq!(server.connections(), 2, "{what}");
        }
    }
}

#[test]
fn only_the_content_types_of_html_and_grpc_are_refused() {
    for (what, call, good) in OPERATIONS {
        let types = ["text/plain", "application/json; charset=utf-8", "", "application/octet-stream", "x"];
        for kind in types {
            let (_server, client) = always(response(200, &[("Content-Type", kind)], good.as_bytes()));
            call(&client, &CallOptions::new()).unwrap_or_else(|error| panic!("{what}, {kind}: {error:?}"));
        }
        let (_server, client) = always(response(200, &[], good.as_bytes()));
        call(&client, &CallOptions::new()).unwrap_or_else(|error| panic!("{what}: {error:?}"));
        for kind in ["text/html", "Text/HTML;charset=utf-8", "application/xhtml+xml"] {
            let (_server, client) = always(response(200, &[("Content-Type", kind)], good.as_bytes()));
            let error = call(&client, &CallOptions::new()).expect_err(what);
            expect_broken(&error, &format!("{what}, {kind}"), &["expected"]);
        }
        // The response of Envoy, HAProxy, Apache and Caddy to HTTP/1.1 on a gRPC port.
        for body in ["", good] {
            let headers = [
                ("content-type", "application/grpc"),
                ("grpc-status", "2"),
                ("grpc-message", "Bad method header"),
            ];
            let (_server, client) = always(response(200, &headers, body.as_bytes()));
            let error = call(&client, &CallOptions::new()).expect_err(what);
            expect_broken(&error, what, &["is it the gRPC port (8001 by default)?", "grpc://", "8000"]);
            assert!(!error.is_in_doubt(), "{what}: {error:?}");
        }
    }
}

#[test]
fn an_encoding_that_was_not_requested_is_refused_in_every_operation() {
    for (what, call, good) in OPERATIONS {
        for (encoding, body) in
            [("gzip", zipped(good.as_bytes())), ("br", good.into()), ("gzip, br", good.into())]
        {
            let (_server, client) = always(response(200, &[("Content-Encoding", encoding)], &body));
            let error = call(&client, &CallOptions::new()).expect_err(what);
            expect_broken(&error, what, &[encoding, "not requested"]);
        }
        for encoding in ["identity", "Identity", "", "identity, identity", ","] {
            let (_server, client) = always(response(200, &[("Content-Encoding", encoding)], good.as_bytes()));
            call(&client, &CallOptions::new())
                .unwrap_or_else(|error| panic!("{what}, '{encoding}': {error:?}"));
        }
    }
}

#[test]
fn every_call_without_compression_requests_identity() {
    let received = Arc::new(Mutex::new(Vec::new()));
    let note = received.clone();
    let server = Http::start(move |request| {
        let own = |header: &&(String, String)| header.0.eq_ignore_ascii_case("accept-encoding");
        let values: Vec<_> = request.headers.iter().filter(own).map(|header| header.1.clone()).collect();
        note.lock().unwrap().push(values);
        Response::Bytes(response(400, &[], b""))
    });
    let client = client(&server);
    let values = |call: Call, options: &CallOptions| {
        let _ = call(&client, options);
        received.lock().unwrap().pop().unwrap()
    };
    let mut zipping = CallOptions::new();
    zipping.set_response_compression(Compression::Gzip);
    let mut worded = CallOptions::new();
    worded.set_accept_encoding("x-gzip;q=0.5, identity").unwrap();
    for (what, call, _) in OPERATIONS {
        assert_eq!(values(call, &CallOptions::new()), ["identity"], "{what}");
        // Compression applies only to inferences.
        let is_inference = what == "inference";
        assert_eq!(values(call, &zipping), [if is_inference { "gzip" } else { "identity" }], "{what}");
        let own = if is_inference { "x-gzip;q=0.5, identity" } else { "identity" };
        assert_eq!(values(call, &worded), [own], "{what}");
    }
}

#[test]
fn triton_accepts_identity_and_compresses_on_request() {
    let client = Client::new(&server().http_url()).unwrap();
    let data = [7i32; 16];
    let request =
        InferRequest::new("simple").input("INPUT0", &[1, 16], &data).input("INPUT1", &[1, 16], &data);
    let plain = client.infer(&request).unwrap();
    assert_eq!(plain.headers().get("content-encoding"), None);
    let mut options = CallOptions::new();
    options.set_response_compression(Compression::Gzip);
    let zipped = client.infer_with(&request, &options).unwrap();
    if !is_embedded() {
        assert_eq!(zipped.headers().get("content-encoding"), Some("gzip"));
    }
    for result in [plain, zipped] {
        assert_eq!(result.output("OUTPUT0").unwrap().as_slice::<i32>().unwrap(), [14; 16]);
    }
}

// Compressed inferences.

const JSON: &str = r#"{"model_name":"m","outputs":[{"name":"O","datatype":"INT32","shape":[4],"parameters":{"binary_data_size":16}}]}"#;

fn with_tensor() -> Vec<u8> {
    [JSON.as_bytes(), &[7; 16]].concat()
}

fn infer(headers: &[(&str, &str)], body: &[u8], encodings: Option<&str>) -> Result<InferResult, Error> {
    infer_sized(JSON.len(), headers, body, encodings)
}

/// As above; `size` is the size of the JSON part before compression.
fn infer_sized(
    size: usize,
    headers: &[(&str, &str)],
    body: &[u8],
    encodings: Option<&str>,
) -> Result<InferResult, Error> {
    let mut all = vec![("Inference-Header-Content-Length", size.to_string())];
    all.extend(headers.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let all: Vec<_> = all.iter().map(|(name, value)| (*name, &value[..])).collect();
    let (_server, client) = always(response(200, &all, body));
    let mut options = CallOptions::new();
    if let Some(encodings) = encodings {
        options.set_accept_encoding(encodings).unwrap();
    }
    client.infer_with(&InferRequest::new("m"), &options)
}

#[test]
fn every_name_of_gzip_and_identity_is_recognized() {
    const NAME: &str = "Content-Encoding";
    let gzip = zipped(&with_tensor());
    type Headers<'a> = &'a [(&'a str, &'a str)];
    let cases: [(Headers, Vec<u8>); 10] = [
        (&[(NAME, "gzip")], gzip.clone()),
        (&[(NAME, "GZIP")], gzip.clone()),
        (&[(NAME, "x-gzip")], gzip.clone()),
        (&[(NAME, "identity, gzip")], gzip.clone()),
        (&[(NAME, "gzip, identity")], gzip.clone()),
        (&[(NAME, "gzip,")], gzip.clone()),
        (&[(NAME, "identity"), (NAME, "gzip")], gzip.clone()),
        // Added twice, and applied once or twice.
        (&[(NAME, "gzip"), (NAME, "gzip")], gzip.clone()),
        (&[(NAME, "gzip, gzip")], zipped(&gzip)),
        (&[(NAME, "deflate")], deflated(&with_tensor())),
    ];
    for (headers, body) in cases {
        let result = infer(headers, &body, Some("gzip, deflate"));
        let result = result.unwrap_or_else(|error| panic!("{headers:?}: {error:?}"));
        assert_eq!(result.output("O").unwrap().data(), [7; 16], "{headers:?}");
    }
    for name in ["br", "gzip, br", "zstd"] {
        let error = infer(&[(NAME, name)], &gzip, Some("gzip")).unwrap_err();
        expect_broken(&error, name, &[name]);
    }
}

#[test]
fn undeclared_compression_is_decompressed_if_requested_and_reported_otherwise() {
    for (name, size, body) in [
        ("gzip", JSON.len(), zipped(&with_tensor())),
        ("deflate", JSON.len(), deflated(&with_tensor())),
        ("gzip", JSON.len() + 5, zipped(&noisy())),
    ] {
        for framing in [None, Some(())] {
            let chunk = [format!("{:x}\r\n", body.len()).as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
            let (headers, body): (&[_], _) = match framing {
                None => (&[], &body),
                Some(()) => (&[("Transfer-Encoding", "chunked")], &chunk),
            };
            let result = infer_sized(size, headers, body, Some("gzip"))
                .unwrap_or_else(|error| panic!("{name}: {error:?}"));
            assert_eq!(result.output("O").unwrap().data()[..16], [7; 16], "{name}");
            let error = infer_sized(size, headers, body, None).unwrap_err();
            expect_broken(
                &error,
                name,
                &[&format!("compressed with '{name}' without a Content-Encoding header")],
            );
            assert!(!error.full_message().contains("column"), "{error:?}");
        }
    }
    // Only JSON, without its size.
    let (_server, client) = always(response(200, &[], &zipped(INFERRED.as_bytes())));
    let mut options = CallOptions::new();
    options.set_response_compression(Compression::Deflate);
    let result = client.infer_with(&InferRequest::new("m"), &options).unwrap();
    assert_eq!(result.output("O").unwrap().as_slice::<i32>().unwrap(), [7]);
    let error = client.infer(&InferRequest::new("m")).unwrap_err();
    expect_broken(&error, "only JSON", &["compressed with 'gzip' without a Content-Encoding header"]);
    // Control plane calls.
    for (what, call, good) in OPERATIONS.iter().filter(|operation| !operation.2.is_empty()) {
        let (_server, client) = always(response(200, &[], &zipped(good.as_bytes())));
        let error = call(&client, &CallOptions::new()).expect_err(what);
        expect_broken(&error, what, &["compressed with 'gzip' without a Content-Encoding header"]);
        if *what != "generate_stream" {
            call(&client, &options).unwrap_or_else(|error| panic!("{what}: {error:?}"));
        }
    }
}

/// Returns a response that is larger than its JSON part even when it is compressed.
fn noisy() -> Vec<u8> {
    let noise = (0..4000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8);
    JSON.replace("[4]", "[1004]").replace(":16", ":4016").bytes().chain([7; 16]).chain(noise).collect()
}

#[test]
fn undeclared_compression_has_the_usual_limits() {
    let bomb = zipped(&[INFERRED.as_bytes(), &vec![b' '; 8 << 20]].concat());
    let bytes = response(200, &[], &bomb);
    let server = Http::start(move |_| Response::Bytes(bytes.clone()));
    let mut options = ClientOptions::new();
    let mut defaults = CallOptions::new();
    defaults.set_response_compression(Compression::Gzip);
    options.set_max_decompressed_byte_size(1 << 20).unwrap().set_call_options(defaults).unwrap();
    let client = Client::with_options(&url!("http://{}", server.address()), &options).unwrap();
    for error in [
        client.infer(&InferRequest::new("m")).unwrap_err(),
        client.server_metadata(&CallOptions::new()).unwrap_err(),
    ] {
        assert_eq!(
            (error.status(), error.origin()),
            (Status::ResourceExhausted, Origin::Client),
            "{error:?}"
        );
    }
    let damaged = zipped(INFERRED.as_bytes());
    let error = infer(&[], &damaged[..damaged.len() - 6], Some("gzip")).unwrap_err();
    expect_broken(&error, "damaged", &["invalid gzip data in the response"]);
}

#[test]
fn the_reason_of_a_compressed_error_is_shown() {
    let json = br#"{"error":"because"}"#;
    for (headers, body) in [
        (&[][..], zipped(json)),
        (&[], deflated(json)),
        (&[("Content-Encoding", "gzip")], zipped(json)),
        (&[("Content-Encoding", "x-gzip")], zipped(json)),
    ] {
        for (what, call, _) in OPERATIONS {
            let (_server, client) = always(response(400, headers, &body));
            if what.ends_with("ready") || what == "live" {
                continue;
            }
            let error = call(&client, &CallOptions::new()).expect_err(what);
            assert_eq!(error.status(), Status::InvalidArgument, "{what}: {error:?}");
            assert!(error.full_message().contains(": because (HTTP status 400)"), "{what}: {error:?}");
        }
    }
    // Text that happens to start like compressed data.
    let (_server, client) = always(response(400, &[], b"x^ is not a model"));
    let error = client.server_metadata(&CallOptions::new()).unwrap_err();
    assert!(error.full_message().contains("x^ is not a model"), "{error:?}");
}

// Readiness.

#[test]
fn a_200_with_false_in_its_json_is_not_ready() {
    for (body, live, ready) in [
        ("", true, true),
        ("\r\n ", true, true),
        ("{}", true, true),
        (r#"{"name":"m","ready":true}"#, true, true),
        // aissemble, for a model that is not ready, and for a server that is.
        (r#"{"name":"m","ready":false}"#, false, false),
        (r#"{"live":true}"#, true, true),
        (r#"{"live":false}"#, false, false),
        (r#"{"live":true,"ready":false}"#, true, false),
        (r#"{"ready":"false"}"#, true, true),
        // JSON on which parsers disagree never means ready.
        (r#"{"ready":false,"ready":true}"#, false, false),
        ("{\"reason\":\"a\nb\",\"ready\":false}", false, false),
        (r#"{"load":1e999,"ready":NaN,"live":false}"#, false, false),
        (r#"{"detail":"a","ready":true}"#, true, true),
    ] {
        let (_server, client) = always(response(200, &[], body.as_bytes()));
        let options = CallOptions::new();
        assert_eq!(client.is_server_live(&options).unwrap(), live, "{body}");
        assert_eq!(client.is_server_ready(&options).unwrap(), ready, "{body}");
        assert_eq!(client.is_model_ready("m", "", &options).unwrap(), ready, "{body}");
    }
}

#[test]
fn an_unknown_or_unloaded_model_is_not_ready() {
    let options = CallOptions::new();
    for (status, body) in [
        (400, r#"{"error":"Model version not ready"}"#),
        (404, r#"{"error":"Model m not found"}"#),
        (404, r#"{"error":"Model with name m does not exist."}"#),
        (503, r#"{"error":"Model with name m is not ready."}"#),
    ] {
        let (server, client) = always(response(status, &[], body.as_bytes()));
        assert!(!client.is_model_ready("m", "", &options).unwrap(), "{body}");
        assert!(!client.is_model_ready("m", "1", &options).unwrap(), "{body}");
        assert_eq!(server.requests(), 2);
    }
    for (status, text) in [
        (5, "Model m with version  not found"),
        (5, "Model with name m does not exist."),
        (5, "Request for unknown model: 'm' has no available versions"),
        (14, "Model with name m is not ready."),
    ] {
        let (_server, client) = over_grpc(status, text);
        assert!(!client.is_model_ready("m", "", &options).unwrap(), "{text}");
    }
}

#[test]
fn readiness_fails_for_a_wrong_path_a_proxy_and_a_failing_server() {
    let options = CallOptions::new();
    let torchserve = r#"{"code":404,"type":"ResourceNotFoundException","message":"Requested resource is not found, please refer to API document."}"#;
    for (status, body, models) in [
        (404, r#"{"error":"Not Found"}"#, &["m", "Not", "Found", "not", "not-found"][..]),
        (404, torchserve, &["m", "not"]),
        (404, r#"{"detail":"Not Found"}"#, &["m"]),
        (404, r#"{"message":"Model m not found"}"#, &["m"]),
        (404, r#"{"error":{"message":"Model m not found"}}"#, &["m"]),
        (404, r#"["Model m not found"]"#, &["m"]),
        (404, r#"{"error":"Model m2 not found"}"#, &["m"]),
        (404, r#"{"error":"Model m.2 not found"}"#, &["m"]),
        (404, r#"{"error":"no route for /v2/models/m/ready"}"#, &["m"]),
        (404, "Model m not found", &["m"]),
        (404, "", &["m"]),
        (404, "<html><title>404 Not Found</title>", &["m"]),
        (503, r#"{"error":"Server is not ready."}"#, &["m"]),
        (503, "upstream connect error", &["m", "upstream"]),
        (503, "", &["m"]),
        (502, r#"{"error":"Model with name m is not ready."}"#, &["m"]),
        (500, r#"{"error":"Model m not found"}"#, &["m"]),
        (400, "<html>m</html>", &["m"]),
    ] {
        let (_server, client) = always(response(status, &[], body.as_bytes()));
        for model in models {
            let error = client.is_model_ready(model, "", &options).expect_err(body);
            assert_eq!((error.http_status(), error.origin()), (Some(status), Origin::Server), "{error:?}");
        }
    }
    // Servers have no such response.
    let (_server, client) = always(response(503, &[], br#"{"error":"Model with name m is not ready."}"#));
    assert_eq!(client.is_server_ready(&options).unwrap_err().status(), Status::Unavailable);
    for (status, text, model) in [
        (14, "upstream connect error: m", "m"),
        (14, "Server not ready", "m"),
        (14, "Model with name m2 is not ready.", "m"),
        (14, "is not ready", "UNAVAILABLE"),
        (12, "Method not found! m is not ready", "m"),
        (2, "m is not ready", "m"),
    ] {
        let (_server, client) = over_grpc(status, text);
        let error = client.is_model_ready(model, "", &options).expect_err(text);
        assert_eq!(error.origin(), Origin::Server, "{error:?}");
        assert!(error.to_string().contains("readiness of model"), "{error:?}");
    }
    // A proxy on the gRPC port may respond with an HTTP status.
    let server = Grpc::start(|_, _| GrpcResponse::HttpError {
        status: 404,
        content_type: "application/json".to_owned(),
        body: br#"{"error":"Model m not found"}"#.to_vec(),
    });
    let client = Client::new(&url!("grpc://{}", server.address())).unwrap();
    assert_eq!(client.is_model_ready("m", "", &options).unwrap_err().http_status(), Some(404));
}

#[test]
fn readiness_fails_under_a_wrong_base_path_of_triton() {
    let url = server().http_url();
    let options = CallOptions::new();
    let wrong = Client::new(&format!("{url}/base")).unwrap();
    for model in ["simple", "Not", "Found"] {
        let error = wrong.is_model_ready(model, "", &options).unwrap_err();
        assert_eq!(error.http_status(), Some(404), "{error:?}");
    }
    let right = Client::new(&url).unwrap();
    assert!(right.is_model_ready("simple", "", &options).unwrap());
    assert!(!right.is_model_ready("no_such", "", &options).unwrap());
}

#[test]
fn a_wait_continues_while_the_model_is_not_ready_in_any_form() {
    let bodies = [
        (404, r#"{"error":"Model with name m does not exist."}"#),
        (503, r#"{"error":"Model with name m is not ready."}"#),
        (200, r#"{"name":"m","ready":false}"#),
        (200, r#"{"name":"m","ready":true}"#),
    ];
    let next = Mutex::new(bodies.into_iter());
    let server = Http::start(move |_| {
        let (status, body) = next.lock().unwrap().next().expect("no call after the model is ready");
        Response::Bytes(response(status, &[], body.as_bytes()))
    });
    client(&server).wait_ready("m", "", &CallOptions::new()).unwrap();
    assert_eq!(server.requests(), 4);
}

// Names.

#[test]
fn a_model_behind_a_gateway_may_have_another_name_and_few_members() {
    let options = CallOptions::new();
    // ModelMesh, Seldon Core 2, and a gateway that rewrites paths.
    for name in ["m__isvc-3642375d03", "m_1", "other"] {
        let body = format!(r#"{{"name":"{name}","versions":["1"],"max_batch_size":8}}"#);
        let (_server, client) = always(response(200, &[], body.as_bytes()));
        assert_eq!(client.model_metadata("m", "", &options).unwrap().name, name);
        assert_eq!(client.model_config("m", "", &options).unwrap().name, name);
        let body = format!(r#"{{"model_stats":[{{"name":"{name}"}}]}}"#);
        let (_server, client) = always(response(200, &[], body.as_bytes()));
        assert_eq!(client.model_statistics("m", "", &options).unwrap().entries[0].name, name);
    }
    for body in [r#"{"versions":["1"]}"#, r#"{"inputs":[{"name":"I"}]}"#] {
        let (_server, client) = always(response(200, &[], body.as_bytes()));
        client.model_metadata("m", "", &options).unwrap_or_else(|error| panic!("{body}: {error:?}"));
    }
    for body in [r#"{"name":"torchserve","extenstion":[]}"#, r#"{"version":"1"}"#, r#"{"extensions":["x"]}"#]
    {
        let (_server, client) = always(response(200, &[], body.as_bytes()));
        client.server_metadata(&options).unwrap_or_else(|error| panic!("{body}: {error:?}"));
    }
    let (_server, client) = always(response(200, &[], br#"{"model_stats":[]}"#));
    assert!(client.model_statistics("", "", &options).unwrap().entries.is_empty());
}

// Errors inside a stream.

/// Returns the events before the end of a stream, and how it ended.
fn events(headers: &[(&str, &str)], body: &str) -> (usize, Result<(), Error>) {
    let (_server, client) = always(response(200, headers, body.as_bytes()));
    let mut count = 0;
    let outcome = client.generate_stream("m", "", "{}", &CallOptions::new(), |_| {
        count += 1;
        ControlFlow::Continue(())
    });
    (count, outcome.map(drop))
}

const EVENTS: (&str, &str) = ("Content-Type", "text/event-stream");

#[test]
fn an_error_within_a_stream_ends_it_in_every_usual_form() {
    for event in [
        r#"data: {"error":"because"}"#,
        r#"data: {"error":"because","error_type":"generation"}"#,
        r#"data: {"error":{"message":"because","type":"BadRequestError","param":null,"code":400}}"#,
        r#"data: {"object":"error","message":"because","type":"x","param":null,"code":40001}"#,
        r#"data: {"code":503,"type":"InternalServerException","message":"because"}"#,
        r#"data: {"detail":"because"}"#,
        r#"data: {"detail":[{"type":"x","loc":["body"],"msg":"because","input":"secret"}]}"#,
        "event: error\ndata: because",
        "event:error\ndata: {\"message\":\"because\"}",
        "data: {\"x\":\"because\"}\nevent: Error",
        "event: error\ndata: {\"TEXT\":\"because\"}",
    ] {
        for headers in [&[EVENTS][..], &[], &[("Content-Type", "text/plain")]] {
            let body = format!("data: {{\"n\":1}}\n\n{event}\n\ndata: {{\"n\":2}}\n\n");
            let (count, outcome) = events(headers, &body);
            let error = outcome.expect_err(event);
            let properties = (count, error.status(), error.origin(), error.http_status());
            assert_eq!(properties, (1, Status::Unknown, Origin::Server, Some(200)), "{event}: {error:?}");
            let message = error.full_message();
            assert!(message.contains("because") && !message.contains("secret"), "{message}");
        }
    }
    let (_, outcome) = events(&[EVENTS], "event: error\n\n");
    assert!(outcome.unwrap_err().to_string().contains("the server gave no reason"));
    // Outputs with such names, and other names of events.
    let (count, outcome) = events(
        &[EVENTS],
        concat!(
            "data: {\"error\":\"a\",\"model_name\":\"m\",\"model_version\":\"1\"}\n\n",
            "data: {\"model_name\":\"m\",\"model_version\":\"1\",\"detail\":\"a\",\"message\":\"b\"}\n\n",
            "data: {\"error\":\"a\",\"n\":1}\n\n",
            "event: message\ndata: {\"message\":\"hello\"}\n\n",
            "event: ping\n\n",
            "event: errors\ndata: {}\n\n",
        ),
    );
    outcome.unwrap();
    assert_eq!(count, 5);
}

#[test]
fn a_body_instead_of_a_stream_is_described_and_an_empty_stream_needs_its_type() {
    assert_eq!(events(&[EVENTS], "").0, 0);
    events(&[EVENTS], "").1.unwrap();
    events(&[EVENTS], "\n\n").1.unwrap();
    for (headers, body, hint) in [
        (&[][..], "", "an empty body"),
        (&[], "{}", "the JSON object '{}'"),
        (&[EVENTS], "{\"TEXT\":\"a\"}", "the JSON object"),
        (&[EVENTS], "<html><title>Sign in</title>", "an HTML page: 'Sign in'"),
        (&[], "datum", "'datum'"),
        (&[("Content-Encoding", "gzip"), EVENTS], "x", "gzip"),
        // Without any line of an event stream.
        (&[EVENTS], "Internal Server Error", "'Internal Server Error'"),
        (&[EVENTS], "\nbackend: down\n\n", "'backend: down'"),
    ] {
        let (count, outcome) = events(headers, body);
        assert_eq!(count, 0);
        expect_broken(&outcome.unwrap_err(), body, &[hint]);
    }
    let (_, outcome) = events(&[EVENTS], r#"{"error":"because"}"#);
    assert_eq!(outcome.unwrap_err().status(), Status::Unknown);
    // Lines that parsers of events skip.
    for body in ["x: y\ndata: 1\n\n", "data\n\n", "retry: 5\n\n", ": \n"] {
        events(&[EVENTS], body).1.unwrap();
    }
    // The HTTP status is set in every error.
    let (_server, client) = always(response(200, &[EVENTS], &zipped(b"data: 1\n\n")));
    let outcome = client.generate_stream("m", "", "{}", &CallOptions::new(), |_| ControlFlow::Continue(()));
    assert_eq!(outcome.unwrap_err().http_status(), Some(200));
}

#[test]
fn the_reason_in_an_event_under_an_error_status_is_shown_without_framing() {
    for body in [
        "data: {\"error\":\"because\"}\n\n",
        ": c\r\ndata: {\"error\":\"because\"}\r\n\r\n",
        "\u{feff}id: 1\nevent: error\ndata: {\"error\":\ndata: \"because\"}\n\n",
        "data: {\"x\":1}\n\ndata: {\"error\":\"because\"}\n\n",
        "event: error\ndata: because",
    ] {
        let (_server, client) = always(response(500, &[EVENTS], body.as_bytes()));
        let outcome =
            client.generate_stream("m", "", "{}", &CallOptions::new(), |_| ControlFlow::Continue(()));
        let error = outcome.unwrap_err();
        assert!(error.to_string().ends_with(": because (HTTP status 500)"), "{error:?}");
    }
}

/// A proxy may have decompressed or replaced an error and kept the header.
#[test]
fn an_error_not_compressed_as_declared_keeps_its_reason() {
    for encoding in ["gzip", "deflate", "br"] {
        for message in messages(400, &[("Content-Encoding", encoding)], br#"{"error":"because"}"#) {
            assert!(message.contains("because") && !message.contains("encoding"), "{message}");
        }
    }
}

/// An unexpected body may also repeat the request.
#[test]
fn an_unexpected_body_is_shown_without_the_tensor_that_it_repeats() {
    let body = r#"{"detail":[{"loc":["body"],"msg":"because","input":"secret"}]}"#;
    for (what, call, _) in OPERATIONS {
        let (_server, client) = always(response(200, &[], body.as_bytes()));
        let Err(error) = call(&client, &CallOptions::new()) else { panic!("{what}") };
        let message = error.full_message();
        assert!(message.contains("because") && !message.contains("secret"), "{what}: {message}");
    }
}

#[test]
fn quotes_in_plain_text_are_not_escaped() {
    for message in messages(404, &[], b"Model 'a' of \"b\"\r\nis not found") {
        assert!(message.contains("Model 'a' of \"b\"\\r\\nis not found (HTTP"), "{message}");
    }
}

// Texts of errors.

/// Returns the messages of an inference with binary data, of one with JSON, and of metadata, for this
/// response.
fn messages(status: u16, headers: &[(&str, &str)], body: &[u8]) -> [String; 3] {
    let (_server, client) = always(response(status, headers, body));
    let binary = InferRequest::new("m").input("I", &[1], &[0i8]);
    let mut plain = InferRequest::new("m").input("I", &[1], &[0i8]);
    plain.input_mut(0).unwrap().set_json(true);
    plain.set_binary_output(false);
    [
        client.infer(&binary).unwrap_err().full_message(),
        client.infer(&plain).unwrap_err().full_message(),
        client.model_metadata("m", "", &CallOptions::new()).unwrap_err().full_message(),
    ]
}

#[test]
fn fastapis_reason_is_shown_without_the_tensor_that_it_repeats() {
    for count in [10, 5000, 50_000, 400_000] {
        let tensor = "\u{0}".repeat(count);
        let first = format!(
            r#"{{"detail":[{{"type":"model_attributes_type","loc":["body"],"msg":"Input should be a valid dictionary or object to extract fields from","input":{}}}]}}"#,
            json!(tensor)
        );
        // The same with sorted members.
        let last = format!(r#"{{"detail":[{{"input":{},"loc":["body"],"msg":"why"}}]}}"#, json!(tensor));
        for message in messages(422, &[], first.as_bytes()) {
            assert!(message.contains(": body: Input should be a valid dictionary"), "{message:.300}");
            assert!(!message.contains('\0') && !message.contains("u0000") && message.len() < 400);
        }
        for message in messages(422, &[], last.as_bytes()) {
            let is_shown = message.contains(": body: why")
                || message.contains("no reason within the first 1048576 bytes");
            assert!(is_shown && !message.contains("u0000") && message.len() < 500, "{message:.300}");
        }
    }
    let two = json!({ "detail": [
        { "type": "missing", "loc": ["body", "inputs", 0, "name"], "msg": "Field required", "input": {} },
        { "type": "x", "loc": ["query"], "msg": "too long" },
    ] });
    for message in messages(422, &[], two.to_string().as_bytes()) {
        assert!(
            message.contains(": body.inputs.0.name: Field required; query: too long (HTTP status 422)"),
            "{message}"
        );
    }
}

#[test]
fn an_error_of_a_server_without_binary_data_carries_advice() {
    let detail = br#"{"detail":[{"type":"x","loc":["body"],"msg":"not a dictionary","input":""}]}"#;
    let trace = b"Traceback (most recent call last):\n  File \"/a.py\", line 3, in f\n    g()\nUnicodeDecodeError: 'utf-8' codec can't decode byte 0xff";
    for (status, body) in [(422, &detail[..]), (500, trace), (500, b"Internal Server Error")] {
        let [binary, plain, metadata] = messages(status, &[], body);
        assert!(
            binary.contains("may not support binary tensor data") && binary.contains("set_json"),
            "{binary}"
        );
        assert!(!plain.contains("set_json") && !metadata.contains("set_json"), "{plain} {metadata}");
    }
    for (status, body) in [(422, &br#"{"error":"x"}"#[..]), (500, br#"{"error":"x"}"#), (503, trace)] {
        assert!(!messages(status, &[], body)[0].contains("set_json"));
    }
}

#[test]
fn reasons_of_torchserve_python_and_html_pages_are_unwrapped() {
    let torchserve = "{\n  \"code\": 404,\n  \"type\": \"ModelNotFoundException\",\n  \"message\": \"Model not found: nope\"\n}\n";
    let frames = "  File \"/usr/lib/x.py\", line 3, in f\n    return g(x)\n".repeat(500);
    let trace = format!("Traceback (most recent call last):\n{frames}ValueError: the reason\n");
    let nginx = "<html>\r\n<head><title>413 Request Entity Too Large</title></head>\r\n<body>\r\n<center><h1>413</h1></center>\r\n<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n";
    let haproxy = "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>\n";
    for (body, hint) in [
        (torchserve, ": Model not found: nope (HTTP status 500)"),
        (&trace[..], ": ValueError: the reason; Traceback (most recent call last): File "),
        (nginx, ": 413 Request Entity Too Large (HTTP status 500)"),
        (haproxy, ": 503 Service Unavailable (HTTP status 500)"),
        ("<html><body><p>No <b>title</b> here</p></body></html>", ": No title here (HTTP status 500)"),
        (r#"{"error":{"message":"why","type":"x","code":500}}"#, ": why (HTTP status 500)"),
    ] {
        for kind in ["text/html", "text/plain", "application/json"] {
            for message in messages(500, &[("Content-Type", kind)], body.as_bytes()) {
                assert!(message.contains(hint), "'{hint}' is not in {message:.400}");
                assert!(
                    !message.contains('<') && !message.contains('\n') && message.len() < 8400,
                    "{message:.400}"
                );
            }
        }
    }
}

#[test]
fn tritons_size_limit_over_http_carries_the_advice_to_use_grpc() {
    let body = br#"{"error":"Decompressed data size exceeds the maximum allowed value of 67108864 bytes. Use --http-max-input-size to increase the limit."}"#;
    for message in messages(400, &[], body) {
        assert!(message.ends_with("(HTTP status 400); gRPC has no such limit"), "{message}");
    }
}

/// Calls to a port that does not speak HTTP/1.1, which must all fail the same way; `hints` are in each
/// message.
#[track_caller]
fn expect_another_protocol(address: &str, in_doubt: bool, hints: &[&str]) {
    let mut options = ClientOptions::new();
    options.set_metrics_url(&url!("http://{address}")).unwrap();
    options.set_timeout(Some(Duration::from_secs(5))).unwrap();
    let client = Client::with_options(&url!("http://{address}"), &options).unwrap();
    let check = |what: &str, outcome: Result<(), Error>| {
        let error = outcome.expect_err(what);
        expect_broken(&error, what, hints);
        assert_eq!(error.is_in_doubt(), in_doubt, "{what}: {error:?}");
    };
    for (what, call, _) in OPERATIONS {
        check(what, call(&client, &CallOptions::new()));
    }
    // The server closes the connection while most of the request is still to be sent.
    let data = vec![1u8; 8 << 20];
    let request = InferRequest::new("m").input_bytes("I", Datatype::Uint8, &[data.len() as i64], &data);
    for _ in 0..4 {
        check("8 MiB", client.infer(&request).map(drop));
    }
}

#[test]
fn an_http_client_on_the_servers_grpc_port_is_referred_to_the_grpc_scheme() {
    let hints =
        ["speaks HTTP/2, not HTTP/1.1", "is it the gRPC port (8001 by default)?", "grpc:// URL", "8000"];
    expect_another_protocol(&server().grpc, false, &hints);
}

#[test]
fn an_http_client_on_a_port_of_an_unknown_protocol_is_asked_about_the_port() {
    for greeting in
        [&b"SSH-2.0-OpenSSH_9.2\r\n"[..], b"-ERR unknown command\r\n", b"\0\0\0\x01\xff\xff\xff\xff\r\n\r\n"]
    {
        let server = Wire::start(move |_, mut stream| {
            stream.write_all(greeting)?;
            stream.shutdown(Shutdown::Write)?;
            // Unread bytes would reset the connection.
            io::copy(&mut stream, &mut io::sink()).map(drop)
        });
        let hints = [
            "malformed HTTP response",
            "is it the HTTP port (default 8000, metrics 8002)?",
            "(8001) needs a grpc:// URL",
        ];
        expect_another_protocol(&server.address().to_string(), true, &hints);
    }
}
