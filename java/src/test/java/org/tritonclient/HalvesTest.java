package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.FloatBuffer;
import org.junit.jupiter.api.Test;

/** The conversions of 16-bit floats, compared with their definition. */
class HalvesTest {
    private static final int PATTERNS = 1 << 16;

    /** Returns the value of an FP16 by the definition of IEEE 754. */
    private static float fp16(int bits) {
        int sign = bits >> 15 == 0 ? 1 : -1;
        int exponent = bits >> 10 & 0x1F;
        int fraction = bits & 0x3FF;
        if (exponent == 0x1F) {
            return fraction == 0 ? sign * Float.POSITIVE_INFINITY : Float.NaN;
        }
        return exponent == 0 ? sign * Math.scalb((float) fraction, -24)
                : sign * Math.scalb((float) (fraction + 1024), exponent - 25);
    }

    private static float bf16(int bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    private static float value(DataType type, int bits) {
        return type == DataType.FP16 ? fp16(bits) : bf16(bits);
    }

    private static byte[] patterns() {
        byte[] patterns = new byte[2 * PATTERNS];
        for (int i = 0; i < PATTERNS; i++) {
            patterns[2 * i] = (byte) i;
            patterns[2 * i + 1] = (byte) (i >> 8);
        }
        return patterns;
    }

    private static byte[] sent(InferInput input) {
        PackedRequest packed = new InferRequest("m").addInput(input).pack();
        try {
            return new RequestDecoder(packed).inputs.get(0).data;
        } finally {
            packed.release();
        }
    }

    private static InferInput input(DataType type, int count) {
        return new InferInput("IN", new long[] {count}, type);
    }

    private static void assertSame(float expected, float actual, int bits) {
        // The payload of a NaN may change; the sign of zero may not.
        assertTrue(Float.isNaN(expected) ? Float.isNaN(actual)
                : Float.floatToRawIntBits(expected) == Float.floatToRawIntBits(actual),
                () -> Integer.toHexString(bits) + ": expected " + expected + ", got " + actual);
    }

    @Test
    void everyPatternIsReadExactlyAndWrittenBack() {
        byte[] patterns = patterns();
        for (DataType type : new DataType[] {DataType.FP16, DataType.BF16}) {
            float[] values = new ResultRecord(0).inline("O", type, patterns, PATTERNS).read().getOutputAsFloat("O");
            assertEquals(PATTERNS, values.length);
            for (int i = 0; i < PATTERNS; i++) {
                assertSame(value(type, i), values[i], i);
            }
            byte[] back = sent(input(type, PATTERNS).setData(values));
            for (int i = 0; i < PATTERNS; i++) {
                int bits = back[2 * i] & 0xFF | (back[2 * i + 1] & 0xFF) << 8;
                assertSame(value(type, i), value(type, bits), i);
                assertTrue(Float.isNaN(values[i]) || bits == i);
            }
        }
    }

    @Test
    void largeTensorsAreConvertedInParts() {
        int count = 2 * Halves.CHUNK + 3;
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = fp16(i * 7 % 0x7C00);
        }
        byte[] data = sent(input(DataType.FP16, count).setData(values));
        assertEquals(2 * count, data.length);
        FloatBuffer buffer = FloatBuffer.wrap(values);
        assertArrayEquals(data, sent(input(DataType.FP16, count).setData(buffer)));
        assertEquals(0, buffer.position());
        for (int[] pieces : new int[][] {{2 * count}, {8, 2 * count - 8}, {4 * Halves.CHUNK, 6}}) {
            InferResult result = new ResultRecord(1).pieces("O", DataType.FP16, data, pieces, count).read(handle -> {});
            assertArrayEquals(values, result.getOutputAsFloat("O"));
            result.close();
        }
    }

    @Test
    void smallTensorsAreSentInTheRecord() {
        float[] values = {1, 1 + 1f / 2048, 1 + 3f / 2048, 65520, -0f};
        assertArrayEquals(new byte[] {0, 0x3C, 0, 0x3C, 2, 0x3C, 0, 0x7C, 0, (byte) 0x80},
                sent(input(DataType.FP16, 5).setData(values)), "rounded to even, to infinity");
        assertArrayEquals(new byte[] {(byte) 0x80, 0x3F}, sent(input(DataType.BF16, 1).setData(new float[] {1})));
        assertArrayEquals(new byte[0], sent(input(DataType.BF16, 0).setData(new float[0])));
        assertEquals(0, new ResultRecord(0).inline("O", DataType.BF16, new byte[0], 0).read()
                .getOutputAsFloat("O").length);
    }
}
