//! Proxies, the servers behind them, and the rows of the table.

use std::{
    collections::HashMap,
    env,
    fmt::Display,
    fs::{self, File, OpenOptions},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::Duration,
};

use prost::Message;
use serde_json::json;
use triton_client::{Client, ClientOptions, Datatype, Error, InferRequest};

use crate::support::{
    embedded::inference::{
        ModelInferRequest, ModelInferResponse, RepositoryModelLoadRequest,
        model_infer_response::InferOutputTensor,
    },
    fault::{Grpc, GrpcResponse, Http, Request, Response, response},
    grpc,
};

/// Longer than anything takes that a test waits for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The ports of a server of both protocols: `127.0.0.1:PORT`.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {
    pub http: String,
    pub grpc: String,
    pub metrics: String,
}

impl Addresses {
    /// Of the server that run.sh has started.
    pub(crate) fn of_triton() -> Self {
        let address = |name| {
            env::var(name).expect("tests/proxies/run.sh starts a server, as does tests/triton/with-server.sh")
        };
        Self {
            http: address("TRITON_TEST_HTTP"),
            grpc: address("TRITON_TEST_GRPC"),
            metrics: address("TRITON_TEST_METRICS"),
        }
    }
}

/// A script that runs `command` beside what it starts, for as long as this lives.
#[derive(Debug)]
struct Beside(Child);

impl Beside {
    /// Returns it with what the script tells of its ports; nothing if it did not start.
    fn start(command: &mut Command) -> Option<(Self, Addresses)> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let addresses: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        let [http, grpc, metrics] = addresses.try_into().ok()?;
        Some((Self(child), Addresses { http, grpc, metrics }))
    }
}

const TELL: [&str; 3] =
    ["sh", "-c", "echo $TRITON_TEST_HTTP $TRITON_TEST_GRPC $TRITON_TEST_METRICS; exec cat"];

impl Drop for Beside {
    fn drop(&mut self) {
        // The end of its input is the end of what runs beside it.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// A real server for one test.
#[derive(Debug)]
pub(crate) struct Triton {
    beside: Beside,
    pub addresses: Addresses,
}

impl Triton {
    pub(crate) fn start(models: &str) -> Self {
        Self::start_with(Command::new(root().join("tests/triton/with-server.sh")).env("MODELS", models))
    }

    /// Starts one in the place of another that was killed.
    pub(crate) fn restart(models: &str, at: &Addresses) -> Self {
        let ports = [&at.http, &at.grpc, &at.metrics].map(|address| address.rsplit(':').next().unwrap());
        let mut command = Command::new(root().join("tests/triton/with-server.sh"));
        Self::start_with(command.env("MODELS", models).env("TRITON_PORTS", ports.join(" ")))
    }

    fn start_with(command: &mut Command) -> Self {
        // bash tells there that its child was killed.
        let log = env::temp_dir().join(format!("triton-proxies-{}.log", process::id()));
        let started = Beside::start(command.args(TELL).stderr(File::create(&log).unwrap()));
        let text = fs::read_to_string(&log).unwrap();
        fs::remove_file(&log).unwrap();
        let (beside, addresses) = started.unwrap_or_else(|| panic!("Triton did not start: {text}"));
        Self { beside, addresses }
    }

    /// Kills the server with SIGKILL, and returns when its ports refuse connections.
    pub(crate) fn kill(self) {
        let parent = self.beside.0.id();
        let server = fs::read_dir("/proc").unwrap().find_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            let stat = fs::read_to_string(format!("/proc/{name}/stat")).ok()?;
            // `pid (comm) state ppid ...`
            let (head, rest) = stat.rsplit_once(')')?;
            (head.ends_with("(tritonserver") && rest.split_whitespace().nth(1)? == parent.to_string())
                .then_some(name)
        });
        signal("KILL", &server.expect("a running server"));
        // Told to end, the script says nothing about the server's death and keeps no log of it.
        signal("TERM", &parent.to_string());
    }
}

