//! Programs written against the header alone, as users write them: the examples of the header, the pieces of a user's code,
//! and the misuses, each with the result that the header documents, under valgrind.

use crate::{
    programs::{compile_as, succeed, succeed_under_valgrind},
    server::{is_embedded, server, urls},
};

/// The dialects of C that a user may compile with.
const DIALECTS: [&str; 4] = ["c99", "c11", "c17", "c2x"];

/// Gone with tests/c/final_names.h.
const NAMES: [&str; 3] =
    ["-Wconversion", "-include", concat!(env!("CARGO_MANIFEST_DIR"), "/tests/c/final_names.h")];

#[test]
fn the_examples_of_the_header_run_and_leave_nothing_behind() {
    if is_embedded() {
        return;
    }
    let name = format!("header_examples_{}", std::process::id());
    for url in urls() {
        for dialect in DIALECTS {
            let program = compile_as(
                dialect,
                "tests/c/header_examples.c",
                &format!("header_examples_{dialect}"),
                &NAMES,
            );
            succeed(&program, &[&url, &server().metrics, &name]);
        }
        let program = compile_as("c99", "tests/c/header_examples.c", "header_examples_valgrind", &NAMES);
        succeed_under_valgrind(&program, &[&url, &server().metrics, &name]);
    }
}
