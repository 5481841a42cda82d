//! The caller's memory on loan.
//!
//! A segment that was borrowed is kept as a pointer and a length, not as a slice: C refills its arrays between calls,
//! and a `&[u8]` that lived across such a write would be undefined behaviour. A slice exists only while a call reads.
//! Safe Rust adds the lifetime, so the compiler checks what C promises in a sentence.
//!
//! Over gRPC the memory of a call passes through a connection's queue, which gives nothing back when a call ends early.
//! So it is lent in [`Piece`]s whose [`Loan`] the call settles at its end, whatever that end is: what the queue still
//! holds is copied, and the pieces point at the copy from then on.

use std::{
    io::IoSlice,
    marker::PhantomData,
    mem,
    ptr::NonNull,
    slice,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::Buf;

/// A stretch of an input's data: borrowed from the caller, or a copy of our own.
#[derive(Debug)]
pub(crate) struct Segment<'a>(Memory<'a>);

#[derive(Debug)]
enum Memory<'a> {
    Borrowed { start: NonNull<u8>, byte_size: usize, lifetime: PhantomData<&'a [u8]> },
    Owned(Vec<u8>),
}

// SAFETY: a borrowed segment is read-only memory that nobody writes while it is read, as with `&'a [u8]`, which is
// Send and Sync too (the rule of `from_raw`).
unsafe impl Send for Segment<'_> {}
// SAFETY: as above.
unsafe impl Sync for Segment<'_> {}

impl<'a> Segment<'a> {
    pub fn borrowed(data: &'a [u8]) -> Self {
        Self(Memory::Borrowed {
            start: NonNull::from(data).cast(),
            byte_size: data.len(),
            lifetime: PhantomData,
        })
    }

    pub fn owned(data: Vec<u8>) -> Self {
        Self(Memory::Owned(data))
    }

    /// # Safety
    /// For as long as `'a`, and whenever a call uses the segment, `start` points to `byte_size` bytes that can be read
    /// and that nobody writes meanwhile. A null `start` only with `byte_size` 0. Between calls the bytes may change.
    pub unsafe fn from_raw(start: *const u8, byte_size: usize) -> Self {
        match NonNull::new(start.cast_mut()) {
            Some(start) => Self(Memory::Borrowed { start, byte_size, lifetime: PhantomData }),
            None => Self(Memory::Owned(Vec::new())),
        }
    }

    pub fn byte_size(&self) -> u64 {
        match &self.0 {
            Memory::Borrowed { byte_size, .. } => *byte_size as u64,
            Memory::Owned(data) => data.len() as u64,
        }
    }

    /// The bytes, for the time of one call.
    pub fn bytes(&self) -> &[u8] {
        match &self.0 {
            Memory::Borrowed { start, byte_size, .. } => {
                // SAFETY: whoever made the segment promised it readable and unwritten while a call uses it (the rule of
                // `from_raw`; `borrowed` has it from the compiler), and this slice does not outlive the call.
                unsafe { slice::from_raw_parts(start.as_ptr(), *byte_size) }
            }
            Memory::Owned(data) => data,
        }
    }
}

/// Memory of the caller's that an answer is written into, by one call at a time.
#[derive(Debug)]
pub(crate) struct OutputBuffer<'a> {
    start: NonNull<u8>,
    byte_size: usize,
    leased: AtomicBool,
    lifetime: PhantomData<&'a mut [u8]>,
}

// SAFETY: the memory is reached through a lease alone, of which there is one at a time: as with a `Mutex<&mut [u8]>`.
unsafe impl Send for OutputBuffer<'_> {}
// SAFETY: as above.
unsafe impl Sync for OutputBuffer<'_> {}

impl<'a> OutputBuffer<'a> {
    pub fn borrowed(memory: &'a mut [u8]) -> Self {
        let byte_size = memory.len();
        let start = NonNull::from(memory).cast();
        Self { start, byte_size, leased: AtomicBool::new(false), lifetime: PhantomData }
    }

