//! Streams.

use super::Client;
use crate::{
    error::{Error, Origin, Result, Status},
    options::StreamOptions,
    stream::{Stream, StreamEvent},
};

impl Client {
    /// Opens a stream, whose events are fetched by [`Stream::next`] or [`Stream::event`]. Does not wait for the
    /// server: if it cannot be reached, that is the end of the stream.
    ///
    /// gRPC only: UNIMPLEMENTED over HTTP. INVALID_ARGUMENT if the options have no meaning on a stream.
    pub fn open_stream(&self, options: &StreamOptions) -> Result<Stream> {
        let _ = options;
        Err(Error::new(Status::Unimplemented, Origin::Client, "streams follow"))
    }

    /// Opens a stream whose events go to `callback`, on a callback thread of the client, one after another. See
    /// [`open_stream`](Self::open_stream). A callback may block and call the library; while it runs, the stream
    /// reads no more than one window of 4 MiB and one message. The last call, after which the callback is
    /// dropped, is that of [`StreamEvent::End`].
    pub fn open_stream_with_callback(
        &self,
        options: &StreamOptions,
        callback: impl FnMut(StreamEvent) + Send + 'static,
    ) -> Result<Stream> {
        let _ = callback;
        self.open_stream(options)
    }
}
