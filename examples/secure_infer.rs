//! An inference over TLS, or over mutual TLS with a certificate of the client:
//! `cargo run --example secure_infer -- grpcs://localhost:8001 ca.pem client.pem client.key`

use triton_client::{Client, ClientOptions, InferRequest, Result};

fn run(arguments: &[String]) -> Result<()> {
    let url = arguments.first().map_or("grpcs://localhost:8001", String::as_str);
    let mut options = ClientOptions::new();
    if let Some(ca) = arguments.get(1) {
        options.set_tls_ca_file(ca);
    }
    if let [_, _, certificate, key] = arguments {
        options.set_tls_client_certificate_files(certificate, key);
    }
    // Fails if a file is missing or malformed; the server is not contacted yet.
    let client = Client::with_options(url, &options)?;

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
    if let Err(error) = run(&arguments) {
        eprintln!("{}", error.full_message());
        std::process::exit(1);
    }
}
