//! A cancel ends a call within 5 ms at every stage, over both protocols, whether it blocks or is
//! asynchronous. The memory of the caller is then no longer used, and the client makes further calls.

use std::{
    any::Any,
    fs,
    io::{self, BufReader, Read, Write},
    net::TcpStream,
    ops::ControlFlow,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::{Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use prost::Message;
use rustix::net::sockopt::set_socket_recv_buffer_size;
use triton_client::{
    Call, CallOptions, CancelToken, Client, ClientOptions, Datatype, Error, InferRequest, InferResult,
    Origin, RepositoryOptions, Status, Stream, StreamEvent, StreamOptions,
};

use crate::{
    lending::{LENT, OVERWRITTEN},
    misbehaving::note,
    modes::{MODES, Memory, Mode, PATIENCE},
    own_server::OwnServer,
    programs::{compile, succeed},
    server::{is_embedded, until, urls},
    support::{
        embedded::{
            self,
            inference::{ModelInferResponse, model_infer_response::InferOutputTensor},
        },
        fault::{
            Backlog, Cases, Gate, Peer, Request, Wire, frame, response, silent, wait_until_full,
            wait_until_read,
        },
        grpc, tls,
    },
};

/// The time from the cancel to the return of the call.
const MAX: Duration = Duration::from_millis(5);
/// The maximum number of attempts, of which one must end in time: the machine may be busy.
const TRIES: usize = 30;
/// More than the socket buffers of both ends hold.
const LARGE: usize = 16 << 20;
/// More than precedes a tensor in its message.
const SMALL: usize = 4 << 10;
const OUTPUT: usize = 64 << 10;
/// The bytes of the output in the response.
const SENT: u8 = 0x5a;

/// How a call is made, and cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Inferences: blocking, and asynchronous, cancelled by a token or by the call's own handle.
    Blocking,
    Token,
    Handle,
    /// Blocking calls of the control plane.
    Metadata,
    Load,
}

const WAYS: [Way; 5] = [Way::Blocking, Way::Token, Way::Handle, Way::Metadata, Way::Load];
/// Those that send as much as the test wants.
const SENDING: [Way; 4] = [Way::Blocking, Way::Token, Way::Handle, Way::Load];

impl Way {
    fn is_async(self) -> bool {
        matches!(self, Self::Token | Self::Handle)
    }

    /// Makes the call. Passes the handle of an asynchronous one on.
    fn call(
        self,
        client: &Client,
        options: &CallOptions,
        input: &Memory,
        output: &Memory,
        handles: &Sender<Arc<Call>>,
    ) -> Result<(), Error> {
        match self {
            Self::Blocking => client.infer_with(&request(input, output), options).map(drop),
            Self::Token | Self::Handle => {
                let call = Arc::new(client.infer_async(&request(input, output), options)?);
                let _ = handles.send(call.clone());
                call.wait(Some(PATIENCE)).expect("a call that ends");
                call.take_result().map(drop)
            }
            Self::Metadata => client.model_metadata("m", "", options).map(drop),
            Self::Load => {
                let mut load = RepositoryOptions::new();
                // Less data, since encoding it is slow without optimization.
                load.set_config(Some("{}"))?.add_file("1/m", vec![LENT; input.lend().len() / 2])?;
                client.load_model("m", &load, options)
            }
        }
    }
}

fn request(input: &Memory, output: &Memory) -> InferRequest<'static> {
    let data = input.lend();
    let mut request =
        InferRequest::new("m").input_bytes("INPUT0", Datatype::Uint8, &[data.len() as i64], data);
    let index = request.add_output("OUTPUT0").unwrap();
    request.output_mut(index).unwrap().set_buffer(output.lend_mut());
    request
}

/// The size of the request of [`simple`], whose response any server here sends.
fn simple() -> InferRequest<'static> {
    InferRequest::new("m").input("INPUT0", &[4], &[0x11111111i32; 4])
}

/// What the test and its server tell each other.
#[derive(Default)]
struct Script {
    /// Opened when the call is at its stage.
    reached: Gate,
    /// Opened when the call has ended and its memory is overwritten.
    go_on: Gate,
    /// What arrived of the call's request.
    arrived: Mutex<Vec<u8>>,
    /// The number of other requests.
    others: AtomicUsize,
}

impl Script {
    fn record(&self, bytes: &[u8]) {
        self.arrived.lock().unwrap().extend_from_slice(bytes);
    }

