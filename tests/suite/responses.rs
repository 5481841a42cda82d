//! Results of inference responses: outputs in every form, parameters of every type, and the marker of the
//! final response.

use std::fmt::Debug;

use prost::Message;
use triton_client::{
    Client, Compression, Datatype, Element, Error, Finality, InferRequest, InferResult, Origin, Parameter,
    Status,
};

use crate::support::{
    embedded::inference::{
        InferParameter, InferTensorContents, ModelInferResponse,
        infer_parameter::ParameterChoice::{
            self, BoolParam, DoubleParam, Int64Param, StringParam, Uint64Param,
        },
        model_infer_response::InferOutputTensor,
    },
    fault::{Grpc, GrpcResponse, Http, Response, response},
    grpc,
};

/// Infers against an HTTP server with this response.
pub(crate) fn over_http(json: &str, tensors: &[u8]) -> Result<InferResult, Error> {
    let size = json.len().to_string();
    let body = [json.as_bytes(), tensors].concat();
    let bytes = response(200, &[("Inference-Header-Content-Length", &size)], &body);
    let server = Http::start(move |_| Response::Bytes(bytes.clone()));
    Client::new(&url!("http://{}", server.address())).unwrap().infer(&InferRequest::new("m"))
}

/// Infers against a gRPC server with this response.
pub(crate) fn over_grpc(response: &ModelInferResponse) -> Result<InferResult, Error> {
    let messages = vec![response.encode_to_vec()];
    let server = Grpc::start(move |_, _| GrpcResponse::Reply {
        messages: messages.clone(),
        status: grpc::OK,
        message: String::new(),
    });
    Client::new(&url!("grpc://{}", server.address())).unwrap().infer(&InferRequest::new("m"))
}

#[test]
fn a_response_may_mix_json_and_binary_outputs() {
    let json = concat!(
        r#"{"model_name":"m","model_version":"1","outputs":["#,
        r#"{"name":"A","datatype":"INT32","shape":[2],"parameters":{"binary_data_size":8}},"#,
        r#"{"name":"B","datatype":"FP64","shape":[2,1,2],"data":[[[1.5,-0.1]],[[1.7976931348623157e308,5e-324]]]},"#,
        r#"{"name":"C","datatype":"UINT8","shape":[3],"parameters":{"a":true,"binary_data_size":3,"b":"x"}},"#,
        r#"{"name":"D","datatype":"BYTES","shape":[2],"parameters":{"n":18446744073709551615,"d":0.5,"i":-1},"#,
        r#""data":["a\u0000","\u00e4"]},"#,
        r#"{"name":"E","datatype":"INT64","shape":[0],"parameters":{"binary_data_size":0}},"#,
        r#"{"name":"F","datatype":"FP16","shape":[0],"parameters":{"why":"nothing in it"}},"#,
        r#"{"name":"G","datatype":"BOOL","shape":[3],"data":[true,false,1]},"#,
        r#"{"name":"H","datatype":"FP32","shape":[1],"parameters":{"binary_data_size":4}}]}"#
    );
    let tensors = [&[1, 0, 0, 0, 255, 255, 255, 255][..], &[7, 8, 9], &0.25f32.to_le_bytes()].concat();
    let result = over_http(json, &tensors).unwrap();
    let output = |name| result.output(name).unwrap();
    assert_eq!(output("A").as_slice::<i32>().unwrap(), [1, -1]);
    assert_eq!(output("B").as_slice::<f64>().unwrap(), [1.5, -0.1, f64::MAX, 5e-324]);
    assert_eq!(output("B").shape(), [2, 1, 2]);
    assert_eq!(output("C").as_slice::<u8>().unwrap(), [7, 8, 9]);
    assert_eq!(output("D").strings().unwrap(), [&b"a\0"[..], "\u{e4}".as_bytes()]);
    assert_eq!(output("E").as_slice::<i64>().unwrap(), [0; 0]);
    assert_eq!((output("F").datatype(), output("F").data()), (Datatype::Fp16, &[][..]));
    assert_eq!(output("G").as_slice::<bool>().unwrap(), [true, false, true]);
    assert_eq!(output("H").as_slice::<f32>().unwrap(), [0.25]);
    for output in result.outputs() {
        assert_eq!(output.data().as_ptr().align_offset(64), 0, "{}", output.name());
    }
    // Parameters of the protocol itself are not passed on.
    let parameters = |name| output(name).parameters().iter().collect::<Vec<_>>();
    assert_eq!(parameters("A"), []);
    assert_eq!(parameters("C"), [("a", &Parameter::Bool(true)), ("b", &Parameter::String("x".to_owned()))]);
    assert_eq!(
        parameters("D"),
        [("n", &Parameter::Uint64(u64::MAX)), ("d", &Parameter::Double(0.5)), ("i", &Parameter::Int64(-1))]
    );
    assert_eq!(parameters("F"), [("why", &Parameter::String("nothing in it".to_owned()))]);
}

