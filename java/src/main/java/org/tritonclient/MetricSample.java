package org.tritonclient;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** One sample of a metric: {@link Metrics#getSamples}. Immutable. */
public final class MetricSample {
    private final String name;
    private final Map<String, String> labels;
    private final double value;

    private MetricSample(RecordReader record) {
        name = record.str();
        Map<String, String> labels = new LinkedHashMap<>();
        for (int count = record.count(8); count > 0; count--) {
            labels.putIfAbsent(record.str(), record.str());
        }
        this.labels = Collections.unmodifiableMap(labels);
        value = record.f64();
    }

    static MetricSample read(RecordReader record) {
        return new MetricSample(record);
    }

    /** Returns the metric's name, for example {@code nv_inference_count}. */
    public String getName() {
        return name;
    }

    /** Returns names and values of its labels, for example {@code model} and {@code simple}, in the order of the text.
     * Unmodifiable. */
    public Map<String, String> getLabels() {
        return labels;
    }

    /** Returns the value of a label; {@code null} if there is none. */
    public String getLabel(String label) {
        return labels.get(label);
    }

    /** Returns the value, which may be infinite or NaN. */
    public double getValue() {
        return value;
    }

    /** Returns name, labels and value, for example <code>nv_inference_count{model=simple, version=1} 3.0</code>. */
    @Override
    public String toString() {
        return name + labels + " " + value;
    }
}
