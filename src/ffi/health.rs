//! HEALTH of a server and its models. A server that can't be reached is an error, not "false".

use std::ffi::c_char;

use super::{
    boundary::boundary,
    client::triton_client,
    convert,
    error::{triton_error, triton_status},
    handle::{Out, handle},
    options::{call_options, triton_call_options},
};

/// Asks whether the server lives. Blocks.
///
/// @param options   of the call; NULL for the client's
/// @param live_out  the answer
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_is_server_live(
    client: *const triton_client,
    options: *const triton_call_options,
    live_out: *mut bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(live_out, "live_out", false).required()?;
            out.set(handle(client, "client")?.client.is_server_live(call_options(options))?);
            Ok(())
        })
    }
}

/// Asks whether the server and all models that it is to serve are ready. Blocks.
///
/// @param options    of the call; NULL for the client's
/// @param ready_out  the answer
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_is_server_ready(
    client: *const triton_client,
    options: *const triton_call_options,
    ready_out: *mut bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(ready_out, "ready_out", false).required()?;
            out.set(handle(client, "client")?.client.is_server_ready(call_options(options))?);
            Ok(())
        })
    }
}

/// Asks whether a model is ready. Blocks. A model that the server does not know is not ready.
///
/// @param model_name     not empty
/// @param model_version  "1"; NULL or "" for the one that the server would choose
/// @param options        of the call; NULL for the client's
/// @param ready_out      the answer
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_is_model_ready(
    client: *const triton_client,
    model_name: *const c_char,
    model_version: *const c_char,
    options: *const triton_call_options,
    ready_out: *mut bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(ready_out, "ready_out", false).required()?;
            let client = &handle(client, "client")?.client;
            let name = convert::text(model_name, "model_name")?;
            let version = convert::optional_text(model_version, "model_version")?;
            out.set(client.is_model_ready(name, version, call_options(options))?);
            Ok(())
        })
    }
}
