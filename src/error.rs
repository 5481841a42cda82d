//! What went wrong, in terms that a program can act on: a [`Status`], an [`Origin`], and whether another try may
//! help and is safe.
//!
//! Triton's own codes, HTTP statuses and the library's own failures all map to the canonical codes of gRPC. The
//! tables are [`HTTP_STATUSES`] and [`GRPC_CODES`].

use std::{error::Error as StdError, fmt, sync::Arc};

use crate::headers::Headers;

/// The result of every operation of this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// The canonical status codes of gRPC, with their numbers. There is no `Ok`: an [`Error`] always failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum Status {
    /// The call was cancelled, by the caller or by the server.
    Cancelled = 1,
    /// The server gave no code that says more.
    Unknown = 2,
    /// What was asked is wrong in itself: a name, a shape, a byte count, a URL.
    InvalidArgument = 3,
    /// The time limit passed before the answer was complete.
    DeadlineExceeded = 4,
    /// There is no such model, version, output or region.
    NotFound = 5,
    /// What was to be made is there already.
    AlreadyExists = 6,
    /// The server refuses this to the caller.
    PermissionDenied = 7,
    /// A limit was met: a message too large, a buffer too small, a quota used up.
    ResourceExhausted = 8,
    /// Not possible in the present state.
    FailedPrecondition = 9,
    /// Given up because of a conflict; may succeed when tried again from the start.
    Aborted = 10,
    /// Past the end of something.
    OutOfRange = 11,
    /// The server, or this build of the library, does not do this.
    Unimplemented = 12,
    /// A broken promise: of the server's, or a defect of this library.
    Internal = 13,
    /// The server can't be reached, or can't serve now.
    Unavailable = 14,
    /// Data was lost or damaged beyond repair.
    DataLoss = 15,
    /// The server does not know who is calling.
    Unauthenticated = 16,
}

impl Status {
    /// The name as gRPC writes it, `"NOT_FOUND"`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cancelled => "CANCELLED",
            Self::Unknown => "UNKNOWN",
            Self::InvalidArgument => "INVALID_ARGUMENT",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::NotFound => "NOT_FOUND",
            Self::AlreadyExists => "ALREADY_EXISTS",
            Self::PermissionDenied => "PERMISSION_DENIED",
            Self::ResourceExhausted => "RESOURCE_EXHAUSTED",
            Self::FailedPrecondition => "FAILED_PRECONDITION",
            Self::Aborted => "ABORTED",
            Self::OutOfRange => "OUT_OF_RANGE",
            Self::Unimplemented => "UNIMPLEMENTED",
            Self::Internal => "INTERNAL",
            Self::Unavailable => "UNAVAILABLE",
            Self::DataLoss => "DATA_LOSS",
            Self::Unauthenticated => "UNAUTHENTICATED",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Who found the fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum Origin {
    /// The caller's own argument was refused, before anything was sent.
    Argument = 1,
    /// The library on the caller's side: a deadline, a local limit, a defect.
    Client = 2,
    /// The way to the server: a name that does not resolve, a refused or broken connection, an answer that is none.
    Connection = 3,
    /// The server, or a proxy before it, answered with an error.
    Server = 4,
}

/// What an answer's code means: the status, whether another try may succeed later, and whether the server may have
/// run the request all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// The canonical code.
    pub status: Status,
    /// May succeed later.
    pub retryable: bool,
    /// The server may have run the request.
    pub in_doubt: bool,
}

const fn means(status: Status, retryable: bool, in_doubt: bool) -> Meaning {
    Meaning { status, retryable, in_doubt }
}

/// HTTP statuses with a meaning of their own, in order. 400 stands for four of Triton's codes (INVALID_ARGUMENT,
/// ALREADY_EXISTS, UNKNOWN, CANCELLED); nothing on the wire tells them apart, so INVALID_ARGUMENT is answered.
/// Every other 4xx is INVALID_ARGUMENT too, every other 5xx INTERNAL, and any other status that is not a success UNKNOWN. 520 to 524 are
/// Cloudflare's, for a server that it did not reach or that did not respond: its 524 comes 100 s after the request did. No
/// server of the protocol sends any other 5xx, so that it is in doubt as well.
/// 503 is in doubt because proxies send it after their upstream broke in mid-request; a 503 whose body is an error as
/// Triton writes it, `{"error": "..."}`, is not.
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

/// The codes of gRPC, in order. An unknown number is UNKNOWN. RESOURCE_EXHAUSTED is not retryable: it is what a server
/// answers to a message over its limit. UNAVAILABLE is in doubt because proxies send it after their upstream broke in
/// mid-request; one with a text by which Triton says that nothing ran (queue full, queue timeout, stopping, model not ready,
/// protocol restricted) is not, and for shared memory and settings one in Triton's own words is not retryable either.
/// CANCELLED without a reason comes from a server that is stopping, and is retryable.
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

/// What an HTTP status other than success means.
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

/// What a gRPC code other than 0 means.
pub fn grpc_code_meaning(code: i32) -> Meaning {
    let row = GRPC_CODES.iter().find(|row| row.0 == code);
    row.map_or(means(Status::Unknown, false, false), |row| row.1)
}

/// As much of a name, a header or another short text from the network as a message shows.
pub(crate) const EXCERPT_BYTE_SIZE: usize = 256;
/// As much of a server's own reason as a message shows: 8 KiB.
pub(crate) const REASON_BYTE_SIZE: usize = 8 << 10;
/// As many names, or dimensions of a shape, as a message lists.
const LISTED: usize = 8;

