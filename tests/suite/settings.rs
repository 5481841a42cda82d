//! The settings of tracing and of the log: read, changed and restored, the same over both protocols.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use triton_client::{CallOptions, Client, Error, Origin, SettingValue, Settings, SettingsUpdate, Status};

use crate::{
    own_model::OwnModel,
    server::{clients, is_embedded},
    support::fault::{Grpc, GrpcResponse, Http, Response, response},
};

fn trace(client: &Client, model: &str) -> Settings {
    client.trace_settings(model, &CallOptions::new()).unwrap()
}

fn update(changes: &[(&str, SettingValue)]) -> SettingsUpdate {
    let mut update = SettingsUpdate::new();
    for (name, value) in changes {
        update.set(name, value.clone()).unwrap();
    }
    update
}

fn clear(names: &[&str]) -> SettingsUpdate {
    let mut update = SettingsUpdate::new();
    for name in names {
        update.clear(name).unwrap();
    }
    update
}

fn list(texts: &[&str]) -> SettingValue {
    texts.into()
}

/// The settings, which are the same over both protocols.
fn both(read: impl Fn(&Client) -> Settings) -> Settings {
    let [a, b] = clients().map(|client| read(&client));
    assert!(a.iter().eq(b.iter()), "{a:?} {b:?}");
    let [x, y] = [&a, &b].map(|settings| serde_json::from_str::<Value>(settings.json()).unwrap());
    assert_eq!(x, y);
    a
}

fn expect(settings: &Settings, values: &[(&str, SettingValue)]) {
    for (name, value) in values {
        assert_eq!(settings.get(name), Some(value), "{name} in {settings:?}");
    }
}

/// Both protocols in turn, in one test: the settings apply to the whole server.
#[test]
fn trace_settings_are_read_changed_and_cleared_for_the_server_and_for_a_model() {
    if is_embedded() {
        return;
    }
    let options = CallOptions::new();
    let before = both(|client| trace(client, ""));
    expect(
        &before,
        &[("trace_level", list(&["OFF"])), ("trace_rate", "1".into()), ("trace_count", "-1".into())],
    );
    assert_eq!(before.get("no_such"), None);
    let names: Vec<_> = before.iter().map(|(name, _)| name).collect();
    let known = ["log_frequency", "trace_count", "trace_file", "trace_level", "trace_mode", "trace_rate"];
    assert_eq!(names, known);
    for (client, protocol) in clients().iter().zip(["http", "grpc"]) {
        let model = OwnModel::load(client, &format!("settings_{protocol}"), &json!({}));
        let change = |model: &str, update: &SettingsUpdate| {
            let after = client.update_trace_settings(model, update, &options).unwrap();
            let read = both(|client| trace(client, model));
            assert!(after.iter().eq(read.iter()), "{after:?} {read:?}");
            read
        };
        // Any kind of value is accepted: trace settings are strings.
        let changed = change("", &update(&[("trace_rate", 700.into()), ("log_frequency", "3".into())]));
        expect(&changed, &[("trace_rate", "700".into()), ("log_frequency", "3".into())]);
        // A model has the server's settings, except for its own.
        expect(&both(|client| trace(client, &model.name)), &[("trace_rate", "700".into())]);
        let levels = list(&["TIMESTAMPS", "TENSORS"]);
        let own = update(&[("trace_level", levels.clone()), ("trace_rate", "9".into())]);
        let changed = change(&model.name, &own);
        expect(
            &changed,
            &[("trace_level", levels), ("trace_rate", "9".into()), ("log_frequency", "3".into())],
        );
        expect(
            &both(|client| trace(client, "")),
            &[("trace_level", list(&["OFF"])), ("trace_rate", "700".into())],
        );
        // A list with one value is a list.
        let one = change(&model.name, &update(&[("trace_level", "TIMESTAMPS".into())]));
        expect(&one, &[("trace_level", list(&["TIMESTAMPS"]))]);
        let cleared = change(&model.name, &clear(&["trace_level", "trace_rate"]));
        expect(&cleared, &[("trace_level", list(&["OFF"])), ("trace_rate", "700".into())]);
        let cleared = change("", &clear(&["trace_rate", "log_frequency"]));
        assert!(cleared.iter().eq(before.iter()), "{cleared:?}");
        // An empty update changes nothing.
        assert!(change("", &SettingsUpdate::new()).iter().eq(before.iter()));
        // 2.51 ignores these without an error.
        for (setting, value) in [("no_such", "1"), ("trace_mode", "opentelemetry"), ("trace_level", "LOUD")] {
            assert!(change("", &update(&[(setting, value.into())])).iter().eq(before.iter()), "{setting}");
        }
        for (model, setting, status, hint) in [
            ("", ("trace_file", "x"), Status::Unimplemented, "trace file location can not be updated"),
            ("", ("trace_rate", "x"), Status::InvalidArgument, "trace_rate"),
            ("no_such", ("trace_rate", "2"), Status::InvalidArgument, "unknown model : no_such"),
        ] {
            let update = update(&[(setting.0, setting.1.into())]);
            refused(&client.update_trace_settings(model, &update, &options).unwrap_err(), status, hint);
        }
        let error = client.trace_settings("no_such", &options).unwrap_err();
        refused(&error, Status::InvalidArgument, "unknown model : no_such");
        assert!(both(|client| trace(client, "")).iter().eq(before.iter()));
    }
}

