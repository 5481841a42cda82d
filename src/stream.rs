//! A stream, as its user sees it: requests are queued, and events are handed over. The engine on the I/O
//! thread, in `grpc/stream.rs`, is at the other end of both.

use std::{
    collections::VecDeque,
    fmt,
    future::{Future, poll_fn},
    mem,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use bytes::Bytes;

use crate::{
    error::{Error, Origin, Result, Status},
    fork::Process,
    infer::{InferRequest, InferResult, place::Buffers},
    log::{Log, LogLevel},
    net::drive::{Driver, drive},
    panic,
    runtime::{Active, Activity, Callbacks},
    stats::Counters,
    until::{CancelToken, Deadline, Stopped, Until},
    waiters::Waiters,
};

const TARGET: &str = "triton_client::stream";

/// What a stream delivers, in order.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all events are results")]
pub enum StreamEvent {
    /// A response. [`InferResult::id`] is the id of its request, and [`InferResult::finality`] is whether
    /// further responses to the request follow.
    Result(InferResult),
    /// One request failed, and the stream continues. The error has status UNKNOWN, since Triton sends only a
    /// text, origin [`Origin::Server`], and the request's id.
    ///
    /// It is the last message for its request if the request was refused before the model ran. An error of a
    /// single response of a decoupled model is not: others may follow.
    RequestError(Error),
    /// The end of the stream, with its final status; exactly once, after all other events.
    End(Result<()>),
}

/// Receives the events of a stream.
pub(crate) type Callback = Box<dyn FnMut(StreamEvent) + Send>;

/// What a stream uses of its client.
pub(crate) trait Host: Send + Sync {
    /// Checks and encodes a request, with its gRPC prefix.
    fn encode(&self, request: &InferRequest<'_>) -> Result<Bytes>;

    /// Runs the future that `job` creates in a task on the I/O thread.
    fn spawn(&self, job: Job);
}

pub(crate) type Job = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()>>> + Send>;

/// A stream of inference requests and responses over gRPC (`ModelStreamInfer`): for decoupled models, which
/// send any number of responses to a request, and for sequences. A client may have any number of streams. All
/// methods may be called from several threads at once.
///
/// The events come by [`next`](Self::next) or [`event`](Self::event), or go to the callback of
/// [`Client::open_stream_with_callback`](crate::Client::open_stream_with_callback), never both.
///
/// Dropping a stream cancels it. A callback still receives the end.
#[must_use = "dropping a stream cancels it"]
pub struct Stream {
    shared: Arc<Shared>,
    host: Arc<dyn Host>,
}

impl Stream {
    pub(crate) fn new(shared: Arc<Shared>, host: Arc<dyn Host>) -> Self {
        Self { shared, host }
    }

    /// Copies a request into the queue of the stream, from which it is sent. The request may be changed or
    /// dropped as soon as this returns. Responses are matched to requests by the id of the request
    /// ([`InferRequest::set_id`]).
    ///
    /// Waits while the request would exceed the maximum size of the queue
    /// ([`StreamOptions::set_max_queued_byte_size`](crate::StreamOptions::set_max_queued_byte_size)): until
    /// there is room, or `timeout` has passed, and then returns DEADLINE_EXCEEDED. `None` waits without
    /// limit; zero does not wait. On a callback thread of the client it never waits: RESOURCE_EXHAUSTED.
    ///
    /// INVALID_ARGUMENT as for an inference over gRPC, and if an output has a buffer: a request can have many
    /// responses, whose results own their memory. RESOURCE_EXHAUSTED above the maximum size of a message, and
    /// above 2^31 - 1 bytes. FAILED_PRECONDITION after [`finish`](Self::finish). Once the stream has ended,
    /// its final status; UNAVAILABLE if it ended without an error.
    ///
    /// Use separate streams for decoupled models and for other models, and not both at the same time.
    pub fn send(&self, request: &InferRequest<'_>, timeout: Option<Duration>) -> Result<()> {
        self.send_until(request, timeout, None)
    }

    /// As [`send`](Self::send). The wait for room also ends when `cancel` is cancelled, with CANCELLED: then
    /// the request is not sent, and the stream continues.
    pub(crate) fn send_until(
        &self,
        request: &InferRequest<'_>,
        timeout: Option<Duration>,
        cancel: Option<&CancelToken>,
    ) -> Result<()> {
        let shared = self.shared()?;
        let must_not_wait = shared.callbacks.is_this_thread();
        let until = Until {
            deadline: Deadline::after(if must_not_wait { Some(Duration::ZERO) } else { timeout }),
            cancel: cancel.cloned(),
        };
        let send = || {
            let outgoing = self.outgoing(request)?;
            let sent = drive(&Driver::caller(until), shared.enqueue(outgoing));
            shared.wake_sender();
            sent.unwrap_or_else(|stopped| match stopped {
                Stopped::TimedOut if must_not_wait => {
                    let message = "the queue of the stream is full, and a callback must not wait for it";
                    Err(Error::new(Status::ResourceExhausted, Origin::Client, message).retryable(true))
                }
                _ => Err(shared.not_sent(stopped, timeout)),
            })
        };
        send().map_err(|error| error.with_request_id(request.request_id()))
    }

    /// As [`send_until`](Self::send_until), for a thread that must not be blocked. Returns `true` if there is
    /// room: the request is in the queue, and `callback` is dropped. Otherwise `callback` is called with the
    /// outcome, exactly once and on a callback thread of the client, unless this returns an error.
    pub(crate) fn send_with_callback(
        &self,
        request: &InferRequest<'_>,
        timeout: Option<Duration>,
        cancel: Option<&CancelToken>,
        callback: impl FnOnce(Result<()>) + Send + 'static,
    ) -> Result<bool> {
        self.shared()?;
        let until = Until { deadline: Deadline::after(timeout), cancel: cancel.cloned() };
        let id = request.request_id();
        let send = || {
            let mut outgoing = Some(self.outgoing(request)?);
            let shared = self.shared.clone();
            let mut state = shared.lock();
            let ticket = state.senders.ticket();
            if let Some(outcome) = state.try_enqueue(&mut outgoing, ticket, shared.max_queued_byte_size) {
                return outcome.map(|()| true);
            }
            let active = state.active();
            drop(state);
            shared.callbacks.start()?;
            let id = id.to_owned();
            let callback = Box::new(move |outcome: Result<()>| {
                callback(outcome.map_err(|error| error.with_request_id(&id)));
            });
            let reply = Reply { callbacks: shared.callbacks.clone(), active, callback: Some(callback) };
            self.host.spawn(Box::new(move || {
                Box::pin(async move {
                    let Some(outgoing) = outgoing else { return };
                    let outcome = Driver::task(until).run(shared.enqueue(outgoing)).await;
                    shared.wake_sender();
                    reply.complete(outcome.unwrap_or_else(|stopped| Err(shared.not_sent(stopped, timeout))));
                })
            }));
            Ok(false)
        };
        send().map_err(|error| error.with_request_id(id))
    }

    /// Checks and encodes a request.
    fn outgoing(&self, request: &InferRequest<'_>) -> Result<Outgoing> {
        self.shared.lock().check_open()?;
        if let Some(output) = request.outputs().iter().find(|output| output.buffer().is_some()) {
            let name = output.name();
            return Err(Error::invalid(format!("output '{name}': a stream does not support buffers")));
        }
        Ok(Outgoing {
            message: self.host.encode(request)?,
            id: request.request_id().into(),
            model: request.model().0.into(),
            has_empty_final_response: request.settings().empty_final_response,
            queued_at: Instant::now(),
        })
    }

    /// Ends the requests: [`send`](Self::send) is refused from now on, and the stream ends after the last
    /// response. Has no effect if it is repeated.
    ///
    /// The server learns of the end (END_STREAM) once every request that asked for the empty final response
    /// ([`InferRequest::set_empty_final_response`]) has had its final response. For all other requests it
    /// does not wait, since Triton does not say which of their responses is the last. Behind some proxies
    /// this matters: Envoy ends a stream 15 s after END_STREAM, whatever it carries (`timeout` of the route),
    /// and after END_STREAM Apache no longer passes a cancel on to a silent server. Set the empty final
    /// response there.
    pub fn finish(&self) -> Result<()> {
        let shared = self.shared()?;
        let mut state = shared.lock();
        state.is_finished = true;
        state.wake_task();
        // Senders that wait fail.
        state.senders.wake_all();
        Ok(())
    }

    /// Waits for the next event. `None` waits without limit; zero does not wait.
    ///
    /// DEADLINE_EXCEEDED if there is none within `timeout`. FAILED_PRECONDITION after the end was returned,
    /// and if the stream has a callback.
    ///
    /// While events wait to be fetched the stream reads no more from the server than it has to, at most one
    /// window of 4 MiB and one message. This does not stop Triton, which keeps the responses that the model
    /// produces in its own memory: cancel a stream whose responses are not needed.
    pub fn next(&self, timeout: Option<Duration>) -> Result<StreamEvent> {
        self.next_until(timeout, None)
    }

    /// As [`next`](Self::next). The wait also ends when `cancel` is cancelled, with CANCELLED: the stream
    /// continues, and no event is lost.
    pub(crate) fn next_until(
        &self,
        timeout: Option<Duration>,
        cancel: Option<&CancelToken>,
    ) -> Result<StreamEvent> {
        self.shared()?;
        let driver = Driver::caller(Until { deadline: Deadline::after(timeout), cancel: cancel.cloned() });
        drive(&driver, self.event()).unwrap_or_else(|stopped| {
            Err(match stopped {
                Stopped::Cancelled => cancelled("waiting for an event of the stream"),
                Stopped::TimedOut => {
                    let timeout = timeout.unwrap_or_default();
                    Error::deadline(format!("deadline exceeded: no event of the stream within {timeout:?}"))
                }
            })
        })
    }

    /// Returns the next event as a future, for any runtime or none. See [`next`](Self::next). Dropping the
    /// future loses no event.
    pub async fn event(&self) -> Result<StreamEvent> {
        let shared = self.shared()?;
        shared.check_pulled()?;
        shared.until(|state| &mut state.pullers, |state, _| state.pull().transpose()).await
    }

    /// Calls `callback` with the next event, once and on a callback thread of the client, unless this returns
    /// an error. Does not block. `callback` may block; meanwhile other callbacks of the client wait for a
    /// callback thread.
    ///
    /// May be repeated before the event comes: the callbacks get one event each, in the order of the calls,
    /// and before threads and futures that wait for one. Unlike those, all of them and all later ones get the
    /// end.
    pub(crate) fn next_with_callback(
        &self,
        callback: impl FnOnce(StreamEvent) + Send + 'static,
    ) -> Result<()> {
        let shared = self.shared()?;
        shared.check_pulled()?;
        shared.callbacks.start()?;
        let mut state = shared.lock();
        state.requests.push_back(Box::new(callback));
        shared.serve(&mut state);
        Ok(())
    }

    /// Returns the final status of the stream, once it was returned as an event; `None` before.
    pub(crate) fn returned_end(&self) -> Option<Result<()>> {
        let state = self.shared().ok()?.lock();
        state.end.clone().filter(|_| state.is_end_taken)
    }

    /// Waits until the stream has ended and, if it has a callback, its last callback has returned. `None`
    /// waits without limit; zero does not wait. The final status of the stream is that of
    /// [`StreamEvent::End`].
    ///
    /// DEADLINE_EXCEEDED if it has not ended within `timeout`. FAILED_PRECONDITION on a callback thread of
    /// the client if the stream has a callback, which could wait for itself. A stream without a callback ends
    /// only once its events have been fetched, unless it fails or is cancelled.
    pub fn wait(&self, timeout: Option<Duration>) -> Result<()> {
        let shared = self.shared()?;
        if shared.has_callback && shared.callbacks.is_this_thread() {
            let message = "a callback can't wait for the end of a stream with a callback";
            return Err(Error::precondition(message));
        }
        let driver = Driver::caller(Until { deadline: Deadline::after(timeout), cancel: None });
        let is_over = shared.until(|state| &mut state.enders, |state, _| state.is_over.then_some(()));
        drive(&driver, is_over).map_err(|_| {
            let timeout = timeout.unwrap_or_default();
            Error::deadline(format!("deadline exceeded: the stream has not ended within {timeout:?}"))
        })
    }

    /// Cancels the stream: its end is CANCELLED, and the server gets a reset. Events that arrived
    /// before are delivered first. Does not block, and has no effect on a stream that has ended.
    pub fn cancel(&self) {
        if let Ok(shared) = self.shared() {
            shared.cancel.cancel();
        }
    }

    /// FAILED_PRECONDITION in a forked child.
    fn shared(&self) -> Result<&Shared> {
        self.shared.process.check()?;
        Ok(&self.shared)
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.shared.process.is_current() {
            self.cancel();
        } else {
            // Leaked in a forked child: a thread of the parent may have held any of the locks.
            mem::forget((self.shared.clone(), self.host.clone()));
        }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream")
    }
}

/// Returns the error of a wait that was cancelled, while it was `doing` something.
fn cancelled(doing: &str) -> Error {
    Error::new(Status::Cancelled, Origin::Client, format!("cancelled by the caller ({doing})"))
}

/// One that waits, until this is dropped.
struct Waiting<'s> {
    shared: &'s Shared,
    waiters: fn(&mut State) -> &mut Waiters,
    ticket: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.shared.process.is_current() {
            (self.waiters)(&mut self.shared.lock()).leave(self.ticket);
        }
    }
}

