//! An asynchronous call: its state, shared by the handle of the caller and the task that runs it, and the
//! ways to learn of its completion.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use crate::{
    error::{Error, Result},
    fork::Process,
    infer::InferResult,
    runtime::{Active, Activity, Callbacks, Slot},
    until::{CancelToken, Deadline},
};
#[cfg(feature = "jni")]
use crate::{panic, runtime::turn};

/// An asynchronous inference: a future, which any executor can await, and which needs no runtime. It can also
/// be waited for by blocking ([`wait`](Self::wait)).
///
/// Dropping it cancels the call; [`detach`](Self::detach) lets it go on without the handle.
#[derive(Debug)]
#[must_use = "dropping a call cancels it"]
pub struct Call {
    shared: Arc<Shared>,
    /// Whether dropping the handle cancels the call.
    is_owner: bool,
}

#[derive(Debug)]
pub(crate) struct Shared {
    process: Process,
    tag: u64,
    token: CancelToken,
    state: Mutex<State>,
    completed: Condvar,
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one for each call, allocated once")]
enum State {
    Pending {
        /// The waker of the future.
        waker: Option<Waker>,
        /// The number of threads that wait: waking takes a system call even if there are none.
        threads: usize,
    },
    Completed(Result<InferResult>),
    /// The outcome was given to its receiver: the callback, the array of results, or the caller.
    Taken(&'static str),
}

/// What happens when a call completes, beside the handle.
pub(crate) enum Sink {
    None,
    /// On a callback thread.
    Callback(Arc<Callbacks>, Box<dyn FnOnce(Result<InferResult>) + Send>),
    /// On the I/O thread, at the end of a turn.
    #[cfg(feature = "jni")]
    Turn(Box<dyn FnOnce(Result<InferResult>) + Send>),
    /// On the I/O thread.
    Collector(Box<dyn FnOnce(Result<InferResult>) + Send>),
    /// On the I/O thread; the call keeps its outcome.
    Queue(Box<dyn FnOnce(Arc<Shared>) + Send>),
}

impl Shared {
    pub(crate) fn new(process: Process, tag: u64) -> Arc<Self> {
        Arc::new(Self {
            process,
            tag,
            token: CancelToken::new(),
            state: Mutex::new(State::Pending { waker: None, threads: 0 }),
            completed: Condvar::new(),
        })
    }

    /// Returns the token of the call alone.
    pub(crate) fn token(&self) -> &CancelToken {
        &self.token
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Call {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, is_owner: true }
    }

    /// Creates a further handle, whose end does not cancel the call.
    pub(crate) fn of_completed(shared: Arc<Shared>) -> Self {
        Self { shared, is_owner: false }
    }

    /// Returns whether the call is complete: [`take_result`](Self::take_result) returns its outcome. `false`
    /// in a forked child.
    pub fn is_done(&self) -> bool {
        self.shared.process.is_current() && !matches!(*self.shared.lock(), State::Pending { .. })
    }

    /// Blocks until the call is complete. DEADLINE_EXCEEDED if it is not within `timeout`; `None` means
    /// no limit, and zero does not wait. The status of the call itself is that of
    /// [`take_result`](Self::take_result).
    pub fn wait(&self, timeout: Option<Duration>) -> Result<()> {
        self.shared.process.check()?;
        let deadline = Deadline::after(timeout);
        let mut state = self.shared.lock();
        while let State::Pending { threads, .. } = &mut *state {
            *threads += 1;
            let is_over;
            (state, is_over) = deadline.wait(&self.shared.completed, state);
            let State::Pending { threads, .. } = &mut *state else { break };
            *threads -= 1;
            if is_over {
                let timeout = timeout.unwrap_or_default();
                return Err(Error::deadline(format!("the call is not complete within {timeout:?}")));
            }
        }
        Ok(())
    }

    /// Takes the outcome of the call, once. FAILED_PRECONDITION if the call is not complete, or if its
    /// outcome was taken already, also by a callback.
    pub fn take_result(&self) -> Result<InferResult> {
        self.shared.process.check()?;
        let mut state = self.shared.lock();
        match &mut *state {
            State::Pending { .. } => Err(Error::precondition("the call is not complete")),
            State::Taken(by) => Err(Error::precondition(*by)),
            State::Completed(outcome) => {
                let outcome = std::mem::replace(outcome, Ok(InferResult::default()));
                *state = State::Taken("the result was taken already");
                outcome
            }
        }
    }