fn refused(error: &Error, status: Status, hint: &str) {
    assert_eq!((error.status(), error.origin()), (status, Origin::Server), "{error:?}");
    assert!(error.to_string().contains(hint), "{hint}: {error}");
}

/// Both protocols in turn, in one test: the settings apply to the whole server.
#[test]
fn log_settings_are_read_and_changed_with_the_kinds_that_they_have() {
    if is_embedded() {
        return;
    }
    let options = CallOptions::new();
    let read = |client: &Client| client.log_settings(&options).unwrap();
    let before = both(read);
    let defaults = [
        ("log_error", true.into()),
        ("log_file", "".into()),
        ("log_format", "default".into()),
        ("log_info", true.into()),
        ("log_verbose_level", 0.into()),
        ("log_warning", true.into()),
    ];
    assert!(before.iter().eq(defaults.iter().map(|(name, value)| (*name, value))), "{before:?}");
    for client in clients() {
        let change = |changes: &[(&str, SettingValue)]| {
            let after = client.update_log_settings(&update(changes), &options).unwrap();
            let now = both(read);
            assert!(after.iter().eq(now.iter()), "{after:?} {now:?}");
            now
        };
        let others = [
            ("log_verbose_level", 1.into()),
            ("log_format", "ISO8601".into()),
            ("log_warning", false.into()),
        ];
        expect(&change(&others), &others);
        let back = change(&[&defaults[..1], &defaults[2..]].concat());
        assert!(back.iter().eq(before.iter()), "{back:?}");
        let error = client.update_log_settings(&update(&[("log_file", "x".into())]), &options).unwrap_err();
        refused(&error, Status::Unimplemented, "log file location can not be updated");
        let error = client.update_log_settings(&update(&[("log_format", "x".into())]), &options).unwrap_err();
        // 2.51 has another code for it over HTTP.
        let code = [Status::InvalidArgument, Status::Unavailable][usize::from(error.http_status().is_some())];
        refused(&error, code, "log_format");
        // A value of another kind than the setting's.
        let error = client.update_log_settings(&update(&[("log_info", 1.into())]), &options).unwrap_err();
        assert_eq!(error.origin(), Origin::Server, "{error:?}");
        // 2.51 ignores an unknown setting.
        let after = client.update_log_settings(&update(&[("no_such", true.into())]), &options).unwrap();
        assert!(after.iter().eq(before.iter()), "{after:?}");
        assert!(both(read).iter().eq(before.iter()));
    }
}

