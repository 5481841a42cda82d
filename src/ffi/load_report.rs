//! LOAD REPORTS: the load of the server, in the ORCA format, which a server sends with a response if
//! triton_call_options_set_load_report requests it. Triton does so over HTTP, for backends that have such
//! metrics: vLLM and TensorRT-LLM. A report is a list of names and values.

use std::ffi::{CString, c_char};

use super::{
    convert::{self, EMPTY, c_string},
    handle::{Out, read},
    infallible::infallible,
};
use crate::load_report::LoadReport;

/// A report of the server's load: names and values. Belongs to the result, or the generated response, that it
/// was read from.
pub struct triton_load_report {
    names: Vec<CString>,
    report: LoadReport,
}

impl From<LoadReport> for triton_load_report {
    fn from(report: LoadReport) -> Self {
        Self { names: report.iter().map(|(name, _)| c_string(name)).collect(), report }
    }
}

/// Returns the number of values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_load_report_count(report: *const triton_load_report) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(report, 0, |report| report.names.len()) })
}

/// Returns the name of a value, for example "named_metrics.kv_cache_utilization"; "" past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_load_report_name(
    report: *const triton_load_report,
    index: usize,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(report, EMPTY, |report| convert::string_at(&report.names, index)) })
}

/// Returns a value; 0 past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_load_report_value(report: *const triton_load_report, index: usize) -> f64 {
    // SAFETY: the contract's HANDLES.
    infallible(0.0, || unsafe {
        read(report, 0.0, |report| report.report.iter().nth(index).map_or(0.0, |(_, value)| value))
    })
}

/// Finds the value with a name.
///
/// @param value_out  the value; 0 if there is none. May be NULL
/// @return whether there is one
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_load_report_find(
    report: *const triton_load_report,
    name: *const c_char,
    value_out: *mut f64,
) -> bool {
    infallible(false, || {
        // SAFETY: the contract's HANDLES, STRINGS, OUT-PARAMETERS.
        unsafe {
            let out = Out::new(value_out, "value_out", 0.0);
            let Ok(name) = convert::string(name, "name") else { return false };
            let value = read(report, None, |report| report.report.get(name));
            value.map(|value| out.set(value)).is_some()
        }
    })
}
