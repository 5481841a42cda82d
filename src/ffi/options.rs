//! OPTIONS of a client. Where a function takes them, NULL stands for the defaults.
//!
//! ```text
//!     what                          default          set by
//!     time limit of connecting      10 s             triton_client_options_set_connect_timeout_us
//!     time limit of a call          60 s             triton_client_options_set_timeout_us, and for one call
//!                                                    triton_call_options_set_timeout_us
//!     time limit of loading models  10 min           triton_client_options_set_load_timeout_us
//!     largest message, either way   2^31 - 1 bytes   triton_client_options_set_max_message_byte_size
//!     compressed answers, largest   256 MiB          triton_client_options_set_max_decompressed_byte_size
//!     compression                   none             triton_client_options_set_request_compression,
//!                                                    triton_client_options_set_response_compression, and for one call
//!                                                    triton_call_options_set_request_compression, ..._response_...
//!     most connections at once      no maximum       triton_client_options_set_max_connections
//!     memory kept for results       64 MiB           triton_client_options_set_result_memory_byte_size
//!     URL of the metrics            port 8002        triton_client_options_set_metrics_url
//!     name of the gRPC service      Triton's         triton_client_options_set_grpc_service_name
//!     key of restricted endpoints   none             triton_client_options_add_restricted_key, and for one call
//!                                                    triton_call_options_add_restricted_key
//!     report of the server's load   none             triton_call_options_set_load_report
//!     log                           none             triton_client_options_set_log_callback
//! ```

use std::{
    ffi::{c_char, c_int, c_void},
    sync::Arc,
};

use super::{
    boundary::boundary,
    convert,
    error::{triton_error, triton_status},
    handle::{self, Out, free, handle_mut, new_handle},
    infallible::infallible,
};
use crate::{error::Result, log::LogLevel, options::ClientOptions};

/// The default time limit of connecting: 10 s.
#[allow(dead_code)] // For the header, and held against the core by a test.
pub const TRITON_DEFAULT_CONNECT_TIMEOUT_US: u64 = 10_000_000;
/// The default time limit of a call: 60 s.
#[allow(dead_code)] // For the header, and held against the core by a test.
pub const TRITON_DEFAULT_TIMEOUT_US: u64 = 60_000_000;
/// The default time limit of loading or unloading a model: 10 min.
#[allow(dead_code)] // For the header, and held against the core by a test.
pub const TRITON_DEFAULT_LOAD_TIMEOUT_US: u64 = 600_000_000;
/// The default maximum size of a message: 2^31 - 1 bytes, more than which no server accepts over gRPC.
#[allow(dead_code)] // For the header, and held against the core by a test.
pub const TRITON_DEFAULT_MAX_MESSAGE_BYTE_SIZE: u64 = 2_147_483_647;

/// The default size of the memory that a client keeps for results: 64 MiB.
#[allow(dead_code)] // For the header, and held against the core by a test.
pub const TRITON_DEFAULT_RESULT_MEMORY_BYTE_SIZE: u64 = 67_108_864;

/// The default of the most bytes that a compressed answer may have once it is decompressed: 256 MiB.
#[allow(dead_code)] // For the header, and held against the core by a test.
pub const TRITON_DEFAULT_MAX_DECOMPRESSED_BYTE_SIZE: u64 = 268_435_456;

/// How a message is compressed.
#[repr(i32)]
#[allow(dead_code)] // Made by C.
pub enum triton_compression {
    /// Not at all.
    TRITON_COMPRESSION_NONE = 0,
    /// gzip (RFC 1952).
    TRITON_COMPRESSION_GZIP = 1,
    /// What HTTP and gRPC call deflate: zlib (RFC 1950).
    TRITON_COMPRESSION_DEFLATE = 2,
}

/// A `triton_compression` that comes from C, with whatever number C has in it.
pub type triton_compression_number = c_int;

/// What a client is told when it is made. Freed with triton_client_options_free.
pub struct triton_client_options {
    pub(super) options: ClientOptions,
}

/// How much a message of the log matters, the most first.
#[repr(i32)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum triton_log_level {
    /// Something failed and the caller can't hear of it otherwise.
    TRITON_LOG_ERROR = 1,
    /// Something is odd, and was got over.
    TRITON_LOG_WARN = 2,
    /// Connections that open and close.
    TRITON_LOG_INFO = 3,
    /// Every call: what, where, how it ended, how long it took.
    TRITON_LOG_DEBUG = 4,
    /// Every step of a call.
    TRITON_LOG_TRACE = 5,
}

