//! The bound on a client's calls in flight.

use std::{
    future::poll_fn,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Poll,
};

use crate::waiters::Waiters;

/// The places of calls in flight, taken in order of arrival.
#[derive(Debug)]
pub(crate) struct Slots {
    max: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    taken: usize,
    waiting: Waiters,
}

/// A call in flight.
#[derive(Debug)]
pub(crate) struct Slot(Arc<Slots>);

impl Slots {
    pub(crate) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self { max, state: Mutex::default() })
    }

    /// Takes a free slot; `None` if there is none, or others wait for one.
    pub(crate) fn try_take(self: &Arc<Self>) -> Option<Slot> {
        let mut state = self.lock();
        let is_free = state.taken < self.max && state.waiting.is_empty();
        is_free.then(|| {
            state.taken += 1;
            Slot(self.clone())
        })
    }

    /// Takes a slot, beyond the maximum if none is free.
    pub(crate) fn take_beyond(self: &Arc<Self>) -> Slot {
        self.lock().taken += 1;
        Slot(self.clone())
    }

    /// Takes a slot, waiting while there is none.
    pub(crate) async fn take(self: &Arc<Self>) -> Slot {
        if let Some(slot) = self.try_take() {
            return slot;
        }
        let ticket = self.lock().waiting.ticket();
        let _queued = Queued { slots: self, ticket };
        poll_fn(|context| {
            let mut state = self.lock();
            if state.taken < self.max && state.waiting.is_first(ticket) {
                state.taken += 1;
                return Poll::Ready(Slot(self.clone()));
            }
            state.waiting.wait(ticket, context.waker());
            Poll::Pending
        })
        .await
    }

    /// Wakes the call that has waited longest, if there is a slot for it.
    fn wake_next(&self, state: MutexGuard<'_, State>) {
        let next = if state.taken < self.max { state.waiting.first() } else { None };
        drop(state);
        if let Some(waker) = next {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.taken -= 1;
        self.0.wake_next(state);
    }
}

/// A waiting call, which leaves when its wait ends for any reason.
struct Queued<'s> {
    slots: &'s Arc<Slots>,
    ticket: u64,
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        let mut state = self.slots.lock();
        state.waiting.leave(self.ticket);
        self.slots.wake_next(state);
    }
}
