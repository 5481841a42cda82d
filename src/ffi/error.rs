//! ERRORS: what went wrong, in words for people and in codes for programs.
//!
//! An answer's HTTP status or gRPC code becomes a status by this table. HTTP 400 stands for four of Triton's codes
//! (INVALID_ARGUMENT, ALREADY_EXISTS, UNKNOWN, CANCELLED), and nothing on the wire tells them apart:
//! INVALID_ARGUMENT is answered. The origin is always TRITON_ORIGIN_SERVER.
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
//! UNAVAILABLE is in doubt because proxies send it after their upstream broke in mid-request. It is not in doubt if the
//! body of a 503 is an error as Triton writes it, {"error": "..."}, or if the text over gRPC is one by which Triton says
//! that nothing ran: queue full, queue timeout, server stopping, model not ready, protocol restricted, no shared memory. For
//! shared memory and for the settings of trace and log it is not retryable if Triton itself says so: it was started without
//! what the call needs, or does not accept a value. An HTTP status of 500 is not in doubt where the protocol is HTTP: it is
//! the server's own. Over gRPC no server sends one, so that it comes from a proxy and is in doubt.
//!
//! CANCELLED over gRPC without a reason comes from a server that is stopping: it is retryable. A server that hears of the
//! deadline over gRPC may see it pass first: what it says of it then is the client's own DEADLINE_EXCEEDED.
//!
//! A request that was certainly not seen (nothing of it was sent, the server said so by GOAWAY, or it was refused before
//! its end was sent) is sent once more, on a fresh connection; so is one that only reads (health, metadata, configuration,
//! statistics, index, settings, metrics) if it was refused or its connection was closed. A stream that was refused after
//! the whole request was sent (REFUSED_STREAM) is UNAVAILABLE, retryable and in doubt: HAProxy 2.6 refuses streams after
//! its server ran the request.
//!
//! A message shows at most 8 KiB of the server's reason, and at most 256 bytes of any other text from the network. A
//! redirect is never followed: the message names its Location.
//!
//! Failures that are no answer: a wrong argument is INVALID_ARGUMENT (origin argument); a server that can't be
//! reached or a connection that breaks UNAVAILABLE, retryable, an answer that is none INTERNAL (origin connection);
//! a time limit DEADLINE_EXCEEDED, retryable, a size limit RESOURCE_EXHAUSTED (origin client). Each is in doubt if
//! the request, or a part of it, was sent. A port that says that it speaks TLS is UNAVAILABLE (origin connection), neither
//! retryable nor in doubt.

use std::{
    ffi::{CString, c_char, c_int},
    ptr,
};

use super::{
    convert::c_string,
    handle::{free, read},
    headers::Texts,
    infallible::infallible,
};
use crate::error::{Error, Origin, Status};

/// How a call ended. The canonical codes of gRPC, with their numbers.
#[repr(i32)]
#[must_use]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum triton_status {
    /// Well.
    TRITON_STATUS_OK = 0,
    /// The call was cancelled, by the caller or by the server.
    TRITON_STATUS_CANCELLED = 1,
    /// The server gave no code that says more.
    TRITON_STATUS_UNKNOWN = 2,
    /// What was asked is wrong in itself: a name, a shape, a byte count, a URL.
    TRITON_STATUS_INVALID_ARGUMENT = 3,
    /// The time limit passed before the answer was complete.
    TRITON_STATUS_DEADLINE_EXCEEDED = 4,
    /// There is no such model, version, output or region.
    TRITON_STATUS_NOT_FOUND = 5,
    /// What was to be made is there already.
    TRITON_STATUS_ALREADY_EXISTS = 6,
    /// The server refuses this to the caller.
    TRITON_STATUS_PERMISSION_DENIED = 7,
    /// A limit was met: a message too large, a buffer too small, a quota used up.
    TRITON_STATUS_RESOURCE_EXHAUSTED = 8,
    /// Not possible in the present state.
    TRITON_STATUS_FAILED_PRECONDITION = 9,
    /// Given up because of a conflict; may succeed when tried again from the start.
    TRITON_STATUS_ABORTED = 10,
    /// Past the end of something.
    TRITON_STATUS_OUT_OF_RANGE = 11,
    /// The server, or this build of the library, does not do this.
    TRITON_STATUS_UNIMPLEMENTED = 12,
    /// A broken promise: of the server's, or a defect of this library.
    TRITON_STATUS_INTERNAL = 13,
    /// The server can't be reached, or can't serve now.
    TRITON_STATUS_UNAVAILABLE = 14,
    /// Data was lost or damaged beyond repair.
    TRITON_STATUS_DATA_LOSS = 15,
    /// The server does not know who is calling.
    TRITON_STATUS_UNAUTHENTICATED = 16,
}

