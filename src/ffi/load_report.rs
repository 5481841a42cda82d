//! LOAD REPORTS: what a server says of its load beside an answer, as ORCA has it, when triton_call_options_set_load_report asks.
//! Triton does so over HTTP for the backends that have such metrics, vLLM's and TensorRT-LLM's.

use std::{
    ffi::{CString, c_char},
    ptr,
};

use super::{
    convert::{self, EMPTY, c_string},
    handle::{Out, free, new_handle, read},
    infallible::infallible,
    result::triton_infer_result,
};
use crate::load_report::LoadReport;

/// What a server said of its load: numbers by name. Freed with triton_load_report_free.
pub struct triton_load_report {
    names: Vec<CString>,
    report: LoadReport,
}

impl From<LoadReport> for triton_load_report {
    fn from(report: LoadReport) -> Self {
        Self { names: report.iter().map(|(name, _)| c_string(name)).collect(), report }
    }
}

/// The server's report of its load beside an inference.
///
/// @return the report; free it with triton_load_report_free. NULL if the server sent none
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_load_report(
    result: *const triton_infer_result,
) -> *mut triton_load_report {
    infallible(ptr::null_mut(), || {
        // SAFETY: the contract's HANDLES.
        let report = unsafe { read(result, None, |result| result.headers().load_report()) };
        report.map_or(ptr::null_mut(), |report| new_handle(report.into()))
    })
}

/// The number of values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_load_report_count(report: *const triton_load_report) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(report, 0, |report| report.names.len()) })
}

/// The name of a value, "named_metrics.kv_cache_utilization"; an empty text past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_load_report_name(
    report: *const triton_load_report,
    index: usize,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(report, EMPTY, |report| convert::string_at(&report.names, index)) })
}

/// A value; 0 past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_load_report_value(report: *const triton_load_report, index: usize) -> f64 {
    // SAFETY: the contract's HANDLES.
    infallible(0.0, || unsafe {
        read(report, 0.0, |report| report.report.iter().nth(index).map_or(0.0, |(_, value)| value))
    })
}

/// Looks for the value of a name.
///
/// @param value_out  the value; 0 if there is none
/// @return whether there is one
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_load_report_find(
    report: *const triton_load_report,
    name: *const c_char,
    value_out: *mut f64,
) -> bool {
    infallible(false, || {
        // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
        unsafe {
            let out = Out::new(value_out, "value_out", 0.0);
            let Ok(name) = convert::string(name, "name") else { return false };
            let value = read(report, None, |report| report.report.get(name));
            value.map(|value| out.set(value)).is_some()
        }
    })
}

/// Frees a load report; NULL is harmless.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_load_report_free(report: *mut triton_load_report) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(report) });
}
