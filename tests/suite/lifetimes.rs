//! How long clients, calls and their threads live: under load, with thousands of calls waiting, with
//! thousands of clients one after the other, when a client is closed or dropped in the middle of calls, when
//! callbacks block or panic, and when the server is killed.

use std::{
    future::Future,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use triton_client::{
    Call, CallOptions, CancelToken, Client, ClientOptions, CompletionQueue, Datatype, Error, InferRequest,
    InferResult, LogLevel, Metrics, Origin, Result, Status, StreamEvent, StreamOptions,
};

use crate::{
    own_server::OwnServer,
    programs::{compile_as, succeed, succeed_under_valgrind},
    server::{self, Addresses, is_embedded, urls},
    soak,
    support::fault::{
        Cases, Gate, Grpc, GrpcResponse, Http, Response, refused_address, silent, wait_until,
        wait_until_ended,
    },
};

/// Longer than any wait of a test that passes.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a thread is seen to be blocked that has to be.
const A_WHILE: Duration = Duration::from_millis(50);

static DATA: [i32; 4] = [1, 2, 3, 4];

fn request() -> InferRequest<'static> {
    InferRequest::new("m").input("INPUT0", &[4], &DATA)
}

/// Options without a deadline that a test could meet.
fn patient() -> CallOptions {
    let mut options = CallOptions::new();
    options.set_timeout(Some(PATIENCE)).unwrap();
    options
}

#[track_caller]
fn check(outcome: &Result<InferResult>) {
    let result = outcome.as_ref().unwrap();
    assert_eq!(result.output("OUTPUT0").unwrap().as_slice::<i32>().unwrap(), [2, 3, 4, 5]);
}

#[track_caller]
fn expect<T>(outcome: Result<T>, status: Status, origin: Origin) -> Error {
    let error = outcome.map(drop).expect_err("a call that fails");
    assert_eq!((error.status(), error.origin()), (status, origin), "{error:?}");
    error
}

/// A server of one protocol that responds once its gate is open.
struct Gated {
    url: String,
    gate: Arc<Gate>,
    server: Cases,
}

impl Gated {
    fn both() -> [Self; 2] {
        ["http", "grpc"].map(|scheme| {
            let gate = Arc::new(Gate::default());
            let own = gate.clone();
            let server = match scheme {
                "http" => Cases::http(move |turn| {
                    own.wait();
                    turn.send(&turn.good())
                }),
                _ => Cases::grpc(move |turn| {
                    own.wait();
                    turn.reply_good()
                }),
            };
            Self { url: url!("{scheme}://{}", server.address()), gate, server }
        })
    }

    /// A server of each protocol that responds at once.
    fn open() -> [Self; 2] {
        let both = Self::both();
        both.iter().for_each(|gated| gated.gate.open());
        both
    }

    fn client(&self) -> Client {
        self.client_with(|_| ())
    }

    fn client_with(&self, set: impl FnOnce(&mut ClientOptions)) -> Client {
        let mut options = ClientOptions::new();
        set(&mut options);
        Client::with_options(&self.url, &options).unwrap()
    }
}

/// The connections of the server wait for the gate.
impl Drop for Gated {
    fn drop(&mut self) {
        self.gate.open();
    }
}

/// A server of one protocol that reads requests and never responds.
enum Silent {
    Http(Http),
    Grpc(Grpc),
}

impl Silent {
    fn both() -> [Self; 2] {
        [
            Self::Http(Http::start(|_| Response::Silence)),
            Self::Grpc(Grpc::start(|_, _| GrpcResponse::Silence)),
        ]
    }

    fn address(&self) -> SocketAddr {
        match self {
            Self::Http(server) => server.address(),
            Self::Grpc(server) => server.address(),
        }
    }

    fn url(&self) -> String {
        match self {
            Self::Http(server) => url!("http://{}", server.address()),
            Self::Grpc(server) => url!("grpc://{}", server.address()),
        }
    }

    /// The number of requests that were read.
    fn requests(&self) -> usize {
        match self {
            Self::Http(server) => server.requests(),
            Self::Grpc(server) => server.requests(),
        }
    }

