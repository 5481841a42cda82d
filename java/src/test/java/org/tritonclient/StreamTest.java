package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/**
 * Streams whose events are fetched, on the real server. No test has streams of decoupled models and of other models at
 * the same time, which Triton 2.51 does not survive (a known fault, issue 7368 of the Triton server); each ends its
 * streams.
 */
class StreamTest {
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static InferenceServerClient client() {
        return new InferenceServerClient(RealServer.grpc());
    }

    private static InferResult result(InferStream stream) {
        return stream.next(PATIENCE).getResult();
    }

    private static InferenceException requestError(InferStream stream) {
        StreamEvent event = stream.next(PATIENCE);
        assertTrue(event.isRequestError() && !event.isResult() && !event.isEnd(), event.toString());
        assertSame(event.getError(), assertThrows(InferenceException.class, event::getResult));
        return event.getError();
    }

    /** Returns why the stream failed, or null. */
    private static InferenceException end(InferStream stream) {
        StreamEvent event = stream.next(PATIENCE);
        assertTrue(event.isEnd() && !event.isResult() && !event.isRequestError(), event.toString());
        return event.getError();
    }

    @Test
    void aDecoupledRequestHasZeroOneOrManyResponsesAndTheEndComesAfterTheLast() {
        try (InferenceServerClient client = client()) {
            for (boolean flag : new boolean[] {false, true}) {
                for (int count : new int[] {0, 1, 3}) {
                    try (InferStream stream = client.openStream()) {
                        int[] values = StreamRequests.numbers(count);
                        stream.send(StreamRequests.repeat("r", 10, values).setEmptyFinalResponse(flag));
                        stream.finish();
                        for (int i = 0; i < count; i++) {
                            try (InferResult result = result(stream)) {
                                assertEquals(i, result.getOutputAsInt("OUT")[0]);
                                assertEquals("r", result.getId());
                                assertEquals(Finality.NOT_FINAL, result.getFinality());
                                assertFalse(result.isNull());
                                assertEquals(RealServer.grpc(), result.getEndpoint());
                            }
                        }
                        if (flag) {
                            try (InferResult result = result(stream)) {
                                assertTrue(result.isFinal() && result.isNull());
                                assertEquals("r", result.getId());
                            }
                        }
                        assertNull(end(stream));
                        // The end is returned again, also without waiting.
                        assertTrue(stream.next(Duration.ZERO).isEnd());
                        assertTrue(stream.next().isEnd());
                        stream.waitEnd(Duration.ZERO);
                        assertThrows(IllegalStateException.class, () -> stream.next().getResult());
                    }
                }
            }
            assertEquals(6, client.getInferStatistics().getCompleted());
        }
    }

    @Test
    void anErrorAmongTheResponsesOfADecoupledRequestIsFollowedByTheOthers() {
        try (InferenceServerClient client = client();
                InferStream stream = client.openStream()) {
            stream.send(StreamRequests.repeat("r", 0, 1, -1, 2).setEmptyFinalResponse(true));
            stream.finish();
            assertEquals(1, StreamRequests.value(result(stream), "OUT"));
            InferenceException error = requestError(stream);
            assertEquals("r", error.getRequestId());
            assertEquals(Origin.SERVER, error.getOrigin());
            assertEquals(2, StreamRequests.value(result(stream), "OUT"));
            result(stream).close();
            assertNull(end(stream));
        }
    }

