//! Streams on the real server: every request has its responses, errors and end, in order, exactly once.
//!
//! Each test has streams of one kind of models only: see [`Streams`].

use std::{
    collections::BTreeMap,
    env,
    future::Future,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, channel},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use triton_client::{
    CallOptions, CancelToken, Client, ClientOptions, Compression, Datatype, Error, Finality, InferRequest,
    InferResult, Origin, SequenceId, Status, Stream, StreamEvent, StreamOptions,
};

use crate::{
    own_server::OwnServer,
    server::{Streams, decoupled_streams, is_embedded, other_streams, server, until},
};

/// Longer than any wait of a test that passes.
const PATIENCE: Duration = Duration::from_secs(30);
/// How soon a stream ends after its last response.
const SOON: Duration = Duration::from_secs(1);

/// A client, and the permission to have streams of a kind. `None` with the embedded server, which has no
/// streams.
fn client(kind: fn() -> Streams) -> Option<(Streams, Client)> {
    (!is_embedded()).then(|| (kind(), Client::new(&server().grpc_url()).unwrap()))
}

/// The proxy in front of the server, if any.
fn proxy() -> Option<String> {
    env::var("TRITON_TEST_PROXY").ok()
}

fn open(client: &Client) -> Stream {
    client.open_stream(&StreamOptions::new()).unwrap()
}

fn next(stream: &Stream) -> StreamEvent {
    stream.next(Some(PATIENCE)).unwrap()
}

