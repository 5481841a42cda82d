//! Notes frames of the server before they reach h2, which does not report them: empty DATA frames, whose
//! number h2 limits, SETTINGS and GOAWAY. Counts all bytes.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::{error::Error, net::link::LinkIo, tls_port};

const HEADER_BYTE_SIZE: usize = 9;
/// Offsets in a frame header.
const TYPE: usize = 3;
const FLAGS: usize = 4;

/// Frame types and flags of RFC 9113.
const DATA: u8 = 0;
const SETTINGS: u8 = 4;
const GO_AWAY: u8 = 7;
const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const PADDED: u8 = 8;

/// The start of a GOAWAY payload after the last stream: the error code ENHANCE_YOUR_CALM, and debug data by
/// which gRPC servers say which limit was exceeded.
const TOO_MANY_PINGS: &[u8] = b"\0\0\0\x0btoo_many_pings";
const LAST_STREAM_BYTE_SIZE: usize = 4;
const GO_AWAY_BYTE_SIZE: usize = LAST_STREAM_BYTE_SIZE + TOO_MANY_PINGS.len();

/// What the server has sent on a connection.
#[derive(Default)]
pub(super) struct Seen {
    empty_data_frames: AtomicUsize,
    settings: AtomicBool,
    go_away: AtomicBool,
    received: AtomicU64,
    end: OnceLock<Error>,
}

impl Seen {
    /// Returns the number of empty DATA frames without END_STREAM. h2 closes a connection with
    /// ENHANCE_YOUR_CALM at the 101st.
    pub(super) fn empty_data_frames(&self) -> usize {
        self.empty_data_frames.load(Relaxed)
    }

    /// Returns whether the server has sent its SETTINGS.
    pub(super) fn settings(&self) -> bool {
        self.settings.load(Relaxed)
    }

    /// Returns whether the server has sent GOAWAY: it processes no further call on this connection.
    pub(super) fn go_away(&self) -> bool {
        self.go_away.load(Relaxed)
    }

    /// Returns the number of bytes received.
    pub(super) fn received(&self) -> u64 {
        self.received.load(Relaxed)
    }

    /// Returns why PINGs have ended the connection, if they have.
    pub(super) fn end(&self) -> Option<&Error> {
        self.end.get()
    }

    pub(super) fn set_end(&self, error: Error) {
        // The first reason counts.
        let _ = self.end.set(error);
    }
}

/// A connection whose frames are noted.
pub(super) struct Watched {
    io: LinkIo,
    frames: Frames,
    seen: Arc<Seen>,
}

impl Watched {
    pub(super) fn new(io: LinkIo, seen: Arc<Seen>) -> Self {
        Self { io, frames: Frames::default(), seen }
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Self { io, frames, seen } = self.get_mut();
        let before = into.filled().len();
        ready!(Pin::new(io).poll_read(context, into))?;
        let bytes = &into.filled()[before..];
        if frames.is_at_start && tls_port::is_alert(bytes) {
            // An alert is shorter than a frame header, so that h2 would wait for more.
            return Poll::Ready(Err(io::ErrorKind::InvalidData.into()));
        }
        // Only the reader writes it.
        seen.received.store(seen.received() + bytes.len() as u64, Relaxed);
        frames.parse(bytes, seen);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, data)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        data: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, data)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

/// An incremental parser of frame headers.
struct Frames {
    /// Whether no byte has arrived on the connection yet.
    is_at_start: bool,
    /// The frame header, followed by the padding length of a padded frame, or the start of a GOAWAY payload.
    header: [u8; HEADER_BYTE_SIZE + GO_AWAY_BYTE_SIZE],
    /// The number of bytes of `header` that have arrived.
    have: usize,
    /// The number of bytes of the payload that have not arrived.
    left: usize,
}

impl Default for Frames {
    fn default() -> Self {
        Self { is_at_start: true, header: [0; HEADER_BYTE_SIZE + GO_AWAY_BYTE_SIZE], have: 0, left: 0 }
    }
}

impl Frames {
    /// Parses the next bytes.
    fn parse(&mut self, mut bytes: &[u8], seen: &Seen) {
        while !bytes.is_empty() {
            self.is_at_start = false;
            let skipped = self.left.min(bytes.len());
            self.left -= skipped;
            bytes = &bytes[skipped..];
            let taken = (self.header_byte_size() - self.have).min(bytes.len());
            self.header[self.have..self.have + taken].copy_from_slice(&bytes[..taken]);
            self.have += taken;
            bytes = &bytes[taken..];
            if self.have >= HEADER_BYTE_SIZE && self.have == self.header_byte_size() {
                let start_byte_size = self.have - HEADER_BYTE_SIZE;
                let payload = self.byte_size() - start_byte_size;
                let is_empty = match start_byte_size {
                    0 => payload == 0,
                    _ => payload == usize::from(self.header[HEADER_BYTE_SIZE]),
                };
                match self.header[TYPE] {
                    DATA if is_empty && self.header[FLAGS] & END_STREAM == 0 => {
                        seen.empty_data_frames.fetch_add(1, Relaxed);
                    }
                    SETTINGS if self.header[FLAGS] & ACK == 0 => seen.settings.store(true, Relaxed),
                    GO_AWAY => {
                        let start = &self.header[HEADER_BYTE_SIZE..self.have];
                        if start.get(LAST_STREAM_BYTE_SIZE..) == Some(TOO_MANY_PINGS) {
                            seen.set_end(too_many_pings());
                        }
                        seen.go_away.store(true, Relaxed);
                    }
                    _ => {}
                }
                (self.have, self.left) = (0, payload);
            }
        }
    }

