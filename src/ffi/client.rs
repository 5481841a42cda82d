//! THE CLIENT of one server. It is made without touching the network, shared by any number of threads, and connects
//! when it is first used.
//!
//! MODEL NAMES. Over HTTP a model's name is part of the URL, and Triton does not decode what is escaped there: a name with
//! other characters than ASCII letters, digits and -._~!$&'()*+,;=:@ is known to it over gRPC alone. Over HTTP an
//! inference returns TRITON_STATUS_NOT_FOUND for it, a load TRITON_STATUS_INTERNAL, and the model is never ready. A name
//! with a slash is TRITON_STATUS_INVALID_ARGUMENT before anything is sent. Servers that decode URLs know all others.

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

/// Makes a client. Does not touch the network: a server that is not there shows in the first call.
///
/// @param url         the server, as the table of URLs above says: "localhost:8000", "grpc://localhost:8001"
/// @param options     NULL for the defaults; may be freed or changed afterwards without effect on the client
/// @param client_out  the client; free it with triton_client_free
/// @return INVALID_ARGUMENT for what is no URL of a server, UNIMPLEMENTED for https and grpcs
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_new(
    url: *const c_char,
    options: *const triton_client_options,
    client_out: *mut *mut triton_client,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's TEXT, HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(client_out, "client_out", ptr::null_mut()).required()?;
            let client = Client::with_options(convert::string(url, "url")?, &client_options(options))?;
            out.set(new_handle(triton_client { client }));
            Ok(())
        })
    }
}

/// Frees a client and closes its connections; NULL is harmless. Does not block. No call may be running.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_free(client: *mut triton_client) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(client) });
}
