//! OPTIONS OF A CLIENT. triton_client_new copies them: they may be changed or freed afterwards.
//!
//! ```text
//!     option                                   default          set by
//!     timeout of a call                        60 s             triton_client_options_set_timeout_us, and for one call
//!                                                               triton_call_options_set_timeout_us
//!     timeout of loading a model               10 min           triton_client_options_set_load_timeout_us
//!     defaults of every call                   none             triton_client_options_set_call_options
//!     maximum size of a message                2^31 - 1 bytes   triton_client_options_set_max_message_byte_size
//!     maximum size of a decompressed response  256 MiB          triton_client_options_set_max_decompressed_byte_size
//!     memory kept for results                  64 MiB           triton_client_options_set_result_memory_byte_size
//!     asynchronous calls in flight             1,024            triton_client_options_set_max_in_flight
//!     a submission that finds no place         waits            triton_client_options_set_fail_when_full
//!     threads that run callbacks               1                triton_client_options_set_callback_threads
//!     Host header and :authority               the URL's        triton_client_options_set_authority
//!     addition to the User-Agent               none             triton_client_options_set_user_agent
//!     URL of the metrics                       port 8002        triton_client_options_set_metrics_url
//!     name of the gRPC service                 Triton's         triton_client_options_set_grpc_service_name
//!     log callback                             none             triton_client_options_set_log_callback
//!     headers for each call, by a callback     none             HEADER CALLBACK
//!     TLS, connections                                          OPTIONS OF TLS, OPTIONS OF CONNECTIONS
//! ```

use std::{
    ffi::{c_char, c_int, c_void},
    ptr,
    sync::Arc,
};

use super::{
    boundary::{boundary, change},
    call_options::{call_options, triton_call_options},
    convert,
    error::{triton_error, triton_status},
    handle::{Out, free, new_handle},
    infallible::infallible,
    library::timeout,
    user_data::UserData,
};
use crate::{
    log::LogLevel,
    options::{
        ClientOptions, DEFAULT_GRPC_SERVICE_NAME, DEFAULT_MAX_DECOMPRESSED_BYTE_SIZE, DEFAULT_MAX_IN_FLIGHT,
        DEFAULT_MAX_MESSAGE_BYTE_SIZE,
    },
};

/// The options of a client. Freed with triton_client_options_free.
pub struct triton_client_options {
    pub(super) options: ClientOptions,
}

/// The severity of a log message, the highest first.
#[repr(i32)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum triton_log_level {
    /// A failure that the caller cannot learn of in another way.
    TRITON_LOG_ERROR = 1,
    /// A recoverable problem.
    TRITON_LOG_WARN = 2,
    /// A connection was opened or closed.
    TRITON_LOG_INFO = 3,
    /// Every call: its operation, URL, outcome and duration.
    TRITON_LOG_DEBUG = 4,
    /// Every step of a call.
    TRITON_LOG_TRACE = 5,
}

/// A `triton_log_level` that comes from C: any number.
pub type triton_log_level_number = c_int;

impl From<LogLevel> for triton_log_level {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Error => Self::TRITON_LOG_ERROR,
            LogLevel::Warn => Self::TRITON_LOG_WARN,
            LogLevel::Info => Self::TRITON_LOG_INFO,
            LogLevel::Debug => Self::TRITON_LOG_DEBUG,
            LogLevel::Trace => Self::TRITON_LOG_TRACE,
        }
    }
}

/// Receives a log message. Called on any thread, on several at once. Must not call the library.
///
/// @param level      the severity
/// @param target     the module that logs, for example "triton_client::net"; valid during the call
/// @param message    the text; valid during the call
/// @param user_data  as passed with the callback
pub type triton_log_callback = Option<
    unsafe extern "C" fn(
        level: triton_log_level,
        target: *const c_char,
        message: *const c_char,
        user_data: *mut c_void,
    ),
>;

/// Frees the user_data of a callback: see CALLBACKS.
pub type triton_finalizer = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

/// Copies the options of a client; the defaults for NULL.
///
/// # Safety
/// NULL, or options that are not freed (HANDLES).
pub(super) unsafe fn client_options(options: *const triton_client_options) -> ClientOptions {
    // SAFETY: the caller's promise.
    unsafe { options.as_ref() }.map_or_else(ClientOptions::default, |options| options.options.clone())
}

/// Creates options of a client, with the defaults.
///
/// @param options_out  the options; free them with triton_client_options_free
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_new(
    options_out: *mut *mut triton_client_options,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(options_out, "options_out", ptr::null_mut()).required()?;
            out.set(new_handle(triton_client_options { options: ClientOptions::default() }));
            Ok(())
        })
    }
}

