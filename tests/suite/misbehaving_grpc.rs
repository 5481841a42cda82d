//! gRPC servers that misbehave: the positions of a status, malformed responses, retries, silence, and ports
//! that do not speak gRPC.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use h2::Reason;
use triton_client::{
    CallOptions, Client, ClientOptions, Datatype, Error, InferRequest, Origin, RepositoryOptions,
    SettingsUpdate, Status,
};

use crate::{
    misbehaving::{BROKEN, Expected, KINDS, Kind, TIMEOUT, client, infer, note, request, shortened},
    modes::{MODES, Mode},
    server::{is_embedded, server},
    support::{
        fault::{Cases, GrpcTurn, Peer, Wire, frame},
        grpc, tls,
    },
};

fn serve(play: impl Fn(&GrpcTurn) -> io::Result<()> + Send + Sync + 'static) -> (Cases, Client) {
    let server = Cases::grpc_first(play);
    let client = client(&url!("grpc://{}", server.address()));
    (server, client)
}

/// The error for a server's NOT_FOUND.
const NOT_FOUND: Expected =
    Expected { status: Status::NotFound, origin: Origin::Server, in_doubt: false, retryable: false };

/// Returns the error for REFUSED_STREAM and GOAWAY.
const fn refused(in_doubt: bool) -> Expected {
    Expected { status: Status::Unavailable, origin: Origin::Connection, in_doubt, retryable: true }
}

/// Part of any message.
const ANYTHING: &[&str] = &[""];

// The positions of a status.