    /// # Safety
    /// For as long as `'a`, `start` points to `byte_size` initialised bytes, or to bytes of C's, which knows no others;
    /// nobody else reads or writes them while a call has them.
    pub unsafe fn from_raw(start: NonNull<u8>, byte_size: usize) -> Self {
        Self { start, byte_size, leased: AtomicBool::new(false), lifetime: PhantomData }
    }

    /// The memory, for one call; `None` while another has it.
    pub fn lease(&self) -> Option<Lease<'_>> {
        self.leased
            .compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
            .then_some(Lease { start: self.start, byte_size: self.byte_size, leased: &self.leased })
    }
}

/// The one call's access to a [`OutputBuffer`].
pub(crate) struct Lease<'l> {
    start: NonNull<u8>,
    byte_size: usize,
    leased: &'l AtomicBool,
}

impl Lease<'_> {
    pub fn start(&self) -> NonNull<u8> {
        self.start
    }

    pub fn byte_size(&self) -> usize {
        self.byte_size
    }

    pub fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: the rule of `OutputBuffer::from_raw`, and this is the only lease.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.byte_size) }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.leased.store(false, Ordering::Release);
    }
}

/// A message on loan to a connection's queue, in pieces. Dropping it settles the loan: afterwards no piece, wherever it
/// is, reads the memory that was lent.
///
/// THE RULE OF THE LOAN: a piece is read only by the thread that drives its connection, and that thread settles the
/// loan between two steps of the connection, so nobody holds a slice of a piece meanwhile.
pub(crate) struct Loan<'m> {
    byte_size: u64,
    pieces: Vec<Arc<Shared>>,
    lifetime: PhantomData<&'m [u8]>,
}

/// A part of a message on loan, as the connection's queue takes it.
#[derive(Debug)]
pub(crate) struct Piece(Arc<Shared>);

#[derive(Debug)]
struct Shared(Mutex<Segments>);

/// What is left of a piece.
#[derive(Debug, Default)]
struct Segments {
    /// Where each begins, and how long it is; the first is the next to be read.
    stretches: Vec<(NonNull<u8>, usize)>,
    first: usize,
    byte_size: usize,
    /// What the stretches point into once the loan is settled.
    copy: Box<[u8]>,
}

// SAFETY: the memory is only read, and by one thread at a time (THE RULE OF THE LOAN).
unsafe impl Send for Segments {}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Segments> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'m> Loan<'m> {
    /// Lends the parts of a message, one after the other, in pieces of at most `piece` bytes.
    pub fn new(parts: impl Iterator<Item = &'m [u8]>, piece: usize) -> Self {
        let mut loan = Self { byte_size: 0, pieces: Vec::new(), lifetime: PhantomData };
        let mut next = Segments::default();
        for mut part in parts {
            loan.byte_size += part.len() as u64;
            while !part.is_empty() {
                let (taken, rest) = part.split_at(part.len().min(piece - next.byte_size));
                next.stretches.push((NonNull::from(taken).cast(), taken.len()));
                next.byte_size += taken.len();
                part = rest;
                if next.byte_size == piece {
                    loan.push(mem::take(&mut next));
                }
            }
        }
        if next.byte_size > 0 {
            loan.push(next);
        }
        loan
    }

    fn push(&mut self, piece: Segments) {
        self.pieces.push(Arc::new(Shared(Mutex::new(piece))));
    }

    /// The pieces, in their order.
    pub fn pieces(&self) -> impl ExactSizeIterator<Item = Piece> + use<'_, 'm> {
        self.pieces.iter().map(|piece| Piece(piece.clone()))
    }

    /// Of the whole message.
    pub fn byte_size(&self) -> u64 {
        self.byte_size
    }