    fn connections(&self) -> usize {
        match self {
            Self::Http(server) => server.connections(),
            Self::Grpc(server) => server.connections(),
        }
    }

    /// The number of requests of which the client has told the server that it no longer waits.
    fn abandoned(&self) -> usize {
        match self {
            Self::Http(server) => server.abandoned(),
            Self::Grpc(server) => server.abandoned(),
        }
    }
}

/// An executor without a runtime.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(outcome) => return outcome,
            Poll::Pending => thread::park_timeout(PATIENCE),
        }
    }
}

/// Submits a call whose callback sends its outcome.
fn send_outcome(client: &Client, sender: &Sender<Result<InferResult>>) -> Call {
    let sender = sender.clone();
    client.infer_with_callback(&request(), &patient(), move |outcome| sender.send(outcome).unwrap()).unwrap()
}

fn outcome(call: &Call) -> Result<InferResult> {
    call.wait(Some(PATIENCE)).unwrap();
    call.take_result()
}

fn args(args: &[&str]) -> Vec<String> {
    args.iter().map(|arg| (*arg).to_owned()).collect()
}

/// Threads and memory are those of a process of its own.
#[test]
fn ten_thousand_calls_with_64_in_flight_complete_once_each_and_nothing_grows() {
    let program = compile_as("c11", "tests/c/load.c", "load", &[]);
    let count = soak::count(10_000, 100_000);
    soak::run(&urls().map(|url| (&*program, args(&[&url, &count, "64"]))));
}

#[test]
fn a_call_that_waits_takes_less_than_4_kib_and_ends_at_its_deadline() {
    let program = compile_as("c11", "tests/c/waiting.c", "waiting", &[]);
    let server = silent();
    let (count, us) = (soak::count(2000, 10_000), "6000000");
    let runs = [("http", "16"), ("grpc", "4")].map(|(scheme, max_connections)| {
        let url = url!("{scheme}://{}", server.address());
        (&*program, args(&[&url, &count, us, max_connections]))
    });
    soak::run(&runs);
}

#[test]
fn clients_that_are_made_used_and_freed_leave_nothing_whether_the_server_is_up_or_down() {
    let program = compile_as("c11", "tests/c/clients.c", "clients", &[]);
    let (up, down) = (soak::count(400, 10_000), soak::count(400, 10_000));
    let mut runs = Vec::new();
    for url in urls() {
        runs.push((&*program, args(&[&url, &up, "up"])));
    }
    for scheme in ["http", "grpc"] {
        runs.push((&*program, args(&[&url!("{scheme}://{}", refused_address()), &down, "down"])));
    }
    soak::run(&runs);
    // In the suite, other tests have connections to it.
    if soak::is_soak() {
        let Addresses { http, grpc, .. } = server::server();
        for address in [http, grpc] {
            wait_until_ended(address.parse().unwrap());
        }
    }
}

#[test]
fn handles_may_be_freed_in_any_order_while_calls_are_in_flight_and_after_them() {
    let program = compile_as("c11", "tests/c/orders.c", "orders", &[]);
    let server = silent();
    for url in urls() {
        let silent = format!("{}://{}", url.split(':').next().unwrap(), server.address());
        succeed(&program, &[&url, &silent, "1"]);
        // Every so many orders.
        succeed_under_valgrind(&program, &[&url, &silent, "40"]);
    }
}

/// Drops the client in one of its callbacks, and returns how long that takes.
fn drop_in_callback(client: Client) -> Duration {
    let token = CancelToken::new();
    let mut options = patient();
    options.set_cancel_token(Some(&token));
    let slot = Arc::new(Mutex::new(None));
    let (sender, receiver) = channel();
    let own = slot.clone();
    let call = client.infer_with_callback(&request(), &options, move |outcome| {
        expect(outcome, Status::Cancelled, Origin::Client);
        let client: Option<Client> = own.lock().unwrap().take();
        let start = Instant::now();
        drop(client);
        sender.send(start.elapsed()).unwrap();
    });
    *slot.lock().unwrap() = Some(client);
    token.cancel();
    call.unwrap().wait(Some(PATIENCE)).unwrap();
    receiver.recv_timeout(PATIENCE).unwrap()
}

