//! An inference over mutual TLS:
//! `cargo run --example secure_infer -- grpcs://localhost:8001 ca.pem client.pem client.key`

use triton_client::{Client, ClientOptions, InferRequest, Result};

fn run(url: &str, ca: &str, certificate: &str, key: &str) -> Result<()> {
    let mut options = ClientOptions::new();
    options.set_tls_ca_file(ca).set_tls_client_certificate_files(certificate, key);
    let client = Client::with_options(url, &options)?; // reads the files; no network yet

    let a: Vec<i32> = (0..16).collect();
    let b = [1; 16];
    let request = InferRequest::new("simple").input("INPUT0", &[1, 16], &a).input("INPUT1", &[1, 16], &b);
    let result = client.infer(&request)?;
    let sums: &[i32] = result.output("OUTPUT0")?.as_slice()?;
    for ((a, b), sum) in a.iter().zip(b).zip(sums) {
        println!("{a} + {b} = {sum}");
    }
    Ok(())
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, ca, certificate, key] = &arguments[..] else {
        eprintln!("usage: secure_infer URL CA-FILE CERTIFICATE-FILE KEY-FILE");
        std::process::exit(1);
    };
    if let Err(error) = run(url, ca, certificate, key) {
        eprintln!("{}", error.full_message());
        std::process::exit(1);
    }
}
