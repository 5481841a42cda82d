//! Server behaviour that HTTP/2 and gRPC allow, and behaviour that they do not.

use std::{
    io::{self, Write},
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use h2::Reason;
use triton_client::{
    CallOptions, Client, ClientOptions, Datatype, Error, InferRequest, InferResult, Origin, Status,
};

use crate::support::{
    fault::{Gate, Grpc, GrpcResponse, Peer, Wire, frame, wait_until_ended},
    grpc,
};

/// Returns a `ModelInferResponse` with the model name "m" and one output.
fn message() -> Vec<u8> {
    let output = [&b"\x0a\x01O\x12\x05UINT8\x1a\x01"[..], &[8]].concat();
    [&b"\x0a\x01m\x2a"[..], &[output.len() as u8], &output, b"\x32\x08", &[7; 8]].concat()
}

fn client(address: std::net::SocketAddr) -> Client {
    Client::new(&url!("grpc://{address}")).unwrap()
}

fn infer(client: &Client) -> Result<InferResult, Error> {
    let mut options = CallOptions::new();
    options.set_timeout(Some(Duration::from_secs(20))).unwrap();
    client.infer_with(&InferRequest::new("m").input("I", &[4], &[1i32; 4]), &options)
}

fn expect_message(result: &InferResult) {
    assert_eq!((result.model_name(), result.output("O").unwrap().data()), ("m", &[7; 8][..]));
}

#[test]
fn a_message_may_be_split_into_frames_of_any_size() {
    for sizes in [vec![1], vec![3, 1, 0, 7], vec![5], vec![4, 2], vec![0, 6], vec![1000]] {
        let bytes = grpc::frame(&message());
        let (mut rest, mut frames) = (&bytes[..], Vec::new());
        for size in sizes.iter().cycle() {
            let (first, next) = rest.split_at(rest.len().min(*size));
            frames.push(first.to_vec());
            rest = next;
            if rest.is_empty() {
                break;
            }
        }
        let server = Wire::start(move |_, stream| {
            let peer = Peer::accept(stream, &[])?;
            loop {
                let stream = peer.read_request()?;
                peer.response_headers(stream, &[], false)?;
                for data in &frames {
                    peer.send(frame::PING, 0, 0, &[0; 8])?;
                    peer.send(frame::DATA, 0, stream, data)?;
                }
                peer.headers(stream, &[("grpc-status", "0")], true)?;
            }
        });
        let client = client(server.address());
        expect_message(&infer(&client).unwrap());
        expect_message(&infer(&client).unwrap());
        assert_eq!(server.connections(), 1, "{sizes:?}");
    }
}

#[test]
fn an_invalid_response_is_an_error_with_the_reason() {
    use Status::{Internal, ResourceExhausted, Unavailable};
    type Serve = fn(&Peer, u32) -> io::Result<()>;
    let cases: [(&str, Status, &str, Serve); 9] = [
        ("compressed", Internal, "compressed", |peer, stream| {
            peer.response_headers(stream, &[], false)?;
            peer.send(frame::DATA, 0, stream, b"\x01\0\0\0\x01x")?;
            peer.headers(stream, &[("grpc-status", "0")], true)
        }),
        ("compressed with gzip", Internal, "gzip", |peer, stream| {
            peer.response_headers(stream, &[("grpc-encoding", "gzip")], false)?;
            peer.send(frame::DATA, 0, stream, b"\x01\0\0\0\x01x")?;
            peer.headers(stream, &[("grpc-status", "0")], true)
        }),
        ("4 GiB", ResourceExhausted, "4294967295", |peer, stream| {
            peer.response_headers(stream, &[], false)?;
            peer.send(frame::DATA, 0, stream, b"\0\xff\xff\xff\xffx")
        }),
        ("two messages", Internal, "trailing data", |peer, stream| {
            peer.response_headers(stream, &[], false)?;
            peer.send(frame::DATA, 0, stream, &grpc::frame(&message()))?;
            peer.send(frame::DATA, 0, stream, &grpc::frame(&message()))?;
            peer.headers(stream, &[("grpc-status", "0")], true)
        }),
        ("half a message", Internal, "bytes are missing", |peer, stream| {
            peer.response_headers(stream, &[], false)?;
            peer.send(frame::DATA, 0, stream, &grpc::frame(&message())[..20])?;
            peer.headers(stream, &[("grpc-status", "0")], true)
        }),
        ("half a prefix", Internal, "missing message", |peer, stream| {
            peer.response_headers(stream, &[], false)?;
            peer.send(frame::DATA, 0, stream, &[0, 0])?;
            peer.headers(stream, &[("grpc-status", "0")], true)
        }),
        ("no message", Internal, "gRPC", |peer, stream| {
            peer.response_headers(stream, &[("grpc-status", "0")], true)
        }),
        ("no status", Internal, "missing status", |peer, stream| {
            peer.response_headers(stream, &[], false)?;
            peer.send(frame::DATA, frame::END_STREAM, stream, &grpc::frame(&message()))
        }),
        ("reset in mid-message", Unavailable, "", |peer, stream| {
            peer.response_headers(stream, &[], false)?;
            peer.send(frame::DATA, 0, stream, &grpc::frame(&message())[..20])?;
            peer.reset(stream, Reason::INTERNAL_ERROR)
        }),
    ];
    for (name, status, hint, serve) in cases {
        let server = Wire::start(move |number, stream| {
            let peer = Peer::accept(stream, &[])?;
            if number == 0 {
                serve(&peer, peer.read_request()?)?;
            }
            // Later requests get a valid response.
            loop {
                peer.reply(peer.read_request()?, &message())?;
            }
        });
        let client = client(server.address());
        let error = infer(&client).unwrap_err();
        assert_eq!((error.status(), error.is_in_doubt()), (status, true), "{name}: {error:?}");
        assert!(error.full_message().contains(hint), "{name}: {error:?}");
        expect_message(&infer(&client).unwrap());
        // A connection is not reused after a malformed response.
        assert_eq!(server.connections(), if status == Internal { 2 } else { 1 }, "{name}");
    }
}

#[test]
fn a_message_that_exceeds_the_limit_is_refused_by_its_prefix() {
    let server =
        Grpc::start(|_, _| GrpcResponse::Raw { frames: vec![b"\0\0\0\x03\xe9".to_vec()], trailers: vec![] });
    let mut options = ClientOptions::new();
    options.set_max_message_byte_size(1000).unwrap();
    let client = Client::with_options(&url!("grpc://{}", server.address()), &options).unwrap();
    let error = infer(&client).unwrap_err();
    let said = (error.status(), error.origin(), error.is_in_doubt());
    assert_eq!(said, (Status::ResourceExhausted, Origin::Client, true), "{error:?}");
    assert!(error.full_message().contains("1001 bytes"), "{error:?}");
}

#[test]
fn the_typed_contents_of_a_response_are_limited() {
    // An output of UINT8 as typed contents: 600 numbers in 600 bytes.
    let contents = [&b"\x22\xd8\x04"[..], &[7; 600]].concat();
    let output = |name: u8| {
        let head = [b"\x0a\x01", &[name][..], b"\x12\x05UINT8\x1a\x02\xd8\x04"].concat();
        let output = [&head[..], b"\x2a", &varint(contents.len()), &contents].concat();
        assert_eq!(output.len(), contents.len() + 17);
        [b"\x2a", &varint(output.len())[..], &output].concat()
    };
    // Two outputs: the limit is for their sum.
    let message = [&b"\x0a\x01m"[..], &output(b'O'), &output(b'P')].concat();
    let server = Grpc::start(move |_, _| GrpcResponse::Reply {
        messages: vec![message.clone()],
        status: grpc::OK,
        message: String::new(),
    });
    for (limit, is_exceeded) in [(4 * 1300, false), (4 * 1000, true)] {
        let mut options = ClientOptions::new();
        options.set_max_decompressed_byte_size(limit).unwrap();
        let outcome = infer(&Client::with_options(&url!("grpc://{}", server.address()), &options).unwrap());
        match outcome {
            Ok(result) => assert!(!is_exceeded && result.output("O").unwrap().data() == [7; 600]),
            Err(error) => {
                let said = (error.status(), error.origin(), error.is_in_doubt());
                let expected = (Status::ResourceExhausted, Origin::Client, true);
                assert!(is_exceeded && said == expected, "{error:?}");
            }
        }
    }
}

fn varint(number: usize) -> Vec<u8> {
    match u8::try_from(number) {
        Ok(number @ 0..0x80) => vec![number],
        _ => [vec![(number as u8) | 0x80], varint(number >> 7)].concat(),
    }
}

#[test]
fn a_shape_of_too_many_dimensions_is_refused() {
    let shape = [&b"\x1a"[..], &varint(1100), &[1; 1100]].concat();
    let output = [&b"\x0a\x01O\x12\x05UINT8"[..], &shape].concat();
    let message = [&b"\x2a"[..], &varint(output.len()), &output, b"\x32\x01\x07"].concat();
    let error = InferResult::from_grpc_message(&message).unwrap_err();
    assert!(error.status() == Status::Internal && error.to_string().contains("1100 dim"), "{error:?}");
}

/// Sends frames of an unknown type, which clients ignore, until the connection ends.
pub(crate) fn flood(mut stream: &std::net::TcpStream) -> io::Result<()> {
    thread::scope(|scope| {
        scope.spawn(move || io::copy(&mut stream, &mut io::sink()));
        // Many per write, which is faster than they can be read.
        let frames = [0, 0, 0, frame::OF_THE_FUTURE, 0, 0, 0, 0, 0].repeat(100_000);
        loop {
            stream.write_all(&frames)?;
        }
    })
}

#[test]
fn a_flood_of_frames_delays_no_call_beyond_its_deadline() {
    let server = Wire::start(|_, stream| {
        let peer = Peer::accept(stream, &[])?;
        peer.read_request()?;
        flood(stream)
    });
    let mut options = CallOptions::new();
    options.set_timeout(Some(Duration::from_millis(300))).unwrap();
    let start = Instant::now();
    let error = client(server.address()).infer_with(&InferRequest::new("m"), &options).unwrap_err();
    assert_eq!(error.status(), Status::DeadlineExceeded, "{error:?}");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());

    // Also on an idle connection: the next call checks it and opens another.
    let server = Wire::start(|number, stream| {
        let peer = Peer::accept(stream, &[])?;
        peer.reply(peer.read_request()?, &message())?;
        match number {
            0 => flood(stream),
            _ => peer.read_request().map(drop),
        }
    });
    let client = client(server.address());
    expect_message(&infer(&client).unwrap());
    // Connections are checked after an idle time of 100 ms.
    thread::sleep(Duration::from_millis(150));
    let start = Instant::now();
    // The frames may not have arrived by the end of the check.
    let _ = client.infer_with(&InferRequest::new("m"), &options);
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn an_abandoned_response_is_reset() {
    let reset = Arc::new(Gate::default());
    let received = reset.clone();
    let server = Wire::start(move |_, stream| {
        let peer = Peer::accept(stream, &[])?;
        let call = peer.read_request()?;
        peer.response_headers(call, &[], false)?;
        // A message that exceeds any limit and never ends.
        peer.send(frame::DATA, 0, call, b"\0\xff\xff\xff\xffx")?;
        loop {
            let read = peer.read()?;
            if read.kind == frame::RST_STREAM && read.stream == call {
                received.open();
            }
        }
    });
    let client = client(server.address());
    assert_eq!(infer(&client).unwrap_err().status(), Status::ResourceExhausted);
    assert!(reset.wait(), "no RST_STREAM was sent");
}

#[test]
fn the_message_of_a_status_is_decoded_and_a_status_may_follow_a_message() {
    let text = "gr\u{fc}n\n100%\n";
    for messages in [vec![], vec![message()]] {
        let server = Grpc::start(move |_, _| GrpcResponse::Reply {
            messages: messages.clone(),
            status: grpc::NOT_FOUND,
            message: text.to_owned(),
        });
        let error = infer(&client(server.address())).unwrap_err();
        assert_eq!((error.status(), error.origin()), (Status::NotFound, Origin::Server), "{error:?}");
        assert!(error.full_message().contains(": gr\u{fc}n 100% (gRPC"), "{error:?}");
    }
}

#[test]
fn a_server_that_allows_one_stream_at_a_time_gets_more_connections() {
    const THREADS: usize = 4;
    let barrier = Arc::new(Barrier::new(THREADS));
    let all_received = barrier.clone();
    let server = Wire::start(move |_, stream| {
        let peer = Peer::accept(stream, &[(frame::MAX_CONCURRENT_STREAMS, 1)])?;
        let first = peer.read_request()?;
        // All requests arrive before the first response.
        all_received.wait();
        peer.reply(first, &message())?;
        loop {
            peer.reply(peer.read_request()?, &message())?;
        }
    });
    let client = client(server.address());
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| (0..10).for_each(|_| expect_message(&infer(&client).unwrap())));
        }
    });
    assert_eq!(server.connections(), THREADS);
}

