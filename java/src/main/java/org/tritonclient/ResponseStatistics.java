package org.tritonclient;

/**
 * The durations of the responses with one index among the responses of their request:
 * {@link ModelStatistics#getResponses}. Immutable.
 */
public final class ResponseStatistics {
    private final String key;
    private final Durations durations;

    private ResponseStatistics(RecordReader record) {
        key = record.str();
        durations = Durations.read(record);
    }

    static ResponseStatistics read(RecordReader record) {
        return new ResponseStatistics(record);
    }

    /** Returns the index, for example {@code 0}. */
    public String getKey() {
        return key;
    }

    /** Returns the durations of running the model, preparing outputs, and of each outcome of a response. */
    public Durations getDurations() {
        return durations;
    }
}
