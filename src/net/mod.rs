//! Connections to a server: name resolution, connecting, pooling, retries, and an executor on the calling
//! thread.

pub(crate) mod attempts;
pub(crate) mod dial;
pub(crate) mod drive;
pub(crate) mod link;
mod platform;
pub(crate) mod pool;
#[allow(unsafe_code)]
mod reactor;
mod resolve;
mod socket;
#[allow(unsafe_code)]
mod unfilled;
