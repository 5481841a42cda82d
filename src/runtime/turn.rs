//! What the I/O thread does once after a turn, in which it runs every task that is ready. Each wake of
//! another thread takes a system call, and preempts this one unless a core is idle.

use std::{
    cell::RefCell,
    future::poll_fn,
    task::{Poll, Waker},
};

type Step = Box<dyn FnOnce()>;

#[derive(Default)]
struct Turn {
    /// Wakes the task of [`run`], which is polled after the tasks that are ready already.
    waker: Option<Waker>,
    steps: Vec<Step>,
}

thread_local! {
    static TURN: RefCell<Turn> = RefCell::default();
}

/// Runs `step` at the end of this turn of the I/O thread. Returns it on any other thread.
pub(crate) fn at_end<F: FnOnce() + 'static>(step: F) -> Result<(), F> {
    TURN.with_borrow_mut(|turn| {
        let Some(waker) = &turn.waker else { return Err(step) };
        if turn.steps.is_empty() {
            waker.wake_by_ref();
        }
        turn.steps.push(Box::new(step));
        Ok(())
    })
}

/// The task that runs the steps, on the I/O thread. It ends with the thread.
pub(super) async fn run() {
    let _last = Last;
    poll_fn(|context| {
        run_steps(Some(context.waker().clone()));
        Poll::Pending
    })
    .await
}

/// Runs the steps of the last turn, when the task is dropped. Later ones are returned.
struct Last;

impl Drop for Last {
    fn drop(&mut self) {
        run_steps(None);
    }
}

fn run_steps(waker: Option<Waker>) {
    let steps = TURN.with_borrow_mut(|turn| {
        turn.waker = waker;
        std::mem::take(&mut turn.steps)
    });
    steps.into_iter().for_each(|step| step());
}
