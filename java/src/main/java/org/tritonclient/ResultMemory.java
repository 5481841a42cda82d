package org.tritonclient;

import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongConsumer;

/**
 * The native memory of a result, which the result, each buffer with a view in a user's hands, and each read under way
 * share. The last share frees it: no program can read freed memory.
 *
 * <p>The result's share ends when the result is closed, or, as a safety net, when it is garbage; that of a buffer when
 * the buffer is garbage, which it is no earlier than all views of it.
 */
final class ResultMemory {
    /** The memory of all results from the native side. */
    static final ResultBudget BUDGET = new ResultBudget(ResultBudget.defaultLimit(), System::gc);

    private static final int CLOSED = 1;
    private static final int ONE_SHARE = 2;

    private final long handle;
    private final long byteSize;
    private final LongConsumer free;
    private final ResultBudget budget;
    /** The number of shares, times two, and one if the result's own share has ended. */
    private final AtomicInteger shares = new AtomicInteger(ONE_SHARE);
    private Cleaner.Cleanable owner;

    private ResultMemory(long handle, long byteSize, LongConsumer free, ResultBudget budget) {
        this.handle = handle;
        this.byteSize = byteSize;
        this.free = free;
        this.budget = budget;
    }

    /**
     * Takes over a native result. If this fails, it has not been taken over.
     *
     * @param owner the object whose closing, or end, ends the first share
     * @param free called with the handle once
     * @param budget the count of such memory
     */
    static ResultMemory own(Object owner, long handle, long byteSize, LongConsumer free, ResultBudget budget) {
        ResultMemory memory = new ResultMemory(handle, byteSize, free, budget);
        memory.owner = Cleaning.register(owner, new OwnerShare(memory));
        // Last: the new result is none of those that a collection is to find.
        budget.add(byteSize);
        return memory;
    }

    /** Returns the number of results with native memory that were collected without having been closed. */
    static long unclosedCount() {
        return BUDGET.unclosedCount();
    }

    /** Returns the size of the native memory of all results in bytes. */
    static long liveByteSize() {
        return BUDGET.live();
    }

    /** Adds a share, until {@link #release}, unless the result is closed. */
    boolean tryAcquire() {
        int now = shares.get();
        while ((now & CLOSED) == 0) {
            int seen = shares.compareAndExchange(now, now + ONE_SHARE);
            if (seen == now) {
                return true;
            }
            now = seen;
        }
        return false;
    }

    void release() {
        if (shares.addAndGet(-ONE_SHARE) < ONE_SHARE) {
            budget.remove(byteSize);
            free.accept(handle);
        }
    }

    /** Adds the share of a buffer, which ends when the buffer is garbage. The caller has a share. */
    void share(ByteBuffer buffer) {
        shares.addAndGet(ONE_SHARE);
        try {
            Cleaning.register(buffer, new BufferShare(this));
        } catch (Throwable failure) {
            release();
            throw failure;
        }
    }

    /** Ends the result's own share. Returns {@code false} if it had ended before. */
    boolean close() {
        if (!endOwnShare()) {
            return false;
        }
        // Takes it off the cleaner's list.
        owner.clean();
        return true;
    }

    private boolean endOwnShare() {
        int now = shares.get();
        while ((now & CLOSED) == 0) {
            int seen = shares.compareAndExchange(now, now | CLOSED);
            if (seen == now) {
                release();
                return true;
            }
            now = seen;
        }
        return false;
    }

    boolean isClosed() {
        return (shares.get() & CLOSED) != 0;
    }

    /** What the cleaner does for a result. Must not refer to it. */
    private static final class OwnerShare implements Runnable {
        private final ResultMemory memory;

        OwnerShare(ResultMemory memory) {
            this.memory = memory;
        }

        @Override
        public void run() {
            if (memory.endOwnShare()) {
                memory.budget.countUnclosed();
            }
        }
    }

    /** What the cleaner does for a buffer. Must not refer to it. */
    private static final class BufferShare implements Runnable {
        private final ResultMemory memory;

        BufferShare(ResultMemory memory) {
            this.memory = memory;
        }

        @Override
        public void run() {
            memory.release();
        }
    }
}
