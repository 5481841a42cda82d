//! A queue of completed calls, for event loops and for languages without foreign callbacks.

use std::{
    collections::VecDeque,
    os::fd::{AsFd, BorrowedFd},
    sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use crate::{
    call::{Call, Shared},
    error::{Error, Origin, Result, Status},
    fork::Process,
    runtime::Signal,
    until::Deadline,
};

/// Receives the calls of any number of clients as they complete. Any number of threads may take calls out of
/// it.
///
/// The results of calls that complete after the queue is dropped are discarded.
#[derive(Debug)]
pub struct CompletionQueue(Arc<Queue>);

#[derive(Debug)]
pub(crate) struct Queue {
    process: Process,
    state: Mutex<State>,
    changed: Condvar,
    /// Made by the first [`CompletionQueue::fd`]; readable while a call is in the queue.
    signal: OnceLock<Signal>,
}

#[derive(Debug, Default)]
struct State {
    completed: VecDeque<Arc<Shared>>,
    /// The number of threads that wait for a call.
    waiting: usize,
    /// Whether the queue was dropped.
    is_dropped: bool,
}

impl Default for CompletionQueue {
    fn default() -> Self {
        Self::new()
    }
}

impl CompletionQueue {
    /// Creates an empty queue.
    pub fn new() -> Self {
        Self(Arc::new(Queue {
            process: Process::current(),
            state: Mutex::default(),
            changed: Condvar::new(),
            signal: OnceLock::new(),
        }))
    }

    pub(crate) fn queue(&self) -> &Arc<Queue> {
        &self.0
    }

    /// Returns the process in which the queue was created.
    pub(crate) fn process(&self) -> Process {
        self.0.process
    }

    /// Returns a descriptor that is readable while a completed call is in the queue, for `poll` and `epoll`,
    /// level-triggered. Only to be waited for: [`next`](Self::next) reads it. The first call creates it;
    /// RESOURCE_EXHAUSTED if the process may open no more.
    pub fn fd(&self) -> Result<BorrowedFd<'_>> {
        self.0.process.check()?;
        // Under the lock, so that no change of the queue is missed.
        let state = self.0.lock();
        if let Some(signal) = self.0.signal.get() {
            return Ok(signal.as_fd());
        }
        let signal = Signal::new().map_err(|error| {
            let message = "cannot create the descriptor of a completion queue";
            Error::new(Status::ResourceExhausted, Origin::Client, message).with_source(error)
        })?;
        if !state.completed.is_empty() {
            signal.set();
        }
        Ok(self.0.signal.get_or_init(|| signal).as_fd())
    }

    /// Returns the next completed call. Blocks until there is one: DEADLINE_EXCEEDED if none completes within
    /// `timeout`; `None` means no limit, and zero does not wait.
    pub fn next(&self, timeout: Option<Duration>) -> Result<Call> {
        self.0.process.check()?;
        let deadline = Deadline::after(timeout);
        let mut state = self.0.lock();
        loop {
            if let Some(shared) = state.completed.pop_front() {
                if state.completed.is_empty()
                    && let Some(signal) = self.0.signal.get()
                {
                    signal.clear();
                }
                return Ok(Call::of_completed(shared));
            }
            state.waiting += 1;
            let is_over;
            (state, is_over) = deadline.wait(&self.0.changed, state);
            state.waiting -= 1;
            if is_over {
                let timeout = timeout.unwrap_or_default();
                return Err(Error::deadline(format!("no call completed within {timeout:?}")));
            }
        }
    }
}

impl Queue {
    /// Adds a completed call; `false` if the queue was dropped.
    pub(crate) fn push(&self, call: Arc<Shared>) -> bool {
        let mut state = self.lock();
        if state.is_dropped {
            return false;
        }
        state.completed.push_back(call);
        if state.completed.len() == 1
            && let Some(signal) = self.signal.get()
        {
            signal.set();
        }
        // Waking takes a system call even if no thread waits.
        let is_any_waiting = state.waiting > 0;
        drop(state);
        if is_any_waiting {
            self.changed.notify_one();
        }
        true
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for CompletionQueue {
    fn drop(&mut self) {
        if !self.0.process.is_current() {
            // In a forked child another thread may have held a lock for ever.
            std::mem::forget(self.0.clone());
            return;
        }
        let completed = {
            let mut state = self.0.lock();
            state.is_dropped = true;
            std::mem::take(&mut state.completed)
        };
        drop(completed);
    }
}
