//! GENERATE: JSON requests to models with text inputs and outputs. HTTP only; over gRPC, UNIMPLEMENTED with
//! advice.
//!
//! Triton's other front ends for such models are not covered. The OpenAI-compatible one has clients of its
//! own; inference through those of SageMaker and Vertex AI needs triton_call_options_set_http_path,
//! ..._http_content_type and ..._http_json_size_header.

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

/// A generated response. Freed with triton_generated_free.
pub struct triton_generated {
    json: CString,
    headers: OnceLock<triton_headers>,
    generated: Generated,
    load_report: OnceLock<Option<triton_load_report>>,
}

/// Receives an event of triton_client_generate_stream. Returns 0 to continue, any other value to end the
/// stream. May call any function of the library.
///
/// @param json       a JSON object that ends with a NUL; valid during the call
/// @param byte_size  the size of json in bytes, without the NUL
/// @param user_data  as passed with the callback
pub type triton_generate_callback =
    Option<unsafe extern "C" fn(json: *const c_char, byte_size: usize, user_data: *mut c_void) -> c_int>;

/// Sends a generate request and waits for the response. Blocks. For models with exactly one response per
/// request.
///
/// @param model_name     must not be empty
/// @param model_version  for example "1"; NULL or "" for the version that the server chooses
/// @param json           a JSON object: the model's inputs and the request's parameters, by name
/// @param options        the options of the call; NULL for the client's
/// @param generated_out  the response; free it with triton_generated_free
/// @return INVALID_ARGUMENT, without a request, unless json is a JSON object; UNKNOWN, with HTTP status 200,
///         for an error in a response that began as a success, since the server does not send its status;
///         INTERNAL for a success whose body is not a JSON object
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
    // SAFETY: the contract's HANDLES, STRINGS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(generated_out, "generated_out", ptr::null_mut()).required()?;
            let client = &handle(client, "client")?.client;
            let model = convert::string(model_name, "model_name")?;
            let version = convert::optional_string(model_version, "model_version")?;
            let json = convert::string(json, "json")?;
            let generated = client.generate(model, version, json, call_options(options))?;
            let json = c_string(&generated.json);
            out.set(new_handle(triton_generated {
                json,
                headers: OnceLock::new(),
                generated,
                load_report: OnceLock::new(),
            }));
            Ok(())
        })
    }
}

/// Returns the response, a JSON object. Valid until it is freed.
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

/// Returns the load report of a response (triton_call_options_set_load_report); NULL if the server sent none.
/// Valid until the response is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_generated_load_report(
    generated: *const triton_generated,
) -> *const triton_load_report {
    // SAFETY: the contract's HANDLES.
    infallible(ptr::null(), || unsafe {
        read(generated, ptr::null(), |generated| {
            let read = || generated.generated.headers.load_report().map(Into::into);
            generated.load_report.get_or_init(read).as_ref().map_or(ptr::null(), ptr::from_ref)
        })
    })
}

/// Frees a generated response. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_generated_free(generated: *mut triton_generated) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(generated) });
}

/// Sends a generate request and calls the callback with each event of the response as it arrives. Blocks
/// until the server ends the stream, the callback ends it, or the deadline of the call, which is that of the
/// whole stream.
///
/// @param model_name     must not be empty
/// @param model_version  for example "1"; NULL or "" for the version that the server chooses
/// @param json           a JSON object: the model's inputs and the request's parameters, by name
/// @param options        the options of the call; NULL for the client's
/// @param callback       is called on this thread, before the function returns; must not be NULL
/// @param user_data      is passed to the callback
/// @return CANCELLED if the callback ended the stream. UNKNOWN, with HTTP status 200, for an event that is an
///         error, which ends the stream: {"error": "..."}, {"error": {"message": "..."}}, {"errors": [...]},
///         {"detail": ...}, "message" beside a "code" of 400 or more or beside a "type" or "status" of
///         "error", each without "model_name", or an event named "error". INTERNAL for a success that is not
///         a stream of events. Otherwise as triton_client_generate
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
    // SAFETY: the contract's HANDLES, STRINGS, OUT-PARAMETERS; the callback is the caller's own, as
    // `triton_generate_callback` says.
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
