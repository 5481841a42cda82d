//! Sends and receives strings, as tensors of datatype BYTES:
//! `cargo run --example strings -- grpc://localhost:8001`

use triton_client::{Client, InferRequest, Result};

fn main() -> Result<()> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "localhost:8000".to_owned());
    let a: Vec<String> = (0..16).map(|i| i.to_string()).collect();
    let b = ["1"; 16];

    let client = Client::new(&url)?;
    let request = InferRequest::new("simple_string").input_strings("INPUT0", &[1, 16], &a).input_strings(
        "INPUT1",
        &[1, 16],
        &b,
    );
    let result = client.infer(&request)?;

    // An element may be any bytes; this model's are decimal numbers.
    for ((a, b), sum) in a.iter().zip(b).zip(result.output("OUTPUT0")?.strings()?) {
        println!("{a} + {b} = {}", String::from_utf8_lossy(sum));
    }
    Ok(())
}
