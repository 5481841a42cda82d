//! One way to a server: names, addresses, sockets.

pub(crate) mod dial;
mod resolve;
pub(crate) mod socket;
