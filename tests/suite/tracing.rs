//! The context of a trace that the header callback sends is continued by the real server, which exports its
//! spans to a collector here.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use triton_client::{
    CallHeaders, CallOptions, Client, ClientOptions, Error, InferRequest, StreamEvent, StreamOptions,
};

use crate::{
    examples,
    modes::PATIENCE,
    own_server::OwnServer,
    server::is_embedded,
    support::fault::{Http, Response, response},
};

/// The maximum number of attempts over gRPC, of which one must be traced as a whole.
const TRIES: usize = 30;

/// A span as the server exports it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Span {
    trace: String,
    parent: String,
    state: String,
}

/// A collector of OTLP over HTTP, in the JSON form that Triton 2.51 sends.
struct Collector {
    server: Http,
    spans: Arc<Mutex<Vec<Span>>>,
}

impl Collector {
    fn start() -> Self {
        let spans: Arc<Mutex<Vec<Span>>> = Arc::default();
        let own = spans.clone();
        let server = Http::start(move |request| {
            assert_eq!(request.path, "/v1/traces");
            let export: Value = serde_json::from_slice(&request.body).unwrap();
            own.lock().unwrap().extend(server_spans(&export));
            Response::Bytes(response(200, &[("Content-Type", "application/json")], b"{}"))
        });
        Self { server, spans }
    }

    /// Expects the spans of the `count` requests of a call, which returns what it sent. Triton 2.51 ignores
    /// the context of one in ten to twenty calls over gRPC, so that those are repeated.
    fn expect(&self, is_grpc: bool, count: usize, call: impl Fn() -> Vec<Span>) {
        for _ in 0..if is_grpc { TRIES } else { 1 } {
            let sent = call();
            let exported = self.take(count);
            assert_eq!(exported.len(), count, "{sent:?}");
            if exported == sent {
                return;
            }
            let is_expected = |span: &Span| span.parent.is_empty() || sent.contains(span);
            assert!(exported.iter().all(is_expected), "{exported:?}, sent: {sent:?}");
        }
        panic!("no call was traced as a whole");
    }

    /// Waits for that many spans, and takes them.
    fn take(&self, count: usize) -> Vec<Span> {
        let deadline = Instant::now() + PATIENCE;
        while self.spans.lock().unwrap().len() < count && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(5));
        }
        let mut spans = std::mem::take(&mut *self.spans.lock().unwrap());
        spans.sort();
        spans
    }
}

/// The spans of whole requests; those of their stages are their children.
fn server_spans(export: &Value) -> Vec<Span> {
    let list = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
    let text = |span: &Value, name: &str| span[name].as_str().unwrap_or_default().to_owned();
    let scopes =
        list(export, "resourceSpans").into_iter().flat_map(move |resource| list(&resource, "scopeSpans"));
    let spans = scopes.flat_map(|scope| list(&scope, "spans"));
    let requests = spans.filter(|span| span["name"] == "InferRequest");
    let span = |span: Value| Span {
        trace: text(&span, "traceId"),
        parent: text(&span, "parentSpanId"),
        state: text(&span, "traceState"),
    };
    requests.map(span).collect()
}

fn request() -> InferRequest<'static> {
    InferRequest::new("simple").input("INPUT0", &[1, 16], &[1i32; 16]).input("INPUT1", &[1, 16], &[2i32; 16])
}

type Way = (&'static str, usize, fn(&Client) -> Result<(), Error>);

/// Each with the number of its requests.
const WAYS: [Way; 3] = [
    ("blocking", 1, |client| client.infer(&request()).map(drop)),
    ("asynchronous", 1, |client| {
        let call = client.infer_async(&request(), &CallOptions::new())?;
        call.wait(Some(PATIENCE))?;
        call.take_result().map(drop)
    }),
    ("many", 3, |client| {
        let requests = [&request(), &request(), &request()];
        client.infer_many(&requests, &[])?.into_iter().try_for_each(|outcome| outcome.map(drop))
    }),
];

fn stream(client: &Client) -> Result<(), Error> {
    let stream = client.open_stream(&StreamOptions::new())?;
    for _ in 0..2 {
        stream.send(&request(), Some(PATIENCE))?;
    }
    stream.finish()?;
    loop {
        match stream.next(Some(PATIENCE))? {
            StreamEvent::End(end) => return end,
            StreamEvent::Result(_) => {}
            event => panic!("{event:?}"),
        }
    }
}

#[test]
fn the_server_continues_the_trace_of_each_call() {
    if is_embedded() {
        return;
    }
    let collector = Collector::start();
    let server = OwnServer::start(
        "simple",
        &format!(
            "--trace-config mode=opentelemetry --trace-config level=TIMESTAMPS --trace-config rate=1 \
             --trace-config opentelemetry,url=http://{}/v1/traces --trace-config opentelemetry,bsp_schedule_delay=20",
            collector.server.address()
        ),
    );
    for url in server.urls() {
        let (number, sent) = (AtomicU64::new(1), Arc::new(Mutex::new(Vec::new())));
        let note = sent.clone();
        let mut options = ClientOptions::new();
        options.set_header_callback(Arc::new(move |headers: &mut CallHeaders<'_>| {
            let number = number.fetch_add(1, Ordering::Relaxed);
            let (trace, parent) =
                (format!("{:032x}", u128::from(number) << 64 | 7), format!("{number:016x}"));
            headers.add("traceparent", format!("00-{trace}-{parent}-01"))?;
            headers.add("tracestate", "example=1")?;
            note.lock().unwrap().push(Span { trace, parent, state: "example=1".to_owned() });
            Ok(())
        }));
        let client = Client::with_options(&url, &options).unwrap();
        let is_grpc = url.starts_with("grpc");
        for (way, count, call) in WAYS {
            collector.expect(is_grpc, count, || {
                call(&client).unwrap_or_else(|error| panic!("{way}: {error:?}"));
                std::mem::take(&mut *sent.lock().unwrap())
            });
        }
        if is_grpc {
            collector.expect(is_grpc, 2, || {
                stream(&client).unwrap();
                // The requests of a stream have its headers.
                let opened = sent.lock().unwrap().pop().unwrap();
                vec![opened.clone(), opened]
            });
        }
        collector.expect(is_grpc, 1, || {
            let printed = examples::succeed("traced_infer", &[&url]);
            let trace = "0af7651916cd43dd8448eb211c80319c".to_owned();
            assert!(printed.ends_with(&format!("in trace {trace}\n")), "{printed}");
            vec![Span { trace, parent: "b7ad6b7169203331".to_owned(), state: "example=1".to_owned() }]
        });
    }
}
