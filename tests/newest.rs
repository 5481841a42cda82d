//! Behaviour of Triton's frontends that is new since 2.51. `make test-newest` runs this with the frontends of
//! 2.73; plain `cargo test` does not.

use std::env;

use triton_client::{
    CallOptions, Client, Compression, Datatype, Error, InferRequest, Origin, RepositoryOptions, Status,
};

/// The maximum size that these frontends accept of JSON, of a raw body and of a decompressed body.
const LIMIT: usize = 64 << 20;

fn url(protocol: &str) -> String {
    let name = format!("TRITON_TEST_{}", protocol.to_uppercase());
    format!("{protocol}://{}", env::var(name).expect("`make test-newest` starts the server"))
}

fn client(protocol: &str) -> Client {
    Client::new(&url(protocol)).unwrap()
}

/// Expects an error of the server with its message, without the JSON around it.
#[track_caller]
fn refused(error: &Error, status: Status, text: &str) {
    assert_eq!((error.status(), error.origin()), (status, Origin::Server), "{error:?}");
    assert!(error.to_string().contains(text), "{text}: {error}");
    assert!(!error.to_string().contains(r#"{"error""#), "{error}");
    assert!(!error.is_in_doubt(), "{error:?}");
}

#[track_caller]
fn expect_text_plain(error: &Error) {
    assert_eq!(error.headers().unwrap().get("content-type"), Some("text/plain"), "{error:?}");
}

#[test]
fn json_that_exceeds_64_mib_is_refused_with_the_option_that_raises_the_limit() {
    let client = client("http");
    let text = vec![b'x'; LIMIT + 1];
    let mut request = InferRequest::new("identity_bytes").input_strings("INPUT0", &[1], &[text.as_slice()]);
    request.input_mut(0).unwrap().set_json(true);
    let error = client.infer(&request).unwrap_err();
    refused(&error, Status::InvalidArgument, "exceeds the maximum allowed input size of 67108864 bytes");
    assert!(error.to_string().contains("Use --http-max-input-size to increase the limit."), "{error}");
    assert!(!error.is_retryable(), "{error:?}");
    // A load request with files is a JSON body too.
    let mut load = RepositoryOptions::new();
    load.set_config(Some("{}")).unwrap();
    load.add_file("1/model.py", vec![0u8; 49 << 20]).unwrap();
    let error = client.load_model("newest_large", &load, &CallOptions::new()).unwrap_err();
    refused(&error, Status::InvalidArgument, "request JSON size of");
    // Raw bodies are limited as well.
    let data = vec![7u8; LIMIT + 1];
    let mut raw = InferRequest::new("identity_uint8").input("INPUT0", &[data.len() as i64], &data);
    raw.set_raw_body(true);
    refused(&client.infer(&raw).unwrap_err(), Status::InvalidArgument, "Raw input has a byte_size");
    client.infer(&InferRequest::new("identity_uint8").input("INPUT0", &[1], &[1u8])).unwrap();
}

#[test]
fn a_binary_tensor_of_80_mb_is_accepted_but_compressed_only_over_grpc() {
    let data = vec![7u8; 80_000_000];
    let request = InferRequest::new("identity_uint8").input("INPUT0", &[data.len() as i64], &data);
    let mut compressed = CallOptions::new();
    compressed.set_request_compression(Compression::Gzip);
    for protocol in ["http", "grpc"] {
        let client = client(protocol);
        let result = client.infer(&request).unwrap();
        assert!(result.output("OUTPUT0").unwrap().data() == data, "{protocol}: the output differs");
        match client.infer_with(&request, &compressed) {
            Ok(result) => {
                assert_eq!(protocol, "grpc");
                assert!(result.output("OUTPUT0").unwrap().data() == data, "the output differs");
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
fn shared_memory_is_unavailable_and_not_retryable_with_advice() {
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
        request.input_mut(0).unwrap().set_region("newest", 8, 0).unwrap();
        let error = client.infer(&request).unwrap_err();
        refused(&error, Status::Unavailable, "Shared memory is not supported");
    }
}

#[test]
fn generate_refuses_an_empty_list() {
    let error =
        client("http").generate("identity_int32", "", r#"{"INPUT0":[]}"#, &CallOptions::new()).unwrap_err();
    refused(&error, Status::InvalidArgument, "unexpected shape for input 'INPUT0'");
    assert!(error.to_string().contains("Expected [-1], got []"), "{error}");
}

#[test]
fn errors_in_json_with_content_type_text_plain_are_read() {
    let options = CallOptions::new();
    let http = client("http");
    let request = InferRequest::new("no_such").input("INPUT0", &[1], &[1u8]);
    let error = http.infer(&request).unwrap_err();
    refused(&error, Status::NotFound, "'no_such'");
    expect_text_plain(&error);
    let elsewhere = Client::new(&format!("{}/elsewhere", url("http"))).unwrap();
    for error in [
        elsewhere.infer(&request).unwrap_err(),
        elsewhere.server_metadata(&options).unwrap_err(),
        // An error, not "not ready": the path is wrong.
        elsewhere.is_model_ready("simple", "", &options).unwrap_err(),
    ] {
        refused(&error, Status::NotFound, "Not Found");
        expect_text_plain(&error);
    }
    for protocol in ["http", "grpc"] {
        assert!(!client(protocol).is_model_ready("simple", "9", &options).unwrap(), "{protocol}");
        assert!(!client(protocol).is_model_ready("no_such", "", &options).unwrap(), "{protocol}");
    }
}

#[test]
fn classification_is_limited_to_a_million_elements() {
    for protocol in ["http", "grpc"] {
        for (count, is_accepted) in [(1_000_000, true), (1_000_001, false)] {
            let mut data = vec![0f32; count];
            data[123_456] = 1.5;
            let mut request =
                InferRequest::new("identity_fp32").input("INPUT0", &[count as i64], &data).output("OUTPUT0");
            request.output_mut(0).unwrap().set_class_count(1);
            match client(protocol).infer(&request) {
                Ok(result) => {
                    assert!(is_accepted, "{protocol}");
                    let [class] = &result.output("OUTPUT0").unwrap().classes().unwrap()[..] else { panic!() };
                    assert_eq!((class.index, class.value), (123_456, 1.5), "{protocol}");
                }
                Err(error) => {
                    assert!(!is_accepted, "{protocol}: {error:?}");
                    refused(&error, Status::InvalidArgument, "classification output tensor too large");
                }
            }
        }
    }
}
