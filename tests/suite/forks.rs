//! A process that forks in the middle of calls: in the child the handles of the parent can only be freed, and
//! a client of its own works; the calls of the parent go on.

use crate::{
    programs::compile_as,
    server::{is_embedded, other_streams, urls},
    soak,
};

#[test]
fn a_child_that_was_forked_in_the_middle_of_calls_neither_hangs_nor_disturbs_its_parent() {
    if is_embedded() {
        return;
    }
    let _streams = other_streams();
    let program = compile_as("c11", "tests/c/forks.c", "forks", &[]);
    let runs = urls().map(|url| (&*program, vec![url, soak::count(200, 2000)]));
    soak::run(&runs);
}
