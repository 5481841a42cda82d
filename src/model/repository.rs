//! The model repository: listing, loading and unloading models.

use std::collections::HashMap;

use base64::prelude::{BASE64_STANDARD, Engine};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{
    Operation, Response, check_name, check_optional_name,
    http_form::{self, HttpRequest, push_segment},
    not_json,
};
use crate::{
    error::{Error, Result, excerpt},
    proto::{
        self,
        inference::{
            ModelRepositoryParameter, RepositoryIndexRequest, RepositoryIndexResponse,
            RepositoryModelLoadRequest, RepositoryModelLoadResponse, RepositoryModelUnloadRequest,
            RepositoryModelUnloadResponse, model_repository_parameter::ParameterChoice,
        },
    },
};

/// Options of the operations on the model repository. An option that does not apply to an operation is
/// INVALID_ARGUMENT.
#[derive(Clone, Debug, Default)]
pub struct RepositoryOptions {
    repository: String,
    ready_only: bool,
    config: Option<String>,
    /// By their names over the wire, `file:1/model.onnx`.
    files: Vec<(String, Bytes)>,
    unload_dependents: bool,
}

impl RepositoryOptions {
    /// Creates options with the defaults: all repositories, all models, and the model's own configuration and
    /// files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the name of the repository. Triton does not support it: UNIMPLEMENTED, except that version 2.51
    /// ignores it in an index over HTTP. Empty, the default, is all repositories.
    pub fn set_repository_name(&mut self, name: &str) -> Result<&mut Self> {
        check_optional_name("repository name", name)?;
        name.clone_into(&mut self.repository);
        Ok(self)
    }

    /// Sets whether an index lists only the models that are ready. The default is false.
    pub fn set_ready_only(&mut self, ready_only: bool) -> &mut Self {
        self.ready_only = ready_only;
        self
    }

    /// Sets the configuration with which a model is loaded instead of its own, as JSON in the form of
    /// [`ModelConfig::json`](super::ModelConfig::json). `None`, the default, is the model's own.
    /// INVALID_ARGUMENT unless it is a JSON object.
    ///
    /// It replaces the model's own as a whole: what it omits, even inputs and outputs, has the server's
    /// default, and Triton may load the model without an error.
    pub fn set_config(&mut self, json: Option<&str>) -> Result<&mut Self> {
        if let Some(json) = json {
            let value: Value = serde_json::from_str(json)
                .map_err(|error| Error::invalid("the configuration is not valid JSON").with_source(error))?;
            if !value.is_object() {
                return Err(Error::invalid("the configuration is valid JSON, but not an object"));
            }
        }
        self.config = json.map(str::to_owned);
        Ok(self)
    }

    /// Adds a file with which a model is loaded, instead of the files in its repository. All files of the
    /// model must be added, and the configuration must be set. `path` is relative to the model's directory,
    /// `1/model.onnx`; a file that was added under the same path is replaced. INVALID_ARGUMENT for a path
    /// that is empty or leaves the directory.
    ///
    /// Over HTTP, files are encoded as base64, and Triton since 2.62 rejects requests of more than 64 MiB
    /// (`--http-max-input-size`), about 48 MiB of files together. gRPC does not have this limit.
    pub fn add_file(&mut self, path: &str, content: impl Into<Vec<u8>>) -> Result<&mut Self> {
        let path = path.strip_prefix("file:").unwrap_or(path);
        check_name("file path", path)?;
        if path.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(Error::invalid(format!("file path '{path}' leaves the model's directory")));
        }
        let name = format!("file:{path}");
        self.files.retain(|(own, _)| *own != name);
        self.files.push((name, Bytes::from(content.into())));
        Ok(self)
    }

    /// Sets whether unloading an ensemble also unloads the models that it consists of. The default is false.
    pub fn set_unload_dependents(&mut self, unload_dependents: bool) -> &mut Self {
        self.unload_dependents = unload_dependents;
        self
    }

    /// Returns `/v2/repository[/NAME]`, followed by `rest`.
    fn path(&self, rest: &str) -> Result<String> {
        let mut path = String::from("/v2/repository");
        if !self.repository.is_empty() {
            path.push('/');
            push_segment(&mut path, "repository name", &self.repository)?;
        }
        Ok(path + rest)
    }

    fn model_path(&self, model: &str, verb: &str) -> Result<String> {
        let mut path = self.path("/models/")?;
        push_segment(&mut path, "model name", model)?;
        Ok(path + verb)
    }

    fn refuse_content(&self, what: &str) -> Result<()> {
        refuse(what, self.config.is_some() || !self.files.is_empty(), "configuration or files")
    }
}

