//! An inference as a part of a trace (W3C Trace Context), see docs/tracing.md:
//! `cargo run --example traced_infer -- grpc://localhost:8001`

use std::{cell::Cell, sync::Arc};

use triton_client::{CallHeaders, Client, ClientOptions, InferRequest, Result};

/// What a tracing library has for the work of a thread: the trace, and the span that is under way in it.
#[derive(Clone, Copy)]
struct Span {
    trace_id: u128,
    id: u64,
}

thread_local! {
    static CURRENT: Cell<Option<Span>> = const { Cell::new(None) };
}

/// Adds the context of the current span to a call, which a traced server continues.
fn add_trace_context(headers: &mut CallHeaders<'_>) -> Result<()> {
    if let Some(Span { trace_id, id }) = CURRENT.get() {
        headers.add("traceparent", format!("00-{trace_id:032x}-{id:016x}-01"))?;
        headers.add("tracestate", "example=1")?;
    }
    Ok(())
}

fn run(url: &str) -> Result<()> {
    let mut options = ClientOptions::new();
    options.set_header_callback(Arc::new(add_trace_context));
    let client = Client::with_options(url, &options)?;
    let (a, b) = ([1i32; 16], [2i32; 16]);
    let request = InferRequest::new("simple").input("INPUT0", &[1, 16], &a).input("INPUT1", &[1, 16], &b);

    let span = Span { trace_id: 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c, id: 0xb7ad_6b71_6920_3331 };
    CURRENT.set(Some(span));
    let result = client.infer(&request)?;
    CURRENT.set(None);
    println!("{:?} in trace {:032x}", result.output("OUTPUT0")?.as_slice::<i32>()?, span.trace_id);
    Ok(())
}

fn main() {
    let url = std::env::args().nth(1).unwrap_or_else(|| "localhost:8000".to_owned());
    if let Err(error) = run(&url) {
        eprintln!("{}", error.full_message());
        std::process::exit(1);
    }
}
