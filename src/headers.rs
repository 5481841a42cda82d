//! The headers of a response; over gRPC the leading and the trailing metadata.

use std::{
    fmt,
    sync::{Arc, OnceLock},
};

use http::HeaderMap;

/// The headers of a response; over gRPC the leading and the trailing metadata. Parsed when they are first
/// read.
pub struct Headers {
    raw: Raw,
    list: OnceLock<Vec<(String, String)>>,
}

enum Raw {
    /// Status line and headers of an HTTP response, as received.
    ResponseHead(Box<[u8]>),
    /// The leading and the trailing metadata. All results of a stream share the leading.
    Metadata(Arc<[HeaderMap; 2]>),
}

impl Headers {
    pub(crate) fn none() -> Self {
        Self::from_response_head(&[])
    }

    pub(crate) fn from_response_head(bytes: &[u8]) -> Self {
        Self { raw: Raw::ResponseHead(bytes.into()), list: OnceLock::new() }
    }

    pub(crate) fn from_metadata(leading: HeaderMap, trailing: HeaderMap) -> Self {
        Self::shared(Arc::new([leading, trailing]))
    }

    pub(crate) fn shared(metadata: Arc<[HeaderMap; 2]>) -> Self {
        Self { raw: Raw::Metadata(metadata), list: OnceLock::new() }
    }

    /// Returns names, in lower case, and values, in the order in which they were received. Bytes that are not
    /// UTF-8 are replaced. A gRPC value whose name ends in `-bin` is base64, as it was sent.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        let list = self.list.get_or_init(|| self.raw.list());
        list.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Returns the value of a name, in any case; the first if the name occurs several times.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Raw {
    fn list(&self) -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes.trim_ascii()).into_owned();
        match self {
            Self::ResponseHead(bytes) => {
                let lines = bytes.split(|byte| *byte == b'\n').skip(1);
                let fields = lines.filter_map(|line| {
                    let colon = line.iter().position(|byte| *byte == b':')?;
                    Some((text(&line[..colon]).to_ascii_lowercase(), text(&line[colon + 1..])))
                });
                fields.collect()
            }
            Self::Metadata(maps) => {
                let fields = maps.iter().flat_map(HeaderMap::iter);
                fields.map(|(name, value)| (name.as_str().to_owned(), text(value.as_bytes()))).collect()
            }
        }
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_parsed_without_the_status_line() {
        let headers =
            Headers::from_response_head(b"HTTP/1.1 200 OK\r\nX-A:  b: c \r\nEmpty:\r\nx-a: d\r\n\r\n");
        let list: Vec<_> = headers.iter().collect();
        assert_eq!(list, [("x-a", "b: c"), ("empty", ""), ("x-a", "d")]);
        assert_eq!(headers.get("X-a"), Some("b: c"));
        assert_eq!(Headers::none().iter().len(), 0);
    }
}
