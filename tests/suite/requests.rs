//! Requests and call options as a server receives them.

use std::{
    fs,
    io::Write,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use triton_client::{
    CallOptions, Client, ClientOptions, Compression, Datatype, Finality, InferRequest, InferResult,
    Parameter, SequenceId, Status,
};

use crate::{
    server::{is_embedded, until, urls},
    support::fault::{Grpc, GrpcResponse, Http, Response, response},
};

const JSON: &str = r#"{"model_name":"m","model_version":"1","outputs":[]}"#;

/// A request as received: path, headers, body.
type Received = (String, Vec<(String, String)>, Vec<u8>);

/// A server that records requests and sends results without outputs.
fn recorder() -> (Http, Arc<Mutex<Vec<Received>>>, Client) {
    let received = Arc::new(Mutex::new(Vec::new()));
    let note = received.clone();
    let server = Http::start(move |request| {
        let received = (request.path.clone(), request.headers.clone(), request.body.clone());
        note.lock().unwrap().push(received);
        Response::Bytes(response(200, &[], JSON.as_bytes()))
    });
    let client = Client::new(&url!("http://{}", server.address())).unwrap();
    (server, received, client)
}

fn values<'h>(received: &'h Received, name: &str) -> Vec<&'h str> {
    received
        .1
        .iter()
        .filter(|(own, _)| own.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
        .collect()
}

#[test]
fn headers_query_and_compression_are_those_of_one_call_and_no_other() {
    let (_server, received, client) = recorder();
    let mut options = CallOptions::new();
    options.add_header("X-Tenant", "blue").unwrap().add_header("x-tenant", "green").unwrap();
    options.add_header("X-Bytes-BIN", [0u8, 255]).unwrap();
    options.add_query_parameter("a b", "c&d=\u{e4}").unwrap().add_query_parameter("e", "").unwrap();
    options.set_request_compression(Compression::Gzip);
    options.set_accept_encoding("deflate, gzip;q=0.5").unwrap();
    let request = InferRequest::new("m").input("I", &[1], &[1u8]);
    client.infer_with(&request, &options).unwrap();
    client.infer(&request).unwrap();
    client.is_server_live(&options).unwrap();
    let received = received.lock().unwrap();
    assert_eq!(received[0].0, "/v2/models/m/infer?a%20b=c%26d%3D%C3%A4&e=");
    assert_eq!(values(&received[0], "x-tenant"), ["blue", "green"]);
    assert_eq!(values(&received[0], "x-bytes-bin"), ["AP8"]);
    assert_eq!(values(&received[0], "content-encoding"), ["gzip"]);
    assert_eq!(values(&received[0], "accept-encoding"), ["deflate, gzip;q=0.5"]);
    assert_eq!(received[1].0, "/v2/models/m/infer");
    for name in ["x-tenant", "content-encoding"] {
        assert!(values(&received[1], name).is_empty(), "{name}");
    }
    // Caddy asks its server for gzip unless the request has an Accept-Encoding.
    assert_eq!(values(&received[1], "accept-encoding"), ["identity"]);
    assert_eq!(received[2].0, "/v2/health/live?a%20b=c%26d%3D%C3%A4&e=");
    assert_eq!(values(&received[2], "x-tenant"), ["blue", "green"]);
}

