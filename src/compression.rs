//! Compression of messages: the same two forms over HTTP and gRPC.

use std::io::{self, Read, Write};

use flate2::{
    Compression as Level,
    bufread::{MultiGzDecoder, ZlibDecoder},
    write::{GzEncoder, ZlibEncoder},
};

use crate::error::{Error, Origin, Result, Status};

/// How a message is compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// gzip (RFC 1952).
    Gzip,
    /// What HTTP and gRPC call deflate: zlib (RFC 1950).
    Deflate,
}

impl Compression {
    /// As headers name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "identity",
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        }
    }

    /// `None` for a name that this library does not know.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        [Self::None, Self::Gzip, Self::Deflate].into_iter().find(|own| name.eq_ignore_ascii_case(own.name()))
    }

    /// Compresses a message whose parts lie apart.
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
        outcome.map_err(|error| Error::invalid("the request can't be compressed").with_source(error))
    }

    /// What a compressed message gives, up to `most` bytes: RESOURCE_EXHAUSTED is the error of the read that would go
    /// beyond ([`exceeded`] tells it).
    pub(crate) fn decompress<'b>(self, body: impl Read + 'b, most: u64) -> Box<dyn Read + 'b> {
        let body = io::BufReader::with_capacity(64 << 10, body);
        match self {
            Self::None => Box::new(Bounded { body, left: most, most }),
            Self::Gzip => Box::new(Bounded { body: MultiGzDecoder::new(body), left: most, most }),
            Self::Deflate => Box::new(Bounded { body: ZlibDecoder::new(body), left: most, most }),
        }
    }
}

/// A reader of at most so many bytes.
struct Bounded<R> {
    body: R,
    left: u64,
    most: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(into.len());
        if room == 0 && !into.is_empty() {
            // One more byte would be one too many.
            return match self.body.read(&mut [0])? {
                0 => Ok(0),
                _ => Err(io::Error::other(Exceeded(self.most))),
            };
        }
        let count = self.body.read(&mut into[..room])?;
        self.left -= count as u64;
        Ok(count)
    }
}

/// More came out of a compressed message than it may have.
#[derive(Debug)]
struct Exceeded(u64);

impl std::fmt::Display for Exceeded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "decompressed, the answer has more than {} bytes, the client's limit", self.0)
    }
}

impl std::error::Error for Exceeded {}

/// RESOURCE_EXHAUSTED, if that is why a reader of [`Compression::decompress`] failed.
pub(crate) fn exceeded(error: &io::Error) -> Option<Error> {
    let limit = error.get_ref()?.downcast_ref::<Exceeded>()?;
    Some(Error::new(Status::ResourceExhausted, Origin::Client, limit.to_string()).in_doubt(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_comes_back_and_a_bomb_is_stopped_at_the_limit() {
        let (a, b) = (vec![0u8; 1 << 20], [1u8, 2, 3]);
        for compression in [Compression::None, Compression::Gzip, Compression::Deflate] {
            let message = compression.compress([&a[..], &b].into_iter()).unwrap();
            assert!(compression == Compression::None || message.len() < 4096);
            let mut back = Vec::new();
            let whole = (a.len() + b.len()) as u64;
            compression.decompress(&message[..], whole).read_to_end(&mut back).unwrap();
            assert_eq!(back, [&a[..], &b].concat());
            let error = compression.decompress(&message[..], whole - 1).read_to_end(&mut back).unwrap_err();
            assert_eq!(exceeded(&error).unwrap().status(), Status::ResourceExhausted);
            assert_eq!(Compression::from_name(&compression.name().to_uppercase()), Some(compression));
        }
        let garbage = Compression::Gzip.decompress(&b"garbage"[..], 10).read_to_end(&mut Vec::new());
        assert!(exceeded(&garbage.unwrap_err()).is_none());
    }
}
