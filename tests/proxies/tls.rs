//! TLS by each proxy and by Triton itself, without and with client certificates: good ones pass in every kind
//! of call, and whatever does not fit is an error with its reason, in each server's own way to say it.

use std::{
    fs,
    ops::ControlFlow,
    thread,
    time::{Duration, Instant},
};

use triton_client::{CallOptions, Client, ClientOptions, Datatype, Error, InferRequest, Origin, Status};

use crate::{
    failures::simple,
    harness::{
        Addresses, Endpoint, Failures, Proxy, TIMEOUT, Triton, for_each, names, set_client_certificate,
        signal, start_all, start_with_tls,
    },
    load::{bytes, expect_no_failure},
    streams::{numbers, run_calls, run_stream},
    support::{
        certificates::{EXPIRED, NOT_YET_VALID, OTHER_NAME, certificates},
        fault::{refused_address, silent},
    },
};

type Call = fn(&Client) -> Result<(), Error>;

const CALLS: [(&str, Call); 4] = [
    ("inference", |client| simple(client).map(drop)),
    ("asynchronous inference", infer_async),
    ("metadata", |client| client.model_metadata("simple", "", &CallOptions::new()).map(drop)),
    ("readiness", |client| {
        let is_ready = client.is_server_ready(&CallOptions::new())?;
        assert!(is_ready, "not ready");
        Ok(())
    }),
];
const STREAM: (&str, Call) = ("stream", |client| run_stream(client, 7));

/// The kinds of calls at an endpoint.
fn calls(is_grpc: bool) -> impl Iterator<Item = (&'static str, Call)> {
    CALLS.into_iter().chain(is_grpc.then_some(STREAM))
}

fn infer_async(client: &Client) -> Result<(), Error> {
    let call = client.infer_async(&numbers(1), &CallOptions::new())?;
    call.wait(Some(TIMEOUT)).unwrap();
    call.take_result().map(drop)
}

/// Sends more than the sockets hold: the server ends the connection meanwhile.
fn infer_large(client: &Client) -> Result<(), Error> {
    let data = vec![1; 8 << 20];
    let request =
        InferRequest::new("identity_uint8").input_bytes("INPUT0", Datatype::Uint8, &[8 << 20], &data);
    client.infer(&request).map(drop)
}

/// Creates a client that trusts the tests' authority.
fn client(url: &str, set: impl FnOnce(&mut ClientOptions)) -> Client {
    let mut options = ClientOptions::new();
    options.set_timeout(Some(TIMEOUT)).unwrap();
    options.set_tls_ca(certificates().text("ca.pem").as_bytes());
    set(&mut options);
    Client::with_options(url, &options).unwrap()
}

/// The properties of an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Expected {
    status: Status,
    retryable: bool,
}

/// The error of a server that can't be trusted or spoken to.
const UNUSABLE: Expected = Expected { status: Status::Unavailable, retryable: false };
/// The error of a client without the right certificate.
const REFUSED: Expected = Expected { status: Status::Unauthenticated, retryable: false };

impl Expected {
    /// Returns what is wrong with an outcome: it should be such an error of the connection, never in doubt,
    /// with one of the texts.
    fn check<T>(self, outcome: &Result<T, Error>, texts: &[&str]) -> Option<String> {
        let Err(error) = outcome else { return Some("success".to_owned()) };
        let is_expected = Self { status: error.status(), retryable: error.is_retryable() } == self
            && error.origin() == Origin::Connection
            && !error.is_in_doubt();
        let message = error.full_message();
        if !is_expected || !texts.iter().any(|text| message.contains(text)) {
            return Some(format!(
                "in doubt: {}, retryable: {}, {error:?}: expected {self:?}, one of {texts:?}",
                error.is_in_doubt(),
                error.is_retryable()
            ));
        }
        // Of rustls, and of a debug form.
        let foreign = ["https://docs", "(UNIX)", "Other(", "{", "BrokenPipe", "os error"];
        foreign.iter().find(|text| message.contains(**text)).map(|text| format!("'{text}' in {error:?}"))
    }
}

#[test]
fn good_certificates_pass_in_every_kind_of_call() {
    for option in ["--tls", "--mutual"] {
        let proxies = start_with_tls(&Addresses::of_triton(), &[option]);
        let endpoints: Vec<Endpoint> = proxies.iter().flat_map(Proxy::endpoints).collect();
        for_each(&endpoints, |endpoint| {
            let client = endpoint.client();
            for (name, call) in calls(endpoint.is_grpc()) {
                call(&client).unwrap_or_else(|error| panic!("{option}, {name}: {error:?}"));
            }
            let counts = client.connections();
            assert!(counts.tls_handshakes > 0 && counts.tls_handshakes == counts.connects, "{counts:?}");
        });
    }
}

