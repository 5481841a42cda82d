package org.tritonclient;

import java.lang.ref.Reference;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** The future of an asynchronous call, and the call itself until its result is delivered. */
final class InferFuture extends CompletableFuture<InferResult> implements Receiver, Runnable {
    /** Keeps the client alive until the call is complete. */
    private InferenceServerClient client;
    private final Executor executor;
    /** The memory in use until the call is complete. */
    private PackedRequest packed;
    private long id;
    private InferResult result;
    private Throwable failure;
    /** Whether the call has ended, so that there is nothing to cancel. */
    private volatile boolean over;

    InferFuture(InferenceServerClient client, Executor executor) {
        this.client = client;
        this.executor = executor;
    }

    /**
     * Submits the call. If it is refused, the future has failed.
     *
     * @throws IllegalStateException if the client is closed, or the memory of an input is no longer accessible
     */
    void submit(ClientCore core, InferRequest request, CallOptions options) {
        long handle = core.acquire();
        try {
            // First, since it needs memory. Whatever ends the future, also cancel, orTimeout and complete, ends the call.
            whenComplete((result, failure) -> {
                if (!over) {
                    core.cancel(id);
                }
            });
            packed = request.pack();
            try {
                id = core.completions().add(this);
                if (!start(handle, options, false)) {
                    waitAndStart(core, handle, options);
                }
            } catch (Throwable refused) {
                core.completions().remove(id);
                packed.release();
                throw refused;
            }
        } catch (InferenceException refused) {
            over = true;
            completeExceptionally(refused);
        } finally {
            core.release();
            Reference.reachabilityFence(options);
        }
    }

    private boolean start(long handle, CallOptions options, boolean mayWait) {
        return Native.inferAsync(handle, packed.record, packed.buffers, options.record(), id, mayWait);
    }

    /** Starts the call once fewer are in flight. An interrupt ends the wait, but not the call after that. */
    private void waitAndStart(ClientCore core, long handle, CallOptions options) {
        Interruption interruption = new Interruption(() -> core.cancel(id));
        interruption.enter();
        try {
            start(handle, options, true);
        } finally {
            interruption.leave();
        }
    }

    @Override
    public boolean receive(byte[] record, Object[] buffers) {
        over = true;
        packed.release();
        packed = null;
        client = null;
        try {
            // Here: an executor that drops its tasks would lose a result that nobody owns yet.
            result = Outcome.result(record, buffers);
        } catch (Throwable failed) {
            failure = failed;
        }
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
        FullHeap.fail(this, cause);
    }

    /** Completes the future. Does nothing the second time: an executor may throw after it has accepted a task. */
    @Override
    public void run() {
        InferResult result;
        Throwable failure;
        synchronized (this) {
            result = this.result;
            failure = this.failure;
            this.result = null;
            this.failure = null;
        }
        if (failure != null) {
            FullHeap.fail(this, failure);
        } else if (result != null && !complete(result)) {
            result.close();
        }
    }
}
