//! ASYNCHRONOUS CALLS. A call is submitted and completes later. Options, errors, deadlines, buffers of
//! outputs, compression and statistics are those of triton_client_infer. There are four ways to learn of the
//! completion:
//!
//! ```text
//!     a callback on a thread of the library            triton_client_infer_async with a callback (CALLBACKS)
//!     waiting for the call                             triton_client_infer_async without one, triton_call_wait
//!     a queue, with a file descriptor for event loops  triton_client_infer_async_queue, the next section
//!     an array of results, after the last of many      triton_client_infer_many, triton_client_infer_many_async
//! ```
//!
//! BOUNDS are options of the client: the calls in flight (1,024), their connections (16 over HTTP, each with
//! one call at a time; 4 over gRPC, each with as many as the server permits, but at most 100), and the
//! callback threads (1). If as many calls are in flight as are permitted, a submission blocks until another
//! call completes; with triton_client_options_set_fail_when_full, and always on a callback thread, it returns
//! RESOURCE_EXHAUSTED at once instead. The deadline of a call counts from its submission, and includes all
//! the time that it waits. Calls that are complete do not count, even if their callback waits for a thread or
//! they wait in a queue: a program that submits faster than it handles the results limits itself.
//!
//! THREADS OR ASYNCHRONOUS CALLS. A blocking call takes least time. On a fast server over HTTP, eight threads
//! with blocking calls reach twice the rate of eight asynchronous calls, at less CPU time for each; over
//! gRPC, whose asynchronous calls share connections, it is the reverse. Asynchronous calls keep hundreds of
//! requests in flight with one thread and few connections: they are for models that take longer, and for
//! event loops.
//!
//! THE CONTROL PLANE has no asynchronous form. Such a call can be made by a thread of the program; a cancel
//! token ends it from any other.

use std::{ffi::c_void, ptr};

use super::{
    boundary::boundary,
    call_options::{call_options, triton_call_options},
    client::triton_client,
    convert::{array, check_array},
    error::{triton_error, triton_status},
    handle::{Out, free_with, handle, new_handle, null, read},
    infallible::infallible,
    library::timeout,
    request::triton_infer_request,
    result::triton_infer_result,
    user_data::UserData,
};
use crate::{
    call::Call,
    error::{Error, Result},
    infer::{InferRequest, InferResult},
    options::CallOptions,
};

/// An asynchronous call. Freed with triton_call_free.
pub struct triton_call {
    call: Call,
    user_data: *mut c_void,
}

impl triton_call {
    pub(super) fn new(call: Call, user_data: *mut c_void) -> Self {
        Self { call, user_data }
    }
}

/// Receives the outcome of an asynchronous call. See CALLBACKS: it is called exactly once, on a thread of the
/// library, may block, and may call any function.
///
/// Exactly one of result and error is not NULL.
///
/// @param result     the result; free it with triton_infer_result_free
/// @param error      why the call failed; free it with triton_error_free
/// @param user_data  as passed with the callback
pub type triton_infer_callback = Option<
    unsafe extern "C" fn(result: *mut triton_infer_result, error: *mut triton_error, user_data: *mut c_void),
>;

/// Receives the outcomes of triton_client_infer_many_async. See CALLBACKS: it is called exactly once, on a
/// thread of the library, may block, and may call any function.
///
/// For each request in turn, exactly one of results[i] and errors[i] is not NULL. The arrays are valid during
/// the call; the callback owns their elements, and frees each of them. NULL is ignored by the functions that
/// free them.
///
/// @param results    the results; free each with triton_infer_result_free
/// @param errors     why the calls failed; free each with triton_error_free
/// @param count      the number of elements of each array: that of the requests
/// @param user_data  as passed with the callback
pub type triton_infer_many_callback = Option<
    unsafe extern "C" fn(
        results: *const *mut triton_infer_result,
        errors: *const *mut triton_error,
        count: usize,
        user_data: *mut c_void,
    ),
>;

/// The handles of an outcome, of which exactly one is not NULL.
pub(super) fn handles(outcome: Result<InferResult>) -> (*mut triton_infer_result, *mut triton_error) {
    match outcome {
        Ok(result) => (new_handle(triton_infer_result::new(result)), ptr::null_mut()),
        Err(error) => (ptr::null_mut(), new_handle(triton_error::new(error))),
    }
}

