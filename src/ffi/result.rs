//! RESULTS. A result has the outputs of a model and the metadata of the response. The data of an output is
//! aligned to 64 bytes, so that a cast to any element type is legal. What a function of this section returns
//! is valid until the result is freed, with one exception: data in a buffer of the caller's
//! (triton_infer_request_output_set_buffer) is valid for as long as the buffer is, and the next call with the
//! request overwrites it.

use std::{
    ffi::{CString, c_char, c_void},
    mem, ptr,
    sync::{Arc, OnceLock},
};

use super::{
    boundary::boundary,
    convert::{self, EMPTY, c_string},
    datatype::{triton_datatype, triton_datatype_number},
    error::{triton_error, triton_status},
    handle::{Out, free, handle, read},
    headers::triton_headers,
    infallible::infallible,
    load_report::triton_load_report,
    parameters::triton_parameters,
    request_tensors::triton_bytes,
};
use crate::{
    error::{Error, Origin, Result, Status},
    infer::{CallTimes, Class, Datatype, Finality, InferOutput, InferResult},
};

/// The result of an inference. Freed with triton_infer_result_free.
pub struct triton_infer_result {
    result: Arc<InferResult>,
    outputs: Box<[triton_infer_output]>,
    model_name: OnceLock<CString>,
    model_version: OnceLock<CString>,
    id: OnceLock<CString>,
    endpoint: OnceLock<CString>,
    load_report: OnceLock<Option<triton_load_report>>,
    debug_string: OnceLock<CString>,
    parameters: OnceLock<Box<triton_parameters>>,
    headers: OnceLock<triton_headers>,
}

/// An output of a result. Belongs to the result.
pub struct triton_infer_output {
    result: Arc<InferResult>,
    index: usize,
    name: OnceLock<CString>,
    unknown_datatype: OnceLock<CString>,
    strings: OnceLock<Box<[triton_bytes]>>,
    parameters: OnceLock<Box<triton_parameters>>,
    classes: OnceLock<Box<[OwnedClass]>>,
}

/// A class whose label C can read.
struct OwnedClass {
    value: f64,
    index: u64,
    label: CString,
}

/// A class of an output that was requested as classes. No member will be added to this struct.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct triton_class {
    /// The score, in the unit of the output.
    pub value: f64,
    /// The index of the class in the output.
    pub index: u64,
    /// The label; "" if the model has none.
    pub label: *const c_char,
}

impl triton_class {
    const NONE: Self = Self { value: 0.0, index: 0, label: EMPTY };
}

/// Whether a result is the last response to its request.
#[repr(i32)]
#[derive(Clone, Copy)]
pub enum triton_finality {
    /// The response does not say, and more responses are possible: the result came on a stream, or was read
    /// from bytes.
    TRITON_FINALITY_UNKNOWN = 0,
    /// It is the last response.
    TRITON_FINALITY_FINAL = 1,
    /// More responses follow.
    TRITON_FINALITY_NOT_FINAL = 2,
}

impl From<Finality> for triton_finality {
    fn from(finality: Finality) -> Self {
        match finality {
            Finality::Unknown => Self::TRITON_FINALITY_UNKNOWN,
            Finality::Final => Self::TRITON_FINALITY_FINAL,
            Finality::NotFinal => Self::TRITON_FINALITY_NOT_FINAL,
        }
    }
}

impl triton_infer_result {
    /// The server's load report, read from the headers on first use.
    pub(super) fn load_report(&self) -> Option<&triton_load_report> {
        let read = || self.result.headers().load_report().map(Into::into);
        self.load_report.get_or_init(read).as_ref()
    }

    /// Strings that end with a NUL and arrays of pointers are made when C reads them: most callers read none.
    pub(super) fn new(result: InferResult) -> Self {
        let result = Arc::new(result);
        let output = |index| triton_infer_output {
            result: result.clone(),
            index,
            name: OnceLock::new(),
            unknown_datatype: OnceLock::new(),
            strings: OnceLock::new(),
            parameters: OnceLock::new(),
            classes: OnceLock::new(),
        };
        Self {
            outputs: (0..result.outputs().len()).map(output).collect(),
            result,
            model_name: OnceLock::new(),
            model_version: OnceLock::new(),
            id: OnceLock::new(),
            endpoint: OnceLock::new(),
            load_report: OnceLock::new(),
            debug_string: OnceLock::new(),
            parameters: OnceLock::new(),
            headers: OnceLock::new(),
        }
    }

