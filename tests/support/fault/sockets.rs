//! Ports that read no requests.

use std::{
    mem,
    net::{Ipv4Addr, SocketAddr, TcpListener},
};

use rustix::net::{AddressFamily, SocketType, bind, socket};

use crate::support::listener::Listener;

/// A port that only accepts connections.
#[derive(Debug)]
pub struct Sockets(Listener);

impl Sockets {
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// The number of connections accepted so far.
    pub fn connections(&self) -> usize {
        self.0.accepted()
    }
}

/// Accepts connections, and neither reads nor writes. Dropping it closes them.
pub fn silent() -> Sockets {
    let mut open = Vec::new();
    Sockets(Listener::start(move |stream| open.push(stream)).expect("a free port"))
}

/// Accepts connections and closes them at once.
pub fn closing() -> Sockets {
    Sockets(Listener::start(drop).expect("a free port"))
}

/// An address where connections are refused, for the rest of the process.
///
/// The port stays bound by a socket that never listens: a port that was only free could be taken by another
/// test's server.
pub fn refused_address() -> SocketAddr {
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
    bind(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a free port");
    let socket = TcpListener::from(socket);
    let address = socket.local_addr().expect("its address");
    mem::forget(socket);
    address
}
