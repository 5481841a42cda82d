//! The costs of a small request and of a start: system calls, instructions and times, with bounds as tight as
//! each allows.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    conventions::root,
    programs::{compile, host, library, succeed},
    server::{is_embedded, urls},
    support::{
        certificates::certificates,
        embedded,
        tls::{TlsFront, TlsSettings},
    },
};

/// Costs are the difference between two runs, the second of which makes this many more requests.
const MORE: usize = 100;

/// Returns the output of a tool for the program with 20 requests, and with `MORE` more.
fn both(mut tool: impl FnMut(&str) -> String) -> (String, String) {
    (tool("20"), tool(&(20 + MORE).to_string()))
}

/// Runs a program under a tool and returns its standard error.
fn under(tool: &str, args: &[&str], program: &Path, rest: &[&str]) -> String {
    run(host(tool), tool, args, program, rest)
}

fn run(mut command: Command, tool: &str, args: &[&str], program: &Path, rest: &[&str]) -> String {
    let output = command
        .args(args)
        .arg(program)
        .args(rest)
        .output()
        .unwrap_or_else(|error| panic!("{tool}, which `make test` installs: {error}"));
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{printed}");
    printed
}

/// The numbers of system calls by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Calls {
    send: usize,
    receive: usize,
    /// The check of an idle connection before it is reused, which does not block.
    check: usize,
    other: usize,
}

/// Counts the system calls that strace prints.
fn system_calls(printed: &str, is_tls: bool) -> Calls {
    let mut calls = Calls::default();
    for line in printed.lines().filter(|line| line.contains('(')) {
        // With `-f` a line may begin with the thread's number.
        let line =
            line.strip_prefix("[pid").and_then(|line| line.split_once("] ")).map_or(line, |line| line.1);
        let name = line.split('(').next().unwrap_or_default().trim();
        let kind = match name {
            "send" | "sendto" | "sendmsg" | "write" | "writev" => &mut calls.send,
            "recvfrom" | "recvmsg" if line.contains("MSG_PEEK") && line.contains("MSG_DONTWAIT") => {
                &mut calls.check
            }
            // Over TLS, where a peek would find session tickets.
            "recvfrom" if is_tls && line.contains("MSG_DONTWAIT") && line.contains("= -1 EAGAIN") => {
                &mut calls.check
            }
            "recv" | "recvfrom" | "recvmsg" | "read" | "readv" => &mut calls.receive,
            _ => &mut calls.other,
        };
        *kind += 1;
    }
    calls
}

/// Runs a program whose second argument is the number of calls, and expects each call to take one send and
/// one receive, and over HTTP one check.
fn expect_system_calls(program: &Path, url: &str, more: &[&str]) {
    // Traces all system calls: a call must make no others.
    let (few, many) =
        both(|requests| under("strace", &["-f", "-qq"], program, &[&[url, requests], more].concat()));
    compare_system_calls(url, more, &few, &many);
}

/// Compares the system calls of a program with few calls and with many.
fn compare_system_calls(url: &str, more: &[&str], few: &str, many: &str) {
    let is_tls = url.starts_with("https") || url.starts_with("grpcs");
    let (first, last) = (system_calls(few, is_tls), system_calls(many, is_tls));
    let checks = if url.starts_with("http") { MORE } else { 0 };
    // gRPC servers send PING and WINDOW_UPDATE occasionally, and a response may arrive in two segments.
    // Acknowledging the server's preface may take a separate send in one run and not in the other.
    let slack = MORE / 10;
    for (what, expected, slack, count) in [
        ("sends", MORE, slack, last.send - first.send),
        ("receives", MORE, slack, last.receive - first.receive),
        ("checks", checks, 0, last.check - first.check),
        ("other calls", 0, slack, last.other - first.other),
    ] {
        assert!(
            (expected - slack.min(2).min(expected)..=expected + slack).contains(&count),
            "{url} {more:?}: {count} {what} for {MORE} requests, the last of all calls:\n{}",
            many.lines().rev().take(30).collect::<Vec<_>>().join("\n")
        );
    }
}

