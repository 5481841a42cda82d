//! The server that the tests talk to: the real one that `make test` has started, or, where that can't run and
//! TRITON_TESTS=embedded says so, the embedded stand-in.

use std::{
    env,
    fs::OpenOptions,
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    sync::LazyLock,
    thread,
};

use crate::{conventions::root, support::embedded};

/// Where the server's two protocols are, and its metrics: `127.0.0.1:PORT`.
pub(crate) struct Addresses {
    pub http: String,
    pub grpc: String,
    /// Empty for the embedded server, which has none.
    pub metrics: String,
}

/// The server for the whole run. Counts the test among those that talked to the real one.
pub(crate) fn server() -> &'static Addresses {
    static SERVER: LazyLock<Addresses> = LazyLock::new(|| {
        if is_embedded() {
            let server = Box::leak(Box::new(embedded::Server::start().unwrap()));
            return Addresses {
                http: server.http_address().to_string(),
                grpc: server.grpc_address().to_string(),
                metrics: String::new(),
            };
        }
        let address = |name| {
            env::var(name).unwrap_or_else(|_| {
                panic!("there is no Triton server: `make test` starts one, and so does tests/triton/with-server.sh cargo test")
            })
        };
        Addresses {
            http: address("TRITON_TEST_HTTP"),
            grpc: address("TRITON_TEST_GRPC"),
            metrics: address("TRITON_TEST_METRICS"),
        }
    });
    if !is_embedded() {
        count();
    }
    &SERVER
}

/// Counts the test among those that talked to the real server.
fn count() {
    if let Some(path) = env::var_os("TRITON_TEST_REAL_LOG") {
        let mut log = OpenOptions::new().append(true).create(true).open(path).unwrap();
        writeln!(log, "{}", thread::current().name().unwrap_or("?")).unwrap();
    }
}

/// Whether the embedded stand-in is used, which lacks most of the real server's models.
pub(crate) fn is_embedded() -> bool {
    env::var("TRITON_TESTS").is_ok_and(|mode| mode == "embedded")
}

/// The server's URL over each protocol.
pub(crate) fn urls() -> [String; 2] {
    server().urls()
}

impl Addresses {
    pub(crate) fn urls(&self) -> [String; 2] {
        [format!("http://{}", self.http), format!("grpc://{}", self.grpc)]
    }
}

/// A real server of one test's own, for what the others' must not have done to it. It ends with the test.
pub(crate) struct OwnServer {
    pub addresses: Addresses,
    child: Child,
}

impl OwnServer {
    /// `models` are the names of those that it loads, `args` more options of tritonserver's.
    pub(crate) fn start(models: &str, args: &str) -> Self {
        count();
        let mut child = Command::new(root().join("tests/triton/with-server.sh"))
            .args(["sh", "-c", "echo $TRITON_TEST_HTTP $TRITON_TEST_GRPC $TRITON_TEST_METRICS; exec cat"])
            .envs([("MODELS", models), ("TRITON_ARGS", args)])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let [http, grpc, metrics] = line.split_whitespace().collect::<Vec<_>>()[..] else {
            panic!("the server did not start: {line:?}, {:?}", child.wait());
        };
        let addresses =
            Addresses { http: http.to_owned(), grpc: grpc.to_owned(), metrics: metrics.to_owned() };
        Self { addresses, child }
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        // The end of its input is the end of `cat`, and that of the server.
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}
