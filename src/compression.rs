//! Compression of messages, the same over HTTP and gRPC.

use std::io::{self, Read, Write};

use flate2::{
    Compression as Level,
    bufread::{MultiGzDecoder, ZlibDecoder},
    write::{GzEncoder, ZlibEncoder},
};

use crate::error::{Error, Origin, Result, Status};

/// The compression of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(i32)]
pub enum Compression {
    /// Not compressed.
    #[default]
    None = 0,
    /// gzip (RFC 1952).
    Gzip = 1,
    /// zlib (RFC 1950), which HTTP and gRPC call deflate.
    Deflate = 2,
}

impl Compression {
    /// Returns the compression with a number; `None` for any other.
    pub fn from_number(number: i32) -> Option<Self> {
        [Self::None, Self::Gzip, Self::Deflate].into_iter().find(|one| *one as i32 == number)
    }

    /// Returns the name in headers.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "identity",
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        }
    }

    /// Returns the compression with a name in headers; `None` for an unsupported one. `x-gzip` is an old name
    /// of gzip (RFC 9110, 8.4.1.3).
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        if name.eq_ignore_ascii_case("x-gzip") {
            return Some(Self::Gzip);
        }
        [Self::None, Self::Gzip, Self::Deflate].into_iter().find(|own| name.eq_ignore_ascii_case(own.name()))
    }

    /// Detects the compression by the first bytes, with which neither JSON nor other text begins.
    pub(crate) fn of(message: &[u8]) -> Self {
        match message {
            [0x1f, 0x8b, ..] => Self::Gzip,
            // zlib with the usual window of 32 KiB: the four valid second bytes.
            [0x78, 0x01 | 0x5e | 0x9c | 0xda, ..] => Self::Deflate,
            _ => Self::None,
        }
    }

    /// Compresses the concatenation of `parts`.
    pub(crate) fn compress<'p>(self, parts: impl Iterator<Item = &'p [u8]>) -> Result<Vec<u8>> {
        fn all<'p, W: Write>(mut to: W, mut parts: impl Iterator<Item = &'p [u8]>) -> io::Result<W> {
            parts.try_for_each(|part| to.write_all(part))?;
            Ok(to)
        }
        let outcome = match self {
            Self::None => all(Vec::new(), parts),
            Self::Gzip => {
                all(GzEncoder::new(Vec::new(), Level::default()), parts).and_then(GzEncoder::finish)
            }
            Self::Deflate => {
                all(ZlibEncoder::new(Vec::new(), Level::default()), parts).and_then(ZlibEncoder::finish)
            }
        };
        outcome.map_err(|error| Error::invalid("can't compress the request").with_source(error))
    }

    /// Decompresses a message. Returns RESOURCE_EXHAUSTED if the result exceeds `max` bytes, INTERNAL if the
    /// message is not valid for this compression.
    pub(crate) fn decompress(self, message: &[u8], max: u64) -> Result<Vec<u8>> {
        let mut plain = Vec::new();
        let outcome = self.decompress_into(message, max.saturating_add(1), &mut plain);
        if plain.len() as u64 > max {
            let text = format!(
                "the decompressed response exceeds the limit of {max} bytes (option max_decompressed_byte_size)"
            );
            return Err(Error::new(Status::ResourceExhausted, Origin::Client, text).in_doubt(true));
        }
        match outcome {
            Ok(()) => Ok(plain),
            Err(error) => {
                let text = format!("invalid {} data in the response", self.name());
                Err(Error::malformed_response(text).with_source(error))
            }
        }
    }

    /// Decompresses as much of a damaged or cut message as possible, at most `max` bytes.
    pub(crate) fn decompress_start(self, message: &[u8], max: u64) -> Vec<u8> {
        let mut plain = Vec::new();
        // The bytes before the damage are kept.
        let _ = self.decompress_into(message, max, &mut plain);
        plain
    }

    fn decompress_into(self, message: &[u8], max: u64, plain: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::None => message.take(max).read_to_end(plain),
            Self::Gzip => MultiGzDecoder::new(message).take(max).read_to_end(plain),
            Self::Deflate => ZlibDecoder::new(message).take(max).read_to_end(plain),
        }
        .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_decompresses_to_the_same_and_a_bomb_stops_at_the_limit() {
        let (a, b) = (vec![0u8; 1 << 20], [1u8, 2, 3]);
        for compression in [Compression::None, Compression::Gzip, Compression::Deflate] {
            let message = compression.compress([&a[..], &b].into_iter()).unwrap();
            assert!(compression == Compression::None || message.len() < 4096);
            let whole = (a.len() + b.len()) as u64;
            assert_eq!(Compression::of(&message), compression);
            assert_eq!(compression.decompress(&message, whole).unwrap(), [&a[..], &b].concat());
            let error = compression.decompress(&message, whole - 1).unwrap_err();
            assert_eq!(error.status(), Status::ResourceExhausted);
            assert_eq!(compression.decompress_start(&message, 10), [0; 10]);
            assert_eq!(Compression::from_name(&compression.name().to_uppercase()), Some(compression));
        }
        assert_eq!(Compression::from_name("X-Gzip"), Some(Compression::Gzip));
        assert_eq!(Compression::from_name("br"), None);
        for text in [&b""[..], b"{", b"x", b"x-y", b"\x1f"] {
            assert_eq!(Compression::of(text), Compression::None);
        }
        for compression in [Compression::Gzip, Compression::Deflate] {
            let whole = compression.compress([&b"whole"[..]].into_iter()).unwrap();
            for damaged in [&b"garbage"[..], &whole[..whole.len() - 1], &whole[..5]] {
                let error = compression.decompress(damaged, 10).unwrap_err();
                assert_eq!(error.status(), Status::Internal, "{compression:?} {error}");
            }
        }
    }
}
