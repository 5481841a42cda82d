//! METADATA of a server and of its models: names, versions, extensions, and the inputs and outputs of a
//! model. A request can be checked against a model's metadata with triton_infer_request_check.

use std::{
    ffi::{CString, c_char},
    ptr,
};

use super::{
    boundary::boundary,
    call_options::{call_options, triton_call_options},
    client::triton_client,
    convert::{self, EMPTY, c_string, c_strings, string_at},
    datatype::triton_datatype,
    error::{triton_error, triton_status},
    handle::{Out, free, handle, new_handle, read},
    infallible::infallible,
};
use crate::model::{ModelMetadata, ServerMetadata, TensorMetadata};

/// The metadata of a server. Freed with triton_server_metadata_free.
pub struct triton_server_metadata {
    name: CString,
    version: CString,
    extensions: Vec<CString>,
    json: CString,
    /// For the search of extensions.
    metadata: ServerMetadata,
}

/// The metadata of a model. Freed with triton_model_metadata_free.
pub struct triton_model_metadata {
    name: CString,
    platform: CString,
    versions: Vec<CString>,
    inputs: Vec<triton_tensor_metadata>,
    outputs: Vec<triton_tensor_metadata>,
    json: CString,
    /// For the check of requests.
    metadata: ModelMetadata,
}

impl triton_model_metadata {
    pub(super) fn metadata(&self) -> &ModelMetadata {
        &self.metadata
    }
}

/// The metadata of one input or output. Belongs to the model's metadata.
pub struct triton_tensor_metadata {
    name: CString,
    datatype: triton_datatype,
    datatype_name: CString,
    shape: Vec<i64>,
}

impl From<ServerMetadata> for triton_server_metadata {
    fn from(from: ServerMetadata) -> Self {
        Self {
            name: c_string(&from.name),
            version: c_string(&from.version),
            extensions: c_strings(&from.extensions),
            json: c_string(from.json()),
            metadata: from,
        }
    }
}

impl From<ModelMetadata> for triton_model_metadata {
    fn from(from: ModelMetadata) -> Self {
        let tensors = |tensors: &[TensorMetadata]| tensors.iter().map(Into::into).collect();
        Self {
            name: c_string(&from.name),
            platform: c_string(&from.platform),
            versions: c_strings(&from.versions),
            inputs: tensors(&from.inputs),
            outputs: tensors(&from.outputs),
            json: c_string(from.json()),
            metadata: from,
        }
    }
}

impl From<&TensorMetadata> for triton_tensor_metadata {
    fn from(from: &TensorMetadata) -> Self {
        Self {
            name: c_string(&from.name),
            datatype: from.datatype.into(),
            datatype_name: c_string(&from.datatype_name),
            shape: from.shape.clone(),
        }
    }
}

/// Gets the server's metadata. Blocks.
///
/// @param options       the options of the call; NULL for the client's
/// @param metadata_out  the metadata; free it with triton_server_metadata_free
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_server_metadata(
    client: *const triton_client,
    options: *const triton_call_options,
    metadata_out: *mut *mut triton_server_metadata,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(metadata_out, "metadata_out", ptr::null_mut()).required()?;
            let metadata = handle(client, "client")?.client.server_metadata(call_options(options))?;
            out.set(new_handle(metadata.into()));
            Ok(())
        })
    }
}

/// Returns the server's name, for example "triton".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_server_metadata_name(
    metadata: *const triton_server_metadata,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(metadata, EMPTY, |metadata| metadata.name.as_ptr()) })
}

/// Returns the server's version, for example "2.51.0".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_server_metadata_version(
    metadata: *const triton_server_metadata,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(metadata, EMPTY, |metadata| metadata.version.as_ptr()) })
}

/// Returns the number of protocol extensions of the server.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_server_metadata_extension_count(
    metadata: *const triton_server_metadata,
) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(metadata, 0, |metadata| metadata.extensions.len()) })
}

/// Returns the name of an extension, for example "binary_tensor_data"; "" past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_server_metadata_extension(
    metadata: *const triton_server_metadata,
    index: usize,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(metadata, EMPTY, |metadata| string_at(&metadata.extensions, index)) })
}

/// Returns whether the server has an extension: "statistics", "trace", "logging", "model_repository",
/// "model_repository(unload_dependents)", "system_shared_memory", "cuda_shared_memory" and others.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_server_metadata_has_extension(
    metadata: *const triton_server_metadata,
    name: *const c_char,
) -> bool {
    infallible(false, || {
        // SAFETY: the contract's HANDLES, STRINGS.
        unsafe {
            let name = convert::string(name, "name").unwrap_or_default();
            read(metadata, false, |metadata| metadata.metadata.has_extension(name))
        }
    })
}

/// Returns the response as JSON, in the form that it has over HTTP: there it is the body as received. Valid
/// until the metadata is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_server_metadata_json(
    metadata: *const triton_server_metadata,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(metadata, EMPTY, |metadata| metadata.json.as_ptr()) })
}

