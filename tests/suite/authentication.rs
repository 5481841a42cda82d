//! Basic and bearer authentication, and the header callback, over both protocols: every kind of call carries
//! the credentials, and a refused one is repeated with new ones.

use std::{
    any::Any,
    ops::ControlFlow,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
        mpsc::channel,
    },
    thread::{self, ThreadId},
    time::{Duration, Instant},
};

use prost::Message;
use triton_client::{
    CallHeaders, CallOptions, CancelToken, Client, ClientOptions, CompletionQueue, Error, InferRequest,
    LogLevel, Origin, Status, Stream, StreamEvent, StreamOptions,
};

use crate::{
    modes::PATIENCE,
    server::until,
    support::{
        embedded::inference::{ModelInferResponse, ServerReadyResponse},
        fault::{Grpc, GrpcResponse, Http, Request, Response, response},
    },
};

/// The headers of a request, names in lower case, with `:authority` as `host`.
type Headers = Vec<(String, String)>;

/// A server that accepts calls by their `authorization`, and records the headers of all requests.
struct Guarded {
    url: String,
    seen: Arc<Mutex<Vec<Headers>>>,
    _server: Box<dyn Any>,
}

impl Guarded {
    /// Returns the values of a header, one for each request.
    fn values(&self, name: &str) -> Vec<String> {
        let value = |headers: &Headers| {
            let values: Vec<_> =
                headers.iter().filter(|own| own.0 == name).map(|own| own.1.clone()).collect();
            values.join(" + ")
        };
        self.seen.lock().unwrap().iter().map(value).collect()
    }
}

