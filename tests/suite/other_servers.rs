//! Values in the forms that other servers of the protocol send and accept: MLServer, KServe, aissemble, and a
//! Triton newer than the library.

use std::sync::{Arc, Mutex};

use prost::Message;
use serde_json::{Value, json};
use triton_client::{
    CallOptions, Client, Compression, Datatype, Error, InferOutput, InferRequest, InferResult, Origin,
    Status, half,
};

use crate::{
    programs::{compile, succeed},
    responses::{infer_response, over_grpc, over_http, tensor, typed},
    support::{
        embedded::inference::{
            InferTensorContents, ModelInferResponse, ModelMetadataResponse,
            model_metadata_response::TensorMetadata,
        },
        fault::{Grpc, GrpcResponse, Http, Response, response},
    },
};

fn fp32s(values: &[f32]) -> InferTensorContents {
    InferTensorContents { fp32_contents: values.to_owned(), ..Default::default() }
}

/// Returns the result of a JSON response with a valid output and then this one, also read offline.
fn json_output(output: &str) -> Result<InferResult, Error> {
    let json = format!(
        r#"{{"model_name":"m","outputs":[{{"name":"GOOD","datatype":"INT32","shape":[1],"data":[7]}},{output}]}}"#
    );
    let result = over_http(&json, &[]);
    let offline = InferResult::from_http_body(json.as_bytes(), None, Compression::None, 1 << 20);
    match (&result, &offline) {
        (Ok(result), Ok(offline)) => assert_eq!(result.to_string(), offline.to_string()),
        (result, offline) => assert_eq!(result.is_ok(), offline.is_ok(), "{output}"),
    }
    result
}

#[track_caller]
fn expect_malformed(outcome: Result<InferResult, Error>, hints: &[&str]) {
    let error = outcome.unwrap_err();
    assert_eq!((error.status(), error.origin()), (Status::Internal, Origin::Connection), "{error:?}");
    for hint in hints {
        assert!(error.full_message().contains(hint), "'{hint}' is not in {error:?}");
    }
}

#[track_caller]
fn expect_unknown(result: &InferResult, name: &str, datatype: &str, data: &[u8]) {
    assert_eq!(result.output("GOOD").unwrap().as_slice::<i32>().unwrap(), [7]);
    assert_eq!(result.output("GOOD").unwrap().datatype_name(), "INT32");
    let output = result.output(name).unwrap();
    let properties = (output.datatype(), output.datatype_name(), output.data());
    assert_eq!(properties, (Datatype::Invalid, datatype, data));
    assert_eq!(output.byte_size(), data.len());
    for error in [
        output.as_slice::<f32>().map(drop).unwrap_err(),
        output.strings().map(drop).unwrap_err(),
        output.classes().map(drop).unwrap_err(),
    ] {
        assert_eq!(
            (error.status(), error.origin()),
            (Status::InvalidArgument, Origin::Argument),
            "{error:?}"
        );
        let message = error.to_string();
        let word = match datatype {
            "" => "missing datatype".to_owned(),
            _ => format!("unknown datatype '{datatype}'"),
        };
        assert!(
            message.contains(&word) && message.contains(name) && !message.contains("INVALID"),
            "{message}"
        );
    }
}

