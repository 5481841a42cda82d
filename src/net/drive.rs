//! An executor that runs a call's future on the calling thread: no runtime, no second thread, no additional
//! system calls.

use std::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread, ThreadId},
};

use super::link::Link;
use crate::until::{Deadline, Stopped, Until};

/// The number of polls without a wait after which the deadline is checked: it also applies to a future that
/// wakes itself.
const POLLS_BETWEEN_CHECKS: u32 = 64;

/// The state of a call on its thread: what its future waits for, and its progress.
pub(crate) struct Caller {
    until: Until,
    link: RefCell<Option<Arc<Link>>>,
    /// The deadline of the innermost [`within`](Self::within).
    wake_at: Cell<Deadline>,
    phase: Cell<&'static str>,
    is_in_doubt: Cell<bool>,
    woken: Arc<Woken>,
    waker: Waker,
}

thread_local! {
    /// This thread's waker, kept for the next call. A nested call, from a callback, creates its own.
    static WOKEN: Cell<Option<Arc<Woken>>> = const { Cell::new(None) };
}

impl Caller {
    pub(crate) fn new(until: Until) -> Self {
        // Thread locals may be destroyed already while the thread ends.
        let kept = WOKEN.try_with(Cell::take).ok().flatten();
        let woken = kept
            .unwrap_or_else(|| Arc::new(Woken { is_set: AtomicBool::new(false), thread: thread::current() }));
        Self {
            until,
            link: RefCell::new(None),
            wake_at: Cell::new(Deadline::after(None)),
            phase: Cell::new("starting"),
            is_in_doubt: Cell::new(false),
            waker: Waker::from(woken.clone()),
            woken,
        }
    }

    pub(crate) fn until(&self) -> Until {
        self.until
    }

    /// Sets what the call is doing, for error messages: "receiving the response".
    pub(crate) fn set_phase(&self, phase: &'static str) {
        self.phase.set(phase);
    }

    /// Returns the calling thread.
    pub(crate) fn thread(&self) -> ThreadId {
        self.woken.thread.id()
    }

    /// What the call is doing; see [`set_phase`](Self::set_phase).
    pub(crate) fn phase(&self) -> &'static str {
        self.phase.get()
    }

    /// Returns whether the server may have run the request of a call that was stopped.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.is_in_doubt.get()
    }

    /// Records that the server may have run an attempt.
    pub(crate) fn set_in_doubt(&self) {
        self.is_in_doubt.set(true);
    }

    /// Begins a call on `link` and waits on it while the guard lives.
    pub(crate) fn on(&self, link: &Arc<Link>) -> On<'_> {
        link.begin(self.until.deadline);
        self.link.replace(Some(link.clone()));
        On(self)
    }

    /// Awaits a part of the call's future; `None` if it is not ready at `deadline`.
    pub(crate) async fn within<T>(&self, deadline: Deadline, future: impl Future<Output = T>) -> Option<T> {
        let _within = Within { caller: self, outer: self.wake_at.replace(deadline.min(self.wake_at.get())) };
        let mut future = pin!(future);
        poll_fn(|context| match future.as_mut().poll(context) {
            Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
            Poll::Pending if deadline.is_over() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    /// Waits until the link is ready or the thread is woken.
    fn wait(&self) -> Result<(), Stopped> {
        let deadline = self.until.deadline.min(self.wake_at.get());
        match &*self.link.borrow() {
            Some(link) if link.wait(deadline) => return Ok(()),
            Some(_) => {}
            None => match deadline.remaining() {
                None => thread::park(),
                Some(left) => thread::park_timeout(left),
            },
        }
        self.woken.is_set.store(false, Ordering::Relaxed);
        self.until.check()
    }

    /// Puts a stopped call in doubt if any of its request was sent. Called before its future is dropped.
    fn check_sent(&self) {
        if self.link.borrow().as_ref().is_some_and(|link| link.progress().sent > 0) {
            self.set_in_doubt();
        }
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        let woken = self.woken.clone();
        let _ = WOKEN.try_with(|kept| kept.set(Some(woken)));
    }
}

/// See [`Caller::on`].
pub(crate) struct On<'c>(&'c Caller);

impl Drop for On<'_> {
    fn drop(&mut self) {
        self.0.link.replace(None);
    }
}

/// See [`Caller::within`].
struct Within<'c> {
    caller: &'c Caller,
    outer: Deadline,
}

impl Drop for Within<'_> {
    fn drop(&mut self) {
        self.caller.wake_at.set(self.outer);
    }
}

/// Runs a future to completion on this thread. A future that is ready takes precedence over a deadline that
/// has passed.
pub(crate) fn drive<T>(caller: &Caller, call: impl Future<Output = T>) -> Result<T, Stopped> {
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
            if polls.is_multiple_of(POLLS_BETWEEN_CHECKS) { caller.until.check() } else { Ok(()) }
        } else {
            caller.wait()
        };
        if let Err(stopped) = waited {
            caller.check_sent();
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

    fn caller(timeout: Option<Duration>) -> Caller {
        Caller::new(Until { deadline: Deadline::after(timeout) })
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
        let caller = caller(Some(Duration::from_secs(60)));
        let near = |ms| Deadline::after(Some(Duration::from_millis(ms)));
        let nested = caller.within(near(10_000), caller.within(near(10), std::future::pending::<()>()));
        assert_eq!(drive(&caller, nested), Ok(Some(None)));
        assert_eq!(drive(&caller, caller.within(near(10_000), async { 7 })), Ok(Some(7)));
        assert!(caller.wake_at.get().remaining().is_none());
    }
}
