//! The requests of a stream that have been sent and may still have responses.
//!
//! Triton marks the last response to a request, except for decoupled models whose request did not ask for the
//! empty final response: which of their responses is the last is never known.

use std::{
    collections::{HashMap, VecDeque},
    mem,
    time::{Duration, Instant},
};

use crate::{
    infer::{CallTimes, Finality},
    stats::Counters,
    stream::Outgoing,
};

/// The requests of a stream by their ids. Of at most `max` details are kept, so that a stream may be endless;
/// beyond that they are only counted.
pub(super) struct Outstanding<'c> {
    max: usize,
    counters: &'c Counters,
    /// In the order of sending.
    requests: HashMap<Box<str>, VecDeque<Request>>,
    /// The number of `requests`.
    kept: usize,
    /// Of them, those that asked for the empty final response: they hold END_STREAM back.
    awaited: usize,
    /// Of them, the others that have had no response.
    silent: usize,
    /// The requests without details.
    others: Others,
    /// Whether a response did not state whether it is final: this server never states it.
    is_finality_unknown: bool,
    serials: u64,
}

struct Request {
    serial: u64,
    model: Box<str>,
    is_awaited: bool,
    has_failed: bool,
    queued_at: Instant,
    /// When sending began.
    started_at: Instant,
    sent_at: Option<Instant>,
    first_at: Option<Instant>,
    last_at: Option<Instant>,
}

/// The numbers of requests without details, and their times as sums.
struct Others {
    awaited: u32,
    silent: u32,
    /// Those that have had responses, and may have more.
    responded: u32,
    origin: Instant,
    /// When the requests without a response were queued, since `origin`.
    queued: Duration,
    /// The durations of the requests with responses.
    responded_after: Duration,
}

/// What is known of the request to which a response belongs.
#[derive(Debug, Default)]
pub(super) struct Match {
    pub model: Box<str>,
    pub times: CallTimes,
}

impl<'c> Outstanding<'c> {
    pub(super) fn new(max: usize, counters: &'c Counters) -> Self {
        Self {
            max,
            counters,
            requests: HashMap::new(),
            kept: 0,
            awaited: 0,
            silent: 0,
            others: Others {
                awaited: 0,
                silent: 0,
                responded: 0,
                origin: Instant::now(),
                queued: Duration::ZERO,
                responded_after: Duration::ZERO,
            },
            is_finality_unknown: false,
            serials: 0,
        }
    }

    /// Adds a request that begins to be sent; returns its number for [`sent`](Self::sent).
    pub(super) fn begin(&mut self, outgoing: &Outgoing, now: Instant) -> u64 {
        let is_awaited = outgoing.has_empty_final_response && !self.is_finality_unknown;
        self.serials += 1;
        if self.kept >= self.max {
            self.forget_responded();
        }
        if self.kept >= self.max {
            self.others.add(outgoing.queued_at, is_awaited);
            return self.serials;
        }
        self.kept += 1;
        match is_awaited {
            true => self.awaited += 1,
            false => self.silent += 1,
        }
        self.requests.entry(outgoing.id.clone()).or_default().push_back(Request {
            serial: self.serials,
            model: outgoing.model.clone(),
            is_awaited,
            has_failed: false,
            queued_at: outgoing.queued_at,
            started_at: now,
            sent_at: None,
            first_at: None,
            last_at: None,
        });
        self.serials
    }

    /// Records that all of a request was sent.
    pub(super) fn sent(&mut self, id: &str, serial: u64, now: Instant) {
        let requests = self.requests.get_mut(id).into_iter().flatten();
        if let Some(request) = requests.rev().find(|request| request.serial == serial) {
            request.sent_at = Some(now);
        }
    }

    /// Records a response, and counts its request if it is complete or has failed.
    ///
    /// If several requests share the id it belongs to the oldest of the model, of those that asked for the
    /// empty final response first: END_STREAM may then go out early, which is harmless, but is never held
    /// back for good.
    pub(super) fn respond(
        &mut self,
        id: &str,
        model: &str,
        finality: Finality,
        is_error: bool,
        now: Instant,
    ) -> Match {
        // A request that was refused gets a single error, which does not state it.
        let is_final = finality == Finality::Final || finality == Finality::Unknown && is_error;
        if finality == Finality::Unknown && !is_error {
            self.await_none();
        }
        let requests = self.requests.get_mut(id);
        let Some((requests, at)) = requests.and_then(|requests| {
            let at = find(requests, model, is_final)?;
            Some((requests, at))
        }) else {
            self.others.respond(is_final, is_error, now, self.counters);
            return Match::default();
        };
        let Some(request) = requests.get_mut(at) else { return Match::default() };
        if request.first_at.replace(request.first_at.unwrap_or(now)).is_none() && !request.is_awaited {
            self.silent -= 1;
        }
        request.last_at = Some(now);
        let times = request.times();
        if is_error && !mem::replace(&mut request.has_failed, true) {
            self.counters.count_failed();
        }
        if !is_final {
            return Match { model: request.model.clone(), times };
        }
        if !request.has_failed {
            self.counters.count(times);
        }
        self.awaited -= usize::from(request.is_awaited);
        self.kept -= 1;
        let model = requests.remove(at).map(|request| request.model).unwrap_or_default();
        if requests.is_empty() {
            self.requests.remove(id);
        }
        Match { model, times }
    }

