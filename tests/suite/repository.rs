//! The model repository: its index, loading and unloading, and arguments that are refused.

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use triton_client::{
    CallOptions, Client, ClientOptions, Error, InferRequest, Origin, RepositoryIndex, RepositoryModel,
    RepositoryOptions, Status,
};

use crate::{
    own_model::{DOUBLE, OwnModel, config},
    own_server::OwnServer,
    server::{clients, is_embedded, urls},
    support::fault::{Grpc, GrpcResponse, Http, Response, response},
};

const PROTOCOLS: [&str; 2] = ["http", "grpc"];

fn load(client: &Client, name: &str, options: &RepositoryOptions) -> Result<(), Error> {
    client.load_model(name, options, &CallOptions::new())
}

fn unload(client: &Client, name: &str) -> Result<(), Error> {
    client.unload_model(name, &RepositoryOptions::new(), &CallOptions::new())
}

fn index(client: &Client, ready_only: bool) -> RepositoryIndex {
    let mut options = RepositoryOptions::new();
    options.set_ready_only(ready_only);
    client.repository_index(&options, &CallOptions::new()).unwrap()
}

fn entry(client: &Client, ready_only: bool, name: &str) -> Option<RepositoryModel> {
    index(client, ready_only).models.into_iter().find(|model| model.name == name)
}

/// Waits for what the server does after its response.
fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let start = Instant::now();
    while !holds() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}");
        thread::yield_now();
    }
}

/// A model with one file, of version 1.
fn with_file(name: &str, code: &str) -> RepositoryOptions {
    let mut options = RepositoryOptions::new();
    options.set_config(Some(&config(name, &json!({})))).unwrap().add_file("1/model.py", code).unwrap();
    options
}

#[test]
fn a_model_is_loaded_with_files_of_the_request_and_unloaded() {
    if is_embedded() {
        return;
    }
    for (client, protocol) in clients().iter().zip(PROTOCOLS) {
        let name = format!("repository_own_{protocol}");
        let expect = |factor: i32| {
            let request = InferRequest::new(&name).input("I", &[1], &[21]);
            let result = client.infer(&request).unwrap();
            assert_eq!(result.output("O").unwrap().as_slice::<i32>().unwrap(), [21 * factor]);
        };
        load(client, &name, &with_file(&name, DOUBLE)).unwrap();
        assert!(client.is_model_ready(&name, "1", &CallOptions::new()).unwrap());
        // The index lists only the models in the server's directories.
        assert!(entry(client, false, &name).is_none());
        expect(2);
        // Version 2.51 ignores the new files of a loaded model unless its configuration changes too.
        let code = DOUBLE.replace("i * 2", "i * 5");
        load(client, &name, &with_file(&name, &code)).unwrap();
        expect(2);
        let changed = config(&name, &json!({ "parameters": { "factor": { "string_value": "5" } } }));
        let mut anew = RepositoryOptions::new();
        anew.set_config(Some(&changed)).unwrap().add_file("1/model.py", code).unwrap();
        load(client, &name, &anew).unwrap();
        expect(5);
        unload(client, &name).unwrap();
        eventually("the model is unloaded", || {
            !client.is_model_ready(&name, "", &CallOptions::new()).unwrap()
        });
        // No directory has files to load it from.
        assert_eq!(load(client, &name, &RepositoryOptions::new()).unwrap_err().status(), Status::Internal);
        // Unloading a model that is not loaded is not an error.
        unload(client, &name).unwrap();
    }
}

