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

    /// Passes names, over HTTP in the case in which they were received, and values to `visit`. Copies
    /// nothing.
    #[cfg(feature = "jni")]
    pub(crate) fn visit(&self, visit: impl FnMut(&[u8], &[u8])) {
        self.raw.visit(visit);
    }

    /// Returns whether a name occurs, in any case. Copies nothing.
    pub(crate) fn contains(&self, name: &str) -> bool {
        let mut is_found = false;
        self.raw.visit(|own, _| is_found |= own.eq_ignore_ascii_case(name.as_bytes()));
        is_found
    }

    /// Returns the value of a name, in any case; the first if the name occurs several times.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Raw {
    fn list(&self) -> Vec<(String, String)> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let mut list = Vec::new();
        self.visit(|name, value| list.push((text(name).to_ascii_lowercase(), text(value))));
        list
    }

    fn visit(&self, mut visit: impl FnMut(&[u8], &[u8])) {
        match self {
            Self::ResponseHead(bytes) => {
                for line in bytes.split(|byte| *byte == b'\n').skip(1) {
                    if let Some(colon) = line.iter().position(|byte| *byte == b':') {
                        visit(line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
                    }
                }
            }
            Self::Metadata(maps) => {
                let fields = maps.iter().flat_map(HeaderMap::iter);
                fields
                    .for_each(|(name, value)| visit(name.as_str().as_bytes(), value.as_bytes().trim_ascii()));
            }
        }
    }
}

/// Shows no credentials: a server may set them, or send those of the request back.
impl fmt::Debug for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |(name, value)| (name, if is_credential(name) { "(not shown)" } else { value });
        f.debug_map().entries(self.iter().map(shown)).finish()
    }
}

/// Returns whether the values of a header, in lower case, are credentials, which are not printed, not
/// compressed, and better not sent over a plain connection.
pub(crate) fn is_credential(name: &str) -> bool {
    matches!(name, "authorization" | "cookie" | "proxy-authorization" | "set-cookie" | "x-api-key")
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

    #[test]
    fn credentials_are_not_printed() {
        let headers = Headers::from_response_head(b"HTTP/1.1 200 OK\r\nSet-Cookie: secret\r\nA: b\r\n\r\n");
        assert_eq!(format!("{headers:?}"), r#"{"set-cookie": "(not shown)", "a": "b"}"#);
        assert_eq!(headers.get("set-cookie"), Some("secret"));
    }
}
