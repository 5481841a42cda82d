//! Accepts connections on a free port of 127.0.0.1.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    panic,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
};

/// A port and the thread that accepts its connections. Both end on drop, after the closure given to `start`
/// was dropped.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    accepted: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    /// Calls `on_connection` with each connection, on the accepting thread.
    pub fn start(mut on_connection: impl FnMut(TcpStream) + Send + 'static) -> io::Result<Self> {
        let listener = bind()?;
        let address = listener.local_addr()?;
        let (accepted, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let thread = thread::Builder::new().name("test-accept".to_owned()).spawn({
            let (accepted, stop) = (accepted.clone(), stop.clone());
            move || {
                loop {
                    let (stream, _) = listener.accept().expect("accepting a connection");
                    if stop.load(Ordering::SeqCst) {
                        return;
                    }
                    accepted.fetch_add(1, Ordering::SeqCst);
                    on_connection(stream);
                }
            }
        })?;
        Ok(Self { address, accepted, stop, thread: Some(thread) })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the number of connections accepted so far.
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // The standard library can't interrupt an accept: one more connection does. If that fails, the thread
        // is not waiting for one.
        let waker = TcpStream::connect(self.address);
        join(self.thread.take());
        drop(waker);
    }
}

/// Returns a free port of 127.0.0.1.
pub fn bind() -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
}

/// Joins a server's thread, and resumes its panic, perhaps a failed assertion of a test.
pub fn join(thread: Option<JoinHandle<()>>) {
    if let Some(Err(cause)) = thread.map(JoinHandle::join)
        && !thread::panicking()
    {
        panic::resume_unwind(cause);
    }
}
