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
/// and cost twice the CPU time: glibc returns the freed records to the system after each.
const SEND_BYTE_SIZE: usize = 128 << 10;
/// The size of the receive buffer at first, and at most: it is doubled after it was filled by one receive.
/// rustls's own grows to one record only, which takes a system call for each.
const MIN_RECEIVE_BYTE_SIZE: usize = 16 << 10;
const MAX_RECEIVE_BYTE_SIZE: usize = 128 << 10;
/// The maximum size of the data of a record.
const MAX_RECORD_BYTE_SIZE: usize = 16 << 10;
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
    /// Whether anything has been received at all, and since the handshake.
    has_heard: bool,
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
            return Err(io::Error::other(message));
        }
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
        let was_handshaking = self.is_handshaking();
        let mut unread = &self.incoming[self.taken..self.have];
        let before = unread.len();
        let outcome = match self.connection.read_tls(&mut unread) {
            Ok(_) => self.connection.process_new_packets().map(|_| ()),
            Err(_) => Err(rustls::Error::General("a handshake message is too large".into())),
        };
        let count = before - unread.len();
        self.taken += count;
        match outcome {
            Ok(()) if count == 0 => {
                // After close_notify nothing is read.
                self.taken = self.have;
            }
            Ok(()) => self.has_responded |= !was_handshaking,
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
        let requests = self.config.requests_for_certificate(&self.client_config);
        Moment {
            in_handshake,
            asked: is_open && requests > self.requests_before,
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
