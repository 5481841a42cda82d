//! Streams and asynchronous calls.
//!
//! On the server of the run, which all tests share, streams are of the decoupled model only: streams of
//! decoupled models and of others take turns on a server. Tests that need another model start their own.

use std::{
    collections::BTreeSet,
    env,
    ops::Range,
    thread,
    time::{Duration, Instant},
};

use triton_client::{
    Call, CallOptions, CancelToken, Client, ClientOptions, CompletionQueue, Error, InferRequest, InferResult,
    Origin, Status, Stream, StreamEvent, StreamOptions,
};

use crate::harness::{
    Addresses, Endpoint, Failures, Proxy, TIMEOUT, Triton, for_each, start_all, start_for_grpc,
};

/// How soon a stream ends after its last response, and after its server was killed.
const SOON: Duration = Duration::from_secs(1);

/// How an end names Apache's error page, which is data of the stream.
const PAGE: &str = "data that is not gRPC: '<!DOCTYPE HTML";

fn grpc_endpoints(proxies: &[Proxy]) -> Vec<Endpoint<'_>> {
    proxies.iter().flat_map(|proxy| proxy.endpoints()).filter(|endpoint| endpoint.is_grpc()).collect()
}

fn open(client: &Client) -> Stream {
    client.open_stream(&StreamOptions::new()).unwrap()
}

#[track_caller]
fn next(stream: &Stream) -> StreamEvent {
    stream.next(Some(TIMEOUT)).unwrap()
}

#[track_caller]
fn next_result(stream: &Stream) -> InferResult {
    match next(stream) {
        StreamEvent::Result(result) => result,
        other => panic!("expected a result: {other:?}"),
    }
}

#[track_caller]
fn next_end(stream: &Stream) -> Result<(), Error> {
    match next(stream) {
        StreamEvent::End(outcome) => outcome,
        other => panic!("expected the end: {other:?}"),
    }
}

#[track_caller]
fn send(stream: &Stream, request: &InferRequest<'_>) {
    stream.send(request, Some(TIMEOUT)).unwrap();
}

/// A request of the decoupled model: a response with each value, after its delay in milliseconds.
fn repeat<'a>(id: &str, values: &'a [i32], delays: &'a [u32]) -> InferRequest<'a> {
    InferRequest::new("repeat_int32")
        .id(id)
        .input("IN", &[values.len() as i64], values)
        .input("DELAY", &[delays.len() as i64], delays)
        .input("WAIT", &[1], &[0u32])
}

/// The same with the empty final response.
fn repeat_to_the_end<'a>(id: &str, values: &'a [i32], delays: &'a [u32]) -> InferRequest<'a> {
    let mut request = repeat(id, values, delays);
    request.set_empty_final_response(true);
    request
}

/// Receives one response with this value to the request.
#[track_caller]
fn expect_value(stream: &Stream, id: &str, value: i32) {
    let result = next_result(stream);
    assert_eq!((result.id(), result.output("OUT").unwrap().as_slice::<i32>().unwrap()), (id, &[value][..]));
}

/// Sends a request and receives its response.
#[track_caller]
fn exchange(stream: &Stream, id: &str, value: i32) {
    send(stream, &repeat(id, &[value], &[0]));
    expect_value(stream, id, value);
}

/// A whole stream: a request, its response and the end.
pub(crate) fn run_stream(client: &Client, value: i32) -> Result<(), Error> {
    let stream = open(client);
    stream.send(&repeat("whole", &[value], &[0]), Some(TIMEOUT))?;
    match next(&stream) {
        StreamEvent::End(outcome) => return Err(outcome.unwrap_err()),
        StreamEvent::RequestError(error) => panic!("{error:?}"),
        StreamEvent::Result(result) => {
            assert_eq!(result.output("OUT").unwrap().as_slice::<i32>().unwrap(), [value]);
        }
    }
    stream.finish().unwrap();
    next_end(&stream)
}

/// Returns the longest time between the last response and the end of a stream.
fn longest_end(client: &Client) -> Duration {
    let mut longest = Duration::ZERO;
    for flag in [false, true] {
        for count in [0, 1, 3] {
            let what = format!("{count} responses, with the empty final response: {flag}");
            let (values, delays) = (vec![7; count], vec![20; count]);
            let stream = open(client);
            match flag {
                false => send(&stream, &repeat("r", &values, &delays)),
                true => send(&stream, &repeat_to_the_end("r", &values, &delays)),
            }
            stream.finish().unwrap();
            for _ in 0..count {
                expect_value(&stream, "r", 7);
            }
            if flag {
                let result = next_result(&stream);
                assert!(result.is_final() && result.is_null(), "{what}: {result:?}");
            }
            let start = Instant::now();
            next_end(&stream).unwrap_or_else(|error| panic!("{what}: {error:?}"));
            let took = start.elapsed();
            assert!(took < SOON, "{what}: the end came after {took:?}");
            longest = longest.max(took);
        }
    }
    longest
}

