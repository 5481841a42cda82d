//! Classification: an output as its best classes.

use std::borrow::Cow;

use crate::error::{Error, Result, excerpt};

/// One class of an output that was requested as classes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Class<'r> {
    /// The score, in the unit of the output.
    pub value: f64,
    /// The index of the class in the output.
    pub index: u64,
    /// The label; empty if the model has none. Bytes that are not UTF-8 are replaced by U+FFFD;
    /// [`strings`](super::InferOutput::strings) returns them unchanged.
    pub label: Cow<'r, str>,
}

impl<'r> Class<'r> {
    /// Parses `value:index` or `value:index:label`; a label may contain colons.
    pub(crate) fn parse(element: &'r [u8]) -> Result<Self> {
        let broken = || {
            let text = String::from_utf8_lossy(element);
            let text = excerpt(&text);
            Error::malformed_response(format!(
                "invalid class '{text}': expected value:index or value:index:label"
            ))
        };
        // Only the label may contain other characters than ASCII.
        let mut parts = element.splitn(3, |byte| *byte == b':');
        let mut number = || parts.next().and_then(|part| str::from_utf8(part).ok()).map(str::trim);
        let value = number().and_then(|value| value.parse().ok()).ok_or_else(broken)?;
        let index = number().and_then(|index| index.parse().ok()).ok_or_else(broken)?;
        Ok(Self { value, index, label: String::from_utf8_lossy(parts.next().unwrap_or_default()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_parsed_with_and_without_labels() {
        let class = Class::parse(b"0.900000:504:COFFEE: MUG").unwrap();
        assert_eq!((class.value, class.index, &*class.label), (0.9, 504, "COFFEE: MUG"));
        assert_eq!(Class::parse(b"-3:0").unwrap(), Class { value: -3.0, index: 0, label: "".into() });
        for broken in [&b""[..], b"1", b"x:1", b"1:x", b"1:-1:a", b"\xff:1", b"1:99999999999999999999"] {
            assert!(Class::parse(broken).is_err(), "{broken:?}");
        }
    }

    #[test]
    fn invalid_utf_8_in_a_label_is_replaced() {
        let class = Class::parse(b"3.0:7:caf\xe9").unwrap();
        assert_eq!((class.value, class.index, &*class.label), (3.0, 7, "caf\u{fffd}"));
        let message = Class::parse(&[0xff; 1 << 20]).unwrap_err().to_string();
        assert!(message.len() < 1000, "{}", message.len());
    }
}
