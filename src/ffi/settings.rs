//! SETTINGS of a server's tracing and of its log, read and changed.
//!
//! ```text
//!     tracing, for a model or all   trace_level (a list: OFF, TIMESTAMPS, TENSORS), trace_rate, trace_count, log_frequency;
//!                                   trace_file and trace_mode can't be changed
//!     log                           log_info, log_warning, log_error (bool), log_verbose_level (a number), log_format (a
//!                                   text); log_file can't be changed
//! ```

use std::{
    ffi::{CString, c_char},
    ptr,
};

use super::{
    boundary::boundary,
    call_options::{call_options, triton_call_options},
    client::triton_client,
    convert::{self, EMPTY, c_string, c_strings},
    error::{triton_error, triton_status},
    handle::{Out, free, handle, handle_mut, new_handle, read},
    infallible::infallible,
    parameters::triton_value_kind,
};
use crate::{
    error::Result,
    model::{SettingValue, Settings, SettingsUpdate},
};

/// Settings that a server has. Freed with triton_settings_free.
pub struct triton_settings {
    settings: Vec<triton_setting>,
    json: CString,
}

/// One setting. Belongs to the settings.
pub struct triton_setting {
    name: CString,
    /// As texts, whatever they are.
    values: Vec<CString>,
    value: SettingValue,
}

/// What is to change of settings. Freed with triton_settings_update_free.
pub struct triton_settings_update {
    update: SettingsUpdate,
}

impl From<Settings> for triton_settings {
    fn from(settings: Settings) -> Self {
        let setting = |(name, value): (&str, &SettingValue)| triton_setting {
            name: c_string(name),
            values: c_strings(&value.texts()),
            value: value.clone(),
        };
        Self { settings: settings.iter().map(setting).collect(), json: c_string(settings.json()) }
    }
}

/// Asks for the settings of tracing. Blocks.
///
/// @param model_name    of a model; NULL or "" for those of all models
/// @param options       of the call; NULL for the client's
/// @param settings_out  the answer; free it with triton_settings_free
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_trace_settings(
    client: *const triton_client,
    model_name: *const c_char,
    options: *const triton_call_options,
    settings_out: *mut *mut triton_settings,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(settings_out, "settings_out", ptr::null_mut()).required()?;
            let client = &handle(client, "client")?.client;
            let model = convert::optional_string(model_name, "model_name")?;
            out.set(new_handle(client.trace_settings(model, call_options(options))?.into()));
            Ok(())
        })
    }
}

/// Changes settings of tracing. Blocks.
///
/// @param model_name    of a model; NULL or "" for those of all models
/// @param update        what is to change; what is not named stays
/// @param options       of the call; NULL for the client's
/// @param settings_out  all that hold then; free it with triton_settings_free
/// @return UNIMPLEMENTED for trace_file
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_update_trace_settings(
    client: *const triton_client,
    model_name: *const c_char,
    update: *const triton_settings_update,
    options: *const triton_call_options,
    settings_out: *mut *mut triton_settings,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(settings_out, "settings_out", ptr::null_mut()).required()?;
            let client = &handle(client, "client")?.client;
            let model = convert::optional_string(model_name, "model_name")?;
            let update = &handle(update, "update")?.update;
            out.set(new_handle(client.update_trace_settings(model, update, call_options(options))?.into()));
            Ok(())
        })
    }
}

/// Asks for the settings of the server's log. Blocks.
///
/// @param options       of the call; NULL for the client's
/// @param settings_out  the answer; free it with triton_settings_free
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_log_settings(
    client: *const triton_client,
    options: *const triton_call_options,
    settings_out: *mut *mut triton_settings,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(settings_out, "settings_out", ptr::null_mut()).required()?;
            let client = &handle(client, "client")?.client;
            out.set(new_handle(client.log_settings(call_options(options))?.into()));
            Ok(())
        })
    }
}

/// Changes settings of the server's log. Blocks.
///
/// @param update        what is to change; what is not named stays
/// @param options       of the call; NULL for the client's
/// @param settings_out  all that hold then; free it with triton_settings_free
/// @return UNIMPLEMENTED for log_file; what Triton 2.51 takes for wrong is INVALID_ARGUMENT over gRPC, and over HTTP
///         INTERNAL for a value of another kind, UNAVAILABLE (not retryable) for an unknown log_format
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_update_log_settings(
    client: *const triton_client,
    update: *const triton_settings_update,
    options: *const triton_call_options,
    settings_out: *mut *mut triton_settings,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(settings_out, "settings_out", ptr::null_mut()).required()?;
            let client = &handle(client, "client")?.client;
            let update = &handle(update, "update")?.update;
            out.set(new_handle(client.update_log_settings(update, call_options(options))?.into()));
            Ok(())
        })
    }
}

/// The answer as JSON, in the form that it has over HTTP: there as it came. Valid until the settings are freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_settings_json(settings: *const triton_settings) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(settings, EMPTY, |settings| settings.json.as_ptr()) })
}

/// The number of settings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_settings_count(settings: *const triton_settings) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(settings, 0, |settings| settings.settings.len()) })
}

/// A setting, in the order of their names; NULL past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_settings_setting(
    settings: *const triton_settings,
    index: usize,
) -> *const triton_setting {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES.
        unsafe { read(settings, None, |settings| settings.settings.get(index)) }
            .map_or(ptr::null(), ptr::from_ref)
    })
}

