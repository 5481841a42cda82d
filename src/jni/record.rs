//! The packed records in which requests, options and results cross to Java and back: little-endian, without
//! padding. Java's side is `RecordWriter` and `RecordReader`; [`ABI`](super::ABI) covers the format.

use std::ops::Range;

use crate::{
    error::{Error, Origin, Result, Status},
    headers::Headers,
    infer::{Parameter, ParameterKind, Parameters},
};

/// Reads a record. It comes from Java code of the same version, but nothing in it is trusted: a malformed
/// record is an error, and no length is allocated before it is checked.
#[derive(Clone, Copy)]
pub(super) struct Reader<'r> {
    record: &'r [u8],
    position: usize,
}

impl<'r> Reader<'r> {
    pub(super) fn new(record: &'r [u8]) -> Self {
        Self { record, position: 0 }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.position == self.record.len()
    }

    /// Fails unless the whole record has been read.
    pub(super) fn finish(self) -> Result<()> {
        if self.is_at_end() { Ok(()) } else { Err(malformed("it is too long")) }
    }

    pub(super) fn u8(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    pub(super) fn bool(&mut self) -> Result<bool> {
        Ok(self.u8()? != 0)
    }

    pub(super) fn i32(&mut self) -> Result<i32> {
        Ok(i32::from_le_bytes(self.array()?))
    }

    pub(super) fn i64(&mut self) -> Result<i64> {
        Ok(i64::from_le_bytes(self.array()?))
    }

    pub(super) fn f64(&mut self) -> Result<f64> {
        Ok(f64::from_le_bytes(self.array()?))
    }

    /// Reads a string that is not null.
    pub(super) fn str(&mut self) -> Result<&'r str> {
        self.opt_str()?.ok_or_else(|| malformed("a string is null"))
    }

    pub(super) fn opt_str(&mut self) -> Result<Option<&'r str>> {
        let length = self.i32()?;
        if length == -1 {
            return Ok(None);
        }
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes).map(Some).map_err(|_| malformed("a string is not UTF-8"))
    }

    pub(super) fn bytes(&mut self) -> Result<&'r [u8]> {
        let length = self.i32()?;
        self.take(length)
    }

    /// Reads bytes, and returns where in the record they are.
    pub(super) fn range(&mut self) -> Result<Range<usize>> {
        let length = self.bytes()?.len();
        Ok(self.position - length..self.position)
    }

    /// Skips `N` bytes, and returns where in the record they are.
    pub(super) fn fixed<const N: usize>(&mut self) -> Result<Range<usize>> {
        self.array::<N>()?;
        Ok(self.position - N..self.position)
    }

    /// Reads the length of a list, whose items take at least `item_byte_size` bytes each.
    pub(super) fn count(&mut self, item_byte_size: usize) -> Result<usize> {
        let count = usize::try_from(self.i32()?).map_err(|_| malformed("a count is negative"))?;
        if count > self.left() / item_byte_size {
            return Err(malformed("a list is longer than the record"));
        }
        Ok(count)
    }

    pub(super) fn shape(&mut self) -> Result<Vec<i64>> {
        (0..self.count(size_of::<i64>())?).map(|_| self.i64()).collect()
    }

    /// Reads parameters, and passes each to `set`.
    pub(super) fn parameters(&mut self, mut set: impl FnMut(&str, Parameter) -> Result<()>) -> Result<()> {
        for _ in 0..self.count(6)? {
            let name = self.str()?;
            let value = match self.u8()? {
                1 => Parameter::Bool(self.bool()?),
                2 => Parameter::Int64(self.i64()?),
                3 => Parameter::Uint64(self.i64()? as u64),
                4 => Parameter::Double(self.f64()?),
                5 => Parameter::String(self.str()?.to_owned()),
                _ => return Err(malformed("a parameter is of an unknown kind")),
            };
            set(name, value)?;
        }
        Ok(())
    }

    fn left(&self) -> usize {
        self.record.len() - self.position
    }

    fn take(&mut self, length: i32) -> Result<&'r [u8]> {
        let length = usize::try_from(length).map_err(|_| malformed("a length is negative"))?;
        if length > self.left() {
            return Err(malformed("it is too short"));
        }
        let bytes = &self.record[self.position..self.position + length];
        self.position += length;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        match self.record.get(self.position..).and_then(<[u8]>::first_chunk) {
            Some(bytes) => {
                self.position += N;
                Ok(*bytes)
            }
            None => Err(malformed("it is too short")),
        }
    }
}

pub(super) fn malformed(why: &str) -> Error {
    Error::new(Status::Internal, Origin::Client, format!("malformed record from Java: {why}"))
}

/// Writes a record.
#[derive(Default)]
pub(super) struct Writer(Vec<u8>);

impl Writer {
    pub(super) fn with_capacity(byte_size: usize) -> Self {
        Self(Vec::with_capacity(byte_size))
    }

    pub(super) fn into_vec(self) -> Vec<u8> {
        self.0
    }

    pub(super) fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(super) fn bool(&mut self, value: bool) {
        self.u8(value.into());
    }

    pub(super) fn i32(&mut self, value: i32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn i64(&mut self, value: i64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn f64(&mut self, value: f64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    pub(super) fn str(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// Writes bytes after their number. No more than 2^31 - 1 are written: a Java array holds no more.
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        let length = bytes.len().min(i32::MAX as usize);
        self.i32(length as i32);
        self.0.extend_from_slice(&bytes[..length]);
    }

    pub(super) fn list<I: ExactSizeIterator>(&mut self, items: I, mut item: impl FnMut(&mut Self, I::Item)) {
        self.i32(items.len() as i32);
        items.for_each(|one| item(self, one));
    }

    pub(super) fn shape(&mut self, shape: &[i64]) {
        self.list(shape.iter(), |record, dimension| record.i64(*dimension));
    }

    /// Writes headers from their received form: most programs read none. Java replaces what is not UTF-8.
    pub(super) fn headers(&mut self, headers: &Headers) {
        let start = self.0.len();
        let mut count = 0;
        self.i32(count);
        headers.visit(|name, value| {
            count += 1;
            self.bytes(name);
            let end = self.0.len();
            self.0[end - name.len()..].make_ascii_lowercase();
            self.bytes(value);
        });
        self.0[start..start + size_of::<i32>()].copy_from_slice(&count.to_le_bytes());
    }

    pub(super) fn parameters(&mut self, parameters: &Parameters) {
        self.list(parameters.iter(), |record, (name, value)| {
            record.str(name);
            record.u8(value.kind() as u8);
            match value {
                Parameter::Bool(value) => record.bool(*value),
                Parameter::Int64(value) => record.i64(*value),
                Parameter::Uint64(value) => record.i64(*value as i64),
                Parameter::Double(value) => record.f64(*value),
                Parameter::String(value) => record.str(value),
            }
        });
    }
}

// The kinds of `Reader::parameters` and of Java.
const _: () = assert!(ParameterKind::Bool as i32 == 1 && ParameterKind::String as i32 == 5);
