//! CONFIGURATION of a model. Getters exist for the properties that programs commonly need;
//! triton_model_config_json has all of them.

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

/// The configuration of one input or output. Belongs to the model's configuration.
pub struct triton_tensor_config {
    name: CString,
    label_filename: CString,
    config: TensorConfig,
}

/// The meaning of the dimensions of an input.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum triton_tensor_format {
    /// Not specified.
    TRITON_TENSOR_FORMAT_NONE = 0,
    /// Height, width, channels.
    TRITON_TENSOR_FORMAT_NHWC = 1,
    /// Channels, height, width.
    TRITON_TENSOR_FORMAT_NCHW = 2,
}

/// The versions of a model that are served.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum triton_version_policy {
    /// A number of the newest versions.
    TRITON_VERSION_POLICY_LATEST = 0,
    /// All versions.
    TRITON_VERSION_POLICY_ALL = 1,
    /// The versions of triton_model_config_version.
    TRITON_VERSION_POLICY_SPECIFIC = 2,
}

/// The way in which the requests of sequences are batched.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum triton_sequence_strategy {
    /// The model has no sequences.
    TRITON_SEQUENCE_STRATEGY_NONE = 0,
    /// A sequence always has the same slot of a batch.
    TRITON_SEQUENCE_STRATEGY_DIRECT = 1,
    /// A sequence has a slot in any batch, the oldest sequence first.
    TRITON_SEQUENCE_STRATEGY_OLDEST = 2,
}

impl From<TensorFormat> for triton_tensor_format {
    fn from(format: TensorFormat) -> Self {
        match format {
            TensorFormat::None => Self::TRITON_TENSOR_FORMAT_NONE,
            TensorFormat::Nhwc => Self::TRITON_TENSOR_FORMAT_NHWC,
            TensorFormat::Nchw => Self::TRITON_TENSOR_FORMAT_NCHW,
        }
    }
}

impl From<&VersionPolicy> for triton_version_policy {
    fn from(policy: &VersionPolicy) -> Self {
        match policy {
            VersionPolicy::Latest(_) => Self::TRITON_VERSION_POLICY_LATEST,
            VersionPolicy::All => Self::TRITON_VERSION_POLICY_ALL,
            VersionPolicy::Specific(_) => Self::TRITON_VERSION_POLICY_SPECIFIC,
        }
    }
}

impl From<Option<SequenceStrategy>> for triton_sequence_strategy {
    fn from(strategy: Option<SequenceStrategy>) -> Self {
        match strategy {
            None => Self::TRITON_SEQUENCE_STRATEGY_NONE,
            Some(SequenceStrategy::Direct) => Self::TRITON_SEQUENCE_STRATEGY_DIRECT,
            Some(SequenceStrategy::Oldest) => Self::TRITON_SEQUENCE_STRATEGY_OLDEST,
        }
    }
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

/// Gets a model's configuration. Blocks.
///
/// @param model_name     must not be empty
/// @param model_version  for example "1"; NULL or "" for the version that the server chooses
/// @param options        the options of the call; NULL for the client's
/// @param config_out     the configuration; free it with triton_model_config_free
/// @return NOT_FOUND if the server does not have the model or the version
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_model_config(
    client: *const triton_client,
    model_name: *const c_char,
    model_version: *const c_char,
    options: *const triton_call_options,
    config_out: *mut *mut triton_model_config,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, STRINGS, OUT-PARAMETERS.
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

/// Returns the model's name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_name(config: *const triton_model_config) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(config, EMPTY, |config| config.name.as_ptr()) })
}

/// Returns the framework that runs the model, for example "onnxruntime_onnx" or "ensemble"; "" if the
/// server gives only the backend.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_platform(config: *const triton_model_config) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(config, EMPTY, |config| config.platform.as_ptr()) })
}

/// Returns the backend that runs the model, for example "python"; "" if the server gives only the
/// platform.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_backend(config: *const triton_model_config) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(config, EMPTY, |config| config.backend.as_ptr()) })
}

/// Returns the maximum batch size; 0 if the model's tensors have no batch dimension.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_max_batch_size(config: *const triton_model_config) -> i32 {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(config, 0, |config| config.config.max_batch_size) })
}

/// Returns whether a request may have any number of responses, which only a stream can receive.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_is_decoupled(config: *const triton_model_config) -> bool {
    // SAFETY: the contract's HANDLES.
    infallible(false, || unsafe { read(config, false, |config| config.config.is_decoupled) })
}

/// Returns which versions are served.
///
/// @param latest_out  the number of newest versions that are served, with
///                    TRITON_VERSION_POLICY_LATEST, otherwise 0; may be NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_version_policy(
    config: *const triton_model_config,
    latest_out: *mut u32,
) -> triton_version_policy {
    let none = triton_version_policy::TRITON_VERSION_POLICY_LATEST;
    infallible(none, || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe {
            let out = Out::new(latest_out, "latest_out", 0);
            read(config, none, |config| {
                if let VersionPolicy::Latest(count) = config.config.version_policy {
                    out.set(count);
                }
                (&config.config.version_policy).into()
            })
        }
    })
}

