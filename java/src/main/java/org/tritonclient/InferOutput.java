package org.tritonclient;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * One output of a result. The methods that return its data copy it, except for {@link #getBuffer} and {@link
 * #getBuffers}. They throw
 * <ul>
 *   <li>{@link IllegalStateException} once the result is closed;
 *   <li>{@link InferenceException} with {@link Status#INVALID_ARGUMENT}, with both datatypes, if the output has another
 *       datatype than the method returns;
 *   <li>{@link InferenceException} with {@link Status#FAILED_PRECONDITION} if the output was written to the caller's
 *       buffer or shared memory;
 *   <li>{@link InferenceException} with {@link Status#RESOURCE_EXHAUSTED} if there are more elements than a Java array
 *       holds, 2^31 - 9.
 * </ul>
 *
 * <p>An output keeps its result reachable, and may be used by several threads at the same time.
 */
public final class InferOutput {
    // The places of an output in the record.
    private static final int INLINE = 0;
    private static final int BUFFERS = 1;
    private static final int ELSEWHERE = 2;

    private final InferResult owner;
    private final byte[] record;
    private final String name;
    private final DataType type;
    /** The server's name of an unknown datatype. */
    private final String unknownType;
    private final long[] shape;
    private final int parametersPosition;
    private final boolean isInCallerBuffer;
    private final long byteSize;
    private final int place;
    /** The start of the data in the record, if it is there. */
    private final int start;
    /** The native memory, if the data is there; {@code null} again once the result is closed. Never moved. */
    private ByteBuffer[] pieces;
    /** Which pieces have a share of the memory. */
    private boolean[] isShared;

    private InferOutput(InferResult owner, RecordReader reader, byte[] record, Object[] packed) {
        this.owner = owner;
        this.record = record;
        name = reader.str();
        type = DataType.of(reader.u8());
        if (type == DataType.INVALID) {
            String text = reader.str();
            unknownType = text == null ? "" : text;
        } else {
            unknownType = null;
            int length = reader.i32();
            reader.skip(Math.max(length, 0));
        }
        shape = reader.shape();
        parametersPosition = reader.position();
        Parameters.skip(reader);
        isInCallerBuffer = reader.bool();
        byteSize = reader.i64();
        place = reader.u8();
        if (place == INLINE) {
            int length = reader.i32();
            start = reader.skip(length);
            check(length == byteSize);
        } else {
            start = 0;
            check(place == BUFFERS || place == ELSEWHERE && byteSize >= 0);
        }
        if (place == BUFFERS) {
            pieces = pieces(reader.i32(), reader.i32(), packed);
            long size = 0;
            for (int i = 0; i < pieces.length; i++) {
                // No element is in two pieces.
                check(i == pieces.length - 1 || pieces[i].capacity() % Long.BYTES == 0);
                size += pieces[i].capacity();
            }
            check(size == byteSize);
        }
        check(name != null);
    }

    /**
     * Reads an output of a record.
     *
     * @param packed the record and its buffers, from index 1 on; {@code null} if there are none
     * @throws IllegalArgumentException or IndexOutOfBoundsException if the record is malformed
     */
    static InferOutput read(InferResult owner, RecordReader reader, byte[] record, Object[] packed) {
        return new InferOutput(owner, reader, record, packed);
    }

    private static ByteBuffer[] pieces(int first, int count, Object[] packed) {
        check(packed != null && first >= 0 && count >= 0 && count <= packed.length - 1 - first);
        ByteBuffer[] pieces = new ByteBuffer[count];
        for (int i = 0; i < count; i++) {
            Object piece = packed[1 + first + i];
            check(piece instanceof ByteBuffer);
            pieces[i] = (ByteBuffer) piece;
        }
        return pieces;
    }

    private static void check(boolean isSound) {
        if (!isSound) {
            throw new IllegalArgumentException();
        }
    }

    /** Returns the name, as in the model's configuration. */
    public String getName() {
        return name;
    }

    /** Returns the datatype; {@link DataType#INVALID} for one unknown to this version of the library. */
    public DataType getDataType() {
        return type;
    }

    /**
     * Returns the name of the datatype as the server sent it: {@code "FP32"}, or an unknown one. Empty if the server
     * sent none.
     */
    public String getDataTypeName() {
        return unknownType == null ? type.name() : unknownType;
    }

    /** Returns a copy of the shape, with the batch dimension first if the model has one. */
    public long[] getShape() {
        return shape.clone();
    }

    /**
     * Returns the size of the tensor in bytes, in the result or in the caller's buffer; 0 for one in shared memory.
     */
    public long getByteSize() {
        return byteSize;
    }

    /** Returns the parameters of the output. */
    public Parameters getParameters() {
        return Parameters.read(new RecordReader(record, parametersPosition));
    }

    /** Returns whether the data was written to the buffer of {@link InferRequestedOutput#setBuffer}. */
    public boolean isInCallerBuffer() {
        return isInCallerBuffer;
    }

    /**
     * Returns the elements of a BOOL output, in row-major order.
     */
    public boolean[] asBool() {
        owner.acquire();
        try {
            expect(DataType.BOOL);
            return booleans();
        } finally {
            owner.release();
        }
    }

    /**
     * Returns the elements of an INT8 or UINT8 output, in row-major order; those of UINT8 have the same bits.
     */
    public byte[] asByte() {
        owner.acquire();
        try {
            expect(DataType.INT8, DataType.UINT8);
            return bytes();
        } finally {
            owner.release();
        }
    }

    /**
     * Returns the elements of an INT16 or UINT16 output, in row-major order, or the bits of an FP16 or BF16 one; those
     * of UINT16 have the same bits.
     */
    public short[] asShort() {
        owner.acquire();
        try {
            expect(DataType.INT16, DataType.UINT16, DataType.FP16, DataType.BF16);
            return shorts();
        } finally {
            owner.release();
        }
    }

    /**
     * Returns the elements of an INT32 or UINT32 output, in row-major order; those of UINT32 have the same bits.
     */
    public int[] asInt() {
        owner.acquire();
        try {
            expect(DataType.INT32, DataType.UINT32);
            return ints();
        } finally {
            owner.release();
        }
    }

    /**
     * Returns the elements of an INT64 or UINT64 output, in row-major order; those of UINT64 have the same bits.
     */
    public long[] asLong() {
        owner.acquire();
        try {
            expect(DataType.INT64, DataType.UINT64);
            return longs();
        } finally {
            owner.release();
        }
    }

    /**
     * Returns the values of a UINT8 output, 0 to 255, in row-major order.
     */
    public int[] asUnsignedByte() {
        owner.acquire();
        try {
            expect(DataType.UINT8);
            return widened(bytes());
        } finally {
            owner.release();
        }
    }

    /**
     * Returns the values of a UINT16 output, 0 to 65535, in row-major order.
     */
    public int[] asUnsignedShort() {
        owner.acquire();
        try {
            expect(DataType.UINT16);
            return widened(shorts());
        } finally {
            owner.release();
        }
    }

    /**
     * Returns the values of a UINT32 output, 0 to 2^32 - 1, in row-major order.
     */
    public long[] asUnsignedInt() {
        owner.acquire();
        try {
            expect(DataType.UINT32);
            return widened(ints());
        } finally {
            owner.release();
        }
    }

    /**
     * Returns the elements of an FP32 output, or the values of an FP16 or BF16 one, in row-major order.
     */
    public float[] asFloat() {
        owner.acquire();
        try {
            expect(DataType.FP32, DataType.FP16, DataType.BF16);
            return type == DataType.FP32 ? floats() : halves();
        } finally {
            owner.release();
        }
    }

    /**
     * Returns the elements of an FP64 output, in row-major order.
     */
    public double[] asDouble() {
        owner.acquire();
        try {
            expect(DataType.FP64);
            return doubles();
        } finally {
            owner.release();
        }
    }

    /**
     * Returns the elements of a BYTES output, in row-major order.
     *
     * @throws InferenceException also INTERNAL if the tensor is malformed, or its number of elements does not match the
     *     shape
     */
    public byte[][] asBytes() {
        owner.acquire();
        try {
            expect(DataType.BYTES);
            BytesElements elements = elements();
            byte[][] values = new byte[elements.count(elementCount())][];
            for (int i = 0; i < values.length; i++) {
                values[i] = elements.next();
            }
            return values;
        } finally {
            owner.release();
        }
    }

    /**
     * Returns the elements of a BYTES output as text, in row-major order. Bytes that are not UTF-8 are replaced by
     * U+FFFD.
     *
     * @throws InferenceException also INTERNAL if the tensor is malformed, or its number of elements does not match the
     *     shape
     */
    public String[] asString() {
        owner.acquire();
        try {
            expect(DataType.BYTES);
            BytesElements elements = elements();
            String[] values = new String[elements.count(elementCount())];
            for (int i = 0; i < values.length; i++) {
                values[i] = elements.nextString();
            }
            return values;
        } finally {
            owner.release();
        }
    }

    /**
     * Returns the classes of an output that was requested as classes, the best first, for each batch entry in turn.
     *
     * @throws InferenceException also INTERNAL if an element is not a class
     */
    public List<Classification> asClasses() {
        byte[][] elements = asBytes();
        List<Classification> classes = new ArrayList<>(elements.length);
        for (byte[] element : elements) {
            classes.add(Classification.parse(element));
        }
        return Collections.unmodifiableList(classes);
    }

    /**
     * Returns the bytes of the output without a copy, whatever its datatype: read-only, in {@link
     * ByteOrder#LITTLE_ENDIAN}, row-major; each BYTES element follows its length, 4 bytes. Slices and duplicates of a
     * buffer have another order, as in all of Java. The buffer keeps the memory of the whole result, also after the
     * result is closed, for as long as it, or a buffer made from it, is reachable. It is direct if the result is large.
     *
     * @throws IllegalStateException also if the output has more than 1 GiB, in several buffers: {@link #getBuffers}
     */
    public ByteBuffer getBuffer() {
        owner.acquire();
        try {
            checkIsHere();
            if (bufferCount() > 1) {
                throw new IllegalStateException("output '" + Messages.excerpt(name) + "' has " + byteSize + " bytes in "
                        + bufferCount() + " buffers: use getOutputBuffers");
            }
            return view(0);
        } finally {
            owner.release();
        }
    }

    /**
     * Returns the bytes of an output of any size without a copy, in buffers of at most 1 GiB, each as {@link
     * #getBuffer} returns it. No element of a fixed size is in two buffers.
     */
    public List<ByteBuffer> getBuffers() {
        owner.acquire();
        try {
            checkIsHere();
            List<ByteBuffer> views = new ArrayList<>(bufferCount());
            for (int i = 0; i < bufferCount(); i++) {
                views.add(view(i));
            }
            return Collections.unmodifiableList(views);
        } finally {
            owner.release();
        }
    }

    /** Returns name, datatype, shape and size, without the data. */
    @Override
    public String toString() {
        return "output '" + Messages.excerpt(name) + "' " + Messages.excerpt(getDataTypeName()) + " "
                + Messages.dimensions(shape) + ", " + byteSize + " bytes";
    }

    /** Returns the size of the native memory of the output. */
    long nativeByteSize() {
        return place == BUFFERS ? byteSize : 0;
    }

    /** Lets go of the native memory: the result is closed. A read under way has its own reference. */
    void drop() {
        pieces = null;
    }

    // What follows runs while the memory is acquired.

    private void expect(DataType expected) {
        if (type != expected) {
            throw mismatch(expected.name());
        }
        checkIsHere();
    }

    private void expect(DataType first, DataType second) {
        if (type != first && type != second) {
            throw mismatch(first + " or " + second);
        }
        checkIsHere();
    }

    private void expect(DataType first, DataType second, DataType third) {
        if (type != first && type != second && type != third) {
            throw mismatch(first + ", " + second + " or " + third);
        }
        checkIsHere();
    }

    private void expect(DataType first, DataType second, DataType third, DataType fourth) {
        if (type != first && type != second && type != third && type != fourth) {
            throw mismatch(first + ", " + second + ", " + third + " or " + fourth);
        }
        checkIsHere();
    }

    private InferenceException mismatch(String expected) {
        String output = "output '" + Messages.excerpt(name) + "': ";
        if (type != DataType.INVALID) {
            return Messages.invalid(output + "expected datatype " + expected + ", got " + type);
        }
        return Messages.invalid(output + (unknownType.isEmpty()
                ? "missing datatype" : "unknown datatype '" + Messages.excerpt(unknownType) + "'"));
    }

    private void checkIsHere() {
        // The record says nothing of an output in shared memory: it has elements and no bytes.
        if (place == ELSEWHERE || byteSize == 0 && elementCount() > 0) {
            throw Messages.precondition("output '" + Messages.excerpt(name) + "' was written to the caller's buffer or"
                    + " shared memory and is not part of the result");
        }
    }

    private int bufferCount() {
        return place == BUFFERS ? Math.max(pieces().length, 1) : 1;
    }

    private ByteBuffer[] pieces() {
        ByteBuffer[] all = pieces;
        if (all == null) {
            // The result was closed after the memory had been acquired.
            throw new IllegalStateException("the result is closed");
        }
        return all;
    }

    /** Returns a piece of the data, little-endian, from its position to its limit. */
    private ByteBuffer buffer(int index) {
        if (place == INLINE) {
            return ByteBuffer.wrap(record, start, (int) byteSize).order(ByteOrder.LITTLE_ENDIAN);
        }
        ByteBuffer[] all = pieces();
        return (all.length == 0 ? ByteBuffer.allocate(0) : all[index].duplicate()).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Returns a view of a piece, for a user. */
    private ByteBuffer view(int index) {
        if (place == BUFFERS) {
            ByteBuffer[] all = pieces();
            if (all.length > 0) {
                shareOnce(all, index);
                return all[index].asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
            }
        }
        return buffer(index).slice().asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
    }

    private void shareOnce(ByteBuffer[] all, int index) {
        synchronized (all) {
            if (isShared == null) {
                isShared = new boolean[all.length];
            }
            if (!isShared[index]) {
                owner.share(all[index]);
                isShared[index] = true;
            }
        }
    }

    /** Returns the number of elements of a size in bytes. */
    private int count(int elementByteSize) {
        if (byteSize % elementByteSize != 0) {
            throw Messages.malformedResponse("output '" + Messages.excerpt(name) + "': invalid " + type + " tensor");
        }
        long count = byteSize / elementByteSize;
        if (count > Integer.MAX_VALUE - 8) {
            throw Messages.exhausted("output '" + Messages.excerpt(name) + "': " + count
                    + " elements do not fit a Java array: use getOutputBuffers");
        }
        return (int) count;
    }

    /** Returns the number of elements of the shape; 0 if it is invalid. */
    private long elementCount() {
        long count = 1;
        boolean isEmpty = false;
        for (long dimension : shape) {
            if (dimension < 0) {
                return 0;
            }
            isEmpty |= dimension == 0;
            try {
                count = Math.multiplyExact(count, Math.max(dimension, 1));
            } catch (ArithmeticException overflow) {
                // No tensor has so many.
                count = Long.MAX_VALUE;
            }
        }
        return isEmpty ? 0 : count;
    }

    private BytesElements elements() {
        ByteBuffer[] buffers = new ByteBuffer[bufferCount()];
        for (int i = 0; i < buffers.length; i++) {
            buffers[i] = buffer(i);
        }
        return new BytesElements(name, buffers);
    }

    private byte[] bytes() {
        byte[] values = new byte[count(1)];
        int at = 0;
        for (int i = 0; i < bufferCount(); i++) {
            ByteBuffer part = buffer(i);
            int length = part.remaining();
            part.get(values, at, length);
            at += length;
        }
        return values;
    }

    private short[] shorts() {
        short[] values = new short[count(2)];
        int at = 0;
        for (int i = 0; i < bufferCount(); i++) {
            ShortBuffer part = buffer(i).asShortBuffer();
            int length = part.remaining();
            part.get(values, at, length);
            at += length;
        }
        return values;
    }

    private int[] ints() {
        int[] values = new int[count(4)];
        int at = 0;
        for (int i = 0; i < bufferCount(); i++) {
            IntBuffer part = buffer(i).asIntBuffer();
            int length = part.remaining();
            part.get(values, at, length);
            at += length;
        }
        return values;
    }

    private long[] longs() {
        long[] values = new long[count(8)];
        int at = 0;
        for (int i = 0; i < bufferCount(); i++) {
            LongBuffer part = buffer(i).asLongBuffer();
            int length = part.remaining();
            part.get(values, at, length);
            at += length;
        }
        return values;
    }

    private float[] floats() {
        float[] values = new float[count(4)];
        int at = 0;
        for (int i = 0; i < bufferCount(); i++) {
            FloatBuffer part = buffer(i).asFloatBuffer();
            int length = part.remaining();
            part.get(values, at, length);
            at += length;
        }
        return values;
    }

    private double[] doubles() {
        double[] values = new double[count(8)];
        int at = 0;
        for (int i = 0; i < bufferCount(); i++) {
            DoubleBuffer part = buffer(i).asDoubleBuffer();
            int length = part.remaining();
            part.get(values, at, length);
            at += length;
        }
        return values;
    }

    private float[] halves() {
        int count = count(Short.BYTES);
        if (count <= Halves.CHUNK) {
            return Halves.toFloats(bytes(), type);
        }
        float[] values = new float[count];
        int at = 0;
        for (int i = 0; i < bufferCount(); i++) {
            ByteBuffer rest = buffer(i);
            while (rest.hasRemaining()) {
                byte[] part = new byte[Math.min(rest.remaining(), Short.BYTES * Halves.CHUNK)];
                rest.get(part);
                float[] converted = Halves.toFloats(part, type);
                System.arraycopy(converted, 0, values, at, converted.length);
                at += converted.length;
            }
        }
        return values;
    }

    private boolean[] booleans() {
        byte[] bytes = bytes();
        boolean[] values = new boolean[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            values[i] = bytes[i] != 0;
        }
        return values;
    }

    private static int[] widened(byte[] narrow) {
        int[] values = new int[narrow.length];
        for (int i = 0; i < narrow.length; i++) {
            values[i] = narrow[i] & 0xFF;
        }
        return values;
    }

    private static int[] widened(short[] narrow) {
        int[] values = new int[narrow.length];
        for (int i = 0; i < narrow.length; i++) {
            values[i] = narrow[i] & 0xFFFF;
        }
        return values;
    }

    private static long[] widened(int[] narrow) {
        long[] values = new long[narrow.length];
        for (int i = 0; i < narrow.length; i++) {
            values[i] = narrow[i] & 0xFFFF_FFFFL;
        }
        return values;
    }
}
