//! OPTIONS OF A STREAM. triton_stream_open copies them: they may be changed or freed afterwards.
//!
//! ```text
//!     option                                       default  set by
//!     maximum size of the requests in the queue    64 MiB   triton_stream_options_set_max_queued_byte_size
//!     errors of responses end the stream           false    triton_stream_options_set_grpc_error
//!     headers, restricted keys, compression        client's triton_stream_options_set_call_options
//!     timeout of the whole stream, cancel token    none     triton_stream_options_set_call_options
//! ```

use std::ptr;

use super::{
    boundary::{boundary, change},
    call_options::{call_options, triton_call_options},
    error::{triton_error, triton_status},
    handle::{Out, free, new_handle},
    infallible::infallible,
};
use crate::options::StreamOptions;

/// The options of a stream. Freed with triton_stream_options_free.
pub struct triton_stream_options {
    options: StreamOptions,
}

/// Copies the options of a stream; the defaults for NULL.
///
/// # Safety
/// NULL, or options that are not freed (HANDLES).
pub(super) unsafe fn stream_options(options: *const triton_stream_options) -> StreamOptions {
    // SAFETY: the caller's promise.
    unsafe { options.as_ref() }.map_or_else(StreamOptions::default, |options| options.options.clone())
}

/// Creates options of a stream, with the defaults.
///
/// @param options_out  the options; free them with triton_stream_options_free
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_stream_options_new(
    options_out: *mut *mut triton_stream_options,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(options_out, "options_out", ptr::null_mut()).required()?;
            out.set(new_handle(triton_stream_options { options: StreamOptions::default() }));
            Ok(())
        })
    }
}

/// Frees options of a stream. NULL is ignored. Streams that were opened with them are not affected.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_stream_options_free(options: *mut triton_stream_options) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(options) });
}

/// Sets the maximum size of the requests that a stream holds and has not sent yet. triton_stream_send waits
/// for room; an empty queue takes a request of any size.
///
/// @param byte_size  bytes; the default is 64 MiB, which 0 restores
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_stream_options_set_max_queued_byte_size(
    options: *mut triton_stream_options,
    byte_size: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            options.options.set_max_queued_byte_size(byte_size);
            Ok(())
        })
    }
}

/// Sets whether the error of a response ends the stream with the status of the error (the mode
/// triton_grpc_error of Triton, since 2.49), instead of being an event with the status UNKNOWN, after which
/// the stream continues. A request that fails before its model runs, for example for an unknown model or a
/// missing input, is such an event in either mode.
///
/// The mode is less robust in Triton 2.51 than the default: send each request after the last response to the
/// one before. nginx drops the header of the mode unless its underscores_in_headers is on.
///
/// @param is_enabled  the default is false
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_stream_options_set_grpc_error(
    options: *mut triton_stream_options,
    is_enabled: bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            options.options.set_grpc_error(is_enabled);
            Ok(())
        })
    }
}

/// Sets the call options of the stream as a whole, in place of those set before: headers, restricted keys,
/// compression, the timeout and the cancel token. The timeout is that of the whole stream, from
/// triton_stream_open to its end. Without one the stream has no deadline: the client's default timeout is for
/// calls only. The client's other defaults apply.
///
/// @param call_options  copied; may be changed or freed afterwards. NULL undoes it
/// @return INVALID_ARGUMENT for options that a stream does not support: query parameters, load report, and
///         the HTTP path, content type and header of the JSON's size
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_stream_options_set_call_options(
    options: *mut triton_stream_options,
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
