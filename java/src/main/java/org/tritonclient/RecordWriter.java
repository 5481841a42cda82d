package org.tritonclient;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Writes the packed records in which requests and options cross to the native side: little-endian, without padding. */
final class RecordWriter {
    private byte[] bytes;
    private int length;

    RecordWriter() {
        this(256);
    }

    RecordWriter(int capacity) {
        bytes = new byte[capacity];
    }

    byte[] toByteArray() {
        return Arrays.copyOf(bytes, length);
    }

    /** Returns the number of bytes written so far. */
    int length() {
        return length;
    }

    RecordWriter u8(int value) {
        reserve(1);
        bytes[length++] = (byte) value;
        return this;
    }

    RecordWriter bool(boolean value) {
        return u8(value ? 1 : 0);
    }

    RecordWriter i32(int value) {
        reserve(4);
        LittleEndian.INT.set(bytes, length, value);
        length += 4;
        return this;
    }

    RecordWriter i64(long value) {
        reserve(8);
        LittleEndian.LONG.set(bytes, length, value);
        length += 8;
        return this;
    }

    RecordWriter f64(double value) {
        return i64(Double.doubleToRawLongBits(value));
    }

    /** Writes a string as UTF-8; {@code null} is a string of its own. An unpaired surrogate becomes {@code ?}. */
    RecordWriter str(String text) {
        return text == null ? i32(-1) : bytes(text.getBytes(StandardCharsets.UTF_8));
    }

    RecordWriter bytes(byte[] data) {
        return bytes(data, 0, data.length);
    }

    RecordWriter bytes(byte[] data, int offset, int count) {
        i32(count);
        reserve(count);
        System.arraycopy(data, offset, bytes, length, count);
        length += count;
        return this;
    }

    /** Appends what another writer has written, without a length. */
    RecordWriter append(byte[] written) {
        reserve(written.length);
        System.arraycopy(written, 0, bytes, length, written.length);
        length += written.length;
        return this;
    }

    /** Returns a writer with what is written so far, and room for some bytes more. This one can be used further. */
    RecordWriter copy(int room) {
        RecordWriter copy = new RecordWriter(Math.addExact(length, room));
        System.arraycopy(bytes, 0, copy.bytes, 0, length);
        copy.length = length;
        return copy;
    }

    /** Returns the record with one entry more, which is a record itself, unless that is {@code null}. */
    byte[] toByteArray(int key, byte[] entry) {
        return entry == null
                ? toByteArray()
                : copy(1 + Integer.BYTES + entry.length).u8(key).bytes(entry).toByteArray();
    }

    /** Overwrites what was written: it may have secrets. Those that needed more room than there was have copies. */
    void clear() {
        Arrays.fill(bytes, (byte) 0);
        length = 0;
    }

    RecordWriter shape(long[] shape) {
        i32(shape.length);
        for (long dimension : shape) {
            i64(dimension);
        }
        return this;
    }

    private void reserve(int count) {
        if (bytes.length - length < count) {
            int needed = Math.addExact(length, count);
            bytes = Arrays.copyOf(bytes, Math.max(needed, (int) Math.min(2L * bytes.length, Integer.MAX_VALUE - 8)));
        }
    }
}
