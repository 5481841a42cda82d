//! Malformed records: each is an error or means something, none makes a decoder panic, read outside of the
//! record, or allocate more than a multiple of the record's size.

use std::{ptr, sync::Arc, time::Duration};

use bytes::Bytes;

use super::{
    boundary::Failure,
    control,
    known::KnownRequests,
    options,
    record::{Reader, Writer},
    request::{self, Memory},
};
use crate::{
    infer::{Datatype, Parameter},
    log::LogCallback,
    options::{ClientOptions, HeaderCallback, TlsVersion},
    until::CancelToken,
};

/// Buffers of 64 bytes, of which there are two.
struct Two([[u8; 64]; 2]);

impl Memory for Two {
    fn address(&mut self, index: i32, position: i64, byte_size: i64) -> Result<*mut u8, Failure> {
        let range = usize::try_from(position).ok().zip(usize::try_from(byte_size).ok());
        let buffer = usize::try_from(index).ok().and_then(|index| self.0.get_mut(index));
        match (buffer, range) {
            (Some(buffer), Some((from, size))) if from <= 64 && size <= 64 - from => {
                Ok(ptr::from_mut(buffer).cast::<u8>().wrapping_add(from))
            }
            _ => Err(super::record::malformed("no such buffer").into()),
        }
    }
}

fn decode(record: Vec<u8>) -> Result<crate::infer::InferRequest<'static>, Failure> {
    let record = Bytes::from(record);
    let mut memory = Two([[7; 64]; 2]);
    let request = request::decode(&record, &mut memory)?;
    // A request that is used again is the same as one that is decoded.
    thread_local! {
        static KNOWN: KnownRequests = KnownRequests::default();
    }
    let same = KNOWN.with(|known| {
        known.with(&record, &mut memory, |known| Ok((format!("{known:?}"), format!("{request:?}"))))
    });
    let (known, decoded) = same?;
    assert_eq!(known, decoded);
    // The request is used as a call uses it, but for the data, whose memory is gone.
    let _ = (request.model(), request.request_id(), request.parameters(), request.outputs().len());
    Ok(request)
}

/// A request with everything that a record can say.
fn whole_request(sequence: u8) -> Vec<u8> {
    let mut record = Writer::default();
    ["model", "3", "id-1"].into_iter().for_each(|text| record.str(text));
    record.u8(sequence);
    match sequence {
        1 => record.i64(42),
        2 => record.str("sequence"),
        _ => {}
    }
    if sequence != 0 {
        record.u8(3);
    }
    record.i64(7);
    record.i64(1_000_000);
    record.u8(1);
    record.u8(2);
    record.i32(4);
    for (name, kind) in [("a", 1), ("b", 2), ("c", 4), ("d", 5)] {
        record.str(name);
        record.u8(kind);
        match kind {
            1 => record.bool(true),
            2 => record.i64(-5),
            4 => record.f64(0.5),
            _ => record.str("text"),
        }
    }
    record.i32(5);
    for source in 0..5u8 {
        record.str(&format!("INPUT{source}"));
        record.u8(Datatype::Fp32 as u8);
        record.shape(&[1, 2]);
        record.u8(source);
        match source {
            1 => record.bytes(&[1; 8]),
            2 => {
                record.i32(1);
                record.i64(8);
                record.i64(8);
            }
            3 => {
                record.str("region");
                record.i64(8);
                record.i64(0);
            }
            4 => record.str("[1, 2]"),
            _ => {}
        }
        record.bool(false);
        record.i32(0);
    }
    // A request with an output buffer is not used again: without a sequence, there is none.
    let outputs = [(0, "OUT0"), (2, "OUT1"), (3, "OUT2")];
    let outputs = outputs.into_iter().filter(|(place, _)| *place != 2 || sequence != 0);
    record.i32(outputs.clone().count() as i32);
    for (place, name) in outputs {
        record.str(name);
        record.i32(0);
        record.bool(false);
        record.u8(place);
        match place {
            2 => {
                record.i32(0);
                record.i64(0);
                record.i64(64);
            }
            3 => {
                record.str("region");
                record.i64(8);
                record.i64(0);
            }
            _ => {}
        }
        record.i32(0);
    }
    record.into_vec()
}

