//! Handles: the addresses of the library's objects, which Java holds as `long`. Java's `NativeHandle` sees to
//! it that a handle is alive during a call and freed once.

use std::sync::atomic::{AtomicI64, Ordering};

use jni::sys::jlong;

/// The number of objects that Java holds, and of its calls under way.
static LIVE: AtomicI64 = AtomicI64::new(0);

pub(super) fn live() -> i64 {
    LIVE.load(Ordering::Relaxed)
}

/// Counts something that Java is responsible for, until it is dropped.
pub(super) struct Counted(());

impl Counted {
    pub(super) fn new() -> Self {
        LIVE.fetch_add(1, Ordering::Relaxed);
        Self(())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        LIVE.fetch_sub(1, Ordering::Relaxed);
    }
}

struct Owned<T> {
    object: T,
    _counted: Counted,
}

pub(super) fn new<T>(object: T) -> jlong {
    Box::into_raw(Box::new(Owned { object, _counted: Counted::new() })).expose_provenance() as jlong
}

/// # Safety
/// `handle` is from [`new`] with the same `T`, and is not freed during `'h`.
pub(super) unsafe fn get<'h, T>(handle: jlong) -> &'h T {
    let pointer = std::ptr::with_exposed_provenance::<Owned<T>>(handle as usize);
    // SAFETY: the rule of this function.
    unsafe { &(*pointer).object }
}

/// # Safety
/// `handle` is from [`new`] with the same `T`, and is not used again.
pub(super) unsafe fn free<T>(handle: jlong) {
    let pointer = std::ptr::with_exposed_provenance_mut::<Owned<T>>(handle as usize);
    // SAFETY: the rule of this function.
    drop(unsafe { Box::from_raw(pointer) });
}
