//! Other servers of the protocol answer our requests: MLServer and KServe's Python server. `make test-interop` starts
//! them; plain `cargo test` leaves this out.

use std::env;

use triton_client::{CallOptions, Client, Compression, Datatype, InferRequest, RepositoryOptions, Status};

/// A client of a server over a protocol: `client("MLSERVER", "http")`.
fn client(server: &str, protocol: &str) -> Client {
    let name = format!("{server}_TEST_{}", protocol.to_uppercase());
    let address = env::var(name).expect("`make test-interop` starts the servers");
    Client::new(&format!("{protocol}://{address}")).unwrap()
}

fn numbers() -> ([i32; 16], [i32; 16]) {
    (std::array::from_fn(|at| at as i32), [1; 16])
}

fn simple<'a>(a: &'a [i32; 16], b: &'a [i32; 16]) -> InferRequest<'a> {
    InferRequest::new("simple").input("INPUT0", &[1, 16], a).input("INPUT1", &[1, 16], b)
}

/// The same request with everything spelled out, as servers without the binary extension want it.
fn spelled_out<'a>(mut request: InferRequest<'a>) -> InferRequest<'a> {
    for input in 0..request.inputs().len() {
        request.set_input_json(input, true).unwrap();
    }
    request.set_binary_output(false);
    request
}

#[track_caller]
fn expect_sums(client: &Client, request: &InferRequest, options: &CallOptions) {
    let result = client.infer_with(request, options).unwrap();
    let (a, _) = numbers();
    let sum: Vec<i32> = a.iter().map(|a| a + 1).collect();
    let difference: Vec<i32> = a.iter().map(|a| a - 1).collect();
    assert_eq!(result.output("OUTPUT0").unwrap().as_slice::<i32>().unwrap(), sum);
    assert_eq!(result.output("OUTPUT1").unwrap().as_slice::<i32>().unwrap(), difference);
}

const SERVERS: [&str; 2] = ["MLSERVER", "KSERVE"];

#[test]
fn health_and_metadata_are_told() {
    let options = CallOptions::new();
    for server in SERVERS {
        for protocol in ["http", "grpc"] {
            let client = client(server, protocol);
            assert!(client.is_server_live(&options).unwrap(), "{server} {protocol}");
            assert!(client.is_server_ready(&options).unwrap(), "{server} {protocol}");
            assert!(client.is_model_ready("simple", "", &options).unwrap(), "{server} {protocol}");
            assert!(!client.server_metadata(&options).unwrap().name.is_empty(), "{server} {protocol}");
            assert_eq!(client.model_metadata("simple", "", &options).unwrap().name, "simple");
        }
    }
}

#[test]
fn models_are_listed_unloaded_and_loaded_again_where_a_server_can() {
    let (options, repository) = (CallOptions::new(), RepositoryOptions::new());
    for protocol in ["http", "grpc"] {
        let client = client("MLSERVER", protocol);
        let is_ready = || {
            let index = client.repository_index(&repository, &options).unwrap();
            index.models.iter().any(|model| model.name == "reloaded" && model.is_ready())
        };
        assert!(is_ready(), "{protocol}");
        client.unload_model("reloaded", &repository, &options).unwrap();
        assert!(
            !is_ready() && !client.is_model_ready("reloaded", "", &options).unwrap_or(false),
            "{protocol}"
        );
        client.load_model("reloaded", &repository, &options).unwrap();
        client.wait_ready("reloaded", "", &options).unwrap();
        assert!(is_ready(), "{protocol}");
        let error = client.model_statistics("simple", "", &options).unwrap_err();
        assert!(matches!(error.status(), Status::NotFound | Status::Unimplemented), "{protocol}: {error:?}");
    }
    for protocol in ["http", "grpc"] {
        let error = client("KSERVE", protocol).repository_index(&repository, &options).unwrap_err();
        assert!(matches!(error.status(), Status::NotFound | Status::Unimplemented), "{protocol}: {error:?}");
    }
}

#[test]
fn json_alone_is_understood_and_its_answer_read() {
    let (a, b) = numbers();
    for server in SERVERS {
        let client = client(server, "http");
        expect_sums(&client, &spelled_out(simple(&a, &b)), &CallOptions::new());
        let mut with_id = spelled_out(simple(&a, &b));
        with_id.set_id("seven");
        assert_eq!(client.infer(&with_id).unwrap().id(), "seven", "{server}");
    }
}

#[test]
fn grpc_is_understood_in_binary_and_spelled_out() {
    let (a, b) = numbers();
    for server in SERVERS {
        let client = client(server, "grpc");
        let mut request = simple(&a, &b);
        request.set_id("seven");
        expect_sums(&client, &request, &CallOptions::new());
        expect_sums(&client, &spelled_out(request), &CallOptions::new());
    }
}

#[test]
fn the_binary_extension_works_where_there_is_one() {
    let (a, b) = numbers();
    let mut request = simple(&a, &b);
    request.set_id("seven");
    expect_sums(&client("KSERVE", "http"), &request, &CallOptions::new());
    let error = client("MLSERVER", "http").infer(&request).unwrap_err();
    assert_eq!((error.status(), error.http_status()), (Status::InvalidArgument, Some(422)), "{error:?}");
}

#[test]
fn compressed_answers_and_requests_are_understood() {
    let (a, b) = numbers();
    let mut options = CallOptions::new();
    options.set_request_compression(Compression::Gzip).set_response_compression(Compression::Gzip);
    expect_sums(&client("MLSERVER", "http"), &spelled_out(simple(&a, &b)), &options);
}

#[test]
fn elements_come_back_as_they_went() {
    let doubles = [0.1f64, -1e300, 5e-324];
    let longs = [i64::MIN, i64::MAX, 0];
    let words: [&[u8]; 3] = [b"a", "\u{e4}".as_bytes(), b""];
    for server in SERVERS {
        let request = InferRequest::new("identity")
            .id("seven")
            .input("D", &[3], &doubles)
            .input("L", &[3], &longs)
            .input_strings("S", &[3], &words);
        for (protocol, request) in [("http", spelled_out(request))] {
            let result = client(server, protocol).infer(&request).unwrap();
            assert_eq!(result.output("OUT_D").unwrap().as_slice::<f64>().unwrap(), doubles, "{server}");
            assert_eq!(result.output("OUT_L").unwrap().as_slice::<i64>().unwrap(), longs, "{server}");
            let output = result.output("OUT_S").unwrap();
            assert_eq!(
                (output.datatype(), output.strings().unwrap()),
                (Datatype::Bytes, words.to_vec()),
                "{server}"
            );
        }
    }
}

#[test]
fn errors_say_why() {
    for server in SERVERS {
        for protocol in ["http", "grpc"] {
            let (a, b) = numbers();
            let mut request = spelled_out(InferRequest::new("no_such").input("INPUT0", &[1, 16], &a).input(
                "INPUT1",
                &[1, 16],
                &b,
            ));
            request.set_id("seven");
            let error = client(server, protocol).infer(&request).unwrap_err();
            assert!(error.full_message().contains("no_such"), "{server} {protocol}: {error:?}");
        }
    }
}