#[test]
fn a_client_that_is_dropped_completes_each_of_its_calls_as_cancelled_and_does_not_block() {
    for server in Silent::both() {
        for in_callback in [false, true] {
            let mut options = ClientOptions::new();
            // The second one is for the calls, while the first drops the client.
            options.set_callback_threads(2).unwrap();
            let client = Client::with_options(&server.url(), &options).unwrap();
            let before = server.requests();
            let ((sender, outcomes), (many, outcomes_of_many)) = (channel(), channel());
            for _ in 0..8 {
                send_outcome(&client, &sender).detach();
            }
            drop(sender);
            let waited = [(); 6].map(|()| client.infer_async(&request(), &patient()).unwrap());
            let awaited = client.infer_async(&request(), &patient()).unwrap();
            let awaited = thread::spawn(move || block_on(awaited));
            let queue = CompletionQueue::new();
            for tag in 0..6 {
                client.infer_with_queue(&request(), &patient(), &queue, tag).unwrap().detach();
            }
            let requests = [(); 6].map(|()| request());
            let callback = move |outcomes| many.send(outcomes).unwrap();
            client.infer_many_with_callback(&requests.each_ref(), &[&patient()], callback).unwrap();
            // The others wait for a connection, over HTTP.
            wait_until("the server has calls", || server.requests() >= before + 16);

            let took = if in_callback {
                drop_in_callback(client)
            } else {
                let start = Instant::now();
                drop(client);
                start.elapsed()
            };
            assert!(took < Duration::from_secs(1), "{took:?}");
            for _ in 0..8 {
                expect(outcomes.recv_timeout(PATIENCE).unwrap(), Status::Cancelled, Origin::Client);
            }
            let outcomes_of_many: Vec<Result<InferResult>> = outcomes_of_many.recv_timeout(PATIENCE).unwrap();
            assert_eq!(outcomes_of_many.len(), requests.len());
            for outcome in outcomes_of_many {
                expect(outcome, Status::Cancelled, Origin::Client);
            }
            for call in &waited {
                expect(outcome(call), Status::Cancelled, Origin::Client);
            }
            expect(awaited.join().unwrap(), Status::Cancelled, Origin::Client);
            let mut tags = Vec::new();
            for _ in 0..6 {
                let call = queue.next(Some(PATIENCE)).unwrap();
                tags.push(call.tag());
                expect(call.take_result(), Status::Cancelled, Origin::Client);
            }
            tags.sort_unstable();
            assert_eq!(tags, [0, 1, 2, 3, 4, 5]);
            assert!(queue.next(Some(Duration::ZERO)).is_err());
            // The callbacks were dropped: there is no further call.
            assert!(outcomes.recv_timeout(PATIENCE).is_err());
            wait_until_ended(server.address());
        }
    }
}

#[test]
fn a_closed_client_refuses_calls_and_waits_for_those_under_way_blocking_ones_too() {
    for server in Gated::both() {
        let client = server.client();
        let call = client.infer_async(&request(), &patient()).unwrap();
        thread::scope(|scope| {
            let blocking = scope.spawn(|| client.infer_with(&request(), &patient()));
            wait_until("two connections", || server.server.connections() == 2);
            for timeout in [A_WHILE, Duration::ZERO] {
                expect(client.close(Some(timeout)), Status::DeadlineExceeded, Origin::Client);
            }
            let queue = CompletionQueue::new();
            let refused = |outcome: Result<()>| {
                let error = expect(outcome, Status::FailedPrecondition, Origin::Argument);
                assert!(error.to_string().contains("closed"), "{error}");
            };
            let (options, never) = (patient(), |_| unreachable!("a callback of a call that was refused"));
            refused(client.infer(&request()).map(drop));
            refused(client.infer_async(&request(), &options).map(drop));
            refused(client.infer_with_callback(&request(), &options, never).map(drop));
            refused(client.infer_with_queue(&request(), &options, &queue, 0).map(drop));
            refused(client.infer_many(&[&request()], &[]).map(drop));
            refused(client.infer_many(&[], &[]).map(drop));
            let never = |_| unreachable!("a callback of calls that were refused");
            refused(client.infer_many_with_callback(&[], &[], never));
            refused(client.is_server_live(&options).map(drop));
            refused(client.wait_ready("", "", &options));
            refused(client.generate("m", "", "{}", &options).map(drop));
            if server.url.starts_with("grpc") {
                refused(client.open_stream(&StreamOptions::new()).map(drop));
            }
            assert!(!call.is_done() && !blocking.is_finished());

            let closing = scope.spawn(|| client.close(Some(PATIENCE)));
            thread::sleep(A_WHILE);
            assert!(!closing.is_finished());
            server.gate.open();
            closing.join().unwrap().unwrap();
            assert!(call.is_done());
            check(&call.take_result());
            check(&blocking.join().unwrap());
        });
        client.close(Some(Duration::ZERO)).unwrap();
        assert_eq!(server.server.requests(), 2);
    }
}

