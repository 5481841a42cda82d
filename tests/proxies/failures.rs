//! Servers that are down, are killed, hang, or send what a proxy may refuse: a request never runs twice, and
//! one that may have run is in doubt.

use std::{
    env, fs, process, thread,
    time::{Duration, Instant},
};

use serde_json::json;
use triton_client::{
    CallOptions, Client, Error, InferRequest, InferResult, Origin, RepositoryOptions, Status,
};

use crate::{
    harness::{Addresses, Failures, Stub, TIMEOUT, TOGETHER, Triton, error_text, one_number, start_all},
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
fn a_request_after_which_the_server_closes_the_connection_is_sent_once() {
    let (stub, mut failures) = (Stub::start(), Failures::default());
    for proxy in start_all(&stub.addresses(), &[]) {
        for endpoint in proxy.endpoints() {
            // With no, one and several idle connections.
            for idle in [0, 1, TOGETHER] {
                let client = endpoint.client();
                match idle {
                    0 => {}
                    1 => drop(client.infer(&one_number("good")).unwrap()),
                    _ => warm_up(&client),
                }
                let case = format!("the server closes after reading an inference; {idle} idle connections");
                let outcome = client.infer(&one_number("close"));
                let seen = stub.take_seen(&endpoint, "infer", "close");
                endpoint.row(&case, &outcome, Some(seen));
                failures.expect(seen == 1, &endpoint, format_args!("{case}: seen {seen} times"));
                failures.expect_in_doubt(&endpoint, &case, &outcome);
                failures.expect(client.infer(&one_number("good")).is_ok(), &endpoint, "the next call fails");
            }
            let client = endpoint.client();
            client.infer(&one_number("good")).unwrap();
            let outcome = client.load_model("close", &RepositoryOptions::new(), &CallOptions::new());
            let seen = stub.take_seen(&endpoint, "load", "close");
            let case = "the server closes after reading a load";
            endpoint.row(case, &outcome, Some(seen));
            failures.expect(seen == 1, &endpoint, format_args!("{case}: seen {seen} times"));
            failures.expect_in_doubt(&endpoint, case, &outcome);
        }
    }
}

#[test]
fn a_server_that_is_down_is_unavailable() {
    let mut failures = Failures::default();
    let [http, grpc] = [refused_address(), refused_address()].map(|address| address.to_string());
    for proxy in start_all(&Addresses { metrics: http.clone(), http, grpc }, &[]) {
        for endpoint in proxy.endpoints() {
            let client = endpoint.client();
            let outcome = client.infer(&one_number("good"));
            endpoint.row("the server is down: inference", &outcome, None);
            let Err(error) = outcome else { panic!("{endpoint}: success without a server") };
            failures.expect(error.status() == Status::Unavailable, &endpoint, format_args!("{error:?}"));
            failures.expect(error.is_retryable(), &endpoint, format_args!("not retryable: {error:?}"));
            let outcome = client.is_server_ready(&CallOptions::new());
            endpoint.row("the server is down: readiness", &outcome, None);
            failures.expect(!matches!(outcome, Ok(true)), &endpoint, "ready without a server");
            let outcome = client.model_metadata("good", "", &CallOptions::new()).map(drop);
            failures.expect(
                outcome.as_ref().is_err_and(|e| e.status() == Status::Unavailable && e.is_retryable()),
                &endpoint,
                format_args!("metadata: {outcome:?}"),
            );
        }
    }
}

/// The proxies have a timeout of one second, except Caddy, which has none: there the client's own timeout
/// ends the call.
#[test]
fn a_request_slower_than_a_proxys_timeout_is_in_doubt_and_sent_once() {
    let (stub, mut failures) = (Stub::start(), Failures::default());
    let proxies = start_all(&stub.addresses(), &["--timeout", "1"]);
    thread::scope(|scope| {
        let calls: Vec<_> = proxies
            .iter()
            .flat_map(|proxy| proxy.endpoints())
            .map(|endpoint| {
                scope.spawn(move || {
                    let timeout =
                        if endpoint.proxy.name == "caddy" { Duration::from_secs(2) } else { TIMEOUT };
                    let client = endpoint.client_with_timeout(timeout);
                    client.infer(&one_number("good")).unwrap();
                    let outcome = client.infer(&one_number(&format!("hang-{}", endpoint.proxy.name)));
                    (endpoint, outcome)
                })
            })
            .collect();
        let case = "the model is slower than the proxy's timeout";
        for call in calls {
            let (endpoint, outcome) = call.join().unwrap();
            let seen = stub.take_seen(&endpoint, "infer", &format!("hang-{}", endpoint.proxy.name));
            endpoint.row(case, &outcome, Some(seen));
            failures.expect(seen == 1, &endpoint, format_args!("{case}: seen {seen} times"));
            failures.expect_in_doubt(&endpoint, case, &outcome);
            let known = [Status::Unavailable, Status::DeadlineExceeded];
            let is_known = outcome.as_ref().is_err_and(|error| known.contains(&error.status()));
            failures.expect(is_known, &endpoint, format_args!("{case}: {outcome:?}"));
        }
    });
}

#[test]
fn large_response_headers_are_read_or_the_proxys_refusal_is_reported() {
    let (stub, mut failures) = (Stub::start(), Failures::default());
    for proxy in start_all(&stub.addresses(), &[]) {
        for endpoint in proxy.endpoints() {
            let client = endpoint.client();
            for model in ["large-headers", "many-headers"] {
                let case = match model {
                    "large-headers" => "10 response headers of 4 KiB",
                    _ => "100 response headers",
                };
                let outcome = client.infer(&one_number(model));
                let seen = stub.take_seen(&endpoint, "infer", model);
                endpoint.row(case, &outcome, Some(seen));
                failures.expect(seen == 1, &endpoint, format_args!("{case}: seen {seen} times"));
                if let Err(error) = &outcome {
                    let is_refusal =
                        error.http_status().is_some_and(|status| status >= 500) || endpoint.is_grpc();
                    failures.expect(
                        is_refusal && error.status() == Status::Unavailable,
                        &endpoint,
                        format_args!("{case}: {error:?}"),
                    );
                    failures.expect_in_doubt(&endpoint, case, &outcome);
                }
            }
        }
    }
}

/// Over gRPC an error message is a header, which proxies truncate, drop or refuse; over HTTP it is in the
/// body.
#[test]
fn error_messages_arrive_or_the_call_is_in_doubt() {
    let (stub, mut failures) = (Stub::start(), Failures::default());
    for proxy in start_all(&stub.addresses(), &[]) {
        for endpoint in proxy.endpoints() {
            let client = endpoint.client();
            for model in ["text-100", "text-5000", "text-20000", "text-80000", "text-space"] {
                let case = match model {
                    "text-space" => "an error message that ends with a space".to_owned(),
                    model => format!("an error message of {} bytes", &model[5..]),
                };
                let outcome = client.infer(&one_number(model));
                let seen = stub.take_seen(&endpoint, "infer", model);
                endpoint.row(&case, &outcome, Some(seen));
                failures.expect(seen == 1, &endpoint, format_args!("{case}: seen {seen} times"));
                let Err(error) = &outcome else { panic!("{endpoint}: {case}: success") };
                let start = &error_text(model).unwrap()[..30];
                let has_arrived =
                    error.status() == Status::InvalidArgument && error.full_message().contains(start);
                failures.expect(
                    has_arrived || endpoint.is_grpc() && error.is_in_doubt(),
                    &endpoint,
                    format_args!("{case}: {:.200}", format!("{error:?}")),
                );
            }
        }
    }
}

/// Appends the number of each request to a file, and responds after a minute.
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

pub(crate) fn simple(client: &Client) -> Result<InferResult, Error> {
    let numbers = [1i32; 16];
    client.infer(&InferRequest::new("simple").input("INPUT0", &[1, 16], &numbers).input(
        "INPUT1",
        &[1, 16],
        &numbers,
    ))
}

#[test]
fn a_request_whose_server_is_killed_ran_once_and_the_client_works_after_a_restart() {
    let mut failures = Failures::default();
    let triton = Triton::start("simple");
    let addresses = triton.addresses.clone();
    let proxies = start_all(&addresses, &[]);
    let endpoints: Vec<_> = proxies.iter().flat_map(|proxy| proxy.endpoints()).collect();
    let clients: Vec<Client> =
        endpoints.iter().map(|endpoint| endpoint.client_with_timeout(3 * TIMEOUT)).collect();

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
            "instance_group": [{"count": endpoints.len(), "kind": "KIND_CPU"}]})
        .to_string(),
    ))
    .unwrap();
    load.add_file("1/model.py", MODEL.replace("SEEN", file.to_str().unwrap())).unwrap();
    let direct = Client::new(&format!("http://{}", addresses.http)).unwrap();
    direct.load_model(NAME, &load, &CallOptions::new()).unwrap();

    thread::scope(|scope| {
        let calls: Vec<_> = (0..endpoints.len())
            .map(|at| {
                let client = &clients[at];
                scope.spawn(move || {
                    // Leaves an idle connection.
                    simple(client).unwrap();
                    let number = [at as i32];
                    let outcome = client.infer(&InferRequest::new(NAME).input("I", &[1], &number)).map(drop);
                    (outcome, Instant::now())
                })
            })
            .collect();
        let deadline = Instant::now() + TIMEOUT;
        while seen().len() < endpoints.len() && Instant::now() < deadline {
            thread::yield_now();
        }
        triton.kill();
        let killed = Instant::now();
        let case = "Triton is killed during the call";
        for (call, (at, endpoint)) in calls.into_iter().zip(endpoints.iter().enumerate()) {
            let (outcome, ended) = call.join().unwrap();
            let count = seen().iter().filter(|number| **number == at).count();
            endpoint.row(case, &outcome, Some(count));
            failures.expect(count == 1, endpoint, format_args!("{case}: ran {count} times"));
            failures.expect_in_doubt(endpoint, case, &outcome);
            let took = ended.saturating_duration_since(killed);
            failures.expect(took < TIMEOUT, endpoint, format_args!("{case}: an error after {took:?}"));
        }
    });

    for (client, endpoint) in clients.iter().zip(&endpoints) {
        let outcome = simple(client).map(drop);
        endpoint.row("the server is down: the client's next call", &outcome, None);
        let is_right = |error: &Error| error.status() == Status::Unavailable && error.is_retryable();
        failures.expect(outcome.as_ref().is_err_and(is_right), endpoint, format_args!("down: {outcome:?}"));
    }

    let _restarted = Triton::restart("simple", &addresses);
    for (client, endpoint) in clients.iter().zip(&endpoints) {
        let (start, mut calls) = (Instant::now(), 1);
        let outcome = loop {
            let outcome = simple(client).map(drop);
            if outcome.is_ok() || start.elapsed() > TIMEOUT {
                break outcome;
            }
            calls += 1;
        };
        match &outcome {
            Ok(()) if calls == 1 => {
                endpoint.note("Triton is restarted: the same client", "succeeds immediately")
            }
            Ok(()) => endpoint.note(
                "Triton is restarted: the same client",
                format_args!("succeeds after {:.1?}", start.elapsed()),
            ),
            Err(_) => endpoint.row("Triton is restarted: the same client", &outcome, None),
        }
        failures.expect(outcome.is_ok(), endpoint, format_args!("restarted: {outcome:?}"));
    }
    fs::remove_file(&file).unwrap();
}

