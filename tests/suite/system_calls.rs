//! What a small request asks of the system.

use crate::{
    programs::{compile, host},
    server::urls,
};

#[test]
fn a_small_request_takes_two_system_calls() {
    let program = compile("tests/c/repeat.c", "repeat");
    for url in urls() {
        // All of them, not just those of input and output: there is nothing else to ask for either.
        let count = |requests: &str| {
            let output = host("strace")
                .args(["-f", "-qq"])
                .arg(&program)
                .args([&url, requests])
                .output()
                .expect("strace is there: `make test` installs it");
            let printed = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{printed}");
            let calls = printed.lines().filter(|line| line.contains('(')).count();
            (calls, printed)
        };
        const MORE: usize = 100;
        let ((few, _), (many, printed)) = (count("20"), count("120"));
        let more = many - few;
        // gRPC's servers send a PING or WINDOW_UPDATE now and then, and one that is waited for comes in two pieces.
        let slack = MORE / 10;
        assert!(
            (2 * MORE..=2 * MORE + slack).contains(&more),
            "{url}: {more} calls for {MORE} requests, the last of them:\n{}",
            printed.lines().rev().take(30).collect::<Vec<_>>().join("\n")
        );
    }
}