/// A `triton_log_level` that comes from C, with whatever number C has in it.
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

/// Hears a message of the log: level, the part of the library that speaks, text. Both texts are valid for the call. Any
/// thread may call it, several at once; it must not call the library, nor leave by longjmp or an exception.
pub type triton_log_callback = Option<
    unsafe extern "C" fn(
        level: triton_log_level,
        target: *const c_char,
        message: *const c_char,
        user_data: *mut c_void,
    ),
>;

/// Called once with the user_data of a callback when nothing will use it any more, on any thread. NULL for none.
pub type triton_finalizer = Option<unsafe extern "C" fn(user_data: *mut c_void)>;

/// A pointer of the caller's, and what ends it.
struct UserData {
    pointer: *mut c_void,
    finalizer: triton_finalizer,
}

// SAFETY: the caller was told that any thread may use what it handed over (`triton_log_callback`,
// `triton_finalizer`).
unsafe impl Send for UserData {}
// SAFETY: as above.
unsafe impl Sync for UserData {}

impl Drop for UserData {
    fn drop(&mut self) {
        if let Some(finalizer) = self.finalizer {
            // SAFETY: the caller's own function with the caller's own pointer, once, as `triton_finalizer` says.
            unsafe { finalizer(self.pointer) };
        }
    }
}

/// The options of a client; NULL for the defaults.
///
/// # Safety NULL, or options that are not yet freed (HANDLES).
pub(super) unsafe fn client_options(options: *const triton_client_options) -> ClientOptions {
    // SAFETY: the caller's promise.
    unsafe { options.as_ref() }.map_or_else(ClientOptions::default, |options| options.options.clone())
}

/// Makes options for a client, with the defaults.
///
/// @param options_out  the options; free them with triton_client_options_free, at any time after triton_client_new
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_new(
    options_out: *mut *mut triton_client_options,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(options_out, "options_out", std::ptr::null_mut()).required()?;
            out.set(new_handle(triton_client_options { options: ClientOptions::default() }));
            Ok(())
        })
    }
}

/// Frees options of a client; NULL is harmless. Clients made with them live on.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_free(options: *mut triton_client_options) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(options) });
}

/// Changes options of a client.
///
/// # Safety HANDLES and OUT-PARAMETERS of the contract.
unsafe fn change(
    options: *mut triton_client_options,
    error_out: *mut *mut triton_error,
    set: impl FnOnce(&mut ClientOptions) -> Result<()>,
) -> triton_status {
    // SAFETY: the caller's promise.
    unsafe { boundary(error_out, || set(&mut handle_mut(options, "options")?.options)) }
}

/// Sets the time limit for reaching a server: name resolution and connecting. The limit of the call counts as well.
///
/// @param timeout_us  microseconds; TRITON_NO_TIMEOUT for none but the call's; 0 is INVALID_ARGUMENT
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_connect_timeout_us(
    options: *mut triton_client_options,
    timeout_us: u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    let set =
        |options: &mut ClientOptions| options.set_connect_timeout(convert::timeout(timeout_us)).map(drop);
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS. It goes through boundary() in change().
    unsafe { change(options, error_out, set) }
}

/// Sets the time limit of every call that has none of its own, from its start to its last byte.
///
/// @param timeout_us  microseconds; TRITON_NO_TIMEOUT for none; 0 is INVALID_ARGUMENT
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_timeout_us(
    options: *mut triton_client_options,
    timeout_us: u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    let set = |options: &mut ClientOptions| options.set_timeout(convert::timeout(timeout_us)).map(drop);
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS. It goes through boundary() in change().
    unsafe { change(options, error_out, set) }
}

/// Sets the time limit of loading or unloading a model, for calls that have none of their own.
///
/// @param timeout_us  microseconds; TRITON_NO_TIMEOUT for none; 0 is INVALID_ARGUMENT
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_load_timeout_us(
    options: *mut triton_client_options,
    timeout_us: u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    let set = |options: &mut ClientOptions| options.set_load_timeout(convert::timeout(timeout_us)).map(drop);
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS. It goes through boundary() in change().
    unsafe { change(options, error_out, set) }
}

