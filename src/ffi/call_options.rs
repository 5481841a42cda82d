//! OPTIONS OF A CALL, of any kind. What they do not set is as in the defaults of the client
//! (triton_client_options_set_call_options); NULL sets nothing. Any number of calls may use the same options
//! at once.
//!
//! ```text
//!     option                       default       protocol      set by
//!     timeout                      the client's  both          triton_call_options_set_timeout_us
//!     headers, or metadata         none          both          triton_call_options_add_header, ..._add_binary_header
//!     authorization                none          both          triton_call_options_set_basic_auth,
//!                                                              triton_call_options_set_bearer_token
//!     keys of restricted endpoints none          both          triton_call_options_add_restricted_key
//!     query parameters             none          HTTP          triton_call_options_add_query_parameter
//!     compression of requests      none          both          triton_call_options_set_request_compression
//!     compression of responses     none          both          triton_call_options_set_response_compression,
//!                                                              triton_call_options_set_accept_encoding
//!     load report                  none          HTTP          triton_call_options_set_load_report
//!     cancel token                 none          both          triton_call_options_set_cancel_token
//!     path of inferences           Triton's      HTTP          triton_call_options_set_http_path
//!     content type of inferences   Triton's      HTTP          triton_call_options_set_http_content_type
//!     header of the JSON's size    Triton's      HTTP          triton_call_options_set_http_json_size_header
//! ```

use std::{
    ffi::{c_char, c_int, c_void},
    ptr,
};

use super::{
    boundary::{boundary, change},
    cancel_token::{cancel_token, triton_cancel_token},
    convert,
    error::{triton_error, triton_status},
    handle::{Out, free, new_handle},
    infallible::infallible,
    library::timeout,
};
use crate::{error::Error, options::CallOptions};

/// How a message is compressed.
#[repr(i32)]
#[allow(dead_code)] // Made by C.
pub enum triton_compression {
    /// Not compressed.
    TRITON_COMPRESSION_NONE = 0,
    /// gzip (RFC 1952).
    TRITON_COMPRESSION_GZIP = 1,
    /// zlib (RFC 1950), which HTTP and gRPC call deflate.
    TRITON_COMPRESSION_DEFLATE = 2,
}

/// A `triton_compression` that comes from C: any number.
pub type triton_compression_number = c_int;

/// The options of a call. Freed with triton_call_options_free.
pub struct triton_call_options {
    options: CallOptions,
}

/// The format of a server's load report. Both are read alike.
#[repr(i32)]
#[allow(dead_code)] // Made by C.
pub enum triton_load_report_format {
    /// No report.
    TRITON_LOAD_REPORT_NONE = 0,
    /// TEXT name=value, ...
    TRITON_LOAD_REPORT_TEXT = 1,
    /// JSON {...}
    TRITON_LOAD_REPORT_JSON = 2,
}

/// A `triton_load_report_format` that comes from C: any number.
pub type triton_load_report_format_number = c_int;

/// The options of a call; the defaults for NULL.
///
/// # Safety
/// NULL, or options that are not freed (HANDLES).
pub(super) unsafe fn call_options<'a>(options: *const triton_call_options) -> &'a CallOptions {
    const DEFAULTS: &CallOptions = &CallOptions::DEFAULT;
    // SAFETY: the caller's promise.
    unsafe { options.as_ref() }.map_or(DEFAULTS, |options| &options.options)
}

/// Creates options of a call, which set nothing.
///
/// @param options_out  the options; free them with triton_call_options_free
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_options_new(
    options_out: *mut *mut triton_call_options,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(options_out, "options_out", ptr::null_mut()).required()?;
            out.set(new_handle(triton_call_options { options: CallOptions::DEFAULT }));
            Ok(())
        })
    }
}

/// Frees options of a call. NULL is ignored. No call may be using them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_options_free(options: *mut triton_call_options) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(options) });
}

/// Sets the timeout of the call, from its start to the last byte of its response: name resolution,
/// connecting, sending and receiving all count.
///
/// @param timeout_us  microseconds; TRITON_NO_TIMEOUT for none; INVALID_ARGUMENT for 0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_options_set_timeout_us(
    options: *mut triton_call_options,
    timeout_us: u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            options.options.set_timeout(timeout(timeout_us)).map(drop)
        })
    }
}