pub(crate) fn tensor(name: &str, datatype: &str, shape: &[i64]) -> InferOutputTensor {
    InferOutputTensor {
        name: name.to_owned(),
        datatype: datatype.to_owned(),
        shape: shape.to_owned(),
        ..Default::default()
    }
}

pub(crate) fn typed(
    name: &str,
    datatype: &str,
    shape: &[i64],
    contents: InferTensorContents,
) -> InferOutputTensor {
    InferOutputTensor { contents: Some(contents), ..tensor(name, datatype, shape) }
}

pub(crate) fn infer_response(outputs: Vec<InferOutputTensor>, raw: &[&[u8]]) -> ModelInferResponse {
    let raw_output_contents = raw.iter().map(|data| data.to_vec().into()).collect();
    ModelInferResponse { model_name: "m".to_owned(), outputs, raw_output_contents, ..Default::default() }
}

#[test]
fn typed_contents_of_every_datatype_are_read() {
    type Contents = InferTensorContents;
    let int = |values: &[i32]| Contents { int_contents: values.to_owned(), ..Default::default() };
    let uint = |values: &[u32]| Contents { uint_contents: values.to_owned(), ..Default::default() };
    let response = infer_response(
        vec![
            typed("BOOL", "BOOL", &[2], Contents { bool_contents: vec![true, false], ..Default::default() }),
            typed("INT8", "INT8", &[2], int(&[i8::MIN.into(), i8::MAX.into()])),
            typed("INT16", "INT16", &[2], int(&[i16::MIN.into(), i16::MAX.into()])),
            typed("INT32", "INT32", &[2], int(&[i32::MIN, i32::MAX])),
            typed(
                "INT64",
                "INT64",
                &[2],
                Contents { int64_contents: vec![i64::MIN, i64::MAX], ..Default::default() },
            ),
            typed("UINT8", "UINT8", &[2], uint(&[0, u8::MAX.into()])),
            typed("UINT16", "UINT16", &[2], uint(&[0, u16::MAX.into()])),
            typed("UINT32", "UINT32", &[2], uint(&[0, u32::MAX])),
            typed(
                "UINT64",
                "UINT64",
                &[2],
                Contents { uint64_contents: vec![0, u64::MAX], ..Default::default() },
            ),
            typed(
                "FP32",
                "FP32",
                &[2],
                Contents { fp32_contents: vec![-0.5, f32::MAX], ..Default::default() },
            ),
            typed(
                "FP64",
                "FP64",
                &[2],
                Contents { fp64_contents: vec![-0.1, f64::MAX], ..Default::default() },
            ),
            typed(
                "BYTES",
                "BYTES",
                &[1, 3],
                Contents {
                    bytes_contents: vec![b"a\xff"[..].into(), b""[..].into(), b"\0"[..].into()],
                    ..Default::default()
                },
            ),
            typed("NONE", "INT16", &[3, 0], Contents::default()),
        ],
        &[],
    );
    let result = over_grpc(&response).unwrap();
    fn expect<T: Element + PartialEq + Debug>(result: &InferResult, name: &str, values: &[T]) {
        assert_eq!(result.output(name).unwrap().as_slice::<T>().unwrap(), values, "{name}");
    }
    expect(&result, "BOOL", &[true, false]);
    expect(&result, "INT8", &[i8::MIN, i8::MAX]);
    expect(&result, "INT16", &[i16::MIN, i16::MAX]);
    expect(&result, "INT32", &[i32::MIN, i32::MAX]);
    expect(&result, "INT64", &[i64::MIN, i64::MAX]);
    expect(&result, "UINT8", &[0, u8::MAX]);
    expect(&result, "UINT16", &[0, u16::MAX]);
    expect(&result, "UINT32", &[0, u32::MAX]);
    expect(&result, "UINT64", &[0, u64::MAX]);
    expect(&result, "FP32", &[-0.5, f32::MAX]);
    expect(&result, "FP64", &[-0.1, f64::MAX]);
    expect(&result, "NONE", &[0i16; 0]);
    assert_eq!(result.output("BYTES").unwrap().strings().unwrap(), [&b"a\xff"[..], b"", b"\0"]);
    assert_eq!(result.output("NONE").unwrap().shape(), [3, 0]);
    for output in result.outputs() {
        assert_eq!(output.data().as_ptr().align_offset(64), 0, "{}", output.name());
    }
}