    /// The number of pieces in somebody's hands.
    pub fn count_out(&self) -> usize {
        self.pieces.iter().filter(|piece| Arc::strong_count(piece) > 1).count()
    }
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        for piece in self.pieces.drain(..).filter(|piece| Arc::strong_count(piece) > 1) {
            let mut piece = piece.lock();
            let mut copy = Vec::with_capacity(piece.byte_size);
            for (start, byte_size) in &piece.stretches[piece.first..] {
                // SAFETY: the loan holds the memory for `'m`, which has not ended.
                copy.extend_from_slice(unsafe { slice::from_raw_parts(start.as_ptr(), *byte_size) });
            }
            piece.copy = copy.into();
            let whole = (NonNull::from(&*piece.copy).cast(), piece.copy.len());
            piece.stretches.clear();
            piece.first = 0;
            if whole.1 > 0 {
                piece.stretches.push(whole);
            }
        }
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.0.lock().byte_size
    }

    fn chunk(&self) -> &[u8] {
        let piece = self.0.lock();
        let Some(&(start, byte_size)) = piece.stretches.get(piece.first) else { return &[] };
        // SAFETY: the stretch is memory on loan or our copy of it, and the slice is let go before the loan is settled
        // (THE RULE OF THE LOAN).
        unsafe { slice::from_raw_parts(start.as_ptr(), byte_size) }
    }

    fn chunks_vectored<'a>(&'a self, into: &mut [IoSlice<'a>]) -> usize {
        let piece = self.0.lock();
        let stretches = &piece.stretches[piece.first..];
        for (slot, &(start, byte_size)) in into.iter_mut().zip(stretches) {
            // SAFETY: as in `chunk`.
            *slot = IoSlice::new(unsafe { slice::from_raw_parts(start.as_ptr(), byte_size) });
        }
        stretches.len().min(into.len())
    }

    fn advance(&mut self, mut count: usize) {
        let mut piece = self.0.lock();
        count = count.min(piece.byte_size);
        piece.byte_size -= count;
        while count > 0 {
            let first = piece.first;
            let Some((start, byte_size)) = piece.stretches.get_mut(first) else { return };
            if count < *byte_size {
                // SAFETY: within the stretch.
                *start = unsafe { start.add(count) };
                *byte_size -= count;
                return;
            }
            count -= *byte_size;
            piece.first += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(mut piece: impl Buf) -> Vec<u8> {
        let mut bytes = Vec::new();
        while piece.has_remaining() {
            let mut slots = [IoSlice::new(&[]); 3];
            let count = piece.chunks_vectored(&mut slots);
            let taken: Vec<u8> = slots[..count].iter().flat_map(|slot| slot.to_vec()).take(7).collect();
            assert!(taken.starts_with(&piece.chunk()[..taken.len().min(piece.chunk().len())]));
            piece.advance(taken.len());
            bytes.extend(taken);
        }
        bytes
    }

    #[test]
    fn pieces_are_of_the_asked_size_and_hold_the_message() {
        let message: Vec<u8> = (0..100).collect();
        for piece in [1, 9, 50, 99, 100, 1000] {
            let loan = Loan::new(message.chunks(17).chain([&[][..]]), piece);
            assert_eq!(loan.pieces().len(), message.len().div_ceil(piece));
            assert!(loan.pieces().all(|it| it.remaining() <= piece));
            assert_eq!(loan.pieces().flat_map(read).collect::<Vec<_>>(), message);
            assert_eq!(loan.count_out(), 0);
        }
    }

    #[test]
    fn a_settled_loan_reads_nothing_of_what_was_lent() {
        let mut message: Vec<u8> = (0..100).collect();
        let loan = Loan::new(message.chunks(17), 40);
        let mut pieces: Vec<_> = loan.pieces().collect();
        pieces[1].advance(20);
        assert!(loan.count_out() > 0);
        drop(loan);
        message.fill(0xee);
        let left: Vec<u8> = pieces.into_iter().flat_map(read).collect();
        assert_eq!(left, (0..40).chain(60..100).collect::<Vec<_>>());
    }

    #[test]
    fn a_landing_is_leased_to_one_at_a_time() {
        let mut memory = [0; 8];
        let landing = OutputBuffer::borrowed(&mut memory);
        let mut lease = landing.lease().unwrap();
        assert!(landing.lease().is_none());
        lease.bytes_mut().fill(7);
        drop(lease);
        drop(landing.lease().unwrap());
        assert_eq!(memory, [7; 8]);
    }
}
