//! One way to a server: names, addresses, sockets.

pub(crate) mod dial;
pub(crate) mod pool;
mod resolve;
pub(crate) mod socket;
#[allow(unsafe_code)]
mod unfilled;
