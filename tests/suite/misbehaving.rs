//! Servers that misbehave: the calls against them, the errors expected of them, and requests that are refused
//! before there is a connection. The cases are in `misbehaving_http` and `misbehaving_grpc`.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use triton_client::{
    CallOptions, Client, ClientOptions, Datatype, Error, InferRequest, InferResult, Origin, Status,
};

use crate::{
    modes::{MODES, Memory, Mode},
    support::fault,
};

/// Longer than any call here takes.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(5);
/// The maximum length of a message, for texts from the network of any length.
const MAX_MESSAGE: usize = 64 << 10;

pub(crate) fn client(url: &str) -> Client {
    let mut options = ClientOptions::new();
    options.set_timeout(Some(TIMEOUT)).unwrap();
    Client::with_options(url, &options).unwrap()
}

/// Returns a request with its own data.
pub(crate) fn request(elements: &[i32]) -> InferRequest<'static> {
    let mut request = InferRequest::new("m");
    let input = request.add_input("INPUT0", Datatype::Int32, &[elements.len() as i64]).unwrap();
    let bytes: Vec<u8> = elements.iter().flat_map(|element| element.to_le_bytes()).collect();
    request.input_mut(input).unwrap().append_data_copy(&bytes);
    request
}

/// Infers with `value`, and returns the element of the output.
pub(crate) fn infer(mode: Mode, client: &Client, value: i32) -> Result<(i32, InferResult), Error> {
    let request = request(&[value]).id(format!("id-{value}"));
    let result = mode.infer(client, &request, &CallOptions::new())?;
    let element = result.output("OUTPUT0")?.as_slice::<i32>()?[0];
    Ok((element, result))
}

/// The kinds of call that each case is run with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Inference(Mode),
    Metadata,
}

pub(crate) const KINDS: [Kind; 3] =
    [Kind::Inference(Mode::Blocking), Kind::Inference(Mode::Async), Kind::Metadata];

impl Kind {
    /// Makes a call, and checks that the response is its own.
    #[track_caller]
    pub(crate) fn call(self, client: &Client, value: i32) -> Result<(), Error> {
        match self {
            Self::Inference(mode) => {
                let (element, result) = infer(mode, client, value)?;
                assert_eq!((element, result.id()), (value + 1, &format!("id-{value}")[..]));
            }
            Self::Metadata => {
                let name = format!("m{value}");
                assert_eq!(client.model_metadata(&name, "", &CallOptions::new())?.name, name);
            }
        }
        Ok(())
    }

    /// Makes more calls of this kind, all of which must succeed.
    #[track_caller]
    pub(crate) fn expect_right_after(self, client: &Client, what: &str) {
        for value in 100..103 {
            self.call(client, value).unwrap_or_else(|error| panic!("{what}: {error:?}"));
        }
    }
}

/// The expected properties of an error.
#[derive(Clone, Copy)]
pub(crate) struct Expected {
    pub status: Status,
    pub origin: Origin,
    pub in_doubt: bool,
    pub retryable: bool,
}

/// The error of an invalid response.
pub(crate) const BROKEN: Expected =
    Expected { status: Status::Internal, origin: Origin::Connection, in_doubt: true, retryable: false };

impl Expected {
    /// Checks an error. At least one of `hints` must be in its message, in any case.
    #[track_caller]
    pub(crate) fn check(self, error: &Error, what: &str, hints: &[&str]) {
        let properties = (error.status(), error.origin(), error.is_in_doubt(), error.is_retryable());
        let expected = (self.status, self.origin, self.in_doubt, self.retryable);
        assert_eq!(
            properties,
            expected,
            "{what} (status, origin, in doubt, retryable): {}",
            shortened(error)
        );
        let message = error.full_message().to_lowercase();
        let is_there = hints.iter().any(|hint| message.contains(&hint.to_lowercase()));
        assert!(is_there, "{what}: none of {hints:?} is in {}", shortened(error));
        assert!(message.len() < MAX_MESSAGE, "{what}: a message of {} bytes", message.len());
    }
}

pub(crate) fn shortened(error: &Error) -> String {
    format!("{error:?}").chars().take(600).collect()
}

