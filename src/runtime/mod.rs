//! The threads of a client and their limits: one I/O thread, the callback threads, the number of calls in
//! flight. A client that makes only blocking calls has none of these threads.

mod activity;
mod callbacks;
mod io;
mod signal;
mod slots;
pub(crate) mod turn;

pub(crate) use activity::{Active, Activity};
pub(crate) use callbacks::Callbacks;
pub(crate) use io::{Io, cannot_start};
pub(crate) use signal::Signal;
pub(crate) use slots::{Slot, Slots};
