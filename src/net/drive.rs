//! Runs a call's future on the thread that made the call: no runtime, no second thread, no system call but those of
//! the call itself.

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

/// After so many turns without a wait the deadline is checked all the same.
const TURNS: u32 = 64;

/// The thread that makes a call: what its future waits for at present, and how far it has come.
pub(crate) struct Caller {
    until: Until,
    link: RefCell<Option<Arc<Link>>>,
    /// An earlier point in time at which the future wants to be polled.
    wake_at: Cell<Deadline>,
    doing: Cell<&'static str>,
    is_in_doubt: Cell<bool>,
    woken: Arc<Woken>,
    waker: Waker,
}

thread_local! {
    /// What wakes this thread, kept for the next call. A call within a call (from a callback) makes its own.
    static WOKEN: Cell<Option<Arc<Woken>>> = const { Cell::new(None) };
}

impl Caller {
    pub fn new(until: Until) -> Self {
        // A thread that ends may have lost its locals already.
        let kept = WOKEN.try_with(Cell::take).ok().flatten();
        let woken = kept
            .unwrap_or_else(|| Arc::new(Woken { is_set: AtomicBool::new(false), thread: thread::current() }));
        Self {
            until,
            link: RefCell::new(None),
            wake_at: Cell::new(Deadline::after(None)),
            doing: Cell::new("starting"),
            is_in_doubt: Cell::new(false),
            waker: Waker::from(woken.clone()),
            woken,
        }
    }

    pub fn until(&self) -> Until {
        self.until
    }

    /// Notes what the call is doing, for the message of a deadline that passes meanwhile.
    pub fn begins(&self, doing: &'static str) {
        self.doing.set(doing);
    }

    /// The thread that makes the call.
    pub fn thread(&self) -> ThreadId {
        self.woken.thread.id()
    }

    /// What the call was doing.
    pub fn doing(&self) -> &'static str {
        self.doing.get()
    }

    /// Whether the server may have run the request, of a call that was stopped.
    pub fn is_in_doubt(&self) -> bool {
        self.is_in_doubt.get()
    }

    /// Notes that an attempt that came before may have run.
    pub fn doubt(&self) {
        self.is_in_doubt.set(true);
    }

    /// Makes `link` what the call waits for, as long as the guard lives, and begins a call on it.
    pub fn on(&self, link: &Arc<Link>) -> On<'_> {
        link.begin(self.until.deadline);
        self.link.replace(Some(link.clone()));
        On(self)
    }

    /// The outcome of a future that is a part of the call's; `None` if it is not ready at `deadline`.
    pub async fn within<T>(&self, deadline: Deadline, future: impl Future<Output = T>) -> Option<T> {
        let _limit = Limit { caller: self, before: self.wake_at.replace(deadline.min(self.wake_at.get())) };
        let mut future = pin!(future);
        poll_fn(|context| match future.as_mut().poll(context) {
            Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
            Poll::Pending if deadline.is_over() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    /// Waits until there is something to do.
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

    /// Notes whether any of a request has left, before a future that is stopped is dropped.
    fn note(&self) {
        if self.link.borrow().as_ref().is_some_and(|link| link.progress().sent > 0) {
            self.doubt();
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
struct Limit<'c> {
    caller: &'c Caller,
    before: Deadline,
}

impl Drop for Limit<'_> {
    fn drop(&mut self) {
        self.caller.wake_at.set(self.before);
    }
}

/// Polls a future to its end on this thread, and waits in between for what it waits for. A future that is ready wins
/// over a deadline that has passed.
pub(crate) fn drive<T>(caller: &Caller, call: impl Future<Output = T>) -> Result<T, Stopped> {
    let woken = &caller.woken;
    let mut context = Context::from_waker(&caller.waker);
    let mut call = pin!(call);
    let mut turns = 0u32;
    loop {
        if let Poll::Ready(outcome) = call.as_mut().poll(&mut context) {
            return Ok(outcome);
        }
        let waited = if woken.is_set.load(Ordering::Relaxed) {
            woken.is_set.store(false, Ordering::Relaxed);
            turns = turns.wrapping_add(1);
            if turns.is_multiple_of(TURNS) { caller.until.check() } else { Ok(()) }
        } else {
            caller.wait()
        };
        if let Err(stopped) = waited {
            caller.note();
            return Err(stopped);
        }
    }
}

/// Wakes a thread, or keeps it from going to sleep.
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
        // A system call only if the thread is parked. Its own memory order makes what came before visible.
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
    fn a_future_that_wakes_itself_without_end_is_stopped_and_a_call_within_a_call_keeps_its_own_wakes() {
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
    fn a_part_of_a_call_may_have_a_nearer_deadline_which_ends_with_it() {
        let caller = caller(Some(Duration::from_secs(60)));
        let near = |ms| Deadline::after(Some(Duration::from_millis(ms)));
        let nested = caller.within(near(10_000), caller.within(near(10), std::future::pending::<()>()));
        assert_eq!(drive(&caller, nested), Ok(Some(None)));
        assert_eq!(drive(&caller, caller.within(near(10_000), async { 7 })), Ok(Some(7)));
        assert!(caller.wake_at.get().remaining().is_none());
    }
}
