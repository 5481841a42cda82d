//! Encoded `ModelInferRequest`s, decoded with prost: every parameter has the type that Triton requires.

use std::collections::{BTreeMap, HashMap};

use prost::Message;
use triton_client::{Datatype, InferRequest, SequenceId};

use crate::support::embedded::inference::{
    InferParameter, ModelInferRequest,
    infer_parameter::ParameterChoice::{self, BoolParam, DoubleParam, Int64Param, StringParam, Uint64Param},
};

fn decoded(request: &InferRequest) -> ModelInferRequest {
    let bytes = request.to_grpc_message().unwrap();
    ModelInferRequest::decode(&bytes[..]).unwrap()
}

fn string(value: &str) -> ParameterChoice {
    StringParam(value.to_owned())
}

#[track_caller]
fn expect(map: &HashMap<String, InferParameter>, expected: &[(&str, ParameterChoice)]) {
    let parameters: BTreeMap<_, _> =
        map.iter().map(|(name, value)| (name.as_str(), value.parameter_choice.clone().unwrap())).collect();
    assert_eq!(parameters, expected.iter().cloned().collect());
}

#[test]
fn every_field_of_a_request_has_the_type_that_triton_requires() {
    let mut request = InferRequest::new("m")
        .model_version("3")
        .id("id")
        .input("I", &[2, 1], &[7u8, 8])
        .output("O")
        .output("P");
    request.set_sequence(u64::MAX, true, false).unwrap();
    request.set_priority(u64::MAX);
    request.set_server_timeout_us(i64::MAX as u64).unwrap();
    request.set_empty_final_response(true);
    request.set_parameter("s", "a \u{e4}").unwrap();
    request.set_parameter("none", "").unwrap();
    request.set_parameter("i", i64::MIN).unwrap();
    request.set_parameter("zero", 0).unwrap();
    request.set_parameter("b", false).unwrap();
    request.set_parameter("d", 0.0).unwrap();
    request.input_mut(0).unwrap().set_parameter("s", "in").unwrap();
    request.input_mut(0).unwrap().set_parameter("i", -1).unwrap();
    request.input_mut(0).unwrap().set_parameter("b", true).unwrap();
    request.input_mut(0).unwrap().set_parameter("d", 0.5).unwrap();
    request.output_mut(0).unwrap().set_parameter("s", "out").unwrap();
    request.output_mut(0).unwrap().set_parameter("i", i64::MAX).unwrap();
    request.output_mut(0).unwrap().set_parameter("b", false).unwrap();
    request.output_mut(0).unwrap().set_parameter("d", f64::MAX).unwrap();
    request.output_mut(0).unwrap().set_class_count(u32::MAX);
    let message = decoded(&request);
    assert_eq!(
        (message.model_name.as_str(), message.model_version.as_str(), message.id.as_str()),
        ("m", "3", "id")
    );
    expect(
        &message.parameters,
        &[
            // u64::MAX: Triton reads the value as unsigned.
            ("sequence_id", Int64Param(-1)),
            ("sequence_start", BoolParam(true)),
            ("sequence_end", BoolParam(false)),
            ("priority", Uint64Param(u64::MAX)),
            ("timeout", Int64Param(i64::MAX)),
            ("triton_enable_empty_final_response", BoolParam(true)),
            ("s", string("a \u{e4}")),
            ("none", string("")),
            ("i", Int64Param(i64::MIN)),
            ("zero", Int64Param(0)),
            ("b", BoolParam(false)),
            ("d", DoubleParam(0.0)),
        ],
    );
    let [input] = &message.inputs[..] else { panic!("{message:?}") };
    assert_eq!((input.name.as_str(), input.datatype.as_str(), &input.shape[..]), ("I", "UINT8", &[2, 1][..]));
    assert!(input.contents.is_none());
    expect(
        &input.parameters,
        &[("s", string("in")), ("i", Int64Param(-1)), ("b", BoolParam(true)), ("d", DoubleParam(0.5))],
    );
    assert_eq!(message.raw_input_contents, [&[7u8, 8][..]]);
    let [output, plain] = &message.outputs[..] else { panic!("{message:?}") };
    assert_eq!((output.name.as_str(), plain.name.as_str()), ("O", "P"));
    expect(
        &output.parameters,
        &[
            ("classification", Int64Param(u32::MAX.into())),
            ("s", string("out")),
            ("i", Int64Param(i64::MAX)),
            ("b", BoolParam(false)),
            ("d", DoubleParam(f64::MAX)),
        ],
    );
    expect(&plain.parameters, &[]);
}

#[test]
fn what_is_not_set_is_not_sent() {
    let mut request = InferRequest::new("m").input("I", &[0], &[0i32; 0]);
    let message = decoded(&request);
    expect(&message.parameters, &[]);
    expect(&message.inputs[0].parameters, &[]);
    assert_eq!(message.raw_input_contents, [&b""[..]]);
    assert!(message.outputs.is_empty());

    // The flags of a sequence are sent with an id of either type, and never without one.
    for (id, choice) in [
        (SequenceId::Text("a \u{e4}".to_owned()), string("a \u{e4}")),
        (SequenceId::Number(1), Int64Param(1)),
    ] {
        request.set_sequence(id, false, true).unwrap();
        let flags = [("sequence_start", BoolParam(false)), ("sequence_end", BoolParam(true))];
        expect(&decoded(&request).parameters, &[&flags[..], &[("sequence_id", choice)]].concat());
    }
    request.set_sequence(0, false, false).unwrap();
    expect(&decoded(&request).parameters, &[]);
}

#[test]
fn a_tensor_in_shared_memory_has_region_parameters_and_no_contents() {
    let mut request = InferRequest::new("m").output("O").output("P");
    request.add_input("A", Datatype::Int32, &[1, 4]).unwrap();
    request.input_mut(0).unwrap().set_region("in", 16, 0).unwrap();
    let mut request = request.input("B", &[1], &[9u8]);
    request.add_input("C", Datatype::Bytes, &[2]).unwrap();
    request.input_mut(2).unwrap().set_region("in", 100, 16).unwrap();
    request.output_mut(0).unwrap().set_region("out", 0, 0).unwrap();
    request.output_mut(1).unwrap().set_region("out", 1 << 62, 1 << 40).unwrap();
    let message = decoded(&request);
    let region = |name, byte_size| {
        vec![("shared_memory_region", string(name)), ("shared_memory_byte_size", Int64Param(byte_size))]
    };
    let at = |offset| vec![("shared_memory_offset", Int64Param(offset))];
    expect(&message.inputs[0].parameters, &region("in", 16));
    expect(&message.inputs[1].parameters, &[]);
    expect(&message.inputs[2].parameters, &[region("in", 100), at(16)].concat());
    expect(&message.outputs[0].parameters, &region("out", 0));
    expect(&message.outputs[1].parameters, &[region("out", 1 << 62), at(1 << 40)].concat());
    // Only inputs outside shared memory have an entry.
    assert_eq!(message.raw_input_contents, [&[9u8][..]]);
    assert!(message.inputs.iter().all(|input| input.contents.is_none()));
}
