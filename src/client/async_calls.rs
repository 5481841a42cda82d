//! Asynchronous inference: a call is checked and encoded by the thread that submits it, runs in a task on the
//! client's I/O thread, and there completes.

use std::{
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Sender, channel},
    },
    time::{Duration, Instant},
};

use super::{Client, Inner, infer::with_doubt, server::ended};
use crate::{
    call::{Call, Completion, Shared, Sink},
    completion_queue::CompletionQueue,
    error::{Error, Origin, Result, Status, excerpt},
    infer::{InferRequest, InferResult, Stopwatch, place::Places},
    log::LogLevel,
    net::drive::{Driver, drive},
    options::{AddedHeaders, CallContext, CallOptions},
    panic,
    runtime::{Active, Activity, Callbacks},
    transport::Prepared,
    until::Deadline,
};

const TARGET: &str = "triton_client::client";
/// What a call does that waits for others, in error messages.
const WAITING: &str = "waiting for another call to complete, see option max_in_flight";

/// What a call does if as many are in flight as permitted, and it may wait for them at all.
#[derive(Clone, Copy)]
#[cfg_attr(not(feature = "jni"), expect(dead_code, reason = "the others are for threads of Java"))]
pub(crate) enum WhenFull {
    /// It is not started.
    GiveUp,
    /// The caller waits.
    Block,
    /// Its task waits.
    Queue,
}

impl Client {
    /// Starts an inference and returns at once; the [`Call`] is a future, and can be waited for.
    ///
    /// The request may be changed and dropped at once. The data that it borrows is `'static`: a call may
    /// outlive every scope. Options, errors, statistics and [`InferResult`] are those of
    /// [`infer_with`](Self::infer_with). If as many calls are in flight as
    /// [`ClientOptions::set_max_in_flight`](crate::ClientOptions::set_max_in_flight) permits, this blocks
    /// until one completes, or until the deadline of the call (DEADLINE_EXCEEDED); in a callback, and with
    /// [`set_fail_when_full`](crate::ClientOptions::set_fail_when_full), it is RESOURCE_EXHAUSTED at once.
    ///
    /// On a fast server over HTTP, eight threads with blocking calls reach twice the requests per second of
    /// eight asynchronous calls; over gRPC, whose asynchronous calls share connections, it is the reverse.
    /// Calls of the control plane have no asynchronous form: a [`CancelToken`](crate::CancelToken) cancels
    /// them from another thread.
    pub fn infer_async(&self, request: &InferRequest<'static>, options: &CallOptions) -> Result<Call> {
        self.submit(request, options, 0, Sink::None)
    }

    /// Starts an inference as [`infer_async`](Self::infer_async) does. `callback` is called with the outcome,
    /// exactly once and on a thread of the client's own, unless this returns an error. Dropping the [`Call`]
    /// cancels it here too: [`Call::detach`] lets it go on.
    pub fn infer_with_callback(
        &self,
        request: &InferRequest<'static>,
        options: &CallOptions,
        callback: impl FnOnce(Result<InferResult>) + Send + 'static,
    ) -> Result<Call> {
        self.submit(request, options, 0, Sink::Callback(self.0.callbacks.clone(), Box::new(callback)))
    }

    /// Starts an inference as [`infer_with_callback`](Self::infer_with_callback) does. `announce` gets a
    /// handle of the call before it can complete, and before it waits for others: cancelling the call ends
    /// that wait. Returns `false`, and starts nothing, if it would have to wait and is to give up then. With
    /// `on_io_thread`, `callback` runs on the I/O thread, and must not block: that saves the wake of a
    /// callback thread.
    #[cfg(feature = "jni")]
    pub(crate) fn infer_announced(
        &self,
        request: &InferRequest<'static>,
        options: &CallOptions,
        when_full: WhenFull,
        on_io_thread: bool,
        announce: impl FnOnce(Call),
        callback: impl FnOnce(Result<InferResult>) + Send + 'static,
    ) -> Result<bool> {
        let sink = match on_io_thread {
            true => Sink::Turn(Box::new(callback)),
            false => Sink::Callback(self.0.callbacks.clone(), Box::new(callback)),
        };
        let call = self.submit_announced(request, options, 0, sink, when_full, announce)?;
        Ok(call.map(Call::detach).is_some())
    }