/// Submits an inference request. Returns without waiting for the server; blocks only while the maximum number
/// of calls is in flight (BOUNDS).
///
/// @param client     may be used by any number of threads at once
/// @param request    may be changed or freed afterwards; the data that it borrows must remain until the call
///                   is complete (BORROWED DATA)
/// @param options    the options of the call; NULL for the client's. May be changed or freed afterwards
/// @param callback   receives the outcome; may be NULL: then call_out must not be
/// @param user_data  passed to the callback, and returned by triton_call_user_data
/// @param call_out   the call; free it with triton_call_free. May be NULL. The callback may be called before
///                   this is written
/// @return as triton_client_infer for what is wrong with the request: then the callback is never called. Also
///         INVALID_ARGUMENT if callback and call_out are NULL; RESOURCE_EXHAUSTED if too many calls are in
///         flight and the submission must not wait, or if a thread cannot be started; DEADLINE_EXCEEDED if
///         the deadline passes while it waits; FAILED_PRECONDITION if the client is closed
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_infer_async(
    client: *const triton_client,
    request: *const triton_infer_request,
    options: *const triton_call_options,
    callback: triton_infer_callback,
    user_data: *mut c_void,
    call_out: *mut *mut triton_call,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, BORROWED DATA, CALLBACKS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(call_out, "call_out", ptr::null_mut());
            let client = &handle(client, "client")?.client;
            let request = &handle(request, "request")?.request;
            let options = call_options(options);
            let call = match callback {
                Some(callback) => {
                    let data = UserData::new(user_data, None);
                    client.infer_with_callback(request, options, move |outcome| {
                        let (result, error) = handles(outcome);
                        callback(result, error, data.pointer());
                    })?
                }
                None if call_out.is_null() => {
                    return Err(Error::invalid(
                        "callback and call_out are NULL: no way to learn of the result",
                    ));
                }
                None => client.infer_async(request, options)?,
            };
            hand_over(call, user_data, out);
            Ok(())
        })
    }
}

/// Gives the caller the handle of a call, which goes on without one.
pub(super) fn hand_over(call: Call, user_data: *mut c_void, out: Out<*mut triton_call>) {
    if out.is_null() {
        call.detach();
    } else {
        out.set(new_handle(triton_call::new(call, user_data)));
    }
}

/// Blocks until a call is complete (WAITS). A call with a callback may be complete before its callback is
/// called.
///
/// @param timeout_us  microseconds; 0 does not wait, TRITON_NO_TIMEOUT waits without limit
/// @return OK if the call is complete, also if it failed: its own status is what triton_call_take_result
///         returns. DEADLINE_EXCEEDED if it is not complete yet
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_wait(
    call: *const triton_call,
    timeout_us: u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe { boundary(error_out, || handle(call, "call")?.call.wait(timeout(timeout_us))) }
}

/// Returns whether a call is complete; false for NULL. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_is_done(call: *const triton_call) -> bool {
    // SAFETY: the contract's HANDLES.
    infallible(false, || unsafe { read(call, false, |call| call.call.is_done()) })
}

/// Takes the result of a call that is complete. Does not block.
///
/// @param result_out  the result; free it with triton_infer_result_free
/// @return the status of the call, as triton_client_infer. FAILED_PRECONDITION, with the origin
///         TRITON_ORIGIN_ARGUMENT, if the call is not complete, if its outcome was taken already, or if it
///         was given to a callback
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_take_result(
    call: *const triton_call,
    result_out: *mut *mut triton_infer_result,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(result_out, "result_out", ptr::null_mut()).required()?;
            let result = handle(call, "call")?.call.take_result()?;
            out.set(new_handle(triton_infer_result::new(result)));
            Ok(())
        })
    }
}

/// Cancels a call, unless it is complete. NULL is ignored. Does not block, and may be called more than once.
/// The call completes with CANCELLED within milliseconds, in the way that it was to complete. What the server
/// does then: see CANCEL TOKENS.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_cancel(call: *const triton_call) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { read(call, (), |call| call.call.cancel()) });
}

/// Returns the user_data that was passed with the call; NULL for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_user_data(call: *const triton_call) -> *mut c_void {
    // SAFETY: the contract's HANDLES.
    infallible(ptr::null_mut(), || unsafe { read(call, ptr::null_mut(), |call| call.user_data) })
}

/// Frees the handle of a call. NULL is ignored. Does not block. A call that is not complete goes on: its
/// callback is still called, and its completion queue still returns it. Borrowed data must remain until it is
/// complete (BORROWED DATA).
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_call_free(call: *mut triton_call) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free_with(call, |call| call.call.detach()) });
}

/// The requests and options of several calls.
///
/// # Safety
/// The arrays have `count` and `options_count` elements, which are NULL or handles that are not freed
/// (ARRAYS, HANDLES).
#[allow(clippy::type_complexity)] // Two lists.
unsafe fn many<'a>(
    requests: *const *const triton_infer_request,
    count: usize,
    options: *const *const triton_call_options,
    options_count: usize,
) -> Result<(Vec<&'a InferRequest<'static>>, Vec<&'a CallOptions>)> {
    // SAFETY: the caller's promise.
    unsafe {
        let requests = array(requests, count, "requests")?.iter().enumerate();
        let requests = requests.map(|(at, request)| match request.as_ref() {
            Some(request) => Ok(&request.request),
            None => Err(null(&format!("requests[{at}]"))),
        });
        // Compared before the array is read: a wrong count may be larger than the array.
        if !matches!(options_count, 0 | 1) && options_count != count {
            let message = format!("options_count must be 0, 1 or {count}, the number of requests");
            return Err(Error::invalid(format!("{message}; it is {options_count}")));
        }
        let options = array(options, options_count, "options")?.iter().map(|options| call_options(*options));
        Ok((requests.collect::<Result<_>>()?, options.collect()))
    }
}