#[test]
fn a_status_in_headers_or_trailers_takes_precedence_over_http_status_and_content_type() {
    type Headers = &'static [(&'static str, &'static str)];
    const OK: (&str, &str) = (":status", "200");
    const GRPC: (&str, &str) = ("content-type", "application/grpc");
    const HTML: (&str, &str) = ("content-type", "text/html");
    const FIVE: (&str, &str) = ("grpc-status", "5");
    const MESSAGE: (&str, &str) = ("grpc-message", "caf%C3%A9");
    // The headers, if the status is in trailers, and the headers or trailers with the status.
    let cases: [(&str, Headers, Headers, &str); 13] = [
        ("no content type", &[], &[OK, FIVE, MESSAGE], "caf\u{e9}"),
        ("another content type", &[], &[OK, HTML, FIVE, MESSAGE], "caf\u{e9}"),
        ("503", &[], &[(":status", "503"), GRPC, FIVE, MESSAGE], "caf\u{e9}"),
        ("404", &[], &[(":status", "404"), GRPC, FIVE, MESSAGE], "caf\u{e9}"),
        ("503 with a page", &[], &[(":status", "503"), HTML, FIVE, MESSAGE], "caf\u{e9}"),
        ("404 without content type", &[], &[(":status", "404"), FIVE, MESSAGE], "caf\u{e9}"),
        ("not UTF-8", &[], &[OK, GRPC, FIVE, ("grpc-message", "caf%FF")], "caf\u{fffd}"),
        ("not UTF-8, in trailers", &[OK, GRPC], &[FIVE, ("grpc-message", "caf%FF")], "caf\u{fffd}"),
        ("truncated escape", &[], &[OK, GRPC, FIVE, ("grpc-message", "caf%")], "caf"),
        ("invalid escape", &[], &[OK, GRPC, FIVE, ("grpc-message", "caf%zz")], "caf"),
        ("no message", &[OK, GRPC], &[FIVE], ""),
        ("trailers of a page", &[OK, HTML], &[FIVE, MESSAGE], "caf\u{e9}"),
        ("trailers of a 503", &[(":status", "503"), GRPC], &[FIVE, MESSAGE], "caf\u{e9}"),
    ];
    let mut failures = Vec::new();
    for (name, headers, last, hint) in cases {
        for kind in KINDS {
            let what = format!("{kind:?}, {name}");
            let (_server, client) = serve(move |turn| {
                if !headers.is_empty() {
                    turn.peer.headers(turn.stream, headers, false)?;
                }
                turn.peer.headers(turn.stream, last, true)
            });
            note(&mut failures, &what, || {
                NOT_FOUND.check(&kind.call(&client, 1).expect_err(&what), &what, &[hint]);
                kind.expect_right_after(&client, &what);
            });
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Large ones come in CONTINUATION frames.
#[test]
fn headers_and_trailers_are_accepted_up_to_one_mib() {
    for kind in KINDS {
        for kib in [15, 17, 44, 64, 300, 1000] {
            for in_headers in [false, true] {
                let what = format!("{kind:?}, {kib} KiB, in the headers: {in_headers}");
                let (server, client) = serve(move |turn| {
                    let text = "x".repeat(kib << 10);
                    let last = [("grpc-message", &text[..]), ("grpc-status", "5")];
                    if in_headers {
                        return turn.peer.response_headers(turn.stream, &last, true);
                    }
                    turn.peer.response_headers(turn.stream, &[], false)?;
                    turn.peer.headers(turn.stream, &last, true)
                });
                let error = kind.call(&client, 1).expect_err(&what);
                NOT_FOUND.check(&error, &what, &[&"x".repeat(1000)]);
                kind.expect_right_after(&client, &what);
                assert_eq!(server.connections(), 1, "{what}");
            }
        }
        // Many small ones, with a valid response.
        let (server, client) = serve(|turn| {
            let names: Vec<String> = (0..128).map(|at| format!("x-{at}")).collect();
            let value = "y".repeat(7 << 10);
            let more: Vec<_> = names.iter().map(|name| (&name[..], &value[..])).collect();
            turn.peer.response_headers(turn.stream, &more, false)?;
            turn.peer.send(frame::DATA, 0, turn.stream, &grpc::frame(&turn.good()))?;
            turn.peer.headers(turn.stream, &[("grpc-status", "0")], true)
        });
        kind.call(&client, 1).unwrap_or_else(|error| panic!("{kind:?}: {}", shortened(&error)));
        kind.expect_right_after(&client, "after 900 KiB of headers");
        assert_eq!(server.connections(), 1, "{kind:?}");
    }
}

/// Proxies also send UNAVAILABLE, after their upstream failed during the request.
#[test]
fn unavailable_is_in_doubt_unless_tritons_message_excludes_that_the_request_ran() {
    for (text, in_doubt) in [
        (
            "upstream connect error or disconnect/reset before headers. reset reason: connection termination",
            true,
        ),
        ("Connection reset by peer", true),
        ("", true),
        ("[request id: id-1] Exceeds maximum queue size", false),
        ("[request id: id-1] Request timeout expired", false),
        ("This protocol is restricted, expecting header 'triton-grpc-protocol-secret-key'", false),
    ] {
        for mode in MODES {
            let (_server, client) = serve(move |turn| {
                let text = text.replace(' ', "%20");
                turn.peer.response_headers(
                    turn.stream,
                    &[("grpc-status", "14"), ("grpc-message", &text)],
                    true,
                )
            });
            let error = Kind::Inference(mode).call(&client, 1).unwrap_err();
            let expected =
                Expected { status: Status::Unavailable, origin: Origin::Server, in_doubt, retryable: true };
            expected.check(&error, &format!("{mode:?}: {text}"), &[text]);
        }
    }
}

/// gRPC servers always send HTTP status 200: any other comes from a proxy, even if the body has Triton's
/// form.
#[test]
fn an_http_error_over_grpc_is_in_doubt_regardless_of_its_body() {
    for body in [&b"{\"error\":\"no healthy upstream\"}"[..], b"{\"error\":\"why\"}", b"<html/>", b""] {
        for kind in KINDS {
            let (_server, client) = serve(move |turn| {
                turn.peer.headers(
                    turn.stream,
                    &[(":status", "503"), ("content-type", "text/plain")],
                    false,
                )?;
                turn.peer.send(frame::DATA, frame::END_STREAM, turn.stream, body)
            });
            let error = kind.call(&client, 1).unwrap_err();
            let expected = Expected {
                status: Status::Unavailable,
                origin: Origin::Server,
                in_doubt: true,
                retryable: true,
            };
            expected.check(&error, "503", &["HTTP status 503"]);
        }
    }
    // 524 is Cloudflare's timeout of 100 s.
    for (status, expected) in [
        (500, Status::Internal),
        (505, Status::Internal),
        (520, Status::Unavailable),
        (524, Status::DeadlineExceeded),
        (598, Status::Internal),
    ] {
        for kind in KINDS {
            let (_server, client) = serve(move |turn| {
                let status = status.to_string();
                turn.peer.headers(turn.stream, &[(":status", &status), ("content-type", "text/html")], true)
            });
            let error = kind.call(&client, 1).unwrap_err();
            assert_eq!((error.status(), error.is_in_doubt()), (expected, true), "{status}: {error:?}");
        }
    }
}

// Malformed responses.

#[test]
fn a_malformed_response_is_refused_and_its_connection_closed() {
    type Play = fn(&GrpcTurn, &[u8]) -> io::Result<()>;
    const OK: &[(&str, &str)] = &[("grpc-status", "0")];
    fn data(turn: &GrpcTurn, payload: &[u8]) -> io::Result<()> {
        turn.peer.response_headers(turn.stream, &[], false)?;
        turn.peer.send(frame::DATA, 0, turn.stream, payload)?;
        turn.peer.headers(turn.stream, OK, true)
    }
    let cases: [(&str, Play); 10] = [
        ("two messages", |turn, framed| data(turn, &[framed, framed].concat())),
        ("a message and an empty one", |turn, framed| data(turn, &[framed, &[0; 5]].concat())),
        ("a message and half a prefix", |turn, framed| data(turn, &[framed, &[0; 3]].concat())),
        ("half a message", |turn, framed| data(turn, &framed[..framed.len() - 1])),
        ("half a prefix", |turn, framed| data(turn, &framed[..3])),
        ("no message", |turn, _| turn.peer.response_headers(turn.stream, OK, true)),
        ("undefined flag", |turn, framed| data(turn, &[&[2], &framed[1..]].concat())),
        ("compressed without a request for it", |turn, framed| data(turn, &[&[1], &framed[1..]].concat())),
        ("no status", |turn, framed| {
            turn.peer.response_headers(turn.stream, &[], false)?;
            turn.peer.send(frame::DATA, frame::END_STREAM, turn.stream, framed)
        }),
        ("a malformed message", |turn, _| data(turn, &grpc::frame(&[0xff; 9]))),
    ];
    let mut failures = Vec::new();
    for (name, play) in cases {
        for kind in KINDS {
            let what = format!("{kind:?}, {name}");
            let (server, client) = serve(move |turn| play(turn, &grpc::frame(&turn.good())));
            note(&mut failures, &what, || {
                BROKEN.check(&kind.call(&client, 1).expect_err(&what), &what, ANYTHING);
                kind.expect_right_after(&client, &what);
                // One that calls share is kept: HTTP/2 separates their responses from each other.
                let expected = if matches!(kind, Kind::Inference(Mode::Async)) { 1 } else { 2 };
                assert_eq!(server.connections(), expected, "{what}");
            });
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Apache's mod_proxy_http2 sends one before the trailers of each response; h2 accepts 100 per connection.
#[test]
fn no_call_fails_because_of_the_empty_data_frames_that_its_connection_has_carried() {
    const CALLS: usize = 1000;
    const THREADS: usize = 8;
    // Before, within and after the message. A frame that contains only padding is empty too.
    for [before, within, after] in [[0, 0, 1], [1, 1, 1], [0, 7, 40]] {
        let server = Cases::grpc(move |turn| {
            const PADDED: u8 = 8;
            let empty = |count: usize| {
                (0..count).try_for_each(|at| match at % 2 {
                    0 => turn.peer.send(frame::DATA, 0, turn.stream, &[]),
                    _ => turn.peer.send(frame::DATA, PADDED, turn.stream, &[2, 0, 0]),
                })
            };
            let framed = grpc::frame(&turn.good());
            let (start, rest) = framed.split_at(framed.len() / 2);
            turn.peer.response_headers(turn.stream, &[], false)?;
            empty(before)?;
            turn.peer.send(frame::DATA, 0, turn.stream, start)?;
            empty(within)?;
            turn.peer.send(frame::DATA, 0, turn.stream, rest)?;
            empty(after)?;
            turn.peer.headers(turn.stream, &[("grpc-status", "0")], true)
        });
        let what = format!("{before}, {within}, {after}");
        let client = client(&url!("grpc://{}", server.address()));
        let call = |kinds: &[Kind], calls: usize| {
            for value in 0..calls as i32 {
                let kind = kinds[value as usize % kinds.len()];
                kind.call(&client, value).unwrap_or_else(|error| panic!("{what}, {value}: {error:?}"));
            }
        };
        call(&KINDS, CALLS);
        // Asynchronous calls share a connection: the frames of several responses count together, and dozens
        // in each are too many.
        let blocking = [Kind::Inference(Mode::Blocking), Kind::Metadata];
        let kinds = if within + after < 10 { &KINDS[..] } else { &blocking };
        thread::scope(|scope| (0..THREADS).for_each(|_| drop(scope.spawn(|| call(kinds, CALLS / THREADS)))));
        assert_eq!(server.requests(), 2 * CALLS, "{what}");
        // A connection is replaced after 50 empty frames and not before.
        let empty = 2 * CALLS * (before + within + after);
        assert!(server.connections() <= empty / 50 + THREADS + 1, "{what}: {}", server.connections());
    }
}

// Retries.

type Call = fn(&Client, &CallOptions) -> Result<(), Error>;

/// A message whose field 1 is a message with the name "m", such as `ModelConfigResponse`.
const NAMED: &[u8] = b"\x0a\x03\x0a\x01m";

/// Operations that only read, each with a response.
const READS: [(&str, Call, &[u8]); 13] = [
    ("live", |client, options| client.is_server_live(options).map(drop), b""),
    ("ready", |client, options| client.is_server_ready(options).map(drop), b""),
    ("model ready", |client, options| client.is_model_ready("m", "", options).map(drop), b""),
    ("health", |client, options| client.health_check("", options).map(drop), b"\x08\x01"),
    ("server metadata", |client, options| client.server_metadata(options).map(drop), b""),
    ("model metadata", |client, options| client.model_metadata("m", "", options).map(drop), b"\x0a\x01m"),
    ("configuration", |client, options| client.model_config("m", "", options).map(drop), NAMED),
    ("statistics", |client, options| client.model_statistics("", "", options).map(drop), NAMED),
    ("index", |client, options| client.repository_index(&RepositoryOptions::new(), options).map(drop), NAMED),
    ("trace settings", |client, options| client.trace_settings("", options).map(drop), NAMED),
    ("log settings", |client, options| client.log_settings(options).map(drop), NAMED),
    ("system regions", |client, options| client.system_shared_memory_status("", options).map(drop), b""),
    ("CUDA regions", |client, options| client.cuda_shared_memory_status("", options).map(drop), b""),
];

/// Operations that change the server's state.
const WRITES: [(&str, Call); 9] = [
    ("inference", |client, _| infer(Mode::Blocking, client, 1).map(drop)),
    ("asynchronous inference", |client, _| infer(Mode::Async, client, 1).map(drop)),
    ("load", |client, options| client.load_model("m", &RepositoryOptions::new(), options)),
    ("unload", |client, options| client.unload_model("m", &RepositoryOptions::new(), options)),
    ("trace settings", |client, options| {
        client
            .update_trace_settings("", &SettingsUpdate::new().set("trace_rate", "9")?.clone(), options)
            .map(drop)
    }),
    ("log settings", |client, options| {
        client.update_log_settings(&SettingsUpdate::new().set("log_info", true)?.clone(), options).map(drop)
    }),
    ("register", |client, options| client.register_system_shared_memory("r", "/k", 8, 0, options)),
    ("unregister", |client, options| client.unregister_all_system_shared_memory(options)),
    ("register CUDA", |client, options| client.register_cuda_shared_memory("r", &[0; 64], 0, 8, options)),
];

#[test]
fn a_read_is_retried_once_although_the_server_may_have_run_it() {
    for (what, call, reply) in READS {
        let server = Cases::grpc(move |turn| match turn.number {
            0 => turn.peer.reset(turn.stream, Reason::REFUSED_STREAM),
            _ => turn.reply(reply),
        });
        let client = client(&url!("grpc://{}", server.address()));
        call(&client, &CallOptions::new()).unwrap_or_else(|error| panic!("{what}: {error:?}"));
        assert_eq!((server.requests(), server.connections()), (2, 2), "{what}");
    }
}

/// HAProxy 2.6 sends REFUSED_STREAM after the server has run the request.
#[test]
fn a_write_is_not_retried_if_the_server_may_have_run_it() {
    for (what, call) in WRITES {
        let (server, client) = serve(|turn| turn.peer.reset(turn.stream, Reason::REFUSED_STREAM));
        let error = call(&client, &CallOptions::new()).expect_err(what);
        refused(true).check(&error, what, ANYTHING);
        assert_eq!(server.requests(), 1, "{what}");
        KINDS.iter().for_each(|kind| kind.expect_right_after(&client, what));
    }
}

/// How a server states that it has not processed a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    /// REFUSED_STREAM while most of the request is unsent.
    RefusedStream,
    /// GOAWAY with a lower last stream id, while most of the request is unsent.
    GoAway,
    /// The same, followed by the end of the connection.
    GoAwayThenClose,
    /// GOAWAY with a lower last stream id, after the complete request has arrived.
    GoAwayAtTheEnd,
}

const REFUSALS: [Refusal; 4] =
    [Refusal::RefusedStream, Refusal::GoAway, Refusal::GoAwayThenClose, Refusal::GoAwayAtTheEnd];

/// Starts a server that refuses a request on each of its first `refusals` connections, after one that it
/// serves if `is_reused`. Counts the requests that began.
fn refusing(refusal: Refusal, refusals: usize, is_reused: bool) -> (Wire, Arc<AtomicUsize>) {
    let began = Arc::new(AtomicUsize::new(0));
    let count = began.clone();
    let server = Wire::start(move |number, stream| {
        let peer = Peer::accept(stream, &[])?;
        let good = |last: &mut u32| {
            let (stream, message) = peer.read_message()?;
            *last = stream;
            GrpcTurn { peer: &peer, stream, message, connection: number, number }.reply_good()
        };
        let mut last = 0;
        if is_reused && number == 0 {
            good(&mut last)?;
        }
        if number < refusals {
            let stream = match refusal {
                Refusal::GoAwayAtTheEnd => {
                    let stream = peer.read_request()?;
                    count.fetch_add(1, Ordering::SeqCst);
                    stream
                }
                _ => loop {
                    let read = peer.read()?;
                    if read.kind == frame::HEADERS {
                        count.fetch_add(1, Ordering::SeqCst);
                        break read.stream;
                    }
                },
            };
            match refusal {
                Refusal::RefusedStream => peer.reset(stream, Reason::REFUSED_STREAM)?,
                _ => peer.go_away(last)?,
            }
            if refusal == Refusal::GoAwayThenClose {
                return end(&peer);
            }
            // After REFUSED_STREAM the connection may carry further requests.
            if refusals == usize::MAX || refusal != Refusal::RefusedStream {
                loop {
                    let read = peer.read()?;
                    if read.kind == frame::HEADERS {
                        count.fetch_add(1, Ordering::SeqCst);
                        peer.reset(read.stream, Reason::REFUSED_STREAM)?;
                    }
                }
            }
        } else {
            count.fetch_add(1, Ordering::SeqCst);
        }
        loop {
            good(&mut last)?;
        }
    });
    (server, began)
}

/// Closes the connection gracefully: closing it with unread data would reset it.
fn end(peer: &Peer) -> io::Result<()> {
    peer.shut_down(Shutdown::Write)?;
    loop {
        peer.read()?;
    }
}

/// A GOAWAY with an error may follow requests that the server has run.
#[test]
fn a_request_up_to_the_last_stream_of_a_goaway_is_in_doubt_and_not_retried() {
    let cases = [(0, 2), (1, 1)];
    for (mode, (last, attempts)) in MODES.into_iter().flat_map(|mode| cases.map(|case| (mode, case))) {
        let server = Cases::grpc(move |turn| {
            if turn.number > 0 {
                return turn.reply_good();
            }
            let reason = u32::from(Reason::ENHANCE_YOUR_CALM).to_be_bytes();
            let payload = [&u32::to_be_bytes(last)[..], &reason, b"too_many_pings"].concat();
            turn.peer.send(frame::GOAWAY, 0, 0, &payload)?;
            end(turn.peer)
        });
        let client = client(&url!("grpc://{}", server.address()));
        let outcome = Kind::Inference(mode).call(&client, 1);
        assert_eq!(outcome.is_ok(), attempts == 2, "{mode:?}: {outcome:?}");
        if let Err(error) = outcome {
            refused(true).check(&error, "GOAWAY", ANYTHING);
        }
        assert_eq!(server.requests(), attempts);
    }
}

/// More than the initial window, so that the end of the request is not sent when its headers are refused.
const LARGE: usize = 1 << 20;

fn infer_large(mode: Mode, client: &Client) -> Result<(), Error> {
    let result = mode.infer(client, &request(&vec![1; LARGE / 4]), &CallOptions::new())?;
    assert!(result.output("OUTPUT0")?.as_slice::<i32>()?.iter().all(|element| *element == 2));
    Ok(())
}

#[test]
fn a_request_that_the_server_has_not_processed_is_retried_once_on_a_new_connection() {
    let mut failures = Vec::new();
    for (mode, refusal) in MODES.into_iter().flat_map(|mode| REFUSALS.map(|refusal| (mode, refusal))) {
        for is_reused in [true, false] {
            let what = format!("{mode:?}, {refusal:?}, reused: {is_reused}");
            let (server, began) = refusing(refusal, 1, is_reused);
            note(&mut failures, &what, || {
                let client = client(&url!("grpc://{}", server.address()));
                if is_reused {
                    Kind::Inference(mode).call(&client, 1).unwrap();
                }
                infer_large(mode, &client).unwrap_or_else(|error| panic!("{error:?}"));
                assert_eq!((began.load(Ordering::SeqCst), server.connections()), (2, 2));
                Kind::Inference(mode).expect_right_after(&client, &what);
                assert_eq!(server.connections(), 2);
            });
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_server_that_refuses_everything_gets_at_most_two_attempts() {
    let mut failures = Vec::new();
    for (mode, refusal) in MODES.into_iter().flat_map(|mode| REFUSALS.map(|refusal| (mode, refusal))) {
        for is_reused in [true, false] {
            let what = format!("{mode:?}, {refusal:?}, reused: {is_reused}");
            let (server, began) = refusing(refusal, usize::MAX, is_reused);
            note(&mut failures, &what, || {
                let client = client(&url!("grpc://{}", server.address()));
                if is_reused {
                    Kind::Inference(mode).call(&client, 1).unwrap();
                }
                refused(false).check(&infer_large(mode, &client).expect_err(&what), &what, ANYTHING);
                let attempts = began.load(Ordering::SeqCst);
                assert!((1..=2).contains(&attempts), "{attempts} attempts");
            });
        }
    }
    // Reads are in doubt, since the complete request was sent.
    for (what, call, _) in READS {
        let server = Cases::grpc(|turn| turn.peer.reset(turn.stream, Reason::REFUSED_STREAM));
        note(&mut failures, what, || {
            let client = client(&url!("grpc://{}", server.address()));
            let error = call(&client, &CallOptions::new()).expect_err(what);
            refused(true).check(&error, what, ANYTHING);
            assert_eq!(server.requests(), 2, "{what}");
        });
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_first_attempt_in_doubt_leaves_the_call_in_doubt() {
    // The first attempt is refused after the complete request was sent, the second can't connect.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = thread::spawn(move || -> io::Result<()> {
        let (stream, _) = listener.accept()?;
        drop(listener);
        let peer = Peer::accept(&stream, &[])?;
        peer.reset(peer.read_request()?, Reason::REFUSED_STREAM)?;
        loop {
            peer.read()?;
        }
    });
    let client = client(&format!("grpc://{address}"));
    let error = client.model_metadata("m", "", &CallOptions::new()).unwrap_err();
    refused(true).check(&error, "the second attempt", &["refused"]);
    drop(client);
    // The server read until the client closed the connection.
    assert!(serving.join().unwrap().is_err());
}

// Silence.

/// One that calls share is used for longer: see `shared_connections`.
#[test]
fn a_silent_connection_is_not_reused_after_its_call_timed_out() {
    for kind in [Kind::Inference(Mode::Blocking), Kind::Metadata] {
        for sends_preface in [true, false] {
            let server = Wire::start(move |number, mut stream| {
                if number == 0 && !sends_preface {
                    return io::copy(&mut stream, &mut io::sink()).map(drop);
                }
                let peer = Peer::accept(stream, &[])?;
                loop {
                    let (stream, message) = peer.read_message()?;
                    if number > 0 {
                        GrpcTurn { peer: &peer, stream, message, connection: number, number }.reply_good()?;
                    }
                }
            });
            let mut options = ClientOptions::new();
            options.set_timeout(Some(Duration::from_millis(300))).unwrap();
            let client = Client::with_options(&url!("grpc://{}", server.address()), &options).unwrap();
            let expected = Expected {
                status: Status::DeadlineExceeded,
                origin: Origin::Client,
                in_doubt: true,
                retryable: true,
            };
            let what = format!("{kind:?}, sends its preface: {sends_preface}");
            let error = kind.call(&client, 1).expect_err(&what);
            // Without the server's preface, the request may not have been sent.
            let in_doubt = sends_preface || error.is_in_doubt();
            Expected { in_doubt, ..expected }.check(&error, &what, ANYTHING);
            kind.expect_right_after(&client, &what);
            assert_eq!(server.connections(), 2, "{what}");
        }
    }
}

// Ports without gRPC.

/// The error of a call to a port that speaks HTTP/1.
const HTTP1: Expected =
    Expected { status: Status::Internal, origin: Origin::Connection, in_doubt: false, retryable: false };
const HTTP1_HINT: &str = "this port speaks HTTP/1, not gRPC: is it the HTTP port (8000 by default; use \
                          http://) or the metrics port (8002 by default)? the gRPC port is 8001 by default";
/// The question to a server that never sent a byte, not even in a handshake.
const SILENT_HINT: &str = "(is this the gRPC port, 8001 by default? does this port expect TLS?)";
/// The question to a server that does not speak HTTP/2.
const OTHER_HINT: &str = "(is this the gRPC port, 8001 by default?)";

/// The same over TLS.
const HTTP1_TLS: Expected =
    Expected { status: Status::Unavailable, origin: Origin::Connection, in_doubt: false, retryable: false };
const HTTP1_TLS_HINT: &str = "the server does not speak HTTP/2 over TLS at this port";

fn expect_http1(url: &str, what: &str, call: impl Fn(&Client) -> Result<(), Error>) {
    let start = Instant::now();
    let (expected, hint) = match url.starts_with("grpcs:") {
        true => (HTTP1_TLS, HTTP1_TLS_HINT),
        false => (HTTP1, HTTP1_HINT),
    };
    expected.check(&call(&client(url)).expect_err(what), what, &[hint]);
    assert!(start.elapsed() < TIMEOUT / 2, "{what}: {:?}", start.elapsed());
}

/// Triton 2.51 closes such connections without sending anything; the probe identifies the protocol.
#[test]
fn a_grpc_client_on_the_servers_http_or_metrics_port_is_asked_whether_it_is_that_port() {
    let mut ports = vec![&server().http];
    if !is_embedded() {
        ports.push(&server().metrics);
    }
    let reads = READS.map(|(name, call, _)| (name, call));
    let mut failures = Vec::new();
    for port in ports {
        for (name, call) in reads.into_iter().chain(WRITES) {
            let what = format!("{name} at {port}");
            note(&mut failures, &what, || {
                expect_http1(&format!("grpc://{port}"), &what, |client| call(client, &CallOptions::new()));
            });
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_grpc_client_on_a_port_of_another_protocol_is_asked_whether_it_is_the_grpc_port() {
    // Longer and shorter than the length of a frame.
    for (greeting, is_frame) in [
        (&b"220 mail.example ESMTP ready\r\n"[..], true),
        (b"SSH-2.0-OpenSSH_9.2p1\r\n", true),
        (b"\r\n", false),
    ] {
        for kind in KINDS {
            let what = format!("{kind:?} {:?}", String::from_utf8_lossy(greeting));
            let server = Wire::start(move |_, mut stream| {
                stream.write_all(greeting)?;
                stream.shutdown(Shutdown::Write)?;
                io::copy(&mut stream, &mut io::sink()).map(drop)
            });
            let error = kind.call(&client(&url!("grpc://{}", server.address())), 1).expect_err(&what);
            // Whether any of the request was sent before the end of the connection depends on timing.
            let expected = if is_frame { BROKEN } else { refused(error.is_in_doubt()) };
            expected.check(&error, &what, &[OTHER_HINT]);
        }
    }
    // A server that closes connections immediately. Whether any of the request was sent depends on timing.
    for kind in KINDS {
        let server = Wire::start(|_, mut stream| {
            stream.shutdown(Shutdown::Write)?;
            io::copy(&mut stream, &mut io::sink()).map(drop)
        });
        let error = kind.call(&client(&url!("grpc://{}", server.address())), 1).unwrap_err();
        let hint = if tls::is_on() { "connection lost" } else { SILENT_HINT };
        refused(error.is_in_doubt()).check(&error, "closed immediately", &[hint]);
    }
}

/// No question if the server has spoken HTTP/2: then the port is right.
#[test]
fn the_error_of_a_connection_lost_by_a_grpc_server_has_no_question() {
    for kind in KINDS {
        for sends_preface in [true, false] {
            let server = Cases::grpc(move |turn| match turn.number {
                _ if sends_preface => Err(io::ErrorKind::ConnectionAborted.into()),
                0 => turn.reply_good(),
                _ => Err(io::ErrorKind::ConnectionAborted.into()),
            });
            let client = client(&url!("grpc://{}", server.address()));
            if !sends_preface {
                kind.call(&client, 1).unwrap();
            }
            let error = kind.call(&client, 2).unwrap_err();
            let message = error.full_message();
            assert!(message.contains("connection lost") && !message.contains('?'), "{kind:?}: {message}");
        }
    }
}

#[test]
fn a_grpc_client_on_a_port_that_responds_in_http1_is_asked_whether_it_is_the_http_port() {
    let responses: [&[u8]; 4] = [
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nContent-Length: 7\r\n\r\n<html/>",
        b"HTTP/1.1 505 HTTP Version Not Supported\r\n\r\n",
        b"HTTP/1.0 400 Bad Request\r\n\r\n<html><body>a page longer than a frame header</body></html>",
    ];
    let mut failures = Vec::new();
    for bytes in responses {
        for closes in [true, false] {
            for kind in KINDS {
                let what = format!("{kind:?} {:?}, closes: {closes}", String::from_utf8_lossy(bytes));
                let server = Wire::start(move |_, mut stream| {
                    stream.read_exact(&mut [0; 24])?;
                    stream.write_all(bytes)?;
                    if closes {
                        stream.shutdown(Shutdown::Write)?;
                    }
                    // Closing a connection with unread data would reset it.
                    io::copy(&mut stream, &mut io::sink()).map(drop)
                });
                note(&mut failures, &what, || {
                    let url = url!("grpc://{}", server.address());
                    expect_http1(&url, &what, |client| kind.call(client, 1));
                });
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// An output whose raw contents are shorter than its shape.
#[test]
fn a_long_name_is_truncated_in_the_message() {
    let name = "n".repeat(2 << 20);
    let play = move |turn: &GrpcTurn| {
        let mut output = vec![0x0a];
        push_varint(&mut output, name.len());
        output.extend_from_slice(name.as_bytes());
        output.extend_from_slice(b"\x12\x05INT32\x1a\x01\x02");
        let mut message = b"\x0a\x01m\x2a".to_vec();
        push_varint(&mut message, output.len());
        message.extend_from_slice(&output);
        message.extend_from_slice(b"\x32\x04\x01\0\0\0");
        turn.peer.response_headers(turn.stream, &[], false)?;
        for piece in grpc::frame(&message).chunks(16 << 10) {
            turn.peer.send(frame::DATA, 0, turn.stream, piece)?;
        }
        turn.peer.headers(turn.stream, &[("grpc-status", "0")], true)
    };
    for (mode, connections) in MODES.into_iter().zip([2, 1]) {
        let (server, client) = serve(play.clone());
        let request = InferRequest::new("m").input_bytes("INPUT0", Datatype::Uint8, &[1], b"x");
        let error = mode.infer(&client, &request, &CallOptions::new()).unwrap_err();
        BROKEN.check(&error, "a long name", &["nnnn"]);
        Kind::Inference(mode).expect_right_after(&client, "after a long name");
        assert_eq!(server.connections(), connections, "{mode:?}");
    }
}

fn push_varint(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}
