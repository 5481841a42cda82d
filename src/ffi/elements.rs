//! ELEMENTS in the caller's memory. The elements of BYTES tensors are converted to and from the format of the
//! protocol, for shared memory and the caller's buffers, and 16-bit floating-point numbers to and from float.
//! The functions do not block.

use std::{ffi::c_void, slice};

use super::{
    boundary::boundary,
    convert,
    error::{triton_error, triton_status},
    handle::Out,
    request_tensors::{elements, triton_bytes},
};
use crate::{
    error::{Error, Origin, Result, Status},
    infer::{bytes, half},
};

/// Writes elements as a BYTES tensor: each after its length, 4 bytes little-endian.
///
/// @param strings        the elements, row-major
/// @param count          the number of elements
/// @param data           the memory for the tensor; NULL with a byte_size of 0 only computes the size of the
///                       tensor
/// @param byte_size      the size of data in bytes
/// @param byte_size_out  the size of the tensor in bytes, also if data is too small; may be NULL
/// @return RESOURCE_EXHAUSTED if data is too small: nothing is written
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_bytes_serialize(
    strings: *const triton_bytes,
    count: usize,
    data: *mut c_void,
    byte_size: usize,
    byte_size_out: *mut usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's ARRAYS, OUT-PARAMETERS.
    unsafe {
        let out = Out::new(byte_size_out, "byte_size_out", 0);
        boundary(error_out, || {
            let elements = elements(strings, count)?;
            convert::check_array(data.cast::<u8>().cast_const(), byte_size, "data")?;
            let mut tensor_byte_size = 0usize;
            for element in &elements {
                tensor_byte_size = tensor_byte_size.saturating_add(bytes::framed_byte_size(element)?);
            }
            out.set(tensor_byte_size);
            if data.is_null() {
                return Ok(());
            }
            check_room("data", "bytes", byte_size, tensor_byte_size)?;
            let mut tensor = Vec::with_capacity(tensor_byte_size);
            for element in elements {
                bytes::append(&mut tensor, element)?;
            }
            tensor.as_ptr().copy_to(data.cast(), tensor.len());
            Ok(())
        })
    }
}

/// Parses a BYTES tensor. The elements are not copied: they point into the tensor.
///
/// @param data       the tensor
/// @param byte_size  the size of data in bytes
/// @param strings    the memory for the elements; NULL with a capacity of 0 only counts them
/// @param capacity   the number of elements that strings has space for
/// @param count_out  the number of elements, also if there are more than capacity; may be NULL
/// @return INVALID_ARGUMENT if the tensor is malformed; RESOURCE_EXHAUSTED if there are more elements than
///         capacity
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_bytes_parse(
    data: *const c_void,
    byte_size: usize,
    strings: *mut triton_bytes,
    capacity: usize,
    count_out: *mut usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's ARRAYS, OUT-PARAMETERS.
    unsafe {
        let out = Out::new(count_out, "count_out", 0);
        boundary(error_out, || {
            let tensor = convert::array(data.cast::<u8>(), byte_size, "data")?;
            convert::check_array(strings.cast_const(), capacity, "strings")?;
            let mut count = 0;
            for element in bytes::each(tensor) {
                element.map_err(|fault| Error::invalid(format!("invalid BYTES tensor: {fault}")))?;
                count += 1;
            }
            out.set(count);
            if strings.is_null() {
                return Ok(());
            }
            check_room("strings", "elements", capacity, count)?;
            for (at, element) in bytes::each(tensor).flatten().enumerate() {
                strings.add(at).write(element.into());
            }
            Ok(())
        })
    }
}

/// Converts float to FP16: rounds to nearest, ties to even; too large values become infinite, NaN stays NaN.
///
/// @param values  the numbers
/// @param count   the number of elements of values and of into
/// @param into    the results, each as its 16 bits; must not overlap values
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_fp16_from_fp32(
    values: *const f32,
    count: usize,
    into: *mut u16,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's ARRAYS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            half::fp16_from_fp32(convert::array(values, count, "values")?, array_mut(into, count)?);
            Ok(())
        })
    }
}

/// Converts FP16 to float, exactly.
///
/// @param values  the numbers, each as its 16 bits
/// @param count   the number of elements of values and of into
/// @param into    the results; must not overlap values
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_fp16_to_fp32(
    values: *const u16,
    count: usize,
    into: *mut f32,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's ARRAYS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            half::fp16_to_fp32(convert::array(values, count, "values")?, array_mut(into, count)?);
            Ok(())
        })
    }
}

/// Converts float to BF16: rounds to nearest, ties to even; too large values become infinite, NaN stays NaN.
///
/// @param values  the numbers
/// @param count   the number of elements of values and of into
/// @param into    the results, each as its 16 bits; must not overlap values
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_bf16_from_fp32(
    values: *const f32,
    count: usize,
    into: *mut u16,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's ARRAYS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            half::bf16_from_fp32(convert::array(values, count, "values")?, array_mut(into, count)?);
            Ok(())
        })
    }
}

/// Converts BF16 to float, exactly.
///
/// @param values  the numbers, each as its 16 bits
/// @param count   the number of elements of values and of into
/// @param into    the results; must not overlap values
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_bf16_to_fp32(
    values: *const u16,
    count: usize,
    into: *mut f32,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's ARRAYS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            half::bf16_to_fp32(convert::array(values, count, "values")?, array_mut(into, count)?);
            Ok(())
        })
    }
}

fn check_room(name: &str, what: &str, have: usize, needed: usize) -> Result<()> {
    if needed <= have {
        return Ok(());
    }
    let message = format!("{name} has space for {have} {what}, {needed} are needed");
    Err(Error::new(Status::ResourceExhausted, Origin::Argument, message))
}

/// An array to be written.
///
/// # Safety
/// NULL, or points to `count` elements that nothing else uses meanwhile (ARRAYS).
unsafe fn array_mut<'a, T: bytemuck::AnyBitPattern>(pointer: *mut T, count: usize) -> Result<&'a mut [T]> {
    if count == 0 {
        return Ok(&mut []);
    }
    convert::check_array(pointer.cast_const(), count, "into")?;
    // SAFETY: not NULL, aligned, of a possible size, and the caller promises that the elements are there;
    // every bit pattern of a number is valid.
    Ok(unsafe { slice::from_raw_parts_mut(pointer, count) })
}
