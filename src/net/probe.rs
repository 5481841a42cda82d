//! A request over HTTP/1 on a connection of its own, which finds out what a port speaks.

use std::{future::poll_fn, io::IoSlice, time::Duration};

use tokio::io::ReadBuf;

use super::{drive::Driver, link::Link};
use crate::until::Deadline;

/// The maximum duration of a probe.
const TIMEOUT: Duration = Duration::from_secs(1);
/// The maximum size that is read of a response.
const MAX_RESPONSE_BYTE_SIZE: usize = 4 << 10;

/// Returns the deadline of a probe: at most half of the call's remaining time.
pub(crate) fn deadline(driver: &Driver) -> Deadline {
    let left = driver.until().deadline.remaining();
    Deadline::after(Some(left.map_or(TIMEOUT, |left| TIMEOUT.min(left / 2))))
}

/// Requests the server's liveness and receives the response until it is conclusive.
pub(crate) async fn probe(
    link: &Link,
    authority: &str,
    response: &mut Vec<u8>,
    is_conclusive: impl Fn(&[u8]) -> bool,
) {
    let request = format!("GET /v2/health/live HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    // The request fits into any send buffer.
    if poll_fn(|context| link.poll_send(context, &[IoSlice::new(request.as_bytes())])).await.is_err() {
        return;
    }
    let mut bytes = vec![0; MAX_RESPONSE_BYTE_SIZE];
    while response.len() < MAX_RESPONSE_BYTE_SIZE && !is_conclusive(response) {
        let mut into = ReadBuf::new(&mut bytes[..MAX_RESPONSE_BYTE_SIZE - response.len()]);
        let received = poll_fn(|context| link.poll_recv(context, &mut into)).await;
        if received.is_err() || into.filled().is_empty() {
            break;
        }
        response.extend_from_slice(into.filled());
    }
}

/// Returns whether a response begins like one of HTTP/1.
pub(crate) fn is_http1(first: &[u8]) -> bool {
    first.starts_with(b"HTTP/")
}
