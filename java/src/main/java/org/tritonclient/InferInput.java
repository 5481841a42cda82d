package org.tritonclient;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;

/**
 * An input of a request: its name, shape and datatype, and its data.
 *
 * <p>Arrays are copied when they are set, and may be changed at once. A large copy is in memory of the input, which the
 * next {@code setData} of at most the same size uses again, unless a call under way still reads it. Direct
 * little-endian buffers are not copied: see {@link #setData(ByteBuffer, boolean)}.
 *
 * <p>Unsigned integers are passed in the signed type of the same size, with the same bits ({@link DataType}). That the
 * number of elements matches the shape is checked by the call, which throws an {@link InferenceException} with {@link
 * Status#INVALID_ARGUMENT} if it does not.
 *
 * <p>Several requests, and several calls at the same time, may share an input. It must not be changed while a call is
 * being submitted.
 */
public final class InferInput {
    /** The number of elements that are converted at a time. */
    private static final int PART = 8 << 10;

    private final String name;
    private final byte[] encodedName;
    private final DataType type;
    private long[] shape;
    private Map<String, Object> parameters;
    private final InputData content = new InputData();

    /**
     * Creates an input without data.
     *
     * @param name the name, as in the model's configuration
     * @param shape the shape, with the batch dimension first if the model has one; it is copied
     * @param type the datatype
     */
    public InferInput(String name, long[] shape, DataType type) {
        this.name = Objects.requireNonNull(name, "name");
        this.encodedName = name.getBytes(StandardCharsets.UTF_8);
        this.shape = Objects.requireNonNull(shape, "shape").clone();
        this.type = Objects.requireNonNull(type, "type");
    }

    /**
     * Sets the data, sent in binary; otherwise as {@link #setData(boolean[], boolean)}.
     *
     * @param data the elements
     */
    public InferInput setData(boolean[] data) {
        return setData(data, true);
    }

    /**
     * Sets the data to a copy of the elements, of datatype BOOL. Replaces the data set before.
     *
     * @param data the elements, in row-major order
     * @param isBinary {@code false} to send them as text: as JSON over HTTP, as typed contents over gRPC
     * @throws IllegalArgumentException if the elements do not fit the datatype, or are larger than 2^31 - 1 bytes
     */
    public InferInput setData(boolean[] data, boolean isBinary) {
        Objects.requireNonNull(data, "data");
        checkType(fits(DataType.BOOL), "boolean[]");
        ByteBuffer target = target(data.length, isBinary);
        byte[] part = new byte[Math.min(data.length, PART)];
        for (int from = 0; from < data.length; from += part.length) {
            int count = Math.min(data.length - from, part.length);
            for (int i = 0; i < count; i++) {
                part[i] = (byte) (data[from + i] ? 1 : 0);
            }
            target.put(part, 0, count);
        }
        return this;
    }

    /**
     * Sets the data, sent in binary; otherwise as {@link #setData(byte[], boolean)}.
     *
     * @param data the elements
     */
    public InferInput setData(byte[] data) {
        return setData(data, true);
    }

    /**
     * Sets the data to a copy of the elements, of datatype INT8 or UINT8. Replaces the data set before.
     *
     * @param data the elements, in row-major order
     * @param isBinary {@code false} to send them as text: as JSON over HTTP, as typed contents over gRPC
     * @throws IllegalArgumentException if the elements do not fit the datatype, or are larger than 2^31 - 1 bytes
     */
    public InferInput setData(byte[] data, boolean isBinary) {
        Objects.requireNonNull(data, "data");
        checkType(fits(DataType.INT8, DataType.UINT8), "byte[]");
        target(data.length, isBinary).put(data);
        return this;
    }

    /**
     * Sets the data, sent in binary; otherwise as {@link #setData(short[], boolean)}.
     *
     * @param data the elements
     */
    public InferInput setData(short[] data) {
        return setData(data, true);
    }