#[test]
fn a_finished_stream_ends_within_a_second_after_its_last_response() {
    let triton = Addresses::of_triton();
    longest_end(&Client::new(&format!("grpc://{}", triton.grpc)).unwrap());
    let proxies = start_for_grpc(&triton, &[]);
    for_each(&grpc_endpoints(&proxies), |endpoint| {
        let longest = longest_end(&endpoint.client());
        endpoint.note("the end of a finished stream", format_args!("at most {} ms", longest.as_millis()));
    });
}

/// The proxies have different limits for the streams of one connection. Apache sends no error at its limit:
/// what exceeds it waits.
#[test]
fn a_hundred_and_twenty_streams_at_once_all_receive_their_responses() {
    const STREAMS: usize = 120;
    let proxies = start_for_grpc(&Addresses::of_triton(), &[]);
    for endpoint in grpc_endpoints(&proxies) {
        let client = endpoint.client();
        let start = Instant::now();
        let streams: Vec<Stream> = (0..STREAMS).map(|_| open(&client)).collect();
        for (at, stream) in streams.iter().enumerate() {
            send(stream, &repeat("first", &[at as i32], &[0]));
        }
        for (at, stream) in streams.iter().enumerate() {
            expect_value(stream, "first", at as i32);
        }
        let (took, counts) = (start.elapsed(), client.connections());
        assert_eq!((counts.open, counts.opened), (STREAMS / 6, STREAMS as u64 / 6), "{endpoint}");
        for (at, stream) in streams.iter().enumerate().rev() {
            send(stream, &repeat_to_the_end("second", &[-1 - at as i32 + STREAMS as i32], &[0]));
            stream.finish().unwrap();
        }
        for (at, stream) in streams.iter().enumerate() {
            expect_value(stream, "second", (STREAMS - 1 - at) as i32);
            assert!(next_result(stream).is_final());
            next_end(stream).unwrap_or_else(|error| panic!("{endpoint}, stream {at}: {error:?}"));
        }
        let note = format!("all received the first response, {:.2} s", took.as_secs_f64());
        endpoint.note("120 streams at once", note);
    }
}

/// The shortest timeout of the proxies' default configurations is 50 s, apart from Envoy's of 15 s, which
/// begins when the client has sent its last request.
#[test]
fn streams_that_are_silent_for_45_s_continue() {
    const SILENCE: Duration = Duration::from_secs(45);
    let proxies = start_for_grpc(&Addresses::of_triton(), &["--defaults", "--timeout", "50"]);
    for_each(&grpc_endpoints(&proxies), |endpoint| {
        let client = endpoint.client();
        // Without a request, and with one whose response takes as long. The latter is finished, of which the
        // proxy learns only after the final response.
        let (idle, waits) = (open(&client), open(&client));
        exchange(&idle, "first", 1);
        send(&waits, &repeat_to_the_end("first", &[1, 2], &[0, SILENCE.as_millis() as u32]));
        waits.finish().unwrap();
        expect_value(&waits, "first", 1);
        let error = idle.next(Some(SILENCE)).unwrap_err();
        assert_eq!(error.status(), Status::DeadlineExceeded, "{error:?}");
        expect_value(&waits, "first", 2);
        assert!(next_result(&waits).is_final());
        next_end(&waits).unwrap();
        exchange(&idle, "second", 3);
        idle.finish().unwrap();
        next_end(&idle).unwrap();
        endpoint.note("streams silent for 45 s, with the proxy's default limits", "continue");
    });
}

