package org.tritonclient;

import java.math.BigInteger;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Parameters: named values of a request, a result, or one of their tensors. A value is a {@link Boolean}, a {@link
 * Long}, a {@link Double} or a {@link String}; a server may also send an unsigned 64-bit integer, which is a {@link
 * BigInteger}. In the order in which they were set or received. Immutable.
 */
public final class Parameters {
    static final Parameters EMPTY = new Parameters(Collections.emptyMap());

    private static final int BOOL = 1;
    private static final int INT64 = 2;
    private static final int UINT64 = 3;
    private static final int DOUBLE = 4;
    private static final int STRING = 5;

    /** The minimum size of a parameter in a record. */
    private static final int MIN_BYTE_SIZE = 6;

    private final Map<String, Object> values;

    private Parameters(Map<String, Object> values) {
        this.values = values;
    }

    /** Copies parameters that are being set; {@code null} for none. */
    static Parameters copyOf(Map<String, Object> values) {
        return values == null ? EMPTY : new Parameters(Collections.unmodifiableMap(new LinkedHashMap<>(values)));
    }

    static Parameters read(RecordReader record) {
        int count = record.count(MIN_BYTE_SIZE);
        if (count == 0) {
            return EMPTY;
        }
        Map<String, Object> values = new LinkedHashMap<>();
        for (int i = 0; i < count; i++) {
            // Of a name that occurs twice the last value counts.
            values.put(record.str(), value(record));
        }
        return new Parameters(Collections.unmodifiableMap(values));
    }

    private static Object value(RecordReader record) {
        int kind = record.u8();
        switch (kind) {
            case BOOL:
                return record.bool();
            case INT64:
                return record.i64();
            case UINT64:
                return new BigInteger(Long.toUnsignedString(record.i64()));
            case DOUBLE:
                return record.f64();
            case STRING:
                return record.str();
            default:
                throw new IllegalArgumentException("malformed record: a parameter of kind " + kind);
        }
    }

    /** Skips parameters in a record. */
    static void skip(RecordReader record) {
        for (int left = record.count(MIN_BYTE_SIZE); left > 0; left--) {
            record.skip(record.i32());
            switch (record.u8()) {
                case BOOL:
                    record.skip(1);
                    break;
                case STRING:
                    record.skip(record.i32());
                    break;
                default:
                    record.skip(8);
            }
        }
    }

    /** Writes parameters that are being set; {@code null} for none. */
    static void write(Map<String, Object> values, RecordWriter record) {
        if (values == null) {
            record.i32(0);
            return;
        }
        record.i32(values.size());
        for (Map.Entry<String, Object> entry : values.entrySet()) {
            record.str(entry.getKey());
            Object value = entry.getValue();
            if (value instanceof Boolean) {
                record.u8(BOOL).bool((Boolean) value);
            } else if (value instanceof Long) {
                record.u8(INT64).i64((Long) value);
            } else if (value instanceof Double) {
                record.u8(DOUBLE).f64((Double) value);
            } else {
                record.u8(STRING).str((String) value);
            }
        }
    }

    /** Sets a parameter among those that are being set, which may be {@code null}; returns them. */
    static Map<String, Object> set(Map<String, Object> values, String name, Object value) {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(value, "value");
        Map<String, Object> all = values == null ? new LinkedHashMap<>() : values;
        all.put(name, value);
        return all;
    }

    /**
     * Returns the value of a parameter; {@code null} if there is none.
     *
     * @param name the name
     */
    public Object get(String name) {
        return values.get(Objects.requireNonNull(name, "name"));
    }

    /**
     * Returns the value of a parameter that is a {@link Boolean}; {@code null} if there is none, or of another type.
     *
     * @param name the name
     */
    public Boolean getBoolean(String name) {
        return get(name, Boolean.class);
    }

    /**
     * Returns the value of a parameter that is a {@link Long}; {@code null} if there is none, or of another type.
     *
     * @param name the name
     */
    public Long getLong(String name) {
        return get(name, Long.class);
    }

    /**
     * Returns the value of a parameter that is a {@link Double}; {@code null} if there is none, or of another type.
     *
     * @param name the name
     */
    public Double getDouble(String name) {
        return get(name, Double.class);
    }

    /**
     * Returns the value of a parameter that is a {@link String}; {@code null} if there is none, or of another type.
     *
     * @param name the name
     */
    public String getString(String name) {
        return get(name, String.class);
    }

    private <T> T get(String name, Class<T> type) {
        Object value = get(name);
        return type.isInstance(value) ? type.cast(value) : null;
    }

    /** Returns the number of parameters. */
    public int size() {
        return values.size();
    }

    /** Returns whether there are no parameters. */
    public boolean isEmpty() {
        return values.isEmpty();
    }

    /** Returns the names and values, as an unmodifiable map. */
    public Map<String, Object> asMap() {
        return values;
    }

    @Override
    public String toString() {
        return values.toString();
    }
}
