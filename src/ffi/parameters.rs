//! PARAMETERS: named values of a request, a result, or one of their tensors. A triton_parameters is borrowed
//! from its request or result: it is valid until that is freed, and adding inputs and outputs does not move
//! it. Names that the protocol or Triton uses itself are TRITON_STATUS_INVALID_ARGUMENT, with the reason:
//! they have setters of their own, or begin with "triton_".

use std::{
    collections::BTreeMap,
    ffi::{CString, c_char},
    ptr::{self, NonNull},
    sync::{Arc, OnceLock},
};

use super::{
    boundary::boundary,
    convert::{self, EMPTY, c_string},
    error::{triton_error, triton_status},
    handle::{free, handle, new_handle, read},
    infallible::infallible,
};
use crate::{
    error::{Error, Result},
    infer::{
        InferInput, InferOutput, InferRequest, InferResult, Parameter, ParameterKind, Parameters,
        RequestedOutput,
    },
};

/// The kind of a value, of a parameter or of a setting.
#[repr(i32)]
#[derive(Clone, Copy)]
pub enum triton_value_kind {
    /// No value.
    TRITON_VALUE_NONE = 0,
    /// A Boolean: triton_parameter_bool.
    TRITON_VALUE_BOOL = 1,
    /// A signed integer: triton_parameter_int64.
    TRITON_VALUE_INT64 = 2,
    /// An integer that does not fit an int64_t: triton_parameter_uint64. In settings, any unsigned integer:
    /// triton_setting_uint64.
    TRITON_VALUE_UINT64 = 3,
    /// A floating-point number: triton_parameter_double.
    TRITON_VALUE_DOUBLE = 4,
    /// A string: triton_parameter_string.
    TRITON_VALUE_STRING = 5,
}

impl From<ParameterKind> for triton_value_kind {
    fn from(kind: ParameterKind) -> Self {
        match kind {
            ParameterKind::Bool => Self::TRITON_VALUE_BOOL,
            ParameterKind::Int64 => Self::TRITON_VALUE_INT64,
            ParameterKind::Uint64 => Self::TRITON_VALUE_UINT64,
            ParameterKind::Double => Self::TRITON_VALUE_DOUBLE,
            ParameterKind::String => Self::TRITON_VALUE_STRING,
        }
    }
}

/// The parameters of a request, a result, or one of their tensors. Belongs to the request or result.
pub struct triton_parameters {
    owner: Owner,
    /// Made on first use, dropped by a change.
    entries: OnceLock<Box<[triton_parameter]>>,
}

/// A parameter. Belongs to its triton_parameters.
pub struct triton_parameter {
    name: CString,
    value: Parameter,
    string: CString,
}

enum Owner {
    /// The request frees its views, so the pointer outlives none of them.
    Request(NonNull<InferRequest<'static>>, Scope),
    Result(Arc<InferResult>),
    /// An output of a result, by its index.
    Output(Arc<InferResult>, usize),
}

/// What of a request has the parameters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scope {
    Request,
    Input(usize),
    Output(usize),
}

impl Scope {
    /// `None` past the end.
    fn parameters<'r>(self, request: &'r InferRequest<'static>) -> Option<&'r Parameters> {
        match self {
            Self::Request => Some(request.parameters()),
            Self::Input(input) => request.inputs().get(input).map(InferInput::parameters),
            Self::Output(output) => request.outputs().get(output).map(RequestedOutput::parameters),
        }
    }

    fn set(self, request: &mut InferRequest<'static>, name: &str, value: Option<Parameter>) -> Result<()> {
        match (self, value) {
            (Self::Request, Some(value)) => request.set_parameter(name, value)?,
            (Self::Request, None) => request.remove_parameter(name)?,
            (Self::Input(input), Some(value)) => request.input_mut(input)?.set_parameter(name, value)?,
            (Self::Input(input), None) => request.input_mut(input)?.remove_parameter(name)?,
            (Self::Output(output), Some(value)) => request.output_mut(output)?.set_parameter(name, value)?,
            (Self::Output(output), None) => request.output_mut(output)?.remove_parameter(name)?,
        }
        Ok(())
    }
}

impl triton_parameters {
    pub(super) fn of_result(result: Arc<InferResult>) -> Self {
        Self { owner: Owner::Result(result), entries: OnceLock::new() }
    }

    pub(super) fn of_output(result: Arc<InferResult>, output: usize) -> Self {
        Self { owner: Owner::Output(result, output), entries: OnceLock::new() }
    }

