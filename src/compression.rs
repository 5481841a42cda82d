//! Compression of messages: the same two forms over HTTP and gRPC.

use std::{
    cell::Cell,
    fmt,
    io::{self, Read, Write},
    rc::Rc,
};

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

    /// What a compressed message gives, up to `most` bytes. Why a read failed that is no fault of `body`'s says
    /// [`fault`].
    pub(crate) fn decompress<'b>(self, body: impl Read + 'b, most: u64) -> Box<dyn Read + 'b> {
        let failed = Rc::new(Cell::new(false));
        let body = Watched { body, failed: failed.clone() };
        let body = io::BufReader::with_capacity(64 << 10, body);
        match self {
            Self::None => Box::new(Bounded { body, failed, left: most, most }),
            Self::Gzip => Box::new(Bounded { body: MultiGzDecoder::new(body), failed, left: most, most }),
            Self::Deflate => Box::new(Bounded { body: ZlibDecoder::new(body), failed, left: most, most }),
        }
    }
}

/// A reader that tells whether it was the one that failed.
struct Watched<R> {
    body: R,
    failed: Rc<Cell<bool>>,
}

impl<R: Read> Read for Watched<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.body.read(into).inspect_err(|_| self.failed.set(true))
    }
}

/// A reader of at most so many bytes.
struct Bounded<R> {
    body: R,
    failed: Rc<Cell<bool>>,
    left: u64,
    most: u64,
}

impl<R: Read> Bounded<R> {
    fn read_body(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.body.read(into).map_err(|error| match self.failed.get() {
            true => error,
            false => io::Error::other(Fault::Damaged(error)),
        })
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let room = usize::try_from(self.left).unwrap_or(usize::MAX).min(into.len());
        if room == 0 && !into.is_empty() {
            // One more byte would be one too many.
            return match self.read_body(&mut [0])? {
                0 => Ok(0),
                _ => Err(io::Error::other(Fault::Exceeded(self.most))),
            };
        }
        let count = self.read_body(&mut into[..room])?;
        self.left -= count as u64;
        Ok(count)
    }
}

/// What is wrong with a compressed message.
#[derive(Debug)]
enum Fault {
    /// More came out of it than may.
    Exceeded(u64),
    /// It is not compressed as it says.
    Damaged(io::Error),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exceeded(most) => {
                write!(f, "decompressed, the answer has more than {most} bytes, the client's limit")
            }
            Self::Damaged(error) => write!(f, "the answer is not compressed as it says: {error}"),
        }
    }
}

impl std::error::Error for Fault {}

/// RESOURCE_EXHAUSTED or INTERNAL, if a reader of [`Compression::decompress`] failed by the message and not by what it
/// came from.
pub(crate) fn fault(error: &io::Error) -> Option<Error> {
    let fault: &Fault = error.get_ref()?.downcast_ref()?;
    Some(match fault {
        Fault::Exceeded(_) => {
            Error::new(Status::ResourceExhausted, Origin::Client, fault.to_string()).in_doubt(true)
        }
        Fault::Damaged(_) => Error::broken_answer(fault.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken;

    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::TimedOut.into())
        }
    }

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
            assert_eq!(fault(&error).unwrap().status(), Status::ResourceExhausted);
            assert_eq!(Compression::from_name(&compression.name().to_uppercase()), Some(compression));
        }
        for compression in [Compression::Gzip, Compression::Deflate] {
            let whole = compression.compress([&b"whole"[..]].into_iter()).unwrap();
            for damaged in [&b"garbage"[..], &whole[..whole.len() - 1], &whole[..5]] {
                let error = compression.decompress(damaged, 10).read_to_end(&mut Vec::new()).unwrap_err();
                assert_eq!(fault(&error).unwrap().status(), Status::Internal, "{compression:?} {error}");
            }
            // What the message came from has a word of its own.
            let broken = (&whole[..5]).chain(Broken);
            let error = compression.decompress(broken, 10).read_to_end(&mut Vec::new()).unwrap_err();
            assert!(error.kind() == io::ErrorKind::TimedOut && fault(&error).is_none());
        }
    }
}