/// Adds a header to the call, over gRPC metadata. A name may be added several times, except for
/// authorization, whose last value replaces the others; all its values together replace the client's defaults
/// of that name.
///
/// Returns INVALID_ARGUMENT if the name is not a valid header name, if the value contains a control
/// character, or if the library or the protocol sets that header itself.
///
/// @param name   in any case
/// @param value  of a name that ends in "-bin" sent as base64. NULL removes the header: those added under
///               that name, and the client's defaults of that name
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_options_add_header(
    options: *mut triton_call_options,
    name: *const c_char,
    value: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            let name = convert::string(name, "name")?;
            match convert::string_or_none(value, "value")? {
                Some(value) => options.options.add_header(name, value).map(drop),
                None => options.options.remove_header(name).map(drop),
            }
        })
    }
}

/// Adds a header whose value is any bytes, which are sent as base64.
///
/// @param name       ends in "-bin", as gRPC requires
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
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, ARRAYS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            let name = convert::string(name, "name")?;
            let value = convert::array(value.cast::<u8>(), byte_size, "value")?;
            if !name.to_ascii_lowercase().ends_with("-bin") {
                let message = format!("invalid name '{name}' of a binary header: must end in '-bin'");
                return Err(Error::invalid(message));
            }
            options.options.add_header(name, value).map(drop)
        })
    }
}

/// Sets the header authorization to a user and a password (HTTP's basic authentication). Replaces what
/// triton_call_options_set_bearer_token or triton_call_options_add_header set it to, as these replace it.
///
/// For all calls of a client: triton_client_options_set_call_options. Anyone between the client and the
/// server can read it unless the URL is https or grpcs. Returns INVALID_ARGUMENT if the user contains a
/// colon, or either of them a control character.
///
/// @param user      may be empty. NULL, for both, undoes it
/// @param password  may be empty
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_options_set_basic_auth(
    options: *mut triton_call_options,
    user: *const c_char,
    password: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            let user = convert::string_or_none(user, "user")?;
            let password = convert::string_or_none(password, "password")?;
            match convert::both(user, password, ["user", "password"])? {
                Some((user, password)) => options.options.set_basic_auth(user, password).map(drop)?,
                None => options.options.remove_authorization(),
            }
            Ok(())
        })
    }
}

/// Sets the header authorization to a token, for example a JSON Web Token: "Bearer TOKEN". See
/// triton_call_options_set_basic_auth; for a token that is renewed, HEADER CALLBACK.
///
/// Returns INVALID_ARGUMENT if the token is empty, or contains anything other than visible ASCII characters,
/// such as the line feed at the end of a file.
///
/// @param token  without "Bearer". NULL undoes it
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_options_set_bearer_token(
    options: *mut triton_call_options,
    token: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            match convert::string_or_none(token, "token")? {
                Some(token) => options.options.set_bearer_token(token).map(drop)?,
                None => options.options.remove_authorization(),
            }
            Ok(())
        })
    }
}

/// Adds the key of endpoints that the server restricts (--http-restricted-api, --grpc-restricted-protocol):
/// over HTTP a header of that name, over gRPC the metadata "triton-grpc-protocol-NAME" that Triton expects. A
/// key that was added under that name is replaced.
///
/// @param name   the name of the key, as configured at the server
/// @param value  the key. NULL removes the key that was added under that name, and the client's default of
///               that name
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_options_add_restricted_key(
    options: *mut triton_call_options,
    name: *const c_char,
    value: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            let name = convert::string(name, "name")?;
            match convert::string_or_none(value, "value")? {
                Some(value) => options.options.add_restricted_key(name, value).map(drop),
                None => options.options.remove_restricted_key(name).map(drop),
            }
        })
    }
}

/// Adds a query parameter to the URL of the call. Name and value are escaped. A name may be added several
/// times. HTTP only: over gRPC the call is INVALID_ARGUMENT.
///
/// @param name   must not be empty
/// @param value  may be empty. NULL removes the parameter: those added under that name, and the client's
///               defaults of that name
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_options_add_query_parameter(
    options: *mut triton_call_options,
    name: *const c_char,
    value: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            let name = convert::string(name, "name")?;
            match convert::string_or_none(value, "value")? {
                Some(value) => options.options.add_query_parameter(name, value).map(drop),
                None => options.options.remove_query_parameter(name).map(drop),
            }
        })
    }
}

