//! Parameters in protobuf: entries of a map to `InferParameter`, a `oneof` of the value types.

use std::collections::HashMap;

use crate::{
    infer::{Parameter, Parameters, Region, SequenceId, Settings},
    proto::{
        inference::{InferParameter, infer_parameter::ParameterChoice},
        wire::{FIXED64, LENGTH, put_bool, put_key, put_message, put_number, put_string, put_varint},
    },
    reasons::EMPTY_FINAL_RESPONSE,
};

/// Field numbers of a map entry.
mod entry_field {
    pub(super) const KEY: u64 = 1;
    pub(super) const VALUE: u64 = 2;
}

/// Field numbers of `InferParameter`.
mod value_field {
    pub(super) const BOOL: u64 = 1;
    pub(super) const INT64: u64 = 2;
    pub(super) const STRING: u64 = 3;
    pub(super) const DOUBLE: u64 = 4;
    pub(super) const UINT64: u64 = 5;
}

/// Writes a map entry; `value` writes its `InferParameter`.
fn put_entry(to: &mut Vec<u8>, field: u64, name: &str, value: impl FnOnce(&mut Vec<u8>)) {
    put_message(to, field, |entry| {
        put_string(entry, entry_field::KEY, name);
        put_message(entry, entry_field::VALUE, value);
    });
}

fn put_int64_entry(to: &mut Vec<u8>, field: u64, name: &str, value: u64) {
    put_entry(to, field, name, |to| put_number(to, value_field::INT64, value));
}

fn put_string_entry(to: &mut Vec<u8>, field: u64, name: &str, value: &str) {
    put_entry(to, field, name, |to| {
        // Written even if empty: a `oneof` without a field has no type.
        put_key(to, value_field::STRING, LENGTH);
        put_varint(to, value.len() as u64);
        to.extend_from_slice(value.as_bytes());
    });
}

pub(super) fn put_all(to: &mut Vec<u8>, field: u64, parameters: &Parameters) {
    for (name, value) in parameters.iter() {
        match value {
            Parameter::Bool(value) => {
                put_entry(to, field, name, |to| put_bool(to, value_field::BOOL, *value))
            }
            Parameter::Int64(value) => put_int64_entry(to, field, name, *value as u64),
            Parameter::Uint64(value) => {
                put_entry(to, field, name, |to| put_number(to, value_field::UINT64, *value))
            }
            Parameter::Double(value) => put_entry(to, field, name, |to| {
                put_key(to, value_field::DOUBLE, FIXED64);
                to.extend_from_slice(&value.to_le_bytes());
            }),
            Parameter::String(value) => put_string_entry(to, field, name, value),
        }
    }
}

/// Writes the parameters that Triton defines for a request, and the request's own.
pub(super) fn put_settings(to: &mut Vec<u8>, field: u64, settings: &Settings) {
    let flag = |to: &mut Vec<u8>, name, value| {
        put_entry(to, field, name, |to| put_bool(to, value_field::BOOL, value))
    };
    if let Some(sequence) = &settings.sequence {
        match &sequence.id {
            SequenceId::Number(number) => put_int64_entry(to, field, "sequence_id", *number),
            SequenceId::Text(text) => put_string_entry(to, field, "sequence_id", text),
        }
        flag(to, "sequence_start", sequence.start);
        flag(to, "sequence_end", sequence.end);
    }
    if settings.priority > 0 {
        put_entry(to, field, "priority", |to| put_number(to, value_field::UINT64, settings.priority));
    }
    if settings.server_timeout_us > 0 {
        put_int64_entry(to, field, "timeout", settings.server_timeout_us);
    }
    if settings.empty_final_response {
        flag(to, EMPTY_FINAL_RESPONSE, true);
    }
    put_all(to, field, &settings.parameters);
}

pub(super) fn put_region(to: &mut Vec<u8>, field: u64, region: &Region) {
    put_string_entry(to, field, "shared_memory_region", &region.name);
    put_int64_entry(to, field, "shared_memory_byte_size", region.byte_size);
    if region.offset > 0 {
        put_int64_entry(to, field, "shared_memory_offset", region.offset);
    }
}

pub(super) fn put_class_count(to: &mut Vec<u8>, field: u64, count: u32) {
    if count > 0 {
        put_int64_entry(to, field, "classification", count.into());
    }
}

/// Appends a map's entries sorted by name: maps are unordered, and results must not vary between calls.
pub(super) fn read(map: HashMap<String, InferParameter>, parameters: &mut Parameters) {
    let mut entries: Vec<_> = map.into_iter().collect();
    entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    for (name, value) in entries {
        let value = match value.parameter_choice {
            Some(ParameterChoice::BoolParam(value)) => Parameter::Bool(value),
            Some(ParameterChoice::Int64Param(value)) => Parameter::Int64(value),
            Some(ParameterChoice::Uint64Param(value)) => {
                i64::try_from(value).map_or(Parameter::Uint64(value), Parameter::Int64)
            }
            Some(ParameterChoice::DoubleParam(value)) => Parameter::Double(value),
            Some(ParameterChoice::StringParam(value)) => Parameter::String(value),
            None => continue,
        };
        parameters.receive(name, value);
    }
}
