//! One connection of a [`TlsFront`](super::TlsFront), with a thread.

use std::{
    collections::HashMap,
    io::{self, ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, poll},
    net::sockopt::set_socket_linger,
};
use rustls::{ProtocolVersion, ServerConfig, ServerConnection};

use super::{
    Handshake, Log, TlsSettings, lock,
    traffic::{Counter, Traffic},
};

/// The unencrypted bytes of the largest record; so much is taken from either side at a time.
const CHUNK: usize = 16 << 10;

/// The connection to the client that continues one to a server.
#[derive(Clone, Debug)]
pub struct Hop {
    pub local: SocketAddr,
    pub client: SocketAddr,
    /// Bytes of the server have been read and not all written.
    is_busy: Arc<AtomicBool>,
}

impl Hop {
    /// Returns whether all that has been read from the server has been written to the client.
    pub fn is_idle(&self) -> bool {
        !self.is_busy.load(Ordering::SeqCst)
    }
}

/// Every open connection to a server, by its local address.
static HOPS: LazyLock<Mutex<HashMap<SocketAddr, Hop>>> = LazyLock::new(Mutex::default);

/// Returns the connection that continues a server's, if its client is a [`TlsFront`](super::TlsFront).
pub fn hop(client_of_server: SocketAddr) -> Option<Hop> {
    lock(&HOPS).get(&client_of_server).cloned()
}

/// Removes a hop on drop.
struct Registered(SocketAddr);

impl Drop for Registered {
    fn drop(&mut self) {
        lock(&HOPS).remove(&self.0);
    }
}

/// Serves a connection until both sides have ended, or one has reset it.
pub fn serve(
    client: &TcpStream,
    upstream: SocketAddr,
    config: Arc<ServerConfig>,
    settings: &TlsSettings,
    log: &Log,
) -> io::Result<()> {
    client.set_nodelay(true)?;
    client.set_nonblocking(true)?;
    let tls = ServerConnection::new(config).expect("a connection of TLS");
    let mut side = ClientSide {
        client,
        tls,
        settings,
        log,
        received: Counter::default(),
        sent: Counter::default(),
        holds: false,
        plain: Vec::new(),
        has_ended: false,
    };
    if side.handshake()? {
        // Fails if the server has ended: so does the client's connection.
        let server = TcpStream::connect(upstream)?;
        server.set_nodelay(true)?;
        server.set_nonblocking(true)?;
        side.pass(&server)?;
    }
    Ok(())
}

/// The encrypted side.
struct ClientSide<'c> {
    client: &'c TcpStream,
    tls: ServerConnection,
    settings: &'c TlsSettings,
    log: &'c Log,
    received: Counter,
    sent: Counter,
    /// Session tickets are held back.
    holds: bool,
    /// Decrypted bytes for the server, no more than two records.
    plain: Vec<u8>,
    /// The client has sent close_notify or ended the connection; `plain` may be left.
    has_ended: bool,
}