/// Sets how inference requests are compressed. Triton over HTTP refuses a request that exceeds 64 MiB when it
/// is decompressed (since 2.65; --http-max-input-size) with INVALID_ARGUMENT, though it accepts a larger one
/// that is not compressed. gRPC has no such limit.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_options_set_request_compression(
    options: *mut triton_call_options,
    compression: triton_compression_number,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            options.options.set_request_compression(convert::compression(compression)?);
            Ok(())
        })
    }
}

/// Sets which compression is requested for responses to inferences. The server may send them without; Triton
/// over gRPC compresses only if it was started so. Over HTTP a call that requests none sends
/// "Accept-Encoding: identity", without which a proxy may request compression from the server. A body that is
/// compressed although no header says so is decompressed if compression was requested, and INTERNAL if not.
/// Replaces what triton_call_options_set_accept_encoding set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_options_set_response_compression(
    options: *mut triton_call_options,
    compression: triton_compression_number,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            options.options.set_response_compression(convert::compression(compression)?);
            Ok(())
        })
    }
}

/// Sets the Accept-Encoding of inferences; over gRPC without the weights. Replaces what
/// triton_call_options_set_response_compression set.
///
/// @param encodings  for example "deflate, gzip;q=0.5": of gzip, deflate and identity. NULL undoes either
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_options_set_accept_encoding(
    options: *mut triton_call_options,
    encodings: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            match convert::string_or_none(encodings, "encodings")? {
                Some(encodings) => options.options.set_accept_encoding(encodings).map(drop)?,
                None => options.options.remove_accept_encoding(),
            }
            Ok(())
        })
    }
}

/// Requests the server's load report. Triton sends it over HTTP, for triton_client_generate and
/// triton_client_generate_stream only, and for backends that have such metrics (vLLM, TensorRT-LLM):
/// triton_generated_load_report reads it. triton_infer_result_load_report reads that of other servers, which
/// may send it with inferences too.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_options_set_load_report(
    options: *mut triton_call_options,
    format: triton_load_report_format_number,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            options.options.set_load_report(convert::load_report_format(format)?);
            Ok(())
        })
    }
}

/// Sends inferences over HTTP to another path, after the client's base path: for gateways before Triton, such
/// as SageMaker ("/invocations") and Vertex AI.
///
/// @param path  begins with a slash; NULL undoes it
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_options_set_http_path(
    options: *mut triton_call_options,
    path: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            match convert::string_or_none(path, "path")? {
                Some(path) => options.options.set_http_path(path).map(drop)?,
                None => options.options.remove_http_path(),
            }
            Ok(())
        })
    }
}

/// Sets the content type of inferences over HTTP.
///
/// @param content_type  "{}" in it stands for the byte size of the JSON part:
///                      "application/vnd.sagemaker-triton.binary+json;json-header-size={}". The size is read
///                      from the content type of the response in the same form. A request that consists of
///                      JSON only has no such size: with "{}" it is sent as "application/json". NULL undoes
///                      it
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_options_set_http_content_type(
    options: *mut triton_call_options,
    content_type: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            match convert::string_or_none(content_type, "content_type")? {
                Some(content_type) => options.options.set_http_content_type(content_type).map(drop)?,
                None => options.options.remove_http_content_type(),
            }
            Ok(())
        })
    }
}

/// Sets the header with the byte size of the JSON part over HTTP, of a request and of its response, instead
/// of Inference-Header-Content-Length.
///
/// @param name  "" sends no such header; NULL undoes it
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_options_set_http_json_size_header(
    options: *mut triton_call_options,
    name: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            match convert::string_or_none(name, "name")? {
                Some(name) => options.options.set_http_json_size_header(name).map(drop)?,
                None => options.options.remove_http_json_size_header(),
            }
            Ok(())
        })
    }
}

/// Sets the token that cancels the call from another thread. In the options of a stream it cancels the
/// stream. Not in the defaults of a client, whose calls it would all cancel:
/// triton_client_options_set_call_options returns INVALID_ARGUMENT.
///
/// A call with a token makes no more system calls than one without.
///
/// @param token  may be freed afterwards, as the options may: calls that have begun keep it. NULL undoes it
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_options_set_cancel_token(
    options: *mut triton_call_options,
    token: *const triton_cancel_token,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            options.options.set_cancel_token(cancel_token(token));
            Ok(())
        })
    }
}
