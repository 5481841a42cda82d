//! SETTINGS of the server's tracing and log. triton_settings is the response: a list of names and values.
//! Changes are collected in a triton_settings_update; settings that it does not name are not changed.
//!
//! ```text
//!     tracing   per model or for all models. trace_level is a list of OFF, TIMESTAMPS and TENSORS; trace_rate, trace_count
//!               and log_frequency are numbers, written as strings. trace_file and trace_mode are read-only.
//!     log       log_info, log_warning, log_error (bool), log_verbose_level (number), log_format (string). log_file is
//!               read-only.
//! ```

use std::{
    ffi::{CString, c_char},
    ptr,
};

use super::{
    boundary::{boundary, change},
    call_options::{call_options, triton_call_options},
    client::triton_client,
    convert::{self, EMPTY, c_string, c_strings},
    error::{triton_error, triton_status},
    handle::{Out, free, handle, new_handle, read},
    infallible::infallible,
    parameters::triton_value_kind,
};
use crate::{
    error::Result,
    model::{SettingValue, Settings, SettingsUpdate},
};

/// The settings of a server. Freed with triton_settings_free.
pub struct triton_settings {
    settings: Vec<triton_setting>,
    json: CString,
}

/// One setting: a name, and one or more values. Belongs to the settings.
pub struct triton_setting {
    name: CString,
    /// As strings, whatever their kind.
    values: Vec<CString>,
    value: SettingValue,
}

/// A set of changes to settings. Freed with triton_settings_update_free.
pub struct triton_settings_update {
    update: SettingsUpdate,
}

impl From<&SettingValue> for triton_value_kind {
    fn from(value: &SettingValue) -> Self {
        match value {
            SettingValue::Bool(_) => Self::TRITON_VALUE_BOOL,
            SettingValue::Number(_) => Self::TRITON_VALUE_UINT64,
            SettingValue::Text(_) | SettingValue::List(_) => Self::TRITON_VALUE_STRING,
        }
    }
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

/// Gets the settings of tracing. Blocks.
///
/// @param model_name    NULL or "" for the settings that apply to all models
/// @param options       the options of the call; NULL for the client's
/// @param settings_out  the settings; free them with triton_settings_free
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_trace_settings(
    client: *const triton_client,
    model_name: *const c_char,
    options: *const triton_call_options,
    settings_out: *mut *mut triton_settings,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, STRINGS, OUT-PARAMETERS.
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

/// Gets the settings of the log. Blocks.
///
/// @param options       the options of the call; NULL for the client's
/// @param settings_out  the settings; free them with triton_settings_free
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

/// Returns the number of settings.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_settings_count(settings: *const triton_settings) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(settings, 0, |settings| settings.settings.len()) })
}

/// Returns a setting; NULL past the end. Settings are sorted by name, and valid until the list is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_settings_entry(
    settings: *const triton_settings,
    index: usize,
) -> *const triton_setting {
    // SAFETY: the contract's HANDLES.
    infallible(ptr::null(), || unsafe {
        read(settings, ptr::null(), |settings| convert::item_at(&settings.settings, index))
    })
}

/// Returns the setting with a name, for example "trace_rate"; NULL if there is none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_settings_find(
    settings: *const triton_settings,
    name: *const c_char,
) -> *const triton_setting {
    infallible(ptr::null(), || {
        // SAFETY: the contract's HANDLES, STRINGS.
        unsafe {
            let Ok(name) = convert::string(name, "name") else { return ptr::null() };
            read(settings, ptr::null(), |settings| {
                let found = settings.settings.iter().find(|own| own.name.as_bytes() == name.as_bytes());
                found.map_or(ptr::null(), ptr::from_ref)
            })
        }
    })
}

/// Returns the response as JSON, in the form that it has over HTTP: there it is the body as received. Valid
/// until the settings are freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_settings_json(settings: *const triton_settings) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(settings, EMPTY, |settings| settings.json.as_ptr()) })
}

/// Frees settings. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_settings_free(settings: *mut triton_settings) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(settings) });
}

/// Returns the name of a setting.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_setting_name(setting: *const triton_setting) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe { read(setting, EMPTY, |setting| setting.name.as_ptr()) })
}

/// Returns the kind of the values of a setting: TRITON_VALUE_BOOL, _UINT64 or _STRING.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_setting_kind(setting: *const triton_setting) -> triton_value_kind {
    let none = triton_value_kind::TRITON_VALUE_NONE;
    // SAFETY: the contract's HANDLES.
    infallible(none, || unsafe { read(setting, none, |setting| (&setting.value).into()) })
}

/// Returns the number of values of a setting: 1, except for a list such as trace_level.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_setting_value_count(setting: *const triton_setting) -> usize {
    // SAFETY: the contract's HANDLES.
    infallible(0, || unsafe { read(setting, 0, |setting| setting.values.len()) })
}

/// Returns a value of a setting as a string, whatever its kind: "true", "500", "TIMESTAMPS"; "" past the end.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_setting_value(setting: *const triton_setting, index: usize) -> *const c_char {
    // SAFETY: the contract's HANDLES.
    infallible(EMPTY, || unsafe {
        read(setting, EMPTY, |setting| convert::string_at(&setting.values, index))
    })
}

