//! Inference and the rest of the client against a real server, over both protocols.

use std::{sync::Arc, sync::Mutex, thread, time::Duration};

use triton_client::{CallOptions, Client, ClientOptions, Datatype, InferRequest, LogLevel, Origin, Status};

use crate::server::{clients, is_embedded, urls};

fn simple<'a>(a: &'a [i32; 16], b: &'a [i32; 16]) -> InferRequest<'a> {
    InferRequest::new("simple").input("INPUT0", &[1, 16], a).input("INPUT1", &[1, 16], b)
}

#[test]
fn the_quick_start_in_rust_computes_the_sums() {
    for url in urls() {
        let (a, b): ([i32; 16], [i32; 16]) = (std::array::from_fn(|i| i as i32), [1; 16]);
        let client = Client::new(&url).unwrap();
        let request = InferRequest::new("simple").input("INPUT0", &[1, 16], &a).input("INPUT1", &[1, 16], &b);
        let result = client.infer(&request).unwrap();
        let sum: &[i32] = result.output("OUTPUT0").unwrap().as_slice().unwrap();
        let difference: &[i32] = result.output("OUTPUT1").unwrap().as_slice().unwrap();
        for i in 0..16 {
            assert_eq!((sum[i], difference[i]), (a[i] + 1, a[i] - 1));
        }
    }
}

/// The bytes of a tensor of `count` elements, every value of which is legal.
fn sample(datatype: Datatype, count: usize) -> Vec<u8> {
    let size = datatype.byte_size().unwrap();
    (0..count * size)
        .map(|i| if datatype == Datatype::Bool { (i % 2) as u8 } else { (i * 37 % 251) as u8 })
        .collect()
}

#[test]
fn every_datatype_comes_back_bit_for_bit() {
    let numbers = 1..=14;
    for client in clients() {
        for datatype in numbers.clone().map(|n| Datatype::from_number(n).unwrap()) {
            let model = format!("identity_{}", datatype.name().to_lowercase());
            for count in [0usize, 1, 5, 40_000] {
                let shape = [count as i64];
                if datatype == Datatype::Bytes {
                    let elements: Vec<Vec<u8>> = (0..count).map(|i| vec![(i % 256) as u8; i % 7]).collect();
                    let request = InferRequest::new(&model).input_strings("INPUT0", &shape, &elements);
                    let result = client.infer(&request).unwrap();
                    assert_eq!(
                        result.output("OUTPUT0").unwrap().strings().unwrap(),
                        elements,
                        "{model} {count}"
                    );
                    continue;
                }
                let data = sample(datatype, count);
                let request = InferRequest::new(&model).input_bytes("INPUT0", datatype, &shape, &data);
                let result = client.infer(&request).unwrap();
                let output = result.output("OUTPUT0").unwrap();
                assert_eq!((output.datatype(), output.shape()), (datatype, &shape[..]));
                assert!(output.data() == data, "{model} {count}");
                assert_eq!(output.data().as_ptr().align_offset(64), 0);
            }
        }
    }
}

#[test]
fn data_in_several_segments_equals_data_in_one() {
    for client in clients() {
        let data: Vec<i32> = (0..1000).collect();
        let bytes: Vec<u8> = data.iter().flat_map(|value| value.to_le_bytes()).collect();
        let mut request = InferRequest::new("identity_int32");
        let input = request.add_input("INPUT0", Datatype::Int32, &[1000]).unwrap();
        for (at, segment) in bytes.chunks(333).enumerate() {
            if at % 2 == 0 {
                request.input_mut(input).unwrap().append_data(segment);
            } else {
                request.input_mut(input).unwrap().append_data_copy(segment);
            }
        }
        for _ in 0..2 {
            let result = client.infer(&request).unwrap();
            assert_eq!(result.output("OUTPUT0").unwrap().as_slice::<i32>().unwrap(), data);
        }
    }
}

