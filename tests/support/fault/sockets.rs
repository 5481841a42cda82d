//! Ports where not even a request is read.

use std::{
    mem,
    net::{Ipv4Addr, SocketAddr, TcpListener},
};

use rustix::net::{AddressFamily, SocketType, bind, socket};

use crate::support::listener::Listener;

/// A port that accepts connections, and no more.
#[derive(Debug)]
pub struct Sockets(Listener);

impl Sockets {
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// How many connections were accepted so far.
    pub fn connections(&self) -> usize {
        self.0.accepted()
    }
}

/// Accepts connections, and never reads nor writes. They are closed when this is dropped.
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
/// A port that was free a moment ago may belong to another test's server by now: so it stays bound, by a
/// socket that never listens.
pub fn refused_address() -> SocketAddr {
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
    bind(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a free port");
    let socket = TcpListener::from(socket);
    let address = socket.local_addr().expect("its address");
    mem::forget(socket);
    address
}
