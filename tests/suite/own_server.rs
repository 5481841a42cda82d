//! A real server for one test alone: where it needs options of its own, or would get in the way of the others.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use triton_client::Client;

use crate::{conventions::root, server};

/// Ends when it is dropped, or when this process does.
pub(crate) struct OwnServer {
    child: Child,
    pub http: String,
    pub grpc: String,
    pub metrics: String,
}

impl OwnServer {
    /// Starts one with some of the models of tests/triton, `"simple slow"`, and with more options of tritonserver. It is
    /// behind a proxy if the server of the whole run is.
    pub(crate) fn start(models: &str, args: &str) -> Self {
        server::count();
        let mut command = Command::new(root().join("tests/triton/with-server.sh"));
        if let Some(proxy) = env::var_os("TRITON_TEST_PROXY") {
            command.arg(root().join("tests/proxies/with-proxy.sh")).arg(proxy);
        }
        let mut child = command
            .args(["sh", "-c", "echo $TRITON_TEST_HTTP $TRITON_TEST_GRPC $TRITON_TEST_METRICS; exec cat"])
            .env("MODELS", models)
            .env("TRITON_ARGS", args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let addresses: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        let [http, grpc, metrics] = addresses.try_into().expect("a server that starts");
        Self { child, http, grpc, metrics }
    }

    /// Has the server stopped by SIGTERM, as an orchestrator does, and does not wait for it.
    pub(crate) fn stop(&mut self) {
        // The end of its input is the end of what runs beside the server.
        drop(self.child.stdin.take());
    }

    pub(crate) fn urls(&self) -> [String; 2] {
        [format!("http://{}", self.http), format!("grpc://{}", self.grpc)]
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
