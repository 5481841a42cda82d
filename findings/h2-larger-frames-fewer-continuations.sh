#!/bin/bash
# h2 0.4.20 (crates.io), an HTTP/2 client: accepting larger frames reduces the header blocks that it accepts.
#
# A peer may split a header block into CONTINUATION frames of any size, and most servers use HTTP/2's default of 16 KiB,
# independent of what the client accepts. h2 limits the number of those frames to SETTINGS_MAX_HEADER_LIST_SIZE divided by
# SETTINGS_MAX_FRAME_SIZE (plus a quarter, and at least 5), and does not count their bytes. A client that advertises 1 MiB for both
# therefore accepts a block of 80 KiB in frames of 16 KiB, but closes the connection (ENHANCE_YOUR_CALM, too_many_continuations)
# for one of 300 KiB, although it is within the advertised size; with the default frame size it accepts the same block.
#
# Effect on a gRPC client: the message of a status is in the trailers, and that of a failed load of a model can be long. To accept
# header blocks of L bytes in frames of 16 KiB, max_header_list_size must be at least L * max_frame_size / 16 KiB * 4 / 5.
#
# Needs cargo, and the crates below from crates.io. Exit status 0: reproduced as described.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/src"
cat > "$dir/Cargo.toml" <<'TOML'
[package]
name = "finding"
version = "0.0.0"
edition = "2021"
[dependencies]
h2 = "=0.4.20"
http = "1"
tokio = { version = "1", features = ["net", "rt", "macros"] }
TOML
cat > "$dir/src/main.rs" <<'RUST'
use std::io::{Read, Write};

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// `:status: 200` and one header whose value has so many bytes: literals without indexing.
fn block(byte_size: usize) -> Vec<u8> {
    let mut block = vec![0x88, 0, 1, b'x', 127];
    let mut rest = byte_size - 127;
    while rest >= 128 {
        block.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    block.push(rest as u8);
    block.resize(block.len() + byte_size, b'v');
    block
}

/// A server that responds to the first request with a header block in frames of 16 KiB.
fn serve(byte_size: usize) -> std::net::SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(&frame(4, 0, 0, &[])).unwrap();
        let mut preface = [0; 24];
        stream.read_exact(&mut preface).unwrap();
        loop {
            let mut head = [0; 9];
            stream.read_exact(&mut head).unwrap();
            let size = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
            std::io::copy(&mut (&mut stream).take(size as u64), &mut std::io::sink()).unwrap();
            match (head[3], head[4] & 1) {
                (4, 0) => stream.write_all(&frame(4, 1, 0, &[])).unwrap(),
                (1, _) => break,
                _ => {}
            }
        }
        let block = block(byte_size);
        let pieces: Vec<&[u8]> = block.chunks(16 << 10).collect();
        for (at, piece) in pieces.iter().enumerate() {
            let end_headers = if at + 1 == pieces.len() { 4 } else { 0 };
            let (kind, end_stream) = if at == 0 { (1, 1) } else { (9, 0) };
            if stream.write_all(&frame(kind, end_headers | end_stream, 1, piece)).is_err() {
                return;
            }
        }
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    address
}

async fn ask(max_frame_size: u32, byte_size: usize) -> Result<usize, String> {
    let stream = tokio::net::TcpStream::connect(serve(byte_size)).await.unwrap();
    let mut builder = h2::client::Builder::new();
    builder.max_header_list_size(1 << 20).max_frame_size(max_frame_size);
    let (mut sender, connection) = builder.handshake::<_, &'static [u8]>(stream).await.unwrap();
    tokio::spawn(async move { drop(connection.await) });
    let request = http::Request::get("http://localhost/").body(()).unwrap();
    let (response, _) = sender.send_request(request, true).unwrap();
    let response = response.await.map_err(|error| error.to_string())?;
    Ok(response.headers()["x"].len())
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    for (max_frame_size, byte_size) in [(16 << 10, 300 << 10), (1 << 20, 80 << 10), (1 << 20, 300 << 10)] {
        let outcome = ask(max_frame_size, byte_size).await;
        println!("max_frame_size {max_frame_size}, a header of {byte_size} bytes: {outcome:?}");
        match (max_frame_size, byte_size) {
            (1048576, 307200) => assert!(outcome.unwrap_err().contains("too_many_continuations")),
            _ => assert_eq!(outcome, Ok(byte_size)),
        }
    }
}
RUST
cd "$dir"
cargo run -q 2> log || { cat log; echo "CHANGED: h2 does not behave as described"; exit 1; }
echo "h2 $(sed -n '/^name = "h2"$/{n;s/version = "\(.*\)"/\1/p}' Cargo.lock), $(rustc --version): as described"
