//! THE CLIENT of one server. It is created without network access, connects when it is first used, and may be
//! used by any number of threads at once.
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
    handle::{Out, free, new_handle},
    infallible::infallible,
    options::{client_options, triton_client_options},
};
use crate::client::Client;

/// A client of one server. Freed with triton_client_free.
pub struct triton_client {
    pub(super) client: Client,
}

/// Creates a client. Does not access the network: if the server cannot be reached, the first call fails.
///
/// Returns INVALID_ARGUMENT if the URL is not valid (URLS), and UNIMPLEMENTED for https and grpcs.
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

/// Frees a client and closes its connections. NULL is ignored. Does not block. No call may be under way.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_free(client: *mut triton_client) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(client) });
}
