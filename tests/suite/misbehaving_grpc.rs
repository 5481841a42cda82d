//! gRPC servers that misbehave: a status is honoured wherever it stands, what is invalid is refused with its connection, and
//! what a server did not see is sent again once, and what it may have seen is not, unless it only reads.

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
    misbehaving::{BOTH, BROKEN, Expected, Kind, TIMEOUT, client, infer, note, shortened},
    server::server,
    support::{
        fault::{Cases, GrpcTurn, Peer, Wire, frame},
        grpc,
    },
};

fn serve(play: impl Fn(&GrpcTurn) -> io::Result<()> + Send + Sync + 'static) -> (Cases, Client) {
    let server = Cases::grpc_first(play);
    let client = client(&format!("grpc://{}", server.address()));
    (server, client)
}

/// What a server's own NOT_FOUND comes to.
const NOT_FOUND: Expected =
    Expected { status: Status::NotFound, origin: Origin::Server, in_doubt: false, retryable: false };

/// What a server's refusal of a stream comes to.
const fn refused(in_doubt: bool) -> Expected {
    Expected { status: Status::Unavailable, origin: Origin::Connection, in_doubt, retryable: true }
}

/// What is in any message.
const ANYTHING: &[&str] = &[""];

// Where a status may stand.

/// Cases grpc-message-not-utf8, grpc-no-content-type and grpc-503-with-status, and the others of their kinds.
#[test]
fn a_status_is_honoured_wherever_it_stands() {
    type Headers = &'static [(&'static str, &'static str)];
    const OK: (&str, &str) = (":status", "200");
    const GRPC: (&str, &str) = ("content-type", "application/grpc");
    const HTML: (&str, &str) = ("content-type", "text/html");
    const FIVE: (&str, &str) = ("grpc-status", "5");
    const MESSAGE: (&str, &str) = ("grpc-message", "caf%C3%A9");
    // The headers that carry the status; and those that come before them, if these are trailers.
    let cases: [(&str, Headers, Headers, &str); 13] = [
        ("no content type", &[], &[OK, FIVE, MESSAGE], "caf\u{e9}"),
        ("another content type", &[], &[OK, HTML, FIVE, MESSAGE], "caf\u{e9}"),
        ("503", &[], &[(":status", "503"), GRPC, FIVE, MESSAGE], "caf\u{e9}"),
        ("404", &[], &[(":status", "404"), GRPC, FIVE, MESSAGE], "caf\u{e9}"),
        ("503 of a page", &[], &[(":status", "503"), HTML, FIVE, MESSAGE], "caf\u{e9}"),
        ("404 without content type", &[], &[(":status", "404"), FIVE, MESSAGE], "caf\u{e9}"),
        ("not UTF-8", &[], &[OK, GRPC, FIVE, ("grpc-message", "caf%FF")], "caf\u{fffd}"),
        ("not UTF-8, in trailers", &[OK, GRPC], &[FIVE, ("grpc-message", "caf%FF")], "caf\u{fffd}"),
        ("half an escape", &[], &[OK, GRPC, FIVE, ("grpc-message", "caf%")], "caf"),
        ("no escape", &[], &[OK, GRPC, FIVE, ("grpc-message", "caf%zz")], "caf"),
        ("no message", &[OK, GRPC], &[FIVE], ""),
        ("trailers of a page", &[OK, HTML], &[FIVE, MESSAGE], "caf\u{e9}"),
        ("trailers of a 503", &[(":status", "503"), GRPC], &[FIVE, MESSAGE], "caf\u{e9}"),
    ];
    let mut failures = Vec::new();
    for (name, head, last, hint) in cases {
        for kind in BOTH {
            let what = format!("{kind:?}, {name}");
            let (_server, client) = serve(move |turn| {
                if !head.is_empty() {
                    turn.peer.headers(turn.stream, head, false)?;
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

/// Case grpc-message-first-44k, and larger ones: they come in CONTINUATION frames.
#[test]
fn headers_and_trailers_are_accepted_up_to_one_mib() {
    for kind in BOTH {
        for kib in [15, 17, 44, 64, 300, 1000] {
            for is_head in [false, true] {
                let what = format!("{kind:?}, {kib} KiB, in the headers: {is_head}");
                let (server, client) = serve(move |turn| {
                    let text = "x".repeat(kib << 10);
                    let last = [("grpc-message", &text[..]), ("grpc-status", "5")];
                    if is_head {
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
        // Many small ones, beside a response that is right.
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

/// A proxy says UNAVAILABLE too, after its upstream broke in mid-request; Triton's own texts say that nothing ran.
#[test]
fn unavailable_is_in_doubt_unless_triton_says_that_nothing_ran() {
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
        let (_server, client) = serve(move |turn| {
            let text = text.replace(' ', "%20");
            turn.peer.response_headers(turn.stream, &[("grpc-status", "14"), ("grpc-message", &text)], true)
        });
        let error = Kind::Inference.call(&client, 1).unwrap_err();
        let expected =
            Expected { status: Status::Unavailable, origin: Origin::Server, in_doubt, retryable: true };
        expected.check(&error, text, &[text]);
    }
}

/// Triton never responds so over gRPC, so that a body in its form comes from something before it.
#[test]
fn an_http_error_is_in_doubt_over_grpc_whatever_its_body() {
    for body in [&b"{\"error\":\"no healthy upstream\"}"[..], b"{\"error\":\"why\"}", b"<html/>", b""] {
        for kind in BOTH {
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
    // Cloudflare's 524 comes when the server has not responded within 100 s.
    for (status, said) in [
        (500, Status::Internal),
        (505, Status::Internal),
        (520, Status::Unavailable),
        (524, Status::DeadlineExceeded),
        (598, Status::Internal),
    ] {
        for kind in BOTH {
            let (_server, client) = serve(move |turn| {
                let status = status.to_string();
                turn.peer.headers(turn.stream, &[(":status", &status), ("content-type", "text/html")], true)
            });
            let error = kind.call(&client, 1).unwrap_err();
            assert_eq!((error.status(), error.is_in_doubt()), (said, true), "{status}: {error:?}");
        }
    }
}

// Responses that are not valid.

/// Case grpc-two-messages, and the others of its kind. The stream is not to blame alone: the connection is dropped.
#[test]
fn a_malformed_response_is_refused_and_its_connection_dropped() {
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
        ("a flag that is not defined", |turn, framed| data(turn, &[&[2], &framed[1..]].concat())),
        ("compressed, unasked", |turn, framed| data(turn, &[&[1], &framed[1..]].concat())),
        ("no status", |turn, framed| {
            turn.peer.response_headers(turn.stream, &[], false)?;
            turn.peer.send(frame::DATA, frame::END_STREAM, turn.stream, framed)
        }),
        ("a message that is none", |turn, _| data(turn, &grpc::frame(&[0xff; 9]))),
    ];
    let mut failures = Vec::new();
    for (name, play) in cases {
        for kind in BOTH {
            let what = format!("{kind:?}, {name}");
            let (server, client) = serve(move |turn| play(turn, &grpc::frame(&turn.good())));
            note(&mut failures, &what, || {
                BROKEN.check(&kind.call(&client, 1).expect_err(&what), &what, ANYTHING);
                kind.expect_right_after(&client, &what);
                assert_eq!(server.connections(), 2, "{what}");
            });
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Apache's mod_proxy_http2 sends one before the trailers of each response; h2 takes 100 in the life of a connection.
#[test]
fn empty_data_frames_break_no_call_however_many_a_connection_has_carried() {
    const CALLS: usize = 1000;
    const THREADS: usize = 8;
    // Before the message, within it and behind it; a frame of nothing but padding is empty too.
    for [before, within, behind] in [[0, 0, 1], [1, 1, 1], [0, 7, 40]] {
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
            empty(behind)?;
            turn.peer.headers(turn.stream, &[("grpc-status", "0")], true)
        });
        let what = format!("{before}, {within}, {behind}");
        let client = client(&format!("grpc://{}", server.address()));
        let call = |calls: usize| {
            for value in 0..calls as i32 {
                let kind = BOTH[value as usize % 2];
                kind.call(&client, value).unwrap_or_else(|error| panic!("{what}, {value}: {error:?}"));
            }
        };
        call(CALLS);
        thread::scope(|scope| (0..THREADS).for_each(|_| drop(scope.spawn(|| call(CALLS / THREADS)))));
        assert_eq!(server.requests(), 2 * CALLS, "{what}");
        // They are put aside no sooner than they have to be.
        let empty = 2 * CALLS * (before + within + behind);
        assert!(server.connections() <= empty / 50 + THREADS + 1, "{what}: {}", server.connections());
    }
}

// What is sent again, and what is not.

type Call = fn(&Client, &CallOptions) -> Result<(), Error>;

/// A `ModelConfigResponse` with a configuration, and what else decodes from one field of one message with a name.
const NAMED: &[u8] = b"\x0a\x03\x0a\x01m";

/// Operations that only read, and a response to each.
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

/// Operations that change something.
const WRITES: [(&str, Call); 8] = [
    ("inference", |client, _| infer(client, 1).map(drop)),
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

/// Case grpc-refused of metadata.
#[test]
fn what_only_reads_is_repeated_once_though_the_server_may_have_seen_it() {
    for (what, call, reply) in READS {
        let server = Cases::grpc(move |turn| match turn.number {
            0 => turn.peer.reset(turn.stream, Reason::REFUSED_STREAM),
            _ => turn.reply(reply),
        });
        let client = client(&format!("grpc://{}", server.address()));
        call(&client, &CallOptions::new()).unwrap_or_else(|error| panic!("{what}: {error:?}"));
        assert_eq!((server.requests(), server.connections()), (2, 2), "{what}");
    }
}

/// Case grpc-refused of inference: HAProxy 2.6 refuses a stream so after the server ran the request.
#[test]
fn what_changes_something_is_not_repeated_once_the_server_may_have_seen_it() {
    for (what, call) in WRITES {
        let (server, client) = serve(|turn| turn.peer.reset(turn.stream, Reason::REFUSED_STREAM));
        let error = call(&client, &CallOptions::new()).expect_err(what);
        refused(true).check(&error, what, ANYTHING);
        assert_eq!(server.requests(), 1, "{what}");
        Kind::Inference.expect_right_after(&client, what);
    }
}

/// How a server tells that it did not see a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unseen {
    /// By REFUSED_STREAM while most of the request is unsent.
    Refused,
    /// By GOAWAY with a lower last stream, while most of the request is unsent.
    GoAway,
    /// The same, and it closes the connection.
    GoAwayThenClose,
    /// By GOAWAY with a lower last stream, when all of the request has arrived.
    GoAwayAtTheEnd,
}

const UNSEENS: [Unseen; 4] =
    [Unseen::Refused, Unseen::GoAway, Unseen::GoAwayThenClose, Unseen::GoAwayAtTheEnd];

/// A server that refuses a request on each of its first `refusals` connections, after one request that it answers if
/// `is_reused`. It counts the requests that began.
fn refusing(unseen: Unseen, refusals: usize, is_reused: bool) -> (Wire, Arc<AtomicUsize>) {
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
            let stream = match unseen {
                Unseen::GoAwayAtTheEnd => {
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
            match unseen {
                Unseen::Refused => peer.reset(stream, Reason::REFUSED_STREAM)?,
                _ => peer.go_away(last)?,
            }
            if unseen == Unseen::GoAwayThenClose {
                return end(&peer);
            }
            // A connection that refused one request may be asked for another, if it refuses no more.
            if refusals == usize::MAX || unseen != Unseen::Refused {
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

/// Closes the connection in such a way that what was sent before arrives.
fn end(peer: &Peer) -> io::Result<()> {
    peer.shut_down(Shutdown::Write)?;
    loop {
        peer.read()?;
    }
}

/// A server that ends a connection for a reason of its own has run what it counts among the streams that it saw.
#[test]
fn what_a_goaway_with_an_error_counts_as_seen_is_in_doubt_and_not_repeated() {
    for (last, attempts) in [(0, 2), (1, 1)] {
        let server = Cases::grpc(move |turn| {
            if turn.number > 0 {
                return turn.reply_good();
            }
            let reason = u32::from(Reason::ENHANCE_YOUR_CALM).to_be_bytes();
            let payload = [&u32::to_be_bytes(last)[..], &reason, b"too_many_pings"].concat();
            turn.peer.send(frame::GOAWAY, 0, 0, &payload)?;
            end(turn.peer)
        });
        let client = client(&format!("grpc://{}", server.address()));
        let outcome = Kind::Inference.call(&client, 1);
        assert_eq!(outcome.is_ok(), attempts == 2, "{outcome:?}");
        if let Err(error) = outcome {
            refused(true).check(&error, "seen", ANYTHING);
        }
        assert_eq!(server.requests(), attempts);
    }
}

/// More than HTTP/2's first window lets through, so that its end is not sent when its headers are refused.
const LARGE: usize = 1 << 20;

fn infer_large(client: &Client) -> Result<(), Error> {
    let data = vec![1i32; LARGE / 4];
    let request = InferRequest::new("m").input("INPUT0", &[data.len() as i64], &data);
    let result = client.infer(&request)?;
    assert!(result.output("OUTPUT0")?.as_slice::<i32>()?.iter().all(|element| *element == 2));
    Ok(())
}

#[test]
fn what_the_server_has_not_seen_is_sent_again_once_on_a_fresh_connection() {
    let mut failures = Vec::new();
    for unseen in UNSEENS {
        for is_reused in [true, false] {
            let what = format!("{unseen:?}, reused: {is_reused}");
            let (server, began) = refusing(unseen, 1, is_reused);
            note(&mut failures, &what, || {
                let client = client(&format!("grpc://{}", server.address()));
                if is_reused {
                    Kind::Inference.call(&client, 1).unwrap();
                }
                infer_large(&client).unwrap_or_else(|error| panic!("{error:?}"));
                assert_eq!((began.load(Ordering::SeqCst), server.connections()), (2, 2));
                Kind::Inference.expect_right_after(&client, &what);
                assert_eq!(server.connections(), 2);
            });
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_server_that_refuses_everything_is_asked_twice_at_most() {
    let mut failures = Vec::new();
    for unseen in UNSEENS {
        for is_reused in [true, false] {
            let what = format!("{unseen:?}, reused: {is_reused}");
            let (server, began) = refusing(unseen, usize::MAX, is_reused);
            note(&mut failures, &what, || {
                let client = client(&format!("grpc://{}", server.address()));
                if is_reused {
                    Kind::Inference.call(&client, 1).unwrap();
                }
                refused(false).check(&infer_large(&client).expect_err(&what), &what, ANYTHING);
                let attempts = began.load(Ordering::SeqCst);
                assert!((1..=2).contains(&attempts), "{attempts} attempts");
            });
        }
    }
    // What only reads too: it is in doubt, since the server may have seen it whole.
    for (what, call, _) in READS {
        let server = Cases::grpc(|turn| turn.peer.reset(turn.stream, Reason::REFUSED_STREAM));
        note(&mut failures, what, || {
            let client = client(&format!("grpc://{}", server.address()));
            let error = call(&client, &CallOptions::new()).expect_err(what);
            refused(true).check(&error, what, ANYTHING);
            assert_eq!(server.requests(), 2, "{what}");
        });
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_doubt_of_a_first_attempt_stays_in_the_error_of_the_second() {
    // The first attempt is refused after the server may have seen it, the second finds no server at all.
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
    // It read until the client was gone.
    assert!(serving.join().unwrap().is_err());
}

// Silence.

/// Case grpc-silent: the first connection never answers again.
#[test]
fn a_connection_whose_call_timed_out_is_not_used_again() {
    for kind in BOTH {
        for says_hello in [true, false] {
            let server = Wire::start(move |number, mut stream| {
                if number == 0 && !says_hello {
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
            let client = Client::with_options(&format!("grpc://{}", server.address()), &options).unwrap();
            let expected = Expected {
                status: Status::DeadlineExceeded,
                origin: Origin::Client,
                in_doubt: true,
                retryable: true,
            };
            let what = format!("{kind:?}, says hello: {says_hello}");
            let error = kind.call(&client, 1).expect_err(&what);
            // A server that says nothing at all has perhaps not been sent the request.
            let in_doubt = says_hello || error.is_in_doubt();
            Expected { in_doubt, ..expected }.check(&error, &what, ANYTHING);
            kind.expect_right_after(&client, &what);
            assert_eq!(server.connections(), 2, "{what}");
        }
    }
}

// Where there is no gRPC server.

#[test]
fn grpc_to_a_port_that_speaks_http1_says_so_and_is_not_retryable() {
    let responses: [&[u8]; 4] = [
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nContent-Length: 7\r\n\r\n<html/>",
        b"HTTP/1.1 505 HTTP Version Not Supported\r\n\r\n",
        b"HTTP/1.0 400 Bad Request\r\n\r\n<html><body>a page that goes on for longer than a frame's head</body></html>",
    ];
    let mut failures = Vec::new();
    for bytes in responses {
        for closes in [true, false] {
            for kind in BOTH {
                let what = format!("{kind:?} {:?}, closes: {closes}", String::from_utf8_lossy(bytes));
                let server = Wire::start(move |_, mut stream| {
                    stream.read_exact(&mut [0; 24])?;
                    stream.write_all(bytes)?;
                    if closes {
                        stream.shutdown(Shutdown::Write)?;
                    }
                    // What is unread when a connection is closed would reset it.
                    io::copy(&mut stream, &mut io::sink()).map(drop)
                });
                note(&mut failures, &what, || {
                    expect_http1(kind, &format!("grpc://{}", server.address()), &what);
                });
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Triton 2.51 closes the connection there without a word, which says nothing of HTTP/1.
#[test]
fn grpc_to_the_server_s_own_port_of_http_is_an_error_and_no_hang() {
    for kind in BOTH {
        let start = Instant::now();
        let error = kind.call(&client(&format!("grpc://{}", server().http)), 1).unwrap_err();
        let is_told = matches!(error.status(), Status::Internal | Status::Unavailable);
        assert!(is_told && error.origin() == Origin::Connection, "{kind:?}: {error:?}");
        assert!(start.elapsed() < TIMEOUT / 2, "{kind:?}: {:?}", start.elapsed());
    }
}

fn expect_http1(kind: Kind, url: &str, what: &str) {
    let start = Instant::now();
    let error = kind.call(&client(url), 1).expect_err(what);
    assert!(matches!(error.status(), Status::Internal | Status::Unavailable), "{what}: {error:?}");
    assert!(!error.is_retryable() && error.full_message().contains("HTTP/1"), "{what}: {error:?}");
    assert!(start.elapsed() < TIMEOUT / 2, "{what}: {:?}", start.elapsed());
}

/// What an output announces, and its raw contents do not hold.
#[test]
fn a_long_name_is_cut_in_the_message() {
    let name = "n".repeat(2 << 20);
    let (server, client) = serve(move |turn| {
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
    });
    let request = InferRequest::new("m").input_bytes("INPUT0", Datatype::Uint8, &[1], b"x");
    let error = client.infer(&request).unwrap_err();
    BROKEN.check(&error, "a long name", &["nnnn"]);
    Kind::Inference.expect_right_after(&client, "after a long name");
    assert_eq!(server.connections(), 2);
}

fn push_varint(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}
