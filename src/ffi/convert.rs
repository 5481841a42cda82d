//! C's values checked and made into Rust's, and Rust's texts into C's.

use std::{
    ffi::{CStr, CString, c_char, c_int},
    fmt::Display,
    ptr, slice,
    time::Duration,
};

use super::{handle::Out, library::TRITON_NO_TIMEOUT};
use crate::{
    compression::Compression,
    error::{Error, Result},
    infer::Datatype,
    log::LogLevel,
    options::LoadReportFormat,
};

/// A text; INVALID_ARGUMENT with the parameter's name for NULL and for what is not UTF-8.
///
/// # Safety
/// NULL, or ends with a NUL and is not changed meanwhile (TEXT).
pub(super) unsafe fn string<'a>(pointer: *const c_char, name: &str) -> Result<&'a str> {
    if pointer.is_null() {
        return Err(Error::invalid(format!("{name} is NULL")));
    }
    // SAFETY: not NULL, and then the caller promises the NUL at its end.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map_err(|_| Error::invalid(format!("{name} is not UTF-8: '{}'", text.to_string_lossy())))
}

/// A text for which NULL stands for the empty one.
///
/// # Safety
/// As for [`string`].
pub(super) unsafe fn optional_string<'a>(pointer: *const c_char, name: &str) -> Result<&'a str> {
    // SAFETY: the caller's promise.
    if pointer.is_null() { Ok("") } else { unsafe { string(pointer, name) } }
}

/// An array. With no elements the pointer may be NULL.
///
/// # Safety
/// NULL, or points to `count` elements that are not changed meanwhile (ARRAYS).
pub(super) unsafe fn array<'a, T>(pointer: *const T, count: usize, name: &str) -> Result<&'a [T]> {
    if count == 0 {
        return Ok(&[]);
    }
    check_array(pointer, count, name)?;
    // SAFETY: not NULL, of a size that can be, and the caller promises that the elements are there.
    Ok(unsafe { slice::from_raw_parts(pointer, count) })
}

/// What can be told of an array without looking into it.
pub(super) fn check_array<T>(pointer: *const T, count: usize, name: impl Display) -> Result<()> {
    if pointer.is_null() && count > 0 {
        return Err(Error::invalid(format!("{name} is NULL, and its count is {count}")));
    }
    if count.checked_mul(size_of::<T>()).is_none_or(|size| size > isize::MAX.unsigned_abs()) {
        return Err(Error::invalid(format!(
            "{name} has {count} elements, which is more than memory can hold"
        )));
    }
    if !pointer.is_aligned() {
        return Err(Error::invalid(format!("{name} is not aligned for its type")));
    }
    Ok(())
}

/// A `triton_datatype`, which comes as whatever number C has in it.
pub(super) fn datatype(number: c_int) -> Result<Datatype> {
    Datatype::from_number(number)
        .ok_or_else(|| Error::invalid(format!("datatype {number} is no triton_datatype")))
}

/// A `triton_log_level`.
pub(super) fn log_level(number: c_int) -> Result<LogLevel> {
    use LogLevel::{Debug, Error as Failure, Info, Trace, Warn};
    [Failure, Warn, Info, Debug, Trace]
        .into_iter()
        .find(|level| *level as c_int == number)
        .ok_or_else(|| Error::invalid(format!("level {number} is no triton_log_level")))
}

/// A `triton_compression`.
pub(super) fn compression(number: c_int) -> Result<Compression> {
    match number {
        0 => Ok(Compression::None),
        1 => Ok(Compression::Gzip),
        2 => Ok(Compression::Deflate),
        _ => Err(Error::invalid(format!("compression {number} is no triton_compression"))),
    }
}

/// A `triton_load_report_format`.
pub(super) fn load_report_format(number: c_int) -> Result<Option<LoadReportFormat>> {
    match number {
        0 => Ok(None),
        1 => Ok(Some(LoadReportFormat::Text)),
        2 => Ok(Some(LoadReportFormat::Json)),
        _ => Err(Error::invalid(format!("format {number} is no triton_load_report_format"))),
    }
}

/// The size that a struct of the caller's says of itself: `least` bytes are needed for anything to be told, and its
/// members have 8 bytes each.
pub(super) fn check_struct_size(struct_size: usize, least: usize) -> Result<()> {
    // More than any version will have is a size that was never set.
    const MOST: usize = 4096;
    if (least..=MOST).contains(&struct_size) && struct_size.is_multiple_of(8) {
        return Ok(());
    }
    let message = format!("struct_size is {struct_size}, and is a multiple of 8 from {least} to {MOST}");
    Err(Error::invalid(message))
}

/// Fills a struct of the caller's, which may be older and smaller than ours, or newer and larger: then the rest is 0.
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

/// A time limit; what it may be is the core's to say.
pub(super) fn timeout(timeout_us: u64) -> Option<Duration> {
    (timeout_us != TRITON_NO_TIMEOUT).then(|| Duration::from_micros(timeout_us))
}

/// The text that stands for none.
pub(super) const EMPTY: *const c_char = c"".as_ptr();

/// Texts for C.
pub(super) fn c_strings(texts: &[String]) -> Vec<CString> {
    texts.iter().map(|text| c_string(text)).collect()
}

/// A text of a list; an empty one past the end.
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

/// Hands dimensions out; NULL if there are none.
///
/// # Safety
/// `rank_out` is NULL or can be written (OUT-PARAMETERS).
pub(super) unsafe fn dimensions(shape: &[i64], rank_out: *mut usize) -> *const i64 {
    // SAFETY: the caller's promise.
    unsafe { Out::new(rank_out, "rank_out", shape.len()) };
    if shape.is_empty() { ptr::null() } else { shape.as_ptr() }
}

/// A text for C. A NUL inside, which C could not see past, is replaced.
pub(super) fn c_string(text: &str) -> CString {
    CString::new(text).unwrap_or_else(|_| CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default())
}
