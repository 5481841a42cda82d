//! Threads of the library that call Java: each attaches itself once as a daemon, which lets the JVM exit, and
//! detaches itself when it ends. The jni crate attaches as a daemon in no way, and detaches only what it
//! attached.

use std::{
    cell::RefCell,
    ffi::c_void,
    ptr, thread,
    time::{Duration, Instant},
};

use jni::{Env, EnvUnowned, JavaVM, sys};

/// How long a thread tries to attach itself if the JVM refuses it. The heap may be full: Java's object for
/// the thread does not fit. The JVM refuses threads for good when it is about to end.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(5);

thread_local! {
    static ATTACHED: RefCell<Option<Attachment>> = const { RefCell::new(None) };
}

/// The attachment of this thread, which ends with the thread.
struct Attachment {
    vm: *mut sys::JavaVM,
    env: *mut sys::JNIEnv,
}

impl Drop for Attachment {
    fn drop(&mut self) {
        // SAFETY: this thread is attached, and has no Java frame: it is ending.
        unsafe { ((**self.vm).v1_4.DetachCurrentThread)(self.vm) };
    }
}

/// Runs `body` with the JNI environment of this thread, in a frame of local references of its own. A thread
/// of the library is attached by the first call, after which `attached` runs; a Java thread, inside a native,
/// is attached already. Returns `None` without a JVM, or if it refuses the thread: at once, or for some time
/// if `is_patient`. No exception of `body` is left pending; one that was pending before is the native's own:
/// then `body` does not run.
pub(super) fn with_env<T>(
    is_patient: bool,
    attached: impl FnOnce(&mut Env<'_>) -> jni::errors::Result<()>,
    body: impl FnOnce(&mut Env<'_>) -> jni::errors::Result<T>,
) -> Option<T> {
    let start = Instant::now();
    let (env, is_new) = loop {
        match current_env() {
            Some(env) => break env,
            None if is_patient && start.elapsed() < PATIENCE => thread::sleep(PAUSE),
            None => return None,
        }
    };
    // SAFETY: it is this thread's environment, which is valid until the thread ends or the native returns.
    let mut unowned = unsafe { EnvUnowned::from_raw(env) };
    let mut outcome = None;
    let _ = unowned
        .with_env_no_catch(|env| -> jni::errors::Result<()> {
            const REFERENCES: usize = 16;
            if env.exception_check() {
                return Ok(());
            }
            let framed = env.with_local_frame(REFERENCES, |env| -> jni::errors::Result<()> {
                if is_new {
                    let _ = attached(env);
                    env.exception_clear();
                }
                outcome = Some(body(env)?);
                Ok(())
            });
            if framed.is_err() || env.exception_check() {
                env.exception_clear();
            }
            Ok(())
        })
        .into_outcome();
    outcome
}

/// Returns the environment of this thread, and whether the thread was attached just now.
fn current_env() -> Option<(*mut sys::JNIEnv, bool)> {
    let attached = ATTACHED.try_with(|attached| attached.borrow().as_ref().map(|attached| attached.env));
    if let Some(env) = attached.ok()? {
        return Some((env, false));
    }
    let vm = JavaVM::singleton().ok()?.get_raw();
    let mut env: *mut c_void = ptr::null_mut();
    // SAFETY: the JVM is the one that loaded the library, and the pointer is valid for the result.
    let state = unsafe { ((**vm).v1_4.GetEnv)(vm, &mut env, sys::JNI_VERSION_1_8) };
    if state == sys::JNI_OK {
        return Some((env.cast(), false));
    }
    let name = thread::current().name().and_then(|name| std::ffi::CString::new(name).ok());
    let mut arguments = sys::JavaVMAttachArgs {
        version: sys::JNI_VERSION_1_8,
        name: name.as_ref().map_or(ptr::null_mut(), |name| name.as_ptr().cast_mut()),
        group: ptr::null_mut(),
    };
    // SAFETY: as above; the name is read during the call only.
    let state =
        unsafe { ((**vm).v1_4.AttachCurrentThreadAsDaemon)(vm, &mut env, (&raw mut arguments).cast()) };
    if state != sys::JNI_OK {
        return None;
    }
    let env = env.cast();
    ATTACHED.with(|attached| *attached.borrow_mut() = Some(Attachment { vm, env }));
    Some((env, true))
}
