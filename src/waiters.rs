//! The wakers of tasks and threads that wait for the same thing, in order of arrival.

use std::{collections::BTreeMap, task::Waker};

/// Each waiting task has a ticket, by which it leaves in O(log n): with a deadline for each, ten thousand may
/// leave at once.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    waiting: BTreeMap<u64, Waker>,
    tickets: u64,
}

impl Waiters {
    /// Returns a new ticket, for [`wait`](Self::wait). Tickets are never 0.
    pub(crate) fn ticket(&mut self) -> u64 {
        self.tickets += 1;
        self.tickets
    }

    /// Adds a waiter, or replaces its waker.
    pub(crate) fn wait(&mut self, ticket: u64, waker: &Waker) {
        match self.waiting.get_mut(&ticket) {
            Some(own) => own.clone_from(waker),
            None => drop(self.waiting.insert(ticket, waker.clone())),
        }
    }

    /// Removes a waiter, if it waits.
    pub(crate) fn leave(&mut self, ticket: u64) {
        self.waiting.remove(&ticket);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Returns whether no waiter came before this one.
    pub(crate) fn is_first(&self, ticket: u64) -> bool {
        self.waiting.first_key_value().is_none_or(|(first, _)| *first >= ticket)
    }

    /// Returns the waker of the waiter that came first.
    pub(crate) fn first(&self) -> Option<Waker> {
        self.waiting.first_key_value().map(|(_, waker)| waker.clone())
    }

    /// Returns the wakers of all waiters, to be woken without a lock: a waker may poll its future at once.
    pub(crate) fn all(&self) -> Vec<Waker> {
        self.waiting.values().cloned().collect()
    }

    /// Wakes all waiters, which leave by themselves.
    pub(crate) fn wake_all(&self) {
        self.waiting.values().for_each(Waker::wake_by_ref);
    }
}
