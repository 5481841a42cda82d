//! Failures that a real server does not produce on demand: refused, silent, closed, truncated and malformed.
//! Each returns the right status, and a message that names the cause.

use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use triton_client::{
    CallOptions, Client, ClientOptions, Error, InferRequest, Origin, Status, grpc_code_meaning,
    http_status_meaning,
};

use crate::support::fault;

fn infer(url: &str, timeout_ms: u64) -> Error {
    let mut options = ClientOptions::new();
    options.set_timeout(Some(Duration::from_millis(timeout_ms))).unwrap();
    let client = Client::with_options(url, &options).unwrap();
    let data = [7i32; 4];
    client.infer(&InferRequest::new("m").id("id-1").input("I", &[4], &data)).unwrap_err()
}

fn both(address: SocketAddr) -> [String; 2] {
    [url!("http://{address}"), url!("grpc://{address}")]
}

fn expect(error: &Error, status: Status, origin: Origin, in_doubt: bool, hint: &str) {
    assert_eq!((error.status(), error.origin()), (status, origin), "{error:?}");
    assert_eq!(error.is_in_doubt(), in_doubt, "{error:?}");
    assert!(error.full_message().contains(hint), "'{hint}' is not in {error:?}");
}

#[test]
fn a_refused_port_is_unavailable_and_not_in_doubt() {
    for url in both(fault::refused_address()) {
        let error = infer(&url, 5000);
        expect(&error, Status::Unavailable, Origin::Connection, false, "refused");
        assert!(error.is_retryable() && error.full_message().contains(&url) && error.request_id() == "id-1");
    }
}

#[test]
fn a_host_that_does_not_resolve_is_named() {
    for url in ["http://no-such-host.invalid", "grpc://no-such-host.invalid"] {
        let error = infer(url, 30_000);
        expect(
            &error,
            Status::Unavailable,
            Origin::Connection,
            false,
            "cannot resolve host 'no-such-host.invalid'",
        );
    }
}

#[test]
fn a_silent_server_exceeds_the_deadline() {
    let silent = fault::silent();
    for url in both(silent.address()) {
        let error = infer(&url, 200);
        assert_eq!((error.status(), error.origin()), (Status::DeadlineExceeded, Origin::Client), "{error:?}");
        assert!(error.full_message().contains("200ms") && error.is_retryable());
    }
}

#[test]
fn a_server_that_closes_at_once_is_unavailable() {
    let closing = fault::closing();
    for url in both(closing.address()) {
        let error = infer(&url, 5000);
        assert_eq!((error.status(), error.origin()), (Status::Unavailable, Origin::Connection), "{error:?}");
        assert!(error.is_retryable());
    }
}

