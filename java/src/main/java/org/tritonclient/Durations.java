package org.tritonclient;

import java.util.List;
import java.util.Objects;

/**
 * The durations of requests by outcome and stage, as a server measures them. Those that do not apply are zero.
 * Immutable.
 */
public final class Durations {
    /** In the order of {@link DurationKind}. */
    private final List<StatisticDuration> durations;

    private Durations(RecordReader record) {
        durations = record.list(() -> StatisticDuration.read(record));
    }

    static Durations read(RecordReader record) {
        return new Durations(record);
    }

    /** Returns the duration of one kind. */
    public StatisticDuration get(DurationKind kind) {
        return durations.get(Objects.requireNonNull(kind, "kind").ordinal());
    }

    /** Returns the duration of {@link DurationKind#SUCCESS}. */
    public StatisticDuration getSuccess() {
        return get(DurationKind.SUCCESS);
    }

    /** Returns the duration of {@link DurationKind#FAIL}. */
    public StatisticDuration getFail() {
        return get(DurationKind.FAIL);
    }

    /** Returns the duration of {@link DurationKind#QUEUE}. */
    public StatisticDuration getQueue() {
        return get(DurationKind.QUEUE);
    }

    /** Returns the duration of {@link DurationKind#COMPUTE_INPUT}. */
    public StatisticDuration getComputeInput() {
        return get(DurationKind.COMPUTE_INPUT);
    }

    /** Returns the duration of {@link DurationKind#COMPUTE_INFER}. */
    public StatisticDuration getComputeInfer() {
        return get(DurationKind.COMPUTE_INFER);
    }

    /** Returns the duration of {@link DurationKind#COMPUTE_OUTPUT}. */
    public StatisticDuration getComputeOutput() {
        return get(DurationKind.COMPUTE_OUTPUT);
    }

    /** Returns the duration of {@link DurationKind#CACHE_HIT}. */
    public StatisticDuration getCacheHit() {
        return get(DurationKind.CACHE_HIT);
    }

    /** Returns the duration of {@link DurationKind#CACHE_MISS}. */
    public StatisticDuration getCacheMiss() {
        return get(DurationKind.CACHE_MISS);
    }

    /** Returns the duration of {@link DurationKind#EMPTY_RESPONSE}. */
    public StatisticDuration getEmptyResponse() {
        return get(DurationKind.EMPTY_RESPONSE);
    }

    /** Returns the duration of {@link DurationKind#CANCEL}. */
    public StatisticDuration getCancel() {
        return get(DurationKind.CANCEL);
    }

    /** Returns the durations of requests that succeeded and of those that failed. */
    @Override
    public String toString() {
        return "success " + getSuccess() + ", fail " + getFail();
    }
}