fn signal(name: &str, pid: &str) {
    assert!(Command::new("kill").args(["-s", name, pid]).status().unwrap().success());
}

/// A proxy before a server. It ends when it is dropped, or when this process does.
#[derive(Debug)]
pub(crate) struct Proxy {
    _beside: Beside,
    pub name: String,
    version: String,
    addresses: Addresses,
}

fn proxies_folder() -> PathBuf {
    root().join("tests/proxies/.proxies")
}

/// The proxies of this run: those that PROXIES names, or all, as far as setup.sh could have them.
pub(crate) fn names() -> Vec<String> {
    let all = "envoy nginx haproxy apache caddy varnish nghttpx";
    let wanted = env::var("PROXIES").unwrap_or_else(|_| all.to_owned());
    let names: Vec<String> = wanted
        .split_whitespace()
        .filter(|name| proxies_folder().join(name).join("done").exists())
        .map(str::to_owned)
        .collect();
    assert!(!names.is_empty(), "none of '{wanted}' is there: run tests/proxies/setup.sh");
    names
}

/// Starts every proxy of this run. `args` are options of with-proxy.sh.
pub(crate) fn start_all(upstream: &Addresses, args: &[&str]) -> Vec<Proxy> {
    names().iter().map(|name| Proxy::start(name, upstream, args)).collect()
}

impl Proxy {
    pub(crate) fn start(name: &str, upstream: &Addresses, args: &[&str]) -> Self {
        let mut command = Command::new(root().join("tests/proxies/with-proxy.sh"));
        command.arg(name).args(args).args(TELL);
        command.env("TRITON_TEST_HTTP", &upstream.http).env("TRITON_TEST_GRPC", &upstream.grpc);
        let (beside, addresses) = Beside::start(command.env("TRITON_TEST_METRICS", &upstream.metrics))
            .expect("a proxy that starts");
        let version = fs::read_to_string(proxies_folder().join(name).join("version")).unwrap();
        Self { _beside: beside, name: name.to_owned(), version: version.trim().to_owned(), addresses }
    }

    /// The ways through it. Varnish has no HTTP/2 to its backends, so gRPC is left out there.
    pub(crate) fn lanes(&self) -> Vec<Lane<'_>> {
        let http = Lane { proxy: self, protocol: "HTTP", url: format!("http://{}", self.addresses.http) };
        let grpc = Lane { proxy: self, protocol: "gRPC", url: format!("grpc://{}", self.addresses.grpc) };
        if self.name == "varnish" { vec![http] } else { vec![http, grpc] }
    }
}

/// A proxy and a protocol.
#[derive(Debug)]
pub(crate) struct Lane<'p> {
    pub proxy: &'p Proxy,
    pub protocol: &'static str,
    pub url: String,
}

impl Display for Lane<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, {}", self.proxy.name, self.protocol)
    }
}

