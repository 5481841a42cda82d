//! A request held against what a model says of itself, before anything is sent.

use super::metadata::{ModelMetadata, TensorMetadata};
use crate::{
    error::{Error, Result, dimensions, excerpt, list},
    infer::InferRequest,
};

impl InferRequest<'_> {
    /// Holds the names, datatypes and shapes of the request against a model's metadata, which the caller has asked the
    /// server for ([`Client::model_metadata`](crate::Client::model_metadata)), and the data against the shapes, as every
    /// call does (of JSON text of the caller's only the call itself). INVALID_ARGUMENT says what does not fit. Whether an input is missing can't be told: metadata does not
    /// say which are optional.
    pub fn check_against(&self, metadata: &ModelMetadata) -> Result<()> {
        self.check()?;
        let model = &metadata.name;
        if self.model().0 != model {
            let own = self.model().0;
            return Err(Error::invalid(format!(
                "the request is for model '{own}', and the metadata of '{}'",
                excerpt(model)
            )));
        }
        // A server that tells no inputs, as KServe's may, tells nothing of them.
        for input in self.inputs().iter().filter(|_| !metadata.inputs.is_empty()) {
            let name = input.name();
            let tensor = find(&metadata.inputs, name, "input", model)?;
            let model = excerpt(model);
            if tensor.datatype != input.datatype() {
                let want = match &tensor.datatype_name[..] {
                    "" => excerpt("a datatype that the server does not name"),
                    name => excerpt(name),
                };
                let own = input.datatype();
                return Err(Error::invalid(format!(
                    "input '{name}' is {own}, and model '{model}' wants {want}"
                )));
            }
            let (own, want) = (input.shape(), &tensor.shape);
            let fits =
                own.len() == want.len() && own.iter().zip(want).all(|(own, want)| *want < 0 || own == want);
            if !fits {
                let (own, want) = (dimensions(own), dimensions(want));
                return Err(Error::invalid(format!(
                    "input '{name}' has shape {own}, and model '{model}' wants {want}, where -1 is any size"
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
        Error::invalid(format!("model '{}' has no {what} '{name}', only {names}", excerpt(model)))
    })
}
