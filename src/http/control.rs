//! An operation of the control plane over HTTP: a request with a body in memory, and a response whose body is read as a
//! whole.

use http::Method;

use super::{
    Http,
    connection::Http1,
    exchange::{Exchange, Response},
    head::json_size_header,
    prepare::put,
};
use crate::{
    digits::put_digits,
    error::{Error, excerpt},
    headers::Headers,
    infer::Stopwatch,
    model::wire::{self, HttpRequest, is_success},
    net::{
        attempts::Failure,
        drive::Caller,
        pool::{Checked, Kept},
    },
    options::CallContext,
    reasons,
};

/// How much is read of a response that is an error.
pub(super) const REASON_BYTE_SIZE: u64 = 64 << 10;

/// The response to a request of the control plane.
pub(crate) struct HttpResponse<'t> {
    pub status: u16,
    pub headers: Headers,
    /// Of a success as much as may be parsed and one byte more, of an error the beginning.
    pub body: Vec<u8>,
    pub connection: Kept<'t, Http1>,
}

impl Http {
    pub async fn call(
        &self,
        request: &HttpRequest,
        fresh: bool,
        caller: &Caller,
        context: &CallContext<'_>,
    ) -> Result<HttpResponse<'_>, Failure> {
        let mut checked = self.check_out(fresh, &mut Stopwatch::start(), caller).await?;
        let was_reused = checked.is_reused;
        let _on = caller.on(&checked.connection.link.clone());
        let outcome = async {
            let mut response = self.send(&mut checked.connection, request, caller, context).await?;
            let body = read_body(&mut response, context).await?;
            let is_reusable = response.ends_reusable() && !is_of_a_gateway(response.head.status, &body);
            let head = response.head;
            Ok((head.status, head.headers, body, is_reusable))
        };
        match outcome.await {
            Ok((status, headers, body, is_reusable)) => {
                let connection = Kept(is_reusable.then_some(checked));
                Ok(HttpResponse { status, headers, body, connection })
            }
            Err(failure) => Err(Failure { was_reused, ..failure }),
        }
    }

    /// Sends a request, and reads the headers of its response.
    pub(super) async fn send<'c>(
        &self,
        connection: &'c mut Http1,
        request: &HttpRequest,
        caller: &'c Caller,
        context: &'c CallContext<'_>,
    ) -> Result<Response<'c>, Failure> {
        let HttpRequest { method, path, body } = request;
        connection.write_line(method.as_str(), &self.host, &self.base_path, path, context.query);
        if *method == Method::POST {
            let headers = &mut connection.headers;
            put(headers, "Content-Type: application/json\r\nContent-Length: ");
            put_digits(headers, body.len() as u64);
            put(headers, "\r\n");
        }
        connection.end_headers(context);
        connection.ids.send("");
        let Http1 { link, window, heads, headers, .. } = connection;
        let exchange = Exchange { link, window, heads, caller, json_size_header: json_size_header(context) };
        exchange.run(headers, std::iter::once(&body[..])).await
    }

    pub(super) async fn check_out(
        &self,
        fresh: bool,
        watch: &mut Stopwatch,
        caller: &Caller,
    ) -> Result<Checked<'_, Http1>, Failure> {
        let open = async || {
            watch.lap(|times| &mut times.queue);
            let connection = Http1::new(self.dialer.dial(caller).await?);
            watch.lap(|times| &mut times.connect);
            Ok(connection)
        };
        Ok(self.connections.check_out(caller, fresh, open).await?)
    }
}

/// Reads a body as a whole. What arrived before the connection broke off is still a server's reason.
pub(super) async fn read_body(
    response: &mut Response<'_>,
    context: &CallContext<'_>,
) -> Result<Vec<u8>, Error> {
    let status = response.head.status;
    let mut bytes = Vec::new();
    if let Some(encoding) = &response.head.encoding {
        let message =
            format!("unexpected response encoding '{}', which was not requested", excerpt(encoding));
        return match is_success(status) {
            true => Err(Error::broken_answer(message)),
            false => Err(wire::error(status, message.as_bytes())),
        };
    }
    if is_success(status)
        && let Some(announced) = response.body.byte_size()
    {
        context.check_parsed_size(announced)?;
    }
    let max = match is_success(status) {
        true => context.max_parsed_byte_size().saturating_add(1),
        false => REASON_BYTE_SIZE,
    };
    match response.body.read_to(&mut bytes, max).await {
        Err(error) if is_success(status) => Err(error),
        _ => Ok(bytes),
    }
}

/// Whether a 503 comes from something before the server, whose own response may still follow.
pub(super) fn is_of_a_gateway(status: u16, body: &[u8]) -> bool {
    status == 503 && !reasons::is_tritons(body)
}
