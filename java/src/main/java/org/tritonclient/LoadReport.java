package org.tritonclient;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * A report of the server's load in the ORCA format, which the server sends with a response on request: names, such as
 * {@code "named_metrics.kv_cache_utilization"}, and values. {@link CallOptions} request it, {@link
 * InferResult#getLoadReport} and {@link Generated#getLoadReport} return it. Immutable.
 */
public final class LoadReport {
    private final Map<String, Double> values;

    private LoadReport(Map<String, Double> values) {
        this.values = Collections.unmodifiableMap(values);
    }

    /** Reads a report; {@code null} if there is none. */
    static LoadReport read(RecordReader record) {
        int position = record.position();
        if (record.i32() == -1) {
            return null;
        }
        record.seek(position);
        Map<String, Double> values = new LinkedHashMap<>();
        for (int left = record.count(12); left > 0; left--) {
            // The first of several values of a name counts.
            values.putIfAbsent(record.str(), record.f64());
        }
        return new LoadReport(values);
    }

    /**
     * Returns the value of a name; {@code null} if the report does not have it.
     *
     * @param name the name
     */
    public Double get(String name) {
        return values.get(Objects.requireNonNull(name, "name"));
    }

    /** Returns the names and values, as an unmodifiable map in the order received. */
    public Map<String, Double> asMap() {
        return values;
    }

    @Override
    public String toString() {
        return values.toString();
    }
}
