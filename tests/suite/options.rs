//! The defaults of every call ([`ClientOptions::set_call_options`]), merged with the options of a call.

use std::{
    ops::ControlFlow,
    sync::{Arc, Mutex},
    time::Duration,
};

use http::HeaderMap;
use triton_client::{
    CallOptions, Client, ClientOptions, Compression, InferRequest, LoadReportFormat, Origin,
    RepositoryOptions, Status, has_feature,
};

use crate::{
    programs::{compile, succeed, succeed_under_valgrind},
    server::{is_embedded, urls},
    support::fault::{Grpc, GrpcResponse, Http, Response, response},
};

/// A request as a server received it: its target, and its headers in their order.
#[derive(Clone, Debug)]
struct Received {
    target: String,
    headers: Vec<(String, String)>,
}

impl Received {
    fn all(&self, name: &str) -> Vec<&str> {
        let values = self.headers.iter().filter(|(own, _)| own.eq_ignore_ascii_case(name));
        values.map(|(_, value)| value.as_str()).collect()
    }
}

type Record = Arc<Mutex<Vec<Received>>>;

/// A server over HTTP that records what it receives, and refuses it.
fn http_server() -> (Http, Record) {
    let record = Record::default();
    let note = record.clone();
    let server = Http::start(move |request| {
        let received = Received { target: request.path.clone(), headers: request.headers.clone() };
        note.lock().unwrap().push(received);
        Response::Bytes(response(403, &[], br#"{"error":"no"}"#))
    });
    (server, record)
}

fn grpc_server() -> Grpc {
    Grpc::start(|_, _| GrpcResponse::TrailersOnly { status: 7, message: "no".to_owned() })
}

fn last(record: &Record) -> Received {
    record.lock().unwrap().pop().unwrap()
}

fn values<'h>(headers: &'h HeaderMap, name: &str) -> Vec<&'h str> {
    headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
}

/// Returns the timeout sent over gRPC, rounded up: what is left of it when the request is sent.
fn seconds(metadata: &HeaderMap) -> u64 {
    let timeout = metadata.get("grpc-timeout").unwrap().to_str().unwrap();
    timeout.strip_suffix('m').unwrap().parse::<u64>().unwrap().div_ceil(1000)
}

/// Options for both protocols.
fn defaults() -> CallOptions {
    let mut options = CallOptions::new();
    options.add_header("x-many", "1").unwrap().add_header("x-many", "2").unwrap();
    options.add_header("x-one", "1").unwrap().add_header("x-kept", "1").unwrap();
    options.add_restricted_key("key-1", "1").unwrap().add_restricted_key("key-2", "1").unwrap();
    options.set_request_compression(Compression::Gzip).set_response_compression(Compression::Deflate);
    options.set_timeout(Some(Duration::from_secs(7))).unwrap();
    options
}

/// What one call sets of them.
fn own() -> CallOptions {
    let mut options = CallOptions::new();
    options.add_header("X-Many", "3").unwrap().remove_header("X-One").unwrap();
    options.add_restricted_key("key-1", "2").unwrap().remove_restricted_key("key-2").unwrap();
    options.set_request_compression(Compression::None).set_accept_encoding("gzip;q=0.5").unwrap();
    options.set_timeout(Some(Duration::from_secs(3))).unwrap();
    options
}

#[test]
fn what_a_call_sets_replaces_the_client_s_default_of_that_field_or_name() {
    let (server, record) = http_server();
    let mut with_query = defaults();
    with_query.add_query_parameter("a", "1").unwrap().add_query_parameter("b", "1").unwrap();
    with_query.add_query_parameter("c", "1").unwrap();
    let mut options = ClientOptions::new();
    options.set_call_options(with_query).unwrap();
    let client = Client::with_options(&format!("http://{}", server.address()), &options).unwrap();
    // The options were copied.
    options.set_call_options(CallOptions::new()).unwrap();
    drop(options);
    let request = InferRequest::new("m");

    let _ = client.infer(&request).unwrap_err();
    let received = last(&record);
    assert_eq!(received.target, "/v2/models/m/infer?a=1&b=1&c=1");
    let expected: [(&str, &[&str]); 7] = [
        ("x-many", &["1", "2"]),
        ("x-one", &["1"]),
        ("x-kept", &["1"]),
        ("key-1", &["1"]),
        ("key-2", &["1"]),
        ("content-encoding", &["gzip"]),
        ("accept-encoding", &["deflate"]),
    ];
    for (name, values) in expected {
        assert_eq!(received.all(name), values, "{name}");
    }

    let mut call = own();
    call.add_query_parameter("b", "2").unwrap().remove_query_parameter("c").unwrap();
    let _ = client.infer_with(&request, &call).unwrap_err();
    let received = last(&record);
    assert_eq!(received.target, "/v2/models/m/infer?a=1&b=2");
    let expected: [(&str, &[&str]); 7] = [
        ("x-many", &["3"]),
        ("x-one", &[]),
        ("x-kept", &["1"]),
        ("key-1", &["2"]),
        ("key-2", &[]),
        ("content-encoding", &[]),
        ("accept-encoding", &["gzip;q=0.5"]),
    ];
    for (name, values) in expected {
        assert_eq!(received.all(name), values, "{name}");
    }
}