#[test]
fn a_failed_load_reports_the_reason() {
    if is_embedded() {
        return;
    }
    use Status::{Internal, InvalidArgument, Unimplemented};
    for (client, protocol) in clients().iter().zip(PROTOCOLS) {
        let raises = with_file(&format!("repository_raises_{protocol}"), "raise ValueError('on purpose')");
        let mut broken = RepositoryOptions::new();
        broken.set_config(Some(r#"{"max_batch_size":"x"}"#)).unwrap().add_file("1/model.py", DOUBLE).unwrap();
        let mut elsewhere = RepositoryOptions::new();
        elsewhere.set_repository_name("elsewhere").unwrap();
        let cases = [
            ("raises", &raises, InvalidArgument, "ValueError: on purpose"),
            ("absent", &RepositoryOptions::new(), Internal, "failed to poll from model repository"),
            ("broken", &broken, Internal, "failed to poll from model repository"),
            ("elsewhere", &elsewhere, Unimplemented, "'repository_name' specification is not supported"),
        ];
        for (name, options, status, hint) in cases {
            let name = format!("repository_{name}_{protocol}");
            let error = load(client, &name, options).unwrap_err();
            assert_eq!((error.status(), error.origin()), (status, Origin::Server), "{error:?}");
            assert!(error.to_string().contains(hint), "{error}");
            assert!(error.to_string().contains(&format!("load of model '{name}'")), "{error}");
            assert!(!error.is_in_doubt());
        }
        let error = client.unload_model("simple", &elsewhere, &CallOptions::new()).unwrap_err();
        assert_eq!((error.status(), error.origin()), (Unimplemented, Origin::Server), "{error:?}");
        // In an index version 2.51 reads it over gRPC only.
        match client.repository_index(&elsewhere, &CallOptions::new()) {
            Ok(all) => assert!(protocol == "http" && all.models.len() >= 30),
            Err(error) => assert_eq!((protocol, error.status()), ("grpc", Unimplemented)),
        }
    }
}

#[test]
fn an_index_lists_all_models_or_only_those_that_are_ready() {
    if is_embedded() {
        return;
    }
    // This server has loaded one of the models in its directory, and no other test uses it.
    let server = OwnServer::start("simple", "--strict-readiness=true");
    let [http, grpc] = server.clients();
    for client in [&http, &grpc] {
        assert_eq!(index(client, false).models.iter().filter(|model| model.is_ready()).count(), 1);
        let never = entry(client, false, "slow").unwrap();
        assert_eq!((&never.version[..], &never.state[..], &never.reason[..]), ("", "", ""));
        let ready = index(client, true).models;
        assert_eq!(ready.len(), 1);
        assert_eq!(
            (&ready[0].name[..], &ready[0].version[..], &ready[0].state[..]),
            ("simple", "1", "READY")
        );
    }
    for client in [&http, &grpc] {
        load(client, "params", &RepositoryOptions::new()).unwrap();
        assert!(entry(client, true, "params").unwrap().is_ready());
        unload(client, "params").unwrap();
        eventually("params is unloaded", || entry(client, false, "params").unwrap().reason == "unloaded");
        let unloaded = entry(client, false, "params").unwrap();
        assert_eq!((&unloaded.version[..], &unloaded.state[..]), ("1", "UNAVAILABLE"));
        assert!(!unloaded.is_ready() && entry(client, true, "params").is_none());
        for ready_only in [false, true] {
            let [a, b] = [&http, &grpc].map(|client| index(client, ready_only));
            assert_eq!(a.models, b.models);
            let [a, b] = [a, b].map(|index| serde_json::from_str::<Value>(index.json()).unwrap());
            assert_eq!(a, b);
        }
    }
}

#[test]
fn a_strict_server_is_not_ready_during_an_unload_and_after_a_failed_load() {
    if is_embedded() {
        return;
    }
    let server = OwnServer::start("params", "--strict-readiness=true");
    let options = CallOptions::new();
    let [http, grpc] = server.clients();
    for client in [&http, &grpc] {
        assert!(client.is_server_ready(&options).unwrap());
        // A model that is slow to unload.
        let code = format!("{DOUBLE}\n    def finalize(self):\n        import time\n        time.sleep(1)\n");
        load(client, "goes", &with_file("goes", &code)).unwrap();
        unload(client, "goes").unwrap();
        assert!(!client.is_server_ready(&options).unwrap());
        client.wait_ready("", "", &options).unwrap();
    }
    let fails = with_file("fails", "raise ValueError('on purpose')");
    assert_eq!(load(&http, "fails", &fails).unwrap_err().status(), Status::InvalidArgument);
    for client in [&http, &grpc] {
        assert!(!client.is_server_ready(&options).unwrap() && client.is_server_live(&options).unwrap());
    }
}

#[test]
fn a_model_is_loaded_with_another_configuration_and_with_its_own_again() {
    if is_embedded() {
        return;
    }
    let server = OwnServer::start("simple", "");
    for client in server.clients() {
        let config = || client.model_config("simple", "", &CallOptions::new()).unwrap();
        let mut other: Value = serde_json::from_str(config().json()).unwrap();
        other["max_batch_size"] = 3.into();
        let mut options = RepositoryOptions::new();
        options.set_config(Some(&other.to_string())).unwrap();
        load(&client, "simple", &options).unwrap();
        assert_eq!(config().max_batch_size, 3);
        // Version 2.51 keeps the configuration until the model is unloaded.
        load(&client, "simple", &RepositoryOptions::new()).unwrap();
        assert_eq!(config().max_batch_size, 3);
        unload(&client, "simple").unwrap();
        load(&client, "simple", &RepositoryOptions::new()).unwrap();
        assert_eq!(config().max_batch_size, 8);
    }
}

#[test]
fn the_configuration_of_a_load_replaces_the_models_own_as_a_whole() {
    if is_embedded() {
        return;
    }
    let server = OwnServer::start("simple", "");
    for client in server.clients() {
        let mut options = RepositoryOptions::new();
        options.set_config(Some(r#"{"max_batch_size": 4}"#)).unwrap();
        load(&client, "simple", &options).unwrap();
        let config = client.model_config("simple", "", &CallOptions::new()).unwrap();
        assert_eq!((config.max_batch_size, config.inputs.len(), config.outputs.len()), (4, 0, 0));
        unload(&client, "simple").unwrap();
        load(&client, "simple", &RepositoryOptions::new()).unwrap();
    }
}

#[test]
fn an_ensemble_is_unloaded_alone_or_with_its_models() {
    if is_embedded() {
        return;
    }
    // A model that was loaded by its name stays loaded: here `simple` is loaded by the ensemble.
    let server = OwnServer::start("params", "");
    let options = CallOptions::new();
    for client in server.clients() {
        for with_dependents in [false, true] {
            load(&client, "simple_ensemble", &RepositoryOptions::new()).unwrap();
            assert!(client.is_model_ready("simple", "", &options).unwrap());
            let mut unload = RepositoryOptions::new();
            unload.set_unload_dependents(with_dependents);
            client.unload_model("simple_ensemble", &unload, &options).unwrap();
            let is_gone = |model| entry(&client, false, model).unwrap().reason == "unloaded";
            eventually("the ensemble is unloaded", || is_gone("simple_ensemble"));
            if with_dependents {
                eventually("its model is unloaded", || is_gone("simple"));
            } else {
                assert!(client.is_model_ready("simple", "", &options).unwrap());
            }
        }
    }
}

#[test]
fn a_load_has_a_timeout_of_its_own() {
    if is_embedded() {
        return;
    }
    let code = format!("import time\ntime.sleep(1)\n{DOUBLE}");
    for (url, protocol) in urls().iter().zip(PROTOCOLS) {
        let [short, long] = [Duration::from_millis(100), Duration::from_secs(60)];
        // The timeout of the call, of loads, and of all other calls.
        let cases = [
            (None, short, long, false),
            (None, long, short, true),
            (Some(short), long, long, false),
            (Some(long), short, short, true),
        ];
        for (at, (of_call, of_loads, of_all, loads)) in cases.into_iter().enumerate() {
            // One model each: a load continues on the server after the deadline.
            let name = format!("repository_slow_{protocol}_{at}");
            let options = with_file(&name, &code);
            let mut limits = ClientOptions::new();
            limits.set_load_timeout(Some(of_loads)).unwrap().set_timeout(Some(of_all)).unwrap();
            let client = Client::with_options(url, &limits).unwrap();
            let mut call = CallOptions::new();
            if let Some(limit) = of_call {
                call.set_timeout(Some(limit)).unwrap();
            }
            match client.load_model(&name, &options, &call) {
                Ok(()) => assert!(loads),
                Err(error) => {
                    assert_eq!((error.status(), loads), (Status::DeadlineExceeded, false), "{error:?}");
                    assert!(error.is_in_doubt() && error.to_string().contains("100ms"), "{error:?}");
                }
            }
            let patient = Client::new(url).unwrap();
            load(&patient, &name, &options).unwrap();
            unload(&patient, &name).unwrap();
        }
    }
}

#[test]
fn invalid_arguments_are_refused_without_a_request() {
    let http = Http::start(|_| Response::Bytes(response(200, &[], b"[]")));
    let grpc =
        Grpc::start(|_, _| GrpcResponse::Reply { messages: vec![vec![]], status: 0, message: String::new() });
    let call = CallOptions::new();
    let plain = RepositoryOptions::new();
    let mut options: [RepositoryOptions; 4] = Default::default();
    options[0].add_file("1/model.py", DOUBLE).unwrap();
    options[1].set_ready_only(true);
    options[2].set_unload_dependents(true);
    options[3].set_config(Some("{}")).unwrap();
    let [files, ready, dependents, config] = &options;
    for url in [format!("http://{}", http.address()), format!("grpc://{}", grpc.address())] {
        let client = Client::new(&url).unwrap();
        let refused = |outcome: Result<(), Error>, hint: &str| {
            let error = outcome.unwrap_err();
            assert_eq!((error.status(), error.origin()), (Status::InvalidArgument, Origin::Argument));
            assert!(error.to_string().contains(hint), "{hint}: {error}");
        };
        for (name, hint) in
            [("", "empty"), ("a/b", "a/b"), ("/a", "/a"), (".", "'.'"), ("..", "'..'"), ("a\0", "NUL")]
        {
            refused(load(&client, name, &plain), hint);
            refused(unload(&client, name), hint);
        }
        refused(load(&client, "m", files), "configuration");
        refused(load(&client, "m", ready), "ready filter");
        refused(load(&client, "m", dependents), "dependents");
        for (options, hint) in [(files, "configuration"), (config, "configuration"), (ready, "ready filter")]
        {
            refused(client.unload_model("m", options, &call), hint);
        }
        for (options, hint) in
            [(files, "configuration"), (config, "configuration"), (dependents, "dependents")]
        {
            refused(client.repository_index(options, &call).map(drop), hint);
        }
        for name in ["", "a\0"] {
            refused(client.is_model_ready(name, "", &call).map(drop), "name");
            refused(client.model_metadata(name, "", &call).map(drop), "name");
            refused(client.model_config(name, "", &call).map(drop), "name");
        }
        refused(client.model_statistics("", "1", &call).map(drop), "name");
    }
    assert_eq!((http.requests(), grpc.requests()), (0, 0));
    // None and "" undo what was set.
    let mut undone = RepositoryOptions::new();
    undone.set_config(Some("{}")).unwrap().set_config(None).unwrap();
    undone.set_repository_name("other").unwrap().set_repository_name("").unwrap();
    for url in [format!("http://{}", http.address()), format!("grpc://{}", grpc.address())] {
        let index = Client::new(&url).unwrap().repository_index(&undone, &call);
        // The fault server sends an empty message over gRPC, and an empty list over HTTP.
        assert!(index.unwrap().models.is_empty());
    }
    let mut options = RepositoryOptions::new();
    for json in ["", "{", "[]", "1", "{} x"] {
        assert_eq!(options.set_config(Some(json)).unwrap_err().status(), Status::InvalidArgument, "{json}");
    }
    for path in ["", "file:", "/1/m", "1//m", "../m", "1/./m", "1/", "1/m\0"] {
        assert_eq!(options.add_file(path, "x").unwrap_err().status(), Status::InvalidArgument, "{path}");
    }
}

#[test]
fn a_load_carries_its_configuration_and_files_unchanged() {
    use std::sync::{Arc, Mutex};
    let received = Arc::new(Mutex::new(Vec::new()));
    let (over_http, over_grpc) = (received.clone(), received.clone());
    let http = Http::start(move |request| {
        over_http.lock().unwrap().push(request.body.clone());
        Response::Bytes(response(200, &[], b""))
    });
    let grpc = Grpc::start(move |_, message| {
        over_grpc.lock().unwrap().push(message);
        GrpcResponse::Reply { messages: vec![vec![]], status: 0, message: String::new() }
    });
    let mut options = RepositoryOptions::new();
    // The text is sent unchanged, with its spaces and escapes.
    options.set_config(Some("{ \"a\":\"\\u0000\" }")).unwrap();
    options.add_file("1/m", "old").unwrap().add_file("file:1/m", [0u8, 255, 10]).unwrap();
    for url in [format!("http://{}", http.address()), format!("grpc://{}", grpc.address())] {
        load(&Client::new(&url).unwrap(), "m", &options).unwrap();
    }
    let received = received.lock().unwrap();
    let json: Value = serde_json::from_slice(&received[0]).unwrap();
    assert_eq!(json, json!({ "parameters": { "config": "{ \"a\":\"\\u0000\" }", "file:1/m": "AP8K" } }));
    let config = b"\x0a\x06config\x12\x12\x1a\x10{ \"a\":\"\\u0000\" }";
    let file = b"\x0a\x08file:1/m\x12\x05\x22\x03\x00\xff\x0a";
    for entry in [&config[..], file] {
        let entry = [&[0x1a, entry.len() as u8], entry].concat();
        assert!(received[1].windows(entry.len()).any(|part| part == entry), "{:?}", received[1]);
    }
}

#[test]
fn a_model_is_loaded_with_large_files() {
    if is_embedded() {
        return;
    }
    for (client, protocol) in clients().iter().zip(["http", "grpc"]) {
        let name = format!("repository_large_{protocol}");
        let mut options = RepositoryOptions::new();
        options.set_config(Some(&config(&name, &json!({})))).unwrap();
        options.add_file("1/model.py", DOUBLE).unwrap();
        options.add_file("1/weights", vec![7; 5 << 20]).unwrap();
        load(client, &name, &options).unwrap();
        client.infer(&InferRequest::new(&name).input("I", &[1], &[4])).unwrap();
        unload(client, &name).unwrap();
    }
}

/// The configuration of a model as JSON over both protocols, after a check that the values are the same.
fn configs(clients: &[Client; 2], name: &str) -> [String; 2] {
    let [http, grpc] = clients
        .each_ref()
        .map(|client| client.model_config(name, "", &CallOptions::new()).unwrap().json().to_owned());
    let [a, b] = [&http, &grpc].map(|json| serde_json::from_str::<Value>(json).unwrap());
    assert_same(name, &a, &b);
    [http, grpc]
}

/// Equal as values: 0 is 0.0.
pub(crate) fn assert_same(path: &str, a: &Value, b: &Value) {
    match (a, b) {
        (Value::Object(a), Value::Object(b)) => {
            assert_eq!(Vec::from_iter(a.keys()), Vec::from_iter(b.keys()), "{path}");
            a.iter().for_each(|(name, value)| assert_same(&format!("{path}.{name}"), value, &b[name]));
        }
        (Value::Array(a), Value::Array(b)) => {
            assert_eq!(a.len(), b.len(), "{path}");
            a.iter().zip(b).for_each(|(a, b)| assert_same(path, a, b));
        }
        (Value::Number(a), Value::Number(b)) if a.is_f64() || b.is_f64() => {
            assert_eq!(a.as_f64(), b.as_f64(), "{path}");
        }
        _ => assert_eq!(a, b, "{path}"),
    }
}

#[test]
fn a_configuration_is_the_same_over_both_protocols_and_each_loads_back_over_both() {
    if is_embedded() {
        return;
    }
    let server = OwnServer::start("*", "");
    let clients = server.clients();
    let models: Vec<_> = index(&clients[0], true).models.into_iter().map(|model| model.name).collect();
    assert!(models.len() > 30 && models.iter().any(|name| name == "simple_ensemble"), "{models:?}");
    for name in &models {
        for json in configs(&clients, name) {
            for client in &clients {
                let mut options = RepositoryOptions::new();
                options.set_config(Some(&json)).unwrap();
                load(client, name, &options).unwrap_or_else(|error| panic!("{name}: {error:?}: {json}"));
            }
        }
    }
}

/// With members that version 2.51 writes as strings, maps with numeric keys, and fractions.
#[test]
fn numbers_of_64_bits_in_a_configuration_are_numbers_and_load_back() {
    if is_embedded() {
        return;
    }
    let clients = clients();
    let state = json!({
        "input_name": "S", "output_name": "T", "data_type": "TYPE_INT32", "dims": [2, 3],
        "initial_state": [{ "name": "zeros", "data_type": "TYPE_INT32", "dims": [2, 3], "zero_data": true }],
    });
    let sequences = json!({
        "direct": { "minimum_slot_utilization": 0.1, "max_queue_delay_microseconds": 9007199254740993u64 },
        "max_sequence_idle_microseconds": 5000001,
        "state": [state],
    });
    let policy = json!({ "timeout_action": "DELAY", "default_timeout_microseconds": 7, "max_queue_size": 3 });
    let queues = json!({
        "max_queue_delay_microseconds": 5, "priority_levels": 2, "default_priority_level": 1,
        "priority_queue_policy": { "1": policy },
    });
    let graph = json!({
        "batch_size": 1,
        "input": { "I": { "dim": ["1", "16"] } },
        "graph_lower_bound": { "batch_size": 1, "input": { "I": { "dim": [1] } } },
    });
    for (name, more) in [
        ("sequences", json!({ "max_batch_size": 2, "sequence_batching": sequences })),
        ("queues", json!({ "max_batch_size": 2, "dynamic_batching": queues })),
        ("graph", json!({ "optimization": { "cuda": { "graphs": true, "graph_spec": [graph] } } })),
    ] {
        let model = OwnModel::load(&clients[1], &format!("repository_numbers_{name}"), &more);
        for json in configs(&clients, &model.name) {
            for client in &clients {
                let mut options = RepositoryOptions::new();
                options.set_config(Some(&json)).unwrap().add_file("1/model.py", DOUBLE).unwrap();
                load(client, &model.name, &options).unwrap();
            }
            assert!(!json.contains("[\"1\"") && !json.contains("\"16\""), "{json}");
        }
    }
}
