//! The models, and the checks of Triton before one runs. The texts are those of Triton 2.51, the longest
//! shortened.

use std::{
    collections::BTreeSet,
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;

/// A tensor in the binary layout of both protocols.
#[derive(Clone, Debug)]
pub struct Tensor {
    pub name: String,
    pub datatype: String,
    pub shape: Vec<i64>,
    pub data: Bytes,
}

/// An inference request.
#[derive(Debug)]
pub struct Query {
    pub model: String,
    /// Empty for the latest.
    pub version: String,
    pub id: String,
    pub inputs: Vec<Tensor>,
    /// By name; all if empty.
    pub outputs: Vec<String>,
}

/// The kind of a failure, for which both protocols have codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    InvalidArgument,
    NotFound,
    Unsupported,
    Internal,
}

#[derive(Debug)]
pub struct Failure {
    pub kind: Kind,
    pub text: String,
}

impl Failure {
    pub fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }

    pub fn invalid(text: impl Into<String>) -> Self {
        Self::new(Kind::InvalidArgument, text)
    }
}

pub type Result<T> = std::result::Result<T, Failure>;

/// The only version of every model.
pub const VERSION: &str = "1";

#[derive(Debug)]
pub struct Model {
    pub name: String,
    /// 0: shapes have no batch dimension.
    pub max_batch_size: i64,
    /// In the order in which `run` takes them.
    pub inputs: Vec<Spec>,
    /// In the order in which `run` returns them. Each has the shape of the first input.
    pub outputs: Vec<Spec>,
    run: fn(&[Tensor]) -> Result<Vec<Bytes>>,
}

/// The description of a tensor of a model.
#[derive(Debug)]
pub struct Spec {
    pub name: &'static str,
    pub datatype: &'static str,
    /// Without the batch dimension; `None` for any shape.
    dims: Option<&'static [i64]>,
}

/// The names of the datatypes with the byte sizes of their elements; `None` if it varies.
const DATATYPES: [(&str, Option<usize>); 14] = [
    ("BOOL", Some(1)),
    ("UINT8", Some(1)),
    ("UINT16", Some(2)),
    ("UINT32", Some(4)),
    ("UINT64", Some(8)),
    ("INT8", Some(1)),
    ("INT16", Some(2)),
    ("INT32", Some(4)),
    ("INT64", Some(8)),
    ("FP16", Some(2)),
    ("FP32", Some(4)),
    ("FP64", Some(8)),
    ("BYTES", None),
    ("BF16", Some(2)),
];

/// `simple`, `simple_bls`, `simple_string`, and `identity_<type>` for each datatype.
static MODELS: LazyLock<Vec<Model>> = LazyLock::new(|| {
    let sum_and_difference = |name: &str, datatype, run| {
        let specs = |names: [&'static str; 2]| {
            names.into_iter().map(|name| Spec { name, datatype, dims: Some(&[16]) }).collect()
        };
        let (inputs, outputs) = (specs(["INPUT0", "INPUT1"]), specs(["OUTPUT0", "OUTPUT1"]));
        Model { name: name.to_owned(), max_batch_size: 8, inputs, outputs, run }
    };
    let identity = |datatype: &'static str| Model {
        name: format!("identity_{}", datatype.to_lowercase()),
        max_batch_size: 0,
        inputs: vec![Spec { name: "INPUT0", datatype, dims: None }],
        outputs: vec![Spec { name: "OUTPUT0", datatype, dims: None }],
        run: |inputs| Ok(vec![inputs[0].data.clone()]),
    };
    let mut models = vec![
        sum_and_difference("simple", "INT32", simple),
        sum_and_difference("simple_bls", "INT32", simple),
        sum_and_difference("simple_string", "BYTES", simple_string),
    ];
    models.extend(DATATYPES.map(|(datatype, _)| identity(datatype)));
    models
});

/// The models that are unloaded, for all servers of the process.
static UNLOADED: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