    /**
     * Sets the data to a copy of the elements, of datatype INT16 or UINT16, or the bits of FP16 or BF16. Replaces the
     * data set before.
     *
     * @param data the elements, in row-major order
     * @param isBinary {@code false} to send them as text: as JSON over HTTP, as typed contents over gRPC
     * @throws IllegalArgumentException if the elements do not fit the datatype, or are larger than 2^31 - 1 bytes
     */
    public InferInput setData(short[] data, boolean isBinary) {
        Objects.requireNonNull(data, "data");
        checkType(fits(DataType.INT16, DataType.UINT16) || isHalf(), "short[]");
        target(2L * data.length, isBinary).asShortBuffer().put(data);
        return this;
    }

    /**
     * Sets the data, sent in binary; otherwise as {@link #setData(int[], boolean)}.
     *
     * @param data the elements
     */
    public InferInput setData(int[] data) {
        return setData(data, true);
    }

    /**
     * Sets the data to a copy of the elements, of datatype INT32 or UINT32. Replaces the data set before.
     *
     * @param data the elements, in row-major order
     * @param isBinary {@code false} to send them as text: as JSON over HTTP, as typed contents over gRPC
     * @throws IllegalArgumentException if the elements do not fit the datatype, or are larger than 2^31 - 1 bytes
     */
    public InferInput setData(int[] data, boolean isBinary) {
        Objects.requireNonNull(data, "data");
        checkType(fits(DataType.INT32, DataType.UINT32), "int[]");
        target(4L * data.length, isBinary).asIntBuffer().put(data);
        return this;
    }

    /**
     * Sets the data, sent in binary; otherwise as {@link #setData(long[], boolean)}.
     *
     * @param data the elements
     */
    public InferInput setData(long[] data) {
        return setData(data, true);
    }

    /**
     * Sets the data to a copy of the elements, of datatype INT64 or UINT64. Replaces the data set before.
     *
     * @param data the elements, in row-major order
     * @param isBinary {@code false} to send them as text: as JSON over HTTP, as typed contents over gRPC
     * @throws IllegalArgumentException if the elements do not fit the datatype, or are larger than 2^31 - 1 bytes
     */
    public InferInput setData(long[] data, boolean isBinary) {
        Objects.requireNonNull(data, "data");
        checkType(fits(DataType.INT64, DataType.UINT64), "long[]");
        target(8L * data.length, isBinary).asLongBuffer().put(data);
        return this;
    }

    /**
     * Sets the data, sent in binary; otherwise as {@link #setData(float[], boolean)}.
     *
     * @param data the elements
     */
    public InferInput setData(float[] data) {
        return setData(data, true);
    }

    /**
     * Sets the data to a copy of the elements, of datatype FP32, FP16 or BF16; 16-bit floats are rounded to the
     * nearest, ties to the even one. Replaces the data set before.
     *
     * @param data the elements, in row-major order
     * @param isBinary {@code false} to send them as text: as JSON over HTTP, as typed contents over gRPC
     * @throws IllegalArgumentException if the elements do not fit the datatype, or are larger than 2^31 - 1 bytes
     */
    public InferInput setData(float[] data, boolean isBinary) {
        Objects.requireNonNull(data, "data");
        checkType(fits(DataType.FP32) || isHalf(), "float[]");
        if (isHalf()) {
            return setHalves(data, isBinary);
        }
        target(4L * data.length, isBinary).asFloatBuffer().put(data);
        return this;
    }

    /**
     * Sets the data, sent in binary; otherwise as {@link #setData(double[], boolean)}.
     *
     * @param data the elements
     */
    public InferInput setData(double[] data) {
        return setData(data, true);
    }

    /**
     * Sets the data to a copy of the elements, of datatype FP64. Replaces the data set before.
     *
     * @param data the elements, in row-major order
     * @param isBinary {@code false} to send them as text: as JSON over HTTP, as typed contents over gRPC
     * @throws IllegalArgumentException if the elements do not fit the datatype, or are larger than 2^31 - 1 bytes
     */
    public InferInput setData(double[] data, boolean isBinary) {
        Objects.requireNonNull(data, "data");
        checkType(fits(DataType.FP64), "double[]");
        target(8L * data.length, isBinary).asDoubleBuffer().put(data);
        return this;
    }

