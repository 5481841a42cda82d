//! The embedded server as a program, for tests in other languages. It prints its addresses in one line and
//! exits at the end of its standard input, so that it never outlives the test that started it.

#[path = "mod.rs"]
mod support;

use std::io::{self, Write};

fn main() -> io::Result<()> {
    let server = support::embedded::Server::start()?;
    let mut stdout = io::stdout();
    writeln!(stdout, "http {} grpc {}", server.http_address(), server.grpc_address())?;
    stdout.flush()?;
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}
