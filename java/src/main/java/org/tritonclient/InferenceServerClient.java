package org.tritonclient;

import java.lang.ref.Reference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;

/**
 * A client of one Triton Inference Server, over HTTP or gRPC, which its URL selects. Any number of threads may use it
 * at once, and one client for a server is enough for a program.
 *
 * <pre>{@code
 * InferInput input0 = new InferInput("INPUT0", new long[] {1, 16}, DataType.INT32).setData(a);
 * InferInput input1 = new InferInput("INPUT1", new long[] {1, 16}, DataType.INT32).setData(b);
 *
 * try (InferenceServerClient client = new InferenceServerClient(url);
 *         InferResult result = client.infer("simple", List.of(input0, input1), List.of())) {
 *     int[] sum = result.getOutputAsInt("OUTPUT0");
 *     for (int i = 0; i < sum.length; i++) {
 *         System.out.println(a[i] + " + " + b[i] + " = " + sum[i]);
 *     }
 * } catch (InferenceException e) {
 *     System.err.println(e.getMessage());
 *     System.exit(1);
 * }
 * }</pre>
 *
 * <p>Blocking calls run on the calling thread, until the response is complete or the deadline passes; every call has a
 * deadline, by default 60 s ({@link ClientOptions.Builder#timeout}). {@link Thread#interrupt} ends a blocking call with
 * {@link Status#CANCELLED}; the interrupt status of the thread stays set. A call that fails throws
 * {@link InferenceException}. The library sends a request once more only if the server has certainly not seen it. On a
 * virtual thread {@code infer} and {@code inferMany} wait without the carrier; the control plane keeps it.
 *
 * <p>A client is closed with {@link #close()}. After that, every method throws {@link IllegalStateException}.
 */
public final class InferenceServerClient extends ControlPlane implements AutoCloseable {
    /**
     * Creates a client with the default options. Does not access the network: if the server cannot be reached, the
     * first call fails.
     *
     * @param url {@code host[:port]} or {@code http://host[:port][/base/path]} for HTTP (default port 8000), or
     *     {@code grpc://host[:port]} for gRPC (default port 8001); {@code https} and {@code grpcs} for the same over TLS
     *     (default port 443)
     * @throws InferenceException with {@link Status#INVALID_ARGUMENT} for any other URL, for invalid options, and for
     *     certificates that cannot be read
     * @throws NativeLibraryException if the native library cannot be loaded
     */
    public InferenceServerClient(String url) {
        this(url, ClientOptions.defaults());
    }

    /** Creates a client with two timeouts in milliseconds, as upstream's client has them; 0 means no limit. */
    public InferenceServerClient(String url, int connectTimeoutMillis, int timeoutMillis) {
        this(
                url,
                ClientOptions.builder()
                        .connectTimeout(connectTimeoutMillis == 0 ? null : Duration.ofMillis(connectTimeoutMillis))
                        .timeout(timeoutMillis == 0 ? null : Duration.ofMillis(timeoutMillis))
                        .build());
    }

    /** Creates a client with options; see {@link #InferenceServerClient(String)}. */
    public InferenceServerClient(String url, ClientOptions options) {
        super(ClientCore.create(url, options));
        Cleaning.own(this, core);
    }

    /**
     * Runs an inference, and blocks until its result is complete.
     *
     * @param modelName the model, in the version that the server chooses
     * @param inputs    the inputs, with their data
     * @param outputs   the outputs that are requested; if empty, all outputs of the model
     */
    public InferResult infer(String modelName, List<InferInput> inputs, List<InferRequestedOutput> outputs) {
        return infer(new InferRequest(modelName, inputs, outputs));
    }

    /** Runs an inference, and blocks until its result is complete. */
    public InferResult infer(InferRequest request) {
        return infer(request, CallOptions.defaults());
    }

