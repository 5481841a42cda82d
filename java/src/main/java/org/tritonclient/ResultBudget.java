package org.tritonclient;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Counts the native memory of results, and runs the garbage collector when there is too much of it. The collector does
 * not see this memory: results that are dropped without being closed would pile up in an almost empty heap. This is
 * what the JDK does for direct buffers.
 */
final class ResultBudget {
    /** The property with the limit in bytes. */
    static final String PROPERTY = "tritonclient.maxResultBytes";

    /** The longest wait for the cleaner after a collection: 1 + 2 + 4 ... ms. */
    private static final int MAX_PAUSES = 9;

    private final AtomicLong live = new AtomicLong();
    private final AtomicLong unclosed = new AtomicLong();
    private final ReentrantLock collecting = new ReentrantLock();
    private final long limit;
    private final Runnable collector;
    private volatile long threshold;

    ResultBudget(long limit, Runnable collector) {
        this.limit = limit;
        this.collector = collector;
        threshold = limit;
    }

    /** Returns the limit of the property, or half of the maximum heap. */
    static long defaultLimit() {
        Long property = Long.getLong(PROPERTY);
        return property != null && property > 0 ? property : Runtime.getRuntime().maxMemory() / 2;
    }

    long live() {
        return live.get();
    }

    /** Counts a result that was collected without having been closed. */
    void countUnclosed() {
        unclosed.incrementAndGet();
    }

    long unclosedCount() {
        return unclosed.get();
    }

    void remove(long byteSize) {
        live.addAndGet(-byteSize);
    }

    /**
     * Counts the memory of a new result. If there is more than the limit, and more than twice what the last collection
     * left, runs a collection and waits for up to half a second for what it frees.
     */
    void add(long byteSize) {
        if (live.addAndGet(byteSize) <= threshold) {
            return;
        }
        try {
            // Others wait: what they receive meanwhile would exceed the limit too.
            collecting.lock();
            try {
                if (live.get() > threshold) {
                    collect();
                    threshold = Math.max(limit, 2 * live.get());
                }
            } finally {
                collecting.unlock();
            }
        } catch (OutOfMemoryError | StackOverflowError ignored) {
            // The result exists and is counted: its owner must get it, and would free it a second time if it did not.
        }
    }

    private void collect() {
        Mark mark = Mark.register();
        collector.run();
        long before = -1;
        try {
            for (int i = 0; i < MAX_PAUSES; i++) {
                if (!mark.isCleaned(1L << i)) {
                    continue;
                }
                // The cleaner is at work: it takes what was collected one by one.
                long now = live.get();
                if (now == before) {
                    return;
                }
                before = now;
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** An object that is garbage from the start: when it has been cleaned, the cleaner is at work. */
    private static final class Mark implements Runnable {
        private final CountDownLatch cleaned = new CountDownLatch(1);

        static Mark register() {
            Mark mark = new Mark();
            Cleaning.register(new Object(), mark);
            return mark;
        }

        /** Returns whether the object has been cleaned, after a wait of that time unless it is cleaned meanwhile. */
        boolean isCleaned(long millis) throws InterruptedException {
            if (cleaned.getCount() > 0) {
                return cleaned.await(millis, TimeUnit.MILLISECONDS);
            }
            Thread.sleep(millis);
            return true;
        }

        @Override
        public void run() {
            cleaned.countDown();
        }
    }
}
