//! What a client and a call can be told, and the two merged once for each call.

use std::{sync::Arc, time::Duration};

use crate::{
    deadline::Deadline,
    error::{Error, Result},
    log::{Log, LogCallback, LogLevel},
};

/// The time limit for reaching a server, unless told otherwise: 10 s.
pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The time limit of a whole call, unless told otherwise: 60 s.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(60);
/// The largest message that is sent or accepted, unless told otherwise: 2^31 - 1 bytes, which is as much as a Triton
/// server takes over gRPC.
pub const DEFAULT_MAX_MESSAGE_BYTE_SIZE: u64 = i32::MAX as u64;
/// The memory of freed results that a client keeps for the next ones, unless told otherwise: 64 MiB.
pub const DEFAULT_RESULT_MEMORY_BYTE_SIZE: u64 = 64 << 20;

/// What a [`Client`](crate::Client) is told when it is made. Plain data: each setter checks at once.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    pub(crate) connect_timeout: Option<Duration>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) max_message_byte_size: u64,
    pub(crate) result_memory_byte_size: u64,
    pub(crate) log: Log,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Some(DEFAULT_CONNECT_TIMEOUT),
            timeout: Some(DEFAULT_TIMEOUT),
            max_message_byte_size: DEFAULT_MAX_MESSAGE_BYTE_SIZE,
            result_memory_byte_size: DEFAULT_RESULT_MEMORY_BYTE_SIZE,
            log: Log::default(),
        }
    }
}

impl ClientOptions {
    /// The defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// The time limit for reaching a server: name resolution and connecting. `None` leaves only the call's own limit.
    /// A limit of zero is INVALID_ARGUMENT. Default: [`DEFAULT_CONNECT_TIMEOUT`].
    pub fn set_connect_timeout(&mut self, limit: Option<Duration>) -> Result<&mut Self> {
        self.connect_timeout = not_zero(limit)?;
        Ok(self)
    }

    /// The time limit of every call that has none of its own, from its start to its last byte. `None` is no limit; a
    /// limit of zero is INVALID_ARGUMENT. Default: [`DEFAULT_TIMEOUT`].
    pub fn set_timeout(&mut self, limit: Option<Duration>) -> Result<&mut Self> {
        self.timeout = not_zero(limit)?;
        Ok(self)
    }

    /// The largest message, in bytes, that is sent or accepted: a larger request fails before it is sent, a larger
    /// answer before it is stored, both with RESOURCE_EXHAUSTED. Zero is INVALID_ARGUMENT.
    /// Default: [`DEFAULT_MAX_MESSAGE_BYTE_SIZE`].
    pub fn set_max_message_byte_size(&mut self, byte_size: u64) -> Result<&mut Self> {
        if byte_size == 0 {
            return Err(Error::invalid("the largest message can't have 0 bytes"));
        }
        self.max_message_byte_size = byte_size;
        Ok(self)
    }

    /// How many bytes of freed results the client keeps as memory for the next ones, where fresh memory would cost a
    /// page fault for every 4 KiB. 0: none. Default: [`DEFAULT_RESULT_MEMORY_BYTE_SIZE`].
    pub fn set_result_memory_byte_size(&mut self, byte_size: u64) -> &mut Self {
        self.result_memory_byte_size = byte_size;
        self
    }

    /// Hears what the client does, from `most` upwards in weight. Any thread may call it, and it must not call the
    /// client. Default: none, and then nothing is written anywhere.
    pub fn set_log_callback(&mut self, most: LogLevel, callback: Arc<LogCallback>) -> &mut Self {
        self.log = Log::new(most, callback);
        self
    }
}

/// What one call is told. The defaults are those of its client.
#[derive(Clone, Debug, Default)]
pub struct CallOptions {
    /// `None`: the client's. `Some(None)`: no limit.
    timeout: Option<Option<Duration>>,
}

impl CallOptions {
    pub(crate) const DEFAULT: Self = Self { timeout: None };

    /// The client's defaults.
    pub fn new() -> Self {
        Self::DEFAULT
    }

    /// The time limit of the call, from its start to its last byte: names, connecting, sending and receiving all
    /// count. `None` is no limit; zero is INVALID_ARGUMENT.
    pub fn set_timeout(&mut self, limit: Option<Duration>) -> Result<&mut Self> {
        self.timeout = Some(not_zero(limit)?);
        Ok(self)
    }
}

fn not_zero(limit: Option<Duration>) -> Result<Option<Duration>> {
    match limit {
        Some(Duration::ZERO) => Err(Error::invalid("a time limit of 0 leaves no time for anything")),
        limit => Ok(limit),
    }
}

/// The options of the client and of the call, merged: what every layer below the client reads.
#[derive(Clone, Debug)]
pub(crate) struct CallContext {
    pub deadline: Deadline,
    /// For "not within 20ms": the limit that the deadline was made from.
    pub timeout: Option<Duration>,
    pub max_message_byte_size: u64,
    pub log: Log,
}

impl CallContext {
    pub fn new(client: &ClientOptions, call: &CallOptions) -> Self {
        let timeout = call.timeout.unwrap_or(client.timeout);
        Self {
            deadline: Deadline::after(timeout),
            timeout,
            max_message_byte_size: client.max_message_byte_size,
            log: client.log.clone(),
        }
    }

    /// The error of a call whose time is over. In doubt once the request may have left.
    pub fn timed_out(&self, doing: &str) -> Error {
        let limit = self.timeout.unwrap_or_default();
        Error::deadline(format!("no answer within {limit:?}, the time limit of the call ({doing})"))
    }

    /// RESOURCE_EXHAUSTED for a request that is over the limit.
    pub fn check_request_size(&self, byte_size: u64) -> Result<()> {
        self.check_size("request", byte_size, false)
    }

    /// RESOURCE_EXHAUSTED for an answer that is over the limit, to be asked before its memory is.
    pub fn check_answer_size(&self, byte_size: u64) -> Result<()> {
        self.check_size("answer", byte_size, true)
    }

    fn check_size(&self, what: &str, byte_size: u64, in_doubt: bool) -> Result<()> {
        let limit = self.max_message_byte_size;
        if byte_size <= limit {
            return Ok(());
        }
        let message =
            format!("the {what} has {byte_size} bytes, and the client's largest message is {limit} bytes");
        Err(Error::new(crate::error::Status::ResourceExhausted, crate::error::Origin::Client, message)
            .in_doubt(in_doubt))
    }
}
