//! REQUESTS. A request names a model and holds its inputs, the outputs that are requested, and settings. It
//! can be sent any number of times, to any server, and by several threads at once unless it has a buffer for
//! an output.

use std::{
    ffi::{CString, c_char},
    ptr::{self, NonNull},
    sync::OnceLock,
};

use super::{
    boundary::{boundary, change},
    convert::{self, c_string},
    error::{triton_error, triton_status},
    handle::{Out, free, handle, new_handle},
    infallible::infallible,
    metadata::triton_model_metadata,
    parameters::{Scope, Views, triton_parameters},
};
use crate::{
    error::{Error, Result},
    infer::{InferRequest, Region},
};

/// An inference request. Freed with triton_infer_request_free.
pub struct triton_infer_request {
    pub(super) request: InferRequest<'static>,
    /// Dropped by a change.
    strings: OnceLock<Strings>,
    pub(super) parameters: Views,
}

/// The strings of a request that C reads.
pub(super) struct Strings {
    pub inputs: Box<[TensorStrings]>,
    pub outputs: Box<[TensorStrings]>,
}

/// The strings of an input or output that C reads.
pub(super) struct TensorStrings {
    pub name: CString,
    pub region: CString,
}

impl TensorStrings {
    fn new(name: &str, region: Option<&Region>) -> Self {
        Self { name: c_string(name), region: c_string(region.map_or("", |region| &region.name)) }
    }
}

impl triton_infer_request {
    pub(super) fn strings(&self) -> &Strings {
        self.strings.get_or_init(|| {
            let (inputs, outputs) = (self.request.inputs().iter(), self.request.outputs().iter());
            Strings {
                inputs: inputs.map(|input| TensorStrings::new(input.name(), input.region())).collect(),
                outputs: outputs.map(|output| TensorStrings::new(output.name(), output.region())).collect(),
            }
        })
    }

    /// The request to be changed, which ends what getters returned.
    pub(super) fn change(&mut self) -> &mut InferRequest<'static> {
        self.strings.take();
        &mut self.request
    }
}

/// Returns the parameters of a request or of one of its tensors; NULL past the end, and for NULL.
///
/// # Safety
/// NULL, or not freed (HANDLES), and not used by another thread (THREADS).
pub(super) unsafe fn parameters(request: *mut triton_infer_request, scope: Scope) -> *mut triton_parameters {
    let Some(request) = NonNull::new(request) else { return ptr::null_mut() };
    // SAFETY: the caller's promise. The two fields are referred to one after the other, and never the whole,
    // since the views keep a pointer to the first.
    unsafe {
        let inner = NonNull::new_unchecked(&raw mut (*request.as_ptr()).request);
        (*request.as_ptr()).parameters.get(inner, scope)
    }
}

/// Creates a request without inputs.
///
/// @param model_name   the name of the model on the server; must not be empty
/// @param request_out  the request; free it with triton_infer_request_free
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_new(
    model_name: *const c_char,
    request_out: *mut *mut triton_infer_request,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's STRINGS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(request_out, "request_out", ptr::null_mut()).required()?;
            let name = convert::string(model_name, "model_name")?;
            if name.is_empty() {
                return Err(Error::invalid("model_name is empty"));
            }
            let request = InferRequest::new(name);
            let (strings, parameters) = (OnceLock::new(), Views::default());
            out.set(new_handle(triton_infer_request { request, strings, parameters }));
            Ok(())
        })
    }
}

/// Frees a request. NULL is ignored. Data that a call still under way has borrowed stays borrowed until the
/// call ends (BORROWED DATA).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_free(request: *mut triton_infer_request) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(request) });
}

/// Sets the version of the model.
///
/// @param model_version  for example "1"; NULL or "" (the default): the server chooses
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_set_model_version(
    request: *mut triton_infer_request,
    model_version: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, OUT-PARAMETERS.
    unsafe {
        change(request, error_out, "request", |request| {
            request.change().set_model_version(convert::optional_string(model_version, "model_version")?);
            Ok(())
        })
    }
}

/// Sets the id of the request, which the result and errors repeat.
///
/// @param id  NULL or "" (the default): no id
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_set_id(
    request: *mut triton_infer_request,
    id: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, OUT-PARAMETERS.
    unsafe {
        change(request, error_out, "request", |request| {
            request.change().set_id(convert::optional_string(id, "id")?);
            Ok(())
        })
    }
}

