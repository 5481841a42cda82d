//! Inference independent of the protocol: requests, results, and the memory of tensors.

pub(crate) mod bytes;
mod class;
mod datatype;
pub mod half;
mod head;
mod input;
mod output;
mod parameters;
pub(crate) mod place;
mod request;
mod result;
mod sequence;
pub(crate) mod tensor;
mod times;

pub use class::Class;
pub use datatype::Datatype;
pub(crate) use head::{MAX_RANK, OutputHead, rank_error};
pub(crate) use input::Source;
pub use input::{InferInput, Region};
pub use output::RequestedOutput;
pub use parameters::{Parameter, ParameterKind, Parameters};
pub use request::InferRequest;
pub(crate) use request::{Settings, Written};
pub use result::{Finality, InferOutput, InferResult};
pub(crate) use result::{MAX_OUTPUTS, check_output_count, check_output_names};
pub use sequence::SequenceId;
pub use tensor::Element;
pub use times::CallTimes;
pub(crate) use times::Stopwatch;