fn http(seen: &Mutex<Vec<Headers>>, accepts: &dyn Fn(&str) -> bool, request: &Request) -> Response {
    let headers = request.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
    seen.lock().unwrap().push(headers.collect());
    if !accepts(request.header("authorization").unwrap_or_default()) {
        let body = br#"{"error":"who are you?"}"#;
        return Response::Bytes(response(401, &[("WWW-Authenticate", "Bearer")], body));
    }
    let path = request.path.split('?').next().unwrap();
    let (kind, body): (_, &[u8]) = match path {
        "/v2/health/ready" => ("text/plain", b""),
        "/v2/models/m/generate_stream" => ("text/event-stream", b"data: {\"a\":1}\n\n"),
        "/metrics" => ("text/plain", b"# TYPE a counter\na 1\n"),
        "/v2/models/m/infer" => ("application/json", br#"{"model_name":"m","outputs":[]}"#),
        _ => ("application/json", br#"{"a":1}"#),
    };
    Response::Bytes(response(200, &[("Content-Type", kind)], body))
}

/// A server over each protocol.
fn guarded(accepts: impl Fn(&str) -> bool + Clone + Send + Sync + 'static) -> [Guarded; 2] {
    let (seen, also, by_grpc) = (Arc::default(), Arc::default(), accepts.clone());
    let record: Arc<Mutex<Vec<Headers>>> = Arc::clone(&seen);
    let server = Http::start(move |request| http(&record, &accepts, request));
    let http = Guarded { url: format!("http://{}", server.address()), seen, _server: Box::new(server) };
    let record: Arc<Mutex<Vec<Headers>>> = Arc::clone(&also);
    let server = Grpc::start_with_metadata(move |uri, metadata, _| {
        let text = |value: &http::HeaderValue| value.to_str().unwrap().to_owned();
        let headers = metadata.iter().map(|(name, value)| (name.to_string(), text(value)));
        let host = ("host".to_owned(), uri.authority().unwrap().to_string());
        record.lock().unwrap().push(headers.chain([host]).collect());
        if !by_grpc(metadata.get("authorization").map(text).as_deref().unwrap_or_default()) {
            return GrpcResponse::TrailersOnly { status: 16, message: "who are you?".into() };
        }
        let message = match uri.path().rsplit('/').next() {
            Some("ServerReady") => ServerReadyResponse { ready: true }.encode_to_vec(),
            Some("ModelStreamInfer") => {
                return GrpcResponse::Reply { messages: Vec::new(), status: 0, message: String::new() };
            }
            _ => ModelInferResponse { model_name: "m".into(), ..Default::default() }.encode_to_vec(),
        };
        GrpcResponse::Reply { messages: vec![message], status: 0, message: String::new() }
    });
    let grpc = Guarded { url: format!("grpc://{}", server.address()), seen: also, _server: Box::new(server) };
    [http, grpc]
}

pub(crate) type Way = (&'static str, fn(&Client, &CallOptions) -> Result<(), Error>);

pub(crate) fn request() -> InferRequest<'static> {
    InferRequest::new("m").input("INPUT0", &[1], &[1i32])
}

/// The kinds of calls of both protocols, each with one request.
const WAYS: [Way; 7] = [
    ("infer", |client, options| client.infer_with(&request(), options).map(drop)),
    ("infer_async", |client, options| {
        let call = client.infer_async(&request(), options)?;
        call.wait(Some(PATIENCE)).expect("a call that ends");
        call.take_result().map(drop)
    }),
    ("infer_with_callback", |client, options| {
        let (sender, receiver) = channel();
        let callback = move |outcome| sender.send(outcome).unwrap();
        client.infer_with_callback(&request(), options, callback)?.detach();
        receiver.recv_timeout(PATIENCE).expect("a call that ends").map(drop)
    }),
    ("infer_with_queue", |client, options| {
        let queue = CompletionQueue::new();
        client.infer_with_queue(&request(), options, &queue, 7)?.detach();
        queue.next(Some(PATIENCE)).expect("a call that ends").take_result().map(drop)
    }),
    ("infer_many", |client, options| client.infer_many(&[&request()], &[options])?.remove(0).map(drop)),
    ("is_server_ready", |client, options| client.is_server_ready(options).map(|is_ready| assert!(is_ready))),
    ("wait_ready", |client, options| client.wait_ready("", "", options)),
];
const HTTP_WAYS: [Way; 2] = [
    ("generate", |client, options| client.generate("m", "", "{}", options).map(drop)),
    ("generate_stream", |client, options| {
        client.generate_stream("m", "", "{}", options, |_| ControlFlow::Continue(())).map(drop)
    }),
];

pub(crate) fn ways(url: &str) -> impl Iterator<Item = Way> {
    let more: &[Way] = if url.starts_with("http") { &HTTP_WAYS } else { &[] };
    WAYS.into_iter().chain(more.iter().copied())
}

fn is_async(way: &str) -> bool {
    way.starts_with("infer_")
}

/// Opens a stream, and waits for its end.
pub(crate) fn run_stream(client: &Client, options: &CallOptions) -> Result<(), Error> {
    let mut stream_options = StreamOptions::new();
    stream_options.set_call_options(options.clone())?;
    let stream = client.open_stream(&stream_options)?;
    stream.finish()?;
    end_of(&stream)
}

fn end_of(stream: &Stream) -> Result<(), Error> {
    loop {
        if let StreamEvent::End(end) = stream.next(Some(PATIENCE)).expect("a stream that ends") {
            return end;
        }
    }
}

fn client(url: &str, change: impl FnOnce(&mut ClientOptions)) -> Client {
    let mut options = ClientOptions::new();
    change(&mut options);
    Client::with_options(url, &options).unwrap()
}

fn with_callback(
    url: &str,
    callback: impl Fn(&mut CallHeaders<'_>) -> Result<(), Error> + Send + Sync + 'static,
) -> Client {
    client(url, |options| {
        options.set_header_callback(Arc::new(callback));
    })
}

#[test]
fn every_call_carries_the_default_credentials_and_a_call_its_own() {
    for server in guarded(|_| true) {
        let mut defaults = CallOptions::new();
        defaults.set_bearer_token("t0ken").unwrap();
        let client = client(&server.url, |options| {
            options.set_call_options(defaults).unwrap();
        });
        let mut expected = Vec::new();
        for (way, call) in ways(&server.url) {
            // Nothing but a deadline.
            let mut options = CallOptions::new();
            options.set_timeout(Some(PATIENCE)).unwrap();
            call(&client, &options).unwrap_or_else(|error| panic!("{way}: {error:?}"));
            options.set_basic_auth("Aladdin", "open sesame").unwrap();
            call(&client, &options).unwrap_or_else(|error| panic!("{way}: {error:?}"));
            options.remove_header("Authorization").unwrap();
            call(&client, &options).unwrap_or_else(|error| panic!("{way}: {error:?}"));
            expected.extend(["Bearer t0ken", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", ""]);
        }
        if server.url.starts_with("grpc") {
            run_stream(&client, &CallOptions::new()).unwrap();
            expected.push("Bearer t0ken");
        }
        assert_eq!(server.values("authorization"), expected, "{}", server.url);
    }
}

#[test]
fn the_last_of_basic_bearer_and_header_wins() {
    let [server, _] = guarded(|_| true);
    let client = client(&server.url, |_| ());
    type Set = fn(&mut CallOptions);
    let sets: [(&str, Set); 3] = [
        ("Basic w7w6", |options| {
            options.set_basic_auth("ü", "").unwrap();
        }),
        ("Bearer abc", |options| {
            options.set_bearer_token("abc").unwrap();
        }),
        ("Digest x", |options| {
            options.add_header("Authorization", "Digest x").unwrap();
        }),
    ];
    let mut expected = Vec::new();
    for (_, before) in sets {
        for (value, set) in sets {
            let mut options = CallOptions::new();
            options.add_header("x-other", "1").unwrap().add_header("x-other", "2").unwrap();
            before(&mut options);
            set(&mut options);
            client.is_server_ready(&options).unwrap();
            expected.push(value);
        }
    }
    assert_eq!(server.values("authorization"), expected);
    assert!(server.values("x-other").iter().all(|values| values == "1 + 2"));
}

/// Text that would end a header, or that servers reject.
const INJECTIONS: [&str; 6] = ["a\rb", "a\nb", "a\r\nx-evil: 1", "a\0b", "a\n", "\u{7f}"];

#[test]
fn nothing_that_would_end_a_header_is_accepted_and_no_error_repeats_it() {
    let refuse = |what: &str, outcome: Result<(), Error>| {
        let error = outcome.expect_err(what);
        let properties = (error.status(), error.origin());
        assert_eq!(properties, (Status::InvalidArgument, Origin::Argument), "{what}: {error:?}");
        let text = format!("{error:?}");
        assert!(!text.contains("secret"), "{what}: {text}");
    };
    for bad in INJECTIONS {
        let secret = format!("secret{bad}");
        let mut options = CallOptions::new();
        refuse("value", options.add_header("x-a", &secret).map(drop));
        refuse("traceparent", options.add_header("traceparent", &secret).map(drop));
        refuse("name", options.add_header(&format!("x{bad}"), "secret").map(drop));
        refuse("removed name", options.remove_header(&format!("x{bad}")).map(drop));
        refuse("key", options.add_restricted_key("key", &secret).map(drop));
        refuse("key's name", options.add_restricted_key(&format!("x{bad}"), "secret").map(drop));
        refuse("token", options.set_bearer_token(&secret).map(drop));
        refuse("user", options.set_basic_auth(&secret, "b").map(drop));
        refuse("password", options.set_basic_auth("a", &secret).map(drop));
        let mut client = ClientOptions::new();
        refuse("user agent", client.set_user_agent(bad).map(drop));
        refuse("authority", client.set_authority(bad).map(drop));
        // Nothing of it was kept.
        let plain = format!("{:?}", CallOptions::new());
        assert_eq!(format!("{options:?}"), plain);
    }
    let mut options = CallOptions::new();
    refuse("empty token", options.set_bearer_token("").map(drop));
    refuse("token with a blank", options.set_bearer_token("secret token").map(drop));
    refuse("token not of ASCII", options.set_bearer_token("secretü").map(drop));
    refuse("user with a colon", options.set_basic_auth("secret:a", "b").map(drop));
    refuse("a whole header as a name", options.add_header("authorization: Bearer secret", "").map(drop));
    for bad in ["secret@host", "a:secret@host:1", "[::1", "host:x", "host:+1", "", "a b", "[fe80::1%eth0]:1"]
    {
        refuse("authority", ClientOptions::new().set_authority(bad).map(drop));
    }
    for bad in ["", " a", "a ", "a  b", "ü"] {
        refuse("user agent", ClientOptions::new().set_user_agent(bad).map(drop));
    }
    // By the callback too.
    let [server, _] = guarded(|_| true);
    let client = with_callback(&server.url, |headers| {
        for bad in INJECTIONS {
            assert!(headers.add("traceparent", bad).is_err() && headers.add(bad, "1").is_err());
        }
        headers.add("x-a", "1")?.add("x-b", "secret\n").map(drop)
    });
    let error = client.is_server_ready(&CallOptions::new()).unwrap_err();
    assert_eq!(error.status(), Status::Unauthenticated, "{error:?}");
    assert!(error.full_message().contains("invalid header 'x-b'"), "{error:?}");
    assert!(!format!("{error:?}").contains("secret") && server.values("x-a").is_empty(), "{error:?}");
}

#[test]
fn a_url_with_credentials_is_refused_without_repeating_them() {
    for bad in [
        "https://user:secret@host",
        "http://user:secret@host:8000/v2",
        "grpc://secret@host",
        "user:secret@host",
        "http://user:sec/secret@host",
        "http://user:secret#?x@host",
        "http://user:secret\u{e4}@host",
        "user:secret://x@host",
        "nope://user:secret@host",
        "http://host?token=secret",
        "http://host/#secret",
    ] {
        let error = Client::new(bad).unwrap_err();
        assert_eq!(error.status(), Status::InvalidArgument, "{error:?}");
        assert!(!format!("{error:?}").contains("secret") && error.to_string().contains('…'), "{error:?}");
        let error = ClientOptions::new().set_metrics_url(bad).map(drop).unwrap_err();
        assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    }
    let error = Client::new("https://user:secret@host").unwrap_err().to_string();
    assert!(error.contains("'https://…@host'") && error.contains("set_basic_auth"), "{error}");
}

#[test]
fn the_callback_runs_once_for_each_call_in_its_thread_and_its_headers_replace_all_others() {
    for server in guarded(|_| true) {
        let calls: Arc<Mutex<Vec<ThreadId>>> = Arc::default();
        let (own, url) = (calls.clone(), server.url.clone());
        let callback = move |headers: &mut CallHeaders<'_>| {
            assert!(headers.endpoint() == url && !headers.was_refused());
            assert_eq!(format!("{headers:?}"), "[]");
            own.lock().unwrap().push(thread::current().id());
            headers.add("authorization", "first")?.add("x-each", "1")?.add("x-each", "2")?;
            headers.add("Authorization", "Bearer of-callback")?;
            headers.add("key", "of-callback")?.add("triton-grpc-protocol-key", "of-callback")?;
            assert!(!format!("{headers:?}").contains("of-callback"), "{headers:?}");
            Ok(())
        };
        let client = client(&server.url, |options| {
            let mut defaults = CallOptions::new();
            defaults.set_bearer_token("of-client").unwrap().add_header("x-each", "of-client").unwrap();
            defaults.add_restricted_key("key", "of-client").unwrap();
            defaults.add_header("x-client", "yes").unwrap();
            options.set_call_options(defaults).unwrap().set_header_callback(Arc::new(callback));
        });
        let mut options = CallOptions::new();
        options.add_header("authorization", "of-call").unwrap().remove_header("x-each").unwrap();
        let mut count = 0;
        let mut expect = |way: &str| {
            count += 1;
            assert_eq!(*calls.lock().unwrap(), vec![thread::current().id(); count], "{way}");
        };
        for (way, call) in ways(&server.url) {
            call(&client, &options).unwrap_or_else(|error| panic!("{way}: {error:?}"));
            expect(way);
        }
        if server.url.starts_with("grpc") {
            run_stream(&client, &options).unwrap();
            expect("stream");
        }
        let key = if server.url.starts_with("grpc") { "triton-grpc-protocol-key" } else { "key" };
        for (name, value) in [
            ("authorization", "Bearer of-callback"),
            ("x-each", "1 + 2"),
            ("x-client", "yes"),
            (key, "of-callback"),
        ] {
            assert_eq!(server.values(name), vec![value; count], "{name} of {}", server.url);
        }
        // Each call of several has its own.
        let requests = [&request(), &request(), &request()];
        assert!(client.infer_many(&requests, &[]).unwrap().iter().all(Result::is_ok));
        assert_eq!(calls.lock().unwrap().len(), count + 3);
    }
}

#[test]
fn a_callback_may_not_add_the_header_of_the_json_parts_byte_size() {
    let [server, _] = guarded(|_| true);
    let client = with_callback(&server.url, |headers| headers.add("x-json-size", "7").map(drop));
    let mut options = CallOptions::new();
    options.set_http_json_size_header("X-JSON-Size").unwrap();
    for (way, call) in WAYS.iter().filter(|(way, _)| way.starts_with("infer")) {
        let error = call(&client, &options).expect_err(way);
        assert_eq!(error.status(), Status::InvalidArgument, "{way}: {error:?}");
        assert!(error.to_string().contains("'X-JSON-Size' is both added and set"), "{way}: {error:?}");
    }
    assert!(server.seen.lock().unwrap().is_empty());
}

#[test]
fn a_repeat_for_a_dead_connection_has_the_same_headers_without_another_call() {
    let mark = Arc::new(AtomicUsize::new(0));
    let callback = {
        let mark = mark.clone();
        move |headers: &mut CallHeaders<'_>| {
            headers.add("x-mark", mark.fetch_add(1, Ordering::Relaxed).to_string()).map(drop)
        }
    };
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let own = seen.clone();
    let server = Http::start(move |request| {
        let mut seen = own.lock().unwrap();
        seen.push(request.header("x-mark").unwrap().to_owned());
        match seen.len() {
            2 => Response::Close,
            _ => Response::Bytes(response(200, &[], b"")),
        }
    });
    let client = with_callback(&format!("http://{}", server.address()), callback);
    for _ in 0..2 {
        assert!(client.is_server_ready(&CallOptions::new()).unwrap());
    }
    assert_eq!((seen.lock().unwrap().join(" "), mark.load(Ordering::Relaxed)), ("0 1 1".to_owned(), 2));
}

/// The names of the threads that called the callback, and whether the call had been refused.
type Called = Arc<Mutex<Vec<(String, bool)>>>;

/// A callback whose token is old until the server has refused it.
fn renewing(called: &Called) -> impl Fn(&mut CallHeaders<'_>) -> Result<(), Error> + Send + Sync + use<> {
    let called = called.clone();
    move |headers| {
        let name = thread::current().name().unwrap_or_default().to_owned();
        called.lock().unwrap().push((name, headers.was_refused()));
        if headers.was_refused() {
            headers.add("authorization", "Bearer new")?;
        } else {
            headers.add("x-once", "kept")?.add("authorization", "Bearer old")?;
        }
        Ok(())
    }
}

#[test]
fn a_refused_call_is_repeated_once_with_the_headers_of_another_callback() {
    let this = thread::current().name().unwrap().to_owned();
    for server in guarded(|authorization| authorization == "Bearer new") {
        let called = Called::default();
        let client = with_callback(&server.url, renewing(&called));
        for (way, call) in ways(&server.url) {
            call(&client, &CallOptions::new()).unwrap_or_else(|error| panic!("{way}: {error:?}"));
            let again = if is_async(way) { "triton-headers" } else { &this };
            let expected = [(this.clone(), false), (again.to_owned(), true)];
            assert_eq!(std::mem::take(&mut *called.lock().unwrap()), expected, "{way}");
            assert_eq!(server.values("authorization"), ["Bearer old", "Bearer new"], "{way}");
            assert_eq!(server.values("x-once"), ["kept", "kept"], "{way}");
            server.seen.lock().unwrap().clear();
        }
        // A connection that carried the refusal carries the repeat.
        let opened = client.connections().opened;
        assert!(opened <= 2, "{opened}");
        if server.url.starts_with("grpc") {
            // A stream is not repeated.
            let error = run_stream(&client, &CallOptions::new()).unwrap_err();
            assert_eq!((error.status(), error.origin()), (Status::Unauthenticated, Origin::Server));
            assert_eq!(called.lock().unwrap().len(), 1);
        }
    }
    // Without a callback, and with one that has nothing better, the refusal is the error of the call.
    for server in guarded(|_| false) {
        let called = Called::default();
        for (client, requests) in
            [(client(&server.url, |_| ()), 1), (with_callback(&server.url, renewing(&called)), 2)]
        {
            for (way, call) in ways(&server.url) {
                let error = call(&client, &CallOptions::new()).expect_err(way);
                let properties = (error.status(), error.origin(), error.is_retryable(), error.is_in_doubt());
                assert_eq!(
                    properties,
                    (Status::Unauthenticated, Origin::Server, false, false),
                    "{way}: {error:?}"
                );
                assert!(error.to_string().contains("who are you?"), "{way}: {error:?}");
                if server.url.starts_with("http") {
                    assert_eq!(error.http_status(), Some(401), "{way}");
                    assert_eq!(error.headers().unwrap().get("www-authenticate"), Some("Bearer"), "{way}");
                }
                let seen = std::mem::take(&mut *server.seen.lock().unwrap());
                assert_eq!(seen.len(), requests, "{way} of {}", server.url);
            }
        }
    }
}

#[test]
fn a_callback_that_fails_or_panics_fails_the_call_and_nothing_is_sent() {
    let failing = |headers: &CallHeaders<'_>, at: bool, panics: bool| {
        if headers.was_refused() != at {
            return Ok(());
        }
        if panics {
            panic!("no token today");
        }
        // Any error of the library: the service of the tokens may be called by it.
        Client::new("nope://host").map(drop)
    };
    for server in guarded(|_| false) {
        for (at, panics) in [(false, false), (false, true), (true, false), (true, true)] {
            let client = with_callback(&server.url, move |headers| failing(headers, at, panics));
            let mut all: Vec<Way> = ways(&server.url).collect();
            if server.url.starts_with("grpc") && !at {
                all.push(("stream", run_stream));
            }
            for (way, call) in all {
                let error = call(&client, &CallOptions::new()).expect_err(way);
                let (status, text) = match panics {
                    true => (Status::Internal, "the header callback panicked: no token today"),
                    false => (Status::Unauthenticated, "unsupported scheme 'nope'"),
                };
                let properties = (error.status(), error.origin(), error.is_in_doubt());
                assert_eq!(properties, (status, Origin::Client, false), "{way}: {error:?}");
                assert!(error.full_message().contains(text), "{way}: {error:?}");
                let seen = std::mem::take(&mut *server.seen.lock().unwrap());
                assert_eq!(seen.len(), usize::from(at), "{way}");
            }
        }
    }
    // A failure that passes is one of the call.
    let closed = Client::new("127.0.0.1:1").unwrap();
    let [server, _] = guarded(|_| true);
    let client = with_callback(&server.url, move |_| closed.is_server_ready(&CallOptions::new()).map(drop));
    let error = client.infer(&request()).unwrap_err();
    assert_eq!((error.status(), error.is_retryable()), (Status::Unauthenticated, true), "{error:?}");
}

/// The callback makes calls of its client, blocking and asynchronous ones with a callback, and waits for
/// them, while there is one callback thread, one call in flight, and one connection.
#[test]
fn a_callback_may_wait_for_calls_of_its_client() {
    for refuses in [false, true] {
        for server in guarded(move |authorization| !refuses || authorization != "Bearer old") {
            let shared: Arc<Mutex<Option<Arc<Client>>>> = Arc::default();
            let (own, count) = (shared.clone(), Arc::new(AtomicUsize::new(0)));
            let counter = count.clone();
            let callback = move |headers: &mut CallHeaders<'_>| {
                counter.fetch_add(1, Ordering::Relaxed);
                let client = own.lock().unwrap().clone().unwrap();
                for (way, call) in WAYS {
                    // Without headers of the callback.
                    call(&client, &CallOptions::new()).unwrap_or_else(|error| panic!("{way}: {error:?}"));
                }
                let token = if headers.was_refused() { "Bearer new" } else { "Bearer old" };
                headers.add("authorization", token).map(drop)
            };
            let client = Arc::new(client(&server.url, |options| {
                options.set_header_callback(Arc::new(callback));
                options.set_callback_threads(1).unwrap().set_max_in_flight(1).unwrap();
                options.set_max_connections(Some(1)).unwrap().set_max_async_connections(Some(1)).unwrap();
            }));
            *shared.lock().unwrap() = Some(client.clone());
            let mut calls = 0;
            for (way, call) in ways(&server.url) {
                let start = Instant::now();
                call(&client, &CallOptions::new()).unwrap_or_else(|error| panic!("{way}: {error:?}"));
                assert!(start.elapsed() < PATIENCE, "{way}");
                calls += if refuses { 2 } else { 1 };
                assert_eq!(count.load(Ordering::Relaxed), calls, "{way} {refuses}");
            }
            // The callback holds its client.
            *shared.lock().unwrap() = None;
        }
    }
}

#[test]
fn a_stopped_call_does_not_run_the_callback_and_one_that_takes_too_long_sends_nothing() {
    for server in guarded(|_| true) {
        let (token, count) = (CancelToken::new(), Arc::new(AtomicUsize::new(0)));
        let (own, counter) = (token.clone(), count.clone());
        let client = with_callback(&server.url, move |headers| {
            counter.fetch_add(1, Ordering::Relaxed);
            headers.add("x-a", "1")?;
            own.cancel();
            thread::sleep(Duration::from_millis(30));
            Ok(())
        });
        let mut options = CallOptions::new();
        options.set_timeout(Some(Duration::from_millis(20))).unwrap();
        let mut all: Vec<Way> = ways(&server.url).filter(|(way, _)| *way != "wait_ready").collect();
        if server.url.starts_with("grpc") {
            all.push(("stream", run_stream));
        }
        let mut expected = 0;
        for (way, call) in &all {
            let error = call(&client, &options).expect_err(way);
            expected += 1;
            assert_eq!(error.status(), Status::DeadlineExceeded, "{way}: {error:?}");
            assert!(
                error.to_string().contains("header callback") && !error.is_in_doubt(),
                "{way}: {error:?}"
            );
            assert_eq!(count.load(Ordering::Relaxed), expected, "{way}");
        }
        // Cancelled meanwhile, and before.
        for (way, call) in &all {
            let mut options = CallOptions::new();
            options.set_cancel_token(Some(&token));
            let error = call(&client, &options).expect_err(way);
            assert_eq!(error.status(), Status::Cancelled, "{way}: {error:?}");
        }
        assert_eq!(count.load(Ordering::Relaxed), expected, "{}", server.url);
        assert!(server.values("x-a").is_empty(), "{}", server.url);
    }
    // By the callback itself.
    for server in guarded(|_| true) {
        for (way, call) in ways(&server.url) {
            let token = CancelToken::new();
            let own = token.clone();
            let client = with_callback(&server.url, move |_| {
                own.cancel();
                Ok(())
            });
            let mut options = CallOptions::new();
            options.set_cancel_token(Some(&token));
            let error = call(&client, &options).expect_err(way);
            assert_eq!(error.status(), Status::Cancelled, "{way}: {error:?}");
        }
        assert!(server.values("x-a").is_empty(), "{}", server.url);
    }
}

/// The callback of a refused asynchronous call blocks its own thread only: neither other calls, nor the
/// deadline and the cancel of the call wait for it. Closing the client does.
#[test]
fn a_callback_that_blocks_delays_no_other_call_nor_the_end_of_its_own() {
    for server in guarded(|authorization| authorization != "Bearer old") {
        let (gate, entered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let (own, counter) = (gate.clone(), entered.clone());
        let client = with_callback(&server.url, move |headers| {
            if !headers.was_refused() {
                return headers.add("authorization", "Bearer old").map(drop);
            }
            counter.fetch_add(1, Ordering::Relaxed);
            until("the gate opens", || own.load(Ordering::Relaxed));
            headers.add("authorization", "Bearer new").map(drop)
        });
        let call = client.infer_async(&request(), &CallOptions::new()).unwrap();
        let mut options = CallOptions::new();
        // Long enough for the refusal to arrive on a busy machine.
        options.set_timeout(Some(Duration::from_secs(1))).unwrap();
        let late = client.infer_async(&request(), &options).unwrap();
        until("both callbacks run", || entered.load(Ordering::Relaxed) == 2);
        late.wait(Some(PATIENCE)).unwrap();
        let error = late.take_result().unwrap_err();
        assert_eq!((error.status(), error.is_in_doubt()), (Status::DeadlineExceeded, false), "{error:?}");
        assert!(error.to_string().contains("waiting for the header callback"), "{error:?}");
        assert!(!call.is_done());
        call.cancel();
        call.wait(Some(PATIENCE)).unwrap();
        let error = call.take_result().unwrap_err();
        assert_eq!((error.status(), error.is_in_doubt()), (Status::Cancelled, false), "{error:?}");
        // Both calls have ended, and their callbacks have not.
        assert_eq!(client.close(Some(Duration::ZERO)).unwrap_err().status(), Status::DeadlineExceeded);
        gate.store(true, Ordering::Relaxed);
        client.close(Some(PATIENCE)).unwrap();
        assert_eq!(server.values("authorization"), ["Bearer old"; 2]);
    }
}

#[test]
fn more_refused_calls_than_threads_all_get_new_headers() {
    const COUNT: usize = 40;
    for server in guarded(|authorization| authorization == "Bearer new") {
        let called = Called::default();
        let client = with_callback(&server.url, renewing(&called));
        let requests: Vec<_> = (0..COUNT).map(|_| request()).collect();
        let requests: Vec<_> = requests.iter().collect();
        let outcomes = client.infer_many(&requests, &[]).unwrap();
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        assert_eq!(called.lock().unwrap().len(), 2 * COUNT);
    }
}

#[test]
fn a_callback_may_not_close_its_client_which_would_wait_for_it() {
    for server in guarded(|authorization| authorization == "Bearer new") {
        let shared: Arc<Mutex<Option<Arc<Client>>>> = Arc::default();
        let own = shared.clone();
        let client = Arc::new(with_callback(&server.url, move |headers| {
            let client = own.lock().unwrap().clone().unwrap();
            let error = client.close(Some(PATIENCE)).unwrap_err();
            assert_eq!(error.status(), Status::FailedPrecondition, "{error:?}");
            let token = if headers.was_refused() { "Bearer new" } else { "Bearer old" };
            headers.add("authorization", token).map(drop)
        }));
        *shared.lock().unwrap() = Some(client.clone());
        for (way, call) in ways(&server.url) {
            call(&client, &CallOptions::new()).unwrap_or_else(|error| panic!("{way}: {error:?}"));
        }
        *shared.lock().unwrap() = None;
    }
}

#[test]
fn user_agent_and_authority_are_those_of_the_options() {
    let own = concat!("triton-client/", env!("CARGO_PKG_VERSION"));
    for server in guarded(|_| true) {
        let plain = client(&server.url, |_| ());
        let named = client(&server.url, |options| {
            options.set_user_agent("my-service/2 (blue)").unwrap().set_authority("triton.example").unwrap();
        });
        let (scheme, address) = server.url.split_once("://").unwrap();
        let dotted = format!("localhost.:{}", address.rsplit_once(':').unwrap().1);
        let absolute = client(&format!("{scheme}://{dotted}"), |_| ());
        for (way, call) in ways(&server.url) {
            for client in [&plain, &named, &absolute] {
                call(client, &CallOptions::new()).unwrap_or_else(|error| panic!("{way}: {error:?}"));
            }
            let agents = [own.to_owned(), format!("{own} my-service/2 (blue)"), own.to_owned()];
            assert_eq!(server.values("user-agent"), agents, "{way}");
            assert_eq!(server.values("host"), [address, "triton.example", &*dotted], "{way}");
            server.seen.lock().unwrap().clear();
        }
    }
}

/// The metrics URL may be another host: it gets neither credentials nor the client's authority.
#[test]
fn metrics_are_requested_without_callback_and_authority() {
    let [server, _] = guarded(|_| true);
    let count = Arc::new(AtomicUsize::new(0));
    let counter = count.clone();
    let address = server.url.strip_prefix("http://").unwrap();
    let client = client(&server.url, |options| {
        let mut defaults = CallOptions::new();
        defaults.set_bearer_token("secret").unwrap();
        options.set_call_options(defaults).unwrap().set_authority("triton.example").unwrap();
        options.set_user_agent("a/1").unwrap().set_metrics_url(&server.url).unwrap();
        options.set_header_callback(Arc::new(move |headers: &mut CallHeaders<'_>| {
            counter.fetch_add(1, Ordering::Relaxed);
            headers.add("x-secret", "secret").map(drop)
        }));
    });
    client.metrics(&CallOptions::new()).unwrap();
    assert_eq!((server.values("host"), count.load(Ordering::Relaxed)), (vec![address.to_owned()], 0));
    assert_eq!(server.values("authorization"), [""]);
    assert_eq!(server.values("x-secret"), [""]);
    assert!(server.values("user-agent")[0].ends_with(" a/1"));
    client.is_server_ready(&CallOptions::new()).unwrap();
    assert_eq!(count.load(Ordering::Relaxed), 1);
}

#[test]
fn credentials_over_a_plain_connection_are_warned_of_once_for_each_client() {
    type Set = fn(&mut CallOptions);
    let sets: [(&str, Set); 6] = [
        ("authorization", |options| {
            options.set_bearer_token("s3cret").unwrap();
        }),
        ("authorization", |options| {
            options.set_basic_auth("a", "s3cret").unwrap();
        }),
        ("proxy-authorization", |options| {
            options.add_header("Proxy-Authorization", "s3cret").unwrap();
        }),
        ("cookie", |options| {
            options.add_header("cookie", "s3cret").unwrap();
        }),
        ("x-api-key", |options| {
            options.add_header("X-API-Key", "s3cret").unwrap();
        }),
        ("key", |options| {
            options.add_restricted_key("key", "s3cret").unwrap();
        }),
    ];
    for server in guarded(|_| true) {
        for (name, set) in sets {
            for by_callback in [false, true] {
                let log: Arc<Mutex<Vec<String>>> = Arc::default();
                let own = log.clone();
                let mut options = CallOptions::new();
                set(&mut options);
                let client = client(&server.url, |client| {
                    client.set_log_callback(
                        LogLevel::Warn,
                        Arc::new(move |_, _, text: &str| own.lock().unwrap().push(text.to_owned())),
                    );
                    if by_callback {
                        client.set_header_callback(Arc::new(move |headers: &mut CallHeaders<'_>| {
                            headers.add("cookie", "s3cret").map(drop)
                        }));
                    }
                });
                client.is_server_ready(CallOptions::new().add_header("x-plain", "1").unwrap()).unwrap();
                for (_, call) in ways(&server.url) {
                    let options = if by_callback { &CallOptions::new() } else { &options };
                    call(&client, options).unwrap();
                }
                let log = log.lock().unwrap();
                let name = match (by_callback, name, server.url.starts_with("grpc")) {
                    (true, ..) => "cookie",
                    (_, "key", true) => "triton-grpc-protocol-key",
                    _ => name,
                };
                assert_eq!(log.len(), 1, "{log:?}");
                let begin = format!("header '{name}' is sent to {} without encryption", server.url);
                assert!(log[0].starts_with(&begin) && !log[0].contains("s3cret"), "{log:?}");
            }
        }
    }
}
