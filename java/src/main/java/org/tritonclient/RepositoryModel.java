package org.tritonclient;

/** The entry of one version of a model in an index: {@link RepositoryIndex#getModels}. Immutable. */
public final class RepositoryModel {
    private final String name;
    private final String version;
    private final String state;
    private final String reason;
    private final boolean ready;

    private RepositoryModel(RecordReader record) {
        name = record.str();
        version = record.str();
        state = record.str();
        reason = record.str();
        ready = record.bool();
    }

    static RepositoryModel read(RecordReader record) {
        return new RepositoryModel(record);
    }

    /** Returns the model's name. */
    public String getName() {
        return name;
    }

    /** Returns the version; empty for a model that was never loaded. */
    public String getVersion() {
        return version;
    }

    /**
     * Returns the state: {@code READY}, {@code LOADING}, {@code UNLOADING} or {@code UNAVAILABLE}; empty for a model
     * that was never loaded.
     */
    public String getState() {
        return state;
    }

    /** Returns the reason for the state; empty if the server gives none. */
    public String getReason() {
        return reason;
    }

    /** Returns whether the model is ready for inference. */
    public boolean isReady() {
        return ready;
    }

    /** Returns name, version and state, for example {@code simple 1 READY}. */
    @Override
    public String toString() {
        return name + " " + version + " " + state;
    }
}
