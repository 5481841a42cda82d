//! What the client promises, behind real proxies that setup.sh fetches: run.sh runs it, by `make test-proxies`; plain
//! `cargo test` leaves this out.
//!
//! Assertions are about the client. What one version of a proxy does is a row of the table that run.sh prints at the end.

mod failures;
mod harness;
mod load;

#[path = "../support/mod.rs"]
mod support;