    /** Runs an inference with options, and blocks until its result is complete. */
    public InferResult infer(InferRequest request, CallOptions options) {
        Objects.requireNonNull(request, "request");
        Objects.requireNonNull(options, "options");
        if (Threads.isVirtual()) {
            return join(submitVirtual(request, options));
        }
        PackedRequest encoded = request.pack();
        try {
            return core.call(
                    options,
                    (client, record, token) -> Outcome.result(
                            Native.infer(client, encoded.record, encoded.buffers, record, token)));
        } finally {
            encoded.release();
            Reference.reachabilityFence(this);
        }
    }

    /** Starts an inference: {@link #inferAsync(InferRequest, CallOptions)}. */
    public CompletableFuture<InferResult> inferAsync(
            String modelName, List<InferInput> inputs, List<InferRequestedOutput> outputs) {
        return inferAsync(new InferRequest(modelName, inputs, outputs));
    }

    /** Starts an inference: {@link #inferAsync(InferRequest, CallOptions)}. */
    public CompletableFuture<InferResult> inferAsync(InferRequest request) {
        return inferAsync(request, CallOptions.defaults());
    }

    /**
     * Starts an inference. Every failure, also of an invalid request, is one of the future, an
     * {@link InferenceException}. The future completes on the executor of the client ({@link
     * ClientOptions.Builder#executor}).
     *
     * <p>The request may be changed at once, but not the memory of direct buffers that are its data, until the future
     * is complete. Whatever completes the future before the call does, {@code cancel}, {@code orTimeout} or {@code
     * complete}, cancels the call; a result that comes too late is closed. Cancelling a future that was derived from
     * it, by {@code thenApply} for example, does not.
     *
     * <p>If {@link ClientOptions.Builder#maxInFlight} calls are in flight, this blocks until one is complete.
     */
    public CompletableFuture<InferResult> inferAsync(InferRequest request, CallOptions options) {
        Objects.requireNonNull(request, "request");
        Objects.requireNonNull(options, "options");
        return submit(request, options, core.executor());
    }

    /** Runs several inferences: {@link #inferMany(List, CallOptions)}. */
    public List<InferOutcome> inferMany(List<InferRequest> requests) {
        return inferMany(requests, CallOptions.defaults());
    }

    /**
     * Runs several inferences at once, of any models, and blocks until all have ended. Returns their outcomes in the
     * order of the requests; each result is to be closed. Each call has its own deadline. A request that is invalid is
     * one of the outcomes.
     */
    public List<InferOutcome> inferMany(List<InferRequest> requests, CallOptions options) {
        Objects.requireNonNull(requests, "requests");
        Objects.requireNonNull(options, "options");
        List<InferOutcome> outcomes = new ArrayList<>(requests.size());
        if (Threads.isVirtual()) {
            List<InferFuture> futures = new ArrayList<>(requests.size());
            try {
                for (InferRequest request : requests) {
                    futures.add(submitVirtual(request, options));
                }
                for (InferFuture future : futures) {
                    outcomes.add(outcome(future));
                }
                return outcomes;
            } catch (Throwable failure) {
                // Until they have ended they use the memory of their requests.
                futures.forEach(InferFuture::cancelCall);
                futures.forEach(InferFuture::closeResult);
                throw failure;
            }
        }
        List<PackedRequest> encoded = new ArrayList<>(requests.size());
        byte[][] records = new byte[requests.size()][];
        Object[][] buffers = new Object[records.length][];
        InferenceException[] refused = new InferenceException[records.length];
        try {
            int at = 0;
            for (InferRequest request : requests) {
                try {
                    PackedRequest packed = request.pack();
                    encoded.add(packed);
                    records[at] = packed.record;
                    buffers[at] = packed.buffers;
                } catch (InferenceException invalid) {
                    refused[at] = invalid;
                }
                at++;
            }
            return core.call(options, (client, record, token) -> {
                Object[] all = Native.inferMany(client, records, buffers, record, token);
                int taken = 0;
                try {
                    for (Object one : all) {
                        InferenceException invalid = refused[taken++];
                        outcomes.add(invalid != null ? new InferOutcome(null, invalid) : outcome(one));
                    }
                    return outcomes;
                } catch (Throwable failure) {
                    for (; taken < all.length; taken++) {
                        Outcome.discard(all[taken]);
                    }
                    throw failure;
                }
            });
        } finally {
            encoded.forEach(PackedRequest::release);
            Reference.reachabilityFence(this);
        }
    }

