package org.tritonclient;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.nio.charset.StandardCharsets;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class InferInputTest {
    private static final int INLINE = 1;
    private static final int BUFFER = 2;

    /** Numbers of elements of data in the record and of data in a direct buffer, and none. */
    private static final int[] COUNTS = {0, 1, 16, 511, 512, 513, 4096, 4097, 9000, 100_000};

    private static InferInput input(DataType type) {
        return new InferInput("IN", new long[] {1, 16}, type);
    }

    private static RequestDecoder.Tensor packed(InferInput input) {
        PackedRequest packed = new InferRequest("m").addInput(input).pack();
        try {
            return new RequestDecoder(packed).inputs.get(0);
        } finally {
            packed.release();
        }
    }

    /** Writes numbers byte by byte, in the order of the protocol. */
    private static byte[] littleEndian(long[] bits, int size) {
        byte[] bytes = new byte[bits.length * size];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (bits[i / size] >>> (8 * (i % size)));
        }
        return bytes;
    }

    /** Returns bit patterns with every byte different, and signs set. */
    private static long[] bits(int count) {
        long[] bits = new long[count];
        for (int i = 0; i < count; i++) {
            bits[i] = i * 0x9E3779B97F4A7C15L + 0x8182838485868788L;
        }
        return bits;
    }

    private static void check(InferInput input, byte[] expected, int elementSize, boolean isBinary) {
        RequestDecoder.Tensor tensor = packed(input);
        String what = input + ", binary: " + isBinary;
        assertEquals("IN", tensor.name);
        assertEquals(input.getDataType().getNumber(), tensor.datatype);
        assertEquals(List.of(1L, 16L), tensor.shape);
        assertArrayEquals(expected, tensor.data, what);
        assertEquals(expected.length <= 4096 ? INLINE : BUFFER, tensor.place, what);
        assertEquals(!isBinary, tensor.isJson, what);
        assertEquals(expected.length, input.getByteSize());
        assertEquals(isBinary, input.isBinary());
    }

    @Test
    void arraysOfEveryTypeAreCopiedLittleEndian() {
        for (int count : COUNTS) {
            for (boolean isBinary : new boolean[] {true, false}) {
                long[] bits = bits(count);
                byte[] bytes = new byte[count];
                short[] shorts = new short[count];
                int[] ints = new int[count];
                float[] floats = new float[count];
                double[] doubles = new double[count];
                boolean[] booleans = new boolean[count];
                long[] floatBits = new long[count];
                long[] doubleBits = new long[count];
                long[] ones = new long[count];
                for (int i = 0; i < count; i++) {
                    bytes[i] = (byte) bits[i];
                    shorts[i] = (short) bits[i];
                    ints[i] = (int) bits[i];
                    floats[i] = i == 1 ? Float.NaN : (float) bits[i] / 3;
                    doubles[i] = i == 2 ? Double.NEGATIVE_INFINITY : (double) bits[i] / 3;
                    booleans[i] = (bits[i] & 4) != 0;
                    floatBits[i] = Float.floatToRawIntBits(floats[i]);
                    doubleBits[i] = Double.doubleToRawLongBits(doubles[i]);
                    ones[i] = booleans[i] ? 1 : 0;
                }
                check(input(DataType.BOOL).setData(booleans, isBinary), littleEndian(ones, 1), 1, isBinary);
                for (DataType type : new DataType[] {DataType.INT8, DataType.UINT8}) {
                    check(input(type).setData(bytes, isBinary), littleEndian(bits, 1), 1, isBinary);
                }
                for (DataType type : new DataType[] {DataType.INT16, DataType.UINT16, DataType.FP16, DataType.BF16}) {
                    check(input(type).setData(shorts, isBinary), littleEndian(bits, 2), 2, isBinary);
                }
                for (DataType type : new DataType[] {DataType.INT32, DataType.UINT32}) {
                    check(input(type).setData(ints, isBinary), littleEndian(bits, 4), 4, isBinary);
                }
                for (DataType type : new DataType[] {DataType.INT64, DataType.UINT64}) {
                    check(input(type).setData(bits, isBinary), littleEndian(bits, 8), 8, isBinary);
                }
                check(input(DataType.FP32).setData(floats, isBinary), littleEndian(floatBits, 4), 4, isBinary);
                check(input(DataType.FP64).setData(doubles, isBinary), littleEndian(doubleBits, 8), 8, isBinary);
            }
        }
    }

    @Test
    void theFormWithoutAFlagIsBinary() {
        assertTrue(input(DataType.INT32).setData(new int[1], false).setData(new int[1]).isBinary());
        assertTrue(input(DataType.BOOL).setData(new boolean[1]).isBinary());
        assertTrue(input(DataType.INT8).setData(new byte[1]).isBinary());
        assertTrue(input(DataType.INT16).setData(new short[1]).isBinary());
        assertTrue(input(DataType.INT64).setData(new long[1]).isBinary());
        assertTrue(input(DataType.FP32).setData(new float[1]).isBinary());
        assertTrue(input(DataType.FP64).setData(new double[1]).isBinary());
        assertTrue(input(DataType.BYTES).setData(new String[] {"a"}).isBinary());
        assertTrue(input(DataType.BYTES).setData(new byte[1][0]).isBinary());
        assertTrue(input(DataType.INT8).setData(ByteBuffer.allocate(1)).isBinary());
    }

    @Test
    void stringsAndBytesAreFramed() throws Exception {
        String[] texts = {"alpha", "", "be\0ta", "ünï\uD83D\uDE00", "x".repeat(300)};
        for (int copies : new int[] {1, 30}) {
            String[] all = new String[texts.length * copies];
            byte[][] raw = new byte[all.length][];
            ByteArrayOutputStream expected = new ByteArrayOutputStream();
            for (int i = 0; i < all.length; i++) {
                all[i] = texts[i % texts.length];
                raw[i] = all[i].getBytes(StandardCharsets.UTF_8);
                expected.write(littleEndian(new long[] {raw[i].length}, 4));
                expected.write(raw[i]);
            }
            check(input(DataType.BYTES).setData(all), expected.toByteArray(), 0, true);
            check(input(DataType.BYTES).setData(all, false), expected.toByteArray(), 0, false);
            check(input(DataType.BYTES).setData(raw), expected.toByteArray(), 0, true);
        }
        check(input(DataType.BYTES).setData(new String[0]), new byte[0], 0, true);
        byte[][] binary = {{(byte) 0xFF, 0}, {}};
        check(input(DataType.BYTES).setData(binary), new byte[] {2, 0, 0, 0, (byte) 0xFF, 0, 0, 0, 0, 0}, 0, true);
    }

    @Test
    void arraysMayBeChangedAtOnce() {
        for (int count : new int[] {4, 4000}) {
            int[] data = new int[count];
            data[1] = 7;
            InferInput input = input(DataType.INT32).setData(data);
            data[1] = 8;
            assertEquals(7, packed(input).data[4]);
        }
    }

    private interface Setter {
        void set(InferInput input);
    }

    private static void checkTypes(String javaType, Set<DataType> allowed, Setter setter) {
        for (DataType type : DataType.values()) {
            InferInput input = input(type);
            if (allowed.contains(type)) {
                setter.set(input);
                continue;
            }
            String message = assertThrows(IllegalArgumentException.class, () -> setter.set(input)).getMessage();
            assertEquals("input 'IN': " + javaType + " does not match datatype " + type, message);
            assertEquals(0, packed(input).place, "no data was set");
        }
    }

    @Test
    void aTypeThatDoesNotMatchTheDatatypeIsRefused() {
        checkTypes("boolean[]", EnumSet.of(DataType.BOOL), input -> input.setData(new boolean[1]));
        checkTypes("byte[]", EnumSet.of(DataType.INT8, DataType.UINT8), input -> input.setData(new byte[1]));
        EnumSet<DataType> shorts = EnumSet.of(DataType.INT16, DataType.UINT16, DataType.FP16, DataType.BF16);
        checkTypes("short[]", shorts, input -> input.setData(new short[1]));
        checkTypes("ShortBuffer", shorts, input -> input.setData(ShortBuffer.allocate(1)));
        EnumSet<DataType> ints = EnumSet.of(DataType.INT32, DataType.UINT32);
        checkTypes("int[]", ints, input -> input.setData(new int[1]));
        checkTypes("IntBuffer", ints, input -> input.setData(IntBuffer.allocate(1)));
        EnumSet<DataType> longs = EnumSet.of(DataType.INT64, DataType.UINT64);
        checkTypes("long[]", longs, input -> input.setData(new long[1]));
        checkTypes("LongBuffer", longs, input -> input.setData(LongBuffer.allocate(1)));
        checkTypes("double[]", EnumSet.of(DataType.FP64), input -> input.setData(new double[1]));
        checkTypes("DoubleBuffer", EnumSet.of(DataType.FP64), input -> input.setData(DoubleBuffer.allocate(1)));
        checkTypes("String[]", EnumSet.of(DataType.BYTES), input -> input.setData(new String[] {"a"}));
        checkTypes("byte[][]", EnumSet.of(DataType.BYTES), input -> input.setData(new byte[1][1]));
        EnumSet<DataType> noFloats = EnumSet.complementOf(EnumSet.of(DataType.FP32, DataType.FP16, DataType.BF16));
        for (DataType type : noFloats) {
            assertThrows(IllegalArgumentException.class, () -> input(type).setData(new float[1]));
            assertThrows(IllegalArgumentException.class, () -> input(type).setData(FloatBuffer.allocate(1)));
        }
    }

    @Test
    void nullsAreRefusedByName() {
        assertNull("name", () -> new InferInput(null, new long[0], DataType.BOOL));
        assertNull("shape", () -> new InferInput("a", null, DataType.BOOL));
        assertNull("type", () -> new InferInput("a", new long[0], null));
        InferInput input = input(DataType.BYTES);
        assertNull("data", () -> input.setData((int[]) null));
        assertNull("data", () -> input.setData((ByteBuffer) null));
        assertNull("data[1]", () -> input.setData(new String[] {"a", null}));
        assertNull("data[0]", () -> input.setData(new byte[][] {null}));
        assertNull("region", () -> input.setSharedMemory(null, 0, 0));
        assertNull("json", () -> input.setJsonText(null));
        assertNull("shape", () -> input.setShape((long[]) null));
        assertNull("name", () -> input.setParameter(null, 1));
        assertNull("value", () -> input.setParameter("a", (String) null));
    }

    private static void assertNull(String name, Runnable code) {
        assertEquals(name, assertThrows(NullPointerException.class, code::run).getMessage());
    }

    /** Makes a buffer with some bytes before and behind the data. */
    private static ByteBuffer buffer(byte[] data, boolean isDirect) {
        int size = data.length + 24;
        ByteBuffer buffer = isDirect ? ByteBuffer.allocateDirect(size) : ByteBuffer.allocate(size);
        buffer.position(8);
        buffer.put(data);
        buffer.limit(8 + data.length);
        buffer.position(8);
        return buffer;
    }

    /** Reverses the bytes of each element. */
    private static byte[] swapped(byte[] data, int size) {
        byte[] swapped = new byte[data.length];
        for (int i = 0; i < data.length; i++) {
            swapped[i] = data[i / size * size + size - 1 - i % size];
        }
        return swapped;
    }

    private static void checkBuffer(DataType type, Buffer data, Consumer<InferInput> set, byte[] expected, int size,
            boolean isBorrowed) {
        int position = data.position();
        int limit = data.limit();
        InferInput input = input(type);
        set.accept(input);
        String what = type + ", " + data;
        // The caller's own position and limit have no effect any more.
        data.clear();
        RequestDecoder.Tensor tensor = packed(input);
        data.limit(limit);
        data.position(position);
        assertArrayEquals(expected, tensor.data, what);
        if (isBorrowed && expected.length > 0) {
            assertEquals(BUFFER, tensor.place, what);
            assertEquals((long) position * size, tensor.position, what);
            assertEquals(data.capacity(), tensor.buffer.capacity(), what);
        } else {
            assertEquals(expected.length <= 4096 ? INLINE : BUFFER, tensor.place, what);
        }
    }

    @Test
    void byteBuffersOfEveryOrderAndKind() {
        for (DataType type : EnumSet.complementOf(EnumSet.of(DataType.INVALID))) {
            int size = Math.max(1, type.getByteSize());
            for (int count : COUNTS) {
                byte[] expected = littleEndian(bits(count), size);
                for (boolean isDirect : new boolean[] {true, false}) {
                    ByteBuffer little = buffer(expected, isDirect).order(ByteOrder.LITTLE_ENDIAN);
                    ByteBuffer big = buffer(swapped(expected, size), isDirect);
                    checkBuffer(type, little, input -> input.setData(little), expected, 1, isDirect);
                    checkBuffer(type, big, input -> input.setData(big), expected, 1, isDirect && size == 1);
                    ByteBuffer slice = little.slice().order(ByteOrder.LITTLE_ENDIAN);
                    checkBuffer(type, slice, input -> input.setData(slice), expected, 1, isDirect);
                    ByteBuffer fixed = little.asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
                    checkBuffer(type, fixed, input -> input.setData(fixed), expected, 1, isDirect);
                    assertEquals(ByteOrder.LITTLE_ENDIAN, little.order());
                    assertEquals(ByteOrder.BIG_ENDIAN, big.order());
                }
            }
        }
    }

    @Test
    void typedBuffersOfEveryOrderAndKind() {
        ByteOrder[] orders = {ByteOrder.LITTLE_ENDIAN, ByteOrder.BIG_ENDIAN};
        for (int count : COUNTS) {
            for (ByteOrder order : orders) {
                for (boolean isDirect : new boolean[] {true, false}) {
                    boolean isBorrowed = isDirect && order == ByteOrder.LITTLE_ENDIAN;
                    byte[] shorts = littleEndian(bits(count), 2);
                    ShortBuffer ofShorts = view(shorts, 2, isDirect, order).asShortBuffer();
                    ofShorts.position(4);
                    for (DataType type : new DataType[] {DataType.INT16, DataType.UINT16, DataType.FP16}) {
                        checkBuffer(type, ofShorts, input -> input.setData(ofShorts), shorts, 2, isBorrowed);
                    }
                    byte[] ints = littleEndian(bits(count), 4);
                    IntBuffer ofInts = view(ints, 4, isDirect, order).asIntBuffer();
                    ofInts.position(2);
                    checkBuffer(DataType.UINT32, ofInts, input -> input.setData(ofInts), ints, 4, isBorrowed);
                    FloatBuffer ofFloats = view(ints, 4, isDirect, order).asFloatBuffer();
                    ofFloats.position(2);
                    checkBuffer(DataType.FP32, ofFloats, input -> input.setData(ofFloats), ints, 4, isBorrowed);
                    byte[] longs = littleEndian(bits(count), 8);
                    LongBuffer ofLongs = view(longs, 8, isDirect, order).asLongBuffer();
                    ofLongs.position(1);
                    checkBuffer(DataType.INT64, ofLongs, input -> input.setData(ofLongs), longs, 8, isBorrowed);
                    DoubleBuffer ofDoubles = view(longs, 8, isDirect, order).asDoubleBuffer();
                    ofDoubles.position(1);
                    checkBuffer(DataType.FP64, ofDoubles, input -> input.setData(ofDoubles), longs, 8, isBorrowed);
                }
            }
        }
        IntBuffer wrapped = IntBuffer.wrap(new int[] {9, 1, 2, 9}, 1, 2);
        checkBuffer(DataType.INT32, wrapped, input -> input.setData(wrapped), littleEndian(new long[] {1, 2}, 4), 4,
                false);
    }

    /** Makes a buffer of a byte order with 8 bytes before the data. */
    private static ByteBuffer view(byte[] littleEndian, int size, boolean isDirect, ByteOrder order) {
        byte[] data = order == ByteOrder.LITTLE_ENDIAN ? littleEndian : swapped(littleEndian, size);
        ByteBuffer buffer = buffer(data, isDirect);
        buffer.position(0);
        return buffer.order(order);
    }

    @Test
    void aBigEndianBufferThatSplitsAnElementIsRefused() {
        ByteBuffer buffer = ByteBuffer.allocate(6);
        InferInput input = input(DataType.INT32).setData(new int[] {5});
        String message = assertThrows(IllegalArgumentException.class, () -> input.setData(buffer)).getMessage();
        assertEquals("input 'IN': a big-endian buffer of 6 bytes is not a whole number of INT32 elements", message);
        assertEquals(5, packed(input).data[0], "the data set before");
        input.setData(buffer.order(ByteOrder.LITTLE_ENDIAN));
        assertEquals(6, packed(input).data.length, "left to the check against the shape");
    }

    @Test
    void ownMemoryIsUsedAgainUnlessACallStillReadsIt() {
        InferInput input = input(DataType.INT32);
        int[] data = new int[2000];
        data[0] = 1;
        Buffer first = packed(input.setData(data)).buffer;
        assertSame(first, packed(input.setData(data)).buffer);
        assertSame(first, packed(input.setData(new int[1500])).buffer, "smaller");
        assertNotSame(first, packed(input.setData(new int[2001])).buffer, "larger");

        PackedRequest underWay = new InferRequest("m").addInput(input.setData(data)).pack();
        PackedRequest second = new InferRequest("m").addInput(input).pack();
        RequestDecoder.Tensor sent = new RequestDecoder(underWay).inputs.get(0);
        assertSame(sent.buffer, new RequestDecoder(second).inputs.get(0).buffer, "two calls share it");
        data[0] = 2;
        input.setData(data);
        assertNotSame(sent.buffer, packed(input).buffer);
        assertEquals(1, new RequestDecoder(underWay).inputs.get(0).data[0], "the call under way has its own data");
        Buffer replacement = packed(input).buffer;
        underWay.release();
        underWay.release();
        second.release();
        assertSame(replacement, packed(input.setData(data)).buffer);
    }

    @Test
    void memoryIsFreeOnceAllCallsHaveReleasedIt() {
        TensorBuffer buffer = TensorBuffer.allocate(8);
        buffer.acquire();
        buffer.acquire();
        assertFalse(buffer.tryAcquireExclusively());
        buffer.release();
        assertFalse(buffer.isFree());
        buffer.release();
        assertTrue(buffer.isFree());
        assertTrue(buffer.tryAcquireExclusively());
        assertFalse(buffer.tryAcquireExclusively());
        assertFalse(buffer.isFree());
        buffer.release();
        assertTrue(buffer.isFree());
    }

    @Test
    void dataInSharedMemoryAndJsonText() {
        InferInput input = input(DataType.INT32).setData(new int[2000], false);
        RequestDecoder.Tensor tensor = packed(input.setSharedMemory("region", 64, 1L << 40));
        assertEquals(3, tensor.place);
        assertEquals("region", tensor.region);
        assertEquals(64, tensor.byteSize);
        assertEquals(1L << 40, tensor.offset);
        assertFalse(tensor.isJson);
        assertEquals(64, input.getByteSize());
        tensor = packed(input.setJsonText("[1, 2]"));
        assertEquals(4, tensor.place);
        assertEquals("[1, 2]", tensor.json);
        assertEquals(0, input.getByteSize());
        tensor = packed(input.setData(new int[] {3}));
        assertEquals(INLINE, tensor.place);
    }

    @Test
    void anInputHasCopiesOfItsShape() {
        long[] shape = {1, 16};
        InferInput input = new InferInput("IN", shape, DataType.BOOL);
        shape[0] = 5;
        input.getShape()[0] = 6;
        assertArrayEquals(new long[] {1, 16}, input.getShape());
        assertArrayEquals(new long[] {3}, input.setShape(3).getShape());
        assertEquals(List.of(3L), packed(input).shape);
    }

    @Test
    void parametersKeepTheirOrderAndTypes() {
        InferInput input = input(DataType.BOOL).setParameter("b", true).setParameter("l", -1L)
                .setParameter("d", 0.5).setParameter("s", "ü").setParameter("b", false);
        assertEquals("{b=false, l=-1, d=0.5, s=ü}", packed(input).parameters.toString());
        Parameters parameters = input.getParameters();
        input.setParameter("later", 1);
        assertEquals("{b=false, l=-1, d=0.5, s=ü}", parameters.toString());
    }
}