/// How a server ends a connection that has carried one call.
#[derive(Clone, Copy, Debug)]
enum Shutdown {
    /// GOAWAY with the response.
    GoAway,
    /// The same, and closes the connection.
    GoAwayThenClose,
    /// GOAWAY when the next request arrives, which it does not process.
    LateGoAway,
    LateGoAwayThenClose,
    /// Without GOAWAY.
    Close,
}

#[test]
fn a_call_that_the_server_has_not_processed_is_retried_on_another_connection() {
    use Shutdown::*;
    for shutdown in [GoAway, GoAwayThenClose, LateGoAway, LateGoAwayThenClose, Close] {
        let served = Arc::new(AtomicUsize::new(0));
        let count = served.clone();
        let server = Wire::start(move |_, stream| {
            let peer = Peer::accept(stream, &[])?;
            let first = peer.read_request()?;
            count.fetch_add(1, Ordering::SeqCst);
            if matches!(shutdown, GoAway | GoAwayThenClose) {
                peer.go_away(first)?;
            }
            peer.reply(first, &message())?;
            if matches!(shutdown, GoAwayThenClose | Close) {
                return Ok(());
            }
            peer.read_request()?;
            peer.go_away(first)?;
            if matches!(shutdown, LateGoAwayThenClose) {
                return Ok(());
            }
            loop {
                peer.read()?;
            }
        });
        let client = client(server.address());
        for calls in 1..4 {
            let result = infer(&client).unwrap_or_else(|error| panic!("{shutdown:?}: {error:?}"));
            expect_message(&result);
            let counts = (served.load(Ordering::SeqCst), server.connections());
            assert_eq!(counts, (calls, calls), "{shutdown:?}");
            if matches!(shutdown, Close) {
                // Connections are checked after an idle time of 100 ms.
                thread::sleep(Duration::from_millis(150));
                wait_until_ended(server.address());
            }
        }
    }
}

