//! The statistics of a server, the same over both protocols, and its metrics.

use std::collections::HashMap;

use prost::Message;
use serde_json::{Value, json};
use triton_client::{
    CallOptions, Client, ClientOptions, InferRequest, ModelStatistics, ModelStatisticsList, Origin, Status,
};

use crate::{
    own_model::OwnModel,
    server::{clients, is_embedded, server, until, urls},
    support::{
        embedded::inference::{
            InferResponseStatistics, MemoryUsage, ModelStatistics as ModelMessage, ModelStatisticsResponse,
            StatisticDuration,
        },
        fault::{self, Grpc, GrpcResponse, Http, Response, response},
    },
};

fn of(client: &Client, model: &str, version: &str) -> ModelStatisticsList {
    client.model_statistics(model, version, &CallOptions::new()).unwrap()
}

fn json(statistics: &ModelStatisticsList) -> Value {
    serde_json::from_str(statistics.json()).unwrap()
}

#[test]
fn every_inference_of_a_model_is_counted() {
    if is_embedded() {
        return;
    }
    let clients = clients();
    for (client, protocol) in clients.iter().zip(["http", "grpc"]) {
        let name = format!("statistics_{protocol}");
        let _model = OwnModel::load_versions(client, &name, &batching(), 2);
        let fresh = &of(client, &name, "2").entries[0];
        assert_eq!((fresh.inference_count, fresh.last_inference_ms, fresh.batches.len()), (0, 0, 0));
        for values in [&[1][..], &[2], &[3, 4, 5]] {
            let request = InferRequest::new(&name).input("I", &[values.len() as i64, 1], values);
            client.infer(&request).unwrap();
        }
        let fails = InferRequest::new(&name).input("I", &[1, 1], &[-1]);
        assert!(client.infer(&fails).unwrap_err().to_string().contains("made to fail"));
        until("four requests are counted", || {
            let counted = &of(client, &name, "2").entries[0];
            let (success, fail) = (counted.durations.success.count, counted.durations.fail.count);
            (success, fail, counted.execution_count) == (3, 1, 4)
        });
        let [a, b] = [0, 1].map(|at: usize| of(&clients[at], &name, "2"));
        assert_eq!(a.entries, b.entries);
        assert_eq!(json(&a), json(&b));
        let [counted] = &a.entries[..] else { panic!("{a:?}") };
        expect(counted, &name);
        // Of all versions, and of all models.
        assert_eq!(of(client, &name, "").entries.len(), 2);
        let all = of(client, "", "");
        assert!(all.entries.contains(counted));
        assert!(all.entries.iter().any(|other| other.name == "simple"));
    }
}

/// Both versions of a model with batches of up to 8.
fn batching() -> Value {
    json!({ "max_batch_size": 8, "version_policy": { "all": {} } })
}

/// Five inferences in three requests, and one that failed, each executed separately.
fn expect(statistics: &ModelStatistics, name: &str) {
    assert_eq!((&statistics.name[..], &statistics.version[..]), (name, "2"));
    assert_eq!((statistics.inference_count, statistics.execution_count), (5, 4));
    let durations = &statistics.durations;
    for (counted, count) in [
        (durations.success, 3),
        (durations.fail, 1),
        (durations.queue, 3),
        (durations.compute_input, 3),
        (durations.compute_infer, 3),
        (durations.compute_output, 3),
        (durations.cache_hit, 0),
        (durations.cache_miss, 0),
    ] {
        assert_eq!((counted.count, counted.time.is_zero()), (count, count == 0), "{statistics:?}");
    }
    let batches: HashMap<u64, _> =
        statistics.batches.iter().map(|batch| (batch.batch_size, batch.durations)).collect();
    assert_eq!(batches.len(), 2, "{statistics:?}");
    for (size, count) in [(1, 3), (3, 1)] {
        assert_eq!(batches[&size].compute_infer.count, count, "{statistics:?}");
        assert!(!batches[&size].compute_infer.time.is_zero());
    }
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    assert!(now.as_millis().abs_diff(statistics.last_inference_ms.into()) < 60_000);
}

