//! Keeps several inferences of the model `simple` in flight, without a runtime:
//! `cargo run --example async_infer -- grpc://localhost:8001`

use std::sync::mpsc::channel;

use triton_client::{CallOptions, Client, InferRequest, InferResult, Result};

/// A call may outlive every scope, so that its request has a copy of the data.
fn request(first: i32) -> InferRequest<'static> {
    let a: [i32; 16] = std::array::from_fn(|i| first + i as i32);
    InferRequest::new("simple").input_copy("INPUT0", &[1, 16], &a).input_copy("INPUT1", &[1, 16], &[1; 16])
}

fn print(name: &str, outcome: Result<InferResult>) -> Result<()> {
    println!("{name}: {:?}", outcome?.output("OUTPUT0")?.as_slice::<i32>()?);
    Ok(())
}

fn main() -> Result<()> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "localhost:8000".to_owned());
    let client = Client::new(&url)?;
    let options = CallOptions::new();

    // Submitted together, then waited for. A call that is dropped before it is complete is cancelled.
    let calls = (0..3).map(|i| client.infer_async(&request(100 * i), &options));
    for call in calls.collect::<Result<Vec<_>>>()? {
        call.wait(None)?;
        print("waited for", call.take_result())?;
    }

    // Given to a callback, on a thread of the client.
    let (sender, receiver) = channel();
    let callback = move |outcome| drop(sender.send(outcome));
    client.infer_with_callback(&request(300), &options, callback)?.detach();
    print("called back", receiver.recv().expect("a callback runs exactly once"))?;

    // One call for many requests, which fail or succeed each on its own.
    let (first, second) = (request(400), request(500));
    for outcome in client.infer_many(&[&first, &second], &[&options])? {
        print("one of many", outcome)?;
    }
    client.close(None) // waits for what is in flight
}