    /**
     * Sets the data, sent in binary; otherwise as {@link #setData(String[], boolean)}.
     *
     * @param data the elements
     */
    public InferInput setData(String[] data) {
        return setData(data, true);
    }

    /**
     * Sets the data to a copy of the elements, of datatype BYTES, encoded as UTF-8; an unpaired surrogate becomes
     * {@code ?}. Replaces the data set before.
     *
     * @param data the elements, in row-major order
     * @param isBinary {@code false} to send them as text: as JSON over HTTP, as typed contents over gRPC
     * @throws IllegalArgumentException if the elements do not fit the datatype, or are larger than 2^31 - 1 bytes
     */
    public InferInput setData(String[] data, boolean isBinary) {
        Objects.requireNonNull(data, "data");
        checkType(fits(DataType.BYTES), "String[]");
        byte[][] elements = new byte[data.length][];
        for (int i = 0; i < data.length; i++) {
            elements[i] = notNull(data[i], i).getBytes(StandardCharsets.UTF_8);
        }
        return setElements(elements, isBinary);
    }

    /**
     * Sets the data, sent in binary; otherwise as {@link #setData(byte[][], boolean)}.
     *
     * @param data the elements
     */
    public InferInput setData(byte[][] data) {
        return setData(data, true);
    }

    /**
     * Sets the data to a copy of the elements, of datatype BYTES. Replaces the data set before.
     *
     * @param data the elements, in row-major order
     * @param isBinary {@code false} to send them as text: as JSON over HTTP, as typed contents over gRPC
     * @throws IllegalArgumentException if the elements do not fit the datatype, or are larger than 2^31 - 1 bytes
     */
    public InferInput setData(byte[][] data, boolean isBinary) {
        Objects.requireNonNull(data, "data");
        checkType(fits(DataType.BYTES), "byte[][]");
        for (int i = 0; i < data.length; i++) {
            notNull(data[i], i);
        }
        return setElements(data, isBinary);
    }

    /**
     * Sets the data, sent in binary; otherwise as {@link #setData(ShortBuffer, boolean)}.
     *
     * @param data the elements
     */
    public InferInput setData(ShortBuffer data) {
        return setData(data, true);
    }

    /**
     * Sets the data to the remaining elements of a buffer, of datatype INT16 or UINT16, or the bits of FP16 or BF16.
     * Replaces the data set before. Direct little-endian buffers are borrowed as by {@link #setData(ByteBuffer,
     * boolean)}; all others are copied.
     *
     * @param data the elements, in row-major order; its position does not change
     * @param isBinary {@code false} to send them as text: as JSON over HTTP, as typed contents over gRPC
     * @throws IllegalArgumentException if the elements do not fit the datatype, or are larger than 2^31 - 1 bytes and
     *     must be copied
     */
    public InferInput setData(ShortBuffer data, boolean isBinary) {
        Objects.requireNonNull(data, "data");
        checkType(fits(DataType.INT16, DataType.UINT16) || isHalf(), "ShortBuffer");
        ShortBuffer own = data.duplicate();
        if (InputData.isBorrowable(own, own.order())) {
            return borrow(own, 2, isBinary);
        }
        target(2L * own.remaining(), isBinary).asShortBuffer().put(own);
        return this;
    }

    /**
     * Sets the data, sent in binary; otherwise as {@link #setData(IntBuffer, boolean)}.
     *
     * @param data the elements
     */
    public InferInput setData(IntBuffer data) {
        return setData(data, true);
    }

    /**
     * Sets the data to the remaining elements of a buffer, of datatype INT32 or UINT32. Replaces the data set before.
     * Direct little-endian buffers are borrowed as by {@link #setData(ByteBuffer, boolean)}; all others are copied.
     *
     * @param data the elements, in row-major order; its position does not change
     * @param isBinary {@code false} to send them as text: as JSON over HTTP, as typed contents over gRPC
     * @throws IllegalArgumentException if the elements do not fit the datatype, or are larger than 2^31 - 1 bytes and
     *     must be copied
     */
    public InferInput setData(IntBuffer data, boolean isBinary) {
        Objects.requireNonNull(data, "data");
        checkType(fits(DataType.INT32, DataType.UINT32), "IntBuffer");
        IntBuffer own = data.duplicate();
        if (InputData.isBorrowable(own, own.order())) {
            return borrow(own, 4, isBinary);
        }
        target(4L * own.remaining(), isBinary).asIntBuffer().put(own);
        return this;
    }

