//! What a client tells of its work, through the callback that its owner set. Without one nothing is ever written.

use std::{fmt, sync::Arc};

/// How much a message matters, the most first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i32)]
pub enum LogLevel {
    /// Something failed and the caller can't hear of it otherwise.
    Error = 1,
    /// Something is odd, and was got over.
    Warn = 2,
    /// Connections that open and close.
    Info = 3,
    /// Every call: what, where, how it ended, how long it took.
    Debug = 4,
    /// Every step of a call.
    Trace = 5,
}

/// Takes a message: level, target (the part of the library that speaks, `"triton_client::net"`), text.
pub type LogCallback = dyn Fn(LogLevel, &str, &str) + Send + Sync;

/// A client's log callback, or none; cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Log(Option<(LogLevel, Arc<LogCallback>)>);

impl Log {
    pub fn new(most: LogLevel, callback: Arc<LogCallback>) -> Self {
        Self(Some((most, callback)))
    }

    /// Whether anybody hears messages of this weight.
    pub fn is_on(&self, level: LogLevel) -> bool {
        self.0.as_ref().is_some_and(|(most, _)| level <= *most)
    }

    /// The text is made only if somebody hears it.
    pub fn write(&self, level: LogLevel, target: &str, text: impl FnOnce() -> String) {
        if let Some((most, callback)) = &self.0
            && level <= *most
        {
            callback(level, target, &text());
        }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Log(set)" } else { "Log(none)" })
    }
}
