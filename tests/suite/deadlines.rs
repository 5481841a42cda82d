//! A deadline of 300 ms ends a call within 330 ms, at whatever stage it is, over both protocols, inference and control plane
//! alike. Names are left out: what resolves them hangs only by the machine's own configuration, which no test may touch.

use std::{
    io::{self, BufReader, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, getsockname, listen, socket_with};
use triton_client::{
    CallOptions, Client, ClientOptions, Datatype, Error, InferRequest, Origin, RepositoryOptions, Status,
};

use crate::{
    misbehaving::note,
    server::{is_embedded, server},
    support::fault::{Cases, Peer, Request, Wire, frame, silent},
};

const DEADLINE: Duration = Duration::from_millis(300);
const SLACK: Duration = Duration::from_millis(30);
/// How often a call is made at most until one is quick enough, since other tests run beside it.
const TRIES: usize = 5;
/// The pause between bytes that trickle: it is the case.
const TRICKLE: Duration = Duration::from_millis(20);
/// More than both sides' sockets take; and so is a fourth of it, if the server does not read.
const LARGE: usize = 16 << 20;

type Call = fn(&Client, &CallOptions, &[u8]) -> Result<(), Error>;

/// A call of each kind, and one of each that sends 16 MiB.
const SMALL: [(&str, Call); 2] = [
    ("inference", |client, options, data| infer(client, options, &data[..4])),
    ("metadata", |client, options, _| client.model_metadata("m", "", options).map(drop)),
];
const SENDING: [(&str, Call); 2] = [("inference", infer), ("load", load)];

fn infer(client: &Client, options: &CallOptions, data: &[u8]) -> Result<(), Error> {
    let request = InferRequest::new("m").input_bytes("I", Datatype::Uint8, &[data.len() as i64], data);
    client.infer_with(&request, options).map(drop)
}

fn load(client: &Client, options: &CallOptions, data: &[u8]) -> Result<(), Error> {
    let mut load = RepositoryOptions::new();
    // Less of it: it is encoded by a build that is not optimised.
    load.set_config(Some("{}"))?.add_file("1/m", &data[..data.len() / 4])?;
    client.load_model("m", &load, options)
}

/// Makes each call and expects it to end in time, by its deadline.
fn expect_in_time(stage: &str, url: &str, calls: &[(&str, Call)]) {
    expect_by(stage, url, calls, &[]);
}

/// The same; but one of these statuses is right too, and then at any time before.
fn expect_by(stage: &str, url: &str, calls: &[(&str, Call)], others: &[Status]) {
    let data = vec![7; LARGE];
    let mut options = CallOptions::new();
    options.set_timeout(Some(DEADLINE)).unwrap();
    let mut failures = Vec::new();
    for (what, call) in calls {
        let what = format!("{stage}: {what} at {url}");
        note(&mut failures, &what, || {
            let mut quickest = Duration::MAX;
            for _ in 0..TRIES {
                // A new client each time: the stage is a connection's first.
                let client = Client::with_options(url, &ClientOptions::new()).unwrap();
                let start = Instant::now();
                let error = call(&client, &options, &data).expect_err(&what);
                let took = start.elapsed();
                if !others.contains(&error.status()) {
                    let said = (error.status(), error.origin());
                    assert_eq!(said, (Status::DeadlineExceeded, Origin::Client), "{error:?}");
                    assert!(took >= DEADLINE, "over after {took:?}");
                }
                quickest = quickest.min(took);
                if quickest <= DEADLINE + SLACK {
                    break;
                }
            }
            println!("{what}: {quickest:?}");
            assert!(quickest <= DEADLINE + SLACK, "over only after {quickest:?}");
        });
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Both protocols' URLs of an address.
fn both(address: SocketAddr) -> [String; 2] {
    ["http", "grpc"].map(|scheme| format!("{scheme}://{address}"))
}

/// A port whose backlog is full: connecting to it waits.
#[test]
fn a_deadline_holds_while_connecting() {
    let new = |flags| socket_with(AddressFamily::INET, SocketType::STREAM, flags, None).unwrap();
    let listener = new(SocketFlags::empty());
    bind(&listener, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    listen(&listener, 0).unwrap();
    let address = SocketAddr::try_from(getsockname(&listener).unwrap()).unwrap();
    // They take the backlog, and wait for more of it for as long as this test runs.
    let fillers: Vec<_> = (0..8)
        .map(|_| {
            let filler = new(SocketFlags::NONBLOCK);
            let _ = connect(&filler, &address);
            filler
        })
        .collect();
    let probe = TcpStream::connect_timeout(&address, Duration::from_millis(50));
    assert_eq!(probe.unwrap_err().kind(), io::ErrorKind::TimedOut, "the backlog is not full");
    for url in both(address) {
        expect_in_time("connecting", &url, &SMALL);
    }
    drop(fillers);
}

/// A server that accepts and never reads.
#[test]
fn a_deadline_holds_while_sending() {
    let server = silent();
    for url in both(server.address()) {
        expect_in_time("sending", &url, &SENDING);
    }
    // Over gRPC, also one whose windows are as wide as they can be, so that it is the socket that takes no more.
    let server = Wire::start(|_, stream| {
        let peer = Peer::accept(stream, &[(frame::INITIAL_WINDOW_SIZE, i32::MAX as u32)])?;
        peer.widen(0, i32::MAX as u32 - 65_535)?;
        // Ends when the client has gone, which is seen without reading.
        wait_for_end(stream)
    });
    expect_in_time("sending", &format!("grpc://{}", server.address()), &SENDING);
}

/// Waits until the peer has closed the connection, and reads nothing before.
fn wait_for_end(stream: &TcpStream) -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, poll};
    poll(&mut [PollFd::new(stream, PollFlags::RDHUP)], None)?;
    Ok(())
}

/// A server that reads the request and never responds.
#[test]
fn a_deadline_holds_while_waiting() {
    let http = Wire::start(|_, mut stream| io::copy(&mut stream, &mut io::sink()).map(drop));
    expect_in_time("waiting", &format!("http://{}", http.address()), &SMALL);
    let grpc = Wire::start(|_, stream| {
        let peer = Peer::accept(stream, &[])?;
        loop {
            peer.read_request()?;
        }
    });
    expect_in_time("waiting", &format!("grpc://{}", grpc.address()), &SMALL);
}

/// Sends a byte now and then, and reads whatever comes.
fn trickle(mut stream: &TcpStream, bytes: impl Iterator<Item = u8>) -> io::Result<()> {
    for byte in bytes {
        stream.write_all(&[byte])?;
        thread::sleep(TRICKLE);
    }
    Ok(())
}

#[test]
fn a_deadline_holds_while_a_response_trickles_in_over_http() {
    // What is sent at once, and what comes byte by byte behind it.
    for (stage, at_once, slowly) in [
        ("status line trickles", "", "HTTP/1.1 200 OK and a reason that goes on and on"),
        ("headers trickle", "HTTP/1.1 200 OK\r\n", "X: yyy\r\n"),
        ("body trickles", "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", " "),
        ("chunks trickle", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n"),
        ("a reason trickles", "HTTP/1.1 400 X\r\nContent-Length: 1000000\r\n\r\n", "y"),
    ] {
        let server = Wire::start(move |_, mut stream| {
            Request::read(&mut BufReader::new(stream), stream)?;
            stream.write_all(at_once.as_bytes())?;
            trickle(stream, slowly.bytes().cycle())
        });
        // A status is told with as much of its reason as came.
        let others = if at_once.contains("400") { &[Status::InvalidArgument][..] } else { &[] };
        expect_by(stage, &format!("http://{}", server.address()), &SMALL, others);
    }
}

/// What a server of gRPC sends without end once it has read the request, a byte now and then or as fast as it can.
fn without_end(trickles: bool, before: fn(&Peer, u32) -> io::Result<()>, piece: fn(u32) -> Vec<u8>) -> Wire {
    Wire::start(move |_, mut stream| {
        let peer = Peer::accept(stream, &[])?;
        let call = peer.read_request()?;
        before(&peer, call)?;
        let bytes = piece(call);
        thread::scope(|scope| {
            // Whatever the client says to it is read: else it could not go on saying it.
            scope.spawn(move || io::copy(&mut { stream }, &mut io::sink()));
            if trickles {
                return trickle(stream, bytes.iter().copied().cycle());
            }
            loop {
                stream.write_all(&bytes)?;
            }
        })
    })
}

/// A frame's bytes.
fn framed(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, size @ ..] = (payload.len() as u32).to_be_bytes();
    [&size[..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

#[test]
fn a_deadline_holds_while_a_response_trickles_in_over_grpc() {
    // A frame of headers that is announced with 16,000 bytes.
    let headers = without_end(
        true,
        |_, _| Ok(()),
        |call| framed(frame::HEADERS, frame::END_HEADERS, call, &[0; 16_000]),
    );
    expect_in_time("headers trickle", &format!("grpc://{}", headers.address()), &SMALL);
    // A message that is announced with 10,000 bytes, in one frame and in frames of a byte.
    let begin: fn(&Peer, u32) -> io::Result<()> = |peer, call| {
        peer.head(call, &[], false)?;
        // The prefix, and the beginning of a name that fills the message.
        peer.send(frame::DATA, 0, call, b"\0\0\0\x27\x10\x0a\x8d\x4e")
    };
    let body = without_end(true, begin, |call| framed(frame::DATA, 0, call, &[7; 9000]));
    expect_in_time("body trickles", &format!("grpc://{}", body.address()), &SMALL);
    let bytes = without_end(true, begin, |call| framed(frame::DATA, 0, call, &[7]));
    expect_in_time("body trickles in frames", &format!("grpc://{}", bytes.address()), &SMALL);
}

#[test]
fn a_deadline_holds_against_a_flood_of_frames() {
    type Piece = fn(u32) -> Vec<u8>;
    let floods: [(&str, Piece); 3] = [
        ("PING", |_| framed(frame::PING, 0, 0, &[0; 8]).repeat(1000)),
        ("empty DATA", |call| framed(frame::DATA, 0, call, b"").repeat(1000)),
        ("frames of the future", |_| framed(frame::OF_THE_FUTURE, 0, 0, b"").repeat(1000)),
    ];
    for (what, piece) in floods {
        let server = without_end(false, |peer, call| peer.head(call, &[], false), piece);
        // Refusing a flood is right too.
        let others = [Status::Unavailable, Status::Internal, Status::ResourceExhausted];
        expect_by(what, &format!("grpc://{}", server.address()), &SMALL, &others);
    }
}

/// Over HTTP: interim responses without end.
#[test]
fn a_deadline_holds_against_a_flood_of_interim_responses() {
    let server = Wire::start(|_, mut stream| {
        Request::read(&mut BufReader::new(stream), stream)?;
        let interim = b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100);
        loop {
            stream.write_all(&interim)?;
        }
    });
    // Refusing so many of them is right too.
    let others = [Status::Internal, Status::ResourceExhausted];
    expect_by("interim responses", &format!("http://{}", server.address()), &SMALL, &others);
}

/// A blocking receive is late by up to an eighth of its limit: for long deadlines that is far more than for short ones.
#[test]
fn a_longer_deadline_is_held_as_closely() {
    let server = silent();
    let deadline = Duration::from_millis(2500);
    let mut options = CallOptions::new();
    options.set_timeout(Some(deadline)).unwrap();
    let late = |url: &str| {
        let client = Client::new(url).unwrap();
        let start = Instant::now();
        infer(&client, &options, &[0; 4]).unwrap_err();
        start.elapsed()
    };
    thread::scope(|scope| {
        let (late, urls) = (&late, both(server.address()));
        // Several beside each other: the quickest of a protocol counts.
        let calls = urls.map(|url| {
            [0; 3].map(|_| {
                scope.spawn({
                    let url = url.clone();
                    move || late(&url)
                })
            })
        });
        for calls in calls {
            let quickest = calls.map(|call| call.join().unwrap()).into_iter().min().unwrap();
            assert!((deadline..=deadline + SLACK).contains(&quickest), "{quickest:?}");
        }
    });
}

/// How a server of gRPC says that it saw the deadline pass.
type Word = &'static [(&'static str, &'static str)];

const EARLY_WORDS: [Word; 3] = [
    &[("grpc-status", "4"), ("grpc-message", "Deadline Exceeded")],
    &[("grpc-status", "1"), ("grpc-message", "Timeout expired")],
    &[("grpc-status", "1")],
];

/// The server hears of the deadline, and may be a little early; its pause is the case.
#[test]
fn a_server_that_is_the_first_to_see_the_deadline_pass_says_what_the_client_would() {
    const TIMEOUT: Duration = Duration::from_secs(1);
    let mut options = CallOptions::new();
    options.set_timeout(Some(TIMEOUT)).unwrap();
    // In headers, in trailers, and as a reset.
    for (word, form) in EARLY_WORDS.into_iter().flat_map(|word| [(word, 0), (word, 1)]).chain([(&[][..], 2)])
    {
        for is_early in [true, false] {
            let server = Cases::grpc(move |turn| {
                let start = Instant::now();
                while !is_early && start.elapsed() < TIMEOUT * 97 / 100 {
                    thread::sleep(Duration::from_millis(1));
                }
                match form {
                    0 => turn.peer.head(turn.stream, word, true),
                    1 => {
                        turn.peer.head(turn.stream, &[], false)?;
                        turn.peer.headers(turn.stream, word, true)
                    }
                    _ => turn.peer.reset(turn.stream, h2::Reason::CANCEL),
                }
            });
            let client = Client::new(&format!("grpc://{}", server.address())).unwrap();
            for (kind, call) in SMALL {
                let what = format!("{kind}, {word:?} in form {form}, early: {is_early}");
                let error = call(&client, &options, &[0; 4]).expect_err(&what);
                let is_own = (error.status(), error.origin()) == (Status::DeadlineExceeded, Origin::Client);
                // What comes long before the deadline is the server's own.
                assert_eq!(is_own, !is_early, "{what}: {error:?}");
                assert_eq!(
                    is_own,
                    error.full_message().contains("no response within 1s"),
                    "{what}: {error:?}"
                );
                assert!(error.is_in_doubt() && (is_early || error.is_retryable()), "{what}: {error:?}");
            }
        }
    }
}

#[test]
fn one_timeout_has_one_origin_whoever_sees_it_pass_first() {
    if is_embedded() {
        return;
    }
    let client = Client::new(&format!("grpc://{}", server().grpc)).unwrap();
    let mut options = CallOptions::new();
    options.set_timeout(Some(Duration::from_millis(60))).unwrap();
    for _ in 0..25 {
        let request = InferRequest::new("slow").input("DELAY_MS", &[1], &[150u32]);
        let error = client.infer_with(&request, &options).unwrap_err();
        let said = (error.status(), error.origin(), error.is_in_doubt(), error.is_retryable());
        assert_eq!(said, (Status::DeadlineExceeded, Origin::Client, true, true), "{error:?}");
        assert!(error.full_message().contains("no response within 60ms"), "{error:?}");
    }
}
