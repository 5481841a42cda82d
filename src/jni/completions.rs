//! A client's object in Java, which learns of the end of its calls, of its streams' events and of log
//! messages, and adds headers to calls.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use jni::{
    Env, jni_sig, jni_str,
    objects::{Global, JByteArray, JMethodID, JObject, JObjectArray, JThrowable, JValue},
    signature::{Primitive, ReturnType},
    sys::{jlong, jvalue},
};

use super::{
    attach,
    error::Thrown,
    handle::Counted,
    options,
    record::{Reader, Writer},
    result::{Handle, Outcome},
};
use crate::{
    call::Call,
    error::{Error, Origin, Result, Status},
    log::LogLevel,
    options::CallHeaders,
    panic,
};

/// The `Completions` of a client. It is held by the client and by its calls, and dropped with the last of
/// them: a reference that lived longer would keep Java's class loader alive.
pub(super) struct Completions {
    object: Global<JObject<'static>>,
    complete: JMethodID,
    log: JMethodID,
    add_headers: JMethodID,
    attached: JMethodID,
    /// The calls under way.
    calls: Mutex<HashMap<jlong, (Call, Counted)>>,
    _counted: Counted,
}

impl Completions {
    pub(super) fn new(env: &mut Env<'_>, object: &JObject<'_>) -> jni::errors::Result<Arc<Self>> {
        let class = env.get_object_class(object)?;
        let complete =
            env.get_method_id(&class, jni_str!("complete"), jni_sig!("(J[B[Ljava/lang/Object;)V"))?;
        let log = env.get_method_id(&class, jni_str!("log"), jni_sig!("(I[B)V"))?;
        let signature = jni_sig!("([BZ)[Ljava/lang/Object;");
        let add_headers = env.get_method_id(&class, jni_str!("addHeaders"), signature)?;
        let attached = env.get_method_id(&class, jni_str!("attached"), jni_sig!("()V"))?;
        let object = env.new_global_ref(object)?;
        let calls = Mutex::default();
        let counted = Counted::new();
        Ok(Arc::new(Self { object, complete, log, add_headers, attached, calls, _counted: counted }))
    }

    /// Keeps the handle of a call, whose end does not cancel it, until the call is complete.
    pub(super) fn keep(&self, id: jlong, call: Call) {
        self.calls().insert(id, (call, Counted::new()));
    }

    /// Forgets a call that was not started.
    pub(super) fn forget(&self, id: jlong) {
        self.calls().remove(&id);
    }

    pub(super) fn cancel(&self, id: jlong) {
        if let Some((call, _)) = self.calls().get(&id) {
            call.cancel();
        }
    }

    /// Tells Java of the outcome of a call. Blocks while Java's method runs.
    pub(super) fn complete(&self, id: jlong, outcome: Outcome) {
        self.forget(id);
        self.notify(id, outcome);
    }

    /// Tells Java of an outcome. If memory does not suffice for it, Java is told of that. If memory does not
    /// suffice for telling, it is tried again for a second: what waits for the outcome would wait for ever.
    pub(super) fn notify(&self, id: jlong, outcome: Outcome) {
        const PAUSES: u32 = 10;
        self.with_env(true, |env| {
            // A panic must not lose the outcome either.
            let converted = match panic::guard(|| Ok(outcome.into_java(env))) {
                Ok(converted) => converted,
                Err(panicked) => Outcome::Error(panicked).into_java(env),
            };
            env.exception_clear();
            let (record, buffers, handle) = match converted {
                Ok(converted) => converted,
                Err(_) => (JByteArray::null(), Default::default(), None),
            };
            let arguments = [
                JValue::Long(id).as_jni(),
                JValue::Object(&record).as_jni(),
                JValue::Object(&buffers).as_jni(),
            ];
            let mut outcome = self.call(env, self.complete, &arguments);
            for pause in 0..PAUSES {
                if outcome.is_ok() {
                    break;
                }
                env.exception_clear();
                thread::sleep(Duration::from_millis(1 << pause));
                outcome = self.call(env, self.complete, &arguments);
            }
            if outcome.is_ok() {
                handle.into_iter().for_each(Handle::give);
            }
            outcome
        });
    }

