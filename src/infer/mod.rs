//! An inference, whatever the protocol: what is asked, what is answered, and where its bytes lie.

pub(crate) mod bytes;
mod datatype;
pub(crate) mod place;
mod request;
mod result;
mod tensor;
mod times;

pub use datatype::Datatype;
pub(crate) use request::InferInput;
pub use request::InferRequest;
pub use result::{InferOutput, InferResult};
pub(crate) use result::{MOST_OUTPUTS, check_output_count};
pub use tensor::Element;
pub use times::CallTimes;
pub(crate) use times::Stopwatch;
