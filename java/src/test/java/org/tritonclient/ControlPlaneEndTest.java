package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What ends an operation before its response: a deadline, a cancel, an interrupt, and the end of its client. */
class ControlPlaneEndTest {
    private interface Operation extends BiConsumer<InferenceServerClient, CallOptions> {}

    /** Returns every operation that sends a request over a protocol. */
    private static Map<String, Operation> operations(Protocol protocol) {
        RepositoryOptions repository = RepositoryOptions.defaults();
        SettingsUpdate update = new SettingsUpdate().set("log_info", true);
        Map<String, Operation> operations = new LinkedHashMap<>();
        operations.put("isServerLive", (client, options) -> client.isServerLive(options));
        operations.put("isServerReady", (client, options) -> client.isServerReady(options));
        operations.put("isModelReady", (client, options) -> client.isModelReady("m", "", options));
        operations.put("waitReady", (client, options) -> client.waitReady("m", "", options));
        operations.put("getServerMetadata", (client, options) -> client.getServerMetadata(options));
        operations.put("getModelMetadata", (client, options) -> client.getModelMetadata("m", "", options));
        operations.put("getModelConfig", (client, options) -> client.getModelConfig("m", "", options));
        operations.put("getRepositoryIndex", (client, options) -> client.getRepositoryIndex(repository, options));
        operations.put("loadModel", (client, options) -> client.loadModel("m", repository, options));
        operations.put("unloadModel", (client, options) -> client.unloadModel("m", repository, options));
        operations.put("getModelStatistics", (client, options) -> client.getModelStatistics("m", "", options));
        operations.put("getTraceSettings", (client, options) -> client.getTraceSettings("m", options));
        operations.put("updateTraceSettings", (client, options) -> client.updateTraceSettings("m", update, options));
        operations.put("getLogSettings", (client, options) -> client.getLogSettings(options));
        operations.put("updateLogSettings", (client, options) -> client.updateLogSettings(update, options));
        operations.put("getMetrics", (client, options) -> client.getMetrics(options));
        if (protocol == Protocol.GRPC) {
            operations.put("healthCheck", (client, options) -> client.healthCheck("", options));
        } else {
            operations.put("generate", (client, options) -> client.generate("m", "", "{}", options));
            operations.put(
                    "generateStream",
                    (client, options) -> client.generateStream("m", "", "{}", event -> true, options));
        }
        return operations;
    }

    private static InferenceServerClient client(Protocol protocol, CannedServer server) {
        return new InferenceServerClient(
                protocol.url(server.address()),
                ClientOptions.builder().metricsUrl("http://" + server.address()).build());
    }

    /** Runs an operation in a thread, and has it ended once the server has received something. */
    private static InferenceException end(
            CannedServer server, String name, Runnable operation, Consumer<Thread> ending)
            throws InterruptedException {
        AtomicReference<Throwable> outcome = new AtomicReference<>();
        Thread thread = new Thread(
                () -> {
                    try {
                        operation.run();
                    } catch (Throwable e) {
                        outcome.set(e);
                    }
                },
                name);
        thread.start();
        server.awaitRequest();
        assertTrue(thread.isAlive(), name);
        ending.accept(thread);
        thread.join(20_000);
        assertFalse(thread.isAlive(), name);
        assertTrue(outcome.get() instanceof InferenceException, name + ": " + outcome.get());
        return (InferenceException) outcome.get();
    }

    private static void close(InferenceServerClient client) {
        client.close();
    }

    private static void assertCancelled(InferenceException error, String name) {
        assertEquals(Status.CANCELLED, error.getStatus(), name + ": " + error);
        assertEquals(Origin.CLIENT, error.getOrigin(), name + ": " + error);
    }

    @ParameterizedTest
    @EnumSource
    void aDeadlineEndsEveryOperation(Protocol protocol) throws Exception {
        CallOptions options = CallOptions.builder().timeout(Duration.ofMillis(50)).build();
        for (Map.Entry<String, Operation> operation : operations(protocol).entrySet()) {
            try (CannedServer server = CannedServer.silent();
                    InferenceServerClient client = client(protocol, server)) {
                InferenceException error = Expect.failure(
                        Status.DEADLINE_EXCEEDED,
                        Origin.CLIENT,
                        () -> operation.getValue().accept(client, options));
                Expect.message(error, "50ms");
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aTokenCancelsEveryOperation(Protocol protocol) throws Exception {
        for (Map.Entry<String, Operation> operation : operations(protocol).entrySet()) {
            CancelToken token = new CancelToken();
            CallOptions options = CallOptions.builder().cancelToken(token).build();
            try (CannedServer server = CannedServer.silent();
                    InferenceServerClient client = client(protocol, server)) {
                Runnable call = () -> operation.getValue().accept(client, options);
                assertCancelled(end(server, operation.getKey(), call, thread -> token.cancel()), operation.getKey());
                // It is cancelled for further calls too.
                assertCancelled(assertThrows(InferenceException.class, call::run), operation.getKey());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void anInterruptCancelsEveryOperation(Protocol protocol) throws Exception {
        // With a token of the caller beside it, and without.
        for (CallOptions options : List.of(
                CallOptions.defaults(), CallOptions.builder().cancelToken(new CancelToken()).build())) {
            for (Map.Entry<String, Operation> operation : operations(protocol).entrySet()) {
                try (CannedServer server = CannedServer.silent();
                        InferenceServerClient client = client(protocol, server)) {
                    AtomicReference<Boolean> wasInterrupted = new AtomicReference<>(false);
                    Runnable call = () -> {
                        try {
                            operation.getValue().accept(client, options);
                        } finally {
                            wasInterrupted.set(Thread.currentThread().isInterrupted());
                        }
                    };
                    assertCancelled(end(server, operation.getKey(), call, Thread::interrupt), operation.getKey());
                    assertTrue(wasInterrupted.get(), operation.getKey());
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void anInterruptedThreadCannotCallUntilItClearsItsStatus(Protocol protocol) {
        TestServer shared = TestServer.shared();
        try (InferenceServerClient client = shared.client(protocol)) {
            Thread.currentThread().interrupt();
            try {
                assertCancelled(assertThrows(InferenceException.class, client::isServerLive), "isServerLive");
                assertTrue(Thread.currentThread().isInterrupted());
            } finally {
                assertTrue(Thread.interrupted());
            }
            assertTrue(client.isServerLive());
        }
    }

    @ParameterizedTest
    @EnumSource
    void closingTheClientCancelsEveryOperation(Protocol protocol) throws Exception {
        for (Map.Entry<String, Operation> operation : operations(protocol).entrySet()) {
            try (CannedServer server = CannedServer.silent();
                    InferenceServerClient client = client(protocol, server)) {
                Runnable call = () -> operation.getValue().accept(client, CallOptions.defaults());
                assertCancelled(end(server, operation.getKey(), call, thread -> close(client)), operation.getKey());
                IllegalStateException closed = assertThrows(IllegalStateException.class, call::run);
                assertEquals("the client is closed", closed.getMessage());
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aClosedClientHasNoStatistics(Protocol protocol) throws Exception {
        List<Runnable> reads = new ArrayList<>();
        try (CannedServer server = CannedServer.silent();
                InferenceServerClient client = client(protocol, server)) {
            reads.add(client::getInferStatistics);
            reads.add(client::getConnectionCounts);
            reads.forEach(Runnable::run);
        }
        for (Runnable read : reads) {
            assertThrows(IllegalStateException.class, read::run);
        }
    }
}
