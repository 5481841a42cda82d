//! What HTTP/1.1 allows a server, and what it does not: every way to frame an answer is read, every lie about one is
//! an error that names it, and connections are used again where they may be.

use std::{
    io::{Read, Write},
    sync::Arc,
    thread,
    time::Duration,
};

use triton_client::{CallOptions, Client, ClientOptions, Error, InferRequest, InferResult, Origin, Status};

use crate::support::fault::{Answer, Gate, Http, Wire, answer};

const JSON: &str = r#"{"model_name":"m","outputs":[{"name":"O","datatype":"INT32","shape":[4],"parameters":{"binary_data_size":16}}]}"#;
const TENSOR: [u8; 16] = [7; 16];

fn infer(client: &Client) -> Result<InferResult, Error> {
    client.infer(&InferRequest::new("m").input("I", &[4], &[1i32; 4]))
}

fn body() -> Vec<u8> {
    [JSON.as_bytes(), &TENSOR].concat()
}

/// A head with these lines and the byte size of the JSON part, and a body.
fn framed(status: &str, lines: &[&str], body: &[u8]) -> Vec<u8> {
    let size = format!("Inference-Header-Content-Length: {}", JSON.len());
    let head = [&[status], lines, &[size.as_str(), "", ""]].concat().join("\r\n");
    [head.as_bytes(), body].concat()
}

/// The body in chunks of so many bytes, with all that may stand beside them.
fn chunks(body: &[u8], each: usize) -> Vec<u8> {
    let chunk = |data: &[u8]| [format!("{:X};x=\"y\"\r\n", data.len()).as_bytes(), data, b"\r\n"].concat();
    let chunks: Vec<u8> = body.chunks(each).flat_map(chunk).collect();
    [&chunks[..], b"0\r\nX-Trailer: HTTP/1.1 200 OK\r\n\r\n"].concat()
}

const OK: &str = "HTTP/1.1 200 OK";
const CHUNKED: &str = "Transfer-Encoding: chunked";

#[test]
fn an_answer_is_read_however_it_is_framed_and_cut() {
    let length = format!("content-length:{}", body().len());
    let length = length.as_str();
    let whole = framed(OK, &[length], &body());
    let after = |interim: &str| [interim.as_bytes(), &whole].concat();
    // Whether the server closes the connection behind it, and whether another call may follow on it.
    let cases = [
        ("length", whole.clone(), false, true),
        ("chunks", framed(OK, &[CHUNKED], &chunks(&body(), 1000)), false, true),
        ("small chunks", framed(OK, &[CHUNKED], &chunks(&body(), 3)), false, true),
        ("to the end", framed(OK, &[], &body()), true, false),
        ("1.0", framed("HTTP/1.0 200 OK", &[length], &body()), true, false),
        ("1.0 to the end", framed("HTTP/1.0 200 OK", &[], &body()), true, false),
        ("close", framed(OK, &[length, "Connection: x, Close"], &body()), false, false),
        ("no encoding", framed(OK, &[length, "Content-Encoding: identity"], &body()), false, true),
        ("no reason", framed("HTTP/1.1 200", &[length], &body()), false, true),
        ("100", after("HTTP/1.1 100 Continue\r\n\r\n"), false, true),
        ("103", after("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"), false, true),
        ("100 twice", after("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"), false, true),
    ];
    for (name, bytes, closes, keeps) in cases {
        for each in [1, 2, 50, usize::MAX] {
            let bytes = bytes.clone();
            let server = Http::start(move |_| match closes {
                true => Answer::BytesThenClose(bytes.clone()),
                false => Answer::Pieces { bytes: bytes.clone(), each },
            });
            let client = Client::new(&format!("http://{}", server.address())).unwrap();
            for _ in 0..2 {
                let result = infer(&client).unwrap_or_else(|error| panic!("{name}, {each}: {error:?}"));
                assert_eq!(result.output("O").unwrap().data(), TENSOR, "{name}, {each}");
            }
            assert_eq!(server.connections(), if keeps { 1 } else { 2 }, "{name}, {each}");
        }
    }
}

