//! Asynchronous calls over gRPC share connections: how many they open, and what the end of one call or of a
//! connection means for the others.

use std::{
    io,
    net::{SocketAddr, TcpStream},
    slice,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use h2::{Reason, server::Builder};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, getsockname, listen, socket_with};
use tokio::sync::watch;
use triton_client::{
    Call, CallOptions, CancelToken, Client, ClientOptions, Datatype, Error, InferRequest, InferResult,
    Origin, Result, Status,
};

use crate::{
    grpc_wire::flood,
    server::{is_embedded, server},
    support::{
        fault::{Cases, Gate, Http, Peer, Response, Wire, frame, refused_address, response, wait_until},
        grpc,
        http2::Server,
        tls,
    },
};

const PATIENCE: Duration = Duration::from_secs(20);
/// A message that servers respond with: the model's name.
const MESSAGE: &[u8] = b"\x0a\x01m";

static DATA: [i32; 4] = [1, 2, 3, 4];

fn request() -> InferRequest<'static> {
    InferRequest::new("m").input("I", &[4], &DATA)
}

fn client(address: SocketAddr) -> Client {
    Client::new(&url!("grpc://{address}")).unwrap()
}

fn within(timeout: Duration) -> CallOptions {
    let mut options = CallOptions::new();
    options.set_timeout(Some(timeout)).unwrap();
    options
}

/// Starts a call that has the longest of the test's timeouts.
fn submit(client: &Client) -> Call {
    client.infer_async(&request(), &within(PATIENCE)).unwrap()
}

fn outcome(call: Call) -> Result<InferResult> {
    call.wait(Some(PATIENCE)).unwrap();
    call.take_result()
}

fn expect_success(calls: impl IntoIterator<Item = Call>) {
    for call in calls {
        assert_eq!(outcome(call).unwrap().model_name(), "m");
    }
}

fn expect_lost(error: &Error) {
    let have = (error.status(), error.origin(), error.is_in_doubt());
    assert_eq!(have, (Status::Unavailable, Origin::Connection, true), "{error:?}");
}

/// A server that holds its responses back until it is opened.
struct Held {
    server: Server,
    connections: Arc<AtomicUsize>,
    requests: Arc<AtomicUsize>,
    gate: watch::Sender<bool>,
}

impl Held {
    fn start(max_streams: Option<u32>) -> Self {
        let (connections, requests) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let (gate, opened) = watch::channel(false);
        let mut settings = Builder::new();
        if let Some(max) = max_streams {
            settings.max_concurrent_streams(max);
        }
        let (accepted, read) = (connections.clone(), requests.clone());
        let on_connection = move || {
            accepted.fetch_add(1, Ordering::SeqCst);
        };
        let server = Server::start(settings, on_connection, move |mut call| {
            let (read, mut opened) = (read.clone(), opened.clone());
            async move {
                call.read_body().await?;
                read.fetch_add(1, Ordering::SeqCst);
                let _ = opened.wait_for(|is_open| *is_open).await;
                grpc::reply(&mut call, vec![MESSAGE.to_vec()], grpc::OK, "").await
            }
        });
        Self { server: server.unwrap(), connections, requests, gate }
    }

    fn wait_for(&self, connections: usize, requests: usize) {
        let counts = || (self.connections.load(Ordering::SeqCst), self.requests.load(Ordering::SeqCst));
        let deadline = Instant::now() + PATIENCE;
        while counts().1 < requests && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(counts(), (connections, requests));
    }
}

#[test]
fn calls_share_a_connection_until_it_is_full_and_wait_when_all_are() {
    // The maximum that the server sets, and that of connections; the calls, the connections that they open,
    // and how many of them the server gets at once.
    for (max_streams, max_connections, calls, connections, at_once) in [
        (None, None, 64, 1, 64),
        (None, None, 250, 3, 250),
        (None, Some(2), 250, 2, 200),
        (Some(1), None, 10, 4, 4),
        (Some(3), None, 30, 4, 12),
        (Some(3), Some(1), 7, 1, 3),
    ] {
        let server = Held::start(max_streams);
        let mut options = ClientOptions::new();
        options.set_max_async_connections(max_connections).unwrap();
        let url = url!("grpc://{}", server.server.address());
        let client = Client::with_options(&url, &options).unwrap();
        let calls: Vec<Call> = (0..calls).map(|_| submit(&client)).collect();
        eprintln!("CASE {max_streams:?}");
        server.wait_for(connections, at_once);
        let counts = client.connections();
        assert_eq!((counts.open, counts.idle, counts.opened), (connections, 0, connections as u64));
        if at_once < calls.len() {
            let late = client.infer_async(&request(), &within(Duration::from_millis(100))).unwrap();
            let error = outcome(late).unwrap_err();
            assert_eq!((error.status(), error.is_in_doubt()), (Status::DeadlineExceeded, false), "{error:?}");
            assert!(error.to_string().contains("option max_async_connections"), "{error}");
        }
        server.gate.send_replace(true);
        let count = calls.len();
        expect_success(calls);
        // None was refused and sent again.
        server.wait_for(connections, count);
        let counts = client.connections();
        assert_eq!((counts.open, counts.idle), (connections, connections));
    }
}

