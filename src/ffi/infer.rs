//! INFERENCE.

use std::ptr;

use super::{
    boundary::boundary,
    call_options::{call_options, triton_call_options},
    client::triton_client,
    error::{triton_error, triton_status},
    handle::{Out, handle, new_handle},
    request::triton_infer_request,
    result::triton_infer_result,
};

/// Runs an inference and waits for its result. Blocks until the answer is complete or the time limit passes.
///
/// @param client      any number of threads may use it at once
/// @param request     what is asked; its borrowed data is read during the call and not afterwards
/// @param options     of the call; NULL for the client's
/// @param result_out  the answer; free it with triton_infer_result_free
/// @return INVALID_ARGUMENT, and nothing is sent, for input data that does not make up its shape; whatever the server
///         says of an unknown model (NOT_FOUND), of shapes and datatypes; DEADLINE_EXCEEDED, UNAVAILABLE
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_infer(
    client: *const triton_client,
    request: *const triton_infer_request,
    options: *const triton_call_options,
    result_out: *mut *mut triton_infer_result,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, BORROWED DATA, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(result_out, "result_out", ptr::null_mut()).required()?;
            let client = &handle(client, "client")?.client;
            let request = &handle(request, "request")?.request;
            let result = client.infer_with(request, call_options(options))?;
            out.set(new_handle(triton_infer_result::new(result)));
            Ok(())
        })
    }
}
