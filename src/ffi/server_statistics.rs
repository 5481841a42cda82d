//! MODEL STATISTICS: what a server has counted of its models since each was loaded, typed and as JSON. Indices are 0, 1, 2; past
//! the end a getter answers an empty text, NULL or 0. Times are in nanoseconds.

use std::{
    ffi::{CString, c_char, c_int},
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
use crate::model::{Durations, ModelStatistics, StatisticDuration, Statistics};

/// What a server has counted of its models. Freed with triton_statistics_free.
pub struct triton_statistics {
    models: Vec<triton_model_statistics>,
    json: CString,
}

/// What a server has counted of one version of a model. Belongs to the statistics.
pub struct triton_model_statistics {
    name: CString,
    version: CString,
    response_keys: Vec<CString>,
    memory_kinds: Vec<CString>,
    statistics: ModelStatistics,
}

/// A step of a request that is counted, and whose time is taken.
#[repr(i32)]
#[allow(dead_code)] // Made by C.
pub enum triton_statistic {
    /// Requests, or responses, that succeeded, from beginning to end.
    TRITON_STATISTIC_SUCCESS = 0,
    /// Those that failed.
    TRITON_STATISTIC_FAIL = 1,
    /// Waiting for their turn.
    TRITON_STATISTIC_QUEUE = 2,
    /// Preparing inputs.
    TRITON_STATISTIC_COMPUTE_INPUT = 3,
    /// Running the model.
    TRITON_STATISTIC_COMPUTE_INFER = 4,
    /// Preparing outputs.
    TRITON_STATISTIC_COMPUTE_OUTPUT = 5,
    /// Answers found in the response cache.
    TRITON_STATISTIC_CACHE_HIT = 6,
    /// Answers that were not, with the time of putting them there.
    TRITON_STATISTIC_CACHE_MISS = 7,
    /// Responses without an output; of responses alone.
    TRITON_STATISTIC_EMPTY_RESPONSE = 8,
    /// Responses that were cancelled; of responses alone.
    TRITON_STATISTIC_CANCEL = 9,
}

/// A `triton_statistic` that comes from C, with whatever number C has in it.
pub type triton_statistic_number = c_int;

impl From<Statistics> for triton_statistics {
    fn from(statistics: Statistics) -> Self {
        let json = c_string(statistics.json());
        let model = |statistics: ModelStatistics| triton_model_statistics {
            name: c_string(&statistics.name),
            version: c_string(&statistics.version),
            response_keys: statistics.responses.iter().map(|response| c_string(&response.key)).collect(),
            memory_kinds: statistics.memory.iter().map(|memory| c_string(&memory.kind)).collect(),
            statistics,
        };
        Self { models: statistics.models.into_iter().map(model).collect(), json }
    }
}

impl triton_model_statistics {
    fn batch_durations(&self, index: usize) -> Option<&Durations> {
        self.statistics.batches.get(index).map(|batch| &batch.durations)
    }

    fn response_durations(&self, index: usize) -> Option<&Durations> {
        self.statistics.responses.get(index).map(|response| &response.durations)
    }
}

/// Zero for a number that is no `triton_statistic`, and for no durations.
fn pick(durations: Option<&Durations>, kind: triton_statistic_number) -> StatisticDuration {
    let Some(durations) = durations else { return StatisticDuration::default() };
    let all = [
        durations.success,
        durations.fail,
        durations.queue,
        durations.compute_input,
        durations.compute_infer,
        durations.compute_output,
        durations.cache_hit,
        durations.cache_miss,
        durations.empty_response,
        durations.cancel,
    ];
    usize::try_from(kind).ok().and_then(|at| all.get(at)).copied().unwrap_or_default()
}

fn ns(duration: StatisticDuration) -> u64 {
    u64::try_from(duration.time.as_nanos()).unwrap_or(u64::MAX)
}

/// Asks what the server has counted of its models. Blocks.
///
/// @param model_name      NULL or "" for all models
/// @param model_version   "1"; NULL or "" for all versions
/// @param options         of the call; NULL for the client's
/// @param statistics_out  the answer; free it with triton_statistics_free
/// @return INVALID_ARGUMENT from the server for a model or version that is not loaded
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_model_statistics(
    client: *const triton_client,
    model_name: *const c_char,
    model_version: *const c_char,
    options: *const triton_call_options,
    statistics_out: *mut *mut triton_statistics,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(statistics_out, "statistics_out", ptr::null_mut()).required()?;
            let client = &handle(client, "client")?.client;
            let name = convert::optional_string(model_name, "model_name")?;
            let version = convert::optional_string(model_version, "model_version")?;
            out.set(new_handle(client.model_statistics(name, version, call_options(options))?.into()));
            Ok(())
        })
    }
}

/// The answer as JSON, in the form that it has over HTTP: there as it came. Valid until the statistics are freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_statistics_json(statistics: *const triton_statistics) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(statistics, EMPTY, |statistics| statistics.json.as_ptr()) })
}

/// The number of entries: one for each version of each model that was asked for.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_statistics_count(statistics: *const triton_statistics) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(statistics, 0, |statistics| statistics.models.len()) })
}

/// An entry; NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_statistics_model(
    statistics: *const triton_statistics,
    index: usize,
) -> *const triton_model_statistics {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES.
        unsafe { read(statistics, None, |statistics| statistics.models.get(index)) }
            .map_or(ptr::null(), ptr::from_ref)
    })
}

