//! GENERATE: models of text, asked by JSON. HTTP only: over gRPC UNIMPLEMENTED, with advice.
//!
//! Triton's other front ends for such models, the OpenAI-compatible one and those of SageMaker and Vertex AI, are no part of
//! this library's control plane: the first has clients of its own, and an inference through the others is sent with
//! triton_call_options_set_http_path, ..._http_content_type and ..._http_json_size_header.

use std::{
    ffi::{CStr, CString, c_char, c_int, c_void},
    ops::ControlFlow,
    ptr,
    sync::OnceLock,
};

use super::{
    boundary::boundary,
    call_options::{call_options, triton_call_options},
    client::triton_client,
    convert::{self, EMPTY, c_string},
    error::{triton_error, triton_status},
    handle::{Out, free, handle, new_handle, null, read},
    headers::triton_headers,
    infallible::infallible,
    load_report::triton_load_report,
};
use crate::model::Generated;

/// What a model generated. Freed with triton_generated_free.
pub struct triton_generated {
    json: CString,
    headers: OnceLock<triton_headers>,
    generated: Generated,
}

/// Hears an event of triton_client_generate_stream: a JSON object, valid for the call, that ends with a NUL and has
/// byte_size bytes before it. 0 asks for the next one, anything else ends the stream. It may call any function of the
/// library, and must not leave by longjmp or an exception.
pub type triton_generate_callback =
    Option<unsafe extern "C" fn(json: *const c_char, byte_size: usize, user_data: *mut c_void) -> c_int>;

/// Asks a model for one answer. Blocks.
///
/// @param model_name     not empty
/// @param model_version  "1"; NULL or "" for the one that the server would choose
/// @param json           a JSON object: the model's tensors and the request's parameters by their names
/// @param options        of the call; NULL for the client's
/// @param generated_out  the answer; free it with triton_generated_free
/// @return INVALID_ARGUMENT, and nothing is sent, for what is no JSON object; UNKNOWN, with HTTP status 200, for an
///         error that the server tells in a response that began as a success: nothing says what it would have been;
///         INTERNAL for a success without a JSON object
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_generate(
    client: *const triton_client,
    model_name: *const c_char,
    model_version: *const c_char,
    json: *const c_char,
    options: *const triton_call_options,
    generated_out: *mut *mut triton_generated,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(generated_out, "generated_out", ptr::null_mut()).required()?;
            let client = &handle(client, "client")?.client;
            let model = convert::string(model_name, "model_name")?;
            let version = convert::optional_string(model_version, "model_version")?;
            let json = convert::string(json, "json")?;
            let generated = client.generate(model, version, json, call_options(options))?;
            let json = c_string(&generated.json);
            out.set(new_handle(triton_generated { json, headers: OnceLock::new(), generated }));
            Ok(())
        })
    }
}

/// The answer, a JSON object. Valid until it is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_generated_json(generated: *const triton_generated) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(generated, EMPTY, |generated| generated.json.as_ptr()) })
}

/// Returns the headers of the response. Never NULL unless the handle is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_generated_headers(
    generated: *const triton_generated,
) -> *const triton_headers {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES.
        let Some(generated) = (unsafe { generated.as_ref() }) else { return ptr::null() };
        generated.headers.get_or_init(|| (&generated.generated.headers).into())
    })
}

/// The server's report of its load, for which triton_call_options_set_load_report asks.
///
/// @return the report; free it with triton_load_report_free. NULL if the server sent none
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_generated_load_report(
    generated: *const triton_generated,
) -> *mut triton_load_report {
    infallible(ptr::null_mut(), || {
        // SAFETY: the contract's HANDLES.
        let report = unsafe { read(generated, None, |generated| generated.generated.headers.load_report()) };
        report.map_or(ptr::null_mut(), |report| new_handle(report.into()))
    })
}

/// Frees what a model generated; NULL is harmless.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_generated_free(generated: *mut triton_generated) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(generated) });
}

/// Asks a model for a stream of answers, and hands each over as it comes. Blocks until the server has no more, the
/// callback wants none, or the time limit of the call passes, which is that of the whole stream.
///
/// @param model_name     not empty
/// @param model_version  "1"; NULL or "" for the one that the server would choose
/// @param json           a JSON object: the model's tensors and the request's parameters by their names
/// @param options        of the call; NULL for the client's
/// @param callback       hears each event, on this thread, before the function returns; not NULL
/// @param user_data      handed to it
/// @return CANCELLED if the callback wanted no more; UNKNOWN, with HTTP status 200, for an event that tells an error,
///         with which the stream ends: {"error": "..."}, {"error": {"message": "..."}}, {"errors": [...]}, {"detail": ...},
///         "message" beside a "code" of 400 or more or beside a "type" or "status" of "error", each without "model_name",
///         or an event called "error"; INTERNAL for a success that is not a stream of events; else as
///         triton_client_generate
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_generate_stream(
    client: *const triton_client,
    model_name: *const c_char,
    model_version: *const c_char,
    json: *const c_char,
    options: *const triton_call_options,
    callback: triton_generate_callback,
    user_data: *mut c_void,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS; the callback is the caller's own, as `triton_generate_callback` says.
    unsafe {
        boundary(error_out, || {
            let client = &handle(client, "client")?.client;
            let model = convert::string(model_name, "model_name")?;
            let version = convert::optional_string(model_version, "model_version")?;
            let json = convert::string(json, "json")?;
            let callback = callback.ok_or_else(|| null("callback"))?;
            let on_event = |event: &str| {
                let event: CString = c_string(event);
                let text: &CStr = &event;
                match callback(text.as_ptr(), text.count_bytes(), user_data) {
                    0 => ControlFlow::Continue(()),
                    _ => ControlFlow::Break(()),
                }
            };
            client.generate_stream(model, version, json, call_options(options), on_event).map(drop)
        })
    }
}
