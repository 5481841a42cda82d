//! Starts proxies and the servers behind them, and writes the rows of the table.

use std::{
    collections::HashMap,
    env,
    fmt::Display,
    fs::{self, File, OpenOptions},
    io::{BufRead, BufReader, Read, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{self, Child, Command, Stdio},
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use prost::Message;
use serde_json::json;
use triton_client::{Client, ClientOptions, Datatype, Error, InferRequest};

use crate::support::{
    certificates::{Folder, certificates},
    embedded::inference::{
        ModelInferRequest, ModelInferResponse, RepositoryModelLoadRequest,
        model_infer_response::InferOutputTensor,
    },
    fault::{Grpc, GrpcResponse, Http, Request, Response, response},
    grpc,
};

/// The timeout of calls and waits that are expected to succeed.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(20);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The addresses of a server for both protocols: `127.0.0.1:PORT`.
#[derive(Clone, Debug)]
pub(crate) struct Addresses {
    pub http: String,
    pub grpc: String,
    pub metrics: String,
}

impl Addresses {
    /// Returns the addresses of the server that run.sh has started.
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

/// with-server.sh or with-proxy.sh, running until this is dropped.
#[derive(Debug)]
struct Fixture(Child);

impl Fixture {
    /// Starts the script, and returns the addresses and whatever else it prints; `None` if it could not start
    /// the server or proxy.
    fn start(command: &mut Command) -> Option<(Self, Addresses, Vec<String>)> {
        // Waited for when it is dropped.
        let mut fixture = Self(command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap());
        let mut line = String::new();
        BufReader::new(fixture.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let mut words = line.split_whitespace().map(str::to_owned);
        let (http, grpc, metrics) = (words.next()?, words.next()?, words.next()?);
        Some((fixture, Addresses { http, grpc, metrics }, words.collect()))
    }
}

/// The command for the scripts: prints the addresses, the proxy's process and its folder, and exits at the
/// end of its standard input.
const PRINT_AND_WAIT: [&str; 3] = [
    "sh",
    "-c",
    "echo $TRITON_TEST_HTTP $TRITON_TEST_GRPC $TRITON_TEST_METRICS $TRITON_TEST_PROXY_PID \
     $TRITON_TEST_PROXY_DIR; exec cat",
];

impl Drop for Fixture {
    fn drop(&mut self) {
        // Ends the command, and with it the script.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// A real server for one test.
#[derive(Debug)]
pub(crate) struct Triton {
    fixture: Fixture,
    pub addresses: Addresses,
}

impl Triton {
    pub(crate) fn start(models: &str) -> Self {
        Self::start_with(Command::new(root().join("tests/triton/with-server.sh")).env("MODELS", models))
    }

    /// Starts a server with further options of tritonserver.
    pub(crate) fn start_with_args(models: &str, args: &str) -> Self {
        let mut command = Command::new(root().join("tests/triton/with-server.sh"));
        Self::start_with(command.env("MODELS", models).env("TRITON_ARGS", args))
    }

    /// Starts a server in place of one that was killed.
    pub(crate) fn restart(models: &str, at: &Addresses) -> Self {
        let ports = [&at.http, &at.grpc, &at.metrics].map(|address| address.rsplit(':').next().unwrap());
        let mut command = Command::new(root().join("tests/triton/with-server.sh"));
        Self::start_with(command.env("MODELS", models).env("TRITON_PORTS", ports.join(" ")))
    }

    fn start_with(command: &mut Command) -> Self {
        static STARTED: AtomicUsize = AtomicUsize::new(0);
        // bash reports there that its child was killed.
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let log = env::temp_dir().join(format!("triton-proxies-{}-{number}.log", process::id()));
        let started = Fixture::start(command.args(PRINT_AND_WAIT).stderr(File::create(&log).unwrap()));
        let text = fs::read_to_string(&log).unwrap();
        fs::remove_file(&log).unwrap();
        let (fixture, addresses, _) = started.unwrap_or_else(|| panic!("Triton did not start: {text}"));
        Self { fixture, addresses }
    }

    /// Kills the server with SIGKILL, and returns when its ports refuse connections.
    pub(crate) fn kill(self) {
        let parent = self.fixture.0.id();
        let server = fs::read_dir("/proc").unwrap().find_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            let stat = fs::read_to_string(format!("/proc/{name}/stat")).ok()?;
            // `pid (comm) state ppid ...`
            let (head, rest) = stat.rsplit_once(')')?;
            (head.ends_with("(tritonserver") && rest.split_whitespace().nth(1)? == parent.to_string())
                .then_some(name)
        });
        signal("KILL", &server.expect("a running server"));
        // After SIGTERM, the script does not report the server's termination and deletes its log.
        signal("TERM", &parent.to_string());
    }
}

pub(crate) fn signal(name: &str, pid: &str) {
    assert!(Command::new("kill").args(["-s", name, pid]).status().unwrap().success());
}

/// A proxy in front of a server, running until this is dropped or this process ends.
#[derive(Debug)]
pub(crate) struct Proxy {
    _fixture: Fixture,
    pub name: String,
    version: String,
    addresses: Addresses,
    /// The id of its process.
    pid: String,
    /// The folder of its configuration.
    dir: PathBuf,
    tls: Tls,
    /// Of its certificates.
    _folder: Option<Folder>,
}

/// Whether a proxy's ports speak TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tls {
    Off,
    On,
    /// They require a client certificate, too.
    Mutual,
}

/// Returns whether all proxies of this run speak TLS.
fn is_tls() -> bool {
    env::var_os("PROXY_TLS").is_some()
}

fn proxies_folder() -> PathBuf {
    root().join("tests/proxies/.proxies")
}

/// Returns the proxies of this run: those in PROXIES, or all, if setup.sh could download them.
pub(crate) fn names() -> Vec<String> {
    let all = "envoy nginx haproxy apache caddy varnish nghttpx";
    let selected = env::var("PROXIES").unwrap_or_else(|_| all.to_owned());
    let names: Vec<String> = selected
        .split_whitespace()
        .filter(|name| proxies_folder().join(name).join("done").exists())
        // It has no TLS.
        .filter(|name| !is_tls() || *name != "varnish")
        .map(str::to_owned)
        .collect();
    assert!(!names.is_empty(), "all of '{selected}' are missing: run tests/proxies/setup.sh");
    names
}

/// Starts every proxy of this run. `args` are options of with-proxy.sh.
pub(crate) fn start_all(upstream: &Addresses, args: &[&str]) -> Vec<Proxy> {
    start(&names(), upstream, args)
}

/// Starts those that support gRPC.
pub(crate) fn start_for_grpc(upstream: &Addresses, args: &[&str]) -> Vec<Proxy> {
    let mut names = names();
    names.retain(|name| name != "varnish");
    start(&names, upstream, args)
}

/// Starts those that support TLS, which `args` switch on.
pub(crate) fn start_with_tls(upstream: &Addresses, args: &[&str]) -> Vec<Proxy> {
    start_for_grpc(upstream, args)
}

fn start(names: &[String], upstream: &Addresses, args: &[&str]) -> Vec<Proxy> {
    thread::scope(|scope| {
        let starting: Vec<_> =
            names.iter().map(|name| scope.spawn(move || Proxy::start(name, upstream, args))).collect();
        starting.into_iter().map(|proxy| proxy.join().unwrap()).collect()
    })
}

impl Proxy {
    pub(crate) fn start(name: &str, upstream: &Addresses, args: &[&str]) -> Self {
        let tls = match args {
            _ if args.contains(&"--mutual") => Tls::Mutual,
            _ if is_tls() || args.contains(&"--tls") => Tls::On,
            _ => Tls::Off,
        };
        let mut command = Command::new(root().join("tests/proxies/with-proxy.sh"));
        command.arg(name).args((tls == Tls::On).then_some("--tls")).args(args).args(PRINT_AND_WAIT);
        let folder = (tls != Tls::Off).then(|| certificates().folder());
        command.envs(folder.as_ref().map(|folder| ("TRITON_TEST_CERTIFICATES", folder.path(""))));
        command.env("TRITON_TEST_HTTP", &upstream.http).env("TRITON_TEST_GRPC", &upstream.grpc);
        let (fixture, addresses, process) =
            Fixture::start(command.env("TRITON_TEST_METRICS", &upstream.metrics))
                .expect("a proxy that starts");
        let [pid, dir] = process.try_into().expect("the proxy's process and folder");
        let version = fs::read_to_string(proxies_folder().join(name).join("version")).unwrap();
        let (name, version) = (name.to_owned(), version.trim().to_owned());
        Self { _fixture: fixture, name, version, addresses, pid, dir: dir.into(), tls, _folder: folder }
    }

    /// Returns the id of its process.
    pub(crate) fn pid(&self) -> &str {
        &self.pid
    }

    /// Reloads the configuration, as after a change of it: existing connections are drained. Returns when the
    /// proxy has been told, not when it is done.
    pub(crate) fn reload(&self) {
        match &self.name[..] {
            "nginx" | "nghttpx" => signal("HUP", &self.pid),
            "haproxy" => signal("USR2", &self.pid),
            "apache" => signal("USR1", &self.pid),
            // Its listeners are drained as by an update of their configuration, but stay open.
            "envoy" => self.administer("/drain_listeners?graceful", ""),
            "caddy" => self.administer("/load", &fs::read_to_string(self.dir.join("Caddyfile")).unwrap()),
            name => panic!("{name} is not reloaded in any test"),
        }
    }

    /// Posts to the administration interface.
    fn administer(&self, path: &str, body: &str) {
        let mut socket = UnixStream::connect(self.dir.join("admin.sock")).unwrap();
        socket.set_read_timeout(Some(TIMEOUT)).unwrap();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost:\r\nConnection: close\r\nContent-Type: text/caddyfile\r\n\
             Cache-Control: must-revalidate\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        socket.write_all(request.as_bytes()).unwrap();
        let mut status = [0; 12];
        socket.read_exact(&mut status).unwrap();
        assert_eq!(&status, b"HTTP/1.1 200", "{}: {path}", self.name);
    }

    /// Its endpoints, except for gRPC with Varnish, which does not support HTTP/2 to its backends.
    pub(crate) fn endpoints(&self) -> Vec<Endpoint<'_>> {
        let s = if self.tls == Tls::Off { "" } else { "s" };
        let endpoint = |protocol, scheme, address| Endpoint {
            proxy: self,
            protocol,
            url: format!("{scheme}{s}://{address}"),
        };
        let http = endpoint("HTTP", "http", &self.addresses.http);
        let grpc = endpoint("gRPC", "grpc", &self.addresses.grpc);
        if self.name == "varnish" { vec![http] } else { vec![http, grpc] }
    }
}

/// Sets a certificate and key of [`certificates`].
pub(crate) fn set_client_certificate(options: &mut ClientOptions, name: &str) {
    let text = |extension| certificates().text(&format!("{name}.{extension}")).as_bytes();
    options.set_tls_client_certificate(text("pem"), text("key"));
}

/// The endpoint of a proxy for one protocol.
#[derive(Debug)]
pub(crate) struct Endpoint<'p> {
    pub proxy: &'p Proxy,
    pub protocol: &'static str,
    pub url: String,
}

impl Display for Endpoint<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, {}", self.proxy.name, self.protocol)
    }
}

