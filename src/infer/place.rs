//! The memory of outputs, for both protocols: the caller's buffers, or memory of the client's.

use std::{
    fmt,
    ptr::NonNull,
    sync::{Arc, Mutex, PoisonError},
};

use super::{request::InferRequest, tensor};
use crate::{
    error::{Error, Origin, Result, Status, excerpt},
    fork::Process,
    lend::Lease,
};

/// The alignment of every output's data, so that a cast to any element type is legal.
pub(crate) const ALIGNMENT: usize = 64;

/// Gives each output of one response its place: the caller's buffer if the request has one, else memory of
/// the client's.
///
/// Does not refer to the request, which may be freed during an asynchronous call. The attempts of a call
/// share it: no attempt follows the start of a response.
pub(crate) struct Places<'a> {
    buffers: Arc<Buffers>,
    leases: Vec<(Arc<str>, Lease<'a>)>,
    is_lease_taken: bool,
    /// The outputs that go to shared memory; `None` if the request is not known.
    shared: Option<Vec<Arc<str>>>,
}

impl<'a> Places<'a> {
    /// Leases the request's buffers for one call. FAILED_PRECONDITION if another call holds one.
    pub(crate) fn new(request: &InferRequest<'a>, buffers: &Arc<Buffers>) -> Result<Self> {
        let (mut leases, mut shared) = (Vec::new(), Vec::new());
        for output in request.outputs() {
            let name = output.shared_name();
            if output.region().is_some() {
                shared.push(name.clone());
            }
            let Some(buffer) = output.buffer() else { continue };
            let lease = buffer.lease().ok_or_else(|| {
                let message = format!("output '{name}': its buffer is in use by another call");
                Error::precondition(message)
            })?;
            leases.push((name.clone(), lease));
        }
        Ok(Self { buffers: buffers.clone(), leases, is_lease_taken: false, shared: Some(shared) })
    }

    /// Creates the places for a response whose request is not known.
    pub(crate) fn without_request(buffers: &Arc<Buffers>) -> Self {
        Self { buffers: buffers.clone(), leases: Vec::new(), is_lease_taken: false, shared: None }
    }

    /// Returns the place of an output of `byte_size` bytes, which the caller has checked against the limits
    /// of the response. RESOURCE_EXHAUSTED if the caller's buffer is too small or there is no memory.
    pub(crate) fn place(&mut self, name: &str, byte_size: u64) -> Result<Place<'a>> {
        let memory = match self.leases.iter().position(|(output, _)| **output == *name) {
            None => Memory::Own(Buffer::new(byte_size, &self.buffers)?),
            Some(at) => {
                let (_, lease) = self.leases.swap_remove(at);
                self.is_lease_taken = true;
                let have = lease.byte_size();
                if (have as u64) < byte_size {
                    let name = excerpt(name);
                    return Err(exhausted(format!(
                        "output '{name}': {byte_size} bytes exceed its buffer of {have} bytes"
                    )));
                }
                Memory::Lent(lease)
            }
        };
        // It fits: memory of this size exists.
        let byte_size = usize::try_from(byte_size).unwrap_or(usize::MAX);
        Ok(Place { memory, byte_size, filled: 0 })
    }

    /// Copies bytes to the place of an output.
    pub(crate) fn copy(&mut self, name: &str, bytes: &[u8]) -> Result<Data> {
        let mut place = self.place(name, bytes.len() as u64)?;
        place.fill(bytes);
        Ok(place.into_data())
    }

    /// Returns whether an output without data was written to shared memory. If the request is not known, it
    /// was if a tensor of its shape has any elements.
    pub(crate) fn is_shared(&self, name: &str, shape: &[i64]) -> bool {
        match &self.shared {
            Some(shared) => shared.iter().any(|output| **output == *name),
            None => tensor::element_count(shape).is_some_and(|count| count > 0),
        }
    }

    /// Returns whether a buffer of the caller's was given to an output.
    pub(crate) fn is_lease_taken(&self) -> bool {
        self.is_lease_taken
    }

    /// Returns whether an output is written to a buffer of the caller's.
    pub(crate) fn is_lent(&self, name: &str) -> bool {
        self.leases.iter().any(|(output, _)| **output == *name)
    }
}

fn exhausted(message: String) -> Error {
    Error::new(Status::ResourceExhausted, Origin::Client, message).in_doubt(true)
}

/// The memory of one output: of a fixed size, filled from its start as bytes arrive.
pub(crate) struct Place<'a> {
    memory: Memory<'a>,
    byte_size: usize,
    filled: usize,
}

enum Memory<'a> {
    Own(Buffer),
    Lent(Lease<'a>),
}