/// The obligation to call a callback. If the I/O thread ends first, it is called with INTERNAL.
struct Reply {
    callbacks: Arc<Callbacks>,
    active: Option<Arc<Active<Arc<Activity>>>>,
    callback: Option<Box<dyn FnOnce(Result<()>) + Send>>,
}

impl Reply {
    fn complete(mut self, outcome: Result<()>) {
        self.call(outcome);
    }

    fn call(&mut self, outcome: Result<()>) {
        if let Some(callback) = self.callback.take() {
            self.callbacks.push(self.active.take(), move || callback(outcome));
        }
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        self.call(Err(Error::internal("the stream was dropped")));
    }
}

/// A request on its way to the server.
pub(crate) struct Outgoing {
    /// Includes the prefix.
    pub message: Bytes,
    pub id: Box<str>,
    pub model: Box<str>,
    pub has_empty_final_response: bool,
    pub queued_at: Instant,
}

/// What the handle of a stream and its engine share.
pub(crate) struct Shared {
    process: Process,
    cancel: CancelToken,
    max_queued_byte_size: usize,
    has_callback: bool,
    callbacks: Arc<Callbacks>,
    log: Log,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Outgoing>,
    /// The size of the requests of which not all has been sent: those of the queue and the one after it.
    queued_byte_size: usize,
    /// The sends that wait, in order of arrival: a large request is not overtaken forever by small ones.
    senders: Waiters,
    is_finished: bool,
    /// Whether the engine has ended the requests because of a GOAWAY.
    is_going_away: bool,
    events: VecDeque<StreamEvent>,
    /// The final status, once the engine has ended.
    end: Option<Result<()>>,
    /// Whether the end was taken from the events.
    is_end_taken: bool,
    /// Whether nothing follows: the end is known, and the last callback has returned.
    is_over: bool,
    task: Option<Waker>,
    pullers: Waiters,
    /// The callbacks that wait for an event each: see [`Stream::next_with_callback`].
    requests: VecDeque<Request>,
    /// Those who wait for the end.
    enders: Waiters,
    /// `None` while it runs, and after the end.
    callback: Option<Callback>,
    /// Whether the callback runs, or is about to.
    is_scheduled: bool,
    /// What a client that is closed waits for; `None` after the end. Callbacks that were passed an event hold
    /// it too.
    active: Option<Arc<Active<Arc<Activity>>>>,
    /// The same for the callbacks that others request after the end.
    held: Weak<Active<Arc<Activity>>>,
}

