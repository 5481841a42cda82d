//! For how long a client uses its connections, those opened ahead and those closed early, and their numbers.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use triton_client::{
    CallOptions, CancelToken, Client, ClientOptions, ConnectionCounts, InferRequest, Origin, Status,
};

use crate::{
    keepalive::{Kind, PATIENCE, read_request, request},
    support::{
        fault::{
            Gate, Http, Peer, Response, Wire, closing, frame, refused_address, response, silent, wait_until,
            wait_until_ended,
        },
        tls,
    },
};

/// A way to make an inference: over HTTP, or over gRPC.
#[derive(Clone, Copy, Debug)]
struct Way {
    scheme: &'static str,
    kind: Kind,
}

const WAYS: [Way; 5] = [
    Way { scheme: "http", kind: Kind::Blocking },
    Way { scheme: "http", kind: Kind::Asynchronous },
    Way { scheme: "grpc", kind: Kind::Blocking },
    Way { scheme: "grpc", kind: Kind::Asynchronous },
    Way { scheme: "grpc", kind: Kind::Stream },
];

/// A server that responds when a gate is open, and closes each connection after so many requests.
enum Server {
    Http(Http),
    Grpc(Wire),
}

impl Way {
    fn server(self, gate: Arc<Gate>, requests: usize) -> Server {
        if self.scheme == "http" {
            let count = AtomicUsize::new(0);
            return Server::Http(Http::start(move |_| {
                gate.wait();
                let bytes = response(200, &[], br#"{"model_name":"m"}"#);
                match (count.fetch_add(1, Ordering::SeqCst) + 1) % requests {
                    0 => Response::BytesThenClose(bytes),
                    _ => Response::Bytes(bytes),
                }
            }));
        }
        Server::Grpc(Wire::start(move |_, stream| {
            let peer = Peer::accept(stream, &[])?;
            for served in 1..=requests {
                let id = read_request(&peer)?;
                gate.wait();
                if served == requests {
                    peer.go_away(id)?;
                }
                peer.reply(id, self.kind.message())?;
            }
            Ok(())
        }))
    }

    /// Starts a server that responds at once and never closes a connection.
    fn good_server(self) -> Server {
        self.server(opened(), usize::MAX)
    }

    /// Makes an inference that succeeds.
    #[track_caller]
    fn infer(self, client: &Client) {
        self.kind.infer(client, &request()).unwrap();
        // The end of a stream comes after its last response.
        wait_until("the connection is idle", || client.connections().busy == 0);
    }
}

impl Server {
    fn address(&self) -> SocketAddr {
        match self {
            Self::Http(http) => http.address(),
            Self::Grpc(wire) => wire.address(),
        }
    }

    fn connections(&self) -> usize {
        match self {
            Self::Http(http) => http.connections(),
            Self::Grpc(wire) => wire.connections(),
        }
    }

