//! Errors of the real server over both protocols: each has the server as its origin, the status that the
//! protocol can express, and the server's message. HTTP has one status, 400, for several of gRPC's codes.

use std::{fs, sync::Barrier, thread};

use triton_client::{
    CallOptions, Client, Datatype, Error, InferRequest, Origin, RepositoryOptions, SettingsUpdate,
    Status::{self, Internal, InvalidArgument, NotFound, PermissionDenied, Unavailable, Unimplemented},
};

use crate::{
    own_server::OwnServer,
    server::{is_embedded, until, urls},
};

#[track_caller]
fn expect(error: &Error, status: Status, hint: &str) {
    assert_eq!((error.status(), error.origin()), (status, Origin::Server), "{error:?}");
    assert!(error.full_message().contains(hint), "'{hint}' is not in {error:?}");
    // The error is from the server: nothing was run, and the headers are available.
    assert!(!error.is_in_doubt() && error.headers().is_some(), "{error:?}");
    assert_eq!(error.is_retryable(), status == Unavailable, "{error:?}");
}

fn simple() -> InferRequest<'static> {
    InferRequest::new("simple").input("INPUT0", &[1, 16], &[1i32; 16]).input("INPUT1", &[1, 16], &[2i32; 16])
}

#[test]
fn every_refusal_has_the_server_s_status_and_message() {
    if is_embedded() {
        return;
    }
    let sequence = |start| {
        let mut request = InferRequest::new("simple_sequence").input("INPUT", &[1, 1], &[1i32]);
        if let Some(start) = start {
            request.set_sequence(77_001, start, false).unwrap();
        }
        request
    };
    let repeat = InferRequest::new("repeat_int32")
        .input("IN", &[1], &[1i32])
        .input("DELAY", &[1], &[0u32])
        .input("WAIT", &[1], &[0u32]);
    let kind = |kind| InferRequest::new("faulty").input("KIND", &[1], kind);
    let one = || InferRequest::new("simple").input("INPUT0", &[1, 16], &[1i32; 16]);
    let cases = [
        (InferRequest::new("no_such").input("I", &[1], &[1i32]), NotFound, "'no_such' is not found"),
        (simple().model_version("9"), NotFound, "'simple' version 9 is not found"),
        (sequence(Some(false)), InvalidArgument, "must specify the START flag"),
        (sequence(None), InvalidArgument, "correlation ID"),
        (repeat, Unimplemented, "decoupled transaction policy"),
        (kind(&[20]), Internal, "ValueError: raised on request"),
        (one(), InvalidArgument, "'INPUT1'"),
        (one().input("NO_SUCH", &[1, 16], &[1i32; 16]), InvalidArgument, "NO_SUCH"),
        (simple().output("NO_SUCH"), InvalidArgument, "'NO_SUCH'"),
        (one().input("INPUT1", &[1, 15], &[1i32; 15]), InvalidArgument, "shape for input 'INPUT1'"),
        (one().input("INPUT1", &[2, 16], &[1i32; 32]), InvalidArgument, "batch size"),
        (one().input("INPUT1", &[1, 16], &[1f32; 16]), InvalidArgument, "expects 'INT32'"),
    ];
    for url in urls() {
        let client = Client::new(&url).unwrap();
        for (request, status, hint) in &cases {
            let error = client.infer(request).unwrap_err();
            expect(&error, *status, hint);
            // Triton sends a traceback in several lines.
            assert!(!error.full_message().contains(char::is_control), "{error:?}");
        }
        // The client stays usable.
        client.infer(&simple()).unwrap();
    }
}

#[test]
fn half_precision_has_no_json_form_on_the_server_either() {
    if is_embedded() {
        return;
    }
    for datatype in [Datatype::Fp16, Datatype::Bf16] {
        let model = format!("identity_{}", datatype.name().to_lowercase());
        let mut request =
            InferRequest::new(&model).input_bytes("INPUT0", datatype, &[1], &[0, 0]).output("OUTPUT0");
        request.output_mut(0).unwrap().set_json(true);
        let error = Client::new(&urls()[0]).unwrap().infer(&request).unwrap_err();
        expect(&error, InvalidArgument, &format!("sending {datatype} data via JSON is not supported"));
    }
}

/// Over HTTP Triton returns UNAVAILABLE for a value that it never accepts.
#[test]
fn a_setting_that_the_server_refuses_is_not_retryable() {
    if is_embedded() {
        return;
    }
    let mut update = SettingsUpdate::new();
    update.set("log_format", "x").unwrap();
    for (url, status) in urls().iter().zip([Unavailable, InvalidArgument]) {
        let client = Client::new(url).unwrap();
        let error = client.update_log_settings(&update, &CallOptions::new()).unwrap_err();
        assert_eq!((error.status(), error.origin()), (status, Origin::Server), "{error:?}");
        assert!(!error.is_retryable() && !error.is_in_doubt(), "{error:?}");
        assert!(error.full_message().contains("log_format"), "{error:?}");
    }
}

