//! Whether a request that failed is sent once more.

use crate::error::Error;

/// How a request failed on a connection.
#[derive(Debug)]
pub(crate) struct Failure {
    pub error: Error,
    pub reached: Reached,
    /// Other calls had used the connection before.
    pub was_reused: bool,
}

/// How far a request that failed has come, as far as that can be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reached {
    /// Nothing of it has left: the connection was closed meanwhile.
    Nothing,
    /// The server says that it has not looked at it: GOAWAY with a lower last stream id, or REFUSED_STREAM before the end
    /// of the request was sent.
    Refused,
    /// REFUSED_STREAM after all of it was sent. By HTTP/2's rules the server has not looked at it either, but HAProxy 2.6
    /// says so after its server has run the request.
    RefusedWhole,
    /// The connection ended before any byte of a response.
    Closed,
    /// The server may have run it, or has.
    Perhaps,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, reached: Reached::Perhaps, was_reused: false }
    }
}

/// The attempts of one call: two at most, the second one on a fresh connection.
#[derive(Debug)]
pub(crate) struct Attempts {
    /// The call changes nothing on the server.
    only_reads: bool,
    /// Whether the first attempt may have run; `None` while it is under way.
    first: Option<bool>,
}

impl Attempts {
    pub fn new(only_reads: bool) -> Self {
        Self { only_reads, first: None }
    }

    /// Whether the attempt at hand wants a fresh connection.
    pub fn wants_fresh(&self) -> bool {
        self.first.is_some()
    }

    /// Whether an attempt that came before may have run.
    pub fn is_in_doubt(&self) -> bool {
        self.first == Some(true)
    }

    /// Takes note of a failure. `Err` is the end of the call.
    pub fn next(&mut self, failure: Failure) -> Result<(), Error> {
        let Failure { error, reached, was_reused } = failure;
        let again = match reached {
            _ if self.first.is_some() => false,
            // A fresh connection that the server closes at once is no better the second time.
            Reached::Nothing => was_reused,
            Reached::Refused => true,
            Reached::RefusedWhole => self.only_reads,
            Reached::Closed => self.only_reads && was_reused,
            Reached::Perhaps => false,
        };
        let in_doubt = error.is_in_doubt() || self.is_in_doubt();
        if !again {
            return Err(error.in_doubt(in_doubt));
        }
        self.first = Some(in_doubt);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_repeated_where_it_was_not_seen_or_only_reads_and_once_at_most() {
        use Reached::*;
        // (how it failed, in doubt, on a reused connection): again if it changes something, again if it only reads
        let table = [
            ((Nothing, false, true), true, true),
            ((Nothing, false, false), false, false),
            ((Refused, false, true), true, true),
            ((Refused, false, false), true, true),
            ((RefusedWhole, true, true), false, true),
            ((RefusedWhole, true, false), false, true),
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
            for (only_reads, again) in [(false, writes), (true, reads)] {
                let mut attempts = Attempts::new(only_reads);
                let outcome = attempts.next(fail(reached, in_doubt, was_reused));
                assert_eq!(outcome.is_ok(), again, "{reached:?} {was_reused} {only_reads}");
                assert_eq!(attempts.wants_fresh(), again);
                if outcome.is_ok() {
                    // The doubt of the first attempt stays, whatever becomes of the second.
                    let error = attempts.next(fail(Refused, false, false)).unwrap_err();
                    assert_eq!(error.is_in_doubt(), in_doubt, "{reached:?}");
                }
            }
        }
    }
}
