//! One HTTP/2 connection of blocking calls, driven by the thread whose call it is: no runtime, no hop to another
//! thread, two system calls for a small request.

use std::{
    fmt,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use h2::client::{Builder, SendRequest};

use super::frames::Watched;
use crate::{
    error::{Error, Result},
    lend::{Loan, Piece},
    net::{
        link::{Link, Raw},
        pool::Connection,
    },
    until::Deadline,
};

/// How much the server may send of one response before it hears that we read: with HTTP/2's 64 KiB large responses
/// come in small steps.
const STREAM_WINDOW: u32 = 4 << 20;
const CONNECTION_WINDOW: u32 = i32::MAX as u32;
/// The largest frame that the server may send. h2 reads a frame as a whole, into fresh memory: where freed blocks are kept
/// (feature `allocator`), smaller ones stay in the caches; elsewhere each costs its page faults anew, and fewer large ones
/// cost less.
/// With its head it fits into 256 KiB.
const FRAME_BYTE_SIZE: u32 = if cfg!(feature = "allocator") { (256 << 10) - 64 } else { 1 << 20 };
/// The maximum size of response headers or trailers in bytes, where a status's text is. Servers send them in frames of 16 KiB, of which
/// h2 accepts 5/4 of this limit divided by the largest frame: so it has to be as much to let a text of 1 MiB pass.
const HEADERS_BYTE_SIZE: u32 = 64 * FRAME_BYTE_SIZE;

/// A connection that was idle for longer is looked at before its next call: the server may have closed it. Within this
/// time the look is saved, and a server that closes so fast without GOAWAY costs a call. No response can be mistaken
/// for another call's: HTTP/2 numbers its streams.
const TRUSTED: Duration = Duration::from_millis(100);
/// The number of empty DATA frames after which no further call starts on a connection: h2 0.4.20 breaks it at the 101st,
/// which leaves a response as many as that. Apache's mod_proxy_http2 sends one before the trailers of each response.
const MAX_EMPTY_FRAMES: usize = 50;
/// How long the look at an idle connection may take, whatever the server has sent meanwhile.
const LOOK: Duration = Duration::from_millis(10);

/// A connection and what drives it.
pub(crate) struct Lane {
    /// `None` once it has ended.
    connection: Option<h2::client::Connection<Watched, Piece>>,
    sender: SendRequest<Piece>,
    link: Arc<Link>,
    /// The empty DATA frames that the server has sent, which h2 counts for as long as the connection lives.
    empty_frames: Arc<AtomicUsize>,
}

/// How a connection ended under a call, and why if that is known.
#[derive(Debug)]
pub(super) enum Ended {
    Http2(h2::Error),
    Io(std::io::Error),
    Closed,
}

impl Connection for Lane {
    /// Reads what came meanwhile: GOAWAY, the end, a PING that wants its acknowledgement.
    fn is_alive(&mut self, idle_since: Instant) -> bool {
        if idle_since.elapsed() >= TRUSTED {
            self.link.begin(Deadline::after(Some(LOOK)));
            self.link.read_anyway();
            self.step(&mut Context::from_waker(Waker::noop()));
        }
        self.is_usable()
    }
}

impl Lane {
    /// Makes a lane of a connection that was just opened.
    pub(super) fn new(link: Arc<Link>) -> Result<Self> {
        let empty_frames = Arc::new(AtomicUsize::new(0));
        let handshake = Builder::new()
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_frame_size(FRAME_BYTE_SIZE)
            .max_header_list_size(HEADERS_BYTE_SIZE)
            .enable_push(false)
            .handshake::<_, Piece>(Watched::new(Raw(link.clone()), empty_frames.clone()));
        // Our side of it is only written, and it fits on the stage.
        let Poll::Ready(opened) = pin!(handshake).poll(&mut Context::from_waker(Waker::noop())) else {
            return Err(Error::connection("the connection accepts no data"));
        };
        let (sender, connection) =
            opened.map_err(|error| Error::connection("connection lost").with_source(error))?;
        Ok(Self { connection: Some(connection), sender, link, empty_frames })
    }

    pub(super) fn sender(&self) -> SendRequest<Piece> {
        self.sender.clone()
    }

    pub(super) fn link(&self) -> &Arc<Link> {
        &self.link
    }

    /// Runs a call and the connection under it until the call is over.
    pub(super) async fn run<T>(&mut self, call: impl Future<Output = T>) -> std::result::Result<T, Ended> {
        let mut call = pin!(call);
        poll_fn(|context| {
            if let Poll::Ready(outcome) = call.as_mut().poll(context) {
                return Poll::Ready(Ok(outcome));
            }
            let Some(ended) = self.step(context) else { return Poll::Pending };
            // What arrived before the end may be the whole response.
            Poll::Ready(match call.as_mut().poll(context) {
                Poll::Ready(outcome) => Ok(outcome),
                Poll::Pending => Err(ended),
            })
        })
        .await
    }

    /// Polls the connection once, and sends what it gave. `Some` at its end.
    fn step(&mut self, context: &mut Context<'_>) -> Option<Ended> {
        let Some(connection) = &mut self.connection else { return Some(Ended::Closed) };
        let ended = match Pin::new(connection).poll(context) {
            Poll::Ready(Ok(())) => Ended::Closed,
            Poll::Ready(Err(error)) => Ended::Http2(error),
            Poll::Pending => match self.link.poll_flush() {
                Poll::Ready(Err(error)) => Ended::Io(error),
                _ => return None,
            },
        };
        self.connection = None;
        Some(ended)
    }

    /// Takes a message back whose call is over, its stream reset: what is left of it is at most the piece whose frame
    /// was begun. Where it is more all the same, the connection goes, and its queue with it. Returns whether another
    /// call may follow.
    ///
    /// After a call that `failed` the step tells the server too that nobody waits for the rest of its response.
    pub(super) fn take_back(&mut self, loan: &Loan<'_>, failed: bool) -> bool {
        if failed || loan.count_out() > 0 {
            self.step(&mut Context::from_waker(Waker::noop()));
        }
        if loan.count_out() > 1 {
            self.connection = None;
        }
        self.is_usable()
    }

    /// Whether another call may follow.
    fn is_usable(&self) -> bool {
        self.connection.is_some() && self.empty_frames.load(Ordering::Relaxed) < MAX_EMPTY_FRAMES
    }
}

impl fmt::Debug for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.link.fmt(f)
    }
}
