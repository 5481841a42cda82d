//! The client's guarantees behind real proxies, which setup.sh downloads. `make test-proxies` runs this by
//! run.sh; plain `cargo test` does not.
//!
//! Assertions are about the client. What a proxy's version does is a row of the table that run.sh prints at
//! the end.

mod failures;
mod harness;
mod load;
mod streams;
mod tls;

#[path = "../support/mod.rs"]
mod support;
