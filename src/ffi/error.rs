//! ERRORS say why a call failed: in words for people, and in codes for programs.
//!
//! *Retryable* means that the same call may succeed later. *In doubt* means that the server may have run the
//! request although the call failed: all or a part of it was sent, and no response says what became of it.
//!
//! An error response of a server (origin TRITON_ORIGIN_SERVER) becomes a status by this table. Triton uses
//! HTTP 400 for four of its codes (INVALID_ARGUMENT, ALREADY_EXISTS, UNKNOWN, CANCELLED), which cannot be
//! distinguished: the status is INVALID_ARGUMENT.
//!
//! ```text
//!     HTTP          gRPC   status               retryable  in doubt
//!     400, 422      3      INVALID_ARGUMENT     no         no
//!     401           16     UNAUTHENTICATED      no         no
//!     403           7      PERMISSION_DENIED    no         no
//!     404           5      NOT_FOUND            no         no
//!     -             6      ALREADY_EXISTS       no         no
//!     405, 415, 501 12     UNIMPLEMENTED        no         no
//!     408           -      DEADLINE_EXCEEDED    yes        no
//!     504           4      DEADLINE_EXCEEDED    yes        yes
//!     524           -      DEADLINE_EXCEEDED    yes        yes
//!     409           10     ABORTED              yes        no
//!     412           9      FAILED_PRECONDITION  no         no
//!     413           8      RESOURCE_EXHAUSTED   no         no
//!     429           -      RESOURCE_EXHAUSTED   yes        no
//!     416           11     OUT_OF_RANGE         no         no
//!     499           1      CANCELLED            no         yes
//!     500           13     INTERNAL             no         no
//!     502           -      UNAVAILABLE          yes        yes
//!     520, 521, 522 -      UNAVAILABLE          yes        yes
//!     523           -      UNAVAILABLE          yes        yes
//!     503           14     UNAVAILABLE          yes        yes
//!     -             15     DATA_LOSS            no         no
//!     -             2      UNKNOWN              no         no
//!     other 4xx     -      INVALID_ARGUMENT     no         no
//!     other 5xx     -      INTERNAL             no         yes
//!     any other     other  UNKNOWN              no         no
//! ```
//!
//! Exceptions to the table:
//!
//! - UNAVAILABLE is in doubt because proxies send it after they lost the connection to the server in the
//!   middle of a request. It is not in doubt if the body of a 503 is an error as Triton writes it, {"error":
//!   "..."}, or if the message over gRPC is one that Triton sends for a request that it did not run: queue
//!   full, queue timeout, server stopping, model not ready, protocol restricted, shared memory disabled.
//! - UNAVAILABLE is not retryable if Triton itself sends it for shared memory or for the settings of tracing
//!   and logging: it was started without what the call needs, or does not accept a value.
//! - HTTP 500 is not in doubt from a server over HTTP. Over gRPC an HTTP status of 500 comes from a proxy,
//!   and is in doubt.
//! - CANCELLED over gRPC without a message comes from a server that is stopping, and is retryable.
//! - DEADLINE_EXCEEDED over gRPC that a server sends just before the deadline of the call is reported as the
//!   client's own.
//!
//! Failures without an error response of a server:
//!
//! ```text
//!     failure                                         status              origin      retryable  in doubt
//!     invalid argument                                INVALID_ARGUMENT    argument    no         no
//!     name resolution, connection refused or lost     UNAVAILABLE         connection  yes        if sent
//!     TLS port with a plain URL, or the reverse       UNAVAILABLE         connection  no         no
//!     certificate, name or version of TLS refused     UNAVAILABLE         connection  no         no
//!     client certificate missing or refused           UNAUTHENTICATED     connection  no         no
//!     failure of the header callback                  UNAUTHENTICATED     client      as cause   no
//!     the port speaks gRPC and not HTTP, or reverse   INTERNAL            connection  no         no
//!     response that is not valid HTTP or gRPC         INTERNAL            connection  no         if sent
//!     deadline exceeded                               DEADLINE_EXCEEDED   client      yes        if sent
//!     a size limit exceeded                           RESOURCE_EXHAUSTED  client      no         if sent
//! ```
//!
//! RETRIES. The library sends a request a second time, on a new connection, if the server certainly did not
//! process it: nothing of it was sent, the server said so by GOAWAY, or the connection was refused before the
//! end of the request was sent. It also sends a request a second time that only reads (health, metadata,
//! configuration, statistics, index, settings, metrics) if it was refused or its connection was closed. A
//! gRPC stream that is refused (REFUSED_STREAM) after the whole request was sent is UNAVAILABLE, retryable
//! and in doubt: HAProxy 2.6 refuses streams after its server ran the request. Redirects are never followed:
//! the message has their Location. A request that was refused with UNAUTHENTICATED is sent again with new
//! headers, if there is a HEADER CALLBACK.
//!
//! A message contains at most 8 KiB of the server's reason, and at most 256 bytes of any other text from the
//! network.