    @Test
    void interleavedRequestsAreToldApartByTheirIds() {
        try (InferenceServerClient client = client();
                InferStream stream = client.openStream()) {
            for (int i = 0; i < 4; i++) {
                stream.send(StreamRequests.repeat("request " + i, 2, i, i + 10, i + 20).setEmptyFinalResponse(true));
            }
            stream.finish();
            Map<String, List<Integer>> seen = new TreeMap<>();
            // Ends without an exception: the stream did not fail.
            for (StreamEvent event : stream) {
                try (StreamEvent closing = event) {
                    InferResult result = closing.getResult();
                    List<Integer> own = seen.computeIfAbsent(result.getId(), id -> new ArrayList<>());
                    own.add(result.isFinal() ? -1 : result.getOutputAsInt("OUT")[0]);
                }
            }
            assertEquals(4, seen.size());
            for (int i = 0; i < 4; i++) {
                assertEquals(List.of(i, i + 10, i + 20, -1), seen.get("request " + i));
            }
            assertTrue(stream.next().isEnd());
        }
    }

    @Test
    void anIteratorFetchesAnEventWhenItIsAskedAndThrowsTheErrorOfTheStream() {
        try (InferenceServerClient client = client();
                InferStream stream = client.openStream()) {
            stream.send(StreamRequests.sum(1));
            Iterator<StreamEvent> events = stream.iterator();
            assertTrue(events.hasNext());
            assertTrue(events.hasNext());
            assertEquals(2, StreamRequests.value(events.next().getResult(), "OUTPUT0"));
            stream.send(StreamRequests.sum(2));
            assertEquals(3, StreamRequests.value(events.next().getResult(), "OUTPUT0"));
            stream.cancel();
            InferenceException error = assertThrows(InferenceException.class, events::hasNext);
            assertEquals(Status.CANCELLED, error.getStatus());
            assertSame(error, assertThrows(InferenceException.class, events::next));
            assertEquals(Status.CANCELLED, stream.next().getError().getStatus());
        }
        try (InferenceServerClient client = client();
                InferStream stream = client.openStream()) {
            stream.finish();
            Iterator<StreamEvent> events = stream.iterator();
            assertFalse(events.hasNext());
            assertThrows(NoSuchElementException.class, events::next);
        }
    }

    @Test
    void theErrorOfARequestNamesItAndTheStreamContinues() {
        InferRequest missing = new InferRequest(
                "simple", List.of(RealServer.simple().getInputs().get(0)), List.of());
        InferInput kind = new InferInput("KIND", new long[] {1}, DataType.INT32).setData(new int[] {2});
        Map<InferRequest, String> cases = Map.of(
                new InferRequest("nope").setId("unknown").addInput(kind), "unknown model: 'nope'",
                StreamRequests.sum(0).setModelVersion("9").setId("version"), "version 9 is not found",
                missing.setId("missing"), "missing required input(s) ['INPUT1']",
                new InferRequest("faulty").setId("fails").addInput(kind), "made to fail: INTERNAL");
        try (InferenceServerClient client = client();
                InferStream stream = client.openStream()) {
            cases.forEach((request, text) -> {
                stream.send(request);
                InferenceException error = requestError(stream);
                assertEquals(Status.UNKNOWN, error.getStatus());
                assertEquals(Origin.SERVER, error.getOrigin());
                assertEquals(request.getId(), error.getRequestId());
                Expect.message(error, text);
                Expect.message(error, "model '" + request.getModelName() + "'");
            });
            stream.send(StreamRequests.sum(4));
            assertEquals(5, StreamRequests.value(result(stream), "OUTPUT0"));
            stream.finish();
            assertNull(end(stream));
            assertEquals(4, client.getInferStatistics().getFailed());
        }
    }

