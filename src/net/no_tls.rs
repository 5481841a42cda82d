//! Replaces `tls` in a build without the feature: its types have no values.

use std::{
    io::{self, IoSlice},
    net::SocketAddr,
    sync::Arc,
};

use tokio::io::ReadBuf;

use crate::{
    error::{Error, Origin, Result, Status},
    log::Log,
    options::TlsOptions,
    url::Url,
};

#[derive(Debug)]
pub(crate) enum TlsConfig {}

impl TlsConfig {
    pub(crate) fn new(_: &TlsOptions, _: &Url, _: &Log) -> Result<Self> {
        Err(Error::new(Status::Unimplemented, Origin::Argument, "this build has no TLS"))
    }

    pub(crate) fn not_tls(&self) -> Error {
        match *self {}
    }
}

#[derive(Debug)]
pub(crate) enum Session {}

#[allow(dead_code, reason = "the link matches them")]
pub(crate) enum Taken {
    Data,
    End,
    Nothing,
}

#[derive(Clone, Copy)]
pub(crate) struct Handshake {
    pub is_resumed: bool,
    pub version: &'static str,
}

impl Session {
    pub(crate) fn new(config: &Arc<TlsConfig>, _: SocketAddr) -> Result<Self> {
        match **config {}
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        match *self {}
    }

    pub(crate) fn wants_write(&self) -> bool {
        match *self {}
    }

    pub(crate) fn handshake(&self) -> Handshake {
        match *self {}
    }

    pub(crate) fn has_heard(&self) -> bool {
        match *self {}
    }

    pub(crate) fn failure(&self) -> Option<&Error> {
        match *self {}
    }

    pub(crate) fn is_retired(&self) -> bool {
        match *self {}
    }

    pub(crate) fn write(
        &mut self,
        _: &[IoSlice<'_>],
        _: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        match *self {}
    }

    pub(crate) fn flush(&mut self, _: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>) -> io::Result<()> {
        match *self {}
    }

    pub(crate) fn receive(
        &mut self,
        _: impl FnOnce(&mut ReadBuf<'_>) -> io::Result<usize>,
    ) -> io::Result<()> {
        match *self {}
    }

    pub(crate) fn take(&mut self, _: &mut ReadBuf<'_>) -> io::Result<Taken> {
        match *self {}
    }

    pub(crate) fn is_quiet(&mut self, _: impl FnMut(&mut ReadBuf<'_>) -> io::Result<usize>) -> bool {
        match *self {}
    }

    pub(crate) fn close(&mut self, _: impl FnMut(&[IoSlice<'_>]) -> io::Result<usize>) {
        match *self {}
    }
}
