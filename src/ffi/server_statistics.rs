//! MODEL STATISTICS: what a server measured for each version of its models since it was loaded. The response
//! is a list of entries. Each has counts, and durations: how often something occurred and the total time in
//! nanoseconds, over all requests, for each batch size, and, for decoupled models, for each index of a
//! response among the responses of its request.

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
use crate::model::{DurationKind, Durations, ModelStatistics, ModelStatisticsList};

/// A server's statistics of its models. Freed with triton_model_statistics_list_free.
pub struct triton_model_statistics_list {
    entries: Vec<triton_model_statistics>,
    json: CString,
}

/// The statistics of one version of a model. Belongs to the list.
pub struct triton_model_statistics {
    name: CString,
    version: CString,
    response_keys: Vec<CString>,
    memory_kinds: Vec<CString>,
    statistics: ModelStatistics,
}

/// An outcome or a step of requests whose duration a server measures.
#[repr(i32)]
#[allow(dead_code)] // Made by C.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum triton_duration_kind {
    /// Requests, or responses, that succeeded, from beginning to end.
    TRITON_DURATION_SUCCESS = 0,
    /// Requests, or responses, that failed, from beginning to end.
    TRITON_DURATION_FAIL = 1,
    /// Waiting in the queue.
    TRITON_DURATION_QUEUE = 2,
    /// Preparing inputs.
    TRITON_DURATION_COMPUTE_INPUT = 3,
    /// Running the model.
    TRITON_DURATION_COMPUTE_INFER = 4,
    /// Preparing outputs.
    TRITON_DURATION_COMPUTE_OUTPUT = 5,
    /// Looking up and extracting responses that were in the response cache.
    TRITON_DURATION_CACHE_HIT = 6,
    /// Looking up and inserting responses that were not in the response cache.
    TRITON_DURATION_CACHE_MISS = 7,
    /// Responses without outputs; of responses alone.
    TRITON_DURATION_EMPTY_RESPONSE = 8,
    /// Responses that were cancelled; of responses alone.
    TRITON_DURATION_CANCEL = 9,
}

/// A `triton_duration_kind` that comes from C, with whatever number C has in it.
pub type triton_duration_kind_number = c_int;

impl From<ModelStatisticsList> for triton_model_statistics_list {
    fn from(list: ModelStatisticsList) -> Self {
        let json = c_string(list.json());
        let entry = |statistics: ModelStatistics| triton_model_statistics {
            name: c_string(&statistics.name),
            version: c_string(&statistics.version),
            response_keys: statistics.responses.iter().map(|response| c_string(&response.key)).collect(),
            memory_kinds: statistics.memory.iter().map(|memory| c_string(&memory.kind)).collect(),
            statistics,
        };
        Self { entries: list.entries.into_iter().map(entry).collect(), json }
    }
}

/// Hands a duration out; false and zeros for none, and for an invalid kind.
///
/// # Safety
/// The handle is NULL or not yet freed (HANDLES); the out-parameters are NULL or can be written
/// (OUT-PARAMETERS).
unsafe fn duration(
    statistics: *const triton_model_statistics,
    pick: impl FnOnce(&ModelStatistics) -> Option<Durations>,
    kind: triton_duration_kind_number,
    count_out: *mut u64,
    ns_out: *mut u64,
) -> bool {
    // SAFETY: the caller's promise.
    unsafe {
        let (count, ns) = (Out::new(count_out, "count_out", 0), Out::new(ns_out, "ns_out", 0));
        let durations = read(statistics, None, |entry| pick(&entry.statistics));
        let (Some(durations), Some(kind)) = (durations, DurationKind::from_number(kind)) else {
            return false;
        };
        let duration = durations.get(kind);
        count.set(duration.count);
        ns.set(convert::nanoseconds(duration.time));
        true
    }
}