type Request = Box<dyn FnOnce(StreamEvent) + Send>;

impl Shared {
    /// Creates a stream that has not begun. `active` is kept until nothing follows.
    pub(crate) fn new(
        active: Active<Arc<Activity>>,
        max_queued_byte_size: usize,
        callback: Option<Callback>,
        callbacks: Arc<Callbacks>,
        log: Log,
    ) -> Arc<Self> {
        let has_callback = callback.is_some();
        let active = Arc::new(active);
        let held = Arc::downgrade(&active);
        let state = State { callback, active: Some(active), held, ..State::default() };
        Arc::new(Self {
            process: Process::current(),
            cancel: CancelToken::new(),
            max_queued_byte_size,
            has_callback,
            callbacks,
            log,
            state: Mutex::new(state),
        })
    }

    /// Returns the token that cancels the stream.
    pub(crate) fn cancel_token(&self) -> &CancelToken {
        &self.cancel
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// FAILED_PRECONDITION if the stream has a callback.
    fn check_pulled(&self) -> Result<()> {
        if self.has_callback {
            let message = "the events of the stream go to its callback";
            return Err(Error::precondition(message));
        }
        Ok(())
    }

    /// Waits until `ready` returns something, in a place among `waiters`, whose ticket it gets.
    async fn until<T>(
        &self,
        waiters: fn(&mut State) -> &mut Waiters,
        mut ready: impl FnMut(&mut State, u64) -> Option<T>,
    ) -> T {
        let mut waiting: Option<Waiting<'_>> = None;
        poll_fn(|context| {
            let mut state = self.lock();
            let ticket = match &waiting {
                Some(waiting) => waiting.ticket,
                None => waiters(&mut state).ticket(),
            };
            if let Some(outcome) = ready(&mut state, ticket) {
                return Poll::Ready(outcome);
            }
            waiters(&mut state).wait(ticket, context.waker());
            if waiting.is_none() {
                waiting = Some(Waiting { shared: self, waiters, ticket });
            }
            Poll::Pending
        })
        .await
    }

    /// Waits for room in the queue. [`wake_sender`](Self::wake_sender) must follow, also if it is given up.
    async fn enqueue(&self, outgoing: Outgoing) -> Result<()> {
        let mut outgoing = Some(outgoing);
        self.until(
            |state| &mut state.senders,
            |state, ticket| state.try_enqueue(&mut outgoing, ticket, self.max_queued_byte_size),
        )
        .await
    }

    /// Wakes the send that has waited longest: its request may fit.
    fn wake_sender(&self) {
        let first = self.lock().senders.first();
        if let Some(waker) = first {
            waker.wake();
        }
    }

    fn not_sent(&self, stopped: Stopped, timeout: Option<Duration>) -> Error {
        match stopped {
            Stopped::Cancelled => cancelled("waiting for room in the queue of the stream"),
            Stopped::TimedOut => {
                let (timeout, max) = (timeout.unwrap_or_default(), self.max_queued_byte_size);
                Error::deadline(format!(
                    "deadline exceeded: the queue of the stream is full for {timeout:?} (option \
                     max_queued_byte_size is {max})"
                ))
            }
        }
    }
}

/// What the engine needs beside the options of the stream.
#[derive(Clone, Copy)]
pub(crate) struct Parts<'s> {
    pub shared: &'s Arc<Shared>,
    pub buffers: &'s Arc<Buffers>,
    pub counters: &'s Counters,
    /// For results.
    pub endpoint: &'s Arc<str>,
    /// The maximum number of requests of which details are kept.
    pub max_kept: usize,
    /// Whether the errors of responses end the stream.
    pub grpc_error: bool,
}