#[test]
fn grpc_timeout_is_longer_than_the_deadline() {
    let server = crate::support::fault::Grpc::start(|_, _| crate::support::fault::GrpcResponse::Silence);
    let client = client(server.address());
    let call = client.infer_async(&request(), &within(Duration::from_secs(7))).unwrap();
    wait_until("the request arrives", || server.requests() == 1);
    drop(call);
    wait_until("the call is cancelled", || server.abandoned() == 1);
    let metadata = &server.metadata()[0];
    let timeout = metadata["grpc-timeout"].to_str().unwrap();
    let ms: u32 = timeout.strip_suffix('m').unwrap().parse().unwrap();
    assert!((7001..=8000).contains(&ms), "{timeout}");
}

/// Reads requests, and returns their streams.
fn read_requests(peer: &Peer, count: usize) -> io::Result<Vec<u32>> {
    (0..count).map(|_| peer.read_request()).collect()
}

/// Responds to every request.
fn serve(peer: &Peer) -> io::Result<()> {
    loop {
        peer.reply(peer.read_request()?, MESSAGE)?;
    }
}

#[test]
fn a_goaway_ends_no_call_and_later_calls_go_to_another_connection() {
    let (gate, ended) = (Arc::new(Gate::default()), Arc::new(AtomicUsize::new(0)));
    let (opened, count) = (gate.clone(), ended.clone());
    let server = Wire::start(move |number, stream| {
        let peer = Peer::accept(stream, &[])?;
        if number > 0 {
            return serve(&peer);
        }
        let streams = read_requests(&peer, 6)?;
        // Of those that it has read it will process three, and tells so in two steps as gRPC servers do.
        peer.go_away(i32::MAX as u32)?;
        peer.go_away(streams[2])?;
        assert!(opened.wait());
        streams[..3].iter().try_for_each(|stream| peer.reply(*stream, MESSAGE))?;
        while peer.read().is_ok() {}
        count.fetch_add(1, Ordering::SeqCst);
        Ok(())
    });
    let client = client(server.address());
    let calls: Vec<Call> = (0..6).map(|_| submit(&client)).collect();
    wait_until("three calls are sent again", || calls.iter().filter(|call| call.is_done()).count() == 3);
    expect_success([submit(&client)]);
    assert_eq!((server.connections(), client.connections().open), (2, 2));
    gate.open();
    expect_success(calls);
    wait_until("the client closes the connection", || ended.load(Ordering::SeqCst) == 1);
    assert_eq!((server.connections(), client.connections().open), (2, 1));
}

#[test]
fn a_refused_call_is_sent_again_elsewhere_and_the_others_go_on() {
    let server = Wire::start(|number, stream| {
        let peer = Peer::accept(stream, &[])?;
        if number > 0 {
            return serve(&peer);
        }
        let first = peer.read_request()?;
        // The next is larger than the window.
        let large = loop {
            let read = peer.read()?;
            if read.kind == frame::DATA {
                break read.stream;
            }
        };
        peer.reset(large, Reason::REFUSED_STREAM)?;
        let last = peer.read_request()?;
        peer.reply(last, MESSAGE)?;
        peer.reply(first, MESSAGE)?;
        serve(&peer)
    });
    let client = client(server.address());
    let memory: &'static [u8] = vec![7; 1 << 20].leak();
    let large = InferRequest::new("m").input_bytes("I", Datatype::Uint8, &[1 << 20], memory);
    let first = submit(&client);
    let large = client.infer_async(&large, &within(PATIENCE)).unwrap();
    expect_success([submit(&client), first, large]);
    assert_eq!(server.connections(), 2);
}

