package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Clients are closed while they are in use. */
class ClosingTest {
    private static final long SECONDS = Long.getLong("tritonclient.test.seconds", 3);

    @Test
    void closingRacesWithCallsOfEightThreads() throws Exception {
        try (EmbeddedServer server = EmbeddedServer.start()) {
            for (String url : server.urls()) {
                closingRacesWithCalls(url);
            }
        }
    }

    private static void closingRacesWithCalls(String url) throws Exception {
        long end = System.nanoTime() + SECONDS * 1_000_000_000L;
        AtomicReference<Throwable> failure = new AtomicReference<>();
        AtomicReference<InferenceServerClient> current = new AtomicReference<>(new InferenceServerClient(url));
        AtomicInteger results = new AtomicInteger();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            boolean isAsync = i % 2 == 0;
            Thread thread = new Thread(() -> {
                InferRequest request = RealServer.simple();
                while (System.nanoTime() < end) {
                    try {
                        InferenceServerClient client = current.get();
                        InferResult result = isAsync ? client.inferAsync(request).join() : client.infer(request);
                        assertEquals(16, result.getOutputAsInt("OUTPUT0")[15]);
                        result.close();
                        results.incrementAndGet();
                    } catch (Throwable e) {
                        Throwable cause = e instanceof CompletionException ? e.getCause() : e;
                        boolean isClosed = cause instanceof IllegalStateException
                                || cause instanceof InferenceException
                                        && (((InferenceException) cause).getStatus() == Status.CANCELLED
                                                || ((InferenceException) cause).getStatus()
                                                        == Status.FAILED_PRECONDITION);
                        if (!isClosed) {
                            failure.compareAndSet(null, e);
                        }
                    }
                }
            });
            threads.add(thread);
            thread.start();
        }
        int clients = 0;
        while (System.nanoTime() < end) {
            int seen = results.get();
            while (results.get() < seen + 5 && System.nanoTime() < end) {
                Thread.onSpinWait();
            }
            current.getAndSet(new InferenceServerClient(url)).close();
            clients++;
        }
        for (Thread thread : threads) {
            thread.join();
        }
        current.get().close();
        if (failure.get() != null) {
            throw new AssertionError(failure.get());
        }
        assertTrue(results.get() > 50 && clients > 5, results + " results, " + clients + " clients");
    }

    @Test
    void closingWithATimeoutWaitsForWhatIsUnderWay() {
        for (String url : RealServer.urls()) {
            InferenceServerClient client = new InferenceServerClient(url);
            CompletableFuture<InferResult> pending = client.inferAsync(RealServer.slow(300));
            InferenceException early =
                    assertThrows(InferenceException.class, () -> client.close(Duration.ofMillis(30)));
            assertEquals(Status.DEADLINE_EXCEEDED, early.getStatus());
            client.close(Duration.ofSeconds(10));
            assertTrue(pending.join().getOutputAsInt("OUTPUT0")[0] >= 299);
            assertThrows(IllegalStateException.class, () -> client.infer(RealServer.simple()));
        }
    }

    @Test
    void aClientThatIsDroppedIsFreedAfterItsCalls() {
        long before = Native.liveObjects();
        List<CompletableFuture<InferResult>> futures = new ArrayList<>();
        for (String url : RealServer.urls()) {
            for (int i = 0; i < 10; i++) {
                futures.add(new InferenceServerClient(url).inferAsync(RealServer.slow(20)));
            }
        }
        for (CompletableFuture<InferResult> future : futures) {
            future.join().close();
        }
        futures.clear();
        RealServer.await("all clients are collected", () -> {
            System.gc();
            return Native.liveObjects() <= before;
        });
    }

    @Test
    void resultsOutliveTheirClient() {
        for (String url : RealServer.urls()) {
            InferenceServerClient client = new InferenceServerClient(url);
            InferInput input = new InferInput("INPUT0", new long[] {100_000}, DataType.FP32);
            input.setData(new float[100_000]);
            InferResult result = client.infer("identity_fp32", List.of(input), List.of());
            client.close();
            assertEquals(100_000, result.getOutputAsFloat("OUTPUT0").length);
            result.close();
            assertThrows(IllegalStateException.class, () -> result.getOutputAsFloat("OUTPUT0"));
        }
    }
}
