package org.tritonclient;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * Reads the packed records in which results cross from the native side. A malformed record is an
 * {@link IndexOutOfBoundsException} or an {@link IllegalArgumentException}.
 */
final class RecordReader {
    private final byte[] bytes;
    private int position;

    RecordReader(byte[] bytes) {
        this(bytes, 0);
    }

    RecordReader(byte[] bytes, int position) {
        this.bytes = bytes;
        this.position = position;
    }

    int position() {
        return position;
    }

    void seek(int position) {
        this.position = position;
    }

    int u8() {
        return bytes[position++] & 0xFF;
    }

    boolean bool() {
        return u8() != 0;
    }

    int i32() {
        int value = (int) LittleEndian.INT.get(bytes, position);
        position += 4;
        return value;
    }

    long i64() {
        long value = (long) LittleEndian.LONG.get(bytes, position);
        position += 8;
        return value;
    }

    double f64() {
        return Double.longBitsToDouble(i64());
    }

    String str() {
        int length = i32();
        if (length == -1) {
            return null;
        }
        int start = skip(length);
        return new String(bytes, start, length, StandardCharsets.UTF_8);
    }

    byte[] bytes() {
        int length = i32();
        int start = skip(length);
        byte[] data = new byte[length];
        System.arraycopy(bytes, start, data, 0, length);
        return data;
    }

    long[] shape() {
        long[] shape = new long[count(8)];
        for (int i = 0; i < shape.length; i++) {
            shape[i] = i64();
        }
        return shape;
    }

    /** Reads a list of items, each of which takes at least one byte. */
    <T> List<T> list(Supplier<T> item) {
        int count = count(1);
        List<T> items = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            items.add(item.get());
        }
        return items;
    }

    /** Reads the length of a list, whose items take at least {@code itemByteSize} bytes each. */
    int count(int itemByteSize) {
        int count = i32();
        if (count < 0 || count > (bytes.length - position) / itemByteSize) {
            throw new IllegalArgumentException("malformed record: a list of " + count + " items");
        }
        return count;
    }

    /** Skips bytes, and returns where they begin. */
    int skip(int length) {
        if (length < 0 || length > bytes.length - position) {
            throw new IllegalArgumentException("malformed record: " + length + " bytes");
        }
        int start = position;
        position += length;
        return start;
    }
}
