//! THE MODEL REPOSITORY: listing, loading and unloading models. An operation takes a model's name and,
//! optionally, triton_repository_options; NULL is the defaults. An option that does not apply to an operation
//! is INVALID_ARGUMENT.
//!
//! ```text
//!     option                  index  load  unload
//!     repository name         yes    yes   yes
//!     ready only              yes    -     -
//!     configuration, files    -      yes   -
//!     unload dependents       -      -     yes
//! ```

use std::{
    ffi::{CString, c_char, c_void},
    ptr,
};

use super::{
    boundary::{boundary, change},
    call_options::{call_options, triton_call_options},
    client::triton_client,
    convert::{self, EMPTY, c_string},
    error::{triton_error, triton_status},
    handle::{Out, free, handle, new_handle, read},
    infallible::infallible,
};
use crate::model::{RepositoryIndex, RepositoryModel, RepositoryOptions};

/// Options of the operations on the model repository. Freed with triton_repository_options_free.
pub struct triton_repository_options {
    options: RepositoryOptions,
}

/// The index of a server's model repositories. Freed with triton_repository_index_free.
pub struct triton_repository_index {
    models: Vec<triton_repository_model>,
    json: CString,
}

/// The entry of one version of a model. Belongs to the index.
pub struct triton_repository_model {
    name: CString,
    version: CString,
    state: CString,
    reason: CString,
    is_ready: bool,
}

impl From<RepositoryIndex> for triton_repository_index {
    fn from(index: RepositoryIndex) -> Self {
        let model = |model: &RepositoryModel| triton_repository_model {
            name: c_string(&model.name),
            version: c_string(&model.version),
            state: c_string(&model.state),
            reason: c_string(&model.reason),
            is_ready: model.is_ready(),
        };
        Self { models: index.models.iter().map(model).collect(), json: c_string(index.json()) }
    }
}

/// The options of an operation; NULL for the defaults.
///
/// # Safety
/// NULL, or options that are not yet freed (HANDLES).
unsafe fn to_options(options: *const triton_repository_options) -> RepositoryOptions {
    // Files are shared, not copied.
    // SAFETY: the caller's promise.
    unsafe { options.as_ref() }.map_or_else(RepositoryOptions::new, |options| options.options.clone())
}

/// Creates repository options with the defaults: all repositories, all models, and the model's own
/// configuration and files.
///
/// @param options_out  the options; free them with triton_repository_options_free
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_repository_options_new(
    options_out: *mut *mut triton_repository_options,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(options_out, "options_out", ptr::null_mut()).required()?;
            out.set(new_handle(triton_repository_options { options: RepositoryOptions::new() }));
            Ok(())
        })
    }
}

/// Frees repository options. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_repository_options_free(options: *mut triton_repository_options) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(options) });
}

/// Sets the name of the repository. Triton does not support it: UNIMPLEMENTED, except that version 2.51
/// ignores it in an index over HTTP.
///
/// @param name  NULL or "" for all repositories, the default
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_repository_options_set_repository_name(
    options: *mut triton_repository_options,
    name: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            let options = &mut options.options;
            options.set_repository_name(convert::optional_string(name, "name")?).map(drop)
        })
    }
}

/// Sets whether an index lists only the models that are ready. The default is false.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_repository_options_set_ready_only(
    options: *mut triton_repository_options,
    ready_only: bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            let options = &mut options.options;
            options.set_ready_only(ready_only);
            Ok(())
        })
    }
}

/// Sets the configuration with which a model is loaded, instead of its own.
///
/// It replaces the model's own as a whole: what it omits, even inputs and outputs, has the server's default,
/// and Triton may load the model without an error. To change one property, change it in the text that
/// triton_model_config_json returns.
///
/// @param json  in the form of triton_model_config_json; NULL for the model's own configuration, the default
/// @return INVALID_ARGUMENT unless it is a JSON object
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_repository_options_set_config(
    options: *mut triton_repository_options,
    json: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            let options = &mut options.options;
            options.set_config(convert::string_or_none(json, "json")?).map(drop)
        })
    }
}

/// Adds a file with which a model is loaded, instead of the files in its repository. All files of the model
/// must be added, and the configuration must be set. A file that was added under the same path is replaced;
/// no file is removed, new options have none.
///
/// Over HTTP, files are encoded as base64, and Triton since 2.62 rejects requests of more than 64 MiB
/// (--http-max-input-size), about 48 MiB of files together. gRPC does not have this limit.
///
/// @param path       relative to the model's directory, for example "1/model.onnx"
/// @param content    is copied; NULL with a byte_size of 0 for an empty file
/// @param byte_size  the size of the content in bytes
/// @return INVALID_ARGUMENT for a path that is empty or leaves the directory
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_repository_options_add_file(
    options: *mut triton_repository_options,
    path: *const c_char,
    content: *const c_void,
    byte_size: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, ARRAYS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            let options = &mut options.options;
            let path = convert::string(path, "path")?;
            let content = convert::array(content.cast::<u8>(), byte_size, "content")?;
            options.add_file(path, content).map(drop)
        })
    }
}