    /// # Safety
    /// The request or result is not freed (HANDLES), and the request is not changed by another thread
    /// (THREADS).
    unsafe fn get(&self) -> Option<&Parameters> {
        match &self.owner {
            // SAFETY: the caller's promise.
            Owner::Request(request, scope) => scope.parameters(unsafe { request.as_ref() }),
            Owner::Result(result) => Some(result.parameters()),
            Owner::Output(result, output) => result.outputs().get(*output).map(InferOutput::parameters),
        }
    }

    /// # Safety
    /// As for [`get`](Self::get).
    unsafe fn entries(&self) -> &[triton_parameter] {
        self.entries.get_or_init(|| {
            let entry = |(name, value): (&str, &Parameter)| triton_parameter {
                name: c_string(name),
                value: value.clone(),
                string: c_string(if let Parameter::String(string) = value { string } else { "" }),
            };
            // SAFETY: the caller's promise.
            unsafe { self.get() }
                .map_or_else(Box::default, |parameters| parameters.iter().map(entry).collect())
        })
    }
}

/// The parameters of a request that C reads or sets. They are allocated one by one, so that C's pointers stay
/// valid, and kept as pointers, since a `Box` in here would claim to be the only access to them.
#[derive(Default)]
pub(super) struct Views(BTreeMap<Scope, NonNull<triton_parameters>>);

impl Views {
    /// Returns the view of a scope; NULL past the end.
    ///
    /// # Safety
    /// `request` is the one that owns these views, and is not used by another thread (THREADS).
    pub(super) unsafe fn get(
        &mut self,
        request: NonNull<InferRequest<'static>>,
        scope: Scope,
    ) -> *mut triton_parameters {
        // SAFETY: the caller's promise.
        if scope.parameters(unsafe { request.as_ref() }).is_none() {
            return ptr::null_mut();
        }
        let new = || {
            let view = triton_parameters { owner: Owner::Request(request, scope), entries: OnceLock::new() };
            // SAFETY: never NULL.
            unsafe { NonNull::new_unchecked(new_handle(view)) }
        };
        self.0.entry(scope).or_insert_with(new).as_ptr()
    }

    /// Drops the entries of all views: the parameters have changed.
    pub(super) fn changed(&mut self) {
        for view in self.0.values() {
            // SAFETY: allocated by `view` and freed by `drop` alone; a request that changes is used by one
            // thread (THREADS).
            unsafe { (*view.as_ptr()).entries.take() };
        }
    }
}

impl Drop for Views {
    fn drop(&mut self) {
        for view in self.0.values() {
            // SAFETY: allocated by `view` and not freed; C uses no view of a request that is freed (HANDLES).
            unsafe { free(view.as_ptr()) };
        }
    }
}

/// Sets a parameter; `None` removes it.
///
/// # Safety
/// HANDLES, STRINGS and THREADS of the contract.
unsafe fn set(
    parameters: *mut triton_parameters,
    name: *const c_char,
    value: Option<impl Into<Parameter>>,
) -> Result<()> {
    // SAFETY: the caller's promise. Nothing is changed before the owner is known: a result may be read by
    // other threads.
    unsafe {
        let Owner::Request(request, scope) = handle(parameters, "parameters")?.owner else {
            return Err(Error::invalid("the parameters of a result cannot be changed"));
        };
        let name = convert::string(name, "name")?;
        scope.set(&mut *request.as_ptr(), name, value.map(Into::into))?;
        (*parameters).entries.take();
        Ok(())
    }
}

/// Sets a parameter to a string. Replaces the value set before.
///
/// @param parameters  of a request or one of its tensors; those of a result are INVALID_ARGUMENT
/// @param name        must not be empty or reserved
/// @param value       copied; NULL removes the parameter, of whatever kind it is
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_parameters_set_string(
    parameters: *mut triton_parameters,
    name: *const c_char,
    value: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, STRINGS, THREADS, OUT-PARAMETERS.
    unsafe { boundary(error_out, || set(parameters, name, convert::string_or_none(value, "value")?)) }
}

/// Sets a parameter to a signed integer. Otherwise the same as triton_parameters_set_string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_parameters_set_int64(
    parameters: *mut triton_parameters,
    name: *const c_char,
    value: i64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, STRINGS, THREADS, OUT-PARAMETERS.
    unsafe { boundary(error_out, || set(parameters, name, Some(value))) }
}

