package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** The generate endpoints: one response, or a stream of events. */
class GenerateTest {
    private static final String EVENTS = "text/event-stream";

    private final TestServer server = TestServer.shared();

    @Test
    void aTextModelRespondsAtOnceAndEventByEvent() {
        try (InferenceServerClient client = server.client(Protocol.HTTP)) {
            Generated generated = client.generate("generator", "1", "{\"PROMPT\":\"hello\"}");
            assertTrue(generated.getJson().contains("\"TEXT\":\"hello\""), generated.toString());
            assertEquals("application/json", generated.getHeaders().get("content-type"));
            List<String> events = new ArrayList<>();
            Headers headers = client.generateStream(
                    "generator", "{\"PROMPT\":\"a \\u00e4\",\"REPEAT\":2}", events::add);
            assertEquals(4, events.size(), events.toString());
            assertTrue(events.get(0).contains("\"TEXT\":\"a\""), events.get(0));
            assertTrue(events.get(3).contains("\u00e4") || events.get(3).contains("\\u00e4"), events.get(3));
            assertTrue(headers.get("content-type").startsWith(EVENTS), headers.toString());
            client.generateStream("generator", "", "{\"PROMPT\":\"a\",\"REPEAT\":0}", event -> {
                throw new AssertionError(event);
            });
        }
    }

    @Test
    void errorsOfModelAndServerAreErrorsOfTheCall() {
        try (InferenceServerClient client = server.client(Protocol.HTTP)) {
            InferenceException error =
                    Expect.failure(Status.NOT_FOUND, Origin.SERVER, () -> client.generate("no_such", "{}"));
            assertEquals(404, error.getHttpStatus());
            assertEquals("application/json", error.getHeaders().get("content-type"));
            error = Expect.failure(
                    Status.INVALID_ARGUMENT, Origin.SERVER, () -> client.generate("faulty", "{\"KIND\":20}"));
            Expect.message(error, "raised on request");
            error = Expect.failure(
                    Status.INVALID_ARGUMENT,
                    Origin.SERVER,
                    () -> client.generateStream("faulty", "{\"KIND\":20}", event -> true));
            assertEquals(400, error.getHttpStatus());
            // Two responses: the status was sent before the error.
            Expect.failure(
                    Status.UNKNOWN, Origin.SERVER, () -> client.generate("generator", "{\"PROMPT\":\"a b\"}"));
            for (String json : List.of("", "[]", "{} x")) {
                Expect.failure(Status.INVALID_ARGUMENT, Origin.ARGUMENT, () -> client.generate("generator", json));
            }
        }
    }

    @Test
    void generateIsUnimplementedOverGrpc() {
        try (InferenceServerClient client = server.client(Protocol.GRPC)) {
            InferenceException error =
                    Expect.failure(Status.UNIMPLEMENTED, Origin.ARGUMENT, () -> client.generate("generator", "{}"));
            Expect.message(error, "http://");
            Expect.failure(
                    Status.UNIMPLEMENTED,
                    Origin.ARGUMENT,
                    () -> client.generateStream("generator", "{}", event -> true));
        }
    }

    @Test
    void anEventWithAnErrorEndsTheStream() throws Exception {
        try (CannedServer server = CannedServer.respond(EVENTS, "data: {\"n\":1}\n\ndata: {\"error\":\"tired\"}\n\n");
                InferenceServerClient client = new InferenceServerClient("http://" + server.address())) {
            AtomicInteger events = new AtomicInteger();
            InferenceException error = Expect.failure(
                    Status.UNKNOWN,
                    Origin.SERVER,
                    () -> client.generateStream("m", "{}", event -> events.incrementAndGet() > 0));
            Expect.message(error, "tired");
            assertEquals(1, events.get());
        }
    }

    @Test
    void aLoadReportIsRequestedAndRead() throws Exception {
        String headers = "application/json\r\nEndpoint-Load-Metrics: TEXT cpu_utilization=0.5, named_metrics.kv=0.25";
        CallOptions options = CallOptions.builder().loadReport(LoadReportFormat.TEXT).build();
        try (CannedServer server = CannedServer.respond(headers, "{}");
                InferenceServerClient client = new InferenceServerClient("http://" + server.address())) {
            LoadReport report = client.generate("m", "", "{}", options).getLoadReport();
            assertEquals(0.5, report.get("cpu_utilization"));
            assertEquals(0.25, report.get("named_metrics.kv"));
        }
        try (InferenceServerClient client = this.server.client(Protocol.HTTP)) {
            // The model has no metrics to report.
            assertNull(client.generate("generator", "", "{\"PROMPT\":\"a\"}", options).getLoadReport());
        }
    }