fn refuse(what: &str, is_set: bool, name: &str) -> Result<()> {
    if is_set { Err(Error::invalid(format!("{what} takes no {name}"))) } else { Ok(()) }
}

/// Checks a model's name, which a server uses in a file path over either protocol: `..` has a meaning there.
fn check_model(name: &str) -> Result<()> {
    check_name("model name", name)?;
    if name.contains('/') || matches!(name, "." | "..") {
        return Err(Error::invalid(format!("model name '{name}' would leave the repository")));
    }
    Ok(())
}

/// The index of a server's model repositories.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RepositoryIndex {
    /// One entry for each version of each model.
    pub models: Vec<RepositoryModel>,
    json: String,
}

impl RepositoryIndex {
    /// Returns the response as JSON, in its form over HTTP, where it is the body as received.
    pub fn json(&self) -> &str {
        &self.json
    }
}

/// The entry of one version of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RepositoryModel {
    /// The model's name.
    pub name: String,
    /// The version; empty for a model that was never loaded.
    pub version: String,
    /// `"READY"`, `"LOADING"`, `"UNLOADING"`, `"UNAVAILABLE"`; empty for a model that was never loaded.
    pub state: String,
    /// The reason for the state; empty if the server gives none.
    pub reason: String,
}

impl RepositoryModel {
    /// Whether the model is ready for inference.
    pub fn is_ready(&self) -> bool {
        // MLServer writes "State.READY" over gRPC.
        matches!(self.state.as_str(), "READY" | "State.READY")
    }
}

pub(crate) struct Index<'a>(pub &'a RepositoryOptions);

impl Operation for Index<'_> {
    const GRPC: &'static str = "RepositoryIndex";
    type Message = RepositoryIndexRequest;
    type Reply = RepositoryIndexResponse;
    type Output = RepositoryIndex;

    fn what(&self) -> String {
        "index of the model repository".to_owned()
    }

    fn only_reads(&self) -> bool {
        true
    }

    fn to_grpc(&self) -> Result<RepositoryIndexRequest> {
        self.check()?;
        Ok(RepositoryIndexRequest { repository_name: self.0.repository.clone(), ready: self.0.ready_only })
    }

    fn to_http(&self) -> Result<HttpRequest> {
        self.check()?;
        let body = if self.0.ready_only { json!({ "ready": true }) } else { json!({}) };
        Ok(HttpRequest::post(self.0.path("/index")?, &body))
    }

    /// Reads the body, which is the array of models itself.
    fn read_http(&self, status: u16, body: &[u8]) -> Result<RepositoryIndexResponse> {
        let body = http_form::succeeded(status, body)?;
        let what = "a JSON array of models";
        if !body.trim_ascii_start().starts_with(b"[") {
            return Err(http_form::unexpected(status, what, body));
        }
        let index: RepositoryIndexResponse =
            http_form::read_json(status, &[b"{\"models\":", body, b"}"].concat())?;
        if index.models.iter().any(|model| model.name.is_empty()) {
            return Err(http_form::unexpected(status, what, body));
        }
        Ok(index)
    }

    fn response(&self, mut response: Response<RepositoryIndexResponse>) -> Result<RepositoryIndex> {
        let json = response.take_json(|reply| {
            let mut models = Vec::with_capacity(reply.models.len());
            for model in &reply.models {
                let mut model = proto::to_json(model).map_err(not_json)?;
                if let Some(model) = model.as_object_mut() {
                    // Over HTTP Triton omits empty members.
                    model.retain(|name, value| name == "name" || *value != "");
                }
                models.push(model);
            }
            Ok(Value::from(models).to_string())
        })?;
        let models = response.reply.models.into_iter().map(|model| RepositoryModel {
            name: model.name,
            version: model.version,
            state: model.state,
            reason: model.reason,
        });
        Ok(RepositoryIndex { models: models.collect(), json })
    }
}

impl Index<'_> {
    fn check(&self) -> Result<()> {
        self.0.refuse_content("an index")?;
        refuse("an index", self.0.unload_dependents, "unload of dependents")
    }
}