impl Lane<'_> {
    /// A client that waits for as long as a test does.
    pub(crate) fn client(&self) -> Client {
        self.client_that_waits(PATIENCE)
    }

    pub(crate) fn client_that_waits(&self, timeout: Duration) -> Client {
        let mut options = ClientOptions::new();
        options.set_timeout(Some(timeout)).unwrap();
        Client::with_options(&self.url, &options).unwrap()
    }

    pub(crate) fn is_grpc(&self) -> bool {
        self.protocol == "gRPC"
    }

    /// Adds a row to the table. `seen`: how many times the server saw the request, where it counted.
    pub(crate) fn row<T>(&self, case: &str, outcome: &Result<T, Error>, seen: Option<usize>) {
        let outcome = match outcome {
            Ok(_) => "OK | | | ".to_owned(),
            Err(error) => {
                let yes = |is| if is { "yes" } else { "no" };
                let text = error.full_message();
                // What stands before is the call, which the case names.
                let text = text.split_once(&format!("{}: ", self.url)).map_or(&text[..], |(_, text)| text);
                let text: String = text.replace(['|', '\n'], " ").chars().take(90).collect();
                let http = error.http_status().map_or(String::new(), |status| format!(" ({status})"));
                format!(
                    "{}{http} | {} | {} | {text}",
                    error.status(),
                    yes(error.is_retryable()),
                    yes(error.is_in_doubt())
                )
            }
        };
        let seen = seen.map_or(String::new(), |seen| seen.to_string());
        self.write(case, &seen, &outcome);
    }

    /// Adds a row about something else than a call.
    pub(crate) fn note(&self, case: &str, what: impl Display) {
        self.write(case, "", &format!("{what} | | | "));
    }

    fn write(&self, case: &str, seen: &str, outcome: &str) {
        let Proxy { name, version, .. } = self.proxy;
        let row = format!("| {name} | {version} | {} | {case} | {seen} | {outcome} |\n", self.protocol);
        match env::var_os("PROXY_ROWS") {
            Some(path) => {
                let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
                file.write_all(row.as_bytes()).unwrap();
            }
            None => print!("{row}"),
        }
    }
}

/// What is wrong, for each proxy: one that fails does not hide the others.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<String>);

impl Faults {
    pub(crate) fn expect(&mut self, holds: bool, lane: &Lane, what: impl Display) {
        if !holds {
            self.0.push(format!("{lane}: {what}"));
        }
    }

    /// The error says that the call may be repeated, and that the server may have run it.
    pub(crate) fn expect_in_doubt<T>(&mut self, lane: &Lane, case: &str, outcome: &Result<T, Error>) {
        match outcome {
            Ok(_) => self.expect(false, lane, format_args!("{case}: success")),
            Err(error) => {
                self.expect(error.is_retryable(), lane, format_args!("{case}: not retryable: {error:?}"));
                self.expect(error.is_in_doubt(), lane, format_args!("{case}: not in doubt: {error:?}"));
            }
        }
    }
}

impl Drop for Faults {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.0.is_empty(), "{} faults:\n{}", self.0.len(), self.0.join("\n"));
        }
    }
}

/// An inference of one number.
pub(crate) fn one_number(model: &str) -> InferRequest<'_> {
    InferRequest::new(model).input_bytes("I", Datatype::Int32, &[1], &[0; 4])
}

/// How many calls [`Stub`]'s model `together` waits for.
pub(crate) const TOGETHER: usize = 6;

/// A server of both protocols that counts what it sees. What it does is what the model is called:
///
/// - `good`: a response;
/// - `together`: a response, as soon as so many calls are here at the same time;
/// - `close`: the end of the connection, once the request was read;
/// - `hang-...`: nothing;
/// - `large-headers`, `many-headers`: a response with 10 headers of 4 KiB, or with 100 short ones;
/// - `text-N`, `text-space`: an error with a text of so many bytes, or one that ends in a space.
#[derive(Debug)]
pub(crate) struct Stub {
    http: Http,
    grpc: Grpc,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    seen: Mutex<HashMap<String, usize>>,
    waiting: Mutex<usize>,
    arrived: Condvar,
}

impl State {
    fn see(&self, protocol: &str, path: &str, model: &str) {
        let kind = if path.ends_with("load") || path.ends_with("Load") { "load" } else { "infer" };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen.entry(format!("{protocol} {kind} {model}")).or_default() += 1;
    }

    fn wait_for_others(&self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        *waiting += 1;
        // Every round has its own multiple, so that a fast one can't be taken for the next.
        let round = waiting.next_multiple_of(TOGETHER);
        self.arrived.notify_all();
        let waited = self.arrived.wait_timeout_while(waiting, PATIENCE, |waiting| *waiting < round);
        drop(waited.unwrap_or_else(PoisonError::into_inner));
    }
}

