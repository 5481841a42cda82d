//! OFFLINE. Requests and responses are converted to and from bytes without a connection, for gateways such as
//! SageMaker and Vertex AI. Tensors are copied. The functions do not block, except
//! triton_client_infer_grpc_message.

use std::{ffi::c_void, ptr};

use super::{
    boundary::boundary,
    call_options::triton_compression_number,
    call_options::{call_options, triton_call_options},
    client::triton_client,
    convert,
    error::{triton_error, triton_status},
    handle::{Out, free, handle, new_handle, read},
    infallible::infallible,
    request::triton_infer_request,
    result::triton_infer_result,
};
use crate::infer::InferResult;

/// In the header by hand (tests/suite/header.rs): cbindgen leaves out a constant of `usize::MAX`.
const TRITON_NO_JSON_BYTE_SIZE: usize = usize::MAX;

/// Bytes allocated by the library. Freed with triton_buffer_free.
pub struct triton_buffer {
    bytes: Vec<u8>,
}

/// Returns the bytes of a buffer; never NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_buffer_data(buffer: *const triton_buffer) -> *const c_void {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES.
        unsafe { read(buffer, ptr::null(), |buffer| buffer.bytes.as_ptr().cast()) }
    })
}

/// Returns the size of a buffer in bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_buffer_byte_size(buffer: *const triton_buffer) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(buffer, 0, |buffer| buffer.bytes.len()) })
}

/// Frees a buffer. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_buffer_free(buffer: *mut triton_buffer) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(buffer) });
}

/// Encodes a request as the body of an HTTP request.
///
/// @param compression         the compression of the whole body
/// @param body_out            the JSON, followed by the binary tensors; free it with triton_buffer_free
/// @param json_byte_size_out  the size of the JSON in bytes, uncompressed: the value of
///                            Inference-Header-Content-Length; may be NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_to_http_body(
    request: *const triton_infer_request,
    compression: triton_compression_number,
    body_out: *mut *mut triton_buffer,
    json_byte_size_out: *mut usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let json_byte_size = Out::new(json_byte_size_out, "json_byte_size_out", 0);
            let out = Out::new(body_out, "body_out", ptr::null_mut()).required()?;
            let request = &handle(request, "request")?.request;
            let body = request.to_http_body(convert::compression(compression)?)?;
            json_byte_size.set(body.json_byte_size);
            out.set(new_handle(triton_buffer { bytes: body.bytes }));
            Ok(())
        })
    }
}

/// Decodes the body of an HTTP response. The finality of the result is TRITON_FINALITY_UNKNOWN unless the
/// response states it.
///
/// @param data            the body
/// @param byte_size       the size of data in bytes
/// @param json_byte_size  the value of the response's Inference-Header-Content-Length;
///                        TRITON_NO_JSON_BYTE_SIZE without that header
/// @param compression     the value of the response's Content-Encoding
/// @param max_byte_size   the maximum size of the decompressed body in bytes; a larger one is
///                        RESOURCE_EXHAUSTED; must not be 0
/// @param result_out      the result; free it with triton_infer_result_free
/// @return INTERNAL if the body is malformed
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_from_http_body(
    data: *const c_void,
    byte_size: usize,
    json_byte_size: usize,
    compression: triton_compression_number,
    max_byte_size: usize,
    result_out: *mut *mut triton_infer_result,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's ARRAYS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(result_out, "result_out", ptr::null_mut()).required()?;
            let body = convert::array(data.cast::<u8>(), byte_size, "data")?;
            let json_byte_size =
                (json_byte_size != TRITON_NO_JSON_BYTE_SIZE).then_some(json_byte_size as u64);
            let compression = convert::compression(compression)?;
            let result =
                InferResult::from_http_body(body, json_byte_size, compression, max_byte_size as u64)?;
            out.set(new_handle(triton_infer_result::new(result)));
            Ok(())
        })
    }
}

/// Encodes a request as a gRPC message, a ModelInferRequest.
///
/// @param message_out  the message; free it with triton_buffer_free
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

/// Decodes a gRPC message, a ModelInferResponse. The finality of the result is TRITON_FINALITY_UNKNOWN unless
/// the response states it.
///
/// @param data        the message
/// @param byte_size   the size of data in bytes
/// @param result_out  the result; free it with triton_infer_result_free
/// @return INTERNAL if the message is malformed
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

/// Sends an inference request that is already encoded as a gRPC message. Blocks as triton_client_infer does.
///
/// @param data        a ModelInferRequest; read during the call only
/// @param byte_size   the size of data in bytes
/// @param options     the options of the call; NULL for the client's
/// @param result_out  the result; free it with triton_infer_result_free
/// @return INVALID_ARGUMENT over HTTP; otherwise the same as triton_client_infer
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
