//! Writes the files of [`certificates::Certificates`], which lists them, to a folder, for shell scripts and
//! tests in other languages:
//!
//!     cargo run --example certificates FOLDER

#[allow(dead_code)]
#[path = "certificates.rs"]
mod certificates;

use std::{env, io, path::Path};

fn main() -> io::Result<()> {
    let Some(folder) = env::args_os().nth(1) else {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "usage: certificates FOLDER"));
    };
    certificates::certificates().write(Path::new(&folder))
}