#[test]
fn an_answer_that_lies_about_itself_is_an_error_that_says_so() {
    use Status::{Internal, ResourceExhausted, Unavailable};
    let sized = |size: &str| {
        let json = JSON.replace("16", size);
        answer(
            200,
            &[("Inference-Header-Content-Length", &json.len().to_string())],
            &[json.as_bytes(), &TENSOR].concat(),
        )
    };
    let shaped = |rank: usize| {
        let json = JSON.replace("[4]", &format!("[4{}]", ",1".repeat(rank - 1)));
        let size = json.len().to_string();
        let body = [json.as_bytes(), &TENSOR].concat();
        answer(200, &[("Inference-Header-Content-Length", &size)], &body)
    };
    let two = JSON.replace(
        "}}]",
        r#"}},{"name":"P","datatype":"INT32","shape":[1],"parameters":{"binary_data_size":4}}]"#,
    );
    let two = answer(
        200,
        &[("Inference-Header-Content-Length", &two.len().to_string())],
        &[two.as_bytes(), &TENSOR].concat(),
    );
    let length = |size: usize| framed(OK, &[&format!("Content-Length: {size}")], &body());
    let mut cut = chunks(&body(), 20);
    cut.truncate(cut.len() - 50);
    let cases = [
        ("shorter than its length", length(body().len() + 1), Unavailable, "broke off"),
        ("cut in a chunk", framed(OK, &[CHUNKED], &cut), Unavailable, "broke off"),
        (
            "longer than its outputs",
            framed(OK, &[CHUNKED], &chunks(&[body(), vec![1]].concat(), 9)),
            Internal,
            "trailing data",
        ),
        ("no size of a chunk", framed(OK, &[CHUNKED], b"zz\r\n"), Internal, ""),
        ("JSON alone", answer(200, &[], JSON.as_bytes()), Internal, "'O'"),
        ("no JSON", answer(200, &[], b""), Internal, "JSON"),
        ("sizes beyond the answer", two, Internal, "'P'"),
        ("no HTTP", b"SSH-2.0-x\r\n\r\n".to_vec(), Internal, "HTTP"),
        (
            "an endless head",
            [b"HTTP/1.1 200 OK\r\nX: ".to_vec(), vec![b'x'; 70_000]].concat(),
            ResourceExhausted,
            "65536",
        ),
        (
            "an announced flood",
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
        ("an output beyond numbers", sized("99999999999999999999999"), Internal, ""),
        ("an output of text", sized("\"16\""), Internal, "'O'"),
        ("a shape without end", shaped(1100), Internal, "dimensions"),
        (
            "a reason that is not compressed as it says",
            framed("HTTP/1.1 503 X", &["Content-Encoding: gzip", "Content-Length: 3"], b"xyz"),
            Unavailable,
            "xyz",
        ),
    ];
    for (name, bytes, status, hint) in cases {
        let server = Http::start(move |_| Answer::BytesThenClose(bytes.clone()));
        let error = infer(&Client::new(&format!("http://{}", server.address())).unwrap()).unwrap_err();
        assert_eq!(error.status(), status, "{name}: {error:?}");
        assert!(error.full_message().contains(hint), "{name}: {error:?}");
        // A 503 that is not Triton's own may come from a proxy whose server ran the request.
        let in_doubt = error.origin() != Origin::Server || error.http_status() == Some(503);
        assert_eq!(error.is_in_doubt(), in_doubt, "{name}: {error:?}");
    }
}

#[test]
fn bytes_behind_an_answer_are_not_taken_for_the_next_one() {
    let bytes = [answer(200, &[], br#"{"model_name":"m"}"#), answer(200, &[], b"garbage")].concat();
    let server = Http::start(move |_| Answer::Bytes(bytes.clone()));
    let client = Client::new(&format!("http://{}", server.address())).unwrap();
    for calls in 1..3 {
        assert_eq!(infer(&client).unwrap().model_name(), "m");
        assert_eq!(server.connections(), calls);
    }
}

#[test]
fn an_answer_over_the_limit_is_refused_announced_or_not() {
    for (name, bytes) in [
        ("announced", framed(OK, &[&format!("Content-Length: {}", body().len())], &body())),
        ("in chunks", framed(OK, &[CHUNKED], &chunks(&body(), 10))),
        ("JSON in chunks", answer(200, &[(CHUNKED.split_once(": ").unwrap())], &chunks(&[b' '; 200], 10))),
        ("to the end", framed(OK, &[], &body())),
    ] {
        let server = Http::start(move |_| Answer::BytesThenClose(bytes.clone()));
        let mut options = ClientOptions::new();
        options.set_max_message_byte_size(body().len() - 1).unwrap();
        let client = Client::with_options(&format!("http://{}", server.address()), &options).unwrap();
        // Without an input the request is below the limit.
        let error = client.infer(&InferRequest::new("m")).unwrap_err();
        let said = (error.status(), error.origin(), error.is_in_doubt());
        assert_eq!(said, (Status::ResourceExhausted, Origin::Client, true), "{name}: {error:?}");
    }
}

#[test]
fn a_connection_that_the_server_closed_while_idle_costs_nothing() {
    let server = Http::start(|_| Answer::BytesThenClose(answer(200, &[], br#"{"model_name":"m"}"#)));
    let client = Client::new(&format!("http://{}", server.address())).unwrap();
    for calls in 1..4 {
        infer(&client).unwrap();
        assert_eq!((server.requests(), server.connections()), (calls, calls));
        // Connections are looked at when they were idle for 100 ms: this is their age, no waiting for anything.
        thread::sleep(Duration::from_millis(150));
    }
}

#[test]
fn an_interim_answer_in_the_middle_of_a_request_does_not_end_it() {
    const BYTE_SIZE: usize = 16 << 20;
    let server = Wire::start(|_, mut stream| {
        stream.read_exact(&mut [0; 10])?;
        stream.write_all(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")?;
        // By now the client can send no more, and reads instead; were it slower, the test would only see less.
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
        stream.write_all(&answer(200, &[], br#"{"model_name":"m"}"#))
    });
    let mut options = ClientOptions::new();
    options.set_timeout(Some(Duration::from_secs(5))).unwrap();
    let client = Client::with_options(&format!("http://{}", server.address()), &options).unwrap();
    let data = vec![1u8; BYTE_SIZE];
    client.infer(&InferRequest::new("m").input("I", &[BYTE_SIZE as i64], &data)).unwrap();
}

#[test]
fn a_chunked_body_whose_lines_never_end_is_refused_at_a_limit() {
    let head = framed(OK, &[CHUNKED], b"");
    // What follows the headers, and then comes again and again.
    for (name, first, again, status) in [
        ("CR alone in a size", &b"1\rx"[..], &b"x"[..], Status::Internal),
        ("LF alone", b"5\nhello", b"x", Status::Internal),
        ("CR alone in a trailer", b"0\r\nX: a\rb\r\n", b"x", Status::Internal),
        ("a size without an end", b"1", b"1", Status::ResourceExhausted),
        ("an extension without an end", b"5;x=", b"y", Status::ResourceExhausted),
        ("a trailer without an end", b"0\r\nX: ", b"y", Status::ResourceExhausted),
        ("trailers without an end", b"0\r\n", b"X: y\r\n", Status::ResourceExhausted),
    ] {
        for call in ["inference", "metadata"] {
            let (head, first, again) = (head.clone(), first.to_owned(), again.repeat(2000));
            let server = Wire::start(move |_, mut stream| {
                stream.read_exact(&mut [0; 16])?;
                stream.write_all(&[&head[..], &first].concat())?;
                loop {
                    stream.write_all(&again)?;
                }
            });
            let client = Client::new(&format!("http://{}", server.address())).unwrap();
            let error = match call {
                "inference" => infer(&client).unwrap_err(),
                _ => client.server_metadata(&CallOptions::new()).unwrap_err(),
            };
            assert_eq!((error.status(), error.is_in_doubt()), (status, true), "{name}, {call}: {error:?}");
        }
    }
}

#[test]
fn a_success_before_the_end_of_the_request_was_sent_is_refused() {
    // As a stray does that arrives while the request is on its way.
    let bytes = framed(OK, &[&format!("Content-Length: {}", body().len())], &body());
    let over = Arc::new(Gate::default());
    let gate = over.clone();
    let server = Wire::start(move |_, mut stream| {
        stream.read_exact(&mut [0; 16])?;
        stream.write_all(&bytes)?;
        // Reads no more, so that the client can't send the rest.
        gate.wait();
        Ok(())
    });
    let data = vec![0u8; 32 << 20];
    let client = Client::new(&format!("http://{}", server.address())).unwrap();
    let request = InferRequest::new("m").input("I", &[data.len() as i64], &data);
    let error = client.infer(&request).unwrap_err();
    over.open();
    assert_eq!((error.status(), error.is_in_doubt()), (Status::Internal, true), "{error:?}");
    assert!(error.full_message().contains("before the end of the request"), "{error:?}");
}

#[test]
fn a_stray_of_any_earlier_request_of_a_connection_is_refused() {
    // The third request is answered by the response to the first.
    let reply = |id: &str| {
        let json = JSON.replacen('{', &format!("{{\"id\":\"{id}\","), 1);
        let size = json.len().to_string();
        answer(200, &[("Inference-Header-Content-Length", &size)], &[json.as_bytes(), &TENSOR].concat())
    };
    for behind in 1..5 {
        let server = Http::start(move |request| {
            let text = String::from_utf8_lossy(&request.body);
            let id =
                text.split("\"id\":\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap_or_default();
            let number: usize = id.parse().unwrap();
            Answer::Bytes(reply(&if number == 5 { number - behind } else { number }.to_string()))
        });
        let client = Client::new(&format!("http://{}", server.address())).unwrap();
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
