//! Ports that read no requests, and the state of connections in the kernel.

use std::{
    fs, io, mem,
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    fd::OwnedFd,
    io::ioctl_fionread,
    net::{AddressFamily, SocketFlags, SocketType, bind, connect, listen, socket, socket_with},
};

use crate::support::{listener::Listener, tls};

/// A port that only accepts connections.
#[derive(Debug)]
pub struct Sockets(Listener);

impl Sockets {
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }

    /// Returns the number of connections accepted so far.
    pub fn connections(&self) -> usize {
        self.0.accepted()
    }
}

/// Accepts connections, and neither reads nor writes. Dropping it closes them.
pub fn silent() -> Sockets {
    let mut open = Vec::new();
    Sockets(Listener::start(move |stream| open.push(stream)).expect("a free port"))
}

/// Accepts connections and closes them immediately.
pub fn closing() -> Sockets {
    Sockets(Listener::start(drop).expect("a free port"))
}

/// Returns an address where connections are refused, for the rest of the process.
///
/// The port stays bound by a socket that never listens: a port that is merely free could be taken by another
/// test's server.
pub fn refused_address() -> SocketAddr {
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
    bind(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a free port");
    let socket = TcpListener::from(socket);
    let address = socket.local_addr().expect("its address");
    mem::forget(socket);
    address
}

/// A port that accepts connections only if the test does.
#[derive(Debug)]
pub struct Backlog {
    listener: TcpListener,
    fillers: Vec<OwnedFd>,
}

impl Backlog {
    pub fn new() -> Self {
        let listener = socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
        bind(&listener, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a free port");
        listen(&listener, 0).expect("a port that listens");
        Self { listener: TcpListener::from(listener), fillers: Vec::new() }
    }

    pub fn address(&self) -> SocketAddr {
        self.listener.local_addr().expect("its address")
    }

    pub fn accept(&self) -> TcpStream {
        self.listener.accept().expect("a connection").0
    }

    /// Makes every further client wait for its connection.
    pub fn fill(&mut self) {
        let address = self.address();
        self.fillers.extend((0..8).map(|_| {
            let filler = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::NONBLOCK, None)
                .expect("a socket");
            let _ = connect(&filler, &address);
            filler
        }));
        let probe = TcpStream::connect_timeout(&address, Duration::from_millis(50));
        assert_eq!(probe.map(drop).map_err(|error| error.kind()), Err(io::ErrorKind::TimedOut));
    }
}

/// A TCP connection, as seen from one of its ends.
struct Connection {
    is_established: bool,
    /// Bytes that were sent and not acknowledged.
    unacknowledged: u64,
    /// Bytes that were received and not read.
    unread: u64,
}

/// Returns the connections at a local address, or at any, to a remote one.
fn connections(local: Option<SocketAddr>, remote: SocketAddr) -> Vec<Connection> {
    let hex = |address: SocketAddr| match address.ip() {
        IpAddr::V4(ip) => format!("{:08X}:{:04X}", u32::from_ne_bytes(ip.octets()), address.port()),
        IpAddr::V6(ip) => panic!("{ip} is not a test's address"),
    };
    let (local, remote) = (local.map(hex), hex(remote));
    let table = fs::read_to_string("/proc/net/tcp").expect("the kernel's table of connections");
    let connection = |line: &str| {
        let mut columns = line.split_ascii_whitespace().skip(1);
        let (own, peer, state) = (columns.next()?, columns.next()?, columns.next()?);
        let (unacknowledged, unread) = columns.next()?.split_once(':')?;
        (peer == remote && local.as_ref().is_none_or(|local| local == own)).then(|| Connection {
            is_established: state == "01",
            unacknowledged: u64::from_str_radix(unacknowledged, 16).expect("a number"),
            unread: u64::from_str_radix(unread, 16).expect("a number"),
        })
    };
    table.lines().skip(1).filter_map(connection).collect()
}

/// Waits until a condition holds, and panics if it never does.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Waits until the peer has received all that was written to a stream. Returns immediately if the connection
/// has ended.
pub fn wait_until_received(stream: &TcpStream) {
    if let Some((own, peer)) = last_hop(stream) {
        wait_until_acknowledged(own, peer);
    }
}

/// Does the same without reading the kernel's table if TLS is off: a write has delivered the bytes then.
pub fn wait_until_delivered(stream: &TcpStream) {
    if stream.peer_addr().is_ok_and(|peer| tls::hop(peer).is_some()) {
        wait_until_received(stream);
    }
}

/// Waits until the peer has also read it.
pub fn wait_until_read(stream: &TcpStream) {
    if let Some((own, peer)) = last_hop(stream) {
        wait_until_acknowledged(own, peer);
        wait_until_taken(own, peer);
    }
}

/// Returns the server's and the client's address of the connection that ends at the client. If TLS is between
/// the server and the client, waits until that has passed everything on.
fn last_hop(stream: &TcpStream) -> Option<(SocketAddr, SocketAddr)> {
    let (own, peer) = (stream.local_addr().ok()?, stream.peer_addr().ok()?);
    let Some(hop) = tls::hop(peer) else { return Some((own, peer)) };
    wait_until_acknowledged(own, peer);
    wait_until_taken(own, peer);
    wait_until("the bytes are encrypted", || hop.is_idle() || tls::hop(peer).is_none());
    Some((hop.local, hop.client))
}

fn wait_until_acknowledged(own: SocketAddr, peer: SocketAddr) {
    wait_until("the peer receives the response", || {
        connections(Some(own), peer).iter().all(|connection| connection.unacknowledged == 0)
    });
}

fn wait_until_taken(own: SocketAddr, peer: SocketAddr) {
    wait_until("the peer reads the response", || {
        connections(Some(peer), own).iter().all(|connection| connection.unread == 0)
    });
}

/// Waits until the peer can't send more to a stream, which is not read: no further bytes arrive for a while.
pub fn wait_until_full(stream: &TcpStream) {
    const POLLS: usize = 20;
    let (mut last, mut polls) = (0, 0);
    wait_until("the connection is full", || {
        let unread = ioctl_fionread(stream).expect("the number of unread bytes");
        polls = if unread == last && unread > 0 { polls + 1 } else { 0 };
        last = unread;
        polls == POLLS
    });
}

/// Waits until every client has received the end of its connection to a server.
pub fn wait_until_ended(server: SocketAddr) {
    wait_until("the connections end", || {
        !connections(None, server).iter().any(|connection| connection.is_established)
    });
}