    @Test
    void sequencesWithIdsOfNumbersAndStringsAreInterleaved() {
        for (boolean isText : new boolean[] {false, true}) {
            String model = isText ? "simple_string_dyna_sequence" : "simple_dyna_sequence";
            try (InferenceServerClient client = client();
                    InferStream stream = client.openStream()) {
                for (int step = 0; step < 4; step++) {
                    for (int sequence = 0; sequence < 3; sequence++) {
                        InferInput input = new InferInput("INPUT", new long[] {1, 1}, DataType.INT32)
                                .setData(new int[] {step + sequence});
                        InferRequest request = new InferRequest(model, List.of(input), List.of())
                                .setId(sequence + "/" + step);
                        boolean isStart = step == 0;
                        boolean isEnd = step == 3;
                        if (isText) {
                            request.setSequence("91" + sequence, isStart, isEnd);
                        } else {
                            request.setSequence(91 + sequence, isStart, isEnd);
                        }
                        stream.send(request, PATIENCE);
                    }
                }
                stream.finish();
                int[] sums = new int[3];
                for (int step = 0; step < 4; step++) {
                    for (int sequence = 0; sequence < 3; sequence++) {
                        InferResult result = result(stream);
                        assertEquals(sequence + "/" + step, result.getId());
                        int input = step + sequence;
                        sums[sequence] += input;
                        // Only one of the models sums; both add the id at the end.
                        int expected = isText
                                ? sums[sequence] + (step == 3 ? 910 + sequence : 0)
                                : input + (step == 0 ? 1 : 0) + (step == 3 ? 91 + sequence : 0);
                        assertEquals(expected, StreamRequests.value(result, "OUTPUT"), model);
                    }
                }
                assertNull(end(stream));
            }
        }
    }

    @Test
    void aRequestMayBeChangedOnceItIsSent() {
        try (InferenceServerClient client = client();
                InferStream stream = client.openStream()) {
            ByteBuffer data = ByteBuffer.allocateDirect(1_000_000);
            InferInput input = new InferInput("INPUT0", new long[] {data.capacity()}, DataType.UINT8);
            InferRequest request = new InferRequest("identity_uint8", List.of(input), List.of());
            for (int i = 1; i <= 3; i++) {
                for (int at = 0; at < data.capacity(); at++) {
                    data.put(at, (byte) i);
                }
                input.setData(data);
                stream.send(request.setId("request " + i));
            }
            stream.finish();
            for (int i = 1; i <= 3; i++) {
                try (InferResult result = result(stream)) {
                    assertEquals("request " + i, result.getId());
                    ByteBuffer output = result.getOutputBuffer("OUTPUT0");
                    assertEquals(data.capacity(), output.remaining());
                    for (int at = 0; at < output.remaining(); at++) {
                        assertEquals((byte) i, output.get(at));
                    }
                }
            }
            assertNull(end(stream));
        }
    }

    @Test
    void whatAStreamCannotCarryIsRefusedAndTheStreamContinues() {
        try (InferenceServerClient client = client();
                InferStream stream = client.openStream()) {
            InferRequestedOutput output = new InferRequestedOutput("OUTPUT0");
            output.setBuffer(ByteBuffer.allocateDirect(64));
            InferenceException error = Expect.failure(
                    Status.INVALID_ARGUMENT,
                    Origin.ARGUMENT,
                    () -> stream.send(StreamRequests.sum(1).addOutput(output).setId("buffer")));
            assertEquals("buffer", error.getRequestId());
            Expect.message(error, "a stream does not support buffers");
            assertThrows(NullPointerException.class, () -> stream.send(null));
            assertThrows(NullPointerException.class, () -> stream.send(StreamRequests.sum(1), null));
            assertThrows(NullPointerException.class, () -> stream.next(null));
            // The buffer is free again.
            client.infer(StreamRequests.sum(1).addOutput(output)).close();
            stream.finish();
            error = Expect.failure(
                    Status.FAILED_PRECONDITION, Origin.ARGUMENT, () -> stream.send(StreamRequests.sum(1).setId("late")));
            assertEquals("late", error.getRequestId());
            assertNull(end(stream));
        }
    }

