//! Checking a request against a model's metadata, without a call.

use super::metadata::{ModelMetadata, TensorMetadata};
use crate::{
    error::{Error, Result, dimensions, excerpt, list},
    infer::InferRequest,
};

impl InferRequest<'_> {
    /// Checks the names, datatypes and shapes of the request against a model's metadata
    /// ([`Client::model_metadata`](crate::Client::model_metadata)), and the data against the shapes, as every
    /// call does; the caller's own JSON text is checked by the call only. Returns INVALID_ARGUMENT for a
    /// mismatch. Missing inputs are not detected: metadata does not state which inputs are optional.
    pub fn check_against(&self, metadata: &ModelMetadata) -> Result<()> {
        self.check()?;
        let model = &metadata.name;
        if self.model().0 != model {
            let own = self.model().0;
            return Err(Error::invalid(format!(
                "the request is for model '{own}', the metadata is of model '{}'",
                excerpt(model)
            )));
        }
        // Metadata without inputs, which KServe permits, does not describe them.
        for input in self.inputs().iter().filter(|_| !metadata.inputs.is_empty()) {
            let name = input.name();
            let tensor = find(&metadata.inputs, name, "input", model)?;
            let model = excerpt(model);
            if tensor.datatype != input.datatype() {
                let expected = match &tensor.datatype_name[..] {
                    "" => excerpt("(not sent by the server)"),
                    name => excerpt(name),
                };
                let own = input.datatype();
                return Err(Error::invalid(format!(
                    "input '{name}': datatype {own} does not match the model's datatype {expected} (model '{model}')"
                )));
            }
            let (own, expected) = (input.shape(), &tensor.shape);
            let fits = own.len() == expected.len()
                && own.iter().zip(expected).all(|(own, expected)| *expected < 0 || own == expected);
            if !fits {
                let (own, expected) = (dimensions(own), dimensions(expected));
                return Err(Error::invalid(format!(
                    "input '{name}': shape {own} does not match the model's shape {expected} (model '{model}'; -1 matches any size)"
                )));
            }
        }
        for output in self.outputs().iter().filter(|_| !metadata.outputs.is_empty()) {
            find(&metadata.outputs, output.name(), "output", model)?;
        }
        Ok(())
    }
}

fn find<'m>(
    tensors: &'m [TensorMetadata],
    name: &str,
    what: &str,
    model: &str,
) -> Result<&'m TensorMetadata> {
    tensors.iter().find(|tensor| tensor.name == name).ok_or_else(|| {
        let names = list(tensors.iter().map(|tensor| tensor.name.as_str()));
        Error::invalid(format!("model '{}' has no {what} '{name}'; it has {names}", excerpt(model)))
    })
}