    /// Starts an inference as [`infer_async`](Self::infer_async) does. When it is complete, `queue` returns a
    /// [`Call`] with `tag`.
    pub fn infer_with_queue(
        &self,
        request: &InferRequest<'static>,
        options: &CallOptions,
        queue: &CompletionQueue,
        tag: u64,
    ) -> Result<Call> {
        queue.process().check()?;
        let (queue, log) = (queue.queue().clone(), self.0.options.log.clone());
        let push = move |call| {
            if !queue.push(call) {
                log.write(LogLevel::Warn, TARGET, || "a call completed after its queue was freed".to_owned());
            }
        };
        self.submit(request, options, tag, Sink::Queue(Box::new(push)))
    }

    /// Sends several inferences at once, of any models, and blocks until all are complete. Returns their
    /// outcomes in the order of the requests. `options` are those of all calls, of each, or none.
    ///
    /// Each call has its own deadline, and is cancelled by the token in its options. As many are in flight as
    /// [`ClientOptions::set_max_in_flight`](crate::ClientOptions::set_max_in_flight) permits; the others
    /// wait, which counts against their deadlines. INVALID_ARGUMENT for a number of options other than 0, 1,
    /// or that of the requests.
    pub fn infer_many(
        &self,
        requests: &[&InferRequest<'static>],
        options: &[&CallOptions],
    ) -> Result<Vec<Result<InferResult>>> {
        let _active = self.0.begin(&CallOptions::DEFAULT)?;
        let (sender, receiver) = channel();
        self.submit_many(requests, options, Done::Wake(sender))?;
        receiver.recv().map_err(|error| {
            Error::new(Status::Internal, Origin::Client, "a call was lost").with_source(error)
        })
    }

    /// Sends several inferences at once as [`infer_many`](Self::infer_many) does, without blocking.
    /// `callback` is called with all outcomes, exactly once, after the last call is complete, on a thread of
    /// the client's own.
    pub fn infer_many_with_callback(
        &self,
        requests: &[&InferRequest<'static>],
        options: &[&CallOptions],
        callback: impl FnOnce(Vec<Result<InferResult>>) + Send + 'static,
    ) -> Result<()> {
        let active = Active::begin(self.0.activity.clone())?;
        let callbacks = self.0.callbacks.clone();
        self.submit_many(
            requests,
            options,
            Done::Callback { callbacks, callback: Box::new(callback), active },
        )
    }

    fn submit(
        &self,
        request: &InferRequest<'static>,
        options: &CallOptions,
        tag: u64,
        sink: Sink,
    ) -> Result<Call> {
        let call = self.submit_announced(request, options, tag, sink, WhenFull::Block, |_| ())?;
        call.ok_or_else(|| Error::internal("a call that may wait did not"))
    }

    /// Returns `None` if the call gave up.
    fn submit_announced(
        &self,
        request: &InferRequest<'static>,
        options: &CallOptions,
        tag: u64,
        sink: Sink,
        when_full: WhenFull,
        announce: impl FnOnce(Call),
    ) -> Result<Option<Call>> {
        // Owned: a callback may free the client before this returns.
        let inner = self.0.clone();
        let has_callback = matches!(sink, Sink::Callback(..));
        let mut job = Job::new(&inner, request, options, tag, sink)?;
        announce(Call::of_completed(job.shared.clone()));
        let prepared = job.prepare(request).and_then(|()| inner.start_threads(has_callback));
        match prepared.and_then(|()| job.hold_slot(when_full)) {
            Ok(true) => {}
            Ok(false) => {
                job.give_up();
                return Ok(None);
            }
            Err(error) => return Err(job.withdraw(error)),
        }
        let call = Call::new(job.shared.clone());
        inner.io.spawn(move || job.run());
        Ok(Some(call))
    }

    fn submit_many(
        &self,
        requests: &[&InferRequest<'static>],
        options: &[&CallOptions],
        done: Done,
    ) -> Result<()> {
        // As in `submit`.
        let (count, inner) = (requests.len(), self.0.clone());
        if !matches!(options.len(), 0 | 1) && options.len() != count {
            let given = options.len();
            return Err(Error::invalid(format!("expected 0, 1 or {count} call options, got {given}")));
        }
        inner.start_threads(matches!(done, Done::Callback { .. }))?;
        let collector = Collector::new(count, done);
        if count == 0 {
            collector.finish();
            return Ok(());
        }
        let mut jobs = Vec::with_capacity(count);
        for (at, request) in requests.iter().enumerate() {
            const NONE: &CallOptions = &CallOptions::DEFAULT;
            let options = options.get(at).or(options.first()).copied().unwrap_or(NONE);
            let collect = collector.clone();
            let sink = Sink::Collector(Box::new(move |outcome| collect.settle(at, outcome)));
            jobs.push((request, Job::new(&inner, request, options, 0, sink)?));
        }
        for (request, mut job) in jobs {
            match job.prepare(request) {
                Ok(()) => {
                    job.hold_slot_of_callback();
                    inner.io.spawn(move || job.run());
                }
                Err(error) => job.fail(error),
            }
        }
        Ok(())
    }

    /// Refuses new calls and streams, and blocks until those under way have ended, and the last callback has
    /// returned: DEADLINE_EXCEEDED if that takes longer than `timeout`, after which the client stays closed;
    /// `None` means no limit. Streams are not ended by it: finish or cancel them before. FAILED_PRECONDITION
    /// at once in a callback, which would wait for itself.
    pub fn close(&self, timeout: Option<Duration>) -> Result<()> {
        let inner = &self.0;
        inner.activity.process().check()?;
        if inner.callbacks.is_this_thread() || inner.server.is_in_header_callback() {
            let message = "a client can't be closed in one of its callbacks, for which it would wait";
            return Err(Error::precondition(message));
        }
        inner.activity.close();
        match inner.activity.wait_ended(Deadline::after(timeout)) {
            true => Ok(()),
            false => {
                let timeout = timeout.unwrap_or_default();
                Err(Error::deadline(format!("calls or streams of the client did not end within {timeout:?}")))
            }
        }
    }
}

/// A call on its way to the I/O thread, and there.
struct Job {
    shared: Arc<Shared>,
    /// Declared before `inner`, and therefore dropped before it: see [`finish`](Self::finish).
    completion: Completion,
    inner: Arc<Inner>,
    /// The copies of what the request and the caller may free.
    options: CallOptions,
    model: String,
    id: String,
    start: Instant,
    /// Set by [`prepare`](Self::prepare).
    prepared: Option<(Prepared<'static>, Places<'static>)>,
    /// Those of the header callback.
    added: Option<AddedHeaders>,
}

impl Job {
    fn new(
        inner: &Arc<Inner>,
        request: &InferRequest<'static>,
        options: &CallOptions,
        tag: u64,
        sink: Sink,
    ) -> Result<Box<Self>> {
        let active = Active::begin(inner.activity.clone())?;
        options.check_process()?;
        let shared = Shared::new(inner.activity.process(), tag);
        // Boxed: it is moved from thread to thread.
        Ok(Box::new(Self {
            inner: inner.clone(),
            completion: Completion::new(shared.clone(), sink, active),
            shared,
            options: options.clone(),
            model: request.model().0.to_owned(),
            id: request.request_id().to_owned(),
            start: Instant::now(),
            prepared: None,
            added: None,
        }))
    }

    fn context(&self) -> CallContext<'_> {
        CallContext::starting(self.start, &self.inner.options, &self.options)
    }

    /// Checks and encodes the request, leases its buffers, and calls the header callback.
    fn prepare(&mut self, request: &InferRequest<'static>) -> Result<()> {
        let inner = &self.inner;
        let mut context = self.context();
        let prepared = inner.prepare(request, &context)?;
        // For the callback, which a cancelled call does not run.
        let _following = inner.server.headers.is_some().then(|| {
            context.until.cancel = Some(self.shared.token().clone());
            inner.follow(self.shared.token(), &self.options)
        });
        let added = inner.server.begin(&context)?.and_then(|context| context.added());
        (self.prepared, self.added) = (Some(prepared), added);
        Ok(())
    }

    /// Takes a place among the calls in flight, even if there is none, for a call that the header callback
    /// makes: the call that it would wait for may wait for the callback.
    fn hold_slot_of_callback(&mut self) {
        if self.inner.server.is_in_header_callback() {
            self.completion.hold(self.inner.slots.take_beyond());
        }
    }

    /// Takes a place among the calls in flight, or leaves that to the task. Returns `false` to give up.
    fn hold_slot(&mut self, when_full: WhenFull) -> Result<bool> {
        self.hold_slot_of_callback();
        if self.completion.has_slot() {
            return Ok(true);
        }
        let slots = &self.inner.slots;
        let slot = match slots.try_take() {
            Some(slot) => slot,
            None if self.inner.options.fails_when_full || Callbacks::is_any_on_this_thread() => {
                let max = self.inner.options.max_in_flight;
                let message = format!("{max} calls are in flight, the maximum (option max_in_flight)");
                return Err(Error::new(Status::ResourceExhausted, Origin::Client, message).retryable(true));
            }
            None if matches!(when_full, WhenFull::GiveUp) => return Ok(false),
            None if matches!(when_full, WhenFull::Queue) => return Ok(true),
            None => {
                let mut context = self.context();
                context.until.cancel = Some(self.shared.token().clone());
                let _following = self.inner.follow(self.shared.token(), &self.options);
                let driver = Driver::caller(context.until.clone());
                drive(&driver, slots.take()).map_err(|stopped| context.stopped(stopped, WAITING))?
            }
        };
        self.completion.hold(slot);
        Ok(true)
    }

    /// Runs the call in its task.
    async fn run(mut self: Box<Self>) {
        let outcome = {
            // Pinned here and below: a future that is passed by value is stored twice.
            let outcome = pin!(self.outcome());
            panic::guarded(outcome).await.and_then(|outcome| outcome)
        };
        // Before the call is complete: from then on the memory of the caller must not be used.
        self.prepared = None;
        self.finish(outcome);
    }

    async fn outcome(&mut self) -> Result<InferResult> {
        let Self { inner, shared, completion, options, id, start, prepared, added, .. } = self;
        let Some((prepared, places)) = prepared else {
            return Err(Error::internal("the call is not prepared"));
        };
        let mut context = CallContext::starting(*start, &inner.options, options);
        context.request_id = id;
        context.set_added(added.take());
        context.until.cancel = Some(shared.token().clone());
        let _following = inner.follow(shared.token(), options);
        let driver = &Driver::task(context.until.clone());
        if !completion.has_slot() {
            driver.set_phase(WAITING);
            let taken = driver.run(inner.slots.take()).await;
            let slot = taken.map_err(|stopped| context.stopped(stopped, driver.phase()))?;
            completion.hold(slot);
        }
        let watch = &mut Stopwatch::since(*start);
        let server = &inner.server;
        let outcome = {
            let attempts = pin!(server.repeat(driver, &context, false, async |attempt| {
                let outcome = server.transport.infer_in_task(prepared, places, watch, attempt).await;
                outcome.map_err(|failure| with_doubt(failure, places))
            }));
            // The attempts of a stopped call are dropped here: that puts the call in doubt if any of it was
            // sent.
            driver.run(attempts).await
        };
        ended(outcome, driver, &context)
    }

    /// Logs and counts the outcome, and completes the call.
    fn finish(self: Box<Self>, outcome: Result<InferResult>) {
        // Kept until the callback is queued: if the client was freed, the last call ends the callback
        // threads.
        let _inner = self.inner.clone();
        let (outcome, completion) = self.conclude(outcome);
        completion.complete(outcome);
    }

    /// Completes a call that could not be submitted.
    fn fail(self: Box<Self>, error: Error) {
        self.finish(Err(error));
    }

    /// Drops a call that was not submitted, as if it had never been.
    fn give_up(self: Box<Self>) {
        let Self { completion, .. } = *self;
        completion.withdraw();
    }

    /// Returns the error of a call that could not be submitted, which is not completed.
    fn withdraw(self: Box<Self>, error: Error) -> Error {
        let (outcome, completion) = self.conclude(Err(error));
        completion.withdraw();
        match outcome {
            Err(error) => error,
            Ok(_) => Error::internal("a failed call succeeded"),
        }
    }

    fn conclude(self: Box<Self>, outcome: Result<InferResult>) -> (Result<InferResult>, Completion) {
        let Self { inner, completion, model, id, start, prepared, .. } = *self;
        drop(prepared);
        let what = || format!("inference of model '{}'", excerpt(&model));
        let mut outcome = inner.server.log_outcome(outcome, &what, Some(start), &inner.options.log);
        inner.count(&mut outcome);
        (outcome.map_err(|error| error.with_request_id(&id)), completion)
    }
}

/// The outcomes of several calls.
struct Collector {
    state: Mutex<Outcomes>,
}

struct Outcomes {
    settled: Vec<Option<Result<InferResult>>>,
    left: usize,
    done: Option<Done>,
}

/// What happens after the last outcome.
enum Done {
    Wake(Sender<Vec<Result<InferResult>>>),
    Callback {
        callbacks: Arc<Callbacks>,
        callback: Box<dyn FnOnce(Vec<Result<InferResult>>) + Send>,
        active: Active<Arc<Activity>>,
    },
}

impl Collector {
    fn new(count: usize, done: Done) -> Arc<Self> {
        let settled = (0..count).map(|_| None).collect();
        Arc::new(Self { state: Mutex::new(Outcomes { settled, left: count, done: Some(done) }) })
    }

    fn settle(&self, at: usize, outcome: Result<InferResult>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(settled) = state.settled.get_mut(at)
            && settled.replace(outcome).is_none()
        {
            state.left -= 1;
        }
        let is_last = state.left == 0;
        drop(state);
        if is_last {
            self.finish();
        }
    }

    fn finish(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (settled, done) = (std::mem::take(&mut state.settled), state.done.take());
        drop(state);
        let outcomes = settled.into_iter().flatten().collect();
        match done {
            // The receiver waits until then.
            Some(Done::Wake(sender)) => drop(sender.send(outcomes)),
            Some(Done::Callback { callbacks, callback, active }) => {
                callbacks.push(active, move || callback(outcomes));
            }
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A waiting call is its task: with ten thousand in flight, that is what they cost beside their messages.
    #[test]
    fn the_task_of_a_call_is_small() {
        for url in ["localhost", "grpc://localhost"] {
            let client = Client::new(url).unwrap();
            let request = InferRequest::new("m");
            let mut job = Job::new(&client.0, &request, &CallOptions::new(), 0, Sink::None).unwrap();
            job.prepare(&request).unwrap();
            let byte_size = size_of_val(&*job) + size_of_val(&job.run());
            assert!(byte_size < 3000, "{byte_size}");
        }
    }
}
