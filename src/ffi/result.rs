//! RESULTS: what a model answered. Data stays where it arrived, aligned to 64 bytes, so that a cast to any element
//! type is legal; every pointer is valid until the result is freed.

use std::{
    ffi::{CString, c_char, c_void},
    mem, ptr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use super::{
    boundary::boundary,
    convert::{self, c_string},
    datatype::{self, triton_datatype, triton_datatype_number},
    error::{triton_error, triton_status},
    handle::{Out, free, handle, null},
    headers::Texts,
    infallible::infallible,
    load_report::triton_load_report,
    parameters::{List, triton_parameter},
    request::triton_bytes,
};
use crate::{
    error::{Error, Origin, Result, Status},
    infer::{CallTimes, Class, Datatype, InferOutput, InferResult},
};

/// The answer to an inference request. Freed with triton_infer_result_free.
pub struct triton_infer_result {
    result: Arc<InferResult>,
    outputs: Box<[triton_infer_output]>,
    model_name: OnceLock<CString>,
    model_version: OnceLock<CString>,
    id: OnceLock<CString>,
    endpoint: OnceLock<CString>,
    load_report: OnceLock<Option<triton_load_report>>,
    debug_string: OnceLock<CString>,
    parameters: List,
    headers: Texts,
}

/// One output of a result. Belongs to the result.
pub struct triton_infer_output {
    result: Arc<InferResult>,
    index: usize,
    name: OnceLock<CString>,
    unknown_datatype: OnceLock<CString>,
    strings: OnceLock<Box<[triton_bytes]>>,
    parameters: List,
    classes: OnceLock<Box<[OwnedClass]>>,
}

/// A class with its label as C reads it.
struct OwnedClass {
    value: f64,
    index: u64,
    label: CString,
}

/// One class of an output that was asked for as classes. This struct is final.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct triton_class {
    /// How much it is the case, in the output's own measure.
    pub value: f64,
    /// Its place in the output.
    pub index: u64,
    /// Its label; an empty text if the model has none.
    pub label: *const c_char,
}

impl triton_class {
    const NONE: Self = Self { value: 0.0, index: 0, label: EMPTY };
}

impl triton_infer_result {
    /// The server's load report, read from the headers when it is first asked for.
    pub(super) fn load_report(&self) -> Option<&triton_load_report> {
        let read = || self.result.headers().load_report().map(Into::into);
        self.load_report.get_or_init(read).as_ref()
    }

    /// What C alone needs of a result, texts that end with a NUL and arrays of pointers, is made when it is asked for.
    pub(super) fn new(result: InferResult) -> Self {
        let result = Arc::new(result);
        let output = |index| triton_infer_output {
            result: result.clone(),
            index,
            name: OnceLock::new(),
            unknown_datatype: OnceLock::new(),
            strings: OnceLock::new(),
            parameters: List::default(),
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
            parameters: List::default(),
            headers: Texts::default(),
        }
    }

    fn output(&self, name: &str) -> Result<&triton_infer_output> {
        let found = self.result.output(name)?;
        let is_found =
            |output: &&triton_infer_output| output.get().is_some_and(|output| ptr::eq(output, found));
        self.outputs.iter().find(is_found).ok_or_else(|| Error::invalid("the result has no such output"))
    }
}

impl triton_infer_output {
    fn get(&self) -> Option<&InferOutput> {
        self.result.outputs().get(self.index)
    }

    fn classes(&self) -> Result<&[OwnedClass]> {
        if let Some(classes) = self.classes.get() {
            return Ok(classes);
        }
        let classes = self.get().map_or_else(|| Ok(Vec::new()), InferOutput::classes)?;
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
        let elements = self.get().map_or_else(|| Ok(Vec::new()), InferOutput::strings)?;
        let bytes = |element: &[u8]| triton_bytes { data: element.as_ptr().cast(), byte_size: element.len() };
        Ok(self.strings.get_or_init(|| elements.into_iter().map(bytes).collect()))
    }
}

const EMPTY: *const c_char = c"".as_ptr();

/// A text of a result, made on first use.
///
/// # Safety
/// NULL, or not yet freed (HANDLES).
unsafe fn text<'a>(
    result: *const triton_infer_result,
    slot: impl FnOnce(&'a triton_infer_result) -> (&'a OnceLock<CString>, &'a str),
) -> *const c_char {
    // SAFETY: the caller's promise.
    match unsafe { result.as_ref() } {
        Some(result) => {
            let (slot, text) = slot(result);
            slot.get_or_init(|| c_string(text)).as_ptr()
        }
        None => EMPTY,
    }
}

