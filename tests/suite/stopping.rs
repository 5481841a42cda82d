//! A real server is stopped by SIGTERM during calls: every call ends soon with an error that names the cause.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use triton_client::{
    Client, Error, InferRequest, Origin,
    Status::{Cancelled, NotFound, Unavailable},
};

use crate::{own_server::OwnServer, server::is_embedded};

const THREADS: usize = 12;
/// The maximum duration of a call.
const MAX: Duration = Duration::from_secs(2);
/// The number of calls that succeed before the server is stopped.
const BEFORE: usize = 100;
/// Longer than the server takes to stop.
const PATIENCE: Duration = Duration::from_secs(30);

/// Returns the kind of a known error of a stopping server, by its properties and its message; `None` for any
/// other error.
fn known(error: &Error) -> Option<&'static str> {
    let properties = (error.status(), error.origin(), error.is_in_doubt(), error.is_retryable());
    let message = error.full_message();
    let contains = |words: &str| message.contains(words);
    match properties {
        (Unavailable, Origin::Connection, false, true) if contains("refused") => Some("refused"),
        (Unavailable, Origin::Connection, _, true) if contains("connection") => Some("connection lost"),
        (Cancelled, Origin::Server, true, true) if contains("is probably stopping") => Some("cancelled"),
        (NotFound, Origin::Server, false, false)
            if contains("has no available versions") && contains("the server is stopping") =>
        {
            Some("unloaded")
        }
        (Unavailable, Origin::Server, false, true) if contains("stopping") || contains("not ready") => {
            Some("stopping")
        }
        _ => None,
    }
}

#[test]
fn every_call_to_a_stopping_server_ends_soon_with_the_cause() {
    if is_embedded() {
        return;
    }
    for at in 0..2 {
        let mut server = OwnServer::start("simple slow", "");
        let url = &server.urls()[at];
        let client = Client::new(url).unwrap();
        let outcomes: Mutex<BTreeMap<&str, (usize, Duration)>> = Mutex::default();
        let (unknown, succeeded) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
        let start = Instant::now();
        // Returns whether the server still accepts connections.
        let call = |thread: usize| {
            let request = match thread % 3 {
                0 => InferRequest::new("slow").input("DELAY_MS", &[1], &[100u32]),
                _ => InferRequest::new("simple").input("INPUT0", &[1, 16], &[1i32; 16]).input(
                    "INPUT1",
                    &[1, 16],
                    &[2i32; 16],
                ),
            };
            let start = Instant::now();
            let outcome = match client.infer(&request) {
                Ok(_) => {
                    succeeded.fetch_add(1, Ordering::SeqCst);
                    "success"
                }
                Err(error) => known(&error).unwrap_or_else(|| {
                    unknown.lock().unwrap().push(format!("{error:?}"));
                    "unknown"
                }),
            };
            let mut outcomes = outcomes.lock().unwrap();
            let (count, longest) = outcomes.entry(outcome).or_default();
            *count += 1;
            *longest = start.elapsed().max(*longest);
            outcome != "refused"
        };
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let call = &call;
                scope.spawn(move || while call(thread) && start.elapsed() < PATIENCE {});
            }
            while succeeded.load(Ordering::SeqCst) < BEFORE && start.elapsed() < PATIENCE {
                thread::yield_now();
            }
            server.stop();
        });
        let (outcomes, unknown) = (outcomes.into_inner().unwrap(), unknown.into_inner().unwrap());
        println!("{url}: {outcomes:?}");
        assert!(unknown.is_empty(), "{url}: {} of them, the first: {}", unknown.len(), unknown[0]);
        assert_eq!(outcomes["refused"].0, THREADS, "{url}: {outcomes:?}");
        for (outcome, (_, longest)) in &outcomes {
            assert!(*longest < MAX, "{url}: {outcome} after {longest:?}");
        }
    }
}
