package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Futures: where they complete, and what ends a call. */
class AsyncTest {
    private static final int[] SUM = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

    @Test
    void aThousandCallsCompleteEachWithItsResult() throws Exception {
        for (String url : RealServer.urls()) {
            try (InferenceServerClient client = new InferenceServerClient(url)) {
                List<CompletableFuture<InferResult>> futures = new ArrayList<>();
                for (int i = 0; i < 1000; i++) {
                    futures.add(client.inferAsync(RealServer.simple().setId("call " + i)));
                }
                for (int i = 0; i < 1000; i++) {
                    try (InferResult result = futures.get(i).get(60, TimeUnit.SECONDS)) {
                        assertEquals("call " + i, result.getId());
                        assertArrayEquals(SUM, result.getOutputAsInt("OUTPUT0"));
                    }
                }
            }
        }
    }

    @Test
    void aFutureCompletesOnTheCommonPoolUnlessAnExecutorIsSet() throws Exception {
        for (String url : RealServer.urls()) {
            AtomicReference<Thread> thread = new AtomicReference<>();
            try (InferenceServerClient client = new InferenceServerClient(url)) {
                client.inferAsync(RealServer.slow(50))
                        .thenAccept(result -> thread.set(Thread.currentThread()))
                        .get(30, TimeUnit.SECONDS);
                assertTrue(thread.get() instanceof java.util.concurrent.ForkJoinWorkerThread, thread.get().getName());
                assertSame(
                        ForkJoinPool.commonPool(),
                        ((java.util.concurrent.ForkJoinWorkerThread) thread.get()).getPool());
            }
            ClientOptions options = ClientOptions.builder().executor(Runnable::run).build();
            AtomicReference<ClassLoader> loader = new AtomicReference<>();
            try (InferenceServerClient client = new InferenceServerClient(url, options)) {
                client.inferAsync(RealServer.slow(50))
                        .thenAccept(result -> {
                            thread.set(Thread.currentThread());
                            loader.set(Thread.currentThread().getContextClassLoader());
                        })
                        .get(30, TimeUnit.SECONDS);
            }
            assertTrue(thread.get().getName().startsWith("triton-cb"), thread.get().getName());
            assertTrue(thread.get().isDaemon());
            assertSame(InferResult.class.getClassLoader(), loader.get());
            Thread callbacks = thread.get();
            RealServer.await("the callback thread has ended", () -> !callbacks.isAlive());
        }
    }

    @Test
    void anExecutorThatRefusesLosesNoResult() throws Exception {
        ClientOptions options = ClientOptions.builder()
                .executor(task -> {
                    throw new RejectedExecutionException("shut down");
                })
                .build();
        try (InferenceServerClient client = new InferenceServerClient(RealServer.grpc(), options);
                InferResult result = client.inferAsync(RealServer.simple()).get(10, TimeUnit.SECONDS)) {
            assertArrayEquals(SUM, result.getOutputAsInt("OUTPUT0"));
        }
    }

    @Test
    void everyFailureIsOneOfTheFuture() {
        for (String url : RealServer.urls()) {
            try (InferenceServerClient client = new InferenceServerClient(url)) {
                InferInput wrong = new InferInput("INPUT0", new long[] {1, 16}, DataType.INT32);
                wrong.setData(new int[3]);
                InferRequest invalid = new InferRequest("simple", List.of(wrong), List.of());
                InferRequest unknown = new InferRequest("nothing", RealServer.simple().getInputs(), List.of());
                assertEquals(Status.INVALID_ARGUMENT, failure(client.inferAsync(invalid)).getStatus());
                assertEquals(Status.NOT_FOUND, failure(client.inferAsync(unknown)).getStatus());
            }
        }
    }

    private static InferenceException failure(CompletableFuture<InferResult> future) {
        ExecutionException failed =
                assertThrows(ExecutionException.class, () -> future.get(10, TimeUnit.SECONDS));
        return assertInstanceOf(InferenceException.class, failed.getCause());
    }

