package org.tritonclient;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.RandomAccess;
import java.util.function.LongConsumer;

/**
 * The result of an inference: outputs by name, and what the server and the client say about the call. It outlives its
 * request and its client.
 *
 * <p>A large result has native memory, which {@link #close} frees at once. After that no output can be read: {@link
 * IllegalStateException}. Names, shapes, parameters, headers and times remain readable, arrays that were returned are
 * the caller's, and buffers that were returned keep the memory of the result for as long as any of them is reachable.
 *
 * <p>A result that is dropped without being closed is freed by the garbage collector, which does not see native memory.
 * So when the memory of all results exceeds a limit, half of the maximum heap or the system property {@code
 * tritonclient.maxResultBytes}, receiving a result runs the collector and waits for up to half a second; the limit then
 * is twice what was left, if that is more. Programs that close their results never get there.
 *
 * <p>A result may be read and closed by several threads at the same time.
 */
public final class InferResult implements AutoCloseable {
    /** The minimum size of an output in the record. */
    private static final int MIN_OUTPUT_BYTE_SIZE = 27;

    private static final int TIMES_BYTE_SIZE = 5 * Long.BYTES;

    /** About the maximum length of the text of a result. */
    private static final int MAX_TEXT = 64 << 10;

    /** Not a method reference: the class loader may be closed when the first result comes. */
    private static final LongConsumer FREE = new LongConsumer() {
        @Override
        public void accept(long handle) {
            Native.resultFree(handle);
        }
    };

    private final byte[] record;
    private final int textsPosition;
    private final int timesPosition;
    private final int headersPosition;
    private final Finality finality;
    private final boolean isNull;
    private final InferOutput[] outputs;
    /** {@code null} if all outputs are in the record. */
    private final ResultMemory memory;
    /** Whether a result without memory is closed. */
    private volatile boolean isClosed;
    private Headers headers;

    private InferResult(
            RecordReader reader,
            byte[] record,
            long handle,
            Object[] packed,
            LongConsumer free,
            ResultBudget budget) {
        this.record = record;
        textsPosition = reader.position();
        for (int i = 0; i < 4; i++) {
            skipText(reader);
        }
        finality = Finality.of(reader.u8());
        isNull = reader.bool();
        timesPosition = reader.skip(TIMES_BYTE_SIZE);
        Parameters.skip(reader);
        outputs = new InferOutput[reader.count(MIN_OUTPUT_BYTE_SIZE)];
        long byteSize = 0;
        for (int i = 0; i < outputs.length; i++) {
            outputs[i] = InferOutput.read(this, reader, record, handle == 0 ? null : packed);
            byteSize += outputs[i].nativeByteSize();
        }
        headersPosition = reader.position();
        // Last: what fails before leaves the handle to the caller.
        memory = handle == 0 ? null : ResultMemory.own(this, handle, byteSize, free, budget);
    }

    /**
     * Reads the record of a result, after the kind of the outcome, and takes over its handle, also if this fails.
     *
     * @param record the record, which the result keeps
     * @param position the start of the result in it
     * @param packed the record and its buffers, from index 1 on; {@code null} if there are no buffers
     * @throws InferenceException INTERNAL if the record is malformed
     */
    static InferResult read(byte[] record, int position, Object[] packed) {
        return read(record, position, packed, FREE, ResultMemory.BUDGET);
    }

    /** As the other one, with another function to free the handle, and another count of memory. */
    static InferResult read(
            byte[] record, int position, Object[] packed, LongConsumer free, ResultBudget budget) {
        long handle = 0;
        try {
            // Before anything is allocated, which may fail: the handle has no owner yet.
            handle = (long) LittleEndian.LONG.get(record, position);
            RecordReader reader = new RecordReader(record, position + Long.BYTES);
            return new InferResult(reader, record, handle, packed, free, budget);
        } catch (IndexOutOfBoundsException | IllegalArgumentException malformed) {
            free(handle, free);
            throw new InferenceException(
                    Status.INTERNAL, Origin.CLIENT, "internal error: malformed record of a result");
        } catch (Throwable failure) {
            free(handle, free);
            throw failure;
        }
    }

    private static void free(long handle, LongConsumer free) {
        if (handle != 0) {
            free.accept(handle);
        }
    }

    private static void skipText(RecordReader reader) {
        int length = reader.i32();
        if (length != -1) {
            reader.skip(length);
        }
    }