    /**
     * Sets the data, sent in binary; otherwise as {@link #setData(LongBuffer, boolean)}.
     *
     * @param data the elements
     */
    public InferInput setData(LongBuffer data) {
        return setData(data, true);
    }

    /**
     * Sets the data to the remaining elements of a buffer, of datatype INT64 or UINT64. Replaces the data set before.
     * Direct little-endian buffers are borrowed as by {@link #setData(ByteBuffer, boolean)}; all others are copied.
     *
     * @param data the elements, in row-major order; its position does not change
     * @param isBinary {@code false} to send them as text: as JSON over HTTP, as typed contents over gRPC
     * @throws IllegalArgumentException if the elements do not fit the datatype, or are larger than 2^31 - 1 bytes and
     *     must be copied
     */
    public InferInput setData(LongBuffer data, boolean isBinary) {
        Objects.requireNonNull(data, "data");
        checkType(fits(DataType.INT64, DataType.UINT64), "LongBuffer");
        LongBuffer own = data.duplicate();
        if (InputData.isBorrowable(own, own.order())) {
            return borrow(own, 8, isBinary);
        }
        target(8L * own.remaining(), isBinary).asLongBuffer().put(own);
        return this;
    }

    /**
     * Sets the data, sent in binary; otherwise as {@link #setData(FloatBuffer, boolean)}.
     *
     * @param data the elements
     */
    public InferInput setData(FloatBuffer data) {
        return setData(data, true);
    }

    /**
     * Sets the data to the remaining elements of a buffer, of datatype FP32, FP16 or BF16; 16-bit floats are always
     * converted, and so copied. Replaces the data set before. Direct little-endian buffers are borrowed as by {@link
     * #setData(ByteBuffer, boolean)}; all others are copied.
     *
     * @param data the elements, in row-major order; its position does not change
     * @param isBinary {@code false} to send them as text: as JSON over HTTP, as typed contents over gRPC
     * @throws IllegalArgumentException if the elements do not fit the datatype, or are larger than 2^31 - 1 bytes and
     *     must be copied
     */
    public InferInput setData(FloatBuffer data, boolean isBinary) {
        Objects.requireNonNull(data, "data");
        checkType(fits(DataType.FP32) || isHalf(), "FloatBuffer");
        if (isHalf()) {
            float[] values = new float[data.remaining()];
            data.duplicate().get(values);
            return setHalves(values, isBinary);
        }
        FloatBuffer own = data.duplicate();
        if (InputData.isBorrowable(own, own.order())) {
            return borrow(own, 4, isBinary);
        }
        target(4L * own.remaining(), isBinary).asFloatBuffer().put(own);
        return this;
    }

    /**
     * Sets the data, sent in binary; otherwise as {@link #setData(DoubleBuffer, boolean)}.
     *
     * @param data the elements
     */
    public InferInput setData(DoubleBuffer data) {
        return setData(data, true);
    }

    /**
     * Sets the data to the remaining elements of a buffer, of datatype FP64. Replaces the data set before. Direct
     * little-endian buffers are borrowed as by {@link #setData(ByteBuffer, boolean)}; all others are copied.
     *
     * @param data the elements, in row-major order; its position does not change
     * @param isBinary {@code false} to send them as text: as JSON over HTTP, as typed contents over gRPC
     * @throws IllegalArgumentException if the elements do not fit the datatype, or are larger than 2^31 - 1 bytes and
     *     must be copied
     */
    public InferInput setData(DoubleBuffer data, boolean isBinary) {
        Objects.requireNonNull(data, "data");
        checkType(fits(DataType.FP64), "DoubleBuffer");
        DoubleBuffer own = data.duplicate();
        if (InputData.isBorrowable(own, own.order())) {
            return borrow(own, 8, isBinary);
        }
        target(8L * own.remaining(), isBinary).asDoubleBuffer().put(own);
        return this;
    }