#[test]
fn requested_outputs_id_and_version_are_sent() {
    let (a, b) = ([5; 16], [3; 16]);
    for client in clients() {
        let request = simple(&a, &b).output("OUTPUT1").id("the id").model_version("1");
        let result = client.infer(&request).unwrap();
        assert_eq!(result.outputs().len(), 1);
        assert_eq!((result.model_name(), result.model_version(), result.id()), ("simple", "1", "the id"));
        assert_eq!(result.output("OUTPUT1").unwrap().as_slice::<i32>().unwrap(), [2; 16]);
        let error = result.output("OUTPUT0").unwrap_err();
        assert_eq!(error.status(), Status::NotFound);
        assert!(error.to_string().contains("OUTPUT1"));
        let error = result.output("OUTPUT1").unwrap().as_slice::<f32>().unwrap_err().to_string();
        assert!(error.contains("INT32") && error.contains("FP32"), "{error}");
    }
}

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn health_and_metadata_are_the_same_over_both_protocols() {
    let defaults = CallOptions::new();
    let [http, grpc] = clients();
    for client in [&http, &grpc] {
        assert!(client.is_server_live(&defaults).unwrap());
        assert!(client.is_server_ready(&defaults).unwrap());
        assert!(client.is_model_ready("simple", "", &defaults).unwrap());
        assert!(client.is_model_ready("simple", "1", &defaults).unwrap());
        let unknown = client.model_metadata("no_such", "", &defaults).unwrap_err();
        assert_eq!((unknown.status(), unknown.origin()), (Status::NotFound, Origin::Server));
        assert!(unknown.to_string().contains("no_such"), "{unknown}");
    }
    let metadata = http.server_metadata(&defaults).unwrap();
    let other = grpc.server_metadata(&defaults).unwrap();
    assert_eq!((&metadata.name, &metadata.version), (&other.name, &other.version));
    assert_eq!(metadata.extensions, other.extensions);
    assert_eq!(json(metadata.json()), json(other.json()));
    assert!(is_embedded() || metadata.has_extension("statistics"));
    assert!(!metadata.has_extension("statistic"));
    assert!(metadata.extensions.iter().any(|name| name == "binary_tensor_data"));
    let metadata = http.model_metadata("simple", "1", &defaults).unwrap();
    let other = grpc.model_metadata("simple", "1", &defaults).unwrap();
    assert_eq!((&metadata.versions, &metadata.platform), (&other.versions, &other.platform));
    assert_eq!((&metadata.inputs, &metadata.outputs), (&other.inputs, &other.outputs));
    assert_eq!(json(metadata.json()), json(other.json()));
    assert_eq!((metadata.name.as_str(), &metadata.versions[..]), ("simple", &["1".to_owned()][..]));
    let names: Vec<_> = metadata.inputs.iter().map(|tensor| tensor.name.as_str()).collect();
    assert_eq!(names, ["INPUT0", "INPUT1"]);
    assert_eq!(
        (metadata.outputs[0].datatype, &metadata.outputs[0].shape[..]),
        (Datatype::Int32, &[-1, 16][..])
    );
}

#[test]
fn an_unknown_model_is_not_ready() {
    for client in clients() {
        let outcome = client.is_model_ready("no_such", "", &CallOptions::new());
        assert!(!outcome.as_ref().is_ok_and(|ready| *ready), "{outcome:?}");
    }
}

#[test]
fn a_server_s_error_has_its_reason() {
    let (a, b) = ([5; 16], [3; 16]);
    for client in clients() {
        let unknown =
            client.infer(&InferRequest::new("no_such").id("id-7").input("I", &[1], &[1i32])).unwrap_err();
        assert_eq!((unknown.status(), unknown.origin()), (Status::NotFound, Origin::Server));
        assert_eq!(unknown.request_id(), "id-7");
        assert!(unknown.to_string().contains("'no_such'"), "{unknown}");
        assert!(!unknown.is_retryable() && !unknown.is_in_doubt());

        let version = client.infer(&simple(&a, &b).model_version("9")).unwrap_err();
        assert!(version.to_string().contains("version 9"), "{version}");

        let shape =
            InferRequest::new("simple").input("INPUT0", &[1, 15], &a[..15]).input("INPUT1", &[1, 16], &b);
        let shape = client.infer(&shape).unwrap_err();
        assert_eq!((shape.status(), shape.origin()), (Status::InvalidArgument, Origin::Server));
        assert!(shape.to_string().contains("INPUT0"), "{shape}");
    }
}

#[test]
fn an_invalid_request_is_rejected_before_anything_is_sent() {
    // Nothing listens on this port: an attempt to connect would return UNAVAILABLE.
    let client = Client::new(&format!("grpc://{}", crate::support::fault::refused_address())).unwrap();
    let a = [1i32; 16];
    let cases = [
        (InferRequest::new("m").input("I", &[1, 15], &a), "expected 60 bytes"),
        (InferRequest::new("m").input("I", &[-1], &a), "negative"),
        (InferRequest::new("m").input("I", &[i64::MAX, i64::MAX], &a), "too many"),
        (InferRequest::new("m").input("I", &[16], &a).input("I", &[16], &a), "already in the request"),
        (InferRequest::new("m").input("", &[16], &a), "name"),
        (InferRequest::new("").input("I", &[16], &a), "name"),
        (InferRequest::new("m").output("O").output("O"), "already"),
        (InferRequest::new("m").input_strings("S", &[3], &["a", "b"]), "expected 3 elements"),
        (InferRequest::new("m").input_bytes("S", Datatype::Bytes, &[1], &[9, 0, 0, 0, 1]), "BYTES"),
        (InferRequest::new("m").input_bytes("S", Datatype::Invalid, &[1], &[9]), "INVALID"),
    ];
    for (request, hint) in cases {
        let error = client.infer(&request).unwrap_err();
        assert_eq!((error.status(), error.origin()), (Status::InvalidArgument, Origin::Argument), "{error}");
        assert!(error.to_string().contains(hint), "{error}");
        assert!(!error.is_in_doubt());
    }
}

