//! Values and strings from other servers and proxies: unusual ones are read, invalid ones are refused with
//! the reason, and error messages are bounded.

use serde_json::json;
use triton_client::{
    CallOptions, Client, Compression, Error, InferRequest, InferResult, Origin, RepositoryOptions, Status,
};

use crate::{
    own_model::OwnModel,
    server::{clients, is_embedded},
    support::fault::{self, Http, Response, response},
};

fn over_http(body: &[u8]) -> Result<InferResult, Error> {
    let bytes = response(200, &[], body);
    let server = Http::start(move |_| Response::Bytes(bytes.clone()));
    Client::new(&url!("http://{}", server.address())).unwrap().infer(&InferRequest::new("m"))
}

#[track_caller]
fn expect_broken(outcome: Result<InferResult, Error>, hint: &str) {
    let error = outcome.unwrap_err();
    let said = (error.status(), error.origin(), error.is_in_doubt());
    assert_eq!(said, (Status::Internal, Origin::Connection, true), "{error:?}");
    assert!(error.full_message().contains(hint), "'{hint}' is not in {error:?}");
}

#[test]
fn json_other_than_an_inference_response_is_refused() {
    expect_broken(over_http(b"null"), "expected the JSON of an inference, got 'null'");
    for (body, said) in [
        ("{}", "got the JSON object '{}'"),
        (r#"{"id":"1"}"#, "got the JSON object"),
        (r#"{"error":"the model failed"}"#, "the model failed"),
        (r#"{"model_name":"m","outputs":[],"error":"the model failed"}"#, "the model failed"),
    ] {
        expect_broken(over_http(body.as_bytes()), said);
    }
    let output = r#"[{"name":"O","datatype":"INT32","shape":[1],"data":[1]}]"#;
    let twice = format!(r#"{{"model_name":"m","outputs":{output},"outputs":{output}}}"#);
    expect_broken(over_http(twice.as_bytes()), "duplicate member 'outputs'");
}

#[test]
fn numbers_for_strings_and_null_for_nan_are_read_after_a_byte_order_mark() {
    let json = concat!(
        "\u{feff}",
        r#"{"model_name":"m","model_version":3,"id":17,"outputs":["#,
        r#"{"name":"F","datatype":"FP32","shape":[2],"data":[null,1.5]},"#,
        r#"{"name":"H","datatype":"FP16","shape":[2],"data":[1.5,0.1]}]}"#
    );
    let offline = InferResult::from_http_body(json.as_bytes(), None, Compression::None, 1 << 20);
    for result in [over_http(json.as_bytes()).unwrap(), offline.unwrap()] {
        assert_eq!((result.model_version(), result.id()), ("3", "17"));
        let floats: &[f32] = result.output("F").unwrap().as_slice().unwrap();
        assert!(floats[0].is_nan() && floats[1] == 1.5, "{floats:?}");
        assert_eq!(result.output("H").unwrap().data(), [0x00, 0x3e, 0x66, 0x2e]);
    }
    let null = r#"{"model_name":"m","outputs":[{"name":"I","datatype":"INT32","shape":[1],"data":[null]}]}"#;
    expect_broken(over_http(null.as_bytes()), "null");
}

#[test]
fn json_elements_of_invalid_utf_8_are_refused_with_advice_and_names_are_repaired() {
    let json = |name: &[u8], element: &[u8]| {
        let parts: [&[u8]; 5] = [
            br#"{"model_name":"m\xff","outputs":[{"name":""#,
            name,
            br#"","datatype":"BYTES","shape":[2],"data":["\xc3\xa4",""#,
            element,
            br#""]}]}"#,
        ];
        unescape(&parts.concat())
    };
    expect_broken(over_http(&json(b"A", br"a\xff")), "request binary data");
    expect_broken(over_http(&json(br"\xff", br"\xc3")), "request binary data");
    let result = over_http(&json(br"A\xff", b"a")).unwrap();
    assert_eq!(result.model_name(), "m\u{fffd}");
    let output = result.output("A\u{fffd}").unwrap();
    assert_eq!(output.strings().unwrap(), ["\u{e4}".as_bytes(), b"a"]);
    // A replacement character from the server is valid.
    let result = over_http(&json(br"A\xff", "\u{fffd}".as_bytes())).unwrap();
    assert_eq!(result.outputs()[0].strings().unwrap()[1], "\u{fffd}".as_bytes());
}

/// Replaces `\xHH` by the byte.
fn unescape(text: &[u8]) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), text);
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match after {
            [b'x', high, low, after @ ..] if *first == b'\\' => {
                let digits = [*high, *low];
                bytes.push(u8::from_str_radix(str::from_utf8(&digits).unwrap(), 16).unwrap());
                rest = after;
            }
            _ => bytes.push(*first),
        }
    }
    bytes
}

