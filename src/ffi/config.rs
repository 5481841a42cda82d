//! CONFIGURATION of a model: typed, as far as programs need it, and whole as JSON. Indices are 0, 1, 2; past the end a getter
//! answers an empty text, NULL or 0.

use std::{
    ffi::{CString, c_char},
    ptr,
};

use super::{
    boundary::boundary,
    call_options::{call_options, triton_call_options},
    client::triton_client,
    convert::{self, EMPTY, c_string},
    datatype::triton_datatype,
    error::{triton_error, triton_status},
    handle::{Out, free, handle, new_handle, read},
    infallible::infallible,
};
use crate::model::{ModelConfig, SequenceStrategy, TensorConfig, TensorFormat, VersionPolicy};

/// A model's configuration. Freed with triton_model_config_free.
pub struct triton_model_config {
    name: CString,
    platform: CString,
    backend: CString,
    json: CString,
    inputs: Vec<triton_tensor_config>,
    outputs: Vec<triton_tensor_config>,
    config: ModelConfig,
}

/// What a model's configuration says of one input or output. Belongs to the configuration.
pub struct triton_tensor_config {
    name: CString,
    label_filename: CString,
    config: TensorConfig,
}

/// How the dimensions of an input are to be read.
#[repr(i32)]
#[derive(Clone, Copy)]
pub enum triton_tensor_format {
    /// As the model has it.
    TRITON_TENSOR_FORMAT_NONE = 0,
    /// Height, width, channels.
    TRITON_TENSOR_FORMAT_NHWC = 1,
    /// Channels, height, width.
    TRITON_TENSOR_FORMAT_NCHW = 2,
}

/// Which versions of a model are served.
#[repr(i32)]
#[derive(Clone, Copy)]
pub enum triton_version_policy {
    /// So many of the newest: triton_model_config_latest_count.
    TRITON_VERSION_POLICY_LATEST = 0,
    /// All.
    TRITON_VERSION_POLICY_ALL = 1,
    /// Those of triton_model_config_version.
    TRITON_VERSION_POLICY_SPECIFIC = 2,
}

/// How the requests of sequences are batched.
#[repr(i32)]
#[derive(Clone, Copy)]
pub enum triton_sequence_strategy {
    /// Not at all: the model has no state.
    TRITON_SEQUENCE_STRATEGY_NONE = 0,
    /// A sequence runs always in the same place of a batch.
    TRITON_SEQUENCE_STRATEGY_DIRECT = 1,
    /// A sequence runs in any batch, the oldest first.
    TRITON_SEQUENCE_STRATEGY_OLDEST = 2,
}

impl From<ModelConfig> for triton_model_config {
    fn from(config: ModelConfig) -> Self {
        let tensor = |tensor: &TensorConfig| triton_tensor_config {
            name: c_string(&tensor.name),
            label_filename: c_string(&tensor.label_filename),
            config: tensor.clone(),
        };
        Self {
            name: c_string(&config.name),
            platform: c_string(&config.platform),
            backend: c_string(&config.backend),
            json: c_string(config.json()),
            inputs: config.inputs.iter().map(tensor).collect(),
            outputs: config.outputs.iter().map(tensor).collect(),
            config,
        }
    }
}

/// Asks for a model's configuration. Blocks.
///
/// @param model_name     not empty
/// @param model_version  "1"; NULL or "" for the one that the server would choose
/// @param options        of the call; NULL for the client's
/// @param config_out     the answer; free it with triton_model_config_free
/// @return NOT_FOUND for a model or version that the server does not have
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_model_config(
    client: *const triton_client,
    model_name: *const c_char,
    model_version: *const c_char,
    options: *const triton_call_options,
    config_out: *mut *mut triton_model_config,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(config_out, "config_out", ptr::null_mut()).required()?;
            let client = &handle(client, "client")?.client;
            let name = convert::string(model_name, "model_name")?;
            let version = convert::optional_string(model_version, "model_version")?;
            out.set(new_handle(client.model_config(name, version, call_options(options))?.into()));
            Ok(())
        })
    }
}

/// The whole configuration as JSON, by Triton's schema over HTTP: names of protobuf's fields, enums by name, numbers of
/// 64 bits as numbers. The values are the same over both protocols, and the server loads a model with this text
/// (triton_repository_options_set_config). Over HTTP the text is as it came, but for numbers of 64 bits that came as strings.
/// Over gRPC it is made of the message: without members that Triton 2.51 does not know unless they are set, and without those
/// that this library does not know. Valid until the configuration is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_json(config: *const triton_model_config) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(config, EMPTY, |config| config.json.as_ptr()) })
}

/// The model's name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_name(config: *const triton_model_config) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(config, EMPTY, |config| config.name.as_ptr()) })
}

/// The framework that runs it, "onnxruntime_onnx", "ensemble"; empty where only the backend is told.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_platform(config: *const triton_model_config) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(config, EMPTY, |config| config.platform.as_ptr()) })
}

/// The backend that runs it, "python"; empty where only the platform is told.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_backend(config: *const triton_model_config) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(config, EMPTY, |config| config.backend.as_ptr()) })
}

/// The largest batch; 0 for a model whose tensors have no batch dimension.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_max_batch_size(config: *const triton_model_config) -> i32 {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(config, 0, |config| config.config.max_batch_size) })
}

/// Whether a request may have any number of responses, as only streams can hear them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_is_decoupled(config: *const triton_model_config) -> bool {
    // SAFETY: the contract's HANDLES.
    infallible(false, || unsafe { read(config, false, |config| config.config.is_decoupled) })
}

