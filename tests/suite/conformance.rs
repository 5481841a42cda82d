//! One table: every datatype in every shape, form and compression comes back from the real server bit for
//! bit.

use triton_client::{CallOptions, Client, Compression, Datatype, InferRequest, Origin, Status};

use crate::{
    server::{is_embedded, urls},
    support::embedded,
};

const DATATYPES: [Datatype; 14] = [
    Datatype::Bool,
    Datatype::Uint8,
    Datatype::Uint16,
    Datatype::Uint32,
    Datatype::Uint64,
    Datatype::Int8,
    Datatype::Int16,
    Datatype::Int32,
    Datatype::Int64,
    Datatype::Fp16,
    Datatype::Fp32,
    Datatype::Fp64,
    Datatype::Bytes,
    Datatype::Bf16,
];

/// One element (2.51 rejects a shape without dimensions), none, some, many; batches of matrices, with and
/// without elements.
const SHAPES: [&[i64]; 7] = [&[1], &[0], &[7], &[10_000], &[2, 3, 4], &[8, 1, 1], &[3, 0, 5]];

/// The forms of inputs and outputs: text (JSON over HTTP, typed contents over gRPC) or binary.
const FORMS: [(bool, bool); 4] = [(false, false), (true, false), (false, true), (true, true)];

const COMPRESSIONS: [Compression; 3] = [Compression::None, Compression::Gzip, Compression::Deflate];

/// Elements with varied bit patterns: the extremes of the datatype first.
fn tensor(datatype: Datatype, count: usize) -> Vec<u8> {
    let size = match datatype {
        Datatype::Bool => return (0..count).map(|at| u8::from(at % 3 == 0)).collect(),
        Datatype::Bytes => {
            let words = ["", "a", "\u{e4}\u{1f600}", "\0", "\"\\/\n", "x".repeat(300).leak()];
            let word = |at: usize| words[at % words.len()].as_bytes();
            return (0..count)
                .flat_map(|at| [&(word(at).len() as u32).to_le_bytes(), word(at)].concat())
                .collect();
        }
        datatype => datatype.byte_size().unwrap(),
    };
    let extremes = [0u64, u64::MAX, 0x8000_0000_0000_0000, 0x7fff_ffff_ffff_ffff, 1];
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let bits = (0..count).map(|at| {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        let bits = extremes.get(at).copied().unwrap_or(state);
        // The upper bytes: an extreme of 8 bytes is also one of 2 bytes.
        let bytes = &bits.to_be_bytes()[..size];
        let number = bytes.iter().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
        // JSON cannot carry the bits of a NaN, which has its own tests.
        let is_nan = match datatype {
            Datatype::Fp32 => f32::from_bits(number as u32).is_nan(),
            Datatype::Fp64 => f64::from_bits(number).is_nan(),
            _ => false,
        };
        if is_nan { 0 } else { number }
    });
    bits.flat_map(|bits| bits.to_le_bytes()[..size].to_vec()).collect()
}

/// Doubles that Triton reads exactly from JSON: with more digits the last bit may be wrong.
fn short_doubles(count: usize) -> Vec<u8> {
    (0..count).flat_map(|at| (at as f64 * 0.5 - 1000.0).to_le_bytes()).collect()
}