/// The proxies have a timeout of one second, except Caddy, which has none. Apache sends an HTML page as data
/// of the stream.
#[test]
fn a_stream_silent_for_longer_than_a_proxys_timeout_is_unavailable_and_in_doubt_or_continues() {
    let proxies = start_for_grpc(&Addresses::of_triton(), &["--timeout", "1"]);
    for_each(&grpc_endpoints(&proxies), |endpoint| {
        let client = endpoint.client();
        for is_finished in [false, true] {
            let stream = open(&client);
            send(&stream, &repeat("r", &[1, 2], &[0, 3000]));
            if is_finished {
                stream.finish().unwrap();
            }
            expect_value(&stream, "r", 1);
            let sent = if is_finished { "the requests have ended" } else { "the requests go on" };
            let case = format!("a stream is silent for longer than the proxy's timeout, {sent}");
            match next(&stream) {
                StreamEvent::Result(result) => {
                    assert_eq!(result.output("OUT").unwrap().as_slice::<i32>().unwrap(), [2]);
                    stream.finish().unwrap();
                    next_end(&stream).unwrap();
                    endpoint.note(&case, "continues");
                }
                StreamEvent::End(outcome) => {
                    endpoint.row(&case, &outcome, None);
                    let mut failures = Failures::default();
                    failures.expect_in_doubt(endpoint, &case, &outcome);
                    let error = outcome.unwrap_err();
                    let is_right = error.status() == Status::Unavailable;
                    failures.expect(is_right, endpoint, format_args!("{case}: {error:?}"));
                    let names_page = error.full_message().contains(PAGE);
                    let is_right = names_page || endpoint.proxy.name != "apache";
                    failures.expect(is_right, endpoint, format_args!("{case}: no page in {error:?}"));
                }
                StreamEvent::RequestError(error) => panic!("{case}: {error:?}"),
            }
            run_stream(&client, 3).unwrap();
        }
    });
}

/// Returns how many requests of the model `slow` wait until it has executed the one before them.
fn pending(client: &Client) -> f64 {
    let metrics = client.metrics(&CallOptions::new()).unwrap();
    let name = "nv_inference_pending_request_count";
    metrics.value(name, &[("model", "slow")]).unwrap_or_else(|| panic!("no {name}: {}", metrics.text()))
}

/// Waits until as many requests are at the model `slow`: one is executed, and the others wait for it.
#[track_caller]
fn wait_for_requests(client: &Client, count: usize) {
    let deadline = Instant::now() + TIMEOUT;
    while pending(client) != (count - 1) as f64 {
        assert!(Instant::now() < deadline, "not {count} requests at the server: {} wait", pending(client));
    }
}

fn slow<'a>(id: &str, delay_ms: &'a [u32; 1]) -> InferRequest<'a> {
    InferRequest::new("slow").id(id).input("DELAY_MS", &[1], delay_ms)
}

fn direct_client(triton: &Addresses) -> Client {
    let mut options = ClientOptions::new();
    options.set_metrics_url(&format!("http://{}/metrics", triton.metrics)).unwrap();
    options.set_timeout(Some(TIMEOUT)).unwrap();
    Client::with_options(&format!("grpc://{}", triton.grpc), &options).unwrap()
}