#[test]
fn an_invalid_header_is_rejected_with_the_reason() {
    let mut options = CallOptions::new();
    let refused: [(&str, &[u8], &str); 11] = [
        ("", b"v", ""),
        ("a b", b"v", ""),
        ("a:b", b"v", ""),
        ("x", b"a\rb", "control"),
        ("x", b"a\nb", "control"),
        ("x", b"a\0b", "control"),
        ("Content-Length", b"5", "itself"),
        ("inference-header-content-length", b"5", "itself"),
        ("Transfer-Encoding", b"chunked", "itself"),
        ("grpc-timeout", b"5S", "itself"),
        // HTTP/2 forbids headers of a connection.
        ("Proxy-Connection", b"keep-alive", "itself"),
    ];
    for (name, value, hint) in refused {
        let error = options.add_header(name, value).unwrap_err();
        assert_eq!(error.status(), Status::InvalidArgument);
        assert!(error.to_string().contains(hint), "{name}: {error}");
    }
    assert!(options.add_query_parameter("", "v").is_err());
    for path in ["", "invocations", "/a b", "/a?b", "/a\r\nb"] {
        assert!(options.set_http_path(path).is_err(), "{path:?}");
    }
    assert!(options.set_http_content_type("a\r\nb").is_err());
    assert!(options.set_http_path("/\u{e4}").is_err());
    for name in ["a b", "Content-Length", "host"] {
        assert!(options.set_http_json_size_header(name).is_err(), "{name}");
    }
    options.set_http_json_size_header("X-Size").unwrap();
    assert!(options.add_header("x-size", "1").is_err());
    options.add_header("x-other", "1").unwrap();
    assert!(options.set_http_json_size_header("X-Other").is_err());
    for encodings in ["br", "gzip;q=abc", "deflate;x", "gzip;q=2", "gzip;q=-1", "gzip, ", ""] {
        assert!(options.set_accept_encoding(encodings).is_err(), "{encodings}");
    }
    // A line break would end the header, or all headers.
    for encodings in ["\r\n\r\ngzip", "gzip\r\n;q=1", "gzip;\nq=1", "gzip\u{a0}", "gzip;q=1\n", "gzip\u{b}"] {
        assert!(options.set_accept_encoding(encodings).is_err(), "{encodings:?}");
    }
    for weight in ["1e-3", "+1", "NaN", "inf", "0.1234", "1.001", "00", "", "."] {
        assert!(options.set_accept_encoding(&format!("gzip;q={weight}")).is_err(), "{weight}");
    }
    for encodings in ["gzip", "GZIP; q=0", "gzip ;\tq=0.123 , identity;q=1.000", "deflate;q=0."] {
        assert!(options.set_accept_encoding(encodings).is_ok(), "{encodings}");
    }
}

#[test]
fn a_name_that_the_protocol_uses_is_not_a_valid_parameter() {
    let mut request = InferRequest::new("m").input("I", &[1], &[1u8]).output("O");
    for name in ["sequence_id", "priority", "timeout", "headers", "binary_data_output", "triton_x", ""] {
        assert_eq!(request.set_parameter(name, 1).unwrap_err().status(), Status::InvalidArgument, "{name}");
    }
    for name in ["binary_data_size", "shared_memory_region", "shared_memory_offset", "triton_x"] {
        assert!(request.input_mut(0).unwrap().set_parameter(name, 1).is_err(), "{name}");
    }
    for name in ["binary_data", "classification", "shared_memory_byte_size", "triton_x"] {
        assert!(request.output_mut(0).unwrap().set_parameter(name, 1).is_err(), "{name}");
    }
    for value in
        [Parameter::Uint64(u64::MAX), Parameter::Double(f64::NAN), Parameter::String("a\0".to_owned())]
    {
        assert!(request.set_parameter("x", value).is_err());
    }
    assert!(request.set_server_timeout_us(1 << 63).is_err());
}

