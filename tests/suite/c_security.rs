//! TLS, authentication and connections in C: each option of a program reaches the server, and NULL undoes it.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use rustls::version::TLS12;

use crate::{
    programs::{compile_as, succeed, succeed_under_valgrind},
    server::{is_embedded, server, urls},
    support::{
        certificates::certificates,
        fault::{Http, Response, response},
        tls::{ClientCertificate, TlsFront, TlsSettings},
    },
};

const FLAGS: [&str; 1] = ["-Wconversion"];

/// Runs a program, and once more under valgrind.
fn run(name: &str, args: &[&str]) {
    let program = compile_as("c99", &format!("tests/c/{name}.c"), name, &FLAGS);
    succeed(&program, args);
    succeed_under_valgrind(&program, args);
}

/// Puts TLS before a server: one that requires a client certificate, and one that has TLS 1.2 only.
fn fronts(server: &str) -> [TlsFront; 2] {
    let server: SocketAddr = server.parse().unwrap();
    let mutual = TlsSettings { client: ClientCertificate::Required("ca.pem"), ..TlsSettings::default() };
    let old = TlsSettings { versions: vec![&TLS12], ..TlsSettings::default() };
    [mutual, old].map(|settings| TlsFront::start(server, settings))
}

#[test]
fn the_options_of_tls_in_c() {
    if is_embedded() {
        return;
    }
    let folder = certificates().folder();
    let path = folder.path("");
    for (scheme, address) in [("https", &server().http), ("grpcs", &server().grpc)] {
        let fronts = fronts(address);
        let [mutual, old] = fronts.each_ref().map(|front| format!("{scheme}://{}", front.address()));
        let program = compile_as("c99", "tests/c/tls.c", "tls", &FLAGS);
        succeed(&program, &[&mutual, &old, &path]);
        if scheme == "https" {
            // Once: each handshake takes a second there.
            succeed_under_valgrind(&program, &[&mutual, &old, &path]);
        }
        assert!(fronts[0].handshakes().iter().any(|handshake| handshake.is_authenticated));
        let asked_for = |name: &str| {
            fronts[0].handshakes().iter().any(|handshake| handshake.server_name.as_deref() == Some(name))
        };
        assert!(asked_for("a.triton.test") && asked_for("elsewhere.test"));
    }
}

#[test]
fn the_options_of_connections_in_c() {
    if is_embedded() {
        return;
    }
    for url in urls() {
        run("connections", &[&url]);
    }
}

/// The server accepts the second token of the callback only.
#[test]
fn credentials_and_the_header_callback_in_c() {
    let record: Arc<Mutex<Vec<[String; 3]>>> = Arc::default();
    let note = record.clone();
    let server = Http::start(move |request| {
        let header = |name| request.header(name).unwrap_or_default().to_owned();
        let seen = ["authorization", "host", "user-agent"].map(header);
        let is_good = seen[0] == "Bearer second";
        // Sent as base64.
        let is_complete = request.header("x-raw-bin") == Some("AAE") && request.header("x-empty") == Some("");
        note.lock().unwrap().push(seen);
        Response::Bytes(match is_good {
            true if is_complete => response(200, &[], br#"{"model_name":"m","outputs":[]}"#),
            true => response(500, &[], b"{}"),
            false => response(401, &[], br#"{"error":"no"}"#),
        })
    });
    run("authentication", &[&format!("http://{}", server.address())]);
    let record = record.lock().unwrap();
    let seen: Vec<[&str; 3]> = record.iter().map(|seen| seen.each_ref().map(String::as_str)).collect();
    let own = format!("triton-client/{}", env!("CARGO_PKG_VERSION"));
    let (with_suffix, address) = (format!("{own} my-service/2"), server.address().to_string());
    let (basic, host) = ("Basic dXNlcjpwYXNz", "gateway.example:8443");
    assert_eq!(
        seen[..5],
        [
            [basic, host, &with_suffix],
            ["Bearer abc.def", host, &with_suffix],
            [basic, host, &with_suffix],
            [basic, host, &with_suffix],
            ["", &address, &own],
        ]
    );
    // Of the header callback: refused, and repeated with what it adds then.
    assert_eq!([seen[5][0], seen[6][0], seen[7][0]], ["Bearer first", "Bearer second", "Bearer first"]);
}
