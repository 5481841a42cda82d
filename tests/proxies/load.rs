//! Large tensors and many calls, to the real server.

use std::{
    thread,
    time::{Duration, Instant},
};

use triton_client::{CallOptions, Client, Datatype, InferRequest, Status};

use crate::harness::{Addresses, Faults, Lane, Proxy, names, start_all};

fn bytes(byte_size: usize) -> Vec<u8> {
    (0..byte_size).map(|at| (at % 251) as u8).collect()
}

#[test]
fn tensors_of_8_and_40_mib_come_back_whole() {
    let mut faults = Faults::default();
    for proxy in start_all(&Addresses::of_triton(), &[]) {
        for lane in proxy.lanes() {
            let client = lane.client();
            for mib in [8, 40] {
                let data = bytes(mib << 20);
                let shape = [data.len() as i64];
                let request =
                    InferRequest::new("identity_uint8").input_bytes("INPUT0", Datatype::Uint8, &shape, &data);
                let start = Instant::now();
                let outcome = client.infer(&request);
                let took = start.elapsed();
                let case = format!("{mib} MiB there and back");
                match &outcome {
                    Ok(result) => {
                        lane.note(&case, format_args!("OK, {:.2} s", took.as_secs_f64()));
                        let is_same = result.output("OUTPUT0").unwrap().data() == data;
                        faults.expect(is_same, &lane, format_args!("{case}: other bytes came back"));
                    }
                    Err(error) => {
                        lane.row(&case, &outcome, None);
                        faults.expect(false, &lane, format_args!("{case}: {error:?}"));
                    }
                }
            }
        }
    }
}

/// nginx takes 1 MiB by default.
#[test]
fn a_body_over_a_proxys_default_limit_is_refused_for_good() {
    let mut faults = Faults::default();
    for proxy in start_all(&Addresses::of_triton(), &["--defaults"]) {
        for lane in proxy.lanes() {
            let data = bytes(8 << 20);
            let shape = [data.len() as i64];
            let request =
                InferRequest::new("identity_uint8").input_bytes("INPUT0", Datatype::Uint8, &shape, &data);
            let outcome = lane.client().infer(&request);
            lane.row("8 MiB, with the proxy's default limits", &outcome, None);
            if let Err(error) = outcome {
                let is_right =
                    error.status() == Status::ResourceExhausted && error.http_status() == Some(413);
                faults.expect(is_right && !error.is_retryable(), &lane, format_args!("{error:?}"));
            }
        }
    }
}

/// The sum of numbers that no other call has.
fn sums(client: &Client, number: i32) -> Result<(), String> {
    let (a, b) = ([number; 16], std::array::from_fn::<i32, 16, _>(|at| at as i32));
    let request = InferRequest::new("simple").input("INPUT0", &[1, 16], &a).input("INPUT1", &[1, 16], &b);
    let result = client.infer(&request).map_err(|error| format!("{error:?}"))?;
    let got = result.output("OUTPUT0").and_then(|output| output.as_slice::<i32>().map(<[i32]>::to_vec));
    let expected: Vec<i32> = b.iter().map(|b| number + b).collect();
    if got.as_ref().is_ok_and(|got| *got == expected) {
        Ok(())
    } else {
        Err(format!("{got:?}, not {expected:?}"))
    }
}

/// Runs `each` calls on so many threads. Returns how many failed, the first failure, and the time.
fn on_threads(client: &Client, threads: usize, each: usize) -> (usize, Option<String>, Duration) {
    let start = Instant::now();
    let failures: Vec<String> = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|thread| {
                scope.spawn(move || -> Vec<String> {
                    (0..each).filter_map(|at| sums(client, (thread * each + at) as i32).err()).collect()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    (failures.len(), failures.into_iter().next(), start.elapsed())
}

fn expect_no_failure(faults: &mut Faults, lane: &Lane, client: &Client, threads: usize, each: usize) {
    let case = format!("{} calls by {threads} threads", threads * each);
    let (failed, first, took) = on_threads(client, threads, each);
    lane.note(&case, format_args!("{failed} failed, {:.1} s", took.as_secs_f64()));
    faults.expect(failed == 0, lane, format_args!("{case}: {failed} failed: {}", first.unwrap_or_default()));
}

#[test]
fn six_thousand_calls_by_four_threads_all_succeed() {
    let mut faults = Faults::default();
    for proxy in start_all(&Addresses::of_triton(), &[]) {
        for lane in proxy.lanes() {
            expect_no_failure(&mut faults, &lane, &lane.client(), 4, 1500);
        }
    }
}

/// Apache sends an empty DATA frame before the trailers of each response, which an HTTP/2 implementation may count.
#[test]
fn ten_thousand_grpc_calls_through_apache_succeed_in_a_row_and_by_eight_threads() {
    if !names().iter().any(|name| name == "apache") {
        println!("skipped: apache is not there");
        return;
    }
    let mut faults = Faults::default();
    let proxy = Proxy::start("apache", &Addresses::of_triton(), &[]);
    let lanes = proxy.lanes();
    let lane = lanes.iter().find(|lane| lane.is_grpc()).unwrap();
    expect_no_failure(&mut faults, lane, &lane.client(), 1, 10_000);
    expect_no_failure(&mut faults, lane, &lane.client(), 8, 1_250);
    let client = lane.client();
    let checks = 0..1000;
    let failures: Vec<_> = checks.filter_map(|_| client.is_server_ready(&CallOptions::new()).err()).collect();
    lane.note("1000 health checks in a row", format_args!("{} failed", failures.len()));
    faults.expect(
        failures.is_empty(),
        lane,
        format_args!("{} health checks failed: {:?}", failures.len(), failures.first()),
    );
}