    fn find(&self, name: &str) -> Option<&triton_infer_output> {
        self.outputs.iter().find(|output| output.get().name() == name)
    }

    /// The output with a name; NOT_FOUND, with the names of all outputs, if the result has none.
    fn output(&self, name: &str) -> Result<&triton_infer_output> {
        self.find(name).ok_or_else(|| self.result.unknown_output(name))
    }
}

impl triton_infer_output {
    /// The output exists: its index was below their number when it was made, and a result does not change.
    fn get(&self) -> &InferOutput {
        &self.result.outputs()[self.index]
    }

    fn classes(&self) -> Result<&[OwnedClass]> {
        if let Some(classes) = self.classes.get() {
            return Ok(classes);
        }
        let classes = self.get().classes()?;
        let own = |class: Class<'_>| OwnedClass {
            value: class.value,
            index: class.index,
            label: c_string(&class.label),
        };
        Ok(self.classes.get_or_init(|| classes.into_iter().map(own).collect()))
    }

    fn strings(&self) -> Result<&[triton_bytes]> {
        if let Some(strings) = self.strings.get() {
            return Ok(strings);
        }
        let elements = self.get().strings()?;
        Ok(self.strings.get_or_init(|| elements.into_iter().map(triton_bytes::from).collect()))
    }

    fn write_elements(&self, datatype: Datatype, data: Out<*const c_void>, count: Out<usize>) -> Result<()> {
        let (start, elements) = self.get().elements(datatype)?;
        data.set(start.cast());
        count.set(elements);
        Ok(())
    }

    fn write_strings(&self, strings: Out<*const triton_bytes>, count: Out<usize>) -> Result<()> {
        let elements = self.strings()?;
        strings.set(elements.as_ptr());
        count.set(elements.len());
        Ok(())
    }
}

/// Gets the elements of an output by its name, with the datatype that the caller expects:
/// triton_infer_result_find_output and triton_infer_output_elements in one call.
///
/// @param name       the name of the output
/// @param datatype   the expected datatype; for TRITON_DATATYPE_BYTES use triton_infer_result_output_strings
/// @param data_out   the elements, row-major, aligned to 64 bytes, or in the buffer that the request set for
///                   the output; never NULL on success
/// @param count_out  the number of elements; may be NULL
/// @return NOT_FOUND, with the names of all outputs, if none has that name; otherwise the same as
///         triton_infer_output_elements
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_output_as(
    result: *const triton_infer_result,
    name: *const c_char,
    datatype: triton_datatype_number,
    data_out: *mut *const c_void,
    count_out: *mut usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, STRINGS, OUT-PARAMETERS.
    unsafe {
        let count = Out::new(count_out, "count_out", 0);
        let data = Out::new(data_out, "data_out", ptr::null());
        boundary(error_out, || {
            let data = data.required()?;
            let result = handle(result, "result")?;
            let datatype = convert::datatype(datatype)?;
            result.output(convert::string(name, "name")?)?.write_elements(datatype, data, count)
        })
    }
}

/// Gets the elements of a BYTES output by its name: triton_infer_result_find_output and
/// triton_infer_output_strings in one call.
///
/// @param name         the name of the output
/// @param strings_out  the elements, row-major; never NULL on success
/// @param count_out    the number of elements; may be NULL
/// @return NOT_FOUND, with the names of all outputs, if none has that name; otherwise the same as
///         triton_infer_output_strings
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_output_strings(
    result: *const triton_infer_result,
    name: *const c_char,
    strings_out: *mut *const triton_bytes,
    count_out: *mut usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, STRINGS, OUT-PARAMETERS.
    unsafe {
        let count = Out::new(count_out, "count_out", 0);
        let strings = Out::new(strings_out, "strings_out", ptr::null());
        boundary(error_out, || {
            let strings = strings.required()?;
            let result = handle(result, "result")?;
            result.output(convert::string(name, "name")?)?.write_strings(strings, count)
        })
    }
}

/// Returns the output with a name; NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_find_output(
    result: *const triton_infer_result,
    name: *const c_char,
) -> *const triton_infer_output {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES, STRINGS.
        unsafe {
            let Ok(name) = convert::string(name, "name") else { return ptr::null() };
            read(result, ptr::null(), |result| result.find(name).map_or(ptr::null(), ptr::from_ref))
        }
    })
}

