//! A model's configuration.

use std::time::Duration;

use super::{
    Operation, Response,
    http_form::{self, HttpRequest, model_path},
    not_json,
};
use crate::{
    error::Result,
    infer::Datatype,
    proto::{
        self,
        inference::{
            ModelConfig as Config, ModelConfigRequest, ModelConfigResponse, ModelInput, ModelOutput,
            model_config::SchedulingChoice, model_input::Format, model_sequence_batching::StrategyChoice,
            model_version_policy::PolicyChoice,
        },
    },
};

/// A model's configuration: typed, as far as programs need it, and whole as JSON.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ModelConfig {
    /// The model's name.
    pub name: String,
    /// The framework that runs it, `"onnxruntime_onnx"`, `"ensemble"`; empty where only the backend is told.
    pub platform: String,
    /// The backend that runs it, `"python"`; empty where only the platform is told.
    pub backend: String,
    /// The largest batch; 0 for a model whose tensors have no batch dimension.
    pub max_batch_size: i32,
    /// What it takes.
    pub inputs: Vec<TensorConfig>,
    /// What it gives.
    pub outputs: Vec<TensorConfig>,
    /// Whether a request may have any number of responses, as only streams can hear them.
    pub is_decoupled: bool,
    /// Which versions are served.
    pub version_policy: VersionPolicy,
    /// How sequences are batched; `None` for a model without a state.
    pub sequence_batching: Option<SequenceBatching>,
    json: String,
}

impl ModelConfig {
    /// The whole configuration as JSON, by Triton's schema over HTTP: names of protobuf's fields, enums by name, numbers
    /// of 64 bits as numbers. The values are the same over both protocols, and the server loads a model with this text
    /// ([`RepositoryOptions::set_config`](super::RepositoryOptions::set_config)). Over HTTP the text is as it came, but for
    /// numbers of 64 bits that came as strings. Over gRPC it is made of the message: without members that Triton 2.51 does
    /// not know unless they are set, and without those that this library does not know.
    pub fn json(&self) -> &str {
        &self.json
    }
}

/// What a model's configuration says of an input or an output.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TensorConfig {
    /// The tensor's name.
    pub name: String,
    /// Its datatype; [`Datatype::Invalid`] for one that this library does not know.
    pub datatype: Datatype,
    /// Its shape without the batch dimension; -1 for a dimension that may vary.
    pub dims: Vec<i64>,
    /// How its dimensions are to be read; of an output always [`TensorFormat::None`].
    pub format: TensorFormat,
    /// Whether a request may leave it away; of an output never.
    pub is_optional: bool,
    /// The file with the names of its classes; empty for none, and for inputs.
    pub label_filename: String,
}

/// How the dimensions of an input are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TensorFormat {
    /// As the model has it.
    None,
    /// Height, width, channels.
    Nhwc,
    /// Channels, height, width.
    Nchw,
}

/// Which versions of a model are served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionPolicy {
    /// So many of the newest.
    Latest(u32),
    /// All.
    All,
    /// These.
    Specific(Vec<i64>),
}

/// How the requests of sequences are batched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SequenceBatching {
    /// Where a sequence runs.
    pub strategy: SequenceStrategy,
    /// How long a sequence may be silent before it is given up.
    pub max_idle: Duration,
}

/// Where a sequence runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SequenceStrategy {
    /// Always in the same place of a batch.
    Direct,
    /// In any batch, the oldest first.
    Oldest,
}

pub(crate) struct GetModelConfig<'a> {
    pub name: &'a str,
    pub version: &'a str,
}

impl Operation for GetModelConfig<'_> {
    const GRPC: &'static str = "ModelConfig";
    type Message = ModelConfigRequest;
    type Reply = ModelConfigResponse;
    type Output = ModelConfig;

    fn what(&self) -> String {
        format!("configuration of model '{}'", self.name)
    }

    fn only_reads(&self) -> bool {
        true
    }

    fn to_grpc(&self) -> Result<ModelConfigRequest> {
        Ok(ModelConfigRequest { name: self.name.to_owned(), version: self.version.to_owned() })
    }

    fn to_http(&self) -> Result<HttpRequest> {
        Ok(HttpRequest::get(model_path(self.name, self.version)? + "/config"))
    }

    /// Over HTTP the configuration stands alone.
    fn read_http(&self, status: u16, body: &[u8]) -> Result<ModelConfigResponse> {
        let what = format!("the configuration of model '{}'", self.name);
        Ok(ModelConfigResponse { config: Some(http_form::read_description(status, body, &what)?) })
    }

    fn response(&self, mut response: Response<ModelConfigResponse>) -> Result<ModelConfig> {
        let json = match response.body.take() {
            // Triton writes a few numbers of 64 bits as strings, in `graph_spec` and `initial_state`.
            Some(body) => proto::with_numbers::<Config>(body),
            None => {
                let config = response.reply.config.as_ref();
                let json = config.map_or_else(|| proto::to_json(&Config::default()), proto::to_json);
                json.map_err(not_json)?.to_string()
            }
        };
        let config = response.reply.config.unwrap_or_default();
        Ok(ModelConfig {
            is_decoupled: config.model_transaction_policy.is_some_and(|policy| policy.decoupled),
            version_policy: version_policy(&config),
            sequence_batching: sequence_batching(&config),
            name: config.name,
            platform: config.platform,
            backend: config.backend,
            max_batch_size: config.max_batch_size,
            inputs: config.input.into_iter().map(input).collect(),
            outputs: config.output.into_iter().map(output).collect(),
            json,
        })
    }
}

/// Without a policy the newest version is served alone.
fn version_policy(config: &Config) -> VersionPolicy {
    match config.version_policy.as_ref().and_then(|policy| policy.policy_choice.as_ref()) {
        Some(PolicyChoice::Latest(latest)) => VersionPolicy::Latest(latest.num_versions),
        Some(PolicyChoice::All(_)) => VersionPolicy::All,
        Some(PolicyChoice::Specific(specific)) => VersionPolicy::Specific(specific.versions.clone()),
        None => VersionPolicy::Latest(1),
    }
}

/// Without a strategy it is the direct one.
fn sequence_batching(config: &Config) -> Option<SequenceBatching> {
    let Some(SchedulingChoice::SequenceBatching(batching)) = &config.scheduling_choice else { return None };
    let strategy = match batching.strategy_choice {
        Some(StrategyChoice::Oldest(_)) => SequenceStrategy::Oldest,
        Some(StrategyChoice::Direct(_)) | None => SequenceStrategy::Direct,
    };
    Some(SequenceBatching {
        strategy,
        max_idle: Duration::from_micros(batching.max_sequence_idle_microseconds),
    })
}

/// A datatype by the number that it has in the configuration, which is its own.
fn datatype(number: i32) -> Datatype {
    Datatype::from_number(number).unwrap_or(Datatype::Invalid)
}

fn input(input: ModelInput) -> TensorConfig {
    let format = match Format::try_from(input.format) {
        Ok(Format::Nhwc) => TensorFormat::Nhwc,
        Ok(Format::Nchw) => TensorFormat::Nchw,
        Ok(Format::None) | Err(_) => TensorFormat::None,
    };
    TensorConfig {
        name: input.name,
        datatype: datatype(input.data_type),
        dims: input.dims,
        format,
        is_optional: input.optional,
        label_filename: String::new(),
    }
}

fn output(output: ModelOutput) -> TensorConfig {
    TensorConfig {
        name: output.name,
        datatype: datatype(output.data_type),
        dims: output.dims,
        format: TensorFormat::None,
        is_optional: false,
        label_filename: output.label_filename,
    }
}
