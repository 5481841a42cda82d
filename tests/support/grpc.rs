//! The server's side of gRPC's unary calls, on HTTP/2.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Response, header::CONTENT_TYPE};

use super::http2::{Call, Result, send_data};

pub const OK: i32 = 0;
pub const INVALID_ARGUMENT: i32 = 3;
pub const NOT_FOUND: i32 = 5;
pub const UNIMPLEMENTED: i32 = 12;
pub const INTERNAL: i32 = 13;

pub const CONTENT: &str = "application/grpc";

/// The compression flag and the byte size before each message.
const PREFIX_BYTE_SIZE: usize = 5;

/// Returns an uncompressed message with its prefix.
pub fn frame(message: &[u8]) -> Bytes {
    let byte_size = u32::try_from(message.len()).expect("gRPC's messages are smaller than 4 GiB");
    [&[0][..], &byte_size.to_be_bytes(), message].concat().into()
}

/// Returns the message of a unary request; an error text if the body is not one uncompressed message.
pub fn unframe(mut body: Vec<u8>) -> std::result::Result<Vec<u8>, String> {
    let Some((&[flag, ref byte_size @ ..], message)) = body.split_first_chunk::<PREFIX_BYTE_SIZE>() else {
        return Err(format!("a body of {} bytes is too short for a message", body.len()));
    };
    let (expected, got) = (u32::from_be_bytes(*byte_size) as usize, message.len());
    match (flag, expected == got) {
        (0, true) => Ok(body.split_off(PREFIX_BYTE_SIZE)),
        (0, false) => Err(format!("a message of {expected} bytes with {got} bytes after its prefix")),
        (flag, _) => Err(format!("a message with the compression flag {flag}")),
    }
}

/// Takes the first message of a stream out of the bytes that have arrived; `None` if it is not complete.
pub fn take_message(arrived: &mut Vec<u8>) -> Option<Vec<u8>> {
    let (&[_, ref byte_size @ ..], rest) = arrived.split_first_chunk::<PREFIX_BYTE_SIZE>()?;
    let message = rest.get(..u32::from_be_bytes(*byte_size) as usize)?.to_vec();
    arrived.drain(..PREFIX_BYTE_SIZE + message.len());
    Some(message)
}

/// Sends messages and then a status.
pub async fn reply(call: &mut Call, messages: Vec<Vec<u8>>, status: i32, text: &str) -> Result<()> {
    let mut stream = call.send_headers(200, CONTENT)?;
    for message in messages {
        send_data(&mut stream, frame(&message)).await?;
    }
    let mut trailers = HeaderMap::new();
    set_status(&mut trailers, status, text);
    stream.send_trailers(trailers)
}

/// Sends only headers, with the status in them.
pub fn reply_trailers_only(call: &mut Call, status: i32, text: &str) -> Result<()> {
    let mut response = Response::new(());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(CONTENT));
    set_status(response.headers_mut(), status, text);
    call.send_only_headers(response)
}

pub fn set_status(headers: &mut HeaderMap, status: i32, text: &str) {
    headers.insert("grpc-status", HeaderValue::from(status));
    if !text.is_empty() {
        let text = HeaderValue::from_str(&percent_encode(text));
        headers.insert("grpc-message", text.expect("nothing but printable ASCII"));
    }
}

fn percent_encode(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'%' | ..b' ' | b'\x7f'.. => format!("%{byte:02X}"),
        byte => char::from(byte).to_string(),
    };
    text.bytes().map(encode).collect()
}
