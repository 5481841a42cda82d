//! What a model answered: outputs by name and index, with their data at an aligned place.

use std::{fmt, sync::Arc};

use super::{
    bytes,
    class::Class,
    datatype::Datatype,
    parameters::{Parameter, Parameters},
    place::Data,
    tensor::{self, Element},
    times::CallTimes,
};
use crate::{
    error::{Error, Origin, Result, Status},
    headers::Headers,
};

/// By which Triton tells the last response to a request.
const FINAL: &str = "triton_final_response";

/// As many outputs as a result has at most: what an answer says of each costs more memory than the saying.
pub(crate) const MOST_OUTPUTS: usize = 1 << 16;

/// As many dimensions as an output has at most.
pub(crate) const MOST_RANK: usize = 1024;

/// RESOURCE_EXHAUSTED if a result has more outputs than [`MOST_OUTPUTS`].
pub(crate) fn check_output_count(count: usize) -> Result<()> {
    if count <= MOST_OUTPUTS {
        return Ok(());
    }
    let message = format!("the answer has more than {MOST_OUTPUTS} outputs");
    Err(Error::new(Status::ResourceExhausted, Origin::Client, message).in_doubt(true))
}

/// The answer to an inference request. It outlives its request and its client.
#[derive(Debug)]
pub struct InferResult {
    pub(crate) model_name: String,
    pub(crate) model_version: String,
    pub(crate) id: String,
    pub(crate) parameters: Parameters,
    pub(crate) outputs: Vec<InferOutput>,
    pub(crate) headers: Headers,
    pub(crate) endpoint: Arc<str>,
    pub(crate) times: CallTimes,
}

impl Default for InferResult {
    fn default() -> Self {
        Self {
            model_name: String::new(),
            model_version: String::new(),
            id: String::new(),
            parameters: Parameters::default(),
            outputs: Vec::new(),
            headers: Headers::none(),
            endpoint: Arc::default(),
            times: CallTimes::default(),
        }
    }
}

impl InferResult {
    /// The name of the model that answered.
    pub fn model_name(&self) -> &str {
        &self.model_name
    }

    /// The version of the model that answered.
    pub fn model_version(&self) -> &str {
        &self.model_version
    }

    /// The id that the request had; empty if it had none.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The parameters that the server sent with the result as a whole.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The headers of the answer; over gRPC its metadata. None in a result that came from no server.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// The server that answered, as in a URL: `grpc://host:8001`. Empty in a result that came from no server.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Whether this is the last response to its request: always, but from a decoupled model.
    pub fn is_final(&self) -> bool {
        self.parameters.get(FINAL) != Some(&Parameter::Bool(false))
    }

    /// Whether this is the last response to its request and nothing else: it has no outputs.
    pub fn is_null(&self) -> bool {
        self.outputs.is_empty() && self.is_final()
    }

    /// Where the time of the call went.
    pub fn times(&self) -> CallTimes {
        self.times
    }

    /// All outputs, in the server's order.
    pub fn outputs(&self) -> &[InferOutput] {
        &self.outputs
    }

    /// The output of a name; NOT_FOUND, naming those that are there, if it is not among them.
    pub fn output(&self, name: &str) -> Result<&InferOutput> {
        self.outputs.iter().find(|output| output.name == name).ok_or_else(|| {
            let names: Vec<_> = self.outputs.iter().map(InferOutput::name).collect();
            let message = format!("there is no output '{name}' in the result, only {names:?}");
            Error::new(Status::NotFound, Origin::Argument, message)
        })
    }
}

/// Model, outputs and parameters, without the data: for logs.
impl fmt::Display for InferResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |text: &str| text.escape_debug().to_string();
        write!(f, "model '{}' version '{}'", plain(&self.model_name), plain(&self.model_version))?;
        if !self.id.is_empty() {
            write!(f, " id '{}'", plain(&self.id))?;
        }
        let parameters = |f: &mut fmt::Formatter<'_>, parameters: &Parameters| {
            parameters.iter().try_for_each(|(name, value)| write!(f, " {}={value}", plain(name)))
        };
        parameters(f, &self.parameters)?;
        for output in &self.outputs {
            write!(
                f,
                "\noutput '{}' {} {:?}, {:?}",
                plain(&output.name),
                output.datatype,
                output.shape,
                output.data
            )?;
            parameters(f, &output.parameters)?;
        }
        Ok(())
    }
}

/// One output of a result.
#[derive(Debug)]
pub struct InferOutput {
    name: String,
    datatype: Datatype,
    shape: Vec<i64>,
    parameters: Parameters,
    data: Data,
}

/// What a server says of an output beside its data.
#[derive(Clone, Debug, Default)]
pub(crate) struct OutputHead {
    pub name: String,
    pub datatype: Datatype,
    pub shape: Vec<i64>,
    pub parameters: Parameters,
}