/// Reads an output; NULL gives `none`.
///
/// # Safety
/// NULL, or of a result that is not yet freed (HANDLES).
unsafe fn read<'a, T>(
    output: *const triton_infer_output,
    none: T,
    get: impl FnOnce(&'a InferOutput) -> T,
) -> T {
    // SAFETY: the caller's promise.
    match unsafe { output.as_ref() }.and_then(triton_infer_output::get) {
        Some(output) => get(output),
        None => none,
    }
}

/// Reads an output by its name, with the datatype that the caller expects.
///
/// @param name       the output's name
/// @param datatype   what the elements are expected to be, of one size each: for TRITON_DATATYPE_BYTES there is
///                   triton_infer_result_output_strings
/// @param data_out   the elements, row-major, aligned to 64 bytes, or in the buffer that the request set for the output;
///                   never NULL on success
/// @param count_out  the number of elements, not of bytes
/// @return NOT_FOUND if the result has no such output; INVALID_ARGUMENT, naming both datatypes, if it is of another, also of
///         one that this library does not know; FAILED_PRECONDITION if it went to shared memory
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_output_as(
    result: *const triton_infer_result,
    name: *const c_char,
    datatype: triton_datatype_number,
    data_out: *mut *const c_void,
    count_out: *mut usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let (data, count) =
                (Out::new(data_out, "data_out", ptr::null()), Out::new(count_out, "count_out", 0));
            let (data, count) = (data.required()?, count.required()?);
            let result = handle(result, "result")?;
            let datatype = convert::datatype(datatype)?;
            let output = result.result.output(convert::string(name, "name")?)?;
            let Some(size) = datatype.byte_size() else {
                return Err(Error::invalid(format!(
                    "the elements of {datatype} have no one size: triton_infer_result_output_strings reads BYTES"
                )));
            };
            output.expect(datatype)?;
            output.check_not_shared()?;
            data.set(output.start().cast());
            count.set(output.byte_size() / size);
            Ok(())
        })
    }
}

/// Reads the elements of a BYTES output by its name, without a copy. The array takes 16 bytes for each element, however
/// short, beside the tensor; the elements are counted before it is allocated.
///
/// @param name         the output's name
/// @param strings_out  the elements in row-major order, valid until the result is freed; never NULL on success
/// @param count_out    their number
/// @return NOT_FOUND if the result has no such output; INVALID_ARGUMENT if it is not BYTES; INTERNAL if what the
///         server sent is not a valid BYTES tensor, or has another number of elements than its shape; FAILED_PRECONDITION if it
///         went to a buffer that the request set; RESOURCE_EXHAUSTED if there is no memory for the array
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_output_strings(
    result: *const triton_infer_result,
    name: *const c_char,
    strings_out: *mut *const triton_bytes,
    count_out: *mut usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let strings = Out::new(strings_out, "strings_out", ptr::null());
            let count = Out::new(count_out, "count_out", 0);
            let (strings, count) = (strings.required()?, count.required()?);
            let result = handle(result, "result")?;
            let elements = result.output(convert::string(name, "name")?)?.strings()?;
            strings.set(elements.as_ptr());
            count.set(elements.len());
            Ok(())
        })
    }
}

/// The name of the model that answered.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_model_name(result: *const triton_infer_result) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { text(result, |result| (&result.model_name, result.result.model_name())) })
}

/// The version of the model that answered, "1".
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_model_version(
    result: *const triton_infer_result,
) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe {
        text(result, |result| (&result.model_version, result.result.model_version()))
    })
}

/// The id that the request had; empty if it had none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_id(result: *const triton_infer_result) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { text(result, |result| (&result.id, result.result.id())) })
}

/// Where the time of a call went, in nanoseconds: stages, each from the end of the one before, that together are the
/// whole call. What the server did is in first_byte_ns, and in part in receive_ns.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct triton_call_times {
    /// To be set to sizeof(triton_call_times): later versions may know more stages.
    pub struct_size: usize,
    /// Encoding the request and finding a connection.
    pub queue_ns: u64,
    /// Opening a connection, names included; 0 on one that was open.
    pub connect_ns: u64,
    /// Until the system had taken the last byte of the request.
    pub send_ns: u64,
    /// Until the first byte of the answer.
    pub first_byte_ns: u64,
    /// Until the last byte of the answer.
    pub receive_ns: u64,
}