#[test]
fn a_timeout_of_the_client_has_its_origin_there_and_is_in_doubt() {
    let (stub, mut failures) = (Stub::start(), Failures::default());
    for proxy in start_all(&stub.addresses(), &[]) {
        for endpoint in proxy.endpoints() {
            let client = endpoint.client_with_timeout(Duration::from_millis(300));
            client.infer(&one_number("good")).unwrap();
            let before = stub.abandoned(&endpoint);
            let outcome = client.infer(&one_number("hang-on"));
            let given_up = Instant::now();
            let seen = stub.take_seen(&endpoint, "infer", "hang-on");
            endpoint.row("the client's own timeout", &outcome, Some(seen));
            while stub.abandoned(&endpoint) == before && given_up.elapsed() < Duration::from_secs(1) {
                thread::yield_now();
            }
            let is_notified = stub.abandoned(&endpoint) > before;
            let notified = if is_notified { "is notified within 1 s" } else { "is not notified" };
            endpoint.note("the server, after the client's timeout", notified);
            failures.expect(seen == 1, &endpoint, format_args!("seen {seen} times"));
            failures.expect_in_doubt(&endpoint, "the client's own timeout", &outcome);
            let error = outcome.unwrap_err();
            let got = (error.status(), error.origin());
            failures.expect(
                got == (Status::DeadlineExceeded, Origin::Client),
                &endpoint,
                format_args!("{error:?}"),
            );
        }
    }
}
