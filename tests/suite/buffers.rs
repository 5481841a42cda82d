//! The memory of outputs: the caller's buffers, and memory of the client's, which is reused.

use std::{thread, time::Instant};

use triton_client::{Client, ClientOptions, Datatype, InferRequest, Origin, Status};

use crate::{
    programs::{compile, succeed},
    server::urls,
    support::fault,
};

const COUNT: usize = 40_000;

fn identity(data: &[i32]) -> InferRequest<'_> {
    InferRequest::new("identity_int32").input("INPUT0", &[data.len() as i64], data).output("OUTPUT0")
}

#[test]
fn an_output_is_written_to_the_caller_s_buffer_only() {
    let data: Vec<i32> = (0..COUNT as i32).collect();
    let bytes = data.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>();
    for url in urls() {
        let client = Client::new(&url).unwrap();
        for (more, start) in [(0, 0), (100, 0), (100, 1)] {
            let mut buffer = vec![0xee; start + bytes.len() + more];
            let expected = buffer[start..].as_ptr() as usize;
            let mut request = identity(&data);
            request.output_mut(0).unwrap().set_buffer(&mut buffer[start..]);
            for _ in 0..2 {
                let result = client.infer(&request).unwrap();
                let output = result.output("OUTPUT0").unwrap();
                assert_eq!((output.byte_size(), output.shape()), (bytes.len(), &[COUNT as i64][..]));
                assert_eq!((output.datatype(), output.data()), (Datatype::Int32, &[][..]));
                assert!(output.is_in_caller_buffer());
                let error = output.as_slice::<i32>().unwrap_err();
                assert_eq!((error.status(), error.origin()), (Status::FailedPrecondition, Origin::Argument));
                let message = "was written to the caller's buffer or shared memory";
                assert!(error.to_string().contains(message), "{error}");
            }
            drop(request);
            assert_eq!(buffer[start..].as_ptr() as usize, expected);
            assert!(buffer[start..].starts_with(&bytes));
            assert!(buffer[..start].iter().chain(&buffer[start + bytes.len()..]).all(|byte| *byte == 0xee));
        }
    }
}

#[test]
fn a_buffer_too_small_is_an_error_and_stays_unchanged() {
    let data = vec![0x11111111; COUNT];
    for url in urls() {
        let client = Client::new(&url).unwrap();
        for size in [0, 1, 4 * COUNT - 1] {
            let mut memory = vec![0xee; 4 * COUNT];
            let mut request = identity(&data);
            request.output_mut(0).unwrap().set_buffer(&mut memory[..size]);
            let error = client.infer(&request).unwrap_err();
            assert_eq!(
                (error.status(), error.origin()),
                (Status::ResourceExhausted, Origin::Client),
                "{error}"
            );
            assert!(error.to_string().contains("'OUTPUT0': 160000 bytes exceed its buffer"), "{error}");
            drop(request);
            assert!(memory[size..].iter().all(|byte| *byte == 0xee));
            // The client is still usable.
            client.infer(&identity(&data)).unwrap();
        }
    }
}