/// Sets whether unloading an ensemble also unloads the models that it consists of. The default is false.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_repository_options_set_unload_dependents(
    options: *mut triton_repository_options,
    unload_dependents: bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            let options = &mut options.options;
            options.set_unload_dependents(unload_dependents);
            Ok(())
        })
    }
}

/// Gets the index of the server's model repositories: all models, loaded or not. Blocks. Triton 2.51 omits
/// models that were loaded with files of the request.
///
/// @param repository_options  NULL for all models of all repositories
/// @param options             the options of the call; NULL for the client's
/// @param index_out           the index; free it with triton_repository_index_free
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_repository_index(
    client: *const triton_client,
    repository_options: *const triton_repository_options,
    options: *const triton_call_options,
    index_out: *mut *mut triton_repository_index,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(index_out, "index_out", ptr::null_mut()).required()?;
            let client = &handle(client, "client")?.client;
            let index = client.repository_index(&to_options(repository_options), call_options(options))?;
            out.set(new_handle(index.into()));
            Ok(())
        })
    }
}

/// Returns the number of entries: one for each version of each model.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_repository_index_model_count(
    repository: *const triton_repository_index,
) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(repository, 0, |repository| repository.models.len()) })
}

/// Returns an entry; NULL past the end. Valid until the index is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_repository_index_model(
    repository: *const triton_repository_index,
    index: usize,
) -> *const triton_repository_model {
    // SAFETY: the contract's HANDLES.
    infallible(ptr::null(), || unsafe {
        read(repository, ptr::null(), |repository| convert::item_at(&repository.models, index))
    })
}

/// Returns the response as JSON, in the form that it has over HTTP: there it is the body as received. Valid
/// until the index is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_repository_index_json(
    repository: *const triton_repository_index,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(repository, EMPTY, |repository| repository.json.as_ptr()) })
}

/// Frees an index, with its entries. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_repository_index_free(repository: *mut triton_repository_index) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(repository) });
}

/// Returns the model's name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_repository_model_name(
    model: *const triton_repository_model,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(model, EMPTY, |model| model.name.as_ptr()) })
}

/// Returns the version, for example "1"; "" for a model that was never loaded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_repository_model_version(
    model: *const triton_repository_model,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(model, EMPTY, |model| model.version.as_ptr()) })
}

/// Returns the state: "READY", "LOADING", "UNLOADING" or "UNAVAILABLE"; "" for a model that was never loaded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_repository_model_state(
    model: *const triton_repository_model,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(model, EMPTY, |model| model.state.as_ptr()) })
}

/// Returns the reason for the state; "" if the server gives none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_repository_model_reason(
    model: *const triton_repository_model,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(model, EMPTY, |model| model.reason.as_ptr()) })
}

/// Returns whether the model is ready for inference.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_repository_model_is_ready(model: *const triton_repository_model) -> bool {
    // SAFETY: the contract's HANDLES.
    infallible(false, || unsafe { read(model, false, |model| model.is_ready) })
}

/// Loads or reloads a model, and waits until it is ready or has failed. Blocks for at most 10 minutes, unless
/// the client's options (triton_client_options_set_load_timeout_us) or those of the call set another timeout.
/// A deadline does not stop the load on the server.
///
/// If the model is already loaded, Triton 2.51 uses new files only if the configuration changes too, and
/// returns to the model's own configuration only after an unload.
///
/// @param model_name          must not be empty or contain a slash
/// @param repository_options  configuration and files; NULL for the model's own
/// @param options             the options of the call; NULL for the client's
/// @return INVALID_ARGUMENT, without a request, for files without a configuration. From Triton: INTERNAL for
///         a model that is not in the repository or has an invalid configuration; INVALID_ARGUMENT for a
///         model that fails to start, and over HTTP for files that are too large
///         (triton_repository_options_add_file); UNAVAILABLE unless the server was started with
///         --model-control-mode=explicit
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_load_model(
    client: *const triton_client,
    model_name: *const c_char,
    repository_options: *const triton_repository_options,
    options: *const triton_call_options,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, STRINGS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let client = &handle(client, "client")?.client;
            let name = convert::string(model_name, "model_name")?;
            client.load_model(name, &to_options(repository_options), call_options(options))
        })
    }
}

/// Unloads a model. A model that is not loaded is not an error. Blocks, with the timeout of
/// triton_client_load_model. The server may respond before the model is unloaded.
///
/// @param model_name          must not be empty or contain a slash
/// @param repository_options  NULL to keep the models of an ensemble loaded
/// @param options             the options of the call; NULL for the client's
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_unload_model(
    client: *const triton_client,
    model_name: *const c_char,
    repository_options: *const triton_repository_options,
    options: *const triton_call_options,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, STRINGS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let client = &handle(client, "client")?.client;
            let name = convert::string(model_name, "model_name")?;
            client.unload_model(name, &to_options(repository_options), call_options(options))
        })
    }
}
