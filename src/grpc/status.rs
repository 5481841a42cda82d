//! What the end of a call over gRPC means: a status, wherever it stands, or a failure of the connection. One table for
//! inference and control plane.

use h2::Reason;
use http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use tonic::{Code, Status};

use super::lane::Ended;
use crate::{
    error::{self, Error},
    lend::Loan,
    model::http_form,
    net::{
        attempts::{Failure, Reached},
        link::Link,
    },
    options::CallContext,
    reasons, tls_port,
};

static STATUS: HeaderName = HeaderName::from_static("grpc-status");
static MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
static DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

/// What the headers or trailers say of the end of the call: `None` if they have no status, `Ok` if it is 0.
pub(super) fn read(headers: &mut HeaderMap, context: &CallContext) -> Option<Result<(), Error>> {
    match headers.get(&STATUS) {
        None => return None,
        Some(code) if code.as_bytes() == b"0" => return Some(Ok(())),
        Some(_) => {}
    }
    // tonic panics over details that are not base64, which nothing here reads.
    let details = headers.remove(&DETAILS);
    repair_message(headers);
    let status = Status::from_header_map(headers)?;
    if let Some(details) = details {
        headers.insert(&DETAILS, details);
    }
    if status.code() == Code::Ok {
        return Some(Ok(()));
    }
    if is_own_deadline(&status, context) {
        return Some(Err(deadline(context)));
    }
    Some(Err(reasons::grpc_error(status.code() as i32, status.message())))
}

/// Whether a status is the call's own deadline: a server that hears of it may be the first to say that it passed. Servers
/// that say CANCELLED then (tonic's do) give no reason, or the time or the cancellation, unlike a model that gives up by
/// itself.
fn is_own_deadline(status: &Status, context: &CallContext) -> bool {
    match status.code() {
        Code::DeadlineExceeded => context.is_almost_over(),
        Code::Cancelled if context.until.deadline.is_over() => true,
        Code::Cancelled if context.is_almost_over() => {
            let text = status.message().to_ascii_lowercase();
            text.trim().is_empty()
                || ["timeout", "timed out", "deadline", "cancel"].iter().any(|word| text.contains(word))
        }
        _ => false,
    }
}

/// The error of a deadline of which the server was the first to speak.
fn deadline(context: &CallContext) -> Error {
    context.timed_out("waiting for the response").in_doubt(true)
}

/// Repairs a text that is not UTF-8 once its escapes are undone: for it tonic would give up the status too.
fn repair_message(headers: &mut HeaderMap) {
    let Some(escaped) = headers.get(&MESSAGE) else { return };
    let text = unescaped(escaped.as_bytes());
    if str::from_utf8(&text).is_ok() {
        return;
    }
    let mut repaired = String::new();
    crate::url::push_escaped(&mut repaired, &String::from_utf8_lossy(&text), b" ");
    match HeaderValue::try_from(repaired) {
        Ok(repaired) => drop(headers.insert(&MESSAGE, repaired)),
        Err(_) => drop(headers.remove(&MESSAGE)),
    }
}

/// Undoes `%XX`; what is not one stays.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        let escaped = after.get(..2).filter(|_| first == b'%').and_then(|hex| {
            let hex = str::from_utf8(hex).ok().filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))?;
            u8::from_str_radix(hex, 16).ok()
        });
        bytes.push(escaped.unwrap_or(first));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    bytes
}

/// Whether a response is one of gRPC.
pub(super) fn is_grpc(head: &Response<()>) -> bool {
    let kind = head.headers().get(header::CONTENT_TYPE);
    head.status().is_success() && kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"))
}

/// The error of a response that is not one of gRPC, such as a proxy's error page; `text` is the start of its body.
pub(super) fn not_grpc(head: &Response<()>, text: &[u8]) -> Error {
    let status = head.status().as_u16();
    let field = |name| head.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
    if !head.status().is_success() {
        // Triton never responds so over gRPC, whatever form the body has: it is a proxy's, which may have failed after its
        // server ran the request.
        let in_doubt = error::http_status_meaning(status).in_doubt || status == 500;
        let error = http_form::error(status, text);
        return error.in_doubt(in_doubt).said_by_server_itself(false);
    }
    let message = match field(header::CONTENT_TYPE) {
        Some(kind) => format!("invalid gRPC response: content type '{}'", error::excerpt(&kind)),
        None => "invalid gRPC response: missing content type".to_owned(),
    };
    Error::malformed_response(message).with_http_status(status)
}

