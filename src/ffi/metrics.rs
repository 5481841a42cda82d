//! METRICS of a server, from their own port: Prometheus's text, and what it says.

use std::{
    ffi::{CString, c_char},
    ptr,
};

use super::{
    boundary::boundary,
    call_options::{call_options, triton_call_options},
    client::triton_client,
    convert::{self, EMPTY, c_string},
    error::{triton_error, triton_status},
    handle::{Out, free, handle, new_handle, read},
    infallible::infallible,
};
use crate::model::{Metric, Metrics};

/// A server's metrics at one moment. Freed with triton_metrics_free.
pub struct triton_metrics {
    samples: Vec<triton_metric>,
    text: CString,
}

/// One sample of a metric. Belongs to the metrics.
pub struct triton_metric {
    name: CString,
    labels: Vec<(CString, CString)>,
    value: f64,
}

impl From<Metrics> for triton_metrics {
    fn from(metrics: Metrics) -> Self {
        let label = |(name, value): &(String, String)| (c_string(name), c_string(value));
        let sample = |sample: &Metric| triton_metric {
            name: c_string(&sample.name),
            labels: sample.labels.iter().map(label).collect(),
            value: sample.value,
        };
        Self { samples: metrics.samples.iter().map(sample).collect(), text: c_string(metrics.text()) }
    }
}

/// Asks for the server's metrics: at port 8002 of its host, or where triton_client_options_set_metrics_url says. Over
/// HTTP whatever the client's protocol. Blocks.
///
/// @param options      of the call; NULL for the client's
/// @param metrics_out  the answer; free it with triton_metrics_free
/// @return INTERNAL for an answer that is no Prometheus text. Keys that the client has are not sent there, those of the
///         call are
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_metrics(
    client: *const triton_client,
    options: *const triton_call_options,
    metrics_out: *mut *mut triton_metrics,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(metrics_out, "metrics_out", ptr::null_mut()).required()?;
            out.set(new_handle(handle(client, "client")?.client.metrics(call_options(options))?.into()));
            Ok(())
        })
    }
}

/// The text as it came. Valid until the metrics are freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_metrics_text(metrics: *const triton_metrics) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(metrics, EMPTY, |metrics| metrics.text.as_ptr()) })
}

/// The number of samples.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_metrics_count(metrics: *const triton_metrics) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(metrics, 0, |metrics| metrics.samples.len()) })
}

/// A sample, in the order of the text; NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_metrics_sample(
    metrics: *const triton_metrics,
    index: usize,
) -> *const triton_metric {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES.
        unsafe { read(metrics, None, |metrics| metrics.samples.get(index)) }
            .map_or(ptr::null(), ptr::from_ref)
    })
}

/// Frees metrics; NULL is harmless.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_metrics_free(metrics: *mut triton_metrics) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(metrics) });
}

/// The name of a sample's metric, "nv_inference_count".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_metric_name(metric: *const triton_metric) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(metric, EMPTY, |metric| metric.name.as_ptr()) })
}

/// The value of a sample; it may be infinite or no number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_metric_value(metric: *const triton_metric) -> f64 {
    // SAFETY: the contract's HANDLES.
    infallible(0.0, || unsafe { read(metric, 0.0, |metric| metric.value) })
}

/// The number of labels that say what a sample is of.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_metric_label_count(metric: *const triton_metric) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(metric, 0, |metric| metric.labels.len()) })
}

/// The name of a label, "model"; an empty text past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_metric_label_name(
    metric: *const triton_metric,
    index: usize,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe {
        read(metric, EMPTY, |metric| metric.labels.get(index).map_or(EMPTY, |(name, _)| name.as_ptr()))
    })
}

/// The value of a label, "simple"; an empty text past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_metric_label_value(
    metric: *const triton_metric,
    index: usize,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe {
        read(metric, EMPTY, |metric| metric.labels.get(index).map_or(EMPTY, |(_, value)| value.as_ptr()))
    })
}

/// The value of the label of a name, "model"; an empty text if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_metric_label(
    metric: *const triton_metric,
    name: *const c_char,
) -> *const c_char {
    infallible(EMPTY, || {
        // SAFETY: the contract's HANDLES, TEXT.
        unsafe {
            let Ok(name) = convert::string(name, "name") else { return EMPTY };
            read(metric, EMPTY, |metric| {
                let label = metric.labels.iter().find(|(own, _)| own.as_bytes() == name.as_bytes());
                label.map_or(EMPTY, |(_, value)| value.as_ptr())
            })
        }
    })
}
