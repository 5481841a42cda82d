//! STATISTICS of a client: what it has counted of its inferences since it was made.

use std::{mem, ptr, time::Duration};

use super::{
    boundary::boundary,
    client::triton_client,
    convert,
    error::{triton_error, triton_status},
    handle::{handle, null},
};
use crate::stats::InferStatistics;

/// What a client has counted. Times are in nanoseconds.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct triton_infer_statistics {
    /// To be set to sizeof(triton_infer_statistics): later versions may know more.
    pub struct_size: usize,
    /// Inferences that succeeded.
    pub completed_count: u64,
    /// Inferences that failed, for whatever reason.
    pub failed_count: u64,
    /// The whole times of those that succeeded, together.
    pub total_ns: u64,
    /// Their times of sending: from the start of encoding until the system had taken the last byte.
    pub send_ns: u64,
    /// Their times of receiving: from the first byte of the answer to the last.
    pub receive_ns: u64,
    /// The time in which half of those that succeeded were done; as the next two, at most 1/32 more than it was.
    pub p50_ns: u64,
    /// The time in which 90 of 100 were done.
    pub p90_ns: u64,
    /// The time in which 99 of 100 were done.
    pub p99_ns: u64,
    /// The longest time, exactly.
    pub max_ns: u64,
}

/// Tells what a client has counted of its inferences. Does not block; calls that are under way may be counted in part.
///
/// @param statistics_out  filled as far as its struct_size says, which stays as it is; 0 for what this version does not know
/// @return INVALID_ARGUMENT if struct_size has no room for the first count, or is beyond 4096
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_infer_statistics(
    client: *const triton_client,
    statistics_out: *mut triton_infer_statistics,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            if statistics_out.is_null() {
                return Err(null("statistics_out"));
            }
            // The caller's struct may be an older and smaller one: nothing refers to it as a whole.
            let struct_size = ptr::addr_of!((*statistics_out).struct_size).read();
            convert::check_struct_size(struct_size, mem::offset_of!(triton_infer_statistics, failed_count))?;
            convert::fill(statistics_out, struct_size, record(struct_size, InferStatistics::default()));
            let statistics = handle(client, "client")?.client.infer_statistics();
            convert::fill(statistics_out, struct_size, record(struct_size, statistics));
            Ok(())
        })
    }
}

fn record(struct_size: usize, statistics: InferStatistics) -> triton_infer_statistics {
    let ns = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    triton_infer_statistics {
        struct_size,
        completed_count: statistics.completed,
        failed_count: statistics.failed,
        total_ns: ns(statistics.total),
        send_ns: ns(statistics.send),
        receive_ns: ns(statistics.receive),
        p50_ns: ns(statistics.p50),
        p90_ns: ns(statistics.p90),
        p99_ns: ns(statistics.p99),
        max_ns: ns(statistics.max),
    }
}