fn whole_call_options() -> Vec<u8> {
    let mut record = Writer::default();
    record.u8(1);
    record.i64(5_000_000);
    record.u8(2);
    record.i64(1);
    record.u8(3);
    record.str("x-name");
    record.bytes(b"value");
    for (key, texts) in
        [(4, &["x-other"][..]), (5, &["key", "value"]), (6, &["key"]), (7, &["q", "v"]), (8, &["q"])]
    {
        record.u8(key);
        texts.iter().for_each(|text| record.str(text));
    }
    for (key, value) in [(9, 1), (10, 2), (12, 1)] {
        record.u8(key);
        record.u8(value);
    }
    for (key, text) in [(11, "gzip"), (13, "/path"), (14, "text/plain"), (15, "x-size"), (17, "token")] {
        record.u8(key);
        record.str(text);
    }
    record.u8(16);
    ["user", "password"].into_iter().for_each(|text| record.str(text));
    record.into_vec()
}

fn whole_client_options() -> Vec<u8> {
    let mut record = Writer::default();
    for key in [1, 2, 3] {
        record.u8(key);
        record.i64(-1);
    }
    for key in [4, 5, 7, 11, 12, 13] {
        record.u8(key);
        record.i64(5);
    }
    record.u8(6);
    record.bool(true);
    record.u8(8);
    record.i32(2);
    record.u8(9);
    record.str("http://localhost:8002");
    record.u8(10);
    record.str("inference.GRPCInferenceService");
    record.u8(14);
    let mut defaults = Writer::default();
    defaults.u8(1);
    defaults.i64(1);
    record.bytes(&defaults.into_vec());
    record.u8(15);
    record.i32(3);
    for (key, texts) in [
        (16, &["ca.pem"][..]),
        (17, &["certificates"]),
        (18, &["client.pem", "client.key"]),
        (19, &["certificate", "key"]),
        (21, &["triton.example"]),
        (22, &["triton.example:443"]),
        (33, &["my-service/2"]),
    ] {
        record.u8(key);
        texts.iter().for_each(|text| record.str(text));
    }
    record.u8(20);
    record.u8(13);
    record.u8(25);
    for key in [23, 24, 29] {
        record.u8(key);
        record.bool(false);
    }
    for key in [26, 27, 28, 30, 31, 32] {
        record.u8(key);
        record.i64(7);
    }
    record.into_vec()
}

fn whole_headers() -> Vec<u8> {
    let mut record = Writer::default();
    for (name, value) in [("authorization", "Bearer abc"), ("x-trace-bin", "\u{1}\u{2}"), ("x-empty", "")] {
        record.str(name);
        record.str(value);
    }
    record.into_vec()
}

fn whole_repository_options() -> Vec<u8> {
    let mut record = Writer::default();
    for (key, text) in [(1, "repository"), (3, "{\"max_batch_size\": 8}")] {
        record.u8(key);
        record.str(text);
    }
    for key in [2, 5] {
        record.u8(key);
        record.bool(true);
    }
    record.u8(4);
    record.str("1/model.py");
    record.bytes(b"code");
    record.into_vec()
}

fn whole_settings_update() -> Vec<u8> {
    let mut record = Writer::default();
    record.i32(5);
    for (name, kind) in ["cleared", "bool", "number", "text", "list"].into_iter().zip(0u8..) {
        record.str(name);
        record.u8(kind);
        match kind {
            1 => record.bool(true),
            2 => record.i64(7),
            3 => record.str("text"),
            4 => record.list(["a", "b"].iter(), |record, text| record.str(text)),
            _ => {}
        }
    }
    record.into_vec()
}

fn token_of(_: i64) -> CancelToken {
    CancelToken::new()
}

fn client(record: &[u8]) -> crate::error::Result<ClientOptions> {
    let (log, headers): (Arc<LogCallback>, Arc<HeaderCallback>) =
        (Arc::new(|_, _, _| ()), Arc::new(|_| Ok(())));
    options::client(record, token_of, &log, &headers)
}

fn message(failure: Failure) -> String {
    match failure {
        Failure::Error(error) => error.to_string(),
        Failure::Java(error) => error.to_string(),
    }
}

