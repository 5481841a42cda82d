//! Sends two interleaved sequences of the model `simple_dyna_sequence` over one stream:
//! `cargo run --example sequence_stream -- grpc://localhost:8001 1000`

use triton_client::{Client, InferRequest, Result, StreamEvent, StreamOptions};

const VALUES: [i32; 5] = [11, 7, 5, 3, 2];

fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "grpc://localhost:8001".to_owned());
    let first: u64 = arguments.next().and_then(|id| id.parse().ok()).unwrap_or(1000);
    let client = Client::new(&url)?;
    let stream = client.open_stream(&StreamOptions::new())?;

    for (step, value) in VALUES.into_iter().enumerate() {
        for (sequence, value) in [(first, value), (first + 1, -value)] {
            let data = [value];
            // The id of the request, which its result repeats, says which step a result belongs to.
            let mut request = InferRequest::new("simple_dyna_sequence")
                .id(format!("{sequence}, step {step}"))
                .input("INPUT", &[1, 1], &data);
            request.set_sequence(sequence, step == 0, step == VALUES.len() - 1)?;
            stream.send(&request, None)?;
        }
    }
    stream.finish()?;

    loop {
        match stream.next(None)? {
            StreamEvent::Result(result) => {
                println!("{}: {:?}", result.id(), result.output("OUTPUT")?.as_slice::<i32>()?);
            }
            // The stream goes on after the failure of one request.
            StreamEvent::RequestError(error) => eprintln!("{}", error.full_message()),
            StreamEvent::End(status) => return status,
        }
    }
}