/// Tells where the time of the call went that gave the result.
///
/// @param times_out  filled as far as its struct_size says, which stays as it is; 0 for what this version does not know
/// @return INVALID_ARGUMENT if struct_size has no room for the first stage, is beyond 4096, or no multiple of 8
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_times(
    result: *const triton_infer_result,
    times_out: *mut triton_call_times,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            if times_out.is_null() {
                return Err(null("times_out"));
            }
            // The caller's struct may be an older and smaller one: nothing refers to it as a whole.
            let struct_size = ptr::addr_of!((*times_out).struct_size).read();
            convert::check_struct_size(struct_size, mem::offset_of!(triton_call_times, connect_ns))?;
            let record = |times: CallTimes| {
                let ns = |stage: Duration| u64::try_from(stage.as_nanos()).unwrap_or(u64::MAX);
                triton_call_times {
                    struct_size,
                    queue_ns: ns(times.queue),
                    connect_ns: ns(times.connect),
                    send_ns: ns(times.send),
                    first_byte_ns: ns(times.first_byte),
                    receive_ns: ns(times.receive),
                }
            };
            convert::fill(times_out, struct_size, record(CallTimes::default()));
            let times = handle(result, "result")?.result.times();
            convert::fill(times_out, struct_size, record(times));
            Ok(())
        })
    }
}

/// Whether this is the last response to its request: always, but from a decoupled model. False for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_is_final(result: *const triton_infer_result) -> bool {
    infallible(false, || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe { result.as_ref().is_some_and(|result| result.result.is_final()) }
    })
}

/// Whether this is the last response to its request and nothing else: it has no outputs. False for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_is_null(result: *const triton_infer_result) -> bool {
    infallible(false, || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe { result.as_ref().is_some_and(|result| result.result.is_null()) }
    })
}

/// The server that answered, as in a URL: "grpc://host:8001". An empty text for a result that came from no server, and for
/// NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_endpoint(result: *const triton_infer_result) -> *const c_char {
    infallible(EMPTY, || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe { text(result, |result| (&result.endpoint, result.result.endpoint())) }
    })
}

/// Model, outputs and parameters in words, without the data: for logs. Not to be read by programs. Texts are cut at 256 bytes,
/// shapes at 8 dimensions, and the whole at 64 KiB.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_debug_string(
    result: *const triton_infer_result,
) -> *const c_char {
    infallible(EMPTY, || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe {
            let Some(result) = result.as_ref() else { return EMPTY };
            result.debug_string.get_or_init(|| c_string(&result.result.to_string())).as_ptr()
        }
    })
}

/// The number of parameters of the result as a whole.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_parameter_count(result: *const triton_infer_result) -> usize {
    infallible(0, || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe { result.as_ref().map_or(0, |result| result.result.parameters().len()) }
    })
}

/// A parameter of the result as a whole; NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_parameter(
    result: *const triton_infer_result,
    index: usize,
) -> *const triton_parameter {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe {
            let Some(result) = result.as_ref() else { return ptr::null() };
            let parameters = result.parameters.get(result.result.parameters());
            parameters.get(index).map_or(ptr::null(), ptr::from_ref)
        }
    })
}

/// The number of headers of the answer; over gRPC of its metadata. A name may be there several times.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_header_count(result: *const triton_infer_result) -> usize {
    infallible(0, || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe { result.as_ref().map_or(0, |result| result.result.headers().iter().len()) }
    })
}

/// The name of a header, in lower case; an empty text past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_header_name(
    result: *const triton_infer_result,
    index: usize,
) -> *const c_char {
    infallible(EMPTY, || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe {
            result.as_ref().map_or(EMPTY, |result| result.headers.name(Some(result.result.headers()), index))
        }
    })
}

/// The value of a header; an empty text past the end. Over gRPC a value whose name ends in -bin is base64, as it was sent.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_header_value(
    result: *const triton_infer_result,
    index: usize,
) -> *const c_char {
    infallible(EMPTY, || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe {
            result.as_ref().map_or(EMPTY, |result| result.headers.value(Some(result.result.headers()), index))
        }
    })
}

/// The number of outputs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_output_count(result: *const triton_infer_result) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { result.as_ref() }.map_or(0, |result| result.outputs.len()))
}

/// An output, in the server's order; NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_output(
    result: *const triton_infer_result,
    index: usize,
) -> *const triton_infer_output {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES.
        unsafe { result.as_ref() }
            .and_then(|result| result.outputs.get(index))
            .map_or(ptr::null(), ptr::from_ref)
    })
}