impl triton_status {
    /// Every failure, with the name that the core has for it.
    const FAILURES: [(Self, Status); 16] = [
        (Self::TRITON_STATUS_CANCELLED, Status::Cancelled),
        (Self::TRITON_STATUS_UNKNOWN, Status::Unknown),
        (Self::TRITON_STATUS_INVALID_ARGUMENT, Status::InvalidArgument),
        (Self::TRITON_STATUS_DEADLINE_EXCEEDED, Status::DeadlineExceeded),
        (Self::TRITON_STATUS_NOT_FOUND, Status::NotFound),
        (Self::TRITON_STATUS_ALREADY_EXISTS, Status::AlreadyExists),
        (Self::TRITON_STATUS_PERMISSION_DENIED, Status::PermissionDenied),
        (Self::TRITON_STATUS_RESOURCE_EXHAUSTED, Status::ResourceExhausted),
        (Self::TRITON_STATUS_FAILED_PRECONDITION, Status::FailedPrecondition),
        (Self::TRITON_STATUS_ABORTED, Status::Aborted),
        (Self::TRITON_STATUS_OUT_OF_RANGE, Status::OutOfRange),
        (Self::TRITON_STATUS_UNIMPLEMENTED, Status::Unimplemented),
        (Self::TRITON_STATUS_INTERNAL, Status::Internal),
        (Self::TRITON_STATUS_UNAVAILABLE, Status::Unavailable),
        (Self::TRITON_STATUS_DATA_LOSS, Status::DataLoss),
        (Self::TRITON_STATUS_UNAUTHENTICATED, Status::Unauthenticated),
    ];
}

impl From<Status> for triton_status {
    fn from(status: Status) -> Self {
        let row = Self::FAILURES.iter().find(|row| row.1 == status);
        row.map_or(Self::TRITON_STATUS_UNKNOWN, |row| row.0)
    }
}

/// A `triton_status` that comes from C, with whatever number C has in it.
pub type triton_status_number = c_int;

/// Who found the fault.
#[repr(i32)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum triton_origin {
    /// There is no fault.
    TRITON_ORIGIN_NONE = 0,
    /// The caller's own argument was refused, before anything was sent.
    TRITON_ORIGIN_ARGUMENT = 1,
    /// The library on the caller's side: a time limit, a size limit, a defect.
    TRITON_ORIGIN_CLIENT = 2,
    /// The way to the server: a name that does not resolve, a refused or broken connection, an answer that is none.
    TRITON_ORIGIN_CONNECTION = 3,
    /// The server, or a proxy before it, answered with an error.
    TRITON_ORIGIN_SERVER = 4,
}

/// Why a call failed. Freed with triton_error_free.
pub struct triton_error {
    error: Error,
    message: CString,
    request_id: CString,
    headers: Texts,
}

impl triton_error {
    pub(super) fn new(error: Error) -> Self {
        let (message, request_id) = (c_string(&error.full_message()), c_string(error.request_id()));
        Self { error, message, request_id, headers: Texts::default() }
    }
}

/// The status that the failed function returned too. TRITON_STATUS_OK for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_error_status(error: *const triton_error) -> triton_status {
    let ok = triton_status::TRITON_STATUS_OK;
    // SAFETY: the contract's HANDLES.
    infallible(ok, || unsafe { read(error, ok, |error| error.error.status().into()) })
}