    /// Returns the size of the header, as far as it is known: that of a padded frame is one byte longer, and
    /// the start of a GOAWAY payload counts as its header.
    fn header_byte_size(&self) -> usize {
        if self.have < HEADER_BYTE_SIZE {
            return HEADER_BYTE_SIZE;
        }
        let start_byte_size = match self.header[TYPE] {
            DATA if self.header[FLAGS] & PADDED != 0 => self.byte_size().min(1),
            GO_AWAY => self.byte_size().min(GO_AWAY_BYTE_SIZE),
            _ => 0,
        };
        HEADER_BYTE_SIZE + start_byte_size
    }

    /// Returns the size of the payload, including the padding length.
    fn byte_size(&self) -> usize {
        let [a, b, c, ..] = self.header;
        usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c)
    }
}

/// Returns the error of a server that closes a connection since it got more PINGs than it permits.
fn too_many_pings() -> Error {
    Error::connection(
        "connection closed by the server (GOAWAY, too_many_pings): PINGs were sent more often than it permits, \
         see option keepalive_time",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, flags: u8, payload: &[u8]) -> Vec<u8> {
        let [.., a, b, c] = payload.len().to_be_bytes();
        [&[a, b, c, kind, flags, 0, 0, 0, 1], payload].concat()
    }

    #[test]
    fn empty_data_frames_are_counted_in_chunks_of_any_size() {
        let frames = [
            (frame(4, 0, &[0; 12]), 0),
            (frame(DATA, 0, b""), 1),
            (frame(DATA, 0, &[0; 1000]), 0),
            (frame(1, 4, b""), 0),
            // END_STREAM.
            (frame(DATA, END_STREAM, b""), 0),
            (frame(DATA, END_STREAM | PADDED, &[1, 0]), 0),
            // Only padding, and one byte of data before the padding.
            (frame(DATA, PADDED, &[0]), 1),
            (frame(DATA, PADDED, &[3, 0, 0, 0]), 1),
            (frame(DATA, PADDED, &[2, 0, 0, 0]), 0),
            // Invalid: the padding length is missing.
            (frame(DATA, PADDED, b""), 1),
            (frame(DATA, 0, b""), 1),
        ];
        let bytes: Vec<u8> = frames.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
        let expected: usize = frames.iter().map(|(_, empty)| empty).sum();
        for step in (1..40).chain([bytes.len()]) {
            let (mut parser, seen) = (Frames::default(), Seen::default());
            bytes.chunks(step).for_each(|chunk| parser.parse(chunk, &seen));
            let counted = seen.empty_data_frames();
            assert_eq!((counted, parser.have, parser.left), (expected, 0, 0), "in chunks of {step}");
            assert!(seen.settings() && !seen.go_away());
        }
    }

    #[test]
    fn settings_are_told_from_their_acknowledgement_and_goaway_is_seen() {
        let (mut parser, seen) = (Frames::default(), Seen::default());
        parser.parse(&frame(SETTINGS, ACK, b""), &seen);
        assert!(!seen.settings());
        parser.parse(&frame(SETTINGS, 0, b""), &seen);
        assert!(seen.settings() && !seen.go_away());
        parser.parse(&frame(GO_AWAY, 0, &[0; 8]), &seen);
        assert!(seen.go_away());
    }

    #[test]
    fn a_goaway_that_complains_about_pings_is_told_from_others_in_chunks_of_any_size() {
        let payload = |code: u32, text: &[u8]| [&[0, 0, 0, 9][..], &code.to_be_bytes(), text].concat();
        for (payload, expected) in [
            (payload(11, b"too_many_pings"), true),
            (payload(11, b"too_many_pings, and more"), true),
            (payload(11, b"too_many_ping"), false),
            (payload(11, b"too many streams"), false),
            (payload(0, b"too_many_pings"), false),
            (payload(11, b""), false),
            // Invalid.
            (vec![0; 3], false),
            (vec![], false),
        ] {
            let bytes = [frame(GO_AWAY, 0, &payload), frame(DATA, 0, b"")].concat();
            for step in 1..=bytes.len() {
                let (mut parser, seen) = (Frames::default(), Seen::default());
                bytes.chunks(step).for_each(|chunk| parser.parse(chunk, &seen));
                assert_eq!(seen.end().is_some(), expected, "{payload:?} in chunks of {step}");
                assert!(seen.go_away() && seen.empty_data_frames() == 1);
            }
        }
    }
}
