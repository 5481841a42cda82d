//! What a model answered: outputs by name and index, with their data at an aligned place.

use std::{collections::HashSet, fmt, sync::Arc};

use super::{
    bytes,
    class::Class,
    datatype::Datatype,
    head::OutputHead,
    parameters::{Parameter, Parameters},
    place::Data,
    tensor::{self, Element},
    times::CallTimes,
};
use crate::{
    error::{Error, Origin, Result, Status, dimensions, excerpt, list},
    headers::Headers,
};

/// By which Triton tells the last response to a request.
const FINAL: &str = "triton_final_response";

/// As many outputs as a result has at most: what an answer says of each costs more memory than the saying.
pub(crate) const MAX_OUTPUTS: usize = 1 << 16;

/// RESOURCE_EXHAUSTED if a result has more outputs than [`MAX_OUTPUTS`].
pub(crate) fn check_output_count(count: usize) -> Result<()> {
    if count <= MAX_OUTPUTS {
        return Ok(());
    }
    let message = format!("the answer has more than {MAX_OUTPUTS} outputs");
    Err(Error::new(Status::ResourceExhausted, Origin::Client, message).in_doubt(true))
}

/// An output's name that occurs twice is a malformed response: which of the two counts is not said.
pub(crate) fn check_output_names(outputs: &[InferOutput]) -> Result<()> {
    /// Up to here comparing each with each is the fastest.
    const FEW: usize = 16;
    let twice = match outputs.len() {
        0 | 1 => None,
        ..=FEW => outputs
            .iter()
            .enumerate()
            .find(|(at, output)| outputs[..*at].iter().any(|other| other.name() == output.name()))
            .map(|(_, output)| output),
        _ => {
            let mut names = HashSet::with_capacity(outputs.len());
            outputs.iter().find(|output| !names.insert(output.name()))
        }
    };
    match twice {
        None => Ok(()),
        Some(output) => {
            let name = excerpt(output.name());
            Err(Error::malformed_response(format!("output '{name}' occurs twice in the response")))
        }
    }
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
        self.outputs.iter().find(|output| output.name() == name).ok_or_else(|| {
            let names = list(self.outputs.iter().map(InferOutput::name));
            let message = format!("there is no output '{}' in the result, only {names}", excerpt(name));
            Error::new(Status::NotFound, Origin::Argument, message)
        })
    }
}

/// As much as a result prints of itself: 64 KiB.
const DEBUG_BYTE_SIZE: usize = 64 << 10;

/// Model, outputs and parameters, without the data: for logs. Names and other texts are cut at 256 bytes, shapes at 8
/// dimensions, and the whole at 64 KiB.
impl fmt::Display for InferResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut left = Bounded { to: f, left: DEBUG_BYTE_SIZE };
        match self.describe(&mut left) {
            Err(fmt::Error) if left.left == 0 => f.write_str("…"),
            outcome => outcome,
        }
    }
}

impl InferResult {
    fn describe(&self, f: &mut impl fmt::Write) -> fmt::Result {
        write!(f, "model '{}' version '{}'", plain(&self.model_name), plain(&self.model_version))?;
        if !self.id.is_empty() {
            write!(f, " id '{}'", plain(&self.id))?;
        }
        describe_parameters(f, &self.parameters)?;
        for output in &self.outputs {
            let (name, shape, data) = (plain(output.name()), dimensions(output.shape()), &output.data);
            let datatype = match output.datatype_name() {
                "" => Datatype::Invalid.name().to_owned(),
                name => plain(name),
            };
            write!(f, "\noutput '{name}' {datatype} {shape}, {data:?}")?;
            describe_parameters(f, output.parameters())?;
        }
        Ok(())
    }
}

fn describe_parameters(f: &mut impl fmt::Write, parameters: &Parameters) -> fmt::Result {
    parameters.iter().try_for_each(|(name, value)| match value {
        Parameter::String(text) => write!(f, " {}=\"{}\"", plain(name), plain(text)),
        value => write!(f, " {}={value}", plain(name)),
    })
}

/// A text in one line.
fn plain(text: &str) -> String {
    excerpt(text).to_string().escape_debug().to_string()
}

/// Fails once as much as it may take was written.
struct Bounded<'f, W> {
    to: &'f mut W,
    left: usize,
}

impl<W: fmt::Write> fmt::Write for Bounded<'_, W> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        match self.left.checked_sub(text.len()) {
            Some(left) => {
                self.left = left;
                self.to.write_str(text)
            }
            None => {
                self.left = 0;
                Err(fmt::Error)
            }
        }
    }
}

/// One output of a result.
#[derive(Debug)]
pub struct InferOutput {
    head: OutputHead,
    data: Data,
}

impl InferOutput {
    /// Holds what the server said of the output against the bytes that it sent.
    pub(crate) fn new(head: OutputHead, data: Data) -> Result<Self> {
        head.check_rank()?;
        if matches!(data, Data::Shared) {
            return Ok(Self { head, data });
        }
        let have = data.byte_size() as u64;
        let (datatype, shape) = (head.datatype(), &head.shape);
        if let Some(want) = head.byte_size()?
            && want != have
        {
            return Err(head.malformed(format!(
                "expected {want} bytes for datatype {datatype} and shape {}, got {have}",
                dimensions(shape)
            )));
        }
        // Each element stands behind its length; whether they are as many as they should be is seen when they are read.
        let is_missing = have == 0 && tensor::element_count(shape).is_some_and(|count| count > 0);
        if datatype == Datatype::Bytes && is_missing {
            let shape = dimensions(shape);
            return Err(head.malformed(format!("missing data of a BYTES tensor of shape {shape}")));
        }
        Ok(Self { head, data })
    }