impl Endpoint<'_> {
    pub(crate) fn client(&self) -> Client {
        self.client_with_timeout(TIMEOUT)
    }

    pub(crate) fn client_with_timeout(&self, timeout: Duration) -> Client {
        let mut options = ClientOptions::new();
        options.set_timeout(Some(timeout)).unwrap();
        if self.proxy.tls != Tls::Off {
            options.set_tls_ca(certificates().text("ca.pem").as_bytes());
        }
        if self.proxy.tls == Tls::Mutual {
            set_client_certificate(&mut options, "client");
        }
        Client::with_options(&self.url, &options).unwrap()
    }

    pub(crate) fn is_grpc(&self) -> bool {
        self.protocol == "gRPC"
    }

    /// Adds a row to the table. `seen` is the number of times that the server saw the request, if it counted.
    pub(crate) fn row<T>(&self, case: &str, outcome: &Result<T, Error>, seen: Option<usize>) {
        let outcome = match outcome {
            Ok(_) => "OK | | | ".to_owned(),
            Err(error) => {
                let yes = |is| if is { "yes" } else { "no" };
                let text = error.full_message();
                // Without the name of the call, which is in `case`.
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

    /// Adds a row without a call.
    pub(crate) fn note(&self, case: &str, what: impl Display) {
        self.write(case, "", &format!("{what} | | | "));
    }

    fn write(&self, case: &str, seen: &str, outcome: &str) {
        let Proxy { name, version, .. } = self.proxy;
        let tls = if self.proxy.tls == Tls::Off { "" } else { " over TLS" };
        let row = format!("| {name} | {version} | {}{tls} | {case} | {seen} | {outcome} |\n", self.protocol);
        match env::var_os("PROXY_ROWS") {
            Some(path) => {
                let mut file = OpenOptions::new().append(true).create(true).open(path).unwrap();
                file.write_all(row.as_bytes()).unwrap();
            }
            None => print!("{row}"),
        }
    }
}

/// Collects the failures of all proxies, so that the first does not hide the others.
#[derive(Debug, Default)]
pub(crate) struct Failures(Vec<String>);

impl Failures {
    pub(crate) fn expect(&mut self, holds: bool, endpoint: &Endpoint, what: impl Display) {
        if !holds {
            self.0.push(format!("{endpoint}: {what}"));
        }
    }

    /// Expects an error that is retryable and in doubt.
    pub(crate) fn expect_in_doubt<T>(&mut self, endpoint: &Endpoint, case: &str, outcome: &Result<T, Error>) {
        match outcome {
            Ok(_) => self.expect(false, endpoint, format_args!("{case}: success")),
            Err(error) => {
                self.expect(error.is_retryable(), endpoint, format_args!("{case}: not retryable: {error:?}"));
                self.expect(error.is_in_doubt(), endpoint, format_args!("{case}: not in doubt: {error:?}"));
            }
        }
    }
}

/// Checks all endpoints at the same time. A check that panics does not hide the failures of others.
pub(crate) fn for_each(endpoints: &[Endpoint<'_>], check: impl Fn(&Endpoint<'_>) + Sync) {
    let (mut failures, check) = (Failures::default(), &check);
    thread::scope(|scope| {
        let checks: Vec<_> =
            endpoints.iter().map(|endpoint| (endpoint, scope.spawn(move || check(endpoint)))).collect();
        for (endpoint, check) in checks {
            if let Err(panic) = check.join() {
                let text = panic.downcast_ref::<String>().map(String::as_str);
                let text = text.or(panic.downcast_ref::<&str>().copied());
                failures.expect(false, endpoint, text.unwrap_or("a panic"));
            }
        }
    });
}

impl Drop for Failures {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            assert!(self.0.is_empty(), "{} failures:\n{}", self.0.len(), self.0.join("\n"));
        }
    }
}