/// What was tried, on what, and what came of it, down to the first cause, in one line that stands alone. Valid until
/// the error is freed; an empty text for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_error_message(error: *const triton_error) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(c"".as_ptr(), || unsafe { read(error, c"".as_ptr(), |error| error.message.as_ptr()) })
}

/// Who found the fault. TRITON_ORIGIN_NONE for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_error_origin(error: *const triton_error) -> triton_origin {
    let none = triton_origin::TRITON_ORIGIN_NONE;
    // SAFETY: the contract's HANDLES.
    infallible(none, || unsafe {
        read(error, none, |error| match error.error.origin() {
            Origin::Argument => triton_origin::TRITON_ORIGIN_ARGUMENT,
            Origin::Client => triton_origin::TRITON_ORIGIN_CLIENT,
            Origin::Connection => triton_origin::TRITON_ORIGIN_CONNECTION,
            Origin::Server => triton_origin::TRITON_ORIGIN_SERVER,
        })
    })
}

/// The HTTP status of the answer, 404; 0 if there was no answer over HTTP, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_error_http_status(error: *const triton_error) -> u32 {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(error, 0, |error| error.error.http_status().map_or(0, u32::from)) })
}

/// The id of the inference request that failed. Valid until the error is freed; an empty text if it had none, and for
/// NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_error_request_id(error: *const triton_error) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(c"".as_ptr(), || unsafe { read(error, c"".as_ptr(), |error| error.request_id.as_ptr()) })
}

/// Whether the same call may succeed later. Whether another try is safe is what triton_error_is_in_doubt says.
/// False for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_error_is_retryable(error: *const triton_error) -> bool {
    // SAFETY: the contract's HANDLES.
    infallible(false, || unsafe { read(error, false, |error| error.error.is_retryable()) })
}

/// Whether the server may have run the request although the call failed: it was sent, or a part of it, and no answer
/// says what became of it. False for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_error_is_in_doubt(error: *const triton_error) -> bool {
    // SAFETY: the contract's HANDLES.
    infallible(false, || unsafe { read(error, false, |error| error.error.is_in_doubt()) })
}

/// The number of headers of the answer that told the failure, over gRPC of its metadata; 0 if no answer did, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_error_header_count(error: *const triton_error) -> usize {
    infallible(0, || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe { read(error, 0, |error| error.error.headers().map_or(0, |headers| headers.iter().len())) }
    })
}

/// The name of a header, in lower case; an empty text past the end. Valid until the error is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_error_header_name(error: *const triton_error, index: usize) -> *const c_char {
    infallible(c"".as_ptr(), || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe { read(error, c"".as_ptr(), |error| error.headers.name(error.error.headers(), index)) }
    })
}

/// The value of a header; an empty text past the end. Valid until the error is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_error_header_value(
    error: *const triton_error,
    index: usize,
) -> *const c_char {
    infallible(c"".as_ptr(), || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe { read(error, c"".as_ptr(), |error| error.headers.value(error.error.headers(), index)) }
    })
}

/// Frees an error; NULL is harmless.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_error_free(error: *mut triton_error) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(error) });
}

/// The name of a status, "NOT_FOUND". Valid for ever; "UNKNOWN" for a number that is no status.
#[unsafe(no_mangle)]
pub extern "C" fn triton_status_name(status: triton_status_number) -> *const c_char {
    // In the order of their numbers.
    const NAMES: [&std::ffi::CStr; 17] = [
        c"OK",
        c"CANCELLED",
        c"UNKNOWN",
        c"INVALID_ARGUMENT",
        c"DEADLINE_EXCEEDED",
        c"NOT_FOUND",
        c"ALREADY_EXISTS",
        c"PERMISSION_DENIED",
        c"RESOURCE_EXHAUSTED",
        c"FAILED_PRECONDITION",
        c"ABORTED",
        c"OUT_OF_RANGE",
        c"UNIMPLEMENTED",
        c"INTERNAL",
        c"UNAVAILABLE",
        c"DATA_LOSS",
        c"UNAUTHENTICATED",
    ];
    infallible(ptr::null(), || {
        usize::try_from(status).ok().and_then(|at| NAMES.get(at)).unwrap_or(&c"UNKNOWN").as_ptr()
    })
}
