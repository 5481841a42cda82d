//! REQUESTS: what is asked of a model. A request can be sent any number of times, by several threads at once unless it
//! has a buffer for an output.
//!
//! Input data is borrowed, unless the function's name says copy or strings, and read only while a call runs. It is
//! checked when the request is sent: data that does not make up its shape is INVALID_ARGUMENT, and nothing is sent.

use std::{
    ffi::{c_char, c_void},
    ptr,
    ptr::NonNull,
    slice,
};

use super::{
    boundary::boundary,
    convert,
    datatype::triton_datatype_number,
    error::{triton_error, triton_status},
    handle::{Out, free, handle, handle_mut, new_handle},
    infallible::infallible,
    metadata::triton_model_metadata,
};
use crate::{
    error::{Error, Result},
    infer::{Datatype, InferRequest},
    lend::{OutputBuffer, Segment},
};

/// An inference request. Freed with triton_infer_request_free.
pub struct triton_infer_request {
    pub(super) request: InferRequest<'static>,
}

/// An element of a BYTES tensor. It may hold NULs and need not be UTF-8. This struct is final.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct triton_bytes {
    /// The bytes; may be NULL if byte_size is 0. No NUL ends them.
    pub data: *const c_char,
    /// Their number.
    pub byte_size: usize,
}

impl triton_bytes {
    pub(super) const NONE: Self = Self { data: ptr::null(), byte_size: 0 };
}

impl From<&[u8]> for triton_bytes {
    fn from(bytes: &[u8]) -> Self {
        Self { data: bytes.as_ptr().cast(), byte_size: bytes.len() }
    }
}

/// Makes a request without inputs.
///
/// @param model_name   the model's name on the server; not empty
/// @param request_out  the request; free it with triton_infer_request_free
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_new(
    model_name: *const c_char,
    request_out: *mut *mut triton_infer_request,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(request_out, "request_out", ptr::null_mut()).required()?;
            let name = convert::string(model_name, "model_name")?;
            if name.is_empty() {
                return Err(Error::invalid("model_name is empty"));
            }
            out.set(new_handle(triton_infer_request { request: InferRequest::new(name) }));
            Ok(())
        })
    }
}

/// Frees a request; NULL is harmless. What it borrowed is the caller's alone again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_free(request: *mut triton_infer_request) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(request) });
}

/// Sets the version of the model, "1".
///
/// @param model_version  NULL or "" (the default) for the one that the server chooses
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_set_model_version(
    request: *mut triton_infer_request,
    model_version: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            request.set_model_version(convert::optional_string(model_version, "model_version")?);
            Ok(())
        })
    }
}

/// Sets the id of the request, which comes back with the result and stands in errors.
///
/// @param id  NULL or "" (the default) for none
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_set_id(
    request: *mut triton_infer_request,
    id: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            request.set_id(convert::optional_string(id, "id")?);
            Ok(())
        })
    }
}

/// Forgets everything but the model and its version: inputs, outputs, parameters, sequence. What it borrowed is the caller's
/// alone again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_clear(
    request: *mut triton_infer_request,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            request.clear();
            Ok(())
        })
    }
}

/// Makes the request one of a sequence, which a stateful model keeps apart by its id.
///
/// @param id     a number other than 0
/// @param start  whether it is the first request of the sequence
/// @param end    whether it is the last
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_set_sequence(
    request: *mut triton_infer_request,
    id: u64,
    start: bool,
    end: bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            request.set_sequence(id, start, end)
        })
    }
}

/// As triton_infer_request_set_sequence, with a text as the id, for models that take one.
///
/// @param id  not empty
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_set_sequence_string(
    request: *mut triton_infer_request,
    id: *const c_char,
    start: bool,
    end: bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            request.set_sequence(convert::string(id, "id")?, start, end)
        })
    }
}

/// Makes the request one of no sequence, as it was.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_clear_sequence(
    request: *mut triton_infer_request,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            request.clear_sequence();
            Ok(())
        })
    }
}

