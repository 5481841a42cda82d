package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Who owns native objects and memory at each moment: neither the collector nor a failure takes them too early. */
class OwnershipTest {
    /** A response of which the output is too large to cross inside the record. */
    private static String largeResponse() {
        return "{\"model_name\":\"m\",\"model_version\":\"1\",\"outputs\":[{\"name\":\"OUT\",\"datatype\":\"INT32\","
                + "\"shape\":[10000],\"data\":[" + "7,".repeat(9999) + "7]}]}";
    }

    @Test
    void aClientIsNotCollectedDuringItsLastCall() throws Exception {
        String output = NativeLibraryJvm.runMain(
                DroppedClientMain.class, "-Xcomp", "-XX:CompileCommand=quiet",
                "-XX:CompileCommand=compileonly,org.tritonclient.*::*");
        assertEquals(List.of("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED"),
                List.of(output.trim().split("\\s+")), output);
    }

    @Test
    void manyBuffersTakeFewReferences() throws Exception {
        String output = NativeLibraryJvm.runMain(ManyBuffersMain.class, "-Xcheck:jni");
        assertEquals("200 unavailable", output.trim());
    }

    @Test
    void anExecutorThatRunsATaskAndRefusesItDoesNotCloseTheResult() throws Exception {
        ClientOptions options = ClientOptions.builder()
                .executor(task -> {
                    task.run();
                    throw new IllegalStateException("for the test");
                })
                .build();
        try (CannedServer server = CannedServer.respond("application/json", largeResponse());
                InferenceServerClient client = new InferenceServerClient(server.address(), options)) {
            InferResult result = client.inferAsync(new InferRequest("m")).get(20, TimeUnit.SECONDS);
            // The callback thread may still be at it.
            CompletableFuture<InferResult> next = client.inferAsync(new InferRequest("m"));
            next.get(20, TimeUnit.SECONDS).close();
            assertEquals(7, result.getOutputAsInt("OUT")[9999]);
            result.close();
        }
    }

    @Test
    void aResultThatNobodyReceivesIsFreed() throws Exception {
        try (CannedServer server = CannedServer.respond("application/json", largeResponse());
                InferenceServerClient client = new InferenceServerClient(server.address())) {
            client.infer(new InferRequest("m")).close();
            byte[] record = new InferRequest("m").pack().record;
            long address = client.core.acquire();
            try {
                long before = Native.liveObjects();
                Object[] outcome = (Object[]) Native.infer(address, record, null, null, 0);
                assertEquals(before + 1, Native.liveObjects());
                Method complete = Completions.class
                        .getDeclaredMethod("complete", long.class, byte[].class, Object[].class);
                complete.setAccessible(true);
                complete.invoke(client.core.completions(), -1L, outcome[0], outcome);
                assertEquals(before, Native.liveObjects());
                complete.invoke(client.core.completions(), -1L, null, null);
            } finally {
                client.core.release();
            }
        }
    }

    @Test
    void aReceiverLearnsOfAFailureAlsoIfMemoryIsShort() throws Exception {
        Completions completions = new Completions(new NativeLog(System.getLogger("test")), null);
        AtomicInteger attempts = new AtomicInteger();
        AtomicReference<Throwable> learned = new AtomicReference<>();
        long id = completions.add(new Receiver() {
            @Override
            public boolean receive(byte[] record, Object[] buffers) {
                throw new IllegalStateException("for the test");
            }

            @Override
            public void fail(Throwable cause) {
                if (attempts.incrementAndGet() < 3) {
                    throw new OutOfMemoryError("for the test");
                }
                learned.set(cause);
            }
        });
        Method complete =
                Completions.class.getDeclaredMethod("complete", long.class, byte[].class, Object[].class);
        complete.setAccessible(true);
        complete.invoke(completions, id, null, null);
        assertEquals("for the test", learned.get().getMessage());
    }

    @Test
    void aResultIsFreedOnceIfItsCountingFails() throws Exception {
        AtomicInteger freed = new AtomicInteger();
        for (Error error : new Error[] {new OutOfMemoryError("for the test"), new StackOverflowError("for the test")}) {
            freed.set(0);
            ResultBudget budget = new ResultBudget(0, () -> {
                throw error;
            });
            Object owner = new Object();
            ResultMemory memory = ResultMemory.own(owner, 1, 1 << 20, handle -> freed.incrementAndGet(), budget);
            assertEquals(0, freed.get());
            memory.close();
            assertEquals(1, freed.get());
        }
    }

    @Test
    void aHandleWhoseOwnerCannotBeWatchedIsFreed() {
        AtomicInteger runs = new AtomicInteger();
        assertThrows(NullPointerException.class, () -> Cleaning.own(null, runs::incrementAndGet));
        assertEquals(1, runs.get());
    }

