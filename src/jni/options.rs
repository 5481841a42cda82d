//! Options of clients, calls and streams: records of entries, each with its key.

use std::{sync::Arc, time::Duration};

use super::{
    handle,
    record::{Reader, malformed},
};
use crate::{
    compression::Compression,
    error::{Error, Result},
    log::{LogCallback, LogLevel},
    options::{CallOptions, ClientOptions, HeaderCallback, LoadReportFormat, StreamOptions, TlsVersion},
    until::{CancelToken, Watching},
};

/// Returns the token with a handle that is in a record of options.
///
/// # Safety
/// Java keeps the options reachable, and the token with them, while the native runs that got the record.
pub(super) unsafe fn token_of(handle: i64) -> CancelToken {
    // SAFETY: the rule of this function.
    unsafe { handle::get::<CancelToken>(handle) }.clone()
}

/// Decodes the options of a client. Log messages go to `log`; `headers` adds headers to calls, if Java has a
/// callback for that.
pub(super) fn client(
    bytes: &[u8],
    token_of: impl Fn(i64) -> CancelToken,
    log: &Arc<LogCallback>,
    headers: &Arc<HeaderCallback>,
) -> Result<ClientOptions> {
    let record = &mut Reader::new(bytes);
    let mut options = ClientOptions::new();
    while !record.is_at_end() {
        match record.u8()? {
            1 => options.set_timeout(limit(record)?)?,
            2 => options.set_connect_timeout(limit(record)?)?,
            3 => options.set_load_timeout(limit(record)?)?,
            4 => options.set_max_connections(count_or_none(record, "max_connections")?)?,
            5 => options.set_max_in_flight(count(record, "max_in_flight")?)?,
            6 => options.set_fail_when_full(record.bool()?),
            7 => options.set_max_async_connections(count_or_none(record, "max_async_connections")?)?,
            8 => {
                let count = record.i32()?;
                options.set_callback_threads(usize::try_from(count).unwrap_or(0))?
            }
            9 => options.set_metrics_url(record.str()?)?,
            10 => options.set_grpc_service_name(record.str()?)?,
            11 => options.set_max_message_byte_size(count(record, "max_message_byte_size")?)?,
            12 => options.set_max_decompressed_byte_size(count(record, "max_decompressed_byte_size")?)?,
            13 => options.set_result_memory_byte_size(count(record, "result_memory_byte_size")?),
            14 => options.set_call_options(call(record.bytes()?, &token_of)?)?,
            15 => {
                let level = LogLevel::from_number(record.i32()?).ok_or_else(|| unknown("log level"))?;
                options.set_log_callback(level, log.clone())
            }
            16 => options.set_tls_ca_file(record.str()?),
            17 => options.set_tls_ca(record.bytes()?),
            18 => {
                let certificate = record.str()?;
                options.set_tls_client_certificate_files(certificate, record.str()?)
            }
            19 => {
                let certificate = record.bytes()?;
                options.set_tls_client_certificate(certificate, record.bytes()?)
            }
            20 => {
                let version = TlsVersion::from_number(record.u8()?.into());
                options.set_tls_min_version(version.ok_or_else(|| unknown("version of TLS"))?)
            }
            21 => options.set_tls_server_name(record.str()?)?,
            22 => options.set_authority(record.str()?)?,
            23 => options.set_tls_verify_peer(record.bool()?),
            24 => options.set_tls_verify_host(record.bool()?),
            25 => options.set_header_callback(headers.clone()),
            26 => options.set_keepalive_time(limit(record)?)?,
            27 => {
                let timeout =
                    limit(record)?.ok_or_else(|| Error::invalid("keepalive_timeout must be set"))?;
                options.set_keepalive_timeout(timeout)?
            }
            28 => options.set_tcp_keepalive(limit(record)?)?,
            29 => options.set_tcp_nodelay(record.bool()?),
            30 => options.set_idle_timeout(limit(record)?)?,
            31 => options.set_max_connection_age(limit(record)?)?,
            32 => {
                let max = count(record, "max_connection_requests")?;
                options.set_max_connection_requests(Some(max as u64))?
            }
            33 => options.set_user_agent(record.str()?)?,
            _ => return Err(unknown("option of a client")),
        };
    }
    Ok(options)
}

