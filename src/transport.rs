//! The two protocols behind one face: the only file that names both.

use std::{ops::ControlFlow, sync::Arc};

use crate::{
    error::{Error, Result},
    grpc::Grpc,
    headers::Headers,
    http::Http,
    infer::{InferRequest, InferResult, place::Places},
    model::{Operation, generate::Generate},
    net::dial::Dialer,
    options::{CallContext, ClientOptions},
    url::{Protocol, Url},
};

/// There will only ever be these two, so an enum and no trait object.
#[derive(Debug)]
pub(crate) enum Transport {
    Http(Http),
    Grpc(Grpc),
}

impl Transport {
    /// Does not touch the network.
    pub fn new(url: &Url, options: &ClientOptions) -> Result<Self> {
        let dialer = Arc::new(Dialer::new(url, options.connect_timeout, options.log.clone()));
        Ok(match url.protocol {
            Protocol::Http => Self::Http(Http::new(url, dialer)?),
            Protocol::Grpc => Self::Grpc(Grpc::new(url, dialer)?),
        })
    }

    pub fn call<O: Operation>(&self, operation: &O, context: &CallContext) -> Result<O::Answer> {
        operation.answer(match self {
            Self::Http(http) => http.call(operation, context)?,
            Self::Grpc(grpc) => grpc.call(operation, context)?,
        })
    }

    /// Hands the events of `generate_stream` over as they come.
    pub fn generate_stream(
        &self,
        asked: &Generate,
        on_event: &mut dyn FnMut(&str) -> ControlFlow<()>,
        context: &CallContext,
    ) -> Result<Headers> {
        match self {
            Self::Http(http) => http.generate_stream(asked, on_event, context),
            Self::Grpc(_) => asked.to_grpc().map(|()| Headers::none()),
        }
    }

    pub fn infer(
        &self,
        request: &InferRequest,
        places: &mut Places,
        context: &CallContext,
    ) -> Result<InferResult> {
        match self {
            Self::Http(http) => http.infer(request, places, context),
            Self::Grpc(grpc) => grpc.infer(request, places, context),
        }
    }

    /// Runs an inference whose message of gRPC's was made before.
    pub fn infer_message(
        &self,
        message: &[u8],
        places: &mut Places,
        context: &CallContext,
    ) -> Result<InferResult> {
        match self {
            Self::Http(_) => Err(Error::invalid("a message of gRPC's can't go over HTTP")),
            Self::Grpc(grpc) => grpc.infer_message(message, places, context),
        }
    }
}
