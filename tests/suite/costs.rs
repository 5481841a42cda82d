//! What a small request costs, and a start: what does not wobble exactly, what does loosely.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    conventions::root,
    programs::{compile, host, library, succeed},
    server::{is_embedded, urls},
    support::embedded,
};

/// As many requests more as the difference is made of.
const MORE: usize = 100;

/// What a tool tells of the program with 20 requests, and with `MORE` more.
fn both(mut tool: impl FnMut(&str) -> String) -> (String, String) {
    (tool("20"), tool(&(20 + MORE).to_string()))
}

/// Runs a program under a tool and returns what stands on the standard error.
fn under(tool: &str, args: &[&str], program: &Path, rest: &[&str]) -> String {
    let output = host(tool)
        .args(args)
        .arg(program)
        .args(rest)
        .output()
        .unwrap_or_else(|error| panic!("{tool}, which `make test` installs: {error}"));
    let printed = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{printed}");
    printed
}

/// System calls by what they do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Calls {
    send: usize,
    receive: usize,
    /// At a connection before it is used again, without waiting.
    look: usize,
    other: usize,
}

/// The system calls that strace prints.
fn system_calls(printed: &str) -> Calls {
    let mut calls = Calls::default();
    for line in printed.lines().filter(|line| line.contains('(')) {
        // With `-f` a line may begin with the thread's number.
        let line =
            line.strip_prefix("[pid").and_then(|line| line.split_once("] ")).map_or(line, |line| line.1);
        let name = line.split('(').next().unwrap_or_default().trim();
        let kind = match name {
            "send" | "sendto" | "sendmsg" | "write" | "writev" => &mut calls.send,
            "recvfrom" | "recvmsg" if line.contains("MSG_PEEK") && line.contains("MSG_DONTWAIT") => {
                &mut calls.look
            }
            "recv" | "recvfrom" | "recvmsg" | "read" | "readv" => &mut calls.receive,
            _ => &mut calls.other,
        };
        *kind += 1;
    }
    calls
}

/// Runs a program that makes as many calls as its second argument says, and expects each call to take one send and one
/// receive, and over HTTP one look, which waits for nothing.
fn expect_system_calls(program: &Path, url: &str, more: &[&str]) {
    // All of them, not just those of input and output: there is nothing else to ask for either.
    let (few, many) =
        both(|requests| under("strace", &["-f", "-qq"], program, &[&[url, requests], more].concat()));
    let (first, last) = (system_calls(&few), system_calls(&many));
    let looks = if url.starts_with("http") { MORE } else { 0 };
    // gRPC's servers send a PING or WINDOW_UPDATE now and then, and one that is waited for comes in two pieces; what a run
    // acknowledges before its first request may be one send more than in the other run.
    let slack = MORE / 10;
    for (what, expected, slack, count) in [
        ("sends", MORE, slack, last.send - first.send),
        ("receives", MORE, slack, last.receive - first.receive),
        ("looks", looks, 0, last.look - first.look),
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
fn a_small_request_takes_one_send_and_one_receive_and_over_http_one_look() {
    let program = compile("tests/c/repeat.c", "repeat");
    urls().iter().for_each(|url| expect_system_calls(&program, url, &[]));
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

/// User instructions of a small request over HTTP and gRPC, of a build without optimisation.
const INSTRUCTIONS: (&str, [usize; 2]) = ("rustc 1.95.0", [81_209, 330_869]);

fn rustc_version() -> String {
    let version = Command::new("rustc").arg("--version").output().unwrap().stdout;
    String::from_utf8_lossy(&version).into_owned()
}

/// The instructions that callgrind prints.
fn collected(printed: &str) -> usize {
    let figure = printed.split("Collected : ").nth(1).and_then(|rest| rest.split_whitespace().next());
    figure.and_then(|figure| figure.parse().ok()).unwrap_or_else(|| panic!("{printed}"))
}

#[test]
fn a_small_request_takes_as_many_instructions_as_it_did() {
    let program = compile("tests/c/repeat.c", "instructions");
    let is_comparable = rustc_version().starts_with(INSTRUCTIONS.0) && !is_embedded();
    for (url, recorded) in urls().iter().zip(INSTRUCTIONS.1) {
        let args = ["--tool=callgrind", "--callgrind-out-file=/dev/null"];
        let (few, many) = both(|requests| under("valgrind", &args, &program, &[url, requests]));
        let each = (collected(&many) - collected(&few)) / MORE;
        println!("{url}: {each} user instructions for a small request, recorded: {recorded}");
        if is_comparable {
            let bounds = recorded * 95 / 100..=recorded * 105 / 100;
            assert!(bounds.contains(&each), "{url}: {each} instructions, and {recorded} are recorded");
        }
    }
}

/// User instructions of a request in a release build, library and C program together: over HTTP and gRPC, without an id
/// and with a fresh one in each request. Beside the embedded server, whose responses are the same each time.
///
/// They are recorded anew by what this test prints when it fails, with the compiler of [`INSTRUCTIONS`].
const RELEASE_INSTRUCTIONS: [(&str, &str, [usize; 2]); 4] = [
    ("64", "no id", [12_914, 50_256]),
    ("64", "id", [14_853, 51_567]),
    ("4096", "no id", [11_140, 47_995]),
    ("4096", "id", [12_763, 49_320]),
];

/// How far from what is recorded a release build may be, in percent.
const RELEASE_TOLERANCE: usize = 5;

/// The folder of the shared library in a release build, which `make test` makes before the suite runs: here it is fresh
/// already, unless the suite runs by itself.
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
fn a_request_in_a_release_build_takes_as_many_instructions_as_recorded() {
    let program = compile("tests/c/repeat_sized.c", "release_instructions");
    let (library, debug) = (release_folder(), library().parent().unwrap().to_owned());
    let server = embedded::Server::start().unwrap();
    let urls = [format!("http://{}", server.http_address()), format!("grpc://{}", server.grpc_address())];
    let instructions = |folder: &Path, url: &str, byte_size: &str, id: &str| {
        let (few, many) = both(|requests| {
            let output = host("valgrind")
                .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
                .arg(&program)
                .args([url, requests, byte_size, id])
                // Before the run path, which leads to the build without optimisation.
                .env("LD_LIBRARY_PATH", folder)
                .output()
                .expect("valgrind is there: `make test` installs it");
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
            let unoptimised = instructions(&debug, url, byte_size, id);
            let row = format!("{} {byte_size} B, {id}: {each} instructions, recorded: {recorded}", &url[..4]);
            println!("{row} (without optimisation: {unoptimised})");
            if each.abs_diff(recorded) * 100 > recorded * RELEASE_TOLERANCE {
                wrong.push(row);
            }
        }
    }
    let is_comparable = rustc_version().starts_with(INSTRUCTIONS.0);
    assert!(!is_comparable || wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_start_takes_no_time_to_speak_of() {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join("start");
    // Not linked with the library: it loads it.
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
        // A hundred times what it takes: this is to see a thread, a runtime or a name too much, not noise.
        assert!(load < 500_000_000 && create < 50_000_000 && first < 1_000_000_000, "{url}: {printed}");
    }
}