/// Which versions are served.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_version_policy(
    config: *const triton_model_config,
) -> triton_version_policy {
    let none = triton_version_policy::TRITON_VERSION_POLICY_LATEST;
    // SAFETY: the contract's HANDLES.
    infallible(none, || unsafe {
        read(config, none, |config| match config.config.version_policy {
            VersionPolicy::Latest(_) => triton_version_policy::TRITON_VERSION_POLICY_LATEST,
            VersionPolicy::All => triton_version_policy::TRITON_VERSION_POLICY_ALL,
            VersionPolicy::Specific(_) => triton_version_policy::TRITON_VERSION_POLICY_SPECIFIC,
        })
    })
}

/// How many of the newest versions are served, with TRITON_VERSION_POLICY_LATEST; else 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_latest_count(config: *const triton_model_config) -> u32 {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe {
        read(config, 0, |config| match config.config.version_policy {
            VersionPolicy::Latest(count) => count,
            _ => 0,
        })
    })
}

/// The number of versions that are served, with TRITON_VERSION_POLICY_SPECIFIC; else 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_version_count(config: *const triton_model_config) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(config, 0, |config| specific(config).len()) })
}

/// A version that is served, with TRITON_VERSION_POLICY_SPECIFIC; 0 past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_version(
    config: *const triton_model_config,
    index: usize,
) -> i64 {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(config, 0, |config| specific(config).get(index).copied().unwrap_or(0)) })
}

fn specific(config: &triton_model_config) -> &[i64] {
    match &config.config.version_policy {
        VersionPolicy::Specific(versions) => versions,
        _ => &[],
    }
}

/// How the requests of sequences are batched.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_sequence_strategy(
    config: *const triton_model_config,
) -> triton_sequence_strategy {
    let none = triton_sequence_strategy::TRITON_SEQUENCE_STRATEGY_NONE;
    // SAFETY: the contract's HANDLES.
    infallible(none, || unsafe {
        read(config, none, |config| match config.config.sequence_batching.map(|batching| batching.strategy) {
            None => none,
            Some(SequenceStrategy::Direct) => triton_sequence_strategy::TRITON_SEQUENCE_STRATEGY_DIRECT,
            Some(SequenceStrategy::Oldest) => triton_sequence_strategy::TRITON_SEQUENCE_STRATEGY_OLDEST,
        })
    })
}

/// How long, in microseconds, a sequence may be silent before it is given up; 0 for a model without a state.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_max_sequence_idle_us(config: *const triton_model_config) -> u64 {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe {
        read(config, 0, |config| {
            let idle = config.config.sequence_batching.map(|batching| batching.max_idle.as_micros());
            idle.map_or(0, |idle| u64::try_from(idle).unwrap_or(u64::MAX))
        })
    })
}

/// The number of inputs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_input_count(config: *const triton_model_config) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(config, 0, |config| config.inputs.len()) })
}

/// An input; NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_input(
    config: *const triton_model_config,
    index: usize,
) -> *const triton_tensor_config {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES.
        unsafe { read(config, None, |config| config.inputs.get(index)) }.map_or(ptr::null(), ptr::from_ref)
    })
}

/// The number of outputs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_output_count(config: *const triton_model_config) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(config, 0, |config| config.outputs.len()) })
}

/// An output; NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_output(
    config: *const triton_model_config,
    index: usize,
) -> *const triton_tensor_config {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES.
        unsafe { read(config, None, |config| config.outputs.get(index)) }.map_or(ptr::null(), ptr::from_ref)
    })
}

/// Frees a model's configuration, with its inputs and outputs; NULL is harmless.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_free(config: *mut triton_model_config) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(config) });
}

/// The name of an input or output.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_tensor_config_name(tensor: *const triton_tensor_config) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(tensor, EMPTY, |tensor| tensor.name.as_ptr()) })
}

/// Its datatype; TRITON_DATATYPE_INVALID for one that this library does not know.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_tensor_config_datatype(
    tensor: *const triton_tensor_config,
) -> triton_datatype {
    let none = triton_datatype::TRITON_DATATYPE_INVALID;
    // SAFETY: the contract's HANDLES.
    infallible(none, || unsafe { read(tensor, none, |tensor| tensor.config.datatype.into()) })
}

/// Its shape without the batch dimension; -1 for a dimension that may vary.
///
/// @param rank_out  the number of dimensions; NULL is allowed
/// @return the dimensions; NULL if there are none
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_tensor_config_dims(
    tensor: *const triton_tensor_config,
    rank_out: *mut usize,
) -> *const i64 {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe {
            let dims: &[i64] = read(tensor, &[], |tensor| &tensor.config.dims);
            convert::dimensions(dims, rank_out)
        }
    })
}

/// How its dimensions are to be read; of an output always TRITON_TENSOR_FORMAT_NONE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_tensor_config_format(
    tensor: *const triton_tensor_config,
) -> triton_tensor_format {
    let none = triton_tensor_format::TRITON_TENSOR_FORMAT_NONE;
    // SAFETY: the contract's HANDLES.
    infallible(none, || unsafe {
        read(tensor, none, |tensor| match tensor.config.format {
            TensorFormat::None => none,
            TensorFormat::Nhwc => triton_tensor_format::TRITON_TENSOR_FORMAT_NHWC,
            TensorFormat::Nchw => triton_tensor_format::TRITON_TENSOR_FORMAT_NCHW,
        })
    })
}

/// Whether a request may leave the input away; of an output always false.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_tensor_config_is_optional(tensor: *const triton_tensor_config) -> bool {
    // SAFETY: the contract's HANDLES.
    infallible(false, || unsafe { read(tensor, false, |tensor| tensor.config.is_optional) })
}

/// The file with the names of an output's classes; empty for none, and for inputs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_tensor_config_label_filename(
    tensor: *const triton_tensor_config,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(tensor, EMPTY, |tensor| tensor.label_filename.as_ptr()) })
}