#[test]
fn a_small_request_takes_one_send_and_one_receive_and_over_http_one_check() {
    let program = compile("tests/c/repeat.c", "repeat");
    for url in urls() {
        expect_system_calls(&program, &url, &[]);
        // A cancel token takes none, unless it cancels.
        expect_system_calls(&program, &url, &["token"]);
    }
}

/// Runs a program under strace with each protocol over TLS, with `args` and 20 calls, and then [`MORE`].
fn over_tls(program: &Path, args: &[&str], mut check: impl FnMut(&str, &str, &str)) {
    let server = embedded::Server::start().unwrap();
    let folder = certificates().folder();
    for (scheme, address) in [("https", server.http_address()), ("grpcs", server.grpc_address())] {
        let front = TlsFront::start(address, TlsSettings::default());
        let url = format!("{scheme}://{}", front.address());
        let (few, many) = both(|requests| {
            let mut strace = host("strace");
            strace.env("SSL_CERT_FILE", folder.path("ca.pem"));
            run(strace, "strace", &["-f", "-qq"], program, &[&[&url, requests], args].concat())
        });
        check(&url, &few, &many);
    }
}

#[test]
fn a_small_request_takes_as_many_system_calls_over_tls() {
    let program = compile("tests/c/repeat.c", "repeat_over_tls");
    over_tls(&program, &[], |url, few, many| compare_system_calls(url, &[], few, many));
}

/// The maximum number of receives for 1 MiB over TLS: about one for each record.
const MAX_RECEIVES: usize = 70;

#[test]
fn a_mebibyte_over_tls_takes_at_most_one_receive_for_each_record() {
    let program = compile("tests/c/repeat_sized.c", "repeat_large_over_tls");
    over_tls(&program, &["1048576", "no id"], |url, few, many| {
        let receives = system_calls(many, true).receive - system_calls(few, true).receive;
        println!("{url}: {} receives for 1 MiB", receives as f64 / MORE as f64);
        assert!((1..=MAX_RECEIVES * MORE).contains(&receives), "{url}: {receives} receives for {MORE} MiB");
    });
}

#[test]
fn a_control_call_takes_as_many_system_calls_as_a_small_request() {
    let program = compile("tests/c/repeat_control.c", "repeat_control");
    for url in urls() {
        for call in ["ready", "metadata"] {
            expect_system_calls(&program, &url, &[call]);
        }
    }
}

/// The user instructions of a small request over HTTP and gRPC in a debug build.
const INSTRUCTIONS: (&str, [usize; 2]) = ("rustc 1.95.0", [81_209, 330_869]);

fn rustc_version() -> String {
    let version = Command::new("rustc").arg("--version").output().unwrap().stdout;
    String::from_utf8_lossy(&version).into_owned()
}

/// Returns the instructions that callgrind prints.
fn collected(printed: &str) -> usize {
    let figure = printed.split("Collected : ").nth(1).and_then(|rest| rest.split_whitespace().next());
    figure.and_then(|figure| figure.parse().ok()).unwrap_or_else(|| panic!("{printed}"))
}

#[test]
fn a_small_request_in_a_debug_build_takes_the_recorded_instructions() {
    let program = compile("tests/c/repeat.c", "instructions");
    let is_comparable = rustc_version().starts_with(INSTRUCTIONS.0) && !is_embedded();
    for (url, recorded) in urls().iter().zip(INSTRUCTIONS.1) {
        let args = ["--tool=callgrind", "--callgrind-out-file=/dev/null"];
        let (few, many) = both(|requests| under("valgrind", &args, &program, &[url, requests]));
        let each = (collected(&many) - collected(&few)) / MORE;
        println!("{url}: {each} user instructions for a small request, recorded: {recorded}");
        if is_comparable {
            let bounds = recorded * 95 / 100..=recorded * 105 / 100;
            assert!(bounds.contains(&each), "{url}: {each} instructions, recorded: {recorded}");
        }
    }
}