impl Place<'_> {
    /// Returns the part that is still to be filled.
    pub(crate) fn missing(&mut self) -> &mut [u8] {
        let (from, to) = (self.filled, self.byte_size);
        match &mut self.memory {
            Memory::Own(buffer) => &mut buffer.bytes_mut()[from..to],
            Memory::Lent(lease) => &mut lease.bytes_mut()[from..to],
        }
    }

    /// Counts bytes that were written to the start of [`missing`](Self::missing).
    pub(crate) fn advance(&mut self, count: usize) {
        self.filled = self.byte_size.min(self.filled + count);
    }

    pub(crate) fn is_full(&self) -> bool {
        self.filled == self.byte_size
    }

    /// Copies as much of `bytes` as is missing, and returns the rest.
    pub(crate) fn fill<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let missing = self.missing();
        let (taken, rest) = bytes.split_at(missing.len().min(bytes.len()));
        missing[..taken.len()].copy_from_slice(taken);
        self.advance(taken.len());
        rest
    }

    /// Returns the part that is filled.
    pub(crate) fn filled(&mut self) -> &[u8] {
        match &mut self.memory {
            Memory::Own(buffer) => &buffer.bytes()[..self.filled],
            Memory::Lent(lease) => &lease.bytes_mut()[..self.filled],
        }
    }

    /// Returns the data that has arrived.
    pub(crate) fn into_data(self) -> Data {
        let byte_size = self.filled;
        match self.memory {
            Memory::Own(buffer) => Data::Own { buffer, byte_size },
            Memory::Lent(lease) => Data::Lent { start: lease.start().into(), byte_size },
        }
    }
}

/// The data of an output that has arrived.
pub(crate) enum Data {
    Own {
        buffer: Buffer,
        byte_size: usize,
    },
    /// In the caller's buffer: only the address is kept, since the caller may change or free the memory.
    Lent {
        start: Address,
        byte_size: usize,
    },
    /// In shared memory, written by the server.
    Shared,
}

/// An address that is returned to the caller and never dereferenced here.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Address(usize);

impl From<NonNull<u8>> for Address {
    fn from(start: NonNull<u8>) -> Self {
        Self(start.as_ptr().expose_provenance())
    }
}

impl Data {
    pub(crate) fn byte_size(&self) -> usize {
        match self {
            Self::Own { byte_size, .. } | Self::Lent { byte_size, .. } => *byte_size,
            Self::Shared => 0,
        }
    }

    /// Returns the bytes; `None` if they are in the caller's buffer or in shared memory.
    pub(crate) fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Own { buffer, byte_size } => Some(&buffer.bytes()[..*byte_size]),
            Self::Lent { .. } | Self::Shared => None,
        }
    }

    /// Returns the address of the bytes, in our memory or the caller's.
    pub(crate) fn start(&self) -> *const u8 {
        match self {
            Self::Own { buffer, .. } => buffer.bytes().as_ptr(),
            Self::Lent { start, .. } => std::ptr::with_exposed_provenance(start.0),
            Self::Shared => nothing().as_ptr(),
        }
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own { byte_size, .. } => write!(f, "{byte_size} bytes"),
            Self::Lent { byte_size, .. } => write!(f, "{byte_size} bytes in the caller's buffer"),
            Self::Shared => f.write_str("shared memory"),
        }
    }
}

/// Memory of ours from an aligned start. Returns to the client's buffers when it is dropped.
#[derive(Default)]
pub(crate) struct Buffer {
    memory: Vec<u8>,
    start: usize,
    home: Option<Arc<Buffers>>,
}

impl Buffer {
    fn new(byte_size: u64, buffers: &Arc<Buffers>) -> Result<Self> {
        let refused = |()| exhausted(format!("no memory for an output of {byte_size} bytes"));
        let size = usize::try_from(byte_size).map_err(|_| refused(()))?;
        if size == 0 {
            return Ok(Self::default());
        }
        let size = size.checked_add(ALIGNMENT - 1).ok_or(()).map_err(refused)?;
        if let Some(memory) = buffers.take(size) {
            return Ok(Self::from(memory, Some(buffers.clone())));
        }
        // The operating system zeroes large memory: its pages are touched once, by the bytes that arrive.
        let memory = bytemuck::allocation::try_zeroed_vec(size).map_err(refused)?;
        Ok(Self::from(memory, buffers.keeps(size).then(|| buffers.clone())))
    }

    fn from(memory: Vec<u8>, home: Option<Arc<Buffers>>) -> Self {
        let start = memory.as_ptr().align_offset(ALIGNMENT).min(memory.len());
        Self { memory, start, home }
    }

    fn bytes(&self) -> &[u8] {
        if self.memory.is_empty() { nothing() } else { &self.memory[self.start..] }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.memory[self.start..]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if let Some(home) = self.home.take() {
            home.put(std::mem::take(&mut self.memory));
        }
    }
}

/// Returns an empty slice at an aligned address, which an empty vector does not have: casts check the
/// alignment of an empty slice too.
fn nothing() -> &'static [u8] {
    #[repr(align(64))]
    struct Aligned([u8; 0]);
    static NOTHING: Aligned = Aligned([]);
    &NOTHING.0
}

