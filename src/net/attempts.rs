//! Decides whether a failed request is sent a second time.

use crate::error::{Error, Status};

/// The failure of a request on a connection.
#[derive(Debug)]
pub(crate) struct Failure {
    pub error: Error,
    pub reached: Reached,
    /// Whether the connection had carried other calls before.
    pub was_reused: bool,
}

impl Failure {
    /// Returns the failure with its reason, `error`, if TLS has ended the connection. It may be repeated as
    /// that of any other connection that was lost, but not if the server refuses the client's certificate.
    pub(crate) fn with_tls(self, error: Error) -> Self {
        match error.status() {
            Status::Unauthenticated => error.into(),
            _ => Self { error: error.in_doubt(self.error.is_in_doubt()), ..self },
        }
    }
}

/// How far a failed request got, as far as the client can determine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reached {
    /// No byte of it was sent: the connection was closed before.
    Nothing,
    /// The server states that it did not process the request: GOAWAY with a lower last stream id, or
    /// REFUSED_STREAM before the end of the request was sent.
    Refused,
    /// REFUSED_STREAM after the complete request was sent. HTTP/2 guarantees that it was not processed, but
    /// HAProxy 2.6 sends this after its server has run the request.
    RefusedComplete,
    /// The connection ended before any byte of a response.
    Closed,
    /// The server ran the request, or may have.
    Perhaps,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, reached: Reached::Perhaps, was_reused: false }
    }
}

/// The attempts of a call: at most two, the second one on a new connection; and two more with other headers
/// ([`restart`](Self::restart)).
#[derive(Debug)]
pub(crate) struct Attempts {
    /// Whether the call changes nothing on the server.
    is_read_only: bool,
    is_second: bool,
    /// Whether the server may have run an earlier attempt.
    is_in_doubt: bool,
}

impl Attempts {
    pub(crate) fn new(is_read_only: bool) -> Self {
        Self { is_read_only, is_second: false, is_in_doubt: false }
    }

    /// Returns whether the current attempt needs a new connection.
    pub(crate) fn needs_fresh(&self) -> bool {
        self.is_second
    }

    /// Returns whether the server may have run an earlier attempt.
    pub(crate) fn is_in_doubt(&self) -> bool {
        self.is_in_doubt
    }

    /// Begins anew, after the server has refused to run the request.
    pub(crate) fn restart(&mut self) {
        self.is_second = false;
    }

    /// Records a failed attempt. Returns the call's error if there is no further one.
    pub(crate) fn next(&mut self, failure: Failure) -> Result<(), Error> {
        let Failure { error, reached, was_reused } = failure;
        let again = match reached {
            _ if self.is_second => false,
            // A server that closes a new connection immediately would close another one too.
            Reached::Nothing => was_reused,
            Reached::Refused => true,
            Reached::RefusedComplete => self.is_read_only,
            Reached::Closed => self.is_read_only && was_reused,
            Reached::Perhaps => false,
        };
        let in_doubt = error.is_in_doubt() || self.is_in_doubt;
        if !again {
            return Err(error.in_doubt(in_doubt));
        }
        (self.is_second, self.is_in_doubt) = (true, in_doubt);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_tls_has_ended_is_lost_like_any_other_unless_the_client_is_refused() {
        use crate::error::Origin;
        for (status, in_doubt) in
            [(Status::Unavailable, false), (Status::Unavailable, true), (Status::Unauthenticated, true)]
        {
            let error = Error::connection("lost").in_doubt(in_doubt);
            let failure = Failure { error, reached: Reached::Closed, was_reused: true };
            // The link knows only whether anything was sent, on a shared connection by any call.
            let is_refusal = status == Status::Unauthenticated;
            let reason = Error::new(status, Origin::Connection, "reason").in_doubt(!is_refusal);
            let Failure { error, reached, was_reused } = failure.with_tls(reason);
            assert_eq!((error.status(), error.to_string().as_str()), (status, "reason"));
            let expected =
                if is_refusal { (false, Reached::Perhaps, false) } else { (in_doubt, Reached::Closed, true) };
            assert_eq!((error.is_in_doubt(), reached, was_reused), expected);
        }
    }

    #[test]
    fn a_request_is_retried_at_most_once_and_only_if_unprocessed_or_read_only() {
        use Reached::*;
        // ((reached, in doubt, on a reused connection), whether a write is retried, whether a read is)
        let table = [
            ((Nothing, false, true), true, true),
            ((Nothing, false, false), false, false),
            ((Refused, false, true), true, true),
            ((Refused, false, false), true, true),
            ((RefusedComplete, true, true), false, true),
            ((RefusedComplete, true, false), false, true),
            ((Closed, true, true), false, true),
            ((Closed, true, false), false, false),
            ((Perhaps, true, true), false, false),
        ];
        let fail = |reached, in_doubt, was_reused| Failure {
            error: Error::connection("x").in_doubt(in_doubt),
            reached,
            was_reused,
        };
        for ((reached, in_doubt, was_reused), writes, reads) in table {
            for (is_read_only, again) in [(false, writes), (true, reads)] {
                let mut attempts = Attempts::new(is_read_only);
                let outcome = attempts.next(fail(reached, in_doubt, was_reused));
                assert_eq!(outcome.is_ok(), again, "{reached:?} {was_reused} {is_read_only}");
                assert_eq!(attempts.needs_fresh(), again);
                if outcome.is_ok() {
                    // The first attempt stays in doubt, regardless of how the second one fails.
                    let error = attempts.next(fail(Refused, false, false)).unwrap_err();
                    assert_eq!(error.is_in_doubt(), in_doubt, "{reached:?}");
                    // It does so after a refusal too, which permits two attempts more.
                    attempts.restart();
                    assert!(!attempts.needs_fresh());
                    attempts.next(fail(Refused, false, false)).unwrap();
                    let error = attempts.next(fail(Refused, false, false)).unwrap_err();
                    assert_eq!(error.is_in_doubt(), in_doubt, "{reached:?}");
                }
            }
        }
    }
}
