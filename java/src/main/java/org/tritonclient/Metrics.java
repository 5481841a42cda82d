package org.tritonclient;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;

/** A server's metrics at one point in time: {@link InferenceServerClient#getMetrics()}. Immutable. */
public final class Metrics {
    private final List<MetricSample> samples;
    private final String text;

    private Metrics(RecordReader record) {
        samples = Collections.unmodifiableList(record.list(() -> MetricSample.read(record)));
        text = record.str();
    }

    static Metrics read(RecordReader record) {
        return new Metrics(record);
    }

    /** Returns all samples, in the order of the text. Unmodifiable. */
    public List<MetricSample> getSamples() {
        return samples;
    }

    /** Returns the text as received, in Prometheus's format. */
    public String getText() {
        return text;
    }

    /**
     * Returns the value of the first sample with this name and all these labels:
     * {@code metrics.getValue("nv_inference_count", Map.of("model", "simple"))}. Empty if there is none.
     */
    public OptionalDouble getValue(String name, Map<String, String> labels) {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(labels, "labels");
        for (MetricSample sample : samples) {
            if (sample.getName().equals(name) && sample.getLabels().entrySet().containsAll(labels.entrySet())) {
                return OptionalDouble.of(sample.getValue());
            }
        }
        return OptionalDouble.empty();
    }

    /** Returns {@link #getText}. */
    @Override
    public String toString() {
        return text;
    }
}