/// Frees a result with everything that was read out of it; NULL is harmless.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_result_free(result: *mut triton_infer_result) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(result) });
}

/// The name of an output.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_output_name(output: *const triton_infer_output) -> *const c_char {
    infallible(EMPTY, || {
        // SAFETY: the contract's HANDLES.
        let Some(output) = (unsafe { output.as_ref() }) else { return EMPTY };
        output.name.get_or_init(|| c_string(output.get().map_or("", InferOutput::name))).as_ptr()
    })
}

/// The datatype of an output; TRITON_DATATYPE_INVALID for one that this library does not know
/// (triton_infer_output_datatype_name). The data of such an output is there if it came as bytes: of JSON and of typed contents
/// none is read.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_output_datatype(output: *const triton_infer_output) -> triton_datatype {
    let none = triton_datatype::TRITON_DATATYPE_INVALID;
    // SAFETY: the contract's HANDLES.
    infallible(none, || unsafe { read(output, none, |output| output.datatype().into()) })
}

/// The name of an output's datatype as the server gave it: "FP32", also of one that this library does not know, "STRING".
/// Valid until the result is freed; an empty text if the server gave none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_output_datatype_name(
    output: *const triton_infer_output,
) -> *const c_char {
    infallible(EMPTY, || {
        // SAFETY: the contract's HANDLES.
        let Some(output) = (unsafe { output.as_ref() }) else { return EMPTY };
        match output.get().map(InferOutput::datatype) {
            None => EMPTY,
            Some(Datatype::Invalid) => {
                let name = || c_string(output.get().map_or("", InferOutput::datatype_name));
                output.unknown_datatype.get_or_init(name).as_ptr()
            }
            Some(known) => datatype::name(known).as_ptr(),
        }
    })
}

/// The shape of an output, the batch dimension first where the model has one. One dimension that the server left open (-1) is
/// set to the size that follows from the data; where the datatype is not known or the data is in shared memory it stays.
///
/// @param rank_out  the number of dimensions; NULL is allowed
/// @return the dimensions; NULL if there are none
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_output_shape(
    output: *const triton_infer_output,
    rank_out: *mut usize,
) -> *const i64 {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe {
            let rank = Out::new(rank_out, "rank_out", 0);
            let shape: &[i64] = read(output, &[], |output| output.shape());
            rank.set(shape.len());
            if shape.is_empty() { ptr::null() } else { shape.as_ptr() }
        }
    })
}

/// The bytes of an output's tensor: row-major, lowest byte first, aligned to 64 bytes; in the buffer that the request
/// set for the output, if it did. The elements of BYTES stand each behind its length in four bytes. NULL only for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_output_data(output: *const triton_infer_output) -> *const c_void {
    // SAFETY: the contract's HANDLES.
    infallible(ptr::null(), || unsafe { read(output, ptr::null(), |output| output.start().cast()) })
}

/// The number of those bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_output_byte_size(output: *const triton_infer_output) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(output, 0, InferOutput::byte_size) })
}

/// The number of parameters of an output.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_output_parameter_count(output: *const triton_infer_output) -> usize {
    infallible(0, || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe { read(output, 0, |output| output.parameters().len()) }
    })
}

/// A parameter of an output; NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_output_parameter(
    output: *const triton_infer_output,
    index: usize,
) -> *const triton_parameter {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe {
            let Some(output) = output.as_ref() else { return ptr::null() };
            let parameters = output.get().map_or(&[][..], |own| output.parameters.get(own.parameters()));
            parameters.get(index).map_or(ptr::null(), ptr::from_ref)
        }
    })
}

/// Reads an element of an output that was asked for as classes: the best first, batch for batch.
///
/// @param index      0, 1, 2 up to the output's number of elements
/// @param class_out  the class; its label is valid until the result is freed, with U+FFFD for what is not UTF-8
/// @return INVALID_ARGUMENT if the output is no BYTES tensor; OUT_OF_RANGE past the end; INTERNAL if the element is no class
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
            let output = handle(output, "output")?;
            let classes = output.classes()?;
            let class = classes.get(index).ok_or_else(|| {
                let message = format!("there is no class {index}: the output has {}", classes.len());
                Error::new(Status::OutOfRange, Origin::Argument, message)
            })?;
            out.set(triton_class { value: class.value, index: class.index, label: class.label.as_ptr() });
            Ok(())
        })
    }
}
