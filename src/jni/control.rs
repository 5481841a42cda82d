//! The control plane: one native for each operation. Its arguments are a record of the strings that the
//! method of [`Client`] takes, in the same order, and after them the operation's own options.

use std::ops::ControlFlow;

use jni::{
    Env, EnvUnowned, NativeMethod, jni_sig, jni_str, native_method,
    objects::{JByteArray, JClass, JObject, JValue},
    sys::jlong,
};

use super::{
    boundary::{Failure, boundary},
    client::client,
    model::{BOOL, CLEARED, Encode, LIST, NUMBER, TEXT},
    options,
    record::{Reader, Writer, malformed},
    request::array,
};
use crate::{
    client::Client,
    error::{Error, Origin, Result, Status},
    headers::Headers,
    model::{RepositoryOptions, SettingsUpdate},
    options::CallOptions,
};

/// Defines natives of the same signature, each by its call of the client.
macro_rules! natives {
    ($($name:ident: |$client:ident, $arguments:ident, $options:ident| $call:expr;)*) => {
        $(
            fn $name<'l>(
                env: EnvUnowned<'l>,
                _: JClass<'l>,
                client: jlong,
                arguments: JByteArray<'l>,
                options: JByteArray<'l>,
                token: jlong,
            ) -> JByteArray<'l> {
                operation(env, client, &arguments, &options, token, |$client, $arguments, $options| $call)
            }
        )*

        /// The natives of the control plane.
        pub(super) const NATIVES: &[NativeMethod] = &[
            $(native_method! { static raw fn $name(jlong, jbyte[], jbyte[], jlong) -> jbyte[], fn = $name },)*
            native_method! {
                static raw fn generate_stream(
                    jlong, jbyte[], jbyte[], jlong, org.tritonclient.GenerateEvents,
                ) -> jbyte[],
                fn = generate_stream,
            },
        ];
    };
}

natives! {
    is_server_live: |client, _of, options| client.is_server_live(options);
    is_server_ready: |client, _of, options| client.is_server_ready(options);
    is_model_ready: |client, of, options| client.is_model_ready(of.str()?, of.str()?, options);
    health_check: |client, of, options| client.health_check(of.str()?, options);
    wait_ready: |client, of, options| client.wait_ready(of.str()?, of.str()?, options);
    server_metadata: |client, _of, options| client.server_metadata(options);
    model_metadata: |client, of, options| client.model_metadata(of.str()?, of.str()?, options);
    model_config: |client, of, options| client.model_config(of.str()?, of.str()?, options);
    repository_index: |client, of, options| client.repository_index(&repository(of.bytes()?)?, options);
    load_model: |client, of, options| client.load_model(of.str()?, &repository(of.bytes()?)?, options);
    unload_model: |client, of, options| client.unload_model(of.str()?, &repository(of.bytes()?)?, options);
    model_statistics: |client, of, options| client.model_statistics(of.str()?, of.str()?, options);
    trace_settings: |client, of, options| client.trace_settings(of.str()?, options);
    update_trace_settings: |client, of, options| {
        client.update_trace_settings(of.str()?, &update(of.bytes()?)?, options)
    };
    log_settings: |client, _of, options| client.log_settings(options);
    update_log_settings: |client, of, options| client.update_log_settings(&update(of.bytes()?)?, options);
    metrics: |client, _of, options| client.metrics(options);
    connect: |client, of, options| {
        // A Java int.
        let count = of.i32()?;
        let count = usize::try_from(count)
            .map_err(|_| Error::invalid(format!("the number of connections must not be negative, got {count}")));
        client.connect(count?, options)
    };
    generate: |client, of, options| client.generate(of.str()?, of.str()?, of.str()?, options);
}

