//! Large tensors and many calls to a real server.

use std::{
    thread,
    time::{Duration, Instant},
};

use triton_client::{CallOptions, Client, Datatype, InferRequest, Status};

use crate::harness::{Addresses, Endpoint, Failures, Proxy, names, start_all};

pub(crate) fn bytes(byte_size: usize) -> Vec<u8> {
    (0..byte_size).map(|at| (at % 251) as u8).collect()
}

#[test]
fn tensors_of_8_and_40_mib_are_sent_and_received() {
    let mut failures = Failures::default();
    for proxy in start_all(&Addresses::of_triton(), &[]) {
        for endpoint in proxy.endpoints() {
            let client = endpoint.client();
            for mib in [8, 40] {
                let data = bytes(mib << 20);
                let shape = [data.len() as i64];
                let request =
                    InferRequest::new("identity_uint8").input_bytes("INPUT0", Datatype::Uint8, &shape, &data);
                let start = Instant::now();
                let outcome = client.infer(&request);
                let took = start.elapsed();
                let case = format!("{mib} MiB in both directions");
                match &outcome {
                    Ok(result) => {
                        endpoint.note(&case, format_args!("OK, {:.2} s", took.as_secs_f64()));
                        let is_same = result.output("OUTPUT0").unwrap().data() == data;
                        failures.expect(
                            is_same,
                            &endpoint,
                            format_args!("{case}: the output differs from the input"),
                        );
                    }
                    Err(error) => {
                        endpoint.row(&case, &outcome, None);
                        failures.expect(false, &endpoint, format_args!("{case}: {error:?}"));
                    }
                }
            }
        }
    }
}

/// nginx's default limit is 1 MiB.
#[test]
fn a_body_that_exceeds_a_proxys_default_limit_is_resource_exhausted_and_not_retryable() {
    let mut failures = Failures::default();
    for proxy in start_all(&Addresses::of_triton(), &["--defaults"]) {
        for endpoint in proxy.endpoints() {
            let data = bytes(8 << 20);
            let shape = [data.len() as i64];
            let request =
                InferRequest::new("identity_uint8").input_bytes("INPUT0", Datatype::Uint8, &shape, &data);
            let outcome = endpoint.client().infer(&request);
            endpoint.row("8 MiB, with the proxy's default limits", &outcome, None);
            if let Err(error) = outcome {
                let is_right =
                    error.status() == Status::ResourceExhausted && error.http_status() == Some(413);
                failures.expect(is_right && !error.is_retryable(), &endpoint, format_args!("{error:?}"));
            }
        }
    }
}

/// Infers with a number that no other call has, and checks the sums.
fn check_sums(client: &Client, number: i32) -> Result<(), String> {
    let (a, b) = ([number; 16], std::array::from_fn::<i32, 16, _>(|at| at as i32));
    let request = InferRequest::new("simple").input("INPUT0", &[1, 16], &a).input("INPUT1", &[1, 16], &b);
    let result = client.infer(&request).map_err(|error| format!("{error:?}"))?;
    let got = result.output("OUTPUT0").and_then(|output| output.as_slice::<i32>().map(<[i32]>::to_vec));
    let expected: Vec<i32> = b.iter().map(|b| number + b).collect();
    if got.as_ref().is_ok_and(|got| *got == expected) {
        Ok(())
    } else {
        Err(format!("expected {expected:?}, got {got:?}"))
    }
}

/// Makes `each` calls on each of `threads` threads. Returns the number of failures, the first one, and the
/// time.
fn on_threads(client: &Client, threads: usize, each: usize) -> (usize, Option<String>, Duration) {
    let start = Instant::now();
    let failures: Vec<String> = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|thread| {
                scope.spawn(move || -> Vec<String> {
                    (0..each).filter_map(|at| check_sums(client, (thread * each + at) as i32).err()).collect()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    (failures.len(), failures.into_iter().next(), start.elapsed())
}

pub(crate) fn expect_no_failure(
    failures: &mut Failures,
    endpoint: &Endpoint,
    client: &Client,
    threads: usize,
    each: usize,
) {
    let case = format!("{} calls by {threads} threads", threads * each);
    let (failed, first, took) = on_threads(client, threads, each);
    endpoint.note(&case, format_args!("{failed} failed, {:.1} s", took.as_secs_f64()));
    failures.expect(
        failed == 0,
        endpoint,
        format_args!("{case}: {failed} failed: {}", first.unwrap_or_default()),
    );
}

#[test]
fn six_thousand_calls_by_four_threads_all_succeed() {
    let mut failures = Failures::default();
    for proxy in start_all(&Addresses::of_triton(), &[]) {
        for endpoint in proxy.endpoints() {
            expect_no_failure(&mut failures, &endpoint, &endpoint.client(), 4, 1500);
        }
    }
}

/// Apache sends an empty DATA frame before the trailers of each response, and HTTP/2 implementations limit
/// their number.
#[test]
fn ten_thousand_grpc_calls_through_apache_succeed_on_one_thread_and_on_eight() {
    if !names().iter().any(|name| name == "apache") {
        println!("skipped: apache is missing");
        return;
    }
    let mut failures = Failures::default();
    let proxy = Proxy::start("apache", &Addresses::of_triton(), &[]);
    let endpoints = proxy.endpoints();
    let endpoint = endpoints.iter().find(|endpoint| endpoint.is_grpc()).unwrap();
    expect_no_failure(&mut failures, endpoint, &endpoint.client(), 1, 10_000);
    expect_no_failure(&mut failures, endpoint, &endpoint.client(), 8, 1_250);
    let client = endpoint.client();
    let checks = 0..1000;
    let errors: Vec<_> = checks.filter_map(|_| client.is_server_ready(&CallOptions::new()).err()).collect();
    endpoint.note("1000 health checks in a row", format_args!("{} failed", errors.len()));
    failures.expect(
        errors.is_empty(),
        endpoint,
        format_args!("{} health checks failed: {:?}", errors.len(), errors.first()),
    );
}
