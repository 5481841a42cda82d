//! Servers that act out a case and otherwise respond as Triton does: to an inference of one INT32 input with
//! `OUTPUT0`, each element plus 1, and the request's id; to a request for a model's metadata with the model's
//! name.

use std::{
    io::{self, BufReader, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use prost::Message;
use serde_json::{Value, json};

use super::{
    Request, response,
    sockets::{wait_until, wait_until_delivered, wait_until_read, wait_until_received},
    wire::{Peer, Wire},
};
use crate::support::embedded::inference::{
    ModelInferRequest, ModelInferResponse, ModelMetadataRequest, ModelMetadataResponse,
    model_infer_response::InferOutputTensor,
};

/// What a wrong response adds to each element instead of 1.
pub const WRONG: i32 = 500_000;

/// A server whose responses a test may replace. Each connection has a thread.
#[derive(Debug)]
pub struct Cases {
    wire: Wire,
    seen: Arc<Mutex<Vec<usize>>>,
    /// Whether the client has received a late response.
    late: Arc<AtomicBool>,
}

impl Cases {
    /// Starts an HTTP/1.1 server: `play` responds to the first request; later ones get the correct response.
    pub fn http_first(play: impl Fn(&HttpTurn) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self::http(move |turn| if turn.number == 0 { play(turn) } else { turn.send(&turn.good()) })
    }

    /// Starts an HTTP/1.1 server: `play` responds to each request. An error closes the connection.
    pub fn http(play: impl Fn(&HttpTurn) -> io::Result<()> + Send + Sync + 'static) -> Self {
        let (seen, late) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
        let (log, is_late) = (seen.clone(), late.clone());
        let wire = Wire::start(move |connection, stream| {
            let mut reader = BufReader::new(stream);
            while let Some(request) = Request::read(&mut reader, stream)? {
                let number = note(&log, connection);
                play(&HttpTurn { stream, request, connection, number, late: &is_late })?;
            }
            Ok(())
        });
        Self { wire, seen, late }
    }

    /// Starts a gRPC server: `play` responds to the first request; later ones get the correct response.
    pub fn grpc_first(play: impl Fn(&GrpcTurn) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self::grpc(move |turn| if turn.number == 0 { play(turn) } else { turn.reply_good() })
    }

    /// Starts a gRPC server: `play` responds to each request. An error closes the connection.
    pub fn grpc(play: impl Fn(&GrpcTurn) -> io::Result<()> + Send + Sync + 'static) -> Self {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = seen.clone();
        let wire = Wire::start(move |connection, stream| {
            let peer = Peer::accept(stream, &[])?;
            loop {
                let (stream, message) = peer.read_message()?;
                play(&GrpcTurn { peer: &peer, stream, message, connection, number: note(&log, connection) })?;
            }
        });
        Self { wire, seen, late: Arc::default() }
    }

    pub fn address(&self) -> SocketAddr {
        self.wire.address()
    }

    /// Returns the number of connections accepted so far.
    pub fn connections(&self) -> usize {
        self.wire.connections()
    }

    /// Waits until the client has received the second response of [`HttpTurn::send_then_late`].
    pub fn wait_for_late(&self) {
        wait_until("a late response", || self.late.load(Ordering::SeqCst));
    }

    /// Returns the number of requests read in full so far.
    pub fn requests(&self) -> usize {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// Records the connection of a request, and returns the request's number.
fn note(seen: &Mutex<Vec<usize>>, connection: usize) -> usize {
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    seen.push(connection);
    seen.len() - 1
}

/// Closes the connection.
pub fn close() -> io::Result<()> {
    Err(io::ErrorKind::ConnectionAborted.into())
}

/// A request over HTTP.
pub struct HttpTurn<'s> {
    stream: &'s TcpStream,
    pub request: Request,
    /// The number of its connection, and its own among all requests of the server, from 0.
    pub connection: usize,
    pub number: usize,
    late: &'s AtomicBool,
}

impl HttpTurn<'_> {
    pub fn send(&self, bytes: &[u8]) -> io::Result<()> {
        let mut stream = self.stream;
        stream.write_all(bytes)
    }

    /// Waits until the client has received all that was sent, though it may not have read it.
    pub fn wait_until_delivered(&self) {
        wait_until_delivered(self.stream);
    }

    /// Sends a response, and another one after the client has read it.
    pub fn send_then_late(&self, bytes: &[u8], late: &[u8]) -> io::Result<()> {
        self.send(bytes)?;
        wait_until_read(self.stream);
        // Fails if the client has closed the connection.
        let outcome = self.send(late);
        wait_until_received(self.stream);
        self.late.store(true, Ordering::SeqCst);
        outcome
    }

    pub fn is_inference(&self) -> bool {
        self.request.path.ends_with("/infer")
    }

    /// Returns the JSON part of an inference, and its elements.
    fn inference(&self) -> (Value, Vec<i32>) {
        let body = &self.request.body;
        let size = self.request.header("inference-header-content-length");
        let size = size.map_or(body.len(), |size| size.parse().expect("a size by the client"));
        let json = serde_json::from_slice(&body[..size]).expect("JSON by the client");
        (json, elements(&body[size..]))
    }

    /// Returns the id of an inference; empty if it has none.
    pub fn id(&self) -> String {
        self.inference().0["id"].as_str().unwrap_or_default().to_owned()
    }

    /// Returns the body of the correct response, and the byte size of its JSON part if a tensor follows.
    pub fn body(&self) -> (Vec<u8>, Option<usize>) {
        if !self.is_inference() {
            let model = self.request.path.split('/').nth(3).unwrap_or_default();
            return (json!({"name": model, "versions": ["1"], "platform": "p"}).to_string().into(), None);
        }
        self.inferred(1, Some(json!(self.id())))
    }

    fn inferred(&self, add: i32, id: Option<Value>) -> (Vec<u8>, Option<usize>) {
        let (_, elements) = self.inference();
        let tensor: Vec<u8> = elements.iter().flat_map(|element| (element + add).to_le_bytes()).collect();
        let mut part = json!({"model_name": "m", "model_version": "1", "outputs": [{"name": "OUTPUT0",
            "datatype": "INT32", "shape": [elements.len()], "parameters": {"binary_data_size": tensor.len()}}]});
        if let Some(id) = id {
            part["id"] = id;
        }
        let part = part.to_string();
        ([part.as_bytes(), &tensor].concat(), Some(part.len()))
    }

    /// Returns the correct response.
    pub fn good(&self) -> Vec<u8> {
        whole(self.body())
    }

    /// Returns the correct response with another id, or none.
    pub fn good_under(&self, id: Option<Value>) -> Vec<u8> {
        whole(self.inferred(1, id))
    }

    /// Returns a valid response with other values, and without an id.
    pub fn wrong(&self) -> Vec<u8> {
        match self.is_inference() {
            true => whole(self.inferred(WRONG, None)),
            false => response(200, &[], br#"{"name":"wrong"}"#),
        }
    }

    /// Returns a response with these outputs, without binary data.
    pub fn with_outputs(&self, outputs: Value) -> Vec<u8> {
        let part =
            json!({"model_name": "m", "model_version": "1", "id": self.id(), "outputs": outputs}).to_string();
        response(200, &[("Content-Type", "application/json")], part.as_bytes())
    }
}

fn whole((body, size): (Vec<u8>, Option<usize>)) -> Vec<u8> {
    let size = size.map(|size| size.to_string());
    let sized = size.as_ref().map(|size| ("Inference-Header-Content-Length", &size[..]));
    response(200, sized.as_slice(), &body)
}

fn elements(raw: &[u8]) -> Vec<i32> {
    raw.chunks_exact(4).map(|four| i32::from_le_bytes([four[0], four[1], four[2], four[3]])).collect()
}

/// A request over gRPC.
pub struct GrpcTurn<'p, 's> {
    pub peer: &'p Peer<'s>,
    pub stream: u32,
    /// Without its prefix.
    pub message: Vec<u8>,
    /// The number of its connection, and its own among all requests of the server, from 0.
    pub connection: usize,
    pub number: usize,
}

impl GrpcTurn<'_, '_> {
    /// Returns the message of the correct response.
    pub fn good(&self) -> Vec<u8> {
        match ModelInferRequest::decode(&self.message[..]) {
            Ok(request) if !request.inputs.is_empty() => inferred(&request).encode_to_vec(),
            _ => {
                let request = ModelMetadataRequest::decode(&self.message[..]).unwrap_or_default();
                ModelMetadataResponse { name: request.name, ..Default::default() }.encode_to_vec()
            }
        }
    }

    /// Sends the correct response.
    pub fn reply_good(&self) -> io::Result<()> {
        self.reply(&self.good())
    }

    /// Sends a message and the status OK, in frames of a size that every client accepts.
    pub fn reply(&self, message: &[u8]) -> io::Result<()> {
        self.peer.reply(self.stream, message)
    }
}

fn inferred(request: &ModelInferRequest) -> ModelInferResponse {
    let elements = elements(request.raw_input_contents.first().map_or(&[][..], |raw| &raw[..]));
    let raw: Vec<u8> = elements.iter().flat_map(|element| (element + 1).to_le_bytes()).collect();
    ModelInferResponse {
        model_name: request.model_name.clone(),
        model_version: "1".to_owned(),
        id: request.id.clone(),
        outputs: vec![InferOutputTensor {
            name: "OUTPUT0".to_owned(),
            datatype: "INT32".to_owned(),
            shape: vec![elements.len() as i64],
            ..Default::default()
        }],
        raw_output_contents: vec![raw.into()],
        ..Default::default()
    }
}
