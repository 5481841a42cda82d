package org.tritonclient;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * An inference request. It can be sent any number of times, by several threads at once, to any server. It must not be
 * changed while a call is being submitted; once an asynchronous call is submitted, it may be.
 *
 * <p>Names, shapes and values are checked by the call, which throws an {@link InferenceException} with {@link
 * Status#INVALID_ARGUMENT} for what is invalid.
 */
public final class InferRequest {
    private static final int NO_SEQUENCE = 0;
    private static final int NUMBERED_SEQUENCE = 1;
    private static final int NAMED_SEQUENCE = 2;

    private final String modelName;
    private final byte[] encodedModelName;
    private String modelVersion = "";
    private String id = "";
    private int sequence = NO_SEQUENCE;
    private long sequenceNumber;
    private String sequenceName;
    private int sequenceFlags;
    private long priority;
    private long serverTimeoutMicros;
    private boolean hasEmptyFinalResponse;
    private boolean isRawBody;
    /** 0 unless it is set, 1 for binary outputs, 2 for JSON. */
    private int binaryOutput;
    private Map<String, Object> parameters;
    private final List<InferInput> inputs = new ArrayList<>();
    private final List<InferRequestedOutput> outputs = new ArrayList<>(0);

    /**
     * Creates a request to a model without inputs. The server chooses the version.
     *
     * <p>Over HTTP the name is part of the URL, and Triton does not decode percent-encoded characters: a name with
     * characters other than ASCII letters, digits and <code>-._~!$&amp;'()*+,;=:&#64;</code> works over gRPC only.
     *
     * @param modelName the name of the model
     */
    public InferRequest(String modelName) {
        this.modelName = Objects.requireNonNull(modelName, "modelName");
        this.encodedModelName = modelName.getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Creates a request to a model. The server chooses the version.
     *
     * @param modelName the name of the model
     * @param inputs the inputs
     * @param outputs the requested outputs; empty for all
     */
    public InferRequest(String modelName, List<InferInput> inputs, List<InferRequestedOutput> outputs) {
        this(modelName);
        Objects.requireNonNull(inputs, "inputs").forEach(this::addInput);
        Objects.requireNonNull(outputs, "outputs").forEach(this::addOutput);
    }

    /**
     * Sets the version of the model, {@code "1"}. The default is empty: the server chooses.
     *
     * @param version the version
     */
    public InferRequest setModelVersion(String version) {
        this.modelVersion = Objects.requireNonNull(version, "version");
        return this;
    }

    /**
     * Sets the id of the request, which the result and errors repeat. The default is empty: no id.
     *
     * @param id the id
     */
    public InferRequest setId(String id) {
        this.id = Objects.requireNonNull(id, "id");
        return this;
    }

    /**
     * Makes the request part of a sequence of requests to a stateful model.
     *
     * @param id the id of the sequence, an unsigned number that its requests share; 0 for no sequence
     * @param isStart whether it is the first request of the sequence
     * @param isEnd whether it is the last request of the sequence
     */
    public InferRequest setSequence(long id, boolean isStart, boolean isEnd) {
        sequence = NUMBERED_SEQUENCE;
        sequenceNumber = id;
        return setSequenceFlags(isStart, isEnd);
    }

    /**
     * Makes the request part of a sequence of requests to a stateful model.
     *
     * @param id the id of the sequence, a string that its requests share; empty for no sequence
     * @param isStart whether it is the first request of the sequence
     * @param isEnd whether it is the last request of the sequence
     */
    public InferRequest setSequence(String id, boolean isStart, boolean isEnd) {
        sequenceName = Objects.requireNonNull(id, "id");
        sequence = NAMED_SEQUENCE;
        return setSequenceFlags(isStart, isEnd);
    }

    private InferRequest setSequenceFlags(boolean isStart, boolean isEnd) {
        sequenceFlags = (isStart ? 1 : 0) | (isEnd ? 2 : 0);
        return this;
    }

    /**
     * Sets the priority in the server's queue of the model, an unsigned number: lower ones are served first. The
     * default is 0: the model's default.
     *
     * @param priority the priority
     */
    public InferRequest setPriority(long priority) {
        this.priority = priority;
        return this;
    }

    /**
     * Sets the maximum time that the request may spend in the server's queue. It is not the deadline of the call, which
     * {@link CallOptions} set. The default is 0: the model's default.
     *
     * @param micros the time in microseconds, an unsigned number
     */
    public InferRequest setServerTimeoutMicros(long micros) {
        this.serverTimeoutMicros = micros;
        return this;
    }

    /**
     * Sets whether a decoupled model's last response to the request is followed by an empty one that is marked as
     * final. The default is {@code false}. Streams only.
     *
     * @param isRequested whether it is
     */
    public InferRequest setEmptyFinalResponse(boolean isRequested) {
        this.hasEmptyFinalResponse = isRequested;
        return this;
    }

    /**
     * Sets whether outputs are requested in binary over HTTP if nothing else is said for one of them. The default is
     * {@code true}.
     *
     * @param isBinary {@code false} for JSON; the result is the same
     */
    public InferRequest setBinaryOutput(boolean isBinary) {
        this.binaryOutput = isBinary ? 1 : 2;
        return this;
    }

    /**
     * Sets whether the body over HTTP is the data of the only input, without JSON. A BYTES input is then one element
     * without its length, set as a {@link java.nio.ByteBuffer}. The default is {@code false}.
     *
     * @param isRawBody whether it is
     */
    public InferRequest setRawBody(boolean isRawBody) {
        this.isRawBody = isRawBody;
        return this;
    }

    /**
     * Sets a parameter; replaces the value set before. A call throws an {@link InferenceException} with {@link
     * Status#INVALID_ARGUMENT} for a name that the protocol or Triton uses itself.
     *
     * @param name the name
     * @param value the value
     */
    public InferRequest setParameter(String name, boolean value) {
        parameters = Parameters.set(parameters, name, value);
        return this;
    }

    /**
     * Sets a parameter, as {@link #setParameter(String, boolean)} does.
     *
     * @param name the name
     * @param value the value
     */
    public InferRequest setParameter(String name, long value) {
        parameters = Parameters.set(parameters, name, value);
        return this;
    }

    /**
     * Sets a parameter, as {@link #setParameter(String, boolean)} does.
     *
     * @param name the name
     * @param value the value
     */
    public InferRequest setParameter(String name, double value) {
        parameters = Parameters.set(parameters, name, value);
        return this;
    }

    /**
     * Sets a parameter, as {@link #setParameter(String, boolean)} does.
     *
     * @param name the name
     * @param value the value
     */
    public InferRequest setParameter(String name, String value) {
        parameters = Parameters.set(parameters, name, value);
        return this;
    }

    /**
     * Adds an input, which is shared, not copied.
     *
     * @param input the input
     */
    public InferRequest addInput(InferInput input) {
        inputs.add(Objects.requireNonNull(input, "input"));
        return this;
    }

    /**
     * Adds a requested output, which is shared, not copied. Without any, all outputs are requested.
     *
     * @param output the output
     */
    public InferRequest addOutput(InferRequestedOutput output) {
        outputs.add(Objects.requireNonNull(output, "output"));
        return this;
    }

    /** Returns the name of the model. */
    public String getModelName() {
        return modelName;
    }

    /** Returns the version of the model; empty if the server chooses. */
    public String getModelVersion() {
        return modelVersion;
    }

    /** Returns the id of the request; empty if it has none. */
    public String getId() {
        return id;
    }

    /** Returns the priority; 0 for the model's default. */
    public long getPriority() {
        return priority;
    }

    /** Returns the maximum time in the server's queue in microseconds; 0 for the model's default. */
    public long getServerTimeoutMicros() {
        return serverTimeoutMicros;
    }

    /** Returns a copy of the parameters. */
    public Parameters getParameters() {
        return Parameters.copyOf(parameters);
    }

    /** Returns the inputs, as an unmodifiable view. */
    public List<InferInput> getInputs() {
        return Collections.unmodifiableList(inputs);
    }

    /** Returns the requested outputs, as an unmodifiable view. */
    public List<InferRequestedOutput> getOutputs() {
        return Collections.unmodifiableList(outputs);
    }

    @Override
    public String toString() {
        return "request to model '" + Messages.excerpt(modelName) + "', " + inputs.size() + " inputs";
    }

    /**
     * Packs the request for the native side, and acquires its buffers, which the caller releases when the call is
     * complete.
     *
     * @throws InferenceException FAILED_PRECONDITION if the buffer of an output is in use by another call
     */
    PackedRequest pack() {
        PackedRequest packed = new PackedRequest();
        try {
            RecordWriter record = new RecordWriter(packedByteSize());
            writeSettings(record);
            record.i32(inputs.size());
            for (InferInput input : inputs) {
                checkRaw(input);
                input.write(record, packed);
            }
            record.i32(outputs.size());
            for (InferRequestedOutput output : outputs) {
                output.write(record, packed);
            }
            packed.record = record.toByteArray();
            return packed;
        } catch (Throwable failure) {
            packed.release();
            throw failure;
        }
    }

    /** Returns about the size of the record: a good guess saves copies. */
    private int packedByteSize() {
        long size = 64 + encodedModelName.length;
        for (InferInput input : inputs) {
            size += input.packedByteSize();
        }
        for (InferRequestedOutput output : outputs) {
            size += output.packedByteSize();
        }
        return (int) Math.min(size, 1 << 20);
    }

    private void writeSettings(RecordWriter record) {
        record.bytes(encodedModelName).str(modelVersion).str(id).u8(sequence);
        if (sequence == NUMBERED_SEQUENCE) {
            record.i64(sequenceNumber);
        } else if (sequence == NAMED_SEQUENCE) {
            record.str(sequenceName);
        }
        if (sequence != NO_SEQUENCE) {
            record.u8(sequenceFlags);
        }
        record.i64(priority).i64(serverTimeoutMicros);
        record.u8((hasEmptyFinalResponse ? 1 : 0) | (isRawBody ? 2 : 0)).u8(binaryOutput);
        Parameters.write(parameters, record);
    }

    private void checkRaw(InferInput input) {
        if (isRawBody && input.isFramed()) {
            throw Messages.invalid("input '" + input.getName() + "': a raw body holds one BYTES element without a"
                    + " length prefix: set its bytes as a ByteBuffer, not as strings");
        }
    }
}
