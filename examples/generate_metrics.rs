//! Streams text from the `generate_stream` endpoint of the model `generator` (tests/triton/models), and reads
//! the server's metrics:
//! `cargo run --example generate_metrics -- http://localhost:8000 http://localhost:8002/metrics`

use std::ops::ControlFlow;

use triton_client::{CallOptions, Client, ClientOptions, Result};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "localhost:8000".to_owned());
    let mut client_options = ClientOptions::new();
    if let Some(metrics_url) = arguments.next() {
        client_options.set_metrics_url(&metrics_url)?; // the default is port 8002 of the same host
    }
    let client = Client::with_options(&url, &client_options)?;
    let options = CallOptions::new();

    client.generate_stream("generator", "", r#"{"PROMPT": "one two three"}"#, &options, |event| {
        println!("{event}");
        ControlFlow::Continue(())
    })?;

    let metrics = client.metrics(&options)?;
    let labels = [("model", "generator"), ("version", "1")];
    if let Some(count) = metrics.value("nv_inference_request_success", &labels) {
        println!("requests to the model: {count}");
    }
    Ok(())
}
