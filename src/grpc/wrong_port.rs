//! What a port speaks that does not speak gRPC, HTTP/1 or TLS: the likeliest mistakes in a URL.

use std::{future::poll_fn, io::IoSlice, time::Duration};

use tokio::io::ReadBuf;

use crate::{
    error::{Error, Origin, Status},
    net::{
        attempts::{Failure, Reached},
        dial::Dialer,
        drive::Caller,
        link::Link,
    },
    tls_port,
    until::Deadline,
};

/// The maximum time that the port has to respond.
const PATIENCE: Duration = Duration::from_secs(1);

/// The status with which servers of TLS respond to HTTP/1, where it stands.
const ERROR: &[u8] = b"HTTP/1.1 400 ";
/// How much of a response is looked at.
const RESPONSE_BYTE_SIZE: usize = 4 << 10;

/// Whether a call that failed on a connection has met another protocol than HTTP/2, or may have: by the first bytes that
/// the server ever sent there, or since a server has accepted a fresh connection and closed it without having sent a byte,
/// which no server of gRPC does. Triton's HTTP port does so, servers of TLS do, and so does a load balancer without a
/// server behind it; only for the last it is of use to try again.
pub(super) fn is_suspected(failure: &Failure, link: &Link) -> bool {
    let first = link.first_bytes();
    match failure.reached {
        _ if tls_port::is_alert(&first) || is_http1(&first) => true,
        Reached::Closed => !failure.was_reused && first.is_empty(),
        _ => false,
    }
}

/// The failure that such a call ends with. Unless the first bytes tell, the port is asked in HTTP/1, on a connection of its
/// own that the pool does not count, in at most half of the time that the call has left: servers of TLS respond to HTTP/1
/// with a page that says what they expect, some of those too that hang up on HTTP/2.
pub(super) async fn explained(
    failure: Failure,
    link: &Link,
    dialer: &Dialer,
    authority: &str,
    caller: &Caller,
) -> Failure {
    let first = link.first_bytes();
    if tls_port::is_alert(&first) {
        return tls_port::error().into();
    }
    let left = caller.until().deadline.remaining();
    let patience = left.map_or(PATIENCE, |left| PATIENCE.min(left / 2));
    let mut response = Vec::new();
    // What has arrived when its time is over counts.
    let asked = ask(dialer, authority, caller, &mut response);
    let _ = caller.within(Deadline::after(Some(patience)), asked).await;
    if tls_port::is_alert(&response) || tls_port::is_named_by_response(&response) {
        return tls_port::error().into();
    }
    if is_http1(&first) || is_http1(&response) {
        let message = "the server's port speaks HTTP/1, not gRPC: use an http:// URL, or the gRPC port (8001 by default)";
        return Error::new(Status::Internal, Origin::Connection, message).into();
    }
    failure
}

fn is_http1(first: &[u8]) -> bool {
    first.starts_with(b"HTTP/")
}

/// Asks for the server's liveness, and receives the start of the response: all of an error's page, and of anything else
/// as much as tells what it is.
async fn ask(dialer: &Dialer, authority: &str, caller: &Caller, response: &mut Vec<u8>) {
    let request = format!("GET /v2/health/live HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    let Ok(link) = dialer.dial(caller).await else { return };
    let _on = caller.on(&link);
    // It fits into any send buffer.
    if poll_fn(|_| link.poll_send(&[IoSlice::new(request.as_bytes())])).await.is_err() {
        return;
    }
    let mut bytes = vec![0; RESPONSE_BYTE_SIZE];
    while response.len() < RESPONSE_BYTE_SIZE && !is_conclusive(response) {
        let mut into = ReadBuf::new(&mut bytes[..RESPONSE_BYTE_SIZE - response.len()]);
        let received = poll_fn(|_| link.poll_recv(&mut into)).await;
        if received.is_err() || into.filled().is_empty() {
            break;
        }
        response.extend_from_slice(into.filled());
    }
}

/// Whether more of a response would change nothing.
fn is_conclusive(response: &[u8]) -> bool {
    match response.get(..ERROR.len()) {
        None => tls_port::is_alert(response),
        Some(start) => {
            !is_http1(start) || start[8..] != ERROR[8..] || tls_port::is_named_by_response(response)
        }
    }
}
