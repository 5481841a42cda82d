//! Connections to a server: name resolution, connecting, pooling, retries, and an executor on the calling
//! thread.

pub(crate) mod attempts;
pub(crate) mod dial;
pub(crate) mod drive;
pub(crate) mod lifetime;
pub(crate) mod link;
mod platform;
pub(crate) mod pool;
pub(crate) mod probe;
#[allow(unsafe_code)]
mod reactor;
mod resolve;
mod socket;
#[cfg(feature = "tls")]
pub(crate) mod tls;
#[cfg(not(feature = "tls"))]
#[path = "no_tls.rs"]
pub(crate) mod tls;
#[allow(unsafe_code)]
mod unfilled;
