//! CANCEL TOKENS end calls from another thread. A token is set in the options of a call
//! (triton_call_options_set_cancel_token), of any kind: inference, control plane, generate, loading, waiting
//! until ready, an asynchronous call, a stream. A cancelled call returns TRITON_STATUS_CANCELLED within
//! milliseconds, at whatever stage it is, and only when it no longer reads or writes the memory that it
//! borrowed. A result that is complete takes precedence. CANCELLED is in doubt (triton_error_is_in_doubt)
//! once a part of the request was sent.
//!
//! THE SERVER. A cancelled call loses its connection, or, if it is asynchronous and over gRPC, its stream in
//! a connection that other calls keep using. What the server does then:
//!
//! ```text
//!     server                       over HTTP                                   over gRPC
//!     Triton 2.51                  computes an inference to its end; the       cancels the request: the model stops
//!                                  stream of generate_stream stops             if it checks for it
//!     behind HAProxy, Apache       continues: the proxy does not pass the      continues: the proxy does not pass the
//!                                  end of the connection on                    end of a call on
//!     behind Varnish               continues, as behind HAProxy                -
//! ```
//!
//! Triton 2.51 has a known fault with cancelled gRPC calls (issue 7368 of the Triton server, mostly fixed in
//! 2.53).
//!
//! A request that is queued at the server may run after it was cancelled. A step of a sequence is in doubt
//! like any other request, and Triton 2.51 in fact runs it, unless the sequence itself waits for a free slot:
//! then Triton drops the whole sequence, and its later steps are INVALID_ARGUMENT. A step with the start flag
//! begins the sequence anew in any case. A sequence that is abandoned holds its slot until the model's
//! max_sequence_idle_microseconds; a step with the end flag frees it.

use std::ptr;

use super::{
    boundary::boundary,
    error::{triton_error, triton_status},
    handle::{Out, free, new_handle, read},
    infallible::infallible,
};
use crate::until::CancelToken;

/// Cancels calls. Freed with triton_cancel_token_free.
pub struct triton_cancel_token {
    token: CancelToken,
}

/// The token that a setter gets; `None` for NULL.
///
/// # Safety
/// NULL, or not freed (HANDLES).
pub(super) unsafe fn cancel_token<'a>(token: *const triton_cancel_token) -> Option<&'a CancelToken> {
    // SAFETY: the caller's promise.
    unsafe { token.as_ref() }.map(|token| &token.token)
}

/// Creates a token that is not cancelled. It may be set in the options of any number of calls.
///
/// @param token_out  the token; free it with triton_cancel_token_free
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_cancel_token_new(
    token_out: *mut *mut triton_cancel_token,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(token_out, "token_out", ptr::null_mut()).required()?;
            out.set(new_handle(triton_cancel_token { token: CancelToken::new() }));
            Ok(())
        })
    }
}

/// Cancels every call that has the token, and every later one: a token cannot be used again. NULL is ignored.
/// Does not block, and may be called from any thread, in a callback too, and more than once. Not in a signal
/// handler: it takes a lock.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_cancel_token_cancel(token: *const triton_cancel_token) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { read(token, (), |token| token.token.cancel()) });
}

/// Returns whether triton_cancel_token_cancel was called; false for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_cancel_token_is_cancelled(token: *const triton_cancel_token) -> bool {
    // SAFETY: the contract's HANDLES.
    infallible(false, || unsafe { read(token, false, |token| token.token.is_cancelled()) })
}

/// Frees a token. NULL is ignored. Calls that have it continue, and cannot be cancelled by it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_cancel_token_free(token: *mut triton_cancel_token) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(token) });
}
