package org.tritonclient;

import java.util.Collections;
import java.util.List;

/** The statistics of one version of a model: {@link ModelStatisticsList#getEntries}. Immutable. */
public final class ModelStatistics {
    private final String name;
    private final String version;
    private final long lastInferenceMillis;
    private final long inferenceCount;
    private final long executionCount;
    private final Durations durations;
    private final List<BatchStatistics> batches;
    private final List<ResponseStatistics> responses;
    private final List<MemoryUsage> memory;

    private ModelStatistics(RecordReader record) {
        name = record.str();
        version = record.str();
        lastInferenceMillis = record.i64();
        inferenceCount = record.i64();
        executionCount = record.i64();
        durations = Durations.read(record);
        batches = Collections.unmodifiableList(record.list(() -> BatchStatistics.read(record)));
        responses = Collections.unmodifiableList(record.list(() -> ResponseStatistics.read(record)));
        memory = Collections.unmodifiableList(record.list(() -> MemoryUsage.read(record)));
    }

    static ModelStatistics read(RecordReader record) {
        return new ModelStatistics(record);
    }

    /** Returns the model's name. */
    public String getName() {
        return name;
    }

    /** Returns the version, for example {@code 1}. */
    public String getVersion() {
        return version;
    }

    /** Returns the time of the last inference request, in milliseconds since 1970; 0 for never. */
    public long getLastInferenceMillis() {
        return lastInferenceMillis;
    }

    /**
     * Returns the number of inferences that the model ran, including those that failed in the model; a batch of 8
     * counts as 8.
     */
    public long getInferenceCount() {
        return inferenceCount;
    }

    /** Returns the number of executions of the model for these inferences; a batch of 8 counts as 1. */
    public long getExecutionCount() {
        return executionCount;
    }

    /** Returns the durations over all requests. */
    public Durations getDurations() {
        return durations;
    }

    /** Returns the durations for each batch size that was executed. Unmodifiable. */
    public List<BatchStatistics> getBatches() {
        return batches;
    }

    /**
     * Returns the durations for each response of a decoupled model, by its index among the responses of its request.
     * Unmodifiable.
     */
    public List<ResponseStatistics> getResponses() {
        return responses;
    }

    /** Returns the memory that the model uses; empty unless the server reports it. Unmodifiable. */
    public List<MemoryUsage> getMemory() {
        return memory;
    }

    /** Returns name, version and the number of inferences. */
    @Override
    public String toString() {
        return name + " " + version + ": " + inferenceCount + " inferences";
    }
}
