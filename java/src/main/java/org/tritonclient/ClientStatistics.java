package org.tritonclient;

import java.time.Duration;

/**
 * A client's statistics of its inferences since it was created: {@link InferenceServerClient#getInferStatistics}.
 * Immutable.
 */
public final class ClientStatistics {
    private final long completed;
    private final long failed;
    private final Duration total;
    private final Duration send;
    private final Duration receive;
    private final Duration p50;
    private final Duration p90;
    private final Duration p99;
    private final Duration max;

    private ClientStatistics(RecordReader record) {
        completed = record.i64();
        failed = record.i64();
        total = Duration.ofNanos(record.i64());
        send = Duration.ofNanos(record.i64());
        receive = Duration.ofNanos(record.i64());
        p50 = Duration.ofNanos(record.i64());
        p90 = Duration.ofNanos(record.i64());
        p99 = Duration.ofNanos(record.i64());
        max = Duration.ofNanos(record.i64());
    }

    static ClientStatistics read(RecordReader record) {
        return new ClientStatistics(record);
    }

    /** Returns the number of inferences that succeeded. */
    public long getCompleted() {
        return completed;
    }

    /** Returns the number of inferences that failed, for any reason. */
    public long getFailed() {
        return failed;
    }

    /** Returns the total time of the inferences that succeeded. */
    public Duration getTotal() {
        return total;
    }

    /**
     * Returns, of the total time, the time spent sending: from the start of encoding until the system accepted the last
     * byte.
     */
    public Duration getSend() {
        return send;
    }

    /** Returns, of the total time, the time spent receiving: from the first byte of the response to the last. */
    public Duration getReceive() {
        return receive;
    }

    /**
     * Returns the 50th percentile of the times of those that succeeded. Percentiles are at most 1/32 too large.
     */
    public Duration getP50() {
        return p50;
    }

    /** Returns the 90th percentile. */
    public Duration getP90() {
        return p90;
    }

    /** Returns the 99th percentile. */
    public Duration getP99() {
        return p99;
    }

    /** Returns the longest time, exact. */
    public Duration getMax() {
        return max;
    }

    /** Returns the numbers of inferences and the percentiles of their times. */
    @Override
    public String toString() {
        return completed + " completed, " + failed + " failed, p50 " + p50 + ", p90 " + p90 + ", p99 " + p99 + ", max "
                + max;
    }
}
