package org.tritonclient;

import java.time.Duration;

/** The batching of the requests of sequences: {@link ModelConfig#getSequenceBatching}. Immutable. */
public final class SequenceBatching {
    /** The assignment of sequences to batch slots. */
    public enum Strategy {
        /** A sequence always has the same slot of a batch. */
        DIRECT,
        /** A sequence has a slot in any batch, the oldest sequence first. */
        OLDEST;

        private static final Strategy[] VALUES = values();

        /** The numbers begin with 1. */
        static Strategy of(int number) {
            return VALUES[number - 1];
        }
    }

    private final Strategy strategy;
    private final Duration maxIdle;

    private SequenceBatching(RecordReader record) {
        strategy = Strategy.of(record.i32());
        maxIdle = Duration.ofNanos(record.i64());
    }

    static SequenceBatching read(RecordReader record) {
        return new SequenceBatching(record);
    }

    /** Returns the assignment of sequences to batch slots. */
    public Strategy getStrategy() {
        return strategy;
    }

    /** Returns the time without a request after which a sequence is dropped. */
    public Duration getMaxIdle() {
        return maxIdle;
    }

    /** Returns strategy and time, for example {@code DIRECT PT5S}. */
    @Override
    public String toString() {
        return strategy + " " + maxIdle;
    }
}