    fn client(&self, way: Way, set: impl FnOnce(&mut ClientOptions)) -> Client {
        client(way.scheme, self.address(), set)
    }
}

fn client(scheme: &str, address: SocketAddr, set: impl FnOnce(&mut ClientOptions)) -> Client {
    let mut options = ClientOptions::new();
    set(&mut options);
    Client::with_options(&url!("{scheme}://{address}"), &options).unwrap()
}

fn opened() -> Arc<Gate> {
    let gate = Arc::new(Gate::default());
    gate.open();
    gate
}

/// Returns the open, idle and busy connections.
fn now(counts: ConnectionCounts) -> (usize, usize, usize) {
    (counts.open, counts.idle, counts.busy)
}

/// Returns how many connections were opened, and how many of these in place of a lost one.
fn ever(counts: ConnectionCounts) -> (u64, u64) {
    assert_eq!(counts.opened, counts.connects, "{counts:?}");
    let handshakes = if tls::is_on() { counts.connects } else { 0 };
    assert!(counts.tls_handshakes == handshakes && counts.tls_resumed <= handshakes, "{counts:?}");
    (counts.opened, counts.reconnects)
}

#[test]
fn a_connection_that_was_idle_for_too_long_carries_no_further_call() {
    const TIMEOUT: Duration = Duration::from_millis(100);
    for way in WAYS {
        let server = way.good_server();
        let client = server.client(way, |options| {
            options.set_idle_timeout(Some(TIMEOUT)).unwrap();
        });
        way.infer(&client);
        if way.scheme == "grpc" && way.kind != Kind::Blocking {
            // The I/O thread closes it.
            wait_until("the idle connection is closed", || client.connections().open == 0);
        } else {
            thread::sleep(TIMEOUT);
            assert_eq!(now(client.connections()), (1, 1, 0), "{way:?}");
        }
        way.infer(&client);
        assert_eq!((server.connections(), client.connections().open), (2, 1), "{way:?}");
        assert_eq!(ever(client.connections()), (2, 0), "{way:?}");
        let patient = server.client(way, |options| {
            options.set_idle_timeout(None).unwrap();
        });
        way.infer(&patient);
        thread::sleep(TIMEOUT);
        way.infer(&patient);
        assert_eq!(ever(patient.connections()), (1, 0), "{way:?}");
    }
}

#[test]
fn idle_connections_beyond_their_time_are_closed_when_another_is_used() {
    const TIMEOUT: Duration = Duration::from_millis(200);
    for scheme in ["http", "grpc"] {
        let way = Way { scheme, kind: Kind::Blocking };
        let server = way.good_server();
        let client = server.client(way, |options| {
            options.set_idle_timeout(Some(TIMEOUT)).unwrap();
        });
        client.connect(3, &CallOptions::new()).unwrap();
        thread::sleep(TIMEOUT);
        way.infer(&client);
        assert_eq!((now(client.connections()), ever(client.connections())), ((1, 1, 0), (4, 0)), "{scheme}");
    }
}

#[test]
fn a_connection_carries_as_many_calls_as_permitted() {
    for way in WAYS {
        let server = way.good_server();
        let client = server.client(way, |options| {
            options.set_max_connection_requests(Some(10)).unwrap();
        });
        for call in 1..=35usize {
            way.infer(&client);
            assert_eq!(server.connections(), call.div_ceil(10), "{way:?}, call {call}");
        }
        wait_until("used connections are closed", || client.connections().open == 1);
        assert_eq!(ever(client.connections()), (4, 0), "{way:?}");
    }
}

#[test]
fn concurrent_calls_do_not_exceed_the_maximum_of_calls_on_a_connection() {
    // For each connection, the number of its calls.
    let calls: Arc<[AtomicUsize; 50]> = Arc::new(std::array::from_fn(|_| AtomicUsize::new(0)));
    let count = calls.clone();
    let wire = Wire::start(move |number, stream| {
        let peer = Peer::accept(stream, &[])?;
        loop {
            let id = peer.read_request()?;
            count[number].fetch_add(1, Ordering::SeqCst);
            peer.reply(id, Kind::Blocking.message())?;
        }
    });
    let client = client("grpc", wire.address(), |options| {
        options.set_max_connection_requests(Some(7)).unwrap();
    });
    let requests: Vec<_> = (0..200).map(|_| request()).collect();
    let requests: Vec<&InferRequest<'static>> = requests.iter().collect();
    let outcomes = client.infer_many(&requests, &[]).unwrap();
    outcomes.into_iter().for_each(|outcome| drop(outcome.unwrap()));
    let calls: Vec<usize> = calls.iter().map(|calls| calls.load(Ordering::SeqCst)).collect();
    assert!(calls.iter().sum::<usize>() == 200 && calls.iter().all(|calls| *calls <= 7), "{calls:?}");
}

#[test]
fn a_connection_beyond_its_age_carries_no_further_call_and_ends_none() {
    const AGE: Duration = Duration::from_millis(150);
    for way in WAYS {
        let gate = Arc::new(Gate::default());
        let server = way.server(gate.clone(), usize::MAX);
        let client = server.client(way, |options| {
            options.set_max_connection_age(Some(AGE)).unwrap();
        });
        thread::scope(|scope| {
            let first = scope.spawn(|| way.infer(&client));
            wait_until("the call has begun", || client.connections().busy == 1);
            thread::sleep(AGE);
            // The call goes on.
            assert_eq!(now(client.connections()), (1, 0, 1), "{way:?}");
            gate.open();
            first.join().unwrap();
        });
        wait_until("the connection is closed", || client.connections().open == 0);
        let start = Instant::now();
        way.infer(&client);
        // Less than nine tenths of the age: it is used again.
        way.infer(&client);
        let is_in_time = start.elapsed() < AGE * 9 / 10;
        assert!(!is_in_time || server.connections() == 2, "{way:?}");
        while server.connections() < 4 {
            way.infer(&client);
            assert!(start.elapsed() < PATIENCE, "{way:?}");
        }
        assert!(start.elapsed() > AGE * 9 / 10, "{way:?}");
        assert_eq!(ever(client.connections()).1, 0, "{way:?}");
    }
}

#[test]
fn a_shared_connection_beyond_its_age_is_beside_a_new_one_until_its_last_call_ends() {
    const AGE: Duration = Duration::from_millis(150);
    let way = Way { scheme: "grpc", kind: Kind::Asynchronous };
    let gate = Arc::new(Gate::default());
    let opened = gate.clone();
    let wire = Wire::start(move |number, stream| {
        let peer = Peer::accept(stream, &[])?;
        loop {
            let id = peer.read_request()?;
            if number == 0 {
                opened.wait();
            }
            peer.reply(id, way.kind.message())?;
        }
    });
    let client = client("grpc", wire.address(), |options| {
        options.set_max_connection_age(Some(AGE)).unwrap();
    });
    let call = client.infer_async(&request(), &CallOptions::new()).unwrap();
    wait_until("the call has begun", || client.connections().busy == 1);
    thread::sleep(AGE);
    way.kind.infer(&client, &request()).unwrap();
    assert!(wire.connections() == 2 && !call.is_done());
    gate.open();
    call.wait(Some(PATIENCE)).unwrap();
    call.take_result().unwrap();
    wait_until("both are closed", || client.connections().open == 0);
    assert_eq!(ever(client.connections()), (2, 0));
}

#[test]
fn closing_idle_connections_leaves_those_in_use() {
    for way in WAYS {
        let gate = Arc::new(Gate::default());
        let server = way.server(gate.clone(), usize::MAX);
        let client = server.client(way, |_| ());
        client.close_idle().unwrap();
        client.connect(2, &CallOptions::new()).unwrap();
        thread::scope(|scope| {
            let busy = scope.spawn(|| way.infer(&client));
            wait_until("the call has begun", || client.connections().busy == 1);
            client.close_idle().unwrap();
            assert_eq!(now(client.connections()), (1, 0, 1), "{way:?}");
            gate.open();
            busy.join().unwrap();
        });
        assert_eq!(now(client.connections()), (1, 1, 0), "{way:?}");
        let before = server.connections();
        client.close_idle().unwrap();
        assert_eq!(now(client.connections()), (0, 0, 0), "{way:?}");
        way.infer(&client);
        assert_eq!((server.connections(), client.connections().open), (before + 1, 1), "{way:?}");
        // The client has closed them all: none was lost.
        assert_eq!(client.connections().reconnects, 0, "{way:?}");
    }
}

#[test]
fn closing_idle_connections_at_any_time_fails_no_call() {
    for way in WAYS {
        let server = way.good_server();
        let client = server.client(way, |_| ());
        let has_ended = AtomicBool::new(false);
        thread::scope(|scope| {
            let closing = scope.spawn(|| {
                while !has_ended.load(Ordering::SeqCst) {
                    client.close_idle().unwrap();
                }
            });
            let calls: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| (0..50).for_each(|_| way.kind.infer(&client, &request()).unwrap())))
                .collect();
            let outcomes: Vec<_> = calls.into_iter().map(|call| call.join()).collect();
            has_ended.store(true, Ordering::SeqCst);
            closing.join().unwrap();
            outcomes.into_iter().for_each(|outcome| outcome.unwrap());
        });
        assert_eq!(client.connections().reconnects, 0, "{way:?}");
    }
}

