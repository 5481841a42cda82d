//! Errors: a [`Status`], an [`Origin`], and whether a retry may succeed and is safe.
//!
//! Triton's codes, HTTP statuses and the library's own failures map to the canonical codes of gRPC by the
//! tables [`HTTP_STATUSES`] and [`GRPC_CODES`].

use std::{borrow::Cow, error::Error as StdError, ffi::CStr, fmt, sync::Arc};

use crate::headers::Headers;

/// The result of an operation that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// The canonical status codes of gRPC, with their numbers. There is no `Ok`: an [`Error`] is always a
/// failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum Status {
    /// The operation was cancelled, by the caller or by the server.
    Cancelled = 1,
    /// The error has no more specific code.
    Unknown = 2,
    /// The caller passed an invalid argument, for example a bad name, shape, byte count or URL.
    InvalidArgument = 3,
    /// The deadline passed before the operation was complete.
    DeadlineExceeded = 4,
    /// A model, version, output or shared memory region does not exist.
    NotFound = 5,
    /// The entity to be created exists already.
    AlreadyExists = 6,
    /// The caller is not permitted to do this.
    PermissionDenied = 7,
    /// A resource is exhausted: the message exceeds a size limit, a buffer is too small, or a quota is used
    /// up.
    ResourceExhausted = 8,
    /// The system is not in the state that the operation requires.
    FailedPrecondition = 9,
    /// The operation was aborted because of a conflict; it may succeed if it is repeated as a whole.
    Aborted = 10,
    /// The operation exceeds a valid range.
    OutOfRange = 11,
    /// The server, or this build of the library, does not support the operation.
    Unimplemented = 12,
    /// Internal error: the server failed, its response is malformed, or the library has a defect.
    Internal = 13,
    /// The server cannot be reached, or cannot serve at the moment.
    Unavailable = 14,
    /// Data was lost or corrupted and cannot be recovered.
    DataLoss = 15,
    /// The caller is not authenticated.
    Unauthenticated = 16,
}

/// The statuses in the order of their numbers, from 1. The names are NUL-terminated for C.
const STATUSES: [(Status, &CStr); 16] = [
    (Status::Cancelled, c"CANCELLED"),
    (Status::Unknown, c"UNKNOWN"),
    (Status::InvalidArgument, c"INVALID_ARGUMENT"),
    (Status::DeadlineExceeded, c"DEADLINE_EXCEEDED"),
    (Status::NotFound, c"NOT_FOUND"),
    (Status::AlreadyExists, c"ALREADY_EXISTS"),
    (Status::PermissionDenied, c"PERMISSION_DENIED"),
    (Status::ResourceExhausted, c"RESOURCE_EXHAUSTED"),
    (Status::FailedPrecondition, c"FAILED_PRECONDITION"),
    (Status::Aborted, c"ABORTED"),
    (Status::OutOfRange, c"OUT_OF_RANGE"),
    (Status::Unimplemented, c"UNIMPLEMENTED"),
    (Status::Internal, c"INTERNAL"),
    (Status::Unavailable, c"UNAVAILABLE"),
    (Status::DataLoss, c"DATA_LOSS"),
    (Status::Unauthenticated, c"UNAUTHENTICATED"),
];

impl Status {
    /// Returns the status with a gRPC code; `None` for 0 and for any number that is not one of the 16 codes.
    pub fn from_number(number: i32) -> Option<Self> {
        let index = usize::try_from(number).ok()?.checked_sub(1)?;
        STATUSES.get(index).map(|row| row.0)
    }

    /// Returns the name as gRPC writes it, for example `"NOT_FOUND"`.
    pub fn name(self) -> &'static str {
        self.c_name().to_str().unwrap_or_default()
    }

    pub(crate) fn c_name(self) -> &'static CStr {
        STATUSES.get(self as usize - 1).map_or(c"UNKNOWN", |row| row.1)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Where an error was detected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum Origin {
    /// An argument of the caller: nothing was sent.
    Argument = 1,
    /// The client: a deadline, a size limit, or a defect of the library.
    Client = 2,
    /// The connection: name resolution failed, the connection was refused or lost, or the response is not
    /// valid HTTP or gRPC.
    Connection = 3,
    /// The server, or a proxy before it, sent an error response.
    Server = 4,
}

/// The meaning of the code of an error response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// The canonical code.
    pub status: Status,
    /// The same call may succeed later.
    pub retryable: bool,
    /// The server may have run the request.
    pub in_doubt: bool,
}

const fn means(status: Status, retryable: bool, in_doubt: bool) -> Meaning {
    Meaning { status, retryable, in_doubt }
}