/// Decodes the options of a call.
pub(super) fn call(bytes: &[u8], token_of: impl Fn(i64) -> CancelToken) -> Result<CallOptions> {
    let record = &mut Reader::new(bytes);
    let mut options = CallOptions::new();
    while !record.is_at_end() {
        match record.u8()? {
            1 => options.set_timeout(limit(record)?)?,
            2 => options.set_cancel_token(Some(&token_of(record.i64()?))),
            3 => {
                let name = record.str()?;
                options.add_header(name, record.bytes()?)?
            }
            4 => options.remove_header(record.str()?)?,
            5 => {
                let name = record.str()?;
                options.add_restricted_key(name, record.str()?)?
            }
            6 => options.remove_restricted_key(record.str()?)?,
            7 => {
                let name = record.str()?;
                options.add_query_parameter(name, record.str()?)?
            }
            8 => options.remove_query_parameter(record.str()?)?,
            9 => options.set_request_compression(compression(record)?),
            10 => options.set_response_compression(compression(record)?),
            11 => options.set_accept_encoding(record.str()?)?,
            12 => {
                let number = record.u8()?;
                let format = LoadReportFormat::from_number(number.into());
                if format.is_none() && number != 0 {
                    return Err(unknown("load report"));
                }
                options.set_load_report(format)
            }
            13 => options.set_http_path(record.str()?)?,
            14 => options.set_http_content_type(record.str()?)?,
            15 => options.set_http_json_size_header(record.str()?)?,
            16 => {
                let user = record.str()?;
                options.set_basic_auth(user, record.str()?)?
            }
            17 => options.set_bearer_token(record.str()?)?,
            _ => return Err(unknown("option of a call")),
        };
    }
    Ok(options)
}

/// Decodes the options of a call that `token` cancels too, when the calling thread is interrupted; 0 for
/// none.
///
/// # Safety
/// As for [`token_of`], also for `token`.
pub(super) unsafe fn interruptible(bytes: &[u8], token: i64) -> Result<Interruptible> {
    // SAFETY: the rule of this function.
    let token_of = |handle| unsafe { token_of(handle) };
    let mut options = call(bytes, token_of)?;
    let mut following = None;
    if token != 0 {
        let token = token_of(token);
        match options.cancel_token() {
            None => {
                options.set_cancel_token(Some(&token));
            }
            Some(own) => {
                let both = CancelToken::new();
                following = Some((both.follow(own), both.follow(&token)));
                options.set_cancel_token(Some(&both));
            }
        }
    }
    Ok(Interruptible { options, _following: following })
}

/// The options of a call, with what makes its token follow two others.
pub(super) struct Interruptible {
    pub(super) options: CallOptions,
    _following: Option<(Watching, Watching)>,
}

/// Decodes the headers that the callback of Java adds to a call, and passes each to `add`.
pub(super) fn headers(bytes: &[u8], mut add: impl FnMut(&str, &[u8]) -> Result<()>) -> Result<()> {
    let record = &mut Reader::new(bytes);
    while !record.is_at_end() {
        let name = record.str()?;
        add(name, record.bytes()?)?;
    }
    Ok(())
}

/// Decodes the options of a stream.
pub(super) fn stream(bytes: &[u8], token_of: impl Fn(i64) -> CancelToken) -> Result<StreamOptions> {
    let record = &mut Reader::new(bytes);
    let mut options = StreamOptions::new();
    while !record.is_at_end() {
        match record.u8()? {
            1 => options.set_max_queued_byte_size(count(record, "max_queued_byte_size")?),
            2 => options.set_grpc_error(record.bool()?),
            3 => options.set_call_options(call(record.bytes()?, &token_of)?)?,
            _ => return Err(unknown("option of a stream")),
        };
    }
    Ok(options)
}

/// Reads a duration in nanoseconds; a negative one is no limit.
fn limit(record: &mut Reader<'_>) -> Result<Option<Duration>> {
    Ok(duration(record.i64()?))
}

/// Returns a duration of Java; a negative one is no limit.
pub(super) fn duration(nanos: i64) -> Option<Duration> {
    u64::try_from(nanos).ok().map(Duration::from_nanos)
}

fn count(record: &mut Reader<'_>, option: &str) -> Result<usize> {
    let count = record.i64()?;
    usize::try_from(count).map_err(|_| Error::invalid(format!("{option} must not be negative, got {count}")))
}

fn count_or_none(record: &mut Reader<'_>, option: &str) -> Result<Option<usize>> {
    let mut ahead = *record;
    if ahead.i64()? == -1 {
        *record = ahead;
        return Ok(None);
    }
    count(record, option).map(Some)
}

fn compression(record: &mut Reader<'_>) -> Result<Compression> {
    Compression::from_number(record.u8()?.into()).ok_or_else(|| unknown("compression"))
}

fn unknown(what: &str) -> Error {
    malformed(&format!("unknown {what}"))
}
