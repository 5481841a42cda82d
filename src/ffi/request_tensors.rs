//! INPUTS AND OUTPUTS of a request. Each is identified by its index: 0, 1, 2 in the order of adding. On a
//! request, an output is a requested output; if none is added, the result has all outputs of the model. Input
//! data is borrowed unless the function's name says copy or strings, and read during calls only. It is
//! checked by the call: data that does not match its shape is TRITON_STATUS_INVALID_ARGUMENT, and nothing is
//! sent.

use std::{
    ffi::{CString, c_char, c_void},
    ptr::{self, NonNull},
    slice,
};

use super::{
    boundary::change,
    convert::{self, EMPTY},
    datatype::{triton_datatype, triton_datatype_number},
    error::{triton_error, triton_status},
    handle::{Out, read},
    infallible::infallible,
    parameters::{Scope, triton_parameters},
    request::{Strings, TensorStrings, parameters, triton_infer_request},
};
use crate::{
    error::Result,
    infer::{Datatype, InferInput, InferRequest, Region, RequestedOutput},
    lend::{OutputBuffer, Segment},
};

/// An element of a BYTES tensor. It may contain NULs and need not be UTF-8. No member will be added to this
/// struct.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct triton_bytes {
    /// The bytes, without a terminating NUL; may be NULL if byte_size is 0.
    pub data: *const c_char,
    /// The number of bytes.
    pub byte_size: usize,
}

impl From<&[u8]> for triton_bytes {
    fn from(bytes: &[u8]) -> Self {
        Self { data: bytes.as_ptr().cast(), byte_size: bytes.len() }
    }
}

/// Adds an input with its data, which is borrowed.
///
/// @param name       the name of the input; must not be empty or already added
/// @param datatype   the datatype; for TRITON_DATATYPE_BYTES, data holds each element after its length, 4
///                   bytes little-endian
/// @param shape      the dimensions, the batch dimension first if the model has one; must not be negative
/// @param rank       the number of dimensions
/// @param data       the elements, row-major, little-endian; borrowed (BORROWED DATA)
/// @param byte_size  the size of data in bytes
/// @param index_out  the index of the input; may be NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_add_input_data(
    request: *mut triton_infer_request,
    name: *const c_char,
    datatype: triton_datatype_number,
    shape: *const i64,
    rank: usize,
    data: *const c_void,
    byte_size: usize,
    index_out: *mut usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, ARRAYS, BORROWED DATA, OUT-PARAMETERS.
    unsafe {
        let out = Out::new(index_out, "index_out", 0);
        change(request, error_out, "request", |request| {
            let (request, segment) = (request.change(), borrow(data, byte_size)?);
            let index = add_input(request, name, datatype, shape, rank)?;
            request.input_mut(index)?.append(segment);
            out.set(index);
            Ok(())
        })
    }
}

/// Adds an input with a copy of its data, which may be changed or freed after the function returns. Otherwise
/// the same as triton_infer_request_add_input_data.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_add_input_data_copy(
    request: *mut triton_infer_request,
    name: *const c_char,
    datatype: triton_datatype_number,
    shape: *const i64,
    rank: usize,
    data: *const c_void,
    byte_size: usize,
    index_out: *mut usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, ARRAYS, OUT-PARAMETERS.
    unsafe {
        let out = Out::new(index_out, "index_out", 0);
        change(request, error_out, "request", |request| {
            let (request, data) = (request.change(), convert::array(data.cast::<u8>(), byte_size, "data")?);
            let index = add_input(request, name, datatype, shape, rank)?;
            request.input_mut(index)?.append_data_copy(data);
            out.set(index);
            Ok(())
        })
    }
}