#[test]
fn streams_and_asynchronous_calls_whose_server_is_killed_are_in_doubt_and_the_client_works_after_a_restart() {
    const CALLS: usize = 4;
    const MODELS: &str = "repeat_int32 slow";
    static MINUTE: [u32; 1] = [60_000];
    let mut failures = Failures::default();
    let triton = Triton::start(MODELS);
    let addresses = triton.addresses.clone();
    let proxies = start_all(&addresses, &[]);
    let endpoints: Vec<_> = proxies.iter().flat_map(|proxy| proxy.endpoints()).collect();
    let clients: Vec<Client> =
        endpoints.iter().map(|endpoint| endpoint.client_with_timeout(3 * TIMEOUT)).collect();

    let mut streams = Vec::new();
    let mut calls: Vec<(usize, Call)> = Vec::new();
    for (at, client) in clients.iter().enumerate() {
        if endpoints[at].is_grpc() {
            for is_finished in [false, true] {
                let stream = open(client);
                send(&stream, &repeat("r", &[1, 2], &[0, MINUTE[0]]));
                if is_finished {
                    stream.finish().unwrap();
                }
                expect_value(&stream, "r", 1);
                streams.push((at, is_finished, stream));
            }
        }
        let submit = || client.infer_async(&slow("", &MINUTE), &CallOptions::new()).unwrap();
        calls.extend((0..CALLS).map(|_| (at, submit())));
    }
    wait_for_requests(&direct_client(&addresses), endpoints.len() * CALLS);
    triton.kill();
    let killed = Instant::now();
    let mut check = |at: usize, case: &str, outcome: Result<(), Error>| {
        let (endpoint, took) = (&endpoints[at], killed.elapsed());
        endpoint.row(case, &outcome, None);
        failures.expect_in_doubt(endpoint, case, &outcome);
        let is_right = outcome.as_ref().is_err_and(|error| error.status() == Status::Unavailable);
        failures.expect(is_right, endpoint, format_args!("{case}: {outcome:?}"));
        let is_page = outcome.as_ref().is_err_and(|error| error.full_message().contains(PAGE));
        let is_expected = endpoint.proxy.name == "apache" && case.contains("stream");
        failures.expect(is_page == is_expected, endpoint, format_args!("{case}: {outcome:?}"));
        failures.expect(took < 2 * SOON, endpoint, format_args!("{case}: the end after {took:?}"));
    };
    for (at, is_finished, stream) in &streams {
        let case = match is_finished {
            false => "Triton is killed in a stream",
            true => "Triton is killed in a stream whose requests have ended",
        };
        check(*at, case, next_end(stream));
    }
    for (number, (at, call)) in calls.iter().enumerate() {
        call.wait(Some(TIMEOUT)).unwrap();
        let case = format!("Triton is killed during asynchronous call {}", number % CALLS + 1);
        check(*at, &case, call.take_result().map(drop));
    }

    let _restarted = Triton::restart(MODELS, &addresses);
    for (client, endpoint) in clients.iter().zip(&endpoints).filter(|(_, endpoint)| endpoint.is_grpc()) {
        let start = Instant::now();
        let outcome = loop {
            let outcome = run_stream(client, 5);
            if outcome.is_ok() || start.elapsed() > TIMEOUT {
                break outcome;
            }
        };
        failures.expect(outcome.is_ok(), endpoint, format_args!("a stream after a restart: {outcome:?}"));
    }
}

/// When they are reloaded, proxies announce the end of their connections (GOAWAY), or keep them.
#[test]
fn a_stream_continues_while_its_proxy_is_reloaded_and_new_streams_and_calls_work() {
    const RESPONSES: usize = 60;
    let proxies = start_for_grpc(&Addresses::of_triton(), &[]);
    for_each(&grpc_endpoints(&proxies), |endpoint| {
        let client = endpoint.client();
        let (busy, idle) = (open(&client), open(&client));
        exchange(&idle, "before", 0);
        let values: Vec<i32> = (0..RESPONSES as i32).collect();
        send(&busy, &repeat_to_the_end("busy", &values, &[50; RESPONSES]));
        expect_value(&busy, "busy", 0);
        check_call(&client);
        let before = client.connections().opened;
        endpoint.proxy.reload();
        for value in &values[1..] {
            expect_value(&busy, "busy", *value);
            run_stream(&client, *value).unwrap_or_else(|error| panic!("new stream {value}: {error:?}"));
            check_call(&client);
        }
        assert!(next_result(&busy).is_final());
        let continues = [goes_on(&busy), goes_on(&idle)];
        let opened = client.connections().opened - before;
        let idle = if continues[1] { "continues" } else { "ends OK" };
        let what = format!("continues; an idle stream {idle}; new connections: {opened}");
        endpoint.note("the proxy is reloaded in mid-stream", what);
    });
}

/// Ends a stream without outstanding requests, and returns whether it took another request. After a GOAWAY it
/// has ended well, so that the server can stop.
fn goes_on(stream: &Stream) -> bool {
    match stream.send(&repeat("last", &[9], &[0]), Some(TIMEOUT)) {
        Ok(()) => {
            expect_value(stream, "last", 9);
            stream.finish().unwrap();
            next_end(stream).unwrap();
            true
        }
        Err(error) => {
            assert_eq!((error.status(), error.is_in_doubt()), (Status::Unavailable, false), "{error:?}");
            next_end(stream).unwrap();
            false
        }
    }
}

fn check_call(client: &Client) {
    let call = client.infer_async(&numbers(1), &CallOptions::new()).unwrap();
    call.wait(Some(TIMEOUT)).unwrap();
    check_sums(&call.take_result().unwrap(), 1);
}