    /// The name, as the model's configuration has it.
    pub fn name(&self) -> &str {
        &self.head.name
    }

    /// The datatype; [`Datatype::Invalid`] for one that this library does not know
    /// ([`datatype_name`](Self::datatype_name)). The data of such an output is there if it came as bytes: of JSON and of
    /// typed contents none is read.
    pub fn datatype(&self) -> Datatype {
        self.head.datatype()
    }

    /// The name of the datatype as the server gave it, `"FP32"`, also of one that this library does not know, `"STRING"`;
    /// empty if the server gave none.
    pub fn datatype_name(&self) -> &str {
        self.head.datatype_name()
    }

    /// The shape, the batch dimension first where the model has one. One dimension that the server left open (-1) is set to
    /// the size that follows from the data; where the datatype is not known or the data is in shared memory it stays.
    pub fn shape(&self) -> &[i64] {
        &self.head.shape
    }

    /// The parameters that the server sent with the output.
    pub fn parameters(&self) -> &Parameters {
        &self.head.parameters
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
            Error::malformed_response(format!(
                "output '{}' is no {} tensor",
                excerpt(self.name()),
                T::DATATYPE
            ))
            .with_source(error.to_string())
        })
    }

    /// The elements of a BYTES output, without a copy: each call allocates 16 bytes for each element, after counting them.
    /// INVALID_ARGUMENT if it is of another datatype, INTERNAL if the server's framing is broken or has another number of
    /// elements than the shape, FAILED_PRECONDITION if it went to the buffer that the request named, RESOURCE_EXHAUSTED if
    /// there is no memory for the list.
    pub fn strings(&self) -> Result<Vec<&[u8]>> {
        self.expect(Datatype::Bytes)?;
        let count = tensor::element_count(self.shape()).unwrap_or(0);
        bytes::elements(self.own_data()?, count).map_err(|error| {
            error.context(format_args!("output '{}' is no BYTES tensor", excerpt(self.name())))
        })
    }

    /// The classes of an output that was asked for as classes, the best first, batch for batch. INVALID_ARGUMENT if it
    /// is no BYTES output, INTERNAL if its elements are no classes.
    pub fn classes(&self) -> Result<Vec<Class<'_>>> {
        let strings = self.strings()?;
        let mut classes = Vec::new();
        classes.try_reserve_exact(strings.len()).map_err(|error| {
            let message = format!("no memory for {} classes", strings.len());
            Error::new(Status::ResourceExhausted, Origin::Client, message).with_source(error)
        })?;
        for element in strings {
            classes.push(Class::parse(element)?);
        }
        Ok(classes)
    }

    fn own_data(&self) -> Result<&[u8]> {
        self.data.bytes().ok_or_else(|| {
            let name = excerpt(self.name());
            let message = format!("output '{name}' is where the request wanted it, not in the result");
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
        let own = self.datatype();
        if own == datatype {
            return Ok(());
        }
        if own == Datatype::Invalid {
            return Err(self.head.unknown_datatype_error());
        }
        let name = excerpt(self.name());
        Err(Error::invalid(format!("output '{name}' is {own}, not {datatype}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::infer::{MAX_RANK, place::Data, rank_error};

    fn output(name: String, rank: usize) -> InferOutput {
        let mut head = OutputHead::default();
        (head.name, head.shape) = (name, vec![1; rank]);
        InferOutput::new(head, Data::Shared).unwrap()
    }

    #[test]
    fn messages_and_the_text_of_a_result_are_bounded_whatever_its_names() {
        let long = "\u{7}\u{e4}".repeat(1 << 20);
        let outputs = (0..100).map(|_| output(long.clone(), MAX_RANK)).collect();
        let result = InferResult { model_name: long.clone(), id: long, outputs, ..InferResult::default() };
        let text = result.to_string();
        assert!(text.len() <= DEBUG_BYTE_SIZE + 3 && text.ends_with('…'), "{}", text.len());
        assert!(text.contains("[1, 1, 1, 1, 1, 1, 1, 1] and 1016 more dimensions"));
        let message = result.output("none").unwrap_err().to_string();
        assert!(message.len() < 4096 && message.ends_with(" and 92 more"), "{message}");
        for error in [
            result.outputs[0].strings().unwrap_err(),
            result.outputs[0].as_slice::<i32>().unwrap_err(),
            result.outputs[0].own_data().unwrap_err(),
            rank_error(result.outputs[0].name(), 5000),
        ] {
            assert!(error.full_message().len() < 1024, "{error}");
        }
    }

    #[test]
    fn a_small_result_is_told_whole() {
        let mut result = InferResult { model_name: "m".to_owned(), ..InferResult::default() };
        result.parameters.receive("p".to_owned(), Parameter::String("a\n".to_owned()));
        result.outputs.push(output("O".to_owned(), 2));
        let text = "model 'm' version '' p=\"a\\n\"\noutput 'O' INVALID [1, 1], shared memory";
        assert_eq!(result.to_string(), text);
    }
}
