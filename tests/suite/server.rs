//! The server that the tests use: the real one that `make test` has started or, with TRITON_TESTS=embedded
//! where that cannot run, the embedded stand-in.

use std::{
    env,
    fs::OpenOptions,
    io::Write,
    sync::{Condvar, LazyLock, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use triton_client::Client;

use crate::support::embedded;

/// The addresses of the server's two protocols and of its metrics, which the embedded server lacks:
/// `127.0.0.1:PORT`.
pub(crate) struct Addresses {
    pub http: String,
    pub grpc: String,
    pub metrics: String,
}

/// Returns the server for the whole run. Counts the test among those that used the real one.
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
    count();
    &SERVER
}

/// Counts the test among those that used a real server.
pub(crate) fn count() {
    if let (false, Some(path)) = (is_embedded(), env::var_os("TRITON_TEST_REAL_LOG")) {
        let mut log = OpenOptions::new().append(true).create(true).open(path).unwrap();
        writeln!(log, "{}", thread::current().name().unwrap_or("?")).unwrap();
    }
}

/// Returns whether the embedded stand-in is used, which lacks most of the real server's models.
pub(crate) fn is_embedded() -> bool {
    env::var("TRITON_TESTS").is_ok_and(|mode| mode == "embedded")
}

/// Returns whether the server is behind a proxy that speaks TLS, whose authority the clients find by
/// SSL_CERT_FILE.
pub(crate) fn is_behind_tls() -> bool {
    env::var_os("TRITON_TEST_PROXY_TLS").is_some()
}

pub(crate) fn url(scheme: &str, address: &str, is_tls: bool) -> String {
    format!("{scheme}{}://{address}", if is_tls { "s" } else { "" })
}

/// Returns the server's URL over each protocol.
pub(crate) fn urls() -> [String; 2] {
    server().urls()
}

impl Addresses {
    pub(crate) fn urls(&self) -> [String; 2] {
        [self.http_url(), self.grpc_url()]
    }

    pub(crate) fn http_url(&self) -> String {
        url("http", &self.http, is_behind_tls())
    }

    pub(crate) fn grpc_url(&self) -> String {
        url("grpc", &self.grpc, is_behind_tls())
    }
}

/// Polls until the condition holds; a test that waits for ten seconds has failed. The server updates its
/// statistics after its response.
#[track_caller]
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
    }
}

/// Returns a client over each protocol.
pub(crate) fn clients() -> [Client; 2] {
    urls().map(|url| Client::new(&url).unwrap())
}

/// Streams that may be open, while this exists. Tests with streams of decoupled models and tests with other
/// streams take turns on the server of the run, which all tests share and none may disturb.
pub(crate) struct Streams(Kind);

#[derive(Clone, Copy)]
enum Kind {
    Decoupled,
    Other,
}

/// How many [`Streams`] of each kind exist.
static STREAMS: (Mutex<[usize; 2]>, Condvar) = (Mutex::new([0; 2]), Condvar::new());

/// Waits until streams of decoupled models may be open on the server of the run. Over a test's own server
/// they always may.
pub(crate) fn decoupled_streams() -> Streams {
    Streams::begin(Kind::Decoupled)
}

/// Waits until streams of models that are not decoupled may be open on the server of the run.
pub(crate) fn other_streams() -> Streams {
    Streams::begin(Kind::Other)
}

impl Streams {
    fn begin(kind: Kind) -> Self {
        let (open, changed) = &STREAMS;
        let other = 1 - kind as usize;
        let open = open.lock().unwrap_or_else(PoisonError::into_inner);
        let patience = Duration::from_secs(300);
        let waited = changed.wait_timeout_while(open, patience, |open| open[other] > 0);
        let (mut open, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(!waited.timed_out(), "streams of the other kind are open");
        open[kind as usize] += 1;
        Self(kind)
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        let (open, changed) = &STREAMS;
        open.lock().unwrap_or_else(PoisonError::into_inner)[self.0 as usize] -= 1;
        changed.notify_all();
    }
}
