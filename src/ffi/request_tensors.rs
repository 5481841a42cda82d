//! INPUTS AND REQUESTED OUTPUTS of a request, by their indices: 0, 1, 2 in the order of adding.

use std::{ffi::c_char, ptr};

use super::{
    boundary::boundary,
    convert,
    datatype::triton_datatype,
    error::{triton_error, triton_status},
    handle::{Out, handle, handle_mut},
    infallible::infallible,
    request::{triton_bytes, triton_infer_request},
};
use crate::{
    error::{Error, Result},
    infer::{Datatype, InferInput, RequestedOutput},
};

/// What stands at an index.
fn at<'r, T>(items: &'r [T], index: usize, what: &str) -> Result<&'r T> {
    let count = items.len();
    items
        .get(index)
        .ok_or_else(|| Error::invalid(format!("there is no {what} {index}: the request has {count}")))
}

/// Reads an input; NULL and past the end give `none`.
///
/// # Safety
/// NULL, or a request that is not yet freed (HANDLES).
unsafe fn read<'a, T>(
    request: *const triton_infer_request,
    input: usize,
    none: T,
    get: impl FnOnce(&'a InferInput<'static>) -> T,
) -> T {
    // SAFETY: the caller's promise.
    match unsafe { request.as_ref() }.and_then(|request| request.request.inputs().get(input)) {
        Some(input) => get(input),
        None => none,
    }
}

/// The same for a requested output.
///
/// # Safety
/// As for [`read`].
unsafe fn read_output<'a, T>(
    request: *const triton_infer_request,
    output: usize,
    none: T,
    get: impl FnOnce(&'a RequestedOutput<'static>) -> T,
) -> T {
    // SAFETY: the caller's promise.
    match unsafe { request.as_ref() }.and_then(|request| request.request.requested_outputs().get(output)) {
        Some(output) => get(output),
        None => none,
    }
}

/// Gives an input another shape; its data stays as it is.
///
/// @param input  the input's index
/// @param shape  the dimensions; none negative
/// @param rank   their number
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_set_shape(
    request: *mut triton_infer_request,
    input: usize,
    shape: *const i64,
    rank: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, ARRAYS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            request.set_input_shape(input, convert::array(shape, rank, "shape")?)
        })
    }
}

/// Forgets an input's data, wherever it was. Borrowed memory is the caller's alone again.
///
/// @param input  the input's index
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_clear_data(
    request: *mut triton_infer_request,
    input: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            request.clear_input_data(input)
        })
    }
}

/// Takes an input's data from shared memory that is registered with the server. Data that was given before is forgotten.
///
/// @param input      the input's index
/// @param region     the name under which the memory is registered
/// @param byte_size  the bytes of the tensor
/// @param offset     where it begins, in bytes from the start of the region
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_set_shared_memory(
    request: *mut triton_infer_request,
    input: usize,
    region: *const c_char,
    byte_size: u64,
    offset: u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            request.set_input_region(input, convert::string(region, "region")?, byte_size, offset)
        })
    }
}

/// Undoes triton_infer_request_input_set_shared_memory: the input has no data then.
///
/// @param input  the input's index
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_clear_shared_memory(
    request: *mut triton_infer_request,
    input: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            request.clear_input_region(input)
        })
    }
}

/// Spells an input's elements out instead of sending them in binary: as JSON over HTTP, as typed contents over gRPC, where
/// either all inputs in memory are spelled out or none. BYTES elements have to be UTF-8 over HTTP. FP16 and BF16 are numbers
/// in JSON, which Triton refuses and other servers take; over gRPC they have no such form, and the call returns
/// INVALID_ARGUMENT. All digits of an FP64 element are sent, but Triton may read a neighboring number: seen with 2.51 and
/// 2.73, for many digits and for extreme exponents. Binary data, the default, keeps every bit.
///
/// @param input  the input's index
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_set_json(
    request: *mut triton_infer_request,
    input: usize,
    is_json: bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            request.set_input_json(input, is_json)
        })
    }
}

