//! Servers that are down, die, hang, or send what a proxy may refuse: a call is never run twice, and what may have run
//! is in doubt.

use std::{
    env, fs, process, thread,
    time::{Duration, Instant},
};

use serde_json::json;
use triton_client::{
    CallOptions, Client, Error, InferRequest, InferResult, Origin, RepositoryOptions, Status,
};

use crate::{
    harness::{Addresses, Faults, PATIENCE, Stub, TOGETHER, Triton, one_number, start_all, text},
    support::fault::refused_address,
};

/// Opens several connections of the client, and of the proxy to the server.
fn warm_up(client: &Client) {
    thread::scope(|scope| {
        for _ in 0..TOGETHER {
            scope.spawn(|| client.infer(&one_number("together")).unwrap());
        }
    });
}

#[test]
fn a_server_that_closes_after_it_read_the_request_saw_it_once() {
    let (stub, mut faults) = (Stub::start(), Faults::default());
    for proxy in start_all(&stub.addresses(), &[]) {
        for lane in proxy.lanes() {
            // On a client with one idle connection, on one with several, and on one with none.
            for idle in [0, 1, TOGETHER] {
                let client = lane.client();
                match idle {
                    0 => {}
                    1 => drop(client.infer(&one_number("good")).unwrap()),
                    _ => warm_up(&client),
                }
                let case = format!("the server closes after it read an inference; {idle} idle connections");
                let outcome = client.infer(&one_number("close"));
                let seen = stub.take_seen(&lane, "infer", "close");
                lane.row(&case, &outcome, Some(seen));
                faults.expect(seen == 1, &lane, format_args!("{case}: seen {seen} times"));
                faults.expect_in_doubt(&lane, &case, &outcome);
                faults.expect(client.infer(&one_number("good")).is_ok(), &lane, "the next call fails");
            }
            let client = lane.client();
            client.infer(&one_number("good")).unwrap();
            let outcome = client.load_model("close", &RepositoryOptions::new(), &CallOptions::new());
            let seen = stub.take_seen(&lane, "load", "close");
            let case = "the server closes after it read a load";
            lane.row(case, &outcome, Some(seen));
            faults.expect(seen == 1, &lane, format_args!("{case}: seen {seen} times"));
            faults.expect_in_doubt(&lane, case, &outcome);
        }
    }
}

#[test]
fn a_server_that_is_down_is_unavailable() {
    let mut faults = Faults::default();
    let [http, grpc] = [refused_address(), refused_address()].map(|address| address.to_string());
    for proxy in start_all(&Addresses { metrics: http.clone(), http, grpc }, &[]) {
        for lane in proxy.lanes() {
            let client = lane.client();
            let outcome = client.infer(&one_number("good"));
            lane.row("the server is down: inference", &outcome, None);
            let Err(error) = outcome else { panic!("{lane}: success without a server") };
            faults.expect(error.status() == Status::Unavailable, &lane, format_args!("{error:?}"));
            faults.expect(error.is_retryable(), &lane, format_args!("not retryable: {error:?}"));
            let outcome = client.is_server_ready(&CallOptions::new());
            lane.row("the server is down: readiness", &outcome, None);
            faults.expect(!matches!(outcome, Ok(true)), &lane, "ready without a server");
            let outcome = client.model_metadata("good", "", &CallOptions::new()).map(drop);
            faults.expect(
                outcome.as_ref().is_err_and(|e| e.status() == Status::Unavailable && e.is_retryable()),
                &lane,
                format_args!("metadata: {outcome:?}"),
            );
        }
    }
}

/// Each proxy waits for a second, and the server for ever. Caddy waits for ever too: there the client's own timeout ends
/// the call.
#[test]
fn a_model_slower_than_a_proxys_timeout_is_in_doubt_and_ran_once() {
    let (stub, mut faults) = (Stub::start(), Faults::default());
    let proxies = start_all(&stub.addresses(), &["--timeout", "1"]);
    thread::scope(|scope| {
        let calls: Vec<_> = proxies
            .iter()
            .flat_map(|proxy| proxy.lanes())
            .map(|lane| {
                scope.spawn(move || {
                    let timeout = if lane.proxy.name == "caddy" { Duration::from_secs(2) } else { PATIENCE };
                    let client = lane.client_that_waits(timeout);
                    client.infer(&one_number("good")).unwrap();
                    let outcome = client.infer(&one_number(&format!("hang-{}", lane.proxy.name)));
                    (lane, outcome)
                })
            })
            .collect();
        let case = "the model is slower than the proxy's timeout";
        for call in calls {
            let (lane, outcome) = call.join().unwrap();
            let seen = stub.take_seen(&lane, "infer", &format!("hang-{}", lane.proxy.name));
            lane.row(case, &outcome, Some(seen));
            faults.expect(seen == 1, &lane, format_args!("{case}: seen {seen} times"));
            faults.expect_in_doubt(&lane, case, &outcome);
            let known = [Status::Unavailable, Status::DeadlineExceeded];
            let is_known = outcome.as_ref().is_err_and(|error| known.contains(&error.status()));
            faults.expect(is_known, &lane, format_args!("{case}: {outcome:?}"));
        }
    });
}

