//! The test's own TLS, which the tests of the client rely on: a rustls client without the library meets it.

use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use rustix::net::sockopt::set_socket_linger;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, ClientConnection, Error, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
    version::{TLS12, TLS13},
};

use crate::support::{
    certificates::certificates,
    fault::{Gate, Wire, wait_until, wait_until_read},
    tls::{ClientCertificate, TlsFront, TlsSettings},
};

type Stream = StreamOwned<ClientConnection, TcpStream>;

fn parse(name: &str) -> Vec<CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(certificates().text(name).as_bytes()).map(Result::unwrap).collect()
}

fn config(client: Option<&str>, protocol: &str) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(parse("ca.pem").remove(0)).unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match client {
        None => builder.with_no_client_auth(),
        Some(name) => {
            let key = certificates().text(&format!("{name}.key"));
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
            builder.with_client_auth_cert(parse(&format!("{name}.pem")), key).unwrap()
        }
    };
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    Arc::new(config)
}

fn connect(address: SocketAddr, config: &Arc<ClientConfig>, name: &'static str) -> Stream {
    let tls = ClientConnection::new(config.clone(), ServerName::try_from(name).unwrap()).unwrap();
    let socket = TcpStream::connect(address).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    StreamOwned::new(tls, socket)
}

/// Writes four bytes and reads as many.
fn exchange(stream: &mut Stream) -> io::Result<[u8; 4]> {
    let mut read = [0; 4];
    stream.write_all(b"ping")?;
    stream.read_exact(&mut read)?;
    Ok(read)
}

/// The error of TLS in an I/O error.
fn tls_error(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

/// Sends what it receives back.
fn echo() -> Wire {
    Wire::start(|_, mut stream| {
        let mut chunk = [0; 1 << 16];
        loop {
            let size = stream.read(&mut chunk)?;
            if size == 0 {
                return Ok(());
            }
            stream.write_all(&chunk[..size])?;
        }
    })
}

#[test]
fn it_passes_bytes_both_ways_and_counts_full_and_resumed_handshakes() {
    let server = echo();
    for (version, tickets) in [(&TLS12, 2), (&TLS13, 2), (&TLS12, 0), (&TLS13, 0)] {
        let settings = TlsSettings { versions: vec![version], tickets, ..TlsSettings::default() };
        let front = TlsFront::start(server.address(), settings);
        let config = config(None, "h2");
        for _ in 0..3 {
            let mut stream = connect(front.address(), &config, "localhost");
            assert_eq!(&exchange(&mut stream).unwrap(), b"ping");
        }
        let handshakes = front.handshakes();
        let resumed: Vec<bool> = handshakes.iter().map(|handshake| handshake.is_resumed).collect();
        assert_eq!(resumed, [false, tickets > 0, tickets > 0], "{version:?}, {tickets} tickets");
        for handshake in handshakes {
            assert_eq!(handshake.version, version.version);
            assert_eq!(handshake.alpn.as_deref(), Some("h2"));
            assert_eq!(handshake.server_name.as_deref(), Some("localhost"));
            assert!(!handshake.is_authenticated && handshake.hello.windows(9).any(|at| at == b"localhost"));
        }
        assert_eq!((front.connections(), front.resumed()), (3, if tickets > 0 { 2 } else { 0 }));
        assert!(front.failures().is_empty(), "{:?}", front.failures());
        let (received, sent) = (front.received(), front.sent());
        assert!(received.data_records >= 3 && received.records > received.data_records, "{received:?}");
        assert!(sent.bytes > received.bytes, "{sent:?}");
    }
}

#[test]
fn it_sends_tickets_at_once_or_holds_them_back() {
    for holds_tickets in [false, true] {
        let server = echo();
        let settings = TlsSettings { versions: vec![&TLS13], holds_tickets, ..TlsSettings::default() };
        let front = TlsFront::start(server.address(), settings);
        let mut stream = connect(front.address(), &config(None, "http/1.1"), "localhost");
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock).unwrap();
        }
        wait_until("a handshake", || front.handshakes().len() == 1);
        stream.sock.set_nonblocking(true).unwrap();
        let unread = stream.sock.peek(&mut [0]).map_err(|error| error.kind());
        assert_eq!(unread, if holds_tickets { Err(ErrorKind::WouldBlock) } else { Ok(1) });
        stream.sock.set_nonblocking(false).unwrap();
        assert_eq!(&exchange(&mut stream).unwrap(), b"ping");
        assert_eq!(stream.conn.tls13_tickets_received(), 2);
    }
}