    /**
     * Sets the data, sent in binary; otherwise as {@link #setData(ByteBuffer, boolean)}.
     *
     * @param data the elements
     */
    public InferInput setData(ByteBuffer data) {
        return setData(data, true);
    }

    /**
     * Sets the data to the remaining bytes of a buffer, for every datatype; for BYTES, each element follows its length,
     * 4 bytes little-endian. Replaces the data set before.
     *
     * <p>The buffer's {@link ByteBuffer#order} says how its elements are stored. That of a new or wrapped buffer, also
     * of a slice or duplicate, is {@link ByteOrder#BIG_ENDIAN}; for BYTES and datatypes of one byte it has no meaning.
     *
     * <p>A direct little-endian buffer is borrowed: each call reads its memory, from its present position to its limit,
     * without a copy. The memory must not be changed until the call is complete; the input keeps it reachable. If the
     * buffer was made by a memory segment, the segment's arena must stay open until the call is complete, and be
     * accessible to the thread that submits it: a call with a closed arena throws {@link IllegalStateException}. All
     * other buffers are copied, and big-endian elements converted.
     *
     * @param data the bytes of the elements, in row-major order; its position does not change
     * @param isBinary {@code false} to send them as text: as JSON over HTTP, as typed contents over gRPC
     * @throws IllegalArgumentException if the buffer is big-endian and not a whole number of elements
     */
    public InferInput setData(ByteBuffer data, boolean isBinary) {
        Objects.requireNonNull(data, "data");
        int elementSize = type.getByteSize();
        // A duplicate has lost the order.
        ByteOrder order = elementSize > 1 ? data.order() : ByteOrder.LITTLE_ENDIAN;
        ByteBuffer own = data.duplicate().order(order);
        if (InputData.isBorrowable(own, order)) {
            return borrow(own, 1, isBinary);
        }
        int size = own.remaining();
        if (order == ByteOrder.LITTLE_ENDIAN) {
            target(size, isBinary).put(own);
            return this;
        }
        if (size % elementSize != 0) {
            throw new IllegalArgumentException("input '" + name + "': a big-endian buffer of " + size
                    + " bytes is not a whole number of " + type + " elements");
        }
        ByteBuffer target = target(size, isBinary);
        if (elementSize == 2) {
            target.asShortBuffer().put(own.asShortBuffer());
        } else if (elementSize == 4) {
            target.asIntBuffer().put(own.asIntBuffer());
        } else {
            target.asLongBuffer().put(own.asLongBuffer());
        }
        return this;
    }

    /**
     * Takes the data from shared memory that is registered with the server. Replaces the data set before.
     *
     * @param region the name under which the region is registered
     * @param byteSize the size of the tensor in bytes
     * @param offset the offset of the tensor from the start of the region, in bytes
     */
    public InferInput setSharedMemory(String region, long byteSize, long offset) {
        content.setRegion(Objects.requireNonNull(region, "region"), byteSize, offset);
        return this;
    }

    /**
     * Takes the data from a JSON array, flat or nested, which is sent unchanged. HTTP only. Replaces the data set
     * before.
     *
     * @param json the array
     */
    public InferInput setJsonText(String json) {
        content.setJsonText(Objects.requireNonNull(json, "json"));
        return this;
    }

    /**
     * Sets the shape; the data stays as it is.
     *
     * @param shape the shape, which is copied
     */
    public InferInput setShape(long... shape) {
        this.shape = Objects.requireNonNull(shape, "shape").clone();
        return this;
    }

    /**
     * Sets a parameter; replaces the value set before. A call throws an {@link InferenceException} with {@link
     * Status#INVALID_ARGUMENT} for a name that the protocol or Triton uses itself.
     *
     * @param name the name
     * @param value the value
     */
    public InferInput setParameter(String name, boolean value) {
        parameters = Parameters.set(parameters, name, value);
        return this;
    }