/// Returns the value of a setting of kind TRITON_VALUE_BOOL; false for any other kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_setting_bool(setting: *const triton_setting) -> bool {
    // SAFETY: the contract's HANDLES.
    infallible(false, || unsafe { read(setting, false, |setting| setting.value == SettingValue::Bool(true)) })
}

/// Returns the value of a setting of kind TRITON_VALUE_UINT64; 0 for any other kind.
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

/// Creates an update without changes. It may be used by any number of calls.
///
/// @param update_out  the update; free it with triton_settings_update_free
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

/// Sets a setting to a string. Settings of tracing take numbers as strings too, for example "500".
///
/// @param name   must not be empty
/// @param value  NULL returns a setting of tracing to its default: the server's, or for a model the one of
///               all models
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_settings_update_set_string(
    update: *mut triton_settings_update,
    name: *const c_char,
    value: *const c_char,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, OUT-PARAMETERS.
    unsafe {
        change(update, error_out, "update", |update| {
            let update = &mut update.update;
            let name = convert::string(name, "name")?;
            match convert::string_or_none(value, "value")? {
                Some(value) => update.set(name, value).map(drop),
                None => update.clear(name).map(drop),
            }
        })
    }
}

/// Sets a setting to a list of strings, for example trace_level.
///
/// @param name    must not be empty
/// @param values  the strings, which are copied
/// @param count   the number of strings; 0 is INVALID_ARGUMENT
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_settings_update_set_strings(
    update: *mut triton_settings_update,
    name: *const c_char,
    values: *const *const c_char,
    count: usize,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, ARRAYS, OUT-PARAMETERS.
    unsafe {
        change(update, error_out, "update", |update| {
            let update = &mut update.update;
            let name = convert::string(name, "name")?;
            let texts = convert::array(values, count, "values")?;
            let texts =
                texts.iter().map(|text| convert::string(*text, "values")).collect::<Result<Vec<_>>>()?;
            update.set(name, &texts[..]).map(drop)
        })
    }
}

/// Sets a setting to a bool, for example log_info. For tracing it is sent as a string.
///
/// @param name  must not be empty
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_settings_update_set_bool(
    update: *mut triton_settings_update,
    name: *const c_char,
    value: bool,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, OUT-PARAMETERS.
    unsafe {
        change(update, error_out, "update", |update| {
            let update = &mut update.update;
            let name = convert::string(name, "name")?;
            update.set(name, value).map(drop)
        })
    }
}

/// Sets a setting to a number, for example log_verbose_level. For tracing it is sent as a string.
///
/// @param name  must not be empty
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_settings_update_set_uint32(
    update: *mut triton_settings_update,
    name: *const c_char,
    value: u32,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, THREADS, STRINGS, OUT-PARAMETERS.
    unsafe {
        change(update, error_out, "update", |update| {
            let update = &mut update.update;
            let name = convert::string(name, "name")?;
            update.set(name, value).map(drop)
        })
    }
}

/// Frees an update. NULL is ignored.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_settings_update_free(update: *mut triton_settings_update) {
    // SAFETY: the contract's HANDLES.
    infallible((), || unsafe { free(update) });
}

/// Changes settings of tracing. Blocks.
///
/// Triton ignores an unknown setting, an unknown trace_level and a change of trace_mode: settings_out has
/// what is in effect.
///
/// @param model_name    NULL or "" for the settings that apply to all models
/// @param update        the changes
/// @param options       the options of the call; NULL for the client's
/// @param settings_out  all settings after the change; free them with triton_settings_free. May be NULL
/// @return UNIMPLEMENTED, from Triton, for trace_file
#[unsafe(no_mangle)]
pub unsafe extern "C" fn triton_client_update_trace_settings(
    client: *const triton_client,
    model_name: *const c_char,
    update: *const triton_settings_update,
    options: *const triton_call_options,
    settings_out: *mut *mut triton_settings,
    error_out: *mut *mut triton_error,
) -> triton_status {
    // SAFETY: the contract's HANDLES, STRINGS, OUT-PARAMETERS.
    unsafe {
        boundary(error_out, || {
            let out = Out::new(settings_out, "settings_out", ptr::null_mut());
            let client = &handle(client, "client")?.client;
            let model = convert::optional_string(model_name, "model_name")?;
            let update = &handle(update, "update")?.update;
            let settings = client.update_trace_settings(model, update, call_options(options))?;
            out.set_with(|| new_handle(settings.into()));
            Ok(())
        })
    }
}

/// Changes settings of the log. Blocks.
///
/// Triton ignores an unknown setting: settings_out has what is in effect.
///
/// @param update        the changes
/// @param options       the options of the call; NULL for the client's
/// @param settings_out  all settings after the change; free them with triton_settings_free. May be NULL
/// @return INVALID_ARGUMENT, without a request, for a list of strings, and for a setting that was set to
///         NULL: those of the log have no defaults. UNIMPLEMENTED, from Triton, for log_file. For an invalid
///         value, Triton 2.51 returns INVALID_ARGUMENT over gRPC; over HTTP INTERNAL for a value of another
///         kind, and UNAVAILABLE (not retryable) for an unknown log_format
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
            let out = Out::new(settings_out, "settings_out", ptr::null_mut());
            let client = &handle(client, "client")?.client;
            let update = &handle(update, "update")?.update;
            let settings = client.update_log_settings(update, call_options(options))?;
            out.set_with(|| new_handle(settings.into()));
            Ok(())
        })
    }
}
