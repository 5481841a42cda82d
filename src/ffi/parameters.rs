//! PARAMETERS: named values beside the tensors, of a request or a result, or of one of its tensors. A name that is set again
//! has the later value. Names that the protocol or Triton uses itself are INVALID_ARGUMENT, with the reason: they have setters
//! of their own, or begin with "triton_".

use std::{
    ffi::{CString, c_char},
    sync::OnceLock,
};

use super::{
    boundary::boundary,
    convert::{self, c_string},
    error::{triton_error, triton_status},
    handle::{handle_mut, read},
    infallible::infallible,
    request::triton_infer_request,
};
use crate::infer::{Parameter, Parameters};

/// What the value of a parameter is.
#[repr(i32)]
#[derive(Clone, Copy)]
pub enum triton_value_kind {
    /// There is no parameter.
    TRITON_VALUE_NONE = 0,
    /// triton_parameter_bool
    TRITON_VALUE_BOOL = 1,
    /// triton_parameter_int64
    TRITON_VALUE_INT64 = 2,
    /// triton_parameter_uint64: a number too large for an int64_t; triton_setting_uint64
    TRITON_VALUE_UINT64 = 3,
    /// triton_parameter_double
    TRITON_VALUE_DOUBLE = 4,
    /// triton_parameter_string
    TRITON_VALUE_STRING = 5,
}

/// A parameter of a result or of one of its outputs. Belongs to the result.
pub struct triton_parameter {
    name: CString,
    value: Parameter,
    text: CString,
}

/// The parameters of something, made when somebody asks.
#[derive(Default)]
pub(super) struct List(OnceLock<Box<[triton_parameter]>>);

impl List {
    pub(super) fn get(&self, parameters: &Parameters) -> &[triton_parameter] {
        self.0.get_or_init(|| {
            let parameter = |(name, value): (&str, &Parameter)| triton_parameter {
                name: c_string(name),
                value: value.clone(),
                text: c_string(if let Parameter::String(text) = value { text } else { "" }),
            };
            parameters.iter().map(parameter).collect()
        })
    }
}

/// Sets a parameter of the request.
///
/// @param name   not one that the protocol uses itself
/// @param value  copied
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_set_parameter_string(
    request: *mut triton_infer_request,
    name: *const c_char,
    value: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            let name = convert::string(name, "name")?;
            request.set_parameter(name, convert::string(value, "value")?)
        })
    }
}

/// Sets a parameter of the request.
///
/// @param name   not one that the protocol uses itself
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_set_parameter_int64(
    request: *mut triton_infer_request,
    name: *const c_char,
    value: i64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            let name = convert::string(name, "name")?;
            request.set_parameter(name, value)
        })
    }
}

/// Sets a parameter of the request.
///
/// @param name   not one that the protocol uses itself
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_set_parameter_bool(
    request: *mut triton_infer_request,
    name: *const c_char,
    value: bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            let name = convert::string(name, "name")?;
            request.set_parameter(name, value)
        })
    }
}

/// Sets a parameter of the request.
///
/// @param name   not one that the protocol uses itself
/// @param value  finite
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_set_parameter_double(
    request: *mut triton_infer_request,
    name: *const c_char,
    value: f64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            let name = convert::string(name, "name")?;
            request.set_parameter(name, value)
        })
    }
}

/// Sets a parameter of an input.
///
/// @param input  the input's index
/// @param name   not one that the protocol uses itself
/// @param value  copied
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_set_parameter_string(
    request: *mut triton_infer_request,
    input: usize,
    name: *const c_char,
    value: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            let name = convert::string(name, "name")?;
            request.set_input_parameter(input, name, convert::string(value, "value")?)
        })
    }
}

/// Sets a parameter of an input.
///
/// @param input  the input's index
/// @param name   not one that the protocol uses itself
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_set_parameter_int64(
    request: *mut triton_infer_request,
    input: usize,
    name: *const c_char,
    value: i64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            let name = convert::string(name, "name")?;
            request.set_input_parameter(input, name, value)
        })
    }
}

/// Sets a parameter of an input.
///
/// @param input  the input's index
/// @param name   not one that the protocol uses itself
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_set_parameter_bool(
    request: *mut triton_infer_request,
    input: usize,
    name: *const c_char,
    value: bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            let name = convert::string(name, "name")?;
            request.set_input_parameter(input, name, value)
        })
    }
}