#[test]
fn an_output_of_an_unknown_datatype_keeps_its_name_and_the_others_are_read() {
    let good = || tensor("GOOD", "INT32", &[1]);
    let seven = 7i32.to_le_bytes();
    for name in ["STRING", "FP8", "Datatype.INT32", "int32"] {
        // As JSON, with arbitrary elements and shape.
        for data in ["[1]", r#"["a",null,{"x":[1.5]}]"#, "2.5", "[[1],2]"] {
            let output = format!(r#"{{"name":"O","datatype":"{name}","shape":[2,-1],"data":{data}}}"#);
            let result = json_output(&output).unwrap();
            expect_unknown(&result, "O", name, b"");
            assert_eq!(result.output("O").unwrap().shape(), [2, -1]);
            assert!(result.to_string().contains(&format!("output 'O' {name} [2, -1]")), "{result}");
        }
        // In binary, the caller can read the bytes.
        let json = format!(
            r#"{{"outputs":[{{"name":"O","datatype":"{name}","shape":[3],"parameters":{{"binary_data_size":3}}}},
                {{"name":"GOOD","datatype":"INT32","shape":[1],"parameters":{{"binary_data_size":4}}}}]}}"#
        );
        let result = over_http(&json, &[b"abc", &seven[..]].concat()).unwrap();
        expect_unknown(&result, "O", name, b"abc");
        let raw = infer_response(vec![tensor("O", name, &[-1]), good()], &[b"abcd", &seven]);
        expect_unknown(&over_grpc(&raw).unwrap(), "O", name, b"abcd");
        let ints = InferTensorContents { int_contents: vec![7], ..Default::default() };
        let spelled_out = infer_response(
            vec![typed("O", name, &[1], fp32s(&[1.5])), typed("GOOD", "INT32", &[1], ints)],
            &[],
        );
        expect_unknown(&over_grpc(&spelled_out).unwrap(), "O", name, b"");
    }
    for output in [r#"{"name":"O","shape":[1],"data":[1]}"#, r#"{"name":"O","datatype":null,"data":[1]}"#] {
        expect_unknown(&json_output(output).unwrap(), "O", "", b"");
    }
    // Known datatypes.
    let known = r#"{"name":"O","datatype":"BF16","shape":[1],"data":[1]}"#;
    assert_eq!(json_output(known).unwrap().output("O").unwrap().datatype_name(), "BF16");
}

#[test]
fn names_of_unknown_datatypes_are_available_in_c() {
    let outputs = r#"[{"name":"O","datatype":"STRING","shape":[1],"data":["a"]},
        {"name":"GOOD","datatype":"INT32","shape":[-1],"data":[7, 8.0]}]"#;
    let metadata = r#"{"name":"m","versions":[1],"inputs":[{"name":"I","datatype":"FP8","shape":[1.0]},
        {"name":"J","datatype":"INT64","shape":["2"]}],"outputs":[]}"#;
    let result = format!(r#"{{"model_name":"m","model_version":3,"outputs":{outputs}}}"#);
    let http = Http::start(move |request| {
        let body = if request.path.ends_with("/infer") { &result } else { metadata };
        Response::Bytes(response(200, &[("Content-Type", "application/json")], body.as_bytes()))
    });
    let program = compile("tests/c/other_servers.c", "other_servers_http");
    succeed(&program, &[&url!("http://{}", http.address())]);

    let ints = InferTensorContents { int_contents: vec![7, 8], ..Default::default() };
    let text = InferTensorContents { bytes_contents: vec![b"a"[..].into()], ..Default::default() };
    let outputs = vec![typed("O", "STRING", &[1], text), typed("GOOD", "INT32", &[-1], ints)];
    let result =
        ModelInferResponse { model_version: "3".to_owned(), ..infer_response(outputs, &[]) }.encode_to_vec();
    let input = |name: &str, datatype: &str, shape: &[i64]| TensorMetadata {
        name: name.to_owned(),
        datatype: datatype.to_owned(),
        shape: shape.to_owned(),
    };
    let metadata = ModelMetadataResponse {
        name: "m".to_owned(),
        versions: vec!["1".to_owned()],
        inputs: vec![input("I", "FP8", &[1]), input("J", "INT64", &[2])],
        ..Default::default()
    }
    .encode_to_vec();
    let grpc = Grpc::start(move |path, _| {
        let message = if path.ends_with("/ModelInfer") { &result } else { &metadata };
        GrpcResponse::Reply { messages: vec![message.clone()], status: 0, message: String::new() }
    });
    let program = compile("tests/c/other_servers.c", "other_servers_grpc");
    succeed(&program, &[&url!("grpc://{}", grpc.address())]);
}

