package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** The callback that adds headers to calls. */
class HeaderCallbackTest {
    private static final InferRequest REQUEST = new InferRequest("m", List.of(), List.of());

    private static InferenceServerClient client(String url, HeaderCallback callback) {
        return new InferenceServerClient(url, ClientOptions.builder().headerCallback(callback).build());
    }

    private static boolean hasSecondToken(Map<String, String> headers) {
        return "Bearer second".equals(headers.get("authorization"));
    }

    @Test
    void aTokenIsRenewedWhenItIsRefused() throws Exception {
        List<String> threads = new CopyOnWriteArrayList<>();
        try (RecordingServer server = new RecordingServer(HeaderCallbackTest::hasSecondToken)) {
            String url = server.url();
            HeaderCallback callback = headers -> {
                assertEquals(url, headers.getEndpoint().replaceAll("/$", ""));
                threads.add(Thread.currentThread().getName());
                headers.add("authorization", headers.wasRefused() ? "Bearer second" : "Bearer first")
                        .add("x-raw-bin", new byte[] {0, 1});
            };
            try (InferenceServerClient client = client(url, callback)) {
                client.infer(REQUEST).close();
                assertTrue(client.isServerLive());
                String own = Thread.currentThread().getName();
                assertEquals(List.of(own, own, own, own), threads);
                client.inferAsync(REQUEST).get(20, TimeUnit.SECONDS).close();
                assertEquals(own, threads.get(4));
                assertEquals("triton-headers", threads.get(5));
                client.inferMany(List.of(REQUEST, REQUEST)).forEach(outcome -> outcome.getResult().close());
                assertEquals(10, threads.size());
            }
            assertEquals(List.of("Bearer first", "Bearer second"), server.values("authorization").subList(0, 2));
            assertTrue(server.values("x-raw-bin").stream().allMatch("AAE"::equals));
        }
    }

    @Test
    void whatTheCallbackThrowsIsTheCause() throws Exception {
        AtomicReference<Exception> thrown = new AtomicReference<>();
        HeaderCallback callback = headers -> {
            throw thrown.get();
        };
        try (EmbeddedServer server = EmbeddedServer.start()) {
            for (String url : server.urls()) {
                try (InferenceServerClient client = client(url, callback)) {
                    thrown.set(new IOException("no token today"));
                    List<Executable> calls = List.of(
                            () -> client.infer(RealServer.simple()).close(),
                            () -> client.isServerLive(),
                            () -> client.getServerMetadata(),
                            () -> client.waitReady(""),
                            () -> {
                                try {
                                    client.inferAsync(RealServer.simple()).get(20, TimeUnit.SECONDS).close();
                                } catch (ExecutionException e) {
                                    throw e.getCause();
                                }
                            },
                            () -> {
                                InferOutcome outcome = client.inferMany(List.of(RealServer.simple())).get(0);
                                throw outcome.getError();
                            });
                    for (Executable call : calls) {
                        InferenceException error = Expect.failure(Status.UNAUTHENTICATED, Origin.CLIENT, call);
                        assertSame(thrown.get(), error.getCause());
                        Expect.message(error, "java.io.IOException: no token today");
                        assertFalse(error.isRetryable() || error.isInDoubt());
                    }
                    if (url.startsWith("grpc")) {
                        InferenceException error =
                                Expect.failure(Status.UNAUTHENTICATED, Origin.CLIENT, () -> client.openStream());
                        assertSame(thrown.get(), error.getCause());
                    }
                    thrown.set(new RuntimeException() {
                        @Override
                        public String toString() {
                            throw new IllegalStateException();
                        }
                    });
                    InferenceException error =
                            Expect.failure(Status.UNAUTHENTICATED, Origin.CLIENT, client::isServerLive);
                    assertSame(thrown.get(), error.getCause());
                    Expect.message(error, "HeaderCallbackTest");
                    thrown.set(new InterruptedException());
                    assertThrows(InferenceException.class, client::isServerLive);
                    assertTrue(Thread.interrupted());
                }
            }
        }
    }

    @Test
    void aHeaderThatIsInvalidFailsTheCallWithoutItsValue() {
        HeaderCallback callback = headers -> headers.add("x-token", "swordfish\r\nx-other: 1");
        try (InferenceServerClient client = client("localhost:1", callback)) {
            InferenceException error = Expect.failure(Status.UNAUTHENTICATED, Origin.CLIENT, client::isServerLive);
            Expect.message(error, "x-token");
            assertFalse(error.getMessage().contains("swordfish"), error.getMessage());
        }
    }