#[test]
fn connections_that_the_server_has_closed_are_counted_when_they_are_replaced() {
    for way in WAYS {
        let server = way.server(opened(), 2);
        let client = server.client(way, |_| ());
        for call in 1..=7u64 {
            way.infer(&client);
            if call % 2 == 0 {
                wait_until_ended(server.address());
            }
            let connections = call.div_ceil(2);
            assert_eq!(ever(client.connections()), (connections, connections - 1), "{way:?}, call {call}");
        }
    }
}

#[test]
fn connections_are_opened_ahead_and_used_later() {
    for scheme in ["http", "grpc"] {
        let way = Way { scheme, kind: Kind::Blocking };
        let server = way.good_server();
        let client = server.client(way, |options| {
            options.set_max_connections(Some(4)).unwrap();
        });
        let options = CallOptions::new();
        client.connect(0, &options).unwrap();
        assert_eq!(now(client.connections()), (0, 0, 0));
        client.connect(2, &options).unwrap();
        assert_eq!(now(client.connections()), (2, 2, 0));
        // Idle ones count.
        client.connect(4, &options).unwrap();
        client.connect(1, &options).unwrap();
        assert_eq!((now(client.connections()), ever(client.connections())), ((4, 4, 0), (4, 0)));
        let error = client.connect(5, &options).unwrap_err();
        assert_eq!(
            (error.status(), error.origin()),
            (Status::InvalidArgument, Origin::Argument),
            "{error:?}"
        );
        assert!(error.full_message().contains("the maximum is 4 (option max_connections)"), "{error:?}");
        thread::scope(|scope| {
            (0..4).for_each(|_| drop(scope.spawn(|| (0..10).for_each(|_| way.infer_once(&client)))));
        });
        assert_eq!(ever(client.connections()), (4, 0), "{scheme}");
        assert_eq!(server.connections(), 4, "{scheme}");
    }
}