/// The HTTP statuses with a meaning of their own, in order. Any other 4xx is INVALID_ARGUMENT, any other 5xx
/// INTERNAL, and any other status that is not a success UNKNOWN.
///
/// - Triton uses 400 for four of its codes (INVALID_ARGUMENT, ALREADY_EXISTS, UNKNOWN, CANCELLED), which
///   cannot be distinguished.
/// - 503 is in doubt because proxies send it after they lost the connection to the server in the middle of a
///   request; a 503 whose body is an error as Triton writes it, `{"error": "..."}`, is not.
/// - 520 to 524 are Cloudflare's, for a server that it could not reach or that did not respond: 524 comes
///   after 100 s.
/// - Any other 5xx comes from a proxy, since no server of the protocol sends it, and is in doubt.
pub const HTTP_STATUSES: [(u16, Meaning); 24] = [
    (400, means(Status::InvalidArgument, false, false)),
    (401, means(Status::Unauthenticated, false, false)),
    (403, means(Status::PermissionDenied, false, false)),
    (404, means(Status::NotFound, false, false)),
    (405, means(Status::Unimplemented, false, false)),
    (408, means(Status::DeadlineExceeded, true, false)),
    (409, means(Status::Aborted, true, false)),
    (412, means(Status::FailedPrecondition, false, false)),
    (413, means(Status::ResourceExhausted, false, false)),
    (415, means(Status::Unimplemented, false, false)),
    (416, means(Status::OutOfRange, false, false)),
    (422, means(Status::InvalidArgument, false, false)),
    (429, means(Status::ResourceExhausted, true, false)),
    (499, means(Status::Cancelled, false, true)),
    (500, means(Status::Internal, false, false)),
    (501, means(Status::Unimplemented, false, false)),
    (502, means(Status::Unavailable, true, true)),
    (503, means(Status::Unavailable, true, true)),
    (504, means(Status::DeadlineExceeded, true, true)),
    (520, means(Status::Unavailable, true, true)),
    (521, means(Status::Unavailable, true, true)),
    (522, means(Status::Unavailable, true, true)),
    (523, means(Status::Unavailable, true, true)),
    (524, means(Status::DeadlineExceeded, true, true)),
];

/// The codes of gRPC, in order. Any other number is UNKNOWN.
///
/// - RESOURCE_EXHAUSTED is not retryable: servers send it for a message that exceeds their limit.
/// - UNAVAILABLE is in doubt because proxies send it after they lost the connection to the server in the
///   middle of a request. It is not in doubt if the message is one that Triton sends for a request that it
///   did not run (queue full, queue timeout, stopping, model not ready, protocol restricted), and not
///   retryable if Triton itself sends it for shared memory or settings.
/// - CANCELLED without a message comes from a server that is stopping, and is retryable.
pub const GRPC_CODES: [(i32, Meaning); 16] = [
    (1, means(Status::Cancelled, false, true)),
    (2, means(Status::Unknown, false, false)),
    (3, means(Status::InvalidArgument, false, false)),
    (4, means(Status::DeadlineExceeded, true, true)),
    (5, means(Status::NotFound, false, false)),
    (6, means(Status::AlreadyExists, false, false)),
    (7, means(Status::PermissionDenied, false, false)),
    (8, means(Status::ResourceExhausted, false, false)),
    (9, means(Status::FailedPrecondition, false, false)),
    (10, means(Status::Aborted, true, false)),
    (11, means(Status::OutOfRange, false, false)),
    (12, means(Status::Unimplemented, false, false)),
    (13, means(Status::Internal, false, false)),
    (14, means(Status::Unavailable, true, true)),
    (15, means(Status::DataLoss, false, false)),
    (16, means(Status::Unauthenticated, false, false)),
];

/// Returns the meaning of an HTTP status other than success.
pub fn http_status_meaning(code: u16) -> Meaning {
    if let Ok(at) = HTTP_STATUSES.binary_search_by_key(&code, |row| row.0) {
        return HTTP_STATUSES[at].1;
    }
    match code {
        400..=499 => means(Status::InvalidArgument, false, false),
        500..=599 => means(Status::Internal, false, true),
        _ => means(Status::Unknown, false, false),
    }
}

/// Returns the meaning of a gRPC code other than 0.
pub fn grpc_code_meaning(code: i32) -> Meaning {
    let row = GRPC_CODES.iter().find(|row| row.0 == code);
    row.map_or(means(Status::Unknown, false, false), |row| row.1)
}

/// The maximum size of a name, a header or another short text from the network in a message.
pub(crate) const EXCERPT_BYTE_SIZE: usize = 256;
/// The maximum size of a server's reason in a message: 8 KiB.
pub(crate) const REASON_BYTE_SIZE: usize = 8 << 10;
/// The maximum number of names, or of dimensions of a shape, in a message.
const LISTED: usize = 8;

