//! HTTP servers that misbehave: no response is taken for another request's, invalid ones are refused, and
//! later calls of the same client succeed.

use std::{io::Write, time::Instant};

use serde_json::{Value, json};
use triton_client::{
    CallOptions, Client, Error, InferResult, Origin, RepositoryOptions, SettingsUpdate, Status,
    http_status_meaning,
};

use crate::{
    misbehaving::{BROKEN, Expected, KINDS, Kind, TIMEOUT, client, infer, note, request, shortened},
    modes::{MODES, Mode},
    support::fault::{Cases, HttpTurn, Wire, close, response, wait_until_ended},
};

fn serve(play: impl Fn(&HttpTurn) -> std::io::Result<()> + Send + Sync + 'static) -> (Cases, Client) {
    let server = Cases::http_first(play);
    let client = client(&url!("http://{}", server.address()));
    (server, client)
}

/// Returns the correct response with another status line, and `lines` instead of its Content-Length.
fn reframed(turn: &HttpTurn, status_line: &str, lines: &[&str], frame: fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let (body, size) = turn.body();
    let mut headers = format!("{status_line}\r\n");
    if let Some(size) = size {
        headers += &format!("Inference-Header-Content-Length: {size}\r\n");
    }
    for line in lines {
        headers += &line.replace("LENGTH", &body.len().to_string());
        headers += "\r\n";
    }
    [headers.as_bytes(), b"\r\n", &frame(&body)].concat()
}

const OK: &str = "HTTP/1.1 200 OK";
const LENGTH: &str = "Content-Length: LENGTH";

fn plain(body: &[u8]) -> Vec<u8> {
    body.to_vec()
}

fn chunked(body: &[u8]) -> Vec<u8> {
    let chunk = |data: &[u8]| [format!("{:x}\r\n", data.len()).as_bytes(), data, b"\r\n"].concat();
    [body.chunks(7).flat_map(chunk).collect(), b"0\r\n\r\n".to_vec()].concat()
}

// Responses to other requests.

/// Case stray-late.
#[test]
fn a_late_second_response_is_not_taken_for_the_next_calls() {
    for kind in KINDS {
        let (server, client) = serve(|turn| turn.send_then_late(&turn.good(), &turn.wrong()));
        kind.call(&client, 1).unwrap();
        server.wait_for_late();
        for value in 2..6 {
            kind.call(&client, value).unwrap_or_else(|error| panic!("{kind:?} {value}: {error:?}"));
        }
        assert_eq!((server.requests(), server.connections()), (5, 2), "{kind:?}");
    }
}

/// Cases late-after-504, late-after-204 and keep-502, and the other statuses of a proxy that gave up on its
/// server.
#[test]
fn a_connection_is_not_reused_after_a_status_that_a_late_response_may_follow() {
    let without_body = |status: &str| format!("HTTP/1.1 {status}\r\n\r\n").into_bytes();
    let page = |code| response(code, &[("Content-Type", "text/html")], b"<html>why</html>");
    for (code, bytes, hint) in [
        (204, without_body("204 No Content"), "204"),
        (304, without_body("304 Not Modified"), "304"),
        (408, page(408), "why"),
        (502, page(502), "why"),
        (503, page(503), "why"),
        (504, page(504), "why"),
        (504, response(504, &[], b""), "504"),
    ] {
        for is_late in [true, false] {
            for kind in KINDS {
                let what = format!("{code}, {kind:?}, late: {is_late}");
                let bytes = bytes.clone();
                let (server, client) = serve(move |turn| match is_late {
                    true => turn.send_then_late(&bytes, &turn.wrong()),
                    false => turn.send(&bytes),
                });
                let error = kind.call(&client, 1).unwrap_err();
                if code < 400 {
                    assert!(
                        matches!(error.status(), Status::Internal | Status::Unknown),
                        "{what}: {error:?}"
                    );
                } else {
                    let meaning = http_status_meaning(code);
                    let expected = Expected {
                        status: meaning.status,
                        origin: Origin::Server,
                        in_doubt: code != 408 || error.is_in_doubt(),
                        retryable: true,
                    };
                    expected.check(&error, &what, &[hint]);
                    assert_eq!(error.http_status(), Some(code), "{what}: {error:?}");
                }
                if is_late {
                    server.wait_for_late();
                }
                for value in 2..5 {
                    kind.call(&client, value).unwrap_or_else(|error| panic!("{what}: {error:?}"));
                }
                assert_eq!((server.requests(), server.connections()), (4, 2), "{what}");
            }
        }
    }
}

