//! The programs of `examples/`, built and run.

use std::{
    env,
    net::TcpListener,
    path::PathBuf,
    process::{Command, Output},
    sync::LazyLock,
};

use crate::{
    conventions::root,
    programs::secure_server,
    server::{is_embedded, other_streams, server, urls},
};

const NAMES: [&str; 11] = [
    "infer",
    "strings",
    "health_metadata",
    "repository",
    "generate_metrics",
    "retry",
    "async_infer",
    "async_tokio",
    "sequence_stream",
    "secure_infer",
    "traced_infer",
];

/// The folder of the executables. `cargo test --test suite` does not build them.
static BUILT: LazyLock<PathBuf> = LazyLock::new(|| {
    let target = env::current_exe().unwrap().ancestors().nth(3).unwrap().to_owned();
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root()).args(["build", "--quiet", "--locked", "--target-dir"]).arg(&target);
    cargo.args(NAMES.iter().flat_map(|name| ["--example", *name]));
    assert!(cargo.status().unwrap().success(), "{cargo:?}");
    target.join("debug/examples")
});

fn run(name: &str, arguments: &[&str]) -> Output {
    Command::new(BUILT.join(name)).args(arguments).output().unwrap()
}

#[track_caller]
pub(crate) fn succeed(name: &str, arguments: &[&str]) -> String {
    let output = run(name, arguments);
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_example_is_tested_here() {
    let mut names: Vec<_> = root()
        .join("examples")
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort_unstable();
    let mut tested = NAMES;
    tested.sort_unstable();
    assert_eq!(names, tested);
}

#[test]
fn the_example_infer_adds_two_vectors() {
    for url in urls() {
        let printed = succeed("infer", &[&url]);
        assert_eq!(printed.lines().count(), 16, "{printed}");
        assert_eq!(printed.lines().last(), Some("15 + 1 = 16"));
    }
}

#[test]
fn the_example_strings_adds_decimal_numbers() {
    if is_embedded() {
        return;
    }
    for url in urls() {
        assert_eq!(succeed("strings", &[&url]).lines().last(), Some("15 + 1 = 16"));
    }
}

#[test]
fn the_example_health_metadata_prints_the_server_and_the_model() {
    if is_embedded() {
        return;
    }
    for url in urls() {
        let printed = succeed("health_metadata", &[&url, "simple"]);
        assert!(printed.contains("live: true\n"), "{printed}");
        assert!(printed.contains("  input INPUT0: INT32 [-1, 16]\n"), "{printed}");
        let printed = succeed("health_metadata", &[&url, "no_such_model"]);
        assert!(printed.ends_with("model 'no_such_model' is not ready\n"), "{printed}");
    }
}

#[test]
fn the_example_repository_loads_uses_and_unloads_a_model() {
    if is_embedded() {
        return;
    }
    for (url, name) in urls().iter().zip(["example_of_http", "example_of_grpc"]) {
        let printed = succeed("repository", &[url, name]);
        assert!(printed.starts_with("simple 1 READY") || printed.contains("\nsimple 1 READY"), "{printed}");
        assert!(printed.ends_with("ready: true\n[2, 4, 6]\n"), "{printed}");
    }
}

#[test]
fn the_example_generate_metrics_streams_words_and_counts_requests() {
    if is_embedded() {
        return;
    }
    let [url, _] = urls();
    let printed = succeed("generate_metrics", &[&url, &format!("http://{}/metrics", server().metrics)]);
    assert_eq!(printed.lines().filter(|line| line.starts_with('{')).count(), 3, "{printed}");
    assert!(printed.contains("requests to the model: "), "{printed}");
}

#[test]
fn the_example_retry_tries_again_and_explains_the_failure() {
    for url in urls() {
        assert_eq!(succeed("retry", &[&url]), "response from model 'simple'\n");
    }
    // A port on which nothing listens any more.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let output = run("retry", &[&address.to_string()]);
    let printed = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{printed}");
    assert!(printed.contains("attempt 3: ") && printed.contains("UNAVAILABLE: "), "{printed}");
}

#[test]
fn the_example_async_infer_has_several_calls_in_flight() {
    for url in urls() {
        let printed = succeed("async_infer", &[&url]);
        let first: Vec<&str> = printed.lines().map(|line| line.split(',').next().unwrap()).collect();
        assert_eq!(
            first,
            [
                "waited for: [1",
                "waited for: [101",
                "waited for: [201",
                "called back: [301",
                "one of many: [401",
                "one of many: [501"
            ]
        );
    }
}

#[test]
fn the_example_async_tokio_awaits_calls_in_tasks() {
    for url in urls() {
        let sums: Vec<i32> = (0..8).map(|i| 1600 * i + 136).collect();
        assert_eq!(succeed("async_tokio", &[&url]), format!("{sums:?}\n136\n"));
    }
}

#[test]
fn the_example_sequence_stream_interleaves_two_sequences() {
    if is_embedded() {
        return;
    }
    let _streams = other_streams();
    let [http, grpc] = urls();
    let printed = succeed("sequence_stream", &[&grpc, "9100"]);
    // The model adds 1 to the first value of a sequence, and the id to the last.
    let mut expected = Vec::new();
    for (step, (a, b)) in [(12, -10), (7, -7), (5, -5), (3, -3), (9102, 9099)].into_iter().enumerate() {
        expected.push(format!("9100, step {step}: [{a}]"));
        expected.push(format!("9101, step {step}: [{b}]"));
    }
    let mut lines: Vec<_> = printed.lines().collect();
    lines.sort_unstable();
    expected.sort_unstable();
    assert_eq!(lines, expected);

    let output = run("sequence_stream", &[&http]);
    let refused = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{refused}");
    assert!(refused.contains("over gRPC only"), "{refused}");
}

#[test]
fn the_example_secure_infer_shows_its_certificate_to_a_server_that_requires_one() {
    if is_embedded() {
        return;
    }
    let (server, files) = secure_server();
    let url = format!("grpcs://{}", server.grpc);
    let [ca, certificate, key] = ["ca.pem", "client.pem", "client.key"].map(|name| files.path(name));
    let printed = succeed("secure_infer", &[&url, &ca, &certificate, &key]);
    assert_eq!(printed.lines().last(), Some("15 + 1 = 16"));

    let [certificate, key] = ["stranger.pem", "stranger.key"].map(|name| files.path(name));
    let output = run("secure_infer", &[&url, &ca, &certificate, &key]);
    let refused = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{refused}");
    assert!(refused.contains("client certificate"), "{refused}");
}
