//! Awaits inferences of the model `simple` in tasks of tokio; any other runtime would do:
//! `cargo run --example async_tokio -- grpc://localhost:8001`

use std::{error::Error, sync::Arc, time::Duration};

use tokio::{runtime, task::JoinSet, time::timeout};
use triton_client::{CallOptions, Client, InferRequest};

async fn add(client: Arc<Client>, first: i32) -> triton_client::Result<i32> {
    let a: [i32; 16] = std::array::from_fn(|i| first + i as i32);
    let request = InferRequest::new("simple").input_copy("INPUT0", &[1, 16], &a).input_copy(
        "INPUT1",
        &[1, 16],
        &[1; 16],
    );
    let result = client.infer_async(&request, &CallOptions::new())?.await?;
    Ok(result.output("OUTPUT0")?.as_slice::<i32>()?.iter().sum())
}

async fn run(url: &str) -> Result<(), Box<dyn Error>> {
    let client = Arc::new(Client::new(url)?);
    let mut tasks = JoinSet::new();
    for i in 0..8 {
        tasks.spawn(add(client.clone(), 100 * i));
    }
    let mut sums = Vec::new();
    while let Some(sum) = tasks.join_next().await {
        sums.push(sum??);
    }
    sums.sort_unstable();
    println!("{sums:?}");

    // At the timeout the call is dropped, which cancels it. Its own timeout is in its options.
    println!("{}", timeout(Duration::from_secs(20), add(client, 0)).await??);
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "localhost:8000".to_owned());
    runtime::Builder::new_current_thread().enable_time().build()?.block_on(run(&url))
}
