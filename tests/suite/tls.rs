//! TLS, in both protocols and all kinds of calls: who is trusted, how a connection ends, and what is resumed.

use std::{
    io::{Read, Write},
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use rustls::{
    CipherSuite,
    version::{TLS12, TLS13},
};
use triton_client::{
    CallOptions, CancelToken, Client, ClientOptions, Datatype, Error, InferRequest, LogLevel, Origin, Status,
    StreamEvent, StreamOptions, TlsVersion,
};

use crate::{
    misbehaving::{Expected, KINDS, Kind, note},
    modes::Mode,
    support::{
        certificates::{EXPIRED, Folder, NOT_YET_VALID, OTHER_NAME, certificates},
        fault::{Cases, Wire, close, silent, wait_until},
        tls::{ClientCertificate, TlsFront, TlsSettings},
    },
};

/// The error of a server that can't be trusted or spoken to.
const UNUSABLE: Expected =
    Expected { status: Status::Unavailable, origin: Origin::Connection, in_doubt: false, retryable: false };
/// The error of a client without the right certificate.
const REFUSED: Expected = Expected { status: Status::Unauthenticated, ..UNUSABLE };

type Call = fn(&Client) -> Result<(), Error>;

/// A server that responds well, behind TLS.
struct Secure {
    front: TlsFront,
    _server: Cases,
    scheme: &'static str,
}

const SCHEMES: [&str; 2] = ["https", "grpcs"];

impl Secure {
    fn start(scheme: &'static str, settings: TlsSettings) -> Self {
        let server = match scheme {
            "https" => Cases::http(|turn| turn.send(&turn.good())),
            _ => Cases::grpc(|turn| turn.reply_good()),
        };
        Self { front: TlsFront::start(server.address(), settings), _server: server, scheme }
    }

    fn url(&self) -> String {
        url(self.scheme, self.front.address())
    }

    fn client(&self) -> Client {
        client(&self.url(), |_| ())
    }
}

fn url(scheme: &str, address: SocketAddr) -> String {
    format!("{scheme}://localhost:{}", address.port())
}

/// Creates a client that trusts the tests' authority, with further options.
fn client(url: &str, set: impl FnOnce(&mut ClientOptions)) -> Client {
    let mut options = ClientOptions::new();
    options.set_tls_ca(certificates().text("ca.pem").as_bytes());
    options.set_timeout(Some(Duration::from_secs(20))).unwrap();
    set(&mut options);
    Client::with_options(url, &options).unwrap()
}

fn set_client_certificate(options: &mut ClientOptions, name: &str) {
    let text = |extension| certificates().text(&format!("{name}.{extension}")).as_bytes();
    options.set_tls_client_certificate(text("pem"), text("key"));
}

fn settings(certificate: &'static str) -> TlsSettings {
    TlsSettings { certificate, ..TlsSettings::default() }
}

#[test]
fn good_certificates_pass_under_both_versions() {
    for scheme in SCHEMES {
        for versions in [vec![&TLS12], vec![&TLS13], vec![&TLS12, &TLS13]] {
            for certificate in ["server", "chain"] {
                let secure = Secure::start(
                    scheme,
                    TlsSettings {
                        versions: versions.clone(),
                        client: ClientCertificate::Optional("ca.pem"),
                        ..settings(certificate)
                    },
                );
                let client = client(&secure.url(), |options| set_client_certificate(options, "client-chain"));
                for kind in KINDS {
                    kind.call(&client, 1).unwrap_or_else(|error| panic!("{scheme} {certificate}: {error:?}"));
                }
                assert!(secure.front.handshakes().iter().all(|it| it.is_authenticated));
                assert_eq!(secure.front.failures(), []);
            }
        }
    }
}

#[test]
fn a_certificate_that_cannot_be_trusted_is_refused_with_its_reason_and_the_next_step() {
    // (the server's certificate, the file of authorities, the texts)
    let cases: [(&'static str, &str, &[&str]); 12] = [
        ("server", "other-ca.pem", &["signed by no authority"]),
        ("wrong-host", "ca.pem", &[OTHER_NAME, "tls_server_name"]),
        ("expired", "ca.pem", &["expired on", EXPIRED]),
        ("not-yet-valid", "ca.pem", &["valid from", NOT_YET_VALID, "clock"]),
        ("self-signed-ca", "ca.pem", &["CA:TRUE", "openssl req -x509"]),
        ("self-signed", "ca.pem", &["self-signed"]),
        ("common-name", "ca.pem", &["alternative name", "subjectAltName=DNS:localhost"]),
        ("authority", "ca.pem", &["CA:TRUE"]),
        ("client-as-server", "ca.pem", &["client"]),
        ("no-intermediate", "ca.pem", &["signed by no authority", "intermediate"]),
        ("expired", "expired.pem", &["expired on", EXPIRED]),
        ("wrong-host", "wrong-host.pem", &[OTHER_NAME]),
    ];
    let mut failures = Vec::new();
    for scheme in SCHEMES {
        for (certificate, authority, texts) in cases {
            let secure = Secure::start(scheme, settings(certificate));
            let client = client(&secure.url(), |options| {
                options.set_tls_ca(certificates().text(authority).as_bytes());
            });
            for kind in KINDS {
                let what = format!("{scheme}, {certificate}, {authority}, {kind:?}");
                note(&mut failures, &what, || {
                    let error = kind.call(&client, 1).expect_err(&what);
                    texts.iter().for_each(|text| UNUSABLE.check(&error, &what, &[text]));
                    check_text(&error);
                });
            }
            assert_eq!(secure.front.connections(), KINDS.len(), "{certificate}: one attempt for each call");
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Checks that a message has none of the forms that only rustls's developers read.
#[track_caller]
fn check_text(error: &Error) {
    let text = error.full_message();
    for foreign in ["docs.rs", "(UNIX)", "Other(", "OtherError", "{", "InvalidCertificate", "[6"] {
        assert!(!text.contains(foreign), "{foreign}: {text}");
    }
}

#[test]
fn a_servers_own_certificate_is_accepted_as_its_authority_and_each_check_can_be_switched_off() {
    for scheme in SCHEMES {
        for certificate in ["self-signed-ca", "self-signed"] {
            let secure = Secure::start(scheme, settings(certificate));
            let own = certificates().text(&format!("{certificate}.pem"));
            let client = client(&secure.url(), |options| {
                options.set_tls_ca(own.as_bytes());
            });
            Kind::Metadata.call(&client, 1).unwrap_or_else(|error| panic!("{certificate}: {error:?}"));
        }
        for (certificate, peer, host, passes) in [
            ("expired", false, true, true),
            ("self-signed", false, true, true),
            ("wrong-host", false, true, false),
            ("wrong-host", true, false, true),
            ("expired", true, false, false),
            ("self-signed", true, false, false),
            ("wrong-host", false, false, true),
        ] {
            let secure = Secure::start(scheme, settings(certificate));
            let client = client(&secure.url(), |options| {
                options.set_tls_verify_peer(peer).set_tls_verify_host(host);
            });
            let outcome = Kind::Metadata.call(&client, 1);
            assert_eq!(outcome.is_ok(), passes, "{certificate} {peer} {host}: {outcome:?}");
        }
        let secure = Secure::start(scheme, settings("wrong-host"));
        let client = client(&secure.url(), |options| {
            options.set_tls_server_name(&OTHER_NAME.to_ascii_uppercase()).unwrap();
        });
        Kind::Metadata.call(&client, 1).unwrap();
        let [handshake] = &secure.front.handshakes()[..] else { panic!("one connection") };
        assert_eq!(handshake.server_name.as_deref(), Some(OTHER_NAME));
    }
}

#[test]
fn a_final_dot_of_the_host_is_not_in_the_name_of_the_certificate() {
    for scheme in SCHEMES {
        let secure = Secure::start(scheme, TlsSettings::default());
        let url = format!("{scheme}://localhost.:{}", secure.front.address().port());
        Kind::Metadata.call(&client(&url, |_| ()), 1).unwrap();
        let [handshake] = &secure.front.handshakes()[..] else { panic!("one connection") };
        assert_eq!(handshake.server_name.as_deref(), Some("localhost"));
    }
}

#[test]
fn a_server_that_wants_a_client_certificate_is_told_from_one_that_dies() {
    // (the client's certificate, the texts)
    let cases: [(Option<&str>, &[&str]); 3] = [
        (None, &["requires a client certificate", "tls_client_certificate"]),
        (Some("stranger"), &["refused the certificate"]),
        (Some("client-expired"), &["refused the certificate", EXPIRED]),
    ];
    let mut failures = Vec::new();
    for scheme in SCHEMES {
        for versions in [vec![&TLS12], vec![&TLS13]] {
            for sends_alerts in [false, true] {
                for (certificate, texts) in cases {
                    let secure = Secure::start(
                        scheme,
                        TlsSettings {
                            versions: versions.clone(),
                            client: ClientCertificate::Required("ca.pem"),
                            sends_alerts,
                            ..TlsSettings::default()
                        },
                    );
                    let client = client(&secure.url(), |options| {
                        if let Some(name) = certificate {
                            set_client_certificate(options, name);
                        }
                    });
                    let calls: [(&str, Call); 4] = [
                        ("inference", |client| Kind::Inference(Mode::Blocking).call(client, 1)),
                        ("asynchronous", |client| Kind::Inference(Mode::Async).call(client, 1)),
                        ("metadata", |client| Kind::Metadata.call(client, 1)),
                        // The server has closed the connection before it is sent: the reason is still found.
                        ("8 MiB", infer_large),
                    ];
                    for (kind, call) in calls {
                        let before = secure.front.connections();
                        let version = versions[0].version;
                        let what = format!("{scheme}, {version:?}, {certificate:?}, {kind}, {sends_alerts}");
                        note(&mut failures, &what, || {
                            let error = call(&client).expect_err(&what);
                            texts.iter().for_each(|text| REFUSED.check(&error, &what, &[text]));
                            check_text(&error);
                            assert_eq!(secure.front.connections() - before, 1, "{what}: attempts");
                        });
                    }
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn infer_large(client: &Client) -> Result<(), Error> {
    let data: &'static [u8] = Box::leak(vec![1; 8 << 20].into_boxed_slice());
    let request = InferRequest::new("m").input("I", &[8 << 20], data);
    client.infer(&request).map(drop)
}

#[test]
fn a_stream_without_the_required_certificate_ends_with_the_same_error() {
    let secure = Secure::start(
        "grpcs",
        TlsSettings {
            client: ClientCertificate::Required("ca.pem"),
            sends_alerts: false,
            ..TlsSettings::default()
        },
    );
    let client = secure.client();
    let stream = client.open_stream(&StreamOptions::new()).unwrap();
    match stream.next(Some(Duration::from_secs(20))).unwrap() {
        StreamEvent::End(Err(error)) => {
            REFUSED.check(&error, "a stream", &["requires a client certificate"]);
        }
        other => panic!("{other:?}"),
    }
}

/// With tickets that the server sends at once, holds back, or does not send, TLS 1.3 and 1.2.
#[test]
fn idle_connections_are_reused_and_new_ones_resume_the_session() {
    for scheme in SCHEMES {
        for (tickets, holds_tickets, versions) in [
            (2, false, vec![&TLS13]),
            (2, true, vec![&TLS13]),
            (0, false, vec![&TLS13]),
            (1, false, vec![&TLS12]),
        ] {
            let what = format!("{scheme}, {tickets} {holds_tickets} {:?}", versions[0].version);
            let secure = Secure::start(
                scheme,
                TlsSettings { tickets, holds_tickets, versions, ..TlsSettings::default() },
            );
            let client = secure.client();
            for value in 0..10 {
                Kind::Inference(Mode::Blocking).call(&client, value).unwrap();
                Kind::Inference(Mode::Async).call(&client, value).unwrap();
                Kind::Metadata.call(&client, value).unwrap();
            }
            // One of the blocking calls, one of the asynchronous ones.
            assert_eq!(secure.front.connections(), 2, "{what}");
            assert_eq!(secure.front.resumed(), usize::from(tickets > 0), "{what}");
            let counts = client.connections();
            assert_eq!((counts.tls_handshakes, counts.tls_resumed), (2, u64::from(tickets > 0)), "{what}");
            // Nothing is shared between clients.
            Kind::Metadata.call(&secure.client(), 1).unwrap();
            assert_eq!(secure.front.resumed(), usize::from(tickets > 0), "{what}");
        }
    }
}

#[test]
fn two_servers_of_one_name_are_both_resumed() {
    for scheme in SCHEMES {
        let servers = [0; 2].map(|_| Secure::start(scheme, TlsSettings::default()));
        let clients = servers.each_ref().map(Secure::client);
        for value in 0..3 {
            for client in &clients {
                Kind::Metadata.call(client, value).unwrap();
                client.close_idle().unwrap();
            }
        }
        for server in &servers {
            assert_eq!((server.front.connections(), server.front.resumed()), (3, 2), "{scheme}");
        }
    }
}

#[test]
fn the_end_of_an_idle_connection_is_no_error_whether_with_close_notify_or_without() {
    for scheme in SCHEMES {
        for sends_close_notify in [true, false] {
            // The server closes each connection after its response.
            let server = match scheme {
                "https" => Cases::http(|turn| {
                    turn.send(&turn.good())?;
                    close()
                }),
                _ => Cases::grpc(|turn| {
                    turn.reply_good()?;
                    close()
                }),
            };
            let front = TlsFront::start(
                server.address(),
                TlsSettings { sends_close_notify, ..TlsSettings::default() },
            );
            let client = client(&url(scheme, front.address()), |_| ());
            for value in 0..5 {
                let outcome = Kind::Metadata.call(&client, value);
                outcome.unwrap_or_else(|error| panic!("{scheme} {sends_close_notify}: {error:?}"));
                wait_until("the connection is closed", || server.connections() == value as usize + 1);
            }
        }
    }
}

/// A body with a length is complete; one that ends with the connection may have been cut by anyone.
#[test]
fn a_response_that_ends_with_the_connection_needs_close_notify() {
    for (is_framed, sends_close_notify, passes) in
        [(true, false, true), (true, true, true), (false, true, true), (false, false, false)]
    {
        let server = Wire::start(move |_, mut stream| {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request)?;
            let body = r#"{"name":"triton","version":"2","extensions":[]}"#;
            let length = match is_framed {
                true => format!("Content-Length: {}\r\n", body.len()),
                false => String::new(),
            };
            stream.write_all(format!("HTTP/1.1 200 OK\r\n{length}Connection: close\r\n\r\n{body}").as_bytes())
        });
        let front =
            TlsFront::start(server.address(), TlsSettings { sends_close_notify, ..TlsSettings::default() });
        let client = client(&url("https", front.address()), |_| ());
        let outcome = client.server_metadata(&CallOptions::new());
        assert_eq!(outcome.is_ok(), passes, "{is_framed} {sends_close_notify}: {outcome:?}");
        if let Err(error) = outcome {
            let properties = (error.status(), error.origin(), error.is_in_doubt());
            assert_eq!(properties, (Status::Unavailable, Origin::Connection, true), "{error:?}");
            assert!(error.full_message().contains("without close_notify"), "{error:?}");
            check_text(&error);
        }
    }
}

#[test]
fn a_server_without_alpn_is_accepted_and_one_with_another_protocol_is_named() {
    for scheme in SCHEMES {
        let secure = Secure::start(scheme, TlsSettings { alpn: Vec::new(), ..TlsSettings::default() });
        let client = secure.client();
        KINDS.iter().for_each(|kind| kind.call(&client, 1).unwrap());
        let other = if scheme == "https" { "h2" } else { "http/1.1" };
        let secure = Secure::start(scheme, TlsSettings { alpn: vec![other], ..TlsSettings::default() });
        let error = Kind::Metadata.call(&secure.client(), 1).unwrap_err();
        let text = if scheme == "https" { "HTTP/1.1" } else { "HTTP/2" };
        UNUSABLE.check(&error, scheme, &[&format!("does not offer {text} over TLS")]);
    }
    // No protocol was chosen, and the first bytes show which one it is.
    let server = Cases::http(|turn| turn.send(&turn.good()));
    let front = TlsFront::start(server.address(), TlsSettings { alpn: Vec::new(), ..TlsSettings::default() });
    let http1 = Wire::start(|_, mut stream| {
        let mut request = [0; 64];
        let _ = stream.read(&mut request)?;
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    });
    let front_of_http1 =
        TlsFront::start(http1.address(), TlsSettings { alpn: Vec::new(), ..TlsSettings::default() });
    for kind in KINDS {
        let error = kind.call(&client(&url("grpcs", front_of_http1.address()), |_| ()), 1).unwrap_err();
        UNUSABLE.check(&error, "grpcs", &["HTTP/2 over TLS"]);
    }
    drop(front);
}

#[test]
fn tls_against_a_plain_port_is_named_whatever_the_port_does() {
    for scheme in SCHEMES {
        // As Triton's HTTP port: it closes what it does not understand.
        let silent = Wire::start(|_, mut stream| {
            let mut request = [0; 1024];
            let length = stream.read(&mut request)?;
            if !request[..length].starts_with(b"GET ") {
                return close();
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        });
        let page = Wire::start(|_, mut stream| {
            let mut request = [0; 1024];
            let _ = stream.read(&mut request)?;
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        });
        let settings = Wire::start(|_, mut stream| {
            stream.write_all(b"\0\0\0\x04\0\0\0\0\0")?;
            let _ = stream.read(&mut [0; 1024])?;
            close()
        });
        for (what, server) in [("closes", &silent), ("sends a page", &page), ("speaks HTTP/2", &settings)] {
            let client = client(&url(scheme, server.address()), |_| ());
            for kind in KINDS {
                let error = kind.call(&client, 1).unwrap_err();
                UNUSABLE.check(&error, what, &["does not speak TLS at this port"]);
                check_text(&error);
            }
        }
        // It may be a server that is starting: another try can succeed.
        let closes = Wire::start(|_, _| close());
        let error = Kind::Metadata.call(&client(&url(scheme, closes.address()), |_| ()), 1).unwrap_err();
        let expected = Expected { retryable: true, ..UNUSABLE };
        expected.check(&error, "closes everything", &["does this port speak TLS?"]);
    }
}

#[test]
fn versions_and_suites_without_a_match_are_named() {
    for scheme in SCHEMES {
        let secure = Secure::start(scheme, TlsSettings { versions: vec![&TLS12], ..TlsSettings::default() });
        let newest = client(&secure.url(), |options| {
            options.set_tls_min_version(TlsVersion::V1_3);
        });
        let error = Kind::Metadata.call(&newest, 1).unwrap_err();
        UNUSABLE.check(&error, scheme, &["no TLS version in common", "tls_min_version"]);
        check_text(&error);
        let suites = Some(vec![CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256]);
        let secure =
            Secure::start(scheme, TlsSettings { versions: vec![&TLS12], suites, ..TlsSettings::default() });
        Kind::Metadata.call(&secure.client(), 1).unwrap();
    }
}

#[test]
fn a_server_that_does_not_answer_the_handshake_is_bounded_by_the_timeouts_and_can_be_cancelled() {
    for scheme in SCHEMES {
        let server = silent();
        let impatient = client(&format!("{scheme}://{}", server.address()), |options| {
            options.set_connect_timeout(Some(Duration::from_millis(200))).unwrap();
        });
        for kind in KINDS {
            let error = kind.call(&impatient, 1).unwrap_err();
            let expected = Expected { retryable: true, ..UNUSABLE };
            expected.check(&error, scheme, &["connect timeout", "TLS handshake"]);
        }
        let patient = client(&format!("{scheme}://{}", server.address()), |_| ());
        let mut options = CallOptions::new();
        options.set_timeout(Some(Duration::from_millis(200))).unwrap();
        let request = InferRequest::new("m").input("I", &[1], &[1i32]);
        for mode in [Mode::Blocking, Mode::Async] {
            let error = mode.infer(&patient, &request, &options).unwrap_err();
            let properties = (error.status(), error.is_in_doubt());
            assert_eq!(properties, (Status::DeadlineExceeded, false), "{error:?}");
            assert!(error.full_message().contains("TLS handshake"), "{error:?}");
            // A name with two addresses, of which this server is the first: it has all the time.
            let named = client(&url(scheme, server.address()), |_| ());
            let error = mode.infer(&named, &request, &options).unwrap_err();
            assert_eq!(error.status(), Status::DeadlineExceeded, "{error:?}");
            let (token, mut options) = (CancelToken::new(), CallOptions::new());
            options.set_cancel_token(Some(&token));
            let before = server.connections();
            let error = std::thread::scope(|scope| {
                let call = scope.spawn(|| mode.infer(&patient, &request, &options).unwrap_err());
                wait_until("the handshake has begun", || server.connections() > before);
                token.cancel();
                call.join().unwrap()
            });
            assert_eq!((error.status(), error.is_in_doubt()), (Status::Cancelled, false), "{error:?}");
        }
    }
}

#[test]
fn files_are_read_when_the_client_is_created_and_errors_name_them() {
    let folder: Folder = certificates().folder();
    // (authorities, certificate and key, the file that is named)
    let path = |name: &str| folder.path(name);
    let cases = [
        ("missing.pem", None, "missing.pem"),
        ("server.key", None, "server.key"),
        ("ca.pem", Some(("client.pem", "stranger.key")), "stranger.key"),
        ("ca.pem", Some(("client.pem", "client-encrypted.key")), "client-encrypted.key"),
        ("ca.pem", Some(("client.key", "client.key")), "client.key"),
    ];
    for scheme in SCHEMES {
        for (authorities, certificate, named) in cases {
            let mut options = ClientOptions::new();
            options.set_tls_ca_file(path(authorities));
            if let Some((certificate, key)) = certificate {
                options.set_tls_client_certificate_files(path(certificate), path(key));
            }
            let error = Client::with_options(&format!("{scheme}://localhost"), &options).unwrap_err();
            let properties = (error.status(), error.origin());
            assert_eq!(properties, (Status::InvalidArgument, Origin::Argument), "{named}: {error:?}");
            assert!(error.full_message().contains(named), "{named}: {error:?}");
            assert!(!error.full_message().contains("BEGIN"), "{error:?}");
        }
        let mut options = ClientOptions::new();
        options.set_tls_ca_file(path("ca-bundle.pem"));
        options.set_tls_client_certificate_files(path("client.pem"), path("client-sec1.key"));
        Client::with_options(&format!("{scheme}://localhost"), &options).unwrap();
    }
}

/// A URL without a scheme is plain: someone who gives a certificate expects something else.
#[test]
fn tls_options_of_a_plain_url_are_logged_as_a_warning() {
    for (url, is_warned) in
        [("localhost:8443", true), ("grpc://localhost", true), ("https://localhost", false)]
    {
        let log = Arc::new(Mutex::new(Vec::new()));
        let entries = log.clone();
        client(url, |options| {
            options.set_log_callback(
                LogLevel::Warn,
                Arc::new(move |_, _, message: &str| entries.lock().unwrap().push(message.to_owned())),
            );
        });
        let entries = log.lock().unwrap();
        assert_eq!(entries.iter().any(|entry| entry.contains("has no TLS")), is_warned, "{url}: {entries:?}");
    }
}

#[test]
fn data_of_any_size_is_encrypted_in_both_directions() {
    for scheme in SCHEMES {
        let server = crate::support::embedded::Server::start().unwrap();
        let address = if scheme == "https" { server.http_address() } else { server.grpc_address() };
        let front = TlsFront::start(address, TlsSettings::default());
        let client = client(&url(scheme, front.address()), |_| ());
        for byte_size in [1usize, 16 << 10, (16 << 10) + 1, 100_000, 1 << 20, 20_000_000] {
            let data: Vec<u8> = (0..byte_size).map(|at| ((at * 31) >> 3) as u8).collect();
            let data: &'static [u8] = data.leak();
            let mut request = InferRequest::new("identity_uint8");
            let input = request.add_input("INPUT0", Datatype::Uint8, &[byte_size as i64]).unwrap();
            request.input_mut(input).unwrap().append_data(data);
            for mode in [Mode::Blocking, Mode::Async] {
                let result = mode.infer(&client, &request, &CallOptions::new()).unwrap();
                assert!(result.output("OUTPUT0").unwrap().data() == data, "{scheme} {byte_size} {mode:?}");
            }
        }
    }
}
