//! Servers that misbehave: the calls that meet them, what their errors have to tell, and what is refused before there is
//! a connection to any server. The cases are in `misbehaving_http` and `misbehaving_grpc`.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    time::Duration,
};

use triton_client::{
    CallOptions, Client, ClientOptions, Datatype, Error, InferRequest, InferResult, Origin, Status,
};

use crate::support::fault;

/// Longer than any call here takes.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(5);
/// The length that no message may have, however long the text from the network is.
const MAX_MESSAGE: usize = 64 << 10;

pub(crate) fn client(url: &str) -> Client {
    let mut options = ClientOptions::new();
    options.set_timeout(Some(TIMEOUT)).unwrap();
    Client::with_options(url, &options).unwrap()
}

/// Makes an inference of `value`, and returns what the server made of it.
pub(crate) fn infer(client: &Client, value: i32) -> Result<(i32, InferResult), Error> {
    let (data, id) = ([value], format!("id-{value}"));
    let result = client.infer(&InferRequest::new("m").id(id).input("INPUT0", &[1], &data))?;
    let element = result.output("OUTPUT0")?.as_slice::<i32>()?[0];
    Ok((element, result))
}

/// The kinds of call that a case is met by.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Inference,
    Metadata,
}

pub(crate) const BOTH: [Kind; 2] = [Kind::Inference, Kind::Metadata];

impl Kind {
    /// Makes a call, of which the response has to be this call's own.
    #[track_caller]
    pub(crate) fn call(self, client: &Client, value: i32) -> Result<(), Error> {
        match self {
            Self::Inference => {
                let (element, result) = infer(client, value)?;
                assert_eq!((element, result.id()), (value + 1, &format!("id-{value}")[..]));
            }
            Self::Metadata => {
                let name = format!("m{value}");
                assert_eq!(client.model_metadata(&name, "", &CallOptions::new())?.name, name);
            }
        }
        Ok(())
    }

    /// Makes more calls of this kind, which all have to be right.
    #[track_caller]
    pub(crate) fn expect_right_after(self, client: &Client, what: &str) {
        for value in 100..103 {
            self.call(client, value).unwrap_or_else(|error| panic!("{what}: {error:?}"));
        }
    }
}

/// What an error has to tell.
#[derive(Clone, Copy)]
pub(crate) struct Expected {
    pub status: Status,
    pub origin: Origin,
    pub in_doubt: bool,
    pub retryable: bool,
}

/// What is no valid response.
pub(crate) const BROKEN: Expected =
    Expected { status: Status::Internal, origin: Origin::Connection, in_doubt: true, retryable: false };

impl Expected {
    /// `hints`, of which one has to be in the message, in whatever case.
    #[track_caller]
    pub(crate) fn check(self, error: &Error, what: &str, hints: &[&str]) {
        let said = (error.status(), error.origin(), error.is_in_doubt(), error.is_retryable());
        let expected = (self.status, self.origin, self.in_doubt, self.retryable);
        assert_eq!(said, expected, "{what} (status, origin, in doubt, retryable): {}", shortened(error));
        let message = error.full_message().to_lowercase();
        let is_there = hints.iter().any(|hint| message.contains(&hint.to_lowercase()));
        assert!(is_there, "{what}: none of {hints:?} is in {}", shortened(error));
        assert!(message.len() < MAX_MESSAGE, "{what}: a message of {} bytes", message.len());
    }
}

pub(crate) fn shortened(error: &Error) -> String {
    format!("{error:?}").chars().take(600).collect()
}

/// Notes what a check says when it fails, so that one run tells all rows of a long table.
pub(crate) fn note(failures: &mut Vec<String>, what: &str, check: impl FnOnce()) {
    if let Err(cause) = catch_unwind(AssertUnwindSafe(check)) {
        let text = cause.downcast_ref::<String>().map_or("?", |text| text);
        failures.push(format!("{what}: {text}"));
    }
}

// What is refused before a connection is made.

#[test]
fn an_input_that_cannot_be_encoded_is_an_invalid_argument_though_the_server_is_down() {
    type Make = fn(&mut InferRequest) -> Result<(), Error>;
    let cases: [(&str, Make); 5] = [
        ("JSON text that ends early", |request| {
            let input = request.add_input("I", Datatype::Int32, &[2])?;
            request.input_mut(input).unwrap().set_json_text("[1,")
        }),
        ("JSON text that is no array", |request| {
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
        let client = client(&format!("{scheme}://{refused}"));
        for (name, make) in cases {
            let what = format!("{scheme}: {name}");
            note(&mut failures, &what, || {
                let mut request = InferRequest::new("m");
                let error = make(&mut request).and_then(|()| client.infer(&request).map(drop)).unwrap_err();
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
fn three_gib_are_refused_before_a_connection_is_made() {
    const SEGMENTS: usize = 48;
    // One segment, again and again: the memory stays small.
    let segment = vec![0u8; 64 << 20];
    let mut request = InferRequest::new("m");
    let input = request.add_input("I", Datatype::Uint8, &[(SEGMENTS * segment.len()) as i64]).unwrap();
    (0..SEGMENTS).for_each(|_| request.input_mut(input).unwrap().append_data(&segment));
    for scheme in ["http", "grpc"] {
        let server = fault::silent();
        let error = client(&format!("{scheme}://{}", server.address())).infer(&request).unwrap_err();
        let said =
            (error.status(), error.origin(), error.is_in_doubt(), error.is_retryable(), server.connections());
        assert_eq!(said.0, Status::ResourceExhausted, "{scheme}: {error:?}");
        assert!(
            said.1 != Origin::Server && !said.2 && !said.3 && said.4 == 0,
            "{scheme}: {said:?} {error:?}"
        );
        // What to do: another way, the option, and where that is of no use.
        for words in
            ["shared memory", "max_message_byte_size", "over gRPC no server accepts more than 2^31 - 1"]
        {
            assert!(error.full_message().contains(words), "{scheme}: {error:?}");
        }
    }
}
