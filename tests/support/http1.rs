//! The server's side of HTTP/1.1, bodies with a Content-Length only.

use std::io::{self, BufRead, Read, Write};

use http::StatusCode;

/// A request as received.
#[derive(Debug)]
pub struct Request {
    pub method: String,
    /// Includes the query, if any; not unescaped.
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    version: String,
}

impl Request {
    /// Reads the next request of a connection; `None` at its end. `InvalidData` for a malformed or
    /// unsupported request.
    ///
    /// `writer` is the same connection: a client may wait for 100 Continue before it sends its body.
    pub fn read(reader: &mut impl BufRead, mut writer: impl Write) -> io::Result<Option<Self>> {
        const MAX_HEADERS_BYTE_SIZE: u64 = 64 << 10;
        let mut head = reader.by_ref().take(MAX_HEADERS_BYTE_SIZE);
        let Some(line) = read_line(&mut head)? else { return Ok(None) };
        let mut words = line.split(' ').map(str::to_owned);
        let (Some(method), Some(path), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(invalid(format!("invalid request line: {line:?}")));
        };
        let mut headers = Vec::new();
        loop {
            let line = read_line(&mut head)?.ok_or(io::ErrorKind::UnexpectedEof)?;
            if line.is_empty() {
                break;
            }
            let (name, value) =
                line.split_once(':').ok_or_else(|| invalid(format!("invalid header: {line:?}")))?;
            headers.push((name.to_owned(), value.trim().to_owned()));
        }
        let mut request = Self { method, path, headers, body: Vec::new(), version };

        if request.header("transfer-encoding").is_some() {
            return Err(invalid("a body without a Content-Length is not supported"));
        }
        let length = request.header("content-length").unwrap_or("0");
        let length: usize =
            length.parse().map_err(|_| invalid(format!("invalid Content-Length: {length:?}")))?;
        if request.header("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
            writer.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        request.body.try_reserve_exact(length).map_err(invalid)?;
        reader.take(length as u64).read_to_end(&mut request.body)?;
        if request.body.len() < length {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(Some(request))
    }

    /// Returns the value of the first header of that name, in any case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.0.eq_ignore_ascii_case(name)).map(|header| &header.1[..])
    }

    /// Returns whether the client may send another request on the same connection.
    pub fn keeps_alive(&self) -> bool {
        match self.header("connection") {
            Some(value) if value.eq_ignore_ascii_case("close") => false,
            Some(value) if value.eq_ignore_ascii_case("keep-alive") => true,
            _ => self.version == "HTTP/1.1",
        }
    }
}

/// Returns the bytes of a response. Content-Length is added, unless `headers` have one, valid or not, or a
/// Transfer-Encoding.
pub fn response(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let reason =
        StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Unknown");
    let mut response = format!("HTTP/1.1 {status} {reason}\r\n");
    for (name, value) in headers {
        response += &format!("{name}: {value}\r\n");
    }
    let is_framed =
        |name: &str| ["content-length", "transfer-encoding"].contains(&&name.to_ascii_lowercase()[..]);
    if !headers.iter().any(|(name, _)| is_framed(name)) {
        response += &format!("Content-Length: {}\r\n", body.len());
    }
    response += "\r\n";
    let mut response = response.into_bytes();
    response.extend_from_slice(body);
    response
}

/// Reads a line without its end; `None` at the end of the connection.
fn read_line(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    if reader.read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.pop() != Some(b'\n') {
        return Err(invalid("the headers end in the middle of a line, or are too long"));
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    String::from_utf8(line).map(Some).map_err(invalid)
}

fn invalid(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, cause)
}