#[test]
fn a_change_of_an_input_or_output_is_sent_by_the_next_call() {
    let (_server, received, client) = recorder();
    let (first, next) = ([1u8, 2], [3u8, 4, 5]);
    let mut request = InferRequest::new("m").input("I", &[2], &first).output("O");
    let sent = |request: &InferRequest| {
        client.infer(request).unwrap();
        received.lock().unwrap().pop().unwrap().2
    };
    assert!(sent(&request).ends_with(&first));
    let input = request.input_mut(0).unwrap();
    input.set_data(&next);
    input.set_shape(&[3]).unwrap();
    input.set_parameter("p", true).unwrap();
    request.output_mut(0).unwrap().set_class_count(7);
    let body = sent(&request);
    let json = String::from_utf8_lossy(&body);
    assert!(body.ends_with(&next) && json.contains(r#""shape":[3]"#), "{json}");
    assert!(json.contains(r#""p":true"#) && json.contains(r#""classification":7"#), "{json}");
    request.input_mut(0).unwrap().remove_parameter("p").unwrap();
    request.output_mut(0).unwrap().set_class_count(0);
    let body = sent(&request);
    let json = String::from_utf8_lossy(&body);
    assert!(!json.contains(r#""p":"#) && !json.contains("classification"), "{json}");
    for error in [request.input_mut(1).map(drop), request.output_mut(1).map(drop)] {
        let error = error.unwrap_err();
        assert!(
            error.status() == Status::InvalidArgument && error.to_string().contains("there is no "),
            "{error}"
        );
    }
}

#[test]
fn what_was_set_can_be_undone() {
    let (_server, received, client) = recorder();
    let mut request = InferRequest::new("m").input("I", &[1], &[1u8]).output("O");
    let sent = |request: &InferRequest| {
        client.infer(request).unwrap();
        received.lock().unwrap().pop().unwrap().2
    };
    let before = sent(&request);
    request.set_sequence(5, true, false).unwrap();
    request.set_parameter("p", 1).unwrap();
    request.output_mut(0).unwrap().set_region("r", 8, 0).unwrap();
    assert_ne!(sent(&request), before);
    request.set_sequence(0, false, false).unwrap();
    request.remove_parameter("p").unwrap();
    request.output_mut(0).unwrap().clear_region();
    assert_eq!(sent(&request), before);
    request.set_sequence("five", true, false).unwrap();
    request.set_sequence("", false, false).unwrap();
    assert_eq!(sent(&request), before);
    // What undoes one source of data leaves the others alone.
    request.input_mut(0).unwrap().clear_region();
    request.input_mut(0).unwrap().clear_json_text();
    assert_eq!(sent(&request), before);
    request.input_mut(0).unwrap().set_json_text("[1]").unwrap();
    request.input_mut(0).unwrap().clear_json_text();
    assert_eq!(request.input_mut(0).unwrap().byte_size(), 0);
    for (start, end) in [(true, false), (false, true), (true, true)] {
        assert_eq!(request.set_sequence(0, start, end).unwrap_err().status(), Status::InvalidArgument);
        assert_eq!(request.set_sequence("", start, end).unwrap_err().status(), Status::InvalidArgument);
    }
}

#[test]
fn http_requests_have_all_settings_and_nothing_else() {
    let (_server, received, client) = recorder();
    let mut request =
        InferRequest::new("m").input("I", &[2], &[1u8, 2]).input("J", &[1], &[0.5f32]).output("O");
    request.set_sequence(u64::MAX, true, false).unwrap();
    request.set_priority(3);
    request.set_server_timeout_us(5).unwrap();
    request.set_parameter("p", "q\"").unwrap();
    request.set_parameter("n", i64::MIN).unwrap();
    request.input_mut(0).unwrap().set_parameter("a", true).unwrap();
    request.output_mut(0).unwrap().set_parameter("b", 0.25).unwrap();
    request.output_mut(0).unwrap().set_class_count(3);
    request.input_mut(1).unwrap().set_json(true);
    request.set_empty_final_response(true);
    client.infer(&request).unwrap();
    request.clear();
    request.add_input("K", Datatype::Uint8, &[0]).unwrap();
    request.input_mut(0).unwrap().set_region("r", 0, 4).unwrap();
    request.set_sequence(SequenceId::Text("s".to_owned()), false, true).unwrap();
    client.infer(&request).unwrap();
    let received = received.lock().unwrap();
    let json = |at: usize| {
        let size: usize = values(&received[at], "inference-header-content-length")
            .first()
            .map_or(received[at].2.len(), |size| size.parse().unwrap());
        (String::from_utf8(received[at].2[..size].to_vec()).unwrap(), received[at].2[size..].to_vec())
    };
    assert_eq!(
        json(0),
        (
            concat!(
                r#"{"inputs":[{"name":"I","datatype":"UINT8","shape":[2],"parameters":{"binary_data_size":2,"a":true}},"#,
                r#"{"name":"J","datatype":"FP32","shape":[1],"data":[0.5]}],"#,
                r#""outputs":[{"name":"O","parameters":{"binary_data":true,"classification":3,"b":0.25}}],"#,
                r#""parameters":{"sequence_id":18446744073709551615,"sequence_start":true,"sequence_end":false,"#,
                r#""priority":3,"timeout":5,"p":"q\"","n":-9223372036854775808}}"#
            )
            .to_owned(),
            vec![1, 2]
        )
    );
    assert_eq!(
        json(1),
        (
            concat!(
                r#"{"inputs":[{"name":"K","datatype":"UINT8","shape":[0],"parameters":{"shared_memory_region":"r","#,
                r#""shared_memory_byte_size":0,"shared_memory_offset":4}}],"parameters":{"sequence_id":"s","#,
                r#""sequence_start":false,"sequence_end":true,"binary_data_output":true}}"#
            )
            .to_owned(),
            vec![]
        )
    );
    // A body without binary data is plain JSON.
    assert_eq!(values(&received[1], "content-type"), ["application/json"]);
    assert!(values(&received[1], "inference-header-content-length").is_empty());
}

#[test]
fn a_gateway_s_path_content_type_and_headers_are_used() {
    // SageMaker: the path, and the size of the JSON in the content type, there and back.
    const KIND: &str = "application/vnd.sagemaker-triton.binary+json;json-header-size=";
    let json = r#"{"model_name":"m","model_version":"1","outputs":[{"name":"O","datatype":"UINT8","shape":[2],"parameters":{"binary_data_size":2}}]}"#;
    let received = Arc::new(Mutex::new(None));
    let note = received.clone();
    let server = Http::start(move |request| {
        *note.lock().unwrap() = Some((request.path.clone(), request.headers.clone(), request.body.clone()));
        let kind = format!("{KIND}{}", json.len());
        Response::Bytes(response(200, &[("Content-Type", &kind)], &[json.as_bytes(), &[8, 9]].concat()))
    });
    let client = Client::new(&url!("http://{}/base", server.address())).unwrap();
    let request = InferRequest::new("m").input("I", &[2], &[1u8, 2]);
    let body = request.to_http_body(Compression::None).unwrap();
    for (path, header) in [("/invocations", ""), ("/v1/endpoints/5:predict", "X-Size")] {
        let mut options = CallOptions::new();
        options.set_http_path(path).unwrap().set_http_content_type(&format!("{KIND}{{}}")).unwrap();
        options.set_http_json_size_header(header).unwrap();
        let result = client.infer_with(&request, &options).unwrap();
        assert_eq!(result.output("O").unwrap().data(), [8, 9]);
        let received = received.lock().unwrap().take().unwrap();
        assert_eq!(received.0, format!("/base{path}"));
        assert_eq!(values(&received, "content-type"), [format!("{KIND}{}", body.json_byte_size)]);
        assert!(values(&received, "inference-header-content-length").is_empty());
        assert_eq!(values(&received, "x-size").len(), usize::from(!header.is_empty()));
        assert_eq!(received.2, body.bytes);
    }
}

#[test]
fn a_body_encoded_offline_equals_the_one_that_a_call_sends() {
    let (_server, received, client) = recorder();
    let words: [&[u8]; 2] = [b"a\0", b""];
    let request = InferRequest::new("m").id("7").input("I", &[2], &[1u8, 2]).input_strings("S", &[2], &words);
    let body = request.to_http_body(Compression::None).unwrap();
    client.infer(&request).unwrap();
    assert_eq!(received.lock().unwrap()[0].2, body.bytes);
    let zipped = request.to_http_body(Compression::Gzip).unwrap();
    assert_eq!(zipped.json_byte_size, body.json_byte_size);

    let sent = Arc::new(Mutex::new(Vec::new()));
    let note = sent.clone();
    let server = Grpc::start(move |_, message| {
        *note.lock().unwrap() = message;
        GrpcResponse::Reply { messages: vec![Vec::new()], status: 0, message: String::new() }
    });
    let client = Client::new(&url!("grpc://{}", server.address())).unwrap();
    client.infer(&request).unwrap();
    let message = request.to_grpc_message().unwrap();
    assert_eq!(*sent.lock().unwrap(), message);
    client.infer_message(&message, &CallOptions::new()).unwrap();
    assert_eq!(*sent.lock().unwrap(), message);
    assert_eq!(InferResult::from_grpc_message(&[]).unwrap().finality(), Finality::Unknown);
    let error =
        client.infer_with(&request, CallOptions::new().add_query_parameter("a", "b").unwrap()).unwrap_err();
    assert_eq!(error.status(), Status::InvalidArgument);
}

#[test]
fn a_body_is_decoded_offline_within_its_maximum_size() {
    let json = JSON.as_bytes();
    let result = InferResult::from_http_body(json, None, Compression::None, 1000).unwrap();
    assert_eq!((result.model_name(), result.endpoint()), ("m", ""));
    let bomb = {
        let long = format!("{{\"model_name\":\"{}\"}}", " ".repeat(1 << 20));
        let request = InferRequest::new("m").input("I", &[1 << 20], long.as_bytes().split_at(1 << 20).0);
        request.to_http_body(Compression::Gzip).unwrap().bytes
    };
    assert!(bomb.len() < 10_000);
    let error = InferResult::from_http_body(&bomb, None, Compression::Gzip, 100_000).unwrap_err();
    assert_eq!((error.status(), error.is_in_doubt()), (Status::ResourceExhausted, false), "{error:?}");
    for (body, size) in [(&b""[..], None), (b"{", None), (json, Some(5)), (json, Some(5000))] {
        assert!(InferResult::from_http_body(body, size, Compression::None, 1000).is_err());
    }
    let error = InferResult::from_http_body(json, None, Compression::None, 0).unwrap_err();
    assert!(error.status() == Status::InvalidArgument && error.to_string().starts_with("max_byte_size"));
    let error = InferResult::from_http_body(b"no gzip", None, Compression::Gzip, 1000).unwrap_err();
    assert_eq!((error.status(), error.is_retryable()), (Status::Internal, false), "{error:?}");
}

#[test]
fn grpc_rejects_what_it_cannot_express() {
    let client = Client::new(&urls()[1]).unwrap();
    let mut mixed = InferRequest::new("m").input("A", &[1], &[1i32]).input("B", &[1], &[1i32]);
    mixed.input_mut(0).unwrap().set_json(true);
    let mut text = InferRequest::new("m");
    text.add_input("A", Datatype::Int32, &[1]).unwrap();
    text.input_mut(0).unwrap().set_json_text("[1]").unwrap();
    let mut raw = InferRequest::new("m").input("A", &[1], &[1i32]);
    raw.set_raw_body(true);
    for (request, hint) in [(mixed, "typed contents"), (text, "JSON"), (raw, "raw body")] {
        let error = client.infer(&request).unwrap_err();
        assert_eq!((error.status(), error.is_in_doubt()), (Status::InvalidArgument, false), "{error:?}");
        assert!(error.full_message().contains(hint), "{error:?}");
    }
}

#[test]
fn inputs_and_outputs_in_shared_memory() {
    if is_embedded() {
        return;
    }
    for (at, url) in urls().iter().enumerate() {
        let name = format!("triton-client-test-{}-{at}", std::process::id());
        let path = format!("/dev/shm/{name}");
        let numbers: Vec<u8> = (0..32i32).flat_map(i32::to_le_bytes).collect();
        fs::write(&path, [&numbers[..], &[0; 128]].concat()).unwrap();
        let (client, defaults) = (Client::new(url).unwrap(), CallOptions::new());
        client.register_system_shared_memory(&name, &format!("/{name}"), 256, 0, &defaults).unwrap();
        let b: Vec<i32> = (16..32).collect();
        // The region precedes an input in binary: over gRPC it must not leave an empty entry.
        let mut request = InferRequest::new("simple").output("OUTPUT1").output("OUTPUT0");
        request.add_input("INPUT0", Datatype::Int32, &[1, 16]).unwrap();
        request.input_mut(0).unwrap().set_region(&name, 64, 0).unwrap();
        let request = {
            let mut request = request.input("INPUT1", &[1, 16], &b);
            request.output_mut(1).unwrap().set_region(&name, 64, 128).unwrap();
            request
        };
        let result = client.infer(&request).unwrap();
        let shared = result.output("OUTPUT0").unwrap();
        assert_eq!((shared.shape(), shared.data().len()), (&[1i64, 16][..], 0), "{url}");
        assert_eq!(shared.as_slice::<i32>().unwrap_err().status(), Status::FailedPrecondition);
        assert_eq!(result.output("OUTPUT1").unwrap().as_slice::<i32>().unwrap(), [-16; 16]);
        let sums: Vec<u8> = (0..16i32).flat_map(|at| (2 * at + 16).to_le_bytes()).collect();
        assert_eq!(fs::read(&path).unwrap()[128..192], sums, "{url}");
        // The region stays in use for a moment after the response.
        until("the region is no longer in use", || {
            client.unregister_system_shared_memory(&name, &defaults).is_ok()
        });
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn statistics_count_successes_and_failures_of_all_threads() {
    let (_server, _, client) = recorder();
    let request = InferRequest::new("m").input("I", &[1], &[1u8]);
    let wrong = InferRequest::new("m").input("I", &[2], &[1u8]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..25 {
                    client.infer(&request).unwrap();
                    client.infer(&wrong).unwrap_err();
                }
            });
        }
    });
    let statistics = client.infer_statistics();
    assert_eq!((statistics.completed, statistics.failed), (100, 100));
    assert!(statistics.total >= statistics.send + statistics.receive && statistics.send.as_nanos() > 0);
    assert!(
        statistics.p50 <= statistics.p90
            && statistics.p90 <= statistics.p99
            && statistics.p99 <= statistics.max
    );
}

#[test]
fn a_request_is_checked_against_a_model_s_metadata() {
    let client = Client::new(&urls()[0]).unwrap();
    let metadata = client.model_metadata("simple", "", &CallOptions::new()).unwrap();
    let (a, floats) = ([0i32; 16], [0f32; 16]);
    let good = || InferRequest::new("simple").input("INPUT0", &[1, 16], &a);
    good().check_against(&metadata).unwrap();
    let bad = [
        (good().input("INPUT7", &[1, 16], &a), "INPUT7"),
        (good().input("INPUT1", &[1, 16], &floats), "FP32"),
        (good().input("INPUT1", &[16], &a), "[16]"),
        (good().input("INPUT1", &[2, 8], &a), "[2, 8]"),
        (good().output("OUTPUT9"), "OUTPUT9"),
        (InferRequest::new("other").input("INPUT0", &[1, 16], &a), "other"),
    ];
    for (request, hint) in bad {
        let error = request.check_against(&metadata).unwrap_err();
        assert!(error.status() == Status::InvalidArgument && error.to_string().contains(hint), "{error}");
    }
}

#[test]
fn a_small_compressed_response_cannot_exhaust_memory() {
    let bomb = {
        let spaces = " ".repeat(8 << 20);
        let request = InferRequest::new("m").input("I", &[8 << 20], spaces.as_bytes());
        request.to_http_body(Compression::Gzip).unwrap().bytes
    };
    let mut options = ClientOptions::new();
    let mut defaults = CallOptions::new();
    defaults.set_response_compression(Compression::Gzip);
    options.set_max_decompressed_byte_size(1 << 20).unwrap().set_call_options(defaults).unwrap();
    let bytes = response(200, &[("Content-Encoding", "gzip")], &bomb);
    let server = Http::start(move |_| Response::Bytes(bytes.clone()));
    let request = InferRequest::new("m").input("I", &[1], &[1u8]);
    let url = url!("http://{}", server.address());
    let error = Client::with_options(&url, &options).unwrap().infer(&request).unwrap_err();
    assert_eq!(error.status(), Status::ResourceExhausted, "{error:?}");
    // Neither can the size that it claims.
    let json = r#"{"model_name":"m","outputs":[{"name":"O","datatype":"UINT8","shape":[2000000000],"parameters":{"binary_data_size":2000000000}}]}"#;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(json.as_bytes()).unwrap();
    let size = json.len().to_string();
    let headers = [("Content-Encoding", "gzip"), ("Inference-Header-Content-Length", &size)];
    let claim = response(200, &headers, &encoder.finish().unwrap());
    let damaged = response(200, &[("Content-Encoding", "gzip")], b"no gzip at all");
    for (bytes, status) in [(claim, Status::Internal), (damaged, Status::Internal)] {
        let server = Http::start(move |_| Response::Bytes(bytes.clone()));
        let url = url!("http://{}", server.address());
        let error = Client::with_options(&url, &options).unwrap().infer(&request).unwrap_err();
        assert_eq!((error.status(), error.is_retryable()), (status, false), "{error:?}");
    }
    // Compression was not requested.
    let error = Client::new(&url).unwrap().infer(&request).unwrap_err();
    assert!(error.status() == Status::Internal && error.full_message().contains("gzip"), "{error:?}");
    assert!(error.headers().is_some_and(|headers| headers.get("Content-Encoding") == Some("gzip")));
}

#[test]
fn the_caller_s_json_text_must_be_one_tensor() {
    let (server, _, client) = recorder();
    let refused = [
        ("[1]", "4 bytes"),
        ("[1,2", ""),
        ("[\"a\",1,2]", "invalid element of datatype INT32: a string"),
        ("[1,2,3,4]", "16 bytes"),
        ("[1,2,3]}],\"outputs\":[{\"name\":\"O\"", ""),
        ("[1,2,3]}],\"parameters\":{\"triton_x\":1},\"x\":[{", ""),
    ];
    for (text, hint) in refused {
        let mut request = InferRequest::new("m");
        request.add_input("I", Datatype::Int32, &[3]).unwrap();
        request.input_mut(0).unwrap().set_json_text(text).unwrap();
        for error in
            [client.infer(&request).unwrap_err(), request.to_http_body(Compression::None).unwrap_err()]
        {
            let message = error.full_message();
            assert_eq!(error.status(), Status::InvalidArgument, "{text}: {message}");
            assert!(message.contains("input 'I'") && message.contains(hint), "{text}: {message}");
        }
    }
    let mut request = InferRequest::new("m");
    request.add_input("I", Datatype::Bytes, &[2]).unwrap();
    request.input_mut(0).unwrap().set_json_text(" [[\"a\"],\n[\"\"]]").unwrap();
    client.infer(&request).unwrap();
    assert_eq!(server.requests(), 1);
}

#[test]
fn the_content_type_is_also_set_without_binary_data() {
    let (_server, received, client) = recorder();
    let mut request = InferRequest::new("m").input("I", &[1], &[1i32]);
    request.input_mut(0).unwrap().set_json(true);
    for (kind, expected) in [("application/x", "application/x"), ("application/x;{}", "application/json")] {
        let mut options = CallOptions::new();
        options.set_http_content_type(kind).unwrap();
        client.infer_with(&request, &options).unwrap();
        assert_eq!(values(&received.lock().unwrap().pop().unwrap(), "content-type"), [expected]);
    }
}

#[test]
fn a_raw_body_is_the_whole_tensor_and_other_settings_are_rejected() {
    let (server, received, client) = recorder();
    let (whole, mut memory) = ([1i32; 3], [0u8; 12]);
    let raw = |data: &'static [u8]| {
        let mut request = InferRequest::new("m").input_bytes("I", Datatype::Int32, &[3], data);
        request.set_raw_body(true);
        request
    };
    let mut refused = vec![raw(&[0; 4])];
    let changes: [fn(&mut InferRequest); 4] = [
        |request| request.set_binary_output(false),
        |request| request.set_id("x"),
        |request| drop(request.add_output("O")),
        |request| request.set_priority(1),
    ];
    for change in changes {
        let mut request = raw(&[0; 12]);
        change(&mut request);
        refused.push(request);
    }
    for request in &refused {
        assert_eq!(client.infer(request).unwrap_err().status(), Status::InvalidArgument);
    }
    let mut strings = InferRequest::new("m").input_strings("I", &[1], &["abc"]);
    strings.set_raw_body(true);
    assert_eq!(client.infer(&strings).unwrap_err().status(), Status::InvalidArgument);
    strings.input_mut(0).unwrap().clear_data();
    strings.input_mut(0).unwrap().append_data(b"abc");
    client.infer(&strings).unwrap();
    assert_eq!(received.lock().unwrap().pop().unwrap().2, b"abc");
    // Replacing the data also drops that it had length prefixes.
    strings.input_mut(0).unwrap().append_strings([&b"x"[..]]).unwrap();
    strings.input_mut(0).unwrap().set_region("r", 1, 0).unwrap();
    strings.input_mut(0).unwrap().append_data(b"abc");
    client.infer(&strings).unwrap();
    assert_eq!(received.lock().unwrap().pop().unwrap().2, b"abc");
    let mut request = InferRequest::new("m").input("I", &[3], &whole).output("O");
    request.set_raw_body(true);
    request.output_mut(0).unwrap().set_buffer(&mut memory);
    request.output_mut(0).unwrap().set_class_count(2);
    assert_eq!(client.infer(&request).unwrap_err().status(), Status::InvalidArgument);
    request.output_mut(0).unwrap().set_class_count(0);
    client.infer(&request).unwrap();
    assert_eq!(server.requests(), 3);
    assert_eq!(received.lock().unwrap()[0].2, whole.map(i32::to_le_bytes).concat());
}

#[test]
fn an_output_in_shared_memory_is_recognized_without_its_request() {
    let json = r#"{"model_name":"m","outputs":[{"name":"O","datatype":"INT32","shape":[1,16]},
        {"name":"E","datatype":"INT32","shape":[0]}]}"#;
    let result = InferResult::from_http_body(json.as_bytes(), None, Compression::None, 1000).unwrap();
    assert_eq!(
        result.output("O").unwrap().as_slice::<i32>().unwrap_err().status(),
        Status::FailedPrecondition
    );
    assert!(result.output("E").unwrap().as_slice::<i32>().unwrap().is_empty());
    // Triton sends an empty raw entry for it, and a full one for the next output.
    let output = |name: &str| [b"\x2a\x0d\x0a\x01", name.as_bytes(), b"\x12\x05UINT8\x1a\x01\x02"].concat();
    let message = [&output("O")[..], &output("P"), b"\x32\x00\x32\x02\x08\x09"].concat();
    let server = {
        let message = message.clone();
        Grpc::start(move |_, _| GrpcResponse::Reply {
            messages: vec![message.clone()],
            status: 0,
            message: String::new(),
        })
    };
    let client = Client::new(&url!("grpc://{}", server.address())).unwrap();
    let prepared = InferRequest::new("m").to_grpc_message().unwrap();
    for result in [
        InferResult::from_grpc_message(&message).unwrap(),
        client.infer_message(&prepared, &CallOptions::new()).unwrap(),
    ] {
        assert_eq!(result.output("O").unwrap().strings().unwrap_err().status(), Status::InvalidArgument);
        assert_eq!(
            result.output("O").unwrap().as_slice::<u8>().unwrap_err().status(),
            Status::FailedPrecondition
        );
        assert_eq!(result.output("P").unwrap().data(), [8, 9]);
    }
}

#[test]
fn many_parameters_are_read_in_linear_time() {
    let flood: String = (0..80_000).map(|at| format!("\"p{at}\":{at},")).collect();
    let json = format!("{{\"model_name\":\"m\",\"parameters\":{{{flood}\"p5\":\"last\"}},\"outputs\":[]}}");
    let start = Instant::now();
    let result = InferResult::from_http_body(json.as_bytes(), None, Compression::None, 10 << 20).unwrap();
    assert_eq!(result.parameters().get("p5"), Some(&Parameter::String("last".to_owned())));
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn a_nul_at_which_triton_would_truncate_is_rejected() {
    let (server, _, client) = recorder();
    let mut request = InferRequest::new("m").input("I", &[1], &[1u8]).id("a\0b");
    assert_eq!(client.infer(&request).unwrap_err().status(), Status::InvalidArgument);
    assert!(request.set_parameter("a\0b", 1).is_err());
    assert!(request.input_mut(0).unwrap().set_region("a\0b", 1, 0).is_err());
    assert_eq!(server.requests(), 0);
}

#[test]
fn an_input_in_json_adds_no_binary_data() {
    let words: [&[u8]; 2] = [b"a", b"b\""];
    let mut request = InferRequest::new("m")
        .input("A", &[2], &[0x01020304i32, -1])
        .input("B", &[3], &[7u8, 8, 9])
        .input_strings("C", &[2], &words)
        .input("D", &[1], &[0.5f64]);
    request.input_mut(0).unwrap().set_json(true);
    request.input_mut(2).unwrap().set_json(true);
    let body = request.to_http_body(Compression::None).unwrap();
    let (json, tensors) = body.bytes.split_at(body.json_byte_size);
    assert_eq!(
        str::from_utf8(json).unwrap(),
        concat!(
            r#"{"inputs":[{"name":"A","datatype":"INT32","shape":[2],"data":[16909060,-1]},"#,
            r#"{"name":"B","datatype":"UINT8","shape":[3],"parameters":{"binary_data_size":3}},"#,
            r#"{"name":"C","datatype":"BYTES","shape":[2],"data":["a","b\""]},"#,
            r#"{"name":"D","datatype":"FP64","shape":[1],"parameters":{"binary_data_size":8}}],"#,
            r#""parameters":{"binary_data_output":true}}"#
        )
    );
    assert_eq!(tensors, [&[7, 8, 9][..], &0.5f64.to_le_bytes()].concat());
    // A call sends the same body.
    let (_server, received, client) = recorder();
    client.infer(&request).unwrap();
    assert_eq!(received.lock().unwrap()[0].2, body.bytes);
    // Without binary inputs the body ends with the JSON.
    request.input_mut(1).unwrap().set_json(true);
    request.input_mut(3).unwrap().set_json(true);
    let body = request.to_http_body(Compression::None).unwrap();
    assert_eq!(body.json_byte_size, body.bytes.len());
}
