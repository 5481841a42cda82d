//! A lane: an HTTP/2 connection that carries one blocking call at a time and is driven by the calling thread.
//! No runtime, no switch to another thread, two system calls for a small request.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use h2::client::{Builder, SendRequest};

use super::{
    frames::{Seen, Watched},
    keepalive::{Due, Keepalive, KeepaliveOptions},
};
use crate::{
    error::{Error, Result},
    lend::{Loan, Piece},
    net::{
        drive::Driver,
        link::{Link, LinkIo},
        pool::Connection,
    },
    until::Deadline,
};

/// With HTTP/2's default of 64 KiB, large responses repeatedly wait for a WINDOW_UPDATE.
const STREAM_WINDOW: u32 = 4 << 20;
const CONNECTION_WINDOW: u32 = i32::MAX as u32;
/// SETTINGS_MAX_FRAME_SIZE. h2 reads each frame into new memory. With feature `allocator`, frames that fit
/// into a block of 256 KiB with their header are reused and stay in the CPU's caches; without it every frame
/// costs its page faults, and fewer, larger frames cost less.
const MAX_FRAME_BYTE_SIZE: u32 = if cfg!(feature = "allocator") { (256 << 10) - 64 } else { 1 << 20 };
/// The maximum size of response headers or trailers, which contain the status message. h2 derives the maximum
/// number of CONTINUATION frames from it: 5/4 of this limit divided by the maximum frame size. Servers send
/// frames of 16 KiB, so that a message of 1 MiB needs this much.
const MAX_HEADERS_BYTE_SIZE: u32 = 64 * MAX_FRAME_BYTE_SIZE;

/// A connection that was idle for longer is checked before its next call, since the server may have closed
/// it. If it was closed sooner, and without GOAWAY, the call fails.
const UNCHECKED_IDLE_TIME: Duration = Duration::from_millis(100);
/// The number of empty DATA frames after which no further call starts on a connection: h2 0.4.20 closes it at
/// the 101st, so that a single response may contain 50. Apache's mod_proxy_http2 sends one before the
/// trailers of each response.
pub(super) const MAX_EMPTY_FRAMES: usize = 50;
/// The maximum number of streams that were reset in the last seconds and are remembered, on a connection that
/// calls share: 10,000 cancels per second. Each takes some 400 bytes. After a cancel Triton may send the
/// trailers and RST_STREAM six times; for a stream that is forgotten, this makes h2 close the connection.
const MAX_REMEMBERED_RESETS: usize = 50_000;
/// The maximum duration of the check of an idle connection, regardless of how much the server has sent.
const CHECK_TIMEOUT: Duration = Duration::from_millis(10);

/// An HTTP/2 connection and its driver; see the module.
pub(crate) struct Lane {
    /// `None` once it has ended.
    connection: Option<h2::client::Connection<Watched, Piece>>,
    sender: SendRequest<Piece>,
    link: Arc<Link>,
    seen: Arc<Seen>,
    /// `None` if no PINGs are sent. Boxed: most have none.
    keepalive: Option<Box<Keepalive>>,
}

/// How a connection ended during a call.
#[derive(Debug)]
pub(super) enum Ended {
    Http2(h2::Error),
    Io(std::io::Error),
    Closed,
}

impl Connection for Lane {
    /// Processes what has arrived since the last call: a GOAWAY, a PING, the end of the connection.
    fn is_alive(&mut self, idle: Duration) -> bool {
        if idle >= UNCHECKED_IDLE_TIME {
            self.link.begin(Deadline::after(Some(CHECK_TIMEOUT)));
            self.link.force_read();
            self.step(&mut Context::from_waker(Waker::noop()));
        }
        self.is_usable()
    }
}

impl Lane {
    /// Starts HTTP/2 on a new connection.
    pub(super) fn new(link: Arc<Link>, keepalive: Option<KeepaliveOptions>) -> Result<Self> {
        Self::start(link, keepalive, &mut Builder::new())
    }

    /// Starts HTTP/2 on a new connection that many calls share.
    pub(super) fn shared(link: Arc<Link>, keepalive: Option<KeepaliveOptions>) -> Result<Self> {
        // Until the server's SETTINGS arrive, it is unknown whether it allows more.
        let initial_streams = 1;
        // The server may have sent more on a stream that is reset, and h2 ignores frames only of streams that
        // it remembers. By default these are 50, for 1 s; it closes the connection after 1,024 frames of
        // others: gRPC servers always send trailers, and Triton sends them twice after its own deadline.
        Self::start(
            link,
            keepalive,
            Builder::new()
                .initial_max_send_streams(initial_streams)
                .max_local_error_reset_streams(None)
                .max_concurrent_reset_streams(MAX_REMEMBERED_RESETS)
                .reset_stream_duration(Duration::from_secs(5)),
        )
    }

    fn start(link: Arc<Link>, keepalive: Option<KeepaliveOptions>, builder: &mut Builder) -> Result<Self> {
        let seen = Arc::new(Seen::default());
        let handshake = builder
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_frame_size(MAX_FRAME_BYTE_SIZE)
            .max_header_list_size(MAX_HEADERS_BYTE_SIZE)
            .enable_push(false)
            .handshake::<_, Piece>(Watched::new(LinkIo(link.clone()), seen.clone()));
        // It only writes the client's preface, which fits into the link's write buffer.
        let Poll::Ready(opened) = pin!(handshake).poll(&mut Context::from_waker(Waker::noop())) else {
            return Err(Error::connection("the connection accepts no data"));
        };
        let (sender, mut connection) =
            opened.map_err(|error| Error::connection("connection lost").with_source(error))?;
        let keepalive =
            keepalive.and_then(|options| Some(Box::new(Keepalive::new(connection.ping_pong()?, options))));
        Ok(Self { connection: Some(connection), sender, link, seen, keepalive })
    }

