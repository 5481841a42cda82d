//! Compression over gRPC, of requests and responses.

use std::{
    io::{Read, Write},
    sync::{Arc, Mutex},
};

use flate2::{
    Compression as Level,
    read::{GzDecoder, ZlibDecoder},
    write::{GzEncoder, ZlibEncoder},
};
use h2::server::Builder;
use prost::Message;
use triton_client::{
    CallOptions, Client, ClientOptions, Compression, Datatype, Error, InferRequest, InferResult, Origin,
    Status,
};

use crate::{
    own_server::OwnServer,
    server::is_embedded,
    support::{
        embedded::inference::{ModelInferResponse, model_infer_response::InferOutputTensor},
        fault::{Peer, Wire, frame},
        grpc, http2,
    },
};

const COMPRESSIONS: [Compression; 2] = [Compression::Gzip, Compression::Deflate];

fn name(compression: Compression) -> &'static str {
    if compression == Compression::Gzip { "gzip" } else { "deflate" }
}

fn compress(compression: Compression, plain: &[u8]) -> Vec<u8> {
    fn all<W: Write>(mut to: W, plain: &[u8]) -> W {
        to.write_all(plain).unwrap();
        to
    }
    match compression {
        Compression::Gzip => all(GzEncoder::new(Vec::new(), Level::best()), plain).finish().unwrap(),
        _ => all(ZlibEncoder::new(Vec::new(), Level::best()), plain).finish().unwrap(),
    }
}

/// Returns a response with one output of `byte_size` bytes.
fn message(byte_size: usize) -> Vec<u8> {
    let output = InferOutputTensor {
        name: "O".to_owned(),
        datatype: "UINT8".to_owned(),
        shape: vec![byte_size as i64],
        ..Default::default()
    };
    ModelInferResponse {
        model_name: "m".to_owned(),
        outputs: vec![output],
        raw_output_contents: vec![vec![7; byte_size].into()],
        ..Default::default()
    }
    .encode_to_vec()
}

#[test]
fn the_real_servers_compressed_responses_are_read() {
    if is_embedded() {
        return;
    }
    let server = OwnServer::start("identity_int32", "--grpc-infer-response-compression-level=high");
    let client = Client::new(&server.urls()[1]).unwrap();
    for data in [(0..200_000).map(|at| at / 100).collect::<Vec<i32>>(), vec![5], vec![]] {
        let request = InferRequest::new("identity_int32").input("INPUT0", &[data.len() as i64], &data);
        for compression in [Compression::None, Compression::Gzip, Compression::Deflate] {
            let mut options = CallOptions::new();
            options.set_response_compression(compression);
            let result = client.infer_with(&request, &options).unwrap();
            assert_eq!(result.output("OUTPUT0").unwrap().as_slice::<i32>().unwrap(), data, "{compression:?}");
            let encoding = result.headers().get("grpc-encoding").unwrap_or("identity");
            let expected = if compression == Compression::None { "identity" } else { name(compression) };
            assert_eq!(encoding, expected, "{:?}", result.headers());
        }
    }
}

/// Infers on a server that responds with this `grpc-encoding` and these bytes, prefix included.
fn read(encoding: &'static str, data: Vec<u8>, requested: Compression) -> Result<InferResult, Error> {
    let server = Wire::start(move |_, stream| {
        let peer = Peer::accept(stream, &[])?;
        loop {
            let stream = peer.read_request()?;
            peer.response_headers(stream, &[("grpc-encoding", encoding)], false)?;
            data.chunks(1000).try_for_each(|data| peer.send(frame::DATA, 0, stream, data))?;
            peer.headers(stream, &[("grpc-status", "0")], true)?;
        }
    });
    let mut options = ClientOptions::new();
    let mut defaults = CallOptions::new();
    defaults.set_response_compression(requested);
    options.set_call_options(defaults).unwrap().set_max_decompressed_byte_size(1 << 20).unwrap();
    let client = Client::with_options(&url!("grpc://{}", server.address()), &options).unwrap();
    let outcome = client.infer(&InferRequest::new("m"));
    assert_eq!(client.infer(&InferRequest::new("m")).is_ok(), outcome.is_ok());
    // A connection is not reused after a malformed response.
    let is_malformed = outcome.as_ref().is_err_and(|error| error.status() == Status::Internal);
    assert_eq!(server.connections(), if is_malformed { 2 } else { 1 });
    outcome
}

/// Returns a compressed message with its prefix.
fn framed(message: &[u8]) -> Vec<u8> {
    [&[1], &(message.len() as u32).to_be_bytes()[..], message].concat()
}

#[test]
fn a_compressed_message_is_decompressed_by_its_grpc_encoding() {
    for compression in COMPRESSIONS {
        for byte_size in [0, 1, 100_000] {
            let data = framed(&compress(compression, &message(byte_size)));
            // Regardless of which of them was requested.
            for requested in COMPRESSIONS {
                let result = read(name(compression), data.clone(), requested).unwrap();
                assert!(result.output("O").unwrap().data() == vec![7; byte_size], "{compression:?}");
            }
        }
        // A message may be uncompressed despite `grpc-encoding`.
        let result = read(name(compression), grpc::frame(&message(8)).into(), compression).unwrap();
        assert_eq!(result.output("O").unwrap().data(), [7; 8]);
    }
}

