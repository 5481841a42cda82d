package org.tritonclient;

import java.util.Collections;
import java.util.List;
import java.util.Objects;

/** The metadata of a server: {@link InferenceServerClient#getServerMetadata()}. Immutable. */
public final class ServerMetadata {
    private final String name;
    private final String version;
    private final List<String> extensions;
    private final String json;

    private ServerMetadata(RecordReader record) {
        name = record.str();
        version = record.str();
        extensions = Collections.unmodifiableList(record.list(record::str));
        json = record.str();
    }

    static ServerMetadata read(RecordReader record) {
        return new ServerMetadata(record);
    }

    /** Returns the server's name, for example {@code triton}. */
    public String getName() {
        return name;
    }

    /** Returns the server's version, for example {@code 2.51.0}. */
    public String getVersion() {
        return version;
    }

    /** Returns the server's protocol extensions, for example {@code binary_tensor_data}. Unmodifiable. */
    public List<String> getExtensions() {
        return extensions;
    }

    /**
     * Returns whether the server has a protocol extension: {@code statistics}, {@code trace}, {@code logging},
     * {@code model_repository}, {@code model_repository(unload_dependents)}, {@code system_shared_memory},
     * {@code cuda_shared_memory} and others.
     */
    public boolean hasExtension(String extension) {
        return extensions.contains(Objects.requireNonNull(extension, "extension"));
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
