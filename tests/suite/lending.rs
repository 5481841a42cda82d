//! The library does not read the caller's memory after a call has returned, on success or failure. The tests
//! overwrite the memory after the call: if it were still read, the server would receive the new bytes.

use std::{
    io::{self, Read, Write},
    net::TcpStream,
    sync::{Arc, Mutex},
    time::Duration,
};

use h2::Reason;
use triton_client::{CallOptions, Client, Datatype, Error, InferRequest, Status};

use crate::{
    modes::{MODES, Memory, Mode},
    support::fault::{Gate, Peer, Request, Wire, frame, response},
};

const BYTE_SIZE: usize = 16 << 20;
/// The bytes of the memory during the call and afterwards. The framing does not contain the latter.
pub(crate) const LENT: u8 = 0xa5;
pub(crate) const OVERWRITTEN: u8 = 0xee;
/// More bytes than precede the tensor.
const FRAMING: usize = 1024;

/// Lends 16 MiB to a call that fails, overwrites them, opens the gate and makes small calls on the same
/// client.
fn lend(mode: Mode, url: &str, timeout: Duration, gate: &Gate) -> Error {
    static SMALL: [i32; 4] = [0x11111111; 4];
    let client = Client::new(url).unwrap();
    let memory = Memory::new(BYTE_SIZE, LENT);
    let mut options = CallOptions::new();
    options.set_timeout(Some(timeout)).unwrap();
    let request =
        |memory| InferRequest::new("m").input_bytes("I", Datatype::Uint8, &[BYTE_SIZE as i64], memory);
    let error = mode.infer(&client, &request(memory.lend()), &options).unwrap_err();
    memory.fill(OVERWRITTEN);
    gate.open();
    for _ in 0..3 {
        let small = InferRequest::new("m").input("I", &[4], &SMALL);
        mode.infer(&client, &small, &CallOptions::new()).unwrap();
    }
    error
}

/// Checks that what arrived of the large request was read during the call.
pub(crate) fn check(arrived: &[u8], what: &str) {
    assert!(!arrived.contains(&OVERWRITTEN), "{what}: the memory was read after the call");
    let tensor = arrived.get(FRAMING..).unwrap_or_default();
    assert!(!tensor.iter().any(|byte| *byte != LENT), "{what}: the tensor differs from the memory");
}

/// The behaviour of a gRPC server while most of the request is unsent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Silence,
    Response,
    /// RST_STREAM with NO_ERROR after a complete response: the server does not need the rest of the request.
    ResponseAndReset,
    Reset,
    GoAway,
    Close,
}

#[test]
fn grpc_reads_nothing_of_the_callers_memory_after_the_call() {
    use End::*;
    // Sending is blocked by the stream's window, or by a server that does not read.
    for window in [65_535, i32::MAX as u32] {
        for max_frame in [16 << 10, 16_777_215] {
            // The connections of blocking and of asynchronous calls, which are shared and therefore kept,
            // unless the socket does not even accept the end of the call.
            let silent = if window == 65_535 { 1 } else { 2 };
            let ends = [
                (Silence, Status::DeadlineExceeded, [2, silent]),
                (Response, Status::InvalidArgument, [1, 1]),
                (ResponseAndReset, Status::InvalidArgument, [1, 1]),
                (Reset, Status::Unavailable, [1, 1]),
                // Retried on a second connection, since the server has not processed the request.
                (GoAway, Status::Unavailable, [3, 3]),
                (Close, Status::Unavailable, [2, 2]),
            ];
            for (mode, (end, status, connections)) in
                MODES.into_iter().flat_map(|mode| ends.map(|end| (mode, end)))
            {
                let connections = connections[mode as usize];
                let what = format!("{mode:?}, {end:?}, window {window}, frames {max_frame}");
                let (gate, arrived) = (Arc::new(Gate::default()), Arc::new(Mutex::new(Vec::new())));
                let (wait, record) = (gate.clone(), arrived.clone());
                let server = Wire::start(move |number, stream| {
                    let settings = [(frame::INITIAL_WINDOW_SIZE, window), (frame::MAX_FRAME_SIZE, max_frame)];
                    let peer = Peer::accept(stream, &settings)?;
                    // Not the connection's window.
                    peer.window_update(0, i32::MAX as u32 - 65_535)?;
                    if number == 1 {
                        let mut arrived = record.lock().unwrap();
                        check(&arrived, "the first attempt");
                        arrived.clear();
                    }
                    serve(&peer, number, end, window.min(1 << 20) as usize, &wait, &record)
                });
                let timeout = Duration::from_millis(if end == Silence { 400 } else { 20_000 });
                let error = lend(mode, &url!("grpc://{}", server.address()), timeout, &gate);
                assert_eq!(
                    (error.status(), server.connections()),
                    (status, connections),
                    "{what}: {error:?}"
                );
                drop(server);
                check(&arrived.lock().unwrap(), &what);
            }
        }
    }
}