/// Sets the priority within the model's queue, if the model has any.
///
/// @param priority  1 is the highest; 0 (the default) is the model's own
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_set_priority(
    request: *mut triton_infer_request,
    priority: u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            request.set_priority(priority);
            Ok(())
        })
    }
}

/// Sets how long the request may wait in the server's queue, if the model lets requests say so. The time limit of a call is
/// an option of the call: triton_call_options_set_timeout_us.
///
/// @param timeout_us  microseconds, less than 2^63; 0 (the default) is the model's own
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_set_server_timeout_us(
    request: *mut triton_infer_request,
    timeout_us: u64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            request.set_server_timeout_us(timeout_us)
        })
    }
}

/// Asks a decoupled model's stream for a last response without outputs. It goes over gRPC alone: over HTTP there are no such
/// streams, and Triton refuses it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_set_empty_final_response(
    request: *mut triton_infer_request,
    wanted: bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            request.set_empty_final_response(wanted);
            Ok(())
        })
    }
}

/// Sets whether outputs come in binary over HTTP (the default) or as JSON, unless a requested output says otherwise
/// (triton_infer_request_requested_output_set_json). The result is the same.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_set_binary_output(
    request: *mut triton_infer_request,
    is_binary: bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            request.set_binary_output(is_binary);
            Ok(())
        })
    }
}

/// Sends the one input's bytes over HTTP as the whole body, without any JSON (Triton's raw binary request): for models with
/// one input, of which at most one dimension is variable; a BYTES input is then one element, without its length. Whatever
/// else the request says has no place there, so saying it is INVALID_ARGUMENT from the call, as is gRPC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_set_raw_body(
    request: *mut triton_infer_request,
    is_raw: bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            request.set_raw_body(is_raw);
            Ok(())
        })
    }
}

/// Holds the request against a model's metadata, before anything is sent: names, datatypes and shapes, and the data against
/// the shapes. Whether an input is missing can't be told, for metadata does not say which are optional. Does not block.
///
/// @param metadata  of the model, from triton_client_model_metadata
/// @return INVALID_ARGUMENT, saying what does not fit
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_check(
    request: *const triton_infer_request,
    metadata: *const triton_model_metadata,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &handle(request, "request")?.request;
            request.check_against(handle(metadata, "metadata")?.metadata())
        })
    }
}

/// Adds an input that borrows its data: the commonest case, in one call.
///
/// @param name       the input's name; not empty, not in the request already
/// @param datatype   what the elements are; for TRITON_DATATYPE_BYTES data holds the tensor as the protocol has it,
///                   each element behind its length in four bytes, the lowest first
/// @param shape      the dimensions, the batch dimension first where the model has one; none negative
/// @param rank       the number of dimensions
/// @param data       row-major, lowest byte first; borrowed (BORROWED DATA above)
/// @param byte_size  of data
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_add_input_data(
    request: *mut triton_infer_request,
    name: *const c_char,
    datatype: triton_datatype_number,
    shape: *const i64,
    rank: usize,
    data: *const c_void,
    byte_size: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, ARRAYS, BORROWED DATA, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            let segment = borrow(data, byte_size)?;
            let index = add_input(request, name, datatype, shape, rank)?;
            request.append(index, segment)
        })
    }
}

/// Adds an input and copies its data, which may be freed or changed at once. The parameters are those of
/// triton_infer_request_add_input_data.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_add_input_data_copy(
    request: *mut triton_infer_request,
    name: *const c_char,
    datatype: triton_datatype_number,
    shape: *const i64,
    rank: usize,
    data: *const c_void,
    byte_size: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, ARRAYS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            let data = convert::array(data.cast::<u8>(), byte_size, "data")?;
            let index = add_input(request, name, datatype, shape, rank)?;
            request.append_data_copy(index, data)
        })
    }
}

