#!/bin/bash
# rustls 0.23.46 (crates.io), a client of several servers with one name: no session is ever resumed if they take turns.
#
# The client's session store has the name of the server as its only key, without its address and port, and a new ticket of TLS 1.3
# takes its place beside the last ones of that name. A connection takes the newest ticket, which is the other server's: that server
# cannot read it, makes a full handshake, and issues tickets of its own. A ticket is used once, so the next connection meets the
# same. With a ClientConfig, and thus a store, for each server every connection but the first is resumed. Under TLS 1.2 the store
# keeps the last session of a name only, with the same outcome.
#
# The interface of the store (ClientSessionStore) has only the name to go by, so that a store of one's own cannot mend it.
#
# Effect on a client: with several servers behind one name (replicas in DNS, or ports of one host) each connection costs a full
# handshake, with signatures and the transfer of certificates. It needs a store for each address.
#
# Needs cargo, and crates from crates.io. Exit status 0: reproduced as described. Output (6 connections):
#     TLS 1.3: one server: 5 resumed; two in turn: 0 resumed; two in turn, a store for each: 4 resumed
#     TLS 1.2: one server: 5 resumed; two in turn: 0 resumed; two in turn, a store for each: 4 resumed
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/src"
cat > "$dir/Cargo.toml" <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2024"
[dependencies]
rcgen = { version = "=0.14.8", default-features = false, features = ["crypto", "ring"] }
rustls = { version = "=0.23.46", default-features = false, features = ["ring", "std", "tls12"] }
TOML
cat > "$dir/src/main.rs" <<'RUST'
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{
    ClientConfig, ClientConnection, HandshakeKind, RootCertStore, ServerConfig, ServerConnection,
    SupportedProtocolVersion, crypto::ring,
};

/// Sends what one side has to the other, until both have nothing.
fn talk(client: &mut ClientConnection, server: &mut ServerConnection) {
    while client.wants_write() || server.wants_write() {
        let mut bytes = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut bytes).unwrap();
        }
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            server.read_tls(&mut rest).unwrap();
            server.process_new_packets().unwrap();
        }
        bytes.clear();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            client.read_tls(&mut rest).unwrap();
            client.process_new_packets().unwrap();
        }
    }
}

/// Six connections, to the servers in turn and with the configurations in turn; returns how many were resumed.
fn resumed(servers: &[Arc<ServerConfig>], clients: &[Arc<ClientConfig>]) -> usize {
    let kinds = (0..6).map(|i| {
        let name = "localhost".try_into().unwrap();
        let mut client = ClientConnection::new(clients[i % clients.len()].clone(), name).unwrap();
        let mut server = ServerConnection::new(servers[i % servers.len()].clone()).unwrap();
        talk(&mut client, &mut server);
        assert!(!client.is_handshaking() && !server.is_handshaking());
        assert_eq!(client.handshake_kind(), server.handshake_kind());
        client.handshake_kind().unwrap()
    });
    kinds.filter(|kind| *kind == HandshakeKind::Resumed).count()
}

fn main() {
    let rcgen::CertifiedKey { cert, signing_key } = rcgen::generate_simple_self_signed(["localhost".into()]).unwrap();
    let certificate = CertificateDer::from(cert);
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();

    let run = |what: &str, version: &'static SupportedProtocolVersion| {
        let server = || {
            let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
            let builder = ServerConfig::builder_with_provider(ring::default_provider().into());
            let builder = builder.with_protocol_versions(&[version]).unwrap().with_no_client_auth();
            Arc::new(builder.with_single_cert(vec![certificate.clone()], key).unwrap())
        };
        let builder = ClientConfig::builder_with_provider(ring::default_provider().into());
        let builder = builder.with_protocol_versions(&[version]).unwrap().with_root_certificates(roots.clone());
        let client = builder.with_no_client_auth();
        // The same but for the store of sessions.
        let own = || {
            let mut own = client.clone();
            own.resumption = Resumption::in_memory_sessions(256);
            Arc::new(own)
        };
        println!(
            "{what}: one server: {} resumed; two in turn: {} resumed; two in turn, a store for each: {} resumed",
            resumed(&[server()], &[own()]),
            resumed(&[server(), server()], &[own()]),
            resumed(&[server(), server()], &[own(), own()])
        );
    };
    run("TLS 1.3", &rustls::version::TLS13);
    run("TLS 1.2", &rustls::version::TLS12);
}
RUST
cd "$dir"
cargo run -q > output 2> log || { cat log; echo "CHANGED: the program fails"; exit 1; }
cat output
row="one server: 5 resumed; two in turn: 0 resumed; two in turn, a store for each: 4 resumed"
[ "$(cat output)" = "TLS 1.3: $row"$'\n'"TLS 1.2: $row" ] || { echo "CHANGED: another number is resumed"; exit 1; }
echo "rustls $(sed -n '/^name = "rustls"$/{n;s/version = "\(.*\)"/\1/p}' Cargo.lock), $(rustc --version), $(uname -m): as described"
