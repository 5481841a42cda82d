//! Converts the values of C to those of Rust, checked, and the strings of Rust to those of C.

use std::{
    ffi::{CStr, CString, c_char, c_int, c_void},
    fmt::Display,
    ptr, slice,
    time::Duration,
};

use super::handle::{Out, null};
use crate::{
    compression::Compression,
    error::{Error, Result},
    infer::Datatype,
    log::LogLevel,
    options::{LoadReportFormat, TlsVersion},
};

/// Reads a string. INVALID_ARGUMENT, with the parameter's name, for NULL and for a string that is not UTF-8.
///
/// # Safety
/// NULL, or ends with a NUL and does not change meanwhile (STRINGS).
pub(super) unsafe fn string<'a>(pointer: *const c_char, name: &str) -> Result<&'a str> {
    if pointer.is_null() {
        return Err(null(name));
    }
    // SAFETY: not NULL, and then the caller promises the NUL at its end.
    let text = unsafe { CStr::from_ptr(pointer) }.to_str();
    // The text itself may be a secret.
    text.map_err(|error| Error::invalid(format!("{name} is not UTF-8 (at byte {})", error.valid_up_to())))
}

/// Reads a string for which NULL means the empty one.
///
/// # Safety
/// As for [`string`].
pub(super) unsafe fn optional_string<'a>(pointer: *const c_char, name: &str) -> Result<&'a str> {
    // SAFETY: the caller's promise.
    if pointer.is_null() { Ok("") } else { unsafe { string(pointer, name) } }
}

/// Reads a string for which NULL means none, as for a setter that NULL undoes.
///
/// # Safety
/// As for [`string`].
pub(super) unsafe fn string_or_none<'a>(pointer: *const c_char, name: &str) -> Result<Option<&'a str>> {
    // SAFETY: the caller's promise.
    if pointer.is_null() { Ok(None) } else { unsafe { string(pointer, name) }.map(Some) }
}

/// Reads a string for which NULL means none, with U+FFFD for what is not UTF-8.
///
/// # Safety
/// As for [`string`].
pub(super) unsafe fn lossy_or_none(pointer: *const c_char) -> Option<String> {
    // SAFETY: not NULL, and then the caller promises the NUL at its end.
    (!pointer.is_null()).then(|| unsafe { CStr::from_ptr(pointer) }.to_string_lossy().into_owned())
}

/// Reads bytes for which NULL, with 0 bytes, means none.
///
/// # Safety
/// NULL, or points to `byte_size` bytes that do not change meanwhile (ARRAYS).
pub(super) unsafe fn bytes_or_none<'a>(
    pointer: *const c_void,
    byte_size: usize,
    name: &str,
) -> Result<Option<&'a [u8]>> {
    if pointer.is_null() && byte_size == 0 {
        return Ok(None);
    }
    // SAFETY: the caller's promise.
    unsafe { array(pointer.cast::<u8>(), byte_size, name) }.map(Some)
}

/// Two values that are set together; `None` if both are NULL.
pub(super) fn both<T>(first: Option<T>, second: Option<T>, names: [&str; 2]) -> Result<Option<(T, T)>> {
    match (first, second) {
        (Some(first), Some(second)) => Ok(Some((first, second))),
        (None, None) => Ok(None),
        (None, Some(_)) => Err(null(names[0])),
        (Some(_), None) => Err(null(names[1])),
    }
}

/// Reads an array. Without elements the pointer may be NULL.
///
/// # Safety
/// NULL, or points to `count` elements that do not change meanwhile (ARRAYS).
pub(super) unsafe fn array<'a, T>(pointer: *const T, count: usize, name: &str) -> Result<&'a [T]> {
    if count == 0 {
        return Ok(&[]);
    }
    check_array(pointer, count, name)?;
    // SAFETY: not NULL, aligned, of a possible size, and the caller promises that the elements are there.
    Ok(unsafe { slice::from_raw_parts(pointer, count) })
}

/// Checks an array without reading its elements.
pub(super) fn check_array<T>(pointer: *const T, count: usize, name: impl Display) -> Result<()> {
    if pointer.is_null() && count > 0 {
        return Err(Error::invalid(format!("{name} is NULL, and its count is {count}")));
    }
    if count.checked_mul(size_of::<T>()).is_none_or(|size| size > isize::MAX.unsigned_abs()) {
        return Err(Error::invalid(format!(
            "{name} has {count} elements, which exceeds the size of the address space"
        )));
    }
    if !pointer.is_aligned() {
        return Err(Error::invalid(format!("{name} is not aligned for its type")));
    }
    Ok(())
}

