//! The scale of the tests that can run for long: `make soak` sets SOAK.

use std::{env, path::Path, time::Duration};

use crate::programs;

pub(crate) fn is_soak() -> bool {
    env::var_os("SOAK").is_some()
}

/// Returns how often something is done: `short` times in the suite, `long` times in `make soak`.
pub(crate) fn count(short: usize, long: usize) -> String {
    if is_soak() { long } else { short }.to_string()
}

/// Returns how long something is done, in milliseconds.
pub(crate) fn ms(short: Duration, long: Duration) -> String {
    if is_soak() { long } else { short }.as_millis().to_string()
}

/// Runs programs that have to succeed, and prints their figures: all at once, and in `make soak` one after
/// the other, so that they do not change each other's figures.
pub(crate) fn run(programs: &[(&Path, Vec<String>)]) {
    let run = |(program, args): &(&Path, Vec<String>)| {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let printed = programs::succeed(program, &args);
        let name = program.file_name().unwrap_or_default().display();
        println!("{name} {}: {}", args[0], printed.trim_end());
    };
    if is_soak() {
        return programs.iter().for_each(run);
    }
    std::thread::scope(|scope| {
        for program in programs {
            scope.spawn(move || run(program));
        }
    });
}
