package org.tritonclient.benchmarks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/** The latencies of the calls of one caller in the current iteration: the last 65,536 of them. */
final class Latencies {
    /** Calls that failed and were repeated, in all iterations. */
    static final LongAdder REPEATED = new LongAdder();

    private static final List<Latencies> ALL = new ArrayList<>();
    private final long[] nanos = new long[1 << 16];
    private int calls;

    private Latencies() {}

    static Latencies create() {
        Latencies latencies = new Latencies();
        synchronized (ALL) {
            ALL.add(latencies);
        }
        return latencies;
    }

    /** Called by one thread at a time. */
    void add(long latency) {
        nanos[calls++ & nanos.length - 1] = latency;
    }

    /** Begins an iteration, while no call is under way. */
    static void reset() {
        synchronized (ALL) {
            ALL.forEach(latencies -> latencies.calls = 0);
        }
    }

    static long count() {
        synchronized (ALL) {
            return ALL.stream().mapToLong(latencies -> latencies.calls).sum();
        }
    }

    static long[] sorted() {
        synchronized (ALL) {
            return ALL.stream()
                    .flatMapToLong(all -> Arrays.stream(all.nanos, 0, Math.min(all.calls, all.nanos.length)))
                    .sorted()
                    .toArray();
        }
    }
}