/// Frees statistics, with their entries; NULL is harmless.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_statistics_free(statistics: *mut triton_statistics) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(statistics) });
}

/// The model's name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_name(
    statistics: *const triton_model_statistics,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(statistics, EMPTY, |statistics| statistics.name.as_ptr()) })
}

/// The version, "1".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_version(
    statistics: *const triton_model_statistics,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(statistics, EMPTY, |statistics| statistics.version.as_ptr()) })
}

/// When the last inference was asked for, in milliseconds since 1970; 0 for never.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_last_inference_ms(
    statistics: *const triton_model_statistics,
) -> u64 {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(statistics, 0, |statistics| statistics.statistics.last_inference_ms) })
}

/// Inferences that the model ran, also to an error of its own; a batch of 8 counts as 8.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_inference_count(
    statistics: *const triton_model_statistics,
) -> u64 {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(statistics, 0, |statistics| statistics.statistics.inference_count) })
}

/// How often the model was run for them; a batch of 8 counts as 1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_execution_count(
    statistics: *const triton_model_statistics,
) -> u64 {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(statistics, 0, |statistics| statistics.statistics.execution_count) })
}

/// How often a step was taken, for all requests.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_duration_count(
    statistics: *const triton_model_statistics,
    kind: triton_statistic_number,
) -> u64 {
    infallible(0, || {
        // SAFETY: the contract's HANDLES.
        let durations =
            unsafe { read(statistics, None, |statistics| Some(&statistics.statistics.durations)) };
        pick(durations, kind).count
    })
}

/// How long a step took, for all requests together.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_duration_ns(
    statistics: *const triton_model_statistics,
    kind: triton_statistic_number,
) -> u64 {
    infallible(0, || {
        // SAFETY: the contract's HANDLES.
        let durations =
            unsafe { read(statistics, None, |statistics| Some(&statistics.statistics.durations)) };
        ns(pick(durations, kind))
    })
}

/// The number of sizes of batches that were run.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_batch_count(
    statistics: *const triton_model_statistics,
) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(statistics, 0, |statistics| statistics.statistics.batches.len()) })
}

/// A size of batches.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_batch_size(
    statistics: *const triton_model_statistics,
    index: usize,
) -> u64 {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe {
        read(statistics, 0, |statistics| {
            statistics.statistics.batches.get(index).map_or(0, |batch| batch.batch_size)
        })
    })
}

/// How often a step was taken for the batches of one size: TRITON_STATISTIC_COMPUTE_INPUT, ..._INFER, ..._OUTPUT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_batch_duration_count(
    statistics: *const triton_model_statistics,
    index: usize,
    kind: triton_statistic_number,
) -> u64 {
    infallible(0, || {
        // SAFETY: the contract's HANDLES.
        let durations = unsafe { read(statistics, None, |statistics| statistics.batch_durations(index)) };
        pick(durations, kind).count
    })
}

/// How long a step took for the batches of one size, together.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_batch_duration_ns(
    statistics: *const triton_model_statistics,
    index: usize,
    kind: triton_statistic_number,
) -> u64 {
    infallible(0, || {
        // SAFETY: the contract's HANDLES.
        let durations = unsafe { read(statistics, None, |statistics| statistics.batch_durations(index)) };
        ns(pick(durations, kind))
    })
}

/// The number of places that responses have among those of their request; 0 unless the model is decoupled.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_response_count(
    statistics: *const triton_model_statistics,
) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(statistics, 0, |statistics| statistics.statistics.responses.len()) })
}

/// A place of responses, "0".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_response_key(
    statistics: *const triton_model_statistics,
    index: usize,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe {
        read(statistics, EMPTY, |statistics| convert::string_at(&statistics.response_keys, index))
    })
}

/// How often a step was taken for the responses of one place.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_response_duration_count(
    statistics: *const triton_model_statistics,
    index: usize,
    kind: triton_statistic_number,
) -> u64 {
    infallible(0, || {
        // SAFETY: the contract's HANDLES.
        let durations = unsafe { read(statistics, None, |statistics| statistics.response_durations(index)) };
        pick(durations, kind).count
    })
}

/// How long a step took for the responses of one place, together.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_response_duration_ns(
    statistics: *const triton_model_statistics,
    index: usize,
    kind: triton_statistic_number,
) -> u64 {
    infallible(0, || {
        // SAFETY: the contract's HANDLES.
        let durations = unsafe { read(statistics, None, |statistics| statistics.response_durations(index)) };
        ns(pick(durations, kind))
    })
}

/// The number of memories that the model uses, as far as the server tells.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_memory_count(
    statistics: *const triton_model_statistics,
) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(statistics, 0, |statistics| statistics.statistics.memory.len()) })
}

/// The kind of a memory, "GPU".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_memory_kind(
    statistics: *const triton_model_statistics,
    index: usize,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe {
        read(statistics, EMPTY, |statistics| convert::string_at(&statistics.memory_kinds, index))
    })
}

/// Which one of its kind a memory is.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_memory_id(
    statistics: *const triton_model_statistics,
    index: usize,
) -> i64 {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe {
        read(statistics, 0, |statistics| {
            statistics.statistics.memory.get(index).map_or(0, |memory| memory.id)
        })
    })
}

/// How much of a memory the model uses.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_memory_byte_size(
    statistics: *const triton_model_statistics,
    index: usize,
) -> u64 {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe {
        read(statistics, 0, |statistics| {
            statistics.statistics.memory.get(index).map_or(0, |memory| memory.byte_size)
        })
    })
}