    /**
     * Sets a parameter, as {@link #setParameter(String, boolean)} does.
     *
     * @param name the name
     * @param value the value
     */
    public InferInput setParameter(String name, long value) {
        parameters = Parameters.set(parameters, name, value);
        return this;
    }

    /**
     * Sets a parameter, as {@link #setParameter(String, boolean)} does.
     *
     * @param name the name
     * @param value the value
     */
    public InferInput setParameter(String name, double value) {
        parameters = Parameters.set(parameters, name, value);
        return this;
    }

    /**
     * Sets a parameter, as {@link #setParameter(String, boolean)} does.
     *
     * @param name the name
     * @param value the value
     */
    public InferInput setParameter(String name, String value) {
        parameters = Parameters.set(parameters, name, value);
        return this;
    }

    /** Returns the name. */
    public String getName() {
        return name;
    }

    /** Returns a copy of the shape. */
    public long[] getShape() {
        return shape.clone();
    }

    /** Returns the datatype. */
    public DataType getDataType() {
        return type;
    }

    /** Returns the size of the data in bytes, or that of the shared memory; 0 without data, and for JSON text. */
    public long getByteSize() {
        return content.byteSize();
    }

    /** Returns whether the data is sent in binary. */
    public boolean isBinary() {
        return content.isBinary();
    }

    /** Returns a copy of the parameters. */
    public Parameters getParameters() {
        return Parameters.copyOf(parameters);
    }

    /** Returns name, datatype, shape and size, without the data. */
    @Override
    public String toString() {
        return "input '" + Messages.excerpt(name) + "' " + type + " " + Messages.dimensions(shape) + ", "
                + getByteSize() + " bytes";
    }

    /** Returns whether the data are BYTES elements that were framed here. */
    boolean isFramed() {
        return content.isFramed();
    }

    /** Returns about the size of the input in the record. */
    int packedByteSize() {
        return 20 + encodedName.length + 8 * shape.length + content.packedByteSize();
    }

    /** Writes the input to the record of a request, and adds its buffer. */
    void write(RecordWriter record, PackedRequest packed) {
        record.bytes(encodedName).u8(type.getNumber()).shape(shape);
        content.write(record, packed);
        Parameters.write(parameters, record);
    }

    private boolean fits(DataType expected) {
        return type == expected;
    }

    private boolean fits(DataType expected, DataType other) {
        return type == expected || type == other;
    }

    private boolean isHalf() {
        return fits(DataType.FP16, DataType.BF16);
    }

    private void checkType(boolean fits, String javaType) {
        if (!fits) {
            throw new IllegalArgumentException(
                    "input '" + name + "': " + javaType + " does not match datatype " + type);
        }
    }

    private static <T> T notNull(T element, int index) {
        if (element == null) {
            throw new NullPointerException("data[" + index + "]");
        }
        return element;
    }

    private InferInput setHalves(float[] data, boolean isBinary) {
        // Before the data is replaced: this may fail.
        NativeLibrary.load();
        ByteBuffer target = target(2L * data.length, isBinary);
        for (int from = 0; from < data.length; from += Halves.CHUNK) {
            target.put(Halves.fromFloats(data, from, type));
        }
        return this;
    }

    private InferInput setElements(byte[][] elements, boolean isBinary) {
        long size = 0;
        for (byte[] element : elements) {
            size += Integer.BYTES + element.length;
        }
        ByteBuffer target = target(size, isBinary);
        for (byte[] element : elements) {
            target.putInt(element.length).put(element);
        }
        content.setFramed();
        return this;
    }

    /** Returns the memory for a copy of the data, little-endian, to be filled from its position to its limit. */
    private ByteBuffer target(long size, boolean isBinary) {
        if (size > Integer.MAX_VALUE) {
            throw new IllegalArgumentException("input '" + name + "': " + size
                    + " bytes exceed the maximum of 2^31 - 1 bytes of a copied tensor");
        }
        return content.copy((int) size, isBinary);
    }

    private InferInput borrow(Buffer own, int elementByteSize, boolean isBinary) {
        content.borrow(own, elementByteSize, isBinary);
        return this;
    }
}
