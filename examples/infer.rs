//! Adds two vectors by the model `simple`: `cargo run --example infer -- grpc://localhost:8001`

use triton_client::{Client, InferRequest, Result};

fn main() -> Result<()> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "localhost:8000".to_owned());
    let a: [i32; 16] = std::array::from_fn(|i| i as i32);
    let b = [1i32; 16];

    let client = Client::new(&url)?; // no network yet
    let request = InferRequest::new("simple").input("INPUT0", &[1, 16], &a).input("INPUT1", &[1, 16], &b);
    let result = client.infer(&request)?;
    let sum: &[i32] = result.output("OUTPUT0")?.as_slice()?;

    for ((a, b), sum) in a.iter().zip(&b).zip(sum) {
        println!("{a} + {b} = {sum}");
    }
    Ok(())
}