#[test]
fn a_message_that_does_not_match_its_grpc_encoding_is_malformed() {
    for compression in COMPRESSIONS {
        let whole = compress(compression, &message(5000));
        let short = [&framed(&whole)[..5], &whole[..whole.len() - 1]].concat();
        let mut corrupted = whole.clone();
        *corrupted.last_mut().unwrap() ^= 1;
        let other = if compression == Compression::Gzip { "deflate" } else { "gzip" };
        let cases = [
            ("garbage", name(compression), framed(b"garbage"), "data in the response"),
            ("empty", name(compression), framed(b""), ""),
            ("the other compression", other, framed(&whole), "data in the response"),
            ("cut short", name(compression), framed(&whole[..whole.len() - 9]), "data in the response"),
            ("wrong checksum", name(compression), framed(&corrupted), "data in the response"),
            ("shorter than announced", name(compression), short, "1 bytes are missing"),
            ("longer than announced", name(compression), [framed(&whole), vec![0]].concat(), "trailing data"),
            (
                "malformed message",
                name(compression),
                framed(&compress(compression, &[0xff; 9])),
                "ModelInferResponse",
            ),
            ("unknown encoding", "zstd", framed(&whole), "zstd"),
            ("identity", "identity", framed(&whole), "identity"),
        ];
        for (what, encoding, data, hint) in cases {
            let error = read(encoding, data, compression).unwrap_err();
            let said = (error.status(), error.origin(), error.is_in_doubt());
            assert_eq!(said, (Status::Internal, Origin::Connection, true), "{what}: {error:?}");
            assert!(error.full_message().contains(hint), "{what}: {error:?}");
        }
    }
}

#[test]
fn a_decompression_bomb_is_refused() {
    for compression in COMPRESSIONS {
        let bomb = compress(compression, &message(8 << 20));
        assert!(bomb.len() < 20_000);
        let error = read(name(compression), framed(&bomb), compression).unwrap_err();
        let said = (error.status(), error.origin(), error.is_in_doubt());
        assert_eq!(said, (Status::ResourceExhausted, Origin::Client, true), "{error:?}");
        assert!(error.full_message().contains("1048576"), "{error:?}");
    }
}

#[test]
fn a_request_is_compressed_with_its_grpc_encoding() {
    let received = Arc::new(Mutex::new(Vec::new()));
    let note = received.clone();
    let server = http2::Server::start(
        Builder::new(),
        || (),
        move |mut call| {
            let note = note.clone();
            async move {
                let body = call.read_body().await?;
                note.lock().unwrap().push((call.headers().clone(), body));
                grpc::reply(&mut call, vec![message(1)], grpc::OK, "").await
            }
        },
    )
    .unwrap();
    let client = Client::new(&url!("grpc://{}", server.address())).unwrap();
    let data = vec![3u8; 50_000];
    let request = InferRequest::new("m").input_bytes("I", Datatype::Uint8, &[50_000], &data);
    let plain = request.to_grpc_message().unwrap();
    for compression in [Compression::Gzip, Compression::Deflate, Compression::None] {
        let mut options = CallOptions::new();
        options.set_request_compression(compression);
        client.infer_with(&request, &options).unwrap();
        client.infer_message(&plain, &options).unwrap();
        for (headers, body) in received.lock().unwrap().drain(..) {
            let (prefix, message) = body.split_at(5);
            let is_compressed = compression != Compression::None;
            assert_eq!(prefix[0], u8::from(is_compressed));
            assert_eq!(prefix[1..], (message.len() as u32).to_be_bytes());
            let encoding = headers.get("grpc-encoding").map(|name| name.to_str().unwrap());
            assert_eq!(encoding, is_compressed.then(|| name(compression)));
            assert!(headers.get("grpc-accept-encoding").is_none());
            let mut decompressed = Vec::new();
            match compression {
                Compression::Gzip => GzDecoder::new(message).read_to_end(&mut decompressed).unwrap(),
                Compression::Deflate => ZlibDecoder::new(message).read_to_end(&mut decompressed).unwrap(),
                Compression::None => (&message[..]).read_to_end(&mut decompressed).unwrap(),
            };
            assert!(decompressed == plain && (!is_compressed || message.len() < 1000), "{}", message.len());
        }
    }
}

#[test]
fn grpc_accept_encoding_has_no_weights() {
    let received = Arc::new(Mutex::new(Vec::new()));
    let note = received.clone();
    let server = http2::Server::start(
        Builder::new(),
        || (),
        move |mut call| {
            let accepted =
                call.headers().get("grpc-accept-encoding").map(|value| value.to_str().unwrap().to_owned());
            note.lock().unwrap().push(accepted);
            async move { grpc::reply(&mut call, vec![message(1)], grpc::OK, "").await }
        },
    )
    .unwrap();
    let client = Client::new(&url!("grpc://{}", server.address())).unwrap();
    let mut options = CallOptions::new();
    for compression in COMPRESSIONS {
        options.set_response_compression(compression);
        client.infer_with(&InferRequest::new("m"), &options).unwrap();
    }
    options.set_accept_encoding("deflate, gzip;q=0.5").unwrap();
    client.infer_with(&InferRequest::new("m"), &options).unwrap();
    client.infer(&InferRequest::new("m")).unwrap();
    let received = received.lock().unwrap();
    assert_eq!(
        *received,
        [Some("gzip"), Some("deflate"), Some("deflate,gzip"), None].map(|value| value.map(str::to_owned))
    );
}