pub(crate) struct Load<'a> {
    pub name: &'a str,
    pub options: &'a RepositoryOptions,
}

impl Load<'_> {
    fn check(&self) -> Result<()> {
        check_model(self.name)?;
        let options = self.options;
        refuse("a load", options.ready_only, "ready filter")?;
        refuse("a load", options.unload_dependents, "unload of dependents")?;
        if !options.files.is_empty() && options.config.is_none() {
            return Err(Error::invalid(
                "files are set without a configuration: a server accepts files only together with one",
            ));
        }
        Ok(())
    }
}

impl Operation for Load<'_> {
    const GRPC: &'static str = "RepositoryModelLoad";
    type Message = RepositoryModelLoadRequest;
    type Reply = RepositoryModelLoadResponse;
    type Output = ();

    fn what(&self) -> String {
        format!("load of model '{}'", excerpt(self.name))
    }

    fn to_grpc(&self) -> Result<RepositoryModelLoadRequest> {
        self.check()?;
        let parameter = |choice| ModelRepositoryParameter { parameter_choice: Some(choice) };
        let mut parameters = HashMap::new();
        if let Some(config) = &self.options.config {
            parameters.insert("config".to_owned(), parameter(ParameterChoice::StringParam(config.clone())));
        }
        for (name, content) in &self.options.files {
            let content = ParameterChoice::BytesParam(content.clone());
            parameters.insert(name.clone(), parameter(content));
        }
        Ok(RepositoryModelLoadRequest {
            repository_name: self.options.repository.clone(),
            model_name: self.name.to_owned(),
            parameters,
        })
    }

    fn to_http(&self) -> Result<HttpRequest> {
        self.check()?;
        let mut parameters = Map::new();
        if let Some(config) = &self.options.config {
            parameters.insert("config".to_owned(), config.clone().into());
        }
        for (name, content) in &self.options.files {
            parameters.insert(name.clone(), BASE64_STANDARD.encode(content).into());
        }
        let body = if parameters.is_empty() { json!({}) } else { json!({ "parameters": parameters }) };
        Ok(HttpRequest::post(self.options.model_path(self.name, "/load")?, &body))
    }

    fn read_http(&self, status: u16, body: &[u8]) -> Result<RepositoryModelLoadResponse> {
        http_form::read_nothing(status, body)
    }

    fn response(&self, _: Response<RepositoryModelLoadResponse>) -> Result<()> {
        Ok(())
    }
}

pub(crate) struct Unload<'a> {
    pub name: &'a str,
    pub options: &'a RepositoryOptions,
}

impl Unload<'_> {
    fn check(&self) -> Result<()> {
        check_model(self.name)?;
        let options = self.options;
        refuse("an unload", options.ready_only, "ready filter")?;
        options.refuse_content("an unload")
    }
}

impl Operation for Unload<'_> {
    const GRPC: &'static str = "RepositoryModelUnload";
    type Message = RepositoryModelUnloadRequest;
    type Reply = RepositoryModelUnloadResponse;
    type Output = ();

    fn what(&self) -> String {
        format!("unload of model '{}'", excerpt(self.name))
    }

    fn to_grpc(&self) -> Result<RepositoryModelUnloadRequest> {
        self.check()?;
        let mut parameters = HashMap::new();
        if self.options.unload_dependents {
            let choice = Some(ParameterChoice::BoolParam(true));
            parameters.insert(
                "unload_dependents".to_owned(),
                ModelRepositoryParameter { parameter_choice: choice },
            );
        }
        Ok(RepositoryModelUnloadRequest {
            repository_name: self.options.repository.clone(),
            model_name: self.name.to_owned(),
            parameters,
        })
    }

    fn to_http(&self) -> Result<HttpRequest> {
        self.check()?;
        let body = match self.options.unload_dependents {
            true => json!({ "parameters": { "unload_dependents": true } }),
            false => json!({}),
        };
        Ok(HttpRequest::post(self.options.model_path(self.name, "/unload")?, &body))
    }

    fn read_http(&self, status: u16, body: &[u8]) -> Result<RepositoryModelUnloadResponse> {
        http_form::read_nothing(status, body)
    }

    fn response(&self, _: Response<RepositoryModelUnloadResponse>) -> Result<()> {
        Ok(())
    }
}
