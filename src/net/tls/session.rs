//! The TLS of one connection: rustls, between the plaintext of a protocol engine and the bytes of a socket.
//!
//! It is driven by [`Link`](crate::net::link::Link) and not by tokio-rustls: the link knows when a read may
//! block, gathers small writes, and must keep the error that explains why a connection ended.

use std::{
    fmt,
    io::{self, BufRead, IoSlice, Write},
    net::SocketAddr,
    sync::Arc,
};

use rustls::{ClientConfig, ClientConnection, HandshakeKind, ProtocolVersion};
use tokio::io::ReadBuf;

use super::{Moment, TlsConfig};
use crate::error::{Error, Result};

/// The maximum size of encrypted data that waits to be sent, and of one send. Larger ones save system calls
/// and cost up to twice the CPU time: glibc returns the freed records to the system after each, and they take
/// page faults again.
const SEND_BYTE_SIZE: usize = 128 << 10;
/// The size of the receive buffer at first, and at most: it is doubled after it was filled by one receive.
/// rustls's own grows to one record only, which takes a system call for each. Larger ones make no difference.
const MIN_RECEIVE_BYTE_SIZE: usize = 16 << 10;
const MAX_RECEIVE_BYTE_SIZE: usize = 64 << 10;
/// The maximum size of the data of a record.
const MAX_RECORD_BYTE_SIZE: usize = 16 << 10;
/// The maximum number of slices that are encrypted at once, as of those that are sent at once without TLS.
/// rustls looks at all of them for each record.
const MAX_SLICES: usize = 1024;
/// The number of records sent under TLS 1.2 after which no further call starts on a connection, and the one
/// at which it ends. rustls 0.23.46 ends it at 2^24: writes from there on succeed, and are not sent. TLS 1.3
/// changes its keys instead.
const RETIRED_AFTER_RECORDS: u64 = 1 << 23;
const MAX_RECORDS: u64 = (1 << 24) - 64;

/// The TLS of one connection.
pub(crate) struct Session {
    connection: ClientConnection,
    config: Arc<TlsConfig>,
    client_config: Arc<ClientConfig>,
    /// How often the server had asked for a client certificate before this connection.
    requests_before: u64,
    /// Bytes received that rustls has not taken yet: `taken..have`.
    incoming: Vec<u8>,
    taken: usize,
    have: usize,
    /// Whether the last receive filled the buffer.
    was_filled: bool,
    /// Whether anything has been received at all.
    has_heard: bool,
    /// See [`Moment::has_responded`].
    has_responded: bool,
    has_ended: bool,
    records_sent: u64,
    /// Why the connection can't be used any more.
    failure: Option<Error>,
}

/// What a session has for its reader.
pub(crate) enum Taken {
    Data,
    /// The server has closed the connection with close_notify.
    End,
    /// More bytes from the socket are required.
    Nothing,
}

/// A completed handshake.
#[derive(Clone, Copy)]
pub(crate) struct Handshake {
    pub is_resumed: bool,
    pub version: &'static str,
}