    /// Serves the requests of a connection, the number of which is counted.
    fn serve_http(&self, mut reader: impl io::BufRead, mut stream: &TcpStream) -> io::Result<()> {
        while Request::read(&mut reader, stream)?.is_some() {
            self.others.fetch_add(1, Ordering::SeqCst);
            stream.write_all(&response(200, &[], br#"{"model_name":"m","name":"m"}"#))?;
        }
        Ok(())
    }

    /// As [`serve_http`](Self::serve_http), on a connection whose stream `recorded` is the call's.
    fn serve_grpc(&self, peer: &Peer, recorded: Option<u32>) -> io::Result<()> {
        loop {
            let read = peer.read()?;
            if recorded == Some(read.stream) {
                if read.kind == frame::DATA {
                    self.record(&read.payload);
                }
            } else if read.ends_stream() {
                self.others.fetch_add(1, Ordering::SeqCst);
                peer.reply(read.stream, b"\x0a\x01m")?;
            }
        }
    }
}

/// The thread that makes a call.
#[derive(Default)]
struct Caller(Mutex<Option<PathBuf>>);

impl Caller {
    /// Called by the thread itself.
    fn enter(&self) {
        let path = Path::new("/proc").join(fs::read_link("/proc/thread-self").unwrap());
        *self.0.lock().unwrap() = Some(path.join("stat"));
    }

    fn is_asleep(&self) -> bool {
        let path = self.0.lock().unwrap();
        // The state follows the name, which is in parentheses.
        path.as_ref().is_some_and(|path| fs::read_to_string(path).is_ok_and(|stat| stat.contains(") S ")))
    }

    /// Waits until the thread sleeps. Repeatedly, since it may also sleep for a moment before its call waits.
    fn wait_until_asleep(&self) {
        let mut polls = 0;
        until("the call waits", || {
            polls = if self.is_asleep() { polls + 1 } else { 0 };
            polls == 50
        });
    }
}

/// A server that holds a call at a stage.
struct Scene {
    url: String,
    options: ClientOptions,
    script: Arc<Script>,
    input_byte_size: usize,
    /// What the call does, in its error.
    phase: &'static str,
    in_doubt: bool,
    /// Whether another call has to take the only connection before.
    is_busy: bool,
    /// Whether later calls succeed.
    serves: bool,
    /// Dropped before the memory.
    server: Box<dyn Any>,
}

impl Scene {
    fn new(url: String, phase: &'static str, script: Arc<Script>, server: Box<dyn Any>) -> Self {
        let mut options = ClientOptions::new();
        options.set_timeout(Some(PATIENCE)).unwrap().set_load_timeout(Some(PATIENCE)).unwrap();
        Self {
            url,
            options,
            script,
            input_byte_size: SMALL,
            phase,
            in_doubt: true,
            is_busy: false,
            serves: true,
            server,
        }
    }

    /// Makes a call and cancels it. Returns how long the call then took; `None` if it was not at the stage
    /// yet.
    fn run(self, way: Way, what: &str) -> Option<Duration> {
        let Self { script, .. } = &self;
        let client = &Client::with_options(&self.url, &self.options).unwrap();
        let (token, mut options) = (CancelToken::new(), CallOptions::new());
        options.set_cancel_token(Some(&token));
        let (input, output) = (&Memory::new(self.input_byte_size, LENT), &Memory::new(OUTPUT, 0));
        let (handles, handle) = channel();
        let caller = Caller::default();
        let (error, took) = thread::scope(|scope| {
            let first = self.is_busy.then(|| {
                let mode = if way.is_async() { Mode::Async } else { Mode::Blocking };
                let first = scope.spawn(move || mode.infer(client, &simple(), &CallOptions::new()));
                assert!(script.reached.wait(), "{what}: the first call does not arrive");
                first
            });
            let call = || {
                caller.enter();
                let outcome = way.call(client, &options, input, output, &handles);
                let end = Instant::now();
                input.fill(OVERWRITTEN);
                output.fill(OVERWRITTEN);
                (outcome, end)
            };
            let called = scope.spawn(call);
            if self.serves {
                assert!(script.reached.wait(), "{what}: the stage is not reached");
            }
            caller.wait_until_asleep();
            let start = Instant::now();
            match way {
                Way::Handle => handle.recv_timeout(PATIENCE).unwrap().cancel(),
                _ => token.cancel(),
            }
            let (outcome, end) = called.join().unwrap();
            script.go_on.open();
            if let Some(first) = first {
                first.join().unwrap().unwrap_or_else(|error| panic!("{what}: the first call: {error:?}"));
            }
            (outcome.expect_err(what), end - start)
        });
        let is_there = error.full_message().contains(&format!("cancelled by the caller ({}", self.phase));
        check_cancelled(&error, is_there.then_some(self.in_doubt), what);
        let later = if self.serves { 3 } else { 0 };
        for _ in 0..later {
            let mode = if way.is_async() { Mode::Async } else { Mode::Blocking };
            let outcome = mode.infer(client, &simple(), &CallOptions::new());
            outcome.unwrap_or_else(|error| panic!("{what}: a later call: {error:?}"));
        }
        // The token is cancelled for ever: such calls send nothing.
        token.cancel();
        let opened = client.connections().opened;
        for way in WAYS {
            let memory = [Memory::new(SMALL, OVERWRITTEN), Memory::new(OUTPUT, OVERWRITTEN)];
            let error = way.call(client, &options, &memory[0], &memory[1], &handles).expect_err(what);
            check_cancelled(&error, Some(false), what);
        }
        assert_eq!(client.connections().opened, opened, "{what}");
        let Self { script, is_busy, server, .. } = self;
        drop(server);
        assert_eq!(script.others.load(Ordering::SeqCst), later + usize::from(is_busy), "{what}");
        let arrived = script.arrived.lock().unwrap();
        match way {
            Way::Blocking | Way::Token | Way::Handle => crate::lending::check(&arrived, what),
            Way::Metadata | Way::Load => assert!(!arrived.contains(&OVERWRITTEN), "{what}"),
        }
        assert!(output.is_filled_with(OVERWRITTEN), "{what}: the output was written after the call");
        is_there.then_some(took)
    }
}

#[track_caller]
fn check_cancelled(error: &Error, in_doubt: Option<bool>, what: &str) {
    let properties = (error.status(), error.origin(), error.is_retryable());
    assert_eq!(properties, (Status::Cancelled, Origin::Client, false), "{what}: {error:?}");
    if let Some(in_doubt) = in_doubt {
        assert_eq!(error.is_in_doubt(), in_doubt, "{what}: {error:?}");
    }
}

/// Cancels calls at a stage, each several times, and expects that they return in time.
fn expect(stage: &str, ways: &[Way], scene: impl Fn(Way) -> Scene) {
    let mut failures = Vec::new();
    for way in ways {
        let what = format!("{stage}, {way:?}");
        note(&mut failures, &what, || {
            let mut quickest = Duration::MAX;
            for _ in 0..TRIES {
                quickest = quickest.min(scene(*way).run(*way, &what).unwrap_or(Duration::MAX));
                if quickest <= MAX {
                    break;
                }
            }
            println!("{what}: {quickest:?}");
            assert!(quickest <= MAX, "returned {quickest:?} after the cancel");
        });
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Returns a response with a tensor of [`OUTPUT`] bytes in two halves, its body between the frame's parts.
fn tensor_over_http(framing: &str, before: &str, after: &str) -> [Vec<u8>; 2] {
    let json = format!(
        r#"{{"model_name":"m","outputs":[{{"name":"OUTPUT0","datatype":"UINT8","shape":[{OUTPUT}],
        "parameters":{{"binary_data_size":{OUTPUT}}}}}]}}"#
    );
    let size = json.len();
    let framing = framing.replace("LENGTH", &(size + OUTPUT).to_string());
    let before = before.replace("LENGTH", &format!("{:x}", size + OUTPUT));
    let head = format!("HTTP/1.1 200 OK\r\nInference-Header-Content-Length: {size}\r\n{framing}\r\n");
    let half = vec![SENT; OUTPUT / 2];
    [
        [head.as_bytes(), before.as_bytes(), json.as_bytes(), &half].concat(),
        [&half, after.as_bytes()].concat(),
    ]
}

