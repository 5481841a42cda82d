//! Texts from the network are truncated in every message, and a hostile response takes limited time.

use std::{fs, time::Duration};

use serde_json::json;
use triton_client::{Client, InferRequest, Status};

use crate::{
    misbehaving::{KINDS, client, note},
    support::{
        fault::{Cases, Http, Response, response},
        grpc,
    },
};

/// The maximum length of a message: a few texts, each truncated at 8 KiB.
const MAX_MESSAGE: usize = 32 << 10;
/// The maximum CPU time for reading a response of a few MiB without optimization.
const MAX_CPU_TIME: Duration = Duration::from_secs(5);
/// The size of a hostile text: far more than is shown.
const LONG: usize = 2 << 20;

#[track_caller]
fn expect_short(what: &str, text: &str) {
    assert!(text.len() < MAX_MESSAGE, "{what}: {} bytes", text.len());
}

/// `Display` of a result, and errors that name its parts.
#[test]
fn a_result_with_hostile_names_and_its_errors_are_truncated() {
    let long = "n".repeat(LONG);
    let output = |name: &str| json!({"name": name, "datatype": "INT32", "shape": [0], "data": []});
    let many: Vec<_> = (0..20_000).map(|at| output(&format!("OUTPUT{at}"))).collect();
    let mut parameters = serde_json::Map::new();
    parameters.insert(long.clone(), json!(long));
    for (what, body) in [
        ("model name", json!({"model_name": long, "outputs": [output("O")]})),
        ("version", json!({"model_name": "m", "model_version": long, "outputs": [output("O")]})),
        ("id", json!({"model_name": "m", "id": long, "outputs": [output("O")]})),
        ("output name", json!({"model_name": "m", "outputs": [output(&long)]})),
        ("many outputs", json!({"model_name": "m", "outputs": many})),
        (
            "datatype",
            json!({"model_name": "m", "outputs": [{"name": "O", "datatype": long, "shape": [0], "data": []}]}),
        ),
        ("parameters", json!({"model_name": "m", "parameters": parameters, "outputs": [output("O")]})),
        (
            "shape",
            json!({"model_name": "m", "outputs": [{"name": "O", "datatype": "INT32", "shape": vec![0; 1000], "data": []}]}),
        ),
    ] {
        let bytes = response(200, &[], body.to_string().as_bytes());
        let server = Http::start(move |_| Response::Bytes(bytes.clone()));
        let start = cpu_time();
        match client(&url!("http://{}", server.address())).infer(&InferRequest::new("m")) {
            Err(error) => expect_short(what, &error.full_message()),
            Ok(result) => {
                // `Display` writes at most 64 KiB.
                assert!(result.to_string().len() <= 64 << 10, "{what}");
                expect_short(what, &result.output("no such").unwrap_err().full_message());
                if let Some(output) = result.outputs().first() {
                    // A wrong datatype.
                    expect_short(what, &output.as_slice::<f64>().unwrap_err().full_message());
                }
            }
        }
        let took = cpu_time() - start;
        assert!(took < MAX_CPU_TIME, "{what}: {took:?}");
    }
}

/// Returns the CPU time of this thread, which does not include that of other tests on a busy machine.
fn cpu_time() -> Duration {
    // The first number is the time on a CPU in nanoseconds.
    let schedstat = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Duration::from_nanos(schedstat.split_whitespace().next().unwrap().parse().unwrap())
}

#[test]
fn a_header_in_a_message_is_truncated() {
    let long = "v".repeat(60 << 10);
    let mut failures = Vec::new();
    let inference = &KINDS[..2];
    for (code, name, kinds) in [
        (200, "Content-Encoding", inference),
        (200, "Inference-Header-Content-Length", inference),
        (200, "Transfer-Encoding", &KINDS),
        (200, "Content-Length", &KINDS),
        (302, "Location", &KINDS),
        (500, "Content-Encoding", &KINDS),
    ] {
        for kind in kinds {
            let what = format!("{kind:?}: {code}, {name}");
            let value = long.clone();
            let server = Cases::http(move |turn| turn.send(&response(code, &[(name, &value)], b"{}")));
            note(&mut failures, &what, || {
                let error = kind.call(&client(&url!("http://{}", server.address())), 1).expect_err(&what);
                expect_short(&what, &error.full_message());
            });
        }
    }
    for name in ["content-type", "grpc-status", "grpc-encoding", "grpc-message"] {
        for kind in KINDS {
            let what = format!("{kind:?}: {name}");
            let value = long.clone();
            let server = Cases::grpc(move |turn| {
                let status = if name == "grpc-message" { &[("grpc-status", "2")][..] } else { &[] };
                let content = [(":status", "200"), ("content-type", "application/grpc")];
                let own: Vec<_> = content.into_iter().filter(|header| header.0 != name).collect();
                let headers = [&own[..], &[(name, &value)], status].concat();
                if status.is_empty() && name != "grpc-status" {
                    turn.peer.headers(turn.stream, &headers, false)?;
                    turn.peer.send(0, 0, turn.stream, &[&[1], &grpc::frame(&turn.good())[1..]].concat())?;
                    return turn.peer.headers(turn.stream, &[("grpc-status", "0")], true);
                }
                turn.peer.headers(turn.stream, &headers, true)
            });
            note(&mut failures, &what, || {
                let error = kind.call(&client(&url!("grpc://{}", server.address())), 1).expect_err(&what);
                expect_short(&what, &error.full_message());
            });
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// RFC 6874 escapes the `%` before a zone; curl and browsers also accept it unescaped.
#[test]
fn an_ipv6_address_may_have_a_zone() {
    for scheme in ["http", "grpc"] {
        for host in ["[fe80::1%25lo]", "[fe80::1%lo]", "[fe80::1%251]", "[fe80::1%1]"] {
            for rest in ["", ":8000"] {
                let url = format!("{scheme}://{host}{rest}");
                Client::new(&url).unwrap_or_else(|error| panic!("{url}: {error:?}"));
            }
        }
        for host in ["[fe80::1%]", "[%25lo]", "[fe80::1%25lo", "[fe80::1%25l o]"] {
            let error = Client::new(&format!("{scheme}://{host}")).map(drop).unwrap_err();
            assert_eq!(error.status(), Status::InvalidArgument, "{host}: {error:?}");
        }
    }
}
