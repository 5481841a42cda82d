//! The allocations of a call on the calling thread, or on the I/O thread. A separate binary, for its global
//! allocator.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use triton_client::{CallOptions, Client, ClientOptions, Datatype, InferRequest, LogLevel, Status};

#[path = "support/mod.rs"]
mod support;

use support::fault::{Gate, Grpc, GrpcResponse, Http, Peer, Response, Wire, frame, response, wait_until};

thread_local! {
    /// The number of allocations on this thread, and their total size.
    static COUNTED: Cell<(usize, usize)> = const { Cell::new((0, 0)) };
}

struct Counting;

fn count(byte_size: usize) {
    // Threads allocate after their locals are destroyed.
    let _ = COUNTED.try_with(|counted| {
        let (times, bytes) = counted.get();
        counted.set((times + 1, bytes + byte_size));
    });
}

// SAFETY: forwards to `System`.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size());
        // SAFETY: the caller's contract.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, byte_size: usize) -> *mut u8 {
        // The old size was counted.
        count(byte_size.saturating_sub(layout.size()));
        // SAFETY: the caller's contract.
        unsafe { System.realloc(memory, layout, byte_size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's contract.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const LARGE: usize = 16 << 20;

/// Servers for both protocols that respond with one output of `byte_size` bytes.
fn servers(byte_size: usize) -> (Http, Grpc, [String; 2]) {
    let json = r#"{"model_name":"m","model_version":"1","outputs":[{"name":"O","datatype":"UINT8","#
        .to_owned()
        + &format!(r#""shape":[{byte_size}],"parameters":{{"binary_data_size":{byte_size}}}}}]}}"#);
    let body = [json.as_bytes(), &vec![7; byte_size]].concat();
    let bytes = response(200, &[("Inference-Header-Content-Length", &json.len().to_string())], &body);
    let http = Http::start(move |_| Response::Bytes(bytes.clone()));
    let mut output = b"\x0a\x01O\x12\x05UINT8\x1a".to_vec();
    let shape = varint(byte_size);
    output.push(shape.len() as u8);
    output.extend_from_slice(&shape);
    let mut message =
        [&b"\x0a\x01m\x12\x011\x2a"[..], &[output.len() as u8], &output, b"\x32", &shape].concat();
    message.resize(message.len() + byte_size, 7);
    let grpc = Grpc::start(move |_, _| GrpcResponse::Reply {
        messages: vec![message.clone()],
        status: 0,
        message: String::new(),
    });
    let urls = [format!("http://{}", http.address()), format!("grpc://{}", grpc.address())];
    (http, grpc, urls)
}

fn varint(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value >= 0x80 {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// The maximum number of allocations of a call after warm-up, and their maximum total size.
fn allocated(client: &Client, request: &InferRequest, expected: usize) -> (usize, usize) {
    let mut max = (0, 0);
    for call in 0..12 {
        let (times, bytes) = COUNTED.get();
        let result = client.infer(request).unwrap();
        assert_eq!(result.output("O").unwrap().byte_size(), expected);
        drop(result);
        let (times_after, bytes_after) = COUNTED.get();
        if call >= 4 {
            max = (max.0.max(times_after - times), max.1.max(bytes_after - bytes));
        }
    }
    max
}

fn request(data: &[u8]) -> InferRequest<'_> {
    InferRequest::new("m").input_bytes("I", Datatype::Uint8, &[data.len() as i64], data).output("O")
}

#[test]
fn a_small_call_makes_at_most_11_allocations_over_http_and_31_over_grpc() {
    let (_http, _grpc, urls) = servers(64);
    let data = [1; 64];
    for (url, max) in urls.iter().zip([11, 31]) {
        let (times, bytes) = allocated(&Client::new(url).unwrap(), &request(&data), 64);
        eprintln!("{url}: {times} allocations of {bytes} bytes");
        assert!(times <= max, "{url}: {times} allocations of {bytes} bytes");
    }
}

#[test]
fn a_large_input_is_not_copied() {
    let (_http, _grpc, urls) = servers(64);
    let data = vec![1; LARGE];
    for url in urls {
        let (times, bytes) = allocated(&Client::new(&url).unwrap(), &request(&data), 64);
        eprintln!("{url}: {times} allocations of {bytes} bytes");
        assert!(bytes < 1 << 20, "{url}: {times} allocations of {bytes} bytes");
    }
}

#[test]
fn a_large_output_takes_only_its_own_memory_and_over_grpc_that_of_its_frames() {
    let (_http, _grpc, [http, grpc]) = servers(LARGE);
    let data = [1; 64];
    // h2 reads each frame into new memory.
    let frames = LARGE + LARGE / 10;
    for (url, has_buffer, max) in
        [(&http, true, 64 << 10), (&grpc, true, frames), (&http, false, 64 << 10), (&grpc, false, frames)]
    {
        let mut buffer = vec![0; if has_buffer { LARGE } else { 0 }];
        let mut request = request(&data);
        if has_buffer {
            request.output_mut(0).unwrap().set_buffer(&mut buffer);
        }
        // By default, the client keeps the memory of one such result for the next.
        let client = Client::with_options(url, &ClientOptions::new()).unwrap();
        let (times, bytes) = allocated(&client, &request, LARGE);
        eprintln!("{url}, caller's buffer: {has_buffer}: {times} allocations of {bytes} bytes");
        assert!(bytes < max, "{url}, caller's buffer: {has_buffer}: {times} allocations of {bytes} bytes");
    }
}

/// Also if the server reads nothing, and another call keeps the connection open: what h2 has queued of the
/// message is dropped, except for the piece of which a frame is being sent.
#[test]
fn a_stopped_call_on_a_shared_connection_copies_at_most_one_piece_of_its_message() {
    const PIECE: usize = 1 << 20;
    let gate = Arc::new(Gate::default());
    let opened = gate.clone();
    let server = Wire::start(move |_, stream| {
        let peer = Peer::accept(stream, &[(frame::INITIAL_WINDOW_SIZE, i32::MAX as u32)])?;
        peer.window_update(0, i32::MAX as u32 - 65_535)?;
        let first = peer.read_request()?;
        assert!(opened.wait());
        peer.reply(first, b"\x0a\x01m")?;
        while peer.read().is_ok() {}
        Ok(())
    });
    // The I/O thread logs that it has connected, and how a call has ended.
    let counts = Arc::new(Mutex::new(Vec::new()));
    let log = counts.clone();
    let mut options = ClientOptions::new();
    options.set_log_callback(
        LogLevel::Debug,
        Arc::new(move |_, _, _| {
            if thread::current().name() == Some("triton-io") {
                log.lock().unwrap().push(COUNTED.get().1);
            }
        }),
    );
    let client = Client::with_options(&format!("grpc://{}", server.address()), &options).unwrap();
    let living = client.infer_async(&InferRequest::new("m"), &CallOptions::new()).unwrap();
    wait_until("the connection is open", || counts.lock().unwrap().len() == 1);
    let data: &'static [u8] = vec![1; LARGE].leak();
    let mut options = CallOptions::new();
    options.set_timeout(Some(Duration::from_millis(500))).unwrap();
    let call = client.infer_async(&request(data), &options).unwrap();
    call.wait(None).unwrap();
    assert_eq!(call.take_result().unwrap_err().status(), Status::DeadlineExceeded);
    let counts = counts.lock().unwrap().clone();
    let [before, after] = counts[..] else { panic!("{counts:?}") };
    let copied = after - before;
    // Of that piece, what the socket had not taken yet.
    assert!((1..2 * PIECE).contains(&copied), "{copied} bytes");
    gate.open();
    living.wait(None).unwrap();
    living.take_result().unwrap();
}
