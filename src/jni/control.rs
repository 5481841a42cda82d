//! The control plane: one native for each operation. Its arguments are a record of the strings that the
//! method of [`Client`] takes, in the same order, and after them the options of the operation itself.

use std::ops::ControlFlow;

use jni::{
    Env, EnvUnowned, jni_sig, jni_str,
    objects::{JByteArray, JClass, JMethodID, JObject, JThrowable, JValue},
    signature::{Primitive, ReturnType},
    sys::jlong,
};

use super::{
    boundary::{Failure, boundary},
    client::{JavaClient, client},
    model::{BOOL, CLEARED, Encode, LIST, NUMBER, TEXT, record},
    options, request,
    record::{Reader, malformed},
};
use crate::{
    client::Client,
    error::{Error, Result},
    model::{RepositoryOptions, SettingsUpdate},
    options::CallOptions,
};

/// Defines natives, each by its call of the client.
macro_rules! natives {
    ($($name:ident: |$client:ident, $arguments:ident, $options:pat_param| $call:expr;)*) => { $(
        pub(super) fn $name<'l>(
            env: EnvUnowned<'l>,
            _: JClass<'l>,
            client: jlong,
            arguments: JByteArray<'l>,
            options: JByteArray<'l>,
            token: jlong,
        ) -> JByteArray<'l> {
            operation(env, client, &arguments, &options, token, |$client, $arguments, $options| Ok(record(&$call?)))
        }
    )* };
}

natives! {
    is_server_live: |client, _arguments, options| client.is_server_live(options);
    is_server_ready: |client, _arguments, options| client.is_server_ready(options);
    is_model_ready: |client, arguments, options| client.is_model_ready(arguments.str()?, arguments.str()?, options);
    health_check: |client, arguments, options| client.health_check(arguments.str()?, options);
    wait_ready: |client, arguments, options| client.wait_ready(arguments.str()?, arguments.str()?, options);
    server_metadata: |client, _arguments, options| client.server_metadata(options);
    model_metadata: |client, arguments, options| client.model_metadata(arguments.str()?, arguments.str()?, options);
    model_config: |client, arguments, options| client.model_config(arguments.str()?, arguments.str()?, options);
    repository_index: |client, arguments, options| client.repository_index(&repository(arguments.bytes()?)?, options);
    load_model: |client, arguments, options| {
        client.load_model(arguments.str()?, &repository(arguments.bytes()?)?, options)
    };
    unload_model: |client, arguments, options| {
        client.unload_model(arguments.str()?, &repository(arguments.bytes()?)?, options)
    };
    model_statistics: |client, arguments, options| {
        client.model_statistics(arguments.str()?, arguments.str()?, options)
    };
    trace_settings: |client, arguments, options| client.trace_settings(arguments.str()?, options);
    update_trace_settings: |client, arguments, options| {
        client.update_trace_settings(arguments.str()?, &update(arguments)?, options)
    };
    log_settings: |client, _arguments, options| client.log_settings(options);
    update_log_settings: |client, arguments, options| client.update_log_settings(&update(arguments)?, options);
    metrics: |client, _arguments, options| client.metrics(options);
    generate: |client, arguments, options| {
        client.generate(arguments.str()?, arguments.str()?, arguments.str()?, options)
    };
}
