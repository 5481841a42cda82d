//! Panics never leave the library: they are caught at its boundaries and in its own threads, without a
//! message on standard error, and their text becomes an error.

use std::{
    any::Any,
    cell::Cell,
    future::poll_fn,
    panic::{self, AssertUnwindSafe},
    pin::pin,
    sync::Once,
    task::Poll,
};

use crate::error::{Error, Origin, Result, Status};

thread_local! {
    /// The number of guards around the current code. The panic hook is silent while it is above zero.
    static GUARDS: Cell<u32> = const { Cell::new(0) };
}

/// Runs `body`. A panic in it becomes an INTERNAL error with the panic's text, and is not printed.
pub(crate) fn guard<T>(body: impl FnOnce() -> Result<T>) -> Result<T> {
    caught(body).unwrap_or_else(|text| Err(defect(&text)))
}

/// A function of its own, as [`text`]: in each function of the C API it would take a kilobyte.
#[cold]
#[inline(never)]
fn defect(text: &str) -> Error {
    let message = format!("defect in the library, caught panic: {text}");
    Error::new(Status::Internal, Origin::Client, message).in_doubt(true)
}

/// Runs `body`, for example a callback. Returns the text of a panic in it, which is not printed.
///
/// `AssertUnwindSafe`: state that `body` leaves inconsistent is dropped with the call, except for state
/// behind locks, whose poisoning the library ignores.
pub(crate) fn caught<T>(body: impl FnOnce() -> T) -> std::result::Result<T, String> {
    silence_hook();
    GUARDS.set(GUARDS.get() + 1);
    let outcome = panic::catch_unwind(AssertUnwindSafe(body));
    GUARDS.set(GUARDS.get() - 1);
    outcome.map_err(text)
}

/// Runs a future as [`guard`] runs a function.
pub(crate) async fn guarded<T>(future: impl Future<Output = T>) -> Result<T> {
    let mut future = pin!(future);
    poll_fn(|context| match guard(|| Ok(future.as_mut().poll(context))) {
        Ok(Poll::Ready(outcome)) => Poll::Ready(Ok(outcome)),
        Ok(Poll::Pending) => Poll::Pending,
        Err(error) => Poll::Ready(Err(error)),
    })
    .await
}

/// Installs the library's panic hook once, in front of the program's, to which it passes every panic outside
/// of a guard: a process has a single hook.
fn silence_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(chain_hook);
}

fn chain_hook() {
    let previous = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        // `try_with`: the locals of an ending thread may be destroyed already.
        if GUARDS.try_with(|guards| guards.get() == 0).unwrap_or(true) {
            previous(info);
        }
    }));
}

#[cold]
#[inline(never)]
fn text(payload: Box<dyn Any + Send>) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("(no text)").to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn a_caught_panic_is_an_error_with_its_text_and_only_other_panics_reach_the_programs_hook() {
        static SEEN: AtomicUsize = AtomicUsize::new(0);
        let program = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if info.payload_as_str() == Some("for the test") {
                SEEN.fetch_add(1, Ordering::Relaxed);
            } else {
                program(info);
            }
        }));
        chain_hook();
        let error = guard::<()>(|| panic!("for the test")).unwrap_err();
        assert_eq!((error.status(), error.origin()), (Status::Internal, Origin::Client));
        assert!(error.to_string().contains("for the test"));
        assert_eq!(SEEN.load(Ordering::Relaxed), 0);
        assert!(panic::catch_unwind(|| panic!("for the test")).is_err());
        assert_eq!(SEEN.load(Ordering::Relaxed), 1);
    }
}
