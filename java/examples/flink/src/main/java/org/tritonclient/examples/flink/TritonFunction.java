package org.tritonclient.examples.flink;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeoutException;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.streaming.api.functions.async.ResultFuture;
import org.apache.flink.streaming.api.functions.async.RichAsyncFunction;
import org.tritonclient.ClientOptions;
import org.tritonclient.DataType;
import org.tritonclient.InferInput;
import org.tritonclient.InferRequest;
import org.tritonclient.InferRequestedOutput;
import org.tritonclient.InferResult;
import org.tritonclient.InferenceServerClient;

/**
 * Scores each sample with the model {@code simple}. Only the URL and the timeout are sent to the task managers: a
 * client is not serialisable. Each parallel subtask opens its own.
 *
 * <p>The capacity of {@code AsyncDataStream} bounds the calls in flight: when it is reached, Flink passes no further
 * sample to this function, and slows down the sources. It must not exceed the client's own maximum ({@code
 * maxInFlight}, 1024 by default), at which a submission would block the task.
 *
 * <p>Nothing is retried here: Flink gets each failure, and the job's retry strategy and restart strategy apply.
 */
public final class TritonFunction extends RichAsyncFunction<Sample, Scored> {
    private static final long serialVersionUID = 1L;

    private final String url;
    private final Duration callTimeout;

    private transient InferenceServerClient client;
    /** The calls in flight. Whoever removes an entry reports its outcome, so each attempt is reported once. */
    private transient Map<ResultFuture<Scored>, CompletableFuture<InferResult>> calls;

    /**
     * Creates a function.
     *
     * @param url         the server's URL, as the task managers reach it
     * @param callTimeout the timeout of each attempt; Flink's timeout includes all attempts and the delays between
     * them
     */
    public TritonFunction(String url, Duration callTimeout) {
        this.url = url;
        this.callTimeout = callTimeout;
    }

    @Override
    public void open(OpenContext context) {
        client = new InferenceServerClient(url, ClientOptions.builder().timeout(callTimeout).build());
        calls = new ConcurrentHashMap<>();
    }

    /** Starts a call, which completes on another thread. */
    @Override
    public void asyncInvoke(Sample sample, ResultFuture<Scored> future) {
        CompletableFuture<InferResult> call = client.inferAsync(request(sample));
        calls.put(future, call);
        call.whenComplete((result, error) -> {
            try (result) {
                if (!calls.remove(future, call)) {
                    return; // timeout() or close() was first
                }
                if (error != null) {
                    future.completeExceptionally(error);
                } else {
                    future.complete(List.of(new Scored(sample.id(), result.getOutputAsInt("OUTPUT0"))));
                }
            } catch (RuntimeException e) {
                future.completeExceptionally(e); // the output is missing, or its type is another
            }
        });
    }

    /** Cancels the call in flight, if there is one: between two attempts there is none. */
    @Override
    public void timeout(Sample sample, ResultFuture<Scored> future) {
        CompletableFuture<InferResult> call = calls.remove(future);
        if (call != null) {
            call.cancel(true);
        }
        future.completeExceptionally(new TimeoutException("sample " + sample.id() + " was not scored in time"));
    }

    /** Cancels all calls and closes the client. Flink calls this when the job finishes, fails or is cancelled. */
    @Override
    public void close() {
        if (client != null) { // null if open() failed
            calls.clear(); // their outcomes are no longer wanted
            client.close(); // does not block
        }
    }

    private static InferRequest request(Sample sample) {
        return new InferRequest("simple")
                .addInput(input("INPUT0", sample.a()))
                .addInput(input("INPUT1", sample.b()))
                .addOutput(new InferRequestedOutput("OUTPUT0"));
    }

    private static InferInput input(String name, int[] values) {
        return new InferInput(name, new long[] {1, values.length}, DataType.INT32).setData(values);
    }
}