    @Test
    void whateverEndsAFutureEndsItsCall() throws Exception {
        for (String url : RealServer.urls()) {
            ClientOptions options = ClientOptions.builder().maxInFlight(1).build();
            try (InferenceServerClient client = new InferenceServerClient(url, options)) {
                CompletableFuture<InferResult> cancelled = client.inferAsync(RealServer.endless(url));
                assertTrue(cancelled.cancel(true));
                assertThrows(CancellationException.class, cancelled::get);
                // Each next submission waits for a place: the call before has ended.
                CompletableFuture<InferResult> late =
                        client.inferAsync(RealServer.endless(url)).orTimeout(20, TimeUnit.MILLISECONDS);
                assertInstanceOf(
                        TimeoutException.class,
                        assertThrows(ExecutionException.class, late::get).getCause());
                CompletableFuture<InferResult> completed = client.inferAsync(RealServer.endless(url));
                assertTrue(completed.complete(null));
                long start = System.nanoTime();
                CallOptions inTime = CallOptions.builder().timeout(java.time.Duration.ofSeconds(20)).build();
                client.inferAsync(RealServer.simple(), inTime).get(10, TimeUnit.SECONDS).close();
                assertTrue(System.nanoTime() - start < 900_000_000L, "the calls before went on");
            }
        }
    }

    @Test
    void theFutureOfAClosedClientFails() {
        for (String url : RealServer.urls()) {
            InferenceServerClient client = new InferenceServerClient(url);
            CompletableFuture<InferResult> pending = client.inferAsync(RealServer.endless(url));
            client.close();
            assertEquals(Status.CANCELLED, failure(pending).getStatus());
            assertThrows(IllegalStateException.class, () -> client.inferAsync(RealServer.simple()));
            client.close();
        }
    }

    @Test
    void manyInferencesReturnTheirOutcomesInOrder() {
        for (String url : RealServer.urls()) {
            try (InferenceServerClient client = new InferenceServerClient(url)) {
                List<InferRequest> requests = new ArrayList<>();
                for (int i = 0; i < 20; i++) {
                    requests.add(
                            i % 7 == 3
                                    ? new InferRequest("nothing", RealServer.simple().getInputs(), List.of())
                                    : RealServer.simple().setId("" + i));
                }
                List<InferOutcome> outcomes = client.inferMany(requests);
                assertEquals(20, outcomes.size());
                for (int i = 0; i < 20; i++) {
                    InferOutcome outcome = outcomes.get(i);
                    if (i % 7 == 3) {
                        assertFalse(outcome.isSuccess());
                        assertEquals(Status.NOT_FOUND, outcome.getError().getStatus());
                        assertThrows(InferenceException.class, outcome::getResult);
                    } else {
                        try (InferResult result = outcome.getResult()) {
                            assertEquals("" + i, result.getId());
                        }
                    }
                }
                assertTrue(client.inferMany(List.of()).isEmpty());
            }
        }
    }

    @Test
    void aFullClientWaitsOrRefuses() throws Exception {
        for (String url : RealServer.urls()) {
            ClientOptions refusing = ClientOptions.builder().maxInFlight(1).failWhenFull(true).build();
            try (InferenceServerClient client = new InferenceServerClient(url, refusing)) {
                CompletableFuture<InferResult> first = client.inferAsync(RealServer.endless(url));
                assertEquals(
                        Status.RESOURCE_EXHAUSTED,
                        failure(client.inferAsync(RealServer.simple())).getStatus());
                first.cancel(false);
            }
            // A wait for a place ends by an interrupt, and the thread keeps its status.
            try (InferenceServerClient client =
                    new InferenceServerClient(url, ClientOptions.builder().maxInFlight(1).build())) {
                CompletableFuture<InferResult> first = client.inferAsync(RealServer.endless(url));
                AtomicReference<CompletableFuture<InferResult>> second = new AtomicReference<>();
                AtomicReference<Boolean> interrupted = new AtomicReference<>();
                Thread submitter = new Thread(() -> {
                    second.set(client.inferAsync(RealServer.simple()));
                    interrupted.set(Thread.interrupted());
                });
                submitter.start();
                submitter.join(100);
                assertNotNull(submitter);
                submitter.interrupt();
                submitter.join(2000);
                assertFalse(submitter.isAlive());
                assertTrue(interrupted.get());
                assertEquals(Status.CANCELLED, failure(second.get()).getStatus());
                assertFalse(first.isDone());
                first.cancel(false);
            }
        }
    }
}