/// Returns the number of outputs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_output_count(result: *const triton_infer_result) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(result, 0, |result| result.outputs.len()) })
}

/// Returns an output, in the server's order; NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_output(
    result: *const triton_infer_result,
    index: usize,
) -> *const triton_infer_output {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES.
        unsafe { read(result, ptr::null(), |result| convert::item_at(&result.outputs, index)) }
    })
}

/// Returns the name of an output.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_output_name(output: *const triton_infer_output) -> *const c_char {
    infallible(EMPTY, || {
        // SAFETY: the contract's HANDLES.
        unsafe {
            read(output, EMPTY, |output| output.name.get_or_init(|| c_string(output.get().name())).as_ptr())
        }
    })
}

/// Returns the datatype of an output; TRITON_DATATYPE_INVALID for one unknown to this version of the library,
/// whose name triton_infer_output_datatype_name returns. Such an output has its data if it came in binary;
/// JSON data and typed contents are skipped.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_output_datatype(output: *const triton_infer_output) -> triton_datatype {
    let none = triton_datatype::TRITON_DATATYPE_INVALID;
    // SAFETY: the contract's HANDLES.
    infallible(none, || unsafe { read(output, none, |output| output.get().datatype().into()) })
}

/// Returns the name of an output's datatype as the server sent it: "FP32", or an unknown one, "STRING"; "" if
/// the server sent none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_output_datatype_name(
    output: *const triton_infer_output,
) -> *const c_char {
    infallible(EMPTY, || {
        // SAFETY: the contract's HANDLES.
        unsafe {
            read(output, EMPTY, |output| match output.get().datatype() {
                Datatype::Invalid => {
                    let name = || c_string(output.get().datatype_name());
                    output.unknown_datatype.get_or_init(name).as_ptr()
                }
                known => known.c_name().as_ptr(),
            })
        }
    })
}

/// Returns the shape of an output, the batch dimension first if the model has one; NULL if it has no
/// dimensions. If the server left one dimension open (-1), it is computed from the data, except for an
/// unknown datatype and for data in shared memory.
///
/// @param rank_out  the number of dimensions; may be NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_output_shape(
    output: *const triton_infer_output,
    rank_out: *mut usize,
) -> *const i64 {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe {
            let shape: &[i64] = read(output, &[], |output| output.get().shape());
            convert::dimensions(shape, rank_out)
        }
    })
}

/// Gets the elements of an output, with the datatype that the caller expects.
///
/// @param datatype   the expected datatype; for TRITON_DATATYPE_BYTES use triton_infer_output_strings
/// @param data_out   the elements, row-major, aligned to 64 bytes, or in the buffer that the request set for
///                   the output (triton_infer_output_is_in_caller_buffer); never NULL on success
/// @param count_out  the number of elements; may be NULL
/// @return INVALID_ARGUMENT, with both datatypes, if the output has another one, also one unknown to this
///         version of the library; FAILED_PRECONDITION if it was written to shared memory
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_output_elements(
    output: *const triton_infer_output,
    datatype: triton_datatype_number,
    data_out: *mut *const c_void,
    count_out: *mut usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        let count = Out::new(count_out, "count_out", 0);
        let data = Out::new(data_out, "data_out", ptr::null());
        boundary(error_out, || {
            let data = data.required()?;
            handle(output, "output")?.write_elements(convert::datatype(datatype)?, data, count)
        })
    }
}

/// Gets the elements of a BYTES output, without copying them. The array takes 16 bytes for each element; the
/// elements are counted before it is allocated.
///
/// @param strings_out  the elements, row-major; never NULL on success
/// @param count_out    the number of elements; may be NULL
/// @return INVALID_ARGUMENT if the output is not BYTES; INTERNAL if the server sent a malformed tensor, or
///         one whose number of elements does not match its shape; FAILED_PRECONDITION if it was written to
///         the caller's buffer or shared memory; RESOURCE_EXHAUSTED if the array cannot be allocated
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_output_strings(
    output: *const triton_infer_output,
    strings_out: *mut *const triton_bytes,
    count_out: *mut usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        let count = Out::new(count_out, "count_out", 0);
        let strings = Out::new(strings_out, "strings_out", ptr::null());
        boundary(error_out, || {
            let strings = strings.required()?;
            handle(output, "output")?.write_strings(strings, count)
        })
    }
}

