//! OPTIONS OF ONE CALL, any call. Where a function takes them, NULL stands for the defaults, which are those of the client. Any
//! number of calls may use them at once.

use std::ffi::{c_char, c_int, c_void};

use super::{
    boundary::boundary,
    convert,
    error::{triton_error, triton_status},
    handle::{Out, free, handle_mut, new_handle},
    infallible::infallible,
    options::triton_compression_number,
};
use crate::{error::Error, options::CallOptions};

/// What one call is told. Freed with triton_call_options_free.
pub struct triton_call_options {
    options: CallOptions,
}

/// How a server is to write its report of load: a matter of taste, since both are read alike.
#[repr(i32)]
#[allow(dead_code)] // Made by C.
pub enum triton_load_report_format {
    /// It is to send none.
    TRITON_LOAD_REPORT_NONE = 0,
    /// TEXT name=value, ...
    TRITON_LOAD_REPORT_TEXT = 1,
    /// JSON {...}
    TRITON_LOAD_REPORT_JSON = 2,
}

/// A `triton_load_report_format` that comes from C, with whatever number C has in it.
pub type triton_load_report_format_number = c_int;

/// The options of a call; NULL for the defaults.
///
/// # Safety NULL, or options that are not yet freed (HANDLES).
pub(super) unsafe fn call_options<'a>(options: *const triton_call_options) -> &'a CallOptions {
    const DEFAULTS: &CallOptions = &CallOptions::DEFAULT;
    // SAFETY: the caller's promise.
    unsafe { options.as_ref() }.map_or(DEFAULTS, |options| &options.options)
}

/// Makes options for calls, with the defaults: those of the client.
///
/// @param options_out  the options; free them with triton_call_options_free; any number of calls may use them
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_options_new(
    options_out: *mut *mut triton_call_options,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(options_out, "options_out", std::ptr::null_mut()).required()?;
            out.set(new_handle(triton_call_options { options: CallOptions::DEFAULT }));
            Ok(())
        })
    }
}

/// Frees options of calls; NULL is harmless.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_options_free(options: *mut triton_call_options) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(options) });
}

/// Sets the time limit of the call, from its start to its last byte: names, connecting, sending and receiving count.
///
/// @param timeout_us  microseconds; TRITON_NO_TIMEOUT for none; 0 is INVALID_ARGUMENT
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_options_set_timeout_us(
    options: *mut triton_call_options,
    timeout_us: u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let options = &mut handle_mut(options, "options")?.options;
            options.set_timeout(convert::timeout(timeout_us)).map(drop)
        })
    }
}

/// Adds a header to the calls, metadata over gRPC. A name may be added several times.
///
/// @param name   letters, digits and few signs; in any case of letters
/// @param value  without control characters
/// @return INVALID_ARGUMENT, with the reason, also for a name that the library sets itself
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_options_add_header(
    options: *mut triton_call_options,
    name: *const c_char,
    value: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let options = &mut handle_mut(options, "options")?.options;
            options.add_header(convert::string(name, "name")?, convert::string(value, "value")?).map(drop)
        })
    }
}

/// Adds a header whose value is any bytes, which travel as base64.
///
/// @param name       ends in -bin, as gRPC has it
/// @param value      copied
/// @param byte_size  of value
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_options_add_binary_header(
    options: *mut triton_call_options,
    name: *const c_char,
    value: *const c_void,
    byte_size: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, ARRAYS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let options = &mut handle_mut(options, "options")?.options;
            let name = convert::string(name, "name")?;
            let value = convert::array(value.cast::<u8>(), byte_size, "value")?;
            if !name.to_ascii_lowercase().ends_with("-bin") {
                let message =
                    format!("name '{name}' does not end in -bin, as that of a header of bytes does");
                return Err(Error::invalid(message));
            }
            options.add_header(name, value).map(drop)
        })
    }
}

/// Adds the key of endpoints that the server restricts (--http-restricted-api, --grpc-restricted-protocol): a header of
/// that name over HTTP, and over gRPC the metadata "triton-grpc-protocol-NAME" that Triton looks for.
///
/// @param name   the key's name, as the server has it
/// @param value  the key
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_options_add_restricted_key(
    options: *mut triton_call_options,
    name: *const c_char,
    value: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let options = &mut handle_mut(options, "options")?.options;
            options
                .add_restricted_key(convert::string(name, "name")?, convert::string(value, "value")?)
                .map(drop)
        })
    }
}