impl Session {
    pub(crate) fn new(config: &Arc<TlsConfig>, address: SocketAddr) -> Result<Self> {
        let client_config = config.for_address(address);
        let mut connection = ClientConnection::new(client_config.clone(), config.server_name())
            .map_err(|error| config.error(&error, Moment::BEFORE))?;
        connection.set_buffer_limit(Some(SEND_BYTE_SIZE));
        Ok(Self {
            connection,
            requests_before: config.requests_for_certificate(&client_config),
            config: config.clone(),
            client_config,
            incoming: Vec::new(),
            taken: 0,
            have: 0,
            was_filled: true,
            has_heard: false,
            has_responded: false,
            has_ended: false,
            records_sent: 0,
            failure: None,
        })
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    /// Returns whether something encrypted waits to be sent.
    pub(crate) fn wants_write(&self) -> bool {
        self.connection.wants_write()
    }

    /// Returns what is known of the handshake, once it is complete.
    pub(crate) fn handshake(&self) -> Handshake {
        Handshake {
            is_resumed: self.connection.handshake_kind() == Some(HandshakeKind::Resumed),
            version: match self.connection.protocol_version() {
                Some(ProtocolVersion::TLSv1_2) => "TLS 1.2",
                _ => "TLS 1.3",
            },
        }
    }

    /// Returns whether the server has sent anything.
    pub(crate) fn has_heard(&self) -> bool {
        self.has_heard
    }

    /// Returns why the connection can't be used any more, unless it simply ended.
    pub(crate) fn failure(&self) -> Option<&Error> {
        self.failure.as_ref()
    }

    /// Returns whether no further call may start on the connection.
    pub(crate) fn is_retired(&self) -> bool {
        self.records_sent >= RETIRED_AFTER_RECORDS
            && self.connection.protocol_version() == Some(ProtocolVersion::TLSv1_2)
    }

    /// Encrypts the start of `slices` and sends it by `send`, as much as is accepted; returns the number of
    /// bytes encrypted. Those that are not sent yet are sent by [`flush`](Self::flush). `WouldBlock` while
    /// earlier ones can't be sent.
    pub(crate) fn write(
        &mut self,
        slices: &[IoSlice<'_>],
        mut send: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        self.flush(&mut send)?;
        if self.records_sent >= MAX_RECORDS
            && self.connection.protocol_version() == Some(ProtocolVersion::TLSv1_2)
        {
            let message = "the connection has sent the maximum number of records of TLS 1.2";
            // For readers too: a response to what was sent may never come.
            let failure = self.failure.get_or_insert_with(|| Error::connection(message));
            return Err(io::Error::other(failure.clone()));
        }
        let slices = &slices[..slices.len().min(MAX_SLICES)];
        let count = self.connection.writer().write_vectored(slices)?;
        if count == 0 && slices.iter().any(|slice| !slice.is_empty()) {
            return Err(io::Error::other("the TLS connection accepts no data"));
        }
        self.records_sent += count.div_ceil(MAX_RECORD_BYTE_SIZE) as u64;
        match self.flush(&mut send) {
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(count),
        }
    }

    /// Sends what is encrypted; `WouldBlock` if the rest can't be sent yet.
    pub(crate) fn flush(
        &mut self,
        mut send: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>,
    ) -> io::Result<()> {
        while self.connection.wants_write() {
            self.connection.write_tls(&mut Sender(&mut send))?;
        }
        Ok(())
    }

    /// Receives more bytes by `receive`. The caller calls [`take`](Self::take) first, until it has nothing.
    pub(crate) fn receive(
        &mut self,
        receive: impl FnOnce(&mut ReadBuf<'_>) -> io::Result<usize>,
    ) -> io::Result<()> {
        let unread = self.have - self.taken;
        if self.taken > 0 {
            self.incoming.copy_within(self.taken..self.have, 0);
            (self.taken, self.have) = (0, unread);
        }
        // rustls takes every complete record, and keeps the start of an incomplete one: there is always room.
        if self.was_filled {
            let byte_size = (self.incoming.len() * 2).clamp(MIN_RECEIVE_BYTE_SIZE, MAX_RECEIVE_BYTE_SIZE);
            self.incoming.resize(byte_size, 0);
        }
        match receive(&mut ReadBuf::new(&mut self.incoming[self.have..])) {
            Ok(0) => {
                self.has_ended = true;
                // Tells rustls.
                let _ = self.connection.read_tls(&mut io::empty());
                Ok(())
            }
            Ok(count) => {
                self.has_heard = true;
                self.have += count;
                self.was_filled = self.have == self.incoming.len();
                Ok(())
            }
            Err(error) => {
                if error.kind() != io::ErrorKind::WouldBlock {
                    self.ended();
                }
                Err(error)
            }
        }
    }

    /// Moves received data to `into`, decrypting as much as fits. An error is returned after the data that
    /// precedes it.
    pub(crate) fn take(&mut self, into: &mut ReadBuf<'_>) -> io::Result<Taken> {
        let start = into.filled().len();
        loop {
            let mut reader = self.connection.reader();
            let outcome = match reader.fill_buf() {
                Ok([]) => Some(Ok(Taken::End)),
                Ok(chunk) => {
                    let count = chunk.len().min(into.remaining());
                    into.put_slice(&chunk[..count]);
                    reader.consume(count);
                    if into.remaining() == 0 {
                        return Ok(Taken::Data);
                    }
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
                // Its text is an address of rustls's documentation.
                Err(_) => Some(Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "closed by the server without close_notify",
                ))),
            };
            if into.filled().len() > start && (outcome.is_some() || self.failure.is_some()) {
                return Ok(Taken::Data);
            }
            if let Some(failure) = &self.failure {
                return Err(io::Error::new(io::ErrorKind::InvalidData, failure.clone()));
            }
            match outcome {
                Some(Err(error)) => {
                    self.ended();
                    return Err(self
                        .failure
                        .clone()
                        .map_or(error, |failure| io::Error::new(io::ErrorKind::UnexpectedEof, failure)));
                }
                Some(outcome) => return outcome,
                None if self.taken < self.have => self.process(),
                None if into.filled().len() > start => return Ok(Taken::Data),
                None => return Ok(Taken::Nothing),
            }
        }
    }

    /// Decrypts what rustls accepts of the received bytes: at most about a record.
    fn process(&mut self) {
        let mut unread = &self.incoming[self.taken..self.have];
        let before = unread.len();
        let outcome = match self.connection.read_tls(&mut unread) {
            Ok(_) => self.connection.process_new_packets(),
            Err(_) => Err(rustls::Error::General("a handshake message is too large".into())),
        };
        let count = before - unread.len();
        self.taken += count;
        match outcome {
            Ok(_) if count == 0 => {
                // After close_notify nothing is read.
                self.taken = self.have;
            }
            // Not the start of a record, which may be that of an alert.
            Ok(state) => {
                self.has_responded |=
                    state.plaintext_bytes_to_read() > 0 || self.connection.tls13_tickets_received() > 0;
            }
            Err(error) => {
                self.taken = self.have;
                self.failure = Some(self.config.error(&error, self.moment()));
            }
        }
    }

    /// Notes that the connection has ended without an alert, in case that means something.
    fn ended(&mut self) {
        self.has_ended = true;
        if self.failure.is_none() {
            self.failure = self.config.closed(self.moment());
        }
    }

    fn moment(&self) -> Moment {
        let in_handshake = self.is_handshaking();
        // TLS 1.2 checks a client certificate in the handshake, TLS 1.3 after it.
        let is_open = in_handshake || self.connection.protocol_version() == Some(ProtocolVersion::TLSv1_3);
        // The requests on other connections count too. A session is resumed without one.
        let is_resumed = self.connection.handshake_kind() == Some(HandshakeKind::Resumed);
        let requests = self.config.requests_for_certificate(&self.client_config);
        Moment {
            in_handshake,
            asked: is_open && !is_resumed && requests > self.requests_before,
            heard: self.has_heard,
            has_responded: self.has_responded,
        }
    }

    /// Returns whether the server has sent nothing that a reader would get, and has not ended the connection.
    /// Processes tickets and key updates.
    pub(crate) fn is_quiet(
        &mut self,
        mut receive: impl FnMut(&mut ReadBuf<'_>) -> io::Result<usize>,
    ) -> bool {
        /// A server may send tickets, but not without end.
        const MAX_RECEIVES: usize = 16;
        for _ in 0..MAX_RECEIVES {
            // Any data is a response to no request.
            let mut byte = [0];
            match self.take(&mut ReadBuf::new(&mut byte)) {
                Ok(Taken::Nothing) => {}
                Ok(Taken::Data | Taken::End) | Err(_) => return false,
            }
            match self.receive(&mut receive) {
                Ok(()) => {}
                Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
            }
        }
        false
    }

    /// Tells the server that the connection is closed, unless it is over, or data waits to be sent.
    pub(crate) fn close(&mut self, send: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>) {
        if !self.has_ended && self.failure.is_none() && !self.connection.wants_write() {
            self.connection.send_close_notify();
            // The peer may have closed it first.
            let _ = self.flush(send);
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session")
    }
}

/// Makes a function that sends slices what rustls writes to.
struct Sender<F>(F);

impl<F: FnMut(&[IoSlice<'_>]) -> io::Result<usize>> Write for Sender<F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (self.0)(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        (self.0)(slices)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use rustls::{
        ServerConfig, ServerConnection, SupportedProtocolVersion,
        version::{TLS12, TLS13},
    };

    use super::{
        super::testing::{Authority, Server, address, config, options, params},
        *,
    };
    use crate::error::Status;

    /// A session and its server, after the handshake.
    fn connected(version: &'static SupportedProtocolVersion) -> (Session, ServerConnection) {
        let authority = Authority::new("Root");
        let identity = authority.issue(&params("ignored", &["localhost"]));
        let tls = config(&options(Some(authority.source())), "https://localhost").unwrap();
        connected_to(&tls, &Server { versions: &[version], ..Server::new(&identity) }.config())
    }

    fn connected_to(tls: &Arc<TlsConfig>, server: &Arc<ServerConfig>) -> (Session, ServerConnection) {
        let mut server = ServerConnection::new(server.clone()).unwrap();
        let mut session = Session::new(tls, address(1)).unwrap();
        while session.is_handshaking() || server.is_handshaking() {
            to_server(&mut session, &mut server);
            from_server(&mut session, &mut server);
            assert!(matches!(session.take(&mut ReadBuf::new(&mut [])), Ok(Taken::Nothing)));
        }
        to_server(&mut session, &mut server);
        (session, server)
    }

    fn to_server(session: &mut Session, server: &mut ServerConnection) {
        let mut sent = Vec::new();
        session.flush(|slices| Ok(append(&mut sent, slices))).unwrap();
        deliver(server, &sent);
    }

    fn deliver(server: &mut ServerConnection, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            server.read_tls(&mut bytes).unwrap();
            server.process_new_packets().unwrap();
        }
    }

    fn append(to: &mut Vec<u8>, slices: &[IoSlice<'_>]) -> usize {
        let before = to.len();
        slices.iter().for_each(|slice| to.extend_from_slice(slice));
        to.len() - before
    }

    /// Lets the session receive what the server has for it, as if the socket gave no more at once.
    fn from_server(session: &mut Session, server: &mut ServerConnection) {
        let mut sent = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut sent).unwrap();
        }
        for chunk in sent.chunks(100) {
            session.receive(|into| receive(into, chunk)).unwrap();
            assert!(matches!(session.take(&mut ReadBuf::new(&mut [])), Ok(Taken::Nothing)));
        }
    }

    fn receive(into: &mut ReadBuf<'_>, bytes: &[u8]) -> io::Result<usize> {
        into.put_slice(bytes);
        Ok(bytes.len())
    }

    #[test]
    fn a_connection_of_tls_1_2_retires_and_ends_before_rustls_drops_what_it_sends() {
        for (version, is_limited) in [(&TLS12, true), (&TLS13, false)] {
            let (mut session, mut server) = connected(version);
            session.records_sent = RETIRED_AFTER_RECORDS - 2;
            let mut write = |session: &mut Session, byte_size: usize| {
                let mut sent = Vec::new();
                let data = vec![7; byte_size];
                let mut rest = &data[..];
                while !rest.is_empty() {
                    let count =
                        session.write(&[IoSlice::new(rest)], |slices| Ok(append(&mut sent, slices)))?;
                    rest = &rest[count..];
                }
                for chunk in sent.chunks(10_000) {
                    deliver(&mut server, chunk);
                    let mut received = [0; 1 << 15];
                    while server.reader().read(&mut received).is_ok() {}
                }
                Ok::<_, io::Error>(())
            };
            write(&mut session, 1).unwrap();
            assert!(!session.is_retired());
            write(&mut session, MAX_RECORD_BYTE_SIZE + 1).unwrap();
            assert_eq!((session.records_sent, session.is_retired()), (RETIRED_AFTER_RECORDS + 1, is_limited));
            session.records_sent = MAX_RECORDS;
            let outcome = write(&mut session, 1);
            assert_eq!(outcome.is_err(), is_limited, "{outcome:?}");
            assert_eq!(session.take(&mut ReadBuf::new(&mut [0])).is_err(), is_limited);
        }
    }

    #[test]
    fn data_that_the_socket_accepts_in_parts_arrives_whole_and_little_of_it_waits() {
        let (mut session, mut server) = connected(&TLS13);
        let data: Vec<u8> = (0..1_000_000u32).map(|at| (at >> 5) as u8).collect();
        let (mut left, mut received, mut blocked) = (&data[..], Vec::new(), 0);
        while received.len() < data.len() {
            // It accepts 10,000 bytes each time.
            let (mut sent, mut room) = (Vec::new(), 10_000);
            let send = |slices: &[IoSlice<'_>]| {
                let count = room.min(slices[0].len());
                if count == 0 {
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                sent.extend_from_slice(&slices[0][..count]);
                room -= count;
                Ok(count)
            };
            let (first, second) = left.split_at(left.len() / 3);
            let outcome = match left {
                [] => session.flush(send).map(|()| 0),
                _ => session.write(&[IoSlice::new(first), IoSlice::new(second)], send),
            };
            match outcome {
                Ok(count) => left = &left[count..],
                Err(error) => {
                    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                    blocked += 1;
                }
            }
            deliver(&mut server, &sent);
            let mut chunk = [0; 1 << 14];
            while let Ok(count) = server.reader().read(&mut chunk) {
                received.extend_from_slice(&chunk[..count]);
            }
            let waiting = data.len() - left.len() - received.len();
            assert!(waiting <= SEND_BYTE_SIZE, "{waiting}");
        }
        assert!(received == data && left.is_empty() && blocked > 50, "{blocked}");
    }

    #[test]
    fn many_slices_are_encrypted_in_order_and_not_all_at_once() {
        let (mut session, mut server) = connected(&TLS13);
        let data: Vec<u8> = (0..5000u32).map(|at| at as u8).collect();
        let slices: Vec<_> = data.chunks(1).map(IoSlice::new).collect();
        let (mut sent, mut left) = (Vec::new(), &slices[..]);
        while !left.is_empty() {
            let count = session.write(left, |slices| Ok(append(&mut sent, slices))).unwrap();
            assert!((1..=MAX_SLICES).contains(&count), "{count}");
            left = &left[count..];
        }
        deliver(&mut server, &sent);
        let mut received = vec![0; data.len()];
        server.reader().read_exact(&mut received).unwrap();
        assert!(received == data);
    }

    #[test]
    fn a_refusal_that_arrives_in_parts_is_of_the_certificate_and_not_in_doubt() {
        let authority = Authority::new("Root");
        let identity = authority.issue(&params("ignored", &["localhost"]));
        let tls = config(&options(Some(authority.source())), "https://localhost").unwrap();
        let server =
            Server { versions: &[&TLS13], clients: Some((&authority, true)), ..Server::new(&identity) };
        let mut server = ServerConnection::new(server.config()).unwrap();
        let mut session = Session::new(&tls, address(1)).unwrap();
        while session.is_handshaking() {
            to_server(&mut session, &mut server);
            from_server(&mut session, &mut server);
        }
        let mut sent = Vec::new();
        session.flush(|slices| Ok(append(&mut sent, slices))).unwrap();
        let mut unread = &sent[..];
        while !unread.is_empty() {
            server.read_tls(&mut unread).unwrap();
            if server.process_new_packets().is_err() {
                break;
            }
        }
        let mut alert = Vec::new();
        server.write_tls(&mut alert).unwrap();
        for byte in alert.chunks(1) {
            assert!(session.failure().is_none());
            session.receive(|into| receive(into, byte)).unwrap();
            let _ = session.take(&mut ReadBuf::new(&mut [0]));
        }
        let error = session.failure().unwrap();
        assert_eq!((error.status(), error.is_in_doubt()), (Status::Unauthenticated, false), "{error}");
    }

    #[test]
    fn a_resumed_connection_was_not_asked_for_a_certificate_when_another_was() {
        let authority = Authority::new("Root");
        let identity = authority.issue(&params("ignored", &["localhost"]));
        let tls = config(&options(Some(authority.source())), "https://localhost").unwrap();
        let server = Server { versions: &[&TLS13], ..Server::new(&identity) }.config();
        for is_resumed in [false, true] {
            let (mut session, mut server) = connected_to(&tls, &server);
            assert_eq!(session.handshake().is_resumed, is_resumed);
            if !is_resumed {
                from_server(&mut session, &mut server);
            }
            session.client_config.client_auth_cert_resolver.resolve(&[], &[]);
            session.has_responded = false;
            session.receive(|_| Ok(0)).unwrap();
            session.take(&mut ReadBuf::new(&mut [0])).err().unwrap();
            assert_eq!(session.failure().is_none(), is_resumed);
        }
    }

    #[test]
    fn data_precedes_the_end_and_a_quiet_connection_has_neither() {
        let (mut session, mut server) = connected(&TLS13);
        let nothing = |_: &mut ReadBuf<'_>| Err(io::ErrorKind::WouldBlock.into());
        // The tickets.
        from_server(&mut session, &mut server);
        assert!(session.is_quiet(nothing));
        std::io::Write::write_all(&mut server.writer(), b"late").unwrap();
        server.send_close_notify();
        let mut sent = Vec::new();
        server.write_tls(&mut sent).unwrap();
        session.receive(|into| receive(into, &sent)).unwrap();
        let mut bytes = [0; 8];
        let mut into = ReadBuf::new(&mut bytes);
        assert!(matches!(session.take(&mut into), Ok(Taken::Data)));
        assert_eq!(into.filled(), b"late");
        assert!(matches!(session.take(&mut ReadBuf::new(&mut [0])), Ok(Taken::End)));
        assert!(!session.is_quiet(nothing));
        // A bare end is not the end of a body.
        let (mut session, _server) = connected(&TLS13);
        session.receive(|_| Ok(0)).unwrap();
        let error = session.take(&mut ReadBuf::new(&mut [0])).err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        assert!(session.failure().is_none() && !session.is_quiet(nothing), "{error}");
    }
}
