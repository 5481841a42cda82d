//! Triton over gRPC: every call on a lane of its own.

mod codec;
mod contents;
mod exchange;
mod frames;
mod lane;
mod message;
mod offline;
mod parameters;
mod status;
mod wrong_port;

pub(crate) use codec::Encoded;

use std::{cell::Cell, time::Instant};

use http::{HeaderMap, Uri};

use self::{
    codec::InferReader,
    exchange::Unary,
    lane::Lane,
    message::{MessageReader, PREFIX_BYTE_SIZE},
};
use crate::{
    error::{Error, Result, Status},
    headers::Headers,
    infer::{InferResult, Stopwatch, place::Places},
    lend::Loan,
    net::{
        attempts::Failure,
        dial::Dialer,
        drive::Caller,
        pool::{ConnectionCounts, Kept, Pool},
    },
    options::{CallContext, Route},
    reasons,
    url::Url,
};

const MODEL_INFER: &str = "ModelInfer";
const USER_AGENT: &str = concat!("triton-client/", env!("CARGO_PKG_VERSION"));
/// A message is lent in pieces of at most this size: what has to be copied of it when a call ends early is one of them.
const PIECE_BYTE_SIZE: usize = 1 << 20;

/// One server over gRPC.
#[derive(Debug)]
pub(crate) struct Grpc {
    authority: String,
    service_name: String,
    infer_uri: Uri,
    common_headers: HeaderMap,
    dialer: Dialer,
    lanes: Pool<Lane>,
}

/// A message of the control plane, and the method that it is for.
#[derive(Debug)]
pub(crate) struct GrpcRequest {
    uri: Uri,
    /// Its prefix, and the message.
    message: Vec<u8>,
}

/// The response to one.
pub(crate) struct GrpcResponse<'t> {
    pub headers: Headers,
    pub message: Vec<u8>,
    pub connection: Kept<'t, Lane>,
}

impl Grpc {
    pub fn new(url: &Url, service_name: &str, dialer: Dialer, max_connections: usize) -> Result<Self> {
        let authority = url.authority();
        Ok(Self {
            infer_uri: uri(&authority, service_name, MODEL_INFER)?,
            authority,
            service_name: service_name.to_owned(),
            common_headers: exchange::common_headers(),
            dialer,
            lanes: Pool::new(max_connections),
        })
    }

    /// Makes a request of the control plane; `method` is as [`Operation::GRPC`](crate::model::Operation::GRPC).
    pub fn request(
        &self,
        method: &str,
        message: &impl prost::Message,
        context: &CallContext,
    ) -> Result<GrpcRequest> {
        check_http_only(context)?;
        let byte_size = message.encoded_len();
        context.check_request_size(byte_size as u64)?;
        let prefix = message::prefix(byte_size as u64)?;
        let mut bytes = Vec::with_capacity(PREFIX_BYTE_SIZE + byte_size);
        bytes.extend_from_slice(&prefix);
        // The vector grows: encoding can't fail.
        let _ = message.encode(&mut bytes);
        Ok(GrpcRequest { uri: uri(&self.authority, &self.service_name, method)?, message: bytes })
    }

