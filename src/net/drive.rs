//! The two drivers of a call's future: the calling thread, and a task on the I/O thread.
//!
//! A calling thread polls the future itself: no runtime, no second thread, no additional system calls.

use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread, ThreadId},
    time::Instant,
};

use tokio::time::{Sleep, sleep_until};

use super::link::{Link, ShutDown};
use crate::until::{Deadline, Stopped, Until, Watching};

/// The number of polls without a wait after which the deadline is checked: it also applies to a future that
/// wakes itself.
const POLLS_BETWEEN_CHECKS: u32 = 64;

/// The state of a call: what stops it, who waits for it and where, and its progress.
pub(crate) struct Driver {
    until: Until,
    waits: Waits,
    link: RefCell<Option<Arc<Link>>>,
    phase: Cell<&'static str>,
    is_in_doubt: Cell<bool>,
    /// Whether the call has begun on a connection that it shares.
    has_begun: Cell<bool>,
    /// The number of the shared connection that the call used last.
    connection: Cell<u64>,
}

/// Who waits.
enum Waits {
    Caller(Caller),
    /// A task on the I/O thread.
    Task,
}

/// A calling thread.
struct Caller {
    /// The deadline of the innermost [`within`](Driver::within).
    wake_at: Cell<Deadline>,
    woken: Arc<Woken>,
    waker: Waker,
    /// Wakes the thread from waits without a connection when the call is cancelled.
    _watching: Option<Watching>,
}

thread_local! {
    /// This thread's waker, kept for the next call. A nested call, from a callback, creates its own.
    static WOKEN: Cell<Option<Arc<Woken>>> = const { Cell::new(None) };
}

impl Driver {
    /// Creates the driver of a call on this thread; see [`drive`].
    pub(crate) fn caller(until: Until) -> Self {
        // Thread locals may be destroyed already while the thread ends.
        let kept = WOKEN.try_with(Cell::take).ok().flatten();
        let woken = kept
            .unwrap_or_else(|| Arc::new(Woken { is_set: AtomicBool::new(false), thread: thread::current() }));
        let waker = Waker::from(woken.clone());
        let _watching = until.cancel.as_ref().map(|token| token.watch(&waker));
        Self::new(
            until,
            Waits::Caller(Caller { wake_at: Cell::new(Deadline::after(None)), woken, waker, _watching }),
        )
    }

    /// Creates the driver of a call in a task on the I/O thread; see [`run`](Self::run).
    pub(crate) fn task(until: Until) -> Self {
        Self::new(until, Waits::Task)
    }

    fn new(until: Until, waits: Waits) -> Self {
        Self {
            until,
            waits,
            link: RefCell::new(None),
            phase: Cell::new("starting"),
            is_in_doubt: Cell::new(false),
            has_begun: Cell::new(false),
            connection: Cell::new(0),
        }
    }

    pub(crate) fn until(&self) -> &Until {
        &self.until
    }

    /// Returns whether the call runs in a task on the I/O thread.
    pub(crate) fn is_task(&self) -> bool {
        matches!(self.waits, Waits::Task)
    }

    /// Sets what the call is doing, for error messages: "receiving the response".
    pub(crate) fn set_phase(&self, phase: &'static str) {
        self.phase.set(phase);
    }