    @Test
    void aPublisherKeepsItsStreamUntilItHasASubscriber() throws Exception {
        try (SilentServer server = new SilentServer();
                InferenceServerClient client = new InferenceServerClient(server.grpc())) {
            Flow.Publisher<StreamEvent> publisher = client.openStream().publisher();
            for (int i = 0; i < 3; i++) {
                CountDownLatch cleaned = new CountDownLatch(1);
                Cleaning.register(new Object(), cleaned::countDown);
                Await.collected("garbage is cleaned", () -> cleaned.getCount() == 0);
            }
            AtomicReference<Throwable> error = new AtomicReference<>();
            AtomicReference<Flow.Subscription> subscription = new AtomicReference<>();
            publisher.subscribe(new Flow.Subscriber<>() {
                @Override
                public void onSubscribe(Flow.Subscription own) {
                    subscription.set(own);
                }

                @Override
                public void onNext(StreamEvent event) {
                    event.close();
                }

                @Override
                public void onError(Throwable cause) {
                    error.set(cause);
                }

                @Override
                public void onComplete() {}
            });
            assertNull(error.get());
            subscription.get().cancel();
        }
    }

    @Test
    void virtualThreadsThatWaitForOtherCallsKeepNoCarrier() throws Exception {
        assumeTrue(VirtualThreads.exist());
        ClientOptions options = ClientOptions.builder().maxInFlight(1).build();
        CountDownLatch begun = new CountDownLatch(8 * Runtime.getRuntime().availableProcessors());
        CountDownLatch ended = new CountDownLatch((int) begun.getCount());
        try (SilentServer server = new SilentServer();
                InferenceServerClient client = new InferenceServerClient(server.grpc(), options)) {
            CompletableFuture<InferResult> first = client.inferAsync(new InferRequest("m"));
            for (long i = begun.getCount(); i > 0; i--) {
                boolean isOne = i % 2 == 0;
                VirtualThreads.start(() -> {
                    begun.countDown();
                    try {
                        if (isOne) {
                            client.infer(new InferRequest("m")).close();
                        } else {
                            client.inferMany(List.of(new InferRequest("m"), new InferRequest("m")));
                        }
                    } catch (InferenceException | IllegalStateException cancelled) {
                        // The client is closed.
                    } finally {
                        ended.countDown();
                    }
                });
            }
            assertTrue(begun.await(10, TimeUnit.SECONDS), begun + " have no carrier");
            assertFalse(first.isDone());
        }
        assertTrue(ended.await(20, TimeUnit.SECONDS));
    }

    @Test
    void anInvalidRequestAmongManyIsAnOutcomeOnEveryKindOfThread() throws Exception {
        InferRequest sent = new InferRequest("m");
        InferRequest refusedByRust = new InferRequest("m").addOutput(new InferRequestedOutput("OUT", true, -1));
        InferInput framed = new InferInput("IN", new long[] {1}, DataType.BYTES).setData(new String[] {"a"});
        InferRequest refusedHere = new InferRequest("m").addInput(framed).setRawBody(true);
        AtomicReference<String> statuses = new AtomicReference<>();
        try (InferenceServerClient client = new InferenceServerClient("127.0.0.1:1")) {
            Runnable task = () -> {
                StringBuilder text = new StringBuilder();
                for (InferOutcome one : client.inferMany(List.of(refusedByRust, sent, refusedHere, sent))) {
                    text.append(one.getError().getStatus()).append(' ');
                }
                statuses.set(text.toString());
            };
            String expected = "INVALID_ARGUMENT UNAVAILABLE INVALID_ARGUMENT UNAVAILABLE ";
            task.run();
            assertEquals(expected, statuses.get());
            if (VirtualThreads.exist()) {
                statuses.set(null);
                VirtualThreads.start(task).join();
                assertEquals(expected, statuses.get());
            }
        }
    }

    @Test
    void aCloseThatTakesTooLongSaysHowLong() throws Exception {
        try (SilentServer server = new SilentServer();
                InferenceServerClient client = new InferenceServerClient(server.grpc())) {
            client.inferAsync(new InferRequest("m"));
            InferenceException error =
                    assertThrows(InferenceException.class, () -> client.close(Duration.ofMillis(50)));
            assertEquals(Status.DEADLINE_EXCEEDED, error.getStatus());
            assertTrue(error.getMessage().contains("within 50ms"), error.getMessage());
        }
    }

    @Test
    void aCallOfAVirtualThreadHasEndedWhenItReturns() throws Exception {
        assumeTrue(VirtualThreads.exist());
        InferRequestedOutput output = new InferRequestedOutput("OUT").setBuffer(ByteBuffer.allocateDirect(64));
        InferRequest request = new InferRequest("m", List.of(), List.of(output));
        try (SilentServer server = new SilentServer();
                InferenceServerClient client = new InferenceServerClient(server.grpc())) {
            for (int i = 0; i < 200; i++) {
                CompletableFuture<Boolean> isInUse = new CompletableFuture<>();
                CountDownLatch begun = new CountDownLatch(1);
                Thread thread = VirtualThreads.start(() -> {
                    begun.countDown();
                    InferenceException error = assertThrows(InferenceException.class, () -> client.infer(request));
                    try {
                        request.pack().release();
                        isInUse.complete(error.getStatus() != Status.CANCELLED || !Thread.interrupted());
                    } catch (InferenceException inUse) {
                        isInUse.complete(true);
                    }
                });
                begun.await();
                thread.interrupt();
                assertFalse(isInUse.get(20, TimeUnit.SECONDS), "call " + i);
            }
            assertTrue(client.getInferStatistics() != null);
        }
    }
}
