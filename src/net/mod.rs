//! One way to a server: names, addresses, connections, and who waits for them.

pub(crate) mod attempts;
pub(crate) mod dial;
pub(crate) mod drive;
pub(crate) mod link;
mod platform;
pub(crate) mod pool;
mod resolve;
mod socket;
#[allow(unsafe_code)]
mod unfilled;
