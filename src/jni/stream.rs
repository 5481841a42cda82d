//! Streams. Java fetches their events one by one, also those for a handler or a subscriber: a slow one then
//! stops the transfer, and no thread of its own is needed.

use std::sync::Arc;

use jni::{
    EnvUnowned,
    objects::{JByteArray, JClass, JObject},
    sys::{jboolean, jlong},
};

use super::{
    boundary::{Failure, boundary},
    client::{Array, client, decode},
    completions::Completions,
    handle,
    options::{self, duration},
    request,
    result::{Handle, Outcome},
};
use crate::{stream::Stream, until::CancelToken};

/// A stream of Java.
struct JavaStream {
    stream: Stream,
    completions: Arc<Completions>,
}

/// # Safety
/// `stream` is the handle of a stream that Java keeps alive during the native.
unsafe fn stream<'h>(stream: jlong) -> &'h JavaStream {
    // SAFETY: the rule of this function.
    unsafe { handle::get(stream) }
}

/// # Safety
/// `token` is 0 or the handle of a token that Java keeps alive during the native.
unsafe fn token<'h>(token: jlong) -> Option<&'h CancelToken> {
    // SAFETY: the rule of this function.
    (token != 0).then(|| unsafe { handle::get(token) })
}

pub(super) fn stream_open<'l>(
    env: EnvUnowned<'l>,
    _: JClass<'l>,
    handle: jlong,
    options: JByteArray<'l>,
) -> jlong {
    boundary(env, |env| {
        let options = request::array(env, &options)?;
        // SAFETY: the rule of `Native`.
        let options = options::stream(&options, |handle| unsafe { options::token_of(handle) })?;
        // SAFETY: the rule of `Native`.
        let client = unsafe { client(handle) };
        let stream = client.client.open_stream(&options)?;
        Ok(handle::new(JavaStream { stream, completions: client.completions.clone() }))
    })
}

pub(super) fn stream_send<'l>(
    env: EnvUnowned<'l>,
    _: JClass<'l>,
    handle: jlong,
    record: JByteArray<'l>,
    buffers: Array<'l>,
    timeout_nanos: jlong,
    cancel: jlong,
) {
    boundary(env, |env| {
        let request = decode(env, &record, &buffers)?;
        // SAFETY: the rule of `Native`.
        let (stream, cancel) = unsafe { (stream(handle), token(cancel)) };
        Ok(stream.stream.send_until(&request, duration(timeout_nanos), cancel)?)
    });
}

#[expect(clippy::too_many_arguments, reason = "a JNI function")]
pub(super) fn stream_send_async<'l>(
    env: EnvUnowned<'l>,
    _: JClass<'l>,
    handle: jlong,
    record: JByteArray<'l>,
    buffers: Array<'l>,
    timeout_nanos: jlong,
    cancel: jlong,
    id: jlong,
) -> jboolean {
    boundary(env, |env| {
        let request = decode(env, &record, &buffers)?;
        // SAFETY: the rule of `Native`.
        let (JavaStream { stream, completions }, cancel) = unsafe { (stream(handle), token(cancel)) };
        let completions = completions.clone();
        let sent = stream.send_with_callback(&request, duration(timeout_nanos), cancel, move |outcome| {
            completions.notify(id, outcome.map_or_else(Outcome::Error, |()| Outcome::End(Ok(()))));
        })?;
        Ok(sent)
    })
}

pub(super) fn stream_finish<'l>(env: EnvUnowned<'l>, _: JClass<'l>, handle: jlong) {
    // SAFETY: the rule of `Native`.
    boundary(env, |_| Ok(unsafe { stream(handle) }.stream.finish()?));
}

pub(super) fn stream_cancel<'l>(env: EnvUnowned<'l>, _: JClass<'l>, handle: jlong) {
    boundary(env, |_| {
        // SAFETY: the rule of `Native`.
        unsafe { stream(handle) }.stream.cancel();
        Ok(())
    });
}

pub(super) fn stream_next<'l>(
    env: EnvUnowned<'l>,
    _: JClass<'l>,
    handle: jlong,
    timeout_nanos: jlong,
    cancel: jlong,
) -> JObject<'l> {
    boundary(env, |env| {
        // SAFETY: the rule of `Native`.
        let (stream, cancel) = unsafe { (&stream(handle).stream, token(cancel)) };
        let outcome = match stream.next_until(duration(timeout_nanos), cancel) {
            Ok(event) => event.into(),
            Err(error) => Outcome::End(stream.returned_end().ok_or(error)?),
        };
        let (event, handle) = outcome.into_java_object(env)?;
        handle.into_iter().for_each(Handle::give);
        Ok(event)
    })
}

pub(super) fn stream_next_async<'l>(env: EnvUnowned<'l>, _: JClass<'l>, handle: jlong, id: jlong) {
    boundary(env, |_| -> Result<(), Failure> {
        // SAFETY: the rule of `Native`.
        let JavaStream { stream, completions } = unsafe { stream(handle) };
        let completions = completions.clone();
        stream.next_with_callback(move |event| completions.notify(id, event.into()))?;
        Ok(())
    });
}

pub(super) fn stream_free<'l>(env: EnvUnowned<'l>, _: JClass<'l>, handle: jlong) {
    boundary(env, |_| {
        // SAFETY: the rule of `Native`.
        unsafe { handle::free::<JavaStream>(handle) };
        Ok(())
    });
}