/// Frees a server's metadata. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_server_metadata_free(metadata: *mut triton_server_metadata) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(metadata) });
}

/// Gets a model's metadata. Blocks.
///
/// @param model_name     must not be empty
/// @param model_version  for example "1"; NULL or "" for the version that the server chooses
/// @param options        the options of the call; NULL for the client's
/// @param metadata_out   the metadata; free it with triton_model_metadata_free
/// @return NOT_FOUND if the server does not have the model or the version
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_model_metadata(
    client: *const triton_client,
    model_name: *const c_char,
    model_version: *const c_char,
    options: *const triton_call_options,
    metadata_out: *mut *mut triton_model_metadata,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, STRINGS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(metadata_out, "metadata_out", ptr::null_mut()).required()?;
            let client = &handle(client, "client")?.client;
            let name = convert::string(model_name, "model_name")?;
            let version = convert::optional_string(model_version, "model_version")?;
            out.set(new_handle(client.model_metadata(name, version, call_options(options))?.into()));
            Ok(())
        })
    }
}

/// Returns the model's name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_metadata_name(metadata: *const triton_model_metadata) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(metadata, EMPTY, |metadata| metadata.name.as_ptr()) })
}

/// Returns the framework or backend that runs the model, for example "python".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_metadata_platform(
    metadata: *const triton_model_metadata,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(metadata, EMPTY, |metadata| metadata.platform.as_ptr()) })
}

/// Returns the number of versions that are available.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_metadata_version_count(
    metadata: *const triton_model_metadata,
) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(metadata, 0, |metadata| metadata.versions.len()) })
}

/// Returns a version, for example "1"; "" past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_metadata_version(
    metadata: *const triton_model_metadata,
    index: usize,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(metadata, EMPTY, |metadata| string_at(&metadata.versions, index)) })
}

/// Returns the number of inputs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_metadata_input_count(metadata: *const triton_model_metadata) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(metadata, 0, |metadata| metadata.inputs.len()) })
}

/// Returns an input; NULL past the end. Valid until the metadata is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_metadata_input(
    metadata: *const triton_model_metadata,
    index: usize,
) -> *const triton_tensor_metadata {
    // SAFETY: the contract's HANDLES.
    infallible(ptr::null(), || unsafe {
        read(metadata, ptr::null(), |metadata| convert::item_at(&metadata.inputs, index))
    })
}

/// Returns the number of outputs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_metadata_output_count(metadata: *const triton_model_metadata) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(metadata, 0, |metadata| metadata.outputs.len()) })
}

/// Returns an output; NULL past the end. Valid until the metadata is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_metadata_output(
    metadata: *const triton_model_metadata,
    index: usize,
) -> *const triton_tensor_metadata {
    // SAFETY: the contract's HANDLES.
    infallible(ptr::null(), || unsafe {
        read(metadata, ptr::null(), |metadata| convert::item_at(&metadata.outputs, index))
    })
}

/// Returns the response as JSON, in the form that it has over HTTP: there it is the body as received. Valid
/// until the metadata is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_metadata_json(metadata: *const triton_model_metadata) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(metadata, EMPTY, |metadata| metadata.json.as_ptr()) })
}

/// Frees a model's metadata, with its inputs and outputs. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_metadata_free(metadata: *mut triton_model_metadata) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(metadata) });
}

/// Returns the name of an input or output.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_tensor_metadata_name(tensor: *const triton_tensor_metadata) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(tensor, EMPTY, |tensor| tensor.name.as_ptr()) })
}

/// Returns the tensor's datatype; TRITON_DATATYPE_INVALID for one that this library does not know.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_tensor_metadata_datatype(
    tensor: *const triton_tensor_metadata,
) -> triton_datatype {
    let none = triton_datatype::TRITON_DATATYPE_INVALID;
    // SAFETY: the contract's HANDLES.
    infallible(none, || unsafe { read(tensor, none, |tensor| tensor.datatype) })
}

/// Returns the name of the tensor's datatype as the server gives it, for example "FP32"; also for one that
/// this library does not know.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_tensor_metadata_datatype_name(
    tensor: *const triton_tensor_metadata,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(tensor, EMPTY, |tensor| tensor.datatype_name.as_ptr()) })
}

/// Returns the tensor's shape, beginning with the batch dimension if the model has one; -1 for a dimension of
/// any size.
///
/// @param rank_out  the number of dimensions; may be NULL
/// @return the dimensions; NULL if there are none
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_tensor_metadata_shape(
    tensor: *const triton_tensor_metadata,
    rank_out: *mut usize,
) -> *const i64 {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe {
            let shape: &[i64] = read(tensor, &[], |tensor| &tensor.shape);
            convert::dimensions(shape, rank_out)
        }
    })
}
