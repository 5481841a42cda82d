package guide;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tritonclient.CallOptions;
import org.tritonclient.CancelToken;
import org.tritonclient.ClientOptions;
import org.tritonclient.DataType;
import org.tritonclient.HeaderCallback;
import org.tritonclient.InferInput;
import org.tritonclient.InferRequest;
import org.tritonclient.InferRequestedOutput;
import org.tritonclient.InferResult;
import org.tritonclient.InferStream;
import org.tritonclient.InferenceException;
import org.tritonclient.InferenceServerClient;
import org.tritonclient.Status;
import org.tritonclient.StreamEvent;
import org.tritonclient.StreamHandler;
import org.tritonclient.StreamOptions;

/**
 * The code of docs/java.md and docs/java-porting.md that is not in java/examples, on the real server. It is in another
 * package than the library, as a user's code is. DocumentationTest compares the texts.
 */
class GuideTest {
    private static final String HTTP = "http://" + System.getenv("TRITON_TEST_HTTP");
    private static final String GRPC = "grpc://" + System.getenv("TRITON_TEST_GRPC");

    private final InferInput input0 =
            new InferInput("INPUT0", new long[] {1, 16}, DataType.INT32).setData(IntStream.range(0, 16).toArray());
    private final InferInput input1 =
            new InferInput("INPUT1", new long[] {1, 16}, DataType.INT32).setData(IntStream.range(0, 16).toArray());

    static List<String> urls() {
        return List.of(HTTP, GRPC);
    }

    private static void checkSums(InferResult result) {
        assertArrayEquals(IntStream.range(0, 16).map(i -> 2 * i).toArray(), result.getOutputAsInt("OUTPUT0"));
    }

    @ParameterizedTest
    @MethodSource("urls")
    void aClientHasOptionsAndACallHasOthers(String url) {
        InferRequest request = new InferRequest("simple").addInput(input0).addInput(input1);

        ClientOptions options = ClientOptions.builder()
                .timeout(Duration.ofSeconds(5)) // of a call; 60 s unless it is set
                .connectTimeout(Duration.ofSeconds(1))
                .callOptions(CallOptions.builder().header("x-tenant", "blue").build()) // the defaults of all calls
                .build();
        try (InferenceServerClient client = new InferenceServerClient(url, options)) {

            CallOptions fast = CallOptions.builder().timeout(Duration.ofSeconds(2)).build();
            try (InferResult result = client.infer(request, fast)) {
                checkSums(result);
            }
        }
    }

    /** What a program has that gets tokens from somewhere. */
    private static final class Tokens {
        private final AtomicInteger used = new AtomicInteger();

        String current() {
            return "token " + used.incrementAndGet();
        }

        void renew() {
            throw new AssertionError("this server accepts all tokens");
        }
    }

    @ParameterizedTest
    @MethodSource("urls")
    void aTokenIsAddedToEachCall(String url) {
        Tokens tokens = new Tokens();
        HeaderCallback addToken = headers -> {
            if (headers.wasRefused()) { // the server has responded UNAUTHENTICATED
                tokens.renew();
            }
            headers.add("authorization", "Bearer " + tokens.current());
        };
        ClientOptions options = ClientOptions.builder().headerCallback(addToken).build();
        try (InferenceServerClient client = new InferenceServerClient(url, options)) {
            checkSums(client.infer("simple", List.of(input0, input1), List.of()));
            assertTrue(client.isServerReady());
        }
        assertEquals(2, tokens.used.get());
    }

    @ParameterizedTest
    @MethodSource("urls")
    void aRequestHasEverythingElse(String url) {
        InferRequest request = new InferRequest("simple")
                .setModelVersion("1")
                .setId("request 7")
                .setPriority(1)
                .setServerTimeoutMicros(100_000) // in the server's queue
                .setParameter("tenant", "blue")
                .addInput(input0)
                .addInput(input1)
                .addOutput(new InferRequestedOutput("OUTPUT0")); // without any, the server returns all outputs

        try (InferenceServerClient client = new InferenceServerClient(url);
                InferResult result = client.infer(request)) {
            checkSums(result);
            assertEquals("request 7", result.getId());
            assertEquals(1, result.getOutputs().size());
        }
    }

    @ParameterizedTest
    @MethodSource("urls")
    void aFuturesActionClosesTheResult(String url) {
        float[] data = {1, 2.5f, 4};
        InferRequest request = new InferRequest("identity_fp32")
                .addInput(new InferInput("INPUT0", new long[] {3}, DataType.FP32).setData(data));
        try (InferenceServerClient client = new InferenceServerClient(url)) {
            CompletableFuture<float[]> scores = client.inferAsync(request).thenApply(result -> {
                try (result) {
                    return result.getOutputAsFloat("OUTPUT0");
                }
            });
            assertArrayEquals(new float[] {1, 2.5f, 4}, scores.join());
        }
    }