#[test]
fn a_label_of_invalid_utf_8_does_not_hide_the_classes() {
    let json =
        br#"{"outputs":[{"name":"C","datatype":"BYTES","shape":[2],"parameters":{"binary_data_size":25}}]}"#;
    let tensor = b"\x0c\0\0\0 3.0:7:caf\xe9 \x05\0\0\x001:0:b";
    let body = [&json[..], tensor].concat();
    let result =
        InferResult::from_http_body(&body, Some(json.len() as u64), Compression::None, 1000).unwrap();
    let output = result.output("C").unwrap();
    let classes = output.classes().unwrap();
    let read: Vec<_> = classes.iter().map(|class| (class.value, class.index, &*class.label)).collect();
    assert_eq!(read, [(3.0, 7, "caf\u{fffd} "), (1.0, 0, "b")]);
    assert_eq!(output.strings().unwrap()[0], b" 3.0:7:caf\xe9 ");
}

#[test]
fn control_plane_json_may_begin_with_a_byte_order_mark() {
    for (status, json) in [
        (200, r#"{"name":"m","versions":["1"],"platform":"p","inputs":[],"outputs":[]}"#),
        (404, r#"{"error":"why so"}"#),
    ] {
        let bytes = response(status, &[], format!("\u{feff}{json}").as_bytes());
        let server = Http::start(move |_| Response::Bytes(bytes.clone()));
        let client = Client::new(&url!("http://{}", server.address())).unwrap();
        let call = CallOptions::new();
        match client.model_metadata("m", "", &call) {
            Ok(metadata) => assert_eq!(metadata.name, "m"),
            Err(error) => assert!(status == 404 && error.to_string().contains(": why so ("), "{error}"),
        }
        if status == 200 {
            let generated = client.generate("m", "", "{}", &call).unwrap();
            assert_eq!(generated.json, json);
        }
    }
    for json in ["[]", "{}"] {
        let bytes = response(200, &[], format!("\u{feff}{json}").as_bytes());
        let server = Http::start(move |_| Response::Bytes(bytes.clone()));
        let client = Client::new(&url!("http://{}", server.address())).unwrap();
        let call = CallOptions::new();
        match json {
            "[]" => {
                assert!(client.repository_index(&Default::default(), &call).unwrap().models.is_empty());
                client.system_shared_memory_status("", &call).unwrap();
            }
            _ => drop(client.log_settings(&call).unwrap()),
        }
    }
}

#[test]
fn a_redirect_names_its_target_and_is_not_followed() {
    let target = "https://elsewhere.example/v2";
    for status in [301, 302, 303, 307, 308] {
        let server =
            Http::start(move |_| Response::Bytes(response(status, &[("Location", target)], b"<html>")));
        let client = Client::new(&url!("http://{}", server.address())).unwrap();
        let errors = [
            client.infer(&InferRequest::new("m")).unwrap_err(),
            client.model_metadata("m", "", &CallOptions::new()).unwrap_err(),
            client.server_metadata(&CallOptions::new()).unwrap_err(),
        ];
        for error in errors {
            assert_eq!((error.status(), error.http_status()), (Status::Unknown, Some(status)), "{error:?}");
            let hint = format!("redirects are not followed, Location is '{target}'");
            assert!(error.full_message().contains(&hint), "{error:?}");
            assert_eq!(error.full_message().matches(target).count(), 1, "{error:?}");
        }
    }
    // Not a redirect.
    let server = Http::start(move |_| Response::Bytes(response(404, &[("Location", target)], b"{}")));
    let client = Client::new(&url!("http://{}", server.address())).unwrap();
    assert!(!client.infer(&InferRequest::new("m")).unwrap_err().to_string().contains("redirect"));
}

#[test]
fn http_503_and_grpc_unavailable_are_in_doubt_unless_triton_s_message_excludes_that_the_request_ran() {
    for (body, in_doubt) in [
        (r#"{"error":"[request id: 1] Exceeds maximum queue size"}"#, false),
        ("upstream connect error or disconnect/reset before headers", true),
        ("", true),
        (r#"{"message":"no upstream"}"#, true),
    ] {
        let server = Http::start(move |_| Response::Bytes(response(503, &[], body.as_bytes())));
        let client = Client::new(&url!("http://{}", server.address())).unwrap();
        for error in [
            client.infer(&InferRequest::new("m")).unwrap_err(),
            client.model_metadata("m", "", &CallOptions::new()).unwrap_err(),
        ] {
            let said = (error.status(), error.is_retryable(), error.is_in_doubt());
            assert_eq!(said, (Status::Unavailable, true, in_doubt), "{body}: {error:?}");
        }
    }
    for (text, in_doubt) in [
        ("[request id: <id_unknown>] Request timeout expired", false),
        ("GRPC server is shutting down and has stopped accepting new requests.", false),
        ("in ensemble 'e', [request id: <id_unknown>] Exceeds maximum queue size", true),
        ("upstream request timeout", true),
        ("", true),
    ] {
        let server = fault::Grpc::start(move |_, _| fault::GrpcResponse::TrailersOnly {
            status: 14,
            message: text.to_owned(),
        });
        let client = Client::new(&url!("grpc://{}", server.address())).unwrap();
        for error in [
            client.infer(&InferRequest::new("m")).unwrap_err(),
            client.model_metadata("m", "", &CallOptions::new()).unwrap_err(),
        ] {
            let said = (error.status(), error.is_retryable(), error.is_in_doubt());
            assert_eq!(said, (Status::Unavailable, true, in_doubt), "{text}: {error:?}");
            assert!(!text.is_empty() || error.to_string().contains("gave no reason"), "{error:?}");
        }
    }
}

#[test]
fn error_messages_are_bounded_for_every_response() {
    let long = "\u{e4}".repeat(4 << 20);
    let json = |name: &str, more: &str| {
        format!(r#"{{"outputs":[{{"name":"{name}","datatype":"INT32","shape":[2],{more}}}]}}"#)
    };
    for body in [
        json(&long, r#""data":[1]"#),
        json(&long, r#""data":["x"]"#),
        json("O", &format!(r#""data":["{long}"]"#)),
        json("O", &format!(r#""data":[1{}]"#, "0".repeat(1 << 20))),
        json(&long, r#""parameters":{"binary_data_size":8}"#),
        json("O", r#""data":[1]"#).replace("[2]", &format!("[2{}]", ",1".repeat(1000))),
        json(&long, r#""data":[1]"#).replace("[2]", &format!("[2{}]", ",1".repeat(1 << 20))),
    ] {
        let error = over_http(body.as_bytes()).unwrap_err();
        assert!(error.full_message().len() < 1024, "{} bytes", error.full_message().len());
    }
    for status in [400, 500] {
        for body in [format!(r#"{{"error":"{long}"}}"#), format!("<html>{long}"), "\u{1}".repeat(1 << 20)] {
            let bytes = response(status, &[], body.as_bytes());
            let server = Http::start(move |_| Response::Bytes(bytes.clone()));
            let client = Client::new(&url!("http://{}", server.address())).unwrap();
            for error in [
                client.infer(&InferRequest::new("m")).unwrap_err(),
                client.model_metadata("m", "", &CallOptions::new()).unwrap_err(),
            ] {
                let message = error.full_message();
                // For a page without a title, its first words.
                let bounds = if body.starts_with('<') { 200..400 } else { 8000..8400 };
                assert!(bounds.contains(&message.len()), "{} bytes", message.len());
                assert!(!message.contains("{\"error"), "{}", &message[..100]);
            }
        }
    }
    let server = fault::Grpc::start(move |_, _| fault::GrpcResponse::TrailersOnly {
        status: 5,
        message: "x".repeat(12 << 10),
    });
    let client = Client::new(&url!("grpc://{}", server.address())).unwrap();
    let error = client.infer(&InferRequest::new("m")).unwrap_err();
    assert_eq!(error.status(), Status::NotFound, "{error:?}");
    assert!(error.full_message().len() < 8400, "{} bytes", error.full_message().len());
}

/// Triton 2.51 does not decode the percent-encoding of the URL: a model whose name needs escaping is not
/// found over HTTP. (Unescaped bytes would work, except spaces, but RFC 3986 forbids them.)
#[test]
fn models_whose_names_need_escaping_in_a_url_are_found_over_grpc_only() {
    if is_embedded() {
        return;
    }
    let [http, grpc] = clients();
    for (name, is_plain) in [
        ("values+,=:@b~", true),
        ("values-mod\u{e8}le", false),
        ("values-100%", false),
        ("values%20b", false),
    ] {
        let _model = OwnModel::load(&grpc, name, &json!({}));
        expect_known(&grpc, &http, name, &[1], is_plain);
    }
    // The Python backend can't load a model with a space in its path; an ensemble has no backend.
    let name = "values a b";
    let tensor = |name: &str| json!({ "name": name, "data_type": "TYPE_INT32", "dims": [16] });
    let config = json!({
        "name": name,
        "platform": "ensemble",
        "max_batch_size": 8,
        "input": [tensor("I")],
        "output": [tensor("O")],
        "ensemble_scheduling": { "step": [{
            "model_name": "simple",
            "model_version": -1,
            "input_map": { "INPUT0": "I", "INPUT1": "I" },
            "output_map": { "OUTPUT0": "O" },
        }] },
    });
    let mut load = RepositoryOptions::new();
    load.set_config(Some(&config.to_string())).unwrap().add_file("1/none", "").unwrap();
    grpc.load_model(name, &load, &CallOptions::new()).unwrap();
    expect_known(&grpc, &http, name, &[1, 16], false);
    grpc.unload_model(name, &RepositoryOptions::new(), &CallOptions::new()).unwrap();
}

#[track_caller]
fn expect_known(grpc: &Client, http: &Client, name: &str, shape: &[i64], over_http: bool) {
    let call = CallOptions::new();
    let data = vec![4i32; shape.iter().product::<i64>() as usize];
    let request = InferRequest::new(name).input("I", shape, &data);
    let result = grpc.infer(&request).unwrap();
    assert_eq!(result.output("O").unwrap().as_slice::<i32>().unwrap()[0], 8, "{name}");
    assert!(grpc.is_model_ready(name, "", &call).unwrap(), "{name}");
    assert_eq!(grpc.model_metadata(name, "", &call).unwrap().name, name);
    assert_eq!(http.is_model_ready(name, "", &call).unwrap(), over_http, "{name}");
    for outcome in [http.infer(&request).map(drop), http.model_metadata(name, "", &call).map(drop)] {
        match outcome {
            Ok(()) => assert!(over_http, "{name}"),
            Err(error) => {
                assert!(!over_http && error.status() == Status::NotFound, "{name}: {error:?}");
                assert!(error.to_string().contains("use gRPC for this model"), "{name}: {error:?}");
            }
        }
    }
}
