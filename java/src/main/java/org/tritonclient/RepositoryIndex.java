package org.tritonclient;

import java.util.Collections;
import java.util.List;

/** The index of a server's model repositories: {@link InferenceServerClient#getRepositoryIndex()}. Immutable. */
public final class RepositoryIndex {
    private final List<RepositoryModel> models;
    private final String json;

    private RepositoryIndex(RecordReader record) {
        models = Collections.unmodifiableList(record.list(() -> RepositoryModel.read(record)));
        json = record.str();
    }

    static RepositoryIndex read(RecordReader record) {
        return new RepositoryIndex(record);
    }

    /** Returns one entry for each version of each model. Unmodifiable. */
    public List<RepositoryModel> getModels() {
        return models;
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
