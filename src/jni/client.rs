//! Clients, and inference by blocking and asynchronous calls.

use std::sync::Arc;

use jni::{
    Env, EnvUnowned,
    objects::{JByteArray, JClass, JObject, JObjectArray},
    sys::jlong,
};

use super::{
    boundary::{Failure, boundary},
    completions::Completions,
    handle, model,
    options::{self, duration},
    record::malformed,
    request::{self, Buffers},
    result::Outcome,
};
use crate::{
    client::Client,
    infer::{InferRequest, InferResult},
    log::LogCallback,
    until::CancelToken,
};

/// A client of Java.
pub(super) struct JavaClient {
    pub(super) client: Client,
    pub(super) completions: Arc<Completions>,
}

pub(super) type Array<'l> = JObjectArray<'l, JObject<'l>>;

/// # Safety
/// `client` is the handle of a client that Java keeps alive during the native.
pub(super) unsafe fn client<'h>(client: jlong) -> &'h JavaClient {
    // SAFETY: the rule of this function.
    unsafe { handle::get(client) }
}

pub(super) fn client_new<'l>(
    env: EnvUnowned<'l>,
    _: JClass<'l>,
    url: JByteArray<'l>,
    options: JByteArray<'l>,
    completions: JObject<'l>,
) -> jlong {
    boundary(env, |env| {
        let completions = Completions::new(env, &completions)?;
        let receiver = completions.clone();
        let log: Arc<LogCallback> = Arc::new(move |level, target, text| receiver.log(level, target, text));
        let options = request::array(env, &options)?;
        // SAFETY: the rule of `Native`.
        let options = options::client(&options, |handle| unsafe { options::token_of(handle) }, &log)?;
        let url = request::array(env, &url)?;
        let url = std::str::from_utf8(&url).map_err(|_| malformed("the URL is not UTF-8"))?;
        let client = Client::with_options(url, &options)?;
        Ok(handle::new(JavaClient { client, completions }))
    })
}

pub(super) fn client_close<'l>(env: EnvUnowned<'l>, _: JClass<'l>, handle: jlong, timeout_nanos: jlong) {
    // SAFETY: the rule of `Native`.
    boundary(env, |_| Ok(unsafe { client(handle) }.client.close(duration(timeout_nanos))?));
}

pub(super) fn client_shutdown<'l>(env: EnvUnowned<'l>, _: JClass<'l>, handle: jlong) {
    boundary(env, |_| {
        // SAFETY: the rule of `Native`.
        unsafe { client(handle) }.client.shut_down();
        Ok(())
    });
}

pub(super) fn client_free<'l>(env: EnvUnowned<'l>, _: JClass<'l>, client: jlong) {
    boundary(env, |_| {
        // SAFETY: the rule of `Native`.
        unsafe { handle::free::<JavaClient>(client) };
        Ok(())
    });
}

pub(super) fn client_statistics<'l>(env: EnvUnowned<'l>, _: JClass<'l>, handle: jlong) -> JByteArray<'l> {
    boundary(env, |env| {
        // SAFETY: the rule of `Native`.
        let statistics = unsafe { client(handle) }.client.infer_statistics();
        Ok(env.byte_array_from_slice(&model::record(&statistics))?)
    })
}

pub(super) fn connection_counts<'l>(env: EnvUnowned<'l>, _: JClass<'l>, handle: jlong) -> JByteArray<'l> {
    boundary(env, |env| {
        // SAFETY: the rule of `Native`.
        let counts = unsafe { client(handle) }.client.connections();
        Ok(env.byte_array_from_slice(&model::record(&counts))?)
    })
}

pub(super) fn infer<'l>(
    env: EnvUnowned<'l>,
    _: JClass<'l>,
    handle: jlong,
    record: JByteArray<'l>,
    buffers: Array<'l>,
    options: JByteArray<'l>,
    token: jlong,
) -> JObject<'l> {
    boundary(env, |env| {
        let request = decode(env, &record, &buffers)?;
        let options = request::array(env, &options)?;
        // SAFETY: the rule of `Native`.
        let (client, options) = unsafe { (client(handle), options::interruptible(&options, token)?) };
        let result = client.client.infer_with(&request, &options.options)?;
        Ok(Outcome::Result(result).into_java_object(env)?)
    })
}

