//! Health, metadata and configuration of a server and its models, the same over both protocols; and waiting
//! for readiness.

use std::{
    collections::BTreeSet,
    io::{self, BufReader, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use rustix::net::{AddressFamily, SocketType};
use serde_json::{Value, json};
use triton_client::{
    CallOptions, Client, ClientOptions, Datatype, LogLevel, ModelConfig, Origin, RepositoryOptions,
    SequenceStrategy, ServingStatus, Status, TensorFormat, VersionPolicy,
};

use crate::{
    conventions::root,
    own_model::OwnModel,
    repository::assert_same,
    server::{clients, is_embedded},
    support::fault::{self, Gate, Grpc, GrpcResponse, Http, Peer, Request, Response, response},
};

fn within(limit: Duration) -> CallOptions {
    let mut options = CallOptions::new();
    options.set_timeout(Some(limit)).unwrap();
    options
}

/// A timeout that no successful call reaches.
fn patiently() -> CallOptions {
    within(Duration::from_secs(20))
}

fn reply(message: &[u8]) -> GrpcResponse {
    GrpcResponse::Reply { messages: vec![message.to_vec()], status: 0, message: String::new() }
}

#[test]
fn health_is_checked_for_servers_models_and_grpc_services() {
    if is_embedded() {
        return;
    }
    let options = CallOptions::new();
    let [http, grpc] = clients();
    for client in [&http, &grpc] {
        assert!(client.is_server_live(&options).unwrap() && client.is_server_ready(&options).unwrap());
        for (model, version, ready) in [
            ("simple", "", true),
            ("simple", "1", true),
            ("simple", "9", false),
            ("no_such", "", false),
            ("no_such", "1", false),
        ] {
            assert_eq!(client.is_model_ready(model, version, &options).unwrap(), ready, "{model} {version}");
        }
    }
    for service in ["", "inference.GRPCInferenceService", "no such service"] {
        assert_eq!(grpc.health_check(service, &options).unwrap(), ServingStatus::Serving, "{service}");
    }
    let error = http.health_check("", &options).unwrap_err();
    assert_eq!((error.status(), error.origin()), (Status::Unimplemented, Origin::Argument));
    assert!(error.to_string().contains("live or ready"), "{error}");
}

#[test]
fn a_health_check_returns_every_status() {
    let cases = [
        (vec![], ServingStatus::Unknown),
        (vec![8, 1], ServingStatus::Serving),
        (vec![8, 2], ServingStatus::NotServing),
        (vec![8, 3], ServingStatus::ServiceUnknown),
        // A number of a later version.
        (vec![8, 9], ServingStatus::Unknown),
    ];
    for (message, status) in cases {
        let server = Grpc::start(move |path, request| {
            assert_eq!((path, &request[..]), ("/grpc.health.v1.Health/Check", &b"\x0a\x01s"[..]));
            reply(&message)
        });
        let client = Client::new(&format!("grpc://{}", server.address())).unwrap();
        assert_eq!(client.health_check("s", &CallOptions::new()).unwrap(), status);
    }
}

/// Row D10.
#[test]
fn an_unreachable_server_is_an_error_and_not_false() {
    let address = fault::refused_address();
    for url in [format!("http://{address}"), format!("grpc://{address}")] {
        let client = Client::new(&url).unwrap();
        let options = CallOptions::new();
        for outcome in [
            client.is_server_live(&options),
            client.is_server_ready(&options),
            client.is_model_ready("m", "", &options),
        ] {
            let error = outcome.unwrap_err();
            assert_eq!((error.status(), error.origin()), (Status::Unavailable, Origin::Connection));
            assert!(!error.is_in_doubt(), "{error:?}");
        }
    }
}

#[test]
fn a_server_that_is_ready_is_not_waited_for() {
    for client in clients() {
        let start = Instant::now();
        for (model, version) in [("", ""), ("simple", ""), ("simple", "1")] {
            client.wait_ready(model, version, &patiently()).unwrap();
        }
        assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
    }
}

#[test]
fn the_wait_ends_at_the_deadline_and_reports_the_last_outcome() {
    let limit = Duration::from_millis(200);
    let silent = fault::silent();
    let failing =
        Http::start(|_| Response::Bytes(response(503, &[], br#"{"error":"still loading its models"}"#)));
    let over_grpc =
        Grpc::start(|_, _| GrpcResponse::TrailersOnly { status: 14, message: "still loading".to_owned() });
    // The deadline ends the last poll: the outcome before it is reported.
    let polls = AtomicUsize::new(0);
    let falls_silent = Http::start(move |_| match polls.fetch_add(1, SeqCst) {
        0 => Response::Bytes(response(503, &[], b"about to load")),
        _ => Response::Silence,
    });
    let polls = AtomicUsize::new(0);
    let falls_silent_too = Grpc::start(move |_, _| match polls.fetch_add(1, SeqCst) {
        0 => GrpcResponse::TrailersOnly { status: 14, message: "about to load".to_owned() },
        _ => GrpcResponse::Silence,
    });
    let refused = fault::refused_address();
    let mut cases = vec![
        (format!("http://{}", falls_silent.address()), "about to load"),
        (format!("grpc://{}", falls_silent_too.address()), "about to load"),
        (format!("http://{}", silent.address()), "no response within"),
        (format!("grpc://{}", silent.address()), "no response within"),
        (format!("http://{}", failing.address()), "still loading its models"),
        (format!("grpc://{}", over_grpc.address()), "still loading"),
        (format!("http://{refused}"), "refused"),
        (format!("grpc://{refused}"), "refused"),
    ];
    if !is_embedded() {
        cases.extend(crate::server::urls().map(|url| (url, "the server reports that it is not")));
    }
    for (url, last) in cases {
        let client = Client::new(&url).unwrap();
        let start = Instant::now();
        let error = client.wait_ready("no_such", "", &within(limit)).unwrap_err();
        assert_eq!((error.status(), error.origin()), (Status::DeadlineExceeded, Origin::Client), "{error:?}");
        let message = error.full_message();
        assert!(message.contains("not ready within 200ms") && message.contains(last), "{message}");
        assert!(message.contains("wait for model 'no_such'"), "{message}");
        assert!((limit..limit * 25).contains(&start.elapsed()), "{url}: {:?}", start.elapsed());
    }
}

#[test]
fn a_server_that_becomes_ready_is_waited_for() {
    let polls = AtomicUsize::new(0);
    let server = Http::start(move |_| match polls.fetch_add(1, SeqCst) {
        0 => Response::Bytes(response(503, &[], b"")),
        1 => Response::Close,
        2 => Response::Bytes(response(400, &[], b"")),
        3 => Response::Bytes(response(404, &[], b"")),
        _ => Response::Bytes(response(200, &[], b"")),
    });
    let client = Client::new(&format!("http://{}", server.address())).unwrap();
    client.wait_ready("m", "", &patiently()).unwrap();
    assert_eq!(server.requests(), 5);
    let polls = AtomicUsize::new(0);
    let server = Grpc::start(move |_, _| match polls.fetch_add(1, SeqCst) {
        0 => GrpcResponse::TrailersOnly { status: 14, message: String::new() },
        1 => GrpcResponse::CloseConnection,
        2 => reply(&[]),
        3 => GrpcResponse::TrailersOnly { status: 5, message: String::new() },
        _ => reply(&[8, 1]),
    });
    let client = Client::new(&format!("grpc://{}", server.address())).unwrap();
    client.wait_ready("m", "", &patiently()).unwrap();
    assert_eq!(server.requests(), 5);
}

#[test]
fn a_server_that_comes_up_later_is_waited_for() {
    for scheme in ["http", "grpc"] {
        // Bound, so that no other program has the port; connections are refused until it listens.
        let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        rustix::net::bind(&socket, &SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let socket = TcpListener::from(socket);
        let refused = Arc::new(Gate::default());
        let was_refused = refused.clone();
        let mut options = ClientOptions::new();
        let on_log = move |_, _: &str, text: &str| {
            if text.contains("refused") {
                was_refused.open();
            }
        };
        options.set_log_callback(LogLevel::Warn, Arc::new(on_log));
        let url = format!("{scheme}://{}", socket.local_addr().unwrap());
        let client = Client::with_options(&url, &options).unwrap();
        thread::scope(|scope| {
            scope.spawn(|| {
                assert!(refused.wait());
                rustix::net::listen(&socket, 8).unwrap();
                let (stream, _) = socket.accept().unwrap();
                if scheme == "http" {
                    Request::read(&mut BufReader::new(&stream), &stream).unwrap().unwrap();
                    (&stream).write_all(&response(200, &[], b"")).unwrap();
                } else {
                    let peer = Peer::accept(&stream, &[]).unwrap();
                    let request = peer.read_request().unwrap();
                    peer.reply(request, &[8, 1]).unwrap();
                }
                // Closing a connection with unread data resets it and discards the response.
                let _ = io::copy(&mut &stream, &mut io::sink());
            });
            client.wait_ready("", "", &patiently()).unwrap();
            drop(client);
        });
    }
}

#[test]
fn errors_that_waiting_cannot_change_end_the_wait_at_once() {
    use Status::{InvalidArgument, PermissionDenied, Unauthenticated};
    let hour = within(Duration::from_secs(3600));
    for (http_status, code, status) in [(401, 16, Unauthenticated), (403, 7, PermissionDenied)] {
        let http = Http::start(move |_| Response::Bytes(response(http_status, &[], b"")));
        let grpc =
            Grpc::start(move |_, _| GrpcResponse::TrailersOnly { status: code, message: String::new() });
        for url in [format!("http://{}", http.address()), format!("grpc://{}", grpc.address())] {
            let client = Client::new(&url).unwrap();
            for (model, version) in [("", "1"), ("a\0", "")] {
                assert_eq!(client.wait_ready(model, version, &hour).unwrap_err().status(), InvalidArgument);
            }
            let error = client.wait_ready("", "", &hour).unwrap_err();
            assert_eq!((error.status(), error.origin()), (status, Origin::Server), "{error:?}");
        }
        assert_eq!((http.requests(), grpc.requests()), (1, 1));
        let client = Client::new(&format!("http://{}", http.address())).unwrap();
        assert_eq!(client.wait_ready("a/b", "", &hour).unwrap_err().status(), InvalidArgument);
        let client = Client::new(&format!("grpc://{}", grpc.address())).unwrap();
        let mut query = hour.clone();
        query.add_query_parameter("a", "b").unwrap();
        assert_eq!(client.wait_ready("", "", &query).unwrap_err().status(), InvalidArgument);
        assert_eq!((http.requests(), grpc.requests()), (1, 1));
    }
}

/// The typed properties of a configuration.
fn typed(config: &ModelConfig) -> impl PartialEq + std::fmt::Debug {
    (
        (config.name.clone(), config.platform.clone(), config.backend.clone(), config.max_batch_size),
        (config.inputs.clone(), config.outputs.clone()),
        (config.is_decoupled, config.version_policy.clone(), config.sequence_batching),
    )
}

#[test]
fn metadata_and_configuration_of_every_model_are_the_same_over_both_protocols() {
    if is_embedded() {
        return;
    }
    let options = CallOptions::new();
    let [http, grpc] = clients();
    let index = http.repository_index(&RepositoryOptions::new(), &options).unwrap();
    // Other tests load and unload models of their own.
    let is_ours = |name: &&str| root().join("tests/triton/models").join(name).is_dir();
    let names: BTreeSet<&str> =
        index.models.iter().map(|model| model.name.as_str()).filter(is_ours).collect();
    assert!(names.len() > 30, "{names:?}");
    for name in names {
        let [ours, theirs] = [&http, &grpc].map(|client| client.model_config(name, "", &options).unwrap());
        let [a, b] = [&ours, &theirs].map(|config| serde_json::from_str(config.json()).unwrap());
        assert_same("config", &a, &b);
        assert_eq!(typed(&ours), typed(&theirs));
        let [a, b] = [&http, &grpc].map(|client| client.model_metadata(name, "", &options).unwrap());
        assert_eq!(
            (&a.name, &a.versions, &a.platform, &a.inputs, &a.outputs),
            (&b.name, &b.versions, &b.platform, &b.inputs, &b.outputs)
        );
        let [a, b] = [a, b].map(|metadata| serde_json::from_str::<Value>(metadata.json()).unwrap());
        assert_eq!(a, b);
    }
}

#[test]
fn an_unknown_model_or_version_is_not_found() {
    if is_embedded() {
        return;
    }
    let options = CallOptions::new();
    for client in clients() {
        for (model, version) in [("no_such", ""), ("simple", "9")] {
            for error in [
                client.model_metadata(model, version, &options).map(drop).unwrap_err(),
                client.model_config(model, version, &options).map(drop).unwrap_err(),
            ] {
                assert_eq!((error.status(), error.origin()), (Status::NotFound, Origin::Server), "{error:?}");
                assert!(error.to_string().contains(&format!("'{model}'")), "{error}");
            }
        }
    }
}

#[test]
fn a_configuration_is_typed() {
    if is_embedded() {
        return;
    }
    for client in clients() {
        let config = |model| client.model_config(model, "", &CallOptions::new()).unwrap();
        let simple = config("simple");
        assert_eq!(
            (simple.platform.as_str(), simple.backend.as_str(), simple.max_batch_size),
            ("", "python", 8)
        );
        assert!(!simple.is_decoupled && simple.sequence_batching.is_none());
        assert_eq!(simple.version_policy, VersionPolicy::Latest(1));
        let input = &simple.inputs[1];
        assert_eq!(
            (input.name.as_str(), input.datatype, &input.dims[..]),
            ("INPUT1", Datatype::Int32, &[16][..])
        );
        assert!(input.format == TensorFormat::None && !input.is_optional && input.label_filename.is_empty());
        let ensemble = config("simple_ensemble");
        assert_eq!((ensemble.platform.as_str(), ensemble.backend.as_str()), ("ensemble", ""));
        assert!(config("repeat_int32").is_decoupled);
        for (model, strategy, seconds) in [
            ("simple_sequence", SequenceStrategy::Direct, 5),
            ("simple_dyna_sequence", SequenceStrategy::Oldest, 10),
        ] {
            let batching = config(model).sequence_batching.unwrap();
            assert_eq!((batching.strategy, batching.max_idle), (strategy, Duration::from_secs(seconds)));
        }
        let labels = config("classes").outputs.remove(0);
        assert_eq!((labels.label_filename.as_str(), labels.datatype), ("labels.txt", Datatype::Fp32));
        let inputs = config("all_types").inputs;
        assert!(inputs.len() == 13 && inputs.iter().all(|input| input.is_optional && input.dims == [-1]));
    }
}

#[test]
fn version_policies_and_formats_are_those_that_a_model_was_loaded_with() {
    if is_embedded() {
        return;
    }
    let options = CallOptions::new();
    let clients = clients();
    let cases = [
        ("all", json!({ "all": {} }), VersionPolicy::All, &["1", "2", "3"][..]),
        (
            "specific",
            json!({ "specific": { "versions": [1, 3] } }),
            VersionPolicy::Specific(vec![1, 3]),
            &["1", "3"],
        ),
        ("latest", json!({ "latest": { "num_versions": 2 } }), VersionPolicy::Latest(2), &["2", "3"]),
    ];
    for (name, policy, typed, versions) in cases {
        let input = json!([{ "name": "I", "data_type": "TYPE_INT32", "dims": [3, 2, 2], "format": "FORMAT_NCHW" },
            { "name": "J", "data_type": "TYPE_INT32", "dims": [2, 2, 3], "format": "FORMAT_NHWC" }]);
        let more = json!({ "version_policy": policy, "input": input, "max_batch_size": 2 });
        let model = OwnModel::load_versions(&clients[0], &format!("control_{name}"), &more, 3);
        for client in &clients {
            let config = client.model_config(&model.name, "", &options).unwrap();
            assert_eq!(config.version_policy, typed);
            let formats: Vec<_> = config.inputs.iter().map(|input| input.format).collect();
            assert_eq!(formats, [TensorFormat::Nchw, TensorFormat::Nhwc]);
            assert_eq!(client.model_metadata(&model.name, "", &options).unwrap().versions, versions);
            for version in ["1", "2", "3"] {
                let is_served = versions.contains(&version);
                assert_eq!(client.is_model_ready(&model.name, version, &options).unwrap(), is_served);
            }
        }
    }
}

#[test]
fn an_html_page_of_a_gateway_says_nothing_about_health() {
    let page = Http::start(|_| {
        Response::Bytes(response(400, &[], b"<html>No required SSL certificate was sent</html>"))
    });
    let client = Client::new(&format!("http://{}", page.address())).unwrap();
    let error = client.is_server_live(&CallOptions::new()).unwrap_err();
    assert_eq!((error.status(), error.http_status()), (Status::Unauthenticated, Some(400)), "{error:?}");
    assert!(error.to_string().contains("client certificate"), "{error:?}");
}