    /// Returns whether no request was sent.
    pub(super) fn is_unused(&self) -> bool {
        self.serials == 0
    }

    /// Returns whether END_STREAM must wait for a final response.
    pub(super) fn is_any_awaited(&self) -> bool {
        self.awaited > 0 || self.others.awaited > 0
    }

    /// Returns whether each request has had its final response, or any if which is final is never known.
    pub(super) fn is_idle(&self) -> bool {
        !self.is_any_awaited() && self.silent == 0 && self.others.silent == 0
    }

    /// Returns whether any request may lack responses.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.kept > 0 || self.others.count() > 0
    }

    /// Counts the requests that remain: as completed if all of them was sent and the stream `ended_well`.
    pub(super) fn end(self, ended_well: bool, now: Instant) {
        let counters = self.counters;
        for mut request in self.requests.into_values().flatten().filter(|request| !request.has_failed) {
            match request.sent_at {
                Some(_) if ended_well => {
                    request.last_at.get_or_insert(now);
                    counters.count(request.times());
                }
                _ => counters.count_failed(),
            }
        }
        let mut others = self.others;
        while others.count() > 0 {
            let time = others.remove(now);
            match ended_well {
                true => counters.count(time),
                false => counters.count_failed(),
            }
        }
    }

    /// Awaits no final responses, since this server does not mark them.
    fn await_none(&mut self) {
        if mem::replace(&mut self.is_finality_unknown, true) {
            return;
        }
        for request in self.requests.values_mut().flatten() {
            let was_awaited = mem::take(&mut request.is_awaited);
            self.silent += usize::from(was_awaited && request.first_at.is_none());
        }
        self.awaited = 0;
        self.others.silent += mem::take(&mut self.others.awaited);
    }

    /// Forgets the details of requests of which the last response may have arrived.
    fn forget_responded(&mut self) {
        let others = &mut self.others;
        let mut forgotten = 0;
        self.requests.retain(|_, requests| {
            requests.retain(|request| {
                let is_kept = request.is_awaited || request.first_at.is_none();
                if !is_kept {
                    forgotten += 1;
                    if !request.has_failed {
                        others.responded += 1;
                        others.responded_after += total(request.times());
                    }
                }
                is_kept
            });
            !requests.is_empty()
        });
        self.kept -= forgotten;
    }
}

/// Finds the request of a response.
fn find(requests: &VecDeque<Request>, model: &str, is_final: bool) -> Option<usize> {
    let is_of_model = |request: &Request| *request.model == *model;
    // The error of a refused request does not name its model.
    let any_model = !requests.iter().any(is_of_model);
    let position = |is_wanted: &dyn Fn(&Request) -> bool| {
        requests.iter().position(|request| (any_model || is_of_model(request)) && is_wanted(request))
    };
    let preferred = match is_final {
        true => position(&|request| request.is_awaited),
        false => position(&|request| request.first_at.is_none()),
    };
    preferred.or_else(|| position(&|_| true))
}

impl Request {
    /// Returns the stages up to the last response.
    fn times(&self) -> CallTimes {
        let sent_at = self.sent_at.unwrap_or(self.started_at);
        let last_at = self.last_at.unwrap_or(sent_at);
        let first_at = self.first_at.unwrap_or(last_at);
        CallTimes {
            queue: self.started_at.saturating_duration_since(self.queued_at),
            connect: Duration::ZERO,
            send: sent_at.saturating_duration_since(self.started_at),
            first_byte: first_at.saturating_duration_since(sent_at),
            receive: last_at.saturating_duration_since(first_at),
        }
    }
}

fn total(times: CallTimes) -> Duration {
    times.queue + times.connect + times.send + times.first_byte + times.receive
}

impl Others {
    fn add(&mut self, queued_at: Instant, is_awaited: bool) {
        match is_awaited {
            true => self.awaited += 1,
            false => self.silent += 1,
        }
        self.queued += queued_at.saturating_duration_since(self.origin);
    }