#[test]
fn a_close_waits_until_the_last_callback_has_returned_and_is_refused_in_one() {
    for server in Gated::open() {
        let client = Arc::new(server.client());
        let (gate, returned) = (Arc::new(Gate::default()), Arc::new(AtomicUsize::new(0)));
        let (sender, receiver) = channel();
        let (own, blocking, count) = (client.clone(), gate.clone(), returned.clone());
        let callback = move |outcome: Result<InferResult>| {
            check(&outcome);
            let error = expect(own.close(None), Status::FailedPrecondition, Origin::Argument);
            assert!(error.to_string().contains("callback"), "{error}");
            // Refused, it has not closed the client.
            check(&own.infer(&request()));
            drop(own);
            sender.send(()).unwrap();
            blocking.wait();
            count.fetch_add(1, Ordering::SeqCst);
        };
        let call = client.infer_with_callback(&request(), &patient(), callback).unwrap();
        receiver.recv_timeout(PATIENCE).unwrap();
        assert!(call.is_done());
        expect(client.close(Some(A_WHILE)), Status::DeadlineExceeded, Origin::Client);
        thread::scope(|scope| {
            let closing = scope.spawn(|| {
                client.close(Some(PATIENCE)).unwrap();
                returned.load(Ordering::SeqCst)
            });
            gate.open();
            assert_eq!(closing.join().unwrap(), 1);
        });
    }
}

/// Log messages of at least this level.
fn logged(options: &mut ClientOptions, level: LogLevel) -> Arc<Mutex<Vec<String>>> {
    let messages: Arc<Mutex<Vec<String>>> = Arc::default();
    let own = messages.clone();
    options.set_log_callback(level, Arc::new(move |_, _, text| own.lock().unwrap().push(text.to_owned())));
    messages
}

#[test]
fn calls_whose_queue_was_dropped_are_counted_and_logged_and_keep_their_results() {
    for server in Gated::both() {
        let mut messages = None;
        let client = server.client_with(|options| messages = Some(logged(options, LogLevel::Warn)));
        let (messages, queue) = (messages.unwrap(), CompletionQueue::new());
        let calls =
            [1, 2, 3].map(|tag| client.infer_with_queue(&request(), &patient(), &queue, tag).unwrap());
        drop(queue);
        server.gate.open();
        for call in &calls[..2] {
            check(&outcome(call));
        }
        let [_, _, detached] = calls;
        detached.detach();
        client.close(Some(PATIENCE)).unwrap();
        assert_eq!(client.infer_statistics().completed, 3);
        let messages = messages.lock().unwrap();
        assert_eq!(messages.iter().filter(|text| text.contains("queue")).count(), 3, "{messages:?}");
    }
}

#[test]
fn a_dropped_future_cancels_its_call_and_a_detached_one_goes_on() {
    for server in Silent::both() {
        let client = Client::new(&server.url()).unwrap();
        let mut call = client.infer_async(&request(), &patient()).unwrap();
        let mut context = Context::from_waker(Waker::noop());
        assert!(pin!(&mut call).poll(&mut context).is_pending());
        wait_until("the request", || server.requests() == 1);
        drop(call);
        wait_until("the cancel", || server.abandoned() == 1);
        // One that no executor has polled.
        drop(client.infer_async(&request(), &patient()).unwrap());
        wait_until("the second cancel", || client.infer_statistics().failed == 2);
    }
    for server in Gated::both() {
        let client = server.client();
        client.infer_async(&request(), &patient()).unwrap().detach();
        server.gate.open();
        wait_until("the detached call", || client.infer_statistics().completed == 1);
        assert_eq!(client.infer_statistics().failed, 0);
    }
}

