//! How tonic reaches the server: through the dialer, over sockets that never raise SIGPIPE.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use http::Uri;
use hyper_util::rt::TokioIo;
use tower_service::Service;

use crate::{
    deadline::Deadline,
    error::{Error, Result},
    net::{dial::Dialer, socket::AsyncSocket},
    panic,
};

/// Opens connections by the client's dialer.
#[derive(Clone, Debug)]
pub(super) struct DialerConnector {
    pub dialer: Arc<Dialer>,
    /// Set once a connection has stood: until then no request can have left.
    pub connected: Arc<AtomicBool>,
}

impl Service<Uri> for DialerConnector {
    type Response = TokioIo<AsyncSocket>;
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        let Self { dialer, connected } = self.clone();
        Box::pin(async move {
            // Dialing blocks: it goes to a thread of its own. The connection serves many calls, so no call's deadline
            // ends it: the connect time limit does.
            let dial = move || panic::guard(|| dialer.dial(Deadline::after(None)));
            let socket = tokio::task::spawn_blocking(dial)
                .await
                .map_err(|error| Error::connection("the client is going away").with_source(error))??;
            let socket = AsyncSocket::new(socket)
                .map_err(|error| Error::connection("cannot use the new connection").with_source(error))?;
            connected.store(true, Ordering::Relaxed);
            Ok(TokioIo::new(socket))
        })
    }
}
