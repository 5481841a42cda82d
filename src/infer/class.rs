//! Classification: an output told as its best classes.

use crate::error::{Error, Result};

/// One class of an output that was asked for as classes.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Class<'r> {
    /// How much it is the case, in the output's own measure.
    pub value: f64,
    /// Its place in the output.
    pub index: u64,
    /// Its label; empty if the model has none.
    pub label: &'r str,
}

impl<'r> Class<'r> {
    /// Reads `value:index` or `value:index:label`; a label may have colons in it.
    pub(crate) fn parse(element: &'r [u8]) -> Result<Self> {
        let broken = || {
            let text = String::from_utf8_lossy(element);
            Error::broken_answer(format!("'{text}' is no class (value:index or value:index:label)"))
        };
        let text = str::from_utf8(element).map_err(|_| broken())?;
        let mut parts = text.splitn(3, ':');
        let mut next = || parts.next().ok_or_else(broken);
        let value = next()?.trim().parse().map_err(|_| broken())?;
        let index = next()?.trim().parse().map_err(|_| broken())?;
        Ok(Self { value, index, label: next().unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_read_with_and_without_labels_and_never_panic() {
        let class = Class::parse(b"0.900000:504:COFFEE: MUG").unwrap();
        assert_eq!((class.value, class.index, class.label), (0.9, 504, "COFFEE: MUG"));
        assert_eq!(Class::parse(b"-3:0").unwrap(), Class { value: -3.0, index: 0, label: "" });
        for broken in [&b""[..], b"1", b"x:1", b"1:x", b"1:-1:a", b"\xff:1", b"1:99999999999999999999"] {
            assert!(Class::parse(broken).is_err(), "{broken:?}");
        }
    }
}
