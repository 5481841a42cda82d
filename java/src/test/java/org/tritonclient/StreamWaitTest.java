package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/** Waits for an event, for room in the queue and for the end: their timeouts, interrupts, and virtual threads. */
class StreamWaitTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    /** The queue has room for one request. */
    private static final StreamOptions NARROW = StreamOptions.builder().maxQueuedByteSize(1).build();
    /** More than the window that a server has granted before it has said anything: it stays in the queue. */
    private static final InferRequest LARGE = StreamRequests.echo("large", 1 << 20);

    /** What became of a wait on another thread. */
    private static final class Waiting {
        final CompletableFuture<Thread> thread = new CompletableFuture<>();
        final CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
        private final CompletableFuture<Throwable> outcome = new CompletableFuture<>();

        Waiting(boolean isVirtual, Runnable wait) {
            Runnable task = () -> {
                thread.complete(Thread.currentThread());
                Throwable thrown = null;
                try {
                    wait.run();
                } catch (Throwable e) {
                    thrown = e;
                }
                interrupted.complete(Thread.currentThread().isInterrupted());
                outcome.complete(thrown);
            };
            if (isVirtual) {
                VirtualThreads.start(task);
            } else {
                new Thread(task).start();
            }
        }

        Status status() throws Exception {
            Throwable thrown = outcome.get(20, TimeUnit.SECONDS);
            return thrown == null ? null : ((InferenceException) thrown).getStatus();
        }

        /** Waits until the thread waits in Java, or is in a native, where it looks as if it ran. */
        void begun() throws Exception {
            Thread thread = this.thread.get(20, TimeUnit.SECONDS);
            Await.until("the thread waits", () -> {
                StackTraceElement[] stack = thread.getStackTrace();
                return stack.length > 0
                        && (stack[0].isNativeMethod() && stack[0].getClassName().equals(Native.class.getName())
                                || thread.getState() == Thread.State.WAITING
                                || thread.getState() == Thread.State.TIMED_WAITING);
            });
        }
    }

    private static List<Boolean> kinds() {
        return VirtualThreads.exist() ? List.of(false, true) : List.of(false);
    }

    /** Each way to wait on a stream on which nothing happens. */
    private static List<Consumer<InferStream>> waits() {
        return List.of(
                InferStream::next,
                stream -> stream.next(PATIENCE),
                stream -> stream.send(StreamRequests.sum(2)),
                stream -> stream.send(StreamRequests.sum(2), PATIENCE),
                InferStream::waitEnd,
                stream -> stream.waitEnd(PATIENCE));
    }

    @Test
    void anInterruptEndsEachWaitAndNotTheStream() throws Exception {
        try (SilentServer server = new SilentServer();
                InferenceServerClient client = new InferenceServerClient(server.grpc())) {
            for (boolean isVirtual : kinds()) {
                try (InferStream stream = client.openStream(NARROW)) {
                    stream.send(LARGE);
                    for (Consumer<InferStream> wait : waits()) {
                        Waiting waiting = new Waiting(isVirtual, () -> wait.accept(stream));
                        waiting.begun();
                        waiting.thread.join().interrupt();
                        assertEquals(Status.CANCELLED, waiting.status());
                        assertTrue(waiting.interrupted.join());
                        // One that came before.
                        waiting = new Waiting(isVirtual, () -> {
                            Thread.currentThread().interrupt();
                            wait.accept(stream);
                        });
                        assertEquals(Status.CANCELLED, waiting.status());
                        assertTrue(waiting.interrupted.join());
                    }
                    // No request of an interrupted send is in the queue, and the stream is open.
                    Expect.failure(
                            Status.DEADLINE_EXCEEDED, Origin.CLIENT, () -> stream.send(StreamRequests.sum(3), Duration.ZERO));
                    Expect.failure(Status.DEADLINE_EXCEEDED, Origin.CLIENT, () -> stream.next(Duration.ZERO));
                }
            }
        }
    }

    @Test
    void eachWaitHasItsTimeout() throws Exception {
        List<Function<Duration, Consumer<InferStream>>> waits = List.of(
                timeout -> stream -> stream.next(timeout),
                timeout -> stream -> stream.send(StreamRequests.sum(2), timeout),
                timeout -> stream -> stream.waitEnd(timeout));
        try (SilentServer server = new SilentServer();
                InferenceServerClient client = new InferenceServerClient(server.grpc());
                InferStream stream = client.openStream(NARROW)) {
            stream.send(LARGE, Duration.ZERO);
            for (boolean isVirtual : kinds()) {
                for (Function<Duration, Consumer<InferStream>> wait : waits) {
                    for (Duration timeout : List.of(Duration.ofMillis(50), Duration.ZERO, Duration.ofMillis(-1))) {
                        long start = System.nanoTime();
                        Waiting waiting = new Waiting(isVirtual, () -> wait.apply(timeout).accept(stream));
                        assertEquals(Status.DEADLINE_EXCEEDED, waiting.status());
                        assertTrue(System.nanoTime() - start >= timeout.toNanos());
                    }
                }
            }
        }
    }

    @Test
    void closingTheStreamOrItsClientEndsEachWait() throws Exception {
        try (SilentServer server = new SilentServer()) {
            for (boolean isVirtual : kinds()) {
                for (boolean isClient : new boolean[] {false, true}) {
                    InferenceServerClient client = new InferenceServerClient(server.grpc());
                    InferStream stream = client.openStream(NARROW);
                    stream.send(LARGE);
                    CompletableFuture<StreamEvent> event = new CompletableFuture<>();
                    Waiting next = new Waiting(isVirtual, () -> event.complete(stream.next()));
                    Waiting send = new Waiting(isVirtual, () -> stream.send(StreamRequests.sum(2)));
                    next.begun();
                    send.begun();
                    if (isClient) {
                        client.close();
                    } else {
                        stream.close();
                        stream.close();
                    }
                    assertEquals(Status.CANCELLED, send.status());
                    // The end of the stream, or the end of the wait: whichever is first.
                    Status status = next.status();
                    if (status == null) {
                        assertTrue(event.join().isEnd());
                        status = event.join().getError().getStatus();
                    }
                    assertEquals(Status.CANCELLED, status);
                    assertThrows(IllegalStateException.class, stream::next);
                    assertThrows(IllegalStateException.class, () -> stream.send(StreamRequests.sum(3)));
                    if (!isClient) {
                        assertThrows(IllegalStateException.class, stream::finish);
                        stream.waitEnd(Duration.ZERO);
                    }
                    stream.cancel();
                    stream.close();
                    client.close();
                }
            }
        }
    }

    /** The model takes its time. */
    @Test
    void afterAnInterruptTheNextEventIsTheOneThatWasWaitedFor() throws Exception {
        try (InferenceServerClient client = new InferenceServerClient(RealServer.grpc())) {
            for (boolean isVirtual : kinds()) {
                try (InferStream stream = client.openStream()) {
                    stream.send(RealServer.slow(500).setId("one"));
                    stream.send(RealServer.slow(0).setId("two"));
                    Waiting waiting = new Waiting(isVirtual, stream::next);
                    waiting.begun();
                    waiting.thread.join().interrupt();
                    assertEquals(Status.CANCELLED, waiting.status());
                    // By a thread of either kind.
                    for (String id : List.of("one", "two")) {
                        CompletableFuture<String> seen = new CompletableFuture<>();
                        Waiting next = new Waiting(isVirtual && id.equals("two"), () -> {
                            try (InferResult result = stream.next(PATIENCE).getResult()) {
                                seen.complete(result.getId());
                            }
                        });
                        assertEquals(null, next.status());
                        assertEquals(id, seen.join());
                    }
                    stream.finish();
                    assertTrue(stream.next().isEnd());
                }
            }
        }
    }

    @Test
    @SuppressWarnings("try") // Closed earlier.
    void virtualThreadsFetchSendAndWaitWithoutTheirCarriers() throws Exception {
        assumeTrue(VirtualThreads.exist());
        int count = 20 * Runtime.getRuntime().availableProcessors();
        try (SilentServer server = new SilentServer();
                InferenceServerClient client = new InferenceServerClient(server.grpc());
                InferStream stream = client.openStream(NARROW)) {
            stream.send(LARGE);
            List<Waiting> all = new ArrayList<>();
            for (Consumer<InferStream> wait : waits()) {
                for (int i = 0; i < count; i++) {
                    all.add(new Waiting(true, () -> wait.accept(stream)));
                }
            }
            for (Waiting waiting : all) {
                waiting.begun();
            }
            // There are carriers for others.
            CompletableFuture<Boolean> ran = new CompletableFuture<>();
            VirtualThreads.start(() -> ran.complete(true));
            assertTrue(ran.get(20, TimeUnit.SECONDS));
            assertFalse(all.stream().anyMatch(waiting -> waiting.interrupted.isDone()));
            stream.close();
            for (Waiting waiting : all) {
                waiting.outcome.get(20, TimeUnit.SECONDS);
            }
        }
    }

    @Test
    void virtualThreadsSendAndFetchAllOfAStream() throws Exception {
        assumeTrue(VirtualThreads.exist());
        int count = 500;
        try (InferenceServerClient client = new InferenceServerClient(RealServer.grpc());
                InferStream stream = client.openStream(NARROW)) {
            Waiting sender = new Waiting(true, () -> {
                for (int i = 0; i < count; i++) {
                    stream.send(StreamRequests.sum(i));
                }
                stream.finish();
            });
            List<Integer> seen = new ArrayList<>();
            Waiting receiver = new Waiting(true, () -> {
                for (StreamEvent event : stream) {
                    seen.add(StreamRequests.value(event.getResult(), "OUTPUT0"));
                }
            });
            assertEquals(null, sender.status());
            assertEquals(null, receiver.status());
            assertEquals(count, seen.size());
            for (int i = 0; i < count; i++) {
                assertEquals(i + 1, seen.get(i));
            }
        }
    }
}
