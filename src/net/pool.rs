//! Connections between calls.

use std::{
    sync::{Mutex, PoisonError},
    thread::{self, ThreadId},
    time::{Duration, Instant},
};

use super::{dial::Dialer, socket::Socket};
use crate::{
    deadline::Deadline,
    error::{Error, Result},
    infer::Stopwatch,
};

/// A connection that was idle for longer is looked at before its next call: the server may have closed it. Within this
/// time the look is saved, and a server that closes so fast costs a call.
const TRUSTED: Duration = Duration::from_millis(100);
/// A connection that nobody used for longer is closed when the next one comes back.
const KEPT: Duration = Duration::from_secs(60);

/// The connections of a client that no call uses, as many as there were calls at once. A thread takes the one that it
/// used itself, whose memory its core and its allocator know (at 1 MiB a fifth of the CPU time of four threads); else
/// the one used last, so that those too many grow old.
#[derive(Debug)]
pub(crate) struct Pool<C>(Mutex<Vec<Idle<C>>>);

#[derive(Debug)]
struct Idle<C> {
    since: Instant,
    user: ThreadId,
    connection: C,
}

impl<C> Default for Pool<C> {
    fn default() -> Self {
        Self(Mutex::new(Vec::new()))
    }
}

/// What a pool keeps.
pub(crate) trait Connection: Sized {
    /// Makes a connection of a socket that was just connected.
    fn new(socket: Socket) -> Result<Self>;

    /// Whether the server still has it, as far as it can be told without waiting.
    fn is_alive(&mut self) -> bool;

    /// Whether another call may follow the last one.
    fn is_reusable(&self) -> bool;
}

/// Why a call failed, and whether the server is certain not to have seen it.
pub(crate) struct Failure {
    pub error: Error,
    pub unseen: bool,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, unseen: false }
    }
}

impl<C: Connection> Pool<C> {
    /// Runs one call on a connection that is its own meanwhile: an idle one, or a fresh one. A call that the server
    /// has not seen since an idle connection was closed is run again on another one.
    pub fn run<T>(
        &self,
        dialer: &Dialer,
        deadline: Deadline,
        watch: &mut Stopwatch,
        mut call: impl FnMut(&mut C, &mut Stopwatch) -> std::result::Result<T, Failure>,
    ) -> Result<T> {
        loop {
            let idle = self.take();
            let is_fresh = idle.is_none();
            let mut connection = match idle {
                Some(connection) => connection,
                None => {
                    watch.lap(|times| &mut times.queue);
                    let connection = C::new(dialer.dial(deadline)?)?;
                    watch.lap(|times| &mut times.connect);
                    connection
                }
            };
            match call(&mut connection, watch) {
                // The connection goes too: each turn has one idle connection less.
                Err(failure) if failure.unseen && !is_fresh => {}
                outcome => {
                    if connection.is_reusable() {
                        self.put(connection);
                    }
                    return outcome.map_err(|failure| failure.error);
                }
            }
        }
    }

    fn take(&self) -> Option<C> {
        let user = thread::current().id();
        loop {
            // The lock is not held while a connection is looked at or closed.
            let mut idle = {
                let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
                let own = all.iter().rposition(|idle| idle.user == user);
                own.map(|at| all.remove(at)).or_else(|| all.pop())?
            };
            if idle.since.elapsed() < TRUSTED || idle.connection.is_alive() {
                return Some(idle.connection);
            }
        }
    }

    fn put(&self, connection: C) {
        let since = Instant::now();
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let aged = idle.iter().take_while(|idle| since.duration_since(idle.since) > KEPT).count();
        let aged: Vec<_> = idle.drain(..aged).collect();
        idle.push(Idle { since, user: thread::current().id(), connection });
        drop(idle);
        drop(aged);
    }
}