/// Sets a parameter to a Boolean. Otherwise the same as triton_parameters_set_string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_parameters_set_bool(
    parameters: *mut triton_parameters,
    name: *const c_char,
    value: bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, STRINGS, THREADS, OUT-PARAMETERS.
    unsafe { boundary(error_out, || set(parameters, name, Some(value))) }
}

/// Sets a parameter to a floating-point number, which must be finite. Otherwise the same as
/// triton_parameters_set_string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_parameters_set_double(
    parameters: *mut triton_parameters,
    name: *const c_char,
    value: f64,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, STRINGS, THREADS, OUT-PARAMETERS.
    unsafe { boundary(error_out, || set(parameters, name, Some(value))) }
}

/// Returns the number of parameters.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_parameters_count(parameters: *const triton_parameters) -> usize {
    infallible(0, || {
        // SAFETY: the contract's HANDLES.
        unsafe { read(parameters, 0, |parameters| parameters.get().map_or(0, Parameters::len)) }
    })
}

/// Returns a parameter, in the order of setting or receiving; NULL past the end. Valid until the parameters
/// are changed, or the request or result is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_parameters_entry(
    parameters: *const triton_parameters,
    index: usize,
) -> *const triton_parameter {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES.
        unsafe { read(parameters, ptr::null(), |parameters| convert::item_at(parameters.entries(), index)) }
    })
}

/// Returns the parameter with a name, the last one if a server sent several; NULL if there is none. Valid as
/// long as that of triton_parameters_entry.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_parameters_find(
    parameters: *const triton_parameters,
    name: *const c_char,
) -> *const triton_parameter {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES, STRINGS.
        unsafe {
            let Ok(name) = convert::string(name, "name") else { return ptr::null() };
            read(parameters, ptr::null(), |parameters| {
                let mut entries = parameters.entries().iter().rev();
                let found = entries.find(|parameter| parameter.name.as_bytes() == name.as_bytes());
                found.map_or(ptr::null(), ptr::from_ref)
            })
        }
    })
}

/// Returns the name of a parameter.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_parameter_name(parameter: *const triton_parameter) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(parameter, EMPTY, |parameter| parameter.name.as_ptr()) })
}

/// Returns the kind of the value.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_parameter_kind(parameter: *const triton_parameter) -> triton_value_kind {
    let none = triton_value_kind::TRITON_VALUE_NONE;
    // SAFETY: the contract's HANDLES.
    infallible(none, || unsafe { read(parameter, none, |parameter| parameter.value.kind().into()) })
}

/// Returns the value of a TRITON_VALUE_BOOL; false for another kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_parameter_bool(parameter: *const triton_parameter) -> bool {
    infallible(false, || {
        // SAFETY: the contract's HANDLES.
        unsafe { read(parameter, false, |parameter| matches!(parameter.value, Parameter::Bool(true))) }
    })
}

/// Returns the value of a TRITON_VALUE_INT64; 0 for another kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_parameter_int64(parameter: *const triton_parameter) -> i64 {
    infallible(0, || {
        // SAFETY: the contract's HANDLES.
        unsafe {
            read(parameter, 0, |parameter| match parameter.value {
                Parameter::Int64(value) => value,
                _ => 0,
            })
        }
    })
}

/// Returns the value of a TRITON_VALUE_UINT64; 0 for another kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_parameter_uint64(parameter: *const triton_parameter) -> u64 {
    infallible(0, || {
        // SAFETY: the contract's HANDLES.
        unsafe {
            read(parameter, 0, |parameter| match parameter.value {
                Parameter::Uint64(value) => value,
                _ => 0,
            })
        }
    })
}

/// Returns the value of a TRITON_VALUE_DOUBLE; 0 for another kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_parameter_double(parameter: *const triton_parameter) -> f64 {
    infallible(0.0, || {
        // SAFETY: the contract's HANDLES.
        unsafe {
            read(parameter, 0.0, |parameter| match parameter.value {
                Parameter::Double(value) => value,
                _ => 0.0,
            })
        }
    })
}

/// Returns the value of a TRITON_VALUE_STRING; "" for another kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_parameter_string(parameter: *const triton_parameter) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(parameter, EMPTY, |parameter| parameter.string.as_ptr()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn value_kinds_have_the_same_numbers_in_c_and_rust() {
        for kind in [
            ParameterKind::Bool,
            ParameterKind::Int64,
            ParameterKind::Uint64,
            ParameterKind::Double,
            ParameterKind::String,
        ] {
            assert_eq!(triton_value_kind::from(kind) as i32, kind as i32);
        }
    }
}
