//! What a server's own error means: whether it tells that nothing ran.

use jiter::Jiter;

use crate::error::{Error, Meaning, Status, grpc_code_meaning, reason};

/// Triton's own texts of UNAVAILABLE that say that the request did not run. Proxies send the code after their upstream
/// broke in mid-request, so that it is in doubt with any other text. A text counts only as a whole, behind nothing but
/// `[request id: …] `: behind `in ensemble '…', ` an earlier step of the ensemble has run.
const NOTHING_RAN: [Text; 7] = [
    // core/src/scheduler_utils.cc, PolicyQueue::Enqueue; seen with 2.51.
    Text { start: "Exceeds maximum queue size", end: "" },
    // core/src/dynamic_batch_scheduler.cc and sequence_batch_scheduler.cc: the request left the queue unrun; seen with 2.51.
    Text { start: "Request timeout expired", end: "" },
    // core/src/dynamic_batch_scheduler.cc and sequence_batch_scheduler.cc, Enqueue; in the library of 2.51.
    Text {
        start: "Server is stopping, scheduler for model has stopped accepting new inference requests",
        end: "",
    },
    // core/src/server.cc, InferAsync; in the library of 2.51.
    Text { start: "Server not ready", end: "" },
    // core/src/model_repository_manager/model_lifecycle.cc, GetModel, for a given version (without one it is NOT_FOUND);
    // in the library of 2.51.
    Text { start: "Request for unknown model: '", end: " is not at ready state" },
    // server/src/grpc/grpc_server.cc and infer_handler.cc, before the request is looked at; seen with 2.51.
    Text { start: "This protocol is restricted, expecting header '", end: "'" },
    // server/src/grpc/infer_handler.cc, since 2.58.
    Text { start: "GRPC server is shutting down and has stopped accepting new requests.", end: "" },
];

struct Text {
    start: &'static str,
    end: &'static str,
}

/// Whether an UNAVAILABLE of a server is Triton's own word that the request did not run.
fn says_that_nothing_ran(text: &str) -> bool {
    let text = text.trim_end();
    let text = match text.strip_prefix("[request id: ") {
        // An id with a bracket in it leaves the text in doubt.
        Some(rest) => rest.split_once("] ").map_or(text, |(_, text)| text),
        None => text,
    };
    NOTHING_RAN.iter().any(|known| match (text.strip_prefix(known.start), known.end) {
        (Some(rest), "") => rest.is_empty(),
        (Some(rest), end) => rest.ends_with(end),
        (None, _) => false,
    })
}

/// What a server's gRPC status other than 0 means: the table's row, but that an UNAVAILABLE by which Triton says that
/// nothing ran is not in doubt.
pub(crate) fn grpc_meaning(code: i32, text: &str) -> Meaning {
    let meaning = grpc_code_meaning(code);
    let in_doubt =
        meaning.in_doubt && !(meaning.status == Status::Unavailable && says_that_nothing_ran(text));
    Meaning { in_doubt, ..meaning }
}

/// The error that a server's gRPC status other than 0 is.
pub(crate) fn grpc_error(code: i32, text: &str) -> Error {
    let meaning = grpc_meaning(code, text);
    Error::answered(meaning, format!("{} (gRPC status {})", reason(text), meaning.status))
}

/// Whether a body is an error as Triton writes it: an object whose one member is `error`, a string.
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
    fn triton_s_own_errors_are_told_from_others() {
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
    fn unavailable_is_in_doubt_unless_triton_says_that_nothing_ran() {
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
}