/// Returns an inference with one number.
pub(crate) fn one_number(model: &str) -> InferRequest<'_> {
    InferRequest::new(model).input_bytes("I", Datatype::Int32, &[1], &[0; 4])
}

/// The number of concurrent calls that [`Stub`]'s model `together` waits for.
pub(crate) const TOGETHER: usize = 6;

/// A server for both protocols that counts requests. The model's name selects its behaviour:
///
/// - `good`: responds;
/// - `together`: responds once [`TOGETHER`] calls have arrived;
/// - `close`: reads the request and closes the connection;
/// - `hang-...`: never responds;
/// - `large-headers`, `many-headers`: responds with 10 headers of 4 KiB, or with 100 short ones;
/// - `text-N`, `text-space`: fails with a message of N bytes, or with one that ends with a space.
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
    fn count(&self, protocol: &str, path: &str, model: &str) {
        let kind = if path.ends_with("load") || path.ends_with("Load") { "load" } else { "infer" };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        *seen.entry(format!("{protocol} {kind} {model}")).or_default() += 1;
    }

    fn wait_for_others(&self) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        *waiting += 1;
        // The count continues across rounds: a fast call of the next round must not keep this one waiting.
        let round = waiting.next_multiple_of(TOGETHER);
        self.arrived.notify_all();
        let waited = self.arrived.wait_timeout_while(waiting, TIMEOUT, |waiting| *waiting < round);
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

