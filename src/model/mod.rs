//! The control plane: every operation of a server other than inference. Each operation is a value with both
//! of its wire forms, so that a transport needs one method for all of them.

mod check;
pub(crate) mod config;
pub(crate) mod generate;
pub(crate) mod health;
pub(crate) mod http_form;
pub(crate) mod metadata;
pub(crate) mod metrics;
pub(crate) mod repository;
pub(crate) mod settings;
pub(crate) mod shared_memory;
pub(crate) mod statistics;

pub use config::{
    ModelConfig, SequenceBatching, SequenceStrategy, TensorConfig, TensorFormat, VersionPolicy,
};
pub use generate::Generated;
pub use health::ServingStatus;
pub use metadata::{ModelMetadata, ServerMetadata, TensorMetadata};
pub use metrics::{MetricSample, Metrics};
pub use repository::{RepositoryIndex, RepositoryModel, RepositoryOptions};
pub use settings::{SettingValue, Settings, SettingsUpdate};
pub use shared_memory::{CudaRegion, CudaRegions, SystemRegion, SystemRegions};
pub use statistics::{
    BatchStatistics, DurationKind, Durations, MemoryUsage, ModelStatistics, ModelStatisticsList,
    ResponseStatistics, StatisticDuration,
};

use self::http_form::HttpRequest;
use crate::{
    error::{Error, Origin, Result, Status, excerpt},
    headers::Headers,
    proto,
};

/// One operation of the control plane. It has at least one of the two wire forms.
pub(crate) trait Operation {
    /// The gRPC method: a name in the inference service, or the path of a method of another service,
    /// `/package.Service/Method`. Empty if gRPC has none.
    const GRPC: &'static str = "";
    /// Whether UNAVAILABLE from the server itself is final: it was started without what the operation needs,
    /// or does not accept the value.
    const IS_REFUSAL_PERMANENT: bool = false;
    /// The request message over gRPC.
    type Message: prost::Message + Clone + 'static;
    /// The response message over gRPC, into which a response over HTTP is read too.
    type Reply: prost::Message + prost::Name + Default + 'static;
    /// The result for the caller.
    type Output;

    /// Returns its name in error messages: `"metadata of model 'simple'"`.
    fn what(&self) -> String;

    fn to_grpc(&self) -> Result<Self::Message>;

    fn to_http(&self) -> Result<HttpRequest>;

    /// Whether it changes nothing on the server and may be sent twice.
    fn only_reads(&self) -> bool {
        false
    }

    /// Returns the maximum number of values read from a response over HTTP: each member and element of JSON
    /// has one of these characters.
    fn count_parts(&self, body: &[u8]) -> u64 {
        body.iter().filter(|byte| matches!(byte, b'{' | b'[' | b',')).count() as u64
    }

    /// Reads a response over HTTP, with any status.
    fn read_http(&self, status: u16, body: &[u8]) -> Result<Self::Reply> {
        http_form::read_json(status, body)
    }

    fn response(&self, response: Response<Self::Reply>) -> Result<Self::Output>;

    /// Converts an error of the call that stands for a result. Most errors stand for none.
    fn response_of(&self, error: Error) -> Result<Self::Output> {
        Err(error)
    }
}

/// A server's response over either protocol.
pub(crate) struct Response<R> {
    pub reply: R,
    /// The body over HTTP, as received.
    pub body: Option<String>,
    /// The headers over HTTP, the metadata over gRPC.
    pub headers: Headers,
}

impl<R> Response<R> {
    /// Takes the JSON of Triton's HTTP interface: the body as received, or the reply converted by `make`.
    fn take_json(&mut self, make: impl FnOnce(&R) -> Result<String>) -> Result<String> {
        match self.body.take() {
            Some(body) => Ok(body),
            None => make(&self.reply),
        }
    }
}

/// Writes the JSON of a message that has the same form over both protocols.
fn same_json<M: prost::Message + prost::Name>(message: &M) -> Result<String> {
    proto::to_json(message).map(|json| json.to_string()).map_err(not_json)
}

fn not_json(fault: String) -> Error {
    Error::malformed_response(format!("the response message cannot be written as JSON: {}", excerpt(&fault)))
}

/// Returns the error of an operation that is not available over one of the protocols; `advice` is what to do
/// instead.
fn no_form(what: &str, protocol: &str, advice: &str) -> Error {
    let message = format!("{what} is not available over {protocol}: {advice}");
    Error::new(Status::Unimplemented, Origin::Argument, message)
}

/// Returns INVALID_ARGUMENT for a name that is empty or contains a NUL, at which a server would truncate it.
pub(crate) fn check_name(what: &str, name: &str) -> Result<()> {
    match name {
        "" => Err(Error::invalid(format!("{what} is empty"))),
        name => check_optional_name(what, name),
    }
}

/// Returns the same error for a name that may be empty.
pub(crate) fn check_optional_name(what: &str, name: &str) -> Result<()> {
    if name.contains('\0') {
        return Err(Error::invalid(format!("{what} '{}' contains a NUL", name.escape_debug())));
    }
    Ok(())
}

/// Checks a model's name, and its version, which may be empty.
pub(crate) fn check_model(name: &str, version: &str) -> Result<()> {
    check_name("model name", name)?;
    check_optional_model(name, version)
}

/// Checks the same, for a model's name that may be empty.
pub(crate) fn check_optional_model(name: &str, version: &str) -> Result<()> {
    check_optional_name("model name", name)?;
    check_optional_name("model version", version)
}