impl Way {
    fn infer_once(self, client: &Client) {
        self.kind.infer(client, &request()).unwrap();
    }
}

#[test]
fn connections_that_the_server_has_closed_do_not_count_when_others_are_opened_ahead() {
    for scheme in ["http", "grpc"] {
        let way = Way { scheme, kind: Kind::Blocking };
        let server = way.server(opened(), 1);
        let client = server.client(way, |_| ());
        client.connect(2, &CallOptions::new()).unwrap();
        // The server closes the connection after the response.
        way.infer(&client);
        wait_until("a connection has ended", || {
            client.connect(2, &CallOptions::new()).unwrap();
            client.connections().opened == 3
        });
        assert_eq!(now(client.connections()), (2, 2, 0), "{scheme}");
    }
}

#[test]
fn an_error_of_opening_connections_ahead_says_how_many_are_open() {
    // The second connection ends before the server's first frame.
    let wire = Wire::start(|number, stream| {
        if number > 0 {
            return Ok(());
        }
        let peer = Peer::accept(stream, &[])?;
        while peer.read().is_ok() {}
        Ok(())
    });
    let client = client("grpc", wire.address(), |_| ());
    let error = client.connect(3, &CallOptions::new()).unwrap_err();
    let have = (error.status(), error.origin(), error.is_in_doubt());
    assert_eq!(have, (Status::Unavailable, Origin::Connection, false), "{error:?}");
    let message = error.full_message();
    assert!(message.starts_with("opening 3 connections at grpc"), "{message}");
    assert!(message.contains("1 of 3 are open"), "{message}");
    assert_eq!(now(client.connections()), (1, 1, 0));
}