    /// What the call is doing; see [`set_phase`](Self::set_phase).
    pub(crate) fn phase(&self) -> &'static str {
        self.phase.get()
    }

    /// Returns the calling thread; `None` for a task.
    pub(crate) fn thread(&self) -> Option<ThreadId> {
        match &self.waits {
            Waits::Caller(caller) => Some(caller.woken.thread.id()),
            Waits::Task => None,
        }
    }

    /// Returns whether the server may have run the request of a call that was stopped.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.is_in_doubt.get()
    }

    /// Records that the server may have run an attempt.
    pub(crate) fn set_in_doubt(&self) {
        self.is_in_doubt.set(true);
    }

    /// Sets whether the call has begun on a connection that it shares: if it is stopped then, it is in doubt.
    pub(crate) fn set_begun(&self, has_begun: bool) {
        self.has_begun.set(has_begun);
    }

    /// Returns the number of the shared connection that the call used last; 0 for none.
    pub(crate) fn connection(&self) -> u64 {
        self.connection.get()
    }

    pub(crate) fn set_connection(&self, number: u64) {
        self.connection.set(number);
    }

    /// Begins a call on `link`, of which it is the only one, and waits on it while the guard lives.
    pub(crate) fn on(&self, link: &Arc<Link>) -> On<'_> {
        // A task has a timer, and is dropped by a cancel.
        let is_caller = !self.is_task();
        link.begin(if is_caller { self.until.deadline } else { Deadline::after(None) });
        let outer = self.link.replace(Some(link.clone()));
        let cancel = self.until.cancel.as_ref().filter(|_| is_caller);
        let watching = cancel.map(|token| token.watch(&Waker::from(Arc::new(ShutDown(link.clone())))));
        On { driver: self, outer, _watching: watching }
    }

    /// Awaits a part of the call's future; `None` if it is not ready at `deadline`.
    pub(crate) async fn within<T>(&self, deadline: Deadline, future: impl Future<Output = T>) -> Option<T> {
        let _within = match &self.waits {
            Waits::Caller(caller) => {
                let outer = caller.wake_at.replace(deadline.min(caller.wake_at.get()));
                Some(Within { caller, outer })
            }
            Waits::Task => None,
        };
        let mut timer = self.timer(deadline);
        let mut future = pin!(future);
        poll_fn(|context| match future.as_mut().poll(context) {
            Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
            Poll::Pending if deadline.is_over() || is_due(&mut timer, context) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    /// Lets a part of the call's future wake the calling thread, at a time that it may change.
    pub(crate) fn waking(&self) -> Waking<'_> {
        Waking(match &self.waits {
            Waits::Caller(caller) => Some(Within { caller, outer: caller.wake_at.get() }),
            Waits::Task => None,
        })
    }

    /// Returns the timer that wakes a task at the deadline. A calling thread has none: it wakes by itself.
    fn timer(&self, deadline: Deadline) -> Timer {
        // Boxed: it would enlarge every blocking call.
        deadline.instant().filter(|_| self.is_task()).map(|at| Box::pin(sleep_until(at.into())))
    }

    /// Runs a future in a task to completion. A future that is ready takes precedence over a cancel, and over
    /// a deadline that has passed.
    pub(crate) async fn run<T>(&self, call: impl Future<Output = T>) -> Result<T, Stopped> {
        let mut timer = self.timer(self.until.deadline);
        let mut call = pin!(call);
        let mut watching = None;
        poll_fn(|context| {
            if let (None, Some(token)) = (&watching, &self.until.cancel) {
                watching = Some(token.watch(context.waker()));
            }
            if let Poll::Ready(outcome) = call.as_mut().poll(context) {
                return Poll::Ready(Ok(outcome));
            }
            // The clock decides: a task that has used up its budget cannot poll the timer.
            let mut stopped = self.until.check();
            if stopped.is_ok() && is_due(&mut timer, context) {
                stopped = Err(Stopped::TimedOut);
            }
            match stopped {
                Ok(()) => Poll::Pending,
                Err(stopped) => {
                    self.check_sent();
                    Poll::Ready(Err(stopped))
                }
            }
        })
        .await
    }

    /// Puts a stopped call in doubt if any of its request was sent. Called before its future is dropped.
    fn check_sent(&self) {
        let was_sent = self.link.borrow().as_ref().is_some_and(|link| link.progress().sent > 0);
        if was_sent || self.has_begun.get() {
            self.set_in_doubt();
        }
    }
}

type Timer = Option<Pin<Box<Sleep>>>;

fn is_due(timer: &mut Timer, context: &mut Context<'_>) -> bool {
    timer.as_mut().is_some_and(|timer| timer.as_mut().poll(context).is_ready())
}

impl Caller {
    /// Waits until the link is ready or the thread is woken.
    fn wait(&self, driver: &Driver) -> Result<(), Stopped> {
        let deadline = driver.until.deadline.min(self.wake_at.get());
        match &*driver.link.borrow() {
            Some(link) if link.wait(deadline) => return Ok(()),
            Some(_) => {}
            // A nested call, from a callback, may have consumed the wake.
            None if driver.until.is_cancelled() => {}
            None => match deadline.remaining() {
                None => thread::park(),
                Some(left) => thread::park_timeout(left),
            },
        }
        self.woken.is_set.store(false, Ordering::Relaxed);
        driver.until.check()
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        let woken = self.woken.clone();
        let _ = WOKEN.try_with(|kept| kept.set(Some(woken)));
    }
}

/// See [`Driver::on`].
pub(crate) struct On<'c> {
    driver: &'c Driver,
    /// What the call waited on before: a nested connection, such as a probe, does not end its use.
    outer: Option<Arc<Link>>,
    _watching: Option<Watching>,
}

impl Drop for On<'_> {
    fn drop(&mut self) {
        self.driver.link.replace(self.outer.take());
    }
}

