//! The client's I/O thread, on which its gRPC connection lives.

use std::{
    future::Future,
    io,
    sync::{Mutex, PoisonError, mpsc},
    thread,
};

use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot,
};

use crate::{
    error::{Error, Origin, Result, Status},
    panic,
};

/// A thread `triton-io` that drives a tokio runtime from the first call that needs it until this is dropped. It is
/// driven all the time, calls or not: a connection that nobody polls does not hear that the server closed it.
#[derive(Debug, Default)]
pub(super) struct Runtime(Mutex<Option<Running>>);

#[derive(Debug)]
struct Running {
    handle: Handle,
    /// Its drop ends the thread, which nobody waits for: a client's end never blocks.
    _stop: oneshot::Sender<()>,
}

impl Runtime {
    /// The runtime, started if it is not yet.
    pub fn handle(&self) -> Result<Handle> {
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = &*running {
            return Ok(running.handle.clone());
        }
        let started = start().map_err(|error| {
            Error::new(
                Status::ResourceExhausted,
                Origin::Client,
                "cannot start the client's thread triton-io",
            )
            .retryable(true)
            .with_source(error)
        })?;
        Ok(running.insert(started).handle.clone())
    }

    /// Runs a future on the I/O thread and waits for it here. Works on any thread, on those of a tokio runtime of the
    /// caller's too, which tokio's own blocking calls would refuse.
    pub fn run<T: Send + 'static>(&self, future: impl Future<Output = T> + Send + 'static) -> Result<T> {
        let (send, receive) = mpsc::sync_channel(1);
        self.handle()?.spawn(async move {
            // The receiver is gone only if the caller is.
            let _ = send.send(future.await);
        });
        receive.recv().map_err(|_| {
            Error::new(
                Status::Internal,
                Origin::Client,
                "defect in the library: a call died on the thread triton-io",
            )
            .in_doubt(true)
        })
    }
}

fn start() -> io::Result<Running> {
    let runtime = Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .thread_name("triton-dial")
        .max_blocking_threads(4)
        .build()?;
    let handle = runtime.handle().clone();
    let (stop, stopped) = oneshot::channel::<()>();
    let run = move || {
        // A panic of a task ends the task; the guard keeps it from being printed.
        let _ = panic::guard(|| {
            let _ = runtime.block_on(stopped);
            // Does not wait for a dial that may still be going on.
            runtime.shutdown_background();
            Ok(())
        });
    };
    thread::Builder::new().name("triton-io".to_owned()).spawn(run)?;
    Ok(Running { handle, _stop: stop })
}