/// Sets a parameter of an input.
///
/// @param input  the input's index
/// @param name   not one that the protocol uses itself
/// @param value  finite
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_input_set_parameter_double(
    request: *mut triton_infer_request,
    input: usize,
    name: *const c_char,
    value: f64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            let name = convert::string(name, "name")?;
            request.set_input_parameter(input, name, value)
        })
    }
}

/// Sets a parameter of a requested output.
///
/// @param output  the requested output's index
/// @param name   not one that the protocol uses itself
/// @param value  copied
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_requested_output_set_parameter_string(
    request: *mut triton_infer_request,
    output: usize,
    name: *const c_char,
    value: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            let name = convert::string(name, "name")?;
            request.set_output_parameter(output, name, convert::string(value, "value")?)
        })
    }
}

/// Sets a parameter of a requested output.
///
/// @param output  the requested output's index
/// @param name   not one that the protocol uses itself
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_requested_output_set_parameter_int64(
    request: *mut triton_infer_request,
    output: usize,
    name: *const c_char,
    value: i64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            let name = convert::string(name, "name")?;
            request.set_output_parameter(output, name, value)
        })
    }
}

/// Sets a parameter of a requested output.
///
/// @param output  the requested output's index
/// @param name   not one that the protocol uses itself
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_requested_output_set_parameter_bool(
    request: *mut triton_infer_request,
    output: usize,
    name: *const c_char,
    value: bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            let name = convert::string(name, "name")?;
            request.set_output_parameter(output, name, value)
        })
    }
}

/// Sets a parameter of a requested output.
///
/// @param output  the requested output's index
/// @param name   not one that the protocol uses itself
/// @param value  finite
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_infer_request_requested_output_set_parameter_double(
    request: *mut triton_infer_request,
    output: usize,
    name: *const c_char,
    value: f64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let request = &mut handle_mut(request, "request")?.request;
            let name = convert::string(name, "name")?;
            request.set_output_parameter(output, name, value)
        })
    }
}

/// The name of a parameter; an empty text for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_parameter_name(parameter: *const triton_parameter) -> *const c_char {
    infallible(c"".as_ptr(), || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe { read(parameter, c"".as_ptr(), |parameter| parameter.name.as_ptr()) }
    })
}

/// What the value is; TRITON_VALUE_NONE for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_parameter_kind(parameter: *const triton_parameter) -> triton_value_kind {
    infallible(triton_value_kind::TRITON_VALUE_NONE, || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe {
            read(parameter, triton_value_kind::TRITON_VALUE_NONE, |parameter| match parameter.value {
                Parameter::Bool(_) => triton_value_kind::TRITON_VALUE_BOOL,
                Parameter::Int64(_) => triton_value_kind::TRITON_VALUE_INT64,
                Parameter::Uint64(_) => triton_value_kind::TRITON_VALUE_UINT64,
                Parameter::Double(_) => triton_value_kind::TRITON_VALUE_DOUBLE,
                Parameter::String(_) => triton_value_kind::TRITON_VALUE_STRING,
            })
        }
    })
}

/// The value of a TRITON_VALUE_BOOL; false for one of another kind, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_parameter_bool(parameter: *const triton_parameter) -> bool {
    infallible(false, || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe {
            read(
                parameter,
                false,
                |parameter| if let Parameter::Bool(value) = parameter.value { value } else { false },
            )
        }
    })
}

/// The value of a TRITON_VALUE_INT64; 0 for one of another kind, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_parameter_int64(parameter: *const triton_parameter) -> i64 {
    infallible(0, || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe {
            read(
                parameter,
                0,
                |parameter| if let Parameter::Int64(value) = parameter.value { value } else { 0 },
            )
        }
    })
}

/// The value of a TRITON_VALUE_UINT64; 0 for one of another kind, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_parameter_uint64(parameter: *const triton_parameter) -> u64 {
    infallible(0, || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe {
            read(
                parameter,
                0,
                |parameter| if let Parameter::Uint64(value) = parameter.value { value } else { 0 },
            )
        }
    })
}

/// The value of a TRITON_VALUE_DOUBLE; 0 for one of another kind, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_parameter_double(parameter: *const triton_parameter) -> f64 {
    infallible(0.0, || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe {
            read(
                parameter,
                0.0,
                |parameter| if let Parameter::Double(value) = parameter.value { value } else { 0.0 },
            )
        }
    })
}

/// The value of a TRITON_VALUE_STRING; an empty text for one of another kind, and for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_parameter_string(parameter: *const triton_parameter) -> *const c_char {
    infallible(c"".as_ptr(), || {
        // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
        unsafe { read(parameter, c"".as_ptr(), |parameter| parameter.text.as_ptr()) }
    })
}