/// With the server's only instance of the model busy with the first of two requests, a cancel frees it at
/// once.
#[test]
fn a_cancel_of_a_stream_or_an_asynchronous_call_reaches_the_model() {
    static DELAY: [u32; 1] = [2500];
    static NONE: [u32; 1] = [0];
    let mut failures = Failures::default();
    let triton = Triton::start("slow");
    let direct = direct_client(&triton.addresses);
    let proxies = start_for_grpc(&triton.addresses, &[]);
    for endpoint in grpc_endpoints(&proxies) {
        let client = endpoint.client();
        let mut expect = |case: &str, cancel: &dyn Fn(), is_passed_on: bool| {
            wait_for_requests(&direct, 2);
            let start = Instant::now();
            cancel();
            direct.infer(&slow("free", &NONE)).unwrap();
            let is_free = start.elapsed() < Duration::from_millis(500);
            let took = start.elapsed().as_millis();
            endpoint.note(case, format_args!("the server is free after {took} ms"));
            failures.expect(is_free || !is_passed_on, &endpoint, format_args!("{case}: {took} ms"));
        };
        for is_finished in [false, true] {
            let case = match is_finished {
                false => "a cancel of a stream",
                true => "a cancel of a stream whose requests have ended",
            };
            let stream = open(&client);
            for id in ["1", "2"] {
                send(&stream, &slow(id, &DELAY));
            }
            if is_finished {
                stream.finish().unwrap();
            }
            // Once the requests have ended, Apache passes it on with the server's next response only.
            let is_passed_on = !is_finished || endpoint.proxy.name != "apache";
            expect(case, &|| stream.cancel(), is_passed_on);
            let error = next_end(&stream).unwrap_err();
            assert_eq!((error.status(), error.origin()), (Status::Cancelled, Origin::Client), "{error:?}");
            assert!(error.is_in_doubt(), "{error:?}");
        }
        let submit = || client.infer_async(&slow("", &DELAY), &CallOptions::new()).unwrap();
        let calls = [submit(), submit()];
        let cancel = || calls.iter().for_each(Call::cancel);
        expect("a cancel of two asynchronous calls", &cancel, endpoint.proxy.name != "apache");
        for call in &calls {
            call.wait(Some(TIMEOUT)).unwrap();
            let error = call.take_result().unwrap_err();
            assert_eq!((error.status(), error.origin()), (Status::Cancelled, Origin::Client), "{error:?}");
        }
        // The connections are still usable.
        let stream = open(&client);
        send(&stream, &slow("again", &NONE));
        assert_eq!(next_result(&stream).id(), "again");
        client.infer(&slow("", &NONE)).unwrap();
    }
}

/// nginx's default limit of 1 MiB is for all requests of a stream together.
#[test]
fn a_stream_that_exceeds_a_proxys_default_body_limit_is_unavailable_and_the_limit_named() {
    const MESSAGES: usize = 32;
    // As many delays as make the request 64 KiB: the model ignores what exceeds the values.
    let delays = vec![0; 16 << 10];
    let proxies = start_for_grpc(&Addresses::of_triton(), &["--defaults"]);
    for_each(&grpc_endpoints(&proxies), |endpoint| {
        let client = endpoint.client();
        let stream = open(&client);
        let mut received = 0;
        let outcome = loop {
            if received == MESSAGES {
                stream.finish().unwrap();
                break next_end(&stream);
            }
            if stream.send(&repeat("large", &[1], &delays), Some(TIMEOUT)).is_err() {
                break next_end(&stream);
            }
            match next(&stream) {
                StreamEvent::Result(_) => received += 1,
                StreamEvent::End(outcome) => break outcome,
                StreamEvent::RequestError(error) => panic!("{error:?}"),
            }
        };
        endpoint.row("2 MiB in 32 messages of a stream, with the proxy's default limits", &outcome, None);
        if endpoint.proxy.name == "nginx" {
            let error = outcome.expect_err("more than 1 MiB passed");
            assert!((14..=16).contains(&received), "{received} messages passed");
            assert_eq!(error.status(), Status::Unavailable, "{error:?}");
            assert!(error.is_in_doubt(), "{error:?}");
            let hint = "nginx's client_max_body_size (1 MiB by default)?";
            assert!(error.full_message().contains(hint), "{error:?}");
        } else {
            outcome.unwrap();
        }
    });
}

/// An inference with a number that no other has.
pub(crate) fn numbers(number: i32) -> InferRequest<'static> {
    let increasing: [i32; 16] = std::array::from_fn(|at| at as i32);
    InferRequest::new("simple")
        .id(number.to_string())
        .input_copy("INPUT0", &[1, 16], &[number; 16])
        .input_copy("INPUT1", &[1, 16], &increasing)
}

