//! Prints the health and metadata of a server and a model:
//! `cargo run --example health_metadata -- localhost:8000 simple`

use triton_client::{CallOptions, Client, Result};

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "localhost:8000".to_owned());
    let name = arguments.next().unwrap_or_else(|| "simple".to_owned());
    let client = Client::new(&url)?;
    let options = CallOptions::new();

    println!("live: {}", client.is_server_live(&options)?);
    println!("ready: {}", client.is_server_ready(&options)?);
    let server = client.server_metadata(&options)?;
    println!("{} {}, extensions: {}", server.name, server.version, server.extensions.join(", "));

    if !client.is_model_ready(&name, "", &options)? {
        println!("model '{name}' is not ready");
        return Ok(());
    }
    let model = client.model_metadata(&name, "", &options)?;
    println!("model '{}', versions {}", model.name, model.versions.join(", "));
    for (direction, tensors) in [("input", &model.inputs), ("output", &model.outputs)] {
        for tensor in tensors {
            println!("  {direction} {}: {} {:?}", tensor.name, tensor.datatype_name, tensor.shape);
        }
    }
    Ok(())
}