/// Reads a `triton_datatype`.
pub(super) fn datatype(number: c_int) -> Result<Datatype> {
    Datatype::from_number(number).ok_or_else(|| invalid_value("triton_datatype", number))
}

/// Reads a `triton_log_level`.
pub(super) fn log_level(number: c_int) -> Result<LogLevel> {
    LogLevel::from_number(number).ok_or_else(|| invalid_value("triton_log_level", number))
}

/// Reads a `triton_compression`.
pub(super) fn compression(number: c_int) -> Result<Compression> {
    Compression::from_number(number).ok_or_else(|| invalid_value("triton_compression", number))
}

/// Reads a `triton_tls_version`.
pub(super) fn tls_version(number: c_int) -> Result<TlsVersion> {
    TlsVersion::from_number(number).ok_or_else(|| invalid_value("triton_tls_version", number))
}

/// Reads a `triton_load_report_format`, of which 0 requests no report.
pub(super) fn load_report_format(number: c_int) -> Result<Option<LoadReportFormat>> {
    if number == 0 {
        return Ok(None);
    }
    let format = LoadReportFormat::from_number(number);
    format.map(Some).ok_or_else(|| invalid_value("triton_load_report_format", number))
}

/// The error of a number that an enum does not have.
pub(super) fn invalid_value(name: &str, number: c_int) -> Error {
    Error::invalid(format!("invalid {name} value: {number}"))
}

/// Reads the size that the caller wrote into a struct, whose members have 8 bytes each, and checks it: at
/// least `min`, with room for one value.
///
/// # Safety
/// `from` is NULL, or points to a struct that begins with `struct_size` (STRUCTS).
pub(super) unsafe fn struct_size<T>(from: *const T, name: &str, min: usize) -> Result<usize> {
    // More than any version will have: the member was never set.
    const MAX: usize = 4096;
    if from.is_null() {
        return Err(null(name));
    }
    // SAFETY: the caller's promise. The struct may be older and smaller than T, and is not read as a whole.
    let struct_size = unsafe { from.cast::<usize>().read() };
    if (min..=MAX).contains(&struct_size) && struct_size.is_multiple_of(8) {
        return Ok(struct_size);
    }
    let message = format!("invalid struct_size {struct_size}: expected a multiple of 8 from {min} to {MAX}");
    Err(Error::invalid(message))
}

/// Fills a struct of the caller, which may be of an older header and smaller, or of a newer one and larger:
/// then the rest is 0.
///
/// # Safety
/// `to` can be written for `struct_size` bytes (OUT-PARAMETERS).
pub(super) unsafe fn fill<T: Copy>(to: *mut T, struct_size: usize, record: T) {
    let known = struct_size.min(size_of::<T>());
    // SAFETY: the caller's promise, and no more of `record` is read than there is.
    unsafe {
        ptr::from_ref(&record).cast::<u8>().copy_to_nonoverlapping(to.cast(), known);
        to.cast::<u8>().add(known).write_bytes(0, struct_size - known);
    }
}

/// The empty string, for none.
pub(super) const EMPTY: *const c_char = c"".as_ptr();

/// Strings for C.
pub(super) fn c_strings(texts: &[String]) -> Vec<CString> {
    texts.iter().map(|text| c_string(text)).collect()
}

/// A string of a list; [`EMPTY`] past the end.
pub(super) fn string_at(texts: &[CString], index: usize) -> *const c_char {
    texts.get(index).map_or(EMPTY, |text| text.as_ptr())
}

/// A pointer to an item of a list; NULL past the end.
pub(super) fn item_at<T>(items: &[T], index: usize) -> *const T {
    items.get(index).map_or(ptr::null(), ptr::from_ref)
}

/// A duration in nanoseconds.
pub(super) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Returns the dimensions of a shape; NULL if it has none.
///
/// # Safety
/// `rank_out` is NULL or can be written (OUT-PARAMETERS).
pub(super) unsafe fn dimensions(shape: &[i64], rank_out: *mut usize) -> *const i64 {
    // SAFETY: the caller's promise.
    unsafe { Out::new(rank_out, "rank_out", shape.len()) };
    if shape.is_empty() { ptr::null() } else { shape.as_ptr() }
}

/// A string for C, in which a NUL inside the text is replaced.
pub(super) fn c_string(text: &str) -> CString {
    CString::new(text).unwrap_or_else(|_| CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default())
}
