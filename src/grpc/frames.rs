//! The server's frames as they pass to h2, for what h2 counts and does not tell of.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::{net::link::Raw, tls_port};

/// The length of a frame's header, and where its parts are.
const HEADER_BYTE_SIZE: usize = 9;
const KIND: usize = 3;
const FLAGS: usize = 4;

const DATA: u8 = 0;
const END_STREAM: u8 = 1;
const PADDED: u8 = 8;

/// A connection on its way to h2, whose empty DATA frames are counted. h2 hands none of them out, unless they end their
/// stream, and breaks the connection at the 101st of its life.
pub(super) struct Watched {
    raw: Raw,
    frames: Frames,
    empty: Arc<AtomicUsize>,
}

impl Watched {
    pub fn new(raw: Raw, empty: Arc<AtomicUsize>) -> Self {
        Self { raw, frames: Frames::default(), empty }
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        ready!(Pin::new(&mut self.raw).poll_read(context, into))?;
        let bytes = &into.filled()[before..];
        if self.frames.is_at_start && tls_port::is_alert(bytes) {
            // Shorter than a frame's header, so that h2 would wait for more.
            return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
        }
        let empty = self.frames.pass(bytes);
        if empty > 0 {
            self.empty.fetch_add(empty, Ordering::Relaxed);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.raw).poll_write(context, data)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.raw).poll_write_vectored(context, data)
    }

    fn is_write_vectored(&self) -> bool {
        self.raw.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.raw).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.raw).poll_shutdown(context)
    }
}

/// Where in the frames of a connection the bytes that arrive stand.
struct Frames {
    is_at_start: bool,
    /// What has arrived of a frame's header, and of the byte behind it that tells how much of the payload is padding.
    header: [u8; HEADER_BYTE_SIZE + 1],
    have: usize,
    /// What has not arrived of its payload.
    left: usize,
}

impl Default for Frames {
    fn default() -> Self {
        Self { is_at_start: true, header: [0; HEADER_BYTE_SIZE + 1], have: 0, left: 0 }
    }
}

impl Frames {
    /// Passes the next bytes, and returns how many empty DATA frames are complete in them that do not end their stream.
    fn pass(&mut self, mut bytes: &[u8]) -> usize {
        let mut empty = 0;
        while !bytes.is_empty() {
            self.is_at_start = false;
            let skipped = self.left.min(bytes.len());
            self.left -= skipped;
            bytes = &bytes[skipped..];
            let wanted = self.wanted();
            let taken = (wanted - self.have).min(bytes.len());
            self.header[self.have..self.have + taken].copy_from_slice(&bytes[..taken]);
            self.have += taken;
            bytes = &bytes[taken..];
            // The header may tell that a byte more is wanted.
            if self.have >= HEADER_BYTE_SIZE && self.have == self.wanted() {
                let padding = self.have - HEADER_BYTE_SIZE;
                let is_data = self.header[KIND] == DATA && self.header[FLAGS] & END_STREAM == 0;
                let payload = self.byte_size() - padding;
                let is_empty = match padding {
                    0 => payload == 0,
                    _ => payload == usize::from(self.header[HEADER_BYTE_SIZE]),
                };
                empty += usize::from(is_data && is_empty);
                (self.have, self.left) = (0, payload);
            }
        }
        empty
    }

    /// How much of the header is wanted, as far as it tells.
    fn wanted(&self) -> usize {
        let is_padded = self.have >= HEADER_BYTE_SIZE
            && self.header[KIND] == DATA
            && self.header[FLAGS] & PADDED != 0
            && self.byte_size() > 0;
        HEADER_BYTE_SIZE + usize::from(is_padded)
    }

    fn byte_size(&self) -> usize {
        let [a, b, c, ..] = self.header;
        usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let [.., a, b, c] = payload.len().to_be_bytes();
        [&[a, b, c, kind, flags, 0, 0, 0, 1], payload].concat()
    }

    #[test]
    fn empty_data_frames_are_counted_however_their_bytes_arrive() {
        let frames = [
            (frame(4, 0, &[0; 12]), 0),
            (frame(DATA, 0, b""), 1),
            (frame(DATA, 0, &[0; 1000]), 0),
            (frame(1, 4, b""), 0),
            // They end their stream.
            (frame(DATA, END_STREAM, b""), 0),
            (frame(DATA, END_STREAM | PADDED, &[1, 0]), 0),
            // Nothing but padding, and something before the padding.
            (frame(DATA, PADDED, &[0]), 1),
            (frame(DATA, PADDED, &[3, 0, 0, 0]), 1),
            (frame(DATA, PADDED, &[2, 0, 0, 0]), 0),
            // Not valid: what the padding's size would be in is missing.
            (frame(DATA, PADDED, b""), 1),
            (frame(DATA, 0, b""), 1),
        ];
        let bytes: Vec<u8> = frames.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
        let expected: usize = frames.iter().map(|(_, empty)| empty).sum();
        for step in (1..40).chain([bytes.len()]) {
            let mut passing = Frames::default();
            let counted: usize = bytes.chunks(step).map(|piece| passing.pass(piece)).sum();
            assert_eq!((counted, passing.have, passing.left), (expected, 0, 0), "in steps of {step}");
        }
    }
}
