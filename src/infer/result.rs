//! The result of an inference: outputs by name and index, their data aligned.

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

/// The parameter by which Triton marks the last response to a request.
const FINAL: &str = "triton_final_response";

/// The maximum number of outputs of a result: each costs more memory here than in the response.
pub(crate) const MAX_OUTPUTS: usize = 1 << 16;

/// Returns RESOURCE_EXHAUSTED if a result has more outputs than [`MAX_OUTPUTS`].
pub(crate) fn check_output_count(count: usize) -> Result<()> {
    if count <= MAX_OUTPUTS {
        return Ok(());
    }
    let message = format!("the response exceeds the limit of {MAX_OUTPUTS} outputs");
    Err(Error::new(Status::ResourceExhausted, Origin::Client, message).in_doubt(true))
}

/// Returns INTERNAL if two outputs have the same name: which of them counts is undefined.
pub(crate) fn check_output_names(outputs: &[InferOutput]) -> Result<()> {
    /// Up to this number comparing all pairs is fastest.
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

/// Whether a result is the last response to its request. The numbers are those of the C API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Finality {
    /// Not known: the response does not state it, and more responses are possible. It came on a
    /// [`Stream`](crate::Stream) of a server that does not state it (Triton before 2.35, and others), or was
    /// read from bytes ([`InferResult::from_grpc_message`], [`InferResult::from_http_body`]).
    Unknown = 0,
    /// It is the last response.
    Final = 1,
    /// More responses follow.
    NotFinal = 2,
}

/// The result of an inference. It outlives its request and its client.
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
    /// Whether it was received in a call that has one response.
    pub(crate) is_unary: bool,
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
            is_unary: false,
        }
    }
}

impl InferResult {
    /// Returns the name of the model.
    pub fn model_name(&self) -> &str {
        &self.model_name
    }

    /// Returns the version of the model that the server chose.
    pub fn model_version(&self) -> &str {
        &self.model_version
    }

    /// Returns the id of the request; empty if it had none.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the parameters of the result as a whole.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Returns the headers of the response; over gRPC its metadata. Empty if the result was read from bytes.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// Returns the URL of the server, `grpc://host:8001`. Empty if the result was read from bytes.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Returns whether this is the last response to its request.
    ///
    /// The parameter `triton_final_response` decides. Without it, the response of a call is final, since it
    /// is the only one, and the finality of a result that came on a stream, or was read from bytes, is
    /// unknown. Triton marks the last response of a decoupled model only if the request asked for
    /// [the empty final response](crate::InferRequest::set_empty_final_response).
    pub fn finality(&self) -> Finality {
        match self.parameters.get(FINAL) {
            Some(Parameter::Bool(true)) => Finality::Final,
            Some(Parameter::Bool(false)) => Finality::NotFinal,
            _ if self.is_unary => Finality::Final,
            _ => Finality::Unknown,
        }
    }

    /// Returns whether [`finality`](Self::finality) is [`Finality::Final`].
    pub fn is_final(&self) -> bool {
        self.finality() == Finality::Final
    }

    /// Returns whether this is the last response to its request and has no outputs.
    pub fn is_null(&self) -> bool {
        self.outputs.is_empty() && self.is_final()
    }

    /// Returns how the time of the call divides into stages.
    pub fn times(&self) -> CallTimes {
        self.times
    }

    /// Returns all outputs, in the server's order.
    pub fn outputs(&self) -> &[InferOutput] {
        &self.outputs
    }

    /// Returns the output of a name. NOT_FOUND, with the names of all outputs, if there is none.
    pub fn output(&self, name: &str) -> Result<&InferOutput> {
        let found = self.outputs.iter().find(|output| output.name() == name);
        found.ok_or_else(|| self.unknown_output(name))
    }

    /// Returns the error of a name that no output has.
    pub(crate) fn unknown_output(&self, name: &str) -> Error {
        let names = list(self.outputs.iter().map(InferOutput::name));
        let message = format!("there is no output '{}' in the result, which has {names}", excerpt(name));
        Error::new(Status::NotFound, Origin::Argument, message)
    }
}

/// The maximum size of a result's text: 64 KiB.
const DEBUG_BYTE_SIZE: usize = 64 << 10;

/// Writes model, outputs and parameters without the data, for logs. Strings are cut at 256 bytes, shapes at 8
/// dimensions, the whole at 64 KiB.
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

/// Returns a string on one line, truncated.
fn plain(text: &str) -> String {
    excerpt(text).escaped()
}