#[test]
fn outputs_and_raw_entries_are_matched_within_their_bounds() {
    const A: &[u8] = &[1, 0, 0, 0, 2, 0, 0, 0];
    let a = || tensor("A", "INT32", &[2]);
    let ints = |values: &[i32]| InferTensorContents { int_contents: values.to_owned(), ..Default::default() };
    // There may be fewer entries if the other outputs have contents or are empty.
    for (second, values) in [
        (typed("B", "INT32", &[2], ints(&[3, 4])), &[3, 4][..]),
        (tensor("B", "INT32", &[0]), &[]),
        (typed("B", "INT32", &[2, 0], ints(&[])), &[]),
    ] {
        let result = over_grpc(&infer_response(vec![a(), second], &[A])).unwrap();
        assert_eq!(result.output("A").unwrap().as_slice::<i32>().unwrap(), [1, 2]);
        assert_eq!(result.output("B").unwrap().as_slice::<i32>().unwrap(), values);
    }
    // MLServer sends empty contents beside an entry.
    let result = over_grpc(&infer_response(vec![typed("A", "INT32", &[2], ints(&[]))], &[A])).unwrap();
    assert_eq!(result.output("A").unwrap().as_slice::<i32>().unwrap(), [1, 2]);

    let cases = [
        ("an entry too few", infer_response(vec![a(), tensor("B", "INT32", &[2])], &[A]), "'B'"),
        ("no entry at all", infer_response(vec![a()], &[]), "'A'"),
        ("no string at all", infer_response(vec![tensor("S", "BYTES", &[1])], &[]), "'S'"),
        ("an entry too many", infer_response(vec![a()], &[A, A]), "2 raw outputs for 1"),
        ("an empty one too many", infer_response(vec![a()], &[A, b""]), "2 raw outputs for 1"),
        ("entries for nothing", infer_response(vec![], &[A]), "1 raw outputs for 0"),
        ("an entry too short", infer_response(vec![a()], &[&A[..7]]), "'A'"),
        ("an entry too long", infer_response(vec![tensor("A", "INT32", &[1])], &[A]), "'A'"),
        ("elements too few", infer_response(vec![typed("A", "INT32", &[2], ints(&[1]))], &[]), "'A'"),
        ("elements too many", infer_response(vec![typed("A", "INT32", &[2], ints(&[1, 2, 3]))], &[]), "'A'"),
        (
            "elements of another kind",
            infer_response(vec![typed("A", "INT64", &[2], ints(&[1, 2]))], &[]),
            "'A'",
        ),
        ("elements too large", infer_response(vec![typed("A", "INT8", &[1], ints(&[128]))], &[]), "128"),
        ("no typed contents", infer_response(vec![typed("A", "FP16", &[1], ints(&[1]))], &[]), "FP16"),
        ("a negative shape", infer_response(vec![tensor("A", "INT32", &[-2])], &[A]), "'A'"),
    ];
    for (what, response, hint) in cases {
        let error = over_grpc(&response).unwrap_err();
        let properties = (error.status(), error.origin(), error.is_in_doubt());
        assert_eq!(properties, (Status::Internal, Origin::Connection, true), "{what}: {error:?}");
        assert!(error.full_message().contains(hint), "{what}: {error:?}");
    }
}

fn parameter(choice: ParameterChoice) -> InferParameter {
    InferParameter { parameter_choice: Some(choice) }
}

#[test]
fn a_result_and_its_outputs_have_parameters_of_every_type() {
    let sent = || {
        [
            ("b", BoolParam(true)),
            ("d", DoubleParam(0.1)),
            ("i", Int64Param(i64::MIN)),
            ("s", StringParam("a \u{e4}".to_owned())),
            ("u", Uint64Param(u64::MAX)),
            // The same number is the same parameter in every wire form.
            ("v", Uint64Param(7)),
        ]
        .map(|(name, choice)| (name.to_owned(), parameter(choice)))
        .into()
    };
    let expected = [
        ("b", &Parameter::Bool(true)),
        ("d", &Parameter::Double(0.1)),
        ("i", &Parameter::Int64(i64::MIN)),
        ("s", &Parameter::String("a \u{e4}".to_owned())),
        ("u", &Parameter::Uint64(u64::MAX)),
        ("v", &Parameter::Int64(7)),
    ];
    let output = InferOutputTensor { parameters: sent(), ..tensor("A", "UINT8", &[1]) };
    let response = ModelInferResponse { parameters: sent(), ..infer_response(vec![output], &[&[5]]) };
    let json = r#"{"b":true,"d":0.1,"i":-9223372036854775808,"s":"a \u00e4","u":18446744073709551615,"v":7}"#;
    let json = format!(
        r#"{{"parameters":{json},"outputs":[{{"name":"A","datatype":"UINT8","shape":[1],"data":[5],"parameters":{json}}}]}}"#
    );
    for result in [over_grpc(&response).unwrap(), over_http(&json, &[]).unwrap()] {
        let output = result.output("A").unwrap();
        assert_eq!(output.data(), [5]);
        for parameters in [result.parameters(), output.parameters()] {
            // Protobuf maps are unordered.
            let mut have: Vec<_> = parameters.iter().collect();
            have.sort_by_key(|(name, _)| *name);
            assert_eq!(have, expected);
            assert_eq!((parameters.len(), parameters.get("w")), (6, None));
        }
    }
}

