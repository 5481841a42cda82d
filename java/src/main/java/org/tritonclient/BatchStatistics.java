package org.tritonclient;

/** The durations for one batch size: {@link ModelStatistics#getBatches}. Immutable. */
public final class BatchStatistics {
    private final long batchSize;
    private final Durations durations;

    private BatchStatistics(RecordReader record) {
        batchSize = record.i64();
        durations = Durations.read(record);
    }

    static BatchStatistics read(RecordReader record) {
        return new BatchStatistics(record);
    }

    /** Returns the batch size. */
    public long getBatchSize() {
        return batchSize;
    }

    /** Returns the durations of preparing inputs, running the model and preparing outputs. */
    public Durations getDurations() {
        return durations;
    }
}
