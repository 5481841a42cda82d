//! Lends the caller's memory to calls.
//!
//! A borrowed segment is kept as a pointer and a length, not as a slice: C refills its arrays between calls,
//! and a `&[u8]` across such a write would be undefined behaviour. A slice exists only during a call. In Rust
//! the lifetime `'a` makes the compiler check what the C contract only states.
//!
//! Over gRPC the memory of a call passes through a connection's queue, which does not return it when a call
//! ends early. It is therefore lent in [`Piece`]s, and the call settles their [`Loan`] when it ends, on
//! success and on failure: what the queue still holds is copied, and the pieces point to the copy from then
//! on.

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
    time::Instant,
};

use bytes::{Buf, Bytes};

/// A segment of an input's data: borrowed from the caller, or a copy. Its clones share the memory, so that a
/// call can outlive its request.
#[derive(Clone, Debug)]
pub(crate) struct Segment<'a>(Memory<'a>);

#[derive(Clone, Debug)]
enum Memory<'a> {
    Borrowed { start: NonNull<u8>, byte_size: usize, lifetime: PhantomData<&'a [u8]> },
    Owned(Bytes),
}

// SAFETY: a borrowed segment is memory that is not written while it is read (the rule of `from_raw`), as with
// `&'a [u8]`, which is Send and Sync too.
unsafe impl Send for Segment<'_> {}
// SAFETY: as above.
unsafe impl Sync for Segment<'_> {}

impl<'a> Segment<'a> {
    pub(crate) fn borrowed(data: &'a [u8]) -> Self {
        Self(Memory::Borrowed {
            start: NonNull::from(data).cast(),
            byte_size: data.len(),
            lifetime: PhantomData,
        })
    }

    pub(crate) fn owned(data: Vec<u8>) -> Self {
        Self::shared(data.into())
    }

    pub(crate) fn shared(data: Bytes) -> Self {
        Self(Memory::Owned(data))
    }

    /// # Safety
    /// During `'a`, and whenever a call uses the segment, `start` points to `byte_size` bytes that are
    /// readable and not written meanwhile. `start` may be null only if `byte_size` is 0. Between calls the
    /// bytes may change.
    pub(crate) unsafe fn from_raw(start: *const u8, byte_size: usize) -> Self {
        match NonNull::new(start.cast_mut()) {
            Some(start) => Self(Memory::Borrowed { start, byte_size, lifetime: PhantomData }),
            None => Self(Memory::Owned(Bytes::new())),
        }
    }

    pub(crate) fn byte_size(&self) -> u64 {
        match &self.0 {
            Memory::Borrowed { byte_size, .. } => *byte_size as u64,
            Memory::Owned(data) => data.len() as u64,
        }
    }

    /// Returns the bytes, for use during one call.
    pub(crate) fn bytes(&self) -> &[u8] {
        match &self.0 {
            Memory::Borrowed { start, byte_size, .. } => {
                // SAFETY: the bytes are readable and not written while a call uses the segment (the rule of
                // `from_raw`; of `borrowed` the compiler's), and this slice does not outlive the call.
                unsafe { slice::from_raw_parts(start.as_ptr(), *byte_size) }
            }
            Memory::Owned(data) => data,
        }
    }
}

/// The caller's buffer for an output, written by one call at a time.
#[derive(Debug)]
pub(crate) struct OutputBuffer<'a>(Arc<Leased<'a>>);

#[derive(Debug)]
struct Leased<'a> {
    start: NonNull<u8>,
    byte_size: usize,
    is_leased: AtomicBool,
    lifetime: PhantomData<&'a mut [u8]>,
}

// SAFETY: the memory is accessed only through a lease, of which there is one at a time: as with a
// `Mutex<&mut [u8]>`.
unsafe impl Send for Leased<'_> {}
// SAFETY: as above.
unsafe impl Sync for Leased<'_> {}

impl<'a> OutputBuffer<'a> {
    pub(crate) fn borrowed(memory: &'a mut [u8]) -> Self {
        let byte_size = memory.len();
        Self::new(NonNull::from(memory).cast(), byte_size)
    }

