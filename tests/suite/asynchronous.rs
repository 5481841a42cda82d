//! Asynchronous calls over both protocols: every form completes exactly once, with the result of a blocking
//! call.

use std::{
    future::Future,
    pin::pin,
    sync::{Arc, mpsc::channel},
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::Duration,
};

use triton_client::{
    CallOptions, Client, CompletionQueue, InferRequest, InferResult, Origin, Result, Status,
};

use crate::server::urls;

const PATIENCE: Duration = Duration::from_secs(20);

static A: [i32; 16] = [20; 16];
static B: [i32; 16] = [3; 16];

fn request() -> InferRequest<'static> {
    InferRequest::new("simple").id("7").input("INPUT0", &[1, 16], &A).input("INPUT1", &[1, 16], &B)
}

fn check(result: &Result<InferResult>) {
    let result = result.as_ref().unwrap();
    assert_eq!(result.output("OUTPUT0").unwrap().as_slice::<i32>().unwrap(), [23; 16]);
    assert_eq!((result.id(), result.is_final()), ("7", true));
}

/// An executor without a runtime.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(outcome) => return outcome,
            Poll::Pending => thread::park_timeout(PATIENCE),
        }
    }
}

#[test]
fn a_call_is_a_future_can_be_waited_for_and_reports_to_a_callback_or_a_queue() {
    for url in urls() {
        let client = Client::new(&url).unwrap();
        let options = CallOptions::new();
        check(&block_on(client.infer_async(&request(), &options).unwrap()));

        let call = client.infer_async(&request(), &options).unwrap();
        call.wait(Some(PATIENCE)).unwrap();
        assert!(call.is_done());
        check(&call.take_result());
        let error = call.take_result().unwrap_err();
        assert_eq!((error.status(), error.origin()), (Status::FailedPrecondition, Origin::Argument));

        let (sender, receiver) = channel();
        let deliver =
            move |outcome| sender.send((outcome, thread::current().name().map(str::to_owned))).unwrap();
        client.infer_with_callback(&request(), &options, deliver).unwrap().detach();
        let (outcome, name) = receiver.recv_timeout(PATIENCE).unwrap();
        check(&outcome);
        assert_eq!(name.as_deref(), Some("triton-cb-0"));

        let queue = CompletionQueue::new();
        client.infer_with_queue(&request(), &options, &queue, 99).unwrap().detach();
        let call = queue.next(Some(PATIENCE)).unwrap();
        assert_eq!(call.tag(), 99);
        check(&call.take_result());
        assert_eq!(queue.next(Some(Duration::ZERO)).unwrap_err().status(), Status::DeadlineExceeded);

        let outcomes = client.infer_many(&[&request(), &InferRequest::new("none"), &request()], &[]).unwrap();
        assert_eq!(outcomes.len(), 3);
        check(&outcomes[0]);
        assert_eq!(outcomes[1].as_ref().unwrap_err().status(), Status::NotFound);
        check(&outcomes[2]);
        assert!(client.infer_many(&[], &[]).unwrap().is_empty());
        client.close(Some(PATIENCE)).unwrap();
        let statistics = client.infer_statistics();
        assert_eq!((statistics.completed, statistics.failed), (6, 1), "{url}");
    }
}
