package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Streams are closed while they are in use, and dropped. On the small server: see {@link EmbeddedServer}. */
class StreamLifetimeTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final long SECONDS = Long.getLong("tritonclient.test.seconds", 5);

    private static String grpc(EmbeddedServer server) {
        return server.urls().get(1);
    }

    /** Counts what it gets, and closes results. */
    private static final class Counter implements StreamHandler, Flow.Subscriber<StreamEvent> {
        final AtomicInteger results;
        final CompletableFuture<Throwable> end = new CompletableFuture<>();
        private Flow.Subscription subscription;

        Counter(AtomicInteger results) {
            this.results = results;
        }

        @Override
        public void onResult(InferResult result) {
            assertEquals(1, StreamRequests.value(result, "OUTPUT0"));
            results.incrementAndGet();
        }

        @Override
        public void onRequestError(InferenceException error) {
            end.complete(error);
        }

        @Override
        public void onEnd(InferenceException error) {
            end.complete(error);
        }

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            this.subscription = subscription;
            subscription.request(1);
        }

        @Override
        public void onNext(StreamEvent event) {
            onResult(event.getResult());
            subscription.request(1);
        }

        @Override
        public void onError(Throwable error) {
            end.complete(error);
        }

        @Override
        public void onComplete() {
            end.complete(null);
        }
    }

    @Test
    void closingRacesWithTheUsesOfFourThreads() throws Exception {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        AtomicInteger results = new AtomicInteger();
        AtomicInteger streams = new AtomicInteger();
        try (EmbeddedServer server = EmbeddedServer.start();
                InferenceServerClient client = new InferenceServerClient(grpc(server))) {
            // Senders wait for room, too.
            StreamOptions options = StreamOptions.builder().maxQueuedByteSize(1000).build();
            AtomicReference<InferStream> current = new AtomicReference<>(client.openStream(options));
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                int kind = i;
                Thread thread = new Thread(() -> {
                    while (System.nanoTime() < end) {
                        try {
                            use(kind, current.get(), results);
                        } catch (Throwable e) {
                            if (!isClosed(e)) {
                                failure.compareAndSet(null, e);
                            }
                            Thread.yield();
                        }
                    }
                });
                threads.add(thread);
                thread.start();
            }
            while (System.nanoTime() < end) {
                int seen = results.get();
                int wanted = streams.get() % 5;
                while (results.get() < seen + wanted && System.nanoTime() < end) {
                    Thread.yield();
                }
                // Some by two threads at once, some with a handler or a subscriber.
                Counter counter = new Counter(results);
                InferStream next = streams.get() % 4 == 1
                        ? client.openStream(options, counter)
                        : client.openStream(options);
                if (streams.get() % 4 == 2) {
                    next.publisher().subscribe(counter);
                }
                InferStream old = current.getAndSet(next);
                Thread other = new Thread(old::close);
                other.start();
                old.close();
                other.join();
                streams.incrementAndGet();
            }
            for (Thread thread : threads) {
                thread.join();
            }
            current.get().close();
        }
        if (failure.get() != null) {
            throw new AssertionError(failure.get());
        }
        assertTrue(results.get() > 20 && streams.get() > 10, results + " results, " + streams + " streams");
    }

    private static void use(int kind, InferStream stream, AtomicInteger results) {
        switch (kind) {
            case 0:
            case 1:
                stream.send(StreamRequests.sum(0), PATIENCE);
                break;
            case 2:
                try (StreamEvent event = stream.next(PATIENCE)) {
                    if (event.isResult()) {
                        assertEquals(1, event.getResult().getOutputAsInt("OUTPUT0")[0]);
                        results.incrementAndGet();
                    }
                }
                break;
            default:
                stream.send(StreamRequests.sum(0));
                stream.waitEnd(Duration.ofMillis(1));
        }
    }

    private static boolean isClosed(Throwable thrown) {
        if (thrown instanceof InferenceException) {
            Status status = ((InferenceException) thrown).getStatus();
            return status == Status.CANCELLED || status == Status.DEADLINE_EXCEEDED;
        }
        return thrown instanceof IllegalStateException;
    }

    /** An event is either returned or comes next. */
    @Test
    void interruptsAtEveryMomentLoseNoEvent() throws Exception {
        int count = 300;
        try (EmbeddedServer server = EmbeddedServer.start();
                InferenceServerClient client = new InferenceServerClient(grpc(server));
                InferStream stream = client.openStream()) {
            Thread caller = Thread.currentThread();
            int interrupted = 0;
            for (int i = 0; i < count; i++) {
                long delay = i * 3_000L;
                Thread other = new Thread(() -> {
                    long start = System.nanoTime();
                    while (System.nanoTime() - start < delay) {
                        Thread.onSpinWait();
                    }
                    caller.interrupt();
                });
                stream.send(StreamRequests.sum(i));
                other.start();
                InferResult result = null;
                while (result == null) {
                    try {
                        result = stream.next(PATIENCE).getResult();
                    } catch (InferenceException e) {
                        assertEquals(Status.CANCELLED, e.getStatus(), e.toString());
                        assertTrue(Thread.interrupted());
                        interrupted++;
                    }
                }
                assertEquals(i + 1, StreamRequests.value(result, "OUTPUT0"));
                while (other.isAlive()) {
                    try {
                        other.join();
                    } catch (InterruptedException e) {
                        // It is the one that is expected.
                    }
                }
                Thread.interrupted();
            }
            assertTrue(interrupted > 0 && interrupted < count, interrupted + " interrupts");
        }
    }

    @Test
    void aStreamThatIsDroppedIsCancelledAndFreed() throws Exception {
        try (EmbeddedServer server = EmbeddedServer.start();
                InferenceServerClient client = new InferenceServerClient(grpc(server))) {
            long before = Native.liveObjects();
            for (int i = 0; i < 5; i++) {
                InferStream stream = client.openStream();
                stream.send(StreamRequests.sum(0));
                StreamRequests.value(stream.next(PATIENCE).getResult(), "OUTPUT0");
            }
            // With a subscriber that wants nothing, and is dropped too.
            for (int i = 0; i < 5; i++) {
                client.openStream().publisher().subscribe(new Flow.Subscriber<>() {
                    @Override
                    public void onSubscribe(Flow.Subscription subscription) {}

                    @Override
                    public void onNext(StreamEvent event) {}

                    @Override
                    public void onError(Throwable error) {}

                    @Override
                    public void onComplete() {}
                });
            }
            // An interrupted wait has left its token with the client.
            Await.collected("the streams are freed", () -> Native.liveObjects() <= before + 1);
            client.close(Duration.ofSeconds(10));
        }
    }

    @Test
    void aHandlerAndASubscriberOfADroppedStreamGetTheRemainingEvents() throws Exception {
        int count = 2000;
        try (EmbeddedServer server = EmbeddedServer.start();
                InferenceServerClient client = new InferenceServerClient(grpc(server))) {
            Counter handler = new Counter(new AtomicInteger());
            Counter subscriber = new Counter(new AtomicInteger());
            long before = Native.liveObjects();
            send(client.openStream(StreamOptions.defaults(), handler), count);
            InferStream subscribed = client.openStream();
            subscribed.publisher().subscribe(subscriber);
            send(subscribed, count);
            subscribed = null;
            for (Counter counter : List.of(handler, subscriber)) {
                Await.collected("the end", counter.end::isDone);
                assertNull(counter.end.join());
                assertEquals(count, counter.results.get());
            }
            Await.collected("the streams are freed", () -> Native.liveObjects() <= before + 1);
        }
    }

    private static void send(InferStream stream, int count) {
        for (int i = 0; i < count; i++) {
            stream.send(StreamRequests.sum(0));
        }
    }
}
