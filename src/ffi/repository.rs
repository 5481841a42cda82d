//! THE MODEL REPOSITORY: which models there are, loading and unloading them. What is told beside a model's name stands in
//! triton_repository_options; NULL is the defaults. An operation refuses what has no meaning for it:
//!
//! ```text
//!     what                    index  load  unload
//!     repository name         yes    yes   yes
//!     ready filter            yes    -     -
//!     configuration, files    -      yes   -
//!     unload of dependents    -      -     yes
//! ```

use std::{
    ffi::{CString, c_char, c_void},
    ptr,
};

use super::{
    boundary::boundary,
    call_options::{call_options, triton_call_options},
    client::triton_client,
    convert::{self, EMPTY, c_string},
    error::{triton_error, triton_status},
    handle::{Out, free, handle, handle_mut, new_handle, read},
    infallible::infallible,
};
use crate::model::{ModelIndex, RepositoryIndex, RepositoryOptions};

/// What the operations of the repository are told beside a model's name. Freed with triton_repository_options_free.
pub struct triton_repository_options {
    options: RepositoryOptions,
}

/// The models of a server's repositories. Freed with triton_repository_index_free.
pub struct triton_repository_index {
    models: Vec<triton_model_index>,
    json: CString,
}

/// What the index says of one version of a model. Belongs to the index.
pub struct triton_model_index {
    name: CString,
    version: CString,
    state: CString,
    reason: CString,
    is_ready: bool,
}

impl From<RepositoryIndex> for triton_repository_index {
    fn from(index: RepositoryIndex) -> Self {
        let model = |model: &ModelIndex| triton_model_index {
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
/// # Safety NULL, or options that are not yet freed (HANDLES).
unsafe fn repository_options(options: *const triton_repository_options) -> RepositoryOptions {
    // Files are shared, not copied.
    // SAFETY: the caller's promise.
    unsafe { options.as_ref() }.map_or_else(RepositoryOptions::new, |options| options.options.clone())
}

/// Makes options for the repository, with the defaults: every repository, every model, the model's own configuration
/// and files.
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

/// Frees options for the repository; NULL is harmless.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_repository_options_free(options: *mut triton_repository_options) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(options) });
}

/// Sets the repository that is asked. Triton has no such choice, and answers UNIMPLEMENTED; to an index over HTTP
/// version 2.51 overlooks it.
///
/// @param name  NULL or "" for all
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_repository_options_set_repository_name(
    options: *mut triton_repository_options,
    name: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let options = &mut handle_mut(options, "options")?.options;
            options.set_repository_name(convert::optional_string(name, "name")?).map(drop)
        })
    }
}

/// Sets whether an index has only the models that are ready.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_repository_options_set_ready_only(
    options: *mut triton_repository_options,
    ready_only: bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let options = &mut handle_mut(options, "options")?.options;
            options.set_ready_only(ready_only);
            Ok(())
        })
    }
}

/// Sets the configuration that a model is loaded with instead of its own.
///
/// @param json  of the form that triton_model_config_json has; INVALID_ARGUMENT for what is no JSON object
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_repository_options_set_config(
    options: *mut triton_repository_options,
    json: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let options = &mut handle_mut(options, "options")?.options;
            options.set_config(convert::string(json, "json")?).map(drop)
        })
    }
}

/// Adds a file that a model is loaded with instead of those in the repository: all of them have to be given then, and
/// the configuration too. Over HTTP files travel as base64, and Triton refuses a request of more than 64 MiB (since 2.62;
/// --http-max-input-size), about 48 MiB of files together: use gRPC for more.
///
/// @param path       in the model's folder, "1/model.onnx"; one that is there already has the new content
/// @param content    copied
/// @param byte_size  of content
/// @return INVALID_ARGUMENT for a path that is empty or leaves the folder
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_repository_options_add_file(
    options: *mut triton_repository_options,
    path: *const c_char,
    content: *const c_void,
    byte_size: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, ARRAYS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let options = &mut handle_mut(options, "options")?.options;
            let path = convert::string(path, "path")?;
            let content = convert::array(content.cast::<u8>(), byte_size, "content")?;
            options.add_file(path, content).map(drop)
        })
    }
}

/// Sets whether the models of an ensemble that is unloaded go with it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_repository_options_set_unload_dependents(
    options: *mut triton_repository_options,
    unload_dependents: bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let options = &mut handle_mut(options, "options")?.options;
            options.set_unload_dependents(unload_dependents);
            Ok(())
        })
    }
}

