//! The callback threads of a client, `triton-cb-N` and `triton-headers`: callbacks never run on the I/O
//! thread, so that they may block, and call the library.

use std::{
    cell::Cell,
    collections::VecDeque,
    fmt, io,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
};

use super::{io::cannot_start, turn};
use crate::{
    error::Result,
    fork::Process,
    log::{Log, LogLevel},
    panic,
};

const TARGET: &str = "triton_client::callbacks";

type Job = Box<dyn FnOnce() + Send>;

/// The callbacks that are to run, in order.
pub(crate) struct Callbacks {
    /// Returns the name of a thread.
    name: fn(usize) -> String,
    /// The maximum number of threads.
    max: usize,
    state: Mutex<State>,
    changed: Condvar,
    log: Log,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    threads: usize,
    /// The threads that wait for a job.
    idle: usize,
    is_ended: bool,
    /// Whether the threads will be woken at the end of this turn of the I/O thread.
    is_wake_due: bool,
}

thread_local! {
    /// The address of the callbacks that this thread runs, and its process; `None` on all other threads.
    static RUNNING: Cell<Option<(usize, Process)>> = const { Cell::new(None) };
}

impl Callbacks {
    /// Creates the threads' queue. `max` is their maximum number; `name` returns the name of the thread of
    /// this number.
    pub(crate) fn new(name: fn(usize) -> String, max: usize, log: Log) -> Arc<Self> {
        Arc::new(Self { name, max, state: Mutex::default(), changed: Condvar::new(), log })
    }

    /// Starts the first thread, before a call is accepted that needs it. RESOURCE_EXHAUSTED if that fails.
    pub(crate) fn start(self: &Arc<Self>) -> Result<()> {
        let mut state = self.lock();
        if state.threads == 0 {
            self.start_thread(&mut state).map_err(|error| cannot_start(&(self.name)(0), error))?;
        }
        Ok(())
    }

    /// Runs a callback once a thread is free. `kept` is dropped after that, and after a panic of the callback
    /// was logged.
    pub(crate) fn push<K: Send + 'static>(
        self: &Arc<Self>,
        kept: K,
        callback: impl FnOnce() + Send + 'static,
    ) {
        let log = self.log.clone();
        let job = move || {
            let outcome = panic::guard(|| {
                callback();
                Ok(())
            });
            if let Err(error) = outcome {
                log.write(LogLevel::Error, TARGET, || format!("a callback panicked: {error}"));
            }
            drop(kept);
        };
        let mut state = self.lock();
        state.jobs.push_back(Box::new(job));
        if state.idle < state.jobs.len() && state.threads < self.max {
            // If this fails, the threads that exist run it.
            let _ = self.start_thread(&mut state);
        }
        if std::mem::replace(&mut state.is_wake_due, true) {
            return;
        }
        drop(state);
        let callbacks = self.clone();
        if let Err(wake) = turn::at_end(move || callbacks.wake()) {
            wake();
        }
    }

    /// Wakes as many threads as there are callbacks for.
    fn wake(&self) {
        let mut state = self.lock();
        state.is_wake_due = false;
        // Waking takes a system call even if no thread waits.
        let count = state.idle.min(state.jobs.len());
        drop(state);
        (0..count).for_each(|_| self.changed.notify_one());
    }

    /// Returns whether this thread runs the callbacks, and waiting for one of them could take forever.
    pub(crate) fn is_this_thread(&self) -> bool {
        running() == Some(std::ptr::from_ref(self).addr())
    }

    /// Returns whether this thread runs the callbacks of any client.
    pub(crate) fn is_any_on_this_thread() -> bool {
        running().is_some()
    }

    /// Ends the threads after the callbacks that are to run.
    pub(crate) fn end(&self) {
        self.lock().is_ended = true;
        self.changed.notify_all();
    }

    fn start_thread(self: &Arc<Self>, state: &mut State) -> io::Result<()> {
        let callbacks = self.clone();
        thread::Builder::new().name((self.name)(state.threads)).spawn(move || callbacks.run())?;
        state.threads += 1;
        Ok(())
    }

    fn run(&self) {
        RUNNING.set(Some((std::ptr::from_ref(self).addr(), Process::current())));
        let mut state = self.lock();
        loop {
            let Some(job) = state.jobs.pop_front() else {
                if state.is_ended {
                    // For a callback that comes later, which starts a thread anew.
                    state.threads -= 1;
                    return;
                }
                state.idle += 1;
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
                state.idle -= 1;
                continue;
            };
            drop(state);
            // The log's callback may panic too.
            let _ = panic::guard(|| {
                job();
                Ok(())
            });
            state = self.lock();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the address of the callbacks that this thread runs. None in a child that was forked in a callback.
fn running() -> Option<usize> {
    RUNNING.get().filter(|(_, process)| process.is_current()).map(|(callbacks, _)| callbacks)
}

impl fmt::Debug for Callbacks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Callbacks")
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc::channel, time::Duration};

    use super::*;

    #[test]
    fn a_callback_that_is_queued_after_the_threads_have_ended_still_runs() {
        let callbacks = Callbacks::new(|_| "test".to_owned(), 1, Log::default());
        callbacks.start().unwrap();
        callbacks.end();
        while callbacks.lock().threads > 0 {
            thread::yield_now();
        }
        let (sender, receiver) = channel();
        callbacks.push((), move || sender.send(Callbacks::is_any_on_this_thread()).unwrap());
        assert!(receiver.recv_timeout(Duration::from_secs(20)).unwrap());
        assert!(!Callbacks::is_any_on_this_thread());
    }
}