fn unloaded() -> MutexGuard<'static, BTreeSet<&'static str>> {
    UNLOADED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Every model's name, and whether it is loaded.
pub fn index() -> Vec<(&'static str, bool)> {
    let unloaded = unloaded();
    MODELS.iter().map(|model| (model.name.as_str(), !unloaded.contains(model.name.as_str()))).collect()
}

pub fn load(name: &str) -> Result<()> {
    if !MODELS.iter().any(|model| model.name == name) {
        let text = format!("failed to load '{name}', failed to poll from model repository");
        return Err(Failure::new(Kind::Internal, text));
    }
    unloaded().remove(name);
    Ok(())
}

/// An unknown model is not an error.
pub fn unload(name: &str) {
    if let Some(model) = MODELS.iter().find(|model| model.name == name) {
        unloaded().insert(&model.name);
    }
}

impl Model {
    /// Returns the model of that name and version; "" is the latest version.
    pub fn find(name: &str, version: &str) -> Result<&'static Self> {
        let not_found = |what: String| {
            Failure::new(Kind::NotFound, format!("Request for unknown model: {what} is not found"))
        };
        if !version.is_empty() && version.parse::<i64>().is_err() {
            return Err(Failure::invalid(format!(
                "failed to get model version from specified version string '{version}' (details: stol), \
                 version should be an integral value > 0"
            )));
        }
        let model =
            MODELS.iter().find(|model| model.name == name).ok_or_else(|| not_found(format!("'{name}'")))?;
        if unloaded().contains(name) {
            let text = format!("Request for unknown model: '{name}' has no available versions");
            return Err(Failure::new(Kind::NotFound, text));
        }
        if version.is_empty() || version == VERSION {
            Ok(model)
        } else {
            Err(not_found(format!("'{name}' version {version}")))
        }
    }

    /// Returns the shape of a tensor in metadata, with -1 for variable dimensions.
    pub fn shape(&self, spec: &Spec) -> Vec<i64> {
        let batch = (self.max_batch_size > 0).then_some(-1);
        batch.into_iter().chain(spec.dims.unwrap_or(&[-1]).iter().copied()).collect()
    }

    /// Returns the datatype's name in the configuration.
    pub fn data_type(spec: &Spec) -> String {
        format!("TYPE_{}", if spec.datatype == "BYTES" { "STRING" } else { spec.datatype })
    }

    /// Returns the shape of a tensor in the configuration.
    pub fn dims(spec: &Spec) -> &'static [i64] {
        spec.dims.unwrap_or(&[-1])
    }

    fn check_batch(&self, inputs: &[Tensor]) -> Result<()> {
        let name = &self.name;
        if self.max_batch_size == 0 {
            return Ok(());
        }
        let batch = inputs[0].shape.first();
        if let Some(other) = inputs.iter().find(|input| input.shape.first() != batch) {
            let other = &other.name;
            return Err(Failure::invalid(format!(
                "input '{other}' batch size does not match other inputs for '{name}'"
            )));
        }
        if batch.is_some_and(|batch| *batch > self.max_batch_size) {
            let max = self.max_batch_size;
            return Err(Failure::invalid(format!(
                "inference request batch-size must be <= {max} for '{name}'"
            )));
        }
        Ok(())
    }

    fn check(&self, input: &Tensor, spec: &Spec) -> Result<()> {
        let Tensor { name, datatype, shape, data } = input;
        let model = &self.name;
        if datatype != spec.datatype {
            let is_known = DATATYPES.iter().any(|(known, _)| known == datatype);
            let datatype = if is_known { datatype } else { "<invalid>" };
            return Err(Failure::invalid(format!(
                "inference input '{name}' data-type is '{datatype}', but model '{model}' expects '{}'",
                spec.datatype
            )));
        }
        let expected = self.shape(spec);
        let fits = |(expected, dim): (&i64, &i64)| *dim >= 0 && (*expected == -1 || expected == dim);
        let is_right = match spec.dims {
            Some(_) => shape.len() == expected.len() && expected.iter().zip(shape).all(fits),
            None => shape.iter().all(|dim| *dim >= 0),
        };
        if !is_right {
            return Err(Failure::invalid(format!(
                "unexpected shape for input '{name}' for model '{model}'. Expected {}, got {}. ",
                list(&expected),
                list(shape)
            )));
        }
        let count =
            shape.iter().try_fold(1usize, |count, dim| count.checked_mul(usize::try_from(*dim).ok()?));
        let element =
            DATATYPES.iter().find(|(known, _)| known == datatype).and_then(|(_, byte_size)| *byte_size);
        let byte_size = count.and_then(|count| count.checked_mul(element.unwrap_or(1)));
        let (Some(count), Some(byte_size)) = (count, byte_size) else {
            return Err(Failure::invalid(format!(
                "input '{name}' for model '{model}' has too many elements"
            )));
        };
        if element.is_none() {
            let strings = strings(input)?.len();
            if strings < count {
                return Err(Failure::invalid(format!(
                    "expected {count} string elements for inference input '{name}' for model '{model}', \
                     got {strings}"
                )));
            }
            if strings > count {
                return Err(Failure::invalid(format!(
                    "unexpected number of string elements {strings} for inference input '{name}' for model \
                     '{model}', expecting {count}"
                )));
            }
        } else if data.len() != byte_size {
            return Err(Failure::invalid(format!(
                "input byte size mismatch for input '{name}' for model '{model}'. Expected {byte_size}, \
                 got {}",
                data.len()
            )));
        }
        Ok(())
    }

    /// Returns the inputs in the model's order; an error if they are not exactly the model's.
    fn arrange(&self, mut inputs: Vec<Tensor>) -> Result<Vec<Tensor>> {
        for (at, input) in inputs.iter().enumerate() {
            if inputs[..at].iter().any(|other| other.name == input.name) {
                return Err(Failure::invalid(format!("input '{}' already exists in request", input.name)));
            }
        }
        let (model, expected, got) = (&self.name, self.inputs.len(), inputs.len());
        let is_given = |spec: &Spec| inputs.iter().any(|input| input.name == spec.name);
        if expected != got {
            let missing: Vec<_> =
                self.inputs.iter().filter(|spec| !is_given(spec)).map(|spec| spec.name).collect();
            let given: Vec<_> = inputs.iter().map(|input| &input.name[..]).collect();
            return Err(Failure::invalid(format!(
                "expected {expected} inputs but got {got} inputs for model '{model}'. Got input(s) {}, but \
                 missing required input(s) {}. Please provide all required input(s).",
                quoted(&given),
                quoted(&missing)
            )));
        }
        let place = |name: &str| self.inputs.iter().position(|spec| spec.name == name);
        if let Some(Tensor { name, .. }) = inputs.iter().find(|input| place(&input.name).is_none()) {
            return Err(Failure::invalid(format!("unexpected inference input '{name}' for model '{model}'")));
        }
        inputs.sort_by_key(|input| place(&input.name));
        Ok(inputs)
    }
}