    /** Returns one of the texts at the start of the record. */
    private String text(int index) {
        RecordReader reader = new RecordReader(record, textsPosition);
        for (int i = 0; i < index; i++) {
            skipText(reader);
        }
        String text = reader.str();
        return text == null ? "" : text;
    }

    /** Returns the name of the model. */
    public String getModelName() {
        return text(0);
    }

    /** Returns the version of the model that the server chose. */
    public String getModelVersion() {
        return text(1);
    }

    /** Returns the id of the request; empty if it had none. */
    public String getId() {
        return text(2);
    }

    /** Returns the URL of the server, {@code grpc://host:8001}. */
    public String getEndpoint() {
        return text(3);
    }

    /** Returns the parameters of the result as a whole. */
    public Parameters getParameters() {
        return Parameters.read(new RecordReader(record, timesPosition + TIMES_BYTE_SIZE));
    }

    /** Returns the headers of the response; over gRPC its metadata. */
    public Headers getHeaders() {
        Headers known = headers;
        if (known == null) {
            known = Headers.read(new RecordReader(record, headersPosition));
            headers = known;
        }
        return known;
    }

    /**
     * Returns whether this is the last response to its request. Without a statement of the server, the response of a
     * call is final, since it is the only one, and the finality of one on a stream is unknown.
     */
    public Finality getFinality() {
        return finality;
    }

    /** Returns whether {@link #getFinality} is {@link Finality#FINAL}. */
    public boolean isFinal() {
        return finality == Finality.FINAL;
    }

    /** Returns whether this is the last response to its request and has no outputs. */
    public boolean isNull() {
        return isNull;
    }

    /** Returns how the time of the call divides into stages. */
    public CallTimes getTimes() {
        return CallTimes.read(new RecordReader(record, timesPosition));
    }

    /** Returns the server's load report; {@code null} if the response has none. {@link CallOptions} request it. */
    public LoadReport getLoadReport() {
        RecordReader reader = new RecordReader(record, headersPosition);
        Headers.skip(reader);
        return LoadReport.read(reader);
    }

    /** Returns all outputs, in the server's order, as an unmodifiable list. */
    public List<InferOutput> getOutputs() {
        return new Outputs(outputs);
    }

    /**
     * Returns the output of a name.
     *
     * @param name the name
     * @throws InferenceException NOT_FOUND, with the names of all outputs, if there is none
     */
    public InferOutput getOutput(String name) {
        Objects.requireNonNull(name, "name");
        for (InferOutput output : outputs) {
            if (output.getName().equals(name)) {
                return output;
            }
        }
        List<String> names = new ArrayList<>();
        for (InferOutput output : outputs) {
            names.add(output.getName());
        }
        throw new InferenceException(Status.NOT_FOUND, Origin.ARGUMENT, "there is no output '" + Messages.excerpt(name)
                + "' in the result, which has " + Messages.list(names));
    }

    /**
     * Returns the elements of a BOOL output, in row-major order. See {@link InferOutput#asBool}.
     *
     * @param name the name of the output
     */
    public boolean[] getOutputAsBool(String name) {
        return getOutput(name).asBool();
    }

    /**
     * Returns the elements of an INT8 or UINT8 output, in row-major order; those of UINT8 have the same bits. See
     * {@link InferOutput#asByte}.
     *
     * @param name the name of the output
     */
    public byte[] getOutputAsByte(String name) {
        return getOutput(name).asByte();
    }

    /**
     * Returns the elements of an INT16 or UINT16 output, in row-major order, or the bits of an FP16 or BF16 one; those
     * of UINT16 have the same bits. See {@link InferOutput#asShort}.
     *
     * @param name the name of the output
     */
    public short[] getOutputAsShort(String name) {
        return getOutput(name).asShort();
    }

    /**
     * Returns the elements of an INT32 or UINT32 output, in row-major order; those of UINT32 have the same bits. See
     * {@link InferOutput#asInt}.
     *
     * @param name the name of the output
     */
    public int[] getOutputAsInt(String name) {
        return getOutput(name).asInt();
    }

    /**
     * Returns the elements of an INT64 or UINT64 output, in row-major order; those of UINT64 have the same bits. See
     * {@link InferOutput#asLong}.
     *
     * @param name the name of the output
     */
    public long[] getOutputAsLong(String name) {
        return getOutput(name).asLong();
    }

    /**
     * Returns the values of a UINT8 output, 0 to 255, in row-major order. See {@link InferOutput#asUnsignedByte}.
     *
     * @param name the name of the output
     */
    public int[] getOutputAsUnsignedByte(String name) {
        return getOutput(name).asUnsignedByte();
    }

