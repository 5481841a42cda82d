package org.tritonclient;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** What must be done also when the heap is full: for those who would wait for ever otherwise. */
final class FullHeap {
    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    private FullHeap() {}

    /** Fails a future that is not done, once there is memory for that. */
    static void fail(CompletableFuture<?> future, Throwable cause) {
        while (!future.isDone()) {
            try {
                future.completeExceptionally(cause);
            } catch (OutOfMemoryError e) {
                // The future itself, or an action that depends on it: then the future is done.
                pause();
            }
        }
    }

    /** Waits a moment for others to free memory. */
    static void pause() {
        try {
            LockSupport.parkNanos(PAUSE_NANOS);
        } catch (OutOfMemoryError e) {
            // Then at once.
        }
    }
}