#[test]
fn a_call_is_cancelled_at_every_stage_over_http() {
    let text = |start: &str, rest: &str| [start, rest].map(|text| text.as_bytes().to_vec());
    // What the server sends before the cancel and after it.
    let stages = [
        ("waiting", "waiting for the response", text("", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")),
        ("status line", "waiting for the response", text("HTTP/1.1 20", "0 OK\r\nContent-Length: 0\r\n\r\n")),
        ("headers", "waiting for the response", text("HTTP/1.1 200 OK\r\nX: y", "\r\n\r\n")),
        ("body", "receiving the response", tensor_over_http("Content-Length: LENGTH\r\n", "", "")),
        (
            "chunk",
            "receiving the response",
            tensor_over_http("Transfer-Encoding: chunked\r\n", "LENGTH\r\n", "\r\n0\r\n\r\n"),
        ),
        ("body without a length", "receiving the response", tensor_over_http("", "", "")),
        (
            "page of an error",
            "receiving the response",
            text("HTTP/1.1 400 Bad Request\r\nContent-Length: 15\r\n\r\n{\"error\":", "\"why\"}"),
        ),
    ];
    for (stage, phase, parts) in stages {
        expect(stage, &WAYS, |_| {
            let (script, [start, rest]) = (Arc::new(Script::default()), parts.clone());
            let own = script.clone();
            let server = Wire::start(move |number, mut stream| {
                let mut reader = BufReader::new(stream);
                if number > 0 {
                    return own.serve_http(reader, stream);
                }
                let request = Request::read(&mut reader, stream)?.expect("a request");
                own.record(&request.body);
                stream.write_all(&start)?;
                wait_until_read(stream);
                own.reached.open();
                own.go_on.wait();
                // Fails if the client has closed the connection.
                let _ = stream.write_all(&rest);
                read_rest(&own, reader)
            });
            Scene::new(url!("http://{}", server.address()), phase, script, Box::new(server))
        });
    }
    expect("sending", &SENDING, |_| {
        let script = Arc::new(Script::default());
        let own = script.clone();
        let server = Wire::start(move |number, mut stream| {
            if number > 0 {
                return own.serve_http(BufReader::new(stream), stream);
            }
            // Otherwise it grows to many MiB.
            set_socket_recv_buffer_size(stream, 256 << 10)?;
            let mut first = vec![0; 1 << 20];
            stream.read_exact(&mut first)?;
            own.record(&first);
            wait_until_full(stream);
            own.reached.open();
            own.go_on.wait();
            read_rest(&own, stream)
        });
        let url = url!("http://{}", server.address());
        let scene = Scene::new(url, "sending the request", script, Box::new(server));
        Scene { input_byte_size: LARGE, ..scene }
    });
}

/// Records what the client still sends until it closes the connection.
fn read_rest(script: &Script, mut reader: impl Read) -> io::Result<()> {
    let mut rest = Vec::new();
    // An error if the connection is reset.
    let outcome = reader.read_to_end(&mut rest);
    script.record(&rest);
    outcome.map(drop)
}

/// Returns a message with a tensor of [`OUTPUT`] bytes and its prefix, in two halves.
fn tensor_over_grpc() -> [Vec<u8>; 2] {
    let message = ModelInferResponse {
        model_name: "m".to_owned(),
        outputs: vec![InferOutputTensor {
            name: "OUTPUT0".to_owned(),
            datatype: "UINT8".to_owned(),
            shape: vec![OUTPUT as i64],
            ..Default::default()
        }],
        raw_output_contents: vec![vec![SENT; OUTPUT].into()],
        ..Default::default()
    };
    let framed = grpc::frame(&message.encode_to_vec());
    let (start, rest) = framed.split_at(framed.len() / 2);
    [start.to_vec(), rest.to_vec()]
}

fn send(peer: &Peer, stream: u32, data: &[u8]) -> io::Result<()> {
    data.chunks(16 << 10).try_for_each(|piece| peer.send(frame::DATA, 0, stream, piece))
}

const OK: [(&str, &str); 1] = [("grpc-status", "0")];

#[test]
fn a_call_is_cancelled_at_every_stage_over_grpc() {
    type Play = fn(&Peer, u32) -> io::Result<()>;
    const WAITING: &str = "waiting for the response";
    const RECEIVING: &str = "receiving the response";
    /// `:status: 200` from the static table, and `content-type` as a literal.
    const HEADERS: (&[u8], &[u8]) = (b"\x88\0\x0ccontent", b"-type\x10application/grpc");
    // What the server sends before the cancel and after it.
    let stages: [(&str, &str, Play, Play); 5] = [
        ("waiting", WAITING, |_, _| Ok(()), |peer, call| peer.reply(call, b"\x0a\x01m")),
        (
            "headers",
            WAITING,
            |peer, call| peer.send(frame::HEADERS, 0, call, HEADERS.0),
            |peer, call| {
                peer.send(frame::CONTINUATION, frame::END_HEADERS, call, HEADERS.1)?;
                peer.headers(call, &OK, true)
            },
        ),
        (
            "message",
            RECEIVING,
            |peer, call| {
                peer.response_headers(call, &[], false)?;
                send(peer, call, &tensor_over_grpc()[0])
            },
            |peer, call| {
                send(peer, call, &tensor_over_grpc()[1])?;
                peer.headers(call, &OK, true)
            },
        ),
        (
            "before the trailers",
            RECEIVING,
            |peer, call| {
                peer.response_headers(call, &[], false)?;
                send(peer, call, &tensor_over_grpc().concat())
            },
            |peer, call| peer.headers(call, &OK, true),
        ),
        (
            "page of an error",
            RECEIVING,
            |peer, call| {
                peer.headers(call, &[(":status", "503"), ("content-type", "text/html")], false)?;
                peer.send(frame::DATA, 0, call, b"<html>")
            },
            |peer, call| peer.send(frame::DATA, frame::END_STREAM, call, b"why</html>"),
        ),
    ];
    for (stage, phase, before, after) in stages {
        expect(stage, &WAYS, |way| {
            let connections = if way.is_async() { 1 } else { 2 };
            let script = Arc::new(Script::default());
            let own = script.clone();
            let server = Wire::start(move |number, stream| {
                assert!(number < connections, "a further connection");
                let peer = Peer::accept(stream, &[])?;
                if number > 0 {
                    return own.serve_grpc(&peer, None);
                }
                let call = read_request(&own, &peer)?;
                before(&peer, call)?;
                wait_until_read(stream);
                own.reached.open();
                own.go_on.wait();
                // Fails if the client has closed the connection.
                let _ = after(&peer, call);
                own.serve_grpc(&peer, Some(call))
            });
            Scene::new(url!("grpc://{}", server.address()), phase, script, Box::new(server))
        });
    }
    expect("before SETTINGS", &WAYS, |way| {
        let connections = if way.is_async() { 1 } else { 2 };
        let script = Arc::new(Script::default());
        let own = script.clone();
        let server = Wire::start(move |number, mut stream| {
            assert!(number < connections, "a further connection");
            if number > 0 {
                return own.serve_grpc(&Peer::accept(stream, &[])?, None);
            }
            stream.read_exact(&mut [0; 24])?;
            own.reached.open();
            own.go_on.wait();
            own.serve_grpc(&Peer::begin(stream, &[])?, Some(1))
        });
        Scene::new(url!("grpc://{}", server.address()), WAITING, script, Box::new(server))
    });
    // By flow control, and by a server that does not read.
    for window in [65_535, i32::MAX as u32] {
        expect(&format!("sending with a window of {window} bytes"), &SENDING, |_| {
            let script = Arc::new(Script::default());
            let own = script.clone();
            let server = Wire::start(move |number, stream| {
                set_socket_recv_buffer_size(stream, 256 << 10)?;
                let peer = Peer::accept(stream, &[(frame::INITIAL_WINDOW_SIZE, window)])?;
                // Not the connection's window.
                peer.window_update(0, i32::MAX as u32 - 65_535)?;
                if number > 0 {
                    return own.serve_grpc(&peer, None);
                }
                let until = window.min(1 << 20) as usize;
                while own.arrived.lock().unwrap().len() < until {
                    let read = peer.read()?;
                    if read.kind == frame::DATA {
                        own.record(&read.payload);
                    }
                }
                if until < window as usize {
                    wait_until_full(stream);
                }
                own.reached.open();
                own.go_on.wait();
                own.serve_grpc(&peer, Some(1))
            });
            let url = url!("grpc://{}", server.address());
            let scene = Scene::new(url, WAITING, script, Box::new(server));
            Scene { input_byte_size: LARGE, ..scene }
        });
    }
}

/// Reads a request, which is recorded, and returns its stream.
fn read_request(script: &Script, peer: &Peer) -> io::Result<u32> {
    loop {
        let read = peer.read()?;
        if read.kind == frame::DATA {
            script.record(&read.payload);
            if !read.payload.is_empty() {
                peer.window_update(0, read.payload.len() as u32)?;
                peer.window_update(read.stream, read.payload.len() as u32)?;
            }
        }
        if read.ends_stream() {
            return Ok(read.stream);
        }
    }
}

#[test]
fn a_call_is_cancelled_while_it_connects() {
    for scheme in ["http", "grpc"] {
        expect(&format!("connecting over {scheme}"), &WAYS, |_| {
            let mut port = Backlog::new();
            port.fill();
            let url = url!("{scheme}://{}", port.address());
            let scene = Scene::new(url, "connecting", Arc::default(), Box::new(port));
            Scene { in_doubt: false, serves: false, ..scene }
        });
    }
}

#[test]
fn a_call_is_cancelled_while_it_waits_for_a_connection() {
    for scheme in ["http", "grpc"] {
        expect(&format!("a full pool over {scheme}"), &WAYS, |_| {
            let script = Arc::new(Script::default());
            let own = script.clone();
            let server = Wire::start(move |number, mut stream| {
                assert_eq!(number, 0, "a further connection");
                if scheme == "grpc" {
                    let peer = Peer::accept(stream, &[(frame::MAX_CONCURRENT_STREAMS, 1)])?;
                    let first = peer.read_request()?;
                    own.others.fetch_add(1, Ordering::SeqCst);
                    own.reached.open();
                    own.go_on.wait();
                    peer.reply(first, b"\x0a\x01m")?;
                    return own.serve_grpc(&peer, None);
                }
                let mut reader = BufReader::new(stream);
                Request::read(&mut reader, stream)?;
                own.others.fetch_add(1, Ordering::SeqCst);
                own.reached.open();
                own.go_on.wait();
                stream.write_all(&response(200, &[], br#"{"model_name":"m"}"#))?;
                own.serve_http(reader, stream)
            });
            let url = url!("{scheme}://{}", server.address());
            let phase = "waiting for a connection: all are in use";
            let mut scene = Scene::new(url, phase, script, Box::new(server));
            scene.options.set_max_connections(Some(1)).unwrap().set_max_async_connections(Some(1)).unwrap();
            Scene { in_doubt: false, is_busy: true, ..scene }
        });
    }
}

/// The process has a resolver that never returns.
#[test]
fn a_call_is_cancelled_while_its_host_name_is_resolved() {
    let program = compile("tests/c/cancel_lookup.c", "cancel_lookup");
    for scheme in ["http", "grpc"] {
        let printed = succeed(&program, &[&url!("{scheme}://host.invalid")]);
        println!("{scheme}: {printed}");
        for line in printed.lines() {
            let us: u64 = line.rsplit(' ').next().unwrap().parse().unwrap();
            assert!(us <= MAX.as_micros() as u64, "{scheme}: {printed}");
        }
        assert_eq!(printed.lines().count(), 2, "{printed}");
    }
}

#[test]
fn a_call_with_a_cancelled_token_sends_nothing() {
    let server = silent();
    let (token, mut options) = (CancelToken::new(), CallOptions::new());
    options.set_cancel_token(Some(&token));
    token.cancel();
    for scheme in ["http", "grpc"] {
        let client = Client::new(&url!("{scheme}://{}", server.address())).unwrap();
        let (handles, _) = channel();
        for way in WAYS {
            let memory = [Memory::new(SMALL, LENT), Memory::new(OUTPUT, 0)];
            let error = way.call(&client, &options, &memory[0], &memory[1], &handles).unwrap_err();
            check_cancelled(&error, Some(false), &format!("{scheme}, {way:?}"));
        }
        let many = client.infer_many(&[&simple(), &simple()], &[&options]).unwrap();
        assert_eq!(many.len(), 2);
        for outcome in many {
            check_cancelled(&outcome.unwrap_err(), Some(false), scheme);
        }
        check_cancelled(&client.wait_ready("", "", &options).unwrap_err(), Some(false), scheme);
        if scheme == "http" {
            let stream = client.generate_stream("m", "", "{}", &options, |_| ControlFlow::Continue(()));
            check_cancelled(&stream.unwrap_err(), Some(false), scheme);
        }
        assert_eq!(client.connections().opened, 0, "{scheme}");
    }
    assert_eq!(server.connections(), 0);
}

/// Runs a call on a thread of its own, cancels it by the token once it waits, and returns its outcome and how
/// long it then took.
fn cancel<T: Send>(
    token: &CancelToken,
    call: impl FnOnce() -> T + Send,
    reached: impl FnOnce(),
) -> (T, Duration) {
    let caller = &Caller::default();
    thread::scope(|scope| {
        let called = scope.spawn(|| {
            caller.enter();
            (call(), Instant::now())
        });
        reached();
        caller.wait_until_asleep();
        let start = Instant::now();
        token.cancel();
        let (outcome, end) = called.join().unwrap();
        (outcome, end - start)
    })
}

/// Repeats an attempt until it is quick enough; `None` is one that does not count.
fn expect_quick(what: &str, mut attempt: impl FnMut() -> Option<Duration>) {
    let mut quickest = Duration::MAX;
    for _ in 0..TRIES {
        quickest = quickest.min(attempt().unwrap_or(Duration::MAX));
        if quickest <= MAX {
            break;
        }
    }
    println!("{what}: {quickest:?}");
    assert!(quickest <= MAX, "{what}: returned {quickest:?} after the cancel");
}

/// The id of a request that gets no response.
const IGNORED: &str = "ignored";

/// Starts a server for each protocol that responds once the gate is open, and counts the requests.
fn gated(scheme: &str, gate: &Arc<Gate>) -> (String, Cases) {
    let gate = gate.clone();
    let server = match scheme {
        "http" => Cases::http(move |turn| {
            gate.wait();
            if turn.id() == IGNORED { Ok(()) } else { turn.send(&turn.good()) }
        }),
        _ => Cases::grpc(move |turn| {
            gate.wait();
            let is_ignored = turn.message.windows(IGNORED.len()).any(|text| text == IGNORED.as_bytes());
            if is_ignored { Ok(()) } else { turn.reply_good() }
        }),
    };
    (url!("{scheme}://{}", server.address()), server)
}

#[test]
fn a_submission_that_waits_for_calls_in_flight_is_cancelled() {
    for scheme in ["http", "grpc"] {
        expect_quick(&format!("calls in flight over {scheme}"), || {
            let gate = Arc::new(Gate::default());
            let (url, server) = gated(scheme, &gate);
            let mut options = ClientOptions::new();
            options.set_max_in_flight(1).unwrap();
            let client = Client::with_options(&url, &options).unwrap();
            let first = client.infer_async(&simple(), &CallOptions::new()).unwrap();
            let (token, mut options) = (CancelToken::new(), CallOptions::new());
            options.set_cancel_token(Some(&token));
            let submit = || client.infer_async(&simple(), &options).map(drop);
            let (outcome, took) = cancel(&token, submit, || until("a request", || server.requests() == 1));
            let error = outcome.unwrap_err();
            check_cancelled(&error, Some(false), scheme);
            gate.open();
            first.wait(Some(PATIENCE)).unwrap();
            first.take_result().unwrap();
            Mode::Async.infer(&client, &simple(), &CallOptions::new()).unwrap();
            assert_eq!(server.requests(), 2);
            error.full_message().contains("max_in_flight").then_some(took)
        });
    }
}

#[test]
fn one_of_several_inferences_is_cancelled_alone() {
    // The second of three: waiting for a place among the calls in flight, and for its response.
    for (scheme, max) in [("http", 1), ("http", 3), ("grpc", 1), ("grpc", 3)] {
        let what = format!("{scheme}, {max} in flight");
        let gate = Arc::new(Gate::default());
        let (url, server) = gated(scheme, &gate);
        let mut options = ClientOptions::new();
        options.set_max_in_flight(max).unwrap();
        let client = Client::with_options(&url, &options).unwrap();
        let (token, mut options) = (CancelToken::new(), CallOptions::new());
        options.set_cancel_token(Some(&token));
        let requests = [&simple(), &simple().id(IGNORED), &simple()];
        let each = [&CallOptions::new(), &options, &CallOptions::new()];
        let outcomes = thread::scope(|scope| {
            let many = scope.spawn(|| client.infer_many(&requests, &each));
            // Over gRPC the calls share a connection, whose server reads one request at a time.
            let expected = if scheme == "http" { max } else { 1 };
            until("the requests", || server.requests() == expected);
            token.cancel();
            gate.open();
            many.join().unwrap().unwrap()
        });
        check_cancelled(outcomes[1].as_ref().unwrap_err(), None, &what);
        for at in [0, 2] {
            let result = outcomes[at].as_ref().unwrap_or_else(|error| panic!("{what}: {error:?}"));
            assert_eq!(
                result.output("OUTPUT0").unwrap().as_slice::<i32>().unwrap(),
                [0x11111112; 4],
                "{what}"
            );
        }
        if max == 1 {
            assert!(!outcomes[1].as_ref().unwrap_err().is_in_doubt(), "{what}");
            assert_eq!(server.requests(), 2, "{what}");
        }
    }
}

#[test]
fn the_wait_for_a_server_is_cancelled_between_two_requests() {
    for scheme in ["http", "grpc"] {
        expect_quick(&format!("the pause of wait_ready over {scheme}"), || {
            let server = match scheme {
                "http" => Cases::http(|turn| turn.send(&response(400, &[], b""))),
                _ => Cases::grpc(|turn| turn.reply(b"")),
            };
            let client = Client::new(&url!("{scheme}://{}", server.address())).unwrap();
            let (token, mut options) = (CancelToken::new(), CallOptions::new());
            options.set_cancel_token(Some(&token)).set_timeout(Some(PATIENCE)).unwrap();
            // After five requests the pause is a fifth of a second.
            let reached = || until("five requests", || server.requests() == 5);
            let (outcome, took) = cancel(&token, || client.wait_ready("", "", &options), reached);
            let error = outcome.unwrap_err();
            check_cancelled(&error, Some(false), scheme);
            let requests = server.requests();
            drop(client);
            assert_eq!(server.requests(), requests);
            error.full_message().contains("(waiting for the server)").then_some(took)
        });
    }
}

/// Starts a server that sends two events in one piece, and then waits for the end of the connection.
fn two_events() -> (Wire, Arc<AtomicBool>) {
    let is_ended = Arc::new(AtomicBool::new(false));
    let ended = is_ended.clone();
    let server = Wire::start(move |number, mut stream| {
        let mut reader = BufReader::new(stream);
        while Request::read(&mut reader, stream)?.is_some() {
            if number > 0 {
                stream.write_all(&response(200, &[], br#"{"model_name":"m"}"#))?;
                continue;
            }
            let head =
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
            let events = "data: {\"a\":1}\n\ndata: {\"a\":2}\n\n";
            let chunk = format!("{:x}\r\n{events}\r\n", events.len());
            stream.write_all([head, &chunk].concat().as_bytes())?;
        }
        ended.fetch_or(number == 0, Ordering::SeqCst);
        Ok(())
    });
    (server, is_ended)
}

#[test]
fn a_stream_of_events_is_cancelled_in_its_callback_and_between_two_events() {
    // The callback cancels, another thread cancels while the callback runs, and after the last event.
    for stage in 0..3 {
        expect_quick(&format!("generate_stream, stage {stage}"), || {
            let (server, is_ended) = two_events();
            let client = Client::new(&url!("http://{}", server.address())).unwrap();
            let (token, mut options) = (CancelToken::new(), CallOptions::new());
            options.set_cancel_token(Some(&token));
            let (seen, is_waiting) = (AtomicUsize::new(0), Gate::default());
            let on_event = |_: &str| {
                let count = seen.fetch_add(1, Ordering::SeqCst) + 1;
                match stage {
                    0 => token.cancel(),
                    1 => {
                        is_waiting.open();
                        until("the cancel", || token.is_cancelled());
                    }
                    _ if count == 2 => is_waiting.open(),
                    _ => {}
                }
                // The caller does not end the stream, the token does.
                ControlFlow::Continue(())
            };
            let call = || client.generate_stream("m", "", "{}", &options, on_event).map(drop);
            let (outcome, took) = match stage {
                2 => cancel(&token, call, || assert!(is_waiting.wait())),
                _ => thread::scope(|scope| {
                    let caller = scope.spawn(|| (call(), Instant::now()));
                    if stage == 1 {
                        assert!(is_waiting.wait());
                    }
                    let start = Instant::now();
                    if stage == 1 {
                        token.cancel();
                    }
                    let (outcome, end) = caller.join().unwrap();
                    (outcome, if stage == 1 { end - start } else { Duration::ZERO })
                }),
            };
            check_cancelled(&outcome.unwrap_err(), Some(true), "generate_stream");
            assert_eq!(seen.load(Ordering::SeqCst), if stage == 2 { 2 } else { 1 }, "stage {stage}");
            until("the server sees the end", || is_ended.load(Ordering::SeqCst));
            client.infer(&simple()).unwrap();
            Some(took)
        });
    }
}

/// The first attempt fails so that there is a second one, for which the port has no room.
#[test]
fn a_call_is_cancelled_between_its_two_attempts() {
    for (scheme, way, in_doubt) in [
        ("grpc", Way::Blocking, false),
        ("grpc", Way::Token, false),
        ("grpc", Way::Metadata, true),
        ("http", Way::Metadata, true),
    ] {
        let what = format!("second attempt over {scheme}, {way:?}");
        expect_quick(&what, || {
            let mut port = Backlog::new();
            let client = Client::new(&format!("{scheme}://{}", port.address())).unwrap();
            let (token, mut options) = (CancelToken::new(), CallOptions::new());
            options.set_cancel_token(Some(&token));
            let memory = [Memory::new(SMALL, LENT), Memory::new(OUTPUT, 0)];
            let (handles, _) = channel();
            let call = || {
                if scheme == "http" {
                    // The connection has to carry a call before.
                    client.model_metadata("m", "", &CallOptions::new()).unwrap();
                }
                way.call(&client, &options, &memory[0], &memory[1], &handles)
            };
            let mut first = None;
            let reached = || {
                let stream = port.accept();
                port.fill();
                if scheme == "http" {
                    let mut reader = BufReader::new(&stream);
                    Request::read(&mut reader, &stream).unwrap().unwrap();
                    (&stream).write_all(&response(200, &[], br#"{"name":"m"}"#)).unwrap();
                    Request::read(&mut reader, &stream).unwrap().unwrap();
                    return;
                }
                let peer = Peer::accept(&stream, &[]).unwrap();
                let call = peer.read_request().unwrap();
                match way {
                    // After the complete request, only a call that reads is repeated.
                    Way::Metadata => peer.reset(call, h2::Reason::REFUSED_STREAM),
                    _ => peer.go_away(0),
                }
                .unwrap();
                first = Some(stream);
            };
            let (outcome, took) = cancel(&token, call, reached);
            drop(first);
            let error = outcome.unwrap_err();
            let is_there = error.full_message().contains("(connecting)");
            check_cancelled(&error, is_there.then_some(in_doubt), &what);
            is_there.then(|| {
                assert_eq!(client.connections().opened, 2, "{what}");
                took
            })
        });
    }
}

/// The server cancels the call as soon as the client has received the response.
#[test]
fn a_complete_response_takes_precedence_over_a_cancel() {
    for scheme in ["http", "grpc"] {
        let token = Arc::new(Mutex::new(CancelToken::new()));
        let current = token.clone();
        let server = match scheme {
            "http" => Cases::http(move |turn| {
                let own = current.lock().unwrap().clone();
                turn.send(&turn.good())?;
                turn.wait_until_delivered();
                own.cancel();
                Ok(())
            }),
            _ => Cases::grpc(move |turn| {
                let own = current.lock().unwrap().clone();
                turn.reply_good()?;
                turn.peer.wait_until_delivered();
                own.cancel();
                Ok(())
            }),
        };
        let client = Client::new(&url!("{scheme}://{}", server.address())).unwrap();
        // A look at the kernel's table for each call takes long.
        let calls = if tls::is_on() { 50 } else { 500 };
        for at in 0..calls {
            let mut options = CallOptions::new();
            let own = CancelToken::new();
            *token.lock().unwrap() = own.clone();
            options.set_cancel_token(Some(&own));
            let outcome = match at % 2 {
                0 => client.infer_with(&simple(), &options).map(drop),
                _ => client.model_metadata("m", "", &options).map(drop),
            };
            outcome.unwrap_or_else(|error| panic!("{scheme}, call {at}: {error:?}"));
        }
    }
}

#[test]
fn a_cancel_after_the_end_of_a_call_changes_nothing() {
    for scheme in ["http", "grpc"] {
        let server = match scheme {
            "http" => Cases::http(|turn| turn.send(&turn.good())),
            _ => Cases::grpc(|turn| turn.reply_good()),
        };
        let client = Client::new(&url!("{scheme}://{}", server.address())).unwrap();
        for mode in MODES {
            let (token, mut options) = (CancelToken::new(), CallOptions::new());
            options.set_cancel_token(Some(&token));
            mode.infer(&client, &simple(), &options).unwrap();
            token.cancel();
            mode.infer(&client, &simple(), &CallOptions::new()).unwrap();
        }
        // The result of a call that nobody has fetched yet.
        let call = client.infer_async(&simple(), &CallOptions::new()).unwrap();
        call.wait(Some(PATIENCE)).unwrap();
        call.cancel();
        call.take_result().unwrap();
        // One for each mode.
        assert_eq!(server.connections(), 2, "{scheme}");
    }
}

/// Numbers that are random enough.
struct Random(u64);

impl Random {
    fn below(&mut self, max: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % max
    }
}

fn spin(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// A token wakes the calls that it cancels one after the other. The last of very many may have ended since,
/// and returned its connection, which already carries the call of another thread.
#[test]
fn a_cancel_does_not_reach_the_next_call_on_the_connection() {
    const ROUNDS: usize = 20;
    const OTHERS: usize = 1000;
    let held = silent();
    for (scheme, fails) in [("http", false), ("http", true), ("grpc", false), ("grpc", true)] {
        // The calls with the token fail, or succeed; those of the other thread always succeed.
        let server = match scheme {
            "http" => Cases::http(move |turn| match turn.request.body.len() > SMALL && fails {
                true => turn.send(&response(404, &[], br#"{"error":"why"}"#)),
                false => turn.send(&turn.good()),
            }),
            _ => Cases::grpc(move |turn| match turn.message.len() > SMALL && fails {
                true => turn.peer.response_headers(turn.stream, &[("grpc-status", "5")], true),
                false => turn.reply_good(),
            }),
        };
        let mut options = ClientOptions::new();
        options.set_max_connections(Some(1)).unwrap();
        let client = Client::with_options(&url!("{scheme}://{}", server.address()), &options).unwrap();
        let mut random = Random(7);
        let data = vec![1i32; SMALL / 4];
        let request = InferRequest::new("m").input("INPUT0", &[data.len() as i64], &data);
        let (mut calls, mut cancelled) = (0, 0);
        for _ in 0..ROUNDS {
            let (token, mut options) = (CancelToken::new(), CallOptions::new());
            options.set_cancel_token(Some(&token));
            let mut waiting = ClientOptions::new();
            waiting.set_max_in_flight(OTHERS).unwrap();
            let waiting = Client::with_options(&url!("http://{}", held.address()), &waiting).unwrap();
            let others: Vec<_> =
                (0..OTHERS).map(|_| waiting.infer_async(&simple(), &options).unwrap()).collect();
            let is_over = AtomicBool::new(false);
            thread::scope(|scope| {
                scope.spawn(|| {
                    loop {
                        match client.infer_with(&request, &options) {
                            Err(error) if error.status() == Status::Cancelled => break,
                            Err(error) => assert!(fails && error.status() == Status::NotFound, "{error:?}"),
                            Ok(_) => assert!(!fails),
                        }
                    }
                    is_over.store(true, Ordering::SeqCst);
                });
                let beside = scope.spawn(|| {
                    let mut calls = 0;
                    while !is_over.load(Ordering::SeqCst) {
                        // An inference is not repeated.
                        client.infer(&simple()).unwrap();
                        calls += 1;
                    }
                    calls
                });
                spin(Duration::from_micros(random.below(20_000)));
                token.cancel();
                calls += beside.join().unwrap();
            });
            for call in others {
                call.wait(Some(PATIENCE)).unwrap();
                cancelled += usize::from(call.take_result().unwrap_err().status() == Status::Cancelled);
            }
        }
        assert!(calls > ROUNDS && cancelled == ROUNDS * OTHERS, "{scheme}: {calls} {cancelled}");
    }
}

/// Hundreds of calls are cancelled at random moments, before and after their end. Over gRPC not on the real
/// server: Triton before 2.53 does not survive a cancel in the moment in which it completes a request.
#[test]
fn no_later_call_fails_because_of_a_cancel() {
    const CALLS: usize = 400;
    let embedded = embedded::Server::start().unwrap();
    for url in [urls()[0].clone(), url!("grpc://{}", embedded.grpc_address())] {
        let client = Client::new(&url).unwrap();
        for mode in MODES {
            let mut random = Random(1);
            let took = |_| {
                let start = Instant::now();
                check_sum(mode.infer(&client, &sum(), &CallOptions::new()));
                start.elapsed().as_micros() as u64
            };
            let usual = (0..20).map(took).min().unwrap() + 1;
            let is_over = AtomicBool::new(false);
            let (tokens, received) = channel::<(CancelToken, Duration)>();
            let (done, is_done) = channel();
            let cancelled = thread::scope(|scope| {
                scope.spawn(move || {
                    for (token, delay) in received {
                        spin(delay);
                        token.cancel();
                        done.send(()).unwrap();
                    }
                });
                // Calls beside them, on the same connections.
                scope.spawn(|| {
                    while !is_over.load(Ordering::SeqCst) {
                        check_sum(mode.infer(&client, &sum(), &CallOptions::new()));
                    }
                });
                let mut cancelled = 0;
                for _ in 0..CALLS {
                    let (token, mut options) = (CancelToken::new(), CallOptions::new());
                    options.set_cancel_token(Some(&token));
                    let delay = Duration::from_micros(random.below(2 * usual));
                    tokens.send((token, delay)).unwrap();
                    match mode.infer(&client, &sum(), &options) {
                        Err(error) => {
                            check_cancelled(&error, None, "a call");
                            cancelled += 1;
                        }
                        outcome => check_sum(outcome),
                    }
                    check_sum(mode.infer(&client, &sum(), &CallOptions::new()));
                    is_done.recv().unwrap();
                }
                is_over.store(true, Ordering::SeqCst);
                drop(tokens);
                cancelled
            });
            println!("{mode:?} at {url}: {cancelled} of {CALLS} were cancelled");
            assert!(cancelled > 0);
        }
    }
}

static ONES: [i32; 16] = [1; 16];

fn sum() -> InferRequest<'static> {
    InferRequest::new("simple").input("INPUT0", &[1, 16], &ONES).input("INPUT1", &[1, 16], &ONES)
}

#[track_caller]
fn check_sum(outcome: Result<InferResult, Error>) {
    assert_eq!(outcome.unwrap().output("OUTPUT0").unwrap().as_slice::<i32>().unwrap(), [2; 16]);
}

/// A real server of the model `slow`, which runs one request at a time, and what its log says.
struct Logged {
    server: OwnServer,
    log: PathBuf,
    seen: [usize; 4],
}

/// Lines of the log, by two words of each: one for each request that the server cancels, one for each call
/// and each stream with requests whose cancel it notices, and one for each request that the model gives up.
const CANCELS: [[&str; 2]; 4] = [
    ["Issuing cancellation for ", ""],
    ["Cancellation notification received for ModelInferHandler", "rpc_ok=1"],
    ["Cancellation notification received for ModelStreamInferHandler, rpc_ok=1", "step ISSUED"],
    ["slow: cancelled after ", ""],
];
/// One for each stream that is opened, and at least one for each that is cancelled.
const OPENED: &str = "New request handler for ModelStreamInferHandler";
const ENDED: &str = "Cancellation notification received for ModelStreamInferHandler";
const EXECUTING: &str = "Setting state from PENDING to EXECUTING";
const QUEUED: &str = "Setting state from INITIALIZED to PENDING";

impl Logged {
    fn start(name: &str) -> Self {
        let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_file(&log);
        let args = format!("--log-verbose=1 --log-file={}", log.display());
        Self { server: OwnServer::start("slow", &args), log, seen: [0; 4] }
    }

    /// Returns the number of lines with these words.
    fn count(&self, words: &str) -> usize {
        self.count_both([words, ""])
    }

    fn count_both(&self, words: [&str; 2]) -> usize {
        let log = fs::read_to_string(&self.log).unwrap();
        log.lines().filter(|line| words.iter().all(|words| line.contains(words))).count()
    }

    /// Runs `calls`, and `then` once so many more requests are queued, those that execute included, and so
    /// many execute.
    fn run<T: Send>(
        &self,
        calls: impl FnOnce() -> T + Send,
        [queued, executing]: [usize; 2],
        then: impl FnOnce(),
    ) -> T {
        let (queued, executing) = (self.count(QUEUED) + queued, self.count(EXECUTING) + executing);
        thread::scope(|scope| {
            let calls = scope.spawn(calls);
            until("the requests", || self.count(QUEUED) == queued && self.count(EXECUTING) == executing);
            then();
            calls.join().unwrap()
        })
    }

    /// Expects that the server is free soon, and that it has cancelled so much since the last call of this.
    #[track_caller]
    fn expect(&mut self, client: &Client, what: &str, cancelled: [usize; 4]) {
        let start = Instant::now();
        client.infer(&slow(0)).unwrap();
        let took = start.elapsed();
        println!("{what}: the server was free after {took:?}");
        assert!(took < Duration::from_millis(500), "{what}: the server was free after {took:?}");
        (0..4).for_each(|at| self.seen[at] += cancelled[at]);
        let counts = || CANCELS.map(|words| self.count_both(words));
        let deadline = Instant::now() + Duration::from_secs(5);
        while counts() != self.seen && Instant::now() < deadline {
            thread::yield_now();
        }
        client.infer(&slow(0)).unwrap();
        assert_eq!(counts(), self.seen, "{what}");
    }
}

/// A request that takes so many milliseconds.
fn slow(ms: u32) -> InferRequest<'static> {
    let mut request = InferRequest::new("slow");
    let input = request.add_input("DELAY_MS", Datatype::Uint32, &[1]).unwrap();
    request.input_mut(input).unwrap().append_data_copy(&ms.to_le_bytes());
    request
}

#[test]
fn a_cancel_over_grpc_reaches_the_real_server_for_its_own_request_only() {
    if is_embedded() {
        return;
    }
    let mut logged = Logged::start("cancel.log");
    let client = &Client::new(&logged.server.urls()[1]).unwrap();
    client.infer(&slow(0)).unwrap();
    let none = &CallOptions::new();
    let cancellable = || {
        let (token, mut options) = (CancelToken::new(), CallOptions::new());
        options.set_cancel_token(Some(&token));
        (token, options)
    };
    for mode in MODES {
        let (token, options) = cancellable();
        let outcome = logged.run(|| mode.infer(client, &slow(5000), &options), [1, 1], || token.cancel());
        check_cancelled(&outcome.unwrap_err(), Some(true), "executing");
        logged.expect(client, &format!("{mode:?}, executing"), [1, 1, 0, 1]);

        let (token, options) = cancellable();
        let (first, queued) = thread::scope(|scope| {
            let first = scope.spawn(|| mode.infer(client, &slow(500), none));
            until("the first request executes", || {
                logged.count(EXECUTING) > logged.count("EXECUTING to RELEASED")
            });
            let call = || mode.infer(client, &slow(5000), &options);
            let queued = logged.run(call, [1, 0], || token.cancel());
            (first.join().unwrap(), queued)
        });
        first.unwrap();
        check_cancelled(&queued.unwrap_err(), Some(true), "queued");
        logged.expect(client, &format!("{mode:?}, queued"), [1, 1, 0, 1]);

        let (token, options) = cancellable();
        mode.infer(client, &slow(1), &options).unwrap();
        token.cancel();
        logged.expect(client, &format!("{mode:?}, after completion"), [0, 0, 0, 0]);

        logged.run(|| mode.infer(client, &slow(100), none), [1, 1], || token.cancel()).unwrap();
        logged.expect(client, &format!("{mode:?}, without a token"), [0, 0, 0, 0]);
    }

    let ([first, third], many) = ([cancellable(), cancellable()], [&slow(200), &slow(200), &slow(200)]);
    let options = [&first.1, none, &third.1];
    let outcomes = logged.run(
        || client.infer_many(&many, &options).unwrap(),
        [3, 1],
        || {
            first.0.cancel();
            third.0.cancel();
        },
    );
    check_cancelled(outcomes[0].as_ref().unwrap_err(), Some(true), "executing, of three");
    outcomes[1].as_ref().unwrap();
    check_cancelled(outcomes[2].as_ref().unwrap_err(), Some(true), "queued, of three");
    logged.expect(client, "two of three", [2, 2, 0, 2]);

    let last = cancellable();
    let options = [none, none, &last.1];
    let outcomes = logged.run(|| client.infer_many(&many, &options).unwrap(), [3, 1], || last.0.cancel());
    assert!(outcomes[..2].iter().all(|outcome| outcome.is_ok()), "{outcomes:?}");
    check_cancelled(outcomes[2].as_ref().unwrap_err(), Some(true), "queued, the last of three");
    logged.expect(client, "the last of three", [1, 1, 0, 1]);
}

/// Returns the end of a stream, before which nothing may come.
#[track_caller]
fn end(stream: &Stream) -> Result<(), Error> {
    match stream.next(Some(PATIENCE)).unwrap() {
        StreamEvent::End(outcome) => outcome,
        event => panic!("{event:?}"),
    }
}

#[test]
fn a_cancelled_stream_reaches_the_real_server_for_its_own_requests_only() {
    if is_embedded() {
        return;
    }
    let mut logged = Logged::start("cancel_stream.log");
    let client = &Client::new(&logged.server.urls()[1]).unwrap();
    client.infer(&slow(0)).unwrap();
    let open = || client.open_stream(&StreamOptions::new()).unwrap();
    let send = |stream: &Stream, ms| stream.send(&slow(ms), Some(PATIENCE)).unwrap();
    for is_finished in [false, true] {
        expect_quick(&format!("a stream, finished: {is_finished}"), || {
            let stream = open();
            let mut start = None;
            let requests = || {
                send(&stream, 5000);
                if is_finished {
                    stream.finish().unwrap();
                }
                (end(&stream), Instant::now())
            };
            let (outcome, ended) = logged.run(requests, [1, 1], || {
                start = Some(Instant::now());
                stream.cancel();
            });
            check_cancelled(&outcome.unwrap_err(), Some(true), "executing");
            logged.expect(client, "a stream, executing", [1, 0, 1, 1]);
            start.map(|start| ended - start)
        });
    }

    let stream = open();
    let requests = || {
        send(&stream, 5000);
        send(&stream, 5000);
        end(&stream)
    };
    let outcome = logged.run(requests, [2, 1], || stream.cancel());
    check_cancelled(&outcome.unwrap_err(), Some(true), "executing and queued");
    logged.expect(client, "a stream, executing and queued", [2, 0, 1, 2]);

    let (opened, ended) = (logged.count(OPENED), logged.count(ENDED));
    let stream = open();
    until("the stream is open", || logged.count(OPENED) > opened);
    stream.cancel();
    check_cancelled(&end(&stream).unwrap_err(), None, "without a request");
    until("the server notices", || logged.count(ENDED) > ended);
    logged.expect(client, "a stream without a request", [0; 4]);

    // Cancelled, and opened again.
    let stream = open();
    let requests = || {
        send(&stream, 5000);
        end(&stream)
    };
    let outcome = logged.run(requests, [1, 1], || stream.cancel());
    check_cancelled(&outcome.unwrap_err(), Some(true), "before another one");
    let stream = open();
    send(&stream, 1);
    let event = stream.next(Some(PATIENCE)).unwrap();
    assert!(matches!(event, StreamEvent::Result(_)), "{event:?}");
    stream.finish().unwrap();
    end(&stream).unwrap();
    logged.expect(client, "a stream, opened again", [1, 0, 1, 1]);
}
