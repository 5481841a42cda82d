//! Whether a port that does not speak gRPC speaks HTTP/1: the likeliest mistake in a URL.

use std::{future::poll_fn, io::IoSlice, time::Duration};

use tokio::io::ReadBuf;

use crate::{
    error::{Error, Origin, Status},
    net::{attempts::Failure, dial::Dialer, drive::Caller, link::Link},
    until::Deadline,
};

/// The most time that the port has to respond.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whether the first thing that the server ever sent on a connection is a status line.
pub(super) fn responded(link: &Link) -> bool {
    link.first_bytes().starts_with(b"HTTP/")
}

/// Asks the port for its liveness in HTTP/1, on a connection of its own that the pool does not count, in at most half of the
/// time that the call has left. Only done where a server has accepted a fresh connection and closed it without having sent
/// a byte, which no server of gRPC does. Triton's HTTP port does so, and so does a load balancer without a server behind it;
/// only for the first it is of no use to try again.
pub(super) async fn responds(dialer: &Dialer, authority: &str, caller: &Caller) -> bool {
    let left = caller.until().deadline.remaining();
    let patience = left.map_or(PATIENCE, |left| PATIENCE.min(left / 2));
    let response = caller.within(Deadline::after(Some(patience)), ask(dialer, authority, caller)).await;
    response.is_some_and(|response| response == *b"HTTP/")
}

/// The first bytes of the response, or none.
async fn ask(dialer: &Dialer, authority: &str, caller: &Caller) -> [u8; 5] {
    let request = format!("GET /v2/health/live HTTP/1.1\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    let mut response = [0; 5];
    let Ok(link) = dialer.dial(caller).await else { return response };
    let _on = caller.on(&link);
    // It fits into any send buffer.
    if poll_fn(|_| link.poll_send(&[IoSlice::new(request.as_bytes())])).await.is_err() {
        return response;
    }
    let mut have = 0;
    while have < response.len() {
        let mut into = ReadBuf::new(&mut response[have..]);
        let received = poll_fn(|_| link.poll_recv(&mut into)).await;
        if received.is_err() || into.filled().is_empty() {
            break;
        }
        have += into.filled().len();
    }
    response
}

/// The failure of a call to such a port.
pub(super) fn failure() -> Failure {
    let message =
        "the server's port speaks HTTP/1, not gRPC: use an http:// URL, or the gRPC port (8001 by default)";
    Error::new(Status::Internal, Origin::Connection, message).into()
}
