package org.tritonclient;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * A set of changes to settings. Settings that it does not name are not changed. It may be used by any number of calls;
 * it must not be changed by two threads at the same time, nor during a call.
 */
public final class SettingsUpdate {
    /** Each writes the tag and the value of a setting. */
    private final Map<String, Consumer<RecordWriter>> changes = new TreeMap<>();

    /** Creates an update without changes. */
    public SettingsUpdate() {}

    /**
     * Sets a setting to a boolean, for example {@code log_info}. A trace setting may be any kind of value, and is sent
     * as a string; a log setting must be of its own kind. An empty name is INVALID_ARGUMENT at the call.
     *
     * @return this update
     */
    public SettingsUpdate set(String name, boolean value) {
        return put(name, record -> record.u8(SettingValue.BOOL).bool(value));
    }

    /**
     * Sets a setting to a number, for example {@code log_verbose_level}. A number that is negative or exceeds
     * 2<sup>32</sup> - 1 is INVALID_ARGUMENT at the call.
     *
     * @return this update
     */
    public SettingsUpdate set(String name, long value) {
        return put(name, record -> record.u8(SettingValue.NUMBER).i64(value));
    }

    /**
     * Sets a setting to a string, for example {@code log_format}. Trace settings take numbers as strings too.
     *
     * @return this update
     */
    public SettingsUpdate set(String name, String value) {
        Objects.requireNonNull(value, "value");
        return put(name, record -> record.u8(SettingValue.TEXT).str(value));
    }

    /**
     * Sets a setting to a list of strings, for example {@code trace_level}. An empty list is INVALID_ARGUMENT at the
     * call.
     *
     * @param values are copied
     * @return this update
     */
    public SettingsUpdate set(String name, List<String> values) {
        List<String> copy = List.copyOf(Objects.requireNonNull(values, "values"));
        return put(name, record -> {
            record.u8(SettingValue.LIST).i32(copy.size());
            copy.forEach(record::str);
        });
    }

    /**
     * Restores the default of a trace setting: the server's, or for a model that of all models. A log setting has no
     * default: INVALID_ARGUMENT at the call.
     *
     * @return this update
     */
    public SettingsUpdate clear(String name) {
        return put(name, record -> record.u8(SettingValue.CLEARED));
    }

    /** Writes the list of changes. */
    void write(RecordWriter record) {
        record.i32(changes.size());
        changes.forEach((name, change) -> change.accept(record.str(name)));
    }

    private SettingsUpdate put(String name, Consumer<RecordWriter> change) {
        changes.put(Objects.requireNonNull(name, "name"), change);
        return this;
    }
}
