//! The generate endpoints: one response, or a stream of events; and load reports.

use std::{
    io::{BufReader, Read, Write},
    ops::ControlFlow,
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use triton_client::{
    CallOptions, Client, ClientOptions, Error, InferRequest, LoadReportFormat, Origin, Status,
};

use crate::{
    server::{clients, is_embedded},
    support::{
        fault::{Gate, Grpc, GrpcResponse, Http, Request, Response, Wire, response},
        grpc,
    },
};

const EVENTS: (&str, &str) = ("Content-Type", "text/event-stream; charset=utf-8");

fn within(limit: Duration) -> CallOptions {
    let mut options = CallOptions::new();
    options.set_timeout(Some(limit)).unwrap();
    options
}

/// The events of a stream, and its outcome.
fn stream(client: &Client, model: &str, json: &str) -> (Vec<String>, Result<(), Error>) {
    let mut events = Vec::new();
    let outcome = client.generate_stream(model, "", json, &within(Duration::from_secs(20)), |event| {
        events.push(event.to_owned());
        ControlFlow::Continue(())
    });
    (events, outcome.map(drop))
}

fn client(server: &Http) -> Client {
    Client::new(&url!("http://{}", server.address())).unwrap()
}

/// The events of a stream of these bytes, and its outcome. The server closes the connection after it.
fn read(bytes: &str) -> (Vec<String>, Result<(), Error>) {
    let bytes =
        [&b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"[..], bytes.as_bytes()].concat();
    let server = Http::start(move |_| Response::BytesThenClose(bytes.clone()));
    stream(&client(&server), "m", "{}")
}

#[test]
fn a_text_model_responds_at_once_and_event_by_event() {
    if is_embedded() {
        return;
    }
    let [http, _] = clients();
    let response = http.generate("generator", "1", r#"{"PROMPT":"hello"}"#, &CallOptions::new()).unwrap();
    let actual: Value = serde_json::from_str(&response.json).unwrap();
    assert_eq!(actual, json!({ "TEXT": "hello", "model_name": "generator", "model_version": "1" }));
    assert_eq!(response.headers.get("content-type"), Some("application/json"));
    // The model has no metrics to report.
    let mut asking = CallOptions::new();
    asking.set_load_report(Some(LoadReportFormat::Text));
    let response = http.generate("generator", "", r#"{"PROMPT":"hello"}"#, &asking).unwrap();
    assert_eq!(response.headers.load_report(), None);

    let (events, outcome) = stream(&http, "generator", r#"{"PROMPT":"a \u00e4","REPEAT":2}"#);
    outcome.unwrap();
    let texts: Vec<Value> =
        events.iter().map(|event| serde_json::from_str::<Value>(event).unwrap()["TEXT"].clone()).collect();
    assert_eq!(texts, ["a", "\u{e4}", "a", "\u{e4}"]);
    let (events, outcome) = stream(&http, "generator", r#"{"PROMPT":"a","REPEAT":0}"#);
    outcome.unwrap();
    assert!(events.is_empty());
}

#[test]
fn errors_of_a_model_and_of_the_server_are_errors_of_the_call() {
    if is_embedded() {
        return;
    }
    use Status::{Internal, InvalidArgument, NotFound, Unknown};
    let [http, _] = clients();
    let at_once = |model: &str, version: &str, json: &str| {
        http.generate(model, version, json, &CallOptions::new()).map(drop)
    };
    let events = |model: &str, json: &str| {
        let (events, outcome) = stream(&http, model, json);
        assert!(events.is_empty(), "{events:?}");
        outcome
    };
    let cases = [
        (at_once("no_such", "", "{}"), NotFound, 404, "'no_such' is not found"),
        (at_once("generator", "9", r#"{"PROMPT":"a"}"#), NotFound, 404, "version 9"),
        (at_once("generator", "", r#"{"PROMPT":7}"#), Internal, 500, "JSON"),
        (at_once("faulty", "", r#"{"KIND":20}"#), InvalidArgument, 400, "raised on request"),
        // Two responses: the status was sent before the error.
        (at_once("generator", "", r#"{"PROMPT":"a b"}"#), Unknown, 200, "exactly 1 response"),
        (events("no_such", "{}"), NotFound, 404, "'no_such' is not found"),
        (events("generator", r#"{"PROMPT":7}"#), Internal, 500, "JSON"),
        // It fails before the first event, with an error status.
        (events("faulty", r#"{"KIND":20}"#), InvalidArgument, 400, "stream of model 'faulty' at "),
        (events("faulty", r#"{"KIND":20}"#), InvalidArgument, 400, ": Failed to process the request(s) for"),
    ];
    for (outcome, status, http_status, hint) in cases {
        let error = outcome.unwrap_err();
        assert_eq!((error.status(), error.origin()), (status, Origin::Server), "{error:?}");
        assert_eq!(error.http_status(), Some(http_status), "{error:?}");
        assert!(error.to_string().contains(hint), "{hint}: {error}");
        assert!(error.headers().is_some_and(|headers| headers.get("content-type").is_some()));
    }
}

#[test]
fn over_grpc_generate_is_unimplemented_with_advice() {
    let server = Grpc::start(|_, _| GrpcResponse::Reset);
    let client = Client::new(&url!("grpc://{}", server.address())).unwrap();
    let at_once = client.generate("m", "", "{}", &CallOptions::new()).map(drop);
    for outcome in [at_once, stream(&client, "m", "{}").1] {
        let error = outcome.unwrap_err();
        assert_eq!((error.status(), error.origin()), (Status::Unimplemented, Origin::Argument));
        assert!(error.to_string().contains("http://") && error.to_string().contains("inference"), "{error}");
    }
    assert_eq!((server.requests(), server.connections()), (0, 0));
}

#[test]
fn an_invalid_request_is_refused_before_it_is_sent() {
    let server = Http::start(|_| Response::Bytes(response(200, &[], b"{}")));
    let client = client(&server);
    let bad = ["", " ", "{", "[]", "1", "\"a\"", "null", "{} x", r#"{"a":}"#, "{'a':1}", "{\"a\":1,}"];
    for (model, json) in
        bad.map(|json| ("m", json)).into_iter().chain([("", "{}"), ("a/b", "{}"), ("a\0", "{}")])
    {
        let at_once = client.generate(model, "", json, &CallOptions::new()).map(drop);
        for outcome in [at_once, stream(&client, model, json).1] {
            let error = outcome.unwrap_err();
            assert_eq!(
                (error.status(), error.origin()),
                (Status::InvalidArgument, Origin::Argument),
                "{json}"
            );
        }
    }
    assert_eq!(server.requests(), 0);
    // NaN and Infinity, which Triton accepts, and blanks around.
    client.generate("m", "", " {\"a\":[NaN,-Infinity]} \n", &CallOptions::new()).unwrap();
    assert_eq!(server.requests(), 1);
}

#[test]
fn events_are_read_in_any_pieces_and_any_notation() {
    let bytes = concat!(
        // After a byte order mark, which is allowed.
        "\u{feff}data: {\"n\":1}\n\n",
        // A comment, other fields, no blank after the colon, CRLF.
        ": keep alive\n\nevent: x\nid: 7\nretry: 1\ndata:{\"n\":2}\r\n\r\n",
        // Several data lines are one event, and several empty lines one end.
        "data: {\ndata:  \"n\":\ndata:\ndata: 3}\n\n\n\n",
        // Invalid UTF-8, and a NUL.
        "data: \"\u{fffd}\0\"\n\n",
        // A single CR, and an event that the end of the stream ends.
        "data: {\"n\":4}\r\rdata: {\"n\":5}",
    );
    let expected = ["{\"n\":1}", "{\"n\":2}", "{\n \"n\":\n\n3}", "\"\u{fffd}\0\"", "{\"n\":4}", "{\"n\":5}"];
    // The three bytes of U+FFFD become one byte of invalid UTF-8.
    let bytes = bytes.as_bytes();
    let at = bytes.windows(3).position(|part| part == "\u{fffd}".as_bytes()).unwrap();
    let bytes = [&bytes[..at], &[0xff], &bytes[at + 3..]].concat();
    let chunk = |data: &[u8]| [format!("{:x}\r\n", data.len()).as_bytes(), data, b"\r\n"].concat();
    for each in [1, 2, 7, usize::MAX] {
        let chunks: Vec<u8> = bytes.chunks(each).flat_map(chunk).collect();
        let chunks = [&chunks[..], b"0\r\n\r\n"].concat();
        for whole in [
            response(200, &[EVENTS], &bytes),
            response(200, &[EVENTS, ("Transfer-Encoding", "chunked")], &chunks),
        ] {
            let server = Http::start(move |_| Response::Pieces { bytes: whole.clone(), each });
            let client = client(&server);
            for _ in 0..2 {
                let (events, outcome) = stream(&client, "m", "{}");
                outcome.unwrap();
                assert_eq!(events, expected, "{each}");
            }
            assert_eq!(server.connections(), 1);
        }
    }
    assert!(read("").0.is_empty() && read("").1.is_ok());
    // If the end of the connection ends the stream, the stream may be truncated.
    for (rest, is_whole) in [("", true), ("data: {\"n\":2}\n", false), ("da", false), ("data:\n\n", true)] {
        let body = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream;x=y\r\n\r\ndata: {{\"n\":1}}\n\n{rest}"
        );
        let server = Http::start(move |_| Response::BytesThenClose(body.clone().into_bytes()));
        let (events, outcome) = stream(&client(&server), "m", "{}");
        assert_eq!((events.len(), outcome.is_ok()), (1, is_whole));
        assert!(
            outcome.err().is_none_or(|error| error.status() == Status::Unavailable && error.is_in_doubt())
        );
    }
}

#[test]
fn an_error_among_the_events_ends_the_stream_with_it() {
    let (events, outcome) = read(concat!(
        "data: {\"n\":1}\n\n",
        // Not errors: there are other members, or the value is not a string.
        "data: {\"error\":\"no\",\"n\":2}\n\ndata: {\"error\":7}\n\n",
        "data: {\"error\":\"out of\\u0000 tokens\"}\n\n",
        "data: {\"n\":3}\n\n"
    ));
    assert_eq!(events.len(), 3, "{events:?}");
    let error = outcome.unwrap_err();
    assert_eq!(
        (error.status(), error.origin(), error.http_status()),
        (Status::Unknown, Origin::Server, Some(200))
    );
    assert!(error.to_string().contains("out of\0 tokens"), "{error}");
    assert!(!error.is_retryable());
}

#[test]
fn a_stream_that_is_cut_or_stalls_delivers_the_events_before() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    let begun = format!("{head}e\r\ndata: {{\"n\":1}}\n\r\n1\r\n\n\r\n5\r\ndata:").into_bytes();
    let cut = begun.clone();
    let server = Http::start(move |_| Response::BytesThenClose(cut.clone()));
    let (events, outcome) = stream(&client(&server), "m", "{}");
    let error = outcome.unwrap_err();
    assert_eq!((events.len(), error.status(), error.origin()), (1, Status::Unavailable, Origin::Connection));
    assert!(error.is_in_doubt() && error.headers().is_some());

    let server = Http::start(move |_| Response::Stall { bytes: begun.clone() });
    let (mut events, start) = (0, Instant::now());
    let limit = Duration::from_millis(300);
    let outcome = client(&server).generate_stream("m", "", "{}", &within(limit), |_| {
        events += 1;
        ControlFlow::Continue(())
    });
    let error = outcome.unwrap_err();
    assert_eq!((events, error.status(), error.origin()), (1, Status::DeadlineExceeded, Origin::Client));
    assert!(error.is_in_doubt() && error.to_string().contains("300ms"), "{error:?}");
    assert!((limit..limit * 20).contains(&start.elapsed()), "{:?}", start.elapsed());
}

#[test]
fn a_callback_that_ends_the_stream_ends_the_call_on_the_server_too() {
    let closed = Arc::new(Gate::default());
    let is_closed = closed.clone();
    let server = Wire::start(move |_, mut connection| {
        Request::read(&mut BufReader::new(connection), connection)?.expect("a request");
        connection.write_all(&response(
            200,
            &[EVENTS, ("Content-Length", "9999")],
            b"data: {}\n\ndata: {}\n\n",
        ))?;
        while connection.read(&mut [0; 64]).is_ok_and(|count| count > 0) {}
        is_closed.open();
        Ok(())
    });
    let client = Client::new(&url!("http://{}", server.address())).unwrap();
    let mut events = 0;
    let outcome = client.generate_stream("m", "", "{}", &within(Duration::from_secs(20)), |_| {
        events += 1;
        ControlFlow::Break(())
    });
    let error = outcome.unwrap_err();
    assert_eq!((events, error.status(), error.origin()), (1, Status::Cancelled, Origin::Client), "{error:?}");
    assert!(error.is_in_doubt() && !error.is_retryable());
    assert!(closed.wait());
}

#[test]
fn an_event_that_exceeds_the_limit_is_refused() {
    // The limit of an event is a quarter of 400 bytes.
    let long = "x".repeat(101);
    let short = "x".repeat(40);
    for (bytes, events) in [
        (format!("data: 1\n\ndata: {long}\n\n"), 1),
        (format!("data: 1\n\n: {long}"), 1),
        (format!("data: {short}\ndata: {short}\ndata: {short}\n\n"), 0),
        // Any number of small events is below it.
        ("data: 1\n\n".repeat(500), 500),
    ] {
        let bytes = response(200, &[EVENTS], bytes.as_bytes());
        let server = Http::start(move |_| Response::Bytes(bytes.clone()));
        let mut options = ClientOptions::new();
        options.set_max_decompressed_byte_size(400).unwrap();
        let client = Client::with_options(&url!("http://{}", server.address()), &options).unwrap();
        let (received, outcome) = stream(&client, "m", "{}");
        assert_eq!(received.len(), events);
        if events < 500 {
            let error = outcome.unwrap_err();
            assert_eq!(
                (error.status(), error.origin()),
                (Status::ResourceExhausted, Origin::Client),
                "{error:?}"
            );
        }
    }
}

#[test]
fn a_response_that_is_not_a_stream_is_an_error_that_says_so() {
    for (bytes, status, hint) in [
        (
            response(200, &[("Content-Type", "application/json")], b"{}"),
            Status::Internal,
            "the JSON object '{}'",
        ),
        (response(200, &[], b"{}"), Status::Internal, "expected a stream of events"),
        (response(200, &[], br#"{"error":"because"}"#), Status::Unknown, "because"),
        (
            response(502, &[("Content-Type", "text/html")], b"<html>Bad Gateway"),
            Status::Unavailable,
            "Bad Gateway",
        ),
        (
            response(400, &[EVENTS], b"data: {\"error\":\"because\"}\n\n"),
            Status::InvalidArgument,
            ": because (HTTP",
        ),
        (response(400, &[EVENTS], b""), Status::InvalidArgument, "no reason"),
    ] {
        let server = Http::start(move |_| Response::Bytes(bytes.clone()));
        let (events, outcome) = stream(&client(&server), "m", "{}");
        let error = outcome.unwrap_err();
        assert_eq!((events.len(), error.status()), (0, status), "{error:?}");
        assert!(error.to_string().contains(hint), "{hint}: {error}");
    }
}

/// In the ORCA format, which only the vLLM and TensorRT-LLM backends support.
#[test]
fn a_load_report_is_requested_and_read() {
    const TEXT: &str = "TEXT cpu_utilization=0.5, named_metrics.kv_cache_utilization=0.25";
    const JSON: &str = r#"JSON {"cpu_utilization":0.5,"named_metrics":{"kv_cache_utilization":0.25}}"#;
    let server = Http::start(|request| {
        let report = match request.header("endpoint-load-metrics-format") {
            Some("text") => TEXT,
            Some("json") => JSON,
            _ => "no format",
        };
        let (kind, body) = match request.path.rsplit('/').next() {
            Some("generate_stream") => (EVENTS.1, "data: {}\n\n"),
            _ => ("application/json", r#"{"model_name":"m","outputs":[]}"#),
        };
        let headers = [("Content-Type", kind), ("endpoint-load-metrics", report)];
        Response::Bytes(response(200, &headers, body.as_bytes()))
    });
    let http = client(&server);
    let over_grpc = Grpc::start(|_, _| GrpcResponse::Raw {
        frames: vec![grpc::frame(b"\x0a\x01m").to_vec()],
        trailers: [("grpc-status", "0"), ("endpoint-load-metrics", TEXT)]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
    });
    let grpc = Client::new(&url!("grpc://{}", over_grpc.address())).unwrap();
    for format in [Some(LoadReportFormat::Text), Some(LoadReportFormat::Json), None] {
        let mut options = CallOptions::new();
        options.set_load_report(format);
        let infer = |client: &Client| {
            client.infer_with(&InferRequest::new("m"), &options).unwrap().headers().load_report()
        };
        let at_once = http.generate("m", "", "{}", &options).unwrap().headers.load_report();
        let events = http.generate_stream("m", "", "{}", &options, |_| ControlFlow::Continue(())).unwrap();
        for report in [infer(&http), at_once, events.load_report()] {
            assert_eq!(report.is_some(), format.is_some());
            if let Some(report) = report {
                assert_eq!(report.iter().len(), 2, "{report:?}");
                assert_eq!(report.get("named_metrics.kv_cache_utilization"), Some(0.25));
            }
        }
        assert_eq!(infer(&grpc).unwrap().get("cpu_utilization"), Some(0.5));
        let received = over_grpc.metadata().pop().unwrap();
        let requested = received.get("endpoint-load-metrics-format").map(|value| value.to_str().unwrap());
        let name = format.map(|format| if format == LoadReportFormat::Text { "text" } else { "json" });
        assert_eq!(requested, name);
    }
}

#[test]
fn the_timeout_covers_the_whole_stream() {
    let bytes = response(200, &[EVENTS], "data: {}\n\n".repeat(10).as_bytes());
    let server = Http::start(move |_| Response::Bytes(bytes.clone()));
    let (mut events, limit) = (0, Duration::from_millis(200));
    let outcome = client(&server).generate_stream("m", "", "{}", &within(limit), |_| {
        events += 1;
        // A slow callback is the subject of the test.
        std::thread::sleep(limit / 2);
        ControlFlow::Continue(())
    });
    assert_eq!(outcome.unwrap_err().status(), Status::DeadlineExceeded);
    assert!((1..5).contains(&events), "{events}");
}
