//! Threads that submit, cancel and free calls at random, and close and free clients: every call that was
//! accepted completes exactly once, also if the connections are cut or fall silent.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use prost::Message;
use triton_client::{Call, CallOptions, Client, ClientOptions, InferRequest, Status};

use crate::{
    own_server::OwnServer,
    programs::{compile_as, succeed_under_valgrind},
    server::{is_embedded, urls},
    soak,
    support::{
        embedded::{self, inference::ModelInferResponse},
        fault::{Peer, Wire, frame, wait_until},
    },
};

/// Relays connections to a server. Most of them are cut, or fall silent, after a number of bytes that differs
/// from connection to connection.
struct Relay {
    wire: Wire,
    foreign: Arc<AtomicUsize>,
}

/// What happens to one direction of a connection, after a number of bytes.
#[derive(Clone, Copy)]
enum Fate {
    Good,
    /// The connection is closed, with what was sent until then.
    Cut(usize),
    /// Further bytes are not relayed; the connection remains.
    Silent(usize),
}

/// The program overwrites the data of a call that is complete with this byte. No more than four of them
/// follow one another in what it sends otherwise.
const OVERWRITTEN: [u8; 8] = [0xee; 8];

impl Relay {
    fn start(server: SocketAddr) -> Self {
        let foreign = Arc::new(AtomicUsize::new(0));
        let count = foreign.clone();
        let wire = Wire::start(move |number, client| {
            let server = &TcpStream::connect(server)?;
            server.set_nodelay(true)?;
            // Neighbouring numbers have unrelated fates.
            let random = (number as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
            let bytes = (random / 8 % 4000) as usize;
            let (to_server, to_client) = match random % 8 {
                0 => (Fate::Cut(bytes), Fate::Good),
                1 | 2 => (Fate::Good, Fate::Cut(bytes)),
                3 => (Fate::Silent(bytes), Fate::Good),
                4 | 5 => (Fate::Good, Fate::Silent(bytes)),
                _ => (Fate::Good, Fate::Good),
            };
            thread::scope(|scope| {
                scope.spawn(|| relay(client, server, to_server, &count));
                relay(server, client, to_client, &AtomicUsize::new(0));
            });
            Ok(())
        });
        Self { wire, foreign }
    }

    fn address(&self) -> SocketAddr {
        self.wire.address()
    }

    /// Asserts that nothing was sent out of memory that was no longer a call's, and that connections were
    /// lost.
    fn check(self) {
        assert_eq!(self.foreign.load(Ordering::SeqCst), 0, "data of calls that were complete was sent");
        assert!(self.wire.connections() > 20);
    }
}

/// Relays one direction until the end of the connection, which then ends in both.
fn relay(from: &TcpStream, to: &TcpStream, fate: Fate, foreign: &AtomicUsize) {
    let relay = || -> io::Result<()> {
        let (mut from, mut to) = (from, to);
        let (mut buffer, mut relayed) = ([0; 16 << 10], 0);
        loop {
            let count = from.read(&mut buffer)?;
            if count == 0 {
                return Ok(());
            }
            let bytes = &buffer[..count];
            foreign.fetch_add(
                bytes.windows(OVERWRITTEN.len()).filter(|bytes| *bytes == OVERWRITTEN).count(),
                Ordering::SeqCst,
            );
            match fate {
                Fate::Cut(after) | Fate::Silent(after) if relayed + count > after => {
                    to.write_all(&bytes[..after.saturating_sub(relayed)])?;
                    if let Fate::Cut(_) = fate {
                        return Ok(());
                    }
                }
                _ => to.write_all(bytes)?,
            }
            relayed += count;
        }
    };
    let _ = relay();
    // Fails if it has ended already.
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}

fn program(test: &str) -> PathBuf {
    compile_as("c11", "tests/c/storm.c", test, &[])
}

fn args(url: &str, ms: String, seed: u32, kind: &str) -> Vec<String> {
    [url, &ms, &seed.to_string(), kind].map(str::to_owned).to_vec()
}

/// Servers of the test's own: other tests use the real one at the same time.
struct Servers {
    embedded: embedded::Server,
    relays: [Relay; 2],
}

impl Servers {
    fn start() -> Self {
        let embedded = embedded::Server::start().unwrap();
        let relays = [embedded.http_address(), embedded.grpc_address()].map(Relay::start);
        Self { embedded, relays }
    }

    /// The URLs of storms, each with what to expect of its server: that of the run over HTTP, and both
    /// protocols through relays.
    fn storms(&self) -> Vec<(String, &'static str)> {
        let [http, _] = urls();
        vec![
            (http, "good"),
            (url!("grpc://{}", self.embedded.grpc_address()), "good"),
            (url!("http://{}", self.relays[0].address()), "bad"),
            (url!("grpc://{}", self.relays[1].address()), "bad"),
        ]
    }

