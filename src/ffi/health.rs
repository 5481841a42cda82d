//! HEALTH of a server and its models. A server that can't be reached is an error, not "false". Over HTTP a response of
//! status 200 is "true" with an empty body, and with a JSON object unless its member "live" or "ready" is false; with any
//! other body, such as a sign-in page, it is INTERNAL.

use std::ffi::c_char;

use super::{
    boundary::boundary,
    call_options::{call_options, triton_call_options},
    client::triton_client,
    convert,
    error::{triton_error, triton_status},
    handle::{Out, handle},
};
use crate::model::ServingStatus;

/// What gRPC's own health service says of a service, with its numbers.
#[repr(i32)]
#[derive(Clone, Copy)]
pub enum triton_serving_status {
    /// Nothing is known about it.
    TRITON_SERVING_STATUS_UNKNOWN = 0,
    /// It takes requests.
    TRITON_SERVING_STATUS_SERVING = 1,
    /// It is there, and takes no requests now.
    TRITON_SERVING_STATUS_NOT_SERVING = 2,
    /// The server has no service of that name.
    TRITON_SERVING_STATUS_SERVICE_UNKNOWN = 3,
}

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

/// Asks whether the server and all models that it is to serve are ready. Blocks. While a model is being unloaded, and
/// for good after a load that failed in the model itself, Triton says no, unless it was started with
/// --strict-readiness=false.
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

/// Asks whether a model is ready. Blocks. A model that the server does not know, or has not loaded, is not ready: Triton
/// says so; of MLServer and KServe a gRPC status NOT_FOUND does, a gRPC status UNAVAILABLE with the model's name and "not
/// ready", and an HTTP status 404 or 503 whose JSON has the model's name in its "error". Any other 404 or 503 is an error:
/// a wrong path, or a proxy.
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
            let name = convert::string(model_name, "model_name")?;
            let version = convert::optional_string(model_version, "model_version")?;
            out.set(client.is_model_ready(name, version, call_options(options))?);
            Ok(())
        })
    }
}

/// Waits until the server is ready, or a model of it, as every script does that starts one. Asks again and again, at
/// first after 10 ms, at last each second, until the time limit of the call. Blocks.
///
/// @param model_name     NULL or "" for the server as a whole
/// @param model_version  "1"; NULL or "" for the one that the server would choose
/// @param options        of the call; NULL for the client's
/// @return DEADLINE_EXCEEDED, with the last answer in the message. What waiting can't change ends the wait at once: a
///         wrong argument, UNAUTHENTICATED, PERMISSION_DENIED (not an endpoint that is restricted over gRPC: Triton
///         calls it UNAVAILABLE)
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_wait_ready(
    client: *const triton_client,
    model_name: *const c_char,
    model_version: *const c_char,
    options: *const triton_call_options,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let client = &handle(client, "client")?.client;
            let name = convert::optional_string(model_name, "model_name")?;
            let version = convert::optional_string(model_version, "model_version")?;
            client.wait_ready(name, version, call_options(options))
        })
    }
}

/// Asks gRPC's own health service, grpc.health.v1. gRPC only: over HTTP UNIMPLEMENTED, with advice. Blocks.
///
/// @param service     the name of a service; NULL or "" for the server as a whole. Triton says the same of every name
/// @param options     of the call; NULL for the client's
/// @param status_out  the answer
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_health_check(
    client: *const triton_client,
    service: *const c_char,
    options: *const triton_call_options,
    status_out: *mut triton_serving_status,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let unknown = triton_serving_status::TRITON_SERVING_STATUS_UNKNOWN;
            let out = Out::new(status_out, "status_out", unknown).required()?;
            let client = &handle(client, "client")?.client;
            let service = convert::optional_string(service, "service")?;
            out.set(match client.health_check(service, call_options(options))? {
                ServingStatus::Unknown => unknown,
                ServingStatus::Serving => triton_serving_status::TRITON_SERVING_STATUS_SERVING,
                ServingStatus::NotServing => triton_serving_status::TRITON_SERVING_STATUS_NOT_SERVING,
                ServingStatus::ServiceUnknown => triton_serving_status::TRITON_SERVING_STATUS_SERVICE_UNKNOWN,
            });
            Ok(())
        })
    }
}