/// Takes an input's data from a JSON array, flat or nested, that stands in the request as it is. HTTP only. The text is
/// copied; data that was given before is forgotten.
///
/// @param input  the input's index
/// @param json   "[[1, 2], [3, 4]]"
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_set_json_text(
    request: *mut triton_infer_request,
    input: usize,
    json: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            request.set_input_json_text(input, convert::string(json, "json")?)
        })
    }
}

/// The number of inputs.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_count(request: *const triton_infer_request) -> usize {
    infallible(0, || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe { request.as_ref().map_or(0, |request| request.request.inputs().len()) }
    })
}

/// The datatype of an input; TRITON_DATATYPE_INVALID past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_datatype(
    request: *const triton_infer_request,
    input: usize,
) -> triton_datatype {
    infallible(triton_datatype::TRITON_DATATYPE_INVALID, || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe { read(request, input, Datatype::Invalid, InferInput::datatype).into() }
    })
}

/// The shape of an input.
///
/// @param rank_out  the number of dimensions; NULL is allowed
/// @return the dimensions; NULL if there are none, and past the end. Valid until the request is changed
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_shape(
    request: *const triton_infer_request,
    input: usize,
    rank_out: *mut usize,
) -> *const i64 {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe {
            let rank = Out::new(rank_out, "rank_out", 0);
            let shape: &[i64] = read(request, input, &[], |input| input.shape());
            rank.set(shape.len());
            if shape.is_empty() { ptr::null() } else { shape.as_ptr() }
        }
    })
}

/// The bytes of the data that an input was given so far, or of its shared memory; 0 past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_byte_size(
    request: *const triton_infer_request,
    input: usize,
) -> u64 {
    infallible(0, || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe { read(request, input, 0, InferInput::byte_size) }
    })
}

/// The name of an input.
///
/// @param input     the input's index
/// @param name_out  the name: its bytes, which no NUL ends. Valid until the request is changed
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_name(
    request: *const triton_infer_request,
    input: usize,
    name_out: *mut triton_bytes,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(name_out, "name_out", triton_bytes::NONE).required()?;
            let input = at(handle(request, "request")?.request.inputs(), input, "input")?;
            out.set(input.name().as_bytes().into());
            Ok(())
        })
    }
}

/// The shared memory that an input is in.
///
/// @param input          its index
/// @param region_out     the region's name: its bytes, which no NUL ends; none if it is not in shared memory. Valid until the
///                       request is changed
/// @param byte_size_out  the bytes of the tensor, or those that there is room for
/// @param offset_out     where it begins, in bytes from the start of the region
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_shared_memory(
    request: *const triton_infer_request,
    input: usize,
    region_out: *mut triton_bytes,
    byte_size_out: *mut u64,
    offset_out: *mut u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let region_out = Out::new(region_out, "region_out", triton_bytes::NONE).required()?;
            let byte_size = Out::new(byte_size_out, "byte_size_out", 0).required()?;
            let offset = Out::new(offset_out, "offset_out", 0).required()?;
            let region = at(handle(request, "request")?.request.inputs(), input, "input")?.region();
            if let Some(region) = region {
                region_out.set(region.name.as_bytes().into());
                byte_size.set(region.byte_size);
                offset.set(region.offset);
            }
            Ok(())
        })
    }
}

/// Asks for a requested output as its best classes, which come as BYTES: triton_infer_output_class reads them.
///
/// @param output       the requested output's index
/// @param class_count  how many; 0 (the default): the tensor that it is
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_requested_output_set_classification(
    request: *mut triton_infer_request,
    output: usize,
    class_count: u32,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            request.set_output_class_count(output, class_count)
        })
    }
}