/// Runs a model, and returns the requested outputs in the model's order.
pub fn infer(query: Query) -> Result<Vec<Tensor>> {
    let Query { model, version, id, inputs, outputs } = query;
    let model = Model::find(&model, &version)?;
    if let Some(name) = outputs.iter().find(|name| !model.outputs.iter().any(|spec| spec.name == **name)) {
        return Err(Failure::invalid(format!(
            "unexpected inference output '{name}' for model '{}'",
            model.name
        )));
    }
    let id = if id.is_empty() { "<id_unknown>" } else { &id };
    let of_request =
        |failure: Failure| Failure { text: format!("[request id: {id}] {}", failure.text), ..failure };
    let inputs = model.arrange(inputs).map_err(of_request)?;
    model.check_batch(&inputs).map_err(of_request)?;
    for (input, spec) in inputs.iter().zip(&model.inputs) {
        model.check(input, spec).map_err(of_request)?;
    }
    let given = model.outputs.iter().zip((model.run)(&inputs)?);
    let requested =
        given.filter(|(spec, _)| outputs.is_empty() || outputs.iter().any(|name| name == spec.name));
    let tensor = |(spec, data): (&Spec, Bytes)| Tensor {
        name: spec.name.to_owned(),
        datatype: spec.datatype.to_owned(),
        shape: inputs[0].shape.clone(),
        data,
    };
    Ok(requested.map(tensor).collect())
}

fn simple(inputs: &[Tensor]) -> Result<Vec<Bytes>> {
    let apply = |operation: fn(i32, i32) -> i32| {
        let (a, b) = (inputs[0].data.as_chunks().0, inputs[1].data.as_chunks().0);
        let results = a.iter().zip(b).map(|(a, b)| operation(i32::from_le_bytes(*a), i32::from_le_bytes(*b)));
        results.flat_map(i32::to_le_bytes).collect::<Bytes>()
    };
    Ok(vec![apply(i32::wrapping_add), apply(i32::wrapping_sub)])
}

fn simple_string(inputs: &[Tensor]) -> Result<Vec<Bytes>> {
    let numbers = |input: &Tensor| -> Result<Vec<i64>> {
        let number = |text: &[u8]| str::from_utf8(text).ok()?.parse().ok();
        let no_number = |text: &[u8]| {
            let text = text.escape_ascii();
            Failure::new(Kind::Internal, format!("Failed to process the request(s): not a number: '{text}'"))
        };
        strings(input)?.into_iter().map(|text| number(text).ok_or_else(|| no_number(text))).collect()
    };
    let (a, b) = (numbers(&inputs[0])?, numbers(&inputs[1])?);
    let apply = |operation: fn(i64, i64) -> i64| {
        let mut data = Vec::new();
        for (a, b) in a.iter().zip(&b) {
            let text = operation(*a, *b).to_string();
            data.extend_from_slice(&(text.len() as u32).to_le_bytes());
            data.extend_from_slice(text.as_bytes());
        }
        Bytes::from(data)
    };
    Ok(vec![apply(i64::wrapping_add), apply(i64::wrapping_sub)])
}

/// Returns the elements of a BYTES tensor, each preceded by its length in four bytes.
fn strings(input: &Tensor) -> Result<Vec<&[u8]>> {
    let (name, mut rest, mut strings) = (&input.name, &input.data[..], Vec::new());
    while !rest.is_empty() {
        let Some((length, tail)) = rest.split_first_chunk() else {
            return Err(Failure::invalid(format!(
                "incomplete string length indicator for inference input '{name}', expecting 4 bytes but only \
                 {} bytes available",
                rest.len()
            )));
        };
        let length = u32::from_le_bytes(*length) as usize;
        let Some((string, tail)) = tail.split_at_checked(length) else {
            return Err(Failure::invalid(format!(
                "incomplete string data for inference input '{name}', expecting string of length {length} \
                 but only {} bytes available",
                tail.len()
            )));
        };
        strings.push(string);
        rest = tail;
    }
    Ok(strings)
}

fn list(shape: &[i64]) -> String {
    let dims: Vec<_> = shape.iter().map(i64::to_string).collect();
    format!("[{}]", dims.join(","))
}

fn quoted(names: &[&str]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("'{name}'")).collect();
    format!("[{}]", names.join(","))
}
