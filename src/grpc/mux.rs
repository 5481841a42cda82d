//! Connections that many calls share, each driven by a task of its own on the I/O thread.
//!
//! Everything here happens on the I/O thread: the locks are never contended, and exist only because a client
//! is shared between threads.

use std::{
    cell::Cell,
    fmt,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use h2::client::SendRequest;
use tokio::{
    task::{coop::unconstrained, spawn_local},
    time::{Sleep, sleep_until},
};

use super::{
    frames::Seen,
    keepalive::KeepaliveOptions,
    lane::{Lane, MAX_EMPTY_FRAMES},
};
use crate::{
    error::{Error, Result},
    lend::Piece,
    net::{
        drive::Driver,
        lifetime::Lifetime,
        link::Link,
        pool::{ConnectionCounts, WAITING_ASYNC},
    },
    waiters::Waiters,
};

/// h2 0.4.20 closes a connection at the 101st empty DATA frame. Servers that send any send one with each
/// response.
const MAX_EMPTY_FRAMES_AND_STREAMS: usize = 100;
/// HTTP/2 has stream ids for twice as many. A connection that has used them up can only be replaced.
const MAX_STREAMS_EVER: usize = 1 << 29;
/// After a call's deadline, a connection takes no further calls if the server has sent nothing for this long
/// since it was sent something: a firewall may have forgotten the connection, and TCP notices only after a
/// quarter of an hour.
const MAX_SILENCE: Duration = Duration::from_secs(1);

/// Connections to a server that calls share: a call gets a place on one of them, in order of arrival.
pub(super) struct Mux(Arc<Shared>);

struct Shared {
    /// The maximum number of connections that take calls. A connection that the server is closing does not
    /// count, as long as there are at most as many of these.
    max_connections: usize,
    /// The maximum number of concurrent calls on a connection.
    max_streams: usize,
    /// The same once a call was stopped on it.
    max_streams_after_stop: usize,
    /// The maximum number of calls ever started on a connection.
    max_started: usize,
    lifetime: Lifetime,
    keepalive: Option<KeepaliveOptions>,
    state: Mutex<State>,
}

struct State {
    connections: Vec<Arc<Connection>>,
    /// The number of connections being opened.
    opening: usize,
    /// The number of connections ever opened.
    opened: u64,
    /// See [`ConnectionCounts::reconnects`].
    reconnects: u64,
    /// The number of connections that servers have closed and that were not replaced yet.
    lost: u64,
    /// The number of places that a connection being opened is expected to have: the maximum, or what the
    /// server allowed on the last one.
    expected: usize,
    waiting: Waiters,
    /// Why the last connection could not be opened, for the calls that waited for it: those with a ticket up
    /// to this one.
    failure: Option<(u64, Error)>,
}

/// A connection of a [`Mux`].
struct Connection {
    /// Its number among all ever opened, from 1.
    number: u64,
    link: Arc<Link>,
    seen: Arc<Seen>,
    driven: Mutex<Driven>,
    /// The number of concurrent streams that the server allows: 1 until it has sent its SETTINGS, so that it
    /// refuses none.
    max_streams: AtomicUsize,
    has_settings: AtomicBool,
    /// The number of places in use.
    in_use: AtomicUsize,
    /// The number of calls started, ended ones included.
    started: AtomicUsize,
    max_started: usize,
    /// The number of calls stopped while the socket accepted no data: as many RST_STREAM wait to be sent, and
    /// count as places in use.
    unsent_resets: AtomicUsize,
    /// Whether a call was stopped on the connection.
    was_stopped: AtomicBool,
    /// Set when the connection is to take no further calls.
    is_retired: AtomicBool,
    has_ended: AtomicBool,
    /// Whether it has ended by itself, and was not closed by the client.
    was_lost: AtomicBool,
    /// When it is too old; `None` for never.
    end: Option<Instant>,
    /// The tasks that wait for the server to close the connection.
    waiting: Mutex<Waiters>,
}

/// A connection and its task.
struct Driven {
    lane: Lane,
    /// The waker of the connection's task.
    waker: Waker,
    idle_since: Instant,
    /// When the server last sent something, or when the first call started after that on the idle connection.
    silent_since: Instant,
    /// Whether the server has sent something since a call last started on the idle connection.
    has_heard: bool,
    /// Wakes the task for what only the time demands: to close the idle connection, or to send a PING. It may
    /// be early, so that calls need not reset it.
    timer: Option<Pin<Box<Sleep>>>,
}

/// A call's place on a connection, which is free again when this is dropped.
pub(super) struct Checked {
    shared: Arc<Shared>,
    connection: Arc<Connection>,
    /// Whether the connection has carried other calls.
    pub is_reused: bool,
    /// For [`poll_going_away`](Self::poll_going_away); 0 if it was not called.
    ticket: Cell<u64>,
}

/// What a call is given.
enum Taken {
    Place(Checked),
    /// The right to open a connection.
    Opening(Opening),
}

impl Mux {
    /// Creates a mux without connections. A connection carries at most `max_streams` calls, and
    /// `max_streams_after_stop` once a call was stopped on it.
    pub(super) fn new(
        max_connections: usize,
        max_streams: usize,
        max_streams_after_stop: usize,
        lifetime: Lifetime,
        keepalive: Option<KeepaliveOptions>,
    ) -> Self {
        // A connection that is being opened is not expected to carry more calls than it may.
        let max_started = usize::try_from(lifetime.max_requests).unwrap_or(usize::MAX).min(MAX_STREAMS_EVER);
        let max_streams = max_streams.min(max_started);
        let state = State {
            connections: Vec::new(),
            opening: 0,
            opened: 0,
            reconnects: 0,
            lost: 0,
            expected: max_streams,
            waiting: Waiters::default(),
            failure: None,
        };
        Self(Arc::new(Shared {
            max_connections,
            max_streams,
            max_streams_after_stop,
            max_started,
            lifetime,
            keepalive,
            state: Mutex::new(state),
        }))
    }

    /// Checks out a place on the connection with the fewest calls, or on a new one that `open` opens if all
    /// are full. If `fresh`, it is newer than the one that the call used last, if possible. Waits while there
    /// is neither.
    pub(super) async fn check_out(
        &self,
        driver: &Driver,
        fresh: bool,
        open: impl AsyncFnOnce() -> Result<Arc<Link>>,
    ) -> Result<Checked> {
        let after = if fresh { driver.connection() } else { 0 };
        let free = Shared::take(&self.0, after);
        let taken = match free {
            Some(taken) => taken,
            None => self.wait(driver, after).await?,
        };
        let checked = match taken {
            Taken::Place(checked) => checked,
            // Boxed: most calls do not open a connection.
            Taken::Opening(opening) => match Box::pin(self.open(open)).await {
                Ok(lane) => opening.complete(lane, fresh),
                Err(error) => return Err(opening.fail(error)),
            },
        };
        driver.set_connection(checked.connection.number);
        Ok(checked)
    }

    async fn open(&self, open: impl AsyncFnOnce() -> Result<Arc<Link>>) -> Result<Lane> {
        Lane::shared(open().await?, self.0.keepalive)
    }

    async fn wait(&self, driver: &Driver, after: u64) -> Result<Taken> {
        let shared = &self.0;
        let ticket = shared.lock().waiting.ticket();
        let _queued = Queued { shared, ticket, driver };
        poll_fn(|context| {
            if driver.until().check().is_err() {
                // The driver is about to stop the call, which must not open a connection before.
                return Poll::Pending;
            }
            let mut state = shared.lock();
            if let Some((last, error)) = &state.failure
                && ticket <= *last
            {
                return Poll::Ready(Err(error.clone()));
            }
            if state.waiting.is_first(ticket)
                && let Some(taken) = Shared::take_free(shared, &mut state, after)
            {
                return Poll::Ready(Ok(taken));
            }
            state.waiting.wait(ticket, context.waker());
            // One more that waits may be reason enough for another connection.
            shared.wake_next(state);
            Poll::Pending
        })
        .await
    }

    pub(super) fn counts(&self) -> ConnectionCounts {
        let state = self.0.lock();
        let idle = state.connections.iter().filter(|connection| connection.is_idle()).count();
        ConnectionCounts {
            open: state.connections.len() + state.opening,
            idle,
            busy: state.connections.len() - idle,
            opened: state.opened,
            reconnects: state.reconnects,
            ..ConnectionCounts::default()
        }
    }

    /// Closes all idle connections. The only function that is called on other threads too.
    pub(super) fn close_idle(&self) {
        let mut state = self.0.lock();
        // A call takes its place under the lock.
        let idle: Vec<_> = state.connections.extract_if(.., |connection| connection.is_idle()).collect();
        idle.iter().for_each(|connection| connection.close());
        self.0.wake_next(state);
    }
}

impl Shared {
    /// Returns `None` if no place is free or other calls are waiting.
    fn take(shared: &Arc<Self>, after: u64) -> Option<Taken> {
        let mut state = shared.lock();
        if state.waiting.is_empty() { Self::take_free(shared, &mut state, after) } else { None }
    }

    /// Takes a place on a connection with a number greater than `after`, if possible.
    fn take_free(shared: &Arc<Self>, state: &mut State, after: u64) -> Option<Taken> {
        let may_open = loop {
            let may_open = state.may_open(shared);
            let with_room = state.connections.iter().filter(|it| it.room(shared) > 0);
            let suitable = with_room.filter(|it| it.number > after || !may_open);
            match suitable.min_by_key(|connection| connection.in_use.load(Relaxed)) {
                // Its task is late.
                Some(connection) if connection.has_expired(shared) => connection.close(),
                Some(connection) => return Some(Taken::Place(Checked::new(shared, connection))),
                None => break may_open,
            }
        };
        may_open.then(|| {
            state.opening += 1;
            state.opened += 1;
            Taken::Opening(Opening { shared: shared.clone(), number: state.opened })
        })
    }

    /// Wakes the call that has waited longest, if it can be served.
    fn wake_next(&self, state: MutexGuard<'_, State>) {
        let is_free =
            state.connections.iter().any(|connection| connection.room(self) > 0) || state.may_open(self);
        let next = if is_free { state.waiting.first() } else { None };
        drop(state);
        if let Some(waker) = next {
            waker.wake();
        }
    }

    /// Removes a connection that has ended.
    fn remove(&self, connection: &Arc<Connection>) {
        let mut state = self.lock();
        state.connections.retain(|other| !Arc::ptr_eq(other, connection));
        let was_lost = connection.was_lost.load(Relaxed)
            || connection.seen.go_away()
            || connection.is_retired.load(Relaxed);
        state.lost += u64::from(was_lost);
        self.wake_next(state);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Returns whether a call that finds no place may open a connection: not while those that are being
    /// opened have a place for everyone who waits.
    fn may_open(&self, shared: &Shared) -> bool {
        let usable = self.connections.iter().filter(|connection| connection.is_usable()).count();
        let max = shared.max_connections;
        usable + self.opening < max
            && self.connections.len() + self.opening < max.saturating_mul(2)
            && self.waiting.len().max(1) > self.pending()
    }

    /// Returns the number of places that are expected soon: on connections that are being opened, and on
    /// those whose server has not sent its SETTINGS yet.
    fn pending(&self) -> usize {
        let without_settings =
            self.connections.iter().filter(|it| it.is_usable() && !it.has_settings.load(Relaxed));
        let places =
            without_settings.map(|connection| self.expected.saturating_sub(connection.in_use.load(Relaxed)));
        self.opening * self.expected + places.sum::<usize>()
    }
}

impl Connection {
    /// Returns the number of calls that can start.
    fn room(&self, shared: &Shared) -> usize {
        let in_use = self.in_use.load(Relaxed) + self.unsent_resets.load(Relaxed);
        let max_streams = match self.was_stopped.load(Relaxed) {
            true => shared.max_streams_after_stop,
            false => shared.max_streams,
        };
        let max = max_streams
            .min(self.max_streams.load(Relaxed))
            .min(MAX_EMPTY_FRAMES_AND_STREAMS.saturating_sub(self.seen.empty_data_frames()));
        let left = shared.max_started.saturating_sub(self.started.load(Relaxed));
        if self.is_usable() { max.saturating_sub(in_use).min(left) } else { 0 }
    }

    /// Returns whether the connection takes further calls, now or later.
    fn is_usable(&self) -> bool {
        !self.is_going_away()
            && !self.is_retired.load(Relaxed)
            && !self.link.is_retired()
            && self.seen.empty_data_frames() < MAX_EMPTY_FRAMES
            && self.started.load(Relaxed) < self.max_started
            && self.end.is_none_or(|end| Instant::now() < end)
    }

    fn is_idle(&self) -> bool {
        self.in_use.load(Relaxed) == 0
    }

    /// Returns whether it was idle too long for another call.
    fn has_expired(&self, shared: &Shared) -> bool {
        self.is_idle() && shared.lifetime.is_idle_too_long(self.lock().idle_since, Instant::now())
    }

    fn is_going_away(&self) -> bool {
        self.seen.go_away() || self.has_ended.load(Relaxed)
    }

    /// Polls the connection in its task. `Ready` when it has ended.
    fn poll(&self, context: &mut Context<'_>, shared: &Shared) -> Poll<()> {
        let mut driven = self.lock();
        let mut is_due = driven.lane.has_keepalive();
        if !driven.waker.will_wake(context.waker()) {
            driven.waker.clone_from(context.waker());
            is_due = true;
        }
        if driven.lane.step(context).is_some() {
            self.note_end();
            return Poll::Ready(());
        }
        is_due |= driven.timer.as_ref().is_some_and(|timer| timer.is_elapsed());
        if is_due && self.tend(&mut driven, context, shared).is_ready() {
            return Poll::Ready(());
        }
        if self.link.take_has_received() {
            (driven.silent_since, driven.has_heard) = (Instant::now(), true);
        }
        let max_streams = driven.lane.max_streams();
        drop(driven);
        self.update(max_streams, shared);
        if !self.is_usable() {
            self.waiting().wake_all();
            if self.in_use.load(Relaxed) == 0 {
                return Poll::Ready(());
            }
            // Another connection may be opened now.
            shared.wake_next(shared.lock());
        }
        Poll::Pending
    }

    /// Does what is due, and sets the timer for what will be. `Ready` if the connection is to be closed.
    #[inline(never)]
    fn tend(&self, driven: &mut Driven, context: &mut Context<'_>, shared: &Shared) -> Poll<()> {
        loop {
            let now = Instant::now();
            let mut next = None;
            let mut add = |at: Option<Instant>| next = next.into_iter().chain(at).min();
            add(self.end.filter(|end| *end > now));
            if self.is_idle() {
                let has_expired = shared.lifetime.is_idle_too_long(driven.idle_since, now);
                if has_expired || self.end.is_some_and(|end| end <= now) {
                    return Poll::Ready(());
                }
                add(shared.lifetime.idle_timeout.and_then(|timeout| driven.idle_since.checked_add(timeout)));
            } else {
                match driven.lane.keep_alive(context) {
                    Ok(at) => add(at),
                    Err(_) => {
                        self.note_end();
                        return Poll::Ready(());
                    }
                }
                // It becomes idle later than now.
                add(shared.lifetime.idle_timeout.and_then(|timeout| now.checked_add(timeout)));
            }
            let Some(next) = next else { return Poll::Pending };
            let timer = driven.timer.get_or_insert_with(|| Box::pin(sleep_until(next.into())));
            if timer.is_elapsed() || timer.deadline().into_std() > next {
                timer.as_mut().reset(next.into());
            }
            // Even if the task has used up its budget: the timer must have its waker.
            if pin!(unconstrained(timer)).poll(context).is_pending() {
                return Poll::Pending;
            }
        }
    }

    /// Notes that the connection has ended, by itself unless it was closed before.
    fn note_end(&self) {
        if !self.has_ended.swap(true, Relaxed) {
            self.was_lost.store(true, Relaxed);
        }
    }

    /// Notes what a step has changed, and wakes a call that waits for it.
    fn update(&self, max_streams: usize, shared: &Shared) {
        let has_settings = self.seen.settings();
        let sent_resets = match self.unsent_resets.load(Relaxed) {
            resets if resets > 0 && !self.link.is_blocked() => resets,
            _ => 0,
        };
        let is_as_before = max_streams == self.max_streams.load(Relaxed)
            && has_settings == self.has_settings.load(Relaxed)
            && sent_resets == 0;
        if is_as_before {
            return;
        }
        let mut state = shared.lock();
        self.max_streams.store(max_streams, Relaxed);
        self.has_settings.store(has_settings, Relaxed);
        self.unsent_resets.fetch_sub(sent_resets, Relaxed);
        if has_settings {
            state.expected = max_streams.clamp(1, shared.max_streams);
        }
        shared.wake_next(state);
    }

    /// Polls the connection once, outside of its task.
    fn step_now(&self) {
        let mut driven = self.lock();
        let Driven { lane, waker, .. } = &mut *driven;
        if lane.step(&mut Context::from_waker(waker)).is_some() {
            self.note_end();
        }
        // Its task handles what has arrived.
        waker.wake_by_ref();
    }

    /// Closes the connection; its task then ends.
    fn close(&self) {
        self.has_ended.store(true, Relaxed);
        let mut driven = self.lock();
        driven.lane.close();
        driven.waker.wake_by_ref();
    }

    fn waiting(&self) -> MutexGuard<'_, Waiters> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Driven> {
        self.driven.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Checked {
    fn new(shared: &Arc<Shared>, connection: &Arc<Connection>) -> Self {
        connection.in_use.fetch_add(1, Relaxed);
        let is_reused = connection.started.fetch_add(1, Relaxed) > 0;
        Self { shared: shared.clone(), connection: connection.clone(), is_reused, ticket: Cell::new(0) }
    }

    /// Returns a handle that starts the call.
    pub(super) fn sender(&self) -> SendRequest<Piece> {
        let mut driven = self.connection.lock();
        if self.connection.in_use.load(Relaxed) == 1 {
            if driven.has_heard {
                (driven.silent_since, driven.has_heard) = (Instant::now(), false);
            }
            driven.lane.begin_call();
        }
        driven.lane.sender()
    }

    pub(super) fn link(&self) -> &Arc<Link> {
        &self.connection.link
    }

    pub(super) fn seen(&self) -> &Seen {
        &self.connection.seen
    }

    /// Returns whether the server has announced the end of the connection (GOAWAY), or it has ended.
    pub(super) fn is_going_away(&self) -> bool {
        self.connection.is_going_away()
    }

    /// Waits for that.
    pub(super) fn poll_going_away(&self, context: &Context<'_>) -> Poll<()> {
        if self.is_going_away() {
            return Poll::Ready(());
        }
        let mut waiting = self.connection.waiting();
        if self.ticket.get() == 0 {
            self.ticket.set(waiting.ticket());
        }
        waiting.wait(self.ticket.get(), context.waker());
        Poll::Pending
    }

    /// Polls the connection once, with its task's waker: what h2 has queued is sent, unless the socket is
    /// full.
    pub(super) fn step_now(&self) {
        self.connection.step_now();
    }

    /// Tells the connection that the call was stopped, by its deadline if `timed_out`, after
    /// [`step_now`](Self::step_now) if that is needed.
    pub(super) fn note_stopped(&self, timed_out: bool) {
        let connection = &self.connection;
        connection.was_stopped.store(true, Relaxed);
        if connection.link.is_blocked() {
            connection.unsent_resets.fetch_add(1, Relaxed);
        }
        if timed_out && connection.lock().silent_since.elapsed() >= MAX_SILENCE {
            connection.is_retired.store(true, Relaxed);
        }
    }
}

impl Drop for Checked {
    fn drop(&mut self) {
        let Self { shared, connection, ticket, .. } = self;
        if ticket.get() != 0 {
            connection.waiting().leave(ticket.get());
        }
        let is_idle = connection.in_use.fetch_sub(1, Relaxed) == 1;
        // With resets that it cannot send, it may hold the memory of several messages.
        if is_idle && (!connection.is_usable() || connection.unsent_resets.load(Relaxed) > 0) {
            connection.close();
        }
        if is_idle {
            connection.lock().idle_since = Instant::now();
        }
        shared.wake_next(shared.lock());
    }
}

/// A connection being opened. If its call ends meanwhile, another call may try.
struct Opening {
    shared: Arc<Shared>,
    number: u64,
}

impl Opening {
    /// Adds the connection, starts its task, and checks out a place on it.
    fn complete(self, lane: Lane, is_fresh: bool) -> Checked {
        let (shared, now) = (&self.shared, Instant::now());
        let connection = Arc::new(Connection {
            number: self.number,
            link: lane.link().clone(),
            seen: lane.seen().clone(),
            max_streams: AtomicUsize::new(lane.max_streams()),
            has_settings: AtomicBool::new(false),
            in_use: AtomicUsize::new(0),
            started: AtomicUsize::new(0),
            max_started: shared.max_started,
            unsent_resets: AtomicUsize::new(0),
            was_stopped: AtomicBool::new(false),
            is_retired: AtomicBool::new(false),
            has_ended: AtomicBool::new(false),
            was_lost: AtomicBool::new(false),
            end: shared.lifetime.end(now),
            waiting: Mutex::default(),
            driven: Mutex::new(Driven {
                lane,
                waker: Waker::noop().clone(),
                idle_since: now,
                silent_since: now,
                has_heard: true,
                timer: None,
            }),
        });
        let task = Task { shared: shared.clone(), connection: connection.clone() };
        spawn_local(async move { poll_fn(|context| task.connection.poll(context, &task.shared)).await });
        let mut state = shared.lock();
        state.failure = None;
        state.reconnects += u64::from(is_fresh || state.lost > 0);
        state.lost = state.lost.saturating_sub(1);
        state.connections.push(connection.clone());
        Checked::new(shared, &connection)
    }

    /// Fails the calls that wait too, unless there is a connection for them: each of them would try in vain,
    /// one after the other.
    fn fail(self, error: Error) -> Error {
        let mut state = self.shared.lock();
        if state.opening == 1 && state.connections.is_empty() {
            let last = state.waiting.ticket();
            state.failure = Some((last, error.clone()));
            state.waiting.wake_all();
        }
        error
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.opening -= 1;
        self.shared.wake_next(state);
    }
}

/// The task of a connection. It ends with the connection, and the connection with it.
struct Task {
    shared: Arc<Shared>,
    connection: Arc<Connection>,
}

impl Drop for Task {
    fn drop(&mut self) {
        self.connection.close();
        self.connection.waiting().wake_all();
        self.shared.remove(&self.connection);
    }
}

/// A call's entry in the queue, removed when its wait ends for any reason.
struct Queued<'s> {
    shared: &'s Arc<Shared>,
    ticket: u64,
    driver: &'s Driver,
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        let mut state = self.shared.lock();
        state.waiting.leave(self.ticket);
        // What the call waited for in the end: it may be stopped long after it was polled.
        self.driver.set_phase(match state.pending() {
            0 => WAITING_ASYNC,
            _ => "waiting for a connection that is being opened",
        });
        self.shared.wake_next(state);
    }
}

impl fmt::Debug for Mux {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mux({:?})", self.counts())
    }
}
