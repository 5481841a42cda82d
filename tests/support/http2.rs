//! A server of HTTP/2, on a runtime in a thread of its own.

use std::{future::poll_fn, io, net::SocketAddr, panic, sync::Arc, task::Poll, thread};

use bytes::Bytes;
use h2::{
    Reason, RecvStream, SendStream,
    server::{Builder, SendResponse},
};
use http::{HeaderMap, Response, header::CONTENT_TYPE};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime,
    sync::{mpsc, oneshot},
};

use super::listener;

/// What a call's answer comes to; an error says that the client is gone, or has what it was to have instead
/// of one.
pub type Result<T> = std::result::Result<T, h2::Error>;

/// A port and the thread that serves it. Both end on drop, and with them all connections.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Server {
    /// Serves each call by a future of `serve`'s. If one panics, dropping the server does.
    pub fn start<F>(
        settings: Builder,
        on_connection: impl Fn() + Send + Sync + 'static,
        serve: impl Fn(Call) -> F + Send + Sync + 'static,
    ) -> io::Result<Self>
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let listener = listener::bind()?;
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
        let (stop, stopped) = oneshot::channel();
        let (panics, mut panicked) = mpsc::unbounded_channel();
        let service = Arc::new(Service { settings, on_connection, serve, panics });
        let thread = thread::Builder::new().name("test-http2".to_owned()).spawn(move || {
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).expect("a listener for the runtime");
                tokio::spawn(service.accept(listener));
                // Dropped or sent: both are the end.
                let _ = stopped.await;
            });
            drop(runtime);
            if let Ok(cause) = panicked.try_recv() {
                panic::resume_unwind(cause);
            }
        })?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        listener::join(self.thread.take());
    }
}

struct Service<C, S> {
    settings: Builder,
    on_connection: C,
    serve: S,
    panics: mpsc::UnboundedSender<Box<dyn std::any::Any + Send>>,
}

impl<C, S, F> Service<C, S>
where
    C: Fn() + Send + Sync + 'static,
    S: Fn(Call) -> F + Send + Sync + 'static,
    F: Future<Output = Result<()>> + Send + 'static,
{
    async fn accept(self: Arc<Self>, listener: TcpListener) {
        loop {
            let (stream, _) = listener.accept().await.expect("accepting a connection");
            (self.on_connection)();
            tokio::spawn(self.clone().serve(stream));
        }
    }

    async fn serve(self: Arc<Self>, stream: TcpStream) {
        let _ = stream.set_nodelay(true);
        let Ok(mut connection) = self.settings.handshake::<_, Bytes>(stream).await else { return };
        let (end, mut ends) = mpsc::unbounded_channel();
        loop {
            // Accepting is also what drives the connection, whose streams may ask for its end meanwhile.
            let event = poll_fn(|context| match ends.poll_recv(context) {
                Poll::Ready(end) => Poll::Ready(Err(end)),
                Poll::Pending => connection.poll_accept(context).map(Ok),
            });
            match event.await {
                Err(Some(End::GoAway)) => connection.abrupt_shutdown(Reason::NO_ERROR),
                Ok(Some(Ok((request, response)))) => {
                    let (parts, body) = request.into_parts();
                    let (path, headers) = (parts.uri.path().to_owned(), parts.headers);
                    let call = Call { path, headers, body, response, end: end.clone() };
                    let response = tokio::spawn((self.serve)(call));
                    let service = self.clone();
                    tokio::spawn(async move {
                        if let Err(error) = response.await
                            && let Ok(cause) = error.try_into_panic()
                        {
                            let _ = service.panics.send(cause);
                        }
                    });
                }
                _ => return,
            }
        }
    }
}

enum End {
    Close,
    GoAway,
}

/// A request and the way to answer it. If it is dropped unanswered, its stream is reset.
#[derive(Debug)]
pub struct Call {
    path: String,
    headers: HeaderMap,
    body: RecvStream,
    response: SendResponse<Bytes>,
    end: mpsc::UnboundedSender<End>,
}

impl Call {
    pub fn path(&self) -> &str {
        &self.path
    }

    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Reads the request's body to its end.
    pub async fn read_body(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        while let Some(data) = self.body.data().await {
            let data = data?;
            self.body.flow_control().release_capacity(data.len())?;
            body.extend_from_slice(&data);
        }
        Ok(body)
    }

    /// Sends an answer's head, after which only what it returns can be sent.
    pub fn send_headers(&mut self, status: u16, content_type: &str) -> Result<SendStream<Bytes>> {
        self.send_headers_with(status, content_type, &[])
    }

    /// As [`Call::send_headers`], with more headers.
    pub fn send_headers_with(
        &mut self,
        status: u16,
        content_type: &str,
        more: &[(String, String)],
    ) -> Result<SendStream<Bytes>> {
        let mut head = Response::builder().status(status).header(CONTENT_TYPE, content_type);
        for (name, value) in more {
            head = head.header(name, value);
        }
        self.response.send_response(head.body(()).expect("headers of the test"), false)
    }

    /// Sends an answer that is nothing but a head.
    pub fn send_only_headers(&mut self, head: Response<()>) -> Result<()> {
        self.response.send_response(head, true).map(drop)
    }

    pub fn reset(&mut self, reason: Reason) {
        self.response.send_reset(reason);
    }

    /// Waits until the client gives the call up, or the connection.
    pub async fn abandoned(&mut self) -> Result<()> {
        poll_fn(|context| self.response.poll_reset(context)).await.map(drop)
    }

    /// Cuts the connection, with all calls on it.
    pub fn close_connection(&self) {
        let _ = self.end.send(End::Close);
    }

    /// As [`Call::close_connection`], after a GOAWAY that counts this call among those served.
    pub fn go_away(&self) {
        let _ = self.end.send(End::GoAway);
    }
}

/// Sends data as fast as the client takes it.
pub async fn send_data(stream: &mut SendStream<Bytes>, mut data: Bytes) -> Result<()> {
    while !data.is_empty() {
        stream.reserve_capacity(data.len());
        let Some(capacity) = poll_fn(|context| stream.poll_capacity(context)).await else {
            return Err(Reason::CANCEL.into());
        };
        match capacity? {
            // Taken away again before it could be used: the connection's task has to go on first.
            0 => tokio::task::yield_now().await,
            capacity => stream.send_data(data.split_to(capacity.min(data.len())), false)?,
        }
    }
    Ok(())
}
