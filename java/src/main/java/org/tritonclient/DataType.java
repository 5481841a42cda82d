package org.tritonclient;

/**
 * The datatype of a tensor's elements.
 *
 * <p>Java has no unsigned and no 16-bit floating-point types. Elements of {@code UINT8} to {@code UINT64} are passed in
 * the signed type of the same size, with the same bits: 255 is {@code (byte) 255}, which prints as -1, and {@link
 * Byte#toUnsignedInt}, {@link Integer#toUnsignedLong} or {@link Long#toUnsignedString(long)} give the value; {@link
 * InferOutput#asUnsignedByte}, {@link InferOutput#asUnsignedShort} and {@link InferOutput#asUnsignedInt} read a whole
 * tensor so. Elements of {@code FP16} and {@code BF16} are converted from and to {@code float[]}.
 */
public enum DataType {
    /** No datatype, or one unknown to this version of the library. */
    INVALID(0),
    /** One byte, 0 or 1: {@code boolean[]}. */
    BOOL(1),
    /** Unsigned 8-bit integer: {@code byte[]}. */
    UINT8(1),
    /** Unsigned 16-bit integer: {@code short[]}. */
    UINT16(2),
    /** Unsigned 32-bit integer: {@code int[]}. */
    UINT32(4),
    /** Unsigned 64-bit integer: {@code long[]}. */
    UINT64(8),
    /** Signed 8-bit integer: {@code byte[]}. */
    INT8(1),
    /** Signed 16-bit integer: {@code short[]}. */
    INT16(2),
    /** Signed 32-bit integer: {@code int[]}. */
    INT32(4),
    /** Signed 64-bit integer: {@code long[]}. */
    INT64(8),
    /** 16-bit float, IEEE 754: {@code float[]}, or its bits as {@code short[]}. */
    FP16(2),
    /** 32-bit float, IEEE 754: {@code float[]}. */
    FP32(4),
    /** 64-bit float, IEEE 754: {@code double[]}. */
    FP64(8),
    /** Byte strings of variable length: {@code byte[][]} or {@code String[]}. */
    BYTES(0),
    /** 16-bit float, the upper half of an {@code FP32}: {@code float[]}, or its bits as {@code short[]}. */
    BF16(2);

    private static final DataType[] VALUES = values();

    private final int byteSize;

    DataType(int byteSize) {
        this.byteSize = byteSize;
    }

    /** Returns the size of one element in bytes; 0 for {@link #BYTES}, whose elements vary, and {@link #INVALID}. */
    public int getByteSize() {
        return byteSize;
    }

    /** Returns the number of the datatype in Triton's protocol ({@code inference.DataType}) and in the C API. */
    public int getNumber() {
        // The constants are declared in the order of their numbers.
        return ordinal();
    }

    /**
     * Returns the datatype of a name of the protocol, in upper case, {@code "FP32"}; {@link #INVALID} for an unknown
     * one.
     *
     * @param name the name
     */
    public static DataType fromName(String name) {
        for (DataType type : VALUES) {
            if (type.name().equals(name)) {
                return type;
            }
        }
        return INVALID;
    }

    static DataType of(int number) {
        return number >= 0 && number < VALUES.length ? VALUES[number] : INVALID;
    }
}
