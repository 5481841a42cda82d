package org.tritonclient;

import java.util.Collections;
import java.util.List;

/**
 * A model's configuration, typed for the properties that programs commonly need and complete as JSON:
 * {@link InferenceServerClient#getModelConfig(String)}. Immutable.
 */
public final class ModelConfig {
    private final String name;
    private final String platform;
    private final String backend;
    private final int maxBatchSize;
    private final List<TensorConfig> inputs;
    private final List<TensorConfig> outputs;
    private final boolean decoupled;
    private final VersionPolicy versionPolicy;
    private final SequenceBatching sequenceBatching;
    private final String json;

    private ModelConfig(RecordReader record) {
        name = record.str();
        platform = record.str();
        backend = record.str();
        maxBatchSize = record.i32();
        inputs = Collections.unmodifiableList(record.list(() -> TensorConfig.read(record)));
        outputs = Collections.unmodifiableList(record.list(() -> TensorConfig.read(record)));
        decoupled = record.bool();
        versionPolicy = VersionPolicy.read(record);
        sequenceBatching = record.bool() ? SequenceBatching.read(record) : null;
        json = record.str();
    }

    static ModelConfig read(RecordReader record) {
        return new ModelConfig(record);
    }

    /** Returns the model's name. */
    public String getName() {
        return name;
    }

    /**
     * Returns the framework that runs the model, for example {@code onnxruntime_onnx} or {@code ensemble}; empty if the
     * server gives only the backend.
     */
    public String getPlatform() {
        return platform;
    }

    /**
     * Returns the backend that runs the model, for example {@code python}; empty if the server gives only the platform.
     */
    public String getBackend() {
        return backend;
    }

    /** Returns the maximum batch size; 0 if the model's tensors have no batch dimension. */
    public int getMaxBatchSize() {
        return maxBatchSize;
    }

    /** Returns the inputs. Unmodifiable. */
    public List<TensorConfig> getInputs() {
        return inputs;
    }

    /** Returns the outputs. Unmodifiable. */
    public List<TensorConfig> getOutputs() {
        return outputs;
    }

    /** Returns whether a request may have any number of responses, which only a stream can receive. */
    public boolean isDecoupled() {
        return decoupled;
    }

    /** Returns the policy that selects the versions that are served. */
    public VersionPolicy getVersionPolicy() {
        return versionPolicy;
    }

    /** Returns the batching of sequences; {@code null} if the model has no sequences. */
    public SequenceBatching getSequenceBatching() {
        return sequenceBatching;
    }

    /**
     * Returns the whole configuration as JSON, in the form of Triton's HTTP interface: field names as in protobuf,
     * enums by name, 64-bit numbers as numbers. A model can be loaded with it ({@link
     * RepositoryOptions.Builder#config(String)}).
     *
     * <p>The values are the same over both protocols. Over HTTP it is the body as received, except for 64-bit numbers
     * that were strings. Over gRPC it is made from the message: without fields that this library does not know, and
     * without unset fields that Triton 2.51 does not know.
     */
    public String getJson() {
        return json;
    }

    /** Returns {@link #getJson}. */
    @Override
    public String toString() {
        return json;
    }
}
