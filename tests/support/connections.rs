//! Connections that each have a thread.

use std::{
    any::Any,
    net::{Shutdown, TcpStream},
    panic,
    sync::{Arc, Weak},
    thread::{self, JoinHandle},
};

/// The threads of a server's connections. Dropping this closes the connections, joins the threads, and
/// resumes the first panic of one of them.
#[derive(Debug, Default)]
pub struct Connections {
    /// Weak, so that a connection is closed when its thread ends.
    open: Vec<(Weak<TcpStream>, JoinHandle<()>)>,
    panicked: Option<Box<dyn Any + Send>>,
}

impl Connections {
    /// Runs `serve` in a thread; the connection is closed when it returns. It must return when the connection
    /// is shut down.
    pub fn serve(&mut self, stream: TcpStream, serve: impl FnOnce(&TcpStream) + Send + 'static) {
        let (ended, open) =
            std::mem::take(&mut self.open).into_iter().partition(|(_, thread)| thread.is_finished());
        self.open = open;
        self.join(ended);

        let stream = Arc::new(stream);
        let connection = Arc::downgrade(&stream);
        let thread = thread::Builder::new().name("test-connection".to_owned()).spawn(move || serve(&stream));
        self.open.push((connection, thread.expect("a thread for a connection")));
    }

    fn join(&mut self, threads: Vec<(Weak<TcpStream>, JoinHandle<()>)>) {
        for (_, thread) in threads {
            if let Err(cause) = thread.join() {
                self.panicked.get_or_insert(cause);
            }
        }
    }
}

impl Drop for Connections {
    fn drop(&mut self) {
        let open = std::mem::take(&mut self.open);
        for stream in open.iter().filter_map(|(stream, _)| stream.upgrade()) {
            // Fails if the peer closed it first.
            let _ = stream.shutdown(Shutdown::Both);
        }
        self.join(open);
        if let Some(cause) = self.panicked.take()
            && !thread::panicking()
        {
            panic::resume_unwind(cause);
        }
    }
}
