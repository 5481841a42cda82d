//! OFFLINE: requests and answers as bytes, without a connection; for SageMaker, Vertex AI, and whatever else carries them.

use std::{ffi::c_void, ptr};

use super::{
    boundary::boundary,
    call_options::{call_options, triton_call_options},
    client::triton_client,
    convert,
    error::{triton_error, triton_status},
    handle::{Out, free, handle, new_handle},
    infallible::infallible,
    options::triton_compression_number,
    request::triton_infer_request,
    result::triton_infer_result,
};
use crate::infer::InferResult;

/// For triton_infer_result_from_http_body: the answer had no Inference-Header-Content-Length.
pub const TRITON_NO_JSON_BYTE_SIZE: u64 = u64::MAX;

/// Bytes that the library made. Freed with triton_buffer_free.
pub struct triton_buffer {
    bytes: Vec<u8>,
}

/// The bytes; NULL only for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_buffer_data(buffer: *const triton_buffer) -> *const c_void {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe { buffer.as_ref().map_or(ptr::null(), |buffer| buffer.bytes.as_ptr().cast()) }
    })
}

/// Their number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_buffer_byte_size(buffer: *const triton_buffer) -> usize {
    infallible(0, || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe { buffer.as_ref().map_or(0, |buffer| buffer.bytes.len()) }
    })
}

/// Frees a buffer; NULL is harmless.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_buffer_free(buffer: *mut triton_buffer) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(buffer) });
}

/// Makes the body that a request has over HTTP. Its tensors are copied. Does not block. Bodies have a known length, here and in
/// calls: chunked ones, which Triton takes, would only cost.
///
/// @param compression         of JSON and tensors together
/// @param body_out            JSON, and behind it the tensors in binary; free it with triton_buffer_free
/// @param json_byte_size_out  the byte size of the JSON, uncompressed: what Inference-Header-Content-Length says
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_to_http_body(
    request: *const triton_infer_request,
    compression: triton_compression_number,
    body_out: *mut *mut triton_buffer,
    json_byte_size_out: *mut u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(body_out, "body_out", ptr::null_mut()).required()?;
            let json_byte_size = Out::new(json_byte_size_out, "json_byte_size_out", 0).required()?;
            let request = &handle(request, "request")?.request;
            let body = request.to_http_body(convert::compression(compression)?)?;
            json_byte_size.set(body.json_byte_size);
            out.set(new_handle(triton_buffer { bytes: body.bytes }));
            Ok(())
        })
    }
}

/// Reads the body of an answer over HTTP. Its tensors are copied. Does not block.
///
/// @param data            the body
/// @param byte_size       of data
/// @param json_byte_size  what the answer's Inference-Header-Content-Length says; TRITON_NO_JSON_BYTE_SIZE without that header
/// @param compression     what the answer's Content-Encoding says
/// @param max_byte_size   the most bytes that it may have, decompressed; more is RESOURCE_EXHAUSTED
/// @param result_out      the answer; free it with triton_infer_result_free
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_from_http_body(
    data: *const c_void,
    byte_size: usize,
    json_byte_size: u64,
    compression: triton_compression_number,
    max_byte_size: u64,
    result_out: *mut *mut triton_infer_result,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's ARRAYS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(result_out, "result_out", ptr::null_mut()).required()?;
            let body = convert::array(data.cast::<u8>(), byte_size, "data")?;
            let json_byte_size = (json_byte_size != TRITON_NO_JSON_BYTE_SIZE).then_some(json_byte_size);
            let compression = convert::compression(compression)?;
            let result = InferResult::from_http_body(body, json_byte_size, compression, max_byte_size)?;
            out.set(new_handle(triton_infer_result::new(result)));
            Ok(())
        })
    }
}

/// Makes the message that a request is over gRPC, a ModelInferRequest. Its tensors are copied. Does not block.
///
/// @param message_out  free it with triton_buffer_free
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_to_grpc_message(
    request: *const triton_infer_request,
    message_out: *mut *mut triton_buffer,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(message_out, "message_out", ptr::null_mut()).required()?;
            let bytes = handle(request, "request")?.request.to_grpc_message()?;
            out.set(new_handle(triton_buffer { bytes }));
            Ok(())
        })
    }
}

/// Reads an answer over gRPC, a ModelInferResponse. Its tensors are copied. Does not block.
///
/// @param data        the message
/// @param byte_size   of data
/// @param result_out  the answer; free it with triton_infer_result_free
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_from_grpc_message(
    data: *const c_void,
    byte_size: usize,
    result_out: *mut *mut triton_infer_result,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's ARRAYS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(result_out, "result_out", ptr::null_mut()).required()?;
            let result =
                InferResult::from_grpc_message(convert::array(data.cast::<u8>(), byte_size, "data")?)?;
            out.set(new_handle(triton_infer_result::new(result)));
            Ok(())
        })
    }
}

/// Runs an inference whose message was made before. gRPC only: INVALID_ARGUMENT over HTTP. Blocks as triton_client_infer does.
///
/// @param data        a ModelInferRequest; read during the call and not afterwards
/// @param byte_size   of data
/// @param options     of the call; NULL for the client's
/// @param result_out  the answer; free it with triton_infer_result_free
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_infer_grpc_message(
    client: *const triton_client,
    data: *const c_void,
    byte_size: usize,
    options: *const triton_call_options,
    result_out: *mut *mut triton_infer_result,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, ARRAYS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(result_out, "result_out", ptr::null_mut()).required()?;
            let client = &handle(client, "client")?.client;
            let message = convert::array(data.cast::<u8>(), byte_size, "data")?;
            let result = client.infer_message(message, call_options(options))?;
            out.set(new_handle(triton_infer_result::new(result)));
            Ok(())
        })
    }
}
