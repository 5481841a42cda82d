//! The framing of HTTP/1.1 responses: every valid form is read, every wrong size is an error that names it,
//! and connections are reused where that is safe.

use std::{
    io::{Read, Write},
    sync::Arc,
    thread,
    time::Duration,
};

use triton_client::{CallOptions, Client, ClientOptions, Error, InferRequest, InferResult, Origin, Status};

use crate::support::fault::{Gate, Http, Response, Wire, response, wait_until_ended};

const JSON: &str = r#"{"model_name":"m","outputs":[{"name":"O","datatype":"INT32","shape":[4],"parameters":{"binary_data_size":16}}]}"#;
const TENSOR: [u8; 16] = [7; 16];

fn infer(client: &Client) -> Result<InferResult, Error> {
    client.infer(&InferRequest::new("m").input("I", &[4], &[1i32; 4]))
}

fn body() -> Vec<u8> {
    [JSON.as_bytes(), &TENSOR].concat()
}

/// Returns a response with these headers and the byte size of the JSON part.
fn framed(status: &str, lines: &[&str], body: &[u8]) -> Vec<u8> {
    let size = format!("Inference-Header-Content-Length: {}", JSON.len());
    let headers = [&[status], lines, &[size.as_str(), "", ""]].concat().join("\r\n");
    [headers.as_bytes(), body].concat()
}

/// Returns the body in chunks of `each` bytes, with extensions and trailers.
fn chunks(body: &[u8], each: usize) -> Vec<u8> {
    let chunk = |data: &[u8]| [format!("{:X};x=\"y\"\r\n", data.len()).as_bytes(), data, b"\r\n"].concat();
    let chunks: Vec<u8> = body.chunks(each).flat_map(chunk).collect();
    [&chunks[..], b"0\r\nX-Trailer: HTTP/1.1 200 OK\r\n\r\n"].concat()
}

const OK: &str = "HTTP/1.1 200 OK";
const CHUNKED: &str = "Transfer-Encoding: chunked";

#[test]
fn a_response_is_read_in_every_framing_and_in_pieces_of_any_size() {
    let length = format!("content-length:{}", body().len());
    let length = length.as_str();
    let whole = framed(OK, &[length], &body());
    let after = |interim: &str| [interim.as_bytes(), &whole].concat();
    // The last two: whether the server closes the connection after it, and whether the client may reuse the
    // connection.
    let cases = [
        ("length", whole.clone(), false, true),
        ("chunks", framed(OK, &[CHUNKED], &chunks(&body(), 1000)), false, true),
        ("small chunks", framed(OK, &[CHUNKED], &chunks(&body(), 3)), false, true),
        ("until close", framed(OK, &[], &body()), true, false),
        ("1.0", framed("HTTP/1.0 200 OK", &[length], &body()), true, false),
        ("1.0 until close", framed("HTTP/1.0 200 OK", &[], &body()), true, false),
        ("close", framed(OK, &[length, "Connection: x, Close"], &body()), false, false),
        ("no encoding", framed(OK, &[length, "Content-Encoding: identity"], &body()), false, true),
        ("no reason phrase", framed("HTTP/1.1 200", &[length], &body()), false, true),
        ("100", after("HTTP/1.1 100 Continue\r\n\r\n"), false, true),
        ("103", after("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"), false, true),
        ("100 twice", after("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"), false, true),
    ];
    for (name, bytes, closes, keeps) in cases {
        for each in [1, 2, 50, usize::MAX] {
            let bytes = bytes.clone();
            let server = Http::start(move |_| match closes {
                true => Response::BytesThenClose(bytes.clone()),
                false => Response::Pieces { bytes: bytes.clone(), each },
            });
            let client = Client::new(&url!("http://{}", server.address())).unwrap();
            for _ in 0..2 {
                let result = infer(&client).unwrap_or_else(|error| panic!("{name}, {each}: {error:?}"));
                assert_eq!(result.output("O").unwrap().data(), TENSOR, "{name}, {each}");
            }
            assert_eq!(server.connections(), if keeps { 1 } else { 2 }, "{name}, {each}");
        }
    }
}