/// Records the failure of a check, so that one run reports all rows of a long table.
pub(crate) fn note(failures: &mut Vec<String>, what: &str, check: impl FnOnce()) {
    if let Err(cause) = catch_unwind(AssertUnwindSafe(check)) {
        let text = cause.downcast_ref::<String>().map_or("?", |text| text);
        failures.push(format!("{what}: {text}"));
    }
}

// Requests that are refused before a connection is opened.

#[test]
fn an_input_that_cannot_be_encoded_is_refused_before_a_connection_is_opened() {
    type Make = fn(&mut InferRequest<'static>) -> Result<(), Error>;
    let cases: [(&str, Make); 5] = [
        ("JSON text that ends early", |request| {
            let input = request.add_input("I", Datatype::Int32, &[2])?;
            request.input_mut(input).unwrap().set_json_text("[1,")
        }),
        ("JSON text that is not an array", |request| {
            let input = request.add_input("I", Datatype::Int32, &[1])?;
            request.input_mut(input).unwrap().set_json_text("{\"x\":1}")
        }),
        ("JSON text with a control character", |request| {
            let input = request.add_input("I", Datatype::Bytes, &[1])?;
            request.input_mut(input).unwrap().set_json_text("[\"a\nb\"]")
        }),
        ("a JSON string that is not UTF-8", |request| {
            let input = request.add_input("I", Datatype::Bytes, &[1])?;
            request.input_mut(input)?.append_strings([&b"a\xffb"[..]])?;
            request.input_mut(input)?.set_json(true);
            Ok(())
        }),
        ("a BYTES element that is cut", |request| {
            let input = request.add_input("I", Datatype::Bytes, &[1])?;
            request.input_mut(input)?.append_data_copy(b"\x09\0\0\0abc");
            request.input_mut(input)?.set_json(true);
            Ok(())
        }),
    ];
    let refused = fault::refused_address();
    let expected = Expected {
        status: Status::InvalidArgument,
        origin: Origin::Argument,
        in_doubt: false,
        retryable: false,
    };
    let mut failures = Vec::new();
    for scheme in ["http", "grpc"] {
        let client = client(&url!("{scheme}://{refused}"));
        for (mode, (name, make)) in MODES.into_iter().flat_map(|mode| cases.map(|case| (mode, case))) {
            let what = format!("{scheme}, {mode:?}: {name}");
            note(&mut failures, &what, || {
                let mut request = InferRequest::new("m");
                let error = make(&mut request)
                    .and_then(|()| mode.infer(&client, &request, &CallOptions::new()).map(drop))
                    .unwrap_err();
                if scheme == "grpc" && name.contains("not UTF-8") {
                    // Typed contents hold any bytes: there it is the connection that fails.
                    assert_eq!(error.status(), Status::Unavailable, "{error:?}");
                } else {
                    expected.check(&error, &what, &["input", "JSON"]);
                }
            });
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn a_request_of_3_gib_is_refused_before_a_connection_is_opened() {
    const SEGMENTS: usize = 48;
    // The same segment each time: the test needs little memory.
    let memory = Memory::new(64 << 20, 0);
    let segment = memory.lend();
    let mut request = InferRequest::new("m");
    let input = request.add_input("I", Datatype::Uint8, &[(SEGMENTS * segment.len()) as i64]).unwrap();
    (0..SEGMENTS).for_each(|_| request.input_mut(input).unwrap().append_data(segment));
    for (scheme, mode) in ["http", "grpc"].into_iter().flat_map(|scheme| MODES.map(|mode| (scheme, mode))) {
        let server = fault::silent();
        let client = client(&url!("{scheme}://{}", server.address()));
        let error = mode.infer(&client, &request, &CallOptions::new()).unwrap_err();
        let properties =
            (error.status(), error.origin(), error.is_in_doubt(), error.is_retryable(), server.connections());
        assert_eq!(properties.0, Status::ResourceExhausted, "{scheme}: {error:?}");
        assert!(
            properties.1 != Origin::Server && !properties.2 && !properties.3 && properties.4 == 0,
            "{scheme}: {properties:?} {error:?}"
        );
        // The advice: shared memory, the option, and its limit.
        for words in
            ["shared memory", "max_message_byte_size", "over gRPC no server accepts more than 2^31 - 1"]
        {
            assert!(error.full_message().contains(words), "{scheme}: {error:?}");
        }
    }
}
