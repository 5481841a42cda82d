//! The natives of the Java client (`java/`): conversions and checks around the core, as in `src/ffi`. Each
//! operation is one native; a request crosses as one packed record with its buffers, a result comes back as
//! one record and buffers that show its memory. Getters live in Java.
//!
//! No static refers to a class of Java: that would keep its class loader alive for ever, and would be wrong
//! for the second class loader on the same library.

#![expect(
    clippy::too_many_arguments,
    reason = "a native has those of its operation, the environment and the class"
)]

mod attach;
mod boundary;
mod client;
mod completions;
mod control;
mod error;
#[cfg(test)]
mod fuzz;
mod half;
mod handle;
mod known;
mod model;
mod options;
mod record;
mod request;
mod result;
mod stream;

use std::{ffi::c_void, ptr};

use jni::{
    EnvUnowned, JavaVM, NativeMethod, jni_str, native_method,
    objects::{JByteArray, JClass},
    sys::{self, jint, jlong},
};

use self::boundary::boundary;

/// The number of this version of the natives and of the packed records. `Native.ABI` in Java is the same.
const ABI: jint = 1;

/// The natives that [`JNI_OnLoad`] registers, with which Java compares the versions and registers the others.
const FIRST: [NativeMethod; 2] =
    [native_method! { static raw fn abi_version() -> jint }, native_method! { static raw fn register() }];

/// All natives but those of the control plane, in the order of `Native`. Each signature is checked against
/// its function here, and against Java's declaration by [`register`].
const TABLE: &[NativeMethod] = &[
    native_method! {
        static raw fn client_new(jbyte[], jbyte[], org.tritonclient.Completions) -> jlong,
        fn = client::client_new,
    },
    native_method! { static raw fn client_close(jlong, jlong), fn = client::client_close },
    native_method! { static raw fn client_shutdown(jlong), fn = client::client_shutdown },
    native_method! { static raw fn client_free(jlong), fn = client::client_free },
    native_method! { static raw fn client_statistics(jlong) -> jbyte[], fn = client::client_statistics },
    native_method! { static raw fn connection_counts(jlong) -> jbyte[], fn = client::connection_counts },
    native_method! { static raw fn close_idle(jlong), fn = client::close_idle },
    native_method! { static raw fn token_new() -> jlong, fn = client::token_new },
    native_method! { static raw fn token_cancel(jlong), fn = client::token_cancel },
    native_method! { static raw fn token_is_cancelled(jlong) -> jboolean, fn = client::token_is_cancelled },
    native_method! { static raw fn token_free(jlong), fn = client::token_free },
    native_method! {
        static raw fn infer(jlong, jbyte[], JObject[], jbyte[], jlong) -> JObject,
        fn = client::infer,
    },
    native_method! {
        static raw fn infer_async(jlong, jbyte[], JObject[], jbyte[], jlong, jint, jboolean) -> jboolean,
        fn = client::infer_async,
    },
    native_method! {
        static raw fn infer_many(jlong, jbyte[][], JObject[][], jbyte[], jlong) -> JObject[],
        fn = client::infer_many,
    },
    native_method! { static raw fn cancel_call(jlong, jlong), fn = client::cancel_call },
    native_method! { static raw fn result_free(jlong), fn = client::result_free },
    native_method! { static raw fn stream_open(jlong, jbyte[]) -> jlong, fn = stream::stream_open },
    native_method! {
        static raw fn stream_send(jlong, jbyte[], JObject[], jlong, jlong),
        fn = stream::stream_send,
    },
    native_method! {
        static raw fn stream_send_async(jlong, jbyte[], JObject[], jlong, jlong, jlong) -> jboolean,
        fn = stream::stream_send_async,
    },
    native_method! { static raw fn stream_finish(jlong), fn = stream::stream_finish },
    native_method! { static raw fn stream_cancel(jlong), fn = stream::stream_cancel },
    native_method! { static raw fn stream_next(jlong, jlong, jlong) -> JObject, fn = stream::stream_next },
    native_method! { static raw fn stream_next_async(jlong, jlong), fn = stream::stream_next_async },
    native_method! { static raw fn stream_free(jlong), fn = stream::stream_free },
    native_method! {
        static raw fn half_from_floats(jfloat[], jint) -> jbyte[],
        fn = half::half_from_floats,
    },
    native_method! { static raw fn half_to_floats(jbyte[], jint) -> jfloat[], fn = half::half_to_floats },
    native_method! { static raw fn panic(jbyte[]), fn = panic },
    native_method! { static raw fn live_objects() -> jlong, fn = live_objects },
];

