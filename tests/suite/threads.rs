//! A client that makes only blocking calls, control plane included, starts no thread.

use crate::{
    programs::{compile, succeed},
    server::urls,
};

/// In a process of its own: the suite's has threads of many clients.
#[test]
fn blocking_calls_start_no_thread() {
    let program = compile("tests/c/threads.c", "threads");
    for url in urls() {
        let printed = succeed(&program, &[&url]);
        // The one that names are resolved on stays for a while; here there is none to resolve.
        assert_eq!(printed.lines().collect::<Vec<_>>(), ["threads"], "{url}: {printed}");
    }
}