    /**
     * Returns the values of a UINT16 output, 0 to 65535, in row-major order. See {@link InferOutput#asUnsignedShort}.
     *
     * @param name the name of the output
     */
    public int[] getOutputAsUnsignedShort(String name) {
        return getOutput(name).asUnsignedShort();
    }

    /**
     * Returns the values of a UINT32 output, 0 to 2^32 - 1, in row-major order. See {@link InferOutput#asUnsignedInt}.
     *
     * @param name the name of the output
     */
    public long[] getOutputAsUnsignedInt(String name) {
        return getOutput(name).asUnsignedInt();
    }

    /**
     * Returns the elements of an FP32 output, or the values of an FP16 or BF16 one, in row-major order. See {@link
     * InferOutput#asFloat}.
     *
     * @param name the name of the output
     */
    public float[] getOutputAsFloat(String name) {
        return getOutput(name).asFloat();
    }

    /**
     * Returns the elements of an FP64 output, in row-major order. See {@link InferOutput#asDouble}.
     *
     * @param name the name of the output
     */
    public double[] getOutputAsDouble(String name) {
        return getOutput(name).asDouble();
    }

    /**
     * Returns the elements of a BYTES output, in row-major order. See {@link InferOutput#asBytes}.
     *
     * @param name the name of the output
     */
    public byte[][] getOutputAsBytes(String name) {
        return getOutput(name).asBytes();
    }

    /**
     * Returns the elements of a BYTES output as text, in row-major order. Bytes that are not UTF-8 are replaced by
     * U+FFFD. See {@link InferOutput#asString}.
     *
     * @param name the name of the output
     */
    public String[] getOutputAsString(String name) {
        return getOutput(name).asString();
    }

    /**
     * Returns the classes of an output that was requested as classes, the best first, for each batch entry in turn. See
     * {@link InferOutput#asClasses}.
     *
     * @param name the name of the output
     */
    public List<Classification> getOutputAsClasses(String name) {
        return getOutput(name).asClasses();
    }

    /**
     * Returns the bytes of an output without a copy. See {@link InferOutput#getBuffer}.
     *
     * @param name the name of the output
     */
    public ByteBuffer getOutputBuffer(String name) {
        return getOutput(name).getBuffer();
    }

    /**
     * Returns the bytes of an output of any size without a copy. See {@link InferOutput#getBuffers}.
     *
     * @param name the name of the output
     */
    public List<ByteBuffer> getOutputBuffers(String name) {
        return getOutput(name).getBuffers();
    }

    /**
     * Frees the memory of the result, unless buffers that were returned keep it. No output can be read any more. Does
     * not block; does nothing the second time.
     */
    @Override
    public void close() {
        isClosed = true;
        if (memory != null && memory.close()) {
            // The memory of those that were never returned ends here, not when this object is collected.
            for (InferOutput output : outputs) {
                output.drop();
            }
        }
        Reference.reachabilityFence(this);
    }

    /** Returns model, version, id, and all outputs without their data. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("model '").append(Messages.excerpt(getModelName()));
        text.append("' version '").append(Messages.excerpt(getModelVersion())).append('\'');
        if (!getId().isEmpty()) {
            text.append(" id '").append(Messages.excerpt(getId())).append('\'');
        }
        for (InferOutput output : outputs) {
            if (text.length() > MAX_TEXT) {
                return text.append("\n…").toString();
            }
            text.append('\n').append(output);
        }
        return text.toString();
    }

    /** Holds the memory until {@link #release}. */
    void acquire() {
        if (memory == null ? isClosed : !memory.tryAcquire()) {
            throw new IllegalStateException("the result is closed");
        }
    }

    void release() {
        if (memory != null) {
            memory.release();
        }
        // Else the collector might take a result, and close it, while its last read is about to acquire the memory.
        Reference.reachabilityFence(this);
    }

    /** Gives a buffer of the result a share of its memory. The caller has acquired it. */
    void share(ByteBuffer buffer) {
        memory.share(buffer);
    }

    /** The outputs as a list that nobody can change. */
    private static final class Outputs extends AbstractList<InferOutput> implements RandomAccess {
        private final InferOutput[] outputs;

        Outputs(InferOutput[] outputs) {
            this.outputs = outputs;
        }

        @Override
        public InferOutput get(int index) {
            return outputs[index];
        }

        @Override
        public int size() {
            return outputs.length;
        }
    }
}