fn operation<'l, T: Encode>(
    env: EnvUnowned<'l>,
    handle: jlong,
    arguments: &JByteArray<'l>,
    options: &JByteArray<'l>,
    token: jlong,
    call: impl FnOnce(&Client, &mut Reader<'_>, &CallOptions) -> Result<T>,
) -> JByteArray<'l> {
    boundary(env, |env| {
        let (arguments, options) = (array(env, arguments)?, array(env, options)?);
        // SAFETY: the rule of `Native`.
        let (client, options) = unsafe { (client(handle), options::interruptible(&options, token)?) };
        let result = call(&client.client, &mut Reader::new(&arguments), &options.options)?;
        reply(env, &result)
    })
}

/// Returns the record of a result to Java.
fn reply<'l>(
    env: &mut Env<'l>,
    result: &(impl Encode + ?Sized),
) -> std::result::Result<JByteArray<'l>, Failure> {
    let mut record = Writer::default();
    result.encode(&mut record);
    let record = record.into_vec();
    if i32::try_from(record.len()).is_err() {
        let message = format!("the response of {} bytes exceeds the size of a Java array", record.len());
        return Err(Error::new(Status::ResourceExhausted, Origin::Client, message).into());
    }
    Ok(env.byte_array_from_slice(&record)?)
}

fn generate_stream<'l>(
    env: EnvUnowned<'l>,
    _: JClass<'l>,
    handle: jlong,
    arguments: JByteArray<'l>,
    options: JByteArray<'l>,
    token: jlong,
    events: JObject<'l>,
) -> JByteArray<'l> {
    boundary(env, |env| {
        let (arguments, options) = (array(env, &arguments)?, array(env, &options)?);
        let mut of = Reader::new(&arguments);
        let (model, version, json) = (of.str()?, of.str()?, of.str()?);
        // SAFETY: the rule of `Native`.
        let (client, options) = unsafe { (client(handle), options::interruptible(&options, token)?) };
        // What the handler answered when it did not continue. Its exception is not left pending: the end of
        // the call may write to a log in Java.
        let mut end = None;
        let outcome = client.client.generate_stream(model, version, json, &options.options, |event| {
            match deliver(env, &events, event) {
                Ok(true) => ControlFlow::Continue(()),
                answer => {
                    let thrown = env.exception_occurred();
                    env.exception_clear();
                    end = Some((answer, thrown));
                    ControlFlow::Break(())
                }
            }
        });
        match (outcome, end) {
            (_, Some((_, Some(thrown)))) => {
                Err(env.throw(thrown).err().unwrap_or(jni::errors::Error::JavaException).into())
            }
            (_, Some((Err(failed), None))) => Err(failed.into()),
            (Err(ended), Some((Ok(_), None))) => reply(env, ended.headers().unwrap_or(&Headers::none())),
            (outcome, _) => reply(env, &outcome?),
        }
    })
}

/// Passes an event to Java, and returns whether the handler continues.
fn deliver(env: &Env<'_>, events: &JObject<'_>, json: &str) -> jni::errors::Result<bool> {
    const REFERENCES: usize = 4;
    env.with_local_frame(REFERENCES, |env| {
        let json = env.byte_array_from_slice(json.as_bytes())?;
        env.call_method(events, jni_str!("event"), jni_sig!("([B)Z"), &[JValue::Object(&json)])?.z()
    })
}

/// Decodes options of the repository: entries, each with its key.
pub(super) fn repository(bytes: &[u8]) -> Result<RepositoryOptions> {
    let record = &mut Reader::new(bytes);
    let mut options = RepositoryOptions::new();
    while !record.is_at_end() {
        match record.u8()? {
            1 => options.set_repository_name(record.str()?)?,
            2 => options.set_ready_only(record.bool()?),
            3 => options.set_config(record.opt_str()?)?,
            4 => {
                let path = record.str()?;
                options.add_file(path, record.bytes()?)?
            }
            5 => options.set_unload_dependents(record.bool()?),
            _ => return Err(malformed("unknown option of the repository")),
        };
    }
    Ok(options)
}