#[test]
fn a_refusal_of_a_complete_request_is_in_doubt_and_ends_the_call() {
    let server = Wire::start(|number, stream| {
        let peer = Peer::accept(stream, &[])?;
        if number == 0 {
            peer.reply(peer.read_request()?, &message())?;
        }
        loop {
            peer.reset(peer.read_request()?, Reason::REFUSED_STREAM)?;
        }
    });
    let client = client(server.address());
    expect_message(&infer(&client).unwrap());
    let error = infer(&client).unwrap_err();
    assert_eq!((error.status(), error.is_in_doubt()), (Status::Unavailable, true), "{error:?}");
    assert!(error.is_retryable());
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_request_arrives_complete_through_windows_of_any_size() {
    let data: Vec<u8> = (0..3000).map(|i| (i * 37 % 251) as u8).collect();
    for by in [1, 7, 1000] {
        let expected = data.clone();
        let server = Wire::start(move |_, stream| {
            let peer = Peer::accept(stream, &[(frame::INITIAL_WINDOW_SIZE, 0)])?;
            let mut body = Vec::new();
            loop {
                let read = peer.read()?;
                if !matches!(read.kind, frame::HEADERS | frame::DATA) {
                    continue;
                }
                body.extend_from_slice(if read.kind == frame::DATA { &read.payload } else { &[] });
                if read.ends_stream() {
                    // The tensor is at the end of the message.
                    let is_complete = body.ends_with(&expected);
                    body.clear();
                    peer.reply(read.stream, if is_complete { b"\x0a\x01m" } else { b"" })?;
                } else {
                    peer.window_update(read.stream, by)?;
                }
            }
        });
        let client = client(server.address());
        let mut request = InferRequest::new("m");
        let input = request.add_input("I", Datatype::Uint8, &[data.len() as i64]).unwrap();
        data.chunks(13).for_each(|piece| request.input_mut(input).unwrap().append_data(piece));
        for _ in 0..2 {
            assert_eq!(client.infer(&request).unwrap().model_name(), "m", "{by}");
        }
    }
}

#[test]
fn a_request_is_not_retried_once_a_response_has_begun_even_after_a_goaway() {
    let served = Arc::new(AtomicUsize::new(0));
    let count = served.clone();
    let server = Wire::start(move |_, stream| {
        let peer = Peer::accept(stream, &[])?;
        let call = peer.read_request()?;
        count.fetch_add(1, Ordering::SeqCst);
        peer.response_headers(call, &[], false)?;
        peer.send(frame::DATA, 0, call, &grpc::frame(&message())[..10])?;
        peer.go_away(0)?;
        loop {
            peer.read()?;
        }
    });
    let error = infer(&client(server.address())).unwrap_err();
    assert_eq!((error.status(), error.is_in_doubt()), (Status::Unavailable, true), "{error:?}");
    assert_eq!((served.load(Ordering::SeqCst), server.connections()), (1, 1));
}
