//! An allocator that caches freed blocks of the size of HTTP/2 frames (feature `allocator`).
//!
//! h2 reads each frame into new memory, and the C library returns freed blocks of this size to the system:
//! every frame would cost a page fault for each 4 KiB. Off by default, since a Rust program chooses its own
//! allocator; on in the shared library that `make install` installs, where only this library uses it. A
//! pool of frames inside the lane cannot replace it: h2 allocates the next frame before it releases the last
//! one.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    ptr,
    sync::atomic::{AtomicPtr, AtomicUsize, Ordering},
};

#[global_allocator]
static ALLOCATOR: Caching = Caching;

struct Caching;

/// The granularity of size classes. Smaller blocks are left to the C library, which caches them itself.
const STEP: usize = 64 << 10;
/// The number of size classes; larger blocks are not cached.
const CLASSES: usize = 32;
/// The maximum number of cached blocks per class, and the maximum size of all of them.
const SLOTS: usize = 64;
const MAX_CACHED_BYTE_SIZE: usize = 16 << 20;

/// Lock-free: after `fork`, a child process would deadlock on a lock that another thread held.
static CACHED: [[AtomicPtr<u8>; SLOTS]; CLASSES] =
    [const { [const { AtomicPtr::new(ptr::null_mut()) }; SLOTS] }; CLASSES];
static CACHED_BYTE_SIZE: AtomicUsize = AtomicUsize::new(0);

/// Returns a block's class and the layout of all blocks of that class; `None` if it is not cached.
fn class(layout: Layout) -> Option<(usize, Layout)> {
    let steps = layout.size().div_ceil(STEP);
    if layout.size() < STEP || steps > CLASSES || layout.align() > align_of::<u128>() {
        return None;
    }
    let layout = Layout::from_size_align(steps * STEP, align_of::<u128>()).ok()?;
    Some((steps - 1, layout))
}

fn take(class: usize) -> Option<*mut u8> {
    CACHED[class].iter().find_map(|slot| {
        let is_empty = slot.load(Ordering::Relaxed).is_null();
        let block = if is_empty { ptr::null_mut() } else { slot.swap(ptr::null_mut(), Ordering::Acquire) };
        (!block.is_null()).then(|| {
            CACHED_BYTE_SIZE.fetch_sub((class + 1) * STEP, Ordering::Relaxed);
            block
        })
    })
}

/// Caches a block; `false` if the cache is full.
fn put(class: usize, block: *mut u8) -> bool {
    let byte_size = (class + 1) * STEP;
    if CACHED_BYTE_SIZE.fetch_add(byte_size, Ordering::Relaxed) + byte_size <= MAX_CACHED_BYTE_SIZE {
        let empty = ptr::null_mut();
        let is_cached = CACHED[class].iter().any(|slot| {
            slot.load(Ordering::Relaxed).is_null()
                && slot.compare_exchange(empty, block, Ordering::Release, Ordering::Relaxed).is_ok()
        });
        if is_cached {
            return true;
        }
    }
    CACHED_BYTE_SIZE.fetch_sub(byte_size, Ordering::Relaxed);
    false
}

// SAFETY: every block is allocated from `System` with the layout that `class` returns for it, and freed with
// the same layout. A cached block is in one slot, and taking it out with `swap` gives it to one thread.
unsafe impl GlobalAlloc for Caching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match class(layout) {
            // SAFETY: the caller's contract.
            None => unsafe { System.alloc(layout) },
            // SAFETY: the layout's size is not zero.
            Some((class, layout)) => take(class).unwrap_or_else(|| unsafe { System.alloc(layout) }),
        }
    }

    /// Does not use the cache: new memory from the system is zero already.
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let layout = class(layout).map_or(layout, |(_, layout)| layout);
        // SAFETY: the caller's contract; `class` only enlarges the layout.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        match class(layout) {
            Some((class, _)) if put(class, block) => {}
            // SAFETY: the layout that the block was allocated with.
            class => unsafe { System.dealloc(block, class.map_or(layout, |(_, layout)| layout)) },
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, byte_size: usize) -> *mut u8 {
        let Ok(new) = Layout::from_size_align(byte_size, layout.align()) else { return ptr::null_mut() };
        match (class(layout), class(new)) {
            // SAFETY: the caller's contract; both blocks are `System`'s own.
            (None, None) => unsafe { System.realloc(block, layout, byte_size) },
            (Some((old, _)), Some((new, _))) if old == new => block,
            _ => {
                // SAFETY: the blocks do not overlap, and both have the size that is copied.
                unsafe {
                    let moved = self.alloc(new);
                    if !moved.is_null() {
                        ptr::copy_nonoverlapping(block, moved, layout.size().min(byte_size));
                        self.dealloc(block, layout);
                    }
                    moved
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_cached_by_size_up_to_a_maximum_and_keep_their_content_when_resized() {
        let layout = |byte_size| Layout::from_size_align(byte_size, 8).unwrap();
        assert!(class(layout(STEP - 1)).is_none() && class(layout(CLASSES * STEP + 1)).is_none());
        assert_eq!(class(layout(STEP + 1)).unwrap().0, class(layout(2 * STEP)).unwrap().0);
        let mut block = vec![7u8; 3 * STEP - 5];
        block.resize(5 * STEP, 8);
        block.truncate(100);
        block.shrink_to_fit();
        assert!(block == [7; 100] && block.capacity() < STEP);
        let many: Vec<Vec<u8>> = (0..40).map(|_| vec![1; 20 * STEP]).collect();
        drop(many);
        assert!(CACHED_BYTE_SIZE.load(Ordering::Relaxed) <= MAX_CACHED_BYTE_SIZE);
        assert!(vec![0u8; 20 * STEP].iter().all(|byte| *byte == 0));
    }
}