/// Returns the number of versions that are served, with TRITON_VERSION_POLICY_SPECIFIC; otherwise 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_version_count(config: *const triton_model_config) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(config, 0, |config| config.config.version_policy.versions().len()) })
}

/// Returns a version that is served, with TRITON_VERSION_POLICY_SPECIFIC; 0 past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_version(
    config: *const triton_model_config,
    index: usize,
) -> i64 {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe {
        read(config, 0, |config| config.config.version_policy.versions().get(index).copied().unwrap_or(0))
    })
}

/// Returns how the requests of sequences are batched.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_sequence_strategy(
    config: *const triton_model_config,
) -> triton_sequence_strategy {
    let none = triton_sequence_strategy::TRITON_SEQUENCE_STRATEGY_NONE;
    // SAFETY: the contract's HANDLES.
    infallible(none, || unsafe {
        read(config, none, |config| config.config.sequence_batching.map(|batching| batching.strategy).into())
    })
}

/// Returns the time without a request after which a sequence is dropped, in microseconds; 0 if the model has
/// no sequences.
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

/// Returns the number of inputs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_input_count(config: *const triton_model_config) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(config, 0, |config| config.inputs.len()) })
}

/// Returns an input; NULL past the end. Valid until the configuration is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_input(
    config: *const triton_model_config,
    index: usize,
) -> *const triton_tensor_config {
    // SAFETY: the contract's HANDLES.
    infallible(ptr::null(), || unsafe {
        read(config, ptr::null(), |config| convert::item_at(&config.inputs, index))
    })
}

/// Returns the number of outputs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_output_count(config: *const triton_model_config) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(config, 0, |config| config.outputs.len()) })
}

/// Returns an output; NULL past the end. Valid until the configuration is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_output(
    config: *const triton_model_config,
    index: usize,
) -> *const triton_tensor_config {
    // SAFETY: the contract's HANDLES.
    infallible(ptr::null(), || unsafe {
        read(config, ptr::null(), |config| convert::item_at(&config.outputs, index))
    })
}

/// Returns the whole configuration as JSON, in the form of Triton's HTTP interface: field names as in
/// protobuf, enums by name, 64-bit numbers as numbers. A model can be loaded with it
/// (triton_repository_options_set_config). Valid until the configuration is freed.
///
/// The values are the same over both protocols. Over HTTP it is the body as received, except for 64-bit
/// numbers that were strings. Over gRPC it is made from the message: without fields that this library does
/// not know, and without unset fields that Triton 2.51 does not know.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_json(config: *const triton_model_config) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(config, EMPTY, |config| config.json.as_ptr()) })
}

/// Frees a model's configuration, with its inputs and outputs. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_config_free(config: *mut triton_model_config) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(config) });
}

/// Returns the name of an input or output.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_tensor_config_name(tensor: *const triton_tensor_config) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(tensor, EMPTY, |tensor| tensor.name.as_ptr()) })
}

/// Returns the tensor's datatype; TRITON_DATATYPE_INVALID for one that this library does not know.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_tensor_config_datatype(
    tensor: *const triton_tensor_config,
) -> triton_datatype {
    let none = triton_datatype::TRITON_DATATYPE_INVALID;
    // SAFETY: the contract's HANDLES.
    infallible(none, || unsafe { read(tensor, none, |tensor| tensor.config.datatype.into()) })
}

/// Returns the tensor's shape without the batch dimension; -1 for a dimension of any size.
///
/// @param rank_out  the number of dimensions; may be NULL
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

/// Returns the meaning of the tensor's dimensions; TRITON_TENSOR_FORMAT_NONE for an output.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_tensor_config_format(
    tensor: *const triton_tensor_config,
) -> triton_tensor_format {
    let none = triton_tensor_format::TRITON_TENSOR_FORMAT_NONE;
    // SAFETY: the contract's HANDLES.
    infallible(none, || unsafe { read(tensor, none, |tensor| tensor.config.format.into()) })
}

/// Returns whether a request may omit the input; false for an output.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_tensor_config_is_optional(tensor: *const triton_tensor_config) -> bool {
    // SAFETY: the contract's HANDLES.
    infallible(false, || unsafe { read(tensor, false, |tensor| tensor.config.is_optional) })
}

/// Returns the file with the class labels of an output; "" if there is none, and for an input.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_tensor_config_label_filename(
    tensor: *const triton_tensor_config,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(tensor, EMPTY, |tensor| tensor.label_filename.as_ptr()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enums_of_a_configuration_have_the_same_numbers_in_c_and_rust() {
        for format in [TensorFormat::None, TensorFormat::Nhwc, TensorFormat::Nchw] {
            assert_eq!(triton_tensor_format::from(format) as i32, format.number());
        }
        for policy in [VersionPolicy::Latest(1), VersionPolicy::All, VersionPolicy::Specific(vec![])] {
            assert_eq!(triton_version_policy::from(&policy) as i32, policy.number());
        }
        assert_eq!(triton_sequence_strategy::from(None) as i32, 0);
        for strategy in [SequenceStrategy::Direct, SequenceStrategy::Oldest] {
            assert_eq!(triton_sequence_strategy::from(Some(strategy)) as i32, strategy.number());
        }
    }
}