/// The engine's end.
impl Shared {
    /// Returns the next request to be sent; `None` once there will be no more. Otherwise wakes the task when
    /// that changes.
    pub(crate) fn poll_outgoing(&self, context: &Context<'_>) -> Poll<Option<Outgoing>> {
        let mut state = self.lock();
        match state.queue.pop_front() {
            Some(outgoing) => Poll::Ready(Some(outgoing)),
            None if state.is_finished || state.is_going_away => Poll::Ready(None),
            None => {
                state.watch(context);
                Poll::Pending
            }
        }
    }

    /// Frees the room that a request took in the queue, once all of it has been sent.
    pub(crate) fn sent(&self, byte_size: usize) {
        let mut state = self.lock();
        state.queued_byte_size = state.queued_byte_size.saturating_sub(byte_size);
        drop(state);
        self.wake_sender();
    }

    /// Refuses further requests because the server is closing the connection. `false` if one is queued.
    pub(crate) fn go_away(&self) -> bool {
        let mut state = self.lock();
        if state.queue.is_empty() {
            state.is_going_away = true;
            state.senders.wake_all();
        }
        state.is_going_away
    }

    /// Completes once all events have been taken.
    pub(crate) fn poll_taken(&self, context: &Context<'_>) -> Poll<()> {
        let mut state = self.lock();
        if state.events.is_empty() {
            return Poll::Ready(());
        }
        state.watch(context);
        Poll::Pending
    }