#[test]
fn statistics_of_an_unknown_model_or_version_are_an_error() {
    if is_embedded() {
        return;
    }
    for client in clients() {
        for (model, version) in [("no_such", ""), ("simple", "9")] {
            let error = client.model_statistics(model, version, &CallOptions::new()).unwrap_err();
            // The status of 2.51, which is not NOT_FOUND.
            let actual = (error.status(), error.origin());
            assert_eq!(actual, (Status::InvalidArgument, Origin::Server), "{error:?}");
            assert!(error.to_string().contains(&format!("'{model}'")), "{error}");
        }
    }
}

#[test]
fn response_and_memory_statistics_of_newer_servers_are_read() {
    let pair = |count, ns| Some(StatisticDuration { count, ns });
    let of_response = |count| InferResponseStatistics {
        compute_infer: pair(count, 1),
        compute_output: pair(count, 2),
        success: pair(count, 3),
        fail: pair(0, 0),
        empty_response: pair(1, 4),
        cancel: pair(0, 0),
    };
    let message = ModelStatisticsResponse {
        model_stats: vec![ModelMessage {
            name: "m".to_owned(),
            version: "1".to_owned(),
            inference_count: u64::MAX,
            memory_usage: vec![MemoryUsage { r#type: "GPU".to_owned(), id: 1, byte_size: 1 << 40 }],
            response_stats: ["10", "9", "0"].map(|key| (key.to_owned(), of_response(7))).into(),
            ..ModelMessage::default()
        }],
    };
    let message = message.encode_to_vec();
    let grpc = Grpc::start(move |_, _| GrpcResponse::Reply {
        messages: vec![message.clone()],
        status: 0,
        message: String::new(),
    });
    let over_grpc = Client::new(&format!("grpc://{}", grpc.address())).unwrap();
    let over_grpc = of(&over_grpc, "m", "");
    // The JSON that is made from the gRPC message is read over HTTP with the same values.
    let body = over_grpc.json().to_owned();
    let http = Http::start(move |_| Response::Bytes(response(200, &[], body.as_bytes())));
    let over_http = of(&Client::new(&format!("http://{}", http.address())).unwrap(), "m", "");
    assert_eq!((&over_http.entries, over_http.json()), (&over_grpc.entries, over_grpc.json()));
    let [model] = &over_http.entries[..] else { panic!("{over_http:?}") };
    assert_eq!(model.inference_count, u64::MAX);
    let keys: Vec<_> = model.responses.iter().map(|response| response.key.as_str()).collect();
    assert_eq!(keys, ["0", "9", "10"]);
    let durations = &model.responses[0].durations;
    assert_eq!((durations.success.count, durations.success.time.as_nanos()), (7, 3));
    assert_eq!((durations.empty_response.count, durations.empty_response.time.as_nanos()), (1, 4));
    assert_eq!(durations.compute_output.time.as_nanos(), 2);
    let memory = &model.memory[0];
    assert_eq!((&memory.kind[..], memory.id, memory.byte_size), ("GPU", 1, 1 << 40));
}

#[test]
fn metrics_count_inferences() {
    if is_embedded() {
        return;
    }
    for (url, protocol) in urls().iter().zip(["http", "grpc"]) {
        let mut options = ClientOptions::new();
        options.set_metrics_url(&format!("http://{}", server().metrics)).unwrap();
        let client = Client::with_options(url, &options).unwrap();
        let name = format!("statistics_metrics_{protocol}");
        let model = OwnModel::load(&client, &name, &json!({}));
        let counted = || {
            let metrics = client.metrics(&CallOptions::new()).unwrap();
            assert!(metrics.text().contains("# TYPE nv_inference_count counter"));
            let labels = [("model", name.as_str()), ("version", "1")];
            ["nv_inference_request_success", "nv_inference_count", "nv_inference_exec_count"]
                .map(|metric| metrics.value(metric, &labels))
        };
        let before = counted();
        for value in 0..3 {
            model.infer(value).unwrap();
        }
        until("three inferences are counted", || {
            let moved = counted().map(Option::unwrap).into_iter().zip(before);
            moved.map(|(now, before)| now - before.unwrap_or(0.0)).eq([3.0, 3.0, 3.0])
        });
        let metrics = client.metrics(&CallOptions::new()).unwrap();
        assert!(metrics.samples.iter().any(|sample| sample.label("model") == Some("simple")));
        assert_eq!(metrics.value("nv_inference_count", &[("model", "no_such")]), None);
    }
}

#[test]
fn metrics_are_requested_from_the_url_of_the_options() {
    let received = Http::start(|request| {
        let body = format!("path{{is=\"{}\"}} 1", request.path);
        Response::Bytes(response(200, &[("Content-Type", "text/plain; version=0.0.4")], body.as_bytes()))
    });
    let address = received.address();
    // There is no server at the client's own address, and none is needed.
    let refused = fault::refused_address();
    for scheme in ["http", "grpc"] {
        for (url, path) in [("", "/metrics"), ("/", "/metrics"), ("/a/b", "/a/b"), ("/a%20b/", "/a%20b")] {
            let mut options = ClientOptions::new();
            options.set_metrics_url(&format!("http://{address}{url}")).unwrap();
            let client = Client::with_options(&format!("{scheme}://{refused}"), &options).unwrap();
            let metrics = client.metrics(&CallOptions::new()).unwrap();
            assert_eq!(metrics.samples[0].label("is"), Some(path), "{url}");
        }
    }
    let mut options = ClientOptions::new();
    for url in ["", "grpc://h", "grpcs://h", "http://h?q"] {
        assert!(options.set_metrics_url(url).is_err(), "{url}");
    }
    // Otherwise port 8002 of the server's host, independent of its own port and path.
    for url in ["http://no-such-host.invalid:1/base", "grpc://no-such-host.invalid:1"] {
        let error = Client::new(url).unwrap().metrics(&CallOptions::new()).unwrap_err();
        assert_eq!(error.status(), Status::Unavailable);
        let message = error.full_message();
        assert!(message.contains("at http://no-such-host.invalid:8002/metrics"), "{message}");
    }
}

#[test]
fn labels_of_metrics_may_contain_anything() {
    let text = b"m{l=\"a\0\xff\\n\"} 1\n";
    let server = Http::start(|_| Response::Bytes(response(200, &[], text)));
    let mut options = ClientOptions::new();
    options.set_metrics_url(&format!("http://{}", server.address())).unwrap();
    let metrics =
        Client::with_options("127.0.0.1:1", &options).unwrap().metrics(&CallOptions::new()).unwrap();
    assert_eq!(metrics.samples[0].label("l"), Some("a\0\u{fffd}\n"));
    assert_eq!(metrics.text(), String::from_utf8_lossy(text));
}

#[test]
fn a_response_without_metrics_is_an_error() {
    let page = Http::start(|_| {
        Response::Bytes(response(
            200,
            &[("Content-Type", "text/html")],
            b"<html>\n<body>Welcome</body>\n</html>",
        ))
    });
    let absent =
        Http::start(|_| Response::Bytes(response(404, &[("X-Why", "z")], br#"{"error":"Not Found"}"#)));
    let (refused, silent) = (fault::refused_address(), fault::silent());
    for (address, status, origin, hint) in [
        (page.address(), Status::Internal, Origin::Connection, "an HTML page: 'Welcome'"),
        (absent.address(), Status::NotFound, Origin::Server, "Not Found"),
        (refused, Status::Unavailable, Origin::Connection, "refused"),
        (silent.address(), Status::DeadlineExceeded, Origin::Client, "200ms"),
    ] {
        let mut options = ClientOptions::new();
        options.set_metrics_url(&format!("http://{address}")).unwrap();
        let client = Client::with_options("grpc://127.0.0.1:1", &options).unwrap();
        let mut call = CallOptions::new();
        call.set_timeout(Some(std::time::Duration::from_millis(200))).unwrap();
        let error = client.metrics(&call).unwrap_err();
        assert_eq!((error.status(), error.origin()), (status, origin), "{error:?}");
        let message = error.full_message();
        assert!(message.contains(hint) && message.contains("metrics of the server"), "{message}");
    }
    // The default port is that of metrics.
    for (client, options) in [("127.0.0.9:7000", ""), ("grpc://127.0.0.1:1", "127.0.0.9")] {
        let mut with = ClientOptions::new();
        if !options.is_empty() {
            with.set_metrics_url(options).unwrap();
        }
        let error = Client::with_options(client, &with).unwrap().metrics(&CallOptions::new()).unwrap_err();
        assert!(error.full_message().contains("127.0.0.9:8002"), "{error:?}");
    }
}