/// Gets the statistics of one or all models. Blocks.
///
/// @param model_name     NULL or "" for all models
/// @param model_version  for example "1"; NULL or "" for all versions
/// @param options        the options of the call; NULL for the client's
/// @param list_out       the list; free it with triton_model_statistics_list_free
/// @return INVALID_ARGUMENT for a version without a model, and, from Triton, for a model or version that is
///         not loaded
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_model_statistics(
    client: *const triton_client,
    model_name: *const c_char,
    model_version: *const c_char,
    options: *const triton_call_options,
    list_out: *mut *mut triton_model_statistics_list,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, STRINGS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(list_out, "list_out", ptr::null_mut()).required()?;
            let client = &handle(client, "client")?.client;
            let name = convert::optional_string(model_name, "model_name")?;
            let version = convert::optional_string(model_version, "model_version")?;
            out.set(new_handle(client.model_statistics(name, version, call_options(options))?.into()));
            Ok(())
        })
    }
}

/// Returns the number of entries: one for each version of each model that was requested.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_list_entry_count(
    list: *const triton_model_statistics_list,
) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(list, 0, |list| list.entries.len()) })
}

/// Returns an entry; NULL past the end. Valid until the list is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_list_entry(
    list: *const triton_model_statistics_list,
    index: usize,
) -> *const triton_model_statistics {
    // SAFETY: the contract's HANDLES.
    infallible(ptr::null(), || unsafe {
        read(list, ptr::null(), |list| convert::item_at(&list.entries, index))
    })
}

/// Returns the response as JSON, in the form that it has over HTTP: there it is the body as received. Valid
/// until the list is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_list_json(
    list: *const triton_model_statistics_list,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(list, EMPTY, |list| list.json.as_ptr()) })
}

/// Frees a list, with its entries. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_list_free(list: *mut triton_model_statistics_list) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(list) });
}

/// Returns the model's name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_name(
    statistics: *const triton_model_statistics,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(statistics, EMPTY, |entry| entry.name.as_ptr()) })
}

/// Returns the version, for example "1".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_version(
    statistics: *const triton_model_statistics,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(statistics, EMPTY, |entry| entry.version.as_ptr()) })
}

/// Returns the time of the last inference request, in milliseconds since 1970; 0 for never.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_last_inference_ms(
    statistics: *const triton_model_statistics,
) -> u64 {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(statistics, 0, |entry| entry.statistics.last_inference_ms) })
}

/// Returns the number of inferences that the model ran, including those that failed in the model; a batch of
/// 8 counts as 8.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_inference_count(
    statistics: *const triton_model_statistics,
) -> u64 {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(statistics, 0, |entry| entry.statistics.inference_count) })
}

/// Returns the number of executions of the model for these inferences; a batch of 8 counts as 1.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_execution_count(
    statistics: *const triton_model_statistics,
) -> u64 {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(statistics, 0, |entry| entry.statistics.execution_count) })
}

/// Gets a duration over all requests. A kind that a server does not report is 0.
///
/// @param count_out  how often it occurred; may be NULL
/// @param ns_out     the total time, in nanoseconds; may be NULL
/// @return false, with 0 in both, for an invalid kind
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_duration(
    statistics: *const triton_model_statistics,
    kind: triton_duration_kind_number,
    count_out: *mut u64,
    ns_out: *mut u64,
) -> bool {
    infallible(false, || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe { duration(statistics, |entry| Some(entry.durations), kind, count_out, ns_out) }
    })
}

/// Returns the number of batch sizes that were executed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_batch_size_count(
    statistics: *const triton_model_statistics,
) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(statistics, 0, |entry| entry.statistics.batches.len()) })
}

/// Returns a batch size; 0 past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_batch_size(
    statistics: *const triton_model_statistics,
    index: usize,
) -> u64 {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe {
        read(statistics, 0, |entry| entry.statistics.batches.get(index).map_or(0, |batch| batch.batch_size))
    })
}

