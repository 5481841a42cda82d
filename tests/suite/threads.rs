//! A client that only makes blocking calls, control plane included, starts no thread.

use crate::{
    programs::{compile, succeed},
    server::urls,
};

/// In a separate process, since the suite has threads of many clients.
#[test]
fn blocking_calls_start_no_thread() {
    let program = compile("tests/c/threads.c", "threads");
    for url in urls() {
        let printed = succeed(&program, &[&url]);
        // The URLs have no host names, which are resolved on a thread.
        assert_eq!(printed.lines().collect::<Vec<_>>(), ["threads"], "{url}: {printed}");
    }
}