    fn check(self) {
        self.relays.into_iter().for_each(Relay::check);
    }
}

#[test]
fn in_a_storm_of_calls_each_completes_exactly_once() {
    let program = program("storm");
    let servers = Servers::start();
    let storms = (1..).zip(servers.storms()).map(|(seed, (url, kind))| {
        let ms = soak::ms(Duration::from_secs(4), Duration::from_secs(20));
        (&*program, args(&url, ms, seed, kind))
    });
    soak::run(&storms.collect::<Vec<_>>());
    servers.check();
}

/// A short one: valgrind runs one thread at a time.
#[test]
fn a_storm_of_calls_is_clean_under_valgrind() {
    let program = program("storm_valgrind");
    let servers = Servers::start();
    for (seed, (url, kind)) in (11..).zip(servers.storms()) {
        let ms = soak::ms(Duration::from_millis(1500), Duration::from_secs(10));
        let args = args(&url, ms, seed, kind);
        succeed_under_valgrind(&program, &args.iter().map(String::as_str).collect::<Vec<_>>());
    }
    servers.check();
}

/// Over gRPC, on a real server of its own, which may end meanwhile: each call completes all the same.
#[test]
fn in_a_storm_of_calls_on_a_real_server_over_grpc_each_completes_exactly_once() {
    if is_embedded() || !soak::is_soak() {
        return;
    }
    let program = program("storm_grpc");
    let server = OwnServer::start_mortal("simple", None);
    let args = args(&server.urls()[1], "20000".to_owned(), 21, "bad");
    soak::run(&[(&*program, args)]);
}

/// The end of a call that Triton sends six times when it is cancelled: trailers, and RST_STREAM without an
/// error.
fn end_of_call(stream: u32) -> Vec<u8> {
    let headers = [(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", "13")];
    let literal = |text: &str| [&[text.len() as u8], text.as_bytes()].concat();
    let block: Vec<u8> =
        headers.iter().flat_map(|(name, value)| [vec![0], literal(name), literal(value)].concat()).collect();
    let frame = |kind, flags, payload: &[u8]| {
        let head = [0, 0, payload.len() as u8, kind, flags];
        [&head, &stream.to_be_bytes()[..], payload].concat()
    };
    let trailers = frame(frame::HEADERS, frame::END_HEADERS | frame::END_STREAM, &block);
    [trailers, frame(frame::RST_STREAM, 0, &[0; 4])].concat()
}

/// The number of streams that were reset and that h2 would remember if it were not told more.
const FIRST: usize = 2000;
const THEN: usize = 300;

/// Serves a connection on which calls are cancelled, and then a last one. With this, those that came after
/// the first ones get their ends, several times each.
fn serve_resets(mut stream: &TcpStream, requests: &AtomicUsize) -> io::Result<()> {
    let peer = Peer::accept(stream, &[])?;
    let mut resets = Vec::new();
    loop {
        let read = peer.read()?;
        if read.kind == frame::DATA && !read.payload.is_empty() {
            peer.window_update(0, read.payload.len() as u32)?;
        }
        if read.kind == frame::RST_STREAM {
            resets.push(read.stream);
        }
        if read.ends_stream() && requests.fetch_add(1, Ordering::SeqCst) == FIRST + THEN {
            for reset in &resets[FIRST..] {
                stream.write_all(&end_of_call(*reset).repeat(6))?;
            }
            peer.reply(read.stream, &ModelInferResponse::default().encode_to_vec())?;
        }
    }
}

#[test]
fn thousands_of_cancels_within_seconds_do_not_end_the_connection_that_the_calls_share() {
    const AT_ONCE: usize = 50;
    /// The time for which h2 remembers a stream that was reset.
    const REMEMBERED: Duration = Duration::from_secs(5);
    let requests = Arc::new(AtomicUsize::new(0));
    let count = requests.clone();
    let server = Wire::start(move |_, stream| serve_resets(stream, &count));
    let mut options = ClientOptions::new();
    options.set_max_async_connections(Some(1)).unwrap();
    let client = Client::with_options(&url!("grpc://{}", server.address()), &options).unwrap();
    let request = InferRequest::new("m").input("INPUT0", &[4], &[1i32, 2, 3, 4]);
    let submit = || client.infer_async(&request, &CallOptions::new()).unwrap();
    let cancel = |count: usize| {
        for _ in 0..count / AT_ONCE {
            let before = requests.load(Ordering::SeqCst);
            let calls: Vec<_> = (0..AT_ONCE).map(|_| submit()).collect();
            wait_until("the requests", || requests.load(Ordering::SeqCst) == before + AT_ONCE);
            calls.iter().for_each(Call::cancel);
            for call in calls {
                call.wait(None).unwrap();
                assert_eq!(call.take_result().unwrap_err().status(), Status::Cancelled);
            }
        }
    };
    let start = Instant::now();
    cancel(FIRST);
    thread::sleep(REMEMBERED.saturating_sub(start.elapsed()) / 2);
    cancel(THEN);
    // The first ones are forgotten, and the others are not.
    thread::sleep((REMEMBERED + Duration::from_millis(300)).saturating_sub(start.elapsed()));
    let last = submit();
    last.wait(None).unwrap();
    last.take_result().unwrap();
    assert_eq!(server.connections(), 1);
}
