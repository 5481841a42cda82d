//! STREAMS carry any number of requests and of responses over one connection, in both directions at once: for
//! decoupled models, which send any number of responses to a request, and for sequences. gRPC only; over
//! HTTP, UNIMPLEMENTED with advice. A client may have any number of streams at once, and one after another.
//! Each is bound to one server process for its whole life; at most 6 of them share a connection, and none
//! shares one with calls.
//!
//! EVENTS. A stream reports, by its callback or by triton_stream_next, in order:
//!
//! ```text
//!     event                    result    error                        is_end
//!     a response               not NULL  NULL                         false
//!     the error of a request   NULL      UNKNOWN, origin server       false   the stream continues
//!     the end: once, the last  NULL      NULL if the status is OK     true    all was sent and received
//!                              NULL      the status of the stream     true    cancelled, timed out, failed
//! ```
//!
//! A response has the id of its request (triton_infer_request_set_id, triton_infer_result_id), and so has the
//! error of a request (triton_error_request_id): give each of several requests on a stream an id of its own.
//! Triton sends no status with such an error, only a text. It is the last event of a request that was refused
//! before the model ran. If it takes the place of one response of a decoupled model, others may follow.
//!
//! THE LAST RESPONSE to a request has TRITON_FINALITY_FINAL (triton_infer_result_finality), with one
//! exception: Triton 2.51 does not mark the last response of a decoupled model. With
//! triton_infer_request_set_empty_final_response it sends one response more to such a request, without
//! outputs and marked. Set it for decoupled models: triton_stream_finish makes use of it too. Triton before
//! 2.35 and other servers mark no response: the finality is TRITON_FINALITY_UNKNOWN.
//!
//! SLOW READERS. A callback that blocks, or triton_stream_next that is not called, stops the transfer: beside
//! one response the program holds at most 4 MiB that have arrived. It does not stop Triton, which keeps the
//! responses in its own memory as the model produces them: cancel a stream whose responses are not needed.
//!
//! ONE KIND OF MODEL. Use separate streams for decoupled models and for others, and not both at the same
//! time: beside streams of decoupled models, send the requests to others by triton_client_infer_async.
//!
//! PROXIES. nginx, nghttpx and HAProxy end a stream on which nothing is sent for 50 to 60 s (it then ends
//! with UNAVAILABLE), nginx also after 1 MiB of requests (client_max_body_size). Envoy ends it 15 s after
//! triton_stream_finish has taken effect, even if responses are on their way (timeout of the route). The
//! messages name the cause. Apache delays a request after a pause by 0.1 s. PINGs
//! (triton_client_options_set_keepalive_time_us) do not help: proxies do not count them as traffic.

use std::{ffi::c_void, ptr};

use super::{
    async_calls::handles,
    boundary::boundary,
    client::triton_client,
    error::{triton_error, triton_status},
    handle::{Out, free, handle, new_handle, read},
    infallible::infallible,
    library::timeout,
    request::triton_infer_request,
    result::triton_infer_result,
    stream_options::{stream_options, triton_stream_options},
    user_data::UserData,
};
use crate::stream::{Stream, StreamEvent};

/// A stream. Freed with triton_stream_free.
pub struct triton_stream {
    stream: Stream,
}

/// Receives the events of a stream (EVENTS), one after another. See CALLBACKS: it is called on a thread of
/// the library, may block, and may call any function; the last call has is_end.
///
/// @param result     a response; free it with triton_infer_result_free
/// @param error      why a request failed, or with is_end the stream; free it with triton_error_free
/// @param is_end     whether this is the end of the stream
/// @param user_data  as passed with the callback
pub type triton_stream_callback = Option<
    unsafe extern "C" fn(
        result: *mut triton_infer_result,
        error: *mut triton_error,
        is_end: bool,
        user_data: *mut c_void,
    ),
>;

/// Opens a stream. Does not wait for the server: if that cannot be reached, the stream ends with UNAVAILABLE.
///
/// @param options     copied; NULL for the defaults
/// @param callback    receives the events; NULL if triton_stream_next takes them
/// @param user_data   passed to the callback
/// @param stream_out  the stream; free it with triton_stream_free. The callback may be called before this is
///                    written
/// @return UNIMPLEMENTED over HTTP; INVALID_ARGUMENT for defaults of the client without a meaning for a
///         stream (triton_stream_options_set_call_options); FAILED_PRECONDITION if the client is closed;
///         RESOURCE_EXHAUSTED if a thread cannot be started
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_stream_open(
    client: *const triton_client,
    options: *const triton_stream_options,
    callback: triton_stream_callback,
    user_data: *mut c_void,
    stream_out: *mut *mut triton_stream,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, CALLBACKS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(stream_out, "stream_out", ptr::null_mut()).required()?;
            let client = &handle(client, "client")?.client;
            let options = stream_options(options);
            let stream = match callback {
                Some(callback) => {
                    let data = UserData::new(user_data, None);
                    client.open_stream_with_callback(&options, move |event| {
                        let is_end = matches!(event, StreamEvent::End(_));
                        let (result, error) = match event {
                            StreamEvent::Result(result) => handles(Ok(result)),
                            StreamEvent::RequestError(error) | StreamEvent::End(Err(error)) => {
                                handles(Err(error))
                            }
                            StreamEvent::End(Ok(())) => (ptr::null_mut(), ptr::null_mut()),
                        };
                        callback(result, error, is_end, data.pointer());
                    })?
                }
                None => client.open_stream(&options)?,
            };
            out.set(new_handle(triton_stream { stream }));
            Ok(())
        })
    }
}