/// Asks for the models of the server's repositories, loaded or not. One whose files came with the load is in none of
/// them, and so not told by version 2.51. Blocks.
///
/// @param repository  NULL for all models of all repositories
/// @param options     of the call; NULL for the client's
/// @param index_out   the answer; free it with triton_repository_index_free
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_repository_index(
    client: *const triton_client,
    repository: *const triton_repository_options,
    options: *const triton_call_options,
    index_out: *mut *mut triton_repository_index,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(index_out, "index_out", ptr::null_mut()).required()?;
            let client = &handle(client, "client")?.client;
            let index = client.repository_index(&repository_options(repository), call_options(options))?;
            out.set(new_handle(index.into()));
            Ok(())
        })
    }
}

/// The answer as JSON, in the form that it has over HTTP: there as it came. Valid until the index is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_repository_index_json(
    index: *const triton_repository_index,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(index, EMPTY, |index| index.json.as_ptr()) })
}

/// The number of entries: one for each version of each model.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_repository_index_count(index: *const triton_repository_index) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(index, 0, |index| index.models.len()) })
}

/// An entry; NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_repository_index_model(
    index: *const triton_repository_index,
    at: usize,
) -> *const triton_model_index {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES.
        unsafe { read(index, None, |index| index.models.get(at)) }.map_or(ptr::null(), ptr::from_ref)
    })
}

/// Frees an index, with its entries; NULL is harmless.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_repository_index_free(index: *mut triton_repository_index) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(index) });
}

/// The model's name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_index_name(model: *const triton_model_index) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(model, EMPTY, |model| model.name.as_ptr()) })
}

/// The version; empty for a model that was never loaded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_index_version(model: *const triton_model_index) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(model, EMPTY, |model| model.version.as_ptr()) })
}

/// "READY", "LOADING", "UNLOADING", "UNAVAILABLE"; empty for a model that was never loaded.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_index_state(model: *const triton_model_index) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(model, EMPTY, |model| model.state.as_ptr()) })
}

/// Why it is in that state, where there is something to say.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_index_reason(model: *const triton_model_index) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(model, EMPTY, |model| model.reason.as_ptr()) })
}

/// Whether inference can ask for it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_index_is_ready(model: *const triton_model_index) -> bool {
    // SAFETY: the contract's HANDLES.
    infallible(false, || unsafe { read(model, false, |model| model.is_ready) })
}

/// Loads a model, or loads it anew, and waits until it is ready or has failed. Blocks: 10 minutes at most, unless the
/// client's options or those of the call say otherwise. A time limit that passes does not stop the server. Of a model
/// that is loaded already, Triton 2.51 takes new files only if the configuration changes too, and its own configuration
/// again only after an unload.
///
/// @param model_name  not empty, and without a slash
/// @param repository  configuration and files; NULL for the model's own
/// @param options     of the call; NULL for the client's
/// @return INVALID_ARGUMENT, and nothing is sent, for files without a configuration. What the server refuses: a model
///         that is not in the repository or whose configuration is broken (INTERNAL), a model that fails to start
///         (INVALID_ARGUMENT), a server that was not started with --model-control-mode=explicit (UNAVAILABLE), and over
///         HTTP files of more than about 48 MiB together (INVALID_ARGUMENT; triton_repository_options_add_file)
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_load_model(
    client: *const triton_client,
    model_name: *const c_char,
    repository: *const triton_repository_options,
    options: *const triton_call_options,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let client = &handle(client, "client")?.client;
            let name = convert::string(model_name, "model_name")?;
            client.load_model(name, &repository_options(repository), call_options(options))
        })
    }
}

/// Unloads a model; one that is not loaded is no error. Blocks, with the time limit of loading. The server may answer
/// before the model is gone.
///
/// @param model_name  not empty, and without a slash
/// @param repository  NULL to leave the models of an ensemble loaded
/// @param options     of the call; NULL for the client's
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_unload_model(
    client: *const triton_client,
    model_name: *const c_char,
    repository: *const triton_repository_options,
    options: *const triton_call_options,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let client = &handle(client, "client")?.client;
            let name = convert::string(model_name, "model_name")?;
            client.unload_model(name, &repository_options(repository), call_options(options))
        })
    }
}
