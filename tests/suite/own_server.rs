//! A real server for a single test that needs its own options or would disturb other tests.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use triton_client::Client;

use crate::{conventions::root, server};

/// Stops when it is dropped or when this process ends.
pub(crate) struct OwnServer {
    child: Child,
    /// The id of the server's process.
    process: String,
    pub http: String,
    pub grpc: String,
    pub metrics: String,
    is_tls: bool,
}

impl OwnServer {
    /// Starts a server with the given models of tests/triton, such as `"simple slow"`, and further options of
    /// tritonserver; behind a proxy if the server of the whole run is.
    pub(crate) fn start(models: &str, args: &str) -> Self {
        let mut command = Command::new(root().join("tests/triton/with-server.sh"));
        if let Some(proxy) = env::var_os("TRITON_TEST_PROXY") {
            command.arg(root().join("tests/proxies/with-proxy.sh")).arg(proxy);
            command.args(env::var_os("TRITON_TEST_PROXY_TLS"));
        }
        let mut own = Self::run(command.env("MODELS", models).env("TRITON_ARGS", args));
        own.is_tls = server::is_behind_tls();
        own
    }

    /// Starts a server that may end or be killed, never behind a proxy; at the addresses of `before` if
    /// there was one.
    pub(crate) fn start_mortal(models: &str, before: Option<Self>) -> Self {
        let mut command = Command::new(root().join("tests/triton/with-server.sh"));
        if let Some(before) = before {
            let addresses = [&before.http, &before.grpc, &before.metrics];
            let ports = addresses.map(|address| address.rsplit(':').next().unwrap());
            command.env("TRITON_PORTS", ports.join(" "));
        }
        Self::run(command.env("MODELS", models).env("TRITON_MAY_DIE", "1"))
    }

    fn run(command: &mut Command) -> Self {
        const PRINT: &str =
            "echo $TRITON_TEST_PID $TRITON_TEST_HTTP $TRITON_TEST_GRPC $TRITON_TEST_METRICS; exec cat";
        server::count();
        let mut child =
            command.args(["sh", "-c", PRINT]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let words: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        let [process, http, grpc, metrics] = words.try_into().expect("a server that starts");
        Self { child, process, http, grpc, metrics, is_tls: false }
    }

    /// Kills the server, as a crash does.
    pub(crate) fn kill(&self) {
        assert!(Command::new("kill").args(["-KILL", &self.process]).status().unwrap().success());
    }

    /// Stops the server by SIGTERM, as an orchestrator does, without waiting for its end.
    pub(crate) fn stop(&mut self) {
        // At the end of its input the command exits, and with-server.sh stops the server.
        drop(self.child.stdin.take());
    }

    pub(crate) fn urls(&self) -> [String; 2] {
        [server::url("http", &self.http, self.is_tls), server::url("grpc", &self.grpc, self.is_tls)]
    }

    pub(crate) fn clients(&self) -> [Client; 2] {
        self.urls().map(|url| Client::new(&url).unwrap())
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        self.stop();
        let _ = self.child.wait();
    }
}