/// Returns the bytes of an output's tensor, of any datatype: row-major, little-endian, aligned to 64
/// bytes, or in the buffer that the request set for the output (triton_infer_output_is_in_caller_buffer).
/// Each BYTES element follows its length, 4 bytes. Never NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_output_data(output: *const triton_infer_output) -> *const c_void {
    // SAFETY: the contract's HANDLES.
    infallible(ptr::null(), || unsafe { read(output, ptr::null(), |output| output.get().start().cast()) })
}

/// Returns the size of an output's tensor in bytes; 0 for one in shared memory.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_output_byte_size(output: *const triton_infer_output) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(output, 0, |output| output.get().byte_size()) })
}

/// Returns whether the data of an output is in the buffer that the request set for it: it is then valid for
/// as long as the buffer is, and the next call with the request overwrites it. Otherwise it is valid until
/// the result is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_output_is_in_caller_buffer(output: *const triton_infer_output) -> bool {
    // SAFETY: the contract's HANDLES.
    infallible(false, || unsafe { read(output, false, |output| output.get().is_in_caller_buffer()) })
}

/// Gets a class of an output that was requested as classes: the best first, for each batch entry in turn.
///
/// @param index      less than the number of the output's elements
/// @param class_out  the class; its label is valid until the result is freed, and has U+FFFD for bytes that
///                   are not UTF-8
/// @return OUT_OF_RANGE past the end; INTERNAL if an element is not a class; otherwise the same as
///         triton_infer_output_strings
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_output_class(
    output: *const triton_infer_output,
    index: usize,
    class_out: *mut triton_class,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(class_out, "class_out", triton_class::NONE).required()?;
            let classes = handle(output, "output")?.classes()?;
            let class = classes.get(index).ok_or_else(|| {
                let message =
                    format!("class index {index} is out of range: the output has {} classes", classes.len());
                Error::new(Status::OutOfRange, Origin::Argument, message)
            })?;
            out.set(triton_class { value: class.value, index: class.index, label: class.label.as_ptr() });
            Ok(())
        })
    }
}

/// Returns the parameters of an output.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_output_parameters(
    output: *const triton_infer_output,
) -> *const triton_parameters {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES.
        unsafe {
            read(output, ptr::null(), |output| {
                let new = || Box::new(triton_parameters::of_output(output.result.clone(), output.index));
                ptr::from_ref(&**output.parameters.get_or_init(new))
            })
        }
    })
}

/// Returns the name of the model.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_model_name(result: *const triton_infer_result) -> *const c_char {
    infallible(EMPTY, || {
        // SAFETY: the contract's HANDLES.
        unsafe {
            read(result, EMPTY, |result| {
                result.model_name.get_or_init(|| c_string(result.result.model_name())).as_ptr()
            })
        }
    })
}

/// Returns the version of the model that the server chose, for example "1".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_model_version(
    result: *const triton_infer_result,
) -> *const c_char {
    infallible(EMPTY, || {
        // SAFETY: the contract's HANDLES.
        unsafe {
            read(result, EMPTY, |result| {
                result.model_version.get_or_init(|| c_string(result.result.model_version())).as_ptr()
            })
        }
    })
}

/// Returns the id of the request; "" if it had none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_id(result: *const triton_infer_result) -> *const c_char {
    infallible(EMPTY, || {
        // SAFETY: the contract's HANDLES.
        unsafe {
            read(result, EMPTY, |result| result.id.get_or_init(|| c_string(result.result.id())).as_ptr())
        }
    })
}

/// Returns whether a result is the last response to its request. The server's word, parameter
/// "triton_final_response", decides. Without it the response of a call is TRITON_FINALITY_FINAL, since it is
/// the only one, and a result of a stream or read from bytes is TRITON_FINALITY_UNKNOWN, as is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_finality(result: *const triton_infer_result) -> triton_finality {
    let unknown = triton_finality::TRITON_FINALITY_UNKNOWN;
    // SAFETY: the contract's HANDLES.
    infallible(unknown, || unsafe { read(result, unknown, |result| result.result.finality().into()) })
}

/// Returns whether the finality of a result is TRITON_FINALITY_FINAL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_is_final(result: *const triton_infer_result) -> bool {
    // SAFETY: the contract's HANDLES.
    infallible(false, || unsafe { read(result, false, |result| result.result.is_final()) })
}