/// Adds a BYTES input with its elements, which are copied.
///
/// @param name       the name of the input; must not be empty or already added
/// @param shape      the dimensions, the batch dimension first if the model has one; must not be negative
/// @param rank       the number of dimensions
/// @param strings    the elements, row-major
/// @param count      the number of elements
/// @param index_out  the index of the input; may be NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_add_input_strings(
    request: *mut triton_infer_request,
    name: *const c_char,
    shape: *const i64,
    rank: usize,
    strings: *const triton_bytes,
    count: usize,
    index_out: *mut usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, ARRAYS, OUT-PARAMETERS.
    unsafe {
        let out = Out::new(index_out, "index_out", 0);
        change(request, error_out, "request", |request| {
            let (name, shape) = (convert::string(name, "name")?, convert::array(shape, rank, "shape")?);
            out.set(request.change().add_input_strings(name, shape, elements(strings, count)?)?);
            Ok(())
        })
    }
}

/// Adds an input without data. The data follows by triton_infer_request_input_append_data, for several
/// segments, or by one of the setters below.
///
/// @param name       the name of the input; must not be empty or already added
/// @param datatype   the datatype
/// @param shape      the dimensions, the batch dimension first if the model has one; must not be negative
/// @param rank       the number of dimensions
/// @param index_out  the index of the input; may be NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_add_input(
    request: *mut triton_infer_request,
    name: *const c_char,
    datatype: triton_datatype_number,
    shape: *const i64,
    rank: usize,
    index_out: *mut usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, ARRAYS, OUT-PARAMETERS.
    unsafe {
        let out = Out::new(index_out, "index_out", 0);
        change(request, error_out, "request", |request| {
            out.set(add_input(request.change(), name, datatype, shape, rank)?);
            Ok(())
        })
    }
}

/// Sets the shape of an input. The data stays as it is.
///
/// @param input  the index of the input
/// @param shape  the dimensions; must not be negative
/// @param rank   the number of dimensions
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_set_shape(
    request: *mut triton_infer_request,
    input: usize,
    shape: *const i64,
    rank: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, ARRAYS, OUT-PARAMETERS.
    unsafe {
        change(request, error_out, "request", |request| {
            request.change().input_mut(input)?.set_shape(convert::array(shape, rank, "shape")?)
        })
    }
}

/// Sets the data of an input, which is borrowed. Replaces all data set or appended before.
///
/// @param input      the index of the input
/// @param data       borrowed (BORROWED DATA); NULL with a byte_size of 0 leaves the input without data
/// @param byte_size  the size of data in bytes
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_set_data(
    request: *mut triton_infer_request,
    input: usize,
    data: *const c_void,
    byte_size: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, ARRAYS, BORROWED DATA, OUT-PARAMETERS.
    unsafe {
        change(request, error_out, "request", |request| {
            let (input, segment) = (request.change().input_mut(input)?, borrow(data, byte_size)?);
            input.clear_data();
            if byte_size > 0 {
                input.append(segment);
            }
            Ok(())
        })
    }
}

/// Appends a segment to the data of an input. Segments are borrowed, and sent in the order of appending. Data
/// in shared memory and JSON text are replaced.
///
/// @param input      the index of the input
/// @param data       borrowed (BORROWED DATA)
/// @param byte_size  the size of data in bytes
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_append_data(
    request: *mut triton_infer_request,
    input: usize,
    data: *const c_void,
    byte_size: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, ARRAYS, BORROWED DATA, OUT-PARAMETERS.
    unsafe {
        change(request, error_out, "request", |request| {
            request.change().input_mut(input)?.append(borrow(data, byte_size)?);
            Ok(())
        })
    }
}

/// Appends a copy of a segment to the data of an input. The segment may be changed or freed after the
/// function returns.
///
/// @param input      the index of the input
/// @param data       copied
/// @param byte_size  the size of data in bytes
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_append_data_copy(
    request: *mut triton_infer_request,
    input: usize,
    data: *const c_void,
    byte_size: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, ARRAYS, OUT-PARAMETERS.
    unsafe {
        change(request, error_out, "request", |request| {
            let data = convert::array(data.cast::<u8>(), byte_size, "data")?;
            request.change().input_mut(input)?.append_data_copy(data);
            Ok(())
        })
    }
}