#[test]
fn a_request_is_decoded_with_all_that_it_says() {
    let request = decode(whole_request(1)).map_err(message).unwrap();
    assert_eq!((request.model(), request.request_id()), (("model", "3"), "id-1"));
    assert_eq!(request.parameters().get("b"), Some(&Parameter::Int64(-5)));
    assert_eq!(request.parameters().get("d"), Some(&Parameter::String("text".to_owned())));
    let inputs = request.inputs();
    assert_eq!(inputs.iter().map(|input| input.byte_size()).collect::<Vec<_>>(), [0, 8, 8, 8, 0]);
    assert_eq!(inputs[1].shape(), [1, 2]);
    assert!(inputs[3].region().is_some());
    assert!(request.outputs()[1].buffer().is_some() && request.outputs()[2].region().is_some());
    let sequence = request.settings().sequence.clone().unwrap();
    assert!(sequence.start && sequence.end);
    assert!(decode(whole_request(2)).is_ok() && decode(whole_request(0)).is_ok());
    assert!(options::call(&whole_call_options(), token_of).unwrap().cancel_token().is_some());
    assert!(control::repository(&whole_repository_options()).is_ok());
    assert!(control::update(&whole_settings_update()).is_ok());
    let client = client(&whole_client_options()).unwrap();
    assert_eq!((client.max_in_flight, client.callback_threads), (5, 2));
    let (tls, connections) = (&client.tls, &client.connections);
    assert_eq!((tls.min_version, tls.verify_peer, tls.verify_host), (TlsVersion::V1_3, false, false));
    assert_eq!(
        (tls.server_name.as_deref(), client.authority.as_deref()),
        (Some("triton.example"), Some("triton.example:443"))
    );
    let mut added = Vec::new();
    options::headers(&whole_headers(), |name, value| {
        added.push((name.to_owned(), value.len()));
        Ok(())
    })
    .unwrap();
    assert_eq!(
        added,
        [("authorization", 10), ("x-trace-bin", 2), ("x-empty", 0)].map(|(a, b)| (a.to_owned(), b))
    );
    // Of what can be set in two ways the later counts.
    assert_eq!(
        format!("{:?} {:?}", tls.ca, tls.client),
        "Some(Bytes(12 bytes)) Some(ClientCertificate { certificate: Bytes(11 bytes), key: Bytes(3 bytes) })"
    );
    let seven = Duration::from_nanos(7);
    let times = [
        connections.idle_timeout,
        connections.max_age,
        connections.tcp_keepalive,
        connections.keepalive_time,
    ];
    assert_eq!(times, [Some(seven); 4]);
    assert_eq!(
        (connections.keepalive_timeout, connections.max_requests, connections.tcp_nodelay),
        (seven, 7, false)
    );
    assert_eq!(client.user_agent.as_deref(), Some("my-service/2"));
}

#[test]
fn a_record_that_is_cut_or_too_long_is_refused() {
    for sequence in 0..3 {
        let whole = whole_request(sequence);
        for length in 0..whole.len() {
            assert!(decode(whole[..length].to_vec()).is_err(), "{length} of {} bytes", whole.len());
        }
        let mut longer = whole;
        longer.push(0);
        assert!(decode(longer).is_err());
    }
}

#[test]
fn a_length_beyond_the_record_allocates_nothing() {
    for length in [-2, i32::MIN, i32::MAX, 1 << 30] {
        let bytes = length.to_le_bytes();
        assert!(Reader::new(&bytes).str().is_err());
        assert!(Reader::new(&bytes).bytes().is_err());
        assert!(Reader::new(&bytes).shape().is_err());
        assert!(Reader::new(&bytes).count(1).is_err());
    }
}

#[test]
fn no_mutation_of_a_record_makes_a_decoder_panic() {
    let mut random = 0x9E37_79B9_7F4A_7C15u64;
    let mut next = |below: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        (random % below.max(1) as u64) as usize
    };
    const ODD: [i32; 8] = [-1, 0, 1, 255, i32::MAX, i32::MIN, 65_536, -128];
    let wholes = [
        whole_request(0),
        whole_request(1),
        whole_request(2),
        whole_call_options(),
        whole_client_options(),
        whole_repository_options(),
        whole_settings_update(),
        whole_headers(),
    ];
    let mut accepted = 0;
    for round in 0..60_000 {
        let kind = round % wholes.len();
        let mut record = wholes[kind].clone();
        for _ in 0..=next(3) {
            let at = next(record.len());
            match next(5) {
                0 => record[at] = next(256) as u8,
                1 => record[at] ^= 1 << next(8),
                2 if at + 4 <= record.len() => {
                    record[at..at + 4].copy_from_slice(&ODD[next(ODD.len())].to_le_bytes());
                }
                3 => drop(record.splice(at..at, [next(256) as u8])),
                _ => record.truncate(at.max(1)),
            }
        }
        accepted += usize::from(match kind {
            3 => options::call(&record, token_of).is_ok(),
            4 => client(&record).is_ok(),
            5 => control::repository(&record).is_ok(),
            6 => control::update(&record).is_ok(),
            7 => options::headers(&record, |_, _| Ok(())).is_ok(),
            _ => decode(record).is_ok(),
        });
    }
    // Flips within texts and numbers are requests too: the decoders went all the way through.
    assert!(accepted > 1_000, "{accepted}");
}