/// Frees options of a client. NULL is ignored. Clients that were made with them are not affected.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_free(options: *mut triton_client_options) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(options) });
}

/// Sets the timeout of calls that set none, from their start to the last byte of their response.
/// triton_client_options_set_call_options can set it too: the later of both calls wins.
///
/// @param timeout_us  microseconds; the default is 60 s; TRITON_NO_TIMEOUT for none; INVALID_ARGUMENT for 0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_timeout_us(
    options: *mut triton_client_options,
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

/// Sets the timeout of calls that load or unload a model and set none themselves.
///
/// @param timeout_us  microseconds; the default is 10 min; TRITON_NO_TIMEOUT for none; INVALID_ARGUMENT for 0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_load_timeout_us(
    options: *mut triton_client_options,
    timeout_us: u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            options.options.set_load_timeout(timeout(timeout_us)).map(drop)
        })
    }
}

/// Sets the defaults of every call, in place of those set before. They are merged field by field with the
/// options of a call: a field that the call sets replaces the default. Headers, restricted keys and query
/// parameters are merged by name: those of the call replace the defaults of the same name, and a value of
/// NULL removes them.
///
/// Headers, restricted keys and query parameters of the defaults are not sent to the metrics URL, which may
/// be another host. The timeout of the defaults does not apply to loading and unloading models
/// (triton_client_options_set_load_timeout_us). Over gRPC, defaults that are for HTTP only make every call
/// INVALID_ARGUMENT, as they do in the options of a call.
///
/// @param call_options  copied; may be changed or freed afterwards. NULL undoes it
/// @return INVALID_ARGUMENT for options with a cancel token, which would cancel every call
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_call_options(
    options: *mut triton_client_options,
    call_options: *const triton_call_options,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            options.options.set_call_options(self::call_options(call_options).clone()).map(drop)
        })
    }
}

/// Sets the maximum size of a message that is sent or received. A larger request fails before it is sent, a
/// larger response before memory is allocated for it, both with RESOURCE_EXHAUSTED. Tensors in shared memory
/// do not count. Over gRPC no server accepts more than the default: use shared memory for larger tensors, or
/// HTTP with a higher limit.
///
/// @param byte_size  bytes; the default is 2^31 - 1, which 0 restores
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_max_message_byte_size(
    options: *mut triton_client_options,
    byte_size: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    let byte_size = if byte_size == 0 { DEFAULT_MAX_MESSAGE_BYTE_SIZE } else { byte_size };
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            options.options.set_max_message_byte_size(byte_size).map(drop)
        })
    }
}

/// Sets the maximum size of a compressed response after it is decompressed. A larger response is
/// RESOURCE_EXHAUSTED, whatever its compressed size.
///
/// It also limits what is parsed as a whole, which takes a multiple of its size in memory, to a quarter of
/// this size: a response of the control plane, the JSON part of an inference response, an event of
/// triton_client_generate_stream, and what an inference response over gRPC has outside of raw contents. On
/// the control plane it further limits the number of fields, members and elements to one for each 1,024 bytes
/// of this size, but at least 4,096.
///
/// @param byte_size  bytes; the default is 256 MiB, which 0 restores
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_max_decompressed_byte_size(
    options: *mut triton_client_options,
    byte_size: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    let byte_size = if byte_size == 0 { DEFAULT_MAX_DECOMPRESSED_BYTE_SIZE } else { byte_size };
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            options.options.set_max_decompressed_byte_size(byte_size).map(drop)
        })
    }
}

/// Sets how many bytes of the memory of freed results the client keeps for the next results: new memory costs
/// a page fault for every 4 KiB. Results that are not freed yet do not count.
///
/// @param byte_size  bytes; the default is 64 MiB; 0 keeps none
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_result_memory_byte_size(
    options: *mut triton_client_options,
    byte_size: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            options.options.set_result_memory_byte_size(byte_size);
            Ok(())
        })
    }
}

/// Sets the maximum number of asynchronous calls that are in flight at once: submitted, and not complete. A
/// submission beyond it blocks until another call completes or its own deadline passes; see also
/// triton_client_options_set_fail_when_full. Each call that waits costs a few KiB beside its message.
///
/// @param max  the default is 1,024, which 0 restores
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_max_in_flight(
    options: *mut triton_client_options,
    max: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    let max = if max == 0 { DEFAULT_MAX_IN_FLIGHT } else { max };
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| options.options.set_max_in_flight(max).map(drop))
    }
}