/// Submits calls whose callbacks say that they run, and then wait for the gate.
fn block_callbacks(client: &Client, count: usize, gate: &Arc<Gate>) -> Receiver<()> {
    let (sender, receiver) = channel();
    for _ in 0..count {
        let (gate, own) = (gate.clone(), sender.clone());
        let callback = move |outcome| {
            check(&outcome);
            own.send(()).unwrap();
            gate.wait();
        };
        client.infer_with_callback(&request(), &patient(), callback).unwrap().detach();
        receiver.recv_timeout(PATIENCE).unwrap();
    }
    receiver
}

#[test]
fn blocked_callbacks_delay_no_other_callback_while_one_thread_is_free() {
    const THREADS: usize = 4;
    for server in Gated::open() {
        let client = server.client_with(|options| {
            options.set_callback_threads(THREADS).unwrap();
        });
        let gate = Arc::new(Gate::default());
        let _blocked = block_callbacks(&client, THREADS - 1, &gate);
        let (sender, outcomes) = channel();
        for _ in 0..50 {
            send_outcome(&client, &sender).detach();
        }
        for _ in 0..50 {
            check(&outcomes.recv_timeout(PATIENCE).unwrap());
        }
        // One more, and the following wait.
        let _blocked = block_callbacks(&client, 1, &gate);
        let call = send_outcome(&client, &sender);
        call.wait(Some(PATIENCE)).unwrap();
        assert!(outcomes.recv_timeout(A_WHILE).is_err());
        gate.open();
        check(&outcomes.recv_timeout(PATIENCE).unwrap());
    }
}

#[test]
fn waits_queues_futures_and_arrays_of_results_are_not_delayed_by_blocked_callbacks() {
    for server in Gated::open() {
        let client = server.client();
        let gate = Arc::new(Gate::default());
        let _blocked = block_callbacks(&client, 1, &gate);
        let (queue, requests) = (CompletionQueue::new(), [(); 5].map(|()| request()));
        for _ in 0..10 {
            check(&outcome(&client.infer_async(&request(), &patient()).unwrap()));
            check(&block_on(client.infer_async(&request(), &patient()).unwrap()));
            client.infer_with_queue(&request(), &patient(), &queue, 0).unwrap().detach();
            check(&queue.next(Some(PATIENCE)).unwrap().take_result());
            client.infer_many(&requests.each_ref(), &[]).unwrap().iter().for_each(check);
            check(&client.infer(&request()));
        }
        gate.open();
        client.close(Some(PATIENCE)).unwrap();
    }
}

#[test]
fn a_panicking_callback_is_logged_and_its_call_counted_and_the_next_one_runs() {
    for server in Gated::open() {
        let mut messages = None;
        let client = server.client_with(|options| messages = Some(logged(options, LogLevel::Error)));
        let panics = |outcome: Result<InferResult>| {
            check(&outcome);
            panic!("a defect of the program");
        };
        client.infer_with_callback(&request(), &patient(), panics).unwrap().detach();
        let (sender, outcomes) = channel();
        send_outcome(&client, &sender).detach();
        check(&outcomes.recv_timeout(PATIENCE).unwrap());
        client.close(Some(PATIENCE)).unwrap();
        assert_eq!(client.infer_statistics().completed, 2);
        let messages = messages.unwrap();
        let messages = messages.lock().unwrap();
        assert!(matches!(&messages[..], [text] if text.contains("a defect of the program")), "{messages:?}");
    }
}

