//! Interprets the text of a server's error: whether the request may have run, and whether the server or a
//! proxy wrote it.

use jiter::Jiter;

use crate::error::{Error, Meaning, NO_REASON, Status, grpc_code_meaning, reason};

/// The parameter that asks for the empty final response.
pub(crate) const EMPTY_FINAL_RESPONSE: &str = "triton_enable_empty_final_response";

/// Triton's texts of UNAVAILABLE for requests that did not run. With any other text the request is in doubt,
/// since proxies send this code after losing their upstream in the middle of a request. Only the whole text
/// counts, after at most `[request id: …] `: after `in ensemble '…', ` an earlier step of the ensemble has
/// run.
const DID_NOT_RUN: [Text; 8] = [
    // core/src/scheduler_utils.cc, PolicyQueue::Enqueue; seen with 2.51.
    Text { start: "Exceeds maximum queue size", end: "" },
    // core/src/dynamic_batch_scheduler.cc and sequence_batch_scheduler.cc: the request left the queue without
    // being run; seen with 2.51.
    Text { start: "Request timeout expired", end: "" },
    // core/src/dynamic_batch_scheduler.cc and sequence_batch_scheduler.cc, Enqueue; in the library of 2.51.
    Text {
        start: "Server is stopping, scheduler for model has stopped accepting new inference requests",
        end: "",
    },
    // core/src/server.cc, InferAsync; in the library of 2.51.
    Text { start: "Server not ready", end: "" },
    // core/src/model_repository_manager/model_lifecycle.cc, GetModel, for a given version (without one it is
    // NOT_FOUND); in the library of 2.51.
    Text { start: "Request for unknown model: '", end: " is not at ready state" },
    // server/src/grpc/grpc_server.cc and infer_handler.cc, before the request is processed; seen with 2.51.
    Text { start: "This protocol is restricted, expecting header '", end: "'" },
    // server/src/grpc/infer_handler.cc, since 2.58.
    Text { start: "GRPC server is shutting down and has stopped accepting new requests.", end: "" },
    // The frontends of tritonfrontend, seen with 2.73: a request that refers to a region.
    Text {
        start: "Shared memory is not supported in this server configuration.",
        end: "to use shared memory.",
    },
];

struct Text {
    start: &'static str,
    end: &'static str,
}

/// Returns whether the text of an UNAVAILABLE is one of Triton's for a request that did not run.
fn did_not_run(text: &str) -> bool {
    let text = text.trim_end();
    let text = match text.strip_prefix("[request id: ") {
        // An id that contains `] ` leaves the request in doubt.
        Some(rest) => rest.split_once("] ").map_or(text, |(_, text)| text),
        None => text,
    };
    DID_NOT_RUN.iter().any(|known| match (text.strip_prefix(known.start), known.end) {
        (Some(rest), "") => rest.is_empty(),
        (Some(rest), end) => rest.ends_with(end),
        (None, _) => false,
    })
}

/// Returns the meaning of a gRPC status other than 0: its row of the table, with two exceptions. Triton's
/// UNAVAILABLE for a request that did not run is not in doubt, and the CANCELLED of a stopping server is
/// retryable.
pub(crate) fn grpc_meaning(code: i32, text: &str) -> Meaning {
    let meaning = grpc_code_meaning(code);
    match meaning.status {
        Status::Unavailable => Meaning { in_doubt: !did_not_run(text), ..meaning },
        Status::Cancelled => Meaning { retryable: is_stopping(meaning.status, text), ..meaning },
        _ => meaning,
    }
}

/// Returns whether a server cancelled a call without a reason, as gRPC's C++ server does with running calls
/// when it stops: without a text, or, as seen with 2.51, with the code's name. The client never reads the
/// status of a call that it cancelled itself.
fn is_stopping(status: Status, text: &str) -> bool {
    let text = text.trim();
    status == Status::Cancelled && (text.is_empty() || text.eq_ignore_ascii_case(status.name()))
}

/// Returns the error for a gRPC status other than 0.
pub(crate) fn grpc_error(code: i32, text: &str) -> Error {
    let meaning = grpc_meaning(code, text);
    let hint = match is_stopping(meaning.status, text) {
        true => "; the server cancelled the call itself and is probably stopping",
        false => hint(meaning.status, text),
    };
    let message = format!("{} (gRPC status {}){hint}", reason(text), meaning.status);
    Error::from_response(meaning, message).with_servers_own(is_servers_own(text))
}

/// Returns the server's text in the message of a [`grpc_error`].
pub(crate) fn text_within(message: &str) -> &str {
    message.rsplit_once(" (gRPC status ").map_or("", |(text, _)| text)
}

/// Returns an explanation of a server's text; empty if it needs none. `status` is UNKNOWN for the error of a
/// request on a stream.
pub(crate) fn hint(status: Status, text: &str) -> &'static str {
    // Triton sends this for a model that was unloaded, is being loaded or unloaded, and for every model while
    // it stops.
    if matches!(status, Status::NotFound | Status::Unknown)
        && text.trim_end().ends_with("has no available versions")
    {
        return "; the model was unloaded, is being loaded or unloaded, or the server is stopping";
    }
    // The client sends no other parameter of this name. Newer servers list it among those that they accept.
    if text.contains("starting with 'triton_' are reserved") && !text.contains(EMPTY_FINAL_RESPONSE) {
        return "; the server is too old for the empty final response, which Triton supports since 2.35";
    }
    // C++'s gRPC ends the calls so, and then the connection.
    if status == Status::Unavailable && text.trim().eq_ignore_ascii_case("too many pings") {
        return "; PINGs were sent more often than the server permits, see option keepalive_time";
    }
    ""
}

