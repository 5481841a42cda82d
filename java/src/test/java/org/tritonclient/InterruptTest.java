package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Interrupts and cancel tokens end blocking calls. */
class InterruptTest {
    @Test
    void anInterruptEndsABlockingCall() throws Exception {
        for (String url : RealServer.urls()) {
            try (InferenceServerClient client = new InferenceServerClient(url)) {
                List<Runnable> calls = List.of(
                        () -> client.infer(RealServer.endless(url)).close(),
                        () -> client.inferMany(List.of(RealServer.endless(url))).get(0).getResult().close());
                for (Runnable call : calls) {
                    ExecutorService executor = Executors.newSingleThreadExecutor();
                    CompletableFuture<Boolean> flag = new CompletableFuture<>();
                    CompletableFuture<InferenceException> error = new CompletableFuture<>();
                    CompletableFuture<Void> begun = new CompletableFuture<>();
                    executor.execute(() -> {
                        begun.complete(null);
                        try {
                            call.run();
                            error.completeExceptionally(new AssertionError("not interrupted"));
                        } catch (InferenceException e) {
                            error.complete(e);
                        }
                        flag.complete(Thread.currentThread().isInterrupted());
                    });
                    begun.get(10, TimeUnit.SECONDS);
                    long start = System.nanoTime();
                    // What Flink does to cancel a task.
                    executor.shutdownNow();
                    assertEquals(Status.CANCELLED, error.get(10, TimeUnit.SECONDS).getStatus());
                    assertTrue(flag.get(10, TimeUnit.SECONDS));
                    assertTrue(System.nanoTime() - start < 5_000_000_000L);
                }
                // The client goes on.
                client.infer(RealServer.simple()).close();
            }
        }
    }

    @Test
    void anInterruptBeforeTheCallEndsItAtOnceAndALateOneLosesNothing() throws Exception {
        try (EmbeddedServer server = EmbeddedServer.start()) {
            for (String url : server.urls()) {
                try (InferenceServerClient client = new InferenceServerClient(url)) {
                    Thread.currentThread().interrupt();
                    InferenceException error =
                            assertThrows(InferenceException.class, () -> client.infer(RealServer.simple()));
                    assertEquals(Status.CANCELLED, error.getStatus());
                    assertTrue(Thread.interrupted());
                    interruptAtEveryMoment(client);
                }
            }
        }
    }

    /** A call has a result, or says that it was cancelled. */
    private static void interruptAtEveryMoment(InferenceServerClient client) {
        Thread caller = Thread.currentThread();
        int results = 0;
        int cancelled = 0;
        long begin = System.nanoTime();
        for (int i = 0; i < 50; i++) {
            client.infer(RealServer.simple()).close();
        }
        long usual = (System.nanoTime() - begin) / 50;
        for (int i = 0; i < 300; i++) {
            long delay = i * usual / 100;
            Thread other = new Thread(() -> {
                long start = System.nanoTime();
                while (System.nanoTime() - start < delay) {
                    Thread.onSpinWait();
                }
                caller.interrupt();
            });
            other.start();
            try (InferResult result = client.infer(RealServer.simple())) {
                assertEquals(16, result.getOutputAsInt("OUTPUT0")[15]);
                results++;
            } catch (InferenceException e) {
                assertEquals(Status.CANCELLED, e.getStatus(), e.getMessage());
                cancelled++;
            }
            while (other.isAlive()) {
                try {
                    other.join();
                } catch (InterruptedException e) {
                    // It is the one that is expected.
                }
            }
            Thread.interrupted();
        }
        assertTrue(results > 0 && cancelled > 0, results + " results, " + cancelled + " cancelled");
    }

    @Test
    void aTokenCancelsBlockingAndAsynchronousCallsAndRefusesFurtherOnes() throws Exception {
        for (String url : RealServer.urls()) {
            try (InferenceServerClient client = new InferenceServerClient(url)) {
                CancelToken token = new CancelToken();
                CallOptions options = CallOptions.builder().cancelToken(token).build();
                CompletableFuture<InferResult> pending = client.inferAsync(RealServer.endless(url), options);
                CompletableFuture<Status> blocking = CompletableFuture.supplyAsync(() -> {
                    try {
                        client.infer(RealServer.endless(url), options).close();
                        return null;
                    } catch (InferenceException e) {
                        return e.getStatus();
                    }
                }, Executors.newSingleThreadExecutor(task -> {
                    Thread thread = new Thread(task);
                    thread.setDaemon(true);
                    return thread;
                }));
                assertFalse(token.isCancelled());
                token.cancel();
                assertTrue(token.isCancelled());
                assertEquals(Status.CANCELLED, blocking.get(10, TimeUnit.SECONDS));
                assertThrows(Exception.class, () -> pending.get(10, TimeUnit.SECONDS));
                InferenceException refused =
                        assertThrows(InferenceException.class, () -> client.infer(RealServer.simple(), options));
                assertEquals(Status.CANCELLED, refused.getStatus());
            }
        }
    }

    @Test
    void aTokenInTheDefaultsOfAClientIsRefused() {
        CallOptions options = CallOptions.builder().cancelToken(new CancelToken()).build();
        InferenceException error = assertThrows(
                InferenceException.class,
                () -> new InferenceServerClient(
                                RealServer.http(), ClientOptions.builder().callOptions(options).build())
                        .close());
        assertEquals(Status.INVALID_ARGUMENT, error.getStatus());
    }

    @Test
    void aDeadlineEndsACall() {
        for (String url : RealServer.urls()) {
            ClientOptions options = ClientOptions.builder().timeout(Duration.ofMillis(200)).build();
            try (InferenceServerClient client = new InferenceServerClient(url, options)) {
                long start = System.nanoTime();
                InferenceException error =
                        assertThrows(InferenceException.class, () -> client.infer(RealServer.endless(url)));
                assertEquals(Status.DEADLINE_EXCEEDED, error.getStatus());
                assertTrue(error.isInDoubt());
                assertTrue(System.nanoTime() - start < 2_000_000_000L);
                CallOptions invalid = CallOptions.builder().timeout(Duration.ZERO).build();
                error = assertThrows(InferenceException.class, () -> client.infer(RealServer.simple(), invalid));
                assertEquals(Status.INVALID_ARGUMENT, error.getStatus());
            }
        }
    }
}