/// Reads them, or says that a proxy refused them.
#[test]
fn large_response_headers_are_read_or_the_proxys_refusal_is_told() {
    let (stub, mut faults) = (Stub::start(), Faults::default());
    for proxy in start_all(&stub.addresses(), &[]) {
        for lane in proxy.lanes() {
            let client = lane.client();
            for model in ["large-headers", "many-headers"] {
                let case = match model {
                    "large-headers" => "10 response headers of 4 KiB",
                    _ => "100 response headers",
                };
                let outcome = client.infer(&one_number(model));
                let seen = stub.take_seen(&lane, "infer", model);
                lane.row(case, &outcome, Some(seen));
                faults.expect(seen == 1, &lane, format_args!("{case}: seen {seen} times"));
                if let Err(error) = &outcome {
                    let is_refusal =
                        error.http_status().is_some_and(|status| status >= 500) || lane.is_grpc();
                    faults.expect(
                        is_refusal && error.status() == Status::Unavailable,
                        &lane,
                        format_args!("{case}: {error:?}"),
                    );
                    faults.expect_in_doubt(&lane, case, &outcome);
                }
            }
        }
    }
}

/// Over gRPC a text is a header, which proxies cut, drop or refuse; over HTTP it is a body.
#[test]
fn error_texts_arrive_or_the_call_is_in_doubt() {
    let (stub, mut faults) = (Stub::start(), Faults::default());
    for proxy in start_all(&stub.addresses(), &[]) {
        for lane in proxy.lanes() {
            let client = lane.client();
            for model in ["text-100", "text-5000", "text-20000", "text-80000", "text-space"] {
                let case = match model {
                    "text-space" => "an error whose text ends in a space".to_owned(),
                    model => format!("an error whose text has {} bytes", &model[5..]),
                };
                let outcome = client.infer(&one_number(model));
                let seen = stub.take_seen(&lane, "infer", model);
                lane.row(&case, &outcome, Some(seen));
                faults.expect(seen == 1, &lane, format_args!("{case}: seen {seen} times"));
                let Err(error) = &outcome else { panic!("{lane}: {case}: success") };
                let start = &text(model).unwrap()[..30];
                let is_whole =
                    error.status() == Status::InvalidArgument && error.full_message().contains(start);
                faults.expect(
                    is_whole || lane.is_grpc() && error.is_in_doubt(),
                    &lane,
                    format_args!("{case}: {:.200}", format!("{error:?}")),
                );
            }
        }
    }
}

/// Notes the number of each request in a file, and takes its time.
const MODEL: &str = r#"
import time
import triton_python_backend_utils as pb

class TritonPythonModel:
    def execute(self, requests):
        for request in requests:
            with open("SEEN", "a") as seen:
                seen.write("%d\n" % pb.get_input_tensor_by_name(request, "I").as_numpy()[0])
        time.sleep(60)
        return [pb.InferenceResponse([pb.Tensor("O", pb.get_input_tensor_by_name(r, "I").as_numpy())]) for r in requests]
"#;

const NAME: &str = "notes_and_sleeps";

fn simple(client: &Client) -> Result<InferResult, Error> {
    let numbers = [1i32; 16];
    client.infer(&InferRequest::new("simple").input("INPUT0", &[1, 16], &numbers).input(
        "INPUT1",
        &[1, 16],
        &numbers,
    ))
}

