//! The I/O thread of a client, `triton-io`: one thread with tokio's reactor, which runs all asynchronous
//! calls and streams. Started by the first of them.

use std::{
    fmt,
    future::Future,
    io,
    sync::{Mutex, PoisonError},
    thread,
};

use tokio::{
    runtime,
    sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    task::{LocalSet, spawn_local},
};

use super::turn;
use crate::{
    error::{Error, Origin, Result, Status},
    panic,
};

/// Starts a task. A closure and not a future: the futures stay on the thread, and need not be `Send`.
type Job = Box<dyn FnOnce() + Send>;

/// The way to the I/O thread. When it is dropped the thread ends, and drops the tasks that still run. Nobody
/// waits for that.
#[derive(Default)]
pub(crate) struct Io {
    jobs: Mutex<Option<UnboundedSender<Job>>>,
}

impl Io {
    /// Starts the thread, if it does not run yet. RESOURCE_EXHAUSTED if that fails.
    pub(crate) fn start(&self) -> Result<()> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if jobs.is_none() {
            *jobs = Some(start().map_err(|error| cannot_start("triton-io", error))?);
        }
        Ok(())
    }

    /// Runs the future that `job` creates in a task on the I/O thread, which was started. A job that the
    /// thread cannot run is dropped.
    pub(crate) fn spawn<F: Future<Output = ()> + 'static>(&self, job: impl FnOnce() -> F + Send + 'static) {
        // Boxed: tokio would move a large future several times.
        let job: Job = Box::new(move || drop(spawn_local(Box::pin(job()))));
        if let Some(jobs) = &*self.jobs.lock().unwrap_or_else(PoisonError::into_inner) {
            // Its error returns the job: the thread has ended.
            let _ = jobs.send(job);
        }
    }
}

/// Returns the RESOURCE_EXHAUSTED error of a thread of the library that cannot be started.
pub(crate) fn cannot_start(name: &str, error: io::Error) -> Error {
    Error::new(Status::ResourceExhausted, Origin::Client, format!("cannot start thread '{name}'"))
        .retryable(true)
        .with_source(error)
}

fn start() -> io::Result<UnboundedSender<Job>> {
    let (sender, receiver) = unbounded_channel();
    let runtime = Runtime::new()?;
    thread::Builder::new().name("triton-io".to_owned()).spawn(move || {
        let _ = panic::guard(|| {
            runtime.run(receiver);
            Ok(())
        });
    })?;
    Ok(sender)
}

struct Runtime(Option<runtime::Runtime>);

impl Runtime {
    fn new() -> io::Result<Self> {
        runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map(|runtime| Self(Some(runtime)))
    }

    fn run(&self, mut jobs: UnboundedReceiver<Job>) {
        let Some(runtime) = &self.0 else { return };
        LocalSet::new().block_on(runtime, async move {
            spawn_local(turn::run());
            while let Some(job) = jobs.recv().await {
                job();
            }
        });
    }
}

/// If the thread cannot be started, the runtime is dropped on the thread of the caller, which may be one of
/// another runtime: there, the drop of a runtime that waits for its threads is a panic. This one has none.
impl Drop for Runtime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for Io {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Io")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_that_was_never_used_may_be_dropped_in_another_runtime() {
        let other = runtime::Builder::new_current_thread().build().unwrap();
        other.block_on(async { drop(Runtime::new().unwrap()) });
    }
}