#[test]
fn it_refuses_clients_with_an_alert_or_silently() {
    let server = echo();
    let required = ClientCertificate::Required("ca.pem");
    let cases = [
        (None, AlertDescription::CertificateRequired),
        (Some("stranger"), AlertDescription::UnknownCA),
        (Some("client-expired"), AlertDescription::CertificateExpired),
    ];
    for sends_alerts in [true, false] {
        let front = TlsFront::start(
            server.address(),
            TlsSettings { client: required, sends_alerts, ..TlsSettings::default() },
        );
        for (name, alert) in cases {
            let error =
                exchange(&mut connect(front.address(), &config(name, "h2"), "localhost")).unwrap_err();
            match sends_alerts {
                true => assert_eq!(tls_error(&error), Some(&Error::AlertReceived(alert)), "{name:?}"),
                false => assert_eq!(error.kind(), ErrorKind::UnexpectedEof, "{name:?}: {error:?}"),
            }
        }
        let good = exchange(&mut connect(front.address(), &config(Some("client"), "h2"), "localhost"));
        assert_eq!(&good.unwrap(), b"ping");
        let handshakes = front.handshakes();
        assert!(handshakes.len() == 1 && handshakes[0].is_authenticated, "{handshakes:?}");
        assert_eq!(front.failures().len(), cases.len());
    }
    let optional = ClientCertificate::Optional("ca.pem");
    let front = TlsFront::start(server.address(), TlsSettings { client: optional, ..TlsSettings::default() });
    for name in [None, Some("client-chain"), Some("stranger")] {
        let got = exchange(&mut connect(front.address(), &config(name, "h2"), "localhost"));
        assert_eq!(got.is_ok(), name != Some("stranger"), "{name:?}: {got:?}");
    }
    assert_eq!(server.connections(), 4, "no server sees a connection whose handshake failed");
}

#[test]
fn it_shows_the_certificate_that_a_test_chooses() {
    use CertificateError as Bad;
    let server = echo();
    let code = |error: &CertificateError| match error {
        Bad::ExpiredContext { .. } => "expired",
        Bad::NotValidYetContext { .. } => "not yet valid",
        Bad::NotValidForNameContext { .. } => "another name",
        Bad::UnknownIssuer => "unknown issuer",
        Bad::InvalidPurposeContext { .. } => "another purpose",
        Bad::Other(error) if format!("{error:?}").contains("CaUsedAsEndEntity") => "an authority",
        error => panic!("{error:?}"),
    };
    for (certificate, expected) in [
        ("server", ""),
        ("chain", ""),
        ("no-intermediate", "unknown issuer"),
        ("wrong-host", "another name"),
        ("common-name", "another name"),
        ("expired", "expired"),
        ("not-yet-valid", "not yet valid"),
        ("self-signed", "unknown issuer"),
        ("self-signed-ca", "an authority"),
        ("authority", "an authority"),
        ("client-as-server", "another purpose"),
    ] {
        let front = TlsFront::start(server.address(), TlsSettings { certificate, ..TlsSettings::default() });
        for name in ["localhost", "127.0.0.1", "::1", "a.triton.test"] {
            let outcome = exchange(&mut connect(front.address(), &config(None, "h2"), name));
            let got = match &outcome {
                Ok(_) => "",
                Err(error) => match tls_error(error) {
                    Some(Error::InvalidCertificate(error)) => code(error),
                    _ => panic!("{certificate}: {error:?}"),
                },
            };
            assert_eq!(got, expected, "{certificate} for {name}");
        }
    }
}

