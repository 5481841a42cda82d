//! CONNECTIONS of a client to its server. It opens them as calls need them, and keeps them for the next ones
//! (OPTIONS OF CONNECTIONS): none of these functions has to be called.

use std::mem;

use super::{
    boundary::boundary,
    call_options::{call_options, triton_call_options},
    client::triton_client,
    convert,
    error::{triton_error, triton_status},
    handle::handle,
};
use crate::net::pool::ConnectionCounts;

/// The numbers of a client's connections.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct triton_connection_counts {
    /// Set by the caller to sizeof(triton_connection_counts).
    pub struct_size: usize,
    /// Connections that are open or being opened.
    pub open_count: u64,
    /// Open connections that no call uses.
    pub idle_count: u64,
    /// Connections that calls and streams use.
    pub busy_count: u64,
    /// Connections opened since the client was created, including failed attempts.
    pub opened_count: u64,
    /// TCP connections established since then.
    pub connect_count: u64,
    /// Connections opened in place of one that the server had closed, or on which it had refused a call.
    pub reconnect_count: u64,
    /// Complete TLS handshakes, resumed ones included.
    pub tls_handshake_count: u64,
    /// TLS handshakes that resumed an earlier session.
    pub tls_resumed_count: u64,
}

/// Opens connections to the server until a number of them is open, idle ones included, so that the first
/// calls need not wait for them: name resolution, TCP, the TLS handshake, and over gRPC the first frames of
/// both sides, which shows that the port speaks gRPC. They are those of blocking calls: asynchronous calls
/// and streams have connections of their own. Blocks until the last one is open, or until the deadline or the
/// cancel token of the call.
///
/// @param count    the number of connections, at most what triton_client_options_set_max_connections permits
/// @param options  the options of the call; NULL for the client's. Its headers are not used: nothing is sent
/// @return if it fails, the message has the number of connections that are open, which are kept
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_connect(
    client: *const triton_client,
    count: usize,
    options: *const triton_call_options,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe { boundary(error_out, || handle(client, "client")?.client.connect(count, call_options(options))) }
}

/// Closes all connections that no call or stream uses. The others stay open, and are kept when their calls
/// end. Does not block.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_close_idle(
    client: *const triton_client,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe { boundary(error_out, || handle(client, "client")?.client.close_idle()) }
}

/// Gets the numbers of the client's connections at the moment, without those to the metrics URL. Does not
/// block.
///
/// @param counts_out  the numbers; struct_size must be set (STRUCTS)
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_connection_counts(
    client: *const triton_client,
    counts_out: *mut triton_connection_counts,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let min = mem::offset_of!(triton_connection_counts, idle_count);
            let struct_size = convert::struct_size(counts_out, "counts_out", min)?;
            convert::fill(counts_out, struct_size, record(struct_size, ConnectionCounts::default()));
            let client = &handle(client, "client")?.client;
            client.check_process()?;
            convert::fill(counts_out, struct_size, record(struct_size, client.connections()));
            Ok(())
        })
    }
}

fn record(struct_size: usize, counts: ConnectionCounts) -> triton_connection_counts {
    triton_connection_counts {
        struct_size,
        open_count: counts.open as u64,
        idle_count: counts.idle as u64,
        busy_count: counts.busy as u64,
        opened_count: counts.opened,
        connect_count: counts.connects,
        reconnect_count: counts.reconnects,
        tls_handshake_count: counts.tls_handshakes,
        tls_resumed_count: counts.tls_resumed,
    }
}
