//! The record of an error.

use super::record::Writer;
use crate::error::Error;

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