#[test]
fn invalid_changes_are_refused_without_a_request() {
    let http = Http::start(|_| Response::Bytes(response(200, &[], b"{}")));
    let grpc =
        Grpc::start(|_, _| GrpcResponse::Reply { messages: vec![vec![]], status: 0, message: String::new() });
    let options = CallOptions::new();
    for url in [format!("http://{}", http.address()), format!("grpc://{}", grpc.address())] {
        let client = Client::new(&url).unwrap();
        for (update, hint) in [
            (clear(&["log_info"]), "cleared"),
            (update(&[("log_info", list(&["a"]))]), "list"),
            (update(&[("log_verbose_level", 0.into()), ("log_info", list(&["a", "b"]))]), "list"),
        ] {
            let error = client.update_log_settings(&update, &options).unwrap_err();
            assert_eq!((error.status(), error.origin()), (Status::InvalidArgument, Origin::Argument));
            assert!(error.to_string().contains(hint) && error.to_string().contains("log_info"), "{error}");
        }
    }
    assert_eq!((http.requests(), grpc.requests()), (0, 0));
    for name in ["", "a\0"] {
        assert!(SettingsUpdate::new().set(name, true).is_err() && SettingsUpdate::new().clear(name).is_err());
    }
    assert!(SettingsUpdate::new().set("a", list(&[])).unwrap_err().to_string().contains("default"));
}

#[test]
fn each_protocol_has_its_own_form_of_settings() {
    let received = Arc::new(Mutex::new(Vec::new()));
    let (over_http, over_grpc) = (received.clone(), received.clone());
    // With kinds of values that the protocol does not specify.
    let body =
        br#"{ "trace_level":["A"], "trace_rate":7,  "list":["a",1],"empty":[],"none":null,"yes":true }"#;
    let http = Http::start(move |request| {
        over_http.lock().unwrap().push(request.body.clone());
        Response::Bytes(response(200, &[], body))
    });
    let grpc = Grpc::start(move |_, message| {
        over_grpc.lock().unwrap().push(message);
        GrpcResponse::Reply { messages: vec![vec![]], status: 0, message: String::new() }
    });
    let options = CallOptions::new();
    let mut changes = update(&[("trace_level", "A".into()), ("trace_rate", 7.into()), ("b", true.into())]);
    changes.clear("trace_count").unwrap();
    let log =
        update(&[("log_info", false.into()), ("log_verbose_level", 2.into()), ("log_format", "f".into())]);
    let client = Client::new(&format!("http://{}", http.address())).unwrap();
    let settings = client.update_trace_settings("", &changes, &options).unwrap();
    assert_eq!(settings.json().as_bytes(), body);
    expect(
        &settings,
        &[
            ("trace_level", list(&["A"])),
            ("trace_rate", "7".into()),
            ("list", list(&["a", "1"])),
            ("empty", SettingValue::List(vec![])),
            ("none", "null".into()),
            ("yes", "true".into()),
        ],
    );
    let settings = client.update_log_settings(&log, &options).unwrap();
    assert_eq!(settings.json().as_bytes(), body);
    expect(&settings, &[("trace_rate", 7.into()), ("yes", true.into()), ("list", r#"["a",1]"#.into())]);
    let client = Client::new(&format!("grpc://{}", grpc.address())).unwrap();
    assert_eq!(client.update_trace_settings("m", &changes, &options).unwrap().json(), "{}");
    client.update_log_settings(&log, &options).unwrap();
    let received = received.lock().unwrap();
    let actual = |at: usize| serde_json::from_slice::<Value>(&received[at]).unwrap();
    assert_eq!(
        actual(0),
        json!({ "trace_level": ["A"], "trace_rate": "7", "b": "true", "trace_count": null })
    );
    assert_eq!(actual(1), json!({ "log_info": false, "log_verbose_level": 2, "log_format": "f" }));
    let holds = |at: usize, part: &[u8]| received[at].windows(part.len()).any(|window| window == part);
    for part in [
        &b"\x0a\x0ftrace_level\x12\x03"[..1],
        b"\x0a\x0atrace_rate\x12\x03\x0a\x017",
        b"\x0a\x0btrace_count",
        b"\x12\x01m",
    ] {
        assert!(holds(2, part), "{:?}", received[2]);
    }
    for part in [
        &b"\x0a\x08log_info\x12\x02\x08\x00"[..],
        b"\x0a\x11log_verbose_level\x12\x02\x10\x02",
        b"\x0a\x0alog_format\x12\x03\x1a\x01f",
    ] {
        assert!(holds(3, part), "{:?}", received[3]);
    }
}