/// The setting of a name, "trace_rate"; NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_settings_find(
    settings: *const triton_settings,
    name: *const c_char,
) -> *const triton_setting {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES, TEXT.
        unsafe {
            let Ok(name) = convert::string(name, "name") else { return ptr::null() };
            let found = read(settings, None, |settings| {
                settings.settings.iter().find(|setting| setting.name.as_bytes() == name.as_bytes())
            });
            found.map_or(ptr::null(), ptr::from_ref)
        }
    })
}

/// Frees settings; NULL is harmless.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_settings_free(settings: *mut triton_settings) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(settings) });
}

/// The name of a setting.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_setting_name(setting: *const triton_setting) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(setting, EMPTY, |setting| setting.name.as_ptr()) })
}

/// What a setting is: TRITON_VALUE_BOOL, _UINT64 or _STRING, of which there may be several; TRITON_VALUE_NONE for NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_setting_kind(setting: *const triton_setting) -> triton_value_kind {
    let none = triton_value_kind::TRITON_VALUE_NONE;
    // SAFETY: the contract's HANDLES.
    infallible(none, || unsafe {
        read(setting, none, |setting| match setting.value {
            SettingValue::Bool(_) => triton_value_kind::TRITON_VALUE_BOOL,
            SettingValue::Number(_) => triton_value_kind::TRITON_VALUE_UINT64,
            SettingValue::Text(_) | SettingValue::List(_) => triton_value_kind::TRITON_VALUE_STRING,
        })
    })
}

/// The number of values of a setting: 1 but for a list, trace_level.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_setting_value_count(setting: *const triton_setting) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(setting, 0, |setting| setting.values.len()) })
}

/// A value of a setting as text, whatever it is: "true", "500", "TIMESTAMPS"; an empty text past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_setting_value(setting: *const triton_setting, index: usize) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe {
        read(setting, EMPTY, |setting| convert::string_at(&setting.values, index))
    })
}

/// The value of a setting that is yes or no; else false.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_setting_bool(setting: *const triton_setting) -> bool {
    // SAFETY: the contract's HANDLES.
    infallible(false, || unsafe { read(setting, false, |setting| setting.value == SettingValue::Bool(true)) })
}

/// The value of a setting that is a number; else 0.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_setting_uint64(setting: *const triton_setting) -> u64 {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe {
        read(setting, 0, |setting| match setting.value {
            SettingValue::Number(number) => number.into(),
            _ => 0,
        })
    })
}

/// Makes an update that changes nothing yet.
///
/// @param update_out  the update; free it with triton_settings_update_free. Any number of calls may use it
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_settings_update_new(
    update_out: *mut *mut triton_settings_update,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(update_out, "update_out", ptr::null_mut()).required()?;
            out.set(new_handle(triton_settings_update { update: SettingsUpdate::new() }));
            Ok(())
        })
    }
}

/// Frees an update; NULL is harmless.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_settings_update_free(update: *mut triton_settings_update) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(update) });
}

/// Sets a setting to a text. Tracing takes numbers as texts too, "500".
///
/// @param name  not empty
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_settings_update_set_string(
    update: *mut triton_settings_update,
    name: *const c_char,
    value: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let update = &mut handle_mut(update, "update")?.update;
            let name = convert::string(name, "name")?;
            update.set(name, convert::string(value, "value")?).map(drop)
        })
    }
}

/// Sets a setting to several texts: trace_level.
///
/// @param name    not empty
/// @param values  the texts
/// @param count   their number; 0 is INVALID_ARGUMENT
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_settings_update_set_strings(
    update: *mut triton_settings_update,
    name: *const c_char,
    values: *const *const c_char,
    count: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, ARRAYS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let update = &mut handle_mut(update, "update")?.update;
            let name = convert::string(name, "name")?;
            let texts = convert::array(values, count, "values")?;
            let texts =
                texts.iter().map(|text| convert::string(*text, "values")).collect::<Result<Vec<_>>>()?;
            update.set(name, &texts[..]).map(drop)
        })
    }
}

/// Sets a setting to yes or no: log_info. Tracing has it as text.
///
/// @param name  not empty
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_settings_update_set_bool(
    update: *mut triton_settings_update,
    name: *const c_char,
    value: bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let update = &mut handle_mut(update, "update")?.update;
            let name = convert::string(name, "name")?;
            update.set(name, value).map(drop)
        })
    }
}

/// Sets a setting to a number: log_verbose_level. Tracing has it as text.
///
/// @param name  not empty
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_settings_update_set_uint32(
    update: *mut triton_settings_update,
    name: *const c_char,
    value: u32,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let update = &mut handle_mut(update, "update")?.update;
            let name = convert::string(name, "name")?;
            update.set(name, value).map(drop)
        })
    }
}

/// Gives a setting of tracing its default back: that of the server, or for a model the one of all models. Settings of
/// the log have none: an update of the log with one is INVALID_ARGUMENT.
///
/// @param name  not empty
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_settings_update_clear(
    update: *mut triton_settings_update,
    name: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, TEXT, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let update = &mut handle_mut(update, "update")?.update;
            let name = convert::string(name, "name")?;
            update.clear(name).map(drop)
        })
    }
}
