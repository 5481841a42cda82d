//! Detects a port that speaks HTTP/1 or TLS instead of gRPC: the most frequent mistakes in a URL.

use crate::{
    error::{Error, Origin, Status},
    net::{
        attempts::{Failure, Reached},
        dial::Dialer,
        drive::Driver,
        link::Link,
        probe::{self, is_http1},
    },
    tls_port,
};

/// The status line with which TLS servers respond to HTTP/1.
const BAD_REQUEST: &[u8] = b"HTTP/1.1 400 ";
/// The type of a SETTINGS frame, the first frame that an HTTP/2 server sends, and its offset.
const SETTINGS: u8 = 4;
const FRAME_TYPE: usize = 3;

/// For a server that has chosen no protocol in the TLS handshake, or HTTP/2 in vain, and responds in HTTP/1.
const HTTP1_OVER_TLS: &str = "the server does not speak HTTP/2 over TLS at this port, which gRPC needs: it \
                              responded in HTTP/1";
const HTTP1: &str = "this port speaks HTTP/1, not gRPC: is it the HTTP port (8000 by default; use http://) \
                     or the metrics port (8002 by default)? the gRPC port is 8001 by default";

/// Returns the question to add to the message of a failed connection: empty if the server has spoken HTTP/2.
pub(super) fn question(link: &Link) -> &'static str {
    if link.is_mute() && !link.is_tls() {
        return " (is this the gRPC port, 8001 by default? does this port expect TLS?)";
    }
    match link.first_bytes().get(FRAME_TYPE) {
        Some(&SETTINGS) => "",
        None if link.first_bytes().is_empty() => "",
        _ => " (is this the gRPC port, 8001 by default?)",
    }
}

/// Returns whether a failed call may have met a protocol other than HTTP/2: either the first bytes on the
/// connection are those of another protocol, or the server closed a new connection without sending a byte.
/// gRPC servers never do the latter; Triton's HTTP port, TLS servers and load balancers without a backend do,
/// and a retry can only help with the last.
pub(super) fn is_suspected(failure: &Failure, link: &Link) -> bool {
    let first = link.first_bytes();
    match failure.reached {
        // Closed by the caller's cancel.
        _ if link.is_shut_down() => false,
        // The handshake succeeded: closing without a byte does not indicate another protocol.
        _ if link.is_tls() => is_http1(&first),
        _ if tls_port::is_alert(&first) || is_http1(&first) => true,
        Reached::Closed => !failure.was_reused && first.is_empty(),
        _ => false,
    }
}

/// Returns the failure of such a call. Unless the first bytes identify the protocol, the port is probed with
/// an HTTP/1 request on a connection outside the pool, in at most half of the call's remaining time. TLS
/// servers respond to HTTP/1 with an error page about TLS, even some of those that close the connection on
/// HTTP/2.
pub(super) async fn explained(
    failure: Failure,
    link: &Link,
    dialer: &Dialer,
    authority: &str,
    driver: &Driver,
) -> Failure {
    let first = link.first_bytes();
    if link.is_tls() {
        return Error::new(Status::Unavailable, Origin::Connection, HTTP1_OVER_TLS).into();
    }
    if tls_port::is_alert(&first) {
        return tls_port::error().into();
    }
    let mut response = Vec::new();
    // If it times out, what has arrived is used.
    let probing = probe(dialer, authority, driver, &mut response);
    let _ = driver.within(probe::deadline(driver), probing).await;
    if tls_port::is_alert(&response) || tls_port::is_named_by_response(&response) {
        return tls_port::error().into();
    }
    if is_http1(&first) || is_http1(&response) {
        return Error::new(Status::Internal, Origin::Connection, HTTP1).into();
    }
    failure
}

/// Requests the server's liveness over HTTP/1 and receives the response until it is conclusive.
async fn probe(dialer: &Dialer, authority: &str, driver: &Driver, response: &mut Vec<u8>) {
    let Ok(link) = dialer.dial(driver).await else { return };
    let _on = driver.on(&link);
    probe::probe(&link, authority, response, is_conclusive).await;
}

/// Returns whether the rest of the response is irrelevant: only the page of a status 400 is read to its end.
fn is_conclusive(response: &[u8]) -> bool {
    match response.get(..BAD_REQUEST.len()) {
        None => tls_port::is_alert(response),
        Some(start) => {
            !is_http1(start) || start[8..] != BAD_REQUEST[8..] || tls_port::is_named_by_response(response)
        }
    }
}
