//! Streams of servers and proxies that misbehave: each end has the status, and the cause, that it deserves.
//! And what only a scripted server can show of a stream: when END_STREAM is sent, and how much is read.

use std::{
    future::Future,
    io,
    net::Shutdown,
    sync::{Arc, Mutex, mpsc::channel},
    thread,
    time::{Duration, Instant},
};

use h2::Reason;
use prost::Message;
use triton_client::{
    CallOptions, Client, ClientOptions, Compression, Error, Finality, InferRequest, InferResult, Origin,
    Status, Stream, StreamEvent, StreamOptions,
};

use crate::support::{
    embedded::inference::{
        InferParameter, ModelInferRequest, ModelInferResponse, ModelStreamInferResponse,
        infer_parameter::ParameterChoice, model_infer_response::InferOutputTensor,
    },
    fault::{Frame, Gate, Peer, Wire, frame, refused_address},
    grpc,
    http2::{self, Call},
    tls,
};

/// Longer than any wait of a test that passes.
const PATIENCE: Duration = Duration::from_secs(20);
const PAGE: &[u8] =
    b"<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head><title>502 Proxy Error</title>";

fn client(wire: &Wire) -> Client {
    Client::new(&url!("grpc://{}", wire.address())).unwrap()
}

fn open(client: &Client) -> Stream {
    client.open_stream(&StreamOptions::new()).unwrap()
}