/// Returns whether the text of an UNAVAILABLE comes from the server, and not from a proxy that did not reach
/// its server (Envoy: `upstream request timeout`, `no healthy upstream`; Go's and C++'s gRPC: `connection
/// error: ...`, `failed to connect ...`). False without a text.
pub(crate) fn is_servers_own(text: &str) -> bool {
    let text = text.trim().to_ascii_lowercase();
    !text.is_empty() && !["upstream", "connect"].iter().any(|word| text.contains(word))
}

/// Returns whether a request may have run although its 503 has the form of Triton's errors: gateways use the
/// same form for failures of their upstream (Tyk's is `{"error": "..."}`), and an earlier step of an ensemble
/// may have run.
pub(crate) fn leaves_doubt(text: &str) -> bool {
    !is_servers_own(text) || text.contains("in ensemble '")
}

/// Returns whether an UNIMPLEMENTED means an unknown method or service: gRPC's servers in Go, Java, C++ and
/// Python use these words, others send no message.
pub(crate) fn is_unknown_method(error: &Error) -> bool {
    let message = error.to_string().to_ascii_lowercase();
    let words = ["unknown service", "unknown method", "method not found", NO_REASON];
    error.status() == Status::Unimplemented && words.iter().any(|words| message.contains(words))
}

/// Returns whether a body has the form of Triton's errors: an object whose only member is `error`, a string.
pub(crate) fn is_tritons(body: &[u8]) -> bool {
    let mut reader = Jiter::new(crate::proto::without_bom(body));
    let mut read = || {
        let is_error = reader.next_object()? == Some("error");
        reader.next_str()?;
        let is_alone = reader.next_key()?.is_none();
        reader.finish().map(|()| is_error && is_alone)
    };
    read().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tritons_errors_are_distinguished_from_others() {
        for own in [r#"{"error":"why"}"#, "\u{feff} { \"error\" : \"\" } "] {
            assert!(is_tritons(own.as_bytes()), "{own}");
        }
        for other in [
            "",
            "{}",
            "null",
            "<html>",
            r#"{"error":"a","status":503}"#,
            r#"{"error":5}"#,
            r#"{"detail":"a"}"#,
        ] {
            assert!(!is_tritons(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn unavailable_is_in_doubt_unless_tritons_text_rules_out_that_it_ran() {
        let in_doubt = |text: &str| grpc_meaning(14, text).in_doubt;
        for text in [
            "Exceeds maximum queue size",
            "[request id: <id_unknown>] Exceeds maximum queue size",
            "[request id: a 7] Request timeout expired",
            "Server is stopping, scheduler for model has stopped accepting new inference requests",
            "GRPC server is shutting down and has stopped accepting new requests.",
            "This protocol is restricted, expecting header 'triton-grpc-protocol-key'",
            "Request for unknown model: 'm' version 2 is not at ready state",
            "Server not ready",
        ] {
            assert!(!in_doubt(text), "{text}");
        }
        for text in [
            "",
            "upstream request timeout",
            "in ensemble 'e', Exceeds maximum queue size",
            "[request id: 1] in ensemble 'e', [request id: 1] Request timeout expired",
            "Exceeds maximum queue size, said the model",
            "Failed to process the request(s): Exceeds maximum queue size",
        ] {
            assert!(in_doubt(text), "{text}");
        }
        // Other codes keep their row.
        assert!(grpc_meaning(4, "Request timeout expired").in_doubt);
        assert_eq!(grpc_error(5, " ").to_string(), "the server gave no reason (gRPC status NOT_FOUND)");
    }

    #[test]
    fn the_refusal_of_the_empty_final_response_is_explained_unless_the_server_supports_it() {
        let old = "parameter keys starting with 'triton_' are reserved for Triton usage and should not be specified.";
        assert!(grpc_error(3, old).to_string().ends_with("since 2.35"));
        let new = format!(
            "{old} Only the following keys starting with 'triton_' are allowed: {EMPTY_FINAL_RESPONSE}"
        );
        assert_eq!(hint(Status::InvalidArgument, &new), "");
    }

    #[test]
    fn a_server_that_got_too_many_pings_is_explained() {
        let error = grpc_error(14, "Too many pings");
        assert!(error.is_retryable() && error.is_in_doubt());
        assert!(error.to_string().ends_with("see option keepalive_time"), "{error}");
        assert!(!grpc_error(14, "Too many pings of the model").to_string().contains("option"));
    }

    #[test]
    fn a_call_cancelled_by_a_stopping_server_is_retryable_and_its_message_explains_why() {
        for text in ["", " ", "CANCELLED", "Cancelled"] {
            let error = grpc_error(1, text);
            assert!(error.is_retryable() && error.is_in_doubt(), "{text}");
            assert!(error.to_string().contains("is probably stopping"), "{error}");
        }
        // The text of a model does not mean that the server is stopping.
        let error = grpc_error(1, "cancelled by the model");
        assert!(!error.is_retryable() && error.is_in_doubt() && !error.to_string().contains("stopping"));
        let text = "Request for unknown model: 'm' has no available versions";
        assert!(grpc_error(5, text).to_string().ends_with("or the server is stopping"));
        assert!(
            !grpc_error(5, "Request for unknown model: 'm' is not found").to_string().contains("stopping")
        );
    }

    #[test]
    fn the_text_of_a_proxy_is_not_the_servers() {
        for text in [
            "",
            " ",
            "upstream request timeout",
            "upstream connect error or disconnect/reset before headers. reset reason: connection termination",
            "no healthy upstream",
            "connection error: desc = \"transport: Error while dialing\"",
            "failed to connect to all addresses",
        ] {
            assert!(!is_servers_own(text), "{text}");
        }
        for text in ["invalid argument for --log_format, got: x", "Shared memory is not supported"] {
            assert!(is_servers_own(text), "{text}");
        }
    }
}