#[test]
fn a_real_server_killed_in_mid_call_ran_it_once_and_its_successor_serves_old_clients() {
    let mut faults = Faults::default();
    let triton = Triton::start("simple");
    let addresses = triton.addresses.clone();
    let proxies = start_all(&addresses, &[]);
    let lanes: Vec<_> = proxies.iter().flat_map(|proxy| proxy.lanes()).collect();
    let clients: Vec<Client> = lanes.iter().map(|lane| lane.client_that_waits(3 * PATIENCE)).collect();

    let file = env::temp_dir().join(format!("triton-proxies-{}", process::id()));
    fs::write(&file, "").unwrap();
    let seen = || -> Vec<usize> {
        let text = fs::read_to_string(&file).unwrap();
        text.lines().map(|line| line.parse().unwrap()).collect()
    };
    let mut load = RepositoryOptions::new();
    let tensor = |name| json!([{"name": name, "data_type": "TYPE_INT32", "dims": [1]}]);
    load.set_config(Some(
        &json!({"name": NAME, "backend": "python", "input": tensor("I"), "output": tensor("O"),
            "instance_group": [{"count": lanes.len(), "kind": "KIND_CPU"}]})
        .to_string(),
    ))
    .unwrap();
    load.add_file("1/model.py", MODEL.replace("SEEN", file.to_str().unwrap())).unwrap();
    let direct = Client::new(&format!("http://{}", addresses.http)).unwrap();
    direct.load_model(NAME, &load, &CallOptions::new()).unwrap();

    thread::scope(|scope| {
        let calls: Vec<_> = (0..lanes.len())
            .map(|at| {
                let client = &clients[at];
                scope.spawn(move || {
                    // So that there is an idle connection.
                    simple(client).unwrap();
                    let number = [at as i32];
                    let outcome = client.infer(&InferRequest::new(NAME).input("I", &[1], &number)).map(drop);
                    (outcome, Instant::now())
                })
            })
            .collect();
        let deadline = Instant::now() + PATIENCE;
        while seen().len() < lanes.len() && Instant::now() < deadline {
            thread::yield_now();
        }
        triton.kill();
        let killed = Instant::now();
        let case = "Triton is killed in mid-call";
        for (call, (at, lane)) in calls.into_iter().zip(lanes.iter().enumerate()) {
            let (outcome, ended) = call.join().unwrap();
            let count = seen().iter().filter(|number| **number == at).count();
            lane.row(case, &outcome, Some(count));
            faults.expect(count == 1, lane, format_args!("{case}: ran {count} times"));
            faults.expect_in_doubt(lane, case, &outcome);
            let took = ended.saturating_duration_since(killed);
            faults.expect(took < PATIENCE, lane, format_args!("{case}: an error after {took:?}"));
        }
    });

    for (client, lane) in clients.iter().zip(&lanes) {
        let outcome = simple(client).map(drop);
        lane.row("the server is down: the client's next call", &outcome, None);
        let is_right = |error: &Error| error.status() == Status::Unavailable && error.is_retryable();
        faults.expect(outcome.as_ref().is_err_and(is_right), lane, format_args!("down: {outcome:?}"));
    }

    let _successor = Triton::restart("simple", &addresses);
    for (client, lane) in clients.iter().zip(&lanes) {
        let (start, mut calls) = (Instant::now(), 1);
        let outcome = loop {
            let outcome = simple(client).map(drop);
            if outcome.is_ok() || start.elapsed() > PATIENCE {
                break outcome;
            }
            calls += 1;
        };
        match &outcome {
            Ok(()) if calls == 1 => lane.note("Triton is back: the old client", "succeeds at once"),
            Ok(()) => lane.note(
                "Triton is back: the old client",
                format_args!("succeeds after {:.1?}", start.elapsed()),
            ),
            Err(_) => lane.row("Triton is back: the old client", &outcome, None),
        }
        faults.expect(outcome.is_ok(), lane, format_args!("restarted: {outcome:?}"));
    }
    fs::remove_file(&file).unwrap();
}

#[test]
fn a_call_that_the_client_gives_up_is_its_own_and_in_doubt() {
    let (stub, mut faults) = (Stub::start(), Faults::default());
    for proxy in start_all(&stub.addresses(), &[]) {
        for lane in proxy.lanes() {
            let client = lane.client_that_waits(Duration::from_millis(300));
            client.infer(&one_number("good")).unwrap();
            let before = stub.abandoned(&lane);
            let outcome = client.infer(&one_number("hang-on"));
            let given_up = Instant::now();
            let seen = stub.take_seen(&lane, "infer", "hang-on");
            lane.row("the client's own timeout", &outcome, Some(seen));
            while stub.abandoned(&lane) == before && given_up.elapsed() < Duration::from_secs(1) {
                thread::yield_now();
            }
            let heard = if stub.abandoned(&lane) > before { "told within 1 s" } else { "not told" };
            lane.note("the server, when the client has given up", heard);
            faults.expect(seen == 1, &lane, format_args!("seen {seen} times"));
            faults.expect_in_doubt(&lane, "the client's own timeout", &outcome);
            let error = outcome.unwrap_err();
            let got = (error.status(), error.origin());
            faults.expect(
                got == (Status::DeadlineExceeded, Origin::Client),
                &lane,
                format_args!("{error:?}"),
            );
        }
    }
}
