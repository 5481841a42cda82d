//! The control plane: what a server can be asked and told beside inference. Every operation is a value with both of
//! its wire forms beside each other, so that a transport needs one method for all of them.

mod check;
pub(crate) mod health;
pub(crate) mod metadata;
pub(crate) mod wire;

pub use metadata::{ModelMetadata, ServerMetadata, TensorMetadata};

use self::wire::HttpRequest;
use crate::error::Result;

/// One operation of the control plane.
pub(crate) trait Operation {
    /// The path of the gRPC method, `/package.Service/Method`.
    const GRPC: &'static str;
    /// What is sent over gRPC.
    type Message: prost::Message + Clone + 'static;
    /// What comes back over gRPC; an answer over HTTP is read into the same.
    type Reply: prost::Message + prost::Name + Default + 'static;
    /// What the caller gets.
    type Answer;

    /// What an error's message calls it: `"metadata of model 'simple'"`.
    fn what(&self) -> String;

    fn to_grpc(&self) -> Result<Self::Message>;

    fn to_http(&self) -> Result<HttpRequest>;

    /// Reads an answer over HTTP, whatever its status.
    fn read_http(&self, status: u16, body: &[u8]) -> Result<Self::Reply> {
        wire::read_json(status, body)
    }

    fn answer(&self, reply: Self::Reply) -> Result<Self::Answer>;
}
