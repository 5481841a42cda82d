//! TLS of the stub: certificates made when it starts, and rustls on a socket.

use std::{
    collections::BTreeMap,
    fs,
    io::{self, IoSlice, Read, Write},
    net::TcpStream,
    sync::{Arc, Mutex, PoisonError},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{
    HandshakeKind, ServerConfig,
    crypto::ring,
    pki_types::PrivateKeyDer,
    server::{NoServerSessionStorage, UnbufferedServerConnection},
    unbuffered::{ConnectionState, EncodeError, EncryptError, UnbufferedStatus},
};

/// The maximum size of the data of one send.
const SEND_BYTE_SIZE: usize = 128 << 10;
/// More than the records of one send add.
const OVERHEAD: usize = 1 << 10;
const RECEIVE_BYTE_SIZE: usize = 256 << 10;

/// The configuration of a server.
pub struct Options {
    /// The file for the certificate of the authority.
    pub ca: String,
    /// The preferred key size of AES-GCM. The server chooses, so that all clients use the same suite.
    pub key_bits: usize,
    /// The number of tickets for each connection.
    pub tickets: usize,
    pub alpn: &'static str,
}

pub fn configuration(options: &Options) -> Result<Arc<ServerConfig>, Box<dyn std::error::Error>> {
    let mut authority = CertificateParams::new([])?;
    authority.distinguished_name.push(DnType::CommonName, "stub authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let mut server = CertificateParams::new(["localhost".into(), "127.0.0.1".into()])?;
    server.distinguished_name.push(DnType::CommonName, "stub");
    server.use_authority_key_identifier_extension = true;
    let server = server.signed_by(&key, &authority)?;
    fs::write(&options.ca, authority.pem())?;

    let mut provider = ring::default_provider();
    let preferred = format!("AES_{}_GCM", options.key_bits);
    provider.cipher_suites.sort_by_key(|suite| !format!("{suite:?}").contains(&preferred));
    let mut config = ServerConfig::builder_with_provider(provider.into())
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![server.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))?;
    config.ignore_client_order = true;
    config.alpn_protocols = vec![options.alpn.into()];
    config.send_tls13_tickets = options.tickets;
    match options.tickets {
        0 => config.session_storage = Arc::new(NoServerSessionStorage {}),
        _ => config.ticketer = ring::Ticketer::new()?,
    }
    Ok(Arc::new(config))
}

/// What was negotiated, and for how many connections.
static NEGOTIATED: Mutex<BTreeMap<String, usize>> = Mutex::new(BTreeMap::new());

/// Prints a line for each kind of connection: how many, version, suite, group, full or resumed.
pub fn print_negotiated() {
    for (what, count) in NEGOTIATED.lock().unwrap_or_else(PoisonError::into_inner).iter() {
        println!("{count} {what}");
    }
}

/// A connection. Unlike `rustls::StreamOwned`, it receives more than a record at a time, which leaves more of
/// the processor to the clients.
pub struct TlsStream {
    socket: TcpStream,
    connection: UnbufferedServerConnection,
    /// Bytes received that rustls has not taken yet: `taken..have`.
    incoming: Vec<u8>,
    taken: usize,
    have: usize,
    outgoing: Vec<u8>,
    /// The decrypted data of a record that was read in part.
    rest: Vec<u8>,
    rest_read: usize,
    gathered: Vec<u8>,
}

enum Step {
    Data(usize),
    /// More bytes from the client are required, or may be waited for.
    Receive,
    Again,
    End,
}

impl TlsStream {
    /// Does the handshake.
    pub fn accept(socket: TcpStream, config: Arc<ServerConfig>) -> io::Result<Self> {
        let mut stream = Self {
            socket,
            connection: UnbufferedServerConnection::new(config).map_err(io::Error::other)?,
            incoming: vec![0; RECEIVE_BYTE_SIZE],
            taken: 0,
            have: 0,
            outgoing: Vec::with_capacity(SEND_BYTE_SIZE + OVERHEAD),
            rest: Vec::new(),
            rest_read: 0,
            gathered: Vec::new(),
        };
        // Also sends the tickets.
        loop {
            match stream.step(&mut [])? {
                Step::Receive if !stream.connection.is_handshaking() => break,
                Step::Receive if stream.receive()? == 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                Step::End => return Err(io::ErrorKind::UnexpectedEof.into()),
                Step::Receive | Step::Data(_) | Step::Again => {}
            }
        }
        let connection = &stream.connection;
        let suite = connection.negotiated_cipher_suite().map(|suite| format!("{suite:?}"));
        let group = connection.negotiated_key_exchange_group().map(|group| format!("{:?}", group.name()));
        let version = connection.protocol_version().map(|version| format!("{version:?}"));
        let is_resumed = connection.handshake_kind() == Some(HandshakeKind::Resumed);
        let parts = [version, suite.map(|suite| suite.replace("TLS13_", "TLS_")), group];
        let parts: Vec<String> = parts.into_iter().map(Option::unwrap_or_default).collect();
        let what = format!("{} {}", parts.join(" "), if is_resumed { "resumed" } else { "full" });
        *NEGOTIATED.lock().unwrap_or_else(PoisonError::into_inner).entry(what).or_default() += 1;
        Ok(stream)
    }

    /// Sends close_notify.
    pub fn close(&mut self) -> io::Result<()> {
        self.outgoing.resize(OVERHEAD, 0);
        let UnbufferedStatus { state, .. } = self.connection.process_tls_records(&mut []);
        let ConnectionState::WriteTraffic(mut traffic) = state.map_err(io::Error::other)? else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        let size = traffic.queue_close_notify(&mut self.outgoing).map_err(io::Error::other)?;
        self.socket.write_all(&self.outgoing[..size])?;
        self.outgoing.clear();
        Ok(())
    }

    fn receive(&mut self) -> io::Result<usize> {
        self.incoming.copy_within(self.taken..self.have, 0);
        (self.taken, self.have) = (0, self.have - self.taken);
        let count = self.socket.read(&mut self.incoming[self.have..])?;
        self.have += count;
        Ok(count)
    }

    /// Moves the connection by one state. What does not fit into `into` is kept.
    fn step(&mut self, into: &mut [u8]) -> io::Result<Step> {
        let UnbufferedStatus { discard, state } =
            self.connection.process_tls_records(&mut self.incoming[self.taken..self.have]);
        let step = match state.map_err(io::Error::other)? {
            ConnectionState::ReadTraffic(mut traffic) => {
                let mut count = 0;
                while let Some(record) = traffic.next_record() {
                    let payload = record.map_err(io::Error::other)?.payload;
                    let fits = payload.len().min(into.len() - count);
                    into[count..count + fits].copy_from_slice(&payload[..fits]);
                    count += fits;
                    self.rest.extend_from_slice(&payload[fits..]);
                }
                Step::Data(count)
            }
            ConnectionState::EncodeTlsData(mut data) => {
                let start = self.outgoing.len();
                self.outgoing.resize(start + OVERHEAD, 0);
                let size = loop {
                    match data.encode(&mut self.outgoing[start..]) {
                        Ok(size) => break size,
                        Err(EncodeError::InsufficientSize(needed)) => {
                            self.outgoing.resize(start + needed.required_size, 0);
                        }
                        Err(error) => return Err(io::Error::other(error)),
                    }
                };
                self.outgoing.truncate(start + size);
                Step::Again
            }
            ConnectionState::TransmitTlsData(data) => {
                self.socket.write_all(&self.outgoing)?;
                self.outgoing.clear();
                data.done();
                Step::Again
            }
            ConnectionState::BlockedHandshake | ConnectionState::WriteTraffic(_) => Step::Receive,
            _ => Step::End,
        };
        self.taken += discard;
        Ok(step)
    }
}

impl Read for TlsStream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let rest = &self.rest[self.rest_read..];
        let mut count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        self.rest_read += count;
        if self.rest_read == self.rest.len() {
            self.rest.clear();
            self.rest_read = 0;
        }
        while count < into.len() {
            match self.step(&mut into[count..])? {
                Step::Data(more) => count += more,
                Step::Again => {}
                Step::Receive if count > 0 => break,
                Step::Receive if self.receive()? > 0 => {}
                Step::Receive | Step::End => break,
            }
        }
        Ok(count)
    }
}

impl Write for TlsStream {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let data = &data[..data.len().min(SEND_BYTE_SIZE)];
        self.outgoing.resize(SEND_BYTE_SIZE + OVERHEAD, 0);
        // Bytes that were received and not read yet stay where they are.
        let UnbufferedStatus { state, .. } = self.connection.process_tls_records(&mut []);
        let ConnectionState::WriteTraffic(mut traffic) = state.map_err(io::Error::other)? else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        let size = traffic
            .encrypt(data, &mut self.outgoing)
            .map_err(|error: EncryptError| io::Error::other(error))?;
        self.socket.write_all(&self.outgoing[..size])?;
        self.outgoing.clear();
        Ok(data.len())
    }

    /// Gathers small slices, so that they share records and sends.
    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        if let Some(first) = slices.first()
            && first.len() >= SEND_BYTE_SIZE
        {
            return self.write(first);
        }
        let mut gathered = std::mem::take(&mut self.gathered);
        gathered.clear();
        for slice in slices {
            let room = SEND_BYTE_SIZE - gathered.len();
            gathered.extend_from_slice(&slice[..slice.len().min(room)]);
        }
        let outcome = self.write(&gathered);
        self.gathered = gathered;
        outcome
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