/// Sets whether a submission that finds the maximum number of calls in flight fails with RESOURCE_EXHAUSTED
/// at once, instead of waiting. On a callback thread it always does.
///
/// @param is_enabled  the default is false
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_fail_when_full(
    options: *mut triton_client_options,
    is_enabled: bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            options.options.set_fail_when_full(is_enabled);
            Ok(())
        })
    }
}

/// Sets the maximum number of threads that run the callbacks of asynchronous calls and streams (CALLBACKS).
/// They are started as they are needed.
///
/// @param count  the default is 1, which 0 restores
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_callback_threads(
    options: *mut triton_client_options,
    count: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    let count = if count == 0 { 1 } else { count };
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| options.options.set_callback_threads(count).map(drop))
    }
}

/// Sets the Host header and :authority of every request, for a gateway that routes by it. Changes neither the
/// server that is connected to, nor the name that its certificate is verified for
/// (triton_client_options_set_tls_server_name). Not sent to the metrics URL.
///
/// @param authority  a host, optionally with a port: "triton.example". The default is the URL's host and
///                   port, without port 443 over TLS and port 80 without TLS; NULL restores it
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_authority(
    options: *mut triton_client_options,
    authority: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            match convert::string_or_none(authority, "authority")? {
                Some(authority) => options.options.set_authority(authority).map(drop)?,
                None => options.options.remove_authority(),
            }
            Ok(())
        })
    }
}

/// Sets a text that is appended to the User-Agent of every request, after the library's own.
///
/// @param text  for example "my-service/2": visible ASCII characters, and single spaces between them. NULL
///              restores the default, none
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_user_agent(
    options: *mut triton_client_options,
    text: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            match convert::string_or_none(text, "text")? {
                Some(text) => options.options.set_user_agent(text).map(drop)?,
                None => options.options.remove_user_agent(),
            }
            Ok(())
        })
    }
}

/// Sets the URL of the server's metrics.
///
/// @param url  for example "http://host:8002/metrics", of which port and path may be omitted; always HTTP,
///             also for a client of gRPC. The default is port 8002 of the server's host, which NULL restores
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_metrics_url(
    options: *mut triton_client_options,
    url: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            match convert::string_or_none(url, "url")? {
                Some(url) => options.options.set_metrics_url(url).map(drop)?,
                None => options.options.remove_metrics_url(),
            }
            Ok(())
        })
    }
}

/// Sets the name of the gRPC service that inference and control plane call, for servers that offer the
/// protocol under another name. gRPC's own health service (triton_client_health_check) keeps its name.
///
/// @param name  "package.Service"; the default is "inference.GRPCInferenceService", which NULL restores.
///              INVALID_ARGUMENT unless it consists of identifiers separated by dots: ASCII letters, digits
///              and '_', not beginning with a digit
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_grpc_service_name(
    options: *mut triton_client_options,
    name: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            let name = convert::string_or_none(name, "name")?.unwrap_or(DEFAULT_GRPC_SERVICE_NAME);
            options.options.set_grpc_service_name(name).map(drop)
        })
    }
}

/// Sets a callback for log messages, in place of the one set before. Without one nothing is written anywhere.
/// After triton_client_free it may still be called, until the asynchronous calls and streams of the client
/// have ended and their handles are freed: the finalizer is called after the last message.
///
/// @param level      the lowest severity that is logged: TRITON_LOG_DEBUG logs every call
/// @param callback   receives the messages; NULL undoes it
/// @param user_data  passed to the callback and to the finalizer
/// @param finalizer  called with user_data when the options, and every client that was made with them, are
///                   freed or have another callback (CALLBACKS); may be NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_log_callback(
    options: *mut triton_client_options,
    level: triton_log_level_number,
    callback: triton_log_callback,
    user_data: *mut c_void,
    finalizer: triton_finalizer,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, CALLBACKS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            let level = convert::log_level(level)?;
            // From here on nothing fails: the finalizer is not called for a failure.
            let user_data = UserData::new(user_data, finalizer);
            let Some(callback) = callback else {
                options.options.remove_log_callback();
                return Ok(());
            };
            let log = move |level: LogLevel, target: &str, message: &str| {
                let (target, message) = (convert::c_string(target), convert::c_string(message));
                callback(level.into(), target.as_ptr(), message.as_ptr(), user_data.pointer());
            };
            options.options.set_log_callback(level, Arc::new(log));
            Ok(())
        })
    }
}