/// Appends elements to the data of a BYTES input. They are copied.
///
/// @param input    the index of the input
/// @param strings  the elements, row-major
/// @param count    the number of elements
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_append_strings(
    request: *mut triton_infer_request,
    input: usize,
    strings: *const triton_bytes,
    count: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, ARRAYS, OUT-PARAMETERS.
    unsafe {
        change(request, error_out, "request", |request| {
            request.change().input_mut(input)?.append_strings(elements(strings, count)?)
        })
    }
}

/// Takes the data of an input from shared memory that is registered with the server. Replaces the data set
/// before.
///
/// @param input      the index of the input
/// @param region     the name under which the memory is registered; NULL undoes the function: an input in
///                   shared memory then has no data
/// @param byte_size  the size of the tensor in bytes
/// @param offset     the offset of the tensor from the start of the region, in bytes
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_set_shared_memory(
    request: *mut triton_infer_request,
    input: usize,
    region: *const c_char,
    byte_size: u64,
    offset: u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, OUT-PARAMETERS.
    unsafe {
        change(request, error_out, "request", |request| {
            let input = request.change().input_mut(input)?;
            match convert::string_or_none(region, "region")? {
                Some(region) => input.set_region(region, byte_size, offset)?,
                None => input.clear_region(),
            }
            Ok(())
        })
    }
}

/// Sets whether the elements of an input are sent as text instead of in binary (the default): as JSON over
/// HTTP, as typed contents over gRPC, where either all inputs in memory are sent that way or none. BYTES
/// elements must be UTF-8 over HTTP. FP16 and BF16 are numbers in JSON, which Triton rejects and other
/// servers accept; typed contents have no such form, and the call returns INVALID_ARGUMENT. All digits of an
/// FP64 element are sent, but Triton may read a neighboring number: seen with 2.51 and 2.73, for many digits
/// and for extreme exponents. Binary data keeps every bit.
///
/// @param input  the index of the input
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_set_json(
    request: *mut triton_infer_request,
    input: usize,
    is_json: bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(request, error_out, "request", |request| {
            request.change().input_mut(input)?.set_json(is_json);
            Ok(())
        })
    }
}

/// Takes the data of an input from a JSON array, flat or nested, which is copied and sent unchanged. Replaces
/// the data set before. HTTP only: over gRPC the call returns INVALID_ARGUMENT.
///
/// @param input  the index of the input
/// @param json   for example "[[1, 2], [3, 4]]"; NULL undoes the function: an input with JSON text then has
///               no data
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_set_json_text(
    request: *mut triton_infer_request,
    input: usize,
    json: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, OUT-PARAMETERS.
    unsafe {
        change(request, error_out, "request", |request| {
            let input = request.change().input_mut(input)?;
            match convert::string_or_none(json, "json")? {
                Some(json) => input.set_json_text(json)?,
                None => input.clear_json_text(),
            }
            Ok(())
        })
    }
}

/// Returns the parameters of an input, to be set and read; NULL past the end. They are the parameters of the
/// input that has this index: if the request is cleared, setting one is INVALID_ARGUMENT until an input of
/// this index is added.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_parameters(
    request: *mut triton_infer_request,
    input: usize,
) -> *mut triton_parameters {
    // SAFETY: the contract's HANDLES, THREADS.
    infallible(ptr::null_mut(), || unsafe { parameters(request, Scope::Input(input)) })
}

/// Returns the number of inputs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_count(request: *const triton_infer_request) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(request, 0, |request| request.request.inputs().len()) })
}

/// Returns the name of an input; "" past the end. Valid until the request is changed or freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_name(
    request: *const triton_infer_request,
    input: usize,
) -> *const c_char {
    infallible(EMPTY, || {
        // SAFETY: the contract's HANDLES.
        unsafe { string_at(request, |strings| &strings.inputs, input, |strings| &strings.name) }
    })
}