impl InferOutput {
    /// Holds what the server said of the output against the bytes that it sent.
    pub(crate) fn new(head: OutputHead, data: Data) -> Result<Self> {
        let OutputHead { name, datatype, shape, parameters } = head;
        if shape.len() > MOST_RANK {
            let rank = shape.len();
            return Err(Error::broken_answer(format!("output '{name}' of the answer has {rank} dimensions")));
        }
        if matches!(data, Data::Shared) {
            return Ok(Self { name, datatype, shape, parameters, data });
        }
        let have = data.byte_size() as u64;
        let broken = |what: String| Error::broken_answer(format!("output '{name}' of the answer: {what}"));
        let want = tensor::byte_size(datatype, &shape).map_err(|error| broken(error.to_string()))?;
        if let Some(want) = want
            && want != have
        {
            return Err(broken(format!(
                "a {datatype} tensor of shape {shape:?} has {want} bytes, and {have} came"
            )));
        }
        // Each element stands behind its length; whether they are as many as they should be is seen when they are read.
        let is_missing = have == 0 && tensor::element_count(&shape).is_some_and(|count| count > 0);
        if datatype == Datatype::Bytes && is_missing {
            return Err(broken(format!("a BYTES tensor of shape {shape:?} came without data")));
        }
        Ok(Self { name, datatype, shape, parameters, data })
    }

    /// The name, as the model's configuration has it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The datatype; [`Datatype::Invalid`] for one that this library does not know.
    pub fn datatype(&self) -> Datatype {
        self.datatype
    }

    /// The shape, the batch dimension first where the model has one.
    pub fn shape(&self) -> &[i64] {
        &self.shape
    }

    /// The parameters that the server sent with the output.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The bytes of the tensor: row-major, lowest byte first, aligned to 64 bytes. BYTES elements stand each behind
    /// its length; [`strings`](Self::strings) takes them apart. Empty for an output that went to the buffer or the shared
    /// memory that the request named for it.
    pub fn data(&self) -> &[u8] {
        self.data.bytes().unwrap_or_default()
    }

    /// The number of bytes of the tensor, in the result or in the buffer that the request named; 0 for one in shared
    /// memory.
    pub fn byte_size(&self) -> usize {
        self.data.byte_size()
    }

    /// Where the bytes are: in the result, or in the buffer that the request named.
    pub(crate) fn start(&self) -> *const u8 {
        self.data.start()
    }

    /// The elements. INVALID_ARGUMENT, naming both datatypes, if they are not of type `T`; FAILED_PRECONDITION if they
    /// went to the buffer that the request named.
    pub fn as_slice<T: Element>(&self) -> Result<&[T]> {
        self.expect(T::DATATYPE)?;
        bytemuck::checked::try_cast_slice(self.own_data()?).map_err(|error| {
            Error::broken_answer(format!("output '{}' is no {} tensor", self.name, T::DATATYPE))
                .with_source(error.to_string())
        })
    }

    /// The elements of a BYTES output, without a copy. INVALID_ARGUMENT if it is of another datatype, INTERNAL if the
    /// server's framing is broken, FAILED_PRECONDITION if it went to the buffer that the request named.
    pub fn strings(&self) -> Result<Vec<&[u8]>> {
        self.expect(Datatype::Bytes)?;
        let name = &self.name;
        let broken = |fault| Error::broken_answer(format!("output '{name}' is no BYTES tensor: {fault}"));
        let elements = bytes::elements(self.own_data()?).map_err(broken)?;
        let want = tensor::element_count(&self.shape).unwrap_or(0);
        if elements.len() as u64 != want {
            let (count, shape) = (elements.len(), &self.shape);
            return Err(broken(format!("{count} elements came, and shape {shape:?} has {want}")));
        }
        Ok(elements)
    }

    /// The classes of an output that was asked for as classes, the best first, batch for batch. INVALID_ARGUMENT if it
    /// is no BYTES output, INTERNAL if its elements are no classes.
    pub fn classes(&self) -> Result<Vec<Class<'_>>> {
        self.strings()?.into_iter().map(Class::parse).collect()
    }

    fn own_data(&self) -> Result<&[u8]> {
        self.data.bytes().ok_or_else(|| {
            let message = format!("output '{}' is where the request wanted it, not in the result", self.name);
            Error::new(Status::FailedPrecondition, Origin::Argument, message)
        })
    }

    /// FAILED_PRECONDITION for an output whose bytes are in shared memory, which only the caller knows.
    pub(crate) fn check_not_shared(&self) -> Result<()> {
        match self.data {
            Data::Shared => self.own_data().map(drop),
            _ => Ok(()),
        }
    }

    pub(crate) fn expect(&self, datatype: Datatype) -> Result<()> {
        if self.datatype == datatype {
            return Ok(());
        }
        let (name, own) = (&self.name, self.datatype);
        Err(Error::invalid(format!("output '{name}' is {own}, not {datatype}")))
    }
}