/// Sends several inference requests at once, of any models and shapes, and blocks until all calls are
/// complete. As many are in flight as the client permits (BOUNDS); the others follow as places become free.
/// Each call has its own deadline, and a token in its own options cancels it alone: the others go on.
///
/// For each request in turn, exactly one of results_out[i] and errors_out[i] is then not NULL. The caller
/// owns and frees both. All elements are NULL if the function itself fails.
///
/// @param requests       the requests, of which one may occur more than once unless it has a buffer for an
///                       output; none may be NULL
/// @param count          the number of requests; 0 returns OK
/// @param options        the options of the calls, each of which may be NULL for the client's
/// @param options_count  0: the client's for all; 1: the same for all; count: one for each
/// @param results_out    count elements: the results; free each with triton_infer_result_free
/// @param errors_out     count elements: why calls failed; free each with triton_error_free
/// @return OK once all calls are complete, also if all have failed. INVALID_ARGUMENT, and nothing is sent, if
///         a pointer is NULL or options_count is wrong; FAILED_PRECONDITION if the client is closed;
///         RESOURCE_EXHAUSTED if a thread cannot be started
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_infer_many(
    client: *const triton_client,
    requests: *const *const triton_infer_request,
    count: usize,
    options: *const *const triton_call_options,
    options_count: usize,
    results_out: *mut *mut triton_infer_result,
    errors_out: *mut *mut triton_error,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, ARRAYS, BORROWED DATA, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let results = OutArray::new(results_out, count, "results_out");
            let errors = OutArray::new(errors_out, count, "errors_out");
            let (results, errors) = (results?, errors?);
            let client = &handle(client, "client")?.client;
            let (requests, options) = many(requests, count, options, options_count)?;
            let outcomes = client.infer_many(&requests, &options)?;
            for (at, outcome) in outcomes.into_iter().enumerate() {
                let (result, error) = handles(outcome);
                results.set(at, result);
                errors.set(at, error);
            }
            Ok(())
        })
    }
}

/// Sends several inference requests as triton_client_infer_many does, without blocking.
///
/// @param requests       the requests, of which none may be NULL; may be changed or freed afterwards, but for
///                       the data that they borrow (BORROWED DATA)
/// @param count          the number of requests; may be 0
/// @param options        the options of the calls, each of which may be NULL for the client's; may be changed
///                       or freed afterwards
/// @param options_count  0: the client's for all; 1: the same for all; count: one for each
/// @param callback       receives all outcomes, once, after the last call is complete; also for 0 requests.
///                       Must not be NULL
/// @param user_data      passed to the callback
/// @return as triton_client_infer_many: unless it is OK, the callback is never called
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_infer_many_async(
    client: *const triton_client,
    requests: *const *const triton_infer_request,
    count: usize,
    options: *const *const triton_call_options,
    options_count: usize,
    callback: triton_infer_many_callback,
    user_data: *mut c_void,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, ARRAYS, BORROWED DATA, CALLBACKS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let client = &handle(client, "client")?.client;
            let (requests, options) = many(requests, count, options, options_count)?;
            let callback = callback.ok_or_else(|| null("callback"))?;
            let data = UserData::new(user_data, None);
            client.infer_many_with_callback(&requests, &options, move |outcomes| {
                let (results, errors): (Vec<_>, Vec<_>) = outcomes.into_iter().map(handles).unzip();
                callback(results.as_ptr(), errors.as_ptr(), results.len(), data.pointer());
            })
        })
    }
}

/// An array of handles that a function writes, with NULL in all elements for a failure.
struct OutArray<T> {
    elements: *mut *mut T,
    count: usize,
}

impl<T> OutArray<T> {
    /// # Safety
    /// NULL, or has `count` elements that can be written until the function returns (OUT-PARAMETERS).
    unsafe fn new(elements: *mut *mut T, count: usize, name: &str) -> Result<Self> {
        check_array(elements, count, name)?;
        for at in 0..count {
            // SAFETY: not NULL, of a possible size, and the caller's promise.
            unsafe { elements.add(at).write(ptr::null_mut()) };
        }
        Ok(Self { elements, count })
    }

    fn set(&self, at: usize, handle: *mut T) {
        if at < self.count {
            // SAFETY: within the array, which `new` was promised can be written.
            unsafe { self.elements.add(at).write(handle) };
        }
    }
}
