//! Where C enters a function that can't fail: no panic gets past.

use crate::panic;

/// Runs the body of a function that can't fail, a getter or a `_free`. `fallback` stands in for a caught panic.
pub(super) fn infallible<T>(fallback: T, body: impl FnOnce() -> T) -> T {
    panic::guard(|| Ok(body())).unwrap_or(fallback)
}