fn headers(model: &str) -> Option<Vec<(String, String)>> {
    let (count, byte_size) = match model {
        "large-headers" => (10, 4 << 10),
        "many-headers" => (100, 10),
        _ => return None,
    };
    Some((0..count).map(|at| (format!("x-header-{at}"), "X".repeat(byte_size))).collect())
}

/// The text of the error that the model stands for. Its letter takes eight bits in HPACK too.
pub(crate) fn text(model: &str) -> Option<String> {
    match model.strip_prefix("text-")? {
        "space" => Some("an error's text that ends in a space: ".to_owned()),
        size => Some("X".repeat(size.parse().ok()?)),
    }
}

fn http_response(state: &State, request: &Request) -> Response {
    let model =
        request.path.trim_end_matches("/load").rsplit('/').find(|part| *part != "infer").unwrap_or_default();
    state.see("HTTP", &request.path, model);
    if let Some(text) = text(model) {
        return Response::Bytes(response(400, &[], json!({ "error": text }).to_string().as_bytes()));
    }
    let headers = headers(model).unwrap_or_default();
    match model {
        "close" => return Response::Close,
        model if model.starts_with("hang-") => return Response::Silence,
        "together" => state.wait_for_others(),
        _ => {}
    }
    let body = json!({"model_name": model, "model_version": "1",
        "outputs": [{"name": "O", "datatype": "INT32", "shape": [1], "data": [1]}]});
    let headers: Vec<_> = headers.iter().map(|(name, value)| (&name[..], &value[..])).collect();
    Response::Bytes(response(200, &headers, body.to_string().as_bytes()))
}

fn grpc_response(state: &State, path: &str, message: &[u8]) -> GrpcResponse {
    let model = match path.ends_with("Load") {
        true => RepositoryModelLoadRequest::decode(message).unwrap_or_default().model_name,
        false => ModelInferRequest::decode(message).unwrap_or_default().model_name,
    };
    state.see("gRPC", path, &model);
    if let Some(message) = text(&model) {
        return GrpcResponse::TrailersOnly { status: grpc::INVALID_ARGUMENT, message };
    }
    match &model[..] {
        "close" => return GrpcResponse::CloseConnection,
        model if model.starts_with("hang-") => return GrpcResponse::Silence,
        "together" => state.wait_for_others(),
        _ => {}
    }
    let output = InferOutputTensor {
        name: "O".to_owned(),
        datatype: "INT32".to_owned(),
        shape: vec![1],
        ..Default::default()
    };
    let message = ModelInferResponse {
        model_name: model.clone(),
        model_version: "1".to_owned(),
        outputs: vec![output],
        raw_output_contents: vec![vec![1, 0, 0, 0].into()],
        ..Default::default()
    };
    GrpcResponse::Headers { headers: headers(&model).unwrap_or_default(), message: message.encode_to_vec() }
}

impl Stub {
    pub(crate) fn start() -> Self {
        let state = Arc::new(State::default());
        let (for_http, for_grpc) = (state.clone(), state.clone());
        Self {
            http: Http::start(move |request| http_response(&for_http, request)),
            grpc: Grpc::start(move |path, message| grpc_response(&for_grpc, path, &message)),
            state,
        }
    }

    pub(crate) fn addresses(&self) -> Addresses {
        let http = self.http.address().to_string();
        Addresses { metrics: http.clone(), http, grpc: self.grpc.address().to_string() }
    }

    /// How many times a request was read in full: `"infer"` or `"load"` of that model. Forgets them.
    pub(crate) fn take_seen(&self, lane: &Lane, kind: &str, model: &str) -> usize {
        let mut seen = self.state.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.remove(&format!("{} {kind} {model}", lane.protocol)).unwrap_or_default()
    }

    /// How many calls that hang the peer has given up.
    pub(crate) fn abandoned(&self, lane: &Lane) -> usize {
        if lane.is_grpc() { self.grpc.abandoned() } else { self.http.abandoned() }
    }
}
