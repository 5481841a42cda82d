//! What Triton's frontends of 2.73 do and those of 2.51 do not, as a client meets it. `make test-newest` runs it beside
//! them; plain `cargo test` leaves this out.

use std::env;

use triton_client::{
    CallOptions, Client, Compression, Datatype, Error, InferRequest, Origin, RepositoryOptions, Status,
};

/// The most that these frontends take of JSON, of a raw body and of a body after it is decompressed.
const LIMIT: usize = 64 << 20;

fn url(protocol: &str) -> String {
    let name = format!("TRITON_TEST_{}", protocol.to_uppercase());
    format!("{protocol}://{}", env::var(name).expect("`make test-newest` starts the server"))
}

fn client(protocol: &str) -> Client {
    Client::new(&url(protocol)).unwrap()
}

/// The error is the server's, with its text as it came and nothing of the JSON around it.
#[track_caller]
fn refused(error: &Error, status: Status, text: &str) {
    assert_eq!((error.status(), error.origin()), (status, Origin::Server), "{error:?}");
    assert!(error.to_string().contains(text), "{text}: {error}");
    assert!(!error.to_string().contains(r#"{"error""#), "{error}");
    assert!(!error.is_in_doubt(), "{error:?}");
}

#[track_caller]
fn is_json_as_text(error: &Error) {
    assert_eq!(error.headers().unwrap().get("content-type"), Some("text/plain"), "{error:?}");
}

#[test]
fn json_over_64_mib_is_refused_with_the_option_that_raises_the_limit() {
    let client = client("http");
    let text = vec![b'x'; LIMIT + 1];
    let mut request = InferRequest::new("identity_bytes").input_strings("INPUT0", &[1], &[text.as_slice()]);
    request.set_input_json(0, true).unwrap();
    let error = client.infer(&request).unwrap_err();
    refused(&error, Status::InvalidArgument, "exceeds the maximum allowed input size of 67108864 bytes");
    assert!(error.to_string().contains("Use --http-max-input-size to increase the limit."), "{error}");
    assert!(!error.is_retryable(), "{error:?}");
    // Files of a model that is loaded are a JSON body too.
    let mut load = RepositoryOptions::new();
    load.set_config(Some("{}")).unwrap();
    load.add_file("1/model.py", vec![0u8; 49 << 20]).unwrap();
    let error = client.load_model("newest_large", &load, &CallOptions::new()).unwrap_err();
    refused(&error, Status::InvalidArgument, "request JSON size of");
    // A single tensor as the whole body is bounded as well.
    let data = vec![7u8; LIMIT + 1];
    let mut raw = InferRequest::new("identity_uint8").input("INPUT0", &[data.len() as i64], &data);
    raw.set_raw_body(true);
    refused(&client.infer(&raw).unwrap_err(), Status::InvalidArgument, "Raw input has a byte_size");
    client.infer(&InferRequest::new("identity_uint8").input("INPUT0", &[1], &[1u8])).unwrap();
}

#[test]
fn a_binary_tensor_of_80_mb_passes_plain_and_compressed_only_over_grpc() {
    let data = vec![7u8; 80_000_000];
    let request = InferRequest::new("identity_uint8").input("INPUT0", &[data.len() as i64], &data);
    let mut compressed = CallOptions::new();
    compressed.set_request_compression(Compression::Gzip);
    for protocol in ["http", "grpc"] {
        let client = client(protocol);
        let result = client.infer(&request).unwrap();
        assert!(result.output("OUTPUT0").unwrap().data() == data, "{protocol}: other values came back");
        match client.infer_with(&request, &compressed) {
            Ok(result) => {
                assert_eq!(protocol, "grpc");
                assert!(result.output("OUTPUT0").unwrap().data() == data, "other values came back");
            }
            Err(error) => {
                assert_eq!(protocol, "http", "{error:?}");
                let text = "Decompressed data size exceeds the maximum allowed value of 67108864 bytes";
                refused(&error, Status::InvalidArgument, text);
                assert!(error.to_string().contains("--http-max-input-size"), "{error}");
            }
        }
    }
}

#[test]
fn shared_memory_is_unavailable_for_good_and_says_how_to_get_it() {
    for protocol in ["http", "grpc"] {
        let (client, options) = (client(protocol), CallOptions::new());
        for error in [
            client.register_system_shared_memory("newest", "/newest", 8, 0, &options).unwrap_err(),
            client.system_shared_memory_status("", &options).unwrap_err(),
            client.unregister_all_system_shared_memory(&options).unwrap_err(),
            client.register_cuda_shared_memory("newest", &[0; 64], 0, 8, &options).unwrap_err(),
        ] {
            refused(
                &error,
                Status::Unavailable,
                "Shared memory is not supported in this server configuration",
            );
            assert!(error.to_string().contains("tritonserver executable"), "{error}");
            assert!(!error.is_retryable(), "{error:?}");
        }
        let mut request = InferRequest::new("identity_uint8");
        request.add_input("INPUT0", Datatype::Uint8, &[8]).unwrap();
        request.set_input_region(0, "newest", 8, 0).unwrap();
        let error = client.infer(&request).unwrap_err();
        refused(&error, Status::Unavailable, "Shared memory is not supported");
    }
}

#[test]
fn an_empty_list_to_generate_is_refused() {
    let error =
        client("http").generate("identity_int32", "", r#"{"INPUT0":[]}"#, &CallOptions::new()).unwrap_err();
    refused(&error, Status::InvalidArgument, "unexpected shape for input 'INPUT0'");
    assert!(error.to_string().contains("Expected [-1], got []"), "{error}");
}

#[test]
fn errors_in_json_that_calls_itself_text_are_read() {
    let options = CallOptions::new();
    let http = client("http");
    let request = InferRequest::new("no_such").input("INPUT0", &[1], &[1u8]);
    let error = http.infer(&request).unwrap_err();
    refused(&error, Status::NotFound, "'no_such'");
    is_json_as_text(&error);
    let elsewhere = Client::new(&format!("{}/elsewhere", url("http"))).unwrap();
    for error in [
        elsewhere.infer(&request).unwrap_err(),
        elsewhere.server_metadata(&options).unwrap_err(),
        // Not a model that is not ready: the path is wrong.
        elsewhere.is_model_ready("simple", "", &options).unwrap_err(),
    ] {
        refused(&error, Status::NotFound, "Not Found");
        is_json_as_text(&error);
    }
    for protocol in ["http", "grpc"] {
        assert!(!client(protocol).is_model_ready("simple", "9", &options).unwrap(), "{protocol}");
        assert!(!client(protocol).is_model_ready("no_such", "", &options).unwrap(), "{protocol}");
    }
}

#[test]
fn classes_are_made_of_a_million_elements_at_most() {
    for protocol in ["http", "grpc"] {
        for (count, is_taken) in [(1_000_000, true), (1_000_001, false)] {
            let mut data = vec![0f32; count];
            data[123_456] = 1.5;
            let mut request =
                InferRequest::new("identity_fp32").input("INPUT0", &[count as i64], &data).output("OUTPUT0");
            request.set_output_class_count(0, 1).unwrap();
            match client(protocol).infer(&request) {
                Ok(result) => {
                    assert!(is_taken, "{protocol}");
                    let [class] = &result.output("OUTPUT0").unwrap().classes().unwrap()[..] else { panic!() };
                    assert_eq!((class.index, class.value), (123_456, 1.5), "{protocol}");
                }
                Err(error) => {
                    assert!(!is_taken, "{protocol}: {error:?}");
                    refused(&error, Status::InvalidArgument, "classification output tensor too large");
                }
            }
        }
    }
}