    @Test
    void streamsNeedGrpcAndOptionsThatHaveAMeaningOnThem() {
        try (InferenceServerClient http = new InferenceServerClient(RealServer.http())) {
            InferenceException error = assertThrows(InferenceException.class, http::openStream);
            assertEquals(Status.UNIMPLEMENTED, error.getStatus());
            Expect.message(error, "grpc://");
        }
        InferenceServerClient client = client();
        StreamOptions invalid = StreamOptions.builder()
                .callOptions(CallOptions.builder().httpPath("/x").build())
                .build();
        Expect.failure(Status.INVALID_ARGUMENT, Origin.ARGUMENT, () -> client.openStream(invalid));
        StreamOptions negative = StreamOptions.builder().maxQueuedByteSize(-1).build();
        Expect.failure(Status.INVALID_ARGUMENT, Origin.ARGUMENT, () -> client.openStream(negative));
        assertThrows(NullPointerException.class, () -> client.openStream(null));
        assertThrows(NullPointerException.class, () -> client.openStream(StreamOptions.defaults(), null));
        client.close();
        assertThrows(IllegalStateException.class, client::openStream);
    }

    @Test
    void theTimeoutAndTheTokenOfTheOptionsEndTheWholeStream() {
        try (InferenceServerClient client = client()) {
            CallOptions timeout = CallOptions.builder().timeout(Duration.ofMillis(300)).build();
            StreamOptions options = StreamOptions.builder().callOptions(timeout).build();
            try (InferStream stream = client.openStream(options)) {
                InferenceException error = end(stream);
                assertEquals(Status.DEADLINE_EXCEEDED, error.getStatus());
                Expect.message(error, "300ms, its timeout");
                error = assertThrows(InferenceException.class, () -> stream.send(StreamRequests.sum(1)));
                assertEquals(Status.DEADLINE_EXCEEDED, error.getStatus());
            }
            CancelToken token = new CancelToken();
            CallOptions call = CallOptions.builder().cancelToken(token).build();
            options = StreamOptions.builder().callOptions(call).build();
            try (InferStream stream = client.openStream(options)) {
                Expect.failure(
                        Status.DEADLINE_EXCEEDED, Origin.CLIENT, () -> stream.next(Duration.ofMillis(20)).close());
                token.cancel();
                assertEquals(Status.CANCELLED, end(stream).getStatus());
            }
        }
    }

    /** On a server of its own: the mode is the less robust one. */
    @Test
    void inGrpcErrorModeTheErrorOfAResponseEndsTheStreamWithItsStatus() throws Exception {
        StreamOptions options = StreamOptions.builder().grpcError(true).build();
        try (TestServer server = TestServer.start("faulty", "");
                InferenceServerClient client = server.client(Protocol.GRPC);
                InferStream stream = client.openStream(options)) {
            InferInput kind = new InferInput("KIND", new long[] {1}, DataType.INT32).setData(new int[] {4});
            stream.send(new InferRequest("faulty", List.of(kind), List.of()).setId("f"));
            InferenceException error = end(stream);
            assertEquals(Status.INVALID_ARGUMENT, error.getStatus());
            assertEquals(Origin.SERVER, error.getOrigin());
            Expect.message(error, "made to fail: INVALID_ARG");
        }
    }

    @Test
    void severalThreadsShareTheEventsOfAStreamAndAllSeeItsEnd() throws Exception {
        int count = 200;
        List<Integer> seen = new CopyOnWriteArrayList<>();
        List<Throwable> failures = new CopyOnWriteArrayList<>();
        try (InferenceServerClient client = client();
                InferStream stream = client.openStream()) {
            List<Thread> threads = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                Thread thread = new Thread(() -> {
                    try {
                        StreamEvent event;
                        while (!(event = stream.next(PATIENCE)).isEnd()) {
                            seen.add(StreamRequests.value(event.getResult(), "OUTPUT0"));
                        }
                    } catch (Throwable e) {
                        failures.add(e);
                    }
                });
                threads.add(thread);
                thread.start();
            }
            for (int i = 0; i < count; i++) {
                stream.send(StreamRequests.sum(i));
            }
            stream.finish();
            for (Thread thread : threads) {
                thread.join();
            }
        }
        assertTrue(failures.isEmpty(), failures.toString());
        assertEquals(count, seen.stream().distinct().count());
    }
}