#[test]
fn what_a_call_sets_replaces_the_client_s_default_over_grpc_too() {
    let server = grpc_server();
    let mut options = ClientOptions::new();
    options.set_call_options(defaults()).unwrap();
    let client = Client::with_options(&format!("grpc://{}", server.address()), &options).unwrap();
    let request = InferRequest::new("m");
    let _ = client.infer(&request).unwrap_err();
    let _ = client.infer_with(&request, &own()).unwrap_err();
    let [first, second] = &server.metadata()[..] else { panic!("two calls") };
    let expected: [(&str, [&[&str]; 2]); 7] = [
        ("x-many", [&["1", "2"], &["3"]]),
        ("x-one", [&["1"], &[]]),
        ("x-kept", [&["1"], &["1"]]),
        ("triton-grpc-protocol-key-1", [&["1"], &["2"]]),
        ("triton-grpc-protocol-key-2", [&["1"], &[]]),
        ("grpc-encoding", [&["gzip"], &[]]),
        ("grpc-accept-encoding", [&["deflate"], &["gzip"]]),
    ];
    for (name, [default, own]) in expected {
        assert_eq!(values(first, name), default, "{name}");
        assert_eq!(values(second, name), own, "{name}");
    }
    assert_eq!((seconds(first), seconds(second)), (7, 3));
}

#[test]
fn a_name_that_is_removed_and_added_again_has_the_new_values_only() {
    let (server, record) = http_server();
    let client = Client::new(&format!("http://{}", server.address())).unwrap();
    let mut options = CallOptions::new();
    options.add_header("x-a", "1").unwrap().remove_header("x-a").unwrap().add_header("x-a", "2").unwrap();
    options.add_restricted_key("key", "1").unwrap().add_restricted_key("KEY", "2").unwrap();
    options.add_query_parameter("q", "1").unwrap().remove_query_parameter("q").unwrap();
    options.add_query_parameter("q", "2").unwrap();
    let _ = client.is_server_live(&options).unwrap_err();
    let received = last(&record);
    assert_eq!(received.target, "/v2/health/live?q=2");
    assert_eq!((received.all("x-a"), received.all("key")), (vec!["2"], vec!["2"]));
}

#[test]
fn an_option_cannot_add_a_line_to_the_request() {
    let mut options = CallOptions::new();
    for break_ in ["\r\n", "\n", "\r", "\0"] {
        for error in [
            options.add_header("x-a", format!("1{break_}x-b: 2")).unwrap_err(),
            options.add_header(&format!("x-a{break_}"), "1").unwrap_err(),
            options.add_restricted_key("key", &format!("1{break_}")).unwrap_err(),
            options.add_restricted_key(&format!("key{break_}"), "1").unwrap_err(),
            options.set_accept_encoding(&format!("gzip,{break_} deflate")).unwrap_err(),
            options.set_accept_encoding(&format!("gzip;q=1{break_}")).unwrap_err(),
            options.set_http_path(&format!("/a{break_}")).unwrap_err(),
            options.set_http_content_type(&format!("a/b{break_}")).unwrap_err(),
            options.set_http_json_size_header(&format!("x-size{break_}")).unwrap_err(),
        ] {
            assert_eq!(error.status(), Status::InvalidArgument, "{error}");
        }
    }
    let (server, record) = http_server();
    let client = Client::new(&format!("http://{}", server.address())).unwrap();
    options.add_query_parameter("a\r\nb", "c\r\nd").unwrap();
    let _ = client.infer_with(&InferRequest::new("m"), &options).unwrap_err();
    assert_eq!(last(&record).target, "/v2/models/m/infer?a%0D%0Ab=c%0D%0Ad");
}

