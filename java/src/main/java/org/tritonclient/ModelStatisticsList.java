package org.tritonclient;

import java.util.Collections;
import java.util.List;

/**
 * A server's statistics of its models, each since the model was loaded:
 * {@link InferenceServerClient#getModelStatistics(String)}. Immutable.
 */
public final class ModelStatisticsList {
    private final List<ModelStatistics> entries;
    private final String json;

    private ModelStatisticsList(RecordReader record) {
        entries = Collections.unmodifiableList(record.list(() -> ModelStatistics.read(record)));
        json = record.str();
    }

    static ModelStatisticsList read(RecordReader record) {
        return new ModelStatisticsList(record);
    }

    /** Returns one entry for each version of each model that was requested. Unmodifiable. */
    public List<ModelStatistics> getEntries() {
        return entries;
    }

    /** Returns the response as JSON, in its form over HTTP, where it is the body as received. */
    public String getJson() {
        return json;
    }

    /** Returns {@link #getJson}. */
    @Override
    public String toString() {
        return json;
    }
}
