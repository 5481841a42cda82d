//! COMPLETION QUEUES return asynchronous calls as they complete: for event loops, and for languages that
//! cannot take a callback on a foreign thread. A queue may receive calls of any number of clients, and any
//! number of threads may take calls out of it. No callback thread is involved.

use std::{
    ffi::{c_int, c_void},
    os::fd::AsRawFd,
    ptr,
};

use super::{
    async_calls::{hand_over, triton_call},
    boundary::boundary,
    call_options::{call_options, triton_call_options},
    client::triton_client,
    error::{triton_error, triton_status},
    handle::{Out, free, handle, new_handle},
    infallible::infallible,
    library::timeout,
    request::triton_infer_request,
};
use crate::completion_queue::CompletionQueue;

/// A queue of completed calls. Freed with triton_completion_queue_free.
pub struct triton_completion_queue {
    queue: CompletionQueue,
}

/// Creates an empty queue.
///
/// @param queue_out  the queue; free it with triton_completion_queue_free
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_completion_queue_new(
    queue_out: *mut *mut triton_completion_queue,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(queue_out, "queue_out", ptr::null_mut()).required()?;
            out.set(new_handle(triton_completion_queue { queue: CompletionQueue::new() }));
            Ok(())
        })
    }
}

/// Returns a file descriptor that is readable as long as a call is in the queue, for poll, epoll and kqueue
/// (level-triggered). The first call of this function creates it, and later ones return the same. It is for
/// waiting only: it must not be read, written or closed by the program, and is closed with the queue.
///
/// @param fd_out  the descriptor; -1 on failure
/// @return RESOURCE_EXHAUSTED if the process cannot open another descriptor
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_completion_queue_fd(
    queue: *const triton_completion_queue,
    fd_out: *mut c_int,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(fd_out, "fd_out", -1).required()?;
            out.set(handle(queue, "queue")?.queue.fd()?.as_raw_fd());
            Ok(())
        })
    }
}

/// Returns the next completed call, and blocks until there is one (WAITS).
///
/// @param timeout_us  microseconds; 0 does not wait, TRITON_NO_TIMEOUT waits without limit
/// @param call_out    the call, for triton_call_user_data and triton_call_take_result; free it with
///                    triton_call_free. It is a handle of its own beside the one of the submission
/// @return OK with a call, also if that failed: its own status is what triton_call_take_result returns.
///         DEADLINE_EXCEEDED if none is complete yet
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_completion_queue_next(
    queue: *const triton_completion_queue,
    timeout_us: u64,
    call_out: *mut *mut triton_call,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(call_out, "call_out", ptr::null_mut()).required()?;
            let call = handle(queue, "queue")?.queue.next(timeout(timeout_us))?;
            let user_data = pointer(call.tag());
            out.set(new_handle(triton_call::new(call, user_data)));
            Ok(())
        })
    }
}

/// Frees a queue, and closes its descriptor. NULL is ignored. Does not block. Calls that complete later are
/// discarded with their results, as are those in the queue.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_completion_queue_free(queue: *mut triton_completion_queue) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(queue) });
}

/// Submits an inference request as triton_client_infer_async does. When the call is complete, the queue
/// returns it.
///
/// @param client     may be used by any number of threads at once
/// @param request    may be changed or freed afterwards; the data that it borrows must remain until the call
///                   is complete (BORROWED DATA)
/// @param options    the options of the call; NULL for the client's. May be changed or freed afterwards
/// @param queue      receives the call. If it is freed before, the result is discarded
/// @param user_data  returned by triton_call_user_data
/// @param call_out   a handle of the call, for example to cancel it; free it with triton_call_free. May be
///                   NULL
/// @return as triton_client_infer_async: unless it is OK, the queue never returns the call
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_infer_async_queue(
    client: *const triton_client,
    request: *const triton_infer_request,
    options: *const triton_call_options,
    queue: *const triton_completion_queue,
    user_data: *mut c_void,
    call_out: *mut *mut triton_call,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, BORROWED DATA, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(call_out, "call_out", ptr::null_mut());
            let client = &handle(client, "client")?.client;
            let request = &handle(request, "request")?.request;
            let queue = &handle(queue, "queue")?.queue;
            let call = client.infer_with_queue(request, call_options(options), queue, tag(user_data))?;
            hand_over(call, user_data, out);
            Ok(())
        })
    }
}

/// The caller's pointer as the number that the core keeps with a call.
fn tag(user_data: *mut c_void) -> u64 {
    user_data.expose_provenance() as u64
}

/// The pointer of a number that [`tag`] made.
fn pointer(tag: u64) -> *mut c_void {
    ptr::with_exposed_provenance_mut(usize::try_from(tag).unwrap_or_default())
}