#[test]
fn every_http_status_means_what_the_table_says() {
    for code in (300..600).filter(|code| *code != 304) {
        if code % 100 > 31 && code != 499 {
            continue;
        }
        let server = fault::Http::start(move |_| {
            fault::Response::Bytes(fault::response(code, &[], br#"{"error":"because"}"#))
        });
        let error = infer(&url!("http://{}", server.address()), 5000);
        let mut meaning = http_status_meaning(code);
        if code == 503 {
            // Triton's own reason.
            assert!(std::mem::replace(&mut meaning.in_doubt, false));
        }
        expect(&error, meaning.status, Origin::Server, meaning.in_doubt, "because");
        assert_eq!((error.http_status(), error.is_retryable()), (Some(code), meaning.retryable), "{error:?}");
    }
}

#[test]
fn every_grpc_code_means_what_the_table_says() {
    for code in 1..=16 {
        let server = fault::Grpc::start(move |_, _| fault::GrpcResponse::TrailersOnly {
            status: code,
            message: "because".to_owned(),
        });
        let error = infer(&url!("grpc://{}", server.address()), 5000);
        let meaning = grpc_code_meaning(code);
        expect(&error, meaning.status, Origin::Server, meaning.in_doubt, "because");
        assert_eq!((error.http_status(), error.is_retryable()), (None, meaning.retryable), "{error:?}");
    }
}

/// The rows of the table in the header.
#[test]
fn the_table_in_the_header_is_correct() {
    let text = std::fs::read_to_string(crate::conventions::root().join("src/ffi/error.rs")).unwrap();
    let mut codes = 0;
    for line in text.lines().filter_map(|line| line.strip_prefix("//!     ")) {
        let line = line.replace(", ", ",").replace("other 4xx", "499?").replace("other 5xx", "599");
        let [http, grpc, status, retryable, in_doubt] = line.split_whitespace().collect::<Vec<_>>()[..]
        else {
            continue;
        };
        if retryable != "yes" && retryable != "no" {
            continue;
        }
        let numbers = http.split(',').filter_map(|code| code.parse().ok()).map(http_status_meaning);
        for meaning in numbers.chain(grpc.parse().ok().map(grpc_code_meaning)) {
            let said = (meaning.status.name(), meaning.retryable, meaning.in_doubt);
            assert_eq!(said, (status, retryable == "yes", in_doubt == "yes"), "{line}");
            codes += 1;
        }
    }
    assert_eq!(codes, triton_client::HTTP_STATUSES.len() + triton_client::GRPC_CODES.len() + 1);
}

#[test]
fn an_error_page_of_a_proxy_is_part_of_the_error() {
    let page = b"<html>Bad Gateway\r\n</html>";
    let server = fault::Http::start(|_| {
        fault::Response::Bytes(fault::response(502, &[("Content-Type", "text/html")], page))
    });
    let error = infer(&url!("http://{}", server.address()), 5000);
    expect(&error, Status::Unavailable, Origin::Server, true, ": Bad Gateway (HTTP status 502)");
    let server = fault::Grpc::start(|_, _| fault::GrpcResponse::HttpError {
        status: 502,
        content_type: "text/html".to_owned(),
        body: b"<html>Bad Gateway</html>".to_vec(),
    });
    let error = infer(&url!("grpc://{}", server.address()), 5000);
    assert_eq!(error.status(), Status::Unavailable, "{error:?}");
    assert!(error.full_message().contains("502"), "{error:?}");
}

#[test]
fn a_message_is_one_line_whatever_a_server_sends_and_a_caller_names() {
    // As Triton reports an exception of a Python model; the end would change the title of a terminal.
    let reason = "ValueError: b''\n\nAt:\n\tmodel.py(10): <genexpr>\r\n\u{1b}]0;x\u{7}. \n";
    let http = fault::Http::start(move |_| {
        let body = serde_json::json!({ "error": reason }).to_string();
        fault::Response::Bytes(fault::response(500, &[], body.as_bytes()))
    });
    let grpc = fault::Grpc::start(move |_, _| fault::GrpcResponse::Reply {
        messages: vec![],
        status: 13,
        message: reason.to_owned(),
    });
    let shown = "ValueError: b'' At: model.py(10): <genexpr> \\u{1b}]0;x\\u{7}. (";
    for url in [url!("http://{}", http.address()), url!("grpc://{}", grpc.address())] {
        let error = infer(&url, 5000);
        expect(&error, Status::Internal, Origin::Server, false, shown);
        assert!(!error.full_message().contains(char::is_control), "{error:?}");
    }
    let client = Client::new(&url!("grpc://{}", fault::refused_address())).unwrap();
    let error = client.infer(&InferRequest::new("a\nb")).unwrap_err();
    expect(&error, Status::Unavailable, Origin::Connection, false, "inference of model 'a b' at");
}

/// Cloudflare's 524 comes when the server has not responded within 100 s, and no server of the protocol sends
/// 598.
#[test]
fn errors_of_a_gateway_are_in_doubt() {
    for (code, status, retryable) in [
        (520, Status::Unavailable, true),
        (524, Status::DeadlineExceeded, true),
        (598, Status::Internal, false),
    ] {
        let server =
            fault::Http::start(move |_| fault::Response::Bytes(fault::response(code, &[], b"error code")));
        let error = infer(&url!("http://{}", server.address()), 5000);
        expect(&error, status, Origin::Server, true, "error code");
        assert_eq!(error.is_retryable(), retryable, "{error:?}");
    }
}

#[test]
fn a_malformed_response_is_internal_and_in_doubt() {
    let json = br#"{"model_name":"m","outputs":[{"name":"O","datatype":"INT32","shape":[4],"parameters":{"binary_data_size":16}}]}"#;
    let length = json.len().to_string();
    let with_json = |length: &str, tail: usize| {
        let body = [&json[..], &vec![1; tail]].concat();
        fault::response(200, &[("Inference-Header-Content-Length", length)], &body)
    };
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (fault::response(200, &[], b"not JSON"), "JSON"),
        (with_json("99999999999999", 16), "JSON part"),
        (with_json("x", 16), "Inference-Header-Content-Length"),
        (with_json(&length, 15), "15"),
        (with_json(&length, 17), "trailing data"),
        (with_json("-1", 16), "Inference-Header-Content-Length"),
        (fault::response(200, &[("Content-Encoding", "gzip")], b"xx"), "gzip"),
    ];
    for (response, hint) in cases {
        let server = fault::Http::start(move |_| fault::Response::Bytes(response.clone()));
        let error = infer(&url!("http://{}", server.address()), 5000);
        expect(&error, Status::Internal, Origin::Connection, true, hint);
        assert!(!error.is_retryable());
    }
    for message in [
        vec![0xff; 8],
        vec![0x32, 0xff, 0xff, 0xff, 0xff, 0x0f],
        vec![0x0a, 5, b'x'],
        vec![0x32, 4, 1, 2, 3, 4],
    ] {
        let server = fault::Grpc::start(move |_, _| fault::GrpcResponse::Reply {
            messages: vec![message.clone()],
            status: 0,
            message: String::new(),
        });
        let error = infer(&url!("grpc://{}", server.address()), 5000);
        expect(&error, Status::Internal, Origin::Connection, true, "ModelInferResponse");
    }
}

#[test]
fn a_truncated_response_is_unavailable_and_in_doubt() {
    let cut = fault::response(200, &[("Content-Length", "1000")], b"{\"model_name\":");
    let server = fault::Http::start(move |_| fault::Response::BytesThenClose(cut.clone()));
    let error = infer(&url!("http://{}", server.address()), 5000);
    expect(&error, Status::Unavailable, Origin::Connection, true, "");
    let server = fault::Http::start(|_| fault::Response::Close);
    let error = infer(&url!("http://{}", server.address()), 5000);
    expect(&error, Status::Unavailable, Origin::Connection, true, "");
    let server = fault::Grpc::start(|_, _| fault::GrpcResponse::CloseConnection);
    let error = infer(&url!("grpc://{}", server.address()), 5000);
    expect(&error, Status::Unavailable, Origin::Connection, true, "");
}

#[test]
fn a_stalled_response_exceeds_the_deadline() {
    let begun = fault::response(200, &[("Content-Length", "1000")], b"{\"model_name\":");
    let server = fault::Http::start(move |_| fault::Response::Stall { bytes: begun.clone() });
    let error = infer(&url!("http://{}", server.address()), 200);
    expect(&error, Status::DeadlineExceeded, Origin::Client, true, "200ms");
    let server = fault::Grpc::start(|_, _| fault::GrpcResponse::Silence);
    let error = infer(&url!("grpc://{}", server.address()), 200);
    expect(&error, Status::DeadlineExceeded, Origin::Client, true, "200ms");
}

#[test]
fn names_from_the_server_may_contain_any_characters() {
    let json = br#"{"model_name":"m\u0000x","model_version":"1","outputs":[{"name":"O\u0000","datatype":"NEW","shape":[1],"parameters":{"binary_data_size":3}}]}"#;
    let body = [&json[..], b"abc"].concat();
    let response =
        fault::response(200, &[("Inference-Header-Content-Length", &json.len().to_string())], &body);
    let server = fault::Http::start(move |_| fault::Response::Bytes(response.clone()));
    let client = Client::new(&url!("http://{}", server.address())).unwrap();
    let result = client.infer(&InferRequest::new("m")).unwrap();
    assert_eq!((result.model_name(), result.outputs()[0].name()), ("m\0x", "O\0"));
    assert_eq!(result.outputs()[0].data(), b"abc");
}

#[test]
fn a_name_is_percent_encoded_or_rejected() {
    let server = fault::Http::start(|request| {
        fault::Response::Bytes(fault::response(
            404,
            &[],
            format!("{{\"error\":\"{}\"}}", request.path).as_bytes(),
        ))
    });
    let client = Client::new(&url!("http://{}/base/path/", server.address())).unwrap();
    let error = client.infer(&InferRequest::new("a b?%\u{e4}").model_version("1")).unwrap_err();
    assert!(
        error.full_message().contains("/base/path/v2/models/a%20b%3F%25%C3%A4/versions/1/infer"),
        "{error:?}"
    );
    for name in ["a/b", ".."] {
        let error = client.is_model_ready(name, "", &CallOptions::new()).unwrap_err();
        assert_eq!(
            (error.status(), error.origin()),
            (Status::InvalidArgument, Origin::Argument),
            "{error:?}"
        );
    }
}

#[test]
fn a_full_message_is_one_line() {
    for (host, shown) in [
        ("a\r\n b", "'a b'"),
        ("a\tb", "'a b'"),
        ("a \n\n\n", "'a '"),
        ("\u{7}\u{1b}[1m", "'\\u{7}\\u{1b}[1m'"),
        ("\u{85}x", "' x'"),
    ] {
        let message = Client::new(host).unwrap_err().full_message();
        assert!(!message.contains(char::is_control), "{message:?}");
        let start = message.split(':').next().unwrap_or_default();
        assert!(start.ends_with(shown), "{message:?}");
    }
}

#[test]
fn every_form_of_url_is_accepted_or_rejected_as_documented() {
    use Status::InvalidArgument;
    let base = Client::new("localhost").map(|client| format!("{client:?}")).unwrap();
    assert!(base.contains("http") && base.contains("8000"));
    for good in [
        "localhost",
        "localhost:9",
        "localhost:9/a/b",
        "http://h",
        "HTTP://h:1/p/",
        "grpc://h",
        "grpc://h:65535",
        "GRPC://h/",
        "[::1]",
        "[::1]:8000",
        "http://[fe80::1]/x",
        "http://[fe80::1%25eth0]:8000/x",
        "grpc://[fe80::1%eth0]",
        "grpc://[::1]:1",
        "127.0.0.1:80",
        "a-b_c.d",
    ] {
        assert!(Client::new(good).is_ok(), "{good}");
    }
    for (bad, status) in [
        ("", InvalidArgument),
        (":80", InvalidArgument),
        ("h:", InvalidArgument),
        ("h:0", InvalidArgument),
        ("h:65536", InvalidArgument),
        ("h:+1", InvalidArgument),
        ("h:x", InvalidArgument),
        ("::1", InvalidArgument),
        ("[::1", InvalidArgument),
        ("[::1]x", InvalidArgument),
        ("[x]", InvalidArgument),
        ("[::1%]", InvalidArgument),
        ("h h", InvalidArgument),
        ("ftp://h", InvalidArgument),
        ("://h", InvalidArgument),
        ("grpc://h/p", InvalidArgument),
        ("http://u@h", InvalidArgument),
        ("http://h?q", InvalidArgument),
        ("http://h#f", InvalidArgument),
        ("h\u{e4}", InvalidArgument),
        ("h\n", InvalidArgument),
        ("https://", InvalidArgument),
        ("https://h:0", InvalidArgument),
        ("grpcs://h/p", InvalidArgument),
        ("httpss://h", InvalidArgument),
        // No certificate can be checked for them.
        ("https://-h", InvalidArgument),
        ("grpcs://1.2.3", InvalidArgument),
    ] {
        let error = Client::new(bad).map(drop).unwrap_err();
        assert_eq!((error.status(), error.origin()), (status, Origin::Argument), "{bad}: {error:?}");
    }
}

#[test]
fn limits_of_zero_are_rejected_and_small_ones_are_enforced() {
    let zero = Some(Duration::ZERO);
    assert_eq!(ClientOptions::new().set_timeout(zero).unwrap_err().status(), Status::InvalidArgument);
    assert_eq!(ClientOptions::new().set_connect_timeout(zero).unwrap_err().status(), Status::InvalidArgument);
    assert_eq!(CallOptions::new().set_timeout(zero).unwrap_err().status(), Status::InvalidArgument);
    assert_eq!(
        ClientOptions::new().set_max_message_byte_size(0).unwrap_err().status(),
        Status::InvalidArgument
    );
    let silent = fault::silent();
    for url in both(silent.address()) {
        let mut options = CallOptions::new();
        options.set_timeout(Some(Duration::from_micros(300))).unwrap();
        let client = Client::new(&url).unwrap();
        let error = client.is_server_live(&options).unwrap_err();
        assert_eq!(error.status(), Status::DeadlineExceeded, "{error:?}");
    }
}

#[test]
fn a_deadline_below_a_millisecond_is_enforced_for_an_inference() {
    // The connection is open already, so that the call waits for the response.
    let http = fault::Http::start(|request| match request.path.contains("quick") {
        true => fault::Response::Bytes(fault::response(200, &[], br#"{"model_name":"m"}"#)),
        false => fault::Response::Silence,
    });
    let grpc = fault::Grpc::start(|_, message| match message.ends_with(b"quick") {
        true => fault::GrpcResponse::Reply { messages: vec![vec![]], status: 0, message: String::new() },
        false => fault::GrpcResponse::Silence,
    });
    for url in [url!("http://{}", http.address()), url!("grpc://{}", grpc.address())] {
        let client = Client::new(&url).unwrap();
        for nanos in [1, 999, 1000, 300_000, 999_999] {
            client.infer(&InferRequest::new("quick")).unwrap();
            let mut options = CallOptions::new();
            options.set_timeout(Some(Duration::from_nanos(nanos))).unwrap();
            let start = Instant::now();
            let error = client.infer_with(&InferRequest::new("silent"), &options).unwrap_err();
            let said = (error.status(), error.origin());
            assert_eq!(said, (Status::DeadlineExceeded, Origin::Client), "{nanos}: {error:?}");
            assert!(start.elapsed() < Duration::from_secs(5), "{nanos}: {:?}", start.elapsed());
        }
    }
}

#[test]
fn the_timeout_of_a_call_does_not_affect_the_next_one() {
    const LIMIT: Duration = Duration::from_millis(500);
    // Longer than a call within the timeout may take.
    let take_time = || thread::sleep(LIMIT + Duration::from_millis(100));
    let http = fault::Http::start(move |request| {
        if request.path.contains("slow") {
            take_time();
        }
        fault::Response::Bytes(fault::response(200, &[], br#"{"model_name":"m"}"#))
    });
    let grpc = fault::Grpc::start(move |_, message| {
        if message.ends_with(b"slow") {
            take_time();
        }
        fault::GrpcResponse::Reply { messages: vec![vec![]], status: 0, message: String::new() }
    });
    let mut limited = CallOptions::new();
    limited.set_timeout(Some(LIMIT)).unwrap();
    let (quick, slow) = (InferRequest::new("quick"), InferRequest::new("slow"));
    for (url, connections) in [
        (url!("http://{}", http.address()), &(|| http.connections()) as &dyn Fn() -> usize),
        (url!("grpc://{}", grpc.address()), &|| grpc.connections()),
    ] {
        let client = Client::new(&url).unwrap();
        client.infer_with(&quick, &limited).unwrap();
        client.infer(&slow).unwrap();
        assert_eq!(connections(), 1, "{url}");
        let error = client.infer_with(&slow, &limited).unwrap_err();
        assert_eq!(error.status(), Status::DeadlineExceeded, "{error:?}");
        client.infer(&slow).unwrap();
    }
}