#[test]
fn a_queue_that_is_full_or_too_slow_is_unavailable() {
    if is_embedded() {
        return;
    }
    // Many more at once than fit in one batch and the queue, 4 each.
    const THREADS: usize = 24;
    for url in urls() {
        let (client, together) = (Client::new(&url).unwrap(), Barrier::new(THREADS));
        let mut late = InferRequest::new("batcher").input("DELAY_MS", &[1, 1], &[0u32]);
        // Alone it waits for a batch, for longer than this.
        late.set_server_timeout_us(1000).unwrap();
        expect(&client.infer(&late).unwrap_err(), Unavailable, "Request timeout expired");
        let call = || {
            together.wait();
            client.infer(&InferRequest::new("batcher").input("DELAY_MS", &[1, 1], &[500u32])).err()
        };
        let errors: Vec<Error> = thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(call)).collect();
            threads.into_iter().filter_map(|thread| thread.join().unwrap()).collect()
        });
        assert!(!errors.is_empty() && errors.len() < THREADS, "{}", errors.len());
        for error in errors {
            expect(&error, Unavailable, "Exceeds maximum queue size");
        }
    }
}

#[test]
fn shared_memory_that_is_missing_or_too_small_is_refused() {
    if is_embedded() {
        return;
    }
    for (at, url) in urls().iter().enumerate() {
        let name = format!("triton-client-refused-{}-{at}", std::process::id());
        let path = format!("/dev/shm/{name}");
        fs::write(&path, [0; 256]).unwrap();
        let (client, defaults) = (Client::new(url).unwrap(), CallOptions::new());
        client.register_system_shared_memory(&name, &format!("/{name}"), 256, 0, &defaults).unwrap();
        let input = |region: &str, offset| {
            let mut request = simple();
            request.input_mut(0).unwrap().set_region(region, 64, offset).unwrap();
            request
        };
        let output = |region: &str, byte_size, offset| {
            let mut request = simple().output("OUTPUT0");
            request.output_mut(0).unwrap().set_region(region, byte_size, offset).unwrap();
            request
        };
        for (request, status, hint) in [
            (input("absent", 0), NotFound, "'absent'"),
            (input(&name, 224), InvalidArgument, "Invalid offset + byte size"),
            (output("absent", 64, 0), NotFound, "'absent'"),
            (output(&name, 64, 224), InvalidArgument, "Invalid offset + byte size"),
            (output(&name, 8, 0), Internal, "should be at least 64 bytes"),
        ] {
            expect(&client.infer(&request).unwrap_err(), status, hint);
        }
        client.infer(&input(&name, 192)).unwrap();
        client.infer(&output(&name, 64, 192)).unwrap();
        // It is in use until shortly after the response.
        until("it is no longer in use", || client.unregister_system_shared_memory(&name, &defaults).is_ok());
        fs::remove_file(&path).unwrap();
    }
}

#[test]
fn an_unloaded_model_and_one_whose_process_died_are_errors() {
    if is_embedded() {
        return;
    }
    let server = OwnServer::start("simple faulty", "");
    let clients = server.urls().map(|url| Client::new(&url).unwrap());
    let faulty = |kind| InferRequest::new("faulty").input("KIND", &[1], kind);
    clients[0].infer(&faulty(&[0])).unwrap();
    // The process dies during the first one.
    for client in [&clients[0], &clients[0], &clients[1]] {
        expect(&client.infer(&faulty(&[21])).unwrap_err(), Internal, "is not healthy");
    }
    clients[0].unload_model("simple", &RepositoryOptions::new(), &CallOptions::new()).unwrap();
    for client in clients {
        expect(&client.infer(&simple()).unwrap_err(), NotFound, "'simple' has no available versions");
        assert!(client.infer(&simple()).unwrap_err().to_string().contains("is being loaded or unloaded"));
        let slow = InferRequest::new("slow").input("DELAY_MS", &[1], &[0u32]);
        expect(&client.infer(&slow).unwrap_err(), NotFound, "'slow' is not found");
    }
}

#[test]
fn a_restricted_endpoint_accepts_its_key_alone() {
    if is_embedded() {
        return;
    }
    let server = OwnServer::start(
        "simple",
        "--http-restricted-api=inference:secret-key=open --grpc-restricted-protocol=inference:secret-key=open",
    );
    for (url, status) in server.urls().iter().zip([PermissionDenied, Unavailable]) {
        let client = Client::new(url).unwrap();
        expect(&client.infer(&simple()).unwrap_err(), status, "is restricted, expecting header");
        for (key, is_right) in [("open", true), ("shut", false)] {
            let mut options = CallOptions::new();
            options.add_restricted_key("secret-key", key).unwrap();
            match client.infer_with(&simple(), &options) {
                Ok(_) => assert!(is_right, "{url}"),
                Err(error) => assert!(!is_right && error.status() == status, "{error:?}"),
            }
        }
        assert!(client.is_server_live(&CallOptions::new()).unwrap());
    }
}