#[track_caller]
fn next_result(stream: &Stream) -> InferResult {
    match next(stream) {
        StreamEvent::Result(result) => result,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn next_error(stream: &Stream) -> Error {
    match next(stream) {
        StreamEvent::RequestError(error) => error,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn next_end(stream: &Stream) -> Result<(), Error> {
    match next(stream) {
        StreamEvent::End(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

fn send(stream: &Stream, request: &InferRequest<'_>) {
    stream.send(request, Some(PATIENCE)).unwrap();
}

/// A request of the decoupled model: a response with each value, after its delay in milliseconds. A negative
/// value is an error in its place.
fn repeat<'a>(id: &str, values: &'a [i32], delays: &'a [u32], flag: bool) -> InferRequest<'a> {
    let count = values.len() as i64;
    let mut request = InferRequest::new("repeat_int32")
        .id(id)
        .input("IN", &[count], values)
        .input("DELAY", &[count], delays)
        .input("WAIT", &[1], &[0u32]);
    request.set_empty_final_response(flag);
    request
}

fn simple<'a>(id: &str, a: &'a [i32; 16], b: &'a [i32; 16]) -> InferRequest<'a> {
    InferRequest::new("simple").id(id).input("INPUT0", &[1, 16], a).input("INPUT1", &[1, 16], b)
}

fn value(result: &InferResult, output: &str) -> i32 {
    result.output(output).unwrap().as_slice::<i32>().unwrap()[0]
}

/// Runs a future without a runtime.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    let deadline = Instant::now() + PATIENCE;
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(outcome) => return outcome,
            Poll::Pending => thread::park_timeout(PATIENCE),
        }
        assert!(Instant::now() < deadline, "the future does not complete");
    }
}

/// Opens a stream with a callback that passes its events on.
fn forward(client: &Client, options: &StreamOptions) -> (Stream, Receiver<StreamEvent>) {
    let (sender, receiver) = channel();
    let stream = client.open_stream_with_callback(options, move |event| sender.send(event).unwrap());
    (stream.unwrap(), receiver)
}

#[test]
fn a_decoupled_request_has_zero_one_or_many_responses_and_the_end_comes_soon_after_the_last() {
    let Some((_kind, client)) = client(decoupled_streams) else { return };
    for flag in [false, true] {
        for count in [0, 1, 3] {
            let what = format!("{count} responses, with the empty final response: {flag}");
            let (values, delays) = (vec![5; count], vec![20; count]);
            let stream = open(&client);
            send(&stream, &repeat("r", &values, &delays, flag));
            stream.finish().unwrap();
            for _ in 0..count {
                let result = next_result(&stream);
                assert_eq!((value(&result, "OUT"), result.id()), (5, "r"), "{what}");
                assert_eq!((result.finality(), result.is_null()), (Finality::NotFinal, false), "{what}");
                assert_eq!(result.endpoint(), server().grpc_url());
            }
            let start = Instant::now();
            if flag {
                let result = next_result(&stream);
                assert_eq!((result.is_final(), result.is_null(), result.id()), (true, true, "r"), "{what}");
            }
            next_end(&stream).unwrap();
            assert!(start.elapsed() < SOON, "{what}: {:?}", start.elapsed());
            stream.wait(Some(Duration::ZERO)).unwrap();
            let error = stream.next(Some(PATIENCE)).unwrap_err();
            assert_eq!((error.status(), error.origin()), (Status::FailedPrecondition, Origin::Argument));
        }
    }
    let statistics = client.infer_statistics();
    assert_eq!((statistics.completed, statistics.failed), (6, 0));
    assert!(statistics.max >= Duration::from_millis(60), "{statistics:?}");
}

#[test]
fn responses_go_to_a_callback_in_order_and_the_last_call_is_the_end() {
    let Some((_kind, client)) = client(decoupled_streams) else { return };
    let (stream, events) = forward(&client, &StreamOptions::new());
    let values: Vec<i32> = (0..200).collect();
    send(&stream, &repeat("many", &values, &[0; 200], true));
    stream.finish().unwrap();
    for expected in values {
        match events.recv_timeout(PATIENCE).unwrap() {
            StreamEvent::Result(result) => assert_eq!(value(&result, "OUT"), expected),
            other => panic!("{other:?}"),
        }
    }
    assert!(
        matches!(events.recv_timeout(PATIENCE).unwrap(), StreamEvent::Result(result) if result.is_null())
    );
    assert!(matches!(events.recv_timeout(PATIENCE).unwrap(), StreamEvent::End(Ok(()))));
    stream.wait(Some(PATIENCE)).unwrap();
    // The callback was dropped.
    assert!(events.recv_timeout(PATIENCE).is_err());
    for outcome in [stream.next(None).map(drop), block_on(stream.event()).map(drop)] {
        assert_eq!(outcome.unwrap_err().status(), Status::FailedPrecondition);
    }
}

#[test]
fn events_can_be_awaited_without_a_runtime_and_an_abandoned_wait_loses_none() {
    let Some((_kind, client)) = client(other_streams) else { return };
    let stream = open(&client);
    {
        let mut abandoned = pin!(stream.event());
        let polled = abandoned.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
    }
    let (a, b) = ([1; 16], [2; 16]);
    send(&stream, &simple("s", &a, &b));
    match block_on(stream.event()).unwrap() {
        StreamEvent::Result(result) => assert_eq!((value(&result, "OUTPUT0"), result.id()), (3, "s")),
        other => panic!("{other:?}"),
    }
    stream.finish().unwrap();
    assert!(matches!(block_on(stream.event()), Ok(StreamEvent::End(Ok(())))));
    assert_eq!(block_on(stream.event()).unwrap_err().status(), Status::FailedPrecondition);
}

#[test]
fn the_error_of_a_request_names_it_and_the_stream_continues() {
    let Some((_kind, client)) = client(other_streams) else { return };
    let (a, b) = ([1; 16], [2; 16]);
    let missing = |id: &str| InferRequest::new("simple").id(id).input("INPUT0", &[1, 16], &a);
    let faulty = |id: &str, kind| InferRequest::new("faulty").id(id).input("KIND", &[1], kind);
    let mut cases = [
        (InferRequest::new("nope").id("unknown").input("X", &[1], &[1i32]), "nope", "unknown model: 'nope'"),
        (simple("version", &a, &b).model_version("9"), "simple", "version 9 is not found"),
        (missing("missing"), "simple", "missing required input(s) ['INPUT1']"),
        (missing(""), "simple", "missing required input(s) ['INPUT1']"),
        (faulty("fails", &[2i32]), "faulty", "made to fail: INTERNAL"),
        (faulty("raises", &[20i32]), "faulty", "ValueError: raised on request"),
    ];
    let mut failed = 0;
    for flag in [false, true] {
        let stream = open(&client);
        for (request, model, text) in &mut cases {
            request.set_empty_final_response(flag);
            send(&stream, request);
            let error = next_error(&stream);
            failed += 1;
            let expected = (Status::Unknown, Origin::Server, false, false);
            let have = (error.status(), error.origin(), error.is_retryable(), error.is_in_doubt());
            assert_eq!(have, expected, "{error:?}");
            let message = error.full_message();
            assert!(message.contains(*text) && message.contains(&format!("model '{model}'")), "{message}");
            assert!(!message.contains('\n'), "{message}");
            let id = format!("{request:?}");
            assert!(id.contains(&format!("id: \"{}\"", error.request_id())), "{id}: {error:?}");
        }
        send(&stream, &simple("works", &a, &b));
        assert_eq!(value(&next_result(&stream), "OUTPUT0"), 3);
        stream.finish().unwrap();
        next_end(&stream).unwrap();
    }
    let statistics = client.infer_statistics();
    assert_eq!((statistics.completed, statistics.failed), (2, failed));
}

/// The error of one response is not the end of its request.
#[test]
fn an_error_in_the_middle_of_a_decoupled_request_is_followed_by_its_other_responses() {
    let Some((_kind, client)) = client(decoupled_streams) else { return };
    for flag in [false, true] {
        let stream = open(&client);
        send(&stream, &repeat("r", &[0, -1, 2], &[0; 3], flag));
        stream.finish().unwrap();
        assert_eq!(value(&next_result(&stream), "OUT"), 0);
        let error = next_error(&stream);
        assert_eq!((error.status(), error.request_id()), (Status::Unknown, "r"));
        assert!(error.full_message().contains("made to fail: -1"), "{error:?}");
        assert_eq!(value(&next_result(&stream), "OUT"), 2);
        if flag {
            assert!(next_result(&stream).is_null());
        }
        next_end(&stream).unwrap();
    }
    let statistics = client.infer_statistics();
    assert_eq!((statistics.completed, statistics.failed), (0, 2));
}

#[test]
fn interleaved_requests_are_told_apart_by_their_ids() {
    const REQUESTS: i32 = 8;
    const RESPONSES: i32 = 10;
    let Some((_kind, client)) = client(decoupled_streams) else { return };
    let stream = open(&client);
    let values: Vec<Vec<i32>> =
        (0..REQUESTS).map(|request| (0..RESPONSES).map(|at| request * 100 + at).collect()).collect();
    for (request, values) in values.iter().enumerate() {
        send(&stream, &repeat(&request.to_string(), values, &[5; RESPONSES as usize], true));
    }
    stream.finish().unwrap();
    let mut seen: BTreeMap<String, Vec<i32>> = BTreeMap::new();
    let mut order = Vec::new();
    for _ in 0..REQUESTS * (RESPONSES + 1) {
        let result = next_result(&stream);
        let own = seen.entry(result.id().to_owned()).or_default();
        if result.is_final() {
            assert_eq!(own.len(), RESPONSES as usize);
        } else {
            own.push(value(&result, "OUT"));
            order.push(result.id().to_owned());
        }
    }
    next_end(&stream).unwrap();
    for (request, values) in values.iter().enumerate() {
        assert_eq!(&seen[&request.to_string()], values);
    }
    let mut runs = order.clone();
    runs.dedup();
    assert!(runs.len() > REQUESTS as usize, "the responses are not interleaved: {order:?}");
}

#[test]
fn sequences_with_ids_of_numbers_and_strings_are_interleaved_on_a_stream() {
    let Some((_kind, client)) = client(other_streams) else { return };
    for (model, text_ids) in [("simple_dyna_sequence", false), ("simple_string_dyna_sequence", true)] {
        let id = |sequence: u64| match text_ids {
            true => SequenceId::Text(format!("70{sequence}")),
            false => SequenceId::Number(70 + sequence),
        };
        let stream = open(&client);
        let mut sums = [0; 3];
        for step in 0..4 {
            for sequence in 0..3u64 {
                let input = [step + sequence as i32];
                let mut request =
                    InferRequest::new(model).id(format!("{sequence}/{step}")).input("INPUT", &[1, 1], &input);
                request.set_sequence(id(sequence), step == 0, step == 3).unwrap();
                send(&stream, &request);
            }
        }
        stream.finish().unwrap();
        for step in 0..4 {
            for (sequence, sum) in sums.iter_mut().enumerate() {
                let result = next_result(&stream);
                // Non-decoupled requests of one stream come back in order.
                assert_eq!(result.id(), format!("{sequence}/{step}"));
                let input = step + sequence as i32;
                *sum += input;
                // Only one of the models sums; both add the id at the end.
                let expected = match (text_ids, step) {
                    (false, 0) => input + 1,
                    (false, 3) => input + 70 + sequence as i32,
                    (false, _) => input,
                    (true, 3) => *sum + 700 + sequence as i32,
                    (true, _) => *sum,
                };
                assert_eq!((value(&result, "OUTPUT"), result.is_final()), (expected, true), "{model}");
            }
        }
        next_end(&stream).unwrap();
        // A step of a sequence that has ended.
        let stream = open(&client);
        let mut late = InferRequest::new(model).id("late").input("INPUT", &[1, 1], &[1i32]);
        late.set_sequence(id(0), false, false).unwrap();
        send(&stream, &late);
        let error = next_error(&stream);
        assert!(error.full_message().contains("must specify the START flag"), "{error:?}");
        assert_eq!(error.request_id(), "late");
    }
}

/// What has reached the model runs: a step that was cancelled, or met its deadline, is in doubt, and here it
/// counts. The sequence stays open, and a new one may begin with the same id.
#[test]
fn a_cancelled_step_of_a_sequence_runs_and_the_sequence_continues_on_another_stream() {
    let Some((_kind, client)) = client(other_streams) else { return };
    let step = |id: &str, value, start, end, delay_ms: i64| {
        let mut request =
            InferRequest::new("simple_string_dyna_sequence").id("step").input("INPUT", &[1, 1], value);
        request.set_sequence(id, start, end).unwrap();
        request.set_parameter("delay_ms", delay_ms).unwrap();
        request
    };
    let mut timeout = CallOptions::new();
    timeout.set_timeout(Some(Duration::from_millis(300))).unwrap();
    let mut limited = StreamOptions::new();
    limited.set_call_options(timeout.clone()).unwrap();
    for (id, expected) in [("801", Status::Cancelled), ("802", Status::DeadlineExceeded)] {
        let options = if expected == Status::Cancelled { &StreamOptions::new() } else { &limited };
        let stream = client.open_stream(options).unwrap();
        send(&stream, &step(id, &[1i32], true, false, 0));
        assert_eq!(value(&next_result(&stream), "OUTPUT"), 1);
        send(&stream, &step(id, &[10i32], false, false, 600));
        // It reaches the model meanwhile.
        let waited = stream.next(Some(Duration::from_millis(200))).unwrap_err();
        assert_eq!(waited.status(), Status::DeadlineExceeded);
        if expected == Status::Cancelled {
            stream.cancel();
        }
        let error = next_end(&stream).unwrap_err();
        assert_eq!((error.status(), error.is_in_doubt()), (expected, true), "{error:?}");
        let stream = open(&client);
        send(&stream, &step(id, &[100i32], false, false, 0));
        assert_eq!(value(&next_result(&stream), "OUTPUT"), 111, "{id}");
        // Begins anew in the middle of the sequence.
        send(&stream, &step(id, &[5i32], true, false, 0));
        assert_eq!(value(&next_result(&stream), "OUTPUT"), 5, "{id}");
        // The same without a stream.
        let error = client.infer_with(&step(id, &[10i32], false, false, 600), &timeout).unwrap_err();
        assert_eq!((error.status(), error.is_in_doubt()), (Status::DeadlineExceeded, true), "{error:?}");
        let result = client.infer(&step(id, &[100i32], false, true, 0)).unwrap();
        assert_eq!(value(&result, "OUTPUT"), 115 + id.parse::<i32>().unwrap(), "{id}");
    }
}

/// The model schedules itself anew for each response, until it has none left.
#[test]
fn an_iterative_sequence_responds_once_for_each_iteration() {
    let Some((_kind, client)) = client(decoupled_streams) else { return };
    for flag in [false, true] {
        let stream = open(&client);
        for (id, count) in [("two", &[2i32]), ("three", &[3i32])] {
            let mut request = InferRequest::new("iterative").id(id).input("COUNT", &[1, 1], count);
            request.set_empty_final_response(flag);
            send(&stream, &request);
        }
        stream.finish().unwrap();
        let mut seen: BTreeMap<String, Vec<i32>> = BTreeMap::new();
        for _ in 0..if flag { 7 } else { 5 } {
            let result = next_result(&stream);
            let own = seen.entry(result.id().to_owned()).or_default();
            if !result.is_null() {
                own.push(value(&result, "OUT"));
            }
        }
        next_end(&stream).unwrap();
        assert_eq!(seen["two"], [0, 1]);
        assert_eq!(seen["three"], [0, 1, 2]);
    }
    let http = Client::new(&server().http_url()).unwrap();
    let mut outputs = Vec::new();
    let outcome = http.generate_stream("iterative", "", r#"{"COUNT":3}"#, &CallOptions::new(), |event| {
        outputs.push(event.to_owned());
        std::ops::ControlFlow::Continue(())
    });
    outcome.unwrap();
    assert_eq!(outputs.len(), 3, "{outputs:?}");
    for (at, output) in outputs.iter().enumerate() {
        assert!(output.contains(&format!("\"OUT\":{at}")), "{outputs:?}");
    }
}

/// The status is the model's own, which the normal mode lacks. On a server of its own, since the mode is the
/// less robust one.
#[test]
fn in_grpc_error_mode_the_error_of_a_response_ends_the_stream_with_its_status() {
    // By default nginx drops headers with underscores.
    if is_embedded() || proxy().is_some_and(|proxy| proxy == "nginx") {
        return;
    }
    let server = OwnServer::start("faulty", "");
    let [_, client] = server.clients();
    let mut options = StreamOptions::new();
    options.set_grpc_error(true);
    let stream = client.open_stream(&options).unwrap();
    // What fails before the model runs is an error of its request, also in this mode.
    send(&stream, &InferRequest::new("nope").id("n").input("X", &[1], &[1i32]));
    let error = next_error(&stream);
    assert_eq!((error.status(), error.request_id()), (Status::Unknown, "n"));
    let request = InferRequest::new("faulty").id("f").input("KIND", &[1], &[4i32]);
    send(&stream, &request);
    let error = next_end(&stream).unwrap_err();
    assert_eq!((error.status(), error.origin()), (Status::InvalidArgument, Origin::Server), "{error:?}");
    assert!(error.full_message().contains("made to fail: INVALID_ARG") && !error.is_in_doubt(), "{error:?}");
    let late = stream.send(&request, None).unwrap_err();
    assert_eq!((late.status(), late.request_id()), (Status::InvalidArgument, "f"));
}

#[test]
fn twelve_streams_at_once_have_connections_of_their_own_with_six_on_each() {
    let Some((_kind, client)) = client(decoupled_streams) else { return };
    let (a, b) = ([1; 16], [2; 16]);
    client.infer(&simple("", &a, &b)).unwrap();
    assert_eq!(client.connections().open, 1);
    let streams: Vec<_> = (0..12).map(|_| open(&client)).collect();
    for (at, stream) in streams.iter().enumerate() {
        send(stream, &repeat(&at.to_string(), &[at as i32], &[0], false));
    }
    for (at, stream) in streams.iter().enumerate() {
        let result = next_result(stream);
        assert_eq!((result.id(), value(&result, "OUT")), (&at.to_string()[..], at as i32));
    }
    assert_eq!(client.connections().open, 3);
    for stream in &streams {
        stream.finish().unwrap();
        next_end(stream).unwrap();
    }
    // Used again, one after another.
    for _ in 0..5 {
        let stream = open(&client);
        send(&stream, &repeat("", &[1], &[0], true));
        stream.finish().unwrap();
        next_result(&stream);
        next_result(&stream);
        next_end(&stream).unwrap();
    }
    assert_eq!(client.connections().opened, 3);
}

#[test]
fn a_message_of_100_mb_passes_a_queue_of_any_size() {
    let Some((_kind, client)) = client(other_streams) else { return };
    let mut options = StreamOptions::new();
    options.set_max_queued_byte_size(1);
    let stream = client.open_stream(&options).unwrap();
    let data: Vec<u8> = (0..100_000_000u32).map(|at| (at % 251) as u8).collect();
    let shape = [data.len() as i64];
    let request =
        InferRequest::new("identity_uint8").id("big").input_bytes("INPUT0", Datatype::Uint8, &shape, &data);
    stream.send(&request, None).unwrap();
    drop(request);
    stream.finish().unwrap();
    let result = next_result(&stream);
    assert!(result.id() == "big" && result.output("OUTPUT0").unwrap().data() == data);
    next_end(&stream).unwrap();
}

#[test]
fn compressed_requests_arrive() {
    let Some((_kind, client)) = client(other_streams) else { return };
    for compression in [Compression::Gzip, Compression::Deflate] {
        let (mut options, mut call) = (StreamOptions::new(), CallOptions::new());
        call.set_request_compression(compression).set_response_compression(compression);
        options.set_call_options(call).unwrap();
        let stream = client.open_stream(&options).unwrap();
        for at in 0..3i32 {
            send(&stream, &simple("c", &[at; 16], &[1; 16]));
        }
        stream.finish().unwrap();
        for at in 0..3 {
            assert_eq!(value(&next_result(&stream), "OUTPUT0"), at + 1);
        }
        next_end(&stream).unwrap();
    }
}

/// The model looks for a cancel every 10 ms.
#[test]
fn a_cancel_reaches_the_model_and_ends_the_stream_as_cancelled() {
    let Some((_kind, client)) = client(other_streams) else { return };
    let slow = |delay| InferRequest::new("slow").id("slow").input("DELAY_MS", &[1], delay);
    let token = CancelToken::new();
    let mut with_token = StreamOptions::new();
    let mut call = CallOptions::new();
    call.set_cancel_token(Some(&token));
    with_token.set_call_options(call).unwrap();
    let by_handle = open(&client);
    let by_token = client.open_stream(&with_token).unwrap();
    for (stream, cancel) in
        [(&by_handle, &(|| by_handle.cancel()) as &dyn Fn()), (&by_token, &(|| token.cancel()))]
    {
        send(stream, &slow(&[10_000u32]));
        assert_eq!(
            stream.next(Some(Duration::from_millis(100))).unwrap_err().status(),
            Status::DeadlineExceeded
        );
        let start = Instant::now();
        cancel();
        let error = next_end(stream).unwrap_err();
        assert!(start.elapsed() < Duration::from_millis(100), "{:?}", start.elapsed());
        assert_eq!((error.status(), error.origin()), (Status::Cancelled, Origin::Client));
        assert!(error.is_in_doubt(), "{error:?}");
        // The model runs one request at a time.
        let mut soon = CallOptions::new();
        soon.set_timeout(Some(Duration::from_millis(1500))).unwrap();
        let result = client.infer_with(&slow(&[0u32]), &soon).unwrap();
        assert_eq!(result.output("OUTPUT0").unwrap().as_slice::<u32>().unwrap().len(), 1);
        cancel();
        stream.wait(Some(Duration::ZERO)).unwrap();
    }
    // The connection is still used.
    let (a, b) = ([1; 16], [2; 16]);
    let again = open(&client);
    send(&again, &simple("again", &a, &b));
    assert_eq!(next_result(&again).id(), "again");
}

#[test]
fn the_timeout_is_that_of_the_whole_stream_and_without_one_there_is_no_deadline() {
    if is_embedded() {
        return;
    }
    let _kind = decoupled_streams();
    let mut options = ClientOptions::new();
    options.set_timeout(Some(Duration::from_millis(200))).unwrap();
    let client = Client::with_options(&server().grpc_url(), &options).unwrap();
    let mut limited = StreamOptions::new();
    let mut call = CallOptions::new();
    call.set_timeout(Some(Duration::from_millis(400))).unwrap();
    limited.set_call_options(call).unwrap();
    let start = Instant::now();
    let (ends, endless) = (client.open_stream(&limited).unwrap(), open(&client));
    let (values, delays) = (vec![1; 40], vec![25; 40]);
    send(&ends, &repeat("a", &values, &delays, true));
    send(&endless, &repeat("b", &values, &delays, true));
    endless.finish().unwrap();
    let mut count = 0;
    let error = loop {
        match next(&ends) {
            StreamEvent::Result(_) => count += 1,
            StreamEvent::RequestError(error) => panic!("{error:?}"),
            StreamEvent::End(outcome) => break outcome.unwrap_err(),
        }
    };
    let elapsed = start.elapsed();
    assert!(elapsed >= Duration::from_millis(400) && elapsed < Duration::from_millis(600), "{elapsed:?}");
    assert!((1..40).contains(&count), "{count}");
    assert_eq!((error.status(), error.origin()), (Status::DeadlineExceeded, Origin::Client));
    assert!(error.is_in_doubt() && error.full_message().contains("400ms, its timeout"), "{error:?}");
    for _ in 0..41 {
        next_result(&endless);
    }
    next_end(&endless).unwrap();
}

#[test]
fn after_finish_a_stream_takes_no_requests_and_delivers_the_outstanding_responses() {
    let Some((_kind, client)) = client(other_streams) else { return };
    let stream = open(&client);
    let (a, b) = ([1; 16], [2; 16]);
    send(&stream, &simple("last", &a, &b));
    stream.finish().unwrap();
    stream.finish().unwrap();
    let error = stream.send(&simple("late", &a, &b), None).unwrap_err();
    let have = (error.status(), error.origin(), error.request_id());
    assert_eq!(have, (Status::FailedPrecondition, Origin::Argument, "late"));
    assert_eq!(next_result(&stream).id(), "last");
    next_end(&stream).unwrap();
    let error = stream.send(&simple("later", &a, &b), None).unwrap_err();
    assert_eq!(error.status(), Status::FailedPrecondition);
    // A stream without any request.
    let stream = open(&client);
    stream.finish().unwrap();
    next_end(&stream).unwrap();
}

#[test]
fn a_dropped_stream_is_cancelled_and_its_callback_still_gets_the_end() {
    let Some((_kind, client)) = client(decoupled_streams) else { return };
    let (stream, events) = forward(&client, &StreamOptions::new());
    send(&stream, &repeat("r", &[1, 2], &[0, 10_000], true));
    assert!(matches!(events.recv_timeout(PATIENCE).unwrap(), StreamEvent::Result(_)));
    drop(stream);
    match events.recv_timeout(PATIENCE).unwrap() {
        StreamEvent::End(Err(error)) => assert_eq!(error.status(), Status::Cancelled),
        other => panic!("{other:?}"),
    }
    assert!(events.recv_timeout(PATIENCE).is_err());
    // The client goes first.
    let (stream, events) = forward(&client, &StreamOptions::new());
    let pulled = open(&client);
    send(&stream, &repeat("r", &[1, 2], &[0, 10_000], true));
    send(&pulled, &repeat("r", &[1, 2], &[0, 10_000], true));
    assert!(matches!(events.recv_timeout(PATIENCE).unwrap(), StreamEvent::Result(_)));
    assert_eq!(value(&next_result(&pulled), "OUT"), 1);
    drop(client);
    assert!(matches!(events.recv_timeout(PATIENCE).unwrap(), StreamEvent::End(Err(_))));
    assert_eq!(next_end(&pulled).unwrap_err().status(), Status::Cancelled);
    stream.wait(Some(PATIENCE)).unwrap();
    let error = stream.send(&repeat("r", &[], &[], true), None).unwrap_err();
    assert_eq!(error.status(), Status::Cancelled);
}

#[test]
fn a_closed_client_opens_no_stream_and_waits_for_those_that_are_open() {
    let Some((_kind, client)) = client(decoupled_streams) else { return };
    let (stream, events) = forward(&client, &StreamOptions::new());
    send(&stream, &repeat("r", &[1], &[300], true));
    let error = client.close(Some(Duration::from_millis(10))).unwrap_err();
    assert_eq!(error.status(), Status::DeadlineExceeded);
    let error = client.open_stream(&StreamOptions::new()).unwrap_err();
    assert_eq!(error.status(), Status::FailedPrecondition);
    stream.finish().unwrap();
    client.close(Some(PATIENCE)).unwrap();
    let ends = events.try_iter().filter(|event| matches!(event, StreamEvent::End(Ok(())))).count();
    assert_eq!(ends, 1);
}

#[test]
fn a_callback_may_send_and_finish_but_not_wait_for_its_stream() {
    let Some((_kind, client)) = client(other_streams) else { return };
    let (opened, stream) = channel::<Arc<Stream>>();
    let (sender, receiver) = channel();
    let mut own: Option<Arc<Stream>> = None;
    let callback = move |event| {
        let stream = own.get_or_insert_with(|| stream.recv().unwrap());
        match event {
            StreamEvent::Result(result) => {
                let value = value(&result, "OUTPUT0");
                let waited = stream.wait(None).unwrap_err().status();
                sender.send(format!("{value} {waited}")).unwrap();
                match value {
                    5 => stream.finish().unwrap(),
                    _ => send(stream, &simple("", &[value; 16], &[1; 16])),
                }
            }
            StreamEvent::RequestError(error) => panic!("{error:?}"),
            StreamEvent::End(outcome) => sender.send(format!("{outcome:?}")).unwrap(),
        }
    };
    let stream = Arc::new(client.open_stream_with_callback(&StreamOptions::new(), callback).unwrap());
    opened.send(stream.clone()).unwrap();
    send(&stream, &simple("", &[0; 16], &[1; 16]));
    stream.wait(Some(PATIENCE)).unwrap();
    let seen: Vec<_> = receiver.try_iter().collect();
    let expected = (1..=5).map(|value| format!("{value} FAILED_PRECONDITION"));
    assert_eq!(seen, expected.chain(["Ok(())".to_owned()]).collect::<Vec<_>>());
}

/// h2 would close a connection with many reset streams: by default it remembers 50 of them, for a second.
#[test]
fn two_thousand_cancelled_streams_80_at_a_time_break_no_connection() {
    let Some((_kind, client)) = client(other_streams) else { return };
    let (a, b) = ([1; 16], [2; 16]);
    // Apache has a thread for each stream that is open, and not as many.
    let at_once = if proxy().is_some_and(|proxy| proxy == "apache") { 20 } else { 80 };
    let mut cancelled = 0;
    for _ in 0..2000 / at_once {
        let streams: Vec<_> = (0..at_once).map(|_| open(&client)).collect();
        for stream in &streams {
            send(stream, &simple("s", &a, &b));
        }
        for stream in &streams {
            assert_eq!(next_result(stream).id(), "s");
            send(stream, &simple("t", &a, &b));
        }
        for stream in &streams {
            stream.cancel();
        }
        for stream in &streams {
            let error = loop {
                match next(stream) {
                    StreamEvent::Result(_) => {}
                    StreamEvent::RequestError(error) => panic!("{error:?}"),
                    StreamEvent::End(outcome) => break outcome.unwrap_err(),
                }
            };
            assert_eq!((error.status(), error.origin()), (Status::Cancelled, Origin::Client), "{error:?}");
            cancelled += 1;
        }
    }
    assert_eq!(cancelled, 2000);
    // Two on each after a cancel.
    let opened = client.connections().opened;
    assert!(opened <= 40, "{opened}");
    let stream = open(&client);
    send(&stream, &simple("after", &a, &b));
    assert_eq!(next_result(&stream).id(), "after");
}

/// Triton waits for open streams, without a limit of its own.
#[test]
fn a_server_that_is_stopped_does_not_wait_for_an_idle_stream() {
    // Proxies do not pass the GOAWAY on.
    if is_embedded() || proxy().is_some() {
        return;
    }
    let mut server = OwnServer::start("simple", "");
    let [_, client] = server.clients();
    let stream = open(&client);
    let (a, b) = ([1; 16], [2; 16]);
    send(&stream, &simple("s", &a, &b));
    assert_eq!(next_result(&stream).id(), "s");
    let start = Instant::now();
    server.stop();
    let end = next_end(&stream);
    let ended = start.elapsed();
    drop(server);
    // with-server.sh kills it after 10 s.
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
    assert!(end.is_ok(), "after {ended:?}: {end:?}");
    let error = stream.send(&simple("late", &a, &b), None).unwrap_err();
    assert_eq!(
        (error.status(), error.is_retryable(), error.is_in_doubt()),
        (Status::Unavailable, true, false)
    );
}

#[test]
fn a_panicking_callback_gets_the_following_events() {
    let Some((_kind, client)) = client(decoupled_streams) else { return };
    let (sender, receiver) = channel();
    let callback = move |event: StreamEvent| {
        sender.send(matches!(event, StreamEvent::End(_))).unwrap();
        panic!("for the test");
    };
    let stream = client.open_stream_with_callback(&StreamOptions::new(), callback).unwrap();
    send(&stream, &repeat("r", &[1, 2], &[0, 0], true));
    stream.finish().unwrap();
    stream.wait(Some(PATIENCE)).unwrap();
    assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [false, false, false, true]);
}

/// What this limits is the client's memory; the server keeps the responses.
#[test]
fn a_slow_callback_loses_no_response_and_delays_no_call_beside_it() {
    const RESPONSES: usize = 20_000;
    let Some((_kind, client)) = client(decoupled_streams) else { return };
    let count = Arc::new(AtomicUsize::new(0));
    let seen = count.clone();
    let callback = move |event| {
        if let StreamEvent::Result(result) = event {
            let at = seen.load(Ordering::Relaxed);
            if at < RESPONSES {
                assert_eq!(value(&result, "OUT"), at as i32);
            }
            seen.fetch_add(1, Ordering::Relaxed);
            thread::sleep(Duration::from_micros(500));
        }
    };
    let stream = client.open_stream_with_callback(&StreamOptions::new(), callback).unwrap();
    let values: Vec<i32> = (0..RESPONSES as i32).collect();
    send(&stream, &repeat("many", &values, &vec![0; RESPONSES], true));
    stream.finish().unwrap();
    until("the first response", || count.load(Ordering::Relaxed) > 0);
    let (a, b) = ([1; 16], [2; 16]);
    static A: [i32; 16] = [1; 16];
    static B: [i32; 16] = [2; 16];
    // Not each call: the machine runs other tests too.
    let is_fast = |call: &dyn Fn()| {
        let mut times: Vec<_> = (0..21)
            .map(|_| {
                let start = Instant::now();
                call();
                start.elapsed()
            })
            .collect();
        times.sort();
        times[10] < Duration::from_millis(10)
    };
    let blocking = || drop(client.infer(&simple("", &a, &b)).unwrap());
    let asynchronous = || {
        let call = client.infer_async(&simple("", &A, &B), &CallOptions::new()).unwrap();
        call.wait(Some(PATIENCE)).unwrap();
        call.take_result().unwrap();
    };
    until("a median under 10 ms", || is_fast(&blocking) && is_fast(&asynchronous));
    assert!(count.load(Ordering::Relaxed) < RESPONSES, "the stream was over already");
    stream.wait(Some(PATIENCE * 2)).unwrap();
    // And the empty final response.
    assert_eq!(count.load(Ordering::Relaxed), RESPONSES + 1);
}

#[test]
fn streams_need_grpc_and_options_that_have_a_meaning_on_them() {
    let http = Client::new(&server().http_url()).unwrap();
    let error = http.open_stream(&StreamOptions::new()).unwrap_err();
    assert_eq!(error.status(), Status::Unimplemented);
    assert!(error.full_message().contains("grpc://"), "{error:?}");
    type Set = fn(&mut CallOptions);
    let cases: [(Set, &str); 5] = [
        (
            |call| {
                let _ = call.add_query_parameter("a", "b").unwrap();
            },
            "query parameters",
        ),
        (
            |call| {
                let _ = call.set_http_path("/x").unwrap();
            },
            "an HTTP path",
        ),
        (
            |call| {
                let _ = call.set_http_content_type("x/y").unwrap();
            },
            "content type",
        ),
        (
            |call| {
                let _ = call.set_http_json_size_header("x").unwrap();
            },
            "JSON size header",
        ),
        (
            |call| {
                let _ = call.set_load_report(Some(triton_client::LoadReportFormat::Text));
            },
            "a load report",
        ),
    ];
    for (set, text) in cases {
        let mut call = CallOptions::new();
        set(&mut call);
        let error = StreamOptions::new().set_call_options(call.clone()).unwrap_err();
        assert_eq!((error.status(), error.origin()), (Status::InvalidArgument, Origin::Argument), "{text}");
        assert!(error.full_message().contains(text), "{error:?}");
    }
    let mut defaults = ClientOptions::new();
    let mut call = CallOptions::new();
    call.set_http_path("/x").unwrap();
    defaults.set_call_options(call).unwrap();
    let client = Client::with_options(&server().grpc_url(), &defaults).unwrap();
    let error = client.open_stream(&StreamOptions::new()).unwrap_err();
    assert_eq!(error.status(), Status::InvalidArgument);
}

#[test]
fn a_request_that_a_stream_cannot_carry_is_refused_and_the_stream_continues() {
    let Some((_kind, client)) = client(other_streams) else { return };
    let stream = open(&client);
    let (a, b) = ([1; 16], [2; 16]);
    let mut buffer = [0; 64];
    let mut with_buffer = simple("buffer", &a, &b).output("OUTPUT0");
    with_buffer.output_mut(0).unwrap().set_buffer(&mut buffer);
    let mut raw = InferRequest::new("identity_int8").input("INPUT0", &[4], &[1i8; 4]);
    raw.set_raw_body(true);
    let short = InferRequest::new("simple").input("INPUT0", &[1, 16], &a[..4]);
    for (request, text) in [
        (&with_buffer, "output 'OUTPUT0': a stream does not support buffers"),
        (&raw, "raw body"),
        (&short, "input 'INPUT0'"),
        (&InferRequest::new(""), "model name"),
    ] {
        let error = stream.send(request, None).unwrap_err();
        assert_eq!(
            (error.status(), error.origin()),
            (Status::InvalidArgument, Origin::Argument),
            "{error:?}"
        );
        assert!(error.full_message().contains(text), "{error:?}");
    }
    let mut options = ClientOptions::new();
    options.set_max_message_byte_size(3 << 30).unwrap();
    let large = Client::with_options(&server().grpc_url(), &options).unwrap();
    let large_stream = open(&large);
    // Never read, so that the memory is not used.
    let zeros = vec![0; 1 << 31];
    let request =
        |data| InferRequest::new("identity_uint8").input_bytes("INPUT0", Datatype::Uint8, &[1 << 31], data);
    let error = large_stream.send(&request(&zeros), None).unwrap_err();
    assert_eq!((error.status(), error.is_in_doubt()), (Status::ResourceExhausted, false), "{error:?}");
    assert!(error.full_message().contains("2^31 - 1"), "{error:?}");
    let error = stream.send(&request(&zeros), None).unwrap_err();
    assert_eq!(error.status(), Status::ResourceExhausted, "{error:?}");
    send(&stream, &simple("works", &a, &b));
    assert_eq!(next_result(&stream).id(), "works");
}
