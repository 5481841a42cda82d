//! The record of an error, and what a callback of Java threw.

use std::{error::Error as StdError, fmt};

use jni::objects::{Global, JObject, JThrowable};

use super::record::Writer;
use crate::error::Error;

/// What a callback of Java threw: the source of an error, which becomes the cause of Java's exception. It is
/// dropped with the error, so that it does not keep the class loader alive.
pub(super) struct Thrown {
    pub(super) text: String,
    pub(super) throwable: Global<JThrowable<'static>>,
}

impl fmt::Debug for Thrown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Display for Thrown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl StdError for Thrown {}

/// Returns what a callback of Java threw, if that is why a call failed.
pub(super) fn thrown(error: &Error) -> Option<&JObject<'static>> {
    let mut next = error.source();
    while let Some(source) = next {
        if let Some(thrown) = source.downcast_ref::<Thrown>() {
            return Some(thrown.throwable.as_obj());
        }
        next = source.source();
    }
    None
}

/// Encodes an error, without the byte of an outcome before it.
pub(super) fn record(error: &Error) -> Vec<u8> {
    let mut record = Writer::default();
    write(&mut record, error);
    record.into_vec()
}

pub(super) fn write(record: &mut Writer, error: &Error) {
    const RETRYABLE: u8 = 1;
    const IN_DOUBT: u8 = 2;
    record.i32(error.status() as i32);
    record.i32(error.origin() as i32);
    record.i32(error.http_status().map_or(0, i32::from));
    let retryable = if error.is_retryable() { RETRYABLE } else { 0 };
    record.u8(retryable | if error.is_in_doubt() { IN_DOUBT } else { 0 });
    record.str(&error.full_message());
    record.str(error.request_id());
    match error.headers() {
        Some(headers) => record.headers(headers),
        None => record.i32(0),
    }
}
