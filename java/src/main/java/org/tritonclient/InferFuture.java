package org.tritonclient;

import java.lang.ref.Reference;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;

/** The future of an asynchronous call, and the call itself until its result is delivered. */
final class InferFuture extends CompletableFuture<InferResult> implements Receiver, Runnable {
    /** Keeps the client alive until the call is complete. */
    private InferenceServerClient client;
    private final Executor executor;
    /** The memory in use until the call is complete. */
    private PackedRequest packed;
    private long id;
    private final ClientCore core;
    /** What the native side delivered, until it is read. */
    private byte[] record;
    private Object[] buffers;
    private boolean unread;
    /** Until it is delivered. */
    private InferResult result;
    private Throwable failure;
    /** Whether the call has ended, so that there is nothing to cancel. */
    private volatile boolean over;

    InferFuture(InferenceServerClient client, Executor executor) {
        this.client = client;
        this.executor = executor;
        core = client.core;
    }

    /**
     * Submits the call. If it is refused, the future has failed.
     *
     * @param isQueued whether the call itself waits if as many are in flight as permitted, and not this method
     * @throws IllegalStateException if the client is closed, or the memory of an input is no longer accessible
     */
    void submit(InferRequest request, CallOptions options, boolean isQueued) {
        long handle = core.acquire();
        try {
            // First, since it needs memory. Whatever ends the future, also cancel, orTimeout and complete, ends the
            // call.
            whenComplete((result, failure) -> cancelCall());
            packed = request.pack();
            try {
                id = core.completions().add(this);
                // With a header callback, which may block, and is called by each attempt to start the call.
                boolean mayWait = core.completions().hasHeaderCallback();
                int whenFull = isQueued ? Native.QUEUE : Native.GIVE_UP;
                if (mayWait && !isQueued || !start(handle, options, whenFull)) {
                    waitAndStart(handle, options);
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

    /** Cancels the call, unless it has ended. The future learns of its end. */
    void cancelCall() {
        if (!over) {
            core.cancel(id);
        }
    }

    /** Waits for the end of the call, and closes its result. */
    void closeResult() {
        try {
            join().close();
        } catch (CancellationException | CompletionException ended) {
            // There is no result.
        }
    }

    private boolean start(long handle, CallOptions options, int whenFull) {
        return Native.inferAsync(
                handle, packed.record, packed.buffers, options.record(), id, whenFull, isCommonPool());
    }

    /** Starts the call once fewer are in flight. An interrupt ends the wait, but not the call after that. */
    private void waitAndStart(long handle, CallOptions options) {
        Interruption interruption = new Interruption(() -> core.cancel(id));
        interruption.enter();
        try {
            core.completions().setWait(interruption);
            start(handle, options, Native.BLOCK);
        } finally {
            core.completions().setWait(null);
            interruption.leave();
        }
    }

    /**
     * Whether the result comes on the I/O thread, which saves a change of threads. The common pool never runs a task on
     * the thread that submits it, and never drops one.
     */
    private boolean isCommonPool() {
        return executor == ForkJoinPool.commonPool();
    }

    @Override
    public boolean receive(byte[] record, Object[] buffers) {
        over = true;
        packed.release();
        packed = null;
        client = null;
        this.record = record;
        this.buffers = buffers;
        unread = true;
        if (!isCommonPool()) {
            // An executor that drops its tasks would lose a result that nobody owns yet. Not on the I/O thread: reading
            // may wait for the garbage collector.
            read();
        }
        try {
            executor.execute(this);
        } catch (Throwable refused) {
            // The call must not be lost: this thread completes it.
            run();
        }
        return true;
    }

    private void read() {
        unread = false;
        try {
            result = Outcome.result(record, buffers);
        } catch (Throwable failed) {
            failure = failed;
        }
        record = null;
        buffers = null;
    }

    @Override
    public void fail(Throwable cause) {
        FullHeap.fail(this, cause);
    }

    /** Completes the future. An executor may run this, and still refuse it. */
    @Override
    public void run() {
        InferResult own = take();
        if (failure != null) {
            FullHeap.fail(this, failure);
        } else if (own != null && !complete(own)) {
            own.close();
        }
    }

    private synchronized InferResult take() {
        if (unread) {
            read();
        }
        InferResult own = result;
        result = null;
        return own;
    }
}