/// Adds a BYTES input from its elements, which are copied.
///
/// @param name     the input's name; not empty, not in the request already
/// @param shape    the dimensions; as many elements as strings
/// @param rank     the number of dimensions
/// @param strings  the elements in row-major order
/// @param count    their number
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_add_input_strings(
    request: *mut triton_infer_request,
    name: *const c_char,
    shape: *const i64,
    rank: usize,
    strings: *const triton_bytes,
    count: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, ARRAYS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            let elements = elements(strings, count)?;
            let index = add_input(request, name, Datatype::Bytes as triton_datatype_number, shape, rank)?;
            request.append_strings(index, elements)
        })
    }
}

/// Adds an input without data; the data follows in segments, by triton_infer_request_input_append_data and its like.
///
/// @param name       the input's name; not empty, not in the request already
/// @param datatype   what the elements are
/// @param shape      the dimensions, the batch dimension first where the model has one; none negative
/// @param rank       the number of dimensions
/// @param index_out  the input's index: 0, 1, 2 in the order of adding
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
    // SAFETY: the contract's HANDLES, TEXT, ARRAYS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(index_out, "index_out", 0).required()?;
            let request = &mut handle_mut(request, "request")?.request;
            out.set(add_input(request, name, datatype, shape, rank)?);
            Ok(())
        })
    }
}

/// Appends a segment to an input's data. Segments are borrowed, and sent in the order of appending.
///
/// @param input      the input's index
/// @param data       borrowed (BORROWED DATA above)
/// @param byte_size  of data
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_append_data(
    request: *mut triton_infer_request,
    input: usize,
    data: *const c_void,
    byte_size: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, ARRAYS, BORROWED DATA, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            request.append(input, borrow(data, byte_size)?)
        })
    }
}

/// Appends a copy of a segment to an input's data; the segment may be freed or changed at once.
///
/// @param input      the input's index
/// @param data       copied
/// @param byte_size  of data
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_append_data_copy(
    request: *mut triton_infer_request,
    input: usize,
    data: *const c_void,
    byte_size: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, ARRAYS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            request.append_data_copy(input, convert::array(data.cast::<u8>(), byte_size, "data")?)
        })
    }
}

/// Appends elements to the data of a BYTES input. They are copied.
///
/// @param input    the input's index
/// @param strings  the elements in row-major order
/// @param count    their number
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_append_strings(
    request: *mut triton_infer_request,
    input: usize,
    strings: *const triton_bytes,
    count: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, ARRAYS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            request.append_strings(input, elements(strings, count)?)
        })
    }
}

/// Asks for an output. A request that asks for none gets all outputs of the model.
///
/// @param name       the output's name; not empty, not requested already
/// @param index_out  the requested output's index: 0, 1, 2 in the order of adding
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_add_requested_output(
    request: *mut triton_infer_request,
    name: *const c_char,
    index_out: *mut usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(index_out, "index_out", 0).required()?;
            let request = &mut handle_mut(request, "request")?.request;
            out.set(request.add_requested_output(convert::string(name, "name")?)?);
            Ok(())
        })
    }
}

/// Makes an answer write a requested output straight into the caller's memory, which the request borrows. The result
/// then tells the output's shape and byte size, and its data is at `data`; a copy is saved. The memory must not overlap an
/// input or another buffer of the request. A request with a buffer is in one call at a time: a second one meanwhile is
/// FAILED_PRECONDITION. After a call that failed, what the memory holds is undefined, but for too little room: then it is
/// as it was.
///
/// @param output     the requested output's index
/// @param data       where the bytes go, row-major, lowest byte first; aligned as the caller wants to read them. NULL,
///                   with a byte_size of 0, gives the output back to the result.
/// @param byte_size  how many bytes there is room for; an output that has more is RESOURCE_EXHAUSTED from the call
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_requested_output_set_buffer(
    request: *mut triton_infer_request,
    output: usize,
    data: *mut c_void,
    byte_size: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, BORROWED DATA, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            convert::check_array(data.cast::<u8>().cast_const(), byte_size, "data")?;
            let landing = NonNull::new(data.cast()).map(|data| OutputBuffer::from_raw(data, byte_size));
            request.set_output_buffer(output, landing)
        })
    }
}

/// # Safety
/// TEXT and ARRAYS of the contract.
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
