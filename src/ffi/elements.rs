//! ELEMENTS of tensors in plain memory: BYTES with their lengths, for shared memory and buffers of the caller's, and the
//! narrow floating-point numbers that C has no types for.

use std::{ffi::c_void, slice};

use super::{
    boundary::boundary,
    convert,
    error::{triton_error, triton_status},
    handle::Out,
    request::{elements, triton_bytes},
};
use crate::{
    error::{Error, Origin, Result, Status},
    infer::{bytes, half},
};

/// Tells how many bytes a BYTES tensor has with these elements.
///
/// @param strings        the elements in row-major order
/// @param count          their number
/// @param byte_size_out  the bytes of the tensor: each element behind its length in four bytes
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_bytes_byte_size(
    strings: *const triton_bytes,
    count: usize,
    byte_size_out: *mut usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's ARRAYS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(byte_size_out, "byte_size_out", 0).required()?;
            let mut byte_size = 0usize;
            for element in elements(strings, count)? {
                byte_size = byte_size.saturating_add(bytes::framed_byte_size(element)?);
            }
            out.set(byte_size);
            Ok(())
        })
    }
}

/// Writes elements as a BYTES tensor.
///
/// @param strings        the elements in row-major order
/// @param count          their number
/// @param data           where the tensor goes
/// @param byte_size      how many bytes there is room for; too few are RESOURCE_EXHAUSTED, and nothing is written
/// @param byte_size_out  the bytes of the tensor
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
        boundary(error_out, || {
            let out = Out::new(byte_size_out, "byte_size_out", 0).required()?;
            let tensor = tensor(strings, count)?;
            convert::check_array(data.cast::<u8>().cast_const(), byte_size, "data")?;
            check_room("data", byte_size, tensor.len())?;
            if !tensor.is_empty() {
                tensor.as_ptr().copy_to(data.cast(), tensor.len());
            }
            out.set(tensor.len());
            Ok(())
        })
    }
}

/// Reads the elements of a BYTES tensor, which stay where they are.
///
/// @param data       the tensor
/// @param byte_size  of data
/// @param strings    where the elements go; NULL, with a capacity of 0, only counts them
/// @param capacity   how many elements there is room for; too few are RESOURCE_EXHAUSTED unless it is 0
/// @param count_out  the number of elements, also if there are too many
/// @return INVALID_ARGUMENT if the bytes are no BYTES tensor
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
        boundary(error_out, || {
            let out = Out::new(count_out, "count_out", 0).required()?;
            let tensor = convert::array(data.cast::<u8>(), byte_size, "data")?;
            convert::check_array(strings.cast_const(), capacity, "strings")?;
            let mut count = 0;
            for element in bytes::each(tensor) {
                element.map_err(|fault| Error::invalid(format!("data is no BYTES tensor: {fault}")))?;
                count += 1;
            }
            out.set(count);
            if capacity == 0 {
                return Ok(());
            }
            check_room("strings", capacity, count)?;
            for (at, element) in bytes::each(tensor).flatten().enumerate() {
                strings.add(at).write(element.into());
            }
            Ok(())
        })
    }
}

/// Makes FP16 of single precision: rounded to the nearest, to even where two are as near; what is too large becomes infinite,
/// NaN stays NaN.
///
/// @param values  the numbers
/// @param count   their number, and that of the elements of into
/// @param into    their 16 bits each; must not overlap values
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

/// Makes single precision of FP16, exactly.
///
/// @param values  the 16 bits of each number
/// @param count   their number, and that of the elements of into
/// @param into    the numbers; must not overlap values
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

/// Makes BF16 of single precision: rounded to the nearest, to even where two are as near; what is too large becomes infinite,
/// NaN stays NaN.
///
/// @param values  the numbers
/// @param count   their number, and that of the elements of into
/// @param into    their 16 bits each; must not overlap values
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

/// Makes single precision of BF16, exactly.
///
/// @param values  the 16 bits of each number
/// @param count   their number, and that of the elements of into
/// @param into    the numbers; must not overlap values
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

/// # Safety
/// ARRAYS of the contract, for the array and for each of its elements.
unsafe fn tensor(strings: *const triton_bytes, count: usize) -> Result<Vec<u8>> {
    let mut tensor = Vec::new();
    // SAFETY: the caller's promise.
    for element in unsafe { elements(strings, count)? } {
        bytes::append(&mut tensor, element)?;
    }
    Ok(tensor)
}

fn check_room(name: &str, have: usize, want: usize) -> Result<()> {
    if want <= have {
        return Ok(());
    }
    let message = format!("{name} has room for {have}, and {want} are needed");
    Err(Error::new(Status::ResourceExhausted, Origin::Argument, message))
}

/// An array that is written.
///
/// # Safety
/// NULL, or points to `count` elements that C's other code leaves alone meanwhile (ARRAYS).
unsafe fn array_mut<'a, T: bytemuck::AnyBitPattern>(pointer: *mut T, count: usize) -> Result<&'a mut [T]> {
    if count == 0 {
        return Ok(&mut []);
    }
    convert::check_array(pointer.cast_const(), count, "into")?;
    // SAFETY: not NULL, of a size that can be, and the caller promises that the elements are there; of numbers any bits
    // are good.
    Ok(unsafe { slice::from_raw_parts_mut(pointer, count) })
}