    @Test
    void aHandlerThatReturnsFalseEndsTheCallOnTheServerToo() throws Exception {
        try (CannedServer server = CannedServer.begin(EVENTS, "data: {\"n\":1}\n\ndata: {\"n\":2}\n\n");
                InferenceServerClient client = new InferenceServerClient("http://" + server.address())) {
            List<String> events = new ArrayList<>();
            Headers headers = client.generateStream("m", "{}", event -> !events.add(event));
            assertEquals(List.of("{\"n\":1}"), events);
            assertEquals(EVENTS, headers.get("Content-Type"));
            server.awaitDisconnect();
            assertEquals(0, client.getConnectionCounts().getOpen());
        }
    }

    @Test
    void anExceptionOfTheHandlerEndsTheCallAndIsThrown() throws Exception {
        // The end of the call is logged, while the exception waits.
        MessageLog log = new MessageLog();
        try (CannedServer server = CannedServer.begin(EVENTS, "data: {\"n\":1}\n\ndata: {\"n\":2}\n\n");
                InferenceServerClient client = new InferenceServerClient(
                        "http://" + server.address(), ClientOptions.builder().logger(log).build())) {
            for (Throwable thrown : List.of(new IllegalStateException("thrown"), new StackOverflowError("thrown"))) {
                log.messages.clear();
                AtomicInteger events = new AtomicInteger();
                Throwable caught = assertThrows(Throwable.class, () -> client.generateStream("m", "{}", event -> {
                    events.incrementAndGet();
                    if (thrown instanceof Error) {
                        throw (Error) thrown;
                    }
                    throw (RuntimeException) thrown;
                }));
                assertSame(thrown, caught);
                assertEquals(1, events.get());
                boolean isLogged = log.messages.stream().anyMatch(text -> text.contains("callback ended"));
                assertTrue(isLogged, log.messages.toString());
            }
            server.awaitDisconnect();
            // The client is as before.
            assertEquals(0, client.getConnectionCounts().getOpen());
        }
    }

    @Test
    void aHandlerMayCallTheClient() {
        try (InferenceServerClient client = server.client(Protocol.HTTP)) {
            List<String> nested = new ArrayList<>();
            client.generateStream("generator", "{\"PROMPT\":\"a b\"}", event -> {
                nested.add(client.generate("generator", "{\"PROMPT\":\"c\"}").getJson());
                return client.isServerLive();
            });
            assertEquals(2, nested.size());
        }
    }

    @Test
    void theTimeoutCoversTheWholeStream() throws Exception {
        try (CannedServer server = CannedServer.begin(EVENTS, "data: {\"n\":1}\n\n");
                InferenceServerClient client = new InferenceServerClient("http://" + server.address())) {
            CallOptions options = CallOptions.builder().timeout(Duration.ofMillis(300)).build();
            AtomicInteger events = new AtomicInteger();
            Expect.failure(
                    Status.DEADLINE_EXCEEDED,
                    Origin.CLIENT,
                    () -> client.generateStream("m", "", "{}", event -> events.incrementAndGet() > 0, options));
            assertEquals(1, events.get());
        }
    }

    @Test
    void anInterruptEndsAStreamAlsoAfterANestedCall() throws Exception {
        for (boolean isNested : new boolean[] {false, true}) {
            try (CannedServer server = CannedServer.begin(EVENTS, "data: {\"n\":1}\n\n");
                    InferenceServerClient client = new InferenceServerClient("http://" + server.address());
                    InferenceServerClient other = this.server.client(Protocol.GRPC)) {
                AtomicReference<Throwable> outcome = new AtomicReference<>();
                AtomicReference<Boolean> wasInterrupted = new AtomicReference<>();
                CountDownLatch received = new CountDownLatch(1);
                Thread caller = new Thread(() -> {
                    try {
                        client.generateStream("m", "{}", event -> {
                            boolean goesOn = !isNested || other.isServerLive();
                            received.countDown();
                            return goesOn;
                        });
                    } catch (Throwable e) {
                        outcome.set(e);
                        wasInterrupted.set(Thread.currentThread().isInterrupted());
                    }
                });
                caller.start();
                assertTrue(received.await(20, TimeUnit.SECONDS));
                caller.interrupt();
                caller.join(20_000);
                assertFalse(caller.isAlive());
                InferenceException error = (InferenceException) outcome.get();
                assertEquals(Status.CANCELLED, error.getStatus());
                assertTrue(wasInterrupted.get());
                server.awaitDisconnect();
            }
        }
    }
}