/// Gets a duration for one batch size. Servers report TRITON_DURATION_COMPUTE_INPUT, ..._INFER and
/// ..._OUTPUT; the other kinds are 0.
///
/// @param index      that of triton_model_statistics_batch_size
/// @param count_out  how often it occurred; may be NULL
/// @param ns_out     the total time, in nanoseconds; may be NULL
/// @return false, with 0 in both, past the end and for an invalid kind
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_batch_duration(
    statistics: *const triton_model_statistics,
    index: usize,
    kind: triton_duration_kind_number,
    count_out: *mut u64,
    ns_out: *mut u64,
) -> bool {
    infallible(false, || {
        let pick = |entry: &ModelStatistics| entry.batches.get(index).map(|batch| batch.durations);
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe { duration(statistics, pick, kind, count_out, ns_out) }
    })
}

/// Returns the number of response keys; 0 unless the model is decoupled.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_response_key_count(
    statistics: *const triton_model_statistics,
) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(statistics, 0, |entry| entry.statistics.responses.len()) })
}

/// Returns a response key: the index of a response among the responses of its request, for example "0"; ""
/// past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_response_key(
    statistics: *const triton_model_statistics,
    index: usize,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe {
        read(statistics, EMPTY, |entry| convert::string_at(&entry.response_keys, index))
    })
}

/// Gets a duration for one response key. Servers report TRITON_DURATION_COMPUTE_INFER, ..._COMPUTE_OUTPUT,
/// ..._SUCCESS, ..._FAIL, ..._EMPTY_RESPONSE and ..._CANCEL; the other kinds are 0.
///
/// @param index      that of triton_model_statistics_response_key
/// @param count_out  how often it occurred; may be NULL
/// @param ns_out     the total time, in nanoseconds; may be NULL
/// @return false, with 0 in both, past the end and for an invalid kind
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_response_duration(
    statistics: *const triton_model_statistics,
    index: usize,
    kind: triton_duration_kind_number,
    count_out: *mut u64,
    ns_out: *mut u64,
) -> bool {
    infallible(false, || {
        let pick = |entry: &ModelStatistics| entry.responses.get(index).map(|response| response.durations);
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe { duration(statistics, pick, kind, count_out, ns_out) }
    })
}

/// Returns the number of devices whose memory the model uses; 0 if the server does not report it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_memory_count(
    statistics: *const triton_model_statistics,
) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(statistics, 0, |entry| entry.statistics.memory.len()) })
}

/// Returns the kind of memory that the model uses on a device, for example "GPU"; "" past the end.
///
/// @param id_out         the number of the device; may be NULL
/// @param byte_size_out  the size of the memory in use, in bytes; may be NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_model_statistics_memory(
    statistics: *const triton_model_statistics,
    index: usize,
    id_out: *mut i64,
    byte_size_out: *mut u64,
) -> *const c_char {
    infallible(EMPTY, || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe {
            let (id, byte_size) =
                (Out::new(id_out, "id_out", 0), Out::new(byte_size_out, "byte_size_out", 0));
            let memory = read(statistics, None, |entry| entry.statistics.memory.get(index));
            if let Some(memory) = memory {
                id.set(memory.id);
                byte_size.set(memory.byte_size);
            }
            read(statistics, EMPTY, |entry| convert::string_at(&entry.memory_kinds, index))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duration_kinds_have_the_same_numbers_in_c_and_rust() {
        use triton_duration_kind::*;
        let kinds = [
            TRITON_DURATION_SUCCESS,
            TRITON_DURATION_FAIL,
            TRITON_DURATION_QUEUE,
            TRITON_DURATION_COMPUTE_INPUT,
            TRITON_DURATION_COMPUTE_INFER,
            TRITON_DURATION_COMPUTE_OUTPUT,
            TRITON_DURATION_CACHE_HIT,
            TRITON_DURATION_CACHE_MISS,
            TRITON_DURATION_EMPTY_RESPONSE,
            TRITON_DURATION_CANCEL,
        ];
        for (kind, number) in kinds.into_iter().zip(0..) {
            assert_eq!(kind as i32, number);
            assert_eq!(DurationKind::from_number(number).map(DurationKind::number), Some(number));
        }
        assert_eq!((DurationKind::from_number(-1), DurationKind::from_number(10)), (None, None));
    }
}
