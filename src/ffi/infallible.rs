//! The entry of C into a function that cannot fail: stops panics.

use crate::panic;

/// Runs the body of a getter or of a `_free`. Returns `fallback` if it panics.
pub(super) fn infallible<T>(fallback: T, body: impl FnOnce() -> T) -> T {
    panic::guard(|| Ok(body())).unwrap_or(fallback)
}
