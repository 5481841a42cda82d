#!/bin/bash
# tsan.sh [SECONDS]: runs the storm of calls (tests/c/storm.c) under ThreadSanitizer, over both protocols, on the embedded server.
# Needs rustup's nightly toolchain with rust-src: the standard library has to be instrumented too.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=${1:-20}
target=${CARGO_TARGET_DIR:-$PWD/target}
dir=$target/tsan
host=$(rustc -vV | sed -n 's/^host: //p')

# A program in Rust, so that rustc links its sanitizer, whose main function is that of the storm.
mkdir -p "$dir/src"
cc -std=c11 -D_POSIX_C_SOURCE=200809L -g -O1 -fsanitize=thread -Dmain=storm -Iinclude -c tests/c/storm.c -o "$dir/storm.o"
cp Cargo.lock "$dir/"
cat > "$dir/Cargo.toml" <<TOML
[package]
name = "storm"
version = "0.0.0"
edition = "2024"
[dependencies]
triton-client = { path = "$PWD" }
[workspace]
TOML
cat > "$dir/build.rs" <<'RUST'
fn main() {
    println!("cargo:rustc-link-arg={}/storm.o", env!("CARGO_MANIFEST_DIR"));
    println!("cargo:rerun-if-changed=storm.o");
}
RUST
cat > "$dir/src/main.rs" <<'RUST'
use std::ffi::{CString, c_char, c_int};

unsafe extern "C" {
    fn storm(argc: c_int, argv: *const *const c_char) -> c_int;
}

fn main() {
    // Links the library.
    assert!(triton_client::has_feature("http"));
    let args: Vec<CString> = std::env::args().map(|arg| CString::new(arg).unwrap()).collect();
    let pointers: Vec<_> = args.iter().map(|arg| arg.as_ptr()).chain([std::ptr::null()]).collect();
    std::process::exit(unsafe { storm(args.len() as c_int, pointers.as_ptr()) });
}
RUST
(
    cd "$dir"
    RUSTFLAGS=-Zsanitizer=thread CARGO_TARGET_DIR=$dir/build \
        cargo +nightly build --quiet -Zbuild-std --target "$host"
)
cargo build --quiet --example embedded_server
coproc server { exec "$target/debug/examples/embedded_server"; }
read -r _ http _ grpc <&"${server[0]}"
export TSAN_OPTIONS=halt_on_error=1:exitcode=66
for url in "http://$http" "grpc://$grpc"; do
    "$dir/build/$host/debug/storm" "$url" "${seconds}000" 1 good
done
