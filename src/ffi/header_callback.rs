//! HEADER CALLBACK: adds headers to each call of a client, such as a token that is renewed or the context of
//! a trace (traceparent). It is called before the first attempt of a call, in the thread that calls or
//! submits. A repeated attempt has the same headers, unless the server responded UNAUTHENTICATED: the
//! callback is then called once more, with triton_call_headers_was_refused, for an asynchronous call on a
//! thread of its own, and the call is repeated with the new headers. A stream calls it once, when it is
//! opened. It is not called for the metrics URL.
//!
//! Its headers replace those of the same name in the options of the call and the client, removed ones too. If
//! it fails, the call fails with UNAUTHENTICATED, with the callback's message as the cause, and is not sent.

use std::{
    cell::OnceCell,
    ffi::{CString, c_char, c_void},
    sync::Arc,
};

use super::{
    boundary::{boundary, change},
    convert::{self, EMPTY},
    error::{triton_error, triton_status, triton_status_number},
    handle::{handle_mut, read},
    infallible::infallible,
    options::{triton_client_options, triton_finalizer},
    user_data::UserData,
};
use crate::{
    error::{Error, Origin, Result, Status},
    options::CallHeaders,
};

/// The headers that a triton_header_callback adds to a call. Valid during the callback.
pub struct triton_call_headers<'c, 'e> {
    headers: &'c mut CallHeaders<'e>,
    endpoint: OnceCell<CString>,
    message: Option<String>,
    /// Why the last header could not be added.
    refused: Option<Error>,
}

/// Adds headers to a call. Called on any thread, on several at once. It may block, which counts against the
/// deadline of the call, and may call any function, also with the same client, but for freeing or closing it:
/// the calls that it makes itself have no headers of the callback, and do not wait for room
/// (triton_client_options_set_max_in_flight).
///
/// @param headers    adds the headers; valid during the callback
/// @param user_data  as passed with the callback
/// @return TRITON_STATUS_OK; any other number fails the call with UNAUTHENTICATED. The cause in its message
///         is what triton_call_headers_set_error set, or the last failure of triton_call_headers_add. The
///         error is retryable for UNAVAILABLE and DEADLINE_EXCEEDED
pub type triton_header_callback = Option<
    unsafe extern "C" fn(headers: *mut triton_call_headers, user_data: *mut c_void) -> triton_status_number,
>;

/// Calls the callback of C with the headers of a call.
///
/// # Safety
/// `callback` may be called with `user_data` on any thread (CALLBACKS).
unsafe fn add_headers(
    callback: unsafe extern "C" fn(*mut triton_call_headers, *mut c_void) -> triton_status_number,
    headers: &mut CallHeaders<'_>,
    user_data: *mut c_void,
) -> Result<()> {
    let mut headers =
        triton_call_headers { headers, endpoint: OnceCell::new(), message: None, refused: None };
    // SAFETY: the caller's promise; the headers outlive the call.
    let status = unsafe { callback(&mut headers, user_data) };
    if status == triton_status::TRITON_STATUS_OK as triton_status_number {
        return Ok(());
    }
    let status = Status::from_number(status).unwrap_or(Status::Unknown);
    let error = match (headers.message, headers.refused) {
        (Some(message), _) => Error::new(status, Origin::Client, message),
        (None, Some(refused)) => refused,
        (None, None) => Error::new(status, Origin::Client, format!("it returned {status}")),
    };
    Err(error.retryable(matches!(status, Status::Unavailable | Status::DeadlineExceeded)))
}

/// Sets a callback that adds headers to each call, in place of the one set before. After triton_client_free
/// it may still be called, until the asynchronous calls and streams of the client have ended.
///
/// @param callback   adds the headers; NULL undoes it
/// @param user_data  passed to the callback and to the finalizer
/// @param finalizer  called with user_data when the options, and every client that was made with them, are
///                   freed or have another callback (CALLBACKS); may be NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_header_callback(
    options: *mut triton_client_options,
    callback: triton_header_callback,
    user_data: *mut c_void,
    finalizer: triton_finalizer,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, CALLBACKS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            let user_data = UserData::new(user_data, finalizer);
            let Some(callback) = callback else {
                options.options.remove_header_callback();
                return Ok(());
            };
            options.options.set_header_callback(Arc::new(move |headers| {
                add_headers(callback, headers, user_data.pointer())
            }));
            Ok(())
        })
    }
}

/// Adds a header to the call, over gRPC metadata. A name may be added several times, except for
/// authorization, whose last value replaces the others.
///
/// Returns INVALID_ARGUMENT as triton_call_options_add_header does.
///
/// @param name             in any case
/// @param value            copied; of a name that ends in "-bin" any bytes, which are sent as base64
/// @param value_byte_size  of value, for a string strlen(value)
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_headers_add(
    headers: *mut triton_call_headers,
    name: *const c_char,
    value: *const c_void,
    value_byte_size: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, ARRAYS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let headers = handle_mut(headers, "headers")?;
            let outcome = convert::string(name, "name").and_then(|name| {
                let value = convert::array(value.cast::<u8>(), value_byte_size, "value")?;
                headers.headers.add(name, value).map(drop)
            });
            headers.refused = outcome.as_ref().err().cloned();
            outcome
        })
    }
}

/// Sets the message of the callback's failure, which it reports by a status other than TRITON_STATUS_OK.
///
/// @param message  copied, with U+FFFD for what is not UTF-8; appears in the error of the call, so it must
///                 not contain secrets. NULL undoes it
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_headers_set_error(
    headers: *mut triton_call_headers,
    message: *const c_char,
) {
    infallible((), || {
        // SAFETY: the contract's HANDLES, THREADS, STRINGS.
        unsafe {
            if let Some(headers) = headers.as_mut() {
                headers.message = convert::lossy_or_none(message);
            }
        }
    });
}

/// Returns the URL of the server. Valid during the callback.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_headers_endpoint(headers: *const triton_call_headers) -> *const c_char {
    infallible(EMPTY, || {
        // SAFETY: the contract's HANDLES.
        unsafe {
            read(headers, EMPTY, |headers| {
                headers.endpoint.get_or_init(|| convert::c_string(headers.headers.endpoint())).as_ptr()
            })
        }
    })
}

/// Returns whether the server has responded UNAUTHENTICATED to this call with the headers that the callback
/// added before: a callback that keeps its token must now get another one. False for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_headers_was_refused(headers: *const triton_call_headers) -> bool {
    // SAFETY: the contract's HANDLES.
    infallible(false, || unsafe { read(headers, false, |headers| headers.headers.was_refused()) })
}
