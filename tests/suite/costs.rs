//! What a small request costs, and a start: what does not wobble exactly, what does loosely.

use std::{path::Path, process::Command};

use crate::{
    conventions::root,
    programs::{compile, host, library, succeed},
    server::{is_embedded, urls},
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

#[test]
fn a_small_request_takes_one_send_and_one_receive() {
    let program = compile("tests/c/repeat.c", "repeat");
    for url in urls() {
        // All of them, not just those of input and output: there is nothing else to ask for either.
        let (few, many) = both(|requests| under("strace", &["-f", "-qq"], &program, &[&url, requests]));
        let count = |printed: &str| printed.lines().filter(|line| line.contains('(')).count();
        let looks =
            |printed: &str| printed.lines().filter(|line| line.contains("MSG_PEEK|MSG_DONTWAIT")).count();
        // A connection of HTTP/1.1 is looked at before it is used again.
        let expected_looks = if url.starts_with("http") { MORE } else { 0 };
        assert_eq!(looks(&many) - looks(&few), expected_looks, "{url}");
        let more = count(&many) - count(&few) - expected_looks;
        // gRPC's servers send a PING or WINDOW_UPDATE now and then, and one that is waited for comes in two pieces.
        let slack = MORE / 10;
        assert!(
            (2 * MORE..=2 * MORE + slack).contains(&more),
            "{url}: {more} calls for {MORE} requests, the last of them:\n{}",
            many.lines().rev().take(30).collect::<Vec<_>>().join("\n")
        );
    }
}

/// User instructions of a small request over HTTP and gRPC, of a build without optimisation.
const INSTRUCTIONS: (&str, [usize; 2]) = ("rustc 1.95.0", [84_261, 335_000]);

#[test]
fn a_small_request_takes_as_many_instructions_as_it_did() {
    let program = compile("tests/c/repeat.c", "instructions");
    let version = Command::new("rustc").arg("--version").output().unwrap().stdout;
    let is_comparable = String::from_utf8_lossy(&version).starts_with(INSTRUCTIONS.0) && !is_embedded();
    for (url, recorded) in urls().iter().zip(INSTRUCTIONS.1) {
        let args = ["--tool=callgrind", "--callgrind-out-file=/dev/null"];
        let (few, many) = both(|requests| under("valgrind", &args, &program, &[url, requests]));
        let count = |printed: &str| -> usize {
            let figure = printed.split("Collected : ").nth(1).and_then(|rest| rest.split_whitespace().next());
            figure.and_then(|figure| figure.parse().ok()).unwrap_or_else(|| panic!("{printed}"))
        };
        let each = (count(&many) - count(&few)) / MORE;
        println!("{url}: {each} user instructions for a small request, recorded: {recorded}");
        if is_comparable {
            let bounds = recorded * 3 / 4..=recorded * 5 / 4;
            assert!(bounds.contains(&each), "{url}: {each} instructions, and {recorded} are recorded");
        }
    }
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
