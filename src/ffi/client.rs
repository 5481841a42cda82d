//! THE CLIENT of one server. It is created without network access, connects when it is first used, and may be
//! used by any number of threads at once. Create one for a server and keep it: connections are reused by the
//! client that opened them.
//!
//! MODEL NAMES. Over HTTP the name of a model is part of the URL, and Triton does not decode escaped
//! characters there: a name with characters other than ASCII letters, digits and -._~!$&'()*+,;=:@ can be
//! used with Triton only over gRPC. Over HTTP, an inference with such a name returns TRITON_STATUS_NOT_FOUND,
//! loading returns TRITON_STATUS_INTERNAL, and the model is never ready. A name with a slash is
//! TRITON_STATUS_INVALID_ARGUMENT, and nothing is sent. Servers that decode URLs accept all other names.

use std::{ffi::c_char, ptr};

use super::{
    boundary::boundary,
    convert,
    error::{triton_error, triton_status},
    handle::{Out, free, handle, new_handle},
    infallible::infallible,
    library::timeout,
    options::{client_options, triton_client_options},
};
use crate::client::Client;

/// A client of one server. Freed with triton_client_free.
pub struct triton_client {
    pub(super) client: Client,
}

/// Creates a client. Does not access the network: if the server cannot be reached, the first call fails.
///
/// Returns INVALID_ARGUMENT if the URL is not valid (URLS), or, for https and grpcs, if the certificates
/// cannot be read (OPTIONS OF TLS); UNIMPLEMENTED for https and grpcs if this build has no TLS
/// (triton_has_feature("tls")).
///
/// @param url         the server, for example "localhost:8000" or "grpc://localhost:8001"
/// @param options     copied; NULL for the defaults
/// @param client_out  the client; free it with triton_client_free
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_new(
    url: *const c_char,
    options: *const triton_client_options,
    client_out: *mut *mut triton_client,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's STRINGS, HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(client_out, "client_out", ptr::null_mut()).required()?;
            let client = Client::with_options(convert::string(url, "url")?, &client_options(options))?;
            out.set(new_handle(triton_client { client }));
            Ok(())
        })
    }
}

/// Frees a client. NULL is ignored. Does not block, and may be called in a callback. No blocking call may be
/// under way.
///
/// Asynchronous calls and streams that are under way are cancelled: each still completes, with CANCELLED
/// unless its result is complete, and every callback is still called. Their handles remain valid until they
/// are freed. Connections and threads end after the last of them.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_free(client: *mut triton_client) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(client) });
}

/// Closes a client, and waits until nothing of it is under way (WAITS): calls, asynchronous calls, streams,
/// and their callbacks, the last of which has returned. From then on the library neither uses memory that was
/// borrowed for the client's calls, nor calls their callbacks. Every function that would begin a call or a
/// stream returns FAILED_PRECONDITION from the beginning of the close on, also if the close fails.
///
/// Nothing is cancelled by it. Streams are not ended either: finish or cancel them before. The client is
/// freed with triton_client_free.
///
/// @param timeout_us  microseconds; 0 does not wait, TRITON_NO_TIMEOUT waits without limit
/// @return OK if nothing is under way; DEADLINE_EXCEEDED if something still is: the client is closed, and the
///         call can be repeated; FAILED_PRECONDITION on a callback thread of the client, which is then not
///         closed
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_close(
    client: *const triton_client,
    timeout_us: u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe { boundary(error_out, || handle(client, "client")?.client.close(timeout(timeout_us))) }
}
