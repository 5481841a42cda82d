//! A client without TLS on a port that expects it: recognized by the port's response; if there is none, the
//! error asks about it.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    time::Instant,
};

use triton_client::{Client, Datatype, Error, InferRequest, Origin, Status};

use crate::{
    misbehaving::{Expected, KINDS, Kind, TIMEOUT, client, note},
    modes::Mode,
    support::fault::{Cases, Wire, close},
};

/// The error of such a port.
const TLS: Expected =
    Expected { status: Status::Unavailable, origin: Origin::Connection, in_doubt: false, retryable: false };
const HINT: &str = "the server's port speaks TLS: use an https:// or grpcs:// URL";
const QUESTION: &str = "does this port expect TLS?";

/// Pages of nginx 1.22, Apache 2.4 and Caddy 2.6, shortened.
const PAGES: [&str; 4] = [
    "HTTP/1.1 400 Bad Request\r\nServer: nginx/1.22.1\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: 108\r\n\r\n\
     <html>\r\n<head><title>400 The plain HTTP request was sent to HTTPS port</title></head>\r\n<body>\r\n</body></html>",
    "HTTP/1.1 400 Bad Request\r\nServer: Apache/2.4.71 (Unix)\r\nConnection: close\r\nContent-Type: text/html; charset=iso-8859-1\r\n\r\n\
     <p>Your browser sent a request that this server could not understand.<br />\nReason: You're speaking plain HTTP to an \
     SSL-enabled server port.<br /></p>",
    "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nReason: You&#39;re speaking plain HTTP to an SSL-enabled server port.",
    "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n",
];
/// A fatal alert of TLS 1.0: protocol version.
const ALERT: &[u8] = b"\x15\x03\x01\x00\x02\x02\x46";

/// The behaviour of a port after the first bytes of a connection.
#[derive(Clone, Copy, Debug)]
enum Does {
    Sends(&'static [u8]),
    SendsAndStaysOpen(&'static [u8]),
    Closes,
}
use Does::*;

impl Does {
    fn run(self, mut stream: &TcpStream) -> io::Result<()> {
        if let Sends(bytes) | SendsAndStaysOpen(bytes) = self {
            stream.write_all(bytes)?;
        }
        if !matches!(self, SendsAndStaysOpen(_)) {
            stream.shutdown(Shutdown::Write)?;
        }
        // Unread bytes would reset the connection.
        io::copy(&mut stream, &mut io::sink()).map(drop)
    }
}

/// Opens a port that responds so to the start of HTTP/2 and to anything else.
fn port(http2: Does, http1: Does) -> Wire {
    Wire::start(move |_, mut stream| {
        let mut start = [0; 4];
        stream.read_exact(&mut start)?;
        if &start == b"PRI " { http2.run(stream) } else { http1.run(stream) }
    })
}

type Call = fn(&Client) -> Result<(), Error>;

/// Makes a call that sends 8 MiB.
fn infer_large(client: &Client) -> Result<(), Error> {
    let data = vec![1u8; 8 << 20];
    let request = InferRequest::new("m").input_bytes("I", Datatype::Uint8, &[data.len() as i64], &data);
    client.infer(&request).map(drop)
}

#[test]
fn a_port_that_says_that_it_speaks_tls_is_reported_and_not_retryable() {
    let mut cases: Vec<(&str, Does, Does)> = Vec::new();
    for page in PAGES {
        let page = page.as_bytes();
        cases.push(("http", Closes, Sends(page)));
        cases.push(("http", Closes, SendsAndStaysOpen(page)));
        // Apache and Caddy close the connection on HTTP/2, nginx sends a page.
        cases.push(("grpc", Closes, Sends(page)));
        cases.push(("grpc", Sends(page), Sends(page)));
        cases.push(("grpc", Sends(b"HTTP/1.1 400 Bad Request\r\n\r\n<html></html>"), Sends(page)));
    }
    for alert in [Sends(ALERT), SendsAndStaysOpen(ALERT)] {
        cases.extend([("http", Closes, alert), ("grpc", alert, Closes), ("grpc", Closes, alert)]);
    }
    let mut failures = Vec::new();
    for (scheme, http2, http1) in cases {
        // Without a length a page on an open connection has no end.
        if matches!(http1, SendsAndStaysOpen(bytes) if bytes != ALERT && !bytes.windows(8).any(|at| at == b"Length: "))
        {
            continue;
        }
        let server = port(http2, http1);
        let client = client(&format!("{scheme}://{}", server.address()));
        let calls: [(&str, Call); 5] = [
            ("inference", |client| Kind::Inference(Mode::Blocking).call(client, 1)),
            ("asynchronous inference", |client| Kind::Inference(Mode::Async).call(client, 1)),
            ("metadata", |client| Kind::Metadata.call(client, 1)),
            ("readiness", |client| client.is_server_ready(&Default::default()).map(drop)),
            ("8 MiB", infer_large),
        ];
        for (kind, call) in calls {
            let what = format!("{scheme}, {kind}, HTTP/2: {http2:?}, HTTP/1: {http1:?}");
            note(&mut failures, &what, || {
                let start = Instant::now();
                TLS.check(&call(&client).expect_err(&what), &what, &[HINT]);
                assert!(start.elapsed() < TIMEOUT / 2, "{what}: {:?}", start.elapsed());
            });
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// HAProxy, Envoy, nghttpx, Triton, and a load balancer without servers close such connections silently.
#[test]
fn only_the_error_of_a_server_that_never_sent_a_byte_asks_about_tls() {
    for scheme in ["http", "grpc"] {
        for kind in KINDS {
            let what = format!("{scheme}, {kind:?}");
            let server = port(Closes, Closes);
            let error = kind.call(&client(&format!("{scheme}://{}", server.address())), 1).expect_err(&what);
            let expected = Expected {
                status: Status::Unavailable,
                origin: Origin::Connection,
                in_doubt: true,
                retryable: true,
            };
            expected.check(&error, &what, &[QUESTION]);
            // After a response, the connection is only lost.
            let server = match scheme {
                "http" => Cases::http(|turn| match turn.number {
                    0 => turn.send(&turn.good()),
                    _ => close(),
                }),
                _ => Cases::grpc(|turn| if turn.number == 0 { turn.reply_good() } else { close() }),
            };
            let client = client(&format!("{scheme}://{}", server.address()));
            kind.call(&client, 1).unwrap_or_else(|error| panic!("{what}: {error:?}"));
            let error = kind.call(&client, 2).expect_err(&what);
            expected.check(&error, &what, &["connection lost"]);
            assert!(!error.full_message().contains(QUESTION), "{what}: {error:?}");
        }
    }
}

#[test]
fn an_error_that_quotes_such_a_page_is_the_servers_own() {
    for body in [
        r#"{"error":"Client sent an HTTP request to an HTTPS server"}"#,
        r#" {"error":"400 The plain HTTP request was sent to HTTPS port"}"#,
    ] {
        for kind in KINDS {
            let server = Cases::http_first(move |turn| {
                turn.send(&crate::support::fault::response(400, &[], body.as_bytes()))
            });
            let error = kind.call(&client(&format!("http://{}", server.address())), 1).unwrap_err();
            let properties = (error.status(), error.origin());
            assert_eq!(properties, (Status::InvalidArgument, Origin::Server), "{error:?}");
        }
    }
}