#[test]
fn a_callback_may_submit_cancel_and_drop_calls() {
    /// Submits the next call of a chain, and waits there for one without a callback.
    fn chain(client: &Arc<Client>, left: usize, done: Sender<usize>) {
        let own = client.clone();
        let callback = move |outcome: Result<InferResult>| {
            check(&outcome);
            check(&outcome_of_another(&own));
            drop(own.infer_async(&request(), &patient()).unwrap());
            own.infer_async(&request(), &patient()).unwrap().cancel();
            match left {
                0 => done.send(left).unwrap(),
                _ => chain(&own, left - 1, done),
            }
        };
        client.infer_with_callback(&request(), &patient(), callback).unwrap().detach();
    }
    fn outcome_of_another(client: &Client) -> Result<InferResult> {
        outcome(&client.infer_async(&request(), &patient()).unwrap())
    }
    for server in Gated::open() {
        let client = Arc::new(server.client());
        let (sender, receiver) = channel();
        chain(&client, 20, sender);
        assert_eq!(receiver.recv_timeout(PATIENCE), Ok(0));
        client.close(Some(PATIENCE)).unwrap();
        let statistics = client.infer_statistics();
        assert_eq!(statistics.completed + statistics.failed, 4 * 21);
        assert!(statistics.completed >= 2 * 21);
    }
}

#[test]
fn over_the_maximum_in_flight_a_submission_waits_up_to_its_deadline_or_fails_at_once() {
    let exhausted = |outcome: Result<Call>| {
        let error = expect(outcome, Status::ResourceExhausted, Origin::Client);
        assert!(error.is_retryable() && error.to_string().contains("max_in_flight"), "{error}");
    };
    for server in Gated::both() {
        let client = Arc::new(server.client_with(|options| {
            options.set_max_in_flight(2).unwrap();
        }));
        let (sender, outcomes) = channel();
        let first = send_outcome(&client, &sender);
        let second = client.infer_async(&request(), &patient()).unwrap();
        let mut short = CallOptions::new();
        short.set_timeout(Some(A_WHILE)).unwrap();
        let start = Instant::now();
        let error = expect(client.infer_async(&request(), &short), Status::DeadlineExceeded, Origin::Client);
        assert!(start.elapsed() >= A_WHILE && !error.is_in_doubt(), "{error:?}");
        assert!(error.to_string().contains("max_in_flight"), "{error}");
        thread::scope(|scope| {
            let third = scope.spawn(|| client.infer_async(&request(), &patient()));
            thread::sleep(A_WHILE);
            assert!(!third.is_finished());
            server.gate.open();
            check(&outcome(&third.join().unwrap().unwrap()));
        });
        check(&outcomes.recv_timeout(PATIENCE).unwrap());
        check(&outcome(&second));
        drop(first);
        assert_eq!(client.infer_statistics().failed, 1);
    }
    for server in Gated::both() {
        let client = server.client_with(|options| {
            options.set_max_in_flight(1).unwrap();
            options.set_fail_when_full(true);
        });
        let call = client.infer_async(&request(), &patient()).unwrap();
        exhausted(client.infer_async(&request(), &patient()));
        server.gate.open();
        check(&outcome(&call));
        check(&outcome(&client.infer_async(&request(), &patient()).unwrap()));
    }
    // On a callback thread, also of another client.
    for server in Gated::both() {
        let [other, _] = Gated::open();
        let client = Arc::new(server.client_with(|options| {
            options.set_max_in_flight(1).unwrap();
        }));
        let call = client.infer_async(&request(), &patient()).unwrap();
        let (sender, receiver) = channel();
        let own = client.clone();
        let callback = move |_| sender.send(own.infer_async(&request(), &patient())).unwrap();
        other.client().infer_with_callback(&request(), &patient(), callback).unwrap().wait(None).unwrap();
        exhausted(receiver.recv_timeout(PATIENCE).unwrap());
        server.gate.open();
        check(&outcome(&call));
    }
}

#[test]
fn asynchronous_calls_have_so_many_connections_as_the_option_permits() {
    // The calls, the option, the connections at the server, and the requests that it has at once.
    for (at, calls, max, connections, requests) in
        [(0, 40, None, 16, 16), (0, 40, Some(3), 3, 3), (1, 450, None, 4, 400), (1, 250, Some(2), 2, 200)]
    {
        let server = &Silent::both()[at];
        let mut options = ClientOptions::new();
        options.set_max_async_connections(max).unwrap();
        let client = Client::with_options(&server.url(), &options).unwrap();
        let calls: Vec<Call> =
            (0..calls).map(|_| client.infer_async(&request(), &patient()).unwrap()).collect();
        wait_until("the requests", || server.requests() == requests);
        thread::sleep(A_WHILE);
        assert_eq!((client.connections().open, server.connections()), (connections, connections));
        assert_eq!(server.requests(), requests);
        drop(client);
        // The others waited for a connection, or got one just before they ended.
        let errors: Vec<Error> =
            calls.iter().map(|call| expect(outcome(call), Status::Cancelled, Origin::Client)).collect();
        assert_eq!(errors.iter().filter(|error| error.is_in_doubt()).count(), requests);
        assert!(
            errors.iter().any(|error| error.to_string().contains("max_async_connections")),
            "{:?}",
            errors.last()
        );
    }
}

