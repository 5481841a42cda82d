//! A client's log, which goes to the callback in its options. Without a callback nothing is logged.

use std::{fmt, sync::Arc};

/// The severity of a log message, the highest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i32)]
pub enum LogLevel {
    /// A failure that is not reported to the caller in any other way.
    Error = 1,
    /// A recoverable problem.
    Warn = 2,
    /// A connection was opened or closed.
    Info = 3,
    /// Every call: its operation, URL, outcome and duration.
    Debug = 4,
    /// Every step of a call.
    Trace = 5,
}

impl LogLevel {
    /// Returns the level with a number; `None` for any other.
    pub fn from_number(number: i32) -> Option<Self> {
        let all = [Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace];
        all.into_iter().find(|level| *level as i32 == number)
    }
}

/// Receives a message: level, target (the module that logs, for example `"triton_client::net"`), text.
pub type LogCallback = dyn Fn(LogLevel, &str, &str) + Send + Sync;

/// The log callback of a client, or none. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Log(Option<(LogLevel, Arc<LogCallback>)>);

impl Log {
    pub(crate) fn new(max: LogLevel, callback: Arc<LogCallback>) -> Self {
        Self(Some((max, callback)))
    }

    /// Returns whether messages of a level are logged.
    pub(crate) fn is_on(&self, level: LogLevel) -> bool {
        self.0.as_ref().is_some_and(|(max, _)| level <= *max)
    }

    /// Logs a message. `text` is called only if the level is logged.
    pub(crate) fn write(&self, level: LogLevel, target: &str, text: impl FnOnce() -> String) {
        if let Some((max, callback)) = &self.0
            && level <= *max
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