/// Called by the JVM for each class loader that loads the library, also after others on the same copy.
#[unsafe(no_mangle)]
unsafe extern "system" fn JNI_OnLoad(vm: *mut sys::JavaVM, _: *mut c_void) -> jint {
    // SAFETY: the JVM passes itself; a process has only one.
    let vm = unsafe { JavaVM::from_raw(vm) };
    let mut env: *mut c_void = ptr::null_mut();
    // SAFETY: as above; the thread that loads a library is attached.
    let state = unsafe { ((**vm.get_raw()).v1_4.GetEnv)(vm.get_raw(), &mut env, VERSION) };
    if state == sys::JNI_OK {
        // SAFETY: the environment is that of this thread, in the native frame of System.load.
        let env = unsafe { EnvUnowned::from_raw(env.cast()) };
        boundary(env, |env| {
            // The loader is that of the class that called System.load.
            match env.find_class(jni_str!("org/tritonclient/Native")) {
                // SAFETY: the functions have the signatures that they are registered with.
                Ok(class) => unsafe { env.register_native_methods(class, &FIRST) }?,
                // It was loaded for something else.
                Err(_) => env.exception_clear(),
            }
            Ok(())
        });
    }
    VERSION
}

const VERSION: jint = sys::JNI_VERSION_1_8;

fn abi_version<'l>(_: EnvUnowned<'l>, _: JClass<'l>) -> jint {
    ABI
}

fn register<'l>(env: EnvUnowned<'l>, class: JClass<'l>) {
    boundary(env, |env| {
        // SAFETY: the functions have the signatures that they are registered with.
        unsafe { env.register_native_methods(&class, TABLE) }?;
        // SAFETY: as above.
        Ok(unsafe { env.register_native_methods(&class, control::NATIVES) }?)
    });
}

/// Lets Java's tests see what becomes of a panic.
fn panic<'l>(env: EnvUnowned<'l>, _: JClass<'l>, message: JByteArray<'l>) {
    boundary(env, |env| -> Result<(), _> {
        let message = request::array(env, &message)?;
        panic!("{}", String::from_utf8_lossy(&message))
    });
}

fn live_objects<'l>(_: EnvUnowned<'l>, _: JClass<'l>) -> jlong {
    handle::live()
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, ffi::CStr, fs, path::Path};

    use super::*;

    /// For a native that Java lacks `RegisterNatives` fails. One that the tables lack fails only when called.
    #[test]
    fn java_declares_the_natives_of_the_tables() {
        let file = "java/src/main/java/org/tritonclient/Native.java";
        let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).unwrap();
        let declared: BTreeSet<_> = source
            .lines()
            .filter_map(|line| line.trim().strip_prefix("static native "))
            .filter_map(|native| native.split(['(']).next()?.split(' ').next_back())
            .map(str::to_owned)
            .collect();
        let tables = [&FIRST[..], TABLE, control::NATIVES].concat();
        let registered: BTreeSet<_> = tables
            .iter()
            .map(|native| {
                // SAFETY: the struct has the layout of the one of JNI, whose name is a C string.
                let name =
                    unsafe { CStr::from_ptr((*ptr::from_ref(native).cast::<sys::JNINativeMethod>()).name) };
                name.to_str().unwrap().to_owned()
            })
            .collect();
        assert_eq!(registered.len(), tables.len());
        assert_eq!(declared, registered);
    }
}