/// Returns a short text from the network for a message: at most [`EXCERPT_BYTE_SIZE`] bytes, then an
/// ellipsis.
pub(crate) fn excerpt(text: &str) -> Excerpt<'_> {
    Excerpt { text, max: EXCERPT_BYTE_SIZE }
}

/// The reason of an error response without one.
pub(crate) const NO_REASON: &str = "the server gave no reason";

/// Returns a server's reason for a message: at most [`REASON_BYTE_SIZE`] bytes, then an ellipsis;
/// [`NO_REASON`] for a blank one.
pub(crate) fn reason(text: &str) -> Excerpt<'_> {
    let text = text.trim();
    Excerpt { text: if text.is_empty() { NO_REASON } else { text }, max: REASON_BYTE_SIZE }
}

/// The beginning of a text, cut at a character boundary, in one line: text from a server must not be able to
/// end a line of a log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Excerpt<'a> {
    text: &'a str,
    max: usize,
}

impl<'a> Excerpt<'a> {
    /// Creates an excerpt of at most `max` bytes.
    pub(crate) fn of(text: &'a str, max: usize) -> Self {
        Self { text, max }
    }
}

impl Excerpt<'_> {
    /// The same with all non-printable characters escaped.
    pub(crate) fn escaped(&self) -> String {
        let (text, end) = cut(self.text, self.max);
        format!("{}{end}", text.escape_debug())
    }
}

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (text, end) = cut(self.text, self.max);
        // Escapes take more space than what they stand for.
        let line = one_line(text);
        let (line, escaped_end) = cut(&line, self.max);
        write!(f, "{line}{}", if end.is_empty() { escaped_end } else { end })
    }
}

/// At most `max` bytes of a text, and an ellipsis if that is not all.
fn cut(text: &str, max: usize) -> (&str, &'static str) {
    if text.len() <= max {
        return (text, "");
    }
    let end = (0..=max).rev().find(|end| text.is_char_boundary(*end));
    (&text[..end.unwrap_or_default()], "…")
}

/// A text without control characters: each line break or tab, with the blanks around it, becomes one blank,
/// and any other is escaped, except for NUL, which C sees as U+FFFD.
fn one_line(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len());
    for part in text.split(|c: char| c.is_control() && c.is_whitespace()).map(str::trim) {
        if !line.is_empty() && !part.is_empty() {
            line.push(' ');
        }
        for c in part.chars() {
            match c {
                '\0' => line.push(c),
                c if c.is_control() => line.extend(c.escape_default()),
                c => line.push(c),
            }
        }
    }
    Cow::Owned(line)
}

/// Returns a list of names for a message: the first 8, and the number of the others.
pub(crate) fn list<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let count = names.len();
    let shown: Vec<_> = names.take(LISTED).map(|name| format!("'{}'", excerpt(name))).collect();
    match count {
        0 => "none".to_owned(),
        1..=LISTED => shown.join(", "),
        _ => format!("{} and {} more", shown.join(", "), count - LISTED),
    }
}

/// Returns a shape for a message: the first 8 dimensions, and the number of the others.
pub(crate) fn dimensions(shape: &[i64]) -> String {
    match shape.len() {
        ..=LISTED => format!("{shape:?}"),
        rank => format!("{:?} and {} more dimensions", &shape[..LISTED], rank - LISTED),
    }
}

/// An error, with a message that states what failed, on what, and why. It has the size of a pointer.
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    status: Status,
    origin: Origin,
    retryable: bool,
    in_doubt: bool,
    is_servers_own: bool,
    http_status: Option<u16>,
    request_id: String,
    headers: Option<Arc<Headers>>,
    message: String,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

