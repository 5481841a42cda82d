//! Other servers of the protocol: MLServer, KServe's Python server, aissemble and TorchServe. `make
//! test-interop` starts them; plain `cargo test` does not run this.

use std::env;

use triton_client::{
    CallOptions, Client, ClientOptions, Compression, Datatype, Error, InferRequest, Origin,
    RepositoryOptions, Status,
};

/// Returns a client for a server and protocol: `client("MLSERVER", "http")`.
fn client(server: &str, protocol: &str) -> Client {
    let mut options = ClientOptions::new();
    match server {
        "AISSEMBLE" => drop(options.set_grpc_service_name("inference.GrpcInferenceService").unwrap()),
        "TORCHSERVE" => {
            let service = "org.pytorch.serve.grpc.openinference.GRPCInferenceService";
            options.set_grpc_service_name(service).unwrap();
        }
        _ => {}
    }
    Client::with_options(&url(server, protocol), &options).unwrap()
}

fn url(server: &str, protocol: &str) -> String {
    let name = format!("{server}_TEST_{}", protocol.to_uppercase());
    format!("{protocol}://{}", env::var(name).expect("`make test-interop` starts the servers"))
}

fn numbers() -> ([i32; 16], [i32; 16]) {
    (std::array::from_fn(|at| at as i32), [1; 16])
}

fn simple<'a>(a: &'a [i32; 16], b: &'a [i32; 16]) -> InferRequest<'a> {
    InferRequest::new("simple").input("INPUT0", &[1, 16], a).input("INPUT1", &[1, 16], b)
}

