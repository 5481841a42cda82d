//! Every test that needs more than one file of the library: one module for each promise.

mod conventions;
mod header;
mod programs;
mod server;

mod errors;
mod inference;

#[path = "../support/mod.rs"]
mod support;
