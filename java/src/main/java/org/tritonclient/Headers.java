package org.tritonclient;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The headers of a response; over gRPC its leading and its trailing metadata. In the order in which they were received;
 * names are in lower case. Immutable.
 */
public final class Headers implements Iterable<Map.Entry<String, String>> {
    static final Headers EMPTY = new Headers(Collections.emptyList());

    private final List<Map.Entry<String, String>> entries;

    private Headers(List<Map.Entry<String, String>> entries) {
        this.entries = entries;
    }

    static Headers read(RecordReader record) {
        int count = record.count(8);
        if (count == 0) {
            return EMPTY;
        }
        List<Map.Entry<String, String>> entries = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            entries.add(Map.entry(text(record), text(record)));
        }
        return new Headers(Collections.unmodifiableList(entries));
    }

    private static String text(RecordReader record) {
        String text = record.str();
        if (text == null) {
            throw new IllegalArgumentException("malformed record: a header is null");
        }
        return text;
    }

    /** Skips headers in a record. */
    static void skip(RecordReader record) {
        for (int left = record.count(8); left > 0; left--) {
            record.skip(record.i32());
            record.skip(record.i32());
        }
    }

    /**
     * Returns the value of a header, the first if it occurs several times; {@code null} if there is none. A gRPC value
     * whose name ends in {@code -bin} is base64, as it was sent.
     *
     * @param name the name, in any case
     */
    public String get(String name) {
        Objects.requireNonNull(name, "name");
        for (Map.Entry<String, String> entry : entries) {
            if (entry.getKey().equalsIgnoreCase(name)) {
                return entry.getValue();
            }
        }
        return null;
    }

    /**
     * Returns all values of a header; empty if there is none.
     *
     * @param name the name, in any case
     */
    public List<String> getAll(String name) {
        Objects.requireNonNull(name, "name");
        List<String> values = new ArrayList<>();
        for (Map.Entry<String, String> entry : entries) {
            if (entry.getKey().equalsIgnoreCase(name)) {
                values.add(entry.getValue());
            }
        }
        return Collections.unmodifiableList(values);
    }

    /** Returns the number of headers. */
    public int size() {
        return entries.size();
    }

    /** Returns whether there are no headers. */
    public boolean isEmpty() {
        return entries.isEmpty();
    }

    /** Returns an iterator over names and values. It does not support {@link Iterator#remove}. */
    @Override
    public Iterator<Map.Entry<String, String>> iterator() {
        return entries.iterator();
    }

    /** Returns the names alone: values may hold secrets. */
    @Override
    public String toString() {
        List<String> names = new ArrayList<>(entries.size());
        entries.forEach(entry -> names.add(entry.getKey()));
        return names.toString();
    }
}
