//! THE LIBRARY: which version this is, when compiled against and when run.

use std::ffi::c_char;

use super::infallible::infallible;

/// The version of this header, first part. The three are compared at once by TRITON_VERSION_AT_LEAST.
pub const TRITON_VERSION_MAJOR: u32 = 0;
/// The version of this header, second part.
pub const TRITON_VERSION_MINOR: u32 = 1;
/// The version of this header, third part.
pub const TRITON_VERSION_PATCH: u32 = 0;
/// Counts the changes after which a program compiled against an older header would go wrong.
pub const TRITON_ABI_VERSION: u32 = 1;

/// No time limit.
pub const TRITON_NO_TIMEOUT: u64 = u64::MAX;

/// The version of the library as text, "1.2.3". Never NULL, valid for ever.
#[unsafe(no_mangle)]
pub extern "C" fn triton_version() -> *const c_char {
    const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), "\0");
    infallible(VERSION.as_ptr().cast(), || VERSION.as_ptr().cast())
}

/// The version of the library as a number that grows: 1.2.3 is 10203. The header's is TRITON_VERSION_NUMBER.
#[unsafe(no_mangle)]
pub extern "C" fn triton_version_number() -> u32 {
    infallible(0, || TRITON_VERSION_MAJOR * 10_000 + TRITON_VERSION_MINOR * 100 + TRITON_VERSION_PATCH)
}

/// The library's TRITON_ABI_VERSION. A program that loads the library by hand compares it with its header's.
#[unsafe(no_mangle)]
pub extern "C" fn triton_abi_version() -> u32 {
    infallible(0, || TRITON_ABI_VERSION)
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
