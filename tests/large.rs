//! Requests and responses of 1.9 GiB and 3 GiB. `make test-large` runs this with a real server; plain `cargo
//! test` does not.

use std::{
    env, fs,
    time::{Duration, Instant},
};

use triton_client::{Client, ClientOptions, Datatype, Error, InferRequest, InferResult};

const GIB: usize = 1 << 30;
/// 1.9 GiB: with its framing below gRPC's limit of 2 GiB.
const LARGE: usize = GIB / 10 * 19;
/// The maximum memory of the process besides the result: the segment that the input repeats, and the program
/// itself.
const SLACK: usize = 96 << 20;

fn address(name: &str) -> String {
    env::var(name).expect("`make test-large` starts the server")
}

fn urls() -> [String; 2] {
    [format!("http://{}", address("TRITON_TEST_HTTP")), format!("grpc://{}", address("TRITON_TEST_GRPC"))]
}

/// Returns a segment of slightly more than 16 MiB, so that its repetitions are not aligned with frames.
fn segment() -> Vec<u8> {
    (0..(16usize << 20) + 4099).map(|at| (at % 251) as u8).collect()
}

/// Sends `byte_size` bytes, one segment repeated: the input takes little memory.
fn infer(client: &Client, segment: &[u8], byte_size: usize) -> Result<InferResult, Error> {
    let mut request = InferRequest::new("identity_uint8");
    let input = request.add_input("INPUT0", Datatype::Uint8, &[byte_size as i64])?;
    let mut left = byte_size;
    while left > 0 {
        let piece = &segment[..segment.len().min(left)];
        request.input_mut(input)?.append_data(piece);
        left -= piece.len();
    }
    client.infer(&request)
}

#[track_caller]
fn expect_values(result: &InferResult, segment: &[u8], byte_size: usize) {
    let data = result.output("OUTPUT0").unwrap().data();
    assert_eq!(data.len(), byte_size);
    // Not `assert_eq!`, which would print them.
    assert!(
        data.chunks(segment.len()).all(|chunk| *chunk == segment[..chunk.len()]),
        "the output differs from the input"
    );
}

/// Returns the maximum resident size of the process since the last [`reset_peak`].
fn peak_rss() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() << 10
}

fn reset_peak() {
    fs::write("/proc/self/clear_refs", "5").unwrap();
}

fn gib(byte_size: usize) -> f64 {
    byte_size as f64 / GIB as f64
}

fn options() -> ClientOptions {
    let mut options = ClientOptions::new();
    options.set_timeout(Some(Duration::from_secs(300))).unwrap();
    options
}

#[test]
fn nearly_two_gib_are_sent_and_received_with_no_copy_but_the_result() {
    let segment = segment();
    for url in urls() {
        let client = Client::with_options(&url, &options()).unwrap();
        for round in 1..=2 {
            reset_peak();
            let start = Instant::now();
            let result = infer(&client, &segment, LARGE).unwrap_or_else(|error| panic!("{url}: {error:?}"));
            let (took, peak) = (start.elapsed(), peak_rss());
            expect_values(&result, &segment, LARGE);
            println!(
                "{url}, call {round}: {:.2} GiB in and out in {took:.1?}, peak RSS {:.2} GiB",
                gib(LARGE),
                gib(peak)
            );
            assert!(peak <= LARGE + SLACK, "{url}: a peak of {peak} bytes for a result of {LARGE}");
        }
    }
}

/// Prints the server's error, if it has a lower limit, for the docs to quote.
#[test]
fn three_gib_are_sent_over_http_if_the_limit_is_raised() {
    const BYTE_SIZE: usize = 3 * GIB;
    let segment = segment();
    let mut options = options();
    options.set_max_message_byte_size(BYTE_SIZE + (1 << 20)).unwrap();
    let client = Client::with_options(&urls()[0], &options).unwrap();
    reset_peak();
    let start = Instant::now();
    let outcome = infer(&client, &segment, BYTE_SIZE);
    let (took, peak) = (start.elapsed(), peak_rss());
    match &outcome {
        Ok(result) => {
            expect_values(result, &segment, BYTE_SIZE);
            println!("3 GiB over HTTP in {took:.1?}, peak RSS {:.2} GiB", gib(peak));
        }
        Err(error) => {
            println!("3 GiB over HTTP, after {took:.1?}, peak RSS {:.2} GiB: {error:?}", gib(peak));
            println!("HTTP status {:?}, in doubt: {}", error.http_status(), error.is_in_doubt());
        }
    }
    assert!(peak <= BYTE_SIZE + SLACK, "a peak of {peak} bytes");
    // Server and client remain usable.
    expect_values(&infer(&client, &segment, 1000).unwrap(), &segment, 1000);
}