/// Returns an output in each form: JSON, binary, raw contents, typed contents.
fn in_every_form(datatype: &str, shape: &[i64], elements: &[f32]) -> [Result<InferResult, Error>; 4] {
    let data: Vec<u8> = elements.iter().flat_map(|element| element.to_le_bytes()).collect();
    let json = |rest: &str| {
        format!(r#"{{"outputs":[{{"name":"O","datatype":"{datatype}","shape":{shape:?},{rest}}}]}}"#)
    };
    let raw = infer_response(vec![tensor("O", datatype, shape)], &[&data]);
    let spelled_out = infer_response(vec![typed("O", datatype, shape, fp32s(elements))], &[]);
    [
        over_http(&json(&format!(r#""data":{elements:?}"#)), &[]),
        over_http(&json(&format!(r#""parameters":{{"binary_data_size":{}}}"#, data.len())), &data),
        over_grpc(&raw),
        over_grpc(&spelled_out),
    ]
}

#[test]
fn one_open_dimension_is_computed_from_the_number_of_elements() {
    for (shape, count, expected) in [
        (&[-1][..], 3, &[3][..]),
        (&[-1], 0, &[0]),
        (&[2, -1], 6, &[2, 3]),
        (&[-1, 1, 2], 4, &[2, 1, 2]),
        (&[-1, 4], 0, &[0, 4]),
        (&[0, -1], 0, &[0, 0]),
    ] {
        let elements: Vec<f32> = (0u8..count).map(f32::from).collect();
        for (at, outcome) in in_every_form("FP32", shape, &elements).into_iter().enumerate() {
            let result = outcome.unwrap_or_else(|error| panic!("{shape:?}, form {at}: {error:?}"));
            let output = result.output("O").unwrap();
            assert_eq!(output.shape(), expected, "form {at}");
            assert_eq!(output.as_slice::<f32>().unwrap(), elements, "form {at}");
        }
    }
    for (shape, count, hint) in [
        (&[2, -1][..], 3, "shape [2, -1] does not match 3 elements"),
        (&[0, -1], 1, "shape [0, -1] does not match 1 elements"),
        (&[-1, -1], 4, "shape [-1, -1] has a negative dimension"),
        (&[-2], 1, "shape [-2] has a negative dimension"),
        (&[-1, -3], 3, "shape [-1, -3] has a negative dimension"),
        (&[-1, i64::MAX, 3], 2, "shape [-1, 9223372036854775807, 3] has a negative dimension or too many"),
    ] {
        let elements: Vec<f32> = (0u8..count).map(f32::from).collect();
        for outcome in in_every_form("FP32", shape, &elements) {
            expect_malformed(outcome, &["output 'O' of the response", hint]);
        }
    }
    let odd = infer_response(vec![tensor("O", "FP32", &[-1])], &[&[0; 6]]);
    expect_malformed(over_grpc(&odd), &["6 bytes are not a whole number of FP32 elements"]);
}

/// An open shape does not mean that there are no elements.
#[test]
fn an_output_without_data_whose_shape_is_open_is_malformed() {
    for data in ["", r#","data":null"#] {
        let output = format!(r#"{{"name":"O","datatype":"INT32","shape":[-1]{data}}}"#);
        expect_malformed(json_output(&output), &["missing data"]);
    }
    // An output without raw contents beside one that has them.
    let one = [tensor("P", "INT32", &[1]), tensor("O", "INT32", &[-1])];
    expect_malformed(over_grpc(&infer_response(one.to_vec(), &[&[0; 4]])), &["output 'O'", "missing data"]);
}

#[test]
fn an_open_dimension_of_bytes_is_counted_also_in_the_callers_buffer() {
    let data = b"\x01\0\0\0a\0\0\0\0\x02\0\0\0bc";
    let json =
        r#"{"outputs":[{"name":"O","datatype":"BYTES","shape":[-1],"parameters":{"binary_data_size":15}}]}"#;
    let spelled_out = InferTensorContents {
        bytes_contents: vec![b"a"[..].into(), b""[..].into(), b"bc"[..].into()],
        ..Default::default()
    };
    for result in [
        over_http(json, data),
        over_http(r#"{"outputs":[{"name":"O","datatype":"BYTES","shape":[-1],"data":["a","","bc"]}]}"#, &[]),
        over_grpc(&infer_response(vec![tensor("O", "BYTES", &[-1])], &[data])),
        over_grpc(&infer_response(vec![typed("O", "BYTES", &[-1], spelled_out)], &[])),
    ] {
        let result = result.unwrap();
        let output = result.output("O").unwrap();
        assert_eq!((output.shape(), output.strings().unwrap()), (&[3][..], vec![&b"a"[..], b"", b"bc"]));
    }
    let cut = infer_response(vec![tensor("O", "BYTES", &[-1])], &[&data[..14]]);
    expect_malformed(over_grpc(&cut), &["output 'O' of the response", "before the end of its last element"]);

    let size = json.len().to_string();
    let body =
        response(200, &[("Inference-Header-Content-Length", &size)], &[json.as_bytes(), data].concat());
    let http = Http::start(move |_| Response::Bytes(body.clone()));
    let message = infer_response(vec![tensor("O", "BYTES", &[-1])], &[data]).encode_to_vec();
    let grpc = Grpc::start(move |_, _| GrpcResponse::Reply {
        messages: vec![message.clone()],
        status: 0,
        message: String::new(),
    });
    for url in [url!("http://{}", http.address()), url!("grpc://{}", grpc.address())] {
        let mut buffer = [0u8; 20];
        let mut request = InferRequest::new("m").output("O");
        request.output_mut(0).unwrap().set_buffer(&mut buffer);
        let result = Client::new(&url).unwrap().infer(&request).unwrap();
        let output = result.output("O").unwrap();
        assert_eq!((output.shape(), output.byte_size()), (&[3][..], 15));
        drop(request);
        assert_eq!(buffer[..15], data[..]);
    }
}

#[test]
fn a_single_element_without_an_array_is_a_tensor_of_one_element() {
    let read = |datatype: &str, shape: &str, data: &str| {
        let output = format!(r#"{{"name":"O","datatype":"{datatype}","shape":{shape},"data":{data}}}"#);
        json_output(&output)
    };
    for shape in ["[]", "[1]", "[-1]", "[1,1]"] {
        let result = read("FP64", shape, "2.5").unwrap();
        assert_eq!(result.output("O").unwrap().as_slice::<f64>().unwrap(), [2.5], "{shape}");
    }
    assert_eq!(read("BYTES", "[1]", "\"a\"").unwrap().output("O").unwrap().strings().unwrap(), [b"a"]);
    assert_eq!(read("BOOL", "[1]", "true").unwrap().output("O").unwrap().as_slice::<bool>().unwrap(), [true]);
    expect_malformed(
        read("FP64", "[2]", "2.5"),
        &["'O'", "expected 16 bytes for datatype FP64 and shape [2], got 8"],
    );
    expect_malformed(read("FP64", "[1]", "{}"), &["'O'", "invalid element of datatype FP64: an object"]);
}

#[test]
fn an_integer_may_have_a_decimal_point_and_is_exact() {
    let read = |datatype: &str, data: &str| {
        json_output(&format!(r#"{{"name":"O","datatype":"{datatype}","shape":[-1],"data":{data}}}"#))
    };
    let result = read("INT64", "[1.0, -2e3, 9007199254740993.0, 9223372036854775807.00]").unwrap();
    let expected = [1, -2000, 9_007_199_254_740_993, i64::MAX];
    assert_eq!(result.output("O").unwrap().as_slice::<i64>().unwrap(), expected);
    let result = read("UINT64", "[18446744073709551615.0, 0.0]").unwrap();
    assert_eq!(result.output("O").unwrap().as_slice::<u64>().unwrap(), [u64::MAX, 0]);
    for (datatype, element) in [
        ("INT64", "1.5"),
        ("INT8", "128.0"),
        ("UINT8", "-1.0"),
        ("INT64", "9223372036854775808.0"),
        ("INT64", "1e19"),
        ("INT32", "NaN"),
        ("INT32", "null"),
    ] {
        let hint = format!("output 'O' of the response: invalid element of datatype {datatype}: {element}");
        expect_malformed(read(datatype, &format!("[0,{element}]")), &[&hint]);
    }
}

#[test]
fn ragged_arrays_are_refused() {
    let read = |data: &str| {
        json_output(&format!(r#"{{"name":"O","datatype":"INT32","shape":[2,2],"data":{data}}}"#))
    };
    for data in ["[[1,2],[3,4]]", "[1,2,3,4]", "[[[1],[2]],[[3],[4]]]"] {
        let result = read(data).unwrap();
        assert_eq!(result.output("O").unwrap().as_slice::<i32>().unwrap(), [1, 2, 3, 4], "{data}");
    }
    for data in ["[[1,2,3],[4]]", "[[1,2],3,4]", "[[[1,2]],[3,4]]"] {
        expect_malformed(read(data), &["'O'", "different lengths or depths"]);
    }
}

/// `null` stands for NaN and for the infinities, in every floating-point datatype.
#[test]
fn null_is_nan_in_every_floating_point_datatype() {
    for (datatype, one) in
        [("FP16", "003c"), ("BF16", "803f"), ("FP32", "0000803f"), ("FP64", "000000000000f03f")]
    {
        let output = format!(r#"{{"name":"O","datatype":"{datatype}","shape":[2],"data":[null,1]}}"#);
        let result = json_output(&output).unwrap();
        let (nan, number) = result.output("O").unwrap().data().split_at(one.len() / 2);
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        assert_eq!(hex(number), one, "{datatype}");
        // All bits of the exponent, and one of the fraction.
        assert!(nan.ends_with(&[0x7f]) || hex(nan) == "007e", "{datatype}: {}", hex(nan));
    }
}

/// The same rule for shapes and versions in inference and control plane.
#[test]
fn shapes_versions_and_ids_are_read_as_numbers_or_strings_everywhere() {
    let call = CallOptions::new();
    for (shape, version, expected) in [
        ("[1, 2]", "3", "3"),
        (r#"["1", "2"]"#, r#""3""#, "3"),
        ("[1.0, 2e0]", "3.10", "3.10"),
        ("[1, 2]", "null", ""),
    ] {
        let tensor = format!(r#"{{"name":"T","datatype":"INT8","shape":{shape}"#);
        let result = format!(
            r#"{{"model_name":"m","model_version":{version},"id":{version},"outputs":[{tensor},"data":[1,2]}}]}}"#
        );
        let versions = if version == "null" { "null".to_owned() } else { format!("[{version}]") };
        let metadata = format!(r#"{{"name":"m","versions":{versions},"inputs":[{tensor}}}],"outputs":[]}}"#);
        let index = format!(r#"[{{"name":"m","version":{version},"state":"READY"}}]"#);
        let statistics =
            format!(r#"{{"model_stats":[{{"name":"m","version":{version},"inference_count":4}}]}}"#);
        let server = Http::start(move |request| {
            let body = match request.path.as_str() {
                "/v2/models/m/infer" => &result,
                "/v2/models/m" => &metadata,
                "/v2/repository/index" => &index,
                _ => &statistics,
            };
            Response::Bytes(response(200, &[], body.as_bytes()))
        });
        let client = Client::new(&url!("http://{}", server.address())).unwrap();
        let result = client.infer(&InferRequest::new("m")).unwrap();
        assert_eq!((result.model_version(), result.id()), (expected, expected));
        assert_eq!(result.outputs()[0].shape(), [1, 2], "{shape}");
        let metadata = client.model_metadata("m", "", &call).unwrap();
        assert_eq!(
            metadata.versions,
            [expected].iter().filter(|text| !text.is_empty()).copied().collect::<Vec<_>>()
        );
        assert_eq!(metadata.inputs[0].shape, [1, 2], "{shape}");
        assert_eq!(client.repository_index(&Default::default(), &call).unwrap().models[0].version, expected);
        let statistics = client.model_statistics("", "", &call).unwrap();
        assert_eq!(
            (&statistics.entries[0].version[..], statistics.entries[0].inference_count),
            (expected, 4)
        );
    }
    for dimension in ["1.5", "\"x\"", "\"\"", "null", "true", "[1]", "NaN", "9223372036854775808", "1e30"] {
        let output = format!(r#"{{"name":"O","datatype":"INT8","shape":[{dimension}],"data":[1]}}"#);
        expect_malformed(json_output(&output), &["a dimension of a shape is not a 64-bit integer"]);
    }
}

fn halves(output: &InferOutput) -> Vec<u16> {
    output.data().as_chunks().0.iter().map(|bytes| u16::from_le_bytes(*bytes)).collect()
}

/// MLServer and aissemble accept FP16 only as JSON: every number must survive bit for bit.
#[test]
fn fp16_and_bf16_are_sent_as_numbers_and_received_exactly() {
    let sent = Arc::new(Mutex::new(Vec::<Value>::new()));
    let record = sent.clone();
    // The server returns what it receives.
    let server = Http::start(move |request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let output = json!({ "name": "O", "datatype": body["inputs"][0]["datatype"],
            "shape": body["inputs"][0]["shape"], "data": body["inputs"][0]["data"] });
        record.lock().unwrap().push(body);
        Response::Bytes(response(
            200,
            &[],
            json!({ "model_name": "m", "outputs": [output] }).to_string().as_bytes(),
        ))
    });
    let client = Client::new(&url!("http://{}", server.address())).unwrap();
    for (datatype, infinite) in [(Datatype::Fp16, 0x7c00u16), (Datatype::Bf16, 0x7f80)] {
        let numbers: Vec<u16> = (0..infinite).flat_map(|bits| [bits, bits | 0x8000]).collect();
        let data: Vec<u8> = numbers.iter().flat_map(|bits| bits.to_le_bytes()).collect();
        let mut request = InferRequest::new("m").input_bytes("I", datatype, &[numbers.len() as i64], &data);
        request.input_mut(0).unwrap().set_json(true);
        let result = client.infer(&request).unwrap();
        assert!(halves(result.output("O").unwrap()) == numbers, "{datatype}");
        // Also as nested JSON text from the caller.
        let mut request = InferRequest::new("m");
        request.add_input("I", datatype, &[2, 1]).unwrap();
        request.input_mut(0).unwrap().set_json_text("[[1], [-0.5]]").unwrap();
        let mut expected = [0; 2];
        match datatype {
            Datatype::Fp16 => half::fp16_from_fp32(&[1.0, -0.5], &mut expected),
            _ => half::bf16_from_fp32(&[1.0, -0.5], &mut expected),
        }
        assert_eq!(halves(client.infer(&request).unwrap().output("O").unwrap()), expected);
    }
    // aissemble requires a decimal point.
    let sent = sent.lock().unwrap();
    let numbers = sent[0]["inputs"][0]["data"].as_array().unwrap();
    assert!(numbers.iter().all(Value::is_f64) && numbers.len() == 2 * 0x7c00);
    assert_eq!(sent[0]["inputs"][0]["datatype"], "FP16");
}

/// As `1.0`: Python's parser could read another form as an integer.
#[test]
fn floating_point_numbers_are_written_with_a_decimal_point() {
    let mut request = InferRequest::new("m")
        .input_bytes("A", Datatype::Fp16, &[2], &[0x00, 0x3c, 0x00, 0xc0])
        .input("B", &[1], &[3.0f32])
        .input("C", &[1], &[4.0f64]);
    (0..3).for_each(|input| request.input_mut(input).unwrap().set_json(true));
    let body = String::from_utf8(request.to_http_body(Compression::None).unwrap().bytes).unwrap();
    for data in [r#""data":[1.0,-2.0]"#, r#""data":[3.0]"#, r#""data":[4.0]"#] {
        assert!(body.contains(data), "{body}");
    }
}