#[test]
fn the_final_response_is_marked_by_its_parameter_and_an_empty_one_has_no_outputs() {
    for (mark, has_output, is_final, is_null) in [
        (None, true, true, false),
        // The response of a call is the only one. For a response parsed from bytes, that is unknown.
        (None, false, true, true),
        (Some(false), true, false, false),
        (Some(false), false, false, false),
        (Some(true), true, true, false),
        (Some(true), false, true, true),
    ] {
        let outputs = if has_output { vec![tensor("A", "UINT8", &[1])] } else { vec![] };
        let raw: &[&[u8]] = if has_output { &[&[5]] } else { &[] };
        let mut message = infer_response(outputs, raw);
        let mark = mark.map(|mark| ("triton_final_response".to_owned(), mark));
        message.parameters.extend(mark.clone().map(|(name, mark)| (name, parameter(BoolParam(mark)))));
        let parameters = mark.clone().map(|(name, mark)| format!(r#","parameters":{{"{name}":{mark}}}"#));
        let json = format!(
            r#"{{"outputs":[{}]{}}}"#,
            if has_output { r#"{"name":"A","datatype":"UINT8","shape":[1],"data":[5]}"# } else { "" },
            parameters.unwrap_or_default()
        );
        for (is_call, result) in [
            (true, over_grpc(&message)),
            (false, InferResult::from_grpc_message(&message.encode_to_vec())),
            (true, over_http(&json, &[])),
            (false, InferResult::from_http_body(json.as_bytes(), None, Compression::None, 1000)),
        ] {
            let result = result.unwrap();
            let is_known = is_call || mark.is_some();
            let expected = (is_final && is_known, is_null && is_known);
            assert_eq!((result.is_final(), result.is_null()), expected, "{json}");
            let finality = match result.finality() {
                Finality::Unknown => None,
                finality => Some(finality == Finality::Final),
            };
            assert_eq!(finality, is_known.then_some(is_final), "{json}");
            assert_eq!(result.outputs().len(), usize::from(has_output));
        }
    }
}

#[test]
fn an_empty_raw_entry_beside_contents_does_not_clear_the_callers_buffer() {
    let mut memory = [0u8; 2];
    let mut output = tensor("A", "UINT8", &[2]);
    output.contents = Some(InferTensorContents { uint_contents: vec![7, 8], ..Default::default() });
    let message = infer_response(vec![output], &[&[]]);
    let message = message.encode_to_vec();
    let server = Grpc::start(move |_, _| GrpcResponse::Reply {
        messages: vec![message.clone()],
        status: grpc::OK,
        message: String::new(),
    });
    let client = Client::new(&url!("grpc://{}", server.address())).unwrap();
    let mut request = InferRequest::new("m").output("A");
    request.output_mut(0).unwrap().set_buffer(&mut memory);
    let result = client.infer(&request).unwrap();
    assert_eq!((result.output("A").unwrap().byte_size(), result.output("A").unwrap().data().len()), (2, 0));
    drop(request);
    assert_eq!(memory, [7, 8]);
}

#[test]
fn a_text_that_is_not_utf_8_does_not_make_the_tensors_unreadable() {
    let mut message = infer_response(vec![tensor("AQ", "UINT8", &[1])], &[&[5]]);
    message.outputs[0].parameters.extend([("xQ".to_owned(), parameter(StringParam("yQ".to_owned())))]);
    message.parameters.extend([("zQ".to_owned(), parameter(StringParam("wQ".to_owned())))]);
    let spoil =
        |bytes: &[u8]| bytes.iter().map(|byte| if *byte == b'Q' { 0xff } else { *byte }).collect::<Vec<u8>>();
    let json = r#"{"model_name":"m","parameters":{"zQ":"wQ"},"outputs":[{"name":"AQ","datatype":"UINT8","shape":[1],
        "parameters":{"xQ":"yQ","binary_data_size":1}}]}"#;
    let body = [&spoil(json.as_bytes())[..], &[5]].concat();
    let size = Some(json.len() as u64);
    for result in [
        InferResult::from_grpc_message(&spoil(&message.encode_to_vec())),
        InferResult::from_http_body(&body, size, Compression::None, 1000),
    ] {
        let result = result.unwrap();
        let output = result.output("A\u{fffd}").unwrap();
        assert_eq!(output.data(), [5]);
        let value = |text: &str| Some(Parameter::String(format!("{text}\u{fffd}")));
        assert_eq!(output.parameters().get("x\u{fffd}"), value("y").as_ref());
        assert_eq!(result.parameters().get("z\u{fffd}"), value("w").as_ref());
    }
}