/// Returns the datatype of an input; TRITON_DATATYPE_INVALID past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_datatype(
    request: *const triton_infer_request,
    input: usize,
) -> triton_datatype {
    infallible(triton_datatype::TRITON_DATATYPE_INVALID, || {
        // SAFETY: the contract's HANDLES.
        let input = unsafe { input_at(request, input) };
        input.map_or(Datatype::Invalid, InferInput::datatype).into()
    })
}

/// Returns the shape of an input; NULL if it has no dimensions, and past the end. Valid until the request is
/// changed or freed.
///
/// @param rank_out  the number of dimensions; may be NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_shape(
    request: *const triton_infer_request,
    input: usize,
    rank_out: *mut usize,
) -> *const i64 {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe {
            let shape = input_at(request, input).map_or(&[][..], InferInput::shape);
            convert::dimensions(shape, rank_out)
        }
    })
}

/// Returns the size in bytes of the data that an input has so far, or of its shared memory; 0 for JSON text,
/// and past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_byte_size(
    request: *const triton_infer_request,
    input: usize,
) -> u64 {
    infallible(0, || {
        // SAFETY: the contract's HANDLES.
        unsafe { input_at(request, input) }.map_or(0, InferInput::byte_size)
    })
}

/// Returns the name of the shared-memory region that holds the data of an input; "" if none does, and past
/// the end. Valid until the request is changed or freed.
///
/// @param byte_size_out  the size of the tensor in bytes; may be NULL
/// @param offset_out     its offset from the start of the region, in bytes; may be NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_shared_memory(
    request: *const triton_infer_request,
    input: usize,
    byte_size_out: *mut u64,
    offset_out: *mut u64,
) -> *const c_char {
    infallible(EMPTY, || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe {
            set_range(input_at(request, input).and_then(InferInput::region), byte_size_out, offset_out);
            string_at(request, |strings| &strings.inputs, input, |strings| &strings.region)
        }
    })
}

/// Returns whether the elements of an input are sent as text; false past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_is_json(
    request: *const triton_infer_request,
    input: usize,
) -> bool {
    infallible(false, || {
        // SAFETY: the contract's HANDLES.
        unsafe { input_at(request, input) }.is_some_and(InferInput::is_json)
    })
}

/// Requests an output. If no output is requested, the result has all outputs of the model.
///
/// @param name       the name of the output; must not be empty or already requested
/// @param index_out  the index of the output on the request; may be NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_add_output(
    request: *mut triton_infer_request,
    name: *const c_char,
    index_out: *mut usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, OUT-PARAMETERS.
    unsafe {
        let out = Out::new(index_out, "index_out", 0);
        change(request, error_out, "request", |request| {
            out.set(request.change().add_output(convert::string(name, "name")?)?);
            Ok(())
        })
    }
}

/// Makes each call write an output straight into the caller's memory, which the request borrows. The result
/// then has the output's shape and byte size; triton_infer_output_data and the functions that read elements
/// return the address of that memory. What they return is valid for as long as the memory is, also after the
/// result is freed, and the next call with the request overwrites it: triton_infer_output_is_in_caller_buffer
/// is true for such an output. The memory must not overlap an input or another buffer of the request. A
/// request with a buffer is in one call at a time: a second one returns FAILED_PRECONDITION. If a call fails,
/// the contents of the memory are unspecified, but unchanged if the buffer is too small.
///
/// @param output     the index of the output
/// @param data       the memory, for the elements, row-major, little-endian; aligned as the caller reads it.
///                   NULL with a byte_size of 0 (the default) undoes the function: the data is then in the
///                   result
/// @param byte_size  the size of data in bytes; the call returns RESOURCE_EXHAUSTED if the output is larger
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_output_set_buffer(
    request: *mut triton_infer_request,
    output: usize,
    data: *mut c_void,
    byte_size: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, BORROWED DATA, OUT-PARAMETERS.
    unsafe {
        change(request, error_out, "request", |request| {
            convert::check_array(data.cast::<u8>().cast_const(), byte_size, "data")?;
            let output = request.change().output_mut(output)?;
            output.set_output_buffer(
                NonNull::new(data.cast()).map(|data| OutputBuffer::from_raw(data, byte_size)),
            );
            Ok(())
        })
    }
}