/// Returns whether a result is the last response to its request and has no outputs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_is_null(result: *const triton_infer_result) -> bool {
    // SAFETY: the contract's HANDLES.
    infallible(false, || unsafe { read(result, false, |result| result.result.is_null()) })
}

/// Returns the parameters of a result as a whole.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_parameters(
    result: *const triton_infer_result,
) -> *const triton_parameters {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES.
        unsafe {
            read(result, ptr::null(), |result| {
                let new = || Box::new(triton_parameters::of_result(result.result.clone()));
                ptr::from_ref(&**result.parameters.get_or_init(new))
            })
        }
    })
}

/// Returns the headers of the response, over gRPC its metadata. Never NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_headers(
    result: *const triton_infer_result,
) -> *const triton_headers {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES.
        unsafe {
            read(result, ptr::null(), |result| {
                ptr::from_ref(result.headers.get_or_init(|| result.result.headers().into()))
            })
        }
    })
}

/// Returns the load report of a response; NULL if the server sent none. Valid until the result is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_load_report(
    result: *const triton_infer_result,
) -> *const triton_load_report {
    // SAFETY: the contract's HANDLES.
    infallible(ptr::null(), || unsafe {
        read(result, ptr::null(), |result| result.load_report().map_or(ptr::null(), ptr::from_ref))
    })
}

/// Returns the URL of the server, for example "grpc://host:8001"; "" if the result was read from bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_endpoint(result: *const triton_infer_result) -> *const c_char {
    infallible(EMPTY, || {
        // SAFETY: the contract's HANDLES.
        unsafe {
            read(result, EMPTY, |result| {
                result.endpoint.get_or_init(|| c_string(result.result.endpoint())).as_ptr()
            })
        }
    })
}

/// The time of a call by stages, in nanoseconds. Each stage begins where the previous one ends; together they
/// are the whole call. The server's own time is in first_byte_ns, and in part in receive_ns.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct triton_call_times {
    /// Set by the caller to sizeof(triton_call_times) (STRUCTS).
    pub struct_size: usize,
    /// Encoding the request, and waiting for a place among the calls in flight and for a connection.
    pub queue_ns: u64,
    /// Opening a connection, including name resolution; 0 on an open one.
    pub connect_ns: u64,
    /// Until the operating system accepted the last byte of the request.
    pub send_ns: u64,
    /// Until the first byte of the response.
    pub first_byte_ns: u64,
    /// Until the last byte of the response.
    pub receive_ns: u64,
}

/// Gets the time of the call that received the result, by stages.
///
/// @param times_out  the times; struct_size must be set (STRUCTS)
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_times(
    result: *const triton_infer_result,
    times_out: *mut triton_call_times,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let min = mem::offset_of!(triton_call_times, connect_ns);
            let struct_size = convert::struct_size(times_out, "times_out", min)?;
            let record = |times: CallTimes| triton_call_times {
                struct_size,
                queue_ns: convert::nanoseconds(times.queue),
                connect_ns: convert::nanoseconds(times.connect),
                send_ns: convert::nanoseconds(times.send),
                first_byte_ns: convert::nanoseconds(times.first_byte),
                receive_ns: convert::nanoseconds(times.receive),
            };
            convert::fill(times_out, struct_size, record(CallTimes::default()));
            let times = handle(result, "result")?.result.times();
            convert::fill(times_out, struct_size, record(times));
            Ok(())
        })
    }
}

/// Returns the model, outputs and parameters of a result as text without the data, for logs. The format may
/// change. Strings are cut at 256 bytes, shapes at 8 dimensions, the whole at 64 KiB.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_debug_string(
    result: *const triton_infer_result,
) -> *const c_char {
    infallible(EMPTY, || {
        // SAFETY: the contract's HANDLES.
        unsafe {
            read(result, EMPTY, |result| {
                result.debug_string.get_or_init(|| c_string(&result.result.to_string())).as_ptr()
            })
        }
    })
}

/// Frees a result and everything that was read from it, except data in a buffer of the caller's. NULL is
/// ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_free(result: *mut triton_infer_result) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(result) });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finality_has_the_same_numbers_in_c_and_rust() {
        for finality in [Finality::Unknown, Finality::Final, Finality::NotFinal] {
            assert_eq!(triton_finality::from(finality) as i32, finality as i32);
        }
    }
}