    @Test
    void aStreamAsksOnceAndAnErrorOfTheCallbacksOwnCallIsRetryableIfThatIs() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        try (EmbeddedServer server = EmbeddedServer.start();
                InferenceServerClient client = client(server.urls().get(1), headers -> calls.incrementAndGet());
                InferStream stream = client.openStream()) {
            for (int i = 0; i < 3; i++) {
                stream.send(RealServer.simple());
                stream.next().getResult().close();
            }
            assertEquals(1, calls.get());
        }
        try (InferenceServerClient tokens = new InferenceServerClient("localhost:1");
                InferenceServerClient client = client("localhost:1", headers -> tokens.getServerMetadata())) {
            InferenceException error = Expect.failure(Status.UNAUTHENTICATED, Origin.CLIENT, client::isServerLive);
            assertTrue(error.isRetryable());
            assertEquals(Status.UNAVAILABLE, ((InferenceException) error.getCause()).getStatus());
        }
    }

    /** The calls of the callback itself have no headers of it, or it would call itself without end. */
    @Test
    void theCallbackMayCallTheClient() throws Exception {
        BlockingQueue<InferenceServerClient> clients = new LinkedBlockingQueue<>();
        AtomicInteger calls = new AtomicInteger();
        try (EmbeddedServer server = EmbeddedServer.start()) {
            for (String url : server.urls()) {
                HeaderCallback callback = headers -> {
                    calls.incrementAndGet();
                    InferenceServerClient own = clients.peek();
                    own.inferAsync(RealServer.simple()).get(20, TimeUnit.SECONDS).close();
                    assertTrue(own.isServerLive());
                };
                // With one thread for callbacks, and room for one call.
                ClientOptions options = ClientOptions.builder()
                        .headerCallback(callback)
                        .maxInFlight(1)
                        .executor(Runnable::run)
                        .build();
                try (InferenceServerClient client = new InferenceServerClient(url, options)) {
                    clients.add(client);
                    calls.set(0);
                    client.infer(RealServer.simple()).close();
                    client.inferAsync(RealServer.simple()).get(20, TimeUnit.SECONDS).close();
                    assertEquals(2, calls.get());
                    if (url.startsWith("grpc")) {
                        client.openStream().close();
                        assertEquals(3, calls.get());
                    }
                }
                clients.clear();
            }
        }
    }

    /** A blocking call in the callback takes the thread's interruption, which the outer call gets back. */
    @Test
    void anInterruptEndsACallAfterItsCallbackHasMadeACall() throws Exception {
        try (EmbeddedServer server = EmbeddedServer.start();
                CannedServer silent = CannedServer.silent();
                InferenceServerClient tokens = new InferenceServerClient(server.urls().get(0));
                InferenceServerClient client =
                        client("http://" + silent.address(), headers -> assertTrue(tokens.isServerLive()))) {
            CompletableFuture<InferenceException> ended = new CompletableFuture<>();
            Thread caller = new Thread(() -> {
                try {
                    client.isServerLive();
                } catch (InferenceException e) {
                    ended.complete(e);
                }
            });
            caller.start();
            silent.awaitRequest();
            caller.interrupt();
            assertEquals(Status.CANCELLED, ended.get(20, TimeUnit.SECONDS).getStatus());
            caller.join();
        }
    }

    /** As many calls as permitted are in flight: the callback of the next one is called once all the same. */
    @Test
    void aSubmissionThatWaitsAsksOnce() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        CountDownLatch submitted = new CountDownLatch(1);
        try (CannedServer silent = CannedServer.silent()) {
            ClientOptions options = ClientOptions.builder()
                    .headerCallback(headers -> calls.incrementAndGet())
                    .maxInFlight(1)
                    .build();
            try (InferenceServerClient client = new InferenceServerClient("http://" + silent.address(), options)) {
                CompletableFuture<InferResult> first = client.inferAsync(REQUEST);
                Thread second = new Thread(() -> {
                    client.inferAsync(REQUEST);
                    submitted.countDown();
                });
                second.start();
                Await.until("the callback of the second call", () -> calls.get() == 2);
                assertEquals(1, submitted.getCount());
                assertTrue(first.cancel(true));
                assertTrue(submitted.await(20, TimeUnit.SECONDS));
                assertEquals(2, calls.get());
            }
        }
    }

    @Test
    void aCallThatIsCancelledBeforeItBeginsDoesNotAsk() {
        AtomicInteger calls = new AtomicInteger();
        CancelToken token = new CancelToken();
        token.cancel();
        try (InferenceServerClient client = client("localhost:1", headers -> calls.incrementAndGet())) {
            CallOptions options =
                    CallOptions.builder().cancelToken(token).timeout(Duration.ofSeconds(10)).build();
            Expect.failure(Status.CANCELLED, Origin.CLIENT, () -> client.isServerLive(options));
            assertEquals(0, calls.get());
        }
    }
}