/// Sets where the server's metrics are.
///
/// @param url  "http://host:8002/metrics", of which port and path may be left away; always HTTP, also for a client of
///             gRPC
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_metrics_url(
    options: *mut triton_client_options,
    url: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    let set = |options: &mut ClientOptions| {
        // SAFETY: the contract's TEXT.
        let url = unsafe { convert::string(url, "url") }?;
        options.set_metrics_url(url).map(drop)
    };
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS. It goes through boundary() in change().
    unsafe { change(options, error_out, set) }
}

/// Sets the name of the gRPC service that inference and control plane call, for servers that offer the protocol under
/// another name. gRPC's own health service (triton_client_health_check) keeps its name.
///
/// @param name  "package.Service"; the default is "inference.GRPCInferenceService". INVALID_ARGUMENT unless the parts
///              between dots are ASCII letters, digits and '_', and begin with no digit
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_grpc_service_name(
    options: *mut triton_client_options,
    name: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    let set = |options: &mut ClientOptions| {
        // SAFETY: the contract's TEXT.
        let name = unsafe { convert::string(name, "name") }?;
        options.set_grpc_service_name(name).map(drop)
    };
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS. It goes through boundary() in change().
    unsafe { change(options, error_out, set) }
}

/// Adds the key of restricted endpoints to every call: see triton_call_options_add_restricted_key.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_add_restricted_key(
    options: *mut triton_client_options,
    name: *const c_char,
    value: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    let set = |options: &mut ClientOptions| {
        // SAFETY: the contract's TEXT.
        let (name, value) = unsafe { (convert::string(name, "name")?, convert::string(value, "value")?) };
        options.add_restricted_key(name, value).map(drop)
    };
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS. It goes through boundary() in change().
    unsafe { change(options, error_out, set) }
}

/// Sets the maximum size of a message that is sent or accepted. A larger request fails before it is sent, a larger
/// response before memory is allocated for it, both with RESOURCE_EXHAUSTED. Tensors in shared memory do not count. Over
/// gRPC no server accepts more than the default: larger tensors take shared memory, or HTTP with a higher limit.
///
/// @param byte_size  bytes; the default is TRITON_DEFAULT_MAX_MESSAGE_BYTE_SIZE; 0 is INVALID_ARGUMENT
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_max_message_byte_size(
    options: *mut triton_client_options,
    byte_size: u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    let set = |options: &mut ClientOptions| options.set_max_message_byte_size(byte_size).map(drop);
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS. It goes through boundary() in change().
    unsafe { change(options, error_out, set) }
}

/// Sets the maximum number of connections to the server that are open at once, idle ones included. A call that finds all
/// of them in use waits for one, up to its deadline: DEADLINE_EXCEEDED then, with this option's name in the message. A call
/// that the callback of triton_client_generate_stream makes on the same client needs a connection beside the stream's.
///
/// @param max  default UINT64_MAX, no maximum: as many as there are calls at once; 0 is INVALID_ARGUMENT
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_max_connections(
    options: *mut triton_client_options,
    max: u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // A value that usize cannot hold sets no maximum.
    let set = |options: &mut ClientOptions| options.set_max_connections(usize::try_from(max).ok()).map(drop);
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS. It goes through boundary() in change().
    unsafe { change(options, error_out, set) }
}

/// Sets how many bytes of freed results the client keeps as memory for the next ones: fresh memory costs a page fault
/// for every 4 KiB of it. Results that are not freed yet do not count.
///
/// @param byte_size  64 MiB unless told; 0 keeps none
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_result_memory_byte_size(
    options: *mut triton_client_options,
    byte_size: u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    let set = |options: &mut ClientOptions| {
        options.set_result_memory_byte_size(byte_size);
        Ok(())
    };
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS. It goes through boundary() in change().
    unsafe { change(options, error_out, set) }
}