/// Returns the request without binary data, for servers without the binary extension: JSON, or typed
/// contents.
fn without_binary<'a>(mut request: InferRequest<'a>) -> InferRequest<'a> {
    for input in 0..request.inputs().len() {
        request.input_mut(input).unwrap().set_json(true);
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

const SERVERS: [&str; 4] = ["MLSERVER", "KSERVE", "AISSEMBLE", "TORCHSERVE"];
const PROTOCOLS: [&str; 2] = ["http", "grpc"];

/// Expects an error of the server with its message, without JSON and escapes.
#[track_caller]
fn refused(error: &Error, status: Status, text: &str) {
    assert_eq!((error.status(), error.origin()), (status, Origin::Server), "{error:?}");
    let message = error.to_string();
    assert!(message.contains(text), "{text}: {message}");
    assert!(!message.contains(r#"\""#) && !message.contains(r"\n") && message.len() < 1024, "{message}");
}

#[test]
fn health_and_metadata_are_read() {
    let options = CallOptions::new();
    for server in SERVERS {
        for protocol in PROTOCOLS {
            let client = client(server, protocol);
            assert!(client.is_server_live(&options).unwrap(), "{server} {protocol}");
            assert!(client.is_server_ready(&options).unwrap(), "{server} {protocol}");
            match client.server_metadata(&options) {
                Ok(metadata) => assert!(!metadata.name.is_empty(), "{server} {protocol}"),
                Err(error) => {
                    assert_eq!((server, protocol), ("TORCHSERVE", "grpc"), "{error:?}");
                    refused(&error, Status::Unimplemented, "GRPCInferenceService/ServerMetadata");
                }
            }
            if (server, protocol) != ("TORCHSERVE", "http") {
                assert!(client.is_model_ready("simple", "", &options).unwrap(), "{server} {protocol}");
                assert_eq!(client.model_metadata("simple", "", &options).unwrap().name, "simple");
            }
        }
    }
}

#[test]
fn an_unknown_model_is_not_ready() {
    let options = CallOptions::new();
    for server in SERVERS {
        for protocol in PROTOCOLS {
            let client = client(server, protocol);
            match (client.is_model_ready("no_such", "", &options), server, protocol) {
                // UNKNOWN from ModelReady, NOT_FOUND from ModelInfer.
                (Err(error), "MLSERVER", "grpc") => {
                    refused(&error, Status::Unknown, "Model no_such with version")
                }
                (outcome, "TORCHSERVE", "http") => assert!(outcome.is_err(), "{outcome:?}"),
                (outcome, ..) => assert!(!outcome.unwrap(), "{server} {protocol}"),
            }
        }
    }
    // TorchServe does not have this path: its 404 is not about the model.
    for model in ["simple", "no_such"] {
        let error = client("TORCHSERVE", "http").is_model_ready(model, "", &options).unwrap_err();
        refused(&error, Status::NotFound, "Requested resource is not found, please refer to API document.");
    }
}

#[test]
fn a_known_model_may_be_not_ready() {
    let options = CallOptions::new();
    let clients = PROTOCOLS.map(|protocol| client("KSERVE", protocol));
    assert!(clients.iter().all(|client| client.is_model_ready("tired", "", &options).unwrap()));
    let request = InferRequest::new("tired").id("seven").input("D", &[1], &[1.5f64]);
    clients[0].infer(&request).unwrap();
    for client in &clients {
        assert!(!client.is_model_ready("tired", "", &options).unwrap());
    }
    let error = clients[0].infer(&request).unwrap_err();
    assert_eq!(error.status(), Status::Unavailable, "{error:?}");
    assert!(error.to_string().contains("tired is not ready"), "{error}");
    // Over gRPC, KServe runs models that are not ready.
    clients[1].infer(&request).unwrap();
}

#[test]
fn models_are_listed_unloaded_and_loaded_if_the_server_supports_that() {
    let (options, repository) = (CallOptions::new(), RepositoryOptions::new());
    for protocol in PROTOCOLS {
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
    }
    let http = client("KSERVE", "http");
    http.unload_model("reloaded", &repository, &options).unwrap();
    assert!(!http.is_model_ready("reloaded", "", &options).unwrap());
    http.load_model("reloaded", &repository, &options).unwrap();
    http.wait_ready("reloaded", "", &options).unwrap();
    // Over gRPC, KServe's messages have the model's name in another field, so that it does not arrive.
    let error = client("KSERVE", "grpc").unload_model("reloaded", &repository, &options).unwrap_err();
    refused(&error, Status::NotFound, "does not exist");
    assert!(http.is_model_ready("reloaded", "", &options).unwrap());
}

#[test]
fn unsupported_operations_are_not_found_or_unimplemented() {
    let options = CallOptions::new();
    for server in SERVERS {
        for protocol in PROTOCOLS {
            let client = client(server, protocol);
            let error = client.model_statistics("simple", "", &options).unwrap_err();
            assert!(
                matches!(error.status(), Status::NotFound | Status::Unimplemented),
                "{server}: {error:?}"
            );
            assert_eq!(error.origin(), Origin::Server, "{server} {protocol}: {error:?}");
            if protocol == "grpc" {
                assert!(error.to_string().contains("InferenceService/ModelStatistics"), "{server}: {error}");
            }
            if server != "MLSERVER" {
                client.repository_index(&RepositoryOptions::new(), &options).unwrap_err();
            }
        }
    }
}

#[test]
fn the_error_of_another_service_name_names_the_method_and_the_option() {
    let (a, b) = numbers();
    for server in ["AISSEMBLE", "TORCHSERVE"] {
        let error = Client::new(&url(server, "grpc")).unwrap().infer(&simple(&a, &b)).unwrap_err();
        refused(&error, Status::Unimplemented, "inference.GRPCInferenceService/ModelInfer");
        assert!(error.to_string().contains("grpc_service_name"), "{error}");
    }
}

#[test]
fn inference_works_in_json() {
    let (a, b) = numbers();
    for server in SERVERS {
        let client = client(server, "http");
        expect_sums(&client, &without_binary(simple(&a, &b)), &CallOptions::new());
        let mut with_id = without_binary(simple(&a, &b));
        with_id.set_id("seven");
        // aissemble does not return the id.
        let id = if server == "AISSEMBLE" { "" } else { "seven" };
        assert_eq!(client.infer(&with_id).unwrap().id(), id, "{server}");
    }
}

#[test]
fn inference_works_in_binary_and_in_typed_contents_over_grpc() {
    let (a, b) = numbers();
    for server in ["MLSERVER", "KSERVE"] {
        let client = client(server, "grpc");
        let mut request = simple(&a, &b);
        request.set_id("seven");
        expect_sums(&client, &request, &CallOptions::new());
        // They ignore parameters of unsigned type.
        request.set_priority(3);
        expect_sums(&client, &request, &CallOptions::new());
        expect_sums(&client, &without_binary(request), &CallOptions::new());
    }
    // MLServer returns the id as metadata too: if it is not ASCII, the call fails after the model has run.
    let mut request = simple(&a, &b);
    request.set_id("sieben \u{fc}");
    assert_eq!(client("KSERVE", "grpc").infer(&request).unwrap().id(), "sieben \u{fc}");
    refused(&client("MLSERVER", "grpc").infer(&request).unwrap_err(), Status::Internal, "Invalid metadata");
    let client = client("TORCHSERVE", "grpc");
    let mut request = without_binary(simple(&a, &b));
    request.set_id("seven");
    assert_eq!(client.infer(&request).unwrap().id(), "seven");
    expect_sums(&client, &request, &CallOptions::new());
    // TorchServe ignores raw contents: the model gets tensors without elements.
    let result = client.infer(&simple(&a, &b)).unwrap();
    assert_eq!(result.output("OUTPUT0").unwrap().shape(), [1, 0]);
    // Its models get strings in Base64, and what they return is encoded as JSON.
    let words: [&[u8]; 2] = [b"abc", b""];
    let strings = without_binary(InferRequest::new("identity").input_strings("S", &[2], &words));
    let result = client.infer(&strings).unwrap();
    assert_eq!(result.output("OUT_S").unwrap().strings().unwrap(), [&br#""YWJj""#[..], br#""""#]);
    let unsigned = [u64::MAX, 1];
    let numbers = without_binary(InferRequest::new("identity").input("U", &[2], &unsigned));
    let result = client.infer(&numbers).unwrap();
    assert_eq!(result.output("OUT_U").unwrap().as_slice::<u64>().unwrap(), unsigned);
}

#[test]
fn an_invalid_datatype_name_is_reported() {
    let (a, b) = numbers();
    let client = client("AISSEMBLE", "grpc");
    let error = client.infer(&simple(&a, &b)).unwrap_err();
    refused(&error, Status::Internal, "Failed to deserialize model inference request");
    // aissemble returns Datatype.INT32 instead of INT32.
    match client.infer(&without_binary(simple(&a, &b))) {
        Ok(result) => assert_eq!(result.output("OUTPUT0").unwrap().datatype(), Datatype::Invalid),
        Err(error) => assert!(error.to_string().contains("'Datatype.INT32'"), "{error}"),
    }
}

#[test]
fn the_binary_extension_works_or_its_refusal_is_reported() {
    let (a, b) = numbers();
    let mut request = simple(&a, &b);
    request.set_id("seven");
    expect_sums(&client("KSERVE", "http"), &request, &CallOptions::new());
    for server in ["MLSERVER", "AISSEMBLE"] {
        // FastAPI's error contains the tensor, of which the message must not.
        for count in [16, 5_000, 50_000] {
            let zeros = vec![0i8; count];
            let request = InferRequest::new("identity").input("I", &[count as i64], &zeros);
            let error = client(server, "http").infer(&request).unwrap_err();
            assert_eq!(error.http_status(), Some(422), "{error:?}");
            refused(&error, Status::InvalidArgument, "body: Input should be a valid dictionary");
        }
    }
    // For a body that is not UTF-8, the error page is a traceback, whose last line is the reason.
    let error =
        client("MLSERVER", "http").infer(&InferRequest::new("identity").input("I", &[2], &[-1i8, -2]));
    let error = error.unwrap_err();
    assert_eq!((error.status(), error.http_status()), (Status::Internal, Some(500)), "{error:?}");
    let message = error.to_string();
    let (reason, trace) = (message.find("UnicodeDecodeError"), message.find("Traceback"));
    assert!(reason.is_some() && trace.is_none_or(|trace| reason.unwrap() < trace), "{message}");
}

#[test]
fn compressed_requests_and_responses_work() {
    let (a, b) = numbers();
    let mut options = CallOptions::new();
    options.set_response_compression(Compression::Gzip);
    for server in SERVERS {
        expect_sums(&client(server, "http"), &without_binary(simple(&a, &b)), &options);
    }
    options.set_request_compression(Compression::Gzip);
    expect_sums(&client("MLSERVER", "http"), &without_binary(simple(&a, &b)), &options);
    for server in ["MLSERVER", "KSERVE"] {
        expect_sums(&client(server, "grpc"), &without_binary(simple(&a, &b)), &options);
    }
}

#[test]
fn elements_survive_a_round_trip() {
    // Integral numbers too: in a tensor of doubles, aissemble accepts 1.0 but not 1.
    let doubles = [0.1f64, -1e300, 5e-324, 1.0, 0.0, 1e21];
    let longs = [i64::MIN, i64::MAX, 0];
    let words: [&[u8]; 3] = [b"a", "\u{e4}".as_bytes(), b""];
    for server in SERVERS {
        let request = InferRequest::new("identity")
            .id("seven")
            .input("D", &[6], &doubles)
            .input("L", &[3], &longs)
            .input_strings("S", &[3], &words);
        let result = client(server, "http").infer(&without_binary(request)).unwrap();
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

#[test]
fn fp16_is_sent_and_received_as_json_numbers() {
    let halves = [0x3e00u16, 0xc000, 0x2e66].map(u16::to_le_bytes).concat();
    let request = || {
        without_binary(InferRequest::new("identity").id("seven").input_bytes(
            "H",
            Datatype::Fp16,
            &[3],
            &halves,
        ))
    };
    for server in ["MLSERVER", "AISSEMBLE", "TORCHSERVE"] {
        let result = client(server, "http").infer(&request()).unwrap();
        let output = result.output("OUT_H").unwrap();
        assert_eq!((output.datatype(), output.data()), (Datatype::Fp16, &halves[..]), "{server}");
    }
    let error = client("KSERVE", "http").infer(&request()).unwrap_err();
    refused(&error, Status::InvalidArgument, "FP16 data via JSON is not supported");
}

#[test]
fn nan_and_infinity_are_received_as_null_and_read_as_nan() {
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.5];
    for server in SERVERS {
        let request = InferRequest::new(if server == "MLSERVER" { "odd" } else { "identity" });
        // MLServer refuses such numbers in requests; its model creates them.
        let sent = if server == "MLSERVER" { [0.0; 4] } else { odd };
        let request = without_binary(request.id("seven").input("D", &[4], &sent));
        let result = client(server, "http").infer(&request).unwrap();
        let received = result.output("OUT_D").unwrap().as_slice::<f64>().unwrap();
        assert!(received[0].is_nan() && received[3] == 1.5, "{server}: {received:?}");
        match server {
            // TorchServe sends Infinity, which is not JSON.
            "TORCHSERVE" => assert_eq!(received[1..], odd[1..]),
            _ => assert!(received[1].is_nan() && received[2].is_nan(), "{server}: {received:?}"),
        }
    }
    // In binary, all values are preserved.
    let request = InferRequest::new("identity").id("seven").input("D", &[4], &odd);
    for protocol in PROTOCOLS {
        let result = client("KSERVE", protocol).infer(&request).unwrap();
        let received = result.output("OUT_D").unwrap().as_slice::<f64>().unwrap();
        assert!(received[0].is_nan() && received[1..] == odd[1..], "{protocol}: {received:?}");
    }
}

#[test]
fn errors_contain_the_server_s_message() {
    let (a, b) = numbers();
    let mut request = without_binary(InferRequest::new("no_such").input("INPUT0", &[1, 16], &a).input(
        "INPUT1",
        &[1, 16],
        &b,
    ));
    request.set_id("seven");
    for (server, protocol, status, text) in [
        ("MLSERVER", "http", Status::NotFound, "Model no_such not found"),
        ("MLSERVER", "grpc", Status::NotFound, "Model no_such with version  not found"),
        ("KSERVE", "http", Status::NotFound, "Model with name no_such does not exist."),
        ("KSERVE", "grpc", Status::NotFound, "Model with name no_such does not exist."),
        (
            "AISSEMBLE",
            "http",
            Status::InvalidArgument,
            "Failed to validate InferenceResponse no model no_such",
        ),
        ("AISSEMBLE", "grpc", Status::InvalidArgument, "Failed to validate Inference! no model no_such"),
        ("TORCHSERVE", "http", Status::NotFound, "Model not found: no_such"),
        ("TORCHSERVE", "grpc", Status::Internal, "Model not found: no_such"),
    ] {
        let error = client(server, protocol).infer(&request).unwrap_err();
        assert_eq!(error.status(), status, "{server} {protocol}: {error:?}");
        assert!(error.to_string().contains(text), "{server} {protocol}: {error}");
        if protocol == "http" {
            refused(&error, status, text);
        }
    }
}
