//! A client that only makes blocking calls, control plane included, starts no thread; one with asynchronous
//! calls starts those that it needs, and they end with it.

use crate::{
    programs::{compile, succeed},
    server::urls,
};

/// In a separate process, since the suite has threads of many clients.
#[test]
fn blocking_calls_start_no_thread_and_asynchronous_ones_those_that_they_need() {
    let program = compile("tests/c/threads.c", "threads");
    for url in urls() {
        let printed = succeed(&program, &[&url]);
        // The URLs have no host names, which are resolved on a thread.
        let (waits, calls_back) = ("threads triton-io", "threads triton-cb-0 triton-io");
        let expected = ["threads", waits, waits, waits, calls_back, calls_back];
        assert_eq!(printed.lines().collect::<Vec<_>>(), expected, "{url}: {printed}");
    }
}