    /// Hands over a result, or the error of a request.
    pub(crate) fn push(self: &Arc<Self>, event: StreamEvent) {
        let mut state = self.lock();
        state.events.push_back(event);
        self.hand_over(state);
    }

    /// Ends the stream, and counts the requests that are still queued as failed. Has no effect if it is
    /// repeated.
    pub(crate) fn end(self: &Arc<Self>, outcome: Result<()>, counters: &Counters) {
        let mut state = self.lock();
        if state.end.is_some() {
            return;
        }
        state.end = Some(outcome.clone());
        state.events.push_back(StreamEvent::End(outcome));
        state.task = None;
        // Senders that wait fail: a callback may wait for them.
        state.senders.wake_all();
        let unsent = mem::take(&mut state.queue);
        unsent.iter().for_each(|_| counters.count_failed());
        if !self.has_callback {
            state.is_over = true;
            state.enders.wake_all();
        }
        self.hand_over(state);
        if !self.has_callback {
            // After the callbacks that get the end have their share of it.
            let active = self.lock().active.take();
            drop(active);
        }
    }

    /// Hands events over to those who wait for one.
    fn hand_over(self: &Arc<Self>, mut state: MutexGuard<'_, State>) {
        if self.has_callback {
            if !mem::replace(&mut state.is_scheduled, true) {
                drop(state);
                self.schedule();
            }
            return;
        }
        self.serve(&mut state);
        let pullers = state.pullers.all();
        drop(state);
        pullers.iter().for_each(Waker::wake_by_ref);
    }

    /// Passes events on to the callbacks that wait for one each. Queued under the lock, they keep their
    /// order.
    fn serve(&self, state: &mut State) {
        while !state.requests.is_empty() {
            let event = match &state.end {
                Some(end) if state.is_end_taken => Some(StreamEvent::End(end.clone())),
                _ => state.take(),
            };
            let Some(event) = event else { break };
            if let Some(callback) = state.requests.pop_front() {
                self.callbacks.push(state.active(), move || callback(event));
            }
        }
    }

    fn schedule(self: &Arc<Self>) {
        let shared = self.clone();
        self.callbacks.push((), move || shared.call_back());
    }

