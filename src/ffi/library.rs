//! THE LIBRARY: its version, and what this build can do.

use std::{ffi::c_char, time::Duration};

use super::{convert, infallible::infallible};

/// The major version of this header.
pub const TRITON_VERSION_MAJOR: u32 = 0;
/// The minor version of this header.
pub const TRITON_VERSION_MINOR: u32 = 1;
/// The patch version of this header.
pub const TRITON_VERSION_PATCH: u32 = 0;
/// The version of the ABI: it changes when programs that were compiled with an older header would no longer
/// work.
pub const TRITON_ABI_VERSION: u32 = 1;

/// No timeout.
pub const TRITON_NO_TIMEOUT: u64 = u64::MAX;

/// Reads a timeout. The core checks it.
pub(super) fn timeout(timeout_us: u64) -> Option<Duration> {
    (timeout_us != TRITON_NO_TIMEOUT).then(|| Duration::from_micros(timeout_us))
}

/// Returns the version of the library as a string, for example "1.2.3".
#[unsafe(no_mangle)]
pub extern "C" fn triton_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    infallible(VERSION.as_ptr().cast(), || VERSION.as_ptr().cast())
}

/// Returns the version of the library as a number: 10203 for 1.2.3. TRITON_VERSION_NUMBER is that of the
/// header.
#[unsafe(no_mangle)]
pub extern "C" fn triton_version_number() -> u32 {
    infallible(0, || TRITON_VERSION_MAJOR * 10_000 + TRITON_VERSION_MINOR * 100 + TRITON_VERSION_PATCH)
}

/// Returns the TRITON_ABI_VERSION of the library.
#[unsafe(no_mangle)]
pub extern "C" fn triton_abi_version() -> u32 {
    infallible(0, || TRITON_ABI_VERSION)
}

/// Returns whether this build of the library has a feature; false for any other name, and for NULL. Later
/// versions may have more.
///
/// @param name  "http" (URLs without a scheme and of http://), "grpc" (URLs of grpc://), "tls" (URLs of
///              https:// and grpcs://), "compression" (gzip and deflate), "allocator" (blocks of memory that
///              gRPC uses are kept for reuse)
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_has_feature(name: *const c_char) -> bool {
    // SAFETY: the contract's STRINGS.
    infallible(false, || unsafe { convert::string(name, "name").is_ok_and(crate::has_feature) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_has_the_version_of_the_package() {
        let header = format!("{TRITON_VERSION_MAJOR}.{TRITON_VERSION_MINOR}.{TRITON_VERSION_PATCH}");
        assert_eq!(header, env!("CARGO_PKG_VERSION"));
    }
}
