//! A descriptor that is readable while it is set, for event loops.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

#[cfg(target_os = "linux")]
use linux::create;
#[cfg(not(target_os = "linux"))]
use other::create;

/// Set and cleared in turn, by one thread at a time.
#[derive(Debug)]
pub(crate) struct Signal {
    reader: OwnedFd,
    /// `None` if it is the same descriptor.
    writer: Option<OwnedFd>,
}

#[cfg(target_os = "linux")]
mod linux {
    use rustix::event::{EventfdFlags, eventfd};

    use super::*;

    pub(super) fn create() -> rustix::io::Result<(OwnedFd, Option<OwnedFd>)> {
        Ok((eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?, None))
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    use rustix::{
        io::{FdFlags, fcntl_setfd, ioctl_fionbio},
        pipe::pipe,
    };

    use super::*;

    pub(super) fn create() -> rustix::io::Result<(OwnedFd, Option<OwnedFd>)> {
        let (reader, writer) = pipe()?;
        for end in [&reader, &writer] {
            fcntl_setfd(end, FdFlags::CLOEXEC)?;
            ioctl_fionbio(end, true)?;
        }
        Ok((reader, Some(writer)))
    }
}

impl Signal {
    pub(crate) fn new() -> io::Result<Self> {
        let (reader, writer) = create()?;
        Ok(Self { reader, writer })
    }

    pub(crate) fn set(&self) {
        // Neither an event counter nor a pipe is full after one write of eight bytes.
        let _ = rustix::io::write(self.writer.as_ref().unwrap_or(&self.reader), &1u64.to_ne_bytes());
    }

    pub(crate) fn clear(&self) {
        let _ = rustix::io::read(&self.reader, &mut [0; 8]);
    }
}

impl AsFd for Signal {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}