/// Sets the sequence that the request belongs to, for stateful models.
///
/// @param id     the id that the requests of the sequence share. 0 with start and end false (the default): no
///               sequence; 0 with start or end is INVALID_ARGUMENT
/// @param start  whether it is the first request of the sequence
/// @param end    whether it is the last one
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_set_sequence(
    request: *mut triton_infer_request,
    id: u64,
    start: bool,
    end: bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe { change(request, error_out, "request", |request| request.change().set_sequence(id, start, end)) }
}

/// Sets the sequence that the request belongs to, for models whose sequence ids are strings. Otherwise the
/// same as triton_infer_request_set_sequence.
///
/// @param id  NULL and "" stand for 0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_set_sequence_string(
    request: *mut triton_infer_request,
    id: *const c_char,
    start: bool,
    end: bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, OUT-PARAMETERS.
    unsafe {
        change(request, error_out, "request", |request| {
            request.change().set_sequence(convert::optional_string(id, "id")?, start, end)
        })
    }
}

/// Sets the priority within the model's queue, if the model has priorities.
///
/// @param priority  1 is the highest; 0 (the default): the model's default priority
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_set_priority(
    request: *mut triton_infer_request,
    priority: u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(request, error_out, "request", |request| {
            request.change().set_priority(priority);
            Ok(())
        })
    }
}

/// Sets how long the request may wait in the server's queue, if the model allows it. The timeout of the call
/// itself is an option of the call: triton_call_options_set_timeout_us.
///
/// @param timeout_us  microseconds, less than 2^63; 0 (the default): the model's own timeout
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_set_server_timeout_us(
    request: *mut triton_infer_request,
    timeout_us: u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(request, error_out, "request", |request| request.change().set_server_timeout_us(timeout_us))
    }
}

/// Sets whether outputs come in binary over HTTP (the default) or as JSON.
/// triton_infer_request_output_set_json overrides it for one output. The result is the same.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_set_binary_output(
    request: *mut triton_infer_request,
    is_binary: bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(request, error_out, "request", |request| {
            request.change().set_binary_output(is_binary);
            Ok(())
        })
    }
}

/// Sets whether the data of the only input is sent over HTTP as the whole body, without JSON (Triton's raw
/// binary request). The default is false. For models with one input that has at most one variable dimension;
/// a BYTES input is then one element without its length prefix. The call returns INVALID_ARGUMENT if the
/// request has settings that a raw body cannot hold, and over gRPC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_set_raw_body(
    request: *mut triton_infer_request,
    is_raw: bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(request, error_out, "request", |request| {
            request.change().set_raw_body(is_raw);
            Ok(())
        })
    }
}

/// Sets whether Triton ends the responses of a decoupled model to the request with one without outputs, which
/// is marked as the last (triton_infer_result_finality). Set it for decoupled models on streams: see THE LAST
/// RESPONSE there. The default is false. Sent over gRPC only: Triton rejects it over HTTP, which has no such
/// streams. Triton before 2.35 refuses it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_set_empty_final_response(
    request: *mut triton_infer_request,
    is_enabled: bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(request, error_out, "request", |request| {
            request.change().set_empty_final_response(is_enabled);
            Ok(())
        })
    }
}

/// Returns the parameters of a request, to be set and read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_parameters(
    request: *mut triton_infer_request,
) -> *mut triton_parameters {
    // SAFETY: the contract's HANDLES, THREADS.
    infallible(ptr::null_mut(), || unsafe { parameters(request, Scope::Request) })
}

/// Checks a request against a model's metadata before it is sent: names, datatypes and shapes, and the data
/// against the shapes. A missing input is not found: the metadata does not say which inputs are optional.
/// Does not block.
///
/// @param metadata  of the model, from triton_client_model_metadata
/// @return INVALID_ARGUMENT, with the mismatch
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_check(
    request: *const triton_infer_request,
    metadata: *const triton_model_metadata,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &handle(request, "request")?.request;
            request.check_against(handle(metadata, "metadata")?.metadata())
        })
    }
}

/// Removes everything but the model and its version: inputs, outputs, parameters, sequence and other
/// settings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_clear(
    request: *mut triton_infer_request,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(request, error_out, "request", |request| -> Result<()> {
            request.change().clear();
            request.parameters.changed();
            Ok(())
        })
    }
}
