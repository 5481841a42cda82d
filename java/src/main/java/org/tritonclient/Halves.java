package org.tritonclient;

import java.util.Arrays;

/**
 * Conversions between {@code float[]} and the bytes of FP16 or BF16 elements, by the native library: JDK 11 has none,
 * and there is one place for the rules of rounding.
 */
final class Halves {
    /** The number of elements that are converted at a time, which bounds the memory for a large tensor. */
    static final int CHUNK = 64 << 10;

    private Halves() {}

    /** Returns the bytes of the elements from {@code from} on, at most {@link #CHUNK} of them. */
    static byte[] fromFloats(float[] values, int from, DataType type) {
        // An input may be filled before there is a client, which loads the library.
        NativeLibrary.load();
        int to = from + Math.min(values.length - from, CHUNK);
        float[] part = from == 0 && to == values.length ? values : Arrays.copyOfRange(values, from, to);
        return Native.halfFromFloats(part, type.getNumber());
    }

    static float[] toFloats(byte[] values, DataType type) {
        NativeLibrary.load();
        return Native.halfToFloats(values, type.getNumber());
    }
}
