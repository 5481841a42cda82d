//! HEALTH of a server and its models. Each check writes its outcome to an out-parameter; a server that cannot
//! be reached is an error, not false. Over HTTP, a response with status 200 means true if its body is empty
//! or a JSON object, unless the member "live" or "ready" of that object is false. Any other body, for example
//! a sign-in page, is INTERNAL.

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

/// The status of a service in the gRPC health service, with the numbers of grpc.health.v1.
#[repr(i32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum triton_serving_status {
    /// The status is not known.
    TRITON_SERVING_STATUS_UNKNOWN = 0,
    /// The service accepts requests.
    TRITON_SERVING_STATUS_SERVING = 1,
    /// The service exists and does not accept requests at present.
    TRITON_SERVING_STATUS_NOT_SERVING = 2,
    /// The server has no service of that name.
    TRITON_SERVING_STATUS_SERVICE_UNKNOWN = 3,
}

impl From<ServingStatus> for triton_serving_status {
    fn from(status: ServingStatus) -> Self {
        match status {
            ServingStatus::Unknown => Self::TRITON_SERVING_STATUS_UNKNOWN,
            ServingStatus::Serving => Self::TRITON_SERVING_STATUS_SERVING,
            ServingStatus::NotServing => Self::TRITON_SERVING_STATUS_NOT_SERVING,
            ServingStatus::ServiceUnknown => Self::TRITON_SERVING_STATUS_SERVICE_UNKNOWN,
        }
    }
}

/// Checks whether the server is live. Blocks.
///
/// @param options   the options of the call; NULL for the client's
/// @param live_out  the outcome
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_check_server_live(
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

/// Checks whether the server and all models that it is configured to serve are ready. Blocks.
///
/// Triton is not ready while a model is being unloaded, and stays not ready after a load that failed in the
/// model itself, unless it was started with --strict-readiness=false.
///
/// @param options    the options of the call; NULL for the client's
/// @param ready_out  the outcome
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_check_server_ready(
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

/// Checks whether a model is ready. Blocks.
///
/// A model that is unknown to the server, or not loaded, is not ready. Triton reports this in a regular
/// response. MLServer and KServe report it as an error, which becomes false: gRPC status NOT_FOUND; gRPC
/// status UNAVAILABLE with the model's name and "not ready"; HTTP status 404 or 503 with the model's name in
/// the JSON member "error". Any other 404 or 503 is an error, because it may come from a wrong path or a
/// proxy.
///
/// @param model_name     must not be empty
/// @param model_version  for example "1"; NULL or "" for the version that the server chooses
/// @param options        the options of the call; NULL for the client's
/// @param ready_out      the outcome
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_check_model_ready(
    client: *const triton_client,
    model_name: *const c_char,
    model_version: *const c_char,
    options: *const triton_call_options,
    ready_out: *mut bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, STRINGS, OUT-PARAMETERS.
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

/// Waits until the server, or one of its models, is ready. Blocks.
///
/// Polls the server until the deadline of the call: at first after 10 ms, then at growing intervals of at
/// most 1 s. A server that cannot be reached is polled again.
///
/// @param model_name     NULL or "" for the server as a whole
/// @param model_version  for example "1"; NULL or "" for the version that the server chooses
/// @param options        the options of the call; NULL for the client's
/// @return DEADLINE_EXCEEDED, with the last outcome in the message. An error that waiting cannot change ends
///         the wait at once: an invalid argument, UNAUTHENTICATED, PERMISSION_DENIED. For an endpoint that is
///         restricted over gRPC, Triton returns UNAVAILABLE, which does not end the wait
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_wait_ready(
    client: *const triton_client,
    model_name: *const c_char,
    model_version: *const c_char,
    options: *const triton_call_options,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, STRINGS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let client = &handle(client, "client")?.client;
            let name = convert::optional_string(model_name, "model_name")?;
            let version = convert::optional_string(model_version, "model_version")?;
            client.wait_ready(name, version, call_options(options))
        })
    }
}

/// Gets the status of a service from the gRPC health service, grpc.health.v1. Blocks.
///
/// @param service     the name of a service; NULL or "" for the server as a whole. Triton has one status for
///                    every name
/// @param options     the options of the call; NULL for the client's
/// @param status_out  the status
/// @return UNIMPLEMENTED, with advice, over HTTP
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_health_check(
    client: *const triton_client,
    service: *const c_char,
    options: *const triton_call_options,
    status_out: *mut triton_serving_status,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, STRINGS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let unknown = triton_serving_status::TRITON_SERVING_STATUS_UNKNOWN;
            let out = Out::new(status_out, "status_out", unknown).required()?;
            let client = &handle(client, "client")?.client;
            let service = convert::optional_string(service, "service")?;
            out.set(client.health_check(service, call_options(options))?.into());
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serving_statuses_have_the_same_numbers_in_c_and_rust() {
        for number in 0..4 {
            let status = ServingStatus::from_number(number).unwrap();
            assert_eq!((status.number(), triton_serving_status::from(status) as i32), (number, number));
        }
        assert_eq!(ServingStatus::from_number(4), None);
    }
}