#[test]
fn every_kind_of_call_has_the_client_s_defaults() {
    let (server, record) = http_server();
    let mut defaults = CallOptions::new();
    defaults.add_header("x-kept", "1").unwrap().add_query_parameter("a", "1").unwrap();
    let mut options = ClientOptions::new();
    options.set_call_options(defaults).unwrap();
    let client = Client::with_options(&format!("http://{}", server.address()), &options).unwrap();
    let (none, repository) = (CallOptions::new(), RepositoryOptions::new());
    let calls: [&dyn Fn() -> Status; 7] = [
        &|| client.infer(&InferRequest::new("m")).unwrap_err().status(),
        &|| client.is_model_ready("m", "", &none).unwrap_err().status(),
        &|| client.wait_ready("", "", &none).unwrap_err().status(),
        &|| client.load_model("m", &repository, &none).unwrap_err().status(),
        &|| client.unload_model("m", &repository, &none).unwrap_err().status(),
        &|| client.generate("m", "", "{}", &none).unwrap_err().status(),
        &|| {
            let outcome = client.generate_stream("m", "", "{}", &none, |_| ControlFlow::Continue(()));
            outcome.unwrap_err().status()
        },
    ];
    for call in calls {
        assert_eq!(call(), Status::PermissionDenied);
        let received = last(&record);
        assert!(received.target.ends_with("?a=1"), "{received:?}");
        assert_eq!(received.all("x-kept"), ["1"], "{received:?}");
    }

    // gRPC has no query: the default is refused, unless the call removes it.
    let server = grpc_server();
    let client = Client::with_options(&format!("grpc://{}", server.address()), &options).unwrap();
    assert_eq!(client.infer_message(b"", &none).unwrap_err().status(), Status::InvalidArgument);
    let mut call = CallOptions::new();
    call.remove_query_parameter("a").unwrap();
    assert_eq!(client.infer_message(b"", &call).unwrap_err().status(), Status::PermissionDenied);
    assert_eq!(client.wait_ready("", "", &call).unwrap_err().status(), Status::PermissionDenied);
    let metadata = server.metadata();
    assert_eq!(metadata.len(), 2);
    assert!(metadata.iter().all(|headers| values(headers, "x-kept") == ["1"]));
}

#[test]
fn both_setters_of_the_response_encoding_replace_each_other_in_defaults_and_call() {
    let (server, record) = http_server();
    let received = |default: &CallOptions, call: &CallOptions| {
        let mut options = ClientOptions::new();
        options.set_call_options(default.clone()).unwrap();
        let client = Client::with_options(&format!("http://{}", server.address()), &options).unwrap();
        let _ = client.infer_with(&InferRequest::new("m"), call).unwrap_err();
        last(&record).all("accept-encoding").join("+")
    };
    let (mut compression, mut encodings) = (CallOptions::new(), CallOptions::new());
    compression.set_response_compression(Compression::Deflate);
    encodings.set_accept_encoding("gzip;q=0.5, identity").unwrap();
    let (mut plain, unset) = (CallOptions::new(), CallOptions::new());
    plain.set_response_compression(Compression::None);
    assert_eq!(received(&compression, &encodings), "gzip;q=0.5, identity");
    assert_eq!(received(&encodings, &compression), "deflate");
    assert_eq!(received(&encodings, &plain), "identity");
    assert_eq!(received(&plain, &encodings), "gzip;q=0.5, identity");
    assert_eq!(received(&encodings, &unset), "gzip;q=0.5, identity");
    assert_eq!(received(&unset, &unset), "identity");
    let mut both = encodings.clone();
    both.set_response_compression(Compression::Gzip);
    assert_eq!(received(&both, &unset), "gzip");
}

#[test]
fn the_route_of_an_inference_is_merged_field_by_field() {
    let (server, record) = http_server();
    let mut route = CallOptions::new();
    route.set_http_path("/invocations").unwrap().set_http_content_type("application/a").unwrap();
    route.set_load_report(Some(LoadReportFormat::Text));
    let mut options = ClientOptions::new();
    options.set_call_options(route).unwrap();
    let client = Client::with_options(&format!("http://{}", server.address()), &options).unwrap();
    let mut call = CallOptions::new();
    call.set_http_content_type("application/b").unwrap().set_load_report(None);
    for (call, content_type, report) in
        [(&CallOptions::new(), "application/a", vec!["text"]), (&call, "application/b", vec![])]
    {
        let _ = client.infer_with(&InferRequest::new("m"), call).unwrap_err();
        let received = last(&record);
        assert_eq!(received.target, "/invocations");
        assert_eq!(received.all("content-type"), [content_type]);
        assert_eq!(received.all("endpoint-load-metrics-format"), report);
    }
}

