//! The natives of the Java client (`java/`): conversions and checks around the core, as in `src/ffi`.

mod record;

/// The number of this version of the natives and of the packed records. `Native.ABI` in Java is the same.
pub(crate) const ABI: i32 = 1;