/// Smaller buffers are not kept: the allocator is as fast, and there is little to zero.
const MIN_BYTE_SIZE: usize = 1 << 10;
/// The maximum number of buffers kept: each output searches them.
const MAX_BUFFERS: usize = 256;
/// A buffer is at most this many times as large as its output.
const MAX_WASTE: usize = 2;

/// The memory of freed results, kept for later ones: fresh memory costs a page fault for every 4 KiB. Bounded
/// in bytes.
#[derive(Debug)]
pub(crate) struct Buffers {
    process: Process,
    max_byte_size: usize,
    free: Mutex<Free>,
}

#[derive(Debug, Default)]
struct Free {
    /// Without the bytes for alignment, so that four buffers of a quarter of the bound fit.
    byte_size: usize,
    buffers: Vec<Vec<u8>>,
}

impl Buffers {
    /// Creates buffers that keep at most `byte_size` bytes; none with 0.
    pub(crate) fn new(byte_size: u64) -> Arc<Self> {
        let max_byte_size = usize::try_from(byte_size).unwrap_or(usize::MAX);
        Arc::new(Self { process: Process::current(), max_byte_size, free: Mutex::default() })
    }

    fn keeps(&self, byte_size: usize) -> bool {
        (MIN_BYTE_SIZE..=self.max_byte_size.saturating_add(ALIGNMENT - 1)).contains(&byte_size)
    }

    /// Takes the smallest buffer of at least so many bytes; of several the one freed last, which may still be
    /// in a cache.
    fn take(&self, byte_size: usize) -> Option<Vec<u8>> {
        if !self.keeps(byte_size) {
            return None;
        }
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = byte_size..=byte_size.saturating_mul(MAX_WASTE);
        let candidates =
            free.buffers.iter().enumerate().rev().filter(|(_, buffer)| fits.contains(&buffer.len()));
        let at = candidates.min_by_key(|(_, buffer)| buffer.len())?.0;
        let buffer = free.buffers.swap_remove(at);
        free.byte_size -= room(&buffer);
        Some(buffer)
    }

    fn put(&self, buffer: Vec<u8>) {
        // A result may be freed in a forked child, where another thread may have held the lock at the fork.
        if !self.process.is_current() {
            return;
        }
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let has_room =
            free.buffers.len() < MAX_BUFFERS && free.byte_size + room(&buffer) <= self.max_byte_size;
        if self.keeps(buffer.len()) && has_room {
            free.byte_size += room(&buffer);
            free.buffers.push(buffer);
        }
    }
}

/// Returns the size of the largest output that fits a buffer.
fn room(buffer: &[u8]) -> usize {
    buffer.len().saturating_sub(ALIGNMENT - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(buffers: &Arc<Buffers>, size: u64) -> Result<Place<'static>> {
        let memory = Memory::Own(Buffer::new(size, buffers)?);
        Ok(Place { memory, byte_size: size as usize, filled: 0 })
    }

    #[test]
    fn a_place_is_aligned_and_filled_up_to_its_size() {
        let buffers = Buffers::new(1 << 20);
        for size in [0u64, 1, 3, 63, 64, 65, 4096, 100_000, 90_000] {
            let mut place = place(&buffers, size).unwrap();
            let bytes = vec![7; size as usize + 2];
            let rest = place.fill(&bytes[..1]).len();
            assert_eq!(place.fill(&bytes[1 - rest..]).len(), 2);
            assert!(place.is_full() && place.missing().is_empty());
            let data = place.into_data();
            assert_eq!(data.bytes().unwrap(), &bytes[2..]);
            assert_eq!(data.start().align_offset(ALIGNMENT), 0);
        }
        assert_eq!(place(&buffers, u64::MAX).err().unwrap().status(), Status::ResourceExhausted);
    }

    #[test]
    fn a_freed_buffer_is_reused_within_the_bound() {
        let buffers = Buffers::new(100 << 10);
        let start = |size| {
            let mut place = place(&buffers, size).unwrap();
            let start = place.missing().as_ptr();
            (start, place)
        };
        let (first, place) = start(60 << 10);
        let (second, other) = start(60 << 10);
        assert_ne!(first, second);
        drop((place, other));
        // One was kept; the other would exceed the bound.
        assert_eq!(buffers.free.lock().unwrap().buffers.len(), 1);
        assert_eq!(start(50 << 10).0, first);
        // Not for much smaller outputs, nor for larger ones.
        assert_ne!(start(17 << 10).0, first);
        drop(start(200 << 10));
        assert!(buffers.free.lock().unwrap().byte_size <= 100 << 10);
        let whole = Buffers::new(64 << 10);
        drop(self::place(&whole, 64 << 10).unwrap());
        assert_eq!(whole.free.lock().unwrap().buffers.len(), 1);
        let none = Buffers::new(0);
        drop(self::place(&none, 60 << 10).unwrap());
        assert!(none.free.lock().unwrap().buffers.is_empty());
    }
}
