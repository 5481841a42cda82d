//! An HTTP/2 server, with a runtime in its own thread.

use std::{future::poll_fn, io, net::SocketAddr, panic, sync::Arc, task::Poll, thread};

use bytes::Bytes;
use h2::{
    Reason, RecvStream, SendStream,
    server::{Builder, SendResponse},
};
use http::{HeaderMap, Response, Uri, header::CONTENT_TYPE};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime,
    sync::{mpsc, oneshot},
};

use super::{
    listener,
    tls::{self, TlsFront},
};

/// The outcome of serving a call; an error means that the client closed the connection, or that the call ends
/// without a response.
pub type Result<T> = std::result::Result<T, h2::Error>;

/// A port and the thread that serves it. Dropping it closes both and all connections.
#[derive(Debug)]
pub struct Server {
    front: Option<TlsFront>,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Server {
    /// Serves each call with a future from `serve`. If one panics, dropping the server does too.
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
                // Dropped or sent: both stop the server.
                let _ = stopped.await;
            });
            drop(runtime);
            if let Ok(cause) = panicked.try_recv() {
                panic::resume_unwind(cause);
            }
        })?;
        Ok(Self { front: tls::front(address), address, stop: Some(stop), thread: Some(thread) })
    }

    pub fn address(&self) -> SocketAddr {
        self.front.as_ref().map_or(self.address, TlsFront::address)
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
            // Accepting also drives the connection; its streams may request its end meanwhile.
            let event = poll_fn(|context| match ends.poll_recv(context) {
                Poll::Ready(end) => Poll::Ready(Err(end)),
                Poll::Pending => connection.poll_accept(context).map(Ok),
            });
            match event.await {
                Err(Some(End::GoAway)) => connection.abrupt_shutdown(Reason::NO_ERROR),
                Ok(Some(Ok((request, response)))) => {
                    let (parts, body) = request.into_parts();
                    let (uri, headers) = (parts.uri, parts.headers);
                    let call = Call { uri, headers, body, response, end: end.clone() };
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

/// A request and its response stream. If it is dropped without a response, the stream is reset.
#[derive(Debug)]
pub struct Call {
    uri: Uri,
    headers: HeaderMap,
    body: RecvStream,
    response: SendResponse<Bytes>,
    end: mpsc::UnboundedSender<End>,
}

impl Call {
    pub fn path(&self) -> &str {
        self.uri.path()
    }

    /// Returns the URI: `:scheme`, `:authority` and path.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Reads the request's body to its end.
    pub async fn read_body(&mut self) -> Result<Vec<u8>> {
        let mut body = Vec::new();
        while let Some(data) = self.read_data().await? {
            body.extend_from_slice(&data);
        }
        Ok(body)
    }

    /// Reads what has arrived of the request's body, or waits for it; `None` at its end.
    pub async fn read_data(&mut self) -> Result<Option<Bytes>> {
        let Some(data) = self.body.data().await else { return Ok(None) };
        let data = data?;
        self.body.flow_control().release_capacity(data.len())?;
        Ok(Some(data))
    }

    /// Sends the headers of a response. The rest is sent through the stream that it returns.
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
        let mut builder = Response::builder().status(status).header(CONTENT_TYPE, content_type);
        for (name, value) in more {
            builder = builder.header(name, value);
        }
        self.response.send_response(builder.body(()).expect("headers of the test"), false)
    }

    /// Sends a response that has only headers.
    pub fn send_only_headers(&mut self, headers: Response<()>) -> Result<()> {
        self.response.send_response(headers, true).map(drop)
    }

    pub fn reset(&mut self, reason: Reason) {
        self.response.send_reset(reason);
    }

    /// Waits until the client cancels the call or closes the connection.
    pub async fn abandoned(&mut self) -> Result<()> {
        poll_fn(|context| self.response.poll_reset(context)).await.map(drop)
    }

    /// Closes the connection with all calls on it.
    pub fn close_connection(&self) {
        let _ = self.end.send(End::Close);
    }

    /// Closes the connection after a GOAWAY that reports this call as processed.
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
            // The capacity was reduced again: the connection's task must run first.
            0 => tokio::task::yield_now().await,
            capacity => stream.send_data(data.split_to(capacity.min(data.len())), false)?,
        }
    }
    Ok(())
}
