//! PINGs of gRPC: a server that does not respond to them ends a call in time, and one that does never.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use h2::Reason;
use triton_client::{
    CallOptions, Client, ClientOptions, Datatype, Error, InferRequest, Origin, Result, Status, StreamEvent,
    StreamOptions,
};

use crate::{
    own_server::OwnServer,
    server::is_embedded,
    support::fault::{Frame, Gate, Peer, Wire, frame, wait_until},
};

/// Longer than any wait of a test that passes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
const TIME: Duration = Duration::from_millis(100);
/// A message that servers respond with: the model's name, of a call and of a stream.
const MESSAGE: &[u8] = b"\x0a\x01m";
const STREAM_MESSAGE: &[u8] = b"\x12\x03\x0a\x01m";

/// The ways of an inference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Blocking,
    Asynchronous,
    Stream,
}

pub(crate) const KINDS: [Kind; 3] = [Kind::Blocking, Kind::Asynchronous, Kind::Stream];

impl Kind {
    /// Makes an inference, and returns its outcome or that of its stream.
    pub(crate) fn infer(self, client: &Client, request: &InferRequest<'static>) -> Result<()> {
        let mut options = CallOptions::new();
        options.set_timeout(Some(PATIENCE)).unwrap();
        match self {
            Self::Blocking => client.infer_with(request, &options).map(drop),
            Self::Asynchronous => {
                let call = client.infer_async(request, &options).unwrap();
                call.wait(Some(PATIENCE)).unwrap();
                call.take_result().map(drop)
            }
            Self::Stream => {
                let stream = client.open_stream(&StreamOptions::new()).unwrap();
                stream.send(request, None).unwrap();
                match stream.next(Some(PATIENCE)).unwrap() {
                    StreamEvent::Result(_) => Ok(()),
                    StreamEvent::End(outcome) => outcome,
                    other => panic!("{other:?}"),
                }
            }
        }
    }

    pub(crate) fn message(self) -> &'static [u8] {
        if self == Self::Stream { STREAM_MESSAGE } else { MESSAGE }
    }
}

fn client(url: &str, time: Duration, timeout: Duration) -> Client {
    let mut options = ClientOptions::new();
    options.set_keepalive_time(Some(time)).unwrap().set_keepalive_timeout(timeout).unwrap();
    Client::with_options(url, &options).unwrap()
}

fn wire_client(wire: &Wire, timeout: Duration) -> Client {
    client(&url!("grpc://{}", wire.address()), TIME, timeout)
}

pub(crate) fn request() -> InferRequest<'static> {
    InferRequest::new("m").input("IN", &[1], &[1i32])
}

/// Reads up to the whole message of the next request, whose stream it returns. A stream's does not end it.
pub(crate) fn read_request(peer: &Peer) -> io::Result<u32> {
    let mut body = Vec::new();
    loop {
        let read = peer.read()?;
        if read.kind == frame::DATA {
            body.extend_from_slice(&read.payload);
        }
        if let [_, a, b, c, d, message @ ..] = &body[..]
            && message.len() == u32::from_be_bytes([*a, *b, *c, *d]) as usize
        {
            return Ok(read.stream);
        }
    }
}

fn is_ping(read: &Frame) -> bool {
    read.kind == frame::PING && read.flags & frame::ACK == 0
}