/// See [`Driver::within`].
struct Within<'c> {
    caller: &'c Caller,
    outer: Deadline,
}

/// See [`Driver::waking`]. Does not wake a task, which has timers.
pub(crate) struct Waking<'c>(Option<Within<'c>>);

impl Waking<'_> {
    /// Sets when to wake the thread; `None` for never.
    pub(crate) fn set(&self, at: Option<Instant>) {
        if let Some(Within { caller, outer }) = &self.0 {
            caller.wake_at.set(outer.min(Deadline::at(at)));
        }
    }
}

impl Drop for Within<'_> {
    fn drop(&mut self) {
        self.caller.wake_at.set(self.outer);
    }
}

/// Runs a future to completion on this thread. A future that is ready takes precedence over a cancel, and
/// over a deadline that has passed.
pub(crate) fn drive<T>(driver: &Driver, call: impl Future<Output = T>) -> Result<T, Stopped> {
    let Waits::Caller(caller) = &driver.waits else {
        unreachable!("a task's driver is run by its task");
    };
    let woken = &caller.woken;
    let mut context = Context::from_waker(&caller.waker);
    let mut call = pin!(call);
    let mut polls = 0u32;
    loop {
        if let Poll::Ready(outcome) = call.as_mut().poll(&mut context) {
            return Ok(outcome);
        }
        let waited = if woken.is_set.load(Ordering::Relaxed) {
            woken.is_set.store(false, Ordering::Relaxed);
            polls = polls.wrapping_add(1);
            if polls.is_multiple_of(POLLS_BETWEEN_CHECKS) { driver.until.check() } else { Ok(()) }
        } else {
            caller.wait(driver)
        };
        if let Err(stopped) = waited {
            driver.check_sent();
            return Err(stopped);
        }
    }
}

/// Wakes a thread from [`Caller::wait`], or prevents its next wait.
struct Woken {
    is_set: AtomicBool,
    thread: Thread,
}

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.is_set.store(true, Ordering::Relaxed);
        // A system call only if the thread is parked. It synchronizes with `park`, so that `Relaxed` suffices
        // above.
        self.thread.unpark();
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Duration};

    use super::*;

    fn caller(timeout: Option<Duration>) -> Driver {
        Driver::caller(Until { deadline: Deadline::after(timeout), cancel: None })
    }

    #[test]
    fn a_future_is_woken_from_another_thread_and_ends_at_its_deadline() {
        let (send, receive) = mpsc::channel::<Waker>();
        let waker = thread::spawn(move || receive.recv().unwrap().wake());
        let mut polls = 0;
        let outcome = drive(
            &caller(None),
            poll_fn(|context| {
                polls += 1;
                if polls == 1 {
                    send.send(context.waker().clone()).unwrap();
                    return Poll::Pending;
                }
                Poll::Ready(7)
            }),
        );
        assert_eq!(outcome, Ok(7));
        waker.join().unwrap();
        let late = caller(Some(Duration::from_millis(20)));
        assert_eq!(drive(&late, std::future::pending::<()>()), Err(Stopped::TimedOut));
    }

    #[test]
    fn a_future_that_keeps_waking_itself_is_stopped_and_a_nested_call_has_its_own_waker() {
        let late = caller(Some(Duration::from_millis(20)));
        let restless = poll_fn(|context| {
            context.waker().wake_by_ref();
            Poll::<()>::Pending
        });
        assert_eq!(drive(&late, restless), Err(Stopped::TimedOut));
        let mut is_first = true;
        let nested = poll_fn(|context| {
            if std::mem::take(&mut is_first) {
                context.waker().wake_by_ref();
                assert_eq!(drive(&caller(None), async { 1 }), Ok(1));
                return Poll::Pending;
            }
            Poll::Ready(2)
        });
        assert_eq!(drive(&caller(None), nested), Ok(2));
    }

    #[test]
    fn a_part_of_a_call_may_have_an_earlier_deadline() {
        let driver = caller(Some(Duration::from_secs(60)));
        let near = |ms| Deadline::after(Some(Duration::from_millis(ms)));
        let nested = driver.within(near(10_000), driver.within(near(10), std::future::pending::<()>()));
        assert_eq!(drive(&driver, nested), Ok(Some(None)));
        assert_eq!(drive(&driver, driver.within(near(10_000), async { 7 })), Ok(Some(7)));
        let Waits::Caller(caller) = &driver.waits else { unreachable!() };
        assert!(caller.wake_at.get().remaining().is_none());
    }
}