/// Makes the server write an output to shared memory that is registered with it. The result then has the
/// output's shape and no data. Excludes a buffer, classes and JSON: with both, the call returns
/// INVALID_ARGUMENT.
///
/// @param output     the index of the output
/// @param region     the name under which the memory is registered; NULL undoes the function
/// @param byte_size  the space available, in bytes
/// @param offset     the offset of the output from the start of the region, in bytes
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_output_set_shared_memory(
    request: *mut triton_infer_request,
    output: usize,
    region: *const c_char,
    byte_size: u64,
    offset: u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, OUT-PARAMETERS.
    unsafe {
        change(request, error_out, "request", |request| {
            let output = request.change().output_mut(output)?;
            match convert::string_or_none(region, "region")? {
                Some(region) => output.set_region(region, byte_size, offset)?,
                None => output.clear_region(),
            }
            Ok(())
        })
    }
}

/// Requests the best classes of an output instead of its tensor. They come as BYTES:
/// triton_infer_output_class reads them.
///
/// @param output       the index of the output
/// @param class_count  the number of classes; 0 (the default): the tensor
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_output_set_classification(
    request: *mut triton_infer_request,
    output: usize,
    class_count: u32,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(request, error_out, "request", |request| {
            request.change().output_mut(output)?.set_class_count(class_count);
            Ok(())
        })
    }
}

/// Sets whether an output is requested as JSON over HTTP instead of in binary (the default); the result is
/// the same. Triton rejects FP16 and BF16; other servers send them as numbers, and NaN and infinities of any
/// floating-point datatype as null, which is read as NaN: binary data and gRPC keep infinities.
///
/// @param output  the index of the output
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_output_set_json(
    request: *mut triton_infer_request,
    output: usize,
    is_json: bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, OUT-PARAMETERS.
    unsafe {
        change(request, error_out, "request", |request| {
            request.change().output_mut(output)?.set_json(is_json);
            Ok(())
        })
    }
}

/// Returns the parameters of a requested output, to be set and read; NULL past the end. They belong to an
/// index as those of inputs do.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_output_parameters(
    request: *mut triton_infer_request,
    output: usize,
) -> *mut triton_parameters {
    // SAFETY: the contract's HANDLES, THREADS.
    infallible(ptr::null_mut(), || unsafe { parameters(request, Scope::Output(output)) })
}

/// Returns the number of requested outputs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_output_count(request: *const triton_infer_request) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(request, 0, |request| request.request.outputs().len()) })
}

/// Returns the name of a requested output; "" past the end. Valid until the request is changed or freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_output_name(
    request: *const triton_infer_request,
    output: usize,
) -> *const c_char {
    infallible(EMPTY, || {
        // SAFETY: the contract's HANDLES.
        unsafe { string_at(request, |strings| &strings.outputs, output, |strings| &strings.name) }
    })
}

/// Returns the name of the shared-memory region that a requested output is written to; "" if none is, and
/// past the end. Valid until the request is changed or freed.
///
/// @param byte_size_out  the space available, in bytes; may be NULL
/// @param offset_out     the offset of the output from the start of the region, in bytes; may be NULL
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_output_shared_memory(
    request: *const triton_infer_request,
    output: usize,
    byte_size_out: *mut u64,
    offset_out: *mut u64,
) -> *const c_char {
    infallible(EMPTY, || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe {
            set_range(
                output_at(request, output).and_then(RequestedOutput::region),
                byte_size_out,
                offset_out,
            );
            string_at(request, |strings| &strings.outputs, output, |strings| &strings.region)
        }
    })
}