/// Returns the error message of a model `text-...`. The letter X takes eight bits in HPACK too.
pub(crate) fn error_text(model: &str) -> Option<String> {
    match model.strip_prefix("text-")? {
        "space" => Some("an error's text that ends with a space: ".to_owned()),
        size => Some("X".repeat(size.parse().ok()?)),
    }
}

fn http_response(state: &State, request: &Request) -> Response {
    let model =
        request.path.trim_end_matches("/load").rsplit('/').find(|part| *part != "infer").unwrap_or_default();
    state.count("HTTP", &request.path, model);
    if let Some(text) = error_text(model) {
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
    state.count("gRPC", path, &model);
    if let Some(message) = error_text(&model) {
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

    /// Returns how many requests of a kind, `"infer"` or `"load"`, were read for a model, and resets the
    /// number.
    pub(crate) fn take_seen(&self, endpoint: &Endpoint, kind: &str, model: &str) -> usize {
        let mut seen = self.state.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.remove(&format!("{} {kind} {model}", endpoint.protocol)).unwrap_or_default()
    }

    /// Returns the number of calls without a response that the client or proxy has given up.
    pub(crate) fn abandoned(&self, endpoint: &Endpoint) -> usize {
        if endpoint.is_grpc() { self.grpc.abandoned() } else { self.http.abandoned() }
    }
}
