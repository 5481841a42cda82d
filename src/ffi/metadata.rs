//! METADATA: what a server and a model say of themselves. Indices are 0, 1, 2; past the end a getter answers an empty
//! text or NULL.

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

/// What a server says of itself. Freed with triton_server_metadata_free.
pub struct triton_server_metadata {
    name: CString,
    version: CString,
    extensions: Vec<CString>,
    json: CString,
    /// As it came, for extensions to be looked for.
    metadata: ServerMetadata,
}

/// What a model says of itself. Freed with triton_model_metadata_free.
pub struct triton_model_metadata {
    name: CString,
    platform: CString,
    versions: Vec<CString>,
    inputs: Vec<triton_tensor_metadata>,
    outputs: Vec<triton_tensor_metadata>,
    json: CString,
    /// As it came, for requests to be held against it.
    metadata: ModelMetadata,
}

impl triton_model_metadata {
    pub(super) fn metadata(&self) -> &ModelMetadata {
        &self.metadata
    }
}

/// What a model says of one input or output. Belongs to the model's metadata.
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

/// Asks what the server says of itself. Blocks.
///
/// @param options       of the call; NULL for the client's
/// @param metadata_out  the answer; free it with triton_server_metadata_free
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

/// The server's name, "triton".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_server_metadata_name(
    metadata: *const triton_server_metadata,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(metadata, EMPTY, |metadata| metadata.name.as_ptr()) })
}

/// The server's version, "2.51.0".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_server_metadata_version(
    metadata: *const triton_server_metadata,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(metadata, EMPTY, |metadata| metadata.version.as_ptr()) })
}

/// The number of protocol extensions that the server has.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_server_metadata_extension_count(
    metadata: *const triton_server_metadata,
) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(metadata, 0, |metadata| metadata.extensions.len()) })
}

/// The name of an extension, "binary_tensor_data".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_server_metadata_extension(
    metadata: *const triton_server_metadata,
    index: usize,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(metadata, EMPTY, |metadata| string_at(&metadata.extensions, index)) })
}

/// Whether the server has an extension: "statistics", "trace", "logging", "model_repository",
/// "model_repository(unload_dependents)", "system_shared_memory", "cuda_shared_memory" and others. False for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_server_metadata_has_extension(
    metadata: *const triton_server_metadata,
    name: *const c_char,
) -> bool {
    infallible(false, || {
        // SAFETY: the contract's HANDLES, TEXT.
        unsafe {
            let name = convert::string(name, "name").unwrap_or_default();
            read(metadata, false, |metadata| metadata.metadata.has_extension(name))
        }
    })
}

/// The answer as JSON, in the form that it has over HTTP: there as it came. Valid until the metadata is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_server_metadata_json(
    metadata: *const triton_server_metadata,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(metadata, EMPTY, |metadata| metadata.json.as_ptr()) })
}

/// Frees a server's metadata; NULL is harmless.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_server_metadata_free(metadata: *mut triton_server_metadata) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(metadata) });
}

/// Asks what a model says of itself. Blocks.
///
/// @param model_name     not empty
/// @param model_version  "1"; NULL or "" for the one that the server would choose
/// @param options        of the call; NULL for the client's
/// @param metadata_out   the answer; free it with triton_model_metadata_free
/// @return NOT_FOUND for a model or version that the server does not have
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_model_metadata(
    client: *const triton_client,
    model_name: *const c_char,
    model_version: *const c_char,
    options: *const triton_call_options,
    metadata_out: *mut *mut triton_model_metadata,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
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

/// The model's name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_metadata_name(metadata: *const triton_model_metadata) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(metadata, EMPTY, |metadata| metadata.name.as_ptr()) })
}

/// The framework or backend that runs the model, "python".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_metadata_platform(
    metadata: *const triton_model_metadata,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(metadata, EMPTY, |metadata| metadata.platform.as_ptr()) })
}

/// The number of versions that can be asked for.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_metadata_version_count(
    metadata: *const triton_model_metadata,
) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(metadata, 0, |metadata| metadata.versions.len()) })
}

/// A version, "1".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_metadata_version(
    metadata: *const triton_model_metadata,
    index: usize,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(metadata, EMPTY, |metadata| string_at(&metadata.versions, index)) })
}

/// The number of inputs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_metadata_input_count(metadata: *const triton_model_metadata) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(metadata, 0, |metadata| metadata.inputs.len()) })
}

/// An input; NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_metadata_input(
    metadata: *const triton_model_metadata,
    index: usize,
) -> *const triton_tensor_metadata {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES.
        unsafe { read(metadata, None, |metadata| metadata.inputs.get(index)) }
            .map_or(ptr::null(), ptr::from_ref)
    })
}

/// The number of outputs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_metadata_output_count(metadata: *const triton_model_metadata) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(metadata, 0, |metadata| metadata.outputs.len()) })
}

/// An output; NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_metadata_output(
    metadata: *const triton_model_metadata,
    index: usize,
) -> *const triton_tensor_metadata {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES.
        unsafe { read(metadata, None, |metadata| metadata.outputs.get(index)) }
            .map_or(ptr::null(), ptr::from_ref)
    })
}

/// The answer as JSON, in the form that it has over HTTP: there as it came. Valid until the metadata is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_metadata_json(metadata: *const triton_model_metadata) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(metadata, EMPTY, |metadata| metadata.json.as_ptr()) })
}

/// Frees a model's metadata, with its inputs and outputs; NULL is harmless.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_metadata_free(metadata: *mut triton_model_metadata) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(metadata) });
}

/// The name of an input or output.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_tensor_metadata_name(tensor: *const triton_tensor_metadata) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(tensor, EMPTY, |tensor| tensor.name.as_ptr()) })
}

/// Its datatype; TRITON_DATATYPE_INVALID for one that this library does not know.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_tensor_metadata_datatype(
    tensor: *const triton_tensor_metadata,
) -> triton_datatype {
    let none = triton_datatype::TRITON_DATATYPE_INVALID;
    // SAFETY: the contract's HANDLES.
    infallible(none, || unsafe { read(tensor, none, |tensor| tensor.datatype) })
}

/// The name of its datatype as the server gives it: "FP32", also of one that this library does not know.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_tensor_metadata_datatype_name(
    tensor: *const triton_tensor_metadata,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(tensor, EMPTY, |tensor| tensor.datatype_name.as_ptr()) })
}

/// Its shape, the batch dimension first where the model has one; -1 for a dimension that may vary.
///
/// @param rank_out  the number of dimensions; NULL is allowed
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
