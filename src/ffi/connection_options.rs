//! OPTIONS OF CONNECTIONS, of a client.
//!
//! ```text
//!     option                                   default          set by
//!     timeout of connecting                    10 s             triton_client_options_set_connect_timeout_us
//!     maximum number of connections            no maximum       triton_client_options_set_max_connections
//!     connections of asynchronous calls        HTTP 16, gRPC 4  triton_client_options_set_max_async_connections
//!     maximum time without a call              60 s             triton_client_options_set_idle_timeout_us
//!     maximum age of a connection              no maximum       triton_client_options_set_max_connection_age_us
//!     maximum number of calls on a connection  no maximum       triton_client_options_set_max_connection_requests
//!     TCP_NODELAY                              true             triton_client_options_set_tcp_nodelay
//!     time before TCP keepalive probes         no probes        triton_client_options_set_tcp_keepalive_us
//!     time before PINGs over gRPC              no PINGs         triton_client_options_set_keepalive_time_us
//!     time to respond to a PING                20 s             triton_client_options_set_keepalive_timeout_us
//! ```

use super::{
    boundary::change,
    error::{triton_error, triton_status},
    library::timeout,
    options::triton_client_options,
};
use crate::error::Error;

/// Sets the timeout for reaching a server: name resolution, connecting and the TLS handshake. The deadline of
/// the call applies too.
///
/// @param timeout_us  microseconds; the default is 10 s; TRITON_NO_TIMEOUT for none; INVALID_ARGUMENT for 0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_connect_timeout_us(
    options: *mut triton_client_options,
    timeout_us: u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            options.options.set_connect_timeout(timeout(timeout_us)).map(drop)
        })
    }
}

/// Sets the maximum number of connections of blocking calls to the server that are open at once, idle ones
/// included; triton_client_options_set_max_async_connections sets that of asynchronous calls. A call
/// that finds all of them in use waits for one until its deadline, and then fails with DEADLINE_EXCEEDED and
/// this option's name in the message. So does a call that the callback of triton_client_generate_stream makes
/// on the same client: it needs a second connection.
///
/// @param max  0 restores the default, without a maximum: each concurrent call has a connection
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_max_connections(
    options: *mut triton_client_options,
    max: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            options.options.set_max_connections((max != 0).then_some(max)).map(drop)
        })
    }
}

/// Sets the maximum number of connections of asynchronous calls that are open at once, beside those of
/// blocking calls. Over HTTP each carries one call at a time; over gRPC as many as the server permits, but at
/// most 100. Calls beyond that wait, which counts against their deadlines. Streams have connections of their
/// own.
///
/// @param max  the default is 16 over HTTP and 4 over gRPC, which 0 restores
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_max_async_connections(
    options: *mut triton_client_options,
    max: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            options.options.set_max_async_connections((max != 0).then_some(max)).map(drop)
        })
    }
}

/// Sets the maximum time that a connection stays open without a call. A longer idle one never carries another
/// call, and is closed when the client next checks out or returns a connection.
///
/// @param timeout_us  microseconds; the default is 60 s; TRITON_NO_TIMEOUT for none; INVALID_ARGUMENT for 0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_idle_timeout_us(
    options: *mut triton_client_options,
    timeout_us: u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            options.options.set_idle_timeout(timeout(timeout_us)).map(drop)
        })
    }
}

/// Sets the maximum age of a connection. An older one carries no further call, and is closed when its last
/// call ends, so that servers behind a load balancer or a changed DNS entry are found. Each connection gets
/// up to a tenth less, so that not all are replaced at once. A stream is not ended by it.
///
/// @param age_us  microseconds; the default, TRITON_NO_TIMEOUT, sets no maximum; INVALID_ARGUMENT for 0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_max_connection_age_us(
    options: *mut triton_client_options,
    age_us: u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            options.options.set_max_connection_age(timeout(age_us)).map(drop)
        })
    }
}

/// Sets the maximum number of calls on a connection, after which it is closed.
///
/// @param max  0 restores the default, without a maximum
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_max_connection_requests(
    options: *mut triton_client_options,
    max: u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            options.options.set_max_connection_requests((max != 0).then_some(max)).map(drop)
        })
    }
}

/// Sets TCP_NODELAY: whether small segments are sent without waiting for the acknowledgement of earlier ones.
/// Without it, a call may wait 40 ms.
///
/// @param is_enabled  the default is true
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_tcp_nodelay(
    options: *mut triton_client_options,
    is_enabled: bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            options.options.set_tcp_nodelay(is_enabled);
            Ok(())
        })
    }
}

/// Sets TCP keepalive: after how much time without traffic the system probes a connection, idle ones
/// included, and again after each such time, until 3 probes have failed: the connection is then closed. This
/// keeps the entries of firewalls and NAT alive.
///
/// @param time_us  microseconds, rounded up to seconds, at most 32,767 s; the default, TRITON_NO_TIMEOUT,
///                 sends no probes; INVALID_ARGUMENT for 0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_tcp_keepalive_us(
    options: *mut triton_client_options,
    time_us: u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            options.options.set_tcp_keepalive(timeout(time_us)).map(drop)
        })
    }
}

/// Sets after how much time without a byte from the server a PING is sent over gRPC, and again after each
/// such time: while a blocking call waits for its response, and on connections of asynchronous calls and
/// streams while there is a call or a stream. If no response arrives in time
/// (triton_client_options_set_keepalive_timeout_us), the calls of the connection fail with UNAVAILABLE, in
/// doubt. Idle connections of blocking calls send no PING: triton_client_options_set_tcp_keepalive_us is for
/// them. Has no effect over HTTP.
///
/// Servers permit PINGs only so often: gRPC's default, which Triton has too, is every 5 minutes. They close a
/// connection with more by GOAWAY (ENHANCE_YOUR_CALM, "too_many_pings").
///
/// @param time_us  microseconds; the default, TRITON_NO_TIMEOUT, sends no PINGs; INVALID_ARGUMENT for 0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_keepalive_time_us(
    options: *mut triton_client_options,
    time_us: u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            options.options.set_keepalive_time(timeout(time_us)).map(drop)
        })
    }
}

/// Sets how long a server has to respond to a PING.
///
/// @param timeout_us  microseconds; the default is 20 s; INVALID_ARGUMENT for 0 and for TRITON_NO_TIMEOUT
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_options_set_keepalive_timeout_us(
    options: *mut triton_client_options,
    timeout_us: u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(options, error_out, "options", |options| {
            let timeout = timeout(timeout_us);
            let timeout =
                timeout.ok_or_else(|| Error::invalid("keepalive_timeout must not be TRITON_NO_TIMEOUT"))?;
            options.options.set_keepalive_timeout(timeout).map(drop)
        })
    }
}
