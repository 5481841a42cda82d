//! Models that exist only in the request that loads them, so that tests do not affect each other.

use serde_json::{Value, json};
use triton_client::{CallOptions, Client, Error, InferRequest, InferResult, RepositoryOptions};

/// O is twice I; a negative I fails.
pub(crate) const DOUBLE: &str = r#"
import triton_python_backend_utils as pb

class TritonPythonModel:
    def execute(self, requests):
        return [self.respond(pb.get_input_tensor_by_name(r, "I").as_numpy()) for r in requests]

    def respond(self, i):
        if i.min() < 0:
            raise ValueError("made to fail")
        return pb.InferenceResponse([pb.Tensor("O", i * 2)])
"#;

/// Returns the configuration of such a model, with these members added.
pub(crate) fn config(name: &str, more: &Value) -> String {
    let mut config = json!({
        "name": name,
        "backend": "python",
        "input": [{ "name": "I", "data_type": "TYPE_INT32", "dims": [1] }],
        "output": [{ "name": "O", "data_type": "TYPE_INT32", "dims": [1] }],
    });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    config.to_string()
}

/// A loaded model, unloaded on drop.
pub(crate) struct OwnModel<'c> {
    client: &'c Client,
    pub name: String,
}

impl<'c> OwnModel<'c> {
    /// Loads a model with version 1. Its name must be unique among the tests.
    pub(crate) fn load(client: &'c Client, name: &str, more: &Value) -> Self {
        Self::load_versions(client, name, more, 1)
    }

    pub(crate) fn load_versions(client: &'c Client, name: &str, more: &Value, versions: usize) -> Self {
        let mut load = RepositoryOptions::new();
        load.set_config(Some(&config(name, more))).unwrap();
        for version in 1..=versions {
            load.add_file(&format!("{version}/model.py"), DOUBLE).unwrap();
        }
        client.load_model(name, &load, &CallOptions::new()).unwrap();
        Self { client, name: name.to_owned() }
    }

    pub(crate) fn infer(&self, value: i32) -> Result<InferResult, Error> {
        self.client.infer(&InferRequest::new(&self.name).input("I", &[1], &[value]))
    }
}

impl Drop for OwnModel<'_> {
    fn drop(&mut self) {
        let _ = self.client.unload_model(&self.name, &RepositoryOptions::new(), &CallOptions::new());
    }
}
