//! Keeps freed blocks of the size of HTTP/2's frames for the next ones (feature `allocator`).
//!
//! h2 reads each frame into memory of its own, and the C library gives blocks of this size back to the system as soon as
//! they are freed: the next call then pays a page fault for every 4 KiB. Off by default, since a Rust program chooses its
//! own allocator; on in the shared library that `make install` installs, where it serves this library alone. A pool of
//! frames inside the lane would be smaller, but h2 asks for the next frame's memory before it hands the last one over.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    ptr,
    sync::atomic::{AtomicPtr, AtomicUsize, Ordering},
};

#[global_allocator]
static ALLOCATOR: Keeping = Keeping;

struct Keeping;

/// Blocks are kept by size in steps of this; smaller ones the C library keeps by itself.
const STEP: usize = 64 << 10;
/// Larger ones than this many steps are not kept.
const CLASSES: usize = 32;
/// The most blocks of one size, and the most bytes of all, that are kept.
const SLOTS: usize = 64;
const MAX_KEPT_BYTE_SIZE: usize = 16 << 20;

/// No lock: a forked child could wait for ever for one that another thread held.
static KEPT: [[AtomicPtr<u8>; SLOTS]; CLASSES] =
    [const { [const { AtomicPtr::new(ptr::null_mut()) }; SLOTS] }; CLASSES];
static KEPT_BYTE_SIZE: AtomicUsize = AtomicUsize::new(0);

/// The class of a block, and the layout that all blocks of it have; `None` for one that is not kept.
fn class(layout: Layout) -> Option<(usize, Layout)> {
    let steps = layout.size().div_ceil(STEP);
    if layout.size() < STEP || steps > CLASSES || layout.align() > align_of::<u128>() {
        return None;
    }
    let layout = Layout::from_size_align(steps * STEP, align_of::<u128>()).ok()?;
    Some((steps - 1, layout))
}

fn take(class: usize) -> Option<*mut u8> {
    KEPT[class].iter().find_map(|slot| {
        let is_empty = slot.load(Ordering::Relaxed).is_null();
        let block = if is_empty { ptr::null_mut() } else { slot.swap(ptr::null_mut(), Ordering::Acquire) };
        (!block.is_null()).then(|| {
            KEPT_BYTE_SIZE.fetch_sub((class + 1) * STEP, Ordering::Relaxed);
            block
        })
    })
}

/// Whether the block is kept.
fn put(class: usize, block: *mut u8) -> bool {
    let byte_size = (class + 1) * STEP;
    if KEPT_BYTE_SIZE.fetch_add(byte_size, Ordering::Relaxed) + byte_size <= MAX_KEPT_BYTE_SIZE {
        let empty = ptr::null_mut();
        let is_kept = KEPT[class].iter().any(|slot| {
            slot.load(Ordering::Relaxed).is_null()
                && slot.compare_exchange(empty, block, Ordering::Release, Ordering::Relaxed).is_ok()
        });
        if is_kept {
            return true;
        }
    }
    KEPT_BYTE_SIZE.fetch_sub(byte_size, Ordering::Relaxed);
    false
}

// SAFETY: every block comes from the system's allocator with the layout that `class` makes of its own, and goes back there
// with the same one; a kept block is in one slot, and whoever takes it out has it alone.
unsafe impl GlobalAlloc for Keeping {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match class(layout) {
            // SAFETY: as the caller promises.
            None => unsafe { System.alloc(layout) },
            // SAFETY: the layout has a size.
            Some((class, layout)) => take(class).unwrap_or_else(|| unsafe { System.alloc(layout) }),
        }
    }

    /// The system's memory is zero already where it is fresh: nothing is taken that would have to be zeroed.
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        let layout = class(layout).map_or(layout, |(_, layout)| layout);
        // SAFETY: as the caller promises.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        match class(layout) {
            Some((class, _)) if put(class, block) => {}
            // SAFETY: the layout that the block was allocated with.
            kept => unsafe { System.dealloc(block, kept.map_or(layout, |(_, layout)| layout)) },
        }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, byte_size: usize) -> *mut u8 {
        let Ok(new) = Layout::from_size_align(byte_size, layout.align()) else { return ptr::null_mut() };
        match (class(layout), class(new)) {
            // SAFETY: as the caller promises, of a block that is the system's own.
            (None, None) => unsafe { System.realloc(block, layout, byte_size) },
            (Some((old, _)), Some((new, _))) if old == new => block,
            _ => {
                // SAFETY: the new block is another one and at least as large as what is copied.
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
    fn a_block_is_kept_for_its_size_within_the_bound_and_holds_what_it_held() {
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
        assert!(KEPT_BYTE_SIZE.load(Ordering::Relaxed) <= MAX_KEPT_BYTE_SIZE);
        assert!(vec![0u8; 20 * STEP].iter().all(|byte| *byte == 0));
    }
}