/// A writer that fails at a maximum size.
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
    /// Checks that the data matches the datatype and shape.
    pub(crate) fn new(head: OutputHead, data: Data) -> Result<Self> {
        head.check_rank()?;
        if matches!(data, Data::Shared) {
            return Ok(Self { head, data });
        }
        let have = data.byte_size() as u64;
        let (datatype, shape) = (head.datatype(), &head.shape);
        if let Some(expected) = head.byte_size()?
            && expected != have
        {
            return Err(head.malformed(format!(
                "expected {expected} bytes for datatype {datatype} and shape {}, got {have}",
                dimensions(shape)
            )));
        }
        // The number of BYTES elements is checked when they are read.
        let is_missing = have == 0 && tensor::element_count(shape).is_some_and(|count| count > 0);
        if datatype == Datatype::Bytes && is_missing {
            let shape = dimensions(shape);
            return Err(head.malformed(format!("missing data of a BYTES tensor of shape {shape}")));
        }
        Ok(Self { head, data })
    }

    /// Returns the name, as in the model's configuration.
    pub fn name(&self) -> &str {
        &self.head.name
    }

    /// Returns the datatype; [`Datatype::Invalid`] for one unknown to this version of the library
    /// ([`datatype_name`](Self::datatype_name)). Such an output has its data if it was sent in binary; JSON
    /// data and typed contents are skipped.
    pub fn datatype(&self) -> Datatype {
        self.head.datatype()
    }

    /// Returns the name of the datatype as the server sent it: `"FP32"`, or an unknown one, `"STRING"`. Empty
    /// if the server sent none.
    pub fn datatype_name(&self) -> &str {
        self.head.datatype_name()
    }

    /// Returns the shape, the batch dimension first if the model has one. If the server left one dimension
    /// open (-1), it is computed from the data, except for an unknown datatype and for data in shared memory.
    pub fn shape(&self) -> &[i64] {
        &self.head.shape
    }

    /// Returns the parameters of the output.
    pub fn parameters(&self) -> &Parameters {
        &self.head.parameters
    }

    /// Returns the bytes of the tensor: row-major, little-endian, aligned to 64 bytes. Each BYTES element
    /// follows its length; [`strings`](Self::strings) separates them. Empty if the output was written to the
    /// caller's buffer or shared memory.
    pub fn data(&self) -> &[u8] {
        self.data.bytes().unwrap_or_default()
    }

    /// Returns the size of the tensor in bytes, in the result or in the caller's buffer; 0 for one in shared
    /// memory.
    pub fn byte_size(&self) -> usize {
        self.data.byte_size()
    }

    /// Returns whether the data was written to the buffer that the request set for the output.
    pub fn is_in_caller_buffer(&self) -> bool {
        matches!(self.data, Data::Lent { .. })
    }

    /// Returns the address of the bytes: in the result, or in the caller's buffer.
    pub(crate) fn start(&self) -> *const u8 {
        self.data.start()
    }

    /// Returns the elements. INVALID_ARGUMENT, with both datatypes, if they are not of type `T`;
    /// FAILED_PRECONDITION if the output was written to the caller's buffer or shared memory.
    pub fn as_slice<T: Element>(&self) -> Result<&[T]> {
        self.expect(T::DATATYPE)?;
        bytemuck::checked::try_cast_slice(self.own_data()?).map_err(|error| {
            Error::malformed_response(format!(
                "output '{}': invalid {} tensor",
                excerpt(self.name()),
                T::DATATYPE
            ))
            .with_source(error.to_string())
        })
    }

    /// Returns the elements of a BYTES output, without a copy. Each call counts them, then allocates 16 bytes
    /// for each.
    ///
    /// INVALID_ARGUMENT if the datatype is not BYTES; INTERNAL if the tensor is malformed or its number of
    /// elements does not match the shape; FAILED_PRECONDITION if the output was written to the caller's
    /// buffer or shared memory; RESOURCE_EXHAUSTED if there is no memory for the list.
    pub fn strings(&self) -> Result<Vec<&[u8]>> {
        self.expect(Datatype::Bytes)?;
        let count = tensor::element_count(self.shape()).unwrap_or(0);
        bytes::elements(self.own_data()?, count).map_err(|error| {
            error.context(format_args!("output '{}': invalid BYTES tensor", excerpt(self.name())))
        })
    }

    /// Returns the classes of an output that was requested as classes, the best first, for each batch entry
    /// in turn. INVALID_ARGUMENT if the datatype is not BYTES, INTERNAL if an element is not a class.
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
            let message = format!(
                "output '{name}' was written to the caller's buffer or shared memory \
                 and is not part of the result"
            );
            Error::precondition(message)
        })
    }

    /// Returns the address and number of the elements, in the result or in the caller's buffer. Errors as for
    /// [`as_slice`](Self::as_slice), and INVALID_ARGUMENT for BYTES.
    pub(crate) fn elements(&self, datatype: Datatype) -> Result<(*const u8, usize)> {
        let Some(size) = datatype.byte_size() else {
            let name = excerpt(self.name());
            return Err(Error::invalid(format!(
                "output '{name}': elements of datatype {datatype} have no fixed size; read BYTES as strings"
            )));
        };
        self.expect(datatype)?;
        self.check_not_shared()?;
        Ok((self.start(), self.byte_size() / size))
    }

    /// Returns FAILED_PRECONDITION for an output in shared memory, whose address is not known here.
    fn check_not_shared(&self) -> Result<()> {
        match self.data {
            Data::Shared => self.own_data().map(drop),
            _ => Ok(()),
        }
    }

    fn expect(&self, datatype: Datatype) -> Result<()> {
        let own = self.datatype();
        if own == datatype {
            return Ok(());
        }
        if own == Datatype::Invalid {
            return Err(self.head.unknown_datatype_error());
        }
        let name = excerpt(self.name());
        Err(Error::invalid(format!("output '{name}': expected datatype {datatype}, got {own}")))
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
    fn messages_and_the_text_of_a_result_are_bounded_for_any_names() {
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
    fn the_text_of_a_small_result_is_complete() {
        let mut result = InferResult { model_name: "m".to_owned(), ..InferResult::default() };
        result.parameters.receive("p".to_owned(), Parameter::String("a\n".to_owned()));
        result.outputs.push(output("O".to_owned(), 2));
        let text = "model 'm' version '' p=\"a\\n\"\noutput 'O' INVALID [1, 1], shared memory";
        assert_eq!(result.to_string(), text);
    }
}