    pub(super) fn sender(&self) -> SendRequest<Piece> {
        self.sender.clone()
    }

    pub(super) fn link(&self) -> &Arc<Link> {
        &self.link
    }

    pub(super) fn seen(&self) -> &Arc<Seen> {
        &self.seen
    }

    /// Returns the maximum number of concurrent streams that the server has set.
    pub(super) fn max_streams(&self) -> usize {
        self.sender.current_max_send_streams()
    }

    /// Closes the connection. Its calls fail.
    pub(super) fn close(&mut self) {
        self.connection = None;
    }

    /// Waits until the server has sent its SETTINGS, so that it speaks HTTP/2.
    pub(super) async fn begin(&mut self, driver: &Driver) -> std::result::Result<(), Ended> {
        let seen = self.seen.clone();
        let settings = poll_fn(|_| if seen.settings() { Poll::Ready(()) } else { Poll::Pending });
        self.run(settings, driver).await
    }

    /// Drives a call and its connection until the call is complete.
    pub(super) async fn run<T>(
        &mut self,
        call: impl Future<Output = T>,
        driver: &Driver,
    ) -> std::result::Result<T, Ended> {
        let mut call = pin!(call);
        self.begin_call();
        let waking = self.keepalive.is_some().then(|| driver.waking());
        poll_fn(|context| {
            if let Poll::Ready(outcome) = call.as_mut().poll(context) {
                return Poll::Ready(Ok(outcome));
            }
            let ended = match (self.step(context), &waking) {
                (Some(ended), _) => ended,
                (None, None) => return Poll::Pending,
                (None, Some(waking)) => match self.keep_alive(context) {
                    Ok(at) => {
                        waking.set(at);
                        return Poll::Pending;
                    }
                    Err(ended) => ended,
                },
            };
            // The response may be complete although the connection has ended.
            Poll::Ready(match call.as_mut().poll(context) {
                Poll::Ready(outcome) => Ok(outcome),
                Poll::Pending => Err(ended),
            })
        })
        .await
    }

    /// Polls the connection once and sends what it wrote. `Some` if the connection has ended.
    pub(super) fn step(&mut self, context: &mut Context<'_>) -> Option<Ended> {
        let Some(connection) = &mut self.connection else { return Some(Ended::Closed) };
        let ended = match Pin::new(&mut *connection).poll(context) {
            Poll::Ready(Ok(())) => Ended::Closed,
            Poll::Ready(Err(error)) => Ended::Http2(error),
            Poll::Pending => match self.link.poll_flush(context) {
                Poll::Ready(Err(error)) => {
                    // The response may have arrived before, in whole.
                    self.link.force_read();
                    let _ = Pin::new(connection).poll(context);
                    Ended::Io(error)
                }
                _ => return None,
            },
        };
        self.connection = None;
        Some(ended)
    }

    /// Begins the time of silence after which a PING is sent, on a connection without a call.
    pub(super) fn begin_call(&mut self) {
        if let Some(keepalive) = &mut self.keepalive {
            keepalive.begin();
        }
    }

    pub(super) fn has_keepalive(&self) -> bool {
        self.keepalive.is_some()
    }

    /// Sends a PING if it is time for one, and ends the connection if the server has not responded to it in
    /// time. Returns when to call this again; `None` for never.
    #[inline(never)]
    pub(super) fn keep_alive(
        &mut self,
        context: &mut Context<'_>,
    ) -> std::result::Result<Option<Instant>, Ended> {
        loop {
            let Some(keepalive) = &mut self.keepalive else { return Ok(None) };
            match keepalive.check(&self.seen) {
                Due::Wait(at) => return Ok(at),
                Due::Ping => {
                    if let Some(ended) = self.step(context) {
                        return Err(ended);
                    }
                }
                Due::Dead => {
                    self.seen.set_end(keepalive.no_response());
                    self.connection = None;
                    return Err(Ended::Closed);
                }
            }
        }
    }

    /// Ends the loan of a call's message: afterwards the connection holds at most the piece of which a frame
    /// was being sent. If h2 keeps more than that, the connection is closed. Returns whether it can be
    /// reused.
    ///
    /// After a call that `failed`, this also sends RST_STREAM.
    pub(super) fn end_loan(&mut self, loan: &Loan<'_>, failed: bool) -> bool {
        if failed || loan.count_out() > 0 {
            self.step(&mut Context::from_waker(Waker::noop()));
        }
        if loan.count_out() > 1 {
            self.connection = None;
        }
        self.is_usable()
    }

    /// Returns whether the connection can carry another call.
    fn is_usable(&self) -> bool {
        self.connection.is_some()
            && !self.link.is_shut_down()
            && !self.link.is_retired()
            && self.seen.empty_data_frames() < MAX_EMPTY_FRAMES
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.link.fmt(f)
    }
}