    @ParameterizedTest
    @MethodSource("urls")
    void aTokenCancelsACall(String url) {
        InferInput input = new InferInput("DELAY_MS", new long[] {1}, DataType.UINT32).setData(new int[] {300});
        InferRequest request = new InferRequest("slow").addInput(input);
        try (InferenceServerClient client = new InferenceServerClient(url)) {
            CancelToken token = new CancelToken();
            CallOptions cancellable = CallOptions.builder().cancelToken(token).build();
            CompletableFuture<InferResult> future = client.inferAsync(request, cancellable);
            token.cancel();

            CompletionException failure = assertThrows(CompletionException.class, future::join);
            assertEquals(Status.CANCELLED, ((InferenceException) failure.getCause()).getStatus());
        }
    }

    private static InferRequest repeated(int... values) {
        int count = values.length;
        return new InferRequest("repeat_int32")
                .setEmptyFinalResponse(true)
                .addInput(new InferInput("IN", new long[] {count}, DataType.INT32).setData(values))
                .addInput(new InferInput("DELAY", new long[] {count}, DataType.UINT32).setData(new int[count]))
                .addInput(new InferInput("WAIT", new long[] {1}, DataType.UINT32).setData(new int[1]));
    }

    @Test
    void aHandlerReceivesAStream() {
        List<Integer> values = new CopyOnWriteArrayList<>();
        CompletableFuture<Void> end = new CompletableFuture<>();
        InferRequest request = repeated(7, 8, 9);
        try (InferenceServerClient client = new InferenceServerClient(GRPC)) {

            StreamHandler handler = new StreamHandler() {
                @Override
                public void onResult(InferResult result) {
                    try (result) {
                        if (!result.isNull()) { // the final response to a request has no outputs
                            values.add(result.getOutputAsInt("OUT")[0]);
                        }
                    }
                }

                @Override
                public void onRequestError(InferenceException error) { // the stream continues
                    System.err.println("request " + error.getRequestId() + ": " + error.getMessage());
                }

                @Override
                public void onEnd(InferenceException error) { // null if the stream did not fail
                    end.complete(null);
                }
            };
            try (InferStream stream = client.openStream(StreamOptions.defaults(), handler)) {
                stream.send(request);
                stream.finish();
                stream.waitEnd(Duration.ofSeconds(30));
            }
        }
        assertTrue(end.isDone());
        assertEquals(List.of(7, 8, 9), values);
    }

    @Test
    void aSubscriberReceivesAStream() {
        List<Integer> values = new CopyOnWriteArrayList<>();
        CompletableFuture<Void> end = new CompletableFuture<>();
        InferRequest request = repeated(7, 8, 9);
        try (InferenceServerClient client = new InferenceServerClient(GRPC);
                InferStream stream = client.openStream()) {
            stream.publisher().subscribe(new Flow.Subscriber<>() {
                private Flow.Subscription subscription;

                @Override
                public void onSubscribe(Flow.Subscription subscription) {
                    this.subscription = subscription;
                    subscription.request(1);
                }

                @Override
                public void onNext(StreamEvent event) {
                    try (InferResult result = event.getResult()) {
                        if (!result.isNull()) {
                            values.add(result.getOutputAsInt("OUT")[0]);
                        }
                    }
                    subscription.request(1); // until then the stream reads no further
                }

                @Override
                public void onError(Throwable error) {
                    end.completeExceptionally(error);
                }

                @Override
                public void onComplete() {
                    end.complete(null);
                }
            });
            stream.send(request);
            stream.finish();
            end.join();
        }
        assertEquals(List.of(7, 8, 9), values);
    }

    @Test
    void twoServersTakeTurns() {
        String first = HTTP;
        String second = GRPC;
        InferRequest request = new InferRequest("simple").addInput(input0).addInput(input1);

        InferenceServerClient[] clients = {new InferenceServerClient(first), new InferenceServerClient(second)};
        AtomicInteger next = new AtomicInteger();
        Supplier<InferenceServerClient> turn = () -> clients[Math.floorMod(next.getAndIncrement(), clients.length)];
        try (InferResult result = turn.get().infer(request)) {
            System.out.println(result.getEndpoint()); // the URL of the server
        }

        try (InferResult result = turn.get().infer(request)) {
            assertTrue(result.getEndpoint().startsWith(second), result.getEndpoint());
        }
        clients[0].close();
        clients[1].close();
    }
}