#[test]
fn wrong_sizes_and_invalid_framing_are_errors_that_name_the_cause() {
    use Status::{Internal, ResourceExhausted, Unavailable};
    let sized = |size: &str| {
        let json = JSON.replace("16", size);
        response(
            200,
            &[("Inference-Header-Content-Length", &json.len().to_string())],
            &[json.as_bytes(), &TENSOR].concat(),
        )
    };
    let shaped = |rank: usize| {
        let json = JSON.replace("[4]", &format!("[4{}]", ",1".repeat(rank - 1)));
        let size = json.len().to_string();
        let body = [json.as_bytes(), &TENSOR].concat();
        response(200, &[("Inference-Header-Content-Length", &size)], &body)
    };
    let two = JSON.replace(
        "}}]",
        r#"}},{"name":"P","datatype":"INT32","shape":[1],"parameters":{"binary_data_size":4}}]"#,
    );
    let two = response(
        200,
        &[("Inference-Header-Content-Length", &two.len().to_string())],
        &[two.as_bytes(), &TENSOR].concat(),
    );
    let length = |size: usize| framed(OK, &[&format!("Content-Length: {size}")], &body());
    let mut cut = chunks(&body(), 20);
    cut.truncate(cut.len() - 50);
    let cases = [
        ("shorter than its length", length(body().len() + 1), Unavailable, "connection closed"),
        ("cut in a chunk", framed(OK, &[CHUNKED], &cut), Unavailable, "connection closed"),
        (
            "longer than its outputs",
            framed(OK, &[CHUNKED], &chunks(&[body(), vec![1]].concat(), 9)),
            Internal,
            "trailing data",
        ),
        ("invalid chunk size", framed(OK, &[CHUNKED], b"zz\r\n"), Internal, ""),
        ("only JSON", response(200, &[], JSON.as_bytes()), Internal, "'O'"),
        ("no JSON", response(200, &[], b""), Internal, "JSON"),
        ("sizes beyond the response", two, Internal, "'P'"),
        ("not HTTP", b"SSH-2.0-x\r\n\r\n".to_vec(), Internal, "HTTP"),
        (
            "endless headers",
            [b"HTTP/1.1 200 OK\r\nX: ".to_vec(), vec![b'x'; 70_000]].concat(),
            ResourceExhausted,
            "65536",
        ),
        (
            "a huge Content-Length",
            framed(OK, &["Content-Length: 99999999999999"], b"{"),
            ResourceExhausted,
            "99999999999999",
        ),
        ("zipped", framed(OK, &["Content-Encoding: zstd", "Content-Length: 0"], b""), Internal, "zstd"),
        ("a smaller output", sized("15"), Internal, "15"),
        ("a larger output", sized("17"), Internal, "17"),
        ("a negative output", sized("-1"), Internal, "'O'"),
        ("a large output", sized("1099511627776"), Internal, "1099511627776"),
        ("a huge output", sized("9223372036854775807"), Internal, ""),
        ("a size of more than 64 bits", sized("99999999999999999999999"), Internal, ""),
        ("a size that is a string", sized("\"16\""), Internal, "'O'"),
        ("a shape of too many dimensions", shaped(1100), Internal, "dimensions"),
        (
            "a reason not compressed as declared",
            framed("HTTP/1.1 503 X", &["Content-Encoding: gzip", "Content-Length: 3"], b"xyz"),
            Unavailable,
            "xyz",
        ),
    ];
    for (name, bytes, status, hint) in cases {
        let server = Http::start(move |_| Response::BytesThenClose(bytes.clone()));
        let error = infer(&Client::new(&url!("http://{}", server.address())).unwrap()).unwrap_err();
        assert_eq!(error.status(), status, "{name}: {error:?}");
        assert!(error.full_message().contains(hint), "{name}: {error:?}");
        // A 503 that does not come from Triton may come from a proxy whose server ran the request.
        let in_doubt = error.origin() != Origin::Server || error.http_status() == Some(503);
        assert_eq!(error.is_in_doubt(), in_doubt, "{name}: {error:?}");
    }
}