use std::{
    ffi::{CString, c_char, c_int},
    ptr,
    sync::OnceLock,
};

use super::{
    convert::{EMPTY, c_string},
    handle::{free, new_handle, read},
    headers::triton_headers,
    infallible::infallible,
};
use crate::error::{Error, Origin, Status};

/// The status of a call. The canonical codes of gRPC, with their numbers.
#[repr(i32)]
#[must_use]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum triton_status {
    /// The operation succeeded.
    TRITON_STATUS_OK = 0,
    /// The operation was cancelled, by the caller or by the server.
    TRITON_STATUS_CANCELLED = 1,
    /// The error has no more specific code.
    TRITON_STATUS_UNKNOWN = 2,
    /// The caller passed an invalid argument, for example a bad name, shape, byte count or URL.
    TRITON_STATUS_INVALID_ARGUMENT = 3,
    /// The deadline passed before the operation was complete.
    TRITON_STATUS_DEADLINE_EXCEEDED = 4,
    /// A model, version, output or shared memory region does not exist.
    TRITON_STATUS_NOT_FOUND = 5,
    /// The entity to be created exists already.
    TRITON_STATUS_ALREADY_EXISTS = 6,
    /// The caller is not permitted to do this.
    TRITON_STATUS_PERMISSION_DENIED = 7,
    /// A resource is exhausted: the message exceeds a size limit, a buffer is too small, or a quota is used
    /// up.
    TRITON_STATUS_RESOURCE_EXHAUSTED = 8,
    /// The system is not in the state that the operation requires.
    TRITON_STATUS_FAILED_PRECONDITION = 9,
    /// The operation was aborted because of a conflict; it may succeed if it is repeated as a whole.
    TRITON_STATUS_ABORTED = 10,
    /// The operation exceeds a valid range.
    TRITON_STATUS_OUT_OF_RANGE = 11,
    /// The server, or this build of the library, does not support the operation.
    TRITON_STATUS_UNIMPLEMENTED = 12,
    /// Internal error: the server failed, its response is malformed, or the library has a defect.
    TRITON_STATUS_INTERNAL = 13,
    /// The server cannot be reached, or cannot serve at the moment.
    TRITON_STATUS_UNAVAILABLE = 14,
    /// Data was lost or corrupted and cannot be recovered.
    TRITON_STATUS_DATA_LOSS = 15,
    /// The caller is not authenticated.
    TRITON_STATUS_UNAUTHENTICATED = 16,
}

impl triton_status {
    /// In the order of their numbers, which are the core's too (a test compares them).
    const ALL: [Self; 17] = [
        Self::TRITON_STATUS_OK,
        Self::TRITON_STATUS_CANCELLED,
        Self::TRITON_STATUS_UNKNOWN,
        Self::TRITON_STATUS_INVALID_ARGUMENT,
        Self::TRITON_STATUS_DEADLINE_EXCEEDED,
        Self::TRITON_STATUS_NOT_FOUND,
        Self::TRITON_STATUS_ALREADY_EXISTS,
        Self::TRITON_STATUS_PERMISSION_DENIED,
        Self::TRITON_STATUS_RESOURCE_EXHAUSTED,
        Self::TRITON_STATUS_FAILED_PRECONDITION,
        Self::TRITON_STATUS_ABORTED,
        Self::TRITON_STATUS_OUT_OF_RANGE,
        Self::TRITON_STATUS_UNIMPLEMENTED,
        Self::TRITON_STATUS_INTERNAL,
        Self::TRITON_STATUS_UNAVAILABLE,
        Self::TRITON_STATUS_DATA_LOSS,
        Self::TRITON_STATUS_UNAUTHENTICATED,
    ];
}

impl From<Status> for triton_status {
    fn from(status: Status) -> Self {
        Self::ALL.get(status as usize).copied().unwrap_or(Self::TRITON_STATUS_UNKNOWN)
    }
}

/// A `triton_status` that comes from C: any number.
pub type triton_status_number = c_int;

/// Where an error was detected.
#[repr(i32)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum triton_origin {
    /// No error.
    TRITON_ORIGIN_NONE = 0,
    /// An argument of the caller: nothing was sent.
    TRITON_ORIGIN_ARGUMENT = 1,
    /// The client: a deadline, a size limit, or a defect of the library.
    TRITON_ORIGIN_CLIENT = 2,
    /// The connection: name resolution failed, the connection was refused or lost, or the response is not
    /// valid HTTP or gRPC.
    TRITON_ORIGIN_CONNECTION = 3,
    /// The server, or a proxy before it, sent an error response.
    TRITON_ORIGIN_SERVER = 4,
}