#[test]
fn a_slow_model_exceeds_the_deadline() {
    if is_embedded() {
        return;
    }
    for client in clients() {
        let mut options = CallOptions::new();
        options.set_timeout(Some(Duration::from_millis(150))).unwrap();
        let delay = [5_000u32];
        let start = std::time::Instant::now();
        let request = InferRequest::new("slow").input("DELAY_MS", &[1], &delay);
        let error = client.infer_with(&request, &options).unwrap_err();
        assert_eq!((error.status(), error.origin()), (Status::DeadlineExceeded, Origin::Client), "{error}");
        assert!(error.is_retryable() && error.is_in_doubt());
        assert!((150..2000).contains(&(start.elapsed().as_millis() as u64)), "{:?}", start.elapsed());
        // The client is still usable.
        assert!(client.is_server_live(&CallOptions::new()).unwrap());
    }
}

#[test]
fn many_threads_share_one_client_and_one_request() {
    let (a, b) = ([20; 16], [1; 16]);
    for client in clients() {
        let request = simple(&a, &b);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let result = client.infer(&request).unwrap();
                        assert_eq!(result.output("OUTPUT0").unwrap().as_slice::<i32>().unwrap(), [21; 16]);
                    }
                });
            }
        });
    }
}

#[test]
fn the_log_callback_receives_calls_and_connections() {
    for url in urls() {
        let messages = Arc::new(Mutex::new(Vec::new()));
        let log = messages.clone();
        let mut options = ClientOptions::new();
        options.set_log_callback(
            LogLevel::Debug,
            Arc::new(move |_, target: &str, text: &str| log.lock().unwrap().push(format!("{target} {text}"))),
        );
        let client = Client::with_options(&url, &options).unwrap();
        assert!(messages.lock().unwrap().is_empty());
        client.is_server_live(&CallOptions::new()).unwrap();
        let messages = messages.lock().unwrap().join("\n");
        assert!(
            messages.contains("connected to 127.0.0.1") && messages.contains("liveness of the server"),
            "{messages}"
        );
    }
}

#[test]
fn a_message_above_the_maximum_size_is_rejected_in_both_directions() {
    for url in urls() {
        let mut options = ClientOptions::new();
        options.set_max_message_byte_size(1000).unwrap();
        let client = Client::with_options(&url, &options).unwrap();
        let data = [0i32; 500];
        let error =
            client.infer(&InferRequest::new("identity_int32").input("INPUT0", &[500], &data)).unwrap_err();
        assert_eq!((error.status(), error.origin()), (Status::ResourceExhausted, Origin::Client), "{error}");
        assert!(!error.is_in_doubt() && !error.is_retryable());
        // A response that exceeds the maximum of 100 bytes, and a request that does not: the server's
        // metadata.
        options.set_max_message_byte_size(100).unwrap();
        let client = Client::with_options(&url, &options).unwrap();
        let Err(error) = client.server_metadata(&CallOptions::new()) else {
            assert!(is_embedded(), "the response was accepted");
            continue;
        };
        assert_eq!((error.status(), error.origin()), (Status::ResourceExhausted, Origin::Client), "{error}");
    }
}

#[test]
fn errors_of_models_keep_their_codes() {
    if is_embedded() {
        return;
    }
    use Status::*;
    // The kinds of model `faulty` in order, over HTTP and over gRPC: HTTP 400 stands for four codes.
    let kinds = [
        (InvalidArgument, Unknown),
        (Internal, Internal),
        (NotFound, NotFound),
        (InvalidArgument, InvalidArgument),
        (Unavailable, Unavailable),
        (Unimplemented, Unimplemented),
        (InvalidArgument, AlreadyExists),
        (InvalidArgument, Cancelled),
    ];
    let [http, grpc] = clients();
    for (kind, (over_http, over_grpc)) in kinds.into_iter().enumerate() {
        let kind = [kind as i32 + 1];
        let request = InferRequest::new("faulty").input("KIND", &[1], &kind);
        for (client, status) in [(&http, over_http), (&grpc, over_grpc)] {
            let error = client.infer(&request).unwrap_err();
            assert_eq!((error.status(), error.origin()), (status, Origin::Server), "{kind:?} {error}");
            assert!(error.to_string().contains("made to fail"), "{error}");
        }
    }
}
