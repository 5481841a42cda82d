//! What every native does: no panic leaves it, and each error becomes a Java exception.

use jni::{
    Env, EnvUnowned, Outcome, jni_sig, jni_str,
    objects::{JObject, JThrowable, JValue},
};

use super::error;
use crate::{error::Error, panic};

/// Why a native failed.
pub(super) enum Failure {
    /// An error of the library.
    Error(Error),
    /// A JNI function failed. If it threw, the exception is pending.
    Java(jni::errors::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

impl From<jni::errors::Error> for Failure {
    fn from(error: jni::errors::Error) -> Self {
        Self::Java(error)
    }
}

/// Runs the body of a native. An error and a panic become an `InferenceException`; a Java exception that is
/// pending stays what it is.
pub(super) fn boundary<'l, T: Default>(
    mut env: EnvUnowned<'l>,
    body: impl FnOnce(&mut Env<'l>) -> Result<T, Failure>,
) -> T {
    let outcome = env.with_env_no_catch(|env| -> jni::errors::Result<T> {
        let outcome = panic::guard(|| match body(env) {
            Ok(value) => Ok(Ok(value)),
            Err(Failure::Error(error)) => Err(error),
            Err(Failure::Java(error)) => Ok(Err(error)),
        });
        match outcome {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => throw(env, Failure::Java(error)),
            Err(error) => throw(env, Failure::Error(error)),
        }
        Ok(T::default())
    });
    match outcome.into_outcome() {
        Outcome::Ok(value) => value,
        _ => T::default(),
    }
}

/// Throws an error, unless an exception is pending already. If that fails, it leaves a pending exception:
/// that the class is missing, or that memory is. A function of its own: in each native it would take space.
#[cold]
#[inline(never)]
fn throw(env: &mut Env<'_>, failure: Failure) {
    if env.exception_check() {
        return;
    }
    let error = match failure {
        Failure::Error(error) => error,
        Failure::Java(error) => Error::internal("a JNI function failed").with_source(error),
    };
    // The class is that of the loader that called the native: no reference to it is kept.
    let _ = env.with_local_frame(4, |env| -> jni::errors::Result<()> {
        let class = env.find_class(jni_str!("org/tritonclient/Native"))?;
        let record = env.byte_array_from_slice(&error::record(&error))?;
        let none = JObject::null();
        let cause = error::thrown(&error).unwrap_or(&none);
        let arguments = [JValue::Object(&record), JValue::Object(cause)];
        let signature = jni_sig!("([BLjava/lang/Throwable;)Lorg/tritonclient/InferenceException;");
        let exception = env.call_static_method(class, jni_str!("failure"), signature, &arguments)?.l()?;
        let exception = env.cast_local::<JThrowable>(exception)?;
        env.throw(exception)
    });
}
