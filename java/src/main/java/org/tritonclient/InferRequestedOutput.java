package org.tritonclient;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;

/**
 * A requested output of a request: its form, and the destination of its data. A request without any requests all
 * outputs.
 *
 * <p>Several requests, and several calls at the same time, may share a requested output without a buffer. It must not
 * be changed while a call is being submitted.
 */
public final class InferRequestedOutput {
    // The places of an output in the record.
    private static final int NONE = 0;
    private static final int BUFFER = 2;
    private static final int REGION = 3;

    private final String name;
    private final byte[] encodedName;
    private final boolean isBinary;
    private final int classCount;
    private Map<String, Object> parameters;
    private TensorBuffer buffer;
    private String region;
    private long byteSize;
    private long offset;

    /**
     * Requests an output in binary.
     *
     * @param name the name, as in the model's configuration
     */
    public InferRequestedOutput(String name) {
        this(name, true, 0);
    }

    /**
     * Requests an output.
     *
     * @param name the name, as in the model's configuration
     * @param isBinary {@code false} to request it as JSON over HTTP; the result is the same. Triton rejects FP16 and
     *     BF16
     */
    public InferRequestedOutput(String name, boolean isBinary) {
        this(name, isBinary, 0);
    }

    /**
     * Requests an output, or its best classes.
     *
     * @param name the name, as in the model's configuration
     * @param isBinary {@code false} to request it as JSON over HTTP; the result is the same. Triton rejects FP16 and
     *     BF16
     * @param classCount the number of classes to return instead of the tensor, the best first, which {@link
     *     InferResult#getOutputAsClasses} reads; 0 for the tensor
     */
    public InferRequestedOutput(String name, boolean isBinary, int classCount) {
        this.name = Objects.requireNonNull(name, "name");
        this.encodedName = name.getBytes(StandardCharsets.UTF_8);
        this.isBinary = isBinary;
        this.classCount = classCount;
    }

    /**
     * Makes each call write the output straight into a buffer, from its present position to its limit. The result then
     * has the output's shape and byte size; the data is in the buffer, whose position and limit do not change, and
     * valid once the call is complete. It is little-endian: the buffer's order should be {@link
     * java.nio.ByteOrder#LITTLE_ENDIAN}. Replaces the destination set before.
     *
     * <p>Until the call is complete the buffer must not be used. One call at a time may use it: another throws an
     * {@link InferenceException} with {@link Status#FAILED_PRECONDITION}. A call throws {@link
     * Status#RESOURCE_EXHAUSTED} if the buffer is too small, and then leaves it unchanged; after any other failure its
     * contents are unspecified. If the buffer was made by a memory segment, the segment's arena must stay open until
     * the call is complete.
     *
     * @param buffer a direct buffer; {@code null} to have the output in the result again
     * @throws IllegalArgumentException if the buffer is not direct, or read-only
     */
    public InferRequestedOutput setBuffer(ByteBuffer buffer) {
        TensorBuffer own = null;
        if (buffer != null) {
            if (!buffer.isDirect() || buffer.isReadOnly()) {
                throw new IllegalArgumentException("output '" + name + "': a buffer for an output must be direct, and"
                        + " not read-only");
            }
            ByteBuffer duplicate = buffer.duplicate();
            own = new TensorBuffer(duplicate, duplicate.position(), duplicate.remaining());
        }
        this.buffer = own;
        region = null;
        return this;
    }

    /**
     * Makes the server write the output to shared memory that is registered with it. The result then has the output's
     * shape and no data. The server fails the call if the space is too small. Replaces the destination set before.
     *
     * @param region the name under which the region is registered
     * @param byteSize the space for the output in bytes
     * @param offset the offset of the output from the start of the region, in bytes
     */
    public InferRequestedOutput setSharedMemory(String region, long byteSize, long offset) {
        this.region = Objects.requireNonNull(region, "region");
        this.byteSize = byteSize;
        this.offset = offset;
        buffer = null;
        return this;
    }

    /**
     * Sets a parameter; replaces the value set before. A call throws an {@link InferenceException} with {@link
     * Status#INVALID_ARGUMENT} for a name that the protocol or Triton uses itself.
     *
     * @param name the name
     * @param value the value
     */
    public InferRequestedOutput setParameter(String name, boolean value) {
        parameters = Parameters.set(parameters, name, value);
        return this;
    }

    /**
     * Sets a parameter, as {@link #setParameter(String, boolean)} does.
     *
     * @param name the name
     * @param value the value
     */
    public InferRequestedOutput setParameter(String name, long value) {
        parameters = Parameters.set(parameters, name, value);
        return this;
    }

    /**
     * Sets a parameter, as {@link #setParameter(String, boolean)} does.
     *
     * @param name the name
     * @param value the value
     */
    public InferRequestedOutput setParameter(String name, double value) {
        parameters = Parameters.set(parameters, name, value);
        return this;
    }

    /**
     * Sets a parameter, as {@link #setParameter(String, boolean)} does.
     *
     * @param name the name
     * @param value the value
     */
    public InferRequestedOutput setParameter(String name, String value) {
        parameters = Parameters.set(parameters, name, value);
        return this;
    }

    /** Returns the name. */
    public String getName() {
        return name;
    }

    /** Returns whether the output is requested in binary. */
    public boolean isBinary() {
        return isBinary;
    }

    /** Returns the number of classes requested; 0 if the tensor itself is requested. */
    public int getClassCount() {
        return classCount;
    }

    /** Returns a copy of the parameters. */
    public Parameters getParameters() {
        return Parameters.copyOf(parameters);
    }

    @Override
    public String toString() {
        return "requested output '" + Messages.excerpt(name) + "'";
    }

    /** Returns about the size of the output in the record. */
    int packedByteSize() {
        return 40 + encodedName.length;
    }

    /**
     * Writes the output to the record of a request, and adds its buffer.
     *
     * @throws InferenceException FAILED_PRECONDITION if another call has the buffer
     */
    void write(RecordWriter record, PackedRequest packed) {
        record.bytes(encodedName).i32(classCount).bool(!isBinary);
        if (buffer != null) {
            if (buffer.byteSize > 0) {
                buffer.checkAccess();
            }
            record.u8(BUFFER);
            if (!packed.addOutput(buffer, record)) {
                throw Messages.precondition("output '" + name + "': its buffer is in use by another call");
            }
        } else if (region != null) {
            record.u8(REGION).str(region).i64(byteSize).i64(offset);
        } else {
            record.u8(NONE);
        }
        Parameters.write(parameters, record);
    }
}
