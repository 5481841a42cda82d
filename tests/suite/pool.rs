//! A client's connection pool: one connection per concurrent call, up to the maximum.

use std::{
    fs,
    sync::{Arc, Barrier},
    thread,
    time::{Duration, Instant},
};

use triton_client::{CallOptions, Client, ClientOptions, InferRequest, Status};

use crate::support::fault::{Gate, Grpc, GrpcResponse, Http, Response, response};

/// Starts a server for each protocol that responds once the gate is open.
fn gated(gate: &Arc<Gate>) -> (Http, Grpc, [String; 2]) {
    let (over_http, over_grpc) = (gate.clone(), gate.clone());
    let http = Http::start(move |_| {
        over_http.wait();
        Response::Bytes(response(200, &[], br#"{"model_name":"m"}"#))
    });
    let grpc = Grpc::start(move |_, _| {
        over_grpc.wait();
        GrpcResponse::Reply { messages: vec![b"\x0a\x01m".to_vec()], status: 0, message: String::new() }
    });
    let urls = [url!("http://{}", http.address()), url!("grpc://{}", grpc.address())];
    (http, grpc, urls)
}

fn limited(url: &str, max: usize) -> Client {
    let mut options = ClientOptions::new();
    options.set_max_connections(Some(max)).unwrap();
    Client::with_options(url, &options).unwrap()
}

#[test]
fn the_maximum_of_connections_is_not_exceeded_and_every_call_gets_one() {
    const CALLS: usize = 8;
    let gate = Arc::new(Gate::default());
    let (_http, _grpc, urls) = gated(&gate);
    let clients = urls.map(|url| limited(&url, 2));
    thread::scope(|scope| {
        for client in &clients {
            for _ in 0..CALLS {
                scope.spawn(|| (0..5).for_each(|_| drop(client.infer(&InferRequest::new("m")).unwrap())));
            }
        }
        // Both connections of each client are in use, and the other calls wait.
        for client in &clients {
            crate::server::until("two connections", || client.connections().open == 2);
        }
        gate.open();
    });
    for client in &clients {
        let counts = client.connections();
        assert_eq!((counts.open, counts.idle, counts.opened), (2, 2, 2), "{counts:?}");
    }
}

#[test]
fn a_call_that_waits_for_a_connection_ends_at_its_deadline_and_names_the_option() {
    for protocol in 0..2 {
        let gate = Arc::new(Gate::default());
        let (_http, _grpc, urls) = gated(&gate);
        let client = limited(&urls[protocol], 1);
        let started = Barrier::new(2);
        thread::scope(|scope| {
            let busy = scope.spawn(|| {
                started.wait();
                client.infer(&InferRequest::new("m"))
            });
            started.wait();
            crate::server::until("the connection is in use", || client.connections().open == 1);
            let mut options = CallOptions::new();
            options.set_timeout(Some(Duration::from_millis(100))).unwrap();
            let start = Instant::now();
            let error = client.infer_with(&InferRequest::new("m"), &options).unwrap_err();
            assert_eq!((error.status(), error.is_in_doubt()), (Status::DeadlineExceeded, false), "{error:?}");
            assert!(error.full_message().contains("max_connections"), "{error:?}");
            assert!(start.elapsed() < Duration::from_secs(5));
            // The call has left the queue, so that it does not block the next one.
            gate.open();
            busy.join().unwrap().unwrap();
            client.infer(&InferRequest::new("m")).unwrap();
        });
        assert_eq!(client.connections().opened, 1);
    }
}

#[test]
fn a_connection_that_cannot_be_opened_does_not_count_as_open() {
    let refused = crate::support::fault::refused_address();
    for scheme in ["http", "grpc"] {
        let client = limited(&url!("{scheme}://{refused}"), 1);
        for opened in 1..4 {
            assert_eq!(client.infer(&InferRequest::new("m")).unwrap_err().status(), Status::Unavailable);
            let counts = client.connections();
            assert_eq!((counts.open, counts.idle, counts.opened), (0, 0, opened), "{counts:?}");
        }
    }
}

#[test]
fn the_wait_for_a_connection_counts_as_queue_time() {
    const WAIT: Duration = Duration::from_millis(100);
    for protocol in 0..2 {
        let gate = Arc::new(Gate::default());
        let (http, grpc, urls) = gated(&gate);
        let (url, client) = (&urls[protocol], limited(&urls[protocol], 1));
        let timed = || {
            let start = Instant::now();
            let times = client.infer(&InferRequest::new("m")).unwrap().times();
            (times, start.elapsed())
        };
        let name = format!("queued-{protocol}");
        thread::scope(|scope| {
            let first = scope.spawn(timed);
            crate::server::until("the first request arrives", || http.requests() + grpc.requests() == 1);
            let second = thread::Builder::new().name(name.clone()).spawn_scoped(scope, timed).unwrap();
            // Repeatedly, since a thread may also sleep for a moment before its call waits.
            let mut polls = 0;
            crate::server::until("the second call waits", || {
                polls = if is_asleep(&name) { polls + 1 } else { 0 };
                polls == 20
            });
            thread::sleep(WAIT);
            let opened = Instant::now();
            gate.open();
            let ((first, _), (second, took)) = (first.join().unwrap(), second.join().unwrap());
            let after = opened.elapsed();
            // Without an upper bound for any time: the machine may be busy.
            assert!(first.first_byte >= WAIT, "{url}: {first:?}");
            assert!(second.queue >= WAIT && second.queue <= took, "{url}: {second:?} in {took:?}");
            let others = second.connect + second.send + second.first_byte + second.receive;
            assert!(others <= after, "{url}: {second:?}, {after:?} after the response to the first");
        });
    }
}

/// Returns whether a thread of this process with this name is waiting.
fn is_asleep(name: &str) -> bool {
    let tasks = fs::read_dir("/proc/self/task").unwrap();
    tasks.map(|task| task.unwrap().path().join("stat")).any(|path| {
        // A thread may have ended meanwhile.
        let stat = fs::read_to_string(path).unwrap_or_default();
        stat.contains(&format!("({name}) S "))
    })
}

#[test]
fn a_nested_call_that_waits_for_a_connection_ends_at_its_deadline() {
    let server = Http::start(|request| match request.path.ends_with("generate_stream") {
        true => Response::Bytes(response(
            200,
            &[("Content-Type", "text/event-stream")],
            b"data: {\"a\":1}\n\ndata: {\"a\":2}\n\n",
        )),
        false => Response::Bytes(response(200, &[], br#"{"model_name":"m"}"#)),
    });
    let url = url!("http://{}", server.address());
    for (max, status) in [(1, Some(Status::DeadlineExceeded)), (2, None)] {
        let client = limited(&url, max);
        let mut options = CallOptions::new();
        options.set_timeout(Some(Duration::from_millis(100))).unwrap();
        let mut events = 0;
        client
            .generate_stream("m", "", "{}", &CallOptions::new(), |_| {
                events += 1;
                let outcome = client.infer_with(&InferRequest::new("m"), &options);
                assert_eq!(outcome.err().map(|error| error.status()), status);
                std::ops::ControlFlow::Continue(())
            })
            .unwrap();
        assert_eq!(events, 2);
    }
}