/// Asks for a requested output as JSON over HTTP instead of in binary; the result is the same. Triton refuses FP16 and BF16;
/// other servers send them as numbers, and NaN and infinities of any floating-point datatype as null, which is read as NaN:
/// binary data and gRPC keep infinities.
///
/// @param output  the requested output's index
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_requested_output_set_json(
    request: *mut triton_infer_request,
    output: usize,
    is_json: bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            request.set_output_json(output, is_json)
        })
    }
}

/// Makes the server write a requested output to shared memory that is registered with it. The result then tells the output's
/// shape and has no data.
///
/// @param output     the requested output's index
/// @param region     the name under which the memory is registered
/// @param byte_size  how many bytes there is room for
/// @param offset     where it is to begin, in bytes from the start of the region
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_requested_output_set_shared_memory(
    request: *mut triton_infer_request,
    output: usize,
    region: *const c_char,
    byte_size: u64,
    offset: u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            request.set_output_region(output, convert::string(region, "region")?, byte_size, offset)
        })
    }
}

/// As how many classes a requested output is wanted; 0: as the tensor that it is, and past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_requested_output_class_count(
    request: *const triton_infer_request,
    output: usize,
) -> u32 {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read_output(request, output, 0, RequestedOutput::class_count) })
}

/// Whether a requested output is wanted as JSON over HTTP; false past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_requested_output_is_json(
    request: *const triton_infer_request,
    output: usize,
) -> bool {
    // SAFETY: the contract's HANDLES.
    infallible(false, || unsafe { read_output(request, output, false, RequestedOutput::is_json) })
}

/// Whether an input's elements are to be spelled out, as JSON over HTTP, as typed contents over gRPC; false past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_is_json(
    request: *const triton_infer_request,
    input: usize,
) -> bool {
    // SAFETY: the contract's HANDLES.
    infallible(false, || unsafe { read(request, input, false, InferInput::is_json) })
}

/// Undoes triton_infer_request_requested_output_set_shared_memory.
///
/// @param output  the requested output's index
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_requested_output_clear_shared_memory(
    request: *mut triton_infer_request,
    output: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            request.clear_output_region(output)
        })
    }
}

/// The number of outputs that are asked for.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_requested_output_count(
    request: *const triton_infer_request,
) -> usize {
    infallible(0, || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe { request.as_ref().map_or(0, |request| request.request.requested_outputs().len()) }
    })
}

/// The name of a requested output.
///
/// @param output    the requested output's index
/// @param name_out  the name: its bytes, which no NUL ends. Valid until the request is changed
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_requested_output_name(
    request: *const triton_infer_request,
    output: usize,
    name_out: *mut triton_bytes,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(name_out, "name_out", triton_bytes::NONE).required()?;
            let output =
                at(handle(request, "request")?.request.requested_outputs(), output, "requested output")?;
            out.set(output.name().as_bytes().into());
            Ok(())
        })
    }
}

/// The shared memory that a requested output is in.
///
/// @param output          its index
/// @param region_out     the region's name: its bytes, which no NUL ends; none if it is not in shared memory. Valid until the
///                       request is changed
/// @param byte_size_out  the bytes of the tensor, or those that there is room for
/// @param offset_out     where it begins, in bytes from the start of the region
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_requested_output_shared_memory(
    request: *const triton_infer_request,
    output: usize,
    region_out: *mut triton_bytes,
    byte_size_out: *mut u64,
    offset_out: *mut u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let region_out = Out::new(region_out, "region_out", triton_bytes::NONE).required()?;
            let byte_size = Out::new(byte_size_out, "byte_size_out", 0).required()?;
            let offset = Out::new(offset_out, "offset_out", 0).required()?;
            let region =
                at(handle(request, "request")?.request.requested_outputs(), output, "requested output")?
                    .region();
            if let Some(region) = region {
                region_out.set(region.name.as_bytes().into());
                byte_size.set(region.byte_size);
                offset.set(region.offset);
            }
            Ok(())
        })
    }
}