    fn count(&self) -> u32 {
        self.awaited + self.silent + self.responded
    }

    /// Records a response to any of the requests: which of them is not known.
    fn respond(&mut self, is_final: bool, is_error: bool, now: Instant, counters: &Counters) {
        if self.count() == 0 {
            return;
        }
        if is_final {
            let times = self.remove(now);
            match is_error {
                true => counters.count_failed(),
                false => counters.count(times),
            }
        } else if self.silent > 0 {
            let after = self.take_queued(now);
            self.silent -= 1;
            self.responded += 1;
            self.responded_after += after;
        }
    }

    /// Removes a request, and returns the mean time of its kind.
    fn remove(&mut self, now: Instant) -> CallTimes {
        let after = if self.awaited + self.silent > 0 {
            let after = self.take_queued(now);
            match self.awaited > 0 {
                true => self.awaited -= 1,
                false => self.silent -= 1,
            }
            after
        } else {
            let after = self.responded_after / self.responded.max(1);
            self.responded = self.responded.saturating_sub(1);
            self.responded_after -= after;
            after
        };
        CallTimes { first_byte: after, ..CallTimes::default() }
    }

    /// Takes the mean time of queueing out of the sum, and returns how long ago it is.
    fn take_queued(&mut self, now: Instant) -> Duration {
        let mean = self.queued / (self.awaited + self.silent).max(1);
        self.queued -= mean;
        now.saturating_duration_since(self.origin + mean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outgoing(id: &str, model: &str, has_empty_final_response: bool) -> Outgoing {
        Outgoing {
            message: bytes::Bytes::new(),
            id: id.into(),
            model: model.into(),
            has_empty_final_response,
            queued_at: Instant::now(),
        }
    }

    /// The requests of a test, whose clock goes on by a millisecond with each event.
    struct Book<'c> {
        outstanding: Outstanding<'c>,
        now: Instant,
    }

    impl<'c> Book<'c> {
        fn new(max: usize, counters: &'c Counters) -> Self {
            Self { outstanding: Outstanding::new(max, counters), now: Instant::now() }
        }

        fn tick(&mut self) -> Instant {
            self.now += Duration::from_millis(1);
            self.now
        }

        fn send(&mut self, id: &str, model: &str, flag: bool) {
            let outgoing = Outgoing { queued_at: self.now, ..outgoing(id, model, flag) };
            let now = self.tick();
            let serial = self.outstanding.begin(&outgoing, now);
            let now = self.tick();
            self.outstanding.sent(id, serial, now);
        }

        fn respond(&mut self, id: &str, model: &str, finality: Finality, is_error: bool) -> Match {
            let now = self.tick();
            self.outstanding.respond(id, model, finality, is_error, now)
        }

        /// Whether END_STREAM waits, whether nothing is outstanding, and whether anything is in doubt.
        fn state(&self) -> (bool, bool, bool) {
            let book = &self.outstanding;
            (book.is_any_awaited(), book.is_idle(), book.is_in_doubt())
        }

        fn end(self, ended_well: bool) {
            self.outstanding.end(ended_well, self.now);
        }
    }

    fn counts(counters: &Counters) -> (u64, u64) {
        let statistics = counters.statistics();
        (statistics.completed, statistics.failed)
    }

    use Finality::{Final, NotFinal, Unknown};

    #[test]
    fn a_request_that_asks_for_the_empty_final_response_is_awaited_until_it_comes() {
        let counters = Counters::default();
        let mut book = Book::new(10, &counters);
        assert_eq!(book.state(), (false, true, false));
        book.send("a", "m", true);
        assert_eq!(book.state(), (true, false, true));
        for _ in 0..3 {
            let found = book.respond("a", "m", NotFinal, false);
            assert_eq!(&*found.model, "m");
            assert_eq!(book.state(), (true, false, true));
        }
        let times = book.respond("a", "m", Final, false).times;
        let ms = Duration::from_millis;
        assert_eq!((times.queue, times.send, times.first_byte, times.receive), (ms(1), ms(1), ms(1), ms(3)));
        assert_eq!((book.state(), counts(&counters)), ((false, true, false), (1, 0)));
        assert_eq!(counters.statistics().max, ms(6));
        book.end(true);
        assert_eq!(counts(&counters), (1, 0));
    }

    #[test]
    fn a_request_without_a_known_last_response_counts_when_the_stream_ends() {
        for ended_well in [true, false] {
            let counters = Counters::default();
            let mut book = Book::new(10, &counters);
            book.send("", "decoupled", false);
            assert_eq!(book.state(), (false, false, true));
            book.respond("", "decoupled", NotFinal, false);
            assert_eq!((book.state(), counts(&counters)), ((false, true, true), (0, 0)));
            book.respond("", "decoupled", NotFinal, false);
            book.send("silent", "decoupled", false);
            assert_eq!(book.state(), (false, false, true));
            book.end(ended_well);
            assert_eq!(counts(&counters), if ended_well { (2, 0) } else { (0, 2) });
        }
    }

    #[test]
    fn an_error_fails_its_request_once_and_ends_it_unless_others_follow() {
        let counters = Counters::default();
        let mut book = Book::new(10, &counters);
        book.send("refused", "m", true);
        let found = book.respond("refused", "", Unknown, true);
        assert_eq!((&*found.model, book.state(), counts(&counters)), ("m", (false, true, false), (0, 1)));
        book.send("partly", "m", true);
        book.respond("partly", "m", NotFinal, true);
        book.respond("partly", "m", NotFinal, true);
        book.respond("partly", "m", NotFinal, false);
        assert_eq!((book.state(), counts(&counters)), ((true, false, true), (0, 2)));
        book.respond("partly", "m", Final, false);
        assert_eq!((book.state(), counts(&counters)), ((false, true, false), (0, 2)));
        book.send("unmarked", "m", false);
        book.respond("unmarked", "m", NotFinal, true);
        book.end(true);
        assert_eq!(counts(&counters), (0, 3));
    }

    #[test]
    fn requests_of_one_id_are_told_apart_by_model_and_never_hold_the_end_back_for_good() {
        let counters = Counters::default();
        let mut book = Book::new(10, &counters);
        book.send("", "a", false);
        book.send("", "b", true);
        book.respond("", "a", Final, false);
        assert_eq!(book.state(), (true, false, true));
        book.respond("", "b", Final, false);
        assert_eq!(book.state(), (false, true, false));
        // The final response of either ends the wait.
        book.send("", "a", false);
        book.send("", "a", true);
        book.respond("", "", Unknown, true);
        assert_eq!(book.state(), (false, false, true));
        book.respond("", "a", Final, false);
        assert_eq!(book.state(), (false, true, false));
        assert_eq!(counts(&counters), (3, 1));
        // Of an unknown id: nothing to count.
        book.respond("other", "a", Final, false);
        assert_eq!((book.state(), counts(&counters)), ((false, true, false), (3, 1)));
    }

    #[test]
    fn a_server_that_does_not_mark_final_responses_does_not_hold_the_end_back() {
        let counters = Counters::default();
        let mut book = Book::new(1, &counters);
        book.send("a", "m", true);
        book.send("b", "m", true);
        book.respond("a", "m", Unknown, false);
        assert_eq!(book.state(), (false, false, true));
        book.respond("b", "m", Unknown, false);
        book.send("c", "m", true);
        assert_eq!(book.state(), (false, false, true));
        book.end(true);
        assert_eq!(counts(&counters), (3, 0));
    }

    #[test]
    fn beyond_the_maximum_requests_are_only_counted() {
        let counters = Counters::default();
        let mut book = Book::new(3, &counters);
        // Decoupled ones without final responses: their details are forgotten once they have responded.
        for at in 0..100 {
            book.send(&at.to_string(), "m", false);
            book.respond(&at.to_string(), "m", NotFinal, false);
            assert!(book.outstanding.requests.len() <= 3);
        }
        assert_eq!(book.state(), (false, true, true));
        for at in 0..10 {
            book.send(&format!("awaited {at}"), "m", true);
        }
        assert_eq!((book.outstanding.requests.len(), book.state()), (3, (true, false, true)));
        for at in (0..10).rev() {
            assert!(book.state().0, "{at}");
            book.respond(&format!("awaited {at}"), "m", NotFinal, false);
            book.respond(&format!("awaited {at}"), "m", Final, at == 9);
        }
        assert_eq!((book.state(), counts(&counters)), ((false, true, true), (9, 1)));
        let longest = counters.statistics().max;
        assert!(longest >= Duration::from_millis(5) && longest <= Duration::from_millis(50), "{longest:?}");
        book.end(true);
        assert_eq!(counts(&counters), (109, 1));
    }

    #[test]
    fn a_request_of_which_a_part_was_not_sent_has_failed() {
        let counters = Counters::default();
        let mut book = Book::new(3, &counters);
        let now = book.tick();
        book.outstanding.begin(&outgoing("a", "m", false), now);
        book.end(true);
        assert_eq!(counts(&counters), (0, 1));
    }
}
