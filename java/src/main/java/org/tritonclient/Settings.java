package org.tritonclient;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * The settings of a server's tracing, or of its log: {@link InferenceServerClient#getTraceSettings(String)} and
 * {@link InferenceServerClient#getLogSettings()}. Immutable.
 */
public final class Settings {
    private final Map<String, SettingValue> values;
    private final String json;

    private Settings(RecordReader record) {
        Map<String, SettingValue> values = new TreeMap<>();
        for (int count = record.count(5); count > 0; count--) {
            values.put(record.str(), SettingValue.read(record));
        }
        this.values = Collections.unmodifiableMap(values);
        json = record.str();
    }

    static Settings read(RecordReader record) {
        return new Settings(record);
    }

    /** Returns the names and values, sorted by name. Unmodifiable. */
    public Map<String, SettingValue> getValues() {
        return values;
    }

    /**
     * Returns the value of a setting, for example {@code trace_rate} or {@code log_info}; {@code null} if there is
     * none.
     */
    public SettingValue get(String name) {
        return values.get(name);
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
