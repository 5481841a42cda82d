//! A client's connections: one per concurrent call, up to the maximum.

use std::{
    sync::{Arc, Barrier},
    thread,
    time::{Duration, Instant},
};

use triton_client::{CallOptions, Client, ClientOptions, InferRequest, Status};

use crate::support::fault::{Gate, Grpc, GrpcResponse, Http, Response, response};

/// A server for each protocol that responds once the gate is open.
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
    let urls = [format!("http://{}", http.address()), format!("grpc://{}", grpc.address())];
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
            // The call has left the queue, so that it does not hold up the next one.
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
        let client = limited(&format!("{scheme}://{refused}"), 1);
        for opened in 1..4 {
            assert_eq!(client.infer(&InferRequest::new("m")).unwrap_err().status(), Status::Unavailable);
            let counts = client.connections();
            assert_eq!((counts.open, counts.idle, counts.opened), (0, 0, opened), "{counts:?}");
        }
    }
}

#[test]
fn the_wait_for_a_connection_counts_as_queue_time() {
    const BUSY: Duration = Duration::from_millis(200);
    // The case is a slow response.
    let slow_http = Http::start(|_| {
        thread::sleep(BUSY);
        Response::Bytes(response(200, &[], br#"{"model_name":"m"}"#))
    });
    let slow_grpc = Grpc::start(|_, _| {
        thread::sleep(BUSY);
        GrpcResponse::Reply { messages: vec![b"\x0a\x01m".to_vec()], status: 0, message: String::new() }
    });
    for url in [format!("http://{}", slow_http.address()), format!("grpc://{}", slow_grpc.address())] {
        let client = limited(&url, 1);
        let times = thread::scope(|scope| {
            let first = scope.spawn(|| client.infer(&InferRequest::new("m")).unwrap().times());
            crate::server::until("the connection is in use", || client.connections().open == 1);
            let second = client.infer(&InferRequest::new("m")).unwrap().times();
            [first.join().unwrap(), second]
        });
        let waited = times.iter().filter(|times| times.queue > BUSY / 2).count();
        assert_eq!(waited, 1, "{url}: {times:?}");
        assert!(times.iter().all(|times| times.send < BUSY / 2 && times.first_byte > BUSY / 2), "{times:?}");
    }
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
    let url = format!("http://{}", server.address());
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