    /// Cancels the call, unless it is complete. Does not block: the call then completes with CANCELLED. Over
    /// gRPC the server is notified; over HTTP the connection is closed, and Triton 2.51 computes the result
    /// to its end.
    pub fn cancel(&self) {
        if self.shared.process.is_current() {
            self.shared.token.cancel();
        }
    }

    /// Lets the call go on without this handle: its callback or queue still learns of its completion.
    pub fn detach(mut self) {
        self.is_owner = false;
    }

    /// Returns the number that was given for a completion queue; 0 for other calls.
    pub fn tag(&self) -> u64 {
        self.shared.tag
    }
}

impl Future for Call {
    type Output = Result<InferResult>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // Before the lock, which another thread may have held at the fork.
        self.shared.process.check()?;
        let mut state = self.shared.lock();
        if let State::Pending { waker, .. } = &mut *state {
            match waker {
                Some(waker) => waker.clone_from(context.waker()),
                None => *waker = Some(context.waker().clone()),
            }
            return Poll::Pending;
        }
        drop(state);
        Poll::Ready(self.take_result())
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        if !self.shared.process.is_current() {
            // In a forked child another thread may have held a lock for ever.
            std::mem::forget(self.shared.clone());
        } else if self.is_owner {
            self.shared.token.cancel();
        }
    }
}

/// The obligation to complete a call, exactly once. Dropped without an outcome, after a panic, it completes
/// the call with INTERNAL.
pub(crate) struct Completion(Option<Parts>);

struct Parts {
    shared: Arc<Shared>,
    sink: Sink,
    active: Active<Arc<Activity>>,
    slot: Option<Slot>,
}

impl Completion {
    pub(crate) fn new(shared: Arc<Shared>, sink: Sink, active: Active<Arc<Activity>>) -> Self {
        Self(Some(Parts { shared, sink, active, slot: None }))
    }

    /// Returns whether the call has a place among the calls in flight.
    pub(crate) fn has_slot(&self) -> bool {
        self.0.as_ref().is_some_and(|parts| parts.slot.is_some())
    }

    /// Holds a place among the calls in flight until the call is complete.
    pub(crate) fn hold(&mut self, slot: Slot) {
        if let Some(parts) = &mut self.0 {
            parts.slot = Some(slot);
        }
    }

    /// Completes the call. Called when the library no longer uses the memory of the caller.
    pub(crate) fn complete(mut self, outcome: Result<InferResult>) {
        if let Some(parts) = self.0.take() {
            parts.complete(outcome);
        }
    }

    /// Withdraws the call, which was not accepted: nobody is notified.
    pub(crate) fn withdraw(mut self) {
        self.0 = None;
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        if let Some(parts) = self.0.take() {
            let error = Error::internal("the call's task ended without an outcome").in_doubt(true);
            parts.complete(Err(error));
        }
    }
}

impl Parts {
    /// The order matters: the place is free and waiting threads wake before a callback runs, which may block.
    fn complete(self, outcome: Result<InferResult>) {
        let Self { shared, sink, active, slot } = self;
        drop(slot);
        let (next, given) = match &sink {
            Sink::None | Sink::Queue(_) => (State::Completed(outcome), None),
            Sink::Callback(..) => (State::Taken("the result was given to the callback"), Some(outcome)),
            #[cfg(feature = "jni")]
            Sink::Turn(_) => (State::Taken("the result was given to the callback"), Some(outcome)),
            Sink::Collector(_) => (State::Taken("the result is in the array"), Some(outcome)),
        };
        let before = std::mem::replace(&mut *shared.lock(), next);
        if let State::Pending { waker, threads } = before {
            if threads > 0 {
                shared.completed.notify_all();
            }
            if let Some(waker) = waker {
                waker.wake();
            }
        }
        match (sink, given) {
            (Sink::Callback(callbacks, callback), Some(outcome)) => {
                callbacks.push(active, move || callback(outcome));
            }
            #[cfg(feature = "jni")]
            (Sink::Turn(callback), Some(outcome)) => {
                let step = move || {
                    // A panic would end the task that runs the steps.
                    let _ = panic::guard(|| {
                        callback(outcome);
                        Ok(())
                    });
                    drop(active);
                };
                if let Err(step) = turn::at_end(step) {
                    step();
                }
            }
            (Sink::Collector(collect), Some(outcome)) => collect(outcome),
            (Sink::Queue(push), _) => push(shared),
            _ => {}
        }
    }
}