#[track_caller]
fn next_result(stream: &Stream) -> InferResult {
    match stream.next(Some(PATIENCE)).unwrap() {
        StreamEvent::Result(result) => result,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn next_end(stream: &Stream) -> Result<(), Error> {
    match stream.next(Some(PATIENCE)).unwrap() {
        StreamEvent::End(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

fn request(id: &str, flag: bool) -> InferRequest<'static> {
    let mut request = InferRequest::new("m").id(id).input("IN", &[1], &[1i32]);
    request.set_empty_final_response(flag);
    request
}

/// A message of the stream: the response to a request, with an output of so many bytes.
fn response(id: &str, is_final: Option<bool>, byte_size: usize) -> Vec<u8> {
    let parameter = |is_final| {
        let value = InferParameter { parameter_choice: Some(ParameterChoice::BoolParam(is_final)) };
        ("triton_final_response".to_owned(), value)
    };
    let output = InferOutputTensor {
        name: "OUT".to_owned(),
        datatype: "UINT8".to_owned(),
        shape: vec![byte_size as i64],
        ..Default::default()
    };
    let response = ModelInferResponse {
        model_name: "m".to_owned(),
        id: id.to_owned(),
        parameters: is_final.map(parameter).into_iter().collect(),
        outputs: if byte_size == 0 { vec![] } else { vec![output] },
        raw_output_contents: if byte_size == 0 { vec![] } else { vec![vec![7; byte_size].into()] },
        ..Default::default()
    };
    ModelStreamInferResponse { error_message: String::new(), infer_response: Some(response) }.encode_to_vec()
}

/// A stream at the server's end of a connection.
struct Served<'p, 's> {
    peer: &'p Peer<'s>,
    id: u32,
}

impl<'s> Served<'_, 's> {
    /// Reads up to a whole request.
    fn request(&self) -> io::Result<ModelInferRequest> {
        let mut body = Vec::new();
        loop {
            let read = self.read()?;
            if read.kind == frame::DATA && read.stream == self.id {
                body.extend_from_slice(&read.payload);
            }
            if body.len() >= 5
                && body.len() == 5 + u32::from_be_bytes([body[1], body[2], body[3], body[4]]) as usize
            {
                let message = grpc::unframe(body).map_err(io::Error::other)?;
                return ModelInferRequest::decode(&message[..]).map_err(io::Error::other);
            }
        }
    }

    /// Reads a frame, and reopens the windows.
    fn read(&self) -> io::Result<Frame> {
        let read = self.peer.read()?;
        if read.kind == frame::DATA && !read.payload.is_empty() {
            self.peer.window_update(0, read.payload.len() as u32)?;
            self.peer.window_update(read.stream, read.payload.len() as u32)?;
        }
        Ok(read)
    }

    /// Reads until the client has sent END_STREAM.
    fn end_of_requests(&self) -> io::Result<()> {
        while !self.read()?.ends_stream() {}
        Ok(())
    }

    /// Returns whether the client has sent END_STREAM by now: all that it sent before a PING was
    /// acknowledged.
    fn has_ended_requests(&self) -> io::Result<bool> {
        self.peer.send(frame::PING, 0, 0, &[1; 8])?;
        let mut has_ended = false;
        loop {
            let read = self.read()?;
            if read.kind == frame::PING && read.flags & frame::ACK != 0 {
                return Ok(has_ended);
            }
            has_ended |= read.ends_stream();
        }
    }

    fn headers(&self) -> io::Result<()> {
        self.peer.response_headers(self.id, &[], false)
    }

    fn data(&self, data: &[u8]) -> io::Result<()> {
        self.peer.send(frame::DATA, 0, self.id, data)
    }

    fn message(&self, message: &[u8]) -> io::Result<()> {
        self.data(&grpc::frame(message))
    }

    fn trailers(&self, status: &str) -> io::Result<()> {
        self.peer.headers(self.id, &[("grpc-status", status), ("grpc-message", "because")], true)
    }

    fn end_stream(&self, data: &[u8]) -> io::Result<()> {
        self.peer.send(frame::DATA, frame::END_STREAM, self.id, data)
    }

    fn reset(&self, reason: Reason) -> io::Result<()> {
        self.peer.reset(self.id, reason)
    }
}

/// Serves the first stream of each connection with `play`, and then reads until the client closes the
/// connection.
fn serve(play: impl Fn(&Served<'_, '_>) -> io::Result<()> + Send + Sync + 'static) -> Wire {
    Wire::start(move |_, tcp| {
        let peer = Peer::accept(tcp, &[])?;
        let id = loop {
            let read = peer.read()?;
            if read.kind == frame::HEADERS {
                break read.stream;
            }
        };
        play(&Served { peer: &peer, id })?;
        loop {
            peer.read()?;
        }
    })
}

type Play = fn(&Served<'_, '_>) -> io::Result<()>;

/// Proxies report the same failure of their server in very different ways.
#[test]
fn an_end_without_a_status_is_unavailable_and_in_doubt_and_names_the_frame() {
    let close: Play = |_| Err(io::ErrorKind::ConnectionAborted.into());
    let cases: [(&str, Play, &str); 13] = [
        ("END_STREAM", |it| it.end_stream(b""), "without a status (END_STREAM)"),
        ("trailers without a status", |it| it.peer.headers(it.id, &[("x", "y")], true), "without a status"),
        ("INTERNAL_ERROR", |it| it.reset(Reason::INTERNAL_ERROR), "(INTERNAL_ERROR)"),
        ("PROTOCOL_ERROR", |it| it.reset(Reason::PROTOCOL_ERROR), "(PROTOCOL_ERROR)"),
        ("CANCEL", |it| it.reset(Reason::CANCEL), "(CANCEL)"),
        ("NO_ERROR", |it| it.reset(Reason::NO_ERROR), "(NO_ERROR)"),
        ("REFUSED_STREAM", |it| it.reset(Reason::REFUSED_STREAM), "(REFUSED_STREAM)"),
        ("END_STREAM and a reset", |it| it.end_stream(b"").and_then(|()| it.reset(Reason::CANCEL)), ""),
        ("a closed connection", close, "connection lost"),
        (
            "GOAWAY and a closed connection",
            |it| it.peer.go_away(0).and_then(|()| it.peer.shut_down(Shutdown::Both)),
            "connection",
        ),
        ("a page as data", |it| it.end_stream(PAGE), "not gRPC: '<!DOCTYPE HTML PUBLIC"),
        ("a part of a message", |it| it.end_stream(&[0, 0, 0, 1, 0, 0x12]), "without a status"),
        ("invalid HTTP/2", |it| it.peer.send(frame::DATA, 0, 0, b"x"), "malformed HTTP/2"),
    ];
    for (name, play, text) in cases {
        for is_callback in [false, true] {
            let wire = serve(move |served| {
                let request = served.request()?;
                served.headers()?;
                served.message(&response(&request.id, Some(false), 3))?;
                play(served)
            });
            let client = client(&wire);
            let (sender, events) = channel();
            let stream = match is_callback {
                true => client.open_stream_with_callback(&StreamOptions::new(), move |event| {
                    sender.send(event).unwrap();
                }),
                false => client.open_stream(&StreamOptions::new()),
            };
            let stream = stream.unwrap();
            let next = || match is_callback {
                true => events.recv_timeout(PATIENCE).unwrap(),
                false => stream.next(Some(PATIENCE)).unwrap(),
            };
            stream.send(&request("r", true), Some(PATIENCE)).unwrap();
            match next() {
                StreamEvent::Result(result) => assert_eq!(result.id(), "r", "{name}"),
                other => panic!("{name}: {other:?}"),
            }
            let error = match next() {
                StreamEvent::End(Err(error)) => error,
                other => panic!("{name}: {other:?}"),
            };
            let have = (error.status(), error.origin(), error.is_in_doubt(), error.is_retryable());
            assert_eq!(have, (Status::Unavailable, Origin::Connection, true, true), "{name}: {error:?}");
            assert!(error.full_message().contains(text), "{name}: {error:?}");
            assert!(error.full_message().contains(&url!("stream at grpc://127.0.0.1:")), "{name}: {error:?}");
            // It is the stream's status from now on.
            let late = stream.send(&request("late", true), None).unwrap_err();
            assert_eq!((late.status(), late.request_id()), (Status::Unavailable, "late"), "{name}");
            let statistics = client.infer_statistics();
            assert_eq!((statistics.completed, statistics.failed), (0, 1), "{name}");
        }
    }
}

/// HAProxy resets every stream after its trailers.
#[test]
fn trailers_decide_and_a_reset_after_them_is_ignored() {
    for (status, expected) in [("0", None), ("5", Some(Status::NotFound)), ("1", Some(Status::Cancelled))] {
        for reason in [Reason::CANCEL, Reason::NO_ERROR, Reason::INTERNAL_ERROR] {
            for is_late in [false, true] {
                let what = format!("status {status}, {reason:?}, read late: {is_late}");
                let (sent, all_sent) = channel();
                let sent = Mutex::new(sent);
                let wire = serve(move |served| {
                    served.request()?;
                    served.headers()?;
                    served.message(&response("a", Some(false), 3))?;
                    served.message(&response("b", Some(true), 3))?;
                    served.trailers(status)?;
                    served.reset(reason)?;
                    // The client has read all of it when it acknowledges a PING.
                    served.has_ended_requests()?;
                    sent.lock().unwrap().send(()).map_err(io::Error::other)
                });
                let client = client(&wire);
                let stream = open(&client);
                stream.send(&request("a", false), Some(PATIENCE)).unwrap();
                if is_late {
                    all_sent.recv_timeout(PATIENCE).unwrap();
                }
                assert_eq!((next_result(&stream).id(), next_result(&stream).id()), ("a", "b"), "{what}");
                let outcome = next_end(&stream);
                assert_eq!(outcome.as_ref().err().map(Error::status), expected, "{what}");
                if let Err(error) = outcome {
                    assert_eq!(error.origin(), Origin::Server, "{what}");
                    assert!(error.full_message().contains("because"), "{what}: {error:?}");
                }
            }
        }
    }
}

#[test]
fn a_message_before_an_error_status_is_delivered_first_and_headers_may_have_the_status() {
    let wire = serve(|served| {
        served.request()?;
        served.headers()?;
        served.message(&response("r", Some(true), 3))?;
        served.trailers("13")
    });
    let client = self::client(&wire);
    let stream = open(&client);
    stream.send(&request("r", false), Some(PATIENCE)).unwrap();
    assert_eq!(next_result(&stream).id(), "r");
    let error = next_end(&stream).unwrap_err();
    // Nothing is outstanding.
    let have = (error.status(), error.origin(), error.is_in_doubt());
    assert_eq!(have, (Status::Internal, Origin::Server, false), "{error:?}");

    let wire = serve(|served| {
        let status = [("grpc-status", "12"), ("grpc-message", "")];
        served.peer.response_headers(served.id, &status, true)
    });
    let client = self::client(&wire);
    let stream = open(&client);
    let error = next_end(&stream).unwrap_err();
    assert_eq!((error.status(), error.origin()), (Status::Unimplemented, Origin::Server), "{error:?}");
    assert!(error.full_message().contains("ModelStreamInfer"), "{error:?}");
}

#[test]
fn the_page_of_a_proxy_is_reported_by_its_http_status() {
    for (status, expected, text) in [
        ("502", Status::Unavailable, "502"),
        ("413", Status::ResourceExhausted, "413"),
        ("200", Status::Internal, "text/html"),
    ] {
        for has_end in [true, false] {
            let wire = serve(move |served| {
                served.request()?;
                let headers = [(":status", status), ("content-type", "text/html")];
                served.peer.headers(served.id, &headers, false)?;
                match has_end {
                    true => served.end_stream(PAGE),
                    false => served.data(PAGE),
                }
            });
            let client = client(&wire);
            let stream = open(&client);
            stream.send(&request("r", false), Some(PATIENCE)).unwrap();
            let start = Instant::now();
            let error = next_end(&stream).unwrap_err();
            assert_eq!(error.status(), expected, "{status}: {error:?}");
            assert_eq!(error.http_status(), Some(status.parse().unwrap()));
            assert!(error.full_message().contains(text), "{error:?}");
            assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
        }
    }
}

#[test]
fn a_stream_that_cannot_be_opened_ends_at_once_and_is_not_in_doubt() {
    let client = Client::new(&url!("grpc://{}", refused_address())).unwrap();
    let stream = open(&client);
    let error = next_end(&stream).unwrap_err();
    let have = (error.status(), error.origin(), error.is_in_doubt(), error.is_retryable());
    assert_eq!(have, (Status::Unavailable, Origin::Connection, false, true), "{error:?}");
    assert!(error.full_message().contains("cannot connect"), "{error:?}");
    let late = stream.send(&request("r", false), None).unwrap_err();
    assert_eq!((late.status(), late.is_in_doubt()), (Status::Unavailable, false));
    // A port that speaks HTTP/1.
    let wire = Wire::start(|_, tcp| {
        use std::io::{Read, Write};
        let mut tcp = tcp;
        tcp.read_exact(&mut [0; 24])?;
        tcp.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    });
    let client = self::client(&wire);
    let stream = open(&client);
    let error = next_end(&stream).unwrap_err();
    let expected = match tls::is_on() {
        true => "the server does not speak HTTP/2 over TLS at this port",
        false => "this port speaks HTTP/1",
    };
    assert!(error.full_message().contains(expected), "{error:?}");
}

#[test]
fn a_malformed_or_too_large_message_ends_the_stream_and_resets_it() {
    let cases: [(&str, Vec<u8>, Status, &str); 3] = [
        (
            "malformed",
            grpc::frame(&[0x12, 0x7f, 0]).to_vec(),
            Status::Internal,
            "malformed ModelStreamInferResponse",
        ),
        (
            "too large",
            grpc::frame(&response("r", None, 5000)).to_vec(),
            Status::ResourceExhausted,
            "max_message_byte_size",
        ),
        ("compressed", vec![1, 0, 0, 0, 1, 0], Status::Internal, "which was not requested"),
    ];
    for (name, data, status, text) in cases {
        let (reset, is_reset) = channel();
        let reset = Mutex::new(reset);
        let wire = serve(move |served| {
            served.request()?;
            served.headers()?;
            served.data(&data)?;
            while served.read()?.kind != frame::RST_STREAM {}
            reset.lock().unwrap().send(()).map_err(io::Error::other)
        });
        let mut options = ClientOptions::new();
        options.set_max_message_byte_size(4096).unwrap();
        let client = Client::with_options(&url!("grpc://{}", wire.address()), &options).unwrap();
        let stream = open(&client);
        stream.send(&request("r", false), Some(PATIENCE)).unwrap();
        let error = next_end(&stream).unwrap_err();
        assert_eq!((error.status(), error.is_in_doubt()), (status, true), "{name}: {error:?}");
        assert!(error.full_message().contains(text), "{name}: {error:?}");
        is_reset.recv_timeout(PATIENCE).unwrap();
    }
}

/// What a scripted server does in a test of END_STREAM.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    /// A response of which more follow, or of which the server does not say whether more follow.
    Response(Option<bool>),
    Refusal,
    FinalResponse,
}

/// Envoy ends a stream 15 s after END_STREAM.
#[test]
fn the_end_of_the_requests_waits_for_final_responses_that_were_asked_for_and_for_no_others() {
    use Step::{FinalResponse, Refusal, Response};
    const MORE: Step = Response(Some(false));
    // After the last step END_STREAM is sent.
    let cases: [(&str, bool, &'static [Step]); 6] = [
        ("not asked for", false, &[]),
        ("asked for", true, &[MORE, MORE, FinalResponse]),
        ("no response", true, &[FinalResponse]),
        ("refused", true, &[Refusal]),
        ("a server that does not mark final responses", true, &[Response(None)]),
        ("cancelled", true, &[MORE]),
    ];
    for (name, flag, steps) in cases {
        let is_cancelled = name == "cancelled";
        let (seen, observed) = channel();
        let (finished, is_finished) = channel::<()>();
        let channels = Mutex::new((seen, is_finished));
        let wire = serve(move |served| {
            let (seen, is_finished) = &*channels.lock().unwrap();
            let note = |what: &str| seen.send(what.to_owned()).map_err(io::Error::other);
            served.headers()?;
            served.request()?;
            is_finished.recv_timeout(PATIENCE).map_err(io::Error::other)?;
            for (at, step) in steps.iter().enumerate() {
                note(if served.has_ended_requests()? { "ended" } else { "held" })?;
                served.message(&match step {
                    Response(is_final) => response("r", *is_final, 3),
                    FinalResponse => response("r", Some(true), 0),
                    Refusal => ModelStreamInferResponse {
                        error_message: "refused".to_owned(),
                        infer_response: Some(ModelInferResponse { id: "r".to_owned(), ..Default::default() }),
                    }
                    .encode_to_vec(),
                })?;
                if is_cancelled && at + 1 == steps.len() {
                    note(if served.has_ended_requests()? { "ended" } else { "held" })?;
                    while served.read()?.kind != frame::RST_STREAM {}
                    return note("reset");
                }
            }
            served.end_of_requests()?;
            note("ended")?;
            served.trailers("0")
        });
        let client = client(&wire);
        let stream = open(&client);
        stream.send(&request("r", flag), Some(PATIENCE)).unwrap();
        stream.finish().unwrap();
        finished.send(()).unwrap();
        let observe = || observed.recv_timeout(PATIENCE).unwrap();
        for step in steps {
            assert_eq!(observe(), "held", "{name}: before {step:?}");
            match stream.next(Some(PATIENCE)).unwrap() {
                StreamEvent::Result(result) if *step == Response(None) => {
                    assert_eq!(result.finality(), Finality::Unknown);
                }
                StreamEvent::Result(result) => {
                    assert_eq!(result.is_null(), *step == FinalResponse, "{name}");
                }
                StreamEvent::RequestError(_) if *step == Refusal => {}
                other => panic!("{name}: {other:?}"),
            }
        }
        if is_cancelled {
            assert_eq!(observe(), "held");
            stream.cancel();
            assert_eq!(next_end(&stream).unwrap_err().status(), Status::Cancelled);
            assert_eq!(observe(), "reset");
        } else {
            assert_eq!(observe(), "ended", "{name}");
            next_end(&stream).unwrap();
        }
    }
}

/// A server that stops waits for its streams.
#[test]
fn after_a_goaway_a_stream_ends_once_nothing_is_outstanding_and_the_next_has_a_new_connection() {
    for is_idle in [true, false] {
        let (step, steps) = channel::<()>();
        let (seen, observed) = channel();
        let channels = Mutex::new((steps, seen));
        let wire = serve(move |served| {
            let (steps, seen) = &*channels.lock().unwrap();
            served.headers()?;
            served.request()?;
            served.message(&response("r", Some(is_idle), 3))?;
            steps.recv_timeout(PATIENCE).map_err(io::Error::other)?;
            served.peer.go_away(served.id)?;
            if !is_idle {
                seen.send(served.has_ended_requests()?).map_err(io::Error::other)?;
                served.message(&response("r", Some(true), 3))?;
            }
            served.end_of_requests()?;
            served.trailers("0")
        });
        let client = client(&wire);
        let stream = open(&client);
        stream.send(&request("r", true), Some(PATIENCE)).unwrap();
        assert_eq!(next_result(&stream).is_final(), is_idle);
        step.send(()).unwrap();
        if !is_idle {
            assert!(!observed.recv_timeout(PATIENCE).unwrap(), "half-closed with a request outstanding");
            assert!(next_result(&stream).is_final());
        }
        next_end(&stream).unwrap();
        let late = stream.send(&request("late", false), None).unwrap_err();
        let have = (late.status(), late.is_retryable(), late.is_in_doubt());
        assert_eq!(have, (Status::Unavailable, true, false), "{late:?}");
        let again = open(&client);
        again.send(&request("again", true), Some(PATIENCE)).unwrap();
        assert_eq!(next_result(&again).id(), "r");
        assert_eq!(wire.connections(), 2);
        drop(step);
    }
}

#[test]
fn a_stream_without_a_request_moves_to_another_connection_after_a_goaway() {
    for is_closed in [false, true] {
        let connections = Mutex::new(0);
        let wire = serve(move |served| {
            let mut connections = connections.lock().unwrap();
            *connections += 1;
            if *connections == 1 {
                served.peer.go_away(served.id)?;
                return match is_closed {
                    true => Err(io::ErrorKind::ConnectionAborted.into()),
                    false => Ok(()),
                };
            }
            served.headers()?;
            let request = served.request()?;
            served.message(&response(&request.id, Some(true), 3))?;
            served.end_of_requests()?;
            served.trailers("0")
        });
        let client = client(&wire);
        let stream = open(&client);
        crate::server::until("the stream moves", || wire.connections() == 2);
        stream.send(&request("r", true), Some(PATIENCE)).unwrap();
        stream.finish().unwrap();
        assert_eq!(next_result(&stream).id(), "r");
        next_end(&stream).unwrap();
    }
}

#[test]
fn nginxs_body_limit_is_named_after_about_a_mebibyte_of_requests() {
    let wire = serve(|served| {
        served.headers()?;
        for _ in 0..16 {
            served.request()?;
        }
        served.reset(Reason::INTERNAL_ERROR)
    });
    let client = client(&wire);
    let stream = open(&client);
    let data = vec![1u8; 64 << 10];
    let request = InferRequest::new("m").input("IN", &[64 << 10], &data);
    for _ in 0..16 {
        stream.send(&request, Some(PATIENCE)).unwrap();
    }
    let error = next_end(&stream).unwrap_err();
    assert_eq!(error.status(), Status::Unavailable);
    let message = error.full_message();
    assert!(message.contains("(INTERNAL_ERROR)") && message.contains("client_max_body_size"), "{message}");
}

/// Serves streams with h2.
fn serve_calls<F>(serve: impl Fn(Call) -> F + Send + Sync + 'static) -> (http2::Server, Client)
where
    F: Future<Output = http2::Result<()>> + Send + 'static,
{
    let server = http2::Server::start(h2::server::Builder::new(), || {}, serve).unwrap();
    let client = Client::new(&url!("grpc://{}", server.address())).unwrap();
    (server, client)
}

#[test]
fn headers_keys_and_encodings_of_the_options_are_sent_and_the_servers_timeout_is_longer() {
    let (send, metadata) = channel();
    let (server, _) = serve_calls(move |mut call| {
        send.send(call.headers().clone()).unwrap();
        async move { grpc::reply(&mut call, vec![], grpc::OK, "").await }
    });
    let mut defaults = CallOptions::new();
    defaults.add_header("x-default", "1").unwrap().add_header("x-both", "default").unwrap();
    defaults.set_load_report(Some(triton_client::LoadReportFormat::Text));
    let mut client = ClientOptions::new();
    client.set_call_options(defaults).unwrap();
    client.set_timeout(Some(Duration::from_secs(3))).unwrap();
    let client = Client::with_options(&url!("grpc://{}", server.address()), &client).unwrap();
    let mut call = CallOptions::new();
    call.add_header("x-both", "own").unwrap().add_restricted_key("key", "value").unwrap();
    call.set_request_compression(Compression::Gzip).set_response_compression(Compression::Deflate);
    call.set_timeout(Some(Duration::from_secs(30))).unwrap();
    let mut options = StreamOptions::new();
    options.set_grpc_error(true).set_call_options(call).unwrap();
    next_end(&client.open_stream(&options).unwrap()).unwrap();
    next_end(&open(&client)).unwrap();
    let [first, second] = [(); 2].map(|()| metadata.recv_timeout(PATIENCE).unwrap());
    let get = |name: &str| first.get(name).map(|value| value.to_str().unwrap());
    for (name, value) in [
        ("x-default", "1"),
        ("x-both", "own"),
        ("triton-grpc-protocol-key", "value"),
        ("grpc-encoding", "gzip"),
        ("grpc-accept-encoding", "deflate"),
        ("triton_grpc_error", "true"),
        ("te", "trailers"),
    ] {
        assert_eq!(get(name), Some(value), "{name}");
    }
    let timeout: u64 = get("grpc-timeout").unwrap().trim_end_matches('m').parse().unwrap();
    assert!((30_000..=31_000).contains(&timeout), "{timeout}");
    for name in ["grpc-timeout", "triton_grpc_error", "grpc-encoding", "endpoint-load-metrics-format"] {
        assert!(!second.contains_key(name), "{name}");
    }
}

#[test]
fn compressed_responses_are_read() {
    let (server, client) = serve_calls(|mut call| async move {
        let mut stream =
            call.send_headers_with(200, grpc::CONTENT, &[("grpc-encoding".into(), "gzip".into())])?;
        for (id, is_compressed) in [("a", true), ("b", false), ("c", true)] {
            let mut message = response(id, Some(false), 5000);
            if is_compressed {
                let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                std::io::Write::write_all(&mut packed, &message).unwrap();
                message = packed.finish().unwrap();
            }
            let mut framed = grpc::frame(&message).to_vec();
            framed[0] = u8::from(is_compressed);
            http2::send_data(&mut stream, framed.into()).await?;
        }
        stream.send_trailers(http::HeaderMap::from_iter([(
            "grpc-status".parse().unwrap(),
            "0".parse().unwrap(),
        )]))
    });
    let mut call = CallOptions::new();
    call.set_response_compression(Compression::Gzip);
    let mut options = StreamOptions::new();
    options.set_call_options(call).unwrap();
    let stream = client.open_stream(&options).unwrap();
    for id in ["a", "b", "c"] {
        let result = next_result(&stream);
        assert_eq!((result.id(), result.output("OUT").unwrap().data()), (id, &[7; 5000][..]));
    }
    next_end(&stream).unwrap();
    drop(server);
}

/// A server that takes what fits into its window, and more only when the test lets it.
fn hold_requests() -> (http2::Server, Client, Arc<tokio::sync::Semaphore>) {
    let permits = Arc::new(tokio::sync::Semaphore::new(0));
    let gate = permits.clone();
    let (server, client) = serve_calls(move |mut call| {
        let gate = gate.clone();
        async move {
            let _stream = call.send_headers(200, grpc::CONTENT)?;
            let _ = gate.acquire().await;
            call.read_body().await?;
            call.abandoned().await
        }
    });
    (server, client, permits)
}

#[test]
fn a_full_queue_makes_a_send_wait_until_there_is_room() {
    let (_server, client, permits) = hold_requests();
    let mut options = StreamOptions::new();
    options.set_max_queued_byte_size(1 << 20);
    let stream = Arc::new(client.open_stream(&options).unwrap());
    let data = vec![1u8; 300_000];
    let request = || InferRequest::new("m").id("r").input("IN", &[300_000], &data);
    // The server's window is 64 KiB, so that the first one stays.
    for _ in 0..3 {
        stream.send(&request(), Some(Duration::ZERO)).unwrap();
    }
    for timeout in [Duration::ZERO, Duration::from_millis(50)] {
        let start = Instant::now();
        let error = stream.send(&request(), Some(timeout)).unwrap_err();
        assert_eq!((error.status(), error.request_id()), (Status::DeadlineExceeded, "r"), "{error:?}");
        assert!(!error.is_in_doubt() && error.full_message().contains("max_queued_byte_size"), "{error:?}");
        assert!(start.elapsed() >= timeout);
    }
    // A small one still fits.
    stream.send(&request_of("small"), Some(Duration::ZERO)).unwrap();
    thread::scope(|scope| {
        let (sent, order) = channel();
        let first = sent.clone();
        let waiting = stream.clone();
        let request = &request;
        scope.spawn(move || {
            waiting.send(&request(), Some(PATIENCE)).unwrap();
            first.send("large").unwrap();
        });
        crate::server::until("the first waits", || {
            // A small one that would fit does not overtake it.
            let outcome = stream.send(&request_of("late"), Some(Duration::ZERO));
            outcome.is_err_and(|error| error.status() == Status::DeadlineExceeded)
        });
        let waiting = stream.clone();
        scope.spawn(move || {
            waiting.send(&request_of("second"), Some(PATIENCE)).unwrap();
            sent.send("small").unwrap();
        });
        assert!(order.recv_timeout(Duration::from_millis(100)).is_err());
        permits.add_permits(1);
        let mut order = [(); 2].map(|()| order.recv_timeout(PATIENCE).unwrap());
        order.sort();
        assert_eq!(order, ["large", "small"]);
    });
}

fn request_of(id: &str) -> InferRequest<'static> {
    request(id, false)
}

#[test]
fn a_waiting_send_fails_when_the_stream_ends_and_never_waits_in_a_callback() {
    let (_server, client, _permits) = hold_requests();
    let mut options = StreamOptions::new();
    options.set_max_queued_byte_size(1);
    let (opened, own) = channel::<Arc<Stream>>();
    let (sender, seen) = channel();
    let stream = Arc::new(client.open_stream(&options).unwrap());
    stream.send(&InferRequest::new("m").input("IN", &[300_000], &[1u8; 300_000]), None).unwrap();
    let beside = client.open_stream_with_callback(&StreamOptions::new(), move |event| {
        assert!(matches!(event, StreamEvent::End(Err(_))));
        let stream = own.recv().unwrap();
        sender.send(stream.send(&request_of("r"), None).unwrap_err()).unwrap();
    });
    opened.send(stream.clone()).unwrap();
    beside.unwrap().cancel();
    let error = seen.recv_timeout(PATIENCE).unwrap();
    assert_eq!((error.status(), error.origin()), (Status::ResourceExhausted, Origin::Client), "{error:?}");
    thread::scope(|scope| {
        let sending = scope.spawn(|| stream.send(&request_of("r"), None));
        crate::server::until("it waits", || {
            let outcome = stream.send(&request_of("late"), Some(Duration::ZERO));
            outcome.is_err_and(|error| error.status() == Status::DeadlineExceeded)
        });
        assert!(!sending.is_finished());
        stream.cancel();
        assert_eq!(sending.join().unwrap().unwrap_err().status(), Status::Cancelled);
    });
    let statistics = client.infer_statistics();
    assert_eq!((statistics.completed, statistics.failed), (0, 1));
}

#[test]
fn a_waiting_send_fails_before_the_callback_of_the_end_returns_which_may_wait_for_it() {
    let (_server, client, _permits) = hold_requests();
    let mut options = StreamOptions::new();
    options.set_max_queued_byte_size(400_000);
    let (failed, failure) = channel();
    let (ended, end) = channel();
    let callback = move |event| {
        assert!(matches!(event, StreamEvent::End(Err(_))), "{event:?}");
        ended.send(failure.recv_timeout(PATIENCE)).unwrap();
    };
    let stream = client.open_stream_with_callback(&options, callback).unwrap();
    let data = vec![1u8; 300_000];
    let large = || InferRequest::new("m").input("IN", &[300_000], &data);
    stream.send(&large(), None).unwrap();
    thread::scope(|scope| {
        scope.spawn(|| failed.send(stream.send(&large(), None).unwrap_err().status()).unwrap());
        crate::server::until("it waits", || {
            // A small one that would fit does not overtake it.
            let outcome = stream.send(&request_of("late"), Some(Duration::ZERO));
            outcome.is_err_and(|error| error.status() == Status::DeadlineExceeded)
        });
        stream.cancel();
        assert_eq!(end.recv_timeout(2 * PATIENCE).unwrap(), Ok(Status::Cancelled));
    });
}

/// Triton before 2.35 refuses the parameter.
#[test]
fn the_refusal_of_the_empty_final_response_by_an_older_server_is_explained() {
    let wire = serve(|served| {
        let request = served.request()?;
        served.headers()?;
        let message = "parameter keys starting with 'triton_' are reserved for Triton usage and should not be specified.";
        let infer_response = Some(ModelInferResponse { id: request.id, ..Default::default() });
        let refusal = ModelStreamInferResponse { error_message: message.to_owned(), infer_response };
        served.message(&refusal.encode_to_vec())?;
        served.trailers("0")
    });
    let client = client(&wire);
    let stream = open(&client);
    stream.send(&request("r", true), Some(PATIENCE)).unwrap();
    match stream.next(Some(PATIENCE)).unwrap() {
        StreamEvent::RequestError(error) => {
            assert_eq!((error.status(), error.request_id()), (Status::Unknown, "r"), "{error:?}");
            assert!(error.full_message().contains("since 2.35"), "{error:?}");
        }
        other => panic!("{other:?}"),
    }
    next_end(&stream).unwrap();
}

/// Counts what the client has taken of a response.
struct Taken(Mutex<usize>);

impl Taken {
    fn get(&self) -> usize {
        *self.0.lock().unwrap()
    }
}

/// h2 at the server's end tells how much the client's window lets through.
#[test]
fn while_a_whole_message_waits_only_a_window_more_is_read_and_a_large_message_is_read_to_its_end() {
    const LARGE: usize = 16 << 20;
    const WINDOW: usize = 4 << 20;
    let taken = Arc::new(Taken(Mutex::new(0)));
    let count = taken.clone();
    let (_server, client) = serve_calls(move |mut call| {
        let count = count.clone();
        async move {
            let mut stream = call.send_headers(200, grpc::CONTENT)?;
            let messages =
                [response("small", None, 3), response("large", None, LARGE), response("next", None, LARGE)];
            for message in messages {
                let mut data = grpc::frame(&message);
                while !data.is_empty() {
                    let piece = data.split_to(data.len().min(64 << 10));
                    let byte_size = piece.len();
                    http2::send_data(&mut stream, piece).await?;
                    *count.0.lock().unwrap() += byte_size;
                }
            }
            stream.send_trailers(http::HeaderMap::from_iter([(
                "grpc-status".parse().unwrap(),
                "0".parse().unwrap(),
            )]))
        }
    });
    let gate = Arc::new(Gate::default());
    let (sender, events) = channel();
    let callback = {
        let gate = gate.clone();
        move |event| {
            sender.send(event).unwrap();
            assert!(gate.wait());
        }
    };
    let stream = client.open_stream_with_callback(&StreamOptions::new(), callback).unwrap();
    let next = || match events.recv_timeout(PATIENCE).unwrap() {
        StreamEvent::Result(result) => result.id().to_owned(),
        other => format!("{other:?}"),
    };
    assert_eq!(next(), "small");
    // The callback blocks: the large message is read to its end, and then one window.
    crate::server::until("the large message is read", || taken.get() >= LARGE + WINDOW / 2);
    let settled = {
        // Until nothing more is taken.
        let mut last = taken.get();
        loop {
            thread::sleep(Duration::from_millis(100));
            let now = taken.get();
            if now == last {
                break now;
            }
            last = now;
        }
    };
    // Beside the window: a frame that the client has read of the message after it, and what the server's h2
    // buffers.
    assert!(settled <= LARGE + WINDOW + (2 << 20), "{settled}");
    gate.open();
    assert_eq!([next(), next(), next()], ["large", "next", "End(Ok(()))"]);
    stream.wait(Some(PATIENCE)).unwrap();
    assert!(taken.get() > 2 * LARGE);
}
