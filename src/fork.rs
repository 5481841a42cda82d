//! Detects that the process was forked: the child has the parent's handles, but neither its threads nor
//! connections of its own.

use std::sync::{
    Once,
    atomic::{AtomicU32, Ordering},
};

use crate::error::{Error, Result};

/// The number of forks between this process and the one that loaded the library. A counter, since `getpid` is
/// a system call.
static FORKS: AtomicU32 = AtomicU32::new(0);

/// The process in which a handle was created.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process(u32);

impl Process {
    /// Returns this process.
    pub(crate) fn current() -> Self {
        static REGISTERED: Once = Once::new();
        REGISTERED.call_once(|| {
            extern "C" fn count_fork() {
                FORKS.fetch_add(1, Ordering::Relaxed);
            }
            // Fails only without memory; forks are then not detected.
            // SAFETY: the function only changes an atomic number, which is allowed in a forked child, and the
            // library is never unloaded.
            let _ = unsafe { libc::pthread_atfork(None, None, Some(count_fork)) };
        });
        Self(FORKS.load(Ordering::Relaxed))
    }

    /// Returns whether this process is still the one in which the handle was created.
    pub(crate) fn is_current(self) -> bool {
        self.0 == FORKS.load(Ordering::Relaxed)
    }

    /// Returns FAILED_PRECONDITION in a forked child.
    pub(crate) fn check(self) -> Result<()> {
        if self.is_current() {
            return Ok(());
        }
        let message =
            "the process was forked: a handle of its parent can only be freed; create a client here";
        Err(Error::precondition(message))
    }
}
