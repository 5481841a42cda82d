//! ureq, as a careful user writes it by hand, with the protocol of `worker.h` (HTTP only): one agent per
//! thread, the request body in one buffer, filled once, and the response received into one reused buffer.

use std::{
    env,
    io::{self, BufRead, Read, Write},
    mem::MaybeUninit,
    process,
    sync::{
        Arc, Barrier, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// A thread's agent, request and response buffer.
struct Caller {
    agent: ureq::Agent,
    url: String,
    json_size: String,
    body: Vec<u8>,
    response: Vec<u8>,
    tensors: usize,
}

impl Caller {
    fn new(address: &str, count: usize, byte_size: usize) -> Self {
        let (model, datatype, shape) = match count {
            1 => ("identity_uint8", "UINT8", format!("[{byte_size}]")),
            _ => ("simple", "INT32", format!("[1,{}]", byte_size / 4)),
        };
        let input = |index| {
            format!(
                r#"{{"name":"INPUT{index}","datatype":"{datatype}","shape":{shape},"parameters":{{"binary_data_size":{byte_size}}}}}"#
            )
        };
        let inputs = (0..count).map(input).collect::<Vec<_>>().join(",");
        let mut body =
            format!(r#"{{"inputs":[{inputs}],"parameters":{{"binary_data_output":true}}}}"#).into_bytes();
        let json_size = body.len().to_string();
        body.resize(body.len() + count * byte_size, 7);
        // Not `timeout_global`: to enforce it, ureq resolves even a numeric address in a new thread for each
        // request.
        let timeout = Some(Duration::from_secs(60));
        let config = ureq::Agent::config_builder()
            .timeout_connect(timeout)
            .timeout_send_request(timeout)
            .timeout_send_body(timeout)
            .timeout_recv_response(timeout)
            .timeout_recv_body(timeout)
            .build();
        Self {
            agent: config.new_agent(),
            url: format!("http://{address}/v2/models/{model}/infer"),
            json_size,
            body,
            response: vec![0; count * byte_size + (1 << 16)],
            tensors: count * byte_size,
        }
    }

    fn call(&mut self) {
        let request = self
            .agent
            .post(&self.url)
            .content_type("application/octet-stream")
            .header("Inference-Header-Content-Length", &self.json_size);
        let response = request.send(&self.body[..]).unwrap_or_else(|error| fail(&error));
        let json_size = response.headers().get("inference-header-content-length");
        let json_size: usize = json_size
            .and_then(|value| value.to_str().ok()?.parse().ok())
            .unwrap_or_else(|| fail(&"response: missing header"));
        let mut reader = response.into_body().into_reader();
        let mut size = 0;
        // To the end, since the connection is reused only then.
        loop {
            match reader.read(&mut self.response[size..]).unwrap_or_else(|error| fail(&error)) {
                0 => break,
                more => size += more,
            }
        }
        if size != json_size + self.tensors {
            fail(&"response: wrong size");
        }
    }
}

fn fail(why: &dyn std::fmt::Display) -> ! {
    eprintln!("ureq: {why}");
    process::exit(1);
}

/// CPU time in us (user and system), and minor page faults.
fn usage() -> (i64, i64) {
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is valid for writes, and all zeros is a valid rusage.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr());
        usage.assume_init()
    };
    let us = |time: libc::timeval| time.tv_sec * 1_000_000 + time.tv_usec;
    (us(usage.ru_utime) + us(usage.ru_stime), usage.ru_minflt)
}

fn status(name: &str) -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()).unwrap_or("0").to_owned()
}

fn main() {
    let args: Vec<String> = env::args().collect();
    let number = |at: usize| args.get(at).and_then(|arg| arg.parse::<usize>().ok());
    let (Some("http"), Some(address), Some(count), Some(byte_size), Some(threads)) =
        (args.get(1).map(String::as_str), args.get(2), number(3), number(4), number(5))
    else {
        fail(&"usage: bench_ureq http HOST:PORT COUNT BYTES THREADS");
    };
    let begin = Arc::new(Barrier::new(threads + 1));
    let end = Arc::new(Barrier::new(threads + 1));
    let calls = Arc::new(AtomicUsize::new(0));
    // The times of all calls in the last run, and the total of each thread, in ns.
    let times = Arc::new(Mutex::new((Vec::<u64>::new(), Vec::<u64>::new())));
    for _ in 0..threads {
        let (begin, end, calls, times) = (begin.clone(), end.clone(), calls.clone(), times.clone());
        let mut caller = Caller::new(address, count, byte_size);
        thread::spawn(move || {
            caller.call();
            loop {
                end.wait();
                begin.wait();
                let calls = calls.load(Ordering::Relaxed);
                let mut own = Vec::with_capacity(calls);
                let start = Instant::now();
                let mut last = start;
                for _ in 0..calls {
                    caller.call();
                    let now = Instant::now();
                    own.push((now - last).as_nanos() as u64);
                    last = now;
                }
                let mut times = times.lock().expect("no thread panics");
                times.0.append(&mut own);
                times.1.push((last - start).as_nanos() as u64);
            }
        });
    }
    end.wait();
    println!("ready");
    for line in io::stdin().lock().lines() {
        let line = line.unwrap_or_else(|error| fail(&error));
        let more = line.strip_prefix("run ").and_then(|calls| calls.trim().parse().ok());
        calls.store(more.unwrap_or_else(|| fail(&"expected: run CALLS")), Ordering::Relaxed);
        *times.lock().expect("no thread panics") = Default::default();
        let (before, start) = (usage(), Instant::now());
        begin.wait();
        end.wait();
        let (wall, after) = (start.elapsed().as_nanos(), usage());
        let mut times = times.lock().expect("no thread panics");
        times.0.sort_unstable();
        let (all, spans) = (&times.0, &times.1);
        let fastest = spans.iter().min().unwrap_or(&0) * 100 / spans.iter().max().unwrap_or(&1).max(&1);
        println!(
            "{wall} {} {} {} {} {} {fastest} {}",
            after.0 - before.0,
            status("VmHWM:"),
            all[all.len() / 2],
            all[all.len() - 1 - all.len() / 100],
            status("Threads:"),
            after.1 - before.1
        );
        let _ = io::stdout().flush();
    }
}
