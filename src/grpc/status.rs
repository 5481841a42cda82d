//! Maps the end of a gRPC call to an error: a status in headers or trailers, a response that is not gRPC, an
//! HTTP/2 error or a lost connection.

use h2::Reason;
use http::{HeaderMap, HeaderName, HeaderValue, Response, header};
use tonic::{Code, Status};

use super::{lane::Ended, wrong_port};
use crate::{
    error::{self, Error},
    lend::Loan,
    model::http_form,
    net::{
        attempts::{Failure, Reached},
        link::Link,
    },
    options::CallContext,
    reasons,
};

static STATUS: HeaderName = HeaderName::from_static("grpc-status");
static MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
static DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

/// Parses the status in headers or trailers; `None` if they contain none.
pub(super) fn read(headers: &mut HeaderMap, context: &CallContext) -> Option<Result<(), Error>> {
    match headers.get(&STATUS) {
        None => return None,
        Some(code) if code.as_bytes() == b"0" => return Some(Ok(())),
        Some(_) => {}
    }
    // tonic panics if the details are not base64. They are not used here.
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

/// Returns whether a status reports the call's own deadline, which servers know from `grpc-timeout`. Servers
/// that report it as CANCELLED, as tonic does, send no message or one about a timeout or cancellation; a
/// model that cancels its own request sends another message.
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

/// Returns the error of a deadline that the server reports.
fn deadline(context: &CallContext) -> Error {
    context.timed_out("waiting for the response").in_doubt(true)
}

/// Replaces invalid UTF-8 in `grpc-message`, for which tonic would discard the status code too.
fn repair_message(headers: &mut HeaderMap) {
    let Some(escaped) = headers.get(&MESSAGE) else { return };
    let text = percent_decoded(escaped.as_bytes());
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

/// Decodes percent-encoding. Invalid escapes are kept unchanged.
fn percent_decoded(text: &[u8]) -> Vec<u8> {
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

/// Returns whether response headers are those of gRPC.
pub(super) fn is_grpc(response: &Response<()>) -> bool {
    let content_type = response.headers().get(header::CONTENT_TYPE);
    response.status().is_success()
        && content_type.is_some_and(|content_type| content_type.as_bytes().starts_with(b"application/grpc"))
}

/// Returns the error of a response that is not gRPC, such as a proxy's error page; `body` is the start of its
/// body.
pub(super) fn not_grpc(response: &Response<()>, body: &[u8]) -> Error {
    let status = response.status().as_u16();
    let header = |name| response.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()));
    if !response.status().is_success() {
        // gRPC servers respond with HTTP status 200. Any other comes from a proxy, which may have failed
        // after the server ran the request.
        let in_doubt = error::http_status_meaning(status).in_doubt || status == 500;
        let error = http_form::error(status, body);
        return error.in_doubt(in_doubt).with_servers_own(false);
    }
    let message = match header(header::CONTENT_TYPE) {
        Some(content_type) => {
            format!("invalid gRPC response: unexpected content type '{}'", error::excerpt(&content_type))
        }
        None => "invalid gRPC response: missing content type".to_owned(),
    };
    Error::malformed_response(message).with_http_status(status)
}

/// Returns the failure of a call whose headers could not be sent.
pub(super) fn unsent(error: h2::Error, link: &Link) -> Failure {
    let error = connection_lost(link).with_source(error);
    Failure { error, reached: Reached::Nothing, was_reused: false }
}

/// Returns the failure of a call whose stream or connection failed: `responded` if response headers had
/// arrived, after at most `sent` bytes of it were sent.
pub(super) fn failed(
    error: h2::Error,
    responded: bool,
    sent: u64,
    link: &Link,
    loan: &Loan,
    context: &CallContext,
) -> Failure {
    let by_server = error.is_remote();
    match error.reason() {
        // A server that has responded has processed the request, even if it sends GOAWAY or REFUSED_STREAM
        // afterwards.
        _ if by_server && error.is_go_away() && !responded => {
            let error = Error::connection("connection closed by the server (GOAWAY)").with_source(error);
            Failure { error, reached: Reached::Refused, was_reused: false }
        }
        Some(Reason::REFUSED_STREAM) if by_server && !responded => {
            // Judged by the bytes sent, since h2 has dropped the rest of the message already.
            let is_complete = sent >= loan.byte_size();
            let text = "request refused by the server or a proxy (REFUSED_STREAM)";
            let error = Error::connection(text).in_doubt(is_complete).with_source(error);
            let reached = if is_complete { Reached::RefusedComplete } else { Reached::Refused };
            Failure { error, reached, was_reused: false }
        }
        Some(Reason::CANCEL) if by_server && context.is_almost_over() => deadline(context).into(),
        // The same error for all reasons: proxies report the same failure of their server with different
        // ones.
        Some(reason) if by_server => {
            let text = format!("reset by the server or a proxy ({reason:?})");
            Error::connection(text).in_doubt(true).retryable(reason != Reason::HTTP_1_1_REQUIRED).into()
        }
        _ if error.is_library() => {
            let question = wrong_port::question(link);
            Error::malformed_response(format!("malformed HTTP/2{question}")).with_source(error).into()
        }
        _ => lost(error, responded, sent, link),
    }
}

/// Returns the failure of a connection that ended before its first call.
pub(super) fn unopened(ended: Ended, link: &Link) -> Failure {
    let error = match ended {
        Ended::Http2(error) if error.is_library() => {
            let question = wrong_port::question(link);
            Error::malformed_response(format!("malformed HTTP/2{question}"))
                .in_doubt(false)
                .with_source(error)
        }
        Ended::Http2(error) => connection_lost(link).with_source(error),
        Ended::Io(error) => connection_lost(link).with_source(error),
        Ended::Closed => connection_lost(link).with_source("closed by the server"),
    };
    // As if a request had been sent, which a server of another protocol closes too.
    Failure { error, reached: Reached::Closed, was_reused: false }
}

/// Returns the failure of a call whose connection ended.
pub(super) fn ended(
    ended: Ended,
    responded: bool,
    sent: u64,
    link: &Link,
    loan: &Loan,
    context: &CallContext,
) -> Failure {
    match ended {
        Ended::Http2(error) => failed(error, responded, sent, link, loan, context),
        Ended::Io(error) => lost(error, responded, sent, link),
        Ended::Closed => lost("closed by the server", responded, sent, link),
    }
}

fn lost(
    why: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    responded: bool,
    sent: u64,
    link: &Link,
) -> Failure {
    let was_sent = sent > 0;
    let reached = match (was_sent, responded) {
        (false, _) => Reached::Nothing,
        (true, false) => Reached::Closed,
        (true, true) => Reached::Perhaps,
    };
    let error = connection_lost(link).in_doubt(was_sent).with_source(why);
    Failure { error, reached, was_reused: false }
}

/// Returns the error of a connection that ended.
pub(super) fn connection_lost(link: &Link) -> Error {
    if let Some(error) = link.tls_failure() {
        // Known by the caller: on a shared connection other calls have sent something too.
        return error.in_doubt(false);
    }
    Error::connection(format!("connection lost{}", wrong_port::question(link)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_encoding_is_decoded_and_invalid_escapes_are_kept() {
        assert_eq!(percent_decoded(b"a%20b%C3%BC%"), b"a b\xc3\xbc%");
        assert_eq!(percent_decoded(b"100%zz%+1%4"), b"100%zz%+1%4");
    }

    #[test]
    fn a_message_of_invalid_utf_8_keeps_its_status() {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-status", HeaderValue::from_static("5"));
        headers.insert("grpc-message", HeaderValue::from_static("caf%FF 100%25"));
        repair_message(&mut headers);
        let status = Status::from_header_map(&headers).unwrap();
        assert_eq!((status.code(), status.message()), (Code::NotFound, "caf\u{fffd} 100%"));
    }
}