impl From<Origin> for triton_origin {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::Argument => Self::TRITON_ORIGIN_ARGUMENT,
            Origin::Client => Self::TRITON_ORIGIN_CLIENT,
            Origin::Connection => Self::TRITON_ORIGIN_CONNECTION,
            Origin::Server => Self::TRITON_ORIGIN_SERVER,
        }
    }
}

/// Why a call failed. Freed with triton_error_free.
pub struct triton_error {
    error: Error,
    message: CString,
    request_id: CString,
    headers: OnceLock<triton_headers>,
}

impl triton_error {
    pub(super) fn new(error: Error) -> Self {
        let (message, request_id) = (c_string(&error.full_message()), c_string(error.request_id()));
        Self { error, message, request_id, headers: OnceLock::new() }
    }
}

/// Returns what failed, on what, and why, down to the first cause, in one line; "" for NULL. Valid until the
/// error is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_error_message(error: *const triton_error) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(error, EMPTY, |error| error.message.as_ptr()) })
}

/// Returns the status, which is also what the failed function returned; TRITON_STATUS_OK for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_error_status(error: *const triton_error) -> triton_status {
    let ok = triton_status::TRITON_STATUS_OK;
    // SAFETY: the contract's HANDLES.
    infallible(ok, || unsafe { read(error, ok, |error| error.error.status().into()) })
}

/// Returns where the error was detected; TRITON_ORIGIN_NONE for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_error_origin(error: *const triton_error) -> triton_origin {
    let none = triton_origin::TRITON_ORIGIN_NONE;
    // SAFETY: the contract's HANDLES.
    infallible(none, || unsafe { read(error, none, |error| error.error.origin().into()) })
}

/// Returns whether the same call may succeed later; false for NULL. Whether it is safe to repeat the call is
/// what triton_error_is_in_doubt returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_error_is_retryable(error: *const triton_error) -> bool {
    // SAFETY: the contract's HANDLES.
    infallible(false, || unsafe { read(error, false, |error| error.error.is_retryable()) })
}

/// Returns whether the server may have run the request although the call failed: all or a part of the request
/// was sent, and no response says what became of it. False for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_error_is_in_doubt(error: *const triton_error) -> bool {
    // SAFETY: the contract's HANDLES.
    infallible(false, || unsafe { read(error, false, |error| error.error.is_in_doubt()) })
}

/// Returns the HTTP status of the response, for example 404; 0 if there was no response over HTTP, and for
/// NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_error_http_status(error: *const triton_error) -> u32 {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(error, 0, |error| error.error.http_status().map_or(0, u32::from)) })
}

/// Returns the id of the inference request that failed; "" if it had none, and for NULL. Valid until the
/// error is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_error_request_id(error: *const triton_error) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(error, EMPTY, |error| error.request_id.as_ptr()) })
}

/// Returns the headers of the error response, over gRPC its metadata; NULL if there was no response, and for
/// NULL. All functions of headers accept that NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_error_headers(error: *const triton_error) -> *const triton_headers {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES.
        unsafe {
            read(error, ptr::null(), |error| match error.error.headers() {
                Some(headers) => ptr::from_ref(error.headers.get_or_init(|| headers.into())),
                None => ptr::null(),
            })
        }
    })
}

/// Copies an error, so that it can be kept or handed on after the original is freed.
///
/// @return the copy; free it with triton_error_free. NULL for NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_error_clone(error: *const triton_error) -> *mut triton_error {
    infallible(ptr::null_mut(), || {
        // SAFETY: the contract's HANDLES.
        unsafe { read(error, ptr::null_mut(), |error| new_handle(triton_error::new(error.error.clone()))) }
    })
}

/// Frees an error. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_error_free(error: *mut triton_error) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(error) });
}

/// Returns the name of a status, for example "NOT_FOUND"; "UNKNOWN" for any other number. Valid until the
/// program ends.
#[unsafe(no_mangle)]
pub extern "C" fn triton_status_name(status: triton_status_number) -> *const c_char {
    infallible(EMPTY, || match status {
        0 => c"OK".as_ptr(),
        number => Status::from_number(number).unwrap_or(Status::Unknown).c_name().as_ptr(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_and_rust_have_the_same_status_numbers() {
        for (number, status) in (0..).zip(triton_status::ALL) {
            assert_eq!(status as i32, number);
            if number > 0 {
                assert!(triton_status::from(Status::from_number(number).unwrap()) == status);
            }
        }
        assert_eq!(Status::from_number(0), None);
        assert_eq!(Status::from_number(17), None);
        for origin in [Origin::Argument, Origin::Client, Origin::Connection, Origin::Server] {
            assert_eq!(triton_origin::from(origin) as i32, origin as i32);
        }
    }
}