#[track_caller]
fn check_sums(result: &InferResult, number: i32) {
    let expected: [i32; 16] = std::array::from_fn(|at| number + at as i32);
    assert_eq!(result.output("OUTPUT0").unwrap().as_slice::<i32>().unwrap(), expected);
    assert_eq!(result.id(), number.to_string());
}

/// Makes a call for each number, with as many in flight. Returns those that failed, with their numbers.
pub(crate) fn run_calls(client: &Client, calls: Range<i32>, in_flight: usize) -> Vec<(i32, Error)> {
    let (queue, options) = (CompletionQueue::new(), CallOptions::new());
    let mut left = calls.clone();
    let mut seen = BTreeSet::new();
    let submit = |left: &mut Range<i32>| {
        if let Some(number) = left.next() {
            client.infer_with_queue(&numbers(number), &options, &queue, number as u64).unwrap().detach();
        }
    };
    for _ in 0..in_flight {
        submit(&mut left);
    }
    let mut failed = Vec::new();
    for _ in calls.clone() {
        let call = queue.next(Some(TIMEOUT)).unwrap_or_else(|error| {
            panic!("{} of {calls:?} were completed: {error:?}", seen.len());
        });
        let number = call.tag() as i32;
        assert!(seen.insert(number), "call {number} was completed twice");
        match call.take_result() {
            Ok(result) => check_sums(&result, number),
            Err(error) => failed.push((number, error)),
        }
        submit(&mut left);
    }
    let error = queue.next(Some(Duration::ZERO)).map(|call| call.tag()).unwrap_err();
    assert_eq!((error.status(), seen.len()), (Status::DeadlineExceeded, calls.len()));
    failed
}

/// 4,000 calls for each proxy and protocol; PROXY_CALLS in the environment replaces the number.
#[test]
fn asynchronous_calls_with_64_in_flight_all_succeed() {
    let count = env::var("PROXY_CALLS").map_or(4000, |count| count.parse().unwrap());
    let proxies = start_all(&Addresses::of_triton(), &[]);
    for endpoint in proxies.iter().flat_map(|proxy| proxy.endpoints()) {
        let client = endpoint.client();
        let start = Instant::now();
        let failed = run_calls(&client, 0..count, 64);
        let (failures, took) = (failed.len(), start.elapsed().as_secs_f64());
        let opened = client.connections().opened;
        let case = format!("{count} asynchronous calls, 64 in flight");
        endpoint.note(&case, format_args!("{failures} failed, {took:.1} s, {opened} connections"));
        assert!(failed.is_empty(), "{endpoint}: {failures} of {case} failed: {:?}", failed.first());
    }
}

/// One of them is cancelled once the others are complete.
#[test]
fn of_many_inferences_at_once_one_is_cancelled_and_one_fails_and_the_others_succeed() {
    const COUNT: usize = 200;
    static LONG: [u32; 1] = [5000];
    let proxies = start_all(&Addresses::of_triton(), &[]);
    for endpoint in proxies.iter().flat_map(|proxy| proxy.endpoints()) {
        let client = endpoint.client();
        let mut requests: Vec<InferRequest> = (0..COUNT as i32).map(numbers).collect();
        let (cancelled, failing) = (77, 140);
        requests[cancelled] = slow("", &LONG);
        requests[failing] = InferRequest::new("none");
        let token = CancelToken::new();
        let (none, mut with_token) = (CallOptions::new(), CallOptions::new());
        with_token.set_cancel_token(Some(&token));
        let options: Vec<_> =
            (0..COUNT).map(|at| if at == cancelled { &with_token } else { &none }).collect();
        let requests: Vec<_> = requests.iter().collect();
        let outcomes = thread::scope(|scope| {
            scope.spawn(|| {
                let deadline = Instant::now() + TIMEOUT;
                while client.infer_statistics().completed < COUNT as u64 - 2 && Instant::now() < deadline {
                    thread::yield_now();
                }
                token.cancel();
            });
            client.infer_many(&requests, &options).unwrap()
        });
        assert_eq!(outcomes.len(), COUNT);
        for (at, outcome) in outcomes.iter().enumerate() {
            let status = if at == cancelled { Status::Cancelled } else { Status::NotFound };
            match outcome {
                Err(error) if at == cancelled || at == failing => {
                    assert_eq!(error.status(), status, "{endpoint}: {error:?}");
                }
                Ok(result) if at != cancelled && at != failing => check_sums(result, at as i32),
                other => panic!("{endpoint}, {at}: {other:?}"),
            }
        }
    }
}
