//! Answers that are no gRPC at all: a proxy's error page, another server's.

use std::{
    error::Error as StdError,
    future::{Future, poll_fn},
    pin::Pin,
    task::{Context, Poll},
};

use http::{HeaderMap, Request, Response, header};
use http_body::Body as _;
use http_body_util::BodyExt;
use tonic::{body::Body, transport::Channel};
use tower_service::Service;

use crate::{error::Error, model::wire};

/// As much as is read of an answer that is no gRPC.
const MOST: usize = 1024;

/// The channel, with every answer held against what gRPC looks like before tonic reads it: tonic would take the text of
/// an error page for a damaged message.
#[derive(Clone, Debug)]
pub(super) struct Checked(pub Channel);

impl Service<Request<Body>> for Checked {
    type Response = Response<Body>;
    type Error = Box<dyn StdError + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let answer = self.0.call(request);
        Box::pin(async move {
            let (head, mut body) = answer.await?.into_parts();
            let mut head = Response::from_parts(head, ());
            if is_grpc(&head) {
                drop_details(head.headers_mut());
                let body = body.map_frame(|mut frame| {
                    if let Some(trailers) = frame.trailers_mut() {
                        drop_details(trailers);
                    }
                    frame
                });
                return Ok(head.map(|()| Body::new(body)));
            }
            let mut text = Vec::new();
            while text.len() < MOST
                && let Some(Ok(frame)) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await
            {
                if let Some(data) = frame.data_ref() {
                    text.extend_from_slice(data);
                }
            }
            Err(not_grpc(&head, &text).into())
        })
    }
}

/// Takes a status's details out, which nobody reads here: tonic panics over those that are not base64.
pub(super) fn drop_details(trailers: &mut HeaderMap) {
    trailers.remove("grpc-status-details-bin");
}

/// Whether an answer is one of gRPC's.
pub(super) fn is_grpc(head: &Response<()>) -> bool {
    let kind = head.headers().get(header::CONTENT_TYPE);
    head.status().is_success() && kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"))
}

/// The error that an answer is which is not one of gRPC's; `text` is what it says.
pub(super) fn not_grpc(head: &Response<()>, text: &[u8]) -> Error {
    let status = head.status().as_u16();
    if !head.status().is_success() {
        return wire::error(status, text);
    }
    let kind = head.headers().get(header::CONTENT_TYPE);
    Error::broken_answer(format!("the answer is no gRPC, its content type is {kind:?}"))
        .with_http_status(status)
}
