//! A deadline ends a call at most 30 ms late at every stage, over both protocols, for inference and
//! control plane. Name resolution is not covered: making it hang would require changing the machine's
//! configuration.

use std::{
    io::{self, BufReader, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use triton_client::{
    CallOptions, Client, ClientOptions, Datatype, Error, InferRequest, Origin, RepositoryOptions, Status,
};

use crate::{
    misbehaving::note,
    modes::{MODES, Mode},
    server::{is_embedded, server},
    support::{
        fault::{Backlog, Cases, Peer, Request, Wire, frame, refused_address, silent},
        tls,
    },
};

const DEADLINE: Duration = Duration::from_millis(300);
const SLACK: Duration = Duration::from_millis(30);
/// The maximum number of attempts, of which one must end in time: the machine may be busy.
const TRIES: usize = 20;
/// The pause between bytes of a slow response.
const PAUSE: Duration = Duration::from_millis(20);
/// More than the socket buffers of both ends hold, about 4.2 MB; five eighths of it are too.
const LARGE: usize = 8 << 20;

type Call = fn(&Client, &CallOptions, &[u8]) -> Result<(), Error>;

/// A call of each kind, and one of each that sends more than the socket buffers hold.
const SMALL: [(&str, Call); 3] = [
    ("inference", |client, options, data| infer(client, options, &data[..4])),
    ("asynchronous inference", |client, options, data| infer_async(client, options, &data[..4])),
    ("metadata", |client, options, _| client.model_metadata("m", "", options).map(drop)),
];
const SENDING: [(&str, Call); 3] =
    [("inference", infer), ("asynchronous inference", infer_async), ("load", load)];

fn infer(client: &Client, options: &CallOptions, data: &[u8]) -> Result<(), Error> {
    let request = InferRequest::new("m").input_bytes("I", Datatype::Uint8, &[data.len() as i64], data);
    client.infer_with(&request, options).map(drop)
}

fn infer_async(client: &Client, options: &CallOptions, data: &[u8]) -> Result<(), Error> {
    let mut request = InferRequest::new("m");
    let input = request.add_input("I", Datatype::Uint8, &[data.len() as i64])?;
    request.input_mut(input)?.append_data_copy(data);
    Mode::Async.infer(client, &request, options).map(drop)
}

fn load(client: &Client, options: &CallOptions, data: &[u8]) -> Result<(), Error> {
    let mut load = RepositoryOptions::new();
    // Less data, since encoding it is slow without optimization.
    load.set_config(Some("{}"))?.add_file("1/m", &data[..data.len() / 8 * 5])?;
    client.load_model("m", &load, options)
}

/// Makes each call and expects DEADLINE_EXCEEDED in time.
fn expect_in_time(stage: &str, url: &str, calls: &[(&str, Call)]) {
    expect_in_time_or(stage, url, calls, &[]);
}

/// As [`expect_in_time`], but also allows the other statuses, at any time before the deadline.
fn expect_in_time_or(stage: &str, url: &str, calls: &[(&str, Call)], others: &[Status]) {
    let data = vec![7; LARGE];
    let refused = format!("{}://{}", url.split(':').next().unwrap(), refused_address());
    // Without optimization, the bytes of a flood take long to decrypt.
    let slack = if tls::is_on() { 3 * SLACK } else { SLACK };
    let mut failures = Vec::new();
    for (what, call) in calls {
        let what = format!("{stage}: {what} at {url}");
        note(&mut failures, &what, || {
            let mut lateness = Duration::MAX;
            for _ in 0..TRIES {
                // Requests are encoded before connecting. Without optimization, or on a busy machine, that
                // takes most of 300 ms for a large one.
                let start = Instant::now();
                call(&Client::new(&refused).unwrap(), &CallOptions::new(), &data).unwrap_err();
                let timeout = DEADLINE.max(start.elapsed() * 4);
                let mut options = CallOptions::new();
                options.set_timeout(Some(timeout)).unwrap();
                // A new client for each attempt, so that the connection is new.
                let client = Client::with_options(url, &ClientOptions::new()).unwrap();
                let start = Instant::now();
                let error = call(&client, &options, &data).expect_err(&what);
                let took = start.elapsed();
                if others.contains(&error.status()) {
                    lateness = lateness.min(took.saturating_sub(timeout));
                } else {
                    let properties = (error.status(), error.origin());
                    assert_eq!(properties, (Status::DeadlineExceeded, Origin::Client), "{error:?}");
                    assert!(took >= timeout, "ended after {took:?}");
                    if stage == "connecting" || !error.full_message().contains("(connecting)") {
                        lateness = lateness.min(took - timeout);
                    }
                }
                if lateness <= slack {
                    break;
                }
            }
            println!("{what}: {lateness:?}");
            assert!(lateness <= slack, "ended {lateness:?} after the deadline");
        });
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Returns the URLs of an address for both protocols.
fn both(address: SocketAddr) -> [String; 2] {
    ["http", "grpc"].map(|scheme| url!("{scheme}://{address}"))
}

/// Connects to a port whose backlog is full.
#[test]
fn a_deadline_holds_while_connecting() {
    let mut port = Backlog::new();
    port.fill();
    for url in both(port.address()) {
        expect_in_time("connecting", &url, &SMALL);
    }
}

/// A server that accepts and never reads.
#[test]
fn a_deadline_holds_while_sending() {
    let server = silent();
    for url in both(server.address()) {
        expect_in_time("sending", &url, &SENDING);
    }
    // Over gRPC, also with the largest windows, so that the socket blocks and not flow control.
    let server = Wire::start(|_, stream| {
        let peer = Peer::accept(stream, &[(frame::INITIAL_WINDOW_SIZE, i32::MAX as u32)])?;
        peer.window_update(0, i32::MAX as u32 - 65_535)?;
        wait_for_end(stream)
    });
    expect_in_time("sending", &url!("grpc://{}", server.address()), &SENDING);
}

/// Waits without reading until the peer closes the connection.
fn wait_for_end(stream: &TcpStream) -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, poll};
    poll(&mut [PollFd::new(stream, PollFlags::RDHUP)], None)?;
    Ok(())
}

/// A server that reads the request and never responds.
#[test]
fn a_deadline_holds_while_waiting() {
    let http = Wire::start(|_, mut stream| io::copy(&mut stream, &mut io::sink()).map(drop));
    expect_in_time("waiting", &url!("http://{}", http.address()), &SMALL);
    let grpc = Wire::start(|_, stream| {
        let peer = Peer::accept(stream, &[])?;
        loop {
            peer.read_request()?;
        }
    });
    expect_in_time("waiting", &url!("grpc://{}", grpc.address()), &SMALL);
}

/// Sends bytes with a pause after each.
fn send_slowly(mut stream: &TcpStream, bytes: impl Iterator<Item = u8>) -> io::Result<()> {
    for byte in bytes {
        stream.write_all(&[byte])?;
        thread::sleep(PAUSE);
    }
    Ok(())
}

#[test]
fn a_deadline_holds_during_a_slow_response_over_http() {
    // The bytes that are sent immediately, and those that follow slowly.
    for (stage, immediate, slowly) in [
        ("slow status line", "", "HTTP/1.1 200 OK and a reason phrase without end"),
        ("slow headers", "HTTP/1.1 200 OK\r\n", "X: yyy\r\n"),
        ("slow body", "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", " "),
        ("slow chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n"),
        ("slow error page", "HTTP/1.1 400 X\r\nContent-Length: 1000000\r\n\r\n", "y"),
    ] {
        let server = Wire::start(move |_, mut stream| {
            Request::read(&mut BufReader::new(stream), stream)?;
            stream.write_all(immediate.as_bytes())?;
            send_slowly(stream, slowly.bytes().cycle())
        });
        // An error status is reported with the part of its page that has arrived.
        let others = if immediate.contains("400") { &[Status::InvalidArgument][..] } else { &[] };
        expect_in_time_or(stage, &url!("http://{}", server.address()), &SMALL, others);
    }
}

/// Starts a gRPC server that reads a request and repeats a chunk of bytes without end, slowly or as fast as
/// it can.
fn endless(is_slow: bool, before: fn(&Peer, u32) -> io::Result<()>, chunk: fn(u32) -> Vec<u8>) -> Wire {
    Wire::start(move |_, mut stream| {
        let peer = Peer::accept(stream, &[])?;
        let call = peer.read_request()?;
        before(&peer, call)?;
        let bytes = chunk(call);
        thread::scope(|scope| {
            // Reads acknowledgements, so that the client is not blocked on sending them.
            scope.spawn(move || io::copy(&mut { stream }, &mut io::sink()));
            if is_slow {
                return send_slowly(stream, bytes.iter().copied().cycle());
            }
            loop {
                stream.write_all(&bytes)?;
            }
        })
    })
}

/// Returns an encoded frame.
fn framed(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, size @ ..] = (payload.len() as u32).to_be_bytes();
    [&size[..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

#[test]
fn a_deadline_holds_during_a_slow_response_over_grpc() {
    // A HEADERS frame of 16,000 bytes.
    let headers =
        endless(true, |_, _| Ok(()), |call| framed(frame::HEADERS, frame::END_HEADERS, call, &[0; 16_000]));
    expect_in_time("slow headers", &url!("grpc://{}", headers.address()), &SMALL);
    // A message of 10,000 bytes, in one frame and in frames of one byte.
    let begin: fn(&Peer, u32) -> io::Result<()> = |peer, call| {
        peer.response_headers(call, &[], false)?;
        // The prefix, and the head of a name as long as the message.
        peer.send(frame::DATA, 0, call, b"\0\0\0\x27\x10\x0a\x8d\x4e")
    };
    let body = endless(true, begin, |call| framed(frame::DATA, 0, call, &[7; 9000]));
    expect_in_time("slow body", &url!("grpc://{}", body.address()), &SMALL);
    let bytes = endless(true, begin, |call| framed(frame::DATA, 0, call, &[7]));
    expect_in_time("slow body in small frames", &url!("grpc://{}", bytes.address()), &SMALL);
}

#[test]
fn a_deadline_holds_against_a_flood_of_frames() {
    type Chunk = fn(u32) -> Vec<u8>;
    let floods: [(&str, Chunk); 3] = [
        ("PING", |_| framed(frame::PING, 0, 0, &[0; 8]).repeat(1000)),
        ("empty DATA", |call| framed(frame::DATA, 0, call, b"").repeat(1000)),
        ("frames of an unknown type", |_| framed(frame::OF_THE_FUTURE, 0, 0, b"").repeat(1000)),
    ];
    for (what, chunk) in floods {
        let server = endless(false, |peer, call| peer.response_headers(call, &[], false), chunk);
        // The client may refuse the flood.
        let others = [Status::Unavailable, Status::Internal, Status::ResourceExhausted];
        expect_in_time_or(what, &url!("grpc://{}", server.address()), &SMALL, &others);
    }
}

#[test]
fn a_deadline_holds_against_a_flood_of_interim_responses() {
    let server = Wire::start(|_, mut stream| {
        Request::read(&mut BufReader::new(stream), stream)?;
        let interim = b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(100);
        loop {
            stream.write_all(&interim)?;
        }
    });
    // The client may refuse the flood.
    let others = [Status::Internal, Status::ResourceExhausted];
    expect_in_time_or("interim responses", &url!("http://{}", server.address()), &SMALL, &others);
}

/// SO_RCVTIMEO may be late by an eighth, which for long deadlines is far more than the slack.
#[test]
fn a_long_deadline_is_as_accurate_as_a_short_one() {
    let server = silent();
    let deadline = Duration::from_millis(2500);
    let mut options = CallOptions::new();
    options.set_timeout(Some(deadline)).unwrap();
    let time_out = |url: &str, call: Call| {
        let client = Client::new(url).unwrap();
        let start = Instant::now();
        call(&client, &options, &[0; 4]).unwrap_err();
        start.elapsed()
    };
    thread::scope(|scope| {
        let time_out = &time_out;
        // Several concurrent calls, of which the quickest counts.
        let several = |url: &String, call: Call| {
            [0; 3].map(|_| {
                let url = url.clone();
                scope.spawn(move || time_out(&url, call))
            })
        };
        let urls = both(server.address());
        let calls = urls.each_ref().map(|url| [several(url, infer), several(url, infer_async)]);
        for calls in calls.into_iter().flatten() {
            let quickest = calls.map(|call| call.join().unwrap()).into_iter().min().unwrap();
            assert!((deadline..=deadline + SLACK).contains(&quickest), "{quickest:?}");
        }
    });
}

type Headers = &'static [(&'static str, &'static str)];

/// How gRPC servers report that the deadline has passed.
const TIMED_OUT: [Headers; 3] = [
    &[("grpc-status", "4"), ("grpc-message", "Deadline Exceeded")],
    &[("grpc-status", "1"), ("grpc-message", "Timeout expired")],
    &[("grpc-status", "1")],
];

/// The server knows the deadline from `grpc-timeout`, and may be slightly early.
#[test]
fn a_deadline_that_the_server_reports_is_the_clients_own_error() {
    const TIMEOUT: Duration = Duration::from_secs(1);
    let mut options = CallOptions::new();
    options.set_timeout(Some(TIMEOUT)).unwrap();
    // In headers, in trailers, and as a reset.
    let forms = TIMED_OUT.into_iter().flat_map(|status| [(status, 0), (status, 1)]).chain([(&[][..], 2)]);
    for (status, form) in forms {
        for is_early in [true, false] {
            let server = Cases::grpc(move |turn| {
                let start = Instant::now();
                while !is_early && start.elapsed() < TIMEOUT * 97 / 100 {
                    thread::sleep(Duration::from_millis(1));
                }
                match form {
                    0 => turn.peer.response_headers(turn.stream, status, true),
                    1 => {
                        turn.peer.response_headers(turn.stream, &[], false)?;
                        turn.peer.headers(turn.stream, status, true)
                    }
                    _ => turn.peer.reset(turn.stream, h2::Reason::CANCEL),
                }
            });
            let client = Client::new(&url!("grpc://{}", server.address())).unwrap();
            for (kind, call) in SMALL {
                let what = format!("{kind}, {status:?} in form {form}, early: {is_early}");
                let error = call(&client, &options, &[0; 4]).expect_err(&what);
                let is_own = (error.status(), error.origin()) == (Status::DeadlineExceeded, Origin::Client);
                // Long before the deadline, the status is the server's own.
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
fn a_timeout_has_the_same_origin_whether_the_client_or_the_server_reports_it() {
    if is_embedded() {
        return;
    }
    let client = Client::new(&server().grpc_url()).unwrap();
    let mut options = CallOptions::new();
    options.set_timeout(Some(Duration::from_millis(60))).unwrap();
    for mode in MODES.into_iter().flat_map(|mode| [mode; 25]) {
        static DELAY: [u32; 1] = [150];
        let request = InferRequest::new("slow").input("DELAY_MS", &[1], &DELAY);
        let error = mode.infer(&client, &request, &options).unwrap_err();
        let properties = (error.status(), error.origin(), error.is_in_doubt(), error.is_retryable());
        assert_eq!(properties, (Status::DeadlineExceeded, Origin::Client, true, true), "{error:?}");
        assert!(error.full_message().contains("no response within 60ms"), "{error:?}");
    }
}