/// A short text from the network as a message shows it: at most [`EXCERPT_BYTE_SIZE`] bytes of it, then an ellipsis.
pub(crate) fn excerpt(text: &str) -> Excerpt<'_> {
    Excerpt { text, max: EXCERPT_BYTE_SIZE }
}

/// What stands for a reason that a server did not give.
pub(crate) const NO_REASON: &str = "the server gave no reason";

/// A server's own reason as a message shows it: at most [`REASON_BYTE_SIZE`] bytes of it, then an ellipsis; a blank one
/// is replaced.
pub(crate) fn reason(text: &str) -> Excerpt<'_> {
    let text = if text.trim().is_empty() { NO_REASON } else { text };
    Excerpt { text, max: REASON_BYTE_SIZE }
}

/// The beginning of a text, whole characters of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Excerpt<'a> {
    text: &'a str,
    max: usize,
}

impl<'a> Excerpt<'a> {
    /// At most `max` bytes of a text.
    pub fn of(text: &'a str, max: usize) -> Self {
        Self { text, max }
    }
}

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.text.len() <= self.max {
            return f.write_str(self.text);
        }
        let end = (0..=self.max).rev().find(|end| self.text.is_char_boundary(*end));
        write!(f, "{}…", &self.text[..end.unwrap_or_default()])
    }
}

/// Names as a message lists them: the first 8, and how many more there are.
pub(crate) fn list<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let count = names.len();
    let shown: Vec<_> = names.take(LISTED).map(|name| format!("'{}'", excerpt(name))).collect();
    match count {
        0 => "none".to_owned(),
        1..=LISTED => shown.join(", "),
        _ => format!("{} and {} more", shown.join(", "), count - LISTED),
    }
}

/// A shape as a message shows it: the first 8 dimensions, and how many more there are.
pub(crate) fn dimensions(shape: &[i64]) -> String {
    match shape.len() {
        ..=LISTED => format!("{shape:?}"),
        rank => format!("{:?} and {} more dimensions", &shape[..LISTED], rank - LISTED),
    }
}

/// Why a call failed. One pointer in size; the message alone says what was tried, on what, and what came of it.
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

    /// An argument of the caller's that cannot be right.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Status::InvalidArgument, Origin::Argument, message)
    }

    /// A failure on the way to the server. Retryable; the caller says whether it is in doubt.
    pub(crate) fn connection(message: impl Into<String>) -> Self {
        Self::new(Status::Unavailable, Origin::Connection, message).retryable(true)
    }

    /// An answer that breaks the protocol. The server ran the request, or may have.
    pub(crate) fn malformed_response(message: impl Into<String>) -> Self {
        Self::new(Status::Internal, Origin::Connection, message).in_doubt(true)
    }

    /// Whether it is a [`malformed_response`](Self::malformed_response): whoever broke the protocol once may do so again, so that the
    /// connection is not used any more.
    pub(crate) fn is_malformed_response(&self) -> bool {
        (self.status(), self.origin()) == (Status::Internal, Origin::Connection)
    }

    /// A time limit of the caller's that passed.
    pub(crate) fn deadline(message: impl Into<String>) -> Self {
        Self::new(Status::DeadlineExceeded, Origin::Client, message).retryable(true)
    }

    /// An answer of the server's, by the meaning of its code.
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

    /// The headers of the response that is this error. A redirect, which is never followed, gets its target into the message.
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

    /// Appends what helps to understand the message.
    pub(crate) fn with_hint(mut self, hint: impl fmt::Display) -> Self {
        self.0.message = format!("{}{hint}", self.0.message);
        self
    }

    /// Notes that the server itself has said so, as far as its words tell, and no proxy before it.
    pub(crate) fn said_by_server_itself(mut self, is_own: bool) -> Self {
        self.0.is_servers_own = is_own;
        self
    }

    /// Whether the server itself has said so: see [`said_by_server_itself`](Self::said_by_server_itself).
    pub(crate) fn is_servers_own(&self) -> bool {
        self.0.is_servers_own
    }

    /// Puts what was tried in front: `"{what}: {message}"`.
    pub(crate) fn context(mut self, what: impl fmt::Display) -> Self {
        self.0.message = format!("{what}: {}", self.0.message);
        self
    }

    /// The canonical code of the failure.
    pub fn status(&self) -> Status {
        self.0.status
    }

    /// Who found the fault.
    pub fn origin(&self) -> Origin {
        self.0.origin
    }

    /// The HTTP status of the answer, if the failure was one over HTTP.
    pub fn http_status(&self) -> Option<u16> {
        self.0.http_status
    }

    /// The headers of the answer that told the failure, its metadata over gRPC; `None` if no answer did.
    pub fn headers(&self) -> Option<&Headers> {
        self.0.headers.as_deref()
    }

    /// The id of the inference request that failed; empty where it had none.
    pub fn request_id(&self) -> &str {
        &self.0.request_id
    }

    /// Whether the same call may succeed later. Whether another try is *safe* is what [`is_in_doubt`] says.
    ///
    /// [`is_in_doubt`]: Self::is_in_doubt
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// Whether the server may have run the request although the call failed: the request, or a part of it, was sent
    /// and no answer says what became of it.
    pub fn is_in_doubt(&self) -> bool {
        self.0.in_doubt
    }

    /// The message followed by those of all its sources, in one line.
    pub fn full_message(&self) -> String {
        let mut text = self.0.message.clone();
        let mut next = self.source();
        while let Some(source) = next {
            text.push_str(": ");
            text.push_str(&source.to_string());
            next = source.source();
        }
        text
    }
}

/// The message of this error alone; [`Error::full_message`] adds its sources.
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