#[test]
fn the_end_of_a_connection_ends_its_calls_at_once_and_leaves_the_client() {
    // While calls wait for a response, and while none does.
    for (requests, responses) in [(10, 0), (10, 10)] {
        let server = Wire::start(move |number, stream| {
            let peer = Peer::accept(stream, &[])?;
            if number > 0 {
                return serve(&peer);
            }
            let streams = read_requests(&peer, requests)?;
            streams[..responses].iter().try_for_each(|stream| peer.reply(*stream, MESSAGE))
        });
        let client = client(server.address());
        let calls: Vec<Call> = (0..requests).map(|_| submit(&client)).collect();
        for call in calls {
            match (outcome(call), responses) {
                (Err(error), 0) => expect_lost(&error),
                (outcome, _) => drop(outcome.unwrap()),
            }
        }
        wait_until("the connection is dropped", || client.connections().open == 0);
        expect_success([submit(&client)]);
        assert_eq!(server.connections(), 2);
    }
}

/// Serves a connection on which each request is held, and each one that is reset gets trailers twice, as
/// Triton sends them. Calls `on_reset` after that.
fn trailers_twice(
    peer: &Peer,
    held: &AtomicUsize,
    mut on_reset: impl FnMut(&[u32]) -> io::Result<bool>,
) -> io::Result<()> {
    let mut open = Vec::new();
    loop {
        let read = peer.read()?;
        match read.kind {
            frame::DATA if !read.payload.is_empty() => {
                peer.window_update(0, read.payload.len() as u32)?;
            }
            frame::RST_STREAM => {
                open.retain(|stream| *stream != read.stream);
                peer.response_headers(read.stream, &[("grpc-status", "4")], true)?;
                peer.response_headers(read.stream, &[("grpc-status", "4")], true)?;
                peer.reset(read.stream, Reason::NO_ERROR)?;
                if on_reset(&open)? {
                    return serve(peer);
                }
            }
            _ => {}
        }
        if read.ends_stream() {
            open.push(read.stream);
            held.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[test]
fn trailers_told_twice_after_a_deadline_do_not_end_the_other_calls() {
    let held = Arc::new(AtomicUsize::new(0));
    let count = held.clone();
    let server = Wire::start(move |_, stream| {
        let peer = Peer::accept(stream, &[])?;
        trailers_twice(&peer, &count, |open| {
            open.iter().try_for_each(|stream| peer.reply(*stream, MESSAGE))?;
            Ok(true)
        })
    });
    let client = client(server.address());
    let mut calls: Vec<Call> = (0..50).map(|_| submit(&client)).collect();
    let late = client.infer_async(&request(), &within(Duration::from_millis(500))).unwrap();
    calls.extend((0..49).map(|_| submit(&client)));
    let error = outcome(late).unwrap_err();
    assert_eq!((error.status(), error.is_in_doubt()), (Status::DeadlineExceeded, true), "{error:?}");
    expect_success(calls);
    expect_success([submit(&client)]);
    assert_eq!((held.load(Ordering::SeqCst), server.connections()), (100, 1));
}

#[test]
fn thousands_of_cancelled_calls_do_not_end_their_connection() {
    const ROUNDS: usize = 25;
    const AT_ONCE: usize = 80;
    let held = Arc::new(AtomicUsize::new(0));
    let count = held.clone();
    let server = Wire::start(move |_, stream| {
        let peer = Peer::accept(stream, &[])?;
        let mut resets = 0;
        trailers_twice(&peer, &count, |open| {
            resets += 1;
            if resets < ROUNDS * AT_ONCE {
                return Ok(false);
            }
            open.iter().try_for_each(|stream| peer.reply(*stream, MESSAGE))?;
            Ok(true)
        })
    });
    let client = client(server.address());
    let living = submit(&client);
    for round in 1..=ROUNDS {
        let calls: Vec<Call> = (0..AT_ONCE).map(|_| submit(&client)).collect();
        wait_until("the requests arrive", || held.load(Ordering::SeqCst) == 1 + round * AT_ONCE);
        calls.iter().for_each(Call::cancel);
        for call in calls {
            let error = outcome(call).unwrap_err();
            assert_eq!((error.status(), error.is_in_doubt()), (Status::Cancelled, true), "{error:?}");
        }
    }
    expect_success([living, submit(&client)]);
    assert_eq!(server.connections(), 1);
}

/// On the real server, which tells the end of a call twice that it ends itself at its deadline.
#[test]
fn a_hundred_calls_complete_beside_one_that_meets_its_deadline_and_two_thousand_that_are_cancelled() {
    if is_embedded() {
        return;
    }
    let client = Client::new(&server().grpc_url()).unwrap();
    static SHORT: [u32; 1] = [5];
    static LONG: [u32; 1] = [60_000];
    let slow = |delay: &'static [u32; 1]| InferRequest::new("slow").input("DELAY_MS", &[1], delay);
    let submit = |delay| client.infer_async(&slow(delay), &within(Duration::from_secs(60))).unwrap();
    let mut calls: Vec<Call> = (0..50).map(|_| submit(&SHORT)).collect();
    let late = client.infer_async(&slow(&LONG), &within(Duration::from_millis(600))).unwrap();
    calls.extend((0..49).map(|_| submit(&SHORT)));
    for round in 0..25 {
        let token = CancelToken::new();
        let mut options = within(Duration::from_secs(60));
        options.set_cancel_token(Some(&token));
        let cancelled: Vec<Call> =
            (0..80).map(|_| client.infer_async(&slow(&LONG), &options).unwrap()).collect();
        if round == 0 {
            let error = late.wait(Some(PATIENCE)).and_then(|()| late.take_result()).unwrap_err();
            assert_eq!(error.status(), Status::DeadlineExceeded, "{error:?}");
        }
        // Its response comes after the server has begun the others, which are on the same connection or have
        // not been sent.
        let simple = InferRequest::new("simple_identity").input_strings("INPUT0", &[1, 1], &["x"]);
        let call = client.infer_async(&simple, &within(PATIENCE)).unwrap();
        outcome(call).unwrap();
        token.cancel();
        for call in cancelled {
            assert_eq!(outcome(call).unwrap_err().status(), Status::Cancelled);
        }
    }
    for call in calls {
        call.wait(Some(Duration::from_secs(60))).unwrap();
        call.take_result().unwrap();
    }
    assert!(client.connections().opened <= 2, "{:?}", client.connections());
}

const BYTE_SIZE: usize = 16 << 20;
/// The bytes of the memory during the call and afterwards. The framing does not contain the latter.
const LENT: u8 = 0xa5;
const OVERWRITTEN: u8 = 0xee;
/// More bytes than precede the tensor.
const FRAMING: usize = 1024;

/// As in `lending`, but the connection lives on, with another call on it.
#[test]
fn the_memory_of_a_stopped_call_is_not_read_although_its_connection_lives_on() {
    // Sending is blocked by the stream's window, or by a server that does not read.
    for window in [65_535, i32::MAX as u32] {
        for max_frame in [16 << 10, 16_777_215] {
            for is_cancelled in [false, true] {
                let what = format!("window {window}, frames {max_frame}, cancelled: {is_cancelled}");
                let (gate, arrived) = (Arc::new(Gate::default()), Arc::new(Mutex::new(Vec::new())));
                let (blocked, progress) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
                let (opened, record, note, seen) =
                    (gate.clone(), arrived.clone(), blocked.clone(), progress.clone());
                let server = Wire::start(move |_, stream| {
                    let settings = [(frame::INITIAL_WINDOW_SIZE, window), (frame::MAX_FRAME_SIZE, max_frame)];
                    let peer = Peer::accept(stream, &settings)?;
                    // Not the connection's window.
                    peer.window_update(0, i32::MAX as u32 - 65_535)?;
                    serve_blocked(&peer, window.min(1 << 20) as usize, &opened, &record, &note, &seen)
                });
                let client = client(server.address());
                let living = submit(&client);
                wait_until("the first request arrives", || progress.load(Ordering::SeqCst) == 1);
                let memory = Box::leak(vec![LENT; BYTE_SIZE].into_boxed_slice()).as_mut_ptr();
                // SAFETY: the memory is leaked, and is written only after the call has ended.
                let lent: &'static [u8] = unsafe { slice::from_raw_parts(memory, BYTE_SIZE) };
                let request =
                    InferRequest::new("m").input_bytes("I", Datatype::Uint8, &[BYTE_SIZE as i64], lent);
                let timeout = if is_cancelled { PATIENCE } else { Duration::from_millis(500) };
                let call = client.infer_async(&request, &within(timeout)).unwrap();
                drop(request);
                wait_until("the server stops reading", || blocked.load(Ordering::SeqCst) == 1);
                if is_cancelled {
                    call.cancel();
                }
                let error = outcome(call).unwrap_err();
                let expected = if is_cancelled { Status::Cancelled } else { Status::DeadlineExceeded };
                assert_eq!((error.status(), error.is_in_doubt()), (expected, true), "{what}: {error:?}");
                // SAFETY: as above; nothing refers to the memory any more.
                unsafe { memory.write_bytes(OVERWRITTEN, BYTE_SIZE) };
                gate.open();
                expect_success([submit(&client), submit(&client), living]);
                assert_eq!(server.connections(), 1, "{what}");
                drop((client, server));
                let arrived = arrived.lock().unwrap();
                assert!(!arrived.contains(&OVERWRITTEN), "{what}: the memory was read after the call");
                assert!(arrived.len() > FRAMING, "{what}");
                let tensor = &arrived[FRAMING..];
                assert!(
                    tensor.iter().all(|byte| *byte == LENT),
                    "{what}: the tensor differs from the memory"
                );
            }
        }
    }
}

/// Reads `until` bytes of the second request, then nothing until the gate opens; then responds to all others,
/// to the first one last.
fn serve_blocked(
    peer: &Peer,
    until: usize,
    gate: &Gate,
    arrived: &Mutex<Vec<u8>>,
    blocked: &AtomicUsize,
    progress: &AtomicUsize,
) -> io::Result<()> {
    let first = peer.read_request()?;
    progress.store(1, Ordering::SeqCst);
    let large = first + 2;
    let mut served = 0;
    loop {
        let read = peer.read()?;
        if (read.stream, read.kind) == (large, frame::DATA) {
            let mut arrived = arrived.lock().unwrap();
            arrived.extend_from_slice(&read.payload);
            if arrived.len() >= until && blocked.swap(1, Ordering::SeqCst) == 0 {
                drop(arrived);
                assert!(gate.wait());
            }
        } else if read.ends_stream() {
            peer.reply(read.stream, MESSAGE)?;
            served += 1;
            if served == 2 {
                peer.reply(first, MESSAGE)?;
            }
        }
    }
}

#[test]
fn a_connection_whose_server_fell_silent_takes_no_further_calls() {
    let gate = Arc::new(Gate::default());
    let opened = gate.clone();
    let server = Wire::start(move |number, stream| {
        let peer = Peer::accept(stream, &[])?;
        if number > 0 {
            return serve(&peer);
        }
        let streams = read_requests(&peer, 2)?;
        assert!(opened.wait());
        peer.reply(streams[0], MESSAGE)?;
        while peer.read().is_ok() {}
        Ok(())
    });
    let client = client(server.address());
    let living = submit(&client);
    let late = client.infer_async(&request(), &within(Duration::from_millis(1200))).unwrap();
    assert_eq!(outcome(late).unwrap_err().status(), Status::DeadlineExceeded);
    expect_success([submit(&client)]);
    assert_eq!(server.connections(), 2);
    gate.open();
    expect_success([living]);
    wait_until("the silent connection is closed", || client.connections().open == 1);
}

#[test]
fn a_flood_of_frames_delays_no_asynchronous_call_beyond_its_deadline() {
    let server = Wire::start(|_, stream| {
        let peer = Peer::accept(stream, &[])?;
        read_requests(&peer, 2)?;
        flood(stream)
    });
    let client = client(server.address());
    let start = Instant::now();
    let calls =
        [300, 600].map(|ms| client.infer_async(&request(), &within(Duration::from_millis(ms))).unwrap());
    for call in calls {
        let error = outcome(call).unwrap_err();
        assert_eq!(error.status(), Status::DeadlineExceeded, "{error:?}");
    }
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

/// Each would otherwise wait for the connect timeout, one after the other.
#[test]
fn a_connection_that_cannot_be_opened_fails_all_calls_that_wait_for_it() {
    let error = outcome(submit(&client(refused_address()))).unwrap_err();
    let have = (error.status(), error.origin(), error.is_in_doubt());
    assert_eq!(have, (Status::Unavailable, Origin::Connection, false), "{error:?}");

    // A port whose backlog is full.
    let new = |flags| socket_with(AddressFamily::INET, SocketType::STREAM, flags, None).unwrap();
    let listener = new(SocketFlags::empty());
    bind(&listener, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    listen(&listener, 0).unwrap();
    let address = SocketAddr::try_from(getsockname(&listener).unwrap()).unwrap();
    let _fillers: Vec<_> = (0..8)
        .map(|_| {
            let filler = new(SocketFlags::NONBLOCK);
            let _ = connect(&filler, &address);
            filler
        })
        .collect();
    let probe = TcpStream::connect_timeout(&address, Duration::from_millis(50));
    assert_eq!(probe.unwrap_err().kind(), io::ErrorKind::TimedOut, "the backlog is not full");
    let mut options = ClientOptions::new();
    options.set_connect_timeout(Some(Duration::from_millis(500))).unwrap();
    let client = Client::with_options(&url!("grpc://{address}"), &options).unwrap();
    let start = Instant::now();
    let calls: Vec<Call> = (0..50).map(|_| submit(&client)).collect();
    for call in calls {
        let error = outcome(call).unwrap_err();
        let have = (error.status(), error.origin(), error.is_in_doubt());
        assert_eq!(have, (Status::Unavailable, Origin::Connection, false), "{error:?}");
        assert!(error.to_string().contains("connect timeout of 500ms"), "{error}");
    }
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    assert_eq!((client.connections().open, client.connections().opened), (0, 1));
}

#[test]
fn an_asynchronous_call_to_a_port_that_speaks_http1_says_so() {
    let server = Http::start(|_| Response::Bytes(response(200, &[], b"")));
    let client = client(server.address());
    let calls: Vec<Call> = (0..8).map(|_| submit(&client)).collect();
    for call in calls {
        let error = outcome(call).unwrap_err();
        let expected = match tls::is_on() {
            true => "the server does not speak HTTP/2 over TLS at this port",
            false => "this port speaks HTTP/1, not gRPC",
        };
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn empty_data_frames_of_many_calls_at_once_end_no_connection() {
    let server = Cases::grpc(|turn| {
        turn.peer.response_headers(turn.stream, &[], false)?;
        turn.peer.send(frame::DATA, 0, turn.stream, &grpc::frame(MESSAGE))?;
        turn.peer.send(frame::DATA, 0, turn.stream, &[])?;
        turn.peer.headers(turn.stream, &[("grpc-status", "0")], true)
    });
    let client = client(server.address());
    for at_once in [1, 8, 99, 250] {
        for _ in 0..600usize.div_ceil(at_once) {
            expect_success((0..at_once).map(|_| submit(&client)).collect::<Vec<_>>());
        }
    }
    assert_eq!(client.infer_statistics().failed, 0);
}

/// Of its own message, although another call is sent later.
#[test]
fn the_time_of_sending_on_a_shared_connection_is_that_of_the_call_itself() {
    const HELD: Duration = Duration::from_millis(300);
    let read = Arc::new(AtomicUsize::new(0));
    let count = read.clone();
    let server = Wire::start(move |_, stream| {
        let peer = Peer::accept(stream, &[])?;
        peer.window_update(0, i32::MAX as u32 - 65_535)?;
        // The large request, up to its window.
        let (mut have, mut large) = (0, 0);
        while have < 65_535 {
            let read = peer.read()?;
            if read.kind == frame::DATA {
                (have, large) = (have + read.payload.len(), read.stream);
            }
        }
        thread::sleep(HELD);
        peer.window_update(large, 1 << 20)?;
        peer.reply(peer.read_request()?, MESSAGE)?;
        let first = peer.read_request()?;
        count.fetch_add(1, Ordering::SeqCst);
        let second = peer.read_request()?;
        peer.reply(first, MESSAGE)?;
        peer.reply(second, MESSAGE)
    });
    let client = client(server.address());
    let memory: &'static [u8] = vec![7; 1 << 20].leak();
    let large = InferRequest::new("m").input_bytes("I", Datatype::Uint8, &[1 << 20], memory);
    let large = outcome(client.infer_async(&large, &within(PATIENCE)).unwrap()).unwrap().times();
    assert!(large.send >= HELD && large.first_byte < HELD, "{large:?}");
    let first = submit(&client);
    wait_until("the request arrives", || read.load(Ordering::SeqCst) == 1);
    thread::sleep(HELD);
    expect_success([submit(&client)]);
    let times = outcome(first).unwrap().times();
    assert!(times.send < HELD && times.first_byte >= HELD, "{times:?}");
}
