//! METRICS of a server, from their own port, in Prometheus's text format. triton_metrics has the text as
//! received and its samples: a name, labels and a value each.

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
use crate::model::{MetricSample, Metrics};

/// A server's metrics at one point in time. Freed with triton_metrics_free.
pub struct triton_metrics {
    samples: Vec<triton_metric_sample>,
    text: CString,
}

/// One sample of a metric. Belongs to the metrics.
pub struct triton_metric_sample {
    name: CString,
    labels: Vec<(CString, CString)>,
    value: f64,
}

impl From<Metrics> for triton_metrics {
    fn from(metrics: Metrics) -> Self {
        let label = |(name, value): &(String, String)| (c_string(name), c_string(value));
        let sample = |sample: &MetricSample| triton_metric_sample {
            name: c_string(&sample.name),
            labels: sample.labels.iter().map(label).collect(),
            value: sample.value,
        };
        Self { samples: metrics.samples.iter().map(sample).collect(), text: c_string(metrics.text()) }
    }
}

/// Gets the server's metrics, over HTTP whatever the client's protocol. Blocks. They come from port 8002 of
/// the server's host, or from the URL of triton_client_options_set_metrics_url. Restricted keys of the client
/// are not sent there; those of the call are.
///
/// @param options      the options of the call; NULL for the client's
/// @param metrics_out  the metrics; free them with triton_metrics_free
/// @return INTERNAL unless the response is Prometheus's text format
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

/// Returns the number of samples.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_metrics_sample_count(metrics: *const triton_metrics) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(metrics, 0, |metrics| metrics.samples.len()) })
}

/// Returns a sample, in the order of the text; NULL past the end. Valid until the metrics are freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_metrics_sample(
    metrics: *const triton_metrics,
    index: usize,
) -> *const triton_metric_sample {
    // SAFETY: the contract's HANDLES.
    infallible(ptr::null(), || unsafe {
        read(metrics, ptr::null(), |metrics| convert::item_at(&metrics.samples, index))
    })
}

/// Returns the text as received. Valid until the metrics are freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_metrics_text(metrics: *const triton_metrics) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(metrics, EMPTY, |metrics| metrics.text.as_ptr()) })
}

/// Frees metrics, with their samples. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_metrics_free(metrics: *mut triton_metrics) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(metrics) });
}

/// Returns the name of the metric, for example "nv_inference_count".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_metric_sample_name(sample: *const triton_metric_sample) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(sample, EMPTY, |sample| sample.name.as_ptr()) })
}

/// Returns the value; may be infinite or NaN.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_metric_sample_value(sample: *const triton_metric_sample) -> f64 {
    // SAFETY: the contract's HANDLES.
    infallible(0.0, || unsafe { read(sample, 0.0, |sample| sample.value) })
}

/// Returns the number of labels of a sample.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_metric_sample_label_count(sample: *const triton_metric_sample) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(sample, 0, |sample| sample.labels.len()) })
}

/// Returns the name of a label, for example "model"; "" past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_metric_sample_label_name(
    sample: *const triton_metric_sample,
    index: usize,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe {
        read(sample, EMPTY, |sample| sample.labels.get(index).map_or(EMPTY, |(name, _)| name.as_ptr()))
    })
}

/// Returns the value of a label, for example "simple"; "" past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_metric_sample_label_value(
    sample: *const triton_metric_sample,
    index: usize,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe {
        read(sample, EMPTY, |sample| sample.labels.get(index).map_or(EMPTY, |(_, value)| value.as_ptr()))
    })
}

/// Returns the value of the label of a name, for example of "model"; "" if there is none, which Prometheus
/// does not distinguish from an empty value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_metric_sample_find_label(
    sample: *const triton_metric_sample,
    name: *const c_char,
) -> *const c_char {
    infallible(EMPTY, || {
        // SAFETY: the contract's HANDLES, STRINGS.
        unsafe {
            let Ok(name) = convert::string(name, "name") else { return EMPTY };
            read(sample, EMPTY, |sample| {
                let label = sample.labels.iter().find(|(own, _)| own.as_bytes() == name.as_bytes());
                label.map_or(EMPTY, |(_, value)| value.as_ptr())
            })
        }
    })
}