#[test]
fn opening_connections_ahead_fails_at_a_port_that_is_not_the_servers() {
    let options = CallOptions::new();
    for scheme in ["http", "grpc"] {
        let error = client(scheme, refused_address(), |_| ()).connect(1, &options).unwrap_err();
        assert_eq!((error.status(), error.is_in_doubt()), (Status::Unavailable, false), "{error:?}");
        assert!(error.full_message().contains("0 of 1 are open"), "{error:?}");
    }
    if !tls::is_on() {
        let http = Http::start(|_| Response::Bytes(response(400, &[], b"")));
        let error = client("grpc", http.address(), |_| ()).connect(1, &options).unwrap_err();
        assert!(error.full_message().contains("this port speaks HTTP/1, not gRPC"), "{error:?}");
    }
    let closed = closing();
    let error = client("grpc", closed.address(), |_| ()).connect(1, &options).unwrap_err();
    assert_eq!((error.status(), error.is_in_doubt()), (Status::Unavailable, false), "{error:?}");
}

#[test]
fn opening_connections_ahead_ends_at_each_timeout_and_by_a_cancel() {
    const TIMEOUT: Duration = Duration::from_millis(100);
    let server = silent();
    let client = |timeout| {
        client("grpc", server.address(), |options| {
            options.set_connect_timeout(timeout).unwrap();
        })
    };
    let mut options = CallOptions::new();
    let error = client(Some(TIMEOUT)).connect(1, &options).unwrap_err();
    assert_eq!((error.status(), error.is_in_doubt()), (Status::Unavailable, false), "{error:?}");
    assert!(error.full_message().contains("within the connect timeout of 100ms"), "{error:?}");
    options.set_timeout(Some(TIMEOUT)).unwrap();
    let error = client(Some(PATIENCE)).connect(1, &options).unwrap_err();
    assert_eq!(error.status(), Status::DeadlineExceeded, "{error:?}");
    assert!(error.full_message().contains("0 of 1 are open"), "{error:?}");
    let (token, mut options) = (CancelToken::new(), CallOptions::new());
    options.set_cancel_token(Some(&token)).set_timeout(Some(PATIENCE)).unwrap();
    let client = client(None);
    let before = server.connections();
    let error = thread::scope(|scope| {
        let connecting = scope.spawn(|| client.connect(1, &options));
        wait_until("a connection is opened", || server.connections() > before);
        token.cancel();
        connecting.join().unwrap().unwrap_err()
    });
    assert_eq!(error.status(), Status::Cancelled, "{error:?}");
    assert_eq!(now(client.connections()), (0, 0, 0));
}

/// A server that is restarted again and again: each connection gets GOAWAY in two steps, as gRPC's servers
/// send it, after some calls of those before it, and is closed by the client.
fn restarting(kind: Kind) -> (Wire, Arc<AtomicUsize>) {
    let processed = Arc::new(AtomicUsize::new(0));
    let count = processed.clone();
    let wire = Wire::start(move |number, stream| {
        let peer = Peer::accept(stream, &[])?;
        let serve = |id| {
            count.fetch_add(1, Ordering::SeqCst);
            peer.reply(id, kind.message())
        };
        // Each call is refused at most once, since at most this many run at the same time.
        for _ in 0..number % 4 + 7 {
            serve(read_request(&peer)?)?;
        }
        let last = read_request(&peer)?;
        peer.go_away(i32::MAX as u32)?;
        peer.go_away(last)?;
        serve(last)?;
        // Later requests are not processed.
        while peer.read()?.kind != frame::GOAWAY {}
        io::Result::Ok(())
    });
    (wire, processed)
}

#[test]
fn no_call_fails_while_servers_restart_and_connections_are_replaced() {
    const THREADS: usize = 8;
    const CALLS: usize = 100;
    for kind in [Kind::Blocking, Kind::Asynchronous] {
        let (wire, processed) = restarting(kind);
        let client = client("grpc", wire.address(), |options| {
            options.set_max_connection_requests(Some(10)).unwrap();
            options.set_max_connection_age(Some(Duration::from_millis(20))).unwrap();
        });
        thread::scope(|scope| {
            for _ in 0..THREADS {
                scope.spawn(|| (0..CALLS).for_each(|_| kind.infer(&client, &request()).unwrap()));
            }
        });
        // Each exactly once.
        assert_eq!(processed.load(Ordering::SeqCst), THREADS * CALLS, "{kind:?}");
        assert!(client.connections().reconnects > 0, "{kind:?}: {:?}", client.connections());
    }
}