#[test]
fn bytes_after_a_response_are_not_taken_for_the_next_response() {
    let bytes = [response(200, &[], br#"{"model_name":"m"}"#), response(200, &[], b"garbage")].concat();
    let server = Http::start(move |_| Response::Bytes(bytes.clone()));
    let client = Client::new(&url!("http://{}", server.address())).unwrap();
    for calls in 1..3 {
        assert_eq!(infer(&client).unwrap().model_name(), "m");
        assert_eq!(server.connections(), calls);
    }
}

#[test]
fn a_response_that_exceeds_the_limit_is_refused_in_every_framing() {
    for (name, bytes) in [
        ("announced", framed(OK, &[&format!("Content-Length: {}", body().len())], &body())),
        ("in chunks", framed(OK, &[CHUNKED], &chunks(&body(), 10))),
        ("JSON in chunks", response(200, &[(CHUNKED.split_once(": ").unwrap())], &chunks(&[b' '; 200], 10))),
        ("until close", framed(OK, &[], &body())),
    ] {
        let server = Http::start(move |_| Response::BytesThenClose(bytes.clone()));
        let mut options = ClientOptions::new();
        options.set_max_message_byte_size(body().len() - 1).unwrap();
        let client = Client::with_options(&url!("http://{}", server.address()), &options).unwrap();
        // Without an input the request is below the limit.
        let error = client.infer(&InferRequest::new("m")).unwrap_err();
        let properties = (error.status(), error.origin(), error.is_in_doubt());
        assert_eq!(properties, (Status::ResourceExhausted, Origin::Client, true), "{name}: {error:?}");
    }
}

#[test]
fn a_connection_closed_while_idle_fails_no_call() {
    let server = Http::start(|_| Response::BytesThenClose(response(200, &[], br#"{"model_name":"m"}"#)));
    let client = Client::new(&url!("http://{}", server.address())).unwrap();
    for calls in 1..4 {
        infer(&client).unwrap();
        assert_eq!((server.requests(), server.connections()), (calls, calls));
        wait_until_ended(server.address());
    }
}

#[test]
fn an_interim_response_in_the_middle_of_a_request_does_not_end_it() {
    const BYTE_SIZE: usize = 16 << 20;
    let server = Wire::start(|_, mut stream| {
        stream.read_exact(&mut [0; 10])?;
        stream.write_all(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")?;
        // Until the client's send buffer is full and it reads. If it is slower, the test covers less.
        thread::sleep(Duration::from_millis(100));
        let mut left = BYTE_SIZE - 10;
        let mut bytes = vec![0; 1 << 16];
        while left > 0 {
            let count = stream.read(&mut bytes)?;
            if count == 0 {
                return Ok(());
            }
            left = left.saturating_sub(count);
        }
        stream.write_all(&response(200, &[], br#"{"model_name":"m"}"#))
    });
    let mut options = ClientOptions::new();
    options.set_timeout(Some(Duration::from_secs(5))).unwrap();
    let client = Client::with_options(&url!("http://{}", server.address()), &options).unwrap();
    let data = vec![1u8; BYTE_SIZE];
    client.infer(&InferRequest::new("m").input("I", &[BYTE_SIZE as i64], &data)).unwrap();
}

#[test]
fn a_chunked_body_with_endless_lines_is_refused_at_a_limit() {
    let headers = framed(OK, &[CHUNKED], b"");
    // The bytes after the headers, and those that are then repeated.
    for (name, first, again, status) in [
        ("CR without LF in a size", &b"1\rx"[..], &b"x"[..], Status::Internal),
        ("LF without CR", b"5\nhello", b"x", Status::Internal),
        ("CR without LF in a trailer", b"0\r\nX: a\rb\r\n", b"x", Status::Internal),
        ("a size without an end", b"1", b"1", Status::ResourceExhausted),
        ("an extension without an end", b"5;x=", b"y", Status::ResourceExhausted),
        ("a trailer without an end", b"0\r\nX: ", b"y", Status::ResourceExhausted),
        ("trailers without an end", b"0\r\n", b"X: y\r\n", Status::ResourceExhausted),
    ] {
        for call in ["inference", "metadata"] {
            let (headers, first, again) = (headers.clone(), first.to_owned(), again.repeat(2000));
            let server = Wire::start(move |_, mut stream| {
                stream.read_exact(&mut [0; 16])?;
                stream.write_all(&[&headers[..], &first].concat())?;
                loop {
                    stream.write_all(&again)?;
                }
            });
            let client = Client::new(&url!("http://{}", server.address())).unwrap();
            let error = match call {
                "inference" => infer(&client).unwrap_err(),
                _ => client.server_metadata(&CallOptions::new()).unwrap_err(),
            };
            assert_eq!((error.status(), error.is_in_doubt()), (status, true), "{name}, {call}: {error:?}");
        }
    }
}

#[test]
fn a_success_before_the_whole_request_was_sent_is_refused() {
    // Like a stray response that arrives while the request is being sent.
    let bytes = framed(OK, &[&format!("Content-Length: {}", body().len())], &body());
    let over = Arc::new(Gate::default());
    let gate = over.clone();
    let server = Wire::start(move |_, mut stream| {
        stream.read_exact(&mut [0; 16])?;
        stream.write_all(&bytes)?;
        // Stops reading, so that the client can't send the rest.
        gate.wait();
        Ok(())
    });
    let data = vec![0u8; 32 << 20];
    let client = Client::new(&url!("http://{}", server.address())).unwrap();
    let request = InferRequest::new("m").input("I", &[data.len() as i64], &data);
    let error = client.infer(&request).unwrap_err();
    over.open();
    assert_eq!((error.status(), error.is_in_doubt()), (Status::Internal, true), "{error:?}");
    assert!(error.full_message().contains("before the whole request was sent"), "{error:?}");
}

#[test]
fn a_stray_of_any_earlier_request_of_a_connection_is_refused() {
    // The fifth request gets the response to an earlier one.
    let reply = |id: &str| {
        let json = JSON.replacen('{', &format!("{{\"id\":\"{id}\","), 1);
        let size = json.len().to_string();
        response(200, &[("Inference-Header-Content-Length", &size)], &[json.as_bytes(), &TENSOR].concat())
    };
    for back in 1..5 {
        let server = Http::start(move |request| {
            let text = String::from_utf8_lossy(&request.body);
            let id =
                text.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
            let number: usize = id.parse().unwrap();
            Response::Bytes(reply(&if number == 5 { number - back } else { number }.to_string()))
        });
        let client = Client::new(&url!("http://{}", server.address())).unwrap();
        for number in 1..8 {
            let request = InferRequest::new("m").id(number.to_string()).input("I", &[4], &[1i32; 4]);
            match client.infer(&request) {
                Ok(result) => assert!(number != 5 && result.id() == number.to_string()),
                Err(error) => assert!(number == 5 && error.full_message().contains("earlier"), "{error:?}"),
            }
        }
        assert_eq!(server.connections(), 2);
    }
}
