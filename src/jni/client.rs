//! Clients, and inference by blocking and asynchronous calls.

use std::sync::Arc;

use jni::{
    Env, EnvUnowned,
    objects::{JByteArray, JClass, JObject, JObjectArray},
    sys::{jint, jlong},
};
use zeroize::Zeroizing;

use super::{
    boundary::{Failure, boundary},
    completions::Completions,
    handle,
    known::KnownRequests,
    model,
    options::{self, duration},
    record::malformed,
    request::{self, Buffers},
    result::{Handle, Outcome},
};
use crate::{
    client::{Client, WhenFull},
    error::Error,
    infer::{InferRequest, InferResult},
    log::LogCallback,
    options::HeaderCallback,
    until::CancelToken,
};

/// A client of Java.
pub(super) struct JavaClient {
    pub(super) client: Client,
    pub(super) completions: Arc<Completions>,
    requests: KnownRequests,
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
        let receiver = completions.clone();
        let headers: Arc<HeaderCallback> = Arc::new(move |headers| receiver.add_headers(headers));
        // It may have a key.
        let options = Zeroizing::new(env.convert_byte_array(&options)?);
        // SAFETY: the rule of `Native`.
        let token_of = |handle| unsafe { options::token_of(handle) };
        let options = options::client(&options, token_of, &log, &headers)?;
        let url = request::array(env, &url)?;
        let url = std::str::from_utf8(&url).map_err(|_| malformed("the URL is not UTF-8"))?;
        let client = Client::with_options(url, &options)?;
        Ok(handle::new(JavaClient { client, completions, requests: KnownRequests::default() }))
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

pub(super) fn close_idle<'l>(env: EnvUnowned<'l>, _: JClass<'l>, handle: jlong) {
    // SAFETY: the rule of `Native`.
    boundary(env, |_| Ok(unsafe { client(handle) }.client.close_idle()?));
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
        let record = request::array(env, &record)?;
        let options = request::array(env, &options)?;
        // SAFETY: the rule of `Native`.
        let (client, options) = unsafe { (client(handle), options::interruptible(&options, token)?) };
        let memory = &mut Buffers { env, buffers: &buffers };
        let result = client
            .requests
            .with(&record, memory, |request| Ok(client.client.infer_with(request, &options.options)?))?;
        let (result, handle) = Outcome::Result(result).into_java_object(env)?;
        handle.into_iter().for_each(Handle::give);
        Ok(result)
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
    when_full: jint,
    on_io_thread: bool,
) -> bool {
    boundary(env, |env| {
        let when_full = match when_full {
            0 => WhenFull::GiveUp,
            1 => WhenFull::Block,
            2 => WhenFull::Queue,
            _ => return Err(malformed("unknown way to wait for other calls").into()),
        };
        let record = request::array(env, &record)?;
        let options = request::array(env, &options)?;
        // SAFETY: the rule of `Native`.
        let options = options::call(&options, |handle| unsafe { options::token_of(handle) })?;
        // SAFETY: the rule of `Native`.
        let JavaClient { client, completions, requests } = unsafe { client(handle) };
        let receiver = completions.clone();
        let started = requests.with(&record, &mut Buffers { env, buffers: &buffers }, |request| {
            Ok(client.infer_announced(
                request,
                &options,
                when_full,
                on_io_thread,
                |call| completions.keep(id, call),
                move |outcome| receiver.complete(id, outcome.into()),
            )?)
        });
        if !matches!(started, Ok(true)) {
            completions.forget(id);
        }
        started
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
        let mut decoded = Vec::with_capacity(count);
        for at in 0..count {
            let record = records.get_element(env, at)?;
            let own = buffers.get_element(env, at)?;
            decoded.push(match decode(env, &record, &own) {
                Ok(request) => Ok(request),
                // The other requests are sent.
                Err(Failure::Error(error)) => Err(error),
                Err(failure) => return Err(failure),
            });
            env.delete_local_ref(record);
            env.delete_local_ref(own);
        }
        let requests: Vec<_> = decoded.iter().flatten().collect();
        let options = request::array(env, &options)?;
        // SAFETY: the rule of `Native`.
        let (client, options) = unsafe { (client(handle), options::interruptible(&options, token)?) };
        // Before the results: this may fail.
        let array = env.new_object_type_array::<JObject>(count, JObject::null())?;
        let mut outcomes = client.client.infer_many(&requests, &[&options.options])?.into_iter();
        // Freed again if Java's objects cannot be made for all of them.
        let mut handles = Vec::new();
        for (at, request) in decoded.iter().enumerate() {
            let outcome = match request {
                Ok(_) => outcomes.next().unwrap_or_else(|| Err(Error::internal("a call has no outcome"))),
                Err(error) => Err(error.clone()),
            };
            let (outcome, handle) = Outcome::from(outcome).into_java_object(env)?;
            handles.extend(handle);
            array.set_element(env, at, &outcome)?;
            env.delete_local_ref(outcome);
        }
        handles.into_iter().for_each(Handle::give);
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