#[test]
fn every_datatype_comes_back_in_every_shape_form_and_compression() {
    if is_embedded() {
        return;
    }
    let mut cases = 0;
    for url in urls() {
        let client = Client::new(&url).unwrap();
        for datatype in DATATYPES {
            let has_json = !matches!(datatype, Datatype::Fp16 | Datatype::Bf16);
            for shape in SHAPES {
                let count = shape.iter().product::<i64>() as usize;
                let (model, input, name) = match shape.len() {
                    1 => {
                        let model = format!("identity_{}", datatype.name().to_lowercase());
                        (model, "INPUT0".to_owned(), "OUTPUT0".to_owned())
                    }
                    _ => ("identity_batch".to_owned(), format!("IN_{datatype}"), format!("OUT_{datatype}")),
                };
                for (json_in, json_out) in FORMS {
                    let data = match datatype {
                        Datatype::Fp64 if json_in && url.starts_with("http") => short_doubles(count),
                        _ => tensor(datatype, count),
                    };
                    // Outputs come as text over HTTP only.
                    if (json_in || json_out) && !has_json || json_out && url.starts_with("grpc") {
                        continue;
                    }
                    let mut request =
                        InferRequest::new(&model).input_bytes(&input, datatype, shape, &data).output(&name);
                    request.input_mut(0).unwrap().set_json(json_in);
                    request.output_mut(0).unwrap().set_json(json_out);
                    for compression in COMPRESSIONS {
                        let mut options = CallOptions::new();
                        options.set_request_compression(compression).set_response_compression(compression);
                        let what =
                            format!("{url} {datatype} {shape:?}, JSON {json_in} {json_out}, {compression:?}");
                        let result =
                            client.infer_with(&request, &options).unwrap_or_else(|e| panic!("{what}: {e:?}"));
                        let [output] = result.outputs() else { panic!("{what}: {result}") };
                        let received = (output.name(), output.datatype(), output.shape());
                        assert_eq!(received, (name.as_str(), datatype, shape), "{what}");
                        assert!(output.data() == data, "{what}: the bytes differ");
                        cases += 1;
                    }
                }
            }
        }
    }
    assert_eq!(cases, 3 * SHAPES.len() * (12 * 4 + 2 + 12 * 2 + 2));
}

/// Other servers accept FP16 as JSON. Triton rejects it, and gRPC has no field for it.
#[test]
fn fp16_and_bf16_as_text_are_rejected_with_advice() {
    if is_embedded() {
        return;
    }
    let [http, grpc] = urls().map(|url| Client::new(&url).unwrap());
    for datatype in [Datatype::Fp16, Datatype::Bf16] {
        let model = format!("identity_{}", datatype.name().to_lowercase());
        let mut request = InferRequest::new(&model).input_bytes("INPUT0", datatype, &[1], &[0, 0x3c]);
        request.input_mut(0).unwrap().set_json(true);
        let mut text = InferRequest::new(&model);
        text.add_input("INPUT0", datatype, &[1]).unwrap();
        text.input_mut(0).unwrap().set_json_text("[1.0]").unwrap();
        for request in [&request, &text] {
            let error = http.infer(request).unwrap_err();
            assert_eq!(
                (error.status(), error.origin()),
                (Status::InvalidArgument, Origin::Server),
                "{error:?}"
            );
            let received = format!("receiving {datatype} data via JSON is not supported");
            assert!(error.to_string().contains(&received), "{error}");
            let error = grpc.infer(request).unwrap_err();
            let received = (error.status(), error.origin());
            assert_eq!(received, (Status::InvalidArgument, Origin::Argument), "{error:?}");
        }
        for error in [grpc.infer(&request).unwrap_err(), request.to_grpc_message().unwrap_err()] {
            assert!(
                error.to_string().contains("'INPUT0'") && error.to_string().contains("binary data"),
                "{error}"
            );
        }
    }
}

#[test]
fn nan_and_infinities_as_json() {
    if is_embedded() {
        return;
    }
    let numbers = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0];
    let client = Client::new(&urls()[0]).unwrap();
    let mut request = InferRequest::new("identity_fp64").input("INPUT0", &[4], &numbers);
    request.input_mut(0).unwrap().set_json(true);
    request.set_binary_output(false);
    let result = client.infer(&request).unwrap();
    let back = result.output("OUTPUT0").unwrap().as_slice::<f64>().unwrap();
    assert!(back[0].is_nan() && back[1..3] == numbers[1..3] && back[3].to_bits() == numbers[3].to_bits());
}

