//! The control plane: what a server can be asked and told beside inference. Every operation is a value with both of
//! its wire forms beside each other, so that a transport needs one method for all of them.

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
pub use metrics::{Metric, Metrics};
pub use repository::{ModelIndex, RepositoryIndex, RepositoryOptions};
pub use settings::{SettingValue, Settings, SettingsUpdate};
pub use shared_memory::{CudaRegion, CudaRegions, SystemRegion, SystemRegions};
pub use statistics::{
    BatchStatistics, Durations, MemoryUsage, ModelStatistics, ResponseStatistics, StatisticDuration,
    Statistics,
};

use self::http_form::HttpRequest;
use crate::{
    error::{Error, Origin, Result, Status, excerpt},
    headers::Headers,
    proto,
};

/// One operation of the control plane. Of its two wire forms it has one at least.
pub(crate) trait Operation {
    /// The gRPC method: a name in the inference service, or the path of one in another service,
    /// `/package.Service/Method`; empty where gRPC has none.
    const GRPC: &'static str = "";
    /// Whether the server refuses for good where it says that it is UNAVAILABLE: it was started without what the operation
    /// needs, or does not accept the value.
    const IS_REFUSED_FOR_GOOD: bool = false;
    /// What is sent over gRPC.
    type Message: prost::Message + Clone + 'static;
    /// What comes back over gRPC; an answer over HTTP is read into the same.
    type Reply: prost::Message + prost::Name + Default + 'static;
    /// What the caller gets.
    type Output;

    /// What an error's message calls it: `"metadata of model 'simple'"`.
    fn what(&self) -> String;

    fn to_grpc(&self) -> Result<Self::Message>;

    fn to_http(&self) -> Result<HttpRequest>;

    /// Whether it changes nothing on the server, so that it may be sent twice.
    fn only_reads(&self) -> bool {
        false
    }

    /// How many parts are made of an answer over HTTP, at most: each member and element of JSON has one of these signs.
    fn count_parts(&self, body: &[u8]) -> u64 {
        body.iter().filter(|byte| matches!(byte, b'{' | b'[' | b',')).count() as u64
    }

    /// Reads an answer over HTTP, whatever its status.
    fn read_http(&self, status: u16, body: &[u8]) -> Result<Self::Reply> {
        http_form::read_json(status, body)
    }

    fn response(&self, response: Response<Self::Reply>) -> Result<Self::Output>;

    /// The answer that an error of the call stands for; most stand for none.
    fn response_of(&self, error: Error) -> Result<Self::Output> {
        Err(error)
    }
}

/// What a server response, whatever the protocol.
pub(crate) struct Response<R> {
    pub reply: R,
    /// The body over HTTP, as it came.
    pub body: Option<String>,
    /// Over gRPC the metadata.
    pub headers: Headers,
}

impl<R> Response<R> {
    /// The answer as Triton's HTTP interface gives it: the body as it came, or what `make` makes of the reply.
    fn take_json(&mut self, make: impl FnOnce(&R) -> Result<String>) -> Result<String> {
        match self.body.take() {
            Some(body) => Ok(body),
            None => make(&self.reply),
        }
    }
}

/// The JSON of a message that has the same form over both protocols.
fn same_json<M: prost::Message + prost::Name>(message: &M) -> Result<String> {
    proto::to_json(message).map(|json| json.to_string()).map_err(not_json)
}

fn not_json(fault: String) -> Error {
    Error::malformed_response(format!("the server's message has no form in JSON: {}", excerpt(&fault)))
}

/// The error of an operation that one of the protocols has no form for; `advice` says what to do instead.
fn no_form(what: &str, protocol: &str, advice: &str) -> Error {
    let message = format!("{what} has no form over {protocol}: {advice}");
    Error::new(Status::Unimplemented, Origin::Argument, message)
}

/// INVALID_ARGUMENT for a name that is empty, or that the server would take for a shorter one.
pub(crate) fn check_name(what: &str, name: &str) -> Result<()> {
    match name {
        "" => Err(Error::invalid(format!("{what} can't be empty"))),
        name => check_optional_name(what, name),
    }
}

/// The same, where an empty name has a meaning.
pub(crate) fn check_optional_name(what: &str, name: &str) -> Result<()> {
    if name.contains('\0') {
        return Err(Error::invalid(format!("{what} '{}' has a NUL in it", name.escape_debug())));
    }
    Ok(())
}

/// A model's name, and its version or an empty one.
pub(crate) fn check_model(name: &str, version: &str) -> Result<()> {
    check_name("a model's name", name)?;
    check_optional_model(name, version)
}

/// The same, where an empty name has a meaning.
pub(crate) fn check_optional_model(name: &str, version: &str) -> Result<()> {
    check_optional_name("a model's name", name)?;
    check_optional_name("a model's version", version)
}
