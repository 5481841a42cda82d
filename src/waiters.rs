//! The wakers of tasks and threads that wait for the same thing, in order of arrival.

use std::{collections::BTreeMap, task::Waker};

/// Each waiting task has a ticket, by which it leaves in O(log n): with a deadline for each, ten thousand may
/// leave at once.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    /// A waiter that came when there was no other. Not in the map, since most have a single waiter, and a
    /// node of the map has room for eleven.
    single: Option<(u64, Waker)>,
    others: BTreeMap<u64, Waker>,
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
        match &mut self.single {
            Some((single, own)) if *single == ticket => own.clone_from(waker),
            None if self.others.is_empty() => self.single = Some((ticket, waker.clone())),
            _ => match self.others.get_mut(&ticket) {
                Some(own) => own.clone_from(waker),
                None => drop(self.others.insert(ticket, waker.clone())),
            },
        }
    }

    /// Removes a waiter, if it waits.
    pub(crate) fn leave(&mut self, ticket: u64) {
        match &self.single {
            Some((single, _)) if *single == ticket => self.single = None,
            _ => drop(self.others.remove(&ticket)),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn len(&self) -> usize {
        usize::from(self.single.is_some()) + self.others.len()
    }

    /// Returns whether no waiter came before this one.
    pub(crate) fn is_first(&self, ticket: u64) -> bool {
        self.first_entry().is_none_or(|(first, _)| first >= ticket)
    }

    /// Returns the waker of the waiter that came first.
    pub(crate) fn first(&self) -> Option<Waker> {
        self.first_entry().map(|(_, waker)| waker.clone())
    }

    fn first_entry(&self) -> Option<(u64, &Waker)> {
        let single = self.single.as_ref().map(|(ticket, waker)| (*ticket, waker));
        let other = self.others.first_key_value().map(|(ticket, waker)| (*ticket, waker));
        single.into_iter().chain(other).min_by_key(|(ticket, _)| *ticket)
    }

    /// Returns the wakers of all waiters, to be woken without a lock: a waker may poll its future at once.
    pub(crate) fn all(&self) -> Vec<Waker> {
        self.each().cloned().collect()
    }

    /// Wakes all waiters, which leave by themselves.
    pub(crate) fn wake_all(&self) {
        self.each().for_each(Waker::wake_by_ref);
    }

    fn each(&self) -> impl Iterator<Item = &Waker> {
        let single = self.single.iter().map(|(_, waker)| waker);
        single.chain(self.others.values())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, Mutex},
        task::Wake,
    };

    use super::*;

    struct Record(u64, Arc<Mutex<Vec<u64>>>);

    impl Wake for Record {
        fn wake(self: Arc<Self>) {
            self.1.lock().unwrap().push(self.0);
        }
    }

    #[test]
    fn waiters_are_woken_in_the_order_of_their_tickets_and_leave_in_any() {
        let woken: Arc<Mutex<Vec<u64>>> = Arc::default();
        let waker = |number| Waker::from(Arc::new(Record(number, woken.clone())));
        let mut waiters = Waiters::default();
        let tickets: [u64; 4] = std::array::from_fn(|_| waiters.ticket());
        assert!(waiters.is_empty() && waiters.is_first(tickets[3]) && waiters.first().is_none());
        // The one that waits first has not the first ticket.
        for at in [2, 0, 3, 1] {
            waiters.wait(tickets[at], &waker(9));
            waiters.wait(tickets[at], &waker(at as u64));
        }
        waiters.leave(99);
        assert_eq!(waiters.len(), 4);
        waiters.wake_all();
        assert_eq!(std::mem::take(&mut *woken.lock().unwrap()).len(), 4);
        for at in [0, 1, 2, 3] {
            assert!(tickets.map(|ticket| waiters.is_first(ticket)) == [0, 1, 2, 3].map(|other| other <= at));
            waiters.first().unwrap().wake();
            waiters.leave(tickets[at]);
        }
        assert_eq!(*woken.lock().unwrap(), [0, 1, 2, 3]);
        assert!(waiters.is_empty());
        waiters.wait(tickets[1], &waker(5));
        waiters.leave(tickets[1]);
        assert!(waiters.first().is_none());
    }
}
