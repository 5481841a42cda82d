//! Triton over gRPC, on tonic.

mod checked;
mod codec;
mod connector;
mod runtime;

use std::{
    error::Error as StdError,
    future::Future,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::uri::PathAndQuery;
use tonic::{
    Code, Request,
    client::Grpc as Stub,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
    transport::{Channel, Endpoint},
};
use tonic_prost::ProstCodec;

use self::{
    checked::Checked,
    codec::{Encoded, ResponseReader},
    connector::DialerConnector,
    runtime::Runtime,
};
use crate::{
    error::{self, Error, Origin, Result, Status},
    infer::{InferRequest, InferResult},
    model::Operation,
    net::dial::Dialer,
    options::CallContext,
    url::Url,
};

const MODEL_INFER: &str = "/inference.GRPCInferenceService/ModelInfer";
/// As much as the server may send of one answer before it hears that we read: with HTTP/2's 64 KiB large answers come
/// in small steps.
const STREAM_WINDOW: u32 = 4 << 20;
const CONNECTION_WINDOW: u32 = i32::MAX as u32;

/// One server over gRPC: one connection, opened by the first call and again when it is lost.
#[derive(Debug)]
pub(crate) struct Grpc {
    authority: String,
    connector: DialerConnector,
    channel: OnceLock<Channel>,
    runtime: Runtime,
}

impl Grpc {
    pub fn new(url: &Url, dialer: Arc<Dialer>) -> Self {
        Self {
            authority: url.authority(),
            connector: DialerConnector { dialer, connected: Arc::new(AtomicBool::new(false)) },
            channel: OnceLock::new(),
            runtime: Runtime::default(),
        }
    }

    /// Asks one operation of the control plane.
    pub fn call<O: Operation>(&self, operation: &O, context: &CallContext) -> Result<O::Reply> {
        let message = operation.to_grpc()?;
        context.check_request_size(prost::Message::encoded_len(&message) as u64)?;
        self.exchange(O::GRPC, message, ProstCodec::default(), context)
    }

    /// Runs one inference. tonic wants to own what it sends: the tensors are copied here, once.
    pub fn infer(&self, request: &InferRequest, context: &CallContext) -> Result<InferResult> {
        let encoded = Encoded::new(request);
        let byte_size = encoded.byte_size();
        context.check_request_size(byte_size)?;
        let mut message = BytesMut::with_capacity(usize::try_from(byte_size).unwrap_or(usize::MAX));
        encoded.parts().for_each(|part| message.put_slice(part));
        self.exchange(MODEL_INFER, message.freeze(), InferCodec(context.clone()), context)?
    }

    /// One message there and one back, within the deadline.
    fn exchange<C>(
        &self,
        path: &'static str,
        message: C::Encode,
        codec: C,
        context: &CallContext,
    ) -> Result<C::Decode>
    where
        C: Codec + Send + 'static,
        C::Encode: Sync + 'static,
        C::Decode: Sync + 'static,
    {
        let limit = usize::try_from(context.max_message_byte_size).unwrap_or(usize::MAX);
        let mut stub = Stub::new(Checked(self.channel()?))
            .max_decoding_message_size(limit)
            .max_encoding_message_size(limit);
        let mut request = Request::new(message);
        let left = context.deadline.remaining();
        if let Some(left) = left {
            // The server hears of the deadline too, and gives up what nobody waits for.
            request.set_timeout(left);
        }
        let call = async move {
            stub.ready().await.map_err(tonic::Status::from_error)?;
            let answer = stub.unary(request, PathAndQuery::from_static(path), codec).await?;
            Ok(answer.into_inner())
        };
        let outcome: std::result::Result<C::Decode, tonic::Status> =
            match self.runtime.run(within(left, call))? {
                Some(outcome) => outcome,
                None => return Err(self.timed_out(context)),
            };
        outcome.map_err(|status| self.failed(&status, context))
    }

    fn channel(&self) -> Result<Channel> {
        if let Some(channel) = self.channel.get() {
            return Ok(channel.clone());
        }
        let endpoint = Endpoint::from_shared(format!("http://{}", self.authority))
            .map_err(|error| Error::invalid("this host can't be asked over gRPC").with_source(error))?
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .user_agent(concat!("triton-client/", env!("CARGO_PKG_VERSION")))
            .map_err(|error| Error::invalid("this user agent can't be sent").with_source(error))?;
        let runtime = self.runtime.handle()?;
        // tonic starts the channel's task on the runtime of the thread that makes it.
        let _entered = runtime.enter();
        Ok(self.channel.get_or_init(|| endpoint.connect_with_connector_lazy(self.connector.clone())).clone())
    }

    fn timed_out(&self, context: &CallContext) -> Error {
        let connected = self.connector.connected.load(Ordering::Relaxed);
        let doing = if connected { "waiting for the answer" } else { "connecting" };
        context.timed_out(doing).in_doubt(connected)
    }

    /// What tonic's status means: the server's own word, or a failure on the way, which has a source.
    fn failed(&self, status: &tonic::Status, context: &CallContext) -> Error {
        if matches!(status.code(), Code::Cancelled | Code::DeadlineExceeded) && context.deadline.is_over() {
            return self.timed_out(context);
        }
        let mut source = status.source();
        while let Some(error) = source {
            if let Some(own) = error.downcast_ref::<Error>() {
                return own.clone();
            }
            source = error.source();
        }
        let said = status.message();
        if status.source().is_some() {
            return Error::connection(format!("the connection broke: {said}")).in_doubt(true);
        }
        // Of its own faults tonic gives no other sign than their texts.
        if status.code() == Code::Internal && said.starts_with("protocol error: ") {
            return Error::broken_answer(format!("the answer is no gRPC message: {said}"));
        }
        if status.code() == Code::OutOfRange && said.contains("decoded message length too large") {
            let limit = context.max_message_byte_size;
            let message =
                format!("the answer is over the client's largest message of {limit} bytes ({said})");
            return Error::new(Status::ResourceExhausted, Origin::Client, message).in_doubt(true);
        }
        let meaning = error::grpc_code_meaning(status.code() as i32);
        let said = if said.is_empty() { "the server gave no reason" } else { said };
        Error::answered(meaning, format!("{said} (gRPC status {})", meaning.status))
    }
}

/// `None` if the time is over first.
async fn within<T>(limit: Option<Duration>, future: impl Future<Output = T>) -> Option<T> {
    match limit {
        None => Some(future.await),
        Some(limit) => tokio::time::timeout(limit, future).await.ok(),
    }
}

/// tonic's way to our own encoder and reader.
struct InferCodec(CallContext);

impl Codec for InferCodec {
    type Encode = Bytes;
    type Decode = Result<InferResult>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self(self.0.clone())
    }

    fn decoder(&mut self) -> Self {
        Self(self.0.clone())
    }
}

impl Encoder for InferCodec {
    type Item = Bytes;
    type Error = tonic::Status;

    fn encode(&mut self, message: Bytes, into: &mut EncodeBuf<'_>) -> std::result::Result<(), tonic::Status> {
        into.put(message);
        Ok(())
    }
}

impl Decoder for InferCodec {
    type Item = Result<InferResult>;
    type Error = tonic::Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> std::result::Result<Option<Self::Item>, tonic::Status> {
        let result = ResponseReader::new(from.remaining() as u64, &self.0).and_then(|mut reader| {
            while from.has_remaining() {
                let chunk = from.chunk();
                let count = chunk.len();
                reader.push(chunk)?;
                from.advance(count);
            }
            reader.finish()
        });
        // What an error left behind is of this message still, not the next one.
        from.advance(from.remaining());
        Ok(Some(result))
    }
}