#[test]
fn a_raw_body_is_one_tensor_and_its_response_is_a_whole_result() {
    if is_embedded() {
        return;
    }
    let client = Client::new(&urls()[0]).unwrap();
    for compression in COMPRESSIONS {
        let mut options = CallOptions::new();
        options.set_request_compression(compression).set_response_compression(compression);
        for datatype in DATATYPES.into_iter().filter(|datatype| *datatype != Datatype::Bytes) {
            let data = tensor(datatype, 1000);
            let model = format!("identity_{}", datatype.name().to_lowercase());
            // In two segments, which the server receives as one.
            let mut request = InferRequest::new(&model);
            let input = request.add_input("INPUT0", datatype, &[1000]).unwrap();
            request.input_mut(input).unwrap().append_data(&data[..333]);
            request.input_mut(input).unwrap().append_data(&data[333..]);
            request.set_raw_body(true);
            let result = client.infer_with(&request, &options).unwrap();
            let output = result.output("OUTPUT0").unwrap();
            assert_eq!((output.datatype(), output.shape()), (datatype, &[1000][..]));
            assert!(output.data() == data, "{datatype}, {compression:?}: the bytes differ");
        }
        // One string, without a length prefix.
        for word in [&b"\x05\0\0\0 and more"[..], b"\xff\0", b""] {
            let mut request =
                InferRequest::new("one_string").input_bytes("INPUT0", Datatype::Bytes, &[1], word);
            request.set_raw_body(true);
            let result = client.infer_with(&request, &options).unwrap();
            let output = result.output("OUTPUT0").unwrap();
            assert_eq!(
                (output.shape(), output.strings().unwrap()),
                (&[1][..], vec![word]),
                "{compression:?}"
            );
        }
    }
    // The buffer of an output is not sent, so a raw body may have one.
    let (numbers, mut buffer) = ([1i32, -2, 3], [0xee; 16]);
    let mut request = InferRequest::new("identity_int32").input("INPUT0", &[3], &numbers).output("OUTPUT0");
    request.set_raw_body(true);
    request.output_mut(0).unwrap().set_buffer(&mut buffer);
    client.infer(&request).unwrap();
    drop(request);
    assert_eq!(buffer[..12], numbers.map(i32::to_le_bytes).concat());
    assert_eq!(buffer[12..], [0xee; 4]);
}

/// On the embedded server: 2.51 has no model that accepts a scalar.
#[test]
fn a_scalar_has_an_empty_shape_and_one_element() {
    let server = embedded::Server::start().unwrap();
    for url in [url!("http://{}", server.http_address()), url!("grpc://{}", server.grpc_address())] {
        let client = Client::new(&url).unwrap();
        for datatype in DATATYPES {
            let data = tensor(datatype, 1);
            let model = format!("identity_{}", datatype.name().to_lowercase());
            let request = InferRequest::new(&model).input_bytes("INPUT0", datatype, &[], &data);
            let result = client.infer(&request).unwrap();
            let output = result.output("OUTPUT0").unwrap();
            assert_eq!((output.datatype(), output.shape()), (datatype, &[][..]), "{url}");
            assert!(output.data() == data, "{url} {datatype}: the bytes differ");
        }
        let result = client.infer(&InferRequest::new("identity_fp64").input("INPUT0", &[], &[0.5])).unwrap();
        assert_eq!(result.output("OUTPUT0").unwrap().as_slice::<f64>().unwrap(), [0.5]);
        let word = InferRequest::new("identity_bytes").input_strings("INPUT0", &[], &["one"]);
        assert_eq!(client.infer(&word).unwrap().output("OUTPUT0").unwrap().strings().unwrap(), [b"one"]);
        // Neither no element nor two are one.
        for data in [&[][..], &[1, 2]] {
            let error = client.infer(&InferRequest::new("identity_int8").input::<i8>("INPUT0", &[], data));
            assert_eq!(error.unwrap_err().status(), Status::InvalidArgument);
        }
    }
}