    /// Sends a request of the control plane; what comes back is a message.
    pub async fn call(
        &self,
        request: &GrpcRequest,
        fresh: bool,
        caller: &Caller,
        context: &CallContext<'_>,
    ) -> std::result::Result<GrpcResponse<'_>, Failure> {
        let watch = &mut Stopwatch::start();
        let parts = std::iter::once(&request.message[..]);
        let (headers, message, connection) =
            self.unary(&request.uri, false, parts, Whole::default(), fresh, watch, caller, context).await?;
        Ok(GrpcResponse { headers, message, connection })
    }

    /// Sends one inference.
    pub async fn infer(
        &self,
        message: &Encoded<'_>,
        places: &mut Places<'_>,
        fresh: bool,
        watch: &mut Stopwatch,
        caller: &Caller,
        context: &CallContext<'_>,
    ) -> std::result::Result<InferResult, Failure> {
        let reader = InferReader::new(places);
        let (headers, mut result, connection) =
            self.unary(&self.infer_uri, true, message.parts(), reader, fresh, watch, caller, context).await?;
        result.headers = headers;
        result.times = watch.times();
        connection.check_in();
        Ok(result)
    }

    #[expect(clippy::too_many_arguments, reason = "what a call is, where it goes, and who makes it")]
    async fn unary<'m, R: MessageReader>(
        &self,
        uri: &Uri,
        is_compressible: bool,
        parts: impl Iterator<Item = &'m [u8]>,
        reader: R,
        fresh: bool,
        watch: &mut Stopwatch,
        caller: &Caller,
        context: &CallContext<'_>,
    ) -> std::result::Result<(Headers, R::Output, Kept<'_, Lane>), Failure> {
        // Before the lane, so that it is settled after it: a call that is stopped is dropped here, its connection is
        // closed, and nothing that was lent is left in the connection's queue.
        let loan = Loan::new(parts, PIECE_BYTE_SIZE);
        let open = async || {
            watch.lap(|times| &mut times.queue);
            let lane = Lane::new(self.dialer.dial(caller).await?)?;
            watch.lap(|times| &mut times.connect);
            Ok(lane)
        };
        let mut checked = self.lanes.check_out(caller, fresh, open).await?;
        let lane = &mut checked.connection;
        let link = lane.link().clone();
        let _on = caller.on(&link);
        caller.begins("sending the request");
        let now = Instant::now();
        watch.lap_at(now, |times| &mut times.queue);
        let headers = exchange::headers(uri, &self.common_headers, is_compressible, now, context);
        let responded = Cell::new(false);
        let call = Unary { loan: &loan, link: &link, caller, context, responded: &responded };
        let outcome = lane.run(call.run(lane.sender(), headers, reader, watch)).await;
        let outcome = outcome
            .unwrap_or_else(|ended| Err(status::ended(ended, responded.get(), &link, &loan, context)))
            .map_err(|failure| Failure { was_reused: checked.is_reused, ..failure });
        let outcome = match outcome {
            Err(failure) if wrong_port::is_suspected(&failure, &link) => {
                // In a box, since every call's future has room for this one.
                let explained = wrong_port::explained(failure, &link, &self.dialer, &self.authority, caller);
                Err(Box::pin(explained).await)
            }
            outcome => outcome.map_err(|failure| named(failure, uri, &self.service_name)),
        };
        let is_usable = checked.connection.take_back(&loan, outcome.is_err());
        let is_malformed = outcome.as_ref().is_err_and(|failure| failure.error.is_malformed_response());
        let kept = Kept((is_usable && !is_malformed).then_some(checked));
        match outcome {
            Ok((headers, output)) => Ok((headers, output, kept)),
            Err(failure) => {
                kept.check_in();
                Err(failure)
            }
        }
    }

    pub fn connections(&self) -> ConnectionCounts {
        self.lanes.counts()
    }
}

fn uri(authority: &str, service_name: &str, method: &str) -> Result<Uri> {
    let uri = match method.starts_with('/') {
        true => format!("http://{authority}{method}"),
        false => format!("http://{authority}/{service_name}/{method}"),
    };
    Uri::try_from(uri).map_err(|error| Error::invalid("invalid host for gRPC").with_source(error))
}

/// A failure, with the method that was called if it is UNIMPLEMENTED, and with what to do if the server does not know it.
fn named(failure: Failure, uri: &Uri, service_name: &str) -> Failure {
    if failure.error.status() != Status::Unimplemented {
        return failure;
    }
    let path = uri.path();
    let method = path.strip_prefix('/').and_then(|path| path.strip_prefix(service_name));
    let is_option = method.is_some_and(|method| method.starts_with('/'));
    let advice = match is_option && reasons::is_unknown_method(&failure.error) {
        true => "; if the server's service has another name, set option grpc_service_name",
        false => "",
    };
    let error = failure.error.with_hint(format_args!(": method '{path}'{advice}"));
    Failure { error, ..failure }
}

/// Options that gRPC has no place for.
pub(crate) fn check_http_only(context: &CallContext) -> Result<()> {
    let Route { path, content_type, json_size_header } = context.route;
    if !context.query.is_empty() {
        return Err(Error::invalid("query parameters are for HTTP only: a gRPC call has no URL"));
    }
    if path.is_some() || content_type.is_some() || json_size_header.is_some() {
        return Err(Error::invalid("the HTTP path and content type options are for HTTP only"));
    }
    Ok(())
}

/// Reads a message as the bytes that it is.
#[derive(Default)]
struct Whole(Vec<u8>);

impl MessageReader for Whole {
    type Output = Vec<u8>;

    fn begin(&mut self, byte_size: u64, context: &CallContext) -> Result<()> {
        context.check_parsed_size(byte_size)
    }

    fn push(&mut self, bytes: &[u8]) -> Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finish(self) -> Result<Vec<u8>> {
        Ok(self.0)
    }
}
