//! Models that exist in the request that loads them, and nowhere else: whatever a test does with one, no other notices.

use serde_json::{Value, json};
use triton_client::{CallOptions, Client, Error, InferRequest, InferResult, RepositoryOptions};

/// O is I, twice; a negative I fails.
pub(crate) const DOUBLE: &str = r#"
import triton_python_backend_utils as pb

class TritonPythonModel:
    def execute(self, requests):
        return [self.answer(pb.get_input_tensor_by_name(r, "I").as_numpy()) for r in requests]

    def answer(self, i):
        if i.min() < 0:
            raise ValueError("made to fail")
        return pb.InferenceResponse([pb.Tensor("O", i * 2)])
"#;

/// The configuration of a model of that kind, with these members too.
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

/// A model that is loaded, until this is dropped.
pub(crate) struct OwnModel<'c> {
    client: &'c Client,
    pub name: String,
}

impl<'c> OwnModel<'c> {
    /// Loads one with version 1. The name has to be no other test's.
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