#[test]
fn a_buffer_is_used_by_one_call_at_a_time() {
    let (gate, wait) =
        (std::sync::Arc::new(fault::Gate::default()), std::sync::Arc::new(fault::Gate::default()));
    let (open, block) = (gate.clone(), wait.clone());
    let server = fault::Http::start(move |_| {
        open.open();
        block.wait();
        fault::Response::Bytes(fault::response(200, &[], br#"{"model_name":"m"}"#))
    });
    let client = Client::new(&url!("http://{}", server.address())).unwrap();
    let mut buffer = [0; 8];
    let mut request = InferRequest::new("m").output("O");
    request.output_mut(0).unwrap().set_buffer(&mut buffer);
    thread::scope(|scope| {
        let first = scope.spawn(|| client.infer(&request));
        gate.wait();
        let error = client.infer(&request).unwrap_err();
        assert_eq!(
            (error.status(), error.origin()),
            (Status::FailedPrecondition, Origin::Argument),
            "{error}"
        );
        assert!(error.to_string().contains("'O'") && !error.is_in_doubt());
        wait.open();
        first.join().unwrap().unwrap();
    });
    client.infer(&request).unwrap();
    assert_eq!(server.requests(), 2);
}

#[test]
fn c_sets_and_undoes_a_buffer() {
    let program = compile("tests/c/buffers.c", "buffers");
    for url in urls() {
        succeed(&program, &[&url]);
    }
}

#[test]
fn the_memory_of_a_freed_result_is_reused() {
    let data = vec![7; COUNT];
    for url in urls() {
        for keeps in [1 << 20, 0] {
            let mut options = ClientOptions::new();
            options.set_result_memory_byte_size(keeps);
            let client = Client::with_options(&url, &options).unwrap();
            let first = client.infer(&identity(&data)).unwrap();
            let second = client.infer(&identity(&data)).unwrap();
            let start = |result: &triton_client::InferResult| {
                let output = result.output("OUTPUT0").unwrap();
                assert_eq!(output.as_slice::<i32>().unwrap(), data);
                assert_eq!(output.data().as_ptr().align_offset(64), 0);
                output.data().as_ptr() as usize
            };
            assert_ne!(start(&first), start(&second));
            let freed = start(&first);
            drop(first);
            let third = client.infer(&identity(&data)).unwrap();
            // Without a pool the allocator decides.
            assert!(keeps == 0 || start(&third) == freed);
            // A result outlives its client.
            drop(client);
            assert_ne!(start(&second), start(&third));
        }
    }
}

#[test]
fn the_stages_of_a_call_add_up_to_the_whole_call() {
    let data = vec![7; COUNT];
    for url in urls() {
        let client = Client::new(&url).unwrap();
        for call in 0..3 {
            let start = Instant::now();
            let result = client.infer(&identity(&data)).unwrap();
            let wall = start.elapsed();
            let times = result.times();
            let sum = times.queue + times.connect + times.send + times.first_byte + times.receive;
            assert!(sum <= wall, "{times:?} in {wall:?}");
            assert_eq!(times.connect.is_zero(), call > 0, "{times:?}");
            assert!(
                !times.queue.is_zero() && !times.send.is_zero() && !times.first_byte.is_zero(),
                "{times:?}"
            );
        }
    }
}

#[test]
fn all_datatypes_at_once_and_empty_tensors_come_back() {
    if crate::server::is_embedded() {
        return;
    }
    let names = [
        "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32",
        "FP64",
    ];
    for url in urls() {
        let client = Client::new(&url).unwrap();
        for count in [0usize, 1, 13, 5000] {
            let data: Vec<(Datatype, Vec<u8>)> = names
                .iter()
                .map(|name| {
                    let datatype = Datatype::from_name(name);
                    (datatype, vec![1; count * datatype.byte_size().unwrap()])
                })
                .collect();
            let words: Vec<Vec<u8>> = (0..count).map(|i| vec![b'x'; i % 5]).collect();
            let mut request =
                InferRequest::new("all_types").input_strings("IN_BYTES", &[count as i64], &words);
            for (datatype, data) in &data {
                request = request.input_bytes(&format!("IN_{datatype}"), *datatype, &[count as i64], data);
            }
            let result = client.infer(&request).unwrap();
            assert_eq!(result.outputs().len(), names.len() + 1);
            for (datatype, data) in &data {
                let output = result.output(&format!("OUT_{datatype}")).unwrap();
                assert_eq!((output.datatype(), output.shape()), (*datatype, &[count as i64][..]));
                assert!(output.data() == data, "{datatype} {count}");
                assert_eq!(output.data().as_ptr().align_offset(64), 0);
            }
            assert_eq!(result.output("OUT_BYTES").unwrap().strings().unwrap(), words);
        }
    }
}

#[test]
fn more_segments_than_one_system_call_sends_arrive_in_order() {
    // IOV_MAX is 1024.
    let data: Vec<u8> = (0..3000 * 40).map(|i| (i * 37 % 251) as u8).collect();
    for url in urls() {
        let client = Client::new(&url).unwrap();
        for segment in [40, 600, 7] {
            let mut request = InferRequest::new("identity_uint8");
            let input = request.add_input("INPUT0", Datatype::Uint8, &[data.len() as i64]).unwrap();
            for piece in data.chunks(segment) {
                request.input_mut(input).unwrap().append_data(piece);
                request.input_mut(input).unwrap().append_data(&[]);
            }
            let result = client.infer(&request).unwrap();
            assert!(result.output("OUTPUT0").unwrap().data() == data, "{url} {segment}");
        }
    }
}