pub(super) fn infer_async<'l>(
    env: EnvUnowned<'l>,
    _: JClass<'l>,
    handle: jlong,
    record: JByteArray<'l>,
    buffers: Array<'l>,
    options: JByteArray<'l>,
    id: jlong,
    may_wait: bool,
) -> bool {
    boundary(env, |env| {
        let request = decode(env, &record, &buffers)?;
        let options = request::array(env, &options)?;
        // SAFETY: the rule of `Native`.
        let options = options::call(&options, |handle| unsafe { options::token_of(handle) })?;
        // SAFETY: the rule of `Native`.
        let JavaClient { client, completions } = unsafe { client(handle) };
        let receiver = completions.clone();
        let started = client.infer_announced(
            &request,
            &options,
            may_wait,
            |call| completions.keep(id, call),
            move |outcome| receiver.complete(id, outcome.into()),
        );
        if !matches!(started, Ok(true)) {
            completions.forget(id);
        }
        Ok(started?)
    })
}

pub(super) fn infer_many<'l>(
    env: EnvUnowned<'l>,
    _: JClass<'l>,
    handle: jlong,
    records: JObjectArray<'l, JByteArray<'l>>,
    buffers: JObjectArray<'l, Array<'l>>,
    options: JByteArray<'l>,
    token: jlong,
) -> Array<'l> {
    boundary(env, |env| {
        let count = records.len(env)?;
        let mut requests = Vec::with_capacity(count);
        for at in 0..count {
            let record = records.get_element(env, at)?;
            let own = buffers.get_element(env, at)?;
            requests.push(decode(env, &record, &own)?);
            env.delete_local_ref(record);
            env.delete_local_ref(own);
        }
        let requests: Vec<_> = requests.iter().collect();
        let options = request::array(env, &options)?;
        // SAFETY: the rule of `Native`.
        let (client, options) = unsafe { (client(handle), options::interruptible(&options, token)?) };
        let outcomes = client.client.infer_many(&requests, &[&options.options])?;
        let array = env.new_object_type_array::<JObject>(count, JObject::null())?;
        for (at, outcome) in outcomes.into_iter().enumerate() {
            match Outcome::from(outcome).into_java_object(env) {
                Ok(outcome) => {
                    array.set_element(env, at, &outcome)?;
                    env.delete_local_ref(outcome);
                }
                // Java has no memory for it. The element is null, and the results before it are not lost.
                Err(_) => env.exception_clear(),
            }
        }
        Ok(array)
    })
}

pub(super) fn cancel_call<'l>(env: EnvUnowned<'l>, _: JClass<'l>, handle: jlong, id: jlong) {
    boundary(env, |_| {
        // SAFETY: the rule of `Native`.
        unsafe { client(handle) }.completions.cancel(id);
        Ok(())
    });
}

pub(super) fn result_free<'l>(env: EnvUnowned<'l>, _: JClass<'l>, result: jlong) {
    boundary(env, |_| {
        // SAFETY: the rule of `Native`.
        unsafe { handle::free::<InferResult>(result) };
        Ok(())
    });
}

pub(super) fn token_new<'l>(env: EnvUnowned<'l>, _: JClass<'l>) -> jlong {
    boundary(env, |_| Ok(handle::new(CancelToken::new())))
}

pub(super) fn token_cancel<'l>(env: EnvUnowned<'l>, _: JClass<'l>, token: jlong) {
    boundary(env, |_| {
        // SAFETY: the rule of `Native`.
        unsafe { handle::get::<CancelToken>(token) }.cancel();
        Ok(())
    });
}

pub(super) fn token_is_cancelled<'l>(env: EnvUnowned<'l>, _: JClass<'l>, token: jlong) -> bool {
    // SAFETY: the rule of `Native`.
    boundary(env, |_| Ok(unsafe { handle::get::<CancelToken>(token) }.is_cancelled()))
}

pub(super) fn token_free<'l>(env: EnvUnowned<'l>, _: JClass<'l>, token: jlong) {
    boundary(env, |_| {
        // SAFETY: the rule of `Native`.
        unsafe { handle::free::<CancelToken>(token) };
        Ok(())
    });
}

/// Decodes a request whose buffers Java keeps reachable until the call is complete.
pub(super) fn decode<'l>(
    env: &mut Env<'l>,
    record: &JByteArray<'l>,
    buffers: &Array<'l>,
) -> Result<InferRequest<'static>, Failure> {
    let record = request::array(env, record)?;
    request::decode(&record, &mut Buffers { env, buffers })
}