/// Asks the server to report its load. Triton does so over HTTP, in response to triton_client_generate and
/// triton_client_generate_stream alone, for backends that have such metrics (vLLM's and TensorRT-LLM's):
/// triton_generated_load_report reads it. triton_infer_result_load_report reads that of other servers, which may report
/// with inferences too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_options_set_load_report(
    options: *mut triton_call_options,
    format: triton_load_report_format_number,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let options = &mut handle_mut(options, "options")?.options;
            options.set_load_report(convert::load_report_format(format)?);
            Ok(())
        })
    }
}

/// Adds a parameter to the URL of the calls, which is escaped here. HTTP only: over gRPC a call with one is
/// INVALID_ARGUMENT.
///
/// @param name   not empty
/// @param value  may be empty
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_options_add_query_parameter(
    options: *mut triton_call_options,
    name: *const c_char,
    value: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let options = &mut handle_mut(options, "options")?.options;
            options
                .add_query_parameter(convert::string(name, "name")?, convert::string(value, "value")?)
                .map(drop)
        })
    }
}

/// Sets how an inference request is compressed. Over HTTP Triton refuses a request that has more than 64 MiB once it is
/// decompressed (since 2.65; --http-max-input-size): a tensor of 80 MB passes plain and fails compressed, with
/// INVALID_ARGUMENT. gRPC has no such limit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_options_set_request_compression(
    options: *mut triton_call_options,
    compression: triton_compression_number,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let options = &mut handle_mut(options, "options")?.options;
            options.set_request_compression(convert::compression(compression)?);
            Ok(())
        })
    }
}

/// Sets which compression is requested for the response to an inference. Over HTTP a request without one asks for
/// `identity`: a proxy may ask the server for compression otherwise. A body that is compressed although no header says so is decompressed if
/// compression was requested, and INTERNAL if not.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_options_set_response_compression(
    options: *mut triton_call_options,
    compression: triton_compression_number,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let options = &mut handle_mut(options, "options")?.options;
            options.set_response_compression(convert::compression(compression)?);
            Ok(())
        })
    }
}

/// Sets how the answer to an inference request over HTTP is wanted, in HTTP's own words. Over gRPC the weights are left
/// away.
///
/// @param encodings  "deflate, gzip;q=0.5": of gzip, deflate and identity
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_options_set_accept_encoding(
    options: *mut triton_call_options,
    encodings: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let options = &mut handle_mut(options, "options")?.options;
            options.set_accept_encoding(convert::string(encodings, "encodings")?).map(drop)
        })
    }
}

/// Sends inferences over HTTP to another path, behind the client's base path: for gateways before Triton, such as
/// SageMaker ("/invocations") and Vertex AI.
///
/// @param path  begins with a slash
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_options_set_http_path(
    options: *mut triton_call_options,
    path: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let options = &mut handle_mut(options, "options")?.options;
            options.set_http_path(convert::string(path, "path")?).map(drop)
        })
    }
}

/// Sends inferences over HTTP under another content type.
///
/// @param content_type  "{}" in it stands for the byte size of the JSON part:
///                      "application/vnd.sagemaker-triton.binary+json;json-header-size={}". From an answer's content
///                      type the size is read in the same form. A request that is JSON alone has no such size: with
///                      "{}" it goes under "application/json" then.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_options_set_http_content_type(
    options: *mut triton_call_options,
    content_type: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let options = &mut handle_mut(options, "options")?.options;
            options.set_http_content_type(convert::string(content_type, "content_type")?).map(drop)
        })
    }
}

/// Sets the header that tells the byte size of the JSON part over HTTP, of a request and of its answer, instead of
/// Inference-Header-Content-Length.
///
/// @param name  an empty one is no header
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_options_set_http_json_size_header(
    options: *mut triton_call_options,
    name: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let options = &mut handle_mut(options, "options")?.options;
            options.set_http_json_size_header(convert::string(name, "name")?).map(drop)
        })
    }
}