impl ClientSide<'_> {
    /// Returns false if the client has ended the connection, or the handshake has failed.
    fn handshake(&mut self) -> io::Result<bool> {
        let mut hello = Vec::new();
        while self.tls.is_handshaking() {
            self.flush()?;
            let mut fds = [PollFd::new(self.client, self.events(true))];
            poll(&mut fds, None)?;
            if fds[0].revents().intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) {
                if !self.receive(&mut hello)? {
                    return Ok(false);
                }
                if self.has_ended {
                    self.log.abandoned.fetch_add(1, Ordering::SeqCst);
                    return Ok(false);
                }
            }
        }
        // The end of a handshake of TLS 1.2 is not to be held back.
        self.holds =
            self.settings.holds_tickets && self.tls.protocol_version() == Some(ProtocolVersion::TLSv1_3);
        self.flush()?;
        lock(&self.log.handshakes).push(Handshake::of(&self.tls, hello));
        Ok(true)
    }

    /// Passes bytes on between the client and the server.
    fn pass(&mut self, server: &TcpStream) -> io::Result<()> {
        let address = server.local_addr()?;
        let is_busy = Arc::new(AtomicBool::new(false));
        let hop = Hop {
            local: self.client.local_addr()?,
            client: self.client.peer_addr()?,
            is_busy: is_busy.clone(),
        };
        lock(&HOPS).insert(address, hop);
        let _registered = Registered(address);

        let mut chunk = [0; CHUNK];
        let (mut server_has_ended, mut server_has_reset) = (false, false);
        // The sides that were notified that the other side has closed.
        let (mut server_knows, mut client_knows) = (false, false);
        loop {
            self.flush().inspect_err(|_| reset(server))?;
            while !self.plain.is_empty() {
                let mut server = server;
                match server.write(&self.plain) {
                    Ok(size) => drop(self.plain.drain(..size)),
                    Err(error) if is_blocked(&error) => break,
                    // Its last bytes may still be read.
                    Err(_) => {
                        (server_has_reset, self.has_ended, server_knows) = (true, true, true);
                        self.plain.clear();
                    }
                }
            }
            if self.has_ended && self.plain.is_empty() && !server_knows {
                server_knows = true;
                // Fails if the server has ended.
                let _ = server.shutdown(Shutdown::Write);
            }
            if !self.wants_write() {
                is_busy.store(false, Ordering::SeqCst);
                if server_has_ended {
                    if server_has_reset {
                        reset(self.client);
                        return Ok(());
                    }
                    if !client_knows {
                        client_knows = true;
                        let _ = self.client.shutdown(Shutdown::Write);
                    }
                    if self.has_ended && self.plain.is_empty() {
                        return Ok(());
                    }
                }
            }

            // The client is polled for its end in any case; the server only if its bytes can be passed on.
            let takes = self.plain.is_empty() && !self.has_ended;
            let mut from_server = PollFlags::empty();
            from_server.set(PollFlags::IN, !server_has_ended && !self.wants_write());
            from_server.set(PollFlags::OUT, !self.plain.is_empty());
            let mut fds = vec![PollFd::new(self.client, self.events(takes))];
            if !from_server.is_empty() {
                fds.push(PollFd::new(server, from_server));
            }
            if client_knows && self.has_ended {
                // Its end was passed on and would be found again and again.
                fds.remove(0);
            }
            poll(&mut fds, None)?;
            let events = |of: &TcpStream| {
                use std::os::fd::{AsFd, AsRawFd};
                let found = fds.iter().find(|fd| fd.as_fd().as_raw_fd() == of.as_raw_fd());
                found.map_or(PollFlags::empty(), PollFd::revents)
            };
            let (of_client, of_server) = (events(self.client), events(server));
            // Both directions were shut down, by the client's reset or by the end of the test's server.
            if of_client.intersects(PollFlags::ERR) || of_client.contains(PollFlags::HUP) && !client_knows {
                reset(server);
                return Ok(());
            }
            if takes
                && of_client.intersects(PollFlags::IN | PollFlags::HUP)
                && !self.receive(&mut Vec::new()).inspect_err(|_| reset(server))?
            {
                return Ok(());
            }
            if !of_server.is_empty() && !server_has_ended && !self.wants_write() {
                is_busy.store(true, Ordering::SeqCst);
                let mut server = server;
                match server.read(&mut chunk) {
                    Ok(size) if size > 0 => {
                        self.holds = false;
                        self.tls.writer().write_all(&chunk[..size])?;
                    }
                    Err(error) if is_blocked(&error) => {}
                    end => {
                        self.holds = false;
                        server_has_ended = true;
                        server_has_reset |= end.is_err();
                        if self.settings.sends_close_notify && !server_has_reset {
                            self.tls.send_close_notify();
                        }
                    }
                }
            }
        }
    }

    fn wants_write(&self) -> bool {
        self.tls.wants_write() && !self.holds
    }

    fn events(&self, reads: bool) -> PollFlags {
        let mut events = PollFlags::empty();
        events.set(PollFlags::IN, reads);
        events.set(PollFlags::OUT, self.wants_write());
        events
    }

    /// Writes as much as the client takes.
    fn flush(&mut self) -> io::Result<()> {
        while self.wants_write() {
            let mut client = Sink { client: self.client, counter: &mut self.sent, traffic: &self.log.sent };
            match self.tls.write_tls(&mut client) {
                Ok(_) => {}
                Err(error) if is_blocked(&error) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads once; false if that was not valid TLS, and the connection has ended. `first` gets the bytes if
    /// it is empty.
    fn receive(&mut self, first: &mut Vec<u8>) -> io::Result<bool> {
        let mut chunk = [0; CHUNK];
        let mut client = self.client;
        let size = match client.read(&mut chunk) {
            Ok(size) => size,
            Err(error) if is_blocked(&error) => return Ok(true),
            Err(error) => return Err(error),
        };
        let (mut bytes, mut plain) = (&chunk[..size], [0; CHUNK]);
        self.received.count(bytes, &mut lock(&self.log.received));
        if first.is_empty() {
            first.extend_from_slice(bytes);
        }
        loop {
            // At the end of the connection once, to take note of it.
            self.tls.read_tls(&mut bytes)?;
            if let Err(error) = self.tls.process_new_packets() {
                lock(&self.log.failures).push(error);
                self.fail()?;
                return Ok(false);
            }
            loop {
                match self.tls.reader().read(&mut plain) {
                    Err(error) if is_blocked(&error) => break,
                    Ok(0) | Err(_) => {
                        self.has_ended = true;
                        break;
                    }
                    Ok(size) => self.plain.extend_from_slice(&plain[..size]),
                }
            }
            if bytes.is_empty() || self.has_ended {
                return Ok(true);
            }
        }
    }

    /// Ends the connection, and waits until the client does: unread bytes would make it a reset.
    fn fail(&mut self) -> io::Result<()> {
        if self.settings.sends_alerts {
            self.flush()?;
        }
        self.client.shutdown(Shutdown::Write)?;
        self.client.set_nonblocking(false)?;
        let mut client = self.client;
        io::copy(&mut client, &mut io::sink()).map(drop)
    }
}

/// Counts what is sent to a client.
struct Sink<'c> {
    client: &'c TcpStream,
    counter: &'c mut Counter,
    traffic: &'c Mutex<Traffic>,
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.client.write(bytes)?;
        self.counter.count(&bytes[..written], &mut lock(self.traffic));
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn is_blocked(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

/// Makes the end of a connection a reset.
fn reset(stream: &TcpStream) {
    // Fails if the connection has ended.
    let _ = set_socket_linger(stream, Some(Duration::ZERO));
}