impl Error {
    pub(crate) fn new(status: Status, origin: Origin, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            status,
            origin,
            retryable: false,
            in_doubt: false,
            is_servers_own: false,
            http_status: None,
            request_id: String::new(),
            headers: None,
            message: message.into(),
            source: None,
        }))
    }

    /// Creates the error of an invalid argument.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Status::InvalidArgument, Origin::Argument, message)
    }

    /// Creates the error of a call that the state of a handle does not permit.
    pub(crate) fn precondition(message: impl Into<String>) -> Self {
        Self::new(Status::FailedPrecondition, Origin::Argument, message)
    }

    /// Creates the error of a defect of the library.
    pub(crate) fn internal(message: &str) -> Self {
        Self::new(Status::Internal, Origin::Client, format!("internal error: {message}"))
    }

    /// Creates the error of a failed connection. Retryable; not in doubt unless the caller sets it.
    pub(crate) fn connection(message: impl Into<String>) -> Self {
        Self::new(Status::Unavailable, Origin::Connection, message).retryable(true)
    }

    /// Creates the error of a response that violates the protocol. In doubt: the server may have run the
    /// request.
    pub(crate) fn malformed_response(message: impl Into<String>) -> Self {
        Self::new(Status::Internal, Origin::Connection, message).in_doubt(true)
    }

    /// Returns whether it is a [`malformed_response`](Self::malformed_response), after which a connection is
    /// not reused.
    pub(crate) fn is_malformed_response(&self) -> bool {
        (self.status(), self.origin()) == (Status::Internal, Origin::Connection)
    }

    /// Creates the error of a deadline that has passed.
    pub(crate) fn deadline(message: impl Into<String>) -> Self {
        Self::new(Status::DeadlineExceeded, Origin::Client, message).retryable(true)
    }

    /// Creates the error of an error response from the meaning of its code.
    pub(crate) fn from_response(meaning: Meaning, message: impl Into<String>) -> Self {
        Self::new(meaning.status, Origin::Server, message)
            .retryable(meaning.retryable)
            .in_doubt(meaning.in_doubt)
    }

    pub(crate) fn retryable(mut self, retryable: bool) -> Self {
        self.0.retryable = retryable;
        self
    }

    pub(crate) fn in_doubt(mut self, in_doubt: bool) -> Self {
        self.0.in_doubt = in_doubt;
        self
    }

    pub(crate) fn with_http_status(mut self, code: u16) -> Self {
        self.0.http_status = Some(code);
        self
    }

    pub(crate) fn with_request_id(mut self, id: &str) -> Self {
        self.0.request_id = id.to_owned();
        self
    }

    /// Adds the headers of the error response, and the target of a redirect to the message: redirects are
    /// never followed.
    pub(crate) fn with_headers(mut self, headers: Headers) -> Self {
        if let (Some(300..=399), None, Some(target)) =
            (self.0.http_status, &self.0.headers, headers.get("location"))
        {
            let target = excerpt(target);
            self.0.message =
                format!("{}: redirects are not followed, Location is '{target}'", self.0.message);
        }
        self.0.headers = Some(Arc::new(headers));
        self
    }

    pub(crate) fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into().into());
        self
    }

    /// Appends advice to the message.
    pub(crate) fn with_hint(mut self, hint: impl fmt::Display) -> Self {
        self.0.message = format!("{}{hint}", self.0.message);
        self
    }

    /// Sets whether the response comes from the server itself and not from a proxy, judged by its wording.
    pub(crate) fn with_servers_own(mut self, is_own: bool) -> Self {
        self.0.is_servers_own = is_own;
        self
    }

    /// See [`with_servers_own`](Self::with_servers_own).
    pub(crate) fn is_servers_own(&self) -> bool {
        self.0.is_servers_own
    }

    /// Prepends what failed: `"{what}: {message}"`.
    pub(crate) fn context(mut self, what: impl fmt::Display) -> Self {
        // With names of the caller.
        self.0.message = format!("{}: {}", one_line(&what.to_string()), self.0.message);
        self
    }

    /// Returns the canonical code.
    pub fn status(&self) -> Status {
        self.0.status
    }

    /// Returns where the error was detected.
    pub fn origin(&self) -> Origin {
        self.0.origin
    }

    /// Returns the HTTP status of the error response; `None` if there was no response over HTTP.
    pub fn http_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// Returns the headers of the error response, over gRPC its metadata; `None` if there was no response.
    pub fn headers(&self) -> Option<&Headers> {
        self.0.headers.as_deref()
    }

    /// Returns the id of the inference request that failed; empty if it had none.
    pub fn request_id(&self) -> &str {
        &self.0.request_id
    }

    /// Returns whether the same call may succeed later. [`is_in_doubt`](Self::is_in_doubt) returns whether it
    /// is unsafe to repeat a call that is not idempotent.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// Returns whether the server may have run the request although the call failed: all or a part of the
    /// request was sent, and no response shows whether it was processed.
    pub fn is_in_doubt(&self) -> bool {
        self.0.in_doubt
    }

    /// Returns the message followed by those of its sources, on one line.
    pub fn full_message(&self) -> String {
        let mut text = self.0.message.clone();
        let mut next = self.source();
        while let Some(source) = next {
            text.push_str(": ");
            text.push_str(&source.to_string());
            next = source.source();
        }
        one_line(&text).into_owned()
    }
}

/// Writes only this error's message; [`Error::full_message`] adds those of its sources.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:?}): {}", self.0.status, self.0.origin, self.full_message())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