/// Sends a request on a stream. Copies it into the queue of the stream, tensor data included: nothing remains
/// borrowed. Waits while the queue has no room (triton_stream_options_set_max_queued_byte_size).
///
/// @param request     may be changed or freed afterwards. Give it an id of its own (EVENTS)
/// @param timeout_us  for the wait, in microseconds; 0 does not wait, TRITON_NO_TIMEOUT waits without limit
/// @return as triton_client_infer for what is wrong with the request, which is then not sent. Also
///         INVALID_ARGUMENT if it has a buffer for an output, or only options of HTTP; DEADLINE_EXCEEDED if
///         the queue has no room within timeout_us; RESOURCE_EXHAUSTED if it is larger than the maximum size
///         of a message, and on a callback thread of the client if the queue has no room; FAILED_PRECONDITION
///         after triton_stream_finish; after the end of the stream its status, or UNAVAILABLE if that was OK
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_stream_send(
    stream: *const triton_stream,
    request: *const triton_infer_request,
    timeout_us: u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, BORROWED DATA, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let stream = &handle(stream, "stream")?.stream;
            stream.send(&handle(request, "request")?.request, timeout(timeout_us))
        })
    }
}

/// Ends the requests of a stream: no further one is accepted, and the stream ends after the last response.
/// Does not block. Has no effect if it is repeated.
///
/// The server learns of it when the queue is empty and every request with
/// triton_infer_request_set_empty_final_response has had its final response; it does not wait for responses
/// to requests without. This matters behind two proxies: Envoy ends the whole stream 15 s after the server
/// was notified (timeout of the route), and Apache from then on does not pass a cancel on while the server is
/// silent. Set the empty final response there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_stream_finish(
    stream: *const triton_stream,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe { boundary(error_out, || handle(stream, "stream")?.stream.finish()) }
}

/// Returns the next event of a stream without a callback, and blocks until there is one (WAITS).
///
/// @param timeout_us         microseconds; 0 does not wait, TRITON_NO_TIMEOUT waits without limit
/// @param result_out         a response; free it with triton_infer_result_free
/// @param request_error_out  why a request failed; free it with triton_error_free
/// @param is_end_out         whether this is the end of the stream
/// @return OK with one of the three. At the end of a stream that failed or was cancelled: its status, with
///         is_end_out true. DEADLINE_EXCEEDED, with is_end_out false, if no event has arrived.
///         FAILED_PRECONDITION after the end, and if the stream has a callback
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_stream_next(
    stream: *const triton_stream,
    timeout_us: u64,
    result_out: *mut *mut triton_infer_result,
    request_error_out: *mut *mut triton_error,
    is_end_out: *mut bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let result = Out::new(result_out, "result_out", ptr::null_mut());
            let request_error = Out::new(request_error_out, "request_error_out", ptr::null_mut());
            let is_end = Out::new(is_end_out, "is_end_out", false);
            let (result, request_error) = (result.required()?, request_error.required()?);
            let is_end = is_end.required()?;
            match handle(stream, "stream")?.stream.next(timeout(timeout_us))? {
                StreamEvent::Result(response) => result.set(new_handle(triton_infer_result::new(response))),
                StreamEvent::RequestError(error) => request_error.set(new_handle(triton_error::new(error))),
                StreamEvent::End(status) => {
                    is_end.set(true);
                    status?;
                }
            }
            Ok(())
        })
    }
}

/// Blocks until a stream has ended and, if it has a callback, the last call of it has returned (WAITS). A
/// stream without a callback ends when triton_stream_next has returned its events, unless it fails or is
/// cancelled.
///
/// @param timeout_us  microseconds; 0 does not wait, TRITON_NO_TIMEOUT waits without limit
/// @return OK if it has ended, whatever its status: that is the one of its last event. DEADLINE_EXCEEDED if
///         it has not. FAILED_PRECONDITION on a callback thread of the client, if the stream has a callback
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_stream_wait(
    stream: *const triton_stream,
    timeout_us: u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe { boundary(error_out, || handle(stream, "stream")?.stream.wait(timeout(timeout_us))) }
}

/// Cancels a stream that has not ended: its end has CANCELLED. NULL is ignored. Does not block, and may be
/// called more than once. The server is notified, and stops the models of its outstanding requests if they
/// check for it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_stream_cancel(stream: *const triton_stream) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { read(stream, (), |stream| stream.stream.cancel()) });
}

/// Frees the handle of a stream. NULL is ignored. Does not block, and may be called in its callback. A stream
/// that has not ended is cancelled; its callback still receives the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_stream_free(stream: *mut triton_stream) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(stream) });
}