/// Returns the number of classes requested of an output; 0 if the tensor is requested, and past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_output_class_count(
    request: *const triton_infer_request,
    output: usize,
) -> u32 {
    infallible(0, || {
        // SAFETY: the contract's HANDLES.
        unsafe { output_at(request, output) }.map_or(0, RequestedOutput::class_count)
    })
}

/// Returns whether an output is requested as JSON over HTTP; false past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_output_is_json(
    request: *const triton_infer_request,
    output: usize,
) -> bool {
    infallible(false, || {
        // SAFETY: the contract's HANDLES.
        unsafe { output_at(request, output) }.is_some_and(RequestedOutput::is_json)
    })
}

/// # Safety
/// NULL, or a request that is not freed (HANDLES).
unsafe fn input_at<'a>(
    request: *const triton_infer_request,
    input: usize,
) -> Option<&'a InferInput<'static>> {
    // SAFETY: the caller's promise.
    unsafe { read(request, None, |request| request.request.inputs().get(input)) }
}

/// # Safety
/// NULL, or a request that is not freed (HANDLES).
unsafe fn output_at<'a>(
    request: *const triton_infer_request,
    output: usize,
) -> Option<&'a RequestedOutput<'static>> {
    // SAFETY: the caller's promise.
    unsafe { read(request, None, |request| request.request.outputs().get(output)) }
}

/// Returns a string of an input or output; "" past the end.
///
/// # Safety
/// NULL, or a request that is not freed (HANDLES).
unsafe fn string_at(
    request: *const triton_infer_request,
    list: fn(&Strings) -> &[TensorStrings],
    index: usize,
    pick: fn(&TensorStrings) -> &CString,
) -> *const c_char {
    // SAFETY: the caller's promise.
    unsafe {
        read(request, EMPTY, |request| {
            list(request.strings()).get(index).map_or(EMPTY, |strings| pick(strings).as_ptr())
        })
    }
}

/// # Safety
/// Each out-parameter is NULL or can be written (OUT-PARAMETERS).
unsafe fn set_range(region: Option<&Region>, byte_size_out: *mut u64, offset_out: *mut u64) {
    let (byte_size, offset) = region.map_or((0, 0), |region| (region.byte_size, region.offset));
    // SAFETY: the caller's promise.
    unsafe {
        Out::new(byte_size_out, "byte_size_out", byte_size);
        Out::new(offset_out, "offset_out", offset);
    }
}

/// # Safety
/// STRINGS and ARRAYS of the contract.
unsafe fn add_input(
    request: &mut InferRequest,
    name: *const c_char,
    datatype: triton_datatype_number,
    shape: *const i64,
    rank: usize,
) -> Result<usize> {
    // SAFETY: the caller's promise.
    let (name, shape) = unsafe { (convert::string(name, "name")?, convert::array(shape, rank, "shape")?) };
    request.add_input(name, convert::datatype(datatype)?, shape)
}

/// # Safety
/// ARRAYS and BORROWED DATA of the contract.
unsafe fn borrow(data: *const c_void, byte_size: usize) -> Result<Segment<'static>> {
    convert::check_array(data.cast::<u8>(), byte_size, "data")?;
    // SAFETY: the caller promises the memory for as long as the request has it.
    Ok(unsafe { Segment::from_raw(data.cast(), byte_size) })
}

/// # Safety
/// ARRAYS of the contract, for the array and for each of its elements.
pub(super) unsafe fn elements<'a>(strings: *const triton_bytes, count: usize) -> Result<Vec<&'a [u8]>> {
    // SAFETY: the caller's promise.
    let strings = unsafe { convert::array(strings, count, "strings")? };
    let mut elements = Vec::with_capacity(count);
    for (at, string) in strings.iter().enumerate() {
        convert::check_array(string.data, string.byte_size, format_args!("strings[{at}].data"))?;
        elements.push(if string.byte_size == 0 {
            &[][..]
        } else {
            // SAFETY: not NULL (checked above), and the caller promises the bytes.
            unsafe { slice::from_raw_parts(string.data.cast(), string.byte_size) }
        });
    }
    Ok(elements)
}
