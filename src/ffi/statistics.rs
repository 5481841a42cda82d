//! CLIENT STATISTICS: what a client counted of its inferences since it was created. They are the client's
//! own: reading them does not use the network.

use std::mem;

use super::{
    boundary::boundary,
    client::triton_client,
    convert,
    error::{triton_error, triton_status},
    handle::handle,
};
use crate::stats::ClientStatistics;

/// The statistics of a client. Times are in nanoseconds.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct triton_client_statistics {
    /// Set by the caller to sizeof(triton_client_statistics).
    pub struct_size: usize,
    /// The inferences that succeeded.
    pub completed_count: u64,
    /// The inferences that failed, for any reason.
    pub failed_count: u64,
    /// The total time of the inferences that succeeded.
    pub total_ns: u64,
    /// Of that, the time spent sending: from the start of encoding until the system accepted the last byte.
    pub send_ns: u64,
    /// Of that, the time spent receiving: from the first byte of the response to the last.
    pub receive_ns: u64,
    /// The 50th percentile of the times of those that succeeded. Percentiles are at most 1/32 too large.
    pub p50_ns: u64,
    /// The 90th percentile.
    pub p90_ns: u64,
    /// The 99th percentile.
    pub p99_ns: u64,
    /// The longest time, exact.
    pub max_ns: u64,
}

/// Gets the client's statistics of its inferences. Does not block. Calls in progress may be counted in part.
///
/// @param statistics_out  the statistics; struct_size must be set (STRUCTS)
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_infer_statistics(
    client: *const triton_client,
    statistics_out: *mut triton_client_statistics,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let min = mem::offset_of!(triton_client_statistics, failed_count);
            let struct_size = convert::struct_size(statistics_out, "statistics_out", min)?;
            convert::fill(statistics_out, struct_size, record(struct_size, ClientStatistics::default()));
            let client = &handle(client, "client")?.client;
            client.check_process()?;
            let statistics = client.infer_statistics();
            convert::fill(statistics_out, struct_size, record(struct_size, statistics));
            Ok(())
        })
    }
}

fn record(struct_size: usize, statistics: ClientStatistics) -> triton_client_statistics {
    triton_client_statistics {
        struct_size,
        completed_count: statistics.completed,
        failed_count: statistics.failed,
        total_ns: convert::nanoseconds(statistics.total),
        send_ns: convert::nanoseconds(statistics.send),
        receive_ns: convert::nanoseconds(statistics.receive),
        p50_ns: convert::nanoseconds(statistics.p50),
        p90_ns: convert::nanoseconds(statistics.p90),
        p99_ns: convert::nanoseconds(statistics.p99),
        max_ns: convert::nanoseconds(statistics.max),
    }
}