    /** Opens a stream with the default options: {@link #openStream(StreamOptions)}. */
    public InferStream openStream() {
        return openStream(StreamOptions.defaults());
    }

    /**
     * Opens a stream, whose events are fetched by {@link InferStream#next()}, an iterator or a subscriber. Over gRPC
     * only. Does not wait for the server: if it cannot be reached, that is the end of the stream.
     *
     * <p>A client may have any number of streams at once. They have connections of their own, with at most six streams
     * on each. PINGs ({@link ClientOptions.Builder#keepAliveTime}) show whether a silent server is still there; proxies
     * do not count them.
     *
     * @throws InferenceException with {@link Status#UNIMPLEMENTED} over HTTP; with {@link Status#INVALID_ARGUMENT} if
     *     the options are invalid, or the client's default call options contain options of HTTP
     * @throws IllegalStateException if the client is closed
     */
    public InferStream openStream(StreamOptions options) {
        return new InferStream(this, Objects.requireNonNull(options, "options"), null);
    }

    /**
     * Opens a stream whose events go to a handler, which may be called before this returns. See
     * {@link #openStream(StreamOptions)}.
     */
    public InferStream openStream(StreamOptions options, StreamHandler handler) {
        Objects.requireNonNull(options, "options");
        return new InferStream(this, options, Objects.requireNonNull(handler, "handler"));
    }

    /**
     * Closes the client: cancels all calls and streams under way, which end with {@link Status#CANCELLED}, and refuses
     * further ones. Does not block; has no effect if it is repeated. Results stay valid.
     */
    @Override
    public void close() {
        core.run();
    }

    /**
     * Refuses further calls, waits until those under way have ended and the last callback has returned, and closes the
     * client. Streams are not ended by it: finish or cancel them before.
     *
     * @param timeout how long to wait; {@code null} for no limit
     * @throws InferenceException with {@link Status#DEADLINE_EXCEEDED} if calls or streams are still under way then;
     *     with {@link Status#CANCELLED} if the thread is interrupted. The client then refuses calls but is not closed.
     */
    public void close(Duration timeout) {
        try {
            core.close(timeout);
        } finally {
            Reference.reachabilityFence(this);
        }
    }

    private InferFuture submit(InferRequest request, CallOptions options, Executor executor) {
        InferFuture future = new InferFuture(this, executor);
        future.submit(request, options, false);
        return future;
    }

    /** Starts a call for which a virtual thread will wait: nothing here may keep its carrier. */
    private InferFuture submitVirtual(InferRequest request, CallOptions options) {
        InferFuture future = new InferFuture(this, Runnable::run);
        future.submit(request, options, true);
        return future;
    }

    /** Waits for a call; an interrupt cancels it. */
    private static InferResult join(InferFuture future) {
        try {
            return future.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            // Its end is waited for: until then it uses the memory of the request. A call that is complete already
            // is not cancelled.
            future.cancelCall();
            return result(future);
        } catch (ExecutionException e) {
            return result(future);
        }
    }

    /** Returns the result of a future that is complete, or throws its error. */
    private static InferResult result(InferFuture future) {
        try {
            return future.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof RuntimeException) {
                throw (RuntimeException) e.getCause();
            }
            if (e.getCause() instanceof Error) {
                throw (Error) e.getCause();
            }
            throw e;
        }
    }

    private static InferOutcome outcome(InferFuture future) {
        try {
            return new InferOutcome(join(future), null);
        } catch (InferenceException error) {
            return new InferOutcome(null, error);
        }
    }

    private static InferOutcome outcome(Object outcome) {
        InferResult result;
        try {
            result = Outcome.result(outcome);
        } catch (InferenceException error) {
            return new InferOutcome(null, error);
        }
        return new InferOutcome(result, null);
    }
}