/// The user instructions of a request in a release build, library and C program together: over HTTP and gRPC,
/// without an id and with a new one in each request. Measured with the embedded server, whose responses do
/// not vary.
///
/// To update them, use the figures that the test prints, with the compiler of [`INSTRUCTIONS`].
const RELEASE_INSTRUCTIONS: [(&str, &str, [usize; 2]); 4] = [
    ("64", "no id", [14_470, 52_140]),
    ("64", "id", [16_503, 53_462]),
    ("4096", "no id", [12_525, 50_031]),
    ("4096", "id", [14_242, 51_362]),
];

/// The maximum deviation of a release build in percent.
const RELEASE_TOLERANCE: usize = 5;

/// Returns the folder of the release build. `make test` builds it before the suite, so that this takes no
/// time.
fn release_folder() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let built = Command::new(env!("CARGO"))
        .args(["build", "--release", "--lib", "--features", "allocator", "--quiet", "--target-dir"])
        .arg(target)
        .current_dir(root())
        .status();
    assert!(built.unwrap().success());
    target.join("release")
}

#[test]
fn a_request_in_a_release_build_takes_the_recorded_instructions() {
    let program = compile("tests/c/repeat_sized.c", "release_instructions");
    let (library, debug) = (release_folder(), library().parent().unwrap().to_owned());
    let server = embedded::Server::start().unwrap();
    let urls = [url!("http://{}", server.http_address()), url!("grpc://{}", server.grpc_address())];
    let instructions = |folder: &Path, url: &str, byte_size: &str, id: &str| {
        let (few, many) = both(|requests| {
            let output = host("valgrind")
                .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
                .arg(&program)
                .args([url, requests, byte_size, id])
                // Overrides the RUNPATH, which is the debug build's.
                .env("LD_LIBRARY_PATH", folder)
                .output()
                .expect("valgrind, which `make test` installs");
            let printed = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{printed}");
            printed
        });
        (collected(&many) - collected(&few)) / MORE
    };
    let mut wrong = Vec::new();
    for (byte_size, id, recorded) in RELEASE_INSTRUCTIONS {
        for (url, recorded) in urls.iter().zip(recorded) {
            let each = instructions(&library, url, byte_size, id);
            let in_debug = instructions(&debug, url, byte_size, id);
            let row = format!("{} {byte_size} B, {id}: {each} instructions, recorded: {recorded}", &url[..4]);
            println!("{row} (debug build: {in_debug})");
            if each.abs_diff(recorded) * 100 > recorded * RELEASE_TOLERANCE {
                wrong.push(row);
            }
        }
    }
    let is_comparable = rustc_version().starts_with(INSTRUCTIONS.0);
    assert!(!is_comparable || wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn loading_the_library_creating_a_client_and_a_first_call_are_fast() {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("start");
    // Not linked with the library, which it loads with `dlopen`.
    let compiled = Command::new("cc")
        .args(["-D_GNU_SOURCE", "-I"])
        .args([root().join("include"), root().join("benches/workers/start.c")])
        .args(["-ldl", "-o"])
        .arg(&program)
        .status();
    assert!(compiled.unwrap().success());
    for url in urls() {
        let printed = succeed(&program, &[library().to_str().unwrap(), &url]);
        let stages: Vec<u64> = printed.split_whitespace().map(|ns| ns.parse().unwrap()).collect();
        let &[load, create, first] = &stages[..] else { panic!("{printed}") };
        // A hundred times the usual times, to detect a thread, a runtime or a name lookup despite noise.
        assert!(load < 500_000_000 && create < 50_000_000 && first < 1_000_000_000, "{url}: {printed}");
    }
}
