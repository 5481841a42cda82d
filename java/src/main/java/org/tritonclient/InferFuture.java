package org.tritonclient;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** The future of an asynchronous call, and the call itself until its result is delivered. */
final class InferFuture extends CompletableFuture<InferResult> implements Receiver, Runnable {
    /** Keeps the client alive until the call is complete. */
    private final InferenceServerClient client;
    private final PackedRequest request;
    private final Executor executor;
    private long id;
    private byte[] record;
    private Object[] buffers;
    /** Whether the call has ended, so that there is nothing to cancel. */
    private volatile boolean over;

    InferFuture(InferenceServerClient client, PackedRequest request, Executor executor) {
        this.client = client;
        this.request = request;
        this.executor = executor;
    }

    /** Submits the call. If it is refused, the future has failed. */
    void submit(ClientCore core, CallOptions options) {
        id = core.completions().add(this);
        long handle = core.acquire();
        try {
            Native.inferAsync(handle, request.record, request.buffers, options.record(), id);
        } catch (Throwable refused) {
            core.completions().remove(id);
            over = true;
            request.release();
            completeExceptionally(refused);
        } finally {
            core.release();
            java.lang.ref.Reference.reachabilityFence(options);
        }
        // Whatever ends the future, also cancel, orTimeout and complete, ends the call.
        whenComplete((result, failure) -> {
            if (!over) {
                core.cancel(id);
            }
        });
    }

    @Override
    public boolean receive(byte[] record, Object[] buffers) {
        over = true;
        request.release();
        this.record = record;
        this.buffers = buffers;
        try {
            executor.execute(this);
        } catch (Throwable refused) {
            // The call must not be lost: this thread completes it.
            run();
        }
        return true;
    }

    @Override
    public void fail(Throwable cause) {
        completeExceptionally(cause);
    }

    /** Completes the future. */
    @Override
    public void run() {
        try {
            InferResult result = Outcome.result(record, buffers);
            record = null;
            buffers = null;
            if (!complete(result)) {
                result.close();
            }
        } catch (Throwable failure) {
            completeExceptionally(failure);
        }
    }
}
