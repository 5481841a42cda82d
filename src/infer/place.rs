//! Where an output's bytes land: one answer for both protocols.

use crate::error::{Error, Origin, Result, Status};

/// Every output begins at a multiple of this, whatever the wire did, so that a cast to any element type is legal.
pub(crate) const ALIGNMENT: usize = 64;

/// The memory of one output: made for a size, filled from its start as bytes arrive.
#[derive(Debug, Default)]
pub(crate) struct Place {
    /// Its capacity is reserved once and never grows, so the aligned start stays where it is.
    memory: Vec<u8>,
    start: usize,
    byte_size: usize,
}

impl Place {
    /// Room for `byte_size` bytes. The caller has held the size against the limits; memory that the system will not
    /// give is RESOURCE_EXHAUSTED.
    pub fn new(byte_size: u64) -> Result<Self> {
        let refused = |_| {
            Error::new(
                Status::ResourceExhausted,
                Origin::Client,
                format!("no memory for an output of {byte_size} bytes"),
            )
            .in_doubt(true)
        };
        let size = usize::try_from(byte_size).map_err(|_| refused(()))?;
        if size == 0 {
            return Ok(Self::default());
        }
        let mut memory = Vec::<u8>::new();
        memory.try_reserve_exact(size.saturating_add(ALIGNMENT - 1)).map_err(|_| refused(()))?;
        let start = memory.as_ptr().align_offset(ALIGNMENT);
        memory.resize(start, 0);
        Ok(Self { memory, start, byte_size: size })
    }

    /// The bytes that are still to come.
    pub fn missing(&self) -> usize {
        self.byte_size - self.bytes().len()
    }

    /// Takes as much of `bytes` as is missing, and returns the rest.
    pub fn fill<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let (taken, rest) = bytes.split_at(self.missing().min(bytes.len()));
        self.memory.extend_from_slice(taken);
        rest
    }

    /// What has arrived.
    pub fn bytes(&self) -> &[u8] {
        #[repr(align(64))]
        struct Aligned([u8; 0]);
        static NOTHING: Aligned = Aligned([]);
        // An empty vector's pointer is not aligned, and a cast asks for that even of nothing.
        if self.byte_size == 0 { &NOTHING.0 } else { &self.memory[self.start..] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_aligned_takes_what_it_was_made_for_and_no_more() {
        for size in [0u64, 1, 3, 63, 64, 65, 4096] {
            let mut place = Place::new(size).unwrap();
            let bytes = vec![7; size as usize + 2];
            let rest = place.fill(&bytes[..1]).len();
            assert_eq!(place.fill(&bytes[1 - rest..]).len(), 2);
            assert_eq!(place.missing(), 0);
            assert_eq!(place.bytes(), &bytes[2..]);
            assert_eq!(place.bytes().as_ptr().align_offset(ALIGNMENT), 0);
            assert!(place.memory.capacity() >= place.memory.len());
        }
        assert_eq!(Place::new(u64::MAX).unwrap_err().status(), Status::ResourceExhausted);
    }
}