#[test]
fn a_server_that_does_not_respond_to_a_ping_ends_a_call_in_time_and_in_doubt() {
    const TIMEOUT: Duration = Duration::from_millis(200);
    for kind in KINDS {
        let (pings, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (count, has_ended) = (pings.clone(), ended.clone());
        let wire = Wire::start(move |_, stream| {
            let peer = Peer::accept(stream, &[])?;
            read_request(&peer)?;
            while let Ok(read) = peer.read_silently() {
                count.fetch_add(usize::from(is_ping(&read)), Ordering::SeqCst);
            }
            has_ended.fetch_add(1, Ordering::SeqCst);
            Ok(())
        });
        let client = wire_client(&wire, TIMEOUT);
        let start = Instant::now();
        let error = kind.infer(&client, &request()).unwrap_err();
        assert!(start.elapsed() >= TIME + TIMEOUT, "{kind:?}: {:?}", start.elapsed());
        expect_lost(&error);
        let text = "no response to a PING within 200ms (option keepalive_timeout)";
        assert!(error.full_message().contains(text), "{kind:?}: {error:?}");
        wait_until("the client closes the connection", || ended.load(Ordering::SeqCst) == 1);
        assert_eq!((wire.connections(), pings.load(Ordering::SeqCst)), (1, 1), "{kind:?}");
        wait_until("the connection is removed", || client.connections().open == 0);
    }
}

#[test]
fn a_server_that_reads_nothing_ends_a_large_call_in_time() {
    const TIMEOUT: Duration = Duration::from_millis(200);
    const WINDOW: u32 = i32::MAX as u32;
    let memory: &'static [u8] = vec![7; 64 << 20].leak();
    let large = InferRequest::new("m").input_bytes("IN", Datatype::Uint8, &[64 << 20], memory);
    for kind in [Kind::Blocking, Kind::Asynchronous] {
        let gate = Arc::new(Gate::default());
        let ended = gate.clone();
        let wire = Wire::start(move |_, stream| {
            let peer = Peer::accept(stream, &[(frame::INITIAL_WINDOW_SIZE, WINDOW)])?;
            peer.window_update(0, WINDOW - 65_535)?;
            while peer.read()?.kind != frame::DATA {}
            // No PING arrives behind all that is not read.
            ended.wait();
            Ok(())
        });
        let error = kind.infer(&wire_client(&wire, TIMEOUT), &large).unwrap_err();
        expect_lost(&error);
        assert!(error.full_message().contains("option keepalive_timeout"), "{kind:?}: {error:?}");
        gate.open();
    }
}

#[track_caller]
fn expect_lost(error: &Error) {
    let have = (error.status(), error.origin(), error.is_in_doubt(), error.is_retryable());
    assert_eq!(have, (Status::Unavailable, Origin::Connection, true, true), "{error:?}");
}

#[test]
fn a_call_goes_on_while_the_server_responds_to_pings_and_none_is_sent_without_a_call() {
    const PINGS: usize = 4;
    for kind in KINDS {
        let (surplus, rounds) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (count, watched) = (surplus.clone(), rounds.clone());
        let wire = Wire::start(move |_, stream| {
            let peer = Peer::accept(stream, &[])?;
            for _ in 0..2 {
                let id = read_request(&peer)?;
                let mut pings = 0;
                while pings < PINGS {
                    pings += usize::from(is_ping(&peer.read()?));
                }
                peer.reply(id, kind.message())?;
                // Meanwhile the connection is idle.
                stream.set_read_timeout(Some(TIME * 3))?;
                while let Ok(read) = peer.read_silently() {
                    count.fetch_add(usize::from(is_ping(&read)), Ordering::SeqCst);
                }
                stream.set_read_timeout(None)?;
                watched.fetch_add(1, Ordering::SeqCst);
            }
            while peer.read().is_ok() {}
            Ok(())
        });
        // Longer than any wait of the server for the client.
        let client = wire_client(&wire, PATIENCE);
        for round in 1..=2 {
            let start = Instant::now();
            kind.infer(&client, &request()).unwrap();
            assert!(start.elapsed() >= TIME * PINGS as u32, "{kind:?}: {:?}", start.elapsed());
            wait_until("the idle connection is watched", || rounds.load(Ordering::SeqCst) == round);
        }
        assert_eq!((wire.connections(), surplus.load(Ordering::SeqCst)), (1, 0), "{kind:?}");
    }
}

#[test]
fn a_server_that_gets_too_many_pings_is_an_error_that_names_the_option() {
    for kind in KINDS {
        let wire = Wire::start(move |_, stream| {
            let peer = Peer::accept(stream, &[])?;
            let id = read_request(&peer)?;
            for _ in 0..2 {
                while !is_ping(&peer.read()?) {}
            }
            peer.go_away_for(Reason::ENHANCE_YOUR_CALM, id, "too_many_pings")
        });
        let error = kind.infer(&wire_client(&wire, PATIENCE), &request()).unwrap_err();
        expect_lost(&error);
        assert!(error.full_message().contains("option keepalive_time"), "{kind:?}: {error:?}");
        assert_eq!(wire.connections(), 1, "{kind:?}");
    }
}

#[test]
fn triton_permits_pings_as_often_as_its_options_say() {
    if is_embedded() {
        return;
    }
    const TIME: Duration = Duration::from_millis(500);
    // The second is longer than any time until the server has got too many.
    static DELAYS_MS: [[u32; 1]; 2] = [[2500], [15_000]];
    let [slow, slower] =
        DELAYS_MS.each_ref().map(|delay| InferRequest::new("slow").input("DELAY_MS", &[1], delay));
    let permissive = "--grpc-http2-min-recv-ping-interval-without-data=100";
    let server = OwnServer::start("slow", permissive);
    for kind in KINDS {
        kind.infer(&client(&server.urls()[1], TIME, PATIENCE), &slow).unwrap();
    }
    drop(server);
    // By default every 5 minutes, and two more often are forgiven.
    let server = OwnServer::start("slow", "");
    for kind in KINDS {
        let error = kind.infer(&client(&server.urls()[1], TIME, PATIENCE), &slower).unwrap_err();
        // It ends the call with a status of its own, and then the connection: which of both is first varies.
        let have = (error.status(), error.is_in_doubt(), error.is_retryable());
        assert_eq!(have, (Status::Unavailable, true, true), "{error:?}");
        assert!(error.full_message().contains("option keepalive_time"), "{kind:?}: {error:?}");
    }
}
