package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Streams whose events go to a handler or a subscriber, on the real server. As {@link StreamTest} about models. */
class StreamDeliveryTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    /** Keeps what it gets, and closes results. */
    private static class Recorder implements StreamHandler {
        final List<Integer> values = new CopyOnWriteArrayList<>();
        final List<String> errors = new CopyOnWriteArrayList<>();
        final CompletableFuture<InferenceException> end = new CompletableFuture<>();
        volatile Thread thread;
        private final String output;

        Recorder(String output) {
            this.output = output;
        }

        @Override
        public void onResult(InferResult result) {
            thread = Thread.currentThread();
            try (InferResult closing = result) {
                if (!closing.isNull()) {
                    values.add(closing.getOutputAsInt(output)[0]);
                }
            }
        }

        @Override
        public void onRequestError(InferenceException error) {
            errors.add(error.getRequestId());
        }

        @Override
        public void onEnd(InferenceException error) {
            if (!end.complete(error)) {
                errors.add("a second end");
            }
        }

        /** Returns why the stream failed, or null. */
        InferenceException end() throws Exception {
            return end.get(PATIENCE.getSeconds(), TimeUnit.SECONDS);
        }
    }

    private static InferenceServerClient client() {
        return new InferenceServerClient(RealServer.grpc());
    }

    private static List<Integer> numbers(int count) {
        List<Integer> numbers = new ArrayList<>();
        for (int number : StreamRequests.numbers(count)) {
            numbers.add(number);
        }
        return numbers;
    }

    @Test
    void aHandlerGetsTheResponsesInOrderOnACallbackThreadAndTheEndLast() throws Exception {
        Recorder recorder = new Recorder("OUT");
        try (InferenceServerClient client = client();
                InferStream stream = client.openStream(StreamOptions.defaults(), recorder)) {
            stream.send(StreamRequests.repeat("r", 0, StreamRequests.numbers(200)).setEmptyFinalResponse(true));
            stream.send(StreamRequests.repeat("fails", 0, -1).setEmptyFinalResponse(true));
            stream.finish();
            stream.waitEnd(PATIENCE);
            assertNull(recorder.end());
            assertEquals(numbers(200), recorder.values);
            assertEquals(List.of("fails"), recorder.errors);
            assertTrue(recorder.thread.getName().startsWith("triton-cb"), recorder.thread.getName());
            assertTrue(recorder.thread.isDaemon());
            assertThrows(IllegalStateException.class, stream::next);
            assertThrows(IllegalStateException.class, () -> stream.iterator().hasNext());
        }
    }

    @Test
    void aHandlerRunsOnTheExecutorOfTheStreamOneCallAfterAnother() throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(4);
        try (InferenceServerClient client = client()) {
            Recorder recorder = new Recorder("OUTPUT0") {
                private int inside;

                @Override
                public void onResult(InferResult result) {
                    // Not volatile: each call happens before the next.
                    assertEquals(0, inside++);
                    super.onResult(result);
                    inside--;
                }
            };
            StreamOptions options = StreamOptions.builder().executor(executor).build();
            try (InferStream stream = client.openStream(options, recorder)) {
                for (int i = 0; i < 200; i++) {
                    stream.send(StreamRequests.sum(i - 1));
                }
                stream.finish();
                assertNull(recorder.end());
                stream.waitEnd(PATIENCE);
                assertEquals(numbers(200), recorder.values);
                assertTrue(recorder.thread.getName().startsWith("pool-"), recorder.thread.getName());
            }
        } finally {
            executor.shutdownNow();
        }
    }

    @Test
    void aHandlerMaySendAndFinishButNotWaitForItsStream() throws Exception {
        CompletableFuture<InferStream> opened = new CompletableFuture<>();
        List<Status> waits = new CopyOnWriteArrayList<>();
        Recorder recorder = new Recorder("OUTPUT0") {
            @Override
            public void onResult(InferResult result) {
                super.onResult(result);
                InferStream stream = opened.join();
                waits.add(assertThrows(InferenceException.class, stream::waitEnd).getStatus());
                int value = values.get(values.size() - 1);
                if (value == 5) {
                    stream.finish();
                } else {
                    stream.send(StreamRequests.sum(value));
                }
            }
        };
        try (InferenceServerClient client = client();
                InferStream stream = client.openStream(StreamOptions.defaults(), recorder)) {
            opened.complete(stream);
            stream.send(StreamRequests.sum(0));
            stream.waitEnd(PATIENCE);
            assertNull(recorder.end());
            assertEquals(List.of(1, 2, 3, 4, 5), recorder.values);
            assertEquals(5, waits.size());
            assertTrue(waits.stream().allMatch(status -> status == Status.FAILED_PRECONDITION), waits.toString());
        }
    }

    @Test
    void whatAHandlerThrowsCancelsTheStreamAndTheClientGoesOn() throws Exception {
        for (Throwable thrown : List.of(new IllegalStateException("for the test"), new OutOfMemoryError("for the test"))) {
            MessageLog log = new MessageLog();
            Recorder recorder = new Recorder("OUT") {
                @Override
                public void onResult(InferResult result) {
                    super.onResult(result);
                    if (thrown instanceof Error) {
                        throw (Error) thrown;
                    }
                    throw (RuntimeException) thrown;
                }
            };
            ClientOptions options = ClientOptions.builder().logger(log).build();
            try (InferenceServerClient client = new InferenceServerClient(RealServer.grpc(), options);
                    InferStream stream = client.openStream(StreamOptions.defaults(), recorder)) {
                stream.send(StreamRequests.repeat("r", 5, StreamRequests.numbers(1000)).setEmptyFinalResponse(true));
                InferenceException end = recorder.end();
                assertEquals(Status.CANCELLED, end.getStatus());
                assertSame(thrown, end.getCause());
                assertEquals(1, recorder.values.size());
                stream.waitEnd(PATIENCE);
                assertTrue(log.messages.stream().anyMatch(text -> text.contains("handler")), log.messages.toString());
                assertThrows(InferenceException.class, () -> stream.send(StreamRequests.repeat("late", 0, 1)));
                // The callback thread lives.
                try (InferResult result = client.inferAsync(RealServer.simple()).get(20, TimeUnit.SECONDS)) {
                    assertEquals(16, result.getOutputAsInt("OUTPUT0")[15]);
                }
            }
        }
    }

    @Test
    void aStreamThatIsCancelledOrClosedInItsHandlerEndsWithCancelled() throws Exception {
        for (Consumer<InferStream> ending : List.<Consumer<InferStream>>of(InferStream::cancel, InferStream::close)) {
            CompletableFuture<InferStream> opened = new CompletableFuture<>();
            Recorder recorder = new Recorder("OUT") {
                @Override
                public void onResult(InferResult result) {
                    super.onResult(result);
                    ending.accept(opened.join());
                }
            };
            try (InferenceServerClient client = client();
                    InferStream stream = client.openStream(StreamOptions.defaults(), recorder)) {
                opened.complete(stream);
                stream.send(StreamRequests.repeat("r", 10, StreamRequests.numbers(1000)).setEmptyFinalResponse(true));
                InferenceException end = recorder.end();
                assertEquals(Status.CANCELLED, end.getStatus());
                assertTrue(recorder.values.size() < 1000);
                stream.waitEnd(PATIENCE);
            }
        }
    }

    @Test
    void aClientThatIsClosedWithATimeoutWaitsForTheLastCallOfAHandler() throws Exception {
        Recorder recorder = new Recorder("OUTPUT0") {
            @Override
            public void onResult(InferResult result) {
                super.onResult(result);
                // The server has sent all: what follows waits in the client.
                LockSupport.parkNanos(5_000_000);
            }
        };
        InferenceServerClient client = client();
        try (InferStream stream = client.openStream(StreamOptions.defaults(), recorder)) {
            for (int i = 0; i < 20; i++) {
                stream.send(StreamRequests.sum(i - 1));
            }
            stream.finish();
            client.close(PATIENCE);
            assertTrue(recorder.end.isDone());
            assertNull(recorder.end());
            assertEquals(numbers(20), recorder.values);
        }
    }

    /** Requests events only when it is told to, and keeps the values of a result's first element. */
    private static final class Subscriber implements Flow.Subscriber<StreamEvent> {
        final List<String> ids = new CopyOnWriteArrayList<>();
        final CompletableFuture<Throwable> end = new CompletableFuture<>();
        final AtomicReference<Flow.Subscription> subscription = new AtomicReference<>();
        volatile Thread thread;

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            this.subscription.set(subscription);
        }

        @Override
        public void onNext(StreamEvent event) {
            thread = Thread.currentThread();
            try (StreamEvent closing = event) {
                ids.add(closing.isResult() ? closing.getResult().getId() : closing.getError().getRequestId());
            }
        }

        @Override
        public void onError(Throwable error) {
            end.complete(error);
        }

        @Override
        public void onComplete() {
            end.complete(null);
        }

        Throwable end() throws Exception {
            return end.get(PATIENCE.getSeconds(), TimeUnit.SECONDS);
        }
    }

    /** A subscriber that asks for no more holds the transfer back: the client has not read what the server has sent. */
    @Test
    void aSlowSubscriberHoldsTheServerBack() throws Exception {
        int count = 60;
        int byteSize = 1 << 20;
        try (InferenceServerClient client = client();
                InferStream stream = client.openStream()) {
            Subscriber subscriber = new Subscriber();
            stream.publisher().subscribe(subscriber);
            long before = executions(client);
            for (int i = 0; i < count; i++) {
                stream.send(StreamRequests.echo("request " + i, byteSize));
            }
            stream.finish();
            Await.until("the server has computed all", () -> executions(client) >= before + count);
            assertEquals(List.of(), subscriber.ids);
            subscriber.subscription.get().request(2);
            Await.until("two events", () -> subscriber.ids.size() == 2);
            // One window of 4 MiB, one message, and the two.
            // The thread that reads has had time for all of it.
            int calls = 50;
            for (int i = 0; i < calls; i++) {
                client.inferAsync(RealServer.simple()).get(20, TimeUnit.SECONDS).close();
            }
            long read = client.getInferStatistics().getCompleted() - calls;
            assertTrue(read >= 3 && read <= 10, read + " responses were read");
            assertEquals(2, subscriber.ids.size());
            subscriber.subscription.get().request(Long.MAX_VALUE);
            assertNull(subscriber.end());
            assertEquals(count, subscriber.ids.size());
            for (int i = 0; i < count; i++) {
                assertEquals("request " + i, subscriber.ids.get(i));
            }
            assertEquals(count + calls, client.getInferStatistics().getCompleted());
            assertTrue(subscriber.thread.getName().startsWith("triton-cb"), subscriber.thread.getName());
        }
    }

    private static long executions(InferenceServerClient client) {
        return client.getModelStatistics("identity_uint8").getEntries().get(0).getInferenceCount();
    }

    @Test
    void aSubscriberGetsTheErrorsOfRequestsAndCancelsTheStream() throws Exception {
        MessageLog log = new MessageLog();
        ClientOptions options = ClientOptions.builder().logger(log).build();
        try (InferenceServerClient client = new InferenceServerClient(RealServer.grpc(), options);
                InferStream stream = client.openStream()) {
            Subscriber subscriber = new Subscriber();
            stream.publisher().subscribe(subscriber);
            subscriber.subscription.get().request(Long.MAX_VALUE);
            stream.send(new InferRequest("nope").setId("unknown").addInput(StreamRequests.sum(0).getInputs().get(0)));
            stream.send(StreamRequests.sum(7));
            Await.until("two events", () -> subscriber.ids.size() == 2);
            assertEquals(List.of("unknown", "7"), subscriber.ids);
            subscriber.subscription.get().cancel();
            stream.waitEnd(PATIENCE);
            InferenceException error = assertThrows(InferenceException.class, () -> stream.send(StreamRequests.sum(1)));
            assertEquals(Status.CANCELLED, error.getStatus());
            assertTrue(!subscriber.end.isDone());
            assertThrows(IllegalStateException.class, stream::next);
            Subscriber second = new Subscriber();
            stream.publisher().subscribe(second);
            assertTrue(second.end() instanceof IllegalStateException, second.end.toString());
        }
    }

    @Test
    @SuppressWarnings("try") // Closed earlier.
    void closingAStreamOrItsClientEndsASubscriberWithoutDemand() throws Exception {
        for (boolean isClient : new boolean[] {false, true}) {
            try (InferenceServerClient client = client();
                    InferStream stream = client.openStream()) {
                Subscriber subscriber = new Subscriber();
                stream.publisher().subscribe(subscriber);
                if (isClient) {
                    subscriber.subscription.get().request(1);
                    client.close();
                } else {
                    stream.close();
                }
                assertEquals(Status.CANCELLED, ((InferenceException) subscriber.end()).getStatus());
                stream.waitEnd(PATIENCE);
            }
        }
        try (InferenceServerClient client = client()) {
            InferStream stream = client.openStream();
            stream.close();
            Subscriber late = new Subscriber();
            stream.publisher().subscribe(late);
            assertTrue(late.end() instanceof IllegalStateException, late.end.toString());
        }
    }

    /** The order of one stream is kept on several threads, and one handler that blocks delays no other then. */
    @Test
    void streamsShareTheCallbackThreads() throws Exception {
        ClientOptions options = ClientOptions.builder().callbackThreads(3).build();
        CompletableFuture<Void> released = new CompletableFuture<>();
        try (InferenceServerClient client = new InferenceServerClient(RealServer.grpc(), options)) {
            Recorder blocked = new Recorder("OUTPUT0") {
                @Override
                public void onResult(InferResult result) {
                    super.onResult(result);
                    released.join();
                }
            };
            Recorder free = new Recorder("OUTPUT0");
            try (InferStream one = client.openStream(StreamOptions.defaults(), blocked);
                    InferStream other = client.openStream(StreamOptions.defaults(), free)) {
                one.send(StreamRequests.sum(0));
                Await.until("a handler blocks", () -> blocked.values.size() == 1);
                for (int i = 0; i < 300; i++) {
                    other.send(StreamRequests.sum(i - 1));
                }
                other.finish();
                assertNull(free.end());
                assertEquals(numbers(300), free.values);
                released.complete(null);
                one.finish();
                assertNull(blocked.end());
            } finally {
                released.complete(null);
            }
        }
    }
}