/// Triton's own 503 is usual under load.
#[test]
fn twenty_refusals_of_a_full_queue_reuse_one_connection_and_are_not_in_doubt() {
    for kind in KINDS {
        let server = Cases::http(|turn| match turn.number {
            0..20 => turn.send(&response(503, &[], br#"{"error":"Exceeds maximum queue size"}"#)),
            _ => turn.send(&turn.good()),
        });
        let client = client(&url!("http://{}", server.address()));
        for value in 0..20 {
            let expected = Expected {
                status: Status::Unavailable,
                origin: Origin::Server,
                in_doubt: false,
                retryable: true,
            };
            let error = kind.call(&client, value).unwrap_err();
            expected.check(&error, &format!("{kind:?}"), &["Exceeds maximum queue size"]);
        }
        kind.expect_right_after(&client, "after 20 refusals");
        assert_eq!(server.connections(), 1, "{kind:?}");
    }
}

/// Case closes-after-each.
#[test]
fn a_server_that_closes_after_each_response_fails_no_call() {
    for kind in KINDS {
        let server = Cases::http(|turn| turn.send(&turn.good()).and_then(|()| close()));
        let client = client(&url!("http://{}", server.address()));
        for value in 0..8 {
            kind.call(&client, value).unwrap_or_else(|error| panic!("{kind:?} {value}: {error:?}"));
            wait_until_ended(server.address());
        }
        assert_eq!((server.requests(), server.connections()), (8, 8), "{kind:?}");
    }
}

/// Case previous-id.
#[test]
fn a_response_with_the_id_of_an_earlier_request_is_refused() {
    for mode in MODES {
        let first = std::sync::Mutex::new(Vec::new());
        let server = Cases::http(move |turn| match (turn.connection, turn.number) {
            (0, 0) => {
                *first.lock().unwrap() = turn.good();
                turn.send(&turn.good())
            }
            (0, _) => turn.send(&first.lock().unwrap()),
            _ => turn.send(&turn.good()),
        });
        let (kind, client) = (Kind::Inference(mode), client(&url!("http://{}", server.address())));
        kind.call(&client, 1).unwrap();
        BROKEN.check(&kind.call(&client, 2).unwrap_err(), "previous-id", &["id-1"]);
        kind.call(&client, 3).unwrap();
        assert_eq!(server.connections(), 2);
    }
}

#[test]
fn an_id_may_be_reused_and_only_an_earlier_one_is_refused() {
    for mode in MODES {
        let server = Cases::http(|turn| match turn.number {
            // Responds to a request without an id with the id of the previous requests.
            3 => turn.send(&turn.good_under(Some(json!("again")))),
            _ => turn.send(&turn.good()),
        });
        let client = client(&url!("http://{}", server.address()));
        let call = |id: &str| mode.infer(&client, &request(&[1]).id(id), &CallOptions::new());
        for _ in 0..3 {
            assert_eq!(call("again").unwrap().id(), "again");
        }
        BROKEN.check(&call("").unwrap_err(), "an id that was not sent", &["again"]);
        assert_eq!(call("").unwrap().id(), "");
        assert_eq!(server.connections(), 2);
    }
}

/// Cases id-fresh, id-null, id-empty and id-absent, which KServe, TorchServe and others send.
#[test]
fn an_id_that_the_server_generated_or_left_out_is_accepted() {
    let fresh = "0b7e9c52-1d0f-4a53-9a6e-1f2a3b4c5d6e";
    let ids = [(Some(json!(fresh)), fresh), (Some(Value::Null), ""), (Some(json!("")), ""), (None, "")];
    for (mode, (id, shown)) in MODES.into_iter().flat_map(|mode| ids.clone().map(|id| (mode, id))) {
        let what = format!("{mode:?}, {id:?}");
        let server = Cases::http(move |turn| turn.send(&turn.good_under(id.clone())));
        let client = client(&url!("http://{}", server.address()));
        for value in 1..4 {
            let (element, result) =
                infer(mode, &client, value).unwrap_or_else(|error| panic!("{what}: {error:?}"));
            assert_eq!((element, result.id()), (value + 1, shown), "{what}");
        }
        assert_eq!(server.connections(), 1, "{what}");
    }
}

type Control = fn(&Client, &CallOptions) -> Result<(), Error>;

/// Control calls with every form of response: no body, a JSON object, a JSON array.
const CONTROLS: [(&str, Control); 11] = [
    ("load", |client, options| client.load_model("m", &RepositoryOptions::new(), options)),
    ("load with files", |client, options| {
        let mut load = RepositoryOptions::new();
        load.set_config(Some("{}"))?.add_file("1/m", vec![0; 1 << 20])?;
        client.load_model("m", &load, options)
    }),
    ("unload", |client, options| client.unload_model("m", &RepositoryOptions::new(), options)),
    ("index", |client, options| client.repository_index(&RepositoryOptions::new(), options).map(drop)),
    ("model metadata", |client, options| client.model_metadata("m", "", options).map(drop)),
    ("server metadata", |client, options| client.server_metadata(options).map(drop)),
    ("configuration", |client, options| client.model_config("m", "", options).map(drop)),
    ("statistics", |client, options| client.model_statistics("m", "", options).map(drop)),
    ("log settings", |client, options| client.update_log_settings(&SettingsUpdate::new(), options).map(drop)),
    ("register", |client, options| client.register_system_shared_memory("r", "/k", 8, 0, options)),
    ("generate", |client, options| client.generate("m", "", "{}", options).map(drop)),
];

#[test]
fn no_control_call_accepts_a_stray_response() {
    for (what, call) in CONTROLS {
        // Asynchronous calls have other connections.
        let before = [Kind::Inference(Mode::Blocking), Kind::Metadata];
        for (bytes, kind) in
            [&b""[..], b"{}", b"[]"].into_iter().flat_map(|bytes| before.map(|kind| (bytes, kind)))
        {
            let (stray, what) = (response(200, &[], bytes), format!("{what} after {kind:?}"));
            let server = Cases::http(move |turn| match turn.number {
                0 => turn.send_then_late(&turn.good(), &stray),
                _ => turn.send(&response(400, &[], br#"{"error":"this call's own"}"#)),
            });
            let client = client(&url!("http://{}", server.address()));
            kind.call(&client, 1).unwrap();
            server.wait_for_late();
            let error = call(&client, &CallOptions::new()).expect_err(&what);
            assert!(error.full_message().contains("this call's own"), "{what}: {error:?}");
            assert_eq!((server.requests(), server.connections()), (2, 2), "{what}");
        }
    }
}

#[test]
fn bytes_after_a_response_close_its_connection() {
    for kind in KINDS {
        for beyond in [&b"x"[..], b"\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"] {
            for is_chunked in [false, true] {
                let (server, client) = serve(move |turn| {
                    let bytes = match is_chunked {
                        true => reframed(turn, OK, &["Transfer-Encoding: chunked"], chunked),
                        false => turn.good(),
                    };
                    turn.send(&[&bytes, beyond].concat())
                });
                kind.call(&client, 1).unwrap();
                kind.expect_right_after(&client, "after bytes beyond the end");
                assert_eq!(server.connections(), 2, "{kind:?} {beyond:?}");
            }
        }
    }
}

// Responses that are not valid HTTP.

/// Cases cl-and-te, te-chunked-gzip and status-000, and the others of their kinds.
#[test]
fn a_malformed_response_is_refused_immediately_and_its_connection_closed() {
    type Frame = fn(&[u8]) -> Vec<u8>;
    let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    let (te, cl) = (["transfer-encoding"], ["content-length"]);
    let cases: Vec<(&str, Vec<String>, Frame, &[&str])> = vec![
        (OK, lines(&["Content-Length: 5", "Transfer-Encoding: chunked"]), chunked, &te),
        (OK, lines(&["Transfer-Encoding: chunked", LENGTH]), chunked, &te),
        (OK, lines(&["Transfer-Encoding: chunked, gzip"]), plain, &te),
        (OK, lines(&["Transfer-Encoding: chunked, gzip"]), chunked, &te),
        (OK, lines(&["Transfer-Encoding: gzip, chunked"]), chunked, &te),
        (OK, lines(&["Transfer-Encoding: gzip"]), plain, &te),
        (OK, lines(&["Transfer-Encoding: identity"]), plain, &te),
        (OK, lines(&["Transfer-Encoding: identity", LENGTH]), plain, &te),
        (OK, lines(&["Transfer-Encoding: chunked", "Transfer-Encoding: gzip"]), chunked, &te),
        (OK, lines(&["Transfer-Encoding: xchunked"]), chunked, &te),
        (OK, lines(&["Content-Length: 5", LENGTH]), plain, &cl),
        (OK, lines(&[LENGTH, "Content-Length: 5"]), plain, &cl),
        (OK, lines(&["Content-Length: 5, LENGTH"]), plain, &cl),
        (OK, lines(&["Content-Length: +LENGTH"]), plain, &cl),
        (OK, lines(&["Content-Length: -1"]), plain, &cl),
        (OK, lines(&["Content-Length: x"]), plain, &cl),
        (OK, lines(&["Content-Length:"]), plain, &cl),
        (OK, lines(&["Content-Length: 99999999999999999999999"]), plain, &cl),
        ("HTTP/1.1 000 x", lines(&[LENGTH]), plain, &["000", "status 0"]),
        ("HTTP/1.1 099 x", lines(&[LENGTH]), plain, &["099", "status 99"]),
        ("HTTP/1.1 600 x", lines(&[LENGTH]), plain, &["600"]),
        ("HTTP/1.1 999 x", lines(&[LENGTH]), plain, &["999"]),
        ("HTTP/1.1 20 x", lines(&[LENGTH]), plain, &["HTTP"]),
        ("HTTP/1.1 2000 x", lines(&[LENGTH]), plain, &["HTTP"]),
        ("HTTP/3.0 200 OK", lines(&[LENGTH]), plain, &["HTTP"]),
        ("SSH-2.0-x", lines(&[LENGTH]), plain, &["HTTP"]),
    ];
    let mut failures = Vec::new();
    for (status_line, lines, frame, hints) in cases {
        for kind in KINDS {
            let what = format!("{kind:?} {status_line} {lines:?}");
            let sent = lines.clone();
            let (server, client) = serve(move |turn| {
                let lines: Vec<&str> = sent.iter().map(String::as_str).collect();
                turn.send(&reframed(turn, status_line, &lines, frame))
            });
            note(&mut failures, &what, || expect_broken(kind, &server, &client, &what, hints));
        }
    }
    // Line ends that are not CRLF.
    for (what, from, to) in [
        ("all line ends", "\r\n", "\n"),
        ("status line", "200 OK\r\n", "200 OK\n"),
        ("last line", "\r\n\r\n", "\r\n\n"),
        ("bare CR", "200 OK\r\n", "200 OK\r\r\n"),
    ] {
        for kind in KINDS {
            let what = format!("{kind:?} {what}");
            let (server, client) = serve(move |turn| {
                let headers = reframed(turn, OK, &[LENGTH], |_| Vec::new());
                let headers = String::from_utf8(headers).unwrap().replace(from, to);
                turn.send(&[headers.as_bytes(), &turn.body().0].concat())
            });
            let hints = ["line feed", "line end", "bare", " LF", " CR", "malformed"];
            note(&mut failures, &what, || expect_broken(kind, &server, &client, &what, &hints));
        }
    }
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

/// Expects that the first call fails immediately with one of `hints`, and that later calls succeed on another
/// connection.
fn expect_broken(kind: Kind, server: &Cases, client: &Client, what: &str, hints: &[&str]) {
    let start = Instant::now();
    let error = kind.call(client, 1).expect_err(what);
    BROKEN.check(&error, what, hints);
    assert!(start.elapsed() < TIMEOUT / 2, "{what}: {:?}", start.elapsed());
    kind.expect_right_after(client, what);
    assert_eq!(server.connections(), 2, "{what}");
    // Calls of the other kind too, on any connection.
    KINDS.iter().for_each(|kind| kind.expect_right_after(client, what));
}

#[test]
fn equal_content_lengths_are_accepted() {
    for kind in KINDS {
        let (server, client) = serve(|turn| turn.send(&reframed(turn, OK, &[LENGTH, LENGTH], plain)));
        kind.call(&client, 1).unwrap();
        kind.expect_right_after(&client, "after two equal lengths");
        assert_eq!(server.connections(), 1);

        // A list of equal ones: RFC 9110, 8.6, allows either.
        let (server, client) =
            serve(|turn| turn.send(&reframed(turn, OK, &["Content-Length: LENGTH, LENGTH"], plain)));
        if let Err(error) = kind.call(&client, 1) {
            BROKEN.check(&error, "a list of lengths", &["content-length"]);
            assert_eq!(server.connections(), 1);
        }
        kind.expect_right_after(&client, "after a list of equal lengths");
    }
}

// Headers and their limits.

/// Returns the correct response with `count` headers, and `byte_size` bytes of them.
fn with_headers(turn: &HttpTurn, count: usize, byte_size: usize) -> Vec<u8> {
    let own = if turn.is_inference() { 2 } else { 1 };
    let mut lines = vec![LENGTH.to_owned()];
    lines.extend((0..count - own).map(|at| format!("X-{at}: y")));
    let build = |lines: &[String]| {
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        reframed(turn, OK, &lines, |_| Vec::new())
    };
    let missing = byte_size.saturating_sub(build(&lines).len());
    lines.last_mut().unwrap().push_str(&"y".repeat(missing));
    [build(&lines), turn.body().0].concat()
}

#[test]
fn headers_are_accepted_up_to_their_limits_and_refused_beyond_with_the_limit() {
    for kind in KINDS {
        for (count, byte_size) in [(128, 0), (3, 64 << 10), (128, 64 << 10)] {
            let what = format!("{kind:?}: {count} headers, {byte_size} bytes");
            let (server, client) = serve(move |turn| turn.send(&with_headers(turn, count, byte_size)));
            kind.call(&client, 1).unwrap_or_else(|error| panic!("{what}: {error:?}"));
            kind.expect_right_after(&client, &what);
            assert_eq!(server.connections(), 1, "{what}");
        }
        let limit = Expected {
            status: Status::ResourceExhausted,
            origin: Origin::Client,
            in_doubt: true,
            retryable: false,
        };
        for (count, byte_size, hints) in [
            (5000, 0, &["128", "256", "512", "1024", "KiB", "bytes"][..]),
            (3, 2 << 20, &["64 KiB", "128 KiB", "256 KiB", "1 MiB", "bytes"]),
        ] {
            let what = format!("{kind:?}: {count} headers, {byte_size} bytes");
            let (server, client) = serve(move |turn| turn.send(&with_headers(turn, count, byte_size)));
            let error = kind.call(&client, 1).expect_err(&what);
            limit.check(&error, &what, hints);
            assert!(error.full_message().contains("header"), "{what}: {}", shortened(&error));
            kind.expect_right_after(&client, &what);
            assert_eq!(server.connections(), 2, "{what}");
        }
    }
}

// Errors and their reasons.

/// Cases long-reason and empty-reason.
#[test]
fn a_reason_is_shown_truncated_and_without_its_json_and_a_blank_one_is_reported_as_missing() {
    let blank = ["no reason", "without a reason", "no message", "without a message", "no error"];
    for kind in KINDS {
        let (server, client) = serve(|turn| {
            let reason = format!("why{}", "x".repeat(200_000));
            turn.send(&response(500, &[], json!({ "error": reason }).to_string().as_bytes()))
        });
        let error = kind.call(&client, 1).unwrap_err();
        let refused = |status| Expected { status, origin: Origin::Server, in_doubt: false, retryable: false };
        refused(Status::Internal).check(&error, &format!("{kind:?}"), &["whyxxx"]);
        assert!(!error.full_message().contains("\"error\""), "{}", shortened(&error));
        kind.expect_right_after(&client, "after a long reason");
        drop(server);

        for body in [r#"{"error":""}"#, r#"{"error":" \n "}"#, ""] {
            let (_server, client) = serve(|turn| turn.send(&response(400, &[], body.as_bytes())));
            let error = kind.call(&client, 1).unwrap_err();
            refused(Status::InvalidArgument).check(&error, &format!("{kind:?} {body}"), &blank);
            kind.expect_right_after(&client, "after a blank reason");
        }
    }
}

#[test]
fn a_redirect_names_its_location_and_is_not_followed() {
    for kind in KINDS {
        for code in [301, 302, 307, 308] {
            let (server, client) = serve(move |turn| {
                turn.send(&response(code, &[("Location", "http://elsewhere.invalid/v2")], b""))
            });
            let error = kind.call(&client, 1).unwrap_err();
            assert_eq!(error.http_status(), Some(code), "{error:?}");
            assert!(error.full_message().contains("http://elsewhere.invalid/v2"), "{error:?}");
            assert_eq!(server.requests(), 1);
        }
    }
}

// Inference responses that are not valid.

/// Cases json-null, outputs-twice, json-bytes-not-utf8 and long-name.
#[test]
fn an_invalid_inference_response_is_refused_and_its_connection_closed() {
    let one = r#"{"name":"OUTPUT0","datatype":"INT32","shape":[1],"data":[1]}"#;
    let with = |outputs: &str| format!(r#"{{"model_name":"m",{outputs}}}"#).into_bytes();
    let not_utf8 = [
        &br#"{"model_name":"m","outputs":[{"name":"OUTPUT0","datatype":"BYTES","shape":[1],"data":["a"#[..],
        b"\xff",
        br#"b"]}]}"#,
    ]
    .concat();
    let long = "n".repeat(8 << 20);
    let cases: [(&str, Vec<u8>, &[&str]); 8] = [
        ("null", b"null".to_vec(), &["null", "JSON", "object"]),
        ("{}", b"{}".to_vec(), &["the JSON of an inference"]),
        ("[]", b"[]".to_vec(), &["JSON"]),
        ("outputs twice", with(&format!(r#""outputs":[{one}],"outputs":[{one}]"#)), &["outputs"]),
        ("outputs null and twice", with(&format!(r#""outputs":null,"outputs":[{one}]"#)), &["outputs"]),
        ("one output twice", with(&format!(r#""outputs":[{one},{one}]"#)), &["OUTPUT0"]),
        ("BYTES that are not UTF-8", not_utf8, &["binary"]),
        (
            "a long name",
            with(&format!(r#""outputs":[{{"name":"{long}","datatype":"INT32","shape":[2],"data":[1]}}]"#)),
            &["nnnn"],
        ),
    ];
    let mut failures = Vec::new();
    for (what, body, hints) in cases {
        for mode in MODES {
            let (kind, body) = (Kind::Inference(mode), body.clone());
            let what = format!("{mode:?}, {what}");
            let (server, client) = serve(move |turn| turn.send(&response(200, &[], &body)));
            note(&mut failures, &what, || expect_broken(kind, &server, &client, &what, hints));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Makes an inference whose only output is JSON.
fn infer_json(mode: Mode, datatype: &'static str, shape: usize, data: &Value) -> Result<InferResult, Error> {
    let outputs =
        json!([{ "name": "OUTPUT0", "datatype": datatype, "shape": [shape], "data": data.clone() }]);
    let (_server, client) = serve(move |turn| turn.send(&turn.with_outputs(outputs.clone())));
    let result = mode.infer(&client, &request(&[1]), &CallOptions::new());
    Kind::Inference(mode).expect_right_after(&client, datatype);
    result
}

/// Case json-nan, as MLServer writes NaN.
#[test]
fn null_is_nan_only_in_a_json_tensor_of_floats() {
    let data = json!([null, 1.5]);
    for mode in MODES {
        let result = infer_json(mode, "FP32", 2, &data).unwrap();
        let floats = result.outputs()[0].as_slice::<f32>().unwrap();
        assert!(floats[0].is_nan() && floats[1] == 1.5, "{floats:?}");
        let result = infer_json(mode, "FP64", 2, &data).unwrap();
        let doubles = result.outputs()[0].as_slice::<f64>().unwrap();
        assert!(doubles[0].is_nan() && doubles[1] == 1.5, "{doubles:?}");
        for (datatype, exponent, rest) in [("FP16", 0x7c00u16, 0x3e00u16), ("BF16", 0x7f80, 0x3fc0)] {
            let result = infer_json(mode, datatype, 2, &data).unwrap();
            let halves = halves(&result);
            assert!(
                halves[0] & exponent == exponent && halves[0] & !(0x8000 | exponent) != 0,
                "{datatype} {halves:x?}"
            );
            assert_eq!(halves[1], rest, "{datatype}");
        }
        for datatype in ["INT32", "UINT8", "INT64", "BOOL", "BYTES"] {
            let error = infer_json(mode, datatype, 1, &json!([null])).unwrap_err();
            BROKEN.check(&error, datatype, &["OUTPUT0"]);
        }
    }
}

fn halves(result: &InferResult) -> Vec<u16> {
    let data = result.outputs()[0].data();
    data.chunks_exact(2).map(|two| u16::from_le_bytes([two[0], two[1]])).collect()
}

/// Case json-fp16. The last two numbers are ties, which round to even.
#[test]
fn fp16_and_bf16_are_read_from_json_and_rounded_to_the_nearest() {
    let expect = |datatype, data: Value, expected: &[u16]| {
        for mode in MODES {
            let result = infer_json(mode, datatype, expected.len(), &data)
                .unwrap_or_else(|error| panic!("{datatype} {data}: {error:?}"));
            assert_eq!(halves(&result), expected, "{datatype} {data}");
        }
    };
    expect("FP16", json!([1.5, 0.1]), &[0x3e00, 0x2e66]);
    expect("FP16", json!([-2, 1.00048828125, 1.00146484375]), &[0xc000, 0x3c00, 0x3c02]);
    expect("BF16", json!([1.5, 0.1]), &[0x3fc0, 0x3dcd]);
    expect("BF16", json!([-2, 1.00390625, 1.01171875]), &[0xc000, 0x3f80, 0x3f82]);
    // Just above a tie, which rounding to FP32 first would lose.
    expect("FP16", json!([1.000_488_281_250_000_2]), &[0x3c01]);
    expect("BF16", json!([1.003_906_250_000_000_2]), &[0x3f81]);
}

/// Case label-not-utf8.
#[test]
fn a_label_that_is_not_utf_8_leaves_all_classes_readable() {
    let mut request = request(&[1]);
    let output = request.add_output("OUTPUT0").unwrap();
    request.output_mut(output).unwrap().set_class_count(2);
    let play = |turn: &HttpTurn| {
        let elements: [&[u8]; 2] = [b"0.5:3:caf\xe9", b"0.2:1:b"];
        let element = |data: &&[u8]| [&(data.len() as u32).to_le_bytes()[..], data].concat();
        let raw: Vec<u8> = elements.iter().flat_map(element).collect();
        let part = json!({"model_name": "m", "id": turn.id(), "outputs": [{"name": "OUTPUT0",
            "datatype": "BYTES", "shape": [2], "parameters": {"binary_data_size": raw.len()}}]});
        let part = part.to_string();
        let size = part.len().to_string();
        turn.send(&response(
            200,
            &[("Inference-Header-Content-Length", &size)],
            &[part.as_bytes(), &raw].concat(),
        ))
    };
    for mode in MODES {
        let (_server, client) = serve(play);
        let result = mode.infer(&client, &request, &CallOptions::new()).unwrap();
        let output = result.output("OUTPUT0").unwrap();
        assert_eq!(output.strings().unwrap(), [&b"0.5:3:caf\xe9"[..], b"0.2:1:b"]);
        let classes = output.classes().unwrap();
        let read: Vec<_> = classes.iter().map(|class| (class.index, class.label.to_string())).collect();
        assert_eq!(read, [(3, "caf\u{fffd}".to_owned()), (1, "b".to_owned())]);
        Kind::Inference(mode).expect_right_after(&client, "after a label that is not UTF-8");
    }
}

#[test]
fn numbers_for_names_and_a_byte_order_mark_are_accepted() {
    let body = r#"{"model_name":"m","model_version":3,"id":17,"outputs":[{"name":"OUTPUT0","datatype":"INT32","shape":[1],"data":[2]}]}"#;
    for (mode, mark) in MODES.into_iter().flat_map(|mode| ["", "\u{feff}"].map(|mark| (mode, mark))) {
        let bytes = response(200, &[], [mark, body].concat().as_bytes());
        let (_server, client) = serve(move |turn| turn.send(&bytes));
        let (element, result) = infer(mode, &client, 1).unwrap_or_else(|error| panic!("{mark:?}: {error:?}"));
        assert_eq!((element, result.model_version(), result.id()), (2, "3", "17"));
    }
    let (_server, client) =
        serve(|turn| turn.send(&response(200, &[], "\u{feff}{\"name\":\"m1\"}".as_bytes())));
    Kind::Metadata.call(&client, 1).unwrap();
}

// Ports without HTTP/1.1.

#[test]
fn an_http2_port_is_a_prompt_error_that_names_the_grpc_port() {
    const SETTINGS: &[u8] = b"\0\0\0\x04\0\0\0\0\0";
    const GOAWAY: &[u8] = b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\x01";
    for kind in KINDS {
        for bytes in [SETTINGS.to_vec(), GOAWAY.to_vec(), [SETTINGS, GOAWAY].concat()] {
            for closes in [true, false] {
                let bytes = bytes.clone();
                let server = Wire::start(move |_, mut stream| {
                    stream.write_all(&bytes)?;
                    if closes {
                        return Ok(());
                    }
                    std::io::copy(&mut stream, &mut std::io::sink()).map(drop)
                });
                let client = client(&url!("http://{}", server.address()));
                let start = Instant::now();
                let error = kind.call(&client, 1).unwrap_err();
                let properties = (error.status(), error.origin(), error.is_in_doubt());
                assert_eq!(properties, (Status::Internal, Origin::Connection, false), "{kind:?}: {error:?}");
                assert!(error.full_message().contains("gRPC port (8001"), "{kind:?}: {error:?}");
                assert!(start.elapsed() < TIMEOUT / 2, "{kind:?}: {:?}", start.elapsed());
            }
        }
    }
}