/// The failure of a call whose headers could not be sent.
pub(super) fn unsent(error: h2::Error, link: &Link) -> Failure {
    let error = connection_lost(link).with_source(error);
    Failure { error, reached: Reached::Nothing, was_reused: false }
}

/// The failure of a call whose stream or connection failed; `responded` if any of a response had arrived.
pub(super) fn failed(
    error: h2::Error,
    responded: bool,
    link: &Link,
    loan: &Loan,
    context: &CallContext,
) -> Failure {
    let by_server = error.is_remote();
    match error.reason() {
        // Whoever has responded has looked at the request, whatever it says afterwards.
        _ if by_server && error.is_go_away() && !responded => {
            let error = Error::connection("connection closed by the server (GOAWAY)").with_source(error);
            Failure { error, reached: Reached::Refused, was_reused: false }
        }
        Some(Reason::REFUSED_STREAM) if by_server && !responded => {
            // h2 has dropped what it still had of the message: the bytes that left tell.
            let is_whole = link.progress().sent >= loan.byte_size();
            let text = "request refused by the server or a proxy (REFUSED_STREAM)";
            let error = Error::connection(text).in_doubt(is_whole).with_source(error);
            let reached = if is_whole { Reached::RefusedWhole } else { Reached::Refused };
            Failure { error, reached, was_reused: false }
        }
        Some(Reason::CANCEL) if by_server && context.is_almost_over() => deadline(context).into(),
        // What proxies say of one and the same end of their server differs from proxy to proxy, and a reset says only
        // which way of HTTP/2 they took: all are the same here.
        Some(reason) if by_server => {
            let text = format!("reset by the server or a proxy ({reason:?})");
            Error::connection(text).in_doubt(true).retryable(reason != Reason::HTTP_1_1_REQUIRED).into()
        }
        _ if error.is_library() => Error::malformed_response("malformed HTTP/2").with_source(error).into(),
        _ => lost(error, responded, link),
    }
}

/// The failure of a call whose connection ended under it.
pub(super) fn ended(
    ended: Ended,
    responded: bool,
    link: &Link,
    loan: &Loan,
    context: &CallContext,
) -> Failure {
    match ended {
        Ended::Http2(error) => failed(error, responded, link, loan, context),
        Ended::Io(error) => lost(error, responded, link),
        Ended::Closed => lost("closed by the server", responded, link),
    }
}

fn lost(why: impl Into<Box<dyn std::error::Error + Send + Sync>>, responded: bool, link: &Link) -> Failure {
    let has_left = link.progress().sent > 0;
    let reached = match (has_left, responded) {
        (false, _) => Reached::Nothing,
        (true, false) => Reached::Closed,
        (true, true) => Reached::Perhaps,
    };
    let error = connection_lost(link).in_doubt(has_left).with_source(why);
    Failure { error, reached, was_reused: false }
}

fn connection_lost(link: &Link) -> Error {
    let question = if link.is_mute() { tls_port::QUESTION } else { "" };
    Error::connection(format!("connection lost{question}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_and_what_is_not_one_stays() {
        assert_eq!(unescaped(b"a%20b%C3%BC%"), b"a b\xc3\xbc%");
        assert_eq!(unescaped(b"100%zz%+1%4"), b"100%zz%+1%4");
    }

    #[test]
    fn a_text_that_is_not_utf_8_keeps_its_status() {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-status", HeaderValue::from_static("5"));
        headers.insert("grpc-message", HeaderValue::from_static("caf%FF 100%25"));
        repair_message(&mut headers);
        let status = Status::from_header_map(&headers).unwrap();
        assert_eq!((status.code(), status.message()), (Code::NotFound, "caf\u{fffd} 100%"));
    }
}