#[test]
fn it_passes_on_how_each_side_ends() {
    // The server's end after the first byte, and what the client sees.
    fn end(sends_close_notify: bool, resets: bool) -> io::Result<usize> {
        let server = Wire::start(move |_, mut stream| {
            stream.read_exact(&mut [0])?;
            stream.write_all(b"x")?;
            wait_until_read(stream);
            if resets {
                set_socket_linger(stream, Some(Duration::ZERO))?;
            }
            Ok(())
        });
        let settings = TlsSettings { sends_close_notify, ..TlsSettings::default() };
        let front = TlsFront::start(server.address(), settings);
        let mut stream = connect(front.address(), &config(None, "h2"), "localhost");
        stream.write_all(b"x").unwrap();
        stream.read_exact(&mut [0]).unwrap();
        stream.read(&mut [0])
    }
    assert_eq!(end(true, false).unwrap(), 0);
    assert_eq!(end(false, false).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    assert_eq!(end(true, true).unwrap_err().kind(), ErrorKind::ConnectionReset);

    // The client's end, and what the server sees.
    for resets in [false, true] {
        let (seen, saw) = mpsc::channel();
        let server = Wire::start(move |_, mut stream| {
            stream.read_exact(&mut [0])?;
            stream.write_all(b"x")?;
            seen.send(stream.read(&mut [0]).map_err(|error| error.kind())).unwrap();
            Ok(())
        });
        let front = TlsFront::start(server.address(), TlsSettings::default());
        let mut stream = connect(front.address(), &config(None, "h2"), "localhost");
        stream.write_all(b"x").unwrap();
        stream.read_exact(&mut [0]).unwrap();
        if resets {
            set_socket_linger(&stream.sock, Some(Duration::ZERO)).unwrap();
        } else {
            stream.sock.shutdown(Shutdown::Write).unwrap();
            assert_eq!(saw.recv_timeout(Duration::from_secs(20)).unwrap(), Ok(0));
            continue;
        }
        drop(stream);
        let end = saw.recv_timeout(Duration::from_secs(20)).unwrap();
        assert_eq!(end, Err(ErrorKind::ConnectionReset));
    }
}

/// Waits until a number stops to change, and returns it.
fn settled(what: &str, number: impl Fn() -> u64) -> u64 {
    const POLLS: usize = 50;
    let (mut last, mut polls) = (0, 0);
    wait_until(what, || {
        let now = number();
        polls = if now > 0 && now == last { polls + 1 } else { 0 };
        last = now;
        polls == POLLS
    });
    last
}

/// With 64 MiB either way, of which sockets hold a few.
#[test]
fn it_holds_a_sender_back_until_the_receiver_reads() {
    const BYTE_SIZE: u64 = 64 << 20;
    let (gate, read) = (Arc::new(Gate::default()), Arc::new(Gate::default()));
    let (opened, finished) = (gate.clone(), read.clone());
    let server = Wire::start(move |_, mut stream| {
        assert!(opened.wait());
        assert_eq!(io::copy(&mut stream.take(BYTE_SIZE), &mut io::sink())?, BYTE_SIZE);
        finished.open();
        stream.write_all(&vec![1; BYTE_SIZE as usize])
    });
    let front = TlsFront::start(server.address(), TlsSettings::default());
    let mut stream = connect(front.address(), &config(None, "h2"), "localhost");
    let taken = thread::scope(|scope| {
        let taken = scope.spawn(|| {
            let taken = settled("the client is held back", || front.received().bytes);
            gate.open();
            taken
        });
        stream.write_all(&vec![1; BYTE_SIZE as usize]).unwrap();
        taken.join().unwrap()
    });
    assert!(taken < BYTE_SIZE / 2, "{taken} bytes were taken from the client");
    assert!(read.wait());
    let before = front.sent().bytes;
    let taken = settled("the server is held back", || front.sent().bytes) - before;
    assert!(taken < BYTE_SIZE / 2, "{taken} bytes were taken from the server");
    assert_eq!(io::copy(&mut stream.take(BYTE_SIZE), &mut io::sink()).unwrap(), BYTE_SIZE);
}
