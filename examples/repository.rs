//! Loads a model with files from the request, uses it, and unloads it; the server must have been started with
//! `--model-control-mode=explicit`: `cargo run --example repository -- localhost:8000 my_model`

use triton_client::{CallOptions, Client, InferRequest, RepositoryOptions, Result};

const MODEL: &str = r#"
import triton_python_backend_utils as pb

class TritonPythonModel:
    def execute(self, requests):
        inputs = [pb.get_input_tensor_by_name(request, "I").as_numpy() for request in requests]
        return [pb.InferenceResponse([pb.Tensor("O", values * 2)]) for values in inputs]
"#;

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "localhost:8000".to_owned());
    let name = arguments.next().unwrap_or_else(|| "example_double".to_owned());
    let client = Client::new(&url)?;
    let options = CallOptions::new();

    // The models in the server's repositories, loaded or not.
    for model in client.repository_index(&RepositoryOptions::new(), &options)?.models {
        println!("{} {} {} {}", model.name, model.version, model.state, model.reason);
    }

    let config = format!(
        r#"{{
            "name": "{name}", "backend": "python",
            "input": [{{ "name": "I", "data_type": "TYPE_INT32", "dims": [3] }}],
            "output": [{{ "name": "O", "data_type": "TYPE_INT32", "dims": [3] }}]
        }}"#
    );
    let mut load = RepositoryOptions::new();
    load.set_config(Some(&config))?.add_file("1/model.py", MODEL)?;
    client.load_model(&name, &load, &options)?;

    println!("ready: {}", client.is_model_ready(&name, "", &options)?);
    let result = client.infer(&InferRequest::new(&name).input("I", &[3], &[1i32, 2, 3]))?;
    println!("{:?}", result.output("O")?.as_slice::<i32>()?);

    client.unload_model(&name, &RepositoryOptions::new(), &options)
}
