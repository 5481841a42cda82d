package org.tritonclient;

import java.util.Collections;
import java.util.List;

/** The metadata of a model: {@link InferenceServerClient#getModelMetadata(String)}. Immutable. */
public final class ModelMetadata {
    private final String name;
    private final String platform;
    private final List<String> versions;
    private final List<TensorMetadata> inputs;
    private final List<TensorMetadata> outputs;
    private final String json;

    private ModelMetadata(RecordReader record) {
        name = record.str();
        platform = record.str();
        versions = Collections.unmodifiableList(record.list(record::str));
        inputs = Collections.unmodifiableList(record.list(() -> TensorMetadata.read(record)));
        outputs = Collections.unmodifiableList(record.list(() -> TensorMetadata.read(record)));
        json = record.str();
    }

    static ModelMetadata read(RecordReader record) {
        return new ModelMetadata(record);
    }

    /** Returns the model's name. */
    public String getName() {
        return name;
    }

    /** Returns the framework or backend that runs the model, for example {@code python}. */
    public String getPlatform() {
        return platform;
    }

    /** Returns the versions that are available. Unmodifiable. */
    public List<String> getVersions() {
        return versions;
    }

    /** Returns the inputs. Unmodifiable. */
    public List<TensorMetadata> getInputs() {
        return inputs;
    }

    /** Returns the outputs. Unmodifiable. */
    public List<TensorMetadata> getOutputs() {
        return outputs;
    }

    /** Returns the response as JSON, in its form over HTTP, where it is the body as received. */
    public String getJson() {
        return json;
    }

    /** Returns {@link #getJson}. */
    @Override
    public String toString() {
        return json;
    }
}