    /// Calls the callback with one event. Others of the client's callbacks run before the next one.
    fn call_back(self: &Arc<Self>) {
        let mut state = self.lock();
        let (Some(event), Some(mut callback)) = (state.take(), state.callback.take()) else { return };
        drop(state);
        let is_end = matches!(event, StreamEvent::End(_));
        let outcome = panic::guard(|| {
            callback(event);
            Ok(())
        });
        if let Err(error) = outcome {
            self.log.write(LogLevel::Error, TARGET, || format!("the callback of a stream panicked: {error}"));
        }
        if is_end {
            // Before `wait` returns: what the callback refers to may end then.
            drop(callback);
            let mut state = self.lock();
            state.is_over = true;
            let active = state.active.take();
            state.enders.wake_all();
            drop(state);
            drop(active);
            return;
        }
        let mut state = self.lock();
        state.callback = Some(callback);
        if state.events.is_empty() {
            state.is_scheduled = false;
        } else {
            drop(state);
            self.schedule();
        }
    }
}

impl State {
    fn active(&self) -> Option<Arc<Active<Arc<Activity>>>> {
        self.held.upgrade()
    }

    /// Returns the error of a request that can no longer be sent.
    fn check_open(&self) -> Result<()> {
        match &self.end {
            Some(Err(error)) => return Err(error.clone()),
            Some(Ok(())) if !self.is_finished => {
                let message = "the server ended the stream: open another one";
                return Err(Error::connection(message));
            }
            _ => {}
        }
        if self.is_finished {
            let message = "the requests of the stream were ended";
            return Err(Error::precondition(message));
        }
        if self.is_going_away {
            let message = "the server is closing the connection (GOAWAY): open another stream";
            return Err(Error::connection(message));
        }
        Ok(())
    }

    /// Puts a request in the queue if there is room and no other send came before it; `None` otherwise.
    fn try_enqueue(
        &mut self,
        outgoing: &mut Option<Outgoing>,
        ticket: u64,
        max: usize,
    ) -> Option<Result<()>> {
        if let Err(error) = self.check_open() {
            return Some(Err(error));
        }
        let byte_size = outgoing.as_ref()?.message.len();
        let fits = self.queued_byte_size == 0 || self.queued_byte_size.saturating_add(byte_size) <= max;
        if !fits || !self.senders.is_first(ticket) {
            return None;
        }
        self.queued_byte_size += byte_size;
        self.queue.extend(outgoing.take());
        self.wake_task();
        Some(Ok(()))
    }

    /// Takes the next event for the caller. FAILED_PRECONDITION after the end.
    fn pull(&mut self) -> Result<Option<StreamEvent>> {
        if self.is_end_taken {
            let message = "the end of the stream was returned already";
            return Err(Error::precondition(message));
        }
        Ok(self.take())
    }

    fn take(&mut self) -> Option<StreamEvent> {
        let event = self.events.pop_front()?;
        self.is_end_taken = matches!(event, StreamEvent::End(_));
        if self.events.is_empty() {
            self.wake_task();
        }
        Some(event)
    }

    fn watch(&mut self, context: &Context<'_>) {
        match &mut self.task {
            Some(own) => own.clone_from(context.waker()),
            None => self.task = Some(context.waker().clone()),
        }
    }