/// A request to the model `slow`.
fn slow(ms: u32) -> InferRequest<'static> {
    let mut request = InferRequest::new("slow");
    let input = request.add_input("DELAY_MS", Datatype::Uint32, &[1]).unwrap();
    request.input_mut(input).unwrap().append_data_copy(&ms.to_le_bytes());
    request
}

#[test]
fn when_the_server_is_killed_its_calls_end_soon_and_after_its_restart_the_client_works() {
    const MAX: Duration = Duration::from_secs(2);
    const MODELS: &str = "slow";
    if is_embedded() {
        return;
    }
    let server = OwnServer::start_mortal(MODELS, None);
    let clients = server.clients();
    let mut options = ClientOptions::new();
    options.set_metrics_url(&format!("http://{}", server.metrics)).unwrap();
    let metering = Client::with_options(&server.urls()[0], &options).unwrap();
    let lost = |error: &Error| {
        assert_eq!((error.status(), error.is_in_doubt()), (Status::Unavailable, true), "{error:?}");
    };
    thread::scope(|scope| {
        let calls = clients
            .each_ref()
            .map(|client| [(); 16].map(|()| client.infer_async(&slow(20_000), &patient()).unwrap()));
        let stream = clients[1].open_stream(&StreamOptions::new()).unwrap();
        stream.send(&slow(20_000), None).unwrap();
        let blocking = clients.each_ref().map(|client| {
            scope.spawn(move || {
                let outcome = client.infer_with(&slow(20_000), &patient());
                (outcome, Instant::now())
            })
        });
        // One executes, and the others are pending.
        let labels = [("model", "slow")];
        let pending = |metrics: &Metrics| metrics.value("nv_inference_pending_request_count", &labels);
        wait_until("the requests are at the server", || {
            let metrics = metering.metrics(&CallOptions::new()).unwrap();
            pending(&metrics).is_some_and(|count| count >= 34.0)
        });
        assert!(calls.iter().flatten().all(|call| !call.is_done()));
        let start = Instant::now();
        server.kill();
        for call in calls.iter().flatten() {
            lost(&outcome(call).unwrap_err());
        }
        assert!(start.elapsed() < MAX, "{:?}", start.elapsed());
        let StreamEvent::End(Err(end)) = stream.next(Some(MAX)).unwrap() else { panic!("no end") };
        lost(&end);
        for blocking in blocking {
            let (outcome, ended) = blocking.join().unwrap();
            lost(&outcome.unwrap_err());
            assert!(ended - start < MAX);
        }
    });
    for client in &clients {
        let error = expect(client.infer(&slow(0)), Status::Unavailable, Origin::Connection);
        assert!(!error.is_in_doubt(), "{error:?}");
        let call = client.infer_async(&slow(0), &patient()).unwrap();
        let error = expect(outcome(&call), Status::Unavailable, Origin::Connection);
        assert!(!error.is_in_doubt(), "{error:?}");
    }
    let _server = OwnServer::start_mortal(MODELS, Some(server));
    for client in &clients {
        client.infer(&slow(0)).unwrap();
        outcome(&client.infer_async(&slow(0), &patient()).unwrap()).unwrap();
    }
    let stream = clients[1].open_stream(&StreamOptions::new()).unwrap();
    stream.send(&slow(0), None).unwrap();
    stream.finish().unwrap();
    assert!(matches!(stream.next(Some(PATIENCE)), Ok(StreamEvent::Result(_))));
    assert!(matches!(stream.next(Some(PATIENCE)), Ok(StreamEvent::End(Ok(())))));
}