    pub(super) fn log(&self, level: LogLevel, target: &str, message: &str) {
        self.with_env(false, |env| {
            let mut record = Writer::with_capacity(16 + target.len() + message.len());
            record.str(target);
            record.str(message);
            let record = env.byte_array_from_slice(&record.into_vec())?;
            self.call(env, self.log, &[JValue::Int(level as i32).as_jni(), JValue::Object(&record).as_jni()])
        });
    }

    /// Lets Java add headers to a call.
    pub(super) fn add_headers(&self, headers: &mut CallHeaders<'_>) -> Result<()> {
        let reply = attach::with_env(
            true,
            |env| self.call(env, self.attached, &[]),
            |env| self.headers(env, headers),
        );
        match reply {
            Some(Reply::Headers(record)) => {
                options::headers(&record, |name, value| headers.add(name, value).map(drop))
            }
            Some(Reply::Thrown(record, thrown)) => Err(refusal(&record, thrown)?),
            None => {
                let message = "Java cannot be called: its memory is exhausted, or it is about to end";
                Err(Error::new(Status::Unavailable, Origin::Client, message))
            }
        }
    }

    fn headers(&self, env: &mut Env<'_>, headers: &CallHeaders<'_>) -> jni::errors::Result<Reply> {
        let endpoint = env.byte_array_from_slice(headers.endpoint().as_bytes())?;
        let arguments = [JValue::Object(&endpoint).as_jni(), JValue::Bool(headers.was_refused()).as_jni()];
        // SAFETY: as in `call`.
        let reply = unsafe {
            let object = self.object.as_obj();
            env.call_method_unchecked(object, self.add_headers, ReturnType::Array, &arguments)
        }?;
        let reply = env.cast_local::<JObjectArray<JObject>>(reply.l()?)?;
        let record = reply.get_element(env, 0)?;
        let record = env.cast_local::<JByteArray>(record)?;
        let record = env.convert_byte_array(&record)?;
        let thrown = reply.get_element(env, 1)?;
        if thrown.is_null() {
            return Ok(Reply::Headers(record));
        }
        let thrown = env.cast_local::<JThrowable>(thrown)?;
        Ok(Reply::Thrown(record, env.new_global_ref(thrown)?))
    }

    fn with_env(&self, is_patient: bool, body: impl FnOnce(&mut Env<'_>) -> jni::errors::Result<()>) {
        attach::with_env(is_patient, |env| self.call(env, self.attached, &[]), body);
    }

    fn call(&self, env: &mut Env<'_>, method: JMethodID, arguments: &[jvalue]) -> jni::errors::Result<()> {
        let void = ReturnType::Primitive(Primitive::Void);
        // SAFETY: the method is one of this object's class, found with the signature of these arguments; the
        // class is not unloaded while `object` refers to an instance.
        unsafe { env.call_method_unchecked(self.object.as_obj(), method, void, arguments) }?;
        Ok(())
    }

    fn calls(&self) -> MutexGuard<'_, HashMap<jlong, (Call, Counted)>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What Java's header callback did.
enum Reply {
    /// The record of its headers.
    Headers(Vec<u8>),
    /// The record of what it threw, and that itself.
    Thrown(Vec<u8>, Global<JThrowable<'static>>),
}

/// Returns the error of a header callback that threw.
fn refusal(record: &[u8], throwable: Global<JThrowable<'static>>) -> Result<Error> {
    let record = &mut Reader::new(record);
    let is_retryable = record.bool()?;
    let text = record.str()?.to_owned();
    let error = Error::new(Status::Unknown, Origin::Client, "it threw an exception");
    Ok(error.retryable(is_retryable).with_source(Thrown { text, throwable }))
}
