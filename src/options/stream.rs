//! The options of a stream.

use super::CallOptions;
use crate::error::{Error, Result};

/// The default of [`StreamOptions::set_max_queued_byte_size`]: 64 MiB.
pub const DEFAULT_MAX_QUEUED_BYTE_SIZE: usize = 64 << 20;

/// The options of a [`Stream`](crate::Stream), which copies them.
#[derive(Clone, Debug)]
pub struct StreamOptions {
    pub(crate) max_queued_byte_size: usize,
    pub(crate) grpc_error: bool,
    pub(crate) call: CallOptions,
}

impl Default for StreamOptions {
    fn default() -> Self {
        Self {
            max_queued_byte_size: DEFAULT_MAX_QUEUED_BYTE_SIZE,
            grpc_error: false,
            call: CallOptions::DEFAULT,
        }
    }
}

impl StreamOptions {
    /// Creates options with the defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the maximum size of the requests that wait to be sent, in bytes. [`Stream::send`] waits while it
    /// would be exceeded. An empty queue takes one request of any size. 0 is the default,
    /// [`DEFAULT_MAX_QUEUED_BYTE_SIZE`].
    ///
    /// [`Stream::send`]: crate::Stream::send
    pub fn set_max_queued_byte_size(&mut self, byte_size: usize) -> &mut Self {
        self.max_queued_byte_size = if byte_size == 0 { DEFAULT_MAX_QUEUED_BYTE_SIZE } else { byte_size };
        self
    }

    /// Sets whether an error of a model ends the stream with the error's status (Triton's `triton_grpc_error`
    /// mode), instead of arriving as [`StreamEvent::RequestError`] with status UNKNOWN. The
    /// default is `false`.
    ///
    /// Only the errors of responses end the stream. What fails before the model runs, such as an unknown
    /// model or a missing input, still arrives as [`StreamEvent::RequestError`].
    ///
    /// Triton 2.51 is less robust in this mode than in the normal one: use it for diagnosis only, with one
    /// request at a time. nginx drops the header of the mode unless its `underscores_in_headers` is on.
    ///
    /// [`StreamEvent::RequestError`]: crate::StreamEvent::RequestError
    pub fn set_grpc_error(&mut self, is_enabled: bool) -> &mut Self {
        self.grpc_error = is_enabled;
        self
    }

    /// Sets the call options of the stream, in place of those set before: headers, restricted keys, the
    /// compression of requests and responses, and a cancel token, which ends the stream. The client's
    /// defaults of the first three apply too, as for calls.
    ///
    /// The timeout is that of the whole stream, from opening it to its end. The default timeouts of the
    /// client do not apply: without a timeout of its own a stream has no deadline.
    ///
    /// INVALID_ARGUMENT for options that have no meaning on a stream: query parameters, an HTTP path, content
    /// type or JSON size header, and a load report.
    pub fn set_call_options(&mut self, options: CallOptions) -> Result<&mut Self> {
        if let Some(name) = options.unsupported_on_stream() {
            return Err(Error::invalid(format!("a stream does not support {name}")));
        }
        self.call = options;
        Ok(self)
    }
}