/// Reads the first `until` bytes of the large request, ends it, waits for the gate, and serves later
/// requests.
fn serve(
    peer: &Peer,
    number: usize,
    end: End,
    until: usize,
    gate: &Gate,
    arrived: &Mutex<Vec<u8>>,
) -> io::Result<()> {
    let attempts = if end == End::GoAway { 2 } else { 1 };
    let mut is_ended = number >= attempts;
    loop {
        let read = peer.read()?;
        if is_ended && number >= attempts || (read.stream, read.kind) != (1, frame::DATA) {
            if read.ends_stream() {
                peer.reply(read.stream, b"")?;
            }
            continue;
        }
        if is_ended && number + 1 < attempts {
            continue;
        }
        let have = {
            let mut arrived = arrived.lock().unwrap();
            arrived.extend_from_slice(&read.payload);
            arrived.len()
        };
        if !is_ended && have >= until {
            is_ended = true;
            let response =
                || peer.response_headers(1, &[("grpc-status", "3"), ("grpc-message", "early")], true);
            match end {
                End::Silence => {}
                End::Response => response()?,
                End::ResponseAndReset => response().and_then(|()| peer.reset(1, Reason::NO_ERROR))?,
                End::Reset => peer.reset(1, Reason::INTERNAL_ERROR)?,
                End::GoAway => peer.go_away(0)?,
                End::Close => return Ok(()),
            }
            if number + 1 == attempts {
                gate.wait();
            }
        }
    }
}

#[test]
fn http_reads_nothing_of_the_callers_memory_after_the_call() {
    let ends = [
        (End::Silence, Status::DeadlineExceeded),
        (End::Response, Status::InvalidArgument),
        (End::Close, Status::Unavailable),
    ];
    for (mode, (end, status)) in MODES.into_iter().flat_map(|mode| ends.map(|end| (mode, end))) {
        let (gate, arrived) = (Arc::new(Gate::default()), Arc::new(Mutex::new(Vec::new())));
        let (wait, record) = (gate.clone(), arrived.clone());
        let server = Wire::start(move |number, mut stream: &TcpStream| {
            if number > 0 {
                let mut reader = io::BufReader::new(stream);
                while Request::read(&mut reader, stream)?.is_some() {
                    stream.write_all(&response(200, &[], br#"{"model_name":"m"}"#))?;
                }
                return Ok(());
            }
            let mut first = vec![0; 1 << 20];
            stream.read_exact(&mut first)?;
            match end {
                End::Response => stream.write_all(&response(400, &[], b"{\"error\":\"early\"}"))?,
                End::Close => return Ok(()),
                _ => {}
            }
            wait.wait();
            let mut arrived = record.lock().unwrap();
            arrived.append(&mut first);
            // An error if the connection is reset.
            stream.read_to_end(&mut arrived).map(drop)
        });
        let timeout = Duration::from_millis(if end == End::Silence { 400 } else { 20_000 });
        let error = lend(mode, &url!("http://{}", server.address()), timeout, &gate);
        assert_eq!((error.status(), server.connections()), (status, 2), "{end:?}: {error:?}");
        assert!(end != End::Response || error.full_message().contains("early"), "{error:?}");
        drop(server);
        check(&arrived.lock().unwrap(), &format!("{end:?}"));
    }
}