    /// # Safety
    /// During `'a`, `start` points to `byte_size` bytes that are writable and, except in C, initialised;
    /// nothing else reads or writes them while a call holds the lease.
    pub(crate) unsafe fn from_raw(start: NonNull<u8>, byte_size: usize) -> Self {
        Self::new(start, byte_size)
    }

    fn new(start: NonNull<u8>, byte_size: usize) -> Self {
        let is_leased = AtomicBool::new(false);
        Self(Arc::new(Leased { start, byte_size, is_leased, lifetime: PhantomData }))
    }

    /// Leases the memory to one call; `None` while another call holds it.
    pub(crate) fn lease(&self) -> Option<Lease<'a>> {
        let is_leased = &self.0.is_leased;
        let taken = is_leased.compare_exchange(false, true, Ordering::Acquire, Ordering::Relaxed);
        taken.is_ok().then(|| Lease(self.0.clone()))
    }
}

/// A call's exclusive access to an [`OutputBuffer`], which it may outlive.
pub(crate) struct Lease<'a>(Arc<Leased<'a>>);

impl Lease<'_> {
    pub(crate) fn start(&self) -> NonNull<u8> {
        self.0.start
    }

    pub(crate) fn byte_size(&self) -> usize {
        self.0.byte_size
    }

    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: the rule of `OutputBuffer::from_raw`, and this is the only lease.
        unsafe { slice::from_raw_parts_mut(self.0.start.as_ptr(), self.0.byte_size) }
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.0.is_leased.store(false, Ordering::Release);
    }
}

/// A message on loan to a connection's queue, in pieces. Dropping it settles the loan: afterwards no piece
/// reads the memory that was lent.
///
/// THE RULE OF THE LOAN: only the thread that drives a connection reads its pieces, and that thread settles
/// the loan between two steps of the connection, so that no slice of a piece exists at that time.
pub(crate) struct Loan<'m> {
    byte_size: u64,
    pieces: Vec<Arc<Shared>>,
    lifetime: PhantomData<&'m [u8]>,
}

/// A part of a message on loan, in the form that the connection's queue takes.
#[derive(Debug)]
pub(crate) struct Piece(Arc<Shared>);

#[derive(Debug)]
struct Shared(Mutex<Segments>);

/// The unread rest of a piece.
#[derive(Debug, Default)]
struct Segments {
    /// The address and size of each segment.
    segments: Vec<(NonNull<u8>, usize)>,
    /// The index of the next segment to be read.
    first: usize,
    byte_size: usize,
    /// The memory that the segments point into once the loan is settled, or if nothing was lent.
    own: Bytes,
    /// Whether to record when the last byte is read.
    is_timed: bool,
    read_at: Option<Instant>,
}

// SAFETY: the memory is only read, and by one thread at a time (THE RULE OF THE LOAN).
unsafe impl Send for Segments {}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Segments> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Segments {
    /// Replaces the segments by memory of the piece's own.
    fn hold(&mut self, own: Bytes) {
        self.segments.clear();
        self.first = 0;
        if !own.is_empty() {
            self.segments.push((NonNull::from(&*own).cast(), own.len()));
        }
        self.own = own;
    }
}

/// A piece that owns its memory.
impl From<Bytes> for Piece {
    fn from(own: Bytes) -> Self {
        let mut segments = Segments { byte_size: own.len(), ..Segments::default() };
        segments.hold(own);
        Self(Arc::new(Shared(Mutex::new(segments))))
    }
}