    fn wake_task(&self) {
        if let Some(task) = &self.task {
            task.wake_by_ref();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::mpsc::{Receiver, channel},
        thread,
    };

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(20);

    /// Encodes a request as 100 bytes, and runs tasks on a runtime of its own.
    struct TestHost;

    impl Host for TestHost {
        fn encode(&self, _: &InferRequest<'_>) -> Result<Bytes> {
            Ok(Bytes::from_static(&[0; 100]))
        }

        fn spawn(&self, job: Job) {
            thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
                runtime.block_on(job());
            });
        }
    }

    struct Test {
        stream: Stream,
        shared: Arc<Shared>,
        activity: Arc<Activity>,
    }

    /// A stream whose engine is the test. Its queue has room for one request.
    fn stream() -> Test {
        let activity = Arc::new(Activity::new());
        let active = Active::begin(activity.clone()).unwrap();
        let callbacks = Callbacks::new(|_| "triton-cb".to_owned(), 1, Log::default());
        let shared = Shared::new(active, 150, None, callbacks, Log::default());
        Test { stream: Stream::new(shared.clone(), Arc::new(TestHost)), shared, activity }
    }

    impl Test {
        fn push(&self, text: &str) {
            self.shared.push(StreamEvent::RequestError(Error::invalid(text)));
        }

        fn end(&self, outcome: Result<()>) {
            self.shared.end(outcome, &Counters::default());
        }

        fn request(&self) -> Receiver<String> {
            let (sender, receiver) = channel();
            self.stream
                .next_with_callback(move |event| {
                    assert!(Callbacks::is_any_on_this_thread());
                    sender.send(text(Ok(event))).unwrap();
                })
                .unwrap();
            receiver
        }

        /// Takes the next request out of the queue, and all of it is sent.
        fn sent(&self) {
            let outgoing = self.shared.poll_outgoing(&Context::from_waker(Waker::noop()));
            let Poll::Ready(Some(outgoing)) = outgoing else { panic!("the queue is empty") };
            self.shared.sent(outgoing.message.len());
        }

        fn until(&self, mut holds: impl FnMut(&State) -> bool) {
            let deadline = Instant::now() + PATIENCE;
            while !holds(&self.shared.lock()) {
                assert!(Instant::now() < deadline);
                thread::yield_now();
            }
        }
    }

    fn text(event: Result<StreamEvent>) -> String {
        match event {
            Ok(StreamEvent::Result(_)) => "a result".to_owned(),
            Ok(StreamEvent::RequestError(error)) => error.full_message(),
            Ok(StreamEvent::End(outcome)) => format!("end: {}", status(outcome)),
            Err(error) => error.status().to_string(),
        }
    }

    fn status(outcome: Result<()>) -> String {
        outcome.map_or_else(|error| error.status().to_string(), |()| "OK".to_owned())
    }

    #[test]
    fn a_token_ends_a_wait_for_an_event_and_not_the_stream() {
        let test = stream();
        let token = CancelToken::new();
        thread::scope(|scope| {
            let waits = scope.spawn(|| test.stream.next_until(None, Some(&token)));
            test.until(|state| !state.pullers.is_empty());
            token.cancel();
            let error = waits.join().unwrap().unwrap_err();
            assert_eq!((error.status(), error.origin()), (Status::Cancelled, Origin::Client));
            assert!(error.full_message().contains("waiting for an event"), "{error:?}");
        });
        assert!(test.shared.lock().pullers.is_empty());
        test.push("first");
        // An event that is there takes precedence over the cancel.
        assert_eq!(text(test.stream.next_until(None, Some(&token))), "first");
        assert_eq!(text(test.stream.next(Some(Duration::ZERO))), "DEADLINE_EXCEEDED");
        thread::scope(|scope| {
            let waits: [_; 2] = std::array::from_fn(|_| scope.spawn(|| text(test.stream.next(None))));
            test.until(|state| state.pullers.len() == 2);
            test.push("second");
            test.push("third");
            let mut seen = waits.map(|thread| thread.join().unwrap());
            seen.sort();
            assert_eq!(seen, ["second", "third"]);
        });
        assert_eq!(status(test.stream.wait(Some(Duration::ZERO))), "DEADLINE_EXCEEDED");
        assert!(test.stream.returned_end().is_none());
        thread::scope(|scope| {
            let ends = scope.spawn(|| test.stream.wait(None));
            test.until(|state| !state.enders.is_empty());
            test.end(Ok(()));
            ends.join().unwrap().unwrap();
        });
        assert!(test.stream.returned_end().is_none());
        assert_eq!(text(test.stream.next(None)), "end: OK");
        assert_eq!(text(test.stream.next(None)), "FAILED_PRECONDITION");
        assert!(test.stream.returned_end().is_some_and(|end| end.is_ok()));
    }

    #[test]
    fn callbacks_get_one_event_each_in_order_and_all_of_them_the_end() {
        let test = stream();
        test.push("first");
        let first = test.request();
        assert_eq!(first.recv_timeout(PATIENCE).unwrap(), "first");
        let waiting = [test.request(), test.request(), test.request(), test.request()];
        thread::scope(|scope| {
            let waits = scope.spawn(|| text(test.stream.next(None)));
            test.until(|state| !state.pullers.is_empty());
            test.push("second");
            test.push("third");
            assert_eq!(waiting[0].recv_timeout(PATIENCE).unwrap(), "second");
            assert_eq!(waiting[1].recv_timeout(PATIENCE).unwrap(), "third");
            assert!(waiting[2].try_recv().is_err());
            // The engine waits until a further event has been taken, and not for these.
            assert!(test.shared.poll_taken(&Context::from_waker(Waker::noop())).is_ready());
            test.end(Err(Error::connection("for the test")));
            assert_eq!(waits.join().unwrap(), "FAILED_PRECONDITION");
        });
        for callback in [&waiting[2], &waiting[3], &test.request()] {
            assert_eq!(callback.recv_timeout(PATIENCE).unwrap(), "end: UNAVAILABLE");
            assert!(callback.recv_timeout(PATIENCE).is_err(), "it was called again");
        }
    }

    #[test]
    fn a_client_that_is_closed_waits_for_callbacks_that_fetch_the_rest_of_a_stream() {
        fn fetch(stream: Arc<Stream>, enter: Arc<dyn Fn(StreamEvent) + Send + Sync>) {
            let (again, own) = (stream.clone(), enter.clone());
            let callback = move |event| {
                let is_end = matches!(event, StreamEvent::End(_));
                own(event);
                if !is_end {
                    fetch(again.clone(), own.clone());
                }
            };
            stream.next_with_callback(callback).unwrap();
        }
        let Test { stream, shared, activity } = stream();
        let (entered, seen) = channel();
        let (release, released) = channel::<()>();
        let released = Mutex::new(released);
        let enter = move |event| {
            entered.send(text(Ok(event))).unwrap();
            let _ = released.lock().unwrap().recv_timeout(PATIENCE);
        };
        shared.push(StreamEvent::RequestError(Error::invalid("first")));
        shared.push(StreamEvent::RequestError(Error::invalid("second")));
        fetch(Arc::new(stream), Arc::new(enter));
        assert_eq!(seen.recv_timeout(PATIENCE).unwrap(), "first");
        shared.end(Ok(()), &Counters::default());
        activity.close();
        for expected in ["second", "end: OK"] {
            release.send(()).unwrap();
            assert_eq!(seen.recv_timeout(PATIENCE).unwrap(), expected);
            assert!(!activity.wait_ended(Deadline::after(Some(Duration::from_millis(20)))));
        }
        release.send(()).unwrap();
        assert!(activity.wait_ended(Deadline::after(Some(PATIENCE))));
        // Nobody waits for events that nobody fetches.
        let test = self::stream();
        test.push("not fetched");
        test.end(Ok(()));
        assert!(test.activity.wait_ended(Deadline::after(Some(Duration::ZERO))));
    }

    #[test]
    fn a_token_ends_a_wait_for_room_and_the_request_is_not_sent() {
        let test = stream();
        let (stream, request) = (&test.stream, &InferRequest::new("m").id("r"));
        let (sender, receiver) = channel();
        let send = |timeout, cancel: Option<&CancelToken>| {
            let sender = sender.clone();
            let callback = move |outcome| {
                assert!(Callbacks::is_any_on_this_thread());
                sender.send(status(outcome)).unwrap();
            };
            stream.send_with_callback(request, timeout, cancel, callback).unwrap()
        };
        assert!(send(None, None));
        assert_eq!(status(stream.send(request, Some(Duration::ZERO))), "DEADLINE_EXCEEDED");
        let token = CancelToken::new();
        thread::scope(|scope| {
            let waits = scope.spawn(|| stream.send_until(request, None, Some(&token)).unwrap_err());
            test.until(|state| state.senders.len() == 1);
            // Behind the other.
            assert!(!send(None, Some(&token)));
            test.until(|state| state.senders.len() == 2);
            token.cancel();
            let error = waits.join().unwrap();
            assert_eq!((error.status(), error.request_id()), (Status::Cancelled, "r"));
            assert_eq!(receiver.recv_timeout(PATIENCE).unwrap(), "CANCELLED");
        });
        assert!(!send(Some(Duration::from_millis(10)), None));
        assert_eq!(receiver.recv_timeout(PATIENCE).unwrap(), "DEADLINE_EXCEEDED");
        test.until(|state| state.senders.is_empty());
        // In the order of arrival.
        assert!(!send(None, None));
        test.until(|state| state.senders.len() == 1);
        thread::scope(|scope| {
            let waits = scope.spawn(|| stream.send(request, None));
            test.until(|state| state.senders.len() == 2);
            test.sent();
            assert_eq!(receiver.recv_timeout(PATIENCE).unwrap(), "OK");
            test.until(|state| state.senders.len() == 1);
            test.sent();
            waits.join().unwrap().unwrap();
        });
        test.sent();
        assert!(test.shared.poll_outgoing(&Context::from_waker(Waker::noop())).is_pending());
        // The end fails them all.
        assert!(send(None, None));
        assert!(!send(None, None));
        test.until(|state| state.senders.len() == 1);
        thread::scope(|scope| {
            let waits = scope.spawn(|| stream.send(request, None));
            test.until(|state| state.senders.len() == 2);
            test.end(Err(Error::connection("for the test")));
            assert_eq!(receiver.recv_timeout(PATIENCE).unwrap(), "UNAVAILABLE");
            assert_eq!(status(waits.join().unwrap()), "UNAVAILABLE");
        });
    }

    #[test]
    fn a_callback_of_the_client_never_waits_for_room() {
        let test = stream();
        test.stream.send(&InferRequest::new("m"), None).unwrap();
        let (sender, receiver) = channel();
        let stream = Arc::new(test.stream);
        let again = stream.clone();
        stream
            .next_with_callback(move |_| sender.send(again.send(&InferRequest::new("m"), None)).unwrap())
            .unwrap();
        test.shared.push(StreamEvent::RequestError(Error::invalid("")));
        let error = receiver.recv_timeout(PATIENCE).unwrap().unwrap_err();
        assert_eq!((error.status(), error.is_retryable()), (Status::ResourceExhausted, true));
    }
}
