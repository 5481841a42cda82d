package org.tritonclient;

import java.util.Collections;
import java.util.List;
import java.util.Objects;

/** The value of a setting: {@link Settings#get}. Immutable. */
public final class SettingValue {
    /** The kind of a value. */
    public enum Kind {
        /** A boolean: {@code log_info}. */
        BOOL,
        /** A number: {@code log_verbose_level}. */
        NUMBER,
        /** A string: {@code log_format}, and every trace setting other than the level, including numbers. */
        TEXT,
        /** A list of strings: {@code trace_level}. */
        LIST
    }

    // The tags of the values in a record; an update has that of a cleared one too.
    static final int CLEARED = 0;
    static final int BOOL = 1;
    static final int NUMBER = 2;
    static final int TEXT = 3;
    static final int LIST = 4;

    private final Kind kind;
    /** A Boolean, a Long, a String, or a list of strings. */
    private final Object value;

    private SettingValue(Kind kind, Object value) {
        this.kind = kind;
        this.value = value;
    }

    static SettingValue read(RecordReader record) {
        int tag = record.u8();
        switch (tag) {
            case BOOL:
                return new SettingValue(Kind.BOOL, record.bool());
            case NUMBER:
                return new SettingValue(Kind.NUMBER, record.i64());
            case TEXT:
                return new SettingValue(Kind.TEXT, record.str());
            case LIST:
                return new SettingValue(Kind.LIST, Collections.unmodifiableList(record.list(record::str)));
            default:
                throw new IllegalArgumentException("malformed record: setting value " + tag);
        }
    }

    /** Returns the kind of the value. */
    public Kind getKind() {
        return kind;
    }

    /**
     * Returns a value of {@link Kind#BOOL}.
     *
     * @throws IllegalStateException if the value is of another kind
     */
    public boolean getBool() {
        return (Boolean) get(Kind.BOOL);
    }

    /**
     * Returns a value of {@link Kind#NUMBER}, which is at least 0 and less than 2<sup>32</sup>.
     *
     * @throws IllegalStateException if the value is of another kind
     */
    public long getNumber() {
        return (Long) get(Kind.NUMBER);
    }

    /**
     * Returns a value of {@link Kind#TEXT}.
     *
     * @throws IllegalStateException if the value is of another kind
     */
    public String getText() {
        return (String) get(Kind.TEXT);
    }

    /**
     * Returns the values of {@link Kind#LIST}. Unmodifiable.
     *
     * @throws IllegalStateException if the value is of another kind
     */
    @SuppressWarnings("unchecked")
    public List<String> getList() {
        return (List<String>) get(Kind.LIST);
    }

    /**
     * Returns the value as a string, whatever its kind, for example {@code true}, {@code 500}, {@code [TIMESTAMPS]}.
     */
    @Override
    public String toString() {
        return value.toString();
    }

    /** Returns whether the other object is a value of the same kind that is equal to this one. */
    @Override
    public boolean equals(Object other) {
        return other instanceof SettingValue
                && kind == ((SettingValue) other).kind
                && value.equals(((SettingValue) other).value);
    }

    /** Returns the same number for values that are equal. */
    @Override
    public int hashCode() {
        return Objects.hash(kind, value);
    }

    private Object get(Kind expected) {
        if (kind != expected) {
            throw new IllegalStateException("the setting is of kind " + kind + ", not " + expected);
        }
        return value;
    }
}