/// Sets the most bytes that a compressed answer may have once it is decompressed: one that has more is
/// RESOURCE_EXHAUSTED, however small it came. A quarter of it is the most that the library takes apart as a whole,
/// which grows in memory too: an answer of the control plane, the JSON part of an inference's answer, an event of
/// triton_client_generate_stream, and what an inference's answer over gRPC has outside of raw contents. Of what is taken
/// apart on the control plane there is one part at most (a field, a member, an element) for each 1,024 bytes of the
/// limit, and 4,096 at least.
///
/// @param byte_size  bytes; 0 is INVALID_ARGUMENT
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_max_decompressed_byte_size(
    options: *mut triton_client_options,
    byte_size: u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    let set = |options: &mut ClientOptions| options.set_max_decompressed_byte_size(byte_size).map(drop);
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS. It goes through boundary() in change().
    unsafe { change(options, error_out, set) }
}

/// Sets how inference requests are compressed, unless the options of a call say otherwise. Over HTTP Triton limits what it
/// decompresses: triton_call_options_set_request_compression.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_request_compression(
    options: *mut triton_client_options,
    compression: triton_compression_number,
    error_out: *mut *mut triton_error,
) -> triton_status {
    let set = |options: &mut ClientOptions| {
        options.set_request_compression(convert::compression(compression)?);
        Ok(())
    };
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS. It goes through boundary() in change().
    unsafe { change(options, error_out, set) }
}

/// Sets which compression is requested for the responses to inferences, unless the options of a call say otherwise. The
/// server may send them without; Triton compresses over gRPC only if it was started so.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_response_compression(
    options: *mut triton_client_options,
    compression: triton_compression_number,
    error_out: *mut *mut triton_error,
) -> triton_status {
    let set = |options: &mut ClientOptions| {
        options.set_response_compression(convert::compression(compression)?);
        Ok(())
    };
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS. It goes through boundary() in change().
    unsafe { change(options, error_out, set) }
}

/// Makes a client tell what it does. Without a log callback nothing is written anywhere.
///
/// @param level      the least weight that is told: TRITON_LOG_DEBUG tells of every call
/// @param callback   hears the messages; not NULL
/// @param finalizer  called with user_data when the options and every client made with them are gone, or another
///                   callback has taken its place; not called if this function fails; NULL for none
/// @param user_data  handed to both
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_log_callback(
    options: *mut triton_client_options,
    level: triton_log_level_number,
    callback: triton_log_callback,
    finalizer: triton_finalizer,
    user_data: *mut c_void,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS; the callback is the caller's own, as `triton_log_callback` says.
    unsafe {
        boundary(error_out, || {
            let options = &mut handle_mut(options, "options")?.options;
            let level = convert::log_level(level)?;
            let callback = callback.ok_or_else(|| handle::null("callback"))?;
            let user_data = UserData { pointer: user_data, finalizer };
            let tell = move |level: LogLevel, target: &str, message: &str| {
                let user_data = &user_data;
                let (target, message) = (convert::c_string(target), convert::c_string(message));
                callback(level.into(), target.as_ptr(), message.as_ptr(), user_data.pointer);
            };
            options.set_log_callback(level, Arc::new(tell));
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{
        DEFAULT_CONNECT_TIMEOUT, DEFAULT_LOAD_TIMEOUT, DEFAULT_MAX_DECOMPRESSED_BYTE_SIZE,
        DEFAULT_MAX_MESSAGE_BYTE_SIZE, DEFAULT_RESULT_MEMORY_BYTE_SIZE, DEFAULT_TIMEOUT,
    };

    #[test]
    fn the_header_names_the_defaults_that_hold() {
        assert_eq!(u128::from(TRITON_DEFAULT_CONNECT_TIMEOUT_US), DEFAULT_CONNECT_TIMEOUT.as_micros());
        assert_eq!(u128::from(TRITON_DEFAULT_TIMEOUT_US), DEFAULT_TIMEOUT.as_micros());
        assert_eq!(u128::from(TRITON_DEFAULT_LOAD_TIMEOUT_US), DEFAULT_LOAD_TIMEOUT.as_micros());
        assert_eq!(TRITON_DEFAULT_MAX_MESSAGE_BYTE_SIZE, DEFAULT_MAX_MESSAGE_BYTE_SIZE);
        assert_eq!(TRITON_DEFAULT_MAX_DECOMPRESSED_BYTE_SIZE, DEFAULT_MAX_DECOMPRESSED_BYTE_SIZE);
        assert_eq!(TRITON_DEFAULT_RESULT_MEMORY_BYTE_SIZE, DEFAULT_RESULT_MEMORY_BYTE_SIZE);
    }
}