#[test]
fn a_client_certificate_that_is_missing_or_refused_is_unauthenticated() {
    let proxies = start_with_tls(&Addresses::of_triton(), &["--mutual"]);
    let endpoints: Vec<Endpoint> = proxies.iter().flat_map(Proxy::endpoints).collect();
    for_each(&endpoints, |endpoint| {
        let mut wrong = Vec::new();
        for (certificate, text) in [
            (None, "requires a client certificate"),
            (Some("stranger"), "the server refused "),
            (Some("client-expired"), "the server refused "),
        ] {
            let client = client(&endpoint.url, |options| {
                certificate.map(|name| set_client_certificate(options, name)).unwrap_or_default();
            });
            for (name, call) in calls(endpoint.is_grpc()).chain([("8 MiB", infer_large as Call)]) {
                let start = Instant::now();
                let outcome = call(&client);
                if name == "inference" {
                    let case = format!("client certificate: {}", certificate.unwrap_or("none"));
                    endpoint.row(&case, &outcome, None);
                }
                let found = REFUSED.check(&outcome, &[text]);
                wrong.extend(found.map(|found| format!("{certificate:?}, {name}: {found}")));
                if start.elapsed() > TIMEOUT / 2 {
                    wrong.push(format!("{certificate:?}, {name} took {:?}", start.elapsed()));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}

#[test]
fn a_server_that_cannot_be_trusted_is_unavailable() {
    // (the server's certificate, the file of authorities, a part of the reason)
    for (certificate, authority, text) in [
        ("server", "other-ca.pem", "signed by no authority"),
        ("no-intermediate", "ca.pem", "signed by no authority"),
        ("wrong-host", "ca.pem", OTHER_NAME),
        ("expired", "ca.pem", EXPIRED),
        ("not-yet-valid", "ca.pem", NOT_YET_VALID),
        ("self-signed-ca", "ca.pem", "CA:TRUE"),
        ("self-signed", "ca.pem", "self-signed"),
        ("common-name", "ca.pem", "alternative name"),
        ("authority", "ca.pem", "CA:TRUE"),
    ] {
        let proxies = start_with_tls(&Addresses::of_triton(), &["--tls", "--certificate", certificate]);
        let endpoints: Vec<Endpoint> = proxies.iter().flat_map(Proxy::endpoints).collect();
        for_each(&endpoints, |endpoint| {
            let client = client(&endpoint.url, |options| {
                options.set_tls_ca(certificates().text(authority).as_bytes());
            });
            for (name, call) in calls(endpoint.is_grpc()) {
                let found = UNUSABLE.check(&call(&client), &[text]);
                assert_eq!(found, None, "{certificate}, {authority}, {name}");
            }
            // The same file as the authority.
            if certificate.starts_with("self-signed") {
                let own = certificates().text(&format!("{certificate}.pem"));
                let client = self::client(&endpoint.url, |options| {
                    options.set_tls_ca(own.as_bytes());
                });
                for (name, call) in calls(endpoint.is_grpc()) {
                    call(&client).unwrap_or_else(|error| panic!("{certificate}, {name}: {error:?}"));
                }
            }
        });
    }
}

#[test]
fn without_a_file_of_authorities_the_systems_are_used() {
    let proxies = start_with_tls(&Addresses::of_triton(), &["--tls"]);
    let mut failures = Failures::default();
    for endpoint in proxies.iter().flat_map(Proxy::endpoints) {
        match Client::new(&endpoint.url) {
            // None are installed here.
            Err(error) => {
                let is_named = error.full_message().contains("SSL_CERT_FILE");
                let is_expected = error.status() == Status::InvalidArgument && is_named;
                failures.expect(is_expected, &endpoint, format_args!("{error:?}"));
            }
            Ok(client) => {
                let found = UNUSABLE.check(&simple(&client), &["signed by no authority"]);
                failures.expect(found.is_none(), &endpoint, format_args!("{found:?}"));
            }
        }
    }
}

#[test]
fn tls_against_a_plain_port_and_the_reverse_are_named() {
    let triton = Addresses::of_triton();
    let plain = [
        ("https", "Triton's own port".to_owned(), triton.http.clone()),
        ("https", "Triton's metrics port".to_owned(), triton.metrics.clone()),
        ("grpcs", "Triton's own port".to_owned(), triton.grpc.clone()),
    ];
    let (mut plain, mut wrong) = (plain.to_vec(), Vec::new());
    let proxies = start_all(&triton, &[]);
    for endpoint in proxies.iter().flat_map(Proxy::endpoints) {
        let address = endpoint.url.split_once("://").unwrap().1.to_owned();
        plain.push((if endpoint.is_grpc() { "grpcs" } else { "https" }, endpoint.to_string(), address));
    }
    for (scheme, what, address) in &plain {
        let client = client(&format!("{scheme}://{address}"), |_| ());
        for (name, call) in calls(*scheme == "grpcs") {
            let outcome = call(&client);
            let found = match &what[..] {
                // It closes what is not HTTP/2, as a server that is starting does: it is asked about.
                "haproxy, gRPC" => {
                    let expected = Expected { retryable: true, ..UNUSABLE };
                    expected.check(&outcome, &["does this port speak TLS?"])
                }
                _ => UNUSABLE.check(&outcome, &["does not speak TLS at this port"]),
            };
            wrong.extend(found.map(|found| format!("{scheme} against {what}, {name}: {found}")));
        }
    }
    let proxies = start_with_tls(&triton, &["--tls"]);
    for endpoint in proxies.iter().flat_map(Proxy::endpoints) {
        let client = client(&endpoint.url.replacen("s://", "://", 1), |_| ());
        for (name, call) in calls(endpoint.is_grpc()) {
            let outcome = call(&client);
            if name == "inference" {
                endpoint.row("a client without TLS", &outcome, None);
            }
            let Err(error) = outcome else { panic!("{endpoint}, {name}: success without TLS") };
            let message = error.full_message();
            // Those that close the connection without a byte are asked about it.
            let is_named = message.contains("the server's port speaks TLS") && !error.is_retryable()
                || message.contains("does this port expect TLS?");
            if error.status() != Status::Unavailable || !is_named {
                wrong.push(format!("plain against {endpoint}, {name}: {error:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Some choose HTTP/1.1 unasked, some end the handshake, some choose nothing, and the calls pass.
#[test]
fn a_port_without_alpn_is_usable_and_one_without_http2_is_named() {
    let triton = Addresses::of_triton();
    let mut failures = Failures::default();
    // (the proxy, the change of its configuration, whether gRPC is named as missing)
    for (name, edit, is_missing) in [
        ("haproxy", r"s/ alpn [^ ]*//", false),
        ("envoy", r"/alpn_protocols/d", false),
        ("nginx", r"s/ ssl http2;/ ssl;/", true),
        ("apache", r"s/Protocols h2$/Protocols http\/1.1/", true),
    ] {
        if !names().iter().any(|known| known == name) {
            continue;
        }
        let proxy = Proxy::start(name, &triton, &["--tls", "--edit", edit]);
        for endpoint in proxy.endpoints() {
            let client = endpoint.client();
            for (kind, call) in calls(endpoint.is_grpc()) {
                let outcome = call(&client);
                if !(is_missing && endpoint.is_grpc()) {
                    failures.expect(outcome.is_ok(), &endpoint, format_args!("{kind}: {outcome:?}"));
                    continue;
                }
                let found = UNUSABLE.check(&outcome, &["HTTP/2 over TLS"]);
                failures.expect(found.is_none(), &endpoint, format_args!("{kind}: {found:?}"));
            }
        }
    }
}

/// nginx sends its session tickets at once, Envoy with its first response, Caddy inside the handshake.
#[test]
fn idle_connections_with_unread_tickets_are_reused_and_new_ones_resume() {
    let proxies = start_with_tls(&Addresses::of_triton(), &["--tls"]);
    let endpoints: Vec<Endpoint> = proxies.iter().flat_map(Proxy::endpoints).collect();
    for_each(&endpoints, |endpoint| {
        let client = endpoint.client();
        // The first connection carries no call before it is idle.
        client.connect(1, &CallOptions::new()).unwrap();
        for _ in 0..50 {
            simple(&client).unwrap();
        }
        let counts = client.connections();
        assert_eq!((counts.connects, counts.tls_handshakes, counts.tls_resumed), (1, 1, 0));
        for round in 1..=3 {
            client.close_idle().unwrap();
            simple(&client).unwrap();
            let counts = client.connections();
            assert_eq!((counts.connects, counts.tls_resumed), (1 + round, round), "round {round}");
        }
    });
}

/// A reload closes idle connections with close_notify; a worker that is killed does not send it.
#[test]
fn the_end_of_an_idle_connection_is_not_an_error() {
    let proxies = start_with_tls(&Addresses::of_triton(), &["--tls"]);
    let endpoints: Vec<Endpoint> = proxies.iter().flat_map(Proxy::endpoints).collect();
    let clients: Vec<Client> = endpoints.iter().map(Endpoint::client).collect();
    let call_all = |moment: &str| {
        for (endpoint, client) in endpoints.iter().zip(&clients) {
            for (name, call) in calls(endpoint.is_grpc()) {
                call(client).unwrap_or_else(|error| panic!("{endpoint}, {moment}, {name}: {error:?}"));
            }
        }
    };
    call_all("before");
    for proxy in &proxies {
        proxy.reload();
    }
    let end = Instant::now() + Duration::from_secs(2);
    while Instant::now() < end {
        call_all("during a reload");
    }
    // The first process keeps the port, and starts another worker.
    let Some(nginx) = proxies.iter().find(|proxy| proxy.name == "nginx") else { return };
    let pid = nginx.pid();
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
    for child in children.split_whitespace() {
        signal("KILL", child);
        let end = Instant::now() + TIMEOUT;
        // `pid (comm) state ...`: it has closed its connections once it is gone, or a zombie.
        while fs::read_to_string(format!("/proc/{child}/stat")).is_ok_and(|stat| !stat.contains(") Z")) {
            assert!(Instant::now() < end, "the worker {child} does not end");
            thread::sleep(Duration::from_millis(1));
        }
    }
    // A gRPC connection is only checked if it was idle for 100 ms: without GOAWAY, its end costs a call
    // before.
    let idle = Instant::now();
    while idle.elapsed() < Duration::from_millis(150) {
        thread::sleep(Duration::from_millis(10));
    }
    call_all("after a worker was killed");
}

/// A Triton whose gRPC port speaks TLS by itself.
#[test]
fn tritons_own_tls_is_used_and_its_refusals_are_named() {
    let folder = certificates().folder();
    let path = |name| folder.path(name);
    let tls = format!(
        "--grpc-use-ssl=true --grpc-server-cert={} --grpc-server-key={}",
        path("server.pem"),
        path("server.key")
    );
    let mutual = format!("{tls} --grpc-use-ssl-mutual=true --grpc-root-cert={}", path("ca.pem"));
    let models = "simple repeat_int32 identity_uint8";
    let [tls, mutual] = thread::scope(|scope| {
        [&tls, &mutual]
            .map(|args| scope.spawn(|| Triton::start_with_args(models, args)))
            .map(|it| it.join().unwrap())
    });
    let url = |triton: &Triton| format!("grpcs://{}", triton.addresses.grpc);
    let mut wrong = Vec::new();
    let good = client(&url(&mutual), |options| set_client_certificate(options, "client"));
    for (what, client) in [("TLS", client(&url(&tls), |_| ())), ("mutual TLS", good)] {
        for (name, call) in calls(true).chain([("8 MiB", infer_large as Call)]) {
            wrong.extend(call(&client).err().map(|error| format!("{what}, {name}: {error:?}")));
        }
        client.close_idle().unwrap();
        simple(&client).unwrap();
        let counts = client.connections();
        if counts.tls_resumed == 0 {
            wrong.push(format!("{what}: nothing was resumed: {counts:?}"));
        }
    }
    // It closes the connection without an alert.
    for (certificate, text) in [
        (None, "requires a client certificate"),
        (Some("stranger"), "the server refused "),
        (Some("client-expired"), "the server refused "),
    ] {
        let client = client(&url(&mutual), |options| {
            certificate.map(|name| set_client_certificate(options, name)).unwrap_or_default();
        });
        for (name, call) in calls(true).chain([("8 MiB", infer_large as Call)]) {
            let found = REFUSED.check(&call(&client), &[text]);
            wrong.extend(found.map(|found| format!("{certificate:?}, {name}: {found}")));
        }
    }
    // Its HTTP port never has TLS.
    let https = client(&format!("https://{}", tls.addresses.http), |_| ());
    let found = UNUSABLE.check(&simple(&https), &["does not speak TLS at this port"]);
    wrong.extend(found.map(|found| format!("its HTTP port: {found}")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// nginx then closes a connection after each 100th request: over HTTP/2 with GOAWAY, while other calls are on
/// it.
#[test]
fn calls_beyond_a_limit_of_requests_for_a_connection_all_succeed() {
    if !names().iter().any(|name| name == "nginx") {
        println!("skipped: nginx is missing");
        return;
    }
    let edit = "s/^http {/http {\\n    keepalive_requests 100;/";
    let proxy = Proxy::start("nginx", &Addresses::of_triton(), &["--tls", "--edit", edit]);
    let mut failures = Failures::default();
    for endpoint in proxy.endpoints() {
        let client = endpoint.client();
        expect_no_failure(&mut failures, &endpoint, &client, 8, 375);
        let counts = client.connections();
        let is_replaced = counts.connects >= 30 && counts.tls_resumed >= 20;
        failures.expect(is_replaced, &endpoint, format_args!("threads: {counts:?}"));
        let failed = run_calls(&client, 0..3000, 64);
        endpoint.note("3000 asynchronous calls, 64 in flight", format_args!("{} failed", failed.len()));
        failures.expect(failed.is_empty(), &endpoint, format_args!("{:?}", failed.first()));
        let is_replaced = client.connections().connects >= counts.connects + 20;
        failures.expect(is_replaced, &endpoint, format_args!("asynchronous: {:?}", client.connections()));
    }
}

/// Whatever nginx passes on or says itself arrives through TLS as it does without.
#[test]
fn nginx_passes_large_bodies_and_events_over_tls_and_its_own_errors_are_told_apart() {
    if !names().iter().any(|name| name == "nginx") {
        println!("skipped: nginx is missing");
        return;
    }
    let (silent, refused) = (silent(), refused_address());
    let locations = format!(
        "location /base/ {{ proxy_pass http://http/; }} \
         location /limited/ {{ client_max_body_size 1k; proxy_pass http://http/; }} \
         location /refused/ {{ proxy_pass http://{refused}/; }} \
         location /silent/ {{ proxy_pass http://{}/; proxy_read_timeout 1s; }} \
         location /page/ {{ default_type text/html; return 403 '<html><h1>Not you</h1></html>'; }}",
        silent.address()
    );
    let edit = format!("s|location /metrics|{locations} location /metrics|");
    let proxy = Proxy::start("nginx", &Addresses::of_triton(), &["--tls", "--edit", &edit]);
    let endpoints = proxy.endpoints();
    let http = endpoints.iter().find(|endpoint| !endpoint.is_grpc()).unwrap();
    let at = |path: &str| client(&format!("{}{path}", http.url), |_| ());
    let data = bytes(64 << 20);
    let shape = [data.len() as i64];
    let request = InferRequest::new("identity_uint8").input_bytes("INPUT0", Datatype::Uint8, &shape, &data);
    let result = at("/base").infer(&request).unwrap();
    assert!(result.output("OUTPUT0").unwrap().data() == data, "64 MiB over HTTP");
    let grpc = endpoints.iter().find(|endpoint| endpoint.is_grpc()).unwrap();
    let result = grpc.client().infer(&request).unwrap();
    assert!(result.output("OUTPUT0").unwrap().data() == data, "64 MiB over gRPC");

    let mut events = 0;
    let input = r#"{"PROMPT":"to be","REPEAT":3}"#;
    at("/base")
        .generate_stream("generator", "", input, &CallOptions::new(), |_| {
            events += 1;
            ControlFlow::Continue(())
        })
        .unwrap();
    assert!(events > 1, "{events} events");
    let error = at("/base").model_metadata("none", "", &CallOptions::new()).unwrap_err();
    let properties = (error.origin(), error.http_status());
    assert_eq!(properties, (Origin::Server, Some(404)), "{error:?}");
    assert!(error.full_message().contains("none") && !error.full_message().contains('<'), "{error:?}");
    for (path, http_status, status) in [
        ("/limited", 413, Status::ResourceExhausted),
        ("/refused", 502, Status::Unavailable),
        ("/silent", 504, Status::DeadlineExceeded),
        ("/page", 403, Status::PermissionDenied),
    ] {
        let data = bytes(16 << 10);
        let shape = [data.len() as i64];
        let request =
            InferRequest::new("identity_uint8").input_bytes("INPUT0", Datatype::Uint8, &shape, &data);
        let error = at(path).infer(&request).unwrap_err();
        let properties = (error.status(), error.origin(), error.http_status());
        assert_eq!(properties, (status, Origin::Server, Some(http_status)), "{path}: {error:?}");
        assert!(!error.full_message().contains("<html"), "{error:?}");
    }
}
