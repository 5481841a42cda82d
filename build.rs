//! Compiles `proto/` into Rust messages without a `protoc` binary, and marks the shared library.

use std::{env, fs, path::PathBuf};

use prost::Message;

fn main() {
    const PROTOS: [&str; 3] = ["proto/model_config.proto", "proto/grpc_service.proto", "proto/health.proto"];
    for proto in PROTOS {
        println!("cargo:rerun-if-changed={proto}");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let descriptors = protox::compile(PROTOS, ["proto"]).expect("proto/ compiles");
    // The descriptors are what turns Triton's JSON into these messages (src/proto.rs).
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec()).expect("OUT_DIR takes files");
    prost_build::Config::new()
        .bytes(["."])
        .enable_type_names()
        .compile_fds(descriptors)
        .expect("proto/ generates");

    // A thread of the library may outlive the last handle: its code must never be unmapped, dlclose or not.
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
