//! INFERENCE. A call sends a request and blocks until its result has arrived, or until its deadline.

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

/// Sends an inference request. Blocks until the response is complete or the timeout of the call expires.
///
/// @param client      may be used by any number of threads at once
/// @param request     its borrowed data is read during the call only
/// @param options     the options of the call; NULL for the client's
/// @param result_out  the result; free it with triton_infer_result_free
/// @return INVALID_ARGUMENT if the data of an input does not match its shape: nothing is sent;
///         FAILED_PRECONDITION if a buffer of the request is in use by another call; RESOURCE_EXHAUSTED if an
///         output exceeds its buffer; DEADLINE_EXCEEDED; CANCELLED by the token of its options; UNAVAILABLE;
///         otherwise the server's status, for example NOT_FOUND for an unknown model
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