/// Decodes a list of changes to settings.
pub(super) fn update(bytes: &[u8]) -> Result<SettingsUpdate> {
    let record = &mut Reader::new(bytes);
    let mut update = SettingsUpdate::new();
    // The least that a change takes.
    const CHANGE: usize = 5;
    for _ in 0..record.count(CHANGE)? {
        let name = record.str()?;
        match record.u8()? {
            CLEARED => update.clear(name)?,
            BOOL => update.set(name, record.bool()?)?,
            NUMBER => {
                let number = record.i64()?;
                let invalid = |_| {
                    Error::invalid(format!(
                        "setting '{name}': expected a number from 0 to {}, got {number}",
                        u32::MAX
                    ))
                };
                update.set(name, u32::try_from(number).map_err(invalid)?)?
            }
            TEXT => update.set(name, record.str()?)?,
            LIST => {
                let texts: Vec<_> = (0..record.count(4)?).map(|_| record.str()).collect::<Result<_>>()?;
                update.set(name, &texts[..])?
            }
            _ => return Err(malformed("unknown kind of setting")),
        };
    }
    Ok(update)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_the_repository_are_those_of_the_builder() {
        let mut record = Writer::default();
        record.u8(1);
        record.str("r");
        record.u8(2);
        record.bool(true);
        record.u8(3);
        record.str("{}");
        for content in [&[1, 2][..], &[0, 255]] {
            record.u8(4);
            record.str("1/m");
            record.bytes(content);
        }
        record.u8(5);
        record.bool(true);
        let bytes = record.into_vec();
        let mut expected = RepositoryOptions::new();
        expected.set_repository_name("r").unwrap().set_ready_only(true).set_config(Some("{}")).unwrap();
        expected.add_file("1/m", [0, 255]).unwrap().set_unload_dependents(true);
        assert_eq!(format!("{:?}", repository(&bytes).unwrap()), format!("{expected:?}"));
        // Null is the model's own configuration.
        let unset = [&bytes[..], &[3, 255, 255, 255, 255]].concat();
        expected.set_config(None).unwrap();
        assert_eq!(format!("{:?}", repository(&unset).unwrap()), format!("{expected:?}"));
        for length in 1..bytes.len() {
            // Between two entries it is whole.
            let outcome = repository(&bytes[..length]);
            assert_eq!(outcome.is_ok(), [6, 8, 15, 29, 43].contains(&length), "{length}");
        }
        assert_eq!(repository(&[6]).unwrap_err().status(), Status::Internal);
        assert_eq!(repository(&[3, 1, 0, 0, 0, b'x']).unwrap_err().status(), Status::InvalidArgument);
    }

    #[test]
    fn updates_of_settings_are_those_of_their_methods() {
        let mut record = Writer::default();
        let number = |record: &mut Writer, number| {
            record.str("number");
            record.u8(NUMBER);
            record.i64(number);
        };
        record.i32(5);
        record.str("cleared");
        record.u8(CLEARED);
        record.str("bool");
        record.u8(BOOL);
        record.bool(true);
        number(&mut record, u32::MAX.into());
        record.str("text");
        record.u8(TEXT);
        record.str("t");
        record.str("list");
        record.u8(LIST);
        record.list(["a", "b"].iter(), |record, text| record.str(text));
        let bytes = record.into_vec();
        let mut expected = SettingsUpdate::new();
        expected.clear("cleared").unwrap().set("bool", true).unwrap().set("number", u32::MAX).unwrap();
        expected.set("text", "t").unwrap().set("list", &["a", "b"][..]).unwrap();
        assert_eq!(format!("{:?}", update(&bytes).unwrap()), format!("{expected:?}"));
        for length in 0..bytes.len() {
            assert_eq!(update(&bytes[..length]).unwrap_err().status(), Status::Internal, "{length}");
        }
        for value in [-1, 1 << 32] {
            let mut record = Writer::default();
            record.i32(1);
            number(&mut record, value);
            let error = update(&record.into_vec()).unwrap_err();
            assert_eq!((error.status(), error.origin()), (Status::InvalidArgument, Origin::Argument));
            assert!(error.to_string().contains("setting 'number'"), "{error}");
        }
    }
}
