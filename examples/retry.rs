//! Retries an inference while that is safe and may succeed:
//! `cargo run --example retry -- grpc://localhost:8001`

use std::{thread::sleep, time::Duration};

use triton_client::{CallOptions, Client, Error, InferRequest, InferResult, Result};

/// The maximum number of attempts.
const ATTEMPTS: u32 = 4;

fn infer(client: &Client, request: &InferRequest) -> Result<InferResult> {
    let mut options = CallOptions::new();
    options.set_timeout(Some(Duration::from_secs(2)))?; // of one attempt
    let mut attempt = 1;
    loop {
        match client.infer_with(request, &options) {
            // In doubt: the server may have executed the request, which matters to a model with a state.
            Err(error) if error.is_retryable() && !error.is_in_doubt() && attempt < ATTEMPTS => {
                eprintln!("attempt {attempt}: {}", error.full_message());
                sleep(Duration::from_millis(100) * 2u32.pow(attempt));
                attempt += 1;
            }
            outcome => return outcome,
        }
    }
}

/// Prints the status, the kind of failure, and the message: what failed, on what, and why.
fn explain(error: &Error) {
    eprintln!("{}: {}", error.status().name(), error.full_message());
    if let Some(status) = error.http_status() {
        eprintln!("HTTP status {status}");
    }
}

fn main() {
    let url = std::env::args().nth(1).unwrap_or_else(|| "localhost:8000".to_owned());
    let (a, b) = ([1i32; 16], [2i32; 16]);
    let request = InferRequest::new("simple").input("INPUT0", &[1, 16], &a).input("INPUT1", &[1, 16], &b);

    match Client::new(&url).and_then(|client| infer(&client, &request)) {
        Ok(result) => println!("response from model '{}'", result.model_name()),
        Err(error) => {
            explain(&error);
            std::process::exit(1);
        }
    }
}
