//! A model's configuration.

use std::time::Duration;

use super::{
    Operation, Response,
    http_form::{self, HttpRequest, model_path},
    not_json,
};
use crate::{
    error::{Result, excerpt},
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

/// A model's configuration: typed for the properties that programs commonly need, and complete as JSON.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ModelConfig {
    /// The model's name.
    pub name: String,
    /// The framework that runs the model, `"onnxruntime_onnx"`, `"ensemble"`; empty if the server gives only
    /// the backend.
    pub platform: String,
    /// The backend that runs the model, `"python"`; empty if the server gives only the platform.
    pub backend: String,
    /// The maximum batch size; 0 if the model's tensors have no batch dimension.
    pub max_batch_size: i32,
    /// The inputs.
    pub inputs: Vec<TensorConfig>,
    /// The outputs.
    pub outputs: Vec<TensorConfig>,
    /// Whether a request may have any number of responses, which only a stream can receive.
    pub is_decoupled: bool,
    /// The versions that are served.
    pub version_policy: VersionPolicy,
    /// The batching of sequences; `None` if the model has no sequences.
    pub sequence_batching: Option<SequenceBatching>,
    json: String,
}

impl ModelConfig {
    /// Returns the whole configuration as JSON, in the form of Triton's HTTP interface: field names as in
    /// protobuf, enums by name, 64-bit numbers as numbers. A model can be loaded with it
    /// ([`RepositoryOptions::set_config`](super::RepositoryOptions::set_config)).
    ///
    /// The values are the same over both protocols. Over HTTP it is the body as received, except for 64-bit
    /// numbers that were strings. Over gRPC it is made from the message: without fields that this library
    /// does not know, and without unset fields that Triton 2.51 does not know.
    pub fn json(&self) -> &str {
        &self.json
    }
}

/// The configuration of an input or output.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TensorConfig {
    /// The tensor's name.
    pub name: String,
    /// Its datatype; [`Datatype::Invalid`] for one that this library does not know.
    pub datatype: Datatype,
    /// Its shape without the batch dimension; -1 for a dimension of any size.
    pub dims: Vec<i64>,
    /// The meaning of its dimensions; [`TensorFormat::None`] for an output.
    pub format: TensorFormat,
    /// Whether a request may omit it; false for an output.
    pub is_optional: bool,
    /// The file with its class labels; empty if there is none, and for an input.
    pub label_filename: String,
}

/// The meaning of the dimensions of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum TensorFormat {
    /// Not specified.
    None = 0,
    /// Height, width, channels.
    Nhwc = 1,
    /// Channels, height, width.
    Nchw = 2,
}

impl TensorFormat {
    /// Returns its number in the C API.
    pub fn number(self) -> i32 {
        self as i32
    }
}

/// The versions of a model that are served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VersionPolicy {
    /// A number of the newest versions.
    Latest(u32),
    /// All versions.
    All,
    /// These versions.
    Specific(Vec<i64>),
}

impl VersionPolicy {
    /// Returns the versions of [`VersionPolicy::Specific`]; none otherwise.
    pub fn versions(&self) -> &[i64] {
        match self {
            Self::Specific(versions) => versions,
            Self::Latest(_) | Self::All => &[],
        }
    }

    /// Returns its number in the C API.
    pub fn number(&self) -> i32 {
        match self {
            Self::Latest(_) => 0,
            Self::All => 1,
            Self::Specific(_) => 2,
        }
    }
}

/// The batching of the requests of sequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SequenceBatching {
    /// The assignment of sequences to batch slots.
    pub strategy: SequenceStrategy,
    /// The time without a request after which a sequence is dropped.
    pub max_idle: Duration,
}

/// The assignment of sequences to batch slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum SequenceStrategy {
    /// A sequence always has the same slot of a batch.
    Direct = 1,
    /// A sequence has a slot in any batch, the oldest sequence first.
    Oldest = 2,
}

impl SequenceStrategy {
    /// Returns its number in the C API, where 0 is a model without sequences.
    pub fn number(self) -> i32 {
        self as i32
    }
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
        format!("configuration of model '{}'", excerpt(self.name))
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

    /// Reads the body, which is the configuration itself.
    fn read_http(&self, status: u16, body: &[u8]) -> Result<ModelConfigResponse> {
        let what = format!("the configuration of model '{}'", excerpt(self.name));
        Ok(ModelConfigResponse { config: Some(http_form::read_description(status, body, &what)?) })
    }

    fn response(&self, mut response: Response<ModelConfigResponse>) -> Result<ModelConfig> {
        let json = match response.body.take() {
            // Triton writes a few 64-bit numbers as strings, in `graph_spec` and `initial_state`.
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

/// Returns the version policy. Without one, only the newest version is served.
fn version_policy(config: &Config) -> VersionPolicy {
    match config.version_policy.as_ref().and_then(|policy| policy.policy_choice.as_ref()) {
        Some(PolicyChoice::Latest(latest)) => VersionPolicy::Latest(latest.num_versions),
        Some(PolicyChoice::All(_)) => VersionPolicy::All,
        Some(PolicyChoice::Specific(specific)) => VersionPolicy::Specific(specific.versions.clone()),
        None => VersionPolicy::Latest(1),
    }
}

/// Returns the batching of sequences. The default strategy is the direct one.
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

/// Converts a datatype, which has the same number in a configuration as here.
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
