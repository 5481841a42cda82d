package org.tritonclient;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The data of an input: where it is, and how it is written to the record of a request. */
final class InputData {
    /** The maximum size of data that crosses inside the record. */
    static final int MAX_INLINE = 4 << 10;

    // The places in the record.
    private static final int NONE = 0;
    private static final int INLINE = 1;
    private static final int BUFFER = 2;
    private static final int REGION = 3;
    private static final int JSON_TEXT = 4;

    private int place = NONE;
    private long byteSize;
    private boolean isBinary = true;
    /** Whether BYTES elements have been framed here: a raw body has none. */
    private boolean isFramed;
    /** The memory of a small copy. */
    private byte[] inline;
    /** The memory of a large copy, kept for the next one. */
    private TensorBuffer copy;
    /** The buffer with the data, {@link #copy} or the user's. */
    private TensorBuffer buffer;
    /** The name of the shared-memory region, or the JSON text. */
    private String text;
    private long offset;

    long byteSize() {
        return byteSize;
    }

    boolean isBinary() {
        return isBinary;
    }

    boolean isFramed() {
        return isFramed;
    }

    /** Returns the memory for a copy of the data, little-endian, to be filled from its position to its limit. */
    ByteBuffer copy(int size, boolean isBinary) {
        if (size <= MAX_INLINE) {
            if (inline == null || inline.length < size) {
                inline = new byte[size];
            }
            set(INLINE, size, isBinary);
            return ByteBuffer.wrap(inline, 0, size).order(ByteOrder.LITTLE_ENDIAN);
        }
        if (copy == null || copy.byteSize < size || !copy.isFree()) {
            copy = TensorBuffer.allocate(size);
        }
        set(BUFFER, size, isBinary);
        buffer = copy;
        ByteBuffer target = ((ByteBuffer) copy.buffer).duplicate().order(ByteOrder.LITTLE_ENDIAN);
        target.limit(size);
        return target;
    }

    /** Says that the data last copied are BYTES elements after their lengths. */
    void setFramed() {
        isFramed = true;
    }

    /** Returns whether {@link #borrow} takes a buffer; if not, it must be copied. */
    static boolean isBorrowable(Buffer buffer, ByteOrder order) {
        // Without bytes there is nothing to borrow, and nothing to check access to.
        return buffer.isDirect() && order == ByteOrder.LITTLE_ENDIAN && buffer.hasRemaining();
    }

    /** Borrows the remaining elements of a buffer that nobody else moves: a duplicate of the user's. */
    void borrow(Buffer own, int elementByteSize, boolean isBinary) {
        long position = (long) elementByteSize * own.position();
        long size = (long) elementByteSize * own.remaining();
        TensorBuffer borrowed = new TensorBuffer(own, position, size);
        set(BUFFER, size, isBinary);
        buffer = borrowed;
    }

    void setRegion(String region, long size, long offset) {
        set(REGION, size, true);
        text = region;
        this.offset = offset;
    }

    void setJsonText(String json) {
        set(JSON_TEXT, 0, true);
        text = json;
    }

    private void set(int place, long size, boolean isBinary) {
        this.place = place;
        byteSize = size;
        this.isBinary = isBinary;
        isFramed = false;
        // Not to keep what is no longer needed.
        buffer = null;
        text = null;
    }

    /** Returns about the size of the data in the record. */
    int packedByteSize() {
        return place == INLINE ? 4 + (int) byteSize : 24;
    }

    /** Writes the place of the data, and the form in which it is sent, to the record of a request. */
    void write(RecordWriter record, PackedRequest packed) {
        record.u8(place);
        switch (place) {
            case INLINE:
                record.bytes(inline, 0, (int) byteSize);
                break;
            case BUFFER:
                if (buffer != copy) {
                    buffer.checkAccess();
                }
                packed.addInput(buffer, byteSize, record);
                break;
            case REGION:
                record.str(text).i64(byteSize).i64(offset);
                break;
            case JSON_TEXT:
                record.str(text);
                break;
            default:
                break;
        }
        record.bool(!isBinary);
    }
}