#[test]
fn a_header_that_is_also_the_json_part_s_size_is_refused_wherever_each_is_set() {
    let (server, record) = http_server();
    let (mut header, mut size) = (CallOptions::new(), CallOptions::new());
    header.add_header("X-Size", "1").unwrap();
    size.set_http_json_size_header("x-size").unwrap();
    assert_eq!(size.add_header("x-SIZE", "1").unwrap_err().status(), Status::InvalidArgument);
    assert_eq!(header.set_http_json_size_header("x-size").unwrap_err().status(), Status::InvalidArgument);
    for (default, call) in [(&header, &size), (&size, &header)] {
        let mut options = ClientOptions::new();
        options.set_call_options(default.clone()).unwrap();
        let client = Client::with_options(&format!("http://{}", server.address()), &options).unwrap();
        let error = client.infer_with(&InferRequest::new("m"), call).unwrap_err();
        assert_eq!((error.status(), error.origin()), (Status::InvalidArgument, Origin::Argument), "{error}");
        assert!(error.to_string().contains("x-size"), "{error}");
        assert!(record.lock().unwrap().is_empty());
    }
}

#[test]
fn defaults_are_not_sent_to_the_metrics_url_and_what_the_call_sets_is() {
    let (server, record) = http_server();
    let mut with_query = defaults();
    with_query.add_query_parameter("a", "1").unwrap();
    let mut options = ClientOptions::new();
    options.set_metrics_url(&format!("http://{}", server.address())).unwrap();
    options.set_call_options(with_query).unwrap();
    let mut call = CallOptions::new();
    call.add_header("x-many", "3").unwrap().add_restricted_key("key-1", "2").unwrap();
    call.add_query_parameter("b", "2").unwrap();
    // Also for a client over gRPC, whose calls could not have the query.
    for scheme in ["http", "grpc"] {
        let url = format!("{scheme}://{}", server.address());
        let client = Client::with_options(&url, &options).unwrap();
        let _ = client.metrics(&CallOptions::new()).unwrap_err();
        let received = last(&record);
        assert_eq!(received.target, "/metrics");
        for name in ["x-many", "x-one", "x-kept", "key-1", "key-2"] {
            assert!(received.all(name).is_empty(), "{name}");
        }
        let _ = client.metrics(&call).unwrap_err();
        let received = last(&record);
        assert_eq!(received.target, "/metrics?b=2");
        assert_eq!((received.all("x-many"), received.all("key-1")), (vec!["3"], vec!["2"]));
        assert!(received.all("x-kept").is_empty() && received.all("key-2").is_empty());
    }
}

/// gRPC sends the timeout with the request.
#[test]
fn the_timeout_that_was_set_last_is_the_default_and_loading_has_its_own() {
    let server = grpc_server();
    let timeouts = |options: &ClientOptions| {
        let client = Client::with_options(&format!("grpc://{}", server.address()), options).unwrap();
        let _ = client.server_metadata(&CallOptions::new()).unwrap_err();
        let _ = client.load_model("m", &RepositoryOptions::new(), &CallOptions::new()).unwrap_err();
        let metadata = server.metadata();
        [2, 1].map(|back| seconds(&metadata[metadata.len() - back]))
    };
    let five = Some(Duration::from_secs(5));
    let mut options = ClientOptions::new();
    options.set_call_options(defaults()).unwrap();
    assert_eq!(timeouts(&options), [7, 600]);
    options.set_timeout(five).unwrap();
    assert_eq!(timeouts(&options), [5, 600]);
    options.set_call_options(defaults()).unwrap();
    assert_eq!(timeouts(&options), [7, 600]);
    // Options without a timeout leave the other one.
    options.set_call_options(CallOptions::new()).unwrap();
    assert_eq!(timeouts(&options), [5, 600]);
}

#[test]
fn options_that_are_set_again_replace_all_that_was_set_before() {
    let (server, record) = http_server();
    let mut options = ClientOptions::new();
    options.set_call_options(defaults()).unwrap();
    let mut other = CallOptions::new();
    other.add_header("x-other", "1").unwrap();
    options.set_call_options(other).unwrap();
    let client = Client::with_options(&format!("http://{}", server.address()), &options).unwrap();
    let _ = client.infer(&InferRequest::new("m")).unwrap_err();
    let received = last(&record);
    assert_eq!(received.all("x-other"), ["1"]);
    for name in ["x-many", "x-one", "x-kept", "key-1", "key-2", "content-encoding"] {
        assert!(received.all(name).is_empty(), "{name}");
    }
}

/// On the real server over both protocols, and under valgrind.
#[test]
fn options_errors_headers_and_features_in_c() {
    if is_embedded() {
        return;
    }
    let program = compile("tests/c/options.c", "options");
    for url in urls() {
        succeed(&program, &[&url]);
        succeed_under_valgrind(&program, &[&url]);
    }
}

#[test]
fn a_build_names_its_features() {
    for name in ["http", "grpc", "compression"] {
        assert!(has_feature(name), "{name}");
    }
    assert_eq!(has_feature("tls"), cfg!(feature = "tls"));
    assert_eq!(has_feature("allocator"), cfg!(feature = "allocator"));
    for name in ["", "HTTP", "cuda", "http2"] {
        assert!(!has_feature(name), "{name}");
    }
}