impl<'m> Loan<'m> {
    /// Lends the parts of a message in order, in pieces of at most `piece` bytes.
    pub(crate) fn new(parts: impl Iterator<Item = &'m [u8]>, piece: usize) -> Self {
        let mut loan = Self { byte_size: 0, pieces: Vec::new(), lifetime: PhantomData };
        let mut next = Segments::default();
        for mut part in parts {
            loan.byte_size += part.len() as u64;
            while !part.is_empty() {
                let (taken, rest) = part.split_at(part.len().min(piece - next.byte_size));
                next.segments.push((NonNull::from(taken).cast(), taken.len()));
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

    /// Records when the last byte is read; call it before that.
    pub(crate) fn record_end(&mut self) {
        if let Some(last) = self.pieces.last() {
            last.lock().is_timed = true;
        }
    }

    /// Returns when the last byte was read, if it was and [`record_end`](Self::record_end) was called.
    pub(crate) fn read_at(&self) -> Option<Instant> {
        self.pieces.last().and_then(|last| last.lock().read_at)
    }

    fn push(&mut self, piece: Segments) {
        self.pieces.push(Arc::new(Shared(Mutex::new(piece))));
    }

    /// Returns the pieces, in order.
    pub(crate) fn pieces(&self) -> impl ExactSizeIterator<Item = Piece> + use<'_, 'm> {
        self.pieces.iter().map(|piece| Piece(piece.clone()))
    }

    /// Returns the size of the message.
    pub(crate) fn byte_size(&self) -> u64 {
        self.byte_size
    }

    /// Returns the number of pieces that exist outside the loan.
    pub(crate) fn count_out(&self) -> usize {
        self.pieces.iter().filter(|piece| Arc::strong_count(piece) > 1).count()
    }
}

impl Drop for Loan<'_> {
    fn drop(&mut self) {
        for piece in self.pieces.drain(..).filter(|piece| Arc::strong_count(piece) > 1) {
            let mut piece = piece.lock();
            let mut copy = Vec::with_capacity(piece.byte_size);
            for (start, byte_size) in &piece.segments[piece.first..] {
                // SAFETY: the loan holds the memory for `'m`, which has not ended.
                copy.extend_from_slice(unsafe { slice::from_raw_parts(start.as_ptr(), *byte_size) });
            }
            piece.hold(copy.into());
        }
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.0.lock().byte_size
    }

    fn chunk(&self) -> &[u8] {
        let piece = self.0.lock();
        let Some(&(start, byte_size)) = piece.segments.get(piece.first) else { return &[] };
        // SAFETY: the segment is memory on loan or our copy of it, and the slice is dropped before the loan
        // is settled (THE RULE OF THE LOAN).
        unsafe { slice::from_raw_parts(start.as_ptr(), byte_size) }
    }

    fn chunks_vectored<'a>(&'a self, into: &mut [IoSlice<'a>]) -> usize {
        let piece = self.0.lock();
        let segments = &piece.segments[piece.first..];
        for (slot, &(start, byte_size)) in into.iter_mut().zip(segments) {
            // SAFETY: as in `chunk`.
            *slot = IoSlice::new(unsafe { slice::from_raw_parts(start.as_ptr(), byte_size) });
        }
        segments.len().min(into.len())
    }

    fn advance(&mut self, mut count: usize) {
        let mut piece = self.0.lock();
        count = count.min(piece.byte_size);
        piece.byte_size -= count;
        if piece.byte_size == 0 && piece.is_timed {
            piece.read_at = Some(Instant::now());
        }
        while count > 0 {
            let first = piece.first;
            let Some((start, byte_size)) = piece.segments.get_mut(first) else { return };
            if count < *byte_size {
                // SAFETY: within the segment.
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
    fn pieces_have_the_requested_size_and_hold_the_message() {
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
    fn pieces_of_a_settled_loan_do_not_read_the_memory_that_was_lent() {
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
    fn a_piece_may_own_its_memory() {
        let message = Bytes::from((0..100).collect::<Vec<u8>>());
        let pieces = [message.slice(..30), message.slice(30..), Bytes::new()].map(Piece::from);
        assert_eq!(pieces.each_ref().map(Buf::remaining), [30, 70, 0]);
        drop(message);
        assert_eq!(pieces.into_iter().flat_map(read).collect::<Vec<_>>(), (0..100).collect::<Vec<_>>());
    }

    #[test]
    fn an_output_buffer_is_leased_to_one_call_at_a_time() {
        let mut memory = [0; 8];
        let buffer = OutputBuffer::borrowed(&mut memory);
        let mut lease = buffer.lease().unwrap();
        assert!(buffer.lease().is_none());
        lease.bytes_mut().fill(7);
        drop(lease);
        drop(buffer.lease().unwrap());
        assert_eq!(memory, [7; 8]);
    }
}
